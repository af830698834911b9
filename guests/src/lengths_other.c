// The second unit of lengths.c: a static of the same name.
const char unit_name[] = "lengths_other";
static int calls = 7;

int other(int n) {
    calls += n;
    return calls; // #other
}
