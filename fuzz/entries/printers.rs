//! A guest's memory: whatever is in it, every value is shown or its place says why not. The first byte says in which frame one
//! looks, or which expression is tried; the rest is the memory, over and over.
//!
//! To read the debug information takes far longer than to look at values: one debugger stays, and each memory is another stop.

use std::{
    cell::RefCell,
    sync::{Arc, Mutex},
};

use freezeframe_engine::{Children, DebuggeeId, Debugger, Format, Limits, Node, ScopeKind, ValueOptions};

use crate::made_up::{EXPRESSIONS, Garbage, MARKERS, MEMORY, Scene};

struct Session {
    debugger: Debugger,
    id: DebuggeeId,
    memory: Arc<Mutex<Vec<u8>>>,
}

thread_local! {
    static SESSION: RefCell<Session> = RefCell::new(attach());
}

fn attach() -> Session {
    let memory = Arc::new(Mutex::new(vec![0; MEMORY]));
    let garbage = Garbage::resumed(&Scene::containers("containers.O0.dwarf4.wasm"), memory.clone(), u32::MAX);
    let mut debugger = Debugger::new();
    let id = debugger.attach(Box::new(garbage)).expect("it attaches");
    Session { debugger, id, memory }
}

fn look(debugger: &mut Debugger, node: &Node, depth: u32) {
    if depth == 0 {
        return;
    }
    let options = ValueOptions { limits: Limits { depth: 2, elements: 10, text: 50 }, ..ValueOptions::default() };
    for child in debugger.children(node.handle, Children::All, 0, 6, options).unwrap_or_default() {
        look(debugger, &child, depth - 1);
    }
}

/// Makes ready what all runs share: that takes seconds, with a sanitizer.
pub fn ready() {
    SESSION.with_borrow(|_| ());
}

pub fn run(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first().filter(|(_, bytes)| !bytes.is_empty()) else { return };
    SESSION.with_borrow_mut(|Session { debugger, id, memory }| {
        // The frames lie in the middle of it.
        let contents = bytes.iter().copied().cycle().take(MEMORY).collect();
        *memory.lock().expect("nobody panicked") = contents;
        debugger.resume(*id).expect("it can go on");
        debugger.wait(*id, None).expect("it stops").expect("at once");
        let frame = usize::from(*which) % (MARKERS.len() + EXPRESSIONS.len());
        if let Some((frame, text)) = frame.checked_sub(MARKERS.len()).and_then(|which| EXPRESSIONS.get(which)) {
            let _ = debugger.evaluate(*id, Some(*frame), text, Format::Natural, Limits::default());
            return;
        }
        let scope = debugger.scope(*id, Some(frame), ScopeKind::Locals).expect("a frame has its locals");
        let options = ValueOptions::default();
        let variables = debugger.children(scope.handle, Children::All, 0, 100, options).expect("it has children");
        assert!(variables.len() > 5, "frame {frame} has {} variables", variables.len());
        for variable in variables {
            look(debugger, &variable, 2);
        }
    });
}
