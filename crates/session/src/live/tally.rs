//! What rules count and take down while the guest runs, until the far half hears of it.
//!
//! Invariant: what is taken down is bounded, and never thrown away: when it's full, the guest stops until it has been told.

use freezeframe_debuggee::{Count, Counter, Logged, Passed};

/// How many lines are kept before the guest has to wait.
const MOST_LINES: usize = 1000;
/// How many bytes of values.
const MOST_BYTES: usize = 1 << 20;

#[derive(Default)]
pub(super) struct Tally {
    counts: Vec<Count>,
    counted: bool,
    logged: Vec<Logged>,
    bytes: usize,
}

impl Tally {
    /// Begins with the counters of a new plan.
    pub(super) fn restart(&mut self, counters: &[Counter]) {
        self.counts = counters.iter().map(|c| Count { hits: c.hits, ignore: c.ignore }).collect();
        self.counted = false;
    }

    /// Counts a hit and gives its number; `None` when it is to be ignored.
    pub(super) fn count(&mut self, counter: usize) -> Option<u64> {
        let count = self.counts.get_mut(counter)?;
        self.counted = true;
        count.hits = count.hits.saturating_add(1);
        if count.ignore > 0 {
            count.ignore -= 1;
            return None;
        }
        Some(count.hits)
    }

    /// Keeps what was taken down; `true` if it's the first that the far half hasn't heard of.
    pub(super) fn log(&mut self, line: Logged) -> bool {
        self.bytes += line.values.iter().flatten().map(Vec::len).sum::<usize>();
        self.logged.push(line);
        self.logged.len() == 1
    }

    pub(super) fn has_lines(&self) -> bool {
        !self.logged.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.logged.len() >= MOST_LINES || self.bytes >= MOST_BYTES
    }

    /// What the far half is told: lines at once, counts when the guest has `stopped` or ended.
    pub(super) fn take(&mut self, stopped: bool) -> Option<Passed> {
        if self.logged.is_empty() && !(stopped && self.counted) {
            return None;
        }
        self.counted = false;
        self.bytes = 0;
        Some(Passed { counts: self.counts.clone(), logged: std::mem::take(&mut self.logged) })
    }
}
