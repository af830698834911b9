//! The Debug Adapter Protocol: what editors speak, over stdio and TCP.
//!
//! It translates requests into those of [`freezeframe_engine::Debugger`], and its reports into events; there is no debugger
//! logic in it. A server owns one debugger and serves any number of clients: one over stdio or a connection that
//! launches a guest of its own, or several that attach to the guests of an embedder.
//!
//! ```text
//!  client ──▶ inbox (thread) ──▶ ┌────────┐ ──▶ outbox (thread) ──▶ client
//!                                │ server │
//!  guest's thread ── "event" ──▶ └────────┘ ── requests ──▶ engine
//! ```
//! Invariant: one thread owns the debugger and everything that clients can name; it never waits for a client, nor for a
//! guest that runs. Whatever a client sends ends in an answer.

#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "launch"), allow(dead_code, reason = "what launching needs"))]

mod breakpoints;
mod capabilities;
mod client;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod handlers;
mod handles;
mod hub;
mod launch;
#[cfg(feature = "launch")]
mod local;
mod output;
mod panics;
mod parked;
mod progress;
pub mod protocol;
mod references;
mod reports;
#[cfg(feature = "launch")]
mod serve;
mod server;
mod sources;
mod terminal;
mod transport;

pub use capabilities::{OFFERED, Offered, capabilities};
pub use hub::{Hub, listen, listen_with_token};
#[cfg(feature = "launch")]
pub use serve::{listen as serve_tcp, serve_stdio};
pub use terminal::join_terminal;

/// The commands of all requests that are served.
pub fn served() -> Vec<&'static str> {
    handlers::HANDLERS.iter().map(|(command, _)| *command).collect()
}
