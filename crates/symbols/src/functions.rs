//! The functions of the module, each with its entry if DWARF has one.
//!
//! Invariant: one [`Function`] for each body, in the same order; an entry is only taken when its first address lies in
//! the body, so entries of code that the linker threw away belong to nothing.

use std::sync::{
    OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use gimli::constants;

use crate::{
    Function, FunctionId, Language, Location, ModulePc, Progress,
    dwarf::{Dwarf, Entry, Sections, Units},
    index::UnitIndex,
    lines::Lines,
    module::{Body, Module},
    names::{self, Wanted},
    parallel,
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
    /// Hashes of short names and linkage names and whose they are, sorted.
    by_name: OnceLock<Vec<(u32, FunctionId)>>,
}

impl Functions {
    /// Puts together what the module, the index and the line programs say.
    ///
    /// `exact`: only entries that begin and end with a function are taken. `progress` is told of each byte of units once.
    pub fn build(
        sections: &Sections,
        units: &Units,
        module: &Module,
        index: &Index,
        lines: &Lines,
        (exact, progress): (bool, &Progress),
    ) -> Self {
        let entries = entries(module, index.all(sections, units), exact);
        let budget = AtomicUsize::new(MAX_NAMES);
        let bytes = sections.size();
        let list = parallel::map(
            module.bodies.len(),
            bytes,
            || Dwarf::new(sections, units),
            |dwarf, at| {
                progress.add_part(bytes as u64, at, module.bodies.len());
                let body = module.bodies.get(at)?;
                let entry = entries.get(at).copied().flatten();
                let described = entry.and_then(|entry| Described::new(dwarf, index, lines, entry));
                let mut function = function(sections, module, lines, (at, body), described.unwrap_or_default());
                function.has_dwarf = entry.is_some();
                let length = function.name.len();
                if budget.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(length)).is_err() {
                    function.name = numbered(function.index);
                    function.short_name.clone_from(&function.name);
                    function.linkage_name = None;
                }
                Some(function)
            },
        );
        Self::new(list.into_iter().flatten().collect(), entries)
    }

    /// Functions and, for each, its entry.
    pub fn new(list: Vec<Function>, entries: Vec<Option<At>>) -> Self {
        Self { list, entries, by_name: OnceLock::new() }
    }

    /// Functions that are meant by a name.
    pub fn find(&self, name: &str) -> Vec<FunctionId> {
        let wanted = Wanted::new(name);
        let mut found: Vec<FunctionId> = [wanted.short(), name, last_in_zig(name)]
            .into_iter()
            .flat_map(|name| self.named(name))
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

    /// All functions with this short name or linkage name, and whichever have names of the same hash.
    fn named(&self, name: &str) -> impl Iterator<Item = FunctionId> + '_ {
        let by_name = self.by_name.get_or_init(|| {
            let mut hashes = Vec::with_capacity(self.list.len() * 2);
            for function in &self.list {
                hashes.push((names::hash(&function.short_name), function.id));
                hashes.extend(function.linkage_name.as_deref().map(|name| (names::hash(name), function.id)));
            }
            hashes.sort_unstable();
            hashes
        });
        let hash = names::hash(name);
        let from = by_name.partition_point(|(other, _)| *other < hash);
        by_name.iter().skip(from).take_while(move |(other, _)| *other == hash).map(|(_, id)| *id)
    }
}

/// The function of a body.
fn function(
    sections: &Sections,
    module: &Module,
    lines: &Lines,
    (at, body): (usize, &Body),
    described: Described,
) -> Function {
    let Described { name, linkage_name, declared, language } = described;
    let line = declared.map(|declared| declared.line);
    let prologue_end = rows::prologue_end(sections.wasm(), module.code_start, body, &lines.of_body(at), line, language);
    let in_names = module.names.get(&body.index);
    let in_exports = module.exports.get(&body.index);
    let linkage_name = linkage_name.as_ref().or(in_names).or(in_exports);
    let name = name
        .or_else(|| linkage_name.map(|name| names::demangle(name).unwrap_or_else(|| name.clone())))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| numbered(body.index));
    // The first that says something new.
    let mut others = [linkage_name, in_names, in_exports].into_iter().flatten();
    let short_name = match language {
        Language::Zig => last_in_zig(&name).split("__anon_").next().unwrap_or_default(),
        _ => names::short(&name),
    };
    Function {
        id: FunctionId(u32::try_from(at).unwrap_or(u32::MAX)),
        index: body.index,
        short_name: short_name.to_owned(),
        linkage_name: others.find(|other| **other != name).cloned(),
        name,
        range: ModulePc(body.first_operator)..ModulePc(body.end),
        prologue_end: ModulePc(prologue_end),
        declared,
        language,
        has_dwarf: false,
    }
}

fn numbered(index: u32) -> String {
    format!("func[{index}]")
}

/// The last part of a Zig path (`queue.Queue(queue.Job,4).push`).
fn last_in_zig(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, last)| last)
}

/// For each body its subprogram: best one that begins and ends with it, else one that begins with it, else the first one
/// that begins inside. (Of a function that several units compiled only one's entry describes what the linker kept.)
fn entries<'i>(module: &Module, index: impl Iterator<Item = (u32, &'i UnitIndex)>, exact: bool) -> Vec<Option<At>> {
    let mut entries: Vec<Option<(u8, At)>> = vec![None; module.bodies.len()];
    for (unit, UnitIndex { subprograms, .. }) in index {
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
    let good_enough = |(fit, _): &(u8, At)| !exact || *fit == 3;
    entries.into_iter().map(|entry| entry.filter(good_enough).map(|(_, at)| at)).collect()
}

/// What DWARF says of a function.
#[derive(Default)]
pub(crate) struct Described {
    pub name: Option<String>,
    pub linkage_name: Option<String>,
    pub declared: Option<Location>,
    pub language: Language,
}

impl Described {
    /// Reads the entry of a subprogram and those that it's a copy of.
    pub fn new(dwarf: &Dwarf<'_>, index: &Index, lines: &Lines, at: At) -> Option<Self> {
        let entry = dwarf.entry(index.scope(dwarf, at)?.offset as usize)?;
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
