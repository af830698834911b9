//! Values as DWARF describes them: scalars, pointers, arrays, records, enums with data. What the raw view is made of.

use freezeframe_symbols::{Language, Member, Record, RecordKind, Type, TypeKind};

use super::{Context, literal_prefix};
use crate::values::{
    Storage, Value, ValueType, c_like, is_character,
    view::{Element, Form, List, ListForm, Part, Parts, Text, TextEncoding, TextSource, Trouble, View, Way},
};

impl Context<'_> {
    /// The view of a value that no printer is asked for.
    pub(crate) fn structural(&mut self, value: &Value) -> View {
        self.try_structural(value).unwrap_or_else(|why| View::Unavailable(why.unavailable()))
    }

    fn try_structural(&mut self, value: &Value) -> Result<View, Trouble> {
        if let Storage::Unavailable(why) = &value.storage {
            return Ok(View::Unavailable(why.clone()));
        }
        if let Some(target) = self.referent(value)? {
            let address = target.address().unwrap_or(0);
            let (label, target) = self.as_what_it_is(target);
            return Ok(View::alias(format!("@{address:#x}: {label}"), target));
        }
        if let Some(kind) = self.scalar_kind(&value.ty) {
            // Rust's unit, Zig's `void`.
            if self.size(&value.ty) == Some(0) {
                return Ok(View::words(if self.language_of(&value.ty) == Language::Rust { "()" } else { "{}" }));
            }
            if let Some(text) = self.c_string(value)? {
                return Ok(text);
            }
            return Ok(View::Scalar { kind, scalar: self.scalar(value)? });
        }
        if let Some((_, counts)) = self.array(&value.ty) {
            return self.array_view(value, &counts);
        }
        let Some(ty) = self.stripped(&value.ty) else {
            let bytes = self.bytes(value)?;
            return Ok(View::words(format!("<{} bytes of unknown type>", bytes.len())));
        };
        match &ty.kind {
            TypeKind::Record(record) => self.record_view(value, &ty, record),
            TypeKind::Function { .. } => Ok(View::words(format!("<function at {:#x}>", value.address().unwrap_or(0)))),
            TypeKind::Incomplete => Ok(View::words("<incomplete type>")),
            _ => {
                let bytes = self.bytes(value)?;
                Ok(View::words(format!("<{} bytes>", bytes.len())))
            }
        }
    }

    /// A pointer to characters, where the language ends texts with a zero.
    fn c_string(&mut self, value: &Value) -> Result<Option<View>, Trouble> {
        if !c_like(self.language_of(&value.ty)) {
            return Ok(None);
        }
        let Some(Some(target)) = self.pointee(&value.ty) else { return Ok(None) };
        let Some(encoding) = self.character_encoding(&target) else { return Ok(None) };
        let address = self.address_in(value)?;
        if address == 0 {
            return Ok(None);
        }
        Ok(Some(View::Text(Text {
            before: format!("{address:#x} {}", self.literal_prefix(&target)),
            source: TextSource::Terminated { pointer: address },
            encoding,
            elements: None,
        })))
    }

    /// How the characters of C's and C++'s character types are texts.
    pub(crate) fn character_encoding(&self, ty: &ValueType) -> Option<TextEncoding> {
        if matches!(self.strip(ty), ValueType::Integer { bits: 8, .. }) {
            return Some(TextEncoding::Bytes);
        }
        // C's wide characters are integers with a name.
        match self.typedef_among(ty, &["wchar_t", "char16_t", "char32_t"]) {
            Some("char16_t") => return Some(TextEncoding::Utf16),
            Some(_) => return Some(TextEncoding::Utf32),
            None => {}
        }
        let own = self.stripped(ty)?;
        let TypeKind::Base(encoding) = own.kind else { return None };
        match own.size {
            Some(1) if is_character(encoding) => Some(TextEncoding::Bytes),
            Some(2) if is_character(encoding) => Some(TextEncoding::Utf16),
            Some(4) if is_character(encoding) => Some(TextEncoding::Utf32),
            // In C++ it is a type of its own, an integer by its encoding.
            Some(4) if own.name == "wchar_t" => Some(TextEncoding::Utf32),
            _ => None,
        }
    }

    /// The first of these names that a type goes by.
    fn typedef_among<'n>(&self, ty: &ValueType, names: &[&'n str]) -> Option<&'n str> {
        let ValueType::Named(id) = ty else { return None };
        let mut id = *id;
        // Damaged files may have cycles.
        for _ in 0..16 {
            let ty = self.ty(id);
            let target = match &ty.kind {
                TypeKind::Typedef(target) => {
                    if let Some(name) = names.iter().find(|name| **name == ty.name) {
                        return Some(name);
                    }
                    *target
                }
                TypeKind::Qualified { target, .. } => *target,
                _ => return None,
            };
            id = target?;
        }
        None
    }

    /// What the language writes before the quotes of a text of such characters.
    fn literal_prefix(&self, character: &ValueType) -> &'static str {
        self.stripped(character).map_or("", |ty| literal_prefix(&ty.name))
    }

    fn array_view(&mut self, value: &Value, counts: &[Option<u64>]) -> Result<View, Trouble> {
        let Some(element) = self.element_type(&value.ty) else { return Ok(View::words("<array of unknown type>")) };
        let Some(Some(count)) = counts.first().copied() else {
            return Ok(View::words("<array of unknown length>"));
        };
        let list = self.array_list(value, &element, count);
        // An `unsigned char` is a byte more often than a character: all of them are shown.
        let byte = self.stripped(&element).is_some_and(|ty| ty.name == "unsigned char");
        if let (Some(encoding), false, true) =
            (self.character_encoding(&element), byte, c_like(self.language_of(&value.ty)))
        {
            let bytes = self.bytes(value)?;
            let unit = encoding.unit() as usize;
            let end = bytes.chunks(unit).position(|unit| unit.iter().all(|b| *b == 0));
            let end = end.map_or(bytes.len(), |end| end * unit);
            let source = TextSource::Bytes(bytes[..end].to_vec());
            let before = self.literal_prefix(&element).to_owned();
            return Ok(Text { before, source, encoding, elements: Some(list) }.into());
        }
        Ok(list.into())
    }

    fn array_list(&self, value: &Value, element: &ValueType, count: u64) -> List {
        let array = value.clone();
        let mut list =
            List::new(ListForm::Sequence, count, move |context: &mut Context<'_>, start: u64, wanted: u64| {
                let end = start.saturating_add(wanted).min(count);
                (start..end).map(|i| Ok(Element::of(context.index(&array, i128::from(i))?))).collect()
            });
        list.contiguous = value.address().map(|address| (address, element.clone()));
        list
    }

    fn record_view(&mut self, value: &Value, ty: &Type, record: &Record) -> Result<View, Trouble> {
        if let Some(part) = &record.variants {
            return match self.active_variant(value, part)? {
                Some(member) => {
                    let variant = self.part_of_member(value, &member)?;
                    let name = member.name.clone().unwrap_or_default();
                    self.variant_view(&name, &variant)
                }
                None => Ok(View::words("<no such variant>")),
            };
        }
        let name = match ty.language {
            Language::Rust => short_name(&ty.name),
            _ => "",
        };
        let mut view = self.parts_of(value, name, record)?;
        if record.kind == RecordKind::Union && ty.language == Language::Rust {
            view.note = Some("union".to_owned());
        }
        Ok(view.into())
    }

    fn variant_view(&mut self, name: &str, variant: &Value) -> Result<View, Trouble> {
        let ty = self.stripped(&variant.ty);
        match ty.as_deref().map(|ty| &ty.kind) {
            Some(TypeKind::Record(record)) if record.members.is_empty() && record.variants.is_none() => {
                Ok(View::words(name))
            }
            Some(TypeKind::Record(record)) if record.variants.is_none() => {
                Ok(self.parts_of(variant, name, record)?.into())
            }
            _ => Ok(Parts::positional(name, vec![Part::value("0", variant.clone())]).into()),
        }
    }

    /// The members of a record, base classes first.
    pub(crate) fn parts_of(&mut self, value: &Value, name: &str, record: &Record) -> Result<Parts, Trouble> {
        let mut parts = Vec::new();
        for base in &record.bases {
            let label = format!("<{}>", self.ty(base.ty).name);
            if let Some(offset) = base.offset {
                let member = Member { name: None, ty: base.ty, offset, bits: None, artificial: false };
                parts.push(Part::value(label, self.part_of_member(value, &member)?));
            }
        }
        let rust = self.language_of(&value.ty) == Language::Rust;
        let members: Vec<&Member> = record.members.iter().filter(|m| !m.artificial || m.name.is_some()).collect();
        let is_position = |m: &&Member| m.name.as_deref().is_some_and(|n| n.starts_with("__") && n.len() > 2);
        let tuple = rust && !members.is_empty() && members.iter().all(is_position);
        for member in members {
            let part = self.part_of_member(value, member)?;
            parts.push(match &member.name {
                Some(name) if tuple => Part::member(name.trim_start_matches('_'), part),
                // What a closure borrows.
                Some(name) if rust && name.starts_with("_ref__") => {
                    Part::member(name.trim_start_matches("_ref__"), part).by(Way::Member(name.clone()))
                }
                Some(name) => Part::member(name, part),
                // The members of an anonymous one belong to the one around it.
                None => Part::value("", part).by(Way::None),
            });
        }
        let form = if tuple { Form::Positional } else { Form::Named };
        Ok(Parts { form, ..Parts::named(name, parts) })
    }
}

/// `a::b::C<d::E>` → `C`; a closure is `{closure}`; tuples stay whole.
pub(crate) fn short_name(name: &str) -> &str {
    if name.starts_with(['(', '[', '&']) {
        return name;
    }
    let head = name.get(..name.find('<').unwrap_or(name.len())).unwrap_or(name);
    let last = head.rfind("::").and_then(|at| head.get(at + 2..)).unwrap_or(head);
    if last.starts_with("{closure") { "{closure}" } else { last }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_their_path() {
        assert_eq!(short_name("a::b::C<d::E>"), "C");
        assert_eq!(short_name("(a::B, i32)"), "(a::B, i32)");
        assert_eq!(short_name("C"), "C");
        assert_eq!(short_name("a::main::{closure_env#0}<u8>"), "{closure}");
    }
}
