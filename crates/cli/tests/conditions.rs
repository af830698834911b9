//! Conditions give the same answer wherever they are decided: compiled next to the guest, or by the engine at each hit.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod scenario;

use freezeframe_engine::{BreakpointSpec, DebuggeeId, Debugger, Format, Limits, LocationSpec, Reason, Report};
use freezeframe_host::{LaunchOptions, Program, launch};
use scenario::{Markers, root};

fn start(program: &Program, debugger: &mut Debugger) -> DebuggeeId {
    debugger.attach(launch(program, LaunchOptions::default()).unwrap()).unwrap()
}

/// How often the guest stops at a location with this condition, and whether it was decided next to the guest.
fn hits(program: &Program, location: &LocationSpec, condition: Option<&str>) -> (Vec<String>, bool) {
    let mut debugger = Debugger::new();
    let guest = start(program, &mut debugger);
    let spec = BreakpointSpec { condition: condition.map(str::to_owned), ..BreakpointSpec::at(location.clone()) };
    let id = debugger.add_breakpoint(spec, false).unwrap();
    let in_guest = debugger.breakpoint(id).unwrap().sites.iter().all(|site| site.condition_in_guest());
    let mut seen = Vec::new();
    loop {
        debugger.resume(guest).unwrap();
        match debugger.wait(guest, None).unwrap() {
            Some(Report::Stopped { reason: Reason::Breakpoints(_), notes, .. }) => {
                assert!(notes.is_empty(), "{notes:?}");
                let show = |d: &mut Debugger, e| {
                    d.evaluate(guest, Some(0), e, Format::Natural, Limits::default()).map(|s| s.text).unwrap()
                };
                seen.push(format!("{} {}", show(&mut debugger, "i"), show(&mut debugger, "order->id")));
            }
            Some(Report::Ended { .. }) => return (seen, in_guest),
            other => panic!("{other:?}"),
        }
    }
}

/// The same by asking the engine's evaluator at every hit.
fn expected(program: &Program, location: &LocationSpec, condition: &str) -> Vec<String> {
    let mut debugger = Debugger::new();
    let guest = start(program, &mut debugger);
    let spec = BreakpointSpec::at(location.clone());
    debugger.add_breakpoint(spec, false).unwrap();
    let mut seen = Vec::new();
    loop {
        debugger.resume(guest).unwrap();
        let Some(Report::Stopped { .. }) = debugger.wait(guest, None).unwrap() else { return seen };
        let mut show =
            |e: &str| debugger.evaluate(guest, Some(0), e, Format::Natural, Limits::default()).map(|s| s.text).unwrap();
        if show(&format!("!!({condition})")) == "1" {
            seen.push(format!("{} {}", show("i"), show("order->id")));
        }
    }
}

#[test]
fn compiled_and_evaluated_conditions_agree() {
    let program = Program::open(&root().join("guests/built/orders.O0.dwarf5.wasm")).unwrap();
    let markers = Markers::of("guests/src/orders.c");
    let location = LocationSpec::Line { file: markers.file.clone(), line: markers.line("price-loop") };
    let compiled = [
        "i == 1",
        "i != 0 && order->id == 2",
        "order->id > 1 || i >= 1",
        "!(order->id <= 2)",
        "sum + cents * 2 < 2000",
        "-i == -1",
        "cents / 100 % 3 == 1",
        "order->status == 5",
        "order->weight == 0 || 1",
        "order->customer == 0 || i",
        "(order->id ^ 3) & 1",
        "order->flags.gift",
        "item->cents - 251 < 0u",
        "orders_priced == 1",
        "order->next->id == 3 && i == 0",
        "0",
        "order->status == PAID",
        "item + 0 == &order->items[i]",
        "cents == ((i == 0 && order) + 479ll)",
        "order->next + 1 == order || i == (0 - 4294967295ll + 4294967296)",
        "order->weight > 1.0 && order->weight / 2 <= 0.75",
        "(float)order->weight * 3 == 4.5f || -order->weight < -12",
        "order->payment.cash >= 20.25 && order->payment.cash != i",
        "order->flags.shelf < 0 || order->flags.priority == 7",
        "order->items[i].quantity == 2 || order->items[1 - i].cents > 10000",
        "order->customer[0] == 'B' && *order->customer < 'C'",
        "(unsigned char)order->status == 5 || (char)cents == -36",
        "(order->id << 2 >> 1 & ~2) == 4",
        "(i ? order->id : cents) > 1000",
        "*item->name == 'l' || item->name[1] == 'e'",
        "order->weight && !(order->weight - 0.25)",
    ];
    let mut in_guest = 0;
    for condition in compiled {
        let (hits, compiled) = hits(&program, &location, Some(condition));
        assert_eq!(hits, expected(&program, &location, condition), "{condition}");
        in_guest += usize::from(compiled);
    }
    // Arrays as such and sums of pointers are the engine's; the rest goes to the guest.
    assert_eq!(in_guest, compiled.len() - 3, "conditions that should be decided next to the guest aren't");
    assert_eq!(hits(&program, &location, None).0.len(), 6);
}
