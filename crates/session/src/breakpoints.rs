//! The session's own books of what is planted in the store's code.
//!
//! Invariant: between two calls, exactly the sites in [`Registry::sites`] are planted by this session, each once, at
//! the exact offset of a reachable operator. Wasmtime's own counts and its slipping are never relied on (hazard H8),
//! nor is its table of patches, which all core modules of a component share (H6): a site counts as hit only in its own
//! module, and whoever clears a patch plants again what shares it.

use std::collections::BTreeSet;

use wasmtime::{AsContext, AsContextMut, BreakpointEdit, Module, ModulePC, StoreContextMut};

use crate::{
    Error, Guests, Position,
    code::{CodeKey, ModuleInfos},
    fast::FastMap,
};

/// Names a breakpoint of a session: one exact operator of one module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BreakpointId(pub(crate) u32);

/// A site as the registry finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SiteKey {
    pub code: CodeKey,
    pub pc: u32,
}

/// What there is at an operator.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    pub code: CodeKey,
    pub hit: Option<BreakpointId>,
}

/// The operator that was looked up last: the same one often comes again, and its module nearly always.
struct Recent {
    module: Module,
    pc: u32,
    found: Found,
}

struct Site {
    id: BreakpointId,
    module: Module,
    owners: u32,
}

/// Who wants every operator to be a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stepper {
    /// [`Stop::single_step`](crate::Stop::single_step).
    User = 1,
    /// An interrupt on its way to the next operator (H3).
    Interrupt = 2,
    /// The watch for new modules.
    Modules = 4,
}

/// See the module's header.
#[derive(Default)]
pub(crate) struct Registry {
    sites: FastMap<SiteKey, Site>,
    keys: FastMap<BreakpointId, SiteKey>,
    last_id: u32,
    /// True of [`sites`](Self::sites): forgotten whenever they change.
    recent: Option<Recent>,
    steppers: u8,
    pub infos: ModuleInfos,
    /// At native speed: what the code was compiled from.
    pub guests: Option<Guests>,
    /// At native speed: the places of the stack that was unwound last, before anybody could look.
    pub unwound: Vec<Position>,
    /// The modules that the watch has seen.
    seen: BTreeSet<CodeKey>,
    /// The debugger is over and everything was taken out.
    pub cleared: bool,
    /// The body said that no more modules will come.
    complete: bool,
}

impl Registry {
    /// What there is at this operator; `None` for a module that isn't debuggable.
    #[inline]
    pub(crate) fn find(&mut self, module: &Module, pc: u32) -> Option<Found> {
        match &self.recent {
            Some(recent) if recent.pc == pc && Module::same(&recent.module, module) => Some(recent.found),
            _ => self.look_up(module, pc),
        }
    }

    fn look_up(&mut self, module: &Module, pc: u32) -> Option<Found> {
        let same = self.recent.take().filter(|recent| Module::same(&recent.module, module));
        let code = same.as_ref().map(|recent| recent.found.code).or_else(|| CodeKey::of(module))?;
        let found = Found { code, hit: self.sites.get(&SiteKey { code, pc }).map(|site| site.id) };
        let module = same.map_or_else(|| module.clone(), |recent| recent.module);
        self.recent = Some(Recent { module, pc, found });
        Some(found)
    }

    /// Whether it matters which module's operator is about to run; if not, all are alike.
    #[inline]
    pub(crate) fn needs_site(&self) -> bool {
        !self.sites.is_empty() || self.wants_step(Stepper::Modules)
    }

    #[inline]
    pub(crate) fn wants_step(&self, who: Stepper) -> bool {
        self.steppers & who as u8 != 0
    }

    pub(crate) fn planted(&self) -> impl Iterator<Item = (BreakpointId, &Module, u32)> {
        self.sites.iter().map(|(key, site)| (site.id, &site.module, key.pc))
    }

    /// Adds and removes owners in one edit of the code. All of it is done, or nothing.
    pub(crate) fn update<T: 'static>(
        &mut self,
        store: &mut StoreContextMut<'_, T>,
        add: &[(Module, u32)],
        remove: &[BreakpointId],
    ) -> Result<Vec<BreakpointId>, Error> {
        for id in remove {
            let key = self.keys.get(id).ok_or(Error::NoBreakpoint)?;
            let wanted = remove.iter().filter(|other| *other == id).count();
            if self.sites.get(key).is_none_or(|site| (site.owners as usize) < wanted) {
                return Err(Error::NoBreakpoint);
            }
        }
        let mut keys = Vec::with_capacity(add.len());
        for (module, pc) in add {
            if !wasmtime::Engine::same(module.engine(), store.engine()) {
                return Err(Error::ForeignModule);
            }
            let (code, info) = self.infos.of(module).ok_or(Error::NoOperator { pc: *pc })?;
            if !info.is_operator(*pc) {
                return Err(Error::NoOperator { pc: *pc });
            }
            keys.push(SiteKey { code, pc: *pc });
        }

        let mut plant: Vec<(SiteKey, &Module)> = Vec::new();
        for (key, (module, _)) in keys.iter().zip(add) {
            if !self.sites.contains_key(key) && !plant.iter().any(|(other, _)| other == key) {
                plant.push((*key, module));
            }
        }
        self.recent = None;
        self.plant(store, &plant)?;
        // From here on nothing fails: the books follow the code.
        let mut ids = Vec::with_capacity(keys.len());
        for (key, (module, _)) in keys.iter().zip(add) {
            let last_id = &mut self.last_id;
            let site = self.sites.entry(*key).or_insert_with(|| {
                *last_id += 1;
                Site { id: BreakpointId(*last_id), module: module.clone(), owners: 0 }
            });
            site.owners += 1;
            self.keys.insert(site.id, *key);
            ids.push(site.id);
        }
        let mut gone = Vec::new();
        for id in remove {
            let Some(key) = self.keys.get(id).copied() else { continue };
            let Some(site) = self.sites.get_mut(&key) else { continue };
            site.owners -= 1;
            if site.owners == 0 {
                self.keys.remove(id);
                gone.extend(self.sites.remove(&key).map(|site| (key, site.module)));
            }
        }
        self.unplant(store, &gone)?;
        Ok(ids)
    }

    /// Plants, then makes sure that nothing slipped: Wasmtime moves a breakpoint at an operator without code (an
    /// unreachable one) forward to the next one that has some, perhaps in another function.
    fn plant<T: 'static>(&self, store: &mut StoreContextMut<'_, T>, sites: &[(SiteKey, &Module)]) -> Result<(), Error> {
        if sites.is_empty() {
            return Ok(());
        }
        edit(store, |edit| {
            sites.iter().try_for_each(|(key, module)| edit.add_breakpoint(module, ModulePC::new(key.pc)))
        })?;
        let exact = exact(store);
        match sites.iter().find(|(key, _)| !exact.contains(&(key.code, key.pc))) {
            None => Ok(()),
            Some((slipped, _)) => {
                let undo: Vec<(SiteKey, Module)> =
                    sites.iter().map(|(key, module)| (*key, (*module).clone())).collect();
                self.unplant(store, &undo)?;
                Err(Error::NoOperator { pc: slipped.pc })
            }
        }
    }

    /// Which of these operators have code to stop at. The compiler may have found out that one can't be reached, which
    /// nobody sees in the bytecode: so they are planted, looked for, and taken out again.
    pub(crate) fn plantable<T: 'static>(
        &mut self,
        store: &mut StoreContextMut<'_, T>,
        sites: &[(Module, u32)],
    ) -> Result<Vec<bool>, Error> {
        let mut keys = Vec::with_capacity(sites.len());
        for (module, pc) in sites {
            let known = self.infos.of(module).filter(|(_, info)| info.same_engine(store.engine()));
            keys.push(known.and_then(|(code, info)| info.is_operator(*pc).then_some(SiteKey { code, pc: *pc })));
        }
        let fresh = |key: &SiteKey| !self.sites.contains_key(key);
        let trial: Vec<(SiteKey, Module)> = keys
            .iter()
            .zip(sites)
            .filter_map(|(key, (module, _))| Some((key.filter(|key| fresh(key))?, module.clone())))
            .collect();
        edit(store, |edit| {
            trial.iter().try_for_each(|(key, module)| edit.add_breakpoint(module, ModulePC::new(key.pc)))
        })?;
        let exact = exact(store);
        self.unplant(store, &trial)?;
        let has_code = |key: &SiteKey| !fresh(key) || exact.contains(&(key.code, key.pc));
        Ok(keys.iter().map(|key| key.as_ref().is_some_and(has_code)).collect())
    }

    /// Takes sites out of the code that are no longer in the books, and plants again what shared their patches.
    fn unplant<T: 'static>(&self, store: &mut StoreContextMut<'_, T>, gone: &[(SiteKey, Module)]) -> Result<(), Error> {
        if gone.is_empty() {
            return Ok(());
        }
        edit(store, |edit| {
            gone.iter().try_for_each(|(key, module)| edit.remove_breakpoint(module, ModulePC::new(key.pc)))?;
            let pcs: BTreeSet<u32> = gone.iter().map(|(key, _)| key.pc).collect();
            let siblings = self.sites.iter().filter(|(key, site)| {
                pcs.contains(&key.pc)
                    && gone
                        .iter()
                        .any(|(other, module)| other.pc == key.pc && module.image_range() == site.module.image_range())
            });
            rearm(edit, siblings)
        })
    }

    /// Asks for, or ends, stops at every operator on behalf of `who`.
    pub(crate) fn step<T: 'static>(
        &mut self,
        store: &mut StoreContextMut<'_, T>,
        who: Stepper,
        on: bool,
    ) -> Result<(), Error> {
        let before = self.steppers;
        let after = if on { before | who as u8 } else { before & !(who as u8) };
        if (before != 0) == (after != 0) {
            self.steppers = after;
            return Ok(());
        }
        edit(store, |edit| {
            edit.single_step(after != 0)?;
            // Leaving single-step mode, Wasmtime goes through the modules one by one and gives each patch the state that
            // it has in *that* module, so that of several modules with one table the last one wins (H6).
            if after == 0 { rearm(edit, self.sites.iter()) } else { Ok(()) }
        })?;
        self.steppers = after;
        Ok(())
    }

    /// Starts or ends the watch for modules. What is in the store already isn't new.
    pub(crate) fn watch_modules<T: 'static>(
        &mut self,
        store: &mut StoreContextMut<'_, T>,
        on: bool,
    ) -> Result<(), Error> {
        let on = on && !self.complete;
        if on && !self.wants_step(Stepper::Modules) {
            self.new_modules(store);
        }
        self.step(store, Stepper::Modules, on)
    }

    /// No more modules will come: the watch ends and isn't taken up again.
    pub(crate) fn complete<T: 'static>(&mut self, store: &mut StoreContextMut<'_, T>) -> Result<(), Error> {
        self.complete = true;
        self.step(store, Stepper::Modules, false)
    }

    /// Whether the watch hasn't seen this module yet.
    #[inline]
    pub(crate) fn is_new(&self, code: CodeKey) -> bool {
        self.wants_step(Stepper::Modules) && !self.seen.contains(&code)
    }

    /// The modules that are new since the last time.
    pub(crate) fn new_modules<T: 'static>(&mut self, store: &mut StoreContextMut<'_, T>) -> Vec<Module> {
        let mut modules = store.as_context_mut().debug_all_modules();
        modules.retain(|module| CodeKey::of(module).is_some_and(|code| self.seen.insert(code)));
        modules
    }

    /// Makes sure that every module of the store was looked at.
    pub(crate) fn scan_modules<T: 'static>(&mut self, store: &mut StoreContextMut<'_, T>) {
        let modules = store.as_context_mut().debug_all_modules();
        if modules.len() > self.infos.len() || self.infos.len() == 0 {
            for module in &modules {
                self.infos.of(module);
            }
        }
    }

    /// Takes everything out.
    pub(crate) fn clear<T: 'static>(&mut self, store: &mut StoreContextMut<'_, T>) -> Result<(), Error> {
        let gone: Vec<(SiteKey, Module)> = self.sites.drain().map(|(key, site)| (key, site.module)).collect();
        self.keys.clear();
        self.recent = None;
        self.cleared = true;
        let stepping = std::mem::take(&mut self.steppers) != 0;
        edit(store, |edit| {
            gone.iter().try_for_each(|(key, module)| edit.remove_breakpoint(module, ModulePC::new(key.pc)))?;
            if stepping { edit.single_step(false) } else { Ok(()) }
        })
    }
}

fn rearm<'s>(
    edit: &mut BreakpointEdit<'_>,
    mut sites: impl Iterator<Item = (&'s SiteKey, &'s Site)>,
) -> wasmtime::Result<()> {
    sites.try_for_each(|(key, site)| {
        let pc = ModulePC::new(key.pc);
        // Only the first reference patches the code, so it has to be given up first.
        edit.remove_breakpoint(&site.module, pc)?;
        edit.add_breakpoint(&site.module, pc)
    })
}

/// Where Wasmtime really has breakpoints now.
fn exact<T: 'static>(store: &StoreContextMut<'_, T>) -> BTreeSet<(CodeKey, u32)> {
    let breakpoints = store.as_context().breakpoints().into_iter().flatten();
    breakpoints.filter_map(|b| Some((CodeKey::of(&b.module)?, b.pc.raw()))).collect()
}

/// One batch of changes: the code is made writable and executable again once.
fn edit<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    f: impl FnOnce(&mut BreakpointEdit<'_>) -> wasmtime::Result<()>,
) -> Result<(), Error> {
    match store.as_context_mut().edit_breakpoints() {
        Some(mut edit) => f(&mut edit).map_err(Error::Engine),
        None => Ok(()),
    }
}
