//! Every scenario through the Debug Adapter Protocol: the same script, the same expectations.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod dap;
mod scenario;

use std::collections::BTreeMap;

use dap::Client;
use scenario::{Markers, Scenario, Step, all, fresh_folder, root};
use serde_json::{Value, json};

// All commands of the scripts are done as a person would do them in an editor. What the protocol can't say exactly:
// - `ignore N COUNT` has no request. A breakpoint that is set anew counts its hits from there, so that it's one with the
//   condition `>= COUNT + 1` until it has stopped; together with another condition on hits it couldn't be said.
// - `until` without a place has none: it's `next` until the loop is left.
// - `step FUNCTION` of a function that isn't called from the rest of the line isn't offered among the targets: it's `next`.

/// A breakpoint as the script numbers it.
#[derive(Clone, Debug)]
struct Set {
    number: usize,
    kind: Kind,
    condition: Option<String>,
    hits: Option<String>,
    log: Option<String>,
    one_shot: bool,
    /// Its condition on hits stands for hits that are ignored, and goes when it has stopped.
    ignores: bool,
    enabled: bool,
    /// The protocol's number, while it's set.
    id: Option<i64>,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Line(u32),
    Function(String),
    Exception { filter: String, condition: Option<String> },
}

/// What a command came to.
#[derive(Debug)]
enum Outcome {
    Done,
    Value(String),
    Stopped(Value),
    Ended(i64),
}

struct Run<'a> {
    what: String,
    scenario: &'a Scenario,
    module: String,
    markers: Markers,
    client: Client,
    begun: bool,
    /// The program has ended and wasn't started again.
    over: bool,
    stop: Option<Value>,
    frames: Vec<Value>,
    sets: Vec<Set>,
    last: usize,
    logged: Vec<String>,
}

impl<'a> Run<'a> {
    fn new(name: &str, scenario: &'a Scenario, module: &str) -> Self {
        let mut client = Client::stdio();
        client.initialize();
        let mut this = Self {
            what: format!("{name} on {module}"),
            scenario,
            module: module.to_owned(),
            markers: Markers::of(&scenario.source),
            client,
            begun: false,
            over: false,
            stop: None,
            frames: Vec::new(),
            sets: Vec::new(),
            last: 0,
            logged: Vec::new(),
        };
        // Breakpoints are set between the launch and the run.
        let mut begins = scenario.steps.iter().map(|step| step.command.as_str());
        let first = begins.find(|command| matches!(*command, "run" | "start"));
        let arguments = this.launch_arguments(first == Some("start"));
        this.client.ask("launch", arguments);
        this.client.event("initialized");
        this.send_all().unwrap();
        this
    }

    fn launch_arguments(&self, stop_on_entry: bool) -> Value {
        let folder = self.scenario.folder.as_ref();
        let folder = folder.map(|guest| format!("{}::{guest}", fresh_folder(&format!("dap {}", self.what)).display()));
        let dirs: Vec<String> = folder.into_iter().collect();
        let mut arguments = json!({
            "program": root().join(format!("guests/built/{}.wasm", self.module)),
            "args": self.scenario.args, "env": self.scenario.env, "dirs": dirs, "stopOnEntry": stop_on_entry,
            // Zig's guests are built in a folder of this name, which may be there with other sources.
            "sourceMap": { "/freezeframe": root() },
        });
        if let Some(name) = &self.scenario.invoke {
            arguments["invoke"] = json!(name);
        }
        if let Some(file) = &self.scenario.stdin {
            arguments["stdin"] = json!(root().join(file));
        }
        arguments
    }

    fn run(&mut self, stop_on_entry: bool) -> Result<Outcome, String> {
        self.over = false;
        if self.begun {
            let arguments = self.launch_arguments(stop_on_entry);
            self.client.try_ask("restart", json!({ "arguments": arguments }))?;
        } else {
            self.begun = true;
            self.client.ask("configurationDone", Value::Null);
        }
        Ok(self.wait())
    }

    /// Waits for what the guest does next.
    fn wait(&mut self) -> Outcome {
        self.stop = None;
        let (event, body) = self.client.one_of(&["stopped", "exited"]);
        if event == "exited" {
            self.client.event("terminated");
            self.over = true;
            return Outcome::Ended(body["exitCode"].as_i64().unwrap());
        }
        self.frames = self.client.frames(&body);
        // What is between frames is no frame of the script's.
        self.frames.retain(|frame| frame["presentationHint"] != "label");
        self.stop = Some(body.clone());
        let hit: Vec<i64> =
            body["hitBreakpointIds"].as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
        let was_hit = |set: &Set| set.id.is_some_and(|id| hit.contains(&id));
        if self.sets.iter().any(|set| (set.one_shot || set.ignores) && was_hit(set)) {
            self.sets.retain(|set| !(set.one_shot && was_hit(set)));
            for set in self.sets.iter_mut().filter(|set| set.ignores && was_hit(set)) {
                (set.ignores, set.hits) = (false, None);
            }
            self.send_all().unwrap();
        }
        Outcome::Stopped(body)
    }

    fn send_all(&mut self) -> Result<(), String> {
        let common = |set: &Set| {
            json!({ "condition": set.condition.clone().unwrap_or_default(),
                    "hitCondition": set.hits.clone().unwrap_or_default() })
        };
        let (mut lines, mut functions, mut exceptions) = (Vec::new(), Vec::new(), Vec::new());
        for set in self.sets.iter().filter(|set| set.enabled) {
            let mut asked = common(set);
            match &set.kind {
                Kind::Line(line) => {
                    asked["line"] = json!(line);
                    if let Some(log) = &set.log {
                        asked["logMessage"] = json!(log);
                    }
                    lines.push((set.number, asked));
                }
                Kind::Function(name) => {
                    asked["name"] = json!(name);
                    functions.push((set.number, asked));
                }
                Kind::Exception { filter, condition } => {
                    let mut asked = json!({ "filterId": filter });
                    if let Some(condition) = condition {
                        asked["condition"] = json!(condition);
                    }
                    exceptions.push((set.number, asked));
                }
            }
        }
        let values = |list: &[(usize, Value)]| list.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>();
        let path = root().canonicalize().unwrap().join(&self.scenario.source);
        let mut requests = vec![
            ("setBreakpoints", json!({ "source": { "path": path }, "breakpoints": values(&lines) }), lines),
            ("setFunctionBreakpoints", json!({ "breakpoints": values(&functions) }), functions),
        ];
        // Without catchpoints all traps stop, as ever, and exceptions that nothing catches; with some only those.
        let said = |wanted: &str| {
            self.sets.iter().any(|set| matches!(&set.kind, Kind::Exception { filter, .. } if filter == wanted))
        };
        let by_default: Vec<&str> = ["trap", "uncaught"].into_iter().filter(|filter| !said(filter)).collect();
        let filters = json!({ "filters": by_default, "filterOptions": values(&exceptions) });
        exceptions.splice(0..0, by_default.iter().map(|_| (0, Value::Null)));
        requests.push(("setExceptionBreakpoints", filters, exceptions));
        let mut failed = Ok(());
        for (command, arguments, asked) in requests {
            let told = self.client.try_ask(command, arguments)?["breakpoints"].take();
            for ((number, _), told) in asked.iter().zip(told.as_array().unwrap()) {
                // Without a program a breakpoint waits for one.
                let waits = self.over && told["reason"] != "failed";
                if told["verified"] == false && !waits {
                    failed = Err(told["message"].as_str().unwrap().to_owned());
                    self.sets.retain(|set| set.number != *number);
                } else if let Some(set) = self.sets.iter_mut().find(|set| set.number == *number) {
                    set.id = told["id"].as_i64();
                }
            }
        }
        failed
    }

    /// What the script calls a location.
    fn kind(&self, location: &str) -> Kind {
        match location.rsplit_once(':') {
            Some((file, line)) if file == self.markers.file => Kind::Line(line.parse().unwrap()),
            _ => Kind::Function(location.to_owned()),
        }
    }

    fn add(&mut self, kind: Kind) -> Set {
        self.last += 1;
        let (condition, hits, log) = (None, None, None);
        Set { number: self.last, kind, condition, hits, log, one_shot: false, ignores: false, enabled: true, id: None }
    }

    fn set(&mut self, set: Set) -> Result<Outcome, String> {
        let number = set.number;
        self.sets.push(set);
        self.send_all().inspect_err(|_| self.last = number - 1).map(|()| Outcome::Done)
    }

    fn go(&mut self, command: &str, arguments: Value) -> Result<Outcome, String> {
        let Some(stop) = &self.stop else { return Err("not stopped".to_owned()) };
        let mut arguments = arguments;
        arguments["threadId"] = stop["threadId"].clone();
        self.client.try_ask(command, arguments)?;
        Ok(self.wait())
    }

    fn repeat(&mut self, count: u32, command: &str, arguments: &Value) -> Result<Outcome, String> {
        let mut outcome = self.go(command, arguments.clone())?;
        for _ in 1..count {
            outcome = self.go(command, arguments.clone())?;
        }
        Ok(outcome)
    }

    fn execute(&mut self, command: &str) -> Result<Outcome, String> {
        let (word, rest) = command.split_once(' ').unwrap_or((command, ""));
        let count = rest.parse().unwrap_or(1);
        let instruction = json!({ "granularity": "instruction" });
        match word {
            "break" | "tbreak" => {
                let (location, condition) = match rest.split_once(" if ") {
                    Some((location, condition)) => (location, Some(condition.to_owned())),
                    None => (rest, None),
                };
                let (location, hits) = match location.split_once(" hit ") {
                    Some((location, hits)) => (location, Some(hits.to_owned())),
                    None => (location, None),
                };
                let set = self.add(self.kind(location));
                self.set(Set { condition, hits, one_shot: word == "tbreak", ..set })
            }
            "rbreak" => {
                let set = self.add(Kind::Function(format!("/{rest}/")));
                self.set(set)
            }
            "catch" => {
                let (filter, condition) = rest.split_once(' ').unwrap_or((rest, ""));
                let condition = Some(condition.to_owned()).filter(|condition| !condition.is_empty());
                let set = self.add(Kind::Exception { filter: filter.to_owned(), condition });
                self.set(set)
            }
            "logpoint" => {
                let (location, text) = rest.split_once(' ').unwrap();
                let set = self.add(self.kind(location));
                self.set(Set { log: Some(text.to_owned()), ..set })
            }
            "ignore" => {
                let (number, count) = rest.split_once(' ').unwrap();
                let (number, count): (usize, u64) = (number.parse().unwrap(), count.parse().unwrap());
                let at = self.sets.iter().position(|set| set.number == number).unwrap();
                let set = self.sets.remove(at);
                assert!(set.hits.is_none(), "{}: hits are ignored and counted", self.what);
                self.send_all()?;
                self.sets.push(Set { hits: Some(format!(">= {}", count + 1)), ignores: true, ..set });
                self.send_all().map(|()| Outcome::Done)
            }
            "hit" | "condition" | "enable" | "disable" | "delete" => {
                let (number, value) = rest.split_once(' ').unwrap_or((rest, ""));
                let number: usize = number.parse().unwrap();
                let value = Some(value.to_owned()).filter(|value| !value.is_empty());
                if word == "delete" {
                    self.sets.retain(|set| set.number != number);
                }
                for set in self.sets.iter_mut().filter(|set| set.number == number) {
                    match word {
                        "hit" => set.hits.clone_from(&value),
                        "condition" => set.condition.clone_from(&value),
                        _ => set.enabled = word == "enable",
                    }
                }
                self.send_all().map(|()| Outcome::Done)
            }
            "print" => self.evaluate(rest, "clipboard").map(Outcome::Value),
            "set" => self.evaluate(rest.trim_start_matches("var "), "repl").map(|_| Outcome::Done),
            "start" => {
                // The script's command sets a breakpoint for it.
                self.last += 1;
                self.run(true)
            }
            "run" => self.run(false),
            "continue" => self.go("continue", json!({})),
            "next" => self.repeat(count, "next", &json!({})),
            "step" if rest.starts_with(char::is_alphabetic) => {
                let frame = self.frames[0]["id"].clone();
                let targets = self.client.ask("stepInTargets", json!({ "frameId": frame }))["targets"].take();
                let target = targets.as_array().unwrap().iter().find(|target| target["label"] == rest);
                match target {
                    Some(target) => self.go("stepIn", json!({ "targetId": target["id"] })),
                    // A client is offered what is called here; of others the script wants a plain step over.
                    None if self.is_function(rest) => self.go("next", json!({})),
                    None => Err(format!("no function `{rest}`")),
                }
            }
            "step" => self.repeat(count, "stepIn", &json!({})),
            "stepi" => self.repeat(count, "stepIn", &instruction),
            "nexti" => self.repeat(count, "next", &instruction),
            "finish" => self.go("stepOut", json!({})),
            "until" if rest.is_empty() => {
                // As a person does it: steps until the loop is left.
                let (depth, from) = (self.frames.len(), self.frames[0]["line"].as_u64());
                loop {
                    let outcome = self.go("next", json!({}))?;
                    if self.stop.is_none() || self.frames.len() < depth || self.frames[0]["line"].as_u64() > from {
                        return Ok(outcome);
                    }
                }
            }
            "until" => {
                // As a client runs to the cursor.
                let set = self.add(self.kind(rest));
                self.last -= 1;
                self.set(Set { number: usize::MAX, one_shot: true, ..set })?;
                self.go("continue", json!({}))
            }
            other => panic!("{}: the protocol's runner has no `{other}`", self.what),
        }
    }

    fn is_function(&mut self, name: &str) -> bool {
        let arguments = json!({ "text": name, "column": name.len() + 1, "frameId": self.frames[0]["id"] });
        let targets = self.client.ask("completions", arguments)["targets"].take();
        targets.as_array().unwrap().iter().any(|target| target["label"] == name)
    }

    fn evaluate(&mut self, expression: &str, context: &str) -> Result<String, String> {
        let frame = self.frames.first().map_or(Value::Null, |frame| frame["id"].clone());
        let mut arguments = json!({ "expression": expression, "context": context });
        if !frame.is_null() && self.stop.is_some() {
            arguments["frameId"] = frame;
        }
        self.client.try_ask("evaluate", arguments).map(|body| body["result"].as_str().unwrap().to_owned())
    }

    fn step(&mut self, number: usize, step: &Step) {
        let what = format!("{}, step {}: `{}`", self.what, number + 1, step.command);
        let command = self.markers.expand(&step.command);
        let outcome = self.execute(&command);
        for event in self.client.events_so_far("output") {
            if event["category"] == "console" {
                self.logged.push(event["output"].as_str().unwrap().trim_end().to_owned());
            }
        }
        let logged = std::mem::take(&mut self.logged);
        if let Some(expected) = &step.log {
            assert_eq!(&logged, expected, "{what}");
        }
        let outcome = match (outcome, &step.error) {
            (Err(message), Some(expected)) => {
                assert!(message.contains(expected.as_str()), "{what}: {message}");
                return;
            }
            (Err(message), None) => panic!("{what}: {message}"),
            (Ok(outcome), Some(_)) => panic!("{what}: expected an error, got {outcome:?}"),
            (Ok(outcome), None) => outcome,
        };
        if let Some(expected) = &step.value {
            let Outcome::Value(value) = &outcome else { panic!("{what}: no value but {outcome:?}") };
            assert_eq!(value, expected, "{what}");
        }
        if let Some(code) = step.exit {
            let Outcome::Ended(got) = outcome else { panic!("{what}: {outcome:?}") };
            assert_eq!(got, i64::from(code), "{what}");
            return;
        }
        let Outcome::Stopped(stop) = &outcome else {
            assert!(step.at.is_none(), "{what}: no stop but {outcome:?}");
            return;
        };
        if let Some(expected) = &step.reason {
            let reason = match stop["reason"].as_str().unwrap() {
                "exception" => {
                    let info = self.client.ask("exceptionInfo", json!({ "threadId": stop["threadId"] }));
                    match info["exceptionId"].as_str().unwrap() {
                        "exit" => "exit",
                        "exception" => "exception",
                        _ => "trap",
                    }
                }
                "pause" => "interrupted",
                other => other.trim_start_matches("function "),
            };
            assert_eq!(reason, expected, "{what}");
        }
        self.check_stop(&what, step);
    }

    fn check_stop(&mut self, what: &str, step: &Step) {
        let name = |frame: &Value| frame["name"].as_str().unwrap().trim_end_matches(" [inlined]").to_owned();
        let top = self.frames[0].clone();
        if let Some(at) = &step.at {
            let (function, line) = self.markers.place(at);
            if let Some(function) = function {
                assert_eq!(name(&top), function, "{what}: {top:#}");
            }
            if let Some(line) = line {
                assert_eq!(
                    (&top["line"], &top["source"]["name"]),
                    (&json!(line), &json!(self.markers.file)),
                    "{what}: {top:#}"
                );
            }
        }
        if let Some(expected) = &step.returned {
            let returned = self.client.scope(&top, "Returned");
            assert_eq!(returned[0]["value"], **expected, "{what}");
        }
        if let Some(expected) = &step.stack {
            let functions: Vec<String> = self.frames.iter().map(name).take(expected.len()).collect();
            assert_eq!(&functions, expected, "{what}");
        }
        for (expression, expected) in &step.values {
            let got = self.evaluate(expression, "clipboard").unwrap_or_else(|e| format!("error: {e}"));
            assert_eq!(&got, expected, "{what}: `{expression}`");
        }
        for (expression, expected) in &step.inside {
            let asked = json!({ "expression": expression, "context": "watch", "frameId": top["id"] });
            let node = self.client.ask("evaluate", asked);
            // 0: there's nothing to expand.
            let reference = &node["variablesReference"];
            let inside = if *reference == 0 { Vec::new() } else { self.client.variables(reference) };
            let line =
                |child: &Value| format!("{} = {}", child["name"].as_str().unwrap(), child["value"].as_str().unwrap());
            let inside: Vec<String> = inside.iter().take(expected.len()).map(line).collect();
            assert_eq!(&inside, expected, "{what}: inside of `{expression}`");
        }
        if !step.locals.is_empty() {
            let scopes = self.client.ask("scopes", json!({ "frameId": top["id"] }))["scopes"].take();
            let mut all = BTreeMap::new();
            for scope in scopes.as_array().unwrap().iter().filter(|s| s["name"] == "Arguments" || s["name"] == "Locals")
            {
                for variable in self.client.variables(&scope["variablesReference"]) {
                    all.insert(variable["name"].as_str().unwrap().to_owned(), variable["value"].clone());
                }
            }
            for (name, expected) in &step.locals {
                assert_eq!(all.get(name), Some(&json!(expected)), "{what}: `{name}` of {all:?}");
            }
        }
    }
}

#[test]
fn scenarios_through_the_debug_adapter_protocol() {
    let only = std::env::var("SCENARIO").ok();
    let mut ran = 0;
    for (name, scenario) in &all() {
        for module in &scenario.modules {
            if only.as_ref().is_some_and(|only| !format!("{name}/{module}").contains(only)) {
                continue;
            }
            let mut run = Run::new(name, scenario, module);
            for (number, step) in scenario.steps.iter().enumerate() {
                run.step(number, step);
            }
            run.client.leave();
            ran += 1;
        }
    }
    assert!(ran > 0, "no scenario ran");
}
