//! The [`Debuggee`] trait and the plain data of its queries.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;

use serde::{Deserialize, Serialize};

use crate::{CallId, Event, InstanceId, ModuleId, ModulePc, Site, StopPlan, WasmValue};

/// What a debuggee can do. What it can't do, the engine doesn't offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// It can run (a core dump can't).
    pub resume: bool,
    /// It can run backwards.
    pub reverse: bool,
    /// Its memories and globals can be written.
    pub write: bool,
    /// Its functions can be called while it is stopped.
    pub call: bool,
}

/// A question to a stopped debuggee, or a change of its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Query {
    /// All core modules, in the order in which they were loaded → [`Answer::Modules`].
    Modules,
    /// All core instances → [`Answer::Instances`].
    Instances,
    /// The frames of all activations, innermost first, at most so many → [`Answer::Frames`].
    Frames {
        /// The most frames wanted.
        limit: u32,
    },
    /// How many frames there are, all activations counted → [`Answer::Count`].
    Depth,
    /// The locals of a frame, parameters first → [`Answer::Values`].
    Locals {
        /// Index of the frame in this stop; 0 is the innermost.
        frame: u32,
    },
    /// The operand stack of a frame, bottom first → [`Answer::Values`].
    Operands {
        /// Index of the frame in this stop.
        frame: u32,
    },
    /// A global → [`Answer::Values`] with one value.
    Global {
        /// The instance.
        instance: InstanceId,
        /// Index in the module's globals, imported ones first.
        index: u32,
    },
    /// Sets a global → [`Answer::Done`].
    SetGlobal {
        /// The instance.
        instance: InstanceId,
        /// Index in the module's globals.
        index: u32,
        /// Must have the global's type.
        value: WasmValue,
    },
    /// Bytes of a memory → [`Answer::Bytes`]; shorter than asked for where the memory ends, never padded.
    Memory {
        /// The instance.
        instance: InstanceId,
        /// Index in the module's memories.
        memory: u32,
        /// First byte.
        address: u64,
        /// How many; bounded by the implementation at 64 MiB.
        length: u64,
    },
    /// The size of a memory in bytes → [`Answer::Count`].
    MemorySize {
        /// The instance.
        instance: InstanceId,
        /// Index in the module's memories.
        memory: u32,
    },
    /// Writes to a memory, all of it or nothing → [`Answer::Done`].
    WriteMemory {
        /// The instance.
        instance: InstanceId,
        /// Index in the module's memories.
        memory: u32,
        /// First byte.
        address: u64,
        /// What to write.
        bytes: Vec<u8>,
    },
    /// The function index behind an entry of a table: [`Answer::Function`].
    TableFunction {
        /// The instance.
        instance: InstanceId,
        /// Index in the module's tables.
        table: u32,
        /// The entry.
        entry: u64,
    },
    /// Takes out of the code what no breakpoint needs (temporary sites, and those that are
    /// [kept](StopPlan::keep)); the sites that are planted then → [`Answer::Sites`].
    Planted,
    /// The sites that are planted and that no rule of the plan names, because they are [kept](StopPlan::keep)
    /// → [`Answer::Sites`]. Changes nothing.
    Kept,
    /// The engine's own backtrace, made by other means than [`Query::Frames`]: an oracle for tests and a fall-back
    /// → [`Answer::Backtrace`].
    Backtrace,
}

/// What a [`Query`] gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// To [`Query::Modules`].
    Modules(Vec<Module>),
    /// To [`Query::Instances`].
    Instances(Vec<Instance>),
    /// To [`Query::Frames`].
    Frames(Vec<Frame>),
    /// Values, in order.
    Values(Vec<WasmValue>),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A number.
    Count(u64),
    /// A function: its module and its index there; `None` for a host function, or a null entry.
    Function(Option<(ModuleId, u32)>),
    /// Sites, sorted.
    Sites(Vec<Site>),
    /// (function index, pc) of each frame, innermost first; pc is `None` where the engine doesn't know it.
    Backtrace(Vec<(u32, Option<ModulePc>)>),
    /// A change was made.
    Done,
}

/// A call of a guest function, to be made while the guest is stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The instance.
    pub instance: InstanceId,
    /// Index in the module's function index space.
    pub function: u32,
    /// Must have the types of its parameters. References can't be passed.
    pub args: Vec<WasmValue>,
}

/// Why something can't be had, in words that can stand where the value would.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unavailable(pub String);

impl Unavailable {
    /// From anything that can be shown.
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unavailable {}

/// A core module of a debuggee.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// Its name in this debuggee.
    pub id: ModuleId,
    /// The name it was given (file name, name section), if any.
    pub name: Option<String>,
    /// Its binary, custom sections included.
    #[serde(with = "shared_bytes")]
    pub bytes: Bytes,
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("bytes", &format_args!("{} bytes", self.bytes.len()))
            .finish()
    }
}

mod shared_bytes {
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(bytes: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        bytes[..].serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        Vec::<u8>::deserialize(from).map(Bytes::from)
    }
}

/// A core instance of a debuggee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its name in this debuggee.
    pub id: InstanceId,
    /// The module that it is an instance of.
    pub module: ModuleId,
}

/// What a frame's [`Frame::pc`] points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PcMeaning {
    /// The operator that runs next.
    Next,
    /// The operator that trapped: it has popped its operands already.
    Faulting,
    /// The operator after the call that this frame waits in. Look source positions up one byte before.
    Return,
}

/// One WebAssembly frame of a stopped guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// The module whose code it runs.
    pub module: ModuleId,
    /// The instance that it runs in; `None` where the engine can't tell (a stack overflow's top frame).
    pub instance: Option<InstanceId>,
    /// The function, as an index in the module's function index space (imports first).
    pub function: u32,
    /// Where in that function.
    pub pc: ModulePc,
    /// What that pc points to.
    pub pc_meaning: PcMeaning,
    /// Which activation it belongs to: 0 is the innermost; a larger number lies beyond host code.
    pub activation: u32,
    /// Whether its state can be read.
    pub detail: FrameDetail,
}

/// Whether the state of a frame can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FrameDetail {
    /// Locals and operand stack can be read.
    Full,
    /// Only the position is known, and this is why.
    PositionOnly(String),
    /// Locals and operands can't be read, and this is why; memories and globals of its instance can.
    NoLocals(String),
}

/// A debuggee as a whole failed; single values that can't be had are [`Unavailable`] instead.
#[derive(Debug, thiserror::Error)]
pub enum DebuggeeError {
    /// Asked for something that only a stopped guest can give.
    #[error("the guest is running; interrupt it first")]
    Running,
    /// It ended; nothing can be asked any more.
    #[error("the guest has ended")]
    Ended,
    /// It can't do this at all.
    #[error("this kind of debuggee can't {0}")]
    Unsupported(&'static str),
    /// The plan is not well-formed.
    #[error("the stop plan is not valid: {0}")]
    BadPlan(String),
    /// The function can't be called like this.
    #[error("can't call: {0}")]
    BadCall(String),
    /// The other side of the connection is gone.
    #[error("the debuggee is gone: {0}")]
    Gone(String),
}

/// Asks a running guest to stop, from any thread. Harmless when it is stopped or over.
#[derive(Clone)]
pub struct Interrupter(Arc<dyn Fn() + Send + Sync>);

impl Interrupter {
    /// Wraps what does it.
    pub fn new(interrupt: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(interrupt))
    }

    /// Asks. The stop arrives as an event ([`StopReason::Interrupted`](crate::StopReason::Interrupted)).
    pub fn interrupt(&self) {
        (self.0)();
    }
}

impl fmt::Debug for Interrupter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Interrupter")
    }
}

/// Something that can be debugged.
///
/// Its life is `Stopped(Attached)`, then any number of `resume` → `next_event` rounds, then `Ended`:
/// ```text
///              resume(plan)
///   stopped ────────────────▶ running ──▶ ended
///      ▲                         │
///      └── next_event: Stopped ──┘
/// ```
/// Dropping it kills the guest if it still lives.
pub trait Debuggee: Send {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Answers a batch in order while stopped. A query that fails gives its reason in its place.
    ///
    /// # Errors
    /// [`DebuggeeError::Running`] or [`DebuggeeError::Ended`]; nothing of the batch was done then.
    fn query(&mut self, queries: Vec<Query>) -> Result<Vec<Result<Answer, Unavailable>>, DebuggeeError>;

    /// Lets the guest run until `plan`, a trap, an interrupt or its end stops it.
    ///
    /// # Errors
    /// As for [`query`](Self::query), and [`DebuggeeError::BadPlan`].
    fn resume(&mut self, plan: StopPlan) -> Result<(), DebuggeeError>;

    /// Starts a call on top of the stopped stack. The next [`resume`](Self::resume) runs it: its own stops come first,
    /// each with all that a stop has, another call included; then
    /// [`StopReason::CallFinished`](crate::StopReason::CallFinished), and the guest is stopped where it was.
    ///
    /// Nothing of the language is known here: whoever calls code that keeps data below its stack pointer (LLVM's red zone)
    /// moves that pointer before, and back afterwards.
    ///
    /// # Errors
    /// As for [`query`](Self::query); [`DebuggeeError::BadCall`]; [`DebuggeeError::Unsupported`] without
    /// [`Capabilities::call`].
    fn call(&mut self, call: Call) -> Result<CallId, DebuggeeError> {
        let _ = call;
        Err(DebuggeeError::Unsupported("call functions"))
    }

    /// Waits for the next event, at most for `timeout`; `None` when it passed without one.
    ///
    /// # Errors
    /// [`DebuggeeError::Ended`] once [`Event::Ended`] was delivered.
    fn next_event(&mut self, timeout: Option<Duration>) -> Result<Option<Event>, DebuggeeError>;

    /// Says whom to tell that [`next_event`](Self::next_event) may have something, for front ends that wait for more than
    /// one debuggee: `wake` is called from any thread, once or more for each event, and must not block. Replaces the one
    /// before. Of a debuggee that doesn't do this, only [`next_event`](Self::next_event) tells.
    fn on_event(&mut self, wake: Arc<dyn Fn() + Send + Sync>) {
        let _ = wake;
    }

    /// A handle by which other threads can stop it.
    fn interrupter(&self) -> Interrupter;

    /// Ends the guest, running or stopped; [`Ended::Killed`](crate::Ended::Killed) arrives as its last event.
    ///
    /// # Errors
    /// [`DebuggeeError::Ended`] when it was over already.
    fn kill(&mut self) -> Result<(), DebuggeeError>;
}
