//! A filter: decides next to the guest, without waking the debugger, whether an event is a stop.
//!
//! Choose it when a place is passed far more often than it matters: conditional breakpoints, hit counts, sampling. A hit
//! that the filter lets pass costs a few function calls, no poll of the debugger and no switch of tasks.
//!
//! Run it: `cargo run --release --example event_filter`

use std::{
    panic::resume_unwind,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use freezeframe::{Event, Verdict};
use wasmtime::{Config, Engine, Instance, Module, Store};

/// Function 0 is `visit`, function 1 is `run`.
const GUEST: &str = r#"(module
  (global $sum (mut i32) (i32.const 0))
  (func $visit (param $i i32)
    (global.set $sum (i32.add (global.get $sum) (i32.and (local.get $i) (i32.const 1)))))
  (func (export "run") (param $n i32) (result i32) (local $i i32)
    (loop $next
      (call $visit (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
    (global.get $sum)))"#;

const VISIT: u32 = 0;

#[tokio::main(flavor = "current_thread")]
async fn main() -> wasmtime::Result<()> {
    let mut config = Config::new();
    freezeframe::configure(&mut config);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, GUEST)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new_async(&mut store, &module, &[]).await?;
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;

    let asked = Arc::new(AtomicU32::new(0));
    let (sum, stops) = freezeframe::debug(
        &mut store,
        async |store| run.call_async(&mut *store, 100_000).await,
        async |mut dbg| {
            let counter = asked.clone();
            // The filter lives as long as the session and owns what it uses. It's asked for every event but the first,
            // so that it says yes to whatever isn't its business: a trap should stop.
            dbg.set_filter(Some(Box::new(move |stop, event| {
                counter.fetch_add(1, Relaxed);
                let Event::Breakpoint { .. } = event else { return Verdict::Stop };
                let i = stop.frames().next().and_then(|top| top.local(0).ok()?.i32());
                match i {
                    Some(i) if i == 0 || i % 25_000 != 0 => Verdict::Resume,
                    // The condition holds, or can't be evaluated: then a person should see why.
                    _ => Verdict::Stop,
                }
            })));
            let mut stops = 0;
            while let Some(event) = dbg.next().await {
                match event {
                    Event::Attached => {
                        dbg.with(|stop| {
                            let entry = stop.function_entry(&module, VISIT).unwrap_or_default();
                            stop.add_breakpoint(&module, entry)
                        })??;
                    }
                    Event::Breakpoint { .. } => {
                        stops += 1;
                        dbg.with(|stop| {
                            let Some(top) = stop.frames().next() else { return Ok(()) };
                            println!("stop {stops}: visit({:?})", top.local(0)?);
                            Ok::<_, freezeframe::Error>(())
                        })??;
                    }
                    other => println!("{other:?}"),
                }
            }
            Ok::<_, wasmtime::Error>(stops)
        },
    )
    .await?;
    let stops = stops.unwrap_or_else(|panic| resume_unwind(panic))?;
    println!("the guest's result: {}", sum??);
    println!("the filter was asked {} times, the debugger stopped {stops} times", asked.load(Relaxed));
    Ok(())
}
