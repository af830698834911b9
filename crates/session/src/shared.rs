//! What a session's parts share: its future, its handler in the store, the debugger's handles and controls.

use std::{
    any::Any,
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{
            AtomicBool, AtomicU64, AtomicUsize,
            Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
        },
    },
    task::{Context, Poll, Waker},
};

use wasmtime::StoreContextMut;

use crate::{
    Event, Freeze,
    breakpoints::{Registry, Stepper},
    coroutine::Coroutine,
    epochs::Clock,
    errors::LastError,
    filter::FilterSlot,
    inject::Injection,
    native::Native,
    operation::Operations,
    scope,
    wake::DebuggerWaker,
};

/// Tells a guest's wish to exit from other errors: the exit code, if the error is one.
pub(crate) type ExitCode = fn(&wasmtime::Error) -> Option<i32>;

/// Locks, also after a panic: what our mutexes hold is valid between any two of its changes.
pub(crate) fn lock<X: ?Sized>(mutex: &Mutex<X>) -> MutexGuard<'_, X> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

pub(crate) type Panic = Box<dyn Any + Send>;

pub(crate) struct Shared<T: 'static> {
    pub freeze: Freeze,
    pub exit_code: Option<ExitCode>,
    /// The session has the store's call hook.
    pub call_hook: bool,
    pub clock: Clock,
    pub coroutine: Mutex<Coroutine>,
    /// The first panic of the debugger or of its filter.
    pub panic: Mutex<Option<Panic>>,
    /// The debugger is over: the guest runs on without.
    pub ended: AtomicBool,
    /// The body is over.
    pub finished: AtomicBool,
    pub kill: AtomicBool,
    /// The killed guest can't be held: it shall end by a trap.
    pub kill_by_trap: AtomicBool,
    /// The debugger shall let go.
    pub detach: AtomicBool,
    pub interrupt: AtomicBool,
    /// The store lost our handler (H1).
    pub lost: AtomicBool,
    /// The `next()` that are being awaited; the guest runs while there are any.
    pub waiting: Waiting,
    /// The number of the stop in which the guest's future is pending; 0: none.
    pub stopped: AtomicU64,
    /// The number of the stop whose event was delivered; 0: none.
    pub delivered: AtomicU64,
    pub next_stop: AtomicU64,
    /// How often the session was polled.
    pub polls: AtomicU64,
    pub ops: Operations<T>,
    pub injection: Injection,
    pub queue: Queue,
    /// Wakers of `next()` calls that aren't polled with the debugger's own waker (in a `FuturesUnordered`, say).
    pub extra: Mutex<Vec<Waker>>,
    pub has_extra: AtomicBool,
    pub wake: Arc<DebuggerWaker>,
    pub waker: Waker,
    pub registry: Mutex<Registry>,
    pub filter: FilterSlot<T>,
    pub last_error: Mutex<Option<LastError>>,
    /// Of a session at native speed.
    pub native: Option<Native>,
    /// Where the store's data lies: a store's identity.
    pub store_data: usize,
}

/// Counts the `next()` that are being awaited. There are two changes for each event, so that they should be cheap:
/// below a poll of the debugger, which its lock makes the only one, they need no atomic read-modify-write.
#[derive(Default)]
pub(crate) struct Waiting {
    /// Changed only below a poll of the debugger.
    here: AtomicUsize,
    /// Those of `here` that were dropped elsewhere.
    gone: AtomicUsize,
}

impl Waiting {
    #[inline]
    pub(crate) fn any(&self) -> bool {
        self.here.load(Acquire) != self.gone.load(Acquire)
    }

    /// One more or one less. To be called below a poll of the debugger ([`scope::inside`]).
    #[inline]
    pub(crate) fn change(&self, more: bool) {
        let here = self.here.load(Relaxed);
        self.here.store(if more { here.wrapping_add(1) } else { here.wrapping_sub(1) }, Release);
    }

    /// One less; from anywhere.
    pub(crate) fn leave(&self) {
        self.gone.fetch_add(1, AcqRel);
    }
}

/// Events that no stop belongs to.
#[derive(Default)]
pub(crate) struct Queue {
    events: Mutex<VecDeque<Box<Event>>>,
    any: AtomicBool,
}

impl Queue {
    pub(crate) fn push(&self, event: Event) {
        lock(&self.events).push_back(Box::new(event));
        self.any.store(true, SeqCst);
    }

    #[inline]
    pub(crate) fn pop(&self) -> Option<Box<Event>> {
        if self.any() { self.take() } else { None }
    }

    fn take(&self) -> Option<Box<Event>> {
        let mut events = lock(&self.events);
        let event = events.pop_front();
        self.any.store(!events.is_empty(), SeqCst);
        event
    }

    #[inline]
    pub(crate) fn any(&self) -> bool {
        self.any.load(SeqCst)
    }
}

impl<T: 'static> Shared<T> {
    pub(crate) fn new(
        clock: Clock,
        freeze: Freeze,
        exit_code: Option<ExitCode>,
        call_hook: bool,
        native: Option<Native>,
        store_data: usize,
    ) -> Self {
        let wake = Arc::new(DebuggerWaker::default());
        wake_now(&wake);
        Self {
            freeze,
            exit_code,
            call_hook,
            clock,
            coroutine: Mutex::default(),
            panic: Mutex::default(),
            ended: AtomicBool::new(false),
            finished: AtomicBool::new(false),
            kill: AtomicBool::new(false),
            kill_by_trap: AtomicBool::new(false),
            detach: AtomicBool::new(false),
            interrupt: AtomicBool::new(false),
            lost: AtomicBool::new(false),
            waiting: Waiting::default(),
            stopped: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            next_stop: AtomicU64::new(1),
            polls: AtomicU64::new(0),
            ops: Operations::default(),
            injection: Injection::default(),
            queue: Queue::default(),
            extra: Mutex::default(),
            has_extra: AtomicBool::new(false),
            waker: Waker::from(wake.clone()),
            wake,
            registry: Mutex::default(),
            filter: FilterSlot::default(),
            last_error: Mutex::default(),
            native,
            store_data,
        }
    }

    pub(crate) fn killed(&self) -> bool {
        self.kill.load(SeqCst)
    }

    pub(crate) fn detached(&self) -> bool {
        self.detach.load(Relaxed)
    }

    /// Whether the debugger waits for something that only the guest's running brings.
    pub(crate) fn lets_go_on(&self) -> bool {
        self.waiting.any() || self.ops.awaited()
    }

    /// A stop is over: the guest goes on.
    pub(crate) fn resuming(&self, store: &mut StoreContextMut<'_, T>) {
        if self.clock.charged && !self.killed() {
            // What has ticked during the stop isn't charged.
            store.set_epoch_deadline(1);
            self.clock.see_forged();
        }
        self.keep_interrupt(store);
    }

    /// Sees to an interrupt that was asked for while the guest was stopped. Its tick may be gone by now: forgotten, or
    /// noticed by a call of the debugger's that stops nowhere.
    pub(crate) fn keep_interrupt(&self, store: &mut StoreContextMut<'_, T>) {
        if self.interrupt.load(SeqCst) {
            // An error means that the code can't be changed; then it waits for the next tick.
            let _ = lock(&self.registry).step(store, Stepper::Interrupt, true);
        }
    }

    /// Queues an event that no stop belongs to.
    pub(crate) fn push(&self, event: Event) {
        self.queue.push(event);
        self.wake_nexts();
        wake_now(&self.wake);
    }

    pub(crate) fn wake_nexts(&self) {
        if self.has_extra.load(SeqCst) && self.has_extra.swap(false, SeqCst) {
            let wakers = std::mem::take(&mut *lock(&self.extra));
            wakers.into_iter().for_each(Waker::wake);
        }
    }

    /// Polls the debugger. The caller holds its lock and has entered a scope. `true`: it's over.
    pub(crate) fn poll_debugger(&self, coroutine: &mut Coroutine) -> bool {
        self.wake.reset();
        let mut cx = Context::from_waker(&self.waker);
        match catch_unwind(AssertUnwindSafe(|| coroutine.poll(&mut cx))) {
            Ok(Poll::Pending) => return false,
            Ok(Poll::Ready(())) => {}
            Err(panic) => self.panicked(panic),
        }
        self.end_debugger(coroutine);
        true
    }

    /// Drops the debugger's future, whose destructors may panic or use their handles.
    pub(crate) fn end_debugger(&self, coroutine: &mut Coroutine) {
        self.ended.store(true, SeqCst);
        let dropped = scope::enter(self, None, || catch_unwind(AssertUnwindSafe(|| coroutine.end())));
        if let Err(panic) = dropped {
            self.panicked(panic);
        }
    }

    /// Keeps the first panic, to be handed out with the session's result.
    pub(crate) fn panicked(&self, panic: Panic) {
        lock(&self.panic).get_or_insert(panic);
    }
}

pub(crate) fn wake_now(wake: &Arc<DebuggerWaker>) {
    std::task::Wake::wake_by_ref(wake);
}
