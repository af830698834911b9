//! What can be run, as the debugger sees it. [`crate::open`] makes one of a file; tests make one up.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use freezeframe_debuggee::{Bytes, Debuggee};
#[cfg(feature = "launch")]
use freezeframe_host::{DebugFileError, HostError};
use freezeframe_symbols::IndexStore;

/// Finds the debug information that a module says to be in a file, relative to the guest.
pub type DebugFiles = Box<dyn FnMut(&str) -> Option<Bytes> + Send>;

/// A folder that the guest may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedFolder {
    /// Where it is.
    pub host: PathBuf,
    /// What the guest calls it.
    pub guest: String,
}

/// A guest could not be opened or started. The message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The guest.
    #[cfg(feature = "launch")]
    #[error(transparent)]
    Host(#[from] HostError),
    /// A file of `--symbols`.
    #[cfg(feature = "launch")]
    #[error(transparent)]
    Symbols(#[from] DebugFileError),
}

/// A guest that was opened, and how to start it: any number of times.
pub trait Launch {
    /// Starts the guest; it stands before its first operator.
    ///
    /// # Errors
    /// What it needs and can't get.
    fn launch(&self) -> Result<Box<dyn Debuggee>, LaunchError>;

    /// Its file.
    fn path(&self) -> &Path;

    /// The debug information that a module of the guest says to be in a file, relative to the guest.
    fn debug_files(&self) -> DebugFiles {
        Box::new(|_| None)
    }

    /// Where indexes of debug information are kept.
    fn indexes(&self) -> Option<Arc<dyn IndexStore>> {
        None
    }

    /// Debug information that a person named.
    fn given_debug_files(&self) -> Vec<Bytes> {
        Vec::new()
    }

    /// Whether it runs at native speed, and stops at traps only.
    fn is_native(&self) -> bool {
        false
    }

    /// Why it doesn't run at native speed, though that was asked for.
    fn fell_back(&self) -> Option<String> {
        None
    }

    /// Whether it's a component (else a core module).
    fn is_component(&self) -> bool {
        false
    }

    /// The function that is called instead of the command.
    fn invoked(&self) -> Option<&str> {
        None
    }
}

/// Any of them.
pub type Launcher = Box<dyn Launch>;
