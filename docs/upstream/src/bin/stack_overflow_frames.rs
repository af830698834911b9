//! At the trap of a stack overflow, the innermost frame has not written its instance yet; looking at it panics (and, in
//! a handler at a trap, a panic aborts) or follows whatever lies there.
use freezeframe_upstream::{cases, engine, instantiate, on};
use wasmtime::{DebugEvent, StoreContextMut, Trap};

/// Overflows the stack twice; the first time fills it with integers.
fn overflow(others: &str, look: fn(StoreContextMut<'_, ()>)) {
    let wat = format!(
        r#"(module {others}
             (func $f (param i32) (result i32)
               (i32.add (i32.const 1) (call $f (i32.add (i32.const 1) (local.get 0)))))
             (func (export "run") (result i32) i32.const 0 call $f)
             (func $fill (export "fill") (param i64 i64 i64 i64)
               local.get 0 local.get 0 local.get 0 local.get 0
               (call $fill (local.get 0) (local.get 1) (local.get 2) (local.get 3))
               drop drop drop drop))"#
    );
    pollster::block_on(async {
        let (mut store, _, instance) = instantiate(&engine(), &wat).await;
        let fill = instance.get_typed_func::<(i64, i64, i64, i64), ()>(&mut store, "fill").unwrap();
        let run = instance.get_typed_func::<(), i32>(&mut store, "run").unwrap();
        let x = 0x4141_4141_4141_4140;
        fill.call_async(&mut store, (x, x, x, x)).await.unwrap_err();
        store.set_debug_handler(on(move |store, event| {
            if let DebugEvent::Trap(Trap::StackOverflow) = event {
                look(store);
            }
        }));
        println!("the call: {:?}", run.call_async(&mut store, ()).await.map_err(|e| e.root_cause().to_string()));
    });
}

fn top_frame() {
    overflow("(func $other (param i64) (result i64) local.get 0)", |mut store| {
        let frame = store.debug_exit_frames().next().unwrap();
        println!("local 0: {:?} (expected an i32)", frame.local(&mut store, 0));
        println!("function and pc: {:?} (expected 1)", frame.wasm_function_index_and_pc(&mut store));
        println!("its instance: {:?}", frame.instance(&mut store));
    });
}

fn main() {
    cases(&[("the frame that overflows", top_frame)]);
}
