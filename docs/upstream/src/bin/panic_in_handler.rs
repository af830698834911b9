//! A panic in the debug handler is carried through a breakpoint, but at a trap, a host's error or an exception it
//! aborts the process.
use freezeframe_upstream::{cases, config, marked, on};
use wasmtime::{Engine, Linker, Module, ModulePC, Store};

fn panic_at(export: &str) {
    pollster::block_on(async {
        let mut config = config();
        config.wasm_exceptions(true);
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(
            &engine,
            r#"(module (import "h" "fail" (func $fail)) (tag $t)
                 (func (export "breakpoint") nop nop nop nop nop)
                 (func (export "trap") unreachable)
                 (func (export "error") call $fail)
                 (func (export "exception") throw $t))"#,
        )
        .unwrap();
        let mut linker = Linker::new(&engine);
        linker.func_wrap("h", "fail", || -> wasmtime::Result<()> { Err(wasmtime::Error::msg("no luck")) }).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate_async(&mut store, &module).await.unwrap();
        store.edit_breakpoints().unwrap().add_breakpoint(&module, ModulePC::new(marked(&module))).unwrap();
        store.set_debug_handler(on(|_, _| panic!("a panic in the handler")));
        let run = instance.get_typed_func::<(), ()>(&mut store, export).unwrap();
        run.call_async(&mut store, ()).await.unwrap();
    });
}

fn main() {
    if std::env::args().len() == 1 {
        println!("expected for each: exit status 101, as at the breakpoint");
    }
    cases(&[
        ("breakpoint", || panic_at("breakpoint")),
        ("trap", || panic_at("trap")),
        ("error", || panic_at("error")),
        ("exception", || panic_at("exception")),
    ]);
}
