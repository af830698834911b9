#![no_main]

#[path = "../entries/printers.rs"]
mod entry;
#[path = "../../crates/engine/tests/made_up/mod.rs"]
mod made_up;

libfuzzer_sys::fuzz_target!(init: entry::ready(), |bytes: &[u8]| entry::run(bytes));
