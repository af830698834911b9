//! Where breakpoints on lines and on inlined functions go.
//!
//! Invariant: every site is the first byte of an operator, since all come from fitted rows, prologue ends and fitted
//! ranges.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

use bytes::Bytes;

use crate::{
    FileId, LineSites, ModulePc, Symbols,
    function_names::{self, Buffer},
    index::Inlined,
    names::{self, Wanted},
    paths::At,
    table::Table,
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
        for body in symbols.lines().bodies_of(file).iter().map(|body| *body as usize) {
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
            let copy = symbols.scopes_of(row.body).copy_at(row.start);
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

/// Which functions were inlined, and where.
#[derive(Debug, Default)]
pub(crate) struct Copies {
    /// By short name.
    pub functions: Table<4>,
    /// Their paths.
    pub paths: Bytes,
    /// The copies: the offset of each in `.debug_info`, and the position of the function body that holds it. Those of one
    /// function are together.
    pub copies: Table<2>,
}

/// A function that was inlined.
#[derive(Clone)]
struct Copied {
    /// Its path, as a place in [`Copies::paths`].
    path: Range<u32>,
    /// Its copies, as positions in [`Copies::copies`].
    copies: Range<u32>,
}

impl From<[u32; 4]> for Copied {
    fn from([path, path_end, first, end]: [u32; 4]) -> Self {
        Self { path: path..path_end, copies: first..end }
    }
}

impl Copies {
    pub fn build(symbols: &Symbols) -> Self {
        let bodies: HashMap<At, u32> =
            (0..).zip(symbols.entries()).filter_map(|(body, at)| Some(((*at)?, body))).collect();
        // Origin, copy, body.
        let mut found: Vec<(u32, u32, u32)> = Vec::new();
        for (unit, index) in symbols.units_indexed() {
            let in_code = |copy: &Inlined| Some((copy.origin, copy.offset, *bodies.get(&(unit, copy.within))?));
            found.extend(index.inlined.iter().filter_map(in_code));
        }
        found.sort_unstable();
        let mut origins: Vec<(u32, Range<u32>)> = Vec::new();
        for (at, (origin, ..)) in (0..).zip(&found) {
            match origins.last_mut() {
                Some((last, copies)) if last == origin => copies.end = at + 1,
                _ => origins.push((*origin, at..at + 1)),
            }
        }
        let budget = symbols.budget_of_names();
        let named = symbols.on_all_cores(origins.len(), |dwarf, i| {
            symbols.told_of_units(i, origins.len());
            let (origin, copies) = origins.get(i).filter(|_| !budget.is_spent())?;
            let path = symbols.name_of_entry(dwarf, symbols.index().scope_at(dwarf, *origin)?)?;
            // Those beyond that can't be asked for by their names.
            budget.take(path.len()).then(|| (path, copies.clone()))
        });
        let mut named: Vec<(String, Range<u32>)> = named.into_iter().flatten().collect();
        // Several units may have the same function.
        named.sort_unstable_by(|(one, at), (other, other_at)| (one, at.start).cmp(&(other, other_at.start)));
        named.sort_by_cached_key(|(path, _)| names::short(path).to_owned());
        let mut paths = Buffer::default();
        let (mut last, mut place) = (String::new(), 0..0);
        let functions = named.into_iter().map(|(path, copies)| {
            if path != last {
                place = paths.push(&path);
                last = path;
            }
            [place.start, place.end, copies.start, copies.end]
        });
        let functions = functions.collect();
        let copies = found.into_iter().map(|(_, offset, body)| [offset, body]).collect();
        Self { functions, paths: paths.finish(), copies }
    }

    fn path(&self, function: &Copied) -> &str {
        function_names::text(&self.paths, &function.path)
    }

    /// The first statement of each copy of the functions that are meant.
    pub fn sites(&self, symbols: &Symbols, name: &str) -> Vec<ModulePc> {
        let wanted = Wanted::new(name);
        let short = |function: [u32; 4]| names::short(self.path(&function.into()));
        let from = self.functions.partition_point(|function| short(function) < wanted.short());
        let named = self.functions.rows_in(from..self.functions.len());
        let named = named.take_while(|function| short(*function) == wanted.short());
        self.first_statements(symbols, named, |path| wanted.means(path))
    }

    /// The same for functions by their whole paths.
    pub fn sites_where(&self, symbols: &Symbols, wanted: impl Fn(&str) -> bool) -> Vec<ModulePc> {
        self.first_statements(symbols, self.functions.rows(), wanted)
    }

    fn first_statements(
        &self,
        symbols: &Symbols,
        functions: impl Iterator<Item = [u32; 4]>,
        wanted: impl Fn(&str) -> bool,
    ) -> Vec<ModulePc> {
        let meant = functions.map(Copied::from).filter(|function| wanted(self.path(function)));
        let copies = meant
            .flat_map(|function| self.copies.rows_in(function.copies.start as usize..function.copies.end as usize));
        let mut statements = Statements { symbols, of_bodies: HashMap::new() };
        copies.filter_map(|[offset, body]| statements.first_of(offset, body as usize)).collect()
    }
}

/// Where statements begin, ascending, in the bodies that were asked about.
struct Statements<'s> {
    symbols: &'s Symbols,
    of_bodies: HashMap<usize, Vec<ModulePc>>,
}

impl Statements<'_> {
    /// The first of a copy; its first byte when it has none.
    fn first_of(&mut self, copy: u32, body: usize) -> Option<ModulePc> {
        let scope = self.symbols.scopes_of(body).at_offset(copy as usize)?;
        let statements = self.of_bodies.entry(body).or_insert_with(|| {
            let rows = self.symbols.rows_of(body).iter().filter(|row| row.is_stmt && row.location.is_some());
            rows.map(|row| row.start).collect()
        });
        let first_in = |range: &Range<ModulePc>| {
            let at = statements.partition_point(|start| *start < range.start);
            statements.get(at).copied().filter(|start| *start < range.end)
        };
        let first = scope.ranges.iter().filter_map(first_in).min();
        first.or_else(|| scope.ranges.iter().map(|range| range.start).min())
    }
}
