use std::io;
use std::path::{Path, PathBuf};

/// What can go wrong in a task; each says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such task: `{words}`\n\n{usage}")]
    Usage { words: String, usage: &'static str },

    #[error("no guest's file name contains `{name}`; guests/manifest.toml lists them")]
    UnknownGuest { name: String },

    #[error("`{tool}` is missing; install it with: {install}")]
    MissingTool { tool: String, install: &'static str },

    #[error("{tool} answers version `{found}`, the checked-in guests need `{wanted}`; install it with: {install}")]
    WrongVersion { tool: String, found: String, wanted: &'static str, install: &'static str },

    #[error("{}: {source}; see that the path exists and that you may read and write it", path.display())]
    Io { path: PathBuf, source: io::Error },

    #[error(
        "cannot write to {path}, which Zig puts into its DWARF as the source folder; create it with: sudo install -d -o $USER {path}"
    )]
    NeutralFolder { path: &'static str },

    #[error("this command failed; run it in the repository's root to look into it:\n  {command}\n{output}")]
    Command { command: String, output: String },

    #[error("{file} isn't what it should be: {problem}; build it again with: cargo xtask guests {file}")]
    BadModule { file: String, problem: String },

    #[error("{}: {problem}; restore it from git or write it again with: cargo xtask guests", path.display())]
    BadManifest { path: PathBuf, problem: String },

    #[error("{} problem(s) with the guests:\n  {}\nBuild them again with: cargo xtask guests", .0.len(), .0.join("\n  "))]
    Check(Vec<String>),

    #[error("{} guest(s) differ from the manifest:\n  {}\nIf that is meant, write them with: cargo xtask guests", .0.len(), .0.join("\n  "))]
    Differs(Vec<String>),

    #[error("{} problem(s) with the oracles:\n  {}\nRecord them again with: cargo xtask oracle", .0.len(), .0.join("\n  "))]
    Oracle(Vec<String>),

    #[error("no figures: {problem}")]
    Figures { problem: String },

    #[error("llvm's answer isn't understood: {problem}; see that llvm-22 is the one that xtask/src/tools.rs names")]
    Answer { problem: String },
}

impl Error {
    /// For `map_err`: an I/O error with the path it is about.
    pub fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_path_buf(), source }
    }

    pub fn bad_module(file: &str, problem: impl ToString) -> Self {
        Self::BadModule { file: file.to_string(), problem: problem.to_string() }
    }
}
