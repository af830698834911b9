//! Wasmtime's values, globals and memories as the contract's plain data.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use freezeframe_debuggee::{RefKind, RefValue, Unavailable, WasmValue};
use wasmtime::{Instance, RootScope, SharedMemory, StoreContextMut, V128, Val};

use crate::{Error, native, shared::Shared};

pub(super) fn unavailable(error: Error) -> Unavailable {
    match error {
        Error::Unavailable(why) => why,
        other => Unavailable::new(other.to_string()),
    }
}

/// A value, as far as plain data can say.
pub(super) fn shown<T: 'static>(store: &mut StoreContextMut<'_, T>, value: &Val) -> WasmValue {
    let reference = |kind, null: bool, summary: Option<String>| WasmValue::Ref(RefValue { kind, null, summary });
    match value {
        Val::I32(v) => WasmValue::I32(*v),
        Val::I64(v) => WasmValue::I64(*v),
        Val::F32(v) => WasmValue::F32(*v),
        Val::F64(v) => WasmValue::F64(*v),
        Val::V128(v) => WasmValue::V128(v.as_u128()),
        Val::FuncRef(f) => reference(RefKind::Func, f.is_none(), None),
        Val::ExternRef(e) => reference(RefKind::Extern, e.is_none(), None),
        Val::AnyRef(None) => reference(RefKind::Any, true, None),
        Val::AnyRef(Some(any)) => {
            let summary = match any.as_i31(&*store) {
                Ok(Some(i31)) => Some(format!("i31 {}", i31.get_i32())),
                _ if any.is_struct(&*store).unwrap_or(false) => Some("struct".to_owned()),
                _ if any.is_array(&*store).unwrap_or(false) => Some("array".to_owned()),
                _ => None,
            };
            reference(RefKind::Any, false, summary)
        }
        Val::ExnRef(e) => reference(RefKind::Exn, e.is_none(), None),
        Val::ContRef(c) => reference(RefKind::Cont, c.is_none(), None),
    }
}

/// A value to be written; references have no plain form.
pub(super) fn wanted(value: &WasmValue) -> Result<Val, Unavailable> {
    Ok(match value {
        WasmValue::I32(v) => Val::I32(*v),
        WasmValue::I64(v) => Val::I64(*v),
        WasmValue::F32(v) => Val::F32(*v),
        WasmValue::F64(v) => Val::F64(*v),
        WasmValue::V128(v) => Val::V128(V128::from(*v)),
        WasmValue::Ref(_) => return Err(Unavailable::new("references can't be set")),
    })
}

pub(super) fn global<T: 'static>(
    shared: &Shared<T>,
    store: &mut StoreContextMut<'_, T>,
    instance: Instance,
    index: u32,
) -> Result<WasmValue, Unavailable> {
    let global = native::global(shared, store, instance, index)
        .ok_or_else(|| Unavailable::new(native::missing(shared, "global", index)))?;
    let mut roots = RootScope::new(&mut *store);
    let value = global.get(&mut roots);
    Ok(shown(&mut wasmtime::AsContextMut::as_context_mut(&mut roots), &value))
}

/// Fills `into` from a shared memory, all of it or nothing.
pub(super) fn read_shared<T: 'static>(
    shared: &Shared<T>,
    store: &mut StoreContextMut<'_, T>,
    instance: Instance,
    index: u32,
    address: u64,
    into: &mut [u8],
) -> Result<(), Unavailable> {
    let memory = native::shared_memory(shared, store, instance, index)
        .ok_or_else(|| Unavailable::new(native::missing(shared, "memory", index)))?;
    let bytes = shared_bytes(&memory, address, into.len() as u64)
        .ok_or_else(|| Unavailable::new("out of bounds of the memory"))?;
    for (to, from) in into.iter_mut().zip(bytes) {
        *to = from.load(Relaxed);
    }
    Ok(())
}

/// A part of a shared memory, byte by byte atomic: other threads may be writing to it.
#[allow(unsafe_code)]
pub(super) fn shared_bytes(memory: &SharedMemory, address: u64, length: u64) -> Option<&[AtomicU8]> {
    let start = usize::try_from(address).ok()?;
    let end = start.checked_add(usize::try_from(length).ok()?)?;
    let bytes = memory.data().get(start..end)?;
    // SAFETY: `UnsafeCell<u8>` and `AtomicU8` have the layout of `u8`, the slice is borrowed from the memory, which never
    // shrinks or moves, and all our accesses through it are atomic, as Wasmtime's documentation of `data` asks for.
    Some(unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast::<AtomicU8>(), bytes.len()) })
}
