//! A debugger that outlives many guests keeps few of their modules.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod made_up;

use std::sync::{Arc, Weak};

use freezeframe_engine::{CodeId, DebuggeeId, Debugger, ModuleId};
use freezeframe_symbols::Bytes;
use made_up::{Garbage, Scene};

/// Bytes that tell whether they are alive.
struct Watched(Vec<u8>, #[expect(dead_code, reason = "it's counted")] Arc<()>);

impl AsRef<[u8]> for Watched {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A guest whose binary is another for each number.
fn numbered(number: u8) -> (Scene, Weak<()>) {
    let mut scene = Scene::in_functions("orders.O0.dwarf5.wasm", &[]);
    let mut bytes = scene.module.to_vec();
    bytes.extend([0, 3, 1, b'n', number]);
    let alive = Arc::new(());
    let watch = Arc::downgrade(&alive);
    scene.module = Bytes::from_owner(Watched(bytes, alive));
    (scene, watch)
}

fn attach(debugger: &mut Debugger, number: u8) -> (DebuggeeId, CodeId, Weak<()>) {
    let (scene, watch) = numbered(number);
    let id = debugger.attach(Box::new(Garbage::new(&scene, Vec::new()))).unwrap();
    (id, debugger.code_of(id, ModuleId(0)).unwrap(), watch)
}

#[test]
fn modules_that_nobody_has_are_dropped_but_for_the_last_few() {
    let mut debugger = Debugger::new();
    let (stays, its_code, its_bytes) = attach(&mut debugger, 0);
    let mut loaded: Vec<(CodeId, Weak<()>)> = Vec::new();
    for number in 1..10 {
        let (id, code, watch) = attach(&mut debugger, number);
        assert!(code != its_code && loaded.iter().all(|(other, _)| *other != code));
        debugger.forget(id);
        loaded.push((code, watch));
    }
    let alive = |loaded: &[(CodeId, Weak<()>)]| -> Vec<usize> {
        (1..).zip(loaded).filter(|(_, (_, watch))| watch.strong_count() > 0).map(|(number, _)| number).collect()
    };
    // Four, and the last one, which was in use when it was looked.
    assert_eq!(alive(&loaded), [5, 6, 7, 8, 9]);
    assert!(its_bytes.strong_count() > 0, "a debuggee has it");
    assert_eq!(debugger.code_of(stays, ModuleId(0)).unwrap(), its_code);

    // What was kept is used, what wasn't is read again; either is known as what it was.
    let (id, code, watch) = attach(&mut debugger, 5);
    assert_eq!(code, loaded[4].0);
    assert!(loaded[4].1.strong_count() > 0, "it needn't be read again");
    debugger.forget(id);
    assert_eq!(watch.strong_count(), 0, "the same bytes need only be there once");
    let (id, code, _) = attach(&mut debugger, 2);
    assert_eq!(code, loaded[1].0);
    assert_eq!(debugger.module_of(id, code).unwrap(), Some(ModuleId(0)));
    assert!(!debugger.modules(id).unwrap()[0].2.find_functions("main").is_empty());
    // The last loads are kept: that of 5 was one.
    assert_eq!(alive(&loaded), [5, 7, 8, 9]);
}
