//! Calls of the guest's functions while it is stopped.
//!
//! Invariant: the guest's stack pointer is moved below all that the stopped functions may use before a call, and is what it
//! was when the call is over, however it ended. Calls nest: the one begun last ends first.

use std::time::{Duration, Instant};

use freezeframe_debuggee::{
    Call, CallId, DebuggeeId, Event, InstanceId, ModuleId, PcMeaning, Query, StopPlan, StopReason, WasmValue,
};

use crate::{
    BreakpointId, Debugger, EngineError, Limits, Reason, Report, Shown,
    expression::Expression,
    target::{State, Target},
    values::{Context, Storage, Value, ValueType},
};

/// How long a call in an expression may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The stack pointer of the program that calls and is called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StackPointer {
    pub instance: InstanceId,
    pub global: u32,
    /// Before the call and after it.
    pub was: u32,
    /// During the call.
    pub now: u32,
}

/// What comes of a call.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    Nothing,
    /// The result, as a value of this type.
    Value(ValueType),
    /// A value of this type in memory.
    Memory(ValueType, u64),
    /// The result, of which nothing is known but its Wasm type.
    Wasm,
}

/// A call that is ready to be made.
pub(crate) struct Prepared {
    pub name: String,
    pub module: ModuleId,
    pub call: Call,
    pub expected: Expected,
    pub stack: Option<StackPointer>,
    /// What it needs in memory.
    pub writes: Vec<(u64, Vec<u8>)>,
}

/// A call that is under way.
#[derive(Clone, Debug)]
pub(crate) struct Calling {
    id: CallId,
    pub name: String,
    module: ModuleId,
    instance: InstanceId,
    expected: Expected,
    stack: Option<StackPointer>,
    /// The breakpoints at which the program stood before.
    stopped_at: Vec<BreakpointId>,
    /// How many frames there were before, and what the innermost one's place meant; `None` without frames.
    pub depth: u32,
    pub meaning: Option<PcMeaning>,
}

/// What a call returned, or why it didn't.
type Returned = Result<Option<Value>, String>;

/// A call that a person asked for and that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// The function.
    pub function: String,
    /// What it returned, with the number by which expressions name it (`$3`), or nothing; else why it didn't return.
    pub result: Result<Option<(usize, Shown)>, String>,
}

impl Target {
    /// Starts a call: the next resume runs it.
    fn start_call(&mut self, prepared: Prepared) -> Result<(), EngineError> {
        let Prepared { name, module, call, expected, stack, writes } = prepared;
        if !self.debuggee.capabilities().call {
            return Err(EngineError::Expression("functions of this program can't be called".to_owned()));
        }
        let instance = call.instance;
        let depth = self.depth()?;
        let meaning = self.frame(0).ok().map(|frame| frame.pc_meaning);
        for (address, bytes) in writes {
            self.write_memory(instance, 0, address, bytes)?;
        }
        if let Some(stack) = stack {
            self.set_stack_pointer(stack, stack.now)?;
        }
        let id = match self.debuggee.call(call) {
            Ok(id) => id,
            Err(error) => {
                if let Some(stack) = stack {
                    self.set_stack_pointer(stack, stack.was)?;
                }
                return Err(error.into());
            }
        };
        let stopped_at = self.stopped_at.clone();
        self.calls.push(Calling { id, name, module, instance, expected, stack, stopped_at, depth, meaning });
        Ok(())
    }

    fn set_stack_pointer(&mut self, stack: StackPointer, to: u32) -> Result<(), EngineError> {
        let StackPointer { instance, global, .. } = stack;
        self.ask(Query::SetGlobal { instance, index: global, value: WasmValue::I32(to.cast_signed()) })?;
        Ok(())
    }

    /// Takes up what a call came to; `None` when nobody waits for this one.
    pub(crate) fn finish_call(
        &mut self,
        id: CallId,
        result: Result<Vec<WasmValue>, String>,
    ) -> Result<Option<(Calling, Returned)>, EngineError> {
        let Some(at) = self.calls.iter().position(|call| call.id == id) else { return Ok(None) };
        let call = self.calls.split_off(at).swap_remove(0);
        self.forget_stop();
        let value = match (&result, &call.expected) {
            (Err(why), _) => Err(why.clone()),
            (Ok(_), Expected::Nothing) => Ok(None),
            (Ok(values), Expected::Wasm) => Ok(values.first().map(plain)),
            (Ok(values), Expected::Value(ty)) => Ok(values.first().map(|value| Value {
                ty: ty.clone(),
                storage: returned(value.bytes().unwrap_or_default()),
                bits: None,
            })),
            (Ok(_), Expected::Memory(ty, address)) => {
                // Below the stack pointer it won't be for long: a copy is taken.
                let mut context = Context::outside_in(self, call.module)?;
                context.instance = Some(call.instance);
                let value = context.at(*address, ty.clone());
                let bytes = context.bytes(&value);
                Ok(Some(Value {
                    ty: ty.clone(),
                    storage: bytes.map_or_else(Storage::Unavailable, returned),
                    bits: None,
                }))
            }
        };
        if let Some(stack) = call.stack {
            self.set_stack_pointer(stack, stack.was)?;
        }
        self.stopped_at.clone_from(&call.stopped_at);
        Ok(Some((call, value)))
    }

    /// Makes a call and waits for its end; nothing but itself stops it.
    pub(crate) fn call_and_wait(&mut self, prepared: Prepared) -> Result<Option<Value>, EngineError> {
        let name = prepared.name.clone();
        self.start_call(prepared)?;
        let begun = Instant::now();
        // Breakpoints are planted again by the next resume.
        self.debuggee.resume(StopPlan::default())?;
        self.state = State::Running;
        let failed = |why: &str| EngineError::Expression(format!("the call of `{name}` failed: {why}"));
        let mut tired = false;
        loop {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            match self.debuggee.next_event(Some(if tired { PATIENCE } else { left }))? {
                None if tired => return Err(failed("it can't be interrupted")),
                None => {
                    tired = true;
                    self.debuggee.interrupter().interrupt();
                }
                // A plan without rules counts nothing.
                Some(Event::Passed(_)) => {}
                Some(Event::Ended(ended)) => {
                    self.state = State::Ended(ended);
                    return Err(failed("the program ended in it"));
                }
                Some(Event::Stopped(stopped)) => {
                    self.state = State::Stopped;
                    self.forget_stop();
                    match stopped.reason {
                        StopReason::CallFinished { call, result } => {
                            let Some((_, value)) = self.finish_call(call, result)? else { continue };
                            return value.map_err(|why| failed(first_line(&why)));
                        }
                        StopReason::Interrupted if tired => {
                            let why = "it took too long; the program is stopped in it, and `continue` goes on with it";
                            return Err(failed(why));
                        }
                        // A trap, an exception …: its way goes on, to the call's end.
                        _ => {
                            self.debuggee.resume(StopPlan::default())?;
                            self.state = State::Running;
                        }
                    }
                }
            }
        }
    }
}

fn returned(bytes: Vec<u8>) -> Storage {
    Storage::Bytes { bytes, origin: "it is a returned value" }
}

fn plain(value: &WasmValue) -> Value {
    let ty = match value {
        WasmValue::I32(_) => ValueType::Integer { bits: 32, signed: true },
        WasmValue::I64(_) => ValueType::Integer { bits: 64, signed: true },
        WasmValue::F32(_) => ValueType::Float { bits: 32 },
        WasmValue::F64(_) => ValueType::Float { bits: 64 },
        WasmValue::V128(_) => ValueType::Integer { bits: 128, signed: false },
        WasmValue::Ref(_) => ValueType::Unknown,
    };
    Value { ty, storage: returned(value.bytes().unwrap_or_default()), bits: None }
}

/// Wasmtime's errors begin with a backtrace and end with what happened.
fn first_line(why: &str) -> &str {
    let trap = why.lines().find_map(|line| line.split_once("wasm trap: ").map(|(_, trap)| trap));
    trap.or_else(|| why.lines().next()).unwrap_or_default().trim()
}

impl Debugger {
    /// Calls a function of the guest in the way that `text` says, such as `total(order)` or `stack.top() + 1`.
    ///
    /// A text that is one call only starts it: breakpoints in it stop as ever, and [`wait`](Self::wait) gives its
    /// end as [`Reason::Called`] — `None` is returned. In any other expression calls run to their end at once, unseen by
    /// breakpoints and for five seconds at most: its value is returned, with its number in the history.
    ///
    /// # Errors
    /// What is wrong with the expression; a function whose conventions aren't known; a call that traps or throws (of one
    /// that is only started, `wait` tells).
    pub fn call(
        &mut self,
        id: DebuggeeId,
        frame: Option<usize>,
        text: &str,
        limits: Limits,
    ) -> Result<Option<(usize, Shown)>, EngineError> {
        let expression = Expression::parse(text)?;
        self.target(id)?.may_call = true;
        let done = self.call_with(id, frame, &expression, limits);
        self.target(id)?.may_call = false;
        done
    }

    fn call_with(
        &mut self,
        id: DebuggeeId,
        frame: Option<usize>,
        expression: &Expression,
        limits: Limits,
    ) -> Result<Option<(usize, Shown)>, EngineError> {
        let mut context = self.context(id, frame)?;
        let Some((callee, arguments)) = expression.as_call(context.language) else {
            let value = context.evaluate(expression);
            if let State::Ended(ended) = self.state(id)? {
                self.pending.push_back(Report::Ended { debuggee: id, ended });
            }
            let value = value?;
            let mut context = self.context(id, frame)?;
            let shown = context.shown(&expression.text, &value, limits);
            return Ok(Some((context.remember(&value), shown)));
        };
        let prepared = context.prepare_call(callee, arguments).map_err(|error| error.in_text(&expression.text))?;
        let target = self.target(id)?;
        target.start_call(prepared)?;
        target.stepping = None;
        self.resume_with_plan(id)?;
        Ok(None)
    }

    /// The end of a call that was started.
    pub(crate) fn call_finished(
        &mut self,
        id: DebuggeeId,
        call: CallId,
        result: Result<Vec<WasmValue>, String>,
    ) -> Result<Option<Reason>, EngineError> {
        let target = self.target(id)?;
        let Some((call, value)) = target.finish_call(call, result)? else { return Ok(None) };
        let result = match value {
            Err(why) => Err(first_line(&why).to_owned()),
            Ok(None) => Ok(None),
            Ok(Some(value)) => {
                let mut context = Context::outside_in(target, call.module)?;
                context.instance = Some(call.instance);
                let shown = context.shown(&call.name, &value, Limits::default());
                Ok(Some((context.remember(&value), shown)))
            }
        };
        Ok(Some(Reason::Called(Called { function: call.name, result })))
    }
}
