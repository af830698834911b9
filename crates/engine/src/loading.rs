//! Modules that debuggees load: their symbols are read once, and whoever waits for that is told how far it is.
//!
//! Invariant: a module is read once, however many debuggees load it at a time; one whose index can't be kept or used is read
//! all the same. A binary has the same number for the debugger's life. Of those that no debuggee has any more, only the
//! [`SPARE`] that were loaded last are kept.

use std::{
    cell::LazyCell,
    cmp::Reverse,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use freezeframe_debuggee::{Answer, DebuggeeId, Query};
use freezeframe_symbols::{Bytes, DebugFiles, IndexStore, Progress, Symbols, WantedFile};

use crate::{CodeId, Debugger, EngineError, code::Code, outline::Outlines, target::LoadedModule};

/// How many modules are kept that no debuggee has: whoever goes back to one soon needn't wait.
const SPARE: usize = 4;

/// Debug information that is being read, which takes long enough that a person may want to know.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The module's name in its debuggee; empty when it has none.
    pub module: String,
    /// How far it is.
    pub progress: Progress,
}

/// What was read, and where more is found.
#[derive(Default)]
pub(crate) struct Loading {
    /// By their [`CodeId`].
    modules: Vec<Known>,
    /// How many modules were loaded.
    loaded: u64,
    hasher: RandomState,
    find_debug_file: Option<FindDebugFile>,
    given_debug_files: Vec<Bytes>,
    indexes: Option<Arc<dyn IndexStore>>,
    told: Option<Told>,
}

/// A module that was loaded at some time.
enum Known {
    Read(ReadModule),
    /// One that was dropped: its size and hash tell it from others. The hash has a key that nobody knows.
    Dropped {
        size: usize,
        hash: u64,
    },
}

/// A module's binary and what was read from it.
struct ReadModule {
    bytes: Bytes,
    symbols: Arc<Symbols>,
    code: Arc<Code>,
    outlines: Arc<Outlines>,
    /// The number of its last load.
    last_load: u64,
}

impl ReadModule {
    fn is(&self, bytes: &Bytes) -> bool {
        // Comparing large modules takes milliseconds; mostly the launcher gives the very same bytes again.
        let same_place = self.bytes.as_ptr() == bytes.as_ptr();
        self.bytes.len() == bytes.len() && (same_place || self.bytes == bytes)
    }

    /// Whether a debuggee has it: each holds the code, and nobody else does.
    fn is_used(&self) -> bool {
        Arc::strong_count(&self.code) > 1
    }
}

/// Finds a file that says more of a module, by its path (or URL) relative to the module.
type FindDebugFile = Box<dyn FnMut(&str) -> Option<Bytes> + Send>;

/// Takes what is being read, and that it's over.
type Told = Box<dyn FnMut(Option<&Reading>) + Send>;

impl Debugger {
    /// Says how to find debug information that lies in files of its own, split units and source maps: given a path or URL
    /// relative to the module, gives the file's contents. The engine itself touches no files; it asks for several paths
    /// where a file may have several. Concerns modules that are loaded from now on; of one whose file isn't found less is
    /// known, and its symbols' warnings say so.
    pub fn find_debug_files(&mut self, find: impl FnMut(&str) -> Option<Bytes> + Send + 'static) {
        self.loading.find_debug_file = Some(Box::new(find));
    }

    /// Says who keeps the indexes of large modules, so that the next start needn't make them anew.
    pub fn keep_indexes(&mut self, store: Arc<dyn IndexStore>) {
        self.loading.indexes = Some(store);
    }

    /// Says who is told when the debug information of a large module is read that has no saved index: what and how far, and
    /// `None` when it's over. It's called on the thread that uses the debugger, which waits meanwhile: to show how far it is
    /// takes a thread of its own.
    pub fn on_reading(&mut self, tell: impl FnMut(Option<&Reading>) + Send + 'static) {
        self.loading.told = Some(Box::new(tell));
    }

    /// Takes a file of any kind (a module with debug sections, split units, a package of such, a source map) for what the
    /// modules lack that are loaded from now on. One that is of other code isn't used, and the symbols' warnings say so.
    ///
    /// # Errors
    /// [`EngineError::Module`] for a file that is none of these.
    pub fn add_debug_file(&mut self, contents: Bytes) -> Result<(), EngineError> {
        DebugFiles::default().add(contents.clone()).map_err(EngineError::Module)?;
        self.loading.given_debug_files.push(contents);
        Ok(())
    }

    /// Modules that came since the last look: their symbols are read and breakpoints that waited for them are bound.
    pub(crate) fn load_modules(&mut self, id: DebuggeeId) -> Result<(), EngineError> {
        let Answer::Modules(modules) = self.target(id)?.ask(Query::Modules)? else {
            return Err(EngineError::Internal("the answer to Modules is something else"));
        };
        let known = self.target(id)?.modules.len();
        for module in modules.into_iter().skip(known) {
            let loaded = self.loading.load(module.name, module.bytes)?;
            self.target(id)?.modules.push(loaded);
        }
        // Not before all have theirs: of a restarted guest nothing is read anew, however many modules it has.
        self.loading.drop_unused();
        for index in 0..self.breakpoints.len() {
            self.bind_breakpoint(index, id);
        }
        Ok(())
    }
}

impl Loading {
    fn load(&mut self, name: Option<String>, bytes: Bytes) -> Result<LoadedModule, EngineError> {
        self.loaded += 1;
        let at = match self.known(&bytes) {
            Some(at) if matches!(self.modules.get(at), Some(Known::Read(_))) => at,
            known => {
                let symbols = self.read(name.as_deref().unwrap_or_default(), &bytes)?;
                let code = Arc::new(Code::parse(bytes.clone())?);
                let read = Known::Read(ReadModule { bytes, symbols, code, outlines: Arc::default(), last_load: 0 });
                match known.and_then(|at| Some((at, self.modules.get_mut(at)?))) {
                    Some((at, dropped)) => {
                        *dropped = read;
                        at
                    }
                    None => {
                        self.modules.push(read);
                        self.modules.len() - 1
                    }
                }
            }
        };
        let Some(Known::Read(read)) = self.modules.get_mut(at) else {
            return Err(EngineError::Internal("a module that was read is missing"));
        };
        read.last_load = self.loaded;
        let (symbols, code, outlines) = (read.symbols.clone(), read.code.clone(), read.outlines.clone());
        let id = CodeId(u32::try_from(at).unwrap_or(u32::MAX));
        Ok(LoadedModule { id, name, symbols, code, outlines })
    }

    /// The place of a module that was loaded before.
    fn known(&self, bytes: &Bytes) -> Option<usize> {
        let read = self.modules.iter().position(|known| matches!(known, Known::Read(read) if read.is(bytes)));
        read.or_else(|| {
            let own = LazyCell::new(|| self.hasher.hash_one(&**bytes));
            let is_own =
                |known: &Known| matches!(known, Known::Dropped { size, hash } if *size == bytes.len() && *hash == *own);
            self.modules.iter().position(is_own)
        })
    }

    /// Drops what no debuggee has, but for those that were loaded last: with its bytes a module keeps its compiled code alive.
    fn drop_unused(&mut self) {
        let mut unused: Vec<(u64, &mut Known)> = Vec::new();
        for known in &mut self.modules {
            match known {
                Known::Read(read) if !read.is_used() => unused.push((read.last_load, known)),
                _ => {}
            }
        }
        unused.sort_unstable_by_key(|(last_load, _)| Reverse(*last_load));
        for (_, known) in unused.into_iter().skip(SPARE) {
            if let Known::Read(read) = known {
                *known = Known::Dropped { size: read.bytes.len(), hash: self.hasher.hash_one(&*read.bytes) };
            }
        }
    }

    fn read(&mut self, name: &str, bytes: &Bytes) -> Result<Arc<Symbols>, EngineError> {
        let (given, find) = (&self.given_debug_files, &mut self.find_debug_file);
        let symbols = Symbols::with_finder(bytes.clone(), &mut |wanted| match (wanted, find.as_mut()) {
            (WantedFile::Any(n), _) => given.get(*n).cloned(),
            (wanted, Some(find)) => wanted.paths(name).iter().find_map(|path| find(path)),
            (_, None) => None,
        });
        let mut symbols = symbols.map_err(|e| EngineError::Module(e.to_string()))?;
        if !symbols.takes_long() {
            return Ok(Arc::new(symbols));
        }
        let store = self.indexes.as_ref().and_then(|store| Some((store, symbols.fingerprint()?)));
        if let Some((store, fingerprint)) = &store {
            // Whatever is wrong with a saved index: there will be a new one.
            let found = store.load(fingerprint).is_some_and(|index| symbols.use_saved_index(index).is_ok());
            if found {
                return Ok(Arc::new(symbols));
            }
        }
        if let Some(tell) = &mut self.told {
            tell(Some(&Reading { module: name.to_owned(), progress: symbols.progress() }));
            symbols.prepare();
            tell(None);
        }
        let symbols = Arc::new(symbols);
        if let Some((store, fingerprint)) = store {
            store.keep(fingerprint, Arc::clone(&symbols));
        }
        Ok(symbols)
    }
}
