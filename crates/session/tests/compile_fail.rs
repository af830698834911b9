//! What the types must refuse. Each file in `compile_fail` begins with what the compiler says about it (an error's code, or
//! words of an error that has none), and compiles with `--cfg fixed`, so that nothing but the point in question is wrong.
//!
//! The files are compiled against the library that this test was built with. (The crate `trybuild` would build Wasmtime
//! once more.)
// Helpers beside the tests are tests, too.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

/// The folder with the libraries, and the newest one that is called so: cargo keeps those of other feature sets.
fn library(name: &str) -> (PathBuf, PathBuf) {
    let test = std::env::current_exe().unwrap();
    let deps = test.parent().unwrap();
    let start = format!("lib{name}-");
    let newest = std::fs::read_dir(deps)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with(&start) && name.ends_with(".rlib")
        })
        .max_by_key(|path| path.metadata().and_then(|meta| meta.modified()).unwrap_or(SystemTime::UNIX_EPOCH));
    (deps.to_owned(), newest.expect("the library beside the test"))
}

/// Compiles a file; what the compiler says, if it refuses.
fn compile(file: &Path, fixed: bool) -> Result<(), String> {
    let (deps, library) = library("freezeframe_session");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(rustc);
    command
        .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--cap-lints", "allow", "-o"])
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join(file.with_extension("rmeta").file_name().unwrap()))
        .arg("-L")
        .arg(format!("dependency={}", deps.display()))
        .arg("--extern")
        .arg(format!("freezeframe_session={}", library.display()))
        .args(fixed.then_some("--cfg=fixed"))
        .arg(file);
    let output = command.output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

#[test]
fn refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compile_fail");
    if let Err(says) = compile(&folder.join("ok.rs"), false) {
        panic!("ok.rs should compile:\n{says}");
    }
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.file_name().is_some_and(|name| name != "ok.rs"));
    assert!(files.len() >= 10);
    files.sort();
    let mut wrong = vec![];
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let expected = text.lines().next().and_then(|line| line.strip_prefix("//~ ")).expect("what is expected");
        match compile(&file, false) {
            Ok(()) => wrong.push(format!("{name} compiles")),
            Err(says) => {
                // Each error of it, not only one.
                let errors: Vec<_> =
                    says.lines().filter(|line| line.starts_with("error") && !line.contains("aborting")).collect();
                if errors.is_empty() || !errors.iter().all(|error| error.contains(expected)) {
                    wrong.push(format!("{name} should give {expected:?}:\n{says}"));
                }
            }
        }
        if let Err(says) = compile(&file, true) {
            wrong.push(format!("{name}, fixed, should compile:\n{says}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
