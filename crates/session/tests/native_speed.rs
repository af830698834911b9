//! Sessions at native speed: traps arrive with their stack, and what isn't there says so.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failure here is meant to be loud")]

use std::{
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};

use freezeframe_session::{
    Dbg, Epochs, Error, Event, Freeze, Guests, Killed, Mode, Options, PcMeaning, debug_local, debug_with, instantiated,
    prepare,
};
use wasmparser::{Parser, Payload, Validator};
use wasmtime::{
    Collector, Config, Engine, FieldType, Instance, Module, Mutability, StorageType, Store, StructRef, StructRefPre,
    StructType, Trap, Val, ValType, WasmBacktrace,
    component::{Component, Linker},
};

const GUEST: &str = r#"(module
    (memory 1 3)
    (global $hidden (mut i32) (i32.const 77))
    (func $load (param $at i32) (result i32) (i32.load (local.get $at)))
    (func $deep (param $at i32) (result i32) (i32.add (i32.const 1) (call $load (local.get $at))))
    (func (export "load") (param i32) (result i32) (i32.add (i32.const 10) (call $deep (local.get 0))))
    (func $recurse (param i32) (result i32) (i32.add (i32.const 1) (call $recurse (local.get 0))))
    (func (export "recurse") (result i32) (call $recurse (i32.const 0)))
    (func (export "fine") (result i32) (i32.const 5))
    (func (export "divide") (result i32) (i32.div_s (i32.const 1) (global.get $zero)))
    (global $zero (mut i32) (i32.const 0)))"#;

/// A store with the guest's module in it, and how to run it at native speed.
struct Native {
    store: Store<()>,
    module: Module,
    guests: Guests,
}

impl Native {
    fn new(text: &str) -> Self {
        Self::on(Engine::default(), text)
    }

    fn on(engine: Engine, text: &str) -> Self {
        let binary = wat::parse_str(text).unwrap();
        let binary = prepare(&binary).into_owned();
        let module = Module::new(&engine, &binary).unwrap();
        let mut guests = Guests::default();
        guests.module(&module, binary).unwrap();
        Self { store: Store::new(&engine, ()), module, guests }
    }

    fn options(&self) -> Options<()> {
        Options { mode: Mode::Native(self.guests.clone()), ..Options::default() }
    }

    /// Calls an export under a debugger.
    async fn run<V, F: Future<Output = V>>(
        &mut self,
        options: Options<()>,
        export: &str,
        args: &[Val],
        debugger: impl FnOnce(Dbg<()>) -> F,
    ) -> (Result<wasmtime::Result<i32>, Killed>, Result<V, Box<dyn std::any::Any + Send>>) {
        let module = self.module.clone();
        let body = async move |store: &mut Store<()>| {
            let instance = Instance::new_async(&mut *store, &module, &[]).await?;
            assert!(instantiated(store, instance));
            let function = instance.get_func(&mut *store, export).unwrap();
            let mut results = [Val::I32(0)];
            function.call_async(&mut *store, args, &mut results).await?;
            Ok(results[0].unwrap_i32())
        };
        debug_local(&mut self.store, options, body, debugger).await.unwrap()
    }
}

fn frames(trace: &WasmBacktrace) -> Vec<(u32, Option<usize>)> {
    trace.frames().iter().map(|frame| (frame.func_index(), frame.module_offset())).collect()
}

async fn next(dbg: &mut Dbg<()>) -> Event {
    dbg.next().await.expect("an event")
}

#[test]
fn a_trap_arrives_with_its_stack() {
    pollster::block_on(async {
        for freeze in [Freeze::Task, Freeze::Thread] {
            let mut native = Native::new(GUEST);
            let options = Options { freeze, ..native.options() };
            let (run, seen) = native
                .run(options, "load", &[Val::I32(-8)], async |mut dbg| {
                    assert!(matches!(next(&mut dbg).await, Event::Attached));
                    let event = next(&mut dbg).await;
                    assert!(matches!(event, Event::Trap(Trap::MemoryOutOfBounds)), "{event:?}");
                    let seen = dbg.with(|stop| {
                        assert_eq!(stop.depth(), 3);
                        assert_eq!((stop.modules().len(), stop.instances().len()), (1, 1));
                        let instance = stop.instances()[0];
                        let frames: Vec<_> = stop
                            .frames()
                            .map(|frame| {
                                let why = frame.locals().unwrap_err().to_string();
                                assert!(why.contains("native speed"), "{why}");
                                assert_eq!(frame.instance().unwrap(), instance);
                                let at = frame.position().unwrap();
                                (at.function, Some(at.pc as usize), frame.pc_meaning())
                            })
                            .collect();
                        assert_eq!(frames[0].2, PcMeaning::Faulting);
                        frames.into_iter().map(|(function, pc, _)| (function, pc)).collect::<Vec<_>>()
                    });
                    assert!(dbg.next().await.is_none());
                    seen.unwrap()
                })
                .await;
            let error = run.unwrap().unwrap_err();
            assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::MemoryOutOfBounds));
            assert_eq!(seen.unwrap(), frames(error.downcast_ref().unwrap()));
        }
    });
}

/// A trap in the prologue: the function is named, where it begins.
#[test]
fn a_stack_overflow_is_at_its_functions_entry() {
    pollster::block_on(async {
        let mut native = Native::new(GUEST);
        let options = native.options();
        let (run, seen) = native
            .run(options, "recurse", &[], async |mut dbg| {
                next(&mut dbg).await;
                assert!(matches!(next(&mut dbg).await, Event::Trap(Trap::StackOverflow)));
                dbg.with(|stop| {
                    let why: Vec<_> = stop.frames().take(2).map(|f| f.unavailable().unwrap_or_default()).collect();
                    assert!(why[0].contains("prologue") && !why[1].contains("prologue"), "{why:?}");
                    let trace = stop.backtrace();
                    let second = &trace.frames()[1];
                    let start = second.module_offset().unwrap() - second.func_offset().unwrap();
                    let at: Vec<_> = stop.frames().take(2).map(|f| f.position().unwrap()).collect();
                    assert_eq!(at[0].function, at[1].function);
                    (at[0].pc as usize, start)
                })
                .unwrap()
            })
            .await;
        assert_eq!(run.unwrap().unwrap_err().downcast_ref::<Trap>(), Some(&Trap::StackOverflow));
        let (pc, start) = seen.unwrap();
        assert_eq!(pc, start);
    });
}

#[test]
fn a_mended_trap_is_run_again() {
    pollster::block_on(async {
        let mut native = Native::new(GUEST);
        let options = native.options();
        let (run, traps) = native
            .run(options, "load", &[Val::I32(65536 + 4)], async |mut dbg| {
                let mut traps = 0;
                while let Some(event) = dbg.next().await {
                    if matches!(event, Event::Trap(_)) {
                        traps += 1;
                        dbg.try_with(|stop| {
                            let instance = stop.instances()[0];
                            let memory = instance.get_memory(stop.store(), "freezeframe:memory").unwrap();
                            memory.grow(stop.store(), 1).unwrap();
                            memory.write(stop.store(), 65536 + 4, &31_i32.to_le_bytes()).unwrap();
                            stop.run_again()
                        })
                        .unwrap();
                    }
                }
                traps
            })
            .await;
        assert_eq!((run.unwrap().unwrap(), traps.unwrap()), (42, 1));
    });
}

#[test]
fn what_guest_debugging_alone_has_says_so() {
    pollster::block_on(async {
        let mut native = Native::new(GUEST);
        let (options, module) = (native.options(), native.module.clone());
        let (run, _) = native
            .run(options, "load", &[Val::I32(-8)], async |mut dbg| {
                assert!(matches!(next(&mut dbg).await, Event::Attached));
                assert!(matches!(dbg.try_with(|stop| stop.run_again()), Err(Error::Unavailable(_))));
                next(&mut dbg).await;
                let refused = |result: Result<(), Error>| {
                    let why = result.unwrap_err().to_string();
                    assert!(why.contains("native speed"), "{why}");
                };
                refused(dbg.try_with(|stop| stop.add_breakpoint(&module, 1).map(drop)));
                refused(dbg.try_with(|stop| stop.single_step(true)));
                refused(dbg.try_with(|stop| stop.watch_modules(true)));
                refused(dbg.control().interrupt());
                // What takes nothing away from nothing is fine.
                dbg.try_with(|stop| stop.update_breakpoints(&[], &[]).map(drop)).unwrap();
                dbg.try_with(|stop| stop.single_step(false)).unwrap();
            })
            .await;
        assert!(run.unwrap().is_err());
    });
}

#[test]
fn a_killed_guest_is_gone_and_its_store_is_not() {
    pollster::block_on(async {
        let mut native = Native::new(GUEST);
        for _ in 0..5 {
            let options = native.options();
            let (run, _) = native
                .run(options, "load", &[Val::I32(-8)], async |mut dbg| {
                    next(&mut dbg).await;
                    next(&mut dbg).await;
                    dbg.control().kill();
                    while dbg.next().await.is_some() {}
                })
                .await;
            assert_eq!(run.map(drop), Err(Killed));
            let options = native.options();
            let (run, _) = native.run(options, "fine", &[], async |mut dbg| while dbg.next().await.is_some() {}).await;
            assert_eq!(run.unwrap().unwrap(), 5);
        }
    });
}

#[test]
fn debuggers_that_leave_let_the_trap_pass() {
    pollster::block_on(async {
        let mut native = Native::new(GUEST);
        let trap = |run: Result<wasmtime::Result<i32>, Killed>| {
            assert_eq!(run.unwrap().unwrap_err().downcast_ref::<Trap>(), Some(&Trap::MemoryOutOfBounds));
        };
        // At once, at the trap, by detaching, by a panic.
        let options = native.options();
        trap(native.run(options, "load", &[Val::I32(-8)], async |_| ()).await.0);
        let options = native.options();
        let at_the_trap = async |mut dbg: Dbg<()>| {
            next(&mut dbg).await;
            next(&mut dbg).await;
        };
        trap(native.run(options, "load", &[Val::I32(-8)], at_the_trap).await.0);
        let options = native.options();
        let detaching = async |mut dbg: Dbg<()>| {
            next(&mut dbg).await;
            dbg.control().detach();
            assert!(dbg.next().await.is_none());
        };
        trap(native.run(options, "load", &[Val::I32(-8)], detaching).await.0);
        let options = native.options();
        let panicking = async |mut dbg: Dbg<()>| -> () {
            next(&mut dbg).await;
            next(&mut dbg).await;
            panic!("the debugger's own");
        };
        let (run, panic) = native.run(options, "load", &[Val::I32(-8)], panicking).await;
        trap(run);
        assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"the debugger's own"));
    });
}

/// A call at a trap, which traps itself: its stop comes first, then its end, then the first stop is there again.
#[test]
fn a_call_at_a_trap_has_stops_of_its_own() {
    pollster::block_on(async {
        let mut native = Native::new(GUEST);
        let options = native.options();
        let (run, seen) = native
            .run(options, "load", &[Val::I32(-8)], async |mut dbg| {
                let mut seen = Vec::new();
                next(&mut dbg).await;
                seen.push(format!("{:?}", next(&mut dbg).await));
                let call = |name: &'static str| {
                    let function = dbg.with(|stop| {
                        let instance = stop.instances()[0];
                        instance.get_func(stop.store(), name).unwrap()
                    });
                    function.unwrap()
                };
                let (divide, fine) = (call("divide"), call("fine"));
                dbg.call(divide, &[]).unwrap();
                seen.push(format!("{:?}", next(&mut dbg).await));
                seen.push(dbg.with(|stop| stop.depth()).unwrap().to_string());
                let Event::CallFinished { result, .. } = next(&mut dbg).await else { panic!("not finished") };
                seen.push(format!("{:?}", result.err().and_then(|e| e.downcast_ref::<Trap>().copied())));
                seen.push(dbg.with(|stop| stop.depth()).unwrap().to_string());
                dbg.call(fine, &[]).unwrap();
                let Event::CallFinished { result, .. } = next(&mut dbg).await else { panic!("not finished") };
                assert!(result.is_ok());
                seen
            })
            .await;
        assert_eq!(run.unwrap().unwrap_err().downcast_ref::<Trap>(), Some(&Trap::MemoryOutOfBounds));
        let expected =
            ["Trap(MemoryOutOfBounds)", "Trap(IntegerDivisionByZero)", "4", "Some(IntegerDivisionByZero)", "3"];
        assert_eq!(seen.unwrap(), expected);
    });
}

/// A trap in a call at a trap: what is asked for at either stop is done there, and each goes on with its own registers.
#[test]
fn nested_traps_go_on_each_for_itself() {
    const OUTER: i32 = -8;
    const INNER: i32 = 65536 + 4;
    pollster::block_on(async {
        let mut native = Native::new(GUEST);
        let options = native.options();
        let (run, inner) = native
            .run(options, "load", &[Val::I32(OUTER)], async |mut dbg| {
                next(&mut dbg).await;
                assert!(matches!(next(&mut dbg).await, Event::Trap(Trap::MemoryOutOfBounds)));
                // It runs again after the call, and as nobody mends it, stops once more.
                let load = dbg.try_with(|stop| {
                    stop.run_again()?;
                    let instance = stop.instances()[0];
                    Ok::<_, Error>(instance.get_func(stop.store(), "load").unwrap())
                });
                dbg.call(load.unwrap(), &[Val::I32(INNER)]).unwrap();
                assert!(matches!(next(&mut dbg).await, Event::Trap(Trap::MemoryOutOfBounds)));
                dbg.try_with(|stop| {
                    assert_eq!(stop.depth(), 6);
                    let memory = stop.instances()[0].get_memory(stop.store(), "freezeframe:memory").unwrap();
                    memory.grow(stop.store(), 1).unwrap();
                    memory.write(stop.store(), INNER as usize, &52_i32.to_le_bytes()).unwrap();
                    stop.run_again()
                })
                .unwrap();
                let Event::CallFinished { result, .. } = next(&mut dbg).await else { panic!("not finished") };
                let inner = dbg.with(|stop| result.unwrap().values(stop)[0].unwrap_i32()).unwrap();
                assert!(matches!(next(&mut dbg).await, Event::Trap(Trap::MemoryOutOfBounds)));
                assert_eq!(dbg.with(|stop| stop.depth()).unwrap(), 3);
                assert!(dbg.next().await.is_none());
                inner
            })
            .await;
        assert_eq!(inner.unwrap(), 63);
        assert_eq!(run.unwrap().unwrap_err().downcast_ref::<Trap>(), Some(&Trap::MemoryOutOfBounds));
    });
}

/// What the stopped stack holds is no root there: whatever could collect is refused.
#[test]
fn nothing_is_called_in_a_guest_with_a_collector() {
    pollster::block_on(async {
        let mut native = Native::new(
            r#"(module (type $box (struct (field i32)))
                (func (export "fine") (result i32) (i32.const 1))
                (func (export "trap") (result i32)
                    (struct.get $box 0 (struct.new $box (i32.div_u (i32.const 1) (i32.const 0))))))"#,
        );
        let options = native.options();
        let (run, _) = native
            .run(options, "trap", &[], async |mut dbg| {
                next(&mut dbg).await;
                assert!(matches!(next(&mut dbg).await, Event::Trap(Trap::IntegerDivisionByZero)));
                let fine = dbg.with(|stop| {
                    let instance = stop.instances()[0];
                    instance.get_func(stop.store(), "fine").unwrap()
                });
                let why = dbg.call(fine.unwrap(), &[]).unwrap_err().to_string();
                assert!(why.contains("garbage-collected"), "{why}");
                let refused = dbg.with_async(|_| Box::pin(async {})).await;
                assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
            })
            .await;
        assert_eq!(run.unwrap().unwrap_err().downcast_ref::<Trap>(), Some(&Trap::IntegerDivisionByZero));
    });
}

/// What a trapped function holds is no root of a collection at its stop. Wasmtime meets a frame there that isn't its own, and
/// panics before it has freed anything: whoever catches that goes on with whole objects, and nothing was reused.
#[test]
fn a_collection_at_a_trap_frees_nothing() {
    const HOLDS: &str = r#"(module (type $box (struct (field i32))) (memory 1 3)
        (func $make (param i32) (result (ref $box)) (struct.new $box (local.get 0)))
        (func (export "hold") (result i32) (local $held (ref null $box))
            (local.set $held (call $make (i32.const 1234)))
            (drop (i32.load (i32.const 65544)))
            (struct.get $box 0 (local.get $held)))
        (func (export "collect") (result i32) (local $held (ref null $box))
            (local.set $held (call $make (i32.const 77)))
            (struct.get $box 0 (local.get $held))))"#;
    for collector in [Collector::DeferredReferenceCounting, Collector::Copying] {
        let mut config = Config::new();
        config.wasm_gc(true).wasm_function_references(true).collector(collector);
        let engine = Engine::new(&config).unwrap();
        pollster::block_on(async {
            let mut native = Native::on(engine, HOLDS);
            let options = native.options();
            let (run, collected) = native
                .run(options, "hold", &[], async |mut dbg| {
                    next(&mut dbg).await;
                    assert!(matches!(next(&mut dbg).await, Event::Trap(Trap::MemoryOutOfBounds)));
                    dbg.with(|stop| {
                        let collect = AssertUnwindSafe(|| stop.store().gc(None));
                        let collected = catch_unwind(collect).map(|done| done.is_ok());
                        // Whoever was freed would be overwritten now.
                        let instance = stop.instances()[0];
                        let boxes = StructType::new(
                            stop.store().engine(),
                            [FieldType::new(Mutability::Const, StorageType::ValType(ValType::I32))],
                        );
                        let maker = StructRefPre::new(stop.store(), boxes.unwrap());
                        for _ in 0..10 {
                            let _ = StructRef::new(stop.store(), &maker, &[Val::I32(666)]);
                        }
                        let memory = instance.get_memory(stop.store(), "freezeframe:memory").unwrap();
                        memory.grow(stop.store(), 1).unwrap();
                        stop.run_again().unwrap();
                        collected.is_err()
                    })
                    .unwrap()
                })
                .await;
            assert!(collected.unwrap(), "{collector:?}: it panics");
            assert_eq!(run.unwrap().unwrap(), 1234, "{collector:?}");
            // The store is as good as before.
            native.store.gc(None).unwrap();
            let options = native.options();
            let (run, _) =
                native.run(options, "collect", &[], async |mut dbg| while dbg.next().await.is_some() {}).await;
            assert_eq!(run.unwrap().unwrap(), 77);
        });
    }
}

#[test]
fn an_unsuitable_engine_is_an_error() {
    let mut config = Config::new();
    freezeframe_session::configure(&mut config);
    let engine = Engine::new(&config).unwrap();
    let mut store = Store::new(&engine, ());
    let options = Options { mode: Mode::Native(Guests::default()), epochs: Epochs::Embedder, ..Options::default() };
    let ran = Arc::new(Mutex::new(false));
    let noted = ran.clone();
    let result = pollster::block_on(debug_with(
        &mut store,
        options,
        async move |_: &mut Store<()>| *noted.lock().unwrap() = true,
        async |mut dbg: Dbg<()>| while dbg.next().await.is_some() {},
    ));
    assert!(matches!(result, Err(Error::NotNative(_))), "{:?}", result.map(drop));
    assert!(!*ran.lock().unwrap());
}

/// Within a component Wasmtime counts from the component's beginning, and DWARF from the module's.
#[test]
fn places_in_a_component_count_from_their_module() {
    let inner = "(func $deep unreachable) (func $outer (export \"run\") call $deep)";
    let alone = wat::parse_str(format!("(module {inner})")).unwrap();
    let bodies: Vec<u32> = Parser::new(0)
        .parse_all(&alone)
        .filter_map(|payload| match payload.unwrap() {
            // Behind the size and the locals.
            Payload::CodeSectionEntry(body) => Some(u32::try_from(body.range().start).unwrap() + 1),
            _ => None,
        })
        .collect();
    let text = format!(
        r#"(component (core module $before (func nop nop nop)) (core module $m {inner}) (core instance $i (instantiate $m))
            (func (export "run") (canon lift (core func $i "run"))))"#
    );
    let binary = wat::parse_str(text).unwrap();
    let engine = Engine::default();
    let component = Component::new(&engine, &binary).unwrap();
    let mut guests = Guests::default();
    guests.component(&component, binary).unwrap();
    let mut store = Store::new(&engine, ());
    let options = Options { mode: Mode::Native(guests), ..Options::default() };
    let body = async |store: &mut Store<()>| {
        let instance = Linker::new(&engine).instantiate_async(&mut *store, &component).await.unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut *store, "run").unwrap();
        run.call_async(&mut *store, ()).await.unwrap_err();
    };
    let debugger = async |mut dbg: Dbg<()>| {
        dbg.next().await;
        assert!(matches!(dbg.next().await, Some(Event::Trap(Trap::UnreachableCodeReached))));
        let pcs: Vec<u32> = dbg.with(|stop| stop.frames().map(|frame| frame.position().unwrap().pc).collect()).unwrap();
        assert!(dbg.next().await.is_none());
        pcs
    };
    let (run, pcs) = pollster::block_on(debug_local(&mut store, options, body, debugger)).unwrap();
    run.unwrap();
    assert_eq!(pcs.unwrap(), bodies);
}

// ---- what modules are prepared by

fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("a module")
}

fn exports(module: &[u8]) -> Vec<String> {
    Validator::new().validate_all(module).expect("valid");
    let payloads = Parser::new(0).parse_all(module).map(|p| p.expect("a payload"));
    let exports = payloads.filter_map(|p| if let Payload::ExportSection(exports) = p { Some(exports) } else { None });
    exports.flatten().map(|e| e.expect("an export").name.to_owned()).collect()
}

const PREPARED: &str = r#"(module (memory 1) (global $__stack_pointer (mut i32) (i32.const 4096)) (global i32 (i32.const 1))
    (func $f (export "f") (param i32) (result i32) (i32.load (local.get 0))) (data (i32.const 0) "x"))"#;

#[test]
fn what_is_missing_is_exported() {
    let prepared = prepare(&wasm(PREPARED)).into_owned();
    assert_eq!(exports(&prepared), ["f", "freezeframe:memory", "freezeframe:global 0", "freezeframe:global 1"]);
    // Twice is as good as once.
    assert!(matches!(prepare(&prepared), Cow::Borrowed(_)));
    let none = wasm("(module (memory 1) (func $f nop))");
    assert_eq!(exports(&prepare(&none)), ["freezeframe:memory"]);
    let only_memory = wasm("(module (memory 1))");
    assert_eq!(exports(&prepare(&only_memory)), ["freezeframe:memory"]);
    let empty = wasm(r#"(module (memory 1) (export "" (memory 0)))"#);
    assert!(matches!(prepare(&empty), Cow::Borrowed(_)));
}

#[test]
fn what_is_no_module_stays() {
    for bytes in [wasm("(component)"), b"\0asm\x01\0\0\0\x07\x7f".to_vec(), b"hello".to_vec(), Vec::new()] {
        assert!(matches!(prepare(&bytes), Cow::Borrowed(_)), "{bytes:?}");
    }
    let mut mapped = wasm(PREPARED);
    mapped.extend_from_slice(b"\0\x12\x10sourceMappingURL\x00");
    assert!(matches!(prepare(&mapped), Cow::Borrowed(_)));
}

/// The promise of native speed: the same code runs.
#[test]
fn the_machine_code_is_the_same() {
    let engine = Engine::default();
    let built = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/built");
    let read = |name: &str| std::fs::read(built.join(name)).unwrap();
    let compilers =
        ["orders.O0.dwarf5.wasm", "orders.O2.dwarf5.wasm", "panic.O0.dwarf4.wasm", "queue.Debug.dwarf4.wasm"];
    for original in compilers.map(read).into_iter().chain([wasm(PREPARED)]) {
        let prepared = prepare(&original);
        assert!(exports(&prepared).iter().any(|name| name.starts_with("freezeframe:")));
        let text = |bytes: &[u8]| Module::new(&engine, bytes).expect("a module").text().to_vec();
        assert!(text(&original) == text(&prepared));
    }
}
