//! The `freezeframe` command: a debugger for WebAssembly in a terminal.
//!
//! It translates words into requests of [`freezeframe_engine::Debugger`] and answers into text or JSON; there is no
//! debugger logic in it. Every command gives a [`json::Reply`], which [`render`] writes for people and serde for programs,
//! so the two can't tell different stories.
//!
//! Invariant: whatever a guest, a file or a person does ends in a message and an exit code, never in a panic; all output
//! goes through [`console::Console`], which survives a closed pipe.

#![forbid(unsafe_code)]

mod app;
mod args;
mod commands;
mod complete;
mod console;
mod dap;
mod error;
mod formatters;
mod highlight;
mod hooks;
mod inspect;
mod json;
mod launch;
mod output;
mod render;
mod repl;
mod run;
mod running;
mod signals;
mod source;
mod style;
mod views;

use std::process::ExitCode;

use args::Command;

fn main() -> ExitCode {
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
