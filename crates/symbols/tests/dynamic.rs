//! What only a running guest knows, asked of DWARF made byte by byte: lengths of arrays, virtual bases, dynamic types,
//! values at a function's entry.
#![allow(clippy::expect_used, clippy::panic)]

mod builder;
mod common;

use builder::{LOW, Unit, abbreviations, custom, module, section};
use common::Fake;
use freezeframe_debuggee::{FrameAccess, Unavailable, WasmValue};
use freezeframe_symbols::{ModulePc, Place, Symbols, TypeId, TypeKind, Variable};

/// A memory of a few words; everything else is out of bounds.
struct Memory(Vec<(u64, Vec<u8>)>);

impl FrameAccess for Memory {
    fn local(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
        Ok(WasmValue::I32(3))
    }
    fn operand(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
        Err(Unavailable::new("no such operand"))
    }
    fn global(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
        Err(Unavailable::new("no such global"))
    }
    fn memory(&mut self, address: u64, into: &mut [u8]) -> Result<(), Unavailable> {
        for (at, byte) in (address..).zip(into) {
            let found =
                self.0.iter().find_map(|(start, bytes)| bytes.get(usize::try_from(at.checked_sub(*start)?).ok()?));
            *byte = *found.ok_or_else(|| Unavailable::new("out of bounds"))?;
        }
        Ok(())
    }
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn array(unit: &mut Unit, element: u32, dimensions: &[(u8, &[u8])]) -> u32 {
    let at = unit.entry(16, &[&element.to_le_bytes()]);
    for (code, value) in dimensions {
        unit.entry(*code, &[value]);
    }
    unit.end();
    at
}

#[test]
fn arrays_of_variable_length() {
    let mut unit = Unit::new();
    let int = unit.base("int", 5, 4);
    let long = unit.base("long", 5, 8);
    let in_local = unit.variable("n", &[0xed, 0, 0, 0x9f], int);
    let negative = unit.variable("m", &[0x11, 0x7f, 0x9f], long);
    let huge = unit.variable("h", &[0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0x9f], long);
    let by_local = array(&mut unit, int, &[(17, &in_local.to_le_bytes()), (18, &[2, 0x35, 0x9f])]);
    let senseless = array(&mut unit, int, &[(17, &negative.to_le_bytes()), (17, &huge.to_le_bytes())]);
    let itself = unit.here();
    let itself = array(&mut unit, int, &[(17, &itself.to_le_bytes())]);
    let empty = array(&mut unit, int, &[(18, &[3, 0x11, 0x7f, 0x9f])]);
    let symbols = unit.symbols();
    let counts = |id: u32| symbols.array_counts(TypeId(u64::from(id)), ModulePc(0), &mut Memory(Vec::new()));
    let ty = symbols.ty(TypeId(u64::from(by_local))).expect("a type");
    assert!(matches!(&ty.kind, TypeKind::Array { counts, .. } if counts == &[None, None]), "no constants");
    assert_eq!(counts(by_local), Ok(vec![Some(3), Some(6)]));
    assert_eq!(counts(senseless), Ok(vec![None, None]), "-1 elements, and more than there can be");
    assert_eq!(counts(itself), Ok(vec![None]));
    assert_eq!(counts(empty), Ok(vec![Some(0)]));
    assert!(counts(int).is_err() && counts(u32::MAX).is_err(), "no array");
}

#[test]
fn bases_that_the_virtual_table_places() {
    let mut unit = Unit::new();
    unit.entry(6, &[b"Base\0", &[4]]);
    unit.end();
    let base = (unit.here() - 8).to_le_bytes();
    let derived = unit.entry(6, &[b"Derived\0", &[12]]);
    // dup deref constu 12 minus deref plus: as Clang writes it. Then one that never ends, and a plain one.
    unit.entry(19, &[&base, &[7, 0x12, 0x06, 0x3c, 0x1c, 0x06, 0x22, 0x96], &[1]]);
    unit.entry(19, &[&base, &[3, 0x2f, 0xfd, 0xff], &[1]]);
    unit.entry(19, &[&base, &[2, 0x23, 8], &[0]]);
    unit.end();
    let symbols = unit.symbols();
    let mut memory = Memory(vec![(100, words(&[0x1000])), (0x1000 - 12, words(&[8, 0, 0, 0]))]);
    let mut at = |base, object| symbols.base_address(TypeId(u64::from(derived)), base, object, &mut memory);
    assert_eq!(at(0, 100), Ok(108));
    assert!(at(0, 4000).is_err(), "the object can't be read");
    assert!(at(1, 100).is_err_and(|why| why.0.contains("steps")));
    assert_eq!(at(2, 100), Ok(108));
    assert!(at(3, 100).is_err(), "no such base");
}

#[test]
fn dynamic_types_are_told_by_the_guests_own_type_information() {
    let mut unit = Unit::new();
    let circle = unit.entry(6, &[b"Circle\0", &[12]]);
    unit.end();
    let symbols = unit.symbols();
    let table = |to_top: i32, info: u32| words(&[to_top.cast_unsigned(), info, 1, 2]);
    let mut memory = Memory(vec![
        (0x100, table(-8, 0x200)),
        (0x200, words(&[0x300, 0x400])),
        (0x400, b"6Circle\0".to_vec()),
        (0x500, table(0, 0)),
        (0x600, table(0, 0x640)),
        (0x640, words(&[0, 0x700])),
        (0x700, b"N2ns6SquareE\0".to_vec()),
        (0x800, table(0, 0x840)),
        (0x840, words(&[0, 0x900])),
        (0x900, b"i am no type\0".to_vec()),
        (0xa00, table(0, 0xa40)),
        (0xa40, words(&[0, 0xb00])),
        (0xb00, b"6Circ".to_vec()),
    ]);
    let mut what = |table: u64| symbols.dynamic_type(table + 8, &mut memory);
    let found = what(0x100).expect("a circle");
    assert_eq!((found.name.as_str(), found.ty, found.to_top), ("Circle", Some(TypeId(u64::from(circle))), 8));
    let found = what(0x600).expect("a square");
    assert_eq!((found.name.as_str(), found.ty), ("ns::Square", None), "no DWARF has it");
    for (table, why) in [(0x500, "no type information"), (0x800, "no type information"), (0xa00, "out of bounds")] {
        assert!(what(table).is_err_and(|error| error.0.contains(why)), "{table:#x}");
    }
    assert!(symbols.dynamic_type(3, &mut Memory(Vec::new())).is_err());
}

#[test]
fn objects_are_found_by_any_address_inside() {
    let mut unit = Unit::new();
    let int = unit.base("int", 5, 4);
    let word = unit.base("word", 5, 8);
    let concrete = unit.entry(6, &[b"Concrete\0", &[4]]);
    unit.end();
    let table = unit.entry(20, &[b"vtable_type\0", &[16], &concrete.to_le_bytes()]);
    unit.variable("one", &[0x03, 0, 2, 0, 0], int);
    unit.variable("two", &[0x03, 4, 2, 0, 0], word);
    unit.variable("<Concrete as Trait>::{vtable}", &[0x03, 0x20, 2, 0, 0], table);
    // Thread-local, and computed: nowhere.
    unit.variable("elsewhere", &[0x03, 0, 3, 0, 0, 0xe0], int);
    unit.variable("computed", &[0x03, 0, 4, 0, 0, 0x06], int);
    let symbols = unit.symbols();
    let name = |address| symbols.object_at(address).map(|object| (object.variable.name, object.address));
    assert_eq!(name(0x200), Some(("one".into(), 0x200)));
    assert_eq!(name(0x203), Some(("one".into(), 0x200)));
    assert_eq!(name(0x20b), Some(("two".into(), 0x204)));
    for nowhere in [0, 0x1ff, 0x20c, 0x300, 0x400, u64::MAX] {
        assert_eq!(name(nowhere), None, "{nowhere:#x}");
    }
    let object = symbols.object_at(0x22f).expect("a virtual table");
    assert_eq!(object.vtable_of, Some(TypeId(u64::from(concrete))));
}

/// A module whose only function is `local.get 0; loop; local.set 0; end; end` after its declarations, and a parameter of
/// it that is what local 0 was at its entry.
fn with_entry_value() -> (Symbols, Variable) {
    let body = [0, 0x20, 0, 0x21, 1, 0x03, 0x40, 0x41, 1, 0x21, 0, 0x0b, 0x0b];
    let mut unit = Unit::new();
    let int = unit.base("int", 5, 4);
    unit.function("f", LOW, body.len() as u32, &[]);
    // entry_value(WASM_location local 0), stack_value
    unit.variable("p", &[0xa3, 3, 0xed, 0, 0, 0x9f], int);
    unit.end();
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    bytes.extend(section(1, &[1, 0x60, 2, 0x7f, 0x7f, 0]));
    bytes.extend(section(3, &[1, 0]));
    bytes.extend(section(10, &[&[1, body.len() as u8][..], &body].concat()));
    bytes.extend(custom(".debug_abbrev", &abbreviations()));
    bytes.extend(custom(".debug_info", &unit.finish()));
    let symbols = Symbols::new(bytes.into()).expect("a module");
    let entry = symbols.functions()[0].range.start;
    let [variable] = &symbols.variables(entry, 0)[..] else { panic!("one variable") };
    let variable = variable.clone();
    (symbols, variable)
}

#[test]
fn a_value_at_entry_is_known_until_the_local_may_be_written() {
    let (symbols, variable) = with_entry_value();
    let entry = symbols.functions()[0].range.start.0;
    let at = |offset| symbols.locate(&variable, ModulePc(entry + offset), &mut Fake::default());
    assert_eq!(at(0), Ok(Place::Local(0)));
    assert_eq!(at(4), Ok(Place::Local(0)), "at the loop's head from outside: `loop` itself");
    assert!(at(6).is_err_and(|why| why.0.contains("entry")), "inside of the loop that writes it");
    assert!(at(11).is_err(), "after the loop");
}

#[test]
fn pointers_to_what_has_no_address() {
    let mut unit = Unit::new();
    let int = unit.base("int", 5, 4);
    let pointed = unit.variable("five", &[0x35, 0x9f], int);
    let expression = [&[0xf2][..], &pointed.to_le_bytes(), &[4]].concat();
    unit.variable("pointer", &expression, int);
    let symbols = unit.symbols();
    let pointer = symbols.variable(freezeframe_symbols::VariableId(u64::from(pointed + 13))).expect("a variable");
    assert_eq!(pointer.name, "pointer");
    let place = symbols.locate(&pointer, ModulePc(0), &mut Fake::default()).expect("a place");
    let Place::ImplicitPointer { variable, offset: 4 } = place else { panic!("{place:?}") };
    assert_eq!(symbols.variable(variable).expect("a variable").name, "five");
    assert!(symbols.variable(freezeframe_symbols::VariableId(1 << 40)).is_none());
}

#[test]
fn where_the_compiler_says_something() {
    let mut unit = Unit::new();
    let int = unit.base("int", 5, 4);
    unit.function("f", LOW, 5, &[]);
    unit.variable("somewhere", &[0xed, 0, 0, 0x9f], int);
    unit.variable("nowhere", &[], int);
    unit.variable("no_piece", &[0x93, 4], int);
    unit.end();
    let symbols = module(&[(".debug_abbrev", abbreviations()), (".debug_info", unit.finish())]);
    let pc = symbols.functions()[0].range.start;
    let covered: Vec<(String, bool)> =
        symbols.variables(pc, 0).into_iter().map(|v| (v.name.clone(), symbols.is_covered(&v, pc))).collect();
    let expected = [("somewhere", true), ("nowhere", false), ("no_piece", false)];
    assert_eq!(covered, expected.map(|(name, covered)| (name.to_owned(), covered)));
}
