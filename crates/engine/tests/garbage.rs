//! Printers over memory that makes no sense: nothing panics, nothing goes on for ever, nothing grows without bounds.
//!
//! The guest doesn't run here. Its module says which variables of which types lie where, and the memory behind them is made
//! up: no program would leave such a one to look at.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod made_up;

use std::sync::atomic::Ordering::Relaxed;

use freezeframe_engine::{Children, DebuggeeId, Debugger, Limits, Node, ScopeKind, ValueOptions};
use made_up::{BASE, EXPRESSIONS, Garbage, MARKERS, MEMORY, Scene};

/// Random numbers without a dependency: xorshift.
fn random(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

/// Memories of different kinds of nonsense, by name.
fn memories() -> Vec<(&'static str, Vec<u8>)> {
    let words = |word: &mut dyn FnMut(u32) -> u32| -> Vec<u8> {
        (0..MEMORY as u32 / 4).flat_map(|i| word(i * 4).to_le_bytes()).collect()
    };
    let (mut a, mut b, mut c, mut d) = (random(1), random(2), random(3), random(4));
    let mask = MEMORY as u64 - 4;
    vec![
        ("zeros", vec![0; MEMORY]),
        ("ones", vec![0xff; MEMORY]),
        ("all 1", vec![1; MEMORY]),
        ("random", words(&mut |_| a() as u32)),
        // Every pointer leads somewhere, every chain is long, most end in circles.
        ("addresses", words(&mut |_| (b() & mask) as u32)),
        ("to itself", words(&mut |at| at)),
        ("to the next", words(&mut |at| (at + 8) % MEMORY as u32)),
        ("to the frame", words(&mut |_| BASE as u32 + (c() as u32 & 0x3ff))),
        ("small numbers", words(&mut |_| (d() & 0x7) as u32)),
    ]
}

/// Looks at a node and two levels below it.
fn look(debugger: &mut Debugger, node: &Node, depth: u32, seen: &mut usize, what: &str) {
    *seen += 1;
    assert!(node.text.len() < 128 << 10, "{what}: {} has a text of {} bytes", node.name, node.text.len());
    if depth == 0 {
        return;
    }
    let options = ValueOptions { limits: Limits { depth: 3, elements: 20, text: 100 }, ..ValueOptions::default() };
    for start in [0, 1000, u64::MAX - 3] {
        let Ok(children) = debugger.children(node.handle, Children::All, start, 8, options) else { continue };
        assert!(children.len() <= 9, "{what}: {} has {} children in a page of 8", node.name, children.len());
        for child in children {
            look(debugger, &child, depth - 1, seen, what);
        }
    }
}

#[test]
fn nonsense_is_shown_as_such() {
    for file in ["containers.O0.dwarf4.wasm", "containers.O0.dwarf5.libcxx22.wasm"] {
        let scene = Scene::containers(file);
        for (kind, memory) in memories() {
            let what = format!("{file}, {kind}");
            let garbage = Garbage::new(&scene, memory);
            let read = garbage.read.clone();
            let mut debugger = Debugger::new();
            let id: DebuggeeId = debugger.attach(Box::new(garbage)).unwrap();
            let mut seen = 0;
            for (frame, marker) in MARKERS.iter().enumerate() {
                let what = format!("{what}, {marker}");
                let locals = debugger.locals(id, frame, Limits::default()).unwrap();
                assert!(locals.len() > 5, "{what}");
                for local in &locals {
                    assert!(!local.text.is_empty() && local.text.len() < 128 << 10, "{what}: {local:?}");
                }
                let scope = debugger.scope(id, Some(frame), ScopeKind::Locals).unwrap();
                let variables =
                    debugger.children(scope.handle, Children::All, 0, 100, ValueOptions::default()).unwrap();
                assert_eq!(variables.len(), locals.len(), "{what}");
                for variable in variables {
                    look(&mut debugger, &variable, 2, &mut seen, &what);
                }
            }
            for (frame, text) in EXPRESSIONS {
                // Whether it has a value is up to the bytes; what matters is that there's an answer.
                _ = debugger.evaluate(id, Some(*frame), text, freezeframe_engine::Format::Natural, Limits::default());
            }
            assert!(seen > 100, "{what}: {seen}");
            // Each page of the memory is asked for once.
            assert!(read.load(Relaxed) <= MEMORY as u64, "{what}: {} bytes were read", read.load(Relaxed));
        }
    }
}

/// What isn't set up yet says so: no printer shows a number of elements that can't be.
#[test]
fn damage_is_named() {
    let scene = Scene::containers("containers.O0.dwarf5.libcxx22.wasm");
    let shown = |memory: Vec<u8>, frame: usize, name: &str| {
        let mut debugger = Debugger::new();
        let id = debugger.attach(Box::new(Garbage::new(&scene, memory))).unwrap();
        let locals = debugger.locals(id, frame, Limits::default()).unwrap();
        locals.into_iter().find(|local| local.name == name).expect("a variable").text
    };
    // Pointers that all differ and lead out of the memory.
    let outside: Vec<u8> = (0..MEMORY as u32 / 4).flat_map(|i| (0xf000_0000 + i * 4).to_le_bytes()).collect();
    let names = ["numbers", "queue", "chain", "forward"].map(|name| (1, name));
    for (frame, name) in names.into_iter().chain([(2, "ages"), (3, "many"), (0, "large")]) {
        let text = shown(outside.clone(), frame, name);
        assert!(text.starts_with("<unavailable: ") && text.contains("damaged"), "{name} = {text}");
    }
    // Two nodes that point to one another.
    let circle = (0..MEMORY as u32 / 4).flat_map(|i| ((i * 4) ^ 8).to_le_bytes()).collect();
    let text = shown(circle, 1, "forward");
    assert!(text.contains("the chain runs in a circle"), "{text}");
}
