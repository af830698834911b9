//! The debugger's side: waiting for events, and reaching the stopped guest.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::Ordering::{Relaxed, SeqCst},
    },
    task::{Context, Poll},
};

use crate::{
    Control, Error, Event, Filter, Stop, scope,
    shared::{Shared, lock},
};

/// The debugger's handle to its session. It works only in the debugger's own task; other threads and tasks use a
/// [`Control`].
pub struct Dbg<T: 'static>(pub(crate) Arc<Shared<T>>);

impl<T> Clone for Dbg<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Send + 'static> Dbg<T> {
    /// Lets the guest run and waits for the next event; `None` once the body is over.
    ///
    /// The guest runs only while this is awaited. Cancel-safe: dropped, the guest isn't polled until the next `next()`,
    /// and no event is lost.
    // It isn't an iterator's: it's awaited.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Next<'_, T> {
        Next { shared: &self.0, counted: false }
    }

    /// Gives the stopped guest to `f`.
    ///
    /// # Errors
    /// [`Error::NotStopped`] at any other time and place than between an event of a stop and the following `next()`, in
    /// the debugger's own task; [`Error::Busy`] within itself.
    pub fn with<R>(&self, f: impl FnOnce(&mut Stop<'_, T>) -> R) -> Result<R, Error> {
        scope::with_store(&self.0, self.0.delivered.load(Relaxed), f)
    }

    /// Sets what decides, in the handler and without polling the debugger, whether an event is a stop; `None` takes it
    /// out. All events but [`Attached`](Event::Attached), [`Cancelled`](Event::Cancelled) and [`Lost`](Event::Lost) go
    /// through it.
    ///
    /// A filter that panics is dropped, and the panic is handed out with the session's result.
    pub fn set_filter(&self, filter: Option<Filter<T>>) {
        self.0.filter.set(filter);
    }

    /// A handle by which other threads can act on the session.
    pub fn control(&self) -> Control {
        Control::new(&self.0)
    }
}

/// The future of [`Dbg::next`].
#[must_use = "the guest runs only while this is awaited"]
pub struct Next<'a, T: 'static> {
    shared: &'a Shared<T>,
    counted: bool,
}

impl<T> Next<'_, T> {
    /// Says whether this one lets the guest run. To be called below a poll of the debugger.
    fn count(&mut self, on: bool) {
        if on != self.counted {
            self.counted = on;
            self.shared.waiting.change(on);
        }
    }
}

impl<T: 'static> Future for Next<'_, T> {
    type Output = Option<Event>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let shared = self.shared;
        let Some((event, stop)) = scope::take_event(shared) else {
            // In another task, or after the end.
            if std::mem::take(&mut self.counted) {
                shared.waiting.leave();
            }
            return Poll::Ready(None);
        };
        if event.is_some() {
            self.count(false);
            shared.delivered.store(stop, Relaxed);
            return Poll::Ready(event);
        }
        shared.delivered.store(0, Relaxed);
        if shared.finished.load(SeqCst) {
            self.count(false);
            return Poll::Ready(None);
        }
        self.count(true);
        if !cx.waker().will_wake(&shared.waker) {
            lock(&shared.extra).push(cx.waker().clone());
            shared.has_extra.store(true, SeqCst);
        }
        Poll::Pending
    }
}

impl<T> Drop for Next<'_, T> {
    fn drop(&mut self) {
        if !self.counted {
            return;
        }
        match scope::inside(self.shared) {
            true => self.count(false),
            false => self.shared.waiting.leave(),
        }
    }
}
