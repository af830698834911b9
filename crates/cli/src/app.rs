//! The state of a debugging session, and the execution of command lines.

use std::{path::Path, sync::Arc};

use freezeframe_engine::{
    DebuggeeId, Debugger, Ended, EngineError, Format, LocationSpec, Reason, Report, StackFrame, State, ValueOptions,
};

use crate::{
    args::Script,
    commands::{self, Repeat},
    console::Console,
    error::CliError,
    files::read_text,
    hooks::Hooks,
    json::{DisplayView, Reply},
    launch::Launcher,
    output::Printer,
    patience,
    signals::Signals,
    source::Sources,
    views,
};

/// Files of commands that run each other are stopped at this depth.
const DEEPEST_SCRIPT: u32 = 16;
/// Larger files aren't commands, in bytes.
const LARGEST_SCRIPT: u64 = 16 << 20;

/// An expression that is shown at each stop.
pub struct Display {
    /// Its number.
    pub id: u32,
    /// The expression.
    pub expression: String,
    /// How its value is written.
    pub format: Format,
}

/// Where `list` goes on.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The file as the compiler named it.
    pub path: String,
    /// The first and the last line that were shown.
    pub shown: (u32, u32),
}

/// A debugging session.
pub struct App {
    /// The engine.
    pub debugger: Debugger,
    /// What can be run, again and again.
    pub launcher: Launcher,
    /// The guest that stands, or stood last; there's one from the start.
    pub guest: Option<DebuggeeId>,
    /// Whether it has run at all.
    pub started: bool,
    /// The selected frame.
    pub frame: usize,
    /// Source files.
    pub sources: Sources,
    /// What to show at each stop.
    pub displays: Vec<Display>,
    /// The number of the last display.
    pub last_display: u32,
    /// How values are shown.
    pub value_options: ValueOptions,
    /// Where `explore` goes on.
    pub explored: Option<commands::explore::Explored>,
    /// Commands that run at breakpoints.
    pub hooks: Hooks,
    /// Where `list` goes on.
    pub listing: Option<Listing>,
    /// Where `x` goes on.
    pub examined: commands::memory::Examined,
    /// The trap that the guest stands at.
    pub trap: Option<String>,
    /// How the guest ended last.
    pub ended: Option<Ended>,
    /// Whether a command failed since the start.
    pub failed: bool,
    /// Whether to ask for no more commands.
    pub quit: bool,
    /// What signals ask for.
    pub signals: Arc<Signals>,
    /// Where answers go.
    pub printer: Printer,
    /// Of how many modules the sources are known.
    modules_known: usize,
    repeat: Option<String>,
    script_depth: u32,
}

/// What a line has done.
enum Ran {
    /// The program stands where it stood.
    Stayed,
    /// It ran, and stopped at these breakpoints or none.
    Moved(Vec<u32>),
    /// Nothing.
    Failed,
}

impl App {
    /// A session with a guest that stands before its first operator.
    ///
    /// # Errors
    /// The guest can't be started.
    pub fn new(
        launcher: Launcher,
        sources: Sources,
        printer: Printer,
        signals: Arc<Signals>,
    ) -> Result<Self, CliError> {
        let mut app = Self {
            debugger: Debugger::new(),
            launcher,
            guest: None,
            started: false,
            frame: 0,
            sources,
            displays: Vec::new(),
            last_display: 0,
            value_options: ValueOptions::default(),
            explored: None,
            hooks: Hooks::default(),
            listing: None,
            examined: commands::memory::Examined::default(),
            trap: None,
            ended: None,
            failed: false,
            quit: false,
            signals,
            printer,
            modules_known: 0,
            repeat: None,
            script_depth: 0,
        };
        let find = app.launcher.debug_files();
        app.debugger.find_debug_files(find);
        if let Some(indexes) = app.launcher.indexes() {
            app.debugger.keep_indexes(indexes);
        }
        for contents in app.launcher.given_debug_files() {
            app.debugger.add_debug_file(contents)?;
        }
        app.debugger.on_reading(patience::while_reading(app.console().clone()));
        let printer = app.printer.clone();
        app.debugger.on_log(move |line| printer.log(line));
        app.launch()?;
        app.warn_about_symbols();
        Ok(app)
    }

    /// Starts the guest anew; what ran before is killed. Breakpoints stay.
    ///
    /// # Errors
    /// The guest can't be started.
    pub fn launch(&mut self) -> Result<DebuggeeId, CliError> {
        if let Some(old) = self.guest.take() {
            self.debugger.forget(old);
        }
        let id = self.debugger.attach(self.launcher.launch()?)?;
        self.guest = Some(id);
        self.started = false;
        self.trap = None;
        self.ended = None;
        self.frame = 0;
        self.listing = None;
        self.modules_known = 0;
        self.learn_sources();
        Ok(id)
    }

    /// Takes the texts of sources that the debug information of new modules has.
    pub fn learn_sources(&mut self) {
        let Some(id) = self.guest else { return };
        let modules = self.debugger.modules(id).unwrap_or_default();
        for (_, _, symbols) in modules.iter().skip(self.modules_known) {
            self.sources.learn(symbols);
        }
        self.modules_known = modules.len();
    }

    /// What of the debug information can't be read is said once, at the start.
    fn warn_about_symbols(&mut self) {
        const MOST: usize = 5;
        let Some(id) = self.guest else { return };
        for (_, name, symbols) in self.debugger.modules(id).unwrap_or_default() {
            let warnings = symbols.warnings();
            let name = name.unwrap_or_else(|| "the guest".to_owned());
            if let Some(file) = symbols.external_debug().filter(|_| !symbols.has_lines()) {
                self.printer.note(&format!("the debug information of {name} is in {file}: put that file beside it"));
            }
            if let Some(file) = symbols.source_map_url().filter(|_| !symbols.has_lines()) {
                self.printer.note(&format!(
                    "the lines of {name} are in the source map {file}: put that file beside it, or use --symbols"
                ));
            }
            for warning in warnings.iter().take(MOST) {
                self.printer.note(&format!("debug information of {name}: {warning}"));
            }
            if warnings.len() > MOST {
                self.printer.note(&format!("… and {} more: see `info modules`", warnings.len() - MOST));
            }
        }
    }

    /// The guest, whatever it's doing.
    ///
    /// # Errors
    /// A launch failed and there is none.
    pub fn any_guest(&self) -> Result<DebuggeeId, CliError> {
        self.guest.ok_or(CliError::NotRun)
    }

    /// The guest, if it stands somewhere in its code.
    ///
    /// # Errors
    /// [`CliError::NotRun`].
    pub fn stopped_guest(&self) -> Result<DebuggeeId, CliError> {
        match self.guest {
            Some(id) if self.started && self.debugger.state(id)? == State::Stopped => Ok(id),
            _ => Err(CliError::NotRun),
        }
    }

    /// The selected frame, if there is a stack.
    pub fn selected(&mut self) -> Option<StackFrame> {
        let id = self.stopped_guest().ok()?;
        self.debugger.frame(id, self.frame).ok()
    }

    /// The selected frame's number for the engine: without a stack, expressions know globals only.
    pub fn frame_for_values(&mut self) -> Option<usize> {
        self.selected().map(|frame| frame.index)
    }

    /// Reads a location; a bare number is a line of the file that is being looked at.
    ///
    /// # Errors
    /// What isn't one.
    pub fn location(&mut self, text: &str) -> Result<LocationSpec, CliError> {
        let listed = self.listing.as_ref().map(|l| l.path.clone());
        let current = self.selected().and_then(|f| f.position).map(|p| p.path.to_string());
        let current = listed.or(current).or_else(|| commands::listing::main_file(self));
        Ok(LocationSpec::parse(text, current.as_deref())?)
    }

    /// The values of all displays here.
    pub fn displayed(&mut self) -> Vec<DisplayView> {
        let Ok(id) = self.any_guest() else { return Vec::new() };
        let frame = self.frame_for_values();
        let Self { displays, debugger, value_options, .. } = self;
        let show = |display: &Display| {
            let shown = debugger.evaluate(id, frame, &display.expression, display.format, value_options.limits);
            let (value, error) = match shown {
                Ok(shown) => (Some(shown.text), None),
                Err(error) => (None, Some(first_line(&error))),
            };
            DisplayView { id: display.id, expression: display.expression.clone(), value, error }
        };
        displays.iter().map(show).collect()
    }

    // ---- command lines

    /// Executes a line and prints its answer. An empty one repeats the last one that can be repeated, when a person
    /// writes it.
    pub fn execute(&mut self, line: &str, by_hand: bool) {
        self.execute_from(line, by_hand, None);
    }

    fn execute_from(&mut self, line: &str, by_hand: bool, place: Option<&str>) {
        let line = line.trim();
        if self.hooks.is_open() {
            return self.take_line(line, None);
        }
        let mut line = if line.starts_with('#') { String::new() } else { line.to_owned() };
        if line.is_empty() {
            match self.repeat.clone().filter(|_| by_hand) {
                Some(repeat) => line = repeat,
                None => return,
            }
        }
        let ran = self.run_line(&line, place, None);
        self.repeat = match commands::repeat(&line) {
            Repeat::Never => None,
            Repeat::Same => Some(line.clone()),
            // To go on, not to begin again.
            Repeat::Bare(name) => Some(name.to_owned()),
        };
        let Ran::Moved(breakpoints) = ran else { return };
        // A list may let the program go on to the next stop with a list, any number of times: no recursion.
        let mut waiting = self.hooks.at(&breakpoints);
        while let Some((breakpoint, line)) = waiting.pop_front() {
            if self.quit {
                return;
            }
            if self.hooks.is_open() {
                self.take_line(&line, Some(breakpoint.0));
                continue;
            }
            let place = format!("commands of breakpoint {breakpoint}");
            match self.run_line(&line, Some(&place), Some(breakpoint.0)) {
                Ran::Stayed => {}
                Ran::Failed => waiting.clear(),
                // What is left was for a stop that is past.
                Ran::Moved(breakpoints) => waiting = self.hooks.at(&breakpoints),
            }
        }
        self.no_more_lines(None);
    }

    /// Forgets the commands of breakpoints that there aren't any more.
    pub fn forget_hooks(&mut self) {
        let Self { hooks, debugger, .. } = self;
        hooks.retain(|id| debugger.breakpoint(id).is_ok());
    }

    /// Runs a line and prints its answer.
    fn run_line(&mut self, line: &str, place: Option<&str>, by_breakpoint: Option<u32>) -> Ran {
        let ran = match commands::run(self, line) {
            // Who wants us to end doesn't read where the program stood.
            Ok(_) if self.signals.terminated() => Ran::Stayed,
            Ok(reply) => {
                let (ran, silent) = match &reply {
                    Some(Reply::Stop(stop)) => {
                        (Ran::Moved(stop.breakpoints.clone()), self.hooks.silent(&stop.breakpoints))
                    }
                    Some(Reply::End(_)) => (Ran::Moved(Vec::new()), false),
                    _ => (Ran::Stayed, false),
                };
                if !silent || self.console().options().json {
                    self.printer.reply(line, by_breakpoint, reply.as_ref());
                }
                ran
            }
            Err(error) => {
                self.failed = true;
                let message = error.to_string();
                let message = place.map_or(message.clone(), |place| format!("{place}: {message}"));
                self.printer.error_of(Some(line), by_breakpoint, &message);
                Ran::Failed
            }
        };
        if self.printer.console().broken() || self.signals.terminated() {
            self.quit = true;
        }
        ran
    }

    /// Takes a line into the list of commands that is being written.
    fn take_line(&mut self, line: &str, by_breakpoint: Option<u32>) {
        let reply = self.hooks.take(line).and_then(|id| {
            let breakpoint = self.debugger.breakpoint(id).ok()?;
            let view = views::breakpoint(breakpoint, &self.hooks, &mut self.sources);
            Some(Reply::Breakpoint(view))
        });
        // In JSON each line has its answer.
        if self.console().options().json {
            self.printer.reply(line, by_breakpoint, reply.as_ref());
        }
    }

    /// There are no more lines from where they came: a list of commands that waits for its `end` waits for nothing.
    pub fn no_more_lines(&mut self, place: Option<&str>) {
        if self.hooks.abandon() {
            self.failed = true;
            let message = "`commands` has no `end`; none were given to the breakpoint";
            let message = place.map_or(message.to_owned(), |place| format!("{place}: {message}"));
            self.printer.error(None, &message);
        }
    }

    /// Runs what `-e` or `-x` asked for.
    pub fn script(&mut self, script: &Script) {
        match script {
            Script::Line(line) => self.execute(line, false),
            Script::File(path) => {
                if let Err(error) = self.source_file(&path.to_string_lossy()) {
                    self.failed = true;
                    self.printer.error(None, &error.to_string());
                }
            }
        }
    }

    /// Runs the commands of a file, one a line. One that fails is reported with its place, and the next one runs.
    ///
    /// # Errors
    /// The file can't be read, or runs itself.
    pub fn source_file(&mut self, path: &str) -> Result<(), CliError> {
        let failed = |why: String| CliError::File { path: path.to_owned(), why };
        if self.script_depth >= DEEPEST_SCRIPT {
            return Err(failed("files of commands are nested too deeply".to_owned()));
        }
        let text = read_text(Path::new(path), LARGEST_SCRIPT)
            .map_err(|why| failed(format!("{why}; give a file of commands, one a line")))?;
        self.source_text(path, &text);
        Ok(())
    }

    /// Runs the commands of a file with this text, one a line.
    pub fn source_text(&mut self, path: &str, text: &str) {
        self.script_depth += 1;
        for (number, line) in (1..).zip(text.lines()) {
            if self.quit {
                break;
            }
            self.execute_from(line, false, Some(&format!("{path}:{number}")));
        }
        self.script_depth -= 1;
        self.no_more_lines(Some(path));
    }

    /// Whether a person answers yes. Nobody to ask: yes.
    pub fn confirm(&mut self, question: &str) -> bool {
        self.printer.confirm(question)
    }

    /// The console.
    pub fn console(&self) -> &Console {
        self.printer.console()
    }

    /// The code of this process, when it ends now.
    pub fn exit_code(&self) -> i32 {
        if let Some(code) = self.console().lost().filter(|_| !self.signals.terminated()) {
            return code;
        }
        match &self.ended {
            _ if self.signals.terminated() => crate::signals::TERMINATED,
            Some(ended) if !matches!(ended, Ended::Killed) => {
                views::end(ended, None, None).code.unwrap_or(views::FAILED)
            }
            _ if self.trap.is_some() => views::TRAPPED,
            _ if self.failed => views::FAILED,
            _ => 0,
        }
    }

    /// What the engine reports, for people and programs.
    pub fn report(&mut self, report: Report) -> Reply {
        match report {
            Report::Ended { ended, .. } => {
                let end = views::end(&ended, self.trap.as_deref(), self.launcher.invoked());
                self.printer.exited(end.code);
                self.trap = None;
                self.ended = Some(ended);
                Reply::End(end)
            }
            Report::Stopped { reason, caught, notes, .. } => {
                self.frame = 0;
                self.listing = None;
                if let Reason::Trap { message, .. } = &reason {
                    self.trap = Some(views::trap_message(message));
                }
                Reply::Stop(Box::new(self.stop_view(reason, caught, notes)))
            }
        }
    }
}

/// The first line of an error, for where there's only one.
pub fn first_line(error: &EngineError) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
