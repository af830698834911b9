//! What of a type is only known at run time: lengths of arrays, places of virtual bases.
//!
//! Invariant: each is an answer about one object in one frame; a [`Type`](crate::Type) itself stays free of them.

use freezeframe_debuggee::{FrameAccess, Unavailable};
use gimli::{AttributeValue, constants};

use crate::{
    Encoding, ModulePc, Place, Symbols, TypeId, TypeKind,
    dwarf::{Dwarf, Entry},
    expression,
    location::{Around, locate},
    types::{count, dimensions},
};

/// A longer array is damage, or not set up yet.
const MAX_COUNT: u64 = (1 << 31) - 1;

impl Symbols {
    /// The counts of an array type, outermost first, of which DWARF gives some as expressions or variables: C's arrays
    /// of variable length. What isn't known at `pc` stays `None`.
    ///
    /// # Errors
    /// [`Unavailable`] when it is no array type, or its entry is damaged.
    pub fn array_counts(
        &self,
        id: TypeId,
        pc: ModulePc,
        frame: &mut dyn FrameAccess,
    ) -> Result<Vec<Option<u64>>, Unavailable> {
        let dwarf = self.dwarf();
        let entry = usize::try_from(id.0).ok().and_then(|offset| dwarf.entry(offset));
        let entry = entry.filter(|entry| entry.die.tag() == constants::DW_TAG_array_type);
        let entry = entry.ok_or_else(|| Unavailable::new("it is no array"))?;
        let mut around = self.around(pc, frame);
        let counts = dimensions(&dwarf, &entry).into_iter().map(|dimension| {
            count(&dimension).or_else(|| {
                let (value, more) = match dimension.die.attr_value(constants::DW_AT_count) {
                    Some(count) => (count, 0),
                    None => (dimension.die.attr_value(constants::DW_AT_upper_bound)?, 1),
                };
                let lower = dimension.unsigned(constants::DW_AT_lower_bound).unwrap_or(0);
                let value = self.number(&dwarf, &dimension, value, &mut around)?;
                // An empty array may have the upper bound -1.
                let count = value.checked_add(more)?.checked_sub(i128::from(lower))?;
                u64::try_from(count).ok().filter(|count| *count <= MAX_COUNT)
            })
        });
        Ok(counts.collect())
    }

    /// A number that an attribute gives as an expression or by naming a variable.
    fn number<'a>(
        &self,
        dwarf: &Dwarf<'a>,
        entry: &Entry<'a>,
        value: crate::dwarf::Value<'a>,
        around: &mut Around<'_>,
    ) -> Option<i128> {
        if let AttributeValue::Exprloc(expression) = value {
            return expression::number(dwarf, entry, expression, around.object, around)
                .ok()
                .map(|bits| i128::from(bits.cast_signed()));
        }
        let Some(variable) = dwarf.reference(entry.unit_index, &value) else {
            let expression = around.expression(dwarf, entry, value).ok()?;
            return expression::number(dwarf, entry, expression, around.object, around)
                .ok()
                .map(|bits| i128::from(bits.cast_signed()));
        };
        let variable = dwarf.entry(variable)?;
        let ty = self.ty(crate::variables::type_of(dwarf, &dwarf.chain(variable.clone()))?).ok()?;
        let size = usize::try_from(ty.size?).ok().filter(|size| (1..=8).contains(size))?;
        let mut bytes = [0; 8];
        match locate(dwarf, variable, around).ok()? {
            Place::Memory(address) => around.frame.memory(address, bytes.get_mut(..size)?).ok()?,
            Place::Bytes(value) => fill(&mut bytes, &value, size),
            Place::Local(index) => fill(&mut bytes, &around.frame.local(index).ok()?.bytes()?, size),
            Place::Operand(index) => fill(&mut bytes, &around.frame.operand(index).ok()?.bytes()?, size),
            Place::Global(index) => fill(&mut bytes, &around.frame.global(index).ok()?.bytes()?, size),
            Place::Pieces(_) | Place::ImplicitPointer { .. } => return None,
        }
        let unused = 64 - 8 * u32::try_from(size).ok()?;
        let bits = u64::from_le_bytes(bytes);
        let signed = matches!(ty.kind, TypeKind::Base(Encoding::Signed | Encoding::SignedChar));
        Some(if signed {
            i128::from(bits.cast_signed() << unused >> unused)
        } else {
            i128::from(bits << unused >> unused)
        })
    }

    /// Where a base class of the object at `object` begins: base number `base` of the record `record`, in the order of
    /// [`Record::bases`](crate::Record::bases). For a virtual base that is what the object's virtual table says, so the
    /// object has to be constructed.
    ///
    /// # Errors
    /// [`Unavailable`] when there is no such base, or the object can't be read.
    pub fn base_address(
        &self,
        record: TypeId,
        base: usize,
        object: u64,
        frame: &mut dyn FrameAccess,
    ) -> Result<u64, Unavailable> {
        let dwarf = self.dwarf();
        let missing = || Unavailable::new("there is no such base class");
        let entry = self.definition(&dwarf, record).ok_or_else(missing)?;
        let bases = entry.children(&dwarf).into_iter().filter(|child| {
            child.die.tag() == constants::DW_TAG_inheritance && child.die.attr_value(constants::DW_AT_type).is_some()
        });
        let base = bases.into_iter().nth(base).ok_or_else(missing)?;
        let mut around = self.around(ModulePc(0), frame);
        around.object = Some(object);
        let address = match base.die.attr_value(constants::DW_AT_data_member_location) {
            None => object,
            Some(AttributeValue::Exprloc(expression)) => {
                expression::number(&dwarf, &base, expression, Some(object), &mut around)?
            }
            Some(value) => {
                let offset = value.udata_value().ok_or_else(|| Unavailable::new("its place has an unknown form"))?;
                object.checked_add(offset).ok_or_else(|| Unavailable::new("its place lies outside of the memory"))?
            }
        };
        Ok(address & 0xffff_ffff)
    }
}

fn fill(into: &mut [u8; 8], from: &[u8], size: usize) {
    for (into, from) in into.iter_mut().take(size).zip(from) {
        *into = *from;
    }
}
