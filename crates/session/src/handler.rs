//! The debug handler: decides what is a stop, and polls the debugger while the guest stands still.
//!
//! Invariant: the store is used only inside a poll of the handler's own future, as Wasmtime's contract wants it, and
//! nothing that runs in here unwinds into Wasmtime: for three of the events that would abort the process (hazard H7).

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::Ordering::{Relaxed, SeqCst},
    },
    task::{Context, Poll},
};

use wasmtime::{AsContextMut, DebugEvent, DebugHandler, FrameHandle, Module, StoreContextMut, Trap};

use crate::{
    BreakpointId, Event, Freeze, Verdict,
    breakpoints::Stepper,
    errors,
    event::Cause,
    frames,
    scope::{self, Here},
    shared::{Shared, lock},
};

/// What the store owns. Its last clone goes when Wasmtime loses the handler (H1) or somebody replaces it.
struct Installed<T: 'static>(Arc<Shared<T>>);

impl<T> Drop for Installed<T> {
    fn drop(&mut self) {
        let shared = &self.0;
        if !shared.finished.load(SeqCst) && !shared.killed() {
            shared.lost.store(true, SeqCst);
            shared.push(Event::Lost);
        }
    }
}

pub(crate) struct Handler<T: 'static>(Arc<Installed<T>>);

impl<T> Handler<T> {
    pub(crate) fn new(shared: Arc<Shared<T>>) -> Self {
        Self(Arc::new(Installed(shared)))
    }
}

impl<T> Clone for Handler<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Send + 'static> DebugHandler for Handler<T> {
    type Data = T;

    async fn handle(&self, mut store: StoreContextMut<'_, T>, event: DebugEvent<'_>) {
        let shared = &*self.0.0;
        // The debugger's own calls into the guest raise no events.
        if scope::inside(shared) {
            return;
        }
        let mut phase = Phase::from(&event);
        loop {
            let decided = catch_unwind(AssertUnwindSafe(|| decide(shared, &mut store, &event, &mut phase)));
            match decided {
                Ok(Some(found)) => stop(shared, store.as_context_mut(), found).await,
                Ok(None) => return,
                Err(panic) => return shared.panicked(panic),
            }
        }
    }
}

/// One callback of Wasmtime's can be more than one stop: at an operator modules may turn out to be new, and during that
/// stop a breakpoint may be planted at this very operator.
#[derive(PartialEq)]
enum Phase {
    Modules,
    Operator,
    Other,
    Done,
}

impl From<&DebugEvent<'_>> for Phase {
    fn from(event: &DebugEvent<'_>) -> Self {
        if matches!(event, DebugEvent::Breakpoint) { Self::Modules } else { Self::Other }
    }
}

/// A stop, and where it is.
struct Found {
    event: Event,
    cause: Cause,
    /// The innermost frame, where it's known to be sound.
    top: Option<FrameHandle>,
}

/// The next stop of this callback, if any.
fn decide<T: Send + 'static>(
    shared: &Shared<T>,
    store: &mut StoreContextMut<'_, T>,
    event: &DebugEvent<'_>,
    phase: &mut Phase,
) -> Option<Found> {
    if shared.killed() {
        // The handler is never left again: the session drops the body.
        return Some(Found { event: Event::Cancelled, cause: Cause::Attached, top: None });
    }
    if shared.ended.load(Relaxed) {
        forget(shared, store);
        return None;
    }
    match std::mem::replace(phase, Phase::Done) {
        Phase::Modules => {
            let facts = Facts::new(shared, store, true);
            if facts.modules.is_empty() {
                return operator(shared, store, facts);
            }
            let event = Event::ModuleLoaded { modules: facts.modules };
            if let Some(found) = passes(shared, store, Found { event, cause: Cause::Operator, top: facts.top }) {
                *phase = Phase::Operator;
                return Some(found);
            }
            let facts = Facts::new(shared, store, false);
            operator(shared, store, facts)
        }
        Phase::Operator => {
            let facts = Facts::new(shared, store, false);
            operator(shared, store, facts)
        }
        Phase::Other if matches!(event, DebugEvent::EpochYield) => {
            // H12: ticks are meant for every store of the engine. H3: the position and the operands are wrong at an
            // epoch check, so that an interrupt goes on to the next operator.
            if shared.interrupt.load(Relaxed) {
                let _ = lock(&shared.registry).step(store, Stepper::Interrupt, true);
            }
            None
        }
        Phase::Other => failure(shared, store, event),
        Phase::Done => None,
    }
}

/// What there is to know at an operator, from one look at the books.
struct Facts {
    top: Option<FrameHandle>,
    hit: Option<BreakpointId>,
    interrupted: bool,
    step: bool,
    /// Modules that are new, if one of them runs and they were asked for.
    modules: Vec<Module>,
}

impl Facts {
    fn new<T: 'static>(shared: &Shared<T>, store: &mut StoreContextMut<'_, T>, with_modules: bool) -> Self {
        let interrupted = shared.interrupt.load(Relaxed);
        let (top, site) = frames::top(store).unzip();
        let mut registry = lock(&shared.registry);
        let new = with_modules && site.is_some_and(|site| registry.is_new(site.code));
        let modules = if new { registry.new_modules(store) } else { Vec::new() };
        if !new && registry.wants_step(Stepper::Interrupt) {
            let _ = registry.step(store, Stepper::Interrupt, false);
        }
        // H6: the patch may be another module's.
        let hit = site.and_then(|site| registry.hit(site));
        Self { top, hit, interrupted, step: registry.wants_step(Stepper::User), modules }
    }
}

/// A stop before an operator: a breakpoint of ours, else an interrupt, else a step. One is enough for all who asked.
fn operator<T: 'static>(shared: &Shared<T>, store: &mut StoreContextMut<'_, T>, facts: Facts) -> Option<Found> {
    let Facts { top, hit, interrupted, step, .. } = facts;
    let mut consider =
        |event: Option<Event>| passes(shared, store, Found { event: event?, cause: Cause::Operator, top: top.clone() });
    let found = consider(hit.map(|hit| Event::Breakpoint { hit }))
        .or_else(|| consider(interrupted.then_some(Event::Interrupted)))
        .or_else(|| consider(step.then_some(Event::Step)))?;
    if interrupted {
        shared.interrupt.store(false, Relaxed);
    }
    Some(found)
}

/// A stop because of an error that is about to unwind the stack, if this is the first that's heard of it (H9).
fn failure<T: 'static>(
    shared: &Shared<T>,
    store: &mut StoreContextMut<'_, T>,
    event: &DebugEvent<'_>,
) -> Option<Found> {
    let (event, cause, what) = match event {
        DebugEvent::Trap(trap) => (Event::Trap(*trap), Cause::Trap(*trap), trap.to_string()),
        DebugEvent::Exception(exception) => {
            (Event::Exception(exception.clone()), Cause::Exception, "exception".to_owned())
        }
        DebugEvent::HostcallError(error) => {
            let event = match shared.options.exit_code.and_then(|exit_code| exit_code(error)) {
                Some(code) => Event::Exit { code },
                None => Event::HostError { message: format!("{error:#}") },
            };
            // Contexts, Wasmtime's backtrace among them, are added on the way out: the root cause stays.
            (event, Cause::HostCall, error.root_cause().to_string())
        }
        _ => return None,
    };
    let (repeated, cause) = {
        let mut registry = lock(&shared.registry);
        let overflow = cause == Cause::Trap(Trap::StackOverflow);
        // An overflow that has left its activation is like any other error there.
        let in_prologue = overflow && !errors::waits_in_a_call(store, &mut registry);
        let cause = if overflow && !in_prologue { Cause::HostCall } else { cause };
        let mut last = lock(&shared.last_error);
        (errors::repeated(&mut last, store, &mut registry, what, cause), cause)
    };
    if repeated {
        return None;
    }
    passes(shared, store, Found { event, cause, top: None })
}

/// Asks the filter, if there is one.
fn passes<T: 'static>(shared: &Shared<T>, store: &mut StoreContextMut<'_, T>, found: Found) -> Option<Found> {
    let Some((mut filter, generation)) = shared.filter.take() else { return Some(found) };
    let top = found.top.clone();
    let verdict = scope::with_stop(shared, found.cause, top, store.as_context_mut(), |stop| filter(stop, &found.event));
    shared.filter.put_back(filter, generation);
    (verdict == Verdict::Stop).then_some(found)
}

/// The debugger is over: takes out what it left in the code.
fn forget<T: 'static>(shared: &Shared<T>, store: &mut StoreContextMut<'_, T>) {
    let mut registry = lock(&shared.registry);
    if !registry.cleared {
        let _ = registry.clear(store);
    }
}

/// Stands still until the debugger lets the guest go on.
async fn stop<T: Send + 'static>(shared: &Shared<T>, store: StoreContextMut<'_, T>, found: Found) {
    let stop = shared.next_stop.fetch_add(1, Relaxed);
    let Found { event, cause, top } = found;
    let mut handling = Handling { shared, store, event: Cell::new(Some(event)), cause, top, stop, done: false };
    std::future::poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| handling.poll(cx))) {
        Ok(poll) => poll,
        // An embedder's waker has panicked, say.
        Err(panic) => {
            shared.panicked(panic);
            handling.finish()
        }
    })
    .await;
}

/// The guest, stopped.
struct Handling<'h, T: 'static> {
    shared: &'h Shared<T>,
    store: StoreContextMut<'h, T>,
    event: Cell<Option<Event>>,
    cause: Cause,
    top: Option<FrameHandle>,
    stop: u64,
    done: bool,
}

impl<T: Send + 'static> Handling<'_, T> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let shared = self.shared;
        loop {
            if shared.killed() {
                shared.stopped.store(self.stop, SeqCst);
                return Poll::Pending;
            }
            let mut coroutine = lock(&shared.coroutine);
            if !coroutine.pollable() {
                // Not below the session's poll: it was leaked, or the body took the store elsewhere.
                drop(coroutine);
                return self.finish();
            }
            shared.wake_nexts();
            let (cause, top) = (self.cause, self.top.as_ref());
            let here = Here { stop: self.stop, cause, top, store: &mut self.store, event: &self.event };
            let ended = scope::enter(shared, Some(here), || shared.poll_debugger(&mut coroutine));
            drop(coroutine);
            if ended {
                forget(shared, &mut self.store);
                return self.finish();
            }
            let event = self.event.take();
            let delivered = event.is_none();
            self.event.set(event);
            if delivered && shared.waiting.load(SeqCst) > 0 {
                return self.finish();
            }
            shared.stopped.store(self.stop, SeqCst);
            match shared.options.freeze {
                Freeze::Task => {
                    shared.wake.set_guest(cx.waker());
                    if shared.wake.woken() {
                        cx.waker().wake_by_ref();
                    }
                    return Poll::Pending;
                }
                Freeze::Thread => shared.wake.park(|| shared.killed()),
            }
        }
    }

    fn finish(&mut self) -> Poll<()> {
        self.done = true;
        if self.shared.stopped.load(SeqCst) != 0 {
            self.shared.stopped.store(0, SeqCst);
            if self.shared.options.freeze == Freeze::Task {
                self.shared.wake.clear_guest();
            }
        }
        Poll::Ready(())
    }
}

impl<T: 'static> Drop for Handling<'_, T> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        // The host dropped the guest's call. Wasmtime has resumed its fiber to unwind it: we're on it, in a destructor.
        let shared = self.shared;
        let told = catch_unwind(AssertUnwindSafe(|| {
            shared.stopped.store(0, SeqCst);
            shared.wake.clear_guest();
            shared.push(Event::Cancelled);
        }));
        if let Err(panic) = told {
            shared.panicked(panic);
        }
    }
}
