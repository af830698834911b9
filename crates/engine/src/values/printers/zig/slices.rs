//! Slices.

use freezeframe_symbols::Type;

use crate::values::{
    Context, Value,
    printers::Printed,
    view::{List, Text, TextEncoding, Trouble},
};

/// `[]T`, `[:0]const u8` …
pub(super) fn slice(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let pointer = context.field(value, "ptr")?;
    let element = context.pointee(&pointer.ty).flatten().ok_or_else(|| Trouble::layout("`ptr` is no pointer"))?;
    let address = context.address_in(&pointer)?;
    let length = context.number_in(value, &["len"])?;
    let list = List::contiguous(address, length, element);
    if ty.name.ends_with("[]const u8") || ty.name == "[]u8" || ty.name.ends_with("[:0]const u8") {
        return Ok(Text { elements: Some(list), ..Text::memory(address, length, TextEncoding::Bytes) }.into());
    }
    Ok(list.into())
}
