//! The thread that owns a debugger, and serves clients.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{self, Receiver, Sender},
    thread,
};

use freezeframe_engine::{DebuggeeId, Debugger, Reason, Report};
use serde_json::Value;

use crate::{
    client::{Client, ClientId, Phase},
    error::Failure,
    handlers::{self, Answered, Ctx},
    launch::{Launched, Opened, Opener},
    protocol::{Incoming, Outgoing, types as dap},
    reports,
    sources::Sources,
    transport::{
        inbox::{self, Waiting},
        outbox::Outbox,
    },
};

/// What the server's thread is told.
pub(crate) enum Input {
    /// A client's message.
    Message(ClientId, Incoming),
    /// A client is gone, or can't be understood any more.
    Gone(ClientId, Option<String>),
    /// A guest may have done something.
    Guest(DebuggeeId),
    /// A guest was opened for a client, or couldn't be.
    Opened(ClientId, Result<Launched, String>),
}

/// A guest as clients see it: a thread.
pub(crate) struct Guest {
    /// Its name.
    pub name: String,
    /// Whether a client launched it, so that its end is the session's.
    pub launched: bool,
    /// Why it stands, while it does.
    pub reason: Option<Reason>,
}

/// What all clients of a server share.
pub(crate) struct World {
    /// The debugger.
    pub debugger: Debugger,
    /// Where source files are.
    pub sources: Sources,
    /// The guests.
    pub guests: BTreeMap<DebuggeeId, Guest>,
    /// Opens what clients launch; none in an embedder's server.
    pub opener: Option<Opener>,
    /// The way to this server's own thread.
    pub inputs: Sender<Input>,
    /// Events for all clients but one, to be sent after the answer to the request that made them.
    pub news: Vec<(Option<ClientId>, Outgoing)>,
}

/// A server.
pub(crate) struct Server {
    pub world: World,
    pub clients: BTreeMap<ClientId, Client>,
    inputs: Receiver<Input>,
    last_client: u64,
}

impl Server {
    pub(crate) fn new(opener: Option<Opener>) -> Self {
        let (sender, inputs) = mpsc::channel();
        let mut debugger = Debugger::new();
        let wake = sender.clone();
        // A server that is gone needs no news.
        debugger.on_event(move |id| _ = wake.send(Input::Guest(id)));
        let sources = Sources::default();
        let same = sources.clone();
        debugger.match_sources(move |client, compiler| same.same(client, compiler));
        let world = World { debugger, sources, guests: BTreeMap::new(), opener, inputs: sender, news: Vec::new() };
        Self { world, clients: BTreeMap::new(), inputs, last_client: 0 }
    }

    /// Takes in a client.
    pub(crate) fn connect(
        &mut self,
        from: impl BufRead + Send + 'static,
        to: impl Write + Send + 'static,
    ) -> io::Result<ClientId> {
        self.last_client += 1;
        let id = ClientId(self.last_client);
        let (gone, messages, ended) = (self.world.inputs.clone(), self.world.inputs.clone(), self.world.inputs.clone());
        let outbox = Outbox::start(to, move || _ = gone.send(Input::Gone(id, None)))?;
        let waiting = Waiting::default();
        inbox::start(
            from,
            outbox.clone(),
            waiting.clone(),
            move |message| messages.send(Input::Message(id, message)).is_ok(),
            move |why| _ = ended.send(Input::Gone(id, why)),
        )?;
        self.clients.insert(id, Client::new(id, outbox, waiting));
        Ok(id)
    }

    /// Serves until the last client has left.
    pub(crate) fn run(&mut self) {
        while !self.clients.is_empty() {
            let Ok(input) = self.inputs.recv() else { return };
            match input {
                Input::Message(client, message) => self.message(client, message),
                Input::Gone(client, why) => self.gone(client, why),
                Input::Guest(id) => self.poll(id),
                Input::Opened(client, result) => self.opened(client, result),
            }
            self.settle();
        }
    }

    fn message(&mut self, id: ClientId, message: Incoming) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        let (seq, command, arguments) = match message {
            Incoming::Request { seq, command, arguments } => (seq, command, arguments),
            Incoming::Response { .. } => return,
        };
        let cancelled = client.waiting.begin(seq);
        let outbox = client.outbox.clone();
        let mut ctx = Ctx { world: &mut self.world, client, seq, after: Vec::new() };
        let answered = if cancelled && command != "cancel" {
            Err(Failure::Cancelled)
        } else {
            handlers::dispatch(&mut ctx, &command, arguments)
        };
        let after = std::mem::take(&mut ctx.after);
        match answered {
            Ok(Answered::Now(body)) => _ = outbox.send(Outgoing::response(seq, &command, body)),
            Ok(Answered::Later) => {}
            Err(failure) => self.fail(id, seq, &command, &failure),
        }
        for event in after {
            outbox.send(event);
        }
    }

    /// Tells a client that its request failed; if the session can't go on, that too.
    fn fail(&mut self, id: ClientId, seq: i64, command: &str, failure: &Failure) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        let text = failure.to_string();
        client.outbox.send(Outgoing::failure(seq, command, failure.short(), &text, failure.show()));
        if let Failure::Session(_) = failure {
            client.outbox.event(&dap::TerminatedEventBody::default());
            client.phase = Phase::Left;
        }
    }

    fn gone(&mut self, id: ClientId, why: Option<String>) {
        if let Some(client) = self.clients.get_mut(&id) {
            if let Some(why) = why {
                let output = format!("freezeframe: the session ends: {why}\n");
                let category = Some("stderr".to_owned());
                client.outbox.event(&dap::OutputEventBody { category, output, ..dap::OutputEventBody::default() });
                client.outbox.event(&dap::TerminatedEventBody::default());
            }
            client.phase = Phase::Left;
        }
    }

    /// A guest may have something to report.
    fn poll(&mut self, id: DebuggeeId) {
        match self.world.debugger.poll(id) {
            Ok(Some(report)) => self.report(report),
            Ok(None) => {}
            Err(error) => self.complain(&error.to_string()),
        }
    }

    /// Something that no request asked for went wrong.
    fn complain(&mut self, text: &str) {
        let output = format!("freezeframe: {text}\n");
        let category = Some("stderr".to_owned());
        for client in self.clients.values() {
            client.outbox.event(&dap::OutputEventBody {
                category: category.clone(),
                output: output.clone(),
                ..dap::OutputEventBody::default()
            });
        }
    }

    fn report(&mut self, report: Report) {
        reports::report(&mut self.world, &mut self.clients, report);
    }

    /// What came of an input besides its answer.
    fn settle(&mut self) {
        while let Some(report) = self.world.debugger.next_pending() {
            self.report(report);
        }
        reports::modules(&mut self.world, &mut self.clients);
        for (except, event) in std::mem::take(&mut self.world.news) {
            for client in self.clients.values().filter(|client| Some(client.id) != except) {
                client.outbox.send(event.clone());
            }
        }
        let left: Vec<ClientId> =
            self.clients.values().filter(|client| client.phase == Phase::Left).map(|client| client.id).collect();
        for id in left {
            self.leave(id);
        }
    }

    /// A client leaves: what it set goes with it.
    fn leave(&mut self, id: ClientId) {
        let Some(mut client) = self.clients.remove(&id) else { return };
        client.breakpoints.clear(&mut self.world.debugger);
        if let Some(guest) = client.guest {
            self.world.debugger.forget(guest);
            self.world.guests.remove(&guest);
        }
        client.outbox.flush();
        client.outbox.close();
    }

    /// A guest that a client launches was opened.
    fn opened(&mut self, id: ClientId, result: Result<Launched, String>) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        let Some(starting) = client.starting.take() else { return };
        let outbox = client.outbox.clone();
        let (seq, command) = (starting.seq, starting.command);
        let mut ctx = Ctx { world: &mut self.world, client, seq, after: Vec::new() };
        let started = match result {
            _ if ctx.client.waiting.take_cancelled(seq) => Err(Failure::Cancelled),
            Err(why) => Err(Failure::Shown(why)),
            Ok(launched) => handlers::lifecycle::start(&mut ctx, launched),
        };
        let after = std::mem::take(&mut ctx.after);
        match started {
            Ok(()) => _ = outbox.send(Outgoing::response(seq, &command, Value::Null)),
            Err(failure) => {
                ctx.client.phase = Phase::Initialized;
                self.fail(id, seq, &command, &failure);
            }
        }
        for event in after {
            outbox.send(event);
        }
    }
}

/// Opens a guest on a thread of its own, as that may take long.
pub(crate) fn open(
    inputs: &Sender<Input>,
    client: ClientId,
    outbox: Outbox,
    opener: Opener,
    arguments: crate::launch::LaunchArguments,
) -> io::Result<()> {
    let inputs = inputs.clone();
    thread::Builder::new().name("dap-open".to_owned()).spawn(move || {
        let opened: Result<Box<dyn Opened>, String> = opener(&arguments, outbox);
        let launched = opened.map(|opened| Launched { arguments, opened });
        // Without a server nobody wants it any more.
        _ = inputs.send(Input::Opened(client, launched));
    })?;
    Ok(())
}

/// Serves one client over standard input and output, which nobody else may use; the guest never does.
///
/// # Errors
/// No threads can be had.
#[cfg(feature = "launch")]
pub fn serve_stdio() -> io::Result<()> {
    let mut server = Server::new(Some(crate::local::opener()));
    server.connect(BufReader::new(io::stdin()), io::stdout())?;
    server.run();
    Ok(())
}

/// Serves clients that connect, each with a debugger and guests of its own, for ever.
///
/// # Errors
/// The listener's.
#[cfg(feature = "launch")]
pub fn listen(listener: &TcpListener) -> io::Result<()> {
    for stream in listener.incoming() {
        let stream = stream?;
        thread::Builder::new().name("dap-session".to_owned()).spawn(move || {
            // One client's failure is no other's.
            _ = serve_connection(stream);
        })?;
    }
    Ok(())
}

#[cfg(feature = "launch")]
fn serve_connection(stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut server = Server::new(Some(crate::local::opener()));
    let reader = BufReader::new(stream.try_clone()?);
    server.connect(reader, stream.try_clone()?)?;
    server.run();
    // The reader's thread ends with the connection.
    stream.shutdown(std::net::Shutdown::Both)
}
