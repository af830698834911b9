//! What a debuggee reports.

use serde::{Deserialize, Serialize};

use crate::{CallId, Frame, InstanceId, ModuleId, RuleId, Unavailable, WasmValue};

/// What a debuggee reports to the debugger, one for each cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The guest stands still and may be queried, until it is resumed.
    Stopped(Stopped),
    /// Rules were hit without stopping the guest, which goes on. Whatever they did before a stop or the end comes before
    /// that.
    Passed(Passed),
    /// The debuggee is over; no further event follows and nothing can be queried any more.
    Ended(Ended),
}

/// What rules did without stopping the guest, since it was told last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// Where the plan's counters are now, in its order.
    pub counts: Vec<Count>,
    /// What was taken down, oldest first.
    pub logged: Vec<Logged>,
}

/// Where a [`Counter`](crate::Counter) is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// How many hits there were, those before the plan included.
    pub hits: u64,
    /// How many more are passed.
    pub ignore: u64,
}

/// What a rule took down at a hit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logged {
    /// The rule.
    pub rule: RuleId,
    /// For each of its captures the bytes, or why they can't be had.
    pub values: Vec<Result<Vec<u8>, Unavailable>>,
}

/// A stop and its cause, and what is asked at nearly every stop, so that it needs no question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Why.
    pub reason: StopReason,
    /// The innermost frames, as [`Query::Frames`](crate::Query::Frames) gives them; as many as cost little, or none.
    #[serde(default)]
    pub frames: Vec<Frame>,
    /// What [`Query::Depth`](crate::Query::Depth) gives, if it's known already.
    #[serde(default)]
    pub depth: Option<u32>,
    /// Nobody could stop it in time: the stack is unwound, whatever the reason says. The frames have the places that the
    /// error's own backtrace has, memories and globals are as the guest left them.
    #[serde(default)]
    pub unwound: bool,
}

impl Stopped {
    /// A stop of which only the reason is told.
    pub fn new(reason: StopReason) -> Self {
        Self { reason, frames: Vec::new(), depth: None, unwound: false }
    }
}

/// Why the guest stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopReason {
    /// Nothing of the guest has run yet: there are no frames, but sites can be planted.
    Attached,
    /// These rules of the plan matched, in the plan's order. Never empty.
    Rules(Vec<RuleId>),
    /// So much was taken down that it has to be told before the guest goes on.
    LogFull,
    /// The next operator, which the plan asked for ([`StopPlan::next_operator`](crate::StopPlan::next_operator)).
    NextOperator,
    /// These core modules came into the store. None of their code has run except the operator about to run now.
    ModulesLoaded(Vec<ModuleId>),
    /// An interrupt that was asked for.
    Interrupted,
    /// A trap is about to unwind the stack, which is still whole.
    Trap {
        /// Which trap.
        kind: TrapKind,
        /// The engine's own words for it.
        message: String,
    },
    /// An exception is about to be thrown; whether the guest catches it isn't known yet.
    Exception {
        /// What is known of its payload, for people.
        summary: String,
        /// What instances call its tag: an index in the tags of each that knows it.
        #[serde(default)]
        tags: Vec<(InstanceId, u32)>,
    },
    /// The guest asks to exit, which the plan asked for ([`StopPlan::exits`](crate::StopPlan::exits)); the stack is still
    /// whole.
    Exit {
        /// The code it gave.
        code: i32,
    },
    /// A host function failed and its error is about to unwind the stack.
    HostError {
        /// The error and its causes.
        message: String,
    },
    /// A [call](crate::Debuggee::call) is over; the guest is stopped where it was before it.
    CallFinished {
        /// Which one.
        call: CallId,
        /// What it returned, or why it failed.
        result: Result<Vec<WasmValue>, String>,
    },
    /// Execution went on where the debugger couldn't see it, and is seen again from here.
    Blind {
        /// Why it couldn't be seen.
        why: String,
    },
}

/// The traps of the WebAssembly specification, and those that engines add.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TrapKind {
    /// The call stack is exhausted.
    StackOverflow,
    /// A memory access out of bounds.
    MemoryOutOfBounds,
    /// An atomic access that is not aligned.
    HeapMisaligned,
    /// A table access out of bounds.
    TableOutOfBounds,
    /// An indirect call to a null entry.
    IndirectCallToNull,
    /// An indirect call with the wrong signature.
    BadSignature,
    /// Integer overflow in a division.
    IntegerOverflow,
    /// Division by zero.
    IntegerDivisionByZero,
    /// A float that has no integer to be converted to.
    BadConversionToInteger,
    /// `unreachable` was executed (a panic or an abort in most languages).
    Unreachable,
    /// A null reference was used.
    NullReference,
    /// An array access out of bounds.
    ArrayOutOfBounds,
    /// A cast failed.
    CastFailure,
    /// The embedder's fuel ran out.
    OutOfFuel,
    /// The embedder's deadline passed.
    Interrupt,
    /// Any other.
    Other,
}

/// How a debuggee ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ended {
    /// The guest's entry returned.
    Returned(Vec<WasmValue>),
    /// The guest asked to exit with this code.
    Exited(i32),
    /// A trap (or an uncaught exception) ended it.
    Trapped {
        /// The engine's message with its backtrace.
        message: String,
    },
    /// It could not be started, or a host function failed.
    Failed {
        /// The error and its causes.
        message: String,
    },
    /// The debugger killed it.
    Killed,
}
