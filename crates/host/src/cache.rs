//! What outlives the process: compiled guests, by Wasmtime's own cache, and the indexes of their debug information.
//!
//! Both are keyed by content and version, bounded in size, and safe under concurrent use: a file is written under another
//! name and put in place whole. Invariant: nothing here fails; what can't be kept is made anew.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, SystemTime},
};

use freezeframe_symbols::{Bytes, IndexStore, Symbols};
use wasmtime::{Cache, CacheConfig};

/// How much the indexes may take on disk, in bytes; the ones that weren't used for longest go first.
const MAX_INDEXES: u64 = 512 << 20;
/// After this time a file that was never put in place belongs to nobody.
const ABANDONED: Duration = Duration::from_secs(60 * 60);
const INDEX: &str = "index";
const UNFINISHED: &str = "tmp";

/// Where things are kept: in the user's cache folder, or where `FREEZEFRAME_CACHE` says (empty: nowhere).
fn directory() -> Option<PathBuf> {
    match std::env::var_os("FREEZEFRAME_CACHE") {
        Some(directory) if directory.is_empty() => None,
        // Wasmtime accepts absolute paths only.
        Some(directory) => std::path::absolute(PathBuf::from(directory)).ok(),
        None => Some(directories_next::ProjectDirs::from("", "", "freezeframe")?.cache_dir().join("compiled")),
    }
}

/// The cache of compiled guests. `None` where there is no such folder or it can't be used: then they are compiled each
/// time.
pub(crate) fn compiled_guests() -> Option<Cache> {
    let directory = directory()?;
    fs::create_dir_all(&directory).ok()?;
    let mut config = CacheConfig::new();
    config.with_directory(directory);
    Cache::new(config).ok()
}

/// Keeps indexes of debug information on disk. What is being written when it's dropped is waited for.
#[derive(Debug)]
pub struct IndexCache {
    directory: PathBuf,
    limit: u64,
    writers: Mutex<Vec<JoinHandle<()>>>,
}

impl IndexCache {
    /// The user's cache, or the one in the folder that `FREEZEFRAME_CACHE` names. `None` where there is none, or it is
    /// switched off (the variable is empty).
    pub fn of_user() -> Option<Arc<Self>> {
        Some(Arc::new(Self::new(directory()?.join("indexes"), MAX_INDEXES)))
    }

    /// A cache in a folder, which is made when something is kept; `limit` in bytes.
    pub fn new(directory: PathBuf, limit: u64) -> Self {
        Self { directory, limit, writers: Mutex::default() }
    }

    fn path(&self, fingerprint: &str) -> PathBuf {
        self.directory.join(fingerprint).with_extension(INDEX)
    }
}

impl IndexStore for IndexCache {
    fn load(&self, fingerprint: &str) -> Option<Bytes> {
        let path = self.path(fingerprint);
        let index = fs::read(&path).ok()?.into();
        // When it was last used says which one goes when there are too many.
        _ = fs::File::options().append(true).open(&path).and_then(|file| file.set_modified(SystemTime::now()));
        Some(index)
    }

    fn keep(&self, fingerprint: String, symbols: Arc<Symbols>) {
        let (path, limit) = (self.path(&fingerprint), self.limit);
        let write = move || {
            if let Some(index) = symbols.save_index() {
                drop(symbols);
                // A full disk, or one that can't be written to, is no reason to bother anybody.
                _ = put(&path, &index).and_then(|()| tidy(path.parent().unwrap_or(&path), limit));
            }
        };
        if let Ok(writer) = thread::Builder::new().name("index-cache".to_owned()).spawn(write) {
            let mut writers = self.writers.lock().unwrap_or_else(PoisonError::into_inner);
            writers.retain(|writer| !writer.is_finished());
            writers.push(writer);
        }
    }
}

impl Drop for IndexCache {
    fn drop(&mut self) {
        for writer in self.writers.get_mut().unwrap_or_else(PoisonError::into_inner).drain(..) {
            _ = writer.join();
        }
    }
}

/// Writes a file that is whole from the moment it has its name.
fn put(path: &Path, contents: &[u8]) -> io::Result<()> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let unique = format!("{}.{}.{UNFINISHED}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let unfinished = path.with_extension(unique);
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let written = fs::write(&unfinished, contents).and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        _ = fs::remove_file(&unfinished);
    }
    written
}

/// Deletes what was abandoned, and the oldest until the rest fits. A file that somebody else deletes meanwhile is gone as
/// well.
fn tidy(directory: &Path, limit: u64) -> io::Result<()> {
    let mut kept = Vec::new();
    for entry in fs::read_dir(directory)?.flatten() {
        let (path, Ok(about)) = (entry.path(), entry.metadata()) else { continue };
        let used = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        match path.extension().and_then(|extension| extension.to_str()) {
            Some(INDEX) => kept.push((used, about.len(), path)),
            Some(UNFINISHED) if used.elapsed().is_ok_and(|age| age > ABANDONED) => _ = fs::remove_file(path),
            _ => {}
        }
    }
    kept.sort_unstable();
    let mut size: u64 = kept.iter().map(|(_, length, _)| length).sum();
    for (_, length, path) in kept {
        if size <= limit {
            break;
        }
        _ = fs::remove_file(path);
        size = size.saturating_sub(length);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name).with_extension(INDEX);
        for (age, name) in ["old", "middle", "new"].into_iter().rev().enumerate() {
            put(&file(name), &[0; 100]).unwrap();
            let used = SystemTime::now() - Duration::from_secs(60 * age as u64);
            fs::File::options().append(true).open(file(name)).unwrap().set_modified(used).unwrap();
        }
        let abandoned = folder.path().join("x.1.0.tmp");
        fs::write(&abandoned, b"").unwrap();
        let long_ago = SystemTime::now() - 2 * ABANDONED;
        fs::File::options().append(true).open(&abandoned).unwrap().set_modified(long_ago).unwrap();
        // Using one makes it new.
        let cache = IndexCache::new(folder.path().to_owned(), 200);
        assert_eq!(cache.load("old").unwrap().len(), 100);
        tidy(folder.path(), 200).unwrap();
        assert!(file("old").exists() && file("new").exists());
        assert!(!file("middle").exists() && !abandoned.exists());
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken.index");
        fs::create_dir(&taken).unwrap();
        fs::write(taken.join("x"), b"").unwrap();
        assert!(put(&taken, b"index").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
