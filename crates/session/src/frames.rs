//! The frames of a stopped guest, innermost first, through all activations.
//!
//! Wasmtime's handles can't be trusted everywhere, so that they are checked against a `WasmBacktrace`, which Wasmtime
//! makes from other tables:
//! * At a stack overflow the innermost frame has not written its state yet: reading it panics or follows a wild pointer
//!   (hazard H4). Its position comes from the backtrace, its state is unavailable.
//! * The function that Wasmtime makes to start an instance has no state: as the outermost frame of its activation it
//!   shows up under the name, and with the state, of another function (H5). The backtrace doesn't have it: it's cut.
//!
//! Invariant: no handle is asked for its module or instance before it has passed that check.

use std::{
    cell::OnceCell,
    panic::{AssertUnwindSafe, catch_unwind},
};

use freezeframe_debuggee::PcMeaning;
use wasmtime::{FrameHandle, Instance, Module, StoreContextMut, Trap, Val, WasmBacktrace};

use crate::{
    Error, Failure, Stop,
    breakpoints::{Found, Registry},
    code::CodeKey,
    event::Cause,
    folded::unreachable_behind,
    native::{NO_STATE, UNWOUND},
    shared::lock,
};

/// Where a frame is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Position {
    /// The module whose code it runs.
    pub module: Module,
    /// The function, as an index in the module's function index space (imports first).
    pub function: u32,
    /// The byte offset in the module's binary.
    pub pc: u32,
}

/// A frame that passed the check.
pub(crate) struct Entry {
    body: Body,
    activation: u32,
    meaning: PcMeaning,
}

enum Body {
    Handle(FrameHandle),
    /// Only the position is known, and this is why.
    Position(Position, &'static str),
}

const OVERFLOWED: &str = "the trap is in the function's prologue, which had not set up the frame yet";

/// Finds the innermost frame, and gives the site of the operator that is about to run. To be called at a breakpoint only,
/// where that frame is always sound.
pub(crate) fn top<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    registry: &mut Registry,
    found: &mut Option<FrameHandle>,
) -> Option<Found> {
    *found = None;
    let handle = store.debug_exit_frames().next()?;
    let at = handle.wasm_function_index_and_pc(&mut *store).ok().flatten();
    let module = handle.module(&mut *store).ok().flatten();
    let site = at.zip(module).and_then(|((_, pc), module)| registry.find(module, pc.raw()));
    *found = Some(handle);
    site
}

/// All frames, checked.
pub(crate) fn chain<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    registry: &mut Registry,
    cause: Cause,
) -> Vec<Entry> {
    if let Cause::Fault(trap) = cause {
        let trace = WasmBacktrace::force_capture(&*store);
        let mut entries = from_backtrace(&trace, registry, NO_STATE);
        match trap {
            Trap::StackOverflow => at_its_entry(registry, &mut entries),
            Trap::UnreachableCodeReached => at_its_unreachable(registry, &mut entries),
            _ => {}
        }
        return entries;
    }
    if let Cause::Unwound(failure) = cause {
        let entry = |(i, position): (usize, &Position)| {
            let (body, meaning) = (Body::Position(position.clone(), UNWOUND), backtrace_meaning(i));
            Entry { body, activation: 0, meaning }
        };
        let mut entries: Vec<Entry> = registry.unwound.iter().enumerate().map(entry).collect();
        if failure == Failure::Trap(Trap::StackOverflow) {
            at_its_entry(registry, &mut entries);
        }
        return entries;
    }
    let overflowed = cause == Cause::Trap(Trap::StackOverflow);
    let failing = matches!(cause, Cause::Trap(_) | Cause::HostCall | Cause::Exception);
    registry.scan_modules(store);
    let Some(mut activations) = activations(store, overflowed) else {
        return from_backtrace(&WasmBacktrace::force_capture(&*store), registry, OVERFLOWED);
    };
    let mut first = None;
    if failing || registry.infos.any_start() {
        let trace = WasmBacktrace::force_capture(&*store);
        cut_starts(store, registry, &mut activations, &trace, overflowed, failing);
        first = trace.frames().first().and_then(|frame| {
            let (_, info) = registry.infos.of(frame.module())?;
            let pc = info.pc_of(frame)?;
            Some(Position { module: frame.module().clone(), function: frame.func_index(), pc })
        });
    }
    let mut entries = Vec::with_capacity(activations.iter().map(Vec::len).sum());
    for (handle, activation) in
        activations.into_iter().zip(0..).flat_map(|(frames, n)| frames.into_iter().map(move |f| (f, n)))
    {
        let innermost = entries.is_empty();
        let body = match &first {
            Some(position) if innermost && overflowed => Body::Position(position.clone(), OVERFLOWED),
            _ => Body::Handle(handle),
        };
        let meaning = match (&first, &body) {
            _ if !innermost => PcMeaning::Return,
            _ if !failing => PcMeaning::Next,
            (_, Body::Position(..)) => PcMeaning::Faulting,
            // A host function may fail with a trap, a guest throw an exception: what counts is whether the operator
            // itself fails, which the backtrace names, or the frame waits in a call.
            (first, Body::Handle(handle)) => match (first, handle.wasm_function_index_and_pc(&mut *store)) {
                (Some(at), Ok(Some((_, pc)))) if at.pc != pc.raw() => PcMeaning::Return,
                _ => PcMeaning::Faulting,
            },
        };
        entries.push(Entry { body, activation, meaning });
    }
    entries
}

/// A function and an offset.
pub(crate) type Place = (u32, u32);

/// Where the activations wait, as function and pc of their innermost frames: of the innermost activation, if Wasmtime
/// knows its frame, and of the others.
pub(crate) fn waiting<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    registry: &mut Registry,
    cause: Cause,
) -> (Option<Place>, Vec<Place>) {
    let mut entries = chain(store, registry, cause);
    entries.dedup_by_key(|entry| entry.activation);
    let mut innermost = None;
    let mut around = Vec::new();
    for entry in entries {
        let at = match entry.body {
            Body::Handle(handle) => match handle.wasm_function_index_and_pc(&mut *store) {
                Ok(Some((function, pc))) => (function.as_u32(), pc.raw()),
                _ => continue,
            },
            Body::Position(at, _) => (at.function, at.pc),
        };
        if entry.activation == 0 {
            innermost = Some(at);
        } else {
            around.push(at);
        }
    }
    (innermost, around)
}

/// How many frames there are.
pub(crate) fn depth<T: 'static>(store: &mut StoreContextMut<'_, T>, registry: &mut Registry, cause: Cause) -> u32 {
    registry.scan_modules(store);
    if cause != Cause::Operator || registry.infos.any_start() {
        return u32::try_from(chain(store, registry, cause).len()).unwrap_or(u32::MAX);
    }
    let exits: Vec<FrameHandle> = store.debug_exit_frames().collect();
    let mut depth = 0;
    for exit in exits {
        let mut at = Some(exit);
        while let Some(frame) = at {
            depth += 1;
            at = frame.parent(&mut *store).ok().flatten();
        }
    }
    depth
}

/// The handles of each activation, unchecked; `None` where Wasmtime panicked over a frame without state.
fn activations<T: 'static>(store: &mut StoreContextMut<'_, T>, overflowed: bool) -> Option<Vec<Vec<FrameHandle>>> {
    let mut collect = || {
        let exits: Vec<FrameHandle> = store.debug_exit_frames().collect();
        exits
            .into_iter()
            .map(|exit| {
                let mut frames = vec![exit];
                while let Some(parent) = frames.last().and_then(|f| f.parent(&mut *store).ok().flatten()) {
                    frames.push(parent);
                }
                frames
            })
            .collect()
    };
    // Where the overflowing function is the first of its image, no program point lies before it, and Wasmtime expects
    // one. The lookup changes nothing but a cache, after having succeeded.
    if overflowed { catch_unwind(AssertUnwindSafe(collect)).ok() } else { Some(collect()) }
}

/// All that a backtrace tells; `why` there's no more.
fn from_backtrace(trace: &WasmBacktrace, registry: &Registry, why: &'static str) -> Vec<Entry> {
    let entry = |(i, frame)| {
        let position = backtrace_position(frame, registry)?;
        Some(Entry { body: Body::Position(position, why), activation: 0, meaning: backtrace_meaning(i) })
    };
    trace.frames().iter().enumerate().filter_map(entry).collect()
}

/// Where a frame of a backtrace is.
pub(crate) fn backtrace_position(frame: &wasmtime::FrameInfo, registry: &Registry) -> Option<Position> {
    let pc = match (&registry.guests, frame.module_offset()) {
        (None, _) => registry.infos.get(CodeKey::of(frame.module())?)?.pc_of(frame)?,
        (Some(guests), Some(pc)) => u32::try_from(pc).ok()?.checked_sub(guests.offset_base(frame.module()))?,
        // Code that belongs to no operator is a prologue's.
        (Some(guests), None) => guests.function_start(frame.module(), frame.func_index())?,
    };
    Some(Position { module: frame.module().clone(), function: frame.func_index(), pc })
}

/// Backtraces name the call itself, not where it returns to.
fn backtrace_meaning(index: usize) -> PcMeaning {
    if index == 0 { PcMeaning::Faulting } else { PcMeaning::Next }
}

/// The stack is looked at before a function's first operator, by code that lies behind its last: the place is the function's
/// entry, and nothing of its state is there yet.
fn at_its_entry(registry: &Registry, entries: &mut [Entry]) {
    let Some(Entry { body: Body::Position(position, why), .. }) = entries.first_mut() else { return };
    let guests = registry.guests.as_ref();
    if let Some(start) = guests.and_then(|guests| guests.function_start(&position.module, position.function)) {
        position.pc = start;
    }
    *why = OVERFLOWED;
}

/// The place of a trap that Wasmtime attributes to a branch is where that leads.
fn at_its_unreachable(registry: &Registry, entries: &mut [Entry]) {
    let Some(Entry { body: Body::Position(position, _), .. }) = entries.first_mut() else { return };
    let binary = registry.guests.as_ref().and_then(|guests| guests.binary(&position.module));
    if let Some(pc) = binary.and_then(|binary| unreachable_behind(&binary, position.function, position.pc)) {
        position.pc = pc;
    }
}

/// Takes out the frames that the backtrace doesn't have: each is the outermost of its activation.
fn cut_starts<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    registry: &Registry,
    activations: &mut [Vec<FrameHandle>],
    trace: &WasmBacktrace,
    overflowed: bool,
    failing: bool,
) {
    let limit = store.engine().get_wasm_backtrace_max_frames();
    let total: usize = activations.iter().map(Vec::len).sum();
    let whole = trace.frames().len() < limit.max(1);
    let mut surplus = if whole { total.saturating_sub(trace.frames().len()) } else { activations.len() };
    let mut suspected = |activation: usize, frames: &[FrameHandle]| match frames {
        [] => false,
        [_] => (failing && activation == 0) || registry.infos.any_imported_start(),
        [_, _] if overflowed && activation == 0 => registry.infos.any_start(),
        [.., callee, _] => registry.infos.any_imported_start() || is_start(store, registry, callee),
    };
    for (n, frames) in activations.iter_mut().enumerate() {
        if surplus > 0 && suspected(n, frames) {
            frames.pop();
            surplus -= 1;
        }
    }
    // The count is certain if the backtrace is whole; which ones they are should be, too, by now.
    if whole {
        activations.iter_mut().take(surplus).for_each(|frames| {
            frames.pop();
        });
    }
}

fn is_start<T: 'static>(store: &mut StoreContextMut<'_, T>, registry: &Registry, frame: &FrameHandle) -> bool {
    let Ok(Some((function, _))) = frame.wasm_function_index_and_pc(&mut *store) else { return false };
    let Ok(Some(module)) = frame.module(&mut *store) else { return false };
    let Some(info) = CodeKey::of(module).and_then(|code| registry.infos.get(code)) else { return false };
    info.start == Some(function.as_u32() + info.imported_functions)
}

/// What a [`Stop`] has found out about its frames for the [`Frames`] that borrow it.
#[derive(Default)]
pub(crate) struct Known {
    /// The innermost frame, where the stop wasn't told or something has run since.
    innermost: Option<FrameHandle>,
    all: OnceCell<Vec<Entry>>,
}

/// The frames of a stop; ends with the `with` that it came from.
pub struct Frames<'f, 'a, T: 'static> {
    stop: &'f Stop<'a, T>,
    /// The innermost frame of an ordinary stop is sound and costs little: it comes without the others.
    first: Option<&'f FrameHandle>,
    given: usize,
}

impl<'f, 'a, T: 'static> Frames<'f, 'a, T> {
    pub(crate) fn new(stop: &'f mut Stop<'a, T>) -> Self {
        // From here on the stop is borrowed, so that nothing runs and nothing known becomes wrong.
        stop.known = Known::default();
        let mut first = None;
        if stop.cause == Cause::Operator {
            let store = stop.store.get_mut();
            // A call into the guest during this stop makes handles invalid, not the frames.
            first = stop.top.filter(|handle| handle.is_valid(&mut *store));
            if first.is_none() {
                stop.known.innermost = store.debug_exit_frames().next();
            }
        }
        let stop = &*stop;
        Self { stop, first: first.or(stop.known.innermost.as_ref()), given: 0 }
    }
}

impl<'f, 'a, T: 'static> Iterator for Frames<'f, 'a, T> {
    type Item = Frame<'f, 'a, T>;

    fn next(&mut self) -> Option<Self::Item> {
        let stop = self.stop;
        let at = match self.first.take() {
            Some(handle) => At::Innermost(handle),
            None => {
                let find = || chain(&mut stop.store.borrow_mut(), &mut lock(&stop.shared.registry), stop.cause);
                At::Listed(stop.known.all.get_or_init(find).get(self.given)?)
            }
        };
        self.given += 1;
        Some(Frame { stop, at })
    }
}

/// One frame of a stopped guest. It borrows the [`Stop`], so that it can't outlive it (hazard H2), and the store can't
/// be changed while there are frames.
///
/// Values that are references are rooted until the `with` ends.
pub struct Frame<'f, 'a, T: 'static> {
    pub(crate) stop: &'f Stop<'a, T>,
    at: At<'f>,
}

enum At<'f> {
    /// Of an ordinary stop: the next operator is its.
    Innermost(&'f FrameHandle),
    Listed(&'f Entry),
}

impl<T: 'static> Frame<'_, '_, T> {
    fn handle(&self) -> Result<&FrameHandle, Error> {
        match self.at {
            At::Innermost(handle) | At::Listed(Entry { body: Body::Handle(handle), .. }) => Ok(handle),
            At::Listed(Entry { body: Body::Position(_, why), .. }) => Err(Error::unavailable(*why)),
        }
    }

    /// Where it is, if that is all that is known of it.
    fn only_position(&self) -> Option<&Position> {
        match self.at {
            At::Listed(Entry { body: Body::Position(position, _), .. }) => Some(position),
            _ => None,
        }
    }

    /// Where it is.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if Wasmtime can't tell.
    pub fn position(&self) -> Result<Position, Error> {
        if let Some(position) = self.only_position() {
            return Ok(position.clone());
        }
        let handle = self.handle()?;
        let store = &mut *self.stop.store.borrow_mut();
        let (defined, pc) = handle
            .wasm_function_index_and_pc(&mut *store)
            .map_err(Error::Engine)?
            .ok_or_else(|| Error::unavailable("not a function of a module"))?;
        let module = handle.module(&mut *store).map_err(Error::Engine)?;
        let module = module.ok_or_else(|| Error::unavailable("not a function of a module"))?.clone();
        // H11: Wasmtime counts the defined functions only.
        let imports = lock(&self.stop.shared.registry).infos.of(&module).map_or(0, |(_, info)| info.imported_functions);
        Ok(Position { module, function: defined.as_u32() + imports, pc: pc.raw() })
    }

    /// The byte offset in its module; see [`pc_meaning`](Self::pc_meaning). Cheaper than [`position`](Self::position).
    ///
    /// # Errors
    /// As [`position`](Self::position).
    pub fn pc(&self) -> Result<u32, Error> {
        if let Some(position) = self.only_position() {
            return Ok(position.pc);
        }
        let at =
            self.handle()?.wasm_function_index_and_pc(&mut *self.stop.store.borrow_mut()).map_err(Error::Engine)?;
        at.map(|(_, pc)| pc.raw()).ok_or_else(|| Error::unavailable("not a function of a module"))
    }

    /// What its pc points to.
    pub fn pc_meaning(&self) -> PcMeaning {
        match self.at {
            At::Innermost(_) => PcMeaning::Next,
            At::Listed(entry) => entry.meaning,
        }
    }

    /// Which activation it belongs to: 0 is the innermost, larger numbers lie beyond host code.
    pub fn activation(&self) -> u32 {
        match self.at {
            At::Innermost(_) => 0,
            At::Listed(entry) => entry.activation,
        }
    }

    /// Why its state can't be read; `None` if it can.
    pub fn unavailable(&self) -> Option<&'static str> {
        match self.at {
            At::Listed(Entry { body: Body::Position(_, why), .. }) => Some(why),
            _ => None,
        }
    }

    /// The instance that it runs in.
    ///
    /// # Errors
    /// [`Error::Unavailable`] for a frame that has [no state](Self::unavailable); at native speed only if it isn't known
    /// which one it is.
    pub fn instance(&self) -> Result<Instance, Error> {
        if let (Some(position), Some(native)) = (self.only_position(), &self.stop.shared.native) {
            return native.instance_of(&mut self.stop.store.borrow_mut(), &position.module);
        }
        self.handle()?.instance(&mut *self.stop.store.borrow_mut()).map_err(Error::Engine)
    }

    /// How many locals it has, parameters included.
    ///
    /// # Errors
    /// [`Error::Unavailable`] for a frame that has [no state](Self::unavailable).
    pub fn local_count(&self) -> Result<u32, Error> {
        self.handle()?.num_locals(&mut *self.stop.store.borrow_mut()).map_err(Error::Engine)
    }

    /// A local; parameters come first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if there is no such local, or the frame has [no state](Self::unavailable).
    #[inline]
    pub fn local(&self, index: u32) -> Result<Val, Error> {
        let handle = self.handle()?;
        let store = &mut *self.stop.store.borrow_mut();
        let count = handle.num_locals(&mut *store).map_err(Error::Engine)?;
        if index >= count {
            return Err(Error::unavailable(format!("there is no local {index}, the function has {count}")));
        }
        handle.local(&mut *store, index).map_err(Error::Engine)
    }

    /// All locals, parameters first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] for a frame that has [no state](Self::unavailable).
    pub fn locals(&self) -> Result<Vec<Val>, Error> {
        (0..self.local_count()?).map(|i| self.local(i)).collect()
    }

    /// How deep its operand stack is.
    ///
    /// # Errors
    /// [`Error::Unavailable`] for a frame that has [no state](Self::unavailable).
    pub fn operand_count(&self) -> Result<u32, Error> {
        self.handle()?.num_stacks(&mut *self.stop.store.borrow_mut()).map_err(Error::Engine)
    }

    /// A value of the operand stack; 0 is the bottom.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the stack is not that deep, or the frame has [no state](Self::unavailable).
    pub fn operand(&self, index: u32) -> Result<Val, Error> {
        let handle = self.handle()?;
        let store = &mut *self.stop.store.borrow_mut();
        let count = handle.num_stacks(&mut *store).map_err(Error::Engine)?;
        if index >= count {
            return Err(Error::unavailable(format!("there is no operand {index}, the stack has {count}")));
        }
        handle.stack(&mut *store, index).map_err(Error::Engine)
    }

    /// The operand stack, bottom first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] for a frame that has [no state](Self::unavailable).
    pub fn operands(&self) -> Result<Vec<Val>, Error> {
        (0..self.operand_count()?).map(|i| self.operand(i)).collect()
    }
}
