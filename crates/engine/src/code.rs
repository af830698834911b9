//! What the binary of a core module says about its code: functions, operators, imports, globals, memories.
//!
//! Everything that DWARF doesn't know and that stepping and the Wasm-level views need. Read once when a module is loaded,
//! function bodies only when asked for.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use freezeframe_debuggee::{Bytes, ModulePc};
use wasmparser::{
    BinaryReader, Catch, CompositeInnerType, ElementItems, ElementKind, Export, ExternalKind, FuncType, FunctionBody,
    KnownCustom, Name, Operator, Parser, Payload, TypeRef, ValType,
};

use crate::EngineError;

/// The code of one core module.
pub(crate) struct Code {
    bytes: Bytes,
    imported_functions: u32,
    /// The type of each function, imports first.
    function_types: Vec<u32>,
    /// What functions of a type take and give; `None` for types that aren't of functions.
    signatures: Vec<Option<FuncType>>,
    /// The body of each defined function.
    bodies: Vec<Range<usize>>,
    /// Functions that an indirect call can reach.
    address_taken: BTreeSet<u32>,
    /// Where in table 0 functions are from the start.
    table_entries: HashMap<u32, u32>,
    /// Exported functions by name.
    pub exports: Vec<(String, u32)>,
    /// All globals, imported ones first.
    pub globals: Vec<GlobalInfo>,
    /// How many memories there are, imported ones included.
    pub memories: u32,
    /// Whether it can throw or name an exception.
    pub has_tags: bool,
    local_names: HashMap<(u32, u32), String>,
    /// What functions can call, of those that were asked for.
    callees: Mutex<HashMap<u32, Arc<[u32]>>>,
}

/// A global of a module.
#[derive(Clone, Debug)]
pub(crate) struct GlobalInfo {
    pub name: Option<String>,
    pub mutable: bool,
    pub imported: bool,
}

/// The entry of table 0 that a segment begins at, if that is a constant.
fn first_entry(kind: &ElementKind<'_>) -> Option<u32> {
    let ElementKind::Active { table_index: None | Some(0), offset_expr } = kind else { return None };
    match offset_expr.get_operators_reader().into_iter().next() {
        Some(Ok(Operator::I32Const { value })) => Some(value.cast_unsigned()),
        _ => None,
    }
}

/// What an operator does to the flow of control, as far as stepping cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// Goes on inside the function.
    Inside,
    /// Calls this function.
    Call(u32),
    /// Calls through a table, with this type.
    CallIndirect { ty: u32, table: u32 },
    /// Calls through a reference.
    CallRef,
    /// Throws: goes on wherever the exception is caught.
    Throw,
}

/// An operator of a function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OperatorAt {
    pub pc: ModulePc,
    pub flow: Flow,
    /// Of a call: whether the function called takes the place of this one on the stack.
    pub tail: bool,
    /// Whether it only marks structure (`block`, `loop`, `else`, `end`). Branches land *behind* such a mark, so a site on
    /// one would miss them.
    pub structural: bool,
}

impl Code {
    pub(crate) fn parse(bytes: Bytes) -> Result<Self, EngineError> {
        let mut code = Self {
            bytes: bytes.clone(),
            imported_functions: 0,
            function_types: Vec::new(),
            signatures: Vec::new(),
            bodies: Vec::new(),
            address_taken: BTreeSet::new(),
            table_entries: HashMap::new(),
            exports: Vec::new(),
            globals: Vec::new(),
            memories: 0,
            has_tags: false,
            local_names: HashMap::new(),
            callees: Mutex::default(),
        };
        code.read(&bytes).map_err(|e| EngineError::Module(format!("the module can't be read: {e}")))?;
        Ok(code)
    }

    fn read(&mut self, bytes: &[u8]) -> wasmparser::Result<()> {
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::TypeSection(section) => {
                    for group in section {
                        self.signatures.extend(group?.into_types().map(|ty| match ty.composite_type.inner {
                            CompositeInnerType::Func(ty) => Some(ty),
                            _ => None,
                        }));
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        match import.ty {
                            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                                self.imported_functions += 1;
                                self.function_types.push(ty);
                            }
                            TypeRef::Global(ty) => self.globals.push(GlobalInfo {
                                name: Some(format!("{}.{}", import.module, import.name)),
                                mutable: ty.mutable,
                                imported: true,
                            }),
                            TypeRef::Memory(_) => self.memories += 1,
                            TypeRef::Tag(_) => self.has_tags = true,
                            TypeRef::Table(_) => {}
                        }
                    }
                }
                Payload::FunctionSection(section) => {
                    for ty in section {
                        self.function_types.push(ty?);
                    }
                }
                Payload::TagSection(_) => self.has_tags = true,
                Payload::MemorySection(section) => self.memories += section.count(),
                Payload::GlobalSection(section) => {
                    for global in section {
                        self.globals.push(GlobalInfo { name: None, mutable: global?.ty.mutable, imported: false });
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let Export { name, kind, index } = export?;
                        match kind {
                            ExternalKind::Func | ExternalKind::FuncExact => {
                                self.exports.push((name.to_owned(), index));
                            }
                            // Exported for a debugger at native speed, which is no name.
                            ExternalKind::Global if !name.starts_with("freezeframe:") => {
                                if let Some(global) = self.globals.get_mut(index as usize) {
                                    global.name.get_or_insert_with(|| name.to_owned());
                                }
                            }
                            _ => {}
                        }
                    }
                }
                Payload::ElementSection(section) => {
                    for element in section {
                        let element = element?;
                        let mut entry = first_entry(&element.kind);
                        match element.items {
                            ElementItems::Functions(functions) => {
                                for function in functions {
                                    let function = function?;
                                    self.address_taken.insert(function);
                                    if let Some(at) = entry {
                                        self.table_entries.entry(function).or_insert(at);
                                        entry = at.checked_add(1);
                                    }
                                }
                            }
                            ElementItems::Expressions(_, expressions) => {
                                for expression in expressions {
                                    for op in expression?.get_operators_reader() {
                                        if let Operator::RefFunc { function_index } = op? {
                                            self.address_taken.insert(function_index);
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
                Payload::CodeSectionEntry(body) => self.bodies.push(body.range()),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        // Names are a courtesy: damaged ones are left out.
                        for name in names.into_iter().map_while(Result::ok) {
                            self.read_names(name);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn read_names(&mut self, names: Name<'_>) {
        match names {
            Name::Global(map) => {
                for naming in map.into_iter().map_while(Result::ok) {
                    if let Some(global) = self.globals.get_mut(naming.index as usize) {
                        global.name = Some(naming.name.to_owned());
                    }
                }
            }
            Name::Local(map) => {
                for function in map.into_iter().map_while(Result::ok) {
                    for naming in function.names.into_iter().map_while(Result::ok) {
                        self.local_names.insert((function.index, naming.index), naming.name.to_owned());
                    }
                }
            }
            _ => {}
        }
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub(crate) fn imported_functions(&self) -> u32 {
        self.imported_functions
    }

    /// The body of a function: declarations of locals and operators. `None` for an import.
    pub(crate) fn body(&self, function: u32) -> Option<Range<usize>> {
        let defined = function.checked_sub(self.imported_functions)?;
        self.bodies.get(defined as usize).cloned()
    }

    /// How many functions have a body.
    pub(crate) fn bodies(&self) -> &[Range<usize>] {
        &self.bodies
    }

    pub(crate) fn local_name(&self, function: u32, local: u32) -> Option<&str> {
        self.local_names.get(&(function, local)).map(String::as_str)
    }

    /// What a pointer to a function is: its entry in the table of indirect calls, as far as the module's own segments say.
    pub(crate) fn table_entry(&self, function: u32) -> Option<u32> {
        self.table_entries.get(&function).copied()
    }

    /// What a function takes and gives.
    pub(crate) fn signature(&self, function: u32) -> Option<(Vec<ValType>, Vec<ValType>)> {
        let ty = *self.function_types.get(function as usize)?;
        let ty = self.signatures.get(ty as usize)?.as_ref()?;
        Some((ty.params().to_vec(), ty.results().to_vec()))
    }

    /// The global that LLVM's compilers keep the stack pointer in.
    pub(crate) fn stack_pointer(&self) -> Option<u32> {
        let named = |global: &GlobalInfo| global.mutable && global.name.as_deref() == Some("__stack_pointer");
        self.globals.iter().position(named).and_then(|at| u32::try_from(at).ok())
    }

    /// The functions that an indirect call with type `ty` can reach.
    pub(crate) fn indirect_targets(&self, ty: u32) -> impl Iterator<Item = u32> + '_ {
        self.address_taken.iter().copied().filter(move |f| self.function_types.get(*f as usize) == Some(&ty))
    }

    /// The functions that a function can call, each once: by name, or through a table by their type.
    pub(crate) fn callees(&self, function: u32) -> Arc<[u32]> {
        let known = || self.callees.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(callees) = known().get(&function) {
            return callees.clone();
        }
        let (mut found, mut types) = (BTreeSet::new(), BTreeSet::new());
        self.each_operator(function, |_, operator| match describe(operator).flow {
            Flow::Call(callee) => _ = found.insert(callee),
            Flow::CallIndirect { ty, .. } => _ = types.insert(ty),
            _ => {}
        });
        found.extend(types.into_iter().flat_map(|ty| self.indirect_targets(ty)));
        let callees: Arc<[u32]> = found.into_iter().collect();
        known().insert(function, callees.clone());
        callees
    }

    /// The reachable operators of a function, by address. Empty for an import or a damaged body.
    ///
    /// The guest can be stopped at these and at no others: unreachable ones have no machine code.
    pub(crate) fn operators(&self, function: u32) -> Vec<OperatorAt> {
        let mut reachability = Reachability::new();
        let mut operators = Vec::new();
        self.each_operator(function, |pc, operator| {
            if reachability.reachable {
                operators.push(OperatorAt { pc, ..describe(operator) });
            }
            reachability.after(operator);
        });
        operators
    }

    /// All operators of a function, by address, unreachable ones too. Ends early in a damaged body.
    pub(crate) fn each_operator(&self, function: u32, mut each: impl FnMut(ModulePc, &Operator<'_>)) {
        let Some(range) = self.body(function) else { return };
        let Some(body) = self.bytes.get(range.clone()) else { return };
        let body = FunctionBody::new(BinaryReader::new(body, range.start));
        let Ok(mut reader) = body.get_operators_reader() else { return };
        while !reader.eof() {
            let Ok((operator, offset)) = reader.read_with_offset() else { return };
            let Ok(pc) = u32::try_from(offset) else { return };
            each(ModulePc(pc), &operator);
        }
    }
}

fn describe(operator: &Operator<'_>) -> OperatorAt {
    let flow = match *operator {
        Operator::Call { function_index } | Operator::ReturnCall { function_index } => Flow::Call(function_index),
        Operator::CallIndirect { type_index, table_index }
        | Operator::ReturnCallIndirect { type_index, table_index } => {
            Flow::CallIndirect { ty: type_index, table: table_index }
        }
        Operator::CallRef { .. } | Operator::ReturnCallRef { .. } => Flow::CallRef,
        Operator::Throw { .. } | Operator::ThrowRef | Operator::Rethrow { .. } => Flow::Throw,
        _ => Flow::Inside,
    };
    let structural = matches!(
        operator,
        Operator::Block { .. } | Operator::Loop { .. } | Operator::Else | Operator::End | Operator::TryTable { .. }
    );
    let tail = matches!(
        operator,
        Operator::ReturnCall { .. } | Operator::ReturnCallIndirect { .. } | Operator::ReturnCallRef { .. }
    );
    OperatorAt { pc: ModulePc(0), flow, tail, structural }
}

/// Follows which operators can be reached, as a compiler in one pass does: the end of a block can, if the operator before
/// it can or a reachable branch leads there.
struct Reachability {
    reachable: bool,
    labels: Vec<Label>,
}

struct Label {
    entered: bool,
    is_loop: bool,
    /// An `if` whose `else` hasn't come: without one its end is reached when the condition is false.
    open_if: bool,
    /// Something that can be reached leads to its end.
    led_to: bool,
}

impl Reachability {
    fn new() -> Self {
        Self { reachable: true, labels: vec![Label { entered: true, is_loop: false, open_if: false, led_to: false }] }
    }

    fn enter(&mut self, is_loop: bool, open_if: bool) {
        self.labels.push(Label { entered: self.reachable, is_loop, open_if, led_to: false });
    }

    fn branch(&mut self, depth: u32) {
        let at = self.labels.len().checked_sub(1 + depth as usize);
        if let Some(label) = at.and_then(|at| self.labels.get_mut(at)).filter(|label| !label.is_loop) {
            label.led_to |= self.reachable;
        }
    }

    fn after(&mut self, operator: &Operator<'_>) {
        match operator {
            Operator::Block { .. } => self.enter(false, false),
            Operator::Loop { .. } => self.enter(true, false),
            Operator::If { .. } => self.enter(false, true),
            Operator::TryTable { try_table } => {
                for catch in &try_table.catches {
                    let (Catch::One { label, .. }
                    | Catch::OneRef { label, .. }
                    | Catch::All { label }
                    | Catch::AllRef { label }) = catch;
                    self.branch(*label);
                }
                self.enter(false, false);
            }
            Operator::Else => {
                if let Some(label) = self.labels.last_mut() {
                    label.led_to |= self.reachable;
                    label.open_if = false;
                    self.reachable = label.entered;
                }
            }
            Operator::End => {
                if let Some(label) = self.labels.pop() {
                    self.reachable = label.entered && (self.reachable || label.led_to || label.open_if);
                }
            }
            Operator::Br { relative_depth } => {
                self.branch(*relative_depth);
                self.reachable = false;
            }
            Operator::BrTable { targets } => {
                targets.targets().map_while(Result::ok).for_each(|depth| self.branch(depth));
                self.branch(targets.default());
                self.reachable = false;
            }
            Operator::BrIf { relative_depth }
            | Operator::BrOnNull { relative_depth }
            | Operator::BrOnNonNull { relative_depth }
            | Operator::BrOnCast { relative_depth, .. }
            | Operator::BrOnCastFail { relative_depth, .. } => self.branch(*relative_depth),
            Operator::Return
            | Operator::Unreachable
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef => self.reachable = false,
            _ => {}
        }
    }
}
