//! C++: the types of libc++, of several versions and both of its ABIs (`std::__1`, `std::__2`), and what the language itself
//! has: classes with their bases, pointers to members.

mod access;
mod associative;
mod callables;
mod chains;
mod chrono;
mod classes;
mod dynamic;
mod hashes;
mod iterators;
mod members;
pub(super) mod names;
mod numbers;
mod pointers;
mod sequences;
mod strings;
mod sums;

use freezeframe_symbols::{Encoding, Type, TypeKind};

use super::{Print, Printer};
use crate::values::{Context, Value, rooms::Room, view::Trouble};

/// A family a file, and a line here for each.
pub(super) const FAMILIES: &[&[Printer]] = &[
    strings::PRINTERS,
    sequences::PRINTERS,
    chains::PRINTERS,
    associative::PRINTERS,
    hashes::PRINTERS,
    sums::PRINTERS,
    pointers::PRINTERS,
    callables::PRINTERS,
    numbers::PRINTERS,
    chrono::PRINTERS,
    iterators::PRINTERS,
];

/// Where a text may be set.
pub(super) fn room(context: &mut Context<'_>, value: &Value, ty: &Type) -> Option<Result<Room, Trouble>> {
    match super::head(&ty.name).as_str() {
        "std::basic_string" => Some(strings::string_room(context, value, ty)),
        "std::basic_string_view" => {
            Some(Err(Trouble::layout("a `string_view` only refers to characters, which others may share")))
        }
        _ => None,
    }
}

/// The printer for a type that no family has: a class with bases or a virtual table, a pointer to a member, `nullptr_t`, a
/// complex number of C.
pub(super) fn by_form(ty: &Type) -> Option<Print> {
    match &ty.kind {
        TypeKind::Record(record) if classes::is_class(record) => Some(classes::class),
        TypeKind::MemberPointer { .. } => Some(members::pointer),
        TypeKind::Base(Encoding::ComplexFloat) => Some(numbers::complex_of_c),
        TypeKind::Unknown(_) if matches!(ty.name.as_str(), "decltype(nullptr)" | "std::nullptr_t") => {
            Some(members::null_pointer)
        }
        _ => None,
    }
}
