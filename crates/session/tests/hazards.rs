//! One test for each of Wasmtime's hazards that the session absorbs. Each says how it fails without the
//! counter-measure; all were tried.
// Helpers beside the tests are tests, too.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering::SeqCst},
};

use common::*;
use freezeframe_session::{
    Dbg, Epochs, Error, Event, Freeze, Options, PcMeaning, Stop, Verdict, configure, debug, debug_with, rearm,
};
use wasmtime::{
    Caller, Config, Engine, Extern, Func, Instance, Linker, Module, Store, Trap, UpdateDeadline, Val,
    component::{Component, Linker as ComponentLinker},
};

const FREEZES: [Freeze; 2] = [Freeze::Task, Freeze::Thread];

/// Runs `export` of an instance and gives what `see` made of each event that's a stop.
async fn run<R: Send>(
    store: &mut Store<()>,
    instance: Instance,
    export: &str,
    attached: impl FnOnce(&mut Stop<'_, ()>) + Send,
    mut see: impl FnMut(&mut Stop<'_, ()>, Event) -> R + Send,
) -> (wasmtime::Result<Vec<Val>>, Vec<R>) {
    let (result, seen) = debug(
        store,
        async |store| {
            let func = instance.get_func(&mut *store, export).unwrap();
            let mut results = vec![Val::I32(0); func.ty(&mut *store).results().len()];
            func.call_async(&mut *store, &[], &mut results).await.map(|()| results)
        },
        async |mut dbg| {
            assert!(matches!(dbg.next().await, Some(Event::Attached)));
            dbg.with(attached).unwrap();
            let mut seen = vec![];
            while let Some(event) = dbg.next().await {
                seen.push(dbg.with(|stop| see(stop, event)).unwrap());
            }
            seen
        },
    )
    .await
    .unwrap();
    (result.unwrap(), seen.unwrap())
}

async fn instantiate(engine: &Engine, wat: &str) -> (Store<()>, Module, Instance) {
    let module = Module::new(engine, wat).unwrap();
    let mut store = Store::new(engine, ());
    store.set_epoch_deadline(u64::MAX / 2);
    let instance = Instance::new_async(&mut store, &module, &[]).await.unwrap();
    (store, module, instance)
}

/// The host's `select` drops the stopped guest, and Wasmtime drops the handler with it. Without the drop guard there is
/// no `Lost`; without `rearm` the second call isn't seen.
#[test]
fn h1_a_lost_handler_is_noticed_and_put_back() {
    let _dog = watchdog("h1");
    for again in [false, true] {
        current().block_on(async {
            let Sandwich { mut store, module, instance, outer, pc } = sandwich(select_ready()).await;
            let bp = instance.get_typed_func::<i32, i32>(&mut store, "bp").unwrap();
            let (results, events) = debug(
                &mut store,
                async |store| {
                    let first = outer.call_async(&mut *store, 9).await.unwrap();
                    assert!(!rearm(&mut Store::new(store.engine(), ())), "not the session's store");
                    let rearmed = again && rearm(store);
                    assert!(!rearm(store) || !again, "there's nothing to put back any more");
                    (first, rearmed, bp.call_async(&mut *store, 9).await.unwrap())
                },
                async |mut dbg| {
                    let mut events = vec![];
                    while let Some(event) = dbg.next().await {
                        events.push(name(&event));
                        match event {
                            Event::Attached => {
                                dbg.with(|stop| stop.add_breakpoint(&module, pc)).unwrap().unwrap();
                            }
                            Event::Breakpoint { .. } if events.len() == 2 => tokio::task::yield_now().await,
                            Event::Cancelled | Event::Lost => {
                                assert!(matches!(dbg.with(|_| ()), Err(Error::NotStopped)))
                            }
                            _ => {}
                        }
                    }
                    events
                },
            )
            .await
            .unwrap();
            let events = events.unwrap();
            if again {
                assert_eq!(results.unwrap(), (-2, true, 16));
                assert_eq!(events, ["Attached", "Breakpoint", "Cancelled", "Lost", "Breakpoint"]);
            } else {
                assert_eq!(events[..4], ["Attached", "Breakpoint", "Cancelled", "Lost"]);
            }
        });
    }
}

/// Wasmtime's own frame handle stays "valid" after the guest has gone on; ours can't be kept (a `compile_fail` test in
/// the crate's documentation), nor can the references read from them: without the root scope around `with` the last
/// assertion fails. And `with` works only after the event of *this* stop was taken: without the check of the stop's
/// number the count of early uses is above 0.
#[test]
fn h2_nothing_of_a_stop_outlives_it() {
    let _dog = watchdog("h2");
    pollster::block_on(async {
        let engine = engine();
        let (mut store, module, instance) = instantiate(
            &engine,
            r#"(module (type $s (struct (field i32)))
                (func (export "run") (local $r (ref null $s))
                  (local.set $r (struct.new $s (i32.const 1)))
                  nop i32.const 1 drop nop))"#,
        )
        .await;
        let pcs = nops(&module);
        let (mut handle, mut reference) = (None, None);
        let mut first = true;
        let (_, seen) = run(
            &mut store,
            instance,
            "run",
            |stop| {
                pcs.iter().for_each(|pc| {
                    stop.add_breakpoint(&module, *pc).unwrap();
                })
            },
            |stop, _| {
                if std::mem::take(&mut first) {
                    handle = stop.store().debug_exit_frames().next();
                    let Val::AnyRef(r) = stop.frames().next().unwrap().local(0).unwrap() else { panic!() };
                    assert!(r.unwrap().is_struct(stop.store()).unwrap());
                    reference = r;
                    return true;
                }
                assert!(handle.as_ref().unwrap().is_valid(stop.store()), "Wasmtime got better: look at H2 again");
                reference.as_ref().unwrap().is_struct(stop.store()).is_err()
            },
        )
        .await;
        assert_eq!(seen, [true, true]);

        let Sandwich { mut store, module, outer, pc, .. } = sandwich(plain()).await;
        let early = AtomicU32::new(0);
        debug(
            &mut store,
            async |store| outer.call_async(&mut *store, 9).await.unwrap(),
            async |mut dbg: Dbg<()>| {
                let other = dbg.clone();
                let asks = std::future::poll_fn(|_| {
                    early.fetch_add(u32::from(other.with(|_| ()).is_ok()), SeqCst);
                    std::task::Poll::<()>::Pending
                });
                let main = async {
                    dbg.next().await;
                    dbg.with(|stop| stop.add_breakpoint(&module, pc)).unwrap().unwrap();
                    dbg.next().await;
                    let elsewhere = dbg.clone();
                    let there = std::thread::spawn(move || matches!(elsewhere.with(|_| ()), Err(Error::NotStopped)));
                    assert!(there.join().unwrap());
                    assert!(matches!(dbg.with(|_| dbg.with(|_| ())), Ok(Err(Error::Busy))));
                };
                futures::future::select(std::pin::pin!(asks), std::pin::pin!(main)).await;
            },
        )
        .await
        .unwrap()
        .1
        .unwrap();
        assert_eq!(early.load(SeqCst), 0);
    });
}

/// An epoch check is no program point: Wasmtime shows the one whose machine code happens to lie before it, usually the
/// function's last. Delivered there, no interrupt is at the function's first operator. (Those that are asked for before
/// the guest goes on come at the next operator, wherever that is.)
#[test]
fn h3_an_interrupt_stops_before_an_operator() {
    let _dog = watchdog("h3");
    for freeze in FREEZES {
        pollster::block_on(async {
            let engine = engine();
            let (mut store, module, instance) = instantiate(
                &engine,
                r#"(module
                    (func $other (param i64) (result i64) nop local.get 0)
                    (func $f (export "run") (param i32)
                      (if (local.get 0) (then
                        (call $f (i32.sub (local.get 0) (i32.const 1)))
                        (call $f (i32.sub (local.get 0) (i32.const 1)))))))"#,
            )
            .await;
            // Each operator of `f`, with how many operands there are before it.
            let before = [0, 1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 0];
            let operands: Vec<_> = operators(&module)[3..].iter().map(|(pc, _)| *pc).zip(before).collect();
            let first = operands[0].0;
            let f = instance.get_typed_func::<i32, ()>(&mut store, "run").unwrap();
            let (result, stops) = debug_with(
                &mut store,
                options(freeze),
                async |store| f.call_async(&mut *store, 60).await,
                async |mut dbg| {
                    assert!(matches!(dbg.next().await, Some(Event::Attached)));
                    let control = dbg.control();
                    let _kill = KillOnPanic(control.clone());
                    let mut at_checks = 0;
                    for _ in 0..50 {
                        let other = control.clone();
                        let thread = std::thread::spawn(move || other.interrupt().unwrap());
                        assert!(matches!(dbg.next().await, Some(Event::Interrupted)));
                        thread.join().unwrap();
                        dbg.with(|stop| {
                            let depth = stop.depth();
                            let top = stop.frames().next().unwrap();
                            let at = top.position().unwrap();
                            assert_eq!((at.function, top.local_count().unwrap()), (1, 1));
                            assert_eq!(top.local(0).unwrap().unwrap_i32(), 61 - depth as i32);
                            assert!(operands.contains(&(at.pc, top.operand_count().unwrap())), "{}", at.pc);
                            // The only epoch check is at the function's entry, before its first operator.
                            at_checks += u32::from(at.pc == first);
                        })
                        .unwrap();
                    }
                    control.kill();
                    while dbg.next().await.is_some() {}
                    at_checks
                },
            )
            .await
            .unwrap();
            assert!(stops.unwrap() > 0);
            assert!(result.is_err());
            assert!(!store.is_single_step());
        });
    }
}

/// The frame that overflows has not written its instance yet. Trusted, `chain` panics ("There must be a program point")
/// or reading its instance follows a wild pointer.
#[test]
fn h4_a_stack_overflow_shows_its_frames() {
    let _dog = watchdog("h4");
    for pad in ["", "(func) (func (param i64) (result i64) local.get 0)"] {
        pollster::block_on(async {
            let engine = engine();
            let wat = format!(
                r#"(module (func $host (import "h" "h")) {pad}
                  (func $f (param i32) (result i32) (i32.add (i32.const 1) (call $f (i32.add (i32.const 1) (local.get 0)))))
                  (func (export "run") (result i32) i32.const 0 call $f))"#
            );
            let module = Module::new(&engine, &wat).unwrap();
            let mut store = Store::new(&engine, ());
            store.set_epoch_deadline(u64::MAX / 2);
            let host = Func::wrap(&mut store, || {});
            let instance = Instance::new_async(&mut store, &module, &[host.into()]).await.unwrap();
            let f = if pad.is_empty() { 1 } else { 3 };
            let (result, seen) = run(
                &mut store,
                instance,
                "run",
                |_| (),
                |stop, event| {
                    assert!(matches!(event, Event::Trap(Trap::StackOverflow)));
                    let depth = stop.depth();
                    let frames: Vec<_> = stop.frames().collect();
                    assert_eq!(frames.len(), depth as usize);
                    let top = &frames[0];
                    assert_eq!((top.position().unwrap().function, top.pc_meaning()), (f, PcMeaning::Faulting));
                    assert!(top.unavailable().is_some());
                    assert!(top.instance().is_err() && top.locals().is_err() && top.operands().is_err());
                    // From its caller on all is there; the deepest one that has begun was called with the depth.
                    let (caller, last) = (&frames[1], &frames[frames.len() - 1]);
                    assert_eq!(caller.position().unwrap().function, f);
                    assert_eq!(caller.local(0).unwrap().unwrap_i32(), frames.len() as i32 - 3);
                    assert_eq!(caller.instance().unwrap(), instance);
                    assert_eq!(last.position().unwrap().function, f + 1);
                    drop(frames);
                    let trace = stop.backtrace();
                    trace.frames()[0].func_index()
                },
            )
            .await;
            assert_eq!(result.unwrap_err().downcast_ref::<Trap>(), Some(&Trap::StackOverflow));
            assert_eq!(seen, [f]);
        });
    }
}

/// The function that starts an instance has no state, and shows up as another function's frame. Uncut, there is one
/// frame more than in Wasmtime's backtrace, and reading its instance follows a wild pointer.
#[test]
fn h5_start_functions_have_no_false_parent() {
    let _dog = watchdog("h5");
    pollster::block_on(async {
        let engine = engine();
        // A start function of its own; an imported one; a trap in what runs before it.
        let exporter = Module::new(&engine, r#"(module (func (export "f") nop) (func nop))"#).unwrap();
        let own = Module::new(
            &engine,
            r#"(module (func $leaf nop) (func $s call $leaf) (start $s) (func (export "other") call $s))"#,
        )
        .unwrap();
        let imported =
            Module::new(&engine, r#"(module (import "e" "f" (func $f)) (start $f) (func nop) (func nop))"#).unwrap();
        let broken =
            Module::new(&engine, r#"(module (memory 1) (data (i32.const 65536) "x") (func nop nop))"#).unwrap();
        let mut store = Store::new(&engine, ());
        let (result, seen) = debug(
            &mut store,
            async |store| {
                let own = Instance::new_async(&mut *store, &own, &[]).await.unwrap();
                let other = own.get_func(&mut *store, "other").unwrap();
                other.call_async(&mut *store, &[], &mut []).await.unwrap();
                let exporter = Instance::new_async(&mut *store, &exporter, &[]).await.unwrap();
                let f = exporter.get_func(&mut *store, "f").unwrap();
                Instance::new_async(&mut *store, &imported, &[Extern::Func(f)]).await.unwrap();
                Instance::new_async(&mut *store, &broken, &[]).await.map(drop)
            },
            async |mut dbg| {
                let mut seen = vec![];
                while let Some(event) = dbg.next().await {
                    dbg.with(|stop| {
                        if let Event::Attached = event {
                            for module in [&own, &exporter] {
                                stop.add_breakpoint(module, nops(module)[0]).unwrap();
                            }
                            return;
                        }
                        let depth = stop.depth() as usize;
                        let frames: Vec<u32> = stop
                            .frames()
                            .map(|f| {
                                f.instance().unwrap();
                                f.position().unwrap().function
                            })
                            .collect();
                        let trace: Vec<u32> = stop.backtrace().frames().iter().map(|f| f.func_index()).collect();
                        assert_eq!((&frames, frames.len()), (&trace, depth));
                        seen.push((name(&event), frames));
                    })
                    .unwrap();
                }
                seen
            },
        )
        .await
        .unwrap();
        assert_eq!(result.unwrap().unwrap_err().downcast_ref::<Trap>(), Some(&Trap::MemoryOutOfBounds));
        let bp = |frames: &[u32]| ("Breakpoint".to_owned(), frames.to_vec());
        assert_eq!(seen.unwrap(), [bp(&[0, 1]), bp(&[0, 1, 2]), bp(&[0]), ("Trap".to_owned(), vec![])]);
    });
}

/// Core modules of one component share one table of patches. Without the comparison of modules the breakpoint in `a`
/// stops in `b`; without arming siblings again, removing it (or leaving single-step mode) takes `b`'s with it.
#[test]
fn h6_modules_of_a_component_are_told_apart() {
    let _dog = watchdog("h6");
    const PAIR: &str = r#"(component
      (core module $a (func (export "run") (result i32) nop i32.const 1))
      (core module $b (func (export "run") (result i32) nop i32.const 2))
      (core instance $ia (instantiate $a))
      (core instance $ib (instantiate $b))
      (func (export "a") (result u32) (canon lift (core func $ia "run")))
      (func (export "b") (result u32) (canon lift (core func $ib "run"))))"#;
    pollster::block_on(async {
        let engine = engine();
        let component = Component::new(&engine, PAIR).unwrap();
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(u64::MAX / 2);
        store.debug_register_component(&component).unwrap();
        let instance = ComponentLinker::new(&engine).instantiate_async(&mut store, &component).await.unwrap();
        let a = instance.get_typed_func::<(), (u32,)>(&mut store, "a").unwrap();
        let b = instance.get_typed_func::<(), (u32,)>(&mut store, "b").unwrap();
        let (sums, rounds) = debug(
            &mut store,
            async |store| {
                let mut sums = vec![];
                for _ in 0..4 {
                    let x = a.call_async(&mut *store, ()).await.unwrap().0;
                    let y = b.call_async(&mut *store, ()).await.unwrap().0;
                    sums.push(x + y);
                }
                sums
            },
            async |mut dbg| {
                assert!(matches!(dbg.next().await, Some(Event::Attached)));
                let is_b = |m: &Module| operators(m).iter().any(|(_, op)| op.contains("value: 2"));
                let (a, b, pc) = dbg
                    .with(|stop| {
                        let modules = stop.modules();
                        let (b, a): (Vec<Module>, Vec<Module>) = modules.into_iter().partition(is_b);
                        assert_eq!(nops(&a[0]), nops(&b[0]));
                        let pc = nops(&a[0])[0];
                        (stop.add_breakpoint(&a[0], pc).unwrap(), b[0].clone(), pc)
                    })
                    .unwrap();
                let mut seen = vec![];
                let mut waiter = dbg.clone();
                let mut next = async || {
                    let event = waiter.next().await?;
                    assert!(matches!(event, Event::Breakpoint { .. }), "{event:?}");
                    let of_b =
                        dbg.with(|stop| is_b(&stop.frames().next().unwrap().position().unwrap().module)).unwrap();
                    seen.push(if of_b { "b" } else { "a" });
                    Some(())
                };
                // First in `a` only, then in `b` only, each with single-step mode coming and going.
                let step_and_back = || {
                    dbg.with(|stop| {
                        stop.single_step(true).unwrap();
                        stop.single_step(false).unwrap();
                    })
                    .unwrap();
                };
                next().await.unwrap();
                step_and_back();
                next().await.unwrap();
                let in_b = dbg.with(|stop| stop.add_breakpoint(&b, pc)).unwrap().unwrap();
                assert_ne!(in_b, a);
                dbg.with(|stop| stop.remove_breakpoint(a)).unwrap().unwrap();
                next().await.unwrap();
                next().await.unwrap();
                step_and_back();
                next().await.unwrap();
                assert!(next().await.is_none());
                seen
            },
        )
        .await
        .unwrap();
        assert_eq!(sums.unwrap(), [3, 3, 3, 3]);
        assert_eq!(rounds.unwrap(), ["a", "a", "b", "b", "b"]);
        assert_eq!(store.breakpoints().unwrap().count(), 0);
    });
}

/// Not caught, a panic in the handler at a trap, an error of the host or an exception aborts the process: "thread caused
/// non-unwinding panic", from the first filter on.
#[test]
fn h7_a_panic_in_the_handler_is_caught() {
    let _dog = watchdog("h7");
    for freeze in FREEZES {
        for export in ["unr", "fail", "throw", "bp0"] {
            for by in ["debugger", "filter"] {
                pollster::block_on(async {
                    let Sandwich { mut store, instance, outer, module, pc, .. } = sandwich(plain()).await;
                    let func = instance.get_func(&mut store, if export == "bp0" { "unr" } else { export }).unwrap();
                    let (result, panic) = debug_with(
                        &mut store,
                        options(freeze),
                        async |store| {
                            if export == "bp0" {
                                return outer.call_async(&mut *store, 9).await.map(drop);
                            }
                            let mut results = vec![Val::I32(0); func.ty(&mut *store).results().len()];
                            func.call_async(&mut *store, &[], &mut results).await
                        },
                        async |mut dbg| {
                            assert!(matches!(dbg.next().await, Some(Event::Attached)));
                            dbg.with(|stop| stop.add_breakpoint(&module, pc)).unwrap().unwrap();
                            if by == "filter" {
                                dbg.set_filter(Some(Box::new(|_, _| panic!("boom"))));
                                assert!(dbg.next().await.is_none());
                            } else {
                                dbg.next().await.unwrap();
                                dbg.with(|_| panic!("boom")).unwrap();
                            }
                        },
                    )
                    .await
                    .unwrap();
                    assert_eq!(result.unwrap().is_ok(), matches!(export, "throw" | "bp0"));
                    assert_eq!(*panic.unwrap_err().downcast_ref::<&str>().unwrap(), "boom");
                    assert_eq!(outer.call_async(&mut store, 9).await.unwrap(), 16);
                    assert_eq!(store.breakpoints().unwrap().count(), 0);
                });
            }
        }
    }
}

/// Wasmtime counts references, slips to the next operator and takes any offset beyond. Without our own books the second
/// `remove` leaves the breakpoint planted; without the exactness checks the offsets are accepted.
#[test]
fn h8_breakpoints_are_exact_and_counted() {
    let _dog = watchdog("h8");
    pollster::block_on(async {
        let engine = engine();
        let (mut store, module, instance) = instantiate(
            &engine,
            r#"(module (func (export "run") (result i32) nop (i32.const 300) return i32.const 5 drop)
                       (func nop))"#,
        )
        .await;
        let operators = operators(&module);
        let at = |n: usize| operators[n].0;
        let (result, seen) = run(
            &mut store,
            instance,
            "run",
            |stop| {
                let refused = [at(1) + 1, at(0) - 1, 0, u32::MAX, module.debug_bytecode().unwrap().len() as u32, at(3)];
                for pc in refused {
                    let added = stop.add_breakpoint(&module, pc);
                    assert!(matches!(added, Err(Error::NoOperator { pc: p }) if p == pc), "{pc}: {added:?}");
                }
                // All or nothing.
                assert!(stop.update_breakpoints(&[(module.clone(), at(0)), (module.clone(), at(3))], &[]).is_err());
                assert_eq!(stop.store().breakpoints_now(), 0);
                let first = stop.add_breakpoint(&module, at(0)).unwrap();
                assert_eq!(stop.add_breakpoint(&module, at(0)).unwrap(), first);
                let twice = stop.update_breakpoints(&[(module.clone(), at(1)), (module.clone(), at(1))], &[]).unwrap();
                stop.remove_breakpoint(first).unwrap();
                assert_eq!(stop.store().breakpoints_now(), 2);
                assert!(stop.update_breakpoints(&[], &[first, first]).is_err());
                stop.update_breakpoints(&[], &twice).unwrap();
                assert_eq!(stop.store().breakpoints_now(), 1);
                assert!(matches!(stop.remove_breakpoint(twice[0]), Err(Error::NoBreakpoint)));
                let foreign = Module::new(&Engine::new(&config()).unwrap(), "(module (func nop))").unwrap();
                assert!(matches!(stop.add_breakpoint(&foreign, nops(&foreign)[0]), Err(Error::ForeignModule)));
            },
            |stop, _| stop.frames().next().unwrap().pc().unwrap(),
        )
        .await;
        assert_eq!(result.unwrap()[0].unwrap_i32(), 300);
        assert_eq!(seen, [at(0)]);
        assert_eq!(store.breakpoints().unwrap().count(), 0);
    });
}

/// Wasmtime's own list, an oracle for ours.
trait BreakpointsNow {
    fn breakpoints_now(self) -> usize;
}

impl BreakpointsNow for wasmtime::StoreContextMut<'_, ()> {
    fn breakpoints_now(self) -> usize {
        wasmtime::AsContext::as_context(&self).breakpoints().unwrap().count()
    }
}

/// Wasmtime reports an error once for each activation that it leaves. Without the comparison each row has one event for
/// each activation; a comparison that knows less takes the second cause for the first.
#[test]
fn h9_one_error_is_one_event() {
    let _dog = watchdog("h9");
    const GUEST: &str = r#"(module
      (import "h" "through" (func $through (param i32)))
      (import "h" "swallow" (func $swallow (param i32)))
      (import "h" "fail" (func $fail)) (import "h" "exit" (func $exit))
      (tag $t (param i32))
      (func (export "0") unreachable)
      (func (export "1") call $fail)
      (func (export "2") call $exit)
      (func (export "3") i32.const 42 throw $t)
      (func $deep (export "4") call $deep)
      (func (export "through") (param i32) local.get 0 call $through)
      (func (export "swallow") (param i32) local.get 0 call $swallow local.get 0 call $swallow unreachable))"#;
    async fn inner(mut caller: Caller<'_, ()>, which: i32) -> wasmtime::Result<()> {
        let func = caller.get_export(&which.to_string()).unwrap().into_func().unwrap();
        func.call_async(&mut caller, &[], &mut []).await
    }
    #[derive(Debug)]
    struct Exit(i32);
    impl std::fmt::Display for Exit {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "exit {}", self.0)
        }
    }
    impl std::error::Error for Exit {}
    pollster::block_on(async {
        let engine = engine();
        let module = Module::new(&engine, GUEST).unwrap();
        let mut linker = Linker::new(&engine);
        linker.func_wrap_async("h", "through", |c, (which,): (i32,)| Box::new(inner(c, which))).unwrap();
        linker
            .func_wrap_async("h", "swallow", |mut c: Caller<'_, ()>, (which,): (i32,)| {
                Box::new(async move {
                    let func = c.get_export(&which.to_string()).unwrap().into_func().unwrap();
                    let _ = func.call_async(&mut c, &[], &mut []).await;
                    Ok(())
                })
            })
            .unwrap();
        linker.func_wrap("h", "fail", || -> wasmtime::Result<()> { Err(wasmtime::Error::msg("no luck")) }).unwrap();
        linker.func_wrap("h", "exit", || -> wasmtime::Result<()> { Err(Exit(7).into()) }).unwrap();
        for (which, kind) in ["Trap", "HostError", "Exit", "Exception", "Trap"].into_iter().enumerate() {
            for (export, count) in [("through", 1), ("swallow", 3)] {
                let mut store = Store::new(&engine, ());
                let instance = linker.instantiate_async(&mut store, &module).await.unwrap();
                let func = instance.get_typed_func::<i32, ()>(&mut store, export).unwrap();
                let options = Options {
                    exit_code: Some(|error| error.downcast_ref::<Exit>().map(|exit| exit.0)),
                    ..Options::default()
                };
                let (result, events) = debug_with(
                    &mut store,
                    options,
                    async |store| func.call_async(&mut *store, which as i32).await,
                    async |mut dbg| {
                        let mut events = vec![];
                        while let Some(event) = dbg.next().await {
                            if let Event::Exit { code } = event {
                                assert_eq!(code, 7);
                            }
                            events.push(name(&event));
                            dbg.with(|stop| stop.frames().for_each(|f| drop(f.position().unwrap()))).unwrap();
                        }
                        events
                    },
                )
                .await
                .unwrap();
                assert!(result.unwrap().is_err());
                let mut want = vec!["Attached", kind];
                if count == 3 {
                    want.extend([kind, "Trap"]);
                }
                assert_eq!(events.unwrap(), want, "{export} {which}");
            }
        }
    });
}

/// Reading a continuation reference panics in Wasmtime. Its engine is refused (as for H14), so that there is none;
/// without the refusal the session starts.
#[test]
fn h10_continuations_are_refused() {
    let mut config = config();
    config.wasm_stack_switching(true);
    let Ok(engine) = Engine::new(&config) else { return };
    let mut store = Store::new(&engine, ());
    let refused = pollster::block_on(debug(&mut store, async |_| (), async |_dbg| ()));
    assert!(matches!(refused, Err(Error::NotDebuggable { line, .. }) if line.contains("stack_switching")));
}

/// Wasmtime counts the functions that a module defines; without adding the imports the index is 0.
#[test]
fn h11_functions_are_counted_with_the_imports() {
    let _dog = watchdog("h11");
    pollster::block_on(async {
        let engine = engine();
        let module = Module::new(
            &engine,
            r#"(module (import "" "" (global i32)) (import "" "" (func)) (import "" "" (func)) (func (export "run") nop))"#,
        )
        .unwrap();
        let mut store = Store::new(&engine, ());
        let host = Func::wrap(&mut store, || {});
        let global = wasmtime::Global::new(
            &mut store,
            wasmtime::GlobalType::new(wasmtime::ValType::I32, wasmtime::Mutability::Const),
            Val::I32(0),
        )
        .unwrap();
        let instance =
            Instance::new_async(&mut store, &module, &[global.into(), host.into(), host.into()]).await.unwrap();
        let (_, seen) = run(
            &mut store,
            instance,
            "run",
            |stop| {
                stop.add_breakpoint(&module, nops(&module)[0]).unwrap();
            },
            |stop, _| {
                let function = stop.frames().next().unwrap().position().unwrap().function;
                assert_eq!(stop.backtrace().frames()[0].func_index(), function);
                function
            },
        )
        .await;
        assert_eq!(seen, [2]);
    });
}

/// Every tick of the engine's epoch raises an event in each of its stores, and then runs the store's own behaviour,
/// which traps by default. Unfiltered, ticks are stops; without `Epochs::Session`'s behaviour an interrupt of one
/// store ends the other one; and `Epochs::Embedder` leaves the embedder's behaviour in its place.
#[test]
fn h12_ticks_are_no_stops_and_kill_nobody() {
    let _dog = watchdog("h12");
    let engine = engine();
    const SPIN: &str = r#"(module (global $g (mut i32) (i32.const 0))
      (func (export "run") (loop (br_if 0 (i32.eqz (global.get $g))))))"#;
    // Two sessions on one engine; one is interrupted again and again, the other one must not notice.
    let rounds = Arc::new(AtomicU32::new(0));
    let spin = |interrupted: bool| {
        let (engine, rounds) = (engine.clone(), rounds.clone());
        std::thread::spawn(move || {
            pollster::block_on(async {
                let module = Module::new(&engine, SPIN).unwrap();
                let mut store = Store::new(&engine, ());
                let (result, events) = debug(
                    &mut store,
                    async |store| {
                        let instance = Instance::new_async(&mut *store, &module, &[]).await?;
                        let run = instance.get_typed_func::<(), ()>(&mut *store, "run")?;
                        run.call_async(&mut *store, ()).await
                    },
                    async |mut dbg| {
                        assert!(matches!(dbg.next().await, Some(Event::Attached)));
                        let _kill = KillOnPanic(dbg.control());
                        let mut events = 0;
                        let mut control = Some(dbg.control());
                        if interrupted {
                            let control = dbg.control();
                            control.interrupt().unwrap();
                        } else {
                            // This one is stopped by its own interrupt, once the other one has had all of its.
                            let (control, rounds) = (control.take().unwrap(), rounds.clone());
                            std::thread::spawn(move || {
                                while rounds.load(SeqCst) < 20 {
                                    std::thread::yield_now();
                                }
                                control.interrupt().unwrap();
                            });
                        }
                        while let Some(event) = dbg.next().await {
                            assert!(matches!(event, Event::Interrupted));
                            events += 1;
                            if !interrupted || rounds.fetch_add(1, SeqCst) == 20 {
                                dbg.with(|stop| {
                                    let instance = stop.instances()[0];
                                    let global = instance.debug_global(stop.store(), 0).unwrap();
                                    global.set(stop.store(), Val::I32(1)).unwrap();
                                })
                                .unwrap();
                            } else {
                                control.as_ref().unwrap().interrupt().unwrap();
                            }
                        }
                        events
                    },
                )
                .await
                .unwrap();
                result.unwrap().unwrap();
                events.unwrap()
            })
        })
    };
    let (a, b) = (spin(true), spin(false));
    assert_eq!((a.join().unwrap(), b.join().unwrap()), (21, 1));

    // The embedder's own deadline: it is asked, and ends the guest when it wants to.
    pollster::block_on(async {
        let (mut store, _module, instance) = instantiate(&engine, SPIN).await;
        let asked = Arc::new(Mutex::new(0));
        let counting = asked.clone();
        store.epoch_deadline_callback(move |_| {
            let mut asked = counting.lock().unwrap();
            *asked += 1;
            if *asked < 5 { Ok(UpdateDeadline::Continue(1)) } else { Err(wasmtime::Error::msg("too long")) }
        });
        store.set_epoch_deadline(1);
        let ticking = engine.clone();
        let (stop_ticking, stopped) = std::sync::mpsc::channel::<()>();
        let ticker = std::thread::spawn(move || {
            while stopped.try_recv().is_err() {
                ticking.increment_epoch();
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        });
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        let (result, events) = debug_with(
            &mut store,
            Options { epochs: Epochs::Embedder, ..Options::default() },
            async |store| run.call_async(&mut *store, ()).await,
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
        stop_ticking.send(()).unwrap();
        ticker.join().unwrap();
        assert!(result.unwrap().unwrap_err().to_string().contains("too long") || *asked.lock().unwrap() == 5);
        assert_eq!(events.unwrap(), ["Attached", "HostError"]);
        assert_eq!(*asked.lock().unwrap(), 5);
    });
}

/// An engine that can't be debugged is an error with the line to add. Unchecked, Wasmtime panics when the handler is
/// set: "debug hooks require guest debugging to be enabled".
#[test]
fn h13_an_unsuitable_engine_is_an_error() {
    let refuse = |config: &Config| {
        let mut store = Store::new(&Engine::new(config).unwrap(), ());
        match pollster::block_on(debug(&mut store, async |_| (), async |_dbg| ())) {
            Err(Error::NotDebuggable { line, .. }) => line,
            other => panic!("{:?}", other.map(|_| ())),
        }
    };
    assert!(refuse(&Config::new()).contains("configure(&mut config)"));
    // What can be done without, is: then only interrupts aren't to be had, and say so.
    let mut store = Store::new(&Engine::new(Config::new().guest_debug(true)).unwrap(), ());
    let ran = pollster::block_on(debug(&mut store, async |_| (), async |dbg| dbg.control().interrupt()));
    let interrupted = ran.unwrap().1.unwrap().unwrap_err().to_string();
    assert!(interrupted.contains("config.epoch_interruption(true);"), "{interrupted}");
    let mut config = Config::new();
    configure(&mut config);
    let filter: freezeframe_session::Filter<()> = Box::new(|_, _| Verdict::Resume);
    let mut store = Store::new(&Engine::new(&config).unwrap(), ());
    let ran = pollster::block_on(debug(&mut store, async |_| 5, async |dbg| dbg.set_filter(Some(filter))));
    assert_eq!(ran.unwrap().0, Ok(5));
}
