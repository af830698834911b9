//! The seam for editors: one line of the embedder's lets a front end attach.
//!
//! `attach` takes the embedder's store and code, and any front end that speaks the `Debuggee` contract. The guest gets a
//! thread of its own with the near half of `freezeframe::live`; the front end, here in the main thread, holds the far
//! half: it sends stop plans, waits for events and asks queries, all plain data, without a lifetime or a type of
//! Wasmtime's. The front end of this example is a function that prints; that for editors (`freezeframe::dap`, see the
//! example `http`) plugs in at the same place.
//!
//! Choose it when the debugger is a program of its own kind: an editor, a remote console, something with its own threads.
//!
//! Run it: `cargo run --release --example editor`

use std::thread;

use freezeframe::{
    Freeze, Options, debug_with,
    debuggee::{Answer, Debuggee, Ended, Event, Op, Program, Query, Rule, RuleId, Site, StopPlan, WasmValue},
    live::{LiveOptions, live},
};
use wasmtime::{Config, Engine, Instance, Module, Store};

/// Runs `body` on a thread of its own, under `front_end`.
fn attach<T: Send + 'static>(
    mut store: Store<T>,
    modules: Vec<(Option<String>, Module)>,
    body: impl AsyncFnOnce(&mut Store<T>) -> wasmtime::Result<Vec<WasmValue>> + Send + 'static,
    front_end: impl FnOnce(&mut dyn Debuggee) -> wasmtime::Result<()>,
) -> wasmtime::Result<()> {
    // With `complete` the guest doesn't pay for a watch for further modules.
    let (mut debuggee, near, ender) = live::<T>(LiveOptions { modules, complete: true });
    let guest = thread::Builder::new().name("guest".to_owned()).spawn(move || {
        // The near half is made for this policy: between stop and resume nothing on the guest's thread moves.
        let options = Options { freeze: Freeze::Thread, ..Options::default() };
        let session = debug_with(&mut store, options, body, near.debugger());
        ender.end(match pollster::block_on(session) {
            Ok((Ok(Ok(values)), _)) => Ended::Returned(values),
            Ok((Ok(Err(error)), _)) => Ended::Trapped { message: format!("{error:?}") },
            Ok((Err(_killed), _)) => Ended::Killed,
            Err(error) => Ended::Failed { message: error.to_string() },
        });
    })?;
    let result = front_end(&mut debuggee);
    // A front end that left early has no more use for the guest: dropping the far half kills it.
    drop(debuggee);
    guest.join().map_err(|_| wasmtime::Error::msg("the guest's thread panicked"))?;
    result
}

/// Function 0 is `fact`, function 1 is `run`.
const GUEST: &str = r#"(module
  (func $fact (param $n i32) (result i32)
    (if (result i32) (i32.eqz (local.get $n))
      (then (i32.const 1))
      (else (i32.mul (local.get $n) (call $fact (i32.sub (local.get $n) (i32.const 1)))))))
  (func (export "run") (result i32) (call $fact (i32.const 5))))"#;

const FACT: u32 = 0;

/// Stands for an editor: stops where the guest enters `fact`, then where its argument is 2.
fn print_stops(guest: &mut dyn Debuggee) -> wasmtime::Result<()> {
    let mut planted = false;
    while let Some(event) = guest.next_event(None)? {
        let stop = match event {
            Event::Stopped(stop) => stop,
            // What rules counted and took down without stopping; this plan's do neither.
            Event::Passed(_) => continue,
            Event::Ended(ended) => {
                println!("ended: {ended:?}");
                break;
            }
        };
        // Queries go in batches: one way to the guest's thread and back.
        let answers = guest.query(vec![Query::Frames { limit: 100 }, Query::Locals { frame: 0 }])?;
        let [Ok(Answer::Frames(frames)), locals] = &answers[..] else { break };
        let plan = match frames.first() {
            // An editor gets the place from the debug information; this one steps until it's there.
            Some(top) if top.function == FACT && !planted => {
                println!("{:?}: in `fact`; from here on only where its argument is 2", stop.reason);
                planted = true;
                break_at(Site { module: top.module, pc: top.pc })?
            }
            Some(_) if planted => {
                // What can't be had says so in its place.
                match locals {
                    Ok(Answer::Values(values)) => println!("{:?}: locals {values:?}", stop.reason),
                    Ok(_) => break,
                    Err(why) => println!("{:?}: no locals: {why}", stop.reason),
                }
                for (n, frame) in frames.iter().enumerate() {
                    println!("  #{n} function {} at {}", frame.function, frame.pc);
                }
                StopPlan::default()
            }
            _ => StopPlan { next_operator: true, ..StopPlan::default() },
        };
        guest.resume(plan)?;
    }
    Ok(())
}

/// A breakpoint with a condition, which is decided on the guest's side: local 0 is 2.
fn break_at(site: Site) -> wasmtime::Result<StopPlan> {
    let condition = Some(Program::new(vec![Op::Local(0), Op::Const(2), Op::Eq])?);
    let rule = Rule { condition, ..Rule::at(RuleId(1), site) };
    Ok(StopPlan { rules: vec![rule], ..StopPlan::default() })
}

fn main() -> wasmtime::Result<()> {
    let mut config = Config::new();
    freezeframe::configure(&mut config);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, GUEST)?;
    let store = Store::new(&engine, ());
    let running = module.clone();
    let body = async move |store: &mut Store<()>| {
        let instance = Instance::new_async(&mut *store, &running, &[]).await?;
        let run = instance.get_typed_func::<(), i32>(&mut *store, "run")?;
        Ok(vec![WasmValue::I32(run.call_async(&mut *store, ()).await?)])
    };
    attach(store, vec![(Some("fact.wasm".to_owned()), module)], body, print_stops)
}
