//! C. It has no library of types: what it has is seen structurally.

use super::Printer;
use crate::values::{
    Context, Value, c_like,
    rooms::{Count, Room},
    view::Trouble,
};

pub(super) const FAMILIES: &[&[Printer]] = &[];

/// Where a text may be set in C's and C++'s arrays of characters: what isn't used becomes zero, and one zero always stays.
/// Pointers to characters only refer to them.
pub(crate) fn c_array_room(context: &mut Context<'_>, value: &Value) -> Option<Result<Room, Trouble>> {
    if !c_like(context.language_of(&value.ty)) {
        return None;
    }
    if let Some(target) = context.pointee(&value.ty).flatten() {
        context.character_encoding(&target)?;
        let why = "the pointer only refers to characters, which others may share; set those: `*p@8`, `p[0]`";
        return Some(Err(Trouble::layout(why)));
    }
    let element = context.element_type(&value.ty)?;
    let encoding = context.character_encoding(&element)?;
    let (_, counts) = context.array(&value.ty)?;
    let Some(count) = counts.first().copied().flatten() else {
        return Some(Err(Trouble::layout("how many characters there is room for isn't known")));
    };
    let capacity = count.saturating_sub(1);
    let room = |address| Room { address, capacity, count: Count::Filled, encoding, terminated: true, zeroes: true };
    Some(context.address_needed(value).map(room))
}
