//! An HTTP server with a guest per request, to which an editor attaches when somebody wants to see what happens.
//!
//! Two lines make it so: one that listens for editors, one for each store. While none is attached the guests run on; each
//! request is a thread to those that are, and a breakpoint stops whichever comes by.
//!
//! Choose it when the program runs anyway, in production perhaps, and the debugger comes and goes.
//!
//! `cargo run --release --example http -- 127.0.0.1:8080 127.0.0.1:4711` serves until it's stopped: attach an editor to port
//! 4711, set a breakpoint at the function `divide`, and ask for http://127.0.0.1:8080/84/2. Without arguments it plays all
//! the parts itself, the editor's too.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

use freezeframe::dap::Hub;
use serde_json::{Value, json};
use wasmtime::{Config, Engine, Instance, Module, Store};

const GUEST: &str = r#"(module
  (func $divide (param $a i32) (param $b i32) (result i32)
    (i32.div_s (local.get $a) (local.get $b)))
  (func (export "serve") (param $a i32) (param $b i32) (result i32)
    (call $divide (local.get $a) (local.get $b))))"#;

/// `GET /A/B`: the guest divides, in a store of its own.
fn answer(hub: &Hub, module: &Module, path: &str) -> wasmtime::Result<i32> {
    let mut numbers = path.split('/').filter_map(|part| part.parse().ok());
    let (Some(a), Some(b)) = (numbers.next(), numbers.next()) else { return Err(wasmtime::Error::msg("ask for /A/B")) };
    let mut store = Store::new(module.engine(), ());
    let body = async |store: &mut Store<()>| {
        let instance = Instance::new_async(&mut *store, module, &[]).await?;
        let serve = instance.get_typed_func::<(i32, i32), i32>(&mut *store, "serve")?;
        serve.call_async(&mut *store, (a, b)).await
    };
    // The line for each store. (With its modules named it costs least while an editor is there.)
    let debuggee = hub.debuggee_with(&format!("GET {path}"), vec![(Some("guest.wasm".to_owned()), module.clone())]);
    pollster::block_on(freezeframe::debug(&mut store, body, debuggee))?.0?
}

fn connection(hub: &Hub, module: &Module, stream: TcpStream) -> wasmtime::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut request = String::new();
    stream.read_line(&mut request)?;
    let path = request.split(' ').nth(1).unwrap_or_default();
    let (status, text) = match answer(hub, module, path) {
        Ok(number) => ("200 OK", number.to_string()),
        Err(error) => ("500 Internal Server Error", error.root_cause().to_string()),
    };
    let length = text.len();
    write!(stream.get_mut(), "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}")?;
    Ok(())
}

fn main() -> wasmtime::Result<()> {
    let mut config = Config::new();
    freezeframe::configure(&mut config);
    let module = Module::new(&Engine::new(&config)?, GUEST)?;
    let addresses: Vec<String> = env::args().skip(1).collect();
    let address = |n: usize| addresses.get(n).map_or("127.0.0.1:0", String::as_str);
    let listener = TcpListener::bind(address(0))?;
    // The line for the program.
    let hub = freezeframe::dap::listen(address(1))?;
    let (http, editors) = (listener.local_addr()?, hub.address());
    let server = thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (hub, module) = (hub.clone(), module.clone());
            thread::spawn(move || connection(&hub, &module, stream));
        }
    });
    if addresses.is_empty() {
        return demonstrate(http, editors);
    }
    println!("http://{http}/84/2; editors attach to {editors}");
    server.join().map_err(|_| wasmtime::Error::msg("the server panicked"))
}

// ---- the other parts: who asks, and an editor

fn get(http: SocketAddr, path: &str) -> wasmtime::Result<String> {
    let mut stream = TcpStream::connect(http)?;
    write!(stream, "GET {path} HTTP/1.1\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned())
}

/// As little of an editor as will do.
struct Editor(BufReader<TcpStream>);

impl Editor {
    fn next(&mut self) -> wasmtime::Result<Value> {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line)?;
            match line.trim_end().split_once(": ") {
                Some((_, value)) => length = value.parse()?,
                None => break,
            }
        }
        let mut message = vec![0; length];
        self.0.read_exact(&mut message)?;
        Ok(serde_json::from_slice(&message)?)
    }

    /// Asks, and waits for what is wanted of what comes then.
    fn ask(&mut self, command: &str, arguments: Value, wanted: &str) -> wasmtime::Result<Value> {
        let request = json!({ "seq": 1, "type": "request", "command": command, "arguments": arguments }).to_string();
        write!(self.0.get_mut(), "Content-Length: {}\r\n\r\n{request}", request.len())?;
        loop {
            let mut message = self.next()?;
            if message["event"] == wanted || message["command"] == wanted {
                return Ok(message["body"].take());
            }
        }
    }
}

fn demonstrate(http: SocketAddr, editors: SocketAddr) -> wasmtime::Result<()> {
    println!("without an editor: {}, {}", get(http, "/84/2")?, get(http, "/1/0")?);
    let mut editor = Editor(BufReader::new(TcpStream::connect(editors)?));
    editor.ask("initialize", json!({ "adapterID": "wasm" }), "initialize")?;
    editor.ask("attach", json!({}), "initialized")?;
    editor.ask("setFunctionBreakpoints", json!({ "breakpoints": [{ "name": "divide" }] }), "setFunctionBreakpoints")?;
    let request = thread::spawn(move || get(http, "/9/3"));
    let stop = editor.ask("configurationDone", json!({}), "stopped")?;
    let thread = json!({ "threadId": stop["threadId"] });
    let threads = editor.ask("threads", json!({}), "threads")?;
    let stack = editor.ask("stackTrace", thread.clone(), "stackTrace")?;
    println!("{} of {} at {}", stop["reason"], threads["threads"][0]["name"], stack["stackFrames"][0]["name"]);
    let local = json!({ "expression": "$local0", "frameId": stack["stackFrames"][0]["id"] });
    println!("$local0 is {}", editor.ask("evaluate", local, "evaluate")?["result"]);
    editor.ask("continue", thread, "continue")?;
    println!("after it went on: {}", request.join().map_err(|_| wasmtime::Error::msg("panicked"))??);
    editor.ask("disconnect", json!({}), "disconnect")?;
    println!("and without the editor: {}", get(http, "/6/2")?);
    Ok(())
}
