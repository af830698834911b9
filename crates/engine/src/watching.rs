//! Watching many debuggees at once, for front ends that must not wait for one of them.

use std::{sync::Arc, time::Duration};

use freezeframe_debuggee::DebuggeeId;

use crate::{Debugger, EngineError, Report, State, target::Target};

impl Debugger {
    /// Says whom to tell that a debuggee may have something to report, which [`poll`](Self::poll) then gives. `wake` is
    /// called from any thread, once or more for each event, and must not block. Concerns debuggees that are attached from
    /// now on.
    pub fn on_event(&mut self, wake: impl Fn(DebuggeeId) + Send + Sync + 'static) {
        self.wake = Some(Arc::new(wake));
    }

    pub(crate) fn listen_to(&self, target: &mut Target) {
        if let Some(wake) = self.wake.clone() {
            let id = target.id;
            target.debuggee.on_event(Arc::new(move || wake(id)));
        }
    }

    /// What a debuggee has done, without waiting; `None`: nothing, or nothing that concerns the user.
    ///
    /// # Errors
    /// [`EngineError::NoDebuggee`]; what goes wrong when the guest goes on after a stop that concerns nobody.
    pub fn poll(&mut self, id: DebuggeeId) -> Result<Option<Report>, EngineError> {
        let waiting = self.pending.iter().any(|report| report.debuggee() == id);
        if !waiting && self.state(id)? != State::Running {
            return Ok(None);
        }
        self.wait(id, Some(Duration::ZERO))
    }

    /// The oldest report of something that happened while the debugger was busy with something else.
    pub fn next_pending(&mut self) -> Option<Report> {
        self.pending.pop_front()
    }
}

impl Report {
    /// Whose it is.
    pub fn debuggee(&self) -> DebuggeeId {
        match self {
            Self::Stopped { debuggee, .. } | Self::Ended { debuggee, .. } => *debuggee,
        }
    }
}
