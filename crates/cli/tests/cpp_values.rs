//! libc++'s containers as the debugger shows them against what the program itself says of them.
//!
//! `containers.cpp` prints lines of `FUNCTION VARIABLE = VALUE`, made by its own iterators, before it comes to the marker of
//! that function.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod scenario;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use freezeframe_engine::{BreakpointSpec, Debugger, Format, Limits, LocationSpec, Report};
use freezeframe_host::{LaunchOptions, Output, Program, launch};
use scenario::{Markers, root};

const MARKERS: [&str; 4] = ["strings", "sequences", "trees", "hashes"];

fn compare(module: &str) -> usize {
    let program = Program::open(&root().join("guests/built").join(module)).unwrap();
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = said.clone();
    let options = LaunchOptions {
        output: Output::new(move |_, bytes| {
            heard.lock().unwrap().extend_from_slice(bytes);
            Ok(())
        }),
        ..LaunchOptions::default()
    };
    let mut debugger = Debugger::new();
    let guest = debugger.attach(launch(&program, options).unwrap()).unwrap();
    let markers = Markers::of("guests/src/containers.cpp");
    for marker in MARKERS {
        let location = LocationSpec::parse(&markers.expand(&format!("#{marker}")), None).unwrap();
        debugger.add_breakpoint(BreakpointSpec::at(location), false).unwrap();
    }
    let mut compared = 0;
    for marker in MARKERS {
        debugger.resume(guest).unwrap();
        let report = debugger.wait(guest, Some(Duration::from_secs(60))).unwrap();
        assert!(matches!(report, Some(Report::Stopped { .. })), "{module}, {marker}: {report:?}");
        let said = String::from_utf8(said.lock().unwrap().clone()).unwrap();
        for line in said.lines() {
            let Some((variable, expected)) = line.split_once(" = ") else { panic!("{module}: {line}") };
            let Some(variable) = variable.strip_prefix(marker) else { continue };
            let shown = debugger.evaluate(guest, Some(0), variable.trim(), Format::Natural, Limits::default()).unwrap();
            assert_eq!(shown.text, expected, "{module}: {line}");
            compared += 1;
        }
    }
    compared
}

#[test]
fn containers_are_what_the_program_says() {
    for module in ["containers.O0.dwarf4.wasm", "containers.O0.dwarf5.libcxx22.wasm"] {
        assert_eq!(compare(module), 19, "{module}");
    }
}
