//! Opens guests and launches them under the debugger.
//!
//! This is the only crate of the debugger that touches files and threads for a guest: it reads and compiles a module or
//! component, gives it WASI and runs it on a thread of its own under a session, and hands out a
//! [`Debuggee`](freezeframe_debuggee::Debuggee).
//!
//! Invariant: whatever is wrong with a file or with what a guest needs is an [`HostError`] before anything runs, or an
//! [`Ended::Failed`](freezeframe_debuggee::Ended::Failed) of the debuggee; never a panic.

#![forbid(unsafe_code)]

mod cache;
mod debug_files;
mod error;
mod files;
mod input;
mod launch;
mod output;
mod program;

pub use cache::IndexCache;
pub use debug_files::{DebugFileError, DebugFileFinder};
pub use error::HostError;
pub use files::{read_guest, read_whole};
pub use input::Input;
pub use launch::{LaunchOptions, MappedDir, Stdin, launch};
pub use output::{Output, Stream};
pub use program::{Program, ProgramKind, Speed};
