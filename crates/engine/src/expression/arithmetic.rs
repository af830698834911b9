//! Arithmetic on integers by the rules of C and of Rust, without any debuggee.
//!
//! Invariant: an [`Int`]'s value is always wrapped to its type; one of 128 bits without a sign keeps its bits in an `i128`.

use freezeframe_symbols::Language;

use super::BinaryOp;
use crate::values::{range, wrap};

/// Whose rules hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rules {
    /// Small integers become `int`; of two types the wider one, unsigned if either of that width is.
    C,
    /// Nothing becomes wider by itself; types that differ (which Rust refuses) meet in the narrowest that holds both.
    Rust,
}

impl Rules {
    pub(super) fn of(language: Language) -> Self {
        if language == Language::Rust { Self::Rust } else { Self::C }
    }
}

/// The type of an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IntType {
    pub bits: u32,
    pub signed: bool,
}

impl IntType {
    pub(super) const INT: Self = Self { bits: 32, signed: true };

    pub(super) fn holds(self, number: Int) -> bool {
        let (least, most) = range(self.bits, self.signed);
        match (number.ty.is_u128(), self.is_u128()) {
            (true, true) => true,
            // The sign bit of a large number's bits is no sign.
            (true, false) => number.value >= 0 && number.value <= most,
            (false, true) => number.value >= 0,
            (false, false) => number.value >= least && number.value <= most,
        }
    }

    fn is_u128(self) -> bool {
        self.bits >= 128 && !self.signed
    }

    /// What arithmetic on one such integer is done in.
    pub(super) fn promoted(self, rules: Rules) -> Self {
        match rules {
            Rules::C if self.bits < 32 => Self::INT,
            _ => self,
        }
    }

    /// What arithmetic on these two is done in.
    pub(super) fn common(self, other: Self, rules: Rules) -> Self {
        let (a, b) = (self.promoted(rules), other.promoted(rules));
        let bits = a.bits.max(b.bits);
        match rules {
            Rules::C => Self { bits, signed: (a.signed || a.bits != bits) && (b.signed || b.bits != bits) },
            Rules::Rust if a.signed == b.signed => Self { bits, signed: a.signed },
            Rules::Rust => {
                let (signed, unsigned) = if a.signed { (a, b) } else { (b, a) };
                Self { bits: signed.bits.max(unsigned.bits.saturating_mul(2)).min(128), signed: true }
            }
        }
    }
}

/// An integer with its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Int {
    pub value: i128,
    pub ty: IntType,
}

impl Int {
    pub(super) fn new(value: i128, ty: IntType) -> Self {
        Self { value: wrap(value, ty.bits, ty.signed), ty }
    }

    pub(super) fn to(self, ty: IntType) -> Self {
        Self::new(self.value, ty)
    }

    pub(super) fn negated(self, rules: Rules) -> Self {
        Self::new(self.value.wrapping_neg(), self.ty.promoted(rules))
    }

    pub(super) fn inverted(self, rules: Rules) -> Self {
        Self::new(!self.value, self.ty.promoted(rules))
    }
}

/// What an operator gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Int(Int),
    Truth(bool),
}

/// `left op right` for the operators that evaluate both sides. Overflow wraps, as in Rust's release builds.
///
/// # Errors
/// Division by zero; a shift by less than nothing or by the width and more, which neither language defines.
pub(super) fn binary(op: BinaryOp, left: Int, right: Int, rules: Rules) -> Result<Outcome, String> {
    if let BinaryOp::Shl | BinaryOp::Shr = op {
        return shift(op, left, right, rules).map(Outcome::Int);
    }
    let ty = left.ty.common(right.ty, rules);
    let (x, y) = (left.to(ty).value, right.to(ty).value);
    // The bits are the same for both signs; of 128 bits these operators have to be told.
    let (ux, uy) = (x.cast_unsigned(), y.cast_unsigned());
    let wide = ty.is_u128();
    let less = if wide { ux < uy } else { x < y };
    let value = match op {
        BinaryOp::Add => x.wrapping_add(y),
        BinaryOp::Sub => x.wrapping_sub(y),
        BinaryOp::Mul => x.wrapping_mul(y),
        BinaryOp::Div | BinaryOp::Rem if y == 0 => return Err("division by zero".to_owned()),
        BinaryOp::Div if wide => ux.wrapping_div(uy).cast_signed(),
        BinaryOp::Rem if wide => ux.wrapping_rem(uy).cast_signed(),
        BinaryOp::Div => x.wrapping_div(y),
        BinaryOp::Rem => x.wrapping_rem(y),
        BinaryOp::BitAnd => x & y,
        BinaryOp::BitOr => x | y,
        BinaryOp::BitXor => x ^ y,
        BinaryOp::Eq => return Ok(Outcome::Truth(x == y)),
        BinaryOp::Ne => return Ok(Outcome::Truth(x != y)),
        BinaryOp::Lt => return Ok(Outcome::Truth(less)),
        BinaryOp::Ge => return Ok(Outcome::Truth(!less)),
        BinaryOp::Le => return Ok(Outcome::Truth(less || x == y)),
        BinaryOp::Gt => return Ok(Outcome::Truth(!less && x != y)),
        BinaryOp::And | BinaryOp::Or | BinaryOp::Repeat | BinaryOp::Shl | BinaryOp::Shr => {
            return Err("this operator isn't for two integers".to_owned());
        }
    };
    Ok(Outcome::Int(Int::new(value, ty)))
}

fn shift(op: BinaryOp, left: Int, right: Int, rules: Rules) -> Result<Int, String> {
    let ty = left.ty.promoted(rules);
    let value = left.to(ty).value;
    let by = u32::try_from(right.value).ok().filter(|by| *by < ty.bits && !(right.ty.is_u128() && right.value < 0));
    let by = by.ok_or_else(|| format!("can't shift a number of {} bits by {}", ty.bits, right.value))?;
    Ok(Int::new(
        match op {
            BinaryOp::Shl => value.wrapping_shl(by),
            _ if ty.is_u128() => (value.cast_unsigned() >> by).cast_signed(),
            _ => value >> by,
        },
        ty,
    ))
}
