//! Going on, stepping, pausing.

use freezeframe_engine::{DebuggeeId, Step};

use super::Ctx;
use crate::{
    error::Failure,
    protocol::types as dap,
    reports::{resumed, thread},
};

/// The guest that a client calls a thread.
pub fn guest(ctx: &Ctx<'_>, thread: i64) -> Result<DebuggeeId, Failure> {
    let id = u32::try_from(thread).ok().map(DebuggeeId);
    let known = id.filter(|id| ctx.world.guests.contains_key(id));
    known
        .ok_or_else(|| Failure::Arguments(format!("there is no thread {thread}; `threads` lists those that there are")))
}

/// What is to be done when a guest goes on.
pub fn gone_on(ctx: &mut Ctx<'_>, id: DebuggeeId) {
    ctx.client.frames.forget(id);
    resumed(ctx.world, id);
    ctx.others(&dap::ContinuedEventBody { thread_id: thread(id), all_threads_continued: Some(false) });
}

/// Lets a guest run; all that stand still, unless it's to be this one alone.
pub fn go_on(ctx: &mut Ctx<'_>, arguments: dap::ContinueArguments) -> Result<dap::ContinueResponseBody, Failure> {
    let id = guest(ctx, arguments.thread_id)?;
    ctx.world.debugger.resume(id)?;
    gone_on(ctx, id);
    Ok(dap::ContinueResponseBody { all_threads_continued: Some(false) })
}

fn step(ctx: &mut Ctx<'_>, thread: i64, step: Step) -> Result<(), Failure> {
    let id = guest(ctx, thread)?;
    ctx.world.debugger.step(id, step, 1)?;
    gone_on(ctx, id);
    Ok(())
}

fn by_instruction(granularity: Option<dap::SteppingGranularity>) -> bool {
    granularity == Some(dap::SteppingGranularity::Instruction)
}

/// Steps over.
pub fn next(ctx: &mut Ctx<'_>, arguments: dap::NextArguments) -> Result<(), Failure> {
    let kind = if by_instruction(arguments.granularity) { Step::InstructionOver } else { Step::Over };
    step(ctx, arguments.thread_id, kind)
}

/// Steps into: whatever is called, or what was chosen.
pub fn step_in(ctx: &mut Ctx<'_>, arguments: dap::StepInArguments) -> Result<(), Failure> {
    if let Some(target) = arguments.target_id {
        let id = guest(ctx, arguments.thread_id)?;
        let function = ctx.client.step_targets.iter().find(|(number, _)| *number == target).map(|(_, name)| name);
        let gone = || Failure::Arguments(format!("there is no target {target}; ask for `stepInTargets` again"));
        let function = function.ok_or_else(gone)?;
        ctx.world.debugger.step_into(id, function)?;
        gone_on(ctx, id);
        return Ok(());
    }
    let kind = if by_instruction(arguments.granularity) { Step::Instruction } else { Step::Into };
    step(ctx, arguments.thread_id, kind)
}

/// Steps out, by whatever granularity: a function is left whole.
pub fn step_out(ctx: &mut Ctx<'_>, arguments: dap::StepOutArguments) -> Result<(), Failure> {
    let id = guest(ctx, arguments.thread_id)?;
    // Unlike a plain step this one remembers what the function returns.
    ctx.world.debugger.finish(id, 0)?;
    gone_on(ctx, id);
    Ok(())
}

/// The functions that are called from here to the end of the line.
pub fn step_in_targets(
    ctx: &mut Ctx<'_>,
    arguments: dap::StepInTargetsArguments,
) -> Result<dap::StepInTargetsResponseBody, Failure> {
    let at = ctx.client.frames.get(arguments.frame_id)?;
    ctx.client.step_targets.clear();
    // Steps begin in the innermost frame.
    if at.index != 0 {
        return Ok(dap::StepInTargetsResponseBody::default());
    }
    let mut targets = Vec::new();
    for call in ctx.world.debugger.calls_on_line(at.debuggee)? {
        ctx.client.last_target += 1;
        let id = ctx.client.last_target;
        let (line, column) = call.at;
        targets.push(dap::StepInTarget {
            id,
            label: call.function.clone(),
            line: Some(ctx.client.line(line)),
            column: (column > 0).then(|| ctx.client.column(column)),
            ..dap::StepInTarget::default()
        });
        ctx.client.step_targets.push((id, call.function));
    }
    Ok(dap::StepInTargetsResponseBody { targets })
}

/// Stops a guest that runs.
pub fn pause(ctx: &mut Ctx<'_>, arguments: dap::PauseArguments) -> Result<(), Failure> {
    let id = guest(ctx, arguments.thread_id)?;
    ctx.world.debugger.interrupter(id)?.interrupt();
    Ok(())
}

/// Ends guests; the others go on.
pub fn terminate_threads(ctx: &mut Ctx<'_>, arguments: dap::TerminateThreadsArguments) -> Result<(), Failure> {
    for thread in arguments.thread_ids.into_iter().flatten() {
        let id = guest(ctx, thread)?;
        ctx.world.debugger.kill(id)?;
        ctx.world.ended.push((id, freezeframe_engine::Ended::Killed));
    }
    Ok(())
}
