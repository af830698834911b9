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
        let client = Path::new(client);
        match self.local(compiler) {
            Some(local) if same_file(client, &local) => true,
            // A copy of the sources, such as the one that they were built in: the same if it could have been found first, and
            // nothing in it differs.
            Some(local) => {
                let candidates = self.lock().paths.candidates(compiler);
                candidates.iter().any(|candidate| same_file(client, candidate)) && same_contents(client, &local)
            }
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

fn same_contents(a: &Path, b: &Path) -> bool {
    match (std::fs::read(a), std::fs::read(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_the_same_file_and_namesakes_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            path.to_string_lossy().into_owned()
        };
        let built = write("build/src/a.c", "int a;");
        let copy = write("project/src/a.c", "int a;");
        let other = write("project/lib/a.c", "int a;");
        let sources = Sources::default();
        sources.look_in(SourcePaths::new(folder.path().join("project/out/guest.wasm"), vec![]));
        assert!(sources.same(&built, &built));
        assert!(sources.same(&copy, &built));
        assert!(!sources.same(&other, &built));
        write("project/src/a.c", "int b;");
        assert!(!sources.same(&copy, &built));
        // What was built elsewhere.
        assert!(sources.same(&copy, "/elsewhere/src/a.c"));
        assert!(!sources.same(&built, "/elsewhere/src/a.c"));
        assert!(!sources.same(&copy, "/elsewhere/src/b.c"));
    }
}
