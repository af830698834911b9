//! An index that outlives the process: the tables that take long to make, as bytes that whoever has a disk may keep.
//!
//! Invariant: an index is only taken for the very module and debug files that it was made of, and only whole: it names
//! them by a hash, the code that wrote it by a version, and its own contents by a checksum. What's wrong with one is an
//! error, never a wrong answer; then the tables are made anew.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    FileId, Function, FunctionId, Language, Location, ModulePc, SourceFile, Symbols,
    dwarf::{Sections, Text},
    function_names::{FunctionNames, Places},
    functions::{ByName, Functions},
    lines::{DeadLines, Lines, Source},
    overview::Overview,
    packed_rows::Rows,
    parallel,
    paths::At,
    sites::Copies,
    table::Table,
};

const MAGIC: &[u8; 8] = b"ffindex\0";
/// What of the writer's code it depends on.
const VERSION: &str = env!("FREEZEFRAME_INDEX_VERSION");
/// Below so much DWARF (units and line programs) nobody would notice: to read the tables takes a tenth of making them at any
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
    fn load(&self, fingerprint: &str) -> Option<Bytes>;

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
    Names,
    Functions,
    ByShortName,
    ByLinkageName,
    Paths,
    Copied,
    Copies,
}

const PARTS: usize = 10;
/// How many numbers a saved function has.
const FUNCTION: usize = 15;
/// None of something.
const NONE: u32 = u32::MAX;
/// Magic, version, fingerprint, checksum, and the length of each part.
const HEADER: usize = 8 + 16 + 32 + 32 + 4 * PARTS;

/// A saved index, whose parts are read when they are asked for.
#[derive(Debug)]
pub(crate) struct Saved {
    parts: [Bytes; PARTS],
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
    let Functions { list, entries, names, by_short_name, by_linkage_name } = functions;
    let functions: Table<FUNCTION> = list.iter().zip(entries).map(save).collect();
    let (overview, saved_lines) = (postcard::to_allocvec(overview).ok()?, postcard::to_allocvec(&saved_lines).ok()?);
    let parts: [&[u8]; PARTS] = [
        &overview,
        &saved_lines,
        &lines.rows.bytes,
        names,
        functions.bytes(),
        by_short_name.0.bytes(),
        by_linkage_name.0.bytes(),
        &copies.paths,
        copies.functions.bytes(),
        copies.copies.bytes(),
    ];
    // Once, and not copied any more: it's written while somebody debugs.
    let mut index = Vec::with_capacity(HEADER + parts.iter().map(|part| part.len()).sum::<usize>());
    for piece in [MAGIC, VERSION.as_bytes(), fingerprint, &[0; 32]] {
        index.extend_from_slice(piece);
    }
    let checked = index.len();
    for part in parts {
        index.extend(u32::try_from(part.len()).ok()?.to_le_bytes());
    }
    parts.iter().for_each(|part| index.extend_from_slice(part));
    let checksum = hash(index.get(checked..)?);
    index.get_mut(checked.checked_sub(checksum.len())?..checked)?.copy_from_slice(&checksum);
    Some(index)
}

impl Saved {
    /// Takes a file that [`write`] made, for the module with this fingerprint.
    pub fn open(bytes: Bytes, fingerprint: &[u8; 32]) -> Result<Self, SavedIndexError> {
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
        let mut parts: [Bytes; PARTS] = Default::default();
        let mut start = HEADER;
        for (part, length) in parts.iter_mut().zip(rest.as_chunks().0) {
            let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| SavedIndexError::Damaged)?;
            let end = start.checked_add(length).filter(|end| *end <= bytes.len()).ok_or(SavedIndexError::Damaged)?;
            *part = bytes.slice(start..end);
            start = end;
        }
        Ok(Self { parts })
    }

    fn part(&self, part: Part) -> Bytes {
        self.parts.get(part as usize).cloned().unwrap_or_default()
    }

    fn read<T: DeserializeOwned>(&self, part: Part) -> Option<T> {
        postcard::from_bytes(&self.part(part)).ok()
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
                bytes: self.part(Part::Rows),
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

    pub fn functions(&self) -> Functions {
        let table = Table::<FUNCTION>::new(self.part(Part::Functions));
        let functions = Functions {
            list: (0..).zip(table.rows()).map(|(id, row)| restore(id, row)).collect(),
            entries: table.rows().map(|[.., unit, scope]| (unit != NONE).then_some((unit, scope))).collect(),
            names: self.part(Part::Names),
            by_short_name: ByName(self.table(Part::ByShortName)),
            by_linkage_name: ByName(self.table(Part::ByLinkageName)),
        };
        functions.with_names()
    }

    pub fn copies(&self) -> Copies {
        let (functions, copies) = (self.table(Part::Copied), self.table(Part::Copies));
        Copies { functions, paths: self.part(Part::Paths), copies }
    }

    fn table<const N: usize>(&self, part: Part) -> Table<N> {
        Table::new(self.part(part))
    }
}

fn save((function, entry): (&Function, &Option<At>)) -> [u32; FUNCTION] {
    let Places { name, short } = &function.names.places;
    let language = match function.language {
        Language::C => 0,
        Language::Cpp => 1,
        Language::Rust => 2,
        Language::Zig => 3,
        Language::Other => 4,
    };
    let (file, line, column) = function.declared.map_or((NONE, 0, 0), |at| (at.file.0, at.line, at.column));
    let (unit, scope) = entry.unwrap_or((NONE, 0));
    [
        function.index,
        name.start,
        name.end,
        short.start,
        short.end,
        function.range.start.0,
        function.range.end.0,
        function.prologue_end.0,
        file,
        line,
        column,
        language,
        u32::from(function.has_dwarf),
        unit,
        scope,
    ]
}

/// A function that doesn't have its names yet.
fn restore(id: u32, row: [u32; FUNCTION]) -> Function {
    let [
        index,
        name,
        name_end,
        short,
        short_end,
        start,
        end,
        prologue_end,
        file,
        line,
        column,
        language,
        has_dwarf,
        ..,
    ] = row;
    let places = Places { name: name..name_end, short: short..short_end };
    Function {
        id: FunctionId(id),
        index,
        names: FunctionNames { places, ..FunctionNames::default() },
        range: ModulePc(start)..ModulePc(end),
        prologue_end: ModulePc(prologue_end),
        declared: (file != NONE).then_some(Location { file: FileId(file), line, column }),
        language: match language {
            0 => Language::C,
            1 => Language::Cpp,
            2 => Language::Rust,
            3 => Language::Zig,
            _ => Language::Other,
        },
        has_dwarf: has_dwarf != 0,
    }
}
