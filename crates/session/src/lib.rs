//! A debugger and its WebAssembly guest as two coroutines, on published, unforked Wasmtime.
//!
//! ```no_run
//! # async fn run(engine: wasmtime::Engine, func: wasmtime::TypedFunc<i32, i32>) -> Result<(), Box<dyn std::error::Error>> {
//! # let mut store = wasmtime::Store::new(&engine, ());
//! use freezeframe_session::debug;
//! let (run, steps) = debug(
//!     &mut store,
//!     async |store| func.call_async(store, 7).await, // unchanged embedder code
//!     async |mut dbg| {
//!         let mut steps = 0;
//!         while let Some(_event) = dbg.next().await {
//!             // The guest stands still until the next `next()`.
//!             dbg.try_with(|stop| {
//!                 for frame in stop.frames() {
//!                     println!("{:?} {:?}", frame.position(), frame.locals());
//!                 }
//!                 stop.single_step(true)
//!             })?;
//!             steps += 1;
//!         }
//!         Ok::<_, freezeframe_session::Error>(steps)
//!     },
//! )
//! .await?;
//! # Ok(()) }
//! ```
//!
//! The life of a session, as its debugger sees it:
//! ```text
//!                 next()
//!   start ─────────────────▶ Attached ─┐
//!                                      │ next()          body over, or detach
//!        ┌────── an event ◀── running ◀┴───┐ ──────────────────────▶ None
//!        ▼                                 │
//!     stopped: `with` works ─── next() ────┘
//!      │ │ ▲
//!      │ │ └──── CallFinished ◀── running the call ◀── next() ── `call` was asked for
//!      │ │                              │    ▲
//!      │ │                              ▼    │ next()
//!      │ │                            stopped in it: the same again, one deeper
//!      │ └─ kill ─▶ Cancelled, None
//!      └─ host drops the guest ─▶ Cancelled (`with` doesn't work), Lost
//! ```
//! While the guest is stopped, the debugger's coroutine is polled inside Wasmtime's debug handler, on the guest's own
//! fiber: only there Wasmtime shows the stopped stack, and only there its garbage collector knows it. While the guest
//! runs or waits in host code, the session's own future polls the debugger. [`Dbg::with`] reaches the store through a
//! scope that is set only for such a poll inside the handler, on that thread; everywhere else it's
//! [`Error::NotStopped`]. Frames and values live inside `with`:
//!
//! ```compile_fail,E0521
//! async fn f(mut dbg: freezeframe_session::Dbg<()>) {
//!     let mut kept = None;
//!     dbg.next().await;
//!     dbg.with(|stop| kept = stop.frames().next()).unwrap();
//! }
//! ```
//!
//! What Wasmtime leaves to its embedder, or gets wrong, is absorbed here: the hazards H1 to H14, named where they are
//! dealt with, each with a test of that name.
//!
//! What has to be awaited with the stopped store (a call into the guest, a collection) is run by the stop itself, between
//! two polls of the debugger, so that stops within it reach the debugger like any other: [`Dbg::call`],
//! [`Dbg::with_async`].
//!
//! `unsafe` lives in `scope` (where the store may be reached) and `coroutine` (the debugger's future), and in calls of
//! `session` and one of `live::values`; each with its argument written out and a test that fails when it's wrong.

#![deny(unsafe_code)]

mod breakpoints;
mod code;
mod config;
mod control;
#[allow(unsafe_code)]
mod coroutine;
mod dbg;
mod epochs;
mod error;
mod errors;
mod event;
mod fast;
mod filter;
mod folded;
mod frames;
mod handler;
mod inject;
pub mod live;
mod native;
mod operation;
mod prepare;
#[allow(unsafe_code)]
mod scope;
mod session;
mod shared;
mod standing;
mod stop;
mod unwound;
mod wake;

pub use breakpoints::BreakpointId;
pub use config::configure;
pub use control::Control;
pub use dbg::{Dbg, Next};
pub use epochs::{Deadline, Epochs};
pub use error::Error;
pub use event::{Event, Failure, Freeze, Killed, Verdict};
pub use filter::Filter;
pub use frames::{Frame, Frames, Position};
pub use freezeframe_debuggee::{Bytes, PcMeaning};
pub use freezeframe_native::{Check, NotNative, check as check_native};
pub use native::{Guests, Mode};
pub use operation::{CallId, Returned, WithAsync};
pub use prepare::prepare;
pub use session::{Options, Outcome, debug, debug_local, debug_with, instantiated, loaded, rearm};
pub use stop::Stop;
pub use unwound::unwound;
