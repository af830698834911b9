//! Elements by their number: `vector`, `vector<bool>`, `array`, `span`, `initializer_list`, `valarray`, `bitset`, `deque`.

use freezeframe_symbols::{BitRange, Type};

use super::access::last_number;
use crate::values::{
    ADDRESS_SIZE, Context, Value, ValueType,
    printers::{Printed, Printer},
    view::{Element, List, ListForm, Trouble, View},
};

pub(super) const PRINTERS: &[Printer] = &[
    Printer::new(&["std::vector"], vector),
    Printer::new(&["std::array"], array),
    Printer::new(&["std::span"], span),
    Printer::new(&["std::initializer_list"], initializer_list),
    Printer::new(&["std::valarray"], valarray),
    Printer::new(&["std::bitset"], bitset),
    Printer::new(&["std::deque"], deque),
    Printer::new(&["std::stack", "std::queue", "std::priority_queue"], adaptor),
];

fn vector(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    // That of `bool` counts its elements: they are bits.
    if let Ok(size) = context.inner(value, "__size_") {
        let words = context.inner(value, "__begin_")?;
        let (words, length) = (context.address_in(&words)?, context.number(&size)?);
        context.run(words, length.div_ceil(8), ValueType::Integer { bits: 8, signed: false })?;
        return Ok(bits(words, length).into());
    }
    let element = context.argument_at(ty, 0)?;
    between(context, value, "__begin_", "__end_", element)
}

fn valarray(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let element = context.argument_at(ty, 0)?;
    between(context, value, "__begin_", "__end_", element)
}

/// Elements from one pointer up to another.
fn between(context: &mut Context<'_>, value: &Value, begin: &str, end: &str, element: ValueType) -> Printed {
    let (begin, end) = (context.inner(value, begin)?, context.inner(value, end)?);
    let (begin, end) = (context.address_in(&begin)?, context.address_in(&end)?);
    let size = context.size_needed(&element)?.max(1);
    let bytes = end.checked_sub(begin).filter(|bytes| bytes % size == 0);
    let bytes = bytes.ok_or_else(|| {
        Trouble::unreadable(format!("no elements lie from {begin:#x} to {end:#x}: not set up yet, or damaged"))
    })?;
    Ok(context.run(begin, bytes / size, element)?.into())
}

fn array(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let element = context.argument_at(ty, 0)?;
    let elements = context.inner(value, "__elems_")?;
    // One without elements has an array of something else, so that it has a size.
    let same = context.element_type(&elements.ty).is_some_and(|ty| context.strip(&ty) == context.strip(&element));
    if !same {
        return Ok(List::collected(ListForm::Sequence, Vec::new()).into());
    }
    match elements.address() {
        Some(address) => {
            let count = context.array(&elements.ty).and_then(|(_, counts)| counts.first().copied().flatten());
            let count = count.ok_or_else(|| Trouble::layout("the length of `__elems_` isn't known"))?;
            Ok(List::contiguous(address, count, element).into())
        }
        None => Ok(context.structural(&elements)),
    }
}

fn span(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let element = context.argument_at(ty, 0)?;
    let pointer = context.any_inner(value, &["__data_", "__data"])?;
    let length = match context.any_inner(value, &["__size_", "__size"]) {
        Ok(size) => context.number(&size)?,
        // Its length is part of its type.
        Err(_) => last_number(&ty.name).ok_or_else(|| Trouble::layout("its length isn't known"))?,
    };
    let pointer = context.address_in(&pointer)?;
    Ok(context.run(pointer, length, element)?.into())
}

fn initializer_list(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let element = context.argument_at(ty, 0)?;
    let (pointer, size) = (context.inner(value, "__begin_")?, context.inner(value, "__size_")?);
    let (pointer, length) = (context.address_in(&pointer)?, context.number(&size)?);
    Ok(context.run(pointer, length, element)?.into())
}

fn bitset(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let length = last_number(&ty.name).ok_or_else(|| Trouble::layout("its length isn't known"))?;
    if length == 0 {
        return Ok(List::collected(ListForm::Sequence, Vec::new()).into());
    }
    let words = context.inner(value, "__first_")?;
    if length > context.size_needed(&words.ty)?.saturating_mul(8) {
        return Err(Trouble::layout(format!("`__first_` is too small for {length} bits")));
    }
    match words.address() {
        Some(address) => Ok(bits(address, length).into()),
        None => {
            let bytes = context.bytes(&words)?;
            let bits = (0..length).map(|index| {
                let byte = usize::try_from(index / 8).ok().and_then(|byte| bytes.get(byte)).copied().unwrap_or(0);
                Element::of(Value::bool(byte >> (index % 8) & 1 == 1))
            });
            Ok(List::collected(ListForm::Sequence, bits.collect()).into())
        }
    }
}

/// Truth values, a bit each, the lowest first.
fn bits(address: u64, length: u64) -> List {
    List::new(ListForm::Sequence, length, move |context: &mut Context<'_>, start: u64, count: u64| {
        let end = start.saturating_add(count).min(length);
        let bit = |index: u64| {
            let byte = context.at(address.saturating_add(index / 8), ValueType::Bool);
            Element::of(Value { bits: Some(BitRange { first: index % 8, width: 1 }), ..byte })
        };
        Ok((start..end).map(bit).collect())
    })
}

/// Seen as the container inside.
fn adaptor(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    Ok(View::alias("", context.inner(value, "c")?))
}

/// Elements lie in blocks of one size; a map of pointers to the blocks, and the number of the first element in them.
fn deque(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let element = context.argument_at(ty, 0)?;
    let size = context.size_needed(&element)?.max(1);
    let block = if size < 256 { 4096 / size } else { 16 };
    let map = context.inner(value, "__map_")?;
    let (begin, end) = (context.inner(&map, "__begin_")?, context.inner(&map, "__end_")?);
    let blocks = context.address_in(&begin)?;
    let places = context.address_in(&end)?.checked_sub(blocks).map(|bytes| bytes / ADDRESS_SIZE * block);
    let start = context.inner(value, "__start_")?;
    let start = context.number(&start)?;
    let length = context.paired(value, "__size_", "__size_")?;
    let length = context.number(&length)?;
    if length > 0 && places.is_none_or(|places| start.saturating_add(length) > places) {
        return Err(Trouble::unreadable(format!(
            "its blocks have no room for {length} elements: not set up yet, or damaged"
        )));
    }
    let page = move |context: &mut Context<'_>, from: u64, count: u64| {
        let mut known = None;
        let mut elements = Vec::new();
        for index in from..from.saturating_add(count).min(length) {
            let place = start + index;
            let number = place / block;
            let address = match known {
                Some((block, address)) if block == number => address,
                _ => match context.read_number(blocks.saturating_add(number * ADDRESS_SIZE), ADDRESS_SIZE as usize) {
                    Ok(address) => address,
                    Err(why) => {
                        elements.push(Element::of(Value::unavailable(element.clone(), why.unavailable())));
                        continue;
                    }
                },
            };
            known = Some((number, address));
            elements.push(Element::of(context.at(address.saturating_add(place % block * size), element.clone())));
        }
        Ok(elements)
    };
    Ok(List::new(ListForm::Sequence, length, page).into())
}
