//! How far the making of a module's tables has come, for who waits.
//!
//! Invariant: it only grows.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// How far something has come. Clones show the same, from any thread.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    done: AtomicU64,
    total: u64,
}

impl Progress {
    /// Of so much work, in a unit of its own.
    pub(crate) fn of(total: u64) -> Self {
        Self(Arc::new(Counts { done: AtomicU64::new(0), total }))
    }

    /// How much of it is done, from 0 to 1.
    pub fn share(&self) -> f64 {
        let Counts { done, total } = &*self.0;
        match *total {
            0 => 1.0,
            // Rounded: it's for people.
            total => (done.load(Ordering::Relaxed) as f64 / total as f64).min(1.0),
        }
    }

    /// So much more is done.
    pub(crate) fn add(&self, work: u64) {
        self.0.done.fetch_add(work, Ordering::Relaxed);
    }

    /// One of `count` equal parts of so much work is done.
    pub(crate) fn add_part(&self, work: u64, part: usize, count: usize) {
        let until = |part: usize| work.saturating_mul(part as u64) / (count as u64).max(1);
        self.add(until(part.saturating_add(1)).saturating_sub(until(part)));
    }

    /// All of it is done.
    pub(crate) fn finish(&self) {
        self.0.done.fetch_max(self.0.total, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_whole() {
        let progress = Progress::of(1000);
        assert!(progress.share() == 0.0);
        (0..7).for_each(|part| progress.add_part(500, part, 7));
        assert!(progress.clone().share() == 0.5);
        progress.finish();
        assert!(progress.share() == 1.0);
        progress.add(1);
        assert!(progress.share() == 1.0 && Progress::of(0).share() == 1.0);
    }
}
