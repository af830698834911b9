//! The stack in terms of the source: inlined calls are frames of their own.

use std::sync::Arc;

use freezeframe_debuggee::{Frame, FrameDetail, InstanceId, ModuleId, ModulePc, PcMeaning};
use freezeframe_symbols::{Language, Location, Symbols};

use crate::{
    EngineError,
    target::{Target, lookup_pc},
};

/// A position in source, with the file's path as the compiler named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePosition {
    /// The path.
    pub path: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1; 0 when not known.
    pub column: u32,
}

impl SourcePosition {
    pub(crate) fn new(symbols: &Symbols, at: Location) -> Option<Self> {
        let file = symbols.files().get(at.file.0 as usize)?;
        Some(Self { path: file.path.clone(), line: at.line, column: at.column })
    }

    /// The last part of the path.
    pub fn file_name(&self) -> &str {
        self.path.rsplit(['/', '\\']).next().unwrap_or(&self.path)
    }
}

/// A frame as people count them: a function, or a call that the compiler inlined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackFrame {
    /// Its number; 0 is the innermost.
    pub index: usize,
    /// What the function is called.
    pub function: String,
    /// Where it is. `None` without line information.
    pub position: Option<SourcePosition>,
    /// Whether the compiler inlined it into the next frame.
    pub inlined: bool,
    /// The module whose code it runs.
    pub module: ModuleId,
    /// That module's name.
    pub module_name: Option<String>,
    /// The function's index in that module.
    pub function_index: u32,
    /// The operator that runs next, the one that trapped, or the one returned to.
    pub pc: ModulePc,
    /// Which of these.
    pub pc_meaning: PcMeaning,
    /// Which activation it belongs to: between two activations lies host code.
    pub activation: u32,
    /// Why its variables can't be read, if they can't.
    pub unreadable: Option<String>,
    /// The language.
    pub language: Language,
    /// The Wasm frame that it is (part of).
    pub(crate) physical: u32,
    pub(crate) instance: Option<InstanceId>,
    /// How many inlined calls deep it is in that Wasm frame's chain, 0 being the innermost.
    pub(crate) inline_depth: usize,
    /// Where its scopes and locations are looked up.
    pub(crate) lookup: ModulePc,
}

impl Target {
    /// The source-level frames of the innermost `limit` Wasm frames.
    pub(crate) fn stack(&mut self, limit: u32) -> Result<Vec<StackFrame>, EngineError> {
        let frames = self.frames(limit)?.to_vec();
        if frames.is_empty() {
            return Err(EngineError::NoStack);
        }
        let mut stack = Vec::with_capacity(frames.len());
        for (physical, frame) in (0_u32..).zip(frames.iter().take(limit as usize)) {
            self.expand(physical, frame, &mut stack);
        }
        Ok(stack)
    }

    fn expand(&self, physical: u32, frame: &Frame, stack: &mut Vec<StackFrame>) {
        let module = self.module(frame.module);
        let function = module.and_then(|m| m.symbols.function_by_index(frame.function));
        // A stack overflow is found before a function's first operator: it is shown as being at its entry.
        let lookup = function.map_or(lookup_pc(frame), |f| lookup_pc(frame).max(f.range.start));
        let chain = module.map(|m| m.symbols.frames_at(lookup)).unwrap_or_default();
        let unreadable = match &frame.detail {
            FrameDetail::Full => None,
            FrameDetail::PositionOnly(why) => Some(why.clone()),
        };
        let base = StackFrame {
            index: stack.len(),
            function: function.map_or_else(|| format!("func[{}]", frame.function), |f| f.name.clone()),
            position: None,
            inlined: false,
            module: frame.module,
            module_name: module.and_then(|m| m.name.clone()),
            function_index: frame.function,
            pc: frame.pc,
            pc_meaning: frame.pc_meaning,
            activation: frame.activation,
            unreadable,
            language: Language::Other,
            physical,
            instance: frame.instance,
            inline_depth: 0,
            lookup,
        };
        if chain.is_empty() {
            stack.push(base);
            return;
        }
        for (inline_depth, source) in chain.into_iter().enumerate() {
            let position = module.and_then(|m| source.location.and_then(|at| SourcePosition::new(&m.symbols, at)));
            stack.push(StackFrame {
                index: stack.len(),
                function: source.function,
                position,
                inlined: source.inlined,
                language: source.language,
                inline_depth,
                ..base.clone()
            });
        }
    }

    /// One source-level frame by its number.
    pub(crate) fn stack_frame(&mut self, index: usize) -> Result<StackFrame, EngineError> {
        // Inlined frames only make the stack longer: so many Wasm frames are always enough.
        let limit = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
        let stack = self.stack(limit)?;
        let last = stack.len() - 1;
        stack.into_iter().nth(index).ok_or(EngineError::NoFrame(index, last))
    }
}
