//! Rows of one function, fitted to its operators.
//!
//! Invariant: the rows of a function are disjoint, ascending, not empty, lie between its first operator and its end, and
//! each begins exactly at an operator.

use std::collections::BTreeSet;

use wasmparser::Operator;

use crate::{
    FileId, Language, LineRow, Location, ModulePc,
    lines::RawRow,
    module::{Body, for_operators, operators},
};

/// The rows of a body.
pub(crate) fn fit(wasm: &[u8], code_start: u32, body: &Body, raw: impl Iterator<Item = RawRow>) -> Vec<LineRow> {
    let mut raw = raw.peekable();
    if raw.peek().is_none() {
        return Vec::new();
    }
    let operators = operators(wasm, body, u32::MAX);
    let mut rows: Vec<LineRow> = Vec::new();
    // Whether the last of `rows` still waits for where it ends.
    let mut open = false;
    for row in raw {
        let Some(start) = slip(&operators, body, row.address.saturating_add(code_start)) else { break };
        if let (true, Some(last)) = (open, rows.last_mut()) {
            last.end = ModulePc(start);
        }
        open = !row.end;
        let empty = rows.pop_if(|last| last.start == last.end);
        if row.end {
            continue;
        }
        let location = (row.line != 0 && row.file != u32::MAX).then_some(Location {
            file: FileId(row.file),
            line: row.line,
            column: u32::from(row.column),
        });
        let mut row = LineRow {
            start: ModulePc(start),
            end: ModulePc(start),
            location,
            is_stmt: row.is_stmt,
            prologue_end: row.prologue_end,
        };
        // A row without code of its own hands its marks to the one that has it.
        if let Some(empty) = empty {
            row.prologue_end |= empty.prologue_end;
            let line = |row: &LineRow| row.location.map(|location| (location.file, location.line));
            row.is_stmt |= empty.is_stmt && line(&empty) == line(&row);
        }
        rows.push(row);
    }
    if let (true, Some(last)) = (open, rows.last_mut()) {
        last.end = ModulePc(body.end);
    }
    rows.retain(|row| row.start < row.end);
    rows
}

/// The first operator at or after an offset; the end of the body when there is none.
fn slip(operators: &[u32], body: &Body, pc: u32) -> Option<u32> {
    let at = operators.partition_point(|operator| *operator < pc);
    match operators.get(at) {
        Some(operator) => Some(*operator),
        None => (pc <= body.end || !operators.is_empty()).then_some(body.end),
    }
}

/// Where the prologue of a body ends: an operator.
///
/// The line program's mark if there is one. Else, when the first row is the function's opening line (`declared`), the
/// first row of another line. Else there is no prologue.
///
/// Zig's mark stands before the stores that bring parameters to where its debug information says that they are: these
/// belong to the prologue too.
pub(crate) fn prologue_end(
    wasm: &[u8],
    code_start: u32,
    body: &Body,
    mut raw: impl Iterator<Item = RawRow> + Clone,
    declared: Option<u32>,
    language: Language,
) -> u32 {
    let marked = raw.clone().find(|row| row.prologue_end && !row.end);
    let guessed = || {
        let first = raw.next().filter(|first| Some(first.line) == declared)?;
        raw.find(|row| row.line != first.line && row.line != 0 && row.is_stmt && !row.end)
    };
    let Some(row) = marked.or_else(guessed) else { return body.first_operator };
    let pc = row.address.saturating_add(code_start);
    if pc <= body.first_operator || pc >= body.end {
        return body.first_operator;
    }
    let operators = operators(wasm, body, pc);
    let end = slip(&operators, body, pc).filter(|pc| *pc < body.end).unwrap_or(body.first_operator);
    if language == Language::Zig && Some(row.line) == declared { past_parameters(wasm, body, end) } else { end }
}

/// The first operator from `end` on that doesn't belong to a store of a parameter into the frame: what is stored is a local
/// that was never set, its address one that was.
fn past_parameters(wasm: &[u8], body: &Body, end: u32) -> u32 {
    let mut set = BTreeSet::new();
    let (mut past, mut loaded) = (end, 0);
    for_operators(wasm, body, |at, operator| {
        match (operator, loaded) {
            (Operator::LocalSet { local_index } | Operator::LocalTee { local_index }, _) if at < end => {
                set.insert(*local_index);
            }
            _ if at < end => {}
            (Operator::LocalGet { local_index }, 0) if set.contains(local_index) => {
                past = at;
                loaded = 1;
            }
            (Operator::LocalGet { local_index }, 1) if !set.contains(local_index) => loaded = 2,
            (
                Operator::I32Store { .. }
                | Operator::I32Store8 { .. }
                | Operator::I32Store16 { .. }
                | Operator::I64Store { .. }
                | Operator::F32Store { .. }
                | Operator::F64Store { .. },
                2,
            ) => loaded = 0,
            _ => {
                if loaded == 0 {
                    past = at;
                }
                return false;
            }
        }
        true
    });
    past
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(address: u32, line: u32) -> RawRow {
        RawRow { address, file: 0, line, column: 0, is_stmt: true, prologue_end: false, end: false }
    }

    /// The body of the module in `module.rs`: operators at 25, 27 and 28, end at 29.
    const BODY: Body = Body { index: 0, start: 22, first_operator: 25, end: 29 };
    const BYTES: [u8; 29] = {
        let mut bytes = [0; 29];
        (bytes[22], bytes[23], bytes[24], bytes[25]) = (1, 1, 0x7f, 0x41);
        (bytes[26], bytes[27], bytes[28]) = (5, 0x1a, 0x0b);
        bytes
    };

    #[test]
    fn rows_begin_at_operators() {
        // The first row is that of the declarations; the second points into an operator.
        let rows = fit(&BYTES, 20, &BODY, [raw(2, 1), raw(6, 2), RawRow { end: true, ..raw(9, 2) }].into_iter());
        let found: Vec<_> = rows.iter().map(|row| (row.start.0, row.end.0, row.location.map(|l| l.line))).collect();
        assert_eq!(found, [(25, 27, Some(1)), (27, 29, Some(2))]);
    }

    #[test]
    fn empty_rows_hand_on_their_marks() {
        let marked = RawRow { prologue_end: true, ..raw(5, 1) };
        let plain = RawRow { is_stmt: false, ..raw(5, 1) };
        let rows = fit(&BYTES, 20, &BODY, [marked, plain, raw(7, 0)].into_iter());
        assert_eq!(rows.len(), 2);
        assert!(rows[0].prologue_end && rows[0].is_stmt);
        assert_eq!(rows[1].location, None);
    }

    #[test]
    fn prologues() {
        let end =
            |rows: &[RawRow], declared| prologue_end(&BYTES, 20, &BODY, rows.iter().copied(), declared, Language::C);
        assert_eq!(end(&[raw(2, 1), RawRow { prologue_end: true, ..raw(6, 2) }], Some(1)), 27);
        assert_eq!(end(&[raw(2, 1), raw(7, 2)], Some(1)), 27);
        assert_eq!(end(&[raw(2, 3), raw(7, 4)], Some(1)), 25, "no prologue");
        assert_eq!(end(&[], None), 25);
    }

    #[test]
    fn parameters_of_zig_are_stored_first() {
        // One local; `i32.const 5, local.set 1`, stores of 0 and of what was set, `end`.
        const CODE: [u8; 22] =
            [1, 1, 0x7f, 0x41, 5, 0x21, 1, 0x20, 1, 0x20, 0, 0x36, 2, 8, 0x20, 1, 0x20, 1, 0x36, 2, 8, 0x0b];
        let mut bytes = vec![0; 22];
        bytes.extend(CODE);
        let body = Body { index: 0, start: 22, first_operator: 25, end: 44 };
        let rows = [raw(5, 1), RawRow { prologue_end: true, ..raw(9, 1) }];
        let end = |declared, language| prologue_end(&bytes, 20, &body, rows.iter().copied(), declared, language);
        assert_eq!(end(Some(1), Language::Zig), 36, "behind the store of a parameter, before that of a variable");
        assert_eq!(end(Some(1), Language::C), 29);
        assert_eq!(end(Some(3), Language::Zig), 29, "the mark stands in the function's own lines");
    }
}
