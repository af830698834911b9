//! Where the sections lie, and strings that are kept as places in them.
//!
//! Invariant: a [`Text`] is only made of bytes of the binary that it is later read from.

use std::{borrow::Cow, ops::Range, sync::Arc};

use gimli::{EndianSlice, LittleEndian, SectionId};

use crate::module::{MAX_NAME, Module};

use super::Reader;

/// A string that is kept as its place in the binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Text {
    start: u32,
    length: u32,
}

impl Text {
    /// The string that isn't there.
    pub const NONE: Self = Self { start: 0, length: 0 };

    /// Whether it's empty or not there.
    pub fn is_none(self) -> bool {
        self.length == 0
    }
}

/// The DWARF sections of a binary, or those that a file beside it has.
#[derive(Debug)]
pub(crate) struct Sections {
    wasm: Arc<[u8]>,
    data: Arc<[u8]>,
    ranges: Vec<(SectionId, Range<usize>)>,
}

impl Sections {
    /// The sections that `module` has, which was read from `data`; `wasm` has the code.
    pub fn new(wasm: Arc<[u8]>, data: Arc<[u8]>, module: &Module) -> Self {
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
        let ranges = KNOWN
            .iter()
            .filter_map(|id| Some((*id, module.debug_sections.get(id.name())?.clone())))
            .collect::<Vec<_>>();
        Self { wasm, data, ranges }
    }

    /// The binary with the code.
    pub fn wasm(&self) -> &[u8] {
        &self.wasm
    }

    /// A section; empty when there is none.
    pub fn section(&self, id: SectionId) -> &[u8] {
        let range = self.ranges.iter().find(|(known, _)| *known == id).map(|(_, range)| range.clone());
        range.and_then(|range| self.data.get(range)).unwrap_or_default()
    }

    /// Readers for all sections.
    pub fn dwarf(&self) -> gimli::Dwarf<Reader<'_>> {
        gimli::Dwarf::load(|id| Ok::<_, gimli::Error>(EndianSlice::new(self.section(id), LittleEndian)))
            .unwrap_or_default()
    }

    /// Keeps a slice of the binary as its place there.
    pub fn text(&self, slice: &[u8]) -> Text {
        let start = (slice.as_ptr() as usize).wrapping_sub(self.data.as_ptr() as usize);
        match (u32::try_from(start), u32::try_from(slice.len())) {
            (Ok(start), Ok(length)) if start as usize + slice.len() <= self.data.len() => Text { start, length },
            _ => Text::NONE,
        }
    }

    /// The string at a place.
    pub fn str(&self, text: Text) -> Cow<'_, str> {
        let start = text.start as usize;
        String::from_utf8_lossy(self.data.get(start..start + text.length as usize).unwrap_or_default())
    }
}

/// The string that begins `bytes`, without its terminator, at most [`MAX_NAME`] long.
pub(super) fn terminated(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.get(..MAX_NAME.min(bytes.len())).unwrap_or_default();
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    bytes.get(..end).unwrap_or_default()
}
