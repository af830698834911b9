// What is only known at run time, or only by its file: arrays of variable length, statics of one name in two files,
// thread-locals. Freestanding; called as `run(n)`.
static int calls = 40;
int limit = 1000;
_Thread_local int per_thread = 5;
extern const char unit_name[];
int other(int n);

static int fill(int n) {
    static int filled;
    int squares[n];
    short grid[2][n + 1];
    for (int i = 0; i < n; i++) {
        squares[i] = i * i;
        grid[0][i] = (short)i;
        grid[1][i] = (short)-i;
    }
    filled = squares[n - 1] + grid[1][0]; // #filled
    return filled;
}

int run(int n) {
    calls++;
    per_thread += n;
    int sum = fill(n) + other(n) + per_thread;
    return sum < limit ? sum : unit_name[0]; // #run-end
}
