//! The numbers by which a client names frames and what can be expanded.
//!
//! Invariant: a number means one thing for the client's whole life. Frames get new ones at each stop, so that an old one is
//! refused and never means another frame; what can be expanded is known by its place, and has its number again at the next
//! stop, so that what a person has expanded stays expanded.

use std::collections::HashMap;

use freezeframe_engine::DebuggeeId;

use crate::error::Failure;

/// A frame of a stopped guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameAt {
    /// Whose.
    pub debuggee: DebuggeeId,
    /// Its number; 0 is the innermost.
    pub index: usize,
}

/// The frames that a client was told of at this stop.
#[derive(Debug, Default)]
pub struct Frames {
    last: i64,
    by_number: HashMap<i64, FrameAt>,
    by_frame: HashMap<FrameAt, i64>,
}

impl Frames {
    /// The number of a frame.
    pub fn number(&mut self, frame: FrameAt) -> i64 {
        if let Some(number) = self.by_frame.get(&frame) {
            return *number;
        }
        self.last += 1;
        self.by_number.insert(self.last, frame);
        self.by_frame.insert(frame, self.last);
        self.last
    }

    /// The frame of a number.
    ///
    /// # Errors
    /// The guest has gone on since.
    pub fn get(&self, number: i64) -> Result<FrameAt, Failure> {
        let gone = || Failure::Arguments(format!("there is no frame {number} any more: the program has gone on since"));
        self.by_number.get(&number).copied().ok_or_else(gone)
    }

    /// A guest goes on: its frames are no more.
    pub fn forget(&mut self, debuggee: DebuggeeId) {
        self.by_number.retain(|_, frame| frame.debuggee != debuggee);
        self.by_frame.retain(|frame, _| frame.debuggee != debuggee);
    }
}

/// What can be expanded or shown and isn't a value of the engine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extra {
    /// The Wasm machine of a frame.
    Wasm(FrameAt),
    /// A part of it.
    WasmPart(FrameAt, WasmPart),
    /// What the function returned that was finished.
    Returned(DebuggeeId),
    /// The text of a function without source.
    Text(freezeframe_engine::CodeId, u32),
}

/// A part of the Wasm machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WasmPart {
    /// Locals, parameters first.
    Locals,
    /// The operand stack.
    Operands,
    /// Globals.
    Globals,
    /// Memories.
    Memories,
}

/// Numbers of these begin here: those below are the engine's handles.
const FIRST_EXTRA: i64 = 0x4000_0000;

/// The numbers of what isn't the engine's.
#[derive(Debug, Default)]
pub struct Extras {
    all: Vec<Extra>,
    numbers: HashMap<Extra, i64>,
}

impl Extras {
    /// The number of something; the same as long as the client lives.
    pub fn number(&mut self, extra: Extra) -> i64 {
        if let Some(number) = self.numbers.get(&extra) {
            return *number;
        }
        let number = FIRST_EXTRA + self.all.len() as i64;
        self.all.push(extra);
        self.numbers.insert(extra, number);
        number
    }

    /// What has a number.
    pub fn get(&self, number: i64) -> Option<Extra> {
        let at = usize::try_from(number.checked_sub(FIRST_EXTRA)?).ok()?;
        self.all.get(at).copied()
    }
}
