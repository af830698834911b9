//! Where variables are looked for: frames that are found again at another stop, and what is in scope there.
//!
//! Invariant: a frame is found again only if it's the same function as deep in the stack.

use freezeframe_debuggee::ModuleId;
use freezeframe_symbols::{Variable, VariableKind};

use super::{Context, ScopeKind, handles::FrameKey};
use crate::{EngineError, StackFrame, target::Target};

pub(super) fn context(target: &mut Target, frame: Option<StackFrame>) -> Result<Context<'_>, EngineError> {
    match frame {
        Some(frame) => Context::in_frame(target, frame),
        None => Context::outside(target),
    }
}

pub(super) type Framed = (Option<StackFrame>, Option<FrameKey>);

pub(super) fn frame_and_key(target: &mut Target, frame: Option<usize>) -> Result<Framed, EngineError> {
    let Some(index) = frame else { return Ok((None, None)) };
    let frame = target.stack_frame(index)?;
    let depth = target.depth()?;
    // The frames of its chain that lie around it.
    let stack = target.stack(frame.physical.saturating_add(1))?;
    let chain = stack.iter().filter(|other| other.physical == frame.physical).count();
    let key = FrameKey {
        above: depth.saturating_sub(frame.physical),
        module: frame.module,
        function_index: frame.function_index,
        inlined_in: chain.saturating_sub(frame.inline_depth),
        function: frame.function.clone(),
    };
    Ok((Some(frame), Some(key)))
}

/// The frame that has a key at this stop.
pub(super) fn find_frame(target: &mut Target, key: &FrameKey) -> Result<StackFrame, EngineError> {
    let gone = || EngineError::Gone(format!("the frame of `{}`", key.function));
    let depth = target.depth()?;
    let physical = depth.checked_sub(key.above).ok_or_else(gone)?;
    let stack = target.stack(physical.saturating_add(1))?;
    let chain: Vec<StackFrame> = stack.into_iter().filter(|frame| frame.physical == physical).collect();
    let found = chain.len().checked_sub(key.inlined_in).and_then(|at| chain.into_iter().nth(at));
    let same = |frame: &StackFrame| {
        frame.module == key.module && frame.function_index == key.function_index && frame.function == key.function
    };
    found.filter(same).ok_or_else(gone)
}

/// The variables of a scope and their modules, in the order in which they're shown.
pub(super) fn scope_variables(context: &Context<'_>, kind: &ScopeKind) -> Vec<(ModuleId, Variable)> {
    let own = context.module_id();
    let mut variables = match kind {
        ScopeKind::Arguments | ScopeKind::Locals => context.variables_in_scope(),
        ScopeKind::Statics => context.symbols.globals(),
        ScopeKind::Globals(filter) => {
            let mut modules: Vec<_> = (0..).map(ModuleId).zip(&context.target.modules).collect();
            modules.sort_by_key(|(module, _)| *module != own);
            let found = modules.iter().flat_map(|(module, loaded)| {
                let found = filter.found(&loaded.symbols);
                found.map(|variable| (*module, variable))
            });
            return found.collect();
        }
    };
    match kind {
        ScopeKind::Arguments => variables.retain(|v| v.kind == VariableKind::Parameter && !v.name.is_empty()),
        ScopeKind::Locals => {
            // What a compiler makes up (`__vla_expr0`, `__range1`) is nobody's.
            variables.retain(|v| v.kind != VariableKind::Parameter && !v.name.is_empty() && !v.artificial);
            // Inner blocks first, so that a shadowed variable comes after what hides it.
            variables.sort_by_key(|v| std::cmp::Reverse(v.depth));
        }
        ScopeKind::Statics => {
            let here = context.symbols.location(context.lookup_pc()).map(|at| at.file);
            variables.retain(|v| here.is_some() && v.declared.map(|at| at.file) == here && !v.artificial);
        }
        ScopeKind::Globals(_) => {}
    }
    variables.into_iter().map(|variable| (own, variable)).collect()
}
