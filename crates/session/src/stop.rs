//! The stopped guest, for the length of one closure.

use std::{cell::RefCell, sync::Mutex};

use freezeframe_debuggee::Bytes;
use wasmtime::{AsContextMut, ExnRef, FrameHandle, Instance, Module, Rooted, StoreContextMut, WasmBacktrace};

use crate::{
    BreakpointId, Error, Frames,
    breakpoints::Stepper,
    code,
    event::Cause,
    frames::{self, Known},
    inject::{self, Injected},
    native::ONLY_TRAPS,
    shared::{Shared, lock},
};

/// The stopped guest. It's lent to a closure by [`Dbg::with`](crate::Dbg::with) or to a filter; nothing of it gets out.
pub struct Stop<'a, T: 'static> {
    pub(crate) store: RefCell<StoreContextMut<'a, T>>,
    pub(crate) shared: &'a Shared<T>,
    pub(crate) cause: Cause,
    /// The innermost frame, where it's known to be sound.
    pub(crate) top: Option<&'a FrameHandle>,
    /// It was lent to an operation, which leaves here what the guest shall fail with once it's over.
    pub(crate) operation: Option<&'a Mutex<Option<Injected>>>,
    pub(crate) known: Known,
}

impl<'a, T: 'static> Stop<'a, T> {
    /// The store. All of Wasmtime's API that doesn't run the guest may be used: the data, memories, globals, tables,
    /// collections.
    ///
    /// Use [`frames`](Self::frames) instead of `debug_exit_frames`, whose handles stay "valid" after the guest has gone
    /// on (hazard H2) and may be wild at stack overflows and in start functions (H4, H5); and
    /// [`add_breakpoint`](Self::add_breakpoint) instead of `edit_breakpoints`, whose breakpoints this session doesn't
    /// know and therefore doesn't stop at.
    pub fn store(&mut self) -> StoreContextMut<'_, T> {
        self.store.get_mut().as_context_mut()
    }

    /// The frames of all activations, innermost first.
    pub fn frames(&mut self) -> Frames<'_, 'a, T> {
        Frames::new(self)
    }

    /// How many frames there are, all activations counted.
    pub fn depth(&mut self) -> u32 {
        frames::depth(self.store.get_mut(), &mut lock(&self.shared.registry), self.cause)
    }

    /// Wasmtime's own backtrace: made by other means than [`frames`](Self::frames), without state, and cut at the
    /// engine's `wasm_backtrace_max_frames`.
    pub fn backtrace(&mut self) -> WasmBacktrace {
        WasmBacktrace::force_capture(&*self.store.get_mut())
    }

    /// All core modules that are in the store; at native speed those that the session was told of.
    pub fn modules(&mut self) -> Vec<Module> {
        match &self.shared.native {
            None => self.store().debug_all_modules(),
            Some(native) => native.modules(),
        }
    }

    /// All core instances that are in the store; at native speed those that the session was
    /// [told of](crate::instantiated).
    pub fn instances(&mut self) -> Vec<Instance> {
        match &self.shared.native {
            None => self.store().debug_all_instances(),
            Some(native) => native.instances(),
        }
    }

    /// Where a function's first operator begins, for a breakpoint at its entry. `function` counts the imports; `None` for
    /// those, and for what isn't in the module.
    pub fn function_entry(&mut self, module: &Module, function: u32) -> Option<u32> {
        let mut registry = lock(&self.shared.registry);
        registry.infos.of(module)?.1.first_operator(function)
    }

    /// Plants a breakpoint at the operator that begins at `pc` of `module`, which need not be in the store yet.
    ///
    /// Breakpoints are counted: adding one twice gives the same id, and it has to be removed twice. They end with the
    /// session. At the operator that the guest stands before, it's hit the next time.
    ///
    /// # Errors
    /// [`Error::NoOperator`] if `pc` isn't the exact offset of a reachable operator; [`Error::ForeignModule`].
    pub fn add_breakpoint(&mut self, module: &Module, pc: u32) -> Result<BreakpointId, Error> {
        let ids = self.update_breakpoints(&[(module.clone(), pc)], &[])?;
        ids.first().copied().ok_or(Error::NoOperator { pc })
    }

    /// Gives up one reference to a breakpoint.
    ///
    /// # Errors
    /// [`Error::NoBreakpoint`] if there is none of this id.
    pub fn remove_breakpoint(&mut self, id: BreakpointId) -> Result<(), Error> {
        self.update_breakpoints(&[], &[id]).map(drop)
    }

    /// Adds and removes many breakpoints by one change of the code, which costs far less than one change each. Gives
    /// the ids of those that were added, in their order.
    ///
    /// # Errors
    /// As [`add_breakpoint`](Self::add_breakpoint) and [`remove_breakpoint`](Self::remove_breakpoint); nothing was done
    /// then.
    pub fn update_breakpoints(
        &mut self,
        add: &[(Module, u32)],
        remove: &[BreakpointId],
    ) -> Result<Vec<BreakpointId>, Error> {
        if !add.is_empty() {
            self.in_detail()?;
        }
        lock(&self.shared.registry).update(self.store.get_mut(), add, remove)
    }

    /// Which of these operators a breakpoint can be added at: not those that are none, nor those that the compiler found
    /// out to be unreachable.
    ///
    /// # Errors
    /// Wasmtime's.
    pub fn plantable(&mut self, sites: &[(Module, u32)]) -> Result<Vec<bool>, Error> {
        lock(&self.shared.registry).plantable(self.store.get_mut(), sites)
    }

    /// The session's breakpoints: id, module, offset; in no particular order.
    pub fn breakpoints(&mut self) -> Vec<(BreakpointId, Module, u32)> {
        lock(&self.shared.registry).planted().map(|(id, module, pc)| (id, module.clone(), pc)).collect()
    }

    /// Turns stops at every operator on or off. Either changes all code of the store: for long ways, breakpoints are
    /// better.
    ///
    /// # Errors
    /// [`Error::Engine`] if the code can't be changed.
    pub fn single_step(&mut self, on: bool) -> Result<(), Error> {
        if on {
            self.in_detail()?;
        }
        lock(&self.shared.registry).step(self.store.get_mut(), Stepper::User, on)
    }

    /// Turns [`Event::ModuleLoaded`](crate::Event::ModuleLoaded) on or off for modules that aren't in the store yet.
    ///
    /// While it's on, every operator is looked at, because Wasmtime tells nobody of new modules: turn it off, or let the
    /// body call [`loaded`](crate::loaded), once no more are expected.
    ///
    /// # Errors
    /// [`Error::Engine`] if the code can't be changed.
    pub fn watch_modules(&mut self, on: bool) -> Result<(), Error> {
        if on {
            self.in_detail()?;
        }
        lock(&self.shared.registry).watch_modules(self.store.get_mut(), on)
    }

    /// What a module was compiled from, if that is known.
    pub(crate) fn binary(&self, module: &Module) -> Option<Bytes> {
        match &self.shared.native {
            None => code::bytecode(module),
            Some(native) => native.binary(module),
        }
    }

    /// For what only guest debugging has.
    fn in_detail(&self) -> Result<(), Error> {
        match &self.shared.native {
            None => Ok(()),
            Some(_) => Err(Error::unavailable(ONLY_TRAPS)),
        }
    }

    /// At native speed: makes the operator that has trapped run once more when the guest goes on, instead of trapping, because
    /// what was wrong has been mended (a memory was grown, say). What the function holds in registers stays what it was.
    /// If it traps again, that's another stop.
    ///
    /// # Errors
    /// [`Error::Unavailable`] anywhere but at a trap at native speed: guest debugging can't do it.
    pub fn run_again(&mut self) -> Result<(), Error> {
        match (&self.shared.native, self.cause) {
            (Some(native), Cause::Fault(_)) => {
                native.run_again();
                Ok(())
            }
            _ => Err(Error::unavailable("only a trap at native speed can be run again")),
        }
    }

    /// Makes the guest throw `exception` when it goes on: instead of the operator that would run next, or, at
    /// [`Event::Exception`](crate::Event::Exception), instead of the exception that is being thrown.
    ///
    /// The debugger sees it as any other: as the event of an exception. Within `with_async` it takes effect once that has
    /// ended with a result; what it calls before doesn't see it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where nothing can be thrown: while nothing runs; in a trap or a host error, which no guest
    /// can catch; before an operator, without [`Options::call_hook`](crate::Options::call_hook).
    /// [`Error::Engine`] for a reference that isn't rooted in this store any more.
    pub fn throw(&mut self, exception: Rooted<ExnRef>) -> Result<(), Error> {
        if self.cause != Cause::Exception {
            self.injectable()?;
        }
        // Whatever is wrong with the new one must show before an old one is gone.
        let exception = exception.to_owned_rooted(self.store()).map_err(Error::Engine)?;
        self.inject(Injected::Exception(exception));
        Ok(())
    }

    /// Makes the operator that would run next fail with `error`, as if it were a call of a host function that has
    /// failed: the guest's stack is unwound. Only that call into the guest ends, not the session. Within `with_async` it takes
    /// effect as [`throw`](Self::throw) does.
    ///
    /// # Errors
    /// [`Error::Unavailable`] anywhere but before an operator, or without
    /// [`Options::call_hook`](crate::Options::call_hook).
    pub fn fail(&mut self, error: wasmtime::Error) -> Result<(), Error> {
        self.injectable()?;
        self.inject(Injected::Error(error));
        Ok(())
    }

    /// Makes the guest fail with `what` when it goes on.
    fn inject(&mut self, what: Injected) {
        match self.operation {
            Some(left) => {
                let old = lock(left).replace(what);
                // Outside of the lock: an error is the debugger's code.
                drop(old);
            }
            None => inject::at_stop(self.shared, self.store.get_mut(), self.cause, what),
        }
    }

    fn injectable(&self) -> Result<(), Error> {
        match self.cause {
            Cause::Operator if self.shared.call_hook => Ok(()),
            Cause::Operator => Err(Error::unavailable(
                "the session doesn't have the store's call hook, by which operators are made to fail: set \
                 `call_hook: true` in its options",
            )),
            Cause::Attached => Err(Error::unavailable("nothing runs yet")),
            Cause::Unwound(_) => Err(Error::unavailable("the guest's stack is unwound already")),
            Cause::Trap(_) | Cause::Fault(_) | Cause::HostCall | Cause::Exception => {
                Err(Error::unavailable("the guest's stack is about to be unwound already"))
            }
        }
    }
}
