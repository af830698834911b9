//! What symbols of large modules cost: the index of their debug information made anew and from a saved one, the memory for it,
//! and names searched among all functions.
//!
//! Modules are those of `cargo xtask large`, as far as they were made, and the largest of the repository. Each measurement has a
//! process of its own, so that memory is its own too.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failure here is meant to be loud")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Instant,
};

use freezeframe_symbols::Symbols;

const ROUNDS: usize = 5;

fn root() -> &'static Path {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find(|folder| folder.join("guests").is_dir());
    found.expect("the repository")
}

fn modules() -> Vec<PathBuf> {
    let large = root().join("target/large");
    [
        root().join("guests/built/inventory.O0.dwarf4.wasm"),
        large.join("sqlite.wasm"),
        large.join("ruby-3.4-wasm-wasi/package/dist/ruby.debug+stdlib.wasm"),
        large.join("rust/wasm32-wasip1/debug/big.wasm"),
    ]
    .into_iter()
    .filter(|module| module.is_file())
    .collect()
}

/// A number of kilobytes that the system says of this process.
fn memory(what: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

/// Processor time of this process, in milliseconds.
fn processor() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) * 10.0
}

/// What is asked until the first stop by a function's name: all tables are made, or taken from the index.
fn ask(symbols: &Symbols) -> usize {
    let sites = symbols.function_sites("main").len();
    let files = symbols.find_files("main.c").len();
    assert!(symbols.has_lines() && !symbols.is_stale());
    sites + files + symbols.warnings().len()
}

/// In a process of its own: one line of figures.
fn measure(module: &Path, index: Option<&Path>) {
    let wasm: Arc<[u8]> = fs::read(module).unwrap().into();
    let index: Option<Arc<[u8]>> = index.map(|path| fs::read(path).unwrap().into());
    let (memory_before, processor_before) = (memory("VmRSS:"), processor());
    let start = Instant::now();
    let mut symbols = Symbols::new(wasm).unwrap();
    let parsed = start.elapsed().as_secs_f64() * 1e3;
    let has_index = index.is_some();
    if let Some(index) = index {
        symbols.use_saved_index(index).unwrap();
    }
    std::hint::black_box(ask(&symbols));
    let took = start.elapsed().as_secs_f64() * 1e3 - parsed;
    let (held, used) = (memory("VmHWM:").saturating_sub(memory_before), processor() - processor_before);
    let start = Instant::now();
    let found = symbols.functions().iter().filter(|function| function.name.contains("rite")).count();
    let searched = start.elapsed().as_secs_f64() * 1e3;
    println!("{parsed} {took} {used} {held} {} {found} {searched}", symbols.functions().len());
    if !has_index {
        let path = env::temp_dir().join("freezeframe-bench.index");
        fs::write(path, symbols.save_index().expect("an index")).unwrap();
    }
}

/// The figures of the quickest of some processes.
fn quickest(module: &Path, index: Option<&Path>) -> Vec<f64> {
    let run = || {
        let mut command = Command::new(env::current_exe().unwrap());
        command.env("FREEZEFRAME_BENCH_MODULE", module);
        if let Some(index) = index {
            command.env("FREEZEFRAME_BENCH_INDEX", index);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_whitespace().map(|figure| figure.parse().unwrap()).collect::<Vec<f64>>()
    };
    (0..ROUNDS).map(|_| run()).min_by(|a, b| a[1].total_cmp(&b[1])).unwrap()
}

/// How many bytes of debug information a module has.
fn debug_information(module: &Path) -> f64 {
    let wasm = fs::read(module).unwrap();
    let payloads = wasmparser::Parser::new(0).parse_all(&wasm).filter_map(Result::ok);
    let sections = payloads.filter_map(|payload| match payload {
        wasmparser::Payload::CustomSection(section) if section.name().starts_with(".debug_") => {
            Some(section.data().len() as f64)
        }
        _ => None,
    });
    sections.sum()
}

fn main() {
    if let Some(module) = env::var_os("FREEZEFRAME_BENCH_MODULE") {
        let index = env::var_os("FREEZEFRAME_BENCH_INDEX").map(PathBuf::from);
        return measure(Path::new(&module), index.as_deref());
    }
    let index = env::temp_dir().join("freezeframe-bench.index");
    for module in modules() {
        let dwarf = debug_information(&module) / 1e6;
        let cold = quickest(&module, None);
        let warm = quickest(&module, Some(&index));
        let size = fs::metadata(&module).unwrap().len() as f64 / 1e6;
        let saved = fs::metadata(&index).unwrap().len() as f64 / 1e6;
        println!(
            "{}: {size:.1} MB, {dwarf:.1} MB of it debug information, {} functions",
            module.file_name().unwrap_or_default().to_string_lossy(),
            cold[4]
        );
        println!("  sections and names      {:>8.1} ms", cold[0]);
        println!(
            "  index made              {:>8.1} ms, {:.0} MB/s; {:.0} ms of processor time; memory {:.2} × the debug information",
            cold[1],
            dwarf / cold[1] * 1e3,
            cold[2],
            cold[3] * 1024.0 / 1e6 / dwarf
        );
        println!(
            "  index of {saved:>5.1} MB taken  {:>8.1} ms; {:.0} ms of processor time; memory {:.2} ×",
            warm[1],
            warm[2],
            warm[3] * 1024.0 / 1e6 / dwarf
        );
        println!("  all names searched      {:>8.2} ms, {} found", warm[6], warm[5]);
    }
}
