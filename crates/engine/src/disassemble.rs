//! The text format of one function.
//!
//! The printer prints whole modules; so that a module of 50 MB costs no more than its one function, it is given a copy in
//! which all other functions' bodies are empty. Offsets are put back afterwards.

use freezeframe_debuggee::ModulePc;
use freezeframe_symbols::{Function, Symbols};
use wasmparser::{Parser, Payload};

use crate::{EngineError, SourcePosition, code::Code};

/// An instruction with the source line that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Where it is.
    pub pc: ModulePc,
    /// Its text, indented by its nesting.
    pub text: String,
    /// Its position in the source.
    pub position: Option<SourcePosition>,
}

pub(crate) fn function(code: &Code, symbols: &Symbols, function: &Function) -> Result<Vec<Instruction>, EngineError> {
    let failed = |e: &dyn std::fmt::Display| EngineError::Module(format!("the function can't be printed: {e}"));
    let body = code.body(function.index).ok_or(EngineError::Internal("a function without a body"))?;
    let (stub, moved) = with_one_body(code, function.index).map_err(|e| failed(&e))?;
    let mut text = String::new();
    let config = wasmprinter::Config::new();
    let lines = config.offsets_and_lines(&stub, &mut text).map_err(|e| failed(&e))?;
    let mut instructions = Vec::new();
    for (offset, line) in lines {
        let Some(original) = offset.and_then(|offset| (offset + body.start).checked_sub(moved)) else { continue };
        if !body.contains(&original) {
            continue;
        }
        let pc = ModulePc(u32::try_from(original).unwrap_or(u32::MAX));
        // Declarations of locals stand before the first instruction.
        if pc < function.range.start {
            continue;
        }
        // The printer closes the function with the parenthesis that its last `end` stands for.
        let text = match line.trim() {
            ")" => "end".to_owned(),
            _ => line.trim_end().strip_prefix("    ").unwrap_or(line.trim_end()).to_owned(),
        };
        let position = symbols.location(pc).and_then(|at| SourcePosition::new(symbols, at));
        instructions.push(Instruction { pc, text, position });
    }
    Ok(instructions)
}

/// The module with the body of `keep` only, and where that body begins now.
fn with_one_body(code: &Code, keep: u32) -> wasmparser::Result<(Vec<u8>, usize)> {
    // No locals, `unreachable`, `end`.
    const EMPTY: [u8; 4] = [3, 0, 0x00, 0x0b];
    let bytes = code.bytes();
    let keep = keep.saturating_sub(code.imported_functions()) as usize;
    let mut section = Vec::new();
    leb(&mut section, code.bodies().len());
    let mut body_in_section = 0;
    for (index, body) in code.bodies().iter().enumerate() {
        if index == keep {
            leb(&mut section, body.len());
            body_in_section = section.len();
            section.extend_from_slice(&bytes[body.clone()]);
        } else {
            section.extend_from_slice(&EMPTY);
        }
    }
    let mut out = bytes[..8.min(bytes.len())].to_vec();
    let mut body_at = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        match &payload {
            Payload::CodeSectionStart { .. } => {
                out.push(10);
                leb(&mut out, section.len());
                body_at = out.len() + body_in_section;
                out.extend_from_slice(&section);
            }
            // Debug information is large and isn't printed; data isn't wanted.
            Payload::CustomSection(custom) if custom.name() != "name" => {}
            Payload::DataSection(_) | Payload::DataCountSection { .. } => {}
            _ => {
                if let Some((id, range)) = payload.as_section() {
                    out.push(id);
                    leb(&mut out, range.len());
                    out.extend_from_slice(&bytes[range]);
                }
            }
        }
    }
    Ok((out, body_at))
}

fn leb(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            return out.push(byte);
        }
        out.push(byte | 0x80);
    }
}
