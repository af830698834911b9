// Says hello, then runs for ever: for pausing, killing and detaching. It makes no host call in the loop.
#include <stdio.h>

static volatile unsigned long long beats = 0;
static volatile int stop = 0; // write a 1 here to let it end

static void beat(unsigned step) {
    beats += step; // #beat
}

int main(void) {
    printf("spinning\n"); // #main-start
    fflush(stdout);
    unsigned step = 1;
    while (!stop) { // #loop
        beat(step); // #loop-body
    }
    printf("stopped\n"); // #stopped
    return 0;
}
