//! What the stub calls: a host function of the store, through Wasmtime's own trampoline.
//!
//! A helper instance of two lines makes Wasmtime compile that trampoline and stands for the caller, which Wasmtime wants to
//! be an instance of the same store. Neither it nor the function ever leaves this crate: nobody but the stub can call it.
//!
//! Why the `unsafe` here is sound: a raw function reference is a pointer to four words of Wasmtime's (entry for arrays,
//! entry for WebAssembly, type, context), allocated as long as the store. Reading them is sound whatever they mean; what
//! they mean is checked before anybody jumps there: the entry must lie in the helper's own code, the context must begin
//! with the magic number of core instances.

use std::sync::{Arc, Mutex, PoisonError, atomic::Ordering::Relaxed};

use wasmtime::{AsContextMut, Caller, Engine, Func, Instance, Module, Store};

use super::parked::parked;

use super::{
    check::Private,
    saved::{Saved, code},
};
use crate::{Check, NotNative, OnFault};

const HELPER: &str =
    r#"(module (import "" "pause" (func $pause (param i64))) (export "pause" (func $pause)) (func (export "nop")))"#;

/// Where the stub's call goes.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub entry: usize,
    pub callee: usize,
    pub caller: usize,
}

/// Whom the host function asks; a session fills it, and empties it at its end.
pub(crate) struct Slot<T: 'static>(Mutex<Option<Arc<OnFault<T>>>>);

impl<T: 'static> Slot<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(None))
    }

    pub(crate) fn set(&self, on_fault: Option<Arc<OnFault<T>>>) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *slot, on_fault);
        drop(slot);
        // Outside of the lock: it's somebody else's.
        drop(old);
    }

    fn get(&self) -> Option<Arc<OnFault<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The helper's code, once for each engine that keeps it.
pub(crate) fn compile(engine: &Engine) -> Result<Module, NotNative> {
    Module::new(engine, HELPER).map_err(|_| NotNative::Code("the helper module doesn't compile"))
}

/// How the store's guests are called, and with them the host function at a trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Calls {
    /// By Wasmtime's async functions: what is awaited at a trap suspends the guest's fiber.
    Async,
    /// By its sync ones: the thread waits.
    Sync,
}

/// Puts the host function into the store, and finds out how the stub calls it.
pub(crate) async fn install<T: Send + 'static>(
    store: &mut Store<T>,
    helper: &Module,
    slot: Arc<Slot<T>>,
    calls: Calls,
    private: &Private,
) -> Result<Call, NotNative> {
    let no_instance = |_| {
        NotNative::Code(match calls {
            Calls::Async => "the helper can't be instantiated: the store's limits leave no room for it",
            Calls::Sync => {
                "the helper can't be instantiated: the store's limits leave no room for it, or something async in the \
                 store (a host function, a limiter, an earlier session) allows no sync calls"
            }
        })
    };
    let (pause, instance) = match calls {
        Calls::Async => {
            let pause = Func::wrap_async(&mut *store, move |caller: Caller<'_, T>, (at,): (u64,)| {
                let slot = slot.clone();
                Box::new(async move { pause(&slot, caller, at).await })
            });
            (pause, Instance::new_async(&mut *store, helper, &[pause.into()]).await)
        }
        Calls::Sync => {
            let pause = Func::wrap(&mut *store, move |caller: Caller<'_, T>, at: u64| parked(pause(&slot, caller, at)));
            (pause, Instance::new(&mut *store, helper, &[pause.into()]))
        }
    };
    let instance = instance.map_err(no_instance)?;
    let wrong = |why: &str| NotNative::failed(Check::FunctionReference, why);
    let nop = instance.get_func(&mut *store, "nop").ok_or_else(|| wrong("the helper lost its export"))?;
    // SAFETY: raw references of functions of this store.
    let (pause, nop) = unsafe { (FuncRef::read(pause, store, private), FuncRef::read(nop, store, private)) };
    let text = helper.text().as_ptr_range();
    let text = text.start.addr()..text.end.addr();
    if !text.contains(&pause.entry) {
        return Err(wrong("the entry for WebAssembly isn't in the code that was compiled for it"));
    }
    if !text.contains(&nop.entry) {
        return Err(wrong("the entry of a function isn't in its module's code"));
    }
    for context in [nop.context, pause.context] {
        if context == 0 || !context.is_multiple_of(align_of::<usize>()) {
            return Err(wrong("a context isn't an address"));
        }
    }
    // SAFETY: an address that Wasmtime keeps where it keeps contexts; and if that weren't so, it would be one of the other
    // three words, two of which are addresses of code and the third too small to get here.
    let magic = unsafe { (nop.context as *const [u8; 4]).read() };
    if magic != private.magic {
        return Err(wrong("the context of an instance doesn't begin with its magic number"));
    }
    Ok(Call { entry: pause.entry, callee: pause.context, caller: nop.context })
}

/// Asks whoever is in the slot what becomes of the trap that the stub's call is about.
async fn pause<T: 'static>(slot: &Slot<T>, mut caller: Caller<'_, T>, at: u64) -> wasmtime::Result<()> {
    let collector = caller.gc_heap_capacity() > 0;
    // SAFETY: only the stub calls the host functions that get here, see the module's header.
    let fault = unsafe { Saved::during_the_call(at) }.fault(collector);
    let Some((on_fault, fault)) = slot.get().zip(fault) else { return Ok(()) };
    let after = on_fault(caller.as_context_mut(), fault).await?;
    // SAFETY: as above; that call hasn't returned yet.
    unsafe { Saved::during_the_call(at) }.after.store(code(after), Relaxed);
    Ok(())
}

/// The parts of a function reference that a call needs.
struct FuncRef {
    entry: usize,
    context: usize,
}

impl FuncRef {
    /// # Safety
    /// The function is the store's.
    unsafe fn read<T: 'static>(function: Func, store: &mut Store<T>, private: &Private) -> Self {
        let raw = function.to_raw(&mut *store).cast::<[usize; 4]>();
        // SAFETY: four words of Wasmtime's, see the module's header.
        let words = unsafe { raw.read() };
        let word = |offset: usize| words.get(offset / size_of::<usize>()).copied().unwrap_or(0);
        Self { entry: word(private.entry), context: word(private.context) }
    }
}
