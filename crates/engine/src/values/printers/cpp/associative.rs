//! Search trees: `map`, `set`, `multimap`, `multiset`. Elements come in the order of their keys.
//!
//! Invariant: a walk takes no more steps from node to node than one through a whole tree, whatever the pointers say, and goes
//! [`LONGEST_CHAIN`] nodes far.

use freezeframe_debuggee::Unavailable;
use freezeframe_symbols::Type;

use crate::values::{
    ADDRESS_SIZE, Context, Storage, Value, ValueType,
    printers::{LONGEST_CHAIN, Printed, Printer},
    view::{Element, List, ListForm, Trouble},
};

pub(super) const PRINTERS: &[Printer] =
    &[Printer::new(&["std::map", "std::multimap"], map), Printer::new(&["std::set", "std::multiset"], set)];

/// A balanced tree of as many nodes as a memory has room for is no higher.
const HIGHEST: u64 = 64;

/// Where things lie in a node.
#[derive(Clone)]
pub(super) struct Nodes {
    left: u64,
    right: u64,
    parent: u64,
    pub value: u64,
    pub ty: ValueType,
}

impl Nodes {
    /// In one of this type.
    pub fn new(context: &mut Context<'_>, node: &ValueType) -> Result<Self, Trouble> {
        let (left, _) = context.place_of(node, "__left_")?;
        let (right, _) = context.place_of(node, "__right_")?;
        let (parent, _) = context.place_of(node, "__parent_")?;
        let (value, ty) = context.place_of(node, "__value_")?;
        Ok(Self { left, right, parent, value, ty })
    }

    fn follow(&self, context: &mut Context<'_>, node: u64, link: u64) -> Result<u64, Trouble> {
        context.read_number(node.saturating_add(link), ADDRESS_SIZE as usize)
    }

    /// Whether this is a node inside a tree, not the one behind all of them that `end()` gives.
    pub fn is_inside(&self, context: &mut Context<'_>, node: u64) -> Result<bool, Trouble> {
        let Ok(parent) = self.follow(context, node, self.parent) else { return Ok(false) };
        let is_child = |context: &mut Context<'_>, link| self.follow(context, parent, link).is_ok_and(|at| at == node);
        Ok(parent != 0 && (is_child(context, self.left) || is_child(context, self.right)))
    }

    /// The node with the next larger key.
    fn next(&self, context: &mut Context<'_>, mut node: u64, steps: &mut u64) -> Result<u64, Trouble> {
        let mut step = || match steps.checked_sub(1) {
            Some(left) => {
                *steps = left;
                Ok(())
            }
            None => Err(Trouble::unreadable("the way through the tree has no end: it is damaged, or too large")),
        };
        step()?;
        let right = self.follow(context, node, self.right)?;
        if right != 0 {
            node = right;
            loop {
                match self.follow(context, node, self.left)? {
                    0 => return Ok(node),
                    left => node = left,
                }
                step()?;
            }
        }
        loop {
            let parent = self.follow(context, node, self.parent)?;
            if self.follow(context, parent, self.left)? == node {
                return Ok(parent);
            }
            node = parent;
            step()?;
        }
    }
}

fn map(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    tree(context, value, ListForm::Map)
}

fn set(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    tree(context, value, ListForm::Set)
}

fn tree(context: &mut Context<'_>, value: &Value, form: ListForm) -> Printed {
    let tree = context.inner(value, "__tree_")?;
    let first = context.inner(&tree, "__begin_node_")?;
    let first = context.address_in(&first)?;
    let end = context.paired(&tree, "__end_node_", "__pair1_")?;
    let end = context.address_needed(&end)?;
    let length = context.paired(&tree, "__size_", "__pair3_")?;
    let length = context.number(&length)?;
    if length == 0 {
        if first != end {
            return Err(Trouble::unreadable("it has no elements, but nodes: not set up yet, or damaged"));
        }
        return Ok(List::collected(form, Vec::new()).into());
    }
    let node = context.node_type(&tree.ty, "std::__tree_node")?;
    let nodes = Nodes::new(context, &node)?;
    if first == 0 || nodes.follow(context, first, nodes.parent).is_err() {
        return Err(Trouble::unreadable(format!(
            "its first node at {first:#x} lies outside of the memory: not set up yet, or damaged"
        )));
    }
    let page = move |context: &mut Context<'_>, start: u64, count: u64| {
        let mut elements = Vec::new();
        let mut node = first;
        let stop = start.saturating_add(count).min(length);
        if stop > LONGEST_CHAIN {
            let why = format!("it lies behind {LONGEST_CHAIN} nodes, which is as far as they're followed");
            return Err(Trouble::unreadable(why));
        }
        // A whole tree is walked through by two steps a node, a part of it by no more than its height besides.
        let mut steps = 2 * stop + 2 * HIGHEST;
        let broken = |index: u64, why: String| match index < start {
            true => Err(Trouble::unreadable(why)),
            false => Ok(Element::of(Value::unavailable(nodes.ty.clone(), Unavailable::new(why)))),
        };
        for index in 0..stop {
            if node == end || node == 0 {
                let why = format!("the tree ends after {index} of {length} nodes: it is damaged");
                elements.push(broken(index, why)?);
                break;
            }
            if index >= start {
                let value = context.at(node.saturating_add(nodes.value), nodes.ty.clone());
                elements.push(if form == ListForm::Map { entry(context, value) } else { Element::of(value) });
            }
            if index + 1 < stop {
                node = match nodes.next(context, node, &mut steps) {
                    Ok(next) => next,
                    Err(why) => {
                        let why = why.unavailable();
                        let why = format!("the tree breaks off after {} nodes: {why}", index + 1);
                        elements.push(broken(index + 1, why)?);
                        break;
                    }
                };
            }
        }
        Ok(elements)
    };
    Ok(List::new(form, length, page).into())
}

/// Key and value of what a map's node holds: a pair, inside a wrapper in older versions.
pub(super) fn entry(context: &mut Context<'_>, value: Value) -> Element {
    if let Storage::Unavailable(_) = value.storage {
        return Element::of(value);
    }
    let pair = context.any_inner(&value, &["__cc_", "__cc"]).unwrap_or(value);
    match (context.inner(&pair, "first"), context.inner(&pair, "second")) {
        (Ok(key), Ok(value)) => Element::entry(key, value),
        _ => Element::of(pair),
    }
}
