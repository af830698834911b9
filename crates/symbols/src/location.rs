//! Where a variable is: its location list, its expression, or its constant value.
//!
//! Invariant: what isn't known is an [`Unavailable`] with its reason, never a guess.

use freezeframe_debuggee::{FrameAccess, Unavailable};
use gimli::{AttributeValue, Expression, constants};

use crate::{
    Place,
    dwarf::{Dwarf, Entry, Reader, Value},
    expression::evaluate,
    module::Body,
};

/// How many entries of a location list are looked at.
const MAX_LIST: usize = 1 << 17;

/// Where thread-local storage begins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TlsBase {
    /// At 0: without threads, addresses of thread-locals are absolute.
    Zero,
    /// Where a global says.
    Global(u32),
    /// The module doesn't name the global.
    Unknown,
}

/// What is known around a location.
pub(crate) struct Around<'f> {
    /// The PC, as DWARF counts it.
    pub address: u64,
    /// The function's entry, if it has one.
    pub function: Option<usize>,
    /// Why the frame base can't be used at this PC, if so.
    pub no_frame_base: Option<&'static str>,
    /// Where thread-local storage begins.
    pub tls_base: TlsBase,
    /// The PC as an offset in the module, and the function body that it's in.
    pub pc: u32,
    pub code: Option<&'f Body>,
    /// The address of the object that something is a part of.
    pub object: Option<u64>,
    /// The frame.
    pub frame: &'f mut dyn FrameAccess,
}

/// Where the variable of an entry is.
pub(crate) fn locate<'a>(dwarf: &Dwarf<'a>, entry: Entry<'a>, around: &mut Around<'_>) -> Result<Place, Unavailable> {
    let chain = dwarf.chain(entry);
    for entry in &chain {
        if let Some(value) = entry.die.attr_value(constants::DW_AT_location) {
            let expression = expression_at(dwarf, entry, value, around.address)?;
            return evaluate(dwarf, entry, expression, around);
        }
        if let Some(value) = entry.die.attr_value(constants::DW_AT_const_value) {
            return constant(dwarf, entry, value);
        }
    }
    Err(Unavailable::new("optimised out"))
}

/// Whether the compiler says where the variable of an entry is at this address, or what it's worth.
pub(crate) fn is_covered<'a>(dwarf: &Dwarf<'a>, entry: Entry<'a>, address: u64) -> bool {
    dwarf.chain(entry).iter().any(|entry| match entry.die.attr_value(constants::DW_AT_location) {
        Some(value) => {
            expression_at(dwarf, entry, value, address).is_ok_and(|expression| says_something(entry, expression))
        }
        None => entry.die.attr_value(constants::DW_AT_const_value).is_some(),
    })
}

/// Whether an expression isn't made of empty pieces alone.
fn says_something<'a>(entry: &Entry<'a>, expression: Expression<Reader<'a>>) -> bool {
    let mut operations = expression.operations(entry.unit.encoding());
    while let Ok(Some(operation)) = operations.next() {
        if !matches!(operation, gimli::Operation::Piece { .. }) {
            return true;
        }
    }
    false
}

/// The expression that says where it is at this address.
pub(crate) fn expression_at<'a>(
    dwarf: &Dwarf<'a>,
    entry: &Entry<'a>,
    value: Value<'a>,
    address: u64,
) -> Result<Expression<Reader<'a>>, Unavailable> {
    if let AttributeValue::Exprloc(expression) = value {
        return Ok(expression);
    }
    let damaged = |error| Unavailable::new(format!("its location list is damaged: {error}"));
    let Some(mut list) = dwarf.gimli.attr_locations(&entry.unit, value).map_err(damaged)? else {
        return Err(Unavailable::new("its location has an unknown form"));
    };
    for _ in 0..MAX_LIST {
        match list.next().map_err(damaged)? {
            Some(found) if (found.range.begin..found.range.end).contains(&address) => return Ok(found.data),
            Some(_) => {}
            None => return Err(Unavailable::new("optimised out here")),
        }
    }
    Err(Unavailable::new("its location list is too long"))
}

/// The bytes of a constant.
fn constant<'a>(dwarf: &Dwarf<'a>, entry: &Entry<'a>, value: Value<'a>) -> Result<Place, Unavailable> {
    Ok(Place::Bytes(match value {
        AttributeValue::Block(bytes) => bytes.slice().to_vec(),
        AttributeValue::Data1(v) => i64::from(v.cast_signed()).to_le_bytes().to_vec(),
        AttributeValue::Data2(v) => i64::from(v.cast_signed()).to_le_bytes().to_vec(),
        AttributeValue::Data4(v) => i64::from(v.cast_signed()).to_le_bytes().to_vec(),
        AttributeValue::Data8(v) => v.to_le_bytes().to_vec(),
        AttributeValue::Data16(v) => v.to_le_bytes().to_vec(),
        AttributeValue::Sdata(v) => v.to_le_bytes().to_vec(),
        AttributeValue::Udata(v) => v.to_le_bytes().to_vec(),
        other => {
            let text = dwarf.text(&entry.unit, other);
            if text.is_none() {
                return Err(Unavailable::new("its constant value has an unknown form"));
            }
            dwarf.sections.str(text).as_bytes().to_vec()
        }
    }))
}
