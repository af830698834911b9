//! Who waits for a large module's debug information is told when that begins, how far it is and when it's over.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod made_up;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use freezeframe_engine::{Debugger, Progress};
use freezeframe_symbols::{Bytes, IndexStore, Symbols};
use made_up::{Garbage, Scene};

/// Keeps indexes in memory.
#[derive(Default)]
struct Shelf(Mutex<HashMap<String, Bytes>>);

impl IndexStore for Shelf {
    fn load(&self, fingerprint: &str) -> Option<Bytes> {
        self.0.lock().unwrap().get(fingerprint).cloned()
    }

    fn keep(&self, fingerprint: String, symbols: Arc<Symbols>) {
        assert!(symbols.progress().share() == 1.0, "what is kept is made already");
        self.0.lock().unwrap().insert(fingerprint, symbols.save_index().unwrap().into());
    }
}

/// What a debugger says of reading a module: for each word the module's name and the share then, or that it's over and the
/// share that it had come to.
fn told(file: &str, shelf: &Arc<Shelf>) -> Vec<(bool, String, f64)> {
    let garbage = Garbage::new(&Scene::in_functions(file, &[]), Vec::new());
    let said = Arc::new(Mutex::new(Vec::new()));
    let mut debugger = Debugger::new();
    debugger.keep_indexes(shelf.clone());
    let (saying, mut last) = (said.clone(), (String::new(), Progress::default()));
    debugger.on_reading(move |reading| {
        if let Some(reading) = reading {
            last = (reading.module.clone(), reading.progress.clone());
        }
        saying.lock().unwrap().push((reading.is_some(), last.0.clone(), last.1.share()));
    });
    let id = debugger.attach(Box::new(garbage)).unwrap();
    let modules = debugger.modules(id).unwrap();
    assert!(modules[0].2.has_lines() && !modules[0].2.find_functions("main").is_empty());
    said.lock().unwrap().clone()
}

#[test]
fn reading_is_told_of_unless_it_takes_no_time() {
    let shelf = Arc::new(Shelf::default());
    let whole = vec![(true, String::new(), 0.0), (false, String::new(), 1.0)];
    assert_eq!(told("inventory.O0.dwarf4.wasm", &shelf), whole);
    assert_eq!(told("inventory.O0.dwarf4.wasm", &shelf), [], "its index was kept");
    for index in shelf.0.lock().unwrap().values_mut() {
        *index = index.slice(..index.len() / 2);
    }
    assert_eq!(told("inventory.O0.dwarf4.wasm", &shelf), whole, "a damaged index is none");
    assert_eq!(told("orders.O0.dwarf5.wasm", &shelf), [], "it's too small");
}
