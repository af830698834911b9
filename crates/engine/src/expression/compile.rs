//! Conditions compiled for the guest's side, where that can be done: integers in memory and locals, arithmetic, comparison
//! and logic. What can't be compiled is evaluated by the engine at each hit, with the same result and more slowly.

use freezeframe_debuggee::{FrameAccess, ModulePc, Op, Program, Unavailable, WasmValue};
use freezeframe_symbols::{Encoding, Place, Symbols, TypeId, TypeKind, Variable};

use super::{BinaryOp, Expression, Node, UnaryOp, names};

/// Compiles a condition for one site; `None` when some of it has no counterpart in a [`Program`].
pub(crate) fn compile(expression: &Expression, symbols: &Symbols, pc: ModulePc) -> Option<Program> {
    let mut compiler = Compiler { symbols, pc, ops: Vec::new() };
    compiler.node(&expression.root)?;
    Program::new(compiler.ops).ok()
}

/// What a subexpression leaves on the stack: an integer of this width and sign.
#[derive(Clone, Copy)]
struct Width {
    bits: u32,
    signed: bool,
    /// It's an address: comparing is all that may be done with it here, as sums would have to be scaled.
    pointer: bool,
}

impl Width {
    const INT: Self = Self { bits: 32, signed: true, pointer: false };
}

/// What an lvalue is: an address on the stack, and the type of what lies there.
struct Lvalue(TypeId);

struct Compiler<'a> {
    symbols: &'a Symbols,
    pc: ModulePc,
    ops: Vec<Op>,
}

impl Compiler<'_> {
    fn node(&mut self, node: &Node) -> Option<Width> {
        match node {
            Node::Integer { value, bits, signed } if *bits <= 64 => {
                self.ops.push(Op::Const(*value as i64));
                Some(Width { bits: *bits, signed: *signed, pointer: false })
            }
            Node::Char(c) => {
                self.ops.push(Op::Const(i64::from(*c as u32)));
                Some(Width::INT)
            }
            Node::Bool(value) => {
                self.ops.push(Op::Const(i64::from(*value)));
                Some(Width::INT)
            }
            Node::Unary(UnaryOp::Not, operand) => {
                self.node(operand)?;
                self.ops.push(Op::Not);
                Some(Width::INT)
            }
            Node::Unary(UnaryOp::Negate, operand) => {
                self.ops.push(Op::Const(0));
                let width = self.node(operand)?.promoted();
                if width.pointer {
                    return None;
                }
                self.ops.push(Op::Sub);
                self.narrow(width);
                Some(width)
            }
            Node::Unary(UnaryOp::Plus, operand) => self.node(operand),
            Node::Binary(op, left, right) => self.binary(*op, left, right),
            Node::Path(path) if self.is_enumerator(path) => {
                let (ty, value) = names::enumerator(self.symbols, &self.symbols.variables(self.pc, 0), path)?;
                let signed = matches!(self.symbols.ty(ty).ok()?.kind, TypeKind::Enumeration { signed: true, .. });
                self.ops.push(Op::Const(i64::try_from(value).ok()?));
                let bits = u32::try_from(self.symbols.ty(ty).ok()?.size?.checked_mul(8)?).ok()?;
                Some(Width { bits, signed, pointer: false })
            }
            Node::Path(_) | Node::Member(..) => self.load(node),
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
        let a = self.node(left)?.promoted();
        // Its operand is known only with the right side; jumps count operators, so that none may be put in between later.
        let extension = self.ops.len();
        self.ops.push(Op::Extend { bits: 64, signed: true });
        let b = self.node(right)?.promoted();
        let compares = matches!(op, BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Ge);
        if (a.pointer || b.pointer) && !compares {
            return None;
        }
        let bits = a.bits.max(b.bits);
        let width =
            Width { bits, signed: (a.signed || a.bits != bits) && (b.signed || b.bits != bits), pointer: false };
        // Both sides in the common width, as the evaluator does: -1 == 0xffffffff must hold in C.
        if !a.same(width) {
            self.ops[extension] = extend(width);
        }
        self.narrow_if(b, width);
        let signed = width.signed;
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
        self.narrow(width);
        Some(width)
    }

    fn comparison(&mut self, ops: &[Op]) -> Option<Width> {
        self.ops.extend_from_slice(ops);
        Some(Width::INT)
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
        Some(Width::INT)
    }

    fn narrow(&mut self, width: Width) {
        self.ops.push(extend(width));
    }

    fn narrow_if(&mut self, from: Width, to: Width) {
        if !from.same(to) {
            self.narrow(to);
        }
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
        Some(Width { bits: u32::from(bytes) * 8, signed, pointer: matches!(ty.kind, TypeKind::Pointer(_)) })
    }

    fn lvalue(&mut self, node: &Node) -> Option<Lvalue> {
        match node {
            Node::Path(name) => {
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
            Node::Member(base, name) => {
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

impl Width {
    fn promoted(self) -> Self {
        if self.bits < 32 { Self::INT } else { self }
    }

    fn same(self, other: Self) -> bool {
        self.bits == other.bits && self.signed == other.signed
    }
}

fn extend(width: Width) -> Op {
    Op::Extend { bits: width.bits as u8, signed: width.signed }
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
