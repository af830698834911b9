// C++ from outside: namespaces, virtual functions, templates, overloads, references, lambdas, libc++'s containers.
#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace geometry {

enum class Colour : unsigned char { Red, Green = 4, Blue };

struct Point {
    double x = 0, y = 0;
    Point operator+(const Point &other) const {
        return {x + other.x, y + other.y}; // #operator-plus
    }
};

class Shape {
  public:
    Shape(std::string name, Colour colour) : name_(std::move(name)), colour_(colour) {
        ++made; // #shape-constructor
    }
    virtual ~Shape() = default;
    virtual double area() const = 0;
    const std::string &name() const { return name_; }
    Colour colour() const { return colour_; }
    static int made;

  protected:
    std::string name_;
    Colour colour_;
};

int Shape::made = 0;

class Circle : public Shape {
  public:
    Circle(double radius, Colour colour) : Shape("circle", colour), radius_(radius) {}
    double area() const override {
        return 3.0 * radius_ * radius_; // #circle-area
    }

  private:
    double radius_;
};

class Rectangle : public Shape {
  public:
    Rectangle(Point size, Colour colour) : Shape("a rectangle with a name too long to be inline", colour), size_(size) {}
    double area() const override {
        return size_.x * size_.y; // #rectangle-area
    }

  protected:
    Point size_;
};

class Square final : public Rectangle {
  public:
    explicit Square(double side) : Rectangle({side, side}, Colour::Blue) {
        name_ = "square"; // #square-constructor
    }
    double area() const override {
        return Rectangle::area(); // #square-area
    }
};

} // namespace geometry

namespace {

template <typename T, int Limit> class Stack {
  public:
    bool push(const T &value) {
        if (size_ == Limit) return false; // #stack-full
        values_[size_++] = value; // #stack-push
        return true;
    }
    const T &top() const { return values_[size_ - 1]; }

  private:
    std::array<T, Limit> values_{};
    int size_ = 0;
};

template <typename T> T largest(const std::vector<T> &values) {
    T best = values.front();
    for (const T &value : values) {
        if (best < value) best = value; // #largest
    }
    return best; // #largest-end
}

void show(int value) {
    std::printf("int %d\n", value); // #show-int
}

void show(double value) {
    std::printf("double %.2f\n", value); // #show-double
}

void show(const std::string &value) {
    std::printf("string %s\n", value.c_str()); // #show-string
}

void grow(int &count, int *other, geometry::Point &&moved) {
    count += *other; // #grow
    *other = static_cast<int>(moved.x);
}

double total_area(const std::vector<std::unique_ptr<geometry::Shape>> &shapes) {
    double total = 0;
    for (const auto &shape : shapes) {
        const geometry::Shape &each = *shape;
        total += each.area(); // #virtual-call
    }
    return total; // #total
}

} // namespace

int main() {
    using namespace geometry;
    std::string short_name = "short"; // #main-start
    std::string long_name = "this string is too long for the small buffer";
    std::string empty;
    std::vector<int> numbers = {3, 1, 4, 1, 5};
    std::vector<std::string> words = {"one", "two"};
    std::map<std::string, int> ages = {{"Ada", 36}, {"Bob", 41}, {"Cleo", 29}};
    std::pair<int, double> pair = {7, 0.5};
    std::optional<int> some = 9, none;
    std::shared_ptr<Point> shared = std::make_shared<Point>(Point{1, 2});
    bool flag = true;
    Colour colour = Colour::Green;
    int count = 2, other = 40;
    int &alias = count;
    show(static_cast<int>(numbers.size() + words.size() + ages.size() + empty.size())); // #containers

    std::vector<std::unique_ptr<Shape>> shapes;
    shapes.push_back(std::make_unique<Circle>(2.0, Colour::Red));
    shapes.push_back(std::make_unique<Rectangle>(Point{2, 3}, colour));
    shapes.push_back(std::make_unique<Square>(1.5)); // #shapes-made
    show(total_area(shapes)); // #total-call

    Stack<int, 2> stack;
    for (int number : numbers) {
        if (!stack.push(number)) break; // #stack-loop
    }
    auto scale = [&count, factor = 3](int value) {
        count++;
        return value * factor; // #lambda
    };
    show(scale(stack.top())); // #lambda-call
    grow(alias, &other, *shared + Point{0.5, 0.5}); // #grow-call
    show(largest(numbers) + count); // #template-call
    show(largest(std::vector<double>{0.5, 2.5})); // #template-double
    show(short_name + "/" + long_name); // #strings
    show(pair.second + some.value_or(0) + none.value_or(1) + other + flag); // #main-values
    show(Shape::made); // #main-end
    return 0;
}
