//! Large programs that people really debug: fetched and built beside the repository, then debugged.
//!
//! They are too large to be checked in. Invariant: what is fetched has a version, and each of them is debugged to an
//! expected stop with expected values, not only opened.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use crate::{
    error::Error,
    tools::{ANY_CLANG_22, CARGO, NPM, TAR, Tool},
};

/// A large program, how it comes to be, and what is done with it.
struct Large {
    name: &'static str,
    /// Gets what it's made of.
    fetch: fn(&Place) -> Result<PathBuf, Error>,
    make: fn(&Place) -> Result<PathBuf, Error>,
    /// Commands of the debugger.
    commands: &'static [&'static str],
    /// What they print, in this order.
    expected: &'static [&'static str],
    /// Further arguments of the debugger's.
    arguments: &'static [&'static str],
}

const LARGE: &[Large] = &[
    Large {
        name: "sqlite",
        fetch: sqlite_sources,
        make: sqlite,
        commands: &[
            "break sqlite.c:10 if rows == 7",
            "run",
            "bt",
            "print *(long *)total",
            "print values[0]",
            "delete 1",
            "break sqlite3ErrorMsg",
            "continue",
            "finish",
            "continue",
        ],
        expected: &[
            "sqlite.c:10",
            "sqlite3_exec",
            "main () at",
            "= 14",
            "\"order ",
            "sqlite3ErrorMsg",
            "10 rows",
            "exited with code 0",
        ],
        arguments: &[],
    },
    Large {
        name: "quickjs",
        fetch: quickjs_sources,
        make: quickjs,
        commands: &["break report", "run", "bt", "next 4", "print sum", "print jobs", "continue"],
        expected: &[
            "report (context=",
            "js_call_c_function",
            "main () at",
            "= 1499504",
            "= 1000",
            "exited with code 0",
        ],
        arguments: &[],
    },
    Large {
        name: "lua",
        fetch: lua_sources,
        make: lua,
        commands: &[
            "break luaD_throw",
            "run",
            "bt",
            "finish",
            "delete 1",
            "catch throw",
            "continue",
            "delete 2",
            "break report",
            "continue",
            "next 2",
            "print bad",
            "continue",
        ],
        expected: &[
            "luaG_errormsg",
            "luaB_pcall",
            "main () at",
            "luaD_rawrunprotected at",
            "exception thrown",
            "report at",
            "= 15150",
            "exited with code 0",
        ],
        arguments: &[],
    },
    Large {
        name: "rust",
        fetch: rust_sources,
        make: rust,
        commands: &["break main.rs:26", "run", "print all", "print words", "bt 3", "finish", "continue"],
        expected: &["main.rs:26", "\"red\": 3", "\"green\", \"red\", \"blue\"", "big::main", "exited with code 0"],
        arguments: &[],
    },
    Large {
        name: "ruby",
        fetch: ruby_sources,
        make: ruby,
        // It wants JavaScript around it: what of that it calls, traps.
        commands: &["break ruby_show_version", "run", "bt", "finish", "print ruby_version", "continue"],
        expected: &[
            "ruby_show_version at",
            "version.c:233",
            "rb_abi_guest_ruby_show_version () at",
            "ruby 3.4.1",
            "\"3.4.1\"",
            "returned",
        ],
        arguments: &["--trap-unknown-imports", "--invoke", "ruby-show-version: func() -> ()"],
    },
];

/// Where things are fetched and made.
struct Place {
    root: PathBuf,
    folder: PathBuf,
}

/// Those whose name contains a `name`; all without one.
fn named(names: &[&str]) -> Result<Vec<&'static Large>, Error> {
    let wanted = |large: &&Large| names.is_empty() || names.iter().any(|name| large.name.contains(name));
    let wanted: Vec<&Large> = LARGE.iter().filter(wanted).collect();
    if wanted.is_empty() { Err(Error::UnknownGuest { name: names.join(" ") }) } else { Ok(wanted) }
}

/// Fetches what those are made of whose name contains a `name`; of all without one.
///
/// # Errors
/// What can't be had.
pub fn fetch(root: &Path, names: &[&str]) -> Result<String, Error> {
    let (place, wanted) = (Place::new(root)?, named(names)?);
    let mut report = Vec::new();
    for large in wanted {
        report.push(format!("{}: {}", large.name, (large.fetch)(&place)?.display()));
    }
    Ok(report.join("\n"))
}

/// Makes and debugs those whose name contains a `name`; all without one.
///
/// # Errors
/// What is missing, can't be built, or doesn't behave as expected.
pub fn debug(root: &Path, names: &[&str]) -> Result<String, Error> {
    let (place, wanted) = (Place::new(root)?, named(names)?);
    let mut report = vec![format!("{:<10} {:>8} {:>12} {:>12}", "guest", "MB", "first, s", "again, s")];
    for large in wanted {
        println!("{}: making it", large.name);
        let module = (large.make)(&place)?;
        let size = fs::metadata(&module).map_err(Error::io(&module))?.len() as f64 / 1e6;
        println!("{}: debugging it", large.name);
        // The first time it's compiled, and its debug information indexed; then both are in the cache.
        let times = [run(&place, large, &module)?, run(&place, large, &module)?];
        report.push(format!("{:<10} {size:>8.1} {:>12.1} {:>12.1}", large.name, times[0], times[1]));
    }
    Ok(report.join("\n"))
}

/// Debugs a program and looks at what is printed; how long it took, in seconds.
fn run(place: &Place, large: &Large, module: &Path) -> Result<f64, Error> {
    let debugger = place.root.join("target/release/freezeframe");
    let mut command = Command::new(&debugger);
    command.args(["debug", "--batch"]).args(large.arguments);
    for line in large.commands {
        command.args(["-e", line]);
    }
    let start = Instant::now();
    let output = command.arg(module).env("FREEZEFRAME_CACHE", place.folder.join("cache")).output();
    let output = output.map_err(|source| Error::Io { path: debugger, source })?;
    let took = start.elapsed().as_secs_f64();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    let mut rest = text.as_str();
    for expected in large.expected {
        let Some(at) = rest.find(expected) else {
            let command = format!("{command:?}");
            return Err(Error::Command { command, output: format!("this isn't printed: {expected}\n\n{text}") });
        };
        rest = rest.get(at + expected.len()..).unwrap_or_default();
    }
    Ok(took)
}

impl Place {
    fn new(root: &Path) -> Result<Self, Error> {
        let place = Self { root: root.to_path_buf(), folder: root.join("target/large") };
        fs::create_dir_all(&place.folder).map_err(Error::io(&place.folder))?;
        Ok(place)
    }

    /// Runs a command to its end.
    fn run(&self, tool: &Tool, directory: &Path, arguments: &[&str]) -> Result<(), Error> {
        let mut command = Command::new(tool.program);
        command.args(arguments).current_dir(directory);
        let output = command.output().map_err(|_| tool.missing())?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(Error::Command { command: format!("cd {} && {command:?}", directory.display()), output: said })
    }

    /// The sources of a crate.
    fn krate(&self, name: &str, version: &str) -> Result<PathBuf, Error> {
        let folder = self.folder.join(format!("{name}-{version}"));
        let sources = folder.join("vendor").join(name);
        if sources.is_dir() {
            return Ok(sources);
        }
        fs::create_dir_all(folder.join("src")).map_err(Error::io(&folder))?;
        let manifest = format!(
            "[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n{name} = \"={version}\"\n"
        );
        for (file, text) in [("Cargo.toml", manifest.as_str()), ("src/lib.rs", "")] {
            fs::write(folder.join(file), text).map_err(Error::io(&folder))?;
        }
        self.run(&CARGO, &folder, &["vendor", "--quiet", "vendor"])?;
        Ok(sources)
    }

    /// A package of npm, unpacked.
    fn npm(&self, package: &str, version: &str) -> Result<PathBuf, Error> {
        let folder = self.folder.join(package.trim_start_matches('@').replace('/', "-"));
        let unpacked = folder.join("package");
        if unpacked.is_dir() {
            return Ok(unpacked);
        }
        fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
        self.run(&NPM, &folder, &["pack", "--silent", &format!("{package}@{version}")])?;
        let files = fs::read_dir(&folder).map_err(Error::io(&folder))?.flatten().map(|entry| entry.path());
        let archive = files.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "tgz"));
        let archive = archive.ok_or_else(|| Error::Answer { problem: format!("npm packed no {package}") })?;
        self.run(&TAR, &folder, &["xzf", &archive.to_string_lossy()])?;
        Ok(unpacked)
    }

    /// Compiles C, unless that was done.
    fn clang(&self, name: &str, arguments: &[String]) -> Result<PathBuf, Error> {
        let module = self.folder.join(name).with_extension("wasm");
        let source = format!("guests/large/{name}.c");
        let output = module.to_string_lossy().into_owned();
        let mut all: Vec<&str> = vec!["-O0", "-g", "-gdwarf-5", "-Wno-everything", &source, "-o", &output];
        all.extend(arguments.iter().map(String::as_str));
        ANY_CLANG_22.version()?;
        self.run(&ANY_CLANG_22, &self.root, &all)?;
        Ok(module)
    }
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split_whitespace().map(str::to_owned)
}

fn sqlite_sources(place: &Place) -> Result<PathBuf, Error> {
    Ok(place.krate("libsqlite3-sys", "0.39.1")?.join("sqlite3"))
}

fn sqlite(place: &Place) -> Result<PathBuf, Error> {
    let sources = sqlite_sources(place)?;
    let mut arguments = vec![format!("-I{}", sources.display()), sources.join("sqlite3.c").display().to_string()];
    arguments.extend(words(
        "--target=wasm32-wasi -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_WAL \
         -D_WASI_EMULATED_GETPID -D_WASI_EMULATED_MMAN -DSQLITE_MAX_MMAP_SIZE=0 -DLONGDOUBLE_TYPE=double \
         -lwasi-emulated-getpid -lwasi-emulated-mman",
    ));
    place.clang("sqlite", &arguments)
}

fn quickjs_sources(place: &Place) -> Result<PathBuf, Error> {
    Ok(place.krate("rquickjs-sys", "0.14.0")?.join("quickjs"))
}

fn quickjs(place: &Place) -> Result<PathBuf, Error> {
    let sources = quickjs_sources(place)?;
    let mut arguments = vec![format!("-I{}", sources.display())];
    let files = ["quickjs.c", "libregexp.c", "libunicode.c", "dtoa.c"];
    arguments.extend(files.map(|file| sources.join(file).display().to_string()));
    arguments.extend(words(
        "--target=wasm32-wasi -D_GNU_SOURCE -DNDEBUG -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_PROCESS_CLOCKS \
         -Wl,-z,stack-size=1048576 -lwasi-emulated-process-clocks -lm",
    ));
    place.clang("quickjs", &arguments)
}

fn lua_sources(place: &Place) -> Result<PathBuf, Error> {
    place.npm("@yowasp/clang", "22.0.0-git20542-10")?;
    Ok(place.krate("lua-src", "551.1.0")?.join("lua-5.4.9"))
}

/// Its errors are exceptions of WebAssembly; only a newer libc has `setjmp` by those.
fn lua(place: &Place) -> Result<PathBuf, Error> {
    let sources = lua_sources(place)?;
    let sysroot = place.folder.join("sysroot");
    if !sysroot.is_dir() {
        let package = place.npm("@yowasp/clang", "22.0.0-git20542-10")?;
        fs::create_dir_all(&sysroot).map_err(Error::io(&sysroot))?;
        place.run(&TAR, &sysroot, &["xf", &package.join("gen/llvm-resources.tar").to_string_lossy()])?;
    }
    let mut arguments = vec![format!("-I{}", sources.display()), format!("--sysroot={}", sysroot.display())];
    for entry in fs::read_dir(&sources).map_err(Error::io(&sources))?.flatten() {
        let path = entry.path();
        let is_program = path.file_name().is_some_and(|name| name == "lua.c" || name == "luac.c");
        if path.extension().is_some_and(|extension| extension == "c") && !is_program {
            arguments.push(path.display().to_string());
        }
    }
    arguments.extend(words(
        "--target=wasm32-wasip1 -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_PROCESS_CLOCKS -DL_tmpnam=20 \
         -Dtmpnam=no_tmpnam -Dtmpfile=no_tmpfile -Dsystem=no_system -mllvm -wasm-enable-sjlj \
         -mllvm -wasm-use-legacy-eh=false -Wl,-z,stack-size=1048576 -lsetjmp -lwasi-emulated-signal \
         -lwasi-emulated-process-clocks",
    ));
    place.clang("lua", &arguments)
}

fn rust_sources(place: &Place) -> Result<PathBuf, Error> {
    let sources = place.root.join("guests/large/rust");
    place.run(&CARGO, &sources, &["fetch", "--quiet", "--locked", "--target", "wasm32-wasip1"])?;
    Ok(sources)
}

fn rust(place: &Place) -> Result<PathBuf, Error> {
    let target = place.folder.join("rust");
    let arguments = ["build", "--quiet", "--locked", "--target", "wasm32-wasip1", "--target-dir"];
    place.run(
        &CARGO,
        &place.root.join("guests/large/rust"),
        &[&arguments[..], &[target.to_string_lossy().as_ref()]].concat(),
    )?;
    Ok(target.join("wasm32-wasip1/debug/big.wasm"))
}

fn ruby_sources(place: &Place) -> Result<PathBuf, Error> {
    place.npm("@ruby/3.4-wasm-wasi", "2.10.1")
}

fn ruby(place: &Place) -> Result<PathBuf, Error> {
    Ok(ruby_sources(place)?.join("dist/ruby.debug+stdlib.wasm"))
}
