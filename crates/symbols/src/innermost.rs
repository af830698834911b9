//! Which of a function's scopes is the innermost at an address.
//!
//! Invariant: the answer is what going down gives, from the function at each step into the first of the inner scopes that has
//! the address: also where hostile ranges overlap, or stick out of the scope around them. To make the table for `n` scopes
//! and ranges takes `n log n` steps, however they are nested.

use std::ops::Range;

use crate::{ModulePc, scopes::CodeScope};

/// For all addresses, the innermost scope.
#[derive(Debug)]
pub(crate) struct Innermost(Vec<(ModulePc, u32)>);

impl Innermost {
    /// Of no scopes.
    pub const NONE: Self = Self(Vec::new());

    /// `scopes` are in the order of a walk: behind each one come those inside of it, then its next sibling.
    pub fn build(scopes: &[CodeScope]) -> Self {
        let spans = spans(scopes);
        let mut changes: Vec<(ModulePc, usize, i32)> = Vec::new();
        let mut missing = Missing::new(scopes.len());
        for (at, scope) in scopes.iter().enumerate().skip(1) {
            missing.add(spans.get(at), 1);
            for range in joined(&scope.ranges) {
                changes.extend([(range.start, at, -1), (range.end, at, 1)]);
            }
        }
        changes.sort_unstable();
        let mut scope_at = vec![0; scopes.len()];
        for (at, span) in (0..).zip(&spans) {
            if let Some(scope) = span.end.checked_sub(1).and_then(|last| scope_at.get_mut(last)) {
                *scope = at;
            }
        }
        let mut table: Vec<(ModulePc, u32)> = Vec::new();
        for same in changes.chunk_by(|a, b| a.0 == b.0) {
            for (_, at, by) in same {
                missing.add(spans.get(*at), *by);
            }
            let scope = scope_at.get(missing.first_of_none()).copied().unwrap_or(0);
            if table.last().map_or(0, |(_, last)| *last) != scope {
                table.extend(same.first().map(|(pc, ..)| (*pc, scope)));
            }
        }
        table.shrink_to_fit();
        Self(table)
    }

    /// The position of the innermost scope around `pc`; 0, the function, when it's in none.
    pub fn at(&self, pc: ModulePc) -> usize {
        let after = self.0.partition_point(|(start, _)| *start <= pc);
        after.checked_sub(1).and_then(|at| self.0.get(at)).map_or(0, |(_, scope)| *scope as usize)
    }
}

/// For each scope, where it and all inside of it are in the order that has each scope right behind what is inside of it: the
/// first one in that order which has an address, and all around which have it, is the innermost.
fn spans(scopes: &[CodeScope]) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = (0..scopes.len()).map(|at| at..at + 1).collect();
    let parent = |at: usize| scopes.get(at).map_or(0, |scope| scope.parent);
    for at in (1..scopes.len()).rev() {
        let size = spans.get(at).map_or(0, Range::len);
        if let Some(around) = spans.get_mut(parent(at)) {
            around.end += size;
        }
    }
    let mut depths = vec![0; scopes.len()];
    for at in 1..scopes.len() {
        let depth = depths.get(parent(at)).map_or(0, |depth| depth + 1);
        if let (Some(own), Some(span)) = (depths.get_mut(at), spans.get_mut(at)) {
            *own = depth;
            // All that come before it in the walk come before it here as well, but for those around it.
            *span = span.start.saturating_sub(depth)..span.end.saturating_sub(depth);
        }
    }
    spans
}

/// Ranges in ascending order, those together that touch.
fn joined(ranges: &[Range<ModulePc>]) -> Vec<Range<ModulePc>> {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable_by_key(|range| range.start);
    let mut joined: Vec<Range<ModulePc>> = Vec::new();
    for range in sorted {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// For each scope, how many of it and those around it don't have the address that is looked at: a tree of the lowest numbers,
/// in which a number is added to many at once.
struct Missing {
    /// How many leaves the tree has. Those below a node `n` are below `2 * n` and `2 * n + 1`; 1 is the root.
    width: usize,
    /// For each node, the lowest number below it, and what was added to all below it.
    nodes: Vec<(i32, i32)>,
}

impl Missing {
    fn new(count: usize) -> Self {
        let width = count.next_power_of_two();
        let mut nodes = vec![(0, 0); 2 * width];
        // Leaves that stand for nothing are never the lowest.
        nodes.iter_mut().skip(width + count).for_each(|node| node.0 = i32::MAX);
        let mut missing = Self { width, nodes };
        (1..width).rev().for_each(|node| missing.sum_up(node));
        missing
    }

    fn low(&self, node: usize) -> i32 {
        self.nodes.get(node).map_or(i32::MAX, |node| node.0)
    }

    fn sum_up(&mut self, node: usize) {
        let low = self.low(2 * node).min(self.low(2 * node + 1));
        if let Some(node) = self.nodes.get_mut(node) {
            node.0 = low.saturating_add(node.1);
        }
    }

    fn add(&mut self, span: Option<&Range<usize>>, by: i32) {
        let Some(span) = span.filter(|span| !span.is_empty()) else { return };
        let (first, last) = (span.start + self.width, span.end - 1 + self.width);
        let (mut from, mut to) = (first, last + 1);
        while from < to {
            if from % 2 == 1 {
                self.add_below(from, by);
                from += 1;
            }
            if to % 2 == 1 {
                to -= 1;
                self.add_below(to, by);
            }
            (from, to) = (from / 2, to / 2);
        }
        for leaf in [first, last] {
            let mut node = leaf / 2;
            while node > 0 {
                self.sum_up(node);
                node /= 2;
            }
        }
    }

    fn add_below(&mut self, node: usize, by: i32) {
        if let Some((low, added)) = self.nodes.get_mut(node) {
            *low += by;
            *added += by;
        }
    }

    /// The first that nothing is missing of. There is one always: the function has all addresses.
    fn first_of_none(&self) -> usize {
        let (mut node, mut wanted) = (1, 0);
        while node < self.width {
            wanted -= self.nodes.get(node).map_or(0, |node| node.1);
            node = 2 * node + usize::from(self.low(2 * node) != wanted);
        }
        node - self.width
    }
}
