//! What the engine reports, as events.

use std::collections::BTreeMap;

use freezeframe_engine::{BreakpointId, DebuggeeId, Ended, Reason, Report};

use crate::{
    breakpoints::describe,
    client::{Client, ClientId},
    protocol::{Outgoing, types as dap},
    server::World,
};

/// The code of a guest that a trap ended, as a shell gives it for an abort.
const TRAPPED: i64 = 134;
/// The code of one that couldn't be started, or that a host function ended.
const FAILED: i64 = 1;

/// Tells all clients what a guest did.
pub(crate) fn report(world: &mut World, clients: &mut BTreeMap<ClientId, Client>, report: Report) {
    match report {
        Report::Stopped { debuggee, reason, caught, notes } => {
            for note in notes {
                tell(clients, "console", format!("{note}\n"));
            }
            stopped(world, clients, debuggee, reason, &caught);
        }
        Report::Ended { debuggee, ended } => self::ended(world, clients, debuggee, &ended),
    }
}

fn tell(clients: &BTreeMap<ClientId, Client>, category: &str, output: String) {
    for client in clients.values() {
        client.outbox.event(&output_event(category, output.clone()));
    }
}

pub(crate) fn output_event(category: &str, output: String) -> dap::OutputEventBody {
    dap::OutputEventBody { category: Some(category.to_owned()), output, ..dap::OutputEventBody::default() }
}

fn stopped(
    world: &mut World,
    clients: &mut BTreeMap<ClientId, Client>,
    debuggee: DebuggeeId,
    reason: Reason,
    caught: &[BreakpointId],
) {
    let Some(guest) = world.guests.get_mut(&debuggee) else { return };
    guest.reason = Some(reason.clone());
    let (word, description, text) = words(&reason);
    for client in clients.values_mut() {
        let hit = match &reason {
            Reason::Breakpoints(ids) => ids.as_slice(),
            _ => caught,
        };
        let mut word = word;
        if client.breakpoints.entry.is_some_and(|entry| hit.contains(&entry)) {
            client.breakpoints.entry = None;
            word = "entry";
        }
        let numbers = client.breakpoints.numbers(hit);
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

/// What a stop is called: for programs, in a few words, and in full.
fn words(reason: &Reason) -> (&'static str, String, Option<String>) {
    match reason {
        Reason::Attached => ("entry", "Paused before the first instruction".to_owned(), None),
        Reason::Breakpoints(_) => ("breakpoint", "Paused on breakpoint".to_owned(), None),
        Reason::StepDone => ("step", "Paused on step".to_owned(), None),
        Reason::Interrupted => ("pause", "Paused".to_owned(), None),
        Reason::Trap { message, .. } => ("exception", "Paused on trap".to_owned(), Some(trap_message(message))),
        Reason::Exception { summary } => ("exception", "Paused on exception".to_owned(), Some(summary.clone())),
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

/// The number of a guest as a thread.
pub(crate) fn thread(debuggee: DebuggeeId) -> i64 {
    i64::from(debuggee.0)
}

fn ended(world: &mut World, clients: &mut BTreeMap<ClientId, Client>, debuggee: DebuggeeId, ended: &Ended) {
    let launched = world.guests.remove(&debuggee).is_some_and(|guest| guest.launched);
    world.debugger.forget(debuggee);
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
    for client in clients.values_mut() {
        client.frames.forget(debuggee);
        let send = |event: Outgoing| _ = client.outbox.send(event);
        if let (Some((category, text)), true) = (&said, launched) {
            send(Outgoing::event(&output_event(category, text.clone())));
        }
        let exited = dap::ThreadEventBody { reason: "exited".to_owned(), thread_id: thread(debuggee) };
        send(Outgoing::event(&exited));
        if launched && client.guest == Some(debuggee) {
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
pub(crate) fn modules(world: &mut World, clients: &mut BTreeMap<ClientId, Client>) {
    for client in clients.values_mut() {
        let mut changed = Vec::new();
        let mut breakpoints = std::mem::take(&mut client.breakpoints);
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
