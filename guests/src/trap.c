// One trap of each kind, chosen by the argument; each a few frames deep.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int (*Unary)(int);

static volatile int zero = 0;
static volatile int minus_one = -1;
static int depth = 0;

static int divide(int n) {
    int divisor = zero;
    return n / divisor; // #divide
}

static int int_overflow(int n) {
    int lowest = INT_MIN + n - n;
    return lowest / minus_one; // #int-overflow
}

static int unreachable(int n) {
    if (n > 0) __builtin_trap(); // #unreachable
    return n;
}

static int oob(int n) {
    volatile int *far = (volatile int *)0xfffffff0u;
    return far[n & 1]; // #oob
}

static double two_arguments(double a, int b) { return a * b; }

static int signature(int n) {
    Unary volatile wrong = (Unary)(void *)two_arguments;
    return wrong(n); // #signature
}

static int null_call(int n) {
    Unary volatile none = NULL;
    return none(n); // #null
}

static int table(int n) {
    Unary volatile beyond = (Unary)1000000;
    return beyond(n); // #table
}

static int overflow(int n) {
    depth++; // #overflow-body
    return overflow(n + 1) + 1; // #overflow
}

static int give_up(int n) {
    if (n > 0) abort(); // #abort
    return n;
}

struct Case {
    const char *name;
    Unary run;
};

static const struct Case cases[] = {
    {"divide", divide}, {"int-overflow", int_overflow}, {"unreachable", unreachable},
    {"oob", oob},       {"signature", signature},       {"null", null_call},
    {"table", table},   {"overflow", overflow},         {"abort", give_up},
};

static int dispatch(const struct Case *chosen, int seed) {
    int seven = seed + 4;
    return chosen->run(seven); // #dispatch
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "none";
    printf("trap: %s\n", name);
    fflush(stdout);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (strcmp(cases[i].name, name) == 0) {
            int result = dispatch(&cases[i], 3); // #main-call
            printf("no trap: %d\n", result);
        }
    }
    return 0;
}
