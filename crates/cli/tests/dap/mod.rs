//! A client of the Debug Adapter Protocol, for tests. Each message, in both directions, is held against the protocol's schema.

#![allow(dead_code, reason = "each test binary uses its part")]

mod schema;

use std::{
    collections::{HashMap, VecDeque},
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

use schema::Schema;
use serde_json::{Value, json};

/// A test must not wait for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn upper_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

/// A client.
pub struct Client {
    to: Box<dyn Write>,
    from: Receiver<Value>,
    child: Option<Child>,
    stream: Option<TcpStream>,
    schema: Schema,
    seq: i64,
    /// The numbers of the server's messages count up.
    their_seq: i64,
    commands: HashMap<i64, String>,
    /// What came and wasn't asked for yet.
    waiting: VecDeque<Value>,
}

impl Client {
    /// Over standard input and output.
    pub fn stdio() -> Self {
        let mut child =
            Command::new(option_env!("CARGO_BIN_EXE_freezeframe").unwrap_or("only the command's own tests start it"))
                .arg("dap")
                .current_dir(root())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
        let (to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self::over(from, to, Some(child))
    }

    /// Over a connection.
    pub fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        let mut client = Self::over(stream.try_clone().unwrap(), stream.try_clone().unwrap(), None);
        client.stream = Some(stream);
        client
    }

    fn over(from: impl Read + Send + 'static, to: impl Write + 'static, child: Option<Child>) -> Self {
        let (sender, receiver) = mpsc::channel();
        let mut from = BufReader::new(from);
        thread::spawn(move || {
            while let Some(message) = read(&mut from) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Self {
            to: Box::new(to),
            from: receiver,
            child,
            stream: None,
            schema: Schema::new(),
            seq: 0,
            their_seq: 0,
            commands: HashMap::new(),
            waiting: VecDeque::new(),
        }
    }

    /// Sends bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        // The server may have had enough.
        _ = self.to.write_all(bytes).and_then(|()| self.to.flush());
    }

    /// Sends a request and gives its number.
    pub fn send(&mut self, command: &str, arguments: Value) -> i64 {
        self.seq += 1;
        let mut message = json!({ "seq": self.seq, "type": "request", "command": command });
        if !arguments.is_null() {
            message["arguments"] = arguments;
        }
        self.schema.check(&format!("{}Request", upper_first(command)), &message);
        self.commands.insert(self.seq, command.to_owned());
        let text = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
        self.seq
    }

    /// The next message, checked; `None` at the end of the stream.
    fn next(&mut self) -> Option<Value> {
        let message = match self.from.recv_timeout(PATIENCE) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => panic!("the server says nothing more; waiting: {:#?}", self.waiting),
            Err(RecvTimeoutError::Disconnected) => return None,
        };
        let seq = message["seq"].as_i64().unwrap();
        assert!(seq > self.their_seq, "number {seq} after {}", self.their_seq);
        self.their_seq = seq;
        match message["type"].as_str() {
            Some("event") => {
                let event = message["event"].as_str().unwrap();
                self.schema.check(&format!("{}Event", upper_first(event)), &message);
            }
            Some("response") => {
                let request = message["request_seq"].as_i64().unwrap();
                let command = self.commands.get(&request).unwrap_or_else(|| panic!("who asked? {message:#}"));
                assert_eq!(message["command"], **command);
                if message["success"] == true {
                    self.schema.check(&format!("{}Response", upper_first(command)), &message);
                } else {
                    self.schema.check("ErrorResponse", &message);
                    assert!(message["message"].is_string(), "{message:#}");
                }
            }
            Some("request") => {
                let command = message["command"].as_str().unwrap();
                self.schema.check(&format!("{}Request", upper_first(command)), &message);
            }
            _ => panic!("{message:#}"),
        }
        Some(message)
    }

    /// The next message that fits; those before it wait. `None` at the end of the stream.
    pub fn find(&mut self, fits: impl Fn(&Value) -> bool) -> Option<Value> {
        if let Some(at) = self.waiting.iter().position(&fits) {
            return self.waiting.remove(at);
        }
        loop {
            let message = self.next()?;
            if fits(&message) {
                return Some(message);
            }
            self.waiting.push_back(message);
        }
    }

    /// The answer to a request: its body, or why it failed.
    pub fn answer(&mut self, seq: i64) -> Result<Value, String> {
        let found = self.find(|m| m["type"] == "response" && m["request_seq"] == seq);
        let mut message = found.unwrap_or_else(|| panic!("no answer to {:?}", self.commands[&seq]));
        if message["success"] == true {
            return Ok(message["body"].take());
        }
        // Clients show one or the other.
        let (word, why) = (message["message"].as_str().unwrap(), message["body"]["error"]["format"].as_str().unwrap());
        assert!(word == why || matches!(word, "cancelled" | "notStopped"), "{message:#}");
        Err(why.to_owned())
    }

    /// Asks.
    pub fn try_ask(&mut self, command: &str, arguments: Value) -> Result<Value, String> {
        let seq = self.send(command, arguments);
        self.answer(seq)
    }

    /// The next request of the server: its number and arguments.
    pub fn asked(&mut self, command: &str) -> (i64, Value) {
        let found = self.find(|m| m["type"] == "request" && m["command"] == command);
        let mut message = found.unwrap_or_else(|| panic!("no request {command}"));
        (message["seq"].as_i64().unwrap(), message["arguments"].take())
    }

    /// Answers a request of the server; with a reason, that it failed.
    pub fn respond(&mut self, seq: i64, command: &str, why: Option<&str>) {
        self.seq += 1;
        let mut message = json!({ "seq": self.seq, "type": "response", "request_seq": seq, "command": command,
            "success": why.is_none(), "body": {} });
        if let Some(why) = why {
            message["message"] = json!(why);
        }
        let text = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    /// Asks for what must be done.
    pub fn ask(&mut self, command: &str, arguments: Value) -> Value {
        self.try_ask(command, arguments.clone()).unwrap_or_else(|e| panic!("{command} {arguments}: {e}"))
    }

    /// The body of the next event of a kind.
    pub fn event(&mut self, event: &str) -> Value {
        let found = self.find(|m| m["type"] == "event" && m["event"] == event);
        found.unwrap_or_else(|| panic!("no event {event}"))["body"].take()
    }

    /// The bodies of the events of a kind that have come.
    pub fn events_so_far(&mut self, event: &str) -> Vec<Value> {
        let mut found = Vec::new();
        self.waiting.retain(|m| {
            let is = m["type"] == "event" && m["event"] == event;
            if is {
                found.push(m["body"].clone());
            }
            !is
        });
        found
    }

    /// The next of several events: its name and body.
    pub fn one_of(&mut self, events: &[&str]) -> (String, Value) {
        let fits = |m: &Value| m["type"] == "event" && events.iter().any(|event| m["event"] == **event);
        let mut message = self.find(fits).unwrap_or_else(|| panic!("none of {events:?}"));
        (message["event"].as_str().unwrap().to_owned(), message["body"].take())
    }

    /// Says hello, as an editor that can everything.
    pub fn initialize(&mut self) -> Value {
        self.ask(
            "initialize",
            json!({
                "adapterID": "wasm", "clientID": "test", "linesStartAt1": true, "columnsStartAt1": true,
                "pathFormat": "path", "supportsVariableType": true, "supportsVariablePaging": true,
                "supportsMemoryReferences": true, "supportsMemoryEvent": true, "supportsInvalidatedEvent": true,
                "supportsProgressReporting": true, "supportsRunInTerminalRequest": true,
            }),
        )
    }

    /// Attaches, up to where breakpoints are set.
    pub fn attach(&mut self, arguments: Value) {
        self.initialize();
        self.ask("attach", arguments);
        self.event("initialized");
    }

    /// Launches, up to where breakpoints are set.
    pub fn launch(&mut self, arguments: Value) {
        self.initialize();
        self.ask("launch", arguments);
        self.event("initialized");
    }

    /// Sets breakpoints at lines, and gives what came of them.
    pub fn break_at(&mut self, source: &str, lines: &[u32]) -> Value {
        let breakpoints: Vec<Value> = lines.iter().map(|line| json!({ "line": line })).collect();
        let path = root().join(source);
        self.ask("setBreakpoints", json!({ "source": { "path": path }, "breakpoints": breakpoints }))["breakpoints"]
            .take()
    }

    /// Waits for a stop, and gives its reason and the innermost frame.
    pub fn stopped(&mut self) -> (Value, Value) {
        let stop = self.event("stopped");
        let frame = self.frames(&stop)[0].clone();
        (stop, frame)
    }

    /// The frames of a stop.
    pub fn frames(&mut self, stop: &Value) -> Vec<Value> {
        let stack = self.ask("stackTrace", json!({ "threadId": stop["threadId"] }));
        stack["stackFrames"].as_array().unwrap().clone()
    }

    /// The variables of a scope of a frame.
    pub fn scope(&mut self, frame: &Value, name: &str) -> Vec<Value> {
        let scopes = self.ask("scopes", json!({ "frameId": frame["id"] }));
        let scope = scopes["scopes"].as_array().unwrap().iter().find(|scope| scope["name"] == name);
        let scope = scope.unwrap_or_else(|| panic!("no scope {name} in {scopes:#}"));
        self.variables(&scope["variablesReference"])
    }

    /// What is in something that can be expanded.
    pub fn variables(&mut self, reference: &Value) -> Vec<Value> {
        let answer = self.ask("variables", json!({ "variablesReference": reference }));
        answer["variables"].as_array().unwrap().clone()
    }

    /// The value of an expression.
    pub fn evaluate(&mut self, frame: &Value, expression: &str) -> Result<String, String> {
        let arguments = json!({ "expression": expression, "frameId": frame["id"], "context": "watch" });
        self.try_ask("evaluate", arguments).map(|body| body["result"].as_str().unwrap().to_owned())
    }

    /// Goes on.
    pub fn go_on(&mut self, stop: &Value) {
        self.ask("continue", json!({ "threadId": stop["threadId"] }));
    }

    /// The guest ends; its exit code.
    pub fn ends(&mut self) -> i64 {
        let code = self.event("exited")["exitCode"].as_i64().unwrap();
        self.event("terminated");
        code
    }

    /// Says goodbye; the server ends, with success.
    pub fn leave(mut self) {
        self.ask("disconnect", Value::Null);
        while self.next().is_some() {}
        if let Some(mut child) = self.child.take() {
            assert!(child.wait().unwrap().success());
        }
    }

    /// Is gone without a word; the server ends, with success.
    pub fn vanish(mut self) {
        if let Some(mut child) = self.child.take() {
            drop(std::mem::replace(&mut self.to, Box::new(std::io::sink())));
            assert!(child.wait().unwrap().success());
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            _ = child.kill();
            _ = child.wait();
        }
        if let Some(stream) = self.stream.take() {
            // The reader's thread has it too.
            _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

/// Reads a message.
fn read(from: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => length = Some(line.strip_prefix("Content-Length: ").unwrap().parse().unwrap()),
        }
    }
    let mut bytes = vec![0; length?];
    from.read_exact(&mut bytes).ok()?;
    Some(serde_json::from_slice(&bytes).unwrap())
}

/// The line of a marker in a source of a guest.
pub fn line(source: &str, marker: &str) -> u32 {
    let text = std::fs::read_to_string(root().join(source)).unwrap();
    let found = (1..).zip(text.lines()).find(|(_, line)| {
        line.find("// #").is_some_and(|at| line[at + 4..].trim_end().split(' ').next() == Some(marker))
    });
    found.unwrap_or_else(|| panic!("no marker #{marker} in {source}")).0
}

/// The source of `orders`.
pub const ORDERS: &str = "guests/src/orders.c";

/// The arguments of a launch of orders.
pub fn orders() -> Value {
    json!({ "program": "guests/built/orders.O0.dwarf5.wasm" })
}

/// Orders, launched and stopped at a marker.
pub fn stopped_in_orders(marker: &str) -> (Client, Value, Value) {
    let mut client = Client::stdio();
    client.launch(orders());
    client.break_at(ORDERS, &[line(ORDERS, marker)]);
    client.ask("configurationDone", Value::Null);
    let (stop, frame) = client.stopped();
    (client, stop, frame)
}

/// The one of some variables that has a name.
pub fn named<'a>(variables: &'a [Value], name: &str) -> &'a Value {
    variables.iter().find(|v| v["name"] == name).unwrap_or_else(|| panic!("no {name} in {variables:#?}"))
}
