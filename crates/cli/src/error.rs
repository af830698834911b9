//! What can be wrong with a command.

use freezeframe_engine::EngineError;

use crate::launch::LaunchError;

/// Why a command didn't do what it was asked for. The debugger lives on.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The engine couldn't; its message says what can be done.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The guest couldn't be started.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// No command has this name.
    #[error("no command `{word}`{hint}")]
    Unknown {
        /// What was written.
        word: String,
        /// What may have been meant.
        hint: String,
    },
    /// Several commands begin like this.
    #[error("`{word}` is ambiguous: {candidates}")]
    Ambiguous {
        /// What was written.
        word: String,
        /// What it can mean.
        candidates: String,
    },
    /// The command wants more than a guest at native speed can do.
    #[error(
        "`{command}`: at native speed a guest stops at its traps only; `freezeframe debug` runs it so that it stops anywhere"
    )]
    OnlyTraps {
        /// Which command.
        command: &'static str,
    },
    /// The command was given something that it can't take.
    #[error("{message}\nusage: {usage}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What is right.
        usage: &'static str,
    },
    /// There is nothing to do it to.
    #[error("the program is not being run; start it with `run` or `start`")]
    NotRun,
    /// A file of commands or source can't be had.
    #[error("can't read {path}: {why}")]
    File {
        /// Which.
        path: String,
        /// Why.
        why: String,
    },
    /// Something else, in a sentence that says what to do.
    #[error("{0}")]
    Other(String),
    /// A person changed their mind.
    #[error("not confirmed")]
    NotConfirmed,
}
