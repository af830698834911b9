//! The live half of a debuggee: queries, plans, interrupts, kills, over two threads.
// Helpers beside the tests are tests, too.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::{thread::JoinHandle, time::Duration};

use common::*;
use freezeframe_debuggee::{
    Answer, Debuggee, DebuggeeError, DepthCheck, Ended, Event, InstanceId, ModuleId, ModulePc, Op, PcMeaning, Program,
    Query, Rule, RuleId, Site, StopPlan, StopReason, TrapKind, WasmValue,
};
use freezeframe_session::{
    Freeze, Options, debug_with,
    live::{LiveDebuggee, LiveOptions, live},
};
use wasmtime::{Instance, Module, Store, Val};

/// Starts `export` of a guest in a thread of its own; the thread gives whether the store is clean and usable afterwards.
fn launch(wat: &'static str, export: &'static str, args: &'static [Val]) -> (LiveDebuggee, Module, JoinHandle<bool>) {
    let engine = engine();
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

fn stopped(debuggee: &mut LiveDebuggee) -> StopReason {
    match debuggee.next_event(None).unwrap() {
        Some(Event::Stopped(stop)) => stop.reason,
        other => panic!("{other:?}"),
    }
}

fn ended(debuggee: &mut LiveDebuggee) -> Ended {
    let ended = match debuggee.next_event(None).unwrap() {
        Some(Event::Ended(ended)) => ended,
        other => panic!("{other:?}"),
    };
    assert!(matches!(debuggee.next_event(None), Err(DebuggeeError::Ended)));
    assert!(matches!(debuggee.query(vec![]), Err(DebuggeeError::Ended)));
    assert!(matches!(debuggee.kill(), Err(DebuggeeError::Ended)));
    ended
}

fn ask(debuggee: &mut LiveDebuggee, query: Query) -> Answer {
    debuggee.query(vec![query]).unwrap().remove(0).unwrap()
}

fn site(pc: u32) -> Site {
    Site { module: ModuleId(0), pc: ModulePc(pc) }
}

fn rule(id: u32, pc: u32) -> Rule {
    Rule { id: RuleId(id), site: site(pc), depth: DepthCheck::Any, condition: None, temporary: false }
}

fn plan(rules: Vec<Rule>) -> StopPlan {
    StopPlan { rules, ..StopPlan::default() }
}

fn planted(debuggee: &mut LiveDebuggee) -> Vec<Site> {
    match ask(debuggee, Query::Planted) {
        Answer::Sites(sites) => sites,
        other => panic!("{other:?}"),
    }
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

#[test]
fn a_host_that_ends_without_a_word() {
    let (mut debuggee, near, ender) = live::<()>(LiveOptions::default());
    drop(near);
    assert_eq!(debuggee.next_event(Some(Duration::ZERO)).unwrap(), None);
    drop(ender);
    assert!(matches!(ended(&mut debuggee), Ended::Failed { .. }));
}
