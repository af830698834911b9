// What C lays out in odd ways: bit-fields, packed ones too, flexible and variable arrays, flags, unions, tables of functions.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uchar.h>
#include <wchar.h>

enum access { NONE = 0, READ = 1, WRITE = 2, EXECUTE = 4, ALL = 7 };
enum level { LOW = -1, MIDDLE, HIGH = 1000 };

struct flags {
    unsigned ready : 1;
    int shift : 4;
    unsigned long long wide : 40;
    _Bool on : 1;
    enum access access : 3;
};

struct __attribute__((packed)) packed {
    uint8_t tag : 3;
    uint32_t crossing : 31;
    int64_t far : 50;
    uint16_t rest : 12;
};

struct message {
    uint32_t length;
    char kind[4];
    uint16_t words[];
};

union number {
    int32_t i;
    float f;
    uint8_t bytes[4];
};

struct shape {
    const char *name;
    union {
        struct { int width, height; };
        int radius;
    };
    int (*area)(const struct shape *);
};

static int rectangle(const struct shape *s) { return s->width * s->height; }
static int circle(const struct shape *s) { return 3 * s->radius * s->radius; }

static const struct shape shapes[] = {
    { .name = "rectangle", .width = 3, .height = 4, .area = rectangle },
    { .name = "circle", .radius = 2, .area = circle },
};

__attribute__((noinline)) static int look(int n) {
    struct flags flags = { 1, -3, 0x1234567890ull, 1, READ | EXECUTE };
    struct packed packed = { 5, 0x7edcba98, -123456789012345ll, 0xabc };
    struct message *message = malloc(sizeof *message + 3 * sizeof(uint16_t));
    message->length = 3;
    memcpy(message->kind, "text", 4);
    for (int i = 0; i < 3; i++) message->words[i] = (uint16_t)(100 + i);
    union number number = { .f = 1.0f };
    enum access some = READ | WRITE, odd = 8;
    enum level level = LOW;
    int vla[n];
    for (int i = 0; i < n; i++) vla[i] = i * i;
    int grid[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };
    wchar_t wide[] = L"wide ß";
    const char16_t *u16 = u"sixteen";
    char latin[] = "caf\xe9";
    int (*operation)(const struct shape *) = shapes[1].area;
    void (*none)(void) = NULL;
    volatile const unsigned char byte = 200;
    long double quad = 0.1L;
    struct { int x; struct { int y; } inner; } anonymous = { 1, { 2 } };
    printf("%d %d %u %d %s %d %d\n", flags.shift, packed.crossing, message->length, vla[n - 1], latin, // #look
           operation(&shapes[1]) + grid[1][2] + (int)wide[0] + u16[0] + number.i + some + odd + level,
           byte + (int)quad + anonymous.inner.y + (none == NULL));
    free(message);
    return 0; // #look-end
}

int main(int argc, char **argv) {
    return look(argc + 4);
}
