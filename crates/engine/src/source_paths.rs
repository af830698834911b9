//! Where a source file may be on this machine, by the path that a compiler wrote down. Paths only: no file is touched.

use std::path::{Path, PathBuf};

/// How many folders above the guest's are looked through.
const FOLDERS_ABOVE: usize = 6;

/// Where to look for source files.
#[derive(Clone, Debug, Default)]
pub struct SourcePaths {
    /// Beginnings of compilers' paths, and what stands for them here.
    replaced: Vec<(String, String)>,
    /// Asked for by the person, first.
    folders: Vec<PathBuf>,
    guest: PathBuf,
}

impl SourcePaths {
    /// For a guest (an absolute path), with folders to look in.
    pub fn new(guest: PathBuf, folders: Vec<PathBuf>) -> Self {
        Self { replaced: Vec::new(), folders, guest }
    }

    /// Looks in one more folder.
    pub fn add_folder(&mut self, folder: PathBuf) {
        self.folders.push(folder);
    }

    /// Replaces the beginning `from` of paths by `to`. What is asked for last is tried first.
    pub fn replace(&mut self, from: String, to: String) {
        self.replaced.insert(0, (from, to));
    }

    /// Where a file may be, best first: what replaces its path; its path; below the folders, the current one, the guest's
    /// and those above it, with more and more of its leading parts dropped.
    pub fn candidates(&self, path: &str) -> Vec<PathBuf> {
        let replaced = self.replaced.iter().filter_map(|(from, to)| {
            let rest = path.strip_prefix(from.as_str())?;
            let whole = rest.is_empty() || rest.starts_with(['/', '\\']) || from.ends_with(['/', '\\']);
            whole.then(|| Path::new(to).join(rest.trim_start_matches(['/', '\\'])))
        });
        let mut candidates: Vec<PathBuf> = replaced.collect();
        candidates.push(PathBuf::from(path));
        let parts: Vec<&str> = path.split(['/', '\\']).filter(|p| !p.is_empty() && *p != "." && *p != "..").collect();
        // Parts of `path` below a folder, the most first, at least so many.
        let mut below = |folder: &Path, least: usize| {
            for dropped in 0..=parts.len().saturating_sub(least.max(1)) {
                if parts.len() - dropped >= least {
                    candidates.push(parts[dropped..].iter().fold(folder.to_owned(), |path, part| path.join(part)));
                }
            }
        };
        for folder in &self.folders {
            below(folder, 1);
        }
        // The toolchain's own files: a project's `src/lib.rs` isn't the standard library's.
        if path.starts_with("/rustc/") || path.starts_with("/rust/deps/") || path.contains("://") {
            return candidates;
        }
        below(Path::new(""), 1);
        let mut above = self.guest.ancestors().skip(1).take(FOLDERS_ABOVE);
        if let Some(folder) = above.next() {
            below(folder, 1);
        }
        for folder in above {
            below(folder, 2);
        }
        candidates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_are_replaced_at_whole_parts() {
        let mut paths = SourcePaths::default();
        paths.replace("/build".to_owned(), "/home/me".to_owned());
        assert_eq!(paths.candidates("/build/src/a.c")[0], Path::new("/home/me/src/a.c"));
        assert_eq!(paths.candidates("/builder/src/a.c")[0], Path::new("/builder/src/a.c"));
        assert_eq!(paths.candidates("/build/src/a.c")[1], Path::new("/build/src/a.c"));
    }
}
