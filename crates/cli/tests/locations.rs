//! Locations beyond a line or a name: columns, overloads, copies that were inlined; groups of breakpoints.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod command;

use command::{at, batch, guest, run};

const ORDERS: &str = "orders.O0.dwarf5";

#[test]
fn a_column_is_a_statement_of_a_line() {
    // `    for (int i = 0; i < 2; i++) {`: the third part is a statement of its own.
    let line = command::line("orders.c", "price-loop") - 3;
    let whole = batch(ORDERS, &[&format!("break orders.c:{line}"), "run", "bt 1"]);
    let part = batch(ORDERS, &[&format!("break orders.c:{line}:28"), "run", "info b"]);
    whole.prints("price at");
    part.prints("Breakpoint 1, price at").prints(&format!("orders.c:{line}\n"));
    let pc = |out: &str| out.lines().next().unwrap().rsplit(", ").next().unwrap().to_owned();
    assert_ne!(pc(&whole.out), pc(&part.out), "{}{}", whole.out, part.out);
    batch(ORDERS, &["break orders.c:99999:3"]).complains("no code at or after line 99999").exits(1);
}

#[test]
fn overloads_are_told_apart_by_their_parameters() {
    let ran =
        batch("shapes.O0.dwarf5", &["break show(double)", "run", "bt 1", "break show(char)", "break show( int )"]);
    ran.prints("Breakpoint 1: (anonymous namespace)::show at").prints("show (value=20.25)");
    ran.complains("no function `show(char)`; there are: ").complains("show(double)").complains("show(int)");
    ran.prints("Breakpoint 2: (anonymous namespace)::show at");
    let ran = batch("shapes.O0.dwarf5", &["break show(const string &)", "run", "bt 1"]);
    ran.prints("Breakpoint 1, (anonymous namespace)::show at");
}

#[test]
fn patterns_find_inlined_copies() {
    let plain = batch("inline.O0.dwarf5", &["rbreak ^square$"]);
    let ran = batch("inline.O2.dwarf5", &["rbreak .", "break square", "info b"]);
    plain.exits(0);
    ran.exits(0);
    // All that a name finds, a pattern for it does.
    let named = run(&["debug", "--batch", "--json", "-e", "break square", &guest("inline.O2.dwarf5")]);
    let matched = run(&["debug", "--batch", "--json", "-e", "rbreak ^square$", &guest("inline.O2.dwarf5")]);
    let sites = |ran: &command::Ran| ran.json()[0]["breakpoint"]["sites"].clone();
    assert!(sites(&named).as_array().is_some_and(|sites| sites.len() > 1), "{}", named.out);
    assert_eq!(sites(&named), sites(&matched));
}

#[test]
fn groups_are_dealt_with_at_once() {
    let total = at("orders.c", "price-total");
    let ran = batch(
        ORDERS,
        &[
            "break price",
            "break add_up",
            &format!("break {total}"),
            "group shop 1 3",
            "disable shop",
            "run",
            "info b",
            "enable shop",
            "ungroup shop 3",
            "delete shop",
            "info b",
            "disable nosuch",
            "group 1x 2",
        ],
    );
    ran.prints("Breakpoint 2, add_up at").prints("in shop\n").prints("breakpoint 1 deleted\n");
    ran.complains("no breakpoint is in a group `nosuch`").complains("`1x` is no name for a group");
    assert_eq!(ran.out.matches("in shop\n").count(), 2, "{}", ran.out);
    // They are saved.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("saved").display().to_string();
    batch(ORDERS, &["break price", "group a", "group b 1", &format!("save breakpoints {file}")]).exits(0);
    batch(ORDERS, &[&format!("source {file}"), "info b"]).prints("in a, b\n").exits(0);
}
