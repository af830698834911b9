//! What `initialize` promises is what there is, and what the documentation says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod dap;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use dap::{Client, root};
use freezeframe_dap::{OFFERED, protocol::types::REQUESTS, served};

/// Where the generated part of the page is.
const PAGE: &str = "docs/dap.md";
const BEGIN: &str = "<!-- generated: `UPDATE=1 cargo test --release --test dap_docs` -->\n";
const END: &str = "<!-- end -->\n";

/// What the client's helpers ask for.
const HELPERS: [(&str, &[&str]); 12] = [
    (".initialize(", &["initialize"]),
    (".launch(", &["initialize", "launch"]),
    (".attach(", &["initialize", "attach"]),
    (".break_at(", &["setBreakpoints"]),
    (".stopped(", &["stackTrace"]),
    (".frames(", &["stackTrace"]),
    (".scope(", &["scopes", "variables"]),
    (".variables(", &["variables"]),
    (".evaluate(", &["evaluate"]),
    (".go_on(", &["continue"]),
    (".leave(", &["disconnect"]),
    ("stopped_in_orders(", &["initialize", "launch", "setBreakpoints", "configurationDone", "stackTrace"]),
];

/// The tests of a file, with what is in each.
fn tests(file: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join(file)).unwrap();
    let bodies = text.split("#[test]\n").skip(1).map(|rest| {
        let name = rest.trim_start().strip_prefix("fn ").unwrap().split('(').next().unwrap();
        (name.to_owned(), rest.to_owned())
    });
    bodies.collect()
}

/// Which tests ask for which request.
fn coverage() -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut covered: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for file in
        ["crates/cli/tests/dap_requests.rs", "crates/cli/tests/dap_values.rs", "crates/freezeframe/tests/hub.rs"]
    {
        for (name, body) in tests(file) {
            for command in served() {
                let by_helper = HELPERS.iter().any(|(call, asks)| asks.contains(&command) && body.contains(call));
                if by_helper || body.contains(&format!("\"{command}\"")) {
                    covered.entry(command).or_default().insert(name.clone());
                }
            }
        }
    }
    covered
}

#[test]
fn what_is_promised_is_served() {
    let mut client = Client::stdio();
    let told = client.initialize();
    client.leave();
    let told: BTreeSet<&str> =
        told.as_object().unwrap().iter().filter(|(_, value)| **value == true).map(|(name, _)| name.as_str()).collect();
    assert_eq!(told, OFFERED.iter().map(|offered| offered.name).collect());
    let served: BTreeSet<&str> = served().into_iter().collect();
    for offered in OFFERED {
        for request in offered.requests {
            assert!(served.contains(request), "{} promises {request}", offered.name);
        }
    }
    // The other way round: a request of which clients want to be told is promised.
    let always = [
        "initialize",
        "launch",
        "attach",
        "disconnect",
        "setBreakpoints",
        "setExceptionBreakpoints",
        "continue",
        "next",
        "stepIn",
        "stepOut",
        "pause",
        "stackTrace",
        "scopes",
        "variables",
        "source",
        "threads",
        "evaluate",
    ];
    for request in &served {
        assert!(REQUESTS.contains(request), "{request} is none of the protocol");
        let promised = OFFERED.iter().any(|offered| offered.requests.contains(request));
        assert!(promised || always.contains(request), "nobody is told of {request}");
    }
    let covered = coverage();
    for request in served {
        assert!(covered.contains_key(request), "no test asks for {request}");
    }
}

#[test]
fn the_page_says_so() {
    let mut table = String::new();
    table.push_str("| capability | requests | what it is here |\n|---|---|---|\n");
    for offered in OFFERED {
        let requests: Vec<String> = offered.requests.iter().map(|request| format!("`{request}`")).collect();
        _ = writeln!(table, "| `{}` | {} | {} |", offered.name, requests.join(", "), offered.what);
    }
    table.push_str("\n| request | tests |\n|---|---|\n");
    for (request, tests) in coverage() {
        let tests: Vec<String> = tests.into_iter().map(|test| test.replace('_', " ")).collect();
        _ = writeln!(table, "| `{request}` | {} |", tests.join("; "));
    }
    let missing: Vec<String> =
        REQUESTS.iter().filter(|request| !served().contains(request)).map(|request| format!("`{request}`")).collect();
    _ = write!(table, "\nNot served: {}.\n", missing.join(", "));
    let path = root().join(PAGE);
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(found, table, "{PAGE} is behind: UPDATE=1 cargo test --release --test dap_docs");
}
