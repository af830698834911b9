//! Every scenario through the command line, with `--json`: the same script, the same expectations.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod scenario;

use std::{collections::VecDeque, process::Command};

use scenario::{Markers, Scenario, Step, all, fresh_folder, root};
use serde_json::Value;

/// The commands of a step: its own, then those that fetch what it expects.
fn commands(step: &Step, markers: &Markers) -> Vec<String> {
    let mut commands = vec![markers.expand(&step.command)];
    if step.stack.is_some() {
        commands.push("bt".to_owned());
    }
    commands.extend(step.values.keys().map(|expression| format!("print {expression}")));
    commands.extend(step.inside.keys().map(|expression| format!("explore {expression}")));
    if !step.locals.is_empty() {
        commands.extend(["info locals".to_owned(), "info args".to_owned()]);
    }
    commands
}

struct Run<'a> {
    what: String,
    markers: &'a Markers,
    answers: VecDeque<Value>,
    /// What log points said before the last answer.
    logged: Vec<String>,
}

impl Run<'_> {
    /// The answer to the next command.
    fn next(&mut self, command: &str) -> Value {
        self.logged.clear();
        let answer = loop {
            let next = self.answers.pop_front().unwrap_or_else(|| panic!("{}: no answer to `{command}`", self.what));
            match next["event"].as_str() {
                None => break next,
                Some("log") => self.logged.push(next["text"].as_str().unwrap_or_default().to_owned()),
                Some(_) => {}
            }
        };
        assert_eq!(answer["command"], command, "{}", self.what);
        answer
    }

    fn check(&mut self, number: usize, step: &Step) {
        let command = self.markers.expand(&step.command);
        let answer = self.next(&command);
        let what = format!("{}, step {}: `{command}`: {answer}", self.what, number + 1);
        if let Some(expected) = &step.error {
            assert_eq!(answer["ok"], false, "{what}");
            assert!(answer["error"].as_str().is_some_and(|e| e.contains(expected.as_str())), "{what}");
        } else {
            assert_eq!(answer["ok"], true, "{what}");
        }
        if let Some(expected) = &step.log {
            assert_eq!(&self.logged, expected, "{what}");
        }
        if let Some(value) = &step.value {
            assert_eq!(answer["value"]["value"], **value, "{what}");
        }
        if let Some(code) = step.exit {
            assert_eq!(answer["end"]["code"], code, "{what}");
        }
        let stop = &answer["stop"];
        if let Some(reason) = &step.reason {
            assert_eq!(stop["reason"], **reason, "{what}");
        }
        if let Some(at) = &step.at {
            let (function, line) = self.markers.place(at);
            if let Some(function) = function {
                assert_eq!(stop["function"], *function, "{what}");
            }
            if let Some(line) = line {
                assert_eq!(stop["line"], line, "{what}");
                assert!(stop["file"].as_str().is_some_and(|f| f.ends_with(&self.markers.file)), "{what}");
            }
        }
        if let Some(expected) = &step.returned {
            assert_eq!(stop["returned"]["value"], **expected, "{what}");
        }
        if let Some(expected) = &step.stack {
            let answer = self.next("bt");
            let frames = answer["stack"]["frames"].as_array().unwrap_or_else(|| panic!("{what}: {answer}"));
            let functions: Vec<&str> =
                frames.iter().filter_map(|f| f["function"].as_str()).take(expected.len()).collect();
            assert_eq!(functions, expected.iter().map(String::as_str).collect::<Vec<_>>(), "{what}");
        }
        for (expression, expected) in &step.values {
            let answer = self.next(&format!("print {expression}"));
            assert_eq!(answer["value"]["value"], **expected, "{what}: {answer}");
        }
        for (expression, expected) in &step.inside {
            let answer = self.next(&format!("explore {expression}"));
            let children = answer["tree"]["children"].as_array().cloned().unwrap_or_default();
            let line = |child: &Value| {
                format!("{} = {}", child["name"].as_str().unwrap_or("?"), child["value"].as_str().unwrap_or("?"))
            };
            let inside: Vec<String> = children.iter().take(expected.len()).map(line).collect();
            assert_eq!(&inside, expected, "{what}: inside of `{expression}`: {answer}");
        }
        if !step.locals.is_empty() {
            let mut items = self.next("info locals")["variables"]["items"].as_array().cloned().unwrap_or_default();
            items.extend(self.next("info args")["variables"]["items"].as_array().cloned().unwrap_or_default());
            for (name, expected) in &step.locals {
                let found = items.iter().find(|item| item["name"] == **name);
                assert_eq!(
                    found.map(|item| &item["value"]),
                    Some(&Value::from(expected.as_str())),
                    "{what}: {items:?}"
                );
            }
        }
    }
}

fn run(name: &str, scenario: &Scenario, module: &str) {
    let what = format!("{name} on {module}");
    let markers = Markers::of(&scenario.source);
    let mut command = Command::new(env!("CARGO_BIN_EXE_freezeframe"));
    command.current_dir(root()).args(["debug", "--batch", "--json"]);
    for (key, value) in &scenario.env {
        command.arg("--env").arg(format!("{key}={value}"));
    }
    if let Some(guest) = &scenario.folder {
        command.arg("--dir").arg(format!("{}::{guest}", fresh_folder(&format!("cli {what}")).display()));
    }
    if let Some(file) = &scenario.stdin {
        command.arg("--stdin").arg(file);
    }
    if let Some(name) = &scenario.invoke {
        command.args(["--invoke", name]);
    }
    for step in &scenario.steps {
        for line in commands(step, &markers) {
            command.args(["-e", &line]);
        }
    }
    command.arg(format!("guests/built/{module}.wasm"));
    if !scenario.args.is_empty() {
        command.arg("--").args(&scenario.args);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let objects =
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|e| panic!("{what}: {e}: {line}")));
    let answers = objects.collect();
    let mut run = Run { what, markers: &markers, answers, logged: Vec::new() };
    for (number, step) in scenario.steps.iter().enumerate() {
        run.check(number, step);
    }
    assert!(run.answers.is_empty(), "{}: {:?}", run.what, run.answers);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.contains("panicked"), "{}: {errors}", run.what);
    let exit = scenario.steps.iter().rev().find_map(|step| step.exit);
    if let Some(exit) = exit {
        assert_eq!(output.status.code(), Some(exit), "{}: {errors}", run.what);
    }
}

#[test]
fn scenarios_through_the_command_line() {
    let only = std::env::var("SCENARIO").ok();
    for (name, scenario) in &all() {
        for module in &scenario.modules {
            if only.as_ref().is_none_or(|only| format!("{name}/{module}").contains(only)) {
                run(name, scenario, module);
            }
        }
    }
}
