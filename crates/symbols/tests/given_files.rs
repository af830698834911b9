//! Debug information that a person gives for a module that has none.
#![allow(clippy::expect_used, clippy::panic)]

mod common;

use freezeframe_symbols::{Bytes, DebugFiles, Symbols, WantedFile};
use wasmparser::{Parser, Payload};

/// The module without its debug sections.
fn stripped(wasm: &[u8]) -> Bytes {
    let mut out = wasm[..8].to_vec();
    let mut from = 8;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.expect("a module");
        let is_debug = matches!(&payload, Payload::CustomSection(custom) if custom.name().starts_with(".debug"));
        if let Some((_, contents)) = payload.as_section() {
            if !is_debug {
                out.extend(&wasm[from..contents.end]);
            }
            from = contents.end;
        }
    }
    out.into()
}

/// The symbols of a guest whose debug information is given.
fn given(guest: &str) -> (Bytes, Bytes, Symbols) {
    let debug: Bytes = common::bytes(guest).into();
    let wasm = stripped(&debug);
    assert!(!Symbols::new(wasm.clone()).expect("a module").has_lines(), "{guest} is stripped");
    let symbols = Symbols::with_finder(wasm.clone(), &mut |wanted| match wanted {
        WantedFile::Any(0) => Some(debug.clone()),
        _ => None,
    });
    (wasm, debug, symbols.expect("symbols"))
}

#[test]
fn what_was_read_to_look_whether_it_fits_is_kept() {
    let (wasm, debug, symbols) = given("inventory.O2.dwarf5.wasm");
    assert!(symbols.progress().share() > 0.1, "the units were read: {}", symbols.progress().share());
    let expected = Symbols::with_files(wasm, DebugFiles { debug: Some(debug), ..DebugFiles::default() });
    let expected = expected.expect("symbols");
    assert!(expected.progress().share() == 0.0, "nobody asked");
    assert_eq!(symbols.warnings(), expected.warnings());
    assert_eq!(symbols.functions(), expected.functions());
    assert!(symbols.has_lines() && symbols.functions().iter().any(|function| function.has_dwarf));
    // The next start has an index.
    let index = symbols.save_index().expect("an index");
    let (.., mut again) = given("inventory.O2.dwarf5.wasm");
    again.use_saved_index(index.into()).expect("it is of this");
    assert_eq!(again.warnings(), expected.warnings());
    assert_eq!(again.functions(), expected.functions());
    let pc = again.functions().iter().find(|function| function.has_dwarf).expect("a function").prologue_end;
    assert_eq!(again.frames_at(pc), expected.frames_at(pc));
    assert_eq!(again.globals(), expected.globals());
}

#[test]
fn what_is_of_other_code_is_not_used() {
    let (.., symbols) = given("units.O0.dwarf5.stale.wasm");
    let warnings = symbols.warnings();
    assert!(warnings.iter().any(|warning| warning.contains("of other code than this: it isn't used")), "{warnings:?}");
    assert!(!symbols.is_stale() && !symbols.has_lines());
}
