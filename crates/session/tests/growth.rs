//! One store that is debugged ten thousand times doesn't grow. Alone in its process, because it measures all of it.
// Helpers beside the tests are tests, too.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use common::*;
use freezeframe_session::{Event, Freeze, Killed, Options, debug_with};
use futures::FutureExt;

/// Counts the bytes that are allocated and not freed.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is `System`'s; counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The process's pages, those outside of the heap included: code and the stacks of fibers are mapped. 0 where the system
/// doesn't say.
fn pages() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').next().and_then(|pages| pages.parse().ok()).unwrap_or_default()
}

/// How each of the sessions ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// There is no session: what Wasmtime itself needs.
    NoSession,
    /// There is no session, and the host drops the guest's call.
    NoSessionDropped,
    /// There is no session, and the host drops its call into the guest, which an epoch has made pending.
    NoSessionCancelled,
    /// The guest finishes.
    Finished,
    /// The debugger goes away while the guest is stopped.
    Detached,
    /// The debugger panics while the guest is stopped.
    Panicked,
    /// The guest is killed at a stop.
    Killed,
    /// The session's future is dropped at a stop.
    Dropped,
    /// The host drops the guest at a stop: `Cancelled` and `Lost`.
    Cancelled,
}

/// One round.
async fn round(end: End, freeze: Freeze, guest: &mut Sandwich) {
    let Sandwich { store, module, outer, pc, .. } = guest;
    let alone = match end {
        End::NoSession => Some(Some(16)),
        End::NoSessionDropped => Some(None),
        End::NoSessionCancelled => {
            store.epoch_deadline_async_yield_and_update(1);
            store.set_epoch_deadline(1);
            Some(Some(-2))
        }
        _ => None,
    };
    if let Some(result) = alone {
        return assert_eq!(outer.call_async(&mut *store, 9).now_or_never().map(Result::unwrap), result);
    }
    let session = debug_with(
        store,
        Options { freeze, ..Options::default() },
        async |store| outer.call_async(&mut *store, 9).await.unwrap(),
        async |mut dbg| {
            dbg.next().await;
            dbg.set_filter(Some(Box::new(|stop, _| {
                assert_eq!(stop.depth(), 2);
                freezeframe_session::Verdict::Stop
            })));
            dbg.with(|stop| stop.add_breakpoint(module, *pc)).unwrap().unwrap();
            assert!(matches!(dbg.next().await, Some(Event::Breakpoint { .. })));
            let locals = dbg.with(|stop| stop.frames().map(|frame| frame.locals().unwrap().len()).sum::<usize>());
            assert_eq!(locals.unwrap(), 3);
            match end {
                End::Finished => assert!(dbg.next().await.is_none()),
                End::Panicked => std::panic::resume_unwind(Box::new(())),
                End::Killed => dbg.control().kill(),
                End::Dropped => std::future::pending().await,
                End::Cancelled => {
                    tokio::task::yield_now().await;
                    assert!(matches!(dbg.next().await, Some(Event::Cancelled)));
                    assert!(matches!(dbg.next().await, Some(Event::Lost)));
                }
                _ => {}
            }
        },
    );
    match end {
        End::Dropped => assert!(session.now_or_never().is_none()),
        _ => {
            let (run, debugger) = session.await.unwrap();
            assert_eq!(debugger.is_err(), end == End::Panicked);
            assert_eq!(
                run,
                if end == End::Killed { Err(Killed) } else { Ok(if end == End::Cancelled { -2 } else { 16 }) }
            );
        }
    }
    assert_eq!(store.breakpoints().unwrap().count(), 0);
}

/// The host ticks, which makes its call into the guest pending, and drops it then.
fn ticking(engine: wasmtime::Engine) -> Wrap {
    std::sync::Arc::new(move |call| {
        engine.increment_epoch();
        Box::pin(async move { call.now_or_never().unwrap_or(Ok(-2)) })
    })
}

/// By how many bytes and pages the process grows between two thousand and ten thousand rounds on one store.
fn growth(end: End, freeze: Freeze) -> (isize, isize) {
    let _dog = watchdog("ten_thousand_sessions");
    let engine = engine();
    let never: Wrap = std::sync::Arc::new(|_| Box::pin(std::future::pending()));
    let wrap = match end {
        End::NoSessionDropped => never,
        End::Cancelled => select_ready(),
        End::NoSessionCancelled => ticking(engine.clone()),
        _ => plain(),
    };
    current().block_on(async {
        let mut guest = sandwich_on(&engine, wrap).await;
        let mut before = (0, 0);
        for n in 0..10_000 {
            if n == 2_000 {
                before = (LIVE.load(Relaxed), pages());
            }
            round(end, freeze, &mut guest).await;
            // Tokio keeps the wakers of its `yield_now` until its task is pending.
            tokio::task::yield_now().await;
        }
        let after = (LIVE.load(Relaxed), pages());
        (after.0.cast_signed() - before.0.cast_signed(), after.1.cast_signed() - before.1.cast_signed())
    })
}

/// Whatever a session ends with, eight thousand more of them on one store leave nothing behind: not a byte more than a
/// small constant (one byte for each would be 8,000), and no more mappings than a stack or two of the allocator's.
/// Wasmtime itself, without sessions, holds to the same, so that there's nothing to be subtracted.
#[test]
fn ten_thousand_sessions() {
    const BYTES: isize = 4_000;
    const PAGES: isize = 512;
    let alone = [End::NoSession, End::NoSessionDropped, End::NoSessionCancelled];
    for freeze in [Freeze::Task, Freeze::Thread] {
        let sessions = [End::Finished, End::Detached, End::Panicked, End::Killed, End::Dropped, End::Cancelled];
        for end in alone.into_iter().filter(|_| freeze == Freeze::Task).chain(sessions) {
            // A debugger that stays pending needs the host to go on.
            if freeze == Freeze::Thread && matches!(end, End::Dropped | End::Cancelled) {
                continue;
            }
            let (bytes, pages) = growth(end, freeze);
            assert!(bytes.abs() < BYTES, "{end:?}, {freeze:?}: {bytes} bytes in 8,000 sessions");
            assert!(pages < PAGES, "{end:?}, {freeze:?}: {pages} pages in 8,000 sessions");
        }
    }
}
