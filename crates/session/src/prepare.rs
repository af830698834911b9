//! Makes what a debugger reads at native speed an export of the module, because Wasmtime gives out nothing else there.
//!
//! Invariant: the module computes what it did, by the same machine code: only its export section grows. Indices stay, and so
//! does everything that counts from the code section, as DWARF does; offsets from the file's beginning move.

use std::borrow::Cow;

use wasm_encoder::{Encode, ExportKind, RawSection};
use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

/// What export names begin with that aren't the module's own.
const OURS: &str = "freezeframe:";
/// Compilers make a handful of globals.
const MOST_GLOBALS: usize = 100;
/// The section of exports, and those that may follow it.
const EXPORTS: u8 = 7;
const FOLLOW: [u8; 5] = [8, 9, 10, 11, 12];

/// The module with its first memory and its globals exported, for [`Mode::Native`](crate::Mode::Native): from the memory and
/// the `__stack_pointer` the variables of unoptimised functions can be read. To be done before the module is compiled; the result is compiled and
/// given to [`Guests::module`](crate::Guests::module).
///
/// What is exported already, or isn't a core module, comes back as it is; so does a module whose lines are in a source map,
/// which counts from the file's beginning, and one that isn't valid.
pub fn prepare(module: &[u8]) -> Cow<'_, [u8]> {
    match rewritten(module) {
        Some(rewritten) => Cow::Owned(rewritten),
        None => Cow::Borrowed(module),
    }
}

/// What has to be known of a module.
#[derive(Default)]
struct Found {
    globals: u32,
    imported_globals: u32,
    memories: u32,
    memory_exported: bool,
    exported_globals: Vec<u32>,
    names: Vec<String>,
}

impl Found {
    /// `None` for what shall stay as it is.
    fn of(module: &[u8]) -> Option<Self> {
        let mut found = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload.ok()? {
                Payload::Version { encoding: wasmparser::Encoding::Component, .. } => return None,
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        match import.ok()?.ty {
                            TypeRef::Global(_) => found.imported_globals += 1,
                            TypeRef::Memory(_) => found.memories += 1,
                            _ => {}
                        }
                    }
                }
                Payload::MemorySection(memories) => found.memories += memories.count(),
                Payload::GlobalSection(globals) => found.globals = globals.count(),
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export.ok()?;
                        match export.kind {
                            ExternalKind::Memory => found.memory_exported |= export.index == 0,
                            ExternalKind::Global => found.exported_globals.push(export.index),
                            _ => {}
                        }
                        found.names.push(export.name.to_owned());
                    }
                }
                Payload::CustomSection(section) if section.name() == "sourceMappingURL" => return None,
                _ => {}
            }
        }
        Some(found)
    }

    /// The exports to add.
    fn missing(&self) -> Vec<(String, ExportKind, u32)> {
        let mut missing = Vec::new();
        if self.memories > 0 && !self.memory_exported {
            missing.push((format!("{OURS}memory"), ExportKind::Memory, 0));
        }
        let own = self.imported_globals..self.imported_globals.saturating_add(self.globals);
        let hidden = own.take(MOST_GLOBALS).filter(|global| !self.exported_globals.contains(global));
        missing.extend(hidden.map(|global| (format!("{OURS}global {global}"), ExportKind::Global, global)));
        missing.retain(|(name, ..)| !self.names.contains(name));
        missing
    }
}

fn rewritten(module: &[u8]) -> Option<Vec<u8>> {
    let found = Found::of(module)?;
    let missing = found.missing();
    if missing.is_empty() {
        return None;
    }
    let mut section = Vec::new();
    let count = u32::try_from(found.names.len()).ok()?.checked_add(u32::try_from(missing.len()).ok()?)?;
    count.encode(&mut section);
    let mut added = Vec::new();
    for (name, kind, index) in missing {
        name.as_str().encode(&mut added);
        kind.encode(&mut added);
        index.encode(&mut added);
    }
    let mut out = wasm_encoder::Module::new();
    let mut done = false;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.ok()?;
        let Some((id, range)) = payload.as_section() else { continue };
        if let Payload::ExportSection(exports) = &payload {
            // Behind the count the entries are kept as they are.
            let first = exports.clone().into_iter_with_offsets().next()?.ok()?.0;
            section.extend_from_slice(module.get(first..range.end)?);
        }
        if !done && (id == EXPORTS || FOLLOW.contains(&id)) {
            done = true;
            section.append(&mut added);
            out.section(&RawSection { id: EXPORTS, data: &section });
        }
        if id != EXPORTS {
            out.section(&RawSection { id, data: module.get(range)? });
        }
    }
    if !done {
        section.append(&mut added);
        out.section(&RawSection { id: EXPORTS, data: &section });
    }
    Some(out.finish())
}
