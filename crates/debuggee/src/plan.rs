//! Stop plans: plain data that says where a running guest shall stop, so that the decision is made next to the guest.

use serde::{Deserialize, Serialize};

use crate::{ModuleId, ModulePc, Program};

/// An operator of a module at which the guest can be made to stop, *before* it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Site {
    /// The module.
    pub module: ModuleId,
    /// The exact offset of the operator.
    pub pc: ModulePc,
}

/// Names a rule of a plan; the engine chooses it, the debuggee only gives it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RuleId(pub u32);

/// A bound on the number of frames on the stack, all activations counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DepthCheck {
    /// No bound.
    Any,
    /// Exactly so many.
    Exactly(u32),
    /// So many or fewer.
    AtMost(u32),
    /// So many or more.
    AtLeast(u32),
}

impl DepthCheck {
    /// Whether the check needs the depth at all: counting frames costs time.
    pub fn needs_depth(self) -> bool {
        self != Self::Any
    }

    /// Whether a stack of `depth` frames passes.
    pub fn passes(self, depth: u32) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(n) => depth == n,
            Self::AtMost(n) => depth <= n,
            Self::AtLeast(n) => depth >= n,
        }
    }
}

/// One reason to stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Given back when the rule matches.
    pub id: RuleId,
    /// Where.
    pub site: Site,
    /// How deep the stack must be.
    pub depth: DepthCheck,
    /// Must evaluate to something other than 0; a condition that can't be evaluated counts as true, so that a person
    /// gets to see why.
    pub condition: Option<Program>,
    /// Wanted for this resume only: dead from the next stop on, whatever its cause, and taken out of the code when somebody
    /// asks what is planted, or by the next plan, unless that [keeps](StopPlan::keep) it.
    pub temporary: bool,
    /// Which of the plan's counters counts its hits and says which of them stop: an index into
    /// [`StopPlan::counters`]. Of the rules of one site, no two share one.
    #[serde(default)]
    pub counter: Option<u32>,
    /// Where it would stop, it takes these down instead ([`Logged`](crate::Logged)) and lets the guest go on.
    #[serde(default)]
    pub log: Option<Vec<Capture>>,
}

impl Rule {
    /// A rule that stops whenever its site is reached.
    pub fn at(id: RuleId, site: Site) -> Self {
        Self { id, site, depth: DepthCheck::Any, condition: None, temporary: false, counter: None, log: None }
    }
}

/// The most bytes that one [`Capture`] takes down.
pub const MAX_CAPTURE: u32 = 1024;

/// What is taken down at a hit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Capture {
    /// The value that a program leaves, as eight bytes, lowest first.
    Value(Program),
    /// Bytes of the frame's default memory.
    Bytes {
        /// Leaves the address.
        address: Program,
        /// How many; [`MAX_CAPTURE`] at most.
        length: u32,
    },
}

/// Counts hits: of rules whose depth check passed and whose condition is true, or can't be evaluated (such a hit always
/// stops).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// How many there were before this plan.
    pub hits: u64,
    /// How many of the next ones are passed.
    pub ignore: u64,
    /// Which of those that aren't ignored stop: true for their number, which [`Op::Hits`](crate::Op::Hits) gives. Without
    /// one, all.
    pub wanted: Option<Program>,
}

/// Where and why a guest shall stop, once resumed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopPlan {
    /// The rules; several may share a site.
    pub rules: Vec<Rule>,
    /// Stop at the next operator, wherever that is. Costs a change of all code: for when the next operators can't be
    /// named in advance.
    pub next_operator: bool,
    /// Stop when new core modules come into the store.
    pub module_loads: bool,
    /// Stop at exceptions as they are thrown.
    pub exceptions: bool,
    /// Stop when the guest asks to exit.
    #[serde(default)]
    pub exits: bool,
    /// What counts hits of rules.
    #[serde(default)]
    pub counters: Vec<Counter>,
    /// Sites of earlier plans that no rule of this one names may stay in the code: changing that is most of what a step
    /// costs, and the next one will want them. A site that is kept never stops the guest. They are bounded, and they are all
    /// taken out: when the guest passes them often, by a plan without this, when [`Query::Planted`](crate::Query::Planted) is
    /// asked, and at the end.
    #[serde(default)]
    pub keep: bool,
    /// Sites that a later plan will probably want: planted and kept if the code has to be changed anyway. Only with
    /// [`keep`](Self::keep).
    #[serde(default)]
    pub soon: Vec<Site>,
}

impl StopPlan {
    /// The sites of the plan's rules, sorted, each once.
    pub fn sites(&self) -> Vec<Site> {
        let mut sites: Vec<Site> = self.rules.iter().map(|r| r.site).collect();
        sites.sort_unstable();
        sites.dedup();
        sites
    }
}
