//! The examples, run as programs: each ends, in time, and prints exactly what `examples/NAME.txt` has.
//!
//! `cargo test` builds them before; `cargo test --test examples` doesn't, and runs those that were built last.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failure here is meant to be loud")]

use std::{
    env, fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long an example may take; they take milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// The program that cargo has built: in the folder `examples` beside `deps`, where this test lies.
fn program(name: &str) -> PathBuf {
    let this = env::current_exe().expect("this test's path");
    let profile = this.parent().and_then(Path::parent).expect("a profile's folder");
    profile.join("examples").join(name).with_extension(env::consts::EXE_EXTENSION)
}

/// Waits for the end; a program that takes too long is killed: `None`.
fn wait(child: &mut Child) -> Option<ExitStatus> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait().expect("its state") {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it was killed");
    None
}

/// Reads all, beside the wait: a full pipe would stop the program.
fn read(mut from: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        from.read_to_string(&mut text).expect("UTF-8");
        text
    })
}

fn runs(name: &str) {
    let program = program(name);
    let mut child = Command::new(&program)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{}: {e}; `cargo build --release --examples` builds it", program.display()));
    let out = read(child.stdout.take().expect("a pipe"));
    let err = read(child.stderr.take().expect("a pipe"));
    let status = wait(&mut child);
    let (out, err) = (out.join().expect("read"), err.join().expect("read"));
    let status = status.unwrap_or_else(|| panic!("{name} hangs, after\n{out}{err}"));
    assert!(status.success(), "{name}: {status}\n{out}{err}");
    assert_eq!(err, "", "{name} says something on its standard error");
    let want = fs::read_to_string(sources().join(name).with_extension("txt")).expect("what it should print");
    assert_eq!(out, want.replace('\r', ""), "{name} prints something else");
}

macro_rules! examples {
    ($($name:ident),* $(,)?) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        $(#[test] fn $name() { runs(stringify!($name)); })*
    };
}

examples!(attach, calls, component, editor, event_filter, http, owned_store, server, sync_main);

/// Each example is run here, and is on the page for embedders.
#[test]
fn none_is_left_out() {
    let files = fs::read_dir(sources()).expect("the examples").map(|file| file.expect("a file").path());
    let mut found: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    found.sort_unstable();
    assert_eq!(found, NAMES);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/embedding.md");
    let page = fs::read_to_string(page).expect("the page");
    for name in NAMES {
        assert!(page.contains(&format!("../crates/freezeframe/examples/{name}.rs")), "no link to {name}");
    }
}
