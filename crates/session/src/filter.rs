//! Where a session's filter is kept.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use crate::{Event, Stop, Verdict, shared::lock};

/// Decides, next to the guest, whether the debugger shall see an event. See
/// [`Dbg::set_filter`](crate::Dbg::set_filter).
pub type Filter<T> = Box<dyn FnMut(&mut Stop<'_, T>, &Event) -> Verdict + Send>;

/// The filter, taken out while it runs: it may replace itself, and if it panics it's gone.
pub(crate) struct FilterSlot<T: 'static> {
    filter: Mutex<State<T>>,
    /// Whether there may be one; saves the lock where there's none.
    any: AtomicBool,
}

struct State<T: 'static> {
    filter: Option<Filter<T>>,
    /// How often it was set: one that was replaced while it ran isn't put back.
    generation: u64,
}

impl<T: 'static> Default for FilterSlot<T> {
    fn default() -> Self {
        Self { filter: Mutex::new(State { filter: None, generation: 0 }), any: AtomicBool::new(false) }
    }
}

impl<T: 'static> FilterSlot<T> {
    pub(crate) fn set(&self, filter: Option<Filter<T>>) {
        let old = {
            let mut state = lock(&self.filter);
            self.any.store(filter.is_some(), SeqCst);
            state.generation += 1;
            std::mem::replace(&mut state.filter, filter)
        };
        // Outside of the lock: its destructor is the debugger's code.
        drop(old);
    }

    #[inline]
    pub(crate) fn any(&self) -> bool {
        self.any.load(SeqCst)
    }

    pub(crate) fn take(&self) -> Option<(Filter<T>, u64)> {
        if !self.any() {
            return None;
        }
        let mut state = lock(&self.filter);
        let generation = state.generation;
        state.filter.take().map(|filter| (filter, generation))
    }

    pub(crate) fn put_back(&self, filter: Filter<T>, generation: u64) {
        let mut state = lock(&self.filter);
        if state.generation == generation {
            state.filter = Some(filter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_replaced_while_it_ran_stays_away() {
        let slot = FilterSlot::<()>::default();
        slot.set(Some(Box::new(|_, _| Verdict::Resume)));
        let (running, generation) = slot.take().expect("a filter");
        slot.put_back(running, generation);
        let (running, generation) = slot.take().expect("it was put back");
        slot.set(None);
        slot.put_back(running, generation);
        assert!(slot.take().is_none());
    }
}
