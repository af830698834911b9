//! `WasmCoreDump::serialize` panics when a component's instances call one another.
use freezeframe_upstream::cases;
use wasmtime::{
    Config, Engine, Instance, Module, Store, WasmCoreDump,
    component::{Component, Linker},
};

fn engine() -> Engine {
    let mut config = Config::new();
    config.coredump_on_trap(true);
    Engine::new(&config).unwrap()
}

fn serialize(store: &mut Store<()>, error: &wasmtime::Error) {
    let dump = error.downcast_ref::<WasmCoreDump>().unwrap();
    println!("a dump of {} byte(s) (expected: some)", dump.serialize(store, "guest").len());
}

fn plain() {
    pollster::block_on(async {
        let module = Module::new(&engine(), r#"(module (memory 1) (func (export "run") unreachable))"#).unwrap();
        let mut store = Store::new(module.engine(), ());
        let instance = Instance::new_async(&mut store, &module, &[]).await.unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        let error = run.call_async(&mut store, ()).await.unwrap_err();
        serialize(&mut store, &error);
    });
}

fn composed() {
    pollster::block_on(async {
        let engine = engine();
        let component = Component::new(
            &engine,
            r#"(component
                 (component $inner
                   (core module $m (func (export "f") unreachable))
                   (core instance $i (instantiate $m))
                   (func (export "f") (canon lift (core func $i "f"))))
                 (component $outer
                   (import "f" (func $f))
                   (core func $lowered (canon lower (func $f)))
                   (core module $m (import "" "f" (func $f)) (func (export "run") call $f))
                   (core instance $i (instantiate $m (with "" (instance (export "f" (func $lowered))))))
                   (func (export "run") (canon lift (core func $i "run"))))
                 (instance $inner (instantiate $inner))
                 (instance $outer (instantiate $outer (with "f" (func $inner "f"))))
                 (export "run" (func $outer "run")))"#,
        )
        .unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate_async(&mut store, &component).await.unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        let error = run.call_async(&mut store, ()).await.unwrap_err();
        serialize(&mut store, &error);
    });
}

fn main() {
    cases(&[("plain", plain), ("composed component", composed)]);
}
