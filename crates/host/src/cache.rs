//! Compiled guests are kept on disk, by Wasmtime's own cache: keyed by module hash, configuration and engine version, bounded
//! in size, safe under concurrent use.

use std::path::PathBuf;

use wasmtime::{Cache, CacheConfig};

/// The cache, in the user's cache folder or where `FREEZEFRAME_CACHE` says (empty: none). `None` where there is no such
/// folder or it can't be used: then guests are compiled each time.
pub(crate) fn compiled_guests() -> Option<Cache> {
    let directory = match std::env::var_os("FREEZEFRAME_CACHE") {
        Some(directory) if directory.is_empty() => return None,
        // Wasmtime accepts absolute paths only.
        Some(directory) => std::path::absolute(PathBuf::from(directory)).ok()?,
        None => directories_next::ProjectDirs::from("", "", "freezeframe")?.cache_dir().join("compiled"),
    };
    std::fs::create_dir_all(&directory).ok()?;
    let mut config = CacheConfig::new();
    config.with_directory(directory);
    Cache::new(config).ok()
}
