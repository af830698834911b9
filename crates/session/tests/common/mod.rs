//! What the tests share: engines, guests, executors, and a watchdog in place of timed assertions.
#![allow(dead_code)]

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use freezeframe_session::{Control, Dbg, Event, Freeze, Options, configure};
use wasmtime::{Caller, Config, Engine, Instance, Linker, Module, Store, TypedFunc};

pub fn config() -> Config {
    let mut config = Config::new();
    configure(&mut config);
    config.wasm_exceptions(true).wasm_gc(true).wasm_function_references(true);
    config
}

pub fn options<T>(freeze: Freeze) -> Options<T> {
    Options { freeze, ..Options::default() }
}

pub fn engine() -> Engine {
    Engine::new(&config()).unwrap()
}

pub const MAIN: &str = r#"
(module
  (import "h" "host" (func $host (param i32) (result i32)))
  (import "h" "fail" (func $fail))
  (memory (export "mem") 1)
  (global $g (export "g") (mut i32) (i32.const 5))
  (tag $t (param i32))
  (func $bp (export "bp") (param $x i32) (result i32) (local $y i64)
    i64.const 77
    local.set $y
    i32.const 11
    nop ;; the breakpoint
    i32.const 0
    i32.load
    global.get $g
    i32.add
    i32.add)
  (func (export "outer") (param i32) (result i32) local.get 0 call $host)
  (func (export "div") (result i32) i32.const 7 i32.const 0 i32.div_s)
  (func (export "unr") unreachable)
  (func (export "oob") (result i32) i32.const 65536 i32.load)
  (func (export "throw") (result i32)
    (block $l (result i32)
      (try_table (result i32) (catch $t $l)
        i32.const 42 throw $t)))
  (func (export "fail") call $fail)
  (func (export "spin") (param i32) (result i32)
    (loop $l
      global.get $g
      i32.eqz
      br_if 0 ;; for ever while g == 0
      local.get 0 i32.const 1 i32.add local.set 0
      global.get $g i32.const 5 i32.eq br_if $l)
    local.get 0)
)"#;

pub const LOOP: &str = r#"
(module
  (func (export "run") (param $n i32) (result i32) (local $i i32)
    (loop $l
      nop ;; the breakpoint
      local.get $i i32.const 1 i32.add local.tee $i
      local.get $n i32.lt_u br_if $l)
    local.get $i))
"#;

/// The offsets of the `nop` operators (of the whole module, in order).
pub fn nops(module: &Module) -> Vec<u32> {
    operators(module).into_iter().filter(|(_, op)| op == "Nop").map(|(at, _)| at).collect()
}

/// All operators of a module with their offsets.
pub fn operators(module: &Module) -> Vec<(u32, String)> {
    let mut all = Vec::new();
    for payload in wasmparser::Parser::new(0).parse_all(module.debug_bytecode().unwrap()) {
        if let wasmparser::Payload::CodeSectionEntry(body) = payload.unwrap() {
            for op in body.get_operators_reader().unwrap().into_iter_with_offsets() {
                let (op, at) = op.unwrap();
                all.push((u32::try_from(at).unwrap(), format!("{op:?}")));
            }
        }
    }
    all
}

pub type HostCall<'a> = Pin<Box<dyn Future<Output = wasmtime::Result<i32>> + Send + 'a>>;
/// What the host does with its call back into the guest.
pub type Wrap = Arc<dyn for<'a> Fn(HostCall<'a>) -> HostCall<'a> + Send + Sync>;

pub fn plain() -> Wrap {
    Arc::new(|call| call)
}

/// The host's `select` with something that's ready at once: it drops a guest that's pending.
pub fn select_ready() -> Wrap {
    Arc::new(|call| {
        Box::pin(async move {
            match futures::future::select(call, std::future::ready(())).await {
                futures::future::Either::Left((result, _)) => result,
                futures::future::Either::Right(_) => Ok(-2),
            }
        })
    })
}

pub struct Sandwich {
    pub store: Store<()>,
    pub module: Module,
    pub instance: Instance,
    pub outer: TypedFunc<i32, i32>,
    /// The `nop` of `bp`.
    pub pc: u32,
}

/// A guest whose `outer` calls the async host, which calls the guest's `bp` through `wrap`.
pub async fn sandwich_on(engine: &Engine, wrap: Wrap) -> Sandwich {
    let mut linker = Linker::new(engine);
    linker.func_wrap("h", "fail", || -> wasmtime::Result<()> { Err(wasmtime::Error::msg("the host failed")) }).unwrap();
    linker
        .func_wrap_async("h", "host", move |mut caller: Caller<'_, ()>, (x,): (i32,)| {
            let wrap = wrap.clone();
            Box::new(async move {
                let bp = caller.get_export("bp").unwrap().into_func().unwrap().typed::<i32, i32>(&caller)?;
                let inner = bp.call_async(&mut caller, x);
                wrap(Box::pin(inner)).await
            })
        })
        .unwrap();
    let module = Module::new(engine, MAIN).unwrap();
    let mut store = Store::new(engine, ());
    store.set_epoch_deadline(u64::MAX / 2);
    let instance = linker.instantiate_async(&mut store, &module).await.unwrap();
    let outer = instance.get_typed_func::<i32, i32>(&mut store, "outer").unwrap();
    let pc = nops(&module)[0];
    Sandwich { store, module, instance, outer, pc }
}

pub async fn sandwich(wrap: Wrap) -> Sandwich {
    sandwich_on(&engine(), wrap).await
}

pub fn current() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

pub fn is_send<X: Send>(x: X) -> X {
    x
}

pub fn name(event: &Event) -> String {
    let text = format!("{event:?}");
    text.split([' ', '(', '{']).next().unwrap().to_owned()
}

/// Aborts the process if it isn't dropped in time.
pub fn watchdog(name: &'static str) -> impl Drop {
    struct Dog(Arc<AtomicBool>);
    impl Drop for Dog {
        fn drop(&mut self) {
            self.0.store(true, SeqCst);
        }
    }
    let done = Arc::new(AtomicBool::new(false));
    let seen = done.clone();
    std::thread::spawn(move || {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) {
            if seen.load(SeqCst) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        eprintln!("{name} hangs");
        std::process::abort();
    });
    Dog(done)
}

/// Plants a breakpoint at the stop around the caller.
pub fn plant(dbg: &Dbg<()>, module: &Module, pc: u32) {
    dbg.with(|stop| stop.add_breakpoint(module, pc)).unwrap().unwrap();
}

/// Acts from another thread, in a moment.
pub fn later(control: &Control, act: impl FnOnce(&Control) + Send + 'static) {
    let control = control.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(10));
        act(&control);
    });
}

/// Kills the guest if the debugger panics: a guest that spins would go on without it, and the test with it.
pub struct KillOnPanic(pub Control);

impl Drop for KillOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.kill();
        }
    }
}
