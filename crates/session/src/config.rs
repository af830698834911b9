//! What an engine needs so that its stores can be debugged, and how sessions use the engine's epochs.

use wasmtime::{Config, Engine, Store, UpdateDeadline};

use crate::Error;

/// Sets what a session needs: `guest_debug` and `epoch_interruption`. Everything else stays as it is.
///
/// Guest debugging makes code about three times slower and five times larger, and forces explicit bounds checks; it is
/// a setting of an engine, so that an embedder keeps a second engine for what isn't debugged.
pub fn configure(config: &mut Config) -> &mut Config {
    config.guest_debug(true).epoch_interruption(true)
}

/// Whose meaning the store's epoch deadlines have during a session.
///
/// Epochs belong to the whole engine: [`Control::interrupt`](crate::Control::interrupt) increments one counter that all
/// its stores compare with their deadlines, and Wasmtime runs a store's own deadline behaviour after each tick that
/// reached it (hazard H12). No behaviour of a store can be read back, so that somebody has to say whose it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Epochs {
    /// The session's: it gives the store a deadline of one tick that does nothing, so interrupts arrive at once and
    /// neither this nor another session's interrupt can end the guest. After the session the store is left with a
    /// deadline that is never reached; an embedder that uses epochs sets its own anew.
    #[default]
    Session,
    /// The embedder's: the session changes nothing. An interrupt arrives when the embedder's deadline does, and that
    /// deadline's behaviour follows it: one that traps ends the guest.
    Embedder,
    /// None: for an engine without epoch interruption. Interrupts and kills of a guest that runs wait for its next
    /// stop.
    Off,
}

/// A deadline that no number of ticks reaches; half the range, because it's added to the current epoch.
const NEVER: u64 = u64::MAX / 2;

impl Epochs {
    pub(crate) fn take_over<T: 'static>(self, store: &mut Store<T>) {
        if self == Self::Session {
            store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Continue(1)));
            store.set_epoch_deadline(1);
        }
    }

    pub(crate) fn give_back<T: 'static>(self, store: &mut Store<T>) {
        if self == Self::Session {
            store.epoch_deadline_trap();
            store.set_epoch_deadline(NEVER);
        }
    }
}

pub(crate) fn check(engine: &Engine, epochs: Epochs) -> Result<(), Error> {
    if !engine.get_guest_debug() {
        return Err(Error::NotDebuggable {
            why: "guest debugging is off",
            line: "add `freezeframe::configure(&mut config);` before `Engine::new(&config)`",
        });
    }
    if epochs != Epochs::Off && !engine.get_epoch_interruption() {
        return Err(Error::NotDebuggable {
            why: "epoch interruption is off, so a running guest couldn't be interrupted",
            line: "add `config.epoch_interruption(true);`, or choose `Epochs::Off` in the session's options",
        });
    }
    // H14: under guest debugging a trap on a continuation's stack kills the process.
    if engine.get_wasm_features().stack_switching() {
        return Err(Error::NotDebuggable {
            why: "Wasmtime 48 can't debug the stack-switching proposal",
            line: "take away `config.wasm_stack_switching(true);`",
        });
    }
    Ok(())
}
