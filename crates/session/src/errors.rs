//! One event for one error.
//!
//! Wasmtime reports an error that passes through several activations once for each of them (hazard H9). It's the same
//! error if all of this holds:
//! * the activation that it leaves now is an outer one;
//! * that one was waiting in a call: an operator that trapped by itself is a new cause;
//! * the guest has not called the host since, as the validity of a frame handle tells: Wasmtime bumps a store's version
//!   at each call out of the guest, and at nothing else. Had the host caught the error and gone on, the guest would have
//!   had to call out again to fail there;
//! * it is of the same kind and says the same.

use wasmtime::{FrameHandle, StoreContextMut, WasmBacktrace};

use crate::{Event, breakpoints::Registry};

/// The error that was reported last.
pub(crate) struct LastError {
    activations: usize,
    /// `None` for a stack overflow, where frames can't be asked for without care (H4).
    innermost: Option<FrameHandle>,
    what: String,
}

/// Whether `event` is the error in `last` once more; remembers it in any case.
pub(crate) fn repeated<T: 'static>(
    last: &mut Option<LastError>,
    store: &mut StoreContextMut<'_, T>,
    registry: &mut Registry,
    event: &Event,
    in_prologue: bool,
) -> bool {
    let what = match event {
        Event::Exception(_) => "exception".to_owned(),
        other => format!("{other:?}"),
    };
    if in_prologue {
        *last = Some(LastError { activations: usize::MAX, innermost: None, what });
        return false;
    }
    let exits: Vec<FrameHandle> = store.debug_exit_frames().collect();
    let repeated = last.as_ref().is_some_and(|last| {
        exits.len() < last.activations
            && last.what == what
            && last.innermost.as_ref().is_none_or(|frame| frame.is_valid(&mut *store))
    }) && waits_in_a_call(store, registry);
    *last = Some(LastError { activations: exits.len(), innermost: exits.into_iter().next(), what });
    repeated
}

/// Whether the innermost frame waits in a call, by the backtrace, which names the operator itself.
pub(crate) fn waits_in_a_call<T: 'static>(store: &mut StoreContextMut<'_, T>, registry: &mut Registry) -> bool {
    let trace = WasmBacktrace::force_capture(&*store);
    let Some(frame) = trace.frames().first() else { return true };
    let Some(pc) = frame.module_offset().and_then(|pc| u32::try_from(pc).ok()) else { return true };
    registry.infos.of(frame.module()).is_none_or(|(_, info)| info.is_call(pc))
}
