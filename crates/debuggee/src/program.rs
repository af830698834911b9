//! Conditions as programs for a small stack machine, run next to the guest.
//!
//! Invariant: a [`Program`] that exists is well-formed. Each operator declares what it pops and pushes, jumps go forward
//! only, and the stack is bounded, so running one ends after at most as many steps as it has operators.

use serde::{Deserialize, Serialize};

use crate::{FrameAccess, Unavailable, WasmValue};

/// The most operators a program may have.
pub const MAX_PROGRAM_OPS: usize = 4096;
/// The deepest its stack may get.
pub const MAX_PROGRAM_STACK: usize = 64;

/// What is done with floats. They lie on the stack as the bits of an `f64`; comparisons push 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FloatOp {
    /// Pops two, pushes their sum.
    Add,
    /// The difference.
    Sub,
    /// The product.
    Mul,
    /// The quotient.
    Div,
    /// Equality: a NaN equals nothing.
    Eq,
    /// Order.
    Lt,
    /// Order or equality.
    Le,
    /// Pops the bits of an `f32`, pushes that number.
    Promote,
    /// Pops a number, pushes the nearest one that an `f32` can be.
    Round,
    /// Pops an integer, pushes that number.
    FromInteger {
        /// Whether the integer is signed.
        signed: bool,
    },
}

impl FloatOp {
    fn pops(self) -> usize {
        match self {
            Self::Promote | Self::Round | Self::FromInteger { .. } => 1,
            _ => 2,
        }
    }

    fn apply(self, a: i64, b: i64) -> i64 {
        // Of several NaNs processors give this one or that: here it's always the same.
        let bits = |v: f64| if v.is_nan() { f64::NAN.to_bits() } else { v.to_bits() }.cast_signed();
        let (x, y) = (f64::from_bits(a.cast_unsigned()), f64::from_bits(b.cast_unsigned()));
        match self {
            Self::Add => bits(x + y),
            Self::Sub => bits(x - y),
            Self::Mul => bits(x * y),
            Self::Div => bits(x / y),
            Self::Eq => i64::from(x == y),
            Self::Lt => i64::from(x < y),
            Self::Le => i64::from(x <= y),
            Self::Promote => bits(f64::from(f32::from_bits(a as u32))),
            Self::Round => bits(f64::from(x as f32)),
            Self::FromInteger { signed: true } => bits(a as f64),
            Self::FromInteger { signed: false } => bits(a.cast_unsigned() as f64),
        }
    }
}

/// An operator. Values are 64 bits wide; comparisons push 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    /// Pushes a constant.
    Const(i64),
    /// Pushes an integer local of the frame, an `i32` zero-extended.
    Local(u32),
    /// Pushes an integer from the frame's operand stack.
    Operand(u32),
    /// Pushes an integer global of the frame's instance.
    Global(u32),
    /// Pushes the number of the hit that is being decided, from 1.
    Hits,
    /// Pops an address, pushes the `bytes` (1, 2, 4 or 8) there, extended to 64 bits.
    Load {
        /// How many bytes.
        bytes: u8,
        /// Whether the extension is by sign.
        signed: bool,
    },
    /// Pops a value, pushes its lowest `bits` (1 to 64), extended to 64 bits.
    Extend {
        /// How many bits.
        bits: u8,
        /// Whether the extension is by sign.
        signed: bool,
    },
    /// Wrapping addition.
    Add,
    /// Wrapping subtraction.
    Sub,
    /// Wrapping multiplication.
    Mul,
    /// Division, truncating; by zero it is unavailable.
    Div {
        /// Whether the operands are signed.
        signed: bool,
    },
    /// Remainder; by zero it is unavailable.
    Rem {
        /// Whether the operands are signed.
        signed: bool,
    },
    /// Bitwise and.
    And,
    /// Bitwise or.
    Or,
    /// Bitwise exclusive or.
    Xor,
    /// Shift left; a count of 64 or more gives 0.
    Shl,
    /// Shift right.
    Shr {
        /// Whether the sign is shifted in.
        signed: bool,
    },
    /// Equality.
    Eq,
    /// Order.
    Lt {
        /// Whether the operands are signed.
        signed: bool,
    },
    /// Order or equality.
    Le {
        /// Whether the operands are signed.
        signed: bool,
    },
    /// Pops a value, pushes 1 if it was 0, else 0.
    Not,
    /// Arithmetic on floats.
    Float(FloatOp),
    /// Pops a value and drops it.
    Drop,
    /// Pushes the top once more.
    Dup,
    /// Pops a value; if it is 0, goes on at this index (later than this one).
    JumpIfZero(u32),
    /// Goes on at this index (later than this one).
    Jump(u32),
}

impl Op {
    /// How many values it pops and pushes.
    fn effect(self) -> (usize, usize) {
        match self {
            Self::Const(_) | Self::Local(_) | Self::Operand(_) | Self::Global(_) | Self::Hits => (0, 1),
            Self::Load { .. } | Self::Extend { .. } | Self::Not => (1, 1),
            Self::Add
            | Self::Sub
            | Self::Mul
            | Self::Div { .. }
            | Self::Rem { .. }
            | Self::And
            | Self::Or
            | Self::Xor
            | Self::Shl
            | Self::Shr { .. }
            | Self::Eq
            | Self::Lt { .. }
            | Self::Le { .. } => (2, 1),
            Self::Float(op) => (op.pops(), 1),
            Self::Drop | Self::JumpIfZero(_) => (1, 0),
            Self::Dup => (1, 2),
            Self::Jump(_) => (0, 0),
        }
    }
}

/// Why a program was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// Too long.
    #[error("a condition of {0} operators is too long (at most {MAX_PROGRAM_OPS})")]
    TooLong(usize),
    /// An operator needs more values than there are.
    #[error("operator {0} takes more values than the stack holds")]
    Underflow(usize),
    /// The stack gets too deep.
    #[error("operator {0} makes the stack deeper than {MAX_PROGRAM_STACK}")]
    Overflow(usize),
    /// A jump that doesn't go forward inside the program.
    #[error("operator {0} jumps backwards or out of the program")]
    BadJump(usize),
    /// Two ways to one operator with different stacks.
    #[error("operator {0} is reached with stacks of different depths")]
    Unbalanced(usize),
    /// An operand out of range.
    #[error("operator {0} has an operand out of range")]
    BadOperand(usize),
    /// The end isn't reached with exactly one value.
    #[error("the program doesn't end with exactly one value")]
    NoResult,
}

/// A program that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Op>", into = "Vec<Op>")]
pub struct Program(Vec<Op>);

impl From<Program> for Vec<Op> {
    fn from(program: Program) -> Self {
        program.0
    }
}

impl TryFrom<Vec<Op>> for Program {
    type Error = ProgramError;

    fn try_from(ops: Vec<Op>) -> Result<Self, ProgramError> {
        Self::new(ops)
    }
}

impl Program {
    /// Checks `ops` once, so that running needs no checks of its own.
    ///
    /// # Errors
    /// [`ProgramError`], naming the first operator at fault.
    pub fn new(ops: Vec<Op>) -> Result<Self, ProgramError> {
        if ops.len() > MAX_PROGRAM_OPS {
            return Err(ProgramError::TooLong(ops.len()));
        }
        // The depth with which each operator, and the end, is entered. All jumps go forward: one pass is enough.
        let mut depth: Vec<Option<usize>> = vec![None; ops.len() + 1];
        depth[0] = Some(0);
        for (at, op) in ops.iter().enumerate() {
            let Some(now) = depth[at] else { continue };
            let (pops, pushes) = op.effect();
            let after = now.checked_sub(pops).ok_or(ProgramError::Underflow(at))? + pushes;
            if after > MAX_PROGRAM_STACK {
                return Err(ProgramError::Overflow(at));
            }
            let in_range = match *op {
                Op::Load { bytes, .. } => matches!(bytes, 1 | 2 | 4 | 8),
                Op::Extend { bits, .. } => (1..=64).contains(&bits),
                _ => true,
            };
            if !in_range {
                return Err(ProgramError::BadOperand(at));
            }
            let mut enter = |target: usize| match depth[target] {
                Some(other) if other != after => Err(ProgramError::Unbalanced(target)),
                _ => {
                    depth[target] = Some(after);
                    Ok(())
                }
            };
            if let Op::Jump(target) | Op::JumpIfZero(target) = *op {
                let target = target as usize;
                if target <= at || target > ops.len() {
                    return Err(ProgramError::BadJump(at));
                }
                enter(target)?;
            }
            if !matches!(op, Op::Jump(_)) {
                enter(at + 1)?;
            }
        }
        if depth[ops.len()] != Some(1) {
            return Err(ProgramError::NoResult);
        }
        Ok(Self(ops))
    }

    /// The operators.
    pub fn ops(&self) -> &[Op] {
        &self.0
    }

    /// Runs it against a frame and gives the one value that it leaves.
    ///
    /// # Errors
    /// [`Unavailable`] when something it needs can't be read, isn't an integer, or a division has no result.
    pub fn run(&self, frame: &mut dyn FrameAccess) -> Result<i64, Unavailable> {
        let mut stack = [0_i64; MAX_PROGRAM_STACK];
        let mut top = 0;
        let mut at = 0;
        while let Some(&op) = self.0.get(at) {
            at += 1;
            match op {
                Op::Const(v) => push(&mut stack, &mut top, v),
                Op::Local(i) => push(&mut stack, &mut top, integer(&frame.local(i)?)?),
                Op::Operand(i) => push(&mut stack, &mut top, integer(&frame.operand(i)?)?),
                Op::Global(i) => push(&mut stack, &mut top, integer(&frame.global(i)?)?),
                Op::Hits => push(&mut stack, &mut top, frame.hits()?.cast_signed()),
                Op::Load { bytes, signed } => {
                    let mut raw = [0; 8];
                    let bytes = usize::from(bytes);
                    frame.memory(stack[top - 1].cast_unsigned(), &mut raw[..bytes])?;
                    stack[top - 1] = extend(i64::from_le_bytes(raw), bytes as u32 * 8, signed);
                }
                Op::Extend { bits, signed } => stack[top - 1] = extend(stack[top - 1], u32::from(bits), signed),
                Op::Not => stack[top - 1] = i64::from(stack[top - 1] == 0),
                Op::Drop => top -= 1,
                Op::Dup => {
                    let v = stack[top - 1];
                    push(&mut stack, &mut top, v);
                }
                Op::Jump(target) => at = target as usize,
                Op::JumpIfZero(target) => {
                    top -= 1;
                    if stack[top] == 0 {
                        at = target as usize;
                    }
                }
                Op::Float(op) => {
                    top -= op.pops();
                    let result = op.apply(stack[top], stack.get(top + 1).copied().unwrap_or_default());
                    push(&mut stack, &mut top, result);
                }
                binary => {
                    top -= 1;
                    stack[top - 1] = apply(binary, stack[top - 1], stack[top])?;
                }
            }
        }
        Ok(stack[0])
    }
}

fn push(stack: &mut [i64; MAX_PROGRAM_STACK], top: &mut usize, value: i64) {
    stack[*top] = value;
    *top += 1;
}

fn integer(value: &WasmValue) -> Result<i64, Unavailable> {
    value
        .unsigned()
        .map(u64::cast_signed)
        .ok_or_else(|| Unavailable::new(format!("a condition needs an integer, not {}", value.type_name())))
}

fn extend(value: i64, bits: u32, signed: bool) -> i64 {
    let shift = 64 - bits;
    if signed { (value << shift) >> shift } else { ((value.cast_unsigned() << shift) >> shift).cast_signed() }
}

fn apply(op: Op, a: i64, b: i64) -> Result<i64, Unavailable> {
    let (ua, ub) = (a.cast_unsigned(), b.cast_unsigned());
    let no_result = || Unavailable::new("division by zero, or one whose result doesn't fit");
    Ok(match op {
        Op::Add => a.wrapping_add(b),
        Op::Sub => a.wrapping_sub(b),
        Op::Mul => a.wrapping_mul(b),
        Op::Div { signed: true } => a.checked_div(b).ok_or_else(no_result)?,
        Op::Div { signed: false } => ua.checked_div(ub).ok_or_else(no_result)?.cast_signed(),
        Op::Rem { signed: true } => a.checked_rem(b).ok_or_else(no_result)?,
        Op::Rem { signed: false } => ua.checked_rem(ub).ok_or_else(no_result)?.cast_signed(),
        Op::And => a & b,
        Op::Or => a | b,
        Op::Xor => a ^ b,
        Op::Shl => u32::try_from(ub).ok().and_then(|n| a.checked_shl(n)).unwrap_or(0),
        Op::Shr { signed: true } => a >> ub.min(63),
        Op::Shr { signed: false } => u32::try_from(ub).ok().and_then(|n| ua.checked_shr(n)).unwrap_or(0).cast_signed(),
        Op::Eq => i64::from(a == b),
        Op::Lt { signed: true } => i64::from(a < b),
        Op::Lt { signed: false } => i64::from(ua < ub),
        Op::Le { signed: true } => i64::from(a <= b),
        Op::Le { signed: false } => i64::from(ua <= ub),
        // Not binary: `run` has dealt with them.
        _ => a,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl FrameAccess for Fixed {
        fn local(&mut self, index: u32) -> Result<WasmValue, Unavailable> {
            match index {
                0 => Ok(WasmValue::I32(-1)),
                1 => Ok(WasmValue::I64(16)),
                2 => Ok(WasmValue::F32(0)),
                _ => Err(Unavailable::new("no such local")),
            }
        }
        fn operand(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
            Err(Unavailable::new("empty"))
        }
        fn global(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
            Ok(WasmValue::I32(3))
        }
        fn memory(&mut self, address: u64, into: &mut [u8]) -> Result<(), Unavailable> {
            if address != 16 {
                return Err(Unavailable::new("out of bounds"));
            }
            into.copy_from_slice(&[0xfe, 0xff, 0xff, 0xff, 1, 0, 0, 0][..into.len()]);
            Ok(())
        }
    }

    fn run(ops: &[Op]) -> Result<i64, Unavailable> {
        Program::new(ops.to_vec()).expect("a valid program").run(&mut Fixed)
    }

    #[test]
    fn reads_and_widths() {
        assert_eq!(run(&[Op::Local(0)]), Ok(0xffff_ffff));
        assert_eq!(run(&[Op::Local(0), Op::Extend { bits: 32, signed: true }]), Ok(-1));
        assert_eq!(run(&[Op::Local(1), Op::Load { bytes: 2, signed: true }]), Ok(-2));
        assert_eq!(run(&[Op::Local(1), Op::Load { bytes: 4, signed: false }]), Ok(0xffff_fffe));
        assert_eq!(run(&[Op::Global(0), Op::Const(4), Op::Mul]), Ok(12));
        assert!(run(&[Op::Local(2)]).is_err());
        assert!(run(&[Op::Const(0), Op::Load { bytes: 8, signed: false }]).is_err());
        assert!(run(&[Op::Const(1), Op::Const(0), Op::Div { signed: true }]).is_err());
        assert!(run(&[Op::Const(i64::MIN), Op::Const(-1), Op::Rem { signed: true }]).is_err());
        assert_eq!(run(&[Op::Const(1), Op::Const(64), Op::Shl]), Ok(0));
        assert_eq!(run(&[Op::Const(-1), Op::Const(99), Op::Shr { signed: true }]), Ok(-1));
    }

    #[test]
    fn floats() {
        let number = |v: f64| Op::Const(v.to_bits().cast_signed());
        let float = |a: f64, op, b: f64| run(&[number(a), number(b), Op::Float(op)]).unwrap();
        let value = |bits: i64| f64::from_bits(bits.cast_unsigned());
        assert_eq!(value(float(1.5, FloatOp::Add, 2.25)), 3.75);
        assert_eq!(value(float(1.5, FloatOp::Sub, 2.25)), -0.75);
        assert_eq!(value(float(1.5, FloatOp::Div, 0.5)), 3.0);
        assert_eq!((float(1.0, FloatOp::Lt, 2.0), float(2.0, FloatOp::Lt, 1.0)), (1, 0));
        assert_eq!((float(f64::NAN, FloatOp::Eq, f64::NAN), float(2.0, FloatOp::Le, 2.0)), (0, 1));
        let one = |ops: &[Op]| value(run(ops).unwrap());
        assert_eq!(one(&[Op::Const(i64::from(0.1_f32.to_bits())), Op::Float(FloatOp::Promote)]), f64::from(0.1_f32));
        assert_eq!(one(&[number(0.1), Op::Float(FloatOp::Round)]), f64::from(0.1_f32));
        assert_eq!(one(&[Op::Const(-3), Op::Float(FloatOp::FromInteger { signed: true })]), -3.0);
        assert_eq!(
            one(&[Op::Const(-1), Op::Float(FloatOp::FromInteger { signed: false })]),
            18_446_744_073_709_551_615.0
        );
    }

    #[test]
    fn jumps_short_circuit() {
        // local0 == 0 && (1 / 0): the division isn't reached.
        let ops = [
            Op::Local(0),
            Op::Not,
            Op::Dup,
            Op::JumpIfZero(8),
            Op::Drop,
            Op::Const(1),
            Op::Const(0),
            Op::Div { signed: true },
        ];
        assert_eq!(run(&ops), Ok(0));
    }

    #[test]
    fn malformed_programs_are_refused() {
        let refused = |ops: &[Op]| Program::new(ops.to_vec()).expect_err("must be refused");
        assert_eq!(refused(&[]), ProgramError::NoResult);
        assert_eq!(refused(&[Op::Add]), ProgramError::Underflow(0));
        assert_eq!(refused(&[Op::Const(1), Op::Const(1)]), ProgramError::NoResult);
        assert_eq!(refused(&[Op::Const(1), Op::JumpIfZero(0)]), ProgramError::BadJump(1));
        assert_eq!(refused(&[Op::Const(1), Op::JumpIfZero(9)]), ProgramError::BadJump(1));
        assert_eq!(refused(&[Op::Const(1), Op::Load { bytes: 3, signed: false }]), ProgramError::BadOperand(1));
        assert_eq!(
            refused(&[Op::Const(1), Op::JumpIfZero(3), Op::Const(2), Op::Const(3)]),
            ProgramError::Unbalanced(3)
        );
        assert_eq!(refused(&vec![Op::Const(0); 65]), ProgramError::Overflow(64));
        assert_eq!(refused(&vec![Op::Dup; MAX_PROGRAM_OPS + 1]), ProgramError::TooLong(MAX_PROGRAM_OPS + 1));
    }
}
