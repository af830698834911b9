//! Types by the names that people write, and casts to them.

use freezeframe_symbols::{Encoding, Language, TypeKind};

use super::{TypeName, arithmetic::Rules};
use crate::{
    EngineError,
    error::near_misses,
    values::{Context, Scalar, ScalarKind, Storage, Value, ValueType, range},
};

impl Context<'_> {
    /// A type by the name that was written.
    pub(crate) fn named_type(&self, written: &TypeName) -> Result<ValueType, EngineError> {
        let named = match builtin(&written.name, self.language) {
            Some(ty) => ty,
            None => {
                let found = self.symbols.find_types(&written.name);
                let bare = written.name.split_once(' ').map_or(written.name.as_str(), |(_, name)| name);
                let found = found.first().copied().or_else(|| self.symbols.find_types(bare).first().copied());
                let missing = || EngineError::NoSymbol {
                    name: written.name.clone(),
                    near: near_misses(&written.name, BUILTIN.into_iter()),
                };
                ValueType::Named(found.ok_or_else(missing)?)
            }
        };
        Ok((0..written.pointers).fold(named, |ty, _| ValueType::Pointer(Box::new(ty))))
    }

    pub(crate) fn cast(&mut self, value: &Value, ty: ValueType) -> Result<Value, EngineError> {
        let converted = self.converted(value, &ty)?;
        let value = converted.as_ref().unwrap_or(value);
        let Some(kind) = self.scalar_kind(&ty) else {
            // To a record: look at the same bytes as another type.
            return Ok(Value { ty, storage: value.storage.clone(), bits: None });
        };
        let scalar = match self.as_pointer(value)? {
            Some((address, _)) => Scalar::Pointer(address),
            None => self.scalar(value)?,
        };
        let size = self.size(&ty).unwrap_or(8).min(16) as usize;
        let float = match self.strip(&ty) {
            ValueType::Float { .. } => true,
            ValueType::Named(id) => matches!(self.ty(id).kind, TypeKind::Base(Encoding::Float)),
            _ => false,
        };
        let bytes = match (float, size) {
            (true, 4) => (scalar.as_float() as f32).to_le_bytes().to_vec(),
            (true, _) => scalar.as_float().to_le_bytes().to_vec(),
            (false, size) if kind == ScalarKind::Bool => {
                i128::from(scalar.truth()).to_le_bytes().get(..size).unwrap_or_default().to_vec()
            }
            (false, size) => {
                let whole = match scalar {
                    Scalar::Float { value, .. } => self.truncated(value, kind, size as u32 * 8),
                    other => other.integer().unwrap_or(0),
                };
                whole.to_le_bytes()[..size].to_vec()
            }
        };
        Ok(Value { ty, storage: Storage::Bytes { bytes, origin: "it is the result of a cast" }, bits: None })
    }

    /// An object, or a pointer to one, where it lies as one of a base class, or of a derived one.
    fn converted(&mut self, value: &Value, to: &ValueType) -> Result<Option<Value>, EngineError> {
        if self.language_of(to) != Language::Cpp {
            return Ok(None);
        }
        if let (Some(Some(from)), Some(Some(to))) = (self.pointee(&value.ty), self.pointee(to)) {
            let address = self.address_in(value)?;
            let converted = self.converted_address(address, &from, &to);
            return Ok(converted.map(|address| Value::pointer(address, to)));
        }
        let object = self.referent(value)?.unwrap_or_else(|| value.clone());
        let Some(address) = object.address() else { return Ok(None) };
        let converted = self.converted_address(address, &object.ty, to);
        Ok(converted.map(|address| self.at(address, to.clone())))
    }

    /// A float as an integer: Rust takes the nearest that there is; C leaves it open, and Wasm traps or does the same.
    fn truncated(&self, value: f64, kind: ScalarKind, bits: u32) -> i128 {
        let signed = kind == ScalarKind::Integer { signed: true };
        if bits >= 128 && !signed {
            return (value as u128).cast_signed();
        }
        let whole = value as i128;
        if self.rules() == Rules::C {
            return whole;
        }
        let (least, most) = range(bits, signed);
        whole.clamp(least, most)
    }
}

/// What a misspelt type may have been meant to be.
const BUILTIN: [&str; 26] = [
    "void", "bool", "char", "short", "int", "long", "float", "double", "signed", "unsigned", "size_t", "i8", "u8",
    "i16", "u16", "i32", "u32", "i64", "u64", "i128", "u128", "isize", "usize", "f32", "f64", "_Bool",
];

/// The scalar types that every module has.
pub(super) fn builtin(name: &str, language: Language) -> Option<ValueType> {
    let integer = |bits, signed| Some(ValueType::Integer { bits, signed });
    match name {
        "void" => Some(ValueType::Unknown),
        "bool" | "_Bool" => Some(ValueType::Bool),
        "char" if language == Language::Rust => Some(ValueType::Char),
        "f32" | "float" => Some(ValueType::Float { bits: 32 }),
        "f64" | "double" => Some(ValueType::Float { bits: 64 }),
        "size_t" | "usize" => integer(32, false),
        "isize" => integer(32, true),
        "i8" | "u8" | "i16" | "u16" | "i32" | "u32" | "i64" | "u64" | "i128" | "u128" => {
            integer(name[1..].parse().ok()?, name.starts_with('i'))
        }
        "__int128" => integer(128, true),
        "unsigned __int128" => integer(128, false),
        _ => {
            let mut signed = true;
            let mut bits = None;
            for word in name.split(' ') {
                match word {
                    "unsigned" => signed = false,
                    "signed" => {}
                    "char" => bits = Some(8),
                    "short" => bits = Some(16),
                    "int" => bits = bits.or(Some(32)),
                    "long" if bits == Some(33) => bits = Some(64),
                    // One `long` is 32 bits in wasm32; 33 stands for it until a second one comes.
                    "long" => bits = Some(33),
                    _ => return None,
                }
            }
            let bits = bits.map_or(32, |bits| if bits == 33 { 32 } else { bits });
            (!name.is_empty()).then_some(ValueType::Integer { bits, signed })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_types_by_name() {
        let builtin = |name| builtin(name, Language::C);
        let integer = |bits, signed| Some(ValueType::Integer { bits, signed });
        assert_eq!(builtin("unsigned"), integer(32, false));
        assert_eq!(builtin("unsigned char"), integer(8, false));
        assert_eq!(builtin("long"), integer(32, true));
        assert_eq!(builtin("unsigned long long"), integer(64, false));
        assert_eq!(builtin("long long int"), integer(64, true));
        assert_eq!(builtin("u16"), integer(16, false));
        assert_eq!(builtin("unsigned __int128"), integer(128, false));
        assert_eq!(builtin("struct node"), None);
    }
}
