//! `guests/manifest.toml`: what each file in `guests/built` is, how it was made, and its hash.

use crate::error::Error;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

const HEAD: &str = "\
# Written by `cargo xtask guests`; `cargo xtask guests --check` holds the files against it.
# Commands run in the repository's root; `$SYSROOT` is `rustc --print sysroot`.

";

/// All files, sorted by name.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Manifest {
    #[serde(rename = "guest", default)]
    pub guests: Vec<Entry>,
}

/// One file in `guests/built`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub file: String,
    /// From the repository's root.
    pub source: String,
    pub language: String,
    /// As the compiler prints its version.
    pub compiler: String,
    /// Packages whose code is linked in, with versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub libraries: Vec<String>,
    pub command: String,
    pub size: u64,
    pub sha256: String,
}

impl Manifest {
    pub fn path(root: &Path) -> PathBuf {
        root.join("guests/manifest.toml")
    }

    /// # Errors
    /// [`Error::Io`] and [`Error::BadManifest`].
    pub fn read(root: &Path) -> Result<Self, Error> {
        let path = Self::path(root);
        let text = fs::read_to_string(&path).map_err(Error::io(&path))?;
        toml::from_str(&text).map_err(|error| Error::BadManifest { path, problem: error.to_string() })
    }

    /// # Errors
    /// [`Error::Io`] and [`Error::BadManifest`].
    pub fn write(&mut self, root: &Path) -> Result<(), Error> {
        self.guests.sort_by(|a, b| a.file.cmp(&b.file));
        let path = Self::path(root);
        let bad = |error: toml::ser::Error| Error::BadManifest { path: path.clone(), problem: error.to_string() };
        let text = toml::to_string(self).map_err(bad)?;
        fs::write(&path, format!("{HEAD}{text}")).map_err(Error::io(&path))
    }

    pub fn get(&self, file: &str) -> Option<&Entry> {
        self.guests.iter().find(|entry| entry.file == file)
    }

    pub fn put(&mut self, entry: Entry) {
        self.guests.retain(|other| other.file != entry.file);
        self.guests.push(entry);
    }
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_of_nothing() {
        assert_eq!(sha256(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
