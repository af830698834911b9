//! The coordinator: logical breakpoints and running, over any number of debuggees.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use freezeframe_debuggee::{
    Debuggee, DebuggeeId, DepthCheck, Ended, Event, Interrupter, ModuleId, Query, Site, StopReason, TrapKind,
};
use freezeframe_symbols::Symbols;

use crate::{
    Breakpoint, BreakpointId, Called, Catch, EngineError, LocationSpec, LogLine,
    breakpoints::{bind, not_found},
    expression::Memo,
    loading::Loading,
    skips::Skips,
    source_lines::SameSource,
    stepping::{Direction, Step, Stepping},
    target::{Quiet, State, Target},
    values::{Formatter, Formatters, Handles},
};

/// Why a debuggee stopped, in the engine's terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Before the first operator.
    Attached,
    /// These breakpoints.
    Breakpoints(Vec<BreakpointId>),
    /// A step came to its end.
    StepDone,
    /// Somebody asked for it.
    Interrupted,
    /// A trap; the stack is still whole.
    Trap {
        /// Which.
        kind: TrapKind,
        /// The engine's words for it.
        message: String,
    },
    /// An exception is about to be thrown.
    Exception {
        /// Its payload, for people.
        summary: String,
        /// Whether nothing catches it, as far as that was looked for: by the code's tables of catches.
        uncaught: bool,
    },
    /// A host function failed.
    HostError {
        /// Its error.
        message: String,
    },
    /// The guest asks to exit; its stack is still whole.
    Exit {
        /// With which code.
        code: i32,
    },
    /// Modules came into the store.
    ModulesLoaded {
        /// Their names, where they have some.
        names: Vec<String>,
    },
    /// The guest ran unseen for a while.
    Blind {
        /// Why.
        why: String,
    },
    /// A [call](Debugger::call) is over; the guest stands where it stood before it.
    Called(Called),
}

/// What a debuggee did. Each names its debuggee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// It stands still.
    Stopped {
        /// Which.
        debuggee: DebuggeeId,
        /// Why.
        reason: Reason,
        /// The catchpoints that wanted this stop.
        caught: Vec<BreakpointId>,
        /// What went wrong beside it, such as a condition that couldn't be evaluated.
        notes: Vec<String>,
    },
    /// It is over.
    Ended {
        /// Which.
        debuggee: DebuggeeId,
        /// How.
        ended: Ended,
    },
}

/// A loaded module: its name in the debuggee, the name it was given, its symbols.
pub type ModuleSymbols = (ModuleId, Option<String>, Arc<Symbols>);

/// The debugger. All its methods are called from one thread; guests run on their own.
pub struct Debugger {
    pub(crate) targets: Vec<Target>,
    pub(crate) breakpoints: Vec<Breakpoint>,
    pub(crate) last_debuggee: u32,
    pub(crate) last_breakpoint: u32,
    pub(crate) catch_exceptions: bool,
    /// Who is told what log points say.
    pub(crate) log: Option<LogSink>,
    /// Who is told of events of debuggees.
    pub(crate) wake: Option<Wake>,
    /// Stops that happened while something else was being done.
    pub(crate) pending: VecDeque<Report>,
    /// Modules that were read already: the same program run again has the same.
    pub(crate) loading: Loading,
    pub(crate) same_source: SameSource,
    /// Printed values and people's variables: of all debuggees, as they outlive a run.
    pub(crate) memo: Memo,
    /// What steps pass by.
    pub(crate) skips: Arc<Skips>,
    pub(crate) formatters: Formatters,
    /// The nodes of value trees.
    pub(crate) handles: Handles,
}

/// Tells somebody that a debuggee has done something.
pub(crate) type Wake = Arc<dyn Fn(DebuggeeId) + Send + Sync>;

/// Takes what log points say.
pub(crate) type LogSink = Box<dyn FnMut(&LogLine) + Send>;

/// How long the engine waits for guests that it interrupts for its own sake.
const PAUSE: Duration = Duration::from_millis(500);
/// How long it waits for one that it killed.
const KILL: Duration = Duration::from_secs(1);

impl Default for Debugger {
    fn default() -> Self {
        Self::new()
    }
}

impl Debugger {
    /// A debugger without debuggees.
    pub fn new() -> Self {
        Self {
            targets: Vec::new(),
            breakpoints: Vec::new(),
            last_debuggee: 0,
            last_breakpoint: 0,
            catch_exceptions: false,
            log: None,
            wake: None,
            pending: VecDeque::new(),
            loading: Loading::default(),
            same_source: Arc::new(|wanted, path| wanted == path),
            memo: Memo::default(),
            skips: Arc::default(),
            formatters: Formatters::default(),
            handles: Handles::default(),
        }
    }

    /// Adds formatters: how values of some types are seen from now on. Of two that fit a type, the one that was added last is
    /// used.
    pub fn add_formatters(&mut self, formatters: Vec<Formatter>) {
        self.formatters.add(formatters);
    }

    /// Forgets all formatters.
    pub fn clear_formatters(&mut self) {
        self.formatters.clear();
    }

    /// Takes over a debuggee and waits until it stands before its first operator.
    ///
    /// # Errors
    /// What the debuggee or its modules are at fault with.
    pub fn attach(&mut self, debuggee: Box<dyn Debuggee>) -> Result<DebuggeeId, EngineError> {
        self.last_debuggee += 1;
        let id = DebuggeeId(self.last_debuggee);
        let mut target = self.new_target(id, debuggee);
        match target.debuggee.next_event(None)? {
            Some(Event::Stopped(_)) => target.state = State::Stopped,
            Some(Event::Ended(ended)) => {
                target.state = State::Ended(ended.clone());
                self.pending.push_back(Report::Ended { debuggee: id, ended });
            }
            Some(Event::Passed(_)) | None => {
                return Err(EngineError::Internal("a debuggee attached without an event"));
            }
        }
        self.targets.push(target);
        if self.target(id)?.state == State::Stopped {
            self.load_modules(id)?;
        }
        Ok(id)
    }

    /// Lets go of a debuggee: a guest that still lives is killed.
    pub fn forget(&mut self, id: DebuggeeId) {
        self.targets.retain(|t| t.id != id);
        self.handles.forget(id);
        for breakpoint in &mut self.breakpoints {
            breakpoint.sites.retain(|s| s.debuggee != id);
        }
    }

    /// What a debuggee is doing.
    ///
    /// # Errors
    /// [`EngineError::NoDebuggee`].
    pub fn state(&self, id: DebuggeeId) -> Result<State, EngineError> {
        let target = self.targets.iter().find(|t| t.id == id);
        target.map(|t| t.state.clone()).ok_or(EngineError::NoDebuggee(id))
    }

    pub(crate) fn target(&mut self, id: DebuggeeId) -> Result<&mut Target, EngineError> {
        self.targets.iter_mut().find(|t| t.id == id).ok_or(EngineError::NoDebuggee(id))
    }

    /// Does something while no debuggee runs: those that do are interrupted and go on afterwards, unseen by the user. What
    /// changes breakpoints does so by itself; around several changes it's one pause. One that waits in a function of the host
    /// isn't waited for.
    ///
    /// # Errors
    /// Those of `act`; of a debuggee that can't go on.
    pub fn while_paused<R>(&mut self, act: impl FnOnce(&mut Self) -> Result<R, EngineError>) -> Result<R, EngineError> {
        let running: Vec<DebuggeeId> =
            self.targets.iter().filter(|t| t.state == State::Running).map(|t| t.id).collect();
        for id in &running {
            let target = self.target(*id)?;
            target.quiet = Some(Quiet::Hold);
            target.debuggee.interrupter().interrupt();
        }
        let deadline = Instant::now() + PAUSE;
        let (mut resume, mut failed) = (Vec::new(), None);
        for id in running {
            match self.wait(id, Some(deadline.saturating_duration_since(Instant::now()))) {
                Ok(Some(Report::Stopped { .. })) if std::mem::take(&mut self.target(id)?.held) => resume.push(id),
                // It stopped by itself, which is reported as if nothing had been.
                Ok(Some(report)) => self.pending.push_back(report),
                // It waits in a function of the host. When that returns, it takes up what is changed now.
                Ok(None) => self.target(id)?.quiet = Some(Quiet::Resume),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        let result = failed.map_or_else(|| act(self), Err);
        // Whatever happened, those that were paused for this go on, with the steps that they were on.
        for id in resume {
            self.resume_with_plan(id)?;
        }
        result
    }

    // ---- running

    /// Lets a debuggee run until something stops it.
    ///
    /// # Errors
    /// It must be stopped.
    pub fn resume(&mut self, id: DebuggeeId) -> Result<(), EngineError> {
        let target = self.target(id)?;
        if target.state == State::Running {
            return Err(EngineError::Running);
        }
        target.stepping = None;
        target.interrupt.store(false, Relaxed);
        self.resume_with_plan(id)
    }

    /// Starts a step from the innermost frame, `count` times.
    ///
    /// # Errors
    /// It must be stopped at a frame; [`EngineError::NoLines`] where there are no lines to step by.
    pub fn step(&mut self, id: DebuggeeId, step: Step, count: u32) -> Result<(), EngineError> {
        self.step_in(Direction::Forward, id, step, count)
    }

    /// The same, in either direction.
    ///
    /// # Errors
    /// As for [`step`](Self::step); [`EngineError::NoReverse`] of a debuggee that can't run backwards.
    pub fn step_in(&mut self, direction: Direction, id: DebuggeeId, step: Step, count: u32) -> Result<(), EngineError> {
        let target = self.target(id)?;
        target.interrupt.store(false, Relaxed);
        let places = target.plan_step(direction, step)?;
        let past_libraries = !target.in_library();
        let remaining = count.max(1);
        target.stepping = Some(Stepping { direction, past_libraries, remaining, ..Stepping::once(step, places) });
        self.resume_with_plan(id)
    }

    /// Runs until frame `frame` has returned to its caller.
    ///
    /// # Errors
    /// [`EngineError::Outermost`] when it has none, [`EngineError::NoFrame`].
    pub fn finish(&mut self, id: DebuggeeId, frame: usize) -> Result<(), EngineError> {
        let target = self.target(id)?;
        let frame = target.stack_frame(frame)?;
        let places = target.plan_step_from(Direction::Forward, Step::Out, frame.physical, frame.inline_depth)?;
        // Only the innermost frame's value is what lies on top of its caller's operands then.
        let returning = (!frame.inlined).then_some((frame.module, frame.function_index));
        target.stepping = Some(Stepping { returning, ..Stepping::once(Step::Out, places) });
        self.resume_with_plan(id)
    }

    /// Runs until a location is reached, or the innermost frame has returned.
    ///
    /// # Errors
    /// A location that isn't found.
    pub fn run_to(&mut self, id: DebuggeeId, location: &LocationSpec) -> Result<(), EngineError> {
        let target = self.target(id)?;
        let mut places = target.plan_step(Direction::Forward, Step::Out).unwrap_or_default();
        let (sites, _) = bind(location, target)?;
        if sites.is_empty() {
            return Err(not_found(location, &self.targets));
        }
        // In the function that it starts from, `until` means this call of it and not one that it makes.
        let frame = target.frame(0)?;
        let depth = DepthCheck::AtMost(target.depth()?);
        let function = target.module(frame.module).and_then(|m| m.symbols.function_by_index(frame.function)).cloned();
        places.sites.extend(sites.iter().map(|s| {
            let here = s.module == frame.module && function.as_ref().is_some_and(|f| f.range.contains(&s.pc));
            (s.site(), if here { depth } else { DepthCheck::Any })
        }));
        self.target(id)?.stepping = Some(Stepping::once(Step::Out, places));
        self.resume_with_plan(id)
    }

    /// Steps to the next line, or into a function that is called on the way there, directly or not.
    ///
    /// # Errors
    /// A function that isn't found; as for [`step`](Self::step).
    pub fn step_into(&mut self, id: DebuggeeId, function: &str) -> Result<(), EngineError> {
        let location = LocationSpec::Function(function.to_owned());
        let target = self.target(id)?;
        let (sites, _) = bind(&location, target)?;
        if sites.is_empty() {
            return Err(not_found(&location, &self.targets));
        }
        let places = target.plan_step(Direction::Forward, Step::Over)?;
        let (frame, depth) = (target.frame(0)?, target.depth()?);
        let function = target.module(frame.module).and_then(|m| m.symbols.function_by_index(frame.function)).cloned();
        let into = sites.iter().map(|s| {
            let own = s.module == frame.module && function.as_ref().is_some_and(|f| f.range.contains(&s.pc));
            // A tail call puts another function into this one's place.
            (s.site(), DepthCheck::AtLeast(if own { depth.saturating_add(1) } else { depth }))
        });
        let into = into.collect();
        target.interrupt.store(false, Relaxed);
        target.stepping = Some(Stepping { into, ..Stepping::once(Step::Over, places) });
        self.resume_with_plan(id)
    }

    /// Waits until a debuggee stops for a reason that concerns the user, or is over. `None` when `timeout` passed.
    ///
    /// # Errors
    /// [`EngineError::NotRunning`] when it is over or stands still.
    pub fn wait(&mut self, id: DebuggeeId, timeout: Option<Duration>) -> Result<Option<Report>, EngineError> {
        let mine = |report: &Report| match report {
            Report::Stopped { debuggee, .. } | Report::Ended { debuggee, .. } => *debuggee == id,
        };
        if let Some(at) = self.pending.iter().position(mine) {
            return Ok(self.pending.remove(at));
        }
        if self.target(id)?.state != State::Running {
            return Err(EngineError::NotRunning);
        }
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            match self.target(id)?.debuggee.next_event(left)? {
                None => return Ok(None),
                Some(Event::Passed(passed)) => self.passed(id, &passed)?,
                Some(Event::Ended(ended)) => {
                    self.target(id)?.state = State::Ended(ended.clone());
                    return Ok(Some(Report::Ended { debuggee: id, ended }));
                }
                Some(Event::Stopped(stopped)) => {
                    let target = self.target(id)?;
                    target.state = State::Stopped;
                    target.forget_stop();
                    target.see_stop(stopped.frames, stopped.depth, stopped.unwound);
                    let quiet = target.quiet.take();
                    if std::mem::take(&mut target.fresh) {
                        self.load_modules(id)?;
                    }
                    let (mut caught, mut notes) = (Vec::new(), Vec::new());
                    let reason = self.classify(id, stopped.reason, &mut caught, &mut notes)?;
                    // A condition may call functions, and those may do anything.
                    if let State::Ended(ended) = self.state(id)? {
                        return Ok(Some(Report::Ended { debuggee: id, ended }));
                    }
                    // An interrupt may have come together with a stop that means nothing to the user.
                    let interrupted = self.target(id)?.interrupt.swap(false, Relaxed);
                    let reason = match (quiet, reason) {
                        // (A stop that meant nothing has used up the interrupt.)
                        (Some(Quiet::Hold), Some(Reason::Interrupted) | None) if !interrupted => {
                            self.target(id)?.held = true;
                            let reason = Reason::Interrupted;
                            return Ok(Some(Report::Stopped { debuggee: id, reason, caught, notes }));
                        }
                        (Some(Quiet::Resume), Some(Reason::Interrupted | Reason::Attached)) => None,
                        (_, reason) => reason,
                    };
                    if let Some(reason) = reason.or(interrupted.then_some(Reason::Interrupted)) {
                        let target = self.target(id)?;
                        if let (Some(call), false) = (target.calls.last(), matches!(reason, Reason::Called(_))) {
                            notes.push(format!("this is in the call of `{}`; `continue` goes on with it", call.name));
                        }
                        let stepping = target.stepping.take();
                        if let Reason::Breakpoints(ids) = &reason {
                            target.stopped_at.clone_from(ids);
                        }
                        target.returned = stepping.filter(|_| reason == Reason::StepDone).and_then(|s| s.returning);
                        return Ok(Some(Report::Stopped { debuggee: id, reason, caught, notes }));
                    }
                    self.resume_with_plan(id)?;
                    // Stops that mean nothing may come faster than any timeout.
                    if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Whether an enabled catchpoint wants events like this one.
    pub(crate) fn wants(&self, event: &Catch) -> bool {
        let catch = |b: &Breakpoint| matches!(&b.spec.location, LocationSpec::Event(catch) if catch.same_family(event));
        self.breakpoints.iter().any(|b| b.enabled && catch(b))
    }

    /// The same, or the guest stops for such events because nothing else was said.
    pub(crate) fn heeds(&self, event: &Catch) -> bool {
        let said = |b: &Breakpoint| matches!(&b.spec.location, LocationSpec::Event(catch) if catch.same_family(event));
        self.wants(event) || event.by_default() && !self.breakpoints.iter().any(said)
    }

    /// What a stop means to the user; `None`: nothing, go on.
    fn classify(
        &mut self,
        id: DebuggeeId,
        reason: StopReason,
        caught: &mut Vec<BreakpointId>,
        notes: &mut Vec<String>,
    ) -> Result<Option<Reason>, EngineError> {
        let (event, always, reason) = match reason {
            StopReason::Attached => return Ok(Some(Reason::Attached)),
            StopReason::Interrupted => return Ok(Some(Reason::Interrupted)),
            StopReason::Blind { why } => return Ok(Some(Reason::Blind { why })),
            StopReason::CallFinished { call, result } => return self.call_finished(id, call, result),
            StopReason::LogFull => return Ok(None),
            StopReason::NextOperator => return self.step_arrived(id),
            StopReason::Rules(rules) => return self.classify_rules(id, &rules, notes),
            StopReason::Trap { kind, message } => (Catch::Traps(vec![kind]), true, Reason::Trap { kind, message }),
            StopReason::HostError { message } => (Catch::HostErrors, true, Reason::HostError { message }),
            StopReason::Exception { summary, tags } => {
                // Where the stack is unwound nobody has caught it.
                let unwound = self.target(id)?.is_unwound();
                let uncaught = unwound || self.heeds(&Catch::Uncaught) && self.target(id)?.is_uncaught(&tags)?;
                if uncaught && let Some(by) = self.caught(id, true, &Catch::Uncaught, notes)? {
                    caught.extend(by);
                    caught.extend(self.caught(id, false, &Catch::Exceptions, notes)?.into_iter().flatten());
                    return Ok(Some(Reason::Exception { summary, uncaught }));
                }
                (Catch::Exceptions, self.catch_exceptions || unwound, Reason::Exception { summary, uncaught })
            }
            StopReason::Exit { code } => (Catch::Exit, false, Reason::Exit { code }),
            StopReason::ModulesLoaded(modules) => {
                self.load_modules(id)?;
                let target = self.target(id)?;
                let named = modules.into_iter().filter_map(|module| target.module(module)?.name.clone());
                (Catch::Loads, false, Reason::ModulesLoaded { names: named.collect() })
            }
        };
        let Some(by) = self.caught(id, always, &event, notes)? else { return Ok(None) };
        caught.extend(by);
        Ok(Some(reason))
    }

    /// A step reached one of its places: is it done?
    pub(crate) fn step_arrived(&mut self, id: DebuggeeId) -> Result<Option<Reason>, EngineError> {
        let target = self.target(id)?;
        let Some(stepping) = target.stepping.clone() else { return Ok(Some(Reason::StepDone)) };
        let frame = target.innermost()?;
        let at = Site { module: frame.module, pc: frame.pc };
        let has_line = frame.position.is_some();
        let here = |place: &(Site, DepthCheck)| place.0 == at;
        if stepping.into.iter().chain(&stepping.places.anew).any(here) {
            let depth = target.depth()?;
            let arrived = |place: &(Site, DepthCheck)| here(place) && place.1.passes(depth);
            if stepping.into.iter().any(arrived) {
                return Ok(Some(Reason::StepDone));
            }
            if stepping.places.anew.iter().any(arrived) {
                // The frame has returned to the host, which called its function again: on to where the host returns to.
                return match target.plan_step_from(stepping.direction, Step::Out, 0, usize::MAX) {
                    Ok(places) => {
                        target.stepping = Some(Stepping { places, ..stepping });
                        Ok(None)
                    }
                    Err(_) => Ok(Some(Reason::StepDone)),
                };
            }
        }
        let by_line = matches!(stepping.step, Step::Over | Step::Into | Step::Until);
        if by_line && !has_line {
            // Back in code without lines (a start-up stub): on to where there are some.
            if let Ok(places) = target.plan_step(stepping.direction, Step::Over) {
                target.stepping = Some(Stepping { places, ..stepping });
                return Ok(None);
            }
            return Ok(Some(Reason::StepDone));
        }
        if by_line
            && target.in_skipped_code(stepping.past_libraries)
            && let Ok(places) = target.plan_past_skipped(stepping.past_libraries)
        {
            target.stepping = Some(Stepping { places, ..stepping });
            return Ok(None);
        }
        if stepping.remaining <= 1 {
            return Ok(Some(Reason::StepDone));
        }
        match target.plan_step(stepping.direction, stepping.step) {
            Ok(places) => {
                target.stepping = Some(Stepping { remaining: stepping.remaining - 1, places, ..stepping });
                Ok(None)
            }
            Err(_) => Ok(Some(Reason::StepDone)),
        }
    }

    /// Whether the stack of a stopped debuggee was unwound before anybody could look, as happens at native speed: the frames
    /// are places, and what lies in memory is as the guest left it.
    ///
    /// # Errors
    /// [`EngineError::NoDebuggee`].
    pub fn is_unwound(&mut self, id: DebuggeeId) -> Result<bool, EngineError> {
        Ok(self.target(id)?.is_unwound())
    }

    /// The breakpoints that a debuggee stands at, those among them that are gone with this stop left out.
    ///
    /// # Errors
    /// [`EngineError::NoDebuggee`].
    pub fn stopped_at(&mut self, id: DebuggeeId) -> Result<Vec<BreakpointId>, EngineError> {
        let mut ids = self.target(id)?.stopped_at.clone();
        ids.retain(|id| self.breakpoint(*id).is_ok());
        Ok(ids)
    }

    /// A handle by which another thread (a signal handler) can stop a debuggee.
    ///
    /// # Errors
    /// [`EngineError::NoDebuggee`].
    pub fn interrupter(&mut self, id: DebuggeeId) -> Result<Interrupter, EngineError> {
        let target = self.target(id)?;
        let (asked, debuggee) = (target.interrupt.clone(), target.debuggee.interrupter());
        Ok(Interrupter::new(move || {
            asked.store(true, Relaxed);
            debuggee.interrupt();
        }))
    }

    /// Ends a debuggee and waits for its end.
    ///
    /// # Errors
    /// [`EngineError::NotRunning`] when it is over already.
    pub fn kill(&mut self, id: DebuggeeId) -> Result<Ended, EngineError> {
        let target = self.target(id)?;
        if let State::Ended(_) = target.state {
            return Err(EngineError::NotRunning);
        }
        target.debuggee.kill()?;
        // A guest that waits in a function of the host ends when that returns; nobody has to wait for it.
        let ended = loop {
            match target.debuggee.next_event(Some(KILL))? {
                Some(Event::Ended(ended)) => break ended,
                Some(Event::Stopped(_) | Event::Passed(_)) => {}
                None => break Ended::Killed,
            }
        };
        target.state = State::Ended(ended.clone());
        self.pending.retain(|report| match report {
            Report::Stopped { debuggee, .. } | Report::Ended { debuggee, .. } => *debuggee != id,
        });
        Ok(ended)
    }

    /// The sites planted in a stopped debuggee's code for breakpoints. What steps have left there
    /// ([`kept`](Self::kept)) is taken out before.
    ///
    /// # Errors
    /// It must be stopped.
    pub fn planted(&mut self, id: DebuggeeId) -> Result<Vec<Site>, EngineError> {
        self.target(id)?.sites(Query::Planted)
    }

    /// The sites that steps have left in a stopped debuggee's code for the next step. They stop nobody; `continue` takes
    /// them out.
    ///
    /// # Errors
    /// It must be stopped.
    pub fn kept(&mut self, id: DebuggeeId) -> Result<Vec<Site>, EngineError> {
        self.target(id)?.sites(Query::Kept)
    }

    /// The symbols of the modules of a debuggee, in the order of their loading.
    ///
    /// # Errors
    /// [`EngineError::NoDebuggee`].
    pub fn modules(&mut self, id: DebuggeeId) -> Result<Vec<ModuleSymbols>, EngineError> {
        let modules = (0_u32..).zip(&self.target(id)?.modules);
        Ok(modules.map(|(i, m)| (ModuleId(i), m.name.clone(), m.symbols.clone())).collect())
    }
}
