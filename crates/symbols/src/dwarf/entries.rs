//! Entries, and the references between them.
//!
//! Invariant: an [`Entry`] was read whole. Offsets are those of `.debug_info`; following references ends after
//! [`MAX_CHAIN`] steps.

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::HashMap,
    ops::Range,
    rc::Rc,
};

use gimli::{AttributeValue, DebugInfoOffset, DebuggingInformationEntry, DwAt, SectionId, UnitOffset, constants};

use super::{
    sections::{Sections, Text},
    units::{Reader, Unit, Units, header, text},
};

/// How many references are followed from an entry to where its attribute is.
const MAX_CHAIN: usize = 8;

/// How often one question may read all range lists. Compilers write a list for each entry.
const LIST_READS: usize = 4;
/// What even a small module may have of them.
const LEAST_LIST_ENTRIES: usize = 1 << 16;

/// The DWARF of a module for the length of one question.
pub(crate) struct Dwarf<'a> {
    /// The readers of each part's sections.
    readers: Vec<OnceCell<Box<gimli::Dwarf<Reader<'a>>>>>,
    /// The units.
    pub units: &'a Units,
    /// The sections.
    pub sections: &'a Sections,
    made: RefCell<HashMap<usize, Rc<Unit<'a>>>>,
    /// How many entries of range lists may still be read: many entries may share a list, and a list may have no range.
    list_entries: Cell<usize>,
    none: OnceCell<Box<gimli::Dwarf<Reader<'a>>>>,
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
        let readers = sections.parts().iter().map(|_| OnceCell::new()).collect();
        let lists = |id| (0..sections.parts().len()).map(|part| sections.section(part, id).len()).sum::<usize>();
        let bytes = lists(SectionId::DebugRanges).saturating_add(lists(SectionId::DebugRngLists));
        let list_entries = Cell::new(bytes.saturating_mul(LIST_READS).saturating_add(LEAST_LIST_ENTRIES));
        Self { readers, units, sections, made: RefCell::default(), list_entries, none: OnceCell::new() }
    }

    /// The readers of the sections that a unit is written in.
    pub fn of(&self, unit: &Unit<'a>) -> &gimli::Dwarf<Reader<'a>> {
        self.part(unit.part)
    }

    fn part(&self, part: usize) -> &gimli::Dwarf<Reader<'a>> {
        // There is a part 0 always, and a unit is in one that there is.
        match self.readers.get(part) {
            Some(readers) => readers.get_or_init(|| Box::new(self.sections.dwarf(part))),
            None => self.none.get_or_init(Box::default),
        }
    }

    /// The unit at this position.
    pub fn unit(&self, index: usize) -> Option<Rc<Unit<'a>>> {
        if let Some(unit) = self.made.borrow().get(&index) {
            return Some(Rc::clone(unit));
        }
        let info = self.units.list.get(index)?;
        let part = self.sections.parts().get(info.part)?;
        let header = header(self.part(info.part), part.units_in, info.start.checked_sub(part.start)?).ok()?;
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
        text(self.sections, self.of(unit), unit, value)
    }

    /// The same of a string that may be as long as a source file.
    pub fn whole_text(&self, unit: &Unit<'a>, value: Value<'a>) -> Text {
        match self.of(unit).attr_string(unit, value) {
            Ok(string) => self.sections.text(unit.part, string.slice()),
            Err(_) => Text::NONE,
        }
    }

    /// The offset of the entry that an attribute refers to.
    pub fn reference(&self, unit_index: usize, value: &Value<'a>) -> Option<usize> {
        match value {
            AttributeValue::UnitRef(within) => self.units.list.get(unit_index)?.start.checked_add(within.0),
            AttributeValue::DebugInfoRef(offset) => self.absolute(unit_index, *offset),
            AttributeValue::DebugTypesRef(signature) => self.units.signatures.get(&signature.0).copied(),
            _ => None,
        }
    }

    /// The entry that a unit means by an offset of its part's `.debug_info`.
    pub fn absolute(&self, unit_index: usize, offset: DebugInfoOffset) -> Option<usize> {
        let part = self.sections.parts().get(self.units.list.get(unit_index)?.part)?;
        part.references.checked_add(offset.0)
    }

    /// The address that an attribute holds.
    pub fn address(&self, unit: &Unit<'a>, value: Value<'a>) -> Option<u64> {
        self.of(unit).attr_address(unit, value).ok().flatten()
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

    /// At most `limit` of the ranges that an attribute lists, empty ones and tombstones left out.
    pub fn listed_ranges(&self, unit: &Unit<'a>, value: Value<'a>, limit: usize) -> Vec<Range<u64>> {
        let mut ranges = Vec::new();
        let Ok(Some(mut list)) = self.of(unit).attr_ranges(unit, value) else { return ranges };
        while ranges.len() < limit
            && let Some(left) = self.list_entries.get().checked_sub(1)
            && let Ok(Some(entry)) = list.next_raw()
        {
            self.list_entries.set(left);
            match list.convert_raw(entry) {
                Ok(Some(range)) if range.begin < range.end => ranges.push(range.begin..range.end),
                Ok(_) => {}
                Err(_) => break,
            }
        }
        ranges
    }

    /// The code of an entry, as addresses of DWARF: at most `limit` ranges, tombstones left out.
    pub fn ranges(&self, entry: &Entry<'a>, limit: usize) -> Vec<Range<u64>> {
        let mut ranges = Vec::new();
        if let Some(value) = entry.die.attr_value(constants::DW_AT_ranges) {
            ranges = self.listed_ranges(&entry.unit, value, limit);
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
