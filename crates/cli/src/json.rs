//! What commands answer and what happens beside them, as data.
//!
//! `docs/json.md` documents the field names: they are stable, new ones may be added. [`crate::render`] writes the same data
//! for people; fields that only it needs aren't serialised.

mod breakpoints;

use serde::Serialize;

pub use self::breakpoints::{BreakpointKind, BreakpointView, SiteView};
use crate::{console::GuestStream, source::Snippet};

/// One line of the output for a command.
#[derive(Debug, Serialize)]
pub struct CommandLine<'a> {
    /// The command as it was written. Absent when what failed is no command (the guest couldn't be opened).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<&'a str>,
    /// The breakpoint whose list of commands it is in; absent for one that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_breakpoint: Option<u32>,
    /// Whether it did what it was asked for.
    pub ok: bool,
    /// Its answer, under a name that says what it is.
    #[serde(flatten)]
    pub reply: Option<&'a Reply>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Something that happened beside a command's answer.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The guest wrote something.
    Output {
        /// Where to.
        stream: GuestStream,
        /// What; bytes that are no UTF-8 are replaced.
        text: String,
    },
    /// The guest is over.
    Exited {
        /// What its exit code is, or would be: 134 after a trap, absent when it was killed.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<i32>,
    },
    /// The guest came to a log point.
    Log {
        /// Its number.
        breakpoint: u32,
        /// What it says.
        text: String,
    },
    /// Something worth knowing that no command asked for.
    Note {
        /// What.
        text: String,
    },
}

/// What a command answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// A sentence.
    Message(String),
    /// The guest ran and stopped.
    Stop(Box<StopView>),
    /// The guest ran and ended.
    End(EndView),
    /// A breakpoint was set or changed.
    Breakpoint(BreakpointView),
    /// Breakpoints.
    Breakpoints(Vec<BreakpointView>),
    /// A stack.
    Stack(StackView),
    /// A frame was selected.
    Frame(Box<FrameReply>),
    /// Variables.
    Variables(VariablesView),
    /// A value.
    Value(VariableView),
    /// A value, and what is inside it.
    Tree(VariableView),
    /// Expressions shown at each stop.
    Displays(Vec<DisplayView>),
    /// A type.
    Type(TypeView),
    /// Memory.
    Memory(MemoryView),
    /// Lines of source.
    Source(SourceView),
    /// Instructions of a function.
    Disassembly(DisassemblyView),
    /// Functions.
    Functions(ListView<FunctionView>),
    /// Source files.
    Sources(ListView<SourceFileView>),
    /// Modules.
    Modules(Vec<ModuleView>),
    /// Where a location is.
    Line(LineView),
    /// The Wasm machine in a frame.
    Wasm(Box<WasmView>),
    /// Help.
    Help(String),
}

/// Why the guest stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StopKind {
    /// Before its first operator.
    Attached,
    /// At breakpoints.
    Breakpoint,
    /// A step is done.
    Step,
    /// Somebody asked for it.
    Interrupt,
    /// At a trap, with its stack intact.
    Trap,
    /// Before an exception is thrown.
    Exception,
    /// A host function failed.
    HostError,
    /// It asks to exit.
    Exit,
    /// Modules were loaded.
    Load,
    /// A call that the debugger made is over.
    Call,
    /// It ran unseen for a while.
    Blind,
}

impl StopKind {
    /// Whether the place was chosen by nobody: it may lie deep in a library.
    pub fn is_surprising(self) -> bool {
        matches!(self, Self::Interrupt | Self::Trap | Self::Exception | Self::HostError | Self::Exit)
    }
}

/// A stop.
#[derive(Debug, Serialize)]
pub struct StopView {
    /// Why.
    pub reason: StopKind,
    /// Where; absent when there is no stack.
    #[serde(flatten)]
    pub frame: Option<FrameView>,
    /// At which breakpoints, or by which catchpoints.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub breakpoints: Vec<u32>,
    /// Whether one of these was temporary, and is gone now.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub temporary: bool,
    /// Whether the stack was unwound before anybody could look.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unwound: bool,
    /// Whether it's an exception that nothing catches.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub uncaught: bool,
    /// More about the reason: the trap, the exception, the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What the function returned that `finish` ran to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returned: Option<VariableView>,
    /// The source line, if its file was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The innermost frame whose source was found, when it isn't that of the stop itself: after a trap that is where a
    /// person begins to look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<FrameReply>,
    /// What went wrong beside it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What `display` asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub displays: Vec<DisplayView>,
    #[serde(skip)]
    pub snippet: Option<Snippet>,
}

/// How the guest ended.
#[derive(Debug, Serialize)]
pub struct EndView {
    /// `returned`, `exited`, `trapped`, `failed` or `killed`.
    pub reason: EndKind,
    /// Its exit code; absent when it was killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// What the function returned (with --invoke).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<WasmValueView>,
    /// The trap or the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The function that was called, with --invoke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
}

/// The ways to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EndKind {
    /// Its entry returned.
    Returned,
    /// It asked to exit.
    Exited,
    /// A trap or an uncaught exception.
    Trapped,
    /// A host function failed, or it couldn't be started.
    Failed,
    /// By us.
    Killed,
}

/// A frame.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FrameView {
    /// Its number; 0 is the innermost.
    pub frame: usize,
    /// What the function is called.
    pub function: String,
    /// The file as the compiler named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The column, from 1, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// The operator, as an offset in the module.
    pub pc: u32,
    /// The module, if it has a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Whether the compiler inlined it into the next frame.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub inlined: bool,
    /// 0 is the innermost activation: between two of them lies host code.
    pub activation: u32,
    /// The frame waits in a function of the host: what it imports that as, or `""` when that can't be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The next frame inwards was called by the debugger while this one stood still.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub debugger: bool,
    /// Parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Vec<VariableView>>,
    /// Locals (`bt full`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locals: Option<Vec<VariableView>>,
    /// Why its variables can't be read, if they can't.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
    /// The file as people are shown it.
    #[serde(skip)]
    pub shown_file: String,
}

/// A frame with its source line.
#[derive(Debug, Serialize)]
pub struct FrameReply {
    /// The frame.
    #[serde(flatten)]
    pub frame: FrameView,
    /// Its source line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(skip)]
    pub snippet: Option<Snippet>,
}

/// A stack.
#[derive(Debug, Serialize)]
pub struct StackView {
    /// Its frames, innermost first.
    pub frames: Vec<FrameView>,
    /// Whether there are more.
    pub more: bool,
    /// The selected one.
    pub selected: usize,
    #[serde(skip)]
    pub several_modules: bool,
}

/// A variable or an expression, with its value.
#[derive(Clone, Debug, Serialize)]
pub struct VariableView {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Its value as text, or why there is none.
    pub value: String,
    /// Whether there is one.
    pub available: bool,
    /// Where it lies in memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<u64>,
    /// Its number among the printed values: it is `$N`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<usize>,
    /// Its place in the tree, and what is inside it; absent where only a line was asked for.
    #[serde(flatten)]
    pub tree: Option<TreeView>,
}

/// A value in a tree.
#[derive(Clone, Debug, Serialize)]
pub struct TreeView {
    /// What it is.
    pub kind: &'static str,
    /// An expression that gives it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// Its size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Where the memory begins that it is about: what it points to, its elements, its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Whether it was something else at the last stop.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
    /// How many named children it has.
    #[serde(skip_serializing_if = "is_zero")]
    pub named: u64,
    /// How many elements.
    #[serde(skip_serializing_if = "is_zero")]
    pub indexed: u64,
    /// Children.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<VariableView>,
    /// How many children come after these.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Variables of one kind.
#[derive(Debug, Serialize)]
pub struct VariablesView {
    /// `locals`, `arguments` or `globals`.
    pub kind: &'static str,
    /// They.
    pub items: Vec<VariableView>,
    /// How many there are beyond these.
    pub more: usize,
}

/// An expression that is shown at each stop.
#[derive(Debug, Serialize)]
pub struct DisplayView {
    /// Its number.
    pub id: u32,
    /// The expression.
    pub expression: String,
    /// Its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Why it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A type.
#[derive(Debug, Serialize)]
pub struct TypeView {
    /// Its name.
    pub name: String,
    /// Its definition (`ptype`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
}

/// Memory.
#[derive(Debug, Serialize)]
pub struct MemoryView {
    /// The first address.
    pub address: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The values as they were asked for, with their addresses.
    pub values: Vec<MemoryValue>,
    /// Whether the memory ended before all was read.
    pub cut: bool,
    #[serde(skip)]
    pub per_line: usize,
}

/// One value of memory.
#[derive(Debug, Serialize)]
pub struct MemoryValue {
    /// Where it is.
    pub address: u64,
    /// The value.
    pub text: String,
}

/// Lines of source.
#[derive(Debug, Serialize)]
pub struct SourceView {
    /// The file as the compiler named it.
    pub file: String,
    /// The number of the first line.
    pub first: u32,
    /// The lines.
    pub lines: Vec<String>,
    /// The line of the selected frame, if it's among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<u32>,
    #[serde(skip)]
    pub snippet: Snippet,
}

/// Instructions.
#[derive(Debug, Serialize)]
pub struct DisassemblyView {
    /// The function.
    pub function: String,
    /// Its instructions, or those around the selected frame's.
    pub instructions: Vec<InstructionView>,
    /// How many were left out before and after.
    pub omitted: (usize, usize),
    /// The operator of the selected frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pc: Option<u32>,
}

/// An instruction.
#[derive(Debug, Serialize)]
pub struct InstructionView {
    /// Where it is.
    pub pc: u32,
    /// Its text, indented by its nesting.
    pub text: String,
    /// The file of its line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Its line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// Part of a long list.
#[derive(Debug, Serialize)]
pub struct ListView<T> {
    /// The first of them.
    pub items: Vec<T>,
    /// How many there are beyond these.
    pub more: usize,
}

/// A function.
#[derive(Debug, Serialize)]
pub struct FunctionView {
    /// Its name.
    pub name: String,
    /// Its module's number.
    pub module: u32,
    /// Its index in that module.
    pub index: u32,
    /// Where its code begins.
    pub pc: u32,
    /// Where it is declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// On which line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Whether DWARF describes it.
    pub dwarf: bool,
    #[serde(skip)]
    pub shown_file: String,
}

/// A source file.
#[derive(Debug, Serialize)]
pub struct SourceFileView {
    /// As the compiler named it.
    pub file: String,
    /// Where it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

/// A module.
#[derive(Debug, Serialize)]
pub struct ModuleView {
    /// Its number.
    pub module: u32,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many functions it has.
    pub functions: usize,
    /// How many of these DWARF describes.
    pub functions_with_dwarf: usize,
    /// How many functions it imports.
    pub imported_functions: usize,
    /// How many source files its line programs name.
    pub sources: usize,
    /// Whether there are lines to stop at.
    pub lines: bool,
    /// Languages of its functions.
    pub languages: Vec<&'static str>,
    /// The file with its debug information, if it names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_debug: Option<String>,
    /// What of its debug information can't be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Where a location is.
#[derive(Debug, Serialize)]
pub struct LineView {
    /// The file as the compiler named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// The module's number.
    pub module: u32,
    /// The first operator.
    pub pc: u32,
    #[serde(skip)]
    pub shown_file: String,
}

/// A value of the Wasm machine.
#[derive(Clone, Debug, Serialize)]
pub struct WasmValueView {
    /// The name, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `i32` …
    #[serde(rename = "type")]
    pub type_name: String,
    /// The value.
    pub value: String,
}

/// The Wasm machine in a frame.
#[derive(Debug, Serialize)]
pub struct WasmView {
    /// The function's index.
    pub function: u32,
    /// Where it is.
    pub pc: u32,
    /// Locals, parameters first.
    pub locals: Vec<WasmValueView>,
    /// The operand stack, bottom first.
    pub operands: Vec<WasmValueView>,
    /// Globals.
    pub globals: Vec<WasmValueView>,
    /// The sizes of the memories in bytes.
    pub memories: Vec<u64>,
    /// Why locals and operands are missing, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_stands_beside_ok() {
        let reply = Reply::Message("done".into());
        let line = CommandLine { command: Some("x"), by_breakpoint: None, ok: true, reply: Some(&reply), error: None };
        assert_eq!(serde_json::to_string(&line).unwrap(), r#"{"command":"x","ok":true,"message":"done"}"#);
        let line =
            CommandLine { command: Some("x"), by_breakpoint: None, ok: false, reply: None, error: Some("no".into()) };
        assert_eq!(serde_json::to_string(&line).unwrap(), r#"{"command":"x","ok":false,"error":"no"}"#);
    }

    #[test]
    fn events_name_themselves() {
        let exited = serde_json::to_string(&Event::Exited { code: Some(3) }).unwrap();
        assert_eq!(exited, r#"{"event":"exited","code":3}"#);
    }
}
