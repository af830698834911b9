//! One of several, or several at once: `optional`, `variant`, `tuple`. (A `pair` is seen as the record that it is.)

use freezeframe_symbols::{Type, TypeKind};

use super::names;
use crate::values::{
    Context, Value, ValueType,
    printers::{Printed, Printer, head},
    view::{Part, Parts, Trouble, View},
};

pub(super) const PRINTERS: &[Printer] = &[
    Printer::new(&["std::optional"], optional),
    Printer::new(&["std::variant"], variant),
    Printer::new(&["std::tuple"], tuple),
];

/// More alternatives than a compiler takes.
const MOST_ALTERNATIVES: u64 = 4096;

fn optional(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let engaged = context.inner(value, "__engaged_")?;
    match context.number(&engaged)? {
        0 => Ok(View::words("nullopt")),
        1 => Ok(View::alias("", context.inner(value, "__val_")?)),
        other => Err(Trouble::unreadable(format!("{other} is no truth value: not set up yet, or damaged"))),
    }
}

/// Alternative N of a variant is the head of the Nth of unions that lie inside one another.
fn variant(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let implementation = context.any_inner(value, &["__impl_", "__impl"])?;
    let index = context.inner(&implementation, "__index")?;
    let bits = context.size_needed(&index.ty)?.saturating_mul(8).min(64) as u32;
    let index = context.number(&index)?;
    if index == u64::MAX >> (64 - bits) {
        return Ok(View::words("valueless"));
    }
    let alternatives = match &ty.kind {
        TypeKind::Record(record) => record.type_arguments.len() as u64,
        _ => 0,
    };
    if index >= alternatives.min(MOST_ALTERNATIVES) {
        return Err(Trouble::unreadable(format!(
            "it has no alternative {index} of {alternatives}: not set up yet, or damaged"
        )));
    }
    let mut union = context.inner(&implementation, "__data")?;
    for _ in 0..index {
        union = context.field(&union, "__tail")?;
    }
    let head = context.field(&union, "__head")?;
    let held = context.inner(&head, "__value")?;
    // Its own type may be libc++'s name for this one.
    let alternative = context.argument_at(ty, usize::try_from(index).unwrap_or(usize::MAX))?;
    let name = names::short(&context.type_name(&alternative));
    let held = Value { ty: alternative, ..held };
    Ok(View::alias(format!("({name}) "), held))
}

/// A tuple's elements are its base classes.
fn tuple(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let Ok(base) = context.any_inner(value, &["__base_", "__base"]) else {
        // That of no elements is an empty class.
        return Ok(Parts::positional("", Vec::new()).into());
    };
    let Some(TypeKind::Record(record)) = context.stripped(&base.ty).map(|ty| ty.kind.clone()) else {
        return Err(Trouble::layout("a tuple's base is no record"));
    };
    let mut parts = Vec::new();
    for leaf in &record.bases {
        let ty = ValueType::Named(leaf.ty);
        if context.stripped(&ty).is_none_or(|ty| head(&ty.name) != "std::__tuple_leaf") {
            continue;
        }
        let Some(leaf) = leaf.offset.and_then(|at| context.part(&base, 1, at, ty).ok()) else { continue };
        // An empty class is no member of its leaf but a base.
        let element = context.inner(&leaf, "__value_").unwrap_or(leaf);
        parts.push(Part::member(parts.len().to_string(), element));
    }
    Ok(Parts::positional("", parts).into())
}
