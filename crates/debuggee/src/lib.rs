//! The contract between a debugger and what it debugs.
//!
//! This crate is the bottom floor: plain data and one trait, no Wasmtime, no DWARF, no I/O. A live guest, a replay in
//! another process and a core dump are all a [`Debuggee`]; the source-level debugger above asks every one of them the
//! same [`Query`]s and hands every one of them the same [`StopPlan`].
//!
//! Invariant: whatever crosses this contract is owned plain data, so that either side may live in another thread or
//! process, and nothing in it outlives its meaning: frames are named by their index in *this* stop.

#![forbid(unsafe_code)]

mod access;
mod contract;
mod event;
mod ids;
mod plan;
mod program;
mod value;

pub use access::FrameAccess;
pub use bytes::Bytes;
pub use contract::{
    Answer, Call, Capabilities, Debuggee, DebuggeeError, Frame, FrameDetail, Instance, Interrupter, Module, PcMeaning,
    Query, Unavailable,
};
pub use event::{Count, Ended, Event, Logged, Passed, StopReason, Stopped, TrapKind};
pub use ids::{CallId, CodeOffset, DebuggeeId, InstanceId, ModuleId, ModulePc};
pub use plan::{Capture, Counter, DepthCheck, MAX_CAPTURE, Rule, RuleId, Site, StopPlan};
pub use program::{FloatOp, MAX_PROGRAM_OPS, MAX_PROGRAM_STACK, Op, Program, ProgramError};
pub use value::{RefKind, RefValue, WasmValue};
