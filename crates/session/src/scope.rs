//! Where the stopped store may be reached: a scope, set around each poll of the debugger.
//!
//! Invariant: a [`Node`] in this thread's list is a live local of an [`enter`] further up this thread's stack.
//!
//! Why this is sound:
//! * A node is linked in by `enter` and unlinked by a guard before `enter` returns or unwinds; a poll can't change
//!   threads midway. So whoever finds a node is called from below that `enter`, and the references that `enter` was
//!   given are still borrowed exclusively (the store) or shared (the event) for it.
//! * A node's session id is the address of the session's `Shared<T>`, which the caller of `enter` keeps alive. Both
//!   `enter` and the readers take that `Shared<T>`, so that the type behind the erased pointers is theirs.
//! * The store's pointer is taken out of the node while somebody uses it: there are never two users.
//! * `enter` is called by who has the debugger's lock, or takes it as the first thing in there: whoever is
//!   [inside](inside) is the only one of its session.
//! * A user gets the store through a closure that is generic over its lifetime: nothing of it gets out.

use std::{
    cell::{Cell, RefCell},
    ptr,
    sync::atomic::Ordering::Relaxed,
};

use wasmtime::{AsContextMut, FrameHandle, RootScope, StoreContextMut};

use crate::{
    Error, Event, Stop,
    event::{Cause, Common, Undelivered},
    frames::Known,
    shared::Shared,
};

struct Node {
    session: *const (),
    stop: u64,
    cause: Cause,
    top: *const FrameHandle,
    store: Cell<*mut ()>,
    event: *const Undelivered,
    outer: *const Node,
}

thread_local! {
    static INNERMOST: Cell<*const Node> = const { Cell::new(ptr::null()) };
}

fn id<T>(shared: &Shared<T>) -> *const () {
    ptr::from_ref(shared).cast()
}

/// A stop that can be reached from below an [`enter`].
pub(crate) struct Here<'h, 's, T: 'static> {
    /// Names the stop within its session; never 0.
    pub stop: u64,
    pub cause: Cause,
    /// The innermost frame, where it's known to be sound.
    pub top: Option<&'h FrameHandle>,
    pub store: &'h mut StoreContextMut<'s, T>,
    /// The event, until it's delivered.
    pub event: &'h Undelivered,
}

/// Runs `f` with `here` within reach of this session's debugger; with `None` the debugger is being polled, but there is
/// no stop.
#[inline(always)]
pub(crate) fn enter<T: 'static, R>(shared: &Shared<T>, here: Option<Here<'_, '_, T>>, f: impl FnOnce() -> R) -> R {
    struct Leave(*const Node);
    impl Drop for Leave {
        fn drop(&mut self) {
            INNERMOST.set(self.0);
        }
    }
    let outer = INNERMOST.get();
    let node = match here {
        Some(here) => Node {
            session: id(shared),
            stop: here.stop,
            cause: here.cause,
            top: here.top.map_or(ptr::null(), ptr::from_ref),
            store: Cell::new(ptr::from_mut(here.store).cast()),
            event: ptr::from_ref(here.event),
            outer,
        },
        None => Node {
            session: id(shared),
            stop: 0,
            cause: Cause::Attached,
            top: ptr::null(),
            store: Cell::new(ptr::null_mut()),
            event: ptr::null(),
            outer,
        },
    };
    let _leave = Leave(outer);
    INNERMOST.set(&raw const node);
    f()
}

fn find<T, R>(shared: &Shared<T>, f: impl FnOnce(&Node) -> R) -> Option<R> {
    let mut at = INNERMOST.get();
    while !at.is_null() {
        // SAFETY: the module's invariant; the reference is dropped before this function returns, below `enter`.
        let node = unsafe { &*at };
        if node.session == id(shared) {
            return Some(f(node));
        }
        at = node.outer;
    }
    None
}

/// Whether the caller runs below a poll of this session's debugger.
pub(crate) fn inside<T>(shared: &Shared<T>) -> bool {
    find(shared, |_| ()).is_some()
}

/// The number of the stop around the caller, whose event was delivered.
pub(crate) fn stop<T>(shared: &Shared<T>) -> Result<u64, Error> {
    let delivered = shared.delivered.load(Relaxed);
    find(shared, |node| node.stop).filter(|stop| *stop != 0 && *stop == delivered).ok_or(Error::NotStopped)
}

/// An event that is being delivered, if any.
pub(crate) struct Taken {
    pub common: Option<Common>,
    pub other: Option<Box<Event>>,
    /// The number of the stop that it belongs to; 0: none.
    pub stop: u64,
}

/// Takes the next event: one that is queued, else the undelivered one of the stop around the caller. `None` outside of
/// the debugger.
#[inline(always)]
pub(crate) fn take_event<T>(shared: &Shared<T>) -> Option<Taken> {
    find(shared, |node| {
        let queued = shared.queue.pop();
        if queued.is_some() || node.event.is_null() {
            return Taken { common: None, other: queued, stop: 0 };
        }
        // SAFETY: it was given to the `enter` above us as a reference that outlives it.
        let event = unsafe { &*node.event };
        Taken { common: event.common.take(), other: event.other.take(), stop: node.stop }
    })
}

/// Gives the stopped store to `f` if stop number `delivered` is the one around the caller.
pub(crate) fn with_store<T: 'static, R>(
    shared: &Shared<T>,
    delivered: u64,
    f: impl FnOnce(&mut Stop<'_, T>) -> R,
) -> Result<R, Error> {
    struct GiveBack<'n>(&'n Cell<*mut ()>, *mut ());
    impl Drop for GiveBack<'_> {
        fn drop(&mut self) {
            self.0.set(self.1);
        }
    }
    find(shared, |node| {
        if node.stop == 0 || node.stop != delivered {
            return Err(Error::NotStopped);
        }
        let store = node.store.replace(ptr::null_mut());
        if store.is_null() {
            return Err(Error::Busy);
        }
        let _give_back = GiveBack(&node.store, store);
        // SAFETY: `store` is the `&mut StoreContextMut<T>` given to the `enter` above us, still borrowed for it; having
        // been taken out of the node it's ours until `_give_back` drops. Its true lifetime is unknown here; we shorten
        // it to this block at once, and `f` can't tell.
        let store = unsafe { &mut *store.cast::<StoreContextMut<'static, T>>() };
        // SAFETY: the frame was given to that `enter` as a reference that outlives it.
        let top = unsafe { node.top.as_ref() };
        Ok(with_stop(shared, node.cause, top, store.as_context_mut(), f))
    })
    .unwrap_or(Err(Error::NotStopped))
}

/// Makes a [`Stop`] of a store for the length of `f`, within a scope for the GC references that it reads.
pub(crate) fn with_stop<T: 'static, R>(
    shared: &Shared<T>,
    cause: Cause,
    top: Option<&FrameHandle>,
    store: StoreContextMut<'_, T>,
    f: impl FnOnce(&mut Stop<'_, T>) -> R,
) -> R {
    let mut roots = RootScope::new(store);
    let store = RefCell::new(roots.as_context_mut());
    f(&mut Stop { store, shared, cause, top, operation: None, known: Known::default() })
}
