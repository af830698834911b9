// For -O2: functions that are inlined, some twice on one line, one inside another, beside one that never is.
#include <stdio.h>
#include <stdlib.h>

#define INLINE static inline __attribute__((always_inline))
#define OUTLINE static __attribute__((noinline))

struct Vec {
    int x, y;
};

INLINE int square(int n) {
    int squared = n * n; // #square
    return squared;
}

INLINE int length_squared(struct Vec v) {
    int x2 = square(v.x); // #length-x
    int y2 = square(v.y); // #length-y
    return x2 + y2; // #length-sum
}

OUTLINE int report(const char *what, int value) {
    printf("%s=%d\n", what, value); // #report
    return value;
}

INLINE int clamp(int n, int limit) {
    if (n > limit) {
        report("clamped", n); // #clamp-report
        return limit; // #clamp-limit
    }
    return n; // #clamp-same
}

OUTLINE int walk(struct Vec *path, int count) {
    int total = 0; // #walk-start
    for (int i = 0; i < count; i++) {
        int length = length_squared(path[i]); // #walk-length
        total += clamp(length, 40); // #walk-clamp
    }
    return total; // #walk-return
}

int main(int argc, char **argv) {
    int scale = argc > 1 ? atoi(argv[1]) : 1;
    struct Vec path[4];
    for (int i = 0; i < 4; i++) {
        path[i].x = i * scale; // #fill
        path[i].y = (i + 1) * scale;
    }
    int total = walk(path, 4); // #walk-call
    int both = square(total) + square(scale); // #two-on-one-line
    report("total", total); // #report-total
    report("both", both);
    return 0; // #end
}
