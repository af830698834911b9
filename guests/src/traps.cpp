// Traps below templates, methods and inlined calls, with values of every kind at hand. Freestanding.
// `run(0)` divides by zero, 1 reads out of bounds, 2 calls through null, 3 reaches what can't be reached; others don't trap.

using Handler = int (*)(int);

struct Hold {
    int weight;
    int slots[4];
    double ratio;
};

static volatile int zero = 0;
static volatile unsigned far = 0xfffffff0u;
static Handler volatile none = nullptr;

template <typename T> static T share(T whole, T parts) {
    T rest = whole - 1;
    return rest / parts; // #share
}

class Ship {
  public:
    explicit Ship(int weight) : hold{weight, {weight, weight + 1, weight + 2, weight + 3}, weight / 2.0} {}

    int unload(int how) const {
        int sum = 0;
        for (int slot : hold.slots) sum += slot;
        switch (how) {
        case 0: return share(sum, static_cast<int>(zero)); // #divide
        case 1: return *reinterpret_cast<volatile int *>(far) + sum; // #oob
        case 2: return none(sum); // #null
        case 3: __builtin_trap(); // #unreachable
        default: return sum;
        }
    }

  private:
    Hold hold;
};

__attribute__((noinline)) static int visit(const Ship &ship, int how, long long journal) {
    int unloaded = ship.unload(how); // #visit
    return unloaded + static_cast<int>(journal);
}

extern "C" int run(int how) {
    Ship ship(how + 40);
    int result = visit(ship, how, 1LL << 33); // #run
    return result + 1;
}
