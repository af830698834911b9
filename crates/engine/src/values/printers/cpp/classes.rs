//! Classes with bases, virtual tables and static members: the members of a base under its name, those of the class behind.

use freezeframe_symbols::{Record, RecordKind, Type, TypeKind, Variable, VariableKind};

use super::names::short;
use crate::values::{
    Context, Value, ValueType,
    printers::Printed,
    view::{Part, Parts, Trouble, Way},
};

/// Whether a record has more than members.
pub(super) fn is_class(record: &Record) -> bool {
    record.variants.is_none()
        && (!record.bases.is_empty() || !record.statics.is_empty() || record.members.iter().any(is_table))
}

/// A pointer to a virtual table.
fn is_table(member: &freezeframe_symbols::Member) -> bool {
    member.name.as_deref().is_some_and(|name| name.starts_with("_vptr"))
}

pub(super) fn class(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let TypeKind::Record(record) = &ty.kind else {
        return Err(Trouble::layout(format!("`{}` is no class", ty.name)));
    };
    let mut parts = Vec::new();
    for (index, base) in record.bases.iter().enumerate() {
        let base_type = ValueType::Named(base.ty);
        if is_empty(context, &base_type, 16) {
            continue;
        }
        let label = format!("<{}>", short(&context.type_name(&base_type)));
        let part = context.base_part(value, record, index);
        let part = part.unwrap_or_else(|why| Value::unavailable(base_type, why));
        parts.push(Part::value(label, part));
    }
    let members = record.members.iter().filter(|member| !is_table(member));
    for member in members.filter(|member| !member.artificial || member.name.is_some()) {
        let part = context.part_of_member(value, member)?;
        parts.push(match &member.name {
            Some(name) => Part::member(name, part),
            None => Part::value("", part).by(Way::None),
        });
    }
    // Newer compilers have the virtual table among them.
    let own = |variable: &&Variable| !variable.artificial && !variable.name.starts_with("_vtable$");
    for variable in record.statics.iter().filter(own).filter(|variable| variable.kind == VariableKind::Static) {
        let part = context.variable(variable);
        // One that the program doesn't have (only declared, or thrown away) is no part of the object.
        if part.address().is_some() {
            let way = Way::Member(variable.name.clone());
            parts.push(Part::value(format!("static {}", variable.name), part).by(way));
        }
    }
    let mut view = Parts::named("", parts);
    if record.kind == RecordKind::Union && record.members.is_empty() {
        view.note = Some("union".to_owned());
    }
    Ok(view.into())
}

/// Whether a class has nothing to show: no members, and only bases that have none.
fn is_empty(context: &Context<'_>, ty: &ValueType, depth: u32) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let Some(ty) = context.stripped(ty) else { return false };
    let TypeKind::Record(record) = &ty.kind else { return false };
    record.members.is_empty()
        && record.variants.is_none()
        && record.bases.iter().all(|base| is_empty(context, &ValueType::Named(base.ty), depth))
}
