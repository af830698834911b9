//! What is known of one client: how it counts, what it set, which numbers it was given.

use std::{collections::BTreeSet, sync::Arc};

use freezeframe_engine::{CodeId, DebuggeeId, Reason, ValueOptions};

use crate::{
    breakpoints::Breakpoints,
    handles::{Extras, Frames},
    launch::Launched,
    protocol::types::InitializeRequestArguments,
    terminal::Asked,
    transport::{inbox::Waiting, outbox::Outbox},
};

/// Names a client of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientId(pub u64);

/// How far a client has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It has said nothing yet.
    #[default]
    New,
    /// It knows what we can do.
    Initialized,
    /// A guest is being made ready for it.
    Starting,
    /// It sets its breakpoints.
    Configuring,
    /// Guests may run.
    Running,
    /// It has said goodbye.
    Left,
}

/// A client.
pub struct Client {
    /// Its name.
    pub id: ClientId,
    /// The way to it.
    pub outbox: Outbox,
    /// What waits of it.
    pub waiting: Waiting,
    /// How far it has come.
    pub phase: Phase,
    /// What it said of itself.
    pub about: InitializeRequestArguments,
    /// What it set.
    pub breakpoints: Breakpoints,
    /// The frames that it knows.
    pub frames: Frames,
    /// Its numbers of what isn't the engine's.
    pub extras: Extras,
    /// The targets of a step that it was offered last.
    pub step_targets: Vec<(i64, String)>,
    /// The last number of such a target.
    pub last_target: i64,
    /// The modules that it was told of.
    pub modules: BTreeSet<CodeId>,
    /// Whether it may do more than say who it is.
    pub admitted: bool,
    /// Whether all guests are to stop once it's ready.
    pub stops_all: bool,
    /// Whether its guest goes on without it.
    pub leaves_guest: bool,
    /// What it launched, if it did.
    pub launched: Option<Arc<Launched>>,
    /// The guest that it launched, while it lives.
    pub guest: Option<DebuggeeId>,
    /// The request that is answered when the guest is there.
    pub starting: Option<Starting>,
    /// The call that is answered when it has returned.
    pub calling: Option<Calling>,
}

/// A launch that waits for its guest.
pub struct Starting {
    /// The request's number.
    pub seq: i64,
    /// `launch` or `restart`.
    pub command: String,
    /// The terminal that the client was asked for, and the number of that request.
    pub terminal: Option<(i64, Asked)>,
}

/// A call of a guest's function that an `evaluate` waits for.
pub struct Calling {
    /// The request's number.
    pub seq: i64,
    /// Whose.
    pub debuggee: DebuggeeId,
    /// Where it was asked for.
    pub frame: Option<usize>,
    /// How its value is to be shown.
    pub options: ValueOptions,
    /// Why the guest stands, as it will again.
    pub reason: Option<Reason>,
    /// Whether the client was told that the guest runs.
    pub told: bool,
}

impl Client {
    /// A client that has said nothing yet.
    pub fn new(id: ClientId, outbox: Outbox, waiting: Waiting) -> Self {
        Self {
            id,
            outbox,
            waiting,
            phase: Phase::New,
            about: InitializeRequestArguments::default(),
            breakpoints: Breakpoints::default(),
            frames: Frames::default(),
            extras: Extras::default(),
            step_targets: Vec::new(),
            last_target: 0,
            modules: BTreeSet::new(),
            admitted: true,
            stops_all: false,
            leaves_guest: false,
            launched: None,
            guest: None,
            starting: None,
            calling: None,
        }
    }

    /// A line of ours as the client counts.
    pub fn line(&self, line: u32) -> i64 {
        i64::from(line) - i64::from(self.about.lines_start_at1 == Some(false))
    }

    /// A column of ours as the client counts; of an unknown one the first.
    pub fn column(&self, column: u32) -> i64 {
        i64::from(column.max(1)) - i64::from(self.about.columns_start_at1 == Some(false))
    }

    /// A client's line as we count, from 1.
    pub fn our_line(&self, line: i64) -> u32 {
        u32::try_from(line.saturating_add(i64::from(self.about.lines_start_at1 == Some(false)))).unwrap_or(0)
    }

    /// A client's column as we count, from 1.
    pub fn our_column(&self, column: i64) -> u32 {
        u32::try_from(column.saturating_add(i64::from(self.about.columns_start_at1 == Some(false)))).unwrap_or(0)
    }
}
