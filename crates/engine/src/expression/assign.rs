//! Setting: what is written there decides what may be put into a place.
//!
//! Invariant: all of the new bytes are known, and known to make a value of the place's type, before the first is written.

use freezeframe_symbols::{Language, Member, Record, TypeKind, VariantPart};

use super::{Expression, Kind, Node};
use crate::{
    EngineError,
    values::{Context, Storage, Value, ValueType, head},
};

/// How deep types are looked into for what may be copied.
const DEEPEST: u32 = 12;

/// Variants by name, and what they're given.
struct Made<'n> {
    name: String,
    arguments: &'n [Node],
}

/// How a type keeps its variants.
enum Variants {
    /// An enum with data (Rust).
    Enum(Box<VariantPart>),
    /// `?T` (Zig).
    Optional { data: Member, some: Member },
    /// `union(enum)` (Zig).
    Tagged { payload: Member, tag: Member },
}

impl Context<'_> {
    /// Puts what an expression says into where `place` lies.
    pub(crate) fn assign_expression(&mut self, place: &Value, expression: &Expression) -> Result<(), EngineError> {
        let tree = expression.tree(self.language);
        self.assign_node(place, tree).map_err(|error| error.in_text(&expression.text))
    }

    fn assign_node(&mut self, place: &Value, node: &Node) -> Result<(), EngineError> {
        if let Some(target) = self.referent(place)? {
            return self.assign_node(&target, node);
        }
        if let Kind::Text(text) = &node.kind {
            return self.assign_text(place, text).map_err(|error| error.pointing_at(node.at));
        }
        let variants = self.variants(&place.ty);
        let optional = matches!(variants, Some(Variants::Optional { .. }));
        if optional || variants.is_some_and(|variants| self.made(&place.ty, &variants, node).is_some()) {
            let Storage::Memory { instance, address } = place.storage else {
                // Says why it can't be set.
                return self.assign(place, place);
            };
            let old = self.apart(place)?;
            let new = self.composed(&old, node)?;
            return self.target.write_memory(instance, 0, address, new);
        }
        let null = matches!(&node.kind, Kind::Path(path) if matches!(path.as_str(), "null" | "nullptr" | "NULL"));
        if null && self.pointee(&place.ty).is_some() && self.language_of(&place.ty) != Language::Rust {
            return self.assign(place, &Value::pointer(0, ValueType::Unknown));
        }
        let value = self.node(node)?;
        self.is_a_variant(place, &value)?;
        self.assign(place, &value)
    }

    /// The bytes of a value, apart from its place.
    fn apart(&mut self, value: &Value) -> Result<Value, EngineError> {
        let bytes = self.bytes(value)?;
        Ok(Value { ty: value.ty.clone(), storage: Storage::Bytes { bytes, origin: "it is a copy" }, bits: None })
    }

    /// The bytes of a value of `old`'s type as an expression says it; what it doesn't say stays as in `old`, a copy.
    fn composed(&mut self, old: &Value, node: &Node) -> Result<Vec<u8>, EngineError> {
        if let Some(variants) = self.variants(&old.ty) {
            if let Some(made) = self.made(&old.ty, &variants, node) {
                return self.composed_variant(old, &variants, &made).map_err(|error| error.pointing_at(node.at));
            }
            if let Variants::Optional { data, some } = &variants {
                let mut bytes = self.bytes(old)?;
                self.compose_part(&mut bytes, data.offset, &ValueType::Named(data.ty), node)?;
                put(&mut bytes, some.offset, 1, 1)?;
                return Ok(bytes);
            }
        }
        let value = self.node(node)?;
        self.is_a_variant(old, &value)?;
        // The number in a `NonZero`, as long as it's no more than that.
        let seen = self.seen_through(old).filter(|seen| matches!(seen.storage, Storage::Bytes { .. }));
        let number = seen.as_ref().filter(|seen| self.size(&seen.ty) == self.size(&old.ty)).unwrap_or(old);
        if self.scalar_kind(&number.ty).is_some() && !self.is_promised(&old.ty) {
            return self.encoded_scalar(number, &value).map_err(|error| error.pointing_at(node.at));
        }
        let (to, from) = (self.short_type_name(&old.ty), self.short_type_name(&value.ty));
        if self.type_name(&old.ty) != self.type_name(&value.ty) {
            return Err(EngineError::Expression(format!("a `{to}` can't be set to a `{from}`")).pointing_at(node.at));
        }
        if !self.may_be_copied(&old.ty, DEEPEST) {
            let why = format!("a `{to}` may own what it points to: with a copy two would own the same");
            return Err(EngineError::Expression(why).pointing_at(node.at));
        }
        Ok(self.bytes(&value)?)
    }

    /// A part of `bytes` as an expression says it.
    fn compose_part(&mut self, bytes: &mut [u8], at: u64, ty: &ValueType, node: &Node) -> Result<(), EngineError> {
        let range = self.size(ty).and_then(|size| {
            let start = usize::try_from(at).ok()?;
            Some(start..start.checked_add(usize::try_from(size).ok()?)?)
        });
        let part = range.and_then(|range| bytes.get_mut(range)).ok_or_else(damaged)?;
        let storage = Storage::Bytes { bytes: part.to_vec(), origin: "it is a copy" };
        let new = self.composed(&Value { ty: ty.clone(), storage, bits: None }, node)?;
        if new.len() != part.len() {
            return Err(damaged());
        }
        part.copy_from_slice(&new);
        Ok(())
    }

    /// Whether it's an enum with data, or the like, which can be set to another variant.
    pub(crate) fn has_variants(&self, ty: &ValueType) -> bool {
        self.variants(ty).is_some()
    }

    fn variants(&self, ty: &ValueType) -> Option<Variants> {
        let ty = self.stripped(ty)?;
        let TypeKind::Record(record) = &ty.kind else { return None };
        if let Some(part) = &record.variants {
            return Some(Variants::Enum(Box::new(part.clone())));
        }
        if ty.language != Language::Zig || record.members.len() != 2 {
            return None;
        }
        let member = |name: &str| record.members.iter().find(|m| m.name.as_deref() == Some(name)).cloned();
        if ty.name.starts_with('?') {
            return Some(Variants::Optional { data: member("data")?, some: member("some")? });
        }
        Some(Variants::Tagged { payload: member("payload")?, tag: member("tag")? })
    }

    /// The variant that an expression makes: `None`, `Some(5)`, `Option::Some(5)`. A variable of that name is meant first.
    fn made<'n>(&mut self, ty: &ValueType, variants: &Variants, node: &'n Node) -> Option<Made<'n>> {
        let (path, arguments) = match &node.kind {
            Kind::Path(path) => (path, [].as_slice()),
            Kind::Call(callee, arguments) => match &callee.kind {
                Kind::Path(path) => (path, arguments.as_slice()),
                _ => return None,
            },
            _ => return None,
        };
        if self.variables_in_scope().iter().any(|variable| variable.name == *path) {
            return None;
        }
        let (prefix, name) =
            path.rsplit_once("::").map_or((None, path.as_str()), |(prefix, name)| (Some(prefix), name));
        let own = head(&self.type_name(&self.strip(ty)));
        if prefix.is_some_and(|prefix| own != prefix && !own.ends_with(&format!("::{prefix}"))) {
            return None;
        }
        let known = match variants {
            Variants::Enum(part) => part.variants.iter().any(|v| v.member.name.as_deref() == Some(name)),
            Variants::Optional { .. } => name == "null" && arguments.is_empty(),
            Variants::Tagged { tag, .. } => self.tag_number(tag, name).is_some(),
        };
        known.then(|| Made { name: name.to_owned(), arguments })
    }

    fn tag_number(&self, tag: &Member, name: &str) -> Option<i128> {
        match &self.stripped(&ValueType::Named(tag.ty))?.kind {
            TypeKind::Enumeration { enumerators, .. } => enumerators.iter().find(|(n, _)| n == name).map(|(_, v)| *v),
            _ => None,
        }
    }

    fn composed_variant(&mut self, old: &Value, variants: &Variants, made: &Made<'_>) -> Result<Vec<u8>, EngineError> {
        let mut bytes = self.bytes(old)?;
        match variants {
            Variants::Optional { some, .. } => put(&mut bytes, some.offset, 1, 0)?,
            Variants::Tagged { payload, tag } => {
                let number = self.tag_number(tag, &made.name).ok_or_else(damaged)?;
                let fields = self.record(&ValueType::Named(payload.ty));
                let field = fields.and_then(|fields| {
                    fields.members.into_iter().find(|m| m.name.as_deref() == Some(made.name.as_str()))
                });
                let fields: Vec<Member> = field.into_iter().collect();
                self.compose_fields(&mut bytes, payload.offset, &fields, made)?;
                let size = self.size(&ValueType::Named(tag.ty)).ok_or_else(damaged)?;
                put(&mut bytes, tag.offset, size, number)?;
            }
            Variants::Enum(part) => {
                let is_it = |m: &Member| m.name.as_deref() == Some(made.name.as_str());
                let variant = part.variants.iter().find(|v| is_it(&v.member)).ok_or_else(damaged)?;
                let fields = self.record(&ValueType::Named(variant.member.ty)).map(|r| r.members).unwrap_or_default();
                self.compose_fields(&mut bytes, variant.member.offset, &fields, made)?;
                if let (Some(discriminant), [(from, to)]) = (&part.discriminant, variant.values.as_slice())
                    && from == to
                {
                    let size = self.size(&ValueType::Named(discriminant.ty)).ok_or_else(damaged)?;
                    put(&mut bytes, discriminant.offset, size, *from)?;
                }
                // Which variant there is may be told by the data themselves.
                let storage = Storage::Bytes { bytes: bytes.clone(), origin: "it is a copy" };
                let new = Value { ty: old.ty.clone(), storage, bits: None };
                if self.active_variant(&new, part)?.as_ref() != Some(&variant.member) {
                    let why = format!("with these data it would be another variant than `{}`", made.name);
                    return Err(EngineError::Expression(why));
                }
            }
        }
        Ok(bytes)
    }

    /// All the data of a variant, in their order.
    fn compose_fields(
        &mut self,
        bytes: &mut [u8],
        offset: u64,
        fields: &[Member],
        made: &Made<'_>,
    ) -> Result<(), EngineError> {
        let (name, count) = (&made.name, fields.len());
        let positional = |m: &Member| m.name.as_deref().is_none_or(|n| n.starts_with("__") || n == name.as_str());
        if let Some(named) = fields.iter().find(|m| !positional(m)) {
            let field = named.name.as_deref().unwrap_or_default();
            return Err(EngineError::Expression(format!(
                "the fields of `{name}` have names: set them one by one (`.{field}`) where it is that variant already"
            )));
        }
        if made.arguments.len() != count {
            let wanted = if count == 1 { "one value" } else { "values" };
            return Err(EngineError::Expression(match count {
                0 => format!("`{name}` carries no data"),
                1 => format!("`{name}` carries {wanted}, which must be given: `{name}(…)`"),
                _ => format!("`{name}` carries {count} {wanted}, which must all be given: `{name}(…, …)`"),
            }));
        }
        for (field, node) in fields.iter().zip(made.arguments) {
            let at = offset.checked_add(field.offset).ok_or_else(damaged)?;
            self.compose_part(bytes, at, &ValueType::Named(field.ty), node)?;
        }
        Ok(())
    }

    fn record(&self, ty: &ValueType) -> Option<Record> {
        match &self.stripped(ty)?.kind {
            TypeKind::Record(record) => Some(record.clone()),
            _ => None,
        }
    }

    /// Whether it's a pointer of Rust's that leads to a value, by its type's promise.
    fn is_promised(&self, ty: &ValueType) -> bool {
        let ty =
            self.stripped(ty).filter(|ty| ty.language == Language::Rust && matches!(ty.kind, TypeKind::Pointer(_)));
        ty.is_some_and(|ty| !ty.name.starts_with('*'))
    }

    /// Refuses numbers that Rust's enums without data, and its `NonZero`s, don't have: the program relies on that there are no others.
    fn is_a_variant(&mut self, place: &Value, new: &Value) -> Result<(), EngineError> {
        let Some(ty) = self.stripped(&place.ty).filter(|ty| ty.language == Language::Rust) else { return Ok(()) };
        if ty.name.starts_with("core::num::nonzero::NonZero") && self.scalar(new)?.integer() == Some(0) {
            return Err(EngineError::Expression(format!("a `{}` can't be 0", ty.name)));
        }
        let TypeKind::Enumeration { enumerators, .. } = &ty.kind else { return Ok(()) };
        let number = self.scalar(new)?.integer();
        if number.is_some_and(|number| enumerators.iter().any(|(_, value)| *value == number)) {
            return Ok(());
        }
        let names: Vec<&str> = enumerators.iter().take(8).map(|(name, _)| name.as_str()).collect();
        let why = format!("no variant of `{}` has this number; it has {}", ty.name, names.join(", "));
        Err(EngineError::Expression(why))
    }

    /// Whether two values of a type may have the same bytes: not where Rust's or C++'s types own what they point to.
    fn may_be_copied(&self, ty: &ValueType, depth: u32) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        if !matches!(self.language_of(ty), Language::Rust | Language::Cpp) {
            return true;
        }
        if let Some((element, _)) = self.array(ty) {
            return self.may_be_copied(&element, depth);
        }
        let Some(own) = self.stripped(ty) else { return true };
        match &own.kind {
            TypeKind::Pointer(_) => own.name.starts_with('&') && !own.name.starts_with("&mut "),
            TypeKind::Record(_) if own.name.starts_with('&') => !own.name.starts_with("&mut "),
            TypeKind::Record(record) => {
                let variants = record.variants.iter().flat_map(|part| &part.variants).map(|v| v.member.ty);
                let inside = record.members.iter().map(|m| m.ty).chain(record.bases.iter().map(|b| b.ty));
                inside.chain(variants).all(|ty| self.may_be_copied(&ValueType::Named(ty), depth))
            }
            _ => true,
        }
    }
}

fn damaged() -> EngineError {
    EngineError::Expression("this can't be set: the debug information of its type is damaged".to_owned())
}

/// A little-endian number of `size` bytes.
fn put(bytes: &mut [u8], at: u64, size: u64, number: i128) -> Result<(), EngineError> {
    let (at, size) = (usize::try_from(at).unwrap_or(usize::MAX), usize::try_from(size).unwrap_or(usize::MAX));
    let place = at.checked_add(size).and_then(|end| bytes.get_mut(at..end)).ok_or_else(damaged)?;
    let number = number.to_le_bytes();
    let number = number.get(..size).ok_or_else(damaged)?;
    place.copy_from_slice(number);
    Ok(())
}
