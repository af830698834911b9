//! A module: whatever its sections say, every public question has an answer.
#![no_main]

#[path = "../../crates/symbols/tests/common/mod.rs"]
mod common;

use common::everything::{Random, ask_everything};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| ask_everything(bytes.to_vec(), &mut Random(bytes.len() as u64 + 1)));
