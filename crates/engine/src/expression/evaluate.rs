//! Evaluation of a tree in a [`Context`]: names, and the way from a value to its parts.

use freezeframe_symbols::{Language, Variable};

use super::{Expression, Kind, Node, UnaryOp, arithmetic::Rules, names};
use crate::{
    EngineError,
    error::near_misses,
    values::{Context, Storage, Value, ValueType},
};

impl Context<'_> {
    pub(crate) fn evaluate(&mut self, expression: &Expression) -> Result<Value, EngineError> {
        let tree = expression.tree(self.language);
        self.node(tree).map_err(|error| error.in_text(&expression.text))
    }

    pub(super) fn rules(&self) -> Rules {
        Rules::of(self.language)
    }

    /// An error points at the innermost node that failed.
    pub(super) fn node(&mut self, node: &Node) -> Result<Value, EngineError> {
        self.kind(&node.kind).map_err(|error| error.pointing_at(node.at))
    }

    fn kind(&mut self, kind: &Kind) -> Result<Value, EngineError> {
        match kind {
            Kind::Integer { value, bits, signed, typed } => {
                // C's rule makes large hex numbers unsigned; Rust has no such types for literals.
                let unsigned = *typed || *signed || self.rules() == Rules::C || *bits > 64;
                let bits = if unsigned { *bits } else { *bits * 2 };
                Ok(Value::integer(*value, bits, *signed || !unsigned))
            }
            Kind::Float { value, bits } => Ok(Value::float(*value, *bits)),
            Kind::Char(c) if self.language == Language::Rust => Ok(Value {
                ty: ValueType::Char,
                storage: Storage::Bytes { bytes: (*c as u32).to_le_bytes().to_vec(), origin: "it is a literal" },
                bits: None,
            }),
            Kind::Char(c) => Ok(Value::integer(i128::from(*c as u32), 32, true)),
            Kind::Text(_) => Err(EngineError::Expression("a text can only be compared, with `==` and `!=`".to_owned())),
            Kind::Bool(value) => Ok(Value::bool(*value)),
            Kind::Path(path) => self.path(path),
            Kind::Register(name) => self.register(name),
            Kind::Unary(op, operand) => self.unary(*op, operand),
            Kind::Binary(op, left, right) => self.binary(*op, left, right),
            Kind::Ternary(condition, then, otherwise) => {
                let condition = self.node(condition)?;
                let truth = self.scalar(&condition)?.truth();
                self.node(if truth { then } else { otherwise })
            }
            Kind::Member(value, name) => {
                let value = self.node(value)?;
                self.member(&value, name)
            }
            Kind::Index(base, key) if matches!(key.kind, Kind::Text(_)) => {
                let value = self.node(base)?;
                let Kind::Text(text) = &key.kind else { return Err(EngineError::Internal("a key that is no text")) };
                let no_map = || EngineError::Expression("only a map has keys that are texts".to_owned());
                self.index_text(&value, text)?.ok_or_else(no_map)
            }
            Kind::Index(base, index) => {
                let index = self.whole_number(index)?;
                if let Kind::Register(name) = &base.kind
                    && let Some(memory) = super::registers::memory(name)
                {
                    return self.memory_byte(memory, index);
                }
                let value = self.node(base)?;
                self.index(&value, index)
            }
            Kind::Slice { base, from, to, inclusive } => {
                let value = match &base.kind {
                    Kind::Register(name) if super::registers::memory(name) == Some(0) => self.memory_pointer()?,
                    _ => self.node(base)?,
                };
                let from = from.as_deref().map_or(Ok(0), |node| self.whole_number(node))?;
                let to = to.as_deref().map(|node| self.whole_number(node)).transpose()?;
                self.slice(&value, from, to.map(|to| to.saturating_add(i128::from(*inclusive))))
            }
            Kind::Cast(ty, value) => {
                let ty = self.named_type(ty)?;
                let value = self.node(value)?;
                self.cast(&value, ty)
            }
            Kind::SizeOfType(ty) => {
                let ty = match (self.named_type(ty), self.path(&ty.name)) {
                    (Ok(ty), _) => ty,
                    // `sizeof(x)` and `sizeof(*p)` look like types until the names are known.
                    (Err(_), Ok(mut value)) => {
                        for _ in 0..ty.pointers {
                            value = self.deref(&value)?;
                        }
                        value.ty
                    }
                    (Err(error), Err(_)) => return Err(error),
                };
                self.size_of(&ty)
            }
            Kind::Call(callee, arguments) => self.call_and_wait(callee, arguments),
            Kind::SizeOf(value) => {
                let ty = match &value.kind {
                    // By the type that is written down, whatever object is there.
                    Kind::Unary(UnaryOp::Deref, pointer) => {
                        let pointer = self.node(pointer)?;
                        self.deref(&pointer)?.ty
                    }
                    _ => self.node(value)?.ty,
                };
                self.size_of(&ty)
            }
        }
    }

    fn whole_number(&mut self, node: &Node) -> Result<i128, EngineError> {
        let value = self.node(node)?;
        let number = self.scalar(&value)?.integer();
        let error = || EngineError::Expression("an index must be an integer".to_owned());
        number.ok_or_else(error).map_err(|error| error.pointing_at(node.at))
    }

    fn size_of(&self, ty: &ValueType) -> Result<Value, EngineError> {
        match self.size(ty) {
            Some(size) => Ok(Value::integer(i128::from(size), 32, false)),
            None => Err(EngineError::Expression(format!("the size of `{}` isn't known", self.type_name(ty)))),
        }
    }

    /// The variables in scope, innermost last.
    pub(crate) fn variables_in_scope(&self) -> Vec<Variable> {
        if self.this.is_some() {
            return Vec::new();
        }
        let frame = self.frame.as_ref();
        frame.map(|f| self.symbols.variables(f.lookup, f.inline_depth)).unwrap_or_default()
    }

    pub(super) fn path(&mut self, path: &str) -> Result<Value, EngineError> {
        if let Some(this) = self.this.clone() {
            if let Some(member) = self.of_this(&this, path)? {
                return Ok(member);
            }
        } else if !path.contains("::") {
            let variables = self.variables_in_scope();
            let innermost = variables.iter().enumerate().filter(|(_, v)| v.name == path || last(&v.name) == path);
            if let Some((_, variable)) = innermost.max_by_key(|(i, v)| (v.depth, *i)) {
                let variable = variable.clone();
                return Ok(self.variable(&variable));
            }
            // Methods: a bare name may be a member of the object.
            for receiver in ["this", "self"] {
                if let Some(object) = variables.iter().find(|v| v.name == receiver).cloned() {
                    let object = self.variable(&object);
                    if let Ok(member) = self.member(&object, path) {
                        return Ok(member);
                    }
                }
            }
        }
        if let Some(global) = names::global(&self.symbols, self.lookup_pc(), path) {
            return Ok(self.variable(&global));
        }
        if let Some(value) = self.enumerator(path) {
            return Ok(value);
        }
        let absolute = names::absolute(&self.symbols, self.lookup_pc(), path);
        if let Some(function) = self.symbols.find_functions(&absolute).first().copied() {
            let function = &self.symbols.functions()[function.0 as usize];
            return Err(EngineError::Expression(format!(
                "`{}` is a function (its code begins at *{})",
                function.name(),
                function.range.start
            )));
        }
        let variables = self.variables_in_scope();
        let globals = self.symbols.globals();
        let names = variables.iter().chain(&globals).map(|v| v.name.as_str());
        Err(EngineError::NoSymbol { name: path.to_owned(), near: near_misses(path, names) })
    }

    fn enumerator(&self, path: &str) -> Option<Value> {
        let path = names::absolute(&self.symbols, self.lookup_pc(), path);
        let (id, value) = names::enumerator(&self.symbols, &self.variables_in_scope(), &path)?;
        let size = self.size(&ValueType::Named(id)).unwrap_or(4).min(16) as usize;
        let bytes = value.to_le_bytes()[..size].to_vec();
        let storage = Storage::Bytes { bytes, origin: "it is an enumerator" };
        Some(Value { ty: ValueType::Named(id), storage, bits: None })
    }
}

fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}
