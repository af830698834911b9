//! Values of the WebAssembly machine.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A value of a local, a global or a slot of the operand stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WasmValue {
    /// A 32-bit integer; Wasm has no sign, so neither has this.
    I32(i32),
    /// A 64-bit integer.
    I64(i64),
    /// The bits of a 32-bit float, so that a NaN's payload survives.
    F32(u32),
    /// The bits of a 64-bit float.
    F64(u64),
    /// A vector, lane 0 in the lowest bits.
    V128(u128),
    /// A reference.
    Ref(RefValue),
}

/// What a reference refers to, as far as plain data can say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefValue {
    /// Which hierarchy of references it belongs to.
    pub kind: RefKind,
    /// Whether it is null.
    pub null: bool,
    /// What is known of the referent, such as `i31 5` or `struct`; for people, not for programs.
    pub summary: Option<String>,
}

/// The hierarchies of references.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefKind {
    /// `funcref` and below.
    Func,
    /// `externref` and below.
    Extern,
    /// `anyref` and below.
    Any,
    /// `exnref`.
    Exn,
    /// A continuation (stack switching).
    Cont,
}

impl WasmValue {
    /// The value as it would lie in a little-endian linear memory; `None` for a reference.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        Some(match self {
            Self::I32(v) => v.to_le_bytes().to_vec(),
            Self::I64(v) => v.to_le_bytes().to_vec(),
            Self::F32(v) => v.to_le_bytes().to_vec(),
            Self::F64(v) => v.to_le_bytes().to_vec(),
            Self::V128(v) => v.to_le_bytes().to_vec(),
            Self::Ref(_) => return None,
        })
    }

    /// The value as a 64-bit address or counter: an `i32` is zero-extended; `None` for anything but an integer.
    pub fn unsigned(&self) -> Option<u64> {
        match self {
            Self::I32(v) => Some(u64::from(v.cast_unsigned())),
            Self::I64(v) => Some(v.cast_unsigned()),
            _ => None,
        }
    }

    /// The name of the value's type in the text format.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::I32(_) => "i32",
            Self::I64(_) => "i64",
            Self::F32(_) => "f32",
            Self::F64(_) => "f64",
            Self::V128(_) => "v128",
            Self::Ref(r) => match r.kind {
                RefKind::Func => "funcref",
                RefKind::Extern => "externref",
                RefKind::Any => "anyref",
                RefKind::Exn => "exnref",
                RefKind::Cont => "contref",
            },
        }
    }
}

impl fmt::Display for WasmValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::I32(v) => write!(f, "{v}"),
            Self::I64(v) => write!(f, "{v}"),
            Self::F32(v) => write!(f, "{}", f32::from_bits(*v)),
            Self::F64(v) => write!(f, "{}", f64::from_bits(*v)),
            Self::V128(v) => write!(f, "{v:#034x}"),
            Self::Ref(r) if r.null => write!(f, "null"),
            Self::Ref(r) => match &r.summary {
                Some(s) => write!(f, "<{s}>"),
                None => write!(f, "<{}>", self.type_name()),
            },
        }
    }
}
