//! The floors of ARCHITECTURE.md: a crate uses only floors below it.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failure here is meant to be loud")]

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

/// The floor of each crate, and the one on its own floor that it may use.
const FLOORS: [(&str, u32, Option<&str>); 9] = [
    ("freezeframe-debuggee", 1, None),
    ("freezeframe-native", 1, None),
    ("freezeframe-symbols", 2, None),
    ("freezeframe-session", 2, None),
    ("freezeframe-engine", 3, None),
    ("freezeframe-host", 3, None),
    ("freezeframe-dap", 4, None),
    ("freezeframe-cli", 4, Some("freezeframe-dap")),
    ("freezeframe", 5, None),
];

/// Packages beside the product.
const TOOLS: [&str; 2] = ["freezeframe-bench", "freezeframe-upstream"];

/// What each crate uses, tests left out.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("JSON");
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let packages = metadata["packages"].as_array().expect("packages").iter();
    packages
        .map(|package| {
            let used = package["dependencies"].as_array().expect("dependencies").iter();
            let used = used.filter(|d| d["kind"] != "dev").map(|d| text(&d["name"])).collect();
            (text(&package["name"]), used)
        })
        .collect()
}

#[test]
fn a_crate_uses_only_floors_below() {
    let dependencies = dependencies();
    for (name, floor, neighbour) in FLOORS {
        let used = dependencies.get(name).unwrap_or_else(|| panic!("there is no crate {name}"));
        for (other, other_floor, _) in FLOORS {
            if used.iter().any(|u| u == other) {
                let allowed = other_floor < floor || neighbour == Some(other);
                assert!(allowed, "{name} (floor {floor}) must not use {other} (floor {other_floor})");
            }
        }
    }
    for name in dependencies.keys().filter(|n| n.starts_with("freezeframe") && !TOOLS.contains(&n.as_str())) {
        assert!(FLOORS.iter().any(|(n, ..)| n == name), "{name} has no floor: add it here and to ARCHITECTURE.md");
    }
}

#[test]
fn rooms_know_no_more_than_they_should() {
    let dependencies = dependencies();
    let uses = |name: &str, what: &str| dependencies[name].iter().any(|d| d.starts_with(what));
    for name in
        ["freezeframe-debuggee", "freezeframe-symbols", "freezeframe-engine", "freezeframe-dap", "freezeframe-cli"]
    {
        assert!(!uses(name, "wasmtime"), "{name} must not depend on Wasmtime");
    }
    for name in
        ["freezeframe-debuggee", "freezeframe-native", "freezeframe-session", "freezeframe-engine", "freezeframe-host"]
    {
        assert!(!uses(name, "gimli"), "{name} must not read DWARF");
    }
    assert!(!uses("freezeframe-engine", "freezeframe-session"), "the engine must not know what a live store is");
}
