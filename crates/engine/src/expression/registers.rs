//! What begins with a `$`: the state of the Wasm machine, values that were printed, variables of the person's own.
//!
//! Invariant: what is kept is a copy. It says what was there when it was printed, and its types are looked up only in the
//! module that they come from.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use freezeframe_debuggee::{FrameAccess, Unavailable, WasmValue};
use freezeframe_symbols::Symbols;

use crate::{
    EngineError,
    error::near_misses,
    values::{Context, Storage, Value, ValueType},
};

/// How many printed values are kept.
const MOST: usize = 10_000;
/// How large a value may be that is kept, in bytes.
const LARGEST: u64 = 1 << 16;

/// What is remembered from stop to stop and from run to run; all debuggees share it.
#[derive(Clone, Default)]
pub(crate) struct Memo(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    /// The newest values; the last one's number is `printed`.
    history: VecDeque<Copied>,
    printed: usize,
    variables: BTreeMap<String, Copied>,
}

#[derive(Clone)]
struct Copied {
    value: Value,
    /// Where its types are from; `None` if it needs none.
    symbols: Option<Arc<Symbols>>,
}

impl Memo {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether `$name` is a variable of the person's own.
pub(crate) fn is_convenience(name: &str) -> bool {
    name.starts_with(|c: char| c == '_' || c.is_alphabetic()) && name != "pc" && machine(name).is_none()
}

/// `local3` as its kind and number.
fn machine(name: &str) -> Option<(&str, u32)> {
    let digits = name.find(|c: char| c.is_ascii_digit())?;
    let (kind, index) = name.split_at(digits);
    matches!(kind, "local" | "stack" | "global" | "memory").then_some((kind, index.parse().ok()?))
}

/// The number of `$memory0`.
pub(super) fn memory(name: &str) -> Option<u32> {
    machine(name).filter(|(kind, _)| *kind == "memory").map(|(_, index)| index)
}

impl Context<'_> {
    pub(super) fn register(&mut self, name: &str) -> Result<Value, EngineError> {
        if name == "pc" {
            let pc = self.frame.as_ref().map(|f| f.pc).ok_or(EngineError::NoStack)?;
            return Ok(Value::integer(i128::from(pc.0), 32, false));
        }
        if let Some((kind, index)) = machine(name) {
            return self.machine_value(name, kind, index);
        }
        let memo = self.target.memo.clone();
        let kept = memo.kept();
        if !is_convenience(name) {
            return self.printed(&kept, name);
        }
        match kept.variables.get(name) {
            Some(copied) => self.remembered(copied, name),
            None => {
                let fixed = ["pc", "local0", "stack0", "global0", "memory0"].into_iter();
                let names = kept.variables.keys().map(String::as_str).chain(fixed);
                let near = near_misses(name, names).into_iter().map(|near| format!("${near}")).collect::<Vec<_>>();
                let hint = near.first().map_or_else(
                    || format!("`set ${name} = …` makes it"),
                    |near| format!("did you mean `{near}`? `set ${name} = …` makes it"),
                );
                Err(EngineError::Expression(format!(
                    "there is no `${name}`; {hint}. There are also $local0 …, $stack0 …, $global0 …, $memory0[ADDRESS], $pc"
                )))
            }
        }
    }

    /// `$`, `$$`, `$3`, `$$3`.
    fn printed(&self, kept: &Kept, name: &str) -> Result<Value, EngineError> {
        let last = kept.printed;
        let bad = || EngineError::Expression(format!("`${name}` is no number of a printed value"));
        let number = match name {
            "" => last,
            "$" => last.saturating_sub(1),
            _ => match name.strip_prefix('$') {
                Some(back) => last.saturating_sub(back.parse().map_err(|_| bad())?),
                None => name.parse().map_err(|_| bad())?,
            },
        };
        let first = last - kept.history.len() + 1;
        let found = number.checked_sub(first).and_then(|index| kept.history.get(index));
        match found {
            Some(copied) => self.remembered(copied, name),
            None if last == 0 => Err(EngineError::Expression("no value was printed yet".to_owned())),
            None => Err(EngineError::Expression(format!("there is no `${name}`: there are ${first} to ${last}"))),
        }
    }

    fn remembered(&self, copied: &Copied, name: &str) -> Result<Value, EngineError> {
        match &copied.symbols {
            Some(symbols) if !Arc::ptr_eq(symbols, &self.symbols) => {
                Err(EngineError::Expression(format!("the type of `${name}` is one of another module")))
            }
            _ => Ok(copied.value.clone()),
        }
    }

    /// A copy of a value that is independent of the guest.
    fn copied(&mut self, value: &Value) -> Copied {
        let size = self.size(&value.ty);
        let storage = match &value.storage {
            Storage::Memory { .. } if size.is_none_or(|size| size > LARGEST) => {
                Storage::Unavailable(Unavailable::new("it was too large to be kept"))
            }
            Storage::Memory { .. } => match self.bytes(value) {
                Ok(bytes) => Storage::Bytes { bytes, origin: "it is a copy of what was there" },
                Err(why) => Storage::Unavailable(why),
            },
            other => other.clone(),
        };
        let symbols = has_module_types(&value.ty).then(|| self.symbols.clone());
        Copied { value: Value { storage, ..value.clone() }, symbols }
    }

    /// Keeps a printed value and gives its number.
    pub(crate) fn remember(&mut self, value: &Value) -> usize {
        let copied = self.copied(value);
        let memo = self.target.memo.clone();
        let mut kept = memo.kept();
        kept.history.push_back(copied);
        if kept.history.len() > MOST {
            kept.history.pop_front();
        }
        kept.printed += 1;
        kept.printed
    }

    /// Sets a variable of the person's own, and gives what it is then.
    pub(crate) fn set_convenience(&mut self, name: &str, value: &Value) -> Value {
        let copied = self.copied(value);
        let value = copied.value.clone();
        self.target.memo.kept().variables.insert(name.to_owned(), copied);
        value
    }

    /// The state of the Wasm machine by name.
    fn machine_value(&mut self, name: &str, kind: &str, index: u32) -> Result<Value, EngineError> {
        let frame = self.frame.as_ref().map(|f| f.physical);
        let instance = self.instance;
        let mut access = self.target.access(frame, instance);
        let value = match kind {
            "local" => access.local(index)?,
            "stack" => access.operand(index)?,
            "global" => access.global(index)?,
            _ => {
                return Err(EngineError::Expression(format!("`${name}` wants an address: `${name}[ADDRESS]`")));
            }
        };
        let ty = match value {
            WasmValue::I32(_) => ValueType::Integer { bits: 32, signed: true },
            WasmValue::I64(_) => ValueType::Integer { bits: 64, signed: true },
            WasmValue::F32(_) => ValueType::Float { bits: 32 },
            WasmValue::F64(_) => ValueType::Float { bits: 64 },
            WasmValue::V128(_) => ValueType::Integer { bits: 128, signed: false },
            WasmValue::Ref(_) => return Err(EngineError::Expression(format!("`${name}` is a reference: {value}"))),
        };
        let bytes = value.bytes().unwrap_or_default();
        let origin = "Wasmtime can't change it in a running frame";
        Ok(Value { ty, storage: Storage::Bytes { bytes, origin }, bits: None })
    }

    /// Memory 0 as a pointer to bytes.
    pub(super) fn memory_pointer(&mut self) -> Result<Value, EngineError> {
        Ok(Value::pointer(0, BYTE))
    }

    /// A byte of a memory; one of memory 0 can be set.
    pub(super) fn memory_byte(&mut self, memory: u32, address: i128) -> Result<Value, EngineError> {
        let bad = || EngineError::Expression(format!("{address} is no address"));
        let address = u64::try_from(address).map_err(|_| bad())?;
        if memory == 0 {
            return Ok(self.at(address, BYTE));
        }
        let instance = self.instance.ok_or(EngineError::NoStack)?;
        let mut bytes = vec![0];
        self.target.read_memory(instance, memory, address, &mut bytes)?;
        let origin = "only memory 0 can be set";
        Ok(Value { ty: BYTE, storage: Storage::Bytes { bytes, origin }, bits: None })
    }
}

const BYTE: ValueType = ValueType::Integer { bits: 8, signed: false };

fn has_module_types(ty: &ValueType) -> bool {
    match ty {
        ValueType::Named(_) => true,
        ValueType::Pointer(to) => has_module_types(to),
        ValueType::Array { element, .. } => has_module_types(element),
        _ => false,
    }
}
