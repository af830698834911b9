//! Debug information that lies beside the module: split units, packages, types of their own, source maps, texts of
//! sources; and that of another build, or of other code.
#![allow(clippy::expect_used, clippy::panic)]

mod builder;
mod common;

use std::{
    fs,
    time::{Duration, Instant},
};

use builder::{Unit, abbreviations, custom, section};
use common::{Fake, bytes, file, guests, marker, site, symbols};
use freezeframe_symbols::{Bytes, DebugFiles, ModulePc, Place, Symbols, TypeKind};

fn with(guest: &str, beside: &[&str]) -> Symbols {
    let mut files = DebugFiles::default();
    for name in beside {
        files.add(bytes(name).into()).unwrap_or_else(|why| panic!("{name}: {why}"));
    }
    Symbols::with_files(bytes(guest).into(), files).expect("symbols")
}

/// What is said of the variables at a marker, in words: names, types, their places and their members.
fn told(symbols: &Symbols, name: &str) -> Vec<String> {
    let pc = site(symbols, "units.cpp", name);
    let mut told: Vec<String> = Vec::new();
    for variable in symbols.variables(pc, 0).iter().chain(&symbols.globals()) {
        let ty = symbols.ty(variable.ty.expect("a type")).expect("a type");
        let place = symbols.locate(variable, pc, &mut Fake::default());
        let declared = variable.declared.map(|at| (symbols.files()[at.file.0 as usize].path.clone(), at.line));
        let inside = match &ty.kind {
            TypeKind::Record(record) => {
                let members = record.members.iter().map(|m| (m.name.clone(), m.offset)).collect::<Vec<_>>();
                format!("{members:?} {:?}", record.bases.iter().map(|base| base.offset).collect::<Vec<_>>())
            }
            other => format!("{other:?}").split('(').next().unwrap_or_default().to_owned(),
        };
        told.push(format!("{} {declared:?} {} {:?} {place:?} {inside}", variable.name, ty.name, ty.size));
    }
    told.sort();
    told
}

#[test]
fn split_units_tell_what_whole_ones_do() {
    let whole = symbols("units.O0.dwarf5.wasm");
    assert_eq!(whole.warnings(), [""; 0]);
    for marker in ["weigh", "end"] {
        let expected = told(&whole, marker);
        assert!(expected.len() >= 5, "{expected:?}");
        for (guest, beside) in [
            ("units.O0.dwarf4.types.wasm", &[][..]),
            ("units.O0.dwarf5.types.wasm", &[]),
            ("units.O0.dwarf4.split.wasm", &["units.O0.dwarf4.split.dwo"]),
            ("units.O0.dwarf4.package.wasm", &["units.O0.dwarf4.package.dwp"]),
            ("units.O0.dwarf5.package.wasm", &["units.O0.dwarf5.package.dwp"]),
        ] {
            let symbols = with(guest, beside);
            assert_eq!(symbols.warnings(), [""; 0], "{guest}");
            assert_eq!(told(&symbols, marker), expected, "{guest} #{marker}");
        }
    }
    let [function] = whole.find_functions("weigh")[..] else { panic!("one function") };
    let expected = &whole.functions()[function.0 as usize];
    let split = with("units.O0.dwarf4.split.wasm", &["units.O0.dwarf4.split.dwo"]);
    let [function] = split.find_functions("weigh")[..] else { panic!("one function") };
    assert_eq!(split.functions()[function.0 as usize].name(), expected.name());
}

#[test]
fn optimised_split_units_have_lists_of_their_own() {
    let split = with("units.O1.dwarf5.split.wasm", &["units.O1.dwarf5.split.dwo"]);
    assert_eq!(split.warnings(), [""; 0]);
    let [run] = split.find_functions("run")[..] else { panic!("one function") };
    let run = &split.functions()[run.0 as usize];
    let names: Vec<String> = split.variables(run.range.start, 0).into_iter().map(|v| v.name).collect();
    assert!(names.iter().any(|name| name == "boat") && names.iter().any(|name| name == "n"), "{names:?}");
    let variables = split.variables(run.range.start, 0);
    let n = variables.iter().find(|variable| variable.name == "n").expect("n");
    assert_eq!(split.locate(n, run.range.start, &mut Fake::default()), Ok(Place::Local(0)));
    let globals: Vec<String> = split.globals().into_iter().map(|global| global.name).collect();
    assert!(globals.contains(&"fleet::built".into()), "{globals:?}");
}

#[test]
fn a_split_unit_that_is_missing_or_anothers_costs_only_itself() {
    for beside in [&[][..], &["units.O1.dwarf5.split.dwo"], &["units.O0.dwarf4.package.dwp"]] {
        let symbols = with("units.O0.dwarf4.split.wasm", beside);
        let [unit] = symbols.split_units() else { panic!("one unit is missing") };
        assert_eq!(unit.file, "guests/built/units.O0.dwarf4.split.dwo");
        assert_eq!(unit.directory, "/freezeframe");
        let [warning] = &symbols.warnings()[..] else { panic!("one warning: {:?}", symbols.warnings()) };
        assert!(warning.contains("units.O0.dwarf4.split.dwo") && warning.contains("another build"), "{warning}");
        // Lines stayed in the module.
        let pc = site(&symbols, "units.cpp", "weigh");
        assert!(symbols.variables(pc, 0).is_empty());
    }
}

#[test]
fn what_is_no_debug_file_is_refused_in_words() {
    let mut files = DebugFiles::default();
    let why = |files: &mut DebugFiles, bytes: &[u8]| files.add(Bytes::copy_from_slice(bytes)).expect_err("refused");
    assert!(why(&mut files, b"text").contains("neither"));
    assert!(why(&mut files, b"").contains("neither"));
    assert!(why(&mut files, &bytes("nodebug.wasm")).contains("no debug information"));
    assert!(why(&mut files, b"\0asm\x0d\0\x01\0").contains("component"));
}

/// A module with a build's number, and debug sections or code.
fn build(id: u8, debug: bool) -> Bytes {
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    if debug {
        let mut unit = Unit::new();
        unit.base("number", 5, 4);
        bytes.extend(custom(".debug_abbrev", &abbreviations()));
        bytes.extend(custom(".debug_info", &unit.finish()));
    } else {
        bytes.extend(section(1, &[1, 0x60, 0, 0]));
    }
    bytes.extend(custom("build_id", &[2, 0x5e, id]));
    bytes.into()
}

#[test]
fn debug_information_of_another_build_is_not_used() {
    let symbols = |id| {
        let files = DebugFiles { debug: Some(build(id, true)), ..DebugFiles::default() };
        Symbols::with_files(build(1, false), files).expect("symbols")
    };
    assert_eq!((symbols(1).find_types("number").len(), symbols(1).warnings().len()), (1, 0));
    assert_eq!(symbols(2).find_types("number").len(), 0);
    let [warning] = &symbols(2).warnings()[..] else { panic!("one warning") };
    assert!(warning.contains("another build"), "{warning}");
}

#[test]
fn dwarf_of_other_code_is_noticed() {
    let stale = symbols("units.O0.dwarf5.stale.wasm");
    assert!(stale.is_stale());
    let [warning] = &stale.warnings()[..] else { panic!("one warning: {:?}", stale.warnings()) };
    assert!(warning.contains("wasm-opt"), "{warning}");
    // Nothing is told of functions that it doesn't fit, lines neither.
    let run = stale.functions().iter().find(|function| function.name() == "run").expect("run, by its export");
    assert!(!run.has_dwarf && stale.location(run.prologue_end).is_none());
    for guest in guests().join("built").read_dir().expect("guests") {
        let name = guest.expect("a file").file_name().into_string().expect("a name");
        let Ok(symbols) = Symbols::new(bytes(&name).into()) else { continue };
        assert_eq!(symbols.is_stale(), name.contains("stale"), "{name}");
    }
}

#[test]
fn source_maps_give_lines() {
    let bare = symbols("fleet.wasm");
    assert_eq!(bare.source_map_url(), Some("./fleet.wasm.map"));
    assert!(!bare.has_lines());
    let fleet = with("fleet.wasm", &["fleet.wasm.map"]);
    assert_eq!(fleet.warnings(), [""; 0]);
    let source = file(&fleet, "fleet.ts");
    for name in ["add", "sum", "total-end", "run", "run-end"] {
        let line = marker("fleet.ts", name);
        let sites = fleet.line_sites(source, line).unwrap_or_else(|| panic!("#{name} has no site"));
        assert_eq!(sites.line, line, "#{name}");
        for pc in sites.sites {
            let at = fleet.location(pc).expect("a location");
            assert_eq!((at.file, at.line), (source, line), "#{name}");
        }
    }
    let at = fleet.frames_at(fleet.line_sites(source, marker("fleet.ts", "sum")).expect("a site").sites[0]);
    assert!(at[0].function.contains("total"), "{at:?}");
    let text = fleet.embedded_source(source).expect("its text");
    assert_eq!(&*text, fs::read_to_string(guests().join("src/fleet.ts")).expect("a source"));
}

#[test]
fn a_damaged_source_map_is_said() {
    for map in ["{", "{\"version\":3}", "{\"version\":3,\"mappings\":\"!!!\"}"] {
        let files = DebugFiles { source_map: Some(map.as_bytes().into()), ..DebugFiles::default() };
        let symbols = Symbols::with_files(bytes("fleet.wasm").into(), files).expect("symbols");
        assert!(!symbols.has_lines());
        assert!(symbols.warnings().iter().any(|warning| warning.contains("source map")), "{map}");
    }
    // DWARF says more than a map.
    let files = DebugFiles { source_map: Some(bytes("fleet.wasm.map").into()), ..DebugFiles::default() };
    let orders = Symbols::with_files(bytes("steps.O0.dwarf5.wasm").into(), files).expect("symbols");
    assert!(orders.find_files("fleet.ts").is_empty() && !orders.find_files("steps.c").is_empty());
}

#[test]
fn sources_inside_of_the_dwarf() {
    let embedded = symbols("orders.O0.dwarf5.embedded.wasm");
    let text = embedded.embedded_source(file(&embedded, "orders.c")).expect("its text");
    assert_eq!(&*text, fs::read_to_string(guests().join("src/orders.c")).expect("a source"));
    let plain = symbols("orders.O0.dwarf5.wasm");
    assert_eq!(plain.embedded_source(file(&plain, "orders.c")), None);
}

/// Marsaglia's xorshift64.
fn random(seed: &mut u64) -> usize {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed as usize
}

#[test]
fn damaged_files_beside_cost_no_more_than_answers() {
    let start = Instant::now();
    let mut seed = 0x5eed;
    for (guest, beside) in [
        ("units.O0.dwarf4.split.wasm", "units.O0.dwarf4.split.dwo"),
        ("units.O1.dwarf5.split.wasm", "units.O1.dwarf5.split.dwo"),
        ("units.O0.dwarf4.package.wasm", "units.O0.dwarf4.package.dwp"),
        ("units.O0.dwarf5.package.wasm", "units.O0.dwarf5.package.dwp"),
        ("units.O0.dwarf4.types.wasm", "units.O0.dwarf4.types.wasm"),
        ("fleet.wasm", "fleet.wasm.map"),
    ] {
        let original = bytes(beside);
        let wasm: Bytes = bytes(guest).into();
        for round in 0..60 {
            let mut damaged = original.clone();
            for _ in 0..1 + round % 9 {
                let at = random(&mut seed) % damaged.len().min(6000);
                damaged[at] = random(&mut seed) as u8;
            }
            if round % 5 == 0 {
                damaged.truncate(random(&mut seed) % original.len());
            }
            let mut files = DebugFiles::default();
            if files.add(damaged.into()).is_err() {
                continue;
            }
            let symbols = Symbols::with_files(wasm.clone(), files).expect("the module is whole");
            let _ = (symbols.warnings(), symbols.has_lines(), symbols.split_units().len());
            let mut wanted = symbols.globals();
            for function in symbols.functions().iter().take(8) {
                wanted.extend(symbols.variables(function.prologue_end, 0));
                let _ = symbols.frames_at(function.prologue_end);
            }
            for variable in wanted {
                let _ = symbols.locate(&variable, ModulePc(100), &mut Fake::default());
                let _ = variable.ty.map(|ty| symbols.ty(ty));
            }
            let _ = (symbols.find_types("Boat"), symbols.object_at(1024));
        }
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
