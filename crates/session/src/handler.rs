//! The debug handler: decides what is a stop, and polls the debugger while the guest stands still.
//!
//! Invariant: the store is used only inside a poll of the handler's own future, as Wasmtime's contract wants it, and
//! nothing that runs in here unwinds into Wasmtime: for three of the events that would abort the process (hazard H7).

use std::{
    cell::Cell,
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

    // By hand, not as an `async` block: Wasmtime boxes one for each event, and whatever is boxed is copied, states that
    // few events get to included.
    fn handle(&self, store: StoreContextMut<'_, T>, event: DebugEvent<'_>) -> impl Future<Output = ()> + Send {
        Handling { shared: &self.0.0, store, phase: Phase::from(&event), event, top: None, stopped: None }
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

/// Why the guest stops.
struct Found {
    event: Event,
    cause: Cause,
}

impl Found {
    fn at_operator(event: Event) -> Self {
        Self { event, cause: Cause::Operator }
    }
}

/// The next stop of this callback, if any. `top` gets the innermost frame, where it's known to be sound.
fn decide<T: Send + 'static>(
    shared: &Shared<T>,
    store: &mut StoreContextMut<'_, T>,
    event: &DebugEvent<'_>,
    phase: &mut Phase,
    top: &mut Option<FrameHandle>,
) -> Option<Found> {
    if shared.killed() {
        // The handler is never left again: the session drops the body.
        return Some(Found { event: Event::Cancelled, cause: Cause::Attached });
    }
    if shared.ended.load(Relaxed) {
        forget(shared, store);
        return None;
    }
    match std::mem::replace(phase, Phase::Done) {
        Phase::Modules => {
            let facts = Facts::new(shared, store, top);
            if !facts.new_module {
                return operator(shared, store, &facts, top);
            }
            let modules = lock(&shared.registry).new_modules(store);
            let some = !modules.is_empty();
            let event = Event::ModuleLoaded { modules };
            if some && passes(shared, store, &event, Cause::Operator, top) {
                *phase = Phase::Operator;
                return Some(Found::at_operator(event));
            }
            let facts = Facts::new(shared, store, top);
            operator(shared, store, &facts, top)
        }
        Phase::Operator => {
            let facts = Facts::new(shared, store, top);
            operator(shared, store, &facts, top)
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
        let site = if registry.needs_site() { frames::top(store, top) } else { None };
        let new_module = site.is_some_and(|site| registry.is_new(site.code));
        if !new_module && registry.wants_step(Stepper::Interrupt) {
            let _ = registry.step(store, Stepper::Interrupt, false);
        }
        // H6: the patch may be another module's.
        let hit = site.and_then(|site| registry.hit(site));
        Self { hit, interrupted, step: registry.wants_step(Stepper::User), new_module }
    }
}

/// A stop before an operator: a breakpoint of ours, else an interrupt, else a step. One is enough for all who asked.
fn operator<T: 'static>(
    shared: &Shared<T>,
    store: &mut StoreContextMut<'_, T>,
    facts: &Facts,
    top: &Option<FrameHandle>,
) -> Option<Found> {
    let mut wanted = |event: Event| passes(shared, store, &event, Cause::Operator, top).then_some(event);
    let event = facts
        .hit
        .and_then(|hit| wanted(Event::Breakpoint { hit }))
        .or_else(|| if facts.interrupted { wanted(Event::Interrupted) } else { None })
        .or_else(|| if facts.step { wanted(Event::Step) } else { None })?;
    if facts.interrupted {
        shared.interrupt.store(false, Relaxed);
    }
    Some(Found::at_operator(event))
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
    passes(shared, store, &event, cause, &None).then_some(Found { event, cause })
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

/// The debugger is over: takes out what it left in the code.
fn forget<T: 'static>(shared: &Shared<T>, store: &mut StoreContextMut<'_, T>) {
    let mut registry = lock(&shared.registry);
    if !registry.cleared {
        let _ = registry.clear(store);
    }
}

/// One callback of Wasmtime's, and the guest while it's stopped in there.
struct Handling<'h, 's, 'e, T: 'static> {
    shared: &'h Shared<T>,
    store: StoreContextMut<'s, T>,
    event: DebugEvent<'e>,
    phase: Phase,
    /// The innermost frame, where it's known to be sound.
    top: Option<FrameHandle>,
    /// The stop that is under way.
    stopped: Option<Stopped>,
}

/// A stop, and its number within the session.
struct Stopped {
    event: Cell<Option<Event>>,
    cause: Cause,
    number: u64,
}

impl Stopped {
    fn new<T: 'static>(shared: &Shared<T>, found: Found) -> Self {
        // Only a handler that has the store gets here: nobody counts at the same time.
        let number = shared.next_stop.load(Relaxed);
        shared.next_stop.store(number + 1, Relaxed);
        Self { event: Cell::new(Some(found.event)), cause: found.cause, number }
    }
}

impl<T: Send + 'static> Future for Handling<'_, '_, '_, T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        // The debugger's own calls into the guest raise no events. Without a stop, this is the first poll.
        if this.stopped.is_none() && scope::inside(this.shared) {
            return Poll::Ready(());
        }
        loop {
            match catch_unwind(AssertUnwindSafe(|| this.go_on(cx))) {
                Ok(poll) => return poll,
                Err(panic) => {
                    this.shared.panicked(panic);
                    if this.stopped.is_none() {
                        return Poll::Ready(());
                    }
                    // An embedder's waker has panicked, say.
                    this.finish();
                }
            }
        }
    }
}

impl<T: Send + 'static> Handling<'_, '_, '_, T> {
    /// From stop to stop, until there are no more.
    fn go_on(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.stopped.is_none() {
                match decide(self.shared, &mut self.store, &self.event, &mut self.phase, &mut self.top) {
                    Some(found) => self.stopped = Some(Stopped::new(self.shared, found)),
                    None => return Poll::Ready(()),
                }
            }
            if self.stand(cx).is_pending() {
                return Poll::Pending;
            }
            self.finish();
        }
    }

    /// Stands still until the debugger lets the guest go on.
    fn stand(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let shared = self.shared;
        let Some(stopped) = &mut self.stopped else { return Poll::Ready(()) };
        loop {
            if shared.killed() {
                shared.stopped.store(stopped.number, SeqCst);
                return Poll::Pending;
            }
            let mut coroutine = lock(&shared.coroutine);
            if !coroutine.pollable() {
                // Not below the session's poll: it was leaked, or the body took the store elsewhere.
                return Poll::Ready(());
            }
            shared.wake_nexts();
            let here = Here {
                stop: stopped.number,
                cause: stopped.cause,
                top: self.top.as_ref(),
                store: &mut self.store,
                event: &stopped.event,
            };
            let ended = scope::enter(shared, Some(here), || shared.poll_debugger(&mut coroutine));
            drop(coroutine);
            if ended {
                forget(shared, &mut self.store);
                return Poll::Ready(());
            }
            if stopped.event.get_mut().is_none() && shared.waiting.any() {
                return Poll::Ready(());
            }
            shared.stopped.store(stopped.number, SeqCst);
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

    fn finish(&mut self) {
        self.stopped = None;
        if self.shared.stopped.load(SeqCst) != 0 {
            self.shared.stopped.store(0, SeqCst);
            if self.shared.options.freeze == Freeze::Task {
                self.shared.wake.clear_guest();
            }
        }
    }
}

impl<T: 'static> Drop for Handling<'_, '_, '_, T> {
    fn drop(&mut self) {
        if self.stopped.is_none() {
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
