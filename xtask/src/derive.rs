//! Guests that no compiler makes: damaged, stripped or not Wasm at all. All are functions of their input alone.

use crate::error::Error;
use crate::matrix::Derivation;
use crate::wasm::{HEADER, Section, custom_section, leb128, sections};

/// The bytes of a derived guest; `original` is empty where it isn't made of another one.
///
/// # Errors
/// [`Error::BadModule`] when the original can't be taken apart or lacks what is to be damaged.
pub fn derive(derivation: Derivation, source: &str, original: &[u8]) -> Result<Vec<u8>, Error> {
    match derivation {
        Derivation::TruncateDebugInfo => truncate_debug_info(source, original),
        Derivation::FlipDebugBytes => flip_debug_bytes(source, original),
        Derivation::StripToExternal { debug_file } => strip_to_external(source, original, debug_file),
        Derivation::OnlyDebug => only_debug(source, original),
        Derivation::BogusOpcode => Ok(bogus_opcode()),
        Derivation::NotWasm => Ok(b"This is a text file: its name says Wasm, its bytes don't.\n".to_vec()),
    }
}

/// The first three fifths of `.debug_info`: lengths, references and children that point behind its end.
fn truncate_debug_info(source: &str, original: &[u8]) -> Result<Vec<u8>, Error> {
    let sections = sections(source, original)?;
    if !sections.iter().any(|section| section.name == ".debug_info") {
        return Err(Error::bad_module(source, "there is no .debug_info to truncate"));
    }
    Ok(rebuild(original, &sections, |section| {
        if section.name == ".debug_info" {
            let data = &original[section.data.clone()];
            custom_section(&section.name, &data[..data.len() * 3 / 5])
        } else {
            original[section.whole.clone()].to_vec()
        }
    }))
}

/// About one byte in 61 of the sections that hold structure (not strings) is replaced.
fn flip_debug_bytes(source: &str, original: &[u8]) -> Result<Vec<u8>, Error> {
    let mut bytes = original.to_vec();
    let mut random = SplitMix64(0x0dab_a9ed);
    for section in sections(source, original)? {
        let structured =
            [".debug_info", ".debug_abbrev", ".debug_line", ".debug_rnglists", ".debug_ranges", ".debug_loc"];
        if structured.contains(&section.name.as_str()) {
            for byte in &mut bytes[section.data] {
                let value = random.next();
                if value.is_multiple_of(61) {
                    *byte ^= (value >> 32) as u8 | 1;
                }
            }
        }
    }
    Ok(bytes)
}

fn strip_to_external(source: &str, original: &[u8], debug_file: &str) -> Result<Vec<u8>, Error> {
    let sections = sections(source, original)?;
    let mut bytes = rebuild(original, &sections, |section| {
        if section.is_debug() { Vec::new() } else { original[section.whole.clone()].to_vec() }
    });
    let mut url = leb128(debug_file.len());
    url.extend_from_slice(debug_file.as_bytes());
    bytes.extend(custom_section("external_debug_info", &url));
    Ok(bytes)
}

fn only_debug(source: &str, original: &[u8]) -> Result<Vec<u8>, Error> {
    let sections = sections(source, original)?;
    Ok(rebuild(original, &sections, |section| {
        if section.is_debug() { original[section.whole.clone()].to_vec() } else { Vec::new() }
    }))
}

/// `(module (func (export "_start") <0xff>))`
fn bogus_opcode() -> Vec<u8> {
    let mut bytes = HEADER.to_vec();
    bytes.extend([1, 4, 1, 0x60, 0, 0]); // type: [] -> []
    bytes.extend([3, 2, 1, 0]); // function 0 has type 0
    bytes.extend([7, 10, 1, 6]); // export
    bytes.extend(b"_start");
    bytes.extend([0, 0]);
    bytes.extend([10, 5, 1, 3, 0, 0xff, 0x0b]); // code: no locals, 0xff, end
    bytes
}

fn rebuild(original: &[u8], sections: &[Section], mut each: impl FnMut(&Section) -> Vec<u8>) -> Vec<u8> {
    let mut bytes = original[..HEADER.len()].to_vec();
    for section in sections {
        bytes.extend(each(section));
    }
    bytes
}

/// Sebastiano Vigna's SplitMix64: a fixed seed gives the same numbers everywhere.
#[derive(Debug)]
pub struct SplitMix64(pub u64);

impl SplitMix64 {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module_with_debug() -> Vec<u8> {
        let mut bytes = wat::parse_str("(module (func (export \"f\") nop))").unwrap();
        bytes.extend(custom_section(".debug_info", &[7; 1000]));
        bytes.extend(custom_section(".debug_str", &[9; 10]));
        bytes
    }

    #[test]
    fn truncation_keeps_the_module_valid() {
        let damaged = derive(Derivation::TruncateDebugInfo, "t", &module_with_debug()).unwrap();
        let sections = sections("t", &damaged).unwrap();
        assert_eq!(sections.iter().find(|section| section.name == ".debug_info").unwrap().data.len(), 600);
        wasmparser::validate(&damaged).unwrap();
    }

    #[test]
    fn flipping_changes_debug_bytes_only_and_is_repeatable() {
        let original = module_with_debug();
        let damaged = derive(Derivation::FlipDebugBytes, "t", &original).unwrap();
        let info = sections("t", &original).unwrap().into_iter().find(|section| section.name == ".debug_info").unwrap();
        let changed: Vec<usize> = (0..original.len()).filter(|&at| original[at] != damaged[at]).collect();
        assert!(!changed.is_empty() && changed.iter().all(|at| info.data.contains(at)));
        assert_eq!(damaged, derive(Derivation::FlipDebugBytes, "t", &original).unwrap());
    }

    #[test]
    fn stripped_and_debug_part_the_sections() {
        let original = module_with_debug();
        let stripped = derive(Derivation::StripToExternal { debug_file: "d.wasm" }, "t", &original).unwrap();
        let debug = derive(Derivation::OnlyDebug, "t", &original).unwrap();
        let names = |bytes: &[u8]| -> Vec<String> {
            sections("t", bytes)
                .unwrap()
                .into_iter()
                .map(|section| section.name)
                .filter(|name| !name.is_empty())
                .collect()
        };
        assert_eq!(names(&stripped), ["external_debug_info"]);
        assert_eq!(names(&debug), [".debug_info", ".debug_str"]);
        assert!(stripped.ends_with(b"\x06d.wasm"));
    }

    #[test]
    fn the_bogus_opcode_is_what_is_refused() {
        let error = wasmparser::validate(&bogus_opcode()).err().unwrap().to_string();
        assert!(error.contains("illegal opcode: 0xff"), "{error}");
    }
}
