//! Independent pieces of work on all cores.
//!
//! Invariant: the results come in the order of the pieces, and a machine that gives no threads gets the same results.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Below so many bytes of input threads cost more than they save.
const WORTH_THREADS: usize = 256 << 10;

/// `work(state, i)` for all `i < count`; each thread makes one `state`. `bytes` is how much input that is in all.
pub(crate) fn map<S, T: Send>(
    count: usize,
    bytes: usize,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(count));
    let run = || {
        let mut state = state();
        let mut mine = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= count {
                break;
            }
            mine.push((i, work(&mut state, i)));
        }
        results.lock().unwrap_or_else(PoisonError::into_inner).append(&mut mine);
    };
    let threads =
        if bytes < WORTH_THREADS { 1 } else { thread::available_parallelism().map_or(1, |n| n.get().min(16)) };
    thread::scope(|scope| {
        for _ in 1..threads.min(count) {
            // A thread that can't be had is done without.
            let _ = thread::Builder::new().spawn_scoped(scope, run);
        }
        run();
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(i, _)| *i);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn order_is_kept() {
        let squares = super::map(1000, usize::MAX, || 0, |_, i| i * i);
        assert!(squares.iter().enumerate().all(|(i, square)| *square == i * i));
        assert_eq!(squares.len(), 1000);
        assert!(super::map(0, 0, || (), |(), i| i).is_empty());
    }
}
