//! What a trapped guest's stack holds while it waits: all of its registers, in a frame like any other.
//!
//! ```text
//!  guest's stack pointer ─▶ │ the trapped function's frame   │
//!                           │ red zone                       │
//!                           │ vector registers               │
//!                           │ Saved                          │
//!  stub's stack and frame ▶ │   link: frame pointer, return  │  ◀─ who walks the stack finds the trapped function here
//!                           │ Wasmtime's trampoline, and the host function
//! ```
//! Invariant: from the handler that wrote it to the one that reads it back, the frame lies on a stack that is suspended or
//! runs only the stub's call, which ends before it's read back. If that call never returns (an error, a dropped fiber),
//! nobody reads it.

use std::sync::atomic::AtomicU8;

use wasmtime::Trap;

use super::{arch::General, hook::Hook};
use crate::{After, Fault};

/// The frame's alignment: that of a cache line, which the stack's own follows from.
pub(crate) const ALIGNMENT: usize = 64;

const MAGIC: u64 = u64::from_le_bytes(*b"freezefr");

/// See the module's header. The first two are the frame link: their place is the hardware's convention.
#[repr(C, align(64))]
pub(crate) struct Saved {
    pub fp: usize,
    pub returns_to: usize,
    magic: u64,
    /// Where this lies: a copy elsewhere isn't taken for it.
    at: usize,
    /// Whose handler wrote it.
    pub hook: *const Hook,
    pub pc: usize,
    pub sp: usize,
    pub trap: u8,
    /// [`After`], as the host function says.
    pub after: AtomicU8,
    /// Address, if the trap is an access to memory; else 0.
    pub address: usize,
    pub vectors: *const u8,
    pub vectors_size: usize,
    pub general: General,
}

/// What the handler knows of a trap.
pub(crate) struct Found {
    pub hook: *const Hook,
    pub trap: Trap,
    pub pc: usize,
    pub sp: usize,
    pub fp: usize,
    pub returns_to: usize,
    pub address: usize,
}

impl Saved {
    pub(crate) fn new(at: usize, found: &Found, general: General, vectors: *const u8, vectors_size: usize) -> Self {
        let Found { hook, trap, pc, sp, fp, returns_to, address } = *found;
        Self {
            fp,
            returns_to,
            magic: MAGIC,
            at,
            hook,
            pc,
            sp,
            trap: trap as u8,
            after: AtomicU8::new(code(After::Trap)),
            address,
            vectors,
            vectors_size,
            general,
        }
    }

    /// The frame that the stub's call has returned to.
    ///
    /// # Safety
    /// `at` is the stack pointer at the stub's trap, and `hook` the one whose handler is running.
    pub(crate) unsafe fn behind_the_call<'s>(at: usize, hook: *const Hook) -> Option<&'s Self> {
        if at == 0 || !at.is_multiple_of(ALIGNMENT) {
            return None;
        }
        // SAFETY: the stub runs only with its stack pointer at a frame that a handler wrote, and calls restore it.
        let saved = unsafe { &*(at as *const Self) };
        (saved.magic == MAGIC && saved.at == at && std::ptr::eq(saved.hook, hook)).then_some(saved)
    }

    /// The frame whose address the stub gave to the host function.
    ///
    /// # Safety
    /// `at` is the argument of a call by the stub that hasn't returned.
    pub(crate) unsafe fn during_the_call<'s>(at: u64) -> &'s Self {
        // SAFETY: it's on the caller's own stack. Nobody writes to it but through the atomic.
        unsafe { &*(at as usize as *const Self) }
    }

    pub(crate) fn fault(&self, collector: bool) -> Option<Fault> {
        let trap = Trap::from_u8(self.trap)?;
        Some(Fault { trap, address: (self.address != 0).then_some(self.address), collector })
    }
}

/// As a byte.
pub(crate) fn code(after: After) -> u8 {
    match after {
        After::Trap => 0,
        After::Again => 1,
    }
}
