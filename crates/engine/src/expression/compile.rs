//! Conditions compiled for the guest's side, where that can be done: integers in memory and locals, arithmetic, comparison
//! and logic. What can't be compiled is evaluated by the engine at each hit, with the same result and more slowly.

use freezeframe_debuggee::{FrameAccess, ModulePc, Op, Program, Unavailable, WasmValue};
use freezeframe_symbols::{Encoding, Place, Symbols, TypeId, TypeKind, Variable};

use super::{
    BinaryOp, Expression, Kind, Node, UnaryOp,
    arithmetic::{Int, IntType, Rules},
    names,
    operators::untyped,
};

/// Compiles a condition for one site; `None` when some of it has no counterpart in a [`Program`].
pub(crate) fn compile(expression: &Expression, symbols: &Symbols, pc: ModulePc) -> Option<Program> {
    let language = symbols.frames_at(pc).first().map(|frame| frame.language).unwrap_or_default();
    let mut compiler = Compiler { symbols, pc, rules: Rules::of(language), ops: Vec::new() };
    compiler.node(expression.tree(language))?;
    Program::new(compiler.ops).ok()
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
    /// It's an address: comparing is all that may be done with it here, as sums would have to be scaled.
    Pointer,
}

impl Width {
    const TRUTH: Self = Self { ty: IntType { bits: 8, signed: false }, kind: WidthKind::Truth };

    fn number(bits: u32, signed: bool) -> Self {
        Self { ty: IntType { bits, signed }, kind: WidthKind::Number }
    }
}

/// What an lvalue is: an address on the stack, and the type of what lies there.
struct Lvalue(TypeId);

struct Compiler<'a> {
    symbols: &'a Symbols,
    pc: ModulePc,
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
            Kind::Unary(UnaryOp::Not, operand) => {
                let width = self.node(operand)?;
                // Rust's `!` of a number turns its bits round.
                if self.rules == Rules::Rust && width.kind == WidthKind::Number {
                    return None;
                }
                self.ops.push(Op::Not);
                Some(Width::TRUTH)
            }
            Kind::Unary(UnaryOp::Negate, operand) => {
                self.ops.push(Op::Const(0));
                let width = self.node(operand)?;
                if width.kind == WidthKind::Pointer {
                    return None;
                }
                let ty = width.ty.promoted(self.rules);
                self.ops.push(Op::Sub);
                self.ops.push(extend(ty));
                Some(Width { ty, kind: WidthKind::Number })
            }
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
            Kind::Path(_) | Kind::Member(..) => self.load(node),
            _ => None,
        }
    }

    /// Whether a name can only be an enumerator.
    fn is_enumerator(&self, path: &str) -> bool {
        self.symbols.variables(self.pc, 0).iter().all(|v| v.name != path && v.name != "this" && v.name != "self")
            && names::global(self.symbols, self.pc, path).is_none()
    }

    fn binary(&mut self, op: BinaryOp, left: &Node, right: &Node) -> Option<Width> {
        if let BinaryOp::And | BinaryOp::Or = op {
            return self.logic(op, left, right);
        }
        // The machine has only `<`: a > b is b < a.
        match op {
            BinaryOp::Gt => return self.binary(BinaryOp::Lt, right, left),
            BinaryOp::Le => return self.binary(BinaryOp::Ge, right, left),
            _ => {}
        }
        let a = self.node(left)?;
        // Its operand is known only with the right side; jumps count operators, so that none may be put in between later.
        let extension = self.ops.len();
        self.ops.push(Op::Extend { bits: 64, signed: true });
        let b = self.node(right)?;
        let compares = matches!(op, BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Ge);
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
            BinaryOp::Ge => return self.comparison(&[Op::Lt { signed }, Op::Not]),
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
        self.node(left)?;
        self.ops.push(Op::Not);
        if op == BinaryOp::And {
            self.ops.push(Op::Not);
        }
        self.ops.push(Op::Dup);
        let jump = self.ops.len();
        self.ops.push(Op::JumpIfZero(0));
        self.ops.push(Op::Drop);
        self.node(right)?;
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

    /// The integer that lies where a path leads.
    fn load(&mut self, node: &Node) -> Option<Width> {
        let Lvalue(ty) = self.lvalue(node)?;
        let ty = self.strip(ty)?;
        let ty = self.symbols.ty(ty).ok()?;
        let signed = match &ty.kind {
            TypeKind::Base(Encoding::Signed | Encoding::SignedChar) => true,
            TypeKind::Base(Encoding::Unsigned | Encoding::UnsignedChar | Encoding::Bool | Encoding::Utf) => false,
            TypeKind::Enumeration { signed, .. } => *signed,
            TypeKind::Pointer(_) => false,
            _ => return None,
        };
        let bytes = u8::try_from(ty.size.or_else(|| matches!(ty.kind, TypeKind::Pointer(_)).then_some(4))?).ok()?;
        if !matches!(bytes, 1 | 2 | 4 | 8) {
            return None;
        }
        self.ops.push(Op::Load { bytes, signed });
        let kind = match &ty.kind {
            TypeKind::Pointer(_) => WidthKind::Pointer,
            TypeKind::Base(Encoding::Bool) => WidthKind::Truth,
            // A `char` of Rust is no number there.
            TypeKind::Base(Encoding::Utf) if self.rules == Rules::Rust => return None,
            _ => WidthKind::Number,
        };
        Some(Width { ty: IntType { bits: u32::from(bytes) * 8, signed }, kind })
    }

    fn lvalue(&mut self, node: &Node) -> Option<Lvalue> {
        match &node.kind {
            Kind::Path(name) => {
                let variables = self.symbols.variables(self.pc, 0);
                let variable = variables.iter().enumerate().filter(|(_, v)| v.name == *name);
                let variable = variable.max_by_key(|(i, v)| (v.depth, *i)).map(|(_, v)| v.clone());
                // Inside a method a name may be the object's member before it is a global.
                let method = variables.iter().any(|v| v.name == "this" || v.name == "self");
                let global = || names::global(self.symbols, self.pc, name).filter(|_| !method);
                let variable = variable.or_else(global)?;
                self.ops.extend(address_of(self.symbols, &variable, self.pc)?);
                Some(Lvalue(variable.ty?))
            }
            Kind::Member(base, name) => {
                let Lvalue(ty) = self.lvalue(base)?;
                let mut ty = self.strip(ty)?;
                if let TypeKind::Pointer(Some(target)) = self.symbols.ty(ty).ok()?.kind {
                    self.ops.push(Op::Load { bytes: 4, signed: false });
                    ty = self.strip(target)?;
                }
                let record = self.symbols.ty(ty).ok()?;
                let TypeKind::Record(record) = &record.kind else { return None };
                let member = record.members.iter().find(|m| m.name.as_deref() == Some(name) && m.bits.is_none())?;
                self.ops.extend([Op::Const(i64::try_from(member.offset).ok()?), Op::Add]);
                Some(Lvalue(member.ty))
            }
            _ => None,
        }
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
