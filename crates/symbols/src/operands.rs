//! Which slots of the operand stack still hold what was pushed there.
//!
//! LLVM's locations on the operand stack go on behind the operator that takes the value from there: by then the slot is
//! gone, or has another value. What is on the stack where is known exactly from the code.
//!
//! Invariant: [`Heights::holds`] says yes only if no operator between the two places takes the slot. Code that can't be
//! followed to there holds nothing.

use wasmparser::{
    BlockType, CompositeInnerType, ContType, FrameKind, FuncType, ModuleArity, Operator, Parser, Payload, RefType,
    SubType, TypeRef,
};

use crate::module::{Body, for_operators};

/// More operators of one function aren't followed.
const MAX_OPERATORS: usize = 1 << 21;
const MAX_DEPTH: usize = 1 << 16;

/// What functions, blocks and exceptions take and give.
#[derive(Debug, Default)]
pub(crate) struct Signatures {
    types: Vec<SubType>,
    functions: Vec<u32>,
    tags: Vec<u32>,
}

impl Signatures {
    /// Reads a binary; one that is damaged up to there.
    pub fn parse(wasm: &[u8]) -> Self {
        let mut signatures = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            let Ok(payload) = payload else { break };
            if let Payload::CodeSectionStart { .. } = payload {
                break;
            }
            if signatures.section(payload).is_err() {
                break;
            }
        }
        signatures
    }

    fn section(&mut self, payload: Payload<'_>) -> wasmparser::Result<()> {
        match payload {
            Payload::TypeSection(groups) => {
                for group in groups {
                    self.types.extend(group?.into_types());
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    match import?.ty {
                        TypeRef::Func(ty) | TypeRef::FuncExact(ty) => self.functions.push(ty),
                        TypeRef::Tag(tag) => self.tags.push(tag.func_type_idx),
                        _ => {}
                    }
                }
            }
            Payload::FunctionSection(functions) => {
                for ty in functions {
                    self.functions.push(ty?);
                }
            }
            Payload::TagSection(tags) => {
                for tag in tags {
                    self.tags.push(tag?.func_type_idx);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// An operator and the stack around it.
#[derive(Clone, Copy, Debug)]
struct Step {
    pc: u32,
    /// How many operands there are before it.
    before: u32,
    /// The lowest that the stack gets while it runs.
    lowest: u32,
}

/// The heights of the operand stack in one function.
#[derive(Debug, Default)]
pub(crate) struct Heights {
    steps: Vec<Step>,
}

impl Heights {
    /// Follows the code of a function, as far as that can be done.
    pub fn of(wasm: &[u8], body: &Body, signatures: &Signatures) -> Self {
        let mut follow = Follow { signatures, open: Vec::new(), height: 0, steps: Vec::new() };
        let ty = signatures.functions.get(body.index as usize).copied().unwrap_or(u32::MAX);
        follow.open.push(Open { ty: BlockType::FuncType(ty), kind: FrameKind::Block, base: 0 });
        for_operators(wasm, body, |pc, operator| follow.step(pc, operator).is_some());
        Self { steps: follow.steps }
    }

    /// Whether a slot that was filled right before `since` still is at `pc`.
    pub fn holds(&self, slot: u32, since: u32, pc: u32) -> bool {
        let first = self.steps.partition_point(|step| step.pc < since);
        let last = self.steps.partition_point(|step| step.pc < pc);
        let at = |step: &Step| step.pc >= pc && step.before > slot;
        let between = self.steps.get(first..last).unwrap_or_default();
        self.steps.get(last).is_some_and(at) && between.iter().all(|step| step.before > slot && step.lowest > slot)
    }
}

struct Open {
    ty: BlockType,
    kind: FrameKind,
    /// The height below which nothing inside can take.
    base: u32,
}

struct Follow<'s> {
    signatures: &'s Signatures,
    open: Vec<Open>,
    height: u32,
    steps: Vec<Step>,
}

impl Follow<'_> {
    /// `None` when the code can't be followed further.
    fn step(&mut self, pc: u32, operator: &Operator<'_>) -> Option<()> {
        if self.steps.len() >= MAX_OPERATORS || self.open.len() >= MAX_DEPTH {
            return None;
        }
        let (takes, gives) = operator.operator_arity(self)?;
        let base = self.open.last()?.base;
        let before = self.height;
        let mut lowest = before.saturating_sub(takes).max(base);
        match operator {
            Operator::Else => {
                let open = self.open.last_mut()?;
                open.kind = FrameKind::Else;
                lowest = base;
                self.height = base.checked_add(gives)?;
            }
            Operator::End => {
                lowest = base;
                self.open.pop()?;
                self.height = base.checked_add(gives)?;
            }
            Operator::Block { blockty } => self.enter(*blockty, FrameKind::Block, lowest, gives)?,
            Operator::Loop { blockty } => self.enter(*blockty, FrameKind::Loop, lowest, gives)?,
            Operator::If { blockty } => self.enter(*blockty, FrameKind::If, lowest, gives)?,
            Operator::TryTable { try_table } => self.enter(try_table.ty, FrameKind::TryTable, lowest, gives)?,
            // Behind these comes code that isn't reached from here.
            Operator::Unreachable
            | Operator::Br { .. }
            | Operator::BrTable { .. }
            | Operator::Return
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef => {
                lowest = base;
                self.height = base;
            }
            // The old exceptions have rules of their own.
            Operator::Try { .. } | Operator::Catch { .. } | Operator::CatchAll | Operator::Delegate { .. } => {
                return None;
            }
            _ => self.height = lowest.checked_add(gives)?,
        }
        self.steps.push(Step { pc, before, lowest });
        Some(())
    }

    fn enter(&mut self, ty: BlockType, kind: FrameKind, base: u32, gives: u32) -> Option<()> {
        self.open.push(Open { ty, kind, base });
        self.height = base.checked_add(gives)?;
        Some(())
    }
}

impl ModuleArity for Follow<'_> {
    fn sub_type_at(&self, ty: u32) -> Option<&SubType> {
        self.signatures.types.get(ty as usize)
    }
    fn tag_type_arity(&self, at: u32) -> Option<(u32, u32)> {
        self.sub_type_arity(self.sub_type_at(*self.signatures.tags.get(at as usize)?)?)
    }
    fn type_index_of_function(&self, function: u32) -> Option<u32> {
        self.signatures.functions.get(function as usize).copied()
    }
    fn func_type_of_cont_type(&self, ty: &ContType) -> Option<&FuncType> {
        match &self.sub_type_at(ty.0.as_module_index()?)?.composite_type.inner {
            CompositeInnerType::Func(ty) => Some(ty),
            _ => None,
        }
    }
    fn sub_type_of_ref_type(&self, ty: &RefType) -> Option<&SubType> {
        self.sub_type_at(ty.type_index()?.as_module_index()?)
    }
    fn control_stack_height(&self) -> u32 {
        u32::try_from(self.open.len()).unwrap_or(u32::MAX)
    }
    fn label_block(&self, depth: u32) -> Option<(BlockType, FrameKind)> {
        let open = self.open.get(self.open.len().checked_sub(1 + depth as usize)?)?;
        Some((open.ty, open.kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::Module;

    #[test]
    fn a_slot_holds_until_it_is_taken() {
        // (func (param i32) (result i32)
        //   0: i32.const 7   2: i32.const 8   4: local.set 0   6: block (i32.const 9; drop) end   12: local.get 0
        //   14: i32.add  15: i32.const 5  17: i32.add  18: end)
        let code = [0x41, 7, 0x41, 8, 0x21, 0, 0x02, 0x40, 0x41, 9, 0x1a, 0x0b, 0x20, 0, 0x6a, 0x41, 5, 0x6a, 0x0b];
        let mut wasm = b"\0asm\x01\0\0\0\x01\x06\x01\x60\x01\x7f\x01\x7f\x03\x02\x01\0\x0a".to_vec();
        wasm.extend([code.len() as u8 + 3, 1, code.len() as u8 + 1, 0]);
        wasm.extend(code);
        let module = Module::parse(&wasm).expect("a module");
        let [body] = module.bodies[..] else { panic!("one body") };
        let heights = Heights::of(&wasm, &body, &Signatures::parse(&wasm));
        let start = body.first_operator;
        let holds = |slot, since: u32, pc: u32| heights.holds(slot, start + since, start + pc);
        assert!(holds(0, 2, 2) && holds(0, 2, 4) && holds(0, 2, 14), "also over a block that uses slots above");
        assert!(holds(1, 4, 4) && !holds(1, 4, 6), "taken");
        assert!(!holds(1, 4, 10), "another value is in its slot by then");
        assert!(!holds(0, 2, 15), "taken and filled again by one operator");
        assert!(!holds(0, 0, 0) && !holds(0, 0, 4), "not there yet");
        assert!(holds(0, 15, 15) && !holds(0, 15, 18), "the sum, until it's added to");
        assert!(!holds(0, 2, 100) && !Heights::default().holds(0, 2, 4), "code that isn't known");
    }
}
