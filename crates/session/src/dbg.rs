//! The debugger's side: waiting for events, and reaching the stopped guest.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::Ordering::{Relaxed, SeqCst},
    },
    task::{Context, Poll},
};

use wasmtime::{Func, Val};

use crate::{
    CallId, Control, Error, Event, Filter, Stop, WithAsync,
    operation::{give_up_call, start_call},
    scope::{self, Taken},
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

    /// As [`with`](Self::with), for an `f` that can fail: one result instead of one within another.
    ///
    /// ```no_run
    /// # fn f(dbg: &freezeframe_session::Dbg<()>, module: &wasmtime::Module, pc: u32) -> Result<(), freezeframe_session::Error> {
    /// let id = dbg.try_with(|stop| stop.add_breakpoint(module, pc))?;
    /// # let _ = id; Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`with`](Self::with), and those of `f`.
    pub fn try_with<R, E: From<Error>>(&self, f: impl FnOnce(&mut Stop<'_, T>) -> Result<R, E>) -> Result<R, E> {
        self.with(f)?
    }

    /// Gives the stopped guest to what has to be awaited: calls into the guest, allocations, collections.
    ///
    /// ```no_run
    /// # async fn f(dbg: freezeframe_session::Dbg<()>, func: wasmtime::TypedFunc<i32, i32>) -> Result<(), Box<dyn std::error::Error>> {
    /// let answer = dbg.with_async(move |mut stop| Box::pin(async move { func.call_async(stop.store(), 6).await })).await??;
    /// # Ok(()) }
    /// ```
    /// It's run by the stop itself, so that its future must own what it uses, and be `Send`: neither can be left to a
    /// handle that may be moved or forgotten. The guest runs only as far as `f` makes it, and stops nowhere, unless
    /// `next()` is awaited at the same time: then it stops as ever, and this waits until the guest was resumed.
    ///
    /// Not cancel-safe: dropped, or left behind by a `next()` that resumes the guest, its work is dropped where it is. A
    /// call into the guest that was under way then makes Wasmtime lose its handler: [`Event::Lost`].
    ///
    /// # Errors
    /// [`Error::NotStopped`] as for [`with`](Self::with), and if the host drops the stopped guest before this has ended;
    /// [`Error::Busy`] if another operation was asked for at this stop.
    pub fn with_async<R, F>(&self, f: F) -> WithAsync<T, R>
    where
        F: for<'a> FnOnce(Stop<'a, T>) -> Pin<Box<dyn Future<Output = R> + Send + 'a>> + Send + 'static,
        R: Send + 'static,
    {
        WithAsync::new(self.0.clone(), f)
    }

    /// Starts a call of a guest function, on top of the stopped stack. The next [`next`](Self::next) runs it, and gives
    /// the stops within it as any other, where everything can be done that can be done at a stop, another call included;
    /// then [`Event::CallFinished`], and the guest is stopped again where it was.
    ///
    /// In components call core functions (`Instance::debug_function`): a call through the component's own interface
    /// starts an event loop of its own in the midst of another one.
    ///
    /// # Errors
    /// [`Error::NotStopped`] as for [`with`](Self::with); [`Error::Busy`] if an operation was asked for already.
    pub fn call(&self, func: Func, args: &[Val]) -> Result<CallId, Error> {
        start_call(&self.0, func, args)
    }

    /// Gives up a call that was started, wherever it is, with the calls that were started within it. At the next
    /// [`next`](Self::next) it's dropped, and arrives as [`Event::CallFinished`] with an error, and
    /// [`Event::Lost`]: Wasmtime loses its handler.
    ///
    /// # Errors
    /// [`Error::NoCall`] if it has ended.
    pub fn give_up(&self, call: CallId) -> Result<(), Error> {
        give_up_call(&self.0, call)
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

    // Inlined, the event is made where the debugger looks at it.
    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let shared = self.shared;
        let Some(Taken { common, other, stop }) = scope::take_event(shared) else {
            // In another task, or after the end.
            if std::mem::take(&mut self.counted) {
                shared.waiting.leave();
            }
            return Poll::Ready(None);
        };
        if common.is_some() || other.is_some() {
            self.count(false);
            shared.delivered.store(stop, Relaxed);
            return Poll::Ready(match common {
                Some(common) => Some(common.into()),
                None => other.map(|event| *event),
            });
        }
        shared.delivered.store(0, Relaxed);
        if shared.finished.load(SeqCst) || shared.detached() {
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
