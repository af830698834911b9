//! An index that outlives the process: the tables that take long to make, as bytes that whoever has a disk may keep.
//!
//! Invariant: an index is only taken for the very module and debug files that it was made of, and only whole: it names
//! them by a hash, the code that wrote it by a version, and its own contents by a checksum. What's wrong with one is an
//! error, never a wrong answer; then the tables are made anew.

use std::{collections::HashMap, ops::Range, sync::Arc};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    FileId, Function, FunctionId, Language, Location, ModulePc, SourceFile, Symbols,
    dwarf::{Sections, Text},
    functions::Functions,
    lines::{DeadLines, Lines, Source},
    overview::Overview,
    packed_rows::Rows,
    parallel,
    paths::At,
    sites::{Copied, Copies},
};

const MAGIC: &[u8; 8] = b"ffindex\0";
/// What of the writer's code it depends on.
const VERSION: &str = env!("FREEZEFRAME_INDEX_VERSION");
/// Below so much DWARF (units and line programs) nobody would notice: to read the tables takes a ninth of making them at any
/// size, here 0.6 ms instead of 5.
const WORTH_SAVING: usize = 256 << 10;

/// Why a saved index can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SavedIndexError {
    /// It breaks off, or its contents aren't what was written.
    #[error("the saved index is damaged")]
    Damaged,
    /// Another version wrote it.
    #[error("the saved index was written by another version")]
    OtherVersion,
    /// It's of another module, or of the same with other files beside it.
    #[error("the saved index belongs to another module")]
    OtherModule,
}

/// Keeps saved indexes. Whether and how long is its own affair: what isn't there any more is made anew.
pub trait IndexStore: Send + Sync {
    /// The index that was kept under a [fingerprint](Symbols::fingerprint).
    fn load(&self, fingerprint: &str) -> Option<Arc<[u8]>>;

    /// Keeps what [`Symbols::save_index`] gives, which takes as long as making the tables does: better on a thread of its
    /// own.
    fn keep(&self, fingerprint: String, symbols: Arc<Symbols>);
}

/// The parts of a file, in their order there.
#[derive(Clone, Copy)]
enum Part {
    Overview,
    Lines,
    Rows,
    Functions,
    Copied,
    Copies,
}

const PARTS: usize = 6;
/// How many items of a long list are read as one, so that all cores can share it.
const PIECE: usize = 1024;
/// Magic, version, fingerprint, checksum, and the length of each part.
const HEADER: usize = 8 + 16 + 32 + 32 + 4 * PARTS;

/// A saved index, whose parts are read when they are asked for.
#[derive(Debug)]
pub(crate) struct Saved {
    bytes: Arc<[u8]>,
    parts: [Range<usize>; PARTS],
}

/// What is written besides the rows.
#[derive(Serialize, Deserialize)]
struct SavedLines {
    files: Vec<String>,
    unit_files: Vec<Vec<u32>>,
    ends: Vec<u32>,
    bodies: Vec<u32>,
    ends_of_files: Vec<u32>,
    dead: Vec<DeadLines>,
    sources: Vec<(u32, Text)>,
    warnings: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct SavedFunction {
    index: u32,
    name: String,
    /// Where in `name` the short one is, if it's a part of it.
    short_name: Result<(u32, u32), String>,
    linkage_name: Option<String>,
    range: (u32, u32),
    prologue_end: u32,
    declared: Option<(u32, u32, u32)>,
    language: u8,
    has_dwarf: bool,
    entry: Option<At>,
}

/// A function that was inlined, and its copies.
type SavedCopied = (String, (u32, u32));

/// The hash of all that answers depend on.
pub(crate) fn fingerprint(sections: &Sections) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for contents in sections.contents() {
        hasher.update(&contents.len().to_le_bytes()).update(&hash(contents));
    }
    *hasher.finalize().as_bytes()
}

/// A hash of bytes: of the hashes of their pieces, so that all cores can share the work.
fn hash(bytes: &[u8]) -> [u8; 32] {
    let pieces: Vec<&[u8]> = bytes.chunks(1 << 20).collect();
    let hashes = parallel::map(
        pieces.len(),
        bytes.len(),
        || (),
        |(), i| *blake3::hash(pieces.get(i).copied().unwrap_or_default()).as_bytes(),
    );
    *blake3::hash(&hashes.concat()).as_bytes()
}

/// Whether there is so much DWARF that a saved index saves time.
pub(crate) fn worth_saving(sections: &Sections) -> bool {
    sections.size() + sections.size_of_lines() >= WORTH_SAVING
}

/// The bytes of an index; `None` when it holds what can't be saved.
pub(crate) fn write(
    fingerprint: &[u8; 32],
    overview: &Overview,
    lines: &Lines,
    functions: &Functions,
    copies: &Copies,
) -> Option<Vec<u8>> {
    let mut sources = Vec::new();
    for (file, source) in &lines.sources {
        match source {
            Source::Text(text) => sources.push((file.0, *text)),
            Source::Own(_) => return None,
        }
    }
    let saved_lines = SavedLines {
        files: lines.files.iter().map(|file| file.path.to_string()).collect(),
        unit_files: lines.unit_files.iter().map(|files| files.iter().map(|file| file.0).collect()).collect(),
        ends: lines.rows.ends.clone(),
        bodies: lines.rows.bodies.clone(),
        ends_of_files: lines.rows.ends_of_files.clone(),
        dead: lines.dead.clone(),
        sources,
        warnings: lines.warnings.clone(),
    };
    let saved_functions: Vec<SavedFunction> = functions.list.iter().zip(&functions.entries).map(save).collect();
    let copied: Vec<SavedCopied> =
        copies.functions.iter().map(|f| (f.path.clone(), (f.copies.start, f.copies.end))).collect();
    let parts = [
        postcard::to_allocvec(overview).ok()?,
        postcard::to_allocvec(&saved_lines).ok()?,
        lines.rows.bytes().to_vec(),
        write_list(&saved_functions)?,
        write_list(&copied)?,
        postcard::to_allocvec(&copies.copies).ok()?,
    ];
    let mut body = Vec::with_capacity(parts.iter().map(Vec::len).sum());
    let mut lengths = Vec::new();
    for part in parts {
        lengths.extend(u32::try_from(part.len()).ok()?.to_le_bytes());
        body.extend(part);
    }
    let body = [lengths, body].concat();
    let checksum = hash(&body);
    Some([MAGIC, VERSION.as_bytes(), fingerprint, &checksum, &body].concat())
}

impl Saved {
    /// Takes a file that [`write`] made, for the module with this fingerprint.
    pub fn open(bytes: Arc<[u8]>, fingerprint: &[u8; 32]) -> Result<Self, SavedIndexError> {
        let mut rest = &*bytes;
        let mut take = |length: usize| {
            let (taken, left) = rest.split_at_checked(length).ok_or(SavedIndexError::Damaged)?;
            rest = left;
            Ok::<_, SavedIndexError>(taken)
        };
        if take(MAGIC.len())? != MAGIC {
            return Err(SavedIndexError::Damaged);
        }
        if take(VERSION.len())? != VERSION.as_bytes() {
            return Err(SavedIndexError::OtherVersion);
        }
        if take(32)? != fingerprint {
            return Err(SavedIndexError::OtherModule);
        }
        let checksum = take(32)?;
        if rest.len() < 4 * PARTS || hash(rest) != *checksum {
            return Err(SavedIndexError::Damaged);
        }
        let mut parts: [Range<usize>; PARTS] = Default::default();
        let mut start = HEADER;
        for (part, length) in parts.iter_mut().zip(rest.chunks_exact(4)) {
            let length = length.iter().rev().fold(0usize, |length, byte| (length << 8) | usize::from(*byte));
            *part = start..start.checked_add(length).ok_or(SavedIndexError::Damaged)?;
            start = part.end;
        }
        Ok(Self { bytes, parts })
    }

    fn range(&self, part: Part) -> Range<usize> {
        self.parts.get(part as usize).cloned().unwrap_or_default()
    }

    fn read<T: DeserializeOwned>(&self, part: Part) -> Option<T> {
        postcard::from_bytes(self.bytes.get(self.range(part))?).ok()
    }

    /// A list that [`write_list`] wrote, each item by its position.
    fn read_list<S: DeserializeOwned, T: Send>(
        &self,
        part: Part,
        restore: impl Fn(u32, S) -> Option<T> + Sync,
    ) -> Option<Vec<T>> {
        let (pieces, _): (Vec<&[u8]>, _) = postcard::take_from_bytes(self.bytes.get(self.range(part))?).ok()?;
        let bytes = pieces.iter().map(|piece| piece.len()).sum();
        let read = |(): &mut (), at: usize| {
            let items: Vec<S> = postcard::from_bytes(pieces.get(at)?).ok()?;
            let first = u32::try_from(at.checked_mul(PIECE)?).ok()?;
            (first..).zip(items).map(|(at, item)| restore(at, item)).collect::<Option<Vec<T>>>()
        };
        let mut list = Vec::with_capacity(pieces.len().saturating_mul(PIECE));
        for piece in parallel::map(pieces.len(), bytes, || (), read) {
            list.append(&mut piece?);
        }
        Some(list)
    }

    pub fn overview(&self) -> Option<Overview> {
        self.read(Part::Overview)
    }

    pub fn lines(&self) -> Option<Lines> {
        let saved: SavedLines = self.read(Part::Lines)?;
        Some(Lines {
            files: saved.files.into_iter().map(|path| SourceFile { path: path.into() }).collect(),
            unit_files: saved.unit_files.into_iter().map(|files| files.into_iter().map(FileId).collect()).collect(),
            rows: Rows {
                buffer: Arc::clone(&self.bytes),
                range: self.range(Part::Rows),
                ends: saved.ends,
                bodies: saved.bodies,
                ends_of_files: saved.ends_of_files,
            },
            dead: saved.dead,
            sources: saved
                .sources
                .into_iter()
                .map(|(file, text)| (FileId(file), Source::Text(text)))
                .collect::<HashMap<_, _>>(),
            warnings: saved.warnings,
        })
    }

    pub fn functions(&self) -> Option<Functions> {
        let restored = self.read_list(Part::Functions, |id, saved: SavedFunction| {
            let entry = saved.entry;
            Some((restore(id, saved)?, entry))
        })?;
        let (list, entries) = restored.into_iter().unzip();
        Some(Functions::new(list, entries))
    }

    pub fn copies(&self) -> Option<Copies> {
        let copied = |_, (path, (start, end)): SavedCopied| Some(Copied { path, copies: start..end });
        Some(Copies { functions: self.read_list(Part::Copied, copied)?, copies: self.read(Part::Copies)? })
    }
}

/// The bytes of a long list: those of its pieces.
fn write_list<T: Serialize>(list: &[T]) -> Option<Vec<u8>> {
    let pieces: Option<Vec<Vec<u8>>> = list.chunks(PIECE).map(|piece| postcard::to_allocvec(piece).ok()).collect();
    postcard::to_allocvec(&pieces?).ok()
}

fn save((function, entry): (&Function, &Option<At>)) -> SavedFunction {
    let within = function
        .name
        .rfind(&function.short_name)
        .and_then(|start| Some((u32::try_from(start).ok()?, u32::try_from(start + function.short_name.len()).ok()?)));
    SavedFunction {
        index: function.index,
        name: function.name.clone(),
        short_name: within.ok_or_else(|| function.short_name.clone()),
        linkage_name: function.linkage_name.clone(),
        range: (function.range.start.0, function.range.end.0),
        prologue_end: function.prologue_end.0,
        declared: function.declared.map(|at| (at.file.0, at.line, at.column)),
        language: match function.language {
            Language::C => 0,
            Language::Cpp => 1,
            Language::Rust => 2,
            Language::Zig => 3,
            Language::Other => 4,
        },
        has_dwarf: function.has_dwarf,
        entry: *entry,
    }
}

fn restore(id: u32, saved: SavedFunction) -> Option<Function> {
    let short_name = match saved.short_name {
        Ok((start, end)) => saved.name.get(start as usize..end as usize)?.to_owned(),
        Err(name) => name,
    };
    Some(Function {
        id: FunctionId(id),
        index: saved.index,
        name: saved.name,
        short_name,
        linkage_name: saved.linkage_name,
        range: ModulePc(saved.range.0)..ModulePc(saved.range.1),
        prologue_end: ModulePc(saved.prologue_end),
        declared: saved.declared.map(|(file, line, column)| Location { file: FileId(file), line, column }),
        language: match saved.language {
            0 => Language::C,
            1 => Language::Cpp,
            2 => Language::Rust,
            3 => Language::Zig,
            _ => Language::Other,
        },
        has_dwarf: saved.has_dwarf,
    })
}
