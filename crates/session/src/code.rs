//! What the session has to know of a module's bytecode: where its functions and operators are.
//!
//! A module is named by the address of its bytecode ([`CodeKey`]): Wasmtime's own key, the compiled module's id, is
//! private, and its breakpoints are looked up in tables that all core modules of a component share (hazard H6).

use std::{collections::HashMap, ops::Range, sync::Arc};

use freezeframe_debuggee::Bytes;
use wasmparser::{FunctionBody, Operator, Parser, Payload, TypeRef};
use wasmtime::{FrameInfo, Module};

use crate::fast::FastMap;

/// Names a module as long as a clone of it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct CodeKey(usize);

impl CodeKey {
    /// A module that was compiled without `guest_debug`, and has no bytecode, is named by where its first function lies;
    /// `None` if it has none.
    pub(crate) fn of(module: &Module) -> Option<Self> {
        if let Some(bytes) = module.debug_bytecode() {
            return Some(Self(bytes.as_ptr().addr()));
        }
        // Modules of one component share their text, not their functions.
        let first = module.functions().next()?;
        module.text().as_ptr().addr().checked_add(first.offset).map(Self)
    }
}

/// The body of a function in a module's binary; `function` counts the imports. For a look at one: it reads up to there.
pub(crate) fn body_of(module: &[u8], function: u32) -> Option<FunctionBody<'_>> {
    let mut at = 0_u32;
    for payload in Parser::new(0).parse_all(module).map_while(Result::ok) {
        match payload {
            Payload::ImportSection(imports) => {
                let imports = imports.into_imports().map_while(Result::ok);
                let functions = imports.filter(|i| matches!(i.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)));
                at = u32::try_from(functions.count()).ok()?;
            }
            Payload::CodeSectionEntry(_) if function < at => return None,
            Payload::CodeSectionEntry(body) if function == at => return Some(body),
            Payload::CodeSectionEntry(_) => at = at.checked_add(1)?,
            _ => {}
        }
    }
    None
}

/// A module's bytecode, which is Wasmtime's and stays where it is: a copy would be as large as the module. `None` for one that
/// was compiled without `guest_debug`.
pub(crate) fn bytecode(module: &Module) -> Option<Bytes> {
    struct Bytecode(Module);
    impl AsRef<[u8]> for Bytecode {
        fn as_ref(&self) -> &[u8] {
            self.0.debug_bytecode().unwrap_or_default()
        }
    }
    module.debug_bytecode().map(|_| Bytes::from_owner(Bytecode(module.clone())))
}

/// The layout of a module, and a clone that keeps its key valid.
pub(crate) struct ModuleInfo {
    pub module: Module,
    /// How many functions it imports: Wasmtime counts only the others (H11).
    pub imported_functions: u32,
    /// The start function's index.
    pub start: Option<u32>,
    /// The bodies in the order of their functions.
    bodies: Vec<Range<usize>>,
    /// Offsets of the operators of the bodies that were asked for.
    operators: HashMap<usize, Arc<[u32]>>,
}

impl ModuleInfo {
    pub(crate) fn new(module: &Module) -> Self {
        let mut info = Self {
            module: module.clone(),
            imported_functions: 0,
            start: None,
            bodies: Vec::new(),
            operators: HashMap::new(),
        };
        // Wasmtime has validated the bytes; were they malformed all the same, less would be known and nothing wrong.
        let _ = info.scan(module.debug_bytecode().unwrap_or_default());
        info
    }

    fn scan(&mut self, bytes: &[u8]) -> wasmparser::Result<()> {
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let function = matches!(import?.ty, TypeRef::Func(_) | TypeRef::FuncExact(_));
                        self.imported_functions += u32::from(function);
                    }
                }
                Payload::StartSection { func, .. } => self.start = Some(func),
                Payload::CodeSectionEntry(body) => self.bodies.push(body.range()),
                _ => {}
            }
        }
        Ok(())
    }

    pub(crate) fn same_engine(&self, engine: &wasmtime::Engine) -> bool {
        wasmtime::Engine::same(self.module.engine(), engine)
    }

    pub(crate) fn imports_its_start(&self) -> bool {
        self.start.is_some_and(|start| start < self.imported_functions)
    }

    /// The indices of the functions that it defines.
    pub(crate) fn defined_functions(&self) -> Range<u32> {
        let defined = u32::try_from(self.bodies.len()).unwrap_or(0);
        self.imported_functions..self.imported_functions.saturating_add(defined)
    }

    fn body(&self, pc: u32) -> Option<usize> {
        let pc = pc as usize;
        let at = self.bodies.partition_point(|body| body.end <= pc);
        self.bodies.get(at).filter(|body| body.contains(&pc)).map(|_| at)
    }

    fn operators(&mut self, body: usize) -> Arc<[u32]> {
        if let Some(known) = self.operators.get(&body) {
            return known.clone();
        }
        let bytes = self.module.debug_bytecode().unwrap_or_default();
        let list: Arc<[u32]> = match self.bodies.get(body).and_then(|range| Some((range, bytes.get(range.clone())?))) {
            Some((range, bytes)) => operators(bytes, range.start).map(|(at, _)| at).collect(),
            None => Arc::default(),
        };
        self.operators.insert(body, list.clone());
        list
    }

    /// The pc of a frame of a backtrace. Wasmtime counts a module's offsets from the beginning of the whole binary, which for a
    /// module within a component isn't the module's; those within a function are the same.
    pub(crate) fn pc_of(&self, frame: &FrameInfo) -> Option<u32> {
        let body = frame.func_index().checked_sub(self.imported_functions)? as usize;
        let pc = self.bodies.get(body)?.start.checked_add(frame.func_offset()?)?;
        u32::try_from(pc).ok()
    }

    /// Where the first operator of a function that it defines begins.
    pub(crate) fn first_operator(&mut self, function: u32) -> Option<u32> {
        let body = function.checked_sub(self.imported_functions)? as usize;
        self.operators(body).first().copied()
    }

    /// Whether an operator begins at `pc`.
    pub(crate) fn is_operator(&mut self, pc: u32) -> bool {
        self.body(pc).is_some_and(|body| self.operators(body).binary_search(&pc).is_ok())
    }

    /// Whether the operator at `pc` calls a function.
    pub(crate) fn is_call(&self, pc: u32) -> bool {
        let bytes = self.module.debug_bytecode().unwrap_or_default();
        let Some(range) = self.body(pc).and_then(|body| self.bodies.get(body)) else { return false };
        let Some(bytes) = bytes.get(range.clone()) else { return false };
        operators(bytes, range.start).find(|(at, _)| *at == pc).is_some_and(|(_, op)| {
            matches!(
                op,
                Operator::Call { .. }
                    | Operator::CallIndirect { .. }
                    | Operator::CallRef { .. }
                    | Operator::ReturnCall { .. }
                    | Operator::ReturnCallIndirect { .. }
                    | Operator::ReturnCallRef { .. }
            )
        })
    }
}

/// The operators of a function body that starts at `start`, with their offsets in the module.
fn operators(bytes: &[u8], start: usize) -> impl Iterator<Item = (u32, Operator<'_>)> {
    FunctionBody::new(wasmparser::BinaryReader::new(bytes, start))
        .get_operators_reader()
        .into_iter()
        .flat_map(|reader| reader.into_iter_with_offsets())
        .map_while(|op| op.ok())
        .filter_map(|(op, at)| Some((u32::try_from(at).ok()?, op)))
}

/// The modules of a store that were looked at, by key.
#[derive(Default)]
pub(crate) struct ModuleInfos {
    infos: FastMap<CodeKey, ModuleInfo>,
    /// Whether any has a start function.
    any_start: bool,
}

impl ModuleInfos {
    pub(crate) fn of(&mut self, module: &Module) -> Option<(CodeKey, &mut ModuleInfo)> {
        let key = CodeKey::of(module)?;
        let any_start = &mut self.any_start;
        let info = self.infos.entry(key).or_insert_with(|| {
            let info = ModuleInfo::new(module);
            *any_start |= info.start.is_some();
            info
        });
        Some((key, info))
    }

    pub(crate) fn get(&self, key: CodeKey) -> Option<&ModuleInfo> {
        self.infos.get(&key)
    }

    pub(crate) fn any_start(&self) -> bool {
        self.any_start
    }

    pub(crate) fn any_imported_start(&self) -> bool {
        self.infos.values().any(ModuleInfo::imports_its_start)
    }

    pub(crate) fn len(&self) -> usize {
        self.infos.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(wat: &str) -> Module {
        let mut config = wasmtime::Config::new();
        crate::configure(&mut config);
        let engine = wasmtime::Engine::new(&config).expect("an engine");
        Module::new(&engine, wat).expect("a module")
    }

    #[test]
    fn operators_are_found_exactly() {
        let module = module(
            "(module (import \"a\" \"b\" (func)) (func nop (i32.store (i32.const 300) (i32.const 1)) call 0) (memory 1))",
        );
        let mut info = ModuleInfo::new(&module);
        assert_eq!(info.imported_functions, 1);
        let start = info.bodies[0].start as u32 + 1; // no locals: one byte
        let is: Vec<u32> = (0..start + 40).filter(|pc| info.is_operator(*pc)).collect();
        // nop, i32.const 300 (3 bytes), i32.const 1 (2 bytes), i32.store (3 bytes), call (2 bytes), end
        assert_eq!(is, [0, 1, 4, 6, 9, 11].map(|n| start + n));
        assert_eq!((info.first_operator(1), info.first_operator(0), info.first_operator(2)), (Some(start), None, None));
        assert!(info.is_call(start + 9));
        assert!(!info.is_call(start + 6));
    }

    #[test]
    fn start_functions_are_known() {
        assert!(ModuleInfo::new(&module("(module (func $s) (start $s))")).start.is_some());
        assert!(ModuleInfo::new(&module("(module (import \"a\" \"b\" (func $s)) (start $s))")).imports_its_start());
    }
}
