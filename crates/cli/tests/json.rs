//! `--json`: one object a line, with the field names of docs/json.md.

mod command;

use command::{batch_with, guest, line, root, run};
use serde_json::{Value, json};

const ORDERS: &str = "orders.O0.dwarf5";

fn batch(commands: &[&str]) -> command::Ran {
    batch_with(&["--json"], commands, &[&guest(ORDERS)])
}

#[test]
fn breakpoints_and_stops() {
    let ran = batch(&["break price if order->id == 2", "run", "info breakpoints"]);
    let set = ran.answer("break price if order->id == 2");
    assert_eq!(set["ok"], true);
    let breakpoint = &set["breakpoint"];
    assert_eq!(breakpoint["id"], 1);
    assert_eq!(breakpoint["location"], "price");
    assert_eq!(breakpoint["condition"], "order->id == 2");
    assert_eq!(
        (&breakpoint["enabled"], &breakpoint["temporary"], &breakpoint["pending"]),
        (&json!(true), &json!(false), &json!(false))
    );
    let site = &breakpoint["sites"][0];
    assert_eq!((&site["function"], &site["module"]), (&json!("price"), &json!(0)));
    assert!(site["file"].as_str().unwrap().ends_with("guests/src/orders.c") && site["pc"].is_u64());

    let stop = &ran.answer("run")["stop"];
    assert_eq!(stop["reason"], "breakpoint");
    assert_eq!(stop["function"], "price");
    assert_eq!(stop["breakpoints"], json!([1]));
    assert_eq!((&stop["line"], &stop["pc"]), (&site["line"], &site["pc"]));
    assert!(stop["source"].is_string() && stop["frame"] == 0);
    assert_eq!(ran.answer("info breakpoints")["breakpoints"][0]["hits"], 1);
    ran.exits(0);
}

#[test]
fn stacks_and_values() {
    let ran = batch(&[
        "b price",
        "run",
        "bt full",
        "info args",
        "info locals",
        "p order->id",
        "whatis order",
        "ptype order",
        "up",
        "x/2xb shop",
        "list 1,2",
        "disassemble",
        "info line price",
        "info wasm",
        "display sum",
        "step",
        "info functions price",
        "info sources orders.c",
        "info modules",
        "echo hello",
    ]);
    assert!(ran.json().iter().filter(|o| o.get("command").is_some()).all(|o| o["ok"] == true), "{}", ran.out);
    let frames = ran.answer("bt full")["stack"]["frames"].clone();
    assert_eq!((&frames[0]["function"], &frames[1]["function"]), (&json!("price"), &json!("main")));
    assert_eq!(frames[0]["arguments"][0]["name"], "order");
    assert!(frames[1]["locals"].as_array().unwrap().iter().any(|v| v["name"] == "expected" && v["value"] == "0"));
    assert_eq!(ran.answer("info args")["variables"]["items"][0]["type"], "struct Order *");
    assert_eq!(ran.answer("info locals")["variables"]["kind"], "locals");
    let value = &ran.answer("p order->id")["value"];
    assert_eq!((&value["value"], &value["type"], &value["available"]), (&json!("1"), &json!("int"), &json!(true)));
    assert!(value["address"].is_u64());
    assert_eq!(ran.answer("whatis order")["type"]["name"], "struct Order *");
    assert!(ran.answer("ptype order")["type"]["definition"].is_string());
    assert_eq!(ran.answer("up")["frame"]["function"], "main");
    assert_eq!(ran.answer("x/2xb shop")["memory"]["bytes"], json!([0x63, 0x6f]));
    assert_eq!(ran.answer("list 1,2")["source"]["lines"].as_array().unwrap().len(), 2);
    assert!(ran.answer("disassemble")["disassembly"]["instructions"][0]["pc"].is_u64());
    assert_eq!(ran.answer("info line price")["line"]["function"], "price");
    assert!(ran.answer("info wasm")["wasm"]["locals"].is_array());
    // The caller's frame is selected here.
    assert_eq!(ran.answer("display sum")["displays"][0]["id"], 1);
    assert_eq!(ran.answer("step")["stop"]["reason"], "step");
    assert_eq!(ran.answer("step")["stop"]["displays"][0]["expression"], "sum");
    assert_eq!(ran.answer("info functions price")["functions"]["items"][0]["name"], "price");
    assert_eq!(ran.answer("info sources orders.c")["sources"]["items"][0]["found"], "guests/src/orders.c");
    assert_eq!(ran.answer("info modules")["modules"][0]["languages"], json!(["C"]));
    assert_eq!(ran.answer("echo hello")["message"], "hello\n");
}

#[test]
fn what_finish_returns() {
    let ran = batch(&["b price", "run", "finish", "next"]);
    let returned = &ran.answer("finish")["stop"]["returned"];
    assert_eq!(
        (&returned["name"], &returned["value"], &returned["type"]),
        (&json!("price"), &json!("730"), &json!("int"))
    );
    assert_eq!(ran.answer("next")["stop"].get("returned"), None);
}

#[test]
fn output_and_the_end_are_events() {
    let ran = batch(&["run"]);
    let all = ran.json();
    let output: String = all.iter().filter(|o| o["event"] == "output").map(|o| o["text"].as_str().unwrap()).collect();
    assert!(output.contains("sum is 13772, expected 13979\n"), "{output}");
    assert!(all.iter().filter(|o| o["event"] == "output").all(|o| o["stream"] == "stdout"));
    assert_eq!(all[all.len() - 2], json!({"event": "exited", "code": 1}));
    assert_eq!(ran.answer("run")["end"], json!({"reason": "exited", "code": 1}));
    ran.exits(1);
}

#[test]
fn errors_are_objects() {
    let ran = batch(&["foo", "p 1 +"]);
    let error = ran.answer("foo");
    assert_eq!(error["ok"], false);
    assert!(error["error"].as_str().unwrap().contains("no command `foo`"));
    ran.exits(1);
    let ran = batch_with(&["--json"], &["run"], &["no/such/file"]);
    let all = ran.json();
    assert_eq!((all.len(), &all[0]["ok"]), (1, &json!(false)));
    assert_eq!(all[0].get("command"), None);
    ran.exits(1);
}

#[test]
fn traps() {
    let ran = batch_with(&["--json"], &["run", "continue"], &[&guest("trap.O0.dwarf5"), "divide"]);
    let stop = &ran.answer("run")["stop"];
    assert_eq!((&stop["reason"], &stop["message"]), (&json!("trap"), &json!("integer divide by zero")));
    assert_eq!(stop["line"], json!(line("trap.c", "divide")));
    let end = json!({"reason": "trapped", "code": 134, "message": "integer divide by zero"});
    assert_eq!(ran.answer("continue")["end"], end);
    let ran = batch_with(&["--json"], &["run"], &[&guest("trap.O0.dwarf5"), "abort"]);
    assert_eq!(ran.answer("run")["stop"]["nearest"]["function"], "give_up");
    let ran = batch_with(&["--json", "--invoke", "add"], &["run"], &[&guest("invoke"), "3", "4"]);
    assert_eq!(ran.answer("run")["end"]["values"], json!([{"type": "i32", "value": "7"}]));
}

#[test]
fn info_is_an_object() {
    let ran = run(&["info", "--json", &guest(ORDERS)]);
    let modules = &ran.json()[0]["modules"];
    assert_eq!((&modules[0]["name"], &modules[0]["lines"]), (&json!("orders.O0.dwarf5.wasm"), &json!(true)));
}

/// Every name of a field that appears is in the document.
#[test]
fn the_document_knows_every_field() {
    fn names(value: &Value, into: &mut std::collections::BTreeSet<String>) {
        match value {
            Value::Object(object) => object.iter().for_each(|(name, value)| {
                into.insert(name.clone());
                names(value, into);
            }),
            Value::Array(values) => values.iter().for_each(|value| names(value, into)),
            _ => {}
        }
    }
    let document = std::fs::read_to_string(root().join("docs/json.md")).unwrap();
    let mut all = std::collections::BTreeSet::new();
    let orders = [
        "break price if order->id == 2",
        "tb main",
        "b orders.c:1",
        "display sum",
        "run",
        "c",
        "bt full",
        "info args",
        "p sum",
        "ptype order",
        "list",
        "x/4xw order",
        "disassemble",
        "info line",
        "info wasm",
        "info functions",
        "info sources",
        "info modules",
        "frame",
        "foo",
        "display",
        "info globals",
        "help x",
        "c",
        "kill",
    ];
    for ran in [
        batch(&orders),
        batch_with(&["--json"], &["run", "bt", "c"], &[&guest("trap.O0.dwarf5"), "overflow"]),
        batch_with(&["--json"], &["run", "bt", "c"], &[&guest("panic.O0.dwarf4")]),
        batch_with(&["--json"], &["run"], &[&guest("damaged-flipped")]),
        batch_with(&["--json", "--invoke", "add"], &["run"], &[&guest("invoke"), "3", "4"]),
        run(&["info", "--json", &guest("orders.O0.dwarf5.external")]),
    ] {
        ran.json().iter().for_each(|object| names(object, &mut all));
    }
    let missing: Vec<&String> = all.iter().filter(|name| !document.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/json.md doesn't name {missing:?}");
}
