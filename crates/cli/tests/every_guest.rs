//! Every built guest can be opened, started, stepped through and looked at; what can't be had is said, never a panic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod scenario;

use std::time::Duration;

use freezeframe_engine::{BreakpointSpec, DebuggeeId, Debugger, Limits, LocationSpec, PcMeaning, Report, Step};
use freezeframe_host::{LaunchOptions, Program, launch};
use scenario::root;

fn start(program: &Program, debugger: &mut Debugger, arguments: &[&str]) -> DebuggeeId {
    let options =
        LaunchOptions { args: arguments.iter().map(|a| (*a).to_owned()).collect(), ..LaunchOptions::default() };
    debugger.attach(launch(program, options).unwrap()).unwrap()
}

fn commands() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(root().join("guests/built"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".wasm"))
        .collect();
    names.sort();
    // Runs for ever, or no commands: checked by other tests.
    let others = [
        "spin",
        "not-wasm",
        "bogus-opcode",
        "unsupported",
        "missing-import",
        "invoke",
        "hosted",
        "strange",
        "nodebug",
        "nonames",
        "units",
        "lengths",
        "fleet",
    ];
    names.retain(|name| !others.iter().any(|other| name.starts_with(other)) && !name.contains(".external.debug"));
    assert!(names.len() > 20, "{names:?}");
    names
}

fn wait(debugger: &mut Debugger, guest: DebuggeeId) -> Report {
    debugger.wait(guest, Some(Duration::from_secs(60))).unwrap().expect("the guest stops or ends")
}

/// Looks at everything there is at a stop, and checks what can be checked without knowing the guest.
fn look(debugger: &mut Debugger, guest: DebuggeeId, what: &str) {
    let (stack, _) = debugger.stack(guest, 40).unwrap();
    for frame in stack.iter().take(8) {
        debugger.arguments(guest, frame.index, Limits::default()).unwrap();
        for shown in debugger.locals(guest, frame.index, Limits::default()).unwrap() {
            assert!(!shown.text.is_empty(), "{what}: {shown:?}");
        }
        let wasm = debugger.wasm_state(guest, frame.index).unwrap();
        assert!(wasm.locals.is_ok() || frame.unreadable.is_some(), "{what}: {wasm:?}");
        assert!(!wasm.memories.is_empty(), "{what}");
    }
    // Of two inlined frames of one Wasm frame both have its pc.
    let theirs = debugger.oracle_backtrace(guest).unwrap();
    let physical: Vec<_> = stack.iter().filter(|f| !f.inlined).collect();
    for (ours, (function, pc)) in physical.iter().zip(&theirs) {
        assert_eq!(ours.function_index, *function, "{what}: {stack:?} {theirs:?}");
        if let (Some(pc), PcMeaning::Next, false) = (pc, ours.pc_meaning, what.contains(".p2")) {
            assert_eq!(ours.pc, *pc, "{what}");
        }
    }
    assert!(debugger.planted(guest).unwrap().is_empty(), "{what}: a step left something planted");
}

#[test]
fn every_guest_can_be_started_and_stepped() {
    for name in commands() {
        let program = Program::open(&root().join("guests/built").join(&name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut debugger = Debugger::new();
        // What is no command has an export in place of one.
        let exported = ["traps.O0", "traps.O2"].iter().any(|guest| name.starts_with(guest));
        let invoke = exported.then(|| ("run".to_owned(), vec!["0".to_owned()]));
        let options = LaunchOptions { invoke, ..LaunchOptions::default() };
        let guest = debugger.attach(launch(&program, options).unwrap()).unwrap();
        // Where its own sources begin; a module without line information begins at its entry.
        let modules = debugger.modules(guest).unwrap();
        let main = ["main", "queue.main", "run", "_start"].into_iter().find(|main| {
            modules.iter().any(|(_, _, symbols)| {
                let own = |file: &str| file.contains("guests/src") || file.contains("queue.zig");
                symbols.function_sites(main).iter().any(|pc| {
                    let file = symbols.location(*pc).map(|at| symbols.files()[at.file.0 as usize].path.clone());
                    file.is_some_and(|file| own(&file)) || *main == "_start"
                })
            })
        });
        let main = main.unwrap_or_else(|| panic!("{name} has no beginning"));
        let location = LocationSpec::Function(main.to_owned());
        let spec = BreakpointSpec { one_shot: true, ..BreakpointSpec::at(location) };
        debugger.add_breakpoint(spec, false).unwrap_or_else(|e| panic!("{name}: {e}"));
        debugger.resume(guest).unwrap();
        assert!(matches!(wait(&mut debugger, guest), Report::Stopped { .. }), "{name}: {main} isn't reached");
        for (round, step) in [Step::Into, Step::Over, Step::Instruction, Step::Into, Step::InstructionOver, Step::Until]
            .into_iter()
            .cycle()
            .take(36)
            .enumerate()
        {
            look(&mut debugger, guest, &name);
            match debugger.step(guest, step, 1 + round as u32 % 3) {
                Ok(()) => {}
                // Code without lines: on by instructions.
                Err(first) => debugger
                    .step(guest, Step::Instruction, 1)
                    .unwrap_or_else(|e| panic!("{name}, {step:?}: {first}; {e}; {:?}", debugger.frame(guest, 0))),
            }
            if let Report::Ended { .. } = wait(&mut debugger, guest) {
                break;
            }
        }
    }
}

/// Single steps visit exactly the operators that run: their number, counted by stepping over each, is the same as what a
/// breakpoint on every operator of the function sees.
#[test]
fn instruction_steps_miss_nothing() {
    let program = Program::open(&root().join("guests/built/steps.O0.dwarf5.wasm")).unwrap();
    let at = |debugger: &mut Debugger, guest| {
        let frame = debugger.frame(guest, 0).unwrap();
        (frame.function_index, frame.pc)
    };
    let begin = |debugger: &mut Debugger| {
        let guest = start(&program, debugger, &[]);
        let location = LocationSpec::Function("loops".to_owned());
        debugger.add_breakpoint(BreakpointSpec { one_shot: true, ..BreakpointSpec::at(location) }, false).unwrap();
        debugger.resume(guest).unwrap();
        wait(debugger, guest);
        guest
    };
    let mut debugger = Debugger::new();
    let guest = begin(&mut debugger);
    let (function, _) = at(&mut debugger, guest);
    let mut stepped = Vec::new();
    while at(&mut debugger, guest).0 == function {
        stepped.push(at(&mut debugger, guest).1);
        debugger.step(guest, Step::Instruction, 1).unwrap();
        wait(&mut debugger, guest);
    }

    let mut debugger = Debugger::new();
    let guest = begin(&mut debugger);
    let (_, instructions) = debugger.disassemble(guest, Some(0), None).unwrap();
    for instruction in instructions {
        let location = LocationSpec::Address(instruction.pc.0);
        // What can't be reached is refused, and no step goes there.
        let set = debugger.add_breakpoint(BreakpointSpec::at(location), false);
        assert!(set.is_ok() || !stepped.contains(&instruction.pc), "{instruction:?}");
    }
    let mut hit = vec![at(&mut debugger, guest).1];
    while hit.len() < stepped.len() {
        debugger.resume(guest).unwrap();
        wait(&mut debugger, guest);
        hit.push(at(&mut debugger, guest).1);
    }
    assert!(stepped.len() > 100);
    assert_eq!(hit, stepped);
}

/// A breakpoint set while the guest runs interrupts it for as long as that takes, and nobody notices.
#[test]
fn a_running_guest_gets_its_breakpoint() {
    let program = Program::open(&root().join("guests/built/spin.O0.dwarf5.wasm")).unwrap();
    let mut debugger = Debugger::new();
    let guest = start(&program, &mut debugger, &[]);
    debugger.resume(guest).unwrap();
    assert_eq!(debugger.wait(guest, Some(Duration::from_millis(50))).unwrap(), None, "it runs for ever");
    let markers = scenario::Markers::of("guests/src/spin.c");
    let location = LocationSpec::Line { file: markers.file.clone(), line: markers.line("beat") };
    debugger.add_breakpoint(BreakpointSpec::at(location), false).unwrap();
    let Report::Stopped { reason, .. } = wait(&mut debugger, guest) else { panic!("it ended") };
    assert!(matches!(reason, freezeframe_engine::Reason::Breakpoints(_)), "{reason:?}");
    assert_eq!(debugger.frame(guest, 0).unwrap().position.unwrap().line, markers.line("beat"));
    // The same from another thread, as Ctrl-C does it.
    let ids: Vec<_> = debugger.breakpoints().iter().map(|b| b.id).collect();
    ids.into_iter().for_each(|id| debugger.remove_breakpoint(id).unwrap());
    debugger.resume(guest).unwrap();
    let interrupter = debugger.interrupter(guest).unwrap();
    let hand = std::thread::spawn(move || interrupter.interrupt());
    let Report::Stopped { reason, .. } = wait(&mut debugger, guest) else { panic!("it ended") };
    assert_eq!(reason, freezeframe_engine::Reason::Interrupted);
    hand.join().unwrap();
    // While the engine itself stops and resumes the guest all the time, for a condition that only it can decide.
    let location = LocationSpec::Function("beat".to_owned());
    let condition = Some("beats == 0.5".to_owned());
    debugger.add_breakpoint(BreakpointSpec { condition, ..BreakpointSpec::at(location) }, false).unwrap();
    debugger.resume(guest).unwrap();
    assert_eq!(debugger.wait(guest, Some(Duration::from_millis(50))).unwrap(), None, "the condition never holds");
    debugger.interrupter(guest).unwrap().interrupt();
    let Report::Stopped { reason, .. } = wait(&mut debugger, guest) else { panic!("it ended") };
    assert_eq!(reason, freezeframe_engine::Reason::Interrupted);
    assert_eq!(debugger.kill(guest).unwrap(), freezeframe_engine::Ended::Killed);
}
