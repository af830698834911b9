//! Random sessions against a model: whatever a debugger does at its stops, each stop is where a full single-step log says
//! that it must be, with the frames that the log has, and the guest's result is the same.
//!
//! The model is a stack of logs: the guest's own run, and the calls that the debugger has started on top of it. Each has a
//! position; the next stop is the first later entry that is stepped to, has a breakpoint, or follows an interrupt.
// Helpers beside the tests are tests, too.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::{collections::BTreeSet, sync::OnceLock, time::Duration};

use common::*;
use freezeframe_session::{BreakpointId, CallId, Dbg, Error, Event, Freeze, Killed, Options, Stop, debug, debug_with};
use proptest::prelude::*;
use wasmtime::{Caller, Collector, Engine, Instance, Linker, Module, Store, TypedFunc, Val};

/// Recursion, calls through the host, objects of the collector's, and a memory that counts what has run.
const GUEST: &str = r#"(module
  (import "h" "host" (func $host (param i32) (result i32)))
  (type $s (struct (field (mut i32))))
  (memory (export "mem") 1)
  (func $leaf (export "leaf") (param $x i32) (result i32) (local $r (ref null $s))
    (local.set $r (struct.new $s (local.get $x)))
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (local.get $x)))
    (i32.mul (struct.get $s 0 (local.get $r)) (i32.const 3)))
  (func $run (export "run") (param $n i32) (result i32) (local $i i32) (local $sum i32) (local $r (ref null $s))
    (local.set $r (struct.new $s (local.get $n)))
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (call $leaf (local.get $i))))
      (local.set $sum (i32.add (local.get $sum) (call $host (local.get $i))))
      (if (i32.gt_u (local.get $n) (i32.const 2)) (then
        (local.set $sum (i32.add (local.get $sum) (call $run (i32.sub (local.get $n) (i32.const 2)))))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (i32.add (local.get $sum) (struct.get $s 0 (local.get $r)))))"#;

const N: i32 = 3;

struct Guest {
    store: Store<()>,
    module: Module,
    instance: Instance,
    run: TypedFunc<i32, i32>,
    leaf: TypedFunc<i32, i32>,
}

async fn guest(collector: Collector) -> Guest {
    let mut config = config();
    config.collector(collector);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, GUEST).unwrap();
    let mut linker = Linker::new(&engine);
    linker
        .func_wrap_async("h", "host", |mut caller: Caller<'_, ()>, (x,): (i32,)| {
            Box::new(async move {
                let leaf = caller.get_export("leaf").unwrap().into_func().unwrap().typed::<i32, i32>(&caller)?;
                tokio::task::yield_now().await;
                leaf.call_async(&mut caller, x + 100).await
            })
        })
        .unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate_async(&mut store, &module).await.unwrap();
    let run = instance.get_typed_func(&mut store, "run").unwrap();
    let leaf = instance.get_typed_func(&mut store, "leaf").unwrap();
    Guest { store, module, instance, run, leaf }
}

/// All frames, innermost first: activation counted from the outermost, function, pc, numbers in the locals.
type Key = Vec<(u32, u32, Vec<i64>)>;

fn key(stop: &mut Stop<'_, ()>) -> Key {
    let number = |value: Val| match value {
        Val::I32(n) => i64::from(n),
        // An object that was collected could not be read.
        Val::AnyRef(Some(_)) => -1,
        _ => -2,
    };
    let frames = stop.frames().map(|frame| {
        let at = frame.position().unwrap();
        (at.function, at.pc, frame.locals().unwrap().into_iter().map(number).collect())
    });
    frames.collect()
}

/// What a run of one export does, operator by operator.
struct Log {
    keys: Vec<Key>,
    result: i32,
}

/// The logs of the guest's own run and of the calls: `leaf(5)` and `run(2)`.
fn logs() -> &'static [Log; 3] {
    static LOGS: OnceLock<[Log; 3]> = OnceLock::new();
    LOGS.get_or_init(|| {
        [("run", N), ("leaf", 5), ("run", 2)].map(|(export, argument)| {
            current().block_on(async {
                let mut guest = guest(Collector::Copying).await;
                let f: TypedFunc<i32, i32> = guest.instance.get_typed_func(&mut guest.store, export).unwrap();
                let (result, keys) = debug(
                    &mut guest.store,
                    async |store| f.call_async(&mut *store, argument).await,
                    async |mut dbg| {
                        let mut keys = vec![];
                        while dbg.next().await.is_some() {
                            keys.push(dbg.with(key).unwrap());
                            dbg.with(|stop| stop.single_step(true)).unwrap().unwrap();
                        }
                        // `Attached` has no frames.
                        keys.split_off(1)
                    },
                )
                .await
                .unwrap();
                Log { keys: keys.unwrap(), result: result.unwrap().unwrap() }
            })
        })
    })
}

#[derive(Clone, Debug)]
enum Act {
    /// One operator.
    Step,
    /// To the next breakpoint, with this one turned on or off before.
    Toggle(prop::sample::Index),
    Continue,
    /// `next()` is polled and dropped, some times, before it's awaited.
    DropNext(u8),
    Interrupt,
    /// A call, with stops: which log.
    Call(bool),
    /// A call without stops.
    Quiet,
    Collect,
    /// All calls are given up.
    GiveUp,
    /// The debugger does something else for a while.
    Think,
    /// Ends of the session.
    Kill,
    Leave,
    Panic,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        8 => Just(Act::Step),
        6 => any::<prop::sample::Index>().prop_map(Act::Toggle),
        4 => Just(Act::Continue),
        3 => (1..4_u8).prop_map(Act::DropNext),
        3 => Just(Act::Interrupt),
        4 => any::<bool>().prop_map(Act::Call),
        2 => Just(Act::Quiet),
        3 => Just(Act::Collect),
        1 => Just(Act::GiveUp),
        3 => Just(Act::Think),
        1 => prop_oneof![Just(Act::Kill), Just(Act::Leave), Just(Act::Panic)],
    ];
    prop::collection::vec(act, 1..80)
}

/// Where the guest is, as the model has it.
struct Place {
    log: &'static Log,
    /// The entry that runs next; before the first: `None`.
    at: Option<usize>,
    call: Option<CallId>,
}

/// What the model knows.
struct Model {
    places: Vec<Place>,
    planted: Vec<(u32, BreakpointId)>,
    stepping: bool,
    interrupted: bool,
}

/// What must come next.
#[derive(Debug, PartialEq)]
enum Expected {
    Breakpoint(BreakpointId),
    Interrupted,
    Step,
    CallFinished(CallId, i32),
    End,
}

impl Model {
    fn pc(key: &Key) -> u32 {
        key[0].1
    }

    /// Goes to the next stop.
    fn advance(&mut self) -> Expected {
        let Some(place) = self.places.last_mut() else { return Expected::End };
        let from = place.at.map_or(0, |at| at + 1);
        for (at, key) in place.log.keys.iter().enumerate().skip(from) {
            let hit = self.planted.iter().find(|(pc, _)| *pc == Self::pc(key));
            let event = match hit {
                Some((_, id)) => Expected::Breakpoint(*id),
                None if self.interrupted => Expected::Interrupted,
                None if self.stepping => Expected::Step,
                None => continue,
            };
            self.interrupted = false;
            place.at = Some(at);
            return event;
        }
        let Some(Place { log, call: Some(call), .. }) = self.places.pop() else { return Expected::End };
        Expected::CallFinished(call, log.result)
    }

    /// The frames that must be there: those of each place, the later ones on top.
    fn key(&self) -> Key {
        self.places.iter().rev().flat_map(|place| place.log.keys[place.at.unwrap()].clone()).collect()
    }
}

/// How a session was ended by its debugger.
#[derive(Debug, PartialEq)]
enum End {
    Body,
    Kill,
    Leave,
    Panic,
}

async fn think(freeze: Freeze) {
    match freeze {
        Freeze::Task => {
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_micros(50)).await;
        }
        Freeze::Thread => {
            let (tell, told) = futures::channel::oneshot::channel();
            std::thread::spawn(move || tell.send(()));
            told.await.unwrap();
        }
    }
}

/// The debugger: acts at each stop, compares each event, each stack.
async fn debugger(
    mut dbg: Dbg<()>,
    freeze: Freeze,
    module: &Module,
    (leaf, run): (wasmtime::Func, wasmtime::Func),
    acts: &[Act],
    end: &mut End,
) -> usize {
    assert!(matches!(dbg.next().await, Some(Event::Attached)));
    let pcs: Vec<u32> =
        logs().iter().flat_map(|log| &log.keys).map(Model::pc).collect::<BTreeSet<_>>().into_iter().collect();
    let mut model = Model {
        places: vec![Place { log: &logs()[0], at: None, call: None }],
        planted: vec![],
        stepping: true,
        interrupted: false,
    };
    dbg.with(|stop| stop.single_step(true)).unwrap().unwrap();
    let mut stops = 0;
    let mut acts = acts.iter();
    let mut drops = 0;
    loop {
        let expected = model.advance();
        let event = loop {
            if drops > 0 {
                drops -= 1;
                let mut next = dbg.next();
                // An event that is there is taken: it isn't lost then.
                match futures::poll!(std::pin::Pin::new(&mut next)) {
                    std::task::Poll::Ready(event) => break event,
                    std::task::Poll::Pending => {
                        drop(next);
                        if dbg.with(|_| ()).is_ok() {
                            panic!("the guest is within reach after `next` was awaited");
                        }
                        continue;
                    }
                }
            }
            break dbg.next().await;
        };
        stops += 1;
        match (&expected, event) {
            (Expected::Breakpoint(id), Some(Event::Breakpoint { hit })) if *id == hit => {}
            (Expected::Interrupted, Some(Event::Interrupted)) | (Expected::Step, Some(Event::Step)) => {}
            (Expected::CallFinished(id, result), Some(Event::CallFinished { call, result: Ok(returned) })) => {
                let returned = dbg.with(|stop| returned.values(stop)[0].unwrap_i32()).unwrap();
                assert_eq!((*id, *result), (call, returned));
            }
            (Expected::End, None) => return stops,
            (expected, event) => panic!("{expected:?} was expected, not {event:?}"),
        }
        let above = model.key();
        if model.places.last().unwrap().at.is_some() || !above.is_empty() {
            assert_eq!(dbg.with(key).unwrap(), above);
        }
        // All acts up to one that lets the guest go on.
        model.stepping = false;
        loop {
            let Some(act) = acts.next() else {
                // Enough: to the end.
                for (_, id) in model.planted.drain(..) {
                    dbg.with(|stop| stop.remove_breakpoint(id)).unwrap().unwrap();
                }
                break;
            };
            match act {
                Act::Step => model.stepping = true,
                Act::Toggle(index) => {
                    let pc = *index.get(&pcs);
                    match model.planted.iter().position(|(other, _)| *other == pc) {
                        Some(at) => {
                            let (_, id) = model.planted.remove(at);
                            dbg.with(|stop| stop.remove_breakpoint(id)).unwrap().unwrap();
                        }
                        None => {
                            let id = dbg.with(|stop| stop.add_breakpoint(module, pc)).unwrap().unwrap();
                            model.planted.push((pc, id));
                        }
                    }
                    continue;
                }
                Act::Continue => {}
                Act::DropNext(times) => {
                    drops = *times;
                    continue;
                }
                Act::Interrupt => {
                    dbg.control().interrupt().unwrap();
                    model.interrupted = true;
                    continue;
                }
                Act::Call(small) => {
                    if model.places.len() > 4 {
                        continue;
                    }
                    let (func, argument, log) = if *small { (leaf, 5, &logs()[1]) } else { (run, 2, &logs()[2]) };
                    let call = dbg.call(func, &[Val::I32(argument)]).unwrap();
                    assert!(matches!(dbg.call(func, &[]), Err(Error::Busy)));
                    model.places.push(Place { log, at: None, call: Some(call) });
                }
                Act::Quiet => {
                    let work = dbg.with_async(move |mut stop| {
                        Box::pin(async move {
                            let mut result = [Val::I32(0)];
                            run.call_async(stop.store(), &[Val::I32(2)], &mut result).await.map(|()| result[0])
                        })
                    });
                    assert_eq!(work.await.unwrap().unwrap().unwrap_i32(), logs()[2].result);
                    continue;
                }
                Act::Collect => {
                    dbg.with(|stop| stop.store().gc(None).unwrap()).unwrap();
                    continue;
                }
                Act::GiveUp => {
                    let Some(outermost) = model.places.get(1).and_then(|place| place.call) else { continue };
                    dbg.give_up(outermost).unwrap();
                    // Wasmtime has lost its handler (H1): the guest runs unseen to its end.
                    let mut seen = vec![];
                    loop {
                        match dbg.next().await {
                            Some(Event::CallFinished { call, result: Err(_) }) if call == outermost => {
                                model.places.truncate(1);
                                assert_eq!(dbg.with(key).unwrap(), model.key());
                                seen.push("finished");
                            }
                            Some(Event::Lost) => seen.push("lost"),
                            None => break,
                            other => panic!("{other:?} after a call was given up"),
                        }
                    }
                    seen.sort_unstable();
                    assert_eq!(seen, ["finished", "lost"]);
                    return stops;
                }
                Act::Think => {
                    think(freeze).await;
                    continue;
                }
                Act::Kill => {
                    *end = End::Kill;
                    dbg.control().kill();
                    while let Some(event) = dbg.next().await {
                        assert!(matches!(event, Event::Cancelled), "{event:?}");
                    }
                    return stops;
                }
                Act::Leave => {
                    *end = End::Leave;
                    return stops;
                }
                Act::Panic => {
                    *end = End::Panic;
                    std::panic::resume_unwind(Box::new("on purpose"));
                }
            }
            break;
        }
        dbg.with(|stop| stop.single_step(model.stepping)).unwrap().unwrap();
    }
}

/// One session on a store that has had others before.
async fn session(guest: &mut Guest, freeze: Freeze, acts: &[Act]) -> usize {
    let (module, run, leaf) = (guest.module.clone(), guest.run.clone(), guest.leaf.clone());
    let mut end = End::Body;
    let (result, stops) = debug_with(
        &mut guest.store,
        Options { freeze, ..Options::default() },
        async |store| run.call_async(&mut *store, N).await,
        async |dbg| debugger(dbg, freeze, &module, (*leaf.func(), *run.func()), acts, &mut end).await,
    )
    .await
    .unwrap();
    if let (Err(panic), false) = (&stops, end == End::Panic) {
        let text = panic.downcast_ref::<String>().cloned();
        panic!("{}", text.unwrap_or_else(|| "the debugger panicked".into()));
    }
    match end {
        End::Kill => assert!(matches!(result, Err(Killed))),
        _ => assert_eq!(result.unwrap().unwrap(), logs()[0].result),
    }
    assert_eq!(guest.store.breakpoints().unwrap().count(), 0);
    assert!(!guest.store.is_single_step());
    stops.unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(200),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Three random sessions, one after the other, on one store.
    #[test]
    fn random_sessions(
        plans in prop::collection::vec((acts(), any::<bool>()), 3),
        copying in any::<bool>(),
    ) {
        let _dog = watchdog("random_sessions");
        logs();
        let collector = if copying { Collector::Copying } else { Collector::DeferredReferenceCounting };
        current().block_on(async {
            let mut guest = guest(collector).await;
            for (acts, thread) in &plans {
                let freeze = if *thread { Freeze::Thread } else { Freeze::Task };
                session(&mut guest, freeze, acts).await;
            }
            // The store is as it would be without any of this.
            assert_eq!(guest.run.call_async(&mut guest.store, N).await.unwrap(), logs()[0].result);
        });
    }
}

/// A million stops in one session, with a filter, steps and calls in between: all of them arrive, none is told twice.
#[test]
fn a_million_stops() {
    let _dog = watchdog("a_million_stops");
    current().block_on(async {
        let engine = engine();
        let module = Module::new(&engine, LOOP).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new_async(&mut store, &module, &[]).await.unwrap();
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        let func = *run.func();
        let (result, stops) = debug(
            &mut store,
            async |store| run.call_async(&mut *store, 1_000_000).await,
            async |mut dbg| {
                dbg.next().await;
                let id = dbg.with(|stop| stop.add_breakpoint(&module, nops(&module)[0])).unwrap().unwrap();
                let mut stops = 0;
                while let Some(event) = dbg.next().await {
                    assert!(matches!(event, Event::Breakpoint { hit } if hit == id));
                    if stops % 1000 == 0 {
                        let i = dbg.with(|stop| stop.frames().next().unwrap().local(1).unwrap().unwrap_i32()).unwrap();
                        assert_eq!(i, stops);
                        // A call whose stops are passed over.
                        let quiet = dbg.with_async(move |mut stop| {
                            Box::pin(
                                async move { func.call_async(stop.store(), &[Val::I32(3)], &mut [Val::I32(0)]).await },
                            )
                        });
                        quiet.await.unwrap().unwrap();
                    }
                    stops += 1;
                }
                stops
            },
        )
        .await
        .unwrap();
        assert_eq!((result.unwrap().unwrap(), stops.unwrap()), (1_000_000, 1_000_000));
    });
}
