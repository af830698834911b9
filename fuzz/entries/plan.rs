//! A condition's program, as a client sends it: refused, or it ends within as many steps as it has operators.

use freezeframe_debuggee::{FloatOp, FrameAccess, Op, Program, Unavailable, WasmValue};

const PLAIN: [Op; 29] = [
    Op::Add,
    Op::Sub,
    Op::Mul,
    Op::And,
    Op::Or,
    Op::Xor,
    Op::Shl,
    Op::Eq,
    Op::Not,
    Op::Drop,
    Op::Dup,
    Op::Hits,
    Op::Div { signed: false },
    Op::Div { signed: true },
    Op::Rem { signed: false },
    Op::Rem { signed: true },
    Op::Shr { signed: false },
    Op::Shr { signed: true },
    Op::Lt { signed: false },
    Op::Lt { signed: true },
    Op::Le { signed: true },
    Op::Float(FloatOp::Add),
    Op::Float(FloatOp::Mul),
    Op::Float(FloatOp::Div),
    Op::Float(FloatOp::Lt),
    Op::Float(FloatOp::Promote),
    Op::Float(FloatOp::Round),
    Op::Float(FloatOp::FromInteger { signed: true }),
    Op::Float(FloatOp::FromInteger { signed: false }),
];

struct Frame {
    questions: usize,
}

impl FrameAccess for Frame {
    fn local(&mut self, index: u32) -> Result<WasmValue, Unavailable> {
        self.questions += 1;
        Ok(if index.is_multiple_of(2) { WasmValue::I32(index.cast_signed()) } else { WasmValue::I64(i64::MIN) })
    }
    fn operand(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
        self.questions += 1;
        Ok(WasmValue::F64(f64::NAN.to_bits()))
    }
    fn global(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
        self.questions += 1;
        Err(Unavailable::new("no global"))
    }
    fn memory(&mut self, address: u64, into: &mut [u8]) -> Result<(), Unavailable> {
        self.questions += 1;
        into.fill(address.to_le_bytes()[0]);
        Ok(())
    }
}

/// The next bytes of the input as a number.
fn number<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*number)
}

/// The next operator: a byte that says which, and what it's about.
fn operator(bytes: &mut &[u8]) -> Option<Op> {
    let [which] = number(bytes)?;
    Some(match which {
        0 => Op::Const(i64::from_le_bytes(number(bytes)?)),
        1 => Op::Local(number::<1>(bytes)?[0].into()),
        2 => Op::Operand(number::<1>(bytes)?[0].into()),
        3 => Op::Global(u32::from_le_bytes(number(bytes)?)),
        4 => number(bytes).map(|[bytes, signed]| Op::Load { bytes, signed: signed % 2 == 1 })?,
        5 => number(bytes).map(|[bits, signed]| Op::Extend { bits, signed: signed % 2 == 1 })?,
        6 => Op::JumpIfZero(number::<1>(bytes)?[0].into()),
        7 => Op::Jump(number::<1>(bytes)?[0].into()),
        plain => PLAIN[usize::from(plain) % PLAIN.len()],
    })
}

pub fn run(mut bytes: &[u8]) {
    let ops: Vec<Op> = std::iter::from_fn(|| operator(&mut bytes)).collect();
    let length = ops.len();
    if let Ok(program) = Program::new(ops) {
        let mut frame = Frame { questions: 0 };
        let _ = program.run(&mut frame);
        assert!(frame.questions <= length);
    }
}
