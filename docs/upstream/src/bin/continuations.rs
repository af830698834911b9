//! Reading a local of a continuation type panics; and a Wasmtime without the feature `stack-switching` compiles
//! continuations all the same, and then aborts when one is made.
use freezeframe_upstream::{cases, config, marked, on};
use wasmtime::{Engine, Instance, Module, ModulePC, Store};

fn engine(debug: bool) -> Engine {
    let mut config = config();
    config.guest_debug(debug).wasm_stack_switching(true).wasm_exceptions(true).wasm_function_references(true);
    config.wasm_gc(true);
    Engine::new(&config).unwrap()
}

fn local() {
    pollster::block_on(async {
        let module = Module::new(
            &engine(true),
            r#"(module (type $f (func)) (type $c (cont $f))
                 (func (export "run") (local (ref null $c)) nop nop nop nop nop))"#,
        )
        .unwrap();
        let mut store = Store::new(module.engine(), ());
        let instance = Instance::new_async(&mut store, &module, &[]).await.unwrap();
        store.edit_breakpoints().unwrap().add_breakpoint(&module, ModulePC::new(marked(&module))).unwrap();
        store.set_debug_handler(on(|mut store, _| {
            let frame = store.debug_exit_frames().next().unwrap();
            println!("local 0: {:?} (expected a null reference, or an error)", frame.local(&mut store, 0));
        }));
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        run.call_async(&mut store, ()).await.unwrap();
    });
}

fn resume() {
    pollster::block_on(async {
        let module = Module::new(
            &engine(false),
            r#"(module (type $f (func)) (type $c (cont $f))
                 (func $nothing) (elem declare func $nothing)
                 (func (export "run") (resume $c (cont.new $c (ref.func $nothing)))))"#,
        )
        .unwrap();
        let mut store = Store::new(module.engine(), ());
        let instance = Instance::new_async(&mut store, &module, &[]).await.unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        let result = run.call_async(&mut store, ()).await;
        println!("the call: {result:?} (expected: it works, or the engine or the module is refused)");
    });
}

fn main() {
    cases(&[("a local", local), ("without the feature", resume)]);
}
