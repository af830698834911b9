//! The core modules of a component share one table of breakpoints, whose keys are positions inside of a module.
use std::sync::{Arc, Mutex};

use freezeframe_upstream::{engine, marked, on};
use wasmtime::{
    Module, ModulePC, Store,
    component::{Component, Linker},
};

fn main() {
    pollster::block_on(async {
        let engine = engine();
        let component = Component::new(
            &engine,
            r#"(component
                 (core module $a (func (export "run") (result i32) nop nop nop nop nop i32.const 1))
                 (core module $b (func (export "run") (result i32) nop nop nop nop nop i32.const 2))
                 (core instance $ia (instantiate $a))
                 (core instance $ib (instantiate $b))
                 (func (export "a") (result u32) (canon lift (core func $ia "run")))
                 (func (export "b") (result u32) (canon lift (core func $ib "run"))))"#,
        )
        .unwrap();
        let mut store = Store::new(&engine, ());
        store.debug_register_component(&component).unwrap();
        let instance = Linker::new(&engine).instantiate_async(&mut store, &component).await.unwrap();
        let a = instance.get_typed_func::<(), (u32,)>(&mut store, "a").unwrap();
        let b = instance.get_typed_func::<(), (u32,)>(&mut store, "b").unwrap();
        let name = |module: &Module| {
            let bytes = module.debug_bytecode().unwrap();
            // The operand of the constant after the marking operators.
            if bytes[marked(module) as usize + 6] == 1 { "a" } else { "b" }
        };
        let find =
            |store: &mut Store<()>, wanted| store.debug_all_modules().into_iter().find(|m| name(m) == wanted).unwrap();
        let (of_a, of_b) = (find(&mut store, "a"), find(&mut store, "b"));
        let pc = ModulePC::new(marked(&of_a));
        assert_eq!(marked(&of_a), marked(&of_b));

        let hits = Arc::new(Mutex::new(vec![]));
        let seen = hits.clone();
        store.set_debug_handler(on(move |mut store, _| {
            let frame = store.debug_exit_frames().next().unwrap();
            let module = frame.module(&mut store).unwrap().unwrap();
            seen.lock().unwrap().push(name(module));
        }));
        store.edit_breakpoints().unwrap().add_breakpoint(&of_a, pc).unwrap();
        a.call_async(&mut store, ()).await.unwrap();
        b.call_async(&mut store, ()).await.unwrap();
        println!("breakpoint in a; stops in {:?} (expected [\"a\"])", std::mem::take(&mut *hits.lock().unwrap()));

        store.edit_breakpoints().unwrap().add_breakpoint(&of_b, pc).unwrap();
        store.edit_breakpoints().unwrap().remove_breakpoint(&of_a, pc).unwrap();
        a.call_async(&mut store, ()).await.unwrap();
        b.call_async(&mut store, ()).await.unwrap();
        println!("added in b, removed in a; stops in {:?} (expected [\"b\"])", hits.lock().unwrap());
    });
}
