// The demo: a small shop adds up its orders, and one total comes out wrong.
//
// Nothing is wrong with the sums: `relabel` (below) writes one byte too many, and that byte is the low
// byte of `total`. Ask who wrote `orders[1].total` last. `orders Bea` (a short name) has no fault.
#include <stdio.h>
#include <stdlib.h>

enum Status { NEW, PAID = 5, SHIPPED };

struct Flags {
    unsigned gift : 1;
    unsigned priority : 3;
    int shelf : 5;
};

union Payment {
    int card;
    float cash;
    char voucher[8];
};

struct Item {
    const char *name;
    int quantity, cents;
};

struct Order {
    int id;
    char customer[8];
    int total;
    enum Status status;
    struct Flags flags;
    union Payment payment;
    double weight;
    struct Item items[2];
    struct Order *next;
};

static struct Order orders[3] = {
    {1, "Ada", 0, NEW, {1, 2, -3}, {.card = 4711}, 0.25, {{"pencil", 12, 40}, {"ruler", 1, 250}}, NULL},
    {2, "Bob", 0, PAID, {0, 7, 15}, {.cash = 20.5f}, 1.5, {{"lamp", 1, 1899}, {"bulb", 2, 50}}, NULL},
    {3, "Cleo", 0, SHIPPED, {1, 0, -16}, {.voucher = "SPRING"}, 12.75, {{"desk", 1, 12500}, {NULL, 0, 0}}, NULL},
};
int orders_priced = 0;
const char *shop = "corner shop";

typedef int (*Discount)(int cents);

static int no_discount(int cents) { return cents; }

static int tenth_off(int cents) {
    int off = cents / 10;
    return cents - off; // #discount
}

static int price(struct Order *order, Discount discount) {
    static int calls = 0;
    int sum = 0;
    calls++; // #price-entry
    for (int i = 0; i < 2; i++) {
        struct Item *item = &order->items[i];
        int cents = item->quantity * item->cents;
        sum += cents; // #price-loop
    }
    order->total = discount(sum); // #price-total
    orders_priced = calls;
    return order->total; // #price-return
}

static void relabel(struct Order *order, const char *name) {
    int i = 0;
    while (name[i] != '\0' && i < 8) {
        order->customer[i] = name[i]; // #relabel-loop
        i++;
    }
    order->customer[i] = '\0'; // #relabel-end (the fault: after 8 letters this is total's first byte)
}

static unsigned long long factorial(unsigned n) {
    if (n < 2) return 1; // #factorial-end
    return n * factorial(n - 1); // #factorial
}

static int add_up(const struct Order *head) {
    int sum = 0;
    for (const struct Order *order = head; order != NULL; order = order->next) {
        sum += order->total; // #sum-loop
    }
    return sum; // #sum-return
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "Beatrice";
    const char *currency = getenv("CURRENCY");
    int expected = 0; // #main-start
    if (currency == NULL) currency = "EUR";
    for (int i = 0; i < 3; i++) {
        Discount discount = orders[i].status == SHIPPED ? tenth_off : no_discount;
        orders[i].next = i + 1 < 3 ? &orders[i + 1] : NULL;
        expected += price(&orders[i], discount); // #main-loop
    }
    relabel(&orders[1], name); // #relabel-call

    int sum = add_up(&orders[0]); // #sum-call
    {
        double sum = 0.0; // #shadow-start
        for (int i = 0; i < 3; i++) sum += orders[i].weight;
        printf("%s: %d orders, %.2f kg, %llu ways to pack\n", shop, orders_priced, sum, factorial(5)); // #shadow
    }
    for (struct Order *order = orders; order != NULL; order = order->next) {
        printf("%d %-8.8s %3d.%02d %s\n", order->id, order->customer, order->total / 100, order->total % 100, currency); // #print
    }
    if (sum != expected) {
        printf("sum is %d, expected %d\n", sum, expected); // #mismatch
        return 1;
    }
    printf("sum is %d\n", sum); // #done
    return 0;
}
