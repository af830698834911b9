//! Traps of WebAssembly at full speed: the machine code is what Wasmtime compiles without us, byte for byte, and the moment
//! a trap strikes, a callback has the store with the guest's stack intact, before anything is unwound.
//!
//! ```text
//!  guest code faults (ud2, a guard page, a division)
//!    └▶ the kernel's signal ▶ Wasmtime's handler ▶ ours, first: is it a known trap of registered code?
//!         └▶ saves all registers below the guest's stack pointer, points the thread to a stub
//!  stub: calls a host function of this store through Wasmtime's own trampoline, as the guest itself would
//!    └▶ the callback: `StoreContextMut`, `WasmBacktrace::force_capture`, `.await`, errors: all as in any host function
//!  stub: a trap of its own ▶ our handler puts all registers back ▶ the operator runs again
//!    └▶ it traps again, and this once we look away: Wasmtime raises its ordinary trap. Or the cause was mended: it goes on.
//! ```
//! The injected call is a *real* host call, so everything that Wasmtime keeps for one (exit pointers, thread-local
//! activations, fibers) is right without our touching any of it. What is private of Wasmtime's and relied on all the same
//! is listed in one place and [checked](check) before it's used: see `Private` in `check`.
//!
//! Not seen: traps that aren't signals (Wasmtime's library calls such as `memory.copy`, errors of host functions, fuel,
//! epochs), and faults of host code, which are left alone.
//!
//! Invariant: a signal is taken only if its pc lies in registered code and that code's trap table names it. Everything
//! else goes the way that it would go without us.

#![deny(unsafe_code)]

mod error;
mod fault;

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod linux;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub use linux::{
    arm::{Armed, arm, arm_sync},
    check::check,
    code::Code,
};

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod elsewhere;
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
pub use elsewhere::{Armed, Code, arm, arm_sync, check};

pub use error::{Check, NotNative};
pub use fault::{After, Fault, OnFault};
