//! The protocol's server against clients that do everything wrong: requests in any order, bytes that are no messages, clients
//! that are gone, thousands of messages at once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod dap;

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use dap::{Client, ORDERS, line, root};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

fn orders() -> Value {
    json!({ "program": "guests/built/orders.O0.dwarf5.wasm", "stopOnEntry": true })
}

/// Any request, with arguments that may fit or not.
fn any_request() -> impl Strategy<Value = (&'static str, Value)> {
    let number = || prop_oneof![0_i64..4, Just(-1_i64), Just(i64::MAX), 0x4000_0000_i64..0x4000_0004];
    let text =
        || prop_oneof![Just("sum"), Just("order->items"), Just("1 +"), Just("\u{1f600}"), Just("$stack0"), Just("")];
    let source = json!({ "path": root().join(ORDERS) });
    let total = line(ORDERS, "price-total");
    prop_oneof![
        4 => Just(("continue", json!({ "threadId": 1 }))),
        4 => Just(("next", json!({ "threadId": 1 }))),
        2 => Just(("stepIn", json!({ "threadId": 1, "granularity": "instruction" }))),
        2 => Just(("stepOut", json!({ "threadId": 1 }))),
        2 => Just(("pause", json!({ "threadId": 1 }))),
        1 => Just(("restart", json!({}))),
        1 => Just(("terminate", json!({}))),
        1 => Just(("configurationDone", json!({}))),
        1 => Just(("initialize", json!({ "adapterID": "again" }))),
        2 => Just(("launch", orders())),
        1 => Just(("attach", json!({}))),
        2 => Just(("threads", json!({}))),
        1 => Just(("modules", json!({}))),
        1 => Just(("loadedSources", json!({}))),
        3 => Just(("setBreakpoints", json!({ "source": source, "breakpoints": [{ "line": total }, { "line": 3 }] }))),
        1 => Just(("setBreakpoints", json!({ "source": {}, "breakpoints": [] }))),
        2 => Just(("setFunctionBreakpoints", json!({ "breakpoints": [{ "name": "factorial", "hitCondition": "2" }] }))),
        2 => Just(("setExceptionBreakpoints", json!({ "filters": ["trap", "exit"] }))),
        3 => (number(), number()).prop_map(|(thread, start)| ("stackTrace", json!({ "threadId": thread, "startFrame": start }))),
        3 => number().prop_map(|frame| ("scopes", json!({ "frameId": frame }))),
        4 => (number(), number()).prop_map(|(n, start)| ("variables", json!({ "variablesReference": n, "start": start }))),
        3 => (text(), number()).prop_map(|(text, frame)| ("evaluate", json!({ "expression": text, "frameId": frame }))),
        1 => text().prop_map(|text| ("evaluate", json!({ "expression": text, "context": "repl" }))),
        1 => (text(), number()).prop_map(|(text, n)| ("setVariable", json!({ "variablesReference": n, "name": text, "value": "1" }))),
        1 => (text(), number()).prop_map(|(text, n)| ("completions", json!({ "text": text, "column": n, "frameId": n }))),
        1 => (number(), number()).prop_map(|(n, count)| {
            ("disassemble", json!({ "memoryReference": n.to_string(), "instructionOffset": n, "instructionCount": count.min(50) }))
        }),
        1 => (number(), number()).prop_map(|(n, count)| ("readMemory", json!({ "memoryReference": n.to_string(), "offset": n, "count": count }))),
        1 => Just(("writeMemory", json!({ "memoryReference": "1/0/0x10", "data": "AAAA" }))),
        1 => number().prop_map(|n| ("source", json!({ "sourceReference": n }))),
        1 => number().prop_map(|n| ("stepInTargets", json!({ "frameId": n }))),
        1 => number().prop_map(|n| ("cancel", json!({ "requestId": n }))),
        1 => number().prop_map(|n| ("exceptionInfo", json!({ "threadId": n }))),
        1 => number().prop_map(|n| ("breakpointLocations", json!({ "source": source_of_orders(), "line": n }))),
        1 => Just(("setInstructionBreakpoints", json!({ "breakpoints": [{ "instructionReference": "0x60a" }] }))),
    ]
}

fn source_of_orders() -> Value {
    json!({ "path": root().join(ORDERS) })
}

#[test]
fn requests_in_any_order_at_any_time() {
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let scripts = (proptest::collection::vec(any_request(), 1..40), any::<bool>(), any::<bool>());
    let done = runner.run(&scripts, |(script, greets, waits)| {
        let mut client = Client::stdio();
        if greets {
            client.initialize();
        }
        let mut asked = Vec::new();
        for (command, arguments) in script {
            let seq = client.send(command, arguments);
            if waits {
                // Whatever the answer is, there's one.
                _ = client.answer(seq);
            } else {
                asked.push(seq);
            }
        }
        for seq in asked {
            _ = client.answer(seq);
        }
        // The session lives: it answers, and ends as it should.
        if greets {
            client.ask("threads", json!({}));
        }
        client.leave();
        Ok(())
    });
    done.unwrap();
}

#[test]
fn what_is_no_message_is_said_and_passed_over() {
    let mut client = Client::stdio();
    client.initialize();
    for body in ["{", "[]", "null", "{\"type\":\"request\"}", "{\"type\":\"request\",\"seq\":1}", "\u{0}"] {
        client.raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
        let said = client.event("output");
        assert!(said["output"].as_str().unwrap().contains("can't be read"), "{said}");
    }
    client.ask("threads", json!({}));
    // After what is no frame at all nothing can be read any more.
    client.raw(b"Content-Length: 99999999999\r\n\r\n{}");
    client.event("output");
    client.event("terminated");
    client.vanish();
}

#[test]
fn a_flood_of_requests_is_answered_or_refused() {
    let mut client = Client::stdio();
    client.launch(orders());
    client.ask("configurationDone", Value::Null);
    let (_, frame) = client.stopped();
    let asked: Vec<i64> = (0..3000)
        .map(|_| client.send("evaluate", json!({ "expression": "orders", "frameId": frame["id"], "context": "watch" })))
        .collect();
    let mut refused = 0;
    for seq in asked {
        match client.answer(seq) {
            Ok(body) => assert!(body["result"].as_str().unwrap().contains("Ada")),
            Err(error) => {
                assert!(error.contains("1000 requests are waiting"), "{error}");
                refused += 1;
            }
        }
    }
    assert!(refused < 3000);
    client.ask("threads", json!({}));
    client.leave();
}

#[test]
fn clients_that_vanish_at_each_step() {
    for steps in 0..7 {
        let mut client = Client::stdio();
        let script: [fn(&mut Client); 6] = [
            |client| _ = client.initialize(),
            |client| _ = client.send("launch", orders()),
            |client| _ = client.event("initialized"),
            |client| _ = client.ask("configurationDone", Value::Null),
            |client| _ = client.stopped(),
            |client| _ = client.ask("continue", json!({ "threadId": 1 })),
        ];
        for step in &script[..steps.min(script.len())] {
            step(&mut client);
        }
        client.vanish();
    }
    // In the midst of a message.
    let mut client = Client::stdio();
    client.raw(b"Content-Length: 100\r\n\r\n{\"seq\":");
    client.vanish();
}

#[test]
fn a_thousand_quick_stops() {
    let mut client = Client::stdio();
    client.launch(json!({ "program": "guests/built/spin.O0.dwarf5.wasm" }));
    let told = client.break_at("guests/src/spin.c", &[line("guests/src/spin.c", "beat")]);
    assert_eq!(told[0]["verified"], true);
    client.ask("configurationDone", Value::Null);
    for _ in 0..1000 {
        let stop = client.event("stopped");
        assert_eq!(stop["reason"], "breakpoint");
        // The next stop may overtake nothing: it comes after the answer.
        client.go_on(&stop);
    }
    let (_, frame) = client.stopped();
    assert_eq!(frame["name"], "beat");
    client.leave();
}

struct Server(Child, String);

impl Server {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_freezeframe"))
            .args(["dap", "--listen", "127.0.0.1:0"])
            .current_dir(root())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let address = said.trim().strip_prefix("listening at ").unwrap().to_owned();
        Self(child, address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[test]
fn several_clients_over_tcp() {
    let server = Server::start();
    let mut clients: Vec<Client> = (0..3)
        .map(|_| {
            let mut client = Client::connect(&server.1);
            client.launch(orders());
            client.break_at(ORDERS, &[line(ORDERS, "relabel-call")]);
            client.ask("configurationDone", Value::Null);
            client
        })
        .collect();
    // One is gone without a word; the others don't notice.
    let gone = clients.remove(1);
    gone.vanish();
    for mut client in clients {
        let (stop, _) = client.stopped();
        assert_eq!(stop["reason"], "entry");
        client.go_on(&stop);
        let (_, frame) = client.stopped();
        assert_eq!(frame["line"], line(ORDERS, "relabel-call"));
        client.leave();
    }
    let mut client = Client::connect(&server.1);
    client.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    client.event("terminated");
    client.vanish();
    let mut client = Client::connect(&server.1);
    client.initialize();
    client.leave();
}

#[test]
fn only_this_machine_is_listened_to() {
    for address in ["0.0.0.0:0", "[::]:0"] {
        let refused =
            Command::new(env!("CARGO_BIN_EXE_freezeframe")).args(["dap", "--listen", address]).output().unwrap();
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.contains("can be reached from other machines"), "{said}");
    }
}
