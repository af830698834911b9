//! Debug information that lies: whatever is asked of it through the debugger, the answer is a value, a reason or an error.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failure here is meant to be loud")]

mod scenario;

use std::time::Duration;

use freezeframe_engine::{BreakpointSpec, Debugger, Format, Limits, LocationSpec, Report, Step};
use freezeframe_host::{LaunchOptions, Program, launch};
use scenario::{fresh_folder, root};

const SEEDS: u64 = 16;

/// Where the debug information lies in a module: the contents of its custom sections of that kind.
fn debug_sections(wasm: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut sections = Vec::new();
    let mut at = 8;
    let leb = |at: &mut usize| {
        let (mut value, mut shift) = (0_usize, 0);
        loop {
            let byte = wasm[*at];
            *at += 1;
            value |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return value;
            }
        }
    };
    while at < wasm.len() {
        let id = wasm[at];
        at += 1;
        let size = leb(&mut at);
        let end = at + size;
        if id == 0 {
            let mut inside = at;
            let length = leb(&mut inside);
            if wasm[inside..inside + length].starts_with(b".debug_") {
                sections.push(inside + length..end);
            }
        }
        at = end;
    }
    sections
}

#[test]
fn lying_debug_information_brings_nothing_down() {
    let whole = std::fs::read(root().join("guests/built/orders.O0.dwarf5.wasm")).unwrap();
    let sections = debug_sections(&whole);
    assert!(sections.len() > 3);
    let folder = fresh_folder("lying");
    for seed in 1..=SEEDS {
        let mut wasm = whole.clone();
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for _ in 0..40 * seed {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let section = &sections[random as usize % sections.len()];
            let at = section.start + (random >> 20) as usize % section.len();
            wasm[at] = (random >> 48) as u8;
        }
        let path = folder.join(format!("{seed}.wasm"));
        std::fs::write(&path, wasm).unwrap();
        let program = Program::open(&path).unwrap();
        let mut debugger = Debugger::new();
        let guest = debugger.attach(launch(&program, LaunchOptions::default()).unwrap()).unwrap();
        for name in ["price", "main", "_start", "orders.c:65"] {
            let location = LocationSpec::parse(name, None).unwrap();
            let condition = Some("order->id != 99 || 1".to_owned());
            let _ = debugger
                .add_breakpoint(BreakpointSpec { condition, one_shot: true, ..BreakpointSpec::at(location) }, true);
        }
        debugger.resume(guest).unwrap();
        for step in [Step::Into, Step::Over, Step::Until, Step::Out].into_iter().cycle().take(12) {
            match debugger.wait(guest, Some(Duration::from_secs(60))).unwrap().expect("it stops or ends") {
                Report::Ended { .. } => break,
                Report::Stopped { .. } => {}
            }
            for frame in debugger.stack(guest, 20).unwrap().0 {
                debugger.arguments(guest, frame.index, Limits::default()).unwrap();
                debugger.locals(guest, frame.index, Limits::default()).unwrap();
                let expressions =
                    ["orders", "*order", "order->items[1].name", "argv[0]", "sum + i", "orders[2].next->next"];
                for expression in expressions {
                    let _ = debugger.evaluate(guest, Some(frame.index), expression, Format::Natural, Limits::default());
                    let _ = debugger.type_of(guest, Some(frame.index), expression);
                }
            }
            debugger.globals(guest, Some(0), None, Limits::default()).unwrap();
            if debugger.step(guest, step, 2).is_err() {
                debugger.resume(guest).unwrap();
            }
        }
    }
}
