//! The Wasm machine of a frame: for every guest, with debug information or without.

use freezeframe_engine::{Format, ValueOptions, WasmState, WasmValue};

use super::{Ctx, values::fact, variables::invalidate};
use crate::{
    error::Failure,
    handles::{Extra, FrameAt, WasmPart},
    protocol::types as dap,
    references,
};

/// The parts of the machine.
pub fn machine(ctx: &mut Ctx<'_>, at: FrameAt) -> Result<Vec<dap::Variable>, Failure> {
    let state = ctx.world.debugger.wasm_state(at.debuggee, at.index)?;
    let mut machine = vec![fact("pc", state.pc.to_string()), fact("function", state.function.to_string())];
    let counted = |values: Result<usize, &String>| values.map_err(String::clone);
    let parts = [
        ("locals", WasmPart::Locals, counted(state.locals.as_ref().map(Vec::len))),
        ("operands", WasmPart::Operands, counted(state.operands.as_ref().map(Vec::len))),
        ("globals", WasmPart::Globals, Ok(state.globals.len())),
        ("memories", WasmPart::Memories, Ok(state.memories.len())),
    ];
    for (name, part, count) in parts {
        let mut variable = match &count {
            Ok(count) => fact(name, format!("{count}")),
            Err(why) => fact(name, format!("<unavailable: {why}>")),
        };
        if count.is_ok_and(|count| count > 0) {
            variable.variables_reference = ctx.client.extras.number(Extra::WasmPart(at, part));
        }
        machine.push(variable);
    }
    Ok(machine)
}

/// What is in a part.
pub fn part(
    ctx: &mut Ctx<'_>,
    at: FrameAt,
    part: WasmPart,
    options: ValueOptions,
) -> Result<Vec<dap::Variable>, Failure> {
    let WasmState { locals, operands, globals, memories, .. } = ctx.world.debugger.wasm_state(at.debuggee, at.index)?;
    let unavailable = |why: String| Failure::Other(why);
    let hex = options.format == Format::Hex;
    Ok(match part {
        WasmPart::Locals => {
            let locals = locals.map_err(unavailable)?.into_iter().enumerate();
            locals.map(|(i, (name, value))| shown(&format!("$local{i}"), name, &value, hex)).collect()
        }
        WasmPart::Operands => {
            let operands = operands.map_err(unavailable)?.into_iter().enumerate();
            operands.map(|(i, value)| shown(&format!("$stack{i}"), None, &value, hex)).collect()
        }
        WasmPart::Globals => {
            let globals = globals.into_iter().enumerate();
            globals
                .map(|(i, (name, value, _))| match value {
                    Ok(value) => shown(&format!("$global{i}"), name, &value, hex),
                    Err(why) => fact(name.unwrap_or_else(|| format!("$global{i}")), format!("<unavailable: {why}>")),
                })
                .collect()
        }
        WasmPart::Memories => {
            let instance = ctx.world.debugger.instance(at.debuggee, Some(at.index)).ok();
            let memories = memories.into_iter().enumerate();
            memories
                .map(|(i, size)| dap::Variable {
                    memory_reference: instance.filter(|_| i == 0).map(|of| references::memory(at.debuggee, of, 0)),
                    ..fact(format!("$memory{i}"), format!("{size} bytes"))
                })
                .collect()
        }
    })
}

/// A value under its number, with the name that the module gives it.
fn shown(number: &str, name: Option<String>, value: &WasmValue, hex: bool) -> dap::Variable {
    let text = match value {
        WasmValue::I32(value) if hex => format!("{value:#x}"),
        WasmValue::I64(value) if hex => format!("{value:#x}"),
        WasmValue::F32(bits) if hex => format!("{bits:#x}"),
        WasmValue::F64(bits) if hex => format!("{bits:#x}"),
        value => value.to_string(),
    };
    dap::Variable {
        r#type: Some(value.type_name().to_owned()),
        evaluate_name: Some(number.to_owned()),
        ..fact(name.map_or(number.to_owned(), |name| format!("{number} ({name})")), text)
    }
}

/// Changes a part of the machine, where that is possible.
pub fn set(ctx: &mut Ctx<'_>, extra: Extra, name: &str, value: &str) -> Result<dap::SetVariableResponseBody, Failure> {
    let Extra::WasmPart(at, _) = extra else {
        return Err(Failure::Arguments(format!("`{name}` can't be changed")));
    };
    let register = name.split(' ').next().unwrap_or(name);
    let shown = ctx.world.debugger.assign(
        at.debuggee,
        Some(at.index),
        register,
        value,
        freezeframe_engine::Limits::default(),
    )?;
    invalidate(ctx, at.debuggee);
    Ok(dap::SetVariableResponseBody { value: shown.text, r#type: Some(shown.type_name), ..Default::default() })
}
