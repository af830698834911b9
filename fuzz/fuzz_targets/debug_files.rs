#![no_main]

#[path = "../../crates/symbols/tests/common/mod.rs"]
mod common;
#[path = "../entries/debug_files.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::run(bytes));
