//! One error raises one event for each activation that it goes through.
use std::sync::{Arc, Mutex};

use freezeframe_upstream::{engine, on};
use wasmtime::{Caller, Linker, Module, Store};

fn main() {
    pollster::block_on(async {
        let engine = engine();
        let module = Module::new(
            &engine,
            r#"(module (import "h" "again" (func $again (param i32)))
                 (func (export "run") (param i32)
                   (if (i32.eqz (local.get 0)) (then unreachable))
                   (call $again (i32.sub (local.get 0) (i32.const 1)))))"#,
        )
        .unwrap();
        let mut linker = Linker::new(&engine);
        linker
            .func_wrap_async("h", "again", |mut caller: Caller<'_, ()>, (n,): (i32,)| {
                Box::new(async move {
                    let run = caller.get_export("run").unwrap().into_func().unwrap();
                    run.typed::<i32, ()>(&caller)?.call_async(&mut caller, n).await
                })
            })
            .unwrap();
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate_async(&mut store, &module).await.unwrap();
        let run = instance.get_typed_func::<i32, ()>(&mut store, "run").unwrap();
        let events = Arc::new(Mutex::new(vec![]));
        let seen = events.clone();
        store.set_debug_handler(on(move |_, event| {
            let text = format!("{event:?}");
            seen.lock().unwrap().push(text.lines().next().unwrap().split('(').next().unwrap().to_owned());
        }));
        run.call_async(&mut store, 3).await.unwrap_err();
        println!("one trap, three host calls deep: {:?} (expected [\"Trap\"])", events.lock().unwrap());
    });
}
