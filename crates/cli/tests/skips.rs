//! What steps pass by, on the output of real compilers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod command;

use command::{at, batch, stop};

const RUST: &str = "inventory.O0.dwarf4";

#[test]
fn steps_pass_by_std_and_stop_in_closures() {
    let line = at("inventory.rs", "closure");
    let place = format!("tbreak {line}");
    let closure = stop("inventory::main::{closure#0}", "inventory.rs", "closure");
    // Three items go through the closure, one call of it each; nothing of std is seen, nor is it on the way back.
    let ran = batch(RUST, &[&place, "run", "step", "step", "step", "step"]);
    assert_eq!(ran.out.matches(&closure).count(), 3, "{}", ran.out);
    assert!(!ran.out.contains("library/"), "{}", ran.out);
    // Who asks for the libraries gets into them.
    let ran = batch(RUST, &[&place, "skip disable 0", "run", "step"]);
    assert!(ran.out.contains("library/"), "{}", ran.out);
}

#[test]
fn named_functions_and_files_are_passed_by() {
    let ran = batch(
        "orders.O0.dwarf5",
        &["skip price", "break main", "run", "next 4", "step", "step", "step", "step", "info skip"],
    );
    ran.prints("skip 1: steps pass by function price\n").prints("1    yes      function price\n");
    // `price` is passed by, and `no_discount`, which it calls, isn't.
    ran.prints("no_discount at guests/src/orders.c:");
    assert!(!ran.out.contains("price at"), "{}", ran.out);
    let ran = batch("orders.O0.dwarf5", &["skip orders.c", "break main", "run", "next", "info skip"]);
    ran.prints("file orders.c\n").prints("the program exited with code 1\n");
}

#[test]
fn the_list_is_kept() {
    let ran = batch(
        "orders.O0.dwarf5",
        &[
            "break price",
            "run",
            "skip",
            "skip disable 1",
            "info skip",
            "skip delete 1",
            "skip delete 1",
            "skip delete 0",
        ],
    );
    ran.prints("skip 1: steps pass by function price\n").prints("1    no       function price\n");
    ran.complains("no skip number 1").complains("skip 0 can't be deleted");
}

#[test]
fn the_way_out_of_main_is_the_end() {
    let line = at("orders.c", "sum-return");
    let ran = batch("orders.O0.dwarf5", &[&format!("tbreak {line}"), "run", "next 60"]);
    ran.prints("the program exited with code 1\n");
    assert!(!ran.out.contains("__original_main"), "{}", ran.out);
}
