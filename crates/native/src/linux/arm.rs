//! Arming a store: from here on its traps are seen.

use std::{
    any::Any,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use wasmtime::Store;

use super::{
    check::{self, Private},
    code::Code,
    helper::{self, Calls, Slot},
    hook::Hook,
};
use crate::{NotNative, OnFault};

/// A store whose traps are seen as long as this lives. Dropping it lets them pass; it may outlive the store.
pub struct Armed {
    hook: Arc<Hook>,
    clear: Box<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Armed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Armed")
    }
}

impl Armed {
    /// Traps of this code are seen from now on. To be called before it runs; at any other time is sound, too.
    pub fn register(&self, code: &Code) {
        self.hook.register(code);
    }

    /// How many traps have passed unseen because the guest's stack had too little room left for a host function:
    /// `Config::async_stack_size` should be larger than `max_wasm_stack` by 256 KiB or more.
    pub fn cramped(&self) -> u64 {
        self.hook.cramped()
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        self.hook.enable(false);
        (self.clear)();
    }
}

/// What a store keeps once it was armed: each time anew it would get a further instance, and stores give none back.
struct Kept {
    /// Where the store's data lies: the store's identity while its handler, and with it the hook, lives.
    store: usize,
    calls: Calls,
    hook: Weak<Hook>,
    slot: Weak<dyn Any + Send + Sync>,
}

static KEPT: Mutex<Vec<Kept>> = Mutex::new(Vec::new());

/// From here on `on_fault` is called at each trap of [registered](Armed::register) code in this store.
///
/// It sets the store's signal handler, and replaces one that the embedder has set. The store can be used by Wasmtime's async
/// functions only from here on, as any store that has an async host function.
///
/// # Errors
/// Whatever `check` finds, and a store whose limits leave no room for one more instance.
pub async fn arm<T: Send + 'static>(store: &mut Store<T>, on_fault: Arc<OnFault<T>>) -> Result<Armed, NotNative> {
    check::check(store.engine()).await?;
    arm_with(store, on_fault, Calls::Async, Private::default()).await
}

/// The same for a store whose guests are called by Wasmtime's sync functions (`Func::call`), which it goes on to allow. There's
/// nobody to yield to then: the thread waits as long as `on_fault` is pending, and what wakes it must come from another one.
///
/// # Errors
/// As [`arm`].
pub async fn arm_sync<T: Send + 'static>(store: &mut Store<T>, on_fault: Arc<OnFault<T>>) -> Result<Armed, NotNative> {
    check::check(store.engine()).await?;
    arm_with(store, on_fault, Calls::Sync, Private::default()).await
}

/// The same, unchecked.
pub(crate) async fn arm_with<T: Send + 'static>(
    store: &mut Store<T>,
    on_fault: Arc<OnFault<T>>,
    calls: Calls,
    private: Private,
) -> Result<Armed, NotNative> {
    let identity = std::ptr::from_ref(store.data()).addr();
    let (hook, slot) = match kept::<T>(identity, calls) {
        Some(kept) => kept,
        None => {
            let slot = Arc::new(Slot::new());
            let helper = helper::compile(store.engine())?;
            let call = helper::install(store, &helper, slot.clone(), calls, &private).await?;
            let hook = Arc::new(Hook::new(call, private));
            super::hook::install(store, hook.clone());
            let any: Arc<dyn Any + Send + Sync> = slot.clone();
            let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(Kept { store: identity, calls, hook: Arc::downgrade(&hook), slot: Arc::downgrade(&any) });
            (hook, slot)
        }
    };
    slot.set(Some(on_fault));
    hook.enable(true);
    // The host function in the store keeps the slot, and needn't be kept by us.
    let slot = Arc::downgrade(&slot);
    let clear = Box::new(move || {
        if let Some(slot) = slot.upgrade() {
            slot.set(None);
        }
    });
    Ok(Armed { hook, clear })
}

/// What an earlier session has left in this store.
fn kept<T: 'static>(store: usize, calls: Calls) -> Option<(Arc<Hook>, Arc<Slot<T>>)> {
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|kept| kept.hook.strong_count() > 0);
    let kept = all.iter().find(|kept| kept.store == store && kept.calls == calls)?;
    let slot = kept.slot.upgrade()?.downcast::<Slot<T>>().ok()?;
    Some((kept.hook.upgrade()?, slot))
}
