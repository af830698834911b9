//! Threads and their stacks.

use freezeframe_engine::StackFrame;
use serde_json::Value;

use super::{Ctx, running::guest, sources::source};
use crate::{error::Failure, handles::FrameAt, protocol::types as dap, reports::thread};

/// How many frames are given when a client doesn't say.
const FRAMES: usize = 1000;

/// The guests.
pub fn threads(ctx: &mut Ctx<'_>, _: Value) -> Result<dap::ThreadsResponseBody, Failure> {
    let threads = ctx.world.guests.iter();
    let threads = threads.map(|(id, guest)| dap::Thread { id: thread(*id), name: guest.name.clone() });
    Ok(dap::ThreadsResponseBody { threads: threads.collect() })
}

/// A part of a guest's stack.
pub fn stack_trace(
    ctx: &mut Ctx<'_>,
    arguments: dap::StackTraceArguments,
) -> Result<dap::StackTraceResponseBody, Failure> {
    let id = guest(ctx, arguments.thread_id)?;
    let first = usize::try_from(arguments.start_frame.unwrap_or(0)).unwrap_or(0);
    let wanted = arguments.levels.and_then(|levels| usize::try_from(levels).ok()).filter(|levels| *levels > 0);
    let end = first.saturating_add(wanted.unwrap_or(FRAMES));
    let (stack, more) = ctx.world.debugger.stack(id, u32::try_from(end).unwrap_or(u32::MAX))?;
    let total = stack.len();
    let frames = stack.iter().take(end).skip(first);
    let mut told = Vec::new();
    for frame in frames {
        let number = ctx.client.frames.number(FrameAt { debuggee: id, index: frame.index });
        told.push(describe(ctx, number, frame));
    }
    // Without a total a client asks until it gets fewer than it wanted.
    Ok(dap::StackTraceResponseBody { stack_frames: told, total_frames: (!more).then_some(total as i64) })
}

fn describe(ctx: &Ctx<'_>, id: i64, frame: &StackFrame) -> dap::StackFrame {
    let at = frame.position.as_ref();
    dap::StackFrame {
        id,
        name: frame.function.clone(),
        line: at.map_or(0, |at| ctx.client.line(at.line)),
        column: at.map_or(0, |at| ctx.client.column(at.column)),
        source: at.map(|at| source(&at.path, &ctx.world.sources)),
        ..dap::StackFrame::default()
    }
}
