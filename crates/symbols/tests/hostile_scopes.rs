//! Blocks and inlined calls in amounts and shapes that no compiler writes: what is known of them is right, and doesn't take
//! the product of their numbers. Where only that matters a test doesn't look at a clock: without it, it takes minutes.
#![allow(clippy::expect_used, clippy::panic, clippy::type_complexity)]

mod builder;
mod common;

use std::{ops::Range, slice};

use builder::{custom, leb, section, sized};
use common::everything::Random;
use freezeframe_symbols::{ModulePc, Symbols};

/// A function of so many `nop`s with the entries that a test makes below it.
struct Function {
    nops: usize,
    info: Vec<u8>,
    ranges: Vec<u8>,
    lines: Vec<u8>,
}

impl Function {
    /// With the abstract function `f`, which the copies are of. It has two variables: `a` and `b`.
    fn new(nops: usize) -> Self {
        Self::with_variables(nops, 2)
    }

    fn with_variables(nops: usize, variables: u32) -> Self {
        // Length, version, abbreviations, address size.
        let mut info = [&[0; 4][..], &[4, 0], &[0; 4], &[4]].concat();
        info.extend([1, 0x0c, 0, 0, 0, 0]);
        info.extend(b"\x02f\0");
        for at in 0..variables {
            info.extend([3, b'a' + (at % 2) as u8, 0]);
        }
        info.push(0);
        let mut function = Self { nops, info, ranges: vec![0; 8], lines: Vec::new() };
        let (low, length) = (function.address(0) - 1, nops as u32 + 2);
        function.entry(4, &[low, length]);
        function
    }

    /// The abstract function and its variables.
    const F: u32 = 17;

    /// Its variable at this position.
    fn variable(at: u32) -> u32 {
        Self::F + 3 + 3 * at
    }

    /// The address of a `nop`, or of the `end` behind them.
    fn address(&self, nop: usize) -> u32 {
        let count_and_size = 1 + leb(self.nops as u64 + 2).len();
        (count_and_size + 1 + nop) as u32
    }

    /// The codes: 1 unit; 2 abstract function; 3 variable in it; 4 function; 5 inlined call and 6 block with a list of ranges;
    /// 7 inlined call with one range; 8 block that doesn't say where it is; 9 copy of a variable.
    fn entry(&mut self, code: u8, numbers: &[u32]) -> u32 {
        let at = self.info.len() as u32;
        self.info.push(code);
        self.info.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        at
    }

    fn end(&mut self) {
        self.info.push(0);
    }

    fn list(&mut self, ranges: &[Range<usize>]) -> u32 {
        let at = self.ranges.len() as u32;
        for range in ranges {
            let (start, end) = (self.address(range.start), self.address(range.end));
            self.ranges.extend([start.to_le_bytes(), end.to_le_bytes()].concat());
        }
        self.ranges.extend([0; 8]);
        at
    }

    /// A row for each `nop`, all on line 1; the first one is a statement.
    fn one_line(&mut self) {
        // The lowest length of an instruction, no more than one in it, statements by default, lines from 0 on by 1s from
        // opcode 13; a folder, a file.
        let mut header = vec![1, 1, 1, 0, 1, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];
        header.extend(b"\0x.c\0\0\0\0\0");
        let mut program = vec![0, 5, 2];
        program.extend(self.address(0).to_le_bytes());
        // One byte on each.
        program.extend([1, 6]);
        program.extend(vec![14; self.nops]);
        program.extend([0, 1, 1]);
        let mut lines = vec![4, 0];
        lines.extend((header.len() as u32).to_le_bytes());
        lines.extend(header);
        lines.extend(program);
        self.lines = [(lines.len() as u32).to_le_bytes().to_vec(), lines].concat();
    }

    fn symbols(mut self) -> Symbols {
        // Of the function and the unit.
        self.info.extend([0, 0]);
        let length = self.info.len() as u32 - 4;
        self.info[..4].copy_from_slice(&length.to_le_bytes());
        let rows: [(u8, u8, &[(u8, u8)]); 9] = [
            (0x11, 1, &[(0x13, 0x0b), (0x10, 0x17)]),
            (0x2e, 1, &[(0x03, 0x08)]),
            (0x34, 0, &[(0x03, 0x08)]),
            (0x2e, 1, &[(0x11, 0x01), (0x12, 0x06)]),
            (0x1d, 1, &[(0x31, 0x13), (0x55, 0x17)]),
            (0x0b, 1, &[(0x55, 0x17)]),
            (0x1d, 0, &[(0x31, 0x13), (0x11, 0x01), (0x12, 0x06)]),
            (0x0b, 1, &[]),
            (0x34, 0, &[(0x31, 0x13)]),
        ];
        let mut abbreviations = Vec::new();
        for (code, (tag, children, attributes)) in (1..).zip(rows) {
            abbreviations.extend([code, tag, children]);
            abbreviations.extend(attributes.iter().flat_map(|(name, form)| [*name, *form]));
            abbreviations.extend([0, 0]);
        }
        abbreviations.push(0);
        let body = [&[0][..], &vec![1; self.nops], &[0x0b]].concat();
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.extend(section(1, &[1, 0x60, 0, 0]));
        wasm.extend(section(3, &[1, 0]));
        wasm.extend(section(10, &[&[1][..], &sized(&body)].concat()));
        wasm.extend(custom(".debug_abbrev", &abbreviations));
        wasm.extend(custom(".debug_info", &self.info));
        wasm.extend(custom(".debug_ranges", &self.ranges));
        wasm.extend(custom(".debug_line", &self.lines));
        Symbols::new(wasm.into()).expect("a module")
    }
}

/// A scope that a test made up.
struct MadeUp {
    offset: u32,
    inlined: bool,
    ranges: Vec<Range<usize>>,
    inside: Vec<MadeUp>,
}

fn make_up(function: &mut Function, random: &mut Random, depth: usize) -> Vec<MadeUp> {
    let count = random.next(5 - depth);
    (0..count)
        .map(|_| {
            let ranges: Vec<Range<usize>> = (0..1 + random.next(3))
                .map(|_| {
                    let start = random.next(function.nops);
                    start..start + 1 + random.next(function.nops - start)
                })
                .collect();
            let list = function.list(&ranges);
            let inlined = random.next(3) > 0;
            let offset = if inlined { function.entry(5, &[Function::F, list]) } else { function.entry(6, &[list]) };
            let inside = make_up(function, random, depth + 1);
            function.end();
            MadeUp { offset, inlined, ranges, inside }
        })
        .collect()
}

#[test]
fn ranges_that_overlap_go_to_the_first() {
    let mut depths = [0; 6];
    for seed in 1..300 {
        let mut random = Random(seed * 0x9e37_79b9);
        let mut function = Function::new(24);
        let top = make_up(&mut function, &mut random, 0);
        let first = function.address(0);
        let symbols = function.symbols();
        for nop in 0..=24 {
            let (mut expected, mut here) = (Vec::new(), &top);
            while let Some(scope) = here.iter().find(|scope| scope.ranges.iter().any(|range| range.contains(&nop))) {
                expected.extend(scope.inlined.then_some(u64::from(scope.offset)));
                here = &scope.inside;
            }
            expected.reverse();
            let pc = ModulePc(symbols.code_start() + first + nop as u32);
            let told = symbols.frame_scopes_at(pc).into_iter().map(|scope| scope.expect("a scope").0);
            let mut told: Vec<u64> = told.collect();
            told.pop().expect("the function");
            assert_eq!(told, expected, "seed {seed}, nop {nop}");
            depths[told.len()] += 1;
        }
    }
    assert!(depths[..4].iter().all(|count| *count > 100), "{depths:?}");
}

#[test]
fn many_rows_and_many_copies_are_no_product() {
    let (nops, copies) = (1_000_000, 60_000);
    let mut function = Function::new(nops);
    function.one_line();
    for nop in nops - copies..nops {
        function.entry(7, &[Function::F, function.address(nop), 1]);
    }
    let first = function.address(0);
    let symbols = function.symbols();
    let pc = |nop: usize| ModulePc(symbols.code_start() + first + nop as u32);
    let [file] = symbols.find_files("x.c")[..] else { panic!("one file: {:?}", symbols.files()) };
    let sites = symbols.line_sites(file, 1).expect("the line").sites;
    assert_eq!(sites.len(), 1 + copies);
    let of_copies: Vec<ModulePc> = (nops - copies..nops).map(pc).collect();
    assert_eq!(sites[1..], of_copies);
    // None has a statement of its own: each begins where its code does.
    assert_eq!(symbols.function_sites("f"), of_copies);
}

/// The variables of a copy of `f` in which these variables of `f` are: name and id.
fn variables_of_copy(of_f: u32, copied: impl IntoIterator<Item = u32>) -> Vec<(String, u64)> {
    let mut function = Function::with_variables(1, of_f);
    let list = function.list(slice::from_ref(&(0..1)));
    function.entry(5, &[Function::F, list]);
    for at in copied {
        function.entry(9, &[Function::variable(at)]);
    }
    function.end();
    let first = function.address(0);
    let symbols = function.symbols();
    let variables = symbols.variables(ModulePc(symbols.code_start() + first), 0);
    variables.into_iter().map(|variable| (variable.name, variable.id.0)).collect()
}

#[test]
fn variables_come_in_the_order_of_what_they_are_copies_of() {
    let names = |copied: &[u32]| -> Vec<String> {
        variables_of_copy(2, copied.iter().copied()).into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names(&[]), ["a", "b"], "thrown away without a trace");
    assert_eq!(names(&[1, 0]), ["a", "b"]);
    assert_eq!(names(&[1]), ["a", "b"]);
    // One that is there twice comes behind.
    assert_eq!(names(&[1, 0, 0]), ["a", "b", "a"]);
}

#[test]
fn many_variables_in_the_reverse_order_are_no_product() {
    let count = 400_000;
    let variables = variables_of_copy(count, (0..count).rev());
    assert_eq!(variables.len(), count as usize);
    assert!(variables.is_sorted_by(|a, b| a.1 > b.1), "the last copy is of the first variable");
    let first = Function::variable(count);
    assert!(variables.iter().all(|(_, id)| *id > u64::from(first)), "all are known by their copies");
}

#[test]
fn blocks_that_say_nothing_count() {
    let (before, behind) = ((1 << 16) - 1, 1 << 10);
    let mut function = Function::new(1);
    for at in 0..before + behind {
        function.entry(8, &[]);
        if at % 1000 == 0 || at >= before {
            function.entry(9, &[Function::variable(at % 2)]);
        }
        function.end();
    }
    let first = function.address(0);
    let symbols = function.symbols();
    let variables = symbols.variables(ModulePc(symbols.code_start() + first), 0);
    // Those in the last block that is read aren't any more.
    assert_eq!(variables.len(), before as usize / 1000 + 1);
}
