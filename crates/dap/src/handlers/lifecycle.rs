//! Beginning and end: `initialize`, `launch`, `configurationDone`, `terminate`, `disconnect`.

use freezeframe_engine::{BreakpointSpec, LocationSpec, State};
use serde_json::Value;

use super::{Answered, Ctx, parse};
use crate::{
    capabilities::capabilities,
    client::{Phase, Starting},
    error::Failure,
    launch::{LaunchArguments, Launched},
    protocol::types as dap,
    reports::{resumed, thread},
    server::{self, Guest},
};

/// Says what can be done.
pub fn initialize(ctx: &mut Ctx<'_>, arguments: dap::InitializeRequestArguments) -> Result<dap::Capabilities, Failure> {
    if ctx.client.phase != Phase::New {
        return Err(Failure::Other("`initialize` was sent already".to_owned()));
    }
    if arguments.path_format.as_deref().is_some_and(|format| format != "path") {
        return Err(Failure::Session(
            "only paths of files are understood, not URIs: set `pathFormat` to `path`".to_owned(),
        ));
    }
    ctx.client.about = arguments;
    ctx.client.phase = Phase::Initialized;
    Ok(capabilities())
}

/// Opens a guest. The answer comes when it stands before its first operator, and then the client sets its breakpoints.
pub fn launch(ctx: &mut Ctx<'_>, arguments: Value) -> Result<Answered, Failure> {
    let arguments: LaunchArguments = parse("launch", arguments)?;
    if ctx.client.phase != Phase::Initialized {
        return Err(Failure::Other("there is a guest already; end it with `terminate`, or `restart` it".to_owned()));
    }
    open(ctx, "launch", arguments)
}

fn open(ctx: &mut Ctx<'_>, command: &str, arguments: LaunchArguments) -> Result<Answered, Failure> {
    let Some(opener) = ctx.world.opener.clone() else {
        return Err(Failure::Shown("this server debugs guests of its own; use an `attach` configuration".to_owned()));
    };
    ctx.world.sources.look_in(arguments.source_paths());
    ctx.client.phase = Phase::Starting;
    ctx.client.starting = Some(Starting { seq: ctx.seq, command: command.to_owned() });
    server::open(&ctx.world.inputs, ctx.client.id, ctx.client.outbox.clone(), opener, arguments)
        .map_err(|e| Failure::Other(format!("no thread to open the guest on: {e}")))?;
    Ok(Answered::Later)
}

/// Starts a guest that was opened; it stands before its first operator then.
pub fn start(ctx: &mut Ctx<'_>, launched: Launched) -> Result<(), Failure> {
    let debuggee = launched.opened.start().map_err(Failure::Shown)?;
    ctx.world.debugger.find_debug_files(launched.opened.debug_files());
    let id = ctx.world.debugger.attach(debuggee)?;
    let name = crate::sources::file_name(&launched.arguments.program.to_string_lossy()).to_owned();
    ctx.world.guests.insert(id, Guest { name: name.clone(), launched: true, reason: None });
    ctx.client.guest = Some(id);
    let program = launched.arguments.absolute(&launched.arguments.program);
    ctx.after(&dap::ProcessEventBody {
        name: program.to_string_lossy().into_owned(),
        is_local_process: Some(true),
        start_method: Some(dap::ProcessEventBodyStartMethod::Launch),
        pointer_size: Some(32),
        system_process_id: None,
    });
    ctx.after(&dap::ThreadEventBody { reason: "started".to_owned(), thread_id: thread(id) });
    ctx.after(&dap::InitializedEventBody::default());
    ctx.client.launched = Some(std::sync::Arc::new(launched));
    ctx.client.phase = Phase::Configuring;
    Ok(())
}

/// All breakpoints are set: the guest runs.
pub fn configuration_done(ctx: &mut Ctx<'_>, _: Value) -> Result<(), Failure> {
    if ctx.client.phase != Phase::Configuring {
        return Err(Failure::Other("there is nothing to configure: `launch` or `attach` comes first".to_owned()));
    }
    ctx.client.phase = Phase::Running;
    let Some(guest) = ctx.client.guest else { return Ok(()) };
    let launched = ctx.client.launched.clone();
    let arguments = launched.as_ref().map(|launched| &launched.arguments);
    if arguments.is_some_and(|arguments| arguments.stop_on_entry && !arguments.no_debug) {
        let location = match arguments.and_then(|arguments| arguments.invoke.clone()) {
            Some(export) => LocationSpec::Function(export),
            None => ctx.world.debugger.entry(guest)?,
        };
        let spec = BreakpointSpec { one_shot: true, ..BreakpointSpec::at(location) };
        ctx.client.breakpoints.entry = Some(ctx.world.debugger.add_breakpoint(spec, true)?);
    }
    if ctx.world.debugger.state(guest)? == State::Stopped {
        ctx.world.debugger.resume(guest)?;
        resumed(ctx.world, guest);
    }
    Ok(())
}

/// Ends the guest.
pub fn terminate(ctx: &mut Ctx<'_>, _: dap::TerminateArguments) -> Result<(), Failure> {
    end(ctx)
}

fn end(ctx: &mut Ctx<'_>) -> Result<(), Failure> {
    let Some(guest) = ctx.client.guest.take() else { return Ok(()) };
    // It may be over already; then there's nothing to end.
    _ = ctx.world.debugger.kill(guest);
    ctx.world.debugger.forget(guest);
    ctx.world.guests.remove(&guest);
    ctx.client.frames.forget(guest);
    ctx.after(&dap::ThreadEventBody { reason: "exited".to_owned(), thread_id: thread(guest) });
    ctx.after(&dap::TerminatedEventBody::default());
    Ok(())
}

/// The client leaves. A guest that it launched ends.
pub fn disconnect(ctx: &mut Ctx<'_>, _: dap::DisconnectArguments) -> Result<(), Failure> {
    end(ctx)?;
    ctx.client.phase = Phase::Left;
    Ok(())
}
