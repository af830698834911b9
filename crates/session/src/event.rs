//! What a debugger is told, and what it answers.

use std::cell::Cell;

use wasmtime::{ExnRef, Module, OwnedRooted, Trap};

use crate::{BreakpointId, CallId, Returned};

/// Why the guest stopped, or what became of it. One event for each cause.
///
/// After each event up to [`CallFinished`](Self::CallFinished) the guest stands still and [`Dbg::with`](crate::Dbg::with)
/// works, until [`next`](crate::Dbg::next) is awaited again.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The first event: nothing of the body has run yet. There are no frames, but breakpoints can be set.
    Attached,
    /// A breakpoint: its operator runs next.
    Breakpoint {
        /// Which one.
        hit: BreakpointId,
    },
    /// A single step ended: an operator runs next.
    Step,
    /// An [interrupt](crate::Control::interrupt) that was asked for: an operator runs next.
    Interrupted,
    /// The first operator of a module that is new in the store runs next. Needs
    /// [`Stop::watch_modules`](crate::Stop::watch_modules).
    ModuleLoaded {
        /// All modules that are new, not only the one that runs.
        modules: Vec<Module>,
    },
    /// A trap is about to unwind the stack, which is still whole.
    Trap(Trap),
    /// An exception is being thrown; whether the guest catches it isn't known yet.
    Exception(OwnedRooted<ExnRef>),
    /// The guest asked to exit (as told by [`Options::exit_code`](crate::Options::exit_code)); the stack is still whole.
    Exit {
        /// The code it gave.
        code: i32,
    },
    /// A host function failed; its error is about to unwind the stack, which is still whole.
    HostError {
        /// The error and its causes.
        message: String,
    },
    /// A call into the guest has failed and nobody could stop it before its stack was unwound; only at native speed, and
    /// only where the body [tells](crate::unwound). The frames are the places of the error's own backtrace, memories
    /// and globals are as the guest left them.
    Unwound {
        /// What it was.
        failure: Failure,
        /// The error and its causes, without the backtrace.
        message: String,
    },
    /// A [call](crate::Dbg::call) that the debugger has started is over; the guest is stopped where it was before it.
    CallFinished {
        /// Which one.
        call: CallId,
        /// What it has returned, or why it has failed.
        result: wasmtime::Result<Returned>,
    },
    /// The host dropped the guest's call while it was stopped: there is nothing to look at any more.
    Cancelled,
    /// Wasmtime dropped the session's handler (it does when a call in flight is dropped, hazard H1) or the body replaced
    /// it: the guest runs unseen until [`rearm`](crate::rearm) or the next session.
    Lost,
}

/// What can end a call into a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// A trap.
    Trap(Trap),
    /// An exception that nobody has caught.
    Exception,
    /// An error of a host function.
    Host,
}

/// What a filter says to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The debugger shall see it.
    Stop,
    /// The guest goes on; the debugger is not polled.
    Resume,
}

/// What stands still while the debugger thinks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Freeze {
    /// The guest's store. While the debugger waits, the guest's future is pending, so the executor and the host's other
    /// futures go on: right for a debugger that shares a thread with its own I/O. A host combinator (`select`, a
    /// timeout) may drop the stopped guest then, which arrives as [`Event::Cancelled`]; and a body that doesn't poll the
    /// stopped guest keeps the debugger from being polled.
    #[default]
    Task,
    /// The whole thread: while the debugger waits, the thread is parked inside the guest's call, so that no host code of
    /// that thread moves and no combinator can act. The debugger's I/O must be driven by another thread.
    ///
    /// A debugger that awaits tokio's own primitives has to be wrapped in `tokio::task::unconstrained`: the parked task
    /// never returns to tokio, so its cooperative budget (128 operations) would never be refilled, and every primitive
    /// would be pending for ever.
    Thread,
}

/// The body was dropped because the session was [killed](crate::Control::kill).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the guest was killed by its debugger")]
pub struct Killed;

/// What kind of stop the guest is in; decides how far Wasmtime's frame handles can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Nothing runs.
    Attached,
    /// Before an operator.
    Operator,
    /// In a trap.
    Trap(Trap),
    /// In a trap at native speed, where Wasmtime has no handles of frames.
    Fault(Trap),
    /// Behind a call into the guest that has failed in this way, at native speed: there's no stack any more.
    Unwound(Failure),
    /// In a failing host call.
    HostCall,
    /// In a throw.
    Exception,
}

/// The events that come by the million.
#[derive(Clone, Copy)]
pub(crate) enum Common {
    Breakpoint(BreakpointId),
    Step,
    Interrupted,
}

impl From<Common> for Event {
    #[inline]
    fn from(common: Common) -> Self {
        match common {
            Common::Breakpoint(hit) => Self::Breakpoint { hit },
            Common::Step => Self::Step,
            Common::Interrupted => Self::Interrupted,
        }
    }
}

/// An event on its way to the debugger. A common one is made an [`Event`] where it's handed out: copying what was just
/// written costs several nanoseconds each time, because the processor waits for the writes.
#[derive(Default)]
pub(crate) struct Undelivered {
    pub common: Cell<Option<Common>>,
    pub other: Cell<Option<Box<Event>>>,
}

impl Undelivered {
    pub(crate) fn any(&mut self) -> bool {
        self.common.get().is_some() || self.other.get_mut().is_some()
    }
}

impl From<Common> for Undelivered {
    #[inline]
    fn from(common: Common) -> Self {
        Self { common: Cell::new(Some(common)), other: Cell::new(None) }
    }
}

impl From<Event> for Undelivered {
    fn from(event: Event) -> Self {
        Self { common: Cell::new(None), other: Cell::new(Some(Box::new(event))) }
    }
}
