//! Smart pointers: `unique_ptr`, `shared_ptr`, `weak_ptr`, `reference_wrapper`. They are seen as what they point to.

use freezeframe_symbols::Type;

use crate::values::{
    ADDRESS_SIZE, Context, Value,
    printers::{Printed, Printer},
    view::{Trouble, View},
};

pub(super) const PRINTERS: &[Printer] = &[
    Printer::new(&["std::unique_ptr"], unique),
    Printer::new(&["std::shared_ptr"], shared),
    Printer::new(&["std::weak_ptr"], weak),
    Printer::new(&["std::reference_wrapper"], reference),
];

fn unique(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let pointer = context.paired(value, "__ptr_", "__ptr_")?;
    let array = context.argument_at(ty, 0).is_ok_and(|ty| context.array(&ty).is_some());
    // How many elements an array has isn't written down anywhere.
    if array {
        return Ok(View::alias("", pointer));
    }
    pointed(context, &pointer, "")
}

/// Behind the counters' virtual table lie the number of owners less one, then that of weak ones, in which all owners together
/// are one. Debug information seldom has that class: libc++ itself is compiled without.
fn counts(context: &mut Context<'_>, value: &Value) -> Result<Option<(u64, u64)>, Trouble> {
    let block = context.inner(value, "__cntrl_")?;
    let block = context.address_in(&block)?;
    if block == 0 {
        return Ok(None);
    }
    let mut counter = |index: u64| -> Result<u64, Trouble> {
        let stored = context.read_number(block.saturating_add(index * ADDRESS_SIZE), ADDRESS_SIZE as usize)? as u32;
        let count = i64::from(stored.cast_signed()) + 1;
        let damaged = || Trouble::unreadable("its counts make no sense: not set up yet, or damaged");
        u64::try_from(count).map_err(|_| damaged())
    };
    let (owners, weak) = (counter(1)?, counter(2)?);
    Ok(Some((owners, weak.saturating_sub(u64::from(owners > 0)))))
}

fn counted(owners: u64, weak: u64) -> String {
    match weak {
        0 => format!("(use count {owners}) "),
        weak => format!("(use count {owners}, weak count {weak}) "),
    }
}

fn shared(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let pointer = context.inner(value, "__ptr_")?;
    match counts(context, value)? {
        Some((owners, weak)) => pointed(context, &pointer, &counted(owners, weak)),
        None => pointed(context, &pointer, ""),
    }
}

fn weak(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let pointer = context.inner(value, "__ptr_")?;
    match counts(context, value)? {
        Some((0, weak)) => Ok(View::words(format!("expired (weak count {weak})"))),
        Some((owners, weak)) => pointed(context, &pointer, &counted(owners, weak)),
        None => Ok(View::words("empty")),
    }
}

fn reference(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let pointer = context.any_inner(value, &["__f_", "__f"])?;
    pointed(context, &pointer, "")
}

/// What a pointer points to, with its address before it.
fn pointed(context: &mut Context<'_>, pointer: &Value, words: &str) -> Printed {
    let address = context.address_in(pointer)?;
    if address == 0 {
        return Ok(View::words("nullptr"));
    }
    let Some(target) = context.pointee(&pointer.ty) else {
        return Err(Trouble::layout(format!("a `{}` is no pointer", context.type_name(&pointer.ty))));
    };
    // Of a `void *`, and of a function, there's only the pointer.
    match target.filter(|target| context.size(target).is_some()) {
        Some(target) => {
            let target = context.at(address, target);
            let (label, target) = context.as_what_it_is(target);
            Ok(View::alias(format!("{words}@{address:#x}: {label}"), target))
        }
        None => Ok(View::alias(words, pointer.clone())),
    }
}
