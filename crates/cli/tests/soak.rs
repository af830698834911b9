//! Much of everything, in one process: nothing grows, nothing stays open, nothing stays planted.
//!
//! What grows a little with each round would be seen in hundreds of rounds as megabytes; what is kept once (compiled code,
//! symbols, threads' stacks that the allocator holds) was there after the first ones.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failure here is meant to be loud")]

mod scenario;

use std::{fs, time::Duration};

use freezeframe_engine::{BreakpointSpec, DebuggeeId, Debugger, Ended, LocationSpec, Report, Step};
use freezeframe_host::{LaunchOptions, Program, launch};
use scenario::root;

/// What the process holds: kilobytes of memory in use, open descriptors, threads. `None` where the system doesn't say.
fn held() -> Option<(u64, usize, usize)> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let memory = memory.trim().trim_end_matches(" kB").parse().ok()?;
    let count = |folder| fs::read_dir(folder).map(Iterator::count).ok();
    Some((memory, count("/proc/self/fd")?, count("/proc/self/task")?))
}

/// Does something many times: a tenth of it to warm up, then it mustn't hold more afterwards, but for `slack` kilobytes.
fn level(what: &str, times: u32, slack: u64, mut act: impl FnMut()) {
    (0..times / 10).for_each(|_| act());
    let before = held();
    (0..times).for_each(|_| act());
    // Threads of guests that have ended may take a moment to go.
    let settled = || held().zip(before).is_none_or(|(after, before)| after.1 <= before.1 && after.2 <= before.2);
    for _ in 0..100 {
        if settled() {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let Some((before, after)) = before.zip(held()) else { return };
    assert!(after.0 <= before.0 + slack, "{what}, {times} times: {} kB became {} kB", before.0, after.0);
    assert!(after.1 <= before.1, "{what}, {times} times: {} descriptors became {}", before.1, after.1);
    assert!(after.2 <= before.2, "{what}, {times} times: {} threads became {}", before.2, after.2);
}

fn program(name: &str) -> Program {
    Program::open(&root().join("guests/built").join(name)).unwrap()
}

fn start(debugger: &mut Debugger, program: &Program) -> DebuggeeId {
    debugger.attach(launch(program, LaunchOptions::default()).unwrap()).unwrap()
}

fn at(location: &str) -> BreakpointSpec {
    BreakpointSpec::at(LocationSpec::parse(location, None).unwrap())
}

/// The next stop or end.
fn report(debugger: &mut Debugger, guest: DebuggeeId) -> Report {
    debugger.wait(guest, Some(Duration::from_secs(60))).unwrap().expect("it stops or ends")
}

/// One after the other in one process, as the memory of one would be that of another.
#[test]
fn nothing_grows() {
    let orders = program("orders.O0.dwarf5.wasm");
    let spin = program("spin.O0.dwarf5.wasm");

    // A guest that stands: breakpoints come and go, planted by a step each time.
    let mut debugger = Debugger::new();
    let guest = start(&mut debugger, &spin);
    let first = debugger.add_breakpoint(at("beat"), false).unwrap();
    debugger.resume(guest).unwrap();
    assert!(matches!(report(&mut debugger, guest), Report::Stopped { .. }));
    let standing = debugger.planted(guest).unwrap();
    let lines: Vec<String> = (8..=20).map(|line| format!("spin.c:{line}")).collect();
    let mut lines = lines.iter().cycle();
    level("breakpoints set, planted and removed", 10_000, 8 << 10, || {
        let line = lines.next().unwrap();
        let id = debugger.add_breakpoint(at(line), true).unwrap();
        debugger.step(guest, Step::Instruction, 1).unwrap();
        assert!(matches!(report(&mut debugger, guest), Report::Stopped { .. }));
        debugger.remove_breakpoint(id).unwrap();
    });
    debugger.step(guest, Step::Instruction, 1).unwrap();
    report(&mut debugger, guest);
    assert_eq!(debugger.planted(guest).unwrap(), standing, "only the first breakpoint is planted");

    level("stops", 1_000_000, 8 << 10, || {
        debugger.resume(guest).unwrap();
        assert!(matches!(report(&mut debugger, guest), Report::Stopped { .. }));
    });
    debugger.remove_breakpoint(first).unwrap();
    debugger.step(guest, Step::Instruction, 1).unwrap();
    report(&mut debugger, guest);
    assert_eq!(debugger.planted(guest).unwrap(), [], "nothing is planted any more");
    debugger.kill(guest).unwrap();
    debugger.forget(guest);

    let mut runs = Debugger::new();
    runs.add_breakpoint(at("price"), true).unwrap();
    level("guests debugged to their end", 1000, 16 << 10, || {
        let guest = start(&mut runs, &orders);
        runs.resume(guest).unwrap();
        loop {
            match report(&mut runs, guest) {
                Report::Stopped { .. } => {
                    assert!(!runs.stack(guest, 10).unwrap().0.is_empty());
                    runs.resume(guest).unwrap();
                }
                Report::Ended { ended, .. } => {
                    assert!(matches!(ended, Ended::Exited(_)), "{ended:?}");
                    break;
                }
            }
        }
        runs.forget(guest);
    });

    level("debuggers that leave a guest behind", 1000, 16 << 10, || {
        let mut debugger = Debugger::new();
        let guest = start(&mut debugger, &orders);
        debugger.add_breakpoint(at("price"), true).unwrap();
        debugger.resume(guest).unwrap();
        assert!(matches!(report(&mut debugger, guest), Report::Stopped { .. }));
        drop(debugger);
    });
}
