//! A saved index gives the answers that the module itself gives, or none.
#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::{fmt::Write, fs};

use common::everything::Random;
use freezeframe_symbols::{Bytes, ModulePc, SavedIndexError, Symbols};

/// All answers that come from what an index holds.
fn answers(symbols: &Symbols) -> String {
    let mut text = String::new();
    let mut say = |what: &dyn std::fmt::Debug| writeln!(text, "{what:?}").expect("text");
    say(&(symbols.is_stale(), symbols.warnings(), symbols.files(), symbols.embedded_sources()));
    say(&symbols.functions());
    for at in (0..).take(symbols.files().len()) {
        let file = freezeframe_symbols::FileId(at);
        for line in symbols.lines_with_code(file) {
            say(&symbols.line_sites(file, line));
        }
    }
    for function in symbols.functions().iter().step_by(7) {
        say(&(symbols.function_sites(function.short_name()), symbols.linkage_name(function.id)));
        let middle = ModulePc(function.range.start.0.midpoint(function.range.end.0));
        for pc in [function.prologue_end, middle] {
            say(&(symbols.row_at(pc), symbols.frames_at(pc), symbols.variables(pc, 0)));
        }
    }
    say(&symbols.inlined_sites(|path| path.ends_with("unwrap_or")));
    say(&symbols.globals().len());
    text
}

fn saved(name: &str) -> (Bytes, Vec<u8>, String) {
    let bytes: Bytes = common::bytes(name).into();
    let symbols = Symbols::new(bytes.clone()).expect("a module");
    let answers = answers(&symbols);
    let index = symbols.save_index().expect("an index");
    (bytes, index, answers)
}

fn with_index(wasm: &Bytes, index: Vec<u8>) -> Result<Symbols, SavedIndexError> {
    let mut symbols = Symbols::new(wasm.clone()).expect("a module");
    symbols.use_saved_index(index.into()).map(|()| symbols)
}

#[test]
fn every_guest_answers_the_same() {
    let mut compared = 0;
    for entry in fs::read_dir(common::guests().join("built")).expect("guests") {
        let name = entry.expect("a guest").file_name().into_string().expect("a name");
        let Ok(symbols) = Symbols::new(common::bytes(&name).into()) else { continue };
        if !symbols.has_lines() {
            continue;
        }
        let (wasm, index, expected) = saved(&name);
        let symbols = with_index(&wasm, index).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(answers(&symbols) == expected, "{name}: other answers by the saved index");
        assert_eq!(symbols.save_index(), None, "there is nothing new to save");
        compared += 1;
    }
    assert!(compared > 30, "only {compared} guests");
}

#[test]
fn damage_is_seen() {
    let (wasm, index, expected) = saved("orders.O0.dwarf5.wasm");
    for at in (0..index.len()).step_by(index.len() / 400) {
        let mut damaged = index.clone();
        damaged[at] ^= 0x10;
        assert!(with_index(&wasm, damaged).is_err(), "byte {at}");
        assert_eq!(with_index(&wasm, index[..at].to_vec()).err(), Some(SavedIndexError::Damaged), "cut off at {at}");
    }
    let mut longer = index.clone();
    longer.push(0);
    assert_eq!(with_index(&wasm, longer).err(), Some(SavedIndexError::Damaged));
    // As if there had been none.
    let mut symbols = Symbols::new(wasm).expect("a module");
    assert!(symbols.use_saved_index(Bytes::new()).is_err());
    assert!(answers(&symbols) == expected);
}

#[test]
fn another_modules_or_versions_index_is_refused() {
    let (wasm, index, _) = saved("orders.O0.dwarf5.wasm");
    let other: Bytes = common::bytes("orders.O0.dwarf4.wasm").into();
    assert_eq!(with_index(&other, index.clone()).err(), Some(SavedIndexError::OtherModule));
    // One byte of code is another module.
    let mut changed = wasm.to_vec();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    assert_eq!(with_index(&changed.into(), index.clone()).err(), Some(SavedIndexError::OtherModule));
    let mut older = index;
    older[8] ^= 1;
    assert_eq!(with_index(&wasm, older).err(), Some(SavedIndexError::OtherVersion));
}

/// What nobody but a liar writes: nonsense with the right checksum. The answers are as wrong, but come.
#[test]
fn nonsense_that_is_sealed_is_no_panic() {
    let (wasm, index, expected) = saved("orders.O0.dwarf5.wasm");
    // Magic, version, fingerprint; then the checksum: of the hash of each megabyte.
    let seal = |index: &mut Vec<u8>| {
        let body = index.split_off(88);
        index.truncate(56);
        index.extend(blake3::hash(blake3::hash(&body).as_bytes()).as_bytes());
        index.extend(body);
    };
    let mut same = index.clone();
    seal(&mut same);
    assert!(same == index, "sealed as it was written");
    let mut random = Random(7);
    let mut others = 0;
    for round in 0..400 {
        let mut lying = index.clone();
        for _ in 0..1 + round % 4 {
            let at = 88 + random.next(lying.len() - 88);
            lying[at] = [0, 1, 0x7f, 0xff, random.next(256) as u8][random.next(5)];
        }
        if round % 8 == 0 {
            lying.truncate(index.len() - random.next(index.len() / 2));
        }
        seal(&mut lying);
        if let Ok(symbols) = with_index(&wasm, lying) {
            others += usize::from(answers(&symbols) != expected);
        }
    }
    assert!(others > 50, "only {others} were read and mattered");
}

#[test]
fn small_modules_have_no_fingerprint() {
    assert_eq!(common::symbols("orders.O0.dwarf5.wasm").fingerprint(), None);
    assert!(common::symbols("inventory.O0.dwarf4.wasm").fingerprint().is_some());
    // Debug information that says nothing: how much there is decides.
    let length: u32 = 260 << 10;
    let mut wasm = b"\0asm\x01\0\0\0\0".to_vec();
    wasm.extend([
        (length & 0x7f) as u8 | 0x80,
        (length >> 7 & 0x7f) as u8 | 0x80,
        (length >> 14 & 0x7f) as u8 | 0x80,
        (length >> 21) as u8,
    ]);
    wasm.extend(b"\x0b.debug_info");
    wasm.resize(wasm.len() + length as usize - 12, 0);
    let symbols = Symbols::new(wasm.into()).expect("a module");
    assert_eq!(symbols.fingerprint().map(|name| name.len()), Some(64));
}

#[test]
fn preparing_says_how_far_it_is() {
    let symbols = common::symbols("inventory.O0.dwarf4.wasm");
    let progress = symbols.progress();
    assert!(progress.share() == 0.0, "nothing was asked yet");
    // Line programs and the units are read for this, but no function is named.
    assert!(symbols.has_lines());
    let some = progress.share();
    assert!(some > 0.2 && some < 0.7, "{some}");
    symbols.prepare();
    assert!(progress.share() == 1.0);
    assert!(symbols.functions().len() > 900);
}
