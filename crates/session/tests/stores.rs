//! Many stores: sessions inside of one another, and beside one another, on one thread and on several.
// Helpers beside the tests are tests, too.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use common::*;
use freezeframe_session::{Dbg, Error, Event, Freeze, debug_with};
use wasmtime::{Engine, Instance, Module, Store, TypedFunc, Val};

const FREEZES: [Freeze; 2] = [Freeze::Task, Freeze::Thread];

/// Waits for the first stop at `pc` of `module`.
async fn to_breakpoint(dbg: &mut Dbg<()>, module: &Module, pc: u32) {
    assert!(matches!(dbg.next().await, Some(Event::Attached)));
    dbg.with(|stop| stop.add_breakpoint(module, pc)).unwrap().unwrap();
    assert!(matches!(dbg.next().await, Some(Event::Breakpoint { .. })));
}

/// Function, and the first local of each frame.
fn frames(dbg: &Dbg<()>) -> Vec<(u32, i32)> {
    dbg.with(|stop| {
        let trace: Vec<u32> = stop.backtrace().frames().iter().map(|frame| frame.func_index()).collect();
        let frames: Vec<_> =
            stop.frames().map(|f| (f.position().unwrap().function, f.local(0).unwrap().unwrap_i32())).collect();
        assert_eq!(trace, frames.iter().map(|frame| frame.0).collect::<Vec<_>>());
        frames
    })
    .unwrap()
}

/// Really waits: for the guest's own reactor, or for another thread if that one is parked.
async fn wait(parked: bool) {
    if parked {
        let (tell, told) = futures::channel::oneshot::channel();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(3));
            let _ = tell.send(());
        });
        told.await.unwrap();
    } else {
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

/// The debugger of one store, at a stop, runs a whole session on another store of the same engine, and at that one's
/// stop reads and changes both, one after the other and both at once, before and after a real wait. A scope that knew
/// only the innermost stop would refuse the outer store, or, worse, give the inner one.
#[test]
fn nested() {
    let _dog = watchdog("nested");
    for (outer_freeze, inner_freeze) in FREEZES.into_iter().flat_map(|f| FREEZES.map(|g| (f, g))) {
        current().block_on(async {
            let engine = engine();
            let mut a = sandwich_on(&engine, plain()).await;
            let mut b = sandwich_on(&engine, plain()).await;
            let (global_a, global_b) =
                (a.instance.get_global(&mut a.store, "g").unwrap(), b.instance.get_global(&mut b.store, "g").unwrap());
            let parked = outer_freeze == Freeze::Thread || inner_freeze == Freeze::Thread;
            for round in 0..2 {
                let (store_b, outer_b, module_b, pc) = (&mut b.store, &b.outer, &b.module, b.pc);
                let (run_a, run_b) = debug_with(
                    &mut a.store,
                    options(outer_freeze),
                    async |store| a.outer.call_async(&mut *store, 1).await.unwrap(),
                    async |mut dbg_a| {
                        to_breakpoint(&mut dbg_a, &a.module, a.pc).await;
                        let (run_b, _) = debug_with(
                            store_b,
                            options(inner_freeze),
                            async |store| outer_b.call_async(&mut *store, 2).await.unwrap(),
                            async |mut dbg_b| {
                                to_breakpoint(&mut dbg_b, module_b, pc).await;
                                for wait_now in [true, false] {
                                    assert_eq!(frames(&dbg_a), [(2, 1), (3, 1)]);
                                    assert_eq!(frames(&dbg_b), [(2, 2), (3, 2)]);
                                    dbg_a
                                        .with(|a| {
                                            dbg_b
                                                .with(|b| {
                                                    assert!(matches!(dbg_a.with(|_| ()), Err(Error::Busy)));
                                                    assert!(matches!(dbg_b.with(|_| ()), Err(Error::Busy)));
                                                    global_a.set(a.store(), Val::I32(100)).unwrap();
                                                    global_b.set(b.store(), Val::I32(200)).unwrap();
                                                })
                                                .unwrap();
                                        })
                                        .unwrap();
                                    if wait_now {
                                        wait(parked).await;
                                    }
                                }
                                assert!(dbg_b.next().await.is_none());
                                // The inner session is over, the outer stop isn't.
                                assert!(matches!(dbg_b.with(|_| ()), Err(Error::NotStopped)));
                                assert_eq!(frames(&dbg_a), [(2, 1), (3, 1)]);
                            },
                        )
                        .await
                        .unwrap();
                        assert_eq!(frames(&dbg_a), [(2, 1), (3, 1)]);
                        assert!(dbg_a.next().await.is_none());
                        run_b.unwrap()
                    },
                )
                .await
                .unwrap();
                let what = format!("{outer_freeze:?} around {inner_freeze:?}, {round}");
                assert_eq!((run_a.unwrap(), run_b.unwrap()), (111, 211), "{what}");
                assert_eq!(a.outer.call_async(&mut a.store, 1).await.unwrap(), 111);
                assert_eq!(b.outer.call_async(&mut b.store, 2).await.unwrap(), 211);
            }
        });
    }
}

/// A session whose debugger tells that it's stopped, and goes on when it's told to.
async fn stops_once(freeze: Freeze, stopped: &AtomicU32, go: futures::channel::oneshot::Receiver<()>) -> i32 {
    let Sandwich { mut store, module, outer, pc, .. } = sandwich(plain()).await;
    let (run, _) = debug_with(
        &mut store,
        options(freeze),
        async |store| outer.call_async(&mut *store, 9).await.unwrap(),
        async |mut dbg| {
            to_breakpoint(&mut dbg, &module, pc).await;
            stopped.fetch_add(1, SeqCst);
            go.await.unwrap();
            assert_eq!(frames(&dbg), [(2, 9), (3, 9)]);
            assert!(dbg.next().await.is_none());
        },
    )
    .await
    .unwrap();
    run.unwrap()
}

/// Two sessions on one thread, one for each way of freezing: the one that freezes the thread freezes the other one's
/// guest and debugger, too, and both go on when the thread does, in whichever order they are told to.
#[test]
fn interleaved_with_a_frozen_thread() {
    let _dog = watchdog("interleaved_with_a_frozen_thread");
    for tell_task_first in [true, false] {
        let stopped = Arc::new(AtomicU32::new(0));
        let order = Arc::new(Mutex::new(vec![]));
        let (go_task, task_goes) = futures::channel::oneshot::channel();
        let (go_thread, thread_goes) = futures::channel::oneshot::channel();
        let (stopped_here, order_here) = (stopped.clone(), order.clone());
        let both = std::thread::spawn(move || {
            current().block_on(async {
                let task = async {
                    let result = stops_once(Freeze::Task, &stopped_here, task_goes).await;
                    order_here.lock().unwrap().push(Freeze::Task);
                    result
                };
                let thread = async {
                    // Once the other one is stopped.
                    while stopped_here.load(SeqCst) == 0 {
                        tokio::task::yield_now().await;
                    }
                    let result = stops_once(Freeze::Thread, &stopped_here, thread_goes).await;
                    order_here.lock().unwrap().push(Freeze::Thread);
                    result
                };
                assert_eq!(futures::future::join(task, thread).await, (16, 16));
            });
        });
        while stopped.load(SeqCst) < 2 {
            std::thread::yield_now();
        }
        if tell_task_first {
            go_task.send(()).unwrap();
            std::thread::sleep(Duration::from_millis(20));
            assert!(order.lock().unwrap().is_empty(), "its thread is frozen by the other session");
            go_thread.send(()).unwrap();
            both.join().unwrap();
        } else {
            go_thread.send(()).unwrap();
            while order.lock().unwrap().is_empty() {
                std::thread::yield_now();
            }
            assert_eq!(*order.lock().unwrap(), [Freeze::Thread], "the other guest is still stopped");
            go_task.send(()).unwrap();
            both.join().unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [Freeze::Thread, Freeze::Task]);
    }
}

/// A store with an instance of a module whose `run` has one `nop` per round.
async fn looper(engine: &Engine, module: &Module) -> (Store<()>, TypedFunc<i32, i32>) {
    let mut store = Store::new(engine, ());
    store.set_epoch_deadline(u64::MAX / 2);
    let instance = Instance::new_async(&mut store, module, &[]).await.unwrap();
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    (store, run)
}

/// The values of the counter at each hit of the breakpoint.
async fn count_hits(mut dbg: Dbg<()>, module: &Module, pc: u32) -> Vec<i32> {
    let mut hits = vec![];
    assert!(matches!(dbg.next().await, Some(Event::Attached)));
    dbg.with(|stop| stop.add_breakpoint(module, pc)).unwrap().unwrap();
    while dbg.next().await.is_some() {
        hits.push(dbg.with(|stop| stop.frames().next().unwrap().local(1).unwrap().unwrap_i32()).unwrap());
    }
    hits
}

/// Sessions on several threads at once, on one engine and one module: each sees its own guest's stops, all of them, and
/// no other's.
#[test]
fn several_threads() {
    let _dog = watchdog("several_threads");
    let engine = engine();
    let module = Module::new(&engine, LOOP).unwrap();
    let start = std::sync::Barrier::new(8);
    std::thread::scope(|scope| {
        for n in 0..8_i32 {
            let (engine, module, start) = (&engine, &module, &start);
            scope.spawn(move || {
                pollster::block_on(async {
                    let (mut store, run) = looper(engine, module).await;
                    start.wait();
                    for round in 0..50 {
                        let (times, freeze) = (n + round % 5 + 1, FREEZES[usize::try_from(n + round).unwrap() % 2]);
                        let (result, seen) = debug_with(
                            &mut store,
                            options(freeze),
                            async |store| run.call_async(&mut *store, times).await.unwrap(),
                            async |dbg| count_hits(dbg, module, nops(module)[0]).await,
                        )
                        .await
                        .unwrap();
                        assert_eq!(result, Ok(times));
                        assert_eq!(seen.unwrap(), (0..times).collect::<Vec<_>>());
                    }
                });
            });
        }
    });
}

/// A breakpoint in a module that several stores share belongs to the store in which it was set. Planted in the module's
/// shared code, it would stop the other store's guest, too, or vanish with the first session that ends.
#[test]
fn a_shared_module() {
    let _dog = watchdog("a_shared_module");
    for freeze in FREEZES {
        pollster::block_on(async {
            let engine = engine();
            let module = Module::new(
                &engine,
                r#"(module (func (export "run") (param $n i32) (result i32) (local $i i32)
                    (loop $l
                      nop
                      local.get $i i32.const 1 i32.add local.set $i
                      nop
                      local.get $i local.get $n i32.lt_u br_if $l)
                    local.get $i))"#,
            )
            .unwrap();
            let [first, second] = nops(&module)[..] else { panic!() };
            let (mut a, run_a) = looper(&engine, &module).await;
            let (mut b, run_b) = looper(&engine, &module).await;
            let (mut c, run_c) = looper(&engine, &module).await;
            let (result, seen) = debug_with(
                &mut a,
                options(freeze),
                async |store| run_a.call_async(&mut *store, 3).await.unwrap(),
                async |mut dbg| {
                    let mut hits = vec![];
                    assert!(matches!(dbg.next().await, Some(Event::Attached)));
                    dbg.with(|stop| stop.add_breakpoint(&module, first)).unwrap().unwrap();
                    while dbg.next().await.is_some() {
                        hits.push(
                            dbg.with(|stop| stop.frames().next().unwrap().local(1).unwrap().unwrap_i32()).unwrap(),
                        );
                        // While this breakpoint is planted: a session with another one, one with none, and none at all.
                        let (result, seen) = debug_with(
                            &mut b,
                            options(freeze),
                            async |store| run_b.call_async(&mut *store, 2).await.unwrap(),
                            async |dbg| count_hits(dbg, &module, second).await,
                        )
                        .await
                        .unwrap();
                        assert_eq!((result, seen.unwrap()), (Ok(2), vec![1, 2]));
                        let (result, events) = debug_with(
                            &mut b,
                            options(freeze),
                            async |store| run_b.call_async(&mut *store, 2).await.unwrap(),
                            async |mut dbg| {
                                let mut events = vec![];
                                while let Some(event) = dbg.next().await {
                                    events.push(name(&event));
                                }
                                events
                            },
                        )
                        .await
                        .unwrap();
                        assert_eq!((result, events.unwrap()), (Ok(2), vec!["Attached".to_owned()]));
                        assert_eq!(run_c.call_async(&mut c, 4).await.unwrap(), 4);
                    }
                    hits
                },
            )
            .await
            .unwrap();
            assert_eq!((result, seen.unwrap()), (Ok(3), vec![0, 1, 2]));
        });
    }
}
