//! Traps caught with their stack, against what Wasmtime does alone.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failure here is meant to be loud")]

use std::{
    pin::Pin,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
    thread,
};

use freezeframe_native::{After, Armed, Code, Fault, NotNative, OnFault, arm};
use wasmtime::{
    AsContext, Config, Engine, Func, Instance, Linker, Memory, Module, Store, StoreContextMut, Trap, WasmBacktrace,
    component,
};

/// Everything that an embedder can see of an error.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    trap: Option<Trap>,
    text: String,
    frames: Frames,
}

/// Function, offsets in module and function, name.
type Frames = Vec<(u32, Option<usize>, Option<usize>, Option<String>)>;

fn frames(trace: &WasmBacktrace) -> Frames {
    let frame = |f: &wasmtime::FrameInfo| {
        (f.func_index(), f.module_offset(), f.func_offset(), f.func_name().map(ToOwned::to_owned))
    };
    trace.frames().iter().map(frame).collect()
}

fn outcome(result: wasmtime::Result<()>) -> Option<Outcome> {
    let error = result.err()?;
    let trace = error.downcast_ref::<WasmBacktrace>().map(frames).unwrap_or_default();
    // With RUST_BACKTRACE there's the host's own stack, too, which is another one for each call.
    let text = format!("{error:?}").split("\n\nStack backtrace:").next().unwrap_or_default().to_owned();
    Some(Outcome { trap: error.downcast_ref::<Trap>().copied(), text, frames: trace })
}

/// What a callback has seen: the trap, and the stack from within.
type Seen = Arc<Mutex<Vec<(Fault, Frames)>>>;

/// Notes each trap and lets it take its course.
fn watching<T: Send + 'static>(seen: &Seen) -> Arc<OnFault<T>> {
    let seen = seen.clone();
    Arc::new(move |store: StoreContextMut<'_, T>, fault| {
        seen.lock().unwrap().push((fault, frames(&WasmBacktrace::force_capture(store.as_context()))));
        Box::pin(async { Ok(After::Trap) })
    })
}

/// A future that is pending until it's told otherwise.
#[derive(Clone, Default)]
struct Gate(Arc<AtomicBool>);

impl Gate {
    fn open(&self) {
        self.0.store(true, SeqCst);
    }
}

impl Future for Gate {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Holds the guest until the gate opens.
fn held_by<T: Send + 'static>(gate: &Gate, after: After) -> Arc<OnFault<T>> {
    let gate = gate.clone();
    Arc::new(move |_: StoreContextMut<'_, T>, _| {
        let gate = gate.clone();
        Box::pin(async move {
            gate.await;
            Ok(after)
        })
    })
}

fn poll<F: Future>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

const TRAPS: &str = r#"(module
    (memory (export "memory") 1 3)
    (table $t 4 4 funcref)
    (elem $e (i32.const 0) $one)
    (type $i (func (param i32) (result i32)))
    (func $one (result i32) (i32.const 1))
    (func $zero (result i32) (i32.const 0))
    (func $unreachable unreachable)
    (func $divide (param i32) (result i32) (i32.div_s (i32.const 7) (local.get 0)))
    (func $overflow (param i64) (result i64) (i64.div_s (i64.const 0x8000000000000000) (local.get 0)))
    (func $convert (param f32) (result i32) (i32.trunc_f32_s (local.get 0)))
    (func $load (param i32) (result i32) (i32.load offset=4 (local.get 0)))
    (func $store (param i32) (i64.store offset=8 (local.get 0) (i64.const 1)))
    (func $recurse (param i32) (result i32) (i32.add (i32.const 1) (call $recurse (local.get 0))))
    (func (export "unreachable") call $unreachable)
    (func (export "divide") (drop (call $divide (call $zero))))
    (func (export "overflow") (drop (call $overflow (i64.const -1))))
    (func (export "convert") (drop (call $convert (f32.const nan))))
    (func (export "load") (drop (call $load (i32.const 0x7fffffff))))
    (func (export "store") (call $store (i32.const -1)))
    (func (export "table") (drop (call_indirect (result i32) (i32.const 9))))
    (func (export "null") (drop (call_indirect (result i32) (i32.const 2))))
    (func (export "signature") (drop (call_indirect (type $i) (i32.const 1) (i32.const 0))))
    (func (export "overflowing") (drop (call $recurse (i32.const 0))))
    (func (export "copy") (memory.copy (i32.const 0) (i32.const 65530) (i32.const 100)))
    (func (export "fill") (memory.fill (i32.const 65530) (i32.const 0) (i32.const 100)))
    (data $d "data")
    (func (export "init") (memory.init $d (i32.const 65530) (i32.const 0) (i32.const 100)))
    (func (export "tables") (table.copy (i32.const 3) (i32.const 0) (i32.const 4)))
    (func (export "elements") (table.init $e (i32.const 3) (i32.const 0) (i32.const 4)))
    (func (export "wait") (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0)))))"#;

/// The exports, and the trap of each that comes as a signal.
const KINDS: [(&str, Option<Trap>); 16] = [
    ("unreachable", Some(Trap::UnreachableCodeReached)),
    ("divide", Some(Trap::IntegerDivisionByZero)),
    ("overflow", Some(Trap::IntegerOverflow)),
    ("convert", Some(Trap::BadConversionToInteger)),
    ("load", Some(Trap::MemoryOutOfBounds)),
    ("store", Some(Trap::MemoryOutOfBounds)),
    ("table", Some(Trap::TableOutOfBounds)),
    ("null", Some(Trap::IndirectCallToNull)),
    ("signature", Some(Trap::BadSignature)),
    ("overflowing", Some(Trap::StackOverflow)),
    ("copy", Some(Trap::MemoryOutOfBounds)),
    ("fill", Some(Trap::MemoryOutOfBounds)),
    ("init", Some(Trap::MemoryOutOfBounds)),
    ("tables", Some(Trap::TableOutOfBounds)),
    ("elements", Some(Trap::TableOutOfBounds)),
    ("wait", None),
];

fn call(store: &mut Store<()>, instance: Instance, name: &str) -> Option<Outcome> {
    let function = instance.get_typed_func::<(), ()>(&mut *store, name).unwrap();
    outcome(pollster::block_on(function.call_async(store, ())))
}

async fn started(engine: &Engine, module: &Module) -> (Store<()>, Instance) {
    let mut store = Store::new(engine, ());
    let instance = Instance::new_async(&mut store, module, &[]).await.unwrap();
    (store, instance)
}

async fn armed(store: &mut Store<()>, module: &Module, on_fault: Arc<OnFault<()>>) -> Armed {
    let armed = arm(store, on_fault).await.expect("it can be armed");
    armed.register(&Code::of_module(module).unwrap());
    armed
}

/// Every kind of trap, in engines of several settings: the embedder gets what it would have got, the callback sees the
/// same stack before, and the store is as good as before.
#[test]
fn traps_are_the_same_with_and_without() {
    let mut memory_moves = Config::new();
    memory_moves.memory_reservation(0).memory_guard_size(0).memory_reservation_for_growth(0);
    let mut unoptimised = Config::new();
    unoptimised.cranelift_opt_level(wasmtime::OptLevel::None);
    for (name, config) in [("default", Config::new()), ("moving", memory_moves), ("unoptimised", unoptimised)] {
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, TRAPS).unwrap();
        let (mut plain, plain_instance) = pollster::block_on(started(&engine, &module));
        let (mut store, instance) = pollster::block_on(started(&engine, &module));
        let seen = Seen::default();
        let armed = pollster::block_on(armed(&mut store, &module, watching(&seen)));
        for round in 0..3 {
            for (export, kind) in KINDS {
                let expected = call(&mut plain, plain_instance, export).expect("a trap");
                let found = call(&mut store, instance, export).expect("a trap");
                assert_eq!(found, expected, "{export} in {name}, round {round}");
                let seen = std::mem::take(&mut *seen.lock().unwrap());
                match kind {
                    None => assert!(seen.is_empty(), "{export} in {name}: {seen:?}"),
                    Some(trap) => {
                        assert_eq!(seen.len(), 1, "{export} in {name}: {seen:?}");
                        assert_eq!(
                            (Some(seen[0].0.trap), Some(trap)),
                            (expected.trap, expected.trap),
                            "{export} in {name}"
                        );
                        assert_eq!(seen[0].1, expected.frames, "{export} in {name}");
                    }
                }
            }
        }
        assert_eq!(armed.cramped(), 0);
    }
}

#[test]
fn the_address_of_an_access_is_known() {
    let engine = Engine::default();
    let module = Module::new(&engine, TRAPS).unwrap();
    let (mut store, instance) = pollster::block_on(started(&engine, &module));
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    let seen = Seen::default();
    let _armed = pollster::block_on(armed(&mut store, &module, watching(&seen)));
    call(&mut store, instance, "load");
    call(&mut store, instance, "divide");
    let base = memory.data_ptr(&store).addr();
    let addresses: Vec<_> = seen.lock().unwrap().iter().map(|(fault, _)| fault.address).collect();
    assert_eq!(addresses, [Some(base + 0x7fff_ffff + 4), None]);
}

/// Once nobody is interested any more nothing is seen, and a store that is armed again gets no second helper.
#[test]
fn arming_again_costs_no_instance() {
    let engine = Engine::default();
    let module = Module::new(&engine, TRAPS).unwrap();
    let mut store = Store::new(&engine, wasmtime::StoreLimitsBuilder::new().instances(2).build());
    store.limiter(|limits| limits);
    let instance = pollster::block_on(Instance::new_async(&mut store, &module, &[])).unwrap();
    let code = Code::of_module(&module).unwrap();
    let run = |store: &mut Store<_>| {
        let function = instance.get_typed_func::<(), ()>(&mut *store, "divide").unwrap();
        pollster::block_on(function.call_async(store, ())).unwrap_err();
    };
    for _ in 0..20 {
        let seen = Seen::default();
        let armed = pollster::block_on(arm(&mut store, watching(&seen))).unwrap();
        armed.register(&code);
        armed.register(&code);
        run(&mut store);
        assert_eq!(seen.lock().unwrap().len(), 1);
        drop(armed);
        run(&mut store);
        assert_eq!(seen.lock().unwrap().len(), 1);
        assert_eq!(Arc::strong_count(&seen), 1, "the callback is gone");
    }
}

#[test]
fn code_that_is_not_registered_is_not_seen() {
    let engine = Engine::default();
    let module = Module::new(&engine, TRAPS).unwrap();
    let (mut store, instance) = pollster::block_on(started(&engine, &module));
    let seen = Seen::default();
    let _armed = pollster::block_on(arm(&mut store, watching(&seen))).unwrap();
    assert_eq!(call(&mut store, instance, "divide").unwrap().trap, Some(Trap::IntegerDivisionByZero));
    assert!(seen.lock().unwrap().is_empty());
}

#[test]
fn an_error_of_the_callback_ends_the_guest() {
    let engine = Engine::default();
    let module = Module::new(&engine, TRAPS).unwrap();
    let (mut store, instance) = pollster::block_on(started(&engine, &module));
    let fail: Arc<OnFault<()>> =
        Arc::new(|_: StoreContextMut<'_, ()>, _| Box::pin(async { Err(wasmtime::Error::msg("enough of it")) }));
    let _armed = pollster::block_on(armed(&mut store, &module, fail));
    for (export, kind) in KINDS {
        let found = call(&mut store, instance, export).unwrap();
        assert_eq!(found.text.contains("enough of it"), kind.is_some(), "{export}: {}", found.text);
    }
}

/// Values of all kinds live across a load that is mended, in registers and in a caller's frame.
const MENDED: &str = r#"(module
    (memory (export "memory") 1 60000)
    (global $pages (mut i32) (i32.const 1))
    (func $load (param $a i64) (param $b f64) (param $c v128) (param $d i32) (param $e f32) (result i64)
        (local $x i64) (local $y f64) (local $z v128) (local $w f32)
        (local.set $x (i64.mul (local.get $a) (i64.const 7)))
        (local.set $y (f64.mul (local.get $b) (f64.const 3)))
        (local.set $z (i32x4.add (local.get $c) (v128.const i32x4 1 2 3 4)))
        (local.set $w (f32.add (local.get $e) (f32.const 0.5)))
        (i64.add
            (i64.add
                (i64.extend_i32_u (i32.load (i32.mul (local.get $d) (i32.const 65536))))
                (i64.add (local.get $x) (local.get $a)))
            (i64.add
                (i64.add (i64.trunc_f64_s (local.get $y)) (i64.trunc_f32_s (local.get $w)))
                (i64.add
                    (i64.extend_i32_s (i32x4.extract_lane 0 (local.get $z)))
                    (i64.add
                        (i64.extend_i32_s (i32x4.extract_lane 3 (local.get $z)))
                        (i64.extend_i32_s (i32x4.extract_lane 2 (local.get $c))))))))
    (func (export "run") (param $n i64) (param $page i32) (result i64)
        (i64.add
            (local.get $n)
            (call $load
                (local.get $n)
                (f64.convert_i64_s (i64.add (local.get $n) (i64.const 1)))
                (i32x4.splat (i32.wrap_i64 (local.get $n)))
                (local.get $page)
                (f32.convert_i64_s (i64.and (local.get $n) (i64.const 0xffff)))))))"#;

fn mended(n: i64) -> i64 {
    let lane = i64::from(n as i32);
    n + (7 * n + n) + 3 * (n + 1) + (n & 0xffff) + (lane + 1) + (lane + 4) + lane
}

/// A callback, the memory that it grows, how often it was called.
type Growing = (Arc<OnFault<()>>, Arc<Mutex<Option<Memory>>>, Arc<AtomicU32>);

/// Grows the memory and lets the operator run again.
fn growing() -> Growing {
    let (memory, times) = (Arc::new(Mutex::new(None::<Memory>)), Arc::new(AtomicU32::new(0)));
    let (target, count) = (memory.clone(), times.clone());
    let grow: Arc<OnFault<()>> = Arc::new(move |mut store: StoreContextMut<'_, ()>, _| {
        count.fetch_add(1, SeqCst);
        let grown = target.lock().unwrap().map(|memory| memory.grow(&mut store, 1));
        Box::pin(async move {
            grown.unwrap().unwrap();
            // What the host does in between uses all registers.
            std::hint::black_box((0..64).map(|i| f64::from(i).sqrt()).sum::<f64>());
            Ok(After::Again)
        })
    });
    (grow, memory, times)
}

async fn mending(engine: &Engine) -> (Store<()>, Instance, Armed, Arc<AtomicU32>) {
    let module = Module::new(engine, MENDED).unwrap();
    let (mut store, instance) = started(engine, &module).await;
    let (grow, memory, times) = growing();
    *memory.lock().unwrap() = instance.get_memory(&mut store, "memory");
    let armed = armed(&mut store, &module, grow).await;
    (store, instance, armed, times)
}

#[test]
fn a_mended_guest_goes_on_with_all_its_values() {
    for config in [Config::new(), {
        let mut unoptimised = Config::new();
        unoptimised.cranelift_opt_level(wasmtime::OptLevel::None);
        unoptimised
    }] {
        let engine = Engine::new(&config).unwrap();
        let (mut store, instance, _armed, times) = pollster::block_on(mending(&engine));
        let run = instance.get_typed_func::<(i64, i32), i64>(&mut store, "run").unwrap();
        for n in 1..5000_i32 {
            let value = i64::from(n) * 1001;
            let found = pollster::block_on(run.call_async(&mut store, (value, n))).unwrap();
            assert_eq!(found, mended(value), "run {n}");
            assert_eq!(times.load(SeqCst), n as u32);
        }
    }
}

/// Timers interrupt everything, the handler and the stub included.
#[test]
fn a_soak_with_random_signals() {
    static TICKS: AtomicU32 = AtomicU32::new(0);
    extern "C" fn tick(_: libc::c_int) {
        TICKS.fetch_add(1, SeqCst);
    }
    let timer = |which, signal, micros: i64| {
        // SAFETY: a handler that is async-signal-safe; plain system calls with valid arguments.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = tick as *const () as usize;
            action.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
            assert_eq!(libc::sigaction(signal, &action, std::ptr::null_mut()), 0);
            let every = libc::timeval { tv_sec: 0, tv_usec: micros };
            let timer = libc::itimerval { it_interval: every, it_value: every };
            assert_eq!(libc::setitimer(which, &timer, std::ptr::null_mut()), 0);
        }
    };
    let engine = Engine::default();
    let (mut store, instance, _armed, times) = pollster::block_on(mending(&engine));
    let run = instance.get_typed_func::<(i64, i32), i64>(&mut store, "run").unwrap();
    timer(libc::ITIMER_REAL, libc::SIGALRM, 97);
    timer(libc::ITIMER_PROF, libc::SIGPROF, 1000);
    for n in 1..20_000_i32 {
        let value = i64::from(n) * 977;
        assert_eq!(pollster::block_on(run.call_async(&mut store, (value, n))).unwrap(), mended(value), "run {n}");
    }
    timer(libc::ITIMER_REAL, libc::SIGALRM, 0);
    timer(libc::ITIMER_PROF, libc::SIGPROF, 0);
    assert_eq!(times.load(SeqCst), 19_999);
    assert!(TICKS.load(SeqCst) > 0, "the timers ran");
}

/// Paused on one thread, resumed on another, at the operator itself.
#[test]
fn a_pause_moves_between_threads() {
    let engine = Engine::default();
    let module = Module::new(&engine, MENDED).unwrap();
    let code = Code::of_module(&module).unwrap();
    for n in 1..200_i64 {
        let (mut store, instance) = pollster::block_on(started(&engine, &module));
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        let gate = Gate::default();
        let held = gate.clone();
        let on_fault: Arc<OnFault<()>> = Arc::new(move |mut store: StoreContextMut<'_, ()>, _| {
            let gate = held.clone();
            Box::pin(async move {
                memory.grow(&mut store, 1).unwrap();
                gate.await;
                Ok(After::Again)
            })
        });
        let armed = pollster::block_on(arm(&mut store, on_fault)).unwrap();
        armed.register(&code);
        let run = instance.get_typed_func::<(i64, i32), i64>(&mut store, "run").unwrap();
        let mut future = Box::pin(async move { run.call_async(&mut store, (n * 31, 1)).await });
        assert!(poll(&mut future).is_pending());
        let found = thread::spawn(move || {
            assert!(poll(&mut future).is_pending());
            gate.open();
            match poll(&mut future) {
                Poll::Ready(found) => found,
                Poll::Pending => panic!("still pending"),
            }
        });
        assert_eq!(found.join().unwrap().unwrap(), mended(n * 31));
        drop(armed);
    }
}

/// Several guests stand still on one thread at once; they go on in every order.
#[test]
fn pauses_of_one_thread_end_in_any_order() {
    let engine = Engine::default();
    let module = Module::new(&engine, TRAPS).unwrap();
    let (mut plain, plain_instance) = pollster::block_on(started(&engine, &module));
    let exports = ["divide", "load", "overflowing"];
    let expected = exports.map(|export| call(&mut plain, plain_instance, export).unwrap());
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut guests = Vec::new();
        for export in exports {
            let gate = Gate::default();
            let (mut store, instance) = pollster::block_on(started(&engine, &module));
            let armed = pollster::block_on(armed(&mut store, &module, held_by(&gate, After::Trap)));
            let function = instance.get_typed_func::<(), ()>(&mut store, export).unwrap();
            let mut future = Box::pin(async move { function.call_async(&mut store, ()).await });
            assert!(poll(&mut future).is_pending());
            guests.push((gate, armed, future));
            // Meanwhile others run and trap.
            assert_eq!(call(&mut plain, plain_instance, "store").unwrap().trap, Some(Trap::MemoryOutOfBounds));
        }
        for at in order {
            let (gate, _, future) = &mut guests[at];
            gate.open();
            let Poll::Ready(result) = poll(future) else { panic!("{order:?}: {at} doesn't end") };
            assert_eq!(outcome(result).as_ref(), Some(&expected[at]), "{order:?}");
        }
    }
}

#[test]
fn a_pause_can_be_dropped() {
    let engine = Engine::default();
    let module = Module::new(&engine, TRAPS).unwrap();
    let (mut store, instance) = pollster::block_on(started(&engine, &module));
    let gate = Gate::default();
    let _armed = pollster::block_on(armed(&mut store, &module, held_by(&gate, After::Trap)));
    for (export, kind) in KINDS.iter().cycle().take(100) {
        let function = instance.get_typed_func::<(), ()>(&mut store, export).unwrap();
        let mut future = Box::pin(function.call_async(&mut store, ()));
        assert_eq!(poll(&mut future).is_pending(), kind.is_some(), "{export}");
        drop(future);
    }
    gate.open();
    assert_eq!(call(&mut store, instance, "divide").unwrap().trap, Some(Trap::IntegerDivisionByZero));
}

/// While one trap is being looked at, functions of the same guest are called, which trap as well.
#[test]
fn a_call_at_a_trap_traps_too() {
    let engine = Engine::default();
    let module = Module::new(&engine, TRAPS).unwrap();
    let (mut store, instance) = pollster::block_on(started(&engine, &module));
    let inner = instance.get_typed_func::<(), ()>(&mut store, "load").unwrap();
    let depth = Arc::new(Mutex::new(Vec::new()));
    let noted = depth.clone();
    let on_fault: Arc<OnFault<()>> = Arc::new(move |mut store: StoreContextMut<'_, ()>, fault| {
        let (noted, inner) = (noted.clone(), inner.clone());
        Box::pin(async move {
            let depth = WasmBacktrace::force_capture(store.as_context()).frames().len();
            noted.lock().unwrap().push((fault.trap, depth));
            if fault.trap == Trap::IntegerDivisionByZero {
                let error = inner.call_async(&mut store, ()).await.unwrap_err();
                assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::MemoryOutOfBounds));
            }
            Ok(After::Trap)
        })
    });
    let _armed = pollster::block_on(armed(&mut store, &module, on_fault));
    let (mut plain, plain_instance) = pollster::block_on(started(&engine, &module));
    assert_eq!(call(&mut store, instance, "divide"), call(&mut plain, plain_instance, "divide"));
    assert_eq!(*depth.lock().unwrap(), [(Trap::IntegerDivisionByZero, 2), (Trap::MemoryOutOfBounds, 4)]);
}

/// Guest, host, the same guest again: the stack has them all.
#[test]
fn the_stack_goes_through_host_functions() {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (import "" "back" (func $back)) (func $inner (export "inner") unreachable)
            (func (export "outer") call $back) (func (export "sync") call $back))"#,
    )
    .unwrap();
    let run = |hooked: bool| {
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        linker
            .func_wrap_async("", "back", |mut caller: wasmtime::Caller<'_, ()>, (): ()| {
                Box::new(async move {
                    let inner = caller.get_export("inner").and_then(|e| e.into_func()).unwrap();
                    inner.call_async(&mut caller, &[], &mut []).await
                })
            })
            .unwrap();
        let seen = Seen::default();
        let instance = pollster::block_on(linker.instantiate_async(&mut store, &module)).unwrap();
        let armed = hooked.then(|| pollster::block_on(armed(&mut store, &module, watching(&seen))));
        let found = call(&mut store, instance, "outer").unwrap();
        drop(armed);
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        (found, seen)
    };
    let (expected, nothing) = run(false);
    let (found, seen) = run(true);
    assert!(nothing.is_empty());
    assert_eq!(found, expected);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].1.len(), 2);
}

#[test]
fn traps_of_components_are_seen() {
    let engine = Engine::default();
    let component = component::Component::new(
        &engine,
        r#"(component
            (core module $a (func (export "deep") unreachable))
            (core module $b (import "a" "deep" (func $deep)) (func (export "run") call $deep))
            (core instance $ia (instantiate $a))
            (core instance $ib (instantiate $b (with "a" (instance $ia))))
            (func (export "run") (canon lift (core func $ib "run"))))"#,
    )
    .unwrap();
    let code = Code::of_component(&component).unwrap();
    let run = |hooked: bool| {
        let mut store = Store::new(&engine, ());
        let seen = Seen::default();
        let armed = hooked.then(|| pollster::block_on(arm(&mut store, watching(&seen))).unwrap());
        if let Some(armed) = &armed {
            armed.register(&code);
        }
        let instance =
            pollster::block_on(component::Linker::new(&engine).instantiate_async(&mut store, &component)).unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        let found = outcome(pollster::block_on(run.call_async(&mut store, ()))).unwrap();
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        (found, seen)
    };
    let (expected, _) = run(false);
    let (found, seen) = run(true);
    assert_eq!(found, expected);
    assert_eq!((seen.len(), seen[0].0.trap), (1, Trap::UnreachableCodeReached));
    assert_eq!(seen[0].1, expected.frames);
}

/// A stack without room for a host function: the trap passes, and it's counted.
#[test]
fn too_little_stack_lets_the_trap_pass() {
    let mut config = Config::new();
    config.async_stack_size(512 << 10).max_wasm_stack(500 << 10);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, TRAPS).unwrap();
    let (mut store, instance) = pollster::block_on(started(&engine, &module));
    let seen = Seen::default();
    let armed = pollster::block_on(armed(&mut store, &module, watching(&seen)));
    assert_eq!(call(&mut store, instance, "overflowing").unwrap().trap, Some(Trap::StackOverflow));
    assert_eq!((seen.lock().unwrap().len(), armed.cramped()), (0, 1));
    assert_eq!(call(&mut store, instance, "divide").unwrap().trap, Some(Trap::IntegerDivisionByZero));
    assert_eq!((seen.lock().unwrap().len(), armed.cramped()), (1, 1));
}

#[test]
fn an_engine_for_guest_debugging_is_refused() {
    let engine = Engine::new(Config::new().guest_debug(true)).unwrap();
    let mut store = Store::new(&engine, ());
    let refused = pollster::block_on(arm(&mut store, watching(&Seen::default())));
    assert!(matches!(refused, Err(NotNative::Engine { .. })), "{refused:?}");
}

// ---- what host code does wrong kills the process, as it does without us

/// Runs one of these tests in a process of its own; by the emulator that the variable names, if they run under one.
fn in_a_process(test: &str) -> std::process::Output {
    let this = std::env::current_exe().unwrap();
    let runner = std::env::var("FREEZEFRAME_TEST_RUNNER").unwrap_or_default();
    let mut words = runner.split_whitespace();
    let mut command = match words.next() {
        None => Command::new(this),
        Some(emulator) => {
            let mut command = Command::new(emulator);
            command.args(words).arg(this);
            command
        }
    };
    let run = command.args(["--exact", test, "--nocapture"]).env("FREEZEFRAME_CHILD", test).output();
    run.expect("the test starts itself")
}

fn is_child(test: &str) -> bool {
    std::env::var("FREEZEFRAME_CHILD").is_ok_and(|child| child == test)
}

/// Reads from an address that nobody has.
fn fault() {
    // SAFETY: it isn't; that's the test.
    unsafe { std::hint::black_box(std::ptr::without_provenance::<u8>(16)).read_volatile() };
}

fn died_by_a_signal(output: &std::process::Output) {
    use std::os::unix::process::ExitStatusExt as _;
    assert_eq!(output.status.signal(), Some(libc::SIGSEGV), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("so far so good") && !text.contains("seen"), "{text}");
}

#[test]
fn a_fault_of_a_host_function_is_left_alone() {
    const SELF: &str = "a_fault_of_a_host_function_is_left_alone";
    if !is_child(SELF) {
        return died_by_a_signal(&in_a_process(SELF));
    }
    let engine = Engine::default();
    let module = Module::new(&engine, r#"(module (import "" "f" (func $f)) (func (export "run") call $f))"#).unwrap();
    let mut store = Store::new(&engine, ());
    let function = Func::wrap(&mut store, || {
        println!("so far so good");
        fault();
    });
    let on_fault: Arc<OnFault<()>> = Arc::new(|_: StoreContextMut<'_, ()>, _| {
        println!("seen");
        Box::pin(async { Ok(After::Trap) })
    });
    let _armed = pollster::block_on(armed(&mut store, &module, on_fault));
    let instance = pollster::block_on(Instance::new_async(&mut store, &module, &[function.into()])).unwrap();
    call(&mut store, instance, "run");
}

#[test]
fn a_fault_in_the_callback_is_left_alone() {
    const SELF: &str = "a_fault_in_the_callback_is_left_alone";
    if !is_child(SELF) {
        return died_by_a_signal(&in_a_process(SELF));
    }
    let engine = Engine::default();
    let module = Module::new(&engine, TRAPS).unwrap();
    let (mut store, instance) = pollster::block_on(started(&engine, &module));
    let times = AtomicU32::new(0);
    let on_fault: Arc<OnFault<()>> = Arc::new(move |_: StoreContextMut<'_, ()>, _| {
        println!("{}", if times.fetch_add(1, SeqCst) == 0 { "so far so good" } else { "seen" });
        fault();
        Box::pin(async { Ok(After::Trap) })
    });
    let _armed = pollster::block_on(armed(&mut store, &module, on_fault));
    call(&mut store, instance, "divide");
}

/// A callback that panics ends the process in no other way than a host function that panics does: the panic goes up to who
/// called the guest.
#[test]
fn a_panic_in_the_callback_goes_up() {
    let engine = Engine::default();
    let module = Module::new(&engine, TRAPS).unwrap();
    let (mut store, instance) = pollster::block_on(started(&engine, &module));
    let on_fault: Arc<OnFault<()>> =
        Arc::new(|_: StoreContextMut<'_, ()>, _| Box::pin(async { panic!("the callback's own") }));
    let armed = pollster::block_on(armed(&mut store, &module, on_fault));
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| call(&mut store, instance, "divide")));
    let panic = panic.unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"the callback's own"));
    drop(armed);
    assert_eq!(call(&mut store, instance, "divide").unwrap().trap, Some(Trap::IntegerDivisionByZero));
}

/// Nobody replaces the hook while WebAssembly is on the stack: what host functions and callbacks get of the store can't.
#[test]
fn only_a_whole_store_sets_the_hook() {
    use std::marker::PhantomData;
    struct Probe<T>(PhantomData<T>);
    impl<T: wasmtime::unix::StoreExt> Probe<T> {
        const SETS: bool = true;
    }
    trait Otherwise {
        const SETS: bool = false;
    }
    impl<T> Otherwise for Probe<T> {}
    let sets =
        (Probe::<Store<()>>::SETS, Probe::<StoreContextMut<'_, ()>>::SETS, Probe::<wasmtime::Caller<'_, ()>>::SETS);
    assert_eq!(sets, (true, false, false));
}
