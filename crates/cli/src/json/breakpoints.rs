//! Breakpoints, log points and catchpoints as data.

use serde::Serialize;

/// A breakpoint.
#[derive(Debug, Serialize)]
pub struct BreakpointView {
    /// Its number.
    pub id: u32,
    /// `breakpoint`, `logpoint` or `catchpoint`.
    pub kind: BreakpointKind,
    /// What was asked for.
    pub location: String,
    /// `location` is a regular expression for names of functions.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pattern: bool,
    /// Whether it stops anything.
    pub enabled: bool,
    /// How often it did.
    pub hits: u64,
    /// Its condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The condition is decided in the debugger at each hit, which takes some hundred times longer than next to the guest.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub slow_condition: bool,
    /// Which of its hits stop, such as `>= 3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hit_condition: Option<String>,
    /// How many of its next hits are passed.
    #[serde(skip_serializing_if = "is_zero")]
    pub ignore: u64,
    /// What it says at each hit, instead of stopping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// What it says is filled in by the debugger at each hit, which takes some hundred times longer than next to the guest.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub slow_log: bool,
    /// The groups that it's in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// The commands that run at each stop there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// Gone after its first hit.
    pub temporary: bool,
    /// Whether it waits for a module.
    pub pending: bool,
    /// What was changed about the location to make it fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where it is in code.
    pub sites: Vec<SiteView>,
}

/// The kinds of breakpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakpointKind {
    /// Stops at places.
    Breakpoint,
    /// Says something at places.
    Logpoint,
    /// Stops at events.
    Catchpoint,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// A place in code.
#[derive(Debug, Serialize)]
pub struct SiteView {
    /// The function there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The module's number.
    pub module: u32,
    /// The operator.
    pub pc: u32,
    #[serde(skip)]
    pub shown_file: String,
}
