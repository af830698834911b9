//! Line programs: files, rows by address, and lines by file.
//!
//! Invariant: rows are kept only where their sequence begins in a function body of the module, so code that the linker
//! threw away (its addresses are 0, -1 or -2) is nowhere among them. Addresses of raw rows are DWARF's. Paths take at most
//! [`ROOM`] for each byte of line programs, and [`LEAST_ROOM`] more.

use std::{collections::HashMap, sync::Arc};

use gimli::{
    DebugLine, DebugLineOffset, IncompleteLineProgram, LineInstruction, LineProgramHeader, LittleEndian, SectionId,
};
use serde::{Deserialize, Serialize};

use crate::{
    FileId, Progress, SourceFile,
    budget::Budget,
    dwarf::{Dwarf, Reader, Sections, Text, Unit, Units},
    module::Module,
    packed_rows::{Rows, Unpacked},
    parallel,
    sequences::Sequences,
    source_map::SourceMap,
    source_path::join,
};

/// How much longer a byte of a line program takes than one of a unit.
pub(crate) const WEIGHT: u64 = 3;

/// How many bytes of paths there may be for each byte of line programs: a few bytes name a file in a folder in a folder.
const ROOM: usize = 64;
/// And so many more.
const LEAST_ROOM: usize = 64 << 20;

/// A row as the file has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RawRow {
    /// Its address, relative to the contents of the code section.
    pub address: u32,
    /// An index into [`Lines::files`].
    pub file: u32,
    /// 0 for code that belongs to no line.
    pub line: u32,
    /// 0 for the whole line.
    pub column: u16,
    /// `is_stmt`.
    pub is_stmt: bool,
    /// `prologue_end`.
    pub prologue_end: bool,
    /// The end of a sequence: its address is one past the last.
    pub end: bool,
}

/// The lines of a source file that were compiled and then thrown away as one piece.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct DeadLines {
    /// An index into [`Lines::files`].
    pub file: u32,
    /// The first line.
    pub first: u32,
    /// The last line.
    pub last: u32,
}

/// The text of a source file.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// In a section.
    Text(Text),
    /// In a source map.
    Own(Arc<str>),
}

/// All line programs.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// All source files.
    pub files: Vec<SourceFile>,
    /// For each unit, what its numbers for files mean.
    pub(crate) unit_files: Vec<Arc<[FileId]>>,
    /// Rows by address, those of one function together.
    pub(crate) rows: Rows,
    /// What was thrown away.
    pub dead: Vec<DeadLines>,
    /// Texts of files, where the compiler put them in.
    pub sources: HashMap<FileId, Source>,
    /// What could not be read.
    pub warnings: Vec<String>,
}

/// What the header of a line program says.
#[derive(Default)]
struct Header<'a> {
    /// The parts of paths, by the program's own numbers: where it was compiled, the folder, and the name.
    files: Vec<[Text; 3]>,
    /// Texts by the same.
    sources: Vec<(usize, Text)>,
    program: Option<IncompleteLineProgram<Reader<'a>>>,
    warning: Option<String>,
}

/// What the rows of a line program say.
#[derive(Default)]
struct Program {
    sequences: Sequences,
    dead: Vec<DeadLines>,
    warning: Option<String>,
}

impl Lines {
    /// Reads all line programs. `exact`, asked at the end: only what begins and ends with a function is kept.
    /// `progress` is told of each byte [`WEIGHT`] times.
    pub fn build(
        sections: &Sections,
        units: &Units,
        module: &Module,
        exact: impl FnOnce() -> bool,
        progress: &Progress,
    ) -> Self {
        let mut offsets: Vec<((usize, usize), usize)> =
            units.list.iter().enumerate().filter_map(|(i, unit)| Some((unit.line_program?, i))).collect();
        offsets.sort_unstable();
        offsets.dedup_by_key(|(offset, _)| *offset);
        // A program is read at most up to where the next one begins, so that programs that lie about their length can't
        // make it quadratic.
        let end_of = |part: usize| sections.section(part, SectionId::DebugLine).len();
        let ends: Vec<usize> = (0..offsets.len())
            .filter_map(|i| {
                let ((part, _), _) = offsets.get(i)?;
                let next = offsets.get(i + 1).filter(|((other, _), _)| other == part);
                Some(next.map_or(end_of(*part), |((_, offset), _)| *offset))
            })
            .collect();
        // First what files there are, as rows are packed with the numbers that those have among all.
        let headers = parallel::map(
            offsets.len(),
            end_of(0),
            || Dwarf::new(sections, units),
            |dwarf, i| match (offsets.get(i), ends.get(i)) {
                (Some((program, unit)), Some(end)) => Header::read(dwarf, *unit, *program, *end),
                _ => Header::default(),
            },
        );
        let mut lines = Self::default();
        let paths = lines.paths(sections, &headers, end_of(0));
        let mut known: HashMap<Arc<str>, FileId> = HashMap::new();
        let mut by_program: HashMap<(usize, usize), Arc<[FileId]>> = HashMap::new();
        let mut programs = Vec::new();
        for (((((part, offset), _), end), header), paths) in offsets.iter().zip(&ends).zip(headers).zip(paths) {
            lines.warnings.extend(header.warning);
            let files: Arc<[FileId]> = paths.iter().map(|path| lines.intern(&mut known, path)).collect();
            let texts = header.sources.iter().filter_map(|(number, text)| Some((*files.get(*number)?, *text)));
            lines.sources.extend(texts.map(|(file, text)| (file, Source::Text(text))));
            by_program.insert((*part, *offset), Arc::clone(&files));
            programs.extend(header.program.map(|program| (program, files, *offset..*end)));
        }
        let read = parallel::map(
            programs.len(),
            end_of(0),
            || (),
            |(), i| match programs.get(i) {
                Some((program, files, range)) => {
                    let read = Program::read(program, files, range.start, module);
                    progress.add(WEIGHT * range.len() as u64);
                    read
                }
                None => Program::default(),
            },
        );
        let none: Arc<[FileId]> = Arc::new([]);
        let files_of =
            |program: Option<(usize, usize)>| program.and_then(|program| by_program.get(&program)).unwrap_or(&none);
        lines.unit_files = units.list.iter().map(|unit| Arc::clone(files_of(unit.line_program))).collect();
        let exact = exact();
        let mut sequences = Vec::with_capacity(read.len());
        for mut program in read {
            lines.warnings.extend(program.warning);
            lines.dead.extend(program.dead);
            if exact {
                program.sequences.keep_whole_functions(module);
            }
            sequences.push(program.sequences);
        }
        lines.rows = Sequences::place(&sequences, module);
        lines
    }

    /// The paths of each program's files, as far as there is room for them; empty where there is none.
    fn paths(&mut self, sections: &Sections, headers: &[Header<'_>], bytes: usize) -> Vec<Vec<String>> {
        let budget = Budget::new(sections.size_of_lines(), ROOM, LEAST_ROOM);
        let most = budget.left() >> 20;
        // Who gets room is settled before any path is made, so that it's the same files each time.
        let mut left_out = 0_usize;
        let mut granted = Vec::with_capacity(headers.len());
        for header in headers {
            let mut count = 0;
            for parts in &header.files {
                if !budget.take(parts.iter().map(|part| part.len()).sum()) {
                    break;
                }
                count += 1;
            }
            left_out += header.files.len() - count;
            granted.push(count);
        }
        if left_out > 0 {
            self.warnings.push(format!(
                "{left_out} source files of line programs are unknown: the paths of all would take more than {most} MiB"
            ));
        }
        parallel::map(
            headers.len(),
            bytes,
            || (),
            |(), i| {
                let (files, count) = headers
                    .get(i)
                    .map_or((&[][..], 0), |header| (header.files.as_slice(), granted.get(i).copied().unwrap_or(0)));
                let path = |(at, parts): (usize, &[Text; 3])| match parts {
                    [.., name] if at >= count || name.is_none() => String::new(),
                    parts => {
                        let [compiled_in, directory, name] = parts.map(|part| sections.str(part));
                        join(&[&compiled_in, &directory, &name])
                    }
                };
                files.iter().enumerate().map(path).collect()
            },
        )
    }

    /// What a source map says.
    pub fn of_source_map(map: &SourceMap, module: &Module) -> Self {
        let mut lines = Self::default();
        let mut known: HashMap<Arc<str>, FileId> = HashMap::new();
        let files: Vec<FileId> = map.sources.iter().map(|(path, _)| lines.intern(&mut known, path)).collect();
        for (file, (_, text)) in files.iter().zip(&map.sources) {
            if let Some(text) = text.as_ref().filter(|_| file.0 != u32::MAX) {
                lines.sources.insert(*file, Source::Own(text.as_str().into()));
            }
        }
        let mut sequences = Sequences::default();
        for body in &module.bodies {
            let from = map.mappings.partition_point(|mapping| mapping.offset < body.start);
            let to = map.mappings.partition_point(|mapping| mapping.offset < body.end);
            let mut rows: Vec<RawRow> = Vec::new();
            for mapping in map.mappings.get(from..to).unwrap_or_default() {
                let (source, line, column) = mapping.source.unwrap_or((u32::MAX, 0, 0));
                let file = files.get(source as usize).map_or(u32::MAX, |file| file.0);
                // Each expression has a mapping: a place to stop is where the line changes.
                let is_stmt = rows.last().is_none_or(|last| (last.file, last.line) != (file, line));
                rows.push(RawRow {
                    address: mapping.offset.saturating_sub(module.code_start),
                    file,
                    line,
                    column: u16::try_from(column).unwrap_or(0),
                    is_stmt,
                    prologue_end: false,
                    end: false,
                });
            }
            if let Some(last) = rows.last().copied() {
                let address = body.end.saturating_sub(module.code_start);
                rows.push(RawRow { address, end: true, is_stmt: false, ..last });
            }
            sequences.push(&rows, module);
        }
        lines.rows = Sequences::place(&[sequences], module);
        lines
    }

    fn intern(&mut self, known: &mut HashMap<Arc<str>, FileId>, path: &str) -> FileId {
        if path.is_empty() {
            return FileId(u32::MAX);
        }
        if let Some(file) = known.get(path) {
            return *file;
        }
        let file = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        let path: Arc<str> = path.into();
        self.files.push(SourceFile { path: Arc::clone(&path) });
        known.insert(path, file);
        file
    }

    /// The rows of the function body at this position, by address.
    pub fn of_body(&self, body: usize) -> Unpacked<'_> {
        self.rows.of_body(body)
    }

    /// The function bodies that have rows of a file, ascending.
    pub fn bodies_of(&self, file: FileId) -> &[u32] {
        self.rows.bodies_of(file)
    }

    /// What a unit means by a number of a file.
    pub fn file(&self, unit: usize, number: u64) -> Option<FileId> {
        let file = *self.unit_files.get(unit)?.get(usize::try_from(number).ok()?)?;
        (file.0 != u32::MAX).then_some(file)
    }

    /// Whether there are rows at all.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl<'a> Header<'a> {
    fn read(dwarf: &Dwarf<'a>, unit_index: usize, at: (usize, usize), end: usize) -> Self {
        let mut header = Self::default();
        if let Err(error) = header.parse(dwarf, unit_index, at, end) {
            header.warning = Some(damaged(at.1, error));
        }
        header
    }

    fn parse(
        &mut self,
        dwarf: &Dwarf<'a>,
        unit_index: usize,
        (part, offset): (usize, usize),
        end: usize,
    ) -> gimli::Result<()> {
        let (Some(info), Some(unit)) = (dwarf.units.list.get(unit_index), dwarf.unit(unit_index)) else {
            return Ok(());
        };
        let section = dwarf.sections.section(part, SectionId::DebugLine).get(..end).unwrap_or_default();
        let program = DebugLine::new(section, LittleEndian).program(
            DebugLineOffset(offset),
            unit.header.address_size(),
            None,
            None,
        )?;
        self.files(dwarf, &unit, (info.directory, info.name), program.header());
        self.program = Some(program);
        Ok(())
    }

    fn files(
        &mut self,
        dwarf: &Dwarf<'a>,
        unit: &Unit<'a>,
        (compiled_in, name): (Text, Text),
        header: &LineProgramHeader<Reader<'a>>,
    ) {
        let old = header.version() < 5;
        if old {
            // Numbers count from 1 there; 0 is the unit's own source.
            self.files.push([compiled_in, Text::NONE, name]);
        }
        for entry in header.file_names() {
            let file = dwarf.text(unit, entry.path_name());
            let number = usize::try_from(entry.directory_index()).unwrap_or(usize::MAX);
            let number = if old { number.checked_sub(1) } else { Some(number) };
            let directory = number.and_then(|number| header.include_directories().get(number));
            let directory = directory.map_or(Text::NONE, |directory| dwarf.text(unit, *directory));
            if let Some(text) =
                entry.source().map(|source| dwarf.whole_text(unit, source)).filter(|text| !text.is_none())
            {
                self.sources.push((self.files.len(), text));
            }
            self.files.push([compiled_in, directory, file]);
        }
    }
}

fn damaged(offset: usize, error: gimli::Error) -> String {
    format!("the line program at {offset:#x} of .debug_line is damaged: {error}")
}

impl Program {
    fn read(program: &IncompleteLineProgram<Reader<'_>>, files: &[FileId], offset: usize, module: &Module) -> Self {
        let mut read = Self::default();
        if let Err(error) = read.run(program.header(), files, module) {
            read.warning = Some(damaged(offset, error));
        }
        read
    }

    fn run(&mut self, header: &LineProgramHeader<Reader<'_>>, files: &[FileId], module: &Module) -> gimli::Result<()> {
        let mut machine = Machine::new(header);
        let mut rows: Vec<RawRow> = Vec::new();
        let mut instructions = header.instructions();
        while let Some(instruction) = instructions.next_instruction(header)? {
            if !machine.step(header, &instruction) {
                continue;
            }
            // Addresses only grow; what says otherwise is damage, or the linker's mark of dead code.
            match rows.last() {
                Some(last) if machine.address < u64::from(last.address) && !machine.dead => machine.dead = true,
                _ => {}
            }
            rows.push(machine.row(files));
            if machine.end_sequence {
                self.sequence(module, &rows, machine.dead);
                rows.clear();
                machine = Machine::new(header);
            } else {
                machine.prologue_end = false;
            }
        }
        Ok(())
    }

    /// Keeps a sequence that lies over code, or the extent of one that doesn't.
    fn sequence(&mut self, module: &Module, rows: &[RawRow], dead: bool) {
        let start = rows.first().and_then(|row| row.address.checked_add(module.code_start));
        if !dead && start.is_some_and(|start| module.body_at(start).is_some()) {
            self.sequences.push(rows, module);
            return;
        }
        let Some(file) = rows.iter().find(|row| row.line != 0).map(|row| row.file) else { return };
        let lines = || rows.iter().filter(|row| row.file == file && row.line != 0).map(|row| row.line);
        if let (Some(first), Some(last)) = (lines().min(), lines().max()) {
            self.dead.push(DeadLines { file, first, last });
        }
    }
}

/// The machine of DWARF's section 6.2.2. gimli's own drops the rows of dead code, whose lines are needed here.
struct Machine {
    address: u64,
    file: u64,
    line: u64,
    column: u64,
    is_stmt: bool,
    prologue_end: bool,
    end_sequence: bool,
    dead: bool,
}

impl Machine {
    fn new(header: &LineProgramHeader<Reader<'_>>) -> Self {
        Self {
            address: 0,
            file: 1,
            line: 1,
            column: 0,
            is_stmt: header.default_is_stmt(),
            prologue_end: false,
            end_sequence: false,
            dead: false,
        }
    }

    /// Does one instruction; whether it makes a row.
    fn step(&mut self, header: &LineProgramHeader<Reader<'_>>, instruction: &LineInstruction<Reader<'_>>) -> bool {
        let unit = u64::from(header.minimum_instruction_length());
        match instruction {
            LineInstruction::Special(opcode) => {
                // In eight bits: that division is the cheap one, and there is one for most rows.
                let adjusted = opcode.wrapping_sub(header.opcode_base());
                let range = header.line_range().max(1);
                self.advance(unit.wrapping_mul(u64::from(adjusted / range)));
                self.advance_line(i64::from(header.line_base()) + i64::from(adjusted % range));
                return true;
            }
            LineInstruction::Copy => return true,
            LineInstruction::AdvancePc(by) => self.advance(unit.wrapping_mul(*by)),
            LineInstruction::AdvanceLine(by) => self.advance_line(*by),
            LineInstruction::SetFile(file) => self.file = *file,
            LineInstruction::SetColumn(column) => self.column = *column,
            LineInstruction::NegateStatement => self.is_stmt = !self.is_stmt,
            LineInstruction::ConstAddPc => {
                let adjusted = u64::from(255u8.wrapping_sub(header.opcode_base()));
                self.advance(unit.wrapping_mul(adjusted / u64::from(header.line_range().max(1))));
            }
            LineInstruction::FixedAddPc(by) => self.advance(u64::from(*by)),
            LineInstruction::SetPrologueEnd => self.prologue_end = true,
            LineInstruction::SetAddress(address) => {
                self.address = *address;
                self.dead = *address == 0 || *address >= u64::from(u32::MAX - 1);
            }
            LineInstruction::EndSequence => {
                self.end_sequence = true;
                return true;
            }
            _ => {}
        }
        false
    }

    fn advance(&mut self, by: u64) {
        self.address = self.address.wrapping_add(by);
    }

    fn advance_line(&mut self, by: i64) {
        self.line = self.line.saturating_add_signed(by);
    }

    fn row(&self, files: &[FileId]) -> RawRow {
        let line = u32::try_from(self.line).unwrap_or(0);
        let file = usize::try_from(self.file).ok().and_then(|file| files.get(file));
        RawRow {
            address: u32::try_from(self.address).unwrap_or(u32::MAX),
            file: file.map_or(u32::MAX, |file| file.0),
            line,
            column: u16::try_from(self.column).unwrap_or(0),
            is_stmt: self.is_stmt,
            prologue_end: self.prologue_end,
            end: self.end_sequence,
        }
    }
}
