//! What the evaluation of a location or of a condition may ask of a stopped frame.

use crate::{Unavailable, WasmValue};

/// One frame of a stopped guest, as DWARF locations and plan programs see it.
///
/// Whoever evaluates knows no engine; whoever implements this knows no DWARF. Indices are the module's own.
pub trait FrameAccess {
    /// The value of the frame's local `index` (parameters first).
    ///
    /// # Errors
    /// [`Unavailable`] when there is no such local or the frame's locals can't be read.
    fn local(&mut self, index: u32) -> Result<WasmValue, Unavailable>;

    /// The value at `index` of the frame's operand stack; 0 is the bottom.
    ///
    /// # Errors
    /// [`Unavailable`] when the stack is not that deep or can't be read.
    fn operand(&mut self, index: u32) -> Result<WasmValue, Unavailable>;

    /// The value of global `index` of the frame's instance.
    ///
    /// # Errors
    /// [`Unavailable`] when there is no such global.
    fn global(&mut self, index: u32) -> Result<WasmValue, Unavailable>;

    /// Fills `into` from the frame's default memory (memory 0 of its instance), from `address` on.
    ///
    /// # Errors
    /// [`Unavailable`] when any of the bytes lies outside the memory; `into` is then unspecified.
    fn memory(&mut self, address: u64, into: &mut [u8]) -> Result<(), Unavailable>;

    /// The number of the hit that is being decided, from 1.
    ///
    /// # Errors
    /// [`Unavailable`] where no hits are counted.
    fn hits(&mut self) -> Result<u64, Unavailable> {
        Err(Unavailable::new("no hits are counted here"))
    }
}
