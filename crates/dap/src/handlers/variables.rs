//! Scopes and variables.

use freezeframe_engine::{Limits, Shown};

use super::Ctx;
use crate::{error::Failure, handles::FrameAt, protocol::types as dap};

/// How much of a value is shown on its line.
pub const LINE: Limits = Limits { depth: 2, elements: 10, text: 200 };

/// What of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Its parameters.
    Arguments,
    /// Its variables.
    Locals,
    /// Variables outside of functions.
    Globals,
}

const PARTS: [(Part, &str, Option<&str>); 3] = [
    (Part::Arguments, "Arguments", Some("arguments")),
    (Part::Locals, "Locals", Some("locals")),
    (Part::Globals, "Globals", None),
];

/// The scopes of a frame.
pub fn scopes(ctx: &mut Ctx<'_>, arguments: dap::ScopesArguments) -> Result<dap::ScopesResponseBody, Failure> {
    ctx.client.frames.get(arguments.frame_id)?;
    let scopes = (0..).zip(PARTS).map(|(number, (part, name, hint))| dap::Scope {
        name: name.to_owned(),
        presentation_hint: hint.map(str::to_owned),
        variables_reference: arguments.frame_id * 4 + number + 1,
        expensive: part == Part::Globals,
        ..dap::Scope::default()
    });
    Ok(dap::ScopesResponseBody { scopes: scopes.collect() })
}

/// What can be seen by expanding.
pub fn variables(ctx: &mut Ctx<'_>, arguments: dap::VariablesArguments) -> Result<dap::VariablesResponseBody, Failure> {
    let (frame, part) = (arguments.variables_reference / 4, arguments.variables_reference % 4 - 1);
    let FrameAt { debuggee, index } = ctx.client.frames.get(frame)?;
    let debugger = &mut ctx.world.debugger;
    let shown = match part {
        0 => debugger.arguments(debuggee, index, LINE)?,
        1 => debugger.locals(debuggee, index, LINE)?,
        _ => debugger.globals(debuggee, Some(index), None, LINE)?,
    };
    Ok(dap::VariablesResponseBody { variables: shown.into_iter().map(variable).collect() })
}

fn variable(shown: Shown) -> dap::Variable {
    dap::Variable {
        evaluate_name: Some(shown.name.clone()),
        name: shown.name,
        value: shown.text,
        r#type: Some(shown.type_name),
        ..dap::Variable::default()
    }
}

/// Changes a variable.
pub fn set_variable(
    ctx: &mut Ctx<'_>,
    arguments: dap::SetVariableArguments,
) -> Result<dap::SetVariableResponseBody, Failure> {
    let at = ctx.client.frames.get(arguments.variables_reference / 4)?;
    let shown = ctx.world.debugger.assign(at.debuggee, Some(at.index), &arguments.name, &arguments.value, LINE)?;
    Ok(dap::SetVariableResponseBody { value: shown.text, r#type: Some(shown.type_name), ..Default::default() })
}
