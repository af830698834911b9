//! At an epoch yield the innermost frame shows the pc and the operand stack of some other operator.
use freezeframe_upstream::{config, marked, on};
use wasmtime::{DebugEvent, Engine, Instance, Module, Store, UpdateDeadline};

fn main() {
    pollster::block_on(async {
        let mut config = config();
        config.epoch_interruption(true);
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(
            &engine,
            r#"(module (func (export "run") (param i32) (result i32)
                 nop nop nop nop nop i32.const 1 i32.const 2 i32.const 3 drop drop
                 (if (local.get 0) (then unreachable))))"#,
        )
        .unwrap();
        let mut store = Store::new(&engine, ());
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Continue(1)));
        store.set_epoch_deadline(1);
        let instance = Instance::new_async(&mut store, &module, &[]).await.unwrap();
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        let first = marked(&module);
        store.set_debug_handler(on(move |mut store, event| {
            let DebugEvent::EpochYield = event else { return };
            let frame = store.debug_exit_frames().next().unwrap();
            let (_, pc) = frame.wasm_function_index_and_pc(&mut store).unwrap().unwrap();
            let depth = frame.num_stacks(&mut store).unwrap();
            println!(
                "pc {:#x}, {depth} operand(s) (expected {first:#x}, 0: the check is at the function's entry)",
                pc.raw()
            );
        }));
        engine.increment_epoch();
        run.call_async(&mut store, 0).await.unwrap();
    });
}
