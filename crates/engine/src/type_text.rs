//! Types written out, for `ptype`.

use freezeframe_symbols::{Language, RecordKind, Type, TypeId, TypeKind};

use crate::values::{Context, ValueType};

/// A type's definition: the fields of a record, the names of an enumeration; a scalar's is its name.
pub(crate) fn definition(context: &Context<'_>, ty: &ValueType) -> String {
    let stripped = context.strip(ty);
    let ValueType::Named(id) = stripped else { return context.type_name(&stripped) };
    let ty = context.ty(id);
    match &ty.kind {
        TypeKind::Record(_) => record(context, &ty),
        TypeKind::Enumeration { enumerators, .. } => {
            let names = enumerators.iter().map(|(name, value)| format!("    {name} = {value},\n"));
            format!("{} {{\n{}}}", with_keyword("enum", &ty.name), names.collect::<String>())
        }
        _ => ty.name.clone(),
    }
}

fn with_keyword(keyword: &str, name: &str) -> String {
    if name.starts_with(keyword) { name.to_owned() } else { format!("{keyword} {name}") }
}

fn record(context: &Context<'_>, ty: &Type) -> String {
    let TypeKind::Record(record) = &ty.kind else { return ty.name.clone() };
    let keyword = match record.kind {
        RecordKind::Struct => "struct",
        RecordKind::Class => "class",
        RecordKind::Union => "union",
    };
    let rust = ty.language == Language::Rust;
    let mut text = match &record.variants {
        Some(_) => with_keyword("enum", &ty.name),
        None => with_keyword(keyword, &ty.name),
    };
    let bases: Vec<String> = record.bases.iter().map(|b| context.ty(b.ty).name.clone()).collect();
    if !bases.is_empty() {
        text.push_str(&format!(" : {}", bases.join(", ")));
    }
    text.push_str(" {\n");
    for member in &record.members {
        let name = member.name.as_deref().unwrap_or("");
        let bits = member.bits.map(|b| format!(" : {}", b.width)).unwrap_or_default();
        text.push_str(&match rust {
            true => format!("    {name}: {},\n", context.ty(member.ty).name),
            false => format!("    {}{bits};\n", declaration(context, member.ty, name)),
        });
    }
    for variant in record.variants.iter().flat_map(|part| &part.variants) {
        let name = variant.member.name.as_deref().unwrap_or("?");
        let data = context.ty(variant.member.ty);
        let fields: Vec<String> = match &data.kind {
            TypeKind::Record(record) => {
                let fields = record.members.iter();
                fields.map(|m| format!("{}: {}", m.name.as_deref().unwrap_or("?"), context.ty(m.ty).name)).collect()
            }
            _ => vec![data.name.clone()],
        };
        match fields.is_empty() {
            true => text.push_str(&format!("    {name},\n")),
            false => text.push_str(&format!("    {name} {{ {} }},\n", fields.join(", "))),
        }
    }
    text.push('}');
    text
}

/// C's declarations put the name inside the type: `int a[3]`.
fn declaration(context: &Context<'_>, ty: TypeId, name: &str) -> String {
    let ty = context.ty(ty);
    let full = &ty.name;
    if let TypeKind::Array { .. } = ty.kind
        && let Some(bracket) = full.find('[')
    {
        let (element, brackets) = full.split_at(bracket);
        return format!("{} {name}{brackets}", element.trim_end());
    }
    if full.ends_with('*') { format!("{full}{name}") } else { format!("{full} {name}").trim_end().to_owned() }
}
