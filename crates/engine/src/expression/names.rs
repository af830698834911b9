//! What a name means beside the variables in scope: globals and enumerators. One answer for the evaluator and for conditions
//! that are compiled.

use std::{borrow::Cow, collections::BTreeSet};

use freezeframe_symbols::{Language, ModulePc, Symbols, TypeId, TypeKind, Variable};

/// How many types are searched for an enumerator.
const MOST_TYPES: usize = 2000;

/// The global or static of this name that is meant at `pc`: one of the same source file before others, one of exactly this
/// name before one whose path only ends with it.
pub(super) fn global(symbols: &Symbols, pc: ModulePc, path: &str) -> Option<Variable> {
    if let Some((file, name)) = path.strip_prefix('\'').and_then(|path| path.split_once("'::")) {
        let files = symbols.find_files(file);
        let of_file = |v: &Variable| v.declared.is_some_and(|at| files.contains(&at.file));
        return symbols.find_globals(name).into_iter().find(of_file);
    }
    let path = absolute(symbols, pc, path);
    let here = symbols.function_at(pc).and_then(|f| f.declared).map(|at| at.file);
    let rank = |v: &Variable| {
        let same_file = here.is_some() && v.declared.map(|at| at.file) == here;
        (v.name == path, same_file)
    };
    // Of equals the first.
    symbols.find_globals(&path).into_iter().rev().max_by_key(rank)
}

/// Rust's `crate::`, `self::` and `super::` as seen from the function at `pc`.
pub(super) fn absolute<'a>(symbols: &Symbols, pc: ModulePc, path: &'a str) -> Cow<'a, str> {
    let here = symbols.function_at(pc).map(|f| f.name()).unwrap_or_default();
    expand(here, path)
}

fn expand<'a>(function: &str, path: &'a str) -> Cow<'a, str> {
    let Some((first, mut rest)) = path.split_once("::") else { return Cow::Borrowed(path) };
    let mut module = match (first, function.split_once("::")) {
        // Without a crate's name every one of this path is meant.
        ("crate", None) | ("self" | "super", None) => return Cow::Borrowed(rest),
        ("crate", Some((name, _))) => name,
        ("self" | "super", Some(_)) => parent(function),
        _ => return Cow::Borrowed(path),
    };
    if first == "super" {
        module = parent(module);
    }
    while let Some(after) = rest.strip_prefix("super::") {
        (module, rest) = (parent(module), after);
    }
    if module.is_empty() { Cow::Borrowed(rest) } else { Cow::Owned(format!("{module}::{rest}")) }
}

fn parent(path: &str) -> &str {
    path.rsplit_once("::").map_or("", |(parent, _)| parent)
}

/// An enumerator, looked for in the types of the variables in scope and of the globals. A path before the name is that of its
/// type.
pub(super) fn enumerator(symbols: &Symbols, variables: &[Variable], path: &str) -> Option<(TypeId, i128)> {
    let (prefix, name) = path.rsplit_once("::").map_or((None, path), |(prefix, name)| (Some(prefix), name));
    let mut types: Vec<TypeId> = symbols.globals().iter().chain(variables).filter_map(|v| v.ty).collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = types.pop() {
        if !seen.insert(id) || seen.len() > MOST_TYPES {
            continue;
        }
        let Ok(ty) = symbols.ty(id) else { continue };
        match &ty.kind {
            TypeKind::Enumeration { enumerators, .. } => {
                // C++ finds those of a plain `enum` in what lies around it too.
                let around = ty.name.rsplit_once("::").filter(|_| ty.language == Language::Cpp).map(|(path, _)| path);
                let is = |path: &str, prefix: &str| path == prefix || path.ends_with(&format!("::{prefix}"));
                let named =
                    prefix.is_none_or(|prefix| is(&ty.name, prefix) || around.is_some_and(|around| is(around, prefix)));
                let found = enumerators.iter().find(|(n, _)| n == name).filter(|_| named);
                if let Some((_, value)) = found {
                    return Some((id, *value));
                }
            }
            TypeKind::Record(record) => types.extend(record.members.iter().map(|m| m.ty)),
            TypeKind::Pointer(Some(ty)) | TypeKind::Typedef(Some(ty)) | TypeKind::Reference(ty) => types.push(*ty),
            TypeKind::Qualified { target: Some(ty), .. } | TypeKind::Array { element: ty, .. } => types.push(*ty),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_from_here() {
        let f = "shop::stock::count";
        assert_eq!(expand(f, "crate::stock::TOTAL"), "shop::stock::TOTAL");
        assert_eq!(expand(f, "self::TOTAL"), "shop::stock::TOTAL");
        assert_eq!(expand(f, "super::TOTAL"), "shop::TOTAL");
        assert_eq!(expand(f, "super::super::TOTAL"), "TOTAL");
        assert_eq!(expand(f, "stock::TOTAL"), "stock::TOTAL");
        assert_eq!(expand("main", "crate::TOTAL"), "TOTAL");
        assert_eq!(expand(f, "TOTAL"), "TOTAL");
    }
}
