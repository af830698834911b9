//! The functions of the module, each with its entry if DWARF has one.
//!
//! Invariant: one [`Function`] for each body, in the same order; an entry is only taken when its first address lies in
//! the body, so entries of code that the linker threw away belong to nothing.

use std::{collections::HashMap, ops::Range};

use bytes::Bytes;
use gimli::constants;

use crate::{
    Function, FunctionId, Language, Location, ModulePc, Progress,
    budget::Budget,
    dwarf::{Dwarf, Entry, Sections, Units},
    function_names::{Buffer, FunctionNames},
    index::UnitIndex,
    lines::Lines,
    module::{Body, Module},
    names::{self, Wanted},
    parallel,
    paths::{At, Index},
    rows,
    table::Table,
};

/// The functions.
#[derive(Debug, Default)]
pub(crate) struct Functions {
    /// By address.
    pub list: Vec<Function>,
    /// For each, its entry.
    pub entries: Vec<Option<At>>,
    /// What they are called.
    pub names: Bytes,
    /// By short names.
    pub by_short_name: ByName,
    /// By linkage names, where those differ. The names themselves, long as they are, stay where they are.
    pub by_linkage_name: ByName,
}

/// Hashes of names and whose they are, sorted.
#[derive(Debug, Default)]
pub(crate) struct ByName(pub Table<2>);

impl ByName {
    fn new(names: impl Iterator<Item = (u32, FunctionId)>) -> Self {
        let mut rows: Vec<[u32; 2]> = names.map(|(hash, id)| [hash, id.0]).collect();
        rows.sort_unstable();
        Self(rows.into_iter().collect())
    }

    /// The functions with this name, and whichever have names of the same hash.
    fn named(&self, name: &str) -> impl Iterator<Item = FunctionId> {
        let hash = names::hash(name);
        let from = self.0.partition_point(|[other, _]| other < hash);
        let rows = self.0.rows_in(from..self.0.len()).take_while(move |[other, _]| *other == hash);
        rows.map(|[_, id]| FunctionId(id))
    }
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
        let names = module.names_of_functions(sections.wasm());
        // Functions beyond that are only numbered.
        let budget = Budget::of_names(sections);
        let bytes = sections.size();
        let list = parallel::map(
            module.bodies.len(),
            bytes,
            || Dwarf::new(sections, units),
            |dwarf, at| {
                progress.add_part(bytes as u64, at, module.bodies.len());
                let body = module.bodies.get(at)?;
                let entry = entries.get(at).copied().flatten();
                let described = entry.filter(|_| !budget.is_spent());
                let described = described.and_then(|entry| Described::new(dwarf, index, lines, entry));
                let described = described.unwrap_or_default();
                // A name takes as long as the one that it's demangled from is.
                let mangled = described.linkage_name.as_ref().map_or(0, String::len);
                let (mut function, mut called) = function(sections, module, lines, &names, (at, body), described);
                function.has_dwarf = entry.is_some();
                if !budget.take(called.name.len() + mangled) {
                    called = Called::numbered(function.index);
                }
                Some((function, called))
            },
        );
        let named = || list.iter().flatten();
        let by_short_name = ByName::new(named().map(|(function, called)| (called.short_hash, function.id)));
        let linkage = |(function, called): &(Function, Called)| Some((called.linkage_hash?, function.id));
        let by_linkage_name = ByName::new(named().filter_map(linkage));
        let mut buffer = Buffer::default();
        let list = list.into_iter().flatten().map(|(mut function, called)| {
            function.names.places = buffer.push_both(&called.name, &called.short);
            function
        });
        let list = list.collect();
        let names = buffer.finish();
        Self { list, entries, names, by_short_name, by_linkage_name }.with_names()
    }

    /// The same once the functions know where their names are.
    pub fn with_names(mut self) -> Self {
        for function in &mut self.list {
            function.names.buffer = self.names.clone();
        }
        self
    }

    /// Functions that are meant by a name. `linkage_name` tells that of a function.
    pub fn find(&self, name: &str, linkage_name: impl Fn(&Function) -> Option<String>) -> Vec<FunctionId> {
        let wanted = Wanted::new(name);
        let mut found: Vec<FunctionId> = [wanted.short(), name, last_in_zig(name)]
            .into_iter()
            .flat_map(|name| self.by_short_name.named(name))
            .filter(|id| self.list.get(id.0 as usize).is_some_and(|function| wanted.means(function.name())))
            .collect();
        let same = |id: &FunctionId| self.list.get(id.0 as usize).and_then(&linkage_name).as_deref() == Some(name);
        found.extend(self.by_linkage_name.named(name).filter(same));
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The function of a body.
fn function(
    sections: &Sections,
    module: &Module,
    lines: &Lines,
    names: &HashMap<u32, &str>,
    (at, body): (usize, &Body),
    described: Described,
) -> (Function, Called) {
    let Described { name, linkage_name: described_linkage, declared, language } = described;
    let line = declared.map(|declared| declared.line);
    let prologue_end = rows::prologue_end(sections.wasm(), module.code_start, body, lines.of_body(at), line, language);
    let in_names = names.get(&body.index).copied();
    let in_exports = module.exports.get(&body.index).map(String::as_str);
    let linkage = described_linkage.as_deref().or(in_names).or(in_exports);
    let name = name
        .or_else(|| linkage.map(|name| names::demangle(name).unwrap_or_else(|| name.to_owned())))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| numbered(body.index));
    let short_name = match language {
        Language::Zig => last_in_zig(&name).split("__anon_").next().unwrap_or_default(),
        _ => names::short(&name),
    };
    let function = Function {
        id: FunctionId(u32::try_from(at).unwrap_or(u32::MAX)),
        index: body.index,
        names: FunctionNames::default(),
        range: ModulePc(body.first_operator)..ModulePc(body.end),
        prologue_end: ModulePc(prologue_end),
        declared,
        language,
        has_dwarf: false,
    };
    let linkage_hash = linkage_name(&name, [linkage, in_names, in_exports]).map(names::hash);
    let short = part_of(&name, short_name);
    let called = Called { short_hash: names::hash(short_name), linkage_hash, short, name };
    (function, called)
}

/// Where in a text a slice of it lies.
fn part_of(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
    // An empty part may lie anywhere.
    if start > text.len() { 0..0 } else { start..start + part.len() }
}

/// The first that says something new.
pub(crate) fn linkage_name<'n>(name: &str, others: [Option<&'n str>; 3]) -> Option<&'n str> {
    others.into_iter().flatten().find(|other| *other != name)
}

/// What a function is called, before that has a place.
struct Called {
    name: String,
    /// Where in it the short one is.
    short: Range<usize>,
    short_hash: u32,
    linkage_hash: Option<u32>,
}

impl Called {
    fn numbered(index: u32) -> Self {
        let name = numbered(index);
        Self { short_hash: names::hash(&name), linkage_hash: None, short: 0..name.len(), name }
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
