//! From a value to its parts: members, elements, what a pointer points to.

use std::ops::Range;

use freezeframe_debuggee::Unavailable;
use freezeframe_symbols::{Language, Member, Record, TypeKind, VariantPart};

use super::{
    Context, Storage, Value, ValueType,
    printers::LONGEST_CHAIN,
    view::{Content, Element, List, ListForm, TextSource, View},
};
use crate::{EngineError, error::near_misses};

/// How many references, boxes … are gone through to what an expression means.
const MOST_THROUGH: u32 = 32;

/// Elements in memory, one after the other.
pub(crate) struct Sliced {
    pub pointer: u64,
    pub length: u64,
    pub element: ValueType,
    /// Whether they're a text.
    pub text: bool,
}

impl Context<'_> {
    /// How a printer sees a value; `None` for one that has no printer.
    pub(crate) fn printer_view(&mut self, value: &Value) -> Option<View> {
        self.printer(&value.ty)?;
        Some(self.printed_view(value, false))
    }

    /// Pointer, length and element type of a slice, string or vector; `None` for any other value.
    pub(crate) fn slice_parts(&mut self, value: &Value) -> Option<Sliced> {
        self.slice_within(value, 4)
    }

    fn slice_within(&mut self, value: &Value, depth: u32) -> Option<Sliced> {
        match self.printer_view(value)? {
            View::Text(text) => {
                let (_, element) = text.elements?.contiguous?;
                let TextSource::Memory { pointer, bytes } = text.source else { return None };
                Some(Sliced { pointer, length: bytes / text.encoding.unit(), element, text: true })
            }
            View::List(list) => {
                let (pointer, element) = list.contiguous?;
                Some(Sliced { pointer, length: list.length, element, text: false })
            }
            View::Alias { value, .. } => self.slice_within(&value, depth.checked_sub(1)?),
            _ => None,
        }
    }

    /// Element `index` by what the printer says; `None` when there is none, or it says nothing of elements.
    fn printed_element(&mut self, value: &Value, index: i128) -> Result<Option<Value>, EngineError> {
        let list = match self.printer_view(value) {
            Some(View::Alias { value, .. }) => return self.index(&value, index).map(Some),
            Some(View::Parts(parts)) => {
                return parts.target.map(|target| self.index(&target, index)).transpose();
            }
            Some(View::Unavailable(why)) => return Err(why.into()),
            Some(View::List(list)) => list,
            Some(View::Text(text)) if text.elements.is_some() => match text.elements {
                Some(list) => list,
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        if list.form == ListForm::Map {
            let is_key = |context: &mut Self, key: &Value| {
                Ok(context.scalar_kind(&key.ty).is_some() && context.scalar(key)?.integer() == Some(index))
            };
            let found = self.find_key(&list, is_key)?;
            return found.map(Some).ok_or_else(|| EngineError::Expression(format!("there is no key {index}")));
        }
        let Some(at) = u64::try_from(index).ok().filter(|at| *at < list.length) else {
            let length = list.length;
            return Err(EngineError::Expression(format!("index {index} is out of range: the length is {length}")));
        };
        let page = list.elements.page(self, at, 1).map_err(|why| EngineError::Unavailable(why.unavailable()))?;
        let gone = || EngineError::Unavailable(Unavailable::new(format!("element {index} wasn't found")));
        page.into_iter().next().map(|element| Some(element.value)).ok_or_else(gone)
    }

    /// The value of the key that is this text, in a map; `None` for what is no map.
    pub(crate) fn index_text(&mut self, value: &Value, text: &[u8]) -> Result<Option<Value>, EngineError> {
        self.going_through(|this| this.index_text_here(value, text))
    }

    fn index_text_here(&mut self, value: &Value, text: &[u8]) -> Result<Option<Value>, EngineError> {
        let value = self.referent(value)?.unwrap_or_else(|| value.clone());
        match self.printer_view(&value) {
            Some(View::List(list)) if list.form == ListForm::Map => {
                let found =
                    self.find_key(&list, |context, key| Ok(context.is_this_text(key, text).unwrap_or(false)))?;
                let text = String::from_utf8_lossy(text);
                found.map(Some).ok_or_else(|| EngineError::Expression(format!("there is no key \"{text}\"")))
            }
            Some(View::Alias { value, .. }) => self.index_text(&value, text),
            Some(View::Parts(parts)) => match parts.target {
                Some(target) => self.index_text(&target, text),
                None => Ok(None),
            },
            Some(View::Unavailable(why)) => Err(why.into()),
            _ => Ok(None),
        }
    }

    /// The value of the first key that is meant.
    fn find_key(
        &mut self,
        list: &List,
        is_key: impl Fn(&mut Self, &Value) -> Result<bool, EngineError>,
    ) -> Result<Option<Value>, EngineError> {
        // How many are looked at together: more and more, as each page may be walked to from the beginning.
        let (mut start, mut count) = (0, 1 << 8);
        while start < list.length {
            let page = list.elements.page(self, start, count).map_err(|why| why.unavailable())?;
            // Behind a damaged element there's nothing.
            let whole = page.len() as u64 == count;
            start += page.len() as u64;
            count = (count * 4).min(1 << 16);
            for Element { key, value } in page {
                if let Some(key) = key
                    && is_key(self, &key)?
                {
                    return Ok(Some(value));
                }
            }
            if !whole {
                break;
            }
            if start > LONGEST_CHAIN {
                let why = format!("the key isn't among the first {start}, and no more are searched");
                return Err(EngineError::Expression(why));
            }
        }
        Ok(None)
    }

    /// Elements of a list that don't lie one after the other, as a copy.
    fn copied_slice(&mut self, list: &List, from: i128, to: Option<i128>) -> Result<Value, EngineError> {
        /// More elements than this are no list to look at.
        const MOST: u64 = 1 << 16;
        let length = list.length;
        if list.form == ListForm::Map {
            return Err(EngineError::Expression("a map has keys, and no ranges".to_owned()));
        }
        let range = || EngineError::Expression(format!("{from}.. is out of range: the length is {length}"));
        let start = u64::try_from(from).map_err(|_| range())?;
        let end = to.map_or(Ok(length), |to| u64::try_from(to).map_err(|_| range()))?;
        if start > end || end > length || end - start > MOST {
            return Err(range());
        }
        let page = list.elements.page(self, start, end - start).map_err(|why| why.unavailable())?;
        let Some(ty) = page.first().map(|element| element.value.ty.clone()) else {
            return Err(EngineError::Expression("there is nothing in this range".to_owned()));
        };
        let mut bytes = Vec::new();
        for element in &page {
            bytes.extend(self.bytes(&element.value)?);
        }
        let ty = ValueType::Array { element: Box::new(ty), counts: vec![Some(page.len() as u64)] };
        Ok(Value { ty, storage: Storage::Bytes { bytes, origin: "it is a copy of elements" }, bits: None })
    }

    /// What a reference (C++) refers to; `None` for anything that is no reference.
    pub(crate) fn referent(&mut self, value: &Value) -> Result<Option<Value>, EngineError> {
        let Some(ty) = self.stripped(&value.ty) else { return Ok(None) };
        let TypeKind::Reference(target) = ty.kind else { return Ok(None) };
        let target = ValueType::Named(target);
        // There are none in C++, only in damaged files, where they might never end.
        if self.stripped(&target).is_some_and(|ty| matches!(ty.kind, TypeKind::Reference(_))) {
            return Err(EngineError::Expression("a reference to a reference".to_owned()));
        }
        let address = self.address_in(value)?;
        Ok(Some(self.at(address, target)))
    }

    /// The address that a pointer or reference holds.
    pub(crate) fn address_in(&mut self, value: &Value) -> Result<u64, EngineError> {
        let bytes = self.bytes(value)?;
        let mut word = [0; 8];
        let count = bytes.len().min(8);
        word[..count].copy_from_slice(&bytes[..count]);
        Ok(u64::from_le_bytes(word))
    }

    /// What the type points to: `None` for anything that is no pointer, `Some(None)` for `void *`.
    pub(crate) fn pointee(&self, ty: &ValueType) -> Option<Option<ValueType>> {
        match self.strip(ty) {
            ValueType::Pointer(to) => Some(Some(*to)),
            ValueType::Named(id) => match self.ty(id).kind {
                TypeKind::Pointer(target) => Some(target.map(ValueType::Named)),
                _ => None,
            },
            _ => None,
        }
    }

    /// What a pointer points to; an array gives its first element.
    pub(crate) fn deref(&mut self, value: &Value) -> Result<Value, EngineError> {
        if let Some(target) = self.referent(value)? {
            return self.deref(&target);
        }
        if self.element_type(&value.ty).is_some() && self.pointee(&value.ty).is_none() {
            return self.index(value, 0);
        }
        match self.printer_view(value) {
            // A reference of Rust is a pointer, and seen as what it points to.
            Some(View::Alias { value, .. }) => return Ok(*value),
            Some(View::Parts(parts)) if parts.target.is_some() => {
                if let Some(target) = parts.target {
                    return Ok(*target);
                }
            }
            _ => {}
        }
        match self.pointee(&value.ty) {
            Some(Some(target)) => {
                if let Storage::PointsTo(pointed) = &value.storage {
                    return Ok(Value { ty: target, storage: pointed.storage.clone(), bits: None });
                }
                let address = self.address_in(value)?;
                Ok(self.at(address, target))
            }
            Some(None) => {
                Err(EngineError::Expression("a `void *` can't be dereferenced; cast it first: `*(int *)p`".to_owned()))
            }
            None => {
                let name = self.short_type_name(&value.ty);
                if let Some(View::Words { text, .. }) = self.printer_view(value) {
                    return Err(EngineError::Expression(format!("there is nothing behind this `{name}`: {text}")));
                }
                Err(EngineError::Expression(format!("a value of type `{name}` is no pointer")))
            }
        }
    }

    /// The type of the elements of an array; of several dimensions the elements are arrays.
    pub(crate) fn element_type(&self, ty: &ValueType) -> Option<ValueType> {
        let (element, counts) = self.array(ty)?;
        match counts.get(1..) {
            Some(inner) if !inner.is_empty() => {
                Some(ValueType::Array { element: Box::new(element), counts: inner.to_vec() })
            }
            _ => Some(element),
        }
    }

    /// Goes on with what a value is seen as. Of damaged files that may be itself.
    fn going_through<R>(&mut self, go: impl FnOnce(&mut Self) -> Result<R, EngineError>) -> Result<R, EngineError> {
        if self.through > MOST_THROUGH {
            return Err(EngineError::Expression("what this stands for is behind too many references".to_owned()));
        }
        self.through += 1;
        let result = go(self);
        self.through -= 1;
        result
    }

    /// Element `index` of an array, or of what a pointer points to.
    pub(crate) fn index(&mut self, value: &Value, index: i128) -> Result<Value, EngineError> {
        self.going_through(|this| this.index_here(value, index))
    }

    fn index_here(&mut self, value: &Value, index: i128) -> Result<Value, EngineError> {
        if let Some(target) = self.referent(value)? {
            return self.index(&target, index);
        }
        if let Some(Some(target)) = self.pointee(&value.ty) {
            if self.language == Language::Rust {
                // Rust indexes through references: `items[0]` of a `&Vec<T>` or `&[T; 4]`.
                let behind = self.deref(value)?;
                if self.element_type(&behind.ty).is_some() {
                    return self.index(&behind, index);
                }
                if let Some(element) = self.printed_element(&behind, index)? {
                    return Ok(element);
                }
            }
            let size = self.size(&target).unwrap_or(1);
            let address = self.address_in(value)?;
            let address = offset(address, index, size)?;
            return Ok(self.at(address, target));
        }
        if let Some(element) = self.printed_element(value, index)? {
            return Ok(element);
        }
        let (Some(element), Some((_, counts))) = (self.element_type(&value.ty), self.array(&value.ty)) else {
            let name = self.short_type_name(&value.ty);
            return Err(EngineError::Expression(format!("a value of type `{name}` can't be indexed")));
        };
        // In C an index behind the end is an idiom (`items[1]` at the end of a struct); bytes of a copy do end.
        let c = matches!(self.language, Language::C | Language::Cpp) && value.address().is_some();
        if let Some(count) = counts.first().copied().flatten().filter(|_| !c)
            && (index < 0 || index >= i128::from(count))
        {
            return Err(EngineError::Expression(format!(
                "index {index} is out of range: the array has {count} elements"
            )));
        }
        let size = self.size(&element).unwrap_or(1);
        self.part(value, index, size, element)
    }

    /// Elements `from` up to `to` (or the end, where there is one), as an array; of a text a text.
    pub(crate) fn slice(&mut self, value: &Value, from: i128, to: Option<i128>) -> Result<Value, EngineError> {
        self.going_through(|this| this.slice_here(value, from, to))
    }

    fn slice_here(&mut self, value: &Value, from: i128, to: Option<i128>) -> Result<Value, EngineError> {
        if let Some(target) = self.referent(value)? {
            return self.slice(&target, from, to);
        }
        let pointee = self.pointee(&value.ty).flatten();
        if pointee.is_some() && self.language == Language::Rust {
            let behind = self.deref(value)?;
            if self.element_type(&behind.ty).is_some() || self.slice_parts(&behind).is_some() {
                return self.slice(&behind, from, to);
            }
        }
        match self.printer_view(value) {
            Some(View::List(list)) if list.contiguous.is_none() => return self.copied_slice(&list, from, to),
            Some(View::Parts(parts)) if parts.target.is_some() => {
                if let Some(target) = parts.target {
                    return self.slice(&target, from, to);
                }
            }
            _ => {}
        }
        let parts = self.slice_parts(value);
        let length = match &parts {
            Some(parts) => Some(parts.length),
            None => self.array(&value.ty).and_then(|(_, counts)| counts.first().copied().flatten()),
        };
        let to = to.or(length.map(i128::from)).ok_or_else(|| {
            EngineError::Expression("where this ends isn't known; write the end: `p[0..10]`".to_owned())
        })?;
        // A pointer may be followed in both directions.
        let least = if pointee.is_some() { i128::MIN } else { 0 };
        if from < least || to < from || length.is_some_and(|length| to > i128::from(length)) {
            let length = length.map_or(String::new(), |length| format!(": the length is {length}"));
            return Err(EngineError::Expression(format!("{from}..{to} is out of range{length}")));
        }
        let count = to.checked_sub(from).and_then(|count| u64::try_from(count).ok());
        let count = count.ok_or_else(|| EngineError::Expression(format!("{from}..{to} is out of range")))?;
        let whole =
            |element: &ValueType| ValueType::Array { element: Box::new(element.clone()), counts: vec![Some(count)] };
        if let Some(Sliced { pointer, element, text, .. }) = parts {
            let pointer = offset(pointer, from, self.size(&element).unwrap_or(1))?;
            if text && let Some(text) = self.text_slice(value, pointer, count) {
                return Ok(text);
            }
            return Ok(self.at(pointer, whole(&element)));
        }
        if let Some(target) = pointee {
            let address = offset(self.address_in(value)?, from, self.size(&target).unwrap_or(1))?;
            return Ok(self.at(address, whole(&target)));
        }
        let (Some(element), Some((innermost, mut counts))) = (self.element_type(&value.ty), self.array(&value.ty))
        else {
            let name = self.short_type_name(&value.ty);
            return Err(EngineError::Expression(format!("a value of type `{name}` can't be indexed")));
        };
        if let Some(first) = counts.first_mut() {
            *first = Some(count);
        }
        let ty = ValueType::Array { element: Box::new(innermost), counts };
        self.part(value, from, self.size(&element).unwrap_or(1), ty)
    }

    /// A slice of text: pointer and length in the words of its language.
    fn text_slice(&mut self, value: &Value, pointer: u64, length: u64) -> Option<Value> {
        let own = self.stripped(&value.ty)?;
        let ty = match &own.kind {
            TypeKind::Record(record) if record.members.len() == 2 => value.ty.clone(),
            _ => ValueType::Named(self.symbols.find_types("&str").first().copied()?),
        };
        let own = self.stripped(&ty)?;
        let TypeKind::Record(record) = &own.kind else { return None };
        let mut bytes = vec![0; usize::try_from(self.size(&ty)?).ok().filter(|size| *size <= 64)?];
        for member in &record.members {
            let number = if matches!(member.name.as_deref(), Some("data_ptr" | "ptr")) { pointer } else { length };
            let size = usize::try_from(self.size(&ValueType::Named(member.ty))?).ok().filter(|size| *size <= 8)?;
            let at = usize::try_from(member.offset).ok()?;
            bytes.get_mut(at..at.checked_add(size)?)?.copy_from_slice(&number.to_le_bytes()[..size]);
        }
        Some(Value { ty, storage: Storage::Bytes { bytes, origin: "it is a computed value" }, bits: None })
    }

    /// The part of a value at `index * size` bytes from its start.
    pub(super) fn part(&self, value: &Value, index: i128, size: u64, ty: ValueType) -> Result<Value, EngineError> {
        let storage = match &value.storage {
            Storage::Memory { instance, address } => {
                Storage::Memory { instance: *instance, address: offset(*address, index, size)? }
            }
            Storage::Bytes { bytes, origin } => {
                let start = usize::try_from(offset(0, index, size)?).unwrap_or(usize::MAX);
                // Of a place that is smaller than its type nothing is known behind its end.
                match bytes.get(start..).filter(|rest| !rest.is_empty() || self.size(&ty) == Some(0)) {
                    Some(rest) => Storage::Bytes { bytes: rest.to_vec(), origin },
                    None => return Err(EngineError::Expression("that part of the value isn't known".to_owned())),
                }
            }
            Storage::Partly { bytes, known } => {
                let start = usize::try_from(offset(0, index, size)?).unwrap_or(usize::MAX);
                let length = self.size(&ty).and_then(|size| usize::try_from(size).ok());
                let end = length.map_or(bytes.len(), |length| start.saturating_add(length));
                partly(bytes, known, start..end)
            }
            Storage::PointsTo(_) => Storage::Unavailable(super::no_address()),
            Storage::Unavailable(why) => Storage::Unavailable(why.clone()),
        };
        Ok(Value { ty, storage, bits: None })
    }

    pub(crate) fn part_of_member(&self, value: &Value, member: &Member) -> Result<Value, EngineError> {
        let mut part = self.part(value, 1, member.offset, ValueType::Named(member.ty))?;
        part.bits = member.bits;
        Ok(part)
    }

    /// A member by name, through anonymous records, base classes, smart pointers and (for convenience) pointers.
    pub(crate) fn member(&mut self, value: &Value, name: &str) -> Result<Value, EngineError> {
        let mut value = self.referent(value)?.unwrap_or_else(|| value.clone());
        // Through a few pointers, not through one to itself for ever.
        for _ in 0..4 {
            if self.pointee(&value.ty).is_some() {
                value = self.deref(&value)?;
            }
        }
        if let Some(found) = self.printed_member(&value, name, 4) {
            return Ok(found);
        }
        let value = &value;
        let Some(ty) = self.stripped(&value.ty) else { return self.no_member(value, name, &[]) };
        let TypeKind::Record(record) = &ty.kind else { return self.no_member(value, name, &[]) };
        if let Some(found) = self.find_member(value, record, name, 0)? {
            return Ok(found);
        }
        // One that only the class has which the object really is of.
        if let Some(whole) = self.most_derived(value)
            && let Some(of_whole) = self.stripped(&whole.ty)
            && let TypeKind::Record(of_whole) = &of_whole.kind
            && let Some(found) = self.find_member(&whole, of_whole, name, 0)?
        {
            return Ok(found);
        }
        let names: Vec<String> = record.members.iter().filter_map(|m| m.name.clone()).collect();
        self.no_member(value, name, &names)
    }

    /// A member of what a smart pointer points to, else a part that the printer names.
    fn printed_member(&mut self, value: &Value, name: &str, depth: u32) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        let (target, parts) = match self.printer_view(value)? {
            View::Alias { value, .. } => (Some(value), Vec::new()),
            View::Parts(parts) => (parts.target, parts.parts),
            View::Words { parts, .. } => (None, parts),
            _ => return None,
        };
        if let Some(target) = target {
            let mut target = *target;
            for _ in 0..4 {
                if self.pointee(&target.ty).is_some() {
                    target = self.deref(&target).ok()?;
                }
            }
            if let Some(found) = self.printed_member(&target, name, depth) {
                return Some(found);
            }
            if let Some(ty) = self.stripped(&target.ty)
                && let TypeKind::Record(record) = &ty.kind
                && let Ok(Some(found)) = self.find_member(&target, record, name, 0)
            {
                return Some(found);
            }
        }
        let part = parts.into_iter().find(|part| part.name == name)?;
        match part.content {
            Content::Value(value) => Some(value),
            Content::Words(_) => None,
        }
    }

    fn no_member(&self, value: &Value, name: &str, names: &[String]) -> Result<Value, EngineError> {
        let near = near_misses(name, names.iter().map(String::as_str));
        let hint = match (near.first(), names.is_empty()) {
            (Some(near), _) => format!("; did you mean `{near}`?"),
            (None, false) if names.len() <= 12 => format!("; it has {}", names.join(", ")),
            _ => String::new(),
        };
        let ty = self.short_type_name(&value.ty);
        Err(EngineError::Expression(format!("there is no member `{name}` in a `{ty}`{hint}")))
    }

    pub(super) fn find_member(
        &mut self,
        value: &Value,
        record: &Record,
        name: &str,
        depth: u32,
    ) -> Result<Option<Value>, EngineError> {
        // Damaged files may have records inside themselves.
        if depth > 5 {
            return Ok(None);
        }
        let fits = |member: &Member| {
            member.name.as_deref().is_some_and(|n| n == name || n.strip_prefix("__") == Some(name) && is_number(name))
        };
        if let Some(member) = record.members.iter().find(|m| fits(m)) {
            return self.part_of_member(value, member).map(Some);
        }
        let anonymous = record.members.iter().filter(|m| m.name.is_none());
        let anonymous: Vec<Value> = anonymous.filter_map(|m| self.part_of_member(value, m).ok()).collect();
        if let Some(variable) = record.statics.iter().find(|v| v.name == name) {
            return Ok(Some(self.variable(variable)));
        }
        let bases: Vec<Value> =
            (0..record.bases.len()).filter_map(|index| self.base_part(value, record, index).ok()).collect();
        for inner in anonymous.into_iter().chain(bases) {
            if let Some(ty) = self.stripped(&inner.ty)
                && let TypeKind::Record(record) = &ty.kind
                && let Some(found) = self.find_member(&inner, record, name, depth + 1)?
            {
                return Ok(Some(found));
            }
        }
        if let Some(part) = &record.variants
            && let Some(member) = self.active_variant(value, part)?
        {
            let variant = self.part_of_member(value, &member)?;
            if let Some(ty) = self.stripped(&variant.ty)
                && let TypeKind::Record(record) = &ty.kind
            {
                return self.find_member(&variant, record, name, depth + 1);
            }
        }
        Ok(None)
    }

    /// Which variant of an enum with data there is.
    pub(crate) fn active_variant(&mut self, value: &Value, part: &VariantPart) -> Result<Option<Member>, EngineError> {
        let Some(discriminant) = &part.discriminant else {
            return Ok(part.variants.first().map(|v| v.member.clone()));
        };
        let discriminant = self.part_of_member(value, discriminant)?;
        let number = self.scalar(&discriminant)?.integer().unwrap_or(0);
        let bits = self.size(&discriminant.ty).unwrap_or(8).saturating_mul(8).min(128) as u32;
        // DWARF doesn't say in which sign it wrote the values down: compare the bits.
        let same = |a: i128| super::scalar::wrap(a, bits, false);
        let fits = |(from, to): &(i128, i128)| {
            number >= *from && number <= *to || same(number) >= same(*from) && same(number) <= same(*to)
        };
        let named = part.variants.iter().find(|v| v.values.iter().any(fits));
        let otherwise = || part.variants.iter().find(|v| v.values.is_empty());
        Ok(named.or_else(otherwise).map(|v| v.member.clone()))
    }
}

/// A range of a value of which only some bytes are known.
fn partly(bytes: &[u8], known: &[Range<usize>], range: Range<usize>) -> Storage {
    let inside = known.iter().filter_map(|known| {
        let (start, end) = (known.start.max(range.start), known.end.min(range.end));
        (start < end).then(|| start - range.start..end - range.start)
    });
    let inside: Vec<Range<usize>> = inside.collect();
    match (bytes.get(range.clone()), inside.as_slice()) {
        (_, []) | (None, _) => Storage::Unavailable(Unavailable::new("optimised out")),
        (Some(bytes), [all]) if *all == (0..bytes.len()) => {
            Storage::Bytes { bytes: bytes.to_vec(), origin: "it lies in several pieces" }
        }
        (Some(bytes), _) => Storage::Partly { bytes: bytes.to_vec(), known: inside },
    }
}

fn is_number(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_digit())
}

/// `address + index * size`, inside an address space.
fn offset(address: u64, index: i128, size: u64) -> Result<u64, EngineError> {
    let at = index.checked_mul(i128::from(size)).and_then(|by| by.checked_add(i128::from(address)));
    at.and_then(|at| u64::try_from(at).ok())
        .ok_or_else(|| EngineError::Expression("the address lies outside the address space".to_owned()))
}
