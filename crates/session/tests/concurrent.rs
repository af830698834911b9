//! A debugger around `Store::run_concurrent`: several guest tasks and host tasks in one store, all of which a stop of one
//! guest task freezes.
// Helpers beside the tests are tests, too.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use common::{KillOnPanic, current, name, nops, options, watchdog};
use freezeframe_session::{Dbg, Event, Freeze, Killed, debug_with};
use futures::future::{Either, join, join3, select};
use wasmtime::{
    Engine, Module, Store, Trap,
    component::{Accessor, AccessorTask, Component, HasSelf, Instance, Linker, TypedFunc},
};

const FREEZES: [Freeze; 2] = [Freeze::Task, Freeze::Thread];

/// In which order the guest's tasks came to their breakpoints.
type Order = Vec<u32>;
type Call = TypedFunc<(u32,), (u32,)>;

/// `plain` is an ordinary function. `run` and `sleep` are asynchronous ones: `sleep` first waits for a host task, and
/// then both give the turn back to the store three times, with a breakpoint in each of their four turns.
const GUEST: &str = r#"
(component
  (import "tick" (func $tick (param "n" u32)))
  (import "wait" (func $wait async))
  (core func $tick (canon lower (func $tick)))
  (core func $wait (canon lower (func $wait)))
  (core func $return (canon task.return (result u32)))
  (core func $get (canon context.get i32 0))
  (core func $set (canon context.set i32 0))
  (core module $m
    (import "h" "tick" (func $tick (param i32)))
    (import "h" "wait" (func $wait))
    (import "h" "return" (func $return (param i32)))
    (import "h" "get" (func $get (result i32)))
    (import "h" "set" (func $set (param i32)))
    (func (export "plain") (param $n i32) (result i32)
      (call $tick (local.get $n))
      nop
      (i32.mul (local.get $n) (i32.const 10)))
    (func $run (export "run") (param $n i32) (result i32)
      (call $set (i32.add (i32.mul (local.get $n) (i32.const 16)) (i32.const 3)))
      (i32.const 1)) ;; yield
    (func (export "sleep") (param $n i32) (result i32)
      call $wait
      (call $run (local.get $n)))
    (func (export "callback") (param i32 i32 i32) (result i32) (local $n i32) (local $left i32)
      (local.set $n (i32.div_u (call $get) (i32.const 16)))
      (local.set $left (i32.and (call $get) (i32.const 15)))
      (call $tick (local.get $n))
      nop
      (if (result i32) (i32.eqz (local.get $left))
        (then
          (call $return (i32.mul (local.get $n) (i32.const 10)))
          (i32.const 0)) ;; exit
        (else
          (call $set (i32.sub (call $get) (i32.const 1)))
          (i32.const 1)))))
  (core instance $i (instantiate $m (with "h" (instance
    (export "tick" (func $tick)) (export "wait" (func $wait)) (export "return" (func $return))
    (export "get" (func $get)) (export "set" (func $set))))))
  (func (export "plain") (param "n" u32) (result u32) (canon lift (core func $i "plain")))
  (func (export "run") async (param "n" u32) (result u32)
    (canon lift (core func $i "run") async (callback (func $i "callback"))))
  (func (export "sleep") async (param "n" u32) (result u32)
    (canon lift (core func $i "sleep") async (callback (func $i "callback")))))
"#;

/// Which `nop` is whose.
const PLAIN: usize = 0;
const CALLBACK: usize = 1;

/// How often the host's futures were polled.
#[derive(Clone, Default)]
struct Host {
    /// Within the closure that was given to `run_concurrent`.
    closure: Arc<AtomicU32>,
    /// Spawned by it.
    spawned: Arc<AtomicU32>,
    /// The host task that a guest task waits for.
    waited: Arc<AtomicU32>,
    /// In the session's body, beside `run_concurrent`.
    outside: Arc<AtomicU32>,
    /// How many of the closure and the spawned task were dropped.
    drops: Arc<AtomicU32>,
}

impl Host {
    /// The counters of what belongs to the store.
    fn inside(&self) -> [u32; 3] {
        [&self.closure, &self.spawned, &self.waited].map(|counter| counter.load(SeqCst))
    }
}

async fn ticker(counter: &AtomicU32, times: u32) {
    for _ in 0..times {
        counter.fetch_add(1, SeqCst);
        tokio::task::yield_now().await;
    }
}

struct CountDrop(Arc<AtomicU32>);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

struct Spawned(Host, CountDrop);

impl AccessorTask<Order> for Spawned {
    async fn run(self, _: &Accessor<Order, HasSelf<Order>>) -> wasmtime::Result<()> {
        ticker(&self.0.spawned, 20).await;
        drop(self.1);
        Ok(())
    }
}

struct Guest {
    store: Store<Order>,
    module: Module,
    /// Two instances of one component: a task that waits in a plain call keeps others out of its instance.
    instances: [Instance; 2],
    linker: Linker<Order>,
    component: Component,
    host: Host,
}

impl Guest {
    async fn new() -> Self {
        let mut config = common::config();
        config.wasm_component_model_async(true);
        let engine = Engine::new(&config).unwrap();
        let host = Host::default();
        let component = Component::new(&engine, GUEST).unwrap();
        let mut linker = Linker::<Order>::new(&engine);
        linker
            .root()
            .func_wrap("tick", |mut store, (n,): (u32,)| {
                store.data_mut().push(n);
                Ok(())
            })
            .unwrap();
        let waited = host.waited.clone();
        linker
            .root()
            .func_wrap_concurrent("wait", move |_, ()| {
                let waited = waited.clone();
                Box::pin(async move {
                    ticker(&waited, 6).await;
                    Ok(())
                })
            })
            .unwrap();
        let mut store = Store::new(&engine, Order::new());
        store.set_epoch_deadline(u64::MAX / 2);
        let one = linker.instantiate_async(&mut store, &component).await.unwrap();
        let two = linker.instantiate_async(&mut store, &component).await.unwrap();
        let module = store.debug_all_modules().into_iter().find(|module| nops(module).len() == 2).unwrap();
        Self { store, module, instances: [one, two], linker, component, host }
    }

    fn calls(&mut self, exports: [&str; 2]) -> [Call; 2] {
        let store = &mut self.store;
        let mut at = 0;
        exports.map(|export| {
            at += 1;
            self.instances[at - 1].get_typed_func(&mut *store, export).unwrap()
        })
    }
}

/// The embedder's code: two guest tasks, a host future and a spawned task in the store, and a host future beside it.
async fn body(store: &mut Store<Order>, [one, two]: [Call; 2], host: &Host) -> [u32; 2] {
    store.data_mut().clear();
    let inside = store.run_concurrent(async |accessor| {
        let _drops = CountDrop(host.drops.clone());
        accessor.with(|mut access| access.spawn(Spawned(host.clone(), CountDrop(host.drops.clone())))).unwrap();
        let calls = (one.call_concurrent(accessor, (1,)), two.call_concurrent(accessor, (2,)));
        let (one, two, ()) = join3(calls.0, calls.1, ticker(&host.closure, 5)).await;
        [one.unwrap().0, two.unwrap().0]
    });
    match select(pin!(inside), pin!(ticker(&host.outside, u32::MAX))).await {
        Either::Left((results, _)) => results.unwrap(),
        Either::Right(_) => unreachable!(),
    }
}

/// Ready in a while; the waking comes from another thread.
fn from_a_thread() -> futures::channel::oneshot::Receiver<()> {
    let (tell, told) = futures::channel::oneshot::channel();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(5));
        let _ = tell.send(());
    });
    told
}

/// Really waits, on the guest's own reactor if that runs.
async fn think(freeze: Freeze) {
    match freeze {
        Freeze::Thread => from_a_thread().await.unwrap(),
        _ => tokio::time::sleep(Duration::from_millis(5)).await,
    }
}

/// Plants the breakpoint; then, at each stop, waits and sees that nothing of the store has moved meanwhile. Gives which
/// guest task was stopped each time.
async fn watch(mut dbg: Dbg<Order>, module: &Module, at: usize, host: &Host, freeze: Freeze) -> Vec<u32> {
    let mut stopped = vec![];
    assert!(matches!(dbg.next().await, Some(Event::Attached)));
    let _kill = KillOnPanic(dbg.control());
    dbg.with(|stop| stop.add_breakpoint(module, nops(module)[at])).unwrap().unwrap();
    while let Some(event) = dbg.next().await {
        assert!(matches!(event, Event::Breakpoint { .. }), "{event:?}");
        let local = if at == PLAIN { 0 } else { 3 };
        let see = || {
            dbg.with(|stop| {
                assert_eq!(stop.depth(), 1, "the frames are those of the task that runs");
                let n = stop.frames().next().unwrap().local(local).unwrap().unwrap_i32();
                (u32::try_from(n).unwrap(), stop.store().data().clone())
            })
            .unwrap()
        };
        let (before, polls, outside) = (see(), host.inside(), host.outside.load(SeqCst));
        think(freeze).await;
        assert_eq!((see(), host.inside()), (before.clone(), polls), "{freeze:?}: something of the store has moved");
        assert_eq!(host.outside.load(SeqCst) > outside, freeze == Freeze::Task, "{freeze:?}");
        stopped.push(before.0);
    }
    stopped
}

/// A stop of one guest task freezes the other one and all of the store's host futures, under either way of freezing: a
/// handler that lets go of the store while it waits would let them move. What lies beside `run_concurrent` moves under
/// `Freeze::Task`. Results and the order of turns are those without a debugger.
#[test]
fn one_stop_freezes_the_store() {
    let _dog = watchdog("one_stop_freezes_the_store");
    for freeze in FREEZES {
        for (exports, at, count) in [
            (["plain", "plain"], PLAIN, 2),
            (["run", "run"], CALLBACK, 8),
            (["run", "sleep"], CALLBACK, 8),
            (["sleep", "run"], CALLBACK, 8),
        ] {
            current().block_on(async {
                let mut guest = Guest::new().await;
                let calls = guest.calls(exports);
                let Guest { store, module, host, .. } = &mut guest;
                assert_eq!(body(store, calls, host).await, [10, 20]);
                let (order, polls) = (store.data().clone(), host.inside());
                assert_eq!(order.len(), count);
                let waits = if exports.contains(&"sleep") { 6 } else { 0 };
                assert_eq!((polls[0], polls[2]), (5, waits), "every host future has run");
                // The spawned task needn't be over with the closure: it goes on in the next `run_concurrent`.
                for _ in 0..2 {
                    let (run, stopped) = debug_with(
                        store,
                        options(freeze),
                        async |store| body(store, calls, host).await,
                        async |dbg| watch(dbg, module, at, host, freeze).await,
                    )
                    .await
                    .unwrap();
                    let what = format!("{exports:?} {freeze:?}");
                    assert_eq!(run, Ok([10, 20]), "{what}");
                    assert_eq!(stopped.unwrap(), order, "{what}");
                    assert_eq!(*store.data(), order, "{what}");
                }
                assert_eq!(store.breakpoints().unwrap().count(), 0);
                assert_eq!(body(store, calls, host).await, [10, 20]);
                assert_eq!(*store.data(), order);
                assert_eq!(host.closure.load(SeqCst), 4 * 5);
            });
        }
    }
}

/// Kills the guest at its second stop, after having waited there.
async fn kill_at_second_stop(guest: &mut Guest, calls: [Call; 2], at: usize, freeze: Freeze) -> Vec<String> {
    let Guest { store, module, host, .. } = guest;
    let (run, events) = debug_with(
        store,
        options(freeze),
        async |store| body(store, calls, host).await,
        async |mut dbg| {
            let mut events = vec![];
            while let Some(event) = dbg.next().await {
                events.push(name(&event));
                match event {
                    Event::Attached => {
                        dbg.with(|stop| stop.add_breakpoint(module, nops(module)[at])).unwrap().unwrap();
                    }
                    Event::Breakpoint { .. } if events.len() == 3 => {
                        think(freeze).await;
                        dbg.control().kill();
                    }
                    _ => {}
                }
            }
            events
        },
    )
    .await
    .unwrap();
    assert_eq!(run, Err(Killed), "{freeze:?}");
    events.unwrap()
}

/// What a store is good for after one of its component's calls was dropped. Wasmtime takes that for a trap, and after a
/// trap it lets nobody into any component of the store, not even into a new instance. Core modules work, also under a
/// debugger.
async fn after_a_dropped_call(mut guest: Guest, freeze: Freeze) {
    let instance = guest.linker.instantiate_async(&mut guest.store, &guest.component).await.unwrap();
    for instance in [guest.instances[1], instance] {
        let call: Call = instance.get_typed_func(&mut guest.store, "plain").unwrap();
        let refused = call.call_async(&mut guest.store, (3,)).await.unwrap_err();
        assert_eq!(refused.downcast_ref::<Trap>(), Some(&Trap::CannotEnterComponent));
    }
    let module =
        Module::new(guest.store.engine(), r#"(module (func (export "f") (result i32) nop i32.const 7))"#).unwrap();
    let instance = wasmtime::Instance::new_async(&mut guest.store, &module, &[]).await.unwrap();
    let f = instance.get_typed_func::<(), i32>(&mut guest.store, "f").unwrap();
    let (run, hits) = debug_with(
        &mut guest.store,
        options(freeze),
        async |store| f.call_async(store, ()).await.unwrap(),
        async |mut dbg| {
            dbg.next().await;
            dbg.with(|stop| stop.add_breakpoint(&module, nops(&module)[0])).unwrap().unwrap();
            let mut hits = 0;
            while dbg.next().await.is_some() {
                hits += 1;
            }
            hits
        },
    )
    .await
    .unwrap();
    assert_eq!((run.unwrap(), hits.unwrap()), (7, 1));
    let drops = guest.host.drops.clone();
    drop(guest);
    assert_eq!(drops.load(SeqCst), 2, "what was spawned goes with its store at the latest");
}

/// A kill at a stop of one of two guest tasks drops the closure and hangs nothing; a new store works.
#[test]
fn killed_at_a_stop() {
    let _dog = watchdog("killed_at_a_stop");
    for freeze in FREEZES {
        for (exports, at) in [(["plain", "plain"], PLAIN), (["run", "run"], CALLBACK), (["run", "sleep"], CALLBACK)] {
            current().block_on(async {
                let mut guest = Guest::new().await;
                let calls = guest.calls(exports);
                let events = kill_at_second_stop(&mut guest, calls, at, freeze).await;
                assert_eq!(events, ["Attached", "Breakpoint", "Breakpoint", "Cancelled"], "{exports:?} {freeze:?}");
                assert!(guest.host.drops.load(SeqCst) >= 1, "the closure was dropped");
                assert_eq!(guest.store.breakpoints().unwrap().count(), 0);
                after_a_dropped_call(guest, freeze).await;

                let mut guest = Guest::new().await;
                let calls = guest.calls(exports);
                let Guest { store, module, host, .. } = &mut guest;
                let (run, stopped) = debug_with(
                    store,
                    options(freeze),
                    async |store| body(store, calls, host).await,
                    async |dbg| watch(dbg, module, at, host, freeze).await,
                )
                .await
                .unwrap();
                assert_eq!(run, Ok([10, 20]), "{exports:?} {freeze:?}");
                assert_eq!(stopped.unwrap(), *store.data());
            });
        }
    }
}

/// The same without a debugger: what a kill leaves behind is what Wasmtime leaves behind.
#[test]
fn dropped_without_a_debugger() {
    let _dog = watchdog("dropped_without_a_debugger");
    current().block_on(async {
        let mut guest = Guest::new().await;
        let calls = guest.calls(["plain", "plain"]);
        let Guest { store, host, .. } = &mut guest;
        store.epoch_deadline_async_yield_and_update(1);
        store.set_epoch_deadline(1);
        store.engine().increment_epoch();
        {
            // The guest yields at its first operator, and is dropped there.
            let mut run = pin!(body(store, calls, host));
            assert!(run.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_pending());
        }
        assert!(store.data().is_empty(), "the guest has begun, but not got far");
        store.epoch_deadline_trap();
        store.set_epoch_deadline(u64::MAX / 2);
        after_a_dropped_call(guest, Freeze::Thread).await;
    });
}

/// What a debugger may not wait for: something that only the frozen store could give (Wasmtime's issue #11869: while one
/// guest task keeps the store, the closure of `run_concurrent` isn't polled). It stays pending, without blocking the
/// reactor's timers under `Freeze::Task`, and comes as soon as the guest goes on. What the body does beside
/// `run_concurrent` it may wait for, under `Freeze::Task`.
#[test]
fn what_the_frozen_store_would_give() {
    let _dog = watchdog("what_the_frozen_store_would_give");
    for freeze in FREEZES {
        current().block_on(async {
            let mut guest = Guest::new().await;
            let [call, _] = guest.calls(["run", "run"]);
            let Guest { store, module, host, .. } = &mut guest;
            let (tell, mut told) = futures::channel::oneshot::channel();
            let (tell_outside, mut told_outside) = futures::channel::oneshot::channel();
            let (run, order) = debug_with(
                store,
                options(freeze),
                async |store| {
                    let inside = store.run_concurrent(async |accessor| {
                        let gives = async {
                            // Ready as soon as it's polled once more.
                            tokio::task::yield_now().await;
                            tell.send("inside").unwrap();
                        };
                        join(call.call_concurrent(accessor, (1,)), gives).await.0.unwrap().0
                    });
                    let outside = async {
                        tokio::task::yield_now().await;
                        tell_outside.send("outside").unwrap();
                    };
                    join(inside, outside).await.0.unwrap()
                },
                async |mut dbg| {
                    let mut log = vec![];
                    assert!(matches!(dbg.next().await, Some(Event::Attached)));
                    let _kill = KillOnPanic(dbg.control());
                    // A stop in the first poll of the store: at the function's first operator.
                    dbg.with(|stop| stop.single_step(true)).unwrap().unwrap();
                    assert!(matches!(dbg.next().await, Some(Event::Step)));
                    match freeze {
                        Freeze::Task => {
                            log.push((&mut told_outside).await.unwrap());
                            let waited = tokio::time::timeout(Duration::from_millis(20), &mut told).await;
                            assert!(waited.is_err(), "the closure was polled during the stop");
                        }
                        Freeze::Thread => {
                            let waited = select(select(&mut told, &mut told_outside), from_a_thread()).await;
                            assert!(matches!(waited, Either::Right(_)), "some host code was polled during the stop");
                        }
                    }
                    log.push("nothing");
                    dbg.with(|stop| {
                        stop.single_step(false).unwrap();
                        stop.add_breakpoint(module, nops(module)[CALLBACK]).unwrap();
                    })
                    .unwrap();
                    while dbg.next().await.is_some() {
                        log.push("breakpoint");
                        if log.iter().filter(|what| **what == "breakpoint").count() == 4 {
                            log.push((&mut told).await.unwrap());
                        }
                    }
                    log
                },
            )
            .await
            .unwrap();
            assert_eq!(run, Ok(10));
            let mut want = vec!["nothing", "breakpoint", "breakpoint", "breakpoint", "breakpoint", "inside"];
            if freeze == Freeze::Task {
                want.insert(0, "outside");
            }
            assert_eq!(order.unwrap(), want);
            assert_eq!(host.inside(), [0; 3]);
        });
    }
}
