//! One stop: the guest stands still, or runs only for the debugger's operations, until the debugger lets it go on.
//!
//! Invariant: the stop's store is either here, within reach of the debugger while that is polled, or lent to an
//! [operation](crate::operation), never both.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::Ordering::{Relaxed, SeqCst},
    },
    task::{Context, Poll},
};

use wasmtime::{ExnRef, FrameHandle, OwnedRooted, StoreContextMut};

use crate::{
    Event, Freeze,
    errors::LastError,
    event::{Cause, Undelivered},
    inject::{self, Injected},
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
    pub event: Undelivered,
    pub cause: Cause,
    pub number: u64,
}

impl Stopped {
    #[inline]
    pub(crate) fn new<T: 'static>(shared: &Shared<T>, event: impl Into<Undelivered>, cause: Cause) -> Self {
        // Only a handler that has the store gets here: nobody counts at the same time.
        let number = shared.next_stop.load(Relaxed);
        shared.next_stop.store(number + 1, Relaxed);
        Self { event: event.into(), cause, number }
    }
}

/// See the module's header.
pub(crate) struct Standing<'s, T: 'static> {
    pub lent: Lent<'s, T>,
    /// The innermost frame, where it's known to be sound.
    pub top: Option<FrameHandle>,
    /// The stop that is under way.
    pub stopped: Option<Stopped>,
    /// What belongs to this stop and must not meet an operation.
    aside: Option<Box<Aside>>,
    /// In which of the session's polls a kill found it here, and how often.
    killed_in: (u64, u32),
}

/// What an operation would change behind the guest's back: put aside while one is under way.
struct Aside {
    /// The exception on its way. A store has room for one, and a call that throws needs it.
    exception: Option<OwnedRooted<ExnRef>>,
    injected: Option<Injected>,
    error: Option<LastError>,
}

impl Aside {
    fn put<T: 'static>(shared: &Shared<T>, store: &mut StoreContextMut<'_, T>) -> Self {
        let exception = store.take_pending_exception();
        Self {
            // It was just taken from this store, so that it's rooted.
            exception: exception.and_then(|exception| exception.to_owned_rooted(&mut *store).ok()),
            injected: shared.injection.take(),
            error: lock(&shared.last_error).take(),
        }
    }

    /// Puts it back. What the operation has left is nobody's.
    fn back<T: 'static>(self, shared: &Shared<T>, store: &mut StoreContextMut<'_, T>) {
        store.take_pending_exception();
        if let Some(exception) = self.exception {
            let exception = exception.to_rooted(&mut *store);
            // Its error is the sign that there is one pending.
            let _ = store.throw::<()>(exception);
        }
        shared.injection.set(self.injected);
        *lock(&shared.last_error) = self.error;
    }
}

/// How often a killed guest may be polled again, within one poll of the session, before that is taken for a host that
/// blocks its thread. Combinators poll what is woken again, too, but not for long.
const POLLS_OF_A_HOST_THAT_BLOCKS: u32 = 64;

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
                let mut store = finished.store;
                if let Some(aside) = self.aside.take() {
                    aside.back(shared, &mut store);
                }
                if let Some(injected) = finished.injected {
                    inject::at_stop(shared, &mut store, stopped.cause, injected);
                }
                self.lent = Lent::Here(store);
                shared.ops.left();
                match finished.event {
                    Some(event) => stopped.event = event.into(),
                    // The stops within it were others: whoever awaited it is at this one again.
                    None => shared.delivered.store(stopped.number, Relaxed),
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
            if shared.ops.any()
                && let Some(request) = shared.ops.take(stopped.number, shared.waiting.any())
            {
                if let Lent::Here(mut store) = std::mem::replace(&mut self.lent, Lent::Gone) {
                    self.aside = Some(Box::new(Aside::put(shared, &mut store)));
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
            if !stopped.event.any() && shared.waiting.any() {
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
    #[inline]
    pub(crate) fn new(store: StoreContextMut<'s, T>) -> Self {
        Self { lent: Lent::Here(store), top: None, stopped: None, aside: None, killed_in: (0, 0) }
    }

    /// Waits to be dropped by the session. If the session doesn't get to it, because a host function blocks the thread on
    /// this very call into the guest, that call is made to end by itself.
    fn killed(&mut self, shared: &Shared<T>, cx: &mut Context<'_>) -> Poll<()> {
        let poll = shared.polls.load(Relaxed);
        let (before, times) = self.killed_in;
        self.killed_in = (poll, if before == poll { times + 1 } else { 0 });
        if self.killed_in.1 < POLLS_OF_A_HOST_THAT_BLOCKS {
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
        if self.stopped.take().is_none() {
            return;
        }
        self.end_operation(shared);
        shared.ops.forget();
        shared.injection.set(None);
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
            // The host's destructors run in there; whatever they do, the books are kept.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| shared.ops.drop_quietly(work))) {
                shared.panicked(panic);
            }
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
        shared.ops.forget();
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
