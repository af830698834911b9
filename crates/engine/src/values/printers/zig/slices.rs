//! Slices.

use freezeframe_symbols::{Type, TypeKind};

use crate::values::{
    Context, Value,
    printers::Printed,
    rooms::{Count, Room},
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

/// Where the bytes of a `[]u8`, or of an array of them, may be set. Their number stays: a slice is freed by it.
pub(super) fn room(context: &mut Context<'_>, value: &Value, ty: &Type) -> Option<Result<Room, Trouble>> {
    let terminated = ty.name.starts_with("[:0]");
    let room = |address, capacity| Room {
        address,
        capacity,
        count: Count::Fixed,
        encoding: TextEncoding::Bytes,
        terminated,
        zeroes: true,
    };
    if let TypeKind::Array { element, counts } = &ty.kind {
        let bytes = context.ty(*element).name == "u8";
        let count = counts.first().copied().flatten().filter(|_| bytes && counts.len() == 1)?;
        return Some(context.address_needed(value).map(|address| room(address, count)));
    }
    match ty.name.strip_prefix("[]").or_else(|| ty.name.strip_prefix("[:0]"))? {
        "u8" => Some(slice_place(context, value).map(|(address, length)| room(address, length))),
        "const u8" => Some(Err(Trouble::layout("a slice of `const u8` only refers to bytes, which others may share"))),
        _ => None,
    }
}

fn slice_place(context: &mut Context<'_>, value: &Value) -> Result<(u64, u64), Trouble> {
    let pointer = context.field(value, "ptr")?;
    Ok((context.address_in(&pointer)?, context.number_in(value, &["len"])?))
}
