//! What a callback is told of a trap, and what it answers.

use std::pin::Pin;

use wasmtime::{StoreContextMut, Trap};

/// A trap that has struck and hasn't unwound anything yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// Which trap Wasmtime is going to raise.
    pub trap: Trap,
    /// The address in this process that couldn't be accessed, of a trap that is an access to memory.
    pub address: Option<usize>,
    /// The store has a heap of garbage-collected references. A collection would not see those that the trapped function
    /// holds: nothing may collect, or allocate there, before the guest goes on.
    pub collector: bool,
}

/// What becomes of the guest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum After {
    /// The trap takes its course: Wasmtime raises it as if nobody had looked.
    #[default]
    Trap,
    /// The operator runs once more, because what made it trap was mended. If it traps again, that's another fault.
    ///
    /// What the guest's function holds in registers stays what it was: whatever was written to memory or globals in the
    /// meantime is seen where the function reads it again.
    Again,
}

/// What is called at a trap, on the guest's own fiber. An error ends the guest's call in place of the trap.
pub type OnFault<T> = dyn for<'a> Fn(StoreContextMut<'a, T>, Fault) -> Pin<Box<dyn Future<Output = wasmtime::Result<After>> + Send + 'a>>
    + Send
    + Sync;
