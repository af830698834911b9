//! Hash tables: `unordered_map`, `unordered_set`, `unordered_multimap`, `unordered_multiset`. Their elements are one chain,
//! in the order of their iterators.

use freezeframe_symbols::Type;

use super::{associative::entry, chains};
use crate::values::{
    Context, Value,
    printers::{Printed, Printer},
    view::{Element, List, ListForm},
};

pub(super) const PRINTERS: &[Printer] = &[
    Printer::new(&["std::unordered_map", "std::unordered_multimap"], map),
    Printer::new(&["std::unordered_set", "std::unordered_multiset"], set),
];

fn map(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    table(context, value, ListForm::Map)
}

fn set(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    table(context, value, ListForm::Set)
}

fn table(context: &mut Context<'_>, value: &Value, form: ListForm) -> Printed {
    let table = context.inner(value, "__table_")?;
    let first = context.paired(&table, "__first_node_", "__p1_")?;
    let first = context.inner(&first, "__next_")?;
    let first = context.address_in(&first)?;
    let length = context.paired(&table, "__size_", "__p2_")?;
    let length = context.number(&length)?;
    if length == 0 {
        return Ok(List::collected(form, Vec::new()).into());
    }
    let node = context.node_type(&table.ty, "std::__hash_node")?;
    let chain = chains::Chain::new(context, &node, first, 0)?;
    chains::readable(context, &chain)?;
    let page = move |context: &mut Context<'_>, start: u64, count: u64| {
        let values = chain.page(context, start, count, length)?;
        Ok(values
            .into_iter()
            .map(|value| match form {
                ListForm::Map => entry(context, value),
                _ => Element::of(value),
            })
            .collect())
    };
    Ok(List::new(form, length, page).into())
}
