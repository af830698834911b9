//! Scopes and variables.

use freezeframe_engine::{
    Children, DebuggeeId, EngineError, GlobalFilter, Handle, Limits, Node, ScopeKind, ValueOptions,
};

use super::{
    Ctx,
    values::{self, Memory, fact, options, variable},
    wasm,
};
use crate::{
    error::Failure,
    handles::{Extra, FrameAt},
    protocol::types as dap,
};

/// How many children are given to a client that doesn't say how many it wants.
const MOST: u64 = 10_000;

/// The scopes of a frame.
pub fn scopes(ctx: &mut Ctx<'_>, arguments: dap::ScopesArguments) -> Result<dap::ScopesResponseBody, Failure> {
    let at = ctx.client.frames.get(arguments.frame_id)?;
    let FrameAt { debuggee, index } = at;
    let mut scopes = Vec::new();
    if index == 0 && ctx.world.debugger.returned(debuggee, Limits::default())?.is_some() {
        scopes.push(dap::Scope {
            name: "Returned".to_owned(),
            presentation_hint: Some("returnValue".to_owned()),
            variables_reference: ctx.client.extras.number(Extra::Returned(debuggee)),
            ..dap::Scope::default()
        });
    }
    let kinds = [
        (ScopeKind::Arguments, "Arguments", Some("arguments")),
        (ScopeKind::Locals, "Locals", Some("locals")),
        (ScopeKind::Statics, "Statics", None),
        (ScopeKind::Globals(GlobalFilter::default()), "Globals", None),
    ];
    for (kind, name, hint) in kinds {
        let always = matches!(kind, ScopeKind::Locals);
        let expensive = matches!(kind, ScopeKind::Globals(_));
        let node = ctx.world.debugger.scope(debuggee, Some(index), kind)?;
        if node.named == 0 && !always {
            continue;
        }
        scopes.push(dap::Scope {
            name: name.to_owned(),
            presentation_hint: hint.map(str::to_owned),
            variables_reference: i64::from(node.handle.0),
            named_variables: values::count(node.named),
            expensive,
            ..dap::Scope::default()
        });
    }
    scopes.push(dap::Scope {
        name: "Wasm".to_owned(),
        presentation_hint: Some("registers".to_owned()),
        variables_reference: ctx.client.extras.number(Extra::Wasm(at)),
        expensive: true,
        ..dap::Scope::default()
    });
    Ok(dap::ScopesResponseBody { scopes })
}

/// What can be seen by expanding.
pub fn variables(ctx: &mut Ctx<'_>, arguments: dap::VariablesArguments) -> Result<dap::VariablesResponseBody, Failure> {
    let options = options(arguments.format.as_ref());
    let start = arguments.start.and_then(|start| u64::try_from(start).ok()).unwrap_or(0);
    let count = arguments.count.and_then(|count| u64::try_from(count).ok()).filter(|count| *count > 0);
    if let Some(extra) = ctx.client.extras.get(arguments.variables_reference) {
        let all = extras(ctx, extra, options)?;
        let skip = usize::try_from(start).unwrap_or(usize::MAX);
        let take = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
        return Ok(dap::VariablesResponseBody { variables: all.into_iter().skip(skip).take(take).collect() });
    }
    let handle = handle(arguments.variables_reference)?;
    let which = match arguments.filter {
        Some(dap::VariablesArgumentsFilter::Named) => Children::Named,
        Some(dap::VariablesArgumentsFilter::Indexed) => Children::Indexed,
        None => Children::All,
    };
    let memory = memory_of(ctx, handle);
    let nodes = ctx.world.debugger.children(handle, which, start, count.unwrap_or(MOST), options)?;
    let full = count.is_none() && nodes.len() as u64 == MOST;
    let mut variables: Vec<dap::Variable> = nodes.into_iter().map(|node| variable(node, memory)).collect();
    if full {
        variables.push(fact(
            "…",
            format!("only the first {MOST} are shown; a watch such as `name[{MOST}..{}]` shows others", MOST + 100),
        ));
    }
    Ok(dap::VariablesResponseBody { variables })
}

/// The engine's handle of a number.
fn handle(number: i64) -> Result<Handle, Failure> {
    let handle = u32::try_from(number).ok().filter(|number| *number > 0).map(Handle);
    handle.ok_or_else(|| Failure::Arguments(format!("there is nothing with the reference {number}")))
}

/// The memory that the values of a node are in.
pub fn memory_of(ctx: &mut Ctx<'_>, handle: Handle) -> Memory {
    let (debuggee, instance) = ctx.world.debugger.memory_of(handle).unwrap_or((DebuggeeId(0), None));
    Memory { debuggee, instance }
}

fn extras(ctx: &mut Ctx<'_>, extra: Extra, options: ValueOptions) -> Result<Vec<dap::Variable>, Failure> {
    match extra {
        Extra::Wasm(at) => wasm::machine(ctx, at),
        Extra::WasmPart(at, part) => wasm::part(ctx, at, part, options),
        Extra::Returned(debuggee) => {
            let returned = ctx.world.debugger.returned(debuggee, options.limits)?;
            let returned = returned.into_iter();
            Ok(returned
                .map(|shown| dap::Variable { r#type: Some(shown.type_name), ..fact(shown.name, shown.text) })
                .collect())
        }
        Extra::Text(..) => Ok(Vec::new()),
    }
}

/// Changes a variable.
pub fn set_variable(
    ctx: &mut Ctx<'_>,
    arguments: dap::SetVariableArguments,
) -> Result<dap::SetVariableResponseBody, Failure> {
    let options = options(arguments.format.as_ref());
    if let Some(extra) = ctx.client.extras.get(arguments.variables_reference) {
        return wasm::set(ctx, extra, &arguments.name, &arguments.value);
    }
    let container = handle(arguments.variables_reference)?;
    let child = child(ctx, container, &arguments.name)?;
    let memory = memory_of(ctx, container);
    let node = ctx.world.debugger.set(child.handle, &arguments.value, options)?;
    changed(ctx, &node, memory);
    Ok(dap::SetVariableResponseBody {
        variables_reference: Some(values::reference(&node)),
        named_variables: values::count(node.named),
        indexed_variables: values::count(node.indexed),
        memory_reference: memory.reference(node.memory),
        r#type: Some(node.type_name),
        value: node.text,
        ..Default::default()
    })
}

/// The child of a node that has a name.
fn child(ctx: &mut Ctx<'_>, container: Handle, name: &str) -> Result<Node, Failure> {
    let debugger = &mut ctx.world.debugger;
    // An element is asked for alone: there may be millions.
    let index = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).and_then(|index| index.parse().ok());
    let mut found = match index {
        Some(index) => debugger.children(container, Children::Indexed, index, 1, ValueOptions::default())?,
        None => Vec::new(),
    };
    if !found.iter().any(|node| node.name == name) {
        found = debugger.children(container, Children::All, 0, MOST, ValueOptions::default())?;
    }
    let child = found.into_iter().find(|node| node.name == name);
    child.ok_or_else(|| Failure::Engine(EngineError::NoSymbol { name: name.to_owned(), near: Vec::new() }))
}

/// Tells clients that a value was changed.
pub fn changed(ctx: &mut Ctx<'_>, node: &Node, memory: Memory) {
    if let (Some(address), Some(size)) = (node.address, node.size)
        && let Some(reference) = memory.reference(Some(address))
    {
        let event = dap::MemoryEventBody {
            memory_reference: reference,
            offset: 0,
            count: i64::try_from(size).unwrap_or(i64::MAX),
        };
        if ctx.client.about.supports_memory_event == Some(true) {
            ctx.after(&event);
        }
    }
    invalidate(ctx, memory.debuggee);
}

/// Tells clients that what they know of a guest's values may be wrong now. The one that changed them asks again by itself,
/// except for other views of the same value.
pub fn invalidate(ctx: &mut Ctx<'_>, debuggee: DebuggeeId) {
    let event = dap::InvalidatedEventBody {
        areas: Some(vec!["variables".to_owned()]),
        thread_id: Some(crate::reports::thread(debuggee)),
        stack_frame_id: None,
    };
    if ctx.client.about.supports_invalidated_event == Some(true) {
        ctx.after(&event);
    }
    ctx.others_who(|about| about.supports_invalidated_event == Some(true), &event);
}
