//! What a client has set, and the engine's breakpoints that came of it.
//!
//! Invariant: what a client sets again unchanged stays as it is, with its number and its hits; each of the engine's
//! breakpoints made here belongs to one entry, and goes with it.

use std::collections::BTreeMap;

use freezeframe_engine::{BreakpointId, BreakpointSpec, Catch, Debugger, EngineError, HitCondition, LocationSpec};

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
    /// Traps, exceptions and their like.
    caught: Vec<(i64, BreakpointId)>,
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
    /// Why it's in no module yet, if it isn't.
    pub why_pending: Option<String>,
    /// Why it's held back: a name in its condition or text that nothing has there.
    pub unknown: Option<String>,
    /// What the client was told last.
    pub told: Option<dap::Breakpoint>,
}

impl Entry {
    /// Holds the breakpoint back if its condition or text has a name that nothing has there, and lets it be one if it had.
    fn look_at_names(&mut self, debugger: &mut Debugger) {
        let Ok(id) = self.set else { return };
        let unknown = debugger.unknown_name(id).ok().flatten().map(|error| error.to_string());
        // A one-shot one may be gone.
        if unknown.is_some() != self.unknown.is_some() {
            _ = debugger.enable_breakpoint(id, unknown.is_none());
        }
        self.unknown = unknown;
    }
}

/// What a client asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Where.
    pub location: LocationSpec,
    /// When.
    pub condition: Option<String>,
    /// At which hits.
    pub hits: Option<String>,
    /// What to say instead of stopping.
    pub log: Option<String>,
}

impl Wanted {
    /// Whether only the conditions differ.
    fn same_place(&self, other: &Self) -> bool {
        self.location == other.location && self.log == other.log
    }

    fn spec(&self) -> Result<BreakpointSpec, String> {
        let text = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let hits = text(&self.hits).map(|hits| HitCondition::parse(&hits)).transpose().map_err(|e| e.to_string())?;
        let at = BreakpointSpec::at(self.location.clone());
        Ok(BreakpointSpec { condition: text(&self.condition), hits, log: text(&self.log), ..at })
    }
}

impl Breakpoints {
    /// Replaces a list: what's in both stays, what isn't wanted any more goes.
    ///
    /// # Errors
    /// A guest that was paused for it can't go on.
    pub fn replace(
        &mut self,
        debugger: &mut Debugger,
        old: Vec<Entry>,
        wanted: Vec<Wanted>,
    ) -> Result<Vec<Entry>, EngineError> {
        debugger.while_paused(|debugger| Ok(self.replace_paused(debugger, old, wanted)))
    }

    fn replace_paused(&mut self, debugger: &mut Debugger, mut old: Vec<Entry>, wanted: Vec<Wanted>) -> Vec<Entry> {
        // What is unchanged is found first: of two at one place, the other one must not be taken for it. One that couldn't be
        // set is tried again.
        let mut unchanged = |wanted: &Wanted| {
            let at = old.iter().position(|entry| entry.wanted == *wanted && entry.set.is_ok());
            at.map(|at| old.swap_remove(at))
        };
        let kept: Vec<Option<Entry>> = wanted.iter().map(&mut unchanged).collect();
        let mut new = Vec::with_capacity(wanted.len());
        for (wanted, kept) in wanted.into_iter().zip(kept) {
            if let Some(entry) = kept {
                new.push(entry);
                continue;
            }
            // With another condition it's still the same one: its hits go on being counted.
            if let Some(at) = old.iter().position(|entry| entry.wanted.same_place(&wanted))
                && let Ok(spec) = wanted.spec()
                && let Some(Ok(id)) = old.get(at).map(|entry| &entry.set)
                && debugger.set_condition(*id, spec.condition).is_ok()
                && debugger.set_hit_condition(*id, spec.hits).is_ok()
            {
                let mut entry = old.swap_remove(at);
                entry.wanted = wanted;
                entry.look_at_names(debugger);
                new.push(entry);
                continue;
            }
            self.last += 1;
            let mut why_pending = None;
            let set = wanted.spec().and_then(|spec| match debugger.add_breakpoint(spec.clone(), false) {
                Ok(id) => Ok(id),
                Err(why) => {
                    why_pending = Some(why.to_string());
                    debugger.add_breakpoint(spec, true).map_err(|e| e.to_string())
                }
            });
            let mut entry = Entry { id: self.last, wanted, set, why_pending, unknown: None, told: None };
            entry.look_at_names(debugger);
            new.push(entry);
        }
        for entry in old {
            if let Ok(id) = entry.set {
                // It may have been a one-shot one.
                _ = debugger.remove_breakpoint(id);
            }
        }
        new
    }

    /// Looks again at the names in conditions and log texts: the program may be another one now.
    pub fn look_at_names(&mut self, debugger: &mut Debugger) {
        self.all_mut().for_each(|entry| entry.look_at_names(debugger));
    }

    /// Lets none of them stop anything, nor what stops by itself.
    ///
    /// # Errors
    /// A guest that was paused for it can't go on.
    pub fn silence(&mut self, debugger: &mut Debugger) -> Result<(), EngineError> {
        self.clear(debugger);
        for catch in [Catch::Traps(Vec::new()), Catch::HostErrors] {
            let id = debugger.add_breakpoint(BreakpointSpec::at(LocationSpec::Event(catch)), true)?;
            debugger.enable_breakpoint(id, false)?;
            self.caught(id);
        }
        Ok(())
    }

    /// Removes all.
    pub fn clear(&mut self, debugger: &mut Debugger) {
        let ids: Vec<BreakpointId> = self.all_mut().filter_map(|entry| entry.set.clone().ok()).collect();
        let caught = self.caught.iter().map(|(_, caught)| *caught);
        for id in ids.into_iter().chain(self.entry).chain(caught) {
            // One-shot ones may be gone.
            _ = debugger.remove_breakpoint(id);
        }
        *self = Self { last: self.last, ..Self::default() };
    }

    /// Remembers a catchpoint, and gives the client's number of it.
    pub fn caught(&mut self, caught: BreakpointId) -> i64 {
        self.last += 1;
        self.caught.push((self.last, caught));
        self.last
    }

    /// Removes the catchpoints.
    pub fn clear_caught(&mut self, debugger: &mut Debugger) {
        for (_, caught) in std::mem::take(&mut self.caught) {
            _ = debugger.remove_breakpoint(caught);
        }
    }

    /// All entries.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.sources.values_mut().flatten().chain(&mut self.functions).chain(&mut self.instructions)
    }

    /// The protocol's word for a stop at these.
    pub fn kind(&self, ids: &[BreakpointId]) -> &'static str {
        let is = |entry: &Entry| entry.set.as_ref().is_ok_and(|id| ids.contains(id));
        match () {
            () if self.sources.values().flatten().any(is) => "breakpoint",
            () if self.functions.iter().any(is) => "function breakpoint",
            () if self.instructions.iter().any(is) => "instruction breakpoint",
            () => "breakpoint",
        }
    }

    /// The client's numbers of the engine's breakpoints.
    pub fn numbers(&mut self, ids: &[BreakpointId]) -> Vec<i64> {
        let caught: Vec<i64> = self.caught.iter().filter(|(_, c)| ids.contains(c)).map(|(number, _)| *number).collect();
        let set = self.all_mut().filter(|entry| entry.set.as_ref().is_ok_and(|id| ids.contains(id)));
        set.map(|entry| entry.id).chain(caught).collect()
    }
}

/// What a client is told of an entry.
pub fn describe(entry: &Entry, debugger: &Debugger, sources: &Sources, client: &Client) -> dap::Breakpoint {
    let mut told = dap::Breakpoint { id: Some(entry.id), ..dap::Breakpoint::default() };
    let found = match (&entry.set, &entry.unknown) {
        (Ok(id), None) => debugger.breakpoint(*id).map_err(|e| e.to_string()),
        (Err(why), _) | (_, Some(why)) => Err(why.clone()),
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
                let unknown = || "no code of a loaded module belongs to it".to_owned();
                told.message = Some(entry.why_pending.clone().unwrap_or_else(unknown));
                told.reason = Some(dap::BreakpointReason::Pending);
            }
            if let Some(site) = breakpoint.sites.first()
                && let LocationSpec::Instruction { code, .. } = breakpoint.spec.location
            {
                told.instruction_reference = Some(crate::references::code(code, site.pc));
            }
            if let Some(at) = breakpoint.sites.iter().find_map(|site| site.position.as_ref()) {
                told.line = Some(client.line(at.line));
                // Who asked for a line gets a line: editors draw a second mark at a column.
                let asked = matches!(breakpoint.spec.location, LocationSpec::Source { column: Some(_), .. });
                told.column = (asked && at.column > 0).then(|| client.column(at.column));
                told.source = Some(crate::handlers::sources::source(&at.path, sources));
            }
        }
    }
    told
}
