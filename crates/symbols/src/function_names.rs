//! What functions are called: text in one buffer that all share, so that tens of thousands of names need no allocation each,
//! and no copy when they come from a saved index.
//!
//! Invariant: a place that isn't text in the buffer is the empty name.

use std::{fmt, ops::Range};

use bytes::Bytes;

/// The names of one function.
#[derive(Clone, Default)]
pub(crate) struct FunctionNames {
    /// The names of all functions.
    pub buffer: Bytes,
    /// Where each of its own is in there.
    pub places: Places,
}

/// Where a function's names are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    pub name: Range<u32>,
    pub short: Range<u32>,
}

impl FunctionNames {
    pub fn name(&self) -> &str {
        text(&self.buffer, &self.places.name)
    }

    pub fn short(&self) -> &str {
        text(&self.buffer, &self.places.short)
    }
}

impl PartialEq for FunctionNames {
    fn eq(&self, other: &Self) -> bool {
        (self.name(), self.short()) == (other.name(), other.short())
    }
}

impl Eq for FunctionNames {}

impl fmt::Debug for FunctionNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionNames").field("name", &self.name()).field("short", &self.short()).finish()
    }
}

/// The text at a place.
pub(crate) fn text<'b>(buffer: &'b Bytes, place: &Range<u32>) -> &'b str {
    let bytes = buffer.get(place.start as usize..place.end as usize).unwrap_or_default();
    str::from_utf8(bytes).unwrap_or_default()
}

/// Puts names one behind the other.
#[derive(Default)]
pub(crate) struct Buffer(Vec<u8>);

impl Buffer {
    /// Adds a name; beyond 4 GiB of them it's the empty one.
    pub fn push(&mut self, name: &str) -> Range<u32> {
        let start = self.0.len();
        let place = u32::try_from(start).ok().zip(u32::try_from(start + name.len()).ok());
        let Some((start, end)) = place else { return 0..0 };
        self.0.extend_from_slice(name.as_bytes());
        start..end
    }

    /// Adds a name, a part of which is the short one.
    pub fn push_both(&mut self, name: &str, short: &Range<usize>) -> Places {
        let whole = self.push(name);
        let place = |at: usize| whole.start.saturating_add(u32::try_from(at).unwrap_or(u32::MAX)).min(whole.end);
        Places { short: place(short.start)..place(short.end), name: whole }
    }

    pub fn finish(self) -> Bytes {
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_share_a_buffer() {
        let mut buffer = Buffer::default();
        let places = [
            buffer.push_both("orders::total::{closure#0}", &(8..13)),
            buffer.push_both("queue.push__anon_12", &(6..10)),
        ];
        let all = buffer.finish();
        let [one, other] = places.map(|places| FunctionNames { buffer: all.clone(), places });
        assert_eq!((one.name(), one.short()), ("orders::total::{closure#0}", "total"));
        assert_eq!((other.name(), other.short()), ("queue.push__anon_12", "push"));
        assert!(one == one.clone() && one != other);
    }

    #[test]
    fn what_is_no_text_is_empty() {
        let buffer = Bytes::from_static("aé".as_bytes());
        for place in [0..2, Range { start: 2, end: 1 }, 1..9, u32::MAX..u32::MAX] {
            assert_eq!(text(&buffer, &place), "", "{place:?}");
        }
        assert_eq!(text(&buffer, &(1..3)), "é");
    }
}
