//! `freezeframe run`: what it shows of a trap at native speed, held against what guest debugging shows of the same trap.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod command;

use std::collections::BTreeMap;

use command::{Ran, guest, run_with};
use serde_json::Value;

/// All ways to a trap in the guests.
const TRAPS: [(&str, &[&str]); 11] = [
    ("trap.O0.dwarf5", &["divide"]),
    ("trap.O0.dwarf5", &["int-overflow"]),
    ("trap.O0.dwarf5", &["unreachable"]),
    ("trap.O0.dwarf5", &["oob"]),
    ("trap.O0.dwarf5", &["signature"]),
    ("trap.O0.dwarf5", &["null"]),
    ("trap.O0.dwarf5", &["table"]),
    ("trap.O0.dwarf5", &["abort"]),
    ("panic.O0.dwarf4", &[]),
    ("panic.O0.dwarf4", &["index"]),
    ("panic.O0.dwarf4", &["unwrap"]),
];

fn run(options: &[&str], name: &str, args: &[&str]) -> Ran {
    let path = guest(name);
    let mut words = vec!["run"];
    words.extend(options);
    words.push(&path);
    words.extend(args);
    run_with(&words, "")
}

/// The variables of a frame, those that are known.
fn known(frame: &Value) -> BTreeMap<String, String> {
    let parts = [&frame["arguments"], &frame["locals"]];
    let variables = parts.into_iter().flat_map(|part| part.as_array().into_iter().flatten());
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let all = variables.map(|v| (text(&v["name"]), text(&v["value"])));
    all.filter(|(_, value)| !value.starts_with('<')).collect()
}

#[test]
fn reports_say_what_guest_debugging_says() {
    for (name, args) in TRAPS {
        let native = run(&["--json"], name, args);
        let detailed = run(&["--json", "--detailed"], name, args);
        native.exits(134);
        detailed.exits(134);
        for key in ["reason", "message", "line", "function"] {
            assert_eq!(
                native.answer("run")["stop"][key],
                detailed.answer("run")["stop"][key],
                "{name} {args:?}: {key}"
            );
        }
        let frames = |ran: &Ran| ran.answer("backtrace full")["stack"]["frames"].as_array().unwrap().clone();
        let (native, detailed) = (frames(&native), frames(&detailed));
        let place = |f: &Value| (f["function"].clone(), f["file"].clone(), f["line"].clone(), f["inlined"].clone());
        let places = |frames: &[Value]| frames.iter().map(place).collect::<Vec<_>>();
        assert_eq!(places(&native), places(&detailed), "{name} {args:?}");
        let (mut all, mut same) = (0, 0);
        for (native, detailed) in native.iter().zip(&detailed) {
            let found = known(native);
            for (variable, value) in known(detailed) {
                all += 1;
                let Some(found) = found.get(&variable) else { continue };
                same += 1;
                // Which function an entry of a table is can't be found out from outside.
                let bare = value.split(" <").next().unwrap();
                assert_eq!(found, bare, "{name} {args:?}: {variable} in {}", native["function"]);
            }
        }
        println!("{name} {args:?}: {same} of {all} variables");
        assert!(same * 20 >= all * 19, "{name} {args:?}: {same} of {all} variables");
    }
}

#[test]
fn a_report_is_for_people_on_standard_error() {
    let ran = run(&[], "trap.O0.dwarf5", &["divide"]);
    assert_eq!(ran.out, "trap: divide\n");
    ran.exits(134)
        .complains("trap: integer divide by zero\n")
        .complains("->  15      return n / divisor; // #divide\n")
        .complains("#0  divide (n=7) at guests/src/trap.c:15\n        divisor = 0\n")
        .complains("#2  main (argc=2, argv=");
}

#[test]
fn a_stack_overflow_shows_nothing_of_the_frame_that_is_not_there() {
    let ran = run(&["--json"], "trap.O0.dwarf5", &["overflow"]);
    ran.exits(134);
    let stack = ran.answer("backtrace full");
    let frames = stack["stack"]["frames"].as_array().unwrap();
    assert_eq!(ran.answer("run")["stop"]["message"], "call stack exhausted");
    assert!(frames[0]["unreadable"].as_str().unwrap().contains("prologue"), "{}", frames[0]);
    let n = |frame: &Value| known(frame)["n"].parse::<i64>().unwrap();
    let depths: Vec<i64> = frames[1..20].iter().map(n).collect();
    assert!(depths.windows(2).all(|pair| pair[0] == pair[1] + 1), "{depths:?}");
}

#[test]
fn a_guest_that_ends_is_not_disturbed() {
    let ran = run(&[], "exit.O0.dwarf5", &["7"]);
    let detailed = run(&["--detailed"], "exit.O0.dwarf5", &["7"]);
    assert_eq!((&ran.out, &ran.err, ran.code), (&detailed.out, &detailed.err, detailed.code));
    assert_eq!(ran.err, "");
    for name in
        ["orders.O0.dwarf5", "orders.O2.dwarf5", "inventory.O0.dwarf4", "inventory.O0.dwarf4.p2", "shapes.O2.dwarf5"]
    {
        let (native, detailed) = (run(&[], name, &[]), run(&["--detailed"], name, &[]));
        assert_eq!((&native.out, &native.err, native.code), (&detailed.out, &detailed.err, detailed.code), "{name}");
        assert!(!native.out.is_empty() && native.err.is_empty(), "{name}: {}", native.err);
    }
}

#[test]
fn an_export_is_called_and_answers() {
    let ran = run_with(&["run", "--invoke", "fib", "guests/built/invoke.wasm", "--", "10"], "");
    ran.prints("fib returned 55").exits(0);
}

/// Optimised code keeps its variables in Wasm locals: the places are there, and why the rest isn't.
#[test]
fn what_native_speed_does_not_know_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guest.wat");
    let text = r#"(module (memory 1) (func $f (param $n i32) (result i32) (i32.div_s (i32.const 1) (local.get $n)))
        (func (export "_start") (drop (call $f (i32.const 0)))))"#;
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let commands = "info wasm\nbreak f\ncontinue\n";
    let ran = run_with(&["run", "--on-trap", "debug", path], commands);
    ran.prints("trap: integer divide by zero")
        .prints("at native speed")
        .complains("`break`: at native speed")
        .exits(134);
}

/// The debugger opens at the trap: its commands work on the stack that is there.
#[test]
fn the_debugger_opens_at_the_trap() {
    let path = guest("trap.O0.dwarf5");
    let commands = "bt\nframe 2\nprint result\nprint argv[1]\nup\nset var zero = 3\nprint zero\ncontinue\n";
    let ran = run_with(&["run", "--on-trap", "debug", &path, "divide"], commands);
    ran.prints("#1  dispatch (chosen=").prints("$1 = 0\n").prints("\"divide\"").prints("= 3\n").exits(134);
    ran.prints("the program trapped: integer divide by zero");
}

/// A trap that the runtime raises comes without a stop: it's said how much of the stack is there.
#[test]
fn a_trap_of_the_runtime_says_what_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guest.wat");
    let text = r#"(module (memory 1)
        (func $wait (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0))))
        (func (export "_start") call $wait))"#;
    std::fs::write(&path, text).unwrap();
    let ran = run_with(&["run", path.to_str().unwrap()], "");
    ran.exits(134).complains("the program trapped: ").complains("has unwound the stack").complains("wait");
}

/// Core modules within a component: their places and lines, without their variables.
#[test]
fn a_component_shows_its_stack() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guest.wat");
    let text = r#"(component
        (core module $a (func $deep (export "deep") unreachable))
        (core module $b (import "a" "deep" (func $deep)) (func $outer (export "run") (result i32) call $deep i32.const 0))
        (core instance $ia (instantiate $a))
        (core instance $ib (instantiate $b (with "a" (instance $ia))))
        (func $run (result (result)) (canon lift (core func $ib "run")))
        (instance (export "wasi:cli/run@0.2.0") (export "run" (func $run))))"#;
    std::fs::write(&path, text).unwrap();
    let ran = run_with(&["run", path.to_str().unwrap()], "");
    ran.exits(134).complains("trap: wasm `unreachable` instruction executed").complains("deep").complains("outer");
}

#[test]
fn what_cannot_be_run_is_an_error() {
    run_with(&["run", "no/such/file.wasm"], "").complains("error: can't read").exits(1);
    run_with(&["run", "--on-trap", "explode", "x.wasm"], "").complains("invalid value").exits(2);
}
