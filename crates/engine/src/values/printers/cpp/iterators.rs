//! Iterators of vectors, deques, trees and hash tables: seen as the element that they are at.
//!
//! The end of a vector can't be told from an element: what lies there is shown.

use freezeframe_symbols::Type;

use super::associative::Nodes;
use crate::values::{
    Context, Value,
    printers::{Printed, Printer},
    view::{Trouble, View},
};

pub(super) const PRINTERS: &[Printer] = &[
    Printer::new(&["std::__wrap_iter", "std::__bounded_iter", "std::__static_bounded_iter"], wrapped),
    Printer::new(&["std::__deque_iterator"], in_deque),
    Printer::new(&["std::__tree_iterator", "std::__tree_const_iterator"], in_set),
    Printer::new(&["std::__map_iterator", "std::__map_const_iterator"], in_map),
    Printer::new(&["std::__hash_iterator", "std::__hash_const_iterator"], in_hash_set),
    Printer::new(&["std::__hash_map_iterator", "std::__hash_map_const_iterator"], in_hash_map),
];

fn wrapped(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let pointer = context.first_pointer(value)?;
    at_element(context, pointer)
}

fn in_deque(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let pointer = context.inner(value, "__ptr_")?;
    at_element(context, pointer)
}

fn at_element(context: &mut Context<'_>, pointer: Value) -> Printed {
    let address = context.address_in(&pointer)?;
    match context.pointee(&pointer.ty).flatten() {
        Some(target) if address != 0 => Ok(View::alias(format!("@{address:#x}: "), context.at(address, target))),
        _ => Ok(View::alias("", pointer)),
    }
}

fn in_set(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    match tree_value(context, value)? {
        Some(element) => Ok(View::alias("", element)),
        None => Ok(View::words("end()")),
    }
}

fn in_map(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let iterator = context.any_inner(value, &["__i_", "__i"])?;
    match tree_value(context, &iterator)? {
        Some(element) => Ok(pair(context, element)),
        None => Ok(View::words("end()")),
    }
}

fn tree_value(context: &mut Context<'_>, value: &Value) -> Result<Option<Value>, Trouble> {
    let pointer = context.inner(value, "__ptr_")?;
    let address = context.address_in(&pointer)?;
    let node = context.node_type(&value.ty, "std::__tree_node")?;
    let nodes = Nodes::new(context, &node)?;
    if address == 0 || !nodes.is_inside(context, address)? {
        return Ok(None);
    }
    Ok(Some(context.at(address.saturating_add(nodes.value), nodes.ty)))
}

fn in_hash_set(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    match hash_value(context, value)? {
        Some(element) => Ok(View::alias("", element)),
        None => Ok(View::words("end()")),
    }
}

fn in_hash_map(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let iterator = context.any_inner(value, &["__i_", "__i"])?;
    match hash_value(context, &iterator)? {
        Some(element) => Ok(pair(context, element)),
        None => Ok(View::words("end()")),
    }
}

fn hash_value(context: &mut Context<'_>, value: &Value) -> Result<Option<Value>, Trouble> {
    let pointer = context.inner(value, "__node_")?;
    let address = context.address_in(&pointer)?;
    if address == 0 {
        return Ok(None);
    }
    let node = context.node_type(&value.ty, "std::__hash_node")?;
    let (at, ty) = context.place_of(&node, "__value_")?;
    Ok(Some(context.at(address.saturating_add(at), ty)))
}

/// What an iterator of a map is at, as the pair that it is in the language.
fn pair(context: &mut Context<'_>, element: Value) -> View {
    let pair = context.any_inner(&element, &["__cc_", "__cc"]).unwrap_or(element);
    View::alias("", pair)
}
