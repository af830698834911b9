//! Sites that a plan keeps for the next step: they save a change of the code, and nobody else may notice them.
// Helpers beside the tests are tests, too.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;
#[path = "common/debuggee.rs"]
mod debuggee;

use std::thread::JoinHandle;

use common::*;
use debuggee::*;
use freezeframe_debuggee::{
    Answer, Debuggee, DebuggeeError, Ended, InstanceId, Op, Program, Query, Rule, RuleId, Site, StopPlan, StopReason,
    WasmValue,
};
use freezeframe_session::{
    Freeze, Options, debug_with,
    live::{LiveDebuggee, LiveOptions, live},
};
use wasmtime::{Engine, Instance, Module, Store};

/// The `nop`s: two in `$work`, then one before its call and one behind it, in each round.
const ROUNDS: &str = r#"(module
  (func $work (param i32) (result i32)
    nop
    i32.const 0 drop
    nop
    local.get 0)
  (func (export "run") (param i32) (result i32) (local i32)
    (loop $l
      nop
      (drop (call $work (local.get 1)))
      nop
      (local.set 1 (i32.add (local.get 1) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get 1) (local.get 0))))
    local.get 1))"#;

struct Guest {
    debuggee: LiveDebuggee,
    thread: JoinHandle<bool>,
    work: [u32; 2],
    before: u32,
    behind: u32,
}

impl Guest {
    /// Runs the module once for each of these numbers of rounds, each time in an instance of its own. The thread gives
    /// whether nothing was left in the code.
    fn launch(engine: &Engine, module: &Module, rounds: &'static [i32]) -> Self {
        let options = LiveOptions { modules: vec![(None, module.clone())], complete: true };
        let (debuggee, near, ender) = live::<()>(options);
        let (engine, running) = (engine.clone(), module.clone());
        let thread = std::thread::spawn(move || {
            let mut store = Store::new(&engine, ());
            let options = Options { freeze: Freeze::Thread, ..Options::default() };
            let body = async |store: &mut Store<()>| {
                let mut last = 0;
                for rounds in rounds {
                    let instance = Instance::new_async(&mut *store, &running, &[]).await?;
                    let run = instance.get_typed_func::<i32, i32>(&mut *store, "run")?;
                    last = run.call_async(&mut *store, *rounds).await?;
                }
                Ok::<_, wasmtime::Error>(last)
            };
            ender.end(match pollster::block_on(debug_with(&mut store, options, body, near.debugger())) {
                Ok((Ok(Ok(last)), _)) => Ended::Returned(vec![WasmValue::I32(last)]),
                Ok((Err(_killed), _)) => Ended::Killed,
                _ => Ended::Failed { message: String::new() },
            });
            store.breakpoints().unwrap().count() == 0 && !store.is_single_step()
        });
        let [first, second, before, behind] = nops(module)[..] else { panic!("four nops") };
        let mut this = Self { debuggee, thread, work: [first, second], before, behind };
        assert_eq!(stopped(&mut this.debuggee), StopReason::Attached);
        this
    }

    /// Gives a plan that keeps sites, and waits for the stop by one of its rules.
    fn steps(&mut self, rules: Vec<Rule>, soon: &[u32]) -> u32 {
        let soon = soon.iter().map(|pc| site(*pc)).collect();
        self.goes(StopPlan { keep: true, soon, ..plan(rules) })
    }

    fn goes(&mut self, plan: StopPlan) -> u32 {
        self.debuggee.resume(plan).unwrap();
        match stopped(&mut self.debuggee) {
            StopReason::Rules(rules) if rules.len() == 1 => rules[0].0,
            other => panic!("{other:?}"),
        }
    }

    fn kept(&mut self) -> Vec<Site> {
        kept(&mut self.debuggee)
    }

    /// The round that it's in.
    fn round(&mut self) -> i32 {
        match ask(&mut self.debuggee, Query::Locals { frame: 0 }) {
            Answer::Values(values) => match values[..] {
                [WasmValue::I32(_), WasmValue::I32(round)] => round,
                _ => panic!("{values:?}"),
            },
            other => panic!("{other:?}"),
        }
    }
}

fn guest() -> (Engine, Module) {
    let engine = engine();
    let module = Module::new(&engine, ROUNDS).unwrap();
    (engine, module)
}

fn sites(pcs: &[u32]) -> Vec<Site> {
    pcs.iter().map(|pc| site(*pc)).collect()
}

/// A place of a step.
fn place(id: u32, pc: u32) -> Rule {
    Rule { temporary: true, ..rule(id, pc) }
}

/// A place that counts in this round only.
fn in_round(id: u32, pc: u32, round: i64) -> Rule {
    let condition = Program::new(vec![Op::Local(1), Op::Const(round), Op::Eq]).unwrap();
    Rule { condition: Some(condition), ..place(id, pc) }
}

#[test]
fn sites_are_kept_from_step_to_step_and_stop_nobody() {
    let _dog = watchdog("sites_are_kept_from_step_to_step_and_stop_nobody");
    let (engine, module) = guest();
    let mut guest = Guest::launch(&engine, &module, &[1000]);
    let (work, before, behind) = (guest.work, guest.before, guest.behind);
    // What comes soon is planted along, once, however often it's named.
    assert_eq!(guest.steps(vec![place(1, before)], &[behind, behind, before]), 1);
    assert_eq!(guest.kept(), sites(&[behind]));
    assert_eq!(guest.steps(vec![place(2, behind)], &[]), 2);
    assert_eq!(guest.kept(), sites(&[before]));
    // Nothing has to be changed for the next one: what comes soon isn't worth a change.
    assert_eq!(guest.steps(vec![place(3, before)], &[work[0]]), 3);
    assert_eq!(guest.kept(), sites(&[behind]));
    assert_eq!(guest.steps(vec![in_round(4, behind, 1)], &[]), 4);
    // `before` is passed on the way to `work`.
    assert_eq!(guest.steps(vec![place(5, work[0])], &[]), 5);
    assert_eq!(guest.kept(), sites(&[before, behind]));
    // A plan that doesn't keep them takes them out, though it's over as soon as it has begun.
    assert_eq!(guest.goes(plan(vec![rule(6, work[1])])), 6);
    assert_eq!(guest.kept(), []);
    assert_eq!(planted(&mut guest.debuggee), sites(&[work[1]]));
    // So does who asks what is planted.
    assert_eq!(guest.steps(vec![place(7, behind)], &[before]), 7);
    assert_eq!(guest.kept(), sites(&[work[1], before]));
    assert_eq!(planted(&mut guest.debuggee), []);
    assert_eq!(guest.kept(), []);
    // At the end they are gone from the code: the thread says.
    assert_eq!(guest.steps(vec![place(8, before)], &[behind, work[0], work[1]]), 8);
    guest.debuggee.resume(StopPlan { keep: true, ..plan(vec![in_round(9, before, -1)]) }).unwrap();
    assert_eq!(ended(&mut guest.debuggee), Ended::Returned(vec![WasmValue::I32(1000)]));
    assert!(guest.thread.join().unwrap());
}

#[test]
fn sites_that_are_passed_often_are_taken_out() {
    let _dog = watchdog("sites_that_are_passed_often_are_taken_out");
    let (engine, module) = guest();
    let mut guest = Guest::launch(&engine, &module, &[1000]);
    let (work, before, behind) = (guest.work, guest.before, guest.behind);
    assert_eq!(guest.steps(vec![place(1, before)], &[work[0], work[1], behind]), 1);
    // Three of them are passed in each round.
    assert_eq!(guest.steps(vec![in_round(2, behind, 10)], &[]), 2);
    assert_eq!(guest.kept(), sites(&[work[0], work[1], before]));
    assert_eq!(guest.steps(vec![in_round(3, behind, 20)], &[]), 3);
    assert_eq!(guest.kept(), sites(&[work[0], work[1], before]), "each resume begins to count anew");
    // The place of the step itself stays, of course.
    assert_eq!(guest.steps(vec![in_round(4, behind, 60)], &[]), 4);
    assert_eq!((guest.round(), guest.kept()), (60, vec![]));
    // And they can be planted again.
    assert_eq!(guest.steps(vec![place(5, work[1])], &[]), 5);
    guest.debuggee.kill().unwrap();
    assert_eq!(ended(&mut guest.debuggee), Ended::Killed);
    assert!(guest.thread.join().unwrap());
}

#[test]
fn breakpoints_come_and_go_at_sites_that_are_kept() {
    let _dog = watchdog("breakpoints_come_and_go_at_sites_that_are_kept");
    let (engine, module) = guest();
    let mut guest = Guest::launch(&engine, &module, &[1000]);
    let (before, behind) = (guest.before, guest.behind);
    assert_eq!(guest.steps(vec![place(1, before)], &[behind]), 1);
    // A breakpoint where a site is kept already stops, in a step and without one, as often as it's met.
    let round = guest.round();
    assert_eq!(guest.steps(vec![rule(2, behind), in_round(3, before, -1)], &[]), 2);
    assert_eq!(guest.goes(plan(vec![rule(2, behind)])), 2);
    assert_eq!((guest.round(), guest.kept()), (round + 1, vec![]));
    assert_eq!(planted(&mut guest.debuggee), sites(&[behind]));
    // Deleted, its site may be kept, and is nobody's: it stops nobody.
    assert_eq!(guest.steps(vec![place(4, before)], &[]), 4);
    assert_eq!(guest.kept(), sites(&[behind]));
    assert_eq!(guest.steps(vec![in_round(5, before, i64::from(round) + 5)], &[]), 5);
    // A step that ends there does so, the breakpoint being there or not.
    assert_eq!(guest.steps(vec![place(6, behind)], &[]), 6);
    assert_eq!(guest.round(), round + 5);
    guest.debuggee.resume(plan(vec![rule(7, behind), place(8, behind)])).unwrap();
    assert_eq!(stopped(&mut guest.debuggee), StopReason::Rules(vec![RuleId(7), RuleId(8)]));
    assert_eq!(guest.steps(vec![place(9, behind)], &[]), 9);
    assert_eq!((guest.round(), guest.kept()), (round + 7, vec![]));
    guest.debuggee.resume(StopPlan::default()).unwrap();
    assert_eq!(ended(&mut guest.debuggee), Ended::Returned(vec![WasmValue::I32(1000)]));
    assert!(guest.thread.join().unwrap());
}

#[test]
fn other_instances_and_stores_of_the_module_are_left_alone() {
    let _dog = watchdog("other_instances_and_stores_of_the_module_are_left_alone");
    let (engine, module) = guest();
    let mut guest = Guest::launch(&engine, &module, &[5, 7]);
    let mut other = Guest::launch(&engine, &module, &[9]);
    let (work, before, behind) = (guest.work, guest.before, guest.behind);
    assert_eq!(guest.steps(vec![place(1, before)], &[work[0], work[1], behind]), 1);
    // Another store's code is a copy of its own.
    assert_eq!((other.kept(), planted(&mut other.debuggee)), (vec![], vec![]));
    other.debuggee.resume(StopPlan::default()).unwrap();
    assert_eq!(ended(&mut other.debuggee), Ended::Returned(vec![WasmValue::I32(9)]));
    assert!(other.thread.join().unwrap());
    // The second instance runs the same code, and passes.
    assert_eq!(guest.steps(vec![in_round(2, behind, 6)], &[]), 2);
    let Answer::Frames(frames) = ask(&mut guest.debuggee, Query::Frames { limit: 1 }) else { panic!() };
    assert_eq!((frames[0].instance, guest.kept()), (Some(InstanceId(1)), sites(&[work[0], work[1], before])));
    guest.debuggee.resume(StopPlan::default()).unwrap();
    assert_eq!(ended(&mut guest.debuggee), Ended::Returned(vec![WasmValue::I32(7)]));
    assert!(guest.thread.join().unwrap());
}

#[test]
fn a_plan_that_is_refused_changes_nothing() {
    let _dog = watchdog("a_plan_that_is_refused_changes_nothing");
    let (engine, module) = guest();
    let mut guest = Guest::launch(&engine, &module, &[3]);
    let (before, behind) = (guest.before, guest.behind);
    assert_eq!(guest.steps(vec![place(1, before)], &[behind]), 1);
    // A breakpoint where no operator begins.
    assert!(matches!(guest.debuggee.resume(plan(vec![rule(2, 3)])), Err(DebuggeeError::BadPlan(_))));
    assert_eq!(guest.kept(), sites(&[behind]));
    // A place of a step there is left out, now and the next time, and a breakpoint is refused all the same.
    assert_eq!(guest.steps(vec![place(3, 5), place(4, behind)], &[4]), 4);
    assert_eq!(guest.steps(vec![place(5, 5), place(6, before)], &[4]), 6);
    assert!(matches!(guest.debuggee.resume(plan(vec![rule(7, 3)])), Err(DebuggeeError::BadPlan(_))));
    guest.debuggee.resume(StopPlan::default()).unwrap();
    assert_eq!(ended(&mut guest.debuggee), Ended::Returned(vec![WasmValue::I32(3)]));
    assert!(guest.thread.join().unwrap());
}
