//! Where breakpoints on lines and on inlined functions go.
//!
//! Invariant: every site is the first byte of an operator, since all come from fitted rows, prologue ends and fitted
//! ranges.

use std::collections::{BTreeMap, HashMap};

use crate::{
    FileId, LineSites, ModulePc, Symbols,
    names::{self, Wanted},
    paths::{At, Index},
    scopes::{ScopeKind, Scopes},
};

/// The statements of one file.
#[derive(Debug, Default)]
pub(crate) struct FileLines {
    rows: Vec<Statement>,
}

/// A row of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Statement {
    line: u32,
    start: ModulePc,
    /// The position of the function body.
    body: usize,
    is_stmt: bool,
}

impl FileLines {
    pub fn build(symbols: &Symbols, file: FileId) -> Self {
        let mut rows = Vec::new();
        for body in 0..symbols.module().bodies.len() {
            if !symbols.lines().of_body(body).iter().any(|row| row.file == file.0 && !row.end) {
                continue;
            }
            for row in symbols.rows_of(body) {
                if let Some(location) = row.location.filter(|location| location.file == file) {
                    rows.push(Statement { line: location.line, start: row.start, body, is_stmt: row.is_stmt });
                }
            }
        }
        rows.sort_unstable();
        Self { rows }
    }

    /// The lines, ascending.
    pub fn lines(&self) -> Vec<u32> {
        let mut lines: Vec<u32> = self.rows.iter().filter(|row| row.is_stmt).map(|row| row.line).collect();
        lines.dedup();
        lines
    }

    /// Where a breakpoint on a line goes.
    pub fn sites(&self, symbols: &Symbols, file: FileId, asked: u32) -> Option<LineSites> {
        let from = self.rows.partition_point(|row| row.line < asked);
        let line = self.rows.get(from..)?.iter().find(|row| row.is_stmt)?.line;
        // A line inside of a function that was thrown away doesn't slide into the next one.
        let thrown_away = symbols
            .lines()
            .dead
            .iter()
            .any(|dead| dead.file == file.0 && (dead.first..=dead.last).contains(&asked) && dead.last < line);
        if thrown_away {
            return None;
        }
        let from = self.rows.partition_point(|row| row.line < line);
        let to = self.rows.partition_point(|row| row.line <= line);
        // The first row in each function, or copy that was inlined into one. A copy right behind another one of the same
        // function has no row that is a statement: compilers mark those only where the line changes.
        let mut firsts: BTreeMap<(usize, usize), &Statement> = BTreeMap::new();
        for row in self.rows.get(from..to).unwrap_or_default() {
            let copy = innermost_copy(symbols.scopes_of(row.body), row.start);
            if !row.is_stmt && copy == 0 {
                continue;
            }
            let first = firsts.entry((row.body, copy)).or_insert(row);
            if (!row.is_stmt, row.start) < (!first.is_stmt, first.start) {
                *first = row;
            }
        }
        let mut sites: Vec<ModulePc> = firsts
            .into_iter()
            .map(|((body, copy), row)| match symbols.functions().get(body) {
                Some(function) if copy == 0 => row.start.max(function.prologue_end),
                _ => row.start,
            })
            .collect();
        sites.sort_unstable();
        sites.dedup();
        Some(LineSites { file, line, sites })
    }
}

/// The position of the innermost inlined copy around `pc`; 0 for the function itself.
fn innermost_copy(scopes: &Scopes, pc: ModulePc) -> usize {
    let is_copy = |at: &usize| scopes.list.get(*at).is_some_and(|scope| scope.kind == ScopeKind::Inlined);
    scopes.around(pc).into_iter().rev().find(is_copy).unwrap_or(0)
}

/// Which functions were inlined, and where.
#[derive(Debug, Default)]
pub(crate) struct Copies {
    /// By short name: the path and the offset of the subprogram.
    by_short_name: HashMap<String, Vec<(String, u32)>>,
    /// By offset of the subprogram: the offset of the copy, and the position of the function body that holds it.
    by_origin: HashMap<u32, Vec<(u32, usize)>>,
}

impl Copies {
    pub fn build(symbols: &Symbols) -> Self {
        let mut copies = Self::default();
        let dwarf = symbols.dwarf();
        let index: &Index = symbols.index();
        let bodies: HashMap<At, usize> =
            symbols.entries().iter().enumerate().filter_map(|(body, at)| Some(((*at)?, body))).collect();
        for (unit, unit_index) in (0..).zip(&index.units) {
            for copy in &unit_index.inlined {
                if let Some(body) = bodies.get(&(unit, copy.within)) {
                    copies.by_origin.entry(copy.origin).or_default().push((copy.offset, *body));
                }
            }
        }
        for origin in copies.by_origin.keys() {
            let Some(at) = index.scope_at(dwarf.units, *origin) else { continue };
            let Some(path) = symbols.name_of_entry(&dwarf, at) else { continue };
            copies.by_short_name.entry(names::short(&path).to_owned()).or_default().push((path, *origin));
        }
        copies
    }

    /// The first statement of each copy of the functions that are meant.
    pub fn sites(&self, symbols: &Symbols, name: &str) -> Vec<ModulePc> {
        let wanted = Wanted::new(name);
        let named = self.by_short_name.get(wanted.short()).into_iter().flatten();
        self.first_statements(symbols, named, |path| wanted.means(path))
    }

    /// The same for functions by their whole paths.
    pub fn sites_where(&self, symbols: &Symbols, wanted: impl Fn(&str) -> bool) -> Vec<ModulePc> {
        self.first_statements(symbols, self.by_short_name.values().flatten(), wanted)
    }

    fn first_statements<'a>(
        &self,
        symbols: &Symbols,
        functions: impl Iterator<Item = &'a (String, u32)>,
        wanted: impl Fn(&str) -> bool,
    ) -> Vec<ModulePc> {
        let origins = functions.filter(|(path, _)| wanted(path)).map(|(_, origin)| origin);
        let copies = origins.filter_map(|origin| self.by_origin.get(origin)).flatten();
        copies.filter_map(|(copy, body)| first_statement(symbols, *copy, *body)).collect()
    }
}

fn first_statement(symbols: &Symbols, copy: u32, body: usize) -> Option<ModulePc> {
    let scope = symbols.scopes_of(body).list.iter().find(|scope| scope.offset == copy as usize)?;
    let rows = symbols.rows_of(body);
    let inside = |pc: &ModulePc| scope.ranges.iter().any(|range| range.contains(pc));
    let statement = rows.iter().find(|row| row.is_stmt && row.location.is_some() && inside(&row.start));
    statement.map(|row| row.start).or_else(|| scope.ranges.iter().map(|range| range.start).min())
}
