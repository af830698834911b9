//! Where each step must land, by the definitions at the head of `walks.rs`: read off the log alone, with what the symbols
//! say of single operators. Nothing of the engine's planner is used.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use freezeframe_engine::{LocationSpec, ModuleId, Site};
use freezeframe_symbols::{FileId, ScopeId, Symbols};

use super::log::{Entry, Log};

/// The steps of a walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Next,
    Step,
    Until,
    Stepi,
    Nexti,
    /// Of the frame with this number.
    Finish(usize),
    /// To the first of these sites that is reached.
    Advance(LocationSpec, Vec<Site>),
    /// Into this function, whose sites these are.
    StepInto(String, Vec<Site>),
}

/// Where a step must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landing {
    /// Before this operator of the log.
    At(usize),
    /// Nowhere before the log's end.
    End,
    /// It can't be begun.
    Refused,
}

/// What the symbols say of an operator.
struct View {
    /// Innermost first: the entry of each function of the source, and whether it was inlined.
    chain: Vec<(Option<ScopeId>, bool)>,
    line: Option<(FileId, u32)>,
    is_stmt: bool,
    /// A mere mark of structure, in a row that has something else: what leads to the row's line may jump over it.
    passed: bool,
}

impl View {
    fn innermost(&self) -> Option<ScopeId> {
        self.chain.first().and_then(|c| c.0)
    }
}

pub struct Oracle<'a> {
    pub log: &'a Log,
    pub symbols: Vec<Arc<Symbols>>,
    /// Where operators ran that aren't mere structure.
    ran: BTreeSet<Site>,
    views: RefCell<HashMap<Site, Arc<View>>>,
}

impl<'a> Oracle<'a> {
    pub fn new(log: &'a Log) -> Self {
        let symbols = log.modules.iter().map(|m| Arc::new(Symbols::new(m.bytes.clone()).unwrap())).collect();
        let ran = log.entries.iter().map(Entry::site).filter(|site| !structural(log, *site)).collect();
        Self { log, symbols, ran, views: RefCell::default() }
    }

    fn entry(&self, at: usize) -> Entry {
        self.log.entries[at]
    }

    fn depth(&self, at: usize) -> u32 {
        self.entry(at).depth
    }

    fn symbols(&self, module: ModuleId) -> &Symbols {
        &self.symbols[module.0 as usize]
    }

    fn view(&self, site: Site) -> Arc<View> {
        if let Some(view) = self.views.borrow().get(&site) {
            return view.clone();
        }
        let symbols = self.symbols(site.module);
        let row = symbols.row_at(site.pc);
        let site_at = |pc| Site { module: site.module, pc };
        let more = row.is_some_and(|row| self.ran.range(site_at(row.start)..site_at(row.end)).next().is_some());
        let view = Arc::new(View {
            chain: symbols.frames_at(site.pc).iter().map(|f| (f.scope, f.inlined)).collect(),
            line: row.and_then(|row| row.location).map(|at| (at.file, at.line)),
            is_stmt: row.is_some_and(|row| row.is_stmt),
            passed: structural(self.log, site) && more,
        });
        self.views.borrow_mut().insert(site, view.clone());
        view
    }

    fn at(&self, at: usize) -> Arc<View> {
        self.view(self.entry(at).site())
    }

    /// Where a command that is given before operator `from` of the log must end.
    pub fn landing(&self, from: usize, command: &Command) -> Landing {
        let end = || self.log.entries.len();
        let first = |passes: &dyn Fn(usize) -> bool| (from + 1..end()).find(|at| passes(*at));
        let to = |at: Option<usize>| at.map_or(Landing::End, Landing::At);
        let depth = self.depth(from);
        match command {
            Command::Stepi => to((from + 1 < end()).then_some(from + 1)),
            Command::Nexti => to(first(&|at| self.depth(at) < depth || self.same_function(from, at))),
            Command::Next | Command::Step | Command::Until => self.line_step(from, command),
            Command::Finish(frame) => self.finish(from, *frame),
            Command::Advance(_, sites) => {
                let function = self.entry(from);
                let there = first(&|at| {
                    let entry = self.entry(at);
                    let here = (entry.module, entry.function) == (function.module, function.function);
                    sites.contains(&entry.site()) && (!here || entry.depth <= depth)
                });
                match self.finish(from, 0) {
                    // Out of the outermost frame the guest just runs.
                    Landing::Refused => to(there),
                    finish => earlier(to(there), finish),
                }
            }
            Command::StepInto(_, sites) => {
                let called = |at| self.depth(at) > depth || self.depth(at) == depth && !self.same_function(from, at);
                let there = first(&|at| called(at) && sites.contains(&self.entry(at).site()));
                match self.line_step(from, &Command::Next) {
                    Landing::Refused => Landing::Refused,
                    next => earlier(to(there), next),
                }
            }
        }
    }

    fn same_function(&self, from: usize, at: usize) -> bool {
        let (a, b) = (self.entry(from), self.entry(at));
        (a.module, a.function, a.depth) == (b.module, b.function, b.depth)
    }

    fn line_step(&self, from: usize, command: &Command) -> Landing {
        let here = self.at(from);
        let depth = self.depth(from);
        let origin = self.entry(from);
        let symbols = self.symbols(origin.module);
        if here.line.is_none() {
            let function = symbols.function_by_index(origin.function).unwrap();
            if symbols.rows(function.range.clone()).is_empty() {
                // No lines at all: out of it.
                return match self.finish(from, 0) {
                    Landing::At(at) => self.on_to_lines(at),
                    other => other,
                };
            }
        }
        let mut at = from;
        // Functions without lines are looked through: down to this depth there are only such.
        let mut through = depth;
        loop {
            at += 1;
            if at == self.log.entries.len() {
                return Landing::End;
            }
            if self.depth(at) < depth {
                return self.on_to_lines(at);
            }
            through = through.min(self.depth(at)).max(depth);
            if *command == Command::Step && self.depth(at) == through + 1 && self.depth(at - 1) == through {
                if let Some(inside) = self.entered(at) {
                    return Landing::At(inside);
                }
                through += u32::from(!self.has_lines(at));
            }
            if !self.same_function(from, at) {
                continue;
            }
            let there = self.at(at);
            let Some(line) = there.line.filter(|_| there.is_stmt && !there.passed) else { continue };
            let called = here.innermost().is_some() && there.chain.iter().skip(1).any(|c| c.0 == here.innermost());
            let same = there.innermost() == here.innermost();
            let lands = match command {
                Command::Step if called => true,
                _ if called => false,
                Command::Until if same => here.line.is_none_or(|here| here.0 != line.0 || line.1 > here.1),
                _ if same => here.line != Some(line),
                Command::Step => true,
                _ => there.innermost().is_none() || here.chain.iter().any(|c| c.0 == there.innermost()),
            };
            if lands {
                return Landing::At(at);
            }
        }
    }

    /// Whether the function at `at` has lines where a person wants to be in it.
    fn has_lines(&self, at: usize) -> bool {
        let Entry { module, function, .. } = self.entry(at);
        let symbols = self.symbols(module);
        symbols.function_by_index(function).is_some_and(|f| symbols.location(f.prologue_end).is_some())
    }

    /// Of a function that is entered here: the first operator behind its prologue, if it has lines.
    fn entered(&self, entry: usize) -> Option<usize> {
        let Entry { module, function, depth, .. } = self.entry(entry);
        let symbols = self.symbols(module);
        let prologue_end = symbols.function_by_index(function)?.prologue_end;
        let row = symbols.row_at(prologue_end).filter(|row| row.location.is_some())?;
        let inside = (entry..self.log.entries.len()).take_while(|at| self.depth(*at) >= depth);
        let mut own = inside.filter(|at| self.depth(*at) == depth);
        own.find(|at| {
            let entry = self.entry(*at);
            (prologue_end..row.end).contains(&entry.pc) && !self.at(*at).passed
        })
    }

    /// A step that comes back to code without lines goes on to where there are some.
    fn on_to_lines(&self, at: usize) -> Landing {
        match self.at(at).line {
            Some(_) => Landing::At(at),
            None => match self.line_step(at, &Command::Next) {
                Landing::Refused => Landing::At(at),
                other => other,
            },
        }
    }

    /// The operator before which the frame `up` frames above the innermost stood when it made its call.
    fn caller(&self, from: usize, up: u32) -> usize {
        let depth = self.depth(from) - up;
        (0..=from).rev().find(|at| self.depth(*at) == depth).unwrap_or(from)
    }

    fn finish(&self, from: usize, frame: usize) -> Landing {
        // Which Wasm frame that is, and how many inlined calls up in it.
        let (mut up, mut left) = (0, frame);
        let (origin, here) = loop {
            if up >= self.depth(from) {
                return Landing::Refused;
            }
            let origin = self.caller(from, up);
            let view = self.at(origin);
            let count = view.chain.len().max(1);
            if left < count {
                break (origin, view);
            }
            left -= count;
            up += 1;
        };
        let depth = self.depth(origin);
        let inlined = here.chain.get(left).filter(|c| c.1).map(|c| c.0);
        if inlined.is_none() && depth == 1 {
            return Landing::Refused;
        }
        for at in from + 1..self.log.entries.len() {
            if self.depth(at) < depth {
                return Landing::At(at);
            }
            if let (Some(scope), true) = (inlined, self.same_function(origin, at)) {
                let there = self.at(at);
                if there.line.is_some() && !there.passed && there.chain.iter().all(|c| c.0 != scope) {
                    return Landing::At(at);
                }
            }
        }
        Landing::End
    }

    /// How many frames of the source there are to finish, at most `most`; those above the log's beginning left out.
    pub fn frames(&self, at: usize, most: usize) -> usize {
        let first = self.entry(0).depth;
        let mut count = self.at(at).chain.len().max(1);
        let mut up = 1;
        while up < self.depth(at) && self.depth(at) - up >= first && count < most {
            count += self.at(self.caller(at, up)).chain.len().max(1);
            up += 1;
        }
        count.min(most)
    }

    /// The path and the line of an operator.
    pub fn line(&self, at: usize) -> Option<(String, u32)> {
        let entry = self.entry(at);
        let symbols = self.symbols(entry.module);
        let location = symbols.location(entry.pc)?;
        Some((symbols.files().get(location.file.0 as usize)?.path.to_string(), location.line))
    }

    /// The innermost function of the source at an operator.
    pub fn function(&self, at: usize) -> Option<String> {
        let entry = self.entry(at);
        Some(self.symbols(entry.module).frames_at(entry.pc).first()?.function.clone())
    }

    pub fn describe(&self, at: usize) -> String {
        let Some(entry) = self.log.entries.get(at) else { return format!("the end: {:?}", self.log.end) };
        let symbols = self.symbols(entry.module);
        let frames = symbols.frames_at(entry.pc);
        let location = symbols.location(entry.pc);
        let file = location.and_then(|l| symbols.files().get(l.file.0 as usize)).map(|f| f.path.to_string());
        format!(
            "operator {at}: {}, depth {}, {}:{} in {}{}",
            entry.pc,
            entry.depth,
            file.unwrap_or_default(),
            location.map_or(0, |l| l.line),
            frames.iter().map(|f| f.function.as_str()).collect::<Vec<_>>().join(" < "),
            if structural(self.log, entry.site()) { " (structure)" } else { "" },
        )
    }
}

/// Whether the operator is `block`, `loop`, `else`, `end` or `try_table`.
fn structural(log: &Log, site: Site) -> bool {
    let byte = log.modules[site.module.0 as usize].bytes[site.pc.0 as usize];
    matches!(byte, 0x02 | 0x03 | 0x05 | 0x0b | 0x1f)
}

fn earlier(a: Landing, b: Landing) -> Landing {
    match (a, b) {
        (Landing::At(a), Landing::At(b)) => Landing::At(a.min(b)),
        (Landing::At(a), _) => Landing::At(a),
        (_, other) => other,
    }
}
