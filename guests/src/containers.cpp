// libc++'s containers, and what C++ itself has of values. The program prints what it holds, as its own iterators see it: a
// line is `FUNCTION VARIABLE = VALUE`, and a debugger that stops in that function shall say the same.
#include <array>
#include <atomic>
#include <bitset>
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdio>
#include <deque>
#include <forward_list>
#include <functional>
#include <initializer_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace zoo {

struct Point {
    int x = 0, y = 0;
};

enum Access : unsigned { None = 0, Read = 1, Write = 2, Execute = 4 };
enum class Mood : signed char { Calm = -1, Fine, Wild };

struct Empty {};

struct Animal {
    int legs = 4;
    virtual ~Animal() = default;
    virtual int noise() const { return legs; }
};

struct Named {
    int tag = 7;
    virtual ~Named() = default;
    virtual int id() const { return tag; }
};

struct Dog : Animal, Named {
    int bones = 3;
    int noise() const override { return bones; }
    int id() const override { return tag + bones; }
};

struct Puppy final : Dog {
    int weeks = 9;
    int noise() const override { return weeks; }
};

struct Device {
    int serial = 11;
    virtual ~Device() = default;
};
struct Scanner : virtual Device {
    int dpi = 300;
};
struct Printer : virtual Device {
    int trays = 2;
};
struct Copier : Scanner, Printer {
    int copies = 5;
};

struct Packed {
    unsigned ready : 1;
    unsigned mode : 3;
    signed delta : 5;
    Mood mood : 4;
    static int made;
    union {
        int whole;
        struct {
            short low, high;
        };
    };
    int twice(int value) const { return value * 2; }
};
int Packed::made = 2;

} // namespace zoo

namespace {

using zoo::Point;

int add(int a, int b) { return a + b; }

// Keeps what it's given: nothing of it is optimised out.
template <typename... T> void hold(const T &...values) {
    const void *volatile kept = nullptr;
    ((kept = &values), ...);
    static_cast<void>(kept);
}

void text(int value) { std::printf("%d", value); }
void text(const std::string &value) { std::printf("\"%s\"", value.c_str()); }
template <typename K, typename V> void text(const std::pair<const K, V> &entry) {
    text(entry.first);
    std::printf(" = ");
    text(entry.second);
}

template <typename T> void say(const char *name, const T &elements) {
    std::printf("%s = {", name);
    const char *comma = "";
    for (const auto &element : elements) {
        std::printf("%s", comma);
        text(element);
        comma = ", ";
    }
    std::printf("}\n");
}
#define SAY(function, variable) say(#function " " #variable, variable)

void strings() {
    std::string small = "short", large = "this one is too long for the inside of a string", none;
    std::string zeros("a\0b", 3);
    std::wstring wide = L"wide", wide_large = L"wide enough to be kept elsewhere";
    std::u8string eight = u8"gr\u00fcn";
    std::u16string sixteen = u"\u20ac 16";
    std::u32string thirty_two = U"\U0001F980";
    std::string_view view = std::string_view(large).substr(0, 8);
    std::vector<std::string> words = {"one", "two", large};
    SAY(strings, words);
    hold(small, // #strings
         large, none, zeros, wide, wide_large, eight, sixteen, thirty_two, view, words);
}

void sequences() {
    std::vector<int> numbers = {3, 1, 4, 1, 5}, nothing;
    std::vector<Point> points = {{1, 2}, {3, 4}};
    std::vector<bool> flags = {true, false, true, true};
    flags.resize(40, true);
    std::array<int, 3> triple = {7, 8, 9};
    std::array<int, 0> no_array{};
    std::deque<int> queue;
    for (int i = 0; i < 3000; i++) queue.push_back(i);
    for (int i = 0; i < 1000; i++) queue.pop_front();
    queue.push_front(-1);
    std::list<int> chain = {10, 20, 30};
    std::forward_list<int> forward = {1, 2, 3};
    std::span<int> dynamic(numbers.data(), 3);
    std::span<int, 2> fixed(numbers.data() + 1, 2);
    std::initializer_list<int> listed = {6, 5};
    std::bitset<10> bits("1000000101");
    std::bitset<70> more_bits;
    more_bits.set(69);
    auto second = numbers.begin() + 1;
    auto in_array = triple.begin();
    SAY(sequences, numbers);
    SAY(sequences, nothing);
    SAY(sequences, triple);
    SAY(sequences, chain);
    SAY(sequences, forward);
    SAY(sequences, dynamic);
    SAY(sequences, fixed);
    SAY(sequences, listed);
    hold(numbers, // #sequences
         nothing, points, flags, triple, no_array, queue, chain, forward, dynamic, fixed, listed, bits, more_bits,
         second, in_array);
}

void trees() {
    std::map<std::string, int> ages = {{"Ada", 36}, {"Bob", 41}, {"Cleo", 29}};
    std::map<int, Point> places = {{5, {5, 5}}, {1, {1, 1}}, {3, {3, 3}}};
    std::map<int, int> squares;
    for (int i = 0; i < 90; i++) squares[i] = i * i;
    std::set<int> odd = {5, 1, 3};
    std::multimap<int, char> letters = {{1, 'a'}, {1, 'b'}, {2, 'c'}};
    std::multiset<int> twice = {2, 1, 2};
    std::set<std::string> empty_set;
    auto found = ages.find("Bob");
    auto end = ages.end();
    SAY(trees, ages);
    SAY(trees, squares);
    SAY(trees, odd);
    SAY(trees, twice);
    SAY(trees, empty_set);
    hold(ages, // #trees
         places, squares, odd, letters, twice, empty_set, found, end);
}

void hashes() {
    std::unordered_map<std::string, int> ages = {{"Ada", 36}};
    std::unordered_map<int, int> many;
    for (int i = 0; i < 100; i++) many[i] = -i;
    std::unordered_set<int> set = {42};
    std::unordered_multimap<int, int> multi = {{1, 10}, {1, 10}};
    std::unordered_multiset<int> multiset = {5, 5};
    auto found = ages.find("Ada");
    SAY(hashes, ages);
    SAY(hashes, many);
    SAY(hashes, set);
    SAY(hashes, multi);
    SAY(hashes, multiset);
    hold(ages, // #hashes
         many, set, multi, multiset, found);
}

void wrappers() {
    std::optional<int> some = 9, none;
    std::optional<std::string> text = "held";
    std::variant<int, double, std::string> variant = 2.5, other = "string";
    std::tuple<int, char, std::string> tuple = {1, 'x', "three"};
    std::pair<int, double> pair = {7, 0.5};
    std::unique_ptr<Point> unique = std::make_unique<Point>(Point{1, 2}), no_unique;
    std::unique_ptr<int[]> many = std::make_unique<int[]>(3);
    std::shared_ptr<Point> shared = std::make_shared<Point>(Point{3, 4}), again = shared, no_shared;
    std::shared_ptr<int> adopted(new int(5));
    std::weak_ptr<Point> weak = shared, expired;
    {
        auto gone = std::make_shared<Point>();
        expired = gone;
    }
    std::unique_ptr<zoo::Animal> animal = std::make_unique<zoo::Puppy>();
    std::shared_ptr<zoo::Animal> shared_animal = std::make_shared<zoo::Dog>();
    int factor = 3;
    std::function<int(int, int)> function = add;
    std::function<int(int)> closure = [factor](int value) { return value * factor; };
    std::function<void()> no_function;
    std::reference_wrapper<int> wrapper = factor;
    std::complex<double> complex = {1.5, -2};
    std::atomic<int> atomic = 12;
    std::atomic<bool> atomic_flag = true;
    std::chrono::seconds seconds(90);
    std::chrono::milliseconds millis(1500);
    std::chrono::duration<double> fraction(0.25);
    std::chrono::time_point<std::chrono::system_clock, std::chrono::seconds> moment{std::chrono::seconds(1700000000)};
    hold(some, // #wrappers
         none, text, variant, other, tuple, pair, unique, no_unique, many, shared, again, no_shared, adopted, weak,
         expired, animal, shared_animal, function, closure, no_function, wrapper, complex, atomic, atomic_flag,
         seconds, millis, fraction, moment);
}

int language() {
    zoo::Puppy puppy;
    zoo::Copier copier;
    zoo::Animal *animal = &puppy;
    zoo::Named *named = &puppy;
    zoo::Named &reference = puppy;
    zoo::Device *device = &copier;
    zoo::Animal *nobody = nullptr;
    zoo::Packed packed{1, 5, -3, zoo::Mood::Fine, {}};
    packed.whole = 0x00020001;
    zoo::Access rights = static_cast<zoo::Access>(zoo::Read | zoo::Execute);
    zoo::Access no_rights = zoo::None;
    zoo::Access strange = static_cast<zoo::Access>(16);
    zoo::Mood mood = zoo::Mood::Wild;
    zoo::Empty empty;
    int Point::*member = &Point::y, Point::*no_member = nullptr;
    int (zoo::Packed::*method)(int) const = &zoo::Packed::twice;
    int (zoo::Animal::*virtual_method)() const = &zoo::Animal::noise;
    int (*function)(int, int) = add;
    std::nullptr_t null = nullptr;
    char8_t c8 = u8'a';
    char16_t c16 = u'\u20ac';
    char32_t c32 = U'\U0001F980';
    wchar_t wide = L'w';
    long double precise = 1.25L;
    _Complex double number = {3, -4};
    int count = 2;
    int &alias = count;
    int &&moved = static_cast<int &&>(count);
    const int (&table)[3] = {1, 2, 3};
    std::byte byte{0x2a};
    auto closure = [&count, factor = 3](int value) { return value * factor + count; };
    const std::string text = "a const one";
    const std::string &text_reference = text;
    hold(puppy, // #language
         copier, animal, named, reference, device, nobody, packed, rights, no_rights, strange, mood, empty, member,
         no_member, method, virtual_method, function, null, c8, c16, c32, wide, precise, number, alias, moved, table,
         byte, closure, text, text_reference);
    return closure(1);
}

} // namespace

int main() {
    std::setvbuf(stdout, nullptr, _IONBF, 0);
    strings();
    sequences();
    trees();
    hashes();
    wrappers();
    std::printf("%d\n", language() + zoo::Packed::made);
    return 0;
}
