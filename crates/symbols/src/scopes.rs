//! The lexical blocks and inlined calls of one function.
//!
//! Invariant: the first scope is the function itself; each one comes right before those inside of it, in the order of their
//! offsets; ranges lie inside of the function's body and begin at operators.

use std::{iter, ops::Range};

use gimli::{DebuggingInformationEntry, constants};

use crate::{
    Location, ModulePc,
    dwarf::{Dwarf, Entry},
    innermost::Innermost,
    lines::Lines,
    module::{Body, operators},
};

/// How many blocks and inlined calls of one function are read, and how many ranges of them.
const MAX_SCOPES: usize = 1 << 16;
const MAX_RANGES: usize = 1 << 18;

/// What a scope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    /// The function itself.
    Function,
    /// A lexical block.
    Block,
    /// A call that was inlined.
    Inlined,
}

/// A function, a block in it, or a call that was inlined.
#[derive(Debug)]
pub(crate) struct CodeScope {
    /// Its offset in `.debug_info`.
    pub offset: usize,
    pub kind: ScopeKind,
    /// The position of the scope around it; its own, of the function.
    pub parent: usize,
    /// The position of the innermost inlined call that it is or is in; 0 outside of such.
    pub copy: usize,
    /// Its code.
    pub ranges: Vec<Range<ModulePc>>,
    /// Of an inlined call: what it is a copy of, and where the call was.
    pub origin: Option<usize>,
    pub call: Option<Location>,
    /// Offsets of its variables and parameters.
    pub variables: Vec<usize>,
    /// How many lexical blocks lie around the variables inside of the function.
    pub depth: u32,
}

/// All scopes of a function.
#[derive(Debug)]
pub(crate) struct Scopes {
    pub list: Vec<CodeScope>,
    innermost: Innermost,
}

impl Scopes {
    /// Of a function that nothing is known of.
    pub const NONE: Self = Self { list: Vec::new(), innermost: Innermost::NONE };

    /// Reads the entries below the subprogram at `offset`.
    pub fn build(dwarf: &Dwarf<'_>, lines: &Lines, code_start: u32, body: &Body, offset: usize) -> Self {
        let mut scopes = Self::NONE;
        let Some(entry) = dwarf.entry(offset) else { return scopes };
        let operators = operators(dwarf.sections.wasm(), body, u32::MAX);
        scopes.list.push(CodeScope {
            offset,
            kind: ScopeKind::Function,
            parent: 0,
            copy: 0,
            ranges: vec![ModulePc(body.first_operator)..ModulePc(body.end)],
            origin: entry.more(dwarf),
            call: None,
            variables: Vec::new(),
            depth: 0,
        });
        let mut build = Build { dwarf, lines, code_start, body, operators, ranges: 0, seen: 0, scopes: &mut scopes };
        // What breaks off is kept up to there.
        let _ = build.run(&entry);
        scopes.innermost = Innermost::build(&scopes.list);
        scopes
    }

    /// The scopes around `pc`, outermost first.
    pub fn around(&self, pc: ModulePc) -> Vec<usize> {
        let innermost = (!self.list.is_empty()).then(|| self.innermost.at(pc));
        let parent = |at: &usize| self.list.get(*at).map(|scope| scope.parent).filter(|parent| parent < at);
        let mut chain: Vec<usize> = iter::successors(innermost, parent).collect();
        chain.reverse();
        chain
    }

    /// The position of the innermost inlined call around `pc`; 0 when it's in none.
    pub fn copy_at(&self, pc: ModulePc) -> usize {
        self.list.get(self.innermost.at(pc)).map_or(0, |scope| scope.copy)
    }

    /// The scope of the entry at this offset.
    pub fn at_offset(&self, offset: usize) -> Option<&CodeScope> {
        let at = self.list.binary_search_by_key(&offset, |scope| scope.offset).ok()?;
        self.list.get(at)
    }
}

struct Build<'b, 'a> {
    dwarf: &'b Dwarf<'a>,
    lines: &'b Lines,
    code_start: u32,
    body: &'b Body,
    operators: Vec<u32>,
    ranges: usize,
    /// Also blocks that aren't kept.
    seen: usize,
    scopes: &'b mut Scopes,
}

impl<'a> Build<'_, 'a> {
    fn run(&mut self, root: &Entry<'a>) -> gimli::Result<()> {
        let start = root.offset.saturating_sub(root.die.offset().0);
        let mut entries = root.unit.entries_raw(Some(root.die.offset()))?;
        let mut die = DebuggingInformationEntry::null();
        entries.read_entry(&mut die)?;
        // The scope around the entries at each depth; `None` inside of what has no code here (types, nested functions).
        let mut around: Vec<Option<usize>> = vec![Some(0)];
        while entries.next_depth() > 0 && !entries.is_empty() && self.seen < MAX_SCOPES {
            let depth = usize::try_from(entries.next_depth()).unwrap_or(0);
            let parent = around.get(depth.saturating_sub(1)).copied().flatten();
            if parent.is_none() {
                if let Some(abbreviation) = entries.read_abbreviation()? {
                    entries.skip_attributes(abbreviation.attributes())?;
                    if abbreviation.has_children() {
                        around.truncate(depth);
                        around.push(None);
                    }
                }
                continue;
            }
            if !entries.read_entry(&mut die)? {
                continue;
            }
            let offset = start.saturating_add(die.offset().0);
            let inside = match (parent, die.tag()) {
                (Some(parent), constants::DW_TAG_lexical_block | constants::DW_TAG_inlined_subroutine) => {
                    let entry = Entry {
                        offset,
                        unit_index: root.unit_index,
                        unit: std::rc::Rc::clone(&root.unit),
                        die: die.clone(),
                    };
                    self.scope(parent, &entry)
                }
                (
                    Some(parent),
                    constants::DW_TAG_variable | constants::DW_TAG_formal_parameter | constants::DW_TAG_constant,
                ) => {
                    if let Some(scope) = self.scopes.list.get_mut(parent) {
                        scope.variables.push(offset);
                    }
                    None
                }
                _ => None,
            };
            if die.has_children() {
                around.truncate(depth);
                around.push(inside);
            }
        }
        Ok(())
    }

    /// Adds a block or an inlined call; the position of the scope that its children are in.
    fn scope(&mut self, parent: usize, entry: &Entry<'a>) -> Option<usize> {
        self.seen += 1;
        let inlined = entry.die.tag() == constants::DW_TAG_inlined_subroutine;
        let limit = MAX_RANGES.saturating_sub(self.ranges);
        let raw = self.dwarf.ranges(entry, limit);
        self.ranges += raw.len();
        let said_nothing = raw.is_empty();
        let ranges: Vec<_> = raw.into_iter().filter_map(|range| self.fit(range)).collect();
        if !inlined && said_nothing {
            // A block that doesn't say where it is, is all around.
            return Some(parent);
        }
        let position = self.scopes.list.len();
        let (kind, copy, depth) = match (inlined, self.scopes.list.get(parent)?) {
            (true, _) => (ScopeKind::Inlined, position, 0),
            (false, around) => (ScopeKind::Block, around.copy, around.depth.saturating_add(1)),
        };
        self.scopes.list.push(CodeScope {
            offset: entry.offset,
            kind,
            parent,
            copy,
            ranges,
            origin: entry.more(self.dwarf),
            call: inlined.then(|| self.call(entry)).flatten(),
            variables: Vec::new(),
            depth,
        });
        Some(position)
    }

    fn call(&self, entry: &Entry<'a>) -> Option<Location> {
        let file = match entry.die.attr_value(constants::DW_AT_call_file)? {
            gimli::AttributeValue::FileIndex(file) => file,
            value => value.udata_value()?,
        };
        let number = |name| entry.unsigned(name).and_then(|number| u32::try_from(number).ok());
        Some(Location {
            file: self.lines.file(entry.unit_index, file)?,
            line: number(constants::DW_AT_call_line).filter(|line| *line != 0)?,
            column: number(constants::DW_AT_call_column).unwrap_or(0),
        })
    }

    /// A range of DWARF as one of operators; `None` when it lies outside of the body.
    fn fit(&self, range: Range<u64>) -> Option<Range<ModulePc>> {
        let pc = |address: u64| u32::try_from(address.saturating_add(u64::from(self.code_start))).unwrap_or(u32::MAX);
        let (start, end) = (pc(range.start), pc(range.end).min(self.body.end));
        let operator = self.operators.partition_point(|operator| *operator < start);
        let start = *self.operators.get(operator)?;
        (start < end).then_some(ModulePc(start)..ModulePc(end))
    }
}
