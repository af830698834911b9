//! Conditions and expressions that fail while the program runs, don't come to an end, or ask for more than anybody wants:
//! each stops or is refused, says why, and the debugging goes on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod command;

use std::fmt::Write as _;

use command::{Ran, batch, batch_with};

/// A breakpoint with a condition, run to it, then on to the guest's end.
fn condition(text: &str) -> Ran {
    batch("steps.O0.dwarf5", &[&format!("break twice if {text}"), "run", "print n", "delete", "continue"])
}

#[test]
fn conditions_that_fail_stop_and_say_why() {
    for (text, why) in [
        ("n / 0 == 1", "division by zero"),
        ("10 % (n - n)", "division by zero"),
        // One that is compiled for the guest's side, whose failure the engine explains.
        ("100 / (n - 2) > 3", "division by zero"),
        ("*(int *)0xfffffff0 == 1", "cannot access memory at address 0xfffffff0"),
        ("$local99 == 1", "there is no Wasm local 99"),
        ("$global77 == 1", "global 77"),
        ("$memory0[0xffffffff] == 1", "0xffffffff"),
        ("nosuch == 1", "no symbol `nosuch`"),
        ("n.field == 1", "field"),
    ] {
        let ran = condition(text);
        ran.prints("Breakpoint 1, twice at ").prints("the condition of breakpoint 1 can't be evaluated");
        ran.prints(why).prints("\n$1 = 2\n").prints("n=67 sink=2").exits(0);
    }
    // What isn't reached doesn't fail.
    for text in ["n == 99 && n / 0 == 1", "n != 0 || n / 0 == 1", "n ? n == 99 : n / 0"] {
        let ran = condition(text);
        assert!(!ran.out.contains("can't be evaluated"), "{text}: {}", ran.out);
    }
}

#[test]
fn a_failing_condition_fails_at_each_hit() {
    let commands = ["break add if 1 / (a - a)", "run", "continue", "continue", "info b", "delete", "continue"];
    let ran = batch("steps.O0.dwarf5", &commands);
    assert_eq!(ran.out.matches("the condition of breakpoint 1 can't be evaluated").count(), 3, "{}", ran.out);
    ran.prints("n=67 sink=2").exits(0);
}

#[test]
fn expressions_without_an_end_are_bounded() {
    let nested = format!("print {}1{}", "(".repeat(5000), ")".repeat(5000));
    let long = format!("print 1{}", " + 1".repeat(20_000));
    let signs = format!("print {}1", "-".repeat(10_000));
    let stars = format!("print {}argv", "*".repeat(3000));
    let choices = format!("print {}1", "1 ? 1 : ".repeat(5000));
    for text in [&nested, &long, &signs, &stars, &choices] {
        let ran = batch("orders.O0.dwarf5", &["start", text, "print 1 + 1", "continue"]);
        // The refusal is the last line but short.
        assert!(ran.err.starts_with("error: ") && ran.err.len() < 30_000 + text.len(), "{}", ran.err.len());
        ran.prints(" = 2\n");
    }
    // A condition as long is refused when it's set.
    let ran = batch("orders.O0.dwarf5", &[&format!("break price if {}1", "1 + ".repeat(20_000)), "info b"]);
    ran.complains("too long").prints("no breakpoints");
    // Ranges that nobody can read are refused or cut, soon.
    for text in ["orders[0..99999999999]", "*orders@99999999999", "orders[5..2]"] {
        let ran = batch("orders.O0.dwarf5", &["break relabel", "run", &format!("print {text}"), "print 1 + 1"]);
        assert!(!ran.err.is_empty(), "{text}: {}", ran.out);
        ran.prints("$1 = 2\n");
    }
}

#[test]
fn a_pattern_that_fits_20_000_functions_is_refused_with_their_number() {
    let mut text = "(module (func $main (export \"_start\"))".to_owned();
    (0..20_000).for_each(|n| _ = write!(text, " (func $handler_{n})"));
    text.push(')');
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.wat");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let ran = batch_with(&[], &["rbreak .", "rbreak handler_", "rbreak ^handler_1999.$", "info b", "run"], &[path]);
    ran.complains("`.` matches 20001 functions").complains("`handler_` matches 20000 functions");
    ran.complains("write a narrower pattern").prints("Breakpoint 1: 10 functions\n");
}
