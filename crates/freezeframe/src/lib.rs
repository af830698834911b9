//! Freezeframe: a debugger for WebAssembly on Wasmtime, as a library.
//!
//! This is the embedder's door. It re-exports [`freezeframe_session`], the coroutine API: wrap existing embedder code in
//! [`debug`] and get an async stream of stops, with the store at hand while the guest stands still.
//!
//! ```no_run
//! # async fn existing_embedder_code(_: &mut wasmtime::Store<()>) -> wasmtime::Result<()> { Ok(()) }
//! # async fn example(store: &mut wasmtime::Store<()>) -> Result<(), Box<dyn std::error::Error>> {
//! let (run, hits) = freezeframe::debug(
//!     store,
//!     async |store| existing_embedder_code(store).await,
//!     async |mut dbg| {
//!         let mut hits = 0;
//!         while let Some(event) = dbg.next().await {
//!             hits += u32::from(matches!(event, freezeframe::Event::Breakpoint { .. }));
//!         }
//!         hits
//!     },
//! )
//! .await?;
//! # Ok(()) }
//! ```
//!
//! `docs/embedding.md` says which shape fits which program; each shape is a program in `examples/`.

#![forbid(unsafe_code)]

#[cfg(feature = "dap")]
pub mod dap;

/// The contract that the far half of [`live`] speaks: queries, stop plans, events, values. Plain data and one trait.
pub use freezeframe_debuggee as debuggee;
pub use freezeframe_session::*;
