//! Where the sections lie, and strings that are kept as places in them.
//!
//! A module's DWARF may lie in several files: its own, one with nothing but debug sections, and those that units were
//! split into (`.dwo`, or the parts of a `.dwp`). Each is a [`Part`]; part 0 is the module's own or the file in its place.
//!
//! Invariant: a [`Text`] is only made of bytes of the buffer that it is later read from.

use std::{borrow::Cow, ops::Range};

use bytes::Bytes;

use gimli::{EndianSlice, LittleEndian, SectionId};
use serde::{Deserialize, Serialize};

use crate::module::{MAX_NAME, Module};

use super::Reader;

/// A string that is kept as its place in the buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Text {
    start: u32,
    length: u32,
}

impl Text {
    /// The string that isn't there.
    pub const NONE: Self = Self { start: 0, length: 0 };

    /// How many bytes it has.
    pub fn len(self) -> usize {
        self.length as usize
    }

    /// Whether it's empty or not there.
    pub fn is_none(self) -> bool {
        self.length == 0
    }
}

/// Sections that belong together.
#[derive(Debug)]
pub(crate) struct Part {
    /// The position of its bytes in [`Sections::buffers`].
    buffer: usize,
    ranges: Vec<(SectionId, Range<usize>)>,
    /// Which section has its units.
    pub units_in: SectionId,
    /// Whether its units were split from others.
    pub split: bool,
    /// The part whose line programs its units mean.
    pub lines: usize,
    /// Where its units begin, when those of all parts are laid one behind the other.
    pub start: usize,
    /// The same for the section that references of the form `DW_FORM_ref_addr` mean.
    pub references: usize,
}

/// The DWARF sections of a binary and of the files beside it.
#[derive(Debug)]
pub(crate) struct Sections {
    wasm: Bytes,
    /// Whole files, and where the places of their strings begin.
    buffers: Vec<(Bytes, usize)>,
    parts: Vec<Part>,
}

/// All that answers need.
const KNOWN: [SectionId; 12] = [
    SectionId::DebugAbbrev,
    SectionId::DebugAddr,
    SectionId::DebugInfo,
    SectionId::DebugLine,
    SectionId::DebugLineStr,
    SectionId::DebugStr,
    SectionId::DebugStrOffsets,
    SectionId::DebugTypes,
    SectionId::DebugLoc,
    SectionId::DebugLocLists,
    SectionId::DebugRanges,
    SectionId::DebugRngLists,
];

/// More parts than any linker makes.
pub(super) const MAX_PARTS: usize = 1 << 13;

impl Sections {
    /// The sections that `module` has, which was read from `data`; `wasm` has the code.
    pub fn new(wasm: Bytes, data: Bytes, module: &Module) -> Self {
        let found = KNOWN.iter().filter_map(|id| Some((*id, module.debug_sections.get(id.name())?.clone())));
        let ranges = found.collect();
        let mut sections = Self { wasm, buffers: vec![(data, 0)], parts: Vec::new() };
        sections.add_part(0, ranges, false);
        sections
    }

    /// Adds a file that units were split into; the position of its buffer. `None` when there is too much of it all.
    pub fn add_buffer(&mut self, data: Bytes) -> Option<usize> {
        let (last, start) = self.buffers.last()?;
        let start = start.checked_add(last.len())?;
        u32::try_from(start.checked_add(data.len())?).ok()?;
        self.buffers.push((data, start));
        Some(self.buffers.len() - 1)
    }

    /// Adds sections of a buffer: one part for its units, and another one for types in a section of their own.
    pub fn add_part(&mut self, buffer: usize, ranges: Vec<(SectionId, Range<usize>)>, split: bool) {
        let first = self.parts.len();
        let references = self.end();
        let has_types = ranges.iter().any(|(id, range)| *id == SectionId::DebugTypes && !range.is_empty());
        for units_in in [SectionId::DebugInfo, SectionId::DebugTypes] {
            if units_in == SectionId::DebugTypes && !has_types {
                continue;
            }
            let part =
                Part { buffer, ranges: ranges.clone(), units_in, split, lines: first, start: self.end(), references };
            // A package whose rows share their units would be read once for each.
            let own = self.parts.iter().filter(|other| other.buffer == buffer);
            let (read, size) = (own.map(|other| self.units_of(other)).sum::<usize>(), self.units_of(&part));
            let data = self.buffers.get(buffer).map_or(0, |(data, _)| data.len());
            if self.parts.len() < MAX_PARTS && read.saturating_add(size) <= data {
                self.parts.push(part);
            }
        }
    }

    /// The sections of a buffer of split units that have these names.
    pub fn split_ranges(module: &Module) -> Vec<(SectionId, Range<usize>)> {
        let found = KNOWN.iter().filter_map(|id| Some((*id, module.debug_sections.get(id.dwo_name()?)?.clone())));
        found.collect()
    }

    /// All parts.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// One past the last unit of all parts.
    fn end(&self) -> usize {
        self.parts.last().map_or(0, |part| part.start.saturating_add(self.units_of(part)))
    }

    /// How many bytes of units a part has.
    fn units_of(&self, part: &Part) -> usize {
        self.part_section(part, part.units_in).len()
    }

    /// How many bytes of units there are.
    pub fn size(&self) -> usize {
        self.end()
    }

    /// How many bytes of line programs there are.
    pub fn size_of_lines(&self) -> usize {
        let own = self.parts.iter().enumerate().filter(|(at, part)| *at == part.lines);
        own.map(|(_, part)| self.part_section(part, SectionId::DebugLine).len()).sum()
    }

    /// The contents of all files: first the one with the code, which may have the DWARF as well.
    pub fn contents(&self) -> impl Iterator<Item = &[u8]> {
        let others = self.buffers.iter().map(|(data, _)| data).filter(|data| data.as_ptr() != self.wasm.as_ptr());
        std::iter::once(&*self.wasm).chain(others.map(|data| &**data))
    }

    /// The binary with the code.
    pub fn wasm(&self) -> &[u8] {
        &self.wasm
    }

    /// A section of a part; empty when there is none.
    pub fn section(&self, part: usize, id: SectionId) -> &[u8] {
        self.parts.get(part).map(|part| self.part_section(part, id)).unwrap_or_default()
    }

    fn part_section(&self, part: &Part, id: SectionId) -> &[u8] {
        let range = part.ranges.iter().find(|(known, _)| *known == id).map(|(_, range)| range.clone());
        let buffer = self.buffers.get(part.buffer).map(|(data, _)| data);
        range.and_then(|range| buffer?.get(range)).unwrap_or_default()
    }

    /// Readers for all sections of a part; what split units take from the module's own is in place.
    pub fn dwarf(&self, part: usize) -> gimli::Dwarf<Reader<'_>> {
        let load = |part| {
            gimli::Dwarf::load(|id| Ok::<_, gimli::Error>(EndianSlice::new(self.section(part, id), LittleEndian)))
                .unwrap_or_default()
        };
        let mut dwarf = load(part);
        if self.parts.get(part).is_some_and(|part| part.split) {
            dwarf.make_dwo(&load(0));
        }
        dwarf
    }

    /// Keeps a slice of a part's buffer as its place there.
    pub fn text(&self, part: usize, slice: &[u8]) -> Text {
        let kept = || {
            let (data, start) = self.buffers.get(self.parts.get(part)?.buffer)?;
            let at = (slice.as_ptr() as usize).wrapping_sub(data.as_ptr() as usize);
            if at.checked_add(slice.len())? > data.len() {
                return None;
            }
            Some(Text { start: u32::try_from(start.checked_add(at)?).ok()?, length: u32::try_from(slice.len()).ok()? })
        };
        kept().unwrap_or(Text::NONE)
    }

    /// The string at a place.
    pub fn str(&self, text: Text) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes(text))
    }

    /// The bytes at a place.
    pub fn bytes(&self, text: Text) -> &[u8] {
        let start = text.start as usize;
        let after = self.buffers.partition_point(|(_, begin)| *begin <= start);
        let bytes = after.checked_sub(1).and_then(|at| self.buffers.get(at)).and_then(|(data, begin)| {
            let start = start - begin;
            data.get(start..start + text.length as usize)
        });
        bytes.unwrap_or_default()
    }
}

/// The string that begins `bytes`, without its terminator, at most [`MAX_NAME`] long.
pub(super) fn terminated(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.get(..MAX_NAME.min(bytes.len())).unwrap_or_default();
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    bytes.get(..end).unwrap_or_default()
}
