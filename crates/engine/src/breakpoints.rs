//! Breakpoints in three levels: the *logical* one that was asked for, the *sites* in code that it comes to, and each
//! site's *owners*. What overlaps is right by construction: a site is planted as long as it has an owner.

use std::{collections::BTreeSet, fmt, sync::Arc};

use freezeframe_debuggee::{DebuggeeId, ModuleId, ModulePc, Program, Site};
use freezeframe_symbols::Symbols;
use regex::{Regex, RegexBuilder};

use crate::{
    EngineError, HitCondition, LocationSpec, SourcePosition,
    code::Code,
    error::near_misses,
    expression::Expression,
    logpoint::{LogShape, LogText},
    overloads,
    source_lines::{self, SameSource},
    target::Target,
};

/// The most functions that one pattern may fit: who wants more has written another pattern than they meant.
const MOST_MATCHES: usize = 2000;
/// The most memory that a compiled pattern may take, in bytes.
const PATTERN_SIZE: usize = 1 << 20;

/// Names a logical breakpoint. Counts from 1 and is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BreakpointId(pub u32);

impl fmt::Display for BreakpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakpointSpec {
    /// Where.
    pub location: LocationSpec,
    /// Only when this expression isn't zero.
    pub condition: Option<String>,
    /// Only at some of its hits.
    pub hits: Option<HitCondition>,
    /// Gone after its first hit.
    pub one_shot: bool,
    /// Not to stop: what to say there, with expressions in braces.
    pub log: Option<String>,
}

impl BreakpointSpec {
    /// Stops there always.
    pub fn at(location: LocationSpec) -> Self {
        Self { location, condition: None, hits: None, one_shot: false, log: None }
    }
}

/// A logical breakpoint.
#[derive(Clone, Debug)]
pub struct Breakpoint {
    /// Its number.
    pub id: BreakpointId,
    /// What was asked for.
    pub spec: BreakpointSpec,
    /// Whether it stops anything.
    pub enabled: bool,
    /// How often it was hit, with its condition true.
    pub hits: u64,
    /// How many of the next hits are passed.
    pub ignore: u64,
    /// Where it is in code. Empty while it's pending.
    pub sites: Vec<BoundSite>,
    /// What was changed about the location to make it fit, for people.
    pub note: Option<String>,
    /// The groups that it's in: by their names, several are dealt with at once.
    pub groups: BTreeSet<String>,
    pub(crate) condition: Option<Expression>,
    pub(crate) log: Option<LogText>,
}

impl Breakpoint {
    /// Whether no module that it fits is loaded yet.
    pub fn pending(&self) -> bool {
        self.sites.is_empty() && !matches!(self.spec.location, LocationSpec::Event(_))
    }
}

/// One place in code where a logical breakpoint is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundSite {
    /// In which debuggee.
    pub debuggee: DebuggeeId,
    /// In which module.
    pub module: ModuleId,
    /// At which operator.
    pub pc: ModulePc,
    /// The function there.
    pub function: Option<String>,
    /// The position there.
    pub position: Option<SourcePosition>,
    /// The condition for the guest's side, where it could be compiled.
    pub(crate) program: Option<Program>,
    /// What a log point takes down for the guest's side, where that could be compiled.
    pub(crate) log: Option<Arc<LogShape>>,
}

impl BoundSite {
    /// Whether the breakpoint's condition was compiled for this site and is decided next to the guest; else the engine
    /// evaluates it at each hit, which takes longer. `false` without a condition.
    pub fn condition_in_guest(&self) -> bool {
        self.program.is_some()
    }

    /// Whether what a log point says is taken down next to the guest; else the engine fills it in at each hit, which takes
    /// longer. `false` for what is no log point.
    pub fn log_in_guest(&self) -> bool {
        self.log.is_some()
    }

    pub(crate) fn site(&self) -> Site {
        Site { module: self.module, pc: self.pc }
    }
}

/// Who wants a rule of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Breakpoint {
        id: BreakpointId,
        /// The guest's side counts its hits and passes those that don't stop.
        counted: bool,
    },
    Step,
}

/// A location found in a module.
pub(crate) struct Resolved {
    pub pcs: Vec<ModulePc>,
    pub note: Option<String>,
}

/// Finds a location in one module. `Ok(None)`: it isn't there, but might be in another.
pub(crate) fn resolve(
    spec: &LocationSpec,
    symbols: &Symbols,
    code: &Code,
    same: &SameSource,
) -> Result<Option<Resolved>, EngineError> {
    match spec {
        LocationSpec::Source { path, line, column } => {
            let files = source_lines::files(symbols, path, same);
            match source_lines::sites(symbols, &files, *line, *column) {
                _ if files.is_empty() => Ok(None),
                None => Err(EngineError::NoCodeAtLine { file: path.clone(), line: *line }),
                Some((found, pcs)) => {
                    let pcs = pcs.into_iter().map(|pc| past_structure(symbols, code, pc)).collect();
                    let note = (found != *line).then(|| format!("no code at line {line}; moved to line {found}"));
                    Ok(Some(Resolved { pcs, note }))
                }
            }
        }
        LocationSpec::Column { file, line, column } => {
            let files = symbols.find_files(file);
            match source_lines::sites(symbols, &files, *line, Some(*column)) {
                _ if files.is_empty() => Ok(None),
                None => Err(EngineError::NoCodeAtLine { file: file.clone(), line: *line }),
                Some((found, pcs)) => {
                    let pcs = pcs.into_iter().map(|pc| past_structure(symbols, code, pc)).collect();
                    let note = (found != *line).then(|| format!("no code at line {line}; moved to line {found}"));
                    Ok(Some(Resolved { pcs, note }))
                }
            }
        }
        LocationSpec::Function(name) => {
            let mut pcs = symbols.function_sites(name);
            if pcs.is_empty() {
                pcs = overloads::sites(symbols, name)?;
            }
            let pcs = pcs.into_iter().map(|pc| past_structure(symbols, code, pc)).collect::<Vec<_>>();
            Ok((!pcs.is_empty()).then_some(Resolved { pcs, note: None }))
        }
        LocationSpec::Line { file, line } => {
            let files = symbols.find_files(file);
            if files.is_empty() {
                return Ok(None);
            }
            // One suffix may fit several files: the line is in those that have code nearest to it.
            let found: Vec<_> = files.iter().filter_map(|file| symbols.line_sites(*file, *line)).collect();
            let Some(nearest) = found.iter().map(|sites| sites.line).min() else {
                return Err(EngineError::NoCodeAtLine { file: file.clone(), line: *line });
            };
            let pcs = found.iter().filter(|sites| sites.line == nearest).flat_map(|sites| sites.sites.clone());
            let pcs = pcs.map(|pc| past_structure(symbols, code, pc)).collect();
            let note = (nearest != *line).then(|| format!("no code at line {line}; moved to line {nearest}"));
            Ok(Some(Resolved { pcs, note }))
        }
        LocationSpec::Address(pc) | LocationSpec::Instruction { pc, .. } => {
            let Some(function) = symbols.function_at(ModulePc(*pc)) else { return Ok(None) };
            let operators = code.operators(function.index);
            if operators.iter().any(|o| o.pc.0 == *pc) {
                return Ok(Some(Resolved { pcs: vec![ModulePc(*pc)], note: None }));
            }
            let before = operators.iter().rev().find(|o| o.pc.0 < *pc);
            let hint = before.map(|o| format!("; the one before it starts at {}", o.pc)).unwrap_or_default();
            Err(EngineError::NotAnOperator { pc: *pc, hint })
        }
        LocationSpec::Matching(pattern) => {
            let pattern = pattern_of(pattern)?;
            let fits = symbols.functions().iter().filter(|f| pattern.is_match(f.name()));
            let copies = symbols.inlined_sites(|name| pattern.is_match(name));
            let pcs = fits.map(|f| f.prologue_end).chain(copies);
            let pcs: Vec<ModulePc> = pcs.map(|pc| past_structure(symbols, code, pc)).collect();
            Ok((!pcs.is_empty()).then_some(Resolved { pcs, note: None }))
        }
        LocationSpec::Event(_) => Ok(None),
    }
}

/// Reads a pattern for functions.
fn pattern_of(text: &str) -> Result<Regex, EngineError> {
    RegexBuilder::new(text).size_limit(PATTERN_SIZE).build().map_err(|error| {
        let report = error.to_string();
        // The library's report: the pattern, a line with carets under its fault, and what is wrong.
        let caret = report.lines().find(|line| line.trim_start().starts_with('^'));
        let at = caret.and_then(|line| line.find('^')).map_or(0, |at| at.saturating_sub(4));
        let said = report.lines().last().unwrap_or_default();
        let said = match error {
            regex::Error::CompiledTooBig(_) => "it takes too much memory; write a simpler one",
            _ => said.strip_prefix("error: ").unwrap_or(said),
        };
        let message = format!("the regular expression can't be read: {said}");
        EngineError::Syntax { message, text: text.to_owned(), at }
    })
}

/// The first operator from `pc` on, in the same row, that isn't a mere mark of structure.
pub(crate) fn past_structure(symbols: &Symbols, code: &Code, pc: ModulePc) -> ModulePc {
    let Some(function) = symbols.function_at(pc) else { return pc };
    let end = symbols.row_at(pc).map_or(function.range.end, |row| row.end);
    let operators = code.operators(function.index);
    let after = || operators.iter().skip_while(|o| o.pc < pc).take_while(|o| o.pc < end);
    after().find(|o| !o.structural).or_else(|| after().next()).map_or(pc, |o| o.pc)
}

/// Finds a location in all modules of a target.
pub(crate) fn bind(spec: &LocationSpec, target: &Target) -> Result<(Vec<BoundSite>, Option<String>), EngineError> {
    let mut bound = Vec::new();
    let mut note = None;
    let mut failed = None;
    for (index, module) in (0_u32..).zip(&target.modules) {
        if matches!(spec, LocationSpec::Instruction { code, .. } if *code != module.id) {
            continue;
        }
        match resolve(spec, &module.symbols, &module.code, &target.same_source) {
            Ok(Some(resolved)) => {
                note = note.or(resolved.note);
                for pc in resolved.pcs {
                    let frames = module.symbols.frames_at(pc);
                    let innermost = frames.first();
                    bound.push(BoundSite {
                        debuggee: target.id,
                        module: ModuleId(index),
                        pc,
                        function: innermost.map(|f| f.function.clone()),
                        position: module.symbols.location(pc).and_then(|at| SourcePosition::new(&module.symbols, at)),
                        program: None,
                        log: None,
                    });
                }
                if matches!(spec, LocationSpec::Address(_)) && !bound.is_empty() {
                    break;
                }
            }
            Ok(None) => {}
            Err(error) => failed = Some(error),
        }
    }
    match failed {
        Some(error) if bound.is_empty() => Err(error),
        _ => {
            bound.sort_by_key(BoundSite::site);
            bound.dedup_by_key(|s| s.site());
            if let (LocationSpec::Matching(pattern), true) = (spec, bound.len() > MOST_MATCHES) {
                let (pattern, count) = (pattern.clone(), bound.len());
                return Err(EngineError::TooManyMatches { pattern, count, most: MOST_MATCHES });
            }
            Ok((bound, note))
        }
    }
}

/// Why a location was found in no module at all.
pub(crate) fn not_found(spec: &LocationSpec, targets: &[Target]) -> EngineError {
    let modules = || targets.iter().flat_map(|t| &t.modules);
    match spec {
        LocationSpec::Function(name) => {
            let names = modules().flat_map(|m| m.symbols.functions());
            let names = names.flat_map(|f| [f.name(), f.short_name()]);
            EngineError::NoFunction { name: name.clone(), near: near_misses(name, names) }
        }
        LocationSpec::Line { file, .. }
        | LocationSpec::Column { file, .. }
        | LocationSpec::Source { path: file, .. } => {
            let names = modules().flat_map(|m| m.symbols.files());
            let names = names.map(|f| f.path.rsplit('/').next().unwrap_or(&f.path));
            EngineError::NoFile { name: file.clone(), near: near_misses(file, names) }
        }
        LocationSpec::Address(pc) | LocationSpec::Instruction { pc, .. } => {
            EngineError::NotAnOperator { pc: *pc, hint: ": no function has code there".to_owned() }
        }
        LocationSpec::Matching(pattern) => EngineError::NoMatch(pattern.clone()),
        LocationSpec::Event(_) => EngineError::Expression("an event has no place in code".to_owned()),
    }
}
