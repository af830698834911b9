//! The requests of the Debug Adapter Protocol, of looking at a stopped guest, against the real server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod dap;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use dap::{Client, ORDERS, line, named, orders, root, stopped_in_orders};
use serde_json::{Value, json};

#[test]
fn scopes_variables_and_pages() {
    let (mut client, stop, frame) = stopped_in_orders("price-total");
    let arguments = client.scope(&frame, "Arguments");
    let order = named(&arguments, "order");
    assert_eq!(order["type"], "struct Order *");
    assert_eq!(order["evaluateName"], "order");
    let members = client.variables(&order["variablesReference"]);
    let items = named(&members, "items");
    assert_eq!(items["indexedVariables"], 2);
    let page =
        json!({ "variablesReference": items["variablesReference"], "filter": "indexed", "start": 1, "count": 1 });
    let page = client.ask("variables", page)["variables"].take();
    assert_eq!((page.as_array().unwrap().len(), &page[0]["name"]), (1, &json!("[1]")));
    let item = client.variables(&page[0]["variablesReference"]);
    assert_eq!(named(&item, "cents")["value"], "250");
    let hex = json!({ "variablesReference": page[0]["variablesReference"], "format": { "hex": true } });
    let item = client.ask("variables", hex)["variables"].take();
    assert_eq!(named(item.as_array().unwrap(), "cents")["value"], "0xfa");
    let locals = client.scope(&frame, "Locals");
    assert_eq!(named(&locals, "sum")["value"], "730");
    let statics = client.scope(&frame, "Statics");
    assert!(named(&statics, "shop")["value"].as_str().unwrap().contains("corner shop"));
    // The same part of the same variable has the same number at the next stop.
    client.go_on(&stop);
    let (_, frame) = client.stopped();
    let again = client.scope(&frame, "Arguments");
    assert_eq!(named(&again, "order")["variablesReference"], order["variablesReference"]);
    let members = client.variables(&order["variablesReference"]);
    assert_eq!(named(&members, "id")["value"], "2");
    assert!(client.try_ask("variables", json!({ "variablesReference": 999_999 })).is_err());
    client.leave();
}

#[test]
fn the_wasm_machine() {
    let (mut client, _, frame) = stopped_in_orders("price-total");
    let machine = client.scope(&frame, "Wasm");
    assert!(named(&machine, "pc")["value"].as_str().unwrap().starts_with("0x"));
    let locals = client.variables(&named(&machine, "locals")["variablesReference"]);
    assert_eq!(locals[0]["evaluateName"], "$local0");
    let value = locals[0]["value"].as_str().unwrap().to_owned();
    assert_eq!(client.evaluate(&frame, "$local0").unwrap(), value);
    let globals = client.variables(&named(&machine, "globals")["variablesReference"]);
    assert!(globals[0]["name"].as_str().unwrap().contains("__stack_pointer"), "{globals:#?}");
    let memories = client.variables(&named(&machine, "memories")["variablesReference"]);
    let read = client.ask("readMemory", json!({ "memoryReference": memories[0]["memoryReference"], "count": 16 }));
    assert_eq!(read["address"], "0x0");
    client.leave();
}

#[test]
fn values_are_changed() {
    let (mut client, _, frame) = stopped_in_orders("price-total");
    let scopes = client.ask("scopes", json!({ "frameId": frame["id"] }));
    let locals = scopes["scopes"].as_array().unwrap().iter().find(|s| s["name"] == "Locals").unwrap();
    let reference = &locals["variablesReference"];
    let set = json!({ "variablesReference": reference, "name": "sum", "value": "order->id + 41" });
    assert_eq!(client.ask("setVariable", set)["value"], "42");
    assert_eq!(client.event("memory")["count"], 4);
    client.event("invalidated");
    assert_eq!(client.evaluate(&frame, "sum").unwrap(), "42");
    let set = json!({ "variablesReference": reference, "name": "nosuch", "value": "1" });
    assert!(client.try_ask("setVariable", set).is_err());
    let set = json!({ "expression": "order->items[1].cents", "value": "7", "frameId": frame["id"] });
    assert_eq!(client.ask("setExpression", set)["value"], "7");
    assert_eq!(client.evaluate(&frame, "order->items[1].cents").unwrap(), "7");
    let set = json!({ "expression": "1 + 1", "value": "7", "frameId": frame["id"] });
    assert!(client.try_ask("setExpression", set).is_err());
    let repl = json!({ "expression": "sum = 5", "frameId": frame["id"], "context": "repl" });
    assert_eq!(client.ask("evaluate", repl)["result"], "5");
    assert_eq!(client.evaluate(&frame, "sum").unwrap(), "5");
    // A watch or a hover changes nothing.
    for context in ["watch", "hover"] {
        let asked = json!({ "expression": "sum = 6", "frameId": frame["id"], "context": context });
        assert!(client.try_ask("evaluate", asked).is_err());
    }
    assert_eq!(client.evaluate(&frame, "sum").unwrap(), "5");
    client.leave();
}

#[test]
fn expressions_and_completions() {
    let (mut client, _, frame) = stopped_in_orders("price-total");
    let asked = json!({ "expression": "order->items", "frameId": frame["id"], "context": "watch" });
    let body = client.ask("evaluate", asked);
    assert_eq!(body["indexedVariables"], 2);
    let items = client.variables(&body["variablesReference"]);
    assert_eq!(items[0]["evaluateName"], "order->items[0]");
    let asked = json!({ "expression": "255", "frameId": frame["id"], "context": "watch", "format": { "hex": true } });
    assert_eq!(client.ask("evaluate", asked)["result"], "0xff");
    let short = client.evaluate(&frame, "orders").unwrap();
    let asked = json!({ "expression": "orders", "frameId": frame["id"], "context": "clipboard" });
    let whole = client.ask("evaluate", asked)["result"].as_str().unwrap().to_owned();
    assert!(whole.len() > short.len() && whole.contains("4711"), "{whole}");
    let error = client.evaluate(&frame, "order->custmer").unwrap_err();
    assert!(error.contains("did you mean `customer`?"), "{error}");
    // Without a frame globals are known.
    let asked = json!({ "expression": "orders_priced", "context": "repl" });
    assert_eq!(client.ask("evaluate", asked)["result"], "0");
    let mut complete = |text: &str| {
        let asked = json!({ "text": text, "column": text.len() + 1, "frameId": frame["id"] });
        let targets = client.ask("completions", asked)["targets"].take();
        targets.as_array().unwrap().iter().map(|t| t["label"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(complete("1 + su")[0], "sum");
    assert_eq!(complete("order->cus"), ["customer"]);
    assert_eq!(complete("order->items[0].ce"), ["cents"]);
    assert!(complete("fact").contains(&"factorial".to_owned()));
    assert!(complete("nosuch.").is_empty());
    client.leave();
}

#[test]
fn calls_from_the_repl() {
    let (mut client, stop, frame) = stopped_in_orders("price-total");
    let call = json!({ "expression": "call factorial(5) + 0", "frameId": frame["id"], "context": "repl" });
    let result = client.ask("evaluate", call)["result"].as_str().unwrap().to_owned();
    assert!(result.ends_with("= 120"), "{result}");
    // One that is only a call runs as the program does: breakpoints stop it.
    client.break_at(ORDERS, &[line(ORDERS, "factorial-end")]);
    let call = json!({ "expression": "call factorial(3)", "frameId": frame["id"], "context": "repl" });
    let answer = client.ask("evaluate", call);
    assert!(answer["result"].as_str().unwrap().contains("stopped before the call returned"), "{answer}");
    let (_, inner) = client.stopped();
    assert_eq!(client.evaluate(&inner, "n").unwrap(), "3");
    client.break_at(ORDERS, &[]);
    client.go_on(&stop);
    let said = client.find(|m| {
        m["event"] == "output"
            && m["body"]["category"] == "console"
            && m["body"]["output"].as_str().unwrap().contains(" = 6")
    });
    assert!(said.is_some());
    let (_, frame) = client.stopped();
    assert_eq!(frame["name"], "price");
    // Where nothing stops it, its value is the answer, and the frame is the one of before.
    let call = json!({ "expression": "call factorial(4)", "frameId": frame["id"], "context": "repl" });
    let answer = client.ask("evaluate", call);
    assert!(answer["result"].as_str().unwrap().ends_with(" = 24"), "{answer}");
    assert_eq!(client.evaluate(&frame, "sum").unwrap(), "730");
    assert!(client.events_so_far("stopped").is_empty() && client.events_so_far("continued").is_empty());
    client.leave();
}

#[test]
fn stacks_come_in_parts() {
    let mut client = Client::stdio();
    client.launch(orders());
    client.break_at(ORDERS, &[line(ORDERS, "factorial-end")]);
    client.ask("configurationDone", Value::Null);
    let stop = (0..5).map(|n| {
        let (stop, _) = client.stopped();
        if n < 4 {
            client.go_on(&stop);
        }
        stop
    });
    let stop = stop.last().unwrap();
    let whole = client.ask("stackTrace", json!({ "threadId": stop["threadId"] }));
    let whole = whole["stackFrames"].as_array().unwrap().clone();
    assert!(whole.len() >= 6 && whole[5]["name"] == "main", "{whole:#?}");
    let part = client.ask("stackTrace", json!({ "threadId": stop["threadId"], "startFrame": 2, "levels": 2 }));
    assert_eq!(part["stackFrames"].as_array().unwrap()[..], whole[2..4]);
    // (It may be left out, or more than what was given.)
    assert!(part["totalFrames"].is_null() || part["totalFrames"].as_u64() > Some(4));
    assert_eq!(client.evaluate(&whole[3], "n").unwrap(), "4");
    // Frames without source have the text of their code.
    let start_up = whole.iter().find(|f| f["source"]["sourceReference"].as_i64() > Some(0)).unwrap();
    let text = client.ask("source", json!({ "sourceReference": start_up["source"]["sourceReference"] }));
    let text = text["content"].as_str().unwrap().to_owned();
    let at = text.lines().nth(start_up["line"].as_u64().unwrap() as usize - 1).unwrap();
    assert!(at.starts_with(start_up["instructionPointerReference"].as_str().unwrap()), "{at}");
    assert!(client.try_ask("source", json!({ "sourceReference": 77 })).is_err());
    // What was known of this stop is no more at the next.
    client.break_at(ORDERS, &[line(ORDERS, "done"), line(ORDERS, "mismatch")]);
    client.go_on(&stop);
    client.event("stopped");
    assert!(client.evaluate(&whole[0], "n").unwrap_err().contains("gone on since"));
    client.leave();
}

#[test]
fn disassembly_and_memory() {
    let (mut client, stop, frame) = stopped_in_orders("price-total");
    let reference = &frame["instructionPointerReference"];
    let asked = json!({ "memoryReference": reference, "instructionOffset": -300, "instructionCount": 600, "resolveSymbols": true });
    let list = client.ask("disassemble", asked)["instructions"].take();
    let list = list.as_array().unwrap();
    assert_eq!(list.len(), 600);
    assert_eq!((&list[300]["address"], &list[300]["symbol"]), (reference, &json!("price")));
    let addresses: Vec<u64> = list
        .iter()
        .map(|i| u64::from_str_radix(i["address"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap())
        .collect();
    assert!(addresses.is_sorted_by(|a, b| a < b), "{addresses:?}");
    assert!(list.iter().any(|i| i["line"] == frame["line"] && i["location"]["path"] == json!(root().join(ORDERS))));
    assert!(list[300]["instructionBytes"].as_str().unwrap().len() >= 2);
    // Beyond the end of the code there's nothing, but as many lines as asked for.
    let asked = json!({ "memoryReference": reference, "instructionOffset": -90_000, "instructionCount": 10 });
    let list = client.ask("disassemble", asked)["instructions"].take();
    assert!(list.as_array().unwrap().iter().all(|i| i["presentationHint"] == "invalid"), "{list:#}");
    assert_eq!(list.as_array().unwrap().len(), 10);

    let body = client.ask("evaluate", json!({ "expression": "order->customer", "frameId": frame["id"] }));
    let reference = body["memoryReference"].clone();
    let read = client.ask("readMemory", json!({ "memoryReference": reference, "count": 4 }));
    assert_eq!(BASE64.decode(read["data"].as_str().unwrap()).unwrap(), b"Ada\0");
    let write = json!({ "memoryReference": reference, "offset": 1, "data": BASE64.encode(b"nn") });
    assert_eq!(client.ask("writeMemory", write)["bytesWritten"], 2);
    assert_eq!(client.evaluate(&frame, "order->customer").unwrap(), "\"Ann\"");
    let end = json!({ "memoryReference": reference, "offset": 0x7fff_0000, "count": 64 });
    assert_eq!(client.ask("readMemory", end)["unreadableBytes"], 64);
    let bad = json!({ "memoryReference": reference, "data": "***" });
    assert!(client.try_ask("writeMemory", bad).unwrap_err().contains("no base64"));
    let outside = json!({ "memoryReference": reference, "offset": 0x7fff_0000, "data": BASE64.encode(b"x") });
    assert!(client.try_ask("writeMemory", outside).is_err());
    client.go_on(&stop);
    client.leave();
}

#[test]
fn modules_and_sources() {
    let (mut client, _, _) = stopped_in_orders("price-total");
    let told = client.event("module")["module"].take();
    let modules = client.ask("modules", json!({ "startModule": 0, "moduleCount": 10 }));
    assert_eq!((&modules["modules"][0], &modules["totalModules"]), (&told, &json!(1)));
    assert_eq!((&told["name"], &told["symbolStatus"]), (&json!("orders.O0.dwarf5.wasm"), &json!("DWARF")));
    let sources = client.ask("loadedSources", json!({}))["sources"].take();
    let path = json!(root().join(ORDERS));
    let source = sources.as_array().unwrap().iter().find(|s| s["path"] == path).unwrap();
    let text = client.ask("source", json!({ "source": source, "sourceReference": 0 }));
    assert!(text["content"].as_str().unwrap().contains("#price-total"));
    // No other files of this machine are handed out.
    let other = json!({ "source": { "path": root().join("Cargo.toml") }, "sourceReference": 0 });
    assert!(client.try_ask("source", other).is_err());
    client.leave();
}

#[test]
fn rust_and_components() {
    const INVENTORY: &str = "guests/src/inventory.rs";
    for module in ["inventory.O0.dwarf4", "inventory.O0.dwarf4.p2"] {
        let mut client = Client::stdio();
        client.launch(json!({ "program": format!("guests/built/{module}.wasm"), "stopOnEntry": true }));
        client.ask("configurationDone", Value::Null);
        let (stop, frame) = client.stopped();
        assert_eq!(stop["reason"], "entry", "{module}");
        assert!(frame["name"].as_str().unwrap().ends_with("main"), "{frame:#}");
        assert_eq!(frame["source"]["path"], json!(root().join(INVENTORY)));
        client.leave();
    }
}
