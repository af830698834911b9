//! Which function a call means, and what it is given.

use freezeframe_debuggee::{Answer, ModuleId, Query};
use freezeframe_symbols::{FunctionId, TypeKind, Variable, VariableKind};

use super::{Kind, Node, names::absolute};
use crate::{
    EngineError,
    abi::Argument,
    calls::Prepared,
    error::near_misses,
    values::{Context, Value, ValueType},
};

/// How many base classes around one another are searched for a method.
const MOST_BASES: u32 = 16;

/// How many pointers in one another are followed to one.
const MOST_POINTERS: u32 = 8;

/// A function and the object that it is called on.
struct Callee {
    module: ModuleId,
    /// Its index in the module's function index space.
    function: u32,
    /// The object's address, as the first argument.
    receiver: Option<u64>,
}

impl Context<'_> {
    /// Makes a call ready: nothing of the guest is changed yet.
    pub(crate) fn prepare_call(&mut self, callee: &Node, arguments: &[Node]) -> Result<Prepared, EngineError> {
        let values = arguments.iter().map(|node| self.call_argument(node)).collect::<Result<Vec<_>, _>>()?;
        let callee = self.callee(callee, &values).map_err(|error| error.pointing_at(callee.at))?;
        self.lower(callee.module, callee.function, callee.receiver, values)
    }

    /// Calls inside of an expression run to their end at once: no breakpoint stops them.
    pub(super) fn call_and_wait(&mut self, callee: &Node, arguments: &[Node]) -> Result<Value, EngineError> {
        if !self.target.may_call {
            let why = "a function of the program is only called where that is asked for: `call f(x)`";
            return Err(EngineError::Expression(why.to_owned()));
        }
        let prepared = self.prepare_call(callee, arguments)?;
        let name = prepared.name.clone();
        let value = self.target.call_and_wait(prepared)?;
        let nothing = || EngineError::Expression(format!("`{name}` returns nothing"));
        value.ok_or_else(nothing)
    }

    fn call_argument(&mut self, node: &Node) -> Result<Argument, EngineError> {
        Ok(match &node.kind {
            Kind::Text(text) => Argument::Text(text.clone()),
            // A function stands for a pointer to it.
            Kind::Path(path) => match (self.path(path), self.function_named(path)) {
                (Ok(value), _) => Argument::Value(value),
                (Err(_), Some(entry)) => Argument::Value(Value::pointer(u64::from(entry?), ValueType::Unknown)),
                (Err(error), None) => return Err(error.pointing_at(node.at)),
            },
            _ => Argument::Value(self.node(node)?),
        })
    }

    /// The pointer to a function of this name; an error for one whose address the program never takes.
    fn function_named(&self, path: &str) -> Option<Result<u32, EngineError>> {
        let found = self.symbols.find_functions(&absolute(&self.symbols, self.lookup_pc(), path));
        let function = self.symbols.functions().get(found.first()?.0 as usize)?;
        let code = &self.target.module(self.module_id())?.code;
        let missing =
            || EngineError::Expression(format!("there is no pointer to `{path}`: the program never takes its address"));
        Some(code.table_entry(function.index).ok_or_else(missing))
    }

    fn callee(&mut self, callee: &Node, arguments: &[Argument]) -> Result<Callee, EngineError> {
        match &callee.kind {
            Kind::Path(path) => {
                let variable = |v: &Variable| v.name == *path;
                if !self.variables_in_scope().iter().any(variable) {
                    let named = absolute(&self.symbols, self.lookup_pc(), path);
                    let found = self.symbols.find_functions(&named);
                    if !found.is_empty() {
                        let module = self.module_id();
                        let function = self.chosen(path, &found, 0, arguments)?;
                        return Ok(Callee { module, function, receiver: None });
                    }
                    if let Some((module, function)) = self.elsewhere(path) {
                        return Ok(Callee { module, function, receiver: None });
                    }
                }
                match self.path(path) {
                    Ok(value) => self.pointed_to(&value),
                    Err(EngineError::NoSymbol { .. }) => {
                        let functions = self.symbols.functions();
                        let names = functions.iter().flat_map(|f| [f.name(), f.short_name()]);
                        Err(EngineError::NoFunction { name: path.clone(), near: near_misses(path, names) })
                    }
                    Err(other) => Err(other),
                }
            }
            Kind::Member(object, name) => {
                let object = self.node(object)?;
                match self.method(&object, name, arguments)? {
                    Some(callee) => Ok(callee),
                    // A member that holds a pointer to a function.
                    None => {
                        let ty = self.type_name(&object.ty);
                        let member = self.member(&object, name).map_err(|_| {
                            EngineError::Expression(format!(
                                "a `{ty}` has no function `{name}` with code: compilers leave out what a program doesn't use"
                            ))
                        })?;
                        self.pointed_to(&member)
                    }
                }
            }
            _ => {
                let value = self.node(callee)?;
                self.pointed_to(&value)
            }
        }
    }

    pub(crate) fn module_id(&self) -> ModuleId {
        let known = self.frame.as_ref().map(|frame| frame.module);
        let of_symbols = || {
            let at = self.target.modules.iter().position(|m| std::sync::Arc::ptr_eq(&m.symbols, &self.symbols));
            at.and_then(|at| u32::try_from(at).ok()).map(ModuleId)
        };
        known.or_else(of_symbols).unwrap_or(ModuleId(0))
    }

    /// A function of another module, or an export by its name.
    fn elsewhere(&self, name: &str) -> Option<(ModuleId, u32)> {
        let modules = || (0_u32..).zip(&self.target.modules);
        let by_name = modules().find_map(|(module, loaded)| {
            let id = loaded.symbols.find_functions(name).first().copied()?;
            Some((ModuleId(module), loaded.symbols.functions().get(id.0 as usize)?.index))
        });
        by_name.or_else(|| {
            modules().find_map(|(module, loaded)| {
                let export = loaded.code.exports.iter().find(|(export, _)| export == name)?;
                Some((ModuleId(module), export.1))
            })
        })
    }

    /// The function that a pointer to one points to: an entry of the table of indirect calls.
    fn pointed_to(&mut self, value: &Value) -> Result<Callee, EngineError> {
        let behind = self.referent(value)?.unwrap_or_else(|| value.clone());
        let to_function = match self.pointee(&behind.ty) {
            Some(Some(ty)) => self.stripped(&ty).is_some_and(|ty| matches!(ty.kind, TypeKind::Function { .. })),
            _ => false,
        };
        if !to_function {
            let name = self.type_name(&value.ty);
            return Err(EngineError::Expression(format!("a value of type `{name}` can't be called")));
        }
        let entry = self.address_in(&behind)?;
        self.entry(entry, None)
    }

    fn entry(&mut self, entry: u64, receiver: Option<u64>) -> Result<Callee, EngineError> {
        let instance = self.instance.ok_or(EngineError::NoStack)?;
        match self.target.ask(Query::TableFunction { instance, table: 0, entry })? {
            Answer::Function(Some((module, function))) => Ok(Callee { module, function, receiver }),
            _ => Err(EngineError::Expression(format!(
                "entry {entry} of the function table holds no function of a module"
            ))),
        }
    }

    /// The method `name` of the object, or of what it points to: a smart pointer's own functions come first.
    fn method(&mut self, object: &Value, name: &str, arguments: &[Argument]) -> Result<Option<Callee>, EngineError> {
        let mut object = object.clone();
        for _ in 0..MOST_POINTERS {
            if let Some(callee) = self.method_of(&object, name, arguments)? {
                return Ok(Some(callee));
            }
            match self.deref(&object) {
                Ok(target) if target != object => object = target,
                _ => break,
            }
        }
        Ok(None)
    }

    /// The method `name` of an object itself, looked for in its class and then in the bases of that.
    fn method_of(&mut self, object: &Value, name: &str, arguments: &[Argument]) -> Result<Option<Callee>, EngineError> {
        let mut object = object.clone();
        for _ in 0..MOST_BASES {
            if let Some(target) = self.referent(&object)? {
                object = target;
            } else if self.pointee(&object.ty).flatten().is_some() {
                object = self.deref(&object)?;
            } else {
                break;
            }
        }
        let Some(address) = object.address() else { return Ok(None) };
        let mut classes = vec![(object.ty.clone(), address)];
        for _ in 0..MOST_BASES {
            let mut bases = Vec::new();
            for (class, address) in &classes {
                // A virtual function is the one in the object's own table.
                let slots = match self.strip(class) {
                    ValueType::Named(id) => self.symbols.virtual_slots(id, name),
                    _ => Vec::new(),
                };
                match slots[..] {
                    [] => {}
                    [slot] => return self.dispatched(slot, *address).map(Some),
                    _ => {
                        let why = format!("`{name}` is virtual and has overloads: which one is meant can't be told");
                        return Err(EngineError::Expression(why));
                    }
                }
                let found = self.symbols.find_functions(&format!("{}::{name}", self.type_name(&self.strip(class))));
                if !found.is_empty() {
                    let function = self.chosen(name, &found, 1, arguments)?;
                    return Ok(Some(Callee { module: self.module_id(), function, receiver: Some(*address) }));
                }
                if let Some(ty) = self.stripped(class)
                    && let TypeKind::Record(record) = &ty.kind
                {
                    let base = |base: &freezeframe_symbols::Base| {
                        Some((ValueType::Named(base.ty), address.checked_add(base.offset?)?))
                    };
                    bases.extend(record.bases.iter().filter_map(base));
                }
            }
            if bases.is_empty() {
                break;
            }
            classes = bases;
        }
        Ok(None)
    }

    /// The function in a slot of the object's table of virtual functions.
    fn dispatched(&mut self, slot: u64, object: u64) -> Result<Callee, EngineError> {
        let mut word = [0; 4];
        self.read(object, &mut word)?;
        let table = u64::from(u32::from_le_bytes(word));
        let entry = slot.checked_mul(4).and_then(|offset| table.checked_add(offset));
        self.read(entry.unwrap_or(u64::MAX), &mut word)?;
        self.entry(u64::from(u32::from_le_bytes(word)), Some(object))
    }

    /// Of several functions of a name the one that fits the arguments. `receivers` of its parameters aren't written.
    fn chosen(
        &mut self,
        name: &str,
        found: &[FunctionId],
        receivers: usize,
        arguments: &[Argument],
    ) -> Result<u32, EngineError> {
        let symbols = self.symbols.clone();
        let functions = symbols.functions();
        let mut candidates: Vec<_> = found.iter().filter_map(|id| functions.get(id.0 as usize)).collect();
        if candidates.len() > 1 {
            let parameters: Vec<Vec<Variable>> = candidates.iter().map(|f| self.parameters(f)).collect();
            let mut fits = parameters.iter().map(|p| p.len() == arguments.len() + receivers);
            candidates.retain(|_| fits.next() == Some(true));
        }
        if candidates.len() > 1 {
            let types: Vec<Option<String>> = arguments
                .iter()
                .map(|argument| match argument {
                    Argument::Value(value) => Some(self.type_name(&self.strip(&value.ty))),
                    Argument::Text(_) => None,
                })
                .collect();
            let same: Vec<bool> = candidates
                .iter()
                .map(|function| {
                    let parameters = self.parameters(function);
                    parameters.iter().skip(receivers).zip(&types).all(|(parameter, ty)| {
                        let of = parameter.ty.map(|ty| self.type_name(&self.plain(ValueType::Named(ty))));
                        ty.is_none() || of.as_ref() == ty.as_ref()
                    })
                })
                .collect();
            if same.contains(&true) {
                let mut same = same.into_iter();
                candidates.retain(|_| same.next() == Some(true));
            }
        }
        if candidates.len() > 1 {
            let here = symbols.function_at(self.lookup_pc()).and_then(|f| f.declared).map(|at| at.file);
            if candidates.iter().any(|f| f.declared.map(|at| at.file) == here) {
                candidates.retain(|f| f.declared.map(|at| at.file) == here);
            }
        }
        match candidates[..] {
            [function] => Ok(function.index),
            [] => {
                let count = arguments.len();
                let what = if count == 1 { "argument".to_owned() } else { "arguments".to_owned() };
                Err(EngineError::Expression(format!("no function `{name}` takes {count} {what}")))
            }
            _ => {
                let mut names: Vec<String> = candidates.iter().map(|f| format!("`{}`", f.name())).collect();
                names.dedup();
                names.truncate(5);
                Err(EngineError::Expression(format!(
                    "`{name}` may be any of {} functions: {}; write more of the path, or cast the arguments",
                    candidates.len(),
                    names.join(", ")
                )))
            }
        }
    }

    /// The type behind names, qualifiers and a C++ reference.
    fn plain(&self, ty: ValueType) -> ValueType {
        match self.stripped(&ty).map(|ty| ty.kind.clone()) {
            Some(TypeKind::Reference(target)) => self.strip(&ValueType::Named(target)),
            _ => self.strip(&ty),
        }
    }

    /// The parameters of a function, in order.
    pub(crate) fn parameters(&self, function: &freezeframe_symbols::Function) -> Vec<Variable> {
        let pc = function.range.start;
        let depth = self.symbols.frames_at(pc).len().saturating_sub(1);
        let mut parameters = self.symbols.variables(pc, depth);
        parameters.retain(|v| v.kind == VariableKind::Parameter);
        parameters
    }
}
