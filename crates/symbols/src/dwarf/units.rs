//! Units, entries, and the references between them.
//!
//! Invariant: [`Units::list`] is sorted by offset and disjoint. Offsets are those of `.debug_info`.

use std::{cell::RefCell, collections::HashMap, ops::Range, rc::Rc, sync::Arc};

use gimli::{
    Abbreviations, AttributeValue, DebugAddrBase, DebugInfoOffset, DebugLocListsBase, DebugRngListsBase,
    DebugStrOffsetsBase, DebuggingInformationEntry, DwAt, DwLang, DwarfFileType, EndianSlice, LittleEndian, UnitHeader,
    UnitOffset, UnitType, constants,
};

use crate::Language;

use super::sections::{Sections, Text, terminated};

/// How sections are read.
pub(crate) type Reader<'a> = EndianSlice<'a, LittleEndian>;
/// A unit as gimli knows it.
pub(crate) type Unit<'a> = gimli::Unit<Reader<'a>>;

/// How many references are followed from an entry to where its attribute is.
const MAX_CHAIN: usize = 8;

/// What is kept of a unit: enough to make a [`Unit`] again without reading anything twice.
#[derive(Debug)]
pub(crate) struct UnitInfo {
    /// Where its header begins.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// Where its line program is in `.debug_line`.
    pub line_program: Option<usize>,
    /// Its language.
    pub language: Language,
    /// Its name: the primary source file.
    pub name: Text,
    /// The directory that it was compiled in.
    pub directory: Text,
    /// The file that has its entries, if they were split off.
    split_into: Text,
    abbreviations: Arc<Abbreviations>,
    low_pc: u64,
    str_offsets_base: DebugStrOffsetsBase<usize>,
    addr_base: DebugAddrBase<usize>,
    loclists_base: DebugLocListsBase<usize>,
    rnglists_base: DebugRngListsBase<usize>,
}

/// All units of `.debug_info`.
#[derive(Debug, Default)]
pub(crate) struct Units {
    /// By offset.
    pub list: Vec<UnitInfo>,
    /// What could not be read.
    pub warnings: Vec<String>,
    /// Signatures of type units and the offsets of their types.
    signatures: HashMap<u64, usize>,
}

impl Units {
    /// Reads the root entries of all units.
    pub fn parse(sections: &Sections) -> Self {
        let mut units = Self::default();
        let dwarf = sections.dwarf();
        let headers = units.headers(sections, &dwarf);
        let tables = abbreviation_tables(sections, headers.iter().map(|header| header.debug_abbrev_offset().0));
        for header in headers {
            let Some(DebugInfoOffset(start)) = header.debug_info_offset() else { continue };
            let made = match tables.get(&header.debug_abbrev_offset().0) {
                Some(Ok(table)) => UnitInfo::parse(sections, &dwarf, start, header, Arc::clone(table)),
                Some(Err(error)) => Err(*error),
                None => continue,
            };
            match made {
                Ok(info) => {
                    if !info.split_into.is_none() {
                        let file = sections.str(info.split_into);
                        units
                            .warnings
                            .push(format!("the unit at {start:#x} has only lines here: the rest is in {file}"));
                    }
                    if let UnitType::Type { type_signature, type_offset } = header.type_() {
                        units.signatures.insert(type_signature.0, start.saturating_add(type_offset.0));
                    }
                    units.list.push(info);
                }
                Err(error) => {
                    units.warnings.push(format!("the unit at {start:#x} of .debug_info can't be read: {error}"))
                }
            }
        }
        if !sections.section(gimli::SectionId::DebugTypes).is_empty() {
            units.warnings.push("types in .debug_types are left out".into());
        }
        units
    }

    /// The headers of all units; one that can't be read is stepped over as long as its length can.
    fn headers<'a>(&mut self, sections: &Sections, dwarf: &gimli::Dwarf<Reader<'a>>) -> Vec<UnitHeader<Reader<'a>>> {
        let section = sections.section(gimli::SectionId::DebugInfo);
        let mut headers = Vec::new();
        let mut offset = 0;
        while offset < section.len() {
            match dwarf.debug_info.header_from_offset(DebugInfoOffset(offset)) {
                Ok(header) => {
                    offset = offset.saturating_add(header.length_including_self());
                    headers.push(header);
                }
                Err(error) => {
                    let length = section.get(offset..).and_then(|rest| rest.first_chunk::<4>());
                    let length = length.map_or(u32::MAX, |length| u32::from_le_bytes(*length)) as usize;
                    let rest = section.len().saturating_sub(offset).saturating_sub(4);
                    let which = if length < rest { "the unit" } else { "all units from the one" };
                    self.warnings.push(format!("{which} at {offset:#x} of .debug_info can't be read: {error}"));
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

/// Parses each abbreviation table once, at most up to where the next one begins, so that units that point into the
/// middle of each other's tables can't make it quadratic.
fn abbreviation_tables(
    sections: &Sections,
    offsets: impl Iterator<Item = usize>,
) -> HashMap<usize, gimli::Result<Arc<Abbreviations>>> {
    let mut offsets: Vec<usize> = offsets.collect();
    offsets.sort_unstable();
    offsets.dedup();
    let section = sections.section(gimli::SectionId::DebugAbbrev);
    let ends = offsets.iter().skip(1).copied().chain([section.len()]);
    let tables = offsets.iter().zip(ends).map(|(start, end)| {
        let bytes = section.get(*start..end).unwrap_or_default();
        let table = gimli::DebugAbbrev::new(bytes, LittleEndian).abbreviations(gimli::DebugAbbrevOffset(0));
        (*start, table.map(Arc::new))
    });
    tables.collect()
}

impl UnitInfo {
    fn parse<'a>(
        sections: &Sections,
        dwarf: &gimli::Dwarf<Reader<'a>>,
        start: usize,
        header: UnitHeader<Reader<'a>>,
        abbreviations: Arc<Abbreviations>,
    ) -> gimli::Result<Self> {
        let (encoding, file) = (header.encoding(), DwarfFileType::Main);
        let mut info = Self {
            start,
            end: start.saturating_add(header.length_including_self()),
            line_program: None,
            language: Language::Other,
            name: Text::NONE,
            directory: Text::NONE,
            split_into: Text::NONE,
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
                    info.line_program = Some(offset.0)
                }
                (constants::DW_AT_str_offsets_base, AttributeValue::DebugStrOffsetsBase(base)) => {
                    info.str_offsets_base = base;
                }
                (constants::DW_AT_addr_base | constants::DW_AT_GNU_addr_base, AttributeValue::DebugAddrBase(base)) => {
                    info.addr_base = base;
                }
                (constants::DW_AT_loclists_base, AttributeValue::DebugLocListsBase(base)) => info.loclists_base = base,
                (constants::DW_AT_rnglists_base, AttributeValue::DebugRngListsBase(base)) => info.rnglists_base = base,
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
        info.split_into = split.into_iter().find(|name| !name.is_none()).unwrap_or(Text::NONE);
        (info.name, info.directory, info.low_pc) = (name, directory, low_pc.unwrap_or(0));
        Ok(info)
    }

    /// The unit as gimli knows it, without its line program.
    fn unit<'a>(&self, header: UnitHeader<Reader<'a>>) -> Unit<'a> {
        Unit {
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
        }
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
fn text<'a>(
    sections: &Sections,
    dwarf: &gimli::Dwarf<Reader<'a>>,
    unit: &Unit<'a>,
    value: AttributeValue<Reader<'a>>,
) -> Text {
    let in_section = |id, offset: usize| sections.section(id).get(offset..).map(terminated);
    let bytes = match value {
        AttributeValue::String(string) => Some(terminated(string.slice())),
        AttributeValue::DebugStrRef(offset) => in_section(gimli::SectionId::DebugStr, offset.0),
        AttributeValue::DebugLineStrRef(offset) => in_section(gimli::SectionId::DebugLineStr, offset.0),
        AttributeValue::DebugStrOffsetsIndex(index) => {
            dwarf.string_offset(unit, index).ok().and_then(|offset| in_section(gimli::SectionId::DebugStr, offset.0))
        }
        _ => None,
    };
    bytes.map_or(Text::NONE, |bytes| sections.text(bytes))
}

/// The DWARF of a module for the length of one question.
pub(crate) struct Dwarf<'a> {
    /// The sections' readers.
    pub gimli: gimli::Dwarf<Reader<'a>>,
    /// The units.
    pub units: &'a Units,
    /// The sections.
    pub sections: &'a Sections,
    made: RefCell<HashMap<usize, Rc<Unit<'a>>>>,
}

/// An entry of `.debug_info` and the unit that it's in.
#[derive(Clone)]
pub(crate) struct Entry<'a> {
    /// Where it is in `.debug_info`.
    pub offset: usize,
    /// The position of its unit in [`Units::list`].
    pub unit_index: usize,
    /// Its unit.
    pub unit: Rc<Unit<'a>>,
    /// Its tag and attributes.
    pub die: DebuggingInformationEntry<Reader<'a>>,
}

/// An attribute's value with the unit whose terms it is in.
pub(crate) type Value<'a> = AttributeValue<Reader<'a>>;

impl<'a> Dwarf<'a> {
    /// Readers over `sections`.
    pub fn new(sections: &'a Sections, units: &'a Units) -> Self {
        Self { gimli: sections.dwarf(), units, sections, made: RefCell::default() }
    }

    /// The unit at this position.
    pub fn unit(&self, index: usize) -> Option<Rc<Unit<'a>>> {
        if let Some(unit) = self.made.borrow().get(&index) {
            return Some(Rc::clone(unit));
        }
        let info = self.units.list.get(index)?;
        let header = self.gimli.debug_info.header_from_offset(DebugInfoOffset(info.start)).ok()?;
        let unit = Rc::new(info.unit(header));
        self.made.borrow_mut().insert(index, Rc::clone(&unit));
        Some(unit)
    }

    /// The entry at this offset.
    pub fn entry(&self, offset: usize) -> Option<Entry<'a>> {
        let unit_index = self.units.containing(offset)?;
        let unit = self.unit(unit_index)?;
        let within = UnitOffset(offset.checked_sub(self.units.list.get(unit_index)?.start)?);
        let die = unit.entry(within).ok().filter(|die| !die.is_null())?;
        Some(Entry { offset, unit_index, unit, die })
    }

    /// The string that an attribute holds, as a place.
    pub fn text(&self, unit: &Unit<'a>, value: Value<'a>) -> Text {
        text(self.sections, &self.gimli, unit, value)
    }

    /// The offset of the entry that an attribute refers to.
    pub fn reference(&self, unit_index: usize, value: &Value<'a>) -> Option<usize> {
        match value {
            AttributeValue::UnitRef(within) => self.units.list.get(unit_index)?.start.checked_add(within.0),
            AttributeValue::DebugInfoRef(offset) => Some(offset.0),
            AttributeValue::DebugTypesRef(signature) => self.units.signatures.get(&signature.0).copied(),
            _ => None,
        }
    }

    /// The address that an attribute holds.
    pub fn address(&self, unit: &Unit<'a>, value: Value<'a>) -> Option<u64> {
        self.gimli.attr_address(unit, value).ok().flatten()
    }

    /// The entries from `origin` on that say more of it: itself, then what it specifies or is a copy of, and so on.
    pub fn chain(&self, origin: Entry<'a>) -> Vec<Entry<'a>> {
        let mut chain = vec![origin];
        while let Some(next) = chain.last().and_then(|entry: &Entry<'a>| self.entry(entry.more(self)?)) {
            if chain.len() >= MAX_CHAIN || chain.iter().any(|seen| seen.offset == next.offset) {
                break;
            }
            chain.push(next);
        }
        chain
    }

    /// The code of an entry, as addresses of DWARF: at most `limit` ranges, tombstones left out.
    pub fn ranges(&self, entry: &Entry<'a>, limit: usize) -> Vec<Range<u64>> {
        let mut ranges = Vec::new();
        if let Some(value) = entry.die.attr_value(constants::DW_AT_ranges) {
            let Ok(Some(mut list)) = self.gimli.attr_ranges(&entry.unit, value) else { return ranges };
            while let Ok(Some(range)) = list.next() {
                if ranges.len() >= limit {
                    break;
                }
                if range.begin < range.end {
                    ranges.push(range.begin..range.end);
                }
            }
        } else if let Some(low) = entry.address(self, constants::DW_AT_low_pc) {
            let high = match entry.die.attr_value(constants::DW_AT_high_pc) {
                Some(AttributeValue::Udata(size)) => low.checked_add(size),
                Some(value) => self.address(&entry.unit, value),
                None => low.checked_add(1),
            };
            ranges.extend(high.filter(|high| low < *high).map(|high| low..high));
        }
        ranges
    }
}

impl<'a> Entry<'a> {
    /// The entry that this one specifies or is a copy of.
    pub fn more(&self, dwarf: &Dwarf<'a>) -> Option<usize> {
        let reference = |name| self.reference(dwarf, name);
        reference(constants::DW_AT_specification).or_else(|| reference(constants::DW_AT_abstract_origin))
    }

    /// What an attribute refers to.
    pub fn reference(&self, dwarf: &Dwarf<'a>, name: DwAt) -> Option<usize> {
        dwarf.reference(self.unit_index, &self.die.attr_value(name)?)
    }

    /// The string of an attribute.
    pub fn text(&self, dwarf: &Dwarf<'a>, name: DwAt) -> Option<Text> {
        let text = dwarf.text(&self.unit, self.die.attr_value(name)?);
        (!text.is_none()).then_some(text)
    }

    /// The string of an attribute.
    pub fn string(&self, dwarf: &Dwarf<'a>, name: DwAt) -> Option<String> {
        Some(dwarf.sections.str(self.text(dwarf, name)?).into_owned())
    }

    /// The number of an attribute.
    pub fn unsigned(&self, name: DwAt) -> Option<u64> {
        self.die.attr_value(name)?.udata_value()
    }

    /// The address of an attribute.
    pub fn address(&self, dwarf: &Dwarf<'a>, name: DwAt) -> Option<u64> {
        dwarf.address(&self.unit, self.die.attr_value(name)?)
    }

    /// Whether a flag is set.
    pub fn flag(&self, name: DwAt) -> bool {
        matches!(self.die.attr_value(name), Some(AttributeValue::Flag(true)))
    }

    /// The direct children, grandchildren skipped; at most as many as the unit has bytes.
    pub fn children(&self, dwarf: &Dwarf<'a>) -> Vec<Entry<'a>> {
        let mut children = Vec::new();
        if !self.die.has_children() {
            return children;
        }
        let Ok(mut entries) = self.unit.entries_raw(Some(self.die.offset())) else { return children };
        let start = dwarf.units.list.get(self.unit_index).map_or(0, |unit| unit.start);
        let mut die = DebuggingInformationEntry::null();
        if !matches!(entries.read_entry(&mut die), Ok(true)) {
            return children;
        }
        while entries.next_depth() > 0 && !entries.is_empty() {
            if entries.next_depth() > 1 {
                match entries.read_abbreviation() {
                    Ok(Some(abbreviation)) if entries.skip_attributes(abbreviation.attributes()).is_ok() => continue,
                    Ok(None) => continue,
                    _ => break,
                }
            }
            match entries.read_entry(&mut die) {
                Ok(true) => children.push(Entry {
                    offset: start.saturating_add(die.offset().0),
                    unit_index: self.unit_index,
                    unit: Rc::clone(&self.unit),
                    die: die.clone(),
                }),
                Ok(false) => {}
                Err(_) => break,
            }
        }
        children
    }
}
