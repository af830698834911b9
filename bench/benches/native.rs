//! What native speed costs: the same guest in plain Wasmtime, in a session at native speed, and in one with guest debugging,
//! in one run; and what a trap costs that somebody looks at.
//!
//! Guests: a CPU-bound loop over memory, and a call-heavy recursion. Printed are the best of interleaved rounds of wall time,
//! and the ratio to plain; only the ratios mean something on another machine.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failure here is meant to be loud")]

use std::time::{Duration, Instant};

use freezeframe_bench::Figures;
use freezeframe_session::{Dbg, Event, Guests, Mode, Options, configure, debug_with};
use wasmtime::{Config, Engine, Instance, Module, Store};

const GUEST: &str = r#"(module
    (memory 16)
    (func $fib (param i32) (result i32)
        (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
            (then (local.get 0))
            (else (i32.add
                (call $fib (i32.sub (local.get 0) (i32.const 1)))
                (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func (export "calls") (result i32) (call $fib (i32.const 32)))
    (func (export "loop") (result i32)
        (local $i i32) (local $sum i32)
        (loop $again
            (local.set $sum (i32.add
                (i32.mul (local.get $sum) (i32.const 31))
                (i32.load (i32.and (i32.mul (local.get $i) (i32.const 68)) (i32.const 0xffffc)))))
            (i32.store (i32.and (i32.mul (local.get $i) (i32.const 36)) (i32.const 0xffffc)) (local.get $sum))
            (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 30000000))))
        (local.get $sum))
    (func (export "trap") (result i32) (i32.div_u (i32.const 1) (i32.const 0))))"#;

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

#[derive(Clone, Copy, PartialEq)]
enum How {
    Plain,
    Native,
    Detailed,
}

struct Runner {
    how: How,
    engine: Engine,
    module: Module,
    guests: Guests,
}

impl Runner {
    fn new(how: How) -> Self {
        let mut config = Config::new();
        if how == How::Detailed {
            configure(&mut config);
        }
        let engine = Engine::new(&config).expect("an engine");
        let module = Module::new(&engine, GUEST).expect("a module");
        let mut guests = Guests::default();
        if how == How::Native {
            // Nothing is looked up by its exports here.
            guests.module(&module, Vec::new()).expect("known code");
        }
        Self { how, engine, module, guests }
    }

    /// Calls an export so many times and gives the time of all calls, and what the debugger has seen.
    fn run(&self, export: &str, times: u32) -> (Duration, u32) {
        let mut store = Store::new(&self.engine, ());
        let body = async |store: &mut Store<()>| {
            let instance = Instance::new_async(&mut *store, &self.module, &[]).await.expect("an instance");
            let function = instance.get_typed_func::<(), i32>(&mut *store, export).expect("an export");
            let start = Instant::now();
            for _ in 0..times {
                let _ = std::hint::black_box(function.call_async(&mut *store, ()).await);
            }
            start.elapsed()
        };
        let mode = match self.how {
            How::Plain => return (block_on(body(&mut store)), 0),
            How::Native => Mode::Native(self.guests.clone()),
            How::Detailed => Mode::Detailed,
        };
        let options = Options { mode, ..Options::default() };
        let debugger = async |mut dbg: Dbg<()>| {
            let mut traps = 0;
            while let Some(event) = dbg.next().await {
                traps += u32::from(matches!(event, Event::Trap(_)));
            }
            traps
        };
        let (run, traps) = block_on(debug_with(&mut store, options, body, debugger)).expect("a session");
        (run.expect("not killed"), traps.expect("no panic"))
    }
}

/// How much memory this process has, in megabytes (Linux only).
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) * 1024.0 / 1e6
}

fn main() {
    let quick = std::env::args().any(|a| a == "--test");
    let rounds = if quick { 1 } else { 9 };
    let mut figures = Figures::new().expect("a file for figures");
    figures
        .table("native", &["guest", "plain", "at native speed", "in detail", "native ÷ plain", "detail ÷ plain"])
        .expect("written");
    // What any first run of Wasmtime's takes isn't counted.
    Runner::new(How::Plain).run("trap", 1);
    let mut held = Vec::new();
    let runners = [("plain", How::Plain), ("native", How::Native), ("detailed", How::Detailed)].map(|(name, how)| {
        let before = memory();
        let runner = Runner::new(how);
        // Once, so that what is made at the first run is there.
        runner.run("trap", 1);
        held.push(format!("{:.1} MB", memory() - before));
        (name, runner)
    });
    for (title, export, times) in [("CPU-bound loop", "loop", 1), ("calls", "calls", 1), ("a trap", "trap", 2000)] {
        let mut best = [Duration::MAX; 3];
        for _ in 0..rounds {
            for ((_, runner), best) in runners.iter().zip(&mut best) {
                let (time, traps) = runner.run(export, times);
                assert_eq!(traps, if export == "trap" && runner.how != How::Plain { times } else { 0 });
                *best = time.min(*best);
            }
        }
        println!("{title}");
        for ((name, _), time) in runners.iter().zip(best) {
            let each = time.as_secs_f64() / f64::from(times);
            println!("  {name:<9} {:>12.1} µs  {:>5.2}x", each * 1e6, time.as_secs_f64() / best[0].as_secs_f64());
        }
        let each = best.map(|time| format!("{:.1} µs", time.as_secs_f64() * 1e6 / f64::from(times)));
        let ratio = [1, 2].map(|at| format!("{:.3}", best[at].as_secs_f64() / best[0].as_secs_f64()));
        let cells = [title, &each[0], &each[1], &each[2], &ratio[0], &ratio[1]];
        figures.row("native", &cells).expect("written");
        if export != "trap" {
            let what = format!("the guest under `run`, beside plain Wasmtime: {title}");
            figures.goal(&what, "≤ 1.03 ×", &format!("{} ×", ratio[0])).expect("written");
        }
    }
    let text = |at: usize| runners[at].1.module.text().len();
    println!("memory of engine, module and one run: plain {}, native {}, detailed {}", held[0], held[1], held[2]);
    figures
        .row("native", &["memory of engine, module and one run", &held[0], &held[1], &held[2], "", ""])
        .expect("written");
    println!("machine code: plain {} bytes, native {}, detailed {}", text(0), text(1), text(2));
    assert_eq!(runners[0].1.module.text(), runners[1].1.module.text(), "native speed changes no code");
}
