//! Steps over calls that throw end where the exception is caught.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod command;

use std::path::PathBuf;

use command::{Ran, batch_with};

/// Three calls deep a function throws; `outer` catches in one of several ways.
const GUEST: &str = r#"(module
  (tag $e (param i32))
  (global $caught (mut i32) (i32.const 0))
  (func $thrower (param $n i32)
    (if (local.get $n) (then (throw $e (local.get $n)))))
  (func $middle (param $n i32)
    (call $thrower (local.get $n))
    (global.set $caught (i32.const -1)))
  (func $in_block (export "in_block") (param $n i32) (result i32)
    (block $handler (result i32)
      (try_table (catch $e $handler)
        (call $middle (local.get $n)))
      (return (i32.const 0)))
    (i32.const 100)
    (i32.add))
  (func $at_end (param $n i32) (result i32)
    (block $handler (result i32)
      (try_table (catch $e $handler)
        (call $middle (local.get $n)))
      (i32.const 0)))
  (func $through (export "through") (param $n i32) (result i32)
    (call $at_end (local.get $n))
    (i32.const 1000)
    (i32.add))
  (func $in_loop (export "in_loop") (param $n i32) (result i32)
    (local.get $n)
    (loop $again (param i32) (result i32)
      (local.set $n)
      (if (result i32) (i32.gt_u (local.get $n) (i32.const 3))
        (then (i32.const 7))
        (else
          (try_table (catch $e $again)
            (call $middle (i32.add (local.get $n) (i32.const 2))))
          (i32.const 8))))))
"#;

fn session(test: &str, export: &str, number: &str, commands: &[&str]) -> Ran {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}.wat"));
    std::fs::write(&path, GUEST).unwrap();
    batch_with(&["--invoke", export], commands, &[path.to_str().unwrap(), number])
}

#[test]
fn finish_and_next_stop_where_it_is_caught() {
    for (test, step) in [("finish", "finish"), ("next", "next"), ("nexti", "nexti 4"), ("until", "until")] {
        let ran =
            session(test, "in_block", "5", &["break thrower", "run", "bt", step, "bt", "print $stack0", "continue"]);
        ran.prints("#2  0x72 in in_block").prints("#0  0x79 in in_block").prints("\n$1 = 5\n").prints("returned 105");
    }
}

#[test]
fn what_is_caught_further_out_goes_on_in_the_caller() {
    let ran =
        session("through", "through", "5", &["break thrower", "run", "finish", "bt", "print $stack0", "continue"]);
    ran.prints("\n$1 = 5\n").prints("#0  0x97 in through").prints("returned 1005");
}

#[test]
fn a_loop_catches() {
    let ran = session("loop", "in_loop", "2", &["break middle", "run", "finish", "bt", "info wasm", "continue"]);
    ran.prints("#0  0xa2 in in_loop").prints("[0] i32 = 4").prints("returned 7");
}

#[test]
fn what_is_not_thrown_returns() {
    let ran = session("not", "in_block", "0", &["break thrower", "run", "finish", "bt", "finish", "bt", "continue"]);
    ran.prints("#0  0x61 in middle").prints("#0  0x75 in in_block").prints("returned 0");
}
