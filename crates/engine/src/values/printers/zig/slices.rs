//! Slices.

use freezeframe_symbols::Type;

use crate::values::{
    Context, Value,
    printers::Printed,
    view::{List, Text, TextEncoding, Trouble},
};

/// `[]T`, `[:0]const u8` …; one of bytes is shown as a text, as Zig's texts are no type of their own.
pub(super) fn slice(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let pointer = context.field(value, "ptr")?;
    let element = context.pointee(&pointer.ty).flatten().ok_or_else(|| Trouble::layout("`ptr` is no pointer"))?;
    let address = context.address_in(&pointer)?;
    let length = context.number_in(value, &["len"])?;
    let list = List::contiguous(address, length, element);
    let sentinel = ty.name.starts_with("[:0]");
    let rest = ty.name.trim_start_matches("[]").trim_start_matches("[:0]").trim_start_matches("const ");
    if rest == "u8" && (ty.name.starts_with("[]") || sentinel) {
        return Ok(Text { elements: Some(list), ..Text::memory(address, length, TextEncoding::Bytes) }.into());
    }
    Ok(list.into())
}
