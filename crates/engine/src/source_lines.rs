//! Lines and columns of source files that a front end names by its own paths.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use freezeframe_debuggee::{DebuggeeId, ModulePc};
use freezeframe_symbols::{FileId, Symbols};

use crate::{Debugger, EngineError};

/// Whether a path of a front end's (the first) and one of the debug information (the second) name the same file.
pub(crate) type SameSource = Arc<dyn Fn(&str, &str) -> bool + Send + Sync>;

/// The files of a module that a front end means by a path.
pub(crate) fn files(symbols: &Symbols, path: &str, same: &SameSource) -> Vec<FileId> {
    let files = (0..).map(FileId).zip(symbols.files());
    files.filter(|(_, file)| same(path, &file.path)).map(|(id, _)| id).collect()
}

/// The line with code at or after `line` that is nearest, and the sites there: those of `column` if it's given.
pub(crate) fn sites(
    symbols: &Symbols,
    files: &[FileId],
    line: u32,
    column: Option<u32>,
) -> Option<(u32, Vec<ModulePc>)> {
    let found: Vec<_> = files.iter().filter_map(|file| symbols.line_sites(*file, line)).collect();
    let nearest = found.iter().map(|sites| sites.line).min()?;
    let mut pcs = Vec::new();
    for sites in found.into_iter().filter(|sites| sites.line == nearest) {
        let statements = statements(symbols, sites.file, nearest, &sites.sites);
        // Columns of another line than the one that was asked for mean nothing.
        let wanted = column.filter(|_| nearest == line);
        let at = wanted.and_then(|wanted| statements.range(wanted..).next().or_else(|| statements.last_key_value()));
        match at {
            Some((_, starts)) => pcs.extend(starts.iter().copied()),
            None => pcs.extend(sites.sites),
        }
    }
    pcs.sort_unstable();
    pcs.dedup();
    Some((nearest, pcs))
}

/// The columns of a line at which statements begin, with the first operators of each in the functions of `sites`.
fn statements(symbols: &Symbols, file: FileId, line: u32, sites: &[ModulePc]) -> BTreeMap<u32, Vec<ModulePc>> {
    let functions: BTreeSet<_> = sites.iter().filter_map(|pc| symbols.function_at(*pc)).map(|f| f.index).collect();
    let mut columns: BTreeMap<u32, Vec<ModulePc>> = BTreeMap::new();
    for function in functions.into_iter().filter_map(|index| symbols.function_by_index(index)) {
        let mut seen = BTreeSet::new();
        for row in symbols.rows(function.range.clone()) {
            let at = row.location.filter(|at| at.file == file && at.line == line && at.column > 0);
            // The prologue isn't where a statement begins, and a statement has one beginning.
            let Some(at) = at.filter(|_| row.is_stmt && row.start >= function.prologue_end) else { continue };
            if seen.insert(at.column) {
                columns.entry(at.column).or_default().push(row.start);
            }
        }
    }
    columns
}

impl Debugger {
    /// Says how to compare a front end's path of a source file with one of the debug information: the engine itself
    /// touches no files. Without it paths are the same if they're equal. Concerns debuggees that are attached from now on.
    pub fn match_sources(&mut self, same: impl Fn(&str, &str) -> bool + Send + Sync + 'static) {
        self.same_source = Arc::new(same);
    }

    /// The places in lines `first` to `last` of a source file where a breakpoint can stand, as (line, column); column 0
    /// stands for a line of which no columns are known.
    ///
    /// # Errors
    /// [`EngineError::NoDebuggee`].
    pub fn breakpoint_places(
        &mut self,
        id: DebuggeeId,
        path: &str,
        first: u32,
        last: u32,
    ) -> Result<Vec<(u32, u32)>, EngineError> {
        let target = self.target(id)?;
        let mut places = BTreeSet::new();
        for module in &target.modules {
            for file in files(&module.symbols, path, &target.same_source) {
                let lines = module.symbols.lines_with_code(file);
                for line in lines.into_iter().filter(|line| (first..=last).contains(line)) {
                    let Some(sites) = module.symbols.line_sites(file, line) else { continue };
                    let columns = statements(&module.symbols, file, line, &sites.sites);
                    match columns.is_empty() {
                        true => _ = places.insert((line, 0)),
                        false => places.extend(columns.into_keys().map(|column| (line, column))),
                    }
                }
            }
        }
        Ok(places.into_iter().collect())
    }
}
