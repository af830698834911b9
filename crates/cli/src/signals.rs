//! Signals: an interrupt stops the guest, a wish to end ends us.
//!
//! Invariant: an interrupt while a guest runs that it can stop never ends the debugger; it does when nothing runs and nobody is asked
//! for commands. At the prompt the line editor takes Ctrl-C as a key. Whatever the guest does, the third interrupt ends
//! this process, and so does a wish to end that isn't granted within two seconds.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use freezeframe_engine::Interrupter;

/// The exit code after an interrupt that nothing could be done with.
const INTERRUPTED: i32 = 130;
/// The exit code after SIGTERM or SIGHUP.
pub const TERMINATED: i32 = 143;

/// What the signals have asked for.
#[derive(Default)]
pub struct Signals {
    guest: Mutex<Option<Interrupter>>,
    interrupts: AtomicU32,
    terminate: AtomicBool,
    /// A person is asked for commands: an interrupt is no reason to end any more.
    asking: AtomicBool,
    /// The guest that runs can't be stopped: an interrupt ends us, and it with us.
    unstoppable: AtomicBool,
    /// Makes the line editor return.
    break_prompt: Arc<AtomicBool>,
}

impl Signals {
    /// Takes over the signals of this process. When that fails they do what they would have done.
    pub fn install() -> Arc<Self> {
        let signals = Arc::new(Self::default());
        listen(signals.clone());
        signals
    }

    /// From now on a person is asked for commands.
    pub fn asking(&self) {
        self.asking.store(true, Ordering::SeqCst);
    }

    /// From now on an interrupt stops this guest.
    pub fn guest_runs(&self, interrupter: Interrupter) {
        self.interrupts.store(0, Ordering::SeqCst);
        *self.guest.lock().unwrap_or_else(PoisonError::into_inner) = Some(interrupter);
    }

    /// From now on a guest runs that can't be stopped: an interrupt is for this process.
    pub fn unstoppable_runs(&self) {
        self.unstoppable.store(true, Ordering::SeqCst);
    }

    /// From now on there's no guest to stop.
    pub fn guest_stopped(&self) {
        self.unstoppable.store(false, Ordering::SeqCst);
        *self.guest.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// How often an interrupt was asked for since the guest began to run.
    pub fn interrupts(&self) -> u32 {
        self.interrupts.load(Ordering::SeqCst)
    }

    /// Whether this process shall end.
    pub fn terminated(&self) -> bool {
        self.terminate.load(Ordering::SeqCst)
    }

    /// What makes the line editor return when this process shall end.
    pub fn break_prompt(&self) -> Arc<AtomicBool> {
        self.break_prompt.clone()
    }

    fn interrupt(&self) {
        let guest = self.guest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match guest {
            Some(guest) => {
                if self.interrupts.fetch_add(1, Ordering::SeqCst) >= 2 {
                    std::process::exit(INTERRUPTED);
                }
                guest.interrupt();
            }
            None if self.unstoppable.load(Ordering::SeqCst) => std::process::exit(INTERRUPTED),
            None if self.asking.load(Ordering::SeqCst) => {}
            None => std::process::exit(INTERRUPTED),
        }
    }

    fn end(self: Arc<Self>) {
        self.terminate.store(true, Ordering::SeqCst);
        self.break_prompt.store(true, Ordering::SeqCst);
        let guest = self.guest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(guest) = guest {
            guest.interrupt();
        }
        thread::spawn(|| {
            thread::sleep(Duration::from_secs(2));
            std::process::exit(TERMINATED);
        });
    }
}

#[cfg(unix)]
fn listen(signals: Arc<Signals>) {
    use signal_hook::{
        consts::{SIGHUP, SIGINT, SIGTERM},
        iterator::Signals as Arriving,
    };
    let Ok(mut arriving) = Arriving::new([SIGINT, SIGTERM, SIGHUP]) else { return };
    // Without a thread they arrive nowhere, and Ctrl-C is dead; there's nothing better left to do then.
    _ = thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in arriving.forever() {
            match signal {
                SIGINT => signals.interrupt(),
                _ => signals.clone().end(),
            }
        }
    });
}

#[cfg(not(unix))]
fn listen(signals: Arc<Signals>) {
    // There it can't be told which it was.
    _ = ctrlc::set_handler(move || signals.interrupt());
}
