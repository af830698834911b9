//! A corpus of damaged modules through the command line: whatever is wrong with a file, there's a message and an exit code;
//! never a panic, a signal, gigabytes of memory, or no end.
//!
//! The damage is made here from whole guests, by a seed. What is known to have gone wrong once is in `findings` below.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod command;
mod damage;
mod dap;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use command::{guest, root};
use damage::{Mutant, Random, Ways};
use serde_json::{Value, json};
use tempfile::TempDir;

/// None of these may take longer, whatever else this machine does.
const PATIENCE: Duration = Duration::from_secs(120);
/// How much memory a debugger may ask for, in kilobytes (`ulimit -d`); the guest and its code included.
const MEMORY: u32 = 2 << 20;

/// Commands that look at what debug information says in all the ways there are.
const LOOK: &str = "\
info modules
info functions p
info types
list main
break price
tbreak run
rbreak ^ma
break orders.c:60 if i > 0
logpoint relabel \"{order} {sum}\"
info breakpoints
commands 1
bt 3
end
start
bt full
info locals
info args
info globals
info line
info frame
list
print *order
print orders
print part
ptype order
x/8xb 1024
disassemble
step
next
up
info locals
print $
info wasm
finish
continue
bt
step 3
info scope main
delete
continue
";

/// A folder for damaged files, with what the debugger is told in it.
struct Place {
    folder: TempDir,
}

/// What a process did.
struct Ran {
    out: String,
    err: String,
    code: i32,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("look"), LOOK).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a file there.
    fn put(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Runs the debugger and holds it to what it promises.
    fn run(&self, words: &[&str], what: &str) -> Ran {
        let (out, err) = (self.path("out"), self.path("err"));
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -d {MEMORY}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_freezeframe")]);
        command.args(words).current_dir(root()).env("NO_COLOR", "1").env("FREEZEFRAME_CACHE", "");
        command.stdin(Stdio::null()).stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
        let start = Instant::now();
        let mut child = command.spawn().unwrap();
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if start.elapsed() > PATIENCE => {
                    _ = child.kill();
                    panic!("{what}: {words:?} doesn't end");
                }
                None => thread::sleep(Duration::from_millis(2)),
            }
        };
        let text = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        let (out, err) = (text(&out), text(&err));
        let said = || format!("{what}: {words:?}: {status}\n{out}\n-- stderr:\n{err}");
        let code = status.code().unwrap_or_else(|| panic!("{}", said()));
        assert!(code != 101 && !err.contains("panicked at") && !out.contains("panicked at"), "{}", said());
        assert!(code == 0 || !out.is_empty() || !err.is_empty(), "{} says nothing", said());
        for line in err.lines().filter(|line| line.starts_with("error: ") || line.starts_with("note: ")) {
            assert!(line.len() > 15 && line.len() < 2000, "{line}\n{}", said());
        }
        Ran { out, err, code }
    }

    /// Debugs a file with all commands.
    fn debug(&self, mutant: &Mutant, name: &str, how: &[&str], arguments: &[&str]) -> Ran {
        let file = self.put(name, &mutant.bytes);
        let look = self.path("look");
        let mut words = vec!["debug", "--batch", "-x", look.to_str().unwrap()];
        words.extend(how);
        words.push(&file);
        words.extend(arguments);
        let ran = self.run(&words, &mutant.what);
        // It isn't opened, and says so in one message, or each command has its answer.
        let refused = ran.out.is_empty() && ran.err.starts_with("error: ");
        assert!(!refused || ran.code == 1, "{}: {}", mutant.what, ran.err);
        ran
    }
}

fn built(name: &str) -> Vec<u8> {
    fs::read(root().join(guest(name))).unwrap()
}

/// Debugs mutants of a guest; how many of them could be opened.
fn corpus(name: &str, seed: u64, most: usize, how: &[&str], arguments: &[&str]) -> (usize, usize) {
    let (place, whole) = (Place::new(), built(name));
    let mut random = Random(seed);
    let framing = Ways::new(&whole).framing().some(&mut random, most / 2);
    let mut random = Random(seed ^ 0x5555);
    let contents = Ways::new(&whole).contents(&mut random).some(&mut random, most / 2);
    let (mut all, mut opened) = (0, 0);
    for mutant in framing.chain(contents) {
        let mutant = Mutant { what: format!("{name}, {}", mutant.what), ..mutant };
        let ran = place.debug(&mutant, "mutant.wasm", how, arguments);
        all += 1;
        opened += usize::from(!ran.out.is_empty());
        if all % 4 == 0 {
            place.run(&["info", place.path("mutant.wasm").to_str().unwrap()], &mutant.what);
        }
    }
    (all, opened)
}

/// How many times as many mutants as usual: `HOSTILE_ROUNDS=10 cargo test --release --test damaged_modules`.
fn rounds() -> usize {
    std::env::var("HOSTILE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(1)
}

/// Many of some, where all takes milliseconds.
#[test]
fn small_modules() {
    let invoke = ["--invoke", "run"];
    for (name, seed) in [("units.O0.dwarf5", 1), ("units.O0.dwarf4.types", 2), ("lengths.O2.dwarf5", 3)] {
        let (all, opened) = corpus(name, seed, 120 * rounds(), &invoke, &["--", "5"]);
        assert!(opened > all / 4 && opened < all, "{name}: {opened} of {all} could be opened");
    }
}

/// Some of many.
#[test]
fn programs_of_each_language() {
    let guests = [
        ("orders.O0.dwarf4", 16),
        ("orders.O0.dwarf5", 16),
        ("inline.O2.dwarf5", 8),
        ("exceptions.O2.dwarf5", 8),
        ("shapes.O2.dwarf5", 8),
        ("queue.ReleaseSafe.dwarf4", 8),
        ("inventory.O2.dwarf5", 6),
        ("inventory.O0.dwarf4.p2", 4),
    ];
    for (seed, (name, most)) in (11..).zip(guests) {
        corpus(name, seed, most * rounds(), &[], &[]);
    }
}

/// Files beside a module: split units, packages, debug information of its own, source maps.
#[test]
fn files_beside_a_module() {
    let invoke = ["--invoke", "run"];
    for (seed, (module, beside)) in (31..).zip([
        ("units.O0.dwarf4.split", "units.O0.dwarf4.split.dwo"),
        ("units.O0.dwarf5.package", "units.O0.dwarf5.package.dwp"),
        ("orders.O0.dwarf5.external", "orders.O0.dwarf5.external.debug.wasm"),
        ("fleet", "fleet.wasm.map"),
    ]) {
        let place = Place::new();
        let whole = fs::read(root().join("guests/built").join(beside)).unwrap();
        let bytes = built(module);
        let module_path = place.put(&format!("{module}.wasm"), &bytes);
        let look = place.path("look");
        let (how, arguments): (&[&str], &[&str]) =
            if module.starts_with("orders") { (&[], &[]) } else { (&invoke, &["--", "5"]) };
        let mut random = Random(seed);
        let ways = Ways::new(&whole).anywhere(&mut random);
        for mutant in ways.some(&mut random, 16 * rounds()) {
            let what = format!("{beside}, {}", mutant.what);
            place.put(beside, &mutant.bytes);
            let mut words = vec!["debug", "--batch", "-x", look.to_str().unwrap()];
            words.extend(how);
            words.push(&module_path);
            words.extend(arguments);
            let ran = place.run(&words, &what);
            assert!(!ran.out.is_empty(), "{what}: the module itself is whole: {}", ran.err);
            // Given by name, a file that can't be read is an error.
            let file = place.put("given", &mutant.bytes);
            words.splice(2..2, ["--symbols", &file]);
            place.run(&words, &what);
        }
    }
}

/// At native speed the report of a trap reads the same debug information.
#[test]
fn reports_of_traps() {
    let (place, whole) = (Place::new(), built("trap.O0.dwarf5"));
    let mut random = Random(41);
    for mutant in Ways::new(&whole).contents(&mut random).some(&mut random, 12 * rounds()) {
        let file = place.put("mutant.wasm", &mutant.bytes);
        let ran = place.run(&["run", &file, "divide"], &mutant.what);
        assert_eq!(ran.code, 134, "{}: {}", mutant.what, ran.err);
        assert!(ran.err.contains("trap"), "{}: {}", mutant.what, ran.err);
    }
}

/// An editor is told of the same files.
#[test]
fn editors() {
    let (place, whole) = (Place::new(), built("orders.O0.dwarf5"));
    let mut random = Random(51);
    let some = Ways::new(&whole).framing().some(&mut random, 6 * rounds());
    let mut random = Random(52);
    let others = Ways::new(&whole).contents(&mut random).some(&mut random, 10 * rounds());
    for mutant in some.chain(others) {
        let file = place.put("mutant.wasm", &mutant.bytes);
        let mut client = dap::Client::stdio();
        client.initialize();
        if let Err(why) = client.try_ask("launch", json!({ "program": file })) {
            assert!(why.len() > 15, "{}: {why}", mutant.what);
            client.leave();
            continue;
        }
        client.event("initialized");
        _ = client
            .try_ask("setFunctionBreakpoints", json!({ "breakpoints": [{ "name": "price" }, { "name": "main" }] }));
        let source = json!({ "path": root().join("guests/src/orders.c") });
        _ = client.try_ask("setBreakpoints", json!({ "source": source, "breakpoints": [{ "line": 60 }] }));
        client.ask("configurationDone", Value::Null);
        for _ in 0..4 {
            let (event, stop) = client.one_of(&["stopped", "terminated"]);
            if event == "terminated" {
                break;
            }
            for frame in client.frames(&stop) {
                let scopes = client.ask("scopes", json!({ "frameId": frame["id"] }));
                for scope in scopes["scopes"].as_array().unwrap() {
                    for variable in client.variables(&scope["variablesReference"]).iter().take(20) {
                        if variable["variablesReference"] != 0 {
                            _ = client.try_ask(
                                "variables",
                                json!({ "variablesReference": variable["variablesReference"], "count": 20 }),
                            );
                        }
                    }
                }
                _ = client.evaluate(&frame, "order->items[1].name");
            }
            _ = client.try_ask("next", json!({ "threadId": stop["threadId"] }));
        }
        client.leave();
    }
}
