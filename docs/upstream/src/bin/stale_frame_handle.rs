//! A frame handle says that it's valid after its function has returned, and reading it reads the stack that is there now.
use std::sync::{Arc, Mutex};

use freezeframe_upstream::{cases, engine, instantiate, on};
use wasmtime::{FrameHandle, Val};

const GUEST: &str = r#"(module
  (func (export "a") (param i64) (local $f funcref) nop)
  (func (export "b") (param i64) (local $x i64) local.get 0 local.set $x nop))"#;

/// The handle of `a`'s frame, looked at after `b` has written an integer to the same place.
fn after_return(read: impl FnOnce(&mut wasmtime::Store<()>, &FrameHandle)) {
    pollster::block_on(async {
        let (mut store, _, instance) = instantiate(&engine(), GUEST).await;
        store.edit_breakpoints().unwrap().single_step(true).unwrap();
        let kept: Arc<Mutex<Option<FrameHandle>>> = Arc::default();
        let keep = kept.clone();
        store.set_debug_handler(on(move |mut store, _| {
            keep.lock().unwrap().get_or_insert_with(|| store.debug_exit_frames().next().unwrap());
        }));
        let a = instance.get_typed_func::<i64, ()>(&mut store, "a").unwrap();
        let b = instance.get_typed_func::<i64, ()>(&mut store, "b").unwrap();
        a.call_async(&mut store, 7).await.unwrap();
        b.call_async(&mut store, 0x4141_4141_4141_4140).await.unwrap();
        let handle = kept.lock().unwrap().take().unwrap();
        read(&mut store, &handle);
    });
}

fn an_integer() {
    after_return(|store, handle| {
        println!("is_valid: {} (expected false)", handle.is_valid(&mut *store));
        println!("local 0 of `a`: {:x?} (was 7; expected an error)", handle.local(&mut *store, 0));
    });
}

fn a_function_reference() {
    after_return(|store, handle| {
        let Val::FuncRef(Some(func)) = handle.local(&mut *store, 1).unwrap() else { panic!("another value") };
        println!("local 1 of `a`, null in fact, is a `Func` (expected an error)");
        println!("its type: {:?}", func.ty(&*store));
    });
}

fn main() {
    cases(&[("an integer", an_integer), ("a function reference", a_function_reference)]);
}
