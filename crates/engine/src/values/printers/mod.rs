//! Printers: how the values of libraries are seen.
//!
//! A printer belongs to a language and to types of one name (without generic arguments), and gives a [`View`] of a value. What
//! no printer knows, and everything when it's asked for, is seen as DWARF describes it ([`structural`]).
//!
//! Invariant: a printer knows layouts, never guesses them. When a member that it needs isn't there it says
//! [`Trouble::Layout`], and the value is shown raw with these words behind it; when what it reads makes no sense it says
//! [`Trouble::Unreadable`]. Whatever the guest's memory holds, a printer ends: chains are followed [`LONGEST_CHAIN`] steps.
//!
//! To add a family: a file with a table of its own in the folder of the language, and a line in the language's `mod.rs`.

mod c;
mod cpp;
mod helpers;
mod rust;
mod structural;
mod zig;

pub(crate) use c::c_array_room;
pub(crate) use cpp::names::{literal_prefix, short as short_name_of_cpp};

use std::{collections::HashMap, sync::LazyLock};

use freezeframe_symbols::{Language, Type};

use super::{
    Context, Storage, Value, ValueType,
    rooms::Room,
    view::{Trouble, View},
};

/// How many links of a chain (list nodes, tree levels …) a printer follows for one page.
pub(crate) const LONGEST_CHAIN: u64 = 1 << 20;

/// What a printer gives.
pub(crate) type Printed = Result<View, Trouble>;

/// Sees a value of a type whose definition is given.
pub(crate) type Print = fn(&mut Context<'_>, &Value, &Type) -> Printed;

/// A printer, and the types that it is for.
pub(crate) struct Printer {
    /// Paths of types without generic arguments, and without namespaces that are only versions (`std::__2`).
    pub types: &'static [&'static str],
    pub print: Print,
}

impl Printer {
    pub(crate) const fn new(types: &'static [&'static str], print: Print) -> Self {
        Self { types, print }
    }
}

/// The tables of a language, by type.
type Table = HashMap<&'static str, Print>;

fn table(families: &[&'static [Printer]]) -> Table {
    let printers = families.iter().flat_map(|family| family.iter());
    printers.flat_map(|printer| printer.types.iter().map(|ty| (*ty, printer.print))).collect()
}

static RUST: LazyLock<Table> = LazyLock::new(|| table(rust::FAMILIES));
static CPP: LazyLock<Table> = LazyLock::new(|| table(cpp::FAMILIES));
static ZIG: LazyLock<Table> = LazyLock::new(|| table(zig::FAMILIES));
static C: LazyLock<Table> = LazyLock::new(|| table(c::FAMILIES));

/// The printer for a type, by its language.
fn find(ty: &Type) -> Option<Print> {
    // Types without a path of their own (`&[u8]`, `?u32`, tuples) are told by their form.
    let by_form = match ty.language {
        Language::Rust => rust::by_form(ty),
        Language::Zig => zig::by_form(ty),
        _ => None,
    };
    if by_form.is_some() {
        return by_form;
    }
    let table = match ty.language {
        Language::Rust => &RUST,
        Language::Cpp => &CPP,
        Language::Zig => &ZIG,
        Language::C => &C,
        Language::Other => return None,
    };
    let found = table.get(head(&ty.name).as_str()).copied();
    found.or_else(|| (ty.language == Language::Cpp).then(|| cpp::by_form(ty)).flatten())
}

/// The path of a type without generic arguments, wherever in it they stand, and without namespaces that are only versions:
/// `std::__2::map<int, a::b>::iterator` → `std::map::iterator`.
pub(crate) fn head(name: &str) -> String {
    let mut out = String::with_capacity(name.len().min(64));
    let mut depth = 0_u32;
    for c in name.chars() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    for version in ["::__1::", "::__2::"] {
        if out.contains(version) {
            out = out.replace(version, "::");
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Where a text of a library's type may be set; `None` for what is no text.
pub(crate) fn room(context: &mut Context<'_>, value: &Value, ty: &Type) -> Option<Result<Room, Trouble>> {
    match ty.language {
        Language::Rust => rust::room(context, value, ty),
        Language::Cpp => cpp::room(context, value, ty),
        Language::Zig => zig::room(context, value, ty),
        Language::C | Language::Other => None,
    }
}

impl Context<'_> {
    /// The printer that a value's type has.
    pub(crate) fn printer(&self, ty: &ValueType) -> Option<(Print, std::sync::Arc<Type>)> {
        let ty = self.stripped(ty)?;
        Some((find(&ty)?, ty))
    }

    /// How a value is seen. Raw: as DWARF describes it, whatever printers there are.
    pub(crate) fn view(&mut self, value: &Value, raw: bool) -> View {
        if let Storage::Unavailable(why) = &value.storage {
            return View::Unavailable(why.clone());
        }
        if !raw && let Some(view) = self.formatted_view(value) {
            return view;
        }
        self.printed_view(value, raw)
    }

    /// The same without people's own formatters.
    pub(crate) fn printed_view(&mut self, value: &Value, raw: bool) -> View {
        if let Storage::Unavailable(why) = &value.storage {
            return View::Unavailable(why.clone());
        }
        if raw {
            return self.structural(value);
        }
        let Some((print, ty)) = self.printer(&value.ty) else { return self.structural(value) };
        match print(self, value, &ty) {
            Ok(view) => view,
            Err(Trouble::Unreadable(why)) => View::Unavailable(why),
            Err(Trouble::Layout(why)) => {
                let note = format!("shown raw: {why}");
                match self.structural(value) {
                    View::Parts(mut parts) => {
                        parts.note = Some(note);
                        View::Parts(parts)
                    }
                    View::List(list) => View::List(list.note(note)),
                    view => view,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_names() {
        assert_eq!(head("alloc::vec::Vec<u32, alloc::alloc::Global>"), "alloc::vec::Vec");
        assert_eq!(head("std::__2::map<int, a::b<c> >::iterator"), "std::map::iterator");
        assert_eq!(head("std::__1::basic_string<char>"), "std::basic_string");
        assert_eq!(head("Plain"), "Plain");
    }

    #[test]
    fn no_type_has_two_printers() {
        for families in [rust::FAMILIES, cpp::FAMILIES, zig::FAMILIES, c::FAMILIES] {
            let count: usize = families.iter().flat_map(|family| family.iter()).map(|p| p.types.len()).sum();
            assert_eq!(table(families).len(), count);
        }
    }
}
