//! Split units: the half of a unit that stayed in the module finds the other half.
//!
//! Invariant: two halves are joined only if both have the same number, so that a file of another build is refused.

use std::sync::Arc;

use gimli::{LittleEndian, SectionId};

use super::{
    Reader,
    sections::Sections,
    units::{UnitInfo, Units},
};
use crate::{SplitUnit, module::Module};

/// How many rows of a package's index of type units are looked at.
const MAX_TYPE_ROWS: u32 = 1 << 12;

impl Units {
    /// Gives each split unit what only its other half knows, and says which are missing.
    pub(super) fn join_split(&mut self, sections: &Sections) {
        let halves: Vec<usize> = (0..self.list.len()).filter(|at| self.is_skeleton(*at)).collect();
        let mut joined: Vec<usize> = Vec::new();
        for at in halves {
            let Some(half) = self.list.get(at) else { continue };
            let (id, file, directory) = (half.split.id, half.split.file, half.directory);
            let base = (half.addr_base, half.low_pc, half.line_program, half.rnglists_base);
            let is_other = |unit: &&mut UnitInfo| is_split(sections, unit.part) && unit.split.id == id && id.is_some();
            let other = self.list.iter_mut().find(is_other);
            match other {
                Some(other) => {
                    joined.push(other.start);
                    (other.addr_base, other.low_pc, other.line_program) = (base.0, base.1, base.2);
                    if other.split.old {
                        other.rnglists_base = base.3;
                    }
                    if other.directory.is_none() {
                        other.directory = directory;
                    }
                }
                None => self.missing.push(SplitUnit {
                    file: sections.str(file).into_owned(),
                    directory: sections.str(directory).into_owned(),
                    id: id.unwrap_or(0),
                }),
            }
        }
        // Without its other half nothing of a unit is where it says.
        let types = &self.type_units;
        self.list.retain(|unit| {
            !is_split(sections, unit.part) || joined.contains(&unit.start) || types.contains(&unit.start)
        });
    }

    fn is_skeleton(&self, at: usize) -> bool {
        self.list.get(at).is_some_and(|unit| unit.part == 0 && !unit.split.file.is_none())
    }
}

fn is_split(sections: &Sections, part: usize) -> bool {
    sections.parts().get(part).is_some_and(|part| part.split)
}

impl Sections {
    /// Adds a file with split units, or a package of several: of a package what these units want.
    pub fn add_split(&mut self, module: &Module, data: Arc<[u8]>, wanted: &[SplitUnit]) {
        let ranges = Self::split_ranges(module);
        let Some(buffer) = self.add_buffer(Arc::clone(&data)) else { return };
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
