//! The way into libc++'s types: members behind bases and anonymous records, pairs that are compressed, arguments of
//! templates, types of nodes.
//!
//! Invariant: every search is over types, bounded in depth and steps; nothing of the guest is read.

use freezeframe_symbols::{Type, TypeId, TypeKind};

use crate::values::{
    Context, Storage, Value, ValueType,
    printers::head,
    view::{List, Trouble},
};

/// How many bases may lie around a member: those of `std::variant` are nine.
const DEEPEST: u32 = 16;
/// How many records are looked into for a member.
const MOST_RECORDS: u32 = 512;
/// Where a made-up object begins, to see where its members lie.
const SOMEWHERE: u64 = 1 << 40;

impl Context<'_> {
    /// The member of this name in the record itself, else in its anonymous members and bases, in their order.
    pub(super) fn inner(&mut self, value: &Value, name: &str) -> Result<Value, Trouble> {
        let mut records = MOST_RECORDS;
        let found = self.inner_within(value, name, DEEPEST, &mut records);
        found.ok_or_else(|| Trouble::layout(format!("a `{}` has no member `{name}` here", self.type_name(&value.ty))))
    }

    /// The first of these members that there is.
    pub(super) fn any_inner(&mut self, value: &Value, names: &[&str]) -> Result<Value, Trouble> {
        let found = names.iter().find_map(|name| self.inner(value, name).ok());
        found.ok_or_else(|| {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            Trouble::layout(format!("a `{}` has none of {} here", self.type_name(&value.ty), names.join(", ")))
        })
    }

    fn inner_within(&mut self, value: &Value, name: &str, depth: u32, records: &mut u32) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        *records = records.checked_sub(1)?;
        let ty = self.stripped(&value.ty)?;
        let TypeKind::Record(record) = &ty.kind else { return None };
        if let Some(member) = record.members.iter().find(|member| member.name.as_deref() == Some(name)) {
            return self.part_of_member(value, member).ok();
        }
        for member in record.members.iter().filter(|member| member.name.is_none()) {
            let part = self.part_of_member(value, member).ok()?;
            if let Some(found) = self.inner_within(&part, name, depth, records) {
                return Some(found);
            }
        }
        for base in &record.bases {
            let Some(offset) = base.offset else { continue };
            let part = self.part(value, 1, offset, ValueType::Named(base.ty)).ok()?;
            if let Some(found) = self.inner_within(&part, name, depth, records) {
                return Some(found);
            }
        }
        None
    }

    /// A member that newer versions call `name`, and that older ones keep in a compressed pair called `pair`, as its first.
    pub(super) fn paired(&mut self, value: &Value, name: &str, pair: &str) -> Result<Value, Trouble> {
        let found = self.any_inner(value, &[name, pair])?;
        let compressed = self.stripped(&found.ty).is_some_and(|ty| head(&ty.name) == "std::__compressed_pair");
        if compressed { self.inner(&found, "__value_") } else { Ok(found) }
    }

    /// An argument of a template that is a type, counted from 0.
    pub(super) fn argument_at(&self, ty: &Type, index: usize) -> Result<ValueType, Trouble> {
        let TypeKind::Record(record) = &ty.kind else {
            return Err(Trouble::layout(format!("`{}` is no record", ty.name)));
        };
        let found = record.type_arguments.get(index).map(|(_, ty)| ValueType::Named(*ty));
        found.ok_or_else(|| Trouble::layout(format!("`{}` names no types that it is made of", ty.name)))
    }

    /// The type of a container's nodes: the allocator, or an iterator, is a template over it.
    pub(super) fn node_type(&self, of: &ValueType, node: &str) -> Result<ValueType, Trouble> {
        let mut types = MOST_RECORDS;
        let ValueType::Named(id) = self.strip(of) else { return Err(self.no_node(of, node)) };
        let found = self.node_within(id, node, 6, &mut types).filter(|id| {
            let ty = self.ty(*id);
            matches!(ty.kind, TypeKind::Record(_))
        });
        found.map(ValueType::Named).ok_or_else(|| self.no_node(of, node))
    }

    fn no_node(&self, of: &ValueType, node: &str) -> Trouble {
        Trouble::layout(format!("the debug information has no `{node}` for a `{}`", self.type_name(of)))
    }

    fn node_within(&self, id: TypeId, node: &str, depth: u32, types: &mut u32) -> Option<TypeId> {
        let depth = depth.checked_sub(1)?;
        *types = types.checked_sub(1)?;
        let mut ty = ValueType::Named(id);
        while let Some(Some(target)) = self.pointee(&ty) {
            ty = target;
            *types = types.checked_sub(1)?;
        }
        let ValueType::Named(id) = self.strip(&ty) else { return None };
        let ty = self.ty(id);
        if head(&ty.name) == node {
            return Some(id);
        }
        let TypeKind::Record(record) = &ty.kind else { return None };
        let arguments = record.type_arguments.iter().map(|(_, ty)| *ty);
        let members = record.members.iter().filter(|m| m.name.as_deref().is_none_or(is_own)).map(|m| m.ty);
        let bases = record.bases.iter().map(|base| base.ty);
        arguments.chain(members).chain(bases).find_map(|ty| self.node_within(ty, node, depth, types))
    }

    /// Where a member lies in a type, and its type.
    pub(super) fn place_of(&mut self, ty: &ValueType, name: &str) -> Result<(u64, ValueType), Trouble> {
        let instance = self.instance.unwrap_or(freezeframe_debuggee::InstanceId(0));
        let whole = Value { ty: ty.clone(), storage: Storage::Memory { instance, address: SOMEWHERE }, bits: None };
        let member = self.inner(&whole, name)?;
        let at = member.address().and_then(|at| at.checked_sub(SOMEWHERE));
        Ok((at.ok_or_else(|| Trouble::layout(format!("`{name}` has no place")))?, member.ty))
    }

    /// Elements one after the other, which must lie in the memory.
    pub(super) fn run(&mut self, address: u64, length: u64, element: ValueType) -> Result<List, Trouble> {
        if length > 0 {
            let size = self.size_needed(&element)?.max(1);
            let end = length.checked_mul(size).and_then(|size| address.checked_add(size));
            let last = end.filter(|_| address != 0).and_then(|end| self.read_number(end - 1, 1).ok());
            if last.is_none() {
                return Err(Trouble::unreadable(format!(
                    "its {length} elements at {address:#x} lie outside of the memory: not set up yet, or damaged"
                )));
            }
        }
        Ok(List::contiguous(address, length, element))
    }
}

/// Whether a member is one of libc++'s own, whose type may tell that of nodes.
fn is_own(name: &str) -> bool {
    name.starts_with("__")
}

/// The last argument of a template, if it is a number: `std::array<int, 3UL>` → 3.
pub(super) fn last_number(name: &str) -> Option<u64> {
    let arguments = name.trim_end().strip_suffix('>')?;
    let last = arguments.rsplit([',', '<']).next()?.trim();
    last.trim_end_matches(['U', 'L', 'u', 'l']).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names() {
        assert_eq!(last_number("std::__2::array<int, 3UL>"), Some(3));
        assert_eq!(last_number("std::__2::bitset<10UL>"), Some(10));
        assert_eq!(last_number("std::__2::span<a::b<int>, 4294967295UL>"), Some(0xffff_ffff));
        assert_eq!(last_number("std::__2::vector<int, std::__2::allocator<int> >"), None);
        assert_eq!(last_number("std::__2::array"), None);
    }
}
