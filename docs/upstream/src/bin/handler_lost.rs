//! Dropping a call in flight removes the store's debug handler.
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::SeqCst},
};

use freezeframe_upstream::{engine, marked, on};
use wasmtime::{Linker, Module, ModulePC, Store};

fn main() {
    pollster::block_on(async {
        let engine = engine();
        let module = Module::new(
            &engine,
            r#"(module (import "h" "wait" (func $wait))
                 (func (export "waits") call $wait)
                 (func (export "run") nop nop nop nop nop))"#,
        )
        .unwrap();
        let mut linker = Linker::new(&engine);
        linker.func_wrap_async("h", "wait", |_, (): ()| Box::new(std::future::pending::<()>())).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate_async(&mut store, &module).await.unwrap();
        let waits = instance.get_typed_func::<(), ()>(&mut store, "waits").unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        store.edit_breakpoints().unwrap().add_breakpoint(&module, ModulePC::new(marked(&module))).unwrap();

        let events = Arc::new(AtomicU32::new(0));
        let counting = events.clone();
        store.set_debug_handler(on(move |_, _| {
            counting.fetch_add(1, SeqCst);
        }));
        run.call_async(&mut store, ()).await.unwrap();
        println!("before: {} event (expected 1)", events.load(SeqCst));

        // Polled once and dropped, as any `select` or timeout does.
        let mut call = Box::pin(waits.call_async(&mut store, ()));
        std::future::poll_fn(|cx| {
            assert!(call.as_mut().poll(cx).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        drop(call);
        println!(
            "the handler is {} (expected: still there)",
            if Arc::strong_count(&events) == 1 { "gone" } else { "still there" }
        );

        run.call_async(&mut store, ()).await.unwrap();
        println!("after: {} event(s) (expected 2)", events.load(SeqCst));
    });
}
