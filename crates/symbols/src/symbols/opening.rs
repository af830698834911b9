//! How symbols come to be: of a module, of the files beside it, and of an index that was saved before.
//!
//! Invariant: a file that isn't the module's own changes no answer; it's left out, and a warning says so.

use std::{
    sync::{Mutex, OnceLock},
    thread,
};

use bytes::Bytes;

use super::Symbols;
use crate::{
    DebugFiles, Progress, WantedFile,
    dwarf::{Sections, Units},
    lines,
    module::Module,
    saved::{self, Saved, SavedIndexError},
    source_map::SourceMap,
};

/// So few units may be of very different sizes.
const FEW_UNITS: usize = 8;
/// How many files for one module a person may give.
const MAX_GIVEN: usize = 1 << 10;

/// Why a module's symbols can't be had at all. Damaged DWARF is no such reason: see [`Symbols::warnings`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SymbolsError {
    /// Not a core module.
    #[error("not a WebAssembly core module: {0}")]
    NotAModule(String),
}

impl Symbols {
    /// Reads a core module's binary.
    ///
    /// # Errors
    /// [`SymbolsError::NotAModule`] when `wasm` is not a core module.
    pub fn new(wasm: Bytes) -> Result<Self, SymbolsError> {
        Self::with_files(wasm, DebugFiles::default())
    }

    /// Reads a core module's binary together with files that say more of it. Those that aren't the module's own are left
    /// out, and [`warnings`](Self::warnings) says so.
    ///
    /// # Errors
    /// [`SymbolsError::NotAModule`] when `wasm` is not a core module.
    pub fn with_files(wasm: Bytes, files: DebugFiles) -> Result<Self, SymbolsError> {
        let mut module = Module::parse(&wasm)?;
        let mut sections = None;
        if let Some(data) = files.debug {
            match Module::parse(&data) {
                Ok(debug)
                    if module.build_id.is_some() && debug.build_id.is_some() && module.build_id != debug.build_id =>
                {
                    let why = "the file with the debug information belongs to another build (build_id): it isn't used";
                    module.warnings.push(why.into());
                }
                Ok(debug) => sections = Some(Sections::new(wasm.clone(), data, &debug)),
                Err(error) => {
                    module.warnings.push(format!("the file with the debug information can't be used: {error}"));
                }
            }
        }
        let mut sections = sections.unwrap_or_else(|| Sections::new(wasm.clone(), wasm, &module));
        if !files.split.is_empty() {
            let wanted = Units::parse(&sections).missing;
            for data in files.split {
                match Module::parse(&data) {
                    Ok(split) => sections.add_split(&split, data, &wanted),
                    Err(error) => module.warnings.push(format!("a file of split units can't be used: {error}")),
                }
            }
        }
        let mut source_map = None;
        if let Some(map) = files.source_map {
            match SourceMap::parse(&map) {
                Ok(map) => source_map = Some(map),
                Err(why) => module.warnings.push(why),
            }
        }
        Ok(Self::over(module, sections, source_map))
    }

    /// Reads a core module's binary and whatever `find` finds of the files that say more of it.
    ///
    /// # Errors
    /// [`SymbolsError::NotAModule`] when `wasm` is not a core module.
    pub fn with_finder(wasm: Bytes, find: &mut dyn FnMut(&WantedFile) -> Option<Bytes>) -> Result<Self, SymbolsError> {
        let plain = Self::new(wasm.clone())?;
        let mut files = DebugFiles::default();
        for n in 0..MAX_GIVEN {
            let Some(contents) = find(&WantedFile::Any(n)) else { break };
            // What is none of these is refused where it was given.
            let _ = files.add(contents);
        }
        let mut refused = false;
        let mut given = None;
        if files.debug.is_some() {
            let symbols = Self::with_files(wasm.clone(), files.clone())?;
            refused = symbols.is_stale() && !plain.is_stale();
            given = (!refused).then_some(symbols);
        }
        if refused {
            files.debug = None;
        }
        if files.debug.is_none() {
            files.debug = plain.external_debug().and_then(|name| find(&WantedFile::Debug(name.to_owned())));
        }
        let has_files = |files: &DebugFiles| files.debug.is_some() || !files.split.is_empty();
        let mut symbols = match given {
            // What was made to see whether it's stale is not made again.
            Some(given) => given,
            None if has_files(&files) => Self::with_files(wasm.clone(), files.clone())?,
            None => plain,
        };
        if !symbols.split_units().is_empty() {
            let known = files.split.len();
            files.split.extend(find(&WantedFile::Package));
            if files.split.len() > known {
                symbols = Self::with_files(wasm.clone(), files.clone())?;
            }
            let missing = symbols.split_units().iter();
            let found: Vec<Bytes> = missing.filter_map(|unit| find(&WantedFile::Split(unit.clone()))).collect();
            if !found.is_empty() {
                files.split.extend(found);
                symbols = Self::with_files(wasm.clone(), files.clone())?;
            }
        }
        let may_have_map = files.source_map.is_some() || symbols.source_map_url().is_some();
        if may_have_map && !symbols.has_lines() {
            if files.source_map.is_none() {
                files.source_map =
                    symbols.source_map_url().and_then(|url| find(&WantedFile::SourceMap(url.to_owned())));
            }
            if files.source_map.is_some() {
                symbols = Self::with_files(wasm, files)?;
            }
        }
        if refused {
            let why = "the debug information that was given is of other code than this: it isn't used";
            symbols.module.warnings.push(why.into());
        }
        Ok(symbols)
    }

    fn over(module: Module, sections: Sections, source_map: Option<SourceMap>) -> Self {
        let bodies = module.bodies.len();
        // Overview, functions and copies go by the units.
        let work = 3 * sections.size() as u64 + lines::WEIGHT * sections.size_of_lines() as u64;
        Self {
            progress: Progress::of(work),
            sections,
            module,
            source_map,
            saved: None,
            fingerprint: OnceLock::new(),
            units: OnceLock::new(),
            index: OnceLock::new(),
            overview: OnceLock::new(),
            lines: OnceLock::new(),
            functions: OnceLock::new(),
            copies: OnceLock::new(),
            globals: OnceLock::new(),
            placed: OnceLock::new(),
            vtables: OnceLock::new(),
            rows: (0..bodies).map(|_| OnceLock::new()).collect(),
            scopes: (0..bodies).map(|_| OnceLock::new()).collect(),
            heights: (0..bodies).map(|_| OnceLock::new()).collect(),
            signatures: OnceLock::new(),
            file_lines: Mutex::default(),
            types: Mutex::default(),
        }
    }

    /// Whether [`prepare`](Self::prepare) takes so long that a saved index is worth its while.
    pub fn takes_long(&self) -> bool {
        saved::worth_saving(&self.sections)
    }

    /// What tells this module with the files beside it from all others, as a name for its saved index: 64 characters, hex.
    /// `None` for a module with so little DWARF that its tables are made in a few milliseconds. Takes about 0.2 ms a
    /// megabyte.
    pub fn fingerprint(&self) -> Option<String> {
        let fingerprint = self.takes_long().then(|| self.hash())?;
        Some(fingerprint.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Uses an index that [`save_index`](Self::save_index) made, in this process or in an earlier one. The answers are the
    /// same, but come sooner.
    ///
    /// # Errors
    /// When it is damaged, of another version, or of another module: then it's as if there were none.
    pub fn use_saved_index(&mut self, index: Bytes) -> Result<(), SavedIndexError> {
        self.saved = Some(Saved::open(index, self.hash())?);
        // What was read of the units before is in there, too.
        self.index = OnceLock::new();
        Ok(())
    }

    /// Makes the tables that take long to make, on all cores, or takes them from the saved index; whoever asks first does so
    /// otherwise. [`progress`](Self::progress) says how far that has come.
    pub fn prepare(&self) {
        thread::scope(|scope| {
            // Few units don't share out among the cores: then they are read beside the line programs.
            if self.saved.is_none() && self.units().list.len() < FEW_UNITS {
                // A thread that can't be had is done without.
                _ = thread::Builder::new().spawn_scoped(scope, || _ = self.overview());
            }
            self.lines();
        });
        self.function_table();
        self.copies();
        self.progress.finish();
    }

    /// How far the tables have come that [`prepare`](Self::prepare) makes.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// The tables that take long to make. Makes those that nobody asked for yet. `None` when they come from a saved index,
    /// or can't be saved (lines of a source map).
    pub fn save_index(&self) -> Option<Vec<u8>> {
        if self.saved.is_some() {
            return None;
        }
        self.prepare();
        saved::write(self.hash(), self.overview(), self.lines(), self.function_table(), self.copies())
    }

    fn hash(&self) -> &[u8; 32] {
        self.fingerprint.get_or_init(|| saved::fingerprint(&self.sections))
    }
}
