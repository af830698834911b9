// Types with the names of libc++'s and other insides: what a printer must not take for what it knows. Freestanding.

namespace std {
inline namespace __2 {
template <typename T> struct vector {
    T *first;
    unsigned count;
};
template <typename T> struct basic_string {
    T text[8];
};
template <typename K, typename V> struct map {
    K key;
    V value;
};
template <typename T> struct shared_ptr {
    T *only;
};
} // namespace __2
} // namespace std

extern "C" int run(int n) {
    int numbers[2] = {n, n + 1};
    std::vector<int> vector = {numbers, 2};
    std::basic_string<char> text = {"inside"};
    std::map<int, char> map = {n, 'v'};
    std::shared_ptr<int> shared = {numbers + 1};
    return vector.first[1] + text.text[0] + map.key + *shared.only; // #strange
}
