//! Modules that debuggees load: their symbols are read once, and whoever waits for that is told how far it is.
//!
//! Invariant: a module is read once, however many debuggees load it; one whose index can't be kept or used is read all the
//! same.

use std::sync::Arc;

use freezeframe_debuggee::{Answer, DebuggeeId, Query};
use freezeframe_symbols::{Bytes, DebugFiles, IndexStore, Progress, Symbols, WantedFile};

use crate::{CodeId, Debugger, EngineError, code::Code, outline::Outlines, target::LoadedModule};

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
    modules: Vec<ReadModule>,
    find_debug_file: Option<FindDebugFile>,
    given_debug_files: Vec<Bytes>,
    indexes: Option<Arc<dyn IndexStore>>,
    told: Option<Told>,
}

/// A module's binary and what was read from it.
struct ReadModule {
    bytes: Bytes,
    symbols: Arc<Symbols>,
    code: Arc<Code>,
    outlines: Arc<Outlines>,
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
        for index in 0..self.breakpoints.len() {
            self.bind_breakpoint(index, id);
        }
        Ok(())
    }
}

impl Loading {
    fn load(&mut self, name: Option<String>, bytes: Bytes) -> Result<LoadedModule, EngineError> {
        let at = match self.modules.iter().position(|read| read.bytes == bytes) {
            Some(at) => at,
            None => {
                let symbols = self.read(name.as_deref().unwrap_or_default(), &bytes)?;
                let code = Arc::new(Code::parse(bytes.clone())?);
                self.modules.push(ReadModule { bytes, symbols, code, outlines: Arc::default() });
                self.modules.len() - 1
            }
        };
        let missing = || EngineError::Internal("a module that was read is missing");
        let read = self.modules.get(at).ok_or_else(missing)?;
        let (symbols, code, outlines) = (read.symbols.clone(), read.code.clone(), read.outlines.clone());
        let id = CodeId(u32::try_from(at).unwrap_or(u32::MAX));
        Ok(LoadedModule { id, name, symbols, code, outlines })
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
