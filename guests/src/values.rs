//! Values of Rust's std beyond those of the inventory: every kind of smart pointer, cell, map, text, range, closure.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::{CString, OsString};
use std::hint::black_box;
use std::num::{NonZeroU32, Wrapping};
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::time::{Duration, Instant, SystemTime};

trait Shape {
    fn area(&self) -> f64;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Point {
    x: i32,
    y: i32,
}

struct Square(f64);

impl Shape for Square {
    fn area(&self) -> f64 {
        self.0 * self.0
    }
}

impl Shape for Point {
    fn area(&self) -> f64 {
        f64::from(self.x * self.y)
    }
}

struct Node {
    name: String,
    children: RefCell<Vec<Rc<Node>>>,
    parent: RefCell<Weak<Node>>,
}

#[allow(dead_code)]
enum Nested {
    Empty,
    Inner(Option<Result<Box<Point>, String>>),
    Many { left: Option<Box<Nested>>, right: [u8; 2] },
}

static GREETING: OnceLock<String> = OnceLock::new();
static COUNT: AtomicU32 = AtomicU32::new(7);

/// The type that it takes lives through optimisation.
#[inline(never)]
fn look<T>(value: &T) {
    black_box(value); // #look
}

#[inline(never)]
fn double(x: u32) -> u32 {
    x * 2
}

#[inline(never)]
fn pointers() {
    let boxed = Box::new(Point { x: 1, y: 2 });
    let slice: Box<[u16]> = vec![1, 2, 3].into_boxed_slice();
    let words: Box<str> = "boxed".into();
    let object: Box<dyn Shape> = Box::new(Square(1.5));
    let borrowed: &dyn Shape = &*boxed;
    let shared: Rc<Point> = Rc::new(Point { x: 3, y: 4 });
    let again = Rc::clone(&shared);
    let weak = Rc::downgrade(&shared);
    let nothing: Weak<Point> = Weak::new();
    let gone = Rc::downgrade(&Rc::new(5u8));
    let text: Rc<str> = "counted".into();
    let numbers: Arc<[u64]> = Arc::from([7, 8, 9]);
    let counted_object: Rc<dyn Shape> = Rc::new(Point { x: 5, y: 6 });
    let reference = &shared.x;
    let function: fn(u32) -> u32 = double;
    let raw: *const Point = &*boxed;
    let parent = Rc::new(Node { name: "parent".into(), children: RefCell::default(), parent: RefCell::default() });
    let child = Rc::new(Node { name: "child".into(), children: RefCell::default(), parent: RefCell::default() });
    *child.parent.borrow_mut() = Rc::downgrade(&parent);
    parent.children.borrow_mut().push(Rc::clone(&child));
    let sum = black_box(boxed.x) + again.y + *reference + i32::from(slice[0]) + function(2) as i32; // #pointers
    println!("{sum} {words} {} {} {} {}", object.area(), borrowed.area(), counted_object.area(), text); // #pointers-end
    black_box((&weak, &nothing, &gone, &numbers, raw, &parent.name, &child.name));
    look(&object); // #look-object
}

#[inline(never)]
fn cells() {
    let cell = Cell::new(9i32);
    let free = RefCell::new(vec![1u8, 2]);
    let taken = RefCell::new(Point { x: 1, y: 1 });
    let guard = taken.borrow_mut();
    let once: OnceCell<u32> = OnceCell::new();
    let set: OnceCell<u32> = OnceCell::from(4);
    let mutex = Mutex::new(String::from("locked"));
    let held = mutex.lock().unwrap();
    let lock = RwLock::new(3u8);
    let unset: OnceLock<u8> = OnceLock::new();
    GREETING.get_or_init(|| "hello".to_string());
    let greeting = &GREETING;
    black_box((&cell, &free, &guard, &once, &set, &held, &lock, &unset, greeting, &COUNT)); // #cells
}

#[inline(never)]
fn maps() {
    let mut ages: HashMap<String, Vec<Point>> = HashMap::new();
    ages.insert("ada".into(), vec![Point { x: 1, y: 2 }, Point { x: 3, y: 4 }]);
    let squares: HashMap<u32, u64> = (0..100).map(|i| (i, u64::from(i) * u64::from(i))).collect();
    let seen: HashSet<Point> = HashSet::from([Point { x: 0, y: 1 }]);
    let empty: HashMap<u8, u8> = HashMap::new();
    let few: BTreeMap<&str, i16> = BTreeMap::from([("b", 2), ("a", 1)]);
    let many: BTreeMap<u32, u32> = (0..500).map(|i| (i * 2, i)).collect();
    let set: BTreeSet<char> = "hello".chars().collect();
    let none: BTreeMap<u8, u8> = BTreeMap::new();
    let mut ring: VecDeque<i32> = VecDeque::with_capacity(4);
    ring.extend([1, 2, 3, 4]);
    ring.rotate_left(1);
    ring.pop_front();
    ring.push_back(5);
    let list: LinkedList<Option<u8>> = LinkedList::from([Some(1), None, Some(3)]);
    let heap: BinaryHeap<u8> = BinaryHeap::from(vec![3, 9, 4]);
    let units = vec![(); 3];
    let large: Vec<u32> = (0..2000).collect();
    black_box((&ages, &squares, &seen, &empty, &few, &many, &set, &none, &ring, &list, &heap, &units, &large)); // #maps
    look(&ages); // #look-ages
    look(&many);
}

#[inline(never)]
fn texts() {
    let string = String::from("tab\tquote\" ünï 🦀");
    let long = "0123456789".repeat(100);
    let owned: Cow<str> = Cow::Owned("cow".to_string());
    let borrowed: Cow<str> = Cow::Borrowed("moo");
    let c_string = CString::new("see").unwrap();
    let c_str = c_string.as_c_str();
    let os = OsString::from("os");
    let path_buf = PathBuf::from("/data/a b");
    let path: &Path = &path_buf;
    // What a bug, or a wrong `unsafe`, makes of a text.
    let broken = unsafe { String::from_utf8_unchecked(vec![b'a', 0xff, b'b']) };
    let bytes = b"by\0te";
    let chars = ['a', '\'', '\n', 'ß'];
    black_box((&string, &long, &owned, &borrowed, &c_string, &c_str, &os, &path, &bytes, &chars)); // #texts
    std::mem::forget(broken);
}

#[inline(never)]
fn small() {
    let half = 1..5;
    let closed = 1..=5;
    let from = 2u8..;
    let to = ..3u8;
    let up_to = ..=4u8;
    let full = ..;
    let wrapping = Wrapping(250u8);
    let non_zero = NonZeroU32::new(12);
    let zero: Option<NonZeroU32> = NonZeroU32::new(0);
    let duration = Duration::from_millis(1500);
    let short = Duration::from_micros(2);
    let deep = Some(Some(Some(false)));
    let hole: Option<Option<bool>> = Some(None);
    let single = (5u8,);
    let unit = ();
    let order = std::cmp::Ordering::Less;
    let nested = Nested::Inner(Some(Ok(Box::new(Point { x: 8, y: 9 }))));
    let failed = Nested::Inner(Some(Err("why".to_string())));
    let many = Nested::Many { left: Some(Box::new(Nested::Empty)), right: [1, 2] };
    let factor = 3u32;
    let name = String::from("captured");
    let closure = move |x: u32| x * factor + name.len() as u32;
    let by_reference = |x: u32| x + factor;
    let boxed: Box<dyn Fn(u32) -> u32> = Box::new(closure);
    black_box((&half, &closed, &from, &to, &up_to, &full, &wrapping, &non_zero, &zero, &duration, &short)); // #small
    black_box((&deep, &hole, &single, &unit, &order, &nested, &failed, &many, &by_reference, &boxed));
    println!("{}", boxed(2) + by_reference(1)); // #small-end
}

#[inline(never)]
fn times() {
    let none = Duration::ZERO;
    let long = Duration::new(3, 200_000_000);
    let tiny = Duration::from_nanos(7);
    let most = Duration::MAX;
    let epoch = SystemTime::UNIX_EPOCH;
    let birthday = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_250);
    // No clock gives a known time.
    let instant: Instant = unsafe { std::mem::transmute(long) };
    let later = instant + Duration::from_micros(1500);
    let maybe: Option<Duration> = None;
    let known: Option<SystemTime> = Some(birthday);
    black_box((&none, &long, &tiny, &most, &epoch, &birthday, &instant, &later, &maybe, &known)); // #times
    look(&later); // #look-later
}

/// Ten variables a row, of ten types.
macro_rules! crowd {
    ($($v:ident $s:ident $m:ident $o:ident $r:ident $t:ident $h:ident $d:ident $e:ident $p:ident;)*) => { $(
        let $v = vec![1u32, 2, 3];
        let $s = String::from("a text of the usual length");
        let $m: BTreeMap<&str, i16> = BTreeMap::from([("b", 2), ("a", 1)]);
        let $o = Some(Point { x: 1, y: 2 });
        let $r = Rc::new(Point { x: 3, y: 4 });
        let $t = (1u8, 2.5f64);
        let $h: HashMap<u8, u8> = HashMap::from([(1, 2), (3, 4)]);
        let $d: VecDeque<i32> = VecDeque::from([1, 2, 3]);
        let $e = Nested::Inner(Some(Ok(Box::new(Point { x: 8, y: 9 }))));
        let $p = Point { x: 1, y: 2 };
        black_box((&$v, &$s, &$m, &$o, &$r, &$t, &$h, &$d, &$e, &$p));
    )*
        let mut round = 0;
        while round < 60 {
            round += black_box(1); // #crowd
        }
    };
}

#[inline(never)]
fn hundred() {
    crowd! {
        v0 s0 m0 o0 r0 t0 h0 d0 e0 p0;
        v1 s1 m1 o1 r1 t1 h1 d1 e1 p1;
        v2 s2 m2 o2 r2 t2 h2 d2 e2 p2;
        v3 s3 m3 o3 r3 t3 h3 d3 e3 p3;
        v4 s4 m4 o4 r4 t4 h4 d4 e4 p4;
        v5 s5 m5 o5 r5 t5 h5 d5 e5 p5;
        v6 s6 m6 o6 r6 t6 h6 d6 e6 p6;
        v7 s7 m7 o7 r7 t7 h7 d7 e7 p7;
        v8 s8 m8 o8 r8 t8 h8 d8 e8 p8;
        v9 s9 m9 o9 r9 t9 h9 d9 e9 p9;
    }
}

#[inline(never)]
fn huge(length: usize) {
    let vector = vec![0x0101_0101u32; length];
    let mut round = 0;
    while round < 60 {
        round += vector[black_box(0)] & 1; // #huge
    }
}

fn main() {
    let length = std::env::args().nth(1).and_then(|length| length.parse().ok()).unwrap_or(1000);
    huge(length);
    hundred();
    pointers();
    cells();
    maps();
    texts();
    small();
    times();
}
