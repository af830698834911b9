//! Maps and sets by order: std's B-trees.
//!
//! A leaf has arrays of keys and values; an internal node is a leaf with an array of edges behind it.

use freezeframe_symbols::Type;

use crate::values::{
    Context, Value, ValueType,
    printers::{LONGEST_CHAIN, Printed, Printer},
    view::{Content, Element, List, ListForm, Part, Trouble, View},
};

pub(super) const PRINTERS: &[Printer] = &[
    Printer::new(&["alloc::collections::btree::map::BTreeMap"], map),
    Printer::new(&["alloc::collections::btree::set::BTreeSet"], set),
];

/// No node has more keys.
const CAPACITY: u64 = 11;
/// Of such trees 2^32 bytes hold none that is higher.
const HIGHEST: u64 = 32;

fn map(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let (key, item) = (context.argument(ty, "K")?, context.argument(ty, "V")?);
    tree(context, value, key, item, ListForm::Map)
}

fn set(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let key = context.argument(ty, "T")?;
    let map = context.field(value, "map")?;
    let map_type = context.stripped(&map.ty).ok_or_else(|| Trouble::layout("`map` has no type"))?;
    let item = context.argument(&map_type, "V")?;
    tree(context, &map, key, item, ListForm::Set)
}

fn tree(context: &mut Context<'_>, map: &Value, key: ValueType, item: ValueType, form: ListForm) -> Printed {
    let length = context.number_in(map, &["length"])?;
    let root = context.field(map, "root")?;
    // `Option<NodeRef>`: raw, as only one with a root has a member `node`.
    let root = match context.view(&root, true) {
        View::Parts(mut parts) if parts.name == "Some" && parts.parts.len() == 1 => match parts.parts.pop() {
            Some(Part { content: Content::Value(root), .. }) => Some(root),
            _ => None,
        },
        View::Words { .. } => None,
        View::Unavailable(why) => return Err(why.into()),
        _ => return Err(Trouble::layout("`root` is no `Option` here")),
    };
    let Some(root) = root else {
        return match length {
            0 => Ok(List::collected(form, Vec::new()).into()),
            _ => Err(Trouble::unreadable(format!("{length} elements without a root; not set yet?"))),
        };
    };
    let height = context.number_in(&root, &["height"])?;
    let node = context.field(&root, "node")?;
    let node = context.first_pointer(&node)?;
    let shape = Shape::read(context, &node, key, item)?;
    let root = context.address_in(&node)?;
    if height > HIGHEST {
        return Err(Trouble::unreadable(format!("a tree of height {height}; not set yet?")));
    }
    Ok(List::new(form, length, move |context: &mut Context<'_>, start: u64, count: u64| {
        let wanted = count.min(length.saturating_sub(start));
        let mut walk = Walk { shape: &shape, skip: start, wanted, nodes: 0, found: Vec::new() };
        walk.node(context, root, height)?;
        let element = |(key, value)| if form == ListForm::Map { Element::entry(key, value) } else { Element::of(key) };
        Ok(walk.found.into_iter().map(element).collect())
    })
    .into())
}

/// Where things are in a node.
struct Shape {
    key: ValueType,
    item: ValueType,
    key_size: u64,
    item_size: u64,
    /// Offsets.
    length: u64,
    keys: u64,
    items: u64,
    edges: u64,
}

impl Shape {
    fn read(context: &mut Context<'_>, node: &Value, key: ValueType, item: ValueType) -> Result<Self, Trouble> {
        let leaf = context.deref_raw(node)?;
        let start = context.address_needed(&leaf)?;
        let mut offset = |name: &str| -> Result<u64, Trouble> {
            let member = context.field(&leaf, name)?;
            Ok(context.address_needed(&member)?.wrapping_sub(start))
        };
        let (length, keys, items) = (offset("len")?, offset("keys")?, offset("vals")?);
        // `parent: Option<NonNull<InternalNode>>` is what names the type of internal nodes; its edges come behind the leaf's
        // members, which is where they are without it too.
        let leaf_size = context.size_needed(&leaf.ty)?;
        Ok(Self {
            key_size: context.size_needed(&key)?,
            item_size: context.size_needed(&item)?,
            key,
            item,
            length,
            keys,
            items,
            edges: leaf_size,
        })
    }
}

/// A walk in order over a part of the tree.
struct Walk<'s> {
    shape: &'s Shape,
    skip: u64,
    wanted: u64,
    /// How many were visited.
    nodes: u64,
    found: Vec<(Value, Value)>,
}

impl Walk<'_> {
    fn done(&self) -> bool {
        self.found.len() as u64 >= self.wanted
    }

    /// The height falls with each level: this ends.
    fn node(&mut self, context: &mut Context<'_>, node: u64, height: u64) -> Result<(), Trouble> {
        if self.done() {
            return Ok(());
        }
        self.nodes += 1;
        if self.nodes > LONGEST_CHAIN {
            return Err(Trouble::unreadable("this far into a tree is too far to walk"));
        }
        let shape = self.shape;
        let length = context.read_number(node.saturating_add(shape.length), 2)?;
        if length > CAPACITY || length == 0 {
            return Err(Trouble::unreadable(format!("a node with {length} keys at {node:#x}; not set yet?")));
        }
        if height == 0 && self.skip >= length {
            self.skip -= length;
            return Ok(());
        }
        for i in 0..=length {
            if height > 0 {
                let edge = node.saturating_add(shape.edges).saturating_add(4 * i);
                let child = context.read_number(edge, 4)?;
                self.node(context, child, height - 1)?;
            }
            if self.done() || i == length {
                return Ok(());
            }
            if self.skip > 0 {
                self.skip -= 1;
                continue;
            }
            let key = node.saturating_add(shape.keys).saturating_add(i * shape.key_size);
            let item = node.saturating_add(shape.items).saturating_add(i * shape.item_size);
            let pair = (context.at(key, shape.key.clone()), context.at(item, shape.item.clone()));
            self.found.push(pair);
        }
        Ok(())
    }
}
