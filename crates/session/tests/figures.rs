//! Prints what an event costs, for people: `cargo test --release -p freezeframe-session --test figures -- --ignored
//! --nocapture`. Nothing is asserted about time.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use common::*;
use freezeframe_debuggee::{
    Debuggee, DepthCheck, ModuleId, ModulePc, Op, Program, Query, Rule, RuleId, Site, StopPlan,
};
use freezeframe_session::{
    Event, Freeze, Options, Verdict, debug_with,
    live::{LiveOptions, live},
};
use wasmtime::{DebugEvent, DebugHandler, Instance, Module, ModulePC, Store, StoreContextMut, TypedFunc};

/// This thread's time on a processor, where the system tells it: other load then counts less.
struct Cpu(u128);

impl Cpu {
    fn now() -> Self {
        let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
        let ns = told.and_then(|text| text.split(' ').next()?.parse().ok());
        let wall = || std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos();
        Self(ns.unwrap_or_else(wall))
    }

    fn elapsed_ns(&self) -> f64 {
        (Self::now().0 - self.0) as f64
    }
}

const HITS: i32 = 500_000;
/// The best of this many runs: what disturbs only adds.
const RUNS: usize = 5;

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

#[derive(Clone)]
struct Bare {
    local: bool,
}

impl DebugHandler for Bare {
    type Data = ();
    async fn handle(&self, mut store: StoreContextMut<'_, ()>, _: DebugEvent<'_>) {
        if self.local {
            let frame = store.debug_exit_frames().next().unwrap();
            std::hint::black_box(frame.local(&mut store, 1).unwrap());
        }
    }
}

fn print(what: &str, mut run: impl FnMut() -> f64) {
    let mut all: Vec<f64> = (0..RUNS).map(|_| run()).collect();
    all.sort_by(f64::total_cmp);
    println!("{what:<55} {:>7.0} ns", all[0]);
}

fn bare(local: bool) -> f64 {
    pollster::block_on(async {
        let (mut store, module, run, pc) = looper().await;
        store.edit_breakpoints().unwrap().add_breakpoint(&module, ModulePC::new(pc)).unwrap();
        store.set_debug_handler(Bare { local });
        let start = Cpu::now();
        run.call_async(&mut store, HITS).await.unwrap();
        start.elapsed_ns() / f64::from(HITS)
    })
}

#[derive(Clone, Copy, PartialEq)]
enum How {
    Next,
    With,
    Local,
    AllFrames,
    Filter,
    FilterLocal,
    Step,
}

fn session(freeze: Freeze, how: How) -> f64 {
    pollster::block_on(async {
        let (mut store, module, run, pc) = looper().await;
        let hits = if how == How::Step { HITS / 6 } else { HITS };
        let start = Cpu::now();
        let (_, events) = debug_with(
            &mut store,
            Options { freeze, ..Options::default() },
            async |store| run.call_async(&mut *store, hits).await.unwrap(),
            async |mut dbg| {
                assert!(matches!(dbg.next().await, Some(Event::Attached)));
                dbg.with(|stop| {
                    if how == How::Step {
                        stop.single_step(true).unwrap();
                    } else {
                        stop.add_breakpoint(&module, pc).unwrap();
                    }
                })
                .unwrap();
                match how {
                    How::Filter => dbg.set_filter(Some(Box::new(|_, _| Verdict::Resume))),
                    How::FilterLocal => dbg.set_filter(Some(Box::new(|stop, _| {
                        std::hint::black_box(stop.frames().next().unwrap().local(1).unwrap());
                        Verdict::Resume
                    }))),
                    _ => {}
                }
                let mut events = 0_u32;
                while dbg.next().await.is_some() {
                    events += 1;
                    match how {
                        How::With => dbg.with(|_| ()).unwrap(),
                        How::Local => dbg
                            .with(|stop| {
                                std::hint::black_box(stop.frames().next().unwrap().local(1).unwrap());
                            })
                            .unwrap(),
                        How::AllFrames => dbg
                            .with(|stop| stop.frames().for_each(|f| drop((f.pc().unwrap(), f.locals().unwrap()))))
                            .unwrap(),
                        _ => {}
                    }
                }
                events
            },
        )
        .await
        .unwrap();
        let events = match events.unwrap() {
            0 => HITS as u32,
            n => n,
        };
        start.elapsed_ns() / f64::from(events)
    })
}

/// The live half: a condition that's false, and a round trip of a batch.
fn live_half() -> (f64, f64) {
    let engine = engine();
    let module = Module::new(&engine, LOOP).unwrap();
    let pc = nops(&module)[0];
    let options = LiveOptions { modules: vec![(None, module.clone())], ..LiveOptions::default() };
    let (mut debuggee, near, ender) = live::<()>(options);
    let thread = std::thread::spawn(move || {
        let mut store = Store::new(&engine, ());
        let options = Options { freeze: Freeze::Thread, ..Options::default() };
        let body = async |store: &mut Store<()>| {
            let instance = Instance::new_async(&mut *store, &module, &[]).await.unwrap();
            let run = instance.get_typed_func::<i32, i32>(&mut *store, "run").unwrap();
            run.call_async(&mut *store, HITS).await.unwrap()
        };
        let session = debug_with(&mut store, options, body, near.debugger());
        let _ = pollster::block_on(session).unwrap();
        ender.end(freezeframe_debuggee::Ended::Returned(vec![]));
    });
    debuggee.next_event(None).unwrap();
    let rule = |condition: i64| Rule {
        id: RuleId(1),
        site: Site { module: ModuleId(0), pc: ModulePc(pc) },
        depth: DepthCheck::Any,
        condition: Some(Program::new(vec![Op::Local(1), Op::Const(condition), Op::Eq]).unwrap()),
        temporary: false,
    };
    let plan = |condition| StopPlan { rules: vec![rule(condition)], ..StopPlan::default() };
    debuggee.resume(plan(5)).unwrap();
    debuggee.next_event(None).unwrap();
    const TRIPS: u32 = 5000;
    let start = std::time::Instant::now();
    for _ in 0..TRIPS {
        debuggee.query(vec![Query::Frames { limit: 1 }, Query::Locals { frame: 0 }]).unwrap();
    }
    let trip = start.elapsed().as_nanos() as f64 / f64::from(TRIPS);
    let start = std::time::Instant::now();
    debuggee.resume(plan(-1)).unwrap();
    debuggee.next_event(None).unwrap();
    let hit = start.elapsed().as_nanos() as f64 / f64::from(HITS);
    thread.join().unwrap();
    (hit, trip)
}

#[test]
#[ignore = "prints figures; asserts nothing"]
fn figures() {
    print("bare handler", || bare(false));
    print("bare handler + one local", || bare(true));
    for freeze in [Freeze::Task, Freeze::Thread] {
        println!("{freeze:?}");
        print("  next()", || session(freeze, How::Next));
        print("  next() + with(nothing)", || session(freeze, How::With));
        print("  next() + with(one local)", || session(freeze, How::Local));
        print("  next() + with(all frames, all locals)", || session(freeze, How::AllFrames));
        print("  filter: no", || session(freeze, How::Filter));
        print("  filter: one local, no", || session(freeze, How::FilterLocal));
        print("  single step next()", || session(freeze, How::Step));
    }
    print("live: a condition that's false, a hit", || live_half().0);
    print("live: a batch of two queries, there and back", || live_half().1);
}
