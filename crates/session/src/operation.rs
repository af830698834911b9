//! Operations: what has to be awaited with the store of a stop, such as calls into the guest and collections.
//!
//! ```text
//!   stopped ── asked for ──▶ the stop lends its store to the operation ── it ends ──▶ stopped, as before
//!                              │          ▲
//!                              ▼          │ a stop within: its own handler, its own store, operations of its own
//!                            stopped (one deeper)
//! ```
//! Invariant: an operation has the store of its stop while it's under way and gives it back when it ends. It's started,
//! polled and dropped by that stop alone, which is on the guest's fiber: so the stacks of guests within each other are
//! left in the order in which they were entered, whatever becomes of the futures and handles that asked for it.

use std::{
    any::Any,
    cell::RefCell,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{
            AtomicBool, AtomicU64, AtomicUsize,
            Ordering::{Relaxed, SeqCst},
        },
    },
    task::{Context, Poll, Waker},
};

use wasmtime::{AnyRef, AsContextMut, ExnRef, ExternRef, Func, OwnedRooted, RootScope, StoreContextMut, Val};

use crate::{
    Error, Event, Stop,
    event::Cause,
    frames::Known,
    inject::Injected,
    scope,
    shared::{Panic, Shared, lock, wake_now},
};

/// An operation under way.
pub(crate) type Work<'s, T> = Pin<Box<dyn Future<Output = Finished<'s, T>> + Send + 's>>;

/// An operation that has ended.
pub(crate) struct Finished<'s, T: 'static> {
    pub store: StoreContextMut<'s, T>,
    /// What the debugger is told of it, if it awaits an event.
    pub event: Option<Event>,
    /// What the guest shall fail with.
    pub injected: Option<Injected>,
}

/// An operation that was asked for.
pub(crate) trait Request<T: 'static>: Send {
    /// Whether it's run by `next()`, which tells of its stops and of its end; else by whoever awaits it.
    fn waits_for_next(&self) -> bool;

    fn start<'s>(self: Box<Self>, shared: Arc<Shared<T>>, cause: Cause, store: StoreContextMut<'s, T>) -> Work<'s, T>;
}

/// A request, and the number of the stop at which it was made.
struct AtStop<T: 'static> {
    stop: u64,
    request: Box<dyn Request<T>>,
}

/// The operations of a session.
pub(crate) struct Operations<T: 'static> {
    /// The one that was asked for and hasn't started.
    next: Mutex<Option<AtStop<T>>>,
    any: AtomicBool,
    under_way: AtomicUsize,
    /// How many `with_async` are being awaited.
    awaited: AtomicUsize,
    /// The number of the stop whose operation was given up, the outermost if there are several: the stops within it, which
    /// have larger numbers, are not resumed any more. `u64::MAX`: none.
    given_up: AtomicU64,
    /// An operation is being dropped: the stops within it end with it, and are no news.
    dropping: AtomicBool,
    /// The calls that were started, to be given up from outside.
    calls: Mutex<Vec<(CallId, Arc<Ticket>)>>,
    last_call: AtomicU64,
}

impl<T: 'static> Default for Operations<T> {
    fn default() -> Self {
        Self {
            next: Mutex::default(),
            any: AtomicBool::new(false),
            under_way: AtomicUsize::new(0),
            awaited: AtomicUsize::new(0),
            given_up: AtomicU64::new(u64::MAX),
            dropping: AtomicBool::new(false),
            calls: Mutex::default(),
            last_call: AtomicU64::new(0),
        }
    }
}

impl<T: 'static> Operations<T> {
    fn ask(&self, stop: u64, request: Box<dyn Request<T>>) -> Result<(), Error> {
        let mut next = lock(&self.next);
        if next.as_ref().is_some_and(|other| other.stop == stop) {
            return Err(Error::Busy);
        }
        let stale = next.replace(AtStop { stop, request });
        self.any.store(true, SeqCst);
        // Outside of the lock: its destructor is the debugger's code.
        drop(next);
        drop(stale);
        Ok(())
    }

    /// Whether one was asked for.
    pub(crate) fn any(&self) -> bool {
        self.any.load(Relaxed)
    }

    /// The one that was asked for at this stop and can start. `next`: a `next()` is being awaited.
    pub(crate) fn take(&self, stop: u64, next: bool) -> Option<Box<dyn Request<T>>> {
        let mut asked = lock(&self.next);
        if asked.as_ref().is_none_or(|asked| asked.stop != stop || (asked.request.waits_for_next() && !next)) {
            return None;
        }
        self.any.store(false, SeqCst);
        asked.take().map(|asked| asked.request)
    }

    /// Drops what was asked for and hasn't started.
    pub(crate) fn forget(&self) {
        if self.any() {
            self.any.store(false, SeqCst);
            let asked = lock(&self.next).take();
            // Outside of the lock: its destructor is the debugger's code.
            drop(asked);
        }
    }

    pub(crate) fn awaited(&self) -> bool {
        self.awaited.load(SeqCst) != 0
    }

    pub(crate) fn under_way(&self) -> bool {
        self.under_way.load(Relaxed) != 0
    }

    pub(crate) fn entered(&self) {
        self.under_way.fetch_add(1, SeqCst);
    }

    pub(crate) fn left(&self) {
        self.under_way.fetch_sub(1, SeqCst);
    }

    /// Whether this stop is within an operation that was given up.
    pub(crate) fn given_up(&self, stop: u64) -> bool {
        self.given_up.load(SeqCst) < stop
    }

    fn give_up(&self, ticket: &Ticket) {
        ticket.given_up.store(true, SeqCst);
        self.given_up.fetch_min(ticket.stop.load(SeqCst), SeqCst);
    }

    /// The operation of this ticket is over.
    fn over(&self, ticket: &Ticket) {
        let stop = ticket.stop.load(SeqCst);
        let _ = self.given_up.compare_exchange(stop, u64::MAX, SeqCst, SeqCst);
    }

    pub(crate) fn dropping(&self) -> bool {
        self.dropping.load(SeqCst)
    }

    /// Drops an operation, or a part of one, with the stops in it.
    pub(crate) fn drop_quietly<X>(&self, what: X) {
        let outer = self.dropping.swap(true, SeqCst);
        // Destructors of the guest's host run in there.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(what)));
        self.dropping.store(outer, SeqCst);
        if let Err(panic) = dropped {
            std::panic::resume_unwind(panic);
        }
    }
}

/// Names a call that a debugger has started, within its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub(crate) u64);

/// The values that a guest function has returned. References in it are kept alive as long as it is.
pub struct Returned(Vec<Kept>);

enum Kept {
    Plain(Val),
    Extern(OwnedRooted<ExternRef>),
    Any(OwnedRooted<AnyRef>),
    Exn(OwnedRooted<ExnRef>),
}

impl Kept {
    fn new(store: impl AsContextMut, value: Val) -> wasmtime::Result<Self> {
        Ok(match value {
            Val::ExternRef(Some(r)) => Self::Extern(r.to_owned_rooted(store)?),
            Val::AnyRef(Some(r)) => Self::Any(r.to_owned_rooted(store)?),
            Val::ExnRef(Some(r)) => Self::Exn(r.to_owned_rooted(store)?),
            plain => Self::Plain(plain),
        })
    }

    fn value(&self, store: impl AsContextMut) -> Val {
        match self {
            Self::Plain(value) => *value,
            Self::Extern(r) => Val::ExternRef(Some(r.to_rooted(store))),
            Self::Any(r) => Val::AnyRef(Some(r.to_rooted(store))),
            Self::Exn(r) => Val::ExnRef(Some(r.to_rooted(store))),
        }
    }
}

impl Returned {
    fn new(mut store: impl AsContextMut, values: Vec<Val>) -> wasmtime::Result<Self> {
        values.into_iter().map(|value| Kept::new(&mut store, value)).collect::<wasmtime::Result<_>>().map(Self)
    }

    /// The values. References are rooted until the `with` of `stop` ends.
    pub fn values<T: 'static>(&self, stop: &mut Stop<'_, T>) -> Vec<Val> {
        self.0.iter().map(|kept| kept.value(stop.store())).collect()
    }
}

impl fmt::Debug for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Name(&'static str);
        impl fmt::Debug for Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0)
            }
        }
        let values = self.0.iter().map(|kept| -> &dyn fmt::Debug {
            match kept {
                Kept::Plain(value) => value,
                Kept::Extern(_) => &Name("externref"),
                Kept::Any(_) => &Name("anyref"),
                Kept::Exn(_) => &Name("exnref"),
            }
        });
        f.debug_list().entries(values).finish()
    }
}

/// Says that an operation is no longer wanted.
struct Ticket {
    given_up: AtomicBool,
    /// The number of the stop at which the operation was asked for; `u64::MAX` before.
    stop: AtomicU64,
}

impl Ticket {
    fn new(stop: u64) -> Self {
        Self { given_up: AtomicBool::new(false), stop: AtomicU64::new(stop) }
    }

    fn given_up(&self) -> bool {
        self.given_up.load(SeqCst)
    }
}

/// How an operation's work has ended.
enum Ended<R> {
    Done(R),
    GivenUp,
    Panicked(Panic),
}

/// Awaits `work`, or its being given up, by its asker or by a debugger that lets go.
async fn unless_given_up<T: 'static, R>(
    shared: &Shared<T>,
    ticket: &Ticket,
    mut work: Pin<Box<dyn Future<Output = R> + Send + '_>>,
) -> Ended<R> {
    let given_up = || ticket.given_up() || shared.detached();
    let ended = std::future::poll_fn(|cx| {
        if given_up() {
            return Poll::Ready(Ended::GivenUp);
        }
        // A panic (of the debugger's closure, or of a host function) must not take the store along.
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(Poll::Ready(result)) => Poll::Ready(Ended::Done(result)),
            Ok(Poll::Pending) if given_up() => Poll::Ready(Ended::GivenUp),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(Ended::Panicked(panic)),
        }
    })
    .await;
    shared.ops.drop_quietly(work);
    ended
}

/// What a [`WithAsync`] and its operation share.
struct Slot<R> {
    ticket: Ticket,
    state: Mutex<State<R>>,
}

enum State<R> {
    Pending(Option<Waker>),
    Done(R),
    Panicked(Panic),
    /// Dropped before its end, or taken.
    Gone,
}

impl<R> Slot<R> {
    fn set(&self, state: State<R>) {
        let old = std::mem::replace(&mut *lock(&self.state), state);
        if let State::Pending(Some(waker)) = old {
            waker.wake();
        }
    }
}

type Closure<T, R> = dyn for<'a> FnOnce(Stop<'a, T>) -> Pin<Box<dyn Future<Output = R> + Send + 'a>> + Send;

/// The request of a [`WithAsync`]; dropped without having ended, the slot says so.
struct Asked<T: 'static, R> {
    closure: Option<Box<Closure<T, R>>>,
    slot: Arc<Slot<R>>,
    shared: Arc<Shared<T>>,
}

impl<T: 'static, R> Drop for Asked<T, R> {
    fn drop(&mut self) {
        if matches!(&*lock(&self.slot.state), State::Pending(_)) {
            self.slot.set(State::Gone);
        }
        // After that nobody gives it up any more.
        self.shared.ops.over(&self.slot.ticket);
        self.shared.ops.awaited.fetch_sub(1, SeqCst);
    }
}

impl<T: Send + 'static, R: Send + 'static> Request<T> for Asked<T, R> {
    fn waits_for_next(&self) -> bool {
        false
    }

    fn start<'s>(
        mut self: Box<Self>,
        shared: Arc<Shared<T>>,
        cause: Cause,
        mut store: StoreContextMut<'s, T>,
    ) -> Work<'s, T> {
        Box::pin(async move {
            let left = Mutex::new(None);
            let mut injected = None;
            if let Some(closure) = self.closure.take() {
                let mut roots = RootScope::new(&mut store);
                let stop = Stop {
                    store: RefCell::new(roots.as_context_mut()),
                    shared: &shared,
                    cause,
                    top: None,
                    operation: Some(&left),
                    known: Known::default(),
                };
                let work = closure(stop);
                match unless_given_up(&shared, &self.slot.ticket, work).await {
                    Ended::Done(result) => {
                        injected = lock(&left).take();
                        self.slot.set(State::Done(result));
                    }
                    Ended::Panicked(panic) => self.slot.set(State::Panicked(panic)),
                    Ended::GivenUp => {}
                }
            }
            drop(self);
            Finished { store, event: None, injected }
        })
    }
}

/// The future of [`Dbg::with_async`](crate::Dbg::with_async).
#[must_use = "nothing happens before this is awaited"]
pub struct WithAsync<T: 'static, R> {
    shared: Arc<Shared<T>>,
    closure: Option<Box<Closure<T, R>>>,
    slot: Arc<Slot<R>>,
}

impl<T: 'static, R> WithAsync<T, R> {
    pub(crate) fn new<F>(shared: Arc<Shared<T>>, closure: F) -> Self
    where
        F: for<'a> FnOnce(Stop<'a, T>) -> Pin<Box<dyn Future<Output = R> + Send + 'a>> + Send + 'static,
    {
        let slot = Slot { ticket: Ticket::new(u64::MAX), state: Mutex::new(State::Pending(None)) };
        Self { shared, closure: Some(Box::new(closure)), slot: Arc::new(slot) }
    }
}

impl<T: 'static, R> Unpin for WithAsync<T, R> {}

impl<T: Send + 'static, R: Send + 'static> Future for WithAsync<T, R> {
    type Output = Result<R, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Some(closure) = this.closure.take() {
            let stop = scope::stop(&this.shared)?;
            allowed(&this.shared)?;
            let (slot, shared) = (this.slot.clone(), this.shared.clone());
            slot.ticket.stop.store(stop, SeqCst);
            shared.ops.awaited.fetch_add(1, SeqCst);
            let asked = Asked { closure: Some(closure), slot, shared };
            // Refused, it's dropped, and leaves the books as they were.
            this.shared.ops.ask(stop, Box::new(asked))?;
        }
        // Wakers are others' code: neither cloned nor dropped under the lock.
        let waker = cx.waker().clone();
        let mut state = lock(&this.slot.state);
        let old = match &mut *state {
            State::Pending(old) => old.replace(waker),
            _ => {
                let ended = std::mem::replace(&mut *state, State::Gone);
                drop(state);
                return match ended {
                    State::Done(result) => Poll::Ready(Ok(result)),
                    // It's the debugger's: it asked for it.
                    State::Panicked(panic) => std::panic::resume_unwind(panic),
                    _ => Poll::Ready(Err(Error::NotStopped)),
                };
            }
        };
        drop(state);
        drop(old);
        Poll::Pending
    }
}

impl<T: 'static, R> Drop for WithAsync<T, R> {
    fn drop(&mut self) {
        if self.closure.is_some() {
            return;
        }
        let mut state = lock(&self.slot.state);
        if matches!(&*state, State::Pending(_)) {
            let old = std::mem::replace(&mut *state, State::Gone);
            // We may be anywhere, on any thread: the stop drops it, where it belongs. Decided under the lock, so that an
            // operation that is over isn't given up.
            self.shared.ops.give_up(&self.slot.ticket);
            drop(state);
            drop(old);
            wake_now(&self.shared.wake);
        }
    }
}

/// A call that the debugger has started and that goes on while it awaits `next()`.
struct Call<T: 'static> {
    id: CallId,
    func: Func,
    args: Vec<Val>,
    ticket: Arc<Ticket>,
    shared: Arc<Shared<T>>,
}

impl<T: 'static> Drop for Call<T> {
    fn drop(&mut self) {
        lock(&self.shared.ops.calls).retain(|(id, _)| *id != self.id);
        // After that nobody gives it up any more.
        self.shared.ops.over(&self.ticket);
    }
}

impl<T: Send + 'static> Request<T> for Call<T> {
    fn waits_for_next(&self) -> bool {
        true
    }

    fn start<'s>(self: Box<Self>, shared: Arc<Shared<T>>, _: Cause, mut store: StoreContextMut<'s, T>) -> Work<'s, T> {
        Box::pin(async move {
            let result = {
                let mut roots = RootScope::new(&mut store);
                let work = Box::pin(call(roots.as_context_mut(), self.func, &self.args));
                unless_given_up(&shared, &self.ticket, work).await
            };
            let result = match result {
                Ended::Done(result) => result,
                Ended::GivenUp => Err(wasmtime::Error::msg("the call was given up by the debugger")),
                Ended::Panicked(panic) => {
                    Err(wasmtime::Error::msg(format!("the host panicked in it: {}", said(&*panic))))
                }
            };
            let event = Some(Event::CallFinished { call: self.id, result });
            drop(self);
            Finished { store, event, injected: None }
        })
    }
}

async fn call<T: Send + 'static>(
    mut store: StoreContextMut<'_, T>,
    func: Func,
    args: &[Val],
) -> wasmtime::Result<Returned> {
    let mut results = vec![Val::I32(0); func.ty(&store).results().len()];
    func.call_async(&mut store, args, &mut results).await?;
    Returned::new(store, results)
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

/// Starts a call at the stop around the caller.
pub(crate) fn start_call<T: Send + 'static>(
    shared: &Arc<Shared<T>>,
    func: Func,
    args: &[Val],
) -> Result<CallId, Error> {
    let stop = scope::stop(shared)?;
    allowed(shared)?;
    let id = CallId(shared.ops.last_call.fetch_add(1, SeqCst) + 1);
    let ticket = Arc::new(Ticket::new(stop));
    let call = Call { id, func, args: args.to_vec(), ticket: ticket.clone(), shared: shared.clone() };
    shared.ops.ask(stop, Box::new(call))?;
    lock(&shared.ops.calls).push((id, ticket));
    Ok(id)
}

/// Whether anything may run at this stop.
fn allowed<T: 'static>(shared: &Shared<T>) -> Result<(), Error> {
    match shared.native.as_ref().and_then(|native| native.no_calls()) {
        Some(why) => Err(Error::unavailable(why)),
        None => Ok(()),
    }
}

/// Gives a call up, with all that it has called.
pub(crate) fn give_up_call<T: 'static>(shared: &Shared<T>, call: CallId) -> Result<(), Error> {
    let calls = lock(&shared.ops.calls);
    let (_, ticket) = calls.iter().find(|(id, _)| *id == call).ok_or(Error::NoCall)?;
    shared.ops.give_up(ticket);
    drop(calls);
    wake_now(&shared.wake);
    Ok(())
}
