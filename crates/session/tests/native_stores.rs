//! Native speed with more than one store, session or thread, and with stores that are used by sync functions.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failure here is meant to be loud")]

use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
};

use freezeframe_session::{
    Control, Dbg, Error, Event, Freeze, Guests, Killed, Mode, Options, debug_local, debug_with, instantiated, prepare,
    unwound,
};
use wasmtime::{Caller, Engine, Func, Instance, Linker, Memory, Module, Store, Trap, Val};

const GUEST: &str = r#"(module
    (import "" "host" (func $host (param i32) (result i32)))
    (memory 1 3)
    (func $load (param $at i32) (result i32) (i32.load (local.get $at)))
    (func (export "load") (param i32) (result i32) (i32.add (i32.const 10) (call $load (local.get 0))))
    (func (export "fine") (param i32) (result i32) (local.get 0))
    (func (export "through") (param i32) (result i32) (i32.add (i32.const 100) (call $host (local.get 0)))))"#;

/// Out of bounds of the one page, and within two.
const BEYOND: i32 = 65536 + 8;

#[derive(Clone)]
struct Code {
    engine: Engine,
    module: Module,
    guests: Guests,
}

impl Code {
    fn new() -> Self {
        let engine = Engine::default();
        let binary = prepare(&wat::parse_str(GUEST).unwrap()).into_owned();
        let module = Module::new(&engine, &binary).unwrap();
        let mut guests = Guests::default();
        guests.module(&module, binary).unwrap();
        Self { engine, module, guests }
    }

    fn options<T>(&self) -> Options<T> {
        Options { mode: Mode::Native(self.guests.clone()), ..Options::default() }
    }
}

fn plain(store: &mut Store<()>) -> Func {
    Func::wrap(store, |n: i32| n)
}

async fn call(store: &mut Store<()>, module: &Module, export: &str, n: i32) -> wasmtime::Result<i32> {
    let host = plain(store);
    let instance = Instance::new_async(&mut *store, module, &[host.into()]).await?;
    assert!(instantiated(store, instance));
    let function = instance.get_func(&mut *store, export).unwrap();
    let mut results = [Val::I32(0)];
    function.call_async(&mut *store, &[Val::I32(n)], &mut results).await?;
    Ok(results[0].unwrap_i32())
}

fn memory<T: 'static>(stop: &mut freezeframe_session::Stop<'_, T>) -> Memory {
    let instance = stop.instances()[0];
    instance.get_memory(stop.store(), "freezeframe:memory").unwrap()
}

/// Grows the memory, puts a number where the guest wants to read, and lets it try again.
fn mend<T: 'static>(stop: &mut freezeframe_session::Stop<'_, T>, number: i32) -> Result<(), Error> {
    let memory = memory(stop);
    memory.grow(stop.store(), 1).unwrap();
    memory.write(stop.store(), BEYOND as usize, &number.to_le_bytes()).unwrap();
    stop.run_again()
}

fn trap(error: &wasmtime::Error) -> Option<Trap> {
    error.downcast_ref::<Trap>().copied()
}

/// Many threads, each with sessions of its own over the same code: what one sees and does is its own.
#[test]
fn threads_have_sessions_of_their_own() {
    let code = Code::new();
    let threads: Vec<_> = (0..4)
        .map(|n| {
            let code = code.clone();
            thread::spawn(move || {
                for round in 0..50_i32 {
                    let number = n * 1000 + round;
                    let mut store = Store::new(&code.engine, ());
                    let body = async |store: &mut Store<()>| call(store, &code.module, "load", BEYOND).await;
                    let debugger = async |mut dbg: Dbg<()>| {
                        assert!(matches!(dbg.next().await, Some(Event::Attached)));
                        assert!(matches!(dbg.next().await, Some(Event::Trap(Trap::MemoryOutOfBounds))));
                        assert_eq!(dbg.with(|stop| stop.depth()).unwrap(), 2);
                        if round % 2 == 0 {
                            dbg.try_with(|stop| mend(stop, number)).unwrap();
                        }
                        assert!(dbg.next().await.is_none());
                    };
                    let session = debug_local(&mut store, code.options(), body, debugger);
                    let (run, verdict) = pollster::block_on(session).unwrap();
                    verdict.unwrap();
                    match run.unwrap() {
                        Ok(result) => assert_eq!((result, round % 2), (number + 10, 0)),
                        Err(error) => assert_eq!((trap(&error), round % 2), (Some(Trap::MemoryOutOfBounds), 1)),
                    }
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// Three guests stand at their traps on one thread at the same time; they go on in every order.
#[test]
fn sessions_of_one_thread_stand_side_by_side() {
    let code = Code::new();
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let local = tokio::task::LocalSet::new();
        let stopped = Arc::new(Mutex::new(Vec::new()));
        let mut gates = Vec::new();
        let mut tasks = Vec::new();
        for n in 0..3 {
            let (open, gate) = tokio::sync::oneshot::channel::<()>();
            gates.push(Some(open));
            let (code, stopped) = (code.clone(), stopped.clone());
            tasks.push(local.spawn_local(async move {
                let mut store = Store::new(&code.engine, ());
                let body = async |store: &mut Store<()>| call(store, &code.module, "load", BEYOND).await;
                let debugger = async |mut dbg: Dbg<()>| {
                    dbg.next().await;
                    assert!(matches!(dbg.next().await, Some(Event::Trap(_))));
                    stopped.lock().unwrap().push(n);
                    gate.await.unwrap();
                    dbg.try_with(|stop| mend(stop, n)).unwrap();
                    assert!(dbg.next().await.is_none());
                };
                let (run, verdict) = debug_local(&mut store, code.options(), body, debugger).await.unwrap();
                verdict.unwrap();
                run.unwrap().unwrap()
            }));
        }
        local.block_on(&runtime, async {
            while stopped.lock().unwrap().len() < 3 {
                tokio::task::yield_now().await;
            }
            for at in order {
                gates[at].take().unwrap().send(()).unwrap();
                let at_i32 = i32::try_from(at).unwrap();
                assert_eq!((&mut tasks[at]).await.unwrap(), at_i32 + 10, "{order:?}");
            }
        });
    }
}

/// A guest calls the host, which runs a guest of another store under a session of its own: each session sees its own trap,
/// in its own stack.
#[test]
fn a_store_runs_within_a_call_of_another() {
    pollster::block_on(async {
        let code = Code::new();
        let mut linker = Linker::<Code>::new(&code.engine);
        linker
            .func_wrap_async("", "host", |caller: Caller<'_, Code>, (n,): (i32,)| {
                let code = caller.data().clone();
                Box::new(async move {
                    let mut store = Store::new(&code.engine, ());
                    let body = async |store: &mut Store<()>| call(store, &code.module, "load", BEYOND).await;
                    let debugger = async |mut dbg: Dbg<()>| {
                        dbg.next().await;
                        assert!(matches!(dbg.next().await, Some(Event::Trap(_))));
                        assert_eq!(dbg.with(|stop| stop.depth()).unwrap(), 2);
                        if n == 1 {
                            dbg.try_with(|stop| mend(stop, 7)).unwrap();
                        }
                        assert!(dbg.next().await.is_none());
                    };
                    let (run, verdict) = debug_with(&mut store, code.options(), body, debugger).await.unwrap();
                    verdict.unwrap();
                    // Its backtrace would be taken for this store's.
                    run.unwrap().map_err(|error| wasmtime::Error::msg(error.root_cause().to_string()))
                })
            })
            .unwrap();
        for n in [1, 0] {
            let mut store = Store::new(&code.engine, code.clone());
            let body = async |store: &mut Store<Code>| {
                let instance = linker.instantiate_async(&mut *store, &code.module).await?;
                instantiated(store, instance);
                let through = instance.get_typed_func::<i32, i32>(&mut *store, "through")?;
                let result = through.call_async(&mut *store, n).await;
                if let Err(error) = &result {
                    assert!(unwound(store, error).await);
                }
                let load = instance.get_typed_func::<i32, i32>(&mut *store, "load")?;
                assert!(load.call_async(&mut *store, -8).await.is_err());
                result
            };
            let debugger = async |mut dbg: Dbg<Code>| {
                let mut seen = Vec::new();
                while let Some(event) = dbg.next().await {
                    seen.push((format!("{event:?}"), dbg.with(|stop| stop.depth()).unwrap()));
                }
                seen
            };
            let (run, seen) = debug_local(&mut store, code.options(), body, debugger).await.unwrap();
            let seen = seen.unwrap();
            let own = ("Trap(MemoryOutOfBounds)".to_owned(), 2);
            match run.unwrap() {
                Ok(result) => {
                    assert_eq!((n, result), (1, 117));
                    assert_eq!(seen[1..], [own]);
                }
                // The other store's trap goes through this one as its host's error.
                Err(error) => {
                    assert_eq!((n, trap(&error)), (0, None));
                    assert!(seen[1].0.starts_with("Unwound { failure: Host"), "{seen:?}");
                    assert_eq!(seen[1].1, 1);
                    assert_eq!(seen[2..], [own]);
                }
            }
        }
    });
}

// ---- stores that are used by sync functions

fn sync_call(store: &mut Store<()>, module: &Module, export: &str, n: i32) -> wasmtime::Result<i32> {
    let host = plain(store);
    let instance = Instance::new(&mut *store, module, &[host.into()])?;
    instantiated(store, instance);
    instance.get_typed_func::<i32, i32>(&mut *store, export)?.call(&mut *store, n)
}

/// The thread waits at the trap; the guest goes on where it was, and the store stays one for sync calls.
#[test]
fn a_sync_store_stops_too() {
    let code = Code::new();
    let mut store = Store::new(&code.engine, ());
    for round in 0..50_i32 {
        let options = Options { sync: true, ..code.options() };
        let body = async |store: &mut Store<()>| sync_call(store, &code.module, "load", BEYOND);
        let debugger = async |mut dbg: Dbg<()>| {
            dbg.next().await;
            assert!(matches!(dbg.next().await, Some(Event::Trap(Trap::MemoryOutOfBounds))));
            assert_eq!(dbg.with(|stop| stop.depth()).unwrap(), 2);
            // Nobody could wait for what these would have to.
            let function = dbg.with(|stop| Func::wrap(stop.store(), || ())).unwrap();
            let why = dbg.call(function, &[]).unwrap_err().to_string();
            assert!(why.contains("sync"), "{why}");
            assert!(matches!(dbg.with_async(|_| Box::pin(async {})).await, Err(Error::Unavailable(_))));
            if round % 2 == 0 {
                dbg.try_with(|stop| {
                    // Each round has an instance of its own.
                    let instance = *stop.instances().last().unwrap();
                    let memory = instance.get_memory(stop.store(), "freezeframe:memory").unwrap();
                    memory.grow(stop.store(), 1).unwrap();
                    memory.write(stop.store(), BEYOND as usize, &round.to_le_bytes()).unwrap();
                    stop.run_again()
                })
                .unwrap();
            }
            assert!(dbg.next().await.is_none());
        };
        let (run, verdict) = pollster::block_on(debug_local(&mut store, options, body, debugger)).unwrap();
        verdict.unwrap();
        match run.unwrap() {
            Ok(result) => assert_eq!((result, round % 2), (round + 10, 0)),
            Err(error) => assert_eq!((trap(&error), round % 2), (Some(Trap::MemoryOutOfBounds), 1)),
        }
        assert_eq!(sync_call(&mut store, &code.module, "fine", 3).unwrap(), 3, "outside of sessions");
    }
}

/// Another thread drives the debugger while the guest's own is parked; and it kills.
#[test]
fn a_sync_store_is_driven_from_another_thread() {
    let code = Code::new();
    for kill in [false, true] {
        let (to_debugger, commands) = tokio::sync::mpsc::unbounded_channel::<&'static str>();
        let (to_driver, stops) = mpsc::channel::<Control>();
        let driver = thread::spawn(move || {
            let control = stops.recv().unwrap();
            match kill {
                true => control.kill(),
                false => to_debugger.send("go").unwrap(),
            }
        });
        let mut store = Store::new(&code.engine, ());
        let options = Options { sync: true, freeze: Freeze::Task, ..code.options() };
        let body = async |store: &mut Store<()>| sync_call(store, &code.module, "load", BEYOND);
        let debugger = async move |mut dbg: Dbg<()>| {
            let mut commands = commands;
            dbg.next().await;
            assert!(matches!(dbg.next().await, Some(Event::Trap(_))));
            to_driver.send(dbg.control()).unwrap();
            // A debugger whose guest is killed is asked once more, when that is gone.
            if commands.recv().await.is_some() {
                dbg.try_with(|stop| mend(stop, 5)).unwrap();
            }
            assert!(dbg.next().await.is_none());
        };
        let (run, verdict) = pollster::block_on(debug_local(&mut store, options, body, debugger)).unwrap();
        match kill {
            false => {
                assert_eq!(run.unwrap().unwrap(), 15);
                verdict.unwrap();
            }
            true => assert_eq!(run.map(drop), Err(Killed)),
        }
        driver.join().unwrap();
        assert_eq!(sync_call(&mut store, &code.module, "fine", 3).unwrap(), 3);
    }
}

/// Failures without a signal, in a sync store.
#[test]
fn what_a_sync_store_leaves_is_told() {
    let code = Code::new();
    let mut store = Store::new(&code.engine, ());
    let options = Options { sync: true, ..code.options() };
    let body = async |store: &mut Store<()>| {
        let host = Func::wrap(&mut *store, |_: i32| -> wasmtime::Result<i32> { Err(wasmtime::Error::msg("no")) });
        let instance = Instance::new(&mut *store, &code.module, &[host.into()]).unwrap();
        let through = instance.get_typed_func::<i32, i32>(&mut *store, "through").unwrap();
        let error = through.call(&mut *store, 1).unwrap_err();
        assert!(unwound(store, &error).await);
    };
    let debugger = async |mut dbg: Dbg<()>| {
        dbg.next().await;
        assert!(matches!(dbg.next().await, Some(Event::Unwound { .. })));
        assert!(dbg.next().await.is_none());
    };
    let (run, verdict) = pollster::block_on(debug_local(&mut store, options, body, debugger)).unwrap();
    run.unwrap();
    verdict.unwrap();
}

/// A store that has something async in it says so, instead of failing where it's called.
#[test]
fn a_store_with_async_functions_is_not_for_sync_sessions() {
    let code = Code::new();
    let mut store = Store::new(&code.engine, ());
    Func::wrap_async(&mut store, |_: Caller<'_, ()>, (): ()| Box::new(async {}));
    let options = Options { sync: true, ..code.options() };
    let session = debug_local(&mut store, options, async |_: &mut Store<()>| (), async |_: Dbg<()>| ());
    let why = pollster::block_on(session).map(drop).unwrap_err().to_string();
    assert!(why.contains("async"), "{why}");
}
