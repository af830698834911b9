//! What is wrong is said in a sentence that helps, with the exit code for it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod command;

use command::{batch, batch_with, guest, run};

const ORDERS: &str = "orders.O0.dwarf5";

#[test]
fn files_that_are_no_guests() {
    let open = |name: &str| batch(name, &["run"]);
    open("no-such-file").complains("can't read guests/built/no-such-file.wasm: ").exits(1);
    open("not-wasm").complains("is not a WebAssembly file").exits(1);
    open("bogus-opcode").complains("can't be compiled").complains("illegal opcode").exits(1);
    open("unsupported").complains("can't be compiled").complains("stack switching").exits(1);
    open("missing-import").complains("app.telephone (function)").exits(1);
    open("invoke").complains("no exported function `_start`").complains("--invoke").exits(1);
    run(&["info", &guest("not-wasm")]).complains("is not a WebAssembly file").exits(1);
    run(&["info", "no/such/file"]).complains("can't read no/such/file").exits(1);
}

#[test]
fn damaged_debug_information_is_said_and_lived_with() {
    for name in ["damaged", "damaged-flipped"] {
        let ran = batch(name, &["start", "bt", "info locals", "continue"]);
        ran.complains("note: debug information of ").prints("the program exited with code 1\n").exits(1);
    }
}

#[test]
fn wrong_usage() {
    run(&[]).exits(2);
    run(&["debug"]).complains("GUEST").exits(2);
    run(&["debug", "--nonsense", "x.wasm"]).complains("--nonsense").exits(2);
    run(&["debug", "--env", "x", "x.wasm"]).complains("expected KEY=VALUE").exits(2);
    run(&["debug", "--dir", "::x", "x.wasm"]).complains("expected HOST").exits(2);
    run(&["--help"]).prints("Exit codes:").exits(0);
    run(&["debug", "--help"]).prints("Exit codes:").prints("--source-dir").exits(0);
    run(&["--version"]).prints("freezeframe ").exits(0);
}

#[test]
fn environments_that_cannot_be_had() {
    let guest = guest(ORDERS);
    batch_with(&["--dir", "no/such/folder"], &["run"], &[&guest]).complains("no/such/folder").exits(1);
    batch_with(&["--stdin", "no/such/file"], &["run"], &[&guest]).complains("no/such/file").exits(1);
}

#[test]
fn commands_that_cannot_be() {
    let ran = batch(
        ORDERS,
        &[
            "brek main",
            "info zzz",
            "di",
            "break prise",
            "break ordrs.c:3",
            "break orders.c:99999",
            "break orders.c:x",
            "break *0x3",
            "break main if",
            "break main if 1 +",
            "delete 7",
            "enable x",
            "condition",
            "next",
            "continue",
            "bt",
            "frame 1",
            "finish",
            "info locals",
            "disassemble",
            "next x",
            "p 1 +",
            "p",
            "p/q 1",
            "p nosuch",
            "set var 3",
            "x",
            "x/i 3",
            "x/99999999xw 0",
            "x 0xffffffff",
            "list nosuch.c:3",
            "list 99999",
            "directory no/such/folder",
            "source no/such/file",
            "catch",
            "undisplay 4",
            "run now",
            "help nonsense",
            "quit now",
            "next/x",
        ],
    );
    let errors = [
        "no command `brek`; did you mean `break`?",
        "no command `info zzz`; there are: ",
        "`di` is ambiguous: ",
        "did you mean `price`?",
        "did you mean `orders.c`?",
        "no code at or after line 99999 of orders.c",
        "expected a line number after the colon",
        "0x3 is not the start of an instruction",
        "expected a condition after `if`",
        "no breakpoint number 7",
        "no breakpoint is in a group `x`",
        "the program is not being run; start it with `run` or `start`",
        "expected an expression",
        "no format `q`",
        "no symbol `nosuch`",
        "expected PLACE = EXPRESSION",
        "expected an address",
        "use `disassemble`",
        "can be shown at once",
        "no source file `nosuch.c`",
        "has no line",
        "is no folder",
        "can't read no/such/file",
        "expected an event",
        "`4` is no number of a display",
        "given on freezeframe's command line",
        "no command `nonsense`",
        "unexpected `now`",
        "takes no `/x`",
    ];
    for error in errors {
        ran.complains(error);
    }
    assert_eq!(ran.err.matches("error: ").count(), 40, "{}", ran.err);
    assert_eq!(ran.out, "");
    ran.exits(1);
}

#[test]
fn what_a_stopped_guest_cannot_do() {
    let ran = batch(
        ORDERS,
        &["start", "frame 99", "down", "finish", "until nosuch", "p *head", "p orders[", "continue", "continue", "up"],
    );
    ran.complains("no frame 99: the innermost is 0").complains("none further down").complains("no function `nosuch`");
    ran.complains("no symbol `head`").exits(1);
}

#[cfg(unix)]
#[test]
fn nobody_reads_the_output() {
    use std::{io::Read as _, process::Stdio};
    // One line is read of many, then the pipe is closed: no panic, no message.
    let mut command = command::freezeframe();
    command.args(["debug", "--batch"]);
    for _ in 0..200 {
        command.args(["-e", "info functions"]);
    }
    command.arg(guest("inventory.O0.dwarf4")).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut first = [0; 16];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(141));
}

/// Signals to a process of its own, once its guest runs.
#[cfg(unix)]
fn signalled(signal: &str, commands: &[&str]) -> (String, i32) {
    use std::{
        io::{BufRead as _, BufReader, Read as _},
        process::{Command, Stdio},
    };
    let mut command = command::freezeframe();
    command.args(["debug", "--batch"]);
    commands.iter().for_each(|c| _ = command.args(["-e", c]));
    command.arg(guest("spin.O0.dwarf5")).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    // What the guest prints before it begins to spin.
    out.read_line(&mut text).unwrap();
    assert_eq!(text, "spinning\n");
    assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
    out.read_to_string(&mut text).unwrap();
    (text, child.wait().unwrap().code().unwrap_or(-1))
}

#[cfg(unix)]
#[test]
fn an_interrupt_stops_the_guest_only() {
    let (out, code) = signalled("INT", &["run", "set var stop = 1", "continue"]);
    assert!(out.contains("interrupted\n") && out.contains(" at guests/src/spin.c:"), "{out}");
    assert!(out.contains("stopped\n") && out.contains("the program exited with code 0\n"), "{out}");
    assert_eq!(code, 0);
}

#[cfg(unix)]
#[test]
fn a_wish_to_end_is_granted() {
    let (out, code) = signalled("TERM", &["run", "echo never"]);
    assert_eq!((out.as_str(), code), ("spinning\n", 143));
}

/// A full disk or a closed device is said; what was saved before stays.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said() {
    use std::{fs::File, process::Stdio};
    let full = || File::options().write(true).open("/dev/full").unwrap();
    for words in [
        &["debug", "--batch", "-e", "start", "-e", "bt"][..],
        &["debug", "--json", "--batch", "-e", "start"],
        &["info"],
    ] {
        let mut command = command::freezeframe();
        command.args(words).arg(guest(ORDERS)).stdin(Stdio::null()).stdout(full());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(said.matches("can't write to standard output: No space left on device").count(), 1, "{said}");
        assert_eq!(output.status.code(), Some(1), "{words:?}: {said}");
    }
    // A server for editors that nobody can be told the address of; and one whose complaint nobody reads.
    let listen = ["dap", "--listen", "127.0.0.1:0"];
    let output = command::freezeframe().args(listen).stdin(Stdio::null()).stdout(full()).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("can't write to standard output"), "{output:?}");
    assert_eq!(output.status.code(), Some(1));
    let status = command::freezeframe().args(["dap", "--listen", "nowhere"]).stderr(full()).status().unwrap();
    assert_eq!(status.code(), Some(1));
    let ran = batch(ORDERS, &["break main", "save breakpoints /dev/full"]);
    ran.complains("can't write /dev/full: No space left on device").exits(1);
}

/// A disk that has no room any more, as `ulimit` makes one: what was saved before stays.
#[cfg(target_os = "linux")]
#[test]
fn what_was_saved_outlives_a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved");
    let save = format!("save breakpoints {}", saved.display());
    batch(ORDERS, &["break main", &save]).prints("1 breakpoint saved").exits(0);
    let before = std::fs::read_to_string(&saved).unwrap();
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_freezeframe")]);
    command.args(["debug", "--batch", "-e", "break price", "-e", &save, &guest(ORDERS)]);
    let output = command.current_dir(command::root()).env("FREEZEFRAME_CACHE", folder.path().join("cache")).output();
    let output = output.unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.contains(&format!("can't write {}: File too large", saved.display())), "{err}");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(&saved).unwrap(), before);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name == "saved" || name == "cache"), "nothing unfinished is left: {left:?}");
}

/// What never ends, whatever it's taken for.
#[cfg(target_os = "linux")]
#[test]
fn devices_that_never_end() {
    let zero = "/dev/zero";
    run(&["info", zero]).complains("/dev/zero is not a WebAssembly file").exits(1);
    run(&["debug", "--batch", zero]).complains("/dev/zero is not a WebAssembly file").exits(1);
    run(&["run", zero]).complains("/dev/zero is not a WebAssembly file").exits(1);
    let guest = guest(ORDERS);
    run(&["debug", "--batch", "-x", zero, &guest]).complains("can't read /dev/zero: it's larger than 16 MB").exits(1);
    run(&["debug", "--batch", "--formatters", zero, &guest]).complains("it's larger than 1 MB").exits(1);
    batch(ORDERS, &["source guests/built/orders.O0.dwarf5.wasm"]).complains("it isn't text").exits(1);
}

#[test]
fn a_file_that_is_cut_off() {
    let whole = std::fs::read(command::root().join(guest(ORDERS))).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.wasm");
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let path = path.to_str().unwrap();
    run(&["debug", "--batch", path]).complains("it may be cut off: copy or build it again").exits(1);
    run(&["info", path]).prints("the module could not be read to its end").exits(0);
}
