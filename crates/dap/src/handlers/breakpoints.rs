//! Setting breakpoints.

use freezeframe_engine::LocationSpec;

use super::Ctx;
use crate::{
    breakpoints::{Entry, Wanted, describe},
    error::Failure,
    protocol::types as dap,
    references::parse_code,
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
    let new = ctx.client.breakpoints.replace(&mut ctx.world.debugger, old, wanted)?;
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
            location: function(&asked.name),
            condition: asked.condition,
            hits: asked.hit_condition,
            log: None,
        })
        .collect();
    let old = std::mem::take(&mut ctx.client.breakpoints.functions);
    let new = ctx.client.breakpoints.replace(&mut ctx.world.debugger, old, wanted)?;
    let (new, breakpoints) = told(ctx, new);
    ctx.client.breakpoints.functions = new;
    Ok(dap::SetFunctionBreakpointsResponseBody { breakpoints })
}

/// A function by its name; all that match, between slashes.
fn function(name: &str) -> LocationSpec {
    let name = name.trim();
    match name.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        Some(pattern) => LocationSpec::Matching(pattern.to_owned()),
        None => LocationSpec::Function(name.to_owned()),
    }
}

/// Sets those at instructions.
pub fn set_instruction_breakpoints(
    ctx: &mut Ctx<'_>,
    arguments: dap::SetInstructionBreakpointsArguments,
) -> Result<dap::SetInstructionBreakpointsResponseBody, Failure> {
    let mut wanted = Vec::new();
    for asked in arguments.breakpoints {
        let (code, pc) = parse_code(&asked.instruction_reference, asked.offset)?;
        wanted.push(Wanted {
            location: LocationSpec::Instruction { code, pc: pc.0 },
            condition: asked.condition,
            hits: asked.hit_condition,
            log: None,
        });
    }
    let old = std::mem::take(&mut ctx.client.breakpoints.instructions);
    let new = ctx.client.breakpoints.replace(&mut ctx.world.debugger, old, wanted)?;
    let (new, breakpoints) = told(ctx, new);
    ctx.client.breakpoints.instructions = new;
    Ok(dap::SetInstructionBreakpointsResponseBody { breakpoints })
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
