//! Maps and sets by hash: hashbrown's table.
//!
//! A table has a control byte for each bucket, with its highest bit set where the bucket is empty. The buckets lie before the
//! control bytes, in reverse.

use freezeframe_symbols::Type;

use super::members;
use crate::values::{
    Context, Value, ValueType,
    printers::{Printed, Printer},
    view::{Element, List, ListForm, Trouble},
};

pub(super) const PRINTERS: &[Printer] = &[
    Printer::new(&["std::collections::hash::map::HashMap", "hashbrown::map::HashMap"], map),
    Printer::new(&["std::collections::hash::set::HashSet", "hashbrown::set::HashSet"], set),
];

/// More buckets than a 32-bit memory has room for.
const MOST_BUCKETS: u64 = 1 << 32;
/// How many control bytes are read at once.
const RUN: u64 = 1 << 12;

fn map(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let table = if ty.name.starts_with("std::") { context.field(value, "base")? } else { value.clone() };
    let table = context.field(&table, "table")?;
    let table = Table::read(context, &table)?;
    let length = table.items;
    Ok(List::new(ListForm::Map, length, move |context: &mut Context<'_>, start: u64, count: u64| {
        let pairs = table.page(context, start, count)?;
        pairs.into_iter().map(|pair| entry(context, &pair)).collect()
    })
    .into())
}

fn set(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let set = if ty.name.starts_with("std::") { context.field(value, "base")? } else { value.clone() };
    let table = context.fields(&set, &["map", "table"])?;
    let table = Table::read(context, &table)?;
    let length = table.items;
    Ok(List::new(ListForm::Set, length, move |context: &mut Context<'_>, start: u64, count: u64| {
        let pairs = table.page(context, start, count)?;
        pairs.into_iter().map(|pair| Ok(Element::of(members(context, &pair)?.0))).collect()
    })
    .into())
}

fn entry(context: &mut Context<'_>, pair: &Value) -> Result<Element, Trouble> {
    let (key, value) = members(context, pair)?;
    Ok(Element::entry(key, value))
}

/// A table, read.
struct Table {
    /// Where the control bytes begin, and the buckets end.
    control: u64,
    buckets: u64,
    items: u64,
    pair: ValueType,
    size: u64,
}

impl Table {
    fn read(context: &mut Context<'_>, table: &Value) -> Result<Self, Trouble> {
        let ty = context.stripped(&table.ty).ok_or_else(|| Trouble::layout("its table has no type"))?;
        let pair = context.argument(&ty, "T")?;
        let inner = context.field(table, "table").unwrap_or_else(|_| table.clone());
        let mask = context.number_in(&inner, &["bucket_mask"])?;
        let items = context.number_in(&inner, &["items"])?;
        let control = context.field(&inner, "ctrl")?;
        let control = context.pointer_in(&control)?;
        let size = context.size_needed(&pair)?;
        let buckets = mask.saturating_add(1);
        // A variable that isn't set yet holds anything.
        let fits = buckets.is_power_of_two() && buckets <= MOST_BUCKETS && items <= buckets;
        if !fits || buckets > 1 && buckets.saturating_mul(size) > control {
            return Err(Trouble::unreadable(format!(
                "no hash table: {items} items in {buckets} buckets; not set yet?"
            )));
        }
        Ok(Self { control, buckets, items, pair, size })
    }

    /// Pairs by number. Those before have to be counted.
    fn page(&self, context: &mut Context<'_>, start: u64, count: u64) -> Result<Vec<Value>, Trouble> {
        let wanted = count.min(self.items.saturating_sub(start));
        let mut pairs = Vec::new();
        let (mut seen, mut at) = (0, 0);
        let mut run = vec![0; RUN as usize];
        while at < self.buckets && (pairs.len() as u64) < wanted {
            let length = (self.buckets - at).min(RUN);
            let run = &mut run[..length as usize];
            context.read(self.control.saturating_add(at), run)?;
            for (bucket, control) in (at..).zip(run.iter()) {
                if control & 0x80 != 0 {
                    continue;
                }
                if seen >= start && (pairs.len() as u64) < wanted {
                    let address = self.control.saturating_sub((bucket + 1).saturating_mul(self.size));
                    pairs.push(context.at(address, self.pair.clone()));
                }
                seen += 1;
            }
            at += length;
        }
        Ok(pairs)
    }
}
