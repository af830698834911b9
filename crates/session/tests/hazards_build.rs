//! The hazards that are kept off by what isn't there: a proposal that's off, a function that isn't called, features that
//! aren't turned on. H1 to H13 are in `hazards.rs`.
// Helpers beside the tests are tests, too.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use common::*;
use freezeframe_session::{Epochs, Error, Options, configure, debug_with};
use serde_json::Value;
use wasmtime::{Config, Engine, Module, Store};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// Under guest debugging a `suspend` that nobody handles kills the process. So a session refuses an engine that has
/// continuations, whoever owns the epochs; `configure` doesn't turn them on; and an engine without them compiles no such module.
/// Without the refusal the session starts and `ran` is true; if `configure` turned the proposal on, the sets of proposals
/// would differ.
#[test]
fn h14_stack_switching_is_refused() {
    for epochs in [Epochs::Session, Epochs::Embedder] {
        let mut config = config();
        config.wasm_stack_switching(true);
        // Where Wasmtime has no stack switching, it refuses the engine itself.
        let Ok(engine) = Engine::new(&config) else { continue };
        let mut store = Store::new(&engine, ());
        let options = Options { epochs, ..Options::default() };
        let mut ran = false;
        let refused = pollster::block_on(debug_with(&mut store, options, async |_| ran = true, async |_dbg| ()));
        match refused {
            Err(Error::NotDebuggable { why, line }) => {
                assert!(why.contains("stack-switching") && line.contains("wasm_stack_switching"), "{why}: {line}");
            }
            other => panic!("{:?}", other.map(|_| ())),
        }
        assert!(!ran);
    }

    let mut configured = Config::new();
    configure(&mut configured);
    let configured = Engine::new(&configured).unwrap().get_wasm_features();
    assert!(!configured.stack_switching());
    assert_eq!(configured, Engine::new(&Config::new()).unwrap().get_wasm_features());

    let continuation = "(module (type $f (func)) (type $c (cont $f)) (func (param (ref null $c))))";
    let refused = Module::new(&engine(), continuation).map(drop).unwrap_err();
    assert!(format!("{refused:?}").contains("stack switching"), "{refused:?}");
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        // The programs in `upstream` show what goes wrong.
        if path.is_dir() && !["target", "upstream"].contains(&name) && !name.starts_with('.') {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Wasmtime's core dumps panic when they are serialised, for composed components. One gets at such a
/// dump only by its type's name and only with a feature of Wasmtime. With a use of the name, or with the feature, this
/// fails.
#[test]
fn h15_wasmtimes_core_dumps_are_not_used() {
    let mut files = vec![];
    sources(&root(), &mut files);
    assert!(files.len() > 50 && files.iter().any(|f| f.ends_with(file!()) || f.ends_with("hazards_build.rs")));
    // Taken apart, so that this file isn't found.
    let names = [concat!("Wasm", "CoreDump"), concat!("coredump", "_on_trap")];
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for name in names {
            assert!(!text.contains(name), "{} uses {name}", file.display());
        }
    }
    let features = tree(&["--edges", "normal,build,dev"]);
    let wasmtime = features.iter().find(|(package, _)| package.starts_with("wasmtime v")).unwrap().1;
    assert!(wasmtime.iter().all(|set| !set.split(',').any(|f| f == "coredump")), "{wasmtime:?}");
}

/// What `cargo tree` prints: each package with the sets of features that it's built with.
fn tree(arguments: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--prefix", "none", "--format", "{p}|{f}"])
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut packages: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        // A package that was already shown in full has a mark.
        if let Some((package, features)) = line.trim_end_matches(" (*)").split_once('|') {
            packages.entry(package.to_owned()).or_default().insert(features.to_owned());
        }
    }
    packages
}

fn is_wasmtimes(package: &str) -> bool {
    ["wasmtime", "cranelift", "pulley"].iter().any(|p| package.starts_with(p))
}

/// Whatever changes the features of a package that Wasmtime uses builds Cranelift once more, which takes minutes.
///
/// A test's dependency that turns on a feature in Wasmtime's tree fails the first comparison: `cargo run` and `cargo
/// test` would have two Wasmtimes. A tool's dependency fails the second one: `xtask` with the default features of `sha2`
/// did. A second list of features for `wasmtime`, or a parser of ours with the default features at Wasmtime's own
/// version, fails what follows.
#[test]
fn h16_there_is_one_wasmtime() {
    let product = tree(&["--edges", "normal,build"]);
    let tests = tree(&["--edges", "normal,build,dev"]);
    let wasmtimes = tree(&["--edges", "normal,build", "--package", "wasmtime"]);
    assert!(wasmtimes.len() > 100 && wasmtimes.keys().filter(|p| p.starts_with("cranelift")).count() > 8);
    for (package, whole) in wasmtimes.iter().filter(|(package, _)| product.contains_key(*package)) {
        let built = &product[package];
        assert_eq!(built, &tests[package], "{package} differs between `cargo build` and `cargo test`");
        // For a package that is no member cargo looks at all members, the tools outside of the default ones, too.
        assert!(
            whole.is_subset(built),
            "{package}: {whole:?} in the whole workspace, {built:?} in the default members"
        );
    }
    // Others have a second set, for what runs while compiling.
    for heavy in ["cranelift-codegen", "wasmtime", "wasmtime-internal-cranelift"] {
        let sets: Vec<_> = tests.iter().filter(|(p, _)| p.starts_with(&format!("{heavy} v"))).collect();
        assert!(matches!(sets[..], [(_, features)] if features.len() == 1), "{sets:?}");
    }

    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let mut demands: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for member in metadata["packages"].as_array().unwrap() {
        for dependency in member["dependencies"].as_array().unwrap() {
            let name = dependency["name"].as_str().unwrap();
            let (version, features) = (dependency["req"].as_str().unwrap(), &dependency["features"]);
            let all = dependency["uses_default_features"].as_bool().unwrap();
            if is_wasmtimes(name) {
                demands.entry(name).or_default().insert(format!("{version} {features} {all}"));
                // A companion of Wasmtime's, of its very version; it may have defaults, for it has none of its own.
                assert!(version.starts_with('='), "{}: {name} {version} isn't pinned", member["name"]);
            }
            // Caret requirements, of which a parser at 0.x has two numbers that tell.
            let wanted = format!("{name} v{}.", version.trim_start_matches(['^', '=']));
            let parser = ["addr2line", "gimli", "object", "wasm-encoder", "wasmparser", "wasmprinter"].contains(&name);
            if name == "wasmtime" || parser && wasmtimes.keys().any(|package| package.starts_with(&wanted)) {
                assert!(!all, "{} asks for the default features of {name} {version}", member["name"]);
            }
        }
    }
    assert!(demands.contains_key("wasmtime"));
    for (name, demands) in demands {
        assert_eq!(demands.len(), 1, "{name} is asked for in more than one way: {demands:?}");
    }
}
