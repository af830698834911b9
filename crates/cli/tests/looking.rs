//! Looking at values in a terminal: `explore`, limits, formats, marks of what changed, formatters.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod command;

use std::fs;

use command::{at, batch_with, guest};

#[test]
fn explore_goes_page_by_page() {
    let stop = format!("break {}", at("values.rs", "maps"));
    let lines = [
        stop.as_str(),
        "run",
        "set print elements 3",
        "explore many @10",
        "explore",
        "explore large @1999",
        "print many",
        "show print",
        "set print nothing 5",
        "print/q many",
    ];
    let ran = batch_with(&[], &lines, &[&guest("values.O0.dwarf4")]);
    ran.prints("many: alloc::collections::btree::map::BTreeMap<u32, u32>, 12 bytes at 0x")
        .prints("  [20] = 10\n  [22] = 11\n  [24] = 12\n")
        .prints("  [26] = 13\n  [28] = 14\n  [30] = 15\n")
        .prints("  [1999] = 1999\n+ [raw] = Vec { buf: ")
        .prints("= {0: 0, 2: 1, 4: 2, … 497 more}")
        .prints("3 elements of a list, 6 levels of records, 400 bytes of a text")
        .complains("no limit `nothing`; there are elements, depth, text")
        .complains("no format `q`");
}

#[test]
fn what_changed_is_marked() {
    let stop = format!("break {}", at("orders.c", "price-loop"));
    let lines = [stop.as_str(), "run", "info locals", "continue", "info locals"];
    let orders = guest("orders.O0.dwarf5");
    let ran = batch_with(&["--json"], &lines, &[&orders]);
    let answers = ran.json();
    let listed: Vec<_> = answers.iter().filter(|a| a["command"] == "info locals").collect();
    let changed = |answer: &serde_json::Value| -> Vec<String> {
        let items = answer["variables"]["items"].as_array().unwrap();
        let items = items.iter().filter(|item| item["changed"] == true);
        items.map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(changed(listed[0]), [""; 0]);
    assert_eq!(changed(listed[1]), ["item", "cents", "i", "sum"]);
    let text = batch_with(&[], &lines, &[&orders]);
    text.prints("i = 1  (changed)\n").prints("i = 0\n");
    let colours = batch_with(&["--color", "always"], &lines, &[&orders]);
    assert!(!colours.out.contains("(changed)") && colours.out.contains("\u{1b}["), "{}", colours.out);
}

#[test]
fn formatters_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    let text = "[[formatter]]\ntype = 'Point'\nsummary = '{x} by {y}'\n\
                [[formatter.child]]\nname = 'area'\nvalue = 'x * y'\n";
    fs::write(&file, text).unwrap();
    let name = file.display().to_string();
    let stop = format!("break {}", at("values.rs", "pointers-end"));
    let lines =
        [stop.as_str(), "run", "print shared", "explore *shared", "print/r *shared", "formatters none", "print shared"];
    let ran = batch_with(&["--formatters", &name], &lines, &[&guest("values.O0.dwarf4")]);
    ran.prints("$1 = Rc { value: 3 by 4, strong: 2, weak: 1 }")
        .prints("  area = 12\n+ [raw] = Point { x: 3, y: 4 }")
        .prints("$2 = Point { x: 3, y: 4 }")
        .prints("$3 = Rc { value: Point { x: 3, y: 4 }, strong: 2, weak: 1 }");
    fs::write(&file, "[[formatter]]\ntype = 'Point'\nsummery = 'x'\n").unwrap();
    let bad = batch_with(&["--formatters", &name], &["run"], &[&guest("values.O0.dwarf4")]);
    bad.complains("mine.toml").complains("unknown field `summery`").exits(1);
    let missing = batch_with(&[], &["formatters nowhere.toml"], &[&guest("values.O0.dwarf4")]);
    missing.complains("nowhere.toml").exits(1);
}
