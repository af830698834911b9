//! What a client has set, and the engine's breakpoints that came of it.
//!
//! Invariant: what a client sets again unchanged stays as it is, with its number and its hits; each of the engine's
//! breakpoints made here belongs to one entry, and goes with it.

use std::collections::BTreeMap;

use freezeframe_engine::{BreakpointId, BreakpointSpec, Debugger, HitCondition};

use crate::{client::Client, protocol::types as dap, sources::Sources};

/// A client's breakpoints.
#[derive(Debug, Default)]
pub struct Breakpoints {
    last: i64,
    /// By the client's path of the source.
    pub sources: BTreeMap<String, Vec<Entry>>,
    /// By name.
    pub functions: Vec<Entry>,
    /// At instructions.
    pub instructions: Vec<Entry>,
    /// At the beginning of what was launched; gone after its first hit.
    pub entry: Option<BreakpointId>,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number for the client.
    pub id: i64,
    /// What it asked for.
    pub wanted: Wanted,
    /// The engine's; or why there is none.
    pub set: Result<BreakpointId, String>,
    /// What the client was told last.
    pub told: Option<dap::Breakpoint>,
}

/// What a client asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Where.
    pub location: freezeframe_engine::LocationSpec,
    /// When.
    pub condition: Option<String>,
    /// At which hits.
    pub hits: Option<String>,
    /// What to say instead of stopping.
    pub log: Option<String>,
}

impl Wanted {
    fn spec(&self) -> Result<BreakpointSpec, String> {
        let text = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let hits = text(&self.hits).map(|hits| HitCondition::parse(&hits)).transpose().map_err(|e| e.to_string())?;
        let at = BreakpointSpec::at(self.location.clone());
        Ok(BreakpointSpec { condition: text(&self.condition), hits, log: text(&self.log), ..at })
    }
}

impl Breakpoints {
    /// Replaces a list: what's in both stays, what isn't wanted any more goes.
    pub fn replace(&mut self, debugger: &mut Debugger, old: Vec<Entry>, wanted: Vec<Wanted>) -> Vec<Entry> {
        let mut old = old;
        let mut new = Vec::with_capacity(wanted.len());
        for wanted in wanted {
            // One that couldn't be set is tried again.
            if let Some(at) = old.iter().position(|entry| entry.wanted == wanted && entry.set.is_ok()) {
                new.push(old.swap_remove(at));
                continue;
            }
            self.last += 1;
            let set = wanted.spec().and_then(|spec| debugger.add_breakpoint(spec, true).map_err(|e| e.to_string()));
            new.push(Entry { id: self.last, wanted, set, told: None });
        }
        for entry in old {
            if let Ok(id) = entry.set {
                // It may have been a one-shot one.
                _ = debugger.remove_breakpoint(id);
            }
        }
        new
    }

    /// Removes all.
    pub fn clear(&mut self, debugger: &mut Debugger) {
        let ids: Vec<BreakpointId> = self.all_mut().filter_map(|entry| entry.set.clone().ok()).collect();
        for id in ids.into_iter().chain(self.entry) {
            // One-shot ones may be gone.
            _ = debugger.remove_breakpoint(id);
        }
        *self = Self { last: self.last, ..Self::default() };
    }

    /// All entries.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.sources.values_mut().flatten().chain(&mut self.functions).chain(&mut self.instructions)
    }

    /// The client's numbers of the engine's breakpoints.
    pub fn numbers(&mut self, ids: &[BreakpointId]) -> Vec<i64> {
        self.all_mut().filter(|entry| entry.set.as_ref().is_ok_and(|id| ids.contains(id))).map(|e| e.id).collect()
    }
}

/// What a client is told of an entry.
pub fn describe(entry: &Entry, debugger: &Debugger, sources: &Sources, client: &Client) -> dap::Breakpoint {
    let mut told = dap::Breakpoint { id: Some(entry.id), ..dap::Breakpoint::default() };
    let found = match &entry.set {
        Ok(id) => debugger.breakpoint(*id).map_err(|e| e.to_string()),
        Err(why) => Err(why.clone()),
    };
    match found {
        Err(why) => {
            told.message = Some(why);
            told.reason = Some(dap::BreakpointReason::Failed);
        }
        Ok(breakpoint) => {
            told.verified = !breakpoint.pending();
            told.message = breakpoint.note.clone();
            if breakpoint.pending() {
                told.message = Some("no code of a loaded module belongs to it".to_owned());
                told.reason = Some(dap::BreakpointReason::Pending);
            }
            if let Some(at) = breakpoint.sites.iter().find_map(|site| site.position.as_ref()) {
                told.line = Some(client.line(at.line));
                told.column = (at.column > 0).then(|| client.column(at.column));
                told.source = Some(crate::handlers::sources::source(&at.path, sources));
            }
        }
    }
    told
}
