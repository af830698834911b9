//! Elements one after the other: slices and vectors.

use freezeframe_symbols::Type;

use crate::values::{
    Context, Value,
    printers::{Printed, Printer},
    view::{List, Trouble},
};

pub(super) const PRINTERS: &[Printer] = &[Printer::new(&["alloc::vec::Vec"], vec)];

/// `&[T]`, `&mut [T]`, `Box<[T]>`.
pub(super) fn slice(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let pointer = context.field(value, "data_ptr")?;
    let element = context.pointee(&pointer.ty).flatten().ok_or_else(|| Trouble::layout("`data_ptr` is no pointer"))?;
    let length = context.number_in(value, &["length"])?;
    Ok(List::contiguous(context.address_in(&pointer)?, length, element).into())
}

/// The pointer of a `Vec` lies under wrappers that differ between versions of the standard library, so it is looked for by kind
/// (the first pointer inside `buf`), not by path.
fn vec(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let element = context.argument(ty, "T")?;
    let buffer = context.field(value, "buf")?;
    let length = context.number_in(value, &["len"])?;
    Ok(List::contiguous(context.pointer_in(&buffer)?, length, element).into())
}
