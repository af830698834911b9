//! A DWARF expression, run.
//!
//! Not gimli's own machine, because that refuses what LLVM writes for 64-bit locals (see `number.rs`) and can't tell a
//! variable that *is* a local from one whose value was computed of it.
//!
//! Invariant: it ends after [`MAX_STEPS`] operations, with at most [`MAX_STACK`] entries on its stack, and never reads
//! more than 8 bytes of memory at a time.

use freezeframe_debuggee::{Unavailable, WasmValue};
use gimli::{Expression, Operation, Reader as _, UnitOffset, constants};

use crate::{
    Piece, Place, VariableId,
    dwarf::{Dwarf, Entry, Reader, Unit},
    entry_values::untouched,
    location::{Around, TlsBase},
    number::{Binary, Kind, Number},
};

const MAX_STEPS: usize = 10_000;
const MAX_STACK: usize = 256;
const MAX_PIECES: usize = 1024;

/// What lies on the stack.
#[derive(Clone, Debug)]
enum Slot {
    Number(Number),
    /// Something of the Wasm machine, not read yet: as long as nothing is computed with it, the variable lives there.
    Wasm(Place),
}

/// An expression of an entry while it runs.
pub(crate) struct Machine<'m, 'a, 'f> {
    pub dwarf: &'m Dwarf<'a>,
    pub unit: &'m Unit<'a>,
    pub unit_index: usize,
    pub around: &'m mut Around<'f>,
    /// Whether it is a frame base: those can't ask for one.
    pub is_frame_base: bool,
    stack: Vec<Slot>,
    pieces: Vec<Piece>,
    /// The whole of the location, or of the piece that is being described.
    complete: Option<Place>,
}

/// Where the expression says that the thing is.
pub(crate) fn evaluate<'a>(
    dwarf: &Dwarf<'a>,
    entry: &Entry<'a>,
    expression: Expression<Reader<'a>>,
    around: &mut Around<'_>,
) -> Result<Place, Unavailable> {
    let mut machine = Machine::new(dwarf, entry, around, false);
    machine.run(expression)?;
    machine.place()
}

/// The number that an expression leaves when it begins with another one on its stack, if that is given: a base class's
/// address of its object's, an array's length.
pub(crate) fn number<'a>(
    dwarf: &Dwarf<'a>,
    entry: &Entry<'a>,
    expression: Expression<Reader<'a>>,
    first: Option<u64>,
    around: &mut Around<'_>,
) -> Result<u64, Unavailable> {
    let mut machine = Machine::new(dwarf, entry, around, false);
    machine.stack.extend(first.map(|first| Slot::Number(Number::generic(first))));
    machine.run(expression)?;
    match machine.complete.take() {
        Some(Place::Bytes(bytes)) => Ok(little_endian(&bytes)),
        Some(place) => Ok(machine.read(&place)?.unsigned()),
        None => Ok(machine.pop()?.unsigned()),
    }
}

impl<'m, 'a, 'f> Machine<'m, 'a, 'f> {
    fn new(dwarf: &'m Dwarf<'a>, entry: &'m Entry<'a>, around: &'m mut Around<'f>, is_frame_base: bool) -> Self {
        Self {
            dwarf,
            unit: &entry.unit,
            unit_index: entry.unit_index,
            around,
            is_frame_base,
            stack: Vec::new(),
            pieces: Vec::new(),
            complete: None,
        }
    }

    fn run(&mut self, expression: Expression<Reader<'a>>) -> Result<(), Unavailable> {
        let encoding = self.unit.header.encoding();
        let bytes = expression.0;
        let mut rest = bytes;
        for _ in 0..MAX_STEPS {
            if rest.is_empty() {
                return Ok(());
            }
            let operation = Operation::parse(&mut rest, encoding)
                .map_err(|error| Unavailable::new(format!("its location is damaged: {error}")))?;
            let jump = match operation {
                Operation::Skip { target } => Some(target),
                Operation::Bra { target } => (!self.pop()?.is_zero()).then_some(target),
                operation => {
                    self.step(operation)?;
                    None
                }
            };
            if let Some(target) = jump {
                let here = bytes.len().saturating_sub(rest.len());
                let there = here.checked_add_signed(isize::from(target)).filter(|there| *there <= bytes.len());
                let there = there.ok_or_else(|| Unavailable::new("its location jumps out of itself"))?;
                rest = bytes;
                rest.skip(there).map_err(|_| Unavailable::new("its location jumps out of itself"))?;
            }
        }
        Err(Unavailable::new(format!("its location takes more than {MAX_STEPS} steps")))
    }

    /// What it all comes to.
    fn place(mut self) -> Result<Place, Unavailable> {
        if self.pieces.is_empty() {
            return self.described()?.ok_or_else(|| Unavailable::new("optimised out"));
        }
        if self.pieces.iter().all(|piece| piece.place.is_none()) {
            return Err(Unavailable::new("optimised out"));
        }
        Ok(Place::Pieces(self.pieces))
    }

    /// The location described since the last piece.
    fn described(&mut self) -> Result<Option<Place>, Unavailable> {
        if let Some(place) = self.complete.take() {
            return Ok(Some(place));
        }
        Ok(match self.stack.pop() {
            // LLVM's TI_LOCAL_INDIRECT: the variable isn't the local, but where the local points to.
            Some(Slot::Wasm(place)) => Some(Place::Memory(self.read(&place)?.address())),
            Some(Slot::Number(number)) => Some(Place::Memory(number.address())),
            None => None,
        })
    }

    fn step(&mut self, operation: Operation<Reader<'a>>) -> Result<(), Unavailable> {
        let unsupported = |what: &str| Err(Unavailable::new(format!("its location needs {what}")));
        match operation {
            Operation::WasmLocal { index } => self.push_slot(Slot::Wasm(Place::Local(index)))?,
            // A global that the linker left out: without threads, addresses of thread-locals are absolute.
            Operation::WasmGlobal { index: u32::MAX } => self.push(Number::generic(0))?,
            Operation::WasmGlobal { index } => self.push_slot(Slot::Wasm(Place::Global(index)))?,
            Operation::WasmStack { index } if !self.around.holds(index) => {
                return Err(Unavailable::new("optimised out: the operand that it was has been consumed"));
            }
            Operation::WasmStack { index } => self.push_slot(Slot::Wasm(Place::Operand(index)))?,
            Operation::FrameOffset { offset } => {
                let base = self.frame_base()?;
                self.push(Number::generic(base.wrapping_add_signed(offset) & 0xffff_ffff))?;
            }
            Operation::Address { address } => self.push(Number::generic(address))?,
            Operation::AddressIndex { index } | Operation::ConstantIndex { index } => {
                let address = self.dwarf.of(self.unit).address(self.unit, index);
                let address = address.map_err(|error| Unavailable::new(format!("its address is damaged: {error}")))?;
                self.push(Number::generic(address))?;
            }
            Operation::UnsignedConstant { value } => self.push(Number::generic(value))?,
            Operation::SignedConstant { value } => self.push(Number::generic(value.cast_unsigned()))?,
            Operation::PlusConstant { value } => {
                let sum = self.pop()?.binary(Binary::Add, Number::generic(value))?;
                self.push(sum)?;
            }
            Operation::Deref { base_type, size, space: false } => self.deref(base_type, size)?,
            Operation::StackValue => {
                self.complete = Some(match self.stack.pop() {
                    Some(Slot::Wasm(place)) => place,
                    Some(Slot::Number(number)) => Place::Bytes(number.bytes()),
                    None => return Err(underflow()),
                });
            }
            Operation::ImplicitValue { data } => self.complete = Some(Place::Bytes(data.slice().to_vec())),
            Operation::Piece { size_in_bits, bit_offset } => self.piece(size_in_bits, bit_offset)?,
            Operation::Convert { base_type } => {
                let kind = self.kind(base_type)?;
                let converted = self.pop()?.convert(kind);
                self.push(converted)?;
            }
            Operation::Reinterpret { base_type } => {
                let kind = self.kind(base_type)?;
                let bits = self.pop()?.unsigned();
                self.push(Number { bits, kind })?;
            }
            Operation::TypedLiteral { base_type, value } => {
                let kind = self.kind(base_type)?;
                self.push(Number { bits: little_endian(value.slice()), kind })?;
            }
            Operation::Drop => drop(self.pop_slot()?),
            Operation::Pick { index } => {
                let from_top = self.stack.len().checked_sub(usize::from(index) + 1).ok_or_else(underflow)?;
                let slot = self.stack.get(from_top).cloned().ok_or_else(underflow)?;
                self.push_slot(slot)?;
            }
            Operation::Swap => {
                let (top, second) = (self.pop_slot()?, self.pop_slot()?);
                self.stack.extend([top, second]);
            }
            Operation::Rot => {
                let (top, second, third) = (self.pop_slot()?, self.pop_slot()?, self.pop_slot()?);
                self.stack.extend([top, third, second]);
            }
            Operation::Abs => self.unary(Number::abs)?,
            Operation::Neg => self.unary(Number::neg)?,
            Operation::Not => self.unary(Number::not)?,
            Operation::Plus => self.binary(Binary::Add)?,
            Operation::Minus => self.binary(Binary::Sub)?,
            Operation::Mul => self.binary(Binary::Mul)?,
            Operation::Div => self.binary(Binary::Div)?,
            Operation::Mod => self.binary(Binary::Mod)?,
            Operation::And => self.binary(Binary::And)?,
            Operation::Or => self.binary(Binary::Or)?,
            Operation::Xor => self.binary(Binary::Xor)?,
            Operation::Shl => self.binary(Binary::Shl)?,
            Operation::Shr => self.binary(Binary::Shr)?,
            Operation::Shra => self.binary(Binary::Shra)?,
            Operation::Eq => self.binary(Binary::Eq)?,
            Operation::Ne => self.binary(Binary::Ne)?,
            Operation::Lt => self.binary(Binary::Lt)?,
            Operation::Le => self.binary(Binary::Le)?,
            Operation::Gt => self.binary(Binary::Gt)?,
            Operation::Ge => self.binary(Binary::Ge)?,
            Operation::TLS => {
                let base = match self.around.tls_base {
                    TlsBase::Zero => 0,
                    TlsBase::Global(global) => self.read(&Place::Global(global))?.address(),
                    TlsBase::Unknown => {
                        return Err(Unavailable::new(
                            "it's thread-local, and the module doesn't name its __tls_base global",
                        ));
                    }
                };
                let address = self.pop()?.binary(Binary::Add, Number::generic(base))?;
                self.push(address)?;
            }
            Operation::Nop => {}
            Operation::Uninitialized => return Err(Unavailable::new("not initialised yet")),
            Operation::EntryValue { expression } => self.entry_value(Expression(expression))?,
            Operation::ParameterRef { .. } => return Err(lost_at_entry()),
            Operation::ImplicitPointer { value, byte_offset } => {
                let variable = self.dwarf.absolute(self.unit_index, value).unwrap_or(usize::MAX);
                let variable = VariableId(variable as u64);
                self.complete = Some(Place::ImplicitPointer { variable, offset: byte_offset });
            }
            Operation::Register { .. } | Operation::RegisterOffset { .. } => {
                return unsupported("a machine register, which WebAssembly doesn't have");
            }
            Operation::CallFrameCFA => return unsupported("a call frame address, which WebAssembly doesn't have"),
            Operation::Call { .. } => return unsupported("DW_OP_call, which isn't supported"),
            Operation::VariableValue { .. } => return unsupported("the value of another variable"),
            Operation::PushObjectAddress => match self.around.object {
                Some(address) => self.push(Number::generic(address))?,
                None => return unsupported("the address of an object around it"),
            },
            Operation::Deref { .. } => return unsupported("an address space"),
            _ => return unsupported("an operation that isn't supported"),
        }
        Ok(())
    }

    /// What an expression came to when the function was entered.
    fn entry_value(&mut self, expression: Expression<Reader<'a>>) -> Result<(), Unavailable> {
        let mut operations = expression.operations(self.unit.header.encoding());
        let (Ok(Some(Operation::WasmLocal { index })), Ok(None | Some(Operation::StackValue))) =
            (operations.next(), operations.next())
        else {
            return Err(lost_at_entry());
        };
        let code = self.around.code.ok_or_else(lost_at_entry)?;
        if !untouched(self.dwarf.sections.wasm(), code, index, self.around.pc) {
            return Err(lost_at_entry());
        }
        self.push_slot(Slot::Wasm(Place::Local(index)))
    }

    fn piece(&mut self, size_in_bits: u64, bit_offset: Option<u64>) -> Result<(), Unavailable> {
        if self.pieces.len() >= MAX_PIECES {
            return Err(Unavailable::new("it's scattered over too many pieces"));
        }
        let place = self.described()?;
        self.pieces.push(Piece { bits: size_in_bits, first: bit_offset.unwrap_or(0), place });
        self.stack.clear();
        Ok(())
    }

    fn deref(&mut self, base_type: UnitOffset, size: u8) -> Result<(), Unavailable> {
        let kind = if base_type.0 == 0 { Kind::Generic } else { self.kind(base_type)? };
        let address = self.pop()?.address();
        let mut bytes = [0; 8];
        let into = bytes.get_mut(..usize::from(size)).filter(|into| !into.is_empty());
        let into = into.ok_or_else(|| Unavailable::new(format!("its location reads {size} bytes at once")))?;
        self.around.frame.memory(address, into)?;
        // What is wider than an address was meant to be kept whole.
        let kind = if kind == Kind::Generic && size > 4 { Kind::Integer { bits: 64, signed: false } } else { kind };
        self.push(Number { bits: u64::from_le_bytes(bytes), kind })
    }

    /// The address that the function's frame base comes to.
    fn frame_base(&mut self) -> Result<u64, Unavailable> {
        if self.is_frame_base {
            return Err(Unavailable::new("the frame base needs itself"));
        }
        if let Some(why) = self.around.no_frame_base {
            return Err(Unavailable::new(why));
        }
        let missing = || Unavailable::new("the function has no frame base");
        let function = self.around.function.ok_or_else(missing)?;
        let entry = self.dwarf.entry(function).ok_or_else(missing)?;
        let value = entry.die.attr_value(constants::DW_AT_frame_base).ok_or_else(missing)?;
        let (since, own) = (self.around.since, self.around.entry);
        let expression = self.around.expression(self.dwarf, &entry, value)?;
        let mut machine = Machine::new(self.dwarf, &entry, self.around, true);
        machine.run(expression)?;
        let place = machine.place()?;
        (self.around.since, self.around.entry) = (since, own);
        match place {
            Place::Memory(address) => Ok(address),
            Place::Bytes(bytes) => Ok(little_endian(&bytes) & 0xffff_ffff),
            place @ (Place::Local(_) | Place::Global(_) | Place::Operand(_)) => Ok(self.read(&place)?.address()),
            Place::Pieces(_) | Place::ImplicitPointer { .. } => {
                Err(Unavailable::new("the function's frame base is scattered"))
            }
        }
    }

    /// What a base type says of numbers.
    fn kind(&self, base_type: UnitOffset) -> Result<Kind, Unavailable> {
        if base_type.0 == 0 {
            return Ok(Kind::Generic);
        }
        let known = || {
            let offset = self.dwarf.units.list.get(self.unit_index)?.start.checked_add(base_type.0)?;
            let entry = self.dwarf.entry(offset)?;
            let gimli::AttributeValue::Encoding(encoding) = entry.die.attr_value(constants::DW_AT_encoding)? else {
                return None;
            };
            let bits = entry.unsigned(constants::DW_AT_bit_size);
            let bytes = entry.unsigned(constants::DW_AT_byte_size);
            Kind::of_base_type(encoding, bits.or_else(|| bytes?.checked_mul(8))?)
        };
        known().ok_or_else(|| Unavailable::new("its location computes with a type that isn't known"))
    }

    /// The value of something of the Wasm machine.
    fn read(&mut self, place: &Place) -> Result<Number, Unavailable> {
        let value = match place {
            Place::Local(index) => self.around.frame.local(*index)?,
            Place::Global(index) => self.around.frame.global(*index)?,
            Place::Operand(index) => self.around.frame.operand(*index)?,
            _ => return Err(underflow()),
        };
        Ok(match value {
            WasmValue::I32(v) => Number::generic(u64::from(v.cast_unsigned())),
            WasmValue::I64(v) => Number { bits: v.cast_unsigned(), kind: Kind::Integer { bits: 64, signed: true } },
            WasmValue::F32(bits) => Number { bits: u64::from(bits), kind: Kind::F32 },
            WasmValue::F64(bits) => Number { bits, kind: Kind::F64 },
            other => {
                let name = other.type_name();
                return Err(Unavailable::new(format!("its location computes with a value of type {name}")));
            }
        })
    }

    fn unary(&mut self, op: fn(Number) -> Number) -> Result<(), Unavailable> {
        let number = self.pop()?;
        self.push(op(number))
    }

    fn binary(&mut self, op: Binary) -> Result<(), Unavailable> {
        let (b, a) = (self.pop()?, self.pop()?);
        self.push(a.binary(op, b)?)
    }

    fn push(&mut self, number: Number) -> Result<(), Unavailable> {
        self.push_slot(Slot::Number(number))
    }

    fn push_slot(&mut self, slot: Slot) -> Result<(), Unavailable> {
        if self.stack.len() >= MAX_STACK {
            return Err(Unavailable::new("its location needs too much of a stack"));
        }
        self.stack.push(slot);
        Ok(())
    }

    fn pop_slot(&mut self) -> Result<Slot, Unavailable> {
        self.stack.pop().ok_or_else(underflow)
    }

    fn pop(&mut self) -> Result<Number, Unavailable> {
        match self.pop_slot()? {
            Slot::Number(number) => Ok(number),
            Slot::Wasm(place) => self.read(&place),
        }
    }
}

fn lost_at_entry() -> Unavailable {
    Unavailable::new(
        "optimised out: only its value at the function's entry is known, and that may have been overwritten",
    )
}

fn underflow() -> Unavailable {
    Unavailable::new("its location is damaged: it takes more than it has")
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |bits, byte| bits << 8 | u64::from(*byte))
}
