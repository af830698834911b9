//! What a client launches. Who opens files and starts guests lies behind [`Opener`]: an embedder's server has none.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use freezeframe_debuggee::{Bytes, Debuggee};
use freezeframe_engine::SourcePaths;
use freezeframe_symbols::IndexStore;
use serde::Deserialize;

use crate::{panics::Tail, progress::Progress, terminal::Invitation, transport::outbox::Outbox};

/// Where a guest's standard streams are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Console {
    /// Its output goes to the client's console; it reads `stdin`, or nothing.
    #[default]
    #[serde(rename = "internalConsole")]
    Internal,
    /// In a terminal inside of the editor.
    #[serde(rename = "integratedTerminal")]
    Integrated,
    /// In a terminal of its own.
    #[serde(rename = "externalTerminal")]
    External,
}

/// The arguments of `launch`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LaunchArguments {
    /// The module or component.
    pub program: PathBuf,
    /// The guest's arguments, its own name not among them.
    #[serde(default)]
    pub args: Vec<String>,
    /// Its environment; nothing is inherited, `null` takes a variable out again.
    #[serde(default)]
    pub env: BTreeMap<String, Option<String>>,
    /// The folder that relative paths here are below.
    pub cwd: Option<PathBuf>,
    /// Folders for the guest: `HOST` or `HOST::GUEST`.
    #[serde(default)]
    pub dirs: Vec<String>,
    /// A file to read as standard input.
    pub stdin: Option<PathBuf>,
    /// Where its standard streams are.
    #[serde(default)]
    pub console: Console,
    /// Call this export with `args` instead of running the command.
    pub invoke: Option<String>,
    /// Stop at the beginning of `main`.
    #[serde(default)]
    pub stop_on_entry: bool,
    /// Run without stopping anywhere.
    #[serde(default)]
    pub no_debug: bool,
    /// Beginnings of compilers' paths, and what stands for them here.
    #[serde(default)]
    pub source_map: BTreeMap<String, String>,
    /// Folders with source files.
    #[serde(default)]
    pub source_dirs: Vec<PathBuf>,
}

impl LaunchArguments {
    /// A path of these arguments, made absolute.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        let path = self.cwd.as_ref().map_or(path.to_owned(), |cwd| cwd.join(path));
        std::path::absolute(&path).unwrap_or(path)
    }

    /// Where the guest's sources may be.
    pub fn source_paths(&self) -> SourcePaths {
        let mut folders: Vec<PathBuf> = self.source_dirs.iter().map(|folder| self.absolute(folder)).collect();
        folders.extend(self.cwd.clone());
        let mut paths = SourcePaths::new(self.absolute(&self.program), folders);
        for (from, to) in &self.source_map {
            paths.replace(from.clone(), to.clone());
        }
        paths
    }
}

/// Finds a file of debug information by the name that a module says.
pub type DebugFiles = Box<dyn FnMut(&str) -> Option<Bytes> + Send>;

/// A guest that was opened, and can be started any number of times.
pub trait Opened: Send + Sync {
    /// Starts it; it stands before its first operator.
    ///
    /// # Errors
    /// What it needs and can't get, with what to do.
    fn start(&self) -> Result<Box<dyn Debuggee>, String>;

    /// Finds debug information in files of its own.
    fn debug_files(&self) -> DebugFiles;

    /// Who keeps the indexes of debug information for the next start; nobody, unless it says so.
    fn indexes(&self) -> Option<Arc<dyn IndexStore>> {
        None
    }

    /// What it writes to standard error last.
    fn errors(&self) -> Tail;

    /// It won't be started again: what it had is given back.
    fn over(&self);
}

/// What a guest is opened with, of its client.
pub struct Ends {
    /// Where its output goes.
    pub outbox: Outbox,
    /// The terminal that it gets instead, when it's there.
    pub terminal: Option<Invitation>,
    /// Who is told how far it is.
    pub progress: Option<Progress>,
}

/// Opens a guest; may take as long as compiling takes.
pub type Opener = Arc<dyn Fn(&LaunchArguments, Ends) -> Result<Box<dyn Opened>, String> + Send + Sync>;

/// What a client launched.
pub struct Launched {
    /// As it asked for it.
    pub arguments: LaunchArguments,
    /// The guest.
    pub opened: Box<dyn Opened>,
}
