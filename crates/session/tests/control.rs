//! Acting on a session from outside, and the embedder's own limits: epoch deadlines and fuel keep their meaning.
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
use freezeframe_session::{
    Control, Dbg, Deadline, Epochs, Event, Freeze, Killed, Options, configure, debug, debug_with,
};
use wasmtime::{Caller, Config, Engine, Instance, Linker, Module, Store, Trap, TypedFunc, UpdateDeadline, Val};

const FREEZES: [Freeze; 2] = [Freeze::Task, Freeze::Thread];

/// `run(n)` stops n times; `tiny` looks at the epoch once; `spin` goes on until `g` is set.
const GUEST: &str = r#"(module
  (global $g (export "g") (mut i32) (i32.const 0))
  (func (export "run") (param $n i32) (result i32) (local $i i32)
    (loop $l
      nop ;; the breakpoint
      local.get $i i32.const 1 i32.add local.tee $i
      local.get $n i32.lt_u br_if $l)
    local.get $i)
  (func (export "tiny"))
  (func (export "spin") (loop (br_if 0 (i32.eqz (global.get $g))))))"#;

struct Guest {
    engine: Engine,
    store: Store<()>,
    module: Module,
    instance: Instance,
    run: TypedFunc<i32, i32>,
    tiny: TypedFunc<(), ()>,
    spin: TypedFunc<(), ()>,
}

impl Guest {
    async fn on(engine: &Engine) -> Self {
        let module = Module::new(engine, GUEST).unwrap();
        let mut store = Store::new(engine, ());
        store.set_epoch_deadline(u64::MAX / 2);
        // Only where the engine counts it.
        let _ = store.set_fuel(1_000_000);
        let instance = Instance::new_async(&mut store, &module, &[]).await.unwrap();
        let run = instance.get_typed_func(&mut store, "run").unwrap();
        let tiny = instance.get_typed_func(&mut store, "tiny").unwrap();
        let spin = instance.get_typed_func(&mut store, "spin").unwrap();
        Self { engine: engine.clone(), store, module, instance, run, tiny, spin }
    }

    /// Whether the store's deadline, whose behaviour is a trap, is exactly `ticks` away.
    async fn traps_after(&mut self, ticks: u64) -> bool {
        for tick in 1..=ticks {
            if self.tiny.call_async(&mut self.store, ()).await.is_err() {
                eprintln!("trapped before tick {tick} of {ticks}");
                return false;
            }
            self.engine.increment_epoch();
        }
        self.tiny.call_async(&mut self.store, ()).await.is_err()
    }
}

/// Stops at each `nop`, and ticks the engine's epoch `ticks` times at each stop.
async fn tick_at_stops(mut dbg: Dbg<()>, module: &Module, engine: &Engine, ticks: u32) -> u32 {
    let mut stops = 0;
    while let Some(event) = dbg.next().await {
        match event {
            Event::Attached => {
                dbg.with(|stop| stop.add_breakpoint(module, nops(module)[0])).unwrap().unwrap();
            }
            Event::Breakpoint { .. } => {
                stops += 1;
                (0..ticks).for_each(|_| engine.increment_epoch());
            }
            other => panic!("{other:?}"),
        }
    }
    stops
}

/// A deadline that the session keeps: what ticks during a stop isn't charged, nor is an interrupt; afterwards the store
/// has it again, with what is left. Untouched, the same stop ends the guest.
#[test]
fn a_kept_deadline_that_traps() {
    let _dog = watchdog("a_kept_deadline_that_traps");
    for freeze in FREEZES {
        pollster::block_on(async {
            let engine = engine();
            let mut guest = Guest::on(&engine).await;
            let epochs = Epochs::Deadline(Deadline::trap(5));
            let (module, run, tiny) = (guest.module.clone(), guest.run.clone(), guest.tiny.clone());
            let (result, stops) = debug_with(
                &mut guest.store,
                Options { epochs, ..options(freeze) },
                async |store| {
                    let n = run.call_async(&mut *store, 20).await.unwrap();
                    // Two ticks of the embedder's while the guest isn't stopped.
                    for _ in 0..2 {
                        engine.increment_epoch();
                        tiny.call_async(&mut *store, ()).await.unwrap();
                    }
                    n
                },
                async |dbg| {
                    let control = dbg.control();
                    let stops = tick_at_stops(dbg, &module, &engine, 3).await;
                    control.interrupt().unwrap(); // harmless: it's over
                    stops
                },
            )
            .await
            .unwrap();
            assert_eq!((result.unwrap(), stops.unwrap()), (20, 20));
            assert!(guest.traps_after(3).await, "five less two");

            // The interrupts of a kept deadline aren't charged.
            let epochs = Epochs::Deadline(Deadline::trap(3));
            let tiny = guest.tiny.clone();
            let (result, interrupts) = debug_with(
                &mut guest.store,
                Options { epochs, ..options(freeze) },
                async |store| {
                    for _ in 0..20 {
                        tiny.call_async(&mut *store, ()).await.unwrap();
                    }
                },
                async |mut dbg| {
                    let mut interrupts = 0;
                    while let Some(event) = dbg.next().await {
                        interrupts += u32::from(matches!(event, Event::Interrupted));
                        if interrupts < 20 {
                            dbg.control().interrupt().unwrap();
                        }
                    }
                    interrupts
                },
            )
            .await
            .unwrap();
            assert_eq!((result.unwrap(), interrupts.unwrap()), ((), 20));
            assert!(guest.traps_after(3).await);

            // And it ends the guest when it's due: the trap is a stop.
            let epochs = Epochs::Deadline(Deadline::trap(3));
            let tiny = guest.tiny.clone();
            let (result, events) = debug_with(
                &mut guest.store,
                Options { epochs, ..options(freeze) },
                async |store| {
                    let mut calls = 0;
                    loop {
                        engine.increment_epoch();
                        if tiny.call_async(&mut *store, ()).await.is_err() {
                            return calls;
                        }
                        calls += 1;
                    }
                },
                names,
            )
            .await
            .unwrap();
            assert_eq!((result.unwrap(), events.unwrap()), (2, vec!["Attached".to_owned(), "Trap".to_owned()]));

            // Not kept, a stop that lasts longer than the deadline ends the guest.
            let module = guest.module.clone();
            guest.store.epoch_deadline_trap();
            guest.store.set_epoch_deadline(2);
            let run = guest.run.clone();
            let (result, _) = debug_with(
                &mut guest.store,
                Options { epochs: Epochs::Embedder, ..options(freeze) },
                async |store| run.call_async(&mut *store, 20).await,
                async |mut dbg| {
                    while let Some(event) = dbg.next().await {
                        match event {
                            Event::Attached => {
                                drop(dbg.with(|stop| stop.add_breakpoint(&module, nops(&module)[0])).unwrap());
                            }
                            _ => (0..3).for_each(|_| engine.increment_epoch()),
                        }
                    }
                },
            )
            .await
            .unwrap();
            assert_eq!(result.unwrap().unwrap_err().downcast::<Trap>().unwrap(), Trap::Interrupt);
        });
    }
}

async fn names(mut dbg: Dbg<()>) -> Vec<String> {
    let mut names = vec![];
    while let Some(event) = dbg.next().await {
        names.push(name(&event));
    }
    names
}

/// Deadlines that yield, and those that ask a callback: kept by the session, and left to the embedder.
#[test]
fn deadlines_that_yield_or_ask() {
    let _dog = watchdog("deadlines_that_yield_or_ask");
    for kept in [true, false] {
        for freeze in FREEZES {
            current().block_on(async {
                let engine = engine();
                let mut guest = Guest::on(&engine).await;
                let tiny = guest.tiny.clone();
                // Every second tick is one for the embedder.
                let body = async |store: &mut Store<()>| {
                    let mut yields = 0;
                    for _ in 0..10 {
                        engine.increment_epoch();
                        let mut call = Box::pin(tiny.call_async(&mut *store, ()));
                        std::future::poll_fn(|cx| {
                            let poll = call.as_mut().poll(cx);
                            yields += u32::from(poll.is_pending());
                            poll
                        })
                        .await
                        .unwrap();
                    }
                    yields
                };
                let epochs = if kept {
                    Epochs::Deadline(Deadline::yielding(2))
                } else {
                    guest.store.epoch_deadline_async_yield_and_update(2);
                    guest.store.set_epoch_deadline(2);
                    Epochs::Embedder
                };
                let (yields, _) =
                    debug_with(&mut guest.store, Options { epochs, ..options(freeze) }, body, names).await.unwrap();
                assert_eq!(yields.unwrap(), 5, "{kept}");
                assert_eq!(body(&mut guest.store).await, 5, "afterwards");

                let asked = Arc::new(AtomicU32::new(0));
                let counting = asked.clone();
                let callback = move |_: wasmtime::StoreContextMut<'_, ()>| {
                    Ok(match counting.fetch_add(1, SeqCst) {
                        0 => UpdateDeadline::Continue(3),
                        1 => UpdateDeadline::Yield(1),
                        2 => UpdateDeadline::YieldCustom(2, Box::pin(tokio::time::sleep(Duration::from_millis(1)))),
                        _ => UpdateDeadline::Continue(100),
                    })
                };
                let epochs = if kept {
                    Epochs::Deadline(Deadline::callback(1, callback))
                } else {
                    guest.store.epoch_deadline_callback(callback);
                    guest.store.set_epoch_deadline(1);
                    Epochs::Embedder
                };
                let (yields, _) =
                    debug_with(&mut guest.store, Options { epochs, ..options(freeze) }, body, names).await.unwrap();
                // At ticks 1, 4, 5 and 7.
                assert_eq!((yields.unwrap(), asked.load(SeqCst)), (2, 4), "{kept}");
                assert_eq!(body(&mut guest.store).await, 0);
                assert_eq!(asked.load(SeqCst), 4);
            });
        }
    }
}

/// An interrupt of one store's session: a store in a session of its own doesn't notice, any other store of the engine has
/// one tick less, as documented; a session with the embedder's untouched deadline doesn't tick at all.
#[test]
fn interrupts_and_the_other_stores() {
    let _dog = watchdog("interrupts_and_the_other_stores");
    for (epochs, ticks) in [(Epochs::Session, 4), (Epochs::Embedder, 0)] {
        pollster::block_on(async {
            let engine = engine();
            let (mut one, mut two) = (Guest::on(&engine).await, Guest::on(&engine).await);
            two.store.set_epoch_deadline(10);
            let tiny = one.tiny.clone();
            let (_, events) = debug_with(
                &mut one.store,
                Options { epochs, ..Options::default() },
                async |store| {
                    for _ in 0..4 {
                        tiny.call_async(&mut *store, ()).await.unwrap();
                    }
                },
                async |mut dbg| {
                    let mut events = 0;
                    let control = dbg.control();
                    while dbg.next().await.is_some() && events < 4 {
                        control.interrupt().unwrap();
                        events += 1;
                    }
                    events
                },
            )
            .await
            .unwrap();
            assert!(events.unwrap() > 0);
            assert!(two.traps_after(10 - ticks).await);
        });
    }
}

/// While it's stopped, an interrupt is kept for when the guest goes on; asked for twice, it's one. Taken back, none.
#[test]
fn interrupted_while_stopped() {
    let _dog = watchdog("interrupted_while_stopped");
    for freeze in FREEZES {
        pollster::block_on(async {
            let engine = engine();
            let mut guest = Guest::on(&engine).await;
            let (module, run) = (guest.module.clone(), guest.run.clone());
            let (result, log) = debug_with(
                &mut guest.store,
                options(freeze),
                async |store| run.call_async(&mut *store, 3).await,
                async |mut dbg| {
                    let control = dbg.control();
                    let mut log = vec![];
                    while let Some(event) = dbg.next().await {
                        log.push(name(&event));
                        match log.len() {
                            1 => drop(dbg.with(|stop| stop.add_breakpoint(&module, nops(&module)[0])).unwrap()),
                            2 => {
                                // Another stop would do instead of it.
                                dbg.with(|stop| {
                                    stop.breakpoints().iter().try_for_each(|b| stop.remove_breakpoint(b.0))
                                })
                                .unwrap()
                                .unwrap();
                                control.interrupt().unwrap();
                                control.interrupt().unwrap();
                            }
                            _ => {
                                control.interrupt().unwrap();
                                control.cancel_interrupt();
                            }
                        }
                    }
                    log
                },
            )
            .await
            .unwrap();
            assert_eq!(result.unwrap().unwrap(), 3);
            assert_eq!(log.unwrap(), ["Attached", "Breakpoint", "Interrupted"]);
        });
    }
}

/// Fuel: stops, calls of the debugger's own apart, cost none; running out of it is a stop; yields stay what they are.
#[test]
fn fuel_is_the_embedders() {
    let _dog = watchdog("fuel_is_the_embedders");
    for freeze in FREEZES {
        current().block_on(async {
            let mut config = config();
            config.consume_fuel(true);
            let engine = Engine::new(&config).unwrap();
            let mut spent = vec![];
            for debugged in [false, true] {
                let mut guest = Guest::on(&engine).await;
                guest.store.fuel_async_yield_interval(Some(100)).unwrap();
                let (module, run) = (guest.module.clone(), guest.run.clone());
                let mut yields = 0;
                let mut body = async |store: &mut Store<()>| {
                    let mut call = Box::pin(run.call_async(&mut *store, 100));
                    std::future::poll_fn(|cx| {
                        let poll = call.as_mut().poll(cx);
                        yields += u32::from(poll.is_pending());
                        poll
                    })
                    .await
                    .unwrap();
                };
                if debugged {
                    let session = debug_with(&mut guest.store, options(freeze), body, async |dbg| {
                        tick_at_stops(dbg, &module, &engine, 1).await
                    });
                    assert_eq!(session.await.unwrap().1.unwrap(), 100);
                } else {
                    body(&mut guest.store).await;
                }
                spent.push((guest.store.get_fuel().unwrap(), yields));
            }
            assert_eq!(spent[0], spent[1], "{freeze:?}");
            assert!(spent[0].1 > 3);

            let mut guest = Guest::on(&engine).await;
            guest.store.set_fuel(200).unwrap();
            let run = guest.run.clone();
            let (result, events) =
                debug_with(&mut guest.store, options(freeze), async |store| run.call_async(store, 1000).await, names)
                    .await
                    .unwrap();
            assert_eq!(result.unwrap().unwrap_err().downcast::<Trap>().unwrap(), Trap::OutOfFuel);
            assert_eq!(events.unwrap(), ["Attached", "Trap"]);
        });
    }
}

/// A host function that blocks its thread on a call into the guest, which nobody can drop: killed, the guest ends by an
/// error. Without that, the thread would be parked for ever.
#[test]
fn killed_where_the_host_blocks() {
    let _dog = watchdog("killed_where_the_host_blocks");
    const BLOCKING: &str = r#"(module
      (import "h" "block" (func $block))
      (func (export "inner") nop (loop (br 0)))
      (func (export "outer") (call $block) (loop (br 0))))"#;
    for freeze in FREEZES {
        for (stopped, epochs) in [(true, true), (false, true), (true, false)] {
            pollster::block_on(async {
                let mut config = Config::new();
                configure(&mut config).epoch_interruption(epochs);
                let engine = Engine::new(&config).unwrap();
                let module = Module::new(&engine, BLOCKING).unwrap();
                let mut linker = Linker::new(&engine);
                let blocked = Arc::new(AtomicU32::new(0));
                let counting = blocked.clone();
                linker
                    .func_wrap("h", "block", move |mut caller: Caller<'_, ()>| {
                        let inner = caller.get_export("inner").unwrap().into_func().unwrap();
                        let inner = inner.typed::<(), ()>(&caller)?;
                        counting.fetch_add(1, SeqCst);
                        let result = pollster::block_on(inner.call_async(&mut caller, ()));
                        counting.fetch_add(10, SeqCst);
                        result
                    })
                    .unwrap();
                let mut store = Store::new(&engine, ());
                if epochs {
                    store.set_epoch_deadline(u64::MAX / 2);
                }
                let instance = linker.instantiate_async(&mut store, &module).await.unwrap();
                let outer = instance.get_typed_func::<(), ()>(&mut store, "outer").unwrap();
                // Without epochs, an error is made of the return from the stop.
                let options = Options { call_hook: !epochs, ..options(freeze) };
                let (result, _) = debug_with(
                    &mut store,
                    options,
                    async |store| outer.call_async(&mut *store, ()).await,
                    async |mut dbg| {
                        assert!(matches!(dbg.next().await, Some(Event::Attached)));
                        if stopped {
                            dbg.with(|stop| stop.add_breakpoint(&module, nops(&module)[0])).unwrap().unwrap();
                            assert!(matches!(dbg.next().await, Some(Event::Breakpoint { .. })));
                        }
                        let (control, blocked) = (dbg.control(), blocked.clone());
                        std::thread::spawn(move || {
                            while blocked.load(SeqCst) == 0 {
                                std::thread::yield_now();
                            }
                            std::thread::sleep(Duration::from_millis(5));
                            control.kill();
                        });
                        if stopped {
                            // The debugger thinks, and is woken by nobody.
                            std::future::poll_fn(|_| match dbg.with(|_| ()) {
                                Ok(()) => std::task::Poll::Pending,
                                Err(_) => std::task::Poll::Ready(()),
                            })
                            .await;
                        }
                        while dbg.next().await.is_some() {}
                    },
                )
                .await
                .unwrap();
                assert!(matches!(result, Err(Killed)), "{freeze:?} {stopped} {epochs}");
                assert_eq!(blocked.load(SeqCst), 11, "the host function has come back");
            });
        }
    }
}

/// A guest whose handler was lost is killed all the same.
#[test]
fn killed_unseen() {
    let _dog = watchdog("killed_unseen");
    pollster::block_on(async {
        let engine = engine();
        let mut guest = Guest::on(&engine).await;
        let spin = guest.spin.clone();
        let (result, _) = debug(
            &mut guest.store,
            async |store| {
                store.clear_debug_handler();
                spin.call_async(&mut *store, ()).await
            },
            async |mut dbg| {
                assert!(matches!(dbg.next().await, Some(Event::Attached)));
                // The guest spins in this thread: nobody hears of the loss before it's over.
                later(&dbg.control(), Control::kill);
                assert!(matches!(dbg.next().await, Some(Event::Lost)));
                assert!(dbg.next().await.is_none());
            },
        )
        .await
        .unwrap();
        assert!(matches!(result, Err(Killed)));
    });
}

/// Detached from another thread, running and stopped: the debugger's events end, the guest goes on to its own end.
#[test]
fn detached() {
    let _dog = watchdog("detached");
    for freeze in FREEZES {
        for stopped in [false, true] {
            current().block_on(async {
                let engine = engine();
                let mut guest = Guest::on(&engine).await;
                let (module, run, spin) = (guest.module.clone(), guest.run.clone(), guest.spin.clone());
                let global = guest.instance.get_global(&mut guest.store, "g").unwrap();
                let (tell, told) = futures::channel::oneshot::channel();
                let (result, said) = debug_with(
                    &mut guest.store,
                    options(freeze),
                    async |store| {
                        let n = run.call_async(&mut *store, 3).await.unwrap();
                        let planted = store.breakpoints().unwrap().count();
                        global.set(&mut *store, Val::I32(1)).unwrap();
                        spin.call_async(&mut *store, ()).await.unwrap();
                        tell.send(()).unwrap();
                        (n, planted)
                    },
                    async |mut dbg| {
                        assert!(matches!(dbg.next().await, Some(Event::Attached)));
                        dbg.with(|stop| stop.add_breakpoint(&module, nops(&module)[0])).unwrap().unwrap();
                        if stopped {
                            assert!(matches!(dbg.next().await, Some(Event::Breakpoint { .. })));
                            later(&dbg.control(), Control::detach);
                        } else {
                            dbg.control().detach();
                        }
                        // It waits for the body's end: the guest has to go on without it.
                        told.await.unwrap();
                        assert!(dbg.with(|_| ()).is_err());
                        assert!(dbg.next().await.is_none());
                        "bye"
                    },
                )
                .await
                .unwrap();
                assert_eq!((result.unwrap(), said.unwrap()), ((3, 0), "bye"), "{freeze:?} {stopped}");
            });
        }
    }
}
