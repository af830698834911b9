//! What may change behind a shared reference: `Cell`, `RefCell` and its guards, `OnceCell`, `Mutex`, atomics.

use freezeframe_symbols::Type;

use crate::values::{
    Context, Scalar, Value,
    printers::{Printed, Printer, structural::short_name},
    view::{Part, Parts, Trouble, View, Way},
};

pub(super) const PRINTERS: &[Printer] = &[
    Printer::new(&["core::cell::Cell", "core::cell::UnsafeCell", "core::cell::SyncUnsafeCell"], cell),
    Printer::new(&["core::cell::RefCell"], ref_cell),
    Printer::new(&["core::cell::Ref", "core::cell::RefMut"], guard),
    Printer::new(
        &[
            "std::sync::poison::mutex::MutexGuard",
            "std::sync::mutex::MutexGuard",
            "std::sync::poison::rwlock::RwLockReadGuard",
            "std::sync::poison::rwlock::RwLockWriteGuard",
            "std::sync::rwlock::RwLockReadGuard",
            "std::sync::rwlock::RwLockWriteGuard",
        ],
        lock_guard,
    ),
    Printer::new(&["core::cell::once::OnceCell", "core::lazy::OnceCell"], once_cell),
    Printer::new(&["std::sync::once_lock::OnceLock"], once_lock),
    Printer::new(
        &[
            "std::sync::poison::mutex::Mutex",
            "std::sync::mutex::Mutex",
            "std::sync::poison::rwlock::RwLock",
            "std::sync::rwlock::RwLock",
        ],
        mutex,
    ),
    Printer::new(
        &[
            "core::sync::atomic::Atomic",
            "core::sync::atomic::AtomicBool",
            "core::sync::atomic::AtomicI8",
            "core::sync::atomic::AtomicU8",
            "core::sync::atomic::AtomicI16",
            "core::sync::atomic::AtomicU16",
            "core::sync::atomic::AtomicI32",
            "core::sync::atomic::AtomicU32",
            "core::sync::atomic::AtomicI64",
            "core::sync::atomic::AtomicU64",
            "core::sync::atomic::AtomicIsize",
            "core::sync::atomic::AtomicUsize",
            "core::sync::atomic::AtomicPtr",
        ],
        atomic,
    ),
];

/// The value in an `UnsafeCell`.
fn unsafe_cell(context: &mut Context<'_>, value: &Value) -> Result<Value, Trouble> {
    context.field(value, "value")
}

/// `Cell { value: 9 }`, as `{:?}` writes it.
fn cell(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let mut inner = unsafe_cell(context, value)?;
    if ty.name.starts_with("core::cell::Cell") {
        inner = unsafe_cell(context, &inner)?;
    }
    let part = Part::value("value", inner.clone()).by(Way::Deref);
    Ok(Parts::named(short_name(&ty.name), vec![part]).target(inner).into())
}

fn ref_cell(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let inner = context.field(value, "value")?;
    let inner = unsafe_cell(context, &inner)?;
    let flag = context.field(value, "borrow")?;
    let flag = context.unwrapped(&flag)?;
    let Scalar::Integer { value: count, .. } = context.scalar(&flag)? else {
        return Err(Trouble::layout("`borrow` is no number here"));
    };
    let mut parts = vec![Part::value("value", inner.clone()).by(Way::Deref)];
    match count {
        0 => {}
        1 => parts.push(Part::words("borrowed", "once")),
        2.. => parts.push(Part::words("borrowed", format!("{count} times"))),
        _ => parts.push(Part::words("borrowed", "mutably")),
    }
    Ok(Parts::named("RefCell", parts).target(inner).into())
}

/// `Ref`, `RefMut`: seen as what they guard.
fn guard(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    guard_of(context, value, "value")
}

/// `OnceCell(5)`, `OnceCell(<not set>)`.
fn once_cell(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let inner = context.field(value, "inner")?;
    let option = unsafe_cell(context, &inner)?;
    let set = match context.view(&option, false) {
        View::Parts(parts) => parts.parts.into_iter().next(),
        View::Unavailable(why) => return Err(why.into()),
        _ => None,
    };
    let part = set.unwrap_or_else(|| Part::words("0", "<not set>")).by(Way::None);
    Ok(Parts::positional("OnceCell", vec![part]).into())
}

/// Whether it's set is told by its `Once`, whose numbers differ between the variants of std.
fn once_lock(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let argument = context.argument(ty, "T")?;
    let once = context.field(value, "once")?;
    let state = context.number(&once)?;
    let inner = context.field(&once, "inner")?;
    // With threads it counts down to 0, without them the last of its states is complete.
    let complete = if context.has_field(&inner, "state_and_queued") { state == 0 } else { state == 3 };
    let cell = context.field(value, "value")?;
    let part = match complete {
        true => {
            let address = context.address_needed(&cell)?;
            Part::value("0", context.at(address, argument))
        }
        false => Part::words("0", "<not set>"),
    };
    Ok(Parts::positional("OnceLock", vec![part]).into())
}

/// `Mutex { data: 5, locked: false, poisoned: false }`
fn mutex(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let data = context.field(value, "data")?;
    let data = unsafe_cell(context, &data)?;
    let mut parts = vec![Part::value("data", data.clone()).by(Way::Deref)];
    let inner = context.field(value, "inner")?;
    if let Ok(state) = context.number(&inner) {
        parts.push(Part::value("locked", Value::bool(state != 0)));
    }
    // Where a panic aborts, nothing is ever poisoned.
    if let Ok(poison) = context.fields(value, &["poison", "failed"]) {
        let poisoned = context.number(&poison)? != 0;
        parts.push(Part::value("poisoned", Value::bool(poisoned)));
    }
    Ok(Parts::named(short_name(&ty.name), parts).target(data).into())
}

/// `MutexGuard` and the like: seen as what they guard.
fn lock_guard(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    if context.has_field(value, "data") {
        return guard_of(context, value, "data");
    }
    let lock = context.field(value, "lock")?;
    let lock = context.deref_raw(&lock)?;
    let data = context.field(&lock, "data")?;
    Ok(View::alias("", unsafe_cell(context, &data)?))
}

fn guard_of(context: &mut Context<'_>, value: &Value, member: &str) -> Printed {
    let pointer = context.field(value, member)?;
    let pointer = context.first_pointer(&pointer)?;
    Ok(View::alias("", context.deref_raw(&pointer)?))
}

/// Seen as its value.
fn atomic(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    Ok(View::alias("", context.unwrapped(value)?))
}
