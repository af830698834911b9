//! Variables: those in scope at a PC, and those with static storage.
//!
//! Invariant: a [`VariableId`] is the offset of an entry that says where the variable is, if any does; an optimised-out
//! variable of an inlined copy is named by the entry that it would be a copy of.

use std::collections::HashMap;

use gimli::{AttributeValue, constants};

use crate::{
    Language, TypeId, Variable, VariableId, VariableKind,
    dwarf::{Dwarf, Entry},
    functions::declared,
    index::{Global, is_static},
    lines::Lines,
    paths::Index,
    scopes::Scopes,
};

/// The variables of the scopes `chain` (outermost first), which belong to one frame.
pub(crate) fn in_scopes(dwarf: &Dwarf<'_>, lines: &Lines, scopes: &Scopes, chain: &[usize]) -> Vec<Variable> {
    let mut variables = Vec::new();
    for at in chain {
        let Some(scope) = scopes.list.get(*at) else { continue };
        let entries = scope.variables.iter().filter_map(|offset| dwarf.entry(*offset));
        let mut own: Vec<Option<Entry<'_>>> = entries.map(Some).collect();
        // What the compiler threw away without a trace is still known from what this is a copy of, as is the order.
        if let Some(original) = scope.origin.and_then(|origin| dwarf.entry(origin)) {
            let mut copies: HashMap<usize, usize> = HashMap::new();
            for (at, entry) in own.iter().enumerate() {
                if let Some(origin) = entry.as_ref().and_then(|entry| entry.more(dwarf)) {
                    copies.entry(origin).or_insert(at);
                }
            }
            for entry in original.children(dwarf).into_iter().filter(is_local) {
                let copy = copies.get(&entry.offset).and_then(|at| own.get_mut(*at)?.take());
                variables.extend(variable(dwarf, lines, copy.unwrap_or(entry), scope.depth));
            }
        }
        variables.extend(own.into_iter().flatten().filter_map(|entry| variable(dwarf, lines, entry, scope.depth)));
    }
    variables
}

fn is_local(entry: &Entry<'_>) -> bool {
    matches!(entry.die.tag(), constants::DW_TAG_variable | constants::DW_TAG_formal_parameter)
}

/// The variable of any entry that is one.
pub(crate) fn any<'a>(dwarf: &Dwarf<'a>, lines: &Lines, entry: Entry<'a>) -> Option<Variable> {
    is_local(&entry).then(|| variable(dwarf, lines, entry, 0)).flatten()
}

/// The variable of an entry inside of a function; `None` if it has no name or is only a declaration.
fn variable<'a>(dwarf: &Dwarf<'a>, lines: &Lines, entry: Entry<'a>, depth: u32) -> Option<Variable> {
    if entry.flag(constants::DW_AT_declaration) {
        return None;
    }
    let id = VariableId(entry.offset as u64);
    let kind = match entry.die.tag() {
        constants::DW_TAG_formal_parameter => VariableKind::Parameter,
        constants::DW_TAG_constant => VariableKind::Constant,
        _ => match entry.die.attr_value(constants::DW_AT_location) {
            Some(AttributeValue::Exprloc(expression)) if is_static(expression.0.slice()) => VariableKind::Static,
            _ => VariableKind::Local,
        },
    };
    let chain = dwarf.chain(entry);
    let name = chain.iter().find_map(|entry| entry.string(dwarf, constants::DW_AT_name))?;
    let flag = |name| chain.iter().any(|entry| entry.flag(name));
    Some(Variable {
        id,
        name,
        kind,
        ty: type_of(dwarf, &chain),
        declared: declared(lines, &chain),
        depth,
        artificial: flag(constants::DW_AT_artificial),
    })
}

/// The type that the first of the entries names.
pub(crate) fn type_of<'a>(dwarf: &Dwarf<'a>, chain: &[Entry<'a>]) -> Option<TypeId> {
    chain.iter().find_map(|entry| Some(TypeId(entry.reference(dwarf, constants::DW_AT_type)? as u64)))
}

/// The variable of an entry of the index; `None` if it has no name, or lay in what the linker threw away.
pub(crate) fn global(dwarf: &Dwarf<'_>, lines: &Lines, index: &Index, unit: u32, global: &Global) -> Option<Variable> {
    let entry = dwarf.entry(global.offset as usize)?;
    let location = entry.die.attr_value(constants::DW_AT_location);
    if let Some(AttributeValue::Exprloc(expression)) = &location
        && is_dead(dwarf, &entry, expression)
    {
        return None;
    }
    let kind = if location.is_some() { VariableKind::Static } else { VariableKind::Constant };
    let chain = dwarf.chain(entry);
    let plain = chain.iter().find_map(|entry| entry.text(dwarf, constants::DW_AT_name))?;
    // A definition outside of its class has the name that its declaration has inside.
    let declaration = (global.origin != 0).then(|| index.scope_at(dwarf, global.origin)).flatten();
    let path = match declaration {
        Some(declaration) => index.path(dwarf, declaration),
        None => index.path_within(dwarf, unit, global.parent, plain),
    };
    let is_c = index.language(dwarf, unit) == Language::C;
    let name = if path.nameless || (is_c && !global.in_function) { path.parts.last()?.clone() } else { path.join() };
    let flagged = chain.iter().any(|entry| entry.flag(constants::DW_AT_artificial));
    Some(Variable {
        id: VariableId(u64::from(global.offset)),
        kind,
        ty: type_of(dwarf, &chain),
        declared: declared(lines, &chain),
        depth: 0,
        // Rust doesn't flag these.
        artificial: flagged || name.ends_with("::{vtable}"),
        name,
    })
}

/// Whether an address is the linker's mark for data that it threw away.
fn is_dead<'a>(dwarf: &Dwarf<'a>, entry: &Entry<'a>, expression: &gimli::Expression<crate::dwarf::Reader<'a>>) -> bool {
    let address = match expression.operations(entry.unit.encoding()).next() {
        Ok(Some(gimli::Operation::Address { address })) => Some(address),
        Ok(Some(gimli::Operation::AddressIndex { index })) => dwarf.of(&entry.unit).address(&entry.unit, index).ok(),
        _ => return false,
    };
    address.is_none_or(|address| address == 0 || address >= u64::from(u32::MAX - 1))
}
