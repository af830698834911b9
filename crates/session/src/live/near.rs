//! The near half: a debugger coroutine that answers commands while the guest is stopped.

use std::sync::{Arc, Mutex};

use freezeframe_debuggee::{
    Answer, Call, CallId, Frame, ModuleId, Query, StopPlan, StopReason, Stopped, TrapKind, Unavailable,
};
use wasmtime::Trap;

use super::{
    LiveOptions,
    link::{Command, Link, Reply},
    plan::Plan,
    queries::Names,
    values,
};
use crate::{Dbg, Event, Failure, shared::lock};

/// Tells the far half when the coroutine is over, also by being dropped or by a panic.
struct Gone(Arc<Link>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.near_gone();
    }
}

struct Near<T: 'static> {
    dbg: Dbg<T>,
    link: Arc<Link>,
    names: Names,
    plan: Arc<Mutex<Plan>>,
}

pub(super) async fn run<T: Send + 'static>(dbg: Dbg<T>, link: Arc<Link>, options: LiveOptions) {
    let _gone = Gone(link.clone());
    link.start(dbg.control());
    let plan = Arc::new(Mutex::new(Plan::new(options.complete, link.clone())));
    let filtering = plan.clone();
    dbg.set_filter(Some(Box::new(move |stop, event| lock(&filtering).verdict(stop, event))));
    let mut near = Near { dbg, link, names: Names::new(options.modules), plan };
    let mut blind = false;
    while let Some(event) = near.dbg.next().await {
        let unwound = matches!(event, Event::Unwound { .. });
        match near.reason(event) {
            Ok(reason) => {
                if std::mem::take(&mut blind) {
                    let why = "the host dropped a call into the guest, and Wasmtime its debug handler with it";
                    near.serve(StopReason::Blind { why: why.into() }, false).await;
                }
                let new = near.new_modules(&reason, unwound);
                if !new.is_empty() {
                    near.serve(StopReason::ModulesLoaded(new), false).await;
                }
                near.serve(reason, unwound).await;
            }
            Err(lost) => blind |= lost,
        }
    }
}

/// How many frames a step asks for.
const STEP_FRAMES: usize = 2;

const GONE: &str = "the host has dropped this call into the guest";

impl<T: Send + 'static> Near<T> {
    /// The reason of a stop; for an event that's none, whether the guest runs unseen from here on.
    fn reason(&mut self, event: Event) -> Result<StopReason, bool> {
        Ok(match event {
            Event::Attached => StopReason::Attached,
            Event::Breakpoint { .. } => lock(&self.plan).take_reason(),
            Event::Interrupted => StopReason::Interrupted,
            Event::Step => StopReason::NextOperator,
            Event::ModuleLoaded { modules } => {
                StopReason::ModulesLoaded(modules.iter().filter_map(|module| self.names.module(module)).collect())
            }
            Event::Trap(trap) => StopReason::Trap { kind: trap_kind(trap), message: trap.to_string() },
            Event::Exception(exception) => {
                let (summary, tags) = self.names.exception(&self.dbg, &exception);
                StopReason::Exception { summary, tags }
            }
            Event::HostError { message } => StopReason::HostError { message },
            Event::Exit { code } => StopReason::Exit { code },
            Event::Unwound { failure, message } => match failure {
                Failure::Trap(trap) => StopReason::Trap { kind: trap_kind(trap), message: trap.to_string() },
                Failure::Exception => {
                    let summary = self.pending_exception().unwrap_or(message);
                    StopReason::Exception { summary, tags: Vec::new() }
                }
                _ => StopReason::HostError { message },
            },
            Event::CallFinished { call, result } => {
                let result = result.map_err(|error| error.root_cause().to_string()).and_then(|returned| {
                    let values = self.dbg.with(|stop| {
                        let values = returned.values(stop);
                        values.iter().map(|value| values::shown(&mut stop.store(), value)).collect()
                    });
                    values.map_err(|error| error.to_string())
                });
                StopReason::CallFinished { call: CallId(call.0), result }
            }
            Event::Cancelled => return Err(false),
            Event::Lost => return Err(true),
        })
    }

    /// What is known of the exception that nobody has caught. It stays where the host finds it.
    fn pending_exception(&mut self) -> Option<String> {
        let exception = self.dbg.with(|stop| {
            let mut store = stop.store();
            let exception = store.take_pending_exception()?;
            let kept = exception.to_owned_rooted(&mut store).ok();
            // Its error is the sign that there is one pending.
            let _ = store.throw::<()>(exception);
            kept
        });
        let exception = exception.ok().flatten()?;
        Some(self.names.exception(&self.dbg, &exception).0)
    }

    /// A stop with what will be asked next, as far as it costs little: the innermost frame where that is sound, and after a
    /// step what another one needs. That is a look through all frames, once instead of several times.
    fn seen(&mut self, reason: StopReason) -> Stopped {
        let mut stopped = Stopped::new(reason);
        if !matches!(stopped.reason, StopReason::Rules(_) | StopReason::NextOperator) {
            return stopped;
        }
        let (names, is_step) = (&mut self.names, lock(&self.plan).is_step());
        let seen = self.dbg.with(|stop| {
            names.see(stop);
            let mut all = stop.frames();
            let most = if is_step { STEP_FRAMES } else { 1 };
            let frames: Vec<Frame> =
                all.by_ref().take(most).map(|frame| names.frame(&frame)).collect::<Result<_, _>>()?;
            let depth = is_step.then(|| u32::try_from(frames.len() + all.count()).unwrap_or(u32::MAX));
            Ok::<_, Unavailable>((frames, depth))
        });
        if let Ok(Ok((frames, depth))) = seen {
            (stopped.frames, stopped.depth) = (frames, depth);
        }
        stopped
    }

    /// Tells the far half of a stop, and does what it says until it resumes the guest or kills it.
    async fn serve(&mut self, reason: StopReason, unwound: bool) {
        let stopped = Stopped { unwound, ..self.seen(reason) };
        self.link.stopped(stopped);
        while let Some(command) = self.link.command().await {
            match command {
                Command::Query(queries) => {
                    let answers = self.answer(&queries);
                    self.link.reply(Reply::Answers(answers));
                }
                Command::Call(call) => {
                    let called = self.call(&call);
                    self.link.reply(Reply::Called(called));
                }
                Command::Resume(plan) => {
                    let done = self.resume(plan);
                    let resumed = done.is_ok();
                    self.link.reply(Reply::Resumed(done));
                    if resumed {
                        return;
                    }
                }
            }
        }
    }

    /// At native speed nobody tells of modules within components before one of them is seen at a trap.
    fn new_modules(&mut self, reason: &StopReason, unwound: bool) -> Vec<ModuleId> {
        if !unwound && !matches!(reason, StopReason::Trap { .. }) {
            return Vec::new();
        }
        let names = &mut self.names;
        self.dbg.with(|stop| names.of_frames(stop)).unwrap_or_default()
    }

    fn answer(&mut self, queries: &[Query]) -> Vec<Result<Answer, Unavailable>> {
        let (names, plan) = (&mut self.names, &self.plan);
        let answers = self.dbg.with(|stop| queries.iter().map(|q| names.answer(stop, plan, q)).collect());
        answers.unwrap_or_else(|_| {
            let gone = Unavailable::new(GONE);
            queries.iter().map(|_| Err(gone.clone())).collect()
        })
    }

    fn call(&mut self, call: &Call) -> Result<CallId, String> {
        let names = &mut self.names;
        let target = self.dbg.with(|stop| names.function(stop, call)).unwrap_or_else(|_| Err(Unavailable::new(GONE)));
        let (func, args) = target.map_err(|unavailable| unavailable.0)?;
        self.dbg.call(func, &args).map(|id| CallId(id.0)).map_err(|error| error.to_string())
    }

    fn resume(&mut self, plan: StopPlan) -> Result<(), String> {
        let (names, current) = (&mut self.names, &self.plan);
        match self.dbg.with(|stop| lock(current).replace(stop, names, plan)) {
            Ok(done) => done,
            // The stop was dropped: there's nothing to plant in, and the guest's host goes on.
            Err(_) => Ok(()),
        }
    }
}

fn trap_kind(trap: Trap) -> TrapKind {
    match trap {
        Trap::StackOverflow => TrapKind::StackOverflow,
        Trap::MemoryOutOfBounds => TrapKind::MemoryOutOfBounds,
        Trap::HeapMisaligned => TrapKind::HeapMisaligned,
        Trap::TableOutOfBounds => TrapKind::TableOutOfBounds,
        Trap::IndirectCallToNull => TrapKind::IndirectCallToNull,
        Trap::BadSignature => TrapKind::BadSignature,
        Trap::IntegerOverflow => TrapKind::IntegerOverflow,
        Trap::IntegerDivisionByZero => TrapKind::IntegerDivisionByZero,
        Trap::BadConversionToInteger => TrapKind::BadConversionToInteger,
        Trap::UnreachableCodeReached => TrapKind::Unreachable,
        Trap::NullReference => TrapKind::NullReference,
        Trap::ArrayOutOfBounds => TrapKind::ArrayOutOfBounds,
        Trap::CastFailure => TrapKind::CastFailure,
        Trap::OutOfFuel => TrapKind::OutOfFuel,
        Trap::Interrupt => TrapKind::Interrupt,
        _ => TrapKind::Other,
    }
}
