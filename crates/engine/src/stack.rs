//! The stack in terms of the source: inlined calls are frames of their own.

use std::sync::Arc;

use freezeframe_debuggee::{Frame, FrameDetail, InstanceId, ModuleId, ModulePc, PcMeaning};
use freezeframe_symbols::{Language, Location, Symbols};

use crate::{
    EngineError,
    code::Flow,
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

/// What lies between two frames that don't call each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Crossing {
    /// Host code, which the outer one called.
    Host {
        /// What it imports that as (`env.sort`). `None` when the call went through a table or a reference.
        import: Option<String>,
    },
    /// This debugger, which called the inner one while the outer one stood still.
    Debugger,
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
    /// What lies between it and the next frame inwards (or, of the innermost, what it waits in), if that isn't a plain call.
    pub crossing: Option<Crossing>,
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

impl StackFrame {
    /// Whether it is of a function of this name: the whole path, or a suffix of it at a `::` boundary; generic arguments
    /// may be left out.
    pub fn is_of(&self, name: &str) -> bool {
        freezeframe_symbols::is_name_of(name, &self.function)
    }
}

impl Target {
    /// The source-level frames of the innermost `limit` Wasm frames.
    pub(crate) fn stack(&mut self, limit: u32) -> Result<Vec<StackFrame>, EngineError> {
        let frames = self.frames(limit)?.to_vec();
        if frames.is_empty() {
            return Err(EngineError::NoStack);
        }
        let called: Vec<u32> = self.suspended_by_calls()?.into_iter().map(|(physical, _)| physical).collect();
        let mut stack = Vec::with_capacity(frames.len());
        let mut inner: Option<&Frame> = None;
        for (physical, frame) in (0_u32..).zip(frames.iter().take(limit as usize)) {
            // The innermost frame waits in a call only when that call left the guest.
            let left = inner.is_none_or(|inner| inner.activation != frame.activation);
            let crossing = match left {
                true if called.contains(&physical) => Some(Crossing::Debugger),
                true if frame.pc_meaning == PcMeaning::Return => Some(self.host_call(frame)),
                // Calls of imports don't fail by themselves, and a callee that is a guest would be inside this frame.
                true if inner.is_none() && self.is_unwound() => self.failed_import(frame),
                _ => None,
            };
            self.expand(physical, frame, crossing, &mut stack);
            inner = Some(frame);
        }
        Ok(stack)
    }

    /// The call to the host in which a frame waits.
    fn host_call(&self, frame: &Frame) -> Crossing {
        let import = self.module(frame.module).and_then(|module| {
            let operators = module.code.operators(frame.function);
            let returns_to = operators.iter().position(|o| o.pc == frame.pc)?;
            // Within a `try_table` the place is the call itself.
            let call = [Some(returns_to), returns_to.checked_sub(1)].into_iter().flatten();
            let callee = call.filter_map(|at| operators.get(at)).find_map(|operator| match operator.flow {
                Flow::Call(function) if function < module.code.imported_functions() => Some(function),
                _ => None,
            })?;
            let import = module.symbols.imported_functions().iter().find(|import| import.index == callee)?;
            Some(format!("{}.{}", import.module, import.name))
        });
        Crossing::Host { import }
    }

    /// The import that a frame calls where it failed, if that is what it did there.
    fn failed_import(&self, frame: &Frame) -> Option<Crossing> {
        let module = self.module(frame.module)?;
        let operators = module.code.operators(frame.function);
        let at = operators.iter().find(|operator| operator.pc == frame.pc)?;
        let Flow::Call(callee) = at.flow else { return None };
        let import = module.symbols.imported_functions().iter().find(|import| import.index == callee)?;
        Some(Crossing::Host { import: Some(format!("{}.{}", import.module, import.name)) })
    }

    fn expand(&self, physical: u32, frame: &Frame, crossing: Option<Crossing>, stack: &mut Vec<StackFrame>) {
        let module = self.module(frame.module);
        let function = module.and_then(|m| m.symbols.function_by_index(frame.function));
        // A stack overflow is found before a function's first operator: it is shown as being at its entry.
        let lookup = module.map_or_else(|| lookup_pc(frame), |m| m.lookup_pc(frame));
        let lookup = function.map_or(lookup, |f| lookup.max(f.range.start));
        let chain = module.map(|m| m.symbols.frames_at(lookup)).unwrap_or_default();
        let unreadable = match &frame.detail {
            FrameDetail::Full | FrameDetail::NoLocals(_) => None,
            FrameDetail::PositionOnly(why) => Some(why.clone()),
        };
        let base = StackFrame {
            index: stack.len(),
            function: function.map_or_else(|| format!("func[{}]", frame.function), |f| f.name().to_owned()),
            position: None,
            inlined: false,
            module: frame.module,
            module_name: module.and_then(|m| m.name.clone()),
            function_index: frame.function,
            pc: frame.pc,
            pc_meaning: frame.pc_meaning,
            activation: frame.activation,
            crossing,
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
                // The innermost of the inlined calls made it.
                crossing: base.crossing.clone().filter(|_| inline_depth == 0),
                ..base.clone()
            });
        }
    }

    /// One source-level frame by its number.
    pub(crate) fn stack_frame(&mut self, index: usize) -> Result<StackFrame, EngineError> {
        if index == 0 {
            return self.innermost().cloned();
        }
        // Inlined frames only make the stack longer: so many Wasm frames are always enough.
        let limit = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
        let stack = self.stack(limit)?;
        let last = stack.len() - 1;
        stack.into_iter().nth(index).ok_or(EngineError::NoFrame(index, last))
    }
}
