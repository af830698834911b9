//! What is wanted of all units together, so that the index of each needn't stay or be made again for it.
//!
//! Invariant: [`Overview::definitions`] is sorted and has each declaration once.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{
    dwarf::{Sections, Units},
    index::UnitIndex,
    module::Module,
    paths::Index,
};

/// What was gathered from all units.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Overview {
    /// Whether most of the functions that DWARF describes begin where no function of the module does.
    pub stale: bool,
    /// What of the units could not be read.
    pub damage: Vec<String>,
    /// Declarations of variables that are defined elsewhere, and where: offsets.
    pub definitions: Vec<(u32, u32)>,
}

impl Overview {
    /// Goes through the index of every unit.
    pub fn build(sections: &Sections, units: &Units, module: &Module, index: &Index) -> Self {
        let all: Vec<&UnitIndex> = index.all(sections, units).map(|(_, unit)| unit).collect();
        let globals = all.iter().flat_map(|unit| &unit.globals).filter(|global| global.origin != 0);
        let definitions: HashMap<u32, u32> = globals.map(|global| (global.origin, global.offset)).collect();
        let mut definitions: Vec<(u32, u32)> = definitions.into_iter().collect();
        definitions.sort_unstable();
        let damage = all.iter().filter_map(|unit| unit.damage.clone()).collect();
        Self { stale: is_stale(module, &all), damage, definitions }
    }

    /// Where a variable is defined whose declaration is at this offset.
    pub fn definition_of(&self, declaration: u32) -> Option<u32> {
        let at = self.definitions.binary_search_by_key(&declaration, |(declaration, _)| *declaration).ok()?;
        self.definitions.get(at).map(|(_, definition)| *definition)
    }
}

fn is_stale(module: &Module, index: &[&UnitIndex]) -> bool {
    let mut known: HashMap<u32, bool> = HashMap::new();
    for subprogram in index.iter().flat_map(|unit| &unit.subprograms) {
        // The linker's marks for what it threw away.
        if subprogram.low_pc == 0 || subprogram.low_pc >= u32::MAX - 1 {
            continue;
        }
        let pc = subprogram.low_pc.saturating_add(module.code_start);
        let body = module.body_at(pc).and_then(|at| module.bodies.get(at));
        let begins = body.is_some_and(|body| pc == body.start || pc == body.first_operator);
        *known.entry(subprogram.low_pc).or_default() |= begins;
    }
    let fitting = known.values().filter(|fits| **fits).count();
    !module.bodies.is_empty() && fitting * 2 < known.len()
}
