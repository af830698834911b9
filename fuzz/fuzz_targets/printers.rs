//! A guest's memory: whatever is in it, every value is shown or its place says why not.
#![no_main]

#[path = "../../crates/engine/tests/made_up/mod.rs"]
mod made_up;

use std::sync::{Arc, LazyLock};

use freezeframe_engine::{Children, Debugger, Limits, Node, ValueOptions};
use libfuzzer_sys::fuzz_target;
use made_up::{EXPRESSIONS, Garbage, MARKERS, MEMORY, frames, guests};

static MODULE: LazyLock<Arc<[u8]>> =
    LazyLock::new(|| std::fs::read(guests().join("built/containers.O0.dwarf4.wasm")).expect("a guest").into());

fn look(debugger: &mut Debugger, node: &Node, depth: u32) {
    if depth == 0 {
        return;
    }
    let options = ValueOptions { limits: Limits { depth: 2, elements: 10, text: 50 }, ..ValueOptions::default() };
    for child in debugger.children(node.handle, Children::All, 0, 6, options).unwrap_or_default() {
        look(debugger, &child, depth - 1);
    }
}

fuzz_target!(|bytes: &[u8]| {
    if bytes.is_empty() {
        return;
    }
    // The frames lie in the middle of it.
    let memory = bytes.iter().copied().cycle().take(MEMORY).collect();
    let garbage =
        Garbage { frames: frames(&MODULE), module: MODULE.clone(), memory, attached: false, read: Arc::default() };
    let mut debugger = Debugger::new();
    let id = debugger.attach(Box::new(garbage)).expect("it attaches");
    for frame in 0..MARKERS.len() {
        let Ok(scope) = debugger.scope(id, Some(frame), freezeframe_engine::ScopeKind::Locals) else { continue };
        let options = ValueOptions::default();
        for variable in debugger.children(scope.handle, Children::All, 0, 100, options).unwrap_or_default() {
            look(&mut debugger, &variable, 2);
        }
    }
    for (frame, text) in EXPRESSIONS {
        let _ = debugger.evaluate(id, Some(*frame), text, freezeframe_engine::Format::Natural, Limits::default());
    }
});
