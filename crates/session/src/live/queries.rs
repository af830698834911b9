//! Answers to queries, and the names that they use.

use std::{
    collections::HashMap,
    sync::{Mutex, atomic::Ordering::Relaxed},
};

use freezeframe_debuggee as contract;
use freezeframe_debuggee::{
    Answer, Bytes, FrameDetail, InstanceId, ModuleId, ModulePc, Query, Site, Unavailable, WasmValue,
};
use wasmtime::{
    AsContext, AsContextMut, Breakpoint, ExnRef, Func, Instance, Module, OwnedRooted, Ref, Tag, Val, ValType,
};

use super::{plan::Plan, values};
use crate::{Dbg, Frame, Stop, code::CodeKey, native, shared::lock};

/// The most tags of an instance that an exception's is compared with.
const MOST_TAGS: u32 = 1000;
/// The most bytes that one query reads.
const MOST_BYTES: u64 = 64 << 20;

/// The modules and instances that have names, in the order in which they got them.
pub(super) struct Names {
    modules: Vec<Named>,
    ids: HashMap<CodeKey, ModuleId>,
    instances: Vec<Instance>,
    /// The functions of the instances so far, by their raw references.
    functions: HashMap<usize, (ModuleId, u32)>,
    instances_with_functions: usize,
}

struct Named {
    module: Module,
    name: Option<String>,
    bytes: Option<Bytes>,
}

impl Names {
    pub(super) fn new(modules: Vec<(Option<String>, Module)>) -> Self {
        let mut names = Self {
            modules: Vec::new(),
            ids: HashMap::new(),
            instances: Vec::new(),
            functions: HashMap::new(),
            instances_with_functions: 0,
        };
        for (name, module) in modules {
            names.add(name, &module);
        }
        names
    }

    fn add(&mut self, name: Option<String>, module: &Module) -> Option<ModuleId> {
        let key = CodeKey::of(module)?;
        if let Some(id) = self.ids.get(&key) {
            return Some(*id);
        }
        let id = ModuleId(u32::try_from(self.modules.len()).ok()?);
        let name = name.or_else(|| module.name().map(str::to_owned));
        self.modules.push(Named { module: module.clone(), name, bytes: None });
        self.ids.insert(key, id);
        Some(id)
    }

    /// The id of a module, which it gets now if it's new.
    pub(super) fn module(&mut self, module: &Module) -> Option<ModuleId> {
        self.add(None, module)
    }

    /// The modules of frames that had no id yet, at native speed.
    pub(super) fn of_frames<T: 'static>(&mut self, stop: &mut Stop<'_, T>) -> Vec<ModuleId> {
        if stop.shared.native.is_none() {
            return Vec::new();
        }
        self.see(stop);
        let known = self.modules.len();
        let modules: Vec<Module> = stop.frames().filter_map(|frame| Some(frame.position().ok()?.module)).collect();
        for module in &modules {
            self.module(module);
        }
        (known..self.modules.len()).filter_map(|id| u32::try_from(id).ok().map(ModuleId)).collect()
    }

    /// The module of an id.
    pub(super) fn known(&self, id: ModuleId) -> Option<&Module> {
        self.modules.get(id.0 as usize).map(|named| &named.module)
    }

    /// Gives ids to what is new in the store.
    pub(super) fn see<T: 'static>(&mut self, stop: &mut Stop<'_, T>) {
        for module in stop.modules() {
            self.add(None, &module);
        }
        let all = stop.instances();
        // Instances are never freed while their store lives, and come in the order of their making.
        self.instances.extend(all.into_iter().skip(self.instances.len()));
    }

    fn instance(&self, id: InstanceId) -> Result<Instance, Unavailable> {
        let instance = self.instances.get(id.0 as usize).copied();
        instance.ok_or_else(|| Unavailable::new(format!("there is no instance {}", id.0)))
    }

    /// The function that shall be called, and its arguments, if they fit its type.
    pub(super) fn function<T: 'static>(
        &mut self,
        stop: &mut Stop<'_, T>,
        call: &contract::Call,
    ) -> Result<(Func, Vec<Val>), Unavailable> {
        self.see(stop);
        let instance = self.instance(call.instance)?;
        let func = native::function(stop.shared, &mut stop.store(), instance, call.function)
            .ok_or_else(|| Unavailable::new(native::missing(stop.shared, "function", call.function)))?;
        let args = call.args.iter().map(values::wanted).collect::<Result<Vec<Val>, _>>()?;
        let ty = func.ty(stop.store());
        let wanted: Vec<ValType> = ty.params().collect();
        let fits = wanted.len() == args.len()
            && wanted.iter().zip(&args).all(|(ty, arg)| arg.matches_ty(stop.store(), ty).unwrap_or(false));
        if !fits {
            let types: Vec<String> = wanted.iter().map(ToString::to_string).collect();
            return Err(Unavailable::new(format!("function {} takes ({})", call.function, types.join(", "))));
        }
        Ok((func, args))
    }

    fn instance_id(&self, instance: Instance) -> Option<InstanceId> {
        let at = self.instances.iter().position(|other| *other == instance)?;
        u32::try_from(at).ok().map(InstanceId)
    }

    /// What is known of an exception's payload, and what instances call its tag.
    pub(super) fn exception<T: Send + 'static>(
        &mut self,
        dbg: &Dbg<T>,
        exception: &OwnedRooted<ExnRef>,
    ) -> (String, Vec<(InstanceId, u32)>) {
        let known = dbg.with(|stop| {
            self.see(stop);
            let mut store = stop.store();
            let exception = exception.to_rooted(&mut store);
            let fields: Vec<_> = exception.fields(&mut store).ok()?.collect();
            let fields: Vec<String> = fields.iter().map(|v| values::shown(&mut store, v).to_string()).collect();
            let tag = exception.tag(&mut store).ok()?;
            let mut tags = Vec::new();
            for (instance, id) in self.instances.iter().zip(0..) {
                for index in 0..MOST_TAGS {
                    let Some(own) = instance.debug_tag(&mut store, index) else { break };
                    if Tag::eq(&own, &tag, &store) {
                        tags.push((InstanceId(id), index));
                    }
                }
            }
            Some((fields.join(", "), tags))
        });
        match known {
            Ok(Some((fields, tags))) => (format!("exception ({fields})"), tags),
            _ => ("exception".to_owned(), Vec::new()),
        }
    }

    pub(super) fn answer<T: 'static>(
        &mut self,
        stop: &mut Stop<'_, T>,
        plan: &Mutex<Plan>,
        query: &Query,
    ) -> Result<Answer, Unavailable> {
        match query {
            Query::Modules => {
                self.see(stop);
                Ok(Answer::Modules(self.modules(stop)))
            }
            Query::Instances => {
                self.see(stop);
                Ok(Answer::Instances(self.instances(stop)))
            }
            Query::Frames { limit } => {
                self.see(stop);
                let frames = stop.frames().take(*limit as usize);
                frames.map(|frame| self.frame(&frame)).collect::<Result<_, _>>().map(Answer::Frames)
            }
            Query::Depth => Ok(Answer::Count(u64::from(stop.depth()))),
            Query::Locals { frame } => values_of(stop, *frame, |frame| frame.locals()),
            Query::Operands { frame } => values_of(stop, *frame, |frame| frame.operands()),
            Query::Global { instance, index } => {
                self.see(stop);
                let instance = self.instance(*instance)?;
                values::global(stop.shared, &mut stop.store(), instance, *index)
                    .map(|value| Answer::Values(vec![value]))
            }
            Query::SetGlobal { instance, index, value } => {
                self.see(stop);
                set_global(stop, self.instance(*instance)?, *index, value)
            }
            Query::Memory { instance, memory, address, length } => {
                self.see(stop);
                read(stop, self.instance(*instance)?, *memory, *address, *length)
            }
            Query::MemorySize { instance, memory } => {
                self.see(stop);
                memory_size(stop, self.instance(*instance)?, *memory).map(Answer::Count)
            }
            Query::WriteMemory { instance, memory, address, bytes } => {
                self.see(stop);
                write(stop, self.instance(*instance)?, *memory, *address, bytes)
            }
            Query::TableFunction { instance, table, entry } => {
                self.see(stop);
                self.table_function(stop, *instance, *table, *entry)
            }
            Query::Planted => {
                lock(plan).clean(stop).map_err(Unavailable::new)?;
                Ok(Answer::Sites(self.in_code(stop)))
            }
            Query::Kept => {
                let mut sites = self.in_code(stop);
                let plan = lock(plan);
                sites.retain(|site| !plan.names(*site));
                Ok(Answer::Sites(sites))
            }
            Query::Backtrace => {
                let trace = stop.backtrace();
                let frame = |f: &wasmtime::FrameInfo| {
                    let pc = f.module_offset().and_then(|pc| u32::try_from(pc).ok());
                    (f.func_index(), pc.map(ModulePc))
                };
                Ok(Answer::Backtrace(trace.frames().iter().map(frame).collect()))
            }
        }
    }

    /// The sites that are planted, sorted: as Wasmtime has them, so that an error in our books shows.
    fn in_code<T: 'static>(&mut self, stop: &mut Stop<'_, T>) -> Vec<Site> {
        let store = stop.store();
        let planted: Vec<_> = store.as_context().breakpoints().into_iter().flatten().collect();
        let site = |b: &Breakpoint| Some(Site { module: self.module(&b.module)?, pc: ModulePc(b.pc.raw()) });
        let mut sites: Vec<Site> = planted.iter().filter_map(site).collect();
        sites.sort_unstable();
        sites
    }

    fn modules<T: 'static>(&mut self, stop: &Stop<'_, T>) -> Vec<contract::Module> {
        let named = self.modules.iter_mut().zip(0..).map(|(named, id)| {
            let module = &named.module;
            let bytes = named.bytes.get_or_insert_with(|| stop.binary(module).unwrap_or_default());
            contract::Module { id: ModuleId(id), name: named.name.clone(), bytes: bytes.clone() }
        });
        named.collect()
    }

    fn instances<T: 'static>(&mut self, stop: &mut Stop<'_, T>) -> Vec<contract::Instance> {
        let mut all = Vec::with_capacity(self.instances.len());
        for (instance, id) in self.instances.clone().into_iter().zip(0..) {
            let module = instance.module(stop.store()).clone();
            if let Some(module) = self.module(&module) {
                all.push(contract::Instance { id: InstanceId(id), module });
            }
        }
        all
    }

    pub(super) fn frame<T: 'static>(&mut self, frame: &Frame<'_, '_, T>) -> Result<contract::Frame, Unavailable> {
        let position = frame.position().map_err(values::unavailable)?;
        let module = self.module(&position.module).ok_or_else(|| Unavailable::new("a module without bytecode"))?;
        let detail = match frame.unavailable() {
            None => FrameDetail::Full,
            Some(why) if [native::NO_STATE, native::UNWOUND].contains(&why) => FrameDetail::NoLocals(why.to_owned()),
            Some(why) => FrameDetail::PositionOnly(why.to_owned()),
        };
        Ok(contract::Frame {
            module,
            instance: frame.instance().ok().and_then(|instance| self.instance_id(instance)),
            function: position.function,
            pc: ModulePc(position.pc),
            pc_meaning: frame.pc_meaning(),
            activation: frame.activation(),
            detail,
        })
    }

    /// Wasmtime doesn't tell a function's index: we look for the same reference among the functions of all instances.
    fn table_function<T: 'static>(
        &mut self,
        stop: &mut Stop<'_, T>,
        instance: InstanceId,
        table: u32,
        entry: u64,
    ) -> Result<Answer, Unavailable> {
        let instance = self.instance(instance)?;
        let shared = stop.shared;
        let mut store = stop.store();
        let table = native::table(shared, &mut store, instance, table)
            .ok_or_else(|| Unavailable::new(native::missing(shared, "table", table)))?;
        let value = table.get(&mut store, entry);
        let function = match value.ok_or_else(|| Unavailable::new(format!("the table has no entry {entry}")))? {
            Ref::Func(Some(function)) => function.to_raw(&mut store) as usize,
            Ref::Func(None) => return Ok(Answer::Function(None)),
            _ => return Err(Unavailable::new("not a table of functions")),
        };
        self.see_functions(stop);
        Ok(Answer::Function(self.functions.get(&function).copied()))
    }

    fn see_functions<T: 'static>(&mut self, stop: &mut Stop<'_, T>) {
        for instance in self.instances.clone().into_iter().skip(self.instances_with_functions) {
            self.instances_with_functions += 1;
            let module = instance.module(stop.store()).clone();
            let Some(id) = self.module(&module) else { continue };
            let range = lock(&stop.shared.registry).infos.of(&module).map(|(_, info)| info.defined_functions());
            let shared = stop.shared;
            let mut store = stop.store();
            for index in range.into_iter().flatten() {
                if let Some(function) = native::function(shared, &mut store, instance, index) {
                    self.functions.insert(function.to_raw(&mut store) as usize, (id, index));
                }
            }
        }
    }
}

fn values_of<T: 'static>(
    stop: &mut Stop<'_, T>,
    index: u32,
    read: impl FnOnce(&Frame<'_, '_, T>) -> Result<Vec<wasmtime::Val>, crate::Error>,
) -> Result<Answer, Unavailable> {
    let no_frame = || Unavailable::new(format!("there is no frame {index}"));
    let values = read(&stop.frames().nth(index as usize).ok_or_else(no_frame)?).map_err(values::unavailable)?;
    let mut store = stop.store();
    Ok(Answer::Values(values.iter().map(|value| values::shown(&mut store, value)).collect()))
}

fn set_global<T: 'static>(
    stop: &mut Stop<'_, T>,
    instance: Instance,
    index: u32,
    value: &WasmValue,
) -> Result<Answer, Unavailable> {
    let shared = stop.shared;
    let mut store = stop.store();
    let global = native::global(shared, &mut store, instance, index)
        .ok_or_else(|| Unavailable::new(native::missing(shared, "global", index)))?;
    global.set(&mut store, values::wanted(value)?).map_err(|e| Unavailable::new(format!("{e:#}")))?;
    Ok(Answer::Done)
}

fn memory_size<T: 'static>(stop: &mut Stop<'_, T>, instance: Instance, index: u32) -> Result<u64, Unavailable> {
    let session = stop.shared;
    let mut store = stop.store();
    if let Some(memory) = native::memory(session, &mut store, instance, index) {
        return Ok(memory.data_size(&store) as u64);
    }
    let shared = native::shared_memory(session, &mut store, instance, index);
    shared.map(|m| m.data().len() as u64).ok_or_else(|| Unavailable::new(native::missing(session, "memory", index)))
}

fn read<T: 'static>(
    stop: &mut Stop<'_, T>,
    instance: Instance,
    index: u32,
    address: u64,
    length: u64,
) -> Result<Answer, Unavailable> {
    let size = memory_size(stop, instance, index)?;
    let length = length.min(MOST_BYTES).min(size.saturating_sub(address));
    if address > size {
        return Err(Unavailable::new(format!("address {address:#x} lies beyond the memory's {size:#x} bytes")));
    }
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    let shared = stop.shared;
    let mut store = stop.store();
    match native::memory(shared, &mut store, instance, index) {
        Some(memory) => {
            let at = usize::try_from(address).unwrap_or(usize::MAX);
            memory.read(store.as_context(), at, &mut bytes).map_err(|e| Unavailable::new(e.to_string()))?;
        }
        None => values::read_shared(shared, &mut store, instance, index, address, &mut bytes)?,
    }
    Ok(Answer::Bytes(bytes))
}

fn write<T: 'static>(
    stop: &mut Stop<'_, T>,
    instance: Instance,
    index: u32,
    address: u64,
    bytes: &[u8],
) -> Result<Answer, Unavailable> {
    let beyond = || Unavailable::new("the memory ends before: nothing was written");
    let shared = stop.shared;
    let mut store = stop.store();
    if let Some(memory) = native::memory(shared, &mut store, instance, index) {
        let at = usize::try_from(address).map_err(|_| beyond())?;
        memory.write(store.as_context_mut(), at, bytes).map_err(|_| beyond())?;
        return Ok(Answer::Done);
    }
    let memory = native::shared_memory(shared, &mut store, instance, index);
    let memory = memory.ok_or_else(|| Unavailable::new(native::missing(shared, "memory", index)))?;
    let into = values::shared_bytes(&memory, address, bytes.len() as u64).ok_or_else(beyond)?;
    for (to, from) in into.iter().zip(bytes) {
        to.store(*from, Relaxed);
    }
    Ok(Answer::Done)
}
