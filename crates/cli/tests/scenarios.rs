//! Every scenario through the engine, for every build of its guest.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod scenario;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use freezeframe_engine::{
    BreakpointId, BreakpointSpec, Catch, Children, DebuggeeId, Debugger, Ended, Format, HitCondition, Limits,
    LocationSpec, PcMeaning, Reason, Report, State, Step as EngineStep, ValueOptions,
};
use freezeframe_host::{LaunchOptions, MappedDir, Program, Stdin, launch};
use scenario::{Markers, Scenario, Step, all, fresh_folder, root};

/// A test must not wait for ever for a guest that doesn't stop.
const PATIENCE: Duration = Duration::from_secs(60);

struct Run<'a> {
    what: String,
    scenario: &'a Scenario,
    markers: Markers,
    program: Program,
    debugger: Debugger,
    guest: DebuggeeId,
    logged: Arc<Mutex<Vec<String>>>,
    stops: u32,
}

#[derive(Debug)]
enum Outcome {
    Done,
    Value(String),
    Error(String),
    Report(Report),
}

impl<'a> Run<'a> {
    fn new(name: &str, scenario: &'a Scenario, module: &str) -> Self {
        let program = Program::open(&root().join(format!("guests/built/{module}.wasm"))).unwrap();
        let mut this = Self {
            what: format!("{name} on {module}"),
            scenario,
            markers: Markers::of(&scenario.source),
            program,
            debugger: Debugger::new(),
            guest: DebuggeeId(0),
            logged: Arc::default(),
            stops: 0,
        };
        let logged = this.logged.clone();
        this.debugger.on_log(move |line| logged.lock().unwrap().push(line.text.clone()));
        // What lies beside the guest, as every front end finds it.
        this.debugger.find_debug_files(|path| Some(std::fs::read(root().join("guests/built").join(path)).ok()?.into()));
        this.launch();
        this
    }

    fn launch(&mut self) {
        let options = LaunchOptions {
            args: if self.scenario.invoke.is_some() { Vec::new() } else { self.scenario.args.clone() },
            env: self.scenario.env.clone().into_iter().collect(),
            dirs: self
                .scenario
                .folder
                .iter()
                .map(|guest| MappedDir { host: fresh_folder(&self.what), guest: guest.clone() })
                .collect(),
            stdin: self.scenario.stdin.as_ref().map_or(Stdin::Empty, |file| Stdin::File(root().join(file))),
            invoke: self.scenario.invoke.clone().map(|name| (name, self.scenario.args.clone())),
            ..LaunchOptions::default()
        };
        self.debugger.forget(self.guest);
        self.guest = self.debugger.attach(launch(&self.program, options).unwrap()).unwrap();
    }

    fn wait(&mut self) -> Outcome {
        let report = self.debugger.wait(self.guest, Some(PATIENCE));
        match report.unwrap_or_else(|e| panic!("{}: {e}", self.what)) {
            Some(report) => Outcome::Report(report),
            None => panic!("{}: the guest doesn't stop", self.what),
        }
    }

    fn location(&mut self, text: &str) -> Result<LocationSpec, String> {
        LocationSpec::parse(text, Some(&self.markers.file)).map_err(|e| e.to_string())
    }

    fn execute(&mut self, command: &str) -> Result<Outcome, String> {
        let (word, rest) = command.split_once(' ').unwrap_or((command, ""));
        let say = |e: freezeframe_engine::EngineError| e.to_string();
        let count = rest.parse().unwrap_or(1);
        match word {
            "break" | "tbreak" => {
                let (location, condition) = match rest.split_once(" if ") {
                    Some((location, condition)) => (location, Some(condition.to_owned())),
                    None => (rest, None),
                };
                let (location, hits) = match location.split_once(" hit ") {
                    Some((location, hits)) => (location, Some(HitCondition::parse(hits).map_err(say)?)),
                    None => (location, None),
                };
                let at = BreakpointSpec::at(self.location(location)?);
                return self.add(BreakpointSpec { condition, hits, one_shot: word == "tbreak", ..at });
            }
            "rbreak" => return self.add(BreakpointSpec::at(LocationSpec::Matching(rest.to_owned()))),
            "catch" => {
                return self.add(BreakpointSpec::at(LocationSpec::Event(Catch::parse(rest).map_err(say)?)));
            }
            "logpoint" => {
                let (location, text) = rest.split_once(' ').unwrap();
                let at = BreakpointSpec::at(self.location(location)?);
                return self.add(BreakpointSpec { log: Some(text.to_owned()), ..at });
            }
            "ignore" | "hit" | "condition" | "enable" | "disable" => {
                let (number, value) = rest.split_once(' ').unwrap_or((rest, ""));
                let id = BreakpointId(number.parse().unwrap());
                let value = Some(value).filter(|v| !v.is_empty());
                let debugger = &mut self.debugger;
                let done = match word {
                    "ignore" => debugger.ignore_breakpoint(id, value.unwrap().parse().unwrap()),
                    "hit" => {
                        let hits = value.map(HitCondition::parse).transpose().map_err(say)?;
                        debugger.set_hit_condition(id, hits)
                    }
                    "condition" => debugger.set_condition(id, value.map(str::to_owned)),
                    _ => debugger.enable_breakpoint(id, word == "enable"),
                };
                return done.map(|()| Outcome::Done).map_err(say);
            }
            "delete" => {
                self.debugger.remove_breakpoint(BreakpointId(count)).map_err(say)?;
                return Ok(Outcome::Done);
            }
            "print" => {
                let shown = self.debugger.print(self.guest, Some(0), rest, Format::Natural, Limits::default());
                return shown.map(|(_, shown)| Outcome::Value(shown.text)).map_err(say);
            }
            "set" => {
                let (place, value) = rest.trim_start_matches("var ").split_once(" = ").unwrap();
                self.debugger.assign(self.guest, Some(0), place, value, Limits::default()).map_err(say)?;
                return Ok(Outcome::Done);
            }
            "start" => {
                let spec = BreakpointSpec { one_shot: true, ..BreakpointSpec::at(self.location("main")?) };
                self.debugger.add_breakpoint(spec, false).map_err(say)?;
                return self.execute("run");
            }
            "run" => {
                if self.debugger.frame(self.guest, 0).is_ok() || self.debugger.resume(self.guest).is_err() {
                    self.launch();
                    self.debugger.resume(self.guest).map_err(say)?;
                }
            }
            "continue" => self.debugger.resume(self.guest).map_err(say)?,
            "next" => self.debugger.step(self.guest, EngineStep::Over, count).map_err(say)?,
            "step" if rest.starts_with(char::is_alphabetic) => {
                self.debugger.step_into(self.guest, rest).map_err(say)?;
            }
            "step" => self.debugger.step(self.guest, EngineStep::Into, count).map_err(say)?,
            "stepi" => self.debugger.step(self.guest, EngineStep::Instruction, count).map_err(say)?,
            "nexti" => self.debugger.step(self.guest, EngineStep::InstructionOver, count).map_err(say)?,
            "finish" => self.debugger.finish(self.guest, 0).map_err(say)?,
            "until" if rest.is_empty() => self.debugger.step(self.guest, EngineStep::Until, 1).map_err(say)?,
            "until" => {
                let location = self.location(rest)?;
                self.debugger.run_to(self.guest, &location).map_err(say)?;
            }
            other => panic!("{}: the engine's runner has no `{other}`", self.what),
        }
        Ok(self.wait())
    }

    fn add(&mut self, spec: BreakpointSpec) -> Result<Outcome, String> {
        self.debugger.add_breakpoint(spec, false).map(|_| Outcome::Done).map_err(|e| e.to_string())
    }

    fn step(&mut self, number: usize, step: &Step) {
        let what = format!("{}, step {}: `{}`", self.what, number + 1, step.command);
        let command = self.markers.expand(&step.command);
        let outcome = self.execute(&command).unwrap_or_else(Outcome::Error);
        let logged = std::mem::take(&mut *self.logged.lock().unwrap());
        if let Some(expected) = &step.log {
            assert_eq!(&logged, expected, "{what}");
        }
        match (&outcome, &step.error) {
            (Outcome::Error(message), Some(expected)) => {
                assert!(message.contains(expected.as_str()), "{what}: {message}");
                return;
            }
            (Outcome::Error(message), None) => panic!("{what}: {message}"),
            (_, Some(_)) => panic!("{what}: expected an error, got {outcome:?}"),
            (_, None) => {}
        }
        if let Some(expected) = &step.value {
            let Outcome::Value(value) = &outcome else { panic!("{what}: no value but {outcome:?}") };
            assert_eq!(value, expected, "{what}");
        }
        if let Some(code) = step.exit {
            let Outcome::Report(Report::Ended { ended, .. }) = &outcome else { panic!("{what}: {outcome:?}") };
            let got = match ended {
                Ended::Returned(_) => 0,
                Ended::Exited(code) => *code,
                Ended::Trapped { .. } => 134,
                other => panic!("{what}: {other:?}"),
            };
            assert_eq!(got, code, "{what}: {ended:?}");
            return;
        }
        let Outcome::Report(Report::Stopped { reason, notes, .. }) = &outcome else {
            assert!(step.at.is_none(), "{what}: no stop but {outcome:?}");
            return;
        };
        assert!(notes.is_empty(), "{what}: {notes:?}");
        if let Some(expected) = &step.reason {
            let got = match reason {
                Reason::Breakpoints(_) => "breakpoint",
                Reason::StepDone => "step",
                Reason::Trap { .. } => "trap",
                Reason::Interrupted => "interrupted",
                Reason::Exit { .. } => "exit",
                Reason::Exception { .. } => "exception",
                other => panic!("{what}: {other:?}"),
            };
            assert_eq!(got, expected, "{what}");
        }
        self.check_stop(&what, step);
    }

    fn check_stop(&mut self, what: &str, step: &Step) {
        let (stack, _) = self.debugger.stack(self.guest, 100).unwrap();
        let top = &stack[0];
        let position = top.position.clone();
        let place = position.as_ref().map(|p| format!("{} at {}:{}", top.function, p.file_name(), p.line));
        if let Some(at) = &step.at {
            let (function, line) = self.markers.place(at);
            if let Some(function) = function {
                assert_eq!(top.function, function, "{what}: stopped in {place:?}");
            }
            if let Some(line) = line {
                let position = position.unwrap_or_else(|| panic!("{what}: no line at {}", top.pc));
                assert_eq!((position.file_name(), position.line), (&*self.markers.file, line), "{what}: {place:?}");
            }
        }
        if let Some(expected) = &step.returned {
            let returned = self.debugger.returned(self.guest, Limits::default()).unwrap();
            assert_eq!(returned.map(|shown| shown.text).as_ref(), Some(expected), "{what}");
        }
        if let Some(expected) = &step.stack {
            let functions: Vec<&String> = stack.iter().map(|f| &f.function).take(expected.len()).collect();
            assert_eq!(functions, expected.iter().collect::<Vec<_>>(), "{what}");
        }
        for (expression, expected) in &step.values {
            let shown = self.debugger.evaluate(self.guest, Some(0), expression, Format::Natural, Limits::default());
            let text = shown.map_or_else(|e| format!("error: {e}"), |s| s.text);
            assert_eq!(&text, expected, "{what}: `{expression}` at {place:?}");
        }
        for (expression, expected) in &step.inside {
            let options = ValueOptions::default();
            let inside = self
                .debugger
                .evaluate_node(self.guest, Some(0), expression, options)
                .and_then(|node| self.debugger.children(node.handle, Children::All, 0, expected.len() as u64, options));
            let inside = inside.unwrap_or_else(|e| panic!("{what}: `{expression}`: {e}"));
            let inside: Vec<String> = inside.iter().map(|node| format!("{} = {}", node.name, node.text)).collect();
            assert_eq!(&inside, expected, "{what}: inside of `{expression}`");
        }
        if !step.locals.is_empty() {
            let mut all = self.debugger.locals(self.guest, 0, Limits::default()).unwrap();
            all.extend(self.debugger.arguments(self.guest, 0, Limits::default()).unwrap());
            for (name, expected) in &step.locals {
                let found = all.iter().find(|s| s.name == *name);
                assert_eq!(found.map(|s| &s.text), Some(expected), "{what}: `{name}` of {all:?}");
            }
        }
        self.check_oracles(what);
    }

    /// What must hold at every stop.
    fn check_oracles(&mut self, what: &str) {
        let (stack, _) = self.debugger.stack(self.guest, 100).unwrap();
        let ours: Vec<_> =
            stack.iter().filter(|f| !f.inlined).map(|f| (f.function_index, f.pc, f.pc_meaning, f.module)).collect();
        let theirs = self.debugger.oracle_backtrace(self.guest).unwrap();
        // Of a module inside a component Wasmtime counts from the start of the component: a fixed distance.
        let component = self.program.kind() == freezeframe_host::ProgramKind::Component;
        let mut distances = std::collections::HashMap::new();
        for ((function, pc, meaning, module), (their_function, their_pc)) in ours.iter().zip(&theirs) {
            assert_eq!(function, their_function, "{what}: {ours:?} {theirs:?}");
            // A return address is ours, the call before it theirs.
            if let (Some(their_pc), PcMeaning::Next | PcMeaning::Faulting) = (their_pc, meaning) {
                let distance = their_pc.0.wrapping_sub(pc.0);
                let known = *distances.entry(module).or_insert(if component { distance } else { 0 });
                assert_eq!(distance, known, "{what}: {ours:?} {theirs:?}");
            }
        }
        // Wasmtime's backtrace ends after 20 frames unless its embedder says otherwise.
        assert!(ours.len() == theirs.len() || theirs.len() == 20 && ours.len() > 20, "{what}: {ours:?} {theirs:?}");
        // Who looks changes what the next step finds in the code: so it's done now and then.
        self.stops += 1;
        if self.stops.is_multiple_of(3) {
            self.check_planted(what);
        }
    }

    fn check_planted(&mut self, what: &str) {
        let wanted = self.debugger.breakpoints().iter().flat_map(|b| &b.sites);
        let mut wanted: Vec<_> = wanted.filter(|s| s.debuggee == self.guest).map(|s| (s.module, s.pc)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let planted: Vec<_> = self.debugger.planted(self.guest).unwrap().iter().map(|s| (s.module, s.pc)).collect();
        for site in planted {
            assert!(wanted.contains(&site), "{what}: {site:?} is planted and nobody's");
        }
    }
}

#[test]
fn scenarios_through_the_engine() {
    let only = std::env::var("SCENARIO").ok();
    let mut ran = 0;
    for (name, scenario) in &all() {
        for module in &scenario.modules {
            if only.as_ref().is_some_and(|only| !format!("{name}/{module}").contains(only)) {
                continue;
            }
            let mut run = Run::new(name, scenario, module);
            for (number, step) in scenario.steps.iter().enumerate() {
                run.step(number, step);
            }
            if run.debugger.state(run.guest).unwrap() == State::Stopped {
                run.check_planted(&format!("{name}/{module} at its end"));
            }
            ran += 1;
        }
    }
    assert!(ran > 0, "no scenario ran");
}
