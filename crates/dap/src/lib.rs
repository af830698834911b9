//! The Debug Adapter Protocol: what editors speak, over stdio and TCP.
//!
//! It translates requests into those of [`freezeframe_engine::Debugger`], and its reports into events; there is no debugger
//! logic in it. A [`server`] owns one debugger and serves any number of clients: one over stdio or a connection that
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

mod breakpoints;
mod capabilities;
mod client;
mod error;
mod handlers;
mod handles;
mod launch;
#[cfg(feature = "launch")]
mod local;
mod output;
pub mod protocol;
mod reports;
mod server;
mod sources;
mod transport;

pub use capabilities::{OFFERED, Offered, capabilities};
#[cfg(feature = "launch")]
pub use server::{listen, serve_stdio};
