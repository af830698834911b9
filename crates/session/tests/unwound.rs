//! Failures at native speed that no signal tells of: the places, the memory and the globals that are left.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failure here is meant to be loud")]

use freezeframe_session::{
    Dbg, Error, Event, Failure, Guests, Killed, Mode, Options, debug_local, debug_with, instantiated, prepare, unwound,
};
use wasmtime::{
    Config, Engine, Func, Instance, Linker, Module, Store, StoreLimits, StoreLimitsBuilder, Trap, WasmBacktrace,
};

const GUEST: &str = r#"(module
    (import "host" "fail" (func $fail (param i32)))
    (memory 1)
    (global $__stack_pointer (mut i32) (i32.const 4096))
    (tag $thrown (param i32))
    (func $wait (param i32) (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0))))
    (func $throw (param i32) (throw $thrown (local.get 0)))
    (func $spin (param i32) (loop $again (br $again)))
    (func $divide (param i32) (drop (i32.div_s (i32.const 1) (i32.const 0))))
    (func $enter (param $which i32)
        (global.set $__stack_pointer (i32.const 4064))
        (i32.store (i32.const 4076) (i32.const 31))
        (if (i32.eq (local.get $which) (i32.const 0)) (then (call $wait (local.get $which))))
        (if (i32.eq (local.get $which) (i32.const 1)) (then (call $fail (local.get $which))))
        (if (i32.eq (local.get $which) (i32.const 2)) (then (call $throw (local.get $which))))
        (if (i32.eq (local.get $which) (i32.const 3)) (then (call $fail (local.get $which)) (call $spin (local.get $which))))
        (if (i32.eq (local.get $which) (i32.const 4)) (then (call $divide (local.get $which)))))
    (func (export "run") (param i32) (call $enter (local.get 0))))"#;

#[derive(Clone, Copy, PartialEq)]
enum Limit {
    Nothing,
    Fuel,
    Epochs,
}

/// How `run` ends: what the debugger hears, and what the body's caller gets.
fn run(which: i32, limit: Limit, tell: bool) -> (Vec<Event>, Vec<Places>, wasmtime::Error) {
    pollster::block_on(async {
        let mut config = Config::new();
        config.wasm_exceptions(true).consume_fuel(limit == Limit::Fuel).epoch_interruption(limit == Limit::Epochs);
        let engine = Engine::new(&config).unwrap();
        let binary = prepare(&wat::parse_str(GUEST).unwrap()).into_owned();
        let module = Module::new(&engine, &binary).unwrap();
        let mut guests = Guests::default();
        guests.module(&module, binary).unwrap();
        let mut store = Store::new(&engine, ());
        match limit {
            Limit::Nothing => {}
            Limit::Fuel => store.set_fuel(10_000).unwrap(),
            Limit::Epochs => store.set_epoch_deadline(1),
        }
        let options =
            Options { mode: Mode::Native(guests), epochs: freezeframe_session::Epochs::Embedder, ..Options::default() };
        let body = async |store: &mut Store<()>| {
            let ticking = engine.clone();
            let fail = Func::wrap(&mut *store, move |which: i32| {
                ticking.increment_epoch();
                match which {
                    1 => Err(wasmtime::Error::msg("the disk is full").context("can't write")),
                    _ => Ok(()),
                }
            });
            let instance = Instance::new_async(&mut *store, &module, &[fail.into()]).await.unwrap();
            assert!(instantiated(store, instance));
            let function = instance.get_typed_func::<i32, ()>(&mut *store, "run").unwrap();
            let error = function.call_async(&mut *store, which).await.unwrap_err();
            if tell {
                let new = unwound(store, &error).await;
                assert_eq!(new, which != 4, "{error:?}");
            }
            error
        };
        let (error, seen) = debug_local(&mut store, options, body, look).await.unwrap();
        let (events, places) = seen.unwrap();
        (events, places, error.unwrap())
    })
}

type Places = Vec<(u32, Option<usize>)>;

/// Notes all events, and of each stop the places; where it's unwound, looks at what is left.
async fn look(mut dbg: Dbg<()>) -> (Vec<Event>, Vec<Places>) {
    let (mut events, mut places) = (Vec::new(), Vec::<Places>::new());
    while let Some(event) = dbg.next().await {
        dbg.with(|stop| {
            let frame = |f: freezeframe_session::Frame<'_, '_, ()>| {
                let at = f.position().unwrap();
                (at.function, Some(at.pc as usize))
            };
            places.push(stop.frames().map(frame).collect());
            if !matches!(event, Event::Unwound { .. }) {
                return;
            }
            assert_eq!(stop.depth() as usize, places.last().unwrap().len());
            let frame = stop.frames().next().unwrap();
            assert!(frame.unavailable().unwrap().contains("unwound"));
            assert!(frame.locals().unwrap_err().to_string().contains("unwound"));
            assert_eq!(stop.backtrace().frames().len(), 0);
            let instance = stop.instances()[0];
            // The stack pointer is where the innermost frame had it: nobody has run an epilogue.
            let pointer = instance.get_global(stop.store(), "freezeframe:global 0").unwrap();
            assert_eq!(pointer.get(stop.store()).unwrap_i32(), 4064);
            let memory = instance.get_memory(stop.store(), "freezeframe:memory").unwrap();
            assert_eq!(memory.data(stop.store())[4076], 31);
            // What needs a stack is refused.
            assert!(matches!(stop.run_again(), Err(Error::Unavailable(_))));
            assert!(matches!(stop.fail(wasmtime::Error::msg("never")), Err(Error::Unavailable(_))));
        })
        .unwrap();
        events.push(event);
    }
    (events, places)
}

fn traced(error: &wasmtime::Error) -> Places {
    let trace: &WasmBacktrace = error.downcast_ref().unwrap();
    trace.frames().iter().map(|frame| (frame.func_index(), frame.module_offset())).collect()
}

#[test]
fn each_kind_is_told_with_what_is_left() {
    let kinds = [
        (0, Limit::Nothing, Failure::Trap(Trap::AtomicWaitNonSharedMemory), 3),
        (1, Limit::Nothing, Failure::Host, 2),
        (2, Limit::Nothing, Failure::Exception, 3),
        (3, Limit::Fuel, Failure::Trap(Trap::OutOfFuel), 3),
        (3, Limit::Epochs, Failure::Trap(Trap::Interrupt), 3),
    ];
    for (which, limit, expected, depth) in kinds {
        let (events, places, error) = run(which, limit, true);
        let [Event::Attached, Event::Unwound { failure, message }] = &events[..] else { panic!("{which}: {events:?}") };
        assert_eq!(*failure, expected, "{which}");
        assert!(!message.contains("backtrace"), "{message}");
        if *failure == Failure::Host {
            assert_eq!(message, "can't write: the disk is full");
        }
        assert_eq!(places[1], traced(&error), "{which}");
        assert!(places[1].len() == depth, "{which}: {places:?}");
    }
}

/// What a stop has shown isn't shown again, and the caller's error is the one that it would be.
#[test]
fn a_trap_that_was_caught_is_told_once() {
    let (events, places, error) = run(4, Limit::Nothing, true);
    assert!(matches!(events[..], [Event::Attached, Event::Trap(Trap::IntegerDivisionByZero)]), "{events:?}");
    assert_eq!(places[1], traced(&error));
}

/// Also if a call at its stop has trapped elsewhere in the meantime.
#[test]
fn a_trap_with_another_at_its_stop_is_told_once() {
    pollster::block_on(async {
        let text = r#"(module (func (export "run") (drop (i32.div_s (i32.const 1) (i32.const 0))))
            (func (export "other") unreachable))"#;
        let (engine, module, guests) = native(text);
        let mut store = Store::new(&engine, ());
        let options = Options { mode: Mode::Native(guests), ..Options::default() };
        let body = async |store: &mut Store<()>| {
            let instance = Instance::new_async(&mut *store, &module, &[]).await.unwrap();
            instantiated(store, instance);
            let run = instance.get_typed_func::<(), ()>(&mut *store, "run").unwrap();
            let error = run.call_async(&mut *store, ()).await.unwrap_err();
            assert!(!unwound(store, &error).await);
        };
        let debugger = async |mut dbg: Dbg<()>| {
            dbg.next().await;
            assert!(matches!(dbg.next().await, Some(Event::Trap(Trap::IntegerDivisionByZero))));
            let other = dbg.with(|stop| {
                let instance = stop.instances()[0];
                instance.get_func(stop.store(), "other").unwrap()
            });
            dbg.call(other.unwrap(), &[]).unwrap();
            assert!(matches!(dbg.next().await, Some(Event::Trap(Trap::UnreachableCodeReached))));
            assert!(matches!(dbg.next().await, Some(Event::CallFinished { .. })));
            assert!(dbg.next().await.is_none());
        };
        let (run, verdict) = debug_local(&mut store, options, body, debugger).await.unwrap();
        verdict.unwrap();
        run.unwrap();
    });
}

#[test]
fn who_does_not_tell_gets_no_event() {
    let (events, ..) = run(1, Limit::Nothing, false);
    assert!(matches!(events[..], [Event::Attached]), "{events:?}");
}

fn native(text: &str) -> (Engine, Module, Guests) {
    let engine = Engine::default();
    let binary = wat::parse_str(text).unwrap();
    let module = Module::new(&engine, &binary).unwrap();
    let mut guests = Guests::default();
    guests.module(&module, binary).unwrap();
    (engine, module, guests)
}

/// Where nothing is left to show, or nobody listens, there's no event.
#[test]
fn what_is_not_a_failure_of_a_guest_is_left_alone() {
    pollster::block_on(async {
        let (engine, module, guests) = native(r#"(module (import "" "f" (func $f)) (func (export "run") call $f))"#);
        let mut store = Store::new(&engine, ());
        // No session at all.
        assert!(!unwound(&mut store, &wasmtime::Error::msg("none")).await);
        let exit_code = |error: &wasmtime::Error| error.downcast_ref::<u8>().map(|code| i32::from(*code));
        let options = Options { mode: Mode::Native(guests), exit_code: Some(exit_code), ..Options::default() };
        let mut linker = Linker::new(&engine);
        linker
            .func_wrap("", "f", || -> wasmtime::Result<()> { Err(wasmtime::Error::msg("exit").context(7_u8)) })
            .unwrap();
        let body = async |store: &mut Store<()>| {
            assert!(!unwound(store, &wasmtime::Error::msg("a file is missing")).await);
            let instance = linker.instantiate_async(&mut *store, &module).await.unwrap();
            let run = instance.get_typed_func::<(), ()>(&mut *store, "run").unwrap();
            let error = run.call_async(&mut *store, ()).await.unwrap_err();
            assert!(!unwound(store, &error).await, "a wish to exit");
        };
        let debugger = async |mut dbg: Dbg<()>| {
            assert!(matches!(dbg.next().await, Some(Event::Attached)));
            assert!(dbg.next().await.is_none());
        };
        let (run, verdict) = debug_with(&mut store, options, body, debugger).await.unwrap();
        run.unwrap();
        verdict.unwrap();
    });
}

/// A trap for which the guest's stack had no room left passes its stop, and is told here.
#[test]
fn a_trap_without_room_is_told_afterwards() {
    pollster::block_on(async {
        let mut config = Config::new();
        config.async_stack_size(512 << 10).max_wasm_stack(500 << 10);
        let engine = Engine::new(&config).unwrap();
        let text = r#"(module (func $f (export "run") (param i32) (result i32)
            (i32.add (i32.const 1) (call $f (local.get 0)))))"#;
        let binary = wat::parse_str(text).unwrap();
        let module = Module::new(&engine, &binary).unwrap();
        let mut guests = Guests::default();
        guests.module(&module, binary).unwrap();
        let mut store = Store::new(&engine, ());
        let options = Options { mode: Mode::Native(guests), ..Options::default() };
        let body = async |store: &mut Store<()>| {
            let instance = Instance::new_async(&mut *store, &module, &[]).await.unwrap();
            let run = instance.get_typed_func::<i32, i32>(&mut *store, "run").unwrap();
            let error = run.call_async(&mut *store, 0).await.unwrap_err();
            assert!(unwound(store, &error).await);
        };
        let debugger = async |mut dbg: Dbg<()>| {
            dbg.next().await;
            let event = dbg.next().await;
            let overflow = Failure::Trap(Trap::StackOverflow);
            assert!(matches!(event, Some(Event::Unwound { failure, .. }) if failure == overflow), "{event:?}");
            // The innermost frame isn't there yet.
            let why = dbg.with(|stop| stop.frames().next().unwrap().unavailable().unwrap()).unwrap();
            assert!(why.contains("prologue"), "{why}");
            assert!(dbg.next().await.is_none());
        };
        let (run, verdict) = debug_local(&mut store, options, body, debugger).await.unwrap();
        run.unwrap();
        verdict.unwrap();
    });
}

/// At such a stop the guest can be called, killed, let go; its store stays good.
#[test]
fn the_stop_is_one_like_others() {
    pollster::block_on(async {
        let text = r#"(module (import "" "f" (func $f)) (func (export "run") call $f)
            (func (export "fine") (result i32) i32.const 5))"#;
        let (engine, module, guests) = native(text);
        let mut store = Store::new(&engine, StoreLimitsBuilder::new().instances(10).build());
        store.limiter(|limits: &mut StoreLimits| limits);
        let fails = || -> wasmtime::Result<()> { Err(wasmtime::Error::msg("no")) };
        for end in ["called", "killed", "left", "panics"] {
            let options = Options { mode: Mode::Native(guests.clone()), ..Options::default() };
            let body = async |store: &mut Store<StoreLimits>| {
                let fail = Func::wrap(&mut *store, fails);
                let instance = Instance::new_async(&mut *store, &module, &[fail.into()]).await.unwrap();
                instantiated(store, instance);
                let run = instance.get_typed_func::<(), ()>(&mut *store, "run").unwrap();
                let error = run.call_async(&mut *store, ()).await.unwrap_err();
                unwound(store, &error).await;
                let fine = instance.get_typed_func::<(), i32>(&mut *store, "fine").unwrap();
                fine.call_async(&mut *store, ()).await.unwrap()
            };
            let debugger = async |mut dbg: Dbg<StoreLimits>| {
                dbg.next().await;
                assert!(matches!(dbg.next().await, Some(Event::Unwound { .. })));
                match end {
                    "called" => {
                        let fine = dbg.with(|stop| {
                            let instance = stop.instances()[0];
                            instance.get_func(stop.store(), "fine").unwrap()
                        });
                        dbg.call(fine.unwrap(), &[]).unwrap();
                        let Some(Event::CallFinished { result, .. }) = dbg.next().await else { panic!("not called") };
                        result.unwrap();
                        assert_eq!(dbg.with(|stop| stop.depth()).unwrap(), 1);
                        assert!(dbg.next().await.is_none());
                    }
                    "killed" => {
                        dbg.control().kill();
                        while dbg.next().await.is_some() {}
                    }
                    "left" => {}
                    _ => panic!("the debugger's own"),
                }
            };
            let (run, verdict) = debug_local(&mut store, options, body, debugger).await.unwrap();
            let expected = if end == "killed" { Err(Killed) } else { Ok(5) };
            assert_eq!((run, verdict.is_err()), (expected, end == "panics"), "{end}");
        }
    });
}
