//! Damaged modules: whole ones, and what files and liars make of them, from a seed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests use it")]

use std::{fmt::Write as _, ops::Range};

/// Marsaglia's xorshift64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }

    /// So many of these, or all, in their order.
    pub fn some<T>(&mut self, mut of: Vec<T>, most: usize) -> Vec<T> {
        while of.len() > most {
            of.remove(self.next(of.len()));
        }
        of
    }
}

/// A section of a module or component.
pub struct Section {
    id: u8,
    name: String,
    /// From its id to its end.
    whole: Range<usize>,
    /// The length that it says it has.
    size: Range<usize>,
    contents: Range<usize>,
}

impl Section {
    /// What may be damaged without damaging the program: its bytes, without the section's name.
    fn custom(&self) -> Option<Range<usize>> {
        let name = 1 + self.name.len();
        (self.id == 0 && self.contents.len() > name + 8).then(|| self.contents.start + name..self.contents.end)
    }
}

fn leb(bytes: &[u8], at: &mut usize) -> usize {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        value |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return value;
        }
    }
}

/// A number as so many bytes at least.
fn to_leb(mut value: u64, least: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        let more = value > 0 || bytes.len() + 1 < least;
        bytes.push(byte | if more { 0x80 } else { 0 });
        if !more {
            return bytes;
        }
    }
}

/// The sections of a whole module or component, which begins at `base` in a file.
fn sections(bytes: &[u8], base: Range<usize>) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut at = base.start + 8;
    while at < base.end {
        let start = at;
        let id = bytes[at];
        at += 1;
        let size_from = at;
        let length = leb(bytes, &mut at);
        let (size, contents) = (size_from..at, at..at + length);
        at = contents.end;
        let mut inside = contents.start;
        let name = match id {
            0 => {
                let length = leb(bytes, &mut inside);
                String::from_utf8(bytes[inside..inside + length].to_vec()).unwrap()
            }
            id => format!("section {id}"),
        };
        sections.push(Section { id, name, whole: start..contents.end, size, contents });
    }
    sections
}

/// One way to damage a file.
#[derive(Clone, Debug)]
pub enum Damage {
    /// It breaks off.
    Cut(usize),
    /// These bytes are others.
    Replace(Range<usize>, Vec<u8>),
}

/// A damaged file.
pub struct Mutant {
    /// What was done to it.
    pub what: String,
    pub bytes: Vec<u8>,
}

/// Ways to damage a file, each with its name.
pub struct Ways<'a> {
    whole: &'a [u8],
    ways: Vec<(String, Damage)>,
}

impl<'a> Ways<'a> {
    /// None yet, for this module, component or object file.
    pub fn new(whole: &'a [u8]) -> Self {
        Self { whole, ways: Vec::new() }
    }

    fn add(&mut self, what: String, damage: Damage) {
        self.ways.push((what, damage));
    }

    /// Where sections begin and end: the file breaks off there, their lengths lie, they are gone, twice, or in each other's
    /// place.
    pub fn framing(mut self) -> Self {
        let all = sections(self.whole, 0..self.whole.len());
        self.add("no header".into(), Damage::Cut(4));
        self.add("another version".into(), Damage::Replace(4..8, vec![9, 0, 0, 0]));
        self.add("another magic".into(), Damage::Replace(0..4, b"\x7fELF".to_vec()));
        for (at, section) in all.iter().enumerate() {
            let (Section { whole, size, contents, name, .. }, bytes) = (section, self.whole);
            let middle = contents.start + contents.len() / 2;
            for to in [whole.start + 1, contents.start, contents.start + 1, middle, contents.end - 1] {
                self.add(format!("{name} breaks off at {to:#x}"), Damage::Cut(to));
            }
            let length = contents.len() as u64;
            let with_length = |contents: &[u8]| [to_leb(contents.len() as u64, 0), contents.to_vec()].concat();
            for kept in [0, 1, contents.len() / 3, contents.len() * 9 / 10] {
                let shorter = with_length(&bytes[contents.start..contents.start + kept]);
                let what = format!("{name} is {kept} bytes long");
                self.add(what, Damage::Replace(size.start..contents.end, shorter));
            }
            let longer = with_length(&[&bytes[contents.clone()], &[0xff; 32]].concat());
            self.add(format!("{name} has more at its end"), Damage::Replace(size.start..contents.end, longer));
            for lie in [0, length.saturating_sub(1), length + 1, u64::from(u32::MAX), u64::MAX] {
                let what = format!("{name} says that it's {lie} bytes long");
                self.add(what, Damage::Replace(size.clone(), to_leb(lie, 0)));
            }
            for least in [5, 6, 12] {
                let what = format!("the length of {name} is written in {least} bytes");
                self.add(what, Damage::Replace(size.clone(), to_leb(length, least)));
            }
            self.add(format!("no {name}"), Damage::Replace(whole.clone(), Vec::new()));
            self.add(format!("{name} twice"), Damage::Replace(whole.end..whole.end, bytes[whole.clone()].to_vec()));
            self.add(format!("{name} is of another kind"), Damage::Replace(whole.start..whole.start + 1, vec![0x7e]));
            if let Some(next) = all.get(at + 1) {
                let swapped = [&bytes[next.whole.clone()], &bytes[whole.clone()]].concat();
                let what = format!("{name} comes after {}", next.name);
                self.add(what, Damage::Replace(whole.start..next.whole.end, swapped));
            }
        }
        self
    }

    /// What custom sections say, those of modules inside a component too: offsets, lengths, versions, any bytes. Code and
    /// data stay as they are.
    pub fn contents(mut self, random: &mut Random) -> Self {
        let all = sections(self.whole, 0..self.whole.len());
        let is_module = |section: &&Section| self.whole[section.contents.clone()].starts_with(b"\0asm\x01\0\0\0");
        let nested: Vec<Section> =
            all.iter().filter(is_module).flat_map(|s| sections(self.whole, s.contents.clone())).collect();
        let found: Vec<(String, Range<usize>)> =
            all.iter().chain(&nested).filter_map(|s| Some((s.name.clone(), s.custom()?))).collect();
        for (name, range) in found {
            self.bytes(&name, range, random);
        }
        self
    }

    /// The same for a file that is no module, as a whole.
    pub fn anywhere(mut self, random: &mut Random) -> Self {
        let length = self.whole.len();
        for to in [0, 1, 3, length / 4, length / 2, length - 1] {
            self.add(format!("breaks off at {to:#x}"), Damage::Cut(to));
        }
        for part in 0..4 {
            self.bytes(&format!("part {part}"), length * part / 4..length * (part + 1) / 4, random);
        }
        self
    }

    fn bytes(&mut self, name: &str, range: Range<usize>, random: &mut Random) {
        let mut put = |what: &str, at: usize, bytes: &[u8]| {
            let at = at.clamp(range.start, range.end.saturating_sub(bytes.len()).max(range.start));
            let end = (at + bytes.len()).min(range.end);
            let what = format!("{name}: {what} {bytes:02x?} at {at:#x}");
            self.ways.push((what, Damage::Replace(at..end, bytes[..end - at].to_vec())));
        };
        for length in [u32::MAX, 0xffff_fff0, 0x7fff_ffff, range.len() as u32, 0] {
            put("the first length is", range.start, &length.to_le_bytes());
        }
        for version in [0_u16, 1, 3, 6, 0xffff] {
            put("the version is", range.start + 4, &version.to_le_bytes());
        }
        for offset in [u32::MAX, 0x8000_0000, range.len() as u32 + 1, range.len() as u32 - 1] {
            put("an offset is", range.start + random.next(range.len()), &offset.to_le_bytes());
        }
        put("a number without an end", range.start + random.next(range.len()), &[0x80; 24]);
        put("a number that is too large", range.start + random.next(range.len()), &[&[0xff; 9][..], &[0x7f]].concat());
        for count in [8, 64] {
            let mut bytes = self.whole[range.clone()].to_vec();
            for _ in 0..count {
                let at = random.next(bytes.len());
                bytes[at] = random.next(256) as u8;
            }
            self.ways.push((format!("{name}: {count} bytes are others"), Damage::Replace(range.clone(), bytes)));
        }
    }

    /// So many of them at most, chosen by chance.
    pub fn some(self, random: &mut Random, most: usize) -> impl Iterator<Item = Mutant> {
        let whole = self.whole;
        random.some(self.ways, most).into_iter().map(move |(mut what, damage)| {
            let bytes = match &damage {
                Damage::Cut(at) => whole[..(*at).min(whole.len())].to_vec(),
                Damage::Replace(range, by) => [&whole[..range.start], by, &whole[range.end..]].concat(),
            };
            _ = write!(what, " ({} bytes)", bytes.len());
            Mutant { what, bytes }
        })
    }
}
