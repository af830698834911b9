//! Sessions at native speed: the guest runs the code that Wasmtime makes without us, and stops at its traps only.
//!
//! The second source of events beside the debug handler. A trap reaches the same callback ([`handler::trapped`]) and stands
//! still in the same way, so that a debugger sees the same event and the same [`Stop`](crate::Stop). What guest debugging
//! alone keeps isn't there, and says so: locals, operands, breakpoints, steps, interrupts.
//!
//! Wasmtime shows modules, instances and their parts only to guest debugging, too. Here they are what the embedder tells
//! ([`Guests`], [`instantiated`](crate::instantiated)) and what a module exports.
//!
//! Invariant: while a session is armed its [`Native`] outlives it: the callback in the store holds the session's `Shared`,
//! and is taken out before that ends.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{
            AtomicBool,
            Ordering::{Relaxed, SeqCst},
        },
    },
};

use freezeframe_debuggee::Bytes;
use freezeframe_native::{After, Armed, Code, NotNative, OnFault};
use wasmparser::{ExternalKind, Parser, Payload};
use wasmtime::{
    AsContextMut, Extern, FrameInfo, Func, Global, Instance, Memory, Module, SharedMemory, Store, StoreContextMut,
    Table, Trap, WasmBacktrace, component::Component,
};

use crate::{
    Error,
    code::{CodeKey, body_of},
    handler::{self, Failed},
    shared::{Shared, lock},
};

/// How a session sees its guest.
#[derive(Debug, Default)]
pub enum Mode {
    /// By Wasmtime's guest debugging ([`configure`](crate::configure)): everything, at a third of the speed.
    #[default]
    Detailed,
    /// At the speed of plain Wasmtime, on an engine without guest debugging: its traps, with the whole stack. See
    /// `docs/native.md` for what is there and what isn't.
    Native(Guests),
}

/// The code whose traps a session at native speed sees. Made once, it serves any number of sessions.
#[derive(Clone, Debug, Default)]
pub struct Guests {
    code: Vec<Code>,
    modules: Vec<Known>,
    components: Vec<KnownComponent>,
}

#[derive(Clone, Debug)]
struct KnownComponent {
    component: Component,
    /// The core modules in it, in Wasmtime's order.
    inside: Arc<[Inside]>,
}

/// A core module in a component.
#[derive(Clone, Debug)]
struct Inside {
    /// Where it begins in the component's binary, from which Wasmtime counts its offsets.
    start: u32,
    binary: Bytes,
}

#[derive(Clone, Debug)]
struct Known {
    module: Module,
    binary: Bytes,
    exports: Arc<Exports>,
}

impl Guests {
    /// Adds a core module, best a [prepared](crate::prepare) one. Its traps are seen from the session's start on. `binary` is what it was compiled from: Wasmtime
    /// keeps no copy.
    ///
    /// # Errors
    /// [`NotNative`] if its code isn't what it's expected to be.
    pub fn module(&mut self, module: &Module, binary: impl Into<Bytes>) -> Result<&mut Self, NotNative> {
        let binary = binary.into();
        self.code.push(Code::of_module(module)?);
        let exports = Arc::new(Exports::of(&binary));
        self.modules.push(Known { module: module.clone(), binary, exports });
        Ok(self)
    }

    /// Adds a component, with all core modules in it. `binary` is what it was compiled from.
    ///
    /// # Errors
    /// As [`module`](Self::module).
    pub fn component(&mut self, component: &Component, binary: impl Into<Bytes>) -> Result<&mut Self, NotNative> {
        self.code.push(Code::of_component(component)?);
        self.components
            .push(KnownComponent { component: component.clone(), inside: core_modules(&binary.into()).into() });
        Ok(self)
    }

    fn known(&self, module: &Module) -> Option<&Known> {
        let key = CodeKey::of(module)?;
        self.modules.iter().find(|known| CodeKey::of(&known.module) == Some(key))
    }

    /// Where the body of a function begins in its module.
    pub(crate) fn function_start(&self, module: &Module, function: u32) -> Option<u32> {
        u32::try_from(body_of(&self.binary(module)?, function)?.range().start).ok()
    }

    /// What a module was compiled from.
    pub(crate) fn binary(&self, module: &Module) -> Option<Bytes> {
        if let Some(known) = self.known(module) {
            return Some(known.binary.clone());
        }
        self.inside(module).map(|inside| inside.binary.clone())
    }

    /// From where Wasmtime counts the offsets of a module's code, in that module's binary: what to take away from them.
    pub(crate) fn offset_base(&self, module: &Module) -> u32 {
        if self.known(module).is_some() { 0 } else { self.inside(module).map_or(0, |inside| inside.start) }
    }

    /// A module that lies in a component.
    fn inside(&self, module: &Module) -> Option<&Inside> {
        let text = module.text().as_ptr();
        let known = self.components.iter().find(|known| known.component.image_range().contains(&text))?;
        // Wasmtime numbers the modules of a component in the order in which they are written in it.
        let functions = module.functions();
        let count = functions.len();
        let index = functions.into_iter().next()?.module.as_u32();
        let inside = known.inside.get(usize::try_from(index).ok()?)?;
        (defined_functions(&inside.binary) == count).then_some(inside)
    }
}

/// The core modules of a component, at any depth, in the order in which they are written.
fn core_modules(component: &Bytes) -> Vec<Inside> {
    let payloads = Parser::new(0).parse_all(component).map_while(Result::ok);
    let ranges = payloads.filter_map(|payload| match payload {
        Payload::ModuleSection { unchecked_range, .. } => Some(unchecked_range),
        _ => None,
    });
    let inside = |range: std::ops::Range<usize>| {
        let start = u32::try_from(range.start).ok()?;
        (range.end <= component.len()).then(|| Inside { start, binary: component.slice(range) })
    };
    ranges.filter_map(inside).collect()
}

fn defined_functions(module: &[u8]) -> usize {
    let payloads = Parser::new(0).parse_all(module).map_while(Result::ok);
    payloads.filter(|payload| matches!(payload, Payload::CodeSectionEntry(_))).count()
}

/// The names under which a module exports what it has: Wasmtime gives out nothing else.
#[derive(Debug, Default)]
struct Exports {
    names: HashMap<(Kind, u32), String>,
}

/// What can be reached by an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Function,
    Table,
    Memory,
    Global,
}

impl Exports {
    fn of(binary: &[u8]) -> Self {
        let mut names = HashMap::new();
        for payload in Parser::new(0).parse_all(binary).map_while(Result::ok) {
            let Payload::ExportSection(exports) = payload else { continue };
            for export in exports.into_iter().map_while(Result::ok) {
                let kind = match export.kind {
                    ExternalKind::Func => Kind::Function,
                    ExternalKind::Table => Kind::Table,
                    ExternalKind::Memory => Kind::Memory,
                    ExternalKind::Global => Kind::Global,
                    _ => continue,
                };
                names.entry((kind, export.index)).or_insert_with(|| export.name.to_owned());
            }
            break;
        }
        Self { names }
    }
}

/// What a session at native speed knows besides.
pub(crate) struct Native {
    guests: Guests,
    /// The store's guests are called by sync functions.
    sync: bool,
    instances: Mutex<Vec<Instance>>,
    /// The operator that trapped shall run again.
    again: AtomicBool,
    /// At this trap nothing may be collected.
    collector: AtomicBool,
    /// The trap that was caught last.
    seen: Mutex<Option<(Trap, Trail)>>,
}

/// The frames of a backtrace, to tell backtraces apart.
type Trail = Vec<(Option<CodeKey>, u32, Option<usize>)>;

fn trail(trace: &WasmBacktrace) -> Trail {
    let frame = |f: &FrameInfo| (CodeKey::of(f.module()), f.func_index(), f.module_offset());
    trace.frames().iter().map(frame).collect()
}

impl Native {
    pub(crate) fn new(guests: Guests, sync: bool) -> Self {
        Self {
            guests,
            sync,
            instances: Mutex::default(),
            again: AtomicBool::new(false),
            collector: AtomicBool::new(false),
            seen: Mutex::default(),
        }
    }

    pub(crate) fn guests(&self) -> Guests {
        self.guests.clone()
    }

    pub(crate) fn modules(&self) -> Vec<Module> {
        self.guests.modules.iter().map(|known| known.module.clone()).collect()
    }

    pub(crate) fn instances(&self) -> Vec<Instance> {
        lock(&self.instances).clone()
    }

    pub(crate) fn add_instance(&self, instance: Instance) {
        let mut all = lock(&self.instances);
        if !all.contains(&instance) {
            all.push(instance);
        }
    }

    pub(crate) fn binary(&self, module: &Module) -> Option<Bytes> {
        self.guests.binary(module)
    }

    /// Whether the session was told of this code.
    pub(crate) fn knows(&self, module: &Module) -> bool {
        let text = module.text().as_ptr();
        // What Wasmtime makes between the modules of a component is in no binary.
        let inside = |known: &KnownComponent| known.component.image_range().contains(&text);
        self.guests.known(module).is_some() || self.guests.components.iter().any(inside)
    }

    /// The instance that a frame of this module runs in, if there is but one.
    pub(crate) fn instance_of<T: 'static>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        module: &Module,
    ) -> Result<Instance, Error> {
        let key = CodeKey::of(module);
        let mut all = self.instances();
        all.retain(|instance| CodeKey::of(instance.module(&*store)) == key);
        match all[..] {
            [instance] => Ok(instance),
            [] => Err(Error::unavailable(
                "at native speed an instance isn't known before its host has told of it (`freezeframe::instantiated`), \
                 and those within components never are",
            )),
            _ => Err(Error::unavailable(
                "there are several instances of this module, and native frames don't tell which",
            )),
        }
    }

    /// The operator that trapped shall run once more.
    pub(crate) fn run_again(&self) {
        self.again.store(true, Relaxed);
    }

    /// Whether an error with this backtrace is the trap that was caught last.
    pub(crate) fn has_seen(&self, error: &wasmtime::Error, trace: &WasmBacktrace) -> bool {
        let trap = error.downcast_ref::<Trap>();
        lock(&self.seen).as_ref().is_some_and(|(seen, places)| trap == Some(seen) && *places == trail(trace))
    }

    /// Why nothing may be called, or awaited with the store, at this stop.
    pub(crate) fn no_calls(&self) -> Option<&'static str> {
        match self.collector.load(Relaxed) {
            true => Some(COLLECTOR),
            false => self.sync.then_some(SYNC),
        }
    }

    fn export<T: 'static>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        instance: Instance,
        kind: Kind,
        index: u32,
    ) -> Option<Extern> {
        let known = self.guests.known(instance.module(&*store))?;
        let name = known.exports.names.get(&(kind, index))?;
        instance.get_export(&mut *store, name)
    }
}

/// What is said where breakpoints, steps and the like are asked for.
pub(crate) const ONLY_TRAPS: &str =
    "at native speed a guest stops at its traps only: debug it in detail for breakpoints, steps and interrupts";

/// Why a frame has no state.
pub(crate) const NO_STATE: &str = "at native speed Wasm locals and operands aren't kept: debug in detail to see them";

/// Why the frames of a stack that is gone have none.
pub(crate) const UNWOUND: &str = "Wasm locals went when the stack was unwound: debug in detail to see them";

/// Why nothing is called at some traps.
const COLLECTOR: &str = "this guest has garbage-collected references, and at a trap at native speed a collection \
                                    would free what its stack still holds: debug in detail to call functions";

/// Why nothing is called in a store that is used by sync functions.
const SYNC: &str = "the store is used by Wasmtime's sync functions, and a call at a stop would have to be awaited: use its \
                    async ones to call functions";

/// What is true of the trap around this one, a call at which has led here: true again at the end, however this one ends.
struct Around<'n> {
    native: &'n Native,
    again: bool,
    collector: bool,
}

impl<'n> Around<'n> {
    fn new(native: &'n Native, collector: bool) -> Self {
        let again = native.again.swap(false, Relaxed);
        Self { native, again, collector: native.collector.swap(collector, SeqCst) }
    }
}

impl Drop for Around<'_> {
    fn drop(&mut self) {
        self.native.again.store(self.again, Relaxed);
        self.native.collector.store(self.collector, SeqCst);
    }
}

/// Arms the store for a session.
pub(crate) async fn arm<T: Send + 'static>(
    store: &mut Store<T>,
    shared: &Arc<Shared<T>>,
) -> Result<Option<Armed>, Error> {
    let Some(native) = &shared.native else { return Ok(None) };
    let debugged = shared.clone();
    let on_fault: Arc<OnFault<T>> = Arc::new(move |store: StoreContextMut<'_, T>, fault| {
        let shared = debugged.clone();
        Box::pin(async move {
            let Some(native) = &shared.native else { return Ok(After::Trap) };
            let trail = trail(&WasmBacktrace::force_capture(&store));
            let _around = Around::new(native, fault.collector);
            handler::failed(&shared, store, Failed::Struck(fault.trap)).await;
            // Calls at this stop may have trapped, too.
            *lock(&native.seen) = Some((fault.trap, trail));
            let again = native.again.load(Relaxed);
            Ok(if again { After::Again } else { After::Trap })
        })
    });
    let armed = match native.sync {
        false => freezeframe_native::arm(store, on_fault).await?,
        true => freezeframe_native::arm_sync(store, on_fault).await?,
    };
    for code in &native.guests.code {
        armed.register(code);
    }
    Ok(Some(armed))
}

// ---- parts of instances, by either way

pub(crate) fn global<T: 'static>(
    shared: &Shared<T>,
    store: &mut StoreContextMut<'_, T>,
    instance: Instance,
    index: u32,
) -> Option<Global> {
    match &shared.native {
        None => instance.debug_global(store.as_context_mut(), index),
        Some(native) => native.export(store, instance, Kind::Global, index)?.into_global(),
    }
}

pub(crate) fn memory<T: 'static>(
    shared: &Shared<T>,
    store: &mut StoreContextMut<'_, T>,
    instance: Instance,
    index: u32,
) -> Option<Memory> {
    match &shared.native {
        None => instance.debug_memory(store.as_context_mut(), index),
        Some(native) => native.export(store, instance, Kind::Memory, index)?.into_memory(),
    }
}

pub(crate) fn shared_memory<T: 'static>(
    shared: &Shared<T>,
    store: &mut StoreContextMut<'_, T>,
    instance: Instance,
    index: u32,
) -> Option<SharedMemory> {
    match &shared.native {
        None => instance.debug_shared_memory(store.as_context_mut(), index),
        Some(native) => native.export(store, instance, Kind::Memory, index)?.into_shared_memory(),
    }
}

pub(crate) fn table<T: 'static>(
    shared: &Shared<T>,
    store: &mut StoreContextMut<'_, T>,
    instance: Instance,
    index: u32,
) -> Option<Table> {
    match &shared.native {
        None => instance.debug_table(store.as_context_mut(), index),
        Some(native) => native.export(store, instance, Kind::Table, index)?.into_table(),
    }
}

pub(crate) fn function<T: 'static>(
    shared: &Shared<T>,
    store: &mut StoreContextMut<'_, T>,
    instance: Instance,
    index: u32,
) -> Option<Func> {
    match &shared.native {
        None => instance.debug_function(store.as_context_mut(), index),
        Some(native) => native.export(store, instance, Kind::Function, index)?.into_func(),
    }
}

/// What is said of a part that isn't there, or can't be reached.
pub(crate) fn missing<T: 'static>(shared: &Shared<T>, what: &str, index: u32) -> String {
    match &shared.native {
        None => format!("there is no {what} {index}"),
        Some(_) => format!("{what} {index} isn't exported, and at native speed only exports can be reached"),
    }
}
