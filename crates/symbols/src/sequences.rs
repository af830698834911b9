//! Sequences of rows: packed as soon as they are read, put under the functions that they lie in once all are known.
//!
//! Invariant: of a piece of code at most one sequence is kept, whatever they say.

use std::{collections::BTreeMap, ops::Range};

use crate::{
    lines::RawRow,
    module::Module,
    packed_rows::{self, Packer, Rows},
};

/// The sequences of one line program.
#[derive(Debug, Default)]
pub(crate) struct Sequences {
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
    /// Of each piece the files, one that rows go back to as often as they do.
    files: Vec<u32>,
    list: Vec<Sequence>,
}

/// Rows that follow each other.
#[derive(Clone, Debug)]
struct Sequence {
    /// Its addresses.
    extent: Range<u32>,
    /// Its rows, as positions in [`Sequences::pieces`].
    pieces: Range<usize>,
}

/// What of a sequence lies in one function body.
#[derive(Debug)]
struct Piece {
    /// The position of the body.
    body: usize,
    /// Its packed rows, as positions in [`Sequences::bytes`].
    bytes: Range<usize>,
    /// The files of its rows, as positions in [`Sequences::files`].
    files: Range<usize>,
}

impl Sequences {
    /// Adds the rows of a sequence. What lies behind all code belongs to no function and is left out.
    pub fn push(&mut self, rows: &[RawRow], module: &Module) {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return };
        let extent = first.address..last.address;
        if extent.is_empty() {
            return;
        }
        let from = self.pieces.len();
        let (mut body, mut end, mut before) = (0, 0, RawRow::default());
        for row in rows {
            // The end of a sequence belongs to the function that ends there.
            let at = row.address.saturating_add(module.code_start).saturating_sub(u32::from(row.end));
            if at >= end {
                body = module.body_from(at).max(body);
                let Some(bounds) = module.bodies.get(body) else { break };
                end = bounds.end;
                before = RawRow::default();
                let (bytes, files) = (self.bytes.len(), self.files.len());
                self.pieces.push(Piece { body, bytes: bytes..bytes, files: files..files });
            }
            packed_rows::pack(&mut self.bytes, before, *row);
            before = *row;
            if let Some(piece) = self.pieces.last_mut() {
                piece.bytes.end = self.bytes.len();
                let known = !piece.files.is_empty() && self.files.last() == Some(&row.file);
                if !known && row.file != u32::MAX && !row.end {
                    self.files.push(row.file);
                    piece.files.end = self.files.len();
                }
            }
        }
        self.list.push(Sequence { extent, pieces: from..self.pieces.len() });
    }

    /// Leaves out what doesn't begin and end with functions.
    pub fn keep_whole_functions(&mut self, module: &Module) {
        self.list.retain(|sequence| {
            let start = sequence.extent.start.saturating_add(module.code_start);
            let begins = module.body_at(start).and_then(|at| module.bodies.get(at)).is_some_and(|b| b.start == start);
            begins && ends_with_function(&sequence.extent, module)
        });
    }

    /// The rows of all programs, by address.
    pub fn place(programs: &[Self], module: &Module) -> Rows {
        let mut packer = Packer::default();
        let mut done = 0;
        for (program, sequence) in without_overlaps(programs, module) {
            for piece in program.pieces.get(sequence.pieces.clone()).unwrap_or_default() {
                let body = piece.body.max(done);
                (done..body).for_each(|_| packer.end_body());
                done = body;
                let rows = program.bytes.get(piece.bytes.clone()).unwrap_or_default();
                packer.append(rows, program.files.get(piece.files.clone()).unwrap_or_default());
            }
        }
        (done..module.bodies.len()).for_each(|_| packer.end_body());
        packer.finish()
    }
}

fn ends_with_function(extent: &Range<u32>, module: &Module) -> bool {
    let end = extent.end.saturating_add(module.code_start);
    module.bodies.binary_search_by_key(&end, |body| body.end).is_ok()
}

/// Sequences by address, one for each piece of code.
///
/// Of a function that several units compiled (C++ templates, inline functions) the linker keeps one, and the rows of the
/// others then lie over that one too, where they are wrong unless the code is the same: the right ones end where the
/// function ends.
fn without_overlaps<'a>(programs: &'a [Sequences], module: &Module) -> Vec<(&'a Sequences, &'a Sequence)> {
    let mut all: Vec<(&Sequences, &Sequence)> =
        programs.iter().flat_map(|program| program.list.iter().map(move |sequence| (program, sequence))).collect();
    // Stable: of several the first one stays.
    let in_order = all.clone();
    all.sort_by_key(|(_, sequence)| sequence.extent.start);
    let disjoint = all.windows(2).all(|pair| match pair {
        [(_, one), (_, next)] => one.extent.end <= next.extent.start,
        _ => true,
    });
    if disjoint {
        return all;
    }
    let mut all = in_order;
    all.sort_by_cached_key(|(_, sequence)| !ends_with_function(&sequence.extent, module));
    let mut kept: BTreeMap<u32, (&Sequences, &Sequence)> = BTreeMap::new();
    for (program, sequence) in all {
        let before = kept.range(..sequence.extent.end).next_back();
        if before.is_none_or(|(_, (_, before))| before.extent.end <= sequence.extent.start) {
            kept.insert(sequence.extent.start, (program, sequence));
        }
    }
    kept.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::Body;

    /// Bodies at 0..10 and 10..20 of the code section, which begins at 100.
    fn module() -> Module {
        let body = |index, start| Body { index, start, first_operator: start + 1, end: start + 10 };
        Module { code_start: 100, bodies: vec![body(0, 100), body(1, 110)], ..Module::default() }
    }

    /// A sequence with a row at each address, the last of which ends it.
    fn rows(line: u32, addresses: &[u32]) -> Vec<RawRow> {
        let end = addresses.last().copied();
        let row = |address: &u32| RawRow { address: *address, line, end: Some(*address) == end, ..RawRow::default() };
        addresses.iter().map(row).collect()
    }

    fn placed(programs: &[&[(u32, &[u32])]]) -> Vec<Vec<(u32, u32)>> {
        let program = |sequences: &&[(u32, &[u32])]| {
            let mut program = Sequences::default();
            sequences.iter().for_each(|(line, addresses)| program.push(&rows(*line, addresses), &module()));
            program
        };
        let programs: Vec<Sequences> = programs.iter().map(program).collect();
        let placed = Sequences::place(&programs, &module());
        (0..2).map(|body| placed.of_body(body).map(|row| (row.line, row.address)).collect()).collect()
    }

    #[test]
    fn an_end_belongs_to_what_ends_there() {
        let expected = [vec![(1, 1), (1, 4), (1, 10)], vec![(2, 10), (2, 20)]];
        assert_eq!(placed(&[&[(2, &[10, 20])], &[(1, &[1, 4, 10])]]), expected);
        assert_eq!(placed(&[&[(3, &[1, 12, 20])]]), [vec![(3, 1)], vec![(3, 12), (3, 20)]], "over both");
        assert_eq!(placed(&[&[(4, &[11, 15]), (5, &[15, 18])]])[1], [(4, 11), (4, 15), (5, 15), (5, 18)], "one body");
        assert_eq!(placed(&[&[(6, &[7, 7])]]), [vec![], vec![]], "no code at all");
    }

    #[test]
    fn of_two_over_the_same_code_the_one_that_fits_stays() {
        assert_eq!(placed(&[&[(1, &[1, 8])], &[(2, &[1, 10])]]), [vec![(2, 1), (2, 10)], vec![]]);
        assert_eq!(placed(&[&[(1, &[1, 10])], &[(2, &[1, 10])]])[0], [(1, 1), (1, 10)], "of equals the first");
    }

    #[test]
    fn only_whole_functions_on_demand() {
        let mut program = Sequences::default();
        for (line, addresses) in [(1, [0, 10]), (2, [11, 20])] {
            program.push(&rows(line, &addresses), &module());
        }
        program.keep_whole_functions(&module());
        let placed = Sequences::place(&[program], &module());
        assert_eq!((placed.of_body(0).count(), placed.of_body(1).count()), (2, 0));
    }
}
