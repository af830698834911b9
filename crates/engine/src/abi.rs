//! How arguments are handed to a function and how its result comes back, by the conventions of LLVM's compilers for Wasm.
//!
//! Invariant: nothing is guessed. What the debug information says a function takes must come to exactly the values that its
//! code takes; else the call is refused.
//!
//! The conventions (tool-conventions, `BasicCABI.md`; rustc and Zig differ for records): a scalar is a value; a record
//! of one scalar is that scalar in C and Rust; one of two scalars is two values in Rust and Zig; other records are passed
//! by the address of a copy. A result that is no scalar goes where a first, hidden parameter points to. The stack grows
//! downwards from `__stack_pointer`, and leaf functions may use 128 bytes below it without saying so.

use freezeframe_debuggee::{Call, InstanceId, ModuleId, WasmValue};
use freezeframe_symbols::{Language, TypeKind};
use wasmparser::ValType;

use crate::{
    EngineError,
    calls::{Expected, Prepared, StackPointer},
    values::{Context, Scalar, Value, ValueType},
};

/// How far below the stack pointer a leaf function may have data.
const RED_ZONE: u32 = 128;
/// What the stack pointer is a multiple of.
const ALIGNMENT: u32 = 16;
/// The most bytes that arguments and a result may take on the guest's stack.
const MOST_BYTES: usize = 64 << 10;

/// What a function is given.
pub(crate) enum Argument {
    Value(Value),
    /// A text that has to be put into the guest's memory.
    Text(Vec<u8>),
}

/// The part of the guest's stack below what is in use.
struct Room {
    pointer: StackPointer,
    below: u32,
    writes: Vec<(u64, Vec<u8>)>,
    used: usize,
}

impl Room {
    /// The address of a copy of these bytes.
    fn place(&mut self, bytes: Vec<u8>) -> Result<u32, EngineError> {
        let no_room = || EngineError::Expression("there's no room on the program's stack for the arguments".to_owned());
        self.used += bytes.len();
        let size = u32::try_from(bytes.len()).ok().filter(|_| self.used <= MOST_BYTES).ok_or_else(no_room)?;
        self.below = self.below.checked_sub(size).ok_or_else(no_room)? & !(ALIGNMENT - 1);
        if self.below == 0 {
            return Err(no_room());
        }
        self.writes.push((u64::from(self.below), bytes));
        Ok(self.below)
    }
}

/// The stack, where it's needed.
fn room(room: &mut Option<Room>) -> Result<&mut Room, EngineError> {
    let none = "the module's stack pointer isn't known (its names were removed): only numbers can be passed";
    room.as_mut().ok_or_else(|| EngineError::Expression(none.to_owned()))
}

impl Context<'_> {
    /// Turns a call in terms of the source into one of Wasm.
    pub(crate) fn lower(
        &mut self,
        module: ModuleId,
        function: u32,
        receiver: Option<u64>,
        arguments: Vec<Argument>,
    ) -> Result<Prepared, EngineError> {
        let loaded = self.target.module(module).ok_or(EngineError::Internal("a function of an unknown module"))?;
        let (symbols, code) = (loaded.symbols.clone(), loaded.code.clone());
        let own = self.frame.as_ref().filter(|frame| frame.module == module).and(self.instance);
        let instance = match own {
            Some(instance) => instance,
            None => self.target.instance_of(module)?.ok_or(EngineError::NoStack)?,
        };
        let described = symbols.function_by_index(function).cloned();
        let name = described.as_ref().map_or_else(|| format!("func[{function}]"), |f| f.name().to_owned());
        let (takes, gives) = code.signature(function).ok_or(EngineError::Internal("a function without a type"))?;
        let pointer = self.stack_pointer(instance, code.stack_pointer())?;
        let mut stack = pointer.map(|pointer| {
            let below = pointer.was.saturating_sub(RED_ZONE) & !(ALIGNMENT - 1);
            Room { pointer, below, writes: Vec::new(), used: 0 }
        });
        // Names and types are those of the function's own module from here on.
        let mut context = Context::outside_in(self.target, module)?;
        context.instance = Some(instance);
        let described = described.filter(|f| f.has_dwarf);
        context.language = described.as_ref().map_or(Language::Other, |f| f.language);
        let (args, expected) = match &described {
            None => (context.raw(&name, &takes, arguments)?, Expected::Wasm),
            Some(described) => {
                let parameters = context.parameters(described);
                let returned = symbols.return_type(described.id).map(ValueType::Named);
                let mut args = Vec::new();
                let hidden = usize::from(receiver.is_some());
                if parameters.len() != arguments.len() + hidden {
                    let wanted = parameters.len().saturating_sub(hidden);
                    let what = if wanted == 1 { "argument" } else { "arguments" };
                    return Err(EngineError::Expression(format!(
                        "`{name}` takes {wanted} {what}, and {} were given",
                        arguments.len()
                    )));
                }
                args.extend(receiver.map(|address| WasmValue::I32(address as u32 as i32)));
                for (parameter, argument) in parameters.iter().skip(hidden).zip(arguments) {
                    let ty = parameter.ty.map_or(ValueType::Unknown, ValueType::Named);
                    let passed = context.pass(&ty, argument, &mut stack);
                    args.extend(passed.map_err(|error| {
                        EngineError::Expression(format!("parameter `{}` of `{name}`: {error}", parameter.name))
                    })?);
                }
                let expected = match returned.filter(|ty| context.size(ty) != Some(0)) {
                    None => Expected::Nothing,
                    Some(ty) if !gives.is_empty() => Expected::Value(ty),
                    Some(ty) => {
                        let size = context.size(&ty).and_then(|size| usize::try_from(size).ok());
                        let size = size.filter(|size| *size <= MOST_BYTES);
                        let size =
                            size.ok_or_else(|| EngineError::Expression(format!("what `{name}` returns is too large")))?;
                        let address = room(&mut stack)?.place(vec![0; size])?;
                        args.insert(0, WasmValue::I32(address.cast_signed()));
                        Expected::Memory(ty, u64::from(address))
                    }
                };
                (args, expected)
            }
        };
        let fits = |(ty, value): (&ValType, &WasmValue)| {
            matches!(
                (ty, value),
                (ValType::I32, WasmValue::I32(_))
                    | (ValType::I64, WasmValue::I64(_))
                    | (ValType::F32, WasmValue::F32(_))
                    | (ValType::F64, WasmValue::F64(_))
            )
        };
        if args.len() != takes.len() || !takes.iter().zip(&args).all(fits) {
            let types: Vec<String> = takes.iter().map(ToString::to_string).collect();
            return Err(EngineError::Expression(format!(
                "how `{name}` takes its parameters isn't known: its code takes ({}), which isn't what its source says",
                types.join(", ")
            )));
        }
        let (stack, writes) = match stack {
            Some(room) => (Some(StackPointer { now: room.below, ..room.pointer }), room.writes),
            None => (None, Vec::new()),
        };
        let call = Call { instance, function, args };
        Ok(Prepared { name, module, call, expected, stack, writes })
    }

    fn stack_pointer(
        &mut self,
        instance: InstanceId,
        global: Option<u32>,
    ) -> Result<Option<StackPointer>, EngineError> {
        let Some(global) = global else { return Ok(None) };
        match self.target.global(instance, global)? {
            WasmValue::I32(was) => {
                let was = was.cast_unsigned();
                Ok(Some(StackPointer { instance, global, was, now: was }))
            }
            _ => Ok(None),
        }
    }

    /// Arguments of a function of which only the Wasm type is known.
    fn raw(&mut self, name: &str, takes: &[ValType], arguments: Vec<Argument>) -> Result<Vec<WasmValue>, EngineError> {
        if takes.len() != arguments.len() {
            let types: Vec<String> = takes.iter().map(ToString::to_string).collect();
            return Err(EngineError::Expression(format!(
                "`{name}` takes ({}), and {} arguments were given",
                types.join(", "),
                arguments.len()
            )));
        }
        let pass = |(ty, argument): (&ValType, Argument)| {
            let Argument::Value(value) = argument else {
                return Err(EngineError::Expression(format!("`{name}` has no debug information: pass numbers")));
            };
            let scalar = self.scalar(&value)?;
            let whole = scalar.integer().unwrap_or(scalar.as_float() as i128);
            Ok(match ty {
                ValType::I32 => WasmValue::I32(whole as i32),
                ValType::I64 => WasmValue::I64(whole as i64),
                ValType::F32 => WasmValue::F32((scalar.as_float() as f32).to_bits()),
                ValType::F64 => WasmValue::F64(scalar.as_float().to_bits()),
                other => return Err(EngineError::Expression(format!("a value of type {other} can't be passed"))),
            })
        };
        takes.iter().zip(arguments).map(pass).collect()
    }

    /// The Wasm values for one parameter.
    fn pass(
        &mut self,
        ty: &ValueType,
        argument: Argument,
        stack: &mut Option<Room>,
    ) -> Result<Vec<WasmValue>, EngineError> {
        let value = match argument {
            Argument::Value(value) => value,
            Argument::Text(text) => return self.pass_text(ty, text, stack),
        };
        if let Some(TypeKind::Reference(_)) = self.stripped(ty).map(|ty| ty.kind.clone()) {
            let value = self.referent(&value)?.unwrap_or(value);
            let address = match value.address() {
                Some(address) => address as u32,
                None => room(stack)?.place(self.bytes(&value)?)?,
            };
            return Ok(vec![WasmValue::I32(address.cast_signed())]);
        }
        if self.scalar_kind(ty).is_some() {
            let cast = self.cast(&value, ty.clone())?;
            return self.pass_scalar(&cast);
        }
        let value = self.referent(&value)?.unwrap_or(value);
        let (wanted, given) = (self.type_name(&self.strip(ty)), self.type_name(&self.strip(&value.ty)));
        if wanted != given {
            return Err(EngineError::Expression(format!("it is a `{wanted}`, and a `{given}` was given")));
        }
        let bytes = self.bytes(&value)?;
        let mut leaves = Vec::new();
        let apart = self.leaves(ty, 0, 8, &mut leaves);
        let direct = apart && (leaves.len() == 1 || leaves.len() == 2 && self.passes_pairs());
        if !direct {
            let address = room(stack)?.place(bytes)?;
            return Ok(vec![WasmValue::I32(address.cast_signed())]);
        }
        let mut values = Vec::new();
        for (offset, ty) in leaves {
            let size = self.size(&ty).unwrap_or(0) as usize;
            let part = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..offset.checked_add(size)?));
            let part = part.ok_or(EngineError::Internal("a member outside of its record"))?.to_vec();
            let storage = crate::values::Storage::Bytes { bytes: part, origin: "it is an argument" };
            values.extend(self.pass_scalar(&Value { ty, storage, bits: None })?);
        }
        Ok(values)
    }

    fn passes_pairs(&self) -> bool {
        matches!(self.language, Language::Rust | Language::Zig)
    }

    fn pass_text(
        &mut self,
        ty: &ValueType,
        mut text: Vec<u8>,
        stack: &mut Option<Room>,
    ) -> Result<Vec<WasmValue>, EngineError> {
        let length = text.len() as i32;
        let slice = self.type_name(&self.strip(ty));
        let is_pointer = self.pointee(ty).is_some();
        // C's texts end with a zero; those of Rust and Zig say how long they are.
        match (is_pointer, self.passes_pairs()) {
            (true, _) => text.push(0),
            (false, true) if matches!(slice.as_str(), "&str" | "[]const u8" | "[]u8" | "&[u8]") => {}
            _ => return Err(EngineError::Expression(format!("a text can't be passed as a `{slice}`"))),
        }
        let address = WasmValue::I32(room(stack)?.place(text)?.cast_signed());
        Ok(if is_pointer { vec![address] } else { vec![address, WasmValue::I32(length)] })
    }

    /// A scalar as the values that it's passed as: `i32` for all up to 32 bits, extended by its sign.
    fn pass_scalar(&mut self, value: &Value) -> Result<Vec<WasmValue>, EngineError> {
        let size = self.size(&value.ty).unwrap_or(4);
        Ok(match (self.scalar(value)?, size) {
            (Scalar::Float { value, .. }, 4) => vec![WasmValue::F32((value as f32).to_bits())],
            (Scalar::Float { value, .. }, 8) => vec![WasmValue::F64(value.to_bits())],
            (Scalar::Float { .. }, _) => {
                return Err(EngineError::Expression("a `long double` can't be passed".to_owned()));
            }
            (other, size) => {
                let whole = other.integer().unwrap_or(0);
                match size {
                    0..=4 => vec![WasmValue::I32(whole as i32)],
                    5..=8 => vec![WasmValue::I64(whole as i64)],
                    _ => vec![WasmValue::I64(whole as i64), WasmValue::I64((whole >> 64) as i64)],
                }
            }
        })
    }

    /// The scalars that a record comes apart to; `false` for one that doesn't.
    fn leaves(&self, ty: &ValueType, at: u64, depth: u32, into: &mut Vec<(u64, ValueType)>) -> bool {
        if self.scalar_kind(ty).is_some() {
            into.push((at, ty.clone()));
            return into.len() <= 2;
        }
        let Some(depth) = depth.checked_sub(1) else { return false };
        if let Some((element, counts)) = self.array(ty) {
            return match counts[..] {
                [Some(0)] => true,
                [Some(1)] => self.leaves(&element, at, depth, into),
                _ => false,
            };
        }
        let Some(ty) = self.stripped(ty) else { return false };
        let TypeKind::Record(record) = &ty.kind else { return false };
        if record.variants.is_some() || matches!(record.kind, freezeframe_symbols::RecordKind::Union) {
            return false;
        }
        let bases = record.bases.iter().map(|base| base.offset.map(|offset| (offset, base.ty)));
        let members = record.members.iter().map(|m| m.bits.is_none().then_some((m.offset, m.ty)));
        for part in bases.chain(members) {
            let Some((offset, ty)) = part else { return false };
            let ty = ValueType::Named(ty);
            if self.size(&ty) != Some(0) && !self.leaves(&ty, at.saturating_add(offset), depth, into) {
                return false;
            }
        }
        true
    }
}
