//! C++: the types of libc++.

use super::Printer;

/// A family a file, and a line here for each.
pub(super) const FAMILIES: &[&[Printer]] = &[];
