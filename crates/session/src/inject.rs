//! Making the operator at which the guest stands fail: by an exception or by an error.
//!
//! A debug handler has no result, so that it can't do this. The store's call hook can: Wasmtime asks it after each return
//! of host code to the guest, that of the debug handler's library call included.
//!
//! Invariant: what is injected is handed out at the return from the very callback in which it was asked for. It's armed when
//! that callback ends, and the next thing that returns to the guest is that callback; it's put aside while an operation
//! runs, in which there are other callbacks; and it's dropped with a callback that is dropped.

use std::sync::{
    Arc, Mutex,
    atomic::{
        AtomicBool,
        Ordering::{Relaxed, SeqCst},
    },
};

use wasmtime::{CallHook, ExnRef, OwnedRooted, Store, StoreContextMut};

use crate::{
    Killed,
    event::Cause,
    shared::{Shared, lock},
};

/// What the operator shall fail with.
pub(crate) enum Injected {
    Exception(OwnedRooted<ExnRef>),
    Error(wasmtime::Error),
}

#[derive(Default)]
pub(crate) struct Injection {
    next: Mutex<Option<Injected>>,
    any: AtomicBool,
    armed: AtomicBool,
}

impl Injection {
    /// Asks for it; a later one replaces an earlier one.
    pub(crate) fn set(&self, what: Option<Injected>) {
        self.any.store(what.is_some(), SeqCst);
        let old = std::mem::replace(&mut *lock(&self.next), what);
        // Outside of the lock: an error is the debugger's code.
        drop(old);
    }

    /// Puts it aside.
    pub(crate) fn take(&self) -> Option<Injected> {
        if !self.any.load(Relaxed) {
            return None;
        }
        self.any.store(false, SeqCst);
        lock(&self.next).take()
    }

    /// The callback ends.
    #[inline]
    pub(crate) fn arm(&self) {
        if self.any.load(Relaxed) {
            self.armed.store(true, SeqCst);
        }
    }

    fn take_armed(&self) -> Option<Injected> {
        if self.armed.load(Relaxed) && self.armed.swap(false, SeqCst) { self.take() } else { None }
    }
}

/// Makes the guest of this stop fail with `what` when it goes on, instead of what it would have failed with.
pub(crate) fn at_stop<T: 'static>(
    shared: &Shared<T>,
    store: &mut StoreContextMut<'_, T>,
    cause: Cause,
    what: Injected,
) {
    match what {
        Injected::Exception(exception) if cause == Cause::Exception => {
            store.take_pending_exception();
            let exception = exception.to_rooted(&mut *store);
            // Its error is the sign that there is one pending.
            let _ = store.throw::<()>(exception);
        }
        what => shared.injection.set(Some(what)),
    }
}

/// Takes over the store's call hook.
pub(crate) fn take_over<T: 'static>(store: &mut Store<T>, shared: &Arc<Shared<T>>) {
    let session = shared.clone();
    store.call_hook(move |store, hook| match hook {
        CallHook::ReturningFromHost => returning(&session, store),
        // A killed guest calls nobody any more.
        CallHook::CallingHost if session.kill_by_trap.load(Relaxed) => Err(wasmtime::Error::new(Killed)),
        _ => Ok(()),
    });
}

fn returning<T: 'static>(shared: &Shared<T>, mut store: StoreContextMut<'_, T>) -> wasmtime::Result<()> {
    match shared.injection.take_armed() {
        _ if shared.kill_by_trap.load(Relaxed) => Err(wasmtime::Error::new(Killed)),
        None => Ok(()),
        Some(Injected::Error(error)) => Err(error),
        Some(Injected::Exception(exception)) => {
            let exception = exception.to_rooted(&mut store);
            store.throw(exception)
        }
    }
}

/// Leaves the store without a call hook.
pub(crate) fn give_back<T: 'static>(store: &mut Store<T>) {
    store.call_hook(|_, _| Ok(()));
}
