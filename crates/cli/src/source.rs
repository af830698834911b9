//! Source files: where they are on this machine, and their lines.
//!
//! A text that the compiler put into the debug information is what was compiled, whatever lies on the disk. Else a
//! compiler's path, its beginning replaced as `--remap` says, is looked for as it is; then below the current folder, the folders of `--source-dir` and
//! `directory`, and the guest's folder and those above it, with more and more of its leading parts dropped. What isn't
//! found is remembered, and explained once.

use std::{
    collections::{HashMap, HashSet},
    io::Read as _,
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
};

use freezeframe_engine::SourcePaths;
use freezeframe_symbols::{FileId, Symbols};

/// Larger files aren't source.
const LARGEST: u64 = 32 << 20;

/// A source file that was found.
#[derive(Debug)]
pub struct SourceText {
    /// Where.
    pub path: PathBuf,
    /// Its lines, without their ends.
    pub lines: Vec<String>,
    /// Whether it's from the debug information; its path is the compiler's then.
    pub embedded: bool,
}

/// A few lines of a source file.
#[derive(Clone, Debug, Default)]
pub struct Snippet {
    /// The number of the first line.
    pub first: u32,
    /// The lines.
    pub lines: Vec<String>,
    /// The line that is marked, if it's among them.
    pub marked: Option<u32>,
    /// Its file's extension, which tells the language.
    pub extension: String,
    /// Whether the first line begins inside a block comment.
    pub in_comment: bool,
}

impl Snippet {
    /// The marked line.
    pub fn marked_line(&self) -> Option<&str> {
        let at = self.marked?.checked_sub(self.first)?;
        self.lines.get(at as usize).map(String::as_str)
    }
}

/// The source files of a guest.
#[derive(Debug, Default)]
pub struct Sources {
    paths: SourcePaths,
    /// Texts that the debug information has.
    embedded: HashMap<String, (Arc<Symbols>, FileId)>,
    found: HashMap<String, Option<Rc<SourceText>>>,
    /// Why files that are there can't be read.
    unreadable: HashMap<String, String>,
    explained: HashSet<String>,
}

impl Sources {
    /// For a guest, with folders to look in.
    pub fn new(guest: &Path, folders: Vec<PathBuf>, remaps: Vec<(String, String)>) -> Self {
        let guest = std::path::absolute(guest).unwrap_or_else(|_| guest.to_owned());
        let mut paths = SourcePaths::new(guest, folders);
        for (from, to) in remaps {
            paths.replace(from, to);
        }
        Self { paths, ..Self::default() }
    }

    /// Takes the texts that a module's debug information has.
    pub fn learn(&mut self, symbols: &Arc<Symbols>) {
        for file in symbols.embedded_sources() {
            if let Some(source) = symbols.files().get(file.0 as usize) {
                self.found.remove(&*source.path);
                self.embedded.insert(source.path.to_string(), (Arc::clone(symbols), file));
            }
        }
    }

    /// Replaces the beginning of paths from now on.
    pub fn add_remap(&mut self, from: String, to: String) {
        self.paths.replace(from, to);
        self.found.clear();
        self.explained.clear();
    }

    /// Looks in one more folder from now on.
    pub fn add_folder(&mut self, folder: PathBuf) {
        self.paths.add_folder(folder);
        self.found.retain(|_, found| found.is_some());
        self.explained.clear();
    }

    /// The file that a compiler named so.
    pub fn get(&mut self, path: &str) -> Option<Rc<SourceText>> {
        if let Some(found) = self.found.get(path) {
            return found.clone();
        }
        if let Some((symbols, file)) = self.embedded.get(path)
            && let Some(text) = symbols.embedded_source(*file)
        {
            let lines = text.lines().map(str::to_owned).collect();
            let found = Rc::new(SourceText { path: PathBuf::from(path), lines, embedded: true });
            self.found.insert(path.to_owned(), Some(Rc::clone(&found)));
            return Some(found);
        }
        let mut unreadable = None;
        let found = self.paths.candidates(path).into_iter().find_map(|path| {
            let metadata = std::fs::metadata(&path).ok().filter(|m| m.is_file() && m.len() <= LARGEST)?;
            match read(&path, metadata.len()) {
                Ok(lines) => Some(Rc::new(SourceText { path, lines, embedded: false })),
                Err(error) => {
                    unreadable.get_or_insert_with(|| format!("can't read {}: {error}", path.display()));
                    None
                }
            }
        });
        if let (None, Some(why)) = (&found, unreadable) {
            self.unreadable.insert(path.to_owned(), why);
        }
        self.found.insert(path.to_owned(), found.clone());
        found
    }

    /// The path as people are shown it: where the file is, or what the compiler said without what tells nobody anything.
    pub fn shown(&mut self, path: &str) -> String {
        if let Some(found) = self.get(path).filter(|found| !found.embedded) {
            let here = std::env::current_dir().unwrap_or_default();
            let shown = found.path.strip_prefix(&here).unwrap_or(&found.path);
            return shown.display().to_string();
        }
        shorten(path)
    }

    /// Lines around one, which is marked.
    pub fn around(&mut self, path: &str, line: u32, before: u32, after: u32) -> Option<Snippet> {
        let snippet = self.lines(path, line.saturating_sub(before).max(1), line.saturating_add(after))?;
        Some(Snippet { marked: Some(line), ..snippet }).filter(|s| s.marked_line().is_some())
    }

    /// Lines `first` to `last`, as far as there are any. `None` when there is no file.
    pub fn lines(&mut self, path: &str, first: u32, last: u32) -> Option<Snippet> {
        let text = self.get(path)?;
        let from = (first.max(1) - 1) as usize;
        let to = (last as usize).min(text.lines.len());
        let lines = text.lines.get(from..to).unwrap_or_default().to_vec();
        let extension = Path::new(path).extension().map(|e| e.to_string_lossy().into_owned()).unwrap_or_default();
        let before = text.lines.iter().take(from).map(String::as_str);
        let in_comment = crate::highlight::ends_in_comment(before);
        Some(Snippet { first: first.max(1), lines, marked: None, extension, in_comment })
    }

    /// What to say, once for each file, when it can't be found.
    pub fn explain_missing(&mut self, path: &str) -> Option<String> {
        if self.get(path).is_some() || !self.explained.insert(path.to_owned()) {
            return None;
        }
        if let Some(why) = self.unreadable.get(path) {
            return Some(why.clone());
        }
        let remapped = self.paths.candidates(path).into_iter().next().filter(|first| first != Path::new(path));
        let looked = remapped.map_or_else(String::new, |first| format!(" (looked for as {})", first.display()));
        Some(format!(
            "no source file {path}{looked}; use --source-dir DIR, or the command `directory DIR`, or --remap FROM=TO"
        ))
    }
}

/// The lines of a file of this length. Nothing is read of one that has none: what the system makes up when it's read may
/// never end.
fn read(path: &Path, length: u64) -> std::io::Result<Vec<String>> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    std::fs::File::open(path)?.take(length).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
}

/// Leaves out the hash of a toolchain's build, and the beginning of what is long.
fn shorten(path: &str) -> String {
    if let Some(rest) = path.strip_prefix("/rustc/")
        && let Some((_, rest)) = rest.split_once('/')
    {
        return rest.to_owned();
    }
    let parts: Vec<&str> = path.split('/').collect();
    if path.len() > 60 && parts.len() > 4 {
        return format!("…/{}", parts[parts.len() - 3..].join("/"));
    }
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_parts_are_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let src = folder.path().join("src");
        std::fs::create_dir_all(&src).unwrap();
        std::fs::write(src.join("a.c"), "one\ntwo\nthree\n").unwrap();
        let mut sources = Sources::new(&folder.path().join("built/guest.wasm"), vec![], vec![]);
        assert!(sources.get("/build/elsewhere/src/a.c").is_some());
        // One part alone is too little to go by in a folder above the guest's.
        assert!(sources.get("/build/a.c").is_none());
        assert!(sources.explain_missing("/build/a.c").is_some());
        assert!(sources.explain_missing("/build/a.c").is_none());
        sources.add_folder(src);
        assert!(sources.get("/build/a.c").is_some());
    }

    #[test]
    fn paths_are_remapped_by_whole_parts() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.c"), "one\n").unwrap();
        let to = folder.path().display().to_string();
        let mut sources = Sources::new(Path::new("/x/x.wasm"), vec![], vec![("/build".into(), to.clone())]);
        assert!(sources.get("/build/a.c").is_some());
        assert!(sources.get("/builder/a.c").is_none());
        let why = sources.explain_missing("/build/b.c").unwrap();
        assert!(why.contains(&format!("looked for as {to}/b.c")), "{why}");
        sources.add_remap("/builder/".into(), format!("{to}/"));
        assert!(sources.get("/builder/a.c").is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_may_not_be_read_is_not_missing() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.c");
        std::fs::write(&path, "one\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
        let mut sources = Sources::new(&folder.path().join("guest.wasm"), vec![folder.path().to_owned()], vec![]);
        match std::fs::File::open(&path) {
            // Nothing is closed to the superuser.
            Ok(_) => assert!(sources.get("/a.c").is_some()),
            Err(_) => assert!(sources.explain_missing("/a.c").unwrap().starts_with("can't read ")),
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_has_no_length_is_not_read() {
        // As a module may name it: to read it would wait for ever.
        let mut sources = Sources::new(Path::new("x.wasm"), vec![], vec![]);
        assert_eq!(sources.get("/proc/self/status").unwrap().lines, [""; 0]);
    }

    #[test]
    fn lines_around() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.c"), "one\ntwo\nthree\n").unwrap();
        let mut sources = Sources::new(Path::new("x.wasm"), vec![folder.path().to_owned()], vec![]);
        let snippet = sources.around("/a.c", 3, 1, 5).unwrap();
        assert_eq!((snippet.first, snippet.lines.len()), (2, 2));
        assert_eq!(snippet.marked_line(), Some("three"));
        assert!(sources.around("/a.c", 9, 1, 5).is_none());
    }

    #[test]
    fn the_standard_library_is_not_the_projects() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("src")).unwrap();
        std::fs::write(folder.path().join("src/lib.rs"), "mine").unwrap();
        let mut sources = Sources::new(&folder.path().join("guest.wasm"), vec![], vec![]);
        assert!(sources.get("/rustc/abc/library/core/src/lib.rs").is_none());
        assert_eq!(sources.shown("/rustc/abc/library/core/src/lib.rs"), "library/core/src/lib.rs");
    }
}
