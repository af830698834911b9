//! Files beside a module: split units, packages, debug information of its own, source maps.
#![no_main]

#[path = "../../crates/symbols/tests/common/mod.rs"]
mod common;

use std::sync::{Arc, LazyLock};

use common::everything::{Random, ask};
use freezeframe_symbols::{DebugFiles, Symbols};
use libfuzzer_sys::fuzz_target;

/// Modules that lack what such files have.
static MODULES: LazyLock<Vec<Arc<[u8]>>> = LazyLock::new(|| {
    let names =
        ["orders.O0.dwarf5.split.wasm", "units.O0.dwarf4.split.wasm", "orders.O0.dwarf5.external.wasm", "fleet.wasm"];
    names
        .iter()
        .filter_map(|name| std::fs::read(common::guests().join("built").join(name)).ok())
        .map(Arc::from)
        .collect()
});

fuzz_target!(|bytes: &[u8]| {
    let Some((which, contents)) = bytes.split_first() else { return };
    let mut files = DebugFiles::default();
    if files.add(contents.into()).is_err() {
        return;
    }
    let Some(module) = MODULES.get(usize::from(*which) % MODULES.len()) else { return };
    if let Ok(symbols) = Symbols::with_files(module.clone(), files) {
        ask(&symbols, &mut Random(bytes.len() as u64 + 1));
    }
});
