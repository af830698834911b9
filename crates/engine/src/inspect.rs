//! Looking at a stopped debuggee, and changing it: stack, variables, expressions, memory, the Wasm machine.

use freezeframe_debuggee::{Answer, DebuggeeId, ModuleId, ModulePc, Query, WasmValue};
use freezeframe_symbols::{Variable, VariableKind};

use crate::{
    Debugger, EngineError, Format, Limits, LocationSpec, Shown, SourcePosition, StackFrame,
    breakpoints::{bind, not_found},
    disassemble::{self, Instruction},
    expression::{Expression, is_convenience},
    type_text,
    values::{Context, Storage, Value, ValueOptions, ValueType},
};

/// The state of the Wasm machine in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WasmState {
    /// The function's index.
    pub function: u32,
    /// Where it is.
    pub pc: ModulePc,
    /// Locals with their names, if the name section has them.
    pub locals: Result<Vec<(Option<String>, WasmValue)>, String>,
    /// The operand stack, bottom first.
    pub operands: Result<Vec<WasmValue>, String>,
    /// Globals: name, value, whether it can be changed.
    pub globals: Vec<(Option<String>, Result<WasmValue, String>, bool)>,
    /// The sizes of the memories in bytes.
    pub memories: Vec<u64>,
}

/// A function, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionInfo {
    /// Its module.
    pub module: ModuleId,
    /// Its name.
    pub name: String,
    /// Its index in the module.
    pub index: u32,
    /// Where it's declared.
    pub declared: Option<SourcePosition>,
    /// Where its code begins.
    pub start: ModulePc,
    /// Whether DWARF describes it.
    pub has_dwarf: bool,
}

impl Debugger {
    /// The stack, innermost first: at least the innermost `limit` Wasm frames and what was inlined into them. `true`: there
    /// is more.
    ///
    /// # Errors
    /// [`EngineError::NoStack`] before the guest's first operator; it must be stopped.
    pub fn stack(&mut self, id: DebuggeeId, limit: u32) -> Result<(Vec<StackFrame>, bool), EngineError> {
        let target = self.target(id)?;
        let stack = target.stack(limit)?;
        let more = target.frames(limit.saturating_add(1))?.len() > limit as usize;
        Ok((stack, more))
    }

    /// One frame of the stack.
    ///
    /// # Errors
    /// [`EngineError::NoFrame`]; as for [`stack`](Self::stack).
    pub fn frame(&mut self, id: DebuggeeId, index: usize) -> Result<StackFrame, EngineError> {
        self.target(id)?.stack_frame(index)
    }

    pub(crate) fn context(&mut self, id: DebuggeeId, frame: Option<usize>) -> Result<Context<'_>, EngineError> {
        let target = self.target(id)?;
        match frame {
            Some(index) => {
                let frame = target.stack_frame(index)?;
                Context::in_frame(target, frame)
            }
            None => Context::outside(target),
        }
    }

    /// The parameters of a frame, in order.
    ///
    /// # Errors
    /// As for [`frame`](Self::frame). A parameter that can't be read is shown as such.
    pub fn arguments(&mut self, id: DebuggeeId, frame: usize, limits: Limits) -> Result<Vec<Shown>, EngineError> {
        self.variables(id, frame, limits, |v| v.kind == VariableKind::Parameter)
    }

    /// The variables of a frame without its parameters: of two with one name, the one that is seen comes first.
    ///
    /// # Errors
    /// As for [`frame`](Self::frame). A variable that can't be read is shown as such.
    pub fn locals(&mut self, id: DebuggeeId, frame: usize, limits: Limits) -> Result<Vec<Shown>, EngineError> {
        self.variables(id, frame, limits, |v| v.kind != VariableKind::Parameter && !v.artificial)
    }

    fn variables(
        &mut self,
        id: DebuggeeId,
        frame: usize,
        limits: Limits,
        wanted: impl Fn(&Variable) -> bool,
    ) -> Result<Vec<Shown>, EngineError> {
        let mut context = self.context(id, Some(frame))?;
        let mut variables = context.variables_in_scope();
        variables.retain(|v| wanted(v) && !v.name.is_empty());
        // Inner blocks first, so that a shadowed variable comes after what hides it.
        variables.sort_by_key(|v| std::cmp::Reverse(v.depth));
        Ok(variables
            .iter()
            .map(|variable| {
                let value = context.variable(variable);
                context.shown(&variable.name, &value, limits)
            })
            .collect())
    }

    /// Variables outside of functions whose name contains `filter`.
    ///
    /// # Errors
    /// It must be stopped.
    pub fn globals(
        &mut self,
        id: DebuggeeId,
        frame: Option<usize>,
        filter: Option<&str>,
        limits: Limits,
    ) -> Result<Vec<Shown>, EngineError> {
        let mut context = self.context(id, frame)?;
        let mut globals = context.symbols.globals();
        globals.retain(|v| filter.is_none_or(|filter| v.name.contains(filter)));
        Ok(globals
            .iter()
            .map(|variable| {
                let value = context.variable(variable);
                context.shown(&variable.name, &value, limits)
            })
            .collect())
    }

    /// What the function returned whose `finish` ended with this stop; `None` for no value, for one that is passed through
    /// memory, and at any other stop.
    ///
    /// # Errors
    /// It must be stopped.
    pub fn returned(&mut self, id: DebuggeeId, limits: Limits) -> Result<Option<Shown>, EngineError> {
        let target = self.target(id)?;
        let Some((module, function)) = target.returned else { return Ok(None) };
        let Some(symbols) = target.module(module).map(|m| m.symbols.clone()) else { return Ok(None) };
        let Some(function) = symbols.function_by_index(function) else { return Ok(None) };
        let Some(ty) = symbols.return_type(function.id).map(ValueType::Named) else { return Ok(None) };
        let top = target.operands(0).ok().and_then(|operands| operands.last().and_then(WasmValue::bytes));
        let mut context = Context::outside_in(target, module)?;
        context.language = function.language;
        let scalar = context.scalar_kind(&ty).is_some();
        let Some(bytes) = top.filter(|bytes| scalar && context.size(&ty).is_some_and(|s| s as usize <= bytes.len()))
        else {
            return Ok(None);
        };
        let value = Value { ty, storage: Storage::Bytes { bytes, origin: "it is a returned value" }, bits: None };
        Ok(Some(context.shown(function.name(), &value, limits)))
    }

    /// Evaluates an expression and shows its value. Without a frame only globals, types and Wasm globals are known.
    ///
    /// # Errors
    /// What is wrong with the expression.
    pub fn evaluate(
        &mut self,
        id: DebuggeeId,
        frame: Option<usize>,
        text: &str,
        format: Format,
        limits: Limits,
    ) -> Result<Shown, EngineError> {
        let expression = Expression::parse(text)?;
        let mut context = self.context(id, frame)?;
        let value = context.evaluate(&expression)?;
        Ok(context.shown(text, &value, ValueOptions { format, limits, raw: false }))
    }

    /// As [`evaluate`](Self::evaluate), and keeps the value: it is `$N` from now on, with the N that is given.
    ///
    /// # Errors
    /// What is wrong with the expression.
    pub fn print(
        &mut self,
        id: DebuggeeId,
        frame: Option<usize>,
        text: &str,
        format: Format,
        limits: Limits,
    ) -> Result<(usize, Shown), EngineError> {
        let expression = Expression::parse(text)?;
        let mut context = self.context(id, frame)?;
        let value = context.evaluate(&expression)?;
        Ok((context.remember(&value), context.shown(text, &value, ValueOptions { format, limits, raw: false })))
    }

    /// The address that an expression stands for: a pointer's value, an integer, or where an lvalue lies.
    ///
    /// # Errors
    /// What is wrong with the expression.
    pub fn evaluate_address(&mut self, id: DebuggeeId, frame: Option<usize>, text: &str) -> Result<u64, EngineError> {
        let expression = Expression::parse(text)?;
        let mut context = self.context(id, frame)?;
        let value = context.evaluate(&expression)?;
        if let Ok(scalar) = context.scalar(&value)
            && let Some(address) = scalar.integer().and_then(|a| u64::try_from(a).ok())
        {
            return Ok(address);
        }
        value.address().ok_or_else(|| EngineError::Expression(format!("`{text}` is no address")))
    }

    /// Sets what an expression stands for to the value of another, and shows it. A `$name` of no meaning yet becomes a
    /// variable that only the debugger has.
    ///
    /// # Errors
    /// What is wrong with either; a place that can't be written, with the reason.
    pub fn assign(
        &mut self,
        id: DebuggeeId,
        frame: Option<usize>,
        place: &str,
        value: &str,
        limits: Limits,
    ) -> Result<Shown, EngineError> {
        let (target, value) = (Expression::parse(place)?, Expression::parse(value)?);
        let mut context = self.context(id, frame)?;
        if let Some(name) = target.register().filter(|name| is_convenience(name)) {
            let value = context.evaluate(&value)?;
            let value = context.set_convenience(name, &value);
            return Ok(context.shown(place, &value, limits));
        }
        let target: Value = context.evaluate(&target)?;
        context.assign_expression(&target, &value)?;
        Ok(context.shown(place, &target, limits))
    }

    /// The type of an expression, or the type of that name: its name, and its definition written out.
    ///
    /// # Errors
    /// Neither an expression nor a type.
    pub fn type_of(
        &mut self,
        id: DebuggeeId,
        frame: Option<usize>,
        text: &str,
    ) -> Result<(String, String), EngineError> {
        let mut context = self.context(id, frame)?;
        let by_value = Expression::parse(text).and_then(|e| context.evaluate(&e)).map(|value| value.ty);
        let ty = match by_value {
            Ok(ty) => ty,
            Err(error) => match context.symbols.find_types(text.trim()).first() {
                Some(id) => ValueType::Named(*id),
                None => return Err(error),
            },
        };
        Ok((context.type_name(&ty), type_text::definition(&context, &ty)))
    }

    /// Reads memory 0 of a frame's instance (or of the first instance); shorter than asked for where it ends.
    ///
    /// # Errors
    /// It must be stopped; an address outside the memory.
    pub fn read_memory(
        &mut self,
        id: DebuggeeId,
        frame: Option<usize>,
        address: u64,
        length: u64,
    ) -> Result<Vec<u8>, EngineError> {
        let context = self.context(id, frame)?;
        let Some(instance) = context.instance else {
            return Err(EngineError::Expression("the module has no instance yet".to_owned()));
        };
        match context.target.ask(Query::Memory { instance, memory: 0, address, length })? {
            Answer::Bytes(bytes) if bytes.is_empty() && length > 0 => {
                Err(EngineError::Expression(format!("cannot access memory at address {address:#x}")))
            }
            Answer::Bytes(bytes) => Ok(bytes),
            _ => Err(EngineError::Internal("the answer to Memory is something else")),
        }
    }

    /// The state of the Wasm machine in a frame.
    ///
    /// # Errors
    /// As for [`frame`](Self::frame).
    pub fn wasm_state(&mut self, id: DebuggeeId, frame: usize) -> Result<WasmState, EngineError> {
        let target = self.target(id)?;
        let frame = target.stack_frame(frame)?;
        let module = target.module(frame.module).ok_or(EngineError::Internal("a frame of an unknown module"))?;
        let code = module.code.clone();
        let name = |i: u32| code.local_name(frame.function_index, i).map(str::to_owned);
        let locals = target.locals(frame.physical).map_err(|why| why.0);
        let locals = locals.map(|values| (0..).zip(values).map(|(i, v)| (name(i), v)).collect());
        let operands = target.operands(frame.physical).map_err(|why| why.0);
        let mut globals = Vec::new();
        let mut memories = Vec::new();
        if let Some(instance) = frame.instance {
            for (index, global) in (0_u32..).zip(&code.globals) {
                let value = target.global(instance, index).map_err(|why| why.0);
                globals.push((global.name.clone(), value, global.mutable));
            }
            for memory in 0..code.memories {
                if let Ok(Answer::Count(size)) = target.ask(Query::MemorySize { instance, memory }) {
                    memories.push(size);
                }
            }
        }
        Ok(WasmState { function: frame.function_index, pc: frame.pc, locals, operands, globals, memories })
    }

    /// The instructions of the function of a frame, or of the one at a location.
    ///
    /// # Errors
    /// A location that isn't found, a module that can't be printed.
    pub fn disassemble(
        &mut self,
        id: DebuggeeId,
        frame: Option<usize>,
        location: Option<&LocationSpec>,
    ) -> Result<(String, Vec<Instruction>), EngineError> {
        let (module, pc) = match location {
            Some(location) => {
                let (module, pc, _) = self.find(id, location)?;
                (module, pc)
            }
            None => {
                let frame = self.frame(id, frame.unwrap_or(0))?;
                (frame.module, frame.pc)
            }
        };
        let loaded = self.target(id)?.module(module).ok_or(EngineError::Internal("an unknown module"))?;
        let Some(function) = loaded.symbols.function_at(pc) else {
            return Err(EngineError::Expression(format!("no function has code at {pc}")));
        };
        Ok((function.name().to_owned(), disassemble::function(&loaded.code, &loaded.symbols, function)?))
    }

    /// Where a location is: the first of its places.
    ///
    /// # Errors
    /// A location that isn't found.
    pub fn find(
        &mut self,
        id: DebuggeeId,
        location: &LocationSpec,
    ) -> Result<(ModuleId, ModulePc, Option<SourcePosition>), EngineError> {
        let (sites, _) = bind(location, self.target(id)?)?;
        match sites.into_iter().next() {
            Some(site) => Ok((site.module, site.pc, site.position)),
            None => Err(not_found(location, &self.targets)),
        }
    }

    /// All functions with code whose name contains `filter`.
    ///
    /// # Errors
    /// [`EngineError::NoDebuggee`].
    pub fn functions(&mut self, id: DebuggeeId, filter: Option<&str>) -> Result<Vec<FunctionInfo>, EngineError> {
        let mut functions = Vec::new();
        for (index, module) in (0_u32..).zip(&self.target(id)?.modules) {
            let symbols = &module.symbols;
            for function in symbols.functions() {
                if filter.is_none_or(|filter| function.name().contains(filter)) {
                    functions.push(FunctionInfo {
                        module: ModuleId(index),
                        name: function.name().to_owned(),
                        index: function.index,
                        declared: function.declared.and_then(|at| SourcePosition::new(symbols, at)),
                        start: function.range.start,
                        has_dwarf: function.has_dwarf,
                    });
                }
            }
        }
        Ok(functions)
    }

    /// The frames as Wasmtime's own backtrace sees them: (function index, pc). A check on [`stack`](Self::stack).
    ///
    /// # Errors
    /// It must be stopped.
    pub fn oracle_backtrace(&mut self, id: DebuggeeId) -> Result<Vec<(u32, Option<ModulePc>)>, EngineError> {
        match self.target(id)?.ask(Query::Backtrace)? {
            Answer::Backtrace(frames) => Ok(frames),
            _ => Err(EngineError::Internal("the answer to Backtrace is something else")),
        }
    }
}
