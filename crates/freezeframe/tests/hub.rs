//! Editors that attach to the guests of a host: the library's two lines, and a client of the protocol on the other side.

#![cfg(feature = "dap")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

#[path = "../../cli/tests/dap/mod.rs"]
mod dap;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
};

use dap::Client;
use freezeframe::dap::{Hub, listen, listen_with_token};
use serde_json::{Value, json};
use wasmtime::{Config, Engine, Func, Instance, Module, Store};

/// `run(a, b)` divides; `wait` runs until the host says so.
const GUEST: &str = r#"(module $guest
  (import "host" "done" (func $done (result i32)))
  (func $divide (param $a i32) (param $b i32) (result i32)
    (i32.div_s (local.get $a) (local.get $b)))
  (func (export "run") (param $a i32) (param $b i32) (result i32)
    (call $divide (local.get $a) (local.get $b)))
  (func $spin (export "wait") (param i32 i32) (result i32)
    (loop (br_if 0 (i32.eqz (call $done))))
    (i32.const 7)))"#;

struct Host {
    hub: Hub,
    module: Module,
    done: Arc<AtomicBool>,
}

impl Host {
    fn new(hub: Hub) -> Self {
        let mut config = Config::new();
        freezeframe::configure(&mut config);
        let module = Module::new(&Engine::new(&config).unwrap(), GUEST).unwrap();
        Self { hub, module, done: Arc::default() }
    }

    /// Runs an export in a store of its own, on a thread of its own.
    fn request(&self, name: &str, export: &'static str, a: i32, b: i32) -> JoinHandle<Option<i32>> {
        let (module, done, name) = (self.module.clone(), self.done.clone(), name.to_owned());
        let debuggee = self.hub.debuggee_with(&name, vec![(Some("guest.wasm".to_owned()), module.clone())]);
        thread::spawn(move || {
            let mut store = Store::new(module.engine(), ());
            let body = async move |store: &mut Store<()>| {
                let done = Func::wrap(&mut *store, move || i32::from(done.load(SeqCst)));
                let instance = Instance::new_async(&mut *store, &module, &[done.into()]).await.unwrap();
                let run = instance.get_typed_func::<(i32, i32), i32>(&mut *store, export).unwrap();
                run.call_async(&mut *store, (a, b)).await.ok()
            };
            pollster::block_on(freezeframe::debug(&mut store, body, debuggee)).unwrap().0.ok().flatten()
        })
    }

    fn client(&self) -> Client {
        Client::connect(&self.hub.address().to_string())
    }

    /// A client that stops at `divide`.
    fn stopping_client(&self) -> Client {
        let mut client = self.client();
        client.attach(json!({}));
        client.ask("setFunctionBreakpoints", json!({ "breakpoints": [{ "name": "divide" }] }));
        client.ask("configurationDone", Value::Null);
        client
    }
}

#[test]
fn without_a_client_guests_run_on() {
    let host = Host::new(listen("127.0.0.1:0").unwrap());
    assert_eq!(host.request("one", "run", 84, 2).join().unwrap(), Some(42));
    // Nobody is asked about a trap either.
    assert_eq!(host.request("two", "run", 1, 0).join().unwrap(), None);
}

#[test]
fn stores_are_threads_and_breakpoints_are_hit_in_whichever_comes_by() {
    let host = Host::new(listen("127.0.0.1:0").unwrap());
    let mut client = host.stopping_client();
    let first = host.request("request 1", "run", 84, 2);
    let stop = client.event("stopped");
    assert_eq!(stop["reason"], "function breakpoint");
    let second = host.request("request 2", "run", 9, 3);
    let other = client.event("stopped");
    assert_ne!(stop["threadId"], other["threadId"]);
    let threads = client.ask("threads", Value::Null)["threads"].take();
    let names: Vec<&str> = threads.as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["request 1", "request 2"]);
    // Each has a stack of its own.
    let frames = client.frames(&other);
    assert_eq!((&frames[0]["name"], frames.len()), (&json!("divide"), 2));
    assert_eq!(client.evaluate(&frames[0], "$local0").unwrap(), "9");
    // One goes on, the other one doesn't.
    client.go_on(&other);
    assert_eq!(second.join().unwrap(), Some(3));
    let frame = client.frames(&stop)[0].clone();
    assert_eq!(client.evaluate(&frame, "$local0").unwrap(), "84");
    client.go_on(&stop);
    assert_eq!(first.join().unwrap(), Some(42));
    client.leave();
}

#[test]
fn a_client_that_leaves_leaves_no_trace() {
    let host = Host::new(listen("127.0.0.1:0").unwrap());
    for vanishes in [true, false] {
        let mut client = host.stopping_client();
        let request = host.request("request", "run", 84, 2);
        client.event("stopped");
        if vanishes {
            client.vanish();
        } else {
            client.leave();
        }
        // The stopped one goes on, and the next one doesn't stop.
        assert_eq!(request.join().unwrap(), Some(42));
        assert_eq!(host.request("later", "run", 6, 2).join().unwrap(), Some(3));
    }
}

#[test]
fn a_guest_that_runs_is_attached_to() {
    let host = Host::new(listen("127.0.0.1:0").unwrap());
    let request = host.request("old", "wait", 0, 0);
    for _ in 0..2 {
        let mut client = host.client();
        client.attach(json!({}));
        client.event("thread");
        client.ask("configurationDone", Value::Null);
        let threads = client.ask("threads", Value::Null)["threads"].take();
        assert_eq!(threads[0]["name"], "old");
        client.ask("pause", json!({ "threadId": threads[0]["id"] }));
        let stop = client.event("stopped");
        let frames = client.frames(&stop);
        assert!(frames.iter().any(|frame| frame["name"] == "spin"), "{frames:#?}");
        client.leave();
    }
    host.done.store(true, SeqCst);
    assert_eq!(request.join().unwrap(), Some(7));
}

#[test]
fn two_clients_see_the_same_guests() {
    let host = Host::new(listen("127.0.0.1:0").unwrap());
    let mut one = host.stopping_client();
    let mut two = host.client();
    two.attach(json!({}));
    two.ask("configurationDone", Value::Null);
    let request = host.request("shared", "run", 84, 2);
    let (stop, same) = (one.event("stopped"), two.event("stopped"));
    assert_eq!(stop["threadId"], same["threadId"]);
    // The breakpoint is the first one's alone.
    assert!(stop["hitBreakpointIds"].is_array() && same["hitBreakpointIds"].is_null());
    let frame = two.frames(&same)[0].clone();
    assert_eq!(two.evaluate(&frame, "$local1").unwrap(), "2");
    two.go_on(&same);
    assert_eq!(one.event("continued")["threadId"], stop["threadId"]);
    assert_eq!(request.join().unwrap(), Some(42));
    one.event("thread");
    // The first leaves with what it set; the second one stays.
    one.leave();
    assert_eq!(host.request("next", "run", 6, 2).join().unwrap(), Some(3));
    // It can't end what isn't its own by mistake, but on purpose.
    assert!(two.try_ask("terminate", json!({})).unwrap_err().contains("their host's"));
    let request = host.request("last", "wait", 0, 0);
    while two.ask("threads", Value::Null)["threads"].as_array().unwrap().is_empty() {}
    two.ask("disconnect", json!({ "terminateDebuggee": true }));
    assert_eq!(request.join().unwrap(), None);
}

#[test]
fn traps_stop_for_those_who_asked() {
    let host = Host::new(listen("127.0.0.1:0").unwrap());
    let mut client = host.client();
    client.attach(json!({}));
    client.ask("setExceptionBreakpoints", json!({ "filters": ["trap"] }));
    client.ask("configurationDone", Value::Null);
    let request = host.request("bad", "run", 1, 0);
    let stop = client.event("stopped");
    assert_eq!(stop["reason"], "exception");
    let info = client.ask("exceptionInfo", json!({ "threadId": stop["threadId"] }));
    assert_eq!(info["exceptionId"], "divide-by-zero");
    client.go_on(&stop);
    assert_eq!(request.join().unwrap(), None);
    client.ask("setExceptionBreakpoints", json!({ "filters": [] }));
    assert_eq!(host.request("bad", "run", 1, 0).join().unwrap(), None);
    client.leave();
}

#[test]
fn a_token_is_asked_for() {
    assert!(listen("0.0.0.0:0").unwrap_err().to_string().contains("can be reached from other machines"));
    assert!(listen_with_token("127.0.0.1:0", "short").is_err());
    let host = Host::new(listen_with_token("127.0.0.1:0", "0123456789abcdef").unwrap());
    let mut client = host.client();
    client.initialize();
    assert!(client.try_ask("threads", Value::Null).unwrap_err().contains("with the `token`"));
    assert!(client.try_ask("attach", json!({ "token": "fedcba9876543210" })).unwrap_err().contains("isn't the one"));
    client.event("terminated");
    client.vanish();
    let mut client = host.client();
    client.attach(json!({ "token": "0123456789abcdef" }));
    client.ask("threads", Value::Null);
    assert!(client.try_ask("launch", json!({ "program": "x" })).is_err());
    client.leave();
}
