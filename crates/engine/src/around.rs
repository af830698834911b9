//! Instructions around a place, and the calls on a line: for views that scroll, and for choosing where to step.

use freezeframe_debuggee::{DebuggeeId, ModuleId, ModulePc};

use crate::{Debugger, EngineError, Instruction, code::Flow, disassemble, target::lookup_pc};

/// Names a core module's binary, whichever debuggees run it. Stable for the debugger's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeId(pub u32);

impl CodeId {
    /// An address for a place in it, among those of all others: the offset in the binary, above it the number.
    pub fn address(self, pc: ModulePc) -> u64 {
        u64::from(self.0) << 32 | u64::from(pc.0)
    }

    /// The place of an address.
    pub fn of_address(address: u64) -> (Self, ModulePc) {
        (Self((address >> 32) as u32), ModulePc(address as u32))
    }
}

/// An instruction in a list that goes over the ends of functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedInstruction {
    /// It.
    pub instruction: Instruction,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The function that it belongs to.
    pub function: String,
}

/// A function that is called on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallOnLine {
    /// Its name.
    pub function: String,
    /// Where the call is.
    pub pc: ModulePc,
    /// The line, from 1, and the column, 0 when it isn't known.
    pub at: (u32, u32),
}

impl Debugger {
    /// The binary that a module of a debuggee was loaded from.
    ///
    /// # Errors
    /// [`EngineError::NoDebuggee`]; no such module.
    pub fn code_of(&mut self, id: DebuggeeId, module: ModuleId) -> Result<CodeId, EngineError> {
        let module = self.target(id)?.module(module);
        module.map(|module| module.id).ok_or(EngineError::Internal("an unknown module"))
    }

    /// The module of a debuggee that was loaded from a binary, if there's one.
    ///
    /// # Errors
    /// [`EngineError::NoDebuggee`].
    pub fn module_of(&mut self, id: DebuggeeId, code: CodeId) -> Result<Option<ModuleId>, EngineError> {
        let mut modules = (0_u32..).zip(&self.target(id)?.modules);
        Ok(modules.find(|(_, module)| module.id == code).map(|(index, _)| ModuleId(index)))
    }

    /// The instructions from `before` of them before a place to `after` behind it, the one there included, and how many of them
    /// are before it; fewer where the code of the module ends. A place inside of an instruction stands for the next one.
    ///
    /// # Errors
    /// No function has code there; a module that can't be printed.
    pub fn instructions_around(
        &mut self,
        id: DebuggeeId,
        module: ModuleId,
        pc: ModulePc,
        before: usize,
        after: usize,
    ) -> Result<(Vec<ListedInstruction>, usize), EngineError> {
        let none = || EngineError::Expression(format!("no function has code at {pc}"));
        let loaded = self.target(id)?.module(module).ok_or_else(none)?;
        let functions = loaded.symbols.functions();
        // Functions are in the order of their code.
        let here = functions.iter().position(|f| f.range.contains(&pc)).ok_or_else(none)?;
        let listed = |at: usize| -> Result<Vec<ListedInstruction>, EngineError> {
            let Some(function) = functions.get(at) else { return Ok(Vec::new()) };
            let instructions = disassemble::function(&loaded.code, &loaded.symbols, function)?;
            let ends = instructions.iter().skip(1).map(|i| i.pc).chain([function.range.end]);
            let ends: Vec<ModulePc> = ends.collect();
            let bytes = |from: ModulePc, to: ModulePc| loaded.code.bytes().get(from.0 as usize..to.0 as usize);
            let all = instructions.into_iter().zip(ends).map(|(instruction, end)| ListedInstruction {
                bytes: bytes(instruction.pc, end).unwrap_or_default().to_vec(),
                function: function.name().to_owned(),
                instruction,
            });
            Ok(all.collect())
        };
        let mut list = listed(here)?;
        let mut index = list.iter().position(|i| i.instruction.pc >= pc).unwrap_or(list.len());
        let mut first = here;
        while index < before && first > 0 {
            first -= 1;
            let mut earlier = listed(first)?;
            index += earlier.len();
            earlier.append(&mut list);
            list = earlier;
        }
        let mut last = here;
        while list.len() - index < after && last + 1 < functions.len() {
            last += 1;
            list.extend(listed(last)?);
        }
        let skip = index.saturating_sub(before);
        let list = list.into_iter().skip(skip).take(index - skip + after).collect();
        Ok((list, index - skip))
    }

    /// The functions that are called from the innermost frame's line, from its place on, in the order of their calls. Calls
    /// through tables and references are left out: who is called isn't known before.
    ///
    /// # Errors
    /// It must be stopped at a frame.
    pub fn calls_on_line(&mut self, id: DebuggeeId) -> Result<Vec<CallOnLine>, EngineError> {
        let target = self.target(id)?;
        let frame = target.frame(0)?;
        let Some(module) = target.module(frame.module) else { return Ok(Vec::new()) };
        let symbols = &module.symbols;
        let Some(here) = symbols.location(lookup_pc(&frame)) else { return Ok(Vec::new()) };
        let mut calls: Vec<CallOnLine> = Vec::new();
        for operator in module.code.operators(frame.function).iter().filter(|operator| operator.pc >= frame.pc) {
            let Flow::Call(callee) = operator.flow else { continue };
            let at = symbols.location(operator.pc).filter(|at| at.file == here.file && at.line == here.line);
            let (Some(at), Some(function)) = (at, symbols.function_by_index(callee)) else { continue };
            // Where there's no source nobody wants to stop.
            if function.has_dwarf && !calls.iter().any(|call| call.function == function.name()) {
                let at = (at.line, at.column);
                calls.push(CallOnLine { function: function.name().to_owned(), pc: operator.pc, at });
            }
        }
        Ok(calls)
    }
}
