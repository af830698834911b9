//! Exceptions: read, replaced and thrown by the debugger; and errors that it makes of an operator.
// Helpers beside the tests are tests, too.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use common::*;
use freezeframe_session::{Dbg, Error, Event, Freeze, Options, Stop, debug_with};
use wasmtime::{ExnRef, ExnRefPre, ExnType, Instance, Module, Rooted, Store, Tag, TypedFunc, Val};

const FREEZES: [Freeze; 2] = [Freeze::Task, Freeze::Thread];

/// `try` gives what it catches, or 1; `plain` catches nothing; `trap` traps.
const GUEST: &str = r#"(module
  (tag $t (export "t") (param i32))
  (func $body (param $throws i32)
    nop ;; the breakpoint
    (if (local.get $throws) (then (throw $t (i32.const 42)))))
  (func (export "try") (param $throws i32) (result i32)
    (block $caught (result i32)
      (try_table (catch $t $caught) (call $body (local.get $throws)))
      (i32.const 1)))
  (func (export "plain") (param $throws i32) (result i32) (call $body (local.get $throws)) (i32.const 2))
  (func (export "trap") (param i32) (result i32) nop unreachable))"#;

struct Guest {
    store: Store<()>,
    module: Module,
    instance: Instance,
    tag: Tag,
}

impl Guest {
    async fn new() -> Self {
        let engine = engine();
        let module = Module::new(&engine, GUEST).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new_async(&mut store, &module, &[]).await.unwrap();
        let tag = instance.get_tag(&mut store, "t").unwrap();
        Self { store, module, instance, tag }
    }

    /// Runs `export(throws)` and shows each event after `Attached` to `see`.
    async fn run(
        &mut self,
        freeze: Freeze,
        (export, throws): (&str, i32),
        mut see: impl FnMut(&mut Stop<'_, ()>, &Event, Tag) + Send,
    ) -> (wasmtime::Result<i32>, Vec<String>) {
        let f: TypedFunc<i32, i32> = self.instance.get_typed_func(&mut self.store, export).unwrap();
        let (module, tag) = (&self.module, self.tag);
        let (result, events) = debug_with(
            &mut self.store,
            Options { freeze, call_hook: true, ..Options::default() },
            async |store| f.call_async(&mut *store, throws).await,
            async |mut dbg: Dbg<()>| {
                let mut events = vec![];
                while let Some(event) = dbg.next().await {
                    if let Event::Attached = event {
                        let thrown = dbg.with(|stop| {
                            let exception = exception(stop, tag, 0);
                            for pc in nops(module) {
                                stop.add_breakpoint(module, pc).unwrap();
                            }
                            stop.throw(exception)
                        });
                        assert!(matches!(thrown, Ok(Err(Error::Unavailable(_)))), "nothing runs");
                        continue;
                    }
                    events.push(name(&event));
                    dbg.with(|stop| see(stop, &event, tag)).unwrap();
                }
                events
            },
        )
        .await
        .unwrap();
        (result.unwrap(), events.unwrap())
    }
}

fn exception(stop: &mut Stop<'_, ()>, tag: Tag, payload: i32) -> Rooted<ExnRef> {
    let mut store = stop.store();
    let ty = ExnType::from_tag_type(&tag.ty(&store)).unwrap();
    let pre = ExnRefPre::new(&mut store, ty);
    ExnRef::new(&mut store, &pre, &tag, &[Val::I32(payload)]).unwrap()
}

fn payload(stop: &mut Stop<'_, ()>, event: &Event) -> i32 {
    let Event::Exception(exception) = event else { panic!("{event:?}") };
    let exception = exception.to_rooted(stop.store());
    exception.field(stop.store(), 0).unwrap().unwrap_i32()
}

/// An exception on its way is replaced: the guest catches the other one.
#[test]
fn an_exception_is_replaced() {
    let _dog = watchdog("an_exception_is_replaced");
    for freeze in FREEZES {
        pollster::block_on(async {
            let mut guest = Guest::new().await;
            let (result, events) = guest
                .run(freeze, ("try", 1), |stop, event, tag| {
                    if let Event::Exception(_) = event {
                        assert_eq!((payload(stop, event), stop.depth()), (42, 2));
                        let other = exception(stop, tag, 77);
                        stop.throw(other).unwrap();
                        // The last one counts; the collector knows it.
                        let other = exception(stop, tag, 78);
                        stop.throw(other).unwrap();
                        stop.store().gc(None).unwrap();
                        assert!(matches!(stop.fail(wasmtime::Error::msg("no")), Err(Error::Unavailable(_))));
                    }
                })
                .await;
            assert_eq!((result.unwrap(), events), (78, vec!["Breakpoint".into(), "Exception".into()]));
            let f: TypedFunc<i32, i32> = guest.instance.get_typed_func(&mut guest.store, "try").unwrap();
            assert_eq!(f.call_async(&mut guest.store, 1).await.unwrap(), 42);
        });
    }
}

/// An exception instead of the next operator: caught by the guest, or not, and then the embedder's to know.
#[test]
fn an_exception_is_thrown() {
    let _dog = watchdog("an_exception_is_thrown");
    for freeze in FREEZES {
        pollster::block_on(async {
            let mut guest = Guest::new().await;
            let throw = |stop: &mut Stop<'_, ()>, event: &Event, tag| match event {
                Event::Breakpoint { .. } => {
                    let exception = exception(stop, tag, 9);
                    stop.throw(exception).unwrap();
                    stop.store().gc(None).unwrap();
                }
                event => assert_eq!(payload(stop, event), 9),
            };
            let events = vec!["Breakpoint".to_owned(), "Exception".to_owned()];
            let (result, seen) = guest.run(freeze, ("try", 0), throw).await;
            assert_eq!((result.unwrap(), &seen), (9, &events));
            let (result, seen) = guest.run(freeze, ("plain", 0), throw).await;
            assert!(result.unwrap_err().is::<wasmtime::ThrownException>());
            assert_eq!(seen, events);
            let pending = guest.store.take_pending_exception().unwrap();
            assert_eq!(pending.field(&mut guest.store, 0).unwrap().unwrap_i32(), 9);
            // The next session injects nothing.
            let (result, _) = guest.run(freeze, ("plain", 0), |_, _, _| {}).await;
            assert_eq!(result.unwrap(), 2);
        });
    }
}

#[derive(Debug)]
struct Mine;

impl std::fmt::Display for Mine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("mine")
    }
}

impl std::error::Error for Mine {}

/// An error instead of the next operator ends the call, and that only: the embedder gets it as it is.
#[test]
fn an_operator_fails() {
    let _dog = watchdog("an_operator_fails");
    for freeze in FREEZES {
        pollster::block_on(async {
            let mut guest = Guest::new().await;
            let (result, events) = guest
                .run(freeze, ("try", 0), |stop, event, _| {
                    if let Event::Breakpoint { .. } = event {
                        stop.fail(wasmtime::Error::new(Mine)).unwrap();
                    }
                })
                .await;
            assert!(result.unwrap_err().is::<Mine>());
            assert_eq!(events, ["Breakpoint", "HostError"]);
            // In a trap it's too late.
            let (result, events) = guest
                .run(freeze, ("trap", 0), |stop, event, tag| {
                    if let Event::Trap(_) = event {
                        let exception = exception(stop, tag, 9);
                        assert!(matches!(stop.throw(exception), Err(Error::Unavailable(_))));
                    }
                })
                .await;
            assert!(result.is_err());
            assert_eq!(events, ["Breakpoint", "Trap"]);
        });
    }
}

/// Only the call that the debugger has started fails, not the guest beneath.
#[test]
fn a_call_fails() {
    let _dog = watchdog("a_call_fails");
    for freeze in FREEZES {
        pollster::block_on(async {
            let mut guest = Guest::new().await;
            let plain: TypedFunc<i32, i32> = guest.instance.get_typed_func(&mut guest.store, "plain").unwrap();
            let (module, func) = (guest.module.clone(), *plain.func());
            let (result, log) = debug_with(
                &mut guest.store,
                Options { freeze, call_hook: true, ..Options::default() },
                async |store| plain.call_async(&mut *store, 0).await,
                async |mut dbg| {
                    let mut log = vec![];
                    while let Some(event) = dbg.next().await {
                        log.push(name(&event));
                        match event {
                            Event::Attached => {
                                dbg.with(|stop| stop.add_breakpoint(&module, nops(&module)[0])).unwrap().unwrap();
                            }
                            Event::Breakpoint { .. } if log.len() == 2 => {
                                dbg.call(func, &[Val::I32(0)]).unwrap();
                            }
                            Event::Breakpoint { .. } => {
                                dbg.with(|stop| stop.fail(wasmtime::Error::new(Mine))).unwrap().unwrap();
                            }
                            Event::CallFinished { result, .. } => assert!(result.unwrap_err().is::<Mine>()),
                            _ => {}
                        }
                    }
                    log
                },
            )
            .await
            .unwrap();
            assert_eq!(result.unwrap().unwrap(), 2);
            assert_eq!(log.unwrap(), ["Attached", "Breakpoint", "Breakpoint", "HostError", "CallFinished"]);
        });
    }
}

/// What is thrown, or fails, within an operation takes effect after it: its own calls don't see it. One that is given up
/// leaves nothing.
#[test]
fn from_within_an_operation() {
    let _dog = watchdog("from_within_an_operation");
    // At which event, what is asked for there, and what `try(1)` gives.
    let cases = [
        ("Breakpoint", "throw", Some(9)),
        ("Exception", "throw", Some(9)),
        ("Breakpoint", "fail", None),
        ("Breakpoint", "give up", Some(42)),
        ("Exception", "give up", Some(42)),
    ];
    for (freeze, (at, what, want)) in FREEZES.into_iter().flat_map(|freeze| cases.map(|case| (freeze, case))) {
        pollster::block_on(async {
            let mut guest = Guest::new().await;
            let f: TypedFunc<i32, i32> = guest.instance.get_typed_func(&mut guest.store, "try").unwrap();
            let (module, tag) = (guest.module.clone(), guest.tag);
            let (result, answers) = debug_with(
                &mut guest.store,
                Options { freeze, call_hook: true, ..Options::default() },
                async |store| f.call_async(&mut *store, 1).await,
                async |mut dbg| {
                    let mut answers = vec![];
                    while let Some(event) = dbg.next().await {
                        if let Event::Attached = event {
                            dbg.try_with(|stop| stop.add_breakpoint(&module, nops(&module)[0])).unwrap();
                        }
                        if name(&event) != at || !answers.is_empty() {
                            continue;
                        }
                        let f = f.clone();
                        let mut work = Box::pin(dbg.with_async(move |mut stop| {
                            Box::pin(async move {
                                let exception = exception(&mut stop, tag, 9);
                                match what {
                                    "fail" => stop.fail(wasmtime::Error::new(Mine)).unwrap(),
                                    _ => stop.throw(exception).unwrap(),
                                }
                                stop.store().gc_async(None).await.unwrap();
                                // One call that throws and catches, and one that does neither.
                                let one = f.call_async(stop.store(), 1).await.unwrap();
                                let other = f.call_async(stop.store(), 0).await.unwrap();
                                if what == "give up" {
                                    std::future::pending::<()>().await;
                                }
                                (one, other)
                            })
                        }));
                        match what {
                            "give up" => {
                                // Not started, started, given up by being dropped.
                                let polled = std::future::poll_fn(|cx| {
                                    answers.push((0, 0));
                                    let _ = work.as_mut().poll(cx);
                                    cx.waker().wake_by_ref();
                                    if answers.len() > 2 {
                                        std::task::Poll::Ready(())
                                    } else {
                                        std::task::Poll::Pending
                                    }
                                });
                                polled.await;
                            }
                            _ => answers.push(work.await.unwrap()),
                        }
                    }
                    answers
                },
            )
            .await
            .unwrap();
            let answers = answers.unwrap();
            match want {
                Some(want) => assert_eq!(result.unwrap().unwrap(), want, "{at} {what}"),
                None => assert!(result.unwrap().unwrap_err().is::<Mine>()),
            }
            assert_eq!(answers[0], if what == "give up" { (0, 0) } else { (42, 1) }, "{at} {what}");
        });
    }
}

/// Without the store's call hook, there's a clear answer.
#[test]
fn without_the_call_hook() {
    let _dog = watchdog("without_the_call_hook");
    pollster::block_on(async {
        let mut guest = Guest::new().await;
        let plain: TypedFunc<i32, i32> = guest.instance.get_typed_func(&mut guest.store, "plain").unwrap();
        let module = guest.module.clone();
        let (result, refused) = debug_with(
            &mut guest.store,
            Options::default(),
            async |store| plain.call_async(&mut *store, 0).await,
            async |mut dbg| {
                dbg.next().await;
                dbg.with(|stop| stop.add_breakpoint(&module, nops(&module)[0])).unwrap().unwrap();
                dbg.next().await;
                dbg.with(|stop| stop.fail(wasmtime::Error::new(Mine))).unwrap().unwrap_err().to_string()
            },
        )
        .await
        .unwrap();
        assert_eq!(result.unwrap().unwrap(), 2);
        assert!(refused.as_ref().unwrap().contains("`call_hook: true`"), "{refused:?}");
    });
}
