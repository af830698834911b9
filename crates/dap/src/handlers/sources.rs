//! Source files and modules.

use std::collections::{BTreeMap, BTreeSet};

use freezeframe_engine::{CodeId, DebuggeeId, ModulePc};
use serde_json::Value;

use super::{Ctx, disassembly::function_text};
use crate::{
    error::Failure,
    handles::Extra,
    protocol::types as dap,
    server::World,
    sources::{Sources, file_name},
};

/// A compiler's path, as a client is told of it.
pub fn source(path: &str, sources: &Sources) -> dap::Source {
    let name = Some(file_name(path).to_owned());
    match sources.local(path) {
        Some(local) => dap::Source { name, path: Some(local.to_string_lossy().into_owned()), ..dap::Source::default() },
        None => dap::Source {
            name,
            path: Some(path.to_owned()),
            presentation_hint: Some(dap::SourcePresentationHint::Deemphasize),
            ..dap::Source::default()
        },
    }
}

/// The text of a function without source, as a client is told of it.
pub fn text_source(ctx: &mut Ctx<'_>, code: CodeId, function: &str, start: ModulePc) -> dap::Source {
    dap::Source {
        name: Some(format!("{function}.wat")),
        source_reference: Some(ctx.client.extras.number(Extra::Text(code, start.0))),
        origin: Some("Wasm text".to_owned()),
        presentation_hint: Some(dap::SourcePresentationHint::Deemphasize),
        ..dap::Source::default()
    }
}

/// The contents of a source that is no file of the client's.
pub fn contents(ctx: &mut Ctx<'_>, arguments: dap::SourceArguments) -> Result<dap::SourceResponseBody, Failure> {
    let reference = arguments.source.as_ref().and_then(|source| source.source_reference).filter(|number| *number > 0);
    let reference = reference.unwrap_or(arguments.source_reference);
    if let Some(Extra::Text(code, pc)) = ctx.client.extras.get(reference) {
        let content = function_text(ctx, code, ModulePc(pc))?.text.clone();
        return Ok(dap::SourceResponseBody { content, mime_type: Some("text/x-wat".to_owned()) });
    }
    // A file that the client can't find itself, if it's one of the guest's.
    let path = arguments.source.and_then(|source| source.path).unwrap_or_default();
    let known = files(ctx.world)?.into_iter().any(|file| ctx.world.sources.same(&path, &file));
    let file = ctx.world.sources.local(&path).filter(|_| known);
    let text = file.and_then(|file| std::fs::read(file).ok());
    let content = text.map(|text| String::from_utf8_lossy(&text).into_owned());
    let none = || Failure::Other(format!("there is no source file {path:?} here; `sourceMap` says where sources are"));
    Ok(dap::SourceResponseBody { content: content.ok_or_else(none)?, mime_type: None })
}

/// The paths of all source files of all guests.
fn files(world: &mut World) -> Result<BTreeSet<String>, Failure> {
    let guests: Vec<DebuggeeId> = world.guests.keys().copied().collect();
    let mut paths = BTreeSet::new();
    for guest in guests {
        for (_, _, symbols) in world.debugger.modules(guest)? {
            paths.extend(symbols.files().iter().map(|file| file.path.to_string()));
        }
    }
    Ok(paths)
}

/// All source files that there are.
pub fn loaded(ctx: &mut Ctx<'_>, _: Value) -> Result<dap::LoadedSourcesResponseBody, Failure> {
    let files = files(ctx.world)?;
    let sources = files.iter().map(|path| source(path, &ctx.world.sources)).collect();
    Ok(dap::LoadedSourcesResponseBody { sources })
}

/// All modules, each once however many guests run it.
pub fn all_modules(world: &mut World) -> Result<BTreeMap<CodeId, dap::Module>, Failure> {
    let guests: Vec<DebuggeeId> = world.guests.keys().copied().collect();
    let mut modules = BTreeMap::new();
    for guest in guests {
        for (id, name, symbols) in world.debugger.modules(guest)? {
            let code = world.debugger.code_of(guest, id)?;
            let program = world.guests.get(&guest).and_then(|guest| guest.program.clone());
            modules.entry(code).or_insert_with(|| dap::Module {
                id: code.0.into(),
                name: name.unwrap_or_else(|| format!("module {}", id.0)),
                path: program.map(|path| path.to_string_lossy().into_owned()),
                symbol_status: Some(if symbols.has_lines() { "DWARF" } else { "names only" }.to_owned()),
                is_user_code: Some(symbols.has_lines()),
                ..dap::Module::default()
            });
        }
    }
    Ok(modules)
}

/// A part of the list of modules.
pub fn modules(ctx: &mut Ctx<'_>, arguments: dap::ModulesArguments) -> Result<dap::ModulesResponseBody, Failure> {
    let modules = all_modules(ctx.world)?;
    let total = modules.len() as i64;
    let skip = arguments.start_module.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let count = arguments.module_count.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    let modules = modules.into_values().skip(skip).take(count.unwrap_or(usize::MAX)).collect();
    Ok(dap::ModulesResponseBody { modules, total_modules: Some(total) })
}

/// Where breakpoints can stand in some lines of a source.
pub fn breakpoint_locations(
    ctx: &mut Ctx<'_>,
    arguments: dap::BreakpointLocationsArguments,
) -> Result<dap::BreakpointLocationsResponseBody, Failure> {
    let Some(path) = arguments.source.path else {
        return Err(Failure::Arguments("breakpoints can be set in files only: the source has no `path`".to_owned()));
    };
    let first = ctx.client.our_line(arguments.line);
    let last = arguments.end_line.map_or(first, |line| ctx.client.our_line(line));
    let guests: Vec<DebuggeeId> = ctx.world.guests.keys().copied().collect();
    let mut places = BTreeSet::new();
    for guest in guests {
        places.extend(ctx.world.debugger.breakpoint_places(guest, &path, first, last)?);
    }
    let from = (first, arguments.column.map_or(0, |column| ctx.client.our_column(column)));
    let to = (last, arguments.end_column.map_or(u32::MAX, |column| ctx.client.our_column(column)));
    let inside = places.into_iter().filter(|place| (from..=to).contains(place));
    let breakpoints = inside.map(|(line, column)| dap::BreakpointLocation {
        line: ctx.client.line(line),
        column: (column > 0).then(|| ctx.client.column(column)),
        ..dap::BreakpointLocation::default()
    });
    Ok(dap::BreakpointLocationsResponseBody { breakpoints: breakpoints.collect() })
}
