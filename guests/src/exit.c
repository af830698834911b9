// Prints its arguments and environment, then exits with the code in `argv[1]` (default 3) from below main.
#include <stdio.h>
#include <stdlib.h>

extern char **environ;

static void at_exit(void) {
    puts("leaving"); // #at-exit
}

static void leave(int code) {
    exit(code); // #exit
}

int main(int argc, char **argv) {
    atexit(at_exit);
    for (int i = 1; i < argc; i++) {
        printf("argv[%d]=%s\n", i, argv[i]); // #argument
    }
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        printf("env %s\n", *entry); // #environment
    }
    int code = argc > 1 ? atoi(argv[1]) : 3;
    leave(code); // #leave-call
    return 0; // #never
}
