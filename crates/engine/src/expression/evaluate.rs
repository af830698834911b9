//! Evaluation of a tree in a [`Context`].

use freezeframe_debuggee::{FrameAccess, WasmValue};
use freezeframe_symbols::{Encoding, Language, TypeKind, Variable};

use super::{BinaryOp, Expression, Node, TypeName, UnaryOp, names};
use crate::{
    EngineError,
    error::near_misses,
    values::{Context, Scalar, ScalarKind, Storage, Value, ValueType},
};

impl Context<'_> {
    pub(crate) fn evaluate(&mut self, expression: &Expression) -> Result<Value, EngineError> {
        self.node(&expression.root)
    }

    fn node(&mut self, node: &Node) -> Result<Value, EngineError> {
        match node {
            Node::Integer { value, bits, signed } => Ok(Value::integer(*value, *bits, *signed)),
            Node::Float { value, bits } => Ok(Value::float(*value, *bits)),
            Node::Char(c) if self.language == Language::Rust => Ok(Value {
                ty: ValueType::Char,
                storage: Storage::Bytes { bytes: (*c as u32).to_le_bytes().to_vec(), origin: "it is a literal" },
                bits: None,
            }),
            Node::Char(c) => Ok(Value::integer(i128::from(*c as u32), 32, true)),
            Node::Bool(value) => Ok(Value::bool(*value)),
            Node::Path(path) => self.path(path),
            Node::Register(name) => self.register(name),
            Node::Unary(op, operand) => self.unary(*op, operand),
            Node::Binary(op, left, right) => self.binary(*op, left, right),
            Node::Member(value, name) => {
                let value = self.node(value)?;
                self.member(&value, name)
            }
            Node::Index(value, index) => {
                let value = self.node(value)?;
                let index = self.node(index)?;
                let index = self.scalar(&index)?.integer();
                let index = index.ok_or_else(|| EngineError::Expression("an index must be an integer".to_owned()))?;
                self.index(&value, index)
            }
            Node::Cast(ty, value) => {
                let ty = self.named_type(ty)?;
                let value = self.node(value)?;
                self.cast(&value, ty)
            }
            Node::SizeOfType(ty) => {
                let ty = match (self.named_type(ty), self.path(&ty.name)) {
                    (Ok(ty), _) => ty,
                    // `sizeof(x)` and `sizeof(*p)` look like types until the names are known.
                    (Err(_), Ok(mut value)) => {
                        for _ in 0..ty.pointers {
                            value = self.deref(&value)?;
                        }
                        value.ty
                    }
                    (Err(error), Err(_)) => return Err(error),
                };
                self.size_of(&ty)
            }
            Node::SizeOf(value) => {
                let ty = self.node(value)?.ty;
                self.size_of(&ty)
            }
        }
    }

    fn size_of(&self, ty: &ValueType) -> Result<Value, EngineError> {
        match self.size(ty) {
            Some(size) => Ok(Value::integer(i128::from(size), 32, false)),
            None => Err(EngineError::Expression(format!("the size of `{}` isn't known", self.type_name(ty)))),
        }
    }

    /// The variables in scope, innermost last.
    pub(crate) fn variables_in_scope(&self) -> Vec<Variable> {
        let frame = self.frame.as_ref();
        frame.map(|f| self.symbols.variables(f.lookup, f.inline_depth)).unwrap_or_default()
    }

    fn path(&mut self, path: &str) -> Result<Value, EngineError> {
        if !path.contains("::") {
            let variables = self.variables_in_scope();
            let innermost = variables.iter().enumerate().filter(|(_, v)| v.name == path || last(&v.name) == path);
            if let Some((_, variable)) = innermost.max_by_key(|(i, v)| (v.depth, *i)) {
                let variable = variable.clone();
                return Ok(self.variable(&variable));
            }
            // Methods: a bare name may be a member of the object.
            for receiver in ["this", "self"] {
                if let Some(object) = variables.iter().find(|v| v.name == receiver).cloned() {
                    let object = self.variable(&object);
                    if let Ok(member) = self.member(&object, path) {
                        return Ok(member);
                    }
                }
            }
        }
        if let Some(global) = names::global(&self.symbols, self.lookup_pc(), path) {
            return Ok(self.variable(&global));
        }
        if let Some(value) = self.enumerator(path) {
            return Ok(value);
        }
        if let Some(function) = self.symbols.find_functions(path).first().copied() {
            let function = &self.symbols.functions()[function.0 as usize];
            return Err(EngineError::Expression(format!(
                "`{}` is a function (its code begins at *{})",
                function.name, function.range.start
            )));
        }
        let variables = self.variables_in_scope();
        let globals = self.symbols.globals();
        let names = variables.iter().chain(&globals).map(|v| v.name.as_str());
        Err(EngineError::NoSymbol { name: path.to_owned(), near: near_misses(path, names) })
    }

    fn enumerator(&self, path: &str) -> Option<Value> {
        let (id, value) = names::enumerator(&self.symbols, &self.variables_in_scope(), path)?;
        let size = self.size(&ValueType::Named(id)).unwrap_or(4).min(16) as usize;
        let bytes = value.to_le_bytes()[..size].to_vec();
        let storage = Storage::Bytes { bytes, origin: "it is an enumerator" };
        Some(Value { ty: ValueType::Named(id), storage, bits: None })
    }

    /// The state of the Wasm machine by name.
    fn register(&mut self, name: &str) -> Result<Value, EngineError> {
        if name == "pc" {
            let pc = self.frame.as_ref().map(|f| f.pc).ok_or(EngineError::NoStack)?;
            return Ok(Value::integer(i128::from(pc.0), 32, false));
        }
        let digits = name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len());
        let (kind, index) = name.split_at(digits);
        let frame = self.frame.as_ref().map(|f| f.physical);
        let instance = self.instance;
        let mut access = self.target.access(frame, instance);
        let value = match (kind, index.parse::<u32>()) {
            ("local", Ok(index)) => access.local(index)?,
            ("stack", Ok(index)) => access.operand(index)?,
            ("global", Ok(index)) => access.global(index)?,
            _ => {
                return Err(EngineError::Expression(format!(
                    "there is no `${name}`; there are $local0 …, $stack0 …, $global0 … and $pc"
                )));
            }
        };
        let ty = match value {
            WasmValue::I32(_) => ValueType::Integer { bits: 32, signed: true },
            WasmValue::I64(_) => ValueType::Integer { bits: 64, signed: true },
            WasmValue::F32(_) => ValueType::Float { bits: 32 },
            WasmValue::F64(_) => ValueType::Float { bits: 64 },
            WasmValue::V128(_) => ValueType::Integer { bits: 128, signed: false },
            WasmValue::Ref(_) => return Err(EngineError::Expression(format!("`${name}` is a reference: {value}"))),
        };
        let bytes = value.bytes().unwrap_or_default();
        Ok(Value {
            ty,
            storage: Storage::Bytes { bytes, origin: "Wasmtime can't change it in a running frame" },
            bits: None,
        })
    }

    fn unary(&mut self, op: UnaryOp, operand: &Node) -> Result<Value, EngineError> {
        let value = self.node(operand)?;
        match op {
            UnaryOp::Deref => self.deref(&value),
            UnaryOp::AddressOf => {
                let value = self.referent(&value)?.unwrap_or(value);
                match (&value.storage, value.bits) {
                    (Storage::Memory { address, .. }, None) => Ok(Value::pointer(*address, value.ty)),
                    (Storage::Unavailable(why), _) => Err(why.clone().into()),
                    (_, Some(_)) => Err(EngineError::Expression("a bit-field has no address".to_owned())),
                    (Storage::Bytes { origin, .. }, _) => {
                        Err(EngineError::Expression(format!("this has no address: {origin}")))
                    }
                }
            }
            UnaryOp::Not if self.language == Language::Rust && self.is_integer(&value) => self.unary_not_bits(&value),
            UnaryOp::Not => {
                let truth = self.scalar(&value)?.truth();
                Ok(self.truth_value(!truth))
            }
            UnaryOp::Plus => Ok(value),
            UnaryOp::Negate => match self.scalar(&value)? {
                Scalar::Float { value, bits } => Ok(Value::float(-value, bits)),
                scalar => {
                    let (value, bits, signed) = promoted(scalar)?;
                    Ok(wrapped(value.wrapping_neg(), bits, signed))
                }
            },
            UnaryOp::BitNot => {
                let (value, bits, signed) = promoted(self.scalar(&value)?)?;
                Ok(wrapped(!value, bits, signed))
            }
        }
    }

    fn is_integer(&self, value: &Value) -> bool {
        self.scalar_kind(&value.ty).is_some_and(|kind| matches!(kind, ScalarKind::Integer { .. }))
    }

    /// Rust's `!` turns the bits of an integer round, in its own width.
    fn unary_not_bits(&mut self, value: &Value) -> Result<Value, EngineError> {
        match self.scalar(value)? {
            Scalar::Integer { value, bits, signed } => Ok(wrapped(!value, bits, signed)),
            _ => Err(EngineError::Expression("this operator needs an integer".to_owned())),
        }
    }

    fn truth_value(&self, truth: bool) -> Value {
        match self.language {
            Language::C => Value::integer(i128::from(truth), 32, true),
            _ => Value::bool(truth),
        }
    }

    fn binary(&mut self, op: BinaryOp, left: &Node, right: &Node) -> Result<Value, EngineError> {
        let left = self.node(left)?;
        if let BinaryOp::And | BinaryOp::Or = op {
            let a = self.scalar(&left)?.truth();
            if a == (op == BinaryOp::Or) {
                return Ok(self.truth_value(a));
            }
            let right = self.node(right)?;
            let b = self.scalar(&right)?.truth();
            return Ok(self.truth_value(b));
        }
        let right = self.node(right)?;
        if let Some(moved) = self.pointer_arithmetic(op, &left, &right)? {
            return Ok(moved);
        }
        let (a, b) = (self.scalar(&left)?, self.scalar(&right)?);
        if matches!(a, Scalar::Float { .. }) || matches!(b, Scalar::Float { .. }) {
            // As in C: two floats make a float, a double makes a double of the other.
            let width = |s| if let Scalar::Float { bits, .. } = s { bits } else { 32 };
            return self.float_arithmetic(op, a.as_float(), b.as_float(), width(a).max(width(b)));
        }
        let ((x, a_bits, a_signed), (y, b_bits, b_signed)) = (promoted(a)?, promoted(b)?);
        // C's usual conversions: the wider type, unsigned if either of that width is.
        let bits = a_bits.max(b_bits);
        let signed = (a_signed || a_bits != bits) && (b_signed || b_bits != bits);
        // A shift's right side has nothing to do with the type of the left.
        let (x, y) = match op {
            BinaryOp::Shl | BinaryOp::Shr => (x, y),
            _ => (crate::values::wrap(x, bits, signed), crate::values::wrap(y, bits, signed)),
        };
        let by_zero = || EngineError::Expression("division by zero".to_owned());
        let shift = || {
            let shift = u32::try_from(y).ok().filter(|n| *n < 128);
            shift.ok_or_else(|| EngineError::Expression(format!("can't shift by {y}")))
        };
        let result = match op {
            BinaryOp::Add => x.wrapping_add(y),
            BinaryOp::Sub => x.wrapping_sub(y),
            BinaryOp::Mul => x.wrapping_mul(y),
            BinaryOp::Div => x.checked_div(y).ok_or_else(by_zero)?,
            BinaryOp::Rem => x.checked_rem(y).ok_or_else(by_zero)?,
            BinaryOp::BitAnd => x & y,
            BinaryOp::BitOr => x | y,
            BinaryOp::BitXor => x ^ y,
            BinaryOp::Shl => return Ok(wrapped(x.wrapping_shl(shift()?), a_bits, a_signed)),
            BinaryOp::Shr => return Ok(wrapped(x >> shift()?, a_bits, a_signed)),
            BinaryOp::Eq => return Ok(self.truth_value(x == y)),
            BinaryOp::Ne => return Ok(self.truth_value(x != y)),
            BinaryOp::Lt => return Ok(self.truth_value(x < y)),
            BinaryOp::Le => return Ok(self.truth_value(x <= y)),
            BinaryOp::Gt => return Ok(self.truth_value(x > y)),
            BinaryOp::Ge => return Ok(self.truth_value(x >= y)),
            BinaryOp::And | BinaryOp::Or => return Err(EngineError::Internal("logic was evaluated above")),
        };
        Ok(wrapped(result, bits, signed))
    }

    fn float_arithmetic(&self, op: BinaryOp, a: f64, b: f64, bits: u32) -> Result<Value, EngineError> {
        Ok(match op {
            BinaryOp::Add => Value::float(a + b, bits),
            BinaryOp::Sub => Value::float(a - b, bits),
            BinaryOp::Mul => Value::float(a * b, bits),
            BinaryOp::Div => Value::float(a / b, bits),
            BinaryOp::Rem => Value::float(a % b, bits),
            BinaryOp::Eq => self.truth_value(a == b),
            BinaryOp::Ne => self.truth_value(a != b),
            BinaryOp::Lt => self.truth_value(a < b),
            BinaryOp::Le => self.truth_value(a <= b),
            BinaryOp::Gt => self.truth_value(a > b),
            BinaryOp::Ge => self.truth_value(a >= b),
            _ => return Err(EngineError::Expression("this operator needs integers".to_owned())),
        })
    }

    /// Pointer ± integer, pointer - pointer; arrays stand for the address of their first element.
    fn pointer_arithmetic(&mut self, op: BinaryOp, left: &Value, right: &Value) -> Result<Option<Value>, EngineError> {
        if !matches!(op, BinaryOp::Add | BinaryOp::Sub) {
            return Ok(None);
        }
        let Some((base, target)) = self.as_pointer(left)? else {
            return match (op, self.as_pointer(right)?) {
                (BinaryOp::Add, Some(_)) => self.pointer_arithmetic(op, right, left),
                _ => Ok(None),
            };
        };
        let size = i128::from(self.size(&target).unwrap_or(1).max(1));
        if let Some((other, _)) = self.as_pointer(right)? {
            if op == BinaryOp::Add {
                return Err(EngineError::Expression("two pointers can't be added".to_owned()));
            }
            return Ok(Some(Value::integer((i128::from(base) - i128::from(other)) / size, 32, true)));
        }
        let Some(count) = self.scalar(right)?.integer() else {
            return Err(EngineError::Expression("a pointer can be moved by integers only".to_owned()));
        };
        let by = count.wrapping_mul(size);
        let moved = i128::from(base).wrapping_add(if op == BinaryOp::Add { by } else { by.wrapping_neg() });
        Ok(Some(Value::pointer(moved as u64 & 0xffff_ffff, target)))
    }

    fn as_pointer(&mut self, value: &Value) -> Result<Option<(u64, ValueType)>, EngineError> {
        if let Some(target) = self.pointee(&value.ty) {
            return Ok(Some((self.address_in(value)?, target.unwrap_or(ValueType::Unknown))));
        }
        if let (Some(element), Some(address)) = (self.element_type(&value.ty), value.address()) {
            return Ok(Some((address, element)));
        }
        Ok(None)
    }

    /// A type by the name that was written.
    pub(crate) fn named_type(&self, written: &TypeName) -> Result<ValueType, EngineError> {
        let named = match builtin(&written.name) {
            Some(ty) => ty,
            None => {
                let found = self.symbols.find_types(&written.name);
                let bare = written.name.split_once(' ').map_or(written.name.as_str(), |(_, name)| name);
                let found = found.first().copied().or_else(|| self.symbols.find_types(bare).first().copied());
                let missing = || EngineError::NoSymbol { name: written.name.clone(), near: Vec::new() };
                ValueType::Named(found.ok_or_else(missing)?)
            }
        };
        Ok((0..written.pointers).fold(named, |ty, _| ValueType::Pointer(Box::new(ty))))
    }

    fn cast(&mut self, value: &Value, ty: ValueType) -> Result<Value, EngineError> {
        if self.scalar_kind(&ty).is_none() {
            // To a record: look at the same bytes as another type.
            return Ok(Value { ty, storage: value.storage.clone(), bits: None });
        }
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
            (false, size) => {
                let whole = match scalar {
                    Scalar::Float { value, .. } => value.trunc() as i128,
                    other => other.integer().unwrap_or(0),
                };
                whole.to_le_bytes()[..size].to_vec()
            }
        };
        Ok(Value { ty, storage: Storage::Bytes { bytes, origin: "it is the result of a cast" }, bits: None })
    }
}

fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// Integers in the width that C computes in.
fn promoted(scalar: Scalar) -> Result<(i128, u32, bool), EngineError> {
    match scalar {
        Scalar::Integer { value, bits, .. } if bits < 32 => Ok((value, 32, true)),
        Scalar::Integer { value, bits, signed } => Ok((value, bits, signed)),
        Scalar::Bool(value) => Ok((i128::from(value), 32, true)),
        Scalar::Char { value, .. } => Ok((i128::from(value), 32, false)),
        Scalar::Pointer(address) => Ok((i128::from(address), 32, false)),
        Scalar::Float { .. } => Err(EngineError::Expression("this operator needs integers".to_owned())),
    }
}

fn wrapped(value: i128, bits: u32, signed: bool) -> Value {
    Value::integer(crate::values::wrap(value, bits, signed), bits, signed)
}

/// The scalar types that every module has.
fn builtin(name: &str) -> Option<ValueType> {
    let integer = |bits, signed| Some(ValueType::Integer { bits, signed });
    match name {
        "void" => Some(ValueType::Unknown),
        "bool" | "_Bool" => Some(ValueType::Bool),
        "f32" | "float" => Some(ValueType::Float { bits: 32 }),
        "f64" | "double" => Some(ValueType::Float { bits: 64 }),
        "size_t" | "usize" => integer(32, false),
        "isize" => integer(32, true),
        "i8" | "u8" | "i16" | "u16" | "i32" | "u32" | "i64" | "u64" | "i128" | "u128" => {
            integer(name[1..].parse().ok()?, name.starts_with('i'))
        }
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
        let integer = |bits, signed| Some(ValueType::Integer { bits, signed });
        assert_eq!(builtin("unsigned"), integer(32, false));
        assert_eq!(builtin("unsigned char"), integer(8, false));
        assert_eq!(builtin("long"), integer(32, true));
        assert_eq!(builtin("unsigned long long"), integer(64, false));
        assert_eq!(builtin("long long int"), integer(64, true));
        assert_eq!(builtin("u16"), integer(16, false));
        assert_eq!(builtin("struct node"), None);
    }
}
