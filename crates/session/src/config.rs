//! What an engine needs so that its stores can be debugged.

use wasmtime::{Config, Engine};

use crate::Error;

/// Sets what a session needs: `guest_debug`, and `epoch_interruption` so that a running guest can be interrupted.
/// Everything else stays as it is.
///
/// Guest debugging makes code about three times slower and five times larger, and forces explicit bounds checks; it is
/// a setting of an engine, so that an embedder keeps a second engine for what isn't debugged.
///
/// With epoch interruption a fresh store has reached its deadline already: where guest code runs outside of a session,
/// give the store one (`store.set_epoch_deadline(u64::MAX / 2)`), or it traps with "interrupt".
pub fn configure(config: &mut Config) -> &mut Config {
    config.guest_debug(true).epoch_interruption(true)
}

pub(crate) fn check(engine: &Engine) -> Result<(), Error> {
    if !engine.get_guest_debug() {
        return Err(Error::NotDebuggable {
            why: "guest debugging is off",
            line: "add `freezeframe::configure(&mut config);` before `Engine::new(&config)`",
        });
    }
    // H14: under guest debugging an unhandled `suspend` kills the process.
    if engine.get_wasm_features().stack_switching() {
        return Err(Error::NotDebuggable {
            why: "Wasmtime 48 can't debug the stack-switching proposal",
            line: "take away `config.wasm_stack_switching(true);`",
        });
    }
    Ok(())
}
