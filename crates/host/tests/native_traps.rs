//! Every guest that traps, with and without the hook: its owner gets the same error, code and backtrace, and the stop that
//! the hook makes has the same stack.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failure here is meant to be loud")]

use std::{num::NonZeroUsize, path::Path};

use freezeframe_session::{Dbg, Event, Guests, Mode, Options, debug_with, instantiated, prepare, unwound};
use wasmtime::{Config, Engine, Linker, Module, Store, Trap, Val, WasmBacktrace};
use wasmtime_wasi::{
    I32Exit, WasiCtxBuilder,
    p1::{self, WasiP1Ctx},
};

/// A guest, the export to call, its number, and the program's arguments.
type Way = (&'static str, &'static str, Option<i32>, &'static [&'static str]);

const fn command(guest: &'static str, args: &'static [&'static str]) -> Way {
    (guest, "_start", None, args)
}

const fn function(guest: &'static str, n: i32) -> Way {
    (guest, "run", Some(n), &[])
}

const KINDS: [&[&str]; 9] = [
    &["divide"],
    &["int-overflow"],
    &["unreachable"],
    &["oob"],
    &["signature"],
    &["null"],
    &["table"],
    &["abort"],
    &["overflow"],
];

/// All ways to fail in the guests that do.
fn ways() -> Vec<Way> {
    let mut ways = Vec::new();
    for guest in ["trap.O0.dwarf5", "trap.O1.dwarf5", "trap.O2.dwarf5"] {
        // With tail calls made loops nothing overflows.
        let kinds = KINDS.iter().filter(|kind| guest == "trap.O0.dwarf5" || kind[0] != "overflow");
        ways.extend(kinds.map(|kind| command(guest, kind)));
    }
    for guest in ["traps.O0.dwarf5", "traps.O2.dwarf5"] {
        ways.extend((0..4).map(|n| function(guest, n)));
    }
    for guest in ["panic.O0.dwarf4", "panic.O2.dwarf5"] {
        ways.extend([&[][..], &["unwrap"], &["abort"]].map(|args| command(guest, args)));
    }
    ways.push(command("panic.O0.dwarf4", &["overflow"]));
    ways.extend([&[][..], &["more"]].map(|args| command("traps.ReleaseSafe.dwarf4", args)));
    for guest in ["exceptions.O0.dwarf5", "exceptions.O2.dwarf5"] {
        ways.push(command(guest, &["uncaught"]));
    }
    ways.extend([&["3"][..], &["200"]].map(|args| command("exit.O0.dwarf5", args)));
    ways
}

/// All that an owner can see of a guest's end.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    trap: Option<Trap>,
    exit: Option<i32>,
    text: String,
    frames: Vec<(u32, Option<usize>, Option<String>)>,
}

/// Function and offset.
type Places = Vec<(u32, usize)>;

/// What the hook has seen.
#[derive(Debug, Default)]
struct Seen {
    stopped: Vec<Places>,
    unwound: Vec<Places>,
}

fn outcome(result: wasmtime::Result<()>) -> Outcome {
    let Err(error) = result else {
        return Outcome { trap: None, exit: Some(0), text: String::new(), frames: Vec::new() };
    };
    let frame = |f: &wasmtime::FrameInfo| (f.func_index(), f.module_offset(), f.func_name().map(ToOwned::to_owned));
    let trace = error.downcast_ref::<WasmBacktrace>();
    // With RUST_BACKTRACE there's the host's own stack, too.
    let text = format!("{error:?}").split("\n\nStack backtrace:").next().unwrap_or_default().to_owned();
    Outcome {
        trap: error.downcast_ref::<Trap>().copied(),
        exit: error.downcast_ref::<I32Exit>().map(|exit| exit.0),
        text,
        frames: trace.map(|trace| trace.frames().iter().map(frame).collect()).unwrap_or_default(),
    }
}

struct Guest {
    engine: Engine,
    module: Module,
    binary: Vec<u8>,
    way: Way,
}

impl Guest {
    fn new(engine: &Engine, way: Way) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../guests/built/{}.wasm", way.0));
        let binary = prepare(&std::fs::read(path).unwrap()).into_owned();
        Self { engine: engine.clone(), module: Module::new(engine, &binary).unwrap(), binary, way }
    }

    fn store(&self) -> Store<WasiP1Ctx> {
        let mut wasi = WasiCtxBuilder::new();
        wasi.arg(self.way.0).args(self.way.3).allow_blocking_current_thread(true);
        Store::new(&self.engine, wasi.build_p1())
    }

    async fn body(&self, store: &mut Store<WasiP1Ctx>) -> wasmtime::Result<()> {
        let mut linker = Linker::new(&self.engine);
        p1::add_to_linker_async(&mut linker, |wasi: &mut WasiP1Ctx| wasi)?;
        let instance = linker.instantiate_async(&mut *store, &self.module).await?;
        instantiated(store, instance);
        let function = instance.get_func(&mut *store, self.way.1).unwrap();
        let args: Vec<Val> = self.way.2.map(Val::I32).into_iter().collect();
        let mut results = vec![Val::I32(0); args.len()];
        let result = function.call_async(&mut *store, &args, &mut results).await;
        if let Err(error) = &result {
            unwound(store, error).await;
        }
        result
    }

    async fn plain(&self) -> Outcome {
        outcome(self.body(&mut self.store()).await)
    }

    async fn hooked(&self) -> (Outcome, Seen) {
        let mut guests = Guests::default();
        guests.module(&self.module, self.binary.clone()).unwrap();
        let exit_code = |error: &wasmtime::Error| error.downcast_ref::<I32Exit>().map(|exit| exit.0);
        let options = Options { mode: Mode::Native(guests), exit_code: Some(exit_code), ..Options::default() };
        let debugger = async |mut dbg: Dbg<WasiP1Ctx>| {
            let mut seen = Seen::default();
            while let Some(event) = dbg.next().await {
                let places = dbg.with(|stop| {
                    let at = |f: freezeframe_session::Frame<'_, '_, _>| f.position().unwrap();
                    let positions: Vec<_> = stop.frames().map(at).collect();
                    positions.iter().map(|at| (at.function, at.pc as usize)).collect::<Places>()
                });
                match event {
                    Event::Trap(_) => seen.stopped.push(places.unwrap()),
                    Event::Unwound { .. } => seen.unwound.push(places.unwrap()),
                    _ => {}
                }
            }
            seen
        };
        let mut store = self.store();
        let session = debug_with(&mut store, options, async |store| self.body(store).await, debugger);
        let (run, seen) = session.await.unwrap();
        (outcome(run.unwrap()), seen.unwrap())
    }
}

#[test]
fn each_failure_is_the_same_with_the_hook() {
    let mut config = Config::new();
    config.wasm_exceptions(true).wasm_backtrace_max_frames(NonZeroUsize::new(100_000));
    let engine = Engine::new(&config).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for way in ways() {
        let guest = Guest::new(&engine, way);
        let plain = runtime.block_on(guest.plain());
        let (hooked, seen) = runtime.block_on(guest.hooked());
        assert_eq!(hooked, plain, "{way:?}");
        if plain.exit.is_some() {
            assert!(seen.stopped.is_empty() && seen.unwound.is_empty(), "{way:?}: {seen:?}");
            continue;
        }
        // An instruction's trap is caught where it strikes, all else is told afterwards; each once.
        let places = match plain.trap {
            Some(_) => {
                assert_eq!((seen.stopped.len(), seen.unwound.len()), (1, 0), "{way:?}");
                &seen.stopped[0]
            }
            None => {
                assert_eq!((seen.stopped.len(), seen.unwound.len()), (0, 1), "{way:?}");
                &seen.unwound[0]
            }
        };
        // Wasmtime attributes an `unreachable` that it has folded into a branch to the branch.
        if plain.trap == Some(Trap::UnreachableCodeReached) {
            const UNREACHABLE: u8 = 0;
            assert_eq!(guest.binary[places[0].1], UNREACHABLE, "{way:?}");
        }
        // An overflow strikes before its function's first operator, of which Wasmtime's tables have no place.
        let first = [Some(Trap::StackOverflow), Some(Trap::UnreachableCodeReached)].contains(&plain.trap);
        let skip = usize::from(first);
        let expected: Places = plain.frames.iter().map(|(function, pc, _)| (*function, pc.unwrap_or(0))).collect();
        assert_eq!(places[skip..], expected[skip..], "{way:?}");
        assert_eq!(places.len(), expected.len(), "{way:?}");
    }
}
