//! The session's shapes and states.
// Helpers beside the tests are tests, too.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use common::*;
use freezeframe_session::{Control, Dbg, Error, Event, Freeze, Killed, Verdict, debug, debug_with, loaded, rearm};
use wasmtime::{Collector, Engine, Instance, Module, Store, TypedFunc, Val};

const FREEZES: [Freeze; 2] = [Freeze::Task, Freeze::Thread];

/// Borrows in both closures, a sandwich, a write to memory, everything taken out at the end.
async fn shape(freeze: Freeze) -> (i32, usize) {
    let Sandwich { mut store, module, instance, outer, pc } = sandwich(plain()).await;
    let mem = instance.get_memory(&mut store, "mem").unwrap();
    let base = String::from("borrowed by the body");
    let mut log: Vec<String> = vec![]; // borrowed by the debugger
    let (outer_ref, log_ref) = (&outer, &mut log);
    let future = debug_with(
        &mut store,
        options(freeze),
        async |store| {
            assert!(base.len() > 3);
            outer_ref.call_async(&mut *store, 9).await
        },
        async |mut dbg| {
            let mut hits = 0;
            while let Some(event) = dbg.next().await {
                match event {
                    Event::Attached => {
                        dbg.with(|stop| {
                            assert_eq!(stop.frames().count(), 0);
                            stop.add_breakpoint(&module, pc).unwrap();
                        })
                        .unwrap();
                        continue;
                    }
                    Event::Breakpoint { .. } => {}
                    other => panic!("{other:?}"),
                }
                dbg.with(|stop| {
                    let frames: Vec<_> = stop
                        .frames()
                        .map(|f| (f.activation(), f.position().unwrap().function, f.pc().unwrap()))
                        .collect();
                    assert_eq!(frames.len(), 2);
                    assert_eq!((frames[0].0, frames[0].1, frames[0].2), (0, 2, pc));
                    assert_eq!((frames[1].0, frames[1].1), (1, 3));
                    let top = stop.frames().next().unwrap();
                    let locals = top.locals().unwrap();
                    assert_eq!((locals[0].unwrap_i32(), locals[1].unwrap_i64()), (9, 77));
                    assert_eq!(top.operands().unwrap()[0].unwrap_i32(), 11);
                    assert!(top.local(2).is_err() && top.operand(1).is_err());
                    log_ref.push(format!("{frames:?}"));
                    mem.write(stop.store(), 0, &1000_i32.to_le_bytes()).unwrap();
                })
                .unwrap();
                hits += 1;
            }
            hits
        },
    );
    let (run, verdict) = is_send(future).await.unwrap();
    let (run, hits) = (run.unwrap().unwrap(), verdict.unwrap());
    assert_eq!(log.len(), hits);
    assert_eq!(store.breakpoints().unwrap().count(), 0);
    assert_eq!(outer.call_async(&mut store, 9).await.unwrap(), run);
    (run, hits)
}

#[test]
fn shapes_and_runtimes() {
    let _dog = watchdog("shapes_and_runtimes");
    for freeze in [Freeze::Task, Freeze::Thread] {
        assert_eq!(current().block_on(shape(freeze)), (1016, 1));
        assert_eq!(current().block_on(async move { tokio::spawn(is_send(shape(freeze))).await.unwrap() }), (1016, 1));
        assert_eq!(pollster::block_on(shape(freeze)), (1016, 1));
    }
}

/// A debugger that plants one breakpoint and counts its hits.
async fn count(mut dbg: Dbg<()>, module: &Module, pc: u32) -> u32 {
    let mut hits = 0;
    while let Some(event) = dbg.next().await {
        match event {
            Event::Attached => {
                dbg.with(|stop| stop.add_breakpoint(module, pc)).unwrap().unwrap();
            }
            Event::Breakpoint { .. } => hits += 1,
            _ => {}
        }
    }
    hits
}

/// Plain closures, items, boxed futures, a body that isn't `Send`.
#[test]
fn other_shapes() {
    let _dog = watchdog("other_shapes");
    pollster::block_on(async {
        let Sandwich { mut store, module, outer, pc, .. } = sandwich(plain()).await;
        let closures = debug(
            &mut store,
            async |s: &mut Store<()>| outer.call_async(s, 9).await,
            |dbg: Dbg<()>| async move { count(dbg, &module, pc).await },
        );
        let (run, hits) = is_send(closures).await.unwrap();
        assert_eq!((run.unwrap().unwrap(), hits.unwrap()), (16, 1));

        let module = store.debug_all_modules().remove(0);
        let local = std::rc::Rc::new(1);
        let body = async |s: &mut Store<()>| {
            let result = outer.call_async(&mut *s, 9).await;
            drop(local.clone());
            result
        };
        let (run, hits) = debug(&mut store, body, async |dbg| count(dbg, &module, pc).await).await.unwrap();
        assert_eq!((run.unwrap().unwrap(), hits.unwrap()), (16, 1));

        async fn item(store: &mut Store<()>) -> usize {
            store.debug_all_modules().len()
        }
        let (run, _) = is_send(debug(&mut store, item, async |dbg| count(dbg, &module, pc).await)).await.unwrap();
        assert_eq!(run, Ok(1));
    });
}

/// One store has one session at a time; other stores may be debugged inside of it.
#[test]
fn attached_twice() {
    let _dog = watchdog("attached_twice");
    pollster::block_on(async {
        let Sandwich { mut store, module, outer, pc, .. } = sandwich(plain()).await;
        let mut other = sandwich(plain()).await;
        let (run, hits) = debug(
            &mut store,
            async |store| {
                let twice = debug(&mut *store, async |_| (), async |_dbg| ()).await;
                assert!(matches!(twice, Err(Error::AlreadyAttached)));
                assert!(!rearm(store), "the handler is still there");
                let (module, pc) = (&other.module, other.pc);
                let inner = debug(
                    &mut other.store,
                    async |store| other.outer.call_async(&mut *store, 9).await.unwrap(),
                    async |dbg| count(dbg, module, pc).await,
                );
                let (run, hits) = inner.await.unwrap();
                assert_eq!((run.unwrap(), hits.unwrap()), (16, 1));
                outer.call_async(&mut *store, 9).await.unwrap()
            },
            async |dbg| count(dbg, &module, pc).await,
        )
        .await
        .unwrap();
        assert_eq!((run.unwrap(), hits.unwrap()), (16, 1));
    });
}

/// `Freeze::Task`: the debugger's I/O and timers run on the guest's own single-threaded reactor.
#[test]
fn io_on_the_same_reactor() {
    let _dog = watchdog("io_on_the_same_reactor");
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    current().block_on(async {
        let Sandwich { mut store, module, instance, outer, pc } = sandwich(plain()).await;
        let global = instance.get_global(&mut store, "g").unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = tokio::spawn(async move {
            let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
            let mut bytes = [0; 4];
            stream.read_exact(&mut bytes).await.unwrap();
            stream.write_all(&(i32::from_le_bytes(bytes) + 96).to_le_bytes()).await.unwrap();
        });
        let (run, _) = debug(
            &mut store,
            async |store| outer.call_async(&mut *store, 9).await,
            async |mut dbg| {
                while let Some(event) = dbg.next().await {
                    if let Event::Attached = event {
                        dbg.with(|stop| stop.add_breakpoint(&module, pc)).unwrap().unwrap();
                        continue;
                    }
                    let (mut stream, _) = listener.accept().await.unwrap();
                    let local = dbg.with(|s| s.frames().next().unwrap().local(0).unwrap().unwrap_i32()).unwrap();
                    stream.write_all(&local.to_le_bytes()).await.unwrap();
                    let mut bytes = [0; 4];
                    stream.read_exact(&mut bytes).await.unwrap();
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    dbg.with(|stop| {
                        assert_eq!(stop.frames().count(), 2);
                        global.set(stop.store(), Val::I32(i32::from_le_bytes(bytes))).unwrap();
                    })
                    .unwrap();
                }
            },
        )
        .await
        .unwrap();
        assert_eq!(run.unwrap().unwrap(), 116);
        client.await.unwrap();
    });
}

/// `Freeze::Thread`: a breakpoint makes no ready future pending, so the host's `select` can't drop the guest.
#[test]
fn host_combinators() {
    let _dog = watchdog("host_combinators");
    for (freeze, want, names) in [
        (Freeze::Thread, 16, &["Attached", "Breakpoint"][..]),
        (Freeze::Task, -2, &["Attached", "Breakpoint", "Cancelled", "Lost"][..]),
    ] {
        pollster::block_on(async {
            let Sandwich { mut store, module, outer, pc, .. } = sandwich(select_ready()).await;
            let (run, events) = debug_with(
                &mut store,
                options(freeze),
                async |store| outer.call_async(&mut *store, 9).await,
                async |mut dbg| {
                    let mut events = vec![];
                    while let Some(event) = dbg.next().await {
                        events.push(name(&event));
                        match event {
                            Event::Attached => {
                                dbg.with(|stop| stop.add_breakpoint(&module, pc)).unwrap().unwrap();
                            }
                            Event::Breakpoint { .. } => {
                                // The user thinks.
                                let (tell, told) = futures::channel::oneshot::channel();
                                std::thread::spawn(move || {
                                    std::thread::sleep(Duration::from_millis(20));
                                    let _ = tell.send(());
                                });
                                told.await.unwrap();
                                let depth = dbg.with(|stop| stop.frames().count());
                                assert!(matches!(
                                    (freeze, depth),
                                    (Freeze::Thread, Ok(2)) | (_, Err(Error::NotStopped))
                                ));
                            }
                            _ => {}
                        }
                    }
                    events
                },
            )
            .await
            .unwrap();
            assert_eq!(
                (run.unwrap().unwrap(), &events.unwrap()[..]),
                (want, &names.iter().map(|n| n.to_string()).collect::<Vec<_>>()[..])
            );
        });
    }
}

async fn looper() -> (Store<()>, Module, TypedFunc<i32, i32>, u32) {
    let engine = engine();
    let module = Module::new(&engine, LOOP).unwrap();
    let mut store = Store::new(&engine, ());
    store.set_epoch_deadline(u64::MAX / 2);
    let instance = Instance::new_async(&mut store, &module, &[]).await.unwrap();
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    let pc = nops(&module)[0];
    (store, module, run, pc)
}

/// A debugger that ends early leaves nothing behind, and the guest finishes; one that panics, too.
#[test]
fn detach_and_panic() {
    let _dog = watchdog("detach_and_panic");
    for freeze in FREEZES {
        pollster::block_on(async {
            let (mut store, module, run, pc) = looper().await;
            let (result, said) = debug_with(
                &mut store,
                options(freeze),
                async |store| {
                    let result = run.call_async(&mut *store, 100).await.unwrap();
                    (result, store.breakpoints().unwrap().count())
                },
                async |mut dbg| {
                    dbg.next().await;
                    dbg.with(|stop| stop.add_breakpoint(&module, pc)).unwrap().unwrap();
                    for _ in 0..3 {
                        assert!(matches!(dbg.next().await, Some(Event::Breakpoint { .. })));
                    }
                    "bye"
                },
            )
            .await
            .unwrap();
            assert_eq!((result.unwrap(), said.unwrap()), ((100, 0), "bye"));

            let early =
                debug_with(&mut store, options(freeze), async |s| run.call_async(&mut *s, 5).await, async |_| 7);
            let (result, said) = early.await.unwrap();
            assert_eq!((result.unwrap().unwrap(), said.unwrap()), (5, 7));

            let hits = AtomicU32::new(0);
            let (result, panic) = debug_with(
                &mut store,
                options(freeze),
                async |store| run.call_async(&mut *store, 100).await.unwrap(),
                async |mut dbg| {
                    dbg.next().await;
                    dbg.with(|stop| stop.add_breakpoint(&module, pc)).unwrap().unwrap();
                    while dbg.next().await.is_some() {
                        if hits.fetch_add(1, SeqCst) == 2 {
                            dbg.with(|_| panic!("boom")).unwrap();
                        }
                    }
                },
            )
            .await
            .unwrap();
            assert_eq!((result.unwrap(), hits.load(SeqCst)), (100, 3));
            assert_eq!(*panic.unwrap_err().downcast_ref::<&str>().unwrap(), "boom");
        });
    }
}

/// `next()` beside another future: dropping it loses nothing.
#[test]
fn next_is_cancel_safe() {
    let _dog = watchdog("next_is_cancel_safe");
    for freeze in FREEZES {
        pollster::block_on(async {
            let (mut store, module, run, pc) = looper().await;
            let (result, counts) = debug_with(
                &mut store,
                options(freeze),
                async |store| run.call_async(&mut *store, 50).await,
                async |mut dbg| {
                    dbg.next().await;
                    dbg.with(|stop| stop.add_breakpoint(&module, pc)).unwrap().unwrap();
                    let (mut hits, mut others) = (0, 0);
                    loop {
                        // The other future is ready each time: `next` is polled first, then dropped.
                        let first = {
                            let next = std::pin::pin!(dbg.next());
                            match futures::future::select(next, futures::future::ready(())).await {
                                futures::future::Either::Left((event, _)) => Some(event),
                                futures::future::Either::Right(_) => None,
                            }
                        };
                        let event = match first {
                            Some(event) => event,
                            None => {
                                others += 1;
                                dbg.next().await
                            }
                        };
                        match event {
                            Some(_) => hits += 1,
                            None => return (hits, others > 0),
                        }
                    }
                },
            )
            .await
            .unwrap();
            assert_eq!((result.unwrap().unwrap(), counts.unwrap()), (50, (50, true)));
        });
    }
}

struct CountDrop(Arc<AtomicU32>);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// The session's future is dropped while the guest is stopped: host destructors run, the debugger's run, the store is
/// usable and clean, a new session works.
#[test]
fn dropped_while_stopped() {
    let _dog = watchdog("dropped_while_stopped");
    current().block_on(async {
        let (host, debugger) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let host_drops = host.clone();
        let wrap: Wrap = Arc::new(move |call| {
            let guard = CountDrop(host_drops.clone());
            Box::pin(async move {
                let _guard = guard;
                call.await
            })
        });
        let Sandwich { mut store, module, outer, pc, .. } = sandwich(wrap).await;
        let stopped = Arc::new(tokio::sync::Notify::new());
        let session = Box::pin(debug(
            &mut store,
            async |store| outer.call_async(&mut *store, 9).await,
            async |mut dbg| {
                let _guard = CountDrop(debugger.clone());
                dbg.next().await;
                dbg.with(|stop| stop.add_breakpoint(&module, pc)).unwrap().unwrap();
                assert!(matches!(dbg.next().await, Some(Event::Breakpoint { .. })));
                stopped.notify_one();
                std::future::pending::<()>().await;
            },
        ));
        tokio::select! {
            _ = session => panic!("it never ends"),
            () = stopped.notified() => {}
        }
        assert_eq!((host.load(SeqCst), debugger.load(SeqCst)), (1, 1));
        assert_eq!(store.breakpoints().unwrap().count(), 0);
        let (run, hits) = debug(
            &mut store,
            async |store| outer.call_async(&mut *store, 9).await,
            async |dbg| count(dbg, &module, pc).await,
        )
        .await
        .unwrap();
        assert_eq!((run.unwrap().unwrap(), hits.unwrap()), (16, 1));
        drop(debug(
            &mut store,
            async |s| outer.call_async(&mut *s, 9).await,
            async |dbg| count(dbg, &module, pc).await,
        ));
        assert_eq!(outer.call_async(&mut store, 9).await.unwrap(), 16);
    });
}

/// The session's future is leaked while the guest is stopped: the handler, still in the store, goes inert, and what the
/// debugger has borrowed is never touched again. Without `active` the leaked debugger is polled over its dead borrow.
#[test]
fn leaked_while_stopped() {
    let _dog = watchdog("leaked_while_stopped");
    pollster::block_on(async {
        let Sandwich { mut store, module, instance, outer, pc } = sandwich(plain()).await;
        let bp = instance.get_typed_func::<i32, i32>(&mut store, "bp").unwrap();
        let mut hits = 0;
        let polls = Arc::new(AtomicU32::new(0));
        {
            let (hits, polls) = (&mut hits, polls.clone());
            let mut session = Box::pin(debug(
                &mut store,
                async |store| outer.call_async(&mut *store, 9).await,
                async |mut dbg| {
                    dbg.next().await;
                    dbg.with(|stop| stop.add_breakpoint(&module, pc)).unwrap().unwrap();
                    dbg.next().await;
                    *hits += 1;
                    std::future::poll_fn(|_| {
                        polls.fetch_add(1, SeqCst);
                        Poll::<()>::Pending
                    })
                    .await;
                },
            ));
            assert!(session.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            std::mem::forget(session);
        }
        let polled = polls.load(SeqCst);
        assert_eq!((hits, polled), (1, 1));
        let result = futures::FutureExt::now_or_never(bp.call_async(&mut store, 9));
        assert_eq!(polls.load(SeqCst), 1, "the leaked debugger was polled");
        assert_eq!(result.unwrap().unwrap(), 16);
    });
}

async fn spinner() -> (Store<()>, Instance, TypedFunc<i32, i32>) {
    let Sandwich { mut store, instance, .. } = sandwich(plain()).await;
    let spin = instance.get_typed_func::<i32, i32>(&mut store, "spin").unwrap();
    (store, instance, spin)
}

/// Kill in each state: while the guest runs, is stopped, waits in host code; and before it began.
#[test]
fn kill_everywhere() {
    let _dog = watchdog("kill_everywhere");
    for freeze in FREEZES {
        current().block_on(async move {
            for state in ["running", "stopped", "attached"] {
                let (mut store, instance, spin) = spinner().await;
                let global = instance.get_global(&mut store, "g").unwrap();
                let (run, events) = debug_with(
                    &mut store,
                    options(freeze),
                    async |store| spin.call_async(&mut *store, 0).await,
                    async |mut dbg| {
                        let control = dbg.control();
                        let mut events = vec![];
                        while let Some(event) = dbg.next().await {
                            events.push(name(&event));
                            match event {
                                Event::Attached if state == "attached" => control.kill(),
                                Event::Attached => later(&control, move |c| match state {
                                    "running" => c.kill(),
                                    _ => c.interrupt().unwrap(),
                                }),
                                Event::Interrupted => {
                                    // Wait to be killed.
                                    later(&control, Control::kill);
                                    let gone = std::future::poll_fn(|_| match dbg.with(|_| ()) {
                                        Ok(()) => Poll::Pending,
                                        Err(_) => Poll::Ready(()),
                                    });
                                    gone.await;
                                }
                                _ => {}
                            }
                        }
                        events
                    },
                )
                .await
                .unwrap();
                assert_eq!(run.map(|_| ()), Err(Killed), "{freeze:?} {state}");
                let events = events.unwrap();
                match state {
                    "running" => assert_eq!(events[0], "Attached"),
                    "stopped" => assert_eq!(events[..3], ["Attached", "Interrupted", "Cancelled"]),
                    _ => assert_eq!(events, ["Attached"]),
                }
                // The store is usable.
                global.set(&mut store, Val::I32(1)).unwrap();
                assert_eq!(spin.call_async(&mut store, 5).await.unwrap(), 6);
            }
            let Sandwich { mut store, .. } = sandwich(plain()).await;
            let drops = Arc::new(AtomicU32::new(0));
            let in_host = drops.clone();
            let (run, _) = debug_with(
                &mut store,
                options(freeze),
                async |_| {
                    let _guard = CountDrop(in_host);
                    std::future::pending::<()>().await;
                },
                async |mut dbg| {
                    dbg.next().await;
                    later(&dbg.control(), Control::kill);
                    assert!(dbg.next().await.is_none());
                },
            )
            .await
            .unwrap();
            assert_eq!((run, drops.load(SeqCst)), (Err(Killed), 1));
        });
    }
}

/// A session that stops once and goes on when told to.
async fn one(go: Arc<tokio::sync::Notify>, seen: Arc<AtomicU32>, freeze: Freeze) -> i32 {
    let Sandwich { mut store, module, instance, outer, pc } = sandwich(plain()).await;
    let global = instance.get_global(&mut store, "g").unwrap();
    let (run, _) = debug_with(
        &mut store,
        options(freeze),
        async |store| outer.call_async(&mut *store, 9).await,
        async |mut dbg| {
            dbg.next().await;
            dbg.with(|stop| stop.add_breakpoint(&module, pc)).unwrap().unwrap();
            while dbg.next().await.is_some() {
                seen.fetch_add(1, SeqCst);
                go.notified().await;
                dbg.with(|stop| {
                    assert_eq!(stop.frames().count(), 2);
                    global.set(stop.store(), Val::I32(50)).unwrap();
                })
                .unwrap();
            }
        },
    )
    .await
    .unwrap();
    run.unwrap().unwrap()
}

/// Two sessions on one thread, resumed in either order.
#[test]
fn interleaved() {
    let _dog = watchdog("interleaved");
    for first_in_first_out in [true, false] {
        current().block_on(async {
            let (a, b) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
            let seen = Arc::new(AtomicU32::new(0));
            let order = Arc::new(Mutex::new(vec![]));
            let session = |n: u32, go: &Arc<tokio::sync::Notify>| {
                let (session, order) = (one(go.clone(), seen.clone(), Freeze::Task), order.clone());
                tokio::spawn(async move {
                    let result = session.await;
                    order.lock().unwrap().push(n);
                    result
                })
            };
            let (one, two) = (session(1, &a), session(2, &b));
            while seen.load(SeqCst) < 2 {
                tokio::task::yield_now().await;
            }
            let (first, second) = if first_in_first_out { (a, b) } else { (b, a) };
            first.notify_one();
            while order.lock().unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
            second.notify_one();
            assert_eq!((one.await.unwrap(), two.await.unwrap()), (61, 61));
            assert_eq!(*order.lock().unwrap(), if first_in_first_out { [1, 2] } else { [2, 1] });
        });
    }
}

/// A session is moved to another thread while its guest is stopped.
#[test]
fn moved_while_stopped() {
    let _dog = watchdog("moved_while_stopped");
    let (go, seen) = (Arc::new(tokio::sync::Notify::new()), Arc::new(AtomicU32::new(0)));
    let mut session = Box::pin(is_send(one(go.clone(), seen.clone(), Freeze::Task)));
    let mut session = std::thread::spawn(move || {
        while seen.load(SeqCst) == 0 {
            assert!(session.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        session
    })
    .join()
    .unwrap();
    go.notify_one();
    assert_eq!(pollster::block_on(session.as_mut()), 61);
}

/// The body polls the guest on a thread of its own: the handler, hence the debugger, runs there.
#[test]
fn body_on_another_thread() {
    let _dog = watchdog("body_on_another_thread");
    pollster::block_on(async {
        let Sandwich { mut store, module, outer, pc, .. } = sandwich(plain()).await;
        let here = std::thread::current().id();
        let (run, hits) = debug_with(
            &mut store,
            options(Freeze::Thread),
            async |store| {
                std::thread::scope(|scope| {
                    scope.spawn(|| pollster::block_on(outer.call_async(&mut *store, 9))).join().unwrap()
                })
            },
            async |mut dbg| {
                dbg.next().await;
                dbg.with(|stop| stop.add_breakpoint(&module, pc)).unwrap().unwrap();
                let mut hits = 0;
                while dbg.next().await.is_some() {
                    assert_ne!(std::thread::current().id(), here);
                    assert_eq!(dbg.with(|stop| stop.frames().count()).unwrap(), 2);
                    hits += 1;
                }
                hits
            },
        )
        .await
        .unwrap();
        assert_eq!((run.unwrap().unwrap(), hits.unwrap()), (16, 1));
    });
}

/// What the stopped guest refers to survives a collection, with both collectors; outside of the handler it wouldn't.
#[test]
fn collections_while_stopped() {
    let _dog = watchdog("collections_while_stopped");
    const GUEST: &str = r#"(module
      (type $s (struct (field (mut i32))))
      (func (export "run") (result i32) (local $p (ref null $s))
        i32.const 1234 struct.new $s local.set $p
        nop
        (struct.get $s 0 (local.get $p))))"#;
    for freeze in FREEZES {
        for collector in [Collector::DeferredReferenceCounting, Collector::Copying] {
            current().block_on(async {
                let mut config = config();
                config.collector(collector);
                let engine = Engine::new(&config).unwrap();
                let module = Module::new(&engine, GUEST).unwrap();
                let mut store = Store::new(&engine, ());
                store.set_epoch_deadline(u64::MAX / 2);
                let instance = Instance::new_async(&mut store, &module, &[]).await.unwrap();
                let run = instance.get_typed_func::<(), i32>(&mut store, "run").unwrap();
                let (result, hits) = debug_with(
                    &mut store,
                    options(freeze),
                    async |store| run.call_async(&mut *store, ()).await,
                    async |mut dbg| {
                        dbg.next().await;
                        dbg.with(|stop| stop.add_breakpoint(&module, nops(&module)[0])).unwrap().unwrap();
                        let mut hits = 0;
                        while dbg.next().await.is_some() {
                            hits += 1;
                            for _ in 0..3 {
                                dbg.with(|stop| stop.store().gc(None).unwrap()).unwrap();
                                if freeze == Freeze::Task {
                                    tokio::task::yield_now().await; // suspends the guest's fiber
                                }
                            }
                        }
                        hits
                    },
                )
                .await
                .unwrap();
                assert_eq!((result.unwrap().unwrap(), hits.unwrap()), (1234, 1), "{freeze:?} {collector:?}");
            });
        }
    }
}

/// A filter decides in the handler; what it lets pass only arrives at the debugger.
#[test]
fn filters() {
    let _dog = watchdog("filters");
    for freeze in FREEZES {
        pollster::block_on(async {
            let (mut store, module, run, pc) = looper().await;
            let (result, seen) = debug_with(
                &mut store,
                options(freeze),
                async |store| run.call_async(&mut *store, 100).await,
                async |mut dbg| {
                    dbg.next().await;
                    let hit = dbg.with(|stop| stop.add_breakpoint(&module, pc)).unwrap().unwrap();
                    let calls = Arc::new(AtomicU32::new(0));
                    let counting = calls.clone();
                    dbg.set_filter(Some(Box::new(move |stop, event| {
                        assert!(matches!(event, Event::Breakpoint { hit: h } if *h == hit));
                        counting.fetch_add(1, SeqCst);
                        let i = stop.frames().next().unwrap().local(1).unwrap().unwrap_i32();
                        if i % 40 == 7 { Verdict::Stop } else { Verdict::Resume }
                    })));
                    let mut seen = vec![];
                    while dbg.next().await.is_some() {
                        seen.push(dbg.with(|s| s.frames().next().unwrap().local(1).unwrap().unwrap_i32()).unwrap());
                        if seen.len() == 2 {
                            dbg.set_filter(None);
                        }
                    }
                    (seen.len(), seen[..2].to_vec(), calls.load(SeqCst))
                },
            )
            .await
            .unwrap();
            // After 47 there's no filter: each of the other 52 hits stops.
            assert_eq!((result.unwrap().unwrap(), seen.unwrap()), (100, (54, vec![7, 47], 48)));
        });
    }
}

/// Modules that come while the guest runs are told of before their first operator; a breakpoint planted then, at that
/// very operator, is hit.
#[test]
fn modules_as_they_load() {
    let _dog = watchdog("modules_as_they_load");
    pollster::block_on(async {
        let engine = engine();
        let one = Module::new(&engine, r#"(module (func (export "f") nop nop))"#).unwrap();
        let two = Module::new(&engine, r#"(module (func $s nop) (start $s) (func (export "f") nop))"#).unwrap();
        let mut store = Store::new(&engine, ());
        let (run, log) = debug(
            &mut store,
            async |store| {
                let mut stepping = vec![];
                for module in [&one, &two] {
                    let instance = Instance::new_async(&mut *store, module, &[]).await.unwrap();
                    let f = instance.get_typed_func::<(), ()>(&mut *store, "f").unwrap();
                    f.call_async(&mut *store, ()).await.unwrap();
                    f.call_async(&mut *store, ()).await.unwrap();
                    stepping.push(store.is_single_step());
                }
                assert!(loaded(store));
                stepping.push(store.is_single_step());
                stepping
            },
            async |mut dbg| {
                let mut log = vec![];
                while let Some(event) = dbg.next().await {
                    log.push(name(&event));
                    dbg.with(|stop| match event {
                        Event::Attached => stop.watch_modules(true).unwrap(),
                        Event::ModuleLoaded { modules } => {
                            assert_eq!(modules.len(), 1);
                            let at = stop.frames().next().unwrap().position().unwrap();
                            assert_eq!(at.pc, nops(&modules[0])[0], "its first operator");
                            stop.add_breakpoint(&at.module, at.pc).unwrap();
                        }
                        _ => {}
                    })
                    .unwrap();
                }
                log
            },
        )
        .await
        .unwrap();
        assert_eq!(run.unwrap(), [true, true, false]);
        let want = ["Attached", "ModuleLoaded", "Breakpoint", "Breakpoint", "ModuleLoaded", "Breakpoint"];
        assert_eq!(log.unwrap(), want);
    });
}

/// A debugger with tokio's channels under `Freeze::Thread`, as documented: without tokio's budget.
#[test]
fn tokio_unconstrained() {
    let _dog = watchdog("tokio_unconstrained");
    current().block_on(async {
        tokio::spawn(async {
            let (mut store, module, run, pc) = looper().await;
            let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
            (0..1000).for_each(|n| send.send(n).unwrap());
            let (result, hits) = debug_with(
                &mut store,
                options(Freeze::Thread),
                async |store| run.call_async(&mut *store, 1000).await,
                async |mut dbg| {
                    tokio::task::unconstrained(async {
                        dbg.next().await;
                        dbg.with(|stop| stop.add_breakpoint(&module, pc)).unwrap().unwrap();
                        let mut hits = 0;
                        while dbg.next().await.is_some() {
                            receive.recv().await.unwrap();
                            hits += 1;
                        }
                        hits
                    })
                    .await
                },
            )
            .await
            .unwrap();
            assert_eq!((result.unwrap().unwrap(), hits.unwrap()), (1000, 1000));
        })
        .await
        .unwrap();
    });
}
