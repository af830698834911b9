//! Why traps can't be caught at native speed.

/// What is relied on of Wasmtime without being part of its interface, in the order in which it's checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Check {
    /// A module's image is an ELF file in memory, and its text is what runs.
    Image,
    /// The trap table in that file names the operators that trap.
    TrapTable,
    /// Where a function reference has its entry and its context.
    FunctionReference,
    /// The store's signal handler is asked first, and the call that it injects arrives.
    Hook,
    /// The backtrace within that call is the one that the trap itself has.
    Backtrace,
    /// Afterwards the store's owner gets the error that it would have got.
    Error,
    /// A guest whose trap was mended goes on with the registers that it had.
    Registers,
}

impl std::fmt::Display for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Image => "the compiled image",
            Self::TrapTable => "the trap table",
            Self::FunctionReference => "function references",
            Self::Hook => "the signal hook",
            Self::Backtrace => "the backtrace",
            Self::Error => "the trap's error",
            Self::Registers => "the registers",
        })
    }
}

/// Why traps of an engine's stores can't be caught at native speed. An engine for guest debugging sees the same, and more, at
/// a third of the speed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotNative {
    /// Written for Linux on x86-64 and aarch64.
    #[error("traps can't be caught at native speed on this platform (Linux on x86-64 or aarch64 is needed)")]
    Platform,
    /// The engine is set up in a way that makes traps something else than signals.
    #[error("traps of this engine can't be caught at native speed: {why}; {line}")]
    Engine {
        /// What is in the way.
        why: &'static str,
        /// What to add or to take away.
        line: &'static str,
    },
    /// Wasmtime isn't what we were written for.
    #[error("traps can't be caught at native speed: the self-test of {check} failed ({why})")]
    SelfTest {
        /// Which one.
        check: Check,
        /// What was found.
        why: String,
    },
    /// Code whose trap table can't be read.
    #[error("traps of this code can't be caught at native speed: {0}")]
    Code(&'static str),
}

#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
impl NotNative {
    pub(crate) fn failed(check: Check, why: impl Into<String>) -> Self {
        Self::SelfTest { check, why: why.into() }
    }
}
