//! Rust: the types of std, of several versions.

mod cells;
mod maps;
mod pointers;
mod sequences;
mod small;
mod strings;
mod trees;
mod unsized_values;

use freezeframe_symbols::{Type, TypeKind};

use super::{Print, Printer};
use crate::values::{Context, Value, rooms::Room, view::Trouble};

/// A family a file, and a line here for each.
pub(super) const FAMILIES: &[&[Printer]] = &[
    cells::PRINTERS,
    maps::PRINTERS,
    pointers::PRINTERS,
    sequences::PRINTERS,
    small::PRINTERS,
    strings::PRINTERS,
    trees::PRINTERS,
];

/// The printer for a type without a path of its own: references and boxes, thin and fat.
pub(super) fn by_form(ty: &Type) -> Option<Print> {
    match &ty.kind {
        TypeKind::Pointer(Some(_)) if ty.name.starts_with('&') || ty.name.starts_with("alloc::boxed::Box<") => {
            Some(pointers::reference)
        }
        TypeKind::Record(record) if record.members.len() == 2 => {
            let has = |name: &str| record.members.iter().any(|m| m.name.as_deref() == Some(name));
            if has("pointer") && has("vtable") {
                return Some(unsized_values::trait_object);
            }
            if !has("data_ptr") || !has("length") {
                return None;
            }
            match pointed(&ty.name)? {
                "str" => Some(strings::str_slice),
                "std::path::Path" | "std::ffi::os_str::OsStr" => Some(strings::os_slice),
                "core::ffi::c_str::CStr" | "std::ffi::c_str::CStr" => Some(strings::c_str),
                target if target.starts_with('[') => Some(sequences::slice),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Where a text may be set.
pub(super) fn room(context: &mut Context<'_>, value: &Value, ty: &Type) -> Option<Result<Room, Trouble>> {
    match super::head(&ty.name).as_str() {
        "alloc::string::String" => return Some(strings::string_room(context, value)),
        "std::ffi::os_str::OsString" | "std::path::PathBuf" => return Some(strings::os_string_room(context, value)),
        "alloc::ffi::c_str::CString" | "std::ffi::c_str::CString" => {
            return Some(strings::c_string_room(context, value));
        }
        _ => {}
    }
    let pointed = pointed(&ty.name).filter(|_| matches!(ty.kind, TypeKind::Record(_)))?;
    let is_text =
        matches!(pointed, "str" | "std::path::Path" | "std::ffi::os_str::OsStr") || pointed.ends_with("::CStr");
    if !is_text {
        return None;
    }
    let alone = ["&mut ", "alloc::boxed::Box<"].iter().any(|form| ty.name.starts_with(form));
    if pointed == "str" && alone {
        return Some(strings::str_room(context, value));
    }
    Some(Err(Trouble::layout("it only refers to characters, which others may share; set what owns them")))
}

/// What a fat pointer of this name points to: `&mut [u8]` → `[u8]`, `Box<str, Global>` → `str`.
fn pointed(name: &str) -> Option<&str> {
    for prefix in ["&mut ", "&", "*const ", "*mut "] {
        if let Some(rest) = name.strip_prefix(prefix) {
            return Some(rest);
        }
    }
    let inner = name.strip_prefix("alloc::boxed::Box<")?.strip_suffix('>')?;
    Some(inner.strip_suffix(", alloc::alloc::Global").unwrap_or(inner))
}

/// The two members of a pair.
fn members(context: &mut Context<'_>, pair: &Value) -> Result<(Value, Value), Trouble> {
    Ok((context.field(pair, "__0")?, context.field(pair, "__1")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fat_pointers_by_name() {
        assert_eq!(pointed("&mut [u8]"), Some("[u8]"));
        assert_eq!(pointed("alloc::boxed::Box<str, alloc::alloc::Global>"), Some("str"));
        assert_eq!(pointed("alloc::boxed::Box<[(u8, a::B)], alloc::alloc::Global>"), Some("[(u8, a::B)]"));
        assert_eq!(pointed("a::Fat"), None);
    }
}
