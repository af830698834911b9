//! Zig. Its types have forms instead of names: slices, optionals, error unions, tagged unions.
//!
//! Seen in the DWARF of Zig 0.15. Which error has which number isn't in it: numbers are shown, with the names that
//! their type has. Nor are sizes of pointers (`*T`, `[*]T`, `?*T` are all pointers), and what is `const`.

mod forms;
mod slices;

use freezeframe_symbols::{Type, TypeKind};

use super::{Print, Printer};
use crate::values::{Context, Value, rooms::Room, view::Trouble};

pub(super) const FAMILIES: &[&[Printer]] = &[];

/// The printer for a type that is told by its form.
pub(super) fn by_form(ty: &Type) -> Option<Print> {
    if ty.name == "anyerror" {
        return Some(forms::error);
    }
    let record = match &ty.kind {
        TypeKind::Record(record) if record.members.len() == 2 => record,
        _ => return None,
    };
    let has = |name: &str| record.members.iter().any(|m| m.name.as_deref() == Some(name));
    match () {
        () if has("ptr") && has("len") => Some(slices::slice),
        () if has("data") && has("some") && ty.name.starts_with('?') => Some(forms::optional),
        () if has("value") && has("tag") && ty.name.contains('!') => Some(forms::error_union),
        () if has("payload") && has("tag") => Some(forms::tagged_union),
        () => None,
    }
}

/// Where a text may be set: in slices and arrays of bytes, whose length stays.
pub(super) fn room(context: &mut Context<'_>, value: &Value, ty: &Type) -> Option<Result<Room, Trouble>> {
    slices::room(context, value, ty)
}
