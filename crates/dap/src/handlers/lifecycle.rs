//! Beginning and end: `initialize`, `launch`, `attach`, `configurationDone`, `restart`, `terminate`, `disconnect`, `cancel`.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use freezeframe_engine::{BreakpointSpec, DebuggeeId, LocationSpec, SourcePaths, State};
use serde::Deserialize;
use serde_json::Value;

use super::{Answered, Ctx, parse};
use crate::{
    capabilities::capabilities,
    client::{Phase, Starting},
    error::Failure,
    launch::{Console, LaunchArguments, Launched},
    protocol::{Outgoing, Request as _, types as dap},
    reports::{resumed, thread},
    server::{self, Guest},
    terminal::{Asked, Invitation},
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
    if arguments.supports_progress_reporting == Some(true) {
        ctx.world.listeners.add(ctx.client.id, ctx.client.outbox.clone());
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

/// Ends the guest, and starts it again: with the file as it is now, and the same breakpoints.
pub fn restart(ctx: &mut Ctx<'_>, arguments: Value) -> Result<Answered, Failure> {
    let arguments: dap::RestartArguments = parse("restart", arguments)?;
    let Some(launched) = ctx.client.launched.clone().filter(|_| ctx.client.phase == Phase::Running) else {
        return Err(Failure::Other("there is nothing to restart: `launch` comes first".to_owned()));
    };
    let arguments = match arguments.arguments {
        Some(arguments) => parse("restart", arguments)?,
        None => launched.arguments.clone(),
    };
    if let Some(guest) = ctx.client.guest.take() {
        remove(ctx, guest);
        ctx.after(&dap::ThreadEventBody { reason: "exited".to_owned(), thread_id: thread(guest) });
    }
    open(ctx, "restart", arguments)
}

fn open(ctx: &mut Ctx<'_>, command: &str, arguments: LaunchArguments) -> Result<Answered, Failure> {
    let Some(opener) = ctx.world.opener.clone() else {
        return Err(Failure::Shown("this server debugs guests of its own; use an `attach` configuration".to_owned()));
    };
    let asked = terminal(ctx, &arguments)?;
    ctx.world.sources.look_in(arguments.source_paths());
    ctx.client.phase = Phase::Starting;
    let (invitation, terminal) = asked.unzip();
    ctx.client.starting = Some(Starting { seq: ctx.seq, command: command.to_owned(), terminal });
    server::open(&ctx.world.inputs, ctx.client, ctx.seq, opener, arguments, invitation)
        .map_err(|e| Failure::Other(format!("no thread to open the guest on: {e}")))?;
    Ok(Answered::Later)
}

/// A terminal that is expected, and the number and the other end of the request for it.
type Expected = (Invitation, (i64, Asked));

/// Asks the client for a terminal, if the guest is to have one.
fn terminal(ctx: &mut Ctx<'_>, arguments: &LaunchArguments) -> Result<Option<Expected>, Failure> {
    let kind = match arguments.console {
        Console::Internal => return Ok(None),
        Console::Integrated => dap::RunInTerminalRequestArgumentsKind::Integrated,
        Console::External => dap::RunInTerminalRequestArgumentsKind::External,
    };
    if ctx.client.about.supports_run_in_terminal_request != Some(true) {
        let why =
            "this editor can't open a terminal for the program: leave `console` out, and give it a file as `stdin`";
        return Err(Failure::Shown(why.to_owned()));
    }
    let failed = |e: std::io::Error| Failure::Shown(format!("no terminal can be asked for: {e}"));
    let (invitation, asked) = Invitation::new().map_err(failed)?;
    let title = crate::sources::file_name(&arguments.program.to_string_lossy()).to_owned();
    let cwd = arguments.cwd.clone().map_or_else(std::env::current_dir, Ok).map_err(failed)?;
    let request = invitation.request(kind, title, cwd.to_string_lossy().into_owned()).map_err(failed)?;
    let seq = ctx.client.outbox.request::<dap::RunInTerminalRequest>(&request);
    Ok(Some((invitation, (seq, asked))))
}

/// Starts a guest that was opened; it stands before its first operator then. One that is started again runs.
pub fn start(ctx: &mut Ctx<'_>, launched: Launched, again: bool) -> Result<(), Failure> {
    let debuggee = launched.opened.start().map_err(Failure::Shown)?;
    ctx.world.debugger.find_debug_files(launched.opened.debug_files());
    if let Some(indexes) = launched.opened.indexes() {
        ctx.world.debugger.keep_indexes(indexes);
    }
    let id = ctx.world.debugger.attach(debuggee)?;
    ctx.client.breakpoints.look_at_names(&mut ctx.world.debugger);
    let name = crate::sources::file_name(&launched.arguments.program.to_string_lossy()).to_owned();
    let program = launched.arguments.absolute(&launched.arguments.program);
    let errors = Some(launched.opened.errors());
    ctx.world.guests.insert(id, Guest { name, program: Some(program.clone()), launched: true, reason: None, errors });
    ctx.client.guest = Some(id);
    ctx.client.launched = Some(Arc::new(launched));
    ctx.after(&dap::ProcessEventBody {
        name: program.to_string_lossy().into_owned(),
        is_local_process: Some(true),
        start_method: Some(dap::ProcessEventBodyStartMethod::Launch),
        pointer_size: Some(32),
        system_process_id: None,
    });
    ctx.after(&dap::ThreadEventBody { reason: "started".to_owned(), thread_id: thread(id) });
    if again {
        return run(ctx, id);
    }
    ctx.after(&dap::InitializedEventBody::default());
    ctx.client.phase = Phase::Configuring;
    Ok(())
}

/// The arguments of `attach`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AttachArguments {
    /// What the server was told to ask for.
    token: Option<String>,
    /// Stop all guests.
    stop_on_entry: bool,
    /// Beginnings of compilers' paths, and what stands for them at the client.
    source_map: BTreeMap<String, String>,
    /// Folders with source files.
    source_dirs: Vec<PathBuf>,
    /// The folder that relative paths are below.
    cwd: Option<PathBuf>,
}

/// Joins the debugging of a host's own guests.
pub fn attach(ctx: &mut Ctx<'_>, arguments: Value) -> Result<Answered, Failure> {
    let arguments: AttachArguments = parse("attach", arguments)?;
    let Some(token) = ctx.world.attach.clone() else {
        return Err(Failure::Shown(
            "there is nothing to attach to here: connect to the address that the host listens at, or use `launch`"
                .to_owned(),
        ));
    };
    if ctx.client.phase != Phase::Initialized {
        return Err(Failure::Other("this client is attached already".to_owned()));
    }
    if token.is_some() && token != arguments.token {
        return Err(Failure::Session("the `token` isn't the one that this server was given".to_owned()));
    }
    ctx.client.admitted = true;
    let mut folders = arguments.source_dirs;
    folders.extend(arguments.cwd);
    let mut paths = SourcePaths::new(std::env::current_dir().unwrap_or_default().join("guest"), folders);
    for (from, to) in arguments.source_map {
        paths.replace(from, to);
    }
    ctx.world.sources.look_in(paths);
    ctx.client.phase = Phase::Configuring;
    ctx.client.stops_all = arguments.stop_on_entry;
    ctx.world.adopt = true;
    ctx.after(&dap::InitializedEventBody::default());
    Ok(Answered::Now(Value::Null))
}

/// All breakpoints are set: the guest runs.
pub fn configuration_done(ctx: &mut Ctx<'_>, _: Value) -> Result<(), Failure> {
    if ctx.client.phase != Phase::Configuring {
        return Err(Failure::Other("there is nothing to configure: `launch` or `attach` comes first".to_owned()));
    }
    match ctx.client.guest {
        Some(guest) => run(ctx, guest),
        None => {
            ctx.client.phase = Phase::Running;
            let stops_all = std::mem::take(&mut ctx.client.stops_all);
            let guests: Vec<DebuggeeId> = ctx.world.guests.keys().copied().filter(|_| stops_all).collect();
            for guest in guests {
                ctx.world.debugger.interrupter(guest)?.interrupt();
            }
            Ok(())
        }
    }
}

/// Lets a guest that was launched run from its beginning.
fn run(ctx: &mut Ctx<'_>, guest: DebuggeeId) -> Result<(), Failure> {
    ctx.client.phase = Phase::Running;
    let Some(launched) = ctx.client.launched.clone() else { return Ok(()) };
    let arguments = &launched.arguments;
    if arguments.no_debug {
        ctx.client.breakpoints.silence(&mut ctx.world.debugger)?;
    } else if arguments.stop_on_entry {
        let location = match &arguments.invoke {
            Some(export) => LocationSpec::Function(export.clone()),
            None => ctx.world.debugger.entry(guest)?,
        };
        let spec = BreakpointSpec { one_shot: true, ..BreakpointSpec::at(location) };
        if let Some(old) = ctx.client.breakpoints.entry.take() {
            // It wasn't reached the last time.
            _ = ctx.world.debugger.remove_breakpoint(old);
        }
        ctx.client.breakpoints.entry = Some(ctx.world.debugger.add_breakpoint(spec, true)?);
    }
    if ctx.world.debugger.state(guest)? == State::Stopped {
        ctx.world.debugger.resume(guest)?;
        resumed(ctx.world, guest);
    }
    Ok(())
}

/// Ends the guest that was launched.
pub fn terminate(ctx: &mut Ctx<'_>, _: dap::TerminateArguments) -> Result<(), Failure> {
    if ctx.client.launched.is_none() && ctx.client.phase >= Phase::Configuring {
        return Err(Failure::Other("the guests are their host's; `disconnect` leaves them to it".to_owned()));
    }
    end(ctx);
    Ok(())
}

fn end(ctx: &mut Ctx<'_>) {
    let Some(guest) = ctx.client.guest.take() else { return };
    remove(ctx, guest);
    ctx.after(&dap::ThreadEventBody { reason: "exited".to_owned(), thread_id: thread(guest) });
    ctx.after(&dap::TerminatedEventBody::default());
}

fn remove(ctx: &mut Ctx<'_>, guest: DebuggeeId) {
    if let Some(calling) = ctx.client.calling.take() {
        let why = Failure::Other("the program was ended before the call returned".to_owned()).to_string();
        ctx.after.push(Outgoing::failure(calling.seq, dap::EvaluateRequest::COMMAND, None, &why, false));
    }
    // It may be over already; then there's nothing to end.
    _ = ctx.world.debugger.kill(guest);
    ctx.world.debugger.forget(guest);
    ctx.world.guests.remove(&guest);
    ctx.client.frames.forget(guest);
    if let Some(launched) = &ctx.client.launched {
        launched.opened.over();
    }
}

/// The client leaves. A guest that it launched ends, if it doesn't say otherwise; a host's guests go on, if it doesn't.
pub fn disconnect(ctx: &mut Ctx<'_>, arguments: dap::DisconnectArguments) -> Result<(), Failure> {
    match (ctx.client.guest, arguments.terminate_debuggee) {
        (Some(_), Some(false)) => ctx.client.leaves_guest = true,
        (Some(_), _) => end(ctx),
        (None, Some(true)) if ctx.client.admitted => {
            let guests: Vec<DebuggeeId> = ctx.world.guests.keys().copied().collect();
            for guest in guests {
                // It may be over already.
                if let Ok(ended) = ctx.world.debugger.kill(guest) {
                    ctx.world.ended.push((guest, ended));
                }
            }
        }
        (None, _) => {}
    }
    ctx.client.phase = Phase::Left;
    Ok(())
}

/// Cancels a request: one that waits was marked when it was read; a launch is given up when its guest is there.
pub fn cancel(ctx: &mut Ctx<'_>, arguments: dap::CancelArguments) -> Result<(), Failure> {
    let of_progress = arguments.progress_id.as_deref().and_then(|id| id.strip_prefix("open-")?.parse::<i64>().ok());
    if let Some(seq) = of_progress {
        ctx.client.waiting.cancel(seq);
    }
    let starting = ctx.client.starting.as_ref().map(|starting| starting.seq);
    if let Some(seq) = starting.filter(|seq| of_progress == Some(*seq) || arguments.request_id == Some(*seq)) {
        ctx.client.waiting.take_cancelled(seq);
        let command = ctx.client.starting.take().map_or_else(|| "launch".to_owned(), |starting| starting.command);
        ctx.client.phase = Phase::Initialized;
        let text = Failure::Cancelled.to_string();
        ctx.after.push(Outgoing::failure(seq, &command, Failure::Cancelled.word(), &text, false));
    }
    Ok(())
}
