//! Commands that a person has given to breakpoints: they run at each stop there.
//!
//! Invariant: while a list is being written (after `commands`, before its `end`), each line goes into it and none is run.

use std::collections::{BTreeMap, VecDeque};

use freezeframe_engine::BreakpointId;

/// The lists, and the one that is being written.
#[derive(Default)]
pub struct Hooks {
    lists: BTreeMap<BreakpointId, Vec<String>>,
    open: Option<Open>,
    /// The breakpoint set last: `$bpnum`.
    pub last: Option<BreakpointId>,
}

/// A list that is being written.
struct Open {
    /// For whom. `None`: `commands` failed, and its lines mustn't be run instead.
    breakpoint: Option<BreakpointId>,
    lines: Vec<String>,
    /// How many `commands` inside the list wait for their `end`.
    nested: usize,
}

impl Hooks {
    /// From now on lines are for this breakpoint's list, or for nobody's.
    pub fn open(&mut self, breakpoint: Option<BreakpointId>) {
        self.open = Some(Open { breakpoint, lines: Vec::new(), nested: 0 });
    }

    /// Whether a list is being written.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Takes a line into the list. The line that ends it gives whose list it is.
    pub fn take(&mut self, line: &str) -> Option<BreakpointId> {
        let open = self.open.as_mut()?;
        let nests = matches!(line.split_whitespace().next(), Some("commands" | "command"));
        if line != "end" || open.nested > 0 {
            open.nested = if line == "end" { open.nested - 1 } else { open.nested + usize::from(nests) };
            if !line.is_empty() && !line.starts_with('#') {
                open.lines.push(line.to_owned());
            }
            return None;
        }
        let Open { breakpoint, lines, .. } = self.open.take()?;
        let breakpoint = breakpoint?;
        if lines.is_empty() {
            self.lists.remove(&breakpoint);
        } else {
            self.lists.insert(breakpoint, lines);
        }
        Some(breakpoint)
    }

    /// Gives up the list that is being written. `true`: there was one.
    pub fn abandon(&mut self) -> bool {
        self.open.take().is_some()
    }

    /// A breakpoint's list; empty without one.
    pub fn of(&self, breakpoint: BreakpointId) -> &[String] {
        self.lists.get(&breakpoint).map_or(&[], Vec::as_slice)
    }

    /// Whether all of these breakpoints want their stop not to be shown.
    pub fn silent(&self, breakpoints: &[u32]) -> bool {
        let silent = |id: &u32| self.of(BreakpointId(*id)).first().is_some_and(|line| line == "silent");
        !breakpoints.is_empty() && breakpoints.iter().all(silent)
    }

    /// What is to be run at a stop at these breakpoints.
    pub fn at(&self, breakpoints: &[u32]) -> VecDeque<(BreakpointId, String)> {
        let ids = breakpoints.iter().map(|id| BreakpointId(*id));
        let lines = ids.flat_map(|id| self.of(id).iter().enumerate().map(move |(at, line)| (id, at, line)));
        lines.filter(|(_, at, line)| *at > 0 || *line != "silent").map(|(id, _, line)| (id, line.clone())).collect()
    }

    /// Forgets the lists of breakpoints that there aren't any more.
    pub fn retain(&mut self, exists: impl Fn(BreakpointId) -> bool) {
        self.lists.retain(|id, _| exists(*id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: BreakpointId = BreakpointId(1);

    #[test]
    fn lists_are_written_and_run() {
        let mut hooks = Hooks::default();
        hooks.open(Some(ONE));
        for line in ["silent", "", "# why", "commands 2", "bt", "end", "continue"] {
            assert_eq!(hooks.take(line), None);
        }
        assert_eq!(hooks.take("end"), Some(ONE));
        assert!(!hooks.is_open() && hooks.silent(&[1]) && !hooks.silent(&[1, 2]) && !hooks.silent(&[]));
        let run: Vec<String> = hooks.at(&[1, 2]).into_iter().map(|(_, line)| line).collect();
        assert_eq!(run, ["commands 2", "bt", "end", "continue"]);
        hooks.open(Some(ONE));
        assert_eq!(hooks.take("end"), Some(ONE));
        assert!(hooks.of(ONE).is_empty());
    }

    #[test]
    fn lines_for_nobody_are_not_run() {
        let mut hooks = Hooks::default();
        hooks.open(None);
        assert_eq!((hooks.take("kill"), hooks.take("end"), hooks.is_open()), (None, None, false));
    }
}
