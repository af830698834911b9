//! What scenarios can't say of breakpoints: lists of commands, files of breakpoints, events in JSON, limits.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod command;

use std::fmt::Write as _;

use command::{at, batch, batch_with, guest, run_with};
use serde_json::{Value, json};

const ORDERS: &str = "orders.O0.dwarf5";

/// A module of our own as text.
fn module(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.wat");
    std::fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    (folder, path)
}

#[test]
fn commands_run_at_each_stop() {
    let list = ["break price", "commands", "silent", "print order->id", "continue", "echo never", "end", "run"];
    let ran = batch(ORDERS, &list);
    ran.prints("$1 = 1\n$2 = 2\n$3 = 3\n").prints("the program exited with code 1\n").exits(1);
    assert!(!ran.out.contains("never") && !ran.out.contains("Breakpoint 1, "), "{}", ran.out);
    // Without `silent` the stop is shown; a list that doesn't go on leaves the program there.
    let ran =
        batch(ORDERS, &["break price", "commands 1", "bt 1", "end", "run", "echo after", "commands 1", "end", "c"]);
    ran.prints("Breakpoint 1, price at ").prints("#0  price (").prints("\nafter\n").exits(0);
    assert_eq!(ran.out.matches("#0  price (").count(), 1, "{}", ran.out);
}

#[test]
fn lists_of_commands_can_go_on_for_long() {
    let line = at("orders.c", "relabel-loop");
    let place = format!("break {line}");
    let ran = batch(ORDERS, &[&place, "commands", "silent", "c", "end", "tbreak main", "run", "continue", "info b"]);
    ran.prints("the program exited with code 1\n").prints("1    yes      8 ");
    // One that fails ends its list.
    let ran = batch(ORDERS, &["break price", "commands", "print nosuch", "continue", "end", "run", "print order->id"]);
    ran.complains("commands of breakpoint 1: no symbol `nosuch`").prints("$1 = 1\n");
    // Lists of lists.
    let nested = ["b price", "commands", "commands 2", "echo inner", "end", "c", "end", "b add_up", "run"];
    batch(ORDERS, &nested).prints("Breakpoint 2, add_up at").prints("\ninner\n").exits(0);
}

#[test]
fn lists_that_nobody_can_have_are_not_run() {
    let ran = batch(ORDERS, &["commands 7", "echo one", "end", "commands", "echo two", "end", "echo three"]);
    assert_eq!(ran.out, "three\n");
    ran.complains("no breakpoint number 7; `info breakpoints`").complains("`$bpnum` is no number").exits(1);
    let ran = batch(ORDERS, &["break main", "commands", "echo one"]);
    ran.complains("`commands` has no `end`").exits(1);
    let ran = run_with(&["debug", &guest(ORDERS)], "break main\ncommands\n\n# no\nsilent\necho hi\nend\nrun\n");
    ran.prints("hi\n").exits(0);
    assert!(!ran.out.contains("Breakpoint 1, "), "{}", ran.out);
}

#[test]
fn json_says_whose_commands_ran() {
    let words = ["break price hit >= 2", "commands", "silent", "print order->id", "end", "run"];
    let ran = batch_with(&["--json"], &words, &[&guest(ORDERS)]);
    let printed = ran.answer("print order->id");
    // Once as a line of the list, once as it ran.
    assert_eq!((&printed["ok"], &printed["value"]), (&json!(true), &Value::Null));
    let all = ran.json();
    let done: Vec<&Value> = all.iter().filter(|o| o["by_breakpoint"] == 1).collect();
    assert_eq!(
        (done.len(), &done[0]["command"], &done[0]["value"]["value"]),
        (1, &json!("print order->id"), &json!("2"))
    );
    let stop = &ran.answer("run")["stop"];
    assert_eq!((&stop["reason"], &stop["breakpoints"]), (&json!("breakpoint"), &json!([1])));
    let set = &ran.answer("end")["breakpoint"];
    assert_eq!((&set["hit_condition"], &set["commands"]), (&json!(">= 2"), &json!(["silent", "print order->id"])));
}

/// What `break` has no words for is saved in LLDB's.
#[test]
fn unusual_breakpoints_are_saved_and_set_again() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved");
    let save = format!("save breakpoints {}", saved.display());
    batch("orders.O0.dwarf5", &["breakpoint set -o -r ^pri", &save]).prints("Temporary breakpoint 1: 3 functions");
    let again = format!("source {}", saved.display());
    batch("orders.O0.dwarf5", &[&again]).prints("Temporary breakpoint 1: 3 functions").exits(0);
}

#[test]
fn breakpoints_are_saved_and_set_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("saved").display().to_string();
    let save = format!("save breakpoints {file}");
    let total = at("orders.c", "price-total");
    let log = format!("logpoint {total} \"total {{sum}} {{{{}}}} \"");
    let set = [
        "break price hit % 2 if order->id > 0",
        "commands",
        "silent",
        "commands 2",
        "bt",
        "end",
        "continue",
        "end",
        "ignore 1 5",
        "tbreak add_up",
        &log,
        "disable 3",
        "rbreak ^(tenth|no)_",
        "condition 4 cents > 7",
        "catch trap unreachable bad-signature",
        "catch throw",
        "disable $bpnum",
    ];
    let mut words = set.to_vec();
    words.extend(["info breakpoints", &save]);
    let ran = batch_with(&["--json"], &words, &[&guest(ORDERS)]);
    ran.exits(0);
    let source = format!("source {file}");
    let again = batch_with(&["--json"], &[&source, "info breakpoints"], &[&guest(ORDERS)]);
    again.exits(0);
    let (before, after) = (ran.answer("info breakpoints"), again.answer("info breakpoints"));
    assert_eq!(before["breakpoints"].as_array().unwrap().len(), 6);
    assert_eq!(before["breakpoints"], after["breakpoints"]);
    // Numbers given in between don't matter, and what can't be set spoils no other.
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("break price", "break prise")).unwrap();
    let ran = batch(ORDERS, &["break main", &source, "info breakpoints"]);
    ran.complains("did you mean `price`?").complains("`$bpnum` is no number");
    ran.prints("1    yes      0      main at").exits(1);
    batch(ORDERS, &["save breakpoints no/such/folder/file"]).complains("can't write no/such/folder/file: ").exits(1);
}

#[test]
fn log_points_are_events() {
    let log = format!("logpoint {} \"{{order->id}}: {{sum}}\"", at("orders.c", "price-total"));
    let ran = batch_with(&["--json"], &[&log, "run"], &[&guest(ORDERS)]);
    let all = ran.json();
    let said: Vec<&Value> = all.iter().filter(|o| o["event"] == "log").collect();
    assert_eq!(said[0], &json!({"event": "log", "breakpoint": 1, "text": "1: 730"}));
    assert_eq!((said.len(), &all[0]["breakpoint"]["kind"]), (3, &json!("logpoint")));
    batch(ORDERS, &[&log, "run", "info b"]).prints("\n1: 730\n2: 1999\n3: 12500\n").prints("says {order->id}: {sum}\n");
}

#[test]
fn a_condition_that_fails_stops_whatever_the_counts_say() {
    let ran = batch(ORDERS, &["break price if nosuch > 1", "ignore 1 9", "hit 1 % 7", "run"]);
    ran.prints("Breakpoint 1, price at ");
    ran.prints("the condition of breakpoint 1 can't be evaluated: no symbol `nosuch`");
    ran.prints("`condition 1 EXPRESSION` gives it another").exits(0);
}

#[test]
fn patterns_have_a_limit() {
    let mut text = "(module (func (export \"_start\"))".to_owned();
    (0..2001).for_each(|n| _ = write!(text, " (func $f{n})"));
    text.push(')');
    let (_folder, path) = module(&text);
    let ran = batch_with(&[], &["rbreak ^f", "rbreak ^f1", "info b"], &[&path]);
    ran.complains("`^f` matches 2001 functions, and at most 2000 can be stopped at; write a narrower pattern");
    ran.prints("Breakpoint 1: 1111 functions\n").prints("… and 1101 more\n").prints("1111 functions that match ^f1");
    // A pattern that would take much memory is refused.
    batch(ORDERS, &[r"rbreak (\w{500}){500}"]).complains("it takes too much memory").exits(1);
}

#[test]
fn exceptions_are_caught_as_they_are_thrown() {
    let (_folder, path) = module(
        "(module (tag $t (param i32)) (func $risky (throw $t (i32.const 7)))
           (func (export \"_start\")
             (block $h (result i32) (try_table (catch $t $h) (call $risky)) (i32.const 0))
             (drop)))",
    );
    let ran = batch_with(&[], &["catch throw", "run", "bt", "info b", "catch throw off", "run"], &[&path]);
    ran.prints("Catchpoint 1, exception thrown: exception (").prints(" in risky\n");
    ran.prints("1    yes      1      catch throw\n").prints("doesn't stop for `throw` any more\n").exits(0);
    let ran = batch_with(&["--json"], &["catch throw", "run"], &[&path]);
    let stop = &ran.answer("run")["stop"];
    assert_eq!((&stop["reason"], &stop["breakpoints"]), (&json!("exception"), &json!([1])));
}

#[test]
fn exceptions_that_nothing_catches_stop_without_being_told_to() {
    const GUEST: &str = "guests/built/exceptions.O0.dwarf5.wasm";
    let uncaught = |words: &[&str]| batch_with(&[], words, &[GUEST, "uncaught"]);
    let ran = uncaught(&["run", "bt", "continue"]);
    ran.prints("uncaught exception: exception (")
        .prints("main (argc=2")
        .prints("the program trapped: uncaught exception");
    // Those that are caught are the program's affair.
    let ran = batch_with(&[], &["run"], &[GUEST]);
    ran.exits(0);
    assert!(!ran.out.contains("exception"), "{}", ran.out);
    let ran = uncaught(&["catch uncaught off", "run"]);
    ran.prints("catchpoint 1 is disabled").prints("the program trapped: uncaught exception");
    assert!(!ran.out.contains("uncaught exception: "), "{}", ran.out);
    // As they are thrown: of these one is uncaught, too.
    let ran = uncaught(&["catch throw", "run", "delete 1", "continue"]);
    ran.prints("Catchpoint 1, exception thrown: ").prints("uncaught exception: exception (");
    let json = batch_with(&["--json"], &["run"], &[GUEST, "uncaught"]);
    assert_eq!(json.answer("run")["stop"]["uncaught"], json!(true));
}

#[test]
fn mistakes_are_explained() {
    let words = [
        "break main",
        "ignore 1",
        "ignore 1 -3",
        "ignore x 3",
        "ignore 9 3",
        "hit 1 many",
        "hit 1 % 0",
        "break price hit >=",
        "rbreak",
        "rbreak a)b",
        "logpoint main",
        "logpoint \"main text",
        "logpoint main {1 +}",
        "catch trap unreachble",
        "catch throw up",
        "catch fire",
        "delete 5-9",
        "delete $bpnum",
        "save breakpoints",
        "breakpoint set -n main -i x",
    ];
    let errors = [
        "expected how many hits to pass\n",
        "expected how many hits to pass, not `-3`",
        "`x` is no number of a breakpoint (see `info breakpoints`)",
        "no breakpoint number 9; `info breakpoints` lists",
        "expected a count of hits, such as `== 3`",
        "none one of 0",
        "expected a regular expression",
        "unopened group\n  a)b\n   ^",
        "expected a location and a text",
        "the quote of the location isn't closed",
        "expected an expression\n  {1 +}\n",
        "did you mean `unreachable`?",
        "`catch throw` takes no `up`",
        "there are: trap, throw, uncaught, host-error, exit, load",
        "no breakpoint has a number of 5-9",
        "`$bpnum` is no number",
        "expected a file",
        "expected a count after -i, not `x`",
    ];
    let ran = batch(ORDERS, &words);
    for error in errors {
        ran.complains(error);
    }
    assert_eq!(ran.err.matches("error: ").count(), words.len() - 1, "{}", ran.err);
}

#[test]
fn words_of_lldb() {
    let ran = batch(
        ORDERS,
        &["breakpoint set -r ^price$ -i 2", "b main", "b add_up", "delete 2-3", "info b", "run", "print order->id"],
    );
    ran.prints("passes its next 2 hits\n").prints("breakpoints 2, 3 deleted\n").prints("$1 = 3\n").exits(0);
}
