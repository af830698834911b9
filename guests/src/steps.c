// For stepping tables: each construct that makes `next`, `step` and `finish` interesting, on lines of its own.
#include <stdio.h>

static volatile int sink;

static int add(int a, int b) {
    int sum = a + b; // #add-body
    return sum; // #add-return
} // #add-end

static int twice(int n) {
    return add(n, n); // #twice-body
}

static int early(int n) {
    if (n > 2) { // #early-if
        return 1; // #early-return
    }
    sink = n; // #early-rest
    return 0; // #early-last
}

static int choose(int n) {
    switch (n) { // #switch
    case 0:
        return 10; // #case-0
    case 1:
        sink = 1; // #case-1 (falls through)
    case 2:
        sink = 2; // #case-2
        break; // #case-2-break
    default:
        sink = 3; // #case-default
    }
    return sink; // #switch-end
}

static int count_down(int n) {
    if (n == 0) // #recursion-if
        return 0; // #recursion-bottom
    int below = count_down(n - 1); // #recursion-call
    return below + 1; // #recursion-return
}

static int yes(void) {
    return 1; // #yes
}

static int no(void) {
    return 0; // #no
}

static int loops(int limit) {
    int total = 0; // #loops-start
    for (int i = 0; i < limit; i++) { // #for
        total += i; // #for-body
    }
    while (total > 1) { // #while
        total--; // #while-body
    }
    do { // #do
        total++; // #do-body
    } while (total < 3); // #do-while
    return total; // #loops-return
}

int main(void) {
    int n = 1; // #main-start
    if (n == 1) { // #if
        n = 2; // #then
    } else {
        n = 3; // #else
    }
    n = add(twice(n), twice(3)); // #nested-calls
    n += early(n); // #early-call-taken
    n += early(1); // #early-call-not-taken
    n += choose(0); // #choose-0
    n += choose(1); // #choose-1
    n += choose(7); // #choose-7
    n += loops(3); // #loops-call
    n += count_down(3); // #recursion-start
    int (*operation)(int, int) = add; // #pointer
    n += operation(n, 1); // #pointer-call
    if (no() && yes()) // #and
        n = 0; // #and-body
    if (yes() || no()) // #or
        n++; // #or-body
    n = yes() ? add(n, 1) : add(n, 2); // #conditional
    for (int i = 0; i < 2; i++) sink = add(i, i); // #one-line-loop
    printf("n=%d sink=%d\n", n, sink); // #print
    return 0; // #main-return
} // #main-end
