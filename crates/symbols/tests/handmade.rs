//! DWARF that no compiler writes, or not with these guests: made byte by byte.
#![allow(clippy::expect_used, clippy::panic)]

mod builder;
mod common;

use std::time::{Duration, Instant};

use builder::{LOW, Unit, abbreviations, module};
use common::Fake;
use freezeframe_debuggee::{FrameAccess, Unavailable, WasmValue};
use freezeframe_symbols::{BitRange, ModulePc, Piece, Place, Symbols, TypeId, TypeKind, Variable};

/// Local 0 is an i32, local 1 an i64, local 2 an f64.
struct Frame;

impl FrameAccess for Frame {
    fn local(&mut self, index: u32) -> Result<WasmValue, Unavailable> {
        match index {
            0 => Ok(WasmValue::I32(-16)),
            1 => Ok(WasmValue::I64(1 << 40)),
            2 => Ok(WasmValue::F64(1.5f64.to_bits())),
            _ => Err(Unavailable::new("no such local")),
        }
    }
    fn operand(&mut self, index: u32) -> Result<WasmValue, Unavailable> {
        Ok(WasmValue::I32(index as i32))
    }
    fn global(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
        Ok(WasmValue::I32(0x500))
    }
    fn memory(&mut self, address: u64, into: &mut [u8]) -> Result<(), Unavailable> {
        if address > 0x1000 {
            return Err(Unavailable::new("out of bounds"));
        }
        into.fill(address as u8);
        Ok(())
    }
}

/// Where a variable with this expression and size is, in a function whose frame base is global 0.
fn locate(expression: &[u8], size: u8) -> Result<Place, Unavailable> {
    let mut unit = Unit::new();
    let ty = unit.base("t", 5, size);
    unit.function("f", LOW, 5, &[0xed, 3, 0, 0, 0, 0, 0x9f]);
    unit.variable("v", expression, ty);
    unit.end();
    let symbols = unit.symbols();
    let pc = symbols.functions()[0].prologue_end;
    let [variable] = &symbols.variables(pc, 0)[..] else { panic!("one variable: {:?}", symbols.warnings()) };
    symbols.locate(variable, pc, &mut Frame)
}

#[test]
fn expressions() {
    // DW_OP_WASM_location local 1, stack_value; the same for a slot and for both ways to write a global.
    assert_eq!(locate(&[0xed, 0, 1, 0x9f], 8), Ok(Place::Local(1)));
    let gone = locate(&[0xed, 2, 3, 0x9f], 8).expect_err("there are no operands in this function");
    assert!(gone.0.contains("consumed"), "{gone}");
    assert_eq!(locate(&[0xed, 1, 7, 0x9f], 4), Ok(Place::Global(7)));
    assert_eq!(locate(&[0xed, 3, 7, 0, 0, 0, 0x9f], 4), Ok(Place::Global(7)));
    // Without stack_value the local points to it.
    assert_eq!(locate(&[0xed, 0, 0], 4), Ok(Place::Memory(0xffff_fff0)));
    // fbreg -8; addr; and what is computed of them.
    assert_eq!(locate(&[0x91, 0x78], 4), Ok(Place::Memory(0x4f8)));
    assert_eq!(locate(&[0x03, 0, 2, 0, 0], 4), Ok(Place::Memory(0x200)));
    assert_eq!(locate(&[0x91, 0x78, 0x06], 4), Ok(Place::Memory(0xf8f8_f8f8)));
    // A 64-bit local plus a constant, and minus one: more than an address has.
    assert_eq!(locate(&[0xed, 0, 1, 0x23, 5, 0x9f], 8), Ok(Place::Bytes(((1u64 << 40) + 5).to_le_bytes().to_vec())));
    assert_eq!(locate(&[0xed, 0, 1, 0x31, 0x1c, 0x9f], 8), Ok(Place::Bytes(((1u64 << 40) - 1).to_le_bytes().to_vec())));
    // A constant is cut down to the variable's size; implicit_value.
    assert_eq!(locate(&[0x11, 0x7f, 0x9f], 2), Ok(Place::Bytes(vec![0xff; 2])));
    assert_eq!(locate(&[0x9e, 2, 1, 2], 2), Ok(Place::Bytes(vec![1, 2])));
    // Local 0 for 4 bytes, nothing for 4 bytes.
    let piece = |bits, first, place| Piece { bits, first, place };
    let pieces = vec![piece(32, 0, Some(Place::Local(0))), piece(32, 0, None)];
    assert_eq!(locate(&[0xed, 0, 0, 0x9f, 0x93, 4, 0x93, 4], 8), Ok(Place::Pieces(pieces)));
    // DW_OP_bit_piece: its size, and where it begins.
    let pieces = vec![piece(3, 5, Some(Place::Local(0))), piece(13, 0, None)];
    assert_eq!(locate(&[0xed, 0, 0, 0x9f, 0x9d, 3, 5, 0x9d, 13, 0], 8), Ok(Place::Pieces(pieces)));
}

#[test]
fn expressions_that_have_no_answer_say_why() {
    let why = |expression: &[u8]| locate(expression, 4).expect_err("no answer").0;
    assert!(why(&[]).contains("optimised out"));
    assert!(why(&[0x93, 4]).contains("optimised out"));
    assert!(why(&[0xa3, 1, 0x30, 0x9f]).contains("entry"));
    assert!(why(&[0x22]).contains("damaged"), "plus without operands");
    assert!(why(&[0xff, 0xff]).contains("damaged"), "an unknown operator");
    assert!(why(&[0x2f, 0xfd, 0xff]).contains("steps"), "skip to itself");
    assert!(why(&[0x30, 0x2f, 0xfc, 0xff]).contains("stack"), "push for ever");
    assert!(why(&[0x2f, 0x40, 0]).contains("jumps"), "skip beyond the end");
    assert!(why(&[0x30, 0x30, 0x1b, 0x9f]).contains("zero"), "0 / 0");
    assert!(why(&[0xed, 0, 9, 0x23, 1, 0x9f]).contains("no such local"));
    assert!(why(&[0x0a, 0xff, 0xff, 0x06, 0x9f]).contains("out of bounds"));
    assert!(why(&[0x50]).contains("register"));
    assert!(why(&[0x9c]).contains("call frame"));
}

fn named(symbols: &Symbols, name: &str) -> TypeId {
    let [id] = symbols.find_types(name)[..] else { panic!("one {name}") };
    id
}

#[test]
fn bit_fields_of_old() {
    let mut unit = Unit::new();
    let int = unit.base("int", 5, 4).to_le_bytes();
    unit.entry(6, &[b"flags\0", &[4]]);
    // Name, type, storage size, width, offset from the top, byte offset: `int a : 3; int b : 7;` little-endian.
    unit.entry(7, &[b"a\0", &int, &[4, 3, 29, 0]]);
    unit.entry(7, &[b"b\0", &int, &[4, 7, 22, 0]]);
    unit.entry(7, &[b"c\0", &int, &[4, 9, 13, 0]]);
    unit.end();
    let symbols = unit.symbols();
    let ty = symbols.ty(named(&symbols, "struct flags")).expect("a type");
    let TypeKind::Record(record) = &ty.kind else { panic!("a record") };
    let bits: Vec<_> = record.members.iter().map(|member| (member.offset, member.bits)).collect();
    let range = |first, width| Some(BitRange { first, width });
    assert_eq!(bits, [(0, range(0, 3)), (0, range(3, 7)), (1, range(2, 9))]);
}

#[test]
fn types_that_contain_themselves() {
    let mut unit = Unit::new();
    let here = unit.here().to_le_bytes();
    unit.entry(5, &[b"loop\0", &here]);
    let pointer = unit.here().to_le_bytes();
    unit.entry(10, &[&pointer]);
    unit.entry(5, &[b"to_pointer\0", &pointer]);
    // A function type whose every parameter is the type itself: its name would double at each level.
    let function = unit.here().to_le_bytes();
    unit.entry(11, &[&function]);
    for _ in 0..20 {
        unit.entry(12, &[&function]);
    }
    unit.end();
    unit.entry(5, &[b"to_function\0", &function]);
    unit.entry(6, &[b"inside\0", &[4]]);
    let own = (unit.here() - 9).to_le_bytes();
    unit.entry(7, &[b"a\0", &own, &[4, 3, 29, 0]]);
    unit.end();
    let symbols = unit.symbols();
    let start = Instant::now();
    for name in ["loop", "to_pointer", "to_function", "inside"] {
        let ty = symbols.ty(named(&symbols, name)).expect("a type");
        if let TypeKind::Typedef(Some(target)) = ty.kind {
            let target = symbols.ty(target).expect("a type");
            assert!(target.name.len() < 1 << 20, "{} bytes of a name", target.name.len());
        }
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn origins_that_go_round() {
    let mut unit = Unit::new();
    let here = unit.here();
    unit.entry(9, &[&here.to_le_bytes(), &LOW.to_le_bytes(), &5u32.to_le_bytes()]);
    let variable = unit.here();
    unit.entry(8, &[&(variable + 5).to_le_bytes()]);
    unit.entry(8, &[&variable.to_le_bytes()]);
    unit.end();
    let symbols = unit.symbols();
    let function = &symbols.functions()[0];
    assert_eq!(function.name(), "func[0]", "no name anywhere");
    assert!(symbols.variables(function.prologue_end, 0).is_empty());
    assert_eq!(symbols.frames_at(function.prologue_end).len(), 1);
}

#[test]
fn code_that_the_linker_threw_away_is_nowhere() {
    let mut unit = Unit::new();
    for (name, low) in
        [("zero", 0), ("minus_one", u32::MAX), ("minus_two", u32::MAX - 1), ("beyond", 0x1000), ("kept", LOW)]
    {
        unit.function(name, low, 5, &[]);
        unit.end();
    }
    // Data that is gone, and data that isn't.
    let int = unit.base("int", 5, 4);
    unit.variable("dead", &[0x03, 0xff, 0xff, 0xff, 0xff], int);
    unit.variable("at_zero", &[0x03, 0, 0, 0, 0], int);
    unit.variable("alive", &[0x03, 0, 4, 0, 0], int);
    let symbols = unit.symbols();
    let names: Vec<&str> = symbols.functions().iter().map(|function| function.name()).collect();
    assert_eq!(names, ["kept", "func[1]"]);
    for name in ["zero", "minus_one", "minus_two", "beyond"] {
        assert!(symbols.find_functions(name).is_empty() && symbols.function_sites(name).is_empty());
    }
    let globals: Vec<String> = symbols.globals().into_iter().map(|global| global.name).collect();
    assert_eq!(globals, ["alive"]);
}

#[test]
fn declarations_stand_for_definitions_elsewhere() {
    let mut declaring = Unit::new();
    let declared = declaring.entry(15, &[b"hidden\0"]);
    let nowhere = declaring.entry(15, &[b"nowhere\0"]);
    let mut defining = Unit::new();
    defining.entry(6, &[b"hidden\0", &[12]]);
    defining.end();
    let info = [declaring.finish(), defining.finish()].concat();
    let symbols = module(&[(".debug_abbrev", abbreviations()), (".debug_info", info)]);
    let ty = symbols.ty(TypeId(u64::from(declared))).expect("a type");
    assert_eq!((ty.name.as_str(), ty.size), ("struct hidden", Some(12)));
    let ty = symbols.ty(TypeId(u64::from(nowhere))).expect("a type");
    assert_eq!((ty.name.as_str(), &ty.kind), ("struct nowhere", &TypeKind::Incomplete));
}

#[test]
fn constants() {
    let mut unit = Unit::new();
    let int = unit.base("int", 5, 4).to_le_bytes();
    unit.entry(14, &[b"minus\0", &[0x7f], &int]);
    let symbols = unit.symbols();
    let [minus] = &symbols.find_globals("minus")[..] else { panic!("one constant") };
    let Variable { kind, .. } = minus;
    assert_eq!(*kind, freezeframe_symbols::VariableKind::Constant);
    assert_eq!(symbols.locate(minus, ModulePc(0), &mut Fake::default()), Ok(Place::Bytes(vec![0xff; 4])));
}

#[test]
fn tables_that_many_units_point_into_are_read_once() {
    // Each unit takes its abbreviations from a byte further on in one large table.
    let table: Vec<u8> = abbreviations().into_iter().cycle().take(1 << 20).collect();
    let mut info = Vec::new();
    for i in 0..40_000u32 {
        let mut unit = Unit::new().finish();
        unit[6..10].copy_from_slice(&(i * 20).to_le_bytes());
        info.extend(unit);
    }
    let start = Instant::now();
    let symbols = module(&[(".debug_abbrev", table), (".debug_info", info)]);
    assert_eq!(symbols.functions().len(), 2);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn a_long_string_that_many_entries_name_is_cut_off() {
    // 5,000 typedefs named by one string of 4 MiB.
    let abbreviation = vec![1, 0x11, 1, 0x13, 0x0b, 0, 0, 2, 0x16, 0, 0x03, 0x0e, 0, 0, 0];
    let mut unit = Unit::new();
    for _ in 0..5_000 {
        unit.entry(2, &[&0u32.to_le_bytes()]);
    }
    let start = Instant::now();
    let string = vec![b'x'; 4 << 20];
    let sections = [(".debug_abbrev", abbreviation), (".debug_info", unit.finish()), (".debug_str", string)];
    let symbols = module(&sections);
    assert!(symbols.find_types("x").is_empty());
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
