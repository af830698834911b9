//! Watching many debuggees at once, for front ends that must not wait for one of them.

use std::{sync::Arc, time::Duration};

use freezeframe_debuggee::{Debuggee, DebuggeeId};

use crate::{
    Debugger, EngineError, Report, State,
    target::{Quiet, Target},
};

impl Debugger {
    /// Says whom to tell that a debuggee may have something to report, which [`poll`](Self::poll) then gives. `wake` is
    /// called from any thread, once or more for each event, and must not block. Concerns debuggees that are attached from
    /// now on.
    pub fn on_event(&mut self, wake: impl Fn(DebuggeeId) + Send + Sync + 'static) {
        self.wake = Some(Arc::new(wake));
    }

    /// Takes over a debuggee that runs already, without waiting for it: it's interrupted for a moment to see what it is made
    /// of. Until then it has no modules.
    pub fn attach_running(&mut self, debuggee: Box<dyn Debuggee>) -> DebuggeeId {
        self.last_debuggee += 1;
        let id = DebuggeeId(self.last_debuggee);
        let mut target = self.new_target(id, debuggee);
        target.fresh = true;
        target.quiet = Some(Quiet::Resume);
        target.debuggee.interrupter().interrupt();
        self.targets.push(target);
        id
    }

    /// Lets go of a debuggee without ending it; `None` if there's no such debuggee. One that stands still goes on only when
    /// whoever has it now resumes it.
    pub fn release(&mut self, id: DebuggeeId) -> Option<Box<dyn Debuggee>> {
        let at = self.targets.iter().position(|t| t.id == id)?;
        let target = self.targets.remove(at);
        self.forget(id);
        Some(target.debuggee)
    }

    pub(crate) fn new_target(&self, id: DebuggeeId, debuggee: Box<dyn Debuggee>) -> Target {
        let mut target = Target::new(id, debuggee);
        target.memo = self.memo.clone();
        target.formatters = self.formatters.clone();
        target.skips = self.skips.clone();
        target.same_source = self.same_source.clone();
        self.listen_to(&mut target);
        target
    }

    fn listen_to(&self, target: &mut Target) {
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
