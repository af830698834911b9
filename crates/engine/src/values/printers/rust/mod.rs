//! Rust: the types of std, of several versions.

mod sequences;
mod strings;

use freezeframe_symbols::{Type, TypeKind};

use super::{Print, Printer};

/// A family a file, and a line here for each.
pub(super) const FAMILIES: &[&[Printer]] = &[strings::PRINTERS, sequences::PRINTERS];

/// The printer for a type without a path: `&str`, `&[T]`, `Box<[T]>`, `*const [T]`.
pub(super) fn by_form(ty: &Type) -> Option<Print> {
    let TypeKind::Record(record) = &ty.kind else { return None };
    let has = |name: &str| record.members.iter().any(|m| m.name.as_deref() == Some(name));
    if record.members.len() != 2 || !has("data_ptr") || !has("length") {
        return None;
    }
    let target = pointed(&ty.name)?;
    match target {
        "str" => Some(strings::str_slice),
        target if target.starts_with('[') => Some(sequences::slice),
        _ => None,
    }
}

/// What a fat pointer of this name points to: `&mut [u8]` → `[u8]`, `Box<str, Global>` → `str`.
fn pointed(name: &str) -> Option<&str> {
    for prefix in ["&mut ", "&", "*const ", "*mut "] {
        if let Some(rest) = name.strip_prefix(prefix) {
            return Some(rest);
        }
    }
    let inner = name.strip_prefix("alloc::boxed::Box<")?.strip_suffix('>')?;
    Some(inner.rsplit_once(", ").filter(|(_, last)| last.contains("alloc::")).map_or(inner, |(first, _)| first))
}
