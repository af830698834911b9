//! From a row of the matrix to a file: the command lines.
//!
//! Every compiler runs in the repository's root and gets the source as `guests/src/…`; the root itself is called
//! `/freezeframe` in the DWARF. Zig can't rename paths: it compiles a copy that really lies there.

use crate::derive::derive;
use crate::error::Error;
use crate::exceptions;
use crate::matrix::{Guest, Libcxx, Recipe, Split};
use crate::rust;
use crate::tools::{ASC, CLANG_19, CLANG_22, CLANGXX_19, CLANGXX_22, DWP, LIBCXX_22, OBJCOPY, Tool, WASM_OPT, ZIG_015};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the DWARF calls the repository's root.
pub const NEUTRAL_ROOT: &str = "/freezeframe";

/// How a guest was made, for the manifest.
#[derive(Debug)]
pub struct Made {
    pub compiler: String,
    pub libraries: Vec<String>,
    pub command: String,
    /// Files that came about beside the guest itself.
    pub beside: Vec<String>,
}

/// Makes `guest` in `folder`, where those that it derives from are already.
///
/// # Errors
/// [`Error::MissingTool`], [`Error::WrongVersion`], [`Error::NeutralFolder`], [`Error::Command`] with what the compiler
/// said, and [`Error::Io`].
pub fn make(root: &Path, folder: &Path, guest: &Guest) -> Result<Made, Error> {
    match guest.recipe {
        Recipe::C(flags) => clang(root, folder, guest, &CLANG_22, flags),
        Recipe::Clang19(flags) => clang(root, folder, guest, &CLANG_19, flags),
        Recipe::SplitDwarf(flags) => split_dwarf(root, folder, guest, flags),
        Recipe::Cpp(flags) => {
            let flags: Vec<&str> = ["-std=c++20", "-fno-exceptions"].iter().chain(flags).copied().collect();
            compile_then_link(root, folder, guest, &CLANGXX_19, &flags)
        }
        Recipe::CppExceptions(flags) => exceptions::make(root, folder, guest, flags),
        Recipe::CppValues { library, flags } => cpp_values(root, folder, guest, library, flags),
        Recipe::Rust { target, flags } => rust::whole(root, folder, guest, target, flags),
        Recipe::RustValues { rustc, flags } => rust::small(root, folder, guest, rustc, flags),
        Recipe::Bare { flags, split } => bare(root, folder, guest, flags, split),
        Recipe::AssemblyScript => assemblyscript(root, folder, guest),
        Recipe::WasmOpt(flags) => {
            let mut line = Line::new(root, folder, WASM_OPT.program);
            let original = folder.join(guest.source).display().to_string();
            line.shown(original, &format!("guests/built/{}", guest.source));
            line.words(flags);
            line.word("-o".to_string());
            line.output(guest.file);
            line.run(&WASM_OPT)
        }
        Recipe::Zig { mode } => zig(root, folder, guest, mode),
        Recipe::Text => text(root, folder, guest),
        Recipe::Derived(derivation) => {
            let original = match guest.source {
                "" => Vec::new(),
                source => read(&folder.join(source))?,
            };
            write(&folder.join(guest.file), &derive(derivation, guest.source, &original)?)?;
            Ok(by_xtask(format!("cargo xtask guests {}", guest.file)))
        }
    }
}

fn clang(root: &Path, folder: &Path, guest: &Guest, tool: &Tool, flags: &[&str]) -> Result<Made, Error> {
    let mut line = Line::new(root, folder, tool.program);
    line.words(&["--target=wasm32-wasi", "-Wno-deprecated", "-g"]);
    line.words(flags);
    line.word(format!("-fdebug-compilation-dir={NEUTRAL_ROOT}"));
    line.words(&[&guest.source_path(), "-o"]);
    line.output(guest.file);
    line.run(tool)
}

/// The `.dwo`'s name in the DWARF is where it will be checked in, wherever it is written now.
fn split_dwarf(root: &Path, folder: &Path, guest: &Guest, flags: &[&str]) -> Result<Made, Error> {
    let dwo = guest.file.replace(".wasm", ".dwo");
    let name = format!("guests/built/{dwo}");
    let output = folder.join(&dwo).display().to_string();
    let mut all = vec!["-gsplit-dwarf", "-Xclang", "-split-dwarf-file", "-Xclang", &name];
    all.extend(["-Xclang", "-split-dwarf-output", "-Xclang", &output]);
    all.extend(flags);
    let made = compile_then_link(root, folder, guest, &CLANG_22, &all)?;
    Ok(Made { command: made.command.replace(&output, &name), beside: vec![dwo], ..made })
}

/// Without a library, in two steps.
fn bare(root: &Path, folder: &Path, guest: &Guest, flags: &[&str], split: Split) -> Result<Made, Error> {
    let (sources, flags): (Vec<&str>, Vec<&str>) = flags.iter().partition(|flag| flag.starts_with("guests/"));
    let (to_link, flags): (Vec<&str>, Vec<&str>) = flags.iter().partition(|flag| flag.starts_with("-Wl,"));
    let own = guest.source_path();
    let (mut objects, mut commands, mut beside) = (Vec::new(), Vec::new(), Vec::new());
    for (at, source) in std::iter::once(own.as_str()).chain(sources).enumerate() {
        let object = guest.file.replace(".wasm", &format!(".{at}.o"));
        let mut line = Line::new(root, folder, CLANG_22.program);
        line.words(&["--target=wasm32", "-g", "-c", "-ffreestanding"]);
        if split != Split::No {
            let dwo = guest.file.replace(".wasm", ".dwo");
            let name = format!("guests/built/{dwo}");
            line.words(&["-gsplit-dwarf", "-Xclang", "-split-dwarf-file", "-Xclang", &name]);
            line.words(&["-Xclang", "-split-dwarf-output", "-Xclang"]);
            line.output(&dwo);
            beside = vec![dwo];
        }
        line.words(&flags);
        line.word(format!("-fdebug-compilation-dir={NEUTRAL_ROOT}"));
        line.words(&[source, "-o"]);
        line.output(&object);
        commands.push(line.run(&CLANG_22)?.command);
        objects.push(object);
    }
    let mut line = Line::new(root, folder, CLANG_22.program);
    line.words(&["--target=wasm32", "-nostdlib", "-Wl,--no-entry", "-Wl,--export=run"]);
    line.words(&to_link);
    objects.iter().for_each(|object| line.output(object));
    line.word("-o".to_string());
    line.output(guest.file);
    let linked = line.run(&CLANG_22)?;
    commands.push(linked.command.clone());
    if split == Split::Package {
        let package = guest.file.replace(".wasm", ".dwp");
        let mut line = Line::new(root, folder, DWP.program);
        beside.iter().for_each(|dwo| line.output(dwo));
        line.word("-o".to_string());
        line.output(&package);
        commands.push(line.run(&DWP)?.command);
        objects.append(&mut beside);
        beside.push(package);
    }
    for object in objects {
        let object = folder.join(object);
        fs::remove_file(&object).map_err(Error::io(&object))?;
    }
    Ok(Made { command: commands.join(" && "), beside, libraries: Vec::new(), ..linked })
}

/// Its source map names the module and the sources as they were given.
fn assemblyscript(root: &Path, folder: &Path, guest: &Guest) -> Result<Made, Error> {
    let mut line = Line::new(root, folder, ASC.program);
    line.words(&[&guest.source_path(), "--debug", "--sourceMap", "--runtime", "stub", "--use", "abort=", "--outFile"]);
    line.output(guest.file);
    let made = line.run(&ASC)?;
    Ok(Made { beside: vec![format!("{}.map", guest.file)], ..made })
}

/// In two steps where one won't do. Linking without `-O` keeps Clang from running `wasm-opt`, which drops DWARF 5;
/// Clang 19 has no working flag for that.
fn compile_then_link(root: &Path, folder: &Path, guest: &Guest, tool: &Tool, flags: &[&str]) -> Result<Made, Error> {
    let object = guest.file.replace(".wasm", ".o");
    let mut line = Line::new(root, folder, tool.program);
    line.words(&["--target=wasm32-wasi", "-Wno-deprecated", "-g", "-c"]);
    line.words(flags);
    line.word(format!("-fdebug-compilation-dir={NEUTRAL_ROOT}"));
    line.words(&[&guest.source_path(), "-o"]);
    line.output(&object);
    let compiled = line.run(tool)?;

    let mut line = Line::new(root, folder, tool.program);
    line.words(&["--target=wasm32-wasi", "-Wno-deprecated"]);
    line.output(&object);
    line.word("-o".to_string());
    line.output(guest.file);
    let linked = line.run(tool)?;
    let object = folder.join(object);
    fs::remove_file(&object).map_err(Error::io(&object))?;
    Ok(Made { command: format!("{} && {}", compiled.command, linked.command), ..linked })
}

/// The C library that is linked loses its debug information first, the module its names at the end.
fn cpp_values(root: &Path, folder: &Path, guest: &Guest, library: Libcxx, flags: &[&str]) -> Result<Made, Error> {
    let (tool, include, lib) = match library {
        Libcxx::V19 => (&CLANGXX_19, Vec::new(), Vec::new()),
        Libcxx::V22 => {
            let base = format!("{LIBCXX_22}/usr/lib/llvm-22");
            let include = vec!["-nostdinc++".into(), "-isystem".into(), format!("{base}/include/wasm32-wasi/c++/v1")];
            let lib =
                vec!["-nostdlib++".into(), format!("-L{base}/lib/wasm32-wasi"), "-lc++".into(), "-lc++abi".into()];
            (&CLANGXX_22, include, lib)
        }
    };
    let object = guest.file.replace(".wasm", ".o");
    let mut line = Line::new(root, folder, tool.program);
    line.words(&["--target=wasm32-wasi", "-Wno-deprecated", "-std=c++20", "-fno-exceptions", "-g", "-c"]);
    line.words(&["-mllvm", "-dwarf-linkage-names=Abstract"]);
    line.words(flags);
    include.into_iter().for_each(|word| line.word(word));
    line.word(format!("-fdebug-compilation-dir={NEUTRAL_ROOT}"));
    line.words(&[&guest.source_path(), "-o"]);
    line.output(&object);
    let compiled = line.run(tool)?;

    let mut line = Line::new(root, folder, OBJCOPY.program);
    line.words(&["--strip-debug", "/usr/lib/wasm32-wasi/libc.a"]);
    line.output("libc.a");
    let stripped = line.run(&OBJCOPY)?;

    let mut line = Line::new(root, folder, tool.program);
    line.words(&["--target=wasm32-wasi", "-Wno-deprecated"]);
    line.output(&object);
    line.shown(format!("-L{}", folder.display()), "-Lguests/built");
    lib.into_iter().for_each(|word| line.word(word));
    line.word("-o".to_string());
    line.output(guest.file);
    let linked = line.run(tool)?;

    let mut line = Line::new(root, folder, OBJCOPY.program);
    line.words(&["--remove-section=name"]);
    line.output(guest.file);
    let named = line.run(&OBJCOPY)?;
    for file in [object.as_str(), "libc.a"] {
        let path = folder.join(file);
        fs::remove_file(&path).map_err(Error::io(&path))?;
    }
    let commands = [compiled.command, stripped.command, linked.command.clone(), named.command];
    Ok(Made { command: commands.join(" && "), ..linked })
}

fn zig(root: &Path, folder: &Path, guest: &Guest, mode: &str) -> Result<Made, Error> {
    let neutral = Path::new(NEUTRAL_ROOT);
    let refused = |_: io::Error| Error::NeutralFolder { path: NEUTRAL_ROOT };
    let copy = neutral.join(guest.source_path());
    fs::create_dir_all(copy.parent().unwrap_or(neutral)).map_err(refused)?;
    fs::copy(root.join(guest.source_path()), &copy).map_err(refused)?;

    let mut line = Line::new(neutral, folder, ZIG_015.program);
    line.words(&["build-exe", &guest.source_path(), "-target", "wasm32-wasi", "-O", mode]);
    line.words(&["--cache-dir", "/freezeframe/.zig-cache", "--global-cache-dir", "/freezeframe/.zig-cache"]);
    let file = folder.join(guest.file);
    line.shown(format!("-femit-bin={}", file.display()), &format!("-femit-bin=guests/built/{}", guest.file));
    let made = line.run(&ZIG_015)?;
    Ok(Made { command: format!("(in {NEUTRAL_ROOT}, a copy) {}", made.command), ..made })
}

fn text(root: &Path, folder: &Path, guest: &Guest) -> Result<Made, Error> {
    let source = root.join(guest.source_path());
    let bytes = wat::parse_file(&source).map_err(|error| Error::bad_module(guest.file, error))?;
    write(&folder.join(guest.file), &bytes)?;
    Ok(by_xtask(format!("cargo xtask guests {} (crate wat)", guest.file)))
}

fn by_xtask(command: String) -> Made {
    Made { compiler: "xtask".to_string(), libraries: Vec::new(), command, beside: Vec::new() }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(Error::io(path))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    fs::write(path, bytes).map_err(Error::io(path))
}

/// A command line twice: as it runs, and as the manifest shows it, without this machine's folders.
pub struct Line {
    command: Command,
    shown: Vec<String>,
    folder: PathBuf,
}

impl Line {
    pub fn new(current: &Path, folder: &Path, program: &str) -> Self {
        let mut command = Command::new(program);
        command.current_dir(current).env("LC_ALL", "C").env("SOURCE_DATE_EPOCH", "0");
        // Each would change what is compiled, or put a wrapper before it.
        for name in [
            "RUSTFLAGS",
            "RUSTC_WRAPPER",
            "CPATH",
            "C_INCLUDE_PATH",
            "CPLUS_INCLUDE_PATH",
            "LIBRARY_PATH",
            "CCC_OVERRIDE_OPTIONS",
        ] {
            command.env_remove(name);
        }
        Self { command, shown: vec![program.to_string()], folder: folder.to_path_buf() }
    }

    pub fn word(&mut self, word: String) {
        self.command.arg(&word);
        self.shown.push(word);
    }

    pub fn words(&mut self, words: &[&str]) {
        words.iter().for_each(|word| self.word((*word).to_string()));
    }

    pub fn shown(&mut self, word: String, shown: &str) {
        self.command.arg(word);
        self.shown.push(shown.to_string());
    }

    pub fn output(&mut self, file: &str) {
        let path = self.folder.join(file);
        self.command.arg(path);
        self.shown.push(format!("guests/built/{file}"));
    }

    pub fn run(mut self, tool: &Tool) -> Result<Made, Error> {
        let compiler = tool.version()?;
        let command = self.shown.join(" ");
        let output = self.command.output().map_err(Error::io(Path::new(tool.program)))?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_string();
        if !output.status.success() {
            return Err(Error::Command { command, output: said });
        }
        if !said.is_empty() {
            eprintln!("{command}\n{said}");
        }
        Ok(Made { compiler, libraries: tool.libraries(), command, beside: Vec::new() })
    }
}
