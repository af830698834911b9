//! Texts: `&str`, `String`, and what wraps them.

use freezeframe_symbols::Type;

use crate::values::{
    Context, Value,
    printers::{Printed, Printer},
    view::{List, Text, TextEncoding, Trouble, View},
};

pub(super) const PRINTERS: &[Printer] = &[Printer::new(&["alloc::string::String"], string)];

/// `&str`, `&mut str`, `Box<str>`.
pub(super) fn str_slice(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let pointer = context.field(value, "data_ptr")?;
    let length = context.number_in(value, &["length"])?;
    text(context, &pointer, length)
}

fn string(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let vec = context.field(value, "vec")?;
    let pointer = context.field(&vec, "buf")?;
    let length = context.number_in(&vec, &["len"])?;
    text(context, &pointer, length)
}

/// UTF-8 that begins at the first pointer inside a value.
fn text(context: &mut Context<'_>, pointer: &Value, length: u64) -> Result<View, Trouble> {
    let pointer = context.first_pointer(pointer)?;
    let address = context.address_in(&pointer)?;
    let byte = crate::values::ValueType::Integer { bits: 8, signed: false };
    let list = List::contiguous(address, length, byte);
    Ok(Text { elements: Some(list), ..Text::memory(address, length, TextEncoding::Utf8) }.into())
}
