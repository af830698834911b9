//! Optionals, errors, error unions, tagged unions.

use freezeframe_symbols::{Type, TypeKind};

use crate::values::{
    Context, Limits, Value,
    printers::Printed,
    view::{Part, Parts, Trouble, View, Way},
};

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

/// `E!T`: seen as what it has, or the error.
pub(super) fn error_union(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let tag = context.field(value, "tag")?;
    let bytes = context.bytes(&tag)?;
    let inner = if bytes.iter().all(|byte| *byte == 0) { context.field(value, "value")? } else { tag };
    Ok(View::alias("", inner))
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
