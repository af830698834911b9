//! The indexes of all units together, and the qualified names of their entries.
//!
//! Invariant: following parents and origins ends, whatever the file says, after [`MAX_STEPS`] steps, and a path with all its
//! parts is about as long as one name may be ([`MAX_NAME`]).

use std::{collections::HashMap, sync::OnceLock};

use gimli::constants;

use crate::{
    Language, Progress,
    dwarf::{Dwarf, Sections, Text, Units},
    index::{NO_PARENT, Scope, UnitIndex, is_type},
    module::MAX_NAME,
    names, parallel,
};

/// How many parents and origins a name is put together from.
const MAX_STEPS: usize = 64;

/// How many bytes of a type's name its hash is made of.
const HASHED: usize = 256;

/// A scope, as the position of its unit and its position there.
pub(crate) type At = (u32, u32);

/// The indexes of all units, each read when something asks for it.
#[derive(Debug)]
pub(crate) struct Index {
    units: Vec<OnceLock<UnitIndex>>,
    types: OnceLock<HashMap<u32, Vec<At>>>,
    progress: Progress,
}

/// A qualified name.
#[derive(Debug, Default)]
pub(crate) struct Path {
    /// Its parts, outermost first.
    pub parts: Vec<String>,
    /// Whether something around it has no name that a person could write.
    pub nameless: bool,
}

impl Path {
    /// The parts with `::` between, without the allocator that Rust's containers have unless one says otherwise.
    pub fn join(&self) -> String {
        self.parts.join("::").replace(", alloc::alloc::Global>", ">")
    }
}

impl Index {
    /// Nothing is read yet.
    pub fn new(units: &Units, progress: Progress) -> Self {
        Self { units: units.list.iter().map(|_| OnceLock::new()).collect(), types: OnceLock::new(), progress }
    }

    /// The index of the unit at this position.
    fn unit(&self, dwarf: &Dwarf<'_>, unit: usize) -> Option<&UnitIndex> {
        Some(self.units.get(unit)?.get_or_init(|| UnitIndex::build(dwarf, unit)))
    }

    /// The indexes of all units, by their positions; what wasn't read yet is read on all cores.
    pub fn all(&self, sections: &Sections, units: &Units) -> impl Iterator<Item = (u32, &UnitIndex)> {
        let missing: Vec<usize> = (0..self.units.len()).filter(|unit| self.units[*unit].get().is_none()).collect();
        let size = |unit: &usize| units.list.get(*unit).map_or(0, |unit| unit.end.saturating_sub(unit.start));
        parallel::map(
            missing.len(),
            missing.iter().map(size).sum(),
            || Dwarf::new(sections, units),
            |dwarf, i| {
                if let Some(unit) = missing.get(i) {
                    self.unit(dwarf, *unit);
                    self.progress.add(size(unit) as u64);
                }
            },
        );
        (0..).zip(self.units.iter().filter_map(OnceLock::get))
    }

    /// The scope at an offset of `.debug_info`.
    pub fn scope_at(&self, dwarf: &Dwarf<'_>, offset: u32) -> Option<At> {
        let unit = dwarf.units.containing(offset as usize)?;
        let scope = self.unit(dwarf, unit)?.scope_at(offset)?;
        Some((u32::try_from(unit).ok()?, u32::try_from(scope).ok()?))
    }

    /// A scope.
    pub fn scope(&self, dwarf: &Dwarf<'_>, at: At) -> Option<&Scope> {
        self.unit(dwarf, at.0 as usize)?.scopes.get(at.1 as usize)
    }

    /// The scope itself, then what it specifies or is a copy of.
    pub fn origins(&self, dwarf: &Dwarf<'_>, at: At) -> Vec<At> {
        let mut chain = vec![at];
        let mut last = at;
        while let Some(origin) = self.scope(dwarf, last).map(|scope| scope.origin).filter(|origin| *origin != 0)
            && let Some(next) = self.scope_at(dwarf, origin)
            && chain.len() < 8
            && !chain.contains(&next)
        {
            chain.push(next);
            last = next;
        }
        chain
    }

    /// The qualified name of a scope.
    pub fn path(&self, dwarf: &Dwarf<'_>, at: At) -> Path {
        let mut path = Path::default();
        let mut length = 0;
        let mut next = Some(at);
        for _ in 0..MAX_STEPS {
            let Some(at) = next else { break };
            // Of a copy, name and surroundings are those of what it is a copy of.
            let chain = self.origins(dwarf, at);
            let named =
                chain.iter().rev().find(|at| self.scope(dwarf, **at).is_some_and(|scope| !scope.name.is_none()));
            let at = named.or(chain.last()).copied().unwrap_or(at);
            let Some(scope) = self.scope(dwarf, at) else { break };
            length += scope.name.len();
            if length > MAX_NAME && !path.parts.is_empty() {
                // Nobody would write it.
                path.nameless = true;
                path.parts.push("…".into());
                break;
            }
            let anonymous_namespace = scope.tag == constants::DW_TAG_namespace && scope.name.is_none();
            if anonymous_namespace {
                path.parts.push("(anonymous namespace)".into());
            } else if scope.name.is_none() {
                path.nameless = true;
                path.parts.push("(anonymous)".into());
            } else {
                path.parts.push(dwarf.sections.str(scope.name).into_owned());
            }
            next = (scope.parent != NO_PARENT).then_some((at.0, scope.parent));
        }
        path.parts.reverse();
        path
    }

    /// The qualified name of something inside of a scope.
    pub fn path_within(&self, dwarf: &Dwarf<'_>, unit: u32, parent: u32, name: Text) -> Path {
        let mut path = if parent == NO_PARENT { Path::default() } else { self.path(dwarf, (unit, parent)) };
        path.parts.push(dwarf.sections.str(name).into_owned());
        path
    }

    /// What people call a function: its path, or what its linkage name demangles to where the path has parts that
    /// nobody would write.
    pub fn function_name(&self, dwarf: &Dwarf<'_>, at: At, linkage_name: Option<&str>) -> Option<String> {
        if let (Language::Zig, Some(linkage_name)) = (self.language(dwarf, at.0), linkage_name) {
            return Some(linkage_name.to_owned());
        }
        let path = self.path(dwarf, at);
        let unwritten = |part: &String| part.starts_with("{impl#") || part.starts_with("{extern#");
        if (path.nameless || path.parts.iter().any(unwritten))
            && let Some(demangled) = linkage_name.and_then(names::demangle)
        {
            return Some(with_closures(&demangled, &path));
        }
        let name = path.join();
        let nothing_to_say = path.parts.last()?.is_empty() || (path.nameless && path.parts.len() == 1);
        (!nothing_to_say).then_some(name)
    }

    /// The language of a unit.
    pub fn language(&self, dwarf: &Dwarf<'_>, unit: u32) -> Language {
        dwarf.units.list.get(unit as usize).map_or(Language::Other, |unit| unit.language)
    }

    /// Definitions of types whose last part, without generic arguments, is `short`.
    pub fn types_named(&self, dwarf: &Dwarf<'_>, short: &str) -> Vec<At> {
        let types = self.types.get_or_init(|| {
            let mut types: HashMap<u32, Vec<At>> = HashMap::new();
            for (unit, index) in self.all(dwarf.sections, dwarf.units) {
                for (at, scope) in (0..).zip(&index.scopes) {
                    if is_type(scope.tag) && !scope.declaration && !scope.name.is_none() {
                        let name = dwarf.sections.bytes(scope.name);
                        types.entry(hash_of_type(name)).or_default().push((unit, at));
                    }
                }
            }
            types
        });
        let is_short = |at: &At| {
            let name = self.scope(dwarf, *at).map(|scope| dwarf.sections.str(scope.name));
            name.is_some_and(|name| names::without_generics(&name) == short)
        };
        types.get(&hash_of_type(short.as_bytes())).into_iter().flatten().copied().filter(is_short).collect()
    }
}

/// The hash by which a type is found, the same with and without generic arguments. Of very long names, of which a file may
/// have as many as it has bytes, only the beginning counts.
fn hash_of_type(name: &[u8]) -> u32 {
    let beginning = name.get(..HASHED).unwrap_or(name);
    let generics = beginning.iter().position(|byte| *byte == b'<').filter(|at| *at > 0);
    names::hash(generics.and_then(|at| beginning.get(..at)).unwrap_or(beginning))
}

/// A demangled name with the numbers of its closures, which Rust's older mangling leaves out.
fn with_closures(demangled: &str, path: &Path) -> String {
    let mut segments = names::segments(demangled);
    for (segment, part) in segments.iter_mut().rev().zip(path.parts.iter().rev()) {
        if *segment != "{{closure}}" {
            break;
        }
        *segment = names::without_generics(part);
    }
    segments.join("::")
}
