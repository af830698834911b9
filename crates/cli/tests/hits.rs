//! Hits that are counted, and log texts that are taken down, next to the guest: the same answers as in the debugger, and
//! the slower way is named where it's taken.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod command;

use command::{at, batch, batch_with, guest};
use serde_json::{Value, json};

const ORDERS: &str = "orders.O0.dwarf5";

#[test]
fn counts_are_the_same_wherever_they_are_kept() {
    let loops = at("orders.c", "price-loop");
    // The line is reached six times. `factorial(1) == 1` is always true and only the debugger can tell.
    for condition in ["", " if sum >= 0", " if factorial(1) == 1"] {
        let set = format!("break {loops}{condition}");
        let place = ["run", "info b", "continue", "info b"];
        let ran = batch(ORDERS, &[&[set.as_str(), "ignore 1 2", "hit 1 % 2"], &place[..]].concat());
        // The fourth hit is the first even one that isn't ignored; the sixth is the next.
        ran.prints("1    yes      4 ").prints("1    yes      6 ");
        let ran = batch(ORDERS, &[&[set.as_str(), "hit 1 >= 5"], &place[..]].concat());
        ran.prints("1    yes      5 ").prints("1    yes      6 ");
        // Nothing stops, and what was counted is known when the program is over.
        let ran = batch(ORDERS, &[&set, "ignore 1 100", "run", "info b"]);
        ran.prints("the program exited with code 1\n").prints("1    yes      6 ").prints("passes its next 94 hits");
    }
}

#[test]
fn false_conditions_are_no_hits() {
    let loops = at("orders.c", "price-loop");
    let ran = batch(ORDERS, &[&format!("break {loops} if i == 1"), "ignore 1 2", "run", "print order->id", "info b"]);
    ran.prints("$1 = 3\n").prints("1    yes      3 ");
    // A breakpoint with two places counts both.
    let ran = batch(ORDERS, &["rbreak ^(tenth_off|no_discount)$", "hit 1 == 3", "run", "info b"]);
    ran.prints("Breakpoint 1, tenth_off at").prints("1    yes      3 ");
}

#[test]
fn log_texts_say_what_the_values_were() {
    let total = at("orders.c", "price-total");
    let text =
        "{order->id} {order->customer} {order->status} {order->weight} {order->flags.shelf} {sum * 2} {sum > 1000}";
    let set = format!("logpoint {total} \"{text} {{{{}}}}\"");
    let lines =
        "\n1 \"Ada\" NEW 0.25 -3 1460 0 {}\n2 \"Bob\" PAID 1.5 15 3998 1 {}\n3 \"Cleo\" SHIPPED 12.75 -16 25000 1 {}\n";
    let ran = batch(ORDERS, &[&set, "run", "info b"]);
    ran.prints(lines).prints("1    yes      3 ");
    assert!(!ran.out.contains("slow where"), "{}", ran.out);
    // What takes more than a few bytes is filled in by the debugger, which says so; the words are the same.
    let set = format!("logpoint {total} \"{{order->items[0].name}} of {{*order}}\"");
    let ran = batch(ORDERS, &[&set, "run"]);
    ran.prints("decided in the debugger: slow where").prints("\"pencil\" of {id = 1,");
}

#[test]
fn log_points_count_and_choose_and_keep_their_order() {
    let loops = at("orders.c", "price-loop");
    let total = at("orders.c", "price-total");
    let first = format!("logpoint {loops} \"in {{i}}\"");
    let second = format!("logpoint {total} \"total {{sum}}\"");
    let ran = batch_with(&["--json"], &[&first, &second, "condition 1 i == 1", "hit 2 >= 2", "run"], &[&guest(ORDERS)]);
    let all = ran.json();
    let said: Vec<&Value> = all.iter().filter(|o| o["event"] == "log").map(|o| &o["text"]).collect();
    assert_eq!(said, [&json!("in 1"), &json!("in 1"), &json!("total 1999"), &json!("in 1"), &json!("total 12500")]);
    // A place of a log point and a breakpoint: it says, and stops.
    let ran = batch(ORDERS, &[&second, &format!("break {total}"), "run", "continue"]);
    let (said, stopped) = (ran.out.find("total 730").unwrap(), ran.out.find("Breakpoint 2, price").unwrap());
    assert!(said < stopped, "{}", ran.out);
}

#[test]
fn values_that_cannot_be_had_are_said_in_their_place() {
    let loops = at("orders.c", "price-loop");
    let ran = batch(ORDERS, &[&format!("logpoint {loops} \"<{{orders[99999].id}}> {{i}}\""), "tbreak add_up", "run"]);
    ran.prints("<error: ").prints("> 0\n").prints("add_up at");
}

#[test]
fn a_log_point_that_is_hit_often_loses_nothing() {
    // A thousand lines are kept before the guest has to wait: there are five times as many.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rounds.wat");
    let text = "(module (func $round (param i32) nop)
      (func (export \"_start\") (local $i i32)
        (loop
          (call $round (local.get $i))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if 0 (i32.lt_u (local.get $i) (i32.const 5000))))))";
    std::fs::write(&path, text).unwrap();
    let ran = batch_with(&[], &["logpoint round \"at {$local0}\"", "run", "info b"], &[path.to_str().unwrap()]);
    let numbers: Vec<u32> = ran.out.lines().filter_map(|l| l.strip_prefix("at ")?.parse().ok()).collect();
    assert_eq!(numbers, (0..5000).collect::<Vec<u32>>());
    ran.prints("1    yes      5000 ");
}
