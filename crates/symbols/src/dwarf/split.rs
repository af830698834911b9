//! Split units: the half of a unit that stayed in the module finds the other half.
//!
//! Invariant: two halves are joined only if both have the same number, so that a file of another build is refused. Of
//! halves that aren't there at most [`MAX_PARTS`] are known, with at most [`MAX_PATH`] of each name.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use gimli::{LittleEndian, SectionId};

use super::{
    Reader,
    sections::{MAX_PARTS, Sections},
    units::Units,
};
use crate::{SplitUnit, module::Module};

/// How many rows of a package's index of type units are looked at.
const MAX_TYPE_ROWS: u32 = 1 << 12;

/// No system opens a file whose path is longer.
const MAX_PATH: usize = 4 << 10;

impl Units {
    /// Gives each split unit what only its other half knows, and says which are missing.
    pub(super) fn join_split(&mut self, sections: &Sections) {
        // Of several with one number the first: they would be the same.
        let mut others: HashMap<u64, usize> = HashMap::new();
        for (at, unit) in self.list.iter().enumerate().filter(|(_, unit)| is_split(sections, unit.part)) {
            if let Some(id) = unit.split.id {
                others.entry(id).or_insert(at);
            }
        }
        let mut joined: HashSet<usize> = HashSet::new();
        let mut more = 0_usize;
        for at in 0..self.list.len() {
            let Some(half) = self.list.get(at).filter(|unit| unit.part == 0 && !unit.split.file.is_none()) else {
                continue;
            };
            let (id, file, directory) = (half.split.id, half.split.file, half.directory);
            let (addr_base, low_pc) = (half.addr_base, half.low_pc);
            let (line_program, rnglists_base) = (half.line_program, half.rnglists_base);
            let other = id.and_then(|id| others.get(&id)).and_then(|other| self.list.get_mut(*other));
            let Some(other) = other else {
                // More files than there can be parts would be looked for in vain.
                if self.missing.len() >= MAX_PARTS {
                    more += 1;
                    continue;
                }
                let path = |text| {
                    let text = sections.str(text);
                    text.get(..text.floor_char_boundary(MAX_PATH)).unwrap_or_default().to_owned()
                };
                self.missing.push(SplitUnit { file: path(file), directory: path(directory), id: id.unwrap_or(0) });
                continue;
            };
            joined.insert(other.start);
            (other.addr_base, other.low_pc, other.line_program) = (addr_base, low_pc, line_program);
            if other.split.old {
                other.rnglists_base = rnglists_base;
            }
            if other.directory.is_none() {
                other.directory = directory;
            }
        }
        if more > 0 {
            self.warnings.push(format!(
                "functions, variables and types of {more} more units are in files of their own, which aren't looked for"
            ));
        }
        // Without its other half nothing of a unit is where it says.
        let types = &self.type_units;
        self.list.retain(|unit| {
            !is_split(sections, unit.part) || joined.contains(&unit.start) || types.contains(&unit.start)
        });
    }
}

fn is_split(sections: &Sections, part: usize) -> bool {
    sections.parts().get(part).is_some_and(|part| part.split)
}

impl Sections {
    /// Adds a file with split units, or a package of several: of a package what these units want.
    pub fn add_split(&mut self, module: &Module, data: Bytes, wanted: &[SplitUnit]) {
        let ranges = Self::split_ranges(module);
        let Some(buffer) = self.add_buffer(data.clone()) else { return };
        let index = |id: SectionId| -> &[u8] {
            let range = module.debug_sections.get(id.name()).cloned();
            range.and_then(|range| data.get(range)).unwrap_or_default()
        };
        let units = gimli::DebugCuIndex::new(index(SectionId::DebugCuIndex), LittleEndian).index();
        let types = gimli::DebugTuIndex::new(index(SectionId::DebugTuIndex), LittleEndian).index();
        let Some(units) = units.ok().filter(|units| units.unit_count() > 0) else {
            self.add_part(buffer, ranges, true);
            return;
        };
        let mut add = |index: &gimli::UnitIndex<Reader<'_>>, row: u32| {
            let Ok(contributions) = index.sections(row) else { return };
            let contributions: Vec<_> = contributions.collect();
            let own = ranges.iter().filter_map(|(id, range)| {
                let Some(own) = contributions.iter().find(|own| own.section.section_id() == *id) else {
                    // Strings are shared; of the rest a unit has nothing that the index doesn't name.
                    return matches!(*id, SectionId::DebugStr | SectionId::DebugLineStr).then(|| (*id, range.clone()));
                };
                let start = range.start.checked_add(own.offset as usize)?;
                let end = start.checked_add(own.size as usize).filter(|end| *end <= range.end)?;
                Some((*id, start..end))
            });
            let own = own.collect();
            self.add_part(buffer, own, true);
        };
        for row in wanted.iter().filter_map(|unit| units.find(unit.id)) {
            add(&units, row);
        }
        if let Ok(types) = types {
            for row in 1..=types.unit_count().min(MAX_TYPE_ROWS) {
                add(&types, row);
            }
        }
    }
}
