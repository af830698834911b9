//! `cargo xtask coverage-of-variables`: how many of the variables in scope can be read, per guest, beside what LLVM says that
//! the compiler emitted.
//!
//! Static: at *every* operator behind the prologue of every function of `guests/src`, each variable in scope (those of
//! inlined calls too) is located and its bytes are read from a machine in its initial state: memory as the module
//! initialises it, locals of their declared types, and an operand stack as high as validation says that it is there. A run
//! would see only the operators that it stops at; this sees all of them. What it can't see is whether the value is right:
//! that is what the scenarios are for.

use crate::error::Error;
use crate::llvm;
use crate::matrix::{GUESTS, Guest, Recipe};
use freezeframe_debuggee::{FrameAccess, ModulePc, Unavailable, WasmValue};
use freezeframe_symbols::{Bytes, DebugFiles, Function, Place, Symbols, Variable};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use wasmparser::{FuncValidatorAllocations, FunctionBody, Parser, Payload, ValType, Validator, WasmFeatures};

/// What stands at the top of the table.
const HEAD: &str = "\
# Coverage of variables

Written by `cargo xtask coverage-of-variables`. Counted are pairs of a variable and an operator at which it is in scope: at
every operator behind the prologue of every function of `guests/src`, parameters, locals, and those of inlined calls.

- *emitted*: how many of these pairs the debug information has a place or a value for, at all. An operand of the
  stack that was consumed before the PC, though the location goes on, counts as not emitted: nothing is there any more;
- *read*: how many of those the debugger locates and reads, in a machine that stands there in its initial state;
- *LLVM*: the bytes of scopes that are covered by locations, of all variables of the module and its libraries, as
  `llvm-dwarfdump --statistics` counts them. It counts prologues too, and bytes instead of operators.

A variable that is kept in part counts as emitted, and as read if what is kept can be read. What isn't emitted is shown as
`<optimised out>`.

| guest | functions | variables × operators | emitted | read of those | LLVM |
|---|--:|--:|--:|--:|--:|
";

/// Counts for all guests with DWARF, and writes `docs/coverage.md`; with names, only prints.
///
/// # Errors
/// A guest that can't be read, or LLVM that isn't there.
pub fn coverage(root: &Path, names: &[&str]) -> Result<String, Error> {
    let mut table = String::new();
    let mut details = String::new();
    for guest in GUESTS.iter().filter(|guest| counts(guest)) {
        if !names.is_empty() && !names.iter().any(|name| guest.file.contains(name)) {
            continue;
        }
        let built = root.join("guests/built");
        let path = built.join(guest.file);
        let wasm: Bytes = fs::read(&path).map_err(Error::io(&path))?.into();
        let mut files = DebugFiles::default();
        if let Some(beside) = guest.beside() {
            let path = built.join(beside);
            let bytes = fs::read(&path).map_err(Error::io(&path))?;
            files.add(bytes.into()).map_err(|why| Error::bad_module(guest.file, why))?;
        }
        let symbols = Symbols::with_files(wasm.clone(), files);
        let symbols = symbols.map_err(|error| Error::bad_module(guest.file, error))?;
        let counted = count(&symbols, &wasm).map_err(|error| Error::bad_module(guest.file, error))?;
        let llvm = llvm::statistics(&path)?;
        let share = |part: u64, all: u64| if all == 0 { 100.0 } else { part as f64 * 100.0 / all as f64 };
        let Counted { functions, pairs, emitted, read, reasons } = counted;
        let name = guest.file.trim_end_matches(".wasm");
        let (emitted_share, read_share) = (share(emitted, pairs), share(read, emitted));
        let llvm = llvm.map_or("–".to_string(), |(covered, all)| format!("{:.1} %", share(covered, all)));
        // Writing to a string can't fail.
        let _ =
            writeln!(table, "| {name} | {functions} | {pairs} | {emitted_share:.1} % | {read_share:.2} % | {llvm} |");
        for (reason, times) in reasons {
            let _ = writeln!(details, "{name}: {times} × {reason}");
        }
    }
    let text = format!("{HEAD}{table}");
    if names.is_empty() {
        let path = root.join("docs/coverage.md");
        fs::write(&path, &text).map_err(Error::io(&path))?;
    }
    Ok(format!("{table}{details}").trim_end().to_string())
}

/// Whether a guest is a module with DWARF of its own.
fn counts(guest: &Guest) -> bool {
    let has_dwarf = !matches!(
        guest.recipe,
        Recipe::Text | Recipe::Derived(_) | Recipe::WasmOpt(_) | Recipe::AssemblyScript | Recipe::SplitDwarf(_)
    );
    // Components hold several modules.
    has_dwarf && !guest.file.contains(".p2.") && !guest.file.contains(".lines.")
}

#[derive(Default)]
struct Counted {
    functions: u64,
    pairs: u64,
    emitted: u64,
    read: u64,
    /// Why something that was emitted couldn't be read.
    reasons: BTreeMap<String, u64>,
}

fn count(symbols: &Symbols, wasm: &[u8]) -> wasmparser::Result<Counted> {
    let mut counted = Counted::default();
    let memory = initial_memory(wasm)?;
    // Stack pointers and pointers point to zeros: what the module initialises lies at the memory's beginning.
    let pointer = i32::try_from(memory.len().saturating_sub(32768)).unwrap_or(0);
    let mut machine = Machine { memory, pointer, locals: Vec::new(), operands: Vec::new() };
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let mut allocations = FuncValidatorAllocations::default();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        let wasmparser::ValidPayload::Func(function, body) = validator.payload(&payload)? else { continue };
        let mut validator = function.into_validator(std::mem::take(&mut allocations));
        let own =
            symbols.function_at(ModulePc(body.range().end as u32 - 1)).filter(|function| is_own(symbols, function));
        if let Some(function) = own {
            counted.functions += 1;
            each_operator(&mut validator, &body, |pc, locals, operands| {
                if pc >= function.prologue_end {
                    (machine.locals, machine.operands) = (locals, operands);
                    counted.at(symbols, &mut machine, pc);
                }
            })?;
        }
        allocations = validator.into_allocations();
    }
    Ok(counted)
}

fn is_own(symbols: &Symbols, function: &Function) -> bool {
    let path = function.declared.and_then(|at| symbols.files().get(at.file.0 as usize)).map(|file| &file.path);
    path.is_some_and(|path| path.contains("guests/src/"))
}

/// Calls `each` with every operator that can be reached, and the types of locals and operands before it.
fn each_operator(
    validator: &mut wasmparser::FuncValidator<wasmparser::ValidatorResources>,
    body: &FunctionBody<'_>,
    mut each: impl FnMut(ModulePc, Vec<ValType>, Vec<Option<ValType>>),
) -> wasmparser::Result<()> {
    let mut reader = body.get_binary_reader();
    validator.read_locals(&mut reader)?;
    let mut reader = wasmparser::OperatorsReader::new(reader);
    let locals: Vec<ValType> =
        (0..validator.len_locals()).filter_map(|local| validator.get_local_type(local)).collect();
    while !reader.eof() {
        let (operator, offset) = reader.read_with_offset()?;
        let reachable = validator.get_control_frame(0).is_some_and(|frame| !frame.unreachable);
        if reachable {
            let height = validator.operand_stack_height() as usize;
            let operands = (0..height).rev().map(|depth| validator.get_operand_type(depth).flatten()).collect();
            each(ModulePc(offset as u32), locals.clone(), operands);
        }
        validator.op(offset, &operator)?;
    }
    Ok(())
}

/// Memory 0 after instantiation, as far as its segments are at constant addresses.
fn initial_memory(wasm: &[u8]) -> wasmparser::Result<Vec<u8>> {
    let mut memory = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::MemorySection(memories) => {
                if let Some(first) = memories.into_iter().next() {
                    memory = vec![0; (first?.initial as usize).saturating_mul(65536)];
                }
            }
            Payload::DataSection(segments) => {
                for segment in segments {
                    let segment = segment?;
                    if let wasmparser::DataKind::Active { offset_expr, .. } = segment.kind
                        && let wasmparser::Operator::I32Const { value } = offset_expr.get_operators_reader().read()?
                    {
                        let start = value.cast_unsigned() as usize;
                        if let Some(into) = memory.get_mut(start..start + segment.data.len()) {
                            into.copy_from_slice(segment.data);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    Ok(memory)
}

impl Counted {
    fn at(&mut self, symbols: &Symbols, machine: &mut Machine, pc: ModulePc) {
        for depth in 0..symbols.frames_at(pc).len() {
            for variable in symbols.variables(pc, depth) {
                self.pairs += 1;
                if !symbols.is_covered(&variable, pc) {
                    continue;
                }
                self.emitted += 1;
                match read(symbols, machine, &variable, pc) {
                    Ok(()) => self.read += 1,
                    Err(why) => *self.reasons.entry(why.0).or_default() += 1,
                }
            }
        }
    }
}

/// Locates a variable and reads all of its bytes that there are.
fn read(symbols: &Symbols, machine: &mut Machine, variable: &Variable, pc: ModulePc) -> Result<(), Unavailable> {
    let place = symbols.locate(variable, pc, machine)?;
    let size = variable.ty.and_then(|ty| symbols.ty(ty).ok()?.size).unwrap_or(0);
    read_place(machine, &place, size)
}

fn read_place(machine: &mut Machine, place: &Place, size: u64) -> Result<(), Unavailable> {
    match place {
        Place::Memory(address) => machine.memory(*address, &mut vec![0; size as usize]),
        Place::Local(index) => machine.local(*index).map(drop),
        Place::Operand(index) => machine.operand(*index).map(drop),
        Place::Global(index) => machine.global(*index).map(drop),
        Place::Bytes(bytes) if (bytes.len() as u64) < size => Err(Unavailable::new("its value is cut short")),
        Place::Bytes(_) | Place::ImplicitPointer { .. } => Ok(()),
        Place::Pieces(pieces) => pieces.iter().try_for_each(|piece| match &piece.place {
            Some(place) => read_place(machine, place, piece.first.saturating_add(piece.bits).div_ceil(8)),
            None => Ok(()),
        }),
    }
}

/// A machine in its initial state, standing at an operator.
struct Machine {
    memory: Vec<u8>,
    /// What every i32 is.
    pointer: i32,
    locals: Vec<ValType>,
    operands: Vec<Option<ValType>>,
}

impl Machine {
    fn value(&self, ty: ValType) -> WasmValue {
        match ty {
            ValType::I32 => WasmValue::I32(self.pointer),
            ValType::I64 => WasmValue::I64(0),
            ValType::F32 => WasmValue::F32(0),
            ValType::F64 => WasmValue::F64(0),
            ValType::V128 | ValType::Ref(_) => WasmValue::V128(0),
        }
    }
}

impl FrameAccess for Machine {
    fn local(&mut self, index: u32) -> Result<WasmValue, Unavailable> {
        let ty = self.locals.get(index as usize).copied();
        ty.map(|ty| self.value(ty)).ok_or_else(|| Unavailable::new("there is no such local"))
    }
    fn operand(&mut self, index: u32) -> Result<WasmValue, Unavailable> {
        let ty = self.operands.get(index as usize).copied().flatten();
        ty.map(|ty| self.value(ty)).ok_or_else(|| Unavailable::new("the operand stack isn't that high"))
    }
    fn global(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
        Ok(WasmValue::I32(self.pointer))
    }
    fn memory(&mut self, address: u64, into: &mut [u8]) -> Result<(), Unavailable> {
        let start = usize::try_from(address).unwrap_or(usize::MAX);
        let bytes = self.memory.get(start..start.saturating_add(into.len()));
        into.copy_from_slice(bytes.ok_or_else(|| Unavailable::new("an address outside of the memory"))?);
        Ok(())
    }
}
