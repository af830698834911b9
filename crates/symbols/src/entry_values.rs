//! What a local had when its function was entered.
//!
//! Nobody keeps that value once the local is written, and a caller's operands are gone by the time the callee runs. But a
//! local that can't have been written yet has it still.
//!
//! Invariant: [`untouched`] says yes only if no path from the function's entry to the PC writes the local.

use wasmparser::Operator;

use crate::module::{Body, for_operators};

/// Whether no operator that can have run before `pc` is reached writes this local.
///
/// Control goes backwards only to the header of a loop, so what ran before lies before `pc`, or in a loop around it.
pub(crate) fn untouched(wasm: &[u8], body: &Body, local: u32, pc: u32) -> bool {
    let mut writes: Vec<u32> = Vec::new();
    // The blocks that are open: where they begin, if they're loops.
    let mut open: Vec<Option<u32>> = Vec::new();
    let mut written = false;
    let mut end = body.first_operator;
    for_operators(wasm, body, |at, operator| {
        end = at;
        match operator {
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } if *local_index == local => {
                written |= at < pc;
                writes.push(at);
            }
            Operator::Loop { .. } => open.push(Some(at)),
            Operator::Block { .. } | Operator::If { .. } | Operator::Try { .. } | Operator::TryTable { .. } => {
                open.push(None);
            }
            Operator::End | Operator::Delegate { .. } => {
                if let Some(Some(start)) = open.pop() {
                    // Back edges land behind the mark `loop`.
                    let around = start < pc && pc <= at;
                    written |= around && writes.iter().any(|write| *write >= start);
                }
            }
            _ => {}
        }
        !written
    });
    // Of damaged code nothing is certain.
    !written && end >= pc && open.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `nop; local.set 0; nop; loop nop; local.tee 1; drop; end; nop; end`, without the declarations.
    const CODE: &[u8] = &[0, 0x01, 0x41, 1, 0x21, 0, 0x01, 0x03, 0x40, 0x01, 0x41, 1, 0x22, 1, 0x1a, 0x0b, 0x01, 0x0b];

    #[test]
    fn only_what_cannot_have_run_is_certain() {
        let body = Body { index: 0, start: 0, first_operator: 1, end: CODE.len() as u32 };
        let untouched = |local, pc| super::untouched(CODE, &body, local, pc);
        assert!(untouched(0, 1) && untouched(0, 4), "before it's set, and at the operator that sets it");
        assert!(!untouched(0, 6) && !untouched(0, 16));
        assert!(untouched(1, 6), "before the loop");
        assert!(!untouched(1, 9), "in the loop: it may have gone round already");
        assert!(!untouched(1, 16), "after the loop");
        assert!(untouched(2, 16), "never written");
        let damaged = Body { end: 12, ..body };
        assert!(!super::untouched(CODE, &damaged, 2, 1), "code that breaks off");
    }
}
