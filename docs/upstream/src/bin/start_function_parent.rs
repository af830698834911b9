//! The function that runs an instance's start function shows up as a frame of another function, with no instance.
use freezeframe_upstream::{cases, engine, marked, on};
use wasmtime::{Instance, Module, ModulePC, Store, StoreContextMut, WasmBacktrace};

/// The start function is another instance's.
fn at_the_start_function(look: fn(StoreContextMut<'_, ()>)) {
    pollster::block_on(async {
        let engine = engine();
        let exporter = Module::new(&engine, r#"(module (func (export "f") nop nop nop nop nop))"#).unwrap();
        let importer = Module::new(
            &engine,
            r#"(module (import "e" "f" (func $f)) (start $f) (func (param i64) (result i64) local.get 0) (func nop))"#,
        )
        .unwrap();
        let mut store = Store::new(&engine, ());
        store.edit_breakpoints().unwrap().add_breakpoint(&exporter, ModulePC::new(marked(&exporter))).unwrap();
        store.set_debug_handler(on(move |store, _| look(store)));
        let exporter = Instance::new_async(&mut store, &exporter, &[]).await.unwrap();
        let f = exporter.get_export(&mut store, "f").unwrap();
        Instance::new_async(&mut store, &importer, &[f]).await.unwrap();
    });
}

fn count() {
    at_the_start_function(|mut store| {
        let trace = WasmBacktrace::force_capture(&store);
        println!("backtrace: {:?}", trace.frames().iter().map(|f| f.func_index()).collect::<Vec<_>>());
        let mut next = store.debug_exit_frames().next();
        let mut frames = 0;
        while let Some(frame) = next {
            frames += 1;
            println!("frame {frames}: {} local(s)", frame.num_locals(&mut store).unwrap());
            next = frame.parent(&mut store).unwrap();
        }
        println!("{frames} frame(s) (expected 1)");
    });
}

fn read() {
    at_the_start_function(|mut store| {
        let frame = store.debug_exit_frames().next().unwrap();
        let Some(parent) = frame.parent(&mut store).unwrap() else { return println!("no parent, as expected") };
        println!("the parent's instance: {:?} (expected no parent)", parent.instance(&mut store));
    });
}

fn main() {
    cases(&[("counting the frames", count), ("reading the parent", read)]);
}
