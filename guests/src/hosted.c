// For hosts of a test's own: calls that come back through the host, tail calls, indirect calls, errors of the host, a
// module that the host brings while this one runs. It has no C library.
#define IMPORT(name) __attribute__((import_module("host"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))
#define TAIL __attribute__((musttail)) return

IMPORT(each) int each(int count); // calls visit(0), visit(1) …, gives the sum
IMPORT(fail) void fail(void);
IMPORT(load) int load(int n); // instantiates another module and calls what it exports

static volatile int visited;

static int weigh(int n) {
    visited++; // #weigh
    return n * 10; // #weigh-return
}

EXPORT(visit) int visit(int n) {
    int weight = weigh(n); // #visit
    return weight + 1; // #visit-return
}

EXPORT(sandwich) int sandwich(int n) {
    int sum = each(n); // #each
    sum += 1; // #after-each
    return sum; // #sandwich-return
}

static int even(int n);

static int odd(int n) {
    if (n == 0) // #odd-if
        return 0; // #odd-end
    TAIL even(n - 1); // #odd-tail
}

static int even(int n) {
    if (n == 0) // #even-if
        return 1; // #even-end
    TAIL odd(n - 1); // #even-tail
}

static int forward(int n) {
    TAIL weigh(n); // #forward
}

EXPORT(tail) int tail(int n) {
    int result = even(n); // #tail-even
    result += forward(n); // #tail-forward
    return result; // #tail-return
}

static int twice(int n) {
    return n * 2; // #twice
}

static int (*const operations[])(int) = {twice, weigh, forward};

EXPORT(indirect) int indirect(int which) {
    int result = operations[which](4); // #indirect-call
    return result; // #indirect-return
}

EXPORT(failing) void failing(void) {
    visited = 1; // #failing
    fail(); // #fail
    visited = 2; // #after-fail
}

EXPORT(loading) int loading(int n) {
    int loaded = load(n); // #load
    return loaded; // #load-return
}
