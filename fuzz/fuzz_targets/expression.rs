//! An expression, as a person or an editor sends it: parsed, compiled to a condition, evaluated, completed.
#![no_main]

#[path = "../../crates/engine/tests/made_up/mod.rs"]
mod made_up;

use std::{cell::RefCell, sync::Arc};

use freezeframe_engine::{BreakpointSpec, DebuggeeId, Debugger, Format, Limits, LocationSpec};
use libfuzzer_sys::fuzz_target;
use made_up::{Garbage, MARKERS, MEMORY, frames, guests};

thread_local! {
    static DEBUGGER: RefCell<(Debugger, DebuggeeId)> = RefCell::new(attach());
}

fn attach() -> (Debugger, DebuggeeId) {
    let module: Arc<[u8]> = std::fs::read(guests().join("built/containers.O0.dwarf4.wasm")).expect("a guest").into();
    let garbage = Garbage {
        frames: frames(&module),
        module,
        memory: (0..MEMORY as u32 / 4).flat_map(|i| (i * 8 % MEMORY as u32).to_le_bytes()).collect(),
        attached: false,
        read: Arc::default(),
    };
    let mut debugger = Debugger::new();
    let id = debugger.attach(Box::new(garbage)).expect("it attaches");
    (debugger, id)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((frame, text)) = bytes.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    DEBUGGER.with_borrow_mut(|(debugger, id)| {
        let frame = usize::from(*frame) % MARKERS.len();
        let _ = debugger.evaluate(*id, Some(frame), &text, Format::Natural, Limits::default());
        let _ = LocationSpec::parse(&text, Some("containers.cpp"));
        if let Ok(location) = LocationSpec::parse("look", None) {
            let condition = Some(text.clone().into_owned());
            let spec = BreakpointSpec { condition, log: Some(text.into_owned()), ..BreakpointSpec::at(location) };
            if let Ok(id) = debugger.add_breakpoint(spec, true) {
                let _ = debugger.remove_breakpoint(id);
            }
        }
    });
});
