//! Tasks of this repository that are no part of the product: `cargo xtask <task>`.
//!
//! Nothing here depends on Wasmtime, so that checking the guests takes seconds.

mod compile;
mod coverage;
mod dap_types;
mod derive;
mod error;
mod exceptions;
mod figures;
mod guests;
mod large;
mod leaks;
mod lldb;
mod llvm;
mod manifest;
mod matrix;
mod oracle;
mod rust;
mod tools;
mod wasm;

use error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask <task>

  guests [NAME…]            build the guests whose file name contains a NAME (all without one) into
                            guests/built and rewrite guests/manifest.toml; needs the compilers
  guests --dry-run [NAME…]  build them into a scratch folder and compare with the manifest; writes nothing
  guests --check            hash the checked-in guests and look for builders' paths; needs no compiler
  oracle [NAME…]            record what llvm-dwarfdump and llvm-symbolizer answer at random PCs into guests/oracle
  coverage-of-variables     count which variables can be read in each guest, and write docs/coverage.md;
                            with NAMEs, only print; needs llvm-dwarfdump
  lldb-values               record what LLDB shows of the C++ containers at stops of target/release/freezeframe
  oracle --check            see that every recorded oracle belongs to the checked-in module
  large [NAME…]             fetch and build large programs (SQLite, QuickJS, Lua, CRuby, 70 MB of Rust) into target/large
                            and debug them with target/release/freezeframe; needs clang-22, npm and the network
  large --fetch [NAME…]     only fetch what they are built of; needs npm and the network
  figures [BENCH…]          run the benchmarks (events, stepping, values, symbols, native, editor) and write the tables
                            of docs/PERFORMANCE.md; the machine should be quiet, `large` makes the modules for symbols
  figures --quick [BENCH…]  run each once, small, and only print
  dap-types                 write the types of the Debug Adapter Protocol from its checked-in schema
  dap-types --check         see that the checked-in types are those of the schema
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<String, Error> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let root = repository_root()?;
    match words.as_slice() {
        ["guests", "--check"] => guests::check(&root),
        ["guests", "--dry-run", names @ ..] if plain(names) => guests::build(&root, names, guests::Write::Nothing),
        ["guests", names @ ..] if plain(names) => guests::build(&root, names, guests::Write::Guests),
        ["coverage-of-variables", names @ ..] if plain(names) => coverage::coverage(&root, names),
        ["lldb-values"] => lldb::record(&root),
        ["oracle", "--check"] => oracle::check(&root),
        ["oracle", names @ ..] if plain(names) => oracle::record(&root, names),
        ["large", "--fetch", names @ ..] if plain(names) => large::fetch(&root, names),
        ["large", names @ ..] if plain(names) => large::debug(&root, names),
        ["figures", "--quick", names @ ..] if plain(names) => figures::write(&root, names, true),
        ["figures", names @ ..] if plain(names) => figures::write(&root, names, false),
        ["dap-types"] => dap_types::write(&root),
        ["dap-types", "--check"] => dap_types::check(&root),
        ["help" | "--help" | "-h"] => Ok(USAGE.to_string()),
        _ => Err(Error::Usage { words: words.join(" "), usage: USAGE }),
    }
}

fn plain(names: &[&str]) -> bool {
    names.iter().all(|name| !name.starts_with('-'))
}

/// The folder above this package: compilers run there, so that sources are named `guests/src/…`.
fn repository_root() -> Result<PathBuf, Error> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.parent().unwrap_or(package);
    root.canonicalize().map_err(Error::io(root))
}
