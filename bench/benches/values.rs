//! What it costs to look: all locals of a frame with a hundred variables of std's containers, and the first page of a vector of
//! ten million elements.
//!
//! Each round is a stop of its own (of a breakpoint in a loop), so that nothing of the guest is known at its beginning; types are,
//! as they are after the first look, whose time is printed too. Printed are medians of wall time, and how much of the guest's
//! memory was read.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failure here is meant to be loud")]

use std::{
    path::Path,
    time::{Duration, Instant},
};

use freezeframe_bench::Figures;
use freezeframe_engine::{
    BreakpointSpec, Children, DebuggeeId, Debugger, LocationSpec, Node, Report, ScopeKind, ValueOptions,
};
use freezeframe_host::{LaunchOptions, Program, launch};

const ROUNDS: usize = 59;

/// A guest that stands at the line of `marker`.
fn stopped(marker: &str, length: &str) -> (Debugger, DebuggeeId) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find(|folder| folder.join("guests").is_dir());
    let root = root.expect("the repository");
    let source = std::fs::read_to_string(root.join("guests/src/values.rs")).expect("the source");
    let line = source.lines().position(|line| line.ends_with(marker)).expect("the marker") + 1;
    let program = Program::open(&root.join("guests/built/values.O0.dwarf4.wasm")).expect("the guest");
    let options = LaunchOptions { args: vec![length.to_owned()], ..LaunchOptions::default() };
    let mut debugger = Debugger::new();
    let guest = debugger.attach(launch(&program, options).expect("a launch")).expect("a guest");
    let location = LocationSpec::parse(&format!("values.rs:{line}"), None).expect("a location");
    debugger.add_breakpoint(BreakpointSpec::at(location), false).expect("a breakpoint");
    debugger.resume(guest).expect("a run");
    stop(&mut debugger, guest);
    (debugger, guest)
}

fn stop(debugger: &mut Debugger, guest: DebuggeeId) {
    let report = debugger.wait(guest, None).expect("a report");
    assert!(matches!(report, Some(Report::Stopped { .. })), "{report:?}");
}

/// The time of the first look, the median and the least of all, and what was read of memory at the last one.
struct Look {
    first: Duration,
    median: Duration,
    best: Duration,
    read: u64,
}

fn measure(marker: &str, length: &str, look: fn(&mut Debugger, DebuggeeId) -> Vec<Node>) -> Look {
    let (mut debugger, guest) = stopped(marker, length);
    let mut times = Vec::new();
    let mut read = 0;
    for _ in 0..ROUNDS {
        // Who asks for variables knows the frame already.
        debugger.frame(guest, 0).expect("a frame");
        let before = debugger.memory_read(guest).expect("a count");
        let start = Instant::now();
        let nodes = look(&mut debugger, guest);
        times.push(start.elapsed());
        assert!(nodes.iter().all(Node::available) && nodes.len() >= 100, "{nodes:?}");
        read = debugger.memory_read(guest).expect("a count") - before;
        debugger.resume(guest).expect("a run");
        stop(&mut debugger, guest);
    }
    let first = times[0];
    times.sort_unstable();
    Look { first, median: times[ROUNDS / 2], best: times[0], read }
}

fn locals(debugger: &mut Debugger, guest: DebuggeeId) -> Vec<Node> {
    let scope = debugger.scope(guest, Some(0), ScopeKind::Locals).expect("a scope");
    debugger.children(scope.handle, Children::All, 0, u64::MAX, ValueOptions::default()).expect("locals")
}

fn first_page(debugger: &mut Debugger, guest: DebuggeeId) -> Vec<Node> {
    let options = ValueOptions::default();
    let node = debugger.evaluate_node(guest, Some(0), "vector", options).expect("the vector");
    assert_eq!(node.indexed, 10_000_000);
    debugger.children(node.handle, Children::Indexed, 0, 100, options).expect("a page")
}

fn main() {
    println!("{:<44} {:>12} {:>12} {:>12} {:>14}", "", "first look", "median", "best", "memory read");
    let mut figures = Figures::new().expect("a file for figures");
    figures.table("values", &["what", "first look", "median", "best", "memory read"]).expect("written");
    let mut row = |name: &str, look: Look| {
        let Look { first, median, best, read } = look;
        println!("{name:<44} {first:>12.1?} {median:>12.1?} {best:>12.1?} {read:>8} bytes");
        let ms = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3);
        let cells = [ms(first), ms(median), ms(best), format!("{} KiB", read >> 10)];
        figures.row("values", &[name, &cells[0], &cells[1], &cells[2], &cells[3]]).expect("written");
        figures.goal(name, "≤ 1 ms", &cells[1]).expect("written");
    };
    row("all locals: 100 variables, std's containers", measure("#crowd", "10", locals));
    row("first 100 of 10,000,000 elements of a Vec", measure("#huge", "10000000", first_page));
}
