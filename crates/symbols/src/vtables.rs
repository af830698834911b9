//! Which type a vtable of Rust belongs to: what is behind a `dyn Trait`.
//!
//! Rust describes each vtable as a variable whose type names, as its containing type, the type that the vtable is for.

use std::collections::HashMap;

use gimli::{AttributeValue, constants};

use crate::{TypeId, Variable, dwarf::Dwarf};

/// The types by the address of their vtable.
#[derive(Debug, Default)]
pub(crate) struct Vtables(HashMap<u64, Vec<TypeId>>);

impl Vtables {
    /// Reads the vtables among the globals.
    pub fn build<'v>(dwarf: &Dwarf<'_>, globals: impl Iterator<Item = &'v Variable>) -> Self {
        let mut found: HashMap<u64, Vec<TypeId>> = HashMap::new();
        for global in globals.filter(|global| global.name.ends_with("{vtable}")) {
            if let Some((address, ty)) = vtable(dwarf, global) {
                let types = found.entry(address).or_default();
                if !types.contains(&ty) {
                    types.push(ty);
                }
            }
        }
        Self(found)
    }

    /// The types of the vtable at this address: several when the linker found theirs to be the same.
    pub fn types(&self, address: u64) -> &[TypeId] {
        self.0.get(&address).map_or(&[], Vec::as_slice)
    }
}

fn vtable(dwarf: &Dwarf<'_>, global: &Variable) -> Option<(u64, TypeId)> {
    let entry = dwarf.entry(usize::try_from(global.id.0).ok()?)?;
    let AttributeValue::Exprloc(expression) = entry.die.attr_value(constants::DW_AT_location)? else { return None };
    let address = match expression.operations(entry.unit.encoding()).next().ok()?? {
        gimli::Operation::Address { address } => address,
        gimli::Operation::AddressIndex { index } => dwarf.of(&entry.unit).address(&entry.unit, index).ok()?,
        _ => return None,
    };
    let ty = dwarf.entry(entry.reference(dwarf, constants::DW_AT_type)?)?;
    let of = ty.reference(dwarf, constants::DW_AT_containing_type)?;
    Some((address, TypeId(of as u64)))
}
