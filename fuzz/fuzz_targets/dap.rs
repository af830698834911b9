#![no_main]

#[path = "../entries/dap.rs"]
mod entry;
#[path = "../../crates/engine/tests/made_up/mod.rs"]
mod made_up;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::run(bytes));
