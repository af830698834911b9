//! C++'s values equal those that LLDB shows for the same stop, where LLDB is right: `cargo xtask lldb-values` asked it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod scenario;

use freezeframe_engine::{BreakpointSpec, Debugger, Format, Limits, LocationSpec, Report};
use freezeframe_host::{LaunchOptions, Program, launch};
use scenario::{Markers, root};

const SOURCE: &str = "guests/src/containers.cpp";
const ALL: Limits = Limits { depth: 20, elements: 10_000, text: 10_000 };

/// What isn't compared: where, what and why.
const OTHERWISE: &[(&str, &str, &str)] = &[
    ("strings", "eight", "LLDB shows the bytes around a `u8string` too"),
    ("trees", "end", "LLDB shows what lies behind the end"),
    ("wrappers", "function", "LLDB shows the insides of a `std::function`, we the name of its target"),
    ("wrappers", "closure", "as `function`"),
    ("wrappers", "no_function", "as `function`"),
    ("wrappers", "expired", "LLDB shows memory that was freed"),
    ("wrappers", "animal", "LLDB is asked for the declared type here, we show the object that is there"),
    ("wrappers", "shared_animal", "as `animal`"),
    ("wrappers", "many", "we don't take the first of an array of unknown length for all of it"),
    ("wrappers", "complex", "written as `1.5 - 2i`"),
    ("wrappers", "moment", "written as a date"),
];

/// Texts, numbers and truth values in a line, in order.
fn leaves(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let quote = rest.find('"').filter(|at| rest[..*at].chars().all(|c| "LuU8".contains(c)) && *at < 3);
        if let Some(quote) = quote {
            let mut escaped = false;
            let inside = rest[quote + 1..].char_indices();
            let end = inside
                .filter(|(_, c)| {
                    let ends = *c == '"' && !escaped;
                    escaped = *c == '\\' && !escaped;
                    ends
                })
                .map(|(at, _)| quote + 1 + at)
                .next()
                .expect("a text that ends");
            found.push(rest[..=end].to_owned());
            rest = &rest[end + 1..];
        } else if first == '\'' {
            // A character: its number stands before it.
            let end = rest[2..].find('\'').expect("a character that ends") + 2;
            rest = &rest[end + 1..];
        } else if first.is_alphabetic() || first == '_' || first == '@' {
            let end = rest[1..].find(|c: char| !c.is_alphanumeric() && c != '_').map_or(rest.len(), |at| at + 1);
            let word = &rest[..end];
            if word == "true" || word == "false" {
                found.push(word.to_owned());
            }
            rest = &rest[end..];
        } else if first.is_ascii_digit() || first == '-' && rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
            let end = rest[1..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(rest.len(), |at| at + 1);
            found.push(rest[..end].to_owned());
            // What follows it at once is its unit.
            rest = rest[end..].trim_start_matches(|c: char| c.is_alphanumeric());
        } else {
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

#[test]
fn leaves_of_a_line() {
    assert_eq!(
        leaves(r#"{"a\"b" = -36, L"ü" = 97 'a', x1 = true, @0x12: {y = 0.5}}"#),
        [r#""a\"b""#, "-36", "L\"ü\"", "97", "true", "0.5"]
    );
    assert_eq!(leaves("1500ms"), ["1500"]);
}

fn compare(module: &str, stops: &[&serde_json::Value]) -> usize {
    let program = Program::open(&root().join(format!("guests/built/{module}.wasm"))).unwrap();
    let markers = Markers::of(SOURCE);
    let mut debugger = Debugger::new();
    let guest = debugger.attach(launch(&program, LaunchOptions::default()).unwrap()).unwrap();
    let mut compared = 0;
    for stop in stops {
        let marker = stop["marker"].as_str().unwrap();
        let location = LocationSpec::parse(&markers.expand(&format!("#{marker}")), None).unwrap();
        debugger.add_breakpoint(BreakpointSpec::at(location), false).unwrap();
        debugger.resume(guest).unwrap();
        let report = debugger.wait(guest, None).unwrap();
        assert!(matches!(report, Some(Report::Stopped { .. })), "{module}, {marker}: {report:?}");
        for (name, theirs) in stop["variables"].as_object().unwrap() {
            if OTHERWISE.iter().any(|(at, other, _)| at == &marker && other == name) {
                continue;
            }
            let theirs: Vec<&str> = theirs.as_array().unwrap().iter().map(|leaf| leaf.as_str().unwrap()).collect();
            let ours = debugger.evaluate(guest, Some(0), name, Format::Natural, ALL).unwrap().text;
            let counts = ours.strip_prefix("(use count ").and_then(|rest| rest.split_once(") "));
            let ours = counts.map_or(ours.as_str(), |(_, value)| value);
            assert_eq!(leaves(ours), theirs, "{module}, {marker}, {name}: {ours}");
            compared += 1;
        }
    }
    compared
}

#[test]
fn values_are_those_of_lldb() {
    let text = std::fs::read_to_string(root().join("guests/lldb-values.json")).unwrap();
    let recorded: serde_json::Value = serde_json::from_str(&text).unwrap();
    for module in ["containers.O0.dwarf4", "containers.O0.dwarf5.libcxx22"] {
        let stops = recorded["stops"].as_array().unwrap().iter();
        let stops: Vec<_> = stops.filter(|stop| stop["module"] == module).collect();
        let compared = compare(module, &stops);
        assert!(compared > 40, "{module}: {compared}");
    }
}
