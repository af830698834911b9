//! Letting the guest run and waiting for what it does.

use std::time::{Duration, Instant};

use freezeframe_engine::{
    BreakpointId, Called, DebuggeeId, Debugger, EngineError, Limits, Reason, Report, SourcePosition, StackFrame, State,
};

use crate::{
    app::App,
    error::CliError,
    json::{FrameReply, Reply, StopKind, StopView, VariableView},
    source::Snippet,
    views,
};

/// How often signals and a closed pipe are looked for. The guest's own events don't wait for it.
const LOOK: Duration = Duration::from_millis(100);
/// How long a guest may take to stop before a person is told what it's doing.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many Wasm frames are searched for one with source.
const SEARCHED: u32 = 64;

/// What is left of a guest whose end nobody could stop.
const UNWOUND: &str = "the stack was unwound before anybody could look: what is shown are the places of the runtime's \
                       backtrace, and what lies in memory; `freezeframe run --detailed` stops before that";

impl App {
    /// Lets the guest run as `start` says, until it stops or ends.
    ///
    /// # Errors
    /// It isn't being run, or can't run like this.
    pub fn go(
        &mut self,
        start: impl FnOnce(&mut Debugger, DebuggeeId) -> Result<(), EngineError>,
    ) -> Result<Reply, CliError> {
        let id = self.stopped_guest()?;
        self.go_with(id, start)
    }

    /// Lets a guest that stands before its first operator run.
    ///
    /// # Errors
    /// It can't run.
    pub fn begin(&mut self) -> Result<Reply, CliError> {
        let id = self.any_guest()?;
        if let State::Ended(ended) = self.debugger.state(id)? {
            // It was over before it began.
            self.started = true;
            return Ok(self.report(Report::Ended { debuggee: id, ended }));
        }
        self.started = true;
        self.go_with(id, |debugger, id| debugger.resume(id))
    }

    fn go_with(
        &mut self,
        id: DebuggeeId,
        start: impl FnOnce(&mut Debugger, DebuggeeId) -> Result<(), EngineError>,
    ) -> Result<Reply, CliError> {
        start(&mut self.debugger, id)?;
        let report = self.watch(id)?;
        Ok(self.report(report))
    }

    /// Waits for a guest that runs; Ctrl-C is for the guest meanwhile.
    fn watch(&mut self, id: DebuggeeId) -> Result<Report, CliError> {
        let interrupter = self.debugger.interrupter(id)?;
        match self.launcher.is_native() {
            true => self.signals.unstoppable_runs(),
            false => self.signals.guest_runs(interrupter),
        }
        let report = self.wait(id);
        self.signals.guest_stopped();
        report
    }

    /// Calls functions of the guest as an expression says.
    ///
    /// # Errors
    /// The expression is wrong, or the call failed.
    pub fn call(&mut self, text: &str) -> Result<Reply, CliError> {
        let id = self.stopped_guest()?;
        let frame = self.frame_for_values();
        if let Some((number, shown)) = self.debugger.call(id, frame, text, Limits::default())? {
            return Ok(Reply::Value(VariableView { number: Some(number), ..views::variable(shown) }));
        }
        match self.watch(id)? {
            Report::Stopped { reason: Reason::Called(Called { function, result }), .. } => match result {
                Ok(Some((number, shown))) => {
                    Ok(Reply::Value(VariableView { number: Some(number), ..views::variable(shown) }))
                }
                Ok(None) => Ok(Reply::Message(format!("{function} returned"))),
                Err(why) => Err(CliError::Other(format!("the call of `{function}` failed: {why}"))),
            },
            other => Ok(self.report(other)),
        }
    }

    fn wait(&mut self, id: DebuggeeId) -> Result<Report, CliError> {
        let mut asked: Option<Instant> = None;
        let mut told = false;
        loop {
            if let Some(report) = self.debugger.wait(id, Some(LOOK))? {
                return Ok(report);
            }
            if self.console().broken() || self.signals.interrupts() >= 2 {
                let ended = self.debugger.kill(id)?;
                return Ok(Report::Ended { debuggee: id, ended });
            }
            if self.signals.interrupts() == 1 {
                let asked = *asked.get_or_insert_with(Instant::now);
                if !told && asked.elapsed() > PATIENCE {
                    told = true;
                    self.printer.note_after_interrupt(
                        "the program is in a function of the host and stops when it returns; \
                         press Ctrl-C again to kill it",
                    );
                }
            }
        }
    }

    /// What there is to say about a stop.
    pub fn stop_view(&mut self, reason: Reason, caught: Vec<BreakpointId>, mut notes: Vec<String>) -> StopView {
        let uncaught = matches!(reason, Reason::Exception { uncaught: true, .. });
        let (kind, message, breakpoints) = match reason {
            Reason::Attached => (StopKind::Attached, None, caught),
            Reason::Breakpoints(ids) => (StopKind::Breakpoint, None, ids),
            Reason::StepDone => (StopKind::Step, None, caught),
            Reason::Interrupted => (StopKind::Interrupt, None, caught),
            Reason::Trap { message, .. } => (StopKind::Trap, Some(views::trap_message(&message)), caught),
            Reason::Exception { summary, .. } => (StopKind::Exception, Some(summary), caught),
            Reason::HostError { message } => (StopKind::HostError, Some(message), caught),
            Reason::Exit { code } => (StopKind::Exit, Some(code.to_string()), caught),
            Reason::ModulesLoaded { names } => (StopKind::Load, Some(names.join(", ")), caught),
            Reason::Blind { why } => (StopKind::Blind, Some(why), caught),
            Reason::Called(Called { function, result }) => {
                let message = match result {
                    Ok(Some((number, shown))) => format!("{function} returned ${number} = {}", shown.text),
                    Ok(None) => format!("{function} returned"),
                    Err(why) => format!("the call of `{function}` failed: {why}"),
                };
                (StopKind::Call, Some(message), caught)
            }
        };
        self.learn_sources();
        let frame = self.selected();
        let position = frame.as_ref().and_then(|f| f.position.clone());
        let snippet = position.as_ref().and_then(|at| self.snippet(at));
        let nearest = if kind.is_surprising() && snippet.is_none() { self.nearest() } else { None };
        if let Some(at) = position.filter(|_| snippet.is_none() && nearest.is_none()) {
            notes.extend(self.sources.explain_missing(&at.path));
        }
        let returned = self.stopped_guest().and_then(|id| Ok(self.debugger.returned(id, Limits::default())?));
        let unwound = self.stopped_guest().and_then(|id| Ok(self.debugger.is_unwound(id)?)).unwrap_or(false);
        if unwound {
            notes.push(UNWOUND.to_owned());
        }
        let temporary = breakpoints.iter().any(|id| self.debugger.breakpoint(*id).is_err());
        StopView {
            reason: kind,
            frame: frame.map(|frame| views::frame(&frame, &mut self.sources)),
            breakpoints: breakpoints.into_iter().map(|id| id.0).collect(),
            temporary,
            unwound,
            uncaught,
            message,
            returned: returned.ok().flatten().map(views::variable),
            source: snippet.as_ref().and_then(Snippet::marked_line).map(str::to_owned),
            nearest,
            notes,
            displays: self.displayed(),
            snippet,
        }
    }

    /// The innermost frame whose source can be shown.
    fn nearest(&mut self) -> Option<FrameReply> {
        let id = self.stopped_guest().ok()?;
        let (frames, _) = self.debugger.stack(id, SEARCHED).ok()?;
        frames.into_iter().find_map(|frame| {
            let snippet = self.snippet(frame.position.as_ref()?)?;
            Some(self.with_source(&frame, Some(snippet)))
        })
    }

    fn with_source(&mut self, frame: &StackFrame, snippet: Option<Snippet>) -> FrameReply {
        FrameReply {
            frame: views::frame(frame, &mut self.sources),
            source: snippet.as_ref().and_then(Snippet::marked_line).map(str::to_owned),
            snippet,
        }
    }

    /// The selected frame with its source line.
    ///
    /// # Errors
    /// There is no such frame.
    pub fn frame_reply(&mut self) -> Result<Reply, CliError> {
        let id = self.stopped_guest()?;
        let frame = self.debugger.frame(id, self.frame)?;
        let snippet = frame.position.as_ref().and_then(|at| self.snippet(at));
        if let Some(at) = frame.position.as_ref().filter(|_| snippet.is_none())
            && let Some(note) = self.sources.explain_missing(&at.path)
        {
            self.printer.note(&note);
        }
        Ok(Reply::Frame(Box::new(self.with_source(&frame, snippet))))
    }

    /// The source line at a position, with those around it for a person at a terminal.
    fn snippet(&mut self, at: &SourcePosition) -> Option<Snippet> {
        let (before, after) = if self.printer.rich() { (4, 4) } else { (0, 0) };
        self.sources.around(&at.path, at.line, before, after)
    }
}
