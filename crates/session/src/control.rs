//! Acting on a session from any thread.

use std::{
    fmt,
    sync::{Arc, atomic::Ordering::SeqCst},
};

use wasmtime::Engine;

use crate::shared::{Shared, wake_now};

/// Acts on a session from any thread, while it runs or not. Harmless once it's over.
#[derive(Clone)]
pub struct Control(Arc<dyn Act>);

trait Act: Send + Sync {
    fn interrupt(&self, on: bool);
    fn kill(&self);
    fn engine(&self) -> &Engine;
}

impl<T: 'static> Act for Shared<T> {
    fn interrupt(&self, on: bool) {
        self.interrupt.store(on, SeqCst);
    }

    fn kill(&self) {
        self.kill.store(true, SeqCst);
        wake_now(&self.wake);
    }

    fn engine(&self) -> &Engine {
        &self.engine
    }
}

impl Control {
    pub(crate) fn new<T: 'static>(shared: &Arc<Shared<T>>) -> Self {
        Self(shared.clone())
    }

    /// Asks a running guest to stop at its next operator, which arrives as
    /// [`Event::Interrupted`](crate::Event::Interrupted) unless another stop comes first. A guest that waits in host
    /// code stops when it's back in its own; one that is stopped already will stop once more after it was resumed.
    ///
    /// It increments the engine's epoch; see [`Epochs`](crate::Epochs) for what that means to other stores.
    pub fn interrupt(&self) {
        self.0.interrupt(true);
        self.0.engine().increment_epoch();
    }

    /// Takes back an interrupt that has not arrived yet.
    pub fn cancel_interrupt(&self) {
        self.0.interrupt(false);
    }

    /// Ends the guest by dropping the body: at once if it's stopped or waits in host code, at its next operator, event or
    /// epoch check if it runs. Destructors of host futures run, the store stays usable; a component instance doesn't, as
    /// after any call that was dropped.
    ///
    /// The session's result is [`Killed`](crate::Killed), after the debugger has ended, too: its `next()` gives what is
    /// queued and then `None`. A host function that blocks its thread on a call into the guest is not interrupted by
    /// this before that call comes back.
    pub fn kill(&self) {
        self.0.kill();
        self.0.engine().increment_epoch();
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Control")
    }
}
