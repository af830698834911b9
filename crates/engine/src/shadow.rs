//! The shadow stack, where compiled programs keep the variables whose address is taken: where each frame of it lies when no
//! Wasm local can be read.
//!
//! DWARF finds such a variable from a *frame base*, a Wasm local that holds what the stack pointer was after the function's
//! prologue. At native speed locals can't be read, but the stack pointer can, it's a global. What a function has done to it
//! is written in its code: the prologue subtracts a constant, the epilogue adds it again. So the bases follow from the
//! pointer, from the innermost frame outwards.
//!
//! Invariant: a base is given only if the whole body bears it out: the pointer is moved in the function's first straight
//! line, by a constant, and every later change of it is back to where it was or to where it is. Anything else (`alloca`,
//! arrays of variable length, over-aligned frames) is unknown, with the reason, and so is then every frame further out.

use std::{collections::HashMap, ops::Range};

use freezeframe_debuggee::ModulePc;
use wasmparser::Operator;

use crate::code::Code;

/// What a function does with the stack pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShadowFrame {
    /// By how much its prologue moves the pointer down.
    pub size: u32,
    /// Where the pointer stands moved, by pc; not in the prologue, nor behind an epilogue.
    moved: Vec<Range<u32>>,
    /// Locals that hold the pointer as it was at the entry, plus a constant, from a pc on to the end of the function.
    locals: Vec<(u32, i64, u32)>,
}

impl ShadowFrame {
    fn is_moved(&self, pc: ModulePc) -> bool {
        self.moved.iter().any(|range| range.contains(&pc.0))
    }

    /// The pointer when the function was entered, from where it stands now.
    pub(crate) fn at_entry(&self, pointer: u32, pc: ModulePc) -> u32 {
        if self.is_moved(pc) { pointer.wrapping_add(self.size) } else { pointer }
    }

    /// What a local holds at `pc`; `None` if it's none of those, `Some(None)` if it doesn't hold it yet.
    pub(crate) fn local(&self, local: u32, at_entry: u32, pc: ModulePc) -> Option<Option<u32>> {
        let (_, offset, since) = self.locals.iter().find(|(index, ..)| *index == local)?;
        let value = i64::from(at_entry).wrapping_add(*offset);
        // Addresses wrap as the guest's own arithmetic does.
        Some((pc.0 >= *since).then_some((value & 0xffff_ffff) as u32))
    }
}

/// A value as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    /// The stack pointer at the entry, plus so much.
    Pointer(i64),
    Number(i32),
    Unknown,
}

impl Value {
    fn plus(self, other: Self, sign: i64) -> Self {
        match (self, other) {
            (Self::Pointer(at), Self::Number(n)) => Self::Pointer(at.saturating_add(sign * i64::from(n))),
            (Self::Number(n), Self::Pointer(at)) if sign > 0 => Self::Pointer(at.saturating_add(i64::from(n))),
            (Self::Number(a), Self::Number(b)) => {
                Self::Number(if sign > 0 { a.wrapping_add(b) } else { a.wrapping_sub(b) })
            }
            _ => Self::Unknown,
        }
    }
}

/// What is known on the way through a body.
struct Walk {
    pointer: u32,
    stack: Vec<Value>,
    locals: HashMap<u32, Value>,
    /// How often each local is assigned in the whole body.
    assigned: HashMap<u32, u32>,
    /// Nothing has branched yet: what is done here is done on every way through the function.
    straight: bool,
    /// By how much the prologue has moved the pointer, once it has.
    size: Option<i64>,
    /// Since where the pointer stands moved, while it does.
    since: Option<u32>,
    /// An epilogue lies behind, and no branch between.
    restored: bool,
    /// The pointer was just written: it stands there from the next operator on.
    written: Option<bool>,
    moved: Vec<Range<u32>>,
    found: Vec<(u32, i64, u32)>,
    pending: Option<(u32, i64)>,
    odd: Option<&'static str>,
}

/// What `function` does with the stack pointer, the global `pointer`.
///
/// # Errors
/// Why that can't be said.
pub(crate) fn shadow_frame(code: &Code, function: u32, pointer: u32) -> Result<ShadowFrame, &'static str> {
    let mut assigned: HashMap<u32, u32> = HashMap::new();
    code.each_operator(function, |_, operator| {
        if let Operator::LocalSet { local_index } | Operator::LocalTee { local_index } = operator {
            *assigned.entry(*local_index).or_default() += 1;
        }
    });
    let mut walk = Walk {
        pointer,
        stack: Vec::new(),
        locals: HashMap::new(),
        assigned,
        straight: true,
        size: None,
        since: None,
        restored: false,
        written: None,
        moved: Vec::new(),
        found: Vec::new(),
        pending: None,
        odd: None,
    };
    let mut end = 0;
    code.each_operator(function, |pc, operator| {
        walk.arrive(pc.0);
        walk.step(operator);
        end = pc.0;
    });
    walk.arrive(end.saturating_add(1));
    if let Some(since) = walk.since.take() {
        walk.moved.push(since..u32::MAX);
    }
    if let Some(why) = walk.odd {
        return Err(why);
    }
    let size =
        u32::try_from(walk.size.unwrap_or(0)).map_err(|_| "its prologue moves the stack pointer the wrong way")?;
    Ok(ShadowFrame { size, moved: walk.moved, locals: walk.found })
}

impl Walk {
    fn pop(&mut self) -> Value {
        self.stack.pop().unwrap_or(Value::Unknown)
    }

    /// Where the pointer stands, seen from the entry.
    fn here(&self) -> i64 {
        match self.size {
            Some(size) if !self.restored => -size,
            _ => 0,
        }
    }

    /// What the operator before has done holds from here on.
    fn arrive(&mut self, pc: u32) {
        match self.written.take() {
            Some(true) => self.since = Some(pc),
            Some(false) => self.moved.extend(self.since.take().map(|since| since..pc)),
            None => {}
        }
        if let Some((local, at)) = self.pending.take() {
            self.found.push((local, at, pc));
        }
    }

    /// A branch, or a place that is branched to: what was true before need not be any more.
    fn branch(&mut self) {
        self.stack.clear();
        let found = &self.found;
        self.locals.retain(|local, _| found.iter().any(|(index, ..)| index == local));
        self.straight = false;
        if std::mem::take(&mut self.restored) {
            self.written = Some(true);
        }
    }

    fn assign(&mut self, local: u32, value: Value) {
        self.locals.insert(local, value);
        if let (Value::Pointer(at), true, Some(1)) = (value, self.straight, self.assigned.get(&local)) {
            self.pending = Some((local, at));
        }
    }

    fn write_pointer(&mut self, value: Value) {
        match value {
            Value::Pointer(at) if self.size.is_none() && self.straight && at < 0 => {
                self.size = Some(-at);
                self.written = Some(true);
            }
            Value::Pointer(0) if self.size.is_some() => {
                self.restored = true;
                self.written = Some(false);
            }
            Value::Pointer(at) if at == self.here() => {}
            Value::Pointer(_) if self.size.is_none() => {
                self.odd = Some("its stack frame isn't set up at its beginning")
            }
            _ => {
                self.odd = Some(
                    "it moves its stack pointer as it runs (an array of variable length, `alloca`, or an aligned variable)",
                );
            }
        }
    }

    fn step(&mut self, operator: &Operator<'_>) {
        match *operator {
            Operator::GlobalGet { global_index } => {
                let value = if global_index == self.pointer { Value::Pointer(self.here()) } else { Value::Unknown };
                self.stack.push(value);
            }
            Operator::GlobalSet { global_index } => {
                let value = self.pop();
                if global_index == self.pointer {
                    self.write_pointer(value);
                }
            }
            Operator::LocalGet { local_index } => {
                let value = self.locals.get(&local_index).copied().unwrap_or(Value::Unknown);
                self.stack.push(value);
            }
            Operator::LocalSet { local_index } => {
                let value = self.pop();
                self.assign(local_index, value);
            }
            Operator::LocalTee { local_index } => {
                let value = self.pop();
                self.assign(local_index, value);
                self.stack.push(value);
            }
            Operator::I32Const { value } => self.stack.push(Value::Number(value)),
            Operator::I32Add | Operator::I32Sub => {
                let (right, left) = (self.pop(), self.pop());
                self.stack.push(left.plus(right, if matches!(operator, Operator::I32Add) { 1 } else { -1 }));
            }
            // Nothing jumps to where a block begins.
            Operator::Block { .. } | Operator::Nop => {}
            Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Else
            | Operator::End
            | Operator::Br { .. }
            | Operator::BrIf { .. }
            | Operator::BrTable { .. }
            | Operator::Return
            | Operator::Unreachable
            | Operator::TryTable { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef
            | Operator::Try { .. }
            | Operator::Catch { .. }
            | Operator::CatchAll
            | Operator::Rethrow { .. }
            | Operator::Delegate { .. }
            | Operator::BrOnNull { .. }
            | Operator::BrOnNonNull { .. }
            | Operator::BrOnCast { .. }
            | Operator::BrOnCastFail { .. }
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. } => self.branch(),
            // Whatever it takes and gives isn't the pointer.
            _ => self.stack.clear(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SP: u32 = 0;

    fn code(body: &str) -> Code {
        let text = format!(
            "(module (memory 1) (global $sp (mut i32) (i32.const 65536)) (global $other (mut i32) (i32.const 0))
                (func $callee) (func $f (param $p i32) (result i32)
                    (local $a i32) (local $b i32) (local $c i32) (local $d i32) {body}))"
        );
        Code::parse(wat::parse_str(text).unwrap().into()).unwrap()
    }

    fn frame(body: &str) -> Result<ShadowFrame, &'static str> {
        shadow_frame(&code(body), 1, SP)
    }

    /// The pcs of all operators of the function.
    fn pcs(code: &Code) -> Vec<u32> {
        let mut all = Vec::new();
        code.each_operator(1, |pc, _| all.push(pc.0));
        all
    }

    /// What clang writes without optimisation.
    const UNOPTIMISED: &str = "global.get $sp  local.set $a  i32.const 32  local.set $b  local.get $a  local.get $b
        i32.sub  local.set $c  local.get $c  global.set $sp
        local.get $c  local.get $p  i32.store offset=12  call $callee
        local.get $c  i32.load offset=12
        i32.const 32  local.set $d  local.get $c  local.get $d  i32.add  global.set $sp  return";

    #[test]
    fn an_unoptimised_function() {
        let code = code(UNOPTIMISED);
        let frame = shadow_frame(&code, 1, SP).unwrap();
        let pcs = pcs(&code);
        assert_eq!(frame.size, 32);
        // Local 3 is the base, local 1 what the pointer was.
        let at = |n: usize| ModulePc(pcs[n]);
        // Nothing comes to the `end` behind the `return`.
        for (n, pc) in pcs.iter().enumerate().take(23) {
            let (pointer, entry) = if (10..22).contains(&n) { (65504, 65536) } else { (65536, 65536) };
            assert_eq!(frame.at_entry(pointer, ModulePc(*pc)), entry, "operator {n}");
        }
        assert_eq!(frame.local(3, 65536, at(7)), Some(None));
        assert_eq!(frame.local(3, 65536, at(8)), Some(Some(65504)));
        assert_eq!(frame.local(3, 65536, at(22)), Some(Some(65504)));
        assert_eq!(frame.local(1, 65536, at(10)), Some(Some(65536)));
        assert_eq!((frame.local(0, 65536, at(10)), frame.local(2, 65536, at(10))), (None, None));
    }

    /// What rustc and optimising compilers write, with more than one way out.
    #[test]
    fn several_epilogues() {
        let code = code(
            "global.get $sp  i32.const 16  i32.sub  local.tee $a  global.set $sp
             block  local.get $p  br_if 0
               local.get $a  i32.const 16  i32.add  global.set $sp  i32.const 1  return
             end
             call $callee
             local.get $a  i32.const 16  i32.add  global.set $sp  i32.const 2",
        );
        let frame = shadow_frame(&code, 1, SP).unwrap();
        let pcs = pcs(&code);
        let moved: Vec<usize> = (0..pcs.len()).filter(|n| frame.is_moved(ModulePc(pcs[*n]))).collect();
        // Not in the prologue, not from an epilogue to where its way ends, and again from there on.
        let expected: Vec<usize> = (5..12).chain(14..20).chain([]).collect();
        assert_eq!((frame.size, moved), (16, expected));
    }

    #[test]
    fn leaves_and_functions_without_a_frame() {
        // A leaf doesn't tell anybody where its frame is.
        let leaf = frame("global.get $sp  i32.const 16  i32.sub  local.set $a  local.get $a  i32.load").unwrap();
        assert_eq!((leaf.size, leaf.at_entry(1000, ModulePc(u32::MAX - 1))), (0, 1000));
        assert_eq!(leaf.local(1, 1000, ModulePc(u32::MAX - 1)), Some(Some(984)));
        let none = frame("call $callee  i32.const 4  global.set $other  i32.const 1").unwrap();
        assert_eq!((none.size, none.moved.len(), none.locals.len()), (0, 0, 0));
    }

    #[test]
    fn what_is_not_certain_is_unknown() {
        // A variable-length array.
        let array = "global.get $sp  i32.const 16  i32.sub  local.tee $a  global.set $sp
            global.get $sp  local.get $p  i32.sub  global.set $sp  i32.const 1";
        // An aligned variable.
        let aligned = "global.get $sp  i32.const 64  i32.sub  i32.const -64  i32.and  local.tee $a  global.set $sp
            i32.const 1";
        // A frame of one of two ways.
        let wrapped =
            "local.get $p  if  global.get $sp  i32.const 16  i32.sub  local.tee $a  global.set $sp  call $callee
            local.get $a  i32.const 16  i32.add  global.set $sp  end  i32.const 1";
        // A second, different move.
        let twice = "global.get $sp  i32.const 16  i32.sub  global.set $sp
            global.get $sp  i32.const 8  i32.sub  global.set $sp  i32.const 1";
        // Upwards.
        let upwards = "global.get $sp  i32.const 16  i32.add  global.set $sp  i32.const 1";
        for body in [array, aligned, wrapped, twice, upwards] {
            assert!(frame(body).is_err(), "{body}: {:?}", frame(body));
        }
    }

    #[test]
    fn locals_that_change_are_not_given() {
        let twice = frame(
            "global.get $sp  i32.const 16  i32.sub  local.tee $a  global.set $sp  local.get $p  local.set $a
             global.get $sp  i32.const 16  i32.add  global.set $sp  i32.const 1",
        );
        assert_eq!(twice.unwrap().locals, []);
        let on_one_way =
            frame("local.get $p  if  global.get $sp  i32.const 4  i32.sub  local.set $a  end  local.get $a");
        assert_eq!(on_one_way.unwrap().locals, []);
    }

    /// An exception handler puts the pointer back to where the function has it.
    #[test]
    fn a_handler_restores_the_pointer() {
        let handler = "global.get $sp  i32.const 16  i32.sub  local.tee $a  global.set $sp
            block  try_table (catch_all 0)  call $callee  end  end  local.get $a  global.set $sp  call $callee
            local.get $a  i32.const 16  i32.add  global.set $sp  i32.const 1";
        assert_eq!(frame(handler).map(|frame| frame.size), Ok(16));
    }

    #[test]
    fn hostile_bodies_end() {
        assert!(frame("global.set $sp (local.get $p) i32.const 0").is_err());
        let min = "global.get $sp  i32.const -2147483648  i32.sub  global.set $sp  i32.const 0";
        assert!(frame(min).is_err());
        let max = "global.get $sp  i32.const 2147483647  i32.sub  global.set $sp  i32.const 0";
        assert_eq!(frame(max).map(|frame| frame.size), Ok(0x7fff_ffff));
    }
}
