//! Threads and their stacks.

use freezeframe_engine::{Crossing, DebuggeeId, StackFrame};
use serde_json::Value;

use super::{
    Ctx,
    disassembly::function_text,
    running::guest,
    sources::{source, text_source},
};
use crate::{error::Failure, handles::FrameAt, protocol::types as dap, references, reports::thread};

/// How many frames are given when a client doesn't say.
const FRAMES: usize = 1000;

/// The guests.
pub fn threads(ctx: &mut Ctx<'_>, _: Value) -> Result<dap::ThreadsResponseBody, Failure> {
    let threads = ctx.world.guests.iter();
    let threads = threads.map(|(id, guest)| dap::Thread { id: thread(*id), name: guest.name.clone() });
    Ok(dap::ThreadsResponseBody { threads: threads.collect() })
}

/// A line of the stack as a client sees it: a frame, or what lies between two.
enum Line<'a> {
    Frame(&'a StackFrame),
    Between(String),
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
    let mut lines = Vec::new();
    for frame in &stack {
        let between = frame.crossing.as_ref().map(|crossing| match crossing {
            Crossing::Host { import: Some(import) } => format!("[host function {import}]"),
            Crossing::Host { import: None } => "[host function]".to_owned(),
            Crossing::Debugger => "[called by the debugger]".to_owned(),
        });
        lines.extend(between.map(Line::Between));
        lines.push(Line::Frame(frame));
    }
    let total = lines.len() as i64;
    let mut told = Vec::new();
    for (at, line) in lines.iter().enumerate().take(end).skip(first) {
        told.push(match line {
            Line::Frame(frame) => describe(ctx, id, frame),
            Line::Between(label) => dap::StackFrame {
                // No frame has this number: nothing can be asked of it.
                id: -1 - at as i64,
                name: label.clone(),
                presentation_hint: Some(dap::StackFramePresentationHint::Label),
                ..dap::StackFrame::default()
            },
        });
    }
    // Without a total a client asks until it gets fewer than it wanted.
    Ok(dap::StackTraceResponseBody { stack_frames: told, total_frames: (!more).then_some(total) })
}

fn describe(ctx: &mut Ctx<'_>, debuggee: DebuggeeId, frame: &StackFrame) -> dap::StackFrame {
    let id = ctx.client.frames.number(FrameAt { debuggee, index: frame.index });
    let code = ctx.world.debugger.code_of(debuggee, frame.module).ok();
    let mut told = dap::StackFrame {
        id,
        name: if frame.inlined { format!("{} [inlined]", frame.function) } else { frame.function.clone() },
        module_id: code.map(|code| code.0.into()),
        instruction_pointer_reference: code.map(|code| references::code(code, frame.pc)),
        can_restart: Some(false),
        ..dap::StackFrame::default()
    };
    match (&frame.position, code) {
        (Some(at), _) => {
            let source = source(&at.path, &ctx.world.sources);
            told.presentation_hint = source.presentation_hint.map(|_| dap::StackFramePresentationHint::Subtle);
            told.source = Some(source);
            told.line = ctx.client.line(at.line);
            told.column = ctx.client.column(at.column);
        }
        (None, Some(code)) => {
            told.presentation_hint = Some(dap::StackFramePresentationHint::Subtle);
            // Without source, the Wasm text stands for it.
            if let Ok(text) = function_text(ctx, code, frame.pc) {
                told.source = Some(text_source(ctx, code, &frame.function, text.start));
                told.line = ctx.client.line(text.line(frame.pc));
                told.column = ctx.client.column(1);
            }
        }
        (None, None) => {}
    }
    told
}
