//! The live half of a debuggee: queries, plans, interrupts, kills, over two threads.
// Helpers beside the tests are tests, too.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;
#[path = "common/debuggee.rs"]
mod debuggee;

use std::{pin::pin, thread::JoinHandle, time::Duration};

use common::*;
use debuggee::*;
use freezeframe_debuggee::{
    Answer, Call, Capture, Count, Counter, Debuggee, DebuggeeError, DepthCheck, Ended, Event, InstanceId, MAX_CAPTURE,
    ModuleId, ModulePc, Op, Passed, PcMeaning, Program, Query, Rule, RuleId, Site, StopPlan, StopReason, Stopped,
    TrapKind, WasmValue,
};
use freezeframe_session::{
    Freeze, Options, debug_with,
    live::{LiveDebuggee, LiveOptions, live},
    rearm,
};
use futures::future::{Either, select};
use wasmtime::{
    Engine, Instance, Linker, Module, Store, Val,
    component::{Component, Linker as ComponentLinker},
};

/// Starts `export` of a guest in a thread of its own; the thread gives whether the store is clean and usable afterwards.
fn launch(wat: &'static str, export: &'static str, args: &'static [Val]) -> (LiveDebuggee, Module, JoinHandle<bool>) {
    let engine = Engine::new(config().wasm_threads(true).shared_memory(true)).unwrap();
    let module = Module::new(&engine, wat).unwrap();
    let options = LiveOptions { modules: vec![(Some("guest".into()), module.clone())], ..LiveOptions::default() };
    let (debuggee, near, ender) = live::<()>(options);
    let running = module.clone();
    let thread = std::thread::spawn(move || {
        let mut store = Store::new(&engine, ());
        let options = Options { freeze: Freeze::Thread, ..Options::default() };
        let session = debug_with(
            &mut store,
            options,
            async |store| {
                let instance = Instance::new_async(&mut *store, &running, &[]).await?;
                let func = instance.get_func(&mut *store, export).unwrap();
                let mut results = vec![Val::I32(0); func.ty(&mut *store).results().len()];
                func.call_async(&mut *store, args, &mut results).await?;
                Ok::<_, wasmtime::Error>(results)
            },
            near.debugger(),
        );
        let ended = match pollster::block_on(session) {
            Ok((Ok(Ok(results)), _)) => {
                Ended::Returned(results.iter().map(|v| WasmValue::I32(v.unwrap_i32())).collect())
            }
            Ok((Ok(Err(error)), _)) => Ended::Trapped { message: format!("{error:?}") },
            Ok((Err(_killed), _)) => Ended::Killed,
            Err(error) => Ended::Failed { message: error.to_string() },
        };
        ender.end(ended);
        let clean = store.breakpoints().unwrap().count() == 0 && !store.is_single_step();
        // A store that can still instantiate is usable.
        clean && pollster::block_on(Instance::new_async(&mut store, &running, &[])).is_ok()
    });
    (debuggee, module, thread)
}

#[test]
fn breakpoint_and_queries() {
    let _dog = watchdog("breakpoint_and_queries");
    const GUEST: &str = r#"(module
      (memory 1) (global (mut i32) (i32.const 5)) (table 2 funcref) (elem (i32.const 0) $leaf)
      (data (i32.const 16) "hello")
      (func $leaf (param i32) (result i32) (local i64)
        i64.const 77 local.set 1
        i32.const 3
        nop
        global.get 0 i32.add local.get 0 i32.add)
      (func (export "run") (result i32) i32.const 9 call $leaf))"#;
    let (mut debuggee, module, thread) = launch(GUEST, "run", &[]);
    let pc = nops(&module)[0];
    assert_eq!(stopped(&mut debuggee), StopReason::Attached);
    let Answer::Modules(modules) = ask(&mut debuggee, Query::Modules) else { panic!() };
    assert_eq!((modules[0].id, modules[0].name.as_deref()), (ModuleId(0), Some("guest")));
    assert_eq!(&modules[0].bytes[..], module.debug_bytecode().unwrap());
    assert_eq!(modules[0].bytes.as_ptr(), module.debug_bytecode().unwrap().as_ptr(), "shared, not copied");
    assert_eq!(ask(&mut debuggee, Query::Frames { limit: 9 }), Answer::Frames(vec![]));
    // A plan that can't be: nothing changes.
    assert!(matches!(debuggee.resume(plan(vec![rule(1, pc), rule(2, 3)])), Err(DebuggeeError::BadPlan(_))));
    assert_eq!(planted(&mut debuggee), []);
    debuggee.resume(plan(vec![rule(1, pc), rule(2, pc)])).unwrap();
    assert_eq!(stopped(&mut debuggee), StopReason::Rules(vec![RuleId(1), RuleId(2)]));

    let Answer::Frames(frames) = ask(&mut debuggee, Query::Frames { limit: 9 }) else { panic!() };
    assert_eq!(frames.len(), 2);
    assert_eq!((frames[0].function, frames[0].pc, frames[0].pc_meaning), (0, ModulePc(pc), PcMeaning::Next));
    assert_eq!((frames[1].function, frames[1].pc_meaning, frames[1].activation), (1, PcMeaning::Return, 0));
    assert_eq!(frames[0].instance, Some(InstanceId(0)));
    assert_eq!(ask(&mut debuggee, Query::Depth), Answer::Count(2));
    // The backtrace names calls, frames the operator after them.
    let Answer::Backtrace(trace) = ask(&mut debuggee, Query::Backtrace) else { panic!() };
    let operators = operators(&module);
    let from_frames: Vec<_> = frames
        .iter()
        .map(|frame| {
            let at = operators.iter().position(|(at, _)| *at == frame.pc.0).unwrap();
            let at = if frame.pc_meaning == PcMeaning::Return { at - 1 } else { at };
            (frame.function, Some(ModulePc(operators[at].0)))
        })
        .collect();
    assert_eq!(trace, from_frames);

    let instance = InstanceId(0);
    let queries = vec![
        Query::Locals { frame: 0 },
        Query::Operands { frame: 0 },
        Query::Global { instance, index: 0 },
        Query::Memory { instance, memory: 0, address: 16, length: 5 },
        Query::Memory { instance, memory: 0, address: 65530, length: 100 },
        Query::MemorySize { instance, memory: 0 },
        Query::TableFunction { instance, table: 0, entry: 0 },
        Query::TableFunction { instance, table: 0, entry: 1 },
        Query::WriteMemory { instance, memory: 0, address: 17, bytes: b"a".to_vec() },
        Query::Memory { instance, memory: 0, address: 16, length: 5 },
        Query::SetGlobal { instance, index: 0, value: WasmValue::I32(100) },
        Query::Instances,
    ];
    let answers: Vec<Answer> = debuggee.query(queries).unwrap().into_iter().map(Result::unwrap).collect();
    assert_eq!(
        answers,
        [
            Answer::Values(vec![WasmValue::I32(9), WasmValue::I64(77)]),
            Answer::Values(vec![WasmValue::I32(3)]),
            Answer::Values(vec![WasmValue::I32(5)]),
            Answer::Bytes(b"hello".to_vec()),
            Answer::Bytes(vec![0; 6]),
            Answer::Count(65536),
            Answer::Function(Some((ModuleId(0), 0))),
            Answer::Function(None),
            Answer::Done,
            Answer::Bytes(b"hallo".to_vec()),
            Answer::Done,
            Answer::Instances(vec![freezeframe_debuggee::Instance { id: instance, module: ModuleId(0) }]),
        ]
    );
    // What can't be had says so in its place.
    let refused = vec![
        Query::Locals { frame: 2 },
        Query::Global { instance, index: 1 },
        Query::Memory { instance, memory: 1, address: 0, length: 1 },
        Query::Memory { instance: InstanceId(7), memory: 0, address: 0, length: 1 },
        Query::WriteMemory { instance, memory: 0, address: 65535, bytes: vec![1, 2] },
        Query::SetGlobal { instance, index: 0, value: WasmValue::I64(1) },
        Query::TableFunction { instance, table: 0, entry: 2 },
    ];
    assert!(debuggee.query(refused).unwrap().iter().all(Result::is_err));
    debuggee.resume(StopPlan::default()).unwrap();
    assert_eq!(ended(&mut debuggee), Ended::Returned(vec![WasmValue::I32(112)]));
    assert!(thread.join().unwrap());
}

#[test]
fn kill_and_interrupt_a_tight_loop() {
    let _dog = watchdog("kill_and_interrupt_a_tight_loop");
    const SPIN: &str = r#"(module (func (export "run") (local i32) (loop (local.set 0 (i32.add (local.get 0) (i32.const 1))) (br 0))))"#;
    for how in ["running", "stopped", "dropped", "attached"] {
        let (mut debuggee, _module, thread) = launch(SPIN, "run", &[]);
        let interrupter = debuggee.interrupter();
        assert_eq!(stopped(&mut debuggee), StopReason::Attached);
        interrupter.interrupt(); // harmless: it's stopped
        if how == "attached" {
            debuggee.kill().unwrap();
            assert_eq!(ended(&mut debuggee), Ended::Killed);
            assert!(thread.join().unwrap());
            continue;
        }
        debuggee.resume(StopPlan::default()).unwrap();
        assert_eq!(debuggee.next_event(Some(Duration::from_millis(30))).unwrap(), None);
        assert!(matches!(debuggee.query(vec![Query::Depth]), Err(DebuggeeError::Running)));
        for _ in 0..3 {
            let other = interrupter.clone();
            std::thread::spawn(move || other.interrupt());
            assert_eq!(stopped(&mut debuggee), StopReason::Interrupted);
            assert_eq!(ask(&mut debuggee, Query::Depth), Answer::Count(1));
            debuggee.resume(StopPlan::default()).unwrap();
        }
        if how == "stopped" {
            interrupter.interrupt();
            assert_eq!(stopped(&mut debuggee), StopReason::Interrupted);
        }
        if how == "dropped" {
            drop(debuggee);
        } else {
            debuggee.kill().unwrap();
            assert_eq!(ended(&mut debuggee), Ended::Killed);
            interrupter.interrupt(); // harmless: it's over
        }
        assert!(thread.join().unwrap(), "{how}");
    }
}

#[test]
fn traps_stop_before_they_unwind() {
    let _dog = watchdog("traps_stop_before_they_unwind");
    let (mut debuggee, module, thread) =
        launch(r#"(module (func $f unreachable) (func (export "run") nop call $f))"#, "run", &[]);
    assert_eq!(stopped(&mut debuggee), StopReason::Attached);
    debuggee.resume(StopPlan::default()).unwrap();
    assert!(matches!(stopped(&mut debuggee), StopReason::Trap { kind: TrapKind::Unreachable, .. }));
    let Answer::Frames(frames) = ask(&mut debuggee, Query::Frames { limit: 9 }) else { panic!() };
    assert_eq!(frames.iter().map(|f| f.pc_meaning).collect::<Vec<_>>(), [PcMeaning::Faulting, PcMeaning::Return]);
    let unreachable = operators(&module).iter().find(|(_, op)| op == "Unreachable").unwrap().0;
    assert_eq!(frames[0].pc, ModulePc(unreachable));
    debuggee.resume(StopPlan::default()).unwrap();
    assert!(matches!(ended(&mut debuggee), Ended::Trapped { message } if message.contains("unreachable")));
    assert!(thread.join().unwrap());
}

const COUNT: &str = r#"(module
  (memory 1)
  (func $rec (param i32) (result i32)
    nop
    (i32.store (i32.const 64) (local.get 0))
    (if (result i32) (i32.eqz (local.get 0))
      (then i32.const 0)
      (else (i32.add (i32.const 1) (call $rec (i32.sub (local.get 0) (i32.const 1)))))))
  (func (export "run") (param i32) (result i32) local.get 0 call $rec))"#;

#[test]
fn conditions_depths_and_temporary_sites() {
    let _dog = watchdog("conditions_depths_and_temporary_sites");
    let (mut debuggee, module, thread) = launch(COUNT, "run", &[Val::I32(20)]);
    let pc = nops(&module)[0];
    let next = operators(&module).iter().find(|(at, _)| *at > pc).unwrap().0;
    assert_eq!(stopped(&mut debuggee), StopReason::Attached);

    // local0 == 15; memory[64] holds what the caller had: 16.
    let program = |ops: &[Op]| Some(Program::new(ops.to_vec()).unwrap());
    let mut by_local = rule(1, pc);
    by_local.condition = program(&[Op::Local(0), Op::Const(15), Op::Eq]);
    let mut by_memory = rule(2, pc);
    by_memory.condition = program(&[Op::Const(64), Op::Load { bytes: 4, signed: false }, Op::Const(16), Op::Eq]);
    let mut never = rule(3, pc);
    never.condition = program(&[Op::Const(0)]);
    let mut once = rule(4, next);
    once.temporary = true;
    once.condition = program(&[Op::Local(0), Op::Const(15), Op::Eq]);
    debuggee.resume(plan(vec![by_local, by_memory, never, once.clone()])).unwrap();
    assert_eq!(stopped(&mut debuggee), StopReason::Rules(vec![RuleId(1), RuleId(2)]));
    assert_eq!(planted(&mut debuggee), [site(pc)], "the temporary site is gone, though another one stopped the guest");
    assert_eq!(ask(&mut debuggee, Query::Depth), Answer::Count(7));

    debuggee.resume(plan(vec![rule(1, pc), once])).unwrap();
    assert_eq!(stopped(&mut debuggee), StopReason::Rules(vec![RuleId(4)]));
    assert_eq!(planted(&mut debuggee), [site(pc)]);

    let mut deeper = rule(5, pc);
    deeper.depth = DepthCheck::AtLeast(10);
    debuggee.resume(plan(vec![deeper])).unwrap();
    assert_eq!(stopped(&mut debuggee), StopReason::Rules(vec![RuleId(5)]));
    assert_eq!(ask(&mut debuggee, Query::Depth), Answer::Count(10));

    // A condition that can't be evaluated holds.
    let mut broken = rule(6, pc);
    broken.condition = program(&[Op::Local(99)]);
    debuggee.resume(plan(vec![broken])).unwrap();
    assert_eq!(stopped(&mut debuggee), StopReason::Rules(vec![RuleId(6)]));

    // The next operator, wherever it is.
    debuggee.resume(StopPlan { next_operator: true, ..StopPlan::default() }).unwrap();
    assert_eq!(stopped(&mut debuggee), StopReason::NextOperator);
    assert_eq!(planted(&mut debuggee), []);
    let Answer::Frames(frames) = ask(&mut debuggee, Query::Frames { limit: 1 }) else { panic!() };
    assert_eq!(frames[0].pc, ModulePc(next));

    debuggee.resume(StopPlan::default()).unwrap();
    assert_eq!(ended(&mut debuggee), Ended::Returned(vec![WasmValue::I32(20)]));
    assert!(thread.join().unwrap());
}

/// Runs a component in a thread of its own, its modules unknown at first.
fn launch_component(wat: &'static str, calls: &'static [&'static str]) -> (LiveDebuggee, JoinHandle<()>) {
    let engine = engine();
    let (debuggee, near, ender) = live::<()>(LiveOptions::default());
    let thread = std::thread::spawn(move || {
        let component = Component::new(&engine, wat).unwrap();
        let mut store = Store::new(&engine, ());
        let body = async |store: &mut Store<()>| {
            let linker = ComponentLinker::new(&engine);
            let instance = linker.instantiate_async(&mut *store, &component).await.unwrap();
            let mut sum = 0;
            for name in calls {
                let func = instance.get_typed_func::<(), (u32,)>(&mut *store, name).unwrap();
                sum += func.call_async(&mut *store, ()).await.unwrap().0;
            }
            sum
        };
        let options = Options { freeze: Freeze::Thread, ..Options::default() };
        let (sum, _) = pollster::block_on(debug_with(&mut store, options, body, near.debugger())).unwrap();
        ender.end(Ended::Returned(vec![WasmValue::I32(sum.unwrap() as i32)]));
        assert_eq!(store.breakpoints().unwrap().count(), 0);
        assert!(!store.is_single_step());
    });
    (debuggee, thread)
}

/// A call from the far half: its own stop comes first, then its result, and the guest is stopped where it was.
#[test]
fn calls_into_the_guest() {
    let _dog = watchdog("calls_into_the_guest");
    const GUEST: &str = r#"(module
      (func $add (param i32 i64) (result i64) nop (i64.add (local.get 1) (i64.extend_i32_s (local.get 0))))
      (func $bad (result i32) unreachable)
      (func (export "run") (result i32) nop (i32.wrap_i64 (call $add (i32.const 1) (i64.const 2)))))"#;
    let (mut debuggee, module, thread) = launch(GUEST, "run", &[]);
    let (inner, outer) = (nops(&module)[0], nops(&module)[1]);
    assert_eq!(stopped(&mut debuggee), StopReason::Attached);
    assert!(debuggee.capabilities().call);
    debuggee.resume(plan(vec![rule(1, outer)])).unwrap();
    assert_eq!(stopped(&mut debuggee), StopReason::Rules(vec![RuleId(1)]));
    let depth = |debuggee: &mut LiveDebuggee| ask(debuggee, Query::Depth);
    let instance = match ask(&mut debuggee, Query::Instances) {
        Answer::Instances(instances) => instances[0].id,
        other => panic!("{other:?}"),
    };
    let call = |function, args: &[WasmValue]| Call { instance, function, args: args.to_vec() };
    for (wrong, says) in [
        (call(0, &[WasmValue::I32(1)]), "function 0 takes (i32, i64)"),
        (call(9, &[]), "there is no function 9"),
        (Call { instance: InstanceId(7), function: 0, args: vec![] }, "there is no instance 7"),
    ] {
        assert!(matches!(debuggee.call(wrong), Err(DebuggeeError::BadCall(why)) if why.contains(says)));
    }
    let id = debuggee.call(call(0, &[WasmValue::I32(-1), WasmValue::I64(40)])).unwrap();
    assert!(matches!(debuggee.call(call(1, &[])), Err(DebuggeeError::BadCall(_))), "one at a time");
    debuggee.resume(plan(vec![rule(2, inner), rule(3, outer)])).unwrap();
    assert_eq!(stopped(&mut debuggee), StopReason::Rules(vec![RuleId(2)]));
    assert_eq!(depth(&mut debuggee), Answer::Count(2));
    // In that stop another one, which traps.
    let bad = debuggee.call(call(1, &[])).unwrap();
    debuggee.resume(plan(vec![])).unwrap();
    assert!(matches!(stopped(&mut debuggee), StopReason::Trap { kind: TrapKind::Unreachable, .. }));
    assert_eq!(depth(&mut debuggee), Answer::Count(3));
    debuggee.resume(plan(vec![])).unwrap();
    match stopped(&mut debuggee) {
        StopReason::CallFinished { call, result: Err(why) } => {
            assert!(call == bad && why.contains("unreachable"), "{why}")
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(depth(&mut debuggee), Answer::Count(2));
    debuggee.resume(plan(vec![])).unwrap();
    assert_eq!(stopped(&mut debuggee), StopReason::CallFinished { call: id, result: Ok(vec![WasmValue::I64(39)]) });
    assert_eq!(depth(&mut debuggee), Answer::Count(1));
    debuggee.resume(plan(vec![])).unwrap();
    assert_eq!(ended(&mut debuggee), Ended::Returned(vec![WasmValue::I32(3)]));
    assert!(thread.join().unwrap());
}

/// The two core modules of a component have the same offsets and one table of patches. They are told of when they come.
#[test]
fn the_modules_of_a_component() {
    let _dog = watchdog("the_modules_of_a_component");
    const PAIR: &str = r#"(component
      (core module $a (func (export "run") (result i32) nop i32.const 1))
      (core module $b (func (export "run") (result i32) nop i32.const 2))
      (core instance $ia (instantiate $a))
      (core instance $ib (instantiate $b))
      (func (export "a") (result u32) (canon lift (core func $ia "run")))
      (func (export "b") (result u32) (canon lift (core func $ib "run"))))"#;
    let (mut debuggee, thread) = launch_component(PAIR, &["a", "b", "a", "b"]);
    assert_eq!(stopped(&mut debuggee), StopReason::Attached);
    debuggee.resume(StopPlan { module_loads: true, ..StopPlan::default() }).unwrap();
    let reason = stopped(&mut debuggee);
    assert!(matches!(&reason, StopReason::ModulesLoaded(ids) if ids.len() == 2), "{reason:?}");
    let Answer::Frames(frames) = ask(&mut debuggee, Query::Frames { limit: 9 }) else { panic!() };
    let (a, pc) = (frames[0].module, frames[0].pc);
    let b = ModuleId(1 - a.0);
    let at = |id: u32, module| Rule { id: RuleId(id), site: Site { module, pc }, ..rule(id, 0) };
    // This is the operator about to run: planted now, it's still hit.
    debuggee.resume(plan(vec![at(1, a)])).unwrap();
    assert_eq!(stopped(&mut debuggee), StopReason::Rules(vec![RuleId(1)]));
    debuggee.resume(plan(vec![at(1, a), at(2, b)])).unwrap();
    assert_eq!(stopped(&mut debuggee), StopReason::Rules(vec![RuleId(2)]));
    let Answer::Frames(frames) = ask(&mut debuggee, Query::Frames { limit: 9 }) else { panic!() };
    assert_eq!(frames[0].module, b);
    // Without `a`: its removal must not take `b`'s patch.
    debuggee.resume(plan(vec![at(2, b)])).unwrap();
    assert_eq!(stopped(&mut debuggee), StopReason::Rules(vec![RuleId(2)]));
    debuggee.resume(StopPlan::default()).unwrap();
    assert_eq!(ended(&mut debuggee), Ended::Returned(vec![WasmValue::I32(6)]));
    thread.join().unwrap();
}

/// A shared memory is read and written byte by byte, within its bounds: with the bounds unchecked this reads beyond.
#[test]
fn shared_memories() {
    let _dog = watchdog("shared_memories");
    const SHARED: &str = r#"(module (memory 1 2 shared) (func (export "run") (result i32)
      (i32.store (i32.const 65532) (i32.const 0x04030201)) nop (i32.load8_u (i32.const 65535))))"#;
    let (mut debuggee, module, thread) = launch(SHARED, "run", &[]);
    assert_eq!(stopped(&mut debuggee), StopReason::Attached);
    let mut at_nop = rule(1, nops(&module)[0]);
    let load = [Op::Const(65535), Op::Load { bytes: 1, signed: false }, Op::Const(4), Op::Eq];
    at_nop.condition = Some(Program::new(load.to_vec()).unwrap());
    debuggee.resume(plan(vec![at_nop])).unwrap();
    assert_eq!(stopped(&mut debuggee), StopReason::Rules(vec![RuleId(1)]));
    let (instance, memory) = (InstanceId(0), 0);
    let queries = vec![
        Query::MemorySize { instance, memory },
        Query::Memory { instance, memory, address: 65532, length: u64::MAX },
        Query::Memory { instance, memory, address: 65536, length: 1 },
        Query::WriteMemory { instance, memory, address: 65535, bytes: vec![9] },
    ];
    let answers: Vec<Answer> = debuggee.query(queries).unwrap().into_iter().map(Result::unwrap).collect();
    let bytes = |bytes: &[u8]| Answer::Bytes(bytes.to_vec());
    assert_eq!(answers, [Answer::Count(65536), bytes(&[1, 2, 3, 4]), bytes(&[]), Answer::Done]);
    let refused = vec![
        Query::WriteMemory { instance, memory, address: 65535, bytes: vec![1, 2] },
        Query::WriteMemory { instance, memory, address: u64::MAX, bytes: vec![1] },
        Query::Memory { instance, memory, address: u64::MAX, length: 1 },
    ];
    assert!(debuggee.query(refused).unwrap().iter().all(Result::is_err));
    debuggee.resume(StopPlan::default()).unwrap();
    assert_eq!(ended(&mut debuggee), Ended::Returned(vec![WasmValue::I32(9)]));
    assert!(thread.join().unwrap());
}

#[test]
fn exceptions_when_asked_for() {
    let _dog = watchdog("exceptions_when_asked_for");
    const THROW: &str = r#"(module (tag $t (param i32))
      (func $f i32.const 42 throw $t)
      (func (export "run") (result i32)
        (block $l (result i32) (try_table (catch $t $l) call $f call $f) i32.const 1)))"#;
    for asked in [false, true] {
        let (mut debuggee, module, thread) = launch(THROW, "run", &[]);
        assert_eq!(stopped(&mut debuggee), StopReason::Attached);
        debuggee.resume(StopPlan { exceptions: asked, ..StopPlan::default() }).unwrap();
        if asked {
            let reason = stopped(&mut debuggee);
            assert!(matches!(&reason, StopReason::Exception { summary, .. } if summary.contains("42")), "{reason:?}");
            let Answer::Frames(frames) = ask(&mut debuggee, Query::Frames { limit: 9 }) else { panic!() };
            assert_eq!(frames.iter().map(|f| f.function).collect::<Vec<_>>(), [0, 1]);
            let throw = operators(&module).into_iter().find(|(_, op)| op.starts_with("Throw")).unwrap();
            assert_eq!((frames[0].pc, frames[0].pc_meaning), (ModulePc(throw.0), PcMeaning::Faulting));
            debuggee.resume(StopPlan::default()).unwrap();
        }
        assert_eq!(ended(&mut debuggee), Ended::Returned(vec![WasmValue::I32(42)]));
        assert!(thread.join().unwrap());
    }
}

/// On and on down a recursion: the frames are those of Wasmtime's own backtrace, as far as that one goes.
#[test]
fn backtraces_and_frames_agree() {
    let _dog = watchdog("backtraces_and_frames_agree");
    let (mut debuggee, module, thread) = launch(COUNT, "run", &[Val::I32(30)]);
    let pc = nops(&module)[0];
    let operators = operators(&module);
    assert_eq!(stopped(&mut debuggee), StopReason::Attached);
    for depth in 2..=32 {
        debuggee.resume(plan(vec![rule(1, pc)])).unwrap();
        assert_eq!(stopped(&mut debuggee), StopReason::Rules(vec![RuleId(1)]));
        let answers = debuggee.query(vec![Query::Frames { limit: 99 }, Query::Backtrace, Query::Depth]).unwrap();
        let [Ok(Answer::Frames(frames)), Ok(Answer::Backtrace(trace)), Ok(count)] = &answers[..] else { panic!() };
        assert_eq!((frames.len(), count), (depth, &Answer::Count(depth as u64)));
        assert!(trace.len() == depth || trace.len() == 20, "Wasmtime's own limit");
        for (frame, (function, at)) in frames.iter().zip(trace) {
            let here = operators.iter().position(|(at, _)| *at == frame.pc.0).unwrap();
            let here = if frame.pc_meaning == PcMeaning::Return { here - 1 } else { here };
            assert_eq!((frame.function, Some(ModulePc(operators[here].0))), (*function, *at));
        }
        let limited = ask(&mut debuggee, Query::Frames { limit: 1 });
        assert_eq!(limited, Answer::Frames(frames[..1].to_vec()));
    }
    debuggee.resume(StopPlan::default()).unwrap();
    assert_eq!(ended(&mut debuggee), Ended::Returned(vec![WasmValue::I32(30)]));
    assert!(thread.join().unwrap());
}

#[test]
fn a_host_that_ends_without_a_word() {
    let (mut debuggee, near, ender) = live::<()>(LiveOptions::default());
    drop(near);
    assert_eq!(debuggee.next_event(Some(Duration::ZERO)).unwrap(), None);
    drop(ender);
    assert!(matches!(ended(&mut debuggee), Ended::Failed { .. }));
}

/// A host function drops a call into the guest that waits in the host, and Wasmtime the handler with it (H1). Put back by
/// `rearm`, the next stop is preceded by one that says that something may have been missed.
#[test]
fn a_dropped_call_is_told_before_the_next_stop() {
    let _dog = watchdog("a_dropped_call_is_told_before_the_next_stop");
    const GUEST: &str = r#"(module
      (import "h" "wait" (func $wait))
      (func (export "first") call $wait)
      (func (export "unseen") nop)
      (func (export "second") nop))"#;
    for again in [true, false] {
        let engine = engine();
        let module = Module::new(&engine, GUEST).unwrap();
        let pcs = nops(&module);
        let options = LiveOptions { modules: vec![(None, module.clone())], ..LiveOptions::default() };
        let (mut debuggee, near, ender) = live::<()>(options);
        let thread = std::thread::spawn(move || {
            let mut store = Store::new(&engine, ());
            let mut linker = Linker::new(&engine);
            linker.func_wrap_async("h", "wait", |_, (): ()| Box::new(std::future::pending::<()>())).unwrap();
            let options = Options { freeze: Freeze::Thread, ..Options::default() };
            let body = async |store: &mut Store<()>| {
                let instance = linker.instantiate_async(&mut *store, &module).await.unwrap();
                let call = async |name: &str, store: &mut Store<()>| {
                    let func = instance.get_typed_func::<(), ()>(&mut *store, name).unwrap();
                    let call = pin!(func.call_async(&mut *store, ()));
                    // A timeout that has passed already, say.
                    matches!(select(call, std::future::ready(())).await, Either::Left((Ok(()), _)))
                };
                assert!(!call("first", store).await, "it was dropped");
                assert!(call("unseen", store).await);
                assert_eq!(again, again && rearm(store));
                assert!(call("second", store).await);
            };
            let (run, _) = pollster::block_on(debug_with(&mut store, options, body, near.debugger())).unwrap();
            ender.end(Ended::Returned(vec![]));
            assert_eq!(run, Ok(()));
        });
        assert_eq!(stopped(&mut debuggee), StopReason::Attached);
        let both = || plan(vec![rule(0, pcs[0]), rule(1, pcs[1])]);
        debuggee.resume(both()).unwrap();
        if again {
            assert!(matches!(stopped(&mut debuggee), StopReason::Blind { .. }));
            // The guest stands where it is about to stop.
            let Answer::Frames(frames) = ask(&mut debuggee, Query::Frames { limit: 9 }) else { panic!() };
            assert_eq!(frames[0].pc, ModulePc(pcs[1]));
            debuggee.resume(both()).unwrap();
            assert_eq!(stopped(&mut debuggee), StopReason::Rules(vec![RuleId(1)]));
            debuggee.resume(StopPlan::default()).unwrap();
        }
        assert_eq!(ended(&mut debuggee), Ended::Returned(vec![]));
        thread.join().unwrap();
    }
}

/// Comes by its `nop` as often as it's told, with the number of the round in local 0.
const ROUNDS: &str = r#"(module (memory 1) (data (i32.const 8) "abcd")
  (func (export "run") (param $rounds i32) (result i32) (local i32)
    (loop
      nop
      (local.set 1 (i32.add (local.get 1) (i32.const 1)))
      (br_if 0 (i32.lt_u (local.get 1) (local.get $rounds))))
    local.get 1))"#;

/// The next event that isn't a [`Passed`], and what was passed before it.
fn after_passed(debuggee: &mut LiveDebuggee) -> (Event, Passed) {
    let mut all = Passed::default();
    loop {
        match debuggee.next_event(None).unwrap() {
            Some(Event::Passed(passed)) => {
                all.counts = passed.counts;
                all.logged.extend(passed.logged);
            }
            Some(event) => return (event, all),
            None => panic!("no event"),
        }
    }
}

#[test]
fn hits_are_counted_next_to_the_guest() {
    let _dog = watchdog("hits_are_counted_next_to_the_guest");
    let (mut debuggee, module, thread) = launch(ROUNDS, "run", &[Val::I32(20)]);
    let pc = nops(&module)[0];
    assert_eq!(stopped(&mut debuggee), StopReason::Attached);
    // From the fifth hit on every second one, of those in odd rounds; the first two that would count are passed.
    let odd = Program::new(vec![Op::Local(1), Op::Const(1), Op::And]).unwrap();
    let wanted = Program::new(vec![Op::Hits, Op::Const(5), Op::Eq]).unwrap();
    let mut counter = Counter { hits: 0, ignore: 2, wanted: Some(wanted) };
    let counted = |counter: &Counter| StopPlan {
        rules: vec![Rule { condition: Some(odd.clone()), counter: Some(0), ..rule(7, pc) }],
        counters: vec![counter.clone()],
        ..StopPlan::default()
    };
    // A counter that isn't there.
    let without = StopPlan { counters: Vec::new(), ..counted(&counter) };
    assert!(matches!(debuggee.resume(without), Err(DebuggeeError::BadPlan(_))));
    debuggee.resume(counted(&counter)).unwrap();
    let (event, passed) = after_passed(&mut debuggee);
    let Event::Stopped(stop) = event else { panic!("{event:?}") };
    assert_eq!(stop.reason, StopReason::Rules(vec![RuleId(7)]));
    assert_eq!(passed, Passed { counts: vec![Count { hits: 5, ignore: 0 }], logged: vec![] });
    // The fifth odd round is number 9.
    assert_eq!(
        ask(&mut debuggee, Query::Locals { frame: 0 }),
        Answer::Values(vec![WasmValue::I32(20), WasmValue::I32(9)])
    );
    counter.hits = 5;
    counter.ignore = 100;
    debuggee.resume(counted(&counter)).unwrap();
    let (event, passed) = after_passed(&mut debuggee);
    assert_eq!(event, Event::Ended(Ended::Returned(vec![WasmValue::I32(20)])));
    assert_eq!(passed.counts, [Count { hits: 10, ignore: 95 }]);
    assert!(thread.join().unwrap());
}

#[test]
fn what_is_taken_down_arrives_whole_and_in_order() {
    let _dog = watchdog("what_is_taken_down_arrives_whole_and_in_order");
    const ROUNDS_RUN: u32 = 5_000;
    let (mut debuggee, module, thread) = launch(ROUNDS, "run", &[Val::I32(5_000)]);
    let pc = nops(&module)[0];
    assert_eq!(stopped(&mut debuggee), StopReason::Attached);
    let program = |ops: Vec<Op>| Program::new(ops).unwrap();
    let captures = vec![
        Capture::Value(program(vec![Op::Local(1)])),
        Capture::Bytes { address: program(vec![Op::Const(8)]), length: 4 },
        Capture::Bytes { address: program(vec![Op::Const(-1)]), length: 4 },
    ];
    let log = StopPlan {
        rules: vec![Rule { counter: Some(0), log: Some(captures), ..rule(1, pc) }],
        counters: vec![Counter::default()],
        ..StopPlan::default()
    };
    let huge = vec![Capture::Bytes { address: program(vec![Op::Const(0)]), length: MAX_CAPTURE + 1 }];
    let too_much = plan(vec![Rule { log: Some(huge), ..rule(1, pc) }]);
    assert!(matches!(debuggee.resume(too_much), Err(DebuggeeError::BadPlan(_))));
    let mut lines = Vec::new();
    let mut full = 0;
    debuggee.resume(log.clone()).unwrap();
    let end = loop {
        let (event, passed) = after_passed(&mut debuggee);
        lines.extend(passed.logged);
        match event {
            Event::Stopped(Stopped { reason: StopReason::LogFull, .. }) => {
                full += 1;
                let counters = passed.counts.iter().map(|c| Counter { hits: c.hits, ignore: c.ignore, wanted: None });
                debuggee.resume(StopPlan { counters: counters.collect(), ..log.clone() }).unwrap();
            }
            other => break (other, passed.counts),
        }
    };
    let last = Count { hits: u64::from(ROUNDS_RUN), ignore: 0 };
    assert_eq!(end, (Event::Ended(Ended::Returned(vec![WasmValue::I32(ROUNDS_RUN.cast_signed())])), vec![last]));
    assert_eq!(lines.len(), ROUNDS_RUN as usize, "after {full} pauses");
    for (round, line) in (0_u64..).zip(&lines) {
        let [Ok(number), Ok(text), Err(_)] = &line.values[..] else { panic!("{line:?}") };
        assert_eq!((line.rule, &number[..], &text[..]), (RuleId(1), &round.to_le_bytes()[..], &b"abcd"[..]));
    }
    assert!(thread.join().unwrap());
}
