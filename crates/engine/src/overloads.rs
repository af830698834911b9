//! One of several functions of a name by the types of its parameters: `show(int)`.
//!
//! Parameters are no part of the names that debug information has. What people write is compared with the names of the
//! types, blanks, `const` and the version namespaces of C++ libraries left out, each a whole name or the end of one.

use freezeframe_symbols::{FunctionId, ModulePc, Symbols, VariableKind};

use crate::EngineError;

/// How many signatures an error names.
const MOST_NAMED: usize = 8;

/// Where functions begin that `text` names together with their parameters; empty for a text without parameters, or a name
/// that no function has.
pub(crate) fn sites(symbols: &Symbols, text: &str) -> Result<Vec<ModulePc>, EngineError> {
    let Some((name, parameters)) = split(text) else { return Ok(Vec::new()) };
    let found = symbols.find_functions(name);
    let mut sites = Vec::new();
    let mut signatures = Vec::new();
    for id in found {
        let Some(function) = symbols.functions().get(id.0 as usize) else { continue };
        let own = parameters_of(symbols, id);
        if own.len() == parameters.len() && own.iter().zip(&parameters).all(|(own, wanted)| means(wanted, own)) {
            sites.push(function.prologue_end);
        } else {
            signatures.push(format!("{}({})", function.short_name(), own.join(", ")));
        }
    }
    if sites.is_empty() && !signatures.is_empty() {
        signatures.sort_unstable();
        signatures.dedup();
        signatures.truncate(MOST_NAMED);
        let there_are = signatures.join(", ");
        return Err(EngineError::Expression(format!("no function `{text}`; there are: {there_are}")));
    }
    Ok(sites)
}

/// The name and the parameters of `ns::f(int, std::map<int, int>)`.
fn split(text: &str) -> Option<(&str, Vec<&str>)> {
    let inner = text.trim().strip_suffix(')')?;
    let mut depth = 1;
    let open = inner.char_indices().rev().find_map(|(at, c)| {
        depth += match c {
            ')' => 1,
            '(' => -1,
            _ => 0,
        };
        (depth == 0).then_some(at)
    })?;
    let (name, list) = (inner[..open].trim(), inner[open + 1..].trim());
    if name.is_empty() {
        return None;
    }
    let mut parameters = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in list.char_indices() {
        match c {
            '(' | '<' | '[' => depth += 1,
            ')' | '>' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parameters.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    if !list.is_empty() && list != "void" {
        parameters.push(list[start..].trim());
    }
    Some((name, parameters))
}

/// The types of a function's parameters, those that the compiler made up left out.
fn parameters_of(symbols: &Symbols, id: FunctionId) -> Vec<String> {
    let Some(function) = symbols.functions().get(id.0 as usize) else { return Vec::new() };
    let pc = function.range.start;
    let depth = symbols.frames_at(pc).len().saturating_sub(1);
    let variables = symbols.variables(pc, depth).into_iter();
    let parameters = variables.filter(|v| v.kind == VariableKind::Parameter && !v.artificial);
    parameters
        .map(|v| v.ty.and_then(|ty| symbols.ty(ty).ok()).map_or_else(|| "?".to_owned(), |ty| ty.name.clone()))
        .collect()
}

/// Whether a person's `wanted` names the type `own`.
fn means(wanted: &str, own: &str) -> bool {
    let (wanted, own) = (plain(wanted), plain(own));
    own.strip_suffix(wanted.as_str()).is_some_and(|before| before.is_empty() || before.ends_with("::"))
}

fn plain(ty: &str) -> String {
    let ty = ty.replace("std::__2::", "std::").replace("std::__1::", "std::");
    let words = ty.split_whitespace().filter(|word| !matches!(*word, "const" | "struct" | "class" | "enum" | "union"));
    words.collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_parameters() {
        assert_eq!(split("f(int, char)"), Some(("f", vec!["int", "char"])));
        assert_eq!(split("(anonymous namespace)::f()"), Some(("(anonymous namespace)::f", vec![])));
        assert_eq!(
            split("f(std::map<int, int>, int (*)(int, int))"),
            Some(("f", vec!["std::map<int, int>", "int (*)(int, int)"]))
        );
        assert_eq!(split("f(void)"), Some(("f", vec![])));
        assert_eq!((split("f"), split("(int)"), split("f)")), (None, None, None));
    }

    #[test]
    fn types_that_are_meant() {
        assert!(means("int", "int") && !means("int", "unsigned int") && !means("int", "int *"));
        assert!(
            means("const string &", "const std::__2::string &") && means("std::string&", "const std::__2::string &")
        );
        assert!(means("struct order*", "struct order *") && !means("rder *", "struct order *"));
    }
}
