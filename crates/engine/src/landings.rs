//! Where a call in a `try_table` goes on: with an exception at the landings of the `try_table`s that it stands in, without
//! one behind itself. (Of such a call Wasmtime names the call as the frame's place, of any other what it returns to.)
//!
//! Legacy `try`/`catch` isn't looked for: Wasmtime doesn't run it.

use std::collections::BTreeSet;

use freezeframe_debuggee::ModulePc;
use wasmparser::{Catch, Operator};

use crate::code::Code;

/// Where a frame goes on after a call that stands in a `try_table`; nowhere of another call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Landings {
    /// In its own code.
    pub sites: BTreeSet<ModulePc>,
    /// It may return at once.
    pub returns: bool,
}

struct Label {
    /// Absolute indices of the labels that its catches lead to.
    catches: Vec<usize>,
    is_loop: bool,
    /// The first operator of a loop that does something.
    first: Option<ModulePc>,
}

/// The landings of the call in `function` for which the frame's place is `pc`.
pub(crate) fn landings(code: &Code, function: u32, pc: ModulePc) -> Landings {
    let mut found = Landings::default();
    // The function's body is a label too.
    let mut labels = vec![Label { catches: Vec::new(), is_loop: false, first: None }];
    // Labels at whose ends there is a landing, and whether the next operator is one.
    let mut targets = BTreeSet::new();
    let mut landed = false;
    code.each_operator(function, |at, operator| {
        let guarded = at == pc && labels.iter().any(|label| !label.catches.is_empty());
        if guarded {
            for target in labels.iter().flat_map(|label| &label.catches) {
                match labels.get(*target) {
                    Some(label) if label.is_loop => found.sites.extend(label.first),
                    _ => _ = targets.insert(*target),
                }
            }
        }
        match operator {
            Operator::Block { .. } => labels.push(Label { catches: Vec::new(), is_loop: false, first: None }),
            Operator::Loop { .. } => labels.push(Label { catches: Vec::new(), is_loop: true, first: None }),
            Operator::TryTable { try_table } => {
                let to = |depth: u32| labels.len().checked_sub(1 + depth as usize);
                let catches = try_table.catches.iter().filter_map(|catch| match catch {
                    Catch::One { label, .. }
                    | Catch::OneRef { label, .. }
                    | Catch::All { label }
                    | Catch::AllRef { label } => to(*label),
                });
                let catches = catches.collect();
                labels.push(Label { catches, is_loop: false, first: None });
            }
            // What falls into an `else` goes on behind its `end`.
            Operator::Else => {
                if landed {
                    targets.insert(labels.len().saturating_sub(1));
                    landed = false;
                }
            }
            Operator::End => {
                labels.pop();
                landed |= targets.remove(&labels.len());
                found.returns |= landed && labels.is_empty();
            }
            _ => {
                if landed {
                    found.sites.insert(at);
                    landed = false;
                }
                labels.iter_mut().filter(|label| label.first.is_none()).for_each(|label| label.first = Some(at));
                if let Operator::If { .. } = operator {
                    labels.push(Label { catches: Vec::new(), is_loop: false, first: None });
                }
            }
        }
        // What follows the call is passed when nothing is thrown.
        landed |= guarded;
    });
    found
}

/// The catches around the operator at `pc`: the tag of each, or `None` for one that takes any exception.
pub(crate) fn catches(code: &Code, function: u32, pc: ModulePc) -> Vec<Option<u32>> {
    let mut around: Vec<Vec<Option<u32>>> = Vec::new();
    let mut found = Vec::new();
    code.each_operator(function, |at, operator| {
        if at == pc {
            found.extend(around.iter().flatten());
        }
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => around.push(Vec::new()),
            Operator::TryTable { try_table } => around.push(
                try_table
                    .catches
                    .iter()
                    .map(|catch| match catch {
                        Catch::One { tag, .. } | Catch::OneRef { tag, .. } => Some(*tag),
                        Catch::All { .. } | Catch::AllRef { .. } => None,
                    })
                    .collect(),
            ),
            Operator::End => _ = around.pop(),
            _ => {}
        }
    });
    found
}
