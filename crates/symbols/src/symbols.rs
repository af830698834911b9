//! [`Symbols`]: the questions.
//!
//! Invariant: each table is built at most once, by whoever asks first, and never changes after: an answer is the same
//! whatever was asked before, and by how many threads.

mod opening;

use std::{
    cell::LazyCell,
    collections::HashMap,
    fmt,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use freezeframe_debuggee::{FrameAccess, Unavailable, WasmValue};
use gimli::constants;

use crate::{
    FileId, Function, FunctionId, ImportedFunction, Language, LineRow, LineSites, Location, ModulePc, Place, Progress,
    ScopeId, SourceFile, SourceFrame, SplitUnit, Type, TypeId, Variable, VariableId,
    budget::Budget,
    dwarf::{Dwarf, Sections, Units},
    functions::{Described, Functions},
    index::UnitIndex,
    lines::{Lines, Source},
    location::{self, Around, TlsBase},
    module::Module,
    names::{self, Wanted},
    operands::{Heights, Signatures},
    overview::Overview,
    parallel,
    paths::{At, Index},
    rows,
    saved::Saved,
    scopes::{ScopeKind, Scopes},
    sites::{Copies, FileLines},
    source_map::SourceMap,
    source_path,
    types::Types,
    variables,
    vtables::Vtables,
};

/// How many answers about types are kept.
const MAX_TYPES: usize = 1 << 16;

const STALE: &str = "the debug information was made for other code than this: a tool (such as wasm-opt) changed the code \
                     and left the debug information as it was. Only what fits a function exactly is used; debug the \
                     module that the tool got, or run the tool without debug information kept";

pub use opening::SymbolsError;

/// The symbols of one core module. Cheap to share; answers lazily.
pub struct Symbols {
    module: Module,
    sections: Sections,
    source_map: Option<SourceMap>,
    saved: Option<Saved>,
    fingerprint: OnceLock<[u8; 32]>,
    progress: Progress,
    units: OnceLock<Units>,
    index: OnceLock<Index>,
    overview: OnceLock<Overview>,
    lines: OnceLock<Lines>,
    functions: OnceLock<Functions>,
    copies: OnceLock<Copies>,
    globals: OnceLock<Vec<(bool, Variable)>>,
    /// Those at constant addresses: address, size.
    placed: OnceLock<Vec<(u64, u64, Variable)>>,
    vtables: OnceLock<Vtables>,
    /// For each function body its fitted rows and its scopes.
    rows: Vec<OnceLock<Vec<LineRow>>>,
    scopes: Vec<OnceLock<Scopes>>,
    heights: Vec<OnceLock<Heights>>,
    signatures: OnceLock<Signatures>,
    file_lines: Mutex<HashMap<FileId, Arc<FileLines>>>,
    types: Mutex<HashMap<TypeId, Arc<Type>>>,
}

impl fmt::Debug for Symbols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Symbols").field("bodies", &self.module.bodies.len()).finish_non_exhaustive()
    }
}

impl Symbols {
    /// The file that has the module's DWARF, if a section says so, as a path or URL relative to the module.
    pub fn external_debug(&self) -> Option<&str> {
        self.module.external_debug.as_deref()
    }

    /// The file that has the module's source map, if a section says so, as a path or URL relative to the module.
    pub fn source_map_url(&self) -> Option<&str> {
        self.module.source_map.as_deref()
    }

    /// Units whose functions, variables and types are in files that weren't there.
    pub fn split_units(&self) -> &[SplitUnit] {
        &self.units().missing
    }

    /// Whether the DWARF was made for other code than the module's: a tool (such as `wasm-opt`) changed that and left the
    /// DWARF as it was. Then only what fits a function exactly is used.
    pub fn is_stale(&self) -> bool {
        self.overview().stale
    }

    /// The text of a source file, if the compiler put it into the debug information.
    pub fn embedded_source(&self, file: FileId) -> Option<Arc<str>> {
        match self.lines().sources.get(&file)? {
            Source::Text(text) => Some(self.sections.str(*text).into()),
            Source::Own(text) => Some(Arc::clone(text)),
        }
    }

    /// The files whose texts [`embedded_source`](Self::embedded_source) has.
    pub fn embedded_sources(&self) -> Vec<FileId> {
        let mut files: Vec<FileId> = self.lines().sources.keys().copied().collect();
        files.sort_unstable();
        files
    }

    /// What of the DWARF could not be read, in sentences for people.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.module.warnings.clone();
        if self.is_stale() {
            warnings.push(STALE.into());
        }
        warnings.extend(self.units().missing.iter().map(|unit| {
            let file = &unit.file;
            format!(
                "functions, variables and types of a unit are in {file}, which isn't there or belongs to another build"
            )
        }));
        warnings.extend_from_slice(&self.units().warnings);
        warnings.extend_from_slice(&self.overview().damage);
        warnings.extend_from_slice(&self.lines().warnings);
        warnings
    }

    /// Whether there are lines to stop at.
    pub fn has_lines(&self) -> bool {
        !self.lines().is_empty()
    }

    /// Offset of the code section's contents in the module: what DWARF's addresses count from.
    pub fn code_start(&self) -> u32 {
        self.module.code_start
    }

    /// All functions with code, by address.
    pub fn functions(&self) -> &[Function] {
        &self.function_table().list
    }

    /// The imported functions.
    pub fn imported_functions(&self) -> &[ImportedFunction] {
        &self.module.imports
    }

    /// The function whose code holds `pc`.
    pub fn function_at(&self, pc: ModulePc) -> Option<&Function> {
        let function = self.functions().get(self.module.body_at(pc.0)?)?;
        function.range.contains(&pc).then_some(function)
    }

    /// The function with this index in the function index space, unless it's imported.
    pub fn function_by_index(&self, index: u32) -> Option<&Function> {
        let imported = u32::try_from(self.module.imports.len()).ok()?;
        self.functions().get(usize::try_from(index.checked_sub(imported)?).ok()?)
    }

    /// Functions of this name: the whole path, or a suffix of it at a `::` boundary, or the linkage name; generic
    /// arguments may be left out.
    pub fn find_functions(&self, name: &str) -> Vec<FunctionId> {
        // Thousands of functions may have the same linkage name.
        let named = LazyCell::new(|| self.module.names_of_functions(self.sections.wasm()));
        self.function_table()
            .find(name, |function| self.linkage_name_with(function, named.get(&function.index).copied()))
    }

    /// The linkage name of a function, where it differs from its [name](Function::name).
    pub fn linkage_name(&self, id: FunctionId) -> Option<String> {
        let function = self.functions().get(id.0 as usize)?;
        self.linkage_name_with(function, self.module.name_of_function(self.sections.wasm(), function.index))
    }

    fn linkage_name_with(&self, function: &Function, in_names: Option<&str>) -> Option<String> {
        let entry = self.entries().get(function.id.0 as usize).copied().flatten();
        let described = entry.and_then(|entry| Described::new(&self.dwarf(), self.index(), self.lines(), entry));
        let described = described.and_then(|described| described.linkage_name);
        let in_exports = self.module.exports.get(&function.index).map(String::as_str);
        let found = crate::functions::linkage_name(function.name(), [described.as_deref(), in_names, in_exports]);
        found.map(str::to_owned)
    }

    /// Places where a function of this name begins: the prologue ends of all functions that
    /// [`find_functions`](Self::find_functions) gives, and the first statement of each inlined copy.
    pub fn function_sites(&self, name: &str) -> Vec<ModulePc> {
        let functions = self.functions();
        let found = self.find_functions(name).into_iter();
        let mut sites: Vec<ModulePc> =
            found.filter_map(|id| Some(functions.get(id.0 as usize)?.prologue_end)).collect();
        sites.extend(self.copies().sites(self, name));
        sites.sort_unstable();
        sites.dedup();
        sites
    }

    /// The first statement of each inlined copy of functions whose path is wanted.
    pub fn inlined_sites(&self, wanted: impl Fn(&str) -> bool) -> Vec<ModulePc> {
        let mut sites = self.copies().sites_where(self, wanted);
        sites.sort_unstable();
        sites.dedup();
        sites
    }

    /// All source files.
    pub fn files(&self) -> &[SourceFile] {
        &self.lines().files
    }

    /// Files whose path ends with these parts (`orders.c`, `src/orders.c`, or the whole path).
    pub fn find_files(&self, suffix: &str) -> Vec<FileId> {
        let files = (0..).map(FileId).zip(self.files());
        files.filter(|(_, file)| source_path::ends_with(&file.path, suffix)).map(|(id, _)| id).collect()
    }

    /// Where a breakpoint on this line goes; the next line with code when it has none itself (never beyond the end of
    /// the file's code, nor into another function when the line lies inside one). `None`: no code there or after.
    pub fn line_sites(&self, file: FileId, line: u32) -> Option<LineSites> {
        self.file_lines(file).sites(self, file, line)
    }

    /// The lines of a file that have code, ascending.
    pub fn lines_with_code(&self, file: FileId) -> Vec<u32> {
        self.file_lines(file).lines()
    }

    /// The row of the line program that covers `pc`.
    pub fn row_at(&self, pc: ModulePc) -> Option<LineRow> {
        let rows = self.rows_of(self.module.body_at(pc.0)?);
        let after = rows.partition_point(|row| row.start <= pc);
        rows.get(after.checked_sub(1)?).filter(|row| pc < row.end).copied()
    }

    /// The rows that begin inside `range`, by address. Rows of other sequences over dead code are left out.
    pub fn rows(&self, range: Range<ModulePc>) -> Vec<LineRow> {
        let first = self.module.body_from(range.start.0);
        let mut found = Vec::new();
        for (at, body) in self.module.bodies.iter().enumerate().skip(first) {
            if body.start >= range.end.0 {
                break;
            }
            found.extend(self.rows_of(at).iter().filter(|row| range.contains(&row.start)));
        }
        found
    }

    /// The position of `pc`.
    pub fn location(&self, pc: ModulePc) -> Option<Location> {
        self.row_at(pc).and_then(|row| row.location)
    }

    /// The functions that run at `pc`, innermost inlined copy first, the function itself last. Empty when `pc` is in no
    /// function.
    pub fn frames_at(&self, pc: ModulePc) -> Vec<SourceFrame> {
        let Some(function) = self.function_at(pc) else { return Vec::new() };
        let scopes = self.scopes_of(function.id.0 as usize);
        let dwarf = self.dwarf();
        let mut frames = Vec::new();
        let mut location = self.location(pc);
        for at in scopes.around(pc).into_iter().rev() {
            let Some(scope) = scopes.list.get(at).filter(|scope| scope.kind == ScopeKind::Inlined) else { continue };
            let origin = scope.origin.and_then(|origin| u32::try_from(origin).ok());
            let origin = origin.and_then(|origin| self.index().scope_at(&dwarf, origin));
            let name = origin.and_then(|origin| self.name_of_entry(&dwarf, origin));
            frames.push(SourceFrame {
                function: name.unwrap_or_else(|| "(inlined)".into()),
                scope: Some(ScopeId(scope.offset as u64)),
                location,
                inlined: true,
                ranges: scope.ranges.clone(),
                language: origin.map_or(Language::Other, |origin| self.index().language(&dwarf, origin.0)),
            });
            location = scope.call;
        }
        frames.push(SourceFrame {
            function: function.name().to_owned(),
            scope: scopes.list.first().map(|scope| ScopeId(scope.offset as u64)),
            location,
            inlined: false,
            ranges: vec![function.range.clone()],
            language: function.language,
        });
        frames
    }

    /// The scopes of [`frames_at`](Self::frames_at) alone, in its order: without the names, of which a long function has many to
    /// be looked up.
    pub fn frame_scopes_at(&self, pc: ModulePc) -> Vec<Option<ScopeId>> {
        let Some(function) = self.function_at(pc) else { return Vec::new() };
        let scopes = self.scopes_of(function.id.0 as usize);
        let around = scopes.around(pc).into_iter().rev().filter_map(|at| scopes.list.get(at));
        let inlined = around.filter(|scope| scope.kind == ScopeKind::Inlined);
        let outermost = scopes.list.first().map(|scope| ScopeId(scope.offset as u64));
        inlined.map(|scope| Some(ScopeId(scope.offset as u64))).chain([outermost]).collect()
    }

    /// Variables and parameters in scope at `pc`, of the frame `inline_depth` of [`frames_at`](Self::frames_at), outer
    /// blocks first, in the order of declaration. Statics inside the function are among them.
    pub fn variables(&self, pc: ModulePc, inline_depth: usize) -> Vec<Variable> {
        let Some(function) = self.function_at(pc) else { return Vec::new() };
        let scopes = self.scopes_of(function.id.0 as usize);
        let chain = scopes.around(pc);
        let is_frame = |at: &usize| scopes.list.get(*at).is_some_and(|scope| scope.kind != ScopeKind::Block);
        let begins: Vec<usize> = (0..chain.len()).filter(|i| chain.get(*i).is_some_and(is_frame)).collect();
        let Some(frame) = begins.len().checked_sub(1).and_then(|last| last.checked_sub(inline_depth)) else {
            return Vec::new();
        };
        let start = begins.get(frame).copied().unwrap_or(0);
        let end = begins.get(frame + 1).copied().unwrap_or(chain.len());
        variables::in_scopes(&self.dwarf(), self.lines(), scopes, chain.get(start..end).unwrap_or_default())
    }

    /// What a function returns; `None` for nothing, and where DWARF doesn't say.
    pub fn return_type(&self, id: FunctionId) -> Option<TypeId> {
        let function = self.functions().get(id.0 as usize)?;
        let scopes = self.scopes_of(function.id.0 as usize);
        let dwarf = self.dwarf();
        let entry = dwarf.entry(scopes.list.first()?.offset)?;
        variables::type_of(&dwarf, &dwarf.chain(entry))
    }

    /// The slots that virtual functions of this name have in the table of a class (C++), from 0: one for each overload that
    /// the class itself declares. Empty for functions that aren't virtual.
    pub fn virtual_slots(&self, class: TypeId, name: &str) -> Vec<u64> {
        let dwarf = self.dwarf();
        let Some(class) = usize::try_from(class.0).ok().and_then(|offset| dwarf.entry(offset)) else {
            return Vec::new();
        };
        let slot = |entry: &crate::dwarf::Entry<'_>| {
            let gimli::AttributeValue::Exprloc(slot) = entry.die.attr_value(constants::DW_AT_vtable_elem_location)?
            else {
                return None;
            };
            match slot.operations(entry.unit.encoding()).next() {
                Ok(Some(gimli::Operation::UnsignedConstant { value })) => Some(value),
                _ => None,
            }
        };
        let functions = class.children(&dwarf).into_iter().filter(|e| e.die.tag() == constants::DW_TAG_subprogram);
        let named = functions.filter(|e| e.string(&dwarf, constants::DW_AT_name).as_deref() == Some(name));
        named.filter_map(|entry| slot(&entry)).collect()
    }

    /// Variables outside of functions.
    pub fn globals(&self) -> Vec<Variable> {
        self.all_globals().iter().filter(|(in_function, _)| !in_function).map(|(_, global)| global.clone()).collect()
    }

    /// Variables outside of functions, and the statics inside of them.
    pub fn find_all_globals(&self) -> Vec<Variable> {
        self.all_globals().iter().map(|(_, global)| global.clone()).collect()
    }

    /// Globals and statics of this name: the whole path or a suffix of it at a `::` boundary.
    pub fn find_globals(&self, name: &str) -> Vec<Variable> {
        let wanted = Wanted::new(name);
        let all = self.all_globals().iter().map(|(_, global)| global);
        all.filter(|global| wanted.means(&global.name)).cloned().collect()
    }

    /// The types whose values have this vtable (Rust's `dyn Trait`): several when the linker found theirs to be the same.
    pub fn vtable_types(&self, address: u64) -> Vec<TypeId> {
        let globals = || self.all_globals().iter().map(|(_, global)| global);
        self.vtables.get_or_init(|| Vtables::build(&self.dwarf(), globals())).types(address).to_vec()
    }

    /// Where a variable's value is at `pc`.
    ///
    /// # Errors
    /// [`Unavailable`] with the reason: optimised out, no location covers this PC, an operator that isn't supported, or
    /// what `frame` couldn't give.
    pub fn locate(&self, variable: &Variable, pc: ModulePc, frame: &mut dyn FrameAccess) -> Result<Place, Unavailable> {
        let dwarf = self.dwarf();
        let mut around = self.around(pc, frame);
        let damaged = || Unavailable::new("its entry is damaged");
        let offset = self.definition_of(variable.id).ok_or_else(damaged)?;
        let mut place = location::locate(&dwarf, dwarf.entry(offset).ok_or_else(damaged)?, &mut around)?;
        // Constants and computed values come wider than what they stand for.
        if let Place::Bytes(bytes) = &mut place
            && let Some(size) = variable.ty.and_then(|ty| self.ty(ty).ok()?.size)
        {
            bytes.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        }
        Ok(place)
    }

    /// Whether the compiler says where a variable is at `pc`, or what it's worth; a place on the operand stack that has been
    /// consumed by then is none. Where it does and
    /// [`locate`](Self::locate) fails, the reason lies here or in the frame and not in the debug information.
    pub fn is_covered(&self, variable: &Variable, pc: ModulePc) -> bool {
        let dwarf = self.dwarf();
        let mut no_frame = NoFrame;
        let mut around = self.around(pc, &mut no_frame);
        let entry = self.definition_of(variable.id).and_then(|offset| dwarf.entry(offset));
        entry.is_some_and(|entry| location::is_covered(&dwarf, entry, &mut around))
    }

    /// The variable of this id, wherever it is: what a [`Place::ImplicitPointer`] points to.
    pub fn variable(&self, id: VariableId) -> Option<Variable> {
        let dwarf = self.dwarf();
        variables::any(&dwarf, self.lines(), dwarf.entry(usize::try_from(id.0).ok()?)?)
    }

    /// A type.
    ///
    /// # Errors
    /// [`Unavailable`] when its entry is damaged.
    pub fn ty(&self, id: TypeId) -> Result<Arc<Type>, Unavailable> {
        if let Some(ty) = lock(&self.types).get(&id) {
            return Ok(Arc::clone(ty));
        }
        let dwarf = self.dwarf();
        let ty = Arc::new(Types { dwarf: &dwarf, index: self.index(), lines: self.lines() }.read(id)?);
        let mut types = lock(&self.types);
        if types.len() >= MAX_TYPES {
            types.clear();
        }
        types.insert(id, Arc::clone(&ty));
        Ok(ty)
    }

    /// Types of this name (`order`, `struct order`, a path or its suffix), for casts and `ptype`.
    pub fn find_types(&self, name: &str) -> Vec<TypeId> {
        let (tag, name) = match name.trim().split_once(' ') {
            Some(("struct" | "class", name)) => (Some(constants::DW_TAG_structure_type), name),
            Some(("union", name)) => (Some(constants::DW_TAG_union_type), name),
            Some(("enum", name)) => (Some(constants::DW_TAG_enumeration_type), name),
            _ => (None, name),
        };
        let wanted = Wanted::new(name);
        let dwarf = self.dwarf();
        let index = self.index();
        let candidates = index.types_named(&dwarf, wanted.short()).into_iter().filter_map(|at| {
            let scope = index.scope(&dwarf, at)?;
            let found = match scope.tag {
                constants::DW_TAG_class_type => constants::DW_TAG_structure_type,
                tag => tag,
            };
            let meant = tag.is_none_or(|tag| tag == found) && wanted.means(&index.path(&dwarf, at).join());
            meant.then_some((at, scope))
        });
        // Headers give the same type to many units: one of each is enough.
        let mut seen = std::collections::HashSet::new();
        let mut found = Vec::new();
        for (at, scope) in candidates {
            let Some(entry) = dwarf.entry(scope.offset as usize) else { continue };
            let size = entry.unsigned(constants::DW_AT_byte_size);
            let path = index.path(&dwarf, at).join();
            let declared = crate::functions::declared(self.lines(), &[entry]).map(|at| (at.file, at.line, at.column));
            if seen.insert((path, scope.tag.0, size, declared, index.language(&dwarf, at.0))) {
                found.push(TypeId(u64::from(scope.offset)));
            }
        }
        found
    }
}

/// What the answers above are put together from.
impl Symbols {
    pub(crate) fn dwarf(&self) -> Dwarf<'_> {
        Dwarf::new(&self.sections, self.units())
    }

    fn units(&self) -> &Units {
        self.units.get_or_init(|| Units::parse(&self.sections))
    }

    pub(crate) fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::new(self.units(), self.progress.clone()))
    }

    /// The indexes of all units, by position.
    pub(crate) fn units_indexed(&self) -> impl Iterator<Item = (u32, &UnitIndex)> {
        self.index().all(&self.sections, self.units())
    }

    /// `work(dwarf, i)` for all `i < count`, on all cores.
    pub(crate) fn on_all_cores<T: Send>(&self, count: usize, work: impl Fn(&Dwarf<'_>, usize) -> T + Sync) -> Vec<T> {
        parallel::map(count, self.sections.size(), || self.dwarf(), |dwarf, i| work(dwarf, i))
    }

    /// How much names may take.
    pub(crate) fn budget_of_names(&self) -> Budget {
        Budget::of_names(&self.sections)
    }

    /// Of what takes as long as reading all units once, one of `count` parts is done.
    pub(crate) fn told_of_units(&self, part: usize, count: usize) {
        self.progress.add_part(self.sections.size() as u64, part, count);
    }

    fn copies(&self) -> &Copies {
        let saved = || self.saved.as_ref().map(Saved::copies);
        self.copies.get_or_init(|| saved().unwrap_or_else(|| Copies::build(self)))
    }

    fn overview(&self) -> &Overview {
        self.overview.get_or_init(|| {
            let saved = self.saved.as_ref().and_then(Saved::overview);
            saved.unwrap_or_else(|| Overview::build(&self.sections, self.units(), &self.module, self.index()))
        })
    }

    pub(crate) fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| {
            if let Some(lines) = self.saved.as_ref().and_then(Saved::lines) {
                return lines;
            }
            let lines = Lines::build(&self.sections, self.units(), &self.module, || self.is_stale(), &self.progress);
            match &self.source_map {
                Some(map) if lines.is_empty() => Lines::of_source_map(map, &self.module),
                _ => lines,
            }
        })
    }

    fn function_table(&self) -> &Functions {
        self.functions.get_or_init(|| {
            if let Some(functions) = self.saved.as_ref().map(Saved::functions) {
                return functions;
            }
            let how = (self.is_stale(), &self.progress);
            Functions::build(&self.sections, self.units(), &self.module, self.index(), self.lines(), how)
        })
    }

    /// For each function body, its entry.
    pub(crate) fn entries(&self) -> &[Option<At>] {
        &self.function_table().entries
    }

    /// What is known around a location at `pc`.
    pub(crate) fn around<'f>(&'f self, pc: ModulePc, frame: &'f mut dyn FrameAccess) -> Around<'f> {
        let function = self.function_at(pc);
        let entry_of_function = || {
            let at = self.entries().get(function?.id.0 as usize).copied().flatten()?;
            Some(self.index().scope(&self.dwarf(), at)?.offset as usize)
        };
        let in_prologue = function.is_some_and(|function| pc < function.prologue_end);
        Around {
            address: u64::from(pc.to_code(self.code_start()).map_or(u32::MAX, |address| address.0)),
            function: entry_of_function(),
            no_frame_base: in_prologue.then_some("not set up yet: the function's prologue is still running"),
            tls_base: match self.module.globals.get("__tls_base") {
                _ if !self.module.shared_memory => TlsBase::Zero,
                Some(global) => TlsBase::Global(*global),
                None => TlsBase::Unknown,
            },
            pc: pc.0,
            code: self.module.body_at(pc.0).and_then(|at| self.module.bodies.get(at)),
            since: None,
            entry: usize::MAX,
            symbols: self,
            object: None,
            frame,
        }
    }

    /// Where the scope around `pc` begins that has the variable of this entry.
    pub(crate) fn scope_start(&self, entry: usize, pc: u32) -> Option<u32> {
        let scopes = self.scopes_of(self.module.body_at(pc)?);
        let around = scopes.around(ModulePc(pc)).into_iter().filter_map(|at| scopes.list.get(at));
        let mut own = around.filter(|scope| scope.variables.contains(&entry));
        let range = own.next()?.ranges.iter().find(|range| range.contains(&ModulePc(pc)))?;
        Some(range.start.0)
    }

    /// What the operand stack holds in the function around `pc`, found when it's needed.
    pub(crate) fn heights_at(&self, pc: u32) -> Option<&Heights> {
        let at = self.module.body_at(pc)?;
        let (cell, body) = (self.heights.get(at)?, self.module.bodies.get(at)?);
        Some(cell.get_or_init(|| {
            let wasm = self.sections.wasm();
            Heights::of(wasm, body, self.signatures.get_or_init(|| Signatures::parse(wasm)))
        }))
    }

    /// The fitted rows of the function body at this position.
    pub(crate) fn rows_of(&self, body: usize) -> &[LineRow] {
        let (Some(cell), Some(bounds)) = (self.rows.get(body), self.module.bodies.get(body)) else { return &[] };
        cell.get_or_init(|| rows::fit(self.sections.wasm(), self.module.code_start, bounds, self.lines().of_body(body)))
    }

    /// The scopes of the function body at this position.
    pub(crate) fn scopes_of(&self, body: usize) -> &Scopes {
        static NONE: Scopes = Scopes::NONE;
        let (Some(cell), Some(bounds)) = (self.scopes.get(body), self.module.bodies.get(body)) else { return &NONE };
        cell.get_or_init(|| {
            let entry = self.entries().get(body).copied().flatten();
            let dwarf = self.dwarf();
            match entry.and_then(|entry| self.index().scope(&dwarf, entry)) {
                Some(scope) => {
                    let offset = scope.offset as usize;
                    Scopes::build(&dwarf, self.lines(), self.module.code_start, bounds, offset)
                }
                None => Scopes::NONE,
            }
        })
    }

    /// What people call the function of an entry, inlined or not.
    pub(crate) fn name_of_entry(&self, dwarf: &Dwarf<'_>, at: At) -> Option<String> {
        let described = Described::new(dwarf, self.index(), self.lines(), at)?;
        described.name.or_else(|| described.linkage_name.map(|name| names::demangle(&name).unwrap_or(name)))
    }

    fn file_lines(&self, file: FileId) -> Arc<FileLines> {
        if let Some(lines) = lock(&self.file_lines).get(&file) {
            return Arc::clone(lines);
        }
        if self.files().get(file.0 as usize).is_none() {
            return Arc::default();
        }
        let lines = Arc::new(FileLines::build(self, file));
        lock(&self.file_lines).insert(file, Arc::clone(&lines));
        lines
    }

    /// Variables at constant addresses, by address.
    pub(crate) fn placed(&self) -> &[(u64, u64, Variable)] {
        self.placed.get_or_init(|| self.place_all())
    }

    pub(crate) fn all_globals(&self) -> &[(bool, Variable)] {
        self.globals.get_or_init(|| {
            let dwarf = self.dwarf();
            let budget = self.budget_of_names();
            let globals = self.units_indexed().flat_map(|(unit, index)| index.globals.iter().map(move |g| (unit, g)));
            let named = globals.map_while(|(unit, global)| {
                let variable = variables::global(&dwarf, self.lines(), self.index(), unit, global);
                // Those beyond that are left out.
                let length = variable.as_ref().map_or(0, |variable| variable.name.len());
                budget.take(length).then_some(variable.map(|variable| (global.in_function, variable)))
            });
            named.flatten().collect()
        })
    }

    /// The entry that says where a variable is.
    fn definition_of(&self, id: VariableId) -> Option<usize> {
        let definition = u32::try_from(id.0).ok().and_then(|id| self.overview().definition_of(id));
        definition.map(|offset| offset as usize).or_else(|| usize::try_from(id.0).ok())
    }
}

/// For questions that ask nothing of a frame.
struct NoFrame;

impl FrameAccess for NoFrame {
    fn local(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
        Err(Unavailable::new("there is no frame"))
    }
    fn operand(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
        Err(Unavailable::new("there is no frame"))
    }
    fn global(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
        Err(Unavailable::new("there is no frame"))
    }
    fn memory(&mut self, _: u64, _: &mut [u8]) -> Result<(), Unavailable> {
        Err(Unavailable::new("there is no frame"))
    }
}

/// What is behind these locks is whole at any time: a panic elsewhere doesn't spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
