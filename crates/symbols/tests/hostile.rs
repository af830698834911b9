//! Damaged modules: whatever is asked of them, the answer comes, soon, and nothing panics.
#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::{
    collections::HashSet,
    ops::Range,
    time::{Duration, Instant},
};

use common::Fake;
use freezeframe_symbols::{
    FileId, ModulePc, ScopeId, Symbols, Type, TypeId, TypeKind, Variable, VariableId, VariableKind,
};
use wasmparser::{Parser, Payload};

/// No module that is asked everything may take longer, even without optimisation on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

/// Marsaglia's xorshift64.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }
}

fn types_in(ty: &Type) -> Vec<TypeId> {
    match &ty.kind {
        TypeKind::Pointer(target) | TypeKind::Typedef(target) | TypeKind::Qualified { target, .. } => {
            target.iter().copied().collect()
        }
        TypeKind::Reference(target) => vec![*target],
        TypeKind::Array { element, .. } => vec![*element],
        TypeKind::Record(record) => {
            let variants = record
                .variants
                .iter()
                .flat_map(|part| part.discriminant.iter().chain(part.variants.iter().map(|variant| &variant.member)));
            let members = record.members.iter().chain(variants).map(|member| member.ty);
            members.chain(record.bases.iter().map(|base| base.ty)).collect()
        }
        TypeKind::Function { returns, parameters } => returns.iter().chain(parameters).copied().collect(),
        TypeKind::Enumeration { underlying, .. } => underlying.iter().copied().collect(),
        TypeKind::MemberPointer { target, class } => target.iter().chain(class).copied().collect(),
        _ => Vec::new(),
    }
}

/// Asks for at most so many of all types that can be reached from these variables, and where the variables are.
fn look_into(symbols: &Symbols, variables: &[Variable], pc: ModulePc, seen: &mut HashSet<TypeId>) {
    let mut wanted: Vec<TypeId> = Vec::new();
    for variable in variables {
        let _ = symbols.locate(variable, pc, &mut Fake::default());
        wanted.extend(variable.ty);
    }
    while let Some(id) = wanted.pop() {
        if seen.len() < 200
            && seen.insert(id)
            && let Ok(ty) = symbols.ty(id)
        {
            wanted.extend(types_in(&ty));
        }
    }
}

fn ask_everything(bytes: Vec<u8>, random: &mut Random) {
    let Ok(symbols) = Symbols::new(bytes.into()) else { return };
    let _ = (symbols.warnings(), symbols.has_lines(), symbols.imported_functions().len());
    let mut seen = HashSet::new();
    let functions = symbols.functions();
    for _ in 0..12 {
        let Some(function) = functions.get(random.next(functions.len())) else { break };
        let range = function.range.start.0 as usize..function.range.end.0 as usize;
        let rows = symbols.rows(function.range.clone());
        assert!(rows.iter().all(|row| row.start < row.end && function.range.contains(&row.start)));
        for _ in 0..4 {
            let pc = ModulePc((range.start + random.next(range.len())) as u32);
            let frames = symbols.frames_at(pc);
            assert!(!frames.is_empty(), "a function runs at {pc}");
            for depth in 0..frames.len().min(6) {
                look_into(&symbols, &symbols.variables(pc, depth), pc, &mut seen);
            }
            let _ = (symbols.location(pc), symbols.function_at(pc));
        }
        let _ = (symbols.find_functions(&function.short_name), symbols.function_sites(&function.name));
    }
    let files = symbols.files().len();
    for _ in 0..6 {
        let file = FileId(random.next(files) as u32);
        let lines = symbols.lines_with_code(file);
        for line in lines.iter().step_by(7).take(10) {
            let sites = symbols.line_sites(file, *line).map(|sites| sites.sites).unwrap_or_default();
            assert!(sites.iter().all(|site| symbols.function_at(*site).is_some()), "{sites:?}");
        }
    }
    let globals = symbols.globals();
    look_into(&symbols, &globals[..globals.len().min(40)], ModulePc(0), &mut seen);
    for name in ["int", "struct Order", "Option", "std::string", "x"] {
        let types = symbols.find_types(name);
        for id in types.into_iter().take(3) {
            let _ = symbols.ty(id);
        }
        let _ = symbols.find_globals(name);
    }
    // Ids that nobody gave.
    for _ in 0..20 {
        let at = random.next(1 << 16) as u64;
        let _ = symbols.ty(TypeId(at));
        let variable = Variable {
            id: VariableId(at),
            name: String::new(),
            kind: VariableKind::Local,
            ty: Some(TypeId(u64::MAX - at)),
            declared: None,
            depth: 0,
            artificial: false,
        };
        let pc = functions.first().map_or(ModulePc(0), |function| function.prologue_end);
        let _ = symbols.locate(&variable, pc, &mut Fake::default());
        let _ = (symbols.variables(ModulePc(at as u32), at as usize), ScopeId(at));
        let _ = (symbols.line_sites(FileId(at as u32), u32::MAX), symbols.rows(ModulePc(9)..ModulePc(0)));
    }
}

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
