//! A module as a list of sections, just enough to take debug sections out, damage them and look into them.

use crate::error::Error;
use std::ops::Range;
use wasmparser::{Parser, Payload};

pub const HEADER: [u8; 8] = *b"\0asm\x01\0\0\0";
const CUSTOM: u8 = 0;

/// One section as it stands in the file.
#[derive(Clone, Debug)]
pub struct Section {
    /// Of a custom section; empty otherwise.
    pub name: String,
    /// With its id and length.
    pub whole: Range<usize>,
    /// Of a custom section: what follows the name; else everything after the length.
    pub data: Range<usize>,
}

impl Section {
    pub fn is_debug(&self) -> bool {
        self.name.starts_with(".debug_")
    }
}

/// The sections of a core module.
///
/// # Errors
/// [`Error::BadModule`] when `bytes` aren't a list of sections.
pub fn sections(file: &str, bytes: &[u8]) -> Result<Vec<Section>, Error> {
    let mut sections = Vec::new();
    let mut start = HEADER.len();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(|error| Error::bad_module(file, error))?;
        let (name, data, end) = match &payload {
            Payload::CustomSection(section) => {
                let data = section.data_offset()..section.range().end;
                (section.name().to_string(), data.clone(), data.end)
            }
            Payload::CodeSectionEntry(_) | Payload::Version { .. } | Payload::End(_) => continue,
            other => match other.as_section() {
                Some((_, range)) => (String::new(), range.start..range.end, range.end),
                None => continue,
            },
        };
        sections.push(Section { name, whole: start..end, data });
        start = end;
    }
    Ok(sections)
}

/// The core modules in `bytes`: of a module that itself, of a component those nested in it, with their place in the file.
///
/// # Errors
/// [`Error::BadModule`] when `bytes` are neither.
pub fn core_modules(file: &str, bytes: &[u8]) -> Result<Vec<Range<usize>>, Error> {
    let mut modules = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(|error| Error::bad_module(file, error))? {
            Payload::Version { encoding: wasmparser::Encoding::Module, range, .. } if range.start == 0 => {
                return Ok(std::iter::once(0..bytes.len()).collect());
            }
            Payload::ModuleSection { unchecked_range, .. } => {
                modules.push(unchecked_range.start..unchecked_range.end);
            }
            _ => {}
        }
    }
    Ok(modules)
}

/// Where the code section's contents begin in a core module: the zero of DWARF's addresses.
///
/// # Errors
/// [`Error::BadModule`] when the module can't be read or has no code.
pub fn code_start(file: &str, module: &[u8]) -> Result<usize, Error> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CodeSectionStart { range, .. } = payload.map_err(|error| Error::bad_module(file, error))? {
            return Ok(range.start);
        }
    }
    Err(Error::bad_module(file, "there is no code section"))
}

/// Where each instruction of a core module begins, relative to the code section's contents: DWARF's addresses.
///
/// # Errors
/// [`Error::BadModule`] when the module can't be read.
pub fn instruction_offsets(file: &str, module: &[u8]) -> Result<Vec<u32>, Error> {
    let mut offsets = Vec::new();
    let base = code_start(file, module)?;
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CodeSectionEntry(body) = payload.map_err(|error| Error::bad_module(file, error))? {
            let operators = body.get_operators_reader().map_err(|error| Error::bad_module(file, error))?;
            for operator in operators.into_iter_with_offsets() {
                let (_, offset) = operator.map_err(|error| Error::bad_module(file, error))?;
                offsets.push((offset - base) as u32);
            }
        }
    }
    Ok(offsets)
}

/// A custom section with this name and these contents.
pub fn custom_section(name: &str, data: &[u8]) -> Vec<u8> {
    let mut body = leb128(name.len());
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(data);
    let mut section = vec![CUSTOM];
    section.extend(leb128(body.len()));
    section.extend(body);
    section
}

/// An unsigned number in as few bytes as it takes.
pub fn leb128(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leb128_carries() {
        assert_eq!(leb128(0), [0]);
        assert_eq!(leb128(127), [0x7f]);
        assert_eq!(leb128(128), [0x80, 1]);
        assert_eq!(leb128(624_485), [0xe5, 0x8e, 0x26]);
    }

    #[test]
    fn sections_tile_the_file() {
        let mut bytes = wat::parse_str("(module (func (export \"f\") nop))").unwrap();
        bytes.extend(custom_section(".debug_x", b"abc"));
        let sections = sections("test", &bytes).unwrap();
        let mut at = HEADER.len();
        for section in &sections {
            assert_eq!(section.whole.start, at);
            at = section.whole.end;
        }
        assert_eq!(at, bytes.len());
        let last = sections.last().unwrap();
        assert!(last.is_debug());
        assert_eq!(&bytes[last.data.clone()], b"abc");
    }

    #[test]
    fn instructions_count_from_the_code_section() {
        let bytes = wat::parse_str("(module (func nop nop) (func nop))").unwrap();
        // count, size, no locals: the first instruction is at 3; it's `nop nop end`, then size, no locals.
        assert_eq!(instruction_offsets("test", &bytes).unwrap(), [3, 4, 5, 8, 9]);
    }
}
