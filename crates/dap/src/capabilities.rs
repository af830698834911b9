//! What this adapter can do: one table, of which `initialize`, the documentation and a test of the truth are made.

use crate::protocol::types::{Capabilities, ExceptionBreakpointsFilter};

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
        "by name or the end of a path";
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
    support_terminate_debuggee "supportTerminateDebuggee" ["disconnect"]
        "a client that leaves says whether the guest ends";
};

/// The kinds of exceptions that a client may ask to stop at.
pub fn exception_filters() -> Vec<ExceptionBreakpointsFilter> {
    Vec::new()
}

/// The body of the answer to `initialize`.
pub fn capabilities() -> Capabilities {
    let mut capabilities = Capabilities::default();
    OFFERED.iter().for_each(|offered| (offered.set)(&mut capabilities));
    let filters = exception_filters();
    capabilities.exception_breakpoint_filters = (!filters.is_empty()).then_some(filters);
    capabilities
}
