//! The session: one future that polls the body and, while no guest is stopped, the debugger.
//!
//! Invariant: the body is polled only while the debugger waits in `next()`, has ended, or the guest is stopped (the
//! handler, which polls the debugger then, can be reached only through the body).

use std::{
    any::Any,
    cell::RefCell,
    marker::PhantomData,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::Ordering::{Relaxed, SeqCst},
    },
    task::{Context, Poll},
};

use freezeframe_native::Armed;
use wasmtime::{AsContextMut, Instance, Store};

use crate::{
    Dbg, Epochs, Error, Event, Freeze, Killed, Mode, config,
    epochs::{self, Clock, Kept},
    event::Cause,
    handler::Handler,
    inject,
    native::{self, Native},
    scope,
    shared::{ExitCode, Panic, Shared, lock},
    standing::{Standing, Stopped},
};

/// How a session shall work.
#[derive(Debug)]
pub struct Options<T: 'static> {
    /// How the guest is seen.
    pub mode: Mode,
    /// What stands still while the debugger thinks.
    pub freeze: Freeze,
    /// The body calls its guest by Wasmtime's sync functions (`Func::call`, `Instance::new`), at native speed: only there the
    /// store goes on to allow them. At a stop the thread waits, whatever `freeze` says, and the debugger must be driven
    /// by another one; there nothing can be awaited with the store, so that calls are refused.
    pub sync: bool,
    /// Whose the store's epoch deadline is.
    pub epochs: Epochs<T>,
    /// Tells a guest's wish to exit from other errors of host functions: the exit code, if the error is one. For WASI:
    /// `|error| error.downcast_ref::<wasmtime_wasi::I32Exit>().map(|exit| exit.0)`.
    pub exit_code: Option<ExitCode>,
    /// Whether the session may use the store's call hook (`Store::call_hook`), for [`Stop::throw`](crate::Stop::throw) and
    /// [`Stop::fail`](crate::Stop::fail). It replaces one that the embedder has set, which Wasmtime doesn't give back:
    /// afterwards the store has none.
    pub call_hook: bool,
}

impl<T: 'static> Default for Options<T> {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            freeze: Freeze::default(),
            sync: false,
            epochs: Epochs::default(),
            exit_code: None,
            call_hook: false,
        }
    }
}

/// What a session gives: the body's result, or that it was killed; and the debugger's, or its panic (the guest has
/// finished without it then).
pub type Outcome<R, V> = (Result<R, Killed>, Result<V, Box<dyn Any + Send>>);

/// Runs `body` under `debugger` with the default [`Options`].
///
/// # Errors
/// [`Error::NotDebuggable`], [`Error::AlreadyAttached`]; nothing has run then. See [`debug_with`].
pub async fn debug<T, R, B, D, F>(store: &mut Store<T>, body: B, debugger: D) -> Result<Outcome<R, F::Output>, Error>
where
    T: Send + 'static,
    B: AsyncFnOnce(&mut Store<T>) -> R,
    D: FnOnce(Dbg<T>) -> F,
    F: Future + Send,
    F::Output: Send,
{
    debug_with(store, Options::default(), body, debugger).await
}

/// Runs `body`, unchanged embedder code, under `debugger`, a coroutine that sees its guest's events.
///
/// Both may borrow from their caller. The future is `Send` if the body's is. It ends when both have ended; a debugger
/// that ends first leaves the body to run on alone, and nothing of it stays planted.
///
/// Dropping the future drops the guest, then the debugger; the store stays usable. From the session on, the store can
/// be used by Wasmtime's async functions only (hazard H13: Wasmtime asks for that once a debug handler was set).
///
/// The debugger runs on the guest's fiber while the guest is stopped: one that needs much stack wants a larger
/// `Config::async_stack_size`.
///
/// # Errors
/// [`Error::NotDebuggable`] with the line to add to the engine's configuration, [`Error::AlreadyAttached`] inside the
/// body of a session on the same store; nothing has run then.
pub async fn debug_with<T, R, B, D, F>(
    store: &mut Store<T>,
    options: Options<T>,
    body: B,
    debugger: D,
) -> Result<Outcome<R, F::Output>, Error>
where
    T: Send + 'static,
    B: AsyncFnOnce(&mut Store<T>) -> R,
    D: FnOnce(Dbg<T>) -> F,
    F: Future + Send,
    F::Output: Send,
{
    let (shared, mut attached) = attach(store, options)?;
    attached.armed = native::arm(attached.store, &shared).await?;
    let value = Arc::new(Mutex::new(None));
    let _debugger = start(&shared, Box::pin(keep(debugger(Dbg(shared.clone())), value.clone())));
    let run = run(attached, &shared, body).await;
    Ok(outcome(run, &shared, &value))
}

/// As [`debug_with`], for a debugger that isn't `Send`. Neither is the session's future then.
///
/// The debugger runs on the thread that polls the session first. A body that polls its guest on another thread makes the
/// guest's events pass unseen there.
///
/// # Errors
/// As [`debug_with`].
pub async fn debug_local<T, R, B, D, F>(
    store: &mut Store<T>,
    options: Options<T>,
    body: B,
    debugger: D,
) -> Result<Outcome<R, F::Output>, Error>
where
    T: Send + 'static,
    B: AsyncFnOnce(&mut Store<T>) -> R,
    D: FnOnce(Dbg<T>) -> F,
    F: Future,
{
    let not_send = PhantomData::<*const ()>;
    let (shared, mut attached) = attach(store, options)?;
    attached.armed = native::arm(attached.store, &shared).await?;
    let value = Arc::new(Mutex::new(None));
    let _debugger = start_local(&shared, Box::pin(keep(debugger(Dbg(shared.clone())), value.clone())));
    let run = run(attached, &shared, body).await;
    // Held over an await, it keeps this future from being `Send`, whatever the debugger is.
    let _: PhantomData<*const ()> = not_send;
    Ok(outcome(run, &shared, &value))
}

/// Puts the debugger's value where the session finds it.
async fn keep<F: Future>(debugger: F, value: Arc<Mutex<Option<F::Output>>>) {
    let v = debugger.await;
    *lock(&value) = Some(v);
}

/// Checks the store, and makes a session for it.
fn attach<T: Send + 'static>(
    store: &mut Store<T>,
    options: Options<T>,
) -> Result<(Arc<Shared<T>>, Attached<'_, T>), Error> {
    if matches!(options.mode, Mode::Detailed) {
        config::check(store.engine())?;
    }
    let store_data = std::ptr::from_ref(store.data()).addr();
    if BODIES.with_borrow(|bodies| bodies.iter().any(|body| body.store_data() == store_data)) {
        return Err(Error::AlreadyAttached);
    }
    let Options { mode, freeze, sync, epochs, exit_code, call_hook } = options;
    let freeze = if sync { Freeze::Thread } else { freeze };
    let native = match mode {
        Mode::Detailed => None,
        Mode::Native(guests) => Some(Native::new(guests, sync)),
    };
    let clock = Clock::new(store.engine().clone(), &epochs);
    let shared = Arc::new(Shared::new(clock, freeze, exit_code, call_hook, native, store_data));
    if let Some(native) = &shared.native {
        lock(&shared.registry).guests = Some(native.guests());
    } else {
        store.set_debug_handler(Handler::new(shared.clone()));
    }
    let kept = epochs::take_over(store, &shared, epochs);
    if call_hook {
        inject::take_over(store, &shared);
    }
    let attached = Attached { store, shared: shared.clone(), kept, armed: None };
    Ok((shared, attached))
}

/// Runs the body, once the debugger lets it. What's in the store is taken out again, with whatever ends this.
async fn run<T, R, B>(mut attached: Attached<'_, T>, shared: &Arc<Shared<T>>, body: B) -> Result<R, Killed>
where
    T: Send + 'static,
    B: AsyncFnOnce(&mut Store<T>) -> R,
{
    Attaching::new(shared, &mut attached).await;
    let mut slot = pin!(None);
    let mut session = Session { shared, body: slot.as_mut(), run: None };
    if !shared.killed() {
        session.body.set(Some(body(&mut *attached.store)));
    }
    session.await
}

/// The session's result, after its end.
fn outcome<T, R, V>(run: Result<R, Killed>, shared: &Shared<T>, value: &Mutex<Option<V>>) -> Outcome<R, V> {
    let value = lock(value).take();
    let panic = lock(&shared.panic).take();
    (run, value.filter(|_| panic.is_none()).ok_or_else(|| panic.unwrap_or_else(no_value)))
}

/// Stands for the value of a debugger that was dropped before it had one, which a session that ends doesn't do.
fn no_value() -> Panic {
    Box::new("the debugger was dropped before it ended")
}

/// Puts the debugger's future where the handler finds it; the guard takes it away.
#[allow(unsafe_code)]
fn start<'s, T: 'static>(shared: &'s Shared<T>, future: Pin<Box<dyn Future<Output = ()> + Send + 's>>) -> End<'s, T> {
    let end = End(shared);
    // SAFETY: `end`, which the session's future holds until its end, drops the future within 's. If the session's future
    // is leaked, its poll, which alone sets the coroutine active, never runs again.
    unsafe { lock(&shared.coroutine).start(future) };
    end
}

/// As [`start`], for a session whose future isn't `Send`.
#[allow(unsafe_code)]
fn start_local<'s, T: 'static>(shared: &'s Shared<T>, future: Pin<Box<dyn Future<Output = ()> + 's>>) -> End<'s, T> {
    let end = End(shared);
    // SAFETY: as in `start`; and the session's future, which isn't `Send`, drops `end` on the thread that polls it, which
    // is this one.
    unsafe { lock(&shared.coroutine).start_local(future) };
    end
}

/// Ends the debugger when the session ends.
struct End<'s, T: 'static>(&'s Shared<T>);

impl<T: 'static> Drop for End<'_, T> {
    fn drop(&mut self) {
        self.0.finished.store(true, SeqCst);
        let mut coroutine = lock(&self.0.coroutine);
        if !coroutine.ended() {
            self.0.end_debugger(&mut coroutine);
        }
        drop(coroutine);
        // What was asked for and never came to be holds on to us.
        self.0.ops.forget();
        self.0.filter.set(None);
        self.0.wake.clear();
    }
}

/// The store while a session has its handler in it.
struct Attached<'s, T: 'static> {
    store: &'s mut Store<T>,
    shared: Arc<Shared<T>>,
    kept: Kept<T>,
    /// At native speed.
    armed: Option<Armed>,
}

impl<T: 'static> Drop for Attached<'_, T> {
    fn drop(&mut self) {
        self.shared.finished.store(true, SeqCst);
        self.armed = None;
        if self.shared.native.is_none() {
            self.store.clear_debug_handler();
        }
        // An error means that the body put another store in the place of this one; then there's nothing of ours in it.
        let _ = lock(&self.shared.registry).clear(&mut self.store.as_context_mut());
        epochs::give_back(self.store, std::mem::replace(&mut self.kept, Kept::Nothing));
        if self.shared.call_hook {
            inject::give_back(self.store);
        }
    }
}

/// Sets the debugger's future active for the length of one poll.
struct Active<'s, T: 'static>(&'s Shared<T>);

impl<'s, T: 'static> Active<'s, T> {
    fn new(shared: &'s Shared<T>) -> Self {
        lock(&shared.coroutine).set_active(true);
        Self(shared)
    }
}

impl<T: 'static> Drop for Active<'_, T> {
    fn drop(&mut self) {
        lock(&self.0.coroutine).set_active(false);
    }
}

/// The first stop: nothing has run, and the store is at hand without a handler.
struct Attaching<'s, T: 'static> {
    shared: &'s Arc<Shared<T>>,
    standing: Standing<'s, T>,
}

impl<'s, T: 'static> Attaching<'s, T> {
    fn new(shared: &'s Arc<Shared<T>>, attached: &'s mut Attached<'_, T>) -> Self {
        let mut standing = Standing::new(attached.store.as_context_mut());
        standing.stopped = Some(Stopped::new(shared, Event::Attached, Cause::Attached));
        Self { shared, standing }
    }
}

impl<T: Send + 'static> Future for Attaching<'_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { shared, standing } = &mut *self;
        shared.wake.set_root(cx.waker());
        if shared.killed() {
            return Poll::Ready(());
        }
        let _active = Active::new(shared);
        // There's nothing to freeze yet.
        let stood = standing.stand(shared, Freeze::Task, cx);
        if stood.is_ready() {
            standing.finish(shared);
        }
        stood
    }
}

impl<T: 'static> Drop for Attaching<'_, T> {
    fn drop(&mut self) {
        self.standing.dropped(self.shared);
    }
}

/// See the module's header.
struct Session<'p, T: Send + 'static, F: Future> {
    shared: &'p Arc<Shared<T>>,
    body: Pin<&'p mut Option<F>>,
    run: Option<Result<F::Output, Killed>>,
}

impl<T: Send + 'static, F: Future> Unpin for Session<'_, T, F> {}

impl<T: Send + 'static, F: Future> Session<'_, T, F> {
    /// Polls the debugger where there is no stop; `true`: it's over.
    fn poll_debugger(&self) -> bool {
        let shared = self.shared;
        shared.wake_nexts();
        scope::enter(shared, None, || shared.poll_debugger(&mut lock(&shared.coroutine)))
    }

    fn finish(&mut self, run: Result<F::Output, Killed>) {
        self.shared.finished.store(true, SeqCst);
        // Its destructors may take a while, and may wake us.
        self.body.set(None);
        self.run = Some(run);
        self.shared.wake_nexts();
    }

    /// Whether the debugger has anything to be polled for, outside of a stop.
    fn debugger_is_due(&self) -> bool {
        self.shared.wake.woken() || self.shared.queue.any()
    }
}

impl<T: Send + 'static, F: Future> Future for Session<'_, T, F> {
    type Output = Result<F::Output, Killed>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let shared = this.shared;
        shared.wake.set_root(cx.waker());
        shared.polls.store(shared.polls.load(Relaxed).wrapping_add(1), Relaxed);
        let _active = Active::new(shared);
        let waits = || shared.lets_go_on() || shared.detached();
        let ended = || shared.ended.load(SeqCst);
        let stopped = || shared.stopped.load(SeqCst) != 0;
        loop {
            if this.body.is_none() {
                if this.run.is_none() {
                    // Killed before it began.
                    this.finish(Err(Killed));
                }
                if !ended() && !this.poll_debugger() {
                    if shared.wake.woken() {
                        cx.waker().wake_by_ref();
                    }
                    return Poll::Pending;
                }
                return match this.run.take() {
                    Some(run) => Poll::Ready(run),
                    // Polled after completion.
                    None => Poll::Pending,
                };
            }
            if shared.killed() {
                this.finish(Err(Killed));
                continue;
            }
            if !stopped() && !ended() {
                if !waits() || this.debugger_is_due() {
                    this.poll_debugger();
                }
                if !waits() && !ended() {
                    if shared.wake.woken() {
                        cx.waker().wake_by_ref();
                    }
                    return Poll::Pending;
                }
            }
            let polled = {
                let _body = Body::enter(shared.clone());
                this.body.as_mut().as_pin_mut().map(|body| body.poll(cx))
            };
            match polled {
                // Also if the body has ended all the same: its host gave the guest up, say, when that didn't go on.
                _ if shared.killed() => {}
                Some(Poll::Ready(result)) => this.finish(Ok(result)),
                _ => {
                    if !stopped() && !ended() && this.debugger_is_due() {
                        cx.waker().wake_by_ref();
                    }
                    return Poll::Pending;
                }
            }
        }
    }
}

impl<T: Send + 'static, F: Future> Drop for Session<'_, T, F> {
    fn drop(&mut self) {
        self.shared.finished.store(true, SeqCst);
        self.body.set(None);
    }
}

/// A session seen from the body that it polls.
trait Around: Send + Sync {
    fn store_data(&self) -> usize;
    fn shared(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

impl<T: 'static> Around for Shared<T> {
    fn store_data(&self) -> usize {
        self.store_data
    }

    fn shared(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

thread_local! {
    /// The sessions whose bodies are being polled on this thread, outermost first.
    static BODIES: RefCell<Vec<Arc<dyn Around>>> = const { RefCell::new(Vec::new()) };
}

struct Body;

impl Body {
    fn enter<T: 'static>(shared: Arc<Shared<T>>) -> Self {
        BODIES.with_borrow_mut(|bodies| bodies.push(shared));
        Self
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        BODIES.with_borrow_mut(Vec::pop);
    }
}

/// The session around the caller that debugs this store.
pub(crate) fn around<T: 'static>(store: &Store<T>) -> Option<Arc<Shared<T>>> {
    let store_data = std::ptr::from_ref(store.data()).addr();
    let found = BODIES.with_borrow(|bodies| bodies.iter().rev().find(|b| b.store_data() == store_data).cloned());
    found?.shared().downcast().ok()
}

/// Called by the body where a call into the guest may have been dropped: puts the session's handler back, which Wasmtime
/// has lost then (hazard H1). `false` if there's no session around the caller on this store, or it has its handler.
pub fn rearm<T: Send + 'static>(store: &mut Store<T>) -> bool {
    let Some(shared) = around(store) else { return false };
    if !shared.lost.swap(false, SeqCst) {
        return false;
    }
    store.set_debug_handler(Handler::new(shared));
    true
}

/// Called by the body when no more modules will come into the store: ends [`watch_modules`](crate::Stop::watch_modules),
/// and with it the price of looking at every operator; asked for again, it stays off.
/// `false` if there's no session around the caller on this store.
pub fn loaded<T: Send + 'static>(store: &mut Store<T>) -> bool {
    let Some(shared) = around(store) else { return false };
    let mut registry = lock(&shared.registry);
    shared.ended.load(Relaxed) || registry.complete(&mut store.as_context_mut()).is_ok()
}

/// Called by the body of a session at native speed once it has made an instance: from then on the memories, globals and
/// functions that this exports can be reached at a stop. In the other mode Wasmtime tells of instances by itself.
/// `false` if there's no session around the caller on this store.
pub fn instantiated<T: Send + 'static>(store: &mut Store<T>, instance: Instance) -> bool {
    let Some(shared) = around(store) else { return false };
    if let Some(native) = &shared.native {
        native.add_instance(instance);
    }
    true
}
