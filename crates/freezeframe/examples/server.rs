//! A server on multi-threaded tokio, with a debugger only for the requests that ask for one.
//!
//! Choose it when guests serve requests side by side. `Freeze::Task` stops one request and nothing else: while its
//! debugger waits, its task is pending, and tokio's workers go on with the others. Debugging is a setting of the engine
//! and slows code down, so that there are two engines, and requests without a debugger run at full speed.
//!
//! Run it: `cargo run --release --example server`

use std::sync::Arc;

use freezeframe::{Event, Freeze, Options, debug_with};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Barrier,
};
use wasmtime::{Config, Engine, Instance, Module, Store};

const GUEST: &str = r#"(module
  (func $divide (param $a i32) (param $b i32) (result i32)
    (i32.div_s (local.get $a) (local.get $b)))
  (func (export "serve") (param $a i32) (param $b i32) (result i32)
    (call $divide (local.get $a) (local.get $b))))"#;

/// How many requests of this example have a debugger.
const DEBUGGED: usize = 4;

/// The guest twice: for full speed, and for debugging.
struct Server {
    fast: Module,
    debuggable: Module,
    /// Where the debuggers of this example wait for each other, each with its guest stopped.
    together: Barrier,
}

impl Server {
    fn new() -> wasmtime::Result<Self> {
        let fast = Module::new(&Engine::default(), GUEST)?;
        let mut config = Config::new();
        freezeframe::configure(&mut config);
        let debuggable = Module::new(&Engine::new(&config)?, GUEST)?;
        Ok(Self { fast, debuggable, together: Barrier::new(DEBUGGED) })
    }

    /// What a request does, with a debugger or without: a fresh store, an instance, a call.
    async fn serve(store: &mut Store<()>, module: &Module, a: i32, b: i32) -> wasmtime::Result<i32> {
        let instance = Instance::new_async(&mut *store, module, &[]).await?;
        let serve = instance.get_typed_func::<(i32, i32), i32>(&mut *store, "serve")?;
        serve.call_async(&mut *store, (a, b)).await
    }

    /// A request of one line, `run A B` or `debug A B`, and its answer.
    async fn answer(&self, request: &str) -> wasmtime::Result<String> {
        let words: Vec<&str> = request.split_whitespace().collect();
        let [how, a, b] = words[..] else { return Ok("bad request".to_owned()) };
        let (a, b) = (a.parse()?, b.parse()?);
        if how != "debug" {
            let mut store = Store::new(self.fast.engine(), ());
            let result = Self::serve(&mut store, &self.fast, a, b).await;
            return Ok(result.map_or_else(|_| "failed".to_owned(), |n| n.to_string()));
        }
        let mut store = Store::new(self.debuggable.engine(), ());
        let options = Options { freeze: Freeze::Task, ..Options::default() };
        let body = async |store: &mut Store<()>| Self::serve(store, &self.debuggable, a, b).await;
        let (run, report) = debug_with(&mut store, options, body, async |mut dbg| {
            let mut report = String::new();
            while let Some(event) = dbg.next().await {
                match event {
                    // Passes only if all of the debuggers come here: so many sessions are at a stop at once.
                    Event::Attached => _ = self.together.wait().await,
                    // The stack is whole: nothing was unwound yet.
                    Event::Trap(trap) => dbg.with(|stop| {
                        report.push_str(&format!("; {trap}:"));
                        for frame in stop.frames() {
                            report.push_str(&format!(" f{}{:?}", frame.position()?.function, frame.locals()?));
                        }
                        Ok::<_, freezeframe::Error>(())
                    })??,
                    _ => {}
                }
            }
            Ok::<_, freezeframe::Error>(report)
        })
        .await?;
        let report = match report {
            Ok(report) => report?,
            // The debugger's bug must not take the request with it.
            Err(_panic) => "; its debugger panicked".to_owned(),
        };
        let result = run?.map_or_else(|_| "failed".to_owned(), |n| n.to_string());
        Ok(format!("{result}{report}"))
    }

    async fn connection(self: Arc<Self>, stream: TcpStream) -> wasmtime::Result<()> {
        let mut stream = BufReader::new(stream);
        let mut request = String::new();
        stream.read_line(&mut request).await?;
        let answer = self.answer(&request).await.unwrap_or_else(|error| format!("error: {error:#}"));
        stream.write_all(format!("{answer}\n").as_bytes()).await?;
        stream.flush().await?;
        Ok(())
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 4)]
async fn main() -> wasmtime::Result<()> {
    let server = Arc::new(Server::new()?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let server = server.clone();
            tokio::spawn(async move {
                if let Err(error) = server.connection(stream).await {
                    eprintln!("a client is gone: {error:#}");
                }
            });
        }
    });

    // The clients, all at once.
    let requests = ["run 84 2", "debug 84 2", "debug 1 0", "run 1 0", "run 9 3", "debug 9 3", "debug 7 0", "run -8 4"];
    let clients = requests.map(|request| {
        tokio::spawn(async move {
            let mut stream = BufReader::new(TcpStream::connect(address).await?);
            stream.write_all(format!("{request}\n").as_bytes()).await?;
            stream.flush().await?;
            let mut answer = String::new();
            stream.read_line(&mut answer).await?;
            Ok::<_, std::io::Error>(answer)
        })
    });
    for (request, client) in requests.iter().zip(clients) {
        println!("{request:10} → {}", client.await??.trim_end());
    }
    println!("{DEBUGGED} sessions were at a stop at the same time");
    Ok(())
}
