//! One pass over all entries: what has a name, where it's nested, and which code it has.
//!
//! Invariant: [`UnitIndex::scopes`] is sorted by offset and a parent comes before its children. A unit whose entries
//! break off is kept up to there.

use gimli::{Abbreviation, AttributeSpecification, AttributeValue, DwTag, constants};

use crate::dwarf::{Dwarf, Reader, Text, Unit};

/// No parent.
pub(crate) const NO_PARENT: u32 = u32::MAX;

/// An entry with a name: a namespace, a type, a subprogram.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    /// Its offset in `.debug_info`.
    pub offset: u32,
    /// The position of the entry around it in [`UnitIndex::scopes`].
    pub parent: u32,
    /// Its name.
    pub name: Text,
    /// Its tag.
    pub tag: DwTag,
    /// Whether it's only declared.
    pub declaration: bool,
    /// The offset of what it specifies or is a copy of, or of the type in a unit of its own; 0 for nothing.
    pub origin: u32,
}

/// A subprogram with code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subprogram {
    /// Its position in [`UnitIndex::scopes`].
    pub scope: u32,
    /// Its first address.
    pub low_pc: u32,
    /// One past its last address, where its entry says so plainly.
    pub high_pc: Option<u32>,
}

/// A call that was inlined.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inlined {
    /// Its offset in `.debug_info`.
    pub offset: u32,
    /// The offset of the subprogram that it's a copy of.
    pub origin: u32,
    /// The subprogram that holds it, as a position in [`UnitIndex::scopes`].
    pub within: u32,
}

/// A variable with static storage or a constant value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Global {
    /// Its offset in `.debug_info`.
    pub offset: u32,
    /// The position of the entry around it in [`UnitIndex::scopes`].
    pub parent: u32,
    /// The offset of what it specifies; 0 for nothing.
    pub origin: u32,
    /// Whether it's inside of a function.
    pub in_function: bool,
}

/// What one unit has.
#[derive(Debug, Default)]
pub(crate) struct UnitIndex {
    /// Entries with names, by offset.
    pub scopes: Vec<Scope>,
    /// Subprograms with code.
    pub subprograms: Vec<Subprogram>,
    /// Inlined calls.
    pub inlined: Vec<Inlined>,
    /// Variables.
    pub globals: Vec<Global>,
    /// Why the rest of the unit is missing.
    pub damage: Option<String>,
}

impl UnitIndex {
    /// Reads the entries of the unit at this position.
    pub fn build(dwarf: &Dwarf<'_>, unit_index: usize) -> Self {
        let mut index = Self::default();
        let (Some(info), Some(unit)) = (dwarf.units.list.get(unit_index), dwarf.unit(unit_index)) else { return index };
        let mut pass = Pass { dwarf, unit: &unit, unit_index, index: &mut index };
        if let Err(error) = pass.run(info.start) {
            index.damage = Some(format!("the unit at {:#x} of .debug_info is damaged: {error}", info.start));
        }
        index
    }

    /// The position of the scope at this offset.
    pub fn scope_at(&self, offset: u32) -> Option<usize> {
        self.scopes.binary_search_by_key(&offset, |scope| scope.offset).ok()
    }
}

struct Pass<'p, 'a> {
    dwarf: &'p Dwarf<'a>,
    unit: &'p Unit<'a>,
    unit_index: usize,
    index: &'p mut UnitIndex,
}

/// The two forms of `DW_AT_high_pc`.
enum High {
    Size(u64),
    Address(u64),
}

/// What is read of an entry.
#[derive(Default)]
struct Seen {
    name: Option<Text>,
    low_pc: Option<u64>,
    high_pc: Option<High>,
    origin: Option<u32>,
    declaration: bool,
    located: bool,
    is_static: bool,
    constant: bool,
}

impl<'a> Pass<'_, 'a> {
    fn run(&mut self, start: usize) -> gimli::Result<()> {
        let mut entries = self.unit.entries_raw(None)?;
        // What lies around the entries at each depth: a scope, and whether it's inside of a function.
        let mut around: Vec<(u32, bool)> = Vec::new();
        while !entries.is_empty() {
            let offset = start.saturating_add(entries.next_offset().0);
            let depth = usize::try_from(entries.next_depth()).unwrap_or(0);
            let Some(abbreviation) = entries.read_abbreviation()? else { continue };
            let tag = abbreviation.tag();
            let (parent, in_function) =
                depth.checked_sub(1).and_then(|depth| around.get(depth)).copied().unwrap_or((NO_PARENT, false));
            let mut inside = (parent, in_function);
            if interesting(tag) || (tag == constants::DW_TAG_member && is_declaration(abbreviation)) {
                let mut seen = Seen::default();
                for specification in abbreviation.attributes() {
                    self.attribute(&mut entries, *specification, tag, &mut seen)?;
                }
                inside = self.entry(u32::try_from(offset).unwrap_or(u32::MAX), tag, parent, in_function, &seen);
            } else {
                entries.skip_attributes(abbreviation.attributes())?;
            }
            if abbreviation.has_children() {
                around.truncate(depth);
                around.resize(depth, (parent, in_function));
                around.push(inside);
            }
        }
        Ok(())
    }

    fn attribute(
        &self,
        entries: &mut gimli::EntriesRaw<'_, Reader<'a>>,
        specification: AttributeSpecification,
        tag: DwTag,
        seen: &mut Seen,
    ) -> gimli::Result<()> {
        match specification.name() {
            constants::DW_AT_name
            | constants::DW_AT_low_pc
            | constants::DW_AT_high_pc
            | constants::DW_AT_ranges
            | constants::DW_AT_specification
            | constants::DW_AT_abstract_origin
            | constants::DW_AT_signature
            | constants::DW_AT_declaration
            | constants::DW_AT_location
            | constants::DW_AT_const_value => {}
            _ => return entries.skip_attributes(&[specification]),
        }
        let value = entries.read_attribute(specification)?.value();
        match specification.name() {
            constants::DW_AT_name => seen.name = Some(self.dwarf.text(self.unit, value)),
            constants::DW_AT_low_pc if tag == constants::DW_TAG_subprogram => {
                seen.low_pc = self.dwarf.address(self.unit, value);
            }
            constants::DW_AT_high_pc if tag == constants::DW_TAG_subprogram => {
                seen.high_pc = match value {
                    AttributeValue::Udata(size) => Some(High::Size(size)),
                    value => self.dwarf.address(self.unit, value).map(High::Address),
                };
            }
            constants::DW_AT_ranges if tag == constants::DW_TAG_subprogram => {
                if let Some(first) = self.dwarf.listed_ranges(self.unit, value, 1).first() {
                    seen.low_pc = Some(first.start);
                }
            }
            constants::DW_AT_specification | constants::DW_AT_abstract_origin | constants::DW_AT_signature => {
                let origin = self.dwarf.reference(self.unit_index, &value);
                seen.origin = origin.and_then(|origin| u32::try_from(origin).ok());
            }
            constants::DW_AT_declaration => seen.declaration = matches!(value, AttributeValue::Flag(true)),
            constants::DW_AT_location => {
                seen.located = true;
                if let AttributeValue::Exprloc(expression) = value {
                    seen.is_static = is_static(expression.0.slice());
                }
            }
            constants::DW_AT_const_value => seen.constant = true,
            _ => {}
        }
        Ok(())
    }

    /// Keeps an entry; what lies around its children.
    fn entry(&mut self, offset: u32, tag: DwTag, parent: u32, in_function: bool, seen: &Seen) -> (u32, bool) {
        let origin = seen.origin.unwrap_or(0);
        let name = seen.name.unwrap_or(Text::NONE);
        match tag {
            constants::DW_TAG_inlined_subroutine => {
                if origin != 0 {
                    self.index.inlined.push(Inlined { offset, origin, within: parent });
                }
                (parent, true)
            }
            constants::DW_TAG_variable if !seen.declaration => {
                // Inside of functions constants and computed places are those of optimised variables: they belong to
                // their scope alone.
                if seen.is_static || (!in_function && (seen.located || seen.constant)) {
                    self.index.globals.push(Global { offset, parent, origin, in_function });
                }
                (parent, in_function)
            }
            _ => {
                let scope = u32::try_from(self.index.scopes.len()).unwrap_or(NO_PARENT);
                self.index.scopes.push(Scope { offset, parent, name, tag, declaration: seen.declaration, origin });
                let is_function = tag == constants::DW_TAG_subprogram;
                if let (true, Some(low_pc)) = (is_function, seen.low_pc.and_then(|low_pc| u32::try_from(low_pc).ok())) {
                    let high_pc = match seen.high_pc {
                        Some(High::Size(size)) => u32::try_from(size).ok().and_then(|size| low_pc.checked_add(size)),
                        Some(High::Address(high_pc)) => u32::try_from(high_pc).ok(),
                        None => None,
                    };
                    self.index.subprograms.push(Subprogram { scope, low_pc, high_pc });
                }
                (scope, in_function || is_function)
            }
        }
    }
}

/// Whether entries of this kind say that they are declarations: of members, the static ones.
fn is_declaration(abbreviation: &Abbreviation) -> bool {
    abbreviation.attributes().iter().any(|attribute| attribute.name() == constants::DW_AT_declaration)
}

fn interesting(tag: DwTag) -> bool {
    is_type(tag)
        || matches!(
            tag,
            constants::DW_TAG_namespace
                | constants::DW_TAG_module
                | constants::DW_TAG_subprogram
                | constants::DW_TAG_inlined_subroutine
                | constants::DW_TAG_variable
        )
}

/// Whether entries with this tag are types that have names of their own.
pub(crate) fn is_type(tag: DwTag) -> bool {
    is_record(tag)
        || matches!(
            tag,
            constants::DW_TAG_enumeration_type
                | constants::DW_TAG_typedef
                | constants::DW_TAG_base_type
                | constants::DW_TAG_unspecified_type
                | constants::DW_TAG_template_alias
        )
}

/// Whether entries with this tag have members.
pub(crate) fn is_record(tag: DwTag) -> bool {
    matches!(
        tag,
        constants::DW_TAG_structure_type
            | constants::DW_TAG_class_type
            | constants::DW_TAG_union_type
            | constants::DW_TAG_interface_type
    )
}

/// Whether an expression is the address of a variable with static storage, thread-local ones included.
pub(crate) fn is_static(expression: &[u8]) -> bool {
    let begins = match expression {
        // Relative to a global (`__tls_base`, `__memory_base`).
        [op, kind, ..] if *op == constants::DW_OP_WASM_location.0 => matches!(kind, 1 | 3),
        [op, ..] => {
            matches!(gimli::DwOp(*op), constants::DW_OP_addr | constants::DW_OP_addrx | constants::DW_OP_GNU_addr_index)
        }
        [] => false,
    };
    match expression.last().map(|last| gimli::DwOp(*last)) {
        Some(constants::DW_OP_form_tls_address | constants::DW_OP_GNU_push_tls_address) => true,
        Some(constants::DW_OP_stack_value) => false,
        _ => begins,
    }
}
