//! Files that say more of a guest's modules: where they are looked for on this machine.
//!
//! First what a person named, then beside the guest, then in the folders that a person named. Nothing is fetched from
//! elsewhere.

use std::{
    fs,
    path::{Path, PathBuf},
};

use freezeframe_symbols::{Bytes, DebugFiles, WantedFile};

use crate::files::{LARGEST, read_whole};

/// A file that a person named can't be read, or has nothing of the kind.
#[derive(Clone, Debug, thiserror::Error)]
#[error("can't take debug information from {path}: {why}")]
pub struct DebugFileError {
    /// The file.
    pub path: String,
    /// What is wrong with it.
    pub why: String,
}

/// Finds files.
#[derive(Clone, Debug)]
pub struct DebugFileFinder {
    /// Where the guest is.
    folder: PathBuf,
    /// Files that a person named.
    pub given: Vec<Bytes>,
    folders: Vec<PathBuf>,
}

impl DebugFileFinder {
    /// For a guest alone.
    pub fn beside(guest: &Path) -> Self {
        let folder = guest.parent().unwrap_or(Path::new("")).to_owned();
        Self { folder, given: Vec::new(), folders: Vec::new() }
    }

    /// For a guest, with files and folders that a person named.
    ///
    /// # Errors
    /// [`DebugFileError`] for a file that can't be read, or has nothing of the kind.
    pub fn new(guest: &Path, symbols: &[PathBuf]) -> Result<Self, DebugFileError> {
        let mut this = Self::beside(guest);
        for path in symbols {
            let failed = |why: String| DebugFileError { path: path.display().to_string(), why };
            if path.is_dir() {
                this.folders.push(path.clone());
                continue;
            }
            let contents: Bytes = read_whole(path, LARGEST).map_err(|e| failed(e.to_string()))?.into();
            DebugFiles::default().add(contents.clone()).map_err(failed)?;
            this.given.push(contents);
        }
        Ok(this)
    }

    /// The contents of the file at a path relative to the guest, if it's there.
    pub fn find(&self, path: &str) -> Option<Bytes> {
        if path.contains("://") {
            return None;
        }
        let folders = std::iter::once(&self.folder).chain(&self.folders).map(PathBuf::as_path);
        // A compiler's relative path may be one from here, too.
        folders.chain([Path::new("")]).map(|folder| folder.join(path)).find_map(|path| {
            let metadata = fs::metadata(&path).ok()?;
            (metadata.is_file() && metadata.len() <= LARGEST)
                .then(|| read_whole(&path, metadata.len()).ok().map(Bytes::from))
                .flatten()
        })
    }

    /// What a module of this name wants, if it's there.
    pub fn find_wanted(&self, module: &str, wanted: &WantedFile) -> Option<Bytes> {
        match wanted {
            WantedFile::Any(n) => self.given.get(*n).cloned(),
            wanted => wanted.paths(module).iter().find_map(|path| self.find(path)),
        }
    }
}
