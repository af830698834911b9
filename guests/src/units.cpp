// Units that are split into files of their own, or that share types: -gsplit-dwarf, -fdebug-types-section. Freestanding,
// so that there is nothing in it but this; called as `run(n)`.

// What the C++ library has elsewhere: type information points to the virtual tables of these.
namespace __cxxabiv1 {
struct __class_type_info {
    virtual void anchor();
};
void __class_type_info::anchor() {}
struct __si_class_type_info {
    virtual void anchor();
};
void __si_class_type_info::anchor() {}
struct __vmi_class_type_info {
    virtual void anchor();
};
void __vmi_class_type_info::anchor() {}
}

namespace fleet {
enum class Kind { Truck, Ship, Plane };

struct Point {
    int x, y;
};

struct Part {
    int serial;
    virtual int load() const { return serial; }
};

struct Hull : virtual Part {
    int planks;
};

struct Engine : virtual Part {
    int power;
    int load() const override { return power; }
};

struct Boat : Hull, Engine {
    Kind kind;
    Point at;
    int load() const override { return power + planks; }
};

int built;
static Point home = {3, 4};

struct Yard {
    static int slots;
};
int Yard::slots = 12;
}

static int weigh(const fleet::Part &part) {
    int load = part.load(); // #weigh
    return load;
}

extern "C" int run(int n) {
    fleet::Boat boat;
    boat.serial = 7;
    boat.planks = n;
    boat.power = 100;
    boat.kind = fleet::Kind::Ship;
    boat.at = fleet::home;
    fleet::Hull *hull = &boat;
    fleet::built = weigh(*hull);
    return fleet::built + boat.at.x; // #end
}
