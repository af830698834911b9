//! Rust's guests: with std as it comes, or small, for looking at values.

use crate::compile::{Line, Made, NEUTRAL_ROOT};
use crate::error::Error;
use crate::matrix::Guest;
use crate::tools::{self, AR, OBJCOPY, RUSTC, Rustc};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The whole std with its debug information.
pub fn whole(root: &Path, folder: &Path, guest: &Guest, target: &str, flags: &[&str]) -> Result<Made, Error> {
    let sysroot = tools::ask_rustc(&["--print", "sysroot"])?;
    let verbose = tools::ask_rustc(&["-vV"])?;
    let commit = verbose.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
    let mut line = Line::new(root, folder, RUSTC.program);
    line.words(&["--edition", "2024", "--crate-type", "bin", "--crate-name", crate_name(guest), "--target", target]);
    line.words(flags);
    line.words(&["-C", "debuginfo=2", "-C", "lto=off", "-C", "codegen-units=1"]);
    remap(&mut line, root, &sysroot, commit);
    line.words(&[&guest.source_path(), "-o"]);
    line.output(guest.file);
    line.run(&RUSTC)
}

/// A std that has lost its debug information, and a module without names and public tables, which nothing here reads:
/// what is left is the guest's own code and what it instantiates.
pub fn small(root: &Path, folder: &Path, guest: &Guest, rustc: &Rustc, flags: &[&str]) -> Result<Made, Error> {
    let toolchain = format!("+{}", rustc.tool.wanted());
    let sysroot = tools::ask_rustc(&[&toolchain, "--print", "sysroot"])?;
    let verbose = tools::ask_rustc(&[&toolchain, "-vV"])?;
    let said = |key: &str| verbose.lines().find_map(|line| line.strip_prefix(key)).unwrap_or("unknown").to_string();
    let (host, commit) = (said("host: "), said("commit-hash: "));
    let stripped = folder.join("sysroot");
    strip_sysroot(&PathBuf::from(&sysroot), &stripped, rustc.target)?;

    let mut line = Line::new(root, folder, rustc.tool.program);
    line.words(&[&toolchain, "--edition", rustc.edition, "--crate-type", "bin"]);
    line.words(&["--crate-name", crate_name(guest), "--target", rustc.target]);
    line.words(flags);
    line.words(&["-C", "debuginfo=2", "-C", "lto=off", "-C", "codegen-units=1", "-C", "panic=abort"]);
    line.shown(
        format!("--sysroot={}", stripped.display()),
        "--sysroot=(a copy whose objects went through llvm-objcopy-22 --strip-debug)",
    );
    let linker = format!("lib/rustlib/{host}/bin/rust-lld");
    line.shown(format!("-Clinker={sysroot}/{linker}"), &format!("-Clinker=$SYSROOT/{linker}"));
    remap(&mut line, root, &sysroot, &commit);
    line.words(&[&guest.source_path(), "-o"]);
    line.output(guest.file);
    let compiled = line.run(&rustc.tool);
    fs::remove_dir_all(&stripped).map_err(Error::io(&stripped))?;
    let compiled = compiled?;

    let mut line = Line::new(root, folder, OBJCOPY.program);
    line.words(&["--remove-section=name", "--remove-section=.debug_pubnames", "--remove-section=.debug_pubtypes"]);
    line.output(guest.file);
    let named = line.run(&OBJCOPY)?;
    Ok(Made { command: format!("{} && {}", compiled.command, named.command), ..compiled })
}

fn crate_name(guest: &Guest) -> &str {
    guest.source.trim_end_matches(".rs")
}

fn remap(line: &mut Line, root: &Path, sysroot: &str, commit: &str) {
    line.shown(
        format!("--remap-path-prefix={}={NEUTRAL_ROOT}", root.display()),
        "--remap-path-prefix=$PWD=/freezeframe",
    );
    // With the component rust-src installed rustc would write where that lies.
    line.shown(
        format!("--remap-path-prefix={sysroot}/lib/rustlib/src/rust=/rustc/{commit}"),
        &format!("--remap-path-prefix=$SYSROOT/lib/rustlib/src/rust=/rustc/{commit}"),
    );
}

/// Copies a target's libraries without their debug information.
fn strip_sysroot(sysroot: &Path, stripped: &Path, target: &str) -> Result<(), Error> {
    let part = format!("lib/rustlib/{target}/lib");
    let (from, to) = (sysroot.join(&part), stripped.join(&part));
    copy_folder(&from, &to)?;
    copy_folder(&from.join("self-contained"), &to.join("self-contained"))?;
    for object in files(&to.join("self-contained"))? {
        strip(&object)?;
    }
    for library in files(&to)?.iter().filter(|path| path.extension().is_some_and(|e| e == "rlib")) {
        strip_library(library, &stripped.join("members"))?;
    }
    Ok(())
}

/// Member by member: older ones have one among them that is no object (the compiler's own data).
fn strip_library(library: &Path, members: &Path) -> Result<(), Error> {
    fs::create_dir_all(members).map_err(Error::io(members))?;
    let archive = |mode: &str| {
        let mut command = Command::new(AR.program);
        command.current_dir(members).arg(mode).arg(library);
        command
    };
    run(archive("x"))?;
    let names = run(archive("t"))?;
    let names: Vec<&str> = names.lines().collect();
    for name in names.iter().filter(|name| name.ends_with(".o") || name.ends_with(".obj")) {
        strip(&members.join(name))?;
    }
    fs::remove_file(library).map_err(Error::io(library))?;
    let mut pack = archive("rcsD");
    pack.args(&names);
    run(pack)?;
    fs::remove_dir_all(members).map_err(Error::io(members))
}

fn strip(object: &Path) -> Result<(), Error> {
    let mut command = Command::new(OBJCOPY.program);
    command.arg("--strip-debug").arg(object);
    run(command).map(|_| ())
}

fn run(mut command: Command) -> Result<String, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(Error::io(Path::new(&program)))?;
    if !output.status.success() {
        return Err(Error::Command { command: program, output: String::from_utf8_lossy(&output.stderr).into_owned() });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Error> {
    fs::create_dir_all(to).map_err(Error::io(to))?;
    for file in files(from)? {
        let copy = to.join(file.file_name().unwrap_or_default());
        fs::copy(&file, &copy).map_err(Error::io(&copy))?;
    }
    Ok(())
}

/// The files of a folder, without those of folders in it; in order, so that the same comes about everywhere.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io(folder))? {
        let path = entry.map_err(Error::io(folder))?.path();
        if path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
