//! What the tests of this crate share: guests, markers, and a frame made of numbers.
#![allow(dead_code, clippy::expect_used, clippy::panic)]

pub mod everything;

use std::{fs, path::PathBuf};

use freezeframe_debuggee::{FrameAccess, Unavailable, WasmValue};
use freezeframe_symbols::{FileId, ModulePc, Symbols};

/// The folder of the guests.
pub fn guests() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let found = here.ancestors().map(|folder| folder.join("guests")).find(|guests| guests.is_dir());
    found.expect("a folder of guests")
}

/// The bytes of a built guest.
pub fn bytes(name: &str) -> Vec<u8> {
    let path = guests().join("built").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The symbols of a built guest.
pub fn symbols(name: &str) -> Symbols {
    Symbols::new(bytes(name).into()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The line of a source that ends in `// #marker`.
pub fn marker(source: &str, marker: &str) -> u32 {
    let text = fs::read_to_string(guests().join("src").join(source)).expect("a source");
    let found = text.lines().position(|line| {
        let at = line.find(&format!("// #{marker}"));
        at.is_some_and(|at| {
            let rest = &line[at + "// #".len() + marker.len()..];
            !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-')
        })
    });
    u32::try_from(found.unwrap_or_else(|| panic!("no #{marker} in {source}"))).expect("a line") + 1
}

/// The one file of this name that has code.
pub fn file(symbols: &Symbols, name: &str) -> FileId {
    let files = symbols.find_files(name);
    let with_code: Vec<FileId> = files.into_iter().filter(|file| !symbols.lines_with_code(*file).is_empty()).collect();
    let [file] = with_code[..] else { panic!("{name} is one file: {with_code:?}") };
    file
}

/// The one site of a marker's line.
pub fn site(symbols: &Symbols, source: &str, name: &str) -> ModulePc {
    let line = marker(source, name);
    let sites = symbols.line_sites(file(symbols, source), line).expect("a site");
    assert_eq!(sites.line, line, "#{name} has code");
    let [site] = sites.sites[..] else { panic!("#{name} has one site: {:?}", sites.sites) };
    site
}

/// A frame whose values are all given by number: locals, operands and globals are `base + index`, memory is its address.
#[derive(Default)]
pub struct Fake {
    /// What local 0 is.
    pub locals: i32,
    /// What operand 0 is.
    pub operands: i32,
    /// What global 0 is.
    pub globals: i32,
}

impl FrameAccess for Fake {
    fn local(&mut self, index: u32) -> Result<WasmValue, Unavailable> {
        Ok(WasmValue::I32(self.locals + index as i32))
    }
    fn operand(&mut self, index: u32) -> Result<WasmValue, Unavailable> {
        Ok(WasmValue::I32(self.operands + index as i32))
    }
    fn global(&mut self, index: u32) -> Result<WasmValue, Unavailable> {
        Ok(WasmValue::I32(self.globals + index as i32))
    }
    fn memory(&mut self, address: u64, into: &mut [u8]) -> Result<(), Unavailable> {
        for (byte, at) in into.iter_mut().zip(address..) {
            *byte = at.to_le_bytes()[0];
        }
        Ok(())
    }
}
