//! `freezeframe run`: what it shows of a trap at native speed, held against what guest debugging shows of the same trap.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod command;

use std::collections::BTreeMap;

use command::{Ran, at, guest, root, run_with};
use serde_json::Value;

/// A guest, what to call in it, and its arguments.
type Way = (&'static str, Option<&'static str>, &'static [&'static str]);

const fn command(guest: &'static str, args: &'static [&'static str]) -> Way {
    (guest, None, args)
}

/// The kinds of `trap.c` that are left when it's optimised.
const KINDS: [&[&str]; 8] =
    [&["divide"], &["int-overflow"], &["unreachable"], &["oob"], &["signature"], &["null"], &["table"], &["abort"]];

/// All ways to a trap in the optimised guests.
fn optimised() -> Vec<Way> {
    let mut ways = Vec::new();
    for guest in ["trap.O1.dwarf5", "trap.O2.dwarf5"] {
        ways.extend(KINDS.map(|kind| command(guest, kind)));
    }
    let calls: [&[&str]; 4] = [&["0"], &["1"], &["2"], &["3"]];
    ways.extend(calls.map(|n| ("traps.O2.dwarf5", Some("run"), n)));
    ways.extend([&[][..], &["unwrap"], &["abort"]].map(|args| command("panic.O2.dwarf5", args)));
    ways.extend([&[][..], &["more"]].map(|args| command("traps.ReleaseSafe.dwarf4", args)));
    ways.push(command("exceptions.O2.dwarf5", &["uncaught"]));
    ways
}

/// All ways to a trap in the unoptimised guests; the last two come without a stop.
const TRAPS: [(&str, &[&str]); 13] = [
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
    ("exit.O0.dwarf5", &["200"]),
    ("exceptions.O0.dwarf5", &["uncaught"]),
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

/// Holds the report at native speed against the one of guest debugging: the same stop, the same places, and what both know of
/// variables is the same. How many of the variables in the program's own code both know, and how many there are.
fn compared((name, invoke, args): Way) -> (usize, usize) {
    let reports = [&["--json"][..], &["--json", "--detailed"]].map(|options| {
        let path = guest(name);
        let mut words = vec!["run"];
        words.extend(options);
        words.extend(invoke.iter().flat_map(|function| ["--invoke", function]));
        words.extend([&*path, "--"]);
        words.extend(args);
        run_with(&words, "")
    });
    let [native, detailed] = &reports;
    let what = format!("{name} {args:?}");
    assert_eq!(native.code, detailed.code, "{what}");
    assert_ne!(native.code, 0, "{what}");
    for key in ["reason", "message", "line", "function"] {
        assert_eq!(native.answer("run")["stop"][key], detailed.answer("run")["stop"][key], "{what}: {key}");
    }
    let frames = |ran: &Ran| ran.answer("backtrace full")["stack"]["frames"].as_array().unwrap().clone();
    let (native, detailed) = (frames(native), frames(detailed));
    let place = |f: &Value| (f["function"].clone(), f["file"].clone(), f["line"].clone(), f["inlined"].clone());
    let places = |frames: &[Value]| frames.iter().map(place).collect::<Vec<_>>();
    assert_eq!(places(&native), places(&detailed), "{what}");
    let (mut all, mut same) = (0, 0);
    for (native, detailed) in native.iter().zip(&detailed) {
        let found = known(native);
        // Libraries are optimised, whatever the program is.
        let own = detailed["file"].as_str().is_some_and(|file| file.contains("guests/src"));
        for (variable, value) in known(detailed) {
            all += usize::from(own);
            let Some(found) = found.get(&variable) else { continue };
            same += usize::from(own);
            // Which function an entry of a table is can't be found out from outside.
            let bare = value.split(" <").next().unwrap();
            assert_eq!(found, bare, "{what}: {variable} in {}", native["function"]);
        }
    }
    println!("{what}: {same} of {all} variables");
    (same, all)
}

#[test]
fn reports_say_what_guest_debugging_says() {
    let calls: [&[&str]; 4] = [&["0"], &["1"], &["2"], &["3"]];
    let functions = calls.map(|n| ("traps.O0.dwarf5", Some("run"), n));
    for way in TRAPS.map(|(name, args)| command(name, args)).into_iter().chain(functions) {
        let (same, all) = compared(way);
        assert!(all > 0 && same * 20 >= all * 19, "{way:?}: {same} of {all} variables");
    }
}

/// Optimised code keeps most of its variables in Wasm locals. What is known all the same is right.
#[test]
fn reports_of_optimised_code_are_right() {
    let mut shares: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for way in optimised() {
        let (same, all) = compared(way);
        let share = shares.entry(way.0).or_default();
        *share = (share.0 + same, share.1 + all);
    }
    for (name, (same, all)) in &shares {
        println!("{name}: {same} of {all} variables");
    }
    // Constants, and what lies in memory.
    for name in ["trap.O1.dwarf5", "trap.O2.dwarf5", "traps.O2.dwarf5", "traps.ReleaseSafe.dwarf4"] {
        assert!(shares[name].0 > 0, "{name}");
    }
}

/// What isn't known is counted, and it's said who knows it.
#[test]
fn what_native_speed_does_not_know_is_counted() {
    let path = guest("trap.O2.dwarf5");
    let ran = run_with(&["run", &path, "divide"], "");
    ran.exits(134).complains("variables can't be read at native speed; `freezeframe run --detailed` shows them\n");
    let ran = run_with(&["run", "--detailed", &path, "divide"], "");
    assert!(!ran.err.contains("native speed"), "{}", ran.err);
    // Nothing is missing in unoptimised code.
    let ran = run(&[], "traps.O0.dwarf5", &[]);
    assert!(!ran.err.contains("can't be read"), "{}", ran.err);
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
    ran.exits(134)
        .complains("trap: ")
        .complains("note: the stack was unwound before anybody could look")
        .complains("wait");
    assert_eq!(ran.err.matches("trap: ").count(), 1, "said once: {}", ran.err);
}

/// An error of a host function: the report is one of source lines and variables, which lie where the guest left them.
#[test]
fn an_error_of_the_host_is_shown_with_its_stack() {
    let ran = run(&[], "exit.O0.dwarf5", &["200"]);
    ran.exits(1)
        .complains("error of a host function: exit with invalid exit status outside of [0..126)\n")
        .complains("-- host code: wasi_snapshot_preview1.proc_exit --\n#0  ")
        .complains(&format!("leave (code=200) at guests/src/{}\n", at("exit.c", "exit")))
        .complains("main (argc=2, argv=0x")
        .complains("        code = 200\n")
        .complains("`freezeframe run --detailed` stops before that");
    assert_eq!(ran.err.matches("invalid exit status").count(), 1, "said once: {}", ran.err);
    let json = run(&["--json"], "exit.O0.dwarf5", &["200"]);
    let stop = &json.answer("run")["stop"];
    assert_eq!((&stop["reason"], &stop["unwound"]), (&"host_error".into(), &true.into()));
    let detailed = run(&["--json", "--detailed"], "exit.O0.dwarf5", &["200"]);
    assert_eq!(detailed.answer("run")["stop"]["unwound"], Value::Null);
    // A function that nobody provides.
    let ran = run_with(&["run", "--trap-unknown-imports", "guests/built/missing-import.wasm"], "");
    ran.exits(1).complains("note: the stack was unwound").complains("-- host code: app.telephone --\n#0  ");
}

#[test]
fn an_exception_that_nobody_catches_is_shown_with_its_stack() {
    let ran = run(&[], "exceptions.O0.dwarf5", &["uncaught"]);
    let uncaught = "main (argc=2, argv=";
    ran.exits(134).complains("uncaught exception: ").complains("note: the stack was unwound").complains(uncaught);
    // In detail it's seen before anything is unwound.
    let ran = run(&["--detailed"], "exceptions.O0.dwarf5", &["uncaught"]);
    ran.exits(134).complains("uncaught exception: ").complains(uncaught);
    assert!(!ran.err.contains("unwound"), "{}", ran.err);
    // Those that are caught disturb nobody.
    for options in [&[][..], &["--detailed"]] {
        let ran = run(options, "exceptions.O0.dwarf5", &[]);
        assert_eq!((ran.code, &*ran.err), (0, ""));
    }
}

/// The debugger opens behind a failure, too.
#[test]
fn the_debugger_opens_behind_a_failure() {
    let path = guest("exit.O0.dwarf5");
    let commands = "bt\nframe function leave\nprint code\nup\nprint argv[1]\ncontinue\n";
    let ran = run_with(&["run", "--on-trap", "debug", &path, "200"], commands);
    ran.prints("note: the stack was unwound").prints("$1 = 200\n").prints("\"200\"").exits(1);
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

/// Of a core module within a component each variable says why it isn't there, and the report who shows it.
#[test]
fn a_component_says_why_its_variables_are_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guest.wat");
    let text = r#"(component
        (core module $traps (memory (export "memory") 1) (func (export "run") (param i32) (result i32) unreachable))
        (core module $main (import "traps" "run" (func $trap (param i32) (result i32)))
            (func (export "run") (result i32) (call $trap (i32.const 0))))
        (core instance $t (instantiate $traps))
        (core instance $m (instantiate $main (with "traps" (instance $t))))
        (func $run (result (result)) (canon lift (core func $m "run")))
        (instance (export "wasi:cli/run@0.2.0") (export "run" (func $run))))"#;
    let component = wat::parse_str(text).unwrap();
    // The text format has no core modules in binary: the guest takes the place of the first one, behind the header.
    const HEADER: usize = 8;
    assert!(component[HEADER] == 1 && component[HEADER + 1] < 0x80, "a short section with a core module");
    let rest = HEADER + 2 + usize::from(component[HEADER + 1]);
    let module = std::fs::read(root().join(guest("traps.O0.dwarf5"))).unwrap();
    let mut whole = component[..=HEADER].to_vec();
    let mut length = module.len();
    while length >= 0x80 {
        whole.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    whole.push(length as u8);
    whole.extend(module);
    whole.extend(&component[rest..]);
    std::fs::write(&path, whole).unwrap();
    let path = path.to_str().unwrap();
    let ran = run_with(&["run", path], "");
    ran.exits(134)
        .complains(&format!("guests/src/{}\n", at("traps.cpp", "share")))
        .complains("rest = <unavailable: ")
        .complains("variables can't be read at native speed; `freezeframe run --detailed` shows them\n");
    let ran = run_with(&["run", "--detailed", path], "");
    ran.exits(134).complains("        rest = 165\n").complains("trap: integer divide by zero\nshare");
    assert!(!ran.err.contains("-- host code"), "the trap is the guest's: {}", ran.err);
}

#[test]
fn what_cannot_be_run_is_an_error() {
    run_with(&["run", "no/such/file.wasm"], "").complains("error: can't read").exits(1);
    run_with(&["run", "--on-trap", "explode", "x.wasm"], "").complains("invalid value").exits(2);
}
