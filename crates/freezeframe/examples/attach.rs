//! The smallest shape: existing code with a borrowed store, wrapped in one call of `freezeframe::debug`.
//!
//! Choose it when your code is async already and the debugger's work is done in this process: a tracer, a profiler, a
//! test that looks inside, a check that runs at a certain function.
//!
//! Run it: `cargo run --release --example attach`

use std::panic::resume_unwind;

use freezeframe::Event;
use wasmtime::{Config, Engine, Instance, Module, Store};

/// Function 0 is `total`, function 1 is `order`.
const GUEST: &str = r#"(module
  (memory (export "memory") 1)
  (data (i32.const 0) "\0a")                                 ;; what one piece costs: 10
  (func $total (param $count i32) (result i32)
    (i32.mul (local.get $count) (i32.load (i32.const 0))))
  (func (export "order") (param $count i32) (result i32)
    (call $total (local.get $count))))"#;

const TOTAL: u32 = 0;

/// The embedder's own code. It doesn't know that there are debuggers.
async fn order(store: &mut Store<()>, instance: &Instance, count: i32) -> wasmtime::Result<i32> {
    let order = instance.get_typed_func::<i32, i32>(&mut *store, "order")?;
    order.call_async(&mut *store, count).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> wasmtime::Result<()> {
    let mut config = Config::new();
    // The one line that an engine needs.
    freezeframe::configure(&mut config);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, GUEST)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new_async(&mut store, &module, &[]).await?;

    let (run, verdict) = freezeframe::debug(
        &mut store,
        async |store| Ok::<_, wasmtime::Error>((order(store, &instance, 3).await?, order(store, &instance, 5).await?)),
        async |mut dbg| {
            while let Some(event) = dbg.next().await {
                match event {
                    // Nothing runs yet. Where `total` begins isn't known here, so that we step until we are in it; a
                    // debugger that reads the module (example event_filter) plants its breakpoint at once.
                    Event::Attached => dbg.try_with(|stop| stop.single_step(true))?,
                    Event::Step => dbg.with(|stop| {
                        let Some(top) = stop.frames().next() else { return Ok(()) };
                        let at = top.position()?;
                        if at.function == TOTAL {
                            stop.single_step(false)?;
                            stop.add_breakpoint(&at.module, at.pc)?;
                            // The guest stands there already: the next call of `total` is the first to hit it.
                            println!("a breakpoint at the first operator of function {TOTAL}");
                        }
                        Ok::<_, freezeframe::Error>(())
                    })??,
                    Event::Breakpoint { .. } => dbg.with(|stop| {
                        println!("stopped:");
                        let mut instance = None;
                        for (n, frame) in stop.frames().enumerate() {
                            println!("  #{n} function {} locals {:?}", frame.position()?.function, frame.locals()?);
                            instance = Some(frame.instance()?);
                        }
                        // The store is at hand, with all of Wasmtime's API that doesn't run the guest.
                        let memory = instance.and_then(|instance| instance.get_memory(stop.store(), "memory"));
                        if let Some(memory) = memory {
                            let price = memory.data(stop.store())[0];
                            println!("  a piece costs {price}; make it {}", price + 90);
                            memory.write(stop.store(), 0, &[price + 90])?;
                        }
                        Ok::<_, wasmtime::Error>(())
                    })??,
                    other => println!("{other:?}"),
                }
            }
            // The body is over. Whatever was planted is taken out of the store.
            Ok::<_, wasmtime::Error>("the debugger is done")
        },
    )
    .await?;

    // A debugger that panics is over and its guest finishes; what to do with the panic is the embedder's choice.
    println!("{}", verdict.unwrap_or_else(|panic| resume_unwind(panic))?);
    let (three, five) = run??; // outer: whether the debugger killed it; inner: the embedder's own result
    println!("3 pieces: {three}, 5 pieces: {five}");

    // The store is the embedder's again; from the session on, by Wasmtime's async functions only.
    println!("without a debugger: {}", order(&mut store, &instance, 1).await?);
    Ok(())
}
