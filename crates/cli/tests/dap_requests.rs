//! The requests of the Debug Adapter Protocol, of running and stopping, against the real server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod dap;

use dap::{Client, ORDERS, line, orders, root, stopped_in_orders};
use serde_json::{Value, json};

#[test]
fn a_program_runs_to_its_end() {
    let mut client = Client::stdio();
    client.launch(orders());
    assert_eq!(client.event("process")["startMethod"], "launch");
    client.ask("configurationDone", Value::Null);
    assert_eq!(client.ends(), 1);
    let output: String = client
        .events_so_far("output")
        .iter()
        .filter(|event| event["category"] == "stdout")
        .map(|event| event["output"].as_str().unwrap().to_owned())
        .collect();
    assert!(output.contains("sum is 13772, expected 13979"), "{output}");
    client.leave();
}

#[test]
fn what_a_guest_is_given() {
    let mut client = Client::stdio();
    client.launch(json!({
        "program": "guests/built/invoke.wasm", "invoke": "add", "args": ["40", "2"], "cwd": root(),
    }));
    client.ask("configurationDone", Value::Null);
    assert_eq!(client.ends(), 0);
    let said = client.events_so_far("output");
    assert!(said.iter().any(|event| event["output"] == "returned 42\n"), "{said:#?}");
    client.leave();

    let mut client = Client::stdio();
    client.launch(json!({
        "program": "built/exit.O0.dwarf5.wasm", "args": ["7"], "cwd": root().join("guests"), "env": { "A": "b", "C": null },
        "stdin": "README.md", "dirs": [format!("{}::/data", root().join("docs").display())],
    }));
    client.ask("configurationDone", Value::Null);
    assert_eq!(client.ends(), 7);
    client.leave();
}

#[test]
fn launches_that_fail_say_why_and_can_be_tried_again() {
    let mut client = Client::stdio();
    client.initialize();
    for (arguments, expected) in [
        (json!({ "program": "guests/built/nosuch.wasm" }), "can't read"),
        (json!({ "program": "guests/built/not-wasm.wasm" }), "is not a WebAssembly file"),
        (json!({ "program": "guests/built/missing-import.wasm" }), "imports what the debugger doesn't provide"),
        (json!({ "program": "guests/built/invoke.wasm", "invoke": "nosuch" }), "no exported function `nosuch`"),
        (json!({ "program": "guests/built/orders.O0.dwarf5.wasm", "dirs": ["::x"] }), "write HOST or HOST::GUEST"),
        (json!({ "args": [] }), "missing field `program`"),
    ] {
        let error = client.try_ask("launch", arguments).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    client.ask("launch", orders());
    assert!(client.try_ask("launch", orders()).unwrap_err().contains("there is a guest already"));
    client.event("initialized");
    client.ask("configurationDone", Value::Null);
    assert_eq!(client.ends(), 1);
    client.leave();
}

#[test]
fn requests_out_of_place_are_refused_and_the_session_lives() {
    let mut client = Client::stdio();
    assert!(client.try_ask("threads", Value::Null).unwrap_err().contains("comes before `initialize`"));
    client.initialize();
    let again = client.try_ask("initialize", json!({ "adapterID": "wasm" }));
    assert!(again.unwrap_err().contains("already"));
    for unknown in ["stepBack", "goto", "setDataBreakpoints", "reverseContinue", "restartFrame"] {
        let arguments = match unknown {
            "goto" => json!({ "threadId": 1, "targetId": 1 }),
            "setDataBreakpoints" => json!({ "breakpoints": [] }),
            "restartFrame" => json!({ "frameId": 1 }),
            _ => json!({ "threadId": 1 }),
        };
        let error = client.try_ask(unknown, arguments).unwrap_err();
        assert!(error.contains(&format!("no request `{unknown}`")), "{error}");
    }
    assert!(client.try_ask("configurationDone", Value::Null).unwrap_err().contains("`launch` or `attach` comes first"));
    assert!(client.try_ask("attach", json!({})).unwrap_err().contains("nothing to attach to here"));
    assert!(client.try_ask("restart", json!({})).unwrap_err().contains("nothing to restart"));
    assert!(client.try_ask("continue", json!({ "threadId": 9 })).unwrap_err().contains("no thread 9"));
    assert!(client.try_ask("scopes", json!({ "frameId": 9 })).unwrap_err().contains("no frame 9"));
    assert_eq!(client.ask("threads", Value::Null)["threads"], json!([]));
    client.leave();
}

#[test]
fn breakpoints_in_sources() {
    let mut client = Client::stdio();
    client.launch(orders());
    let (total, entry) = (line(ORDERS, "price-total"), line(ORDERS, "price-entry"));
    let path = root().join(ORDERS);
    let set = |client: &mut Client, breakpoints: Value| {
        client.ask("setBreakpoints", json!({ "source": { "path": path }, "breakpoints": breakpoints }))["breakpoints"]
            .take()
    };
    let told = set(
        &mut client,
        json!([
            { "line": total, "condition": "order->id == 2" },
            { "line": entry - 1 },
            { "line": 100_000 },
            { "line": total, "condition": "1 +" },
            { "line": total, "hitCondition": "many" },
            { "line": total, "condition": "order->nosuch == 1" },
            { "line": total, "logMessage": "{nosuch}" },
            { "line": total, "condition": "$nosuch == 1" },
        ]),
    );
    assert_eq!((&told[0]["verified"], &told[0]["line"]), (&json!(true), &json!(total)));
    assert_eq!(told[0]["source"]["path"], json!(path));
    assert_eq!(told[1]["verified"], true);
    // What begins with a dollar may come to be.
    assert_eq!(told[7]["verified"], true);
    let refused = [(2, "no code"), (3, "expected"), (4, "count of hits"), (5, "no member"), (6, "no symbol `nosuch`")];
    for (at, part) in refused {
        assert_eq!(told[at]["verified"], false, "{told:#}");
        assert!(told[at]["message"].as_str().unwrap().contains(part), "{told:#}");
    }
    // What stays keeps its number.
    let id = told[0]["id"].clone();
    let told = set(&mut client, json!([{ "line": total, "condition": "order->id == 2" }]));
    assert_eq!(told[0]["id"], id);
    client.ask("configurationDone", Value::Null);
    let (stop, frame) = client.stopped();
    assert_eq!((&stop["reason"], &stop["hitBreakpointIds"]), (&json!("breakpoint"), &json!([id])));
    assert_eq!((&frame["line"], &frame["name"]), (&json!(total), &json!("price")));
    assert_eq!(client.evaluate(&frame, "order->id").unwrap(), "2");
    // With another condition it is the same breakpoint.
    let told = set(&mut client, json!([{ "line": total, "condition": "order->id == 3" }]));
    assert_eq!(told[0]["id"], id);
    client.go_on(&stop);
    let (stop, frame) = client.stopped();
    assert_eq!(client.evaluate(&frame, "order->id").unwrap(), "3");
    assert!(told[0]["message"].is_null());
    // A file of the same name elsewhere is another one.
    let elsewhere = json!({ "source": { "path": "/nowhere/orders.c" }, "breakpoints": [{ "line": total }] });
    let told = client.ask("setBreakpoints", elsewhere)["breakpoints"].take();
    assert_eq!((&told[0]["verified"], &told[0]["reason"]), (&json!(false), &json!("pending")));
    set(&mut client, json!([]));
    client.go_on(&stop);
    assert_eq!(client.ends(), 1);
    client.leave();
}

#[test]
fn columns_and_places() {
    let mut client = Client::stdio();
    client.launch(orders());
    // A loop has its beginning, its condition and its step on one line.
    let header = line(ORDERS, "price-entry") + 1;
    let path = root().join(ORDERS);
    let asked = json!({ "source": { "path": path }, "line": header - 2, "endLine": header });
    let places = client.ask("breakpointLocations", asked)["breakpoints"].take();
    let columns: Vec<i64> = places
        .as_array()
        .unwrap()
        .iter()
        .filter(|p| p["line"] == header)
        .filter_map(|p| p["column"].as_i64())
        .collect();
    assert!(columns.len() >= 2, "{places:#}");
    let breakpoint = json!({ "source": { "path": path }, "breakpoints": [{ "line": header, "column": columns[1] }] });
    let told = client.ask("setBreakpoints", breakpoint)["breakpoints"].take();
    assert_eq!((&told[0]["line"], &told[0]["column"]), (&json!(header), &json!(columns[1])));
    client.ask("configurationDone", Value::Null);
    let (_, frame) = client.stopped();
    assert_eq!((&frame["line"], &frame["column"]), (&json!(header), &json!(columns[1])));
    client.leave();
}

#[test]
fn breakpoints_at_functions_and_instructions() {
    let mut client = Client::stdio();
    client.launch(orders());
    let asked = json!({ "breakpoints": [{ "name": "price" }, { "name": "nosuch" }, { "name": "/^re.*l$/" }] });
    let told = client.ask("setFunctionBreakpoints", asked)["breakpoints"].take();
    assert_eq!(
        (&told[0]["verified"], &told[1]["verified"], &told[2]["verified"]),
        (&json!(true), &json!(false), &json!(true))
    );
    client.ask("configurationDone", Value::Null);
    let (stop, frame) = client.stopped();
    assert_eq!((&stop["reason"], &frame["name"]), (&json!("function breakpoint"), &json!("price")));
    client.ask("setFunctionBreakpoints", json!({ "breakpoints": [] }));
    let reference = frame["instructionPointerReference"].clone();
    let list = client.ask("disassemble", json!({ "memoryReference": reference, "instructionCount": 4 }));
    let third = list["instructions"][2]["address"].clone();
    let asked = json!({ "breakpoints": [{ "instructionReference": third }] });
    let told = client.ask("setInstructionBreakpoints", asked)["breakpoints"].take();
    assert_eq!(told[0]["verified"], true, "{told:#}");
    client.go_on(&stop);
    let (stop, frame) = client.stopped();
    assert_eq!(stop["reason"], "instruction breakpoint");
    assert_eq!(frame["instructionPointerReference"], third);
    let asked = json!({ "breakpoints": [{ "instructionReference": "zz" }] });
    assert!(client.try_ask("setInstructionBreakpoints", asked).unwrap_err().contains("no reference"));
    client.leave();
}

#[test]
fn log_points_speak_and_dont_stop() {
    let mut client = Client::stdio();
    client.launch(orders());
    let total = line(ORDERS, "price-total");
    let path = root().join(ORDERS);
    let breakpoint = json!({ "line": total, "logMessage": "order {order->id}: {sum}" });
    client.ask("setBreakpoints", json!({ "source": { "path": path }, "breakpoints": [breakpoint] }));
    client.ask("configurationDone", Value::Null);
    assert_eq!(client.ends(), 1);
    let said = client.events_so_far("output");
    let said: Vec<&Value> = said.iter().filter(|event| event["category"] == "console").collect();
    let texts: Vec<&str> = said.iter().map(|event| event["output"].as_str().unwrap()).collect();
    assert_eq!(texts, ["order 1: 730\n", "order 2: 1999\n", "order 3: 12500\n"]);
    assert_eq!((&said[0]["line"], &said[0]["source"]["path"]), (&json!(total), &json!(path)));
    client.leave();
}

#[test]
fn steps() {
    let (mut client, stop, _) = stopped_in_orders("main-loop");
    let thread = json!({ "threadId": stop["threadId"] });
    client.ask("stepIn", thread.clone());
    let (stop, frame) = client.stopped();
    assert_eq!((&stop["reason"], &frame["name"]), (&json!("step"), &json!("price")));
    client.ask("next", thread.clone());
    let (_, next) = client.stopped();
    assert!(next["line"].as_i64() > frame["line"].as_i64());
    client.ask("next", json!({ "threadId": 1, "granularity": "instruction" }));
    let (_, by_instruction) = client.stopped();
    assert_ne!(by_instruction["instructionPointerReference"], next["instructionPointerReference"]);
    assert_eq!(by_instruction["name"], "price");
    client.ask("stepIn", json!({ "threadId": 1, "granularity": "instruction" }));
    client.stopped();
    client.ask("stepOut", thread.clone());
    let (_, out) = client.stopped();
    assert_eq!(out["name"], "main");
    let returned = client.scope(&out, "Returned");
    assert_eq!((&returned[0]["name"], &returned[0]["value"]), (&json!("price"), &json!("730")));
    client.leave();
}

#[test]
fn stepping_into_what_was_chosen() {
    const STEPS: &str = "guests/src/steps.c";
    let mut client = Client::stdio();
    client.launch(json!({ "program": "guests/built/steps.O0.dwarf5.wasm" }));
    client.break_at(STEPS, &[line(STEPS, "nested-calls")]);
    client.ask("configurationDone", Value::Null);
    let (stop, frame) = client.stopped();
    let targets = client.ask("stepInTargets", json!({ "frameId": frame["id"] }))["targets"].take();
    let labels: Vec<&str> = targets.as_array().unwrap().iter().map(|t| t["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["twice", "add"]);
    client.ask("stepIn", json!({ "threadId": stop["threadId"], "targetId": targets[1]["id"] }));
    let (_, frame) = client.stopped();
    assert_eq!(frame["name"], "add");
    let stale = client.try_ask("stepIn", json!({ "threadId": stop["threadId"], "targetId": 99 }));
    assert!(stale.unwrap_err().contains("ask for `stepInTargets` again"));
    client.leave();
}

#[test]
fn traps_are_exceptions() {
    const TRAP: &str = "guests/src/trap.c";
    let launch = json!({ "program": "guests/built/trap.O0.dwarf5.wasm", "args": ["divide"] });
    let run = |filters: Value| {
        let mut client = Client::stdio();
        let capabilities = client.initialize();
        assert_eq!(capabilities["exceptionBreakpointFilters"][0]["filter"], "trap");
        client.ask("launch", launch.clone());
        client.event("initialized");
        let told = client.ask("setExceptionBreakpoints", filters)["breakpoints"].take();
        client.ask("configurationDone", Value::Null);
        (client, told)
    };
    let (mut client, told) = run(json!({ "filters": ["trap"] }));
    assert_eq!(told[0]["verified"], true);
    let (stop, frame) = client.stopped();
    assert_eq!((&stop["reason"], &stop["hitBreakpointIds"]), (&json!("exception"), &json!([told[0]["id"]])));
    assert_eq!(frame["line"], line(TRAP, "divide"));
    let info = client.ask("exceptionInfo", json!({ "threadId": stop["threadId"] }));
    assert_eq!(info["exceptionId"], "divide-by-zero");
    assert!(info["details"]["stackTrace"].as_str().unwrap().contains("at divide"));
    let links = client.events_so_far("output");
    let link = links.iter().find(|e| e["output"].as_str().unwrap().contains("at divide")).unwrap();
    assert_eq!((&link["line"], &link["source"]["path"]), (&frame["line"], &frame["source"]["path"]));
    client.go_on(&stop);
    assert_eq!(client.ends(), 134);
    client.leave();

    let (mut client, _) = run(json!({ "filters": [] }));
    assert_eq!(client.ends(), 134);
    client.leave();

    let options = json!({ "filters": [], "filterOptions": [
        { "filterId": "trap", "condition": "unreachable" }, { "filterId": "trap", "condition": "nosuch" },
        { "filterId": "nosuch" },
    ] });
    let (mut client, told) = run(options);
    assert_eq!(
        (&told[0]["verified"], &told[1]["verified"], &told[2]["verified"]),
        (&json!(true), &json!(false), &json!(false))
    );
    assert!(told[1]["message"].as_str().unwrap().contains("no kind of trap `nosuch`"));
    assert_eq!(client.ends(), 134);
    client.leave();
}

#[test]
fn exits_and_panics() {
    let mut client = Client::stdio();
    client.launch(json!({ "program": "guests/built/exit.O0.dwarf5.wasm", "args": ["42"] }));
    client.ask("setExceptionBreakpoints", json!({ "filters": ["exit"] }));
    client.ask("configurationDone", Value::Null);
    let stop = client.event("stopped");
    let info = client.ask("exceptionInfo", json!({ "threadId": stop["threadId"] }));
    assert_eq!(
        (&info["exceptionId"], &info["description"]),
        (&json!("exit"), &json!("the program exits with code 42"))
    );
    client.go_on(&stop);
    assert_eq!(client.ends(), 42);
    client.leave();

    let mut client = Client::stdio();
    client.launch(json!({ "program": "guests/built/panic.O0.dwarf4.wasm" }));
    client.ask("setExceptionBreakpoints", json!({ "filters": ["trap"] }));
    client.ask("configurationDone", Value::Null);
    let stop = client.event("stopped");
    let frames = client.frames(&stop);
    assert!(frames.iter().any(|frame| frame["name"].as_str().unwrap().contains("panic")), "{frames:#?}");
    let info = client.ask("exceptionInfo", json!({ "threadId": stop["threadId"] }));
    let said = "index out of bounds: the len is 3 but the index is 3";
    assert_eq!((&info["exceptionId"], &info["description"]), (&json!("panic"), &json!(said)));
    assert_eq!((&info["details"]["typeName"], &stop["text"]), (&json!("unreachable"), &json!(said)));
    let not = client.try_ask("exceptionInfo", json!({ "threadId": 5 }));
    assert!(not.unwrap_err().contains("no thread 5"));
    client.leave();
}

#[test]
fn a_running_program_is_paused_and_its_breakpoints_change() {
    const SPIN: &str = "guests/src/spin.c";
    let mut client = Client::stdio();
    client.launch(json!({ "program": "guests/built/spin.O0.dwarf5.wasm" }));
    client.ask("configurationDone", Value::Null);
    client.find(|m| m["event"] == "output" && m["body"]["output"] == "spinning\n").unwrap();
    let running = client.try_ask("stackTrace", json!({ "threadId": 1 }));
    assert!(running.unwrap_err().contains("running"));
    client.ask("pause", json!({ "threadId": 1 }));
    let (stop, _) = client.stopped();
    assert_eq!(stop["reason"], "pause");
    client.go_on(&stop);
    let told = client.break_at(SPIN, &[line(SPIN, "loop-body")]);
    assert_eq!(told[0]["verified"], true);
    let (stop, _) = client.stopped();
    assert_eq!(stop["reason"], "breakpoint");
    // A pause isn't lost in what is done for breakpoints meanwhile.
    client.break_at(SPIN, &[]);
    client.go_on(&stop);
    for _ in 0..20 {
        let pause = client.send("pause", json!({ "threadId": 1 }));
        client.break_at(SPIN, &[]);
        client.answer(pause).unwrap();
        let (stop, _) = client.stopped();
        assert_eq!(stop["reason"], "pause");
        client.go_on(&stop);
    }
    client.ask("terminate", json!({}));
    client.event("terminated");
    client.leave();
}

#[test]
fn entry_restart_and_running_without_debugging() {
    let mut client = Client::stdio();
    client.launch(json!({ "program": "guests/built/orders.O0.dwarf5.wasm", "stopOnEntry": true }));
    client.break_at(ORDERS, &[line(ORDERS, "relabel-call")]);
    client.ask("configurationDone", Value::Null);
    let (stop, frame) = client.stopped();
    assert_eq!((&stop["reason"], &frame["name"]), (&json!("entry"), &json!("main")));
    client.go_on(&stop);
    let (stop, _) = client.stopped();
    assert_eq!(stop["reason"], "breakpoint");
    client.ask("restart", json!({}));
    let (stop, _) = client.stopped();
    assert_eq!(stop["reason"], "entry");
    assert_eq!(client.ask("threads", json!({}))["threads"].as_array().unwrap().len(), 1);
    // With other arguments.
    client.ask("restart", json!({ "arguments": { "program": "guests/built/orders.O0.dwarf5.wasm", "args": ["Bea"] } }));
    let (stop, _) = client.stopped();
    assert_eq!(stop["reason"], "breakpoint");
    client.go_on(&stop);
    assert_eq!(client.ends(), 0);
    // After its end too.
    client.ask("restart", json!({ "arguments": { "program": "guests/built/orders.O0.dwarf5.wasm", "noDebug": true } }));
    assert_eq!(client.ends(), 1);
    client.leave();
}

#[test]
fn leaving_a_program_to_itself() {
    let (mut client, _, _) = stopped_in_orders("price-total");
    // The server ends when the program has.
    client.ask("disconnect", json!({ "terminateDebuggee": false }));
    client.vanish();
}

#[test]
fn what_waits_is_cancelled() {
    let (mut client, _, frame) = stopped_in_orders("price-total");
    // Whether it was in time or not, there's one answer.
    let asked = client.send("evaluate", json!({ "expression": "sum", "frameId": frame["id"] }));
    client.ask("cancel", json!({ "requestId": asked }));
    match client.answer(asked) {
        Ok(body) => assert_eq!(body["result"], "730"),
        Err(error) => assert_eq!(error, "the request was cancelled"),
    }
    assert_eq!(client.evaluate(&frame, "sum").unwrap(), "730");
    client.ask("terminateThreads", json!({ "threadIds": [1] }));
    assert_eq!(client.ends(), 1);
    client.leave();
}

#[test]
fn a_launch_that_waits_for_a_terminal_is_told_of_and_cancelled() {
    let arguments = json!({ "program": "guests/built/orders.O0.dwarf5.wasm", "console": "externalTerminal" });
    let mut client = Client::stdio();
    client.initialize();
    for by_progress in [true, false] {
        let launch = client.send("launch", arguments.clone());
        let (_, asked) = client.asked("runInTerminal");
        assert_eq!((&asked["kind"], &asked["args"][1]), (&json!("external"), &json!("dap-terminal")));
        let begun = client.event("progressStart");
        assert_eq!((&begun["requestId"], &begun["cancellable"]), (&json!(launch), &json!(true)));
        let waits = |message: &Value| message.as_str().unwrap_or_default().contains("terminal");
        if !waits(&begun["message"]) {
            // With the seconds that it has taken, if there are some.
            let compiles = |message: &Value| message.as_str().unwrap_or_default().starts_with("compiling");
            assert!(compiles(&begun["message"]), "{begun}");
            let mut step = client.event("progressUpdate");
            while compiles(&step["message"]) {
                step = client.event("progressUpdate");
            }
            assert!(step["progressId"] == begun["progressId"] && waits(&step["message"]), "{step}");
        }
        let cancel =
            if by_progress { json!({ "progressId": begun["progressId"] }) } else { json!({ "requestId": launch }) };
        client.ask("cancel", cancel);
        assert_eq!(client.answer(launch).unwrap_err(), "the request was cancelled");
        assert_eq!(client.event("progressEnd")["progressId"], begun["progressId"]);
    }
    // What the client says of its terminal is passed on; an answer that nobody waits for does no harm.
    let launch = client.send("launch", arguments);
    let (seq, _) = client.asked("runInTerminal");
    client.respond(seq - 1, "runInTerminal", Some("of another one"));
    client.respond(seq, "runInTerminal", Some("there is no shell"));
    assert!(client.answer(launch).unwrap_err().contains("there is no shell"));
    client.ask("launch", orders());
    client.event("initialized");
    client.leave();
}

#[test]
fn the_terminal_is_the_guests_input_and_output() {
    let mut client = Client::stdio();
    client.initialize();
    let folder = tempfile::tempdir().unwrap();
    let dirs = json!([format!("{}::/data", folder.path().display())]);
    let arguments =
        json!({ "program": "guests/built/files.O0.dwarf5.wasm", "console": "integratedTerminal", "dirs": dirs });
    let launch = client.send("launch", arguments);
    let (seq, asked) = client.asked("runInTerminal");
    let words: Vec<&str> = asked["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    let env = asked["env"].as_object().unwrap().iter().map(|(name, value)| (name, value.as_str().unwrap()));
    let mut terminal = std::process::Command::new(words[0])
        .args(&words[1..])
        .envs(env)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    client.respond(seq, "runInTerminal", None);
    client.answer(launch).unwrap();
    client.event("initialized");
    client.ask("configurationDone", Value::Null);
    // The end of the input is the end of what is piped in.
    std::io::Write::write_all(&mut terminal.stdin.take().unwrap(), b"typed\n").unwrap();
    assert_eq!(client.ends(), 0);
    let shown = terminal.wait_with_output().unwrap();
    assert!(shown.status.success());
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(text.ends_with("stdin 1: typed\n1 lines\n"), "{text}");
    client.leave();
}

#[test]
fn clients_may_count_from_zero() {
    let mut client = Client::stdio();
    client.ask("initialize", json!({ "adapterID": "wasm", "linesStartAt1": false, "columnsStartAt1": false }));
    client.ask("launch", orders());
    client.event("initialized");
    let total = line(ORDERS, "price-total");
    let told = client.break_at(ORDERS, &[total - 1]);
    assert_eq!(told[0]["line"], total - 1);
    client.ask("configurationDone", Value::Null);
    let (_, frame) = client.stopped();
    assert_eq!(frame["line"], total - 1);
    client.leave();
}
