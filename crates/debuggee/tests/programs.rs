//! Random programs for the conditions' stack machine, held against a slow evaluator that trusts nothing.
//!
//! A client sends these programs, and they run inside of the guest's process: a malformed one must be refused, and
//! one that was accepted must end, with the right value, without a panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers beside the tests are tests, too")]

use std::collections::BTreeSet;

use freezeframe_debuggee::{
    FloatOp, FrameAccess, MAX_PROGRAM_OPS, MAX_PROGRAM_STACK, Op, Program, ProgramError, Unavailable, WasmValue,
};
use proptest::{collection::vec, prelude::*};

/// A frame of which everything can be asked, and that counts the questions.
#[derive(Clone, Debug)]
struct Frame {
    locals: Vec<WasmValue>,
    operands: Vec<i64>,
    globals: Vec<i32>,
    memory: Vec<u8>,
    questions: usize,
}

impl FrameAccess for Frame {
    fn local(&mut self, index: u32) -> Result<WasmValue, Unavailable> {
        self.questions += 1;
        self.locals.get(index as usize).cloned().ok_or_else(|| Unavailable::new("no local"))
    }
    fn operand(&mut self, index: u32) -> Result<WasmValue, Unavailable> {
        self.questions += 1;
        self.operands.get(index as usize).map(|v| WasmValue::I64(*v)).ok_or_else(|| Unavailable::new("no operand"))
    }
    fn global(&mut self, index: u32) -> Result<WasmValue, Unavailable> {
        self.questions += 1;
        self.globals.get(index as usize).map(|v| WasmValue::I32(*v)).ok_or_else(|| Unavailable::new("no global"))
    }
    fn memory(&mut self, address: u64, into: &mut [u8]) -> Result<(), Unavailable> {
        self.questions += 1;
        let bytes = usize::try_from(address).ok().and_then(|at| self.memory.get(at..at.checked_add(into.len())?));
        into.copy_from_slice(bytes.ok_or_else(|| Unavailable::new("out of bounds"))?);
        Ok(())
    }
    fn hits(&mut self) -> Result<u64, Unavailable> {
        self.questions += 1;
        Ok(self.questions as u64 * 3)
    }
}

/// What the slow evaluator found.
#[derive(Debug, PartialEq)]
enum Slow {
    Value(i64),
    Unavailable,
    /// What no accepted program may do.
    Wrong(&'static str),
}

/// The meaning of a program, written for being plainly right: 128-bit arithmetic, a growing stack, and every step
/// checked.
fn slow(ops: &[Op], frame: &mut Frame) -> Slow {
    let mut stack: Vec<i64> = vec![];
    let (mut at, mut steps) = (0, 0);
    macro_rules! pop {
        () => {
            match stack.pop() {
                Some(v) => v,
                None => return Slow::Wrong("underflow"),
            }
        };
    }
    macro_rules! ask {
        ($asked:expr) => {
            match $asked {
                Ok(WasmValue::I32(v)) => i64::from(v as u32),
                Ok(WasmValue::I64(v)) => v,
                _ => return Slow::Unavailable,
            }
        };
    }
    let wide = |v: i64, signed: bool| if signed { i128::from(v) } else { i128::from(v as u64) };
    let narrow = |v: i128, bits: u32, signed: bool| {
        let low = v & ((1_i128 << bits) - 1);
        (if signed && low >> (bits - 1) == 1 { low - (1_i128 << bits) } else { low }) as i64
    };
    while at < ops.len() {
        steps += 1;
        if steps > ops.len() {
            return Slow::Wrong("more steps than operators");
        }
        let op = ops[at];
        at += 1;
        let pushed = match op {
            Op::Const(v) => v,
            Op::Local(i) => ask!(frame.local(i)),
            Op::Operand(i) => ask!(frame.operand(i)),
            Op::Global(i) => ask!(frame.global(i)),
            Op::Hits => match frame.hits() {
                Ok(hits) => hits as i64,
                Err(_) => return Slow::Unavailable,
            },
            Op::Float(op) => {
                let number = |bits: i64| f64::from_bits(bits as u64);
                let bits = |number: f64| if number.is_nan() { 0x7ff8 << 48 } else { number.to_bits() as i64 };
                let last = pop!();
                match op {
                    FloatOp::Promote => bits(f32::from_bits(last as u32).into()),
                    FloatOp::Round => bits((number(last) as f32).into()),
                    FloatOp::FromInteger { signed } => bits(wide(last, signed) as f64),
                    _ => {
                        let (a, b) = (number(pop!()), number(last));
                        match op {
                            FloatOp::Add => bits(a + b),
                            FloatOp::Sub => bits(a - b),
                            FloatOp::Mul => bits(a * b),
                            FloatOp::Div => bits(a / b),
                            FloatOp::Eq => (a == b).into(),
                            FloatOp::Lt => (a < b).into(),
                            _ => (a <= b).into(),
                        }
                    }
                }
            }
            Op::Load { bytes, signed } => {
                let address = pop!() as u64;
                let mut value = 0;
                let mut raw = vec![0; usize::from(bytes)];
                if frame.memory(address, &mut raw).is_err() {
                    return Slow::Unavailable;
                }
                for byte in raw.iter().rev() {
                    value = value * 256 + i128::from(*byte);
                }
                narrow(value, u32::from(bytes) * 8, signed)
            }
            Op::Extend { bits, signed } => narrow(i128::from(pop!()), u32::from(bits), signed),
            Op::Not => i64::from(pop!() == 0),
            Op::Drop => {
                pop!();
                continue;
            }
            Op::Dup => {
                let v = pop!();
                stack.push(v);
                v
            }
            Op::Jump(to) => {
                at = to as usize;
                continue;
            }
            Op::JumpIfZero(to) => {
                if pop!() == 0 {
                    at = to as usize;
                }
                continue;
            }
            Op::Add
            | Op::Sub
            | Op::Mul
            | Op::Div { .. }
            | Op::Rem { .. }
            | Op::And
            | Op::Or
            | Op::Xor
            | Op::Shl
            | Op::Shr { .. }
            | Op::Eq
            | Op::Lt { .. }
            | Op::Le { .. } => {
                let (b, a) = (pop!(), pop!());
                let (wa, wb) = (i128::from(a), i128::from(b));
                match op {
                    Op::Add => narrow(wa + wb, 64, true),
                    Op::Sub => narrow(wa - wb, 64, true),
                    Op::Mul => narrow(wa * wb, 64, true),
                    Op::Div { signed } | Op::Rem { signed } => {
                        let (a, b) = (wide(a, signed), wide(b, signed));
                        // The quotient must fit; Wasm's remainder would do without, but LLVM's wouldn't.
                        if b == 0 || signed && a / b > i128::from(i64::MAX) {
                            return Slow::Unavailable;
                        }
                        narrow(if matches!(op, Op::Div { .. }) { a / b } else { a % b }, 64, true)
                    }
                    Op::And => a & b,
                    Op::Or => a | b,
                    Op::Xor => a ^ b,
                    Op::Shl => (0..(b as u64).min(64)).fold(a, |v, _| v.wrapping_add(v)),
                    Op::Shr { signed } => {
                        let halves = (b as u64).min(64);
                        narrow((0..halves).fold(wide(a, signed), |v, _| v.div_euclid(2)), 64, true)
                    }
                    Op::Eq => i64::from(wa == wb),
                    Op::Lt { signed } => i64::from(wide(a, signed) < wide(b, signed)),
                    Op::Le { signed } => i64::from(wide(a, signed) <= wide(b, signed)),
                    _ => unreachable!("not binary"),
                }
            }
        };
        stack.push(pushed);
        if stack.len() > MAX_PROGRAM_STACK {
            return Slow::Wrong("overflow");
        }
    }
    match (at, &stack[..]) {
        (at, [value]) if at == ops.len() => Slow::Value(*value),
        _ => Slow::Wrong("doesn't end at the end with one value"),
    }
}

/// Numbers among which are those where widths and signs matter.
fn number() -> impl Strategy<Value = i64> + Clone {
    prop_oneof![
        3 => -2_i64..70,
        1 => prop::sample::select(vec![i64::MIN, i64::MAX, -1, 0x7f, 0x80, 0xffff_ffff, 0x8000_0000, i64::MIN + 1]),
        1 => any::<i64>(),
    ]
}

fn frame() -> impl Strategy<Value = Frame> {
    let value = prop_oneof![
        any::<i32>().prop_map(WasmValue::I32),
        number().prop_map(WasmValue::I64),
        any::<u64>().prop_map(WasmValue::F64),
    ];
    (vec(value, 0..4), vec(number(), 0..4), vec(any::<i32>(), 0..4), vec(any::<u8>(), 0..80))
        .prop_map(|(locals, operands, globals, memory)| Frame { locals, operands, globals, memory, questions: 0 })
}

/// Any operator at all, its operands in range or not.
fn any_op() -> impl Strategy<Value = Op> + Clone {
    let signed = any::<bool>;
    prop_oneof![
        6 => number().prop_map(Op::Const),
        1 => (0_u32..5).prop_map(Op::Local),
        1 => (0_u32..5).prop_map(Op::Operand),
        1 => any::<u32>().prop_map(Op::Global),
        1 => (any::<u8>(), signed()).prop_map(|(bytes, signed)| Op::Load { bytes: bytes % 10, signed }),
        1 => (any::<u8>(), signed()).prop_map(|(bits, signed)| Op::Extend { bits: bits % 70, signed }),
        1 => plain_op(),
        1 => unary_float(),
        1 => Just(Op::Hits),
        1 => (0_u32..40).prop_map(Op::JumpIfZero),
        1 => (0_u32..40).prop_map(Op::Jump),
        1 => any::<u32>().prop_map(Op::Jump),
    ]
}

/// The operators that take two.
fn binary_ops() -> Vec<Op> {
    let mut all = vec![Op::Add, Op::Sub, Op::Mul, Op::And, Op::Or, Op::Xor, Op::Shl, Op::Eq];
    for signed in [false, true] {
        all.extend([Op::Div { signed }, Op::Rem { signed }, Op::Shr { signed }]);
        all.extend([Op::Lt { signed }, Op::Le { signed }]);
    }
    let floats = [FloatOp::Add, FloatOp::Sub, FloatOp::Mul, FloatOp::Div, FloatOp::Eq, FloatOp::Lt, FloatOp::Le];
    all.extend(floats.map(Op::Float));
    all
}

/// The operators of floats that take one.
fn unary_float() -> impl Strategy<Value = Op> + Clone {
    prop::sample::select(vec![
        Op::Float(FloatOp::Promote),
        Op::Float(FloatOp::Round),
        Op::Float(FloatOp::FromInteger { signed: false }),
        Op::Float(FloatOp::FromInteger { signed: true }),
    ])
}

/// The operators without an operand.
fn plain_op() -> impl Strategy<Value = Op> + Clone {
    prop::sample::select([binary_ops(), vec![Op::Not, Op::Drop, Op::Dup]].concat())
}

/// An expression, which becomes a well-formed program. Random operators rarely are one.
#[derive(Clone, Debug)]
enum Tree {
    Leaf(Op),
    Unary(Op, Box<Tree>),
    Binary(Op, Box<Tree>, Box<Tree>),
    If(Box<Tree>, Box<Tree>, Box<Tree>),
    /// Computed and thrown away.
    Before(Box<Tree>, Box<Tree>),
    Twice(Op, Box<Tree>),
}

fn tree() -> impl Strategy<Value = Tree> {
    let signed = any::<bool>;
    let leaf = prop_oneof![
        4 => number().prop_map(Op::Const),
        1 => (0_u32..4).prop_map(Op::Local),
        1 => (0_u32..4).prop_map(Op::Operand),
        1 => (0_u32..4).prop_map(Op::Global),
        1 => Just(Op::Hits),
    ]
    .prop_map(Tree::Leaf);
    let unary = prop_oneof![
        Just(Op::Not),
        unary_float(),
        (prop::sample::select(vec![1_u8, 2, 4, 8]), signed()).prop_map(|(bytes, signed)| Op::Load { bytes, signed }),
        (1_u8..=64, signed()).prop_map(|(bits, signed)| Op::Extend { bits, signed }),
    ];
    let binary = prop::sample::select(binary_ops());
    leaf.prop_recursive(8, 100, 3, move |inner| {
        let boxed = inner.prop_map(Box::new);
        prop_oneof![
            1 => (unary.clone(), boxed.clone()).prop_map(|(op, a)| Tree::Unary(op, a)),
            4 => (binary.clone(), boxed.clone(), boxed.clone()).prop_map(|(op, a, b)| Tree::Binary(op, a, b)),
            2 => (boxed.clone(), boxed.clone(), boxed.clone()).prop_map(|(c, a, b)| Tree::If(c, a, b)),
            1 => (boxed.clone(), boxed.clone()).prop_map(|(a, b)| Tree::Before(a, b)),
            1 => (binary.clone(), boxed).prop_map(|(op, a)| Tree::Twice(op, a)),
        ]
    })
}

fn emit(tree: &Tree, ops: &mut Vec<Op>) {
    match tree {
        Tree::Leaf(op) => ops.push(*op),
        Tree::Unary(op, a) => {
            emit(a, ops);
            ops.push(*op);
        }
        Tree::Binary(op, a, b) => {
            emit(a, ops);
            emit(b, ops);
            ops.push(*op);
        }
        Tree::If(condition, a, b) => {
            emit(condition, ops);
            let to_else = ops.len();
            ops.push(Op::JumpIfZero(0));
            emit(a, ops);
            let to_end = ops.len();
            ops.push(Op::Jump(0));
            ops[to_else] = Op::JumpIfZero(ops.len() as u32);
            emit(b, ops);
            ops[to_end] = Op::Jump(ops.len() as u32);
        }
        Tree::Before(a, b) => {
            emit(a, ops);
            ops.push(Op::Drop);
            emit(b, ops);
        }
        Tree::Twice(op, a) => {
            emit(a, ops);
            ops.extend([Op::Dup, *op]);
        }
    }
}

fn compiled(tree: &Tree) -> Vec<Op> {
    let mut ops = vec![];
    emit(tree, &mut ops);
    ops
}

/// The rules for programs, told another way: by walking every path with every depth.
fn well_formed(ops: &[Op]) -> bool {
    let (mut seen, mut to_do) = (BTreeSet::new(), vec![(0, 0_usize)]);
    while let Some((at, depth)) = to_do.pop() {
        if !seen.insert((at, depth)) || at == ops.len() {
            continue;
        }
        let (takes, gives) = match ops[at] {
            Op::Const(_) | Op::Local(_) | Op::Operand(_) | Op::Global(_) | Op::Hits => (0, 1),
            Op::Float(FloatOp::Promote | FloatOp::Round | FloatOp::FromInteger { .. }) => (1, 1),
            Op::Load { bytes, .. } if ![1, 2, 4, 8].contains(&bytes) => return false,
            Op::Extend { bits, .. } if bits == 0 || bits > 64 => return false,
            Op::Load { .. } | Op::Extend { .. } | Op::Not => (1, 1),
            Op::Drop | Op::JumpIfZero(_) => (1, 0),
            Op::Dup => (1, 2),
            Op::Jump(_) => (0, 0),
            _ => (2, 1),
        };
        if depth < takes || depth - takes + gives > MAX_PROGRAM_STACK {
            return false;
        }
        let depth = depth - takes + gives;
        if let Op::Jump(to) | Op::JumpIfZero(to) = ops[at] {
            if to as usize <= at || to as usize > ops.len() {
                return false;
            }
            to_do.push((to as usize, depth));
        }
        if !matches!(ops[at], Op::Jump(_)) {
            to_do.push((at + 1, depth));
        }
    }
    let places: BTreeSet<_> = seen.iter().map(|(at, _)| at).collect();
    places.len() == seen.len() && seen.contains(&(ops.len(), 1)) && ops.len() <= MAX_PROGRAM_OPS
}

fn same(program: &Program, frame: &Frame) {
    let (mut fast_frame, mut slow_frame) = (frame.clone(), frame.clone());
    let fast = match program.run(&mut fast_frame) {
        Ok(value) => Slow::Value(value),
        Err(_) => Slow::Unavailable,
    };
    assert_eq!(fast, slow(program.ops(), &mut slow_frame));
    // It asks no more of the guest than it must, in particular not in a branch that isn't taken.
    assert_eq!(fast_frame.questions, slow_frame.questions);
}

/// 4096 cases, which find each single wrong check that was tried; `PROPTEST_CASES` can ask for more. Few in Miri.
fn settings() -> ProptestConfig {
    let default = ProptestConfig::default();
    let cases = if cfg!(miri) { 8 } else { default.cases.max(4096) };
    ProptestConfig { cases, failure_persistence: None, ..default }
}

proptest! {
    #![proptest_config(settings())]

    /// Fails when an operator computes something else, a jump lands elsewhere, or a well-formed program is refused.
    #[test]
    fn expressions_have_the_value_that_they_have(tree in tree(), frame in frame()) {
        let ops = compiled(&tree);
        match Program::new(ops.clone()) {
            Ok(program) => {
                prop_assert!(well_formed(&ops));
                same(&program, &frame);
            }
            Err(ProgramError::Overflow(_)) => prop_assert!(!well_formed(&ops)),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    /// Fails when one that the rules forbid is accepted, one that they allow is refused, or an accepted one does what
    /// none may do.
    #[test]
    fn any_operators_are_refused_or_run(ops in vec(any_op(), 0..30), frame in frame()) {
        let accepted = Program::new(ops.clone());
        prop_assert_eq!(accepted.is_ok(), well_formed(&ops));
        if let Ok(program) = accepted {
            same(&program, &frame);
        }
    }

    /// Programs with one operator changed, taken out, doubled or moved: nearly right is where checks fail.
    #[test]
    fn damaged_programs_are_refused_or_run(
        tree in tree(), frame in frame(), how in 0..6, at in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(), op in any_op(),
    ) {
        let mut ops = compiled(&tree);
        let (at, other) = (at.index(ops.len()), other.index(ops.len()));
        match how {
            0 => ops[at] = op,
            1 => drop(ops.remove(at)),
            // An operand just beside, and at the edges of, what it may be.
            4 => match &mut ops[at] {
                Op::Jump(to) | Op::JumpIfZero(to) => *to = [*to + 1, *to - 1, at as u32 + 1][other % 3],
                Op::Load { bytes, .. } => *bytes = [0, 1, 3, 7, 9][other % 5],
                Op::Extend { bits, .. } => *bits = [0, 1, 64, 65][other % 4],
                _ => {}
            },
            5 => {
                let to = [at as u32, at as u32 + 1, ops.len() as u32, ops.len() as u32 + 1][other % 4];
                ops[at] = match ops[at] {
                    Op::Drop => Op::JumpIfZero(to),
                    Op::Jump(_) => Op::Jump(to),
                    Op::JumpIfZero(_) => Op::JumpIfZero(to),
                    other => other,
                }
            }
            2 => ops.insert(at, ops[other]),
            _ => ops.swap(at, other),
        }
        let accepted = Program::new(ops.clone());
        prop_assert_eq!(accepted.is_ok(), well_formed(&ops));
        if let Ok(program) = accepted {
            same(&program, &frame);
        }
    }
}

/// The longest and the deepest program that may be are accepted and run; one more of each isn't.
#[test]
fn the_limits_are_the_limits() {
    let frame = Frame { locals: vec![], operands: vec![], globals: vec![], memory: vec![], questions: 0 };
    for (size, fits) in [(MAX_PROGRAM_OPS, true), (MAX_PROGRAM_OPS + 1, false)] {
        let mut ops = vec![Op::Const(3)];
        ops.resize(size, Op::Not);
        let program = Program::new(ops);
        assert_eq!(program.is_ok(), fits);
        program.iter().for_each(|program| same(program, &frame));
    }
    for (depth, fits) in [(MAX_PROGRAM_STACK, true), (MAX_PROGRAM_STACK + 1, false)] {
        let mut ops = vec![Op::Const(1); depth];
        ops.resize(2 * depth - 1, Op::Add);
        let program = Program::new(ops);
        assert_eq!(program.is_ok(), fits);
        program.iter().for_each(|program| assert_eq!(program.run(&mut frame.clone()), Ok(depth as i64)));
    }
}
