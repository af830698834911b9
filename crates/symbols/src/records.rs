//! Structs, classes, unions, and enums with data.
//!
//! Invariant: members come in the order of the file; one without a type or a place is left out.

use gimli::{AttributeValue, constants};

use crate::{
    Base, BitRange, Member, Record, RecordKind, TypeId, Variable, VariableId, VariableKind, Variant, VariantPart,
    dwarf::Entry,
    functions::declared,
    types::{Types, integer},
};

/// The record of an entry.
pub(crate) fn read<'a>(types: &Types<'_, 'a>, entry: &Entry<'a>) -> Record {
    let mut record = Record {
        kind: match entry.die.tag() {
            constants::DW_TAG_union_type => RecordKind::Union,
            constants::DW_TAG_class_type => RecordKind::Class,
            _ => RecordKind::Struct,
        },
        bases: Vec::new(),
        members: Vec::new(),
        statics: Vec::new(),
        variants: None,
        type_arguments: Vec::new(),
    };
    for child in entry.children(types.dwarf) {
        match child.die.tag() {
            constants::DW_TAG_inheritance => record.bases.extend(base(types, &child)),
            constants::DW_TAG_member if !is_static(&child) => record.members.extend(member(types, &child)),
            constants::DW_TAG_member | constants::DW_TAG_variable => record.statics.extend(static_of(types, child)),
            constants::DW_TAG_variant_part => record.variants = Some(variant_part(types, &child)),
            constants::DW_TAG_template_type_parameter => record.type_arguments.extend(type_argument(types, &child)),
            // `T...`: those of `std::tuple<int, char>` are together in one.
            constants::DW_TAG_GNU_template_parameter_pack => {
                let arguments = child.children(types.dwarf);
                let arguments =
                    arguments.iter().filter(|child| child.die.tag() == constants::DW_TAG_template_type_parameter);
                record.type_arguments.extend(arguments.filter_map(|child| type_argument(types, child)));
            }
            _ => {}
        }
    }
    record
}

fn type_argument<'a>(types: &Types<'_, 'a>, entry: &Entry<'a>) -> Option<(String, TypeId)> {
    let name = entry.string(types.dwarf, constants::DW_AT_name).unwrap_or_default();
    Some((name, types.target(entry)?))
}

fn is_static(entry: &Entry<'_>) -> bool {
    entry.flag(constants::DW_AT_declaration) || entry.flag(constants::DW_AT_external)
}

fn static_of<'a>(types: &Types<'_, 'a>, entry: Entry<'a>) -> Option<Variable> {
    let constant = entry.die.attr_value(constants::DW_AT_const_value).is_some();
    Some(Variable {
        id: VariableId(entry.offset as u64),
        name: entry.string(types.dwarf, constants::DW_AT_name)?,
        kind: if constant { VariableKind::Constant } else { VariableKind::Static },
        ty: types.target(&entry),
        artificial: entry.flag(constants::DW_AT_artificial),
        declared: declared(types.lines, &[entry]),
        depth: 0,
    })
}

fn base<'a>(types: &Types<'_, 'a>, entry: &Entry<'a>) -> Option<Base> {
    let is_virtual = match entry.die.attr_value(constants::DW_AT_virtuality) {
        Some(AttributeValue::Virtuality(virtuality)) => virtuality != constants::DW_VIRTUALITY_none,
        _ => false,
    };
    let offset = if is_virtual { None } else { Some(byte_offset(entry).unwrap_or(0)) };
    Some(Base { ty: types.target(entry)?, offset })
}

/// Where a member begins, in bytes.
fn byte_offset(entry: &Entry<'_>) -> Option<u64> {
    match entry.die.attr_value(constants::DW_AT_data_member_location)? {
        AttributeValue::Exprloc(expression) => match expression.operations(entry.unit.encoding()).next().ok()?? {
            gimli::Operation::PlusConstant { value } | gimli::Operation::UnsignedConstant { value } => Some(value),
            _ => None,
        },
        value => value.udata_value(),
    }
}

fn member<'a>(types: &Types<'_, 'a>, entry: &Entry<'a>) -> Option<Member> {
    let ty = types.target(entry)?;
    let begins = byte_offset(entry);
    if begins.is_none() && entry.die.attr_value(constants::DW_AT_data_member_location).is_some() {
        return None;
    }
    let begins = begins.unwrap_or(0);
    let (offset, bits) = match entry.unsigned(constants::DW_AT_bit_size) {
        None => (begins, None),
        Some(width) => {
            let first = first_bit(types, entry, ty, width);
            (begins.checked_add(first / 8)?, Some(BitRange { first: first % 8, width }))
        }
    };
    let name = entry.string(types.dwarf, constants::DW_AT_name);
    Some(Member { name, ty, offset, bits, artificial: entry.flag(constants::DW_AT_artificial) })
}

/// The first bit of a bit-field, counted from the lowest bit of the byte where the member begins.
fn first_bit<'a>(types: &Types<'_, 'a>, entry: &Entry<'a>, ty: TypeId, width: u64) -> u64 {
    if let Some(first) = entry.unsigned(constants::DW_AT_data_bit_offset) {
        return first;
    }
    // Before DWARF 4 it was counted from the highest bit of the storage unit, whatever the byte order.
    let Some(from_top) = entry.unsigned(constants::DW_AT_bit_offset) else { return 0 };
    let storage = entry.unsigned(constants::DW_AT_byte_size).or_else(|| types.size_of(ty)).unwrap_or(0);
    storage.saturating_mul(8).saturating_sub(from_top).saturating_sub(width)
}

fn variant_part<'a>(types: &Types<'_, 'a>, entry: &Entry<'a>) -> VariantPart {
    let discriminant = entry.reference(types.dwarf, constants::DW_AT_discr);
    let discriminant = discriminant.and_then(|member| types.dwarf.entry(member));
    let discriminant = discriminant.and_then(|entry| member(types, &entry));
    let (size, signed) = match &discriminant {
        Some(member) => (types.size_of(member.ty), types.is_signed(member.ty)),
        None => (None, false),
    };
    let variants = entry.children(types.dwarf).into_iter().filter_map(|child| {
        if child.die.tag() != constants::DW_TAG_variant {
            return None;
        }
        let values = match child.die.attr_value(constants::DW_AT_discr_value) {
            Some(value) => {
                let value = integer(&value, size, signed);
                vec![(value, value)]
            }
            None => match child.die.attr_value(constants::DW_AT_discr_list) {
                Some(AttributeValue::Block(list)) => discriminants(list, signed),
                _ => Vec::new(),
            },
        };
        let member = child
            .children(types.dwarf)
            .iter()
            .find_map(|child| (child.die.tag() == constants::DW_TAG_member).then(|| member(types, child)).flatten())?;
        Some(Variant { values, member })
    });
    VariantPart { variants: variants.collect(), discriminant }
}

/// A list of labels and ranges (DWARF 5, section 5.7.10).
fn discriminants(mut list: crate::dwarf::Reader<'_>, signed: bool) -> Vec<(i128, i128)> {
    use gimli::Reader as _;
    let mut values = Vec::new();
    while !list.is_empty() {
        let mut number = || -> gimli::Result<i128> {
            if signed { list.read_sleb128().map(i128::from) } else { list.read_uleb128().map(i128::from) }
        };
        let Ok(range) = (|| -> gimli::Result<(i128, i128)> {
            // The descriptor is 0 or 1: the same in both encodings.
            let is_range = number()? != 0;
            let low = number()?;
            Ok((low, if is_range { number()? } else { low }))
        })() else {
            break;
        };
        values.push(range);
    }
    values
}

#[cfg(test)]
mod tests {
    use gimli::{EndianSlice, LittleEndian};

    #[test]
    fn lists_of_discriminants() {
        let list = |bytes: &'static [u8], signed| super::discriminants(EndianSlice::new(bytes, LittleEndian), signed);
        assert_eq!(list(&[0, 3, 1, 5, 9], false), [(3, 3), (5, 9)]);
        assert_eq!(list(&[0, 0x7f], true), [(-1, -1)]);
        assert_eq!(list(&[1, 5], false), [], "a list that breaks off");
    }
}
