//! Where operations, injected errors, exceptions, kills and detaching meet each other and a host that drops the guest: each
//! of these went wrong once.
// Helpers beside the tests are tests, too.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    },
    task::Poll,
    time::Duration,
};

use common::*;
use freezeframe_session::{Control, Dbg, Deadline, Epochs, Event, Freeze, Options, Verdict, debug, debug_with, rearm};
use wasmtime::{Func, Instance, Linker, Module, Store, Val};

/// Waits, woken by whoever wakes the debugger, until the stop is over.
async fn until_gone(dbg: &Dbg<()>) {
    poll_fn(|_| if dbg.with(|_| ()).is_ok() { Poll::Pending } else { Poll::Ready(()) }).await;
}

fn hooked() -> Options<()> {
    Options { call_hook: true, ..Options::default() }
}

fn only_here() -> wasmtime::Error {
    wasmtime::Error::msg("only here")
}

/// Runs the outer call, which the host drops at its first stop, then the inner function by itself; `first` acts at that
/// first stop. Gives the second result and the names of the events.
async fn dropped_then_again(
    options: Options<()>,
    first: impl AsyncFnOnce(&Dbg<()>, Func),
) -> (wasmtime::Result<i32>, Vec<String>) {
    let Sandwich { mut store, module, instance, outer, pc } = sandwich(select_ready()).await;
    let bp = instance.get_typed_func::<i32, i32>(&mut store, "bp").unwrap();
    let func = *bp.func();
    let mut first = Some(first);
    // Kept apart: a debugger that has panicked has no value.
    let log = std::cell::RefCell::new(vec![]);
    let session = freezeframe_session::debug_local(
        &mut store,
        options,
        async |store| {
            assert_eq!(outer.call_async(&mut *store, 9).await.unwrap(), -2);
            assert!(rearm(store));
            bp.call_async(&mut *store, 9).await
        },
        async |mut dbg| {
            while let Some(event) = dbg.next().await {
                log.borrow_mut().push(name(&event));
                match event {
                    Event::Attached => plant(&dbg, &module, pc),
                    Event::Breakpoint { .. } => {
                        if let Some(first) = first.take() {
                            first(&dbg, func).await;
                            until_gone(&dbg).await;
                        }
                    }
                    _ => {}
                }
            }
        },
    );
    let (result, _) = session.await.unwrap();
    (result.unwrap(), log.take())
}

const AGAIN: [&str; 5] = ["Attached", "Breakpoint", "Cancelled", "Lost", "Breakpoint"];

/// A call given up before it began, in a stop that the host drops: the next stop is one like any other.
#[test]
fn a_call_given_up_in_a_stop_that_is_dropped() {
    let _dog = watchdog("a_call_given_up_in_a_stop_that_is_dropped");
    let (result, events) = current().block_on(dropped_then_again(Options::default(), async |dbg, func| {
        let call = dbg.call(func, &[Val::I32(1)]).unwrap();
        dbg.give_up(call).unwrap();
    }));
    assert_eq!((result.unwrap(), &events[..]), (16, &AGAIN.map(str::to_owned)[..]));
}

/// The same with an operation that's dropped while it is under way, in the poll in which the host drops the guest.
#[test]
fn an_operation_dropped_together_with_the_guest() {
    let _dog = watchdog("an_operation_dropped_together_with_the_guest");
    current().block_on(async {
        let over = Arc::new(AtomicBool::new(false));
        let seen = over.clone();
        let wrap: Wrap = Arc::new(move |mut call| {
            let seen = seen.clone();
            Box::pin(poll_fn(move |cx| if seen.load(SeqCst) { Poll::Ready(Ok(-2)) } else { call.as_mut().poll(cx) }))
        });
        let Sandwich { mut store, module, instance, outer, pc } = sandwich(wrap).await;
        let bp = instance.get_typed_func::<i32, i32>(&mut store, "bp").unwrap();
        let (results, events) = debug(
            &mut store,
            async |store| {
                let first = outer.call_async(&mut *store, 9).await.unwrap();
                assert!(rearm(store));
                (first, bp.call_async(&mut *store, 9).await.unwrap())
            },
            async |mut dbg| {
                let mut events = vec![];
                while let Some(event) = dbg.next().await {
                    events.push(name(&event));
                    match event {
                        Event::Attached => plant(&dbg, &module, pc),
                        Event::Breakpoint { .. } if events.len() == 2 => {
                            let operation = dbg.with_async(|_| Box::pin(std::future::pending::<()>()));
                            tokio::select! {
                                _ = operation => panic!("it never ends"),
                                () = tokio::time::sleep(Duration::from_millis(2)) => over.store(true, SeqCst),
                            }
                        }
                        _ => {}
                    }
                }
                events
            },
        )
        .await
        .unwrap();
        assert_eq!(results.unwrap(), (-2, 16));
        assert_eq!(events.unwrap(), AGAIN);
    });
}

/// An error that a stop was to fail with is dropped with the stop.
#[test]
fn an_error_of_a_stop_that_is_dropped() {
    let _dog = watchdog("an_error_of_a_stop_that_is_dropped");
    let (result, events) = current().block_on(dropped_then_again(hooked(), async |dbg, _| {
        dbg.with(|stop| stop.fail(only_here())).unwrap().unwrap();
    }));
    assert_eq!((result.unwrap(), &events[..]), (16, &AGAIN.map(str::to_owned)[..]));
}

/// It hits the operator it was meant for, not one of a call in between.
#[test]
fn an_error_and_a_call() {
    let _dog = watchdog("an_error_and_a_call");
    current().block_on(async {
        let Sandwich { mut store, module, instance, pc, outer } = sandwich(plain()).await;
        let bp = instance.get_typed_func::<i32, i32>(&mut store, "bp").unwrap();
        let func = *bp.func();
        let (result, events) = debug_with(
            &mut store,
            hooked(),
            async |store| bp.call_async(&mut *store, 9).await,
            async |mut dbg| {
                let mut events = vec![];
                while let Some(event) = dbg.next().await {
                    events.push(name(&event));
                    match event {
                        Event::Attached => plant(&dbg, &module, pc),
                        Event::Breakpoint { .. } if events.len() == 2 => {
                            dbg.with(|stop| {
                                stop.fail(only_here()).unwrap();
                                // Through a host function, whose return isn't the one that is meant.
                                assert_eq!(pollster::block_on(outer.call_async(stop.store(), 9)).unwrap(), 16);
                            })
                            .unwrap();
                            dbg.call(func, &[Val::I32(1)]).unwrap();
                        }
                        Event::CallFinished { result, .. } => assert!(result.is_ok()),
                        _ => {}
                    }
                }
                events
            },
        )
        .await
        .unwrap();
        assert_eq!(result.unwrap().unwrap_err().root_cause().to_string(), "only here");
        assert_eq!(events.unwrap(), ["Attached", "Breakpoint", "Breakpoint", "CallFinished", "HostError"]);
    });
}

/// A filter that makes an operator fail and lets the guest go on: that operator fails, none later.
#[test]
fn an_error_from_a_filter() {
    let _dog = watchdog("an_error_from_a_filter");
    current().block_on(async {
        let Sandwich { mut store, module, instance, pc, .. } = sandwich(plain()).await;
        let bp = instance.get_typed_func::<i32, i32>(&mut store, "bp").unwrap();
        let (results, _) = debug_with(
            &mut store,
            hooked(),
            async |store| (bp.call_async(&mut *store, 9).await, bp.call_async(&mut *store, 9).await),
            async |mut dbg| {
                dbg.next().await;
                plant(&dbg, &module, pc);
                let mut first = true;
                dbg.set_filter(Some(Box::new(move |stop, _| {
                    if std::mem::take(&mut first) {
                        stop.fail(only_here()).unwrap();
                        return Verdict::Resume;
                    }
                    Verdict::Stop
                })));
                while dbg.next().await.is_some() {}
            },
        )
        .await
        .unwrap();
        let (first, second) = results.unwrap();
        assert_eq!((first.unwrap_err().root_cause().to_string(), second.unwrap()), ("only here".into(), 16));
    });
}

/// A call that was asked for waits for `next()`, also while the debugger holds an operation of an outer stop.
#[test]
fn a_call_waits_for_next() {
    let _dog = watchdog("a_call_waits_for_next");
    current().block_on(async {
        let Sandwich { mut store, module, instance, pc, .. } = sandwich(plain()).await;
        let bp = instance.get_typed_func::<i32, i32>(&mut store, "bp").unwrap();
        let func = *bp.func();
        let (result, events) = debug(
            &mut store,
            async |store| bp.call_async(&mut *store, 9).await,
            async |mut dbg| {
                dbg.next().await;
                plant(&dbg, &module, pc);
                let mut events = vec![name(&dbg.next().await.unwrap())];
                let operation = dbg.with_async(move |mut stop| {
                    Box::pin(async move { func.call_async(stop.store(), &[Val::I32(1)], &mut [Val::I32(0)]).await })
                });
                let mut next = dbg.clone();
                let operation = match futures::future::select(operation, Box::pin(next.next())).await {
                    futures::future::Either::Right((Some(event), operation)) => {
                        events.push(name(&event));
                        operation
                    }
                    _ => panic!("the stop comes first"),
                };
                dbg.call(func, &[Val::I32(2)]).unwrap();
                tokio::time::sleep(Duration::from_millis(2)).await;
                assert_eq!(dbg.with(|stop| stop.depth()).unwrap(), 2, "the guest stands still");
                while let Some(event) = dbg.next().await {
                    events.push(name(&event));
                }
                drop(operation);
                events
            },
        )
        .await
        .unwrap();
        assert_eq!(result.unwrap().unwrap(), 16);
        assert_eq!(events.unwrap(), ["Breakpoint", "Breakpoint", "Breakpoint", "CallFinished"]);
    });
}

/// Nothing of a session is left over if a call was asked for and never began.
#[test]
fn a_call_that_never_began() {
    let _dog = watchdog("a_call_that_never_began");
    current().block_on(async {
        let sandwich = sandwich(plain()).await;
        let Sandwich { mut store, instance, outer, module, .. } = sandwich;
        let engine = store.engine().weak();
        let bp = instance.get_func(&mut store, "bp").unwrap();
        let (result, _) = debug(
            &mut store,
            async |store| outer.call_async(&mut *store, 9).await.unwrap(),
            async |mut dbg| {
                dbg.next().await;
                dbg.call(bp, &[Val::I32(1)]).unwrap();
            },
        )
        .await
        .unwrap();
        assert_eq!(result, Ok(16));
        drop((store, outer, module));
        assert!(engine.upgrade().is_none(), "something holds the engine");
    });
}

/// A combinator that polls what was woken once more isn't a host that blocks: the killed guest runs no further.
#[test]
fn a_killed_guest_runs_no_further() {
    let _dog = watchdog("a_killed_guest_runs_no_further");
    use futures::StreamExt;
    const GUEST: &str = r#"(module (import "h" "h" (func $h)) (func (export "f") nop call $h))"#;
    current().block_on(async {
        let engine = engine();
        let module = Module::new(&engine, GUEST).unwrap();
        let mut store = Store::new(&engine, ());
        let called = Arc::new(AtomicU32::new(0));
        let counting = called.clone();
        let mut linker = Linker::new(&engine);
        linker
            .func_wrap("h", "h", move || {
                counting.fetch_add(1, SeqCst);
            })
            .unwrap();
        let instance = linker.instantiate_async(&mut store, &module).await.unwrap();
        let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
        let (result, _) = debug(
            &mut store,
            async |store| {
                let mut all = futures::stream::FuturesUnordered::<
                    std::pin::Pin<Box<dyn Future<Output = wasmtime::Result<()>> + Send + '_>>,
                >::new();
                all.push(Box::pin(f.call_async(&mut *store, ())));
                (0..3).for_each(|_| all.push(Box::pin(std::future::pending())));
                while all.next().await.is_some() {}
            },
            async |mut dbg| {
                dbg.next().await;
                plant(&dbg, &module, nops(&module)[0]);
                assert!(matches!(dbg.next().await, Some(Event::Breakpoint { .. })));
                tokio::time::sleep(Duration::from_millis(2)).await;
                dbg.control().kill();
                while dbg.next().await.is_some() {}
            },
        )
        .await
        .unwrap();
        assert!(result.is_err());
        assert_eq!(called.load(SeqCst), 0, "killed at a stop, and yet it called the host");
    });
}

/// A store has room for one exception on its way: calls that throw, caught or not, leave the guest its own.
#[test]
fn calls_while_an_exception_is_on_its_way() {
    let _dog = watchdog("calls_while_an_exception_is_on_its_way");
    const GUEST: &str = r#"(module
      (tag $t (param i32))
      (func $body (throw $t (i32.const 42)))
      (func (export "caught") (result i32)
        (block $caught (result i32) (try_table (catch $t $caught) (call $body)) (i32.const 1)))
      (func (export "uncaught") (result i32) (throw $t (i32.const 7))))"#;
    for awaited in [false, true] {
        for export in ["caught", "uncaught"] {
            current().block_on(async {
                let engine = engine();
                let module = Module::new(&engine, GUEST).unwrap();
                let mut store = Store::new(&engine, ());
                let instance = Instance::new_async(&mut store, &module, &[]).await.unwrap();
                let f = instance.get_typed_func::<(), i32>(&mut store, "caught").unwrap();
                let called = instance.get_func(&mut store, export).unwrap();
                let (result, _) = debug(
                    &mut store,
                    async |store| f.call_async(&mut *store, ()).await,
                    async |mut dbg| {
                        let mut first = true;
                        while let Some(event) = dbg.next().await {
                            let Event::Exception(_) = event else { continue };
                            if !std::mem::take(&mut first) {
                                continue;
                            }
                            if awaited {
                                let work = dbg.with_async(move |mut stop| {
                                    Box::pin(
                                        async move { called.call_async(stop.store(), &[], &mut [Val::I32(0)]).await },
                                    )
                                });
                                assert_eq!(work.await.unwrap().is_ok(), export == "caught");
                            } else {
                                dbg.call(called, &[]).unwrap();
                            }
                        }
                    },
                )
                .await
                .unwrap();
                assert_eq!(result.unwrap().unwrap(), 42, "{export} {awaited}");
                assert!(!store.has_pending_exception());
            });
        }
    }
}

/// A panic in an operation is the debugger's, wherever it stood, and doesn't make the guest run. One in a call is told.
#[test]
fn panics_in_operations() {
    let _dog = watchdog("panics_in_operations");
    for attached in [true, false] {
        current().block_on(async {
            let Sandwich { mut store, module, instance, pc, .. } = sandwich(plain()).await;
            let bp = instance.get_typed_func::<i32, i32>(&mut store, "bp").unwrap();
            let ran = Arc::new(AtomicBool::new(false));
            let (ran_in_body, ran_in_debugger) = (ran.clone(), ran.clone());
            let (result, panic) = debug(
                &mut store,
                async |store| {
                    let result = bp.call_async(&mut *store, 9).await.unwrap();
                    ran_in_body.store(true, SeqCst);
                    result
                },
                async |mut dbg| {
                    dbg.next().await;
                    plant(&dbg, &module, pc);
                    if !attached {
                        dbg.next().await;
                    }
                    let work = dbg.with_async(|_| Box::pin(async { panic!("in the operation") }));
                    let caught = futures::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(work)).await;
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    assert!(!ran_in_debugger.load(SeqCst), "the guest runs without `next()`");
                    let result: Result<(), _> = caught.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                    drop(result);
                },
            )
            .await
            .unwrap();
            assert_eq!(result, Ok(16));
            assert_eq!(*panic.unwrap_err().downcast_ref::<&str>().unwrap(), "in the operation");
        });
    }
    current().block_on(async {
        let Sandwich { mut store, module, instance, pc, .. } = sandwich(plain()).await;
        let mut other = sandwich(plain()).await;
        let foreign = other.instance.get_func(&mut other.store, "bp").unwrap();
        let bp = instance.get_typed_func::<i32, i32>(&mut store, "bp").unwrap();
        let (result, why) = debug(
            &mut store,
            async |store| bp.call_async(&mut *store, 9).await.unwrap(),
            async |mut dbg| {
                dbg.next().await;
                plant(&dbg, &module, pc);
                dbg.next().await;
                // Wasmtime panics over a function of another store.
                dbg.call(foreign, &[Val::I32(1)]).unwrap();
                let Some(Event::CallFinished { result, .. }) = dbg.next().await else { panic!("not told") };
                assert_eq!(dbg.with(|stop| stop.depth()).unwrap(), 1);
                result.unwrap_err().to_string()
            },
        )
        .await
        .unwrap();
        assert_eq!(result, Ok(16));
        assert!(why.unwrap().starts_with("the host panicked in it: "));
    });
}

/// A call that fails at the stop of an error doesn't make that error news again further out.
#[test]
fn one_error_is_one_event_in_spite_of_calls() {
    let _dog = watchdog("one_error_is_one_event_in_spite_of_calls");
    current().block_on(async {
        let Sandwich { mut store, module, instance, outer, pc } = sandwich(plain()).await;
        let unreachable = instance.get_func(&mut store, "unr").unwrap();
        let (_, events) = debug_with(
            &mut store,
            hooked(),
            async |store| outer.call_async(&mut *store, 9).await,
            async |mut dbg| {
                let mut events = vec![];
                while let Some(event) = dbg.next().await {
                    events.push(name(&event));
                    match event {
                        Event::Attached => plant(&dbg, &module, pc),
                        Event::Breakpoint { .. } => dbg.with(|stop| stop.fail(only_here())).unwrap().unwrap(),
                        Event::HostError { .. } if events.len() == 3 => {
                            dbg.call(unreachable, &[]).unwrap();
                        }
                        _ => {}
                    }
                }
                events
            },
        )
        .await
        .unwrap();
        assert_eq!(events.unwrap(), ["Attached", "Breakpoint", "HostError", "Trap", "CallFinished"]);
    });
}

/// A destructor that panics in an operation that the host drops: all is told that is told without.
#[test]
fn a_destructor_that_panics() {
    let _dog = watchdog("a_destructor_that_panics");
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("in the destructor");
        }
    }
    let (result, events) = current().block_on(dropped_then_again(Options::default(), async |dbg, _| {
        let panics = Panics;
        let work = dbg.with_async(move |_| {
            Box::pin(async move {
                let _panics = panics;
                std::future::pending::<()>().await;
            })
        });
        assert!(work.await.is_err());
    }));
    assert_eq!((result.unwrap(), &events[..]), (16, &AGAIN.map(str::to_owned)[..]));
}

/// Detached while an operation that never ends is under way: the guest goes on.
#[test]
fn detached_during_an_operation() {
    let _dog = watchdog("detached_during_an_operation");
    for freeze in [Freeze::Task, Freeze::Thread] {
        current().block_on(async {
            let Sandwich { mut store, module, instance, pc, .. } = sandwich(plain()).await;
            let bp = instance.get_typed_func::<i32, i32>(&mut store, "bp").unwrap();
            let (tell, told) = futures::channel::oneshot::channel();
            let (result, ended) = debug_with(
                &mut store,
                options(freeze),
                async |store| {
                    let result = bp.call_async(&mut *store, 9).await.unwrap();
                    tell.send(()).unwrap();
                    result
                },
                async |mut dbg| {
                    dbg.next().await;
                    plant(&dbg, &module, pc);
                    dbg.next().await;
                    let control: Control = dbg.control();
                    std::thread::spawn(move || {
                        std::thread::sleep(Duration::from_millis(5));
                        control.detach();
                    });
                    let work = dbg.with_async(|_| Box::pin(std::future::pending::<()>())).await;
                    told.await.unwrap();
                    work.is_err()
                },
            )
            .await
            .unwrap();
            assert_eq!((result, ended.unwrap()), (Ok(16), true));
        });
    }
}

/// Interrupts between the embedder's own ticks don't keep its deadline from being reached: neither those that are asked
/// for at stops, nor those that are asked for while the guest isn't stopped.
#[test]
fn interrupts_swallow_no_ticks() {
    let _dog = watchdog("interrupts_swallow_no_ticks");
    const GUEST: &str = r#"(module (import "h" "tick" (func $t)) (func (export "f") (loop $l nop call $t (br $l))))"#;
    for interrupting in [false, true] {
        current().block_on(async {
            let engine = engine();
            let module = Module::new(&engine, GUEST).unwrap();
            let mut store = Store::new(&engine, ());
            let mut linker = Linker::new(&engine);
            let ticks = Arc::new(AtomicU32::new(0));
            let (ticking, counting) = (engine.clone(), ticks.clone());
            linker
                .func_wrap("h", "tick", move || {
                    ticking.increment_epoch();
                    match counting.fetch_add(1, SeqCst) {
                        0..50 => Ok(()),
                        _ => Err(wasmtime::Error::msg("the deadline was never reached")),
                    }
                })
                .unwrap();
            let instance = linker.instantiate_async(&mut store, &module).await.unwrap();
            let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
            let (result, _) = debug_with(
                &mut store,
                Options { epochs: Epochs::Deadline(Deadline::trap(5)), ..Options::default() },
                async |store| f.call_async(&mut *store, ()).await,
                async |mut dbg| {
                    dbg.next().await;
                    plant(&dbg, &module, nops(&module)[0]);
                    let control = dbg.control();
                    while let Some(event) = dbg.next().await {
                        if interrupting && matches!(event, Event::Breakpoint { .. }) {
                            control.interrupt().unwrap();
                            control.cancel_interrupt();
                        }
                    }
                },
            )
            .await
            .unwrap();
            let error = result.unwrap().unwrap_err();
            assert!(error.is::<wasmtime::Trap>(), "{error:?}");
            assert_eq!(ticks.load(SeqCst), 5);
        });
    }
    // Asked for while the guest isn't stopped: not charged.
    pollster::block_on(async {
        let engine = engine();
        let module = Module::new(&engine, r#"(module (func (export "f")))"#).unwrap();
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(u64::MAX / 2);
        let instance = Instance::new_async(&mut store, &module, &[]).await.unwrap();
        let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
        let control = std::sync::OnceLock::<Control>::new();
        let (calls, _) = debug_with(
            &mut store,
            Options { epochs: Epochs::Deadline(Deadline::trap(3)), ..Options::default() },
            async |store| {
                let control = control.get().unwrap();
                for _ in 0..20 {
                    control.interrupt().unwrap();
                    control.cancel_interrupt();
                    f.call_async(&mut *store, ()).await.unwrap();
                }
                let mut calls = 0;
                loop {
                    engine.increment_epoch();
                    match f.call_async(&mut *store, ()).await {
                        Ok(()) => calls += 1,
                        Err(_) => return calls,
                    }
                }
            },
            async |mut dbg| {
                dbg.next().await;
                assert!(control.set(dbg.control()).is_ok());
                while dbg.next().await.is_some() {}
            },
        )
        .await
        .unwrap();
        assert_eq!(calls, Ok(2));
    });
}
