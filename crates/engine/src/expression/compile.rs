//! Conditions compiled for the guest's side, where that can be done: numbers in memory, locals and globals, members,
//! elements, what pointers point to, casts, arithmetic, comparison and logic. What can't be compiled (calls, containers of
//! libraries, texts) is evaluated by the engine at each hit, with the same result and more slowly.

use freezeframe_debuggee::{Capture, FloatOp, FrameAccess, MAX_CAPTURE, ModulePc, Op, Program, Unavailable, WasmValue};
use freezeframe_symbols::{BitRange, Encoding, Language, Place, Record, Symbols, TypeId, TypeKind, Variable};

use super::{
    BinaryOp, Expression, Kind, Node, TypeName, UnaryOp,
    arithmetic::{Int, IntType, Rules},
    casts::builtin,
    names,
    operators::untyped,
};
use crate::values::ValueType;

/// Compiles a condition for one site; `None` when some of it has no counterpart in a [`Program`].
pub(crate) fn compile(expression: &Expression, symbols: &Symbols, pc: ModulePc) -> Option<Program> {
    let language = symbols.frames_at(pc).first().map(|frame| frame.language).unwrap_or_default();
    let mut compiler = Compiler { symbols, pc, language, rules: Rules::of(language), ops: Vec::new() };
    let width = compiler.node(expression.tree(language))?;
    compiler.truth(width);
    Program::new(compiler.ops).ok()
}

/// Compiles what a log point shows of an expression at one site, and says of which type that is; `None` when showing it takes
/// more than a copy of a few bytes.
pub(crate) fn compile_capture(
    expression: &Expression,
    symbols: &Symbols,
    pc: ModulePc,
) -> Option<(Capture, ValueType)> {
    let language = symbols.frames_at(pc).first().map(|frame| frame.language).unwrap_or_default();
    let compiler = || Compiler { symbols, pc, language, rules: Rules::of(language), ops: Vec::new() };
    let tree = expression.tree(language);
    let mut place = compiler();
    if let Some(Lvalue(ty)) = place.lvalue(tree) {
        let length = place.plain_size(ty, 4)?;
        let address = Program::new(place.ops).ok()?;
        return Some((Capture::Bytes { address, length }, ValueType::Named(ty)));
    }
    let mut value = compiler();
    let width = value.node(tree)?;
    let ty = match width.kind {
        WidthKind::Truth if value.rules == Rules::C => ValueType::Integer { bits: 32, signed: true },
        WidthKind::Truth => ValueType::Bool,
        WidthKind::Number => ValueType::Integer { bits: width.ty.bits, signed: width.ty.signed },
        // Computed floats of 32 bits would have to be rounded; those in memory are places.
        WidthKind::Float | WidthKind::Pointer => return None,
    };
    Some((Capture::Value(Program::new(value.ops).ok()?), ty))
}

/// What a subexpression leaves on the stack: an integer of this type.
#[derive(Clone, Copy)]
struct Width {
    ty: IntType,
    kind: WidthKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum WidthKind {
    Number,
    Truth,
    /// It's a float, on the stack as the bits of an `f64`; the type's bits are those of its own.
    Float,
    /// It's an address: comparing is all that may be done with it here, as sums would have to be scaled.
    Pointer,
}

impl Width {
    const TRUTH: Self = Self { ty: IntType { bits: 8, signed: false }, kind: WidthKind::Truth };

    fn float(bits: u32) -> Self {
        Self { ty: IntType { bits, signed: true }, kind: WidthKind::Float }
    }

    fn number(bits: u32, signed: bool) -> Self {
        Self { ty: IntType { bits, signed }, kind: WidthKind::Number }
    }
}

/// What an lvalue is: an address on the stack, and the type of what lies there.
struct Lvalue(TypeId);

struct Compiler<'a> {
    symbols: &'a Symbols,
    pc: ModulePc,
    language: Language,
    rules: Rules,
    ops: Vec<Op>,
}

impl Compiler<'_> {
    fn node(&mut self, node: &Node) -> Option<Width> {
        match &node.kind {
            // Rust's large hex numbers have no sign in C's words.
            Kind::Integer { signed: false, typed: false, .. } if self.rules == Rules::Rust => None,
            Kind::Integer { value, bits, signed, .. } if *bits <= 64 => {
                self.ops.push(Op::Const(*value as i64));
                Some(Width::number(*bits, *signed))
            }
            // In Rust it is no number.
            Kind::Char(c) if self.rules == Rules::C => {
                self.ops.push(Op::Const(i64::from(*c as u32)));
                Some(Width::number(32, true))
            }
            Kind::Bool(value) => {
                self.ops.push(Op::Const(i64::from(*value)));
                Some(Width::TRUTH)
            }
            Kind::Float { value, bits } => {
                self.ops.push(Op::Const(value.to_bits().cast_signed()));
                Some(Width::float(*bits))
            }
            Kind::Unary(UnaryOp::Not, operand) => {
                let width = self.node(operand)?;
                // Rust's `!` of a number turns its bits round.
                if self.rules == Rules::Rust && width.kind == WidthKind::Number {
                    return Some(self.inverted(width));
                }
                self.truth(width);
                self.ops.push(Op::Not);
                Some(Width::TRUTH)
            }
            Kind::Unary(UnaryOp::BitNot, operand) => {
                let width = self.node(operand)?;
                let number = matches!(width.kind, WidthKind::Number | WidthKind::Truth);
                number.then(|| self.inverted(width))
            }
            Kind::Unary(UnaryOp::Negate, operand) => {
                let width = self.node(operand)?;
                if width.kind == WidthKind::Float {
                    self.ops.extend([Op::Const(i64::MIN), Op::Xor]);
                    return Some(width);
                }
                if width.kind == WidthKind::Pointer {
                    return None;
                }
                let ty = width.ty.promoted(self.rules);
                self.ops.extend([Op::Const(-1), Op::Mul, extend(ty)]);
                Some(Width { ty, kind: WidthKind::Number })
            }
            Kind::Ternary(condition, then, otherwise) => self.choice(condition, then, otherwise),
            Kind::Cast(ty, operand) => self.cast(ty, operand),
            Kind::Unary(UnaryOp::Plus, operand) => self.node(operand),
            Kind::Binary(op, left, right) => self.binary(*op, left, right),
            Kind::Path(path) if self.is_enumerator(path) => {
                let absolute = names::absolute(self.symbols, self.pc, path);
                let (ty, value) = names::enumerator(self.symbols, &self.symbols.variables(self.pc, 0), &absolute)?;
                let signed = matches!(self.symbols.ty(ty).ok()?.kind, TypeKind::Enumeration { signed: true, .. });
                self.ops.push(Op::Const(i64::try_from(value).ok()?));
                let bits = u32::try_from(self.symbols.ty(ty).ok()?.size?.checked_mul(8)?).ok()?;
                Some(Width::number(bits, signed))
            }
            Kind::Path(_) | Kind::Member(..) | Kind::Index(..) | Kind::Unary(UnaryOp::Deref, _) => self.load(node),
            _ => None,
        }
    }

    /// Whether a name can only be an enumerator.
    fn is_enumerator(&self, path: &str) -> bool {
        self.symbols.variables(self.pc, 0).iter().all(|v| v.name != path && v.name != "this" && v.name != "self")
            && names::global(self.symbols, self.pc, path).is_none()
    }

    /// Leaves whether what's on the stack counts as true, as something that is 0 or not.
    fn truth(&mut self, width: Width) {
        if width.kind == WidthKind::Float {
            // A NaN isn't 0.
            self.ops.extend([Op::Const(0), Op::Float(FloatOp::Eq), Op::Not]);
        }
    }

    fn inverted(&mut self, width: Width) -> Width {
        let ty = width.ty.promoted(self.rules);
        self.ops.extend([Op::Const(-1), Op::Xor, extend(ty)]);
        Width { ty, kind: WidthKind::Number }
    }

    /// `condition ? then : otherwise` of two sides of one type.
    fn choice(&mut self, condition: &Node, then: &Node, otherwise: &Node) -> Option<Width> {
        let width = self.node(condition)?;
        self.truth(width);
        let jump = self.ops.len();
        self.ops.push(Op::JumpIfZero(0));
        let then = self.node(then)?;
        let end = self.ops.len();
        self.ops.push(Op::Jump(0));
        self.ops[jump] = Op::JumpIfZero(u32::try_from(self.ops.len()).ok()?);
        let otherwise = self.node(otherwise)?;
        self.ops[end] = Op::Jump(u32::try_from(self.ops.len()).ok()?);
        (then.ty == otherwise.ty && then.kind == otherwise.kind).then_some(then)
    }

    /// A number as one of another type that every module has.
    fn cast(&mut self, ty: &TypeName, operand: &Node) -> Option<Width> {
        let to = builtin(&ty.name, self.language).filter(|_| ty.pointers == 0)?;
        let from = self.node(operand)?;
        let float = from.kind == WidthKind::Float;
        match to {
            ValueType::Integer { bits, signed } if bits <= 64 && !float => {
                self.ops.push(extend(IntType { bits, signed }));
                Some(Width::number(bits, signed))
            }
            ValueType::Bool => {
                self.truth(from);
                self.ops.extend([Op::Not, Op::Not]);
                Some(Width::TRUTH)
            }
            ValueType::Float { bits } if from.kind != WidthKind::Pointer => {
                if !float {
                    self.ops.push(Op::Float(FloatOp::FromInteger { signed: from.ty.signed }));
                }
                if bits == 32 {
                    self.ops.push(Op::Float(FloatOp::Round));
                }
                Some(Width::float(bits))
            }
            _ => None,
        }
    }

    fn shift(&mut self, op: BinaryOp, left: &Node, right: &Node) -> Option<Width> {
        let width = self.node(left).filter(|width| width.kind == WidthKind::Number)?;
        let ty = width.ty.promoted(self.rules);
        // By how much must be known: a shift by the width and more is an error, not a number.
        let Kind::Integer { value, .. } = &right.kind else { return None };
        let by = u32::try_from(*value).ok().filter(|by| *by < ty.bits)?;
        self.ops.extend([extend(ty), Op::Const(i64::from(by))]);
        self.ops.push(if op == BinaryOp::Shl { Op::Shl } else { Op::Shr { signed: ty.signed } });
        self.ops.push(extend(ty));
        Some(Width { ty, kind: WidthKind::Number })
    }

    /// Two numbers of which one is a float; `extension` is the place for what is done to the left one.
    fn floats(&mut self, op: BinaryOp, a: Width, b: Width, extension: usize) -> Option<Width> {
        let from = |width: Width| Op::Float(FloatOp::FromInteger { signed: width.ty.signed });
        if a.kind == WidthKind::Pointer || b.kind == WidthKind::Pointer {
            return None;
        }
        if a.kind != WidthKind::Float {
            self.ops[extension] = from(a);
        }
        if b.kind != WidthKind::Float {
            self.ops.push(from(b));
        }
        let bits = |width: Width| if width.kind == WidthKind::Float { width.ty.bits } else { 32 };
        let result = match op {
            BinaryOp::Add => FloatOp::Add,
            BinaryOp::Sub => FloatOp::Sub,
            BinaryOp::Mul => FloatOp::Mul,
            BinaryOp::Div => FloatOp::Div,
            BinaryOp::Eq => return self.comparison(&[Op::Float(FloatOp::Eq)]),
            BinaryOp::Ne => return self.comparison(&[Op::Float(FloatOp::Eq), Op::Not]),
            BinaryOp::Lt => return self.comparison(&[Op::Float(FloatOp::Lt)]),
            BinaryOp::Le => return self.comparison(&[Op::Float(FloatOp::Le)]),
            _ => return None,
        };
        self.ops.push(Op::Float(result));
        let width = Width::float(bits(a).max(bits(b)));
        if width.ty.bits == 32 {
            self.ops.push(Op::Float(FloatOp::Round));
        }
        Some(width)
    }

    fn binary(&mut self, op: BinaryOp, left: &Node, right: &Node) -> Option<Width> {
        match op {
            BinaryOp::And | BinaryOp::Or => return self.logic(op, left, right),
            BinaryOp::Shl | BinaryOp::Shr => return self.shift(op, left, right),
            _ => {}
        }
        // The machine has only `<` and, of floats, `<=`: a > b is b < a.
        match op {
            BinaryOp::Gt => return self.binary(BinaryOp::Lt, right, left),
            BinaryOp::Ge => return self.binary(BinaryOp::Le, right, left),
            _ => {}
        }
        let a = self.node(left)?;
        // Its operand is known only with the right side; jumps count operators, so that none may be put in between later.
        let extension = self.ops.len();
        self.ops.push(Op::Extend { bits: 64, signed: true });
        let b = self.node(right)?;
        if a.kind == WidthKind::Float || b.kind == WidthKind::Float {
            return self.floats(op, a, b, extension);
        }
        let compares = matches!(op, BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le);
        let pointers = a.kind == WidthKind::Pointer || b.kind == WidthKind::Pointer;
        if pointers && !compares {
            return None;
        }
        let (a_ty, b_ty) = self.literals_adapted((left, a.ty), (right, b.ty))?;
        let ty = a_ty.common(b_ty, self.rules);
        if ty.bits > 64 {
            return None;
        }
        // Both sides in the common type, as the evaluator does: -1 == 0xffffffff must hold in C.
        if a.ty != ty {
            self.ops[extension] = extend(ty);
        }
        if b.ty != ty {
            self.ops.push(extend(ty));
        }
        let signed = ty.signed;
        let result = match op {
            BinaryOp::Add => Op::Add,
            BinaryOp::Sub => Op::Sub,
            BinaryOp::Mul => Op::Mul,
            BinaryOp::Div => Op::Div { signed },
            BinaryOp::Rem => Op::Rem { signed },
            BinaryOp::BitAnd => Op::And,
            BinaryOp::BitOr => Op::Or,
            BinaryOp::BitXor => Op::Xor,
            BinaryOp::Eq => return self.comparison(&[Op::Eq]),
            BinaryOp::Ne => return self.comparison(&[Op::Eq, Op::Not]),
            BinaryOp::Lt => return self.comparison(&[Op::Lt { signed }]),
            BinaryOp::Le => return self.comparison(&[Op::Le { signed }]),
            _ => return None,
        };
        self.ops.push(result);
        self.ops.push(extend(ty));
        let truths = a.kind == WidthKind::Truth && b.kind == WidthKind::Truth && self.rules == Rules::Rust;
        Some(Width { ty, kind: if truths { WidthKind::Truth } else { WidthKind::Number } })
    }

    /// The types of two sides: in Rust a literal takes the type of what it meets, if it can.
    fn literals_adapted(&self, a: (&Node, IntType), b: (&Node, IntType)) -> Option<(IntType, IntType)> {
        match (untyped(a.0), untyped(b.0)) {
            (true, false) if self.rules == Rules::Rust => Some((adapted(a.0, a.1, b.1)?, b.1)),
            (false, true) if self.rules == Rules::Rust => Some((a.1, adapted(b.0, b.1, a.1)?)),
            _ => Some((a.1, b.1)),
        }
    }

    fn comparison(&mut self, ops: &[Op]) -> Option<Width> {
        self.ops.extend_from_slice(ops);
        Some(Width::TRUTH)
    }

    fn logic(&mut self, op: BinaryOp, left: &Node, right: &Node) -> Option<Width> {
        // left as 0/1; and: 0 skips the right side; or: the same with both turned round.
        let width = self.node(left)?;
        self.truth(width);
        self.ops.push(Op::Not);
        if op == BinaryOp::And {
            self.ops.push(Op::Not);
        }
        self.ops.push(Op::Dup);
        let jump = self.ops.len();
        self.ops.push(Op::JumpIfZero(0));
        self.ops.push(Op::Drop);
        let width = self.node(right)?;
        self.truth(width);
        self.ops.push(Op::Not);
        if op == BinaryOp::And {
            self.ops.push(Op::Not);
        }
        self.ops[jump] = Op::JumpIfZero(u32::try_from(self.ops.len()).ok()?);
        if op == BinaryOp::Or {
            self.ops.push(Op::Not);
        }
        Some(Width::TRUTH)
    }

    /// The number that lies where a path leads.
    fn load(&mut self, node: &Node) -> Option<Width> {
        let before = self.ops.len();
        let (ty, bits) = match self.lvalue(node) {
            Some(Lvalue(ty)) => (ty, None),
            None => {
                self.ops.truncate(before);
                match self.bit_field(node) {
                    Some((ty, bits)) => (ty, Some(bits)),
                    None => {
                        self.ops.truncate(before);
                        return self.register_variable(node);
                    }
                }
            }
        };
        let scalar = self.scalar(ty)?;
        match (bits, scalar.kind) {
            (None, WidthKind::Float) => {
                self.ops.push(Op::Load { bytes: u8::try_from(scalar.ty.bits / 8).ok()?, signed: false });
                if scalar.ty.bits == 32 {
                    self.ops.push(Op::Float(FloatOp::Promote));
                }
            }
            (None, _) => {
                self.ops.push(Op::Load { bytes: u8::try_from(scalar.ty.bits / 8).ok()?, signed: scalar.ty.signed });
            }
            (Some(_), WidthKind::Float) => return None,
            (Some(BitRange { first, width }), _) => {
                let bytes = u8::try_from(first.checked_add(width)?.div_ceil(8)).ok()?;
                let bytes = bytes.checked_next_power_of_two().filter(|bytes| *bytes <= 8)?;
                let bits = u8::try_from(width).ok().filter(|bits| *bits >= 1)?;
                self.ops.extend([Op::Load { bytes, signed: false }, Op::Const(i64::try_from(first).ok()?)]);
                self.ops.extend([Op::Shr { signed: false }, Op::Extend { bits, signed: scalar.ty.signed }]);
            }
        }
        Some(scalar)
    }

    /// How a type's values are a number; `None` for what is no scalar of a size that the machine loads.
    fn scalar(&self, ty: TypeId) -> Option<Width> {
        let ty = self.symbols.ty(self.strip(ty)?).ok()?;
        let signed = match &ty.kind {
            TypeKind::Base(Encoding::Signed | Encoding::SignedChar) => true,
            TypeKind::Base(Encoding::Unsigned | Encoding::UnsignedChar | Encoding::Bool | Encoding::Utf) => false,
            TypeKind::Base(Encoding::Float) if matches!(ty.size, Some(4 | 8)) => {
                return Some(Width::float(u32::try_from(ty.size?).ok()? * 8));
            }
            TypeKind::Enumeration { signed, .. } => *signed,
            TypeKind::Pointer(_) => false,
            _ => return None,
        };
        let bytes = ty.size.or_else(|| matches!(ty.kind, TypeKind::Pointer(_)).then_some(4))?;
        if !matches!(bytes, 1 | 2 | 4 | 8) {
            return None;
        }
        let kind = match &ty.kind {
            TypeKind::Pointer(_) => WidthKind::Pointer,
            TypeKind::Base(Encoding::Bool) => WidthKind::Truth,
            // A `char` of Rust is no number there.
            TypeKind::Base(Encoding::Utf) if self.rules == Rules::Rust => return None,
            _ => WidthKind::Number,
        };
        Some(Width { ty: IntType { bits: u32::try_from(bytes).ok()? * 8, signed }, kind })
    }

    /// A variable that lies in a local, an operand or a global of the Wasm machine here.
    fn register_variable(&mut self, node: &Node) -> Option<Width> {
        let Kind::Path(name) = &node.kind else { return None };
        let variable = self.variable(name)?;
        let scalar = self.scalar(variable.ty?).filter(|scalar| scalar.kind != WidthKind::Float)?;
        // Where it lies is said without reading anything.
        let op = match self.symbols.locate(&variable, self.pc, &mut Probe { base: 0, read: None }).ok()? {
            Place::Local(index) => Op::Local(index),
            Place::Operand(index) => Op::Operand(index),
            Place::Global(index) => Op::Global(index),
            _ => return None,
        };
        self.ops.extend([op, extend(scalar.ty)]);
        Some(scalar)
    }

    /// The variable of a name: the innermost one in scope, or a global.
    fn variable(&self, name: &str) -> Option<Variable> {
        let variables = self.symbols.variables(self.pc, 0);
        let variable = variables.iter().enumerate().filter(|(_, v)| v.name == *name);
        let variable = variable.max_by_key(|(i, v)| (v.depth, *i)).map(|(_, v)| v.clone());
        // Inside a method a name may be the object's member before it is a global.
        let method = variables.iter().any(|v| v.name == "this" || v.name == "self");
        let global = || names::global(self.symbols, self.pc, name).filter(|_| !method);
        variable.or_else(global)
    }

    fn lvalue(&mut self, node: &Node) -> Option<Lvalue> {
        match &node.kind {
            Kind::Path(name) => {
                let variable = self.variable(name)?;
                self.ops.extend(address_of(self.symbols, &variable, self.pc)?);
                Some(Lvalue(variable.ty?))
            }
            Kind::Member(base, name) => {
                let (record, _) = self.record(base)?;
                let member = record.members.iter().find(|m| m.name.as_deref() == Some(name) && m.bits.is_none())?;
                self.ops.extend([Op::Const(i64::try_from(member.offset).ok()?), Op::Add]);
                Some(Lvalue(member.ty))
            }
            Kind::Unary(UnaryOp::Deref, pointer) => {
                let target = self.pointer(pointer)?;
                Some(Lvalue(target))
            }
            Kind::Index(base, index) => {
                let target = self.element(base)?;
                let size = self.symbols.ty(self.strip(target)?).ok()?.size.filter(|size| *size > 0)?;
                let index = self.node(index)?;
                if !matches!(index.kind, WidthKind::Number | WidthKind::Truth) {
                    return None;
                }
                self.ops.extend([Op::Const(i64::try_from(size).ok()?), Op::Mul, Op::Add]);
                Some(Lvalue(target))
            }
            _ => None,
        }
    }

    /// Leaves the address of a record, or of the one that a pointer points to.
    fn record(&mut self, base: &Node) -> Option<(Record, TypeId)> {
        let before = self.ops.len();
        let ty = match self.lvalue(base) {
            Some(Lvalue(ty)) => ty,
            // A pointer in a Wasm local.
            None => {
                self.ops.truncate(before);
                let width = self.register_variable(base)?;
                let Kind::Path(name) = &base.kind else { return None };
                let ty = self.strip(self.variable(name)?.ty?)?;
                let TypeKind::Pointer(Some(target)) = self.symbols.ty(ty).ok()?.kind else { return None };
                let target = self.strip(target).filter(|_| width.kind == WidthKind::Pointer)?;
                let ty = self.symbols.ty(target).ok()?;
                let TypeKind::Record(record) = &ty.kind else { return None };
                return Some((record.clone(), target));
            }
        };
        let mut ty = self.strip(ty)?;
        if let TypeKind::Pointer(Some(target)) = self.symbols.ty(ty).ok()?.kind {
            self.ops.push(Op::Load { bytes: 4, signed: false });
            ty = self.strip(target)?;
        }
        let record = self.symbols.ty(ty).ok()?;
        let TypeKind::Record(record) = &record.kind else { return None };
        Some((record.clone(), ty))
    }

    /// Leaves the address of what holds a bit-field.
    fn bit_field(&mut self, node: &Node) -> Option<(TypeId, BitRange)> {
        let Kind::Member(base, name) = &node.kind else { return None };
        let (record, _) = self.record(base)?;
        let member = record.members.iter().find(|m| m.name.as_deref() == Some(name))?;
        let bits = member.bits?;
        self.ops.extend([Op::Const(i64::try_from(member.offset).ok()?), Op::Add]);
        Some((member.ty, bits))
    }

    /// Leaves what a pointer holds, or where an array begins, and gives the type of what lies there.
    fn pointer(&mut self, node: &Node) -> Option<TypeId> {
        // Rust's references are seen as what they refer to; how often, the evaluator knows.
        if self.rules == Rules::Rust {
            return None;
        }
        self.element(node)
    }

    fn element(&mut self, base: &Node) -> Option<TypeId> {
        let before = self.ops.len();
        let Some(Lvalue(ty)) = self.lvalue(base) else {
            self.ops.truncate(before);
            let width = self.register_variable(base)?;
            let Kind::Path(name) = &base.kind else { return None };
            let ty = self.strip(self.variable(name)?.ty?)?;
            let TypeKind::Pointer(Some(target)) = self.symbols.ty(ty).ok()?.kind else { return None };
            return Some(target).filter(|_| width.kind == WidthKind::Pointer && self.rules == Rules::C);
        };
        let ty = self.strip(ty)?;
        let ty = self.symbols.ty(ty).ok()?;
        match &ty.kind {
            TypeKind::Pointer(Some(target)) if self.rules == Rules::C => {
                self.ops.push(Op::Load { bytes: 4, signed: false });
                Some(*target)
            }
            // C's arrays may be read behind their ends; where others end is the evaluator's to check.
            TypeKind::Array { element, counts } if counts.len() == 1 && self.rules == Rules::C => Some(*element),
            _ => None,
        }
    }

    /// The size of a type whose values are shown from their bytes alone: scalars but pointers, and arrays of them.
    fn plain_size(&self, ty: TypeId, depth: u32) -> Option<u32> {
        let ty = self.symbols.ty(self.strip(ty)?).ok()?;
        let size = match &ty.kind {
            TypeKind::Base(_) | TypeKind::Enumeration { .. } => ty.size?,
            TypeKind::Array { element, counts } => {
                let element = self.plain_size(*element, depth.checked_sub(1)?)?;
                counts.iter().try_fold(u64::from(element), |size, count| size.checked_mul((*count)?))?
            }
            _ => return None,
        };
        u32::try_from(size).ok().filter(|size| (1..=MAX_CAPTURE).contains(size))
    }

    fn strip(&self, mut ty: TypeId) -> Option<TypeId> {
        for _ in 0..64 {
            match self.symbols.ty(ty).ok()?.kind {
                TypeKind::Typedef(Some(target)) | TypeKind::Qualified { target: Some(target), .. } => ty = target,
                _ => return Some(ty),
            }
        }
        None
    }
}

/// The type of a literal that meets one of type `other`; `None` for one that only the evaluator knows the size of.
fn adapted(node: &Node, own: IntType, other: IntType) -> Option<IntType> {
    let value = match &node.kind {
        Kind::Integer { value, .. } => *value,
        Kind::Unary(UnaryOp::Negate, operand) => match &operand.kind {
            Kind::Integer { value, .. } => value.checked_neg()?,
            _ => return None,
        },
        _ => return None,
    };
    Some(if other.holds(Int::new(value, own)) { other } else { own })
}

fn extend(ty: IntType) -> Op {
    Op::Extend { bits: ty.bits as u8, signed: ty.signed }
}

/// The address of a variable as a program: a constant, or a Wasm local plus a constant.
///
/// DWARF's expression is evaluated against made-up frames: if its result follows one local (or global) at a constant
/// distance for several values, and no memory is read on the way, it is that sum.
fn address_of(symbols: &Symbols, variable: &Variable, pc: ModulePc) -> Option<Vec<Op>> {
    let mut found = None;
    for base in [0x1_0000_u32, 0x2_0010, 0x7fff_0000] {
        let mut probe = Probe { base, read: None };
        let Ok(Place::Memory(address)) = symbols.locate(variable, pc, &mut probe) else { return None };
        let from = if probe.read.is_some() { i64::from(base) } else { 0 };
        let distance = i64::try_from(address).ok()?.checked_sub(from)?;
        let this = (probe.read, distance);
        if *found.get_or_insert(this) != this {
            return None;
        }
    }
    let (read, distance) = found?;
    match read {
        None => Some(vec![Op::Const(distance)]),
        // An i32 that overflows would wrap in the guest; an address never does.
        Some(op) => Some(vec![op, Op::Const(distance), Op::Add]),
    }
}

/// A frame in which one local or global has a made-up value.
struct Probe {
    base: u32,
    read: Option<Op>,
}

impl Probe {
    fn give(&mut self, op: Op) -> Result<WasmValue, Unavailable> {
        if self.read.is_some_and(|other| other != op) {
            return Err(Unavailable::new("more than one base"));
        }
        self.read = Some(op);
        Ok(WasmValue::I32(self.base.cast_signed()))
    }
}

impl FrameAccess for Probe {
    fn local(&mut self, index: u32) -> Result<WasmValue, Unavailable> {
        self.give(Op::Local(index))
    }

    fn operand(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
        Err(Unavailable::new("not a fixed base"))
    }

    fn global(&mut self, index: u32) -> Result<WasmValue, Unavailable> {
        self.give(Op::Global(index))
    }

    fn memory(&mut self, _: u64, _: &mut [u8]) -> Result<(), Unavailable> {
        Err(Unavailable::new("not a fixed base"))
    }
}
