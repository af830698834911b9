//! The DWARF side: sections, units, entries, and what is the same for every question about them.
//!
//! Invariant: whatever is read through [`Dwarf`] is bounded: strings in length, chains of references in steps, tables
//! that units share in total size, attributes of an entry in number, range lists in how often they are read. Damage is an absent answer here; whoever asks decides what to say.

mod entries;
mod sections;
mod split;
mod units;

pub(crate) use entries::{Dwarf, Entry, Value};
pub(crate) use sections::{Sections, Text};
pub(crate) use units::{Reader, Unit, Units};
