//! Rows of numbers, packed as they are in a file: to have them nothing need be read.
//!
//! Invariant: bytes behind the last whole row don't count.

use std::ops::Range;

use bytes::Bytes;

/// Rows of `N` numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table<const N: usize>(Bytes);

impl<const N: usize> Table<N> {
    /// The rows in these bytes.
    pub fn new(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// What [`new`](Self::new) takes.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }

    pub fn len(&self) -> usize {
        self.0.len().checked_div(4 * N).unwrap_or(0)
    }

    /// The row at this position.
    pub fn get(&self, at: usize) -> Option<[u32; N]> {
        row(self.0.get(at.checked_mul(4 * N)?..)?)
    }

    /// All rows.
    pub fn rows(&self) -> impl Iterator<Item = [u32; N]> {
        self.rows_in(0..self.len())
    }

    /// The rows at these positions; none when some are beyond the end.
    pub fn rows_in(&self, positions: Range<usize>) -> impl Iterator<Item = [u32; N]> {
        let bytes = |at: usize| at.checked_mul(4 * N);
        let range = bytes(positions.start).zip(bytes(positions.end)).map(|(start, end)| start..end);
        let part = range.and_then(|range| self.0.get(range)).unwrap_or_default();
        part.chunks_exact((4 * N).max(1)).filter_map(row)
    }

    /// How many rows there are before the first that isn't `before`, if those come first.
    pub fn partition_point(&self, before: impl Fn([u32; N]) -> bool) -> usize {
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = from.midpoint(to);
            if self.get(middle).is_some_and(&before) { from = middle + 1 } else { to = middle }
        }
        from
    }
}

impl<const N: usize> FromIterator<[u32; N]> for Table<N> {
    fn from_iter<I: IntoIterator<Item = [u32; N]>>(rows: I) -> Self {
        let rows = rows.into_iter();
        let mut bytes = Vec::with_capacity(rows.size_hint().0.saturating_mul(4 * N));
        for row in rows {
            bytes.extend(row.into_iter().flat_map(u32::to_le_bytes));
        }
        Self(bytes.into())
    }
}

fn row<const N: usize>(bytes: &[u8]) -> Option<[u32; N]> {
    let row: &[[u8; 4]; N] = bytes.as_chunks().0.first_chunk()?;
    Some(row.map(u32::from_le_bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_goes_in_comes_out(rows in prop::collection::vec(any::<[u32; 3]>(), 0..20), more in 0usize..12) {
            let table: Table<3> = rows.iter().copied().collect();
            let mut bytes = table.bytes().to_vec();
            bytes.resize(bytes.len() + more.min(11), 7);
            let table = Table::<3>::new(bytes.into());
            prop_assert_eq!(table.len(), rows.len());
            prop_assert_eq!(table.rows().collect::<Vec<_>>(), rows.clone());
            for at in 0..rows.len() {
                prop_assert_eq!(table.get(at), rows.get(at).copied());
                prop_assert!(table.rows_in(at..rows.len()).eq(rows[at..].iter().copied()));
            }
            prop_assert_eq!(table.get(rows.len()), None);
            prop_assert_eq!(table.get(usize::MAX), None);
            prop_assert_eq!(table.rows_in(0..rows.len() + 1).count(), 0);
        }

        #[test]
        fn a_point_is_found(mut rows in prop::collection::vec(any::<[u32; 2]>(), 0..20), point: u32) {
            rows.sort_unstable();
            let table: Table<2> = rows.iter().copied().collect();
            prop_assert_eq!(table.partition_point(|[n, _]| n < point), rows.partition_point(|[n, _]| *n < point));
        }
    }
}
