//! Modules and DWARF made byte by byte.
#![allow(dead_code, clippy::expect_used, clippy::type_complexity)]

use freezeframe_symbols::Symbols;

pub fn leb(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            out.push(byte);
            return out;
        }
        out.push(byte | 0x80);
    }
}

pub fn sized(bytes: &[u8]) -> Vec<u8> {
    [leb(bytes.len() as u64), bytes.to_vec()].concat()
}

pub fn section(id: u8, contents: &[u8]) -> Vec<u8> {
    [vec![id], sized(contents)].concat()
}

pub fn custom(name: &str, contents: &[u8]) -> Vec<u8> {
    section(0, &[sized(name.as_bytes()), contents.to_vec()].concat())
}

/// A module with two functions of the body `nop nop nop end`, at 2..7 and 8..13 in the code section, and these sections.
pub fn module(debug: &[(&str, Vec<u8>)]) -> Symbols {
    Symbols::new(module_bytes(debug).into()).expect("a module")
}

/// The bytes of that.
pub fn module_bytes(debug: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let body = [5, 0, 1, 1, 1, 0x0b];
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    bytes.extend(section(1, &[1, 0x60, 0, 0]));
    bytes.extend(section(3, &[2, 0, 0]));
    bytes.extend(section(10, &[&[2][..], &body, &body].concat()));
    for (name, contents) in debug {
        bytes.extend(custom(name, contents));
    }
    bytes
}

pub const LOW: u32 = 2;

/// Abbreviations by code: 1 unit, 2 subprogram, 3 variable with an expression, 4 base type, 5 typedef, 6 struct,
/// 7 member with the bit-fields of old, 8 variable with an origin, 9 subprogram with an origin, 10 pointer, 11 subroutine
/// type, 12 parameter of one, 13 union of members, 14 variable with a constant,
/// 15 declaration of a struct, 16 array, 17 dimension counted by a variable, 18 dimension with an expression as its upper
/// bound, 19 base class at what an expression says, 20 struct that says what it contains.
pub fn abbreviations() -> Vec<u8> {
    let rows: [(u8, u8, u8, &[(u8, u8)]); 20] = [
        (1, 0x11, 1, &[(0x13, 0x0b)]),
        (2, 0x2e, 1, &[(0x03, 0x08), (0x11, 0x01), (0x12, 0x06), (0x40, 0x18)]),
        (3, 0x34, 0, &[(0x03, 0x08), (0x02, 0x18), (0x49, 0x13)]),
        (4, 0x24, 0, &[(0x03, 0x08), (0x3e, 0x0b), (0x0b, 0x0b)]),
        (5, 0x16, 0, &[(0x03, 0x08), (0x49, 0x13)]),
        (6, 0x13, 1, &[(0x03, 0x08), (0x0b, 0x0b)]),
        (7, 0x0d, 0, &[(0x03, 0x08), (0x49, 0x13), (0x0b, 0x0b), (0x0d, 0x0b), (0x0c, 0x0b), (0x38, 0x0b)]),
        (8, 0x34, 0, &[(0x31, 0x13)]),
        (9, 0x2e, 1, &[(0x31, 0x13), (0x11, 0x01), (0x12, 0x06)]),
        (10, 0x0f, 0, &[(0x49, 0x13)]),
        (11, 0x15, 1, &[(0x49, 0x13)]),
        (12, 0x05, 0, &[(0x49, 0x13)]),
        (13, 0x17, 1, &[(0x0b, 0x0b)]),
        (14, 0x34, 0, &[(0x03, 0x08), (0x1c, 0x0d), (0x49, 0x13)]),
        (15, 0x13, 0, &[(0x03, 0x08), (0x3c, 0x19)]),
        (16, 0x01, 1, &[(0x49, 0x13)]),
        (17, 0x21, 0, &[(0x37, 0x13)]),
        (18, 0x21, 0, &[(0x2f, 0x18)]),
        (19, 0x1c, 0, &[(0x49, 0x13), (0x38, 0x18), (0x4c, 0x0b)]),
        (20, 0x13, 0, &[(0x03, 0x08), (0x0b, 0x0b), (0x1d, 0x13)]),
    ];
    let mut out = Vec::new();
    for (code, tag, children, attributes) in rows {
        out.extend([code, tag, children]);
        for (name, form) in attributes {
            out.extend([*name, *form]);
        }
        out.extend([0, 0]);
    }
    out.push(0);
    out
}

/// A unit of DWARF 4 for C.
pub struct Unit(pub Vec<u8>);

impl Unit {
    pub fn new() -> Self {
        // Length, version, abbreviations, address size, root entry.
        Self([&[0; 4][..], &[4, 0], &[0; 4], &[4], &[1, 0x0c]].concat())
    }
    pub fn here(&self) -> u32 {
        self.0.len() as u32
    }
    pub fn entry(&mut self, code: u8, parts: &[&[u8]]) -> u32 {
        let at = self.here();
        self.0.push(code);
        self.0.extend(parts.concat());
        at
    }
    pub fn function(&mut self, name: &str, low: u32, length: u32, frame_base: &[u8]) -> u32 {
        let name = [name.as_bytes(), &[0]].concat();
        self.entry(2, &[&name, &low.to_le_bytes(), &length.to_le_bytes(), &sized(frame_base)])
    }
    pub fn variable(&mut self, name: &str, expression: &[u8], ty: u32) -> u32 {
        let name = [name.as_bytes(), &[0]].concat();
        self.entry(3, &[&name, &sized(expression), &ty.to_le_bytes()])
    }
    pub fn base(&mut self, name: &str, encoding: u8, size: u8) -> u32 {
        self.entry(4, &[name.as_bytes(), &[0, encoding, size]])
    }
    pub fn end(&mut self) {
        self.0.push(0);
    }
    pub fn finish(mut self) -> Vec<u8> {
        self.end();
        let length = (self.0.len() - 4) as u32;
        self.0[..4].copy_from_slice(&length.to_le_bytes());
        self.0
    }
    pub fn symbols(self) -> Symbols {
        module(&[(".debug_abbrev", abbreviations()), (".debug_info", self.finish())])
    }
}
