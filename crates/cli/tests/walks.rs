//! Random walks against a full log of single steps.
//!
//! A guest is run once operator by operator, with the engine left out ([`walk::log`]). From that log follows where each
//! step must end, by these definitions ([`walk::oracle`]), which are about what *runs*, not about what code there is:
//!
//! - A *frame* is a call of a Wasm function: it lasts until fewer frames than now are on the stack. A tail call puts another
//!   function into the frame; while that runs, the frame is somewhere else. A *source frame* is one function of the
//!   inline chain that the symbols give for an operator.
//! - An operator *is of a line* when its row has a line and is a statement, and when it isn't a mere mark of structure
//!   (`block`, `loop`, `else`, `end`, `try_table`) in a row with other operators that run: branches go past such marks.
//! - `next` ends at the first operator of this frame and function that is of another line of the same source frame, or of
//!   any line in a source frame around it (an inlined call has come to its end); operators in inlined calls made from
//!   here, or from the frames around, don't count. When the frame ends first, the step ends at the first operator behind it; if that one is of no
//!   line, the step goes on from there as a `next`.
//! - `step` is `next`, but also ends at the first operator of a line in an inlined call, and in a function
//!   with lines that this frame calls, behind its prologue.
//! - `until` is `next`, but of the lines of the same source frame in the same file only later ones count.
//! - `finish` of a Wasm frame ends at the first operator with fewer frames; of an inlined one at the first operator of
//!   its frame and function that has a line and is outside of it.
//! - `stepi` ends at the next operator, `nexti` at the next one of this frame and function or of one with fewer frames.
//! - `advance LOC` ends at a site of the location (in its own function not in a deeper call of it), or where `finish` ends.
//! - `step FUNCTION` ends at a site of the function in a deeper frame (or in this one, after a tail call), or where `next`
//!   ends.
//! - Where there is a breakpoint on the way, the step ends there.
//! - A step without lines to go by (in a function that has none, with no caller), or out of the outermost frame, is refused.
//!
//! A walk starts the guest anew, goes to a random operator of the log and gives random commands; after each of them the
//! position, the depth, the innermost frame's state and the stack in memory must be those of the operator that the
//! log names, and nothing may be planted but the walk's own breakpoints (and what a step has left for the next one, which
//! goes when somebody looks).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod scenario;
mod walk;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use freezeframe_debuggee::{Ended, Site, StopReason};
use freezeframe_engine::{
    BreakpointId, BreakpointSpec, DebuggeeId, Debugger, Direction, EngineError, HitCondition, LocationSpec, Reason,
    Report, SkipId, State, Step,
};
use freezeframe_host::Program;
use walk::{
    log::{End, Guest, Log, Seen, record},
    oracle::{Command, Landing, Oracle},
    random::Random,
};

/// How many operators of a guest are looked at.
const MOST: usize = 10_000;
const WALKS: u64 = 6;
const COMMANDS: usize = 25;

struct Walk<'a> {
    what: String,
    oracle: &'a Oracle<'a>,
    debugger: &'a mut Debugger,
    guest: DebuggeeId,
    seen: Arc<Mutex<Seen>>,
    random: Random,
    /// Its own breakpoints.
    breakpoints: Vec<(BreakpointId, Site)>,
    /// The operator of the log that it is at.
    at: usize,
    did: Vec<String>,
}

/// Where a location is, by a breakpoint that is set there for a moment.
fn sites_of(debugger: &mut Debugger, location: &LocationSpec) -> Result<Vec<Site>, EngineError> {
    let id = debugger.add_breakpoint(BreakpointSpec::at(location.clone()), false)?;
    let sites = debugger.breakpoint(id)?.sites.iter().map(|s| Site { module: s.module, pc: s.pc }).collect();
    debugger.remove_breakpoint(id)?;
    Ok(sites)
}

/// The log of a guest from the first site of its [`Guest::from`] on.
fn log_of(debugger: &mut Debugger, guest: &Guest, program: &Program) -> Log {
    let id = debugger.attach(Box::new(guest.launch(program))).unwrap();
    let begin = sites_of(debugger, &LocationSpec::Function(guest.from.to_owned())).expect("a beginning");
    debugger.forget(id);
    record(&mut guest.launch(program), begin[0], MOST)
}

impl<'a> Walk<'a> {
    /// Starts the guest and goes to a random operator of the log.
    fn begin(debugger: &'a mut Debugger, guest: &Guest, program: &Program, oracle: &'a Oracle<'a>, seed: u64) -> Self {
        let mut random = Random(seed);
        let log = oracle.log;
        // How often the place of an operator was passed since the beginning: each is a stop of the engine's.
        let passed = |at: usize| {
            let site = log.entries[at].site();
            log.entries[1..=at].iter().filter(|e| e.site() == site).count() as u64
        };
        let at = match random.below(3) {
            0 => 0,
            _ => std::iter::repeat_with(|| random.below(log.entries.len())).find(|at| passed(*at) < 50).unwrap_or(0),
        };
        let spy = guest.launch(program);
        let seen = spy.seen.clone();
        *seen.lock().unwrap() = Seen { instance: log.instance, stack: log.stack, last: None };
        let id = debugger.attach(Box::new(spy)).unwrap();
        let what = format!("{} {:?}, seed {seed}", guest.module, guest.args);
        let mut this =
            Self { what, oracle, debugger, guest: id, seen, random, breakpoints: Vec::new(), at, did: Vec::new() };
        for (target, hits) in [(0, 1), (at, passed(at))] {
            if hits == 0 {
                continue;
            }
            let location = LocationSpec::Address(log.entries[target].pc.0);
            let hits = Some(HitCondition::Exactly(hits));
            let spec = BreakpointSpec { one_shot: true, hits, ..BreakpointSpec::at(location) };
            this.debugger.add_breakpoint(spec, false).unwrap();
            this.debugger.resume(id).unwrap();
            let report = this.wait();
            let Report::Stopped { reason: Reason::Breakpoints(_), .. } = report else { panic!("{report:?}") };
        }
        this.check("its beginning");
        this
    }

    fn wait(&mut self) -> Report {
        let report = self.debugger.wait(self.guest, Some(Duration::from_secs(60))).unwrap();
        report.unwrap_or_else(|| panic!("{}: the guest doesn't stop after {:#?}", self.what, self.did))
    }

    fn end(mut self) {
        if self.debugger.state(self.guest).unwrap() == State::Stopped {
            self.check_planted();
        }
        for (id, _) in self.breakpoints {
            self.debugger.remove_breakpoint(id).unwrap();
        }
        self.debugger.forget(self.guest);
    }

    /// The guest must be where the walk is.
    fn check(&mut self, command: &str) {
        let log = self.oracle.log;
        let seen = self.seen.lock().unwrap().last.expect("a frame");
        if seen != log.entries[self.at] {
            let there = log.entries.iter().position(|e| *e == seen);
            let there = there.map_or_else(|| format!("{seen:?}, not in the log"), |at| self.oracle.describe(at));
            panic!(
                "{}: {command} ends at\n  {there}\nand not at\n  {}\nafter {:#?}",
                self.what,
                self.oracle.describe(self.at),
                self.did
            );
        }
        // Who looks changes what the next step finds in the code: so it's done now and then.
        if self.did.len().is_multiple_of(3) {
            self.check_planted();
        }
    }

    fn check_planted(&mut self) {
        for site in self.debugger.planted(self.guest).unwrap() {
            let mine = self.breakpoints.iter().any(|(_, own)| *own == site);
            assert!(mine, "{}: {site:?} is planted and nobody's, after {:#?}", self.what, self.did);
        }
    }

    /// A random place of the log, more likely one that comes soon.
    fn ahead(&mut self) -> usize {
        let left = self.oracle.log.entries.len() - self.at;
        let reach = [20, 200, 2000, left][self.random.below(4)].min(left);
        self.at + self.random.below(reach)
    }

    fn choose(&mut self) -> Option<Command> {
        Some(match self.random.below(20) {
            0..=4 => Command::Next,
            5..=8 => Command::Step,
            9 => Command::Until,
            10 | 11 => Command::Stepi,
            12 | 13 => Command::Nexti,
            14 | 15 => Command::Finish(0),
            16 => {
                let frames = self.oracle.frames(self.at, 6);
                Command::Finish(self.random.below(frames))
            }
            17 | 18 => {
                let ahead = self.ahead();
                let (file, line) = self.oracle.line(ahead)?;
                let location = LocationSpec::Line { file, line };
                let sites = sites_of(self.debugger, &location).ok()?;
                Command::Advance(location, sites)
            }
            _ => {
                let ahead = self.ahead();
                let name = self.oracle.function(ahead)?;
                let sites = sites_of(self.debugger, &LocationSpec::Function(name.clone())).ok()?;
                Command::StepInto(name, sites)
            }
        })
    }

    fn give(&mut self, command: &Command, count: u32) -> Result<(), EngineError> {
        let (debugger, guest) = (&mut *self.debugger, self.guest);
        match command {
            Command::Next => debugger.step(guest, Step::Over, count),
            Command::Step => debugger.step(guest, Step::Into, count),
            Command::Until => debugger.step(guest, Step::Until, count),
            Command::Stepi => debugger.step(guest, Step::Instruction, count),
            Command::Nexti => debugger.step(guest, Step::InstructionOver, count),
            Command::Finish(frame) => debugger.finish(guest, *frame),
            Command::Advance(location, _) => debugger.run_to(guest, location),
            Command::StepInto(name, _) => debugger.step_into(guest, name),
        }
    }

    /// Where a command ends, given so many times; breakpoints are on the way.
    fn expected(&self, command: &Command, count: u32) -> Landing {
        let log = self.oracle.log;
        let mut at = self.at;
        for done in 0..count {
            let landing = self.oracle.landing(at, command);
            let until = match landing {
                Landing::At(to) => to,
                Landing::End => log.entries.len() - 1,
                Landing::Refused if done > 0 => return Landing::At(at),
                Landing::Refused => return Landing::Refused,
            };
            let stops = |at: usize| self.breakpoints.iter().any(|(_, own)| *own == log.entries[at].site());
            if let Some(hit) = (at + 1..=until).find(|at| stops(*at)) {
                return Landing::At(hit);
            }
            let Landing::At(to) = landing else { return Landing::End };
            at = to;
        }
        Landing::At(at)
    }

    /// Sets a breakpoint somewhere, or takes one out.
    fn change_breakpoints(&mut self) {
        if self.breakpoints.len() > 2 {
            let (id, site) = self.breakpoints.remove(0);
            self.debugger.remove_breakpoint(id).unwrap();
            self.did.push(format!("delete {}", site.pc));
        } else {
            let ahead = self.ahead();
            let site = self.oracle.log.entries[ahead].site();
            let spec = BreakpointSpec::at(LocationSpec::Address(site.pc.0));
            let id = self.debugger.add_breakpoint(spec, false).unwrap();
            self.breakpoints.push((id, site));
            self.did.push(format!("break {}", site.pc));
        }
    }

    /// One command. `false`: the walk is over.
    fn go(&mut self) -> bool {
        if self.random.below(8) == 0 {
            self.change_breakpoints();
        }
        let Some(command) = self.choose() else { return true };
        let counts = matches!(command, Command::Next | Command::Step | Command::Stepi | Command::Nexti);
        let count = if counts && self.random.below(5) == 0 { 1 + self.random.below(6) as u32 } else { 1 };
        let expected = self.expected(&command, count);
        if expected == Landing::End && self.oracle.log.end == End::Cut {
            return false;
        }
        let name = format!("{command:?} ×{count}");
        self.did.push(format!("{name} at {}", self.oracle.describe(self.at)));
        let given = self.give(&command, count);
        if expected == Landing::Refused {
            let refused = matches!(given, Err(EngineError::NoLines(_) | EngineError::Outermost));
            assert!(refused, "{}: {name} isn't refused after {:#?}", self.what, self.did);
            return true;
        }
        given.unwrap_or_else(|e| panic!("{}: {name}: {e} after {:#?}", self.what, self.did));
        let report = self.wait();
        let Landing::At(to) = expected else {
            self.check_end(&report);
            return false;
        };
        self.at = to;
        let stopped = matches!(report, Report::Stopped { reason: Reason::StepDone | Reason::Breakpoints(_), .. });
        let there = self.oracle.describe(to);
        assert!(stopped, "{}: {name} ends with {report:?} and not at\n  {there}\nafter {:#?}", self.what, self.did);
        self.check(&name);
        true
    }

    fn check_end(&mut self, report: &Report) {
        let log = self.oracle.log;
        let as_logged = match (report, &log.end) {
            (Report::Ended { ended, .. }, End::Over(over)) => ended == over,
            (
                Report::Stopped { reason: Reason::Trap { kind, .. }, .. },
                End::Stop(StopReason::Trap { kind: of, .. }),
            ) => kind == of,
            _ => false,
        };
        let seen = self.seen.lock().unwrap().last;
        let there = log.entries.iter().position(|e| Some(*e) == seen).map(|at| self.oracle.describe(at));
        assert!(as_logged, "{}: {report:?} at {there:?} and not {:?}, after {:#?}", self.what, log.end, self.did);
        if let Report::Stopped { .. } = report {
            self.check_planted();
        }
    }
}

#[test]
fn backwards_is_refused_in_words() {
    let guest = Guest { module: "steps.O0.dwarf5", args: &[], from: "main" };
    let program = guest.program();
    let mut debugger = Debugger::new();
    // What is said of libraries is another matter: every line counts.
    debugger.enable_skip(SkipId(0), false).unwrap();
    let log = log_of(&mut debugger, &guest, &program);
    let oracle = Oracle::new(&log);
    let mut walk = Walk::begin(&mut debugger, &guest, &program, &oracle, 1);
    for step in [Step::Over, Step::Into, Step::Out, Step::Until, Step::Instruction, Step::InstructionOver] {
        let refused = walk.debugger.step_in(Direction::Backward, walk.guest, step, 1);
        assert!(matches!(refused, Err(EngineError::NoReverse)), "{refused:?}");
    }
    // It stands where it stood, and goes on.
    walk.check("nothing");
    walk.debugger.step_in(Direction::Forward, walk.guest, Step::Instruction, 1).unwrap();
    walk.wait();
    walk.at += 1;
    walk.check("stepi");
}

/// Interrupted at any moment, a step leaves nothing planted and the guest goes on as if nothing had been.
#[test]
fn interrupted_steps_leave_nothing_behind() {
    let guest = Guest { module: "inline.O2.dwarf5", args: &[], from: "main" };
    let program = guest.program();
    let mut debugger = Debugger::new();
    debugger.enable_skip(SkipId(0), false).unwrap();
    let log = log_of(&mut debugger, &guest, &program);
    let oracle = Oracle::new(&log);
    let mut interrupted = 0;
    for seed in 1..=40 {
        let mut walk = Walk::begin(&mut debugger, &guest, &program, &oracle, seed);
        let step =
            *walk.random.one_of(&[Step::Over, Step::Into, Step::Until, Step::Instruction, Step::InstructionOver]);
        let id = walk.guest;
        let interrupter = walk.debugger.interrupter(id).unwrap();
        // So many that an interrupt comes in between.
        if walk.debugger.step(id, step, 1 << 20).is_err() {
            continue;
        }
        let patience = Duration::from_micros(walk.random.next() % 3000);
        let hand = std::thread::spawn(move || {
            std::thread::sleep(patience);
            interrupter.interrupt();
        });
        let report = walk.wait();
        hand.join().unwrap();
        if let Report::Stopped { reason, .. } = &report {
            interrupted += u32::from(*reason == Reason::Interrupted);
            walk.check_planted();
            // Where it stands is a place of the log, and it runs from there to its end.
            let seen = walk.seen.lock().unwrap().last.expect("a frame");
            assert!(log.end == End::Cut || log.entries.contains(&seen), "{}: {seen:?}", walk.what);
            walk.debugger.resume(id).unwrap();
            let end = walk.wait();
            assert!(matches!(end, Report::Ended { ended: Ended::Returned(_), .. }), "{}: {end:?}", walk.what);
        }
        walk.end();
    }
    assert!(interrupted > 5, "{interrupted}");
}

/// Walks over a guest. `SEED` and `WALKS` in the environment choose others.
fn walk(guest: Guest) {
    // One after the other: debugger and guest pass the turn between two threads, and lose time when more want the cores.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let program = guest.program();
    // One for all walks: the symbols are read once.
    let mut debugger = Debugger::new();
    debugger.enable_skip(SkipId(0), false).unwrap();
    let log = log_of(&mut debugger, &guest, &program);
    assert!(log.entries.len() > 10, "{}: {:?}", guest.module, log.end);
    let oracle = Oracle::new(&log);
    let first = number("SEED").unwrap_or(1);
    for seed in first..first + number("WALKS").unwrap_or(WALKS) {
        let mut walk = Walk::begin(&mut debugger, &guest, &program, &oracle, seed);
        for _ in 0..COMMANDS {
            if !walk.go() {
                break;
            }
        }
        walk.end();
    }
}

/// A test for each guest.
macro_rules! walks {
    ($($test:ident: $module:literal $args:expr, $from:literal;)*) => {
        $(#[test]
        fn $test() {
            walk(Guest { module: $module, args: &$args, from: $from });
        })*
    };
}

walks! {
    steps_o0_dwarf4: "steps.O0.dwarf4" [], "main";
    steps_o0_dwarf5: "steps.O0.dwarf5" [], "main";
    steps_o2: "steps.O2.dwarf5" [], "main";
    inline_o0: "inline.O0.dwarf5" [], "main";
    inline_o2_dwarf4: "inline.O2.dwarf4" [], "main";
    inline_o2_dwarf5: "inline.O2.dwarf5" [], "main";
    inventory_o0: "inventory.O0.dwarf4" [], "inventory::main";
    inventory_o2: "inventory.O2.dwarf5" [], "inventory::main";
    shapes_o0_dwarf4: "shapes.O0.dwarf4" [], "main";
    shapes_o0_dwarf5: "shapes.O0.dwarf5" [], "main";
    shapes_o2: "shapes.O2.dwarf5" [], "main";
    queue_debug: "queue.Debug.dwarf4" [], "queue.main";
    queue_release: "queue.ReleaseSafe.dwarf4" [], "queue.main";
    divide: "trap.O0.dwarf5" ["divide"], "main";
    out_of_bounds: "trap.O0.dwarf5" ["oob"], "main";
    bad_signature: "trap.O0.dwarf5" ["signature"], "main";
    exceptions_o0: "exceptions.O0.dwarf5" [], "main";
    exceptions_o2: "exceptions.O2.dwarf5" [], "main";
    uncaught_o0: "exceptions.O0.dwarf5" ["uncaught"], "main";
    uncaught_o2: "exceptions.O2.dwarf5" ["uncaught"], "main";
    panic: "panic.O0.dwarf4" [], "panic::main";
}
