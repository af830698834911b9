//! Elements in an order of their own: slices, vectors, rings, linked lists, heaps.

use freezeframe_symbols::Type;

use crate::values::{
    Context, Value, ValueType,
    printers::{LONGEST_CHAIN, Printed, Printer},
    view::{Element, List, ListForm, Trouble},
};

pub(super) const PRINTERS: &[Printer] = &[
    Printer::new(&["alloc::vec::Vec"], vec),
    Printer::new(&["alloc::collections::vec_deque::VecDeque"], ring),
    Printer::new(&["alloc::collections::linked_list::LinkedList"], linked_list),
    Printer::new(&["alloc::collections::binary_heap::BinaryHeap"], |context, value, _| {
        let data = context.field(value, "data")?;
        let ty = context.stripped(&data.ty).ok_or_else(|| Trouble::layout("`data` has no type"))?;
        vec(context, &data, &ty)
    }),
];

/// `&[T]`, `&mut [T]`, `Box<[T]>`.
pub(super) fn slice(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let pointer = context.field(value, "data_ptr")?;
    let element = context.pointee(&pointer.ty).flatten().ok_or_else(|| Trouble::layout("`data_ptr` is no pointer"))?;
    let length = context.number_in(value, &["length"])?;
    Ok(List::contiguous(context.address_in(&pointer)?, length, element).into())
}

fn vec(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let element = context.argument(ty, "T")?;
    let (buffer, length) = vec_parts(context, value)?;
    let pointer = context.pointer_in(&buffer)?;
    if context.size_needed(&element)? > 0 {
        fits(context, &buffer, length)?;
    }
    Ok(List::contiguous(pointer, length, element).into())
}

/// The buffer and the length of a vector. The buffer's pointer lies under wrappers that differ between versions of the standard
/// library, so it is looked for by kind (the first pointer inside `buf`), not by path.
pub(super) fn vec_parts(context: &mut Context<'_>, vec: &Value) -> Result<(Value, u64), Trouble> {
    let length = context.number_in(vec, &["len"])?;
    Ok((context.field(vec, "buf")?, length))
}

/// How many elements a buffer has room for.
pub(super) fn capacity(context: &mut Context<'_>, buffer: &Value) -> Result<u64, Trouble> {
    let inner = if context.has_field(buffer, "inner") { context.field(buffer, "inner")? } else { buffer.clone() };
    context.number_in(&inner, &["cap"])
}

/// A variable that isn't set yet holds anything.
fn fits(context: &mut Context<'_>, buffer: &Value, length: u64) -> Result<(), Trouble> {
    match capacity(context, buffer) {
        Ok(capacity) if capacity < length => {
            Err(Trouble::unreadable(format!("{length} elements in room for {capacity}; not set yet?")))
        }
        _ => Ok(()),
    }
}

/// Since 1.67 a ring has its first element and its length, before it had its first and its last one.
fn ring(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let element = context.argument(ty, "T")?;
    let size = context.size_needed(&element)?;
    let buffer = context.field(value, "buf")?;
    let pointer = context.pointer_in(&buffer)?;
    let capacity = if size == 0 { u64::from(u32::MAX) } else { capacity(context, &buffer)? };
    let (first, length) = if context.has_field(value, "tail") {
        let (tail, head) = (context.number_in(value, &["tail"])?, context.number_in(value, &["head"])?);
        if !capacity.is_power_of_two() || tail >= capacity || head >= capacity {
            return Err(Trouble::unreadable(format!("{tail}..{head} in room for {capacity}; not set yet?")));
        }
        (tail, head.wrapping_sub(tail) & (capacity - 1))
    } else {
        let (head, length) = (context.number_in(value, &["head"])?, context.number_in(value, &["len"])?);
        if length > capacity || head > capacity {
            return Err(Trouble::unreadable(format!("{length} elements in room for {capacity}; not set yet?")));
        }
        (head, length)
    };
    Ok(List::new(ListForm::Sequence, length, move |context: &mut Context<'_>, start: u64, count: u64| {
        let end = start.saturating_add(count).min(length);
        let at = |i: u64| pointer.saturating_add((first + i) % capacity.max(1) * size);
        Ok((start..end).map(|i| Element::of(context.at(at(i), element.clone()))).collect())
    })
    .into())
}

fn linked_list(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let element = context.argument(ty, "T")?;
    let length = context.number_in(value, &["len"])?;
    let head = context.field(value, "head")?;
    // `Option<NonNull<Node>>`: the niche makes it an address, or 0.
    let head_address = address_of_option(context, &head)?;
    let Some(node) = node_type(context, &head) else {
        return Err(Trouble::layout("`head` doesn't say what its nodes are"));
    };
    Ok(List::new(ListForm::Sequence, length, move |context: &mut Context<'_>, start: u64, count: u64| {
        let end = start.saturating_add(count).min(length);
        if end > LONGEST_CHAIN {
            return Err(Trouble::unreadable(format!("element {end} of a linked list is too far to walk to")));
        }
        let mut found = Vec::new();
        let mut address = head_address;
        for i in 0..end {
            if address == 0 {
                return Err(Trouble::unreadable(format!("the list ends after {i} of its {length} elements")));
            }
            let here = context.at(address, node.clone());
            if i >= start {
                let value = context.field(&here, "element")?;
                found.push(Element::of(Value { ty: element.clone(), ..value }));
            }
            let next = context.field(&here, "next")?;
            address = address_of_option(context, &next)?;
        }
        Ok(found)
    })
    .into())
}

/// The word of an `Option` of a pointer.
fn address_of_option(context: &mut Context<'_>, option: &Value) -> Result<u64, Trouble> {
    if context.size(&option.ty) != Some(crate::values::ADDRESS_SIZE) {
        return Err(Trouble::layout("an `Option` of a pointer has another size here"));
    }
    Ok(context.address_in(option)?)
}

/// What an `Option<NonNull<T>>` points to.
fn node_type(context: &Context<'_>, option: &Value) -> Option<ValueType> {
    let option = context.stripped(&option.ty)?;
    let pointer = context.argument(&option, "T").ok()?;
    let pointer = context.stripped(&pointer)?;
    context.argument(&pointer, "T").ok()
}
