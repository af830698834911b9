//! `add_breakpoint` has "No effect if the breakpoint is already set", but counts; a breakpoint that slipped is never
//! removed when it was set twice; and a position after the last operator is taken.
use freezeframe_upstream::{engine, instantiate, marked};
use wasmtime::{AsContext, ModulePC, Store};

fn count(store: &Store<()>) -> usize {
    store.as_context().breakpoints().unwrap().count()
}

fn main() {
    pollster::block_on(async {
        let (mut store, module, _) =
            instantiate(&engine(), "(module (func nop nop nop nop nop i32.const 300 drop))").await;
        let at = |offset: u32| ModulePC::new(marked(&module) + offset);

        store.edit_breakpoints().unwrap().add_breakpoint(&module, at(0)).unwrap();
        store.edit_breakpoints().unwrap().add_breakpoint(&module, at(0)).unwrap();
        store.edit_breakpoints().unwrap().remove_breakpoint(&module, at(0)).unwrap();
        println!("added twice, removed once: {} (expected 0)", count(&store));
        store.edit_breakpoints().unwrap().remove_breakpoint(&module, at(0)).unwrap();

        // In the middle of `i32.const 300`.
        for _ in 0..2 {
            store.edit_breakpoints().unwrap().add_breakpoint(&module, at(6)).unwrap();
        }
        for _ in 0..2 {
            store.edit_breakpoints().unwrap().remove_breakpoint(&module, at(6)).unwrap();
        }
        println!("between operators, added twice, removed twice: {} (expected 0)", count(&store));

        let before = count(&store);
        let added = store.edit_breakpoints().unwrap().add_breakpoint(&module, ModulePC::new(1_000_000));
        println!("far after the end: {added:?}, {} more (expected an error, 0 more)", count(&store) - before);
    });
}
