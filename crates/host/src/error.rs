//! What can be wrong with a guest before it runs.

use std::path::PathBuf;

/// Why a guest can't be opened or launched. Each message says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The file can't be read.
    #[error("can't read {path}: {error}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file is neither a module nor a component, in binary or text.
    #[error("{path} is not a WebAssembly file: {why}; give a .wasm module or component, or a .wat text")]
    NotWasm {
        /// Which.
        path: PathBuf,
        /// What it is.
        why: String,
    },
    /// The text format has a mistake.
    #[error("{path} can't be parsed as WebAssembly text: {why}")]
    Text {
        /// Which.
        path: PathBuf,
        /// Where and what.
        why: String,
    },
    /// Wasmtime doesn't accept the module.
    #[error("{path} can't be compiled: {why}")]
    Compile {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Imports that the debugger doesn't offer.
    #[error(
        "{path} imports what the debugger doesn't provide: {missing}; WASI preview 1 and 2 are provided, and with --trap-unknown-imports the rest traps when it is called"
    )]
    MissingImports {
        /// Which.
        path: PathBuf,
        /// The imports.
        missing: String,
    },
    /// The export that shall be called isn't there.
    #[error("{path} has no exported function `{name}`{hint}")]
    NoExport {
        /// Which.
        path: PathBuf,
        /// What was asked for.
        name: String,
        /// What there is.
        hint: String,
    },
    /// The arguments don't fit the export.
    #[error("`{name}` takes {expected}: {why}")]
    Arguments {
        /// The function.
        name: String,
        /// Its parameters.
        expected: String,
        /// What doesn't fit.
        why: String,
    },
    /// Something that the guest is to be given isn't there.
    #[error("{what}: {why}")]
    Environment {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
    /// The engine can't be set up.
    #[error("the WebAssembly engine can't be set up: {0}")]
    Engine(String),
}
