//! Under guest debugging, suspending without anybody to handle it kills the process.
use freezeframe_upstream::{cases, config};
use wasmtime::{Engine, Instance, Module, Store};

fn suspend(debug: bool) {
    pollster::block_on(async {
        let mut config = config();
        config.guest_debug(debug).wasm_stack_switching(true).wasm_exceptions(true).wasm_function_references(true);
        config.wasm_gc(true);
        let module = Module::new(
            &Engine::new(&config).unwrap(),
            r#"(module (type $f (func)) (type $c (cont $f)) (tag $t)
                 (func $suspends suspend $t) (elem declare func $suspends)
                 (func (export "run") (resume $c (cont.new $c (ref.func $suspends)))))"#,
        )
        .unwrap();
        let mut store = Store::new(module.engine(), ());
        let instance = Instance::new_async(&mut store, &module, &[]).await.unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        let result = run.call_async(&mut store, ()).await;
        println!("the call: {:?} (expected: an error)", result.map_err(|error| error.root_cause().to_string()));
    });
}

fn main() {
    cases(&[("without guest debugging", || suspend(false)), ("with guest debugging", || suspend(true))]);
}
