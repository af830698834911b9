//! The crate's one error type.

use freezeframe_debuggee::Unavailable;
use freezeframe_native::NotNative;

/// What can go wrong between a debugger and its session.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store's engine can't be debugged. To blame: the embedder's configuration.
    #[error("this engine can't be debugged: {why}; {line}")]
    NotDebuggable {
        /// What is missing.
        why: &'static str,
        /// What to add or to take away.
        line: &'static str,
    },
    /// The store can't be debugged at native speed.
    #[error(transparent)]
    NotNative(#[from] NotNative),
    /// A session on this very store is running around this one.
    #[error("this store is being debugged already: end the outer session first, or use its debugger")]
    AlreadyAttached,
    /// The stopped guest was asked for at a time or place where it isn't stopped: while it runs, in another task, on
    /// another thread, or after the session's end.
    #[error("the guest is not stopped here: ask from the debugger's own task, after `next()` gave an event")]
    NotStopped,
    /// Inside another `with` of the same session, or while an operation at the same stop hasn't ended.
    #[error("the stopped guest is in use: use the `Stop` of the enclosing `with`, or await the operation before")]
    Busy,
    /// The id names no call that is under way.
    #[error("there is no such call under way (any more)")]
    NoCall,
    /// No reachable operator begins at this offset of the module.
    #[error("no reachable operator begins at offset {pc:#x} of the module: use the exact offset of an operator")]
    NoOperator {
        /// The offset that was asked for.
        pc: u32,
    },
    /// The id names no breakpoint of this session.
    #[error("there is no such breakpoint in this session (any more)")]
    NoBreakpoint,
    /// The module belongs to another engine than the store.
    #[error("the module was compiled by another engine than the store's: compile it with `store.engine()`")]
    ForeignModule,
    /// A value that can't be had, with the reason.
    #[error("unavailable: {0}")]
    Unavailable(#[from] Unavailable),
    /// Wasmtime refused.
    #[error("wasmtime: {0:#}")]
    Engine(wasmtime::Error),
}

impl Error {
    /// Shorthand for a value that can't be had.
    pub(crate) fn unavailable(why: impl Into<String>) -> Self {
        Self::Unavailable(Unavailable::new(why))
    }
}
