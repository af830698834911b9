//! `run`, `start`, `continue`, the steps, `kill`.

use freezeframe_engine::{BreakpointSpec, Ended, LocationSpec, Report, Step};

use super::{Answer, Call, Command, Repeat, Words};
use crate::{app::App, error::CliError, json::Reply};

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        &["run", "r", "process launch"],
        "run",
        "Start the program from the beginning; breakpoints stay.\n\
         Its arguments are those on freezeframe's own command line.",
        run,
    ),
    Command::new(
        &["start"],
        "start",
        "Start the program and stop at the beginning of `main`.\n\
         Without a `main`: at the beginning of what runs first.",
        start,
    )
    .stops(),
    Command::new(
        &["continue", "c", "fg", "process continue", "thread continue"],
        "continue [N]",
        "Go on until a breakpoint, a trap, an interrupt or the end.\n\
         With N, the breakpoint stood at passes its next N-1 hits; what else stops on the way does.",
        go_on,
    )
    .repeat(Repeat::Same),
    Command::new(
        &["next", "n", "thread step-over"],
        "next [N]",
        "Step to the next line, over calls, N times.",
        |app, call| step(app, call, Step::Over),
    )
    .stops()
    .repeat(Repeat::Same),
    Command::new(
        &["step", "s", "thread step-in"],
        "step [N | FUNCTION]",
        "Step to the next line, into calls, N times.\n\
         With a function: over other calls, into that one if it's called on the way to the next line.",
        |app, call| match call.rest.starts_with(|c: char| c.is_ascii_digit() || c == '-') || call.rest.is_empty() {
            true => step(app, call, Step::Into),
            false => Ok(Some(app.go(|debugger, id| debugger.step_into(id, call.rest))?)),
        },
    )
    .stops()
    .words(Words::Location)
    .repeat(Repeat::Same),
    Command::new(
        &["finish", "fin", "thread step-out"],
        "finish",
        "Go on until the selected frame has returned to its caller.",
        finish,
    )
    .stops()
    .repeat(Repeat::Same),
    Command::new(
        &["until", "u", "thread until"],
        "until [LOCATION]",
        "Go on to a later line: out of loops.\n\
         With a location, go on until there. In both cases also until this function has returned.",
        until,
    )
    .stops()
    .words(Words::Location)
    .repeat(Repeat::Same),
    Command::new(
        &["advance"],
        "advance LOCATION",
        "Go on to a location, or until this function has returned.",
        advance,
    )
    .stops()
    .words(Words::Location)
    .repeat(Repeat::Same),
    Command::new(
        &["stepi", "si", "thread step-inst"],
        "stepi [N]",
        "Step by one Wasm instruction, into calls, N times.",
        |app, call| step(app, call, Step::Instruction),
    )
    .stops()
    .repeat(Repeat::Same),
    Command::new(
        &["nexti", "ni", "thread step-inst-over"],
        "nexti [N]",
        "Step by one Wasm instruction, over calls, N times.",
        |app, call| step(app, call, Step::InstructionOver),
    )
    .stops()
    .repeat(Repeat::Same),
    Command::new(&["kill", "k", "process kill"], "kill", "End the program. `run` starts it again.", kill),
];

/// Makes sure that the program stands before its first operator. `false`: a person didn't want to begin again.
fn from_the_beginning(app: &mut App, call: &Call<'_>) -> Result<bool, CliError> {
    if !call.rest.is_empty() {
        return Err(call.usage("the program's arguments are given on freezeframe's command line"));
    }
    let stopped = app.stopped_guest().is_ok();
    if stopped && !app.confirm("The program is being run already. Start it from the beginning?") {
        return Ok(false);
    }
    if app.started || app.guest.is_none() {
        app.launch()?;
    }
    Ok(true)
}

fn run(app: &mut App, call: &Call<'_>) -> Answer {
    match from_the_beginning(app, call)? {
        true => Ok(Some(app.begin()?)),
        false => Err(CliError::NotConfirmed),
    }
}

fn start(app: &mut App, call: &Call<'_>) -> Answer {
    if !from_the_beginning(app, call)? {
        return Err(CliError::NotConfirmed);
    }
    let location = entry(app)?;
    let spec = BreakpointSpec { one_shot: true, ..BreakpointSpec::at(location) };
    let breakpoint = app.debugger.add_breakpoint(spec, true)?;
    let reply = app.begin();
    // It's of no use for the next run.
    if matches!(reply, Ok(Reply::End(_)) | Err(_)) {
        _ = app.debugger.remove_breakpoint(breakpoint);
    }
    Ok(Some(reply?))
}

/// Where a person wants `start` to stop: `main`, or what else runs first.
pub(super) fn entry(app: &mut App) -> Result<LocationSpec, CliError> {
    let id = app.any_guest()?;
    if let Some(name) = app.launcher.invoked() {
        return Ok(LocationSpec::Function(name.to_owned()));
    }
    Ok(app.debugger.entry(id)?)
}

fn go_on(app: &mut App, call: &Call<'_>) -> Answer {
    if let Some(count) = call.count()?.filter(|count| *count > 1) {
        let id = app.stopped_guest()?;
        let here = app.debugger.stopped_at(id)?;
        if here.is_empty() {
            let why = "the program isn't at a breakpoint that could be passed; `continue` alone goes on";
            return Err(CliError::Other(why.to_owned()));
        }
        for breakpoint in here {
            app.debugger.ignore_breakpoint(breakpoint, u64::from(count - 1))?;
        }
    }
    Ok(Some(app.go(|debugger, id| debugger.resume(id))?))
}

fn step(app: &mut App, call: &Call<'_>, step: Step) -> Answer {
    let count = call.count()?.unwrap_or(1);
    Ok(Some(app.go(|debugger, id| debugger.step(id, step, count))?))
}

fn finish(app: &mut App, call: &Call<'_>) -> Answer {
    call.no_arguments()?;
    let frame = app.frame;
    Ok(Some(app.go(|debugger, id| debugger.finish(id, frame))?))
}

fn until(app: &mut App, call: &Call<'_>) -> Answer {
    if call.rest.is_empty() {
        return step(app, call, Step::Until);
    }
    advance(app, call)
}

fn advance(app: &mut App, call: &Call<'_>) -> Answer {
    if call.rest.is_empty() {
        return Err(call.usage("expected a location"));
    }
    let location = app.location(call.rest)?;
    Ok(Some(app.go(|debugger, id| debugger.run_to(id, &location))?))
}

fn kill(app: &mut App, call: &Call<'_>) -> Answer {
    call.no_arguments()?;
    let id = app.stopped_guest()?;
    if !app.confirm("Kill the program?") {
        return Err(CliError::NotConfirmed);
    }
    let ended: Ended = app.debugger.kill(id)?;
    Ok(Some(app.report(Report::Ended { debuggee: id, ended })))
}
