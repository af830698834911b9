//! A condition's program, as a client sends it: refused, or it ends within as many steps as it has operators.
#![no_main]

use arbitrary::Arbitrary;
use freezeframe_debuggee::{FloatOp, FrameAccess, Op, Program, Unavailable, WasmValue};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
enum Operator {
    Const(i64),
    Local(u8),
    Operand(u8),
    Global(u32),
    Load(u8, bool),
    Extend(u8, bool),
    JumpIfZero(u8),
    Jump(u8),
    Plain(u8),
}

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
        Ok(if index % 2 == 0 { WasmValue::I32(index.cast_signed()) } else { WasmValue::I64(i64::MIN) })
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

fuzz_target!(|operators: Vec<Operator>| {
    let ops: Vec<Op> = operators
        .iter()
        .map(|operator| match *operator {
            Operator::Const(value) => Op::Const(value),
            Operator::Local(index) => Op::Local(index.into()),
            Operator::Operand(index) => Op::Operand(index.into()),
            Operator::Global(index) => Op::Global(index),
            Operator::Load(bytes, signed) => Op::Load { bytes, signed },
            Operator::Extend(bits, signed) => Op::Extend { bits, signed },
            Operator::JumpIfZero(to) => Op::JumpIfZero(to.into()),
            Operator::Jump(to) => Op::Jump(to.into()),
            Operator::Plain(which) => PLAIN[usize::from(which) % PLAIN.len()],
        })
        .collect();
    let length = ops.len();
    if let Ok(program) = Program::new(ops) {
        let mut frame = Frame { questions: 0 };
        let _ = program.run(&mut frame);
        assert!(frame.questions <= length);
    }
});
