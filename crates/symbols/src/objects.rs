//! What lies at an address of memory: variables with static storage, virtual tables, and the types behind those.
//!
//! Invariant: an object is only named for an address that it covers by its own size, and a dynamic type only when the
//! guest's own type information, or DWARF, names it.

use freezeframe_debuggee::{FrameAccess, Unavailable};
use gimli::{AttributeValue, constants};

use crate::{
    Symbols, TypeId, Variable,
    dwarf::{Dwarf, Entry},
    names,
    types::Types,
};

/// The longest name that is read from the guest's type information.
const MAX_TYPE_NAME: usize = 4096;
/// No object is larger than a memory's half.
const MAX_TO_TOP: i32 = 1 << 30;

/// A variable with static storage, found by an address inside of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataObject {
    /// The variable.
    pub variable: Variable,
    /// Its linkage name, where DWARF gives one.
    pub linkage_name: Option<String>,
    /// Where it begins.
    pub address: u64,
    /// Its size in bytes.
    pub size: u64,
    /// If it is a virtual table: the type whose methods it has (Rust's trait objects; C++ classes of newer compilers).
    pub vtable_of: Option<TypeId>,
}

/// What an object really is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DynamicType {
    /// Its class as people write it.
    pub name: String,
    /// Its class; `None` when no DWARF describes it.
    pub ty: Option<TypeId>,
    /// How many bytes before the part that was looked at the whole object begins.
    pub to_top: u64,
}

impl Symbols {
    /// The variable with static storage that covers an address of memory 0. Thread-locals are not among them: their
    /// addresses are a thread's.
    pub fn object_at(&self, address: u64) -> Option<DataObject> {
        let placed = self.placed();
        let after = placed.partition_point(|(start, ..)| *start <= address);
        // Objects don't overlap, but zero-sized ones may lie at the start of others.
        let before = placed.get(after.saturating_sub(4)..after)?;
        let (start, size, variable) = before.iter().rev().find(|(start, size, _)| address - start < *size)?;
        let dwarf = self.dwarf();
        let entry = dwarf.entry(usize::try_from(variable.id.0).ok()?)?;
        let chain = dwarf.chain(entry);
        let linkage_name = chain.iter().find_map(|entry| entry.string(&dwarf, constants::DW_AT_linkage_name));
        let vtable_of = vtable_of(self, &dwarf, variable, &chain, linkage_name.as_deref());
        Some(DataObject { variable: variable.clone(), linkage_name, address: *start, size: *size, vtable_of })
    }

    /// The class of a C++ object, from what its pointer to the virtual table holds: told by the type information that
    /// lies before the table.
    ///
    /// # Errors
    /// [`Unavailable`] when no type information lies there: the pointer isn't one to a virtual table (yet, or any more),
    /// or the program was compiled without (`-fno-rtti`).
    pub fn dynamic_type(&self, vtable: u64, frame: &mut dyn FrameAccess) -> Result<DynamicType, Unavailable> {
        let none = || Unavailable::new("its dynamic type isn't known: no type information lies at its virtual table");
        let mut before = [0; 8];
        frame.memory(vtable.checked_sub(8).ok_or_else(none)?, &mut before)?;
        let [a, b, c, d, e, f, g, h] = before;
        let to_top = i32::from_le_bytes([a, b, c, d]);
        let type_info = u64::from(u32::from_le_bytes([e, f, g, h]));
        if type_info == 0 || !(-MAX_TO_TOP..=0).contains(&to_top) {
            return Err(none());
        }
        let mut pointer = [0; 4];
        frame.memory(type_info + 4, &mut pointer)?;
        let name = string(u64::from(u32::from_le_bytes(pointer)), frame)?;
        // A star: the name is unique by its address alone.
        let mangled = name.strip_prefix('*').unwrap_or(&name);
        let begins = |c: char| c.is_ascii_digit() || matches!(c, 'N' | 'S' | 'Z');
        if !mangled.starts_with(begins) {
            return Err(none());
        }
        let demangled = names::demangle(&format!("_ZTI{mangled}")).ok_or_else(none)?;
        let name = demangled.strip_prefix("typeinfo for ").ok_or_else(none)?.to_owned();
        Ok(DynamicType { ty: self.type_of_path(&name), name, to_top: u64::from(to_top.unsigned_abs()) })
    }

    /// The one definition of a type of exactly this path, spaces aside.
    fn type_of_path(&self, path: &str) -> Option<TypeId> {
        let plain = |path: &str| path.chars().filter(|c| *c != ' ').collect::<String>();
        let dwarf = self.dwarf();
        let wanted = plain(path);
        let candidates = self.index().types_named(&dwarf, names::short(path));
        let mut meant = candidates.iter().filter(|at| plain(&self.index().path(&dwarf, **at).join()) == wanted);
        Some(TypeId(u64::from(self.index().scope(&dwarf, *meant.next()?)?.offset)))
    }

    /// The definition of a type.
    pub(crate) fn definition<'a>(&'a self, dwarf: &Dwarf<'a>, id: TypeId) -> Option<Entry<'a>> {
        let entry = dwarf.entry(usize::try_from(id.0).ok()?)?;
        Some(Types { dwarf, index: self.index(), lines: self.lines() }.definition(entry))
    }

    /// Variables at constant addresses: where they begin, and their sizes; by address.
    pub(crate) fn place_all(&self) -> Vec<(u64, u64, Variable)> {
        let dwarf = self.dwarf();
        let variables = self.all_globals().iter().map(|(_, variable)| variable);
        let mut placed: Vec<(u64, u64, Variable)> = variables
            .filter_map(|variable| {
                let entry = dwarf.entry(usize::try_from(variable.id.0).ok()?)?;
                let address = constant_address(&dwarf, &entry)?;
                let size = self.ty(variable.ty?).ok()?.size.filter(|size| *size > 0)?;
                Some((address, size, variable.clone()))
            })
            .collect();
        placed.sort_by_key(|(address, size, _)| (*address, *size));
        placed
    }
}

/// The address of a variable whose location is nothing else.
fn constant_address<'a>(dwarf: &Dwarf<'a>, entry: &Entry<'a>) -> Option<u64> {
    let Some(AttributeValue::Exprloc(expression)) = entry.die.attr_value(constants::DW_AT_location) else {
        return None;
    };
    let mut operations = expression.operations(entry.unit.encoding());
    let address = match operations.next().ok()?? {
        gimli::Operation::Address { address } => address,
        gimli::Operation::AddressIndex { index } => dwarf.of(&entry.unit).address(&entry.unit, index).ok()?,
        _ => return None,
    };
    match operations.next() {
        Ok(None) => Some(address),
        Ok(Some(gimli::Operation::PlusConstant { value })) if matches!(operations.next(), Ok(None)) => {
            address.checked_add(value)
        }
        _ => None,
    }
}

/// The type whose methods a virtual table has.
fn vtable_of<'a>(
    symbols: &'a Symbols,
    dwarf: &Dwarf<'a>,
    variable: &Variable,
    chain: &[Entry<'a>],
    linkage_name: Option<&str>,
) -> Option<TypeId> {
    let own = chain.iter().find_map(|entry| entry.reference(dwarf, constants::DW_AT_containing_type));
    let of_type = || {
        let ty = symbols.definition(dwarf, variable.ty?).filter(|_| variable.name.ends_with("{vtable}"))?;
        ty.reference(dwarf, constants::DW_AT_containing_type)
    };
    if let Some(offset) = own.or_else(of_type) {
        return Some(TypeId(offset as u64));
    }
    let demangled = names::demangle(linkage_name.filter(|name| name.starts_with("_ZTV"))?)?;
    symbols.type_of_path(demangled.strip_prefix("vtable for ")?)
}

/// A string that ends with a zero.
fn string(address: u64, frame: &mut dyn FrameAccess) -> Result<String, Unavailable> {
    let mut bytes = Vec::new();
    while bytes.len() < MAX_TYPE_NAME {
        let mut byte = [0];
        frame.memory(address.saturating_add(bytes.len() as u64), &mut byte)?;
        if byte == [0] {
            return String::from_utf8(bytes).map_err(|_| Unavailable::new("its type information is damaged"));
        }
        bytes.extend(byte);
    }
    Err(Unavailable::new("its type information is damaged"))
}
