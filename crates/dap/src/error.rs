//! Two tiers of failure: a *request* failed, the client is told and the session lives; or the *session* can't go on.

use freezeframe_engine::{Blame, EngineError};

/// Why a request wasn't done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The engine couldn't; its message says what can be done.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// What the client gave doesn't fit the request.
    #[error("{0}")]
    Arguments(String),
    /// No such request is served.
    #[error("this debugger has no request `{0}`; `initialize` says what it can do")]
    Unknown(String),
    /// It was cancelled.
    #[error("the request was cancelled")]
    Cancelled,
    /// A sentence that says what to do.
    #[error("{0}")]
    Other(String),
    /// A sentence for the person, who is shown it at once.
    #[error("{0}")]
    Shown(String),
    /// The session can't go on: the client is told why, and that it's over.
    #[error("{0}")]
    Session(String),
}

impl Failure {
    /// The protocol's own word for a failure, where it has one: programs know it by that.
    pub(crate) fn word(&self) -> Option<&'static str> {
        match self {
            Self::Cancelled => Some("cancelled"),
            Self::Engine(EngineError::Running) => Some("notStopped"),
            _ => None,
        }
    }

    /// Whether a person must see it although they may not have asked for anything.
    pub(crate) fn show(&self) -> bool {
        match self {
            Self::Shown(_) | Self::Session(_) => true,
            Self::Engine(error) => error.blame() == Blame::Internal,
            _ => false,
        }
    }
}
