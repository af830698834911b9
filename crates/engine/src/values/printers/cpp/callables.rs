//! `std::function`: seen as the name of what it calls.
//!
//! Its target's type is known only to a function that calls it, which is a template over that type: that function's name
//! tells. A pointer to a function lies in the buffer.

use freezeframe_symbols::Type;

use super::names::short;
use crate::values::{
    ADDRESS_SIZE, Context, Value,
    printers::{Printed, Printer},
    view::{Trouble, View},
};

pub(super) const PRINTERS: &[Printer] = &[Printer::new(&["std::function"], function)];

fn function(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let inner = context.any_inner(value, &["__f_", "__f"])?;
    match context.inner(&inner, "__policy_") {
        Ok(policy) => by_policy(context, &inner, &policy),
        Err(_) => by_object(context, &inner),
    }
}

/// The second ABI: a buffer, a function that calls, and what else is to be known of the target's type.
fn by_policy(context: &mut Context<'_>, inner: &Value, policy: &Value) -> Printed {
    let policy = context.address_in(policy)?;
    let caller = match context.inner(inner, "__func_") {
        Ok(caller) => caller,
        Err(_) => {
            let invoker = context.inner(inner, "__invoker_")?;
            context.inner(&invoker, "__call_")?
        }
    };
    let caller = context.address_in(&caller)?;
    // Two pointers to functions, then whether this is the policy of no target.
    if context.read_number(policy.saturating_add(2 * ADDRESS_SIZE), 1)? == 1 {
        return Ok(View::words("nullptr"));
    }
    let name = context.function_in_table(caller);
    let name = name.ok_or_else(|| {
        Trouble::unreadable(format!("entry {caller} of the table is no function: not set up yet, or damaged"))
    })?;
    let target = argument(&name, "__call_impl<").or_else(|| argument(&name, "__call_func<"));
    let target = target.ok_or_else(|| Trouble::layout(format!("`{name}` doesn't tell what it calls")))?;
    if target.contains("(*)(") {
        let buffer = context.inner(inner, "__buf_")?;
        let bytes = context.bytes(&buffer)?;
        let entry = bytes.first_chunk().map_or(0, |word| u64::from(u32::from_le_bytes(*word)));
        return Ok(View::words(context.function_in_table(entry).unwrap_or_else(|| short(target))));
    }
    Ok(View::words(short(target)))
}

/// The first ABI: a pointer to an object with a virtual table, whose class is a template over the target's type.
fn by_object(context: &mut Context<'_>, inner: &Value) -> Printed {
    let pointer = context.inner(inner, "__f_")?;
    let object = context.address_in(&pointer)?;
    if object == 0 {
        return Ok(View::words("nullptr"));
    }
    let table = context.read_number(object, ADDRESS_SIZE as usize)?;
    let found = context.dynamic_type(table)?;
    let target = argument(&found.name, "__func<");
    let target = target.ok_or_else(|| Trouble::layout(format!("`{}` doesn't tell what it calls", found.name)))?;
    if target.contains("(*)(") {
        // Behind the virtual table.
        let entry = context.read_number(object.saturating_add(ADDRESS_SIZE), ADDRESS_SIZE as usize)?;
        return Ok(View::words(context.function_in_table(entry).unwrap_or_else(|| short(target))));
    }
    Ok(View::words(short(target)))
}

/// The first argument of the template, without libc++'s wrapper around it.
fn argument<'a>(name: &'a str, template: &str) -> Option<&'a str> {
    let at = name.find(template)?;
    let mut inside = name.get(at + template.len()..)?;
    for wrapper in ["__default_alloc_func<", "__alloc_func<"] {
        let path =
            inside.find(wrapper).filter(|at| inside[..*at].chars().all(|c| c.is_alphanumeric() || "_:".contains(c)));
        if let Some(path) = path {
            inside = &inside[path + wrapper.len()..];
        }
    }
    let mut depth = 0_u32;
    let end = inside.char_indices().find(|(_, c)| {
        match c {
            '<' | '(' => depth += 1,
            '>' | ',' if depth == 0 => return true,
            '>' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        false
    });
    Some(inside[..end?.0].trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_in_names() {
        let name = "int std::__2::__function::__policy_invoker<int (int)>::__call_impl<std::__2::__function::\
                    __default_alloc_func<a::f(int, b<c>)::'lambda'(int), int (int)> >(…)";
        assert_eq!(argument(name, "__call_impl<"), Some("a::f(int, b<c>)::'lambda'(int)"));
        assert_eq!(argument("x::__call_func<int (*)(int, int)>", "__call_func<"), Some("int (*)(int, int)"));
        assert_eq!(argument("x::__call_func", "__call_func<"), None);
        assert_eq!(argument("x::__call_func<int", "__call_func<"), None);
    }
}
