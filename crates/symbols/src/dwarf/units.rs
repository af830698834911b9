//! Units: what their headers and root entries say.
//!
//! Invariant: [`Units::list`] is sorted by offset and disjoint. Offsets are those of `.debug_info`; the units of further
//! parts (types in a section of their own, split units) lie behind it.

use std::{
    collections::{HashMap, HashSet},
    ops::Deref,
    sync::Arc,
};

use gimli::{
    Abbreviations, AttributeValue, DebugAddrBase, DebugInfoOffset, DebugLocListsBase, DebugRngListsBase,
    DebugStrOffsetsBase, DwLang, EndianSlice, LittleEndian, Reader as _, SectionId, UnitHeader, UnitType, constants,
};

use crate::{Language, SplitUnit, parallel};

use super::sections::{Sections, Text, terminated};

/// How sections are read.
pub(crate) type Reader<'a> = EndianSlice<'a, LittleEndian>;

/// A unit as gimli knows it, and the part that it's in.
pub(crate) struct Unit<'a> {
    unit: gimli::Unit<Reader<'a>>,
    /// Its part.
    pub part: usize,
}

impl<'a> Deref for Unit<'a> {
    type Target = gimli::Unit<Reader<'a>>;
    fn deref(&self) -> &Self::Target {
        &self.unit
    }
}

/// What is kept of a unit: enough to make a [`Unit`] again without reading anything twice.
#[derive(Debug)]
pub(crate) struct UnitInfo {
    /// Where its header begins.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// The part of the DWARF that it's in.
    pub part: usize,
    /// Where its line program is: a part and an offset in its `.debug_line`.
    pub line_program: Option<(usize, usize)>,
    /// Its language.
    pub language: Language,
    /// Its name: the primary source file.
    pub name: Text,
    /// The directory that it was compiled in.
    pub directory: Text,
    /// What it says of the file that its entries were split into, or, of a split unit, what tells whose it is.
    pub(super) split: Split,
    abbreviations: Arc<Abbreviations>,
    pub(super) low_pc: u64,
    str_offsets_base: DebugStrOffsetsBase<usize>,
    pub(super) addr_base: DebugAddrBase<usize>,
    loclists_base: DebugLocListsBase<usize>,
    pub(super) rnglists_base: DebugRngListsBase<usize>,
}

/// How a unit hangs together with another one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Split {
    /// The file that has its entries.
    pub file: Text,
    /// The number that both halves have.
    pub id: Option<u64>,
    /// Whether it has DWARF 4's way of being split.
    pub old: bool,
}

/// All units of `.debug_info`.
#[derive(Debug, Default)]
pub(crate) struct Units {
    /// By offset.
    pub list: Vec<UnitInfo>,
    /// What could not be read.
    pub warnings: Vec<String>,
    /// Units whose entries are in a file that isn't there.
    pub missing: Vec<SplitUnit>,
    /// Where type units begin.
    pub(super) type_units: HashSet<usize>,
    /// Signatures of type units and the offsets of their types.
    pub(super) signatures: HashMap<u64, usize>,
}

impl Units {
    /// Reads the root entries of all units.
    pub fn parse(sections: &Sections) -> Self {
        let mut units = Self::default();
        for part in 0..sections.parts().len() {
            units.parse_part(sections, part);
        }
        units.join_split(sections);
        units
    }

    fn parse_part(&mut self, sections: &Sections, part: usize) {
        let dwarf = sections.dwarf(part);
        let headers = self.headers(sections, &dwarf, part);
        let offsets = headers.iter().map(|(_, header)| header.debug_abbrev_offset().0);
        let tables = abbreviation_tables(sections.section(part, SectionId::DebugAbbrev), offsets);
        let made = parallel::map(
            headers.len(),
            sections.section(part, SectionId::DebugAbbrev).len(),
            || (),
            |(), at| {
                let (start, header) = headers.get(at)?;
                Some(match tables.get(&header.debug_abbrev_offset().0)? {
                    Ok(table) => UnitInfo::parse(sections, &dwarf, (part, *start), *header, Arc::clone(table))
                        .map_err(|error| error.to_string()),
                    Err(error) => Err(error.clone()),
                })
            },
        );
        for ((start, header), made) in headers.into_iter().zip(made) {
            let Some(made) = made else { continue };
            match made {
                // Places of entries are kept in 32 bits.
                Ok(info) if u32::try_from(info.end).is_err() => {
                    self.warnings.push(format!("the unit at {start:#x} is left out: there is too much DWARF"));
                }
                Ok(info) => {
                    if let UnitType::Type { type_signature, type_offset }
                    | UnitType::SplitType { type_signature, type_offset } = header.type_()
                    {
                        self.type_units.insert(start);
                        self.signatures.entry(type_signature.0).or_insert(start.saturating_add(type_offset.0));
                    }
                    self.list.push(info);
                }
                Err(error) => {
                    self.warnings.push(format!("the unit at {start:#x} of .debug_info can't be read: {error}"))
                }
            }
        }
    }

    /// The headers of all units of a part and their offsets; one that can't be read is stepped over as long as its length
    /// can.
    fn headers<'a>(
        &mut self,
        sections: &Sections,
        dwarf: &gimli::Dwarf<Reader<'a>>,
        part: usize,
    ) -> Vec<(usize, UnitHeader<Reader<'a>>)> {
        let Some(info) = sections.parts().get(part) else { return Vec::new() };
        let section = sections.section(part, info.units_in);
        let mut headers = Vec::new();
        let mut offset = 0;
        while offset < section.len() {
            match header(dwarf, info.units_in, offset) {
                Ok(header) => {
                    headers.push((info.start.saturating_add(offset), header));
                    offset = offset.saturating_add(header.length_including_self());
                }
                Err(error) => {
                    let length = section.get(offset..).and_then(|rest| rest.first_chunk::<4>());
                    let length = length.map_or(u32::MAX, |length| u32::from_le_bytes(*length)) as usize;
                    let rest = section.len().saturating_sub(offset).saturating_sub(4);
                    let which = if length < rest { "the unit" } else { "all units from the one" };
                    let name = info.units_in.name();
                    self.warnings.push(format!("{which} at {offset:#x} of {name} can't be read: {error}"));
                    offset = offset.saturating_add(length).saturating_add(4);
                }
            }
        }
        headers
    }

    /// The position of the unit that holds an offset.
    pub fn containing(&self, offset: usize) -> Option<usize> {
        let after = self.list.partition_point(|unit| unit.start <= offset);
        let at = after.checked_sub(1)?;
        (offset < self.list.get(at)?.end).then_some(at)
    }
}

/// The header at an offset of a section of units.
pub(super) fn header<'a>(
    dwarf: &gimli::Dwarf<Reader<'a>>,
    units_in: SectionId,
    offset: usize,
) -> gimli::Result<UnitHeader<Reader<'a>>> {
    if units_in == SectionId::DebugInfo {
        return dwarf.debug_info.header_from_offset(DebugInfoOffset(offset));
    }
    let section = gimli::Section::reader(&dwarf.debug_types).slice();
    let rest = section.get(offset..).unwrap_or_default();
    gimli::DebugTypes::new(rest, LittleEndian)
        .units()
        .next()?
        .ok_or(gimli::Error::UnexpectedEof(gimli::ReaderOffsetId(offset as u64)))
}

/// How many attributes an abbreviation may have: attributes take no bytes in an entry if they are flags, so an entry of one
/// byte may have any number. Compilers write up to thirty.
const MAX_ATTRIBUTES: usize = 128;

/// Whether all abbreviations of a table have a number of attributes that somebody may go through for each entry.
fn are_short(table: &[u8]) -> bool {
    let short = || -> gimli::Result<bool> {
        let mut input = EndianSlice::new(table, LittleEndian);
        while input.read_uleb128()? != 0 {
            input.read_uleb128()?;
            input.read_u8()?;
            for attributes in 0.. {
                let (name, form) = (input.read_uleb128()?, input.read_uleb128()?);
                if (name, form) == (0, 0) {
                    break;
                }
                if form == u64::from(constants::DW_FORM_implicit_const.0) {
                    input.read_sleb128()?;
                }
                if attributes == MAX_ATTRIBUTES {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    };
    // Of damage gimli has more to say.
    short().unwrap_or(true)
}

/// Parses each abbreviation table once, at most up to where the next one begins, so that units that point into the
/// middle of each other's tables can't make it quadratic.
fn abbreviation_tables(
    section: &[u8],
    offsets: impl Iterator<Item = usize>,
) -> HashMap<usize, Result<Arc<Abbreviations>, String>> {
    let mut offsets: Vec<usize> = offsets.collect();
    offsets.sort_unstable();
    offsets.dedup();
    let read = |(): &mut (), at: usize| {
        let start = offsets.get(at).copied().unwrap_or(section.len());
        let end = offsets.get(at + 1).copied().unwrap_or(section.len());
        let bytes = section.get(start..end).unwrap_or_default();
        let table = gimli::DebugAbbrev::new(bytes, LittleEndian).abbreviations(gimli::DebugAbbrevOffset(0));
        match table {
            Ok(_) if !are_short(bytes) => (start, Err("an abbreviation has too many attributes".to_owned())),
            table => (start, table.map(Arc::new).map_err(|error| error.to_string())),
        }
    };
    parallel::map(offsets.len(), section.len(), || (), read).into_iter().collect()
}

impl UnitInfo {
    fn parse<'a>(
        sections: &Sections,
        dwarf: &gimli::Dwarf<Reader<'a>>,
        (part, start): (usize, usize),
        header: UnitHeader<Reader<'a>>,
        abbreviations: Arc<Abbreviations>,
    ) -> gimli::Result<Self> {
        let (encoding, file) = (header.encoding(), dwarf.file_type);
        let lines = sections.parts().get(part).map_or(0, |part| part.lines);
        let mut info = Self {
            start,
            part,
            end: start.saturating_add(header.length_including_self()),
            line_program: None,
            language: Language::Other,
            name: Text::NONE,
            directory: Text::NONE,
            split: Split { file: Text::NONE, id: None, old: encoding.version < 5 },
            abbreviations,
            low_pc: 0,
            str_offsets_base: DebugStrOffsetsBase::default_for_encoding_and_file(encoding, file),
            addr_base: DebugAddrBase(0),
            loclists_base: DebugLocListsBase::default_for_encoding_and_file(encoding, file),
            rnglists_base: DebugRngListsBase::default_for_encoding_and_file(encoding, file),
        };
        let root = header.entry(&info.abbreviations, header.root_offset())?;
        for attribute in root.attrs() {
            match (attribute.name(), attribute.value()) {
                (constants::DW_AT_stmt_list, AttributeValue::DebugLineRef(offset)) => {
                    info.line_program = Some((lines, offset.0));
                }
                (constants::DW_AT_str_offsets_base, AttributeValue::DebugStrOffsetsBase(base)) => {
                    info.str_offsets_base = base;
                }
                (constants::DW_AT_addr_base | constants::DW_AT_GNU_addr_base, AttributeValue::DebugAddrBase(base)) => {
                    info.addr_base = base;
                }
                (constants::DW_AT_loclists_base, AttributeValue::DebugLocListsBase(base)) => info.loclists_base = base,
                (
                    constants::DW_AT_rnglists_base | constants::DW_AT_GNU_ranges_base,
                    AttributeValue::DebugRngListsBase(base),
                ) => info.rnglists_base = base,
                (constants::DW_AT_GNU_dwo_id, AttributeValue::DwoId(id)) => info.split.id = Some(id.0),
                _ => {}
            }
        }
        // Only now are the bases known that strings and addresses are relative to.
        let unit = info.unit(header);
        let string = |name| root.attr_value(name).map_or(Text::NONE, |value| text(sections, dwarf, &unit, value));
        let (name, directory) = (string(constants::DW_AT_name), string(constants::DW_AT_comp_dir));
        let producer = string(constants::DW_AT_producer);
        let split = [string(constants::DW_AT_dwo_name), string(constants::DW_AT_GNU_dwo_name)];
        let low_pc =
            root.attr_value(constants::DW_AT_low_pc).and_then(|value| dwarf.attr_address(&unit, value).ok()?);
        let language = match root.attr_value(constants::DW_AT_language) {
            Some(AttributeValue::Language(language)) => language,
            _ => DwLang(0),
        };
        info.language = language_of(language, &sections.str(producer));
        info.split.file = split.into_iter().find(|name| !name.is_none()).unwrap_or(Text::NONE);
        if let UnitType::Skeleton(id) | UnitType::SplitCompilation(id) = header.type_() {
            info.split.id = Some(id.0);
        }
        (info.name, info.directory, info.low_pc) = (name, directory, low_pc.unwrap_or(0));
        Ok(info)
    }

    /// The unit as gimli knows it, without its line program.
    pub(super) fn unit<'a>(&self, header: UnitHeader<Reader<'a>>) -> Unit<'a> {
        let unit = gimli::Unit {
            header,
            abbreviations: Arc::clone(&self.abbreviations),
            name: None,
            comp_dir: None,
            low_pc: self.low_pc,
            str_offsets_base: self.str_offsets_base,
            addr_base: self.addr_base,
            loclists_base: self.loclists_base,
            rnglists_base: self.rnglists_base,
            line_program: None,
            dwo_id: None,
        };
        Unit { unit, part: self.part }
    }
}

fn language_of(language: DwLang, producer: &str) -> Language {
    if producer.starts_with("zig") {
        return Language::Zig;
    }
    match language {
        constants::DW_LANG_C
        | constants::DW_LANG_C89
        | constants::DW_LANG_C99
        | constants::DW_LANG_C11
        | constants::DW_LANG_C17 => Language::C,
        constants::DW_LANG_C_plus_plus
        | constants::DW_LANG_C_plus_plus_03
        | constants::DW_LANG_C_plus_plus_11
        | constants::DW_LANG_C_plus_plus_14
        | constants::DW_LANG_C_plus_plus_17
        | constants::DW_LANG_C_plus_plus_20 => Language::Cpp,
        constants::DW_LANG_Rust => Language::Rust,
        constants::DW_LANG_Zig => Language::Zig,
        // C23 and C++23, newer than the names above.
        DwLang(0x3e) => Language::C,
        DwLang(0x3a) => Language::Cpp,
        _ => Language::Other,
    }
}

/// The string that an attribute holds.
pub(super) fn text<'a>(
    sections: &Sections,
    dwarf: &gimli::Dwarf<Reader<'a>>,
    unit: &Unit<'a>,
    value: AttributeValue<Reader<'a>>,
) -> Text {
    let in_section = |id, offset: usize| sections.section(unit.part, id).get(offset..).map(terminated);
    let bytes = match value {
        AttributeValue::String(string) => Some(terminated(string.slice())),
        AttributeValue::DebugStrRef(offset) => in_section(SectionId::DebugStr, offset.0),
        AttributeValue::DebugLineStrRef(offset) => in_section(SectionId::DebugLineStr, offset.0),
        AttributeValue::DebugStrOffsetsIndex(index) => {
            dwarf.string_offset(unit, index).ok().and_then(|offset| in_section(SectionId::DebugStr, offset.0))
        }
        _ => None,
    };
    bytes.map_or(Text::NONE, |bytes| sections.text(unit.part, bytes))
}
