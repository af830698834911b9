//! Types.
//!
//! Invariant: a [`Type`] holds other types only by their ids, so types that contain themselves cost nothing here; where
//! a chain of types has to be followed (sizes, signs), it's followed [`MAX_CHAIN`] steps at most.

use freezeframe_debuggee::Unavailable;
use gimli::{AttributeValue, constants};

use crate::{
    Encoding, Language, Qualifier, Type, TypeId, TypeKind,
    dwarf::{Dwarf, Entry, Value},
    index::is_record,
    lines::Lines,
    names,
    paths::{At, Index},
    records, type_names,
};

const MAX_CHAIN: usize = 32;

/// What answers about types need.
pub(crate) struct Types<'t, 'a> {
    pub dwarf: &'t Dwarf<'a>,
    pub index: &'t Index,
    pub lines: &'t Lines,
}

impl<'a> Types<'_, 'a> {
    /// The type at this id.
    pub fn read(&self, id: TypeId) -> Result<Type, Unavailable> {
        let damaged = || Unavailable::new(format!("the entry of its type at {:#x} is damaged", id.0));
        let entry = usize::try_from(id.0).ok().and_then(|offset| self.dwarf.entry(offset)).ok_or_else(damaged)?;
        let entry = self.definition(entry);
        let language = self.language(&entry);
        let name = type_names::name(self.dwarf, self.index, &entry);
        let kind = self.kind(&entry, language).ok_or_else(damaged)?;
        Ok(Type { name, size: self.size(&entry, 0), kind, language })
    }

    fn language(&self, entry: &Entry<'a>) -> Language {
        self.dwarf.units.list.get(entry.unit_index).map_or(Language::Other, |unit| unit.language)
    }

    /// The definition of a type that an entry only declares, if there is one; else the entry itself.
    pub fn definition(&self, entry: Entry<'a>) -> Entry<'a> {
        if let Some(value) = entry.die.attr_value(constants::DW_AT_signature)
            && let Some(unit) = self.dwarf.reference(entry.unit_index, &value)
            && let Some(definition) = self.dwarf.entry(unit)
        {
            return definition;
        }
        if !entry.flag(constants::DW_AT_declaration) {
            return entry;
        }
        let found = || {
            let at = self.index.scope_at(self.dwarf, u32::try_from(entry.offset).ok()?)?;
            let path = self.index.path(self.dwarf, at);
            let short = names::without_generics(path.parts.last()?);
            let tag = entry.die.tag();
            let same = |other: &&At| {
                self.index
                    .scope(self.dwarf, **other)
                    .is_some_and(|scope| scope.tag == tag || is_record(scope.tag) && is_record(tag))
                    && self.index.path(self.dwarf, **other).parts == path.parts
            };
            // The unit's own definition before one of the same name elsewhere.
            let candidates = self.index.types_named(self.dwarf, short);
            let own = candidates.iter().filter(|other| other.0 == at.0).find(same);
            let definition = own.or_else(|| candidates.iter().find(same))?;
            self.dwarf.entry(self.index.scope(self.dwarf, *definition)?.offset as usize)
        };
        found().unwrap_or(entry)
    }

    /// The type that an entry refers to.
    pub fn target(&self, entry: &Entry<'a>) -> Option<TypeId> {
        Some(TypeId(entry.reference(self.dwarf, constants::DW_AT_type)? as u64))
    }

    fn kind(&self, entry: &Entry<'a>, language: Language) -> Option<TypeKind> {
        let target = self.target(entry);
        let qualified = |qualifier| TypeKind::Qualified { qualifier, target };
        let unknown = |tag: gimli::DwTag| TypeKind::Unknown(tag.to_string());
        Some(match entry.die.tag() {
            constants::DW_TAG_base_type => TypeKind::Base(encoding(entry, language)),
            constants::DW_TAG_pointer_type => TypeKind::Pointer(target),
            tag @ (constants::DW_TAG_reference_type | constants::DW_TAG_rvalue_reference_type) => {
                target.map_or_else(|| unknown(tag), TypeKind::Reference)
            }
            constants::DW_TAG_const_type => qualified(Qualifier::Const),
            constants::DW_TAG_volatile_type => qualified(Qualifier::Volatile),
            constants::DW_TAG_restrict_type => qualified(Qualifier::Restrict),
            constants::DW_TAG_atomic_type => qualified(Qualifier::Atomic),
            constants::DW_TAG_typedef | constants::DW_TAG_template_alias => TypeKind::Typedef(target),
            tag if is_record(tag) => {
                if entry.flag(constants::DW_AT_declaration) {
                    TypeKind::Incomplete
                } else {
                    TypeKind::Record(records::read(self, entry))
                }
            }
            constants::DW_TAG_enumeration_type if entry.flag(constants::DW_AT_declaration) => TypeKind::Incomplete,
            constants::DW_TAG_enumeration_type => self.enumeration(entry, target),
            tag @ constants::DW_TAG_array_type => match target {
                Some(element) => TypeKind::Array { element, counts: counts(self.dwarf, entry) },
                None => unknown(tag),
            },
            constants::DW_TAG_subroutine_type => {
                let parameters = entry.children(self.dwarf).into_iter().filter_map(|child| {
                    (child.die.tag() == constants::DW_TAG_formal_parameter).then(|| self.target(&child)).flatten()
                });
                TypeKind::Function { returns: target, parameters: parameters.collect() }
            }
            constants::DW_TAG_ptr_to_member_type => {
                let class = entry.reference(self.dwarf, constants::DW_AT_containing_type);
                TypeKind::MemberPointer { target, class: class.map(|class| TypeId(class as u64)) }
            }
            constants::DW_TAG_subrange_type if target.is_some() => TypeKind::Typedef(target),
            tag @ (constants::DW_TAG_unspecified_type
            | constants::DW_TAG_subrange_type
            | constants::DW_TAG_string_type
            | constants::DW_TAG_set_type
            | constants::DW_TAG_file_type
            | constants::DW_TAG_packed_type
            | constants::DW_TAG_shared_type
            | constants::DW_TAG_immutable_type
            | constants::DW_TAG_dynamic_type
            | constants::DW_TAG_coarray_type) => unknown(tag),
            // An entry that is no type at all.
            _ => return None,
        })
    }

    fn enumeration(&self, entry: &Entry<'a>, underlying: Option<TypeId>) -> TypeKind {
        let children = entry.children(self.dwarf);
        let values = || {
            let enumerators = children.iter().filter(|child| child.die.tag() == constants::DW_TAG_enumerator);
            enumerators.filter_map(|child| {
                let name = child.string(self.dwarf, constants::DW_AT_name)?;
                Some((name, child.die.attr_value(constants::DW_AT_const_value)?))
            })
        };
        let signed = match underlying {
            Some(underlying) => self.is_signed(underlying),
            None => values().any(|(_, value)| matches!(value, AttributeValue::Sdata(value) if value < 0)),
        };
        let size = self.size(entry, 0);
        let enumerators = values().map(|(name, value)| (name, integer(&value, size, signed))).collect();
        TypeKind::Enumeration { underlying, signed, enumerators }
    }

    /// Whether the scalars of a type are signed.
    pub fn is_signed(&self, id: TypeId) -> bool {
        let mut next = usize::try_from(id.0).ok();
        for _ in 0..MAX_CHAIN {
            let Some(entry) = next.and_then(|offset| self.dwarf.entry(offset)) else { return false };
            if entry.die.tag() == constants::DW_TAG_base_type {
                return matches!(encoding(&entry, Language::Other), Encoding::Signed | Encoding::SignedChar);
            }
            next = entry.reference(self.dwarf, constants::DW_AT_type);
        }
        false
    }

    /// The size in bytes of the type with this id.
    pub fn size_of(&self, id: TypeId) -> Option<u64> {
        let entry = self.dwarf.entry(usize::try_from(id.0).ok()?)?;
        self.size(&entry, 0)
    }

    fn size(&self, entry: &Entry<'a>, depth: usize) -> Option<u64> {
        if let Some(size) = entry.unsigned(constants::DW_AT_byte_size) {
            return Some(size);
        }
        if depth > MAX_CHAIN {
            return None;
        }
        let of_target = || {
            let target = self.dwarf.entry(entry.reference(self.dwarf, constants::DW_AT_type)?)?;
            let target = if depth == 0 { self.definition(target) } else { target };
            self.size(&target, depth + 1)
        };
        match entry.die.tag() {
            constants::DW_TAG_pointer_type
            | constants::DW_TAG_reference_type
            | constants::DW_TAG_rvalue_reference_type => Some(u64::from(entry.unit.header.address_size())),
            constants::DW_TAG_array_type => {
                let counts = counts(self.dwarf, entry);
                counts.into_iter().try_fold(of_target()?, |size, count| size.checked_mul(count?))
            }
            constants::DW_TAG_typedef
            | constants::DW_TAG_template_alias
            | constants::DW_TAG_const_type
            | constants::DW_TAG_volatile_type
            | constants::DW_TAG_restrict_type
            | constants::DW_TAG_atomic_type
            | constants::DW_TAG_subrange_type
            | constants::DW_TAG_enumeration_type => of_target(),
            _ => None,
        }
    }
}

/// The dimensions of an array type, outermost first.
pub(crate) fn dimensions<'a>(dwarf: &Dwarf<'a>, entry: &Entry<'a>) -> Vec<Entry<'a>> {
    let mut dimensions = entry.children(dwarf);
    dimensions.retain(|child| {
        matches!(
            child.die.tag(),
            constants::DW_TAG_subrange_type | constants::DW_TAG_enumeration_type | constants::DW_TAG_generic_subrange
        )
    });
    dimensions
}

/// How many elements each dimension of an array type has, outermost first.
pub(crate) fn counts<'a>(dwarf: &Dwarf<'a>, entry: &Entry<'a>) -> Vec<Option<u64>> {
    dimensions(dwarf, entry).iter().map(count).collect()
}

/// How many elements a dimension has, if that is a constant.
pub(crate) fn count(dimension: &Entry<'_>) -> Option<u64> {
    if let Some(count) = dimension.unsigned(constants::DW_AT_count) {
        return Some(count);
    }
    let lower = dimension.unsigned(constants::DW_AT_lower_bound).unwrap_or(0);
    match dimension.die.attr_value(constants::DW_AT_upper_bound)? {
        AttributeValue::Sdata(-1) => None,
        AttributeValue::Data4(u32::MAX) | AttributeValue::Data8(u64::MAX) => None,
        value => value.udata_value()?.checked_add(1)?.checked_sub(lower),
    }
}

/// A constant of a type with this size and sign.
pub(crate) fn integer(value: &Value<'_>, size: Option<u64>, signed: bool) -> i128 {
    let (raw, bytes) = match value {
        AttributeValue::Sdata(value) => return fit(i128::from(*value), size, signed),
        AttributeValue::Udata(value) => (u128::from(*value), 8),
        AttributeValue::Data1(value) => (u128::from(*value), 1),
        AttributeValue::Data2(value) => (u128::from(*value), 2),
        AttributeValue::Data4(value) => (u128::from(*value), 4),
        AttributeValue::Data8(value) => (u128::from(*value), 8),
        AttributeValue::Data16(value) => (*value, 16),
        AttributeValue::Block(bytes) => {
            let low = bytes.slice().iter().take(16).rev().fold(0, |bits, byte| bits << 8 | u128::from(*byte));
            (low, bytes.slice().len().min(16) as u64)
        }
        other => (u128::from(other.udata_value().unwrap_or(0)), 8),
    };
    // A short form of a signed constant is extended by its own sign.
    let value = fit(raw.cast_signed(), Some(bytes), signed);
    fit(value, size, signed)
}

/// The value as it reads in so many bytes.
fn fit(value: i128, size: Option<u64>, signed: bool) -> i128 {
    let Some(unused) = size.and_then(|size| 16u64.checked_sub(size)).filter(|unused| *unused < 16) else {
        return value;
    };
    let unused = u32::try_from(unused).unwrap_or(0) * 8;
    if signed {
        value.wrapping_shl(unused).wrapping_shr(unused)
    } else {
        (value.cast_unsigned() << unused >> unused).cast_signed()
    }
}

fn encoding(entry: &Entry<'_>, language: Language) -> Encoding {
    let Some(AttributeValue::Encoding(encoding)) = entry.die.attr_value(constants::DW_AT_encoding) else {
        return Encoding::Other(0);
    };
    match encoding {
        constants::DW_ATE_boolean => Encoding::Bool,
        constants::DW_ATE_signed => Encoding::Signed,
        constants::DW_ATE_unsigned => Encoding::Unsigned,
        constants::DW_ATE_float => Encoding::Float,
        constants::DW_ATE_complex_float => Encoding::ComplexFloat,
        constants::DW_ATE_signed_char if language == Language::Rust => Encoding::Signed,
        constants::DW_ATE_signed_char => Encoding::SignedChar,
        constants::DW_ATE_unsigned_char if language == Language::Rust => Encoding::Unsigned,
        constants::DW_ATE_unsigned_char => Encoding::UnsignedChar,
        constants::DW_ATE_UTF | constants::DW_ATE_UCS | constants::DW_ATE_ASCII => Encoding::Utf,
        other => Encoding::Other(other.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_have_the_sign_of_their_type() {
        assert_eq!(integer(&AttributeValue::Data1(0xff), Some(4), true), -1);
        assert_eq!(integer(&AttributeValue::Data1(0xff), Some(4), false), 255);
        assert_eq!(integer(&AttributeValue::Sdata(-1), Some(1), false), 255);
        assert_eq!(integer(&AttributeValue::Udata(u64::MAX), Some(8), true), -1);
        assert_eq!(integer(&AttributeValue::Data16(u128::MAX), Some(16), true), -1);
        assert_eq!(integer(&AttributeValue::Udata(7), None, false), 7);
        assert_eq!(integer(&AttributeValue::Udata(7), Some(0), false), 7);
    }
}
