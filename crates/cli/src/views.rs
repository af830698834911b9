//! From the engine's answers to [`crate::json`]'s.

use freezeframe_engine::{
    Breakpoint, Crossing, Ended, FunctionInfo, Instruction, Language, LocationSpec, Node, NodeKind, Shown,
    SourcePosition, StackFrame, WasmState, WasmValue,
};
use freezeframe_symbols::Symbols;

use crate::{
    hooks::Hooks,
    json::{
        BreakpointKind, BreakpointView, EndKind, EndView, FrameView, FunctionView, InstructionView, ModuleView,
        SiteView, TreeView, VariableView, WasmValueView, WasmView,
    },
    source::Sources,
};

/// The exit code of a guest that a trap ended.
pub const TRAPPED: i32 = 134;
/// The exit code after an error of ours, or of the host's functions.
pub const FAILED: i32 = 1;

fn split(position: Option<&SourcePosition>, sources: &mut Sources) -> (Option<String>, Option<u32>, String) {
    match position {
        Some(at) => (Some(at.path.to_string()), Some(at.line), sources.shown(&at.path)),
        None => (None, None, String::new()),
    }
}

/// A frame, without its variables.
pub fn frame(frame: &StackFrame, sources: &mut Sources) -> FrameView {
    let (file, line, shown_file) = split(frame.position.as_ref(), sources);
    FrameView {
        frame: frame.index,
        function: frame.function.clone(),
        file,
        line,
        column: frame.position.as_ref().map(|p| p.column).filter(|c| *c > 0),
        pc: frame.pc.0,
        module: frame.module_name.clone(),
        inlined: frame.inlined,
        activation: frame.activation,
        host: match &frame.crossing {
            Some(Crossing::Host { import }) => Some(import.clone().unwrap_or_default()),
            _ => None,
        },
        debugger: frame.crossing == Some(Crossing::Debugger),
        arguments: None,
        locals: None,
        unreadable: frame.unreadable.clone(),
        shown_file,
    }
}

/// A value.
pub fn variable(shown: Shown) -> VariableView {
    VariableView {
        name: shown.name,
        type_name: shown.type_name,
        value: shown.text,
        available: shown.available,
        address: shown.address,
        number: None,
        tree: None,
    }
}

/// A node of a tree, without its children.
pub fn node(node: Node) -> VariableView {
    let kind = match node.kind {
        NodeKind::Scope => "scope",
        NodeKind::Scalar => "scalar",
        NodeKind::Pointer => "pointer",
        NodeKind::Text => "text",
        NodeKind::Record => "record",
        NodeKind::List => "list",
        NodeKind::Map => "map",
        NodeKind::Words => "words",
        NodeKind::Raw => "raw",
        NodeKind::Unavailable => "unavailable",
    };
    VariableView {
        available: node.available(),
        name: node.name,
        type_name: node.type_name,
        value: node.text,
        address: node.address,
        number: None,
        tree: Some(TreeView {
            kind,
            expression: node.evaluate_name,
            size: node.size,
            memory: node.memory.filter(|memory| node.address != Some(*memory)),
            changed: node.changed,
            named: node.named,
            indexed: node.indexed,
            children: Vec::new(),
            more: 0,
        }),
    }
}

/// Values.
pub fn variables(shown: Vec<Shown>) -> Vec<VariableView> {
    shown.into_iter().map(variable).collect()
}

/// A breakpoint.
pub fn breakpoint(breakpoint: &Breakpoint, hooks: &Hooks, sources: &mut Sources) -> BreakpointView {
    let site = |site: &freezeframe_engine::BoundSite, sources: &mut Sources| {
        let (file, line, shown_file) = split(site.position.as_ref(), sources);
        SiteView { function: site.function.clone(), file, line, module: site.module.0, pc: site.pc.0, shown_file }
    };
    BreakpointView {
        id: breakpoint.id.0,
        kind: match &breakpoint.spec {
            spec if matches!(spec.location, LocationSpec::Event(_)) => BreakpointKind::Catchpoint,
            spec if spec.log.is_some() => BreakpointKind::Logpoint,
            _ => BreakpointKind::Breakpoint,
        },
        location: breakpoint.spec.location.to_string(),
        pattern: matches!(breakpoint.spec.location, LocationSpec::Matching(_)),
        hit_condition: breakpoint.spec.hits.map(|hits| hits.to_string()),
        ignore: breakpoint.ignore,
        log: breakpoint.spec.log.clone(),
        slow_log: breakpoint.spec.log.is_some() && breakpoint.sites.iter().any(|s| !s.log_in_guest()),
        groups: breakpoint.groups.iter().cloned().collect(),
        commands: hooks.of(breakpoint.id).to_vec(),
        enabled: breakpoint.enabled,
        hits: breakpoint.hits,
        condition: breakpoint.spec.condition.clone(),
        slow_condition: breakpoint.spec.condition.is_some() && breakpoint.sites.iter().any(|s| !s.condition_in_guest()),
        temporary: breakpoint.spec.one_shot,
        pending: breakpoint.pending(),
        note: breakpoint.note.clone(),
        sites: breakpoint.sites.iter().map(|s| site(s, sources)).collect(),
    }
}

/// A function.
pub fn function(function: &FunctionInfo, sources: &mut Sources) -> FunctionView {
    let (file, line, shown_file) = split(function.declared.as_ref(), sources);
    FunctionView {
        name: function.name.clone(),
        module: function.module.0,
        index: function.index,
        pc: function.start.0,
        file,
        line,
        dwarf: function.has_dwarf,
        shown_file,
    }
}

/// An instruction.
pub fn instruction(instruction: &Instruction) -> InstructionView {
    InstructionView {
        pc: instruction.pc.0,
        text: instruction.text.clone(),
        file: instruction.position.as_ref().map(|p| p.path.to_string()),
        line: instruction.position.as_ref().map(|p| p.line),
    }
}

/// A module.
pub fn module(number: u32, name: Option<String>, symbols: &Symbols) -> ModuleView {
    let functions = symbols.functions();
    let mut languages: Vec<&'static str> = functions.iter().filter_map(|f| language(f.language)).collect();
    languages.sort_unstable();
    languages.dedup();
    ModuleView {
        module: number,
        name,
        functions: functions.len(),
        functions_with_dwarf: functions.iter().filter(|f| f.has_dwarf).count(),
        imported_functions: symbols.imported_functions().len(),
        sources: symbols.files().len(),
        lines: symbols.has_lines(),
        languages,
        external_debug: symbols.external_debug().map(str::to_owned),
        warnings: symbols.warnings(),
    }
}

fn language(language: Language) -> Option<&'static str> {
    match language {
        Language::C => Some("C"),
        Language::Cpp => Some("C++"),
        Language::Rust => Some("Rust"),
        Language::Zig => Some("Zig"),
        Language::Other => None,
    }
}

/// The Wasm machine.
pub fn wasm(state: WasmState) -> WasmView {
    let unreadable = state.locals.as_ref().err().cloned().or_else(|| state.operands.as_ref().err().cloned());
    let locals = state.locals.unwrap_or_default();
    let operands = state.operands.unwrap_or_default();
    let global = |(name, value, mutable): (Option<String>, Result<WasmValue, String>, bool)| match value {
        Ok(value) => {
            let mut view = wasm_value(name, &value);
            if mutable {
                view.type_name = format!("mut {}", view.type_name);
            }
            view
        }
        Err(why) => WasmValueView { name, type_name: "?".to_owned(), value: format!("<unavailable: {why}>") },
    };
    WasmView {
        function: state.function,
        pc: state.pc.0,
        locals: locals.into_iter().map(|(name, value)| wasm_value(name, &value)).collect(),
        operands: operands.iter().map(|value| wasm_value(None, value)).collect(),
        globals: state.globals.into_iter().map(global).collect(),
        memories: state.memories,
        unreadable,
    }
}

/// A value of the Wasm machine.
pub fn wasm_value(name: Option<String>, value: &WasmValue) -> WasmValueView {
    WasmValueView { name, type_name: value.type_name().to_owned(), value: value.to_string() }
}

/// How a guest ended; `trap` is what was said when it stopped at the trap.
pub fn end(ended: &Ended, trap: Option<&str>, invoked: Option<&str>) -> EndView {
    let (reason, code, message) = match ended {
        Ended::Returned(_) => (EndKind::Returned, Some(0), None),
        Ended::Exited(code) => (EndKind::Exited, Some(*code), None),
        Ended::Trapped { message } => {
            let message = trap.map_or_else(|| trap_message(message), str::to_owned);
            (EndKind::Trapped, Some(TRAPPED), Some(message))
        }
        Ended::Failed { message } => (EndKind::Failed, Some(FAILED), Some(message.clone())),
        Ended::Killed => (EndKind::Killed, None, None),
    };
    let values = match ended {
        Ended::Returned(values) => values.iter().map(|value| wasm_value(None, value)).collect(),
        _ => Vec::new(),
    };
    EndView { reason, code, values, message, function: invoked.map(str::to_owned) }
}

/// The engine's words for a trap, without its backtrace: the stack was shown at the stop.
pub fn trap_message(message: &str) -> String {
    let line = message.lines().find_map(|line| line.split_once("wasm trap: ").map(|(_, trap)| trap));
    line.or_else(|| message.lines().next()).unwrap_or("unknown trap").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traps_in_one_line() {
        let long =
            "error while executing at wasm backtrace:\n    0: 0x1 - f\n\nCaused by:\n    wasm trap: out of bounds";
        assert_eq!(trap_message(long), "out of bounds");
        assert_eq!(trap_message("wasm trap: integer divide by zero"), "integer divide by zero");
        assert_eq!(trap_message("uncaught exception"), "uncaught exception");
    }
}
