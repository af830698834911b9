//! The log: what a guest is at before each of its operators, found by single steps of the debuggee, the engine and its
//! planner left out.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
    sync::{Arc, Mutex},
    time::Duration,
};

use freezeframe_debuggee::{
    Answer, Call, CallId, Capabilities, Debuggee, DebuggeeError, Ended, Event, InstanceId, Interrupter, Module,
    ModuleId, Query, Rule, RuleId, Site, StopPlan, StopReason, Unavailable, WasmValue,
};
use freezeframe_engine::ModulePc;
use freezeframe_host::{LaunchOptions, Program, launch};

/// A guest and what it's given.
#[derive(Clone, Copy)]
pub struct Guest {
    pub module: &'static str,
    pub args: &'static [&'static str],
    /// Where the log begins; a function's index is found by this name.
    pub from: &'static str,
}

impl Guest {
    pub fn program(&self) -> Program {
        let built = super::super::scenario::root().join(format!("guests/built/{}.wasm", self.module));
        Program::open(&built).unwrap_or_else(|e| panic!("{}: {e}", self.module))
    }

    pub fn launch(&self, program: &Program) -> Spy {
        let options =
            LaunchOptions { args: self.args.iter().map(|a| (*a).to_owned()).collect(), ..LaunchOptions::default() };
        let seen = Seen { instance: InstanceId(0), stack: 0, last: None };
        Spy { inner: launch(program, options).unwrap(), seen: Arc::new(Mutex::new(seen)) }
    }
}

/// What can be seen of a guest before an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    pub module: ModuleId,
    pub function: u32,
    pub pc: ModulePc,
    /// How many frames there are.
    pub depth: u32,
    /// Of the innermost frame's locals and operands, of the globals and the stack in memory: tells two rounds of a loop
    /// from each other.
    pub print: u64,
}

impl Entry {
    pub fn site(&self) -> Site {
        Site { module: self.module, pc: self.pc }
    }
}

/// How much of the stack in memory is looked at, below and above where it was at the log's beginning.
const BELOW: u64 = 1536;
const ABOVE: u64 = 64;

/// Asks a stopped guest for everything that an [`Entry`] has. `instance` is the one with the stack at `stack`.
fn look(debuggee: &mut dyn Debuggee, instance: InstanceId, stack: u64) -> Option<Entry> {
    let mut queries =
        vec![Query::Frames { limit: 1 }, Query::Depth, Query::Locals { frame: 0 }, Query::Operands { frame: 0 }];
    if stack > 0 {
        let address = stack.saturating_sub(BELOW);
        queries.extend([
            Query::Global { instance, index: 0 },
            Query::Memory { instance, memory: 0, address, length: stack - address + ABOVE },
        ]);
    }
    let mut answers = debuggee.query(queries).unwrap();
    let values = answers.split_off(2);
    let Ok(Answer::Frames(frames)) = &answers[0] else { panic!("{answers:?}") };
    let frame = frames.first()?;
    let Ok(Answer::Count(depth)) = answers[1] else { panic!("{answers:?}") };
    let mut hasher = DefaultHasher::new();
    for value in &values {
        match value {
            Ok(Answer::Values(values)) => values.iter().for_each(|value| match value {
                WasmValue::I32(v) => v.hash(&mut hasher),
                WasmValue::I64(v) => v.hash(&mut hasher),
                other => format!("{other:?}").hash(&mut hasher),
            }),
            Ok(Answer::Bytes(bytes)) => bytes.hash(&mut hasher),
            other => format!("{other:?}").hash(&mut hasher),
        }
    }
    Some(Entry {
        module: frame.module,
        function: frame.function,
        pc: frame.pc,
        depth: u32::try_from(depth).unwrap(),
        print: hasher.finish(),
    })
}

/// What a [`Spy`] knows and has seen.
pub struct Seen {
    /// The instance that has the stack.
    pub instance: InstanceId,
    /// The stack pointer at the log's beginning; 0 until then.
    pub stack: u64,
    /// What was seen at the last stop that has frames.
    pub last: Option<Entry>,
}

/// The debuggee, looked at whenever it stops.
pub struct Spy {
    inner: Box<dyn Debuggee>,
    pub seen: Arc<Mutex<Seen>>,
}

impl Debuggee for Spy {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn query(&mut self, queries: Vec<Query>) -> Result<Vec<Result<Answer, Unavailable>>, DebuggeeError> {
        self.inner.query(queries)
    }

    fn resume(&mut self, plan: StopPlan) -> Result<(), DebuggeeError> {
        self.inner.resume(plan)
    }

    fn call(&mut self, call: Call) -> Result<CallId, DebuggeeError> {
        self.inner.call(call)
    }

    fn next_event(&mut self, timeout: Option<Duration>) -> Result<Option<Event>, DebuggeeError> {
        let event = self.inner.next_event(timeout)?;
        if let Some(Event::Stopped(_)) = &event {
            let mut seen = self.seen.lock().unwrap();
            seen.last = look(&mut *self.inner, seen.instance, seen.stack);
        }
        Ok(event)
    }

    fn interrupter(&self) -> Interrupter {
        self.inner.interrupter()
    }

    fn kill(&mut self) -> Result<(), DebuggeeError> {
        self.inner.kill()
    }
}

/// The innermost frame's instance, and where the stack pointer points: global 0, as compilers have it.
fn stack_pointer(debuggee: &mut dyn Debuggee) -> (InstanceId, u64) {
    let answers = debuggee.query(vec![Query::Frames { limit: 1 }]).unwrap();
    let Ok(Answer::Frames(frames)) = &answers[0] else { panic!("{answers:?}") };
    let instance = frames[0].instance.unwrap();
    match &debuggee.query(vec![Query::Global { instance, index: 0 }]).unwrap()[0] {
        Ok(Answer::Values(values)) => (instance, values[0].unsigned().unwrap_or(0)),
        _ => (instance, 0),
    }
}

/// What comes after the last entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The guest goes on: the log is only so long.
    Cut,
    /// It stops for this.
    Stop(StopReason),
    Over(Ended),
}

pub struct Log {
    /// The instance that has the stack.
    pub instance: InstanceId,
    /// The stack pointer at its beginning.
    pub stack: u64,
    pub entries: Vec<Entry>,
    pub end: End,
    pub modules: Vec<Module>,
}

/// Runs a guest to the first operator at `begin` and from there by single steps, at most so many.
pub fn record(debuggee: &mut dyn Debuggee, begin: Site, most: usize) -> Log {
    let wait = |debuggee: &mut dyn Debuggee| debuggee.next_event(None).unwrap().expect("an event");
    assert!(matches!(wait(debuggee), Event::Stopped(_)));
    let Answer::Modules(modules) = debuggee.query(vec![Query::Modules]).unwrap().remove(0).unwrap() else { panic!() };
    let rule = Rule { temporary: true, ..Rule::at(RuleId(0), begin) };
    debuggee.resume(StopPlan { rules: vec![rule], ..StopPlan::default() }).unwrap();
    let mut event = wait(debuggee);
    let (instance, stack) = stack_pointer(debuggee);
    let mut entries = Vec::new();
    let end = loop {
        match event {
            Event::Ended(ended) => break End::Over(ended),
            Event::Stopped(stop) => match stop.reason {
                StopReason::NextOperator | StopReason::Rules(_) => {
                    entries.push(look(debuggee, instance, stack).expect("a frame"));
                }
                other => break End::Stop(other),
            },
            Event::Passed(passed) => panic!("the plan counts nothing: {passed:?}"),
        }
        if entries.len() == most {
            break End::Cut;
        }
        debuggee.resume(StopPlan { next_operator: true, ..StopPlan::default() }).unwrap();
        event = wait(debuggee);
    };
    Log { instance, stack, entries, end, modules }
}
