//! Damaged modules: whatever is asked of them, the answer comes, soon, and nothing panics.
#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use common::everything::{Random, ask_everything};
use freezeframe_symbols::Symbols;
use wasmparser::{Parser, Payload};

/// No module that is asked everything may take longer, even without optimisation on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

/// The ranges of the sections that are worth damaging.
fn debug_sections(bytes: &[u8]) -> Vec<Range<usize>> {
    let payloads = Parser::new(0).parse_all(bytes).filter_map(Result::ok);
    let sections = payloads.filter_map(|payload| match payload {
        Payload::CustomSection(section) if section.name() == "name" || section.name().starts_with(".debug") => {
            Some(section.data_offset()..section.range().end)
        }
        _ => None,
    });
    sections.filter(|range| !range.is_empty()).collect()
}

fn timed(what: &str, ask: impl FnOnce()) {
    let start = Instant::now();
    ask();
    assert!(start.elapsed() < LIMIT, "{what} took {:?}", start.elapsed());
}

const GUESTS: [(&str, u64); 6] = [
    ("orders.O0.dwarf4.wasm", 60),
    ("orders.O0.dwarf5.wasm", 60),
    ("inline.O2.dwarf5.wasm", 60),
    ("queue.ReleaseSafe.dwarf4.wasm", 20),
    ("shapes.O2.dwarf5.wasm", 12),
    ("inventory.O2.dwarf5.wasm", 4),
];

/// How many times as many seeds as usual: `HOSTILE_ROUNDS=50 cargo test --release --test hostile`.
fn rounds() -> u64 {
    std::env::var("HOSTILE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(1)
}

#[test]
fn flipped_bytes() {
    for (guest, seeds) in GUESTS {
        let seeds = seeds * rounds();
        let whole = common::bytes(guest);
        let sections = debug_sections(&whole);
        for seed in 1..=seeds {
            let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let mut bytes = whole.clone();
            for _ in 0..1 + random.next(60) {
                let section = &sections[random.next(sections.len())];
                let at = section.start + random.next(section.len());
                bytes[at] = match random.next(4) {
                    0 => 0,
                    1 => 0xff,
                    2 => bytes[at] ^ (1 << random.next(8)),
                    _ => random.next(256) as u8,
                };
            }
            timed(&format!("{guest} with seed {seed}"), || ask_everything(bytes, &mut random));
        }
    }
}

#[test]
fn sections_in_each_others_place() {
    // What one section says is nonsense in another: offsets, lengths and codes lie wherever they are read.
    for (guest, seeds) in GUESTS.into_iter().take(4) {
        let whole = common::bytes(guest);
        let sections = debug_sections(&whole);
        for seed in 1..=seeds * rounds() / 4 {
            let mut random = Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
            let mut bytes = whole.clone();
            let (from, to) = (&sections[random.next(sections.len())], &sections[random.next(sections.len())]);
            let length = random.next(from.len().min(to.len()));
            bytes.copy_within(from.start..from.start + length, to.start);
            timed(&format!("{guest} with seed {seed}"), || ask_everything(bytes, &mut random));
        }
    }
}

#[test]
fn modules_that_break_off() {
    for (guest, seeds) in GUESTS {
        let whole = common::bytes(guest);
        let mut random = Random(0x1234_5678_9abc_def1);
        for _ in 0..seeds * rounds() / 4 {
            let bytes = whole[..random.next(whole.len())].to_vec();
            timed(guest, || ask_everything(bytes, &mut random));
        }
    }
}

#[test]
fn guests_that_are_damaged_on_purpose() {
    for guest in ["damaged.wasm", "damaged-flipped.wasm"] {
        let symbols = common::symbols(guest);
        assert!(!symbols.warnings().is_empty(), "{guest}");
        assert!(symbols.functions().iter().any(|function| function.has_dwarf), "{guest}: what is whole still answers");
        timed(guest, || ask_everything(common::bytes(guest), &mut Random(7)));
    }
    assert!(Symbols::new(common::bytes("not-wasm.wasm").into()).is_err());
    assert!(
        Symbols::new(common::bytes("inventory.O0.dwarf4.p2.wasm").into()).is_err(),
        "a component is no core module"
    );
}
