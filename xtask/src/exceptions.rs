//! C++ with exceptions: Debian's C++ library is built without them, so the part of the run-time library that throws and
//! catches is compiled from LLVM's sources, as the PyPI package `ziglang` brings them.
//!
//! Both are fetched and made once, below `target/guests-cache`; nothing of it is checked in but what is linked into the
//! guest.

use crate::compile::{Line, Made, NEUTRAL_ROOT};
use crate::error::Error;
use crate::matrix::Guest;
use crate::tools::{CLANG_22, CLANGXX_22, PIP};
use std::fs;
use std::path::Path;

const SOURCES: &str = "ziglang==0.17.0";
/// From the repository's root, so that no builder's path is inside of anything.
const CACHE: &str = "target/guests-cache/ziglang-0.17.0";
const OBJECTS: &str = "target/guests-cache/cxx-exceptions";
/// The standard exceptions instead of the older ones, which engines don't run any more.
const EXCEPTIONS: &[&str] = &["-fwasm-exceptions", "-mllvm", "-wasm-use-legacy-eh=false"];

/// Of libc++abi: what throws, catches, compares types and ends a program.
const CXXABI: &[&str] = &[
    "abort_message",
    "cxa_aux_runtime",
    "cxa_default_handlers",
    "cxa_exception",
    "cxa_exception_storage",
    "cxa_guard",
    "cxa_handlers",
    "cxa_personality",
    "cxa_vector",
    "cxa_virtual",
    "fallback_malloc",
    "private_typeinfo",
    "stdlib_exception",
    "stdlib_new_delete",
    "stdlib_stdexcept",
    "stdlib_typeinfo",
];

/// Makes a guest that throws.
///
/// # Errors
/// As for any other guest; [`Error::Command`] also when the sources can't be fetched.
pub fn make(root: &Path, folder: &Path, guest: &Guest, flags: &[&str]) -> Result<Made, Error> {
    let mut objects = runtime(root)?;
    let object = guest.file.replace(".wasm", ".o");
    let mut line = Line::new(root, folder, CLANGXX_22.program);
    line.words(&["--target=wasm32-wasi", "-Wno-deprecated", "-std=c++20", "-g", "-c"]);
    line.words(flags);
    line.words(EXCEPTIONS);
    headers(&mut line);
    line.word(format!("-fdebug-compilation-dir={NEUTRAL_ROOT}"));
    line.word(format!("-fdebug-prefix-map={CACHE}=/opt/zig"));
    line.words(&[&guest.source_path(), "-o"]);
    line.output(&object);
    let compiled = line.run(&CLANGXX_22)?;

    let mut line = Line::new(root, folder, CLANG_22.program);
    line.words(&["--target=wasm32-wasi", "-Wno-deprecated"]);
    line.output(&object);
    objects.sort();
    objects.iter().for_each(|object| line.word(object.clone()));
    line.words(&["-o"]);
    line.output(guest.file);
    let linked = line.run(&CLANG_22)?;
    let object = folder.join(object);
    fs::remove_file(&object).map_err(Error::io(&object))?;
    let mut libraries = linked.libraries.clone();
    libraries.push(format!("{SOURCES} (libc++abi, Unwind-wasm.c; xtask/src/exceptions.rs)"));
    Ok(Made { command: format!("{} && {}", compiled.command, linked.command), libraries, ..linked })
}

/// LLVM's headers instead of Debian's.
fn headers(line: &mut Line) {
    line.words(&["-nostdinc++", "-include", "xtask/cxx/config_site.h", "-Ixtask/cxx"]);
    for folder in ["libcxx/include", "libcxxabi/include"] {
        line.word(format!("-I{CACHE}/ziglang/lib/{folder}"));
    }
}

/// The objects of the run-time library, made where they aren't there yet.
fn runtime(root: &Path) -> Result<Vec<String>, Error> {
    if !root.join(CACHE).join("ziglang/lib/libcxxabi").is_dir() {
        let mut line = Line::new(root, root, PIP.program);
        line.words(&["install", "--quiet", "--no-deps", "--target", CACHE, SOURCES]);
        line.run(&PIP)?;
    }
    let objects = root.join(OBJECTS);
    fs::create_dir_all(&objects).map_err(Error::io(&objects))?;
    let sources = format!("{CACHE}/ziglang/lib");
    let mut made = Vec::new();
    for name in CXXABI {
        made.push(object(root, name, |object| {
            let mut line = Line::new(root, root, CLANGXX_22.program);
            line.words(&["--target=wasm32-wasi", "-std=c++23", "-O2", "-w", "-DNDEBUG", "-c"]);
            line.words(EXCEPTIONS);
            line.words(&["-D_LIBCXXABI_BUILDING_LIBRARY", "-D_LIBCPP_BUILDING_LIBRARY", "-DLIBCXX_BUILDING_LIBCXXABI"]);
            line.words(&["-D_LIBCXXABI_HAS_NO_THREADS", "-DLIBCXXABI_NON_DEMANGLING_TERMINATE"]);
            headers(&mut line);
            for folder in ["libcxxabi/src", "libcxx/src", "libunwind/include"] {
                line.word(format!("-I{sources}/{folder}"));
            }
            line.word(format!("{sources}/libcxxabi/src/{name}.cpp"));
            line.words(&["-o", object]);
            line.run(&CLANGXX_22)
        })?);
    }
    made.push(object(root, "Unwind-wasm", |object| {
        let mut line = Line::new(root, root, CLANG_22.program);
        line.words(&["--target=wasm32-wasi", "-O2", "-w", "-DNDEBUG", "-D_LIBUNWIND_HIDE_SYMBOLS", "-fms-extensions"]);
        line.words(EXCEPTIONS);
        line.word(format!("-I{sources}/libunwind/include"));
        line.words(&["-c", &format!("{sources}/libunwind/src/Unwind-wasm.c"), "-o", object]);
        line.run(&CLANG_22)
    })?);
    made.push(object(root, "cpp_exception", |object| {
        let mut line = Line::new(root, root, CLANG_22.program);
        line.words(&[
            "--target=wasm32-wasi",
            "-w",
            "-mexception-handling",
            "-c",
            "xtask/cxx/cpp_exception.s",
            "-o",
            object,
        ]);
        line.run(&CLANG_22)
    })?);
    Ok(made)
}

/// The path of an object, which `make` makes if it isn't there.
fn object(root: &Path, name: &str, make: impl FnOnce(&str) -> Result<Made, Error>) -> Result<String, Error> {
    let path = format!("{OBJECTS}/{name}.o");
    if !root.join(&path).is_file() {
        make(&path)?;
    }
    Ok(path)
}
