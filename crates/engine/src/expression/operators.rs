//! Operators on values: numbers, truth values, pointers.

use freezeframe_symbols::Language;

use super::{
    BinaryOp, Kind, Node, UnaryOp,
    arithmetic::{self, Int, IntType, Outcome, Rules},
};
use crate::{
    EngineError,
    values::{Context, Scalar, ScalarKind, Storage, Value, ValueType},
};

/// More elements than this are no array to look at.
const MOST_ELEMENTS: i128 = 1 << 20;

impl Context<'_> {
    pub(super) fn unary(&mut self, op: UnaryOp, operand: &Node) -> Result<Value, EngineError> {
        let value = self.node(operand)?;
        let rules = self.rules();
        match op {
            // As the object that is there, as gdb does with `print object`.
            UnaryOp::Deref => self.deref(&value).map(|target| self.as_what_it_is(target).1),
            UnaryOp::AddressOf => {
                let value = self.referent(&value)?.unwrap_or(value);
                match (&value.storage, value.bits) {
                    (Storage::Memory { address, .. }, None) => Ok(Value::pointer(*address, value.ty)),
                    (Storage::Unavailable(why), _) => Err(why.clone().into()),
                    (_, Some(_)) => Err(EngineError::Expression("a bit-field has no address".to_owned())),
                    (Storage::Bytes { origin, .. }, _) => {
                        Err(EngineError::Expression(format!("this has no address: {origin}")))
                    }
                    (Storage::Partly { .. } | Storage::PointsTo(_), _) => {
                        Err(EngineError::Expression("this has no address: parts of it are optimised out".to_owned()))
                    }
                }
            }
            // Rust's `!` turns the bits of an integer round.
            UnaryOp::Not if rules == Rules::Rust && self.is_integer(&value) => {
                Ok(integer(int(self.scalar(&value)?)?.inverted(rules)))
            }
            UnaryOp::Not => {
                let truth = self.scalar(&value)?.truth();
                Ok(self.truth_value(!truth))
            }
            UnaryOp::Plus => Ok(value),
            UnaryOp::Negate => match self.scalar(&value)? {
                Scalar::Float { value, bits } => Ok(Value::float(-value, bits)),
                scalar => Ok(integer(int(scalar)?.negated(rules))),
            },
            UnaryOp::BitNot => Ok(integer(int(self.scalar(&value)?)?.inverted(rules))),
        }
    }

    fn is_integer(&self, value: &Value) -> bool {
        self.scalar_kind(&value.ty).is_some_and(|kind| matches!(kind, ScalarKind::Integer { .. }))
    }

    fn truth_value(&self, truth: bool) -> Value {
        match self.language {
            Language::C => Value::integer(i128::from(truth), 32, true),
            _ => Value::bool(truth),
        }
    }

    pub(super) fn binary(&mut self, op: BinaryOp, left: &Node, right: &Node) -> Result<Value, EngineError> {
        if let BinaryOp::Eq | BinaryOp::Ne = op
            && let Some(equal) = self.text_equality(left, right)?
        {
            return Ok(self.truth_value(equal == (op == BinaryOp::Eq)));
        }
        let (left_node, right_node) = (left, right);
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
        if op == BinaryOp::Repeat {
            return self.repeat(&left, &right);
        }
        if let Some(moved) = self.pointer_arithmetic(op, &left, &right)? {
            return Ok(moved);
        }
        let (a, b) = (self.scalar(&left)?, self.scalar(&right)?);
        if matches!(a, Scalar::Float { .. }) || matches!(b, Scalar::Float { .. }) {
            // As in C: two floats make a float, a double makes a double of the other.
            let width = |s| if let Scalar::Float { bits, .. } = s { bits } else { 32 };
            return self.float_arithmetic(op, a.as_float(), b.as_float(), width(a).max(width(b)));
        }
        let rules = self.rules();
        let (mut x, mut y) = (int(a)?, int(b)?);
        if rules == Rules::Rust && !matches!(op, BinaryOp::Shl | BinaryOp::Shr) {
            // A literal takes the type of what it meets, if it can.
            match (untyped(left_node), untyped(right_node)) {
                (true, false) if y.ty.holds(x) => x = x.to(y.ty),
                (false, true) if x.ty.holds(y) => y = y.to(x.ty),
                (true, true) if x.ty.bits > y.ty.bits && x.ty.holds(y) => y = y.to(x.ty),
                (true, true) if y.ty.bits > x.ty.bits && y.ty.holds(x) => x = x.to(y.ty),
                _ => {}
            }
        }
        match arithmetic::binary(op, x, y, rules).map_err(EngineError::Expression)? {
            Outcome::Truth(truth) => Ok(self.truth_value(truth)),
            Outcome::Int(result) => match (a, b) {
                // Rust's `&`, `|` and `^` keep truth values what they are.
                (Scalar::Bool(_), Scalar::Bool(_)) if rules == Rules::Rust => Ok(Value::bool(result.value != 0)),
                _ => Ok(integer(result)),
            },
        }
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

    pub(super) fn as_pointer(&mut self, value: &Value) -> Result<Option<(u64, ValueType)>, EngineError> {
        if let Some(target) = self.pointee(&value.ty) {
            return Ok(Some((self.address_in(value)?, target.unwrap_or(ValueType::Unknown))));
        }
        if let (Some(element), Some(address)) = (self.element_type(&value.ty), value.address()) {
            return Ok(Some((address, element)));
        }
        Ok(None)
    }

    /// gdb's `*p@10`: what lies there and what follows it, as an array.
    fn repeat(&mut self, first: &Value, count: &Value) -> Result<Value, EngineError> {
        let first = self.referent(first)?.unwrap_or_else(|| first.clone());
        let count = self.scalar(count)?.integer().filter(|count| (1..=MOST_ELEMENTS).contains(count));
        let count = count.and_then(|count| u64::try_from(count).ok()).ok_or_else(|| {
            EngineError::Expression(format!("`@` wants a number of elements, from 1 to {MOST_ELEMENTS}"))
        })?;
        match (&first.storage, first.bits) {
            (Storage::Memory { .. }, None) => {}
            (Storage::Unavailable(why), _) => return Err(why.clone().into()),
            _ => {
                return Err(EngineError::Expression(
                    "the left side of `@` must lie in memory: `*pointer@10`, `array[2]@3`".to_owned(),
                ));
            }
        }
        let ty = ValueType::Array { element: Box::new(first.ty), counts: vec![Some(count)] };
        Ok(Value { ty, storage: first.storage, bits: None })
    }
}

/// Whether an expression is made of literals without a suffix only.
pub(super) fn untyped(node: &Node) -> bool {
    match &node.kind {
        Kind::Integer { typed, .. } => !typed,
        Kind::Unary(UnaryOp::Negate | UnaryOp::Plus | UnaryOp::Not | UnaryOp::BitNot, operand) => untyped(operand),
        Kind::Binary(BinaryOp::Shl | BinaryOp::Shr, left, _) => untyped(left),
        Kind::Binary(op, left, right) => !op.compares() && untyped(left) && untyped(right),
        _ => false,
    }
}

/// A scalar as an integer of its type.
fn int(scalar: Scalar) -> Result<Int, EngineError> {
    let unsigned = |bits| IntType { bits, signed: false };
    Ok(match scalar {
        Scalar::Integer { value, bits, signed } => Int::new(value, IntType { bits, signed }),
        Scalar::Bool(value) => Int::new(i128::from(value), unsigned(8)),
        Scalar::Char { value, bits } => Int::new(i128::from(value), unsigned(bits)),
        Scalar::Pointer(address) => {
            Int::new(i128::from(address), unsigned(if u32::try_from(address).is_ok() { 32 } else { 64 }))
        }
        Scalar::Float { .. } => return Err(EngineError::Expression("this operator needs integers".to_owned())),
    })
}

fn integer(int: Int) -> Value {
    Value::integer(int.value, int.ty.bits, int.ty.signed)
}
