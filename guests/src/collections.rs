//! Std's collections, pointers, cells and enums, small enough to be built by several versions of rustc: no formatting, and
//! nothing that Rust 1.63 lacks.

#![allow(unknown_lints, forgetting_copy_types, forgetting_references)]

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::{CString, OsString};
use std::num::{NonZeroU32, Wrapping};
use std::path::PathBuf;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant, SystemTime};

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Point {
    x: i32,
    y: i32,
}

pub trait Shape {
    fn area(&self) -> i32;
}

impl Shape for Point {
    fn area(&self) -> i32 {
        self.x * self.y
    }
}

#[allow(dead_code)]
pub enum Nested {
    Empty,
    Inner(Option<Result<Box<Point>, String>>),
    Many { left: Option<Box<Nested>>, right: [u8; 2] },
}

#[derive(Clone, Copy)]
#[allow(dead_code)]
pub enum Shelf {
    Low = 3,
    High = 7,
}

/// What is handed here is in memory, and used.
#[inline(never)]
fn keep<T>(value: &T) -> usize {
    (value as *const T as usize) & 1
}

/// Adds up what `keep` says of each. Nothing is dropped: what drops a collection would be most of the module.
macro_rules! keep {
    ($($value:ident),* $(,)?) => {{
        let kept = 0 $(+ keep(&$value))*;
        $(std::mem::forget($value);)*
        kept
    }};
}

#[inline(never)]
fn sequences() -> usize {
    let vector = vec![Point { x: 1, y: 2 }, Point { x: 3, y: 4 }];
    let nothing: Vec<u8> = Vec::new();
    let slice = &vector[1..];
    let array = [1u16, 2, 3];
    let mut ring: VecDeque<i32> = VecDeque::with_capacity(4);
    for number in 1..5 {
        ring.push_back(number);
    }
    ring.pop_front();
    ring.pop_front();
    ring.push_back(5);
    let mut list: LinkedList<Option<u8>> = LinkedList::new();
    list.push_back(Some(1));
    list.push_back(None);
    let mut heap: BinaryHeap<u8> = BinaryHeap::new();
    heap.push(3);
    heap.push(9);
    let kept = keep(&array); // #sequences
    kept + keep!(slice, vector, nothing, array, ring, list, heap)
}

#[inline(never)]
fn maps() -> usize {
    let mut ages: HashMap<String, Vec<Point>> = HashMap::new();
    ages.insert(String::from("ada"), vec![Point { x: 1, y: 2 }]);
    let empty: HashMap<String, Vec<Point>> = HashMap::new();
    let mut seen: HashSet<u32> = HashSet::new();
    let mut even: BTreeSet<u32> = BTreeSet::new();
    for number in 0..40 {
        seen.insert(number * 3);
        even.insert(number * 2);
    }
    let mut few: BTreeMap<&str, i16> = BTreeMap::new();
    few.insert("b", 2);
    few.insert("a", 1);
    let none: BTreeMap<&str, i16> = BTreeMap::new();
    let kept = keep(&none); // #maps
    kept + keep!(ages, empty, seen, even, few, none)
}

#[inline(never)]
fn pointers() -> usize {
    let boxed = Box::new(Point { x: 1, y: 2 });
    let words: Box<str> = "boxed".into();
    let object: Box<dyn Shape> = Box::new(Point { x: 5, y: 6 });
    let shared: Rc<Point> = Rc::new(Point { x: 3, y: 4 });
    let again = Rc::clone(&shared);
    let weak: Weak<Point> = Rc::downgrade(&shared);
    let dangling: Weak<Point> = Weak::new();
    let text: Rc<str> = "counted".into();
    let numbers: Arc<[u64]> = Arc::from([7, 8]);
    let cell = Cell::new(9i32);
    let free = RefCell::new(vec![1u8, 2]);
    let taken = RefCell::new(Point { x: 1, y: 1 });
    let guard = taken.borrow_mut();
    let mutex = Mutex::new(String::from("locked"));
    let held = mutex.lock();
    let lock = RwLock::new(3u8);
    let count = AtomicU32::new(7);
    count.fetch_add(1, Ordering::Relaxed);
    let area = object.area() as usize;
    let kept = area + keep(&count); // #pointers
    kept + keep!(boxed, words, object, shared, again, weak, dangling, text, numbers, cell, free, guard, held, lock, count)
}

#[inline(never)]
fn small() -> usize {
    let string = String::from("tab\tünï");
    let owned: Cow<str> = Cow::Owned(String::from("cow"));
    let borrowed: Cow<str> = Cow::Borrowed("moo");
    let c_string = CString::new("see");
    let os = OsString::from("os");
    let path = PathBuf::from("/data");
    let half = 1..5;
    let closed = 1..=5;
    let wrapping = Wrapping(250u8);
    let non_zero = NonZeroU32::new(12);
    let zero: Option<NonZeroU32> = NonZeroU32::new(0);
    let deep = Some(Some(Some(false)));
    let hole: Option<Option<bool>> = Some(None);
    let shelf = Shelf::High;
    let order = std::cmp::Ordering::Less;
    let nested = Nested::Inner(Some(Ok(Box::new(Point { x: 8, y: 9 }))));
    let failed = Nested::Inner(Some(Err(String::from("why"))));
    let many = Nested::Many { left: Some(Box::new(Nested::Empty)), right: [1, 2] };
    let factor = 3u32;
    let closure = move |x: u32| x * factor;
    let duration = Duration::from_millis(1500);
    // No clock gives a known time.
    let instant: Instant = unsafe { std::mem::transmute(duration) };
    let system = SystemTime::UNIX_EPOCH + Duration::from_secs(86_401);
    let kept = closure(2) as usize; // #small
    kept + keep!(string, owned, borrowed, c_string, os, path, half, closed, wrapping, non_zero, zero, deep, hole)
        + keep!(shelf, order, nested, failed, many, closure, duration, instant, system)
}

fn main() {
    let kept = sequences() + maps() + pointers() + small();
    std::process::exit((kept > 1000) as i32);
}
