//! A plain `fn main`: no tokio, a store that was used synchronously before, a debugger that is a loop.
//!
//! Choose it when your program has no executor. `pollster` (or any `block_on`) runs the session; with `Freeze::Thread` the
//! debugger may also block, say on a line from the terminal, because nothing else lives on this thread.
//!
//! Run it: `cargo run --release --example sync_main`

use std::panic::resume_unwind;

use freezeframe::{Event, Freeze, Options, debug_with};
use wasmtime::{Config, Engine, Instance, Module, Store};

const GUEST: &str = r#"(module
  (global $calls (export "calls") (mut i32) (i32.const 0))
  (func (export "square") (param $x i32) (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i32.mul (local.get $x) (local.get $x))))"#;

fn main() -> wasmtime::Result<()> {
    let mut config = Config::new();
    freezeframe::configure(&mut config);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, GUEST)?;
    let mut store = Store::new(&engine, ());
    // `configure` has turned epoch interruption on, and a new store's deadline has passed: a guest that runs outside of a
    // session would trap. Inside, the session looks after it.
    store.set_epoch_deadline(u64::MAX / 2);

    // Until the first session the store works with Wasmtime's synchronous functions.
    let instance = Instance::new(&mut store, &module, &[])?;
    let square = instance.get_typed_func::<i32, i32>(&mut store, "square")?;
    println!("before: {}", square.call(&mut store, 3)?);

    let options = Options { freeze: Freeze::Thread, ..Options::default() };
    let session = debug_with(
        &mut store,
        options,
        async |store| square.call_async(&mut *store, 4).await,
        // The debugger: a tracer. `next()` runs the guest as far as the next event, `with` looks at it.
        async |mut dbg| {
            let mut steps = 0;
            loop {
                match dbg.next().await {
                    Some(Event::Attached) => dbg.try_with(|stop| stop.single_step(true))?,
                    Some(Event::Step) => {
                        steps += 1;
                        dbg.with(|stop| {
                            let Some(top) = stop.frames().next() else { return Ok(()) };
                            println!("  {:#x} operands {:?}", top.pc()?, top.operands()?);
                            Ok::<_, freezeframe::Error>(())
                        })??;
                    }
                    Some(other) => println!("  {other:?}"),
                    // The body is over.
                    None => return Ok::<_, freezeframe::Error>(steps),
                }
            }
        },
    );
    let (run, steps) = pollster::block_on(session)?;
    let steps = steps.unwrap_or_else(|panic| resume_unwind(panic))?;
    println!("traced: {} in {steps} steps", run??);

    // From a session on, the store wants Wasmtime's async functions: a synchronous call is an error, not a surprise.
    match square.call(&mut store, 5) {
        Ok(result) => println!("after: {result}"),
        Err(_) => println!("after: no synchronous calls"),
    }
    println!("after: {}", pollster::block_on(square.call_async(&mut store, 5))?);
    if let Some(calls) = instance.get_global(&mut store, "calls") {
        println!("the guest has counted {:?} calls", calls.get(&mut store));
    }
    Ok(())
}
