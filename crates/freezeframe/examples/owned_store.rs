//! A guest with a thread of its own: an async function that takes the store by value, steered from another thread.
//!
//! Choose it when guests run for long on worker threads, and somebody elsewhere (a console, an admin page, a watchdog)
//! wants to stop one that spins, look at it and end it.
//!
//! Run it: `cargo run --release --example owned_store`

use std::{sync::mpsc, thread};

use freezeframe::{Control, Event, Freeze, Killed, Options, debug_with};
use futures::{StreamExt, channel::mpsc as commands};
use wasmtime::{Config, Engine, Instance, Module, Store};

const GUEST: &str = r#"(module
  (func (export "spin") (param $job i32) (result i32)
    (loop $forever (br $forever))
    (unreachable))
  (func (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))"#;

/// What the worker tells the main thread.
enum Report {
    /// The session has begun; this acts on it, from any thread.
    Started(Control),
    /// The guest stands still.
    Stopped(String),
}

/// What the main thread may tell a debugger whose guest is stopped.
struct Resume;

/// The worker: it owns the store, and gives it back in the end.
async fn work(
    mut store: Store<()>,
    instance: Instance,
    job: i32,
    reports: mpsc::Sender<Report>,
    mut commands: commands::UnboundedReceiver<Resume>,
) -> wasmtime::Result<(Store<()>, Result<i32, Killed>)> {
    let spin = instance.get_typed_func::<i32, i32>(&mut store, "spin")?;
    // The thread is the guest's alone: nothing else has to go on while the guest stands still.
    let options = Options { freeze: Freeze::Thread, ..Options::default() };
    let (run, verdict) = debug_with(
        &mut store,
        options,
        async |store| spin.call_async(&mut *store, job).await,
        async |mut dbg| {
            let _ = reports.send(Report::Started(dbg.control()));
            while let Some(event) = dbg.next().await {
                if let Event::Interrupted = event {
                    let seen = dbg.with(|stop| {
                        let Some(top) = stop.frames().next() else { return Ok("nowhere".to_owned()) };
                        let (function, job) = (top.position()?.function, top.local(0)?);
                        Ok::<_, freezeframe::Error>(format!("in function {function}, whose job is {job:?}"))
                    })??;
                    let _ = reports.send(Report::Stopped(seen));
                    // Awaited, not blocked on: a kill reaches a stopped guest only while its debugger waits. It is the
                    // main thread that wakes us, as Freeze::Thread asks for.
                    let Some(Resume) = commands.next().await else {
                        // A debugger that ends leaves its guest to run on alone, and nobody could stop it any more.
                        dbg.control().kill();
                        break;
                    };
                }
            }
            Ok::<_, freezeframe::Error>(())
        },
    )
    .await?;
    match verdict {
        Ok(verdict) => verdict?,
        Err(_panic) => eprintln!("the debugger panicked; the guest has gone on without it"),
    }
    let run = match run {
        Ok(result) => Ok(result?),
        Err(killed) => Err(killed),
    };
    Ok((store, run))
}

fn main() -> wasmtime::Result<()> {
    let mut config = Config::new();
    // Turns epoch interruption on, too: without it a spinning guest can't be made to look up.
    freezeframe::configure(&mut config);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, GUEST)?;
    let mut store = Store::new(&engine, ());
    let instance = pollster::block_on(Instance::new_async(&mut store, &module, &[]))?;

    let (tell, reports) = mpsc::channel();
    let (command, commands) = commands::unbounded();
    let worker = thread::spawn(move || pollster::block_on(work(store, instance, 42, tell, commands)));

    let mut control = None;
    let mut stops = 0;
    // Ends when the worker has dropped its side, whatever became of it.
    while let Ok(report) = reports.recv() {
        match report {
            Report::Started(started) => {
                started.interrupt()?;
                control = Some(started);
            }
            Report::Stopped(what) => {
                stops += 1;
                println!("stop {stops}: {what}");
                let Some(control) = &control else { continue };
                let _ = command.unbounded_send(Resume);
                match stops {
                    // It goes on, and is stopped once more.
                    1 => control.interrupt()?,
                    _ => control.kill(),
                }
            }
        }
    }
    let (mut store, run) = worker.join().map_err(|_| wasmtime::Error::msg("the worker panicked"))??;
    match run {
        Ok(result) => println!("it returned {result}"),
        Err(killed) => println!("{killed}"),
    }
    // Only the call is gone. The session leaves the store with an epoch deadline that is never reached.
    let double = instance.get_typed_func::<i32, i32>(&mut store, "double")?;
    println!("the store lives: {}", pollster::block_on(double.call_async(&mut store, 21))?);
    Ok(())
}
