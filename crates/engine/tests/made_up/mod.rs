//! A debuggee whose memory is made up: shared by tests and fuzz targets.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use freezeframe_debuggee::{
    Answer, Capabilities, Debuggee, DebuggeeError, Ended, Event, Frame, FrameDetail, Instance, InstanceId, Interrupter,
    Module, ModuleId, ModulePc, PcMeaning, Query, StopPlan, StopReason, Stopped, Unavailable, WasmValue,
};
use freezeframe_symbols::{Bytes, Symbols};

/// Expressions that look into containers, each with its frame.
pub const EXPRESSIONS: &[(usize, &str)] = &[
    (0, "large == \"x\""),
    (0, "words[1]"),
    (0, "wide[0..2]"),
    (1, "numbers[1]"),
    (1, "queue[5]"),
    (1, "chain[70000]"),
    (1, "forward[3]"),
    (1, "flags[9]"),
    (1, "*second"),
    (2, "ages[\"Ada\"]"),
    (2, "places[3].x"),
    (2, "*found"),
    (3, "many[7]"),
    (4, "*animal"),
    (4, "animal->weeks"),
    (4, "*variant"),
    (4, "tuple.2"),
    (5, "animal->weeks"),
    (5, "named->weeks"),
    (5, "(zoo::Puppy *)named"),
    (5, "(zoo::Copier *)device"),
    (5, "copier.serial"),
    (5, "(zoo::Device *)&copier"),
];

/// Where the frames stand.
pub const MARKERS: [&str; 6] = ["strings", "sequences", "trees", "hashes", "wrappers", "language"];
/// How much memory there is.
pub const MEMORY: usize = 1 << 18;
/// Where the frames lie.
pub const BASE: i32 = 0x1_0000;

/// The folder of the guests.
pub fn guests() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let found = here.ancestors().map(|folder| folder.join("guests")).find(|guests| guests.is_dir());
    found.expect("a folder of guests")
}

/// A module, and where a debuggee that is made of it stands.
#[derive(Clone)]
pub struct Scene {
    /// The module.
    pub module: Bytes,
    /// Its symbols.
    symbols: Arc<Symbols>,
    /// The stack, innermost first.
    pub frames: Vec<Frame>,
}

impl Scene {
    /// A frame in each function of a build of `containers.cpp` that has variables worth looking at: at [`MARKERS`].
    pub fn containers(file: &str) -> Self {
        let (module, symbols) = read(file);
        let source = fs::read_to_string(guests().join("src/containers.cpp")).unwrap();
        let file = symbols.find_files("containers.cpp").into_iter().find(|f| !symbols.lines_with_code(*f).is_empty());
        let at = |marker: &&str| {
            let line = source.lines().position(|line| line.ends_with(&format!("// #{marker}"))).expect("a marker") + 1;
            symbols.line_sites(file.unwrap(), u32::try_from(line).unwrap()).unwrap().sites[0]
        };
        let frames = MARKERS.iter().map(|marker| frame(&symbols, at(marker)).unwrap()).collect();
        Self { module, symbols, frames }
    }

    /// A frame at the beginning of each of these functions.
    pub fn in_functions(file: &str, functions: &[&str]) -> Self {
        let (module, symbols) = read(file);
        let at = |name: &&str| frame(&symbols, symbols.function_sites(name)[0]).unwrap();
        let frames = functions.iter().map(at).collect();
        Self { module, symbols, frames }
    }
}

fn read(file: &str) -> (Bytes, Arc<Symbols>) {
    let module: Bytes = fs::read(guests().join("built").join(file)).expect("a guest").into();
    let symbols = Arc::new(Symbols::new(module.clone()).unwrap());
    (module, symbols)
}

fn frame(symbols: &Symbols, pc: ModulePc) -> Option<Frame> {
    Some(Frame {
        module: ModuleId(0),
        instance: Some(InstanceId(0)),
        function: symbols.function_at(pc)?.index,
        pc,
        pc_meaning: PcMeaning::Next,
        activation: 0,
        detail: FrameDetail::Full,
    })
}

/// Memory in which each word is an address, that of a word further on; most chains end in circles.
pub fn chains() -> Vec<u8> {
    (0..MEMORY as u32 / 4).flat_map(|i| (i * 8 % MEMORY as u32).to_le_bytes()).collect()
}

/// A debuggee that stands where its scene says. When it's resumed it stops at once, in turn at each place that the plan
/// names, so many times; then it ends.
pub struct Garbage {
    scene: Scene,
    memory: Arc<Mutex<Vec<u8>>>,
    /// How many bytes of the memory were asked for.
    pub read: Arc<AtomicU64>,
    resumes: u32,
    next: Option<Event>,
    ended: bool,
}

impl Garbage {
    /// One with this memory that can't be resumed.
    pub fn new(scene: &Scene, memory: Vec<u8>) -> Self {
        Self::resumed(scene, Arc::new(Mutex::new(memory)), 0)
    }

    /// One whose memory others may change while it stands or runs, that can be resumed so many times.
    pub fn resumed(scene: &Scene, memory: Arc<Mutex<Vec<u8>>>, resumes: u32) -> Self {
        let next = Some(Event::Stopped(Stopped::new(StopReason::Attached)));
        Self { scene: scene.clone(), memory, read: Arc::default(), resumes, next, ended: false }
    }

    fn answer(&self, query: Query) -> Result<Answer, Unavailable> {
        Ok(match query {
            Query::Modules => {
                Answer::Modules(vec![Module { id: ModuleId(0), name: None, bytes: self.scene.module.clone() }])
            }
            Query::Instances => Answer::Instances(vec![Instance { id: InstanceId(0), module: ModuleId(0) }]),
            Query::Frames { limit } => Answer::Frames(self.scene.frames.iter().take(limit as usize).cloned().collect()),
            Query::Depth => Answer::Count(self.scene.frames.len() as u64),
            Query::Locals { .. } => Answer::Values(vec![WasmValue::I32(BASE); 64]),
            Query::Operands { .. } => Answer::Values(Vec::new()),
            Query::Global { .. } => Answer::Values(vec![WasmValue::I32(BASE)]),
            Query::Memory { address, length, .. } => {
                let memory = self.memory.lock().unwrap();
                let start = usize::try_from(address).unwrap_or(usize::MAX).min(memory.len());
                let end = start.saturating_add(usize::try_from(length).unwrap()).min(memory.len());
                self.read.fetch_add((end - start) as u64, Relaxed);
                Answer::Bytes(memory[start..end].to_vec())
            }
            Query::MemorySize { .. } => Answer::Count(MEMORY as u64),
            Query::TableFunction { entry, .. } => {
                Answer::Function(u32::try_from(entry % 1000).ok().map(|function| (ModuleId(0), function)))
            }
            _ => return Err(Unavailable::new("not here")),
        })
    }

    /// Where it stops of what a plan wants.
    fn stop(&mut self, plan: &StopPlan) -> StopReason {
        if plan.next_operator {
            return StopReason::NextOperator;
        }
        let Some(which) = (self.resumes as usize).checked_rem(plan.rules.len()) else { return StopReason::Interrupted };
        let rule = &plan.rules[which];
        if let (Some(frame), Some(innermost)) =
            (frame(&self.scene.symbols, rule.site.pc), self.scene.frames.first_mut())
        {
            *innermost = frame;
        }
        StopReason::Rules(vec![rule.id])
    }
}

impl Debuggee for Garbage {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }
    fn query(&mut self, queries: Vec<Query>) -> Result<Vec<Result<Answer, Unavailable>>, DebuggeeError> {
        match self.ended {
            true => Err(DebuggeeError::Ended),
            false => Ok(queries.into_iter().map(|query| self.answer(query)).collect()),
        }
    }
    fn resume(&mut self, plan: StopPlan) -> Result<(), DebuggeeError> {
        self.resumes = match self.resumes {
            _ if self.ended => return Err(DebuggeeError::Ended),
            0 => return Err(DebuggeeError::Unsupported("run")),
            resumes => resumes - 1,
        };
        self.next = Some(match self.resumes {
            0 => Event::Ended(Ended::Exited(0)),
            _ => Event::Stopped(Stopped::new(self.stop(&plan))),
        });
        Ok(())
    }
    fn next_event(&mut self, _: Option<Duration>) -> Result<Option<Event>, DebuggeeError> {
        let next = self.next.take();
        self.ended |= matches!(next, None | Some(Event::Ended(_)));
        next.map(Some).ok_or(DebuggeeError::Ended)
    }
    fn interrupter(&self) -> Interrupter {
        Interrupter::new(|| {})
    }
    fn kill(&mut self) -> Result<(), DebuggeeError> {
        self.next = Some(Event::Ended(Ended::Killed));
        Ok(())
    }
}
