//! Steps and catchpoints where the host takes part: calls that come back through it, tail and indirect calls, start
//! functions, its errors, a module that it brings while another one runs.
//!
//! The guest is `hosted.c`, run by a host of this test's own; the engine is asked as a front end asks it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod scenario;

use std::time::Duration;

use freezeframe_debuggee::Ended;
use freezeframe_engine::{
    BreakpointSpec, Catch, DebuggeeId, Debugger, EngineError, LocationSpec, Reason, Report, Step,
};
use freezeframe_session::{
    Freeze, Options, debug_with,
    live::{LiveDebuggee, LiveOptions, live},
};
use scenario::{Markers, root};
use wasmtime::{Caller, Config, Engine, Extern, Instance, Linker, Module, Store, Val};

/// What `host.load` brings: its start function runs first.
const SECOND: &str = r#"(module $second
  (global $ready (mut i32) (i32.const 0))
  (func $prepare (global.set $ready (i32.const 1)))
  (start $prepare)
  (func $doubled (export "doubled") (param $n i32) (result i32)
    (i32.mul (local.get $n) (i32.const 2))))"#;

/// Runs an export of the guest with one argument, or none for `failing`.
fn launch(module: &[u8], export: &'static str, argument: i32) -> LiveDebuggee {
    let mut config = Config::new();
    freezeframe_session::configure(&mut config);
    config.wasm_tail_call(true);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, module).unwrap();
    let options = LiveOptions { modules: vec![(Some("hosted.wasm".into()), module.clone())], complete: false };
    let (debuggee, near, ender) = live::<()>(options);
    std::thread::spawn(move || {
        let second = Module::new(&engine, SECOND).unwrap();
        let mut linker = Linker::<()>::new(&engine);
        linker
            .func_wrap_async("host", "each", |mut caller: Caller<'_, ()>, (count,): (i32,)| {
                Box::new(async move {
                    let Some(Extern::Func(visit)) = caller.get_export("visit") else { panic!("no visit") };
                    let visit = visit.typed::<i32, i32>(&caller)?;
                    let mut sum = 0;
                    for n in 0..count {
                        sum += visit.call_async(&mut caller, n).await?;
                    }
                    Ok(sum)
                })
            })
            .unwrap();
        linker
            .func_wrap("host", "fail", || -> wasmtime::Result<()> { Err(wasmtime::Error::msg("the line is dead")) })
            .unwrap();
        linker
            .func_wrap_async("host", "load", move |mut caller: Caller<'_, ()>, (n,): (i32,)| {
                let second = second.clone();
                Box::new(async move {
                    let instance = Instance::new_async(&mut caller, &second, &[]).await?;
                    let doubled = instance.get_typed_func::<i32, i32>(&mut caller, "doubled")?;
                    doubled.call_async(&mut caller, n).await
                })
            })
            .unwrap();
        let mut store = Store::new(&engine, ());
        let options = Options { freeze: Freeze::Thread, ..Options::default() };
        let session = debug_with(
            &mut store,
            options,
            async |store| {
                let instance = linker.instantiate_async(&mut *store, &module).await?;
                let func = instance.get_func(&mut *store, export).unwrap();
                let ty = func.ty(&mut *store);
                let mut results = vec![Val::I32(0); ty.results().len()];
                let arguments = vec![Val::I32(argument); ty.params().len()];
                func.call_async(&mut *store, &arguments, &mut results).await?;
                Ok::<_, wasmtime::Error>(results.iter().map(Val::unwrap_i32).collect::<Vec<_>>())
            },
            near.debugger(),
        );
        ender.end(match pollster::block_on(session) {
            Ok((Ok(Ok(results)), _)) => {
                Ended::Returned(results.into_iter().map(freezeframe_engine::WasmValue::I32).collect())
            }
            Ok((Ok(Err(error)), _)) => Ended::Failed { message: format!("{error:#}") },
            Ok((Err(_killed), _)) => Ended::Killed,
            Err(error) => Ended::Failed { message: error.to_string() },
        });
    });
    debuggee
}

struct Hosted {
    debugger: Debugger,
    guest: DebuggeeId,
    markers: Markers,
}

impl Hosted {
    fn new(export: &'static str, argument: i32) -> Self {
        let module = std::fs::read(root().join("guests/built/hosted.O0.dwarf5.wasm")).unwrap();
        let mut debugger = Debugger::new();
        let guest = debugger.attach(Box::new(launch(&module, export, argument))).unwrap();
        Self { debugger, guest, markers: Markers::of("guests/src/hosted.c") }
    }

    /// Stopped at a marker.
    fn at(export: &'static str, argument: i32, marker: &str) -> Self {
        let mut this = Self::new(export, argument);
        this.stop_once(marker);
        this.debugger.resume(this.guest).unwrap();
        let report = this.wait();
        assert!(matches!(report, Report::Stopped { reason: Reason::Breakpoints(_), .. }), "{report:?}");
        this
    }

    fn location(&self, marker: &str) -> LocationSpec {
        LocationSpec::Line { file: self.markers.file.clone(), line: self.markers.line(marker) }
    }

    fn stop_once(&mut self, marker: &str) {
        let spec = BreakpointSpec { one_shot: true, ..BreakpointSpec::at(self.location(marker)) };
        self.debugger.add_breakpoint(spec, false).unwrap();
    }

    fn catch(&mut self, event: &str) {
        let spec = BreakpointSpec::at(LocationSpec::Event(Catch::parse(event).unwrap()));
        self.debugger.add_breakpoint(spec, false).unwrap();
    }

    fn wait(&mut self) -> Report {
        self.debugger.wait(self.guest, Some(Duration::from_secs(60))).unwrap().expect("the guest stops")
    }

    fn resume(&mut self) -> Report {
        self.debugger.resume(self.guest).unwrap();
        self.wait()
    }

    /// A step by its name in the command line.
    fn give(&mut self, command: &str) -> Result<(), EngineError> {
        let (word, rest) = command.split_once(' ').unwrap_or((command, ""));
        match word {
            "next" => self.debugger.step(self.guest, Step::Over, 1),
            "step" if rest.is_empty() => self.debugger.step(self.guest, Step::Into, 1),
            "step" => self.debugger.step_into(self.guest, rest),
            "stepi" => self.debugger.step(self.guest, Step::Instruction, 1),
            "nexti" => self.debugger.step(self.guest, Step::InstructionOver, 1),
            "until" => self.debugger.step(self.guest, Step::Until, 1),
            "finish" => self.debugger.finish(self.guest, 0),
            "advance" => {
                let location = self.location(rest.trim_start_matches('#'));
                self.debugger.run_to(self.guest, &location)
            }
            other => panic!("{other}"),
        }
    }

    /// A table of steps: each must stop at its marker, and leave nothing planted. Given to the end, what it returned.
    fn goes(mut self, table: &[(&str, &str)]) -> Self {
        for (number, (command, place)) in table.iter().enumerate() {
            let what = format!("row {number}: {command} → {place}");
            self.give(command).unwrap_or_else(|e| panic!("{what}: {e}"));
            let report = self.wait();
            assert!(matches!(report, Report::Stopped { reason: Reason::StepDone, .. }), "{what}: {report:?}");
            let frame = self.debugger.frame(self.guest, 0).unwrap();
            let line = frame.position.as_ref().map(|at| at.line);
            assert_eq!(line, Some(self.markers.line(place.trim_start_matches('#'))), "{what}: {frame:?}");
            // Who looks changes what the next step finds in the code: so it's done now and then.
            if number.is_multiple_of(3) {
                assert_eq!(self.debugger.planted(self.guest).unwrap(), [], "{what}");
            }
        }
        assert_eq!(self.debugger.planted(self.guest).unwrap(), []);
        self
    }

    fn returns(mut self, value: i32) {
        let ended = Ended::Returned(vec![freezeframe_engine::WasmValue::I32(value)]);
        assert_eq!(self.resume(), Report::Ended { debuggee: self.guest, ended });
    }

    fn functions(&mut self) -> Vec<String> {
        self.debugger.stack(self.guest, 100).unwrap().0.into_iter().map(|frame| frame.function).collect()
    }
}

#[test]
fn host_sandwiches() {
    // Over the host and all that it calls.
    Hosted::at("sandwich", 3, "each").goes(&[("next", "#after-each"), ("next", "#sandwich-return")]).returns(34);
    Hosted::at("sandwich", 3, "each").goes(&[("until", "#after-each")]).returns(34);
    // Into what the host calls.
    let mut inside = Hosted::at("sandwich", 3, "each").goes(&[("step", "#visit"), ("step", "#weigh")]);
    assert_eq!(inside.functions(), ["weigh", "visit", "sandwich"]);
    let stack = inside.debugger.stack(inside.guest, 100).unwrap().0;
    assert_eq!(stack.iter().map(|frame| frame.activation).collect::<Vec<_>>(), [0, 0, 1]);
    // Out again: of a function that the host called to the caller of the host.
    inside
        .goes(&[
            ("finish", "#visit"),
            ("next", "#visit-return"),
            // (The host calls the same function again, in the same place on the stack: that's another call.)
            ("next", "#each"),
        ])
        .returns(34);
    Hosted::at("sandwich", 1, "visit").goes(&[("finish", "#each"), ("next", "#after-each")]).returns(2);
    Hosted::at("sandwich", 3, "visit").goes(&[("step weigh", "#weigh"), ("advance #after-each", "#visit")]);
    Hosted::at("sandwich", 3, "each").goes(&[("step weigh", "#weigh"), ("nexti", "#weigh")]).returns(34);
}

#[test]
fn tail_calls() {
    // A tail call puts another function into the frame: a step over it ends behind the frame.
    Hosted::at("tail", 4, "tail-even").goes(&[("next", "#tail-forward"), ("next", "#tail-return")]).returns(41);
    Hosted::at("tail", 4, "even-if").goes(&[("finish", "#tail-even"), ("next", "#tail-forward")]).returns(41);
    // Into it.
    Hosted::at("tail", 4, "tail-forward")
        .goes(&[("step", "#forward"), ("step", "#weigh"), ("next", "#weigh-return"), ("next", "#tail-forward")])
        .returns(41);
    Hosted::at("tail", 4, "forward").goes(&[("next", "#tail-forward")]).returns(41);
    Hosted::at("tail", 3, "even-tail").goes(&[("step", "#odd-if"), ("next", "#odd-tail"), ("step", "#even-if")]);
    Hosted::at("tail", 4, "forward").goes(&[("step weigh", "#weigh"), ("finish", "#tail-forward")]).returns(41);
}

#[test]
fn indirect_calls() {
    Hosted::at("indirect", 0, "indirect-call").goes(&[("step", "#twice"), ("finish", "#indirect-call")]).returns(8);
    Hosted::at("indirect", 1, "indirect-call").goes(&[("step", "#weigh"), ("next", "#weigh-return")]).returns(40);
    Hosted::at("indirect", 2, "indirect-call").goes(&[("next", "#indirect-return")]).returns(40);
    Hosted::at("indirect", 2, "indirect-call").goes(&[("step", "#forward"), ("step", "#weigh")]).returns(40);
}

#[test]
fn errors_of_the_host_are_caught_where_they_come_from() {
    for how in ["next", "step", "until", "nexti"] {
        let mut hosted = Hosted::at("failing", 0, "fail");
        hosted.catch("host-error");
        hosted.give(how).unwrap();
        let report = match how {
            // The call itself is the next instruction only after its address was pushed, or at once.
            "nexti" => {
                let mut report = hosted.wait();
                while let Report::Stopped { reason: Reason::StepDone, .. } = report {
                    hosted.give("nexti").unwrap();
                    report = hosted.wait();
                }
                report
            }
            _ => hosted.wait(),
        };
        let Report::Stopped { reason: Reason::HostError { message }, caught, .. } = report else {
            panic!("{how}: {report:?}")
        };
        assert!(message.contains("the line is dead"), "{message}");
        assert_eq!(caught.len(), 1);
        let frame = hosted.debugger.frame(hosted.guest, 0).unwrap();
        assert_eq!(frame.position.unwrap().line, hosted.markers.line("fail"), "{how}");
        assert_eq!(hosted.debugger.planted(hosted.guest).unwrap(), []);
        let end = hosted.resume();
        let failed = matches!(&end, Report::Ended { ended: Ended::Failed { message }, .. } if message.contains("dead"));
        assert!(failed, "{end:?}");
    }
    // A catchpoint that is disabled doesn't stop.
    let mut hosted = Hosted::at("failing", 0, "fail");
    hosted.catch("host-error");
    let id = hosted.debugger.breakpoints()[0].id;
    hosted.debugger.enable_breakpoint(id, false).unwrap();
    assert!(matches!(hosted.resume(), Report::Ended { .. }));
}

#[test]
fn modules_are_caught_as_they_come() {
    let mut hosted = Hosted::at("loading", 21, "load");
    hosted.catch("load");
    // Waits for its module.
    let later = BreakpointSpec::at(LocationSpec::Function("doubled".into()));
    assert!(hosted.debugger.add_breakpoint(later.clone(), false).is_err());
    let later = hosted.debugger.add_breakpoint(later, true).unwrap();
    assert!(hosted.debugger.breakpoint(later).unwrap().pending());
    // A step over the call that brings it.
    hosted.give("next").unwrap();
    let report = hosted.wait();
    let Report::Stopped { reason: Reason::ModulesLoaded { .. }, caught, .. } = &report else { panic!("{report:?}") };
    assert_eq!(caught.len(), 1);
    assert!(!hosted.debugger.breakpoint(later).unwrap().pending());
    // Its start function is about to run: nothing of it has.
    assert_eq!(hosted.functions(), ["prepare", "loading"]);
    let report = hosted.resume();
    assert!(
        matches!(&report, Report::Stopped { reason: Reason::Breakpoints(ids), .. } if *ids == [later]),
        "{report:?}"
    );
    assert_eq!(hosted.functions(), ["doubled", "loading"]);
    hosted.debugger.remove_breakpoint(later).unwrap();
    hosted.goes(&[("finish", "#load"), ("next", "#load-return")]).returns(42);
}

#[test]
fn start_functions() {
    let mut hosted = Hosted::at("loading", 5, "load");
    hosted.catch("load");
    hosted.resume();
    assert_eq!(hosted.functions()[0], "prepare");
    // Out of a function that nobody of the guest has called, to what runs next: the host's call.
    hosted.give("finish").unwrap();
    let report = hosted.wait();
    assert!(matches!(report, Report::Stopped { reason: Reason::StepDone, .. }), "{report:?}");
    assert_eq!(hosted.functions()[0], "loading");
    hosted.goes(&[("next", "#load-return")]).returns(10);
}
