//! The source-level debugger over any debuggee: one for every front end.
//!
//! [`Debugger`] is the coordinator. It owns the logical breakpoints and any number of debuggees, plans steps, and turns
//! what [`freezeframe_symbols`] says and what a [`Debuggee`](freezeframe_debuggee::Debuggee) answers into frames, variables
//! and values. It knows no engine, no file system and no protocol.
//!
//! Invariant: the guest is asked only while it stands still, and nothing that was learnt at one stop is used at another.

#![forbid(unsafe_code)]

mod abi;
mod around;
mod breakpoints;
mod calls;
mod catchpoints;
mod code;
mod debugger;
mod disassemble;
mod entry;
mod error;
mod expression;
mod globals;
mod hits;
mod inspect;
mod landings;
mod loading;
mod location;
mod logpoint;
mod memory;
mod outline;
mod overloads;
mod planning;
mod setting;
mod shadow;
mod skips;
mod source_lines;
mod source_paths;
mod stack;
mod stepping;
mod target;
mod type_text;
mod values;
mod watching;

pub use around::{CallOnLine, CodeId, ListedInstruction};
pub use breakpoints::{BoundSite, Breakpoint, BreakpointId, BreakpointSpec};
pub use calls::Called;
pub use catchpoints::Catch;
pub use debugger::{Debugger, ModuleSymbols, Reason, Report};
pub use disassemble::Instruction;
pub use error::{Blame, EngineError};
pub use freezeframe_debuggee::{
    Bytes, DebuggeeId, Ended, InstanceId, Interrupter, ModuleId, ModulePc, PcMeaning, Site, TrapKind, WasmValue,
};
pub use freezeframe_symbols::{Language, Progress};
pub use globals::{FoundGlobal, GlobalFilter};
pub use hits::HitCondition;
pub use inspect::{FunctionInfo, WasmState};
pub use loading::Reading;
pub use location::LocationSpec;
pub use logpoint::LogLine;
pub use skips::{Skip, SkipId, SkipWhat};
pub use source_paths::SourcePaths;
pub use stack::{Crossing, SourcePosition, StackFrame};
pub use stepping::{Direction, Step};
pub use target::State;
pub use values::{Children, Format, Formatter, Handle, Limits, Node, NodeKind, ScopeKind, Shown, ValueOptions};
