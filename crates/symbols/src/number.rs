//! Numbers on the stack of a DWARF expression.
//!
//! The generic type is as wide as an address, but Wasm's locals have 64 bits too, and LLVM computes with them without
//! saying so: a [`Number`] keeps 64 bits and cuts down to its width only where the upper bits would show.
//!
//! Invariant: arithmetic wraps and never fails except for a division by zero.

use freezeframe_debuggee::Unavailable;
use gimli::DwAte;

/// How the bits of a number are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The generic type of 32 bits.
    Generic,
    /// An integer of so many bits (1 to 64).
    Integer { bits: u32, signed: bool },
    /// An IEEE 754 number of 32 bits.
    F32,
    /// An IEEE 754 number of 64 bits.
    F64,
}

/// A number and how it's meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Number {
    pub bits: u64,
    pub kind: Kind,
}

/// Operations on two numbers; comparisons give 0 or 1.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    And,
    Or,
    Xor,
    Shl,
    Shr,
    Shra,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Kind {
    /// What a base type means; `None` for what can't be computed with.
    pub fn of_base_type(encoding: DwAte, bits: u64) -> Option<Self> {
        use gimli::constants as c;
        let bits = u32::try_from(bits).ok()?;
        match encoding {
            c::DW_ATE_float => match bits {
                32 => Some(Self::F32),
                64 => Some(Self::F64),
                _ => None,
            },
            c::DW_ATE_signed | c::DW_ATE_signed_char if (1..=64).contains(&bits) => {
                Some(Self::Integer { bits, signed: true })
            }
            c::DW_ATE_unsigned | c::DW_ATE_unsigned_char | c::DW_ATE_boolean | c::DW_ATE_address | c::DW_ATE_UTF
                if (1..=64).contains(&bits) =>
            {
                Some(Self::Integer { bits, signed: false })
            }
            _ => None,
        }
    }

    fn width(self) -> u32 {
        match self {
            Self::Generic | Self::F32 => 32,
            Self::Integer { bits, .. } => bits,
            Self::F64 => 64,
        }
    }
}

impl Number {
    /// A number of the generic type.
    pub fn generic(bits: u64) -> Self {
        Self { bits, kind: Kind::Generic }
    }

    /// Whether it's 0.
    pub fn is_zero(self) -> bool {
        self.unsigned() == 0
    }

    /// As an address.
    pub fn address(self) -> u64 {
        self.bits & 0xffff_ffff
    }

    /// The bits within its width, zero-extended.
    pub fn unsigned(self) -> u64 {
        let width = self.kind.width();
        if width >= 64 { self.bits } else { self.bits & ((1 << width) - 1) }
    }

    /// The bits within its width, sign-extended.
    fn signed(self) -> i64 {
        let unused = 64u32.saturating_sub(self.kind.width()).min(63);
        (self.bits << unused).cast_signed() >> unused
    }

    fn is_signed(self) -> bool {
        // DWARF divides and compares generic numbers as signed ones.
        matches!(self.kind, Kind::Generic | Kind::Integer { signed: true, .. })
    }

    fn float(self) -> Option<f64> {
        match self.kind {
            Kind::F32 => Some(f64::from(f32::from_bits(self.unsigned() as u32))),
            Kind::F64 => Some(f64::from_bits(self.bits)),
            _ => None,
        }
    }

    /// Its value as another kind, as C would convert it.
    pub fn convert(self, kind: Kind) -> Self {
        let float = self.float();
        let bits = match (float, kind) {
            (Some(v), Kind::F32) => u64::from((v as f32).to_bits()),
            (Some(v), Kind::F64) => v.to_bits(),
            (Some(v), Kind::Integer { signed: false, .. }) => v as u64,
            (Some(v), _) => (v as i64).cast_unsigned(),
            (None, Kind::F32) if self.is_signed() => u64::from((self.signed() as f32).to_bits()),
            (None, Kind::F32) => u64::from((self.unsigned() as f32).to_bits()),
            (None, Kind::F64) if self.is_signed() => (self.signed() as f64).to_bits(),
            (None, Kind::F64) => (self.unsigned() as f64).to_bits(),
            (None, _) => match self.kind {
                Kind::Generic => self.bits,
                _ if self.is_signed() => self.signed().cast_unsigned(),
                _ => self.unsigned(),
            },
        };
        Self { bits, kind }
    }

    /// Its bits as 8 bytes, extended by its sign.
    pub fn bytes(self) -> Vec<u8> {
        let bits = match self.kind {
            // Upper bits of a generic number are there when the variable is wider than an address.
            Kind::Generic => self.bits,
            Kind::F32 => return (self.unsigned() as u32).to_le_bytes().to_vec(),
            _ if self.is_signed() => self.signed().cast_unsigned(),
            _ => self.unsigned(),
        };
        bits.to_le_bytes().to_vec()
    }

    /// The negative of it.
    pub fn neg(self) -> Self {
        match self.float() {
            Some(v) => Self { bits: (-v).to_bits(), kind: Kind::F64 }.convert(self.kind),
            None => Self { bits: self.bits.wrapping_neg(), ..self },
        }
    }

    /// The complement of it.
    pub fn not(self) -> Self {
        Self { bits: !self.bits, ..self }
    }

    /// Without its sign.
    pub fn abs(self) -> Self {
        match self.float() {
            Some(v) => Self { bits: v.abs().to_bits(), kind: Kind::F64 }.convert(self.kind),
            None if self.is_signed() && self.signed() < 0 => self.neg(),
            None => self,
        }
    }

    /// `self op other`.
    pub fn binary(self, op: Binary, other: Self) -> Result<Self, Unavailable> {
        // A constant takes the kind of what it meets.
        let kind = if self.kind == Kind::Generic { other.kind } else { self.kind };
        let shift = matches!(op, Binary::Shl | Binary::Shr | Binary::Shra);
        let kind = if shift { self.kind } else { kind };
        let truth = |truth: bool| Self::generic(u64::from(truth));
        if let Kind::F32 | Kind::F64 = kind {
            let (Some(a), Some(b)) = (self.convert(Kind::F64).float(), other.convert(Kind::F64).float()) else {
                return Err(Unavailable::new("its location mixes numbers that don't go together"));
            };
            let result = match op {
                Binary::Add => a + b,
                Binary::Sub => a - b,
                Binary::Mul => a * b,
                Binary::Div => a / b,
                Binary::Eq => return Ok(truth(a == b)),
                Binary::Ne => return Ok(truth(a != b)),
                Binary::Lt => return Ok(truth(a < b)),
                Binary::Le => return Ok(truth(a <= b)),
                Binary::Gt => return Ok(truth(a > b)),
                Binary::Ge => return Ok(truth(a >= b)),
                _ => return Err(Unavailable::new("its location does bit arithmetic on a float")),
            };
            return Ok(Self { bits: result.to_bits(), kind: Kind::F64 }.convert(kind));
        }
        let (a, b) = (self.convert(kind), if shift { other } else { other.convert(kind) });
        let by = u32::try_from(b.unsigned()).unwrap_or(u32::MAX);
        let order = if a.is_signed() { a.signed().cmp(&b.signed()) } else { a.unsigned().cmp(&b.unsigned()) };
        let bits = match op {
            Binary::Add => a.bits.wrapping_add(b.bits),
            Binary::Sub => a.bits.wrapping_sub(b.bits),
            Binary::Mul => a.bits.wrapping_mul(b.bits),
            Binary::And => a.bits & b.bits,
            Binary::Or => a.bits | b.bits,
            Binary::Xor => a.bits ^ b.bits,
            Binary::Div | Binary::Mod if b.is_zero() => {
                return Err(Unavailable::new("its location divides by zero"));
            }
            Binary::Div if a.is_signed() => a.signed().wrapping_div(b.signed()).cast_unsigned(),
            Binary::Div => a.unsigned() / b.unsigned(),
            // The generic type is unsigned for the remainder (DWARF 5, 2.5.1.4).
            Binary::Mod if matches!(kind, Kind::Integer { signed: true, .. }) => {
                a.signed().wrapping_rem(b.signed()).cast_unsigned()
            }
            Binary::Mod => a.unsigned() % b.unsigned(),
            Binary::Shl => a.bits.checked_shl(by).unwrap_or(0),
            Binary::Shr => a.unsigned().checked_shr(by).unwrap_or(0),
            Binary::Shra => (a.signed() >> by.min(63)).cast_unsigned(),
            Binary::Eq => return Ok(truth(order.is_eq())),
            Binary::Ne => return Ok(truth(order.is_ne())),
            Binary::Lt => return Ok(truth(order.is_lt())),
            Binary::Le => return Ok(truth(order.is_le())),
            Binary::Gt => return Ok(truth(order.is_gt())),
            Binary::Ge => return Ok(truth(order.is_ge())),
        };
        Ok(Self { bits, kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn i64s(v: i64) -> Number {
        Number { bits: v.cast_unsigned(), kind: Kind::Integer { bits: 64, signed: true } }
    }

    #[test]
    fn generic_numbers_are_32_bits_where_it_shows() {
        let a = Number::generic(0xffff_fff0);
        let one = Number::generic(1);
        assert_eq!(a.binary(Binary::Lt, one).map(Number::unsigned), Ok(1));
        assert_eq!(a.binary(Binary::Shr, Number::generic(4)).map(Number::unsigned), Ok(0x0fff_ffff));
        assert_eq!(a.binary(Binary::Add, Number::generic(0x20)).map(Number::address), Ok(0x10));
        assert!(a.binary(Binary::Div, Number::generic(0)).is_err());
    }

    #[test]
    fn a_constant_meets_a_wide_local() {
        let sum = i64s(1 << 40).binary(Binary::Add, Number::generic(u64::MAX)).expect("a sum");
        assert_eq!(sum.unsigned(), (1 << 40) - 1);
        assert_eq!(i64s(i64::MIN).binary(Binary::Div, i64s(-1)).map(Number::unsigned), Ok(1 << 63));
    }

    #[test]
    fn conversions() {
        let byte = Kind::Integer { bits: 8, signed: true };
        let wide = Kind::Integer { bits: 64, signed: true };
        assert_eq!(Number::generic(0xff).convert(byte).convert(wide).bits, u64::MAX);
        let half = Number { bits: 0.5f64.to_bits(), kind: Kind::F64 };
        assert_eq!(half.convert(Kind::F32).bytes(), 0.5f32.to_le_bytes());
        assert_eq!(half.binary(Binary::Add, half).map(|n| n.convert(wide).bits), Ok(1));
        assert_eq!(half.neg().abs(), half);
    }
}
