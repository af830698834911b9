//! Optionals, errors, error unions, tagged unions.

use freezeframe_symbols::{Type, TypeKind};

use crate::values::{
    Context, Limits, Value,
    printers::Printed,
    view::{Part, Parts, Trouble, View, Way},
};

/// More names of errors aren't shown for one number.
const MOST_NAMES: usize = 4;

/// `?T`: seen as what it has, or `null`.
pub(super) fn optional(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    match context.number_in(value, &["some"])? {
        0 => Ok(View::words("null")),
        1 => Ok(View::alias("", context.field(value, "data")?)),
        other => Err(Trouble::unreadable(format!("an optional with the mark {other}; not set yet?"))),
    }
}

/// A number for which DWARF has no name; 0 is what an error union of `void` has when nothing is wrong.
pub(super) fn error(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    if let TypeKind::Enumeration { .. } = ty.kind {
        return Ok(context.structural(value));
    }
    let bytes = context.bytes(value)?;
    let number = bytes.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    Ok(View::words(if number == 0 { "<no error>".to_owned() } else { format!("error({number})") }))
}

/// `E!T`: seen as what it has, or the error. Which number has which name isn't in the DWARF, but which names there are for
/// the type is.
pub(super) fn error_union(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let tag = context.field(value, "tag")?;
    let bytes = context.bytes(&tag)?;
    if bytes.iter().all(|byte| *byte == 0) {
        return Ok(View::alias("", context.field(value, "value")?));
    }
    // What Zig writes to what isn't set yet.
    let undefined = bytes.iter().all(|byte| *byte == 0xaa);
    let names = error_names(&ty.name);
    let before = match names.len() {
        1..=MOST_NAMES if !undefined => format!("{}: ", names.join(" or ")),
        _ => String::new(),
    };
    Ok(View::alias(before, tag))
}

/// The names of errors in `error{Odd,Zero}!u32`; none if the set isn't written out.
fn error_names(ty: &str) -> Vec<&str> {
    let set = ty.strip_prefix("error{").and_then(|rest| rest.split_once("}!"));
    let names = set.map(|(names, _)| names.split(',').map(str::trim).collect::<Vec<_>>()).unwrap_or_default();
    let is_name = |name: &&str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if names.iter().all(is_name) { names } else { Vec::new() }
}

/// `union(enum)`: the field that its tag names.
pub(super) fn tagged_union(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let tag = context.field(value, "tag")?;
    let name = context.text(&tag, Limits::default());
    let Some(name) = name.strip_prefix('.').map(str::to_owned) else {
        return Err(Trouble::unreadable(format!("a union with the tag {name}; not set yet?")));
    };
    let payload = context.field(value, "payload")?;
    match context.field(&payload, &name) {
        Ok(active) => {
            let way = Way::Member(format!("payload.{name}"));
            Ok(Parts::named("", vec![Part::member(name, active).by(way)]).into())
        }
        // A field of type `void` has no place.
        Err(_) => Ok(View::words(format!(".{name}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_errors() {
        assert_eq!(error_names("error{Odd,Zero}!u32"), ["Odd", "Zero"]);
        assert_eq!(error_names("error{Full}!void"), ["Full"]);
        assert!(error_names("anyerror!u32").is_empty());
        assert!(error_names("error{}!u32").is_empty());
        assert!(error_names("error{@\"odd name\"}!u32").is_empty());
    }
}
