//! Setting breakpoints.

use freezeframe_engine::LocationSpec;

use super::Ctx;
use crate::{
    breakpoints::{Entry, Wanted, describe},
    error::Failure,
    protocol::types as dap,
};

/// Sets those of one source.
pub fn set_breakpoints(
    ctx: &mut Ctx<'_>,
    arguments: dap::SetBreakpointsArguments,
) -> Result<dap::SetBreakpointsResponseBody, Failure> {
    let Some(path) = arguments.source.path.clone() else {
        return Err(Failure::Arguments("breakpoints can be set in files only: the source has no `path`".to_owned()));
    };
    let lines =
        || arguments.lines.iter().flatten().map(|line| dap::SourceBreakpoint { line: *line, ..Default::default() });
    let asked = arguments.breakpoints.clone().unwrap_or_else(|| lines().collect());
    let wanted = asked
        .into_iter()
        .map(|asked| Wanted {
            location: LocationSpec::Source {
                path: path.clone(),
                line: ctx.client.our_line(asked.line),
                column: asked.column.map(|column| ctx.client.our_column(column)),
            },
            condition: asked.condition,
            hits: asked.hit_condition,
            log: asked.log_message,
        })
        .collect();
    let old = ctx.client.breakpoints.sources.remove(&path).unwrap_or_default();
    let new = ctx.client.breakpoints.replace(&mut ctx.world.debugger, old, wanted);
    let (new, breakpoints) = told(ctx, new);
    if !new.is_empty() {
        ctx.client.breakpoints.sources.insert(path, new);
    }
    Ok(dap::SetBreakpointsResponseBody { breakpoints })
}

/// Sets those at functions.
pub fn set_function_breakpoints(
    ctx: &mut Ctx<'_>,
    arguments: dap::SetFunctionBreakpointsArguments,
) -> Result<dap::SetFunctionBreakpointsResponseBody, Failure> {
    let wanted = arguments
        .breakpoints
        .into_iter()
        .map(|asked| Wanted {
            location: LocationSpec::Function(asked.name.trim().to_owned()),
            condition: asked.condition,
            hits: asked.hit_condition,
            log: None,
        })
        .collect();
    let old = std::mem::take(&mut ctx.client.breakpoints.functions);
    let new = ctx.client.breakpoints.replace(&mut ctx.world.debugger, old, wanted);
    let (new, breakpoints) = told(ctx, new);
    ctx.client.breakpoints.functions = new;
    Ok(dap::SetFunctionBreakpointsResponseBody { breakpoints })
}

/// Sets which exceptions stop.
pub fn set_exception_breakpoints(
    _: &mut Ctx<'_>,
    _: dap::SetExceptionBreakpointsArguments,
) -> Result<dap::SetExceptionBreakpointsResponseBody, Failure> {
    Ok(dap::SetExceptionBreakpointsResponseBody::default())
}

/// What the client is told of entries, which remember it.
fn told(ctx: &Ctx<'_>, mut entries: Vec<Entry>) -> (Vec<Entry>, Vec<dap::Breakpoint>) {
    let mut all = Vec::with_capacity(entries.len());
    for entry in &mut entries {
        let told = describe(entry, &ctx.world.debugger, &ctx.world.sources, ctx.client);
        entry.told = Some(told.clone());
        all.push(told);
    }
    (entries, all)
}
