//! What the requests do, by subject; and the table of them.

use serde_json::{Map, Value};

use crate::{
    client::{Client, Phase},
    error::Failure,
    protocol::{Event, Outgoing, Request, types as dap},
    server::{News, World},
};

pub mod breakpoints;
pub mod completions;
pub mod disassembly;
pub mod evaluate;
pub mod exceptions;
pub mod lifecycle;
pub mod memory;
pub mod running;
pub mod sources;
pub mod stack;
pub mod values;
pub mod variables;
pub mod wasm;

/// What a handler works with.
pub struct Ctx<'a> {
    /// What all clients share.
    pub world: &'a mut World,
    /// Who asks.
    pub client: &'a mut Client,
    /// The request's number.
    pub seq: i64,
    /// Events for this client, to be sent after the answer.
    pub after: Vec<Outgoing>,
}

impl Ctx<'_> {
    /// An event for this client, to be sent after the answer.
    pub fn after<E: Event>(&mut self, body: &E) {
        self.after.push(Outgoing::event(body));
    }

    /// An event for all other clients.
    pub fn others<E: Event>(&mut self, body: &E) {
        self.others_who(|_| true, body);
    }

    /// An event for those of the other clients that can take it.
    pub fn others_who<E: Event>(&mut self, can: fn(&dap::InitializeRequestArguments) -> bool, body: &E) {
        self.world.news.push(News { except: Some(self.client.id), can, event: Outgoing::event(body) });
    }
}

/// What became of a request.
pub enum Answered {
    /// Its answer.
    Now(Value),
    /// The answer comes by itself.
    Later,
}

impl Answered {
    fn now(response: impl serde::Serialize) -> Result<Self, Failure> {
        let body = serde_json::to_value(response);
        body.map(Self::Now).map_err(|e| Failure::Other(format!("the answer can't be written: {e}")))
    }
}

type Handler = fn(&mut Ctx<'_>, Value) -> Result<Answered, Failure>;

macro_rules! handlers {
    ($($request:ident => $handler:path),* $(,)?) => {
        /// All requests that are served.
        pub const HANDLERS: &[(&str, Handler)] =
            &[$((dap::$request::COMMAND, |ctx, arguments| answer::<dap::$request>(ctx, arguments, $handler))),*,
              LAUNCH, ATTACH, RESTART, EVALUATE];
    };
}

/// It is answered when the guest is there.
const LAUNCH: (&str, Handler) = (dap::LaunchRequest::COMMAND, lifecycle::launch);
const RESTART: (&str, Handler) = (dap::RestartRequest::COMMAND, lifecycle::restart);
/// A call is answered when it has returned.
const EVALUATE: (&str, Handler) = (dap::EvaluateRequest::COMMAND, evaluate::evaluate);
/// Its arguments are ours.
const ATTACH: (&str, Handler) = (dap::AttachRequest::COMMAND, lifecycle::attach);

handlers! {
    InitializeRequest => lifecycle::initialize,
    ConfigurationDoneRequest => lifecycle::configuration_done,
    TerminateRequest => lifecycle::terminate,
    DisconnectRequest => lifecycle::disconnect,
    CancelRequest => lifecycle::cancel,
    SetBreakpointsRequest => breakpoints::set_breakpoints,
    SetFunctionBreakpointsRequest => breakpoints::set_function_breakpoints,
    SetInstructionBreakpointsRequest => breakpoints::set_instruction_breakpoints,
    SetExceptionBreakpointsRequest => exceptions::set,
    ExceptionInfoRequest => exceptions::info,
    BreakpointLocationsRequest => sources::breakpoint_locations,
    ContinueRequest => running::go_on,
    NextRequest => running::next,
    StepInRequest => running::step_in,
    StepInTargetsRequest => running::step_in_targets,
    StepOutRequest => running::step_out,
    PauseRequest => running::pause,
    TerminateThreadsRequest => running::terminate_threads,
    ThreadsRequest => stack::threads,
    StackTraceRequest => stack::stack_trace,
    ScopesRequest => variables::scopes,
    VariablesRequest => variables::variables,
    SetVariableRequest => variables::set_variable,
    SetExpressionRequest => evaluate::set_expression,
    CompletionsRequest => completions::completions,
    SourceRequest => sources::contents,
    LoadedSourcesRequest => sources::loaded,
    ModulesRequest => sources::modules,
    DisassembleRequest => disassembly::disassemble,
    ReadMemoryRequest => memory::read,
    WriteMemoryRequest => memory::write,
}

fn answer<R: Request>(
    ctx: &mut Ctx<'_>,
    arguments: Value,
    handler: fn(&mut Ctx<'_>, R::Arguments) -> Result<R::Response, Failure>,
) -> Result<Answered, Failure> {
    let arguments = parse::<R::Arguments>(R::COMMAND, arguments)?;
    Answered::now(handler(ctx, arguments)?)
}

/// Reads the arguments of a request; absent ones are none.
fn parse<T: serde::de::DeserializeOwned>(command: &str, arguments: Value) -> Result<T, Failure> {
    let arguments = if arguments.is_null() { Value::Object(Map::new()) } else { arguments };
    serde_json::from_value(arguments)
        .map_err(|e| Failure::Arguments(format!("the arguments of `{command}` can't be read: {e}")))
}

/// Does what a client asks for.
pub fn dispatch(ctx: &mut Ctx<'_>, command: &str, arguments: Value) -> Result<Answered, Failure> {
    let Some((_, handler)) = HANDLERS.iter().find(|(name, _)| *name == command) else {
        return Err(Failure::Unknown(command.to_owned()));
    };
    if ctx.client.phase == Phase::New && !matches!(command, "initialize" | "disconnect") {
        return Err(Failure::Other(format!("`{command}` comes before `initialize`, which is the first request")));
    }
    if !ctx.client.admitted && !matches!(command, "initialize" | "attach" | "disconnect") {
        return Err(Failure::Other(format!("`{command}` comes before `attach`, with the `token` of this server")));
    }
    handler(ctx, arguments)
}
