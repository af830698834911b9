//! A debuggee whose memory is made up: shared by tests and fuzz targets.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use freezeframe_debuggee::{
    Answer, Capabilities, Debuggee, DebuggeeError, Event, Frame, FrameDetail, Instance, InstanceId, Interrupter,
    Module, ModuleId, ModulePc, PcMeaning, Query, StopPlan, StopReason, Stopped, Unavailable, WasmValue,
};
use freezeframe_symbols::Symbols;

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

/// A debuggee that stands for ever, with a frame in each function that has variables worth looking at.
pub struct Garbage {
    /// Its module.
    pub module: Arc<[u8]>,
    /// Its frames, of [`frames`].
    pub frames: Vec<Frame>,
    /// What its memory holds.
    pub memory: Vec<u8>,
    /// Whether its first stop was reported.
    pub attached: bool,
    /// How many bytes of the memory were asked for.
    pub read: Arc<AtomicU64>,
}

impl Garbage {
    fn answer(&self, query: Query) -> Result<Answer, Unavailable> {
        Ok(match query {
            Query::Modules => Answer::Modules(vec![Module { id: ModuleId(0), name: None, bytes: self.module.clone() }]),
            Query::Instances => Answer::Instances(vec![Instance { id: InstanceId(0), module: ModuleId(0) }]),
            Query::Frames { limit } => Answer::Frames(self.frames.iter().take(limit as usize).cloned().collect()),
            Query::Depth => Answer::Count(self.frames.len() as u64),
            Query::Locals { .. } => Answer::Values(vec![WasmValue::I32(BASE); 64]),
            Query::Operands { .. } => Answer::Values(Vec::new()),
            Query::Global { .. } => Answer::Values(vec![WasmValue::I32(BASE)]),
            Query::Memory { address, length, .. } => {
                let start = usize::try_from(address).unwrap_or(usize::MAX).min(self.memory.len());
                let end = start.saturating_add(usize::try_from(length).unwrap()).min(self.memory.len());
                self.read.fetch_add((end - start) as u64, Relaxed);
                Answer::Bytes(self.memory[start..end].to_vec())
            }
            Query::MemorySize { .. } => Answer::Count(self.memory.len() as u64),
            Query::TableFunction { entry, .. } => {
                Answer::Function(u32::try_from(entry % 1000).ok().map(|function| (ModuleId(0), function)))
            }
            _ => return Err(Unavailable::new("not here")),
        })
    }
}

impl Debuggee for Garbage {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }
    fn query(&mut self, queries: Vec<Query>) -> Result<Vec<Result<Answer, Unavailable>>, DebuggeeError> {
        Ok(queries.into_iter().map(|query| self.answer(query)).collect())
    }
    fn resume(&mut self, _: StopPlan) -> Result<(), DebuggeeError> {
        Err(DebuggeeError::Unsupported("run"))
    }
    fn next_event(&mut self, _: Option<Duration>) -> Result<Option<Event>, DebuggeeError> {
        match std::mem::replace(&mut self.attached, true) {
            false => Ok(Some(Event::Stopped(Stopped::new(StopReason::Attached)))),
            true => Err(DebuggeeError::Ended),
        }
    }
    fn interrupter(&self) -> Interrupter {
        Interrupter::new(|| {})
    }
    fn kill(&mut self) -> Result<(), DebuggeeError> {
        Ok(())
    }
}

/// A frame in each function that has variables worth looking at.
pub fn frames(module: &Arc<[u8]>) -> Vec<Frame> {
    let symbols = Symbols::new(module.clone()).unwrap();
    let source = fs::read_to_string(guests().join("src/containers.cpp")).unwrap();
    let file = symbols.find_files("containers.cpp").into_iter().find(|f| !symbols.lines_with_code(*f).is_empty());
    let at = |marker: &&str| {
        let line = source.lines().position(|line| line.ends_with(&format!("// #{marker}"))).expect("a marker") + 1;
        let pc: ModulePc = symbols.line_sites(file.unwrap(), u32::try_from(line).unwrap()).unwrap().sites[0];
        let function = symbols.function_at(pc).unwrap().index;
        Frame {
            module: ModuleId(0),
            instance: Some(InstanceId(0)),
            function,
            pc,
            pc_meaning: PcMeaning::Next,
            activation: 0,
            detail: FrameDetail::Full,
        }
    };
    MARKERS.iter().map(at).collect()
}
