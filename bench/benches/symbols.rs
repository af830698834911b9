//! What symbols of large modules cost: the index of their debug information made anew and from a saved one, the memory for it,
//! names searched among all functions, and what a start until `main` takes of the processor beyond Wasmtime's part.
//!
//! Modules are those of `cargo xtask large`, as far as they were made, and the largest of the repository. Each measurement has a
//! process of its own, so that memory is its own too. Memory and processor time are Linux's; processor time comes in steps of
//! 10 ms, so it's a mean of all rounds, where times are the least of them.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failure here is meant to be loud")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::Arc,
    time::{Duration, Instant},
};

use freezeframe_bench::Figures;
use freezeframe_engine::{BreakpointSpec, Debugger, Report};
use freezeframe_host::{IndexCache, LaunchOptions, Program, launch};
use freezeframe_symbols::{Bytes, IndexStore as _, Symbols};
use regex::Regex;
use wasmtime::{
    Cache, CacheConfig, Config, DebugEvent, DebugHandler, Engine, Linker, Module, ModulePC, Store, StoreContextMut,
};
use wasmtime_wasi::{
    WasiCtxBuilder,
    p1::{self, WasiP1Ctx},
};

const ROUNDS: usize = 5;
/// What is measured in a process of its own: its name, and the module.
const JOB: &str = "FREEZEFRAME_BENCH_JOB";
const MODULE: &str = "FREEZEFRAME_BENCH_MODULE";

fn root() -> &'static Path {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find(|folder| folder.join("guests").is_dir());
    found.expect("the repository")
}

/// Modules, and whether they can be launched: CRuby's imports are those of a browser.
fn modules(quick: bool) -> Vec<(PathBuf, bool)> {
    let large = root().join("target/large");
    let mut modules = vec![(root().join("guests/built/inventory.O0.dwarf4.wasm"), true)];
    if !quick {
        modules.push((large.join("sqlite.wasm"), true));
        modules.push((large.join("ruby-3.4-wasm-wasi/package/dist/ruby.debug+stdlib.wasm"), false));
        modules.push((large.join("rust/wasm32-wasip1/debug/big.wasm"), true));
    }
    modules.retain(|(module, _)| module.is_file());
    modules
}

/// A number of megabytes that the system says of this process.
fn memory(what: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) * 1024.0 / 1e6
}

/// Processor time of this process, in milliseconds.
fn processor() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) * 10.0
}

fn elapsed(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

/// The index, made anew or (`warm`) taken from the cache: milliseconds to parse the module and for the index, processor time of
/// both, megabytes held and at most, the size of the index; how many functions there are, and milliseconds to search all
/// their names for a text, as a completion and by a pattern.
fn index(module: &Path, warm: bool) -> Vec<f64> {
    let wasm = Bytes::from(fs::read(module).unwrap());
    let cache = IndexCache::of_user().expect("a cache");
    // What the most memory was counts from here on.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let (memory_before, processor_before) = (memory("VmRSS:"), processor());
    let start = Instant::now();
    let mut symbols = Symbols::new(wasm).unwrap();
    let parsed = elapsed(start);
    let start = Instant::now();
    let fingerprint = symbols.fingerprint().expect("large enough");
    if warm {
        symbols.use_saved_index(cache.load(&fingerprint).expect("an index")).unwrap();
    }
    symbols.prepare();
    let took = elapsed(start);
    assert!(symbols.has_lines() && !symbols.is_stale() && symbols.functions().len() > 900);
    std::hint::black_box(symbols.function_sites("main").len());
    let used = processor() - processor_before;
    let (held, most) = (memory("VmRSS:") - memory_before, memory("VmHWM:") - memory_before);
    let names: Vec<&str> = symbols.functions().iter().map(|function| function.name()).collect();
    let search = |fits: &dyn Fn(&str) -> bool| {
        let start = Instant::now();
        std::hint::black_box(names.iter().filter(|name| fits(name)).count());
        elapsed(start)
    };
    let text = search(&|name| name.contains("rite"));
    // As the terminal does for a word.
    let word =
        search(&|name| name.starts_with("wri") || name.rsplit("::").next().is_some_and(|last| last.starts_with("wri")));
    let pattern = Regex::new("^core::.*(read|write)_[a-z]+$").unwrap();
    let pattern = search(&|name| pattern.is_match(name));
    let functions = names.len() as f64;
    let size = match symbols.save_index() {
        Some(index) => index.len() as f64 / 1e6,
        None => 0.0,
    };
    if !warm {
        cache.keep(fingerprint, Arc::new(symbols));
    }
    vec![parsed, took, used, held, most, size, functions, text, word, pattern]
}

/// From the opened program, which is Wasmtime's affair, until it stands at its `main`: milliseconds and processor time; and
/// how long opening took.
fn stop(module: &Path) -> Vec<f64> {
    let start = Instant::now();
    let program = Program::open(module).expect("a program");
    let opened = elapsed(start);
    let (start, processor_before) = (Instant::now(), processor());
    let mut debugger = Debugger::new();
    debugger.keep_indexes(IndexCache::of_user().expect("a cache"));
    let guest = debugger.attach(launch(&program, LaunchOptions::default()).expect("a launch")).expect("a guest");
    let entry = debugger.entry(guest).expect("an entry");
    debugger.add_breakpoint(BreakpointSpec::at(entry), false).expect("a breakpoint");
    debugger.resume(guest).expect("stopped");
    let report = debugger.wait(guest, Some(Duration::from_secs(60))).expect("a report");
    assert!(matches!(report, Some(Report::Stopped { .. })), "{report:?}");
    let figures = vec![elapsed(start), processor() - processor_before, opened];
    debugger.kill(guest).expect("alive");
    figures
}

/// Wasmtime's own part of [`stop`]: a breakpoint at `main` by its own means, and a handler that does nothing but say that
/// the guest has come there.
fn bare_stop(module: &Path) -> ! {
    #[derive(Clone)]
    struct AtMain(Instant, f64);
    impl DebugHandler for AtMain {
        type Data = WasiP1Ctx;
        async fn handle(&self, _: StoreContextMut<'_, WasiP1Ctx>, event: DebugEvent<'_>) {
            if matches!(event, DebugEvent::Breakpoint) {
                say(&[elapsed(self.0), processor() - self.1]);
                process::exit(0);
            }
        }
    }
    let wasm = Bytes::from(fs::read(module).unwrap());
    let mains = Symbols::new(wasm.clone()).unwrap().function_sites("main");
    // As `Program` has it, so that Wasmtime's cache has it too.
    let mut config = Config::new();
    freezeframe_session::configure(&mut config).wasm_exceptions(true).wasm_gc(true);
    config.wasm_function_references(true).wasm_tail_call(true).async_stack_size(8 << 20).max_wasm_stack(2 << 20);
    let mut cache = CacheConfig::new();
    cache.with_directory(env::var_os("FREEZEFRAME_CACHE").expect("a folder"));
    config.cache(Some(Cache::new(cache).expect("a cache")));
    let engine = Engine::new(&config).expect("an engine");
    let module = Module::new(&engine, &wasm).expect("a module");
    let mut linker = Linker::new(&engine);
    p1::add_to_linker_async(&mut linker, |wasi: &mut WasiP1Ctx| wasi).expect("WASI");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let start = AtMain(Instant::now(), processor());
    runtime.block_on(async {
        let mut store = Store::new(&engine, WasiCtxBuilder::new().build_p1());
        store.set_epoch_deadline(u64::MAX >> 1);
        store.set_debug_handler(start);
        let instance = linker.instantiate_async(&mut store, &module).await.expect("an instance");
        let mut edit = store.edit_breakpoints().expect("debuggable");
        mains.iter().for_each(|pc| edit.add_breakpoint(&module, ModulePC::new(pc.0)).expect("a breakpoint"));
        drop(edit);
        let run = instance.get_typed_func::<(), ()>(&mut store, "_start").expect("a command");
        run.call_async(&mut store, ()).await.expect("a run");
    });
    panic!("it has not come to its `main`");
}

fn say(figures: &[f64]) {
    println!("{}", figures.iter().map(f64::to_string).collect::<Vec<_>>().join(" "));
}

/// The least of each figure, but of processor time the mean: of some processes.
fn rounds(job: &str, module: &Path, cache: &Path, processor: usize, rounds: usize) -> Vec<f64> {
    let run = || {
        let mut command = Command::new(env::current_exe().unwrap());
        let output = command.env(JOB, job).env(MODULE, module).env("FREEZEFRAME_CACHE", cache).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_whitespace().map(|figure| figure.parse().unwrap()).collect::<Vec<f64>>()
    };
    let all: Vec<Vec<f64>> = (0..rounds).map(|_| run()).collect();
    let least = |at: usize| all.iter().map(|figures| figures[at]).fold(f64::INFINITY, f64::min);
    let mean = |at: usize| all.iter().map(|figures| figures[at]).sum::<f64>() / rounds as f64;
    (0..all[0].len()).map(|at| if at == processor { mean(at) } else { least(at) }).collect()
}

/// How many megabytes of debug information a module has.
fn debug_information(module: &Path) -> f64 {
    let wasm = fs::read(module).unwrap();
    let payloads = wasmparser::Parser::new(0).parse_all(&wasm).filter_map(Result::ok);
    let sections = payloads.filter_map(|payload| match payload {
        wasmparser::Payload::CustomSection(section) if section.name().starts_with(".debug_") => {
            Some(section.data().len() as f64)
        }
        _ => None,
    });
    sections.sum::<f64>() / 1e6
}

fn main() {
    if let (Some(job), Some(module)) = (env::var_os(JOB), env::var_os(MODULE)) {
        let module = Path::new(&module);
        let figures = match job.to_string_lossy().as_ref() {
            "stop" => stop(module),
            "bare" => bare_stop(module),
            job => index(module, job == "warm"),
        };
        return say(&figures);
    }
    let quick = env::args().any(|a| a == "--test");
    let times = if quick { 1 } else { ROUNDS };
    // The one that `cargo xtask large` uses: a large module takes most of a minute to compile.
    let cache = root().join("target/large/cache");
    let cache = if cache.is_dir() { cache } else { root().join("target/bench-cache") };
    let mut figures = Figures::new().expect("a file for figures");
    let columns =
        ["module", "debug information", "index made", "memory", "index taken", "memory then", "names searched"];
    figures.table("symbols", &columns).expect("written");
    figures
        .table(
            "starts",
            &[
                "module",
                "Wasmtime opens it",
                "until `main`, index kept",
                "Wasmtime's part of it",
                "processor",
                "Wasmtime's part",
            ],
        )
        .expect("written");
    for (module, runs) in modules(quick) {
        let name = module.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let dwarf = debug_information(&module);
        let size = fs::metadata(&module).unwrap().len() as f64 / 1e6;
        let cold = rounds("cold", &module, &cache, 2, times);
        let warm = rounds("warm", &module, &cache, 2, times);
        println!("{name}: {size:.1} MB, {dwarf:.1} MB of it debug information, {} functions", cold[6]);
        println!("  sections and names {:>8.1} ms", cold[0]);
        for (what, run) in [("index made", &cold), ("index taken", &warm)] {
            println!(
                "  {what:<18} {:>8.1} ms, {:.0} MB/s; {:.0} ms of processor time with the above; memory {:.2} × the debug information, {:.2} × at most",
                run[1],
                dwarf / run[1] * 1e3,
                run[2],
                run[3] / dwarf,
                run[4] / dwarf
            );
        }
        println!(
            "  all names          {:>8.2} ms for a text, {:.2} as a completion, {:.2} by a pattern",
            cold[7], cold[8], cold[9]
        );
        let slowest = cold[7].max(cold[8]).max(cold[9]);
        let cells = [
            format!("{name}, {size:.1} MB, {} functions", cold[6]),
            format!("{dwarf:.1} MB"),
            format!("{:.1} ms, {:.0} MB/s", cold[1], dwarf / cold[1] * 1e3),
            format!("{:.2} ×", cold[3] / dwarf),
            format!("{:.1} ms ({:.1} MB)", warm[1], cold[5]),
            format!("{:.2} ×", warm[3] / dwarf),
            format!("{slowest:.1} ms"),
        ];
        figures.row("symbols", &cells.each_ref().map(String::as_str)).expect("written");
        let mut goal = |what: &str, goal: &str, reached: String| {
            figures.goal(&format!("{what}: {name}"), goal, &reached).expect("written");
        };
        goal("index made anew", "≥ 100 MB/s", format!("{:.0} MB/s", dwarf / cold[1] * 1e3));
        goal("index taken from the cache", "≤ 20 ms", format!("{:.1} ms", warm[1]));
        if dwarf > 10.0 {
            // Below, what a process needs anyway counts more.
            goal("memory of symbols beside the debug information", "≤ 1.5 ×", format!("{:.2} ×", cold[3] / dwarf));
        }
        goal("a completion or pattern over all functions", "≤ 16 ms", format!("{slowest:.1} ms"));
        if runs {
            // Compiles it, the first time.
            rounds("stop", &module, &cache, 1, 1);
            let start = rounds("stop", &module, &cache, 1, times);
            let bare = rounds("bare", &module, &cache, 1, times);
            println!(
                "  until `main`       {:>8.1} ms, {:.0} ms of processor time; of it Wasmtime's {:.1} and {:.0}; opening before it {:.0} ms",
                start[0], start[1], bare[0], bare[1], start[2]
            );
            let cells = [start[2], start[0], bare[0], start[1], bare[1]].map(|figure| format!("{figure:.0} ms"));
            figures.row("starts", &[&name, &cells[0], &cells[1], &cells[2], &cells[3], &cells[4]]).expect("written");
            let most = if size < 20.0 { "≤ 50 ms" } else { "≤ 250 ms" };
            figures
                .goal(
                    &format!("our own processor time until `main`: {name}"),
                    most,
                    &format!("{:.0} ms", start[1] - bare[1]),
                )
                .expect("written");
        }
    }
}
