//! Expressions.

use freezeframe_engine::{DebuggeeId, Format, Limits};

use super::{Ctx, variables::LINE};
use crate::{error::Failure, protocol::types as dap};

/// Where an expression is evaluated: in a frame, or outside of any in a guest that stands.
fn place(ctx: &Ctx<'_>, frame: Option<i64>) -> Result<(DebuggeeId, Option<usize>), Failure> {
    if let Some(frame) = frame {
        let at = ctx.client.frames.get(frame)?;
        return Ok((at.debuggee, Some(at.index)));
    }
    let guests = ctx.world.guests.keys();
    let guest = ctx.client.guest.or_else(|| guests.copied().next());
    guest.map(|guest| (guest, None)).ok_or_else(|| Failure::Other("there is no guest to evaluate it in".to_owned()))
}

/// Evaluates an expression; in the REPL an assignment too.
pub fn evaluate(ctx: &mut Ctx<'_>, arguments: dap::EvaluateArguments) -> Result<dap::EvaluateResponseBody, Failure> {
    let (debuggee, frame) = place(ctx, arguments.frame_id)?;
    let context = arguments.context.as_deref().unwrap_or("repl");
    let hex = arguments.format.as_ref().and_then(|format| format.hex) == Some(true);
    let format = if hex { Format::Hex } else { Format::Natural };
    let limits = if context == "clipboard" { Limits::default() } else { LINE };
    let debugger = &mut ctx.world.debugger;
    let shown = match assignment(&arguments.expression) {
        Some((place, value)) if context == "repl" => debugger.assign(debuggee, frame, place, value, limits)?,
        _ => debugger.evaluate(debuggee, frame, &arguments.expression, format, limits)?,
    };
    Ok(dap::EvaluateResponseBody { result: shown.text, r#type: Some(shown.type_name), ..Default::default() })
}

/// `place = value`, if that is what it is.
fn assignment(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let at = (0..bytes.len()).find(|at| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        bytes.get(*at) == Some(&b'=')
            && bytes.get(at + 1) != Some(&b'=')
            && !before.is_some_and(|before| b"=!<>".contains(before))
    })?;
    let (place, value) = (text.get(..at)?.trim(), text.get(at + 1..)?.trim());
    (!place.is_empty() && !value.is_empty() && !place.contains(['"', '\''])).then_some((place, value))
}

/// Changes what an expression stands for.
pub fn set_expression(
    ctx: &mut Ctx<'_>,
    arguments: dap::SetExpressionArguments,
) -> Result<dap::SetExpressionResponseBody, Failure> {
    let (debuggee, frame) = place(ctx, arguments.frame_id)?;
    let shown = ctx.world.debugger.assign(debuggee, frame, &arguments.expression, &arguments.value, LINE)?;
    Ok(dap::SetExpressionResponseBody { value: shown.text, r#type: Some(shown.type_name), ..Default::default() })
}

#[cfg(test)]
mod tests {
    use super::assignment;

    #[test]
    fn assignments_are_told_from_comparisons() {
        assert_eq!(assignment("a = 1"), Some(("a", "1")));
        assert_eq!(assignment("a[1].b=c == 2"), Some(("a[1].b", "c == 2")));
        for text in ["a == 1", "a <= 1", "a >= b", "a != b", "a", "= 1", "a =", "s == \"=\""] {
            assert_eq!(assignment(text), None, "{text}");
        }
    }
}
