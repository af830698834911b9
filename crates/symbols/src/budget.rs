//! How much may be made of what a module says.
//!
//! Invariant: what is made is at most a few times as much as went in, however often entries share a string. What compilers
//! write takes a tenth of it.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::dwarf::Sections;

/// What even a small module may have for names.
const LEAST: usize = 16 << 20;
/// Bytes of names that may be made for each byte of the module and the files beside it.
const FOR_EACH: usize = 4;

/// What is left, in bytes.
pub(crate) struct Budget(AtomicUsize);

impl Budget {
    /// `for_each` byte that went in, and `least` even for a few.
    pub fn new(bytes: usize, for_each: usize, least: usize) -> Self {
        Self(AtomicUsize::new(least.saturating_add(bytes.saturating_mul(for_each))))
    }

    /// For names made of these sections.
    pub fn of_names(sections: &Sections) -> Self {
        let size: usize = sections.contents().map(<[u8]>::len).sum();
        Self::new(size, FOR_EACH, LEAST)
    }

    /// What is left, in bytes.
    pub fn left(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether nothing is left: then nothing more is to be made.
    pub fn is_spent(&self) -> bool {
        self.left() == 0
    }

    /// Takes what was made; whether there was so much.
    pub fn take(&self, bytes: usize) -> bool {
        let taken = self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes)).is_ok();
        if !taken {
            self.0.store(0, Ordering::Relaxed);
        }
        taken
    }
}
