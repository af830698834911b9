//! Debug information beside the guest, given by options, missing, of another build or of other code; sources inside of it;
//! globals by name, type and file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod command;

use std::fs;

use command::{at, batch_with, freezeframe, guest, line, root, run};
use tempfile::TempDir;

/// A folder with a copy of a guest's file, away from the sources.
fn alone(file: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(file);
    fs::copy(root().join("guests/built").join(file), &path).unwrap();
    let path = path.display().to_string();
    (folder, path)
}

fn weigh() -> Vec<String> {
    vec![format!("break {}", at("units.cpp", "weigh")), "run".into(), "print part.serial".into()]
}

#[test]
fn split_units_are_found_beside_in_folders_and_by_option() {
    let commands = weigh();
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    let invoke = ["--invoke", "run"];
    let built = root().join("guests/built");
    for (name, file) in [
        ("units.O0.dwarf5.package", "units.O0.dwarf5.package.dwp"),
        ("units.O0.dwarf4.package", "units.O0.dwarf4.package.dwp"),
    ] {
        let (folder, path) = alone(&format!("{name}.wasm"));
        // Without it there are lines, and it is said what is missing.
        let ran = batch_with(&invoke, &commands[..2], &[&path, "--", "9"]);
        ran.complains("which isn't there or belongs to another build").prints("units.cpp:");
        for symbols in [built.join(file), built.clone()] {
            let symbols = symbols.display().to_string();
            let options = ["--invoke", "run", "--symbols", &symbols];
            let ran = batch_with(&options, &commands, &[&path, "--", "9"]);
            ran.prints("$1 = 7");
            assert_eq!(ran.err, "", "{symbols}");
        }
        fs::copy(built.join(file), folder.path().join(file)).unwrap();
        let ran = batch_with(&invoke, &commands, &[&path, "--", "9"]);
        ran.prints("$1 = 7");
        assert_eq!(ran.err, "");
    }
}

#[test]
fn debug_information_by_option() {
    let (_folder, path) = alone("orders.O0.dwarf5.external.wasm");
    let debug = root().join("guests/built/orders.O0.dwarf5.external.debug.wasm").display().to_string();
    let price = ["break price", "run", "info args"];
    batch_with(&[], &price, &[&path]).complains("put that file beside it");
    batch_with(&["--symbols", &debug], &price, &[&path]).prints("discount = ");
    // Of other code.
    let ran = batch_with(&["--symbols", &guest("shapes.O0.dwarf5")], &["info sources"], &[&path]);
    ran.complains("is of other code than this: it isn't used");
    // None at all.
    for (file, why) in
        [("guests/src/orders.c", "it is neither"), ("guests/built/nodebug.wasm", "it has no debug"), ("/no/such", "")]
    {
        let ran = batch_with(&["--symbols", file], &[], &[&path]);
        ran.complains(&format!("can't take debug information from {file}: {why}")).exits(1);
    }
    let ran = run(&["info", "--symbols", &debug, &path]);
    ran.prints("orders.O0.dwarf5.external.wasm").exits(0);
}

#[test]
fn dwarf_that_a_tool_left_behind_is_said_once_and_not_used() {
    let ran =
        batch_with(&["--invoke", "run"], &["break run", "run", "bt"], &[&guest("units.O0.dwarf5.stale"), "--", "9"]);
    assert_eq!(ran.err.matches("wasm-opt").count(), 1, "{}", ran.err);
    assert!(!ran.out.contains("units.cpp"), "{}", ran.out);
}

#[test]
fn assemblyscript_by_its_source_map() {
    let here = at("fleet.ts", "sum");
    let commands = [&format!("break {here}"), "run", "bt", "list", "next", "info sources fleet"];
    let ran = batch_with(&["--invoke", "run"], &commands, &[&guest("fleet"), "--", "5"]);
    ran.prints(&format!("fleet.ts:{}", line("fleet.ts", "sum")))
        .prints("sum += boats[i].load; // #sum")
        .prints("total");
    assert_eq!(ran.err, "");
    let (_folder, path) = alone("fleet.wasm");
    let ran = batch_with(&["--invoke", "run"], &["break total", "run"], &[&path, "--", "5"]);
    ran.complains("fleet.wasm.map");
}

#[test]
fn sources_inside_of_the_debug_information_need_no_file() {
    let (folder, path) = alone("orders.O0.dwarf5.embedded.wasm");
    let place = format!("break {}", at("orders.c", "price-loop"));
    let run = |path: &str| {
        let mut command = freezeframe();
        command.current_dir(&folder).args(["debug", "--batch", "-e", &place, "-e", "run", path]);
        let output = command.output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let out = run(&path);
    assert!(out.contains("sum += cents; // #price-loop"), "{out}");
    let (_plain, plain) = alone("orders.O0.dwarf5.wasm");
    let out = run(&plain);
    assert!(!out.contains("sum += cents;"), "{out}");
}

#[test]
fn the_beginning_of_source_paths_is_replaced() {
    let (folder, path) = alone("orders.O0.dwarf5.wasm");
    let place = format!("break {}", at("orders.c", "price-loop"));
    let to = root().display().to_string();
    let run = |options: &[&str], first: &str| {
        let mut command = freezeframe();
        command.current_dir(&folder).args(["debug", "--batch"]).args(options);
        command.args(["-e", first, "-e", &place, "-e", "run", &path]);
        let output = command.output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (out, err) = run(&[], "echo");
    assert!(!out.contains("sum += cents;"), "{out}{err}");
    let remap = format!("/freezeframe={to}");
    let (out, err) = run(&["--remap", &remap], "echo");
    assert!(out.contains("sum += cents; // #price-loop"), "{out}{err}");
    let (out, err) = run(&[], &format!("set substitute-path /freezeframe {to}"));
    assert!(out.contains("sum += cents; // #price-loop"), "{out}{err}");
    let (out, err) = run(&["--remap", "/freezeframe=/nowhere"], "echo");
    assert!(format!("{out}{err}").contains("looked for as /nowhere/guests/src/orders.c"), "{out}{err}");
}

#[test]
fn globals_by_name_type_and_file() {
    let place = format!("break {}", at("lengths.c", "filled"));
    let globals = |filter: &str| {
        let commands = [&place, "run", &format!("info globals {filter}")].map(ToOwned::to_owned);
        let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
        let ran = batch_with(&["--invoke", "run"], &commands, &[&guest("lengths.O0.dwarf5"), "--", "3"]);
        assert_eq!(ran.err, "", "{filter}");
        let (_, found) = ran.out.split_once("lengths.c:").unwrap();
        found.lines().skip(1).filter(|line| line.contains(" = ")).map(str::to_owned).collect::<Vec<_>>().join("; ")
    };
    assert!(globals("").contains("per_thread = 8"), "{}", globals(""));
    let all = globals("calls");
    assert!(all.contains("calls = 41") && all.contains("calls = 7"), "{all}");
    let other = globals("-f lengths_other.c calls");
    assert!(other.contains("calls = 7") && !other.contains("41"), "{other}");
    let chars = globals("-t char");
    assert!(chars.contains("unit_name") && !chars.contains("limit"), "{chars}");
    assert!(globals("fill").contains("filled"), "statics of functions too");
}
