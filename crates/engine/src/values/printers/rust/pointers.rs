//! What points to a value and owns it: references, `Box`, `Rc`, `Arc`, their `Weak`.

use freezeframe_symbols::Type;

use super::unsized_values::Target;
use crate::values::{
    Context, Value,
    printers::{Printed, Printer},
    view::{Part, Parts, Trouble, View, Way},
};

pub(super) const PRINTERS: &[Printer] = &[
    Printer::new(&["alloc::rc::Rc", "alloc::sync::Arc"], counted),
    Printer::new(&["alloc::rc::Weak", "alloc::sync::Weak"], weak),
];

/// `&T`, `&mut T`, `Box<T>`: seen as what they point to.
pub(super) fn reference(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let target = context.pointee(&value.ty).flatten().ok_or_else(|| Trouble::layout("it points to no type"))?;
    let address = context.address_in(value)?;
    if address == 0 {
        return Err(Trouble::unreadable("a reference to address 0: not set yet?"));
    }
    Ok(View::alias("", context.at(address, target)))
}

/// The counts of an `RcInner`, `RcBox` or `ArcInner`. Weak ones are counted without the one that all strong ones hold together.
fn counts(context: &mut Context<'_>, inner: &Value) -> Result<(u64, u64), Trouble> {
    let strong = context.field(inner, "strong")?;
    let weak = context.field(inner, "weak")?;
    let (strong, weak) = (context.number(&strong)?, context.number(&weak)?);
    Ok((strong, if strong > 0 { weak.saturating_sub(1) } else { weak }))
}

/// What a counted pointer points to, and the counts.
fn inside(context: &mut Context<'_>, value: &Value, ty: &Type) -> Result<(Target, u64, u64), Trouble> {
    let pointer = context.field(value, "ptr")?;
    let target = context.fat_target(&pointer, ty)?;
    let (strong, weak) = counts(context, &target.holder)?;
    Ok((target, strong, weak))
}

fn counted(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let name = if ty.name.starts_with("alloc::sync") { "Arc" } else { "Rc" };
    let (target, strong, weak) = inside(context, value, ty)?;
    if strong == 0 {
        return Err(Trouble::unreadable("its strong count is 0: not set yet, or dropped?"));
    }
    let parts = vec![
        Part::value("value", target.value.clone()).by(Way::Deref),
        Part::number("strong", strong),
        Part::number("weak", weak),
    ];
    Ok(Parts::named(name, parts).target(target.value).into())
}

/// In a line without its value, which is mostly the way back to what is being shown.
fn weak(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let pointer = context.field(value, "ptr")?;
    // Made by `Weak::new()`: there's nothing.
    if context.pointer_in(&pointer)? == u64::from(u32::MAX) {
        return Ok(View::words("Weak {}"));
    }
    let (target, strong, weak) = inside(context, value, ty)?;
    let mut parts = vec![Part::number("strong", strong), Part::number("weak", weak)];
    if strong == 0 {
        return Ok(View::Words { text: format!("Weak {{ strong: 0, weak: {weak} }}"), parts });
    }
    parts.insert(0, Part::value("value", target.value));
    Ok(View::Words { text: format!("Weak {{ strong: {strong}, weak: {weak} }}"), parts })
}
