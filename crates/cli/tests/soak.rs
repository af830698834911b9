//! Much of everything, in one process: nothing grows, nothing stays open, nothing stays planted.
//!
//! What grows a little with each round would be seen in hundreds of rounds as megabytes; what is kept once (compiled code,
//! symbols, threads' stacks that the allocator holds) was there after the first ones.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failure here is meant to be loud")]

mod dap;
mod scenario;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use freezeframe_engine::{BreakpointSpec, DebuggeeId, Debugger, Ended, LocationSpec, Report, Step};
use freezeframe_host::{LaunchOptions, Program, launch};
use freezeframe_session::{Event, Freeze, Options, debug_with};
use scenario::root;
use wasmtime::{Config, Engine, Instance, Module, Store};

/// What a process holds: kilobytes of memory in use, open descriptors, threads. `None` where the system doesn't say.
fn held(process: &str) -> Option<(u64, usize, usize)> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let memory = memory.trim().trim_end_matches(" kB").parse().ok()?;
    let count = |folder| fs::read_dir(folder).map(Iterator::count).ok();
    Some((memory, count(format!("/proc/{process}/fd"))?, count(format!("/proc/{process}/task"))?))
}

/// Does something many times: a tenth of it to warm up, then it mustn't hold more afterwards, but for `slack` kilobytes.
fn level(what: &str, times: u32, slack: u64, act: impl FnMut()) {
    level_in("self", what, times, slack, act);
}

/// The same of another process that something is done to.
fn level_in(process: &str, what: &str, times: u32, slack: u64, mut act: impl FnMut()) {
    (0..times / 10).for_each(|_| act());
    let held = || held(process);
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

    attached_and_detached();
}

/// An embedder's one store, to which debuggers come and go: stopped at a breakpoint, or before anything has run.
fn attached_and_detached() {
    let mut config = Config::new();
    freezeframe_session::configure(&mut config);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, "(module (func (export \"run\") nop nop))").unwrap();
    let mut store = Store::new(&engine, ());
    store.set_epoch_deadline(u64::MAX / 2);
    let instance = pollster::block_on(Instance::new_async(&mut store, &module, &[])).unwrap();
    let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
    // The second `nop`: at the first one a function's entry is.
    let bytes = module.debug_bytecode().unwrap();
    let pc = u32::try_from(bytes.iter().rposition(|byte| *byte == 0x01).unwrap()).unwrap();
    let mut number = 0;
    level("debuggers attached to a store and detached", 10_000, 8 << 10, || {
        number += 1;
        let freeze = if number % 2 == 0 { Freeze::Thread } else { Freeze::Task };
        let session = debug_with(
            &mut store,
            Options { freeze, ..Options::default() },
            async |store| {
                run.call_async(&mut *store, ()).await.unwrap();
                store.breakpoints().unwrap().count()
            },
            async |mut dbg| {
                assert!(matches!(dbg.next().await, Some(Event::Attached)));
                dbg.with(|stop| stop.add_breakpoint(&module, pc)).unwrap().unwrap();
                if number % 3 > 0 {
                    assert!(matches!(dbg.next().await, Some(Event::Breakpoint { .. })));
                }
                dbg.control().detach();
            },
        );
        let (planted, debugger) = pollster::block_on(session).unwrap();
        assert_eq!((planted.unwrap(), debugger.is_ok()), (0, true), "nothing is planted any more");
    });
}

/// A server for editors, to which they come and go.
#[test]
fn a_server_holds_nothing_of_editors_that_are_gone() {
    let cache = tempfile::tempdir().unwrap();
    let mut server = Command::new(env!("CARGO_BIN_EXE_freezeframe"))
        .args(["dap", "--listen", "127.0.0.1:0"])
        // What was used 256 times Wasmtime's cache compresses once more, which takes more memory than all of these sessions.
        .env("FREEZEFRAME_CACHE", cache.path())
        .current_dir(root())
        // Each session has threads of its own. What glibc keeps for those to come, in up to eight heaps a core, isn't ours.
        .env("MALLOC_ARENA_MAX", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut said).unwrap();
    let address = said.trim().strip_prefix("listening at ").unwrap();
    let mut number = 0;
    level_in(&server.id().to_string(), "editors that launch, stop and are gone", 100, 8 << 10, || {
        number += 1;
        let mut client = dap::Client::connect(address);
        client.launch(dap::orders());
        client.break_at(dap::ORDERS, &[dap::line(dap::ORDERS, "relabel-call")]);
        client.ask("configurationDone", serde_json::Value::Null);
        client.stopped();
        if number % 2 == 0 { client.vanish() } else { client.leave() }
    });
    server.kill().unwrap();
    server.wait().unwrap();
}
