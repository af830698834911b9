//! C. It has no library of types: what it has is seen structurally.

use super::Printer;

pub(super) const FAMILIES: &[&[Printer]] = &[];
