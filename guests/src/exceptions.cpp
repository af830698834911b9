// C++ exceptions: thrown and caught at once, caught three frames up past clean-ups, rethrown, thrown while another one is
// handled, not caught at all (argument `uncaught`).
#include <cstdio>
#include <cstring>
#include <exception>

namespace errors {

// What is thrown; it has a copy in the exception's own memory.
struct Failure : std::exception {
    int code;
    explicit Failure(int code) : code(code) {}
    const char *what() const noexcept override { return "failure"; }
};

struct Timeout : Failure {
    explicit Timeout(int code) : Failure(code + 1000) {}
};

} // namespace errors

static int cleaned = 0;

// Has something to do when its block is left, by whatever way.
struct Guard {
    const char *name;
    explicit Guard(const char *name) : name(name) {}
    ~Guard() {
        cleaned++; // #cleanup
    }
};

static int check(int n) {
    if (n > 2) { // #check-if
        throw errors::Failure(n); // #throw
    }
    return n; // #check-return
}

static int guarded(int n) {
    Guard guard("guarded"); // #guard
    int checked = check(n); // #guarded-call
    return checked + 1; // #guarded-return
}

static int middle(int n) {
    int result = guarded(n); // #middle-call
    return result * 2; // #middle-return
}

static int caught_far_out(int n) {
    int result = 0; // #far-start
    try {
        result = middle(n); // #far-call
        result += 1; // #far-after
    } catch (const errors::Failure &failure) { // #far-catch
        result = -failure.code; // #far-handler
    }
    return result; // #far-return
}

static int caught_at_once(int n) {
    try {
        throw n; // #once-throw
    } catch (int thrown) { // #once-catch
        return thrown + 1; // #once-handler
    }
}

static int passes_on(int n) {
    try {
        return middle(n); // #pass-call
    } catch (errors::Failure &failure) {
        failure.code += 10; // #pass-handler
        throw; // #rethrow
    }
}

static int rethrown(int n) {
    try {
        return passes_on(n); // #rethrown-call
    } catch (const errors::Failure &failure) {
        return failure.code; // #rethrown-handler
    }
}

// Only the second handler fits.
static int chosen(int n) {
    try {
        return check(n); // #chosen-call
    } catch (const errors::Timeout &) {
        return 1; // #wrong-handler
    } catch (const std::exception &) {
        return 2; // #right-handler
    }
}

static int replaced(int n) {
    try {
        try {
            check(n); // #replaced-call
        } catch (const errors::Failure &failure) {
            throw errors::Timeout(failure.code); // #replace
        }
    } catch (const errors::Timeout &timeout) {
        return timeout.code; // #replaced-handler
    }
    return 0;
}

static int count_down(int n) {
    Guard guard("count_down");
    if (n == 0) throw errors::Failure(7); // #deep-throw
    return count_down(n - 1) + 1; // #deep-call
}

static int deep(int n) {
    try {
        return count_down(n); // #deep-try
    } catch (...) {
        return -1; // #deep-handler
    }
}

int main(int argc, char **argv) {
    int total = caught_far_out(1); // #main-start
    total += caught_far_out(5); // #far
    total += caught_at_once(3); // #once
    total += rethrown(4); // #rethrown
    total += chosen(6); // #chosen
    total += replaced(8); // #replaced
    total += deep(3); // #deep
    std::printf("total=%d cleaned=%d\n", total, cleaned); // #print
    if (argc > 1 && std::strcmp(argv[1], "uncaught") == 0) { // #uncaught-if
        total += middle(9); // #uncaught
    }
    return 0; // #end
}
