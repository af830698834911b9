//! The Wasm side: where code, names and DWARF sections lie in the binary.
//!
//! Invariant: [`Module::bodies`] is sorted by address and disjoint, `start <= first_operator <= end` in each, and every
//! range that is kept lies inside the binary. A module that breaks off is kept up to where it does.

use std::{collections::HashMap, ops::Range};

use wasmparser::{
    BinaryReader, Encoding, ExternalKind, FunctionBody, Name, NameMap, OperatorsReader, Parser, Payload, TypeRef,
};

use crate::{ImportedFunction, SymbolsError};

/// The longest name that is taken from a file; what is longer is cut off.
pub(crate) const MAX_NAME: usize = 16 << 10;

/// A function body: offsets in the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Body {
    /// Index in the function index space.
    pub index: u32,
    /// Where the declarations of locals begin: what DWARF takes for the function's start.
    pub start: u32,
    /// The first operator.
    pub first_operator: u32,
    /// One past the last byte.
    pub end: u32,
}

/// What is kept of a parsed binary.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// Offset of the contents of the code section.
    pub code_start: u32,
    /// Function bodies by address.
    pub bodies: Vec<Body>,
    /// Imported functions.
    pub imports: Vec<ImportedFunction>,
    /// Where the name section has functions' names.
    pub function_names: Vec<Range<usize>>,
    /// Exported functions' names, by function index.
    pub exports: HashMap<u32, String>,
    /// Names of globals, from the name section and the exports.
    pub globals: HashMap<String, u32>,
    /// Whether a memory is shared: then there are threads, and thread-locals have places of their own.
    pub shared_memory: bool,
    /// The custom sections named `.debug_*`.
    pub debug_sections: HashMap<String, Range<usize>>,
    /// Where its DWARF is, if a section says that it's in another file.
    pub external_debug: Option<String>,
    /// Where its source map is, if a section says so.
    pub source_map: Option<String>,
    /// What tells builds apart.
    pub build_id: Option<Vec<u8>>,
    /// What could not be read.
    pub warnings: Vec<String>,
}

impl Module {
    /// Reads a binary.
    pub fn parse(wasm: &[u8]) -> Result<Self, SymbolsError> {
        if u32::try_from(wasm.len()).is_err() {
            return Err(SymbolsError::NotAModule("it is larger than 4 GiB".into()));
        }
        let mut module = Self::default();
        let mut seen_header = false;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload {
                Ok(Payload::Version { encoding: Encoding::Module, .. }) => seen_header = true,
                Ok(Payload::Version { encoding: Encoding::Component, .. }) => {
                    return Err(SymbolsError::NotAModule("it is a component".into()));
                }
                Ok(payload) => {
                    if let Err(error) = module.section(payload) {
                        module.warnings.push(format!("a section of the module could not be read: {error}"));
                    }
                }
                Err(_) if !seen_header => {
                    return Err(SymbolsError::NotAModule("it doesn't begin as one".into()));
                }
                Err(error) => {
                    module.warnings.push(format!("the module could not be read to its end: {error}"));
                    break;
                }
            }
        }
        if !seen_header {
            return Err(SymbolsError::NotAModule("it is empty".into()));
        }
        let imported = u32::try_from(module.imports.len()).unwrap_or(u32::MAX);
        for body in &mut module.bodies {
            body.index = body.index.saturating_add(imported);
        }
        Ok(module)
    }

    fn section(&mut self, payload: Payload<'_>) -> wasmparser::Result<()> {
        match payload {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import?;
                    if let TypeRef::Func(_) | TypeRef::FuncExact(_) = import.ty {
                        let index = u32::try_from(self.imports.len()).unwrap_or(u32::MAX);
                        let (module, name) = (clipped(import.module), clipped(import.name));
                        self.imports.push(ImportedFunction { index, module, name });
                    }
                    if let TypeRef::Memory(memory) = import.ty {
                        self.shared_memory |= memory.shared;
                    }
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    self.shared_memory |= memory?.shared;
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    match export.kind {
                        ExternalKind::Func => {
                            self.exports.entry(export.index).or_insert_with(|| clipped(export.name));
                        }
                        ExternalKind::Global => {
                            self.globals.insert(clipped(export.name), export.index);
                        }
                        _ => {}
                    }
                }
            }
            Payload::CodeSectionStart { range, .. } => {
                self.code_start = offset(range.start);
                // The contents of the section begin with the count of bodies, which `range` includes.
            }
            Payload::CodeSectionEntry(body) => {
                let range = body.range();
                let index = u32::try_from(self.bodies.len()).unwrap_or(u32::MAX);
                let first_operator = body.get_operators_reader()?.original_position();
                self.bodies.push(Body {
                    index,
                    start: offset(range.start),
                    first_operator: offset(first_operator),
                    end: offset(range.end),
                });
            }
            Payload::CustomSection(section) if section.name().starts_with(".debug_") => {
                self.debug_sections.entry(section.name().into()).or_insert(section.data_offset()..section.range().end);
            }
            Payload::CustomSection(section) if section.name() == "external_debug_info" => {
                let mut reader = BinaryReader::new(section.data(), section.data_offset());
                self.external_debug = Some(clipped(reader.read_string()?));
            }
            Payload::CustomSection(section) if section.name() == "sourceMappingURL" => {
                let mut reader = BinaryReader::new(section.data(), section.data_offset());
                self.source_map = Some(clipped(reader.read_string()?));
            }
            Payload::CustomSection(section) if section.name() == "build_id" => {
                let mut reader = BinaryReader::new(section.data(), section.data_offset());
                let length = reader.read_var_u32()? as usize;
                self.build_id = Some(reader.read_bytes(length.min(MAX_NAME))?.to_vec());
            }
            Payload::CustomSection(section) => {
                if let wasmparser::KnownCustom::Name(names) = section.as_known() {
                    for name in names {
                        self.name(name?)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn name(&mut self, name: Name<'_>) -> wasmparser::Result<()> {
        match name {
            Name::Function(map) => {
                // They are read when functions are made of them, which a saved index spares. What's wrong with them is
                // found here.
                self.function_names.push(map.range());
                for naming in map {
                    naming?;
                }
            }
            Name::Global(map) => {
                for naming in map {
                    let naming = naming?;
                    self.globals.entry(clipped(naming.name)).or_insert(naming.index);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Functions' names from the name section, by function index.
    pub fn names_of_functions<'w>(&self, wasm: &'w [u8]) -> HashMap<u32, &'w str> {
        self.namings(wasm).collect()
    }

    /// The name of one.
    pub fn name_of_function<'w>(&self, wasm: &'w [u8], index: u32) -> Option<&'w str> {
        self.namings(wasm).filter(|(named, _)| *named == index).last().map(|(_, name)| name)
    }

    fn namings<'w>(&self, wasm: &'w [u8]) -> impl Iterator<Item = (u32, &'w str)> {
        let maps = self
            .function_names
            .iter()
            .filter_map(move |range| NameMap::new(BinaryReader::new(wasm.get(range.clone())?, range.start)).ok());
        maps.flat_map(|map| map.into_iter().map_while(Result::ok)).map(|naming| (naming.index, clip(naming.name)))
    }

    /// The position in [`bodies`](Self::bodies) of the body that holds this offset, declarations of locals included.
    pub fn body_at(&self, pc: u32) -> Option<usize> {
        let after = self.bodies.partition_point(|body| body.start <= pc);
        let at = after.checked_sub(1)?;
        (pc < self.bodies.get(at)?.end).then_some(at)
    }

    /// The position of the first body that ends after this offset.
    pub fn body_from(&self, pc: u32) -> usize {
        self.bodies.partition_point(|body| body.end <= pc)
    }
}

/// The offsets of a body's operators, ascending, up to `until`; of damaged code those that could be read.
pub(crate) fn operators(wasm: &[u8], body: &Body, until: u32) -> Vec<u32> {
    let mut offsets = Vec::new();
    for_operators(wasm, body, |at, _| {
        offsets.push(at);
        at < until
    });
    offsets
}

/// Calls `each` with the operators of a body and their offsets, as long as it says to go on.
pub(crate) fn for_operators(wasm: &[u8], body: &Body, mut each: impl FnMut(u32, &wasmparser::Operator<'_>) -> bool) {
    let Some(bytes) = wasm.get(body.start as usize..body.end as usize) else { return };
    let body = FunctionBody::new(BinaryReader::new(bytes, body.start as usize));
    let Ok(operators) = body.get_binary_reader_for_operators() else { return };
    let mut operators = OperatorsReader::new(operators);
    while !operators.eof() {
        match operators.read_with_offset() {
            Ok((operator, at)) if each(offset(at), &operator) => {}
            _ => return,
        }
    }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn clipped(name: &str) -> String {
    clip(name).to_owned()
}

/// The beginning of a name, at most [`MAX_NAME`] long.
pub(crate) fn clip(name: &str) -> &str {
    name.get(..name.floor_char_boundary(MAX_NAME)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with one function `(func (local i32) i32.const 5 drop)`.
    const ONE: &[u8] = &[
        0, b'a', b's', b'm', 1, 0, 0, 0, // header
        1, 4, 1, 0x60, 0, 0, // type
        3, 2, 1, 0, // function
        10, 9, 1, 7, 1, 1, 0x7f, 0x41, 5, 0x1a, 0x0b, // code
    ];

    #[test]
    fn bodies_and_operators() {
        let module = Module::parse(ONE).expect("a module");
        assert_eq!(module.code_start, 20);
        let [body] = module.bodies[..] else { panic!("one body") };
        assert_eq!((body.start, body.first_operator, body.end), (22, 25, 29));
        assert_eq!(operators(ONE, &body, u32::MAX), [25, 27, 28]);
        assert_eq!((module.body_at(21), module.body_at(22), module.body_at(29)), (None, Some(0), None));
    }

    #[test]
    fn what_is_no_module() {
        assert!(Module::parse(b"").is_err());
        assert!(Module::parse(b"\0asm\x0d\0\x01\0").is_err());
        assert!(Module::parse(&ONE[..26]).is_ok(), "a module that breaks off is kept up to there");
    }
}
