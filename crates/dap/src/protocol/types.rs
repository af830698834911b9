//! The types of the Debug Adapter Protocol. Generated from `schema/debug-protocol.json` by `cargo xtask dap-types`;
//! changes by hand are lost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Event, Request};

/// The commands of all requests that a client may send.
pub const REQUESTS: &[&str] = &[
    "attach",
    "breakpointLocations",
    "cancel",
    "completions",
    "configurationDone",
    "continue",
    "dataBreakpointInfo",
    "disassemble",
    "disconnect",
    "evaluate",
    "exceptionInfo",
    "goto",
    "gotoTargets",
    "initialize",
    "launch",
    "loadedSources",
    "locations",
    "modules",
    "next",
    "pause",
    "readMemory",
    "restartFrame",
    "restart",
    "reverseContinue",
    "scopes",
    "setBreakpoints",
    "setDataBreakpoints",
    "setExceptionBreakpoints",
    "setExpression",
    "setFunctionBreakpoints",
    "setInstructionBreakpoints",
    "setVariable",
    "source",
    "stackTrace",
    "stepBack",
    "stepIn",
    "stepInTargets",
    "stepOut",
    "terminate",
    "terminateThreads",
    "threads",
    "variables",
    "writeMemory",
];

/// The commands of all requests that an adapter may send.
pub const REVERSE_REQUESTS: &[&str] = &["runInTerminal", "startDebugging"];

/// The names of all events.
pub const EVENTS: &[&str] = &[
    "breakpoint",
    "capabilities",
    "continued",
    "exited",
    "initialized",
    "invalidated",
    "loadedSource",
    "memory",
    "module",
    "output",
    "process",
    "progressEnd",
    "progressStart",
    "progressUpdate",
    "stopped",
    "terminated",
    "thread",
];

/// Arguments for `attach` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttachRequestArguments {
    /// Arbitrary data from the previous, restarted session.
    #[serde(rename = "__restart", default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Value>,
}

/// Information about a breakpoint created in `setBreakpoints`, `setFunctionBreakpoints`, `setInstructionBreakpoints`, or `setDataBreakpoints` requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Breakpoint {
    /// Start position of the source range covered by the breakpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<i64>,
    /// End position of the source range covered by the breakpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_column: Option<i64>,
    /// The end line of the actual range covered by the breakpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_line: Option<i64>,
    /// The identifier for the breakpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// A memory reference to where the breakpoint is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction_reference: Option<String>,
    /// The start line of the actual range covered by the breakpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<i64>,
    /// A message about the state of the breakpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The offset from the instruction reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
    /// A machine-readable explanation of why a breakpoint may not be verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<BreakpointReason>,
    /// The source where the breakpoint is located.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// If true, the breakpoint could be set (but not necessarily at the desired location).
    pub verified: bool,
}

/// Event-specific information.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BreakpointEventBody {
    /// The `id` attribute is used to find the target breakpoint, the other attributes are used as the new values.
    pub breakpoint: Breakpoint,
    /// The reason for the event.
    pub reason: String,
}

/// Properties of a breakpoint location returned from the `breakpointLocations` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BreakpointLocation {
    /// The start position of a breakpoint location.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<i64>,
    /// The end position of a breakpoint location (if the location covers a range).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_column: Option<i64>,
    /// The end line of breakpoint location if the location covers a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_line: Option<i64>,
    /// Start line of breakpoint location.
    pub line: i64,
}

/// Arguments for `breakpointLocations` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BreakpointLocationsArguments {
    /// Start position within `line` to search possible breakpoint locations in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<i64>,
    /// End position within `endLine` to search possible breakpoint locations in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_column: Option<i64>,
    /// End line of range to search possible breakpoint locations in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_line: Option<i64>,
    /// Start line of range to search possible breakpoint locations in.
    pub line: i64,
    /// The source location of the breakpoints; either `source.path` or `source.sourceReference` must be specified.
    pub source: Source,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BreakpointLocationsResponseBody {
    /// Sorted set of possible breakpoint locations.
    pub breakpoints: Vec<BreakpointLocation>,
}

/// A `BreakpointMode` is provided as a option when setting breakpoints on sources or instructions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BreakpointMode {
    /// Describes one or more type of breakpoint this mode applies to.
    pub applies_to: Vec<String>,
    /// A help text providing additional information about the breakpoint mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The name of the breakpoint mode.
    pub label: String,
    /// The internal ID of the mode.
    pub mode: String,
}

/// A machine-readable explanation of why a breakpoint may not be verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BreakpointReason {
    /// `pending`
    #[default]
    #[serde(rename = "pending")]
    Pending,
    /// `failed`
    #[serde(rename = "failed")]
    Failed,
}

/// Arguments for `cancel` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CancelArguments {
    /// The ID (attribute `progressId`) of the progress to cancel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress_id: Option<String>,
    /// The ID (attribute `seq`) of the request to cancel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<i64>,
}

/// Information about the capabilities of a debug adapter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Capabilities {
    /// The set of additional module information exposed by the debug adapter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_module_columns: Option<Vec<ColumnDescriptor>>,
    /// Modes of breakpoints supported by the debug adapter, such as 'hardware' or 'software'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breakpoint_modes: Option<Vec<BreakpointMode>>,
    /// The set of characters that should trigger completion in a REPL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_trigger_characters: Option<Vec<String>>,
    /// Available exception filter options for the `setExceptionBreakpoints` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception_breakpoint_filters: Option<Vec<ExceptionBreakpointsFilter>>,
    /// The debug adapter supports the `suspendDebuggee` attribute on the `disconnect` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_suspend_debuggee: Option<bool>,
    /// The debug adapter supports the `terminateDebuggee` attribute on the `disconnect` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_terminate_debuggee: Option<bool>,
    /// Checksum algorithms supported by the debug adapter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supported_checksum_algorithms: Option<Vec<ChecksumAlgorithm>>,
    /// The debug adapter supports ANSI escape sequences in styling of `OutputEvent.output` and `Variable.value` fields.
    #[serde(rename = "supportsANSIStyling", default, skip_serializing_if = "Option::is_none")]
    pub supports_ansistyling: Option<bool>,
    /// The debug adapter supports the `breakpointLocations` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_breakpoint_locations_request: Option<bool>,
    /// The debug adapter supports the `cancel` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_cancel_request: Option<bool>,
    /// The debug adapter supports the `clipboard` context value in the `evaluate` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_clipboard_context: Option<bool>,
    /// The debug adapter supports the `completions` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_completions_request: Option<bool>,
    /// The debug adapter supports conditional breakpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_conditional_breakpoints: Option<bool>,
    /// The debug adapter supports the `configurationDone` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_configuration_done_request: Option<bool>,
    /// The debug adapter supports the `asAddress` and `bytes` fields in the `dataBreakpointInfo` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_data_breakpoint_bytes: Option<bool>,
    /// The debug adapter supports data breakpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_data_breakpoints: Option<bool>,
    /// The debug adapter supports the delayed loading of parts of the stack, which requires that both the `startFrame` and `levels` arguments and the `totalFrames` result of the `stackTrace` request are supported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_delayed_stack_trace_loading: Option<bool>,
    /// The debug adapter supports the `disassemble` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_disassemble_request: Option<bool>,
    /// The debug adapter supports a (side effect free) `evaluate` request for data hovers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_evaluate_for_hovers: Option<bool>,
    /// The debug adapter supports `filterOptions` as an argument on the `setExceptionBreakpoints` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_exception_filter_options: Option<bool>,
    /// The debug adapter supports the `exceptionInfo` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_exception_info_request: Option<bool>,
    /// The debug adapter supports `exceptionOptions` on the `setExceptionBreakpoints` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_exception_options: Option<bool>,
    /// The debug adapter supports function breakpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_function_breakpoints: Option<bool>,
    /// The debug adapter supports the `gotoTargets` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_goto_targets_request: Option<bool>,
    /// The debug adapter supports breakpoints that break execution after a specified number of hits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_hit_conditional_breakpoints: Option<bool>,
    /// The debug adapter supports adding breakpoints based on instruction references.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_instruction_breakpoints: Option<bool>,
    /// The debug adapter supports the `loadedSources` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_loaded_sources_request: Option<bool>,
    /// The debug adapter supports log points by interpreting the `logMessage` attribute of the `SourceBreakpoint`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_log_points: Option<bool>,
    /// The debug adapter supports the `modules` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_modules_request: Option<bool>,
    /// The debug adapter supports the `readMemory` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_read_memory_request: Option<bool>,
    /// The debug adapter supports restarting a frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_restart_frame: Option<bool>,
    /// The debug adapter supports the `restart` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_restart_request: Option<bool>,
    /// The debug adapter supports the `setExpression` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_set_expression: Option<bool>,
    /// The debug adapter supports setting a variable to a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_set_variable: Option<bool>,
    /// The debug adapter supports the `singleThread` property on the execution requests (`continue`, `next`, `stepIn`, `stepOut`, `reverseContinue`, `stepBack`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_single_thread_execution_requests: Option<bool>,
    /// The debug adapter supports stepping back via the `stepBack` and `reverseContinue` requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_step_back: Option<bool>,
    /// The debug adapter supports the `stepInTargets` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_step_in_targets_request: Option<bool>,
    /// The debug adapter supports stepping granularities (argument `granularity`) for the stepping requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_stepping_granularity: Option<bool>,
    /// The debug adapter supports the `terminate` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_terminate_request: Option<bool>,
    /// The debug adapter supports the `terminateThreads` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_terminate_threads_request: Option<bool>,
    /// The debug adapter supports a `format` attribute on the `stackTrace`, `variables`, and `evaluate` requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_value_formatting_options: Option<bool>,
    /// The debug adapter supports the `writeMemory` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_write_memory_request: Option<bool>,
}

/// Event-specific information.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CapabilitiesEventBody {
    /// The set of updated capabilities.
    pub capabilities: Capabilities,
}

/// The checksum of an item calculated by the specified algorithm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checksum {
    /// The algorithm used to calculate this checksum.
    pub algorithm: ChecksumAlgorithm,
    /// Value of the checksum, encoded as a hexadecimal value.
    pub checksum: String,
}

/// Names of checksum algorithms that may be supported by a debug adapter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChecksumAlgorithm {
    /// `MD5`
    #[default]
    #[serde(rename = "MD5")]
    MD5,
    /// `SHA1`
    #[serde(rename = "SHA1")]
    SHA1,
    /// `SHA256`
    #[serde(rename = "SHA256")]
    SHA256,
    /// `timestamp`
    #[serde(rename = "timestamp")]
    Timestamp,
}

/// A `ColumnDescriptor` specifies what module attribute to show in a column of the modules view, how to format it, and what the column's label should be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ColumnDescriptor {
    /// Name of the attribute rendered in this column.
    pub attribute_name: String,
    /// Format to use for the rendered values in this column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Header UI label of column.
    pub label: String,
    /// Datatype of values in this column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<ColumnDescriptorType>,
    /// Width of this column in characters (hint only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<i64>,
}

/// Datatype of values in this column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ColumnDescriptorType {
    /// `string`
    #[default]
    #[serde(rename = "string")]
    String,
    /// `number`
    #[serde(rename = "number")]
    Number,
    /// `boolean`
    #[serde(rename = "boolean")]
    Boolean,
    /// `unixTimestampUTC`
    #[serde(rename = "unixTimestampUTC")]
    UnixTimestampUTC,
}

/// `CompletionItems` are the suggestions returned from the `completions` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CompletionItem {
    /// A human-readable string with additional information about this item, like type or symbol information.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The label of this completion item.
    pub label: String,
    /// Length determines how many characters are overwritten by the completion text and it is measured in UTF-16 code units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<i64>,
    /// Determines the length of the new selection after the text has been inserted (or replaced) and it is measured in UTF-16 code units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection_length: Option<i64>,
    /// Determines the start of the new selection after the text has been inserted (or replaced).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection_start: Option<i64>,
    /// A string that should be used when comparing this item with other items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_text: Option<String>,
    /// Start position (within the `text` attribute of the `completions` request) where the completion text is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<i64>,
    /// If text is returned and not an empty string, then it is inserted instead of the label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The item's type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<CompletionItemType>,
}

/// Some predefined types for the CompletionItem.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CompletionItemType {
    /// `method`
    #[default]
    #[serde(rename = "method")]
    Method,
    /// `function`
    #[serde(rename = "function")]
    Function,
    /// `constructor`
    #[serde(rename = "constructor")]
    Constructor,
    /// `field`
    #[serde(rename = "field")]
    Field,
    /// `variable`
    #[serde(rename = "variable")]
    Variable,
    /// `class`
    #[serde(rename = "class")]
    Class,
    /// `interface`
    #[serde(rename = "interface")]
    Interface,
    /// `module`
    #[serde(rename = "module")]
    Module,
    /// `property`
    #[serde(rename = "property")]
    Property,
    /// `unit`
    #[serde(rename = "unit")]
    Unit,
    /// `value`
    #[serde(rename = "value")]
    Value,
    /// `enum`
    #[serde(rename = "enum")]
    Enum,
    /// `keyword`
    #[serde(rename = "keyword")]
    Keyword,
    /// `snippet`
    #[serde(rename = "snippet")]
    Snippet,
    /// `text`
    #[serde(rename = "text")]
    Text,
    /// `color`
    #[serde(rename = "color")]
    Color,
    /// `file`
    #[serde(rename = "file")]
    File,
    /// `reference`
    #[serde(rename = "reference")]
    Reference,
    /// `customcolor`
    #[serde(rename = "customcolor")]
    Customcolor,
}

/// Arguments for `completions` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CompletionsArguments {
    /// The position within `text` for which to determine the completion proposals.
    pub column: i64,
    /// Returns completions in the scope of this stack frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_id: Option<i64>,
    /// A line for which to determine the completion proposals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<i64>,
    /// One or more source lines.
    pub text: String,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CompletionsResponseBody {
    /// The possible completions for .
    pub targets: Vec<CompletionItem>,
}

/// Arguments for `continue` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContinueArguments {
    /// If this flag is true, execution is resumed only for the thread with given `threadId`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub single_thread: Option<bool>,
    /// Specifies the active thread.
    pub thread_id: i64,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContinueResponseBody {
    /// The value true (or a missing property) signals to the client that all threads have been resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_threads_continued: Option<bool>,
}

/// Event-specific information.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContinuedEventBody {
    /// If `allThreadsContinued` is true, a debug adapter can announce that all threads have continued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_threads_continued: Option<bool>,
    /// The thread which was continued.
    pub thread_id: i64,
}

/// Properties of a data breakpoint passed to the `setDataBreakpoints` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataBreakpoint {
    /// The access type of the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_type: Option<DataBreakpointAccessType>,
    /// An expression for conditional breakpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// An id representing the data.
    pub data_id: String,
    /// An expression that controls how many hits of the breakpoint are ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hit_condition: Option<String>,
}

/// This enumeration defines all possible access types for data breakpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DataBreakpointAccessType {
    /// `read`
    #[default]
    #[serde(rename = "read")]
    Read,
    /// `write`
    #[serde(rename = "write")]
    Write,
    /// `readWrite`
    #[serde(rename = "readWrite")]
    ReadWrite,
}

/// Arguments for `dataBreakpointInfo` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataBreakpointInfoArguments {
    /// If `true`, the `name` is a memory address and the debugger should interpret it as a decimal value, or hex value if it is prefixed with `0x`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_address: Option<bool>,
    /// If specified, a debug adapter should return information for the range of memory extending `bytes` number of bytes from the address or variable specified by `name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<i64>,
    /// When `name` is an expression, evaluate it in the scope of this stack frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_id: Option<i64>,
    /// The mode of the desired breakpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The name of the variable's child to obtain data breakpoint information for.
    pub name: String,
    /// Reference to the variable container if the data breakpoint is requested for a child of the container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variables_reference: Option<i64>,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataBreakpointInfoResponseBody {
    /// Attribute lists the available access types for a potential data breakpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_types: Option<Vec<DataBreakpointAccessType>>,
    /// Attribute indicates that a potential data breakpoint could be persisted across sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can_persist: Option<bool>,
    /// An identifier for the data on which a data breakpoint can be registered with the `setDataBreakpoints` request or null if no data breakpoint is available.
    pub data_id: Value,
    /// UI string that describes on what data the breakpoint is set on or why a data breakpoint is not available.
    pub description: String,
}

/// Arguments for `disassemble` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DisassembleArguments {
    /// Number of instructions to disassemble starting at the specified location and offset.
    pub instruction_count: i64,
    /// Offset (in instructions) to be applied after the byte offset (if any) before disassembling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction_offset: Option<i64>,
    /// Memory reference to the base location containing the instructions to disassemble.
    pub memory_reference: String,
    /// Offset (in bytes) to be applied to the reference location before disassembling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
    /// If true, the adapter should attempt to resolve memory addresses and other values to symbolic names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolve_symbols: Option<bool>,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DisassembleResponseBody {
    /// The list of disassembled instructions.
    pub instructions: Vec<DisassembledInstruction>,
}

/// Represents a single disassembled instruction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DisassembledInstruction {
    /// The address of the instruction.
    pub address: String,
    /// The column within the line that corresponds to this instruction, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<i64>,
    /// The end column of the range that corresponds to this instruction, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_column: Option<i64>,
    /// The end line of the range that corresponds to this instruction, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_line: Option<i64>,
    /// Text representing the instruction and its operands, in an implementation-defined format.
    pub instruction: String,
    /// Raw bytes representing the instruction and its operands, in an implementation-defined format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction_bytes: Option<String>,
    /// The line within the source location that corresponds to this instruction, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<i64>,
    /// Source location that corresponds to this instruction, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Source>,
    /// A hint for how to present the instruction in the UI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presentation_hint: Option<DisassembledInstructionPresentationHint>,
    /// Name of the symbol that corresponds with the location of this instruction, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
}

/// A hint for how to present the instruction in the UI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DisassembledInstructionPresentationHint {
    /// `normal`
    #[default]
    #[serde(rename = "normal")]
    Normal,
    /// `invalid`
    #[serde(rename = "invalid")]
    Invalid,
}

/// Arguments for `disconnect` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DisconnectArguments {
    /// A value of true indicates that this `disconnect` request is part of a restart sequence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<bool>,
    /// Indicates whether the debuggee should stay suspended when the debugger is disconnected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend_debuggee: Option<bool>,
    /// Indicates whether the debuggee should be terminated when the debugger is disconnected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminate_debuggee: Option<bool>,
}

/// Arguments for `evaluate` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvaluateArguments {
    /// The contextual column where the expression should be evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<i64>,
    /// The context in which the evaluate request is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// The expression to evaluate.
    pub expression: String,
    /// Specifies details on how to format the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<ValueFormat>,
    /// Evaluate the expression in the scope of this stack frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_id: Option<i64>,
    /// The contextual line where the expression should be evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<i64>,
    /// The contextual source in which the `line` is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvaluateResponseBody {
    /// The number of indexed child variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indexed_variables: Option<i64>,
    /// A memory reference to a location appropriate for this result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_reference: Option<String>,
    /// The number of named child variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_variables: Option<i64>,
    /// Properties of an evaluate result that can be used to determine how to render the result in the UI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presentation_hint: Option<VariablePresentationHint>,
    /// The result of the evaluate request.
    pub result: String,
    /// The type of the evaluate result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// A reference that allows the client to request the location where the returned value is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_location_reference: Option<i64>,
    /// If `variablesReference` is > 0, the evaluate result is structured and its children can be retrieved by passing `variablesReference` to the `variables` request as long as execution remains suspended.
    pub variables_reference: i64,
}

/// This enumeration defines all possible conditions when a thrown exception should result in a break.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExceptionBreakMode {
    /// `never`
    #[default]
    #[serde(rename = "never")]
    Never,
    /// `always`
    #[serde(rename = "always")]
    Always,
    /// `unhandled`
    #[serde(rename = "unhandled")]
    Unhandled,
    /// `userUnhandled`
    #[serde(rename = "userUnhandled")]
    UserUnhandled,
}

/// An `ExceptionBreakpointsFilter` is shown in the UI as an filter option for configuring how exceptions are dealt with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionBreakpointsFilter {
    /// A help text providing information about the condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_description: Option<String>,
    /// Initial value of the filter option.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<bool>,
    /// A help text providing additional information about the exception filter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The internal ID of the filter option.
    pub filter: String,
    /// The name of the filter option.
    pub label: String,
    /// Controls whether a condition can be specified for this filter option.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_condition: Option<bool>,
}

/// Detailed information about an exception that has occurred.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionDetails {
    /// An expression that can be evaluated in the current scope to obtain the exception object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluate_name: Option<String>,
    /// Fully-qualified type name of the exception object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_type_name: Option<String>,
    /// Details of the exception contained by this exception, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner_exception: Option<Vec<ExceptionDetails>>,
    /// Message contained in the exception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Stack trace at the time the exception was thrown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_trace: Option<String>,
    /// Short type name of the exception object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
}

/// An `ExceptionFilterOptions` is used to specify an exception filter together with a condition for the `setExceptionBreakpoints` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionFilterOptions {
    /// An expression for conditional exceptions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// ID of an exception filter returned by the `exceptionBreakpointFilters` capability.
    pub filter_id: String,
    /// The mode of this exception breakpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

/// Arguments for `exceptionInfo` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionInfoArguments {
    /// Thread for which exception information should be retrieved.
    pub thread_id: i64,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionInfoResponseBody {
    /// Mode that caused the exception notification to be raised.
    pub break_mode: ExceptionBreakMode,
    /// Descriptive text for the exception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Detailed information about the exception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<ExceptionDetails>,
    /// ID of the exception that was thrown.
    pub exception_id: String,
}

/// An `ExceptionOptions` assigns configuration options to a set of exceptions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionOptions {
    /// Condition when a thrown exception should result in a break.
    pub break_mode: ExceptionBreakMode,
    /// A path that selects a single or multiple exceptions in a tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Vec<ExceptionPathSegment>>,
}

/// An `ExceptionPathSegment` represents a segment in a path that is used to match leafs or nodes in a tree of exceptions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionPathSegment {
    /// Depending on the value of `negate` the names that should match or not match.
    pub names: Vec<String>,
    /// If false or missing this segment matches the names provided, otherwise it matches anything except the names provided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negate: Option<bool>,
}

/// Event-specific information.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExitedEventBody {
    /// The exit code returned from the debuggee.
    pub exit_code: i64,
}

/// Properties of a breakpoint passed to the `setFunctionBreakpoints` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionBreakpoint {
    /// An expression for conditional breakpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// An expression that controls how many hits of the breakpoint are ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hit_condition: Option<String>,
    /// The name of the function.
    pub name: String,
}

/// Arguments for `goto` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GotoArguments {
    /// The location where the debuggee will continue to run.
    pub target_id: i64,
    /// Set the goto target for this thread.
    pub thread_id: i64,
}

/// A `GotoTarget` describes a code location that can be used as a target in the `goto` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GotoTarget {
    /// The column of the goto target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<i64>,
    /// The end column of the range covered by the goto target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_column: Option<i64>,
    /// The end line of the range covered by the goto target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_line: Option<i64>,
    /// Unique identifier for a goto target.
    pub id: i64,
    /// A memory reference for the instruction pointer value represented by this target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction_pointer_reference: Option<String>,
    /// The name of the goto target (shown in the UI).
    pub label: String,
    /// The line of the goto target.
    pub line: i64,
}

/// Arguments for `gotoTargets` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GotoTargetsArguments {
    /// The position within `line` for which the goto targets are determined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<i64>,
    /// The line location for which the goto targets are determined.
    pub line: i64,
    /// The source location for which the goto targets are determined.
    pub source: Source,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GotoTargetsResponseBody {
    /// The possible goto targets of the specified location.
    pub targets: Vec<GotoTarget>,
}

/// Arguments for `initialize` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InitializeRequestArguments {
    /// The ID of the debug adapter.
    #[serde(rename = "adapterID")]
    pub adapter_id: String,
    /// The ID of the client using this adapter.
    #[serde(rename = "clientID", default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The human-readable name of the client using this adapter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// If true all column numbers are 1-based (default).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns_start_at1: Option<bool>,
    /// If true all line numbers are 1-based (default).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines_start_at1: Option<bool>,
    /// The ISO-639 locale of the client using this adapter, e.g.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Determines in what format paths are specified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_format: Option<String>,
    /// The client will interpret ANSI escape sequences in the display of `OutputEvent.output` and `Variable.value` fields when `Capabilities.supportsANSIStyling` is also enabled.
    #[serde(rename = "supportsANSIStyling", default, skip_serializing_if = "Option::is_none")]
    pub supports_ansistyling: Option<bool>,
    /// Client supports the `argsCanBeInterpretedByShell` attribute on the `runInTerminal` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_args_can_be_interpreted_by_shell: Option<bool>,
    /// Client supports the `invalidated` event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_invalidated_event: Option<bool>,
    /// Client supports the `memory` event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_memory_event: Option<bool>,
    /// Client supports memory references.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_memory_references: Option<bool>,
    /// Client supports progress reporting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_progress_reporting: Option<bool>,
    /// Client supports the `runInTerminal` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_run_in_terminal_request: Option<bool>,
    /// Client supports the `startDebugging` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_start_debugging_request: Option<bool>,
    /// Client supports the paging of variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_variable_paging: Option<bool>,
    /// Client supports the `type` attribute for variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_variable_type: Option<bool>,
}

/// The event has no body.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InitializedEventBody {}

/// Properties of a breakpoint passed to the `setInstructionBreakpoints` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstructionBreakpoint {
    /// An expression for conditional breakpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// An expression that controls how many hits of the breakpoint are ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hit_condition: Option<String>,
    /// The instruction reference of the breakpoint.
    pub instruction_reference: String,
    /// The mode of this breakpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The offset from the instruction reference in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
}

/// Event-specific information.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InvalidatedEventBody {
    /// Set of logical areas that got invalidated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub areas: Option<Vec<String>>,
    /// If specified, the client only needs to refetch data related to this stack frame (and the `threadId` is ignored).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_frame_id: Option<i64>,
    /// If specified, the client only needs to refetch data related to this thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<i64>,
}

/// Arguments for `launch` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LaunchRequestArguments {
    /// Arbitrary data from the previous, restarted session.
    #[serde(rename = "__restart", default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Value>,
    /// If true, the launch request should launch the program without enabling debugging.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_debug: Option<bool>,
}

/// Event-specific information.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadedSourceEventBody {
    /// The reason for the event.
    pub reason: LoadedSourceEventBodyReason,
    /// The new, changed, or removed source.
    pub source: Source,
}

/// The reason for the event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoadedSourceEventBodyReason {
    /// `new`
    #[default]
    #[serde(rename = "new")]
    New,
    /// `changed`
    #[serde(rename = "changed")]
    Changed,
    /// `removed`
    #[serde(rename = "removed")]
    Removed,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadedSourcesResponseBody {
    /// Set of loaded sources.
    pub sources: Vec<Source>,
}

/// Arguments for `locations` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LocationsArguments {
    /// Location reference to resolve.
    pub location_reference: i64,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LocationsResponseBody {
    /// Position of the location within the `line`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<i64>,
    /// End position of the location within `endLine`, present if the location refers to a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_column: Option<i64>,
    /// End line of the location, present if the location refers to a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_line: Option<i64>,
    /// The line number of the location.
    pub line: i64,
    /// The source containing the location; either `source.path` or `source.sourceReference` must be specified.
    pub source: Source,
}

/// Event-specific information.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryEventBody {
    /// Number of bytes updated.
    pub count: i64,
    /// Memory reference of a memory range that has been updated.
    pub memory_reference: String,
    /// Starting offset in bytes where memory has been updated.
    pub offset: i64,
}

/// A Module object represents a row in the modules view.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Module {
    /// Address range covered by this module.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_range: Option<String>,
    /// Module created or modified, encoded as a RFC 3339 timestamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_time_stamp: Option<String>,
    /// Unique identifier for the module.
    pub id: Value,
    /// True if the module is optimized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_optimized: Option<bool>,
    /// True if the module is considered 'user code' by a debugger that supports 'Just My Code'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_user_code: Option<bool>,
    /// A name of the module.
    pub name: String,
    /// Logical full path to the module.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Logical full path to the symbol file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol_file_path: Option<String>,
    /// User-understandable description of if symbols were found for the module (ex: 'Symbols Loaded', 'Symbols not found', etc.).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol_status: Option<String>,
    /// Version of Module.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Event-specific information.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModuleEventBody {
    /// The new, changed, or removed module.
    pub module: Module,
    /// The reason for the event.
    pub reason: ModuleEventBodyReason,
}

/// The reason for the event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ModuleEventBodyReason {
    /// `new`
    #[default]
    #[serde(rename = "new")]
    New,
    /// `changed`
    #[serde(rename = "changed")]
    Changed,
    /// `removed`
    #[serde(rename = "removed")]
    Removed,
}

/// Arguments for `modules` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModulesArguments {
    /// The number of modules to return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module_count: Option<i64>,
    /// The index of the first module to return; if omitted modules start at 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_module: Option<i64>,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModulesResponseBody {
    /// All modules or range of modules.
    pub modules: Vec<Module>,
    /// The total number of modules available.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_modules: Option<i64>,
}

/// Arguments for `next` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NextArguments {
    /// Stepping granularity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granularity: Option<SteppingGranularity>,
    /// If this flag is true, all other suspended threads are not resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub single_thread: Option<bool>,
    /// Specifies the thread for which to resume execution for one step (of the given granularity).
    pub thread_id: i64,
}

/// Event-specific information.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputEventBody {
    /// The output category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The position in `line` where the output was produced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<i64>,
    /// Additional data to report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// Support for keeping an output log organized by grouping related messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<OutputEventBodyGroup>,
    /// The source location's line where the output was produced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<i64>,
    /// A reference that allows the client to request the location where the new value is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location_reference: Option<i64>,
    /// The output to report.
    pub output: String,
    /// The source location where the output was produced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// If an attribute `variablesReference` exists and its value is > 0, the output contains objects which can be retrieved by passing `variablesReference` to the `variables` request as long as execution remains suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variables_reference: Option<i64>,
}

/// Support for keeping an output log organized by grouping related messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutputEventBodyGroup {
    /// `start`
    #[default]
    #[serde(rename = "start")]
    Start,
    /// `startCollapsed`
    #[serde(rename = "startCollapsed")]
    StartCollapsed,
    /// `end`
    #[serde(rename = "end")]
    End,
}

/// Arguments for `pause` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PauseArguments {
    /// Pause execution for this thread.
    pub thread_id: i64,
}

/// Event-specific information.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProcessEventBody {
    /// If true, the process is running on the same computer as the debug adapter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_local_process: Option<bool>,
    /// The logical name of the process.
    pub name: String,
    /// The size of a pointer or address for this process, in bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer_size: Option<i64>,
    /// Describes how the debug engine started debugging this process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_method: Option<ProcessEventBodyStartMethod>,
    /// The process ID of the debugged process, as assigned by the operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_process_id: Option<i64>,
}

/// Describes how the debug engine started debugging this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProcessEventBodyStartMethod {
    /// `launch`
    #[default]
    #[serde(rename = "launch")]
    Launch,
    /// `attach`
    #[serde(rename = "attach")]
    Attach,
    /// `attachForSuspendedLaunch`
    #[serde(rename = "attachForSuspendedLaunch")]
    AttachForSuspendedLaunch,
}

/// Event-specific information.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProgressEndEventBody {
    /// More detailed progress message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The ID that was introduced in the initial `ProgressStartEvent`.
    pub progress_id: String,
}

/// Event-specific information.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProgressStartEventBody {
    /// If true, the request that reports progress may be cancelled with a `cancel` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellable: Option<bool>,
    /// More detailed progress message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Progress percentage to display (value range: 0 to 100).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentage: Option<f64>,
    /// An ID that can be used in subsequent `progressUpdate` and `progressEnd` events to make them refer to the same progress reporting.
    pub progress_id: String,
    /// The request ID that this progress report is related to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<i64>,
    /// Short title of the progress reporting.
    pub title: String,
}

/// Event-specific information.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProgressUpdateEventBody {
    /// More detailed progress message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Progress percentage to display (value range: 0 to 100).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentage: Option<f64>,
    /// The ID that was introduced in the initial `progressStart` event.
    pub progress_id: String,
}

/// Arguments for `readMemory` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadMemoryArguments {
    /// Number of bytes to read at the specified location and offset.
    pub count: i64,
    /// Memory reference to the base location from which data should be read.
    pub memory_reference: String,
    /// Offset (in bytes) to be applied to the reference location before reading data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadMemoryResponseBody {
    /// The address of the first byte of data returned.
    pub address: String,
    /// The bytes read from memory, encoded using base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The number of unreadable bytes encountered after the last successfully read byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable_bytes: Option<i64>,
}

/// Arguments for `restart` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestartArguments {
    /// The latest version of the `launch` or `attach` configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Value>,
}

/// Arguments for `restartFrame` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestartFrameArguments {
    /// Restart the stack frame identified by `frameId`.
    pub frame_id: i64,
}

/// Arguments for `reverseContinue` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReverseContinueArguments {
    /// If this flag is true, backward execution is resumed only for the thread with given `threadId`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub single_thread: Option<bool>,
    /// Specifies the active thread.
    pub thread_id: i64,
}

/// Arguments for `runInTerminal` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunInTerminalRequestArguments {
    /// List of arguments.
    pub args: Vec<String>,
    /// This property should only be set if the corresponding capability `supportsArgsCanBeInterpretedByShell` is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args_can_be_interpreted_by_shell: Option<bool>,
    /// Working directory for the command.
    pub cwd: String,
    /// Environment key-value pairs that are added to or removed from the default environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<BTreeMap<String, Value>>,
    /// What kind of terminal to launch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<RunInTerminalRequestArgumentsKind>,
    /// Title of the terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// What kind of terminal to launch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunInTerminalRequestArgumentsKind {
    /// `integrated`
    #[default]
    #[serde(rename = "integrated")]
    Integrated,
    /// `external`
    #[serde(rename = "external")]
    External,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunInTerminalResponseBody {
    /// The process ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process_id: Option<i64>,
    /// The process ID of the terminal shell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell_process_id: Option<i64>,
}

/// A `Scope` is a named container for variables.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    /// Start position of the range covered by the scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<i64>,
    /// End position of the range covered by the scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_column: Option<i64>,
    /// The end line of the range covered by this scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_line: Option<i64>,
    /// If true, the number of variables in this scope is large or expensive to retrieve.
    pub expensive: bool,
    /// The number of indexed variables in this scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indexed_variables: Option<i64>,
    /// The start line of the range covered by this scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<i64>,
    /// Name of the scope such as 'Arguments', 'Locals', or 'Registers'.
    pub name: String,
    /// The number of named variables in this scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_variables: Option<i64>,
    /// A hint for how to present this scope in the UI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presentation_hint: Option<String>,
    /// The source for this scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The variables of this scope can be retrieved by passing the value of `variablesReference` to the `variables` request as long as execution remains suspended.
    pub variables_reference: i64,
}

/// Arguments for `scopes` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScopesArguments {
    /// Retrieve the scopes for the stack frame identified by `frameId`.
    pub frame_id: i64,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScopesResponseBody {
    /// The scopes of the stack frame.
    pub scopes: Vec<Scope>,
}

/// Arguments for `setBreakpoints` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetBreakpointsArguments {
    /// The code locations of the breakpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breakpoints: Option<Vec<SourceBreakpoint>>,
    /// Deprecated: The code locations of the breakpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<i64>>,
    /// The source location of the breakpoints; either `source.path` or `source.sourceReference` must be specified.
    pub source: Source,
    /// A value of true indicates that the underlying source has been modified which results in new breakpoint locations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_modified: Option<bool>,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetBreakpointsResponseBody {
    /// Information about the breakpoints.
    pub breakpoints: Vec<Breakpoint>,
}

/// Arguments for `setDataBreakpoints` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetDataBreakpointsArguments {
    /// The contents of this array replaces all existing data breakpoints.
    pub breakpoints: Vec<DataBreakpoint>,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetDataBreakpointsResponseBody {
    /// Information about the data breakpoints.
    pub breakpoints: Vec<Breakpoint>,
}

/// Arguments for `setExceptionBreakpoints` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetExceptionBreakpointsArguments {
    /// Configuration options for selected exceptions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception_options: Option<Vec<ExceptionOptions>>,
    /// Set of exception filters and their options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_options: Option<Vec<ExceptionFilterOptions>>,
    /// Set of exception filters specified by their ID.
    pub filters: Vec<String>,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetExceptionBreakpointsResponseBody {
    /// Information about the exception breakpoints or filters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breakpoints: Option<Vec<Breakpoint>>,
}

/// Arguments for `setExpression` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetExpressionArguments {
    /// The l-value expression to assign to.
    pub expression: String,
    /// Specifies how the resulting value should be formatted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<ValueFormat>,
    /// Evaluate the expressions in the scope of this stack frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_id: Option<i64>,
    /// The value expression to assign to the l-value expression.
    pub value: String,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetExpressionResponseBody {
    /// The number of indexed child variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indexed_variables: Option<i64>,
    /// A memory reference to a location appropriate for this result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_reference: Option<String>,
    /// The number of named child variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_variables: Option<i64>,
    /// Properties of a value that can be used to determine how to render the result in the UI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presentation_hint: Option<VariablePresentationHint>,
    /// The type of the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// The new value of the expression.
    pub value: String,
    /// A reference that allows the client to request the location where the new value is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_location_reference: Option<i64>,
    /// If `variablesReference` is > 0, the evaluate result is structured and its children can be retrieved by passing `variablesReference` to the `variables` request as long as execution remains suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variables_reference: Option<i64>,
}

/// Arguments for `setFunctionBreakpoints` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetFunctionBreakpointsArguments {
    /// The function names of the breakpoints.
    pub breakpoints: Vec<FunctionBreakpoint>,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetFunctionBreakpointsResponseBody {
    /// Information about the breakpoints.
    pub breakpoints: Vec<Breakpoint>,
}

/// Arguments for `setInstructionBreakpoints` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetInstructionBreakpointsArguments {
    /// The instruction references of the breakpoints.
    pub breakpoints: Vec<InstructionBreakpoint>,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetInstructionBreakpointsResponseBody {
    /// Information about the breakpoints.
    pub breakpoints: Vec<Breakpoint>,
}

/// Arguments for `setVariable` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetVariableArguments {
    /// Specifies details on how to format the response value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<ValueFormat>,
    /// The name of the variable in the container.
    pub name: String,
    /// The value of the variable.
    pub value: String,
    /// The reference of the variable container.
    pub variables_reference: i64,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetVariableResponseBody {
    /// The number of indexed child variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indexed_variables: Option<i64>,
    /// A memory reference to a location appropriate for this result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_reference: Option<String>,
    /// The number of named child variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_variables: Option<i64>,
    /// The type of the new value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// The new value of the variable.
    pub value: String,
    /// A reference that allows the client to request the location where the new value is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_location_reference: Option<i64>,
    /// If `variablesReference` is > 0, the new value is structured and its children can be retrieved by passing `variablesReference` to the `variables` request as long as execution remains suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variables_reference: Option<i64>,
}

/// A `Source` is a descriptor for source code.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// Additional data that a debug adapter might want to loop through the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter_data: Option<Value>,
    /// The checksums associated with this file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksums: Option<Vec<Checksum>>,
    /// The short name of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The origin of this source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The path of the source to be shown in the UI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// A hint for how to present the source in the UI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presentation_hint: Option<SourcePresentationHint>,
    /// If the value > 0 the contents of the source must be retrieved through the `source` request (even if a path is specified).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_reference: Option<i64>,
    /// A list of sources that are related to this source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<Source>>,
}

/// Arguments for `source` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceArguments {
    /// Specifies the source content to load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The reference to the source.
    pub source_reference: i64,
}

/// Properties of a breakpoint or logpoint passed to the `setBreakpoints` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceBreakpoint {
    /// Start position within source line of the breakpoint or logpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<i64>,
    /// The expression for conditional breakpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The expression that controls how many hits of the breakpoint are ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hit_condition: Option<String>,
    /// The source line of the breakpoint or logpoint.
    pub line: i64,
    /// If this attribute exists and is non-empty, the debug adapter must not 'break' (stop) but log the message instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_message: Option<String>,
    /// The mode of this breakpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

/// A hint for how to present the source in the UI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SourcePresentationHint {
    /// `normal`
    #[default]
    #[serde(rename = "normal")]
    Normal,
    /// `emphasize`
    #[serde(rename = "emphasize")]
    Emphasize,
    /// `deemphasize`
    #[serde(rename = "deemphasize")]
    Deemphasize,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceResponseBody {
    /// Content of the source reference.
    pub content: String,
    /// Content type (MIME type) of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
}

/// A Stackframe contains the source location.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackFrame {
    /// Indicates whether this frame can be restarted with the `restartFrame` request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can_restart: Option<bool>,
    /// Start position of the range covered by the stack frame.
    pub column: i64,
    /// End position of the range covered by the stack frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_column: Option<i64>,
    /// The end line of the range covered by the stack frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_line: Option<i64>,
    /// An identifier for the stack frame.
    pub id: i64,
    /// A memory reference for the current instruction pointer in this frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction_pointer_reference: Option<String>,
    /// The line within the source of the frame.
    pub line: i64,
    /// The module associated with this frame, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module_id: Option<Value>,
    /// The name of the stack frame, typically a method name.
    pub name: String,
    /// A hint for how to present this frame in the UI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presentation_hint: Option<StackFramePresentationHint>,
    /// The source of the frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// Provides formatting information for a stack frame.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackFrameFormat {
    /// Display the value in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hex: Option<bool>,
    /// Includes all stack frames, including those the debug adapter might otherwise hide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_all: Option<bool>,
    /// Displays the line number of the stack frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<bool>,
    /// Displays the module of the stack frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<bool>,
    /// Displays the names of parameters for the stack frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter_names: Option<bool>,
    /// Displays the types of parameters for the stack frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter_types: Option<bool>,
    /// Displays the values of parameters for the stack frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter_values: Option<bool>,
    /// Displays parameters for the stack frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<bool>,
}

/// A hint for how to present this frame in the UI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StackFramePresentationHint {
    /// `normal`
    #[default]
    #[serde(rename = "normal")]
    Normal,
    /// `label`
    #[serde(rename = "label")]
    Label,
    /// `subtle`
    #[serde(rename = "subtle")]
    Subtle,
}

/// Arguments for `stackTrace` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackTraceArguments {
    /// Specifies details on how to format the stack frames.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<StackFrameFormat>,
    /// The maximum number of frames to return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub levels: Option<i64>,
    /// The index of the first frame to return; if omitted frames start at 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_frame: Option<i64>,
    /// Retrieve the stacktrace for this thread.
    pub thread_id: i64,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackTraceResponseBody {
    /// The frames of the stack frame.
    pub stack_frames: Vec<StackFrame>,
    /// The total number of frames available in the stack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_frames: Option<i64>,
}

/// Arguments for `startDebugging` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartDebuggingRequestArguments {
    /// Arguments passed to the new debug session.
    pub configuration: Value,
    /// Indicates whether the new debug session should be started with a `launch` or `attach` request.
    pub request: StartDebuggingRequestArgumentsRequest,
}

/// Indicates whether the new debug session should be started with a `launch` or `attach` request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StartDebuggingRequestArgumentsRequest {
    /// `launch`
    #[default]
    #[serde(rename = "launch")]
    Launch,
    /// `attach`
    #[serde(rename = "attach")]
    Attach,
}

/// Arguments for `stepBack` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepBackArguments {
    /// Stepping granularity to step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granularity: Option<SteppingGranularity>,
    /// If this flag is true, all other suspended threads are not resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub single_thread: Option<bool>,
    /// Specifies the thread for which to resume execution for one step backwards (of the given granularity).
    pub thread_id: i64,
}

/// Arguments for `stepIn` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepInArguments {
    /// Stepping granularity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granularity: Option<SteppingGranularity>,
    /// If this flag is true, all other suspended threads are not resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub single_thread: Option<bool>,
    /// Id of the target to step into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_id: Option<i64>,
    /// Specifies the thread for which to resume execution for one step-into (of the given granularity).
    pub thread_id: i64,
}

/// A `StepInTarget` can be used in the `stepIn` request and determines into which single target the `stepIn` request should step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepInTarget {
    /// Start position of the range covered by the step in target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<i64>,
    /// End position of the range covered by the step in target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_column: Option<i64>,
    /// The end line of the range covered by the step-in target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_line: Option<i64>,
    /// Unique identifier for a step-in target.
    pub id: i64,
    /// The name of the step-in target (shown in the UI).
    pub label: String,
    /// The line of the step-in target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<i64>,
}

/// Arguments for `stepInTargets` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepInTargetsArguments {
    /// The stack frame for which to retrieve the possible step-in targets.
    pub frame_id: i64,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepInTargetsResponseBody {
    /// The possible step-in targets of the specified source location.
    pub targets: Vec<StepInTarget>,
}

/// Arguments for `stepOut` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepOutArguments {
    /// Stepping granularity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granularity: Option<SteppingGranularity>,
    /// If this flag is true, all other suspended threads are not resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub single_thread: Option<bool>,
    /// Specifies the thread for which to resume execution for one step-out (of the given granularity).
    pub thread_id: i64,
}

/// The granularity of one 'step' in the stepping requests `next`, `stepIn`, `stepOut`, and `stepBack`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SteppingGranularity {
    /// `statement`
    #[default]
    #[serde(rename = "statement")]
    Statement,
    /// `line`
    #[serde(rename = "line")]
    Line,
    /// `instruction`
    #[serde(rename = "instruction")]
    Instruction,
}

/// Event-specific information.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoppedEventBody {
    /// If `allThreadsStopped` is true, a debug adapter can announce that all threads have stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_threads_stopped: Option<bool>,
    /// The full reason for the event, e.g.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Ids of the breakpoints that triggered the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hit_breakpoint_ids: Option<Vec<i64>>,
    /// A value of true hints to the client that this event should not change the focus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preserve_focus_hint: Option<bool>,
    /// The reason for the event.
    pub reason: String,
    /// Additional information.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The thread which was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<i64>,
}

/// Arguments for `terminate` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TerminateArguments {
    /// A value of true indicates that this `terminate` request is part of a restart sequence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<bool>,
}

/// Arguments for `terminateThreads` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TerminateThreadsArguments {
    /// Ids of threads to be terminated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_ids: Option<Vec<i64>>,
}

/// Event-specific information.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TerminatedEventBody {
    /// A debug adapter may set `restart` to true (or to an arbitrary object) to request that the client restarts the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Value>,
}

/// A Thread.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Thread {
    /// Unique identifier for the thread.
    pub id: i64,
    /// The name of the thread.
    pub name: String,
}

/// Event-specific information.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ThreadEventBody {
    /// The reason for the event.
    pub reason: String,
    /// The identifier of the thread.
    pub thread_id: i64,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ThreadsResponseBody {
    /// All threads.
    pub threads: Vec<Thread>,
}

/// Provides formatting information for a value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValueFormat {
    /// Display the value in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hex: Option<bool>,
}

/// A Variable is a name/value pair.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// A reference that allows the client to request the location where the variable is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declaration_location_reference: Option<i64>,
    /// The evaluatable name of this variable which can be passed to the `evaluate` request to fetch the variable's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluate_name: Option<String>,
    /// The number of indexed child variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indexed_variables: Option<i64>,
    /// A memory reference associated with this variable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_reference: Option<String>,
    /// The variable's name.
    pub name: String,
    /// The number of named child variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_variables: Option<i64>,
    /// Properties of a variable that can be used to determine how to render the variable in the UI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presentation_hint: Option<VariablePresentationHint>,
    /// The type of the variable's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// The variable's value.
    pub value: String,
    /// A reference that allows the client to request the location where the variable's value is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_location_reference: Option<i64>,
    /// If `variablesReference` is > 0, the variable is structured and its children can be retrieved by passing `variablesReference` to the `variables` request as long as execution remains suspended.
    pub variables_reference: i64,
}

/// Properties of a variable that can be used to determine how to render the variable in the UI.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VariablePresentationHint {
    /// Set of attributes represented as an array of strings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Vec<String>>,
    /// The kind of variable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// If true, clients can present the variable with a UI that supports a specific gesture to trigger its evaluation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lazy: Option<bool>,
    /// Visibility of variable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<String>,
}

/// Arguments for `variables` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VariablesArguments {
    /// The number of variables to return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    /// Filter to limit the child variables to either named or indexed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<VariablesArgumentsFilter>,
    /// Specifies details on how to format the Variable values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<ValueFormat>,
    /// The index of the first variable to return; if omitted children start at 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<i64>,
    /// The variable for which to retrieve its children.
    pub variables_reference: i64,
}

/// Filter to limit the child variables to either named or indexed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum VariablesArgumentsFilter {
    /// `indexed`
    #[default]
    #[serde(rename = "indexed")]
    Indexed,
    /// `named`
    #[serde(rename = "named")]
    Named,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VariablesResponseBody {
    /// All (or a range) of variables for the given variable reference.
    pub variables: Vec<Variable>,
}

/// Arguments for `writeMemory` request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WriteMemoryArguments {
    /// Property to control partial writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_partial: Option<bool>,
    /// Bytes to write, encoded using base64.
    pub data: String,
    /// Memory reference to the base location to which data should be written.
    pub memory_reference: String,
    /// Offset (in bytes) to be applied to the reference location before writing data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
}

/// Contains request result if success is true and error details if success is false.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WriteMemoryResponseBody {
    /// Property that should be returned when `allowPartial` is true to indicate the number of bytes starting from address that were successfully written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_written: Option<i64>,
    /// Property that should be returned when `allowPartial` is true to indicate the offset of the first byte of data successfully written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
}

/// The request `attach`.
#[derive(Debug)]
pub enum AttachRequest {}

impl Request for AttachRequest {
    const COMMAND: &'static str = "attach";
    type Arguments = AttachRequestArguments;
    type Response = ();
}

impl Event for BreakpointEventBody {
    const EVENT: &'static str = "breakpoint";
}

/// The request `breakpointLocations`.
#[derive(Debug)]
pub enum BreakpointLocationsRequest {}

impl Request for BreakpointLocationsRequest {
    const COMMAND: &'static str = "breakpointLocations";
    type Arguments = BreakpointLocationsArguments;
    type Response = BreakpointLocationsResponseBody;
}

/// The request `cancel`.
#[derive(Debug)]
pub enum CancelRequest {}

impl Request for CancelRequest {
    const COMMAND: &'static str = "cancel";
    type Arguments = CancelArguments;
    type Response = ();
}

impl Event for CapabilitiesEventBody {
    const EVENT: &'static str = "capabilities";
}

/// The request `completions`.
#[derive(Debug)]
pub enum CompletionsRequest {}

impl Request for CompletionsRequest {
    const COMMAND: &'static str = "completions";
    type Arguments = CompletionsArguments;
    type Response = CompletionsResponseBody;
}

/// The request `configurationDone`.
#[derive(Debug)]
pub enum ConfigurationDoneRequest {}

impl Request for ConfigurationDoneRequest {
    const COMMAND: &'static str = "configurationDone";
    type Arguments = Value;
    type Response = ();
}

/// The request `continue`.
#[derive(Debug)]
pub enum ContinueRequest {}

impl Request for ContinueRequest {
    const COMMAND: &'static str = "continue";
    type Arguments = ContinueArguments;
    type Response = ContinueResponseBody;
}

impl Event for ContinuedEventBody {
    const EVENT: &'static str = "continued";
}

/// The request `dataBreakpointInfo`.
#[derive(Debug)]
pub enum DataBreakpointInfoRequest {}

impl Request for DataBreakpointInfoRequest {
    const COMMAND: &'static str = "dataBreakpointInfo";
    type Arguments = DataBreakpointInfoArguments;
    type Response = DataBreakpointInfoResponseBody;
}

/// The request `disassemble`.
#[derive(Debug)]
pub enum DisassembleRequest {}

impl Request for DisassembleRequest {
    const COMMAND: &'static str = "disassemble";
    type Arguments = DisassembleArguments;
    type Response = DisassembleResponseBody;
}

/// The request `disconnect`.
#[derive(Debug)]
pub enum DisconnectRequest {}

impl Request for DisconnectRequest {
    const COMMAND: &'static str = "disconnect";
    type Arguments = DisconnectArguments;
    type Response = ();
}

/// The request `evaluate`.
#[derive(Debug)]
pub enum EvaluateRequest {}

impl Request for EvaluateRequest {
    const COMMAND: &'static str = "evaluate";
    type Arguments = EvaluateArguments;
    type Response = EvaluateResponseBody;
}

/// The request `exceptionInfo`.
#[derive(Debug)]
pub enum ExceptionInfoRequest {}

impl Request for ExceptionInfoRequest {
    const COMMAND: &'static str = "exceptionInfo";
    type Arguments = ExceptionInfoArguments;
    type Response = ExceptionInfoResponseBody;
}

impl Event for ExitedEventBody {
    const EVENT: &'static str = "exited";
}

/// The request `goto`.
#[derive(Debug)]
pub enum GotoRequest {}

impl Request for GotoRequest {
    const COMMAND: &'static str = "goto";
    type Arguments = GotoArguments;
    type Response = ();
}

/// The request `gotoTargets`.
#[derive(Debug)]
pub enum GotoTargetsRequest {}

impl Request for GotoTargetsRequest {
    const COMMAND: &'static str = "gotoTargets";
    type Arguments = GotoTargetsArguments;
    type Response = GotoTargetsResponseBody;
}

/// The request `initialize`.
#[derive(Debug)]
pub enum InitializeRequest {}

impl Request for InitializeRequest {
    const COMMAND: &'static str = "initialize";
    type Arguments = InitializeRequestArguments;
    type Response = Capabilities;
}

impl Event for InitializedEventBody {
    const EVENT: &'static str = "initialized";
}

impl Event for InvalidatedEventBody {
    const EVENT: &'static str = "invalidated";
}

/// The request `launch`.
#[derive(Debug)]
pub enum LaunchRequest {}

impl Request for LaunchRequest {
    const COMMAND: &'static str = "launch";
    type Arguments = LaunchRequestArguments;
    type Response = ();
}

impl Event for LoadedSourceEventBody {
    const EVENT: &'static str = "loadedSource";
}

/// The request `loadedSources`.
#[derive(Debug)]
pub enum LoadedSourcesRequest {}

impl Request for LoadedSourcesRequest {
    const COMMAND: &'static str = "loadedSources";
    type Arguments = Value;
    type Response = LoadedSourcesResponseBody;
}

/// The request `locations`.
#[derive(Debug)]
pub enum LocationsRequest {}

impl Request for LocationsRequest {
    const COMMAND: &'static str = "locations";
    type Arguments = LocationsArguments;
    type Response = LocationsResponseBody;
}

impl Event for MemoryEventBody {
    const EVENT: &'static str = "memory";
}

impl Event for ModuleEventBody {
    const EVENT: &'static str = "module";
}

/// The request `modules`.
#[derive(Debug)]
pub enum ModulesRequest {}

impl Request for ModulesRequest {
    const COMMAND: &'static str = "modules";
    type Arguments = ModulesArguments;
    type Response = ModulesResponseBody;
}

/// The request `next`.
#[derive(Debug)]
pub enum NextRequest {}

impl Request for NextRequest {
    const COMMAND: &'static str = "next";
    type Arguments = NextArguments;
    type Response = ();
}

impl Event for OutputEventBody {
    const EVENT: &'static str = "output";
}

/// The request `pause`.
#[derive(Debug)]
pub enum PauseRequest {}

impl Request for PauseRequest {
    const COMMAND: &'static str = "pause";
    type Arguments = PauseArguments;
    type Response = ();
}

impl Event for ProcessEventBody {
    const EVENT: &'static str = "process";
}

impl Event for ProgressEndEventBody {
    const EVENT: &'static str = "progressEnd";
}

impl Event for ProgressStartEventBody {
    const EVENT: &'static str = "progressStart";
}

impl Event for ProgressUpdateEventBody {
    const EVENT: &'static str = "progressUpdate";
}

/// The request `readMemory`.
#[derive(Debug)]
pub enum ReadMemoryRequest {}

impl Request for ReadMemoryRequest {
    const COMMAND: &'static str = "readMemory";
    type Arguments = ReadMemoryArguments;
    type Response = ReadMemoryResponseBody;
}

/// The request `restartFrame`.
#[derive(Debug)]
pub enum RestartFrameRequest {}

impl Request for RestartFrameRequest {
    const COMMAND: &'static str = "restartFrame";
    type Arguments = RestartFrameArguments;
    type Response = ();
}

/// The request `restart`.
#[derive(Debug)]
pub enum RestartRequest {}

impl Request for RestartRequest {
    const COMMAND: &'static str = "restart";
    type Arguments = RestartArguments;
    type Response = ();
}

/// The request `reverseContinue`.
#[derive(Debug)]
pub enum ReverseContinueRequest {}

impl Request for ReverseContinueRequest {
    const COMMAND: &'static str = "reverseContinue";
    type Arguments = ReverseContinueArguments;
    type Response = ();
}

/// The request `runInTerminal`.
#[derive(Debug)]
pub enum RunInTerminalRequest {}

impl Request for RunInTerminalRequest {
    const COMMAND: &'static str = "runInTerminal";
    type Arguments = RunInTerminalRequestArguments;
    type Response = RunInTerminalResponseBody;
}

/// The request `scopes`.
#[derive(Debug)]
pub enum ScopesRequest {}

impl Request for ScopesRequest {
    const COMMAND: &'static str = "scopes";
    type Arguments = ScopesArguments;
    type Response = ScopesResponseBody;
}

/// The request `setBreakpoints`.
#[derive(Debug)]
pub enum SetBreakpointsRequest {}

impl Request for SetBreakpointsRequest {
    const COMMAND: &'static str = "setBreakpoints";
    type Arguments = SetBreakpointsArguments;
    type Response = SetBreakpointsResponseBody;
}

/// The request `setDataBreakpoints`.
#[derive(Debug)]
pub enum SetDataBreakpointsRequest {}

impl Request for SetDataBreakpointsRequest {
    const COMMAND: &'static str = "setDataBreakpoints";
    type Arguments = SetDataBreakpointsArguments;
    type Response = SetDataBreakpointsResponseBody;
}

/// The request `setExceptionBreakpoints`.
#[derive(Debug)]
pub enum SetExceptionBreakpointsRequest {}

impl Request for SetExceptionBreakpointsRequest {
    const COMMAND: &'static str = "setExceptionBreakpoints";
    type Arguments = SetExceptionBreakpointsArguments;
    type Response = SetExceptionBreakpointsResponseBody;
}

/// The request `setExpression`.
#[derive(Debug)]
pub enum SetExpressionRequest {}

impl Request for SetExpressionRequest {
    const COMMAND: &'static str = "setExpression";
    type Arguments = SetExpressionArguments;
    type Response = SetExpressionResponseBody;
}

/// The request `setFunctionBreakpoints`.
#[derive(Debug)]
pub enum SetFunctionBreakpointsRequest {}

impl Request for SetFunctionBreakpointsRequest {
    const COMMAND: &'static str = "setFunctionBreakpoints";
    type Arguments = SetFunctionBreakpointsArguments;
    type Response = SetFunctionBreakpointsResponseBody;
}

/// The request `setInstructionBreakpoints`.
#[derive(Debug)]
pub enum SetInstructionBreakpointsRequest {}

impl Request for SetInstructionBreakpointsRequest {
    const COMMAND: &'static str = "setInstructionBreakpoints";
    type Arguments = SetInstructionBreakpointsArguments;
    type Response = SetInstructionBreakpointsResponseBody;
}

/// The request `setVariable`.
#[derive(Debug)]
pub enum SetVariableRequest {}

impl Request for SetVariableRequest {
    const COMMAND: &'static str = "setVariable";
    type Arguments = SetVariableArguments;
    type Response = SetVariableResponseBody;
}

/// The request `source`.
#[derive(Debug)]
pub enum SourceRequest {}

impl Request for SourceRequest {
    const COMMAND: &'static str = "source";
    type Arguments = SourceArguments;
    type Response = SourceResponseBody;
}

/// The request `stackTrace`.
#[derive(Debug)]
pub enum StackTraceRequest {}

impl Request for StackTraceRequest {
    const COMMAND: &'static str = "stackTrace";
    type Arguments = StackTraceArguments;
    type Response = StackTraceResponseBody;
}

/// The request `startDebugging`.
#[derive(Debug)]
pub enum StartDebuggingRequest {}

impl Request for StartDebuggingRequest {
    const COMMAND: &'static str = "startDebugging";
    type Arguments = StartDebuggingRequestArguments;
    type Response = ();
}

/// The request `stepBack`.
#[derive(Debug)]
pub enum StepBackRequest {}

impl Request for StepBackRequest {
    const COMMAND: &'static str = "stepBack";
    type Arguments = StepBackArguments;
    type Response = ();
}

/// The request `stepIn`.
#[derive(Debug)]
pub enum StepInRequest {}

impl Request for StepInRequest {
    const COMMAND: &'static str = "stepIn";
    type Arguments = StepInArguments;
    type Response = ();
}

/// The request `stepInTargets`.
#[derive(Debug)]
pub enum StepInTargetsRequest {}

impl Request for StepInTargetsRequest {
    const COMMAND: &'static str = "stepInTargets";
    type Arguments = StepInTargetsArguments;
    type Response = StepInTargetsResponseBody;
}

/// The request `stepOut`.
#[derive(Debug)]
pub enum StepOutRequest {}

impl Request for StepOutRequest {
    const COMMAND: &'static str = "stepOut";
    type Arguments = StepOutArguments;
    type Response = ();
}

impl Event for StoppedEventBody {
    const EVENT: &'static str = "stopped";
}

/// The request `terminate`.
#[derive(Debug)]
pub enum TerminateRequest {}

impl Request for TerminateRequest {
    const COMMAND: &'static str = "terminate";
    type Arguments = TerminateArguments;
    type Response = ();
}

/// The request `terminateThreads`.
#[derive(Debug)]
pub enum TerminateThreadsRequest {}

impl Request for TerminateThreadsRequest {
    const COMMAND: &'static str = "terminateThreads";
    type Arguments = TerminateThreadsArguments;
    type Response = ();
}

impl Event for TerminatedEventBody {
    const EVENT: &'static str = "terminated";
}

impl Event for ThreadEventBody {
    const EVENT: &'static str = "thread";
}

/// The request `threads`.
#[derive(Debug)]
pub enum ThreadsRequest {}

impl Request for ThreadsRequest {
    const COMMAND: &'static str = "threads";
    type Arguments = Value;
    type Response = ThreadsResponseBody;
}

/// The request `variables`.
#[derive(Debug)]
pub enum VariablesRequest {}

impl Request for VariablesRequest {
    const COMMAND: &'static str = "variables";
    type Arguments = VariablesArguments;
    type Response = VariablesResponseBody;
}

/// The request `writeMemory`.
#[derive(Debug)]
pub enum WriteMemoryRequest {}

impl Request for WriteMemoryRequest {
    const COMMAND: &'static str = "writeMemory";
    type Arguments = WriteMemoryArguments;
    type Response = WriteMemoryResponseBody;
}
