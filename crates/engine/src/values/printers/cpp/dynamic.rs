//! What an object really is: its dynamic type, the bases of its class, and pointers from one to the other.
//!
//! Invariant: an object is taken for one of a derived class only when the guest's own type information says so and the debug
//! information has the static type among the bases of that class. Damaged objects stay what they're declared to be.

use freezeframe_debuggee::Unavailable;
use freezeframe_symbols::{DynamicType, Language, Record, TypeKind};

use super::names::short;
use crate::values::{ADDRESS_SIZE, Context, Value, ValueType};

/// How many classes may lie inside one another.
const DEEPEST: u32 = 16;
/// How many bases are looked at in a search.
const MOST_BASES: u32 = 512;

impl Context<'_> {
    /// Base `index` of a class, as a part of an object.
    pub(crate) fn base_part(&mut self, value: &Value, record: &Record, index: usize) -> Result<Value, Unavailable> {
        let base = record.bases.get(index).ok_or_else(|| Unavailable::new("there is no such base class"))?;
        let ty = ValueType::Named(base.ty);
        if let Some(offset) = base.offset {
            return self.part(value, 1, offset, ty).map_err(|error| Unavailable(error.to_string()));
        }
        let place = match (self.strip(&value.ty), value.address()) {
            (ValueType::Named(id), Some(address)) => {
                let symbols = self.symbols.clone();
                symbols.base_address(id, index, address, &mut self.access())
            }
            _ => Err(Unavailable::new("a virtual base of an object that isn't in memory")),
        };
        Ok(self.at(place?, ty))
    }

    /// The class behind a virtual table.
    pub(super) fn dynamic_type(&mut self, table: u64) -> Result<DynamicType, Unavailable> {
        let symbols = self.symbols.clone();
        symbols.dynamic_type(table, &mut self.access())
    }

    /// Where in objects of a type the pointer to the virtual table lies; `None` for a class without.
    fn table_at(&self, ty: &ValueType, depth: u32) -> Option<u64> {
        let depth = depth.checked_sub(1)?;
        let ty = self.stripped(ty)?;
        let TypeKind::Record(record) = &ty.kind else { return None };
        let own = record.members.iter().find(|m| m.name.as_deref().is_some_and(|name| name.starts_with("_vptr")));
        if let Some(own) = own {
            return Some(own.offset);
        }
        let mut bases = record.bases.iter();
        bases.find_map(|base| self.table_at(&ValueType::Named(base.ty), depth)?.checked_add(base.offset?))
    }

    /// The whole object that a value is a part of, if that is one of a derived class.
    pub(crate) fn most_derived(&mut self, value: &Value) -> Option<Value> {
        if self.language_of(&value.ty) != Language::Cpp {
            return None;
        }
        let at = self.table_at(&value.ty, DEEPEST)?;
        let address = value.address()?;
        let table = self.read_number(address.checked_add(at)?, ADDRESS_SIZE as usize).ok()?;
        let found = self.dynamic_type(table).ok()?;
        let ty = ValueType::Named(found.ty?);
        // The table may be that of a base in which it lies.
        let whole = self.at(address.checked_add(at)?.checked_sub(found.to_top)?, ty);
        let wanted = self.class_name(&value.ty)?;
        if self.class_name(&whole.ty)? == wanted {
            return None;
        }
        let mut bases = MOST_BASES;
        let inside = self.base_within(&whole, &wanted, Some(address), DEEPEST, &mut bases);
        inside.is_some().then_some(whole)
    }

    /// A value as what it really is, and what is to be written before it if that is something else than its type says.
    pub(crate) fn as_what_it_is(&mut self, value: Value) -> (String, Value) {
        match self.most_derived(&value) {
            Some(whole) => (format!("({}) ", short(&self.type_name(&whole.ty))), whole),
            None => (String::new(), value),
        }
    }

    /// The type of what a pointer points to, where that is more than the pointer's type says.
    pub(crate) fn dynamic_label(&mut self, pointer: &Value) -> Option<String> {
        let target = self.pointee(&pointer.ty).flatten()?;
        self.table_at(&target, DEEPEST)?;
        let address = self.address_in(pointer).ok().filter(|address| *address != 0)?;
        let target = self.at(address, target);
        let whole = self.most_derived(&target)?;
        Some(short(&self.type_name(&whole.ty)))
    }

    fn class_name(&self, ty: &ValueType) -> Option<String> {
        let ty = self.stripped(ty)?;
        matches!(ty.kind, TypeKind::Record(_)).then(|| ty.name.clone())
    }

    /// The base of this name, at this address if one is given.
    fn base_within(
        &mut self,
        value: &Value,
        name: &str,
        at: Option<u64>,
        depth: u32,
        bases: &mut u32,
    ) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        let ty = self.stripped(&value.ty)?;
        let TypeKind::Record(record) = &ty.kind else { return None };
        for index in 0..record.bases.len() {
            *bases = bases.checked_sub(1)?;
            let Ok(part) = self.base_part(value, record, index) else { continue };
            if self.class_name(&part.ty).as_deref() == Some(name) && at.is_none_or(|at| part.address() == Some(at)) {
                return Some(part);
            }
            if let Some(found) = self.base_within(&part, name, at, depth, bases) {
                return Some(found);
            }
        }
        None
    }

    /// The address of an object of `from` as one of `to`, where one class is a base of the other; `None` where neither is, and
    /// the address stays.
    pub(crate) fn converted_address(&mut self, address: u64, from: &ValueType, to: &ValueType) -> Option<u64> {
        let (from_name, to_name) = (self.class_name(from)?, self.class_name(to)?);
        if address == 0 || from_name == to_name {
            return None;
        }
        let object = self.at(address, from.clone());
        let mut bases = MOST_BASES;
        if let Some(base) = self.base_within(&object, &to_name, None, DEEPEST, &mut bases) {
            return base.address();
        }
        // Down by what the object says it is: that is right for virtual bases too.
        if let Some(whole) = self.most_derived(&object) {
            if self.class_name(&whole.ty)? == to_name {
                return whole.address();
            }
            let mut bases = MOST_BASES;
            if let Some(part) = self.base_within(&whole, &to_name, None, DEEPEST, &mut bases) {
                return part.address();
            }
        }
        // Down by the distance that the class has to its base.
        let derived = self.at(address, to.clone());
        let mut bases = MOST_BASES;
        let base = self.base_within(&derived, &from_name, None, DEEPEST, &mut bases)?;
        address.checked_sub(base.address()?.checked_sub(address)?)
    }
}
