//! The whole store is at hand while the guest is stopped: memories, tables, globals, the host's data, collected objects;
//! and the frames are all there, of several modules, through host code, and within components.
// Helpers beside the tests are tests, too.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use common::*;
use freezeframe_session::{Dbg, Event, Freeze, Stop, debug, debug_with};
use wasmtime::{
    Caller, Engine, ExternRef, Instance, Linker, Module, Ref, Store, Val,
    component::{Component, Linker as ComponentLinker},
};

const FREEZES: [Freeze; 2] = [Freeze::Task, Freeze::Thread];

/// Runs `export()` and shows the store to `see` at the first `nop`, with the instance that the stop is in.
async fn at_nop<T: Send + 'static>(
    freeze: Freeze,
    store: &mut Store<T>,
    module: &Module,
    instance: Instance,
    see: impl FnOnce(&mut freezeframe_session::Stop<'_, T>, Instance) + Send,
) -> i32 {
    let run = instance.get_typed_func::<(), i32>(&mut *store, "run").unwrap();
    let (result, stops) = debug_with(
        store,
        options(freeze),
        async |store| run.call_async(&mut *store, ()).await,
        async |mut dbg: Dbg<T>| {
            assert!(matches!(dbg.next().await, Some(Event::Attached)));
            dbg.with(|stop| stop.add_breakpoint(module, nops(module)[0])).unwrap().unwrap();
            let mut see = Some(see);
            let mut stops = 0;
            while let Some(event) = dbg.next().await {
                assert!(matches!(event, Event::Breakpoint { .. }), "{event:?}");
                stops += 1;
                let see = see.take().unwrap();
                dbg.with(|stop| {
                    let instance = stop.frames().next().unwrap().instance().unwrap();
                    see(stop, instance);
                })
                .unwrap();
            }
            stops
        },
    )
    .await
    .unwrap();
    assert_eq!(stops.unwrap(), 1);
    result.unwrap().unwrap()
}

/// What isn't exported is within reach as well; what is written is what the guest goes on with.
#[test]
fn memories_tables_globals_and_data() {
    let _dog = watchdog("memories_tables_globals_and_data");
    const GUEST: &str = r#"(module
      (type $seven (func (result i32)))
      (memory $m 1)
      (memory $wide i64 1)
      (memory $shared 1 2 shared)
      (table $t 4 funcref)
      (elem (table $t) (i32.const 0) func $one $two)
      (global $g (mut i64) (i64.const 1))
      (global $v (mut v128) (v128.const i64x2 1 2))
      (func $one (result i32) (i32.const 1))
      (func $two (result i32) (i32.const 2))
      (data (memory $m) (i32.const 8) "abcd")
      (func (export "run") (result i32)
        nop
        (i32.add (i32.add
          (i32.load $m (i32.const 8))
          (i32.load $wide (i64.const 65532)))
        (i32.add (i32.atomic.load $shared (i32.const 16))
        (i32.add (i32.wrap_i64 (global.get $g))
        (i32.add (i64x2.extract_lane_s_as_i32 (global.get $v))
          (call_indirect (type $seven) (i32.const 1))))))))"#;
    let guest =
        GUEST.replace("(i64x2.extract_lane_s_as_i32 (global.get $v))", "(i32x4.extract_lane 0 (global.get $v))");
    for freeze in FREEZES {
        pollster::block_on(async {
            let mut config = config();
            config.wasm_memory64(true).wasm_multi_memory(true).wasm_threads(true).shared_memory(true);
            let engine = Engine::new(&config).unwrap();
            let module = Module::new(&engine, &guest).unwrap();
            let mut store = Store::new(&engine, vec![1, 2, 3]);
            store.set_epoch_deadline(u64::MAX / 2);
            let instance = Instance::new_async(&mut store, &module, &[]).await.unwrap();
            let sum = at_nop(freeze, &mut store, &module, instance, |stop, instance| {
                let memory = instance.debug_memory(stop.store(), 0).unwrap();
                assert_eq!(&memory.data(stop.store())[8..12], b"abcd");
                memory.write(stop.store(), 8, &100_i32.to_le_bytes()).unwrap();
                let wide = instance.debug_memory(stop.store(), 1).unwrap();
                assert!(wide.ty(stop.store()).is_64());
                wide.write(stop.store(), 65532, &1000_i32.to_le_bytes()).unwrap();
                assert!(wide.write(stop.store(), 65533, &[0; 4]).is_err(), "past the end");
                let shared = instance.debug_shared_memory(stop.store(), 2).unwrap();
                let cell = &shared.data()[16];
                // SAFETY: the only other user is the guest, which stands still.
                unsafe { *cell.get() = 50 };
                let global = instance.debug_global(stop.store(), 0).unwrap();
                assert_eq!(global.get(stop.store()).unwrap_i64(), 1);
                global.set(stop.store(), Val::I64(7)).unwrap();
                let vector = instance.debug_global(stop.store(), 1).unwrap();
                assert_eq!(vector.get(stop.store()).unwrap_v128().as_u128(), (2 << 64) | 1);
                vector.set(stop.store(), Val::V128(5.into())).unwrap();
                let table = instance.debug_table(stop.store(), 0).unwrap();
                let one = table.get(stop.store(), 0).unwrap();
                assert!(matches!(table.get(stop.store(), 3), Some(Ref::Func(None))));
                table.set(stop.store(), 1, one).unwrap();
                stop.store().data_mut().push(4);
            })
            .await;
            assert_eq!(sum, 100 + 1000 + 50 + 7 + 5 + 1);
            assert_eq!(*store.data(), [1, 2, 3, 4]);
        });
    }
}

/// Structs, arrays, host references and small integers, in locals and on the operand stack, through supertypes; written to.
#[test]
fn collected_objects() {
    let _dog = watchdog("collected_objects");
    const GUEST: &str = r#"(module
      (type $point (sub (struct (field (mut i32)) (field (mut i8)))))
      (type $named (sub $point (struct (field (mut i32)) (field (mut i8)) (field (ref null extern)))))
      (type $bytes (array (mut i8)))
      (global $host (mut externref) (ref.null extern))
      (export "host" (global $host))
      (func (export "run") (result i32)
        (local $p (ref null $point)) (local $b (ref null $bytes)) (local $i (ref null i31)) (local $none anyref)
        (local.set $p (struct.new $named (i32.const -5) (i32.const 200) (global.get $host)))
        (local.set $b (array.new_fixed $bytes 3 (i32.const 1) (i32.const 2) (i32.const 255)))
        (local.set $i (ref.i31 (i32.const -9)))
        (local.get $p)
        nop
        drop
        (i32.add (i32.add (struct.get $point 0 (local.get $p)) (array.get_u $bytes (local.get $b) (i32.const 2)))
                 (i31.get_s (local.get $i)))))"#;
    for freeze in FREEZES {
        pollster::block_on(async {
            let engine = engine();
            let module = Module::new(&engine, GUEST).unwrap();
            let mut store = Store::new(&engine, ());
            store.set_epoch_deadline(u64::MAX / 2);
            let instance = Instance::new_async(&mut store, &module, &[]).await.unwrap();
            let host = ExternRef::new_async(&mut store, String::from("the host's")).await.unwrap();
            let global = instance.get_global(&mut store, "host").unwrap();
            global.set(&mut store, Val::ExternRef(Some(host))).unwrap();
            let sum = at_nop(freeze, &mut store, &module, instance, |stop, _| {
                let top = stop.frames().next().unwrap();
                let (locals, operands) = (top.locals().unwrap(), top.operands().unwrap());
                let any = |value: &Val| value.unwrap_anyref().copied();
                let store = &mut stop.store();
                let point = any(&locals[0]).unwrap().unwrap_struct(&mut *store).unwrap();
                assert_eq!(point.ty(&*store).unwrap().fields().len(), 3, "its own type, not the local's");
                let fields: Vec<Val> = point.fields(&mut *store).unwrap().collect();
                assert_eq!((fields[0].unwrap_i32(), fields[1].unwrap_i32()), (-5, 200));
                let text = fields[2].unwrap_externref().unwrap().data(&*store).unwrap().unwrap();
                assert_eq!(text.downcast_ref::<String>().unwrap(), "the host's");
                let same = any(&operands[0]).unwrap();
                assert!(wasmtime::Rooted::ref_eq(&*store, &same, &any(&locals[0]).unwrap()).unwrap());
                let bytes = any(&locals[1]).unwrap().unwrap_array(&mut *store).unwrap();
                let bytes_now: Vec<i32> = bytes.elems(&mut *store).unwrap().map(|v| v.unwrap_i32()).collect();
                assert_eq!(bytes_now, [1, 2, 255]);
                assert_eq!(any(&locals[2]).unwrap().unwrap_i31(&*store).unwrap().get_i32(), -9);
                assert!(any(&locals[3]).is_none());
                point.set_field(&mut *store, 0, Val::I32(1000)).unwrap();
                bytes.set(&mut *store, 2, Val::I32(10)).unwrap();
                store.gc(None).unwrap();
                assert_eq!(point.field(&mut *store, 0).unwrap().unwrap_i32(), 1000);
            })
            .await;
            assert_eq!(sum, 1000 + 10 - 9);
        });
    }
}

/// Frames of two modules, through an async host function: as Wasmtime's backtrace has them, with each one's own instance.
#[test]
fn frames_of_several_modules() {
    let _dog = watchdog("frames_of_several_modules");
    const LIB: &str = r#"(module (global $id i32 (i32.const 1))
      (func $inner (param i32) (result i32) nop (i32.add (local.get 0) (i32.const 1)))
      (func (export "f") (param i32) (result i32) (call $inner (local.get 0))))"#;
    const APP: &str = r#"(module (import "lib" "f" (func $f (param i32) (result i32)))
      (import "host" "through" (func $through (param i32) (result i32)))
      (global $id i32 (i32.const 2))
      (func (export "back") (param i32) (result i32) (call $f (local.get 0)))
      (func (export "run") (result i32) (call $through (i32.const 40))))"#;
    for freeze in FREEZES {
        pollster::block_on(async {
            let engine = engine();
            let (lib, app) = (Module::new(&engine, LIB).unwrap(), Module::new(&engine, APP).unwrap());
            let mut store = Store::new(&engine, ());
            store.set_epoch_deadline(u64::MAX / 2);
            let mut linker = Linker::new(&engine);
            linker
                .func_wrap_async("host", "through", |mut caller: Caller<'_, ()>, (n,): (i32,)| {
                    Box::new(async move {
                        let back = caller.get_export("back").unwrap().into_func().unwrap();
                        back.typed::<i32, i32>(&caller)?.call_async(&mut caller, n + 1).await
                    })
                })
                .unwrap();
            let lib_instance = linker.instantiate_async(&mut store, &lib).await.unwrap();
            linker.instance(&mut store, "lib", lib_instance).unwrap();
            let instance = linker.instantiate_async(&mut store, &app).await.unwrap();
            let sum = at_nop(freeze, &mut store, &lib, instance, |stop, _| {
                let mut frames = vec![];
                for frame in stop.frames() {
                    frames.push((frame.position().unwrap(), frame.activation(), frame.instance().unwrap()));
                }
                let shape: Vec<(u32, u32)> =
                    frames.iter().map(|(at, activation, _)| (at.function, *activation)).collect();
                assert_eq!(shape, [(0, 0), (1, 0), (2, 0), (3, 1)]);
                let trace = stop.backtrace();
                assert_eq!(trace.frames().len(), frames.len());
                for (frame, (at, _, instance)) in trace.frames().iter().zip(&frames) {
                    assert!(std::ptr::eq(
                        frame.module().debug_bytecode().unwrap(),
                        at.module.debug_bytecode().unwrap()
                    ));
                    assert_eq!(frame.func_index(), at.function);
                    let id = instance.debug_global(stop.store(), 0).unwrap().get(stop.store()).unwrap_i32();
                    assert_eq!(id, if at.module.imports().len() == 0 { 1 } else { 2 });
                }
            })
            .await;
            assert_eq!(sum, 42);
        });
    }
}

/// A component that calls another one through Wasmtime's adapter: both sides and the adapter between them are one stack,
/// and a core function can be called while it's stopped.
#[test]
fn frames_through_adapters() {
    let _dog = watchdog("frames_through_adapters");
    const COMPOSED: &str = r#"(component
      (component $lib
        (core module $m
          (memory (export "mem") 1)
          (global $bump (mut i32) (i32.const 0))
          (func (export "bump") (result i32)
            (global.set $bump (i32.add (global.get $bump) (i32.const 1))) (global.get $bump))
          (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 16))
          (func (export "length") (param $at i32) (param $n i32) (result i32) nop (local.get $n)))
        (core instance $i (instantiate $m))
        (func (export "length") (param "text" string) (result u32)
          (canon lift (core func $i "length") (memory $i "mem") (realloc (func $i "realloc")))))
      (component $app
        (import "length" (func $length (param "text" string) (result u32)))
        (core module $libc (memory (export "mem") 1) (data (i32.const 64) "four"))
        (core instance $libc (instantiate $libc))
        (core func $length' (canon lower (func $length) (memory $libc "mem")))
        (core module $m
          (import "l" "length" (func $length (param i32 i32) (result i32)))
          (func $twice (result i32) (i32.mul (i32.const 2) (call $length (i32.const 64) (i32.const 4))))
          (func (export "run") (result i32) (call $twice)))
        (core instance $i (instantiate $m (with "l" (instance (export "length" (func $length'))))))
        (func (export "run") (result u32) (canon lift (core func $i "run"))))
      (instance $l (instantiate $lib))
      (instance $a (instantiate $app (with "length" (func $l "length"))))
      (export "run" (func $a "run")))"#;
    for freeze in FREEZES {
        pollster::block_on(async {
            let engine = engine();
            let component = Component::new(&engine, COMPOSED).unwrap();
            let mut store = Store::new(&engine, ());
            store.set_epoch_deadline(u64::MAX / 2);
            let instance = ComponentLinker::new(&engine).instantiate_async(&mut store, &component).await.unwrap();
            let run = instance.get_typed_func::<(), (u32,)>(&mut store, "run").unwrap();
            let (result, log) = debug_with(
                &mut store,
                options(freeze),
                async |store| {
                    let first = run.call_async(&mut *store, ()).await.unwrap().0;
                    (first, run.call_async(&mut *store, ()).await.unwrap().0)
                },
                async |mut dbg| {
                    let mut log = vec![];
                    while let Some(event) = dbg.next().await {
                        match event {
                            Event::Attached => dbg
                                .with(|stop| {
                                    let lib =
                                        stop.modules().into_iter().find(|module| !nops(module).is_empty()).unwrap();
                                    stop.add_breakpoint(&lib, nops(&lib)[0]).unwrap();
                                })
                                .unwrap(),
                            Event::Breakpoint { .. } => {
                                let bump = dbg
                                    .with(|stop| {
                                        let frames: Vec<_> = stop
                                            .frames()
                                            .map(|frame| (frame.position().unwrap().function, frame.activation()))
                                            .collect();
                                        let names: Vec<u32> =
                                            stop.backtrace().frames().iter().map(|frame| frame.func_index()).collect();
                                        log.push(format!("{frames:?} {names:?}"));
                                        let instance = stop.frames().next().unwrap().instance().unwrap();
                                        let memory = instance.debug_memory(stop.store(), 0).unwrap();
                                        assert_eq!(&memory.data(stop.store())[16..20], b"four");
                                        instance.debug_function(stop.store(), 0).unwrap()
                                    })
                                    .unwrap();
                                dbg.call(bump, &[]).unwrap();
                            }
                            Event::CallFinished { result, .. } => {
                                let result = result.unwrap();
                                log.push(format!("{result:?} {}", dbg.with(|stop| stop.depth()).unwrap()));
                            }
                            other => panic!("{other:?}"),
                        }
                    }
                    log
                },
            )
            .await
            .unwrap();
            assert_eq!(result.unwrap(), (8, 8));
            // The adapter is function 10 of a module that Wasmtime has made.
            let frames = "[(2, 0), (10, 0), (1, 0), (2, 0)] [2, 10, 1, 2]";
            assert_eq!(log.unwrap(), [frames, "[I32(1)] 4", frames, "[I32(2)] 4"]);
        });
    }
}

/// The session remembers what it found at an operator that is hit again and again: a breakpoint that is taken out and
/// planted anew is another one, and so is the one at the next operator.
#[test]
fn a_breakpoint_planted_anew() {
    let module = Module::new(&engine(), LOOP).unwrap();
    let nop = nops(&module)[0];
    let mut store = Store::new(module.engine(), ());
    current().block_on(async {
        let instance = Instance::new_async(&mut store, &module, &[]).await.unwrap();
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        let debugger = async |dbg: Dbg<()>| {
            let mut events = dbg.clone();
            let mut hit = async || match events.next().await {
                Some(Event::Breakpoint { hit }) => Some(hit),
                _ => None,
            };
            let plant = |stop: &mut Stop<'_, ()>, pc| stop.add_breakpoint(&module, pc).unwrap();
            assert_eq!(hit().await, None);
            let first = dbg.with(|stop| plant(stop, nop)).unwrap();
            assert_eq!((hit().await, hit().await), (Some(first), Some(first)));
            let anew = dbg.with(|stop| {
                stop.remove_breakpoint(first).unwrap();
                plant(stop, nop)
            });
            let anew = anew.unwrap();
            assert_eq!(hit().await, Some(anew));
            let next = dbg.with(|stop| plant(stop, nop + 1)).unwrap();
            for id in [next, anew, next, anew, next] {
                assert_eq!(hit().await, Some(id));
            }
            assert!(first != anew && anew != next);
            assert_eq!(hit().await, None);
        };
        let session = debug(&mut store, async |store| run.call_async(store, 5).await.unwrap(), debugger);
        session.await.unwrap().1.unwrap();
    });
}
