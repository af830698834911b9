//! One stop: the guest stands still, or runs only for the debugger's operations, until the debugger lets it go on.
//!
//! Invariant: the stop's store is either here, within reach of the debugger while that is polled, or lent to an
//! [operation](crate::operation), never both.

use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::Ordering::{Relaxed, SeqCst},
    },
    task::{Context, Poll},
};

use wasmtime::{FrameHandle, StoreContextMut};

use crate::{
    Event, Freeze,
    event::Cause,
    operation::Work,
    scope::{self, Here},
    shared::{Shared, lock},
};

/// Where the store of a callback is.
pub(crate) enum Lent<'s, T: 'static> {
    Here(StoreContextMut<'s, T>),
    Out(Work<'s, T>),
    /// The operation has panicked.
    Gone,
}

impl<'s, T: 'static> Lent<'s, T> {
    pub(crate) fn here(&mut self) -> Option<&mut StoreContextMut<'s, T>> {
        match self {
            Self::Here(store) => Some(store),
            _ => None,
        }
    }
}

/// A stop, its number within the session and its event, until that is delivered.
pub(crate) struct Stopped {
    pub event: Cell<Option<Event>>,
    pub cause: Cause,
    pub number: u64,
}

impl Stopped {
    pub(crate) fn new<T: 'static>(shared: &Shared<T>, event: Event, cause: Cause) -> Self {
        // Only a handler that has the store gets here: nobody counts at the same time.
        let number = shared.next_stop.load(Relaxed);
        shared.next_stop.store(number + 1, Relaxed);
        Self { event: Cell::new(Some(event)), cause, number }
    }
}

/// See the module's header.
pub(crate) struct Standing<'s, T: 'static> {
    pub lent: Lent<'s, T>,
    /// The innermost frame, where it's known to be sound.
    pub top: Option<FrameHandle>,
    /// The stop that is under way.
    pub stopped: Option<Stopped>,
    /// In which of the session's polls a kill found it here.
    killed_in: Option<u64>,
}

impl<T: Send + 'static> Standing<'_, T> {
    /// Stands still until the debugger lets the guest go on.
    pub(crate) fn stand(&mut self, shared: &Arc<Shared<T>>, freeze: Freeze, cx: &mut Context<'_>) -> Poll<()> {
        let Some(stopped) = &mut self.stopped else { return Poll::Ready(()) };
        loop {
            if let Lent::Out(work) = &mut self.lent {
                let Poll::Ready(finished) = work.as_mut().poll(cx) else {
                    // A stop within it, or a host function that waits; also under `Freeze::Thread`, as what it waits for
                    // may need this thread.
                    shared.wake.set_guest(cx.waker());
                    return Poll::Pending;
                };
                self.lent = Lent::Here(finished.store);
                shared.ops.left();
                if finished.event.is_some() {
                    stopped.event.set(finished.event);
                }
            }
            if shared.killed() {
                return self.killed(shared, cx);
            }
            if shared.ops.given_up(stopped.number) {
                // Whoever polls us, up to that operation, drops us.
                return Poll::Pending;
            }
            let Lent::Here(store) = &mut self.lent else { return Poll::Ready(()) };
            let mut coroutine = lock(&shared.coroutine);
            if !coroutine.pollable() {
                // Not below the session's poll: it was leaked, or the body took the store elsewhere.
                return Poll::Ready(());
            }
            if shared.detached() {
                forget(shared, store);
                return Poll::Ready(());
            }
            shared.wake_nexts();
            let here = Here {
                stop: stopped.number,
                cause: stopped.cause,
                top: self.top.as_ref(),
                store: &mut *store,
                event: &stopped.event,
            };
            let ended = scope::enter(shared, Some(here), || shared.poll_debugger(&mut coroutine));
            drop(coroutine);
            if ended {
                forget(shared, store);
                return Poll::Ready(());
            }
            if shared.ops.any() && shared.lets_go_on() {
                if let Some(request) = shared.ops.take(stopped.number)
                    && let Lent::Here(mut store) = std::mem::replace(&mut self.lent, Lent::Gone)
                {
                    if shared.waiting.any() {
                        shared.keep_interrupt(&mut store);
                    }
                    self.lent = Lent::Out(request.start(shared.clone(), stopped.cause, store));
                    shared.ops.entered();
                    shared.stopped.store(0, SeqCst);
                }
                continue;
            }
            if shared.ops.given_up(stopped.number) {
                continue;
            }
            if stopped.event.get_mut().is_none() && shared.waiting.any() {
                return Poll::Ready(());
            }
            shared.stopped.store(stopped.number, SeqCst);
            match freeze {
                Freeze::Task => {
                    shared.wake.set_guest(cx.waker());
                    if shared.wake.woken() {
                        cx.waker().wake_by_ref();
                    }
                    return Poll::Pending;
                }
                Freeze::Thread => shared.wake.park(|| shared.killed() || shared.detached()),
            }
        }
    }
}

impl<'s, T: 'static> Standing<'s, T> {
    pub(crate) fn new(store: StoreContextMut<'s, T>) -> Self {
        Self { lent: Lent::Here(store), top: None, stopped: None, killed_in: None }
    }

    /// Waits to be dropped by the session. If the session doesn't get to it, because a host function blocks the thread on
    /// this very call into the guest, that call is made to end by itself.
    fn killed(&mut self, shared: &Shared<T>, cx: &mut Context<'_>) -> Poll<()> {
        let poll = shared.polls.load(Relaxed);
        if self.killed_in.replace(poll) != Some(poll) {
            // Whoever polls us, up to the session, shall look again.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        shared.kill_by_trap.store(true, SeqCst);
        if let Some(store) = self.lent.here()
            && shared.clock.ours
        {
            store.set_epoch_deadline(0);
        }
        Poll::Ready(())
    }

    /// The host has dropped the guest's call. Wasmtime has resumed its fiber to unwind it: we're on it, in a destructor.
    pub(crate) fn dropped(&mut self, shared: &Shared<T>) {
        let Some(stopped) = self.stopped.take() else { return };
        self.end_operation(shared);
        drop(shared.ops.take(stopped.number));
        shared.stopped.store(0, SeqCst);
        shared.wake.clear_guest();
        if !shared.ops.dropping() {
            shared.push(Event::Cancelled);
        }
    }

    fn end_operation(&mut self, shared: &Shared<T>) {
        if matches!(self.lent, Lent::Out(_)) {
            let work = std::mem::replace(&mut self.lent, Lent::Gone);
            shared.ops.left();
            shared.ops.drop_quietly(work);
        }
    }

    /// The stop is over.
    pub(crate) fn finish(&mut self, shared: &Shared<T>) {
        self.stopped = None;
        if shared.stopped.load(SeqCst) != 0 {
            shared.stopped.store(0, SeqCst);
            shared.wake.clear_guest();
        }
        self.end_operation(shared);
        if let Some(store) = self.lent.here() {
            shared.resuming(store);
        }
    }
}

/// The debugger is over, or lets go: takes out what it left in the code.
pub(crate) fn forget<T: 'static>(shared: &Shared<T>, store: &mut StoreContextMut<'_, T>) {
    let mut registry = lock(&shared.registry);
    if !registry.cleared {
        let _ = registry.clear(store);
    }
}
