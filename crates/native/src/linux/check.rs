//! The self-test: what is private of Wasmtime's is tried out before anybody relies on it, once for each engine.
//!
//! Invariant: a store is armed only after all of this has held for its engine, in this process.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use wasmtime::{
    AsContext, Engine, EngineWeak, Func, Instance, Memory, Module, Store, StoreContextMut, Trap, Val, WasmBacktrace,
};
use wasmtime_environ::obj::ELF_WASMTIME_TRAPS;

use super::{arch::RETURN, arm::arm_with, code::Code, helper::Calls};
use crate::{After, Armed, Check, Fault, NotNative, OnFault};

/// All that is private of Wasmtime 48's and relied on, as data, so that tests can break each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Private {
    /// Where in a function reference (`VMFuncRef`) its entry for WebAssembly is, and its context.
    pub entry: usize,
    pub context: usize,
    /// What the context of a core instance begins with (`VMCONTEXT_MAGIC`).
    pub magic: [u8; 4],
    /// The section of the trap table.
    pub traps: &'static str,
    /// What is added to the pc of a trap so that it looks like the address that a call returns to.
    pub return_bias: usize,
    /// Vector registers are put back.
    pub vectors: bool,
}

impl Default for Private {
    fn default() -> Self {
        Self { entry: 8, context: 24, magic: *b"core", traps: ELF_WASMTIME_TRAPS, return_bias: RETURN, vectors: true }
    }
}

/// Traps two calls deep; and computes with registers of both kinds around a load that can be mended, called through a
/// function that holds values of its own.
const GUEST: &str = r#"(module
    (memory (export "memory") 1 2)
    (func $deep unreachable)
    (func (export "trap") call $deep)
    (func (export "load") (param $i i64) (param $f f64) (result f64)
        (local $j i64) (local $g f64)
        (local.set $j (i64.mul (local.get $i) (i64.const 3)))
        (local.set $g (f64.mul (local.get $f) (f64.const 2)))
        (f64.add
            (f64.convert_i32_u (i32.load (i32.const 65536)))
            (f64.add (local.get $g) (f64.convert_i64_s (i64.add (local.get $j) (local.get $i)))))))"#;

type Tested = Mutex<Vec<(EngineWeak, Result<(), NotNative>)>>;

static TESTED: Tested = Mutex::new(Vec::new());

/// Tries everything out that [`arm`](crate::arm()) relies on; the first time for an engine, later it knows. Takes some
/// milliseconds, most of them Wasmtime's compiler's.
///
/// # Errors
/// [`NotNative`], with the name of the check that failed.
pub async fn check(engine: &Engine) -> Result<(), NotNative> {
    if let Some(known) = known(engine) {
        return known;
    }
    let found = check_with(engine, Private::default()).await;
    let mut all = TESTED.lock().unwrap_or_else(PoisonError::into_inner);
    all.push((engine.weak(), found.clone()));
    found
}

fn known(engine: &Engine) -> Option<Result<(), NotNative>> {
    let mut all = TESTED.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|(weak, _)| weak.upgrade().is_some());
    let same = |weak: &EngineWeak| weak.upgrade().is_some_and(|other| Engine::same(engine, &other));
    all.iter().find(|(weak, _)| same(weak)).map(|(_, found)| found.clone())
}

pub(crate) async fn check_with(engine: &Engine, private: Private) -> Result<(), NotNative> {
    if engine.get_guest_debug() {
        return Err(NotNative::Engine {
            why: "guest debugging is on, where traps are no signals",
            line: "take away `config.guest_debug(true);`, or debug in detail",
        });
    }
    let module =
        Module::new(engine, GUEST).map_err(|_| NotNative::Code("a small module for the self-test doesn't compile"))?;
    let code = Code::of_module_with(&module, private.traps).map_err(|error| match error {
        NotNative::Code(why) if why.contains("trap table") => NotNative::failed(Check::TrapTable, why),
        NotNative::Code(why) => NotNative::failed(Check::Image, why),
        other => other,
    })?;
    for trap in [Trap::UnreachableCodeReached, Trap::MemoryOutOfBounds] {
        if !code.text().clone().any(|pc| code.trap_at(pc) == Some(trap)) {
            return Err(NotNative::failed(
                Check::TrapTable,
                format!("it doesn't name the operator of `{trap}`; are `signals_based_traps` off?"),
            ));
        }
    }
    let ordinary = Run::new(engine, &module).await?.trap().await?;
    let mut run = Run::new(engine, &module).await?;
    let seen = Arc::new(Seen::default());
    let armed = run.arm(&code, seen.clone(), private).await?;
    let hooked = run.trap().await?;
    if seen.count.load(Relaxed) != 1 {
        let why = match armed.cramped() {
            0 => format!("a trap was seen {} times", seen.count.load(Relaxed)),
            _ => "the stacks of guests are too small: `Config::async_stack_size` should be 256 KiB or more above \
                  `max_wasm_stack`"
                .to_owned(),
        };
        return Err(NotNative::failed(Check::Hook, why));
    }
    let inside = seen.trace.lock().unwrap_or_else(PoisonError::into_inner).take();
    if inside.as_ref() != Some(&ordinary.1) || ordinary.1.len() != 2 {
        return Err(NotNative::failed(Check::Backtrace, format!("{inside:?} in the call, {:?} otherwise", ordinary.1)));
    }
    if hooked != ordinary {
        return Err(NotNative::failed(Check::Error, format!("{hooked:?} instead of {ordinary:?}")));
    }
    run.load(&seen).await
}

/// The frames of a backtrace: function and offset in the module.
type Trace = Vec<(u32, Option<usize>)>;

fn frames(trace: &WasmBacktrace) -> Trace {
    trace.frames().iter().map(|frame| (frame.func_index(), frame.module_offset())).collect()
}

#[derive(Default)]
struct Seen {
    count: AtomicU32,
    trace: Mutex<Option<Trace>>,
}

/// A store with the guest in it.
struct Run {
    store: Store<()>,
    instance: Instance,
    memory: Memory,
}

impl Run {
    async fn new(engine: &Engine, module: &Module) -> Result<Self, NotNative> {
        let broken = || NotNative::Code("the module for the self-test can't be instantiated");
        let mut store = Store::new(engine, ());
        if engine.get_epoch_interruption() {
            store.set_epoch_deadline(u64::MAX / 2);
        }
        // An error means that fuel isn't counted.
        let _ = store.set_fuel(u64::MAX);
        let instance = Instance::new_async(&mut store, module, &[]).await.map_err(|_| broken())?;
        let memory = instance.get_memory(&mut store, "memory").ok_or_else(broken)?;
        Ok(Self { store, instance, memory })
    }

    async fn arm(&mut self, code: &Code, seen: Arc<Seen>, private: Private) -> Result<Armed, NotNative> {
        let memory = self.memory;
        let on_fault: Arc<OnFault<()>> = Arc::new(move |mut store: StoreContextMut<'_, ()>, fault: Fault| {
            let seen = seen.clone();
            Box::pin(async move {
                let first = seen.count.fetch_add(1, Relaxed) == 0;
                let trace = WasmBacktrace::force_capture(store.as_context());
                seen.trace.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(frames(&trace));
                let mend = !first && fault.trap == Trap::MemoryOutOfBounds && memory.grow(&mut store, 1).is_ok();
                Ok(if mend { After::Again } else { After::Trap })
            })
        });
        let armed = arm_with(&mut self.store, on_fault, Calls::Async, private).await?;
        armed.register(code);
        Ok(armed)
    }

    fn function(&mut self, name: &str) -> Result<Func, NotNative> {
        let missing = NotNative::Code("the module for the self-test lost an export");
        self.instance.get_func(&mut self.store, name).ok_or(missing)
    }

    /// What the owner of the store gets of a trap.
    async fn trap(&mut self) -> Result<(Option<Trap>, Trace), NotNative> {
        let function = self.function("trap")?;
        let Err(error) = function.call_async(&mut self.store, &[], &mut []).await else {
            return Err(NotNative::failed(Check::Error, "a trap was none"));
        };
        let trace = error.downcast_ref::<WasmBacktrace>().map(frames).unwrap_or_default();
        Ok((error.downcast_ref::<Trap>().copied(), trace))
    }

    /// The result behind a trap that was mended. Where memory can't grow in place the operator traps once more: then there's
    /// nothing to compare.
    async fn load(&mut self, seen: &Seen) -> Result<(), NotNative> {
        const I: i64 = 0x1234_5678_9abc;
        const F: f64 = 1234.5;
        let function = self.function("load")?;
        let mut result = [Val::F64(0)];
        let called = function.call_async(&mut self.store, &[Val::I64(I), Val::F64(F.to_bits())], &mut result).await;
        let times = seen.count.load(Relaxed);
        let wanted = 2.0 * F + (4 * I) as f64;
        match (called, result) {
            (Ok(()), [Val::F64(bits)]) if f64::from_bits(bits) == wanted && times == 2 => Ok(()),
            (Err(_), _) if times > 2 => Ok(()),
            (Ok(()), [Val::F64(bits)]) => {
                Err(NotNative::failed(Check::Registers, format!("{} instead of {wanted}", f64::from_bits(bits))))
            }
            (called, _) => Err(NotNative::failed(Check::Registers, format!("seen {times} times, then {called:?}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::Config;

    use super::*;

    fn failing(config: &mut Config, private: Private) -> Option<Check> {
        let engine = Engine::new(config).expect("an engine");
        match pollster::block_on(check_with(&engine, private)) {
            Ok(()) => None,
            Err(NotNative::SelfTest { check, .. }) => Some(check),
            Err(other) => panic!("{other}"),
        }
    }

    fn broken(private: Private) -> Option<Check> {
        failing(&mut Config::new(), private)
    }

    #[test]
    fn this_wasmtime_passes() {
        let engine = Engine::default();
        assert_eq!(pollster::block_on(check(&engine)), Ok(()));
        assert_eq!(known(&engine), Some(Ok(())));
    }

    /// Each thing relied on, broken on purpose, is found out by its own check.
    #[test]
    fn what_is_broken_is_named() {
        let good = Private::default();
        assert_eq!(broken(Private { traps: ".no.such.section", ..good }), Some(Check::TrapTable));
        assert_eq!(broken(Private { traps: ".text", ..good }), Some(Check::TrapTable));
        // The entry for arrays, the type, the context instead of the entry; and the other way round.
        for entry in [0, 16, 24] {
            assert_eq!(broken(Private { entry, ..good }), Some(Check::FunctionReference), "entry at {entry}");
        }
        for context in [0, 8, 16] {
            assert_eq!(broken(Private { context, ..good }), Some(Check::FunctionReference), "context at {context}");
        }
        assert_eq!(broken(Private { magic: *b"comp", ..good }), Some(Check::FunctionReference));
        assert_eq!(broken(Private { return_bias: 0x1000, ..good }), Some(Check::Backtrace));
        assert_eq!(broken(Private { vectors: false, ..good }), Some(Check::Registers));
    }

    #[test]
    fn engines_without_signals_are_found_out() {
        // Every trap is a call of the library's there: the table is empty.
        let mut config = Config::new();
        config.signals_based_traps(false);
        assert_eq!(failing(&mut config, Private::default()), Some(Check::TrapTable));
        let engine = Engine::new(Config::new().guest_debug(true)).expect("an engine");
        let found = pollster::block_on(check(&engine));
        assert!(matches!(found, Err(NotNative::Engine { .. })), "{found:?}");
    }

    #[test]
    fn engines_whose_memory_moves_pass() {
        let mut config = Config::new();
        config.memory_reservation(0).memory_guard_size(0).memory_reservation_for_growth(0);
        assert_eq!(failing(&mut config, Private::default()), None);
    }
}
