//! What an event costs: the debugger's round trip, a step, a filter in the handler; beside a bare handler that does nothing
//! and beside Wasmtime's own wrapper, in one run.
//!
//! Printed are nanoseconds of wall time an event, the least of many short interleaved rounds (whatever else the machine
//! does only adds to one), and ratios; only the ratios mean something on another machine.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failure here is meant to be loud")]

use std::{
    collections::BTreeMap,
    hint::black_box,
    pin::Pin,
    time::{Duration, Instant},
};

use freezeframe_bench::Figures;
use freezeframe_debuggee::{Debuggee, Ended, Event as LiveEvent, Op, Program, Rule, RuleId, Site, StopPlan};
use freezeframe_session::{
    Event, Freeze, Options, Verdict, debug_with,
    live::{LiveOptions, live},
};
use wasmtime::{
    Config, DebugEvent, DebugHandler, Engine, Instance, Module, ModulePC, Result, Store, StoreContextMut, TypedFunc,
    Val,
};
use wasmtime_internal_debugger::{DebugRunResult, Debuggee as Upstream};

/// A loop that runs over one `nop` so many times.
const GUEST: &str = r#"(module
  (func (export "run") (param $n i32) (result i32) (local $i i32)
    (loop $l
      nop
      local.get $i i32.const 1 i32.add local.tee $i
      local.get $n i32.lt_u br_if $l)
    local.get $i))"#;
/// Operators of one round of the loop.
const OPERATORS: u32 = 8;
const ROUNDS: i32 = 35;
/// All events of a case are spread over this many rounds.
const SHARE: i32 = 7;

struct Guest {
    store: Store<()>,
    module: Module,
    run: TypedFunc<i32, i32>,
    /// The `nop`.
    pc: u32,
}

fn engine(debug: bool) -> Engine {
    let mut config = Config::new();
    if debug {
        freezeframe_session::configure(&mut config);
    }
    Engine::new(&config).expect("an engine")
}

async fn guest(engine: &Engine) -> Guest {
    let module = Module::new(engine, GUEST).expect("a module");
    let mut store = Store::new(engine, ());
    store.set_epoch_deadline(u64::MAX / 2);
    let instance = Instance::new_async(&mut store, &module, &[]).await.expect("an instance");
    let run = instance.get_typed_func(&mut store, "run").expect("a function");
    // Locals (one group of one), then `loop` with its block type, then the nop.
    let pc = module.debug_bytecode().map_or(0, |bytes| {
        let nop = bytes.windows(3).position(|w| w == [0x03, 0x40, 0x01]).expect("the loop");
        nop as u32 + 2
    });
    Guest { store, module, run, pc }
}

#[derive(Clone)]
struct Bare {
    local: bool,
}

impl DebugHandler for Bare {
    type Data = ();

    async fn handle(&self, mut store: StoreContextMut<'_, ()>, _: DebugEvent<'_>) {
        if self.local {
            let frame = store.debug_exit_frames().next();
            black_box(frame.map(|frame| frame.local(&mut store, 1).is_ok()));
        }
    }
}

/// Nanoseconds for each of `n` events.
type Measured = Pin<Box<dyn Future<Output = f64>>>;
type Case = (&'static str, fn(i32) -> Measured, i32);

fn each(elapsed: Duration, n: i32) -> f64 {
    elapsed.as_nanos() as f64 / f64::from(n)
}

async fn plain(debug: bool, n: i32) -> f64 {
    let mut g = guest(&engine(debug)).await;
    let start = Instant::now();
    black_box(g.run.call_async(&mut g.store, n).await.expect("runs"));
    each(start.elapsed(), n)
}

async fn bare(local: bool, step: bool, n: i32) -> f64 {
    let mut g = guest(&engine(true)).await;
    g.store.set_debug_handler(Bare { local });
    let mut edit = g.store.edit_breakpoints().expect("debuggable");
    match step {
        true => edit.single_step(true).expect("steps"),
        false => edit.add_breakpoint(&g.module, ModulePC::new(g.pc)).expect("a breakpoint"),
    }
    drop(edit);
    let start = Instant::now();
    black_box(g.run.call_async(&mut g.store, n).await.expect("runs"));
    each(start.elapsed(), n)
}

#[derive(Clone, Copy, PartialEq)]
enum Look {
    /// Nothing is planted: no event comes.
    Unplanted,
    Nothing,
    Local,
    Filter,
    Step,
}

async fn session(freeze: Freeze, look: Look, n: i32) -> f64 {
    let Guest { mut store, module, run, pc } = guest(&engine(true)).await;
    let options = Options { freeze, ..Options::default() };
    let outcome = debug_with(
        &mut store,
        options,
        async |store| {
            let start = Instant::now();
            run.call_async(store, n).await.expect("runs");
            start.elapsed()
        },
        async |mut dbg| {
            dbg.next().await;
            dbg.with(|stop| match look {
                Look::Unplanted => Ok(()),
                Look::Step => stop.single_step(true),
                _ => stop.add_breakpoint(&module, pc).map(|_| ()),
            })
            .expect("stopped")
            .expect("planted");
            if look == Look::Filter {
                dbg.set_filter(Some(Box::new(|stop, event| {
                    let local = stop.frames().next().map(|frame| frame.local(1));
                    let hit = matches!(event, Event::Breakpoint { .. }) && black_box(local).is_none();
                    if hit { Verdict::Stop } else { Verdict::Resume }
                })));
            }
            while dbg.next().await.is_some() {
                if look == Look::Local {
                    let local = dbg.with(|stop| stop.frames().next().map(|frame| frame.local(1).is_ok()));
                    black_box(local.expect("stopped"));
                }
            }
        },
    );
    // No reactor of its own: under Freeze::Thread nothing else may be needed, and tokio's budget must not count.
    let (elapsed, ()) = match tokio::task::unconstrained(outcome).await.expect("debuggable") {
        (Ok(elapsed), Ok(())) => (elapsed, ()),
        _ => return f64::NAN,
    };
    each(elapsed, n)
}

/// Setting a handler and a breakpoint, and taking them out again: what Wasmtime takes for it.
async fn attach_bare(n: i32) -> f64 {
    let Guest { mut store, module, pc, .. } = guest(&engine(true)).await;
    let start = Instant::now();
    for _ in 0..n {
        store.set_debug_handler(Bare { local: false });
        let mut edit = store.edit_breakpoints().expect("debuggable");
        edit.add_breakpoint(&module, ModulePC::new(pc)).expect("a breakpoint");
        drop(edit);
        let mut edit = store.edit_breakpoints().expect("debuggable");
        edit.remove_breakpoint(&module, ModulePC::new(pc)).expect("a breakpoint");
        drop(edit);
        store.clear_debug_handler();
    }
    each(start.elapsed(), n)
}

/// The same by a session, from attaching to its end.
async fn attach(n: i32) -> f64 {
    let Guest { mut store, module, pc, .. } = guest(&engine(true)).await;
    let start = Instant::now();
    for _ in 0..n {
        let session = debug_with(
            &mut store,
            Options::default(),
            async |_| (),
            async |mut dbg| {
                dbg.next().await;
                dbg.with(|stop| stop.add_breakpoint(&module, pc)).expect("stopped").expect("planted");
            },
        );
        session.await.expect("debuggable").1.expect("no panic");
    }
    each(start.elapsed(), n)
}

/// From asking for an interrupt on another thread until the debugger has its event: a loop that never ends by itself.
async fn interrupt(n: i32) -> f64 {
    let Guest { mut store, run, .. } = guest(&engine(true)).await;
    let asked = std::sync::Arc::new(std::sync::Mutex::new(Instant::now()));
    let (ask, asks) = std::sync::mpsc::channel::<freezeframe_session::Control>();
    let when = asked.clone();
    let other = std::thread::spawn(move || {
        for control in asks {
            // The guest is running again by now.
            std::thread::sleep(Duration::from_micros(200));
            *when.lock().expect("no panic") = Instant::now();
            control.interrupt().expect("epochs are on");
        }
    });
    let (_, total) = debug_with(
        &mut store,
        Options::default(),
        async |store| drop(run.call_async(store, -1).await),
        async |mut dbg| {
            dbg.next().await;
            let mut total = Duration::ZERO;
            for _ in 0..n {
                ask.send(dbg.control()).expect("the thread is there");
                assert!(matches!(dbg.next().await, Some(Event::Interrupted)));
                total += asked.lock().expect("no panic").elapsed();
            }
            drop(ask);
            dbg.control().kill();
            total
        },
    )
    .await
    .expect("debuggable");
    other.join().expect("the other thread");
    each(total.expect("no panic"), n)
}

/// A call of a guest function at a stop: started, driven by `next()`, its result taken.
async fn calls(n: i32) -> f64 {
    let Guest { mut store, module, run, pc } = guest(&engine(true)).await;
    let func = *run.func();
    let (_, elapsed) = debug_with(
        &mut store,
        Options::default(),
        async |store| drop(run.call_async(store, 1).await),
        async |mut dbg| {
            dbg.next().await;
            let id = dbg.with(|stop| stop.add_breakpoint(&module, pc)).expect("stopped").expect("planted");
            dbg.next().await;
            dbg.with(|stop| stop.remove_breakpoint(id)).expect("stopped").expect("removed");
            let start = Instant::now();
            for _ in 0..n {
                dbg.call(func, &[Val::I32(1)]).expect("stopped");
                let Some(Event::CallFinished { result: Ok(returned), .. }) = dbg.next().await else {
                    return Duration::MAX;
                };
                black_box(dbg.with(|stop| returned.values(stop).len()).expect("stopped"));
            }
            start.elapsed()
        },
    )
    .await
    .expect("debuggable");
    each(elapsed.expect("no panic"), n)
}

/// A condition that is false, as the engine hands it to the guest's side.
async fn condition(n: i32) -> f64 {
    let Guest { mut store, module, run, pc } = guest(&engine(true)).await;
    let (mut debuggee, near, ender) = live::<()>(LiveOptions { modules: vec![(None, module)], complete: true });
    let far = std::thread::spawn(move || {
        let never = Program::new(vec![Op::Local(1), Op::Const(-5), Op::Eq]).expect("well-formed");
        let module = freezeframe_debuggee::ModuleId(0);
        let site = Site { module, pc: freezeframe_debuggee::ModulePc(pc) };
        let rule = Rule { condition: Some(never), ..Rule::at(RuleId(0), site) };
        assert!(matches!(debuggee.next_event(None), Ok(Some(LiveEvent::Stopped(_)))));
        debuggee.resume(StopPlan { rules: vec![rule], ..StopPlan::default() }).expect("a plan");
        assert!(matches!(debuggee.next_event(None), Ok(Some(LiveEvent::Ended(_)))), "the condition was never true");
    });
    let options = Options { freeze: Freeze::Thread, ..Options::default() };
    let body = async |store: &mut Store<()>| {
        let start = Instant::now();
        run.call_async(store, n).await.expect("runs");
        start.elapsed()
    };
    let outcome = debug_with(&mut store, options, body, near.debugger()).await.expect("debuggable");
    ender.end(Ended::Returned(Vec::new()));
    far.join().expect("the far half");
    outcome.0.map_or(f64::NAN, |elapsed| each(elapsed, n))
}

async fn upstream(step: bool, n: i32) -> f64 {
    let Guest { mut store, module, run, pc } = guest(&engine(true)).await;
    let mut edit = store.edit_breakpoints().expect("debuggable");
    match step {
        true => edit.single_step(true).expect("steps"),
        false => edit.add_breakpoint(&module, ModulePC::new(pc)).expect("a breakpoint"),
    }
    drop(edit);
    let mut debuggee = Upstream::new(store, move |store| {
        Box::pin(async move {
            run.call_async(store, n).await?;
            Result::Ok(())
        })
    });
    // The debugger is a task beside the wrapper's own, as in its intended use: waking it costs no system call then.
    let debugger = tokio::spawn(async move {
        let start = Instant::now();
        loop {
            match debuggee.run().await.expect("runs") {
                DebugRunResult::Finished => break,
                _ => {
                    let read = |mut store: StoreContextMut<'_, ()>| {
                        let frame = store.debug_exit_frames().next();
                        frame.map(|frame| frame.local(&mut store, 1).is_ok())
                    };
                    black_box(debuggee.with_store(read).await.expect("stopped"));
                }
            }
        }
        start.elapsed()
    });
    each(debugger.await.expect("the debugger's task"), n)
}

const DEBUGGABLE: &str = "guest_debug, nothing planted (a round)";
const UNPLANTED: &str = "the same in a session, nothing planted (a round)";
const ATTACH_BARE: &str = "handler and breakpoint, set and taken out";
const ATTACH: &str = "the same by a session";
const INTERRUPT: &str = "an interrupt of a tight loop";
const PLAIN: &str = "no debugging, a round of the loop";
const BARE: &str = "bare handler";
const BARE_STEP: &str = "bare handler, single step (a round)";

fn cases() -> Vec<Case> {
    vec![
        (PLAIN, |n| Box::pin(plain(false, n)), 3_000_000),
        (DEBUGGABLE, |n| Box::pin(plain(true, n)), 3_000_000),
        (UNPLANTED, |n| Box::pin(session(Freeze::Task, Look::Unplanted, n)), 3_000_000),
        (BARE, |n| Box::pin(bare(false, false, n)), 300_000),
        ("bare handler + a local", |n| Box::pin(bare(true, false, n)), 300_000),
        ("filter in the handler + a local", |n| Box::pin(session(Freeze::Task, Look::Filter, n)), 300_000),
        ("false condition, engine's plan", |n| Box::pin(condition(n)), 300_000),
        ("next(), Freeze::Task", |n| Box::pin(session(Freeze::Task, Look::Nothing, n)), 300_000),
        ("next(), Freeze::Thread", |n| Box::pin(session(Freeze::Thread, Look::Nothing, n)), 300_000),
        ("next() + a local, Freeze::Task", |n| Box::pin(session(Freeze::Task, Look::Local, n)), 300_000),
        ("next() + a local, Freeze::Thread", |n| Box::pin(session(Freeze::Thread, Look::Local, n)), 300_000),
        ("Wasmtime's wrapper: run() + a local", |n| Box::pin(upstream(false, n)), 50_000),
        (BARE_STEP, |n| Box::pin(bare(false, true, n)), 100_000),
        ("next() at every operator (a round)", |n| Box::pin(session(Freeze::Thread, Look::Step, n)), 100_000),
        (ATTACH_BARE, |n| Box::pin(attach_bare(n)), 2_000),
        (ATTACH, |n| Box::pin(attach(n)), 2_000),
        (INTERRUPT, |n| Box::pin(interrupt(n)), 200),
        ("a call into the guest at a stop", |n| Box::pin(calls(n)), 50_000),
        ("Wasmtime's wrapper at every operator (a round)", |n| Box::pin(upstream(true, n)), 3_000),
    ]
}

fn main() {
    // `cargo bench -- --list` and friends are not for us; `--test` runs everything once, small.
    let quick = std::env::args().any(|a| a == "--test");
    let rounds = if quick { 1 } else { ROUNDS };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let mut times: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for _ in 0..rounds {
        for (name, case, n) in cases() {
            let n = if quick { 100 } else { n / SHARE };
            times.entry(name).or_default().push(runtime.block_on(case(n)));
        }
    }
    let least = |name: &str| times[name].iter().copied().fold(f64::INFINITY, f64::min);
    let mut figures = Figures::new().expect("a file for figures");
    figures.table("events", &["case", "ns", "× bare", "× plain"]).expect("written");
    println!("{:<50} {:>10} {:>8} {:>8}", "case", "ns", "× bare", "× plain");
    for (name, ..) in cases() {
        let ns = least(name);
        // A round of the loop at every operator: as many events as it has operators.
        let round = name.contains("(a round)") && ![DEBUGGABLE, UNPLANTED].contains(&name);
        let bare = least(if round { BARE_STEP } else { BARE });
        let plain = least(PLAIN);
        println!("{name:<50} {ns:>10.1} {:>8.2} {:>8.2}", ns / bare, ns / plain);
        let cells = [format!("{ns:.1}"), format!("{:.2}", ns / bare), format!("{:.1}", ns / plain)];
        figures.row("events", &[name, &cells[0], &cells[1], &cells[2]]).expect("written");
    }
    let step = least("next() at every operator (a round)") / f64::from(OPERATORS);
    let mut goal = |what: &str, goal: &str, reached: String| figures.goal(what, goal, &reached).expect("written");
    let with_local = least("next() + a local, Freeze::Thread");
    println!();
    goal(
        "an event seen by the debugger, with one local",
        "≤ 6 × a bare handler",
        format!("{:.1} ×", with_local / least(BARE)),
    );
    goal(
        "the same beside Wasmtime's wrapper",
        "≥ 5 × faster",
        format!("{:.1} × faster", least("Wasmtime's wrapper: run() + a local") / with_local),
    );
    goal(
        "a condition that is false, as the engine sends it to the guest's side",
        "≤ 0.5 µs a hit",
        format!("{:.3} µs", least("false condition, engine's plan") / 1000.0),
    );
    goal("instruction steps in the process", "≥ 5 M/s", format!("{:.1} M/s", 1000.0 / step));
    goal(
        "the guest with nothing planted, beside Wasmtime's own guest_debug",
        "≤ 1.02 ×",
        format!("{:.3} ×", least(UNPLANTED) / least(DEBUGGABLE)),
    );
    goal(
        "attaching, beyond what Wasmtime takes",
        "≤ 1 ms",
        format!("{:.4} ms", (least(ATTACH) - least(ATTACH_BARE)) / 1e6),
    );
    goal("an interrupt of a tight loop", "≤ 10 ms", format!("{:.3} ms", least(INTERRUPT) / 1e6));
}
