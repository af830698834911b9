//! Acting on a session from any thread.

use std::{
    fmt,
    sync::{Arc, atomic::Ordering::SeqCst},
};

use crate::{
    Error,
    shared::{Shared, wake_now},
};

/// Acts on a session from any thread, while it runs or not. Harmless once it's over.
#[derive(Clone)]
pub struct Control(Arc<dyn Act>);

trait Act: Send + Sync {
    fn interrupt(&self) -> Result<(), Error>;
    fn cancel_interrupt(&self);
    fn kill(&self);
    fn detach(&self);
}

impl<T: 'static> Act for Shared<T> {
    fn interrupt(&self) -> Result<(), Error> {
        if self.native.is_some() {
            return Err(Error::unavailable(crate::native::ONLY_TRAPS));
        }
        if !self.clock.available() {
            return Err(Error::unavailable(
                "the engine has no epoch interruption, so a running guest can't be made to stop: add \
                 `config.epoch_interruption(true);`, or set a breakpoint",
            ));
        }
        self.interrupt.store(true, SeqCst);
        self.clock.tick();
        Ok(())
    }

    fn cancel_interrupt(&self) {
        self.interrupt.store(false, SeqCst);
    }

    fn kill(&self) {
        self.kill.store(true, SeqCst);
        wake_now(&self.wake);
        self.clock.tick();
    }

    fn detach(&self) {
        self.detach.store(true, SeqCst);
        self.wake_nexts();
        wake_now(&self.wake);
        self.clock.tick();
    }
}

impl Control {
    pub(crate) fn new<T: 'static>(shared: &Arc<Shared<T>>) -> Self {
        Self(shared.clone())
    }

    /// Asks a running guest to stop at its next operator, which arrives as
    /// [`Event::Interrupted`](crate::Event::Interrupted) unless another stop comes first. A guest that waits in host
    /// code stops when it's back in its own; one that is stopped already will stop once more after it was resumed. Asking
    /// twice is as good as once.
    ///
    /// It increments the engine's epoch, unless the deadline is [`Epochs::Embedder`](crate::Epochs::Embedder); see there
    /// for what that means to other stores.
    ///
    /// # Errors
    /// [`Error::Unavailable`] on an engine without epoch interruption, and at native speed; nothing was asked for then.
    pub fn interrupt(&self) -> Result<(), Error> {
        self.0.interrupt()
    }

    /// Takes back an interrupt that has not arrived yet.
    pub fn cancel_interrupt(&self) {
        self.0.cancel_interrupt();
    }

    /// Ends the guest by dropping the body: at once if it's stopped or waits in host code, at its next operator, event or
    /// epoch check if it runs (without epoch interruption: its next event). Destructors of host futures run, the store
    /// stays usable. Not for components: after a call that was dropped, Wasmtime 48 lets none of that store be entered.
    ///
    /// The session's result is [`Killed`](crate::Killed), after the debugger has ended, too: its `next()` gives what is
    /// queued and then `None`.
    ///
    /// Where the host blocks its thread on a call into the guest, nobody can drop that call: it's made to end by an
    /// error at its next epoch check, and the body is dropped when the host is back.
    pub fn kill(&self) {
        self.0.kill();
    }

    /// Ends the debugging and lets the guest go on: `next()` gives `None` from now on, `with` no longer works, and
    /// everything that is planted is taken out at the guest's next stop or epoch check. A guest that is stopped is
    /// resumed, whether the debugger has ended by then or not.
    pub fn detach(&self) {
        self.0.detach();
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Control")
    }
}
