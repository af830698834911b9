//! Calls of the program's functions, on the output of real compilers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod command;

use command::{at, batch, stop};
use serde_json::Value;

const ORDERS: &str = "orders.O0.dwarf5";

#[test]
fn functions_of_c_are_called() {
    let line = at("orders.c", "relabel-loop");
    let ran = batch(
        ORDERS,
        &[
            &format!("tbreak {line}"),
            "run",
            "call factorial(5)",
            "call strlen(\"hello\")",
            "call strlen(order->customer) + factorial(3u) * 2",
            "call add_up(orders)",
            // A function stands for a pointer to it, and a parameter of the debuggee's for a place in its memory.
            "call price(&orders[0], tenth_off)",
            "print orders[0].total",
            "call price(order, no_discount)",
            "print $3 + 1",
            "call orders[0].nothing(3)",
            "call add_up",
            "print factorial(5)",
        ],
    );
    ran.prints("$1 = 120\n$2 = 5\n$3 = 15\n$4 = 13979\n$5 = 657\n$6 = 657\n$7 = 1999\n$8 = 16\n");
    ran.complains("no function `nothing` with code").complains("`add_up` is a function");
    ran.complains("is only called where that is asked for: `call f(x)`");
}

#[test]
fn calls_leave_no_trace_in_the_stack() {
    // The whole stack below and above the pointer that the stopped functions may use, before and after.
    let line = at("orders.c", "relabel-loop");
    let peek = "x/64xw $global0 - 128";
    let calls = ["call factorial(12)", "call price(&orders[0], tenth_off)", "call strlen(\"a text to be put there\")"];
    let mut commands = vec!["run", "print $global0", peek];
    commands.extend(calls);
    commands.extend([peek, "print $global0"]);
    let place = format!("tbreak {line}");
    commands.insert(0, &place);
    for guest in [ORDERS, "orders.O2.dwarf5"] {
        let mut words = vec!["debug", "--batch", "--json"];
        commands.iter().for_each(|command| words.extend(["-e", command]));
        let guest = command::guest(guest);
        words.push(&guest);
        let all = command::run(&words).json();
        let of = |command: &str| -> Vec<Value> {
            all.iter().filter(|line| line["command"] == command).map(|line| line["memory"].clone()).collect()
        };
        let memory = of(peek);
        assert!(memory.len() == 2 && !memory[0].is_null(), "{all:?}");
        assert_eq!(memory[0], memory[1], "{guest}");
        let pointers: Vec<&Value> =
            all.iter().filter(|line| line["command"] == "print $global0").map(|line| &line["value"]["value"]).collect();
        assert!(pointers.len() == 2 && pointers[0] == pointers[1], "{pointers:?}");
    }
}

#[test]
fn calls_stop_in_calls() {
    let line = at("orders.c", "relabel-end");
    let ran = batch(
        ORDERS,
        &[
            &format!("tbreak {line}"),
            "run",
            "break tenth_off",
            "call tenth_off(1000)",
            "call tenth_off(20)",
            "bt 3",
            "up",
            "print cents",
            "continue",
            "print cents",
            "continue",
            "print order->id",
            "delete",
            "next",
        ],
    );
    ran.prints("note: this is in the call of `tenth_off`; `continue` goes on with it\n");
    ran.prints("#0  tenth_off (cents=20) at guests/src/orders.c:");
    ran.prints("-- called by the debugger --\n#1  tenth_off (cents=1000) at guests/src/orders.c:");
    ran.prints("-- called by the debugger --\n#2  relabel (order=");
    ran.prints("$1 = 1000\ntenth_off returned $2 = 18\n").prints("$3 = 1000\ntenth_off returned $4 = 900\n");
    ran.prints("$5 = 2\n").prints(&stop("relabel", "orders.c", "relabel-end"));
}

#[test]
fn calls_that_fail_leave_the_program_where_it_was() {
    let ran = batch(
        "trap.O0.dwarf5",
        &["tbreak main", "run", "call cases[0].run(0)", "bt 2", "continue", "bt 1", "print $global0 > 0"],
    );
    // The trap stops in the call, with its stack; going on ends the call and nothing else.
    ran.prints("trap: integer divide by zero").prints("failed: integer divide by zero").prints("$1 = 1\n");
    let ran = batch("trap.O0.dwarf5", &["tbreak main", "run", "call cases[0].run(0) + 1", "bt 1"]);
    ran.complains("failed: integer divide by zero").prints("#0  main (");
}

#[test]
fn methods_and_overloads_of_cpp() {
    let line = at("shapes.cpp", "total-call");
    let ran = batch(
        "shapes.O0.dwarf5",
        &[
            &format!("tbreak {line}"),
            "run",
            "call numbers.size()",
            "call short_name.c_str()",
            // Virtual: the function is the one in the object's own table, whatever the pointer's type.
            "call shapes.__begin_[0].__ptr_.__value_->area()",
            "call shapes.__begin_[1].__ptr_.__value_->area()",
            "call shapes.__begin_[2].__ptr_.__value_->area()",
            // Through a container and a smart pointer.
            "call shapes[2]->area()",
            "call largest(numbers)",
            "call show(count)",
            "call show(2.5)",
            "call total_area(shapes)",
            "continue",
        ],
    );
    ran.prints("$1 = 5\n").prints("\"short\"\n$3 = 12").prints("\n$4 = 6").prints("\n$5 = 2.25\n$6 = 2.25\n$7 = 5\n");
    ran.prints("int 2\n").prints("double 2.50\n").prints("$8 = 20.25\n");
}

#[test]
fn functions_of_rust_are_called() {
    let line = at("inventory.rs", "main-values");
    let ran = batch(
        "inventory.O0.dwarf4",
        &[
            &format!("tbreak {line}"),
            "run",
            "call stock(&items, \"saw\", 5, items[0].kind)",
            "print items[3].name",
            "call options(&items[0])",
        ],
    );
    ran.prints("$1 = 4\n$2 = \"saw\"\n").prints("$3 = 4\n").exits(0);
}

#[test]
fn conditions_may_call() {
    let ran = batch(
        ORDERS,
        &[
            "break price if factorial(order->id) == 6",
            "break add_up if factorial(3) == 7",
            "run",
            "print order->id",
            "continue",
        ],
    );
    ran.prints("decided in the debugger").prints("$1 = 3\n").prints("the program exited with code 1\n");
    assert!(!ran.out.contains("Breakpoint 2, add_up"), "{}", ran.out);
}

#[test]
fn continue_passes_hits_of_the_breakpoint() {
    let ran = batch(ORDERS, &["break price", "run", "continue 2", "print order->id", "info breakpoints"]);
    ran.prints("$1 = 3\n").prints("1    yes      3 ");
    batch(ORDERS, &["tbreak main", "run", "next", "continue 2"])
        .complains("isn't at a breakpoint that could be passed");
}

#[test]
fn frames_are_found_by_function() {
    let ran = batch(ORDERS, &["break tenth_off", "run", "frame function main", "print argc", "frame function nosuch"]);
    ran.prints("#2  main at").prints("$1 = 1\n").complains("no frame of the stack is of a function `nosuch`");
    // Further out first: a recursion is walked outwards.
    let line = at("orders.c", "factorial-end");
    let place = format!("break {line}");
    let ran = batch(
        ORDERS,
        &[&place, "run", "continue 3", "frame function factorial", "frame function factorial", "print n"],
    );
    ran.prints("#1  factorial").prints("#2  factorial").prints("$1 = 4\n");
}
