//! Host code around a stop: Wasm calls an async host function, which calls Wasm in one of the ways below, and that stops.
//! One row is one way; the table in `docs/frozen.md` is made of these rows and compared with them.
// Helpers beside the tests are tests, too.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use common::*;
use freezeframe_session::{Dbg, Error, Event, Freeze, Killed, debug_with};
use futures::{FutureExt, StreamExt, future::Either, stream::FuturesUnordered};
use wasmtime::{Caller, Linker, Module, Store};

/// Counts how often the host's other future was polled.
type Ticks = Arc<AtomicU32>;

/// What the host does with its call into the guest.
enum Host {
    Async(fn(Ticks) -> Wrap),
    /// A synchronous host function that blocks its thread on the call.
    Blocks,
}

/// What becomes of the guest's call under `Freeze::Task`; under `Freeze::Thread` nothing ever does.
#[derive(Clone, Copy, PartialEq)]
enum Task {
    /// The same as without a debugger.
    Same,
    /// The host drops it while it's stopped, and gives this instead.
    Dropped(i32),
}

struct Row {
    what: &'static str,
    host: Host,
    /// The result without a debugger.
    result: i32,
    /// Whether the guest is called at all.
    called: bool,
    task: Task,
    /// Under `Freeze::Task`, the host's other future goes on during the stop.
    moves: bool,
}

/// A host future that is polled some times, then gives a number.
async fn ticker(ticks: Ticks, times: u32) -> wasmtime::Result<i32> {
    for _ in 0..times {
        ticks.fetch_add(1, SeqCst);
        tokio::task::yield_now().await;
    }
    Ok(100)
}

/// Polls two futures in this order, and drops the one that isn't first.
async fn race<'a>(first: HostCall<'a>, second: HostCall<'a>) -> wasmtime::Result<i32> {
    futures::future::select(first, second).await.factor_first().0
}

/// Shorter than the debugger thinks.
const SHORT: Duration = Duration::from_millis(10);
const THINK: Duration = Duration::from_millis(30);

const DROPPED: i32 = -2;

fn gives(value: i32) -> HostCall<'static> {
    Box::pin(std::future::ready(Ok(value)))
}

fn timeout(limit: Duration) -> Wrap {
    Arc::new(move |call| {
        Box::pin(async move { tokio::time::timeout(limit, call).await.unwrap_or(Ok(DROPPED)) }) as HostCall<'_>
    })
}

fn rows() -> Vec<Row> {
    let row = |what, result, task, host: fn(Ticks) -> Wrap| Row {
        what,
        host: Host::Async(host),
        result,
        called: true,
        task,
        moves: false,
    };
    vec![
        row("awaits it", 16, Task::Same, |_| plain()),
        row("`select`, the guest first, the other one ready at once", 16, Task::Dropped(DROPPED), |_| {
            Arc::new(|call| Box::pin(race(call, gives(DROPPED))))
        }),
        Row {
            moves: true,
            ..row("`select`, the guest first, the other one pending", 16, Task::Same, |ticks| {
                Arc::new(move |call| Box::pin(race(call, Box::pin(ticker(ticks.clone(), u32::MAX)))))
            })
        },
        Row {
            called: false,
            ..row("`select`, the other one first and ready at once", DROPPED, Task::Same, |_| {
                Arc::new(|call| Box::pin(race(gives(DROPPED), call)))
            })
        },
        Row {
            moves: true,
            ..row("`select`, the other one first and pending", 16, Task::Same, |ticks| {
                Arc::new(move |call| Box::pin(race(Box::pin(ticker(ticks.clone(), u32::MAX)), call)))
            })
        },
        row("`timeout`, over during the stop", 16, Task::Dropped(DROPPED), |_| timeout(SHORT)),
        row("`timeout`, longer than the stop", 16, Task::Same, |_| timeout(Duration::from_secs(3600))),
        Row {
            moves: true,
            ..row("`join` with another future", 116, Task::Same, |ticks| {
                Arc::new(move |call| {
                    let other = ticker(ticks.clone(), 3);
                    Box::pin(async move {
                        let (inner, other) = futures::future::join(call, other).await;
                        Ok(inner? + other?)
                    })
                })
            })
        },
        Row {
            moves: true,
            ..row("`FuturesUnordered`, all of them", 116, Task::Same, |ticks| {
                Arc::new(move |call| {
                    let all: [HostCall<'_>; 2] = [call, Box::pin(ticker(ticks.clone(), 3))];
                    Box::pin(async move {
                        let all: Vec<_> = FuturesUnordered::from_iter(all).collect().await;
                        all.into_iter().sum()
                    })
                })
            })
        },
        row("`FuturesUnordered`, the first one, another one ready at once", 16, Task::Dropped(DROPPED), |_| {
            Arc::new(|call| {
                Box::pin(async move { FuturesUnordered::from_iter([call, gives(DROPPED)]).next().await.unwrap() })
            })
        }),
        row("`now_or_never`", 16, Task::Dropped(DROPPED), |_| {
            Arc::new(|call| Box::pin(async move { call.now_or_never().unwrap_or(Ok(DROPPED)) }))
        }),
        row("`catch_unwind`", 16, Task::Same, |_| {
            Arc::new(|call| Box::pin(async move { AssertUnwindSafe(call).catch_unwind().await.unwrap() }))
        }),
        Row {
            host: Host::Blocks,
            ..row("`block_on`, in a host function that isn't async", 16, Task::Same, |_| plain())
        },
    ]
}

/// A guest whose `outer` calls the host in this row's way.
async fn guest(row: &Row, ticks: &Ticks) -> Sandwich {
    match row.host {
        Host::Async(wrap) => sandwich(wrap(ticks.clone())).await,
        Host::Blocks => {
            let engine = engine();
            let mut linker = Linker::new(&engine);
            linker.func_wrap("h", "fail", || {}).unwrap();
            linker
                .func_wrap("h", "host", |mut caller: Caller<'_, ()>, x: i32| {
                    let bp = caller.get_export("bp").unwrap().into_func().unwrap().typed::<i32, i32>(&caller)?;
                    pollster::block_on(bp.call_async(&mut caller, x))
                })
                .unwrap();
            let module = Module::new(&engine, MAIN).unwrap();
            let mut store = Store::new(&engine, ());
            store.set_epoch_deadline(u64::MAX / 2);
            let instance = linker.instantiate_async(&mut store, &module).await.unwrap();
            let outer = instance.get_typed_func::<i32, i32>(&mut store, "outer").unwrap();
            let pc = nops(&module)[0];
            Sandwich { store, module, instance, outer, pc }
        }
    }
}

/// Ready in a while; the waking comes from another thread.
fn from_a_thread() -> futures::channel::oneshot::Receiver<()> {
    let (tell, told) = futures::channel::oneshot::channel();
    std::thread::spawn(move || {
        std::thread::sleep(THINK);
        let _ = tell.send(());
    });
    told
}

/// What the debugger does at a stop: it really waits. With `Freeze::Task` it does so on the guest's own reactor.
async fn think(dbg: &Dbg<()>, freeze: Freeze, row: &Row, ticks: &Ticks) {
    let depth = || dbg.with(|stop| stop.frames().count());
    assert_eq!(depth().unwrap(), 2);
    let before = ticks.load(SeqCst);
    match (freeze, &row.host) {
        (Freeze::Thread, _) => from_a_thread().await.unwrap(),
        (Freeze::Task, Host::Blocks) => {
            // The host holds the reactor's thread: a timer of the reactor doesn't come, whatever the session does.
            let timer = std::pin::pin!(tokio::time::sleep(Duration::from_millis(1)));
            assert!(matches!(futures::future::select(timer, from_a_thread()).await, Either::Right(_)));
        }
        (Freeze::Task, _) => {
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_millis(2)).await;
            // The host may be about to drop the guest: that ends this wait, no length of time does.
            while row.task != Task::Same && depth().is_ok() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }
    let moved = ticks.load(SeqCst) > before;
    assert_eq!(moved, freeze == Freeze::Task && row.moves, "{}: {freeze:?}", row.what);
    match (freeze, row.task) {
        (Freeze::Task, Task::Dropped(_)) => assert!(matches!(depth(), Err(Error::NotStopped))),
        _ => assert_eq!(depth().unwrap(), 2, "{}: {freeze:?}", row.what),
    }
}

/// One session around `outer`; its result and the events' names.
async fn session(guest: &mut Sandwich, freeze: Freeze, row: &Row, ticks: &Ticks) -> (i32, Vec<String>) {
    let Sandwich { store, module, outer, pc, .. } = guest;
    let (run, events) = debug_with(
        store,
        options(freeze),
        async |store| outer.call_async(&mut *store, 9).await,
        async |mut dbg| {
            let mut events = vec![];
            while let Some(event) = dbg.next().await {
                events.push(name(&event));
                match event {
                    Event::Attached => {
                        dbg.with(|stop| stop.add_breakpoint(module, *pc)).unwrap().unwrap();
                    }
                    Event::Breakpoint { .. } => think(&dbg, freeze, row, ticks).await,
                    _ => assert!(matches!(dbg.with(|_| ()), Err(Error::NotStopped))),
                }
            }
            events
        },
    )
    .await
    .unwrap();
    (run.unwrap().unwrap(), events.unwrap())
}

/// A breakpoint in a call without any host code around it is hit, and the call gives its result.
async fn still_debuggable(guest: &mut Sandwich, freeze: Freeze) {
    let bp = guest.instance.get_typed_func::<i32, i32>(&mut guest.store, "bp").unwrap();
    assert_eq!(guest.store.breakpoints().unwrap().count(), 0, "a session leaves nothing planted");
    let (module, pc) = (&guest.module, guest.pc);
    let (run, hits) = debug_with(
        &mut guest.store,
        options(freeze),
        async |store| bp.call_async(&mut *store, 30).await,
        async |mut dbg| {
            dbg.next().await;
            dbg.with(|stop| stop.add_breakpoint(module, pc)).unwrap().unwrap();
            let mut hits = vec![];
            while dbg.next().await.is_some() {
                hits.push(dbg.with(|stop| stop.frames().next().unwrap().local(0).unwrap().unwrap_i32()).unwrap());
            }
            hits
        },
    )
    .await
    .unwrap();
    assert_eq!((run.unwrap().unwrap(), hits.unwrap()), (16, vec![30]));
}

fn cell(result: &str, events: &[String]) -> String {
    format!("{result}; {}", events.iter().map(|event| format!("`{event}`")).collect::<Vec<_>>().join(", "))
}

/// Every row, both ways of freezing. `Freeze::Thread` changes no result: a handler that gave its waiting on to the host
/// would, in each row whose result under `Freeze::Task` is another one. `Freeze::Task` tells of each dropped guest, and
/// never hangs. After each session the store is used again, alone and under a debugger.
fn table() -> Vec<String> {
    let mut lines = vec![];
    for row in rows() {
        let mut line = format!("| {} |", row.what);
        for freeze in [Freeze::Thread, Freeze::Task] {
            let cells = current().block_on(async {
                let ticks = Ticks::default();
                let mut guest = guest(&row, &ticks).await;
                let plain = guest.outer.call_async(&mut guest.store, 9).await.unwrap();
                assert_eq!(plain, row.result, "{}", row.what);
                let (want, dropped) = match (freeze, row.task) {
                    (Freeze::Task, Task::Dropped(result)) => (result, &["Cancelled", "Lost"][..]),
                    _ => (plain, &[][..]),
                };
                let stops: &[&str] = if row.called { &["Attached", "Breakpoint"] } else { &["Attached"] };
                let mut cells = vec![];
                for _ in 0..2 {
                    let (result, events) = session(&mut guest, freeze, &row, &ticks).await;
                    assert_eq!(result, want, "{}: {freeze:?}", row.what);
                    assert_eq!(events, [stops, dropped].concat(), "{}: {freeze:?}", row.what);
                    let again = guest.outer.call_async(&mut guest.store, 9).await.unwrap();
                    assert_eq!(again, plain, "{}: {freeze:?}, the store afterwards", row.what);
                    still_debuggable(&mut guest, freeze).await;
                    let result = if result == plain { "the same" } else { "the host's other one" };
                    cells.push(cell(result, &events));
                }
                cells
            });
            line.push_str(&format!(" {} |", cells[0]));
        }
        lines.push(line);
    }
    lines
}

/// The whole session is a task of a runtime with threads, and is aborted from another thread while the guest is stopped.
/// Under `Freeze::Thread` an abort has to wait for the session like any other host code; under `Freeze::Task` the guest
/// and the debugger are dropped, and nobody is left to be told of it. The store comes back in either case.
fn aborted(freeze: Freeze) -> String {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let guest = Arc::new(tokio::sync::Mutex::new(pollster::block_on(sandwich(plain()))));
    let plain = {
        let mut guest = guest.try_lock().unwrap();
        let Sandwich { store, outer, .. } = &mut *guest;
        pollster::block_on(outer.call_async(store, 9)).unwrap()
    };
    let events = Arc::new(Mutex::new(vec![]));
    let (stopped, is_stopped) = std::sync::mpsc::channel();
    let (go, gone) = futures::channel::oneshot::channel::<()>();
    let task = runtime.spawn({
        let (guest, events) = (guest.clone(), events.clone());
        async move {
            let mut guest = guest.lock_owned().await;
            let Sandwich { store, module, outer, pc, .. } = &mut *guest;
            let (run, _) = debug_with(
                store,
                options(freeze),
                async |store| outer.call_async(&mut *store, 9).await,
                async |mut dbg| {
                    let mut gone = Some(gone);
                    while let Some(event) = dbg.next().await {
                        events.lock().unwrap().push(name(&event));
                        match event {
                            Event::Attached => {
                                dbg.with(|stop| stop.add_breakpoint(module, *pc)).unwrap().unwrap();
                            }
                            _ => {
                                stopped.send(()).unwrap();
                                gone.take().unwrap().await.unwrap();
                                assert_eq!(dbg.with(|stop| stop.frames().count()).unwrap(), 2);
                            }
                        }
                    }
                },
            )
            .await
            .unwrap();
            run.unwrap().unwrap()
        }
    });
    is_stopped.recv().unwrap();
    task.abort();
    let ended = match freeze {
        Freeze::Thread => {
            std::thread::sleep(THINK);
            assert!(!task.is_finished(), "the guest is stopped in its thread");
            go.send(()).unwrap();
            assert_eq!(runtime.block_on(task).unwrap(), plain);
            "the same"
        }
        Freeze::Task => {
            assert!(runtime.block_on(task).unwrap_err().is_cancelled());
            assert!(go.send(()).is_err(), "the debugger was dropped");
            "none"
        }
    };
    runtime.block_on(async {
        let mut guest = guest.lock().await;
        let Sandwich { store, outer, .. } = &mut *guest;
        assert_eq!(outer.call_async(store, 9).await.unwrap(), plain);
        still_debuggable(&mut guest, freeze).await;
    });
    let events = events.lock().unwrap();
    assert_eq!(*events, ["Attached", "Breakpoint"]);
    cell(ended, &events)
}

/// The promise, row by row, and that the documentation says what was seen here. The rows are asserted by what makes
/// them: [`table`] and [`aborted`].
#[test]
fn freezing_changes_no_result_or_tells() {
    let _dog = watchdog("sandwiches");
    let mut lines = table();
    lines.push(format!(
        "| is a task itself, aborted from another thread during the stop | {} | {} |",
        aborted(Freeze::Thread),
        aborted(Freeze::Task)
    ));
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/frozen.md");
    let docs = std::fs::read_to_string(docs).expect("the table in the documentation");
    let (_, docs) = docs.split_once("## Host-code sandwiches").expect("its heading");
    let said: Vec<&str> = docs.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert_eq!(said, lines, "docs/frozen.md should have these rows:\n{}", lines.join("\n"));
}

/// Kills the guest at its stop; gives the session's result and events, after a look at the store.
async fn killed(row: &Row, freeze: Freeze) -> (Result<(), Killed>, Vec<String>) {
    let ticks = Ticks::default();
    let mut guest = guest(row, &ticks).await;
    let Sandwich { store, module, outer, pc, .. } = &mut guest;
    let (run, events) = debug_with(
        store,
        options(freeze),
        async |store| drop(outer.call_async(&mut *store, 9).await),
        async |mut dbg| {
            let mut events = vec![];
            while let Some(event) = dbg.next().await {
                events.push(name(&event));
                match event {
                    Event::Attached => {
                        dbg.with(|stop| stop.add_breakpoint(module, *pc)).unwrap().unwrap();
                    }
                    Event::Breakpoint { .. } => dbg.control().kill(),
                    _ => {}
                }
            }
            events
        },
    )
    .await
    .unwrap();
    assert_eq!(outer.call_async(&mut *store, 9).await.unwrap(), row.result, "{}: {freeze:?}", row.what);
    still_debuggable(&mut guest, freeze).await;
    (run, events.unwrap())
}

/// A kill at a stop ends the session through every kind of host code, also where the host makes something else of the call
/// that it finds pending, and where it blocks its thread; the store is usable afterwards.
#[test]
fn killed_in_a_sandwich() {
    let _dog = watchdog("killed_in_a_sandwich");
    for row in rows().iter().filter(|row| row.called) {
        for freeze in [Freeze::Thread, Freeze::Task] {
            let (run, events) = current().block_on(killed(row, freeze));
            assert_eq!(run, Err(Killed), "{}: {freeze:?}", row.what);
            // Where nobody could drop the call, it has ended by an error.
            let dropped = matches!(row.host, Host::Async(_));
            assert_eq!(events[..2], ["Attached", "Breakpoint"], "{}: {freeze:?}", row.what);
            assert_eq!(events[2..], ["Cancelled"][..usize::from(dropped)], "{}: {freeze:?}", row.what);
        }
    }
}
