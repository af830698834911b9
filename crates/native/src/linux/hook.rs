//! The signal handler: decides whether a signal is a trap of ours, and injects the call.
//!
//! Invariant: everything in here is async-signal-safe: atomics, tables that never change, memory below the guest's stack
//! pointer. No lock, no allocation, no panic.
//!
//! Why the `unsafe` here is sound:
//! * Wasmtime calls the handler on the thread that faulted, on its alternative signal stack, while this store's guest is
//!   the youngest activation. Faults of host code come here, too; the pc tells them apart, and they are left alone.
//! * A pc in registered code whose trap table names it means that a guest function of this very store's activation has
//!   stopped at an instruction that was meant to be able to: its stack pointer is sound, and what lies below it is unused.
//!   That there's room is asked of the kernel first.
//! * The list of code only grows; its nodes live as long as the hook, which the store's handler keeps.

use std::{
    ffi::c_void,
    mem::size_of,
    ptr,
    sync::{
        Arc,
        atomic::{
            AtomicBool, AtomicPtr, AtomicU64, AtomicUsize,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
};

use wasmtime::{Store, unix::StoreExt as _};

use super::{
    arch::{Context, RED_ZONE, returns_to},
    check::Private,
    code::Code,
    helper::Call,
    saved::{ALIGNMENT, Found, Saved, code},
};
use crate::After;

/// What the host function and the debugger in it need of the guest's stack, below the frame. Wasmtime keeps
/// `async_stack_size - max_wasm_stack` for host functions, 1.5 MiB unless it's configured.
const ROOM: usize = 128 << 10;

/// How far above the handler's own frame the guest's stack pointer must not lie: then the handler would be on the guest's
/// stack, and write over itself.
const OWN_STACK: usize = 64 << 10;

/// What a store's signal handler knows.
pub(crate) struct Hook {
    enabled: AtomicBool,
    call: Call,
    private: Private,
    code: AtomicPtr<Node>,
    /// The instruction that is about to trap once more, unseen, and the stack pointer there.
    chained: (AtomicUsize, AtomicUsize),
    /// Traps that passed because there was too little stack left.
    cramped: AtomicU64,
}

struct Node {
    code: Code,
    next: *mut Node,
}

// SAFETY: the raw pointers lead to nodes that are made once, never change, and die with the hook.
unsafe impl Send for Hook {}
// SAFETY: as above; the rest is atomic or never changes.
unsafe impl Sync for Hook {}

impl Drop for Hook {
    fn drop(&mut self) {
        let mut at = *self.code.get_mut();
        while !at.is_null() {
            // SAFETY: made by `Box::into_raw` in `register`, and nobody looks at it any more.
            at = unsafe { Box::from_raw(at) }.next;
        }
    }
}

impl Hook {
    pub(crate) fn new(call: Call, private: Private) -> Self {
        Self {
            enabled: AtomicBool::new(false),
            call,
            private,
            code: AtomicPtr::new(ptr::null_mut()),
            chained: (AtomicUsize::new(0), AtomicUsize::new(0)),
            cramped: AtomicU64::new(0),
        }
    }

    pub(crate) fn enable(&self, on: bool) {
        self.enabled.store(on, Release);
    }

    pub(crate) fn cramped(&self) -> u64 {
        self.cramped.load(Relaxed)
    }

    /// Adds code, once.
    pub(crate) fn register(&self, code: &Code) {
        if self.find(code.text().start).is_some() {
            return;
        }
        let node = Box::into_raw(Box::new(Node { code: code.clone(), next: ptr::null_mut() }));
        let mut head = self.code.load(Acquire);
        loop {
            // SAFETY: nobody else has the node before it's published by the next line.
            unsafe { (*node).next = head };
            match self.code.compare_exchange_weak(head, node, Release, Acquire) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    fn find(&self, pc: usize) -> Option<&Code> {
        let mut at = self.code.load(Acquire);
        // SAFETY: the module's header: nodes live as long as `self`.
        while let Some(node) = unsafe { at.as_ref() } {
            if node.code.text().contains(&pc) {
                return Some(&node.code);
            }
            at = node.next;
        }
        None
    }

    /// The store's signal handler. `true`: the thread goes on as the context now says.
    ///
    /// # Safety
    /// The arguments are those that the kernel gave to the handler of this signal.
    pub(crate) unsafe fn on_signal(&self, info: *const libc::siginfo_t, context: *const c_void) -> bool {
        // SAFETY: the caller's promise. Wasmtime reads the context again only after we have returned.
        let mut context = unsafe { Context::new(context) };
        let pc = context.pc();
        if pc == returns_to() {
            // SAFETY: as above.
            return unsafe { self.put_back(&mut context) };
        }
        let chained = (self.chained.0.swap(0, Relaxed), self.chained.1.swap(0, Relaxed));
        if !self.enabled.load(Acquire) || chained == (pc, context.sp()) {
            return false;
        }
        let Some(trap) = self.find(pc).and_then(|code| code.trap_at(pc)) else { return false };
        // SAFETY: the caller's promise. The field is meaningful for memory faults, and a number in any case.
        let address = match trap {
            wasmtime::Trap::MemoryOutOfBounds => unsafe { (*info).si_addr().addr() },
            _ => 0,
        };
        let found = Found {
            hook: self,
            trap,
            pc,
            sp: context.sp(),
            fp: context.fp(),
            returns_to: pc.wrapping_add(self.private.return_bias),
            address,
        };
        // SAFETY: a trap of guest code, by the module's header.
        let injected = unsafe { self.inject(&mut context, &found) };
        if !injected {
            self.cramped.fetch_add(1, Relaxed);
        }
        injected
    }

    /// Saves the registers below the guest's stack pointer, and points the thread to the stub.
    ///
    /// # Safety
    /// The context is that of a guest function stopped at a trap.
    unsafe fn inject(&self, context: &mut Context<'_>, found: &Found) -> bool {
        let vectors_size = context.vectors();
        let below = |from: usize, size: usize| Some(from.checked_sub(size)? & !(ALIGNMENT - 1));
        let places = below(found.sp, RED_ZONE + vectors_size).and_then(|vectors| {
            let at = below(vectors, size_of::<Saved>())?;
            Some((vectors, at, at.checked_sub(ROOM)?))
        });
        let Some((vectors, at, bottom)) = places else { return false };
        // Wasmtime's handler runs on its own stack. A host that has taken that away would have us write over ourselves.
        let here = ptr::from_ref(&vectors_size).addr();
        if (here < found.sp && found.sp - here < OWN_STACK + ROOM) || !readable(bottom, found.sp) {
            return false;
        }
        let saved = Saved::new(at, found, context.general(), vectors as *const u8, vectors_size);
        // SAFETY: from `bottom` to the stack pointer there's stack, and nothing in it; `vectors` has room for what is
        // copied there, and `at` for what is written there, aligned.
        unsafe {
            context.save_vectors(vectors as *mut u8);
            (at as *mut Saved).write(saved);
        }
        context.call(at, &self.call);
        true
    }

    /// The stub's call has returned: the guest's registers come back.
    ///
    /// # Safety
    /// The context is that of the stub's trap.
    unsafe fn put_back(&self, context: &mut Context<'_>) -> bool {
        // SAFETY: the caller's promise.
        let Some(saved) = (unsafe { Saved::behind_the_call(context.sp(), self) }) else { return false };
        if saved.after.load(Relaxed) == code(After::Trap) {
            self.chained.0.store(saved.pc, Relaxed);
            self.chained.1.store(saved.sp, Relaxed);
        }
        if self.private.vectors {
            // SAFETY: saved by `inject`, in the same frame.
            unsafe { context.load_vectors(saved.vectors, saved.vectors_size) };
        }
        context.set_general(&saved.general);
        true
    }
}

/// Makes a hook the store's signal handler.
pub(crate) fn install<T: 'static>(store: &mut Store<T>, hook: Arc<Hook>) {
    // SAFETY: the handler is async-signal-safe, see the module's header. Wasmtime reads it when WebAssembly is entered and
    // keeps a plain pointer to it until that is left: whoever has the store by `&mut` has no call into it under way.
    unsafe { store.set_signal_handler(move |_, info, context| hook.on_signal(info, context)) };
}

/// Whether all pages from `from` to `to` can be read, so that they are stack and no guard page: asked of the kernel, by a
/// system call that only looks at an argument there before it refuses another one.
fn readable(from: usize, to: usize) -> bool {
    const PAGE: usize = 4096;
    const NO_SUCH_CHANGE: libc::c_long = -1;
    const SET: libc::c_long = 8;
    // SAFETY: that number has no location in an unsupported libc; reading and writing it are plain memory accesses of
    // this thread's.
    let errno = unsafe { libc::__errno_location() };
    let before = unsafe { *errno };
    let mut readable = true;
    let mut at = from & !(PAGE - 1);
    while at < to && readable {
        // SAFETY: without a valid first argument the call changes nothing; what it may not read it says so.
        let done =
            unsafe { libc::syscall(libc::SYS_rt_sigprocmask, NO_SUCH_CHANGE, at, ptr::null_mut::<c_void>(), SET) };
        // SAFETY: as above.
        readable = done == -1 && unsafe { *errno } == libc::EINVAL;
        at += PAGE;
    }
    // SAFETY: as above.
    unsafe { *errno = before };
    readable
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The argument for writing below the stack pointer: what isn't there, or is a guard page, is found out.
    #[test]
    fn guard_pages_are_not_readable() {
        const SIZE: usize = 8 * 4096;
        // SAFETY: a fresh mapping, which is ours until the last line.
        unsafe {
            let none = libc::PROT_NONE;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let at = libc::mmap(ptr::null_mut(), SIZE, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
            assert_ne!(at, libc::MAP_FAILED);
            let start = at.addr();
            assert!(readable(start, start + SIZE));
            assert!(readable(start + 100, start + SIZE - 100));
            assert_eq!(libc::mprotect(at.add(3 * 4096), 4096, none), 0);
            assert!(!readable(start, start + SIZE));
            assert!(readable(start + 4 * 4096, start + SIZE));
            assert!(!readable(start + 4 * 4096 - 1, start + SIZE));
            assert_eq!(libc::munmap(at, SIZE), 0);
            assert!(!readable(start, start + 4096));
        }
        assert!(!readable(0, 4096));
    }
}
