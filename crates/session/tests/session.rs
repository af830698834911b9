//! The session's shapes and states.

mod common;

use common::*;
use freezeframe_session::{Dbg, Error, Event, Freeze, Options, debug, debug_with};
use wasmtime::Store;

fn options(freeze: Freeze) -> Options {
    Options { freeze, ..Options::default() }
}

/// Borrows in both closures, a sandwich, a write to memory, everything taken out at the end.
async fn shape(freeze: Freeze) -> (i32, usize) {
    let Sandwich { mut store, module, instance, outer, pc } = sandwich(plain()).await;
    let mem = instance.get_memory(&mut store, "mem").unwrap();
    let base = String::from("borrowed by the body");
    let mut log: Vec<String> = vec![]; // borrowed by the debugger
    let (outer_ref, log_ref) = (&outer, &mut log);
    let future = debug_with(
        &mut store,
        options(freeze),
        async |store| {
            assert!(base.len() > 3);
            outer_ref.call_async(&mut *store, 9).await
        },
        async |mut dbg| {
            let mut hits = 0;
            while let Some(event) = dbg.next().await {
                match event {
                    Event::Attached => {
                        dbg.with(|stop| {
                            assert_eq!(stop.frames().count(), 0);
                            stop.add_breakpoint(&module, pc).unwrap();
                        })
                        .unwrap();
                        continue;
                    }
                    Event::Breakpoint { .. } => {}
                    other => panic!("{other:?}"),
                }
                dbg.with(|stop| {
                    let frames: Vec<_> = stop
                        .frames()
                        .map(|f| (f.activation(), f.position().unwrap().function, f.pc().unwrap()))
                        .collect();
                    assert_eq!(frames.len(), 2);
                    assert_eq!((frames[0].0, frames[0].1, frames[0].2), (0, 2, pc));
                    assert_eq!((frames[1].0, frames[1].1), (1, 3));
                    let top = stop.frames().next().unwrap();
                    let locals = top.locals().unwrap();
                    assert_eq!((locals[0].unwrap_i32(), locals[1].unwrap_i64()), (9, 77));
                    assert_eq!(top.operands().unwrap()[0].unwrap_i32(), 11);
                    assert!(top.local(2).is_err() && top.operand(1).is_err());
                    log_ref.push(format!("{frames:?}"));
                    mem.write(stop.store(), 0, &1000_i32.to_le_bytes()).unwrap();
                })
                .unwrap();
                hits += 1;
            }
            hits
        },
    );
    let (run, verdict) = is_send(future).await.unwrap();
    let (run, hits) = (run.unwrap().unwrap(), verdict.unwrap());
    assert_eq!(log.len(), hits);
    assert_eq!(store.breakpoints().unwrap().count(), 0);
    assert_eq!(outer.call_async(&mut store, 9).await.unwrap(), run);
    (run, hits)
}

#[test]
fn shapes_and_runtimes() {
    let _dog = watchdog("shapes_and_runtimes");
    for freeze in [Freeze::Task, Freeze::Thread] {
        assert_eq!(current().block_on(shape(freeze)), (1016, 1));
        assert_eq!(multi().block_on(async move { tokio::spawn(is_send(shape(freeze))).await.unwrap() }), (1016, 1));
        assert_eq!(pollster::block_on(shape(freeze)), (1016, 1));
    }
}
