//! Texts: `&str` and `String`; paths and texts of the system; texts of C.

use freezeframe_symbols::Type;

use crate::values::{
    Context, Value, ValueType,
    printers::{Printed, Printer},
    rooms::{Count, Room},
    view::{List, Text, TextEncoding, Trouble, View},
};

pub(super) const PRINTERS: &[Printer] = &[
    Printer::new(&["alloc::string::String"], string),
    Printer::new(&["std::ffi::os_str::OsString", "std::path::PathBuf"], os_string),
    Printer::new(&["alloc::ffi::c_str::CString", "std::ffi::c_str::CString"], c_string),
];

/// `&str`, `&mut str`, `Box<str>`.
pub(super) fn str_slice(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    fat_text(context, value, TextEncoding::Utf8, 0)
}

/// `&Path`, `&OsStr`, their boxes: any bytes on some systems.
pub(super) fn os_slice(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    fat_text(context, value, TextEncoding::Bytes, 0)
}

/// `&CStr`, `Box<CStr>`: its length counts the zero.
pub(super) fn c_str(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    fat_text(context, value, TextEncoding::Bytes, 1)
}

fn fat_text(context: &mut Context<'_>, value: &Value, encoding: TextEncoding, behind: u64) -> Printed {
    let pointer = context.field(value, "data_ptr")?;
    let length = context.number_in(value, &["length"])?;
    text(context, &pointer, length.saturating_sub(behind), encoding)
}

fn string(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let vec = context.field(value, "vec")?;
    vec_text(context, &vec, TextEncoding::Utf8)
}

/// `OsString` is a system's own buffer around a vector; `PathBuf` is an `OsString`.
fn os_string(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let inner = os_vec(context, value)?;
    vec_text(context, &inner, TextEncoding::Bytes)
}

fn os_vec(context: &mut Context<'_>, value: &Value) -> Result<Value, Trouble> {
    let mut inner = value.clone();
    for _ in 0..4 {
        if context.has_field(&inner, "buf") {
            break;
        }
        inner = context.field(&inner, "inner")?;
    }
    Ok(inner)
}

/// A boxed slice with its zero.
fn c_string(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let inner = context.field(value, "inner")?;
    fat_text(context, &inner, TextEncoding::Bytes, 1)
}

/// A `String`: up to its capacity.
pub(super) fn string_room(context: &mut Context<'_>, value: &Value) -> Result<Room, Trouble> {
    let vec = context.field(value, "vec")?;
    vec_room(context, &vec, TextEncoding::Utf8)
}

/// An `OsString` or a `PathBuf`: up to its capacity.
pub(super) fn os_string_room(context: &mut Context<'_>, value: &Value) -> Result<Room, Trouble> {
    let vec = os_vec(context, value)?;
    vec_room(context, &vec, TextEncoding::Bytes)
}

/// A `CString`: its length stays, as it's freed by that.
pub(super) fn c_string_room(context: &mut Context<'_>, value: &Value) -> Result<Room, Trouble> {
    let inner = context.field(value, "inner")?;
    let room = str_room(context, &inner)?;
    let capacity = room.capacity.saturating_sub(1);
    Ok(Room { capacity, encoding: TextEncoding::Bytes, terminated: true, zeroes: false, ..room })
}

/// A `&mut str` or a `Box<str>`: nobody else has its characters, and its length stays.
pub(super) fn str_room(context: &mut Context<'_>, value: &Value) -> Result<Room, Trouble> {
    let pointer = context.field(value, "data_ptr")?;
    let capacity = context.number_in(value, &["length"])?;
    let address = context.pointer_in(&pointer)?;
    let encoding = TextEncoding::Utf8;
    Ok(Room { address, capacity, count: Count::Fixed, encoding, terminated: false, zeroes: true })
}

fn vec_room(context: &mut Context<'_>, vec: &Value, encoding: TextEncoding) -> Result<Room, Trouble> {
    let (buffer, length) = super::sequences::vec_parts(context, vec)?;
    let capacity = super::sequences::capacity(context, &buffer)?;
    if length > capacity {
        return Err(Trouble::unreadable(format!("{length} bytes in room for {capacity}; not set yet?")));
    }
    let address = context.pointer_in(&buffer)?;
    let count = Count::Kept(context.field(vec, "len")?);
    Ok(Room { address, capacity, count, encoding, terminated: false, zeroes: true })
}

fn vec_text(context: &mut Context<'_>, vec: &Value, encoding: TextEncoding) -> Printed {
    let (buffer, length) = super::sequences::vec_parts(context, vec)?;
    text(context, &buffer, length, encoding)
}

/// Bytes that begin at the first pointer inside a value.
fn text(context: &mut Context<'_>, pointer: &Value, length: u64, encoding: TextEncoding) -> Result<View, Trouble> {
    let address = context.pointer_in(pointer)?;
    let byte = ValueType::Integer { bits: 8, signed: false };
    let list = List::contiguous(address, length, byte);
    Ok(Text { elements: Some(list), ..Text::memory(address, length, encoding) }.into())
}
