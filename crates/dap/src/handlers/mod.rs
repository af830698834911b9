//! What the requests do, by subject; and the table of them.

use serde_json::{Map, Value};

use crate::{
    client::{Client, Phase},
    error::Failure,
    protocol::{Event, Outgoing, Request, types as dap},
    server::World,
};

pub mod breakpoints;
pub mod evaluate;
pub mod lifecycle;
pub mod running;
pub mod sources;
pub mod stack;
pub mod variables;

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
        self.world.news.push((Some(self.client.id), Outgoing::event(body)));
    }
}

/// What became of a request.
pub enum Answered {
    /// Its answer.
    Now(Value),
    /// The answer comes by itself.
    Later,
}

type Handler = fn(&mut Ctx<'_>, Value) -> Result<Answered, Failure>;

macro_rules! handlers {
    ($($request:ident => $handler:path),* $(,)?) => {
        /// All requests that are served.
        pub const HANDLERS: &[(&str, Handler)] =
            &[$((dap::$request::COMMAND, |ctx, arguments| answer::<dap::$request>(ctx, arguments, $handler))),*, LAUNCH];
    };
}

/// It is answered when the guest is there.
const LAUNCH: (&str, Handler) = (dap::LaunchRequest::COMMAND, lifecycle::launch);

handlers! {
    InitializeRequest => lifecycle::initialize,
    ConfigurationDoneRequest => lifecycle::configuration_done,
    TerminateRequest => lifecycle::terminate,
    DisconnectRequest => lifecycle::disconnect,
    SetBreakpointsRequest => breakpoints::set_breakpoints,
    SetFunctionBreakpointsRequest => breakpoints::set_function_breakpoints,
    SetExceptionBreakpointsRequest => breakpoints::set_exception_breakpoints,
    ContinueRequest => running::go_on,
    NextRequest => running::next,
    StepInRequest => running::step_in,
    StepOutRequest => running::step_out,
    PauseRequest => running::pause,
    ThreadsRequest => stack::threads,
    StackTraceRequest => stack::stack_trace,
    ScopesRequest => variables::scopes,
    VariablesRequest => variables::variables,
    EvaluateRequest => evaluate::evaluate,
    SetVariableRequest => variables::set_variable,
    SetExpressionRequest => evaluate::set_expression,
}

fn answer<R: Request>(
    ctx: &mut Ctx<'_>,
    arguments: Value,
    handler: fn(&mut Ctx<'_>, R::Arguments) -> Result<R::Response, Failure>,
) -> Result<Answered, Failure> {
    let arguments = parse::<R::Arguments>(R::COMMAND, arguments)?;
    let response = handler(ctx, arguments)?;
    let body =
        serde_json::to_value(response).map_err(|e| Failure::Other(format!("the answer can't be written: {e}")))?;
    Ok(Answered::Now(body))
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
    handler(ctx, arguments)
}
