//! A value that is put together of pieces, by bits.
//!
//! Invariant: a byte is known only if all of its bits are.

use std::ops::Range;

use super::Storage;

/// No piece has more bytes.
pub(super) const LARGEST_PIECE: u64 = 1 << 20;
/// No value has more bits of pieces that don't begin and end at bytes.
const MOST_ODD_BITS: u64 = 1 << 16;

/// What is put together so far.
#[derive(Default)]
pub(super) struct Assembled {
    bytes: Vec<u8>,
    /// Which bits of them are known.
    known: Vec<u8>,
    /// How many bits there are.
    bits: u64,
}

impl Assembled {
    /// Bits that aren't known.
    pub fn skip(&mut self, bits: u64) {
        self.add(bits, 0, &[]);
    }

    /// The bits from `first` on of a place with these bytes.
    pub fn add(&mut self, bits: u64, first: u64, from: &[u8]) {
        let aligned = [bits, first, self.bits].iter().all(|bits| bits.is_multiple_of(8));
        let bits = bits.min(if aligned { LARGEST_PIECE * 8 } else { MOST_ODD_BITS });
        let at = self.bits;
        self.bits = self.bits.saturating_add(bits);
        let size = usize::try_from(self.bits.div_ceil(8)).unwrap_or(usize::MAX);
        self.bytes.resize(size, 0);
        self.known.resize(size, 0);
        if aligned {
            let from = usize::try_from(first / 8).ok().and_then(|first| from.get(first..)).unwrap_or_default();
            let start = usize::try_from(at / 8).unwrap_or(usize::MAX);
            let into = self.bytes.iter_mut().zip(&mut self.known).skip(start);
            into.zip(from).for_each(|((byte, known), from)| (*byte, *known) = (*from, 0xff));
            return;
        }
        for bit in 0..bits {
            let place = |bit: u64| (usize::try_from(bit / 8).unwrap_or(usize::MAX), (bit % 8) as u32);
            let ((from_byte, from_bit), (byte, shift)) = (place(first.saturating_add(bit)), place(at + bit));
            if let (Some(source), Some(into), Some(known)) =
                (from.get(from_byte), self.bytes.get_mut(byte), self.known.get_mut(byte))
            {
                *into |= (source >> from_bit & 1) << shift;
                *known |= 1 << shift;
            }
        }
    }

    /// All of it. Bits behind the last piece aren't part of the value: they are zeroes.
    pub fn storage(mut self) -> Storage {
        if let (Some(last), over @ 1..) = (self.known.last_mut(), self.bits % 8) {
            *last |= 0xff << over;
        }
        let mut known = Vec::<Range<usize>>::new();
        for (at, _) in self.known.iter().enumerate().filter(|(_, bits)| **bits == 0xff) {
            match known.last_mut() {
                Some(last) if last.end == at => last.end = at + 1,
                _ => known.push(at..at + 1),
            }
        }
        if known.len() == 1 && known.first() == Some(&(0..self.bytes.len())) {
            return Storage::Bytes { bytes: self.bytes, origin: "it lies in several pieces" };
        }
        Storage::Partly { bytes: self.bytes, known }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_bits() {
        let mut whole = Assembled::default();
        whole.add(16, 8, &[1, 2, 3, 4]);
        whole.skip(8);
        whole.add(16, 0, &[9]);
        let expected = Storage::Partly { bytes: vec![2, 3, 0, 9, 0], known: vec![0..2, 3..4] };
        assert_eq!(whole.storage(), expected, "the last byte has no place");

        let mut whole = Assembled::default();
        whole.add(3, 5, &[0b1010_0000]);
        whole.add(9, 0, &[0b1111_0001, 0b1]);
        let expected = Storage::Bytes { bytes: vec![0b1000_1101, 0b1111], origin: "it lies in several pieces" };
        assert_eq!(whole.storage(), expected);

        let mut whole = Assembled::default();
        whole.add(3, 0, &[7]);
        whole.skip(7);
        whole.add(14, 0, &[0xff, 0xff]);
        let known = std::iter::once(2..3).collect();
        assert_eq!(whole.storage(), Storage::Partly { bytes: vec![7, 0b1111_1100, 0xff], known });
    }
}
