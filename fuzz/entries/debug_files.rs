//! Files beside a module: split units, packages, debug information of its own, source maps. The first byte says beside which
//! module.

use std::sync::LazyLock;

use freezeframe_symbols::{Bytes, DebugFiles, Symbols};

use crate::common::{
    bytes,
    everything::{Random, ask},
};

/// Modules that lack what such files have.
const LACKING: [&str; 4] =
    ["orders.O0.dwarf5.split.wasm", "units.O0.dwarf4.split.wasm", "orders.O0.dwarf5.external.wasm", "fleet.wasm"];

static MODULES: LazyLock<Vec<Bytes>> = LazyLock::new(|| LACKING.iter().map(|name| Bytes::from(bytes(name))).collect());

pub fn run(bytes: &[u8]) {
    let Some((which, contents)) = bytes.split_first() else { return };
    let mut files = DebugFiles::default();
    if files.add(Bytes::copy_from_slice(contents)).is_err() {
        return;
    }
    let module = &MODULES[usize::from(*which) % MODULES.len()];
    if let Ok(symbols) = Symbols::with_files(module.clone(), files) {
        ask(&symbols, &mut Random(bytes.len() as u64 + 1));
    }
}
