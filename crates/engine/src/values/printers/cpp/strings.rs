//! Texts: `std::string` and its like of other characters, `std::string_view`.

use freezeframe_symbols::Type;

use super::names;
use crate::values::{
    Context, Value, ValueType,
    printers::{Printed, Printer},
    rooms::{Count, Room},
    view::{List, Text, TextEncoding, TextSource, Trouble},
};

pub(super) const PRINTERS: &[Printer] =
    &[Printer::new(&["std::basic_string"], string), Printer::new(&["std::basic_string_view"], view)];

/// A string is a union of two: a short one inside itself, a long one elsewhere. One bit, in the same place in both, tells.
fn string(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let character = context.argument_at(ty, 0)?;
    let union = context.paired(value, "__rep_", "__r_")?;
    let short = context.inner(&union, "__s")?;
    let is_long = context.inner(&short, "__is_long_")?;
    if context.number(&is_long)? != 0 {
        let long = context.inner(&union, "__l")?;
        let (pointer, size) = (context.inner(&long, "__data_")?, context.inner(&long, "__size_")?);
        let (pointer, length) = (context.address_in(&pointer)?, context.number(&size)?);
        return text(context, pointer, length, character);
    }
    let (data, size) = (context.inner(&short, "__data_")?, context.inner(&short, "__size_")?);
    let length = context.number(&size)?;
    let room = context.array(&data.ty).and_then(|(_, counts)| counts.first().copied().flatten());
    if room.is_none_or(|room| length > room) {
        return Err(Trouble::unreadable(format!("{length} characters don't fit into it: not set up yet, or damaged")));
    }
    if let Some(address) = data.address() {
        return text(context, address, length, character);
    }
    // Its bytes are known, not their place.
    let (encoding, before) = encoding(context, &character)?;
    let mut bytes = context.bytes(&data)?;
    bytes.truncate(usize::try_from(length.saturating_mul(encoding.unit())).unwrap_or(usize::MAX));
    Ok(Text { before, source: TextSource::Bytes(bytes), encoding, elements: None }.into())
}

/// Where a string may be set: inside itself while it's short, else up to the capacity of what it has.
pub(super) fn string_room(context: &mut Context<'_>, value: &Value, ty: &Type) -> Result<Room, Trouble> {
    let character = context.argument_at(ty, 0)?;
    let (encoding, _) = encoding(context, &character)?;
    let union = context.paired(value, "__rep_", "__r_")?;
    let short = context.inner(&union, "__s")?;
    let is_long = context.inner(&short, "__is_long_")?;
    let (address, capacity, size) = if context.number(&is_long)? != 0 {
        let long = context.inner(&union, "__l")?;
        let (pointer, room) = (context.inner(&long, "__data_")?, context.inner(&long, "__cap_")?);
        // The capacity is even: where the mark is its lowest bit, the others are a half of it.
        let half = is_long.bits.is_some_and(|bits| bits.first == 0);
        let room = context.number(&room)?.saturating_mul(if half { 2 } else { 1 });
        (context.address_in(&pointer)?, room, context.inner(&long, "__size_")?)
    } else {
        let data = context.inner(&short, "__data_")?;
        let room = context.array(&data.ty).and_then(|(_, counts)| counts.first().copied().flatten());
        let room = room.ok_or_else(|| Trouble::layout("`__data_` is no array"))?;
        (context.address_needed(&data)?, room, context.inner(&short, "__size_")?)
    };
    let capacity = capacity.saturating_sub(1);
    if context.number(&size)? > capacity {
        return Err(Trouble::unreadable("its length is more than its capacity: not set up yet, or damaged"));
    }
    // A character of UTF-8 is a byte in `std::string`, which promises nothing of them.
    Ok(Room { address, capacity, count: Count::Kept(size), encoding, terminated: true, zeroes: true })
}

fn view(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let character = context.argument_at(ty, 0)?;
    let pointer = context.any_inner(value, &["__data_", "__data"])?;
    let size = context.any_inner(value, &["__size_", "__size"])?;
    let (pointer, length) = (context.address_in(&pointer)?, context.number(&size)?);
    text(context, pointer, length, character)
}

fn text(context: &mut Context<'_>, pointer: u64, length: u64, character: ValueType) -> Printed {
    let list: List = context.run(pointer, length, character.clone())?;
    let Ok((encoding, before)) = encoding(context, &character) else { return Ok(list.into()) };
    let bytes = length.saturating_mul(encoding.unit());
    let source = TextSource::Memory { pointer, bytes };
    Ok(Text { before, source, encoding, elements: Some(list) }.into())
}

/// How characters of a type are written, and what C++ writes before the quotes of such a text.
fn encoding(context: &Context<'_>, character: &ValueType) -> Result<(TextEncoding, String), Trouble> {
    let name = context.stripped(character).map(|ty| ty.name.clone()).unwrap_or_default();
    let encoding = match name.as_str() {
        "char8_t" => Some(TextEncoding::Utf8),
        "char16_t" => Some(TextEncoding::Utf16),
        "char32_t" | "wchar_t" => Some(TextEncoding::Utf32),
        _ => context.character_encoding(character),
    };
    let encoding = encoding.ok_or_else(|| Trouble::layout(format!("`{name}` is no character")))?;
    Ok((encoding, names::literal_prefix(&name).to_owned()))
}
