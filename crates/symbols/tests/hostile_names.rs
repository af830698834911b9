//! A few kilobytes that would become gigabytes: strings that thousands of entries share, and what takes no bytes at all.
//! What is made of them is a few times as much as went in.
#![allow(clippy::expect_used, clippy::panic)]

mod builder;
mod common;

use std::cell::Cell;

use builder::{custom, leb, section};
use freezeframe_symbols::{Symbols, TypeId};

/// The longest name, which everything here has.
const LONG: usize = 16 << 10;
/// What may be made of names at the most: [`Symbols`] says so in its docs/known-limits.
const MOST: usize = (16 << 20) + (1 << 20);

/// Abbreviations: code, tag, whether there are children, attributes with their forms.
type Row<'a> = (u8, u8, bool, &'a [(u8, u8)]);

const UNIT: Row<'_> = (1, 0x11, true, &[(0x13, 0x0b)]);
const NAMESPACE: Row<'_> = (2, 0x39, true, &[(0x03, 0x0e)]);
const FUNCTION: Row<'_> = (3, 0x2e, true, &[(0x03, 0x0e), (0x11, 0x01), (0x12, 0x06)]);
const INLINED: Row<'_> = (4, 0x2e, false, &[(0x03, 0x0e)]);
const COPY: Row<'_> = (5, 0x1d, false, &[(0x31, 0x13)]);
const VARIABLE: Row<'_> = (6, 0x34, false, &[(0x03, 0x0e), (0x02, 0x18)]);
const STRUCT: Row<'_> = (7, 0x13, false, &[(0x03, 0x0e), (0x0b, 0x0b)]);
const FUNCTION_TYPE: Row<'_> = (8, 0x15, true, &[]);
const PARAMETER: Row<'_> = (9, 0x05, false, &[(0x49, 0x13)]);

/// The header of a unit of DWARF 4.
const HEADER: u32 = 11;
/// Where the entries behind the root begin.
const FIRST: u32 = HEADER + 2;
/// So deep are namespaces whose names all are [`LONG`].
const DEPTH: usize = 62;

/// So many functions of two bytes, an abbreviation table, entries behind a root of C++, and further sections.
fn module(functions: usize, rows: &[Row<'_>], entries: &[u8], more: &[Vec<u8>]) -> Symbols {
    let mut table = Vec::new();
    for (code, tag, children, attributes) in rows {
        table.extend([*code, *tag, u8::from(*children)]);
        attributes.iter().for_each(|(name, form)| table.extend([*name, *form]));
        table.extend([0, 0]);
    }
    table.push(0);
    let unit = [&[4, 0, 0, 0, 0, 0, 4, 1, 4], entries, &[0]].concat();
    let unit = [&u32::try_from(unit.len()).expect("small").to_le_bytes()[..], &unit].concat();
    let mut wasm = b"\0asm\x01\0\0\0".to_vec();
    wasm.extend(section(1, &[1, 0x60, 0, 0]));
    wasm.extend(section(3, &[leb(functions as u64), vec![0; functions]].concat()));
    wasm.extend(section(10, &[leb(functions as u64), [2, 0, 0x0b].repeat(functions)].concat()));
    wasm.extend(custom(".debug_abbrev", &table));
    wasm.extend(custom(".debug_info", &unit));
    wasm.extend(custom(".debug_str", &vec![b'a'; LONG]));
    more.iter().for_each(|section| wasm.extend(section));
    assert!(wasm.len() < 200 << 10, "{} bytes", wasm.len());
    Symbols::new(wasm.into()).expect("a module")
}

/// Where the function at this position begins, from the contents of the code section.
fn address(functions: usize, at: usize) -> [u8; 4] {
    u32::try_from(leb(functions as u64).len() + 3 * at + 1).expect("small").to_le_bytes()
}

fn in_namespaces(entries: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0].repeat(DEPTH), entries, &[0; DEPTH]].concat()
}

fn function(functions: usize, at: usize, children: &[u8]) -> Vec<u8> {
    [&[3, 0, 0, 0, 0][..], &address(functions, at), &[2, 0, 0, 0], children, &[0]].concat()
}

#[test]
fn paths_of_functions() {
    let entries: Vec<u8> = (0..3000).flat_map(|at| function(3000, at, &[])).collect();
    let symbols = module(3000, &[UNIT, NAMESPACE, FUNCTION], &in_namespaces(&entries), &[]);
    let names = || symbols.functions().iter().map(|function| function.name());
    assert!(names().map(str::len).sum::<usize>() < MOST);
    assert!(names().all(|name| name.len() < 2 * LONG));
    // What there is room for is named, as far as anybody would read it.
    assert!(names().filter(|name| name.starts_with('…') && name.ends_with("aaa")).count() > 500);
    assert!(names().filter(|name| name.starts_with("func[")).count() > 500, "the others are numbered");
}

#[test]
fn paths_of_inlined_functions() {
    let origins = [4, 0, 0, 0, 0].repeat(1500);
    let first = FIRST + 5 * u32::try_from(DEPTH).expect("small");
    let copies = (0..1500).flat_map(|n| [&[5][..], &(first + 5 * n).to_le_bytes()].concat());
    let entries = [in_namespaces(&origins), function(1, 0, &copies.collect::<Vec<u8>>())].concat();
    let symbols = module(1, &[UNIT, NAMESPACE, FUNCTION, INLINED, COPY], &entries, &[]);
    let (bytes, count) = (Cell::new(0), Cell::new(0));
    symbols.inlined_sites(|path| {
        bytes.set(bytes.get() + path.len());
        count.set(count.get() + 1);
        false
    });
    let (bytes, count) = (bytes.get(), count.get());
    assert!(count > 500 && bytes < MOST, "{count} paths of {bytes} bytes");
}

#[test]
fn paths_of_variables() {
    let variable = |n: u32| [&[6, 0, 0, 0, 0, 5, 3][..], &(1024 + 4 * n).to_le_bytes()].concat();
    let entries: Vec<u8> = (0..1500).flat_map(variable).collect();
    let symbols = module(1, &[UNIT, NAMESPACE, VARIABLE], &in_namespaces(&entries), &[]);
    let globals = symbols.find_all_globals();
    let bytes: usize = globals.iter().map(|variable| variable.name.len()).sum();
    assert!(globals.len() > 500 && bytes < MOST, "{} names of {bytes} bytes", globals.len());
}

#[test]
fn names_of_types() {
    let parameters = [9, 0, 0, 0, 0].repeat(200);
    let behind = FIRST + 1 + u32::try_from(parameters.len()).expect("small") + 1;
    let ty = (behind + 5 * u32::try_from(DEPTH).expect("small")).to_le_bytes();
    let parameters = [&[9][..], &ty].concat().repeat(200);
    let entries = [&[8][..], &parameters, &[0], &in_namespaces(&[7, 0, 0, 0, 0, 4])].concat();
    let symbols = module(1, &[UNIT, NAMESPACE, STRUCT, FUNCTION_TYPE, PARAMETER], &entries, &[]);
    let name = |offset| symbols.ty(TypeId(u64::from(offset))).expect("a type").name.clone();
    let all = name(FIRST);
    assert!(all.len() <= LONG + '…'.len_utf8() && all.ends_with('…'), "{} bytes", all.len());
    assert!(name(u32::from_le_bytes(ty)).ends_with("aaa"), "one by itself has its own");
}

#[test]
fn types_by_names_that_begin_alike() {
    // Names that differ behind what their hash is made of.
    let entries: Vec<u8> = (0..40_u32).flat_map(|n| [&[7][..], &n.to_le_bytes(), &[4]].concat()).collect();
    let symbols = module(1, &[UNIT, STRUCT], &entries, &[]);
    for length in [LONG - 1, LONG - 30, LONG - 39] {
        assert_eq!(symbols.find_types(&"a".repeat(length)).len(), 1, "{length}");
    }
    assert_eq!(symbols.find_types(&"a".repeat(LONG - 41)).len(), 0);
}

#[test]
fn attributes_that_take_no_bytes() {
    let warned = |attributes: usize| {
        let flags = vec![(0x3f, 0x19); attributes];
        let symbols = module(1, &[UNIT, (2, 0x24, false, &flags)], &[2; 100], &[]);
        symbols.warnings().iter().any(|warning| warning.contains("an abbreviation has too many attributes"))
    };
    assert!(!warned(128) && warned(129));
}

#[test]
fn lists_without_ranges() {
    // Subprograms that share a list of empty ranges, and behind them one that says where it is.
    let found = |subprograms: usize| {
        let empty = [1, 0, 0, 0, 1, 0, 0, 0].repeat(20_000);
        let own = u32::try_from(empty.len() + 8).expect("small").to_le_bytes();
        let [low, high] = [2_u32, 4].map(u32::to_le_bytes);
        let lists = [&empty[..], &[0; 8], &low, &high, &[0; 8]].concat();
        let entries = [&[2, 0, 0, 0, 0].repeat(subprograms)[..], &[2], &own].concat();
        let rows = [UNIT, (2, 0x2e, false, &[(0x55, 0x17)])];
        module(1, &rows, &entries, &[custom(".debug_ranges", &lists)]).functions()[0].has_dwarf
    };
    assert!(found(1), "one list is read to its end");
    // Each reads it again: as soon as that is many times what there is, lists are given up.
    assert!(!found(1000));
}
