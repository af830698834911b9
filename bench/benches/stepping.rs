//! What the source-level debugger costs: a breakpoint that is passed, a log point, `next`, a stop in modules of different
//! sizes. All through the engine's public interface and a launched guest, as a front end has it.
//!
//! Guests: `spin.c` (unoptimised, DWARF 5), whose loop calls a function with a breakpoint; and modules without DWARF that are
//! made here, a loop beside as many functions that are never called as make up the size. Printed are nanoseconds of wall
//! time, medians of interleaved rounds; only the ratios mean something on another machine.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failure here is meant to be loud")]

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use freezeframe_bench::Figures;
use freezeframe_engine::{
    BreakpointSpec, DebuggeeId, Debugger, Format, HitCondition, Limits, LocationSpec, Reason, Report, Step,
};
use freezeframe_host::{LaunchOptions, Program, launch};
use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, Function, FunctionSection, Instruction, Module, TypeSection, ValType,
};

struct Guest {
    debugger: Debugger,
    id: DebuggeeId,
}

impl Guest {
    fn launch(program: &Program, invoke: Option<&str>) -> Self {
        let options =
            LaunchOptions { invoke: invoke.map(|name| (name.to_owned(), Vec::new())), ..LaunchOptions::default() };
        let mut debugger = Debugger::new();
        let id = debugger.attach(launch(program, options).expect("launched")).expect("attached");
        Self { debugger, id }
    }

    fn add(&mut self, location: &str, change: impl FnOnce(&mut BreakpointSpec)) {
        let mut spec = BreakpointSpec::at(LocationSpec::parse(location, Some("spin.c")).expect("a location"));
        change(&mut spec);
        self.debugger.add_breakpoint(spec, false).expect("a breakpoint");
    }

    fn wait(&mut self) -> Reason {
        match self.debugger.wait(self.id, Some(Duration::from_secs(600))).expect("a report") {
            Some(Report::Stopped { reason, notes, .. }) if notes.is_empty() => reason,
            other => panic!("{other:?}"),
        }
    }

    fn go(&mut self) -> Reason {
        self.debugger.resume(self.id).expect("stopped");
        self.wait()
    }

    fn number(&mut self, expression: &str) -> u64 {
        let value = self.debugger.evaluate(self.id, Some(0), expression, Format::Natural, Limits::default());
        value.expect("a value").text.parse().expect("a number")
    }
}

/// Runs `spin` so long with one more breakpoint and gives the nanoseconds a call of `beat`.
fn passed(program: &Program, time: Duration, change: Option<fn(&mut BreakpointSpec)>) -> f64 {
    let mut guest = Guest::launch(program, None);
    guest.debugger.on_log(|line| {
        std::hint::black_box(&line.text);
    });
    guest.add("beat", |spec| spec.one_shot = true);
    guest.go();
    if let Some(change) = change {
        guest.add("beat", change);
    }
    let before = guest.number("beats");
    let interrupter = guest.debugger.interrupter(guest.id).expect("running");
    let start = Instant::now();
    guest.debugger.resume(guest.id).expect("stopped");
    let hand = std::thread::spawn(move || {
        std::thread::sleep(time);
        interrupter.interrupt();
    });
    assert_eq!(guest.wait(), Reason::Interrupted);
    let elapsed = start.elapsed();
    hand.join().expect("the other thread");
    elapsed.as_nanos() as f64 / (guest.number("beats") - before).max(1) as f64
}

/// Nanoseconds a step of the loop in `spin`, from line to line, over its call or into it.
fn steps(program: &Program, step: Step, n: u32) -> f64 {
    let mut guest = Guest::launch(program, None);
    guest.add("beat", |spec| spec.one_shot = true);
    guest.go();
    guest.debugger.finish(guest.id, 0).expect("stopped");
    guest.wait();
    let start = Instant::now();
    for _ in 0..n {
        guest.debugger.step(guest.id, step, 1).expect("stopped");
        assert_eq!(guest.wait(), Reason::StepDone);
    }
    start.elapsed().as_nanos() as f64 / f64::from(n)
}

/// Nanoseconds a step from the first lines of `main` on, each of which is met once.
fn straight(program: &Program, n: u32) -> f64 {
    let mut times = Vec::new();
    for _ in 0..n {
        let mut guest = Guest::launch(program, None);
        guest.add("main", |_| ());
        guest.go();
        let start = Instant::now();
        for _ in 0..LINES {
            guest.debugger.step(guest.id, Step::Over, 1).expect("stopped");
            assert_eq!(guest.wait(), Reason::StepDone);
        }
        times.push(start.elapsed().as_nanos() as f64 / f64::from(LINES));
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// A module of about `size` bytes: `run` loops for ever over a `nop`, and there are functions that nobody calls.
fn sized(size: usize) -> (Vec<u8>, u32) {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    let mut code = CodeSection::new();
    let mut run = Function::new([(1, ValType::I32)]);
    run.instruction(&Instruction::Loop(wasm_encoder::BlockType::Empty)).instruction(&Instruction::Nop);
    for instruction in
        [Instruction::LocalGet(0), Instruction::I32Const(1), Instruction::I32Add, Instruction::LocalSet(0)]
    {
        run.instruction(&instruction);
    }
    run.instruction(&Instruction::Br(0)).instruction(&Instruction::End).instruction(&Instruction::End);
    functions.function(0);
    code.function(&run);
    let mut filler = Function::new([]);
    for _ in 0..200 {
        filler.instruction(&Instruction::I64Const(i64::MAX)).instruction(&Instruction::Drop);
    }
    filler.instruction(&Instruction::End);
    for _ in 0..size / filler.byte_len() {
        functions.function(0);
        code.function(&filler);
    }
    let mut exports = ExportSection::new();
    exports.export("run", ExportKind::Func, 0);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&exports).section(&code);
    let bytes = module.finish();
    let nop = bytes.windows(3).position(|w| w == [0x03, 0x40, 0x01]).expect("the loop") + 2;
    (bytes, u32::try_from(nop).expect("an offset"))
}

/// Nanoseconds from a stop at a breakpoint to the next, and of an instruction step.
fn stops(program: &Program, pc: u32, n: u32) -> (f64, f64) {
    let mut guest = Guest::launch(program, Some("run"));
    guest.add(&format!("*{pc:#x}"), |_| ());
    guest.go();
    let each = |start: Instant| start.elapsed().as_nanos() as f64 / f64::from(n);
    let start = Instant::now();
    for _ in 0..n {
        assert!(matches!(guest.go(), Reason::Breakpoints(_)));
        std::hint::black_box(guest.debugger.frame(guest.id, 0).expect("a frame"));
    }
    let stop = each(start);
    let ids: Vec<_> = guest.debugger.breakpoints().iter().map(|b| b.id).collect();
    ids.into_iter().for_each(|id| guest.debugger.remove_breakpoint(id).expect("there"));
    let start = Instant::now();
    for _ in 0..n {
        guest.debugger.step(guest.id, Step::InstructionOver, 1).expect("stopped");
        assert_eq!(guest.wait(), Reason::StepDone);
    }
    (stop, each(start))
}

/// The steps that are measured in the loop of `spin`.
const STEPS: &[(&str, Step)] =
    &[("`next`, in a loop with a call", Step::Over), ("`step`, into the call and out again", Step::Into)];
const STRAIGHT: &str = "`next`, in lines that are met once";
/// How many lines that is.
const LINES: u32 = 12;
const PLAIN: &str = "`beat` is called, nothing planted";

/// What is planted at `beat`, by the name of the case.
type Passed = (&'static str, Option<fn(&mut BreakpointSpec)>);

fn main() {
    let quick = std::env::args().any(|a| a == "--test");
    // Only the steps, for a profile of them.
    let only_steps = std::env::args().any(|a| a == "steps");
    let (rounds, time, n) = if quick { (1, 20, 20) } else { (5, 300, 3000) };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let spin = Program::open(&root.join("guests/built/spin.O0.dwarf5.wasm")).expect("the guest");
    let lines = Program::open(&root.join("guests/built/steps.O0.dwarf5.wasm")).expect("the guest");
    let cases: &[Passed] = &[
        (PLAIN, None),
        ("+ a condition that is false (`step == 5`)", Some(|spec| spec.condition = Some("step == 5".into()))),
        ("+ a hit count that doesn't come", Some(|spec| spec.hits = Some(HitCondition::Exactly(u64::MAX)))),
        ("+ a log point without expressions", Some(|spec| spec.log = Some("beat".into()))),
        ("+ a log point with `{step}`", Some(|spec| spec.log = Some("step is {step}".into()))),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    // The largest takes a minute to compile the first time; then it's in the cache.
    let sizes: &[(&str, usize)] = if quick || only_steps {
        &[("0.1 MB", 100_000)]
    } else {
        &[("0.1 MB", 100_000), ("3 MB", 3_000_000), ("50 MB", 50_000_000)]
    };
    let sized: Vec<(&str, Program, u32)> = sizes
        .iter()
        .map(|(name, size)| {
            let (bytes, nop) = sized(*size);
            let path = folder.path().join(format!("sized-{size}.wasm"));
            std::fs::write(&path, bytes).expect("written");
            (*name, Program::open(&path).expect("a module"), nop)
        })
        .collect();

    let mut times: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for _ in 0..rounds {
        for (name, change) in cases.iter().filter(|_| !only_steps) {
            let ns = passed(&spin, Duration::from_millis(time), *change);
            times.entry((*name).to_owned()).or_default().push(ns);
        }
        for (name, step) in STEPS {
            times.entry((*name).to_owned()).or_default().push(steps(&spin, *step, n));
        }
        times.entry(STRAIGHT.to_owned()).or_default().push(straight(&lines, n.min(20)));
        for (name, program, nop) in sized.iter().filter(|_| !only_steps) {
            let (stop, step) = stops(program, *nop, n);
            times.entry(format!("stop, {name}")).or_default().push(stop);
            times.entry(format!("nexti, {name}")).or_default().push(step);
        }
    }
    let median = |name: &str| {
        let mut all = times[name].clone();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let mut figures = Figures::new().expect("a file for figures");
    figures.table("stepping", &["case", "ns", "ns beyond the guest's own"]).expect("written");
    for name in STEPS.iter().map(|(name, _)| *name).chain([STRAIGHT]) {
        println!("{name:<50} {:>12.1}", median(name));
        figures.row("stepping", &[name, &format!("{:.0}", median(name)), ""]).expect("written");
    }
    if only_steps {
        return;
    }
    let plain = median(PLAIN);
    println!("{:<50} {:>12} {:>14}", "case", "ns", "ns beyond");
    for (name, _) in cases {
        println!("{name:<50} {:>12.1} {:>14.1}", median(name), median(name) - plain);
        let cells = [format!("{:.0}", median(name)), format!("{:.0}", median(name) - plain)];
        figures.row("stepping", &[name, &cells[0], &cells[1]]).expect("written");
    }
    let smallest = sizes[0].0;
    println!("\n{:<50} {:>12} {:>14}", "a stop in a module of", "ns", "× the smallest");
    figures.table("sizes", &["a stop in a module of", "ns", "× the smallest"]).expect("written");
    for kind in ["stop", "nexti"] {
        for (name, _) in sizes {
            let ns = median(&format!("{kind}, {name}"));
            let ratio = ns / median(&format!("{kind}, {smallest}"));
            println!("{:<50} {ns:>12.1} {ratio:>14.2}", format!("{name}: {kind}"));
            let cells = [format!("{name}: {kind}"), format!("{ns:.0}"), format!("{ratio:.2}")];
            figures.row("sizes", &cells.each_ref().map(String::as_str)).expect("written");
        }
    }
    let beyond = |at: usize| (median(cases[at].0) - plain) / 1000.0;
    let mut goal = |what: &str, goal: &str, reached: f64| {
        figures.goal(what, goal, &format!("{reached:.2} µs")).expect("written");
    };
    println!();
    goal("a condition that is false, over DWARF", "≤ 0.5 µs a hit", beyond(1));
    goal("a log point with a variable, over DWARF", "≤ 2 µs a hit", beyond(4));
    goal("`next` over a call", "≤ 20 µs", median(STEPS[0].0) / 1000.0);
}
