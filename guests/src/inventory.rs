//! What Rust's values look like from outside: std's containers, enums with data, trait objects, slices, boxes.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fmt::Display;
use std::rc::Rc;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Tool,
    Paint { red: u8, green: u8, blue: u8 },
    Cable(f32, String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Shelf {
    Low = 1,
    Middle = 5,
    High = 9,
}

#[derive(Clone, Debug)]
struct Item {
    name: String,
    count: u32,
    kind: Kind,
    shelf: Option<Shelf>,
}

struct Meters(f64);
struct Nothing;

trait Describe {
    fn describe(&self) -> String;
}

impl Describe for Item {
    fn describe(&self) -> String {
        format!("{} x{}", self.name, self.count) // #describe-item
    }
}

impl Describe for Meters {
    fn describe(&self) -> String {
        format!("{:.1} m", self.0) // #describe-meters
    }
}

struct Pair<A, B> {
    first: A,
    second: B,
}

#[inline(never)]
fn largest<T: PartialOrd + Copy>(values: &[T]) -> Option<T> {
    let mut best = *values.first()?; // #largest-start
    for &value in values {
        if value > best {
            best = value; // #largest-better
        }
    }
    Some(best) // #largest-end
}

#[inline(never)]
fn stock(items: &mut Vec<Item>, name: &str, count: u32, kind: Kind) -> usize {
    let shelf = match count {
        0 => None,
        1..=3 => Some(Shelf::High),
        4..=9 => Some(Shelf::Middle),
        _ => Some(Shelf::Low),
    };
    items.push(Item { name: name.to_string(), count, kind, shelf }); // #stock
    items.len()
}

#[inline(never)]
fn show<T: Display>(label: &str, value: T) {
    println!("{label}: {value}"); // #show
}

#[inline(never)]
fn scalars() -> i64 {
    let tiny: i8 = -5;
    let byte: u8 = 250;
    let short: i16 = -30_000;
    let long: i64 = -9_000_000_000;
    let wide: u128 = 0x0123_4567_89ab_cdef_0011_2233_4455_6677;
    let negative: i128 = -1;
    let truth = true;
    let letter = 'ß';
    let face = '🦀';
    let single = 1.5f32;
    let double = -0.1f64;
    let unit = ();
    let tuple = (1u8, "two", 3.0f64);
    let array = [10u16, 20, 30];
    let grid = [[1u8, 2], [3, 4]];
    println!("{tiny} {byte} {short} {long} {wide} {negative} {truth} {letter} {face}"); // #scalars
    println!("{single} {double} {unit:?} {tuple:?} {array:?} {grid:?}"); // #scalars-end
    long
}

#[inline(never)]
fn options(item: &Item) -> usize {
    let some: Option<u32> = Some(7);
    let none: Option<u32> = None;
    let niche: Option<&Item> = Some(item);
    let no_item: Option<&Item> = None;
    let boxed: Option<Box<u64>> = Some(Box::new(64));
    let name: Option<String> = Some(item.name.clone());
    let good: Result<i32, String> = Ok(3);
    let bad: Result<i32, String> = "x3".parse::<i32>().map_err(|error| error.to_string());
    let filled = [some.is_some(), none.is_some(), niche.is_some(), no_item.is_some(), boxed.is_some(), name.is_some()]; // #options
    let count = filled.iter().filter(|&&is| is).count();
    println!("{count} {good:?} {bad:?}"); // #options-end
    count
}

#[inline(never)]
fn containers(items: &[Item]) -> u32 {
    let counts: HashMap<String, u32> = items.iter().map(|item| (item.name.clone(), item.count)).collect();
    let sorted: BTreeMap<u32, &str> = items.iter().map(|item| (item.count, item.name.as_str())).collect();
    let odd: HashSet<u32> = items.iter().map(|item| item.count).filter(|count| count % 2 == 1).collect();
    let mut queue: VecDeque<i32> = VecDeque::with_capacity(4);
    queue.extend([1, 2, 3, 4]);
    queue.pop_front();
    queue.push_back(5);
    let shared = Rc::new(Pair { first: 1u8, second: "shared" });
    let again = Rc::clone(&shared);
    let atomic: Arc<str> = Arc::from("arc");
    let cell = Cell::new(9i32);
    let locked = RefCell::new(vec![1.5f64, 2.5]);
    let middle = &items[1..2];
    let empty: Vec<u64> = Vec::new();
    let nested = vec![vec![1u8], vec![], vec![2, 3]];
    let text = String::from("naïve");
    let slice = &text[..4];
    let guard = locked.borrow_mut(); // #containers
    let sum: u32 = counts.values().sum();
    println!(
        "{sum} {} {} {queue:?} {}{} {atomic} {} {:?} {} {} {} {slice}",
        sorted.len(),
        odd.len(),
        again.first,
        shared.second,
        cell.get(),
        guard,
        middle.len(),
        empty.len(),
        nested.len(),
    ); // #containers-end
    sum
}

fn main() {
    let mut items = Vec::new(); // #main-start
    stock(&mut items, "hammer", 3, Kind::Tool);
    stock(&mut items, "crimson", 12, Kind::Paint { red: 220, green: 20, blue: 60 });
    stock(&mut items, "usb", 0, Kind::Cable(1.8, "C to A".to_string())); // #main-stock
    for item in &items {
        println!("{:?} on {:?}", item.kind, item.shelf); // #main-kinds
    }
    let limit = 2;
    let few: Vec<&Item> = items.iter().filter(|item| item.count <= limit).collect(); // #closure
    show("few", few.len());

    let things: Vec<Box<dyn Describe>> = vec![Box::new(items[0].clone()), Box::new(Meters(2.5))];
    for thing in &things {
        show("thing", thing.describe()); // #dyn-call
    }
    let _nothing = Nothing;
    let most = largest(&items.iter().map(|item| item.count).collect::<Vec<_>>());
    let longest = largest(&[0.5f64, 2.25, 1.0]); // #generic-call
    println!("{most:?} {longest:?}"); // #main-values
    let total = i64::from(containers(&items)) + scalars() + options(&items[2]) as i64; // #main-calls
    show("total", total); // #main-end
}
