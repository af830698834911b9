//! Expressions.

use std::time::Duration;

use freezeframe_engine::{DebuggeeId, Debugger, Node, Shown, ValueOptions};
use serde_json::Value;

use super::{
    Answered, Ctx, parse,
    values::{self, Memory, options, whole},
    variables::{changed, invalidate, memory_of},
};
use crate::{
    client::Calling,
    error::Failure,
    protocol::{Request as _, types as dap},
    reports::{resumed, thread},
    server::Input,
};

/// How long a call may run before its guest is shown as running.
const LONG: Duration = Duration::from_millis(400);

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
pub fn evaluate(ctx: &mut Ctx<'_>, arguments: Value) -> Result<Answered, Failure> {
    let arguments: dap::EvaluateArguments = parse(dap::EvaluateRequest::COMMAND, arguments)?;
    let (debuggee, frame) = place(ctx, arguments.frame_id)?;
    let options = options(arguments.format.as_ref());
    let text = arguments.expression.trim();
    let body = match arguments.context.as_deref() {
        Some("clipboard") => show(ctx, debuggee, frame, text, whole(options))?,
        Some("repl") => match (text.strip_prefix("call "), assignment(text)) {
            (Some(call), _) => return self::call(ctx, debuggee, frame, call.trim(), options),
            (None, Some((place, value))) => assign(ctx, debuggee, frame, place, value, options)?,
            (None, None) => show(ctx, debuggee, frame, text, options)?,
        },
        _ => show(ctx, debuggee, frame, text, options)?,
    };
    Answered::now(body)
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

/// Calls a function of the guest. The answer comes when it has returned, or when something stops it before.
///
/// To the client the guest stands all the while: its frames are the same afterwards. One that takes long is shown as running,
/// so that it can be paused.
fn call(
    ctx: &mut Ctx<'_>,
    debuggee: DebuggeeId,
    frame: Option<usize>,
    text: &str,
    options: ValueOptions,
) -> Result<Answered, Failure> {
    let reason = ctx.world.guests.get(&debuggee).and_then(|guest| guest.reason.clone());
    if let Some((number, shown)) = ctx.world.debugger.call(debuggee, frame, text, options.limits)? {
        invalidate(ctx, debuggee);
        return Answered::now(called(&mut ctx.world.debugger, debuggee, frame, options, number, shown));
    }
    resumed(ctx.world, debuggee);
    ctx.others(&dap::ContinuedEventBody { thread_id: thread(debuggee), all_threads_continued: Some(false) });
    let (seq, id) = (ctx.seq, ctx.client.id);
    ctx.client.calling = Some(Calling { seq, debuggee, frame, options, reason, told: false });
    let inputs = ctx.world.inputs.clone();
    let late = std::thread::Builder::new().name("dap-call".to_owned()).spawn(move || {
        std::thread::sleep(LONG);
        // Without a server nobody waits for it.
        _ = inputs.send(Input::CallTakesLong(id, seq));
    });
    if late.is_err() {
        // Rather too early than never.
        _ = ctx.world.inputs.send(Input::CallTakesLong(id, seq));
    }
    Ok(Answered::Later)
}

/// What a call came to, as a tree if it's one that can be had by its number.
pub fn called(
    debugger: &mut Debugger,
    debuggee: DebuggeeId,
    frame: Option<usize>,
    options: ValueOptions,
    number: usize,
    shown: Shown,
) -> dap::EvaluateResponseBody {
    let result = |text: &str| format!("${number} = {text}");
    match debugger.evaluate_node(debuggee, frame, &format!("${number}"), options) {
        Ok(node) => dap::EvaluateResponseBody {
            result: result(&node.text),
            r#type: Some(node.type_name.clone()),
            variables_reference: values::reference(&node),
            named_variables: values::count(node.named),
            indexed_variables: values::count(node.indexed),
            ..Default::default()
        },
        Err(_) => dap::EvaluateResponseBody {
            result: result(&shown.text),
            r#type: Some(shown.type_name),
            ..Default::default()
        },
    }
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
