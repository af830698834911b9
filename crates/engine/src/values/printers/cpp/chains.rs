//! Nodes behind one another: `list`, `forward_list`. Also what the buckets of hash tables are strung on.
//!
//! Invariant: a walk ends: after the elements that were asked for, at the chain's end, at what can't be read, or after
//! [`LONGEST_CHAIN`] links. A chain that ends before it should says so in the place of the first element that is missing.

use freezeframe_debuggee::Unavailable;
use freezeframe_symbols::Type;

use crate::values::{
    ADDRESS_SIZE, Context, Value, ValueType,
    printers::{LONGEST_CHAIN, Printed, Printer},
    view::{Element, List, ListForm, Trouble},
};

pub(super) const PRINTERS: &[Printer] =
    &[Printer::new(&["std::list"], list), Printer::new(&["std::forward_list"], forward_list)];

/// A `forward_list` doesn't know its length: so many of its nodes are counted.
const COUNTED: u64 = 1 << 16;

/// Nodes that each point to the next.
#[derive(Clone)]
pub(super) struct Chain {
    /// The first node; [`end`](Self::end) for none.
    pub first: u64,
    /// What the last node points to.
    pub end: u64,
    /// Where in a node the pointer to the next lies.
    pub next: u64,
    /// Where in a node its value lies.
    pub value: u64,
    /// The value's type.
    pub ty: ValueType,
}

impl Chain {
    /// One of nodes of this type.
    pub fn new(context: &mut Context<'_>, node: &ValueType, first: u64, end: u64) -> Result<Self, Trouble> {
        let (next, _) = context.place_of(node, "__next_")?;
        let (value, ty) = context.place_of(node, "__value_")?;
        Ok(Self { first, end, next, value, ty })
    }

    fn after(&self, context: &mut Context<'_>, node: u64) -> Result<u64, Trouble> {
        context.read_number(node.saturating_add(self.next), ADDRESS_SIZE as usize)
    }

    /// What stands in the place of the first node that is missing. Before the page there's no such place.
    fn broken(&self, before: bool, why: String) -> Result<Value, Trouble> {
        match before {
            true => Err(Trouble::unreadable(why)),
            false => Ok(Value::unavailable(self.ty.clone(), Unavailable::new(why))),
        }
    }

    /// The values of `count` nodes behind the first `start`. `length`: how many there should be.
    pub fn page(&self, context: &mut Context<'_>, start: u64, count: u64, length: u64) -> Result<Vec<Value>, Trouble> {
        let mut values = Vec::new();
        let mut node = self.first;
        let end = start.saturating_add(count).min(length);
        for index in 0..end {
            if index >= LONGEST_CHAIN {
                let why = format!("it lies behind {LONGEST_CHAIN} nodes, which is as far as they're followed");
                return Err(Trouble::unreadable(why));
            }
            if node == self.end || node == 0 {
                let why = format!("the chain ends after {index} of {length} nodes: it is damaged");
                values.push(self.broken(index < start, why)?);
                break;
            }
            if index >= start {
                values.push(context.at(node.saturating_add(self.value), self.ty.clone()));
            }
            if index + 1 < end {
                node = match self.after(context, node) {
                    Ok(next) => next,
                    Err(why) => {
                        let why = why.unavailable();
                        let why = format!("the chain breaks off after {} nodes: {why}", index + 1);
                        values.push(self.broken(index + 1 < start, why)?);
                        break;
                    }
                };
            }
        }
        Ok(values)
    }

    /// How many nodes there are, and what is to be said about that.
    fn count(&self, context: &mut Context<'_>) -> (u64, Option<String>) {
        // Brent's: the hare is compared with where it was at the last power of two.
        let (mut node, mut tortoise, mut power) = (self.first, self.first, 1);
        for count in 0..COUNTED {
            if node == self.end || node == 0 {
                return (count, None);
            }
            if count > 0 && node == tortoise {
                return (count, Some("the chain runs in a circle: it is damaged".to_owned()));
            }
            if count == power {
                (tortoise, power) = (node, power * 2);
            }
            node = match self.after(context, node) {
                Ok(next) => next,
                Err(_) => return (count, Some(format!("the chain breaks off at {node:#x}: it is damaged"))),
            };
        }
        (COUNTED, Some("more follow, which weren't counted".to_owned()))
    }
}

/// A list of the values in a chain.
pub(super) fn elements(chain: Chain, length: u64) -> List {
    List::new(ListForm::Sequence, length, move |context: &mut Context<'_>, start: u64, count: u64| {
        Ok(chain.page(context, start, count, length)?.into_iter().map(Element::of).collect())
    })
}

fn list(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let end = context.inner(value, "__end_")?;
    let first = context.inner(&end, "__next_")?;
    let (end, first) = (context.address_needed(&end)?, context.address_in(&first)?);
    let length = context.paired(value, "__size_", "__size_alloc_")?;
    let length = context.number(&length)?;
    if length == 0 {
        if first != end {
            return Err(Trouble::unreadable("it has no elements, but nodes: not set up yet, or damaged"));
        }
        return Ok(List::collected(ListForm::Sequence, Vec::new()).into());
    }
    let node = context.node_type(&value.ty, "std::__list_node")?;
    let chain = Chain::new(context, &node, first, end)?;
    readable(context, &chain)?;
    Ok(elements(chain, length).into())
}

fn forward_list(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let before = context.paired(value, "__before_begin_", "__before_begin_")?;
    let first = context.inner(&before, "__next_")?;
    let first = context.address_in(&first)?;
    if first == 0 {
        return Ok(List::collected(ListForm::Sequence, Vec::new()).into());
    }
    let node = context.node_type(&value.ty, "std::__forward_list_node")?;
    let chain = Chain::new(context, &node, first, 0)?;
    readable(context, &chain)?;
    let (length, note) = chain.count(context);
    let list = elements(chain, length);
    Ok(match note {
        Some(note) => list.note(note).into(),
        None => list.into(),
    })
}

/// A chain whose first node isn't even in the memory is none.
pub(super) fn readable(context: &mut Context<'_>, chain: &Chain) -> Result<(), Trouble> {
    match chain.after(context, chain.first) {
        Ok(_) => Ok(()),
        Err(_) => Err(Trouble::unreadable(format!(
            "its first node at {:#x} lies outside of the memory: not set up yet, or damaged",
            chain.first
        ))),
    }
}
