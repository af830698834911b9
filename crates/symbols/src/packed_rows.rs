//! Rows of line programs, packed: most say little more than "four bytes on, one line down".
//!
//! Invariant: what was pushed comes out again, body by body; bytes that aren't rows end where they stop making sense.

use std::ops::Range;

use bytes::Bytes;

use crate::{FileId, lines::RawRow};

const IS_STMT: u8 = 1;
const PROLOGUE_END: u8 = 2;
const END: u8 = 4;
const OTHER_FILE: u8 = 8;
const OTHER_COLUMN: u8 = 16;

/// The rows of all function bodies.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// Them, packed.
    pub bytes: Bytes,
    /// For each body the end of its bytes; they begin where those of the one before end.
    pub ends: Vec<u32>,
    /// The bodies of each file, one file behind the other.
    pub bodies: Vec<u32>,
    /// For each file the end of its bodies.
    pub ends_of_files: Vec<u32>,
}

impl Rows {
    /// Whether there are none at all.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The rows of one body.
    pub fn of_body(&self, body: usize) -> Unpacked<'_> {
        unpacked(self.bytes.get(part(&self.ends, body)).unwrap_or_default())
    }

    /// The bodies with rows of one file, ascending.
    pub fn bodies_of(&self, file: FileId) -> &[u32] {
        self.bodies.get(part(&self.ends_of_files, file.0 as usize)).unwrap_or_default()
    }
}

fn unpacked(bytes: &[u8]) -> Unpacked<'_> {
    Unpacked { last: RawRow::default(), rest: bytes }
}

/// Rows as they are unpacked.
#[derive(Clone)]
pub(crate) struct Unpacked<'b> {
    last: RawRow,
    rest: &'b [u8],
}

impl Iterator for Unpacked<'_> {
    type Item = RawRow;

    fn next(&mut self) -> Option<RawRow> {
        (self.last, self.rest) = unpack(self.last, self.rest)?;
        Some(self.last)
    }
}

/// What lies between the end before and the end at this position.
fn part(ends: &[u32], at: usize) -> Range<usize> {
    let start = at.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |end| *end as usize);
    start..ends.get(at).map_or(0, |end| *end as usize)
}

/// Packs a row that follows `last` in its body.
pub(crate) fn pack(bytes: &mut Vec<u8>, last: RawRow, row: RawRow) {
    let (other_file, other_column) = (row.file != last.file, row.column != last.column);
    let flag = |set, flag| if set { flag } else { 0 };
    bytes.push(
        flag(row.is_stmt, IS_STMT)
            | flag(row.prologue_end, PROLOGUE_END)
            | flag(row.end, END)
            | flag(other_file, OTHER_FILE)
            | flag(other_column, OTHER_COLUMN),
    );
    push_number(bytes, row.address.wrapping_sub(last.address));
    push_number(bytes, zigzag(row.line.wrapping_sub(last.line)));
    if other_file {
        push_number(bytes, row.file);
    }
    if other_column {
        push_number(bytes, u32::from(row.column));
    }
}

fn push_number(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// Puts packed rows together, the ones of one body after those of another.
#[derive(Default)]
pub(crate) struct Packer {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    /// The last row of this body, once somebody had to know it.
    last: Option<RawRow>,
    /// Pairs of file and body.
    seen: Vec<(u32, u32)>,
}

impl Packer {
    /// The next rows of this body, packed as if they were its first, and the files that they have.
    pub fn append(&mut self, packed: &[u8], files: &[u32]) {
        let body = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.seen.extend(files.iter().map(|file| (*file, body)));
        let start = self.ends.last().map_or(0, |end| *end as usize);
        // Most bodies have but one piece.
        let before = self.last.or_else(|| unpacked(self.bytes.get(start..).unwrap_or_default()).last());
        let Some(mut last) = before else {
            self.bytes.extend_from_slice(packed);
            return;
        };
        for row in unpacked(packed) {
            pack(&mut self.bytes, last, row);
            last = row;
        }
        self.last = Some(last);
    }

    /// What follows belongs to the next body.
    pub fn end_body(&mut self) {
        self.ends.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
        self.last = None;
    }

    /// All that was pushed.
    pub fn finish(mut self) -> Rows {
        self.seen.sort_unstable();
        self.seen.dedup();
        let mut ends_of_files = Vec::new();
        for (at, (file, _)) in (1..).zip(&self.seen) {
            // The numbers of files are dense: they come from a table of them.
            ends_of_files.resize(*file as usize, ends_of_files.last().copied().unwrap_or(0));
            ends_of_files.push(at);
        }
        Rows {
            bytes: self.bytes.into(),
            ends: self.ends,
            bodies: self.seen.into_iter().map(|(_, body)| body).collect(),
            ends_of_files,
        }
    }
}

/// The row that follows `last`, and what comes behind it.
fn unpack(last: RawRow, bytes: &[u8]) -> Option<(RawRow, &[u8])> {
    let (flags, bytes) = bytes.split_first()?;
    let (address, bytes) = number(bytes)?;
    let (line, bytes) = number(bytes)?;
    let (file, bytes) = if flags & OTHER_FILE == 0 { (last.file, bytes) } else { number(bytes)? };
    let (column, bytes) = if flags & OTHER_COLUMN == 0 { (u32::from(last.column), bytes) } else { number(bytes)? };
    let row = RawRow {
        address: last.address.wrapping_add(address),
        file,
        line: last.line.wrapping_add(unzigzag(line)),
        column: u16::try_from(column).ok()?,
        is_stmt: flags & IS_STMT != 0,
        prologue_end: flags & PROLOGUE_END != 0,
        end: flags & END != 0,
    };
    Some((row, bytes))
}

/// A number in groups of seven bits, the lowest first.
fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut number = 0u32;
    for (i, byte) in bytes.iter().enumerate().take(5) {
        number |= u32::from(byte & 0x7f).checked_shl(7 * u32::try_from(i).ok()?)?;
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(i + 1..)?));
        }
    }
    None
}

/// Small differences either way become small numbers.
fn zigzag(difference: u32) -> u32 {
    (difference << 1) ^ (difference.cast_signed() >> 31).cast_unsigned()
}

fn unzigzag(number: u32) -> u32 {
    (number >> 1) ^ (number & 1).wrapping_neg()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row() -> impl Strategy<Value = RawRow> {
        (any::<u32>(), prop_oneof![0u32..4, Just(u32::MAX)], any::<u32>(), 0u16..300, any::<[bool; 3]>()).prop_map(
            |(address, file, line, column, [is_stmt, prologue_end, end])| RawRow {
                address,
                file,
                line,
                column,
                is_stmt,
                prologue_end,
                end,
            },
        )
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(
            bodies in prop::collection::vec(prop::collection::vec(row(), 0..20), 0..10),
            cut in 1usize..25,
        ) {
            let mut packer = Packer::default();
            for body in &bodies {
                // In two parts, as two sequences give them.
                for part in body.chunks(cut) {
                    let mut packed = Vec::new();
                    let before = [RawRow::default()].into_iter().chain(part.iter().copied());
                    before.zip(part).for_each(|(before, row)| pack(&mut packed, before, *row));
                    let files = part.iter().filter(|row| row.file != u32::MAX && !row.end).map(|row| row.file);
                    packer.append(&packed, &files.collect::<Vec<u32>>());
                }
                packer.end_body();
            }
            let rows = packer.finish();
            for (at, body) in bodies.iter().enumerate() {
                prop_assert!(rows.of_body(at).eq(body.iter().copied()));
            }
            prop_assert_eq!(rows.of_body(bodies.len()).count(), 0);
            for file in 0..5 {
                let has = |body: &Vec<RawRow>| body.iter().any(|row| row.file == file && !row.end);
                let expected = (0..).zip(&bodies).filter(|(_, body)| has(body)).map(|(at, _)| at);
                prop_assert_eq!(rows.bodies_of(FileId(file)), expected.collect::<Vec<u32>>());
            }
        }

        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let ends = vec![u32::try_from(bytes.len()).unwrap()];
            let rows = Rows { bytes: bytes.clone().into(), ends, ..Rows::default() };
            prop_assert!(rows.of_body(0).count() <= bytes.len());
        }
    }
}
