//! Handles: which node a number means, from stop to stop.
//!
//! Invariant: a handle means a way (frame, variable, parts), never a value. Values are found anew at each stop, so nothing that
//! was read at one stop is shown at another.

use std::collections::HashMap;

use freezeframe_debuggee::{DebuggeeId, ModuleId};
use freezeframe_symbols::VariableId;

use super::{Handle, ScopeKind, Value};

/// How many handles are kept; beyond, those that weren't used at this stop are forgotten.
const MOST: usize = 1 << 18;

/// A frame, recognised at another stop: the same function as many frames above the outermost one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct FrameKey {
    /// Wasm frames between it and the outermost.
    pub above: u32,
    pub module: ModuleId,
    pub function_index: u32,
    /// Inlined calls around it.
    pub inlined_in: usize,
    /// What tells inlined calls from each other.
    pub function: String,
}

/// What a node is found from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    Scope { debuggee: DebuggeeId, frame: Option<FrameKey>, kind: ScopeKind },
    Expression { debuggee: DebuggeeId, frame: Option<FrameKey>, text: String },
    Variable { scope: Handle, module: ModuleId, variable: VariableId },
    Part { of: Handle, name: String },
    Element { of: Handle, name: String },
    Raw { of: Handle },
}

/// What is known of a node.
pub(super) struct Entry {
    pub origin: Origin,
    pub name: String,
    pub evaluate: Option<String>,
    /// Where an element was found last: its key may have moved since.
    pub index: u64,
    /// Whether it's shown without printers.
    pub raw: bool,
    /// What was found, and at which version of the stop.
    pub found: Option<(u64, Value)>,
    seen: Option<Seen>,
    used: u64,
}

/// How a node is called, and where it is among its siblings.
#[derive(Default)]
pub(super) struct Called<'n> {
    pub name: &'n str,
    pub evaluate: Option<String>,
    pub index: u64,
    pub raw: bool,
}

/// What a node was shown as.
struct Seen {
    stop: u64,
    text: String,
    /// At the last stop before.
    before: Option<String>,
}

/// The handles of all debuggees.
#[derive(Default)]
pub(crate) struct Handles {
    last: u32,
    by_origin: HashMap<Origin, Handle>,
    entries: HashMap<Handle, Entry>,
}

impl Handles {
    pub(super) fn get(&self, handle: Handle) -> Option<&Entry> {
        self.entries.get(&handle)
    }

    /// The handle of what has this origin: the one that it had, or a new one. `clock` is the stop's version.
    pub(super) fn issue(&mut self, origin: Origin, called: Called<'_>, found: Option<&Value>, clock: u64) -> Handle {
        let Called { name, evaluate, index, raw } = called;
        let found = found.map(|value| (clock, value.clone()));
        if let Some(handle) = self.by_origin.get(&origin).copied()
            && let Some(entry) = self.entries.get_mut(&handle)
        {
            (entry.evaluate, entry.index, entry.found, entry.used) = (evaluate, index, found, clock);
            return handle;
        }
        if self.entries.len() >= MOST {
            self.forget_unused(clock);
        }
        self.last = self.last.wrapping_add(1).max(1);
        let handle = Handle(self.last);
        self.by_origin.insert(origin.clone(), handle);
        let entry = Entry { origin, name: name.to_owned(), evaluate, index, raw, found, seen: None, used: clock };
        self.entries.insert(handle, entry);
        handle
    }

    fn forget_unused(&mut self, clock: u64) {
        let all = self.entries.values().all(|entry| entry.used == clock);
        self.entries.retain(|_, entry| entry.used == clock && !all);
        let entries = &self.entries;
        self.by_origin.retain(|_, handle| entries.contains_key(handle));
    }

    pub(super) fn find(&mut self, handle: Handle, found: (u64, Value)) {
        if let Some(entry) = self.entries.get_mut(&handle) {
            entry.used = found.0;
            entry.found = Some(found);
        }
    }

    /// Notes what a node is shown as at a stop, and says whether it was something else at the last stop at which it was shown.
    pub(super) fn shown(&mut self, handle: Handle, stop: u64, text: &str) -> bool {
        let Some(entry) = self.entries.get_mut(&handle) else { return false };
        let before = match entry.seen.take() {
            Some(seen) if seen.stop == stop => seen.before,
            Some(seen) => Some(seen.text),
            None => None,
        };
        let changed = before.as_ref().is_some_and(|before| before != text);
        entry.seen = Some(Seen { stop, text: text.to_owned(), before });
        changed
    }

    /// Forgets the nodes of a debuggee.
    pub(crate) fn forget(&mut self, id: DebuggeeId) {
        let roots: Vec<Handle> =
            self.entries.keys().copied().filter(|handle| self.debuggee(*handle) == Some(id)).collect();
        for handle in roots {
            if let Some(entry) = self.entries.remove(&handle) {
                self.by_origin.remove(&entry.origin);
            }
        }
    }

    /// The debuggee and the frame of a node, and the module of the variable that it's a part of.
    pub(super) fn root(&self, handle: Handle) -> Option<(DebuggeeId, Option<FrameKey>, Option<ModuleId>)> {
        let (mut handle, mut of_module) = (handle, None);
        loop {
            // Parents are older than their children: this ends.
            match &self.entries.get(&handle)?.origin {
                Origin::Scope { debuggee, frame, .. } | Origin::Expression { debuggee, frame, .. } => {
                    return Some((*debuggee, frame.clone(), of_module));
                }
                Origin::Variable { scope, module, .. } => (handle, of_module) = (*scope, Some(*module)),
                Origin::Part { of, .. } | Origin::Element { of, .. } | Origin::Raw { of } => handle = *of,
            }
        }
    }

    fn debuggee(&self, handle: Handle) -> Option<DebuggeeId> {
        self.root(handle).map(|(debuggee, ..)| debuggee)
    }
}
