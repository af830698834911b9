//! Traps, exceptions, errors of the host, exits: which of them stop, and what is known of the one that did.
//!
//! Invariant: what a client has said about a kind is one catchpoint of its own, enabled or not: with one of its own the engine
//! stops for no event that isn't wanted.

use freezeframe_engine::{BreakpointSpec, Catch, LocationSpec, Reason, TrapKind};

use super::{Ctx, running::guest};
use crate::{
    error::Failure,
    protocol::types as dap,
    reports::{PANICKING, trap_message},
};

/// A kind of events that a client can ask to stop at.
pub struct Filter {
    /// Its name.
    pub id: &'static str,
    /// What people are shown.
    pub label: &'static str,
    /// What it is.
    pub description: &'static str,
    /// What a condition is.
    pub condition: &'static str,
    /// Whether it stops if nothing is said.
    pub default: bool,
    catch: fn() -> Catch,
}

/// All kinds.
pub const FILTERS: &[Filter] = &[
    Filter {
        id: "trap",
        label: "Traps",
        description: "A trap, such as a division by zero or a Rust panic, with its stack whole",
        condition: "kinds of traps, such as: divide-by-zero unreachable memory-out-of-bounds",
        default: true,
        catch: || Catch::Traps(Vec::new()),
    },
    Filter {
        id: "throw",
        label: "Thrown exceptions",
        description: "An exception of Wasm as it is thrown, whether or not it's caught",
        condition: "an expression; stops where it is true",
        default: false,
        catch: || Catch::Exceptions,
    },
    Filter {
        id: "uncaught",
        label: "Uncaught exceptions",
        description: "An exception of Wasm as it is thrown that nothing on the stack catches, by the code's tables of catches",
        condition: "an expression; stops where it is true",
        default: true,
        catch: || Catch::Uncaught,
    },
    Filter {
        id: "host-error",
        label: "Errors of the host",
        description: "A function of the host that failed",
        condition: "an expression; stops where it is true",
        default: true,
        catch: || Catch::HostErrors,
    },
    Filter {
        id: "exit",
        label: "Exit",
        description: "The program asks to exit; its stack is still whole",
        condition: "an expression; stops where it is true",
        default: false,
        catch: || Catch::Exit,
    },
];

/// Says which kinds stop.
pub fn set(
    ctx: &mut Ctx<'_>,
    arguments: dap::SetExceptionBreakpointsArguments,
) -> Result<dap::SetExceptionBreakpointsResponseBody, Failure> {
    let plain = arguments.filters.into_iter().map(|id| (id, None));
    let options = arguments.filter_options.into_iter().flatten().map(|option| (option.filter_id, option.condition));
    let wanted: Vec<(String, Option<String>)> = plain.chain(options).collect();
    let client = &mut *ctx.client;
    let told = ctx.world.debugger.while_paused(|debugger| {
        client.breakpoints.clear_caught(debugger);
        let mut told = Vec::new();
        for (id, condition) in &wanted {
            let condition = condition.clone().filter(|condition| !condition.trim().is_empty());
            told.push(match catchpoint(id, condition) {
                Ok(spec) => match debugger.add_breakpoint(spec, true) {
                    Ok(set) => {
                        let number = client.breakpoints.caught(set);
                        dap::Breakpoint { id: Some(number), verified: true, ..dap::Breakpoint::default() }
                    }
                    Err(error) => refused(error.to_string()),
                },
                Err(why) => refused(why),
            });
        }
        // Those that stop by themselves must be held back.
        for filter in FILTERS.iter().filter(|filter| !wanted.iter().any(|(id, _)| id == filter.id)) {
            let set = debugger.add_breakpoint(BreakpointSpec::at(LocationSpec::Event((filter.catch)())), true)?;
            debugger.enable_breakpoint(set, false)?;
            client.breakpoints.caught(set);
        }
        Ok(told)
    })?;
    Ok(dap::SetExceptionBreakpointsResponseBody { breakpoints: Some(told) })
}

fn refused(why: String) -> dap::Breakpoint {
    let reason = Some(dap::BreakpointReason::Failed);
    dap::Breakpoint { message: Some(why), reason, ..dap::Breakpoint::default() }
}

fn catchpoint(id: &str, condition: Option<String>) -> Result<BreakpointSpec, String> {
    let names: Vec<&str> = FILTERS.iter().map(|filter| filter.id).collect();
    let filter = FILTERS.iter().find(|filter| filter.id == id);
    let filter = filter.ok_or_else(|| format!("there is no filter `{id}`; there are: {}", names.join(", ")))?;
    let at = |catch| BreakpointSpec::at(LocationSpec::Event(catch));
    match condition {
        Some(kinds) if id == "trap" => Catch::parse(&format!("trap {kinds}")).map(at).map_err(|e| e.to_string()),
        condition => Ok(BreakpointSpec { condition, ..at((filter.catch)()) }),
    }
}

/// What a guest stopped for.
pub fn info(
    ctx: &mut Ctx<'_>,
    arguments: dap::ExceptionInfoArguments,
) -> Result<dap::ExceptionInfoResponseBody, Failure> {
    let id = guest(ctx, arguments.thread_id)?;
    let reason = ctx.world.guests.get(&id).and_then(|guest| guest.reason.clone());
    let errors = ctx.world.guests.get(&id).and_then(|guest| guest.errors.clone());
    let break_mode = match reason {
        Some(Reason::Exception { uncaught: true, .. }) => dap::ExceptionBreakMode::Unhandled,
        _ => dap::ExceptionBreakMode::Always,
    };
    let (mut kind, mut description) = match reason {
        Some(Reason::Trap { kind, message }) => (trap_name(kind), trap_message(&message)),
        Some(Reason::Exception { summary, .. }) => ("exception".to_owned(), summary),
        Some(Reason::HostError { message }) => ("host-error".to_owned(), message),
        Some(Reason::Exit { code }) => ("exit".to_owned(), format!("the program exits with code {code}")),
        _ => return Err(Failure::Other("this thread hasn't stopped for an exception".to_owned())),
    };
    let (stack, more) = ctx.world.debugger.stack(id, PANICKING)?;
    let type_name = kind.clone();
    if kind == trap_name(TrapKind::Unreachable)
        && let Some(panic) = errors.and_then(|errors| errors.panic(&stack))
    {
        (kind, description) = ("panic".to_owned(), panic.message);
    }
    let mut lines: Vec<String> = stack
        .iter()
        .map(|frame| match &frame.position {
            Some(at) => format!("    at {} ({}:{})", frame.function, at.path, at.line),
            None => format!("    at {}", frame.function),
        })
        .collect();
    if more {
        lines.push("    …".to_owned());
    }
    Ok(dap::ExceptionInfoResponseBody {
        break_mode,
        description: Some(description.clone()),
        details: Some(dap::ExceptionDetails {
            message: Some(description),
            type_name: Some(type_name),
            stack_trace: Some(lines.join("\n")),
            ..dap::ExceptionDetails::default()
        }),
        exception_id: kind,
    })
}

/// The name of a kind of trap, as conditions have it.
pub fn trap_name(kind: TrapKind) -> String {
    Catch::Traps(vec![kind]).to_string().trim_start_matches("trap ").to_owned()
}
