//! What a debugger awaits with the stopped store: calls into the guest, with stops within them to any depth, and
//! collections.
// Helpers beside the tests are tests, too.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use common::*;
use freezeframe_session::{CallId, Dbg, Error, Event, Freeze, Killed, Returned, debug, debug_local, debug_with};
use futures::future::Either;
use wasmtime::{
    Caller, Collector, Engine, Func, Instance, Linker, Module, Store, StructRef, StructRefPre, StructType, TypedFunc,
    Val,
};

const FREEZES: [Freeze; 2] = [Freeze::Task, Freeze::Thread];

/// `f(n)` stops and gives 10 n + g; `wait` calls a host function that takes a while; `bad` traps; `pair` gives two values.
const GUEST: &str = r#"(module
  (import "h" "wait" (func $wait (param i32) (result i32)))
  (type $s (struct (field (mut i32))))
  (global $g (mut i32) (i32.const 5))
  (func $f (export "f") (param $n i32) (result i32) (local $kept i32) (local $r (ref null $s))
    (local.set $kept (i32.mul (local.get $n) (i32.const 10)))
    (local.set $r (struct.new $s (local.get $n)))
    nop ;; the breakpoint
    (i32.sub (i32.add (local.get $kept) (global.get $g)) (i32.sub (struct.get $s 0 (local.get $r)) (local.get $n))))
  (func (export "wait") (param i32) (result i32) (call $wait (local.get 0)))
  (func (export "bad") (result i32) (i32.div_s (i32.const 1) (i32.const 0)))
  (func (export "pair") (param i32) (result i32 i64) (local.get 0) (i64.const 7))
  (func (export "make") (param i32) (result (ref null $s)) (struct.new $s (local.get 0)))
  (func (export "spin") (param i32) (result i32) (loop (br_if 0 (i32.eqz (i32.const 0)))) (i32.const 0)))"#;

struct Guest {
    store: Store<()>,
    module: Module,
    instance: Instance,
    f: TypedFunc<i32, i32>,
    pc: u32,
    /// How many `wait`s were begun, and ended.
    waits: [Arc<AtomicU32>; 2],
}

impl Guest {
    async fn on(engine: &Engine) -> Self {
        let module = Module::new(engine, GUEST).unwrap();
        let mut store = Store::new(engine, ());
        store.set_epoch_deadline(u64::MAX / 2);
        let mut linker = Linker::new(engine);
        let waits = [Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0))];
        let counters = waits.clone();
        linker
            .func_wrap_async("h", "wait", move |mut caller: Caller<'_, ()>, (n,): (i32,)| {
                let [begun, ended] = counters.clone();
                Box::new(async move {
                    begun.fetch_add(1, SeqCst);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    ended.fetch_add(1, SeqCst);
                    let f = caller.get_export("f").unwrap().into_func().unwrap().typed::<i32, i32>(&caller)?;
                    f.call_async(&mut caller, n).await
                })
            })
            .unwrap();
        let instance = linker.instantiate_async(&mut store, &module).await.unwrap();
        let f = instance.get_typed_func::<i32, i32>(&mut store, "f").unwrap();
        let pc = nops(&module)[0];
        Self { store, module, instance, f, pc, waits }
    }

    async fn new() -> Self {
        Self::on(&engine()).await
    }

    fn func(&mut self, name: &str) -> Func {
        self.instance.get_func(&mut self.store, name).unwrap()
    }
}

/// Lets other tasks of this thread run, where the policy allows it.
async fn think(freeze: Freeze) {
    match freeze {
        Freeze::Task => tokio::time::sleep(Duration::from_millis(1)).await,
        Freeze::Thread => {
            let (tell, told) = futures::channel::oneshot::channel();
            std::thread::spawn(move || tell.send(()));
            told.await.unwrap();
        }
    }
}

/// The innermost frame's first local, how many activations there are, and how many frames.
fn here(dbg: &Dbg<()>) -> (i32, u32, u32) {
    dbg.with(|stop| {
        let depth = stop.depth();
        let frames: Vec<_> = stop.frames().collect();
        assert_eq!(frames.len(), depth as usize);
        (frames[0].local(0).unwrap().unwrap_i32(), frames.last().unwrap().activation() + 1, depth)
    })
    .unwrap()
}

fn ints(dbg: &Dbg<()>, returned: &Returned) -> Vec<i64> {
    let int = |value: Val| value.i64().unwrap_or_else(|| i64::from(value.unwrap_i32()));
    dbg.with(|stop| returned.values(stop).into_iter().map(int).collect()).unwrap()
}

/// Calls within stops within calls: each stop shows all activations, the calls end innermost first, each where it was
/// started, and the guest's own run gives what it gives without.
#[test]
fn calls_stop_to_any_depth() {
    let _dog = watchdog("calls_stop_to_any_depth");
    for freeze in FREEZES {
        current().block_on(async {
            let mut guest = Guest::new().await;
            let (module, pc, f, call) = (guest.module.clone(), guest.pc, guest.f.clone(), guest.func("f"));
            let (run, log) = debug_with(
                &mut guest.store,
                options(freeze),
                async |store| (f.call_async(&mut *store, 1).await, f.call_async(&mut *store, 7).await),
                async |mut dbg| {
                    let mut log = vec![];
                    let mut calls: Vec<CallId> = vec![];
                    while let Some(event) = dbg.next().await {
                        think(freeze).await;
                        match event {
                            Event::Attached => plant(&dbg, &module, pc),
                            Event::Breakpoint { .. } => {
                                let (n, activations, frames) = here(&dbg);
                                log.push(format!("{n} {activations} {frames}"));
                                if n < 6 {
                                    calls.push(dbg.call(call, &[Val::I32(n + 1)]).unwrap());
                                    think(freeze).await;
                                }
                            }
                            Event::CallFinished { call, result } => {
                                assert_eq!(Some(call), calls.pop());
                                assert!(matches!(dbg.give_up(call), Err(Error::NoCall)));
                                let (n, activations, frames) = here(&dbg);
                                let result = ints(&dbg, &result.unwrap());
                                log.push(format!("{n} {activations} {frames} called {result:?}"));
                            }
                            other => panic!("{other:?}"),
                        }
                    }
                    log
                },
            )
            .await
            .unwrap();
            let (one, seven) = run.unwrap();
            assert_eq!((one.unwrap(), seven.unwrap()), (15, 75));
            let want = [
                "1 1 1",
                "2 2 2",
                "3 3 3",
                "4 4 4",
                "5 5 5",
                "6 6 6",
                "5 5 5 called [65]",
                "4 4 4 called [55]",
                "3 3 3 called [45]",
                "2 2 2 called [35]",
                "1 1 1 called [25]",
                "7 1 1",
            ];
            assert_eq!(log.unwrap(), want, "{freeze:?}");
            assert_eq!(guest.store.breakpoints().unwrap().count(), 0);
        });
    }
}

/// A call whose host function waits: the executor runs meanwhile, and the stop within the host's call back into the guest
/// arrives. Two calls at the same stop, one after the other.
#[test]
fn calls_that_wait_in_the_host() {
    let _dog = watchdog("calls_that_wait_in_the_host");
    for freeze in FREEZES {
        current().block_on(async {
            let mut guest = Guest::new().await;
            let (module, pc, f, call) = (guest.module.clone(), guest.pc, guest.f.clone(), guest.func("wait"));
            let ticks = Arc::new(AtomicU32::new(0));
            let ticking = ticks.clone();
            let ticker = tokio::spawn(async move {
                loop {
                    ticking.fetch_add(1, SeqCst);
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            });
            let (run, log) = debug_with(
                &mut guest.store,
                options(freeze),
                async |store| f.call_async(&mut *store, 1).await,
                async |mut dbg| {
                    let mut log = vec![];
                    while let Some(event) = dbg.next().await {
                        match event {
                            Event::Attached => plant(&dbg, &module, pc),
                            Event::Breakpoint { .. } => {
                                log.push(format!("{:?}", here(&dbg)));
                                if log.len() == 1 {
                                    dbg.call(call, &[Val::I32(2)]).unwrap();
                                    assert!(matches!(dbg.call(call, &[]), Err(Error::Busy)));
                                }
                            }
                            Event::CallFinished { result, .. } => {
                                log.push(format!("{:?} {:?}", here(&dbg), ints(&dbg, &result.unwrap())));
                                if log.len() == 3 {
                                    dbg.call(call, &[Val::I32(3)]).unwrap();
                                }
                            }
                            other => panic!("{other:?}"),
                        }
                    }
                    log
                },
            )
            .await
            .unwrap();
            ticker.abort();
            assert_eq!(run.unwrap().unwrap(), 15);
            let want = ["(1, 1, 1)", "(2, 3, 3)", "(1, 1, 1) [25]", "(3, 3, 3)", "(1, 1, 1) [35]"];
            assert_eq!(log.unwrap(), want, "{freeze:?}");
            assert_eq!(guest.waits.each_ref().map(|n| n.load(SeqCst)), [2, 2]);
            assert!(ticks.load(SeqCst) > 2);
        });
    }
}

/// A call that fails is the debugger's to know, not the guest's: its trap is a stop, then an error; the guest goes on.
#[test]
fn calls_that_fail() {
    let _dog = watchdog("calls_that_fail");
    for freeze in FREEZES {
        current().block_on(async {
            let mut guest = Guest::new().await;
            let (module, pc, f) = (guest.module.clone(), guest.pc, guest.f.clone());
            let (bad, pair) = (guest.func("bad"), guest.func("pair"));
            let (run, log) = debug_with(
                &mut guest.store,
                options(freeze),
                async |store| f.call_async(&mut *store, 1).await,
                async |mut dbg| {
                    let mut log = vec![];
                    while let Some(event) = dbg.next().await {
                        log.push(name(&event));
                        match event {
                            Event::Attached => plant(&dbg, &module, pc),
                            Event::Breakpoint { .. } => {
                                dbg.call(bad, &[]).unwrap();
                            }
                            Event::Trap(_) => assert_eq!(dbg.with(|stop| stop.depth()).unwrap(), 2),
                            Event::CallFinished { result: Err(error), .. } if log.len() == 4 => {
                                assert!(format!("{error:?}").contains("divide by zero"), "{error:?}");
                                // The wrong type of argument.
                                dbg.call(pair, &[Val::I64(1)]).unwrap();
                            }
                            Event::CallFinished { result: Err(_), .. } => {
                                dbg.call(pair, &[Val::I32(1)]).unwrap();
                            }
                            Event::CallFinished { result, .. } => {
                                assert_eq!(ints(&dbg, &result.unwrap()), [1, 7]);
                                assert_eq!(here(&dbg), (1, 1, 1));
                            }
                            other => panic!("{other:?}"),
                        }
                    }
                    log
                },
            )
            .await
            .unwrap();
            assert_eq!(run.unwrap().unwrap(), 15);
            let want = ["Attached", "Breakpoint", "Trap", "CallFinished", "CallFinished", "CallFinished"];
            assert_eq!(log.unwrap(), want);
        });
    }
}

/// An operation that is awaited alone stops nowhere; awaited together with `next()`, it stops as ever.
#[test]
fn operations_and_their_stops() {
    let _dog = watchdog("operations_and_their_stops");
    for freeze in FREEZES {
        current().block_on(async {
            let mut guest = Guest::new().await;
            let (module, pc, f, call) = (guest.module.clone(), guest.pc, guest.f.clone(), guest.func("wait"));
            let (run, log) = debug_with(
                &mut guest.store,
                options(freeze),
                async |store| f.call_async(&mut *store, 1).await,
                async |dbg| {
                    let mut log = vec![];
                    let wait = |n: i32| {
                        dbg.with_async(move |mut stop| {
                            Box::pin(async move {
                                let mut results = [Val::I32(0)];
                                call.call_async(stop.store(), &[Val::I32(n)], &mut results).await.map(|()| results[0])
                            })
                        })
                    };
                    // Nothing runs yet; a call is possible all the same.
                    let mut next = dbg.clone();
                    assert!(matches!(wait(0).await, Err(Error::NotStopped)));
                    assert!(matches!(next.next().await, Some(Event::Attached)));
                    assert_eq!(wait(3).await.unwrap().unwrap().unwrap_i32(), 35);
                    plant(&dbg, &module, pc);
                    assert_eq!(wait(4).await.unwrap().unwrap().unwrap_i32(), 45);
                    assert!(matches!(next.next().await, Some(Event::Breakpoint { .. })));
                    log.push(here(&dbg));
                    assert_eq!(wait(5).await.unwrap().unwrap().unwrap_i32(), 55);
                    log.push(here(&dbg));
                    // Together with `next`: the stop within is an event, and the operation waits for its resumption.
                    let operation = match futures::future::select(wait(6), next.next()).await {
                        Either::Right((Some(Event::Breakpoint { .. }), operation)) => operation,
                        _ => panic!("the stop comes first"),
                    };
                    log.push(here(&dbg));
                    think(freeze).await;
                    log.push(here(&dbg));
                    assert!(matches!(dbg.with_async(|_| Box::pin(async {})).await, Ok(())));
                    let result = match futures::future::select(operation, next.next()).await {
                        Either::Left((result, _)) => result,
                        Either::Right((event, _)) => panic!("{event:?} before the operation has ended"),
                    };
                    assert_eq!(result.unwrap().unwrap().unwrap_i32(), 65);
                    while next.next().await.is_some() {}
                    log
                },
            )
            .await
            .unwrap();
            assert_eq!(run.unwrap().unwrap(), 15, "{freeze:?}");
            assert_eq!(log.unwrap(), [(1, 1, 1), (1, 1, 1), (6, 3, 3), (6, 3, 3)], "{freeze:?}");
            assert_eq!(guest.waits.each_ref().map(|n| n.load(SeqCst)), [4, 4]);
        });
    }
}

/// An operation that is dropped on its way ends with all that it holds; the guest goes on as if it had never been.
/// Wasmtime loses the handler of a call in flight.
#[test]
fn operations_dropped() {
    let _dog = watchdog("operations_dropped");
    struct Guard(Arc<AtomicU32>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    for freeze in FREEZES {
        for way in ["select", "next", "thread", "forget"] {
            current().block_on(async {
                let mut guest = Guest::new().await;
                let (module, pc, f, call) = (guest.module.clone(), guest.pc, guest.f.clone(), guest.func("wait"));
                let drops = Arc::new(AtomicU32::new(0));
                let (run, log) = debug_with(
                    &mut guest.store,
                    options(freeze),
                    async |store| f.call_async(&mut *store, 1).await,
                    async |mut dbg| {
                        let mut log = vec![];
                        while let Some(event) = dbg.next().await {
                            log.push(name(&event));
                            match event {
                                Event::Attached => plant(&dbg, &module, pc),
                                // Forgotten, the operation can't be dropped: it goes on beneath `next()`, and stops.
                                Event::Breakpoint { .. } if log.len() == 3 => assert_eq!(here(&dbg), (2, 3, 3)),
                                Event::Breakpoint { .. } => {
                                    let guard = Guard(drops.clone());
                                    let mut operation = Box::pin(dbg.with_async(move |mut stop| {
                                        Box::pin(async move {
                                            let _guard = guard;
                                            let mut results = [Val::I32(0)];
                                            call.call_async(stop.store(), &[Val::I32(2)], &mut results).await
                                        })
                                    }));
                                    let begun = std::future::poll_fn(|cx| {
                                        assert!(operation.as_mut().poll(cx).is_pending());
                                        match guest.waits[0].load(SeqCst) {
                                            0 => std::task::Poll::Pending,
                                            _ => std::task::Poll::Ready(()),
                                        }
                                    });
                                    // The host function has begun, and waits.
                                    let clock = tokio::time::sleep(Duration::from_millis(1));
                                    let both = futures::future::join(begun, clock);
                                    both.await;
                                    match way {
                                        "select" => drop(operation),
                                        "thread" => std::thread::spawn(move || drop(operation)).join().unwrap(),
                                        "forget" => std::mem::forget(operation),
                                        _ => {}
                                    }
                                }
                                _ => assert!(matches!(dbg.with(|_| ()), Err(Error::NotStopped))),
                            }
                        }
                        log
                    },
                )
                .await
                .unwrap();
                assert_eq!(run.unwrap().unwrap(), 15, "{freeze:?} {way}");
                assert_eq!(drops.load(SeqCst), 1);
                let log = log.unwrap();
                match way {
                    "forget" => assert_eq!(log, ["Attached", "Breakpoint", "Breakpoint"]),
                    _ => assert_eq!(log, ["Attached", "Breakpoint", "Lost"], "{freeze:?} {way}"),
                }
            });
        }
    }
}

/// A call given up at a stop within it: the call ends with an error, the guest goes on.
#[test]
fn a_call_given_up() {
    let _dog = watchdog("a_call_given_up");
    for freeze in FREEZES {
        current().block_on(async {
            let mut guest = Guest::new().await;
            let (module, pc, f, call) = (guest.module.clone(), guest.pc, guest.f.clone(), guest.func("f"));
            let (run, log) = debug_with(
                &mut guest.store,
                options(freeze),
                async |store| f.call_async(&mut *store, 1).await,
                async |mut dbg| {
                    let mut log = vec![];
                    let mut first = None;
                    while let Some(event) = dbg.next().await {
                        log.push(name(&event));
                        match event {
                            Event::Attached => plant(&dbg, &module, pc),
                            Event::Breakpoint { .. } if log.len() < 4 => {
                                let id = dbg.call(call, &[Val::I32(2)]).unwrap();
                                first = first.or(Some(id));
                            }
                            Event::Breakpoint { .. } => dbg.give_up(first.unwrap()).unwrap(),
                            Event::CallFinished { call, result } => {
                                assert_eq!(Some(call), first);
                                assert!(result.unwrap_err().to_string().contains("given up"));
                                assert_eq!(here(&dbg), (1, 1, 1));
                            }
                            _ => {}
                        }
                    }
                    log.sort();
                    log
                },
            )
            .await
            .unwrap();
            assert_eq!(run.unwrap().unwrap(), 15);
            let want = ["Attached", "Breakpoint", "Breakpoint", "Breakpoint", "CallFinished", "Lost"];
            assert_eq!(log.unwrap(), want, "{freeze:?}");
        });
    }
}

/// `next()` dropped while it drives a call: the call stands still, and the next `next()` goes on with it.
#[test]
fn calls_and_next_that_is_dropped() {
    let _dog = watchdog("calls_and_next_that_is_dropped");
    for freeze in FREEZES {
        current().block_on(async {
            let mut guest = Guest::new().await;
            let (module, pc, f, call) = (guest.module.clone(), guest.pc, guest.f.clone(), guest.func("wait"));
            let (run, dropped) = debug_with(
                &mut guest.store,
                options(freeze),
                async |store| f.call_async(&mut *store, 1).await,
                async |mut dbg| {
                    assert!(matches!(dbg.next().await, Some(Event::Attached)));
                    plant(&dbg, &module, pc);
                    assert!(matches!(dbg.next().await, Some(Event::Breakpoint { .. })));
                    dbg.call(call, &[Val::I32(2)]).unwrap();
                    let mut dropped = 0;
                    let mut log = vec![];
                    while log.len() < 2 {
                        let clock = tokio::time::sleep(Duration::from_millis(1));
                        tokio::select! {
                            event = dbg.next() => log.push(name(&event.unwrap())),
                            () = clock => {
                                dropped += 1;
                                assert!(matches!(dbg.with(|_| ()), Err(Error::NotStopped)));
                                assert!(matches!(dbg.call(call, &[]), Err(Error::NotStopped)));
                            }
                        }
                    }
                    assert_eq!(log, ["Breakpoint", "CallFinished"]);
                    assert_eq!(here(&dbg), (1, 1, 1));
                    assert!(dbg.next().await.is_none());
                    dropped
                },
            )
            .await
            .unwrap();
            assert_eq!(run.unwrap().unwrap(), 15);
            assert!(dropped.unwrap() > 0);
        });
    }
}

/// The host drops the guest while a call of the debugger's is stopped on top of it: one `Cancelled`, and whatever was
/// awaited comes back.
#[test]
fn cancelled_within_a_call() {
    let _dog = watchdog("cancelled_within_a_call");
    current().block_on(async {
        let Sandwich { mut store, module, instance, outer, pc } = sandwich(select_ready()).await;
        let bp = instance.get_func(&mut store, "bp").unwrap();
        let (run, log) = debug(
            &mut store,
            async |store| outer.call_async(&mut *store, 9).await,
            async |mut dbg| {
                let mut log = vec![];
                while let Some(event) = dbg.next().await {
                    log.push(name(&event));
                    match event {
                        Event::Attached => plant(&dbg, &module, pc),
                        Event::Breakpoint { .. } if log.len() == 2 => {
                            dbg.call(bp, &[Val::I32(3)]).unwrap();
                        }
                        Event::Breakpoint { .. } => {
                            assert_eq!(dbg.with(|stop| stop.depth()).unwrap(), 3);
                            let waits = dbg.with_async(|_| Box::pin(std::future::pending::<()>()));
                            assert!(matches!(waits.await, Err(Error::NotStopped)));
                        }
                        _ => {}
                    }
                }
                log
            },
        )
        .await
        .unwrap();
        assert_eq!(run.unwrap().unwrap(), -2);
        assert_eq!(log.unwrap(), ["Attached", "Breakpoint", "Breakpoint", "Cancelled", "Lost"]);
        assert_eq!(outer.call_async(&mut store, 9).await.unwrap(), 16);
    });
}

/// Kill at a stop within a call.
#[test]
fn killed_within_a_call() {
    let _dog = watchdog("killed_within_a_call");
    for freeze in FREEZES {
        for call_name in ["f", "wait", "spin"] {
            current().block_on(async {
                let mut guest = Guest::new().await;
                let (module, pc, f, call) = (guest.module.clone(), guest.pc, guest.f.clone(), guest.func(call_name));
                let begun = guest.waits[0].clone();
                let (run, log) = debug_with(
                    &mut guest.store,
                    options(freeze),
                    async |store| f.call_async(&mut *store, 1).await,
                    async |mut dbg| {
                        let mut log = vec![];
                        while let Some(event) = dbg.next().await {
                            log.push(name(&event));
                            match event {
                                Event::Attached => plant(&dbg, &module, pc),
                                Event::Breakpoint { .. } if log.len() == 2 => {
                                    dbg.call(call, &[Val::I32(3)]).unwrap();
                                    let (control, begun) = (dbg.control(), begun.clone());
                                    std::thread::spawn(move || {
                                        while call_name == "wait" && begun.load(SeqCst) == 0 {
                                            std::thread::yield_now();
                                        }
                                        std::thread::sleep(Duration::from_millis(2));
                                        control.kill();
                                    });
                                }
                                Event::Breakpoint { .. } => {
                                    std::future::poll_fn(|_| match dbg.with(|_| ()) {
                                        Ok(()) => std::task::Poll::Pending,
                                        Err(_) => std::task::Poll::Ready(()),
                                    })
                                    .await
                                }
                                _ => {}
                            }
                        }
                        log
                    },
                )
                .await
                .unwrap();
                assert_eq!(run.map(drop), Err(Killed), "{freeze:?} {call_name}");
                assert_eq!(log.unwrap().iter().filter(|event| *event == "Cancelled").count(), 1);
                assert_eq!(guest.f.call_async(&mut guest.store, 2).await.unwrap(), 25);
            });
        }
    }
}

/// References that a call gives are kept over collections, and what the guest refers to, too: with both collectors,
/// collected at each operator.
#[test]
fn collections_at_each_operator() {
    let _dog = watchdog("collections_at_each_operator");
    const LIST: &str = r#"(module
      (type $l (struct (field (mut i32)) (field (mut (ref null $l)))))
      (func $make (export "make") (param $n i32) (result (ref null $l)) (local $l (ref null $l))
        (block $end (loop $more
          (br_if $end (i32.eqz (local.get $n)))
          (local.set $l (struct.new $l (local.get $n) (local.get $l)))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br $more)))
        (local.get $l))
      (func (export "sum") (param $l (ref null $l)) (result i32) (local $sum i32)
        (block $end (loop $more
          (br_if $end (ref.is_null (local.get $l)))
          (local.set $sum (i32.add (local.get $sum) (struct.get $l 0 (local.get $l))))
          (local.set $l (struct.get $l 1 (local.get $l)))
          (br $more)))
        (local.get $sum))
      (func (export "run") (param $n i32) (result i32)
        (i32.add (struct.get $l 0 (call $make (local.get $n))) (i32.const 100))))"#;
    for freeze in FREEZES {
        for collector in [Collector::DeferredReferenceCounting, Collector::Copying] {
            current().block_on(async {
                let mut config = config();
                config.collector(collector);
                let engine = Engine::new(&config).unwrap();
                let module = Module::new(&engine, LIST).unwrap();
                let mut store = Store::new(&engine, ());
                let instance = Instance::new_async(&mut store, &module, &[]).await.unwrap();
                let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
                let make = instance.get_func(&mut store, "make").unwrap();
                let sum = instance.get_func(&mut store, "sum").unwrap();
                let (result, stops) = debug_with(
                    &mut store,
                    options(freeze),
                    async |store| run.call_async(&mut *store, 5).await,
                    async |mut dbg| {
                        assert!(matches!(dbg.next().await, Some(Event::Attached)));
                        dbg.with(|stop| stop.single_step(true)).unwrap().unwrap();
                        let mut stops = 0;
                        while let Some(event) = dbg.next().await {
                            assert!(matches!(event, Event::Step));
                            stops += 1;
                            let collect = |dbg: &Dbg<()>| {
                                dbg.with_async(|mut stop| Box::pin(async move { stop.store().gc_async(None).await }))
                            };
                            if stops % 5 == 1 {
                                // Without steps: the call makes a list, which outlives two collections.
                                dbg.with(|stop| stop.single_step(false)).unwrap().unwrap();
                                dbg.call(make, &[Val::I32(4)]).unwrap();
                                let Some(Event::CallFinished { result, .. }) = dbg.next().await else { panic!() };
                                let list = result.unwrap();
                                collect(&dbg).await.unwrap().unwrap();
                                let total = dbg.with_async(move |mut stop| {
                                    Box::pin(async move {
                                        let list = list.values(&mut stop);
                                        let mut total = [Val::I32(0)];
                                        sum.call_async(stop.store(), &list, &mut total).await.map(|()| total[0])
                                    })
                                });
                                assert_eq!(total.await.unwrap().unwrap().unwrap_i32(), 10);
                                dbg.with(|stop| stop.single_step(true)).unwrap().unwrap();
                            }
                            collect(&dbg).await.unwrap().unwrap();
                        }
                        stops
                    },
                )
                .await
                .unwrap();
                assert_eq!(result.unwrap().unwrap(), 101, "{freeze:?} {collector:?}");
                assert!(stops.unwrap() > 50);
            });
        }
    }
}

/// Objects that the debugger makes while the guest is stopped, read back and collected with the guest's own.
#[test]
fn allocations_while_stopped() {
    let _dog = watchdog("allocations_while_stopped");
    for freeze in FREEZES {
        current().block_on(async {
            let mut guest = Guest::new().await;
            let (module, pc, f) = (guest.module.clone(), guest.pc, guest.f.clone());
            let (run, made) = debug_with(
                &mut guest.store,
                options(freeze),
                async |store| f.call_async(&mut *store, 1).await,
                async |mut dbg| {
                    assert!(matches!(dbg.next().await, Some(Event::Attached)));
                    plant(&dbg, &module, pc);
                    assert!(matches!(dbg.next().await, Some(Event::Breakpoint { .. })));
                    let made = dbg.with_async(|mut stop| {
                        Box::pin(async move {
                            let mut store = stop.store();
                            let ty = StructType::new(
                                store.engine(),
                                [wasmtime::FieldType::new(
                                    wasmtime::Mutability::Var,
                                    wasmtime::StorageType::ValType(wasmtime::ValType::I32),
                                )],
                            )?;
                            let pre = StructRefPre::new(&mut store, ty);
                            let mut sum = 0;
                            for n in 0..1000 {
                                let object = StructRef::new_async(&mut store, &pre, &[Val::I32(n)]).await?;
                                if n % 100 == 0 {
                                    store.gc_async(None).await?;
                                }
                                sum += object.field(&mut store, 0)?.unwrap_i32();
                            }
                            Ok::<i32, wasmtime::Error>(sum)
                        })
                    });
                    let made = made.await.unwrap().unwrap();
                    // The guest's own reference, over the debugger's collections.
                    let field = dbg
                        .with(|stop| {
                            let local = stop.frames().next().unwrap().local(2).unwrap();
                            let object = local.unwrap_anyref().unwrap().unwrap_struct(stop.store()).unwrap();
                            object.field(stop.store(), 0).unwrap().unwrap_i32()
                        })
                        .unwrap();
                    assert_eq!(field, 1);
                    assert!(dbg.next().await.is_none());
                    made
                },
            )
            .await
            .unwrap();
            assert_eq!((run.unwrap().unwrap(), made.unwrap()), (15, 499_500));
        });
    }
}

/// A debugger that isn't `Send`, with all of this.
#[test]
fn debuggers_that_are_not_send() {
    let _dog = watchdog("debuggers_that_are_not_send");
    for freeze in FREEZES {
        current().block_on(async {
            let mut guest = Guest::new().await;
            let (module, pc, f, call) = (guest.module.clone(), guest.pc, guest.f.clone(), guest.func("f"));
            let log = std::rc::Rc::new(std::cell::RefCell::new(vec![]));
            let (run, last) = debug_local(
                &mut guest.store,
                options(freeze),
                async |store| {
                    let first = f.call_async(&mut *store, 1).await.unwrap();
                    // On another thread the debugger can't be asked: the guest runs through.
                    let second = std::thread::scope(|scope| {
                        scope.spawn(|| pollster::block_on(f.call_async(&mut *store, 2))).join().unwrap()
                    });
                    (first, second.unwrap(), f.call_async(&mut *store, 3).await.unwrap())
                },
                async |mut dbg| {
                    let log = log.clone();
                    while let Some(event) = dbg.next().await {
                        log.borrow_mut().push(name(&event));
                        match event {
                            Event::Attached => plant(&dbg, &module, pc),
                            Event::Breakpoint { .. } if here(&dbg).1 == 1 => {
                                dbg.call(call, &[Val::I32(4)]).unwrap();
                            }
                            _ => {}
                        }
                    }
                    std::rc::Rc::new(7)
                },
            )
            .await
            .unwrap();
            assert_eq!((run.unwrap(), *last.unwrap()), ((15, 25, 35), 7));
            let once = ["Breakpoint", "Breakpoint", "CallFinished"];
            assert_eq!(*log.borrow(), [&["Attached"], &once[..], &once[..]].concat());
        });
    }
}
