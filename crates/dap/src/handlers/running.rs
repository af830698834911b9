//! Going on, stepping, pausing.

use freezeframe_engine::{DebuggeeId, Step};

use super::Ctx;
use crate::{error::Failure, protocol::types as dap, reports::resumed};

/// The guest that a client calls a thread.
pub fn guest(ctx: &Ctx<'_>, thread: i64) -> Result<DebuggeeId, Failure> {
    let id = u32::try_from(thread).ok().map(DebuggeeId);
    let known = id.filter(|id| ctx.world.guests.contains_key(id));
    known
        .ok_or_else(|| Failure::Arguments(format!("there is no thread {thread}; `threads` lists those that there are")))
}

/// What is to be done when a guest goes on.
fn gone_on(ctx: &mut Ctx<'_>, id: DebuggeeId) {
    ctx.client.frames.forget(id);
    resumed(ctx.world, id);
    ctx.others(&dap::ContinuedEventBody { thread_id: crate::reports::thread(id), all_threads_continued: Some(false) });
}

/// Lets a guest run.
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

/// Steps over.
pub fn next(ctx: &mut Ctx<'_>, arguments: dap::NextArguments) -> Result<(), Failure> {
    let by_instruction = arguments.granularity == Some(dap::SteppingGranularity::Instruction);
    step(ctx, arguments.thread_id, if by_instruction { Step::InstructionOver } else { Step::Over })
}

/// Steps into.
pub fn step_in(ctx: &mut Ctx<'_>, arguments: dap::StepInArguments) -> Result<(), Failure> {
    let by_instruction = arguments.granularity == Some(dap::SteppingGranularity::Instruction);
    step(ctx, arguments.thread_id, if by_instruction { Step::Instruction } else { Step::Into })
}

/// Steps out.
pub fn step_out(ctx: &mut Ctx<'_>, arguments: dap::StepOutArguments) -> Result<(), Failure> {
    step(ctx, arguments.thread_id, Step::Out)
}

/// Stops a guest that runs.
pub fn pause(ctx: &mut Ctx<'_>, arguments: dap::PauseArguments) -> Result<(), Failure> {
    let id = guest(ctx, arguments.thread_id)?;
    ctx.world.debugger.interrupter(id)?.interrupt();
    Ok(())
}
