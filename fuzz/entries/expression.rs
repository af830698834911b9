//! An expression, as a person or an editor sends it: parsed, compiled to a condition, evaluated. The first byte says in which
//! frame.

use std::cell::RefCell;

use freezeframe_engine::{BreakpointSpec, DebuggeeId, Debugger, Format, Limits, LocationSpec};

use crate::made_up::{Garbage, MARKERS, Scene, chains};

thread_local! {
    static DEBUGGER: RefCell<(Debugger, DebuggeeId)> = RefCell::new(attach());
}

fn attach() -> (Debugger, DebuggeeId) {
    let garbage = Garbage::new(&Scene::containers("containers.O0.dwarf4.wasm"), chains());
    let mut debugger = Debugger::new();
    let id = debugger.attach(Box::new(garbage)).expect("it attaches");
    (debugger, id)
}

/// Makes ready what all runs share: that takes seconds, with a sanitizer.
pub fn ready() {
    DEBUGGER.with_borrow(|_| ());
}

pub fn run(bytes: &[u8]) {
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
}
