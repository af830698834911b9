//! Expressions.

use freezeframe_engine::{DebuggeeId, Node, ValueOptions};

use super::{
    Ctx,
    running::gone_on,
    values::{self, Memory, options, whole},
    variables::{changed, invalidate, memory_of},
};
use crate::{error::Failure, protocol::types as dap, reports::thread};

/// Where an expression is evaluated: in a frame, or outside of any in a guest that stands.
pub fn place(ctx: &Ctx<'_>, frame: Option<i64>) -> Result<(DebuggeeId, Option<usize>), Failure> {
    if let Some(frame) = frame {
        let at = ctx.client.frames.get(frame)?;
        return Ok((at.debuggee, Some(at.index)));
    }
    let guest = ctx.client.guest.or(ctx.world.focus).or_else(|| ctx.world.guests.keys().copied().next());
    guest.map(|guest| (guest, None)).ok_or_else(|| Failure::Other("there is no guest to evaluate it in".to_owned()))
}

/// Evaluates an expression. In the REPL also an assignment, and `call f(x)`.
pub fn evaluate(ctx: &mut Ctx<'_>, arguments: dap::EvaluateArguments) -> Result<dap::EvaluateResponseBody, Failure> {
    let (debuggee, frame) = place(ctx, arguments.frame_id)?;
    let options = options(arguments.format.as_ref());
    let text = arguments.expression.trim();
    match arguments.context.as_deref() {
        Some("clipboard") => {
            let node = ctx.world.debugger.evaluate_node(debuggee, frame, text, whole(options))?;
            let memory = memory_of(ctx, node.handle);
            Ok(result(&node, memory))
        }
        Some("repl") => {
            if let Some(call) = text.strip_prefix("call ") {
                return self::call(ctx, debuggee, frame, call.trim(), options);
            }
            if let Some((place, value)) = assignment(text) {
                return assign(ctx, debuggee, frame, place, value, options);
            }
            show(ctx, debuggee, frame, text, options)
        }
        _ => show(ctx, debuggee, frame, text, options),
    }
}

fn show(
    ctx: &mut Ctx<'_>,
    debuggee: DebuggeeId,
    frame: Option<usize>,
    text: &str,
    options: ValueOptions,
) -> Result<dap::EvaluateResponseBody, Failure> {
    let node = ctx.world.debugger.evaluate_node(debuggee, frame, text, options)?;
    let memory = memory_of(ctx, node.handle);
    Ok(result(&node, memory))
}

fn result(node: &Node, memory: Memory) -> dap::EvaluateResponseBody {
    dap::EvaluateResponseBody {
        result: node.text.clone(),
        r#type: Some(node.type_name.clone()),
        variables_reference: values::reference(node),
        named_variables: values::count(node.named),
        indexed_variables: values::count(node.indexed),
        memory_reference: memory.reference(node.memory),
        presentation_hint: values::hint(node),
        ..Default::default()
    }
}

/// Calls a function of the guest. One that runs until it's stopped in it, or is over, answers by events.
fn call(
    ctx: &mut Ctx<'_>,
    debuggee: DebuggeeId,
    frame: Option<usize>,
    text: &str,
    options: ValueOptions,
) -> Result<dap::EvaluateResponseBody, Failure> {
    let called = ctx.world.debugger.call(debuggee, frame, text, options.limits)?;
    if let Some((number, shown)) = called {
        invalidate(ctx, debuggee);
        let result = format!("${number} = {}", shown.text);
        return Ok(dap::EvaluateResponseBody { result, r#type: Some(shown.type_name), ..Default::default() });
    }
    gone_on(ctx, debuggee);
    ctx.after(&dap::ContinuedEventBody { thread_id: thread(debuggee), all_threads_continued: Some(false) });
    Ok(dap::EvaluateResponseBody { result: "(running)".to_owned(), ..Default::default() })
}

fn assign(
    ctx: &mut Ctx<'_>,
    debuggee: DebuggeeId,
    frame: Option<usize>,
    place: &str,
    value: &str,
    options: ValueOptions,
) -> Result<dap::EvaluateResponseBody, Failure> {
    let shown = ctx.world.debugger.assign(debuggee, frame, place, value, options.limits)?;
    // As a tree, if it's one that can be had again.
    let Ok(node) = ctx.world.debugger.evaluate_node(debuggee, frame, place, options) else {
        invalidate(ctx, debuggee);
        return Ok(dap::EvaluateResponseBody {
            result: shown.text,
            r#type: Some(shown.type_name),
            ..Default::default()
        });
    };
    let memory = memory_of(ctx, node.handle);
    changed(ctx, &node, memory);
    Ok(result(&node, memory))
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
    let options = options(arguments.format.as_ref());
    let (place, value) = (arguments.expression.trim(), arguments.value.trim());
    let set = assign(ctx, debuggee, frame, place, value, options)?;
    Ok(dap::SetExpressionResponseBody {
        value: set.result,
        r#type: set.r#type,
        variables_reference: Some(set.variables_reference),
        named_variables: set.named_variables,
        indexed_variables: set.indexed_variables,
        memory_reference: set.memory_reference,
        presentation_hint: set.presentation_hint,
        value_location_reference: None,
    })
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
