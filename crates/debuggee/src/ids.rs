//! Newtypes for what must not be mixed up.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Names one debuggee (one store) of a debugger. Every request and event of the engine carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DebuggeeId(pub u32);

/// Names a core module of a debuggee, in the order in which it was loaded. Stable for the debuggee's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ModuleId(pub u32);

/// Names a core instance of a debuggee. Stable for the debuggee's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InstanceId(pub u32);

/// A position in the code of a core module: the byte offset of an operator from the start of the module's binary.
///
/// For a core module inside a component the offset is relative to that core module, not to the component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ModulePc(pub u32);

/// A position in the code of a core module as DWARF counts it: the byte offset from the start of the *contents* of the
/// code section ([DWARF for WebAssembly, section 1](https://yurydelendik.github.io/webassembly-dwarf/)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CodeOffset(pub u32);

/// Names a call that was started at a stop, within its debuggee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CallId(pub u64);

impl fmt::Display for DebuggeeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for ModulePc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl ModulePc {
    /// The same position as DWARF counts it; `None` when it lies before the code section.
    ///
    /// `code_start` is the offset of the code section's contents in the module.
    pub fn to_code(self, code_start: u32) -> Option<CodeOffset> {
        self.0.checked_sub(code_start).map(CodeOffset)
    }
}

impl CodeOffset {
    /// The same position as an offset in the module; `None` when it doesn't fit.
    pub fn to_module(self, code_start: u32) -> Option<ModulePc> {
        self.0.checked_add(code_start).map(ModulePc)
    }
}
