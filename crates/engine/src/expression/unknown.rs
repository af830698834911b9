//! Names that nothing can have at a place in code: said when a breakpoint is set, not when it's hit.
//!
//! Invariant: only what the evaluator would refuse there whatever the guest does is unknown. What may exist later (`$1`), what
//! depends on the object that is there (a class's members, an enum's variants, smart pointers), and what is in scope but has no
//! value is let pass.

use freezeframe_symbols::{Language, ModulePc, Record, Symbols, TypeId, TypeKind, Variable};

use super::{Expression, Kind, Node, names};
use crate::{EngineError, error::near_misses};

/// How deep a tree is looked through; the parser allows no deeper ones.
const DEPTH: u32 = 500;

/// The first name of an expression that nothing has at `pc`; `None` also where no variables are known.
pub(crate) fn unknown_name(expression: &Expression, symbols: &Symbols, pc: ModulePc) -> Option<EngineError> {
    symbols.function_at(pc).filter(|function| function.has_dwarf)?;
    let language = symbols.frames_at(pc).first().map(|frame| frame.language).unwrap_or_default();
    let scope = Scope { symbols, pc, variables: symbols.variables(pc, 0) };
    scope.ty(expression.tree(language), DEPTH).err().map(|error| error.in_text(&expression.text))
}

struct Scope<'a> {
    symbols: &'a Symbols,
    pc: ModulePc,
    variables: Vec<Variable>,
}

/// The type of something where the code alone says it.
type Known = Result<Option<TypeId>, EngineError>;

impl Scope<'_> {
    fn ty(&self, node: &Node, depth: u32) -> Known {
        let Some(depth) = depth.checked_sub(1) else { return Ok(None) };
        self.kind(&node.kind, depth).map_err(|error| error.pointing_at(node.at))
    }

    fn kind(&self, kind: &Kind, depth: u32) -> Known {
        match kind {
            Kind::Path(path) => self.path(path),
            Kind::Member(base, name) => {
                let base = self.ty(base, depth)?;
                base.map_or(Ok(None), |base| self.member(base, name))
            }
            Kind::Unary(super::UnaryOp::Deref, pointer) => {
                let pointer = self.ty(pointer, depth)?.and_then(|ty| self.stripped(ty));
                Ok(pointer.and_then(|ty| match self.symbols.ty(ty).ok()?.kind {
                    TypeKind::Pointer(target) => target,
                    _ => None,
                }))
            }
            Kind::Index(base, index) => {
                self.ty(index, depth)?;
                let base = self.ty(base, depth)?.and_then(|ty| self.stripped(ty));
                Ok(base.and_then(|ty| match &self.symbols.ty(ty).ok()?.kind {
                    TypeKind::Pointer(target) => *target,
                    TypeKind::Array { element, counts } if counts.len() == 1 => Some(*element),
                    _ => None,
                }))
            }
            Kind::Unary(_, node) | Kind::Cast(_, node) | Kind::SizeOf(node) => self.all([&**node], depth),
            Kind::Binary(_, left, right) => self.all([&**left, &**right], depth),
            Kind::Ternary(condition, then, otherwise) => self.all([&**condition, &**then, &**otherwise], depth),
            Kind::Slice { base, from, to, .. } => {
                let parts = [Some(base), from.as_ref(), to.as_ref()].into_iter().flatten();
                self.all(parts.map(|node| &**node), depth)
            }
            Kind::Call(_, arguments) => self.all(arguments, depth),
            Kind::Integer { .. }
            | Kind::Float { .. }
            | Kind::Char(_)
            | Kind::Text(_)
            | Kind::Bool(_)
            | Kind::Register(_)
            | Kind::SizeOfType(_) => Ok(None),
        }
    }

    /// Looks at all of them; what they make together isn't known.
    fn all<'n>(&self, nodes: impl IntoIterator<Item = &'n Node>, depth: u32) -> Known {
        nodes.into_iter().try_for_each(|node| self.ty(node, depth).map(drop))?;
        Ok(None)
    }

    fn path(&self, path: &str) -> Known {
        let last = |name: &str| name.rsplit("::").next() == Some(path);
        let named = self.variables.iter().enumerate().filter(|(_, v)| v.name == path || last(&v.name));
        if let Some((_, variable)) = named.max_by_key(|(at, variable)| (variable.depth, *at)) {
            return Ok(variable.ty);
        }
        // In a method it may be a member of the object.
        if self.variables.iter().any(|v| v.name == "this" || v.name == "self") {
            return Ok(None);
        }
        if let Some(global) = names::global(self.symbols, self.pc, path) {
            return Ok(global.ty);
        }
        let absolute = names::absolute(self.symbols, self.pc, path);
        if names::enumerator(self.symbols, &self.variables, &absolute).is_some()
            || !self.symbols.find_functions(&absolute).is_empty()
        {
            return Ok(None);
        }
        let globals = self.symbols.globals();
        let near = near_misses(path, self.variables.iter().chain(&globals).map(|v| v.name.as_str()));
        Err(EngineError::NoSymbol { name: path.to_owned(), near })
    }

    /// The type of a member, through pointers and references.
    fn member(&self, ty: TypeId, name: &str) -> Known {
        let Some(mut ty) = self.stripped(ty) else { return Ok(None) };
        for _ in 0..5 {
            let target = match self.symbols.ty(ty).map(|ty| ty.kind.clone()) {
                Ok(TypeKind::Pointer(Some(target)) | TypeKind::Reference(target)) => self.stripped(target),
                _ => break,
            };
            let Some(target) = target else { return Ok(None) };
            ty = target;
        }
        let Ok(found) = self.symbols.ty(ty) else { return Ok(None) };
        let TypeKind::Record(record) = &found.kind else { return Ok(None) };
        let mut names = Vec::new();
        match self.find(record, name, &mut names, 6) {
            Find::Found(ty) => Ok(Some(ty)),
            Find::Open => Ok(None),
            // What is shown of a library's type has parts that its record doesn't have.
            Find::Missing if !plain(found.language, &found.name) => Ok(None),
            Find::Missing => {
                let hint = match near_misses(name, names.iter().map(String::as_str)).first() {
                    Some(near) => format!("; did you mean `{near}`?"),
                    None => String::new(),
                };
                let message = format!("there is no member `{name}` in a `{}`{hint}", found.name);
                Err(EngineError::Expression(message))
            }
        }
    }

    fn find(&self, record: &Record, name: &str, names: &mut Vec<String>, depth: u32) -> Find {
        let Some(depth) = depth.checked_sub(1) else { return Find::Open };
        let number = |n: &str| n.strip_prefix("__") == Some(name);
        let fits = |n: &str| n == name || number(n);
        if let Some(member) = record.members.iter().find(|m| m.name.as_deref().is_some_and(fits)) {
            return Find::Found(member.ty);
        }
        // Which members there are depends on the object.
        if !record.bases.is_empty() || record.variants.is_some() || !record.statics.is_empty() {
            return Find::Open;
        }
        names.extend(record.members.iter().filter_map(|m| m.name.clone()));
        for member in record.members.iter().filter(|m| m.name.is_none()) {
            let inner = self.stripped(member.ty).and_then(|ty| self.symbols.ty(ty).ok());
            let found = match inner.as_deref().map(|ty| &ty.kind) {
                Some(TypeKind::Record(record)) => self.find(record, name, names, depth),
                _ => Find::Open,
            };
            if !matches!(found, Find::Missing) {
                return found;
            }
        }
        Find::Missing
    }

    fn stripped(&self, mut ty: TypeId) -> Option<TypeId> {
        for _ in 0..64 {
            match self.symbols.ty(ty).ok()?.kind {
                TypeKind::Typedef(Some(target)) | TypeKind::Qualified { target: Some(target), .. } => ty = target,
                _ => return Some(ty),
            }
        }
        None
    }
}

enum Find {
    Found(TypeId),
    Missing,
    /// It may be there.
    Open,
}

/// Whether a record has the members of its declaration and no others.
fn plain(language: Language, name: &str) -> bool {
    let libraries = ["core::", "alloc::", "std::", "hashbrown::", "dyn "];
    match language {
        Language::C => true,
        Language::Rust => {
            name.starts_with(|c: char| c.is_alphabetic() || c == '_') && !libraries.iter().any(|l| name.starts_with(l))
        }
        _ => false,
    }
}
