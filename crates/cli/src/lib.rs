//! The `freezeframe` command: a debugger for WebAssembly in a terminal.
//!
//! It translates words into requests of [`freezeframe_engine::Debugger`] and answers into text or JSON; there is no
//! debugger logic in it. Every command gives a `json::Reply`, which `render` writes for people and serde for programs,
//! so the two can't tell different stories.
//!
//! Invariant: whatever a guest, a file or a person does ends in a message and an exit code, never in a panic; all output
//! goes through `console::Console`, which survives a closed pipe.
//!
//! It's a library for one reason: a fuzz target gives commands to a debuggee that is made up, which needs neither the host
//! nor Wasmtime (without the feature `launch`).

#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "launch"), allow(dead_code, reason = "what launching needs"))]

mod app;
mod args;
mod commands;
mod complete;
mod console;
#[cfg(feature = "launch")]
mod dap;
mod error;
mod files;
mod formatters;
#[doc(hidden)]
pub mod fuzzing;
mod highlight;
mod hooks;
#[cfg(feature = "launch")]
mod inspect;
mod json;
mod launch;
#[cfg(feature = "launch")]
mod open;
mod output;
mod patience;
mod render;
#[cfg(feature = "launch")]
mod repl;
#[cfg(feature = "launch")]
mod run;
mod running;
mod signals;
mod source;
mod style;
mod views;

#[cfg(feature = "launch")]
use std::process::ExitCode;

#[cfg(feature = "launch")]
use args::Command;

/// Does what the command line of this process says; its exit code.
#[cfg(feature = "launch")]
pub fn main() -> ExitCode {
    let code = match args::parse() {
        Command::Debug(options) => repl::debug(options),
        Command::Run(options) => run::run(*options),
        Command::Info(options) => inspect::info(&options),
        Command::Dap(options) => dap::serve(&options),
        Command::DapTerminal(address) => dap::terminal(&address),
    };
    // Exit codes are eight bits wide on most systems; what a guest gives beyond that is cut as the system would.
    ExitCode::from((code & 0xff) as u8)
}
