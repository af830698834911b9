//! The one waker that the debugger is polled with, wherever it is polled.
//!
//! Invariant: a wake-up is never lost: `woken` is set before anybody is told, and whoever is about to wait looks at it
//! after having said where it waits.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Wake, Waker},
    thread::Thread,
};

use crate::shared::lock;

/// Wakes whoever polls the debugger next.
#[derive(Default)]
pub(crate) struct DebuggerWaker {
    woken: AtomicBool,
    waiters: Mutex<Waiters>,
}

#[derive(Default)]
struct Waiters {
    /// The session's future.
    root: Option<Waker>,
    /// The stopped guest's future; it lies somewhere inside the body, whose combinators may poll only what was woken.
    guest: Option<Waker>,
    /// The thread that is parked in the handler.
    parked: Option<Thread>,
}

impl DebuggerWaker {
    #[inline]
    pub(crate) fn woken(&self) -> bool {
        self.woken.load(SeqCst)
    }

    /// To be called before each poll of the debugger.
    #[inline]
    pub(crate) fn reset(&self) {
        // Looking costs less than writing, and most polls follow no wake-up.
        if self.woken() {
            self.woken.store(false, SeqCst);
        }
    }

    pub(crate) fn set_root(&self, waker: &Waker) {
        set(&mut lock(&self.waiters).root, waker);
    }

    pub(crate) fn set_guest(&self, waker: &Waker) {
        set(&mut lock(&self.waiters).guest, waker);
    }

    pub(crate) fn clear_guest(&self) {
        let old = lock(&self.waiters).guest.take();
        // Outside of the lock: a waker is the embedder's code.
        drop(old);
    }

    pub(crate) fn clear(&self) {
        let old = std::mem::take(&mut *lock(&self.waiters));
        drop(old);
    }

    /// Parks this thread until woken or `until` holds.
    pub(crate) fn park(&self, until: impl Fn() -> bool) {
        lock(&self.waiters).parked = Some(std::thread::current());
        while !self.woken() && !until() {
            std::thread::park();
        }
        lock(&self.waiters).parked = None;
    }
}

fn set(slot: &mut Option<Waker>, waker: &Waker) {
    match slot {
        Some(old) => old.clone_from(waker),
        None => *slot = Some(waker.clone()),
    }
}

impl Wake for DebuggerWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, SeqCst);
        let (root, guest) = {
            let waiters = lock(&self.waiters);
            if let Some(thread) = &waiters.parked {
                return thread.unpark();
            }
            (waiters.root.clone(), waiters.guest.clone())
        };
        // Outside of the lock: a waker is the embedder's code.
        if let Some(root) = root
            && guest.as_ref().is_none_or(|guest| !guest.will_wake(&root))
        {
            root.wake();
        }
        if let Some(guest) = guest {
            guest.wake();
        }
    }
}
