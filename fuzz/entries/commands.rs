//! A file of commands, as a person writes it or `save breakpoints` does. The session ends, whatever is in it; and what
//! would be saved of its breakpoints sets the same ones again.

use std::sync::{Arc, LazyLock, Mutex};

use freezeframe_cli::fuzzing::{self, Guest};
use freezeframe_debuggee::Debuggee;
use freezeframe_symbols::{Bytes, IndexStore, Symbols};

use crate::made_up::{Garbage, Scene, chains, guests};

static SCENE: LazyLock<Scene> =
    LazyLock::new(|| Scene::in_functions("orders.O0.dwarf5.wasm", &["price", "relabel", "main"]));

/// The one module's index, in memory.
#[derive(Debug, Default)]
struct Kept(Mutex<Option<Bytes>>);

impl IndexStore for Kept {
    fn load(&self, _: &str) -> Option<Bytes> {
        self.0.lock().ok()?.clone()
    }

    fn keep(&self, _: String, symbols: Arc<Symbols>) {
        if let (Some(index), Ok(mut kept)) = (symbols.save_index(), self.0.lock()) {
            *kept = Some(index.into());
        }
    }
}

static GUEST: LazyLock<Guest> = LazyLock::new(|| Guest {
    start,
    path: guests().join("built/orders.O0.dwarf5.wasm"),
    indexes: Some(Arc::new(Kept::default())),
});

fn start() -> Box<dyn Debuggee> {
    Box::new(Garbage::resumed(&SCENE, Arc::new(Mutex::new(chains())), 30))
}

pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let done = fuzzing::run(&GUEST, &text, bytes.first() == Some(&b'{')).expect("it starts");
    if done.saved.lines().count() == 1 {
        return;
    }
    let again = fuzzing::run(&GUEST, &done.saved, false).expect("it starts");
    let what = || format!("{}\n{}\n-- setting them again says:\n{}", done.output, done.saved, again.output);
    assert_eq!(done.breakpoints, again.breakpoints, "{}", what());
    assert_eq!(done.saved, again.saved, "{}", what());
}
