//! Where a variable is: its location list, its expression, or its constant value.
//!
//! Invariant: what isn't known is an [`Unavailable`] with its reason, never a guess.

use freezeframe_debuggee::{FrameAccess, Unavailable};
use gimli::{AttributeValue, Expression, constants};

use crate::{
    Place, Symbols,
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
    /// Since when the location that is being evaluated holds, as such an offset, if it's one of a list; and whose it is.
    pub since: Option<u32>,
    pub entry: usize,
    /// Who knows what the operand stack holds where.
    pub symbols: &'f Symbols,
    /// The address of the object that something is a part of.
    pub object: Option<u64>,
    /// The frame.
    pub frame: &'f mut dyn FrameAccess,
}

impl Around<'_> {
    /// Whether a slot of the operand stack still is what the location means: it was filled when the location began to hold,
    /// or, without a list, when the variable's scope began.
    pub fn holds(&self, slot: u32) -> bool {
        let since = self.since.or_else(|| self.symbols.scope_start(self.entry, self.pc));
        let heights = self.symbols.heights_at(self.pc);
        since.zip(heights).is_some_and(|(since, heights)| heights.holds(slot, since, self.pc))
    }

    /// The expression that says where something is here.
    pub fn expression<'a>(
        &mut self,
        dwarf: &Dwarf<'a>,
        entry: &Entry<'a>,
        value: Value<'a>,
    ) -> Result<Expression<Reader<'a>>, Unavailable> {
        let (expression, since) = expression_at(dwarf, entry, value, self.address)?;
        // Both count from the same place.
        let code_start = u64::from(self.pc).saturating_sub(self.address);
        self.entry = entry.offset;
        self.since = since.and_then(|since| u32::try_from(since.saturating_add(code_start)).ok());
        Ok(expression)
    }
}

/// Where the variable of an entry is.
pub(crate) fn locate<'a>(dwarf: &Dwarf<'a>, entry: Entry<'a>, around: &mut Around<'_>) -> Result<Place, Unavailable> {
    let chain = dwarf.chain(entry);
    for entry in &chain {
        if let Some(value) = entry.die.attr_value(constants::DW_AT_location) {
            let expression = around.expression(dwarf, entry, value)?;
            return evaluate(dwarf, entry, expression, around);
        }
        if let Some(value) = entry.die.attr_value(constants::DW_AT_const_value) {
            return constant(dwarf, entry, value);
        }
    }
    Err(Unavailable::new("optimised out"))
}

/// Whether the compiler says where the variable of an entry is here, or what it's worth.
pub(crate) fn is_covered<'a>(dwarf: &Dwarf<'a>, entry: Entry<'a>, around: &mut Around<'_>) -> bool {
    dwarf.chain(entry).iter().any(|entry| match entry.die.attr_value(constants::DW_AT_location) {
        Some(value) => {
            let expression = around.expression(dwarf, entry, value);
            expression.is_ok_and(|expression| says_something(entry, expression, around))
        }
        None => entry.die.attr_value(constants::DW_AT_const_value).is_some(),
    })
}

/// Whether an expression isn't made of empty pieces alone, and means no operand that is gone.
fn says_something<'a>(entry: &Entry<'a>, expression: Expression<Reader<'a>>, around: &Around<'_>) -> bool {
    let mut operations = expression.operations(entry.unit.encoding());
    let mut something = false;
    while let Ok(Some(operation)) = operations.next() {
        match operation {
            gimli::Operation::WasmStack { index } if !around.holds(index) => return false,
            gimli::Operation::Piece { .. } => {}
            _ => something = true,
        }
    }
    something
}

/// The expression that says where it is at this address; of a list, since when.
fn expression_at<'a>(
    dwarf: &Dwarf<'a>,
    entry: &Entry<'a>,
    value: Value<'a>,
    address: u64,
) -> Result<(Expression<Reader<'a>>, Option<u64>), Unavailable> {
    if let AttributeValue::Exprloc(expression) = value {
        return Ok((expression, None));
    }
    let damaged = |error| Unavailable::new(format!("its location list is damaged: {error}"));
    let Some(mut list) = dwarf.of(&entry.unit).attr_locations(&entry.unit, value).map_err(damaged)? else {
        return Err(Unavailable::new("its location has an unknown form"));
    };
    for _ in 0..MAX_LIST {
        match list.next().map_err(damaged)? {
            Some(found) if (found.range.begin..found.range.end).contains(&address) => {
                return Ok((found.data, Some(found.range.begin)));
            }
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
