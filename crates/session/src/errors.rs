//! One event for one error.
//!
//! Wasmtime reports an error that passes through several activations once for each of them (hazard H9), and says only
//! what it is, not which. It's taken for the same error if all of this holds:
//! * it is of the same kind and says the same;
//! * the activations that are left are those that lay around the failing one, each waiting at the same place;
//! * the innermost of them waits in a call: an operator that fails by itself is a new cause, also at the place that the
//!   host returned to after having caught the error.
//!
//! What remains is a host function that catches the guest's error, succeeds, and when called once more from the same
//! place fails by itself with the same words.

use wasmtime::{StoreContextMut, WasmBacktrace};

use crate::{breakpoints::Registry, event::Cause, frames};

/// The error that was reported last.
pub(crate) struct LastError {
    what: String,
    /// Where the activations around it waited: function and pc, innermost first.
    around: Vec<frames::Place>,
}

/// Whether the error that says `what` is the one in `last` once more; remembers it in any case.
pub(crate) fn repeated<T: 'static>(
    last: &mut Option<LastError>,
    store: &mut StoreContextMut<'_, T>,
    registry: &mut Registry,
    what: String,
    cause: Cause,
) -> bool {
    let (innermost, around) = frames::waiting(store, registry, cause);
    let all = innermost.iter().chain(&around);
    let repeated = last.as_ref().is_some_and(|last| last.what == what && all.eq(&last.around))
        && innermost.is_some()
        && waits_in_a_call(store, registry);
    *last = Some(LastError { what, around });
    repeated
}

/// Whether the innermost frame waits in a call, by the backtrace, which names the operator itself.
pub(crate) fn waits_in_a_call<T: 'static>(store: &mut StoreContextMut<'_, T>, registry: &mut Registry) -> bool {
    let trace = WasmBacktrace::force_capture(&*store);
    let Some(frame) = trace.frames().first() else { return true };
    let Some((_, info)) = registry.infos.of(frame.module()) else { return true };
    info.pc_of(frame).is_none_or(|pc| info.is_call(pc))
}
