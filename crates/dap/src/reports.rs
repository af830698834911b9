//! What the engine reports, as events.

use std::collections::BTreeMap;

use freezeframe_engine::{BreakpointId, DebuggeeId, Ended, LogLine, Reason, Report};

use crate::{
    breakpoints::describe,
    client::{Calling, Client, ClientId, Phase},
    handlers::{
        evaluate,
        sources::{all_modules, source},
    },
    protocol::{Event, Outgoing, Request as _, types as dap},
    server::World,
};

/// The code of a guest that a trap ended, as a shell gives it for an abort.
const TRAPPED: i64 = 134;
/// The code of one that couldn't be started, or that a host function ended.
const FAILED: i64 = 1;
/// In how many frames the place of a panic is looked for: std's own are the innermost.
pub(crate) const PANICKING: u32 = 50;
/// How many frames of a trap's backtrace are written.
const BACKTRACE: u32 = 20;

type Clients = BTreeMap<ClientId, Client>;

/// Tells all clients what a guest did.
pub(crate) fn report(world: &mut World, clients: &mut Clients, report: Report) {
    match report {
        Report::Stopped { debuggee, reason, caught, notes } => {
            for note in notes {
                tell(clients, "console", &format!("{note}\n"));
            }
            stopped(world, clients, debuggee, reason, &caught);
        }
        Report::Ended { debuggee, ended } => self::ended(world, clients, debuggee, &ended),
    }
}

/// An event for all clients that are in a session.
fn send<E: Event>(clients: &Clients, body: &E) {
    for client in clients.values().filter(|client| client.phase >= Phase::Configuring) {
        client.outbox.event(body);
    }
}

/// Writes to all clients' consoles.
pub(crate) fn tell(clients: &Clients, category: &str, output: &str) {
    send(clients, &output_event(category, output.to_owned()));
}

pub(crate) fn output_event(category: &str, output: String) -> dap::OutputEventBody {
    dap::OutputEventBody { category: Some(category.to_owned()), output, ..dap::OutputEventBody::default() }
}

/// The number of a guest as a thread.
pub(crate) fn thread(debuggee: DebuggeeId) -> i64 {
    i64::from(debuggee.0)
}

/// There's one more guest.
pub(crate) fn thread_started(_: &mut World, clients: &Clients, id: DebuggeeId, _: String) {
    send(clients, &dap::ThreadEventBody { reason: "started".to_owned(), thread_id: thread(id) });
}

fn stopped(world: &mut World, clients: &mut Clients, debuggee: DebuggeeId, reason: Reason, caught: &[BreakpointId]) {
    let Some(guest) = world.guests.get_mut(&debuggee) else { return };
    guest.reason = Some(reason.clone());
    let errors = guest.errors.clone();
    world.focus = Some(debuggee);
    if clients.is_empty() {
        // Nobody is there to go on: a guest that was left to itself. It may have ended meanwhile.
        _ = world.debugger.resume(debuggee);
        return;
    }
    // Who waits for a call hears of its end by the answer.
    let answered = call_over(world, clients, debuggee, &reason);
    let (word, description, mut text) = words(&reason);
    if let (Reason::Trap { .. }, Some(errors)) = (&reason, errors)
        && let Ok((stack, _)) = world.debugger.stack(debuggee, PANICKING)
        && let Some(panic) = errors.panic(&stack)
    {
        text = Some(panic.message);
    }
    if matches!(reason, Reason::Trap { .. } | Reason::HostError { .. }) {
        backtrace(world, clients, debuggee, text.as_deref().unwrap_or_default());
    }
    if let Reason::Called(called) = &reason {
        let result = match &called.result {
            Ok(None) => format!("{} returned\n", called.function),
            Ok(Some((number, shown))) => format!("${number} = {}\n", shown.text),
            Err(why) => format!("the call of {} failed: {why}\n", called.function),
        };
        let event = output_event("console", result);
        let others =
            clients.values().filter(|client| client.phase >= Phase::Configuring && Some(client.id) != answered);
        others.for_each(|client| client.outbox.event(&event));
    }
    let told = clients.values_mut().filter(|client| client.phase >= Phase::Configuring);
    for client in told.filter(|client| Some(client.id) != answered) {
        client.frames.forget(debuggee);
        let hit = match &reason {
            Reason::Breakpoints(ids) => ids.as_slice(),
            _ => caught,
        };
        let mut word = word;
        let numbers = client.breakpoints.numbers(hit);
        if client.breakpoints.entry.is_some_and(|entry| hit.contains(&entry)) {
            client.breakpoints.entry = None;
            // Who has set a breakpoint there wants to hear of that.
            word = if numbers.is_empty() { "entry" } else { word };
        } else if word == "breakpoint" {
            word = client.breakpoints.kind(hit);
        }
        client.outbox.event(&dap::StoppedEventBody {
            reason: word.to_owned(),
            description: Some(description.clone()),
            text: text.clone(),
            thread_id: Some(thread(debuggee)),
            hit_breakpoint_ids: (!numbers.is_empty()).then_some(numbers),
            all_threads_stopped: Some(world.guests.len() == 1),
            preserve_focus_hint: None,
        });
    }
}

/// Answers the `evaluate` that waits for a call in this guest. Gives the client to which the guest stood all the while and
/// stands as before.
fn call_over(world: &mut World, clients: &mut Clients, debuggee: DebuggeeId, reason: &Reason) -> Option<ClientId> {
    let waits = |client: &&mut Client| client.calling.as_ref().is_some_and(|calling| calling.debuggee == debuggee);
    let client = clients.values_mut().find(waits)?;
    let Calling { seq, frame, options, reason: before, told, .. } = client.calling.take()?;
    let command = dap::EvaluateRequest::COMMAND;
    let answer = |body: dap::EvaluateResponseBody| {
        Outgoing::response(seq, command, serde_json::to_value(body).unwrap_or_default())
    };
    let text = |result: String| dap::EvaluateResponseBody { result, ..Default::default() };
    let Reason::Called(called) = reason else {
        // The stop itself is told next.
        client.outbox.send(answer(text("(stopped before the call returned; its value comes when it has)".to_owned())));
        return None;
    };
    let message = match &called.result {
        Ok(None) => answer(text(format!("{} returned", called.function))),
        Ok(Some((number, shown))) => {
            let shown = shown.clone();
            answer(evaluate::called(&mut world.debugger, debuggee, frame, options, *number, shown))
        }
        Err(why) => {
            Outgoing::failure(seq, command, None, &format!("the call of {} failed: {why}", called.function), false)
        }
    };
    client.outbox.send(message);
    if told {
        return None;
    }
    if let Some(guest) = world.guests.get_mut(&debuggee) {
        guest.reason = before;
    }
    if client.about.supports_invalidated_event == Some(true) {
        // It may have changed anything.
        client.outbox.event(&dap::InvalidatedEventBody {
            areas: Some(vec!["variables".to_owned()]),
            thread_id: Some(thread(debuggee)),
            stack_frame_id: None,
        });
    }
    Some(client.id)
}

/// What a stop is called: for programs, in a few words, and in full.
fn words(reason: &Reason) -> (&'static str, String, Option<String>) {
    match reason {
        Reason::Attached => ("entry", "Paused before the first instruction".to_owned(), None),
        Reason::Breakpoints(_) => ("breakpoint", "Paused on breakpoint".to_owned(), None),
        Reason::StepDone => ("step", "Paused on step".to_owned(), None),
        Reason::Interrupted => ("pause", "Paused".to_owned(), None),
        Reason::Trap { message, .. } => ("exception", "Paused on trap".to_owned(), Some(trap_message(message))),
        Reason::Exception { summary, uncaught } => {
            let what = if *uncaught { "Paused on uncaught exception" } else { "Paused on exception" };
            ("exception", what.to_owned(), Some(summary.clone()))
        }
        Reason::HostError { message } => ("exception", "Paused on a host's error".to_owned(), Some(message.clone())),
        Reason::Exit { code } => ("exception", "Paused on exit".to_owned(), Some(format!("exit code {code}"))),
        Reason::ModulesLoaded { names } => ("module load", "Paused on new modules".to_owned(), Some(names.join(", "))),
        Reason::Blind { why } => ("pause", "Paused".to_owned(), Some(why.clone())),
        Reason::Called(called) => ("pause", format!("Paused: the call of {} is over", called.function), None),
    }
}

/// Wasmtime's words for a trap, without what every trap has.
pub(crate) fn trap_message(message: &str) -> String {
    message.trim_start_matches("wasm trap: ").to_owned()
}

/// Writes where a trap is, each line with a link to its source.
fn backtrace(world: &mut World, clients: &Clients, debuggee: DebuggeeId, message: &str) {
    let Ok((stack, more)) = world.debugger.stack(debuggee, BACKTRACE) else { return };
    tell(clients, "stderr", &format!("{message}\n"));
    for frame in stack.iter().take(BACKTRACE as usize) {
        for client in clients.values() {
            let mut event = output_event("stderr", format!("    at {}\n", frame.function));
            if let Some(at) = &frame.position {
                event.output = format!("    at {} ({}:{})\n", frame.function, at.file_name(), at.line);
                event.source = Some(source(&at.path, &world.sources));
                event.line = Some(client.line(at.line));
                event.column = (at.column > 0).then(|| client.column(at.column));
            }
            client.outbox.event(&event);
        }
    }
    if more || stack.len() > BACKTRACE as usize {
        tell(clients, "stderr", "    …\n");
    }
}

/// What a log point said, to whom it belongs.
pub(crate) fn log(world: &World, clients: &mut Clients, line: LogLine) {
    let position = world.debugger.breakpoint(line.breakpoint).ok();
    let position = position.and_then(|b| b.sites.iter().find_map(|site| site.position.clone()));
    for client in clients.values_mut() {
        if client.breakpoints.numbers(&[line.breakpoint]).is_empty() {
            continue;
        }
        let mut event = output_event("console", format!("{}\n", line.text));
        if let Some(at) = &position {
            event.source = Some(source(&at.path, &world.sources));
            event.line = Some(client.line(at.line));
        }
        client.outbox.event(&event);
    }
}

/// A guest is over.
pub(crate) fn ended(world: &mut World, clients: &mut Clients, debuggee: DebuggeeId, ended: &Ended) {
    let Some(guest) = world.guests.remove(&debuggee) else { return };
    world.debugger.forget(debuggee);
    for client in clients.values_mut() {
        if let Some(calling) = client.calling.take_if(|calling| calling.debuggee == debuggee) {
            let why = "the program ended before the call returned";
            let command = dap::EvaluateRequest::COMMAND;
            client.outbox.send(Outgoing::failure(calling.seq, command, None, why, false));
        }
        if let Some(launched) = client.launched.as_ref().filter(|_| client.guest == Some(debuggee)) {
            launched.opened.over();
        }
    }
    if world.focus == Some(debuggee) {
        world.focus = None;
    }
    let (code, said) = match ended {
        Ended::Returned(values) => {
            let values: Vec<String> = values.iter().map(ToString::to_string).collect();
            let said = (!values.is_empty()).then(|| ("console", format!("returned {}\n", values.join(", "))));
            (0, said)
        }
        Ended::Exited(code) => (i64::from(*code), None),
        Ended::Trapped { message } => (TRAPPED, Some(("stderr", format!("{}\n", message.trim_end())))),
        Ended::Failed { message } => (FAILED, Some(("stderr", format!("{}\n", message.trim_end())))),
        Ended::Killed => (FAILED, None),
    };
    for client in clients.values_mut().filter(|client| client.phase >= Phase::Configuring) {
        client.frames.forget(debuggee);
        let send = |event: Outgoing| client.outbox.send(event);
        let mine = client.guest == Some(debuggee);
        if let (Some((category, text)), true) = (&said, guest.launched && mine) {
            send(Outgoing::event(&output_event(category, text.clone())));
        }
        send(Outgoing::event(&dap::ThreadEventBody { reason: "exited".to_owned(), thread_id: thread(debuggee) }));
        if guest.launched && mine {
            client.guest = None;
            send(Outgoing::event(&dap::ExitedEventBody { exit_code: code }));
            send(Outgoing::event(&dap::TerminatedEventBody::default()));
        }
    }
}

/// A guest goes on: what clients knew of its stop is no more.
pub(crate) fn resumed(world: &mut World, debuggee: DebuggeeId) {
    if let Some(guest) = world.guests.get_mut(&debuggee) {
        guest.reason = None;
    }
}

/// Tells of modules that came, and of breakpoints that are somewhere else since.
pub(crate) fn modules(world: &mut World, clients: &mut Clients) {
    let guests: Vec<DebuggeeId> = world.guests.keys().copied().collect();
    let counted = guests.iter().map(|id| (*id, world.debugger.modules(*id).map_or(0, |modules| modules.len())));
    let known: Vec<(DebuggeeId, usize)> = counted.collect();
    if known == world.known_modules {
        return;
    }
    world.known_modules = known;
    // A guest that is over takes no modules with it: another one may run them.
    let Ok(modules) = all_modules(world) else { return };
    for client in clients.values_mut().filter(|client| client.phase >= Phase::Configuring) {
        for (code, module) in &modules {
            if client.modules.insert(*code) {
                let reason = dap::ModuleEventBodyReason::New;
                client.outbox.event(&dap::ModuleEventBody { module: module.clone(), reason });
            }
        }
        let mut changed = Vec::new();
        let mut breakpoints = std::mem::take(&mut client.breakpoints);
        breakpoints.look_at_names(&mut world.debugger);
        for entry in breakpoints.all_mut().filter(|entry| entry.told.is_some()) {
            let now = describe(entry, &world.debugger, &world.sources, client);
            if entry.told.as_ref() != Some(&now) {
                entry.told = Some(now.clone());
                changed.push(now);
            }
        }
        client.breakpoints = breakpoints;
        for breakpoint in changed {
            client.outbox.event(&dap::BreakpointEventBody { breakpoint, reason: "changed".to_owned() });
        }
    }
}
