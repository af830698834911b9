//! The debug handler: decides what is a stop, and polls the debugger while the guest stands still.
//!
//! Invariant: the store is used only inside a poll of the handler's own future, as Wasmtime's contract wants it, and
//! nothing that runs in here unwinds into Wasmtime: for three of the events that would abort the process (hazard H7).

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::Ordering::{Relaxed, SeqCst},
    },
    task::{Context, Poll},
};

use wasmtime::{AsContextMut, DebugEvent, DebugHandler, FrameHandle, StoreContextMut, Trap};

use crate::{
    BreakpointId, Event, Failure, Verdict,
    breakpoints::Stepper,
    errors,
    event::{Cause, Common},
    frames, scope,
    shared::{Shared, lock},
    standing::{Lent, Standing, Stopped, forget},
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

    // By hand, not as an `async` block: Wasmtime boxes this for each event, and whatever is boxed is copied, states that
    // few events get to included.
    fn handle(&self, store: StoreContextMut<'_, T>, event: DebugEvent<'_>) -> impl Future<Output = ()> + Send {
        let phase = match event {
            DebugEvent::Breakpoint => Phase::Modules,
            DebugEvent::EpochYield => Phase::Epoch,
            _ => Phase::Failure,
        };
        let failure = (phase == Phase::Failure).then(|| Box::new(Failed::Told(event)));
        Handling { shared: &self.0.0, store: Some(store), phase, failure, callback: None }
    }
}

/// One callback of Wasmtime's can be more than one stop: at an operator modules may turn out to be new, and during that
/// stop a breakpoint may be planted at this very operator.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Modules,
    Operator,
    Epoch,
    Failure,
    Done,
}

/// What has failed.
pub(crate) enum Failed<'e> {
    /// Wasmtime tells, before the stack is unwound.
    Told(DebugEvent<'e>),
    /// A trap that was caught at native speed.
    Struck(Trap),
    /// An error at native speed that has unwound the stack already.
    Over(Failure, String),
}

/// A failure at native speed: ready once the guest, or what is left of it, shall go on.
pub(crate) fn failed<'s, T: Send + 'static>(
    shared: &'s Arc<Shared<T>>,
    store: StoreContextMut<'s, T>,
    failed: Failed<'s>,
) -> impl Future<Output = ()> + Send + 's {
    let failure = Some(Box::new(failed));
    Handling { shared, store: Some(store), phase: Phase::Failure, failure, callback: None }
}

/// Goes on to the next stop of this callback; `false` if there is none.
fn decide<T: Send + 'static>(
    shared: &Shared<T>,
    standing: &mut Standing<'_, T>,
    phase: &mut Phase,
    failed: Option<&Failed<'_>>,
) -> bool {
    let Standing { lent: Lent::Here(store), top, stopped, .. } = standing else { return false };
    if shared.killed() {
        // The session drops the body, unless it can't get to it.
        if !shared.kill_by_trap.load(Relaxed) {
            *stopped = Some(Stopped::new(shared, Event::Cancelled, Cause::Attached));
        }
        return stopped.is_some();
    }
    if shared.ended.load(Relaxed) || shared.detached() {
        forget(shared, store);
        return false;
    }
    match std::mem::replace(phase, Phase::Done) {
        now @ (Phase::Modules | Phase::Operator) => {
            let facts = Facts::new(shared, store, top);
            if facts.new_module && now == Phase::Modules {
                *phase = Phase::Operator;
                let modules = lock(&shared.registry).new_modules(store);
                let some = !modules.is_empty();
                let event = Event::ModuleLoaded { modules };
                if some && passes(shared, store, &event, Cause::Operator, top) {
                    *stopped = Some(Stopped::new(shared, event, Cause::Operator));
                    return true;
                }
                return decide(shared, standing, phase, failed);
            }
            if let Some(event) = operator(shared, store, &facts, top) {
                *stopped = Some(Stopped::new(shared, event, Cause::Operator));
            }
        }
        Phase::Epoch => {
            // H12: ticks are meant for every store of the engine. H3: the position and the operands are wrong at an
            // epoch check, so that an interrupt goes on to the next operator.
            if shared.interrupt.load(Relaxed) {
                let _ = lock(&shared.registry).step(store, Stepper::Interrupt, true);
            }
        }
        Phase::Failure => {
            if let Some((event, cause)) = failed.and_then(|failed| failure(shared, store, failed)) {
                *stopped = Some(Stopped::new(shared, event, cause));
            }
        }
        Phase::Done => {}
    }
    stopped.is_some()
}

/// What there is to know at an operator, from one look at the books.
struct Facts {
    hit: Option<BreakpointId>,
    interrupted: bool,
    step: bool,
    /// The module that runs is new to the watch for modules.
    new_module: bool,
}

impl Facts {
    fn new<T: 'static>(shared: &Shared<T>, store: &mut StoreContextMut<'_, T>, top: &mut Option<FrameHandle>) -> Self {
        let interrupted = shared.interrupt.load(Relaxed);
        let mut registry = lock(&shared.registry);
        // Finding the frame is the largest part of a step. Who looks at it finds it then.
        let site = if registry.needs_site() { frames::top(store, &mut registry, top) } else { None };
        let new_module = site.is_some_and(|site| registry.is_new(site.code));
        if !new_module && registry.wants_step(Stepper::Interrupt) {
            let _ = registry.step(store, Stepper::Interrupt, false);
        }
        // H6: the patch may be another module's.
        let hit = site.and_then(|site| site.hit);
        Self { hit, interrupted, step: registry.wants_step(Stepper::User), new_module }
    }
}

/// A stop before an operator: a breakpoint of ours, else an interrupt, else a step. One is enough for all who asked.
fn operator<T: 'static>(
    shared: &Shared<T>,
    store: &mut StoreContextMut<'_, T>,
    facts: &Facts,
    top: &Option<FrameHandle>,
) -> Option<Common> {
    let mut wanted = |common: Common| {
        let passes = !shared.filter.any() || passes(shared, store, &common.into(), Cause::Operator, top);
        passes.then_some(common)
    };
    let event = facts
        .hit
        .and_then(|hit| wanted(Common::Breakpoint(hit)))
        .or_else(|| if facts.interrupted { wanted(Common::Interrupted) } else { None })
        .or_else(|| if facts.step { wanted(Common::Step) } else { None })?;
    if facts.interrupted {
        shared.interrupt.store(false, Relaxed);
    }
    Some(event)
}

/// A stop because of an error that is about to unwind the stack, if this is the first that's heard of it (H9).
fn failure<T: 'static>(
    shared: &Shared<T>,
    store: &mut StoreContextMut<'_, T>,
    failed: &Failed<'_>,
) -> Option<(Event, Cause)> {
    let mut native = |event: Event, cause| passes(shared, store, &event, cause, &None).then_some((event, cause));
    let event = match failed {
        Failed::Told(event) => event,
        // At native speed what is seen is seen once.
        Failed::Struck(trap) => return native(Event::Trap(*trap), Cause::Fault(*trap)),
        Failed::Over(failure, message) => {
            return native(Event::Unwound { failure: *failure, message: message.clone() }, Cause::Unwound(*failure));
        }
    };
    let (event, cause, what) = match event {
        DebugEvent::Trap(trap) => (Event::Trap(*trap), Cause::Trap(*trap), trap.to_string()),
        DebugEvent::Exception(exception) => {
            (Event::Exception(exception.clone()), Cause::Exception, "exception".to_owned())
        }
        DebugEvent::HostcallError(error) => {
            let event = match shared.exit_code.and_then(|exit_code| exit_code(error)) {
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
    passes(shared, store, &event, cause, &None).then_some((event, cause))
}

/// Asks the filter, if there is one.
fn passes<T: 'static>(
    shared: &Shared<T>,
    store: &mut StoreContextMut<'_, T>,
    event: &Event,
    cause: Cause,
    top: &Option<FrameHandle>,
) -> bool {
    let Some((mut filter, generation)) = shared.filter.take() else { return true };
    let verdict = scope::with_stop(shared, cause, top.as_ref(), store.as_context_mut(), |stop| filter(stop, event));
    shared.filter.put_back(filter, generation);
    verdict == Verdict::Stop
}

/// One callback of Wasmtime's. Most are over after one poll, and then all their state was on the stack.
struct Handling<'h, 's, 'e, T: 'static> {
    shared: &'h Arc<Shared<T>>,
    /// Until the first poll.
    store: Option<StoreContextMut<'s, T>>,
    phase: Phase,
    failure: Option<Box<Failed<'e>>>,
    /// Between the first poll and the last.
    callback: Option<Box<Callback<'h, 's, 'e, T>>>,
}

impl<T: Send + 'static> Future for Handling<'_, '_, '_, T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let Some(store) = this.store.take() else {
            return this.callback.as_mut().map_or(Poll::Ready(()), |callback| callback.poll(cx));
        };
        let mut callback = Callback {
            shared: this.shared,
            phase: this.phase,
            failure: this.failure.take(),
            standing: Standing::new(store),
        };
        if callback.unheard() {
            return Poll::Ready(());
        }
        let poll = callback.poll(cx);
        if poll.is_pending() {
            this.callback = Some(Box::new(callback));
        }
        poll
    }
}

/// What a callback knows, and the guest while it's stopped in there.
struct Callback<'h, 's, 'e, T: 'static> {
    shared: &'h Arc<Shared<T>>,
    phase: Phase,
    /// What has failed, if that is what the callback is about.
    failure: Option<Box<Failed<'e>>>,
    standing: Standing<'s, T>,
}

impl<T: Send + 'static> Callback<'_, '_, '_, T> {
    /// Whether this happens in a call of the debugger's own, while it doesn't wait for events: within `with`, or by an
    /// operation that it awaits alone. It couldn't take this one before that call is over.
    fn unheard(&self) -> bool {
        let shared = self.shared;
        (shared.ops.under_way() && !shared.waiting.any() && !shared.killed()) || scope::inside(shared)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match catch_unwind(AssertUnwindSafe(|| self.go_on(cx))) {
                Ok(poll) => return poll,
                Err(panic) => {
                    self.shared.panicked(panic);
                    if self.standing.stopped.is_none() {
                        return Poll::Ready(());
                    }
                    // An embedder's waker has panicked, say.
                    self.standing.finish(self.shared);
                }
            }
        }
    }

    /// From stop to stop, until there are no more.
    fn go_on(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self { shared, phase, failure, standing } = self;
        loop {
            if standing.stopped.is_none() {
                if !matches!(standing.lent, Lent::Here(_)) {
                    return Poll::Ready(());
                }
                if !decide(shared, standing, phase, failure.as_deref()) {
                    shared.injection.arm();
                    return Poll::Ready(());
                }
            }
            if standing.stand(shared, shared.freeze, cx).is_pending() {
                return Poll::Pending;
            }
            standing.finish(shared);
        }
    }
}

impl<T: 'static> Drop for Callback<'_, '_, '_, T> {
    fn drop(&mut self) {
        if self.standing.stopped.is_none() {
            return;
        }
        let shared = self.shared;
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.standing.dropped(shared))) {
            shared.panicked(panic);
        }
    }
}
