//! `cargo xtask lldb-values`: what LLDB shows of C++'s variables, for a test to compare with what this debugger shows.
//!
//! `lldb/values.py` does it, with LLDB's Python library; here is where the stops are.

use crate::error::Error;
use crate::manifest::Manifest;
use crate::tools::LLDB;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCE: &str = "guests/src/containers.cpp";
const MODULES: &[&str] = &["containers.O0.dwarf4", "containers.O0.dwarf5.libcxx22"];
const MARKERS: &[&str] = &["strings", "sequences", "trees", "hashes", "wrappers"];

/// Asks LLDB at each stop, and writes what it says.
///
/// # Errors
/// LLDB or the debugger is missing; [`Error::Command`] with what they said.
pub fn record(root: &Path) -> Result<String, Error> {
    LLDB.version()?;
    let debugger = root.join("target/release/freezeframe");
    if !debugger.exists() {
        return Err(Error::MissingTool { tool: debugger.display().to_string(), install: "cargo build --release" });
    }
    let source_path = root.join(SOURCE);
    let source = fs::read_to_string(&source_path).map_err(Error::io(&source_path))?;
    let mut jobs = Vec::new();
    for module in MODULES {
        for marker in MARKERS {
            let line = source.lines().position(|line| line.contains(&format!("// #{marker}"))).unwrap_or(0) + 1;
            jobs.push(format!("{module}@containers.cpp:{line}@{marker}"));
        }
    }
    let out = path(root);
    let python = run(Command::new(LLDB.program).arg("-P"))?;
    let mut command = Command::new("python3");
    command.current_dir(root).env("PYTHONPATH", python.trim()).arg("xtask/lldb/values.py");
    run(command.arg(debugger).arg(&out).args(&jobs))?;
    // Which modules they were.
    let manifest = Manifest::read(root)?;
    let mut recorded = read(root)?;
    for stop in recorded["stops"].as_array_mut().into_iter().flatten() {
        let file = format!("{}.wasm", stop["module"].as_str().unwrap_or_default());
        stop["sha256"] = manifest.get(&file).map_or(Value::Null, |entry| entry.sha256.clone().into());
    }
    // A line for each stop.
    let stops: Vec<String> = recorded["stops"].as_array().into_iter().flatten().map(Value::to_string).collect();
    let text = format!("{{\"lldb\":{},\"stops\":[\n{}\n]}}\n", recorded["lldb"], stops.join(",\n"));
    fs::write(&out, text).map_err(Error::io(&out))?;
    Ok(format!("{} stops", jobs.len()))
}

fn path(root: &Path) -> PathBuf {
    root.join("guests/lldb-values.json")
}

fn read(root: &Path) -> Result<Value, Error> {
    let path = path(root);
    let text = fs::read_to_string(&path).map_err(Error::io(&path))?;
    serde_json::from_str(&text).map_err(|error| Error::Answer { problem: error.to_string() })
}

fn run(command: &mut Command) -> Result<String, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(Error::io(Path::new(&program)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Error::Command { command: format!("{command:?}"), output: said });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_were_asked_of_the_modules_that_are_here() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let (manifest, recorded) = (Manifest::read(root).unwrap(), read(root).unwrap());
        let stops = recorded["stops"].as_array().unwrap();
        assert_eq!(stops.len(), MODULES.len() * MARKERS.len());
        for stop in stops {
            let file = format!("{}.wasm", stop["module"].as_str().unwrap());
            assert_eq!(stop["sha256"].as_str(), manifest.get(&file).map(|entry| entry.sha256.as_str()), "{file}");
        }
    }
}
