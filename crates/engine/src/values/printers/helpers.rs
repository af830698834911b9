//! What printers read with. Each says what's missing in the words of [`Trouble::Layout`].

use freezeframe_symbols::{Record, Type, TypeKind};

use super::Context;
use crate::values::{Value, ValueType, view::Trouble};

/// How deep a value may be wrapped in records of one member.
const WRAPPERS: u32 = 12;

impl Context<'_> {
    /// The member of this name; no pointer is followed and no printer asked.
    pub(crate) fn field(&mut self, value: &Value, name: &str) -> Result<Value, Trouble> {
        let found = self.stripped(&value.ty).and_then(|ty| match &ty.kind {
            TypeKind::Record(record) => record.members.iter().find(|m| m.name.as_deref() == Some(name)).cloned(),
            _ => None,
        });
        match found {
            Some(member) => Ok(self.part_of_member(value, &member)?),
            None => Err(Trouble::layout(format!("a `{}` has no member `{name}` here", self.type_name(&value.ty)))),
        }
    }

    /// The member behind members: `["buf", "inner", "ptr"]`.
    pub(crate) fn fields(&mut self, value: &Value, path: &[&str]) -> Result<Value, Trouble> {
        path.iter().try_fold(value.clone(), |value, name| self.field(&value, name))
    }

    /// The first of these members that there is: layouts of several versions.
    pub(crate) fn any_field(&mut self, value: &Value, names: &[&str]) -> Result<Value, Trouble> {
        let found = names.iter().find_map(|name| self.field(value, name).ok());
        found.ok_or_else(|| {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            Trouble::layout(format!("a `{}` has none of {} here", self.type_name(&value.ty), names.join(", ")))
        })
    }

    /// Whether there is a member of this name.
    pub(crate) fn has_field(&self, value: &Value, name: &str) -> bool {
        self.stripped(&value.ty).is_some_and(|ty| match &ty.kind {
            TypeKind::Record(record) => record.members.iter().any(|m| m.name.as_deref() == Some(name)),
            _ => false,
        })
    }

    /// What is inside records of a single member with a size (`Cell<T>` → `UnsafeCell<T>` → `T`).
    pub(crate) fn unwrapped(&mut self, value: &Value) -> Result<Value, Trouble> {
        let mut value = value.clone();
        for _ in 0..WRAPPERS {
            let Some(TypeKind::Record(record)) = self.stripped(&value.ty).map(|ty| ty.kind.clone()) else { break };
            if record.variants.is_some() || !record.bases.is_empty() {
                break;
            }
            let sized: Vec<_> =
                record.members.iter().filter(|m| self.size(&ValueType::Named(m.ty)) != Some(0)).collect();
            let [only] = sized[..] else { break };
            value = self.part_of_member(&value, only)?;
        }
        Ok(value)
    }

    /// The unsigned number in a value, or in what it wraps.
    pub(crate) fn number(&mut self, value: &Value) -> Result<u64, Trouble> {
        let inner = self.unwrapped(value)?;
        if self.scalar_kind(&inner.ty).is_none() {
            return Err(Trouble::layout(format!("a `{}` is no number here", self.type_name(&inner.ty))));
        }
        let number = self.scalar(&inner)?.integer();
        number
            .and_then(|number| u64::try_from(number).ok())
            .ok_or_else(|| Trouble::unreadable(format!("a `{}` is no count", self.type_name(&inner.ty))))
    }

    /// The number in a member.
    pub(crate) fn number_in(&mut self, value: &Value, path: &[&str]) -> Result<u64, Trouble> {
        let member = self.fields(value, path)?;
        self.number(&member)
    }

    /// The first pointer inside a value: its own, or that of what it wraps, whatever the wrappers are called.
    pub(crate) fn first_pointer(&mut self, value: &Value) -> Result<Value, Trouble> {
        // Damaged files may have records of records without end.
        let mut looked_at = 0;
        self.pointer_within(value, WRAPPERS, &mut looked_at)
            .ok_or_else(|| Trouble::layout(format!("a `{}` holds no pointer here", self.type_name(&value.ty))))
    }

    fn pointer_within(&mut self, value: &Value, depth: u32, looked_at: &mut u32) -> Option<Value> {
        *looked_at += 1;
        if *looked_at > 100 {
            return None;
        }
        if self.pointee(&value.ty).is_some() {
            return Some(value.clone());
        }
        let ty = self.stripped(&value.ty)?;
        let TypeKind::Record(record) = &ty.kind else { return None };
        let depth = depth.checked_sub(1)?;
        record.members.iter().find_map(|member| {
            let member = self.part_of_member(value, member).ok()?;
            self.pointer_within(&member, depth, looked_at)
        })
    }

    /// The address in the first pointer inside a value.
    pub(crate) fn pointer_in(&mut self, value: &Value) -> Result<u64, Trouble> {
        let pointer = self.first_pointer(value)?;
        Ok(self.address_in(&pointer)?)
    }

    /// A generic argument of a type.
    pub(crate) fn argument(&self, ty: &Type, name: &str) -> Result<ValueType, Trouble> {
        let TypeKind::Record(record) = &ty.kind else {
            return Err(Trouble::layout(format!("`{}` is no record", ty.name)));
        };
        let of = |record: &Record| record.type_arguments.iter().find(|(n, _)| n == name).map(|(_, ty)| *ty);
        // Rust writes an enum's arguments to its variants.
        let variants = record.variants.iter().flat_map(|part| &part.variants);
        let mut of_variants = variants.filter_map(|variant| match &self.ty(variant.member.ty).kind {
            TypeKind::Record(record) => of(record),
            _ => None,
        });
        let found = of(record).or_else(|| of_variants.next()).map(ValueType::Named);
        found.ok_or_else(|| Trouble::layout(format!("`{}` names no type `{name}`", ty.name)))
    }

    /// The size of a type that a printer can't do without.
    pub(crate) fn size_needed(&self, ty: &ValueType) -> Result<u64, Trouble> {
        self.size(ty).ok_or_else(|| Trouble::layout(format!("the size of `{}` isn't known", self.type_name(ty))))
    }

    /// The address of a value; one in a Wasm local has none.
    pub(crate) fn address_needed(&self, value: &Value) -> Result<u64, Trouble> {
        value.address().ok_or_else(|| Trouble::unreadable("it doesn't lie in memory"))
    }

    /// A little-endian number in memory.
    pub(crate) fn read_number(&mut self, address: u64, bytes: usize) -> Result<u64, Trouble> {
        let mut word = [0; 8];
        self.read(address, &mut word[..bytes.min(8)])?;
        Ok(u64::from_le_bytes(word))
    }
}
