//! Code as Wasm text, with its source lines.

use std::{fmt::Write as _, sync::Arc};

use freezeframe_engine::{CodeId, DebuggeeId, ListedInstruction, LocationSpec, ModuleId, ModulePc};

use super::{Ctx, sources::source};
use crate::{
    error::Failure,
    protocol::types as dap,
    references::{self, parse_code},
};

/// How many instructions are given at once.
const MOST: i64 = 100_000;

/// A guest with this code: the one that stopped last, if it's among them.
pub fn guest_with(ctx: &mut Ctx<'_>, code: CodeId) -> Result<(DebuggeeId, ModuleId), Failure> {
    let guests: Vec<DebuggeeId> = ctx.world.focus.into_iter().chain(ctx.world.guests.keys().copied()).collect();
    for guest in guests {
        if let Ok(Some(module)) = ctx.world.debugger.module_of(guest, code) {
            return Ok((guest, module));
        }
    }
    Err(Failure::Arguments(format!("no guest has the module {}", code.0)))
}

/// Instructions around a place: exactly as many as asked for, as clients count on.
pub fn disassemble(
    ctx: &mut Ctx<'_>,
    arguments: dap::DisassembleArguments,
) -> Result<dap::DisassembleResponseBody, Failure> {
    let (code, pc) = parse_code(&arguments.memory_reference, arguments.offset)?;
    let (guest, module) = guest_with(ctx, code)?;
    let count = arguments.instruction_count.clamp(0, MOST);
    let first = arguments.instruction_offset.unwrap_or(0).clamp(-MOST, MOST);
    let size = |n: i64| usize::try_from(n).unwrap_or(0);
    let (before, after) = (size(-first), size(first + count));
    let found = ctx.world.debugger.instructions_around(guest, module, pc, before, after.max(1));
    let (list, here) = found.unwrap_or_default();
    let mut instructions = Vec::with_capacity(size(count));
    let mut last_line = None;
    for wanted in first..first + count {
        // Counted from the instruction at the place.
        let at = usize::try_from(wanted + here as i64).ok().and_then(|at| list.get(at));
        instructions.push(match at {
            Some(listed) => instruction(ctx, code, listed, &mut last_line, arguments.resolve_symbols != Some(false)),
            // Addresses must differ and be in order, or clients mix them up.
            None => dap::DisassembledInstruction {
                address: match list.first().filter(|_| wanted < 0) {
                    Some(place) => before_all(code, place.instruction.pc, -(wanted + here as i64), wanted - first),
                    None => outside(code, list.last().map_or(pc, |last| last.instruction.pc), wanted.max(0) + 1),
                },
                instruction: "(no code)".to_owned(),
                presentation_hint: Some(dap::DisassembledInstructionPresentationHint::Invalid),
                ..Default::default()
            },
        });
    }
    Ok(dap::DisassembleResponseBody { instructions })
}

/// The address of entry `index` of an answer, which lies `by` instructions before all code. There may be fewer addresses than
/// that: those of the answer still differ and ascend.
fn before_all(code: CodeId, pc: ModulePc, by: i64, index: i64) -> String {
    let least = code.address(ModulePc(0)).saturating_add_signed(index);
    format!("{:#x}", code.address(pc).saturating_add_signed(-by).max(least))
}

/// An address beside all code.
fn outside(code: CodeId, pc: ModulePc, by: i64) -> String {
    format!("{:#x}", code.address(pc).saturating_add_signed(by))
}

fn instruction(
    ctx: &Ctx<'_>,
    code: CodeId,
    listed: &ListedInstruction,
    last_line: &mut Option<(Arc<str>, u32)>,
    symbols: bool,
) -> dap::DisassembledInstruction {
    let ListedInstruction { instruction, bytes, function } = listed;
    let mut hex = String::new();
    for byte in bytes.iter().take(16) {
        _ = write!(hex, "{}{byte:02x}", if hex.is_empty() { "" } else { " " });
    }
    let mut told = dap::DisassembledInstruction {
        address: references::code(code, instruction.pc),
        instruction: instruction.text.clone(),
        instruction_bytes: Some(hex),
        symbol: symbols.then(|| function.clone()),
        ..Default::default()
    };
    if let Some(at) = &instruction.position {
        // Clients show a line where it changes.
        let line = (at.path.clone(), at.line);
        if last_line.as_ref() != Some(&line) {
            told.location = Some(source(&at.path, &ctx.world.sources));
            told.line = Some(ctx.client.line(at.line));
            told.column = (at.column > 0).then(|| ctx.client.column(at.column));
            *last_line = Some(line);
        }
    }
    told
}

/// How many functions' texts are kept.
const MOST_TEXTS: usize = 256;

/// The text of a function without source.
#[derive(Debug)]
pub struct FunctionText {
    /// Where it begins.
    pub start: ModulePc,
    /// The places of its instructions, one a line.
    places: Vec<ModulePc>,
    /// Its lines.
    pub text: String,
}

impl FunctionText {
    /// The line of a place, from 1.
    pub fn line(&self, pc: ModulePc) -> u32 {
        let before = self.places.partition_point(|place| *place < pc);
        u32::try_from(before.min(self.places.len().saturating_sub(1))).unwrap_or(0) + 1
    }
}

/// The text of the whole function around a place.
pub fn function_text(ctx: &mut Ctx<'_>, code: CodeId, pc: ModulePc) -> Result<Arc<FunctionText>, Failure> {
    let (guest, module) = guest_with(ctx, code)?;
    let modules = ctx.world.debugger.modules(guest)?;
    let function = modules.iter().find(|(id, ..)| *id == module).and_then(|(.., symbols)| symbols.function_at(pc));
    let key = (code, function.map_or(0, |function| function.index));
    if let Some(text) = ctx.world.texts.get(&key) {
        return Ok(text.clone());
    }
    let location = LocationSpec::Instruction { code, pc: pc.0 };
    let (_, instructions) = ctx.world.debugger.disassemble(guest, None, Some(&location))?;
    let lines: Vec<String> = instructions.iter().map(|i| format!("{:<10}{}", i.pc.to_string(), i.text)).collect();
    let text = Arc::new(FunctionText {
        start: instructions.first().map_or(pc, |first| first.pc),
        places: instructions.iter().map(|i| i.pc).collect(),
        text: lines.join("\n"),
    });
    if ctx.world.texts.len() >= MOST_TEXTS {
        ctx.world.texts.clear();
    }
    ctx.world.texts.insert(key, text.clone());
    Ok(text)
}
