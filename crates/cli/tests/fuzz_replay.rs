//! What the fuzz targets began with and what they have found, replayed through the same entry points: it stays mended
//! without a fuzzer. `docs/fuzzing.md` says how a finding gets here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

#[path = "../../symbols/tests/common/mod.rs"]
mod common;
#[path = "../../engine/tests/made_up/mod.rs"]
mod made_up;

#[path = "../../../fuzz/entries/commands.rs"]
mod commands;
#[path = "../../../fuzz/entries/dap.rs"]
mod dap;
#[path = "../../../fuzz/entries/debug_files.rs"]
mod debug_files;
#[path = "../../../fuzz/entries/dwarf.rs"]
mod dwarf;
#[path = "../../../fuzz/entries/expression.rs"]
mod expression;
#[path = "../../../fuzz/entries/plan.rs"]
mod plan;
#[path = "../../../fuzz/entries/printers.rs"]
mod printers;

use std::{fs, panic, path::PathBuf};

/// What a target does with an input.
type Run = fn(&[u8]);

/// The targets of `fuzz/Cargo.toml`.
const TARGETS: [(&str, Run); 7] = [
    ("commands", commands::run),
    ("dap", dap::run),
    ("debug_files", debug_files::run),
    ("dwarf", dwarf::run),
    ("expression", expression::run),
    ("plan", plan::run),
    ("printers", printers::run),
];

fn fuzz() -> PathBuf {
    common::guests().join("../fuzz")
}

/// Gives a target the files of a folder; how many there were.
fn replay(kind: &str, target: &str, run: Run) -> usize {
    // A target that has none has no folder.
    let Ok(entries) = fs::read_dir(fuzz().join(kind).join(target)) else { return 0 };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in &paths {
        let bytes = fs::read(path).unwrap();
        assert!(panic::catch_unwind(|| run(&bytes)).is_ok(), "{target} panics at {}", path.display());
    }
    paths.len()
}

#[test]
fn seeds_and_findings() {
    expression::ready();
    printers::ready();
    for (target, run) in TARGETS {
        let seeds = replay("seeds", target, run);
        replay("findings", target, run);
        // The modules themselves are the seeds of the two others.
        assert!(seeds > 0 || ["dwarf", "debug_files"].contains(&target), "{target} begins with nothing");
    }
    for (module, bytes) in
        [("units.O0.dwarf5.wasm", 0), ("lengths.O2.dwarf5.wasm", 0), ("units.O0.dwarf5.stale.wasm", 7)]
    {
        let mut contents = common::bytes(module);
        contents.truncate(contents.len() - bytes);
        dwarf::run(&contents);
    }
    for (number, file) in [(1, "units.O0.dwarf4.split.dwo"), (0, "orders.O0.dwarf5.split.dwo"), (3, "fleet.wasm.map")] {
        debug_files::run(&[&[number][..], &common::bytes(file)].concat());
    }
}

/// A target that isn't replayed here would be forgotten.
#[test]
fn every_target_is_replayed() {
    let manifest: toml::Table = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap().parse().unwrap();
    let mut targets: Vec<&str> =
        manifest["bin"].as_array().unwrap().iter().map(|bin| bin["name"].as_str().unwrap()).collect();
    targets.sort_unstable();
    assert_eq!(targets, TARGETS.map(|(name, _)| name));
    for entry in fs::read_dir(fuzz().join("findings")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(targets.contains(&&*name), "findings of no target: {name}");
    }
}
