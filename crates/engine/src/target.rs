//! One debuggee as the coordinator sees it: its state, its modules with their symbols, and what is known of this stop.
//!
//! Invariant: whatever is cached here was asked for at *this* stop. [`Target::forget_stop`] is called before each resume
//! and after each write, so nothing stale is ever shown.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicBool},
};

use freezeframe_debuggee::{
    Answer, Count, Debuggee, DebuggeeId, Ended, Frame, FrameAccess, FrameDetail, Instance, InstanceId, ModuleId,
    ModulePc, PcMeaning, Query, RuleId, Site, Unavailable, WasmValue,
};
use freezeframe_symbols::Symbols;

use crate::{
    BreakpointId, CodeId, EngineError,
    breakpoints::Owner,
    calls::Calling,
    code::Code,
    expression::Memo,
    landings::{self, Landings},
    logpoint::LogShape,
    outline::{Outline, Outlines},
    shadow::{ShadowFrame, shadow_frame},
    skips::Skips,
    source_lines::SameSource,
    stack::StackFrame,
    stepping::Stepping,
    values::Formatters,
};

/// What linkers call the global that points to the shadow stack.
const STACK_POINTER: &str = "__stack_pointer";

/// The unit in which memory is read and kept during a stop.
const PAGE: u64 = 4096;

/// What a debuggee is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It stands still.
    Stopped,
    /// It runs.
    Running,
    /// It is over.
    Ended(Ended),
}

/// A core module with what is known about it.
pub(crate) struct LoadedModule {
    pub id: CodeId,
    pub name: Option<String>,
    pub symbols: Arc<Symbols>,
    pub code: Arc<Code>,
    pub outlines: Arc<Outlines>,
}

/// What becomes of a stop that only the engine wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quiet {
    /// Whoever asked waits for it.
    Hold,
    /// The guest goes on, with the plan as it is then.
    Resume,
}

impl LoadedModule {
    /// What steps in a function are planned with.
    pub(crate) fn outline(&self, function: u32) -> Arc<Outline> {
        self.outlines.of(&self.code, &self.symbols, function)
    }

    /// Where a person wants to be when stepping into a function; `None` when it has no lines.
    pub(crate) fn entry(&self, function: u32) -> Option<ModulePc> {
        self.outlines.entry(&self.code, &self.symbols, function)
    }

    /// The pc at which the source position, scopes and locations of a frame of this module are looked up.
    pub(crate) fn lookup_pc(&self, frame: &Frame) -> ModulePc {
        // Of a frame that waits in a `try_table` the place is the call itself, see [`landings`].
        let waits = frame.pc_meaning == PcMeaning::Return && self.code.has_tags;
        if waits && landings::landings(&self.code, frame.function, frame.pc) != Landings::default() {
            return frame.pc;
        }
        lookup_pc(frame)
    }
}

pub(crate) struct Target {
    pub id: DebuggeeId,
    pub debuggee: Box<dyn Debuggee>,
    pub state: State,
    pub modules: Vec<LoadedModule>,
    pub stepping: Option<Stepping>,
    /// Somebody asked for a stop; one that falls together with a stop of the engine's own must not be lost.
    pub interrupt: Arc<AtomicBool>,
    /// The function that has just returned, after a `finish`.
    pub returned: Option<(ModuleId, u32)>,
    /// Whose the rules of the current plan are, by rule id.
    pub owners: Vec<Owner>,
    /// Whose the counters of the current plan are, and where they were when that was told last.
    pub counters: Vec<(BreakpointId, Count)>,
    /// How what rules of the current plan take down is shown.
    pub logs: HashMap<RuleId, Arc<LogShape>>,
    /// What expressions remember.
    pub memo: Memo,
    /// What steps pass by.
    pub skips: Arc<Skips>,
    /// How a front end's paths are compared with those of debug information.
    pub same_source: SameSource,
    /// An interrupt that is on its way for the engine's own sake.
    pub quiet: Option<Quiet>,
    /// It stopped for that interrupt.
    pub held: bool,
    /// It ran when it was attached: its modules are read at its first stop.
    pub fresh: bool,
    /// The breakpoints that it stands at.
    pub stopped_at: Vec<BreakpointId>,
    /// Calls that the debugger made and that aren't over, the innermost last.
    pub calls: Vec<Calling>,
    /// Whether functions may be called while an expression is evaluated.
    pub may_call: bool,
    /// How people want their values to be seen.
    pub formatters: Formatters,
    stop: StopCache,
    /// Of the stop it's at, or was at last.
    unwound: bool,
    /// How many stops there were, and how often what was read at one of them became stale.
    stops: u64,
    version: u64,
}

#[derive(Default)]
struct StopCache {
    frames: Option<(u32, Vec<Frame>)>,
    depth: Option<u32>,
    /// The innermost frame in terms of the source.
    innermost: Option<StackFrame>,
    instances: Option<Vec<Instance>>,
    locals: HashMap<u32, Result<Vec<WasmValue>, Unavailable>>,
    operands: HashMap<u32, Result<Vec<WasmValue>, Unavailable>>,
    pages: HashMap<(InstanceId, u32, u64), Vec<u8>>,
    /// Of the frames that were asked for, innermost first.
    shadows: Vec<Result<Shadow, Unavailable>>,
}

/// A frame's place on the shadow stack.
#[derive(Clone)]
struct Shadow {
    frame: Arc<ShadowFrame>,
    /// The stack pointer when the function was entered.
    at_entry: u32,
    pc: ModulePc,
}

impl Target {
    pub(crate) fn new(id: DebuggeeId, debuggee: Box<dyn Debuggee>) -> Self {
        Self {
            id,
            debuggee,
            state: State::Running,
            modules: Vec::new(),
            stepping: None,
            returned: None,
            interrupt: Arc::default(),
            owners: Vec::new(),
            counters: Vec::new(),
            logs: HashMap::new(),
            memo: Memo::default(),
            skips: Arc::default(),
            same_source: Arc::new(|wanted, path| wanted == path),
            quiet: None,
            held: false,
            fresh: false,
            stopped_at: Vec::new(),
            calls: Vec::new(),
            may_call: false,
            formatters: Formatters::default(),
            stop: StopCache::default(),
            unwound: false,
            stops: 0,
            version: 0,
        }
    }

    pub(crate) fn forget_stop(&mut self) {
        self.returned = None;
        self.stopped_at.clear();
        self.stop = StopCache::default();
        self.stops += 1;
        self.version += 1;
    }

    /// Takes up what came with a stop.
    pub(crate) fn see_stop(&mut self, frames: Vec<Frame>, depth: Option<u32>, unwound: bool) {
        self.stop.depth = depth;
        self.unwound = unwound;
        // While calls of the debugger are on the stack, their callers' places mean something else than the debuggee says.
        if !frames.is_empty() && self.calls.is_empty() {
            let given = u32::try_from(frames.len()).unwrap_or(u32::MAX);
            let asked = if depth == Some(given) { u32::MAX } else { given };
            self.stop.frames = Some((asked, frames));
        }
    }

    /// See [`Stopped::unwound`](freezeframe_debuggee::Stopped).
    pub(crate) fn is_unwound(&self) -> bool {
        self.state == State::Stopped && self.unwound
    }

    /// Tells stops apart.
    pub(crate) fn stop_number(&self) -> u64 {
        self.stops
    }

    /// Changes whenever what was found before may be something else.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Asks one question of the stopped guest.
    pub(crate) fn ask(&mut self, query: Query) -> Result<Answer, EngineError> {
        match &self.state {
            State::Stopped => {}
            State::Running => return Err(EngineError::Running),
            State::Ended(_) => return Err(EngineError::NotRunning),
        }
        let mut answers = self.debuggee.query(vec![query])?;
        match answers.pop() {
            Some(answer) => Ok(answer?),
            None => Err(EngineError::Internal("a debuggee left a query unanswered")),
        }
    }

    pub(crate) fn module(&self, id: ModuleId) -> Option<&LoadedModule> {
        self.modules.get(id.0 as usize)
    }

    /// The frames of this stop, innermost first, at least `limit` of them if there are as many.
    pub(crate) fn frames(&mut self, limit: u32) -> Result<&[Frame], EngineError> {
        let enough =
            self.stop.frames.as_ref().is_some_and(|(asked, got)| *asked >= limit || got.len() < *asked as usize);
        if !enough {
            let Answer::Frames(frames) = self.ask(Query::Frames { limit })? else {
                return Err(EngineError::Internal("the answer to Frames is something else"));
            };
            self.stop.frames = Some((limit, frames));
            // Who was called from within a stop returns to no operator.
            let suspended = self.suspended_by_calls()?;
            if let Some((_, frames)) = &mut self.stop.frames {
                for (index, meaning) in suspended {
                    if let Some(frame) = frames.get_mut(index as usize) {
                        frame.pc_meaning = meaning;
                    }
                }
            }
        }
        Ok(self.stop.frames.as_ref().map_or(&[], |(_, frames)| frames))
    }

    pub(crate) fn frame(&mut self, index: u32) -> Result<Frame, EngineError> {
        let frames = self.frames(index.saturating_add(1))?;
        match frames.get(index as usize) {
            Some(frame) => Ok(frame.clone()),
            None if frames.is_empty() => Err(EngineError::NoStack),
            None => Err(EngineError::NoFrame(index as usize, frames.len() - 1)),
        }
    }

    /// The frames on which calls of the debugger were made, and what their places meant when they stood still.
    pub(crate) fn suspended_by_calls(&mut self) -> Result<Vec<(u32, PcMeaning)>, EngineError> {
        if self.calls.is_empty() {
            return Ok(Vec::new());
        }
        let depth = self.depth()?;
        Ok(self.calls.iter().filter_map(|call| Some((depth.checked_sub(call.depth)?, call.meaning?))).collect())
    }

    /// How many frames there are, all activations counted.
    pub(crate) fn depth(&mut self) -> Result<u32, EngineError> {
        if let Some(depth) = self.stop.depth {
            return Ok(depth);
        }
        let Answer::Count(depth) = self.ask(Query::Depth)? else {
            return Err(EngineError::Internal("the answer to Depth is something else"));
        };
        let depth = u32::try_from(depth).unwrap_or(u32::MAX);
        self.stop.depth = Some(depth);
        Ok(depth)
    }

    /// The innermost source-level frame.
    pub(crate) fn innermost(&mut self) -> Result<&StackFrame, EngineError> {
        let found = match self.stop.innermost.take() {
            Some(known) => known,
            None => self.stack(1)?.into_iter().next().ok_or(EngineError::NoStack)?,
        };
        Ok(self.stop.innermost.insert(found))
    }

    pub(crate) fn instances(&mut self) -> Result<Vec<Instance>, EngineError> {
        if self.stop.instances.is_none() {
            let Answer::Instances(instances) = self.ask(Query::Instances)? else {
                return Err(EngineError::Internal("the answer to Instances is something else"));
            };
            self.stop.instances = Some(instances);
        }
        Ok(self.stop.instances.clone().unwrap_or_default())
    }

    /// An instance of a module: for globals seen from outside of any frame.
    pub(crate) fn instance_of(&mut self, module: ModuleId) -> Result<Option<InstanceId>, EngineError> {
        Ok(self.instances()?.iter().find(|i| i.module == module).map(|i| i.id))
    }

    pub(crate) fn locals(&mut self, frame: u32) -> Result<Vec<WasmValue>, Unavailable> {
        if let Some(known) = self.stop.locals.get(&frame) {
            return known.clone();
        }
        let values = self.values(frame, Query::Locals { frame });
        self.stop.locals.insert(frame, values.clone());
        values
    }

    /// A local of a frame whose locals can't be read: those that lead to the shadow stack follow from the stack pointer.
    fn shadow_local(&mut self, frame: u32, index: u32, why: Unavailable) -> Result<WasmValue, Unavailable> {
        let known = self.frame(frame).map_err(as_unavailable)?;
        if !matches!(known.detail, FrameDetail::NoLocals(_)) {
            return Err(why);
        }
        let shadow = self.shadow(frame)?;
        match shadow.frame.local(index, shadow.at_entry, shadow.pc) {
            Some(Some(value)) => Ok(WasmValue::I32(value.cast_signed())),
            Some(None) => Err(Unavailable::new("not set up yet: the function's prologue is still running")),
            None => Err(why),
        }
    }

    /// Where a frame lies on the shadow stack. Each follows from the one inside it.
    fn shadow(&mut self, frame: u32) -> Result<Shadow, Unavailable> {
        for index in 0..=frame {
            if self.stop.shadows.len() <= index as usize {
                let shadow = self.next_shadow(index);
                self.stop.shadows.push(shadow);
            }
        }
        let found = self.stop.shadows.get(frame as usize).cloned();
        found.unwrap_or_else(|| Err(Unavailable::new("there is no such frame")))
    }

    fn next_shadow(&mut self, index: u32) -> Result<Shadow, Unavailable> {
        let frame = self.frame(index).map_err(as_unavailable)?;
        let unknown = |why: &str| Unavailable::new(format!("where the stack frame lies isn't known: {why}"));
        let instance = frame.instance.ok_or_else(|| {
            unknown("its instance can't be told (those in a component can't be reached at native speed)")
        })?;
        let module = self.module(frame.module).ok_or_else(|| unknown("nor is the module"))?;
        let code = module.code.clone();
        let pointer = code.globals.iter().position(|g| g.name.as_deref() == Some(STACK_POINTER) && !g.imported);
        let pointer = pointer.and_then(|pointer| u32::try_from(pointer).ok());
        let pointer = pointer.ok_or_else(|| unknown("the module has no `__stack_pointer` of its own, by name"))?;
        // The one inside it that has the same stack.
        let mut inner = None;
        for index in (0..index).rev() {
            match self.frame(index).map_err(as_unavailable)?.instance {
                Some(other) if other == instance => {
                    inner = Some(self.shadow(index)?);
                    break;
                }
                Some(_) => {}
                None => return Err(unknown("the instance of a frame further in isn't known")),
            }
        }
        let now = match inner {
            Some(inner) => inner.at_entry,
            None => match self.global(instance, pointer).map_err(|why| unknown(&why.0))? {
                WasmValue::I32(pointer) => pointer.cast_unsigned(),
                _ => return Err(unknown("the stack pointer isn't an `i32`")),
            },
        };
        let shadow = shadow_frame(&code, frame.function, pointer).map_err(unknown)?;
        let at_entry = shadow.at_entry(now, frame.pc);
        Ok(Shadow { frame: Arc::new(shadow), at_entry, pc: frame.pc })
    }

    pub(crate) fn operands(&mut self, frame: u32) -> Result<Vec<WasmValue>, Unavailable> {
        if let Some(known) = self.stop.operands.get(&frame) {
            return known.clone();
        }
        let values = self.values(frame, Query::Operands { frame });
        self.stop.operands.insert(frame, values.clone());
        values
    }

    fn values(&mut self, frame: u32, query: Query) -> Result<Vec<WasmValue>, Unavailable> {
        let known = self.frame(frame).map_err(as_unavailable)?;
        if let FrameDetail::PositionOnly(why) | FrameDetail::NoLocals(why) = known.detail {
            return Err(Unavailable(why));
        }
        match self.ask(query).map_err(as_unavailable)? {
            Answer::Values(values) => Ok(values),
            _ => Err(Unavailable::new("the debuggee gave a wrong answer")),
        }
    }

    pub(crate) fn global(&mut self, instance: InstanceId, index: u32) -> Result<WasmValue, Unavailable> {
        match self.ask(Query::Global { instance, index }).map_err(as_unavailable)? {
            Answer::Values(mut values) => values.pop().ok_or_else(|| Unavailable::new("no such global")),
            _ => Err(Unavailable::new("the debuggee gave a wrong answer")),
        }
    }

    /// Fills `into` from a memory, page by page.
    pub(crate) fn read_memory(
        &mut self,
        instance: InstanceId,
        memory: u32,
        address: u64,
        into: &mut [u8],
    ) -> Result<(), Unavailable> {
        let mut done = 0;
        while done < into.len() {
            let at = address.checked_add(done as u64).ok_or_else(|| out_of_bounds(address, into.len()))?;
            let (page, offset) = (at / PAGE, (at % PAGE) as usize);
            if !self.stop.pages.contains_key(&(instance, memory, page)) {
                let query = Query::Memory { instance, memory, address: page * PAGE, length: PAGE };
                // The page's address is no one's business.
                let Answer::Bytes(bytes) = self.ask(query).map_err(|_| out_of_bounds(address, into.len()))? else {
                    return Err(Unavailable::new("the debuggee gave a wrong answer"));
                };
                self.stop.pages.insert((instance, memory, page), bytes);
            }
            let bytes = self.stop.pages.get(&(instance, memory, page)).and_then(|bytes| bytes.get(offset..));
            let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) else {
                return Err(out_of_bounds(address, into.len()));
            };
            let count = bytes.len().min(into.len() - done);
            into[done..done + count].copy_from_slice(&bytes[..count]);
            done += count;
        }
        Ok(())
    }

    pub(crate) fn write_memory(
        &mut self,
        instance: InstanceId,
        memory: u32,
        address: u64,
        bytes: Vec<u8>,
    ) -> Result<(), EngineError> {
        self.ask(Query::WriteMemory { instance, memory, address, bytes })?;
        self.stop.pages.clear();
        self.version += 1;
        Ok(())
    }

    /// How much memory was read at this stop, in bytes.
    pub(crate) fn memory_read(&self) -> u64 {
        self.stop.pages.values().map(|page| page.len() as u64).sum()
    }

    /// The sites that a query is answered with.
    pub(crate) fn sites(&mut self, query: Query) -> Result<Vec<Site>, EngineError> {
        match self.ask(query)? {
            Answer::Sites(sites) => Ok(sites),
            _ => Err(EngineError::Internal("the answer to a question for sites is something else")),
        }
    }

    /// Access to a frame's state for locations and expressions.
    pub(crate) fn access(&mut self, frame: Option<u32>, instance: Option<InstanceId>) -> Access<'_> {
        Access { target: self, frame, instance }
    }
}

/// The same of any frame that doesn't wait in a `try_table`: a return address belongs to what
/// follows the call, which may be another line or the end of the function.
pub(crate) fn lookup_pc(frame: &Frame) -> ModulePc {
    match frame.pc_meaning {
        PcMeaning::Return => ModulePc(frame.pc.0.saturating_sub(1)),
        PcMeaning::Next | PcMeaning::Faulting => frame.pc,
    }
}

fn as_unavailable(error: EngineError) -> Unavailable {
    match error {
        EngineError::Unavailable(why) => why,
        other => Unavailable::new(other.to_string()),
    }
}

fn out_of_bounds(address: u64, length: usize) -> Unavailable {
    Unavailable::new(format!("cannot access memory at address {address:#x} ({length} bytes)"))
}

/// The state of one frame, or of an instance outside of any frame.
pub(crate) struct Access<'a> {
    pub target: &'a mut Target,
    pub frame: Option<u32>,
    pub instance: Option<InstanceId>,
}

impl Access<'_> {
    fn frame(&self) -> Result<u32, Unavailable> {
        self.frame.ok_or_else(|| Unavailable::new("there is no frame"))
    }

    pub(crate) fn instance(&self) -> Result<InstanceId, Unavailable> {
        self.instance.ok_or_else(|| Unavailable::new("the instance of this frame isn't known"))
    }
}

impl FrameAccess for Access<'_> {
    fn local(&mut self, index: u32) -> Result<WasmValue, Unavailable> {
        let frame = self.frame()?;
        let locals = match self.target.locals(frame) {
            Ok(locals) => locals,
            Err(why) => return self.target.shadow_local(frame, index, why),
        };
        locals.get(index as usize).cloned().ok_or_else(|| Unavailable::new(format!("there is no Wasm local {index}")))
    }

    fn operand(&mut self, index: u32) -> Result<WasmValue, Unavailable> {
        let operands = self.target.operands(self.frame()?)?;
        operands
            .get(index as usize)
            .cloned()
            .ok_or_else(|| Unavailable::new(format!("the operand stack has no slot {index} here")))
    }

    fn global(&mut self, index: u32) -> Result<WasmValue, Unavailable> {
        let instance = self.instance()?;
        self.target.global(instance, index)
    }

    fn memory(&mut self, address: u64, into: &mut [u8]) -> Result<(), Unavailable> {
        let instance = self.instance()?;
        self.target.read_memory(instance, 0, address, into)
    }
}
