//! Pointers to members, by their names; `nullptr_t`.
//!
//! Clang's C++ ABI for Wasm is that of ARM: a pointer to a method is a pointer (an entry of the table, or for a virtual one
//! the offset in the virtual table) and twice the adjustment of `this`, whose lowest bit tells a virtual one.

use freezeframe_symbols::{Type, TypeId, TypeKind};

use super::names::short;
use crate::values::{
    ADDRESS_SIZE, Context, Value, ValueType,
    printers::Printed,
    view::{Trouble, View},
};

const WORD: ValueType = ValueType::Integer { bits: 32, signed: true };

pub(super) fn null_pointer(_: &mut Context<'_>, _: &Value, _: &Type) -> Printed {
    Ok(View::words("nullptr"))
}

pub(super) fn pointer(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let TypeKind::MemberPointer { target, class } = &ty.kind else {
        return Err(Trouble::layout(format!("`{}` is no pointer to a member", ty.name)));
    };
    let target = target.map(ValueType::Named);
    let is_method = target
        .as_ref()
        .and_then(|ty| context.stripped(ty))
        .is_some_and(|ty| matches!(ty.kind, TypeKind::Function { .. }));
    let class_name = class.map_or_else(|| "?".to_owned(), |class| short(&context.type_name(&ValueType::Named(class))));
    let first = word(context, value, 0)?;
    if is_method {
        let second = word(context, value, ADDRESS_SIZE)?;
        return Ok(View::words(method(context, first, second, &class_name)));
    }
    if first == -1 {
        return Ok(View::words("nullptr"));
    }
    let name = class.and_then(|class| member_at(context, class, u64::try_from(first).ok()?, target.as_ref(), 16));
    Ok(View::words(match name {
        Some(name) => format!("&{class_name}::{name}"),
        None => format!("offset {first} in a {class_name}"),
    }))
}

fn word(context: &mut Context<'_>, value: &Value, at: u64) -> Result<i128, Trouble> {
    let part = context.part(value, 1, at, WORD)?;
    Ok(context.scalar(&part)?.integer().unwrap_or(0))
}

fn method(context: &mut Context<'_>, pointer: i128, adjustment: i128, class: &str) -> String {
    let (is_virtual, adjustment) = (adjustment & 1 == 1, adjustment >> 1);
    if pointer == 0 && !is_virtual {
        return "nullptr".to_owned();
    }
    let behind = if adjustment == 0 { String::new() } else { format!(" of this{adjustment:+}") };
    if is_virtual {
        return format!("&{class}::<virtual function {}>{behind}", pointer / i128::from(ADDRESS_SIZE));
    }
    let entry = u64::from((pointer as i32).cast_unsigned());
    match context.function_in_table(entry) {
        Some(name) => format!("&{name}{behind}"),
        None => format!("<entry {entry} of the table, which is no function>"),
    }
}

/// The name of the member at an offset, in the class or its bases.
fn member_at(
    context: &Context<'_>,
    class: TypeId,
    offset: u64,
    target: Option<&ValueType>,
    depth: u32,
) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    let ty = context.stripped(&ValueType::Named(class))?;
    let TypeKind::Record(record) = &ty.kind else { return None };
    let here = record.members.iter().filter(|member| member.offset == offset && member.bits.is_none());
    let mut here = here.filter(|member| {
        target.is_none_or(|target| context.strip(&ValueType::Named(member.ty)) == context.strip(target))
    });
    if let Some(name) = here.find_map(|member| member.name.clone()) {
        return Some(name);
    }
    let anonymous =
        record.members.iter().filter(|member| member.name.is_none()).map(|member| (member.ty, member.offset));
    let bases = record.bases.iter().filter_map(|base| Some((base.ty, base.offset?)));
    anonymous.chain(bases).find_map(|(ty, at)| member_at(context, ty, offset.checked_sub(at)?, target, depth))
}
