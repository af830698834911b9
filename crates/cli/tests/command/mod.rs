//! Runs the built `freezeframe` as people and scripts do.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests use it")]

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The root of the repository, where sources are found under the names that compilers gave them.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// What a run printed, and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub out: String,
    pub err: String,
    pub code: i32,
}

impl Ran {
    #[track_caller]
    pub fn prints(&self, text: &str) -> &Self {
        assert!(self.out.contains(text), "no `{text}` in:\n{}\n-- stderr:\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn complains(&self, text: &str) -> &Self {
        assert!(self.err.contains(text), "no `{text}` in:\n{}\n-- stdout:\n{}", self.err, self.out);
        self
    }

    #[track_caller]
    pub fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "stdout:\n{}\n-- stderr:\n{}", self.out, self.err);
        self
    }

    /// The objects of `--json`.
    #[track_caller]
    pub fn json(&self) -> Vec<serde_json::Value> {
        assert_eq!(self.err, "");
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
    }

    /// The answer to this command.
    #[track_caller]
    pub fn answer(&self, command: &str) -> serde_json::Value {
        let all = self.json();
        let found = all.iter().find(|object| object["command"] == command);
        found.cloned().unwrap_or_else(|| panic!("no answer to `{command}` in:\n{}", self.out))
    }
}

/// The path of a built guest.
pub fn guest(name: &str) -> String {
    format!("guests/built/{name}.wasm")
}

/// The command, in the repository's root, without colours and without a person's own files.
pub fn freezeframe() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_freezeframe"));
    command.current_dir(root()).env("NO_COLOR", "1").env_remove("XDG_DATA_HOME");
    command
}

/// Runs it with these words and this standard input.
pub fn run_with(words: &[&str], stdin: &str) -> Ran {
    let mut command = freezeframe();
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may end without reading it.
    _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap_or(-1);
    let ran = Ran { out: text(output.stdout), err: text(output.stderr), code };
    assert!(!ran.err.contains("panicked at crates/"), "{}", ran.err);
    ran
}

/// Runs it with these words.
pub fn run(words: &[&str]) -> Ran {
    run_with(words, "")
}

/// `freezeframe debug --batch` with these options, commands, and words at the end (the guest and its arguments).
pub fn batch_with(options: &[&str], commands: &[&str], guest: &[&str]) -> Ran {
    let mut words = vec!["debug", "--batch"];
    words.extend(options);
    commands.iter().for_each(|command| words.extend(["-e", command]));
    words.extend(guest);
    run(&words)
}

/// `freezeframe debug --batch` with these commands on a built guest.
pub fn batch(name: &str, commands: &[&str]) -> Ran {
    batch_with(&[], commands, &[&guest(name)])
}

/// The line of a marker in a guest's source.
pub fn line(source: &str, marker: &str) -> usize {
    let text = std::fs::read_to_string(root().join("guests/src").join(source)).unwrap();
    let marker = format!("// #{marker}");
    let is_it = |line: &str| {
        line.find(&marker)
            .is_some_and(|at| !line[at + marker.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '-'))
    };
    1 + text.lines().position(is_it).unwrap_or_else(|| panic!("no {marker} in {source}"))
}

/// `FILE:LINE` of a marker, as a person writes it.
pub fn at(source: &str, marker: &str) -> String {
    format!("{source}:{}", line(source, marker))
}

/// How a stop at a marker is shown.
pub fn stop(function: &str, source: &str, marker: &str) -> String {
    format!("{function} at guests/src/{}\n", at(source, marker))
}
