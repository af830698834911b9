//! What steps are planned with: the operators, lines and inlined calls of a function, read once.
//!
//! Invariant: all of it follows from the module alone, so that it's the same at every stop and for every debuggee. What is
//! kept is bounded; the next step in a function that was forgotten reads it again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use freezeframe_debuggee::ModulePc;
use freezeframe_symbols::{LineRow, ScopeId, SourceFrame, Symbols};

use crate::{
    breakpoints::past_structure,
    code::{Code, OperatorAt},
};

/// How many operators and rows, all functions taken together, are kept.
const MOST_KEPT: usize = 1 << 18;
/// How many functions' entries are.
const MOST_ENTRIES: usize = 1 << 16;

/// The inlined calls around a place, seen from the place itself.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    /// The function that runs, the innermost.
    pub function: String,
    /// Innermost first, the function itself last. Empty outside of functions.
    pub scopes: Vec<Option<ScopeId>>,
}

impl Chain {
    fn new(frames: Vec<SourceFrame>) -> Self {
        let scopes = frames.iter().map(|frame| frame.scope).collect();
        let function = frames.into_iter().next().map(|frame| frame.function).unwrap_or_default();
        Self { function, scopes }
    }
}

/// A row of the line table, and where it's stopped at.
pub(crate) struct OutlineRow {
    pub row: LineRow,
    /// The place in it that every way into it passes; `None` for a row that can't be reached.
    pub site: Option<ModulePc>,
    /// The inlined calls around it.
    pub chain: Arc<Chain>,
}

/// One function.
#[derive(Default)]
pub(crate) struct Outline {
    /// The reachable ones, by address.
    pub operators: Vec<OperatorAt>,
    /// By address.
    pub rows: Vec<OutlineRow>,
}

impl Outline {
    fn read(code: &Code, symbols: &Symbols, function: u32) -> Self {
        let operators = code.operators(function);
        let rows = symbols.function_by_index(function).map(|f| symbols.rows(f.range.clone())).unwrap_or_default();
        let mut chain = Arc::<Chain>::default();
        let rows = rows.into_iter().map(|row| {
            // Names take longer than scopes, and most rows are in the same calls as the one before.
            if symbols.frame_scopes_at(row.start) != chain.scopes {
                chain = Arc::new(Chain::new(symbols.frames_at(row.start)));
            }
            OutlineRow { row, site: exact(&operators, row), chain: chain.clone() }
        });
        Self { rows: rows.collect(), operators }
    }

    pub(crate) fn operator_at(&self, pc: ModulePc) -> Option<OperatorAt> {
        let at = self.operators.binary_search_by_key(&pc, |operator| operator.pc).ok()?;
        self.operators.get(at).copied()
    }

    /// The row that `pc` belongs to.
    pub(crate) fn row_at(&self, pc: ModulePc) -> Option<&OutlineRow> {
        let at = self.rows.partition_point(|row| row.row.start <= pc);
        at.checked_sub(1).and_then(|at| self.rows.get(at)).filter(|row| pc < row.row.end)
    }
}

/// The place in a row that every way into it passes.
fn exact(operators: &[OperatorAt], row: LineRow) -> Option<ModulePc> {
    let from = operators.partition_point(|operator| operator.pc < row.start);
    let to = operators.partition_point(|operator| operator.pc < row.end);
    let inside = operators.get(from..to)?;
    inside.iter().find(|operator| !operator.structural).or_else(|| inside.first()).map(|operator| operator.pc)
}

/// The functions of a module that steps have come to.
#[derive(Default)]
pub(crate) struct Outlines {
    functions: Mutex<Functions>,
    /// Where a person wants to be when stepping into a function.
    entries: Mutex<HashMap<u32, Option<ModulePc>>>,
}

#[derive(Default)]
struct Functions {
    known: HashMap<u32, Arc<Outline>>,
    size: usize,
}

impl Outlines {
    pub(crate) fn of(&self, code: &Code, symbols: &Symbols, function: u32) -> Arc<Outline> {
        if let Some(known) = lock(&self.functions).known.get(&function) {
            return known.clone();
        }
        let outline = Arc::new(Outline::read(code, symbols, function));
        let size = outline.operators.len() + outline.rows.len();
        let mut functions = lock(&self.functions);
        if functions.size + size > MOST_KEPT {
            *functions = Functions::default();
        }
        functions.size += size;
        functions.known.insert(function, outline.clone());
        outline
    }

    /// The first line of a function behind its prologue; `None` when it has no lines.
    pub(crate) fn entry(&self, code: &Code, symbols: &Symbols, function: u32) -> Option<ModulePc> {
        if let Some(known) = lock(&self.entries).get(&function) {
            return *known;
        }
        let described = symbols.function_by_index(function);
        let described = described.filter(|function| symbols.location(function.prologue_end).is_some());
        let entry = described.map(|function| past_structure(symbols, code, function.prologue_end));
        let mut entries = lock(&self.entries);
        if entries.len() >= MOST_ENTRIES {
            entries.clear();
        }
        entries.insert(function, entry);
        entry
    }
}

/// What is behind these locks is whole at any time.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
