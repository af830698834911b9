//! Scalars: what arithmetic and comparison work on.

use freezeframe_debuggee::Unavailable;
use freezeframe_symbols::{BitRange, Encoding, Type, TypeKind};

use super::{Context, Storage, Value, ValueType, View, is_character};
use crate::EngineError;

/// A scalar, read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scalar {
    Integer { value: i128, bits: u32, signed: bool },
    Float { value: f64, bits: u32 },
    Bool(bool),
    Char { value: u32, bits: u32 },
    Pointer(u64),
}

impl Scalar {
    /// Whether it counts as true.
    pub(crate) fn truth(self) -> bool {
        match self {
            Self::Integer { value, .. } => value != 0,
            Self::Float { value, .. } => value != 0.0,
            Self::Bool(value) => value,
            Self::Char { value, .. } => value != 0,
            Self::Pointer(address) => address != 0,
        }
    }

    /// As an integer, if it's anything like one.
    pub(crate) fn integer(self) -> Option<i128> {
        match self {
            Self::Integer { value, .. } => Some(value),
            Self::Bool(value) => Some(i128::from(value)),
            Self::Char { value, .. } => Some(i128::from(value)),
            Self::Pointer(address) => Some(i128::from(address)),
            Self::Float { .. } => None,
        }
    }

    pub(crate) fn as_float(self) -> f64 {
        match self {
            Self::Float { value, .. } => value,
            Self::Integer { value, bits: 128, signed: false } => value.cast_unsigned() as f64,
            other => other.integer().unwrap_or(0) as f64,
        }
    }
}

/// How the bytes of a type are a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScalarKind {
    Integer { signed: bool },
    Float,
    Bool,
    Char,
    Pointer,
}

impl Context<'_> {
    /// How a type's bytes are a scalar; `None` for records, arrays …
    pub(crate) fn scalar_kind(&self, ty: &ValueType) -> Option<ScalarKind> {
        match self.strip(ty) {
            ValueType::Integer { signed, .. } => Some(ScalarKind::Integer { signed }),
            ValueType::Float { .. } => Some(ScalarKind::Float),
            ValueType::Bool => Some(ScalarKind::Bool),
            ValueType::Char => Some(ScalarKind::Char),
            ValueType::Pointer(_) => Some(ScalarKind::Pointer),
            ValueType::Array { .. } | ValueType::Unknown => None,
            ValueType::Named(id) => named_kind(&self.ty(id)),
        }
    }

    /// The scalar that a value is seen as: what an optional has, the number in a `NonZero` or an atomic; `None` for itself.
    pub(crate) fn seen_through(&mut self, value: &Value) -> Option<Value> {
        let mut seen = None::<Value>;
        // Not through a chain without end.
        for _ in 0..4 {
            let here = seen.as_ref().unwrap_or(value);
            if self.scalar_kind(&here.ty).is_some() {
                return seen;
            }
            match self.printer_view(here)? {
                View::Alias { value, .. } => seen = Some(*value),
                _ => return None,
            }
        }
        None
    }

    /// Reads a scalar.
    pub(crate) fn scalar(&mut self, value: &Value) -> Result<Scalar, EngineError> {
        // What stands for a reference is what it refers to.
        if let Some(target) = self.referent(value)? {
            return self.scalar(&target);
        }
        let seen = self.seen_through(value);
        let value = seen.as_ref().unwrap_or(value);
        let Some(kind) = self.scalar_kind(&value.ty) else {
            // In C an array stands for the address of its first element.
            if let (Some(address), true) = (value.address(), self.element_type(&value.ty).is_some()) {
                return Ok(Scalar::Pointer(address));
            }
            let name = self.short_type_name(&value.ty);
            return Err(EngineError::Expression(format!("a value of type `{name}` is not a number")));
        };
        let bytes = self.bytes(value)?;
        Ok(read_scalar(&bytes, kind, value.bits)?)
    }

    /// Writes `new` to where `value` lies.
    pub(crate) fn assign(&mut self, value: &Value, new: &Value) -> Result<(), EngineError> {
        if let Some(target) = self.referent(value)? {
            return self.assign(&target, new);
        }
        let seen = self.seen_through(value);
        let value = seen.as_ref().unwrap_or(value);
        let (instance, address) = match &value.storage {
            Storage::Memory { instance, address } => (*instance, *address),
            Storage::Bytes { origin, .. } => {
                return Err(EngineError::Expression(format!("this can't be set: {origin}")));
            }
            Storage::Partly { .. } | Storage::PointsTo(_) => {
                return Err(EngineError::Expression("this can't be set: parts of it are optimised out".to_owned()));
            }
            Storage::Unavailable(why) => return Err(why.clone().into()),
        };
        let bytes = match self.scalar_kind(&value.ty) {
            Some(_) => self.encoded_scalar(value, new)?,
            None => {
                // Records and arrays: only a copy of the same type.
                let (to, from) = (self.type_name(&value.ty), self.type_name(&new.ty));
                if to != from {
                    let (to, from) = (self.short_type_name(&value.ty), self.short_type_name(&new.ty));
                    return Err(EngineError::Expression(format!("a `{to}` can't be set to a `{from}`")));
                }
                self.bytes(new)?
            }
        };
        self.target.write_memory(instance, 0, address, bytes)
    }

    /// The bytes of a scalar that is set to another.
    pub(crate) fn encoded_scalar(&mut self, value: &Value, new: &Value) -> Result<Vec<u8>, EngineError> {
        let kind = self.scalar_kind(&value.ty).ok_or(EngineError::Internal("a scalar that is none"))?;
        let new = self.scalar(new)?;
        let old = self.bytes(value)?;
        self.encode(&old, kind, value.bits, new)
    }

    fn encode(
        &self,
        old: &[u8],
        kind: ScalarKind,
        bits: Option<BitRange>,
        new: Scalar,
    ) -> Result<Vec<u8>, EngineError> {
        let size = old.len();
        if let ScalarKind::Float = kind {
            let value = new.as_float();
            return match size {
                4 => Ok((value as f32).to_le_bytes().to_vec()),
                8 => Ok(value.to_le_bytes().to_vec()),
                _ => Err(EngineError::Expression(format!("a float of {size} bytes can't be set yet"))),
            };
        }
        let value = match new {
            Scalar::Float { value, .. } => value.trunc() as i128,
            other => other.integer().unwrap_or(0),
        };
        if bits.is_some_and(|b| b.first.saturating_add(b.width) > size as u64 * 8) {
            return Err(EngineError::Expression("a bit-field that crosses its storage unit can't be set".to_owned()));
        }
        let width = bits.map_or(size as u64 * 8, |b| b.width).min(128);
        let signed = matches!(kind, ScalarKind::Integer { signed: true });
        // All bits of 128 without a sign are taken as they are.
        let all = width >= 128 && !signed;
        let (least, most) = range(width as u32, signed);
        // Unsigned spellings of negative numbers are accepted as every C debugger does.
        let accepted =
            all || value >= least && value <= most || signed && value >= 0 && value <= range(width as u32, false).1;
        if !accepted && kind != ScalarKind::Bool {
            return Err(EngineError::Expression(format!("{value} doesn't fit: it takes {least} to {most}")));
        }
        let character =
            kind != ScalarKind::Char || size != 4 || u32::try_from(value).is_ok_and(|c| char::from_u32(c).is_some());
        if !character {
            return Err(EngineError::Expression(format!("{value} is no character")));
        }
        let value = if kind == ScalarKind::Bool { i128::from(new.truth()) } else { value };
        let value = value.cast_unsigned();
        let Some(range) = bits else {
            return Ok(value.to_le_bytes().get(..size).unwrap_or(&value.to_le_bytes()).to_vec());
        };
        let mask = low_bits(range.width);
        let mut word = [0; 16];
        word[..size.min(16)].copy_from_slice(&old[..size.min(16)]);
        let first = range.first.min(127);
        let word = u128::from_le_bytes(word) & !(mask << first) | (value & mask) << first;
        Ok(word.to_le_bytes()[..size.min(16)].to_vec())
    }
}

fn named_kind(ty: &Type) -> Option<ScalarKind> {
    Some(match &ty.kind {
        TypeKind::Base(Encoding::Bool) => ScalarKind::Bool,
        TypeKind::Base(Encoding::Signed) => ScalarKind::Integer { signed: true },
        TypeKind::Base(Encoding::Unsigned) => ScalarKind::Integer { signed: false },
        TypeKind::Base(Encoding::Float) => ScalarKind::Float,
        TypeKind::Base(encoding) if is_character(*encoding) => match (encoding, ty.size) {
            (Encoding::Utf, _) => ScalarKind::Char,
            (Encoding::SignedChar, _) => ScalarKind::Integer { signed: true },
            _ => ScalarKind::Integer { signed: false },
        },
        TypeKind::Enumeration { signed, .. } => ScalarKind::Integer { signed: *signed },
        TypeKind::Pointer(_) | TypeKind::Reference(_) => ScalarKind::Pointer,
        _ => return None,
    })
}

fn low_bits(width: u64) -> u128 {
    if width >= 128 { u128::MAX } else { (1 << width) - 1 }
}

/// The least and the largest integer of a width.
pub(crate) fn range(bits: u32, signed: bool) -> (i128, i128) {
    match (bits, signed) {
        (0, _) => (0, 0),
        (128.., true) => (i128::MIN, i128::MAX),
        (127.., false) => (0, i128::MAX),
        (bits, true) => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
        (bits, false) => (0, (1 << bits) - 1),
    }
}

/// `value` wrapped to a width.
pub(crate) fn wrap(value: i128, bits: u32, signed: bool) -> i128 {
    let shift = 128_u32.saturating_sub(bits).min(127);
    if bits >= 128 {
        value
    } else if signed {
        (value << shift) >> shift
    } else {
        ((value << shift).cast_unsigned() >> shift).cast_signed()
    }
}

fn read_scalar(bytes: &[u8], kind: ScalarKind, bits: Option<BitRange>) -> Result<Scalar, Unavailable> {
    let unsupported = || Unavailable::new(format!("a scalar of {} bytes isn't supported", bytes.len()));
    if kind == ScalarKind::Float {
        return match bytes.len() {
            4 => Ok(Scalar::Float { value: f64::from(f32::from_le_bytes(take(bytes))), bits: 32 }),
            8 => Ok(Scalar::Float { value: f64::from_le_bytes(take(bytes)), bits: 64 }),
            16 => Ok(Scalar::Float { value: quad(u128::from_le_bytes(take(bytes))), bits: 64 }),
            _ => Err(unsupported()),
        };
    }
    if bytes.len() > 16 || bytes.is_empty() {
        return Err(unsupported());
    }
    let mut word = u128::from_le_bytes(take(bytes));
    let mut width = bytes.len() as u32 * 8;
    if let Some(range) = bits {
        // Of a damaged file, or of a copy that ends here.
        if range.first.saturating_add(range.width) > u64::from(width) {
            return Err(Unavailable::new("a bit-field that crosses its storage unit isn't supported"));
        }
        word = (word >> range.first.min(127)) & low_bits(range.width);
        width = u32::try_from(range.width).unwrap_or(128).min(128);
    }
    Ok(match kind {
        ScalarKind::Integer { signed } => {
            Scalar::Integer { value: wrap(word.cast_signed(), width, signed), bits: width, signed }
        }
        ScalarKind::Bool => Scalar::Bool(word != 0),
        ScalarKind::Char => Scalar::Char { value: word as u32, bits: width },
        ScalarKind::Pointer | ScalarKind::Float => Scalar::Pointer(word as u64),
    })
}

/// The first bytes, padded with zeroes.
fn take<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    let count = bytes.len().min(N);
    out[..count].copy_from_slice(&bytes[..count]);
    out
}

/// The value of an IEEE 754 quadruple (`long double`), rounded to the nearest double.
fn quad(bits: u128) -> f64 {
    let sign = if bits >> 127 == 1 { -1.0 } else { 1.0 };
    let exponent = ((bits >> 112) & 0x7fff) as i32;
    let fraction = ((bits >> 60) & ((1 << 52) - 1)) as u64;
    // Rounding up may carry into the exponent, which is then right too.
    let up = u64::from(bits & (1 << 59) != 0);
    match exponent {
        0 => 0.0 * sign,
        0x7fff if fraction == 0 => f64::INFINITY * sign,
        0x7fff => f64::NAN,
        _ => match exponent - 16383 + 1023 {
            e @ 1..=2046 => sign * f64::from_bits(((e as u64) << 52 | fraction) + up),
            e if e > 2046 => f64::INFINITY * sign,
            _ => 0.0 * sign,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bit_fields_and_signs() {
        let read = |bytes: &[u8], signed, bits| match read_scalar(bytes, ScalarKind::Integer { signed }, bits) {
            Ok(Scalar::Integer { value, .. }) => value,
            other => panic!("{other:?}"),
        };
        assert_eq!(read(&[0xff], true, None), -1);
        assert_eq!(read(&[0xff], false, None), 255);
        assert_eq!(read(&[0b1110_1000, 0], true, Some(BitRange { first: 3, width: 3 })), -3);
        assert_eq!(read(&[0b1110_1000, 0], false, Some(BitRange { first: 3, width: 3 })), 5);
        assert_eq!(read(&[0xff; 16], true, None), -1);
        assert!(read_scalar(&[0; 17], ScalarKind::Bool, None).is_err());
    }

    #[test]
    fn long_doubles() {
        // 1.5 as a quadruple: exponent 16383, highest fraction bit set.
        assert_eq!(quad(16383 << 112 | 1 << 111), 1.5);
        assert_eq!(quad(1 << 127 | 16384 << 112), -2.0);
        assert_eq!(quad(0x3ffb_9999_9999_9999_9999_9999_9999_999a), 0.1);
    }

    #[test]
    fn wrapping() {
        assert_eq!(wrap(256, 8, false), 0);
        assert_eq!(wrap(128, 8, true), -128);
        assert_eq!(wrap(-1, 32, false), 0xffff_ffff);
        assert_eq!(range(8, true), (-128, 127));
    }
}
