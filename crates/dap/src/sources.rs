//! Source files as the client knows them: where a compiler's path is on this machine, and back.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use freezeframe_engine::SourcePaths;

/// Looks for source files, and remembers what it found. Clones share that.
#[derive(Clone, Default)]
pub struct Sources(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    paths: SourcePaths,
    found: HashMap<String, Option<PathBuf>>,
}

impl Sources {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks elsewhere from now on.
    pub fn look_in(&self, paths: SourcePaths) {
        *self.lock() = Inner { paths, found: HashMap::new() };
    }

    /// Where the file is that a compiler named so.
    pub fn local(&self, path: &str) -> Option<PathBuf> {
        let mut inner = self.lock();
        if let Some(found) = inner.found.get(path) {
            return found.clone();
        }
        let candidates = inner.paths.candidates(path);
        let found = candidates.into_iter().find(|path| path.is_file()).and_then(|path| std::path::absolute(path).ok());
        inner.found.insert(path.to_owned(), found.clone());
        found
    }

    /// Whether a client's path and a compiler's name the same file.
    pub fn same(&self, client: &str, compiler: &str) -> bool {
        if client == compiler {
            return true;
        }
        // Most files are told apart by their names, without a look at the disk.
        if !file_name(client).eq_ignore_ascii_case(file_name(compiler)) {
            return false;
        }
        match self.local(compiler) {
            Some(local) => same_file(Path::new(client), &local),
            None => false,
        }
    }
}

/// The last part of a path of any system.
pub fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn same_file(a: &Path, b: &Path) -> bool {
    if a == b {
        return true;
    }
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}
