//! The debugger calls functions of the guest while the guest is stopped.
//!
//! Choose it to evaluate something in the guest's own words: its formatter, its checker, its allocator. `Dbg::call` starts
//! a call that can itself be debugged, with stops within it; `Dbg::with_async` runs one through, without stops.
//!
//! Run it: `cargo run --release --example calls`

use std::panic::resume_unwind;

use freezeframe::{Dbg, Event};
use wasmtime::{Config, Engine, Func, Instance, Module, Store, Val};

/// Function 0 is `check`, function 1 is `run`.
const GUEST: &str = r#"(module
  (func $check (export "check") (param $n i32) (result i32)
    (i32.rem_u (i32.const 100) (local.get $n)))
  (func (export "run") (param $n i32) (result i32)
    (i32.add (local.get $n) (i32.const 1))))"#;

/// Says where the guest stands; a call that the debugger has made is an activation of its own.
fn print_stack(dbg: &Dbg<()>) -> wasmtime::Result<()> {
    dbg.with(|stop| {
        for frame in stop.frames() {
            let function = frame.position()?.function;
            println!("  activation {}: function {function} {:?}", frame.activation(), frame.locals()?);
        }
        Ok(())
    })?
}

async fn debugger(mut dbg: Dbg<()>, check: Func) -> wasmtime::Result<()> {
    let mut arguments = vec![0, 7];
    while let Some(event) = dbg.next().await {
        match event {
            Event::Attached => dbg.try_with(|stop| stop.single_step(true))?,
            Event::Step => {
                println!("a step");
                print_stack(&dbg)?;
                if let Some(n) = arguments.pop() {
                    println!("call check({n}); stops within it are events as any other");
                    dbg.call(check, &[Val::I32(n)])?;
                } else {
                    // Both calls are on the stack now, the second within the first. No stop at each operator any more.
                    dbg.try_with(|stop| stop.single_step(false))?;
                }
            }
            // A trap in a call that the debugger made is a stop, too; then that call, not the guest, has failed.
            Event::Trap(trap) => {
                println!("{trap}");
                print_stack(&dbg)?;
            }
            Event::CallFinished { result: Ok(returned), .. } => {
                // They are read within the stop, because they may be references into its store.
                let values = dbg.with(|stop| returned.values(stop).iter().filter_map(Val::i32).collect::<Vec<_>>())?;
                println!("it has returned {values:?}; the guest stands where it was:");
                print_stack(&dbg)?;
                // Run through at once: its future owns what it uses, because it's the stop that runs it.
                let rest = dbg
                    .with_async(move |mut stop| {
                        Box::pin(async move {
                            let check = check.typed::<i32, i32>(stop.store())?;
                            check.call_async(stop.store(), 30).await
                        })
                    })
                    .await??;
                println!("check(30) without stops: {rest}");
            }
            Event::CallFinished { result: Err(_), .. } => println!("it has failed, and the guest knows nothing of it"),
            other => println!("{other:?}"),
        }
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> wasmtime::Result<()> {
    let mut config = Config::new();
    freezeframe::configure(&mut config);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, GUEST)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new_async(&mut store, &module, &[]).await?;
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
    // A function that isn't exported is found by its index: `instance.debug_function(&mut store, 0)`.
    let check = instance.get_func(&mut store, "check").ok_or_else(|| wasmtime::Error::msg("no check"))?;

    let (result, verdict) = freezeframe::debug(
        &mut store,
        async |store| run.call_async(&mut *store, 41).await,
        async |dbg| debugger(dbg, check).await,
    )
    .await?;
    verdict.unwrap_or_else(|panic| resume_unwind(panic))?;
    println!("the guest's own result: {}", result??);
    Ok(())
}
