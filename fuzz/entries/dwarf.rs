//! A module: whatever its sections say, every public question has an answer.

use crate::common::everything::{Random, ask_everything};

pub fn run(bytes: &[u8]) {
    ask_everything(bytes.to_vec(), &mut Random(bytes.len() as u64 + 1));
}
