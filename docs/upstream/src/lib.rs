//! What the reproductions share: an engine, a handler made of a closure, and children that may crash.

use std::{process::Command, sync::Arc};

use wasmtime::{Config, DebugEvent, DebugHandler, Engine, Instance, Module, Store, StoreContextMut};

/// Guest debugging, and else what's the default.
pub fn config() -> Config {
    let mut config = Config::new();
    config.guest_debug(true);
    config
}

pub fn engine() -> Engine {
    Engine::new(&config()).unwrap()
}

pub async fn instantiate(engine: &Engine, wat: &str) -> (Store<()>, Module, Instance) {
    let module = Module::new(engine, wat).unwrap();
    let mut store = Store::new(engine, ());
    let instance = Instance::new_async(&mut store, &module, &[]).await.unwrap();
    (store, module, instance)
}

/// The position of the first run of five `nop`s, which is how the guests here mark an operator.
pub fn marked(module: &Module) -> u32 {
    let bytes = module.debug_bytecode().unwrap();
    u32::try_from(bytes.windows(5).position(|w| w == [1; 5]).unwrap()).unwrap()
}

/// A debug handler that runs a closure.
pub struct On<F>(Arc<F>);

pub fn on<F: Fn(StoreContextMut<'_, ()>, DebugEvent<'_>) + Send + Sync + 'static>(f: F) -> On<F> {
    On(Arc::new(f))
}

impl<F> Clone for On<F> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<F: Fn(StoreContextMut<'_, ()>, DebugEvent<'_>) + Send + Sync + 'static> DebugHandler for On<F> {
    type Data = ();

    async fn handle(&self, store: StoreContextMut<'_, ()>, event: DebugEvent<'_>) {
        (self.0)(store, event);
    }
}

/// Runs each case in a process of its own, prints what it printed, and how it ended.
pub fn cases(cases: &[(&str, fn())]) {
    if let Some(name) = std::env::args().nth(1) {
        let (_, run) = cases.iter().find(|(n, _)| *n == name).unwrap();
        return run();
    }
    for (name, _) in cases {
        println!("-- {name}");
        let output =
            Command::new(std::env::current_exe().unwrap()).arg(name).env("RUST_BACKTRACE", "0").output().unwrap();
        print!("{}", String::from_utf8_lossy(&output.stdout));
        // The first lines tell; a panic while panicking adds a long backtrace.
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        for line in errors.lines().filter(|l| !l.trim().is_empty()).take(4) {
            println!("stderr: {line}");
        }
        println!("ended with {}", output.status);
    }
}
