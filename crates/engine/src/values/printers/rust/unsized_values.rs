//! Values without a size of their own behind fat pointers: `str`, `[T]`, `dyn Trait`, alone or as the last member of what a
//! smart pointer points to.

use freezeframe_symbols::{Type, TypeKind};

use super::super::Printed;
use crate::values::{
    ADDRESS_SIZE, Context, Storage, Value, ValueType,
    view::{Trouble, View},
};

/// What a pointer points to.
pub(super) struct Target {
    /// The record around the value: `RcInner<T>`.
    pub holder: Value,
    /// The value itself.
    pub value: Value,
}

/// `&dyn Trait`, `Box<dyn Trait>` …
pub(super) fn trait_object(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let pointer = context.field(value, "pointer")?;
    let address = context.address_in(&pointer)?;
    let concrete = context.concrete_type(value)?;
    Ok(View::alias("", context.at(address, concrete)))
}

impl Context<'_> {
    /// The concrete type of what a pair of `pointer` and `vtable` points to.
    fn concrete_type(&mut self, value: &Value) -> Result<ValueType, Trouble> {
        let vtable = self.field(value, "vtable")?;
        let address = self.address_in(&vtable)?;
        let mut types = self.symbols.vtable_types(address);
        let ty = types
            .pop()
            .ok_or_else(|| Trouble::layout(format!("no type is known to have the vtable at {address:#x}")))?;
        match types.last() {
            None => Ok(ValueType::Named(ty)),
            Some(other) => {
                let (one, other) = (self.ty(ty).name.clone(), self.ty(*other).name.clone());
                Err(Trouble::layout(format!("`{one}` and `{other}` share the vtable at {address:#x}")))
            }
        }
    }

    /// What the `NonNull` of an `Rc` or `Arc` points to: a record whose member `value` or `data` is the value.
    pub(super) fn fat_target(&mut self, pointer: &Value, owner: &Type) -> Result<Target, Trouble> {
        // `NonNull { pointer }` around a thin or a fat pointer.
        let inner = self.field(pointer, "pointer").unwrap_or_else(|_| pointer.clone());
        if self.pointee(&inner.ty).is_some() {
            let holder = self.deref_raw(&inner)?;
            let value = self.any_field(&holder, &["value", "data"])?;
            return Ok(Target { holder, value });
        }
        if self.has_field(&inner, "vtable") {
            let concrete = self.concrete_type(&inner)?;
            let vtable = self.field(&inner, "vtable")?;
            let vtable = self.address_in(&vtable)?;
            let thin = self.field(&inner, "pointer")?;
            let holder = self.deref_raw(&thin)?;
            // The value stands where its alignment lets it, behind the two counts.
            let align = self.read_number(vtable + 2 * ADDRESS_SIZE, ADDRESS_SIZE as usize)?;
            if !align.is_power_of_two() {
                return Err(Trouble::unreadable(format!("the vtable at {vtable:#x} is damaged")));
            }
            let address = self.address_needed(&holder)? + (2 * ADDRESS_SIZE).next_multiple_of(align);
            let value = self.at(address, concrete);
            return Ok(Target { holder, value });
        }
        let thin = self.field(&inner, "data_ptr")?;
        let length = self.number_in(&inner, &["length"])?;
        let holder = self.deref_raw(&thin)?;
        let first = self.any_field(&holder, &["value", "data"])?;
        let address = self.address_needed(&first)?;
        // A `&str` or `&[T]` with the same two words.
        let name = first_argument(&owner.name);
        let slice = self.symbols.find_types(&format!("&{name}")).first().copied();
        let value = match slice.map(ValueType::Named) {
            Some(ty) => self.fat_value(ty, address, length)?,
            None if name == "str" => {
                return Err(Trouble::layout("the program has no `&str`"));
            }
            None => {
                // Newer versions say `[T]` of what older ones call `T`.
                let element = match self.stripped(&first.ty).map(|ty| ty.kind.clone()) {
                    Some(TypeKind::Array { element, counts }) if counts == [None] => ValueType::Named(element),
                    _ => first.ty,
                };
                self.at(address, ValueType::Array { element: Box::new(element), counts: vec![Some(length)] })
            }
        };
        Ok(Target { holder, value })
    }

    /// A fat pointer of this type.
    fn fat_value(&mut self, ty: ValueType, pointer: u64, length: u64) -> Result<Value, Trouble> {
        let missing = || Trouble::layout("a fat pointer has other members here");
        let own = self.stripped(&ty).ok_or_else(missing)?;
        let TypeKind::Record(record) = &own.kind else { return Err(missing()) };
        let mut bytes = vec![0; 2 * ADDRESS_SIZE as usize];
        for member in &record.members {
            let number = match member.name.as_deref() {
                Some("data_ptr") => pointer,
                Some("length") => length,
                _ => return Err(missing()),
            };
            let at = usize::try_from(member.offset).map_err(|_| missing())?;
            let place = bytes.get_mut(at..at + ADDRESS_SIZE as usize).ok_or_else(missing)?;
            place.copy_from_slice(&number.to_le_bytes()[..ADDRESS_SIZE as usize]);
        }
        Ok(Value { ty, storage: Storage::Bytes { bytes, origin: "it is behind a smart pointer" }, bits: None })
    }

    /// What a pointer points to; no printer is asked.
    pub(super) fn deref_raw(&mut self, pointer: &Value) -> Result<Value, Trouble> {
        let target = self
            .pointee(&pointer.ty)
            .flatten()
            .ok_or_else(|| Trouble::layout(format!("a `{}` points to no type", self.type_name(&pointer.ty))))?;
        let address = self.address_in(pointer)?;
        Ok(self.at(address, target))
    }
}

/// The first generic argument in a name, which DWARF's own list of arguments says otherwise for `str` (`u8`).
fn first_argument(name: &str) -> &str {
    let Some((_, arguments)) = name.split_once('<') else { return "" };
    let mut depth = 0_u32;
    for (at, c) in arguments.char_indices() {
        match c {
            '<' | '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '>' | ',' if depth == 0 => return arguments.get(..at).unwrap_or_default(),
            '>' => depth -= 1,
            _ => {}
        }
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_names() {
        assert_eq!(first_argument("alloc::rc::Rc<str, alloc::alloc::Global>"), "str");
        assert_eq!(first_argument("alloc::sync::Arc<[(u8, a::B<c>)]>"), "[(u8, a::B<c>)]");
        assert_eq!(first_argument("plain"), "");
    }
}
