//! Failures that no stop has shown: at native speed the runtime's own functions, those of the host, exceptions, fuel and
//! epochs end a call into the guest without a signal. What is left then is the error's backtrace, and the store, with
//! memories and globals as the guest left them.
//!
//! Invariant: what a stop at its trap has shown isn't shown again.

use wasmtime::{AsContextMut as _, Store, ThrownException, Trap, WasmBacktrace};

use crate::{
    Failure, frames,
    handler::{self, Failed},
    session::around,
    shared::lock,
};

/// Called by the body of a session at native speed, at once, with the error of a call into the guest: unless a stop has shown
/// it, the debugger gets [`Event::Unwound`](crate::Event::Unwound), and the body goes on when the debugger does. A guest that has run in the
/// meantime may have changed what is shown: the memory, and the stack pointer, from which variables are found.
///
/// An error that a host function passes on from a guest of another store has that guest's backtrace: such a function does
/// better to make an error of its own, because what is of the same module would be taken for a frame of this store.
///
/// `false` if there was nothing to show: the error is known, is a wish to exit, or comes from no code that the session
/// knows; there's no
/// session at native speed around the caller on this store.
///
/// Not to be dropped before it's ready, unless the session is.
pub async fn unwound<T: Send + 'static>(store: &mut Store<T>, error: &wasmtime::Error) -> bool {
    let Some(shared) = around(store) else { return false };
    let (Some(native), Some(trace)) = (&shared.native, error.downcast_ref::<WasmBacktrace>()) else { return false };
    let exits = shared.exit_code.is_some_and(|exit_code| exit_code(error).is_some());
    if exits || native.has_seen(error, trace) {
        return false;
    }
    {
        let mut registry = lock(&shared.registry);
        if !trace.frames().iter().all(|frame| native.knows(frame.module())) {
            return false;
        }
        let places = trace.frames().iter().filter_map(|frame| frames::backtrace_position(frame, &registry));
        registry.unwound = places.collect();
        if registry.unwound.is_empty() {
            return false;
        }
    }
    let failed = Failed::Over(failure(error), message(error));
    handler::failed(&shared, store.as_context_mut(), failed).await;
    true
}

fn failure(error: &wasmtime::Error) -> Failure {
    match error.downcast_ref::<Trap>() {
        Some(trap) => Failure::Trap(*trap),
        None if error.downcast_ref::<ThrownException>().is_some() => Failure::Exception,
        None => Failure::Host,
    }
}

/// The error and its causes, without the context that is Wasmtime's backtrace.
fn message(error: &wasmtime::Error) -> String {
    let trace = error.downcast_ref::<WasmBacktrace>().map(ToString::to_string);
    let causes = error.chain().map(ToString::to_string).filter(|cause| Some(cause) != trace.as_ref());
    causes.collect::<Vec<_>>().join(": ")
}
