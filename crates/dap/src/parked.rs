//! Guests of a host while no client is there: they run at full speed, with nothing planted and nothing read of them.

use freezeframe_debuggee::{Debuggee, Event, StopPlan};
use freezeframe_engine::DebuggeeId;

use crate::server::{Guest, Input, World};

/// Names a guest that nobody debugs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ParkedId(pub u64);

/// Such a guest.
pub(crate) struct Parked {
    debuggee: Box<dyn Debuggee>,
    name: String,
}

impl World {
    /// Lets a guest run that nobody wants to debug.
    pub(crate) fn park(&mut self, mut debuggee: Box<dyn Debuggee>, name: String, last: &mut u64) {
        *last += 1;
        let id = ParkedId(*last);
        let wake = self.inputs.clone();
        // A server that is gone needs no news.
        debuggee.on_event(std::sync::Arc::new(move || _ = wake.send(Input::Parked(id))));
        // One that stands goes on; one that runs does, when it stops next.
        _ = debuggee.resume(StopPlan::default());
        self.parked.insert(id, Parked { debuggee, name });
        self.parked_event(id);
    }

    /// A guest that nobody debugs has stopped, or is over.
    pub(crate) fn parked_event(&mut self, id: ParkedId) {
        let Some(parked) = self.parked.get_mut(&id) else { return };
        loop {
            match parked.debuggee.next_event(Some(std::time::Duration::ZERO)) {
                Ok(None) => return,
                Ok(Some(Event::Passed(_))) => {}
                Ok(Some(Event::Stopped(_))) => _ = parked.debuggee.resume(StopPlan::default()),
                Ok(Some(Event::Ended(_))) | Err(_) => {
                    self.parked.remove(&id);
                    return;
                }
            }
        }
    }

    /// A client wants to debug guests that run.
    pub(crate) fn adopt_parked(&mut self) -> Vec<(DebuggeeId, String)> {
        let parked = std::mem::take(&mut self.parked);
        parked.into_values().map(|parked| (self.adopt(parked.debuggee, parked.name.clone()), parked.name)).collect()
    }

    /// Takes a guest of a host's into the debugger.
    pub(crate) fn adopt(&mut self, debuggee: Box<dyn Debuggee>, name: String) -> DebuggeeId {
        let id = self.debugger.attach_running(debuggee);
        self.guests.insert(id, Guest { name, program: None, launched: false, reason: None, errors: None });
        id
    }

    /// The last client has left: the guests run on alone.
    pub(crate) fn park_all(&mut self, last: &mut u64) {
        for (id, guest) in std::mem::take(&mut self.guests) {
            if let Some(debuggee) = self.debugger.release(id) {
                // What is planted in one that runs is taken out as soon as it can be.
                debuggee.interrupter().interrupt();
                self.park(debuggee, guest.name, last);
            }
        }
        self.focus = None;
    }
}
