//! Places that a step leaves in the code for the next one: nobody but the next step may notice them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod scenario;

use freezeframe_engine::{
    BreakpointId, BreakpointSpec, DebuggeeId, Debugger, Ended, LocationSpec, Reason, Report, Step,
};
use freezeframe_host::{LaunchOptions, Program, launch};
use scenario::{Markers, root};

struct Guests {
    debugger: Debugger,
    markers: Markers,
    program: Program,
}

impl Guests {
    fn new() -> Self {
        let program = Program::open(&root().join("guests/built/steps.O0.dwarf5.wasm")).unwrap();
        Self { debugger: Debugger::new(), markers: Markers::of("guests/src/steps.c"), program }
    }

    fn launch(&mut self) -> DebuggeeId {
        self.debugger.attach(launch(&self.program, LaunchOptions::default()).unwrap()).unwrap()
    }

    fn add(&mut self, marker: &str) -> BreakpointId {
        let location = LocationSpec::Line { file: "steps.c".to_owned(), line: self.markers.line(marker) };
        self.debugger.add_breakpoint(BreakpointSpec::at(location), false).unwrap()
    }

    fn wait(&mut self, guest: DebuggeeId) -> Reason {
        match self.debugger.wait(guest, None).unwrap() {
            Some(Report::Stopped { reason, notes, .. }) if notes.is_empty() => reason,
            other => panic!("{other:?}"),
        }
    }

    /// Steps once, to this line.
    fn step(&mut self, guest: DebuggeeId, step: Step, marker: &str) -> Reason {
        self.debugger.step(guest, step, 1).unwrap();
        let reason = self.wait(guest);
        self.at(guest, marker);
        reason
    }

    fn next(&mut self, guest: DebuggeeId, markers: &[&str]) {
        for marker in markers {
            assert_eq!(self.step(guest, Step::Over, marker), Reason::StepDone);
        }
    }

    fn go(&mut self, guest: DebuggeeId, marker: &str) -> Reason {
        self.debugger.resume(guest).unwrap();
        let reason = self.wait(guest);
        self.at(guest, marker);
        reason
    }

    fn at(&mut self, guest: DebuggeeId, marker: &str) {
        let position = self.debugger.frame(guest, 0).unwrap().position.unwrap();
        assert_eq!(position.line, self.markers.line(marker), "{position:?} isn't #{marker}");
    }

    fn ends(&mut self, guest: DebuggeeId) {
        self.debugger.resume(guest).unwrap();
        let report = self.debugger.wait(guest, None).unwrap();
        assert!(matches!(&report, Some(Report::Ended { ended: Ended::Returned(_), .. })), "{report:?}");
    }

    fn kept(&mut self, guest: DebuggeeId) -> usize {
        self.debugger.kept(guest).unwrap().len()
    }
}

#[test]
fn continue_passes_what_steps_have_left() {
    let mut guests = Guests::new();
    let guest = guests.launch();
    let start = guests.add("loops-start");
    let print = guests.add("print");
    assert_eq!(guests.go(guest, "loops-start"), Reason::Breakpoints(vec![start]));
    guests.next(guest, &["for", "for-body", "for", "for-body", "for"]);
    // Without this the test would show nothing.
    assert!(guests.kept(guest) > 0);
    // The loops, in which steps could end, are passed.
    assert_eq!(guests.go(guest, "print"), Reason::Breakpoints(vec![print]));
    assert_eq!(guests.kept(guest), 0);
    guests.next(guest, &["main-return"]);
    guests.ends(guest);
}

#[test]
fn a_step_ends_where_a_breakpoint_was() {
    let mut guests = Guests::new();
    let guest = guests.launch();
    guests.add("loops-start");
    guests.go(guest, "loops-start");
    guests.next(guest, &["for", "for-body", "for"]);
    // A breakpoint where steps end, too: it is the reason as long as it's there.
    let body = guests.add("for-body");
    assert_eq!(guests.step(guest, Step::Over, "for-body"), Reason::Breakpoints(vec![body]));
    guests.next(guest, &["for"]);
    guests.debugger.enable_breakpoint(body, false).unwrap();
    guests.next(guest, &["for-body", "for"]);
    guests.debugger.remove_breakpoint(body).unwrap();
    guests.next(guest, &["while", "while-body", "while"]);
    // Set and hit without a step, in the place of one.
    let body = guests.add("while-body");
    assert_eq!(guests.go(guest, "while-body"), Reason::Breakpoints(vec![body]));
    guests.debugger.remove_breakpoint(body).unwrap();
    guests.ends(guest);
}

#[test]
fn two_runs_of_a_program_step_for_themselves() {
    let mut guests = Guests::new();
    let (one, two) = (guests.launch(), guests.launch());
    guests.add("loops-start");
    let print = guests.add("print");
    guests.go(one, "loops-start");
    guests.go(two, "loops-start");
    guests.next(one, &["for", "for-body", "for"]);
    assert!(guests.kept(one) > 0);
    assert_eq!(guests.kept(two), 0);
    // One goes on while the other is in the middle of its steps.
    assert_eq!(guests.go(two, "print"), Reason::Breakpoints(vec![print]));
    guests.next(one, &["for-body", "for"]);
    guests.next(two, &["main-return"]);
    guests.debugger.forget(two);
    guests.next(one, &["for-body", "for", "while"]);
    assert_eq!(guests.go(one, "print"), Reason::Breakpoints(vec![print]));
    guests.ends(one);
}

#[test]
fn steps_into_and_out_come_to_the_same_places_again() {
    let mut guests = Guests::new();
    let guest = guests.launch();
    guests.add("recursion-start");
    guests.go(guest, "recursion-start");
    // The same lines, each time one frame deeper: what was left for one call of the function isn't a place of the next.
    for _ in 0..3 {
        assert_eq!(guests.step(guest, Step::Into, "recursion-if"), Reason::StepDone);
        guests.next(guest, &["recursion-call"]);
    }
    guests.next(guest, &["recursion-return"]);
    guests.debugger.finish(guest, 0).unwrap();
    assert_eq!(guests.wait(guest), Reason::StepDone);
    guests.at(guest, "recursion-call");
    assert!(guests.kept(guest) > 0);
    guests.next(guest, &["recursion-return"]);
    guests.debugger.planted(guest).unwrap();
    assert_eq!(guests.kept(guest), 0);
    guests.debugger.finish(guest, 0).unwrap();
    assert_eq!(guests.wait(guest), Reason::StepDone);
    guests.at(guest, "recursion-call");
    guests.ends(guest);
}
