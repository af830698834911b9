//! What this adapter can do: one table, of which `initialize`, the documentation and a test of the truth are made.

use crate::{
    handlers::exceptions::FILTERS,
    protocol::types::{Capabilities, ExceptionBreakpointsFilter},
};

/// A capability that is offered.
#[derive(Debug)]
pub struct Offered {
    /// Its name in the protocol.
    pub name: &'static str,
    /// The requests that it promises.
    pub requests: &'static [&'static str],
    /// What it means here, in a few words.
    pub what: &'static str,
    set: fn(&mut Capabilities),
}

macro_rules! offered {
    ($($field:ident $name:literal [$($request:literal),*] $what:literal;)*) => {
        &[$(Offered {
            name: $name,
            requests: &[$($request),*],
            what: $what,
            set: |capabilities| capabilities.$field = Some(true),
        }),*]
    };
}

/// All that are offered.
pub const OFFERED: &[Offered] = offered! {
    supports_configuration_done_request "supportsConfigurationDoneRequest" ["configurationDone"]
        "the guest runs when all breakpoints are set";
    supports_function_breakpoints "supportsFunctionBreakpoints" ["setFunctionBreakpoints"]
        "by name or the end of a path; all that match, as `/regex/`";
    supports_conditional_breakpoints "supportsConditionalBreakpoints" ["setBreakpoints", "setFunctionBreakpoints"]
        "expressions of the guest's language, decided next to the guest where they can be";
    supports_hit_conditional_breakpoints "supportsHitConditionalBreakpoints" ["setBreakpoints"]
        "`3`, `>= 3`, `% 10` …";
    supports_log_points "supportsLogPoints" ["setBreakpoints"]
        "text with expressions in braces";
    supports_evaluate_for_hovers "supportsEvaluateForHovers" ["evaluate"]
        "expressions without effects";
    supports_set_variable "supportsSetVariable" ["setVariable"]
        "variables and their parts that lie in memory";
    supports_set_expression "supportsSetExpression" ["setExpression"]
        "whatever can be assigned to";
    supports_delayed_stack_trace_loading "supportsDelayedStackTraceLoading" ["stackTrace"]
        "deep stacks come in parts";
    supports_terminate_request "supportsTerminateRequest" ["terminate"]
        "the guest is ended";
    supports_instruction_breakpoints "supportsInstructionBreakpoints" ["setInstructionBreakpoints"]
        "at any instruction of the disassembly";
    supports_breakpoint_locations_request "supportsBreakpointLocationsRequest" ["breakpointLocations"]
        "lines and columns at which statements begin";
    supports_exception_filter_options "supportsExceptionFilterOptions" ["setExceptionBreakpoints"]
        "kinds of traps, or an expression";
    supports_exception_info_request "supportsExceptionInfoRequest" ["exceptionInfo"]
        "the kind of trap, its message (of a Rust panic what the program says) and stack";
    supports_step_in_targets_request "supportsStepInTargetsRequest" ["stepInTargets", "stepIn"]
        "the functions that are called from here to the line's end";
    supports_stepping_granularity "supportsSteppingGranularity" ["next", "stepIn", "stepOut"]
        "by line or by instruction; a statement is a line";
    supports_value_formatting_options "supportsValueFormattingOptions" ["variables", "evaluate", "setVariable", "setExpression"]
        "hexadecimal numbers";
    supports_clipboard_context "supportsClipboardContext" ["evaluate"]
        "values in full length";
    supports_completions_request "supportsCompletionsRequest" ["completions"]
        "variables, members, functions";
    supports_disassemble_request "supportsDisassembleRequest" ["disassemble"]
        "Wasm text with its bytes and source lines";
    supports_read_memory_request "supportsReadMemoryRequest" ["readMemory"]
        "linear memory 0 of an instance";
    supports_write_memory_request "supportsWriteMemoryRequest" ["writeMemory"]
        "the same";
    supports_modules_request "supportsModulesRequest" ["modules"]
        "core modules, those inside of components too";
    supports_loaded_sources_request "supportsLoadedSourcesRequest" ["loadedSources", "source"]
        "all files of the debug information";
    supports_restart_request "supportsRestartRequest" ["restart"]
        "the file is opened again; breakpoints stay";
    supports_cancel_request "supportsCancelRequest" ["cancel"]
        "requests that wait, and a launch that compiles";
    supports_terminate_threads_request "supportsTerminateThreadsRequest" ["terminateThreads"]
        "one guest of several is ended";
    support_terminate_debuggee "supportTerminateDebuggee" ["disconnect"]
        "a client that leaves says whether the guest ends";
};

/// The kinds of exceptions that a client may ask to stop at.
pub fn exception_filters() -> Vec<ExceptionBreakpointsFilter> {
    let filters = FILTERS.iter().map(|filter| ExceptionBreakpointsFilter {
        filter: filter.id.to_owned(),
        label: filter.label.to_owned(),
        description: Some(filter.description.to_owned()),
        default: Some(filter.default),
        supports_condition: Some(true),
        condition_description: Some(filter.condition.to_owned()),
    });
    filters.collect()
}

/// The body of the answer to `initialize`.
pub fn capabilities() -> Capabilities {
    let mut capabilities = Capabilities::default();
    OFFERED.iter().for_each(|offered| (offered.set)(&mut capabilities));
    capabilities.exception_breakpoint_filters = Some(exception_filters());
    capabilities.completion_trigger_characters = Some(vec![".".to_owned(), ">".to_owned()]);
    capabilities
}
