//! The debugger's future, kept where the debug handler can reach it.
//!
//! A handler has to be `'static`, the debugger's future borrows from the session's caller. So its lifetime is erased.
//!
//! Invariant: the future is polled or dropped only while the session's own future is alive.
//!
//! Why this holds:
//! * It is polled only through the lock, and only while `active`: that is set by the session's `poll` (and its attach
//!   phase) for the time that this poll is on some stack, under the same lock. So the session's future exists then,
//!   and with it everything that the debugger borrows.
//! * The session's future drops it ([`Coroutine::end`]) in a guard that is made in the same breath as the erased
//!   future and stands in that future's own frame.
//! * If the session's future is leaked instead, nothing ever sets `active` again: the debugger is leaked with it.
//! * It's `Send`, because the handler may run on any thread that polls the guest; or it has an owner, the thread on which
//!   it was made, and is polled on no other. The session's future isn't `Send` then, so that it's dropped there, too.

use std::{
    pin::Pin,
    task::{Context, Poll},
    thread::ThreadId,
};

type Erased = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The debugger's future and whether it may be touched.
#[derive(Default)]
pub(crate) struct Coroutine {
    future: Option<Erased>,
    active: bool,
    /// The only thread that may touch it, if it isn't `Send`.
    owner: Option<ThreadId>,
}

impl Coroutine {
    /// Takes in a future that lives for `'d` only.
    ///
    /// # Safety
    /// Before `'d` ends, [`end`](Self::end) must have been called, or nobody may set this [active](Self::set_active)
    /// any more.
    pub(crate) unsafe fn start<'d>(&mut self, future: Pin<Box<dyn Future<Output = ()> + Send + 'd>>) {
        // SAFETY: only the lifetime changes; the caller promises what the module's header needs.
        self.future =
            Some(unsafe { std::mem::transmute::<Pin<Box<dyn Future<Output = ()> + Send + 'd>>, Erased>(future) });
    }

    /// As [`start`](Self::start), for a future that isn't `Send`.
    ///
    /// # Safety
    /// As there; and this thread alone may call [`end`](Self::end).
    pub(crate) unsafe fn start_local<'d>(&mut self, future: Pin<Box<dyn Future<Output = ()> + 'd>>) {
        // SAFETY: besides the lifetime, this adds `Send`: `poll` sees to it that only this thread polls it, the caller
        // that only this one drops it.
        self.future = Some(unsafe { std::mem::transmute::<Pin<Box<dyn Future<Output = ()> + 'd>>, Erased>(future) });
        self.owner = Some(std::thread::current().id());
    }

    pub(crate) fn set_active(&mut self, active: bool) {
        self.active = active;
    }

    /// Whether it may be polled here and now.
    #[inline]
    pub(crate) fn pollable(&self) -> bool {
        self.active && self.future.is_some() && self.at_home()
    }

    #[inline]
    fn at_home(&self) -> bool {
        self.owner.is_none_or(|owner| owner == std::thread::current().id())
    }

    /// Whether it's over.
    pub(crate) fn ended(&self) -> bool {
        self.future.is_none()
    }

    /// Polls it; ready if it is over or must not be touched.
    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let here = self.active && self.at_home();
        match &mut self.future {
            Some(future) if here => future.as_mut().poll(cx),
            _ => Poll::Ready(()),
        }
    }

    /// Drops it.
    pub(crate) fn end(&mut self) {
        self.future = None;
    }
}
