//! The functions of the module, each with its entry if DWARF has one.
//!
//! Invariant: one [`Function`] for each body, in the same order; an entry is only taken when its first address lies in
//! the body, so entries of code that the linker threw away belong to nothing.

use std::{collections::HashMap, sync::OnceLock};

use gimli::constants;

use crate::{
    Function, FunctionId, Language, Location, ModulePc,
    dwarf::{Dwarf, Entry},
    index::UnitIndex,
    lines::Lines,
    module::Module,
    names::{self, Wanted},
    paths::{At, Index},
    rows,
};

/// How many bytes of names a module may have; functions beyond that are only numbered.
const MAX_NAMES: usize = 64 << 20;

/// The functions.
#[derive(Debug, Default)]
pub(crate) struct Functions {
    /// By address.
    pub list: Vec<Function>,
    /// For each, its entry.
    pub entries: Vec<Option<At>>,
    by_short_name: OnceLock<HashMap<String, Vec<FunctionId>>>,
}

impl Functions {
    /// Puts together what the module, the index and the line programs say.
    pub fn build(dwarf: &Dwarf<'_>, module: &Module, index: &Index, lines: &Lines) -> Self {
        let mut functions = Self { entries: entries(module, index), ..Self::default() };
        let mut budget = MAX_NAMES;
        for (i, body) in module.bodies.iter().enumerate() {
            let at = functions.entries.get(i).copied().flatten();
            let raw = lines.of_body(i);
            let described = at.and_then(|at| Described::new(dwarf, index, lines, at));
            let declared = described.as_ref().and_then(|described| described.declared);
            let prologue_end = rows::prologue_end(
                dwarf.sections.wasm(),
                module.code_start,
                body,
                raw,
                declared.map(|declared| declared.line),
            );
            let in_names = module.names.get(&body.index);
            let in_exports = module.exports.get(&body.index);
            let mut function = Function {
                id: FunctionId(u32::try_from(i).unwrap_or(u32::MAX)),
                index: body.index,
                name: String::new(),
                short_name: String::new(),
                linkage_name: None,
                range: ModulePc(body.first_operator)..ModulePc(body.end),
                prologue_end: ModulePc(prologue_end),
                declared,
                language: described.as_ref().map_or(Language::Other, |described| described.language),
                has_dwarf: described.is_some(),
            };
            let (name, linkage_name) = match described {
                Some(Described { name: Some(name), linkage_name, .. }) => (Some(name), linkage_name),
                Some(Described { linkage_name, .. }) => (None, linkage_name),
                None => (None, None),
            };
            let linkage_name = linkage_name.as_ref().or(in_names).or(in_exports);
            function.name = name
                .or_else(|| linkage_name.map(|name| names::demangle(name).unwrap_or_else(|| name.clone())))
                .filter(|name| !name.is_empty() && name.len() <= budget)
                .unwrap_or_else(|| format!("func[{}]", body.index));
            budget = budget.saturating_sub(function.name.len());
            // The first that says something new.
            let others = [linkage_name, in_names, in_exports].into_iter().flatten();
            function.linkage_name = others.into_iter().find(|name| **name != function.name).cloned();
            function.short_name = match function.language {
                Language::Zig => short_in_zig(&function.name),
                _ => names::short(&function.name),
            }
            .to_owned();
            functions.list.push(function);
        }
        functions
    }

    /// Functions that are meant by a name.
    pub fn find(&self, name: &str) -> Vec<FunctionId> {
        let by_short_name = self.by_short_name.get_or_init(|| {
            let mut map: HashMap<String, Vec<FunctionId>> = HashMap::new();
            for function in &self.list {
                map.entry(function.short_name.clone()).or_default().push(function.id);
                if let Some(linkage_name) = &function.linkage_name
                    && *linkage_name != function.short_name
                {
                    map.entry(linkage_name.clone()).or_default().push(function.id);
                }
            }
            map
        });
        let wanted = Wanted::new(name);
        let by_linkage_name = by_short_name.get(name).into_iter().flatten().copied();
        let by_path = by_short_name.get(wanted.short()).into_iter().flatten().copied();
        let mut found: Vec<FunctionId> = by_path
            .chain(by_linkage_name)
            .filter(|id| {
                self.list.get(id.0 as usize).is_some_and(|function| {
                    wanted.means(&function.name) || function.linkage_name.as_deref() == Some(name)
                })
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The last part of a Zig path (`queue.Queue(queue.Job,4).push`), without the number that copies for other arguments have.
fn short_in_zig(name: &str) -> &str {
    let short = name.rsplit_once('.').map_or(name, |(_, short)| short);
    short.split_once("__anon_").map_or(short, |(short, _)| short)
}

/// For each body its subprogram: best one that begins and ends with it, else one that begins with it, else the first one
/// that begins inside. (Of a function that several units compiled only one's entry describes what the linker kept.)
fn entries(module: &Module, index: &Index) -> Vec<Option<At>> {
    let mut entries: Vec<Option<(u8, At)>> = vec![None; module.bodies.len()];
    for (unit, UnitIndex { subprograms, .. }) in (0..).zip(&index.units) {
        for subprogram in subprograms {
            let Some(pc) = subprogram.low_pc.checked_add(module.code_start) else { continue };
            let Some(at) = module.body_at(pc) else { continue };
            let (Some(body), Some(entry)) = (module.bodies.get(at), entries.get_mut(at)) else { continue };
            let begins = pc == body.start || pc == body.first_operator;
            let high_pc = subprogram.high_pc.and_then(|high_pc| high_pc.checked_add(module.code_start));
            let fit = u8::from(begins) * 2 + u8::from(high_pc == Some(body.end));
            if entry.is_none_or(|(known, _)| known < fit) {
                *entry = Some((fit, (unit, subprogram.scope)));
            }
        }
    }
    entries.into_iter().map(|entry| entry.map(|(_, at)| at)).collect()
}

/// What DWARF says of a function.
pub(crate) struct Described {
    pub name: Option<String>,
    pub linkage_name: Option<String>,
    pub declared: Option<Location>,
    pub language: Language,
}

impl Described {
    /// Reads the entry of a subprogram and those that it's a copy of.
    pub fn new(dwarf: &Dwarf<'_>, index: &Index, lines: &Lines, at: At) -> Option<Self> {
        let entry = dwarf.entry(index.scope(at)?.offset as usize)?;
        let chain = dwarf.chain(entry);
        let linkage_name = chain.iter().find_map(|entry| {
            let name = |name| entry.string(dwarf, name);
            name(constants::DW_AT_linkage_name).or_else(|| name(constants::DW_AT_MIPS_linkage_name))
        });
        Some(Self {
            name: index.function_name(dwarf, at, linkage_name.as_deref()),
            linkage_name,
            declared: declared(lines, &chain),
            language: index.language(dwarf, at.0),
        })
    }
}

/// Where something is declared: each part from the first of the entries that has it.
pub(crate) fn declared(lines: &Lines, chain: &[Entry<'_>]) -> Option<Location> {
    let number = |name| chain.iter().find_map(|entry| entry.unsigned(name).map(|number| (entry.unit_index, number)));
    let file = chain.iter().find_map(|entry| match entry.die.attr_value(constants::DW_AT_decl_file)? {
        gimli::AttributeValue::FileIndex(file) => lines.file(entry.unit_index, file),
        value => lines.file(entry.unit_index, value.udata_value()?),
    })?;
    let line = u32::try_from(number(constants::DW_AT_decl_line)?.1).ok()?;
    let column = number(constants::DW_AT_decl_column).and_then(|(_, column)| u32::try_from(column).ok()).unwrap_or(0);
    Some(Location { file, line, column })
}
