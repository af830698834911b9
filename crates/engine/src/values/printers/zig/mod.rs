//! Zig. Its types have forms instead of names: slices, optionals, error unions, tagged unions.

mod slices;

use freezeframe_symbols::{Type, TypeKind};

use super::{Print, Printer};

pub(super) const FAMILIES: &[&[Printer]] = &[];

/// The printer for a type that is told by its form.
pub(super) fn by_form(ty: &Type) -> Option<Print> {
    let TypeKind::Record(record) = &ty.kind else { return None };
    let has = |name: &str| record.members.iter().any(|m| m.name.as_deref() == Some(name));
    (record.members.len() == 2 && has("ptr") && has("len")).then_some(slices::slice)
}
