//! The thread that owns a debugger, and serves clients.

use std::{
    collections::{BTreeMap, HashMap},
    io::{self, BufRead, Write},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread,
};

use freezeframe_debuggee::Debuggee;
use freezeframe_engine::{CodeId, DebuggeeId, Debugger, Ended, LogLine, Reason};
use serde_json::Value;

use crate::{
    client::{Client, ClientId, Phase, Starting},
    error::Failure,
    handlers::{self, Answered, Ctx, disassembly::FunctionText},
    launch::{Ends, LaunchArguments, Launched, Opener},
    panics::Tail,
    parked::{Parked, ParkedId},
    progress::{Listeners, Progress},
    protocol::{Incoming, Outgoing, Request as _, types as dap},
    reports,
    sources::{Sources, file_name},
    terminal::Invitation,
    transport::{
        inbox::{self, Waiting},
        outbox::Outbox,
    },
};

/// What the server's thread is told.
pub(crate) enum Input {
    /// A client has connected.
    Connected(Box<dyn BufRead + Send>, Box<dyn Write + Send>),
    /// A client's message.
    Message(ClientId, Incoming),
    /// A client is gone, or can't be understood any more.
    Gone(ClientId, Option<String>),
    /// A guest may have done something.
    Guest(DebuggeeId),
    /// A host has a guest to debug, under a name.
    Debuggee(Box<dyn Debuggee>, String),
    /// A guest that nobody debugs may have done something.
    Parked(ParkedId),
    /// A call that a client waits for may take long.
    CallTakesLong(ClientId, i64),
    /// A guest was opened for a client's request, or couldn't be.
    Opened(ClientId, i64, Result<Launched, String>),
    /// Nobody will come any more.
    Close,
}

/// A guest as clients see it: a thread.
pub(crate) struct Guest {
    /// Its name.
    pub name: String,
    /// Its file, if it's one.
    pub program: Option<PathBuf>,
    /// Whether a client launched it, so that its end is the session's.
    pub launched: bool,
    /// Why it stands, while it does.
    pub reason: Option<Reason>,
    /// What it wrote to standard error last, if that is known.
    pub errors: Option<Tail>,
}

/// An event for all clients but one that can take it.
pub(crate) struct News {
    pub except: Option<ClientId>,
    pub can: fn(&dap::InitializeRequestArguments) -> bool,
    pub event: Outgoing,
}

/// What all clients of a server share.
pub(crate) struct World {
    /// The debugger.
    pub debugger: Debugger,
    /// Where source files are.
    pub sources: Sources,
    /// The guests.
    pub guests: BTreeMap<DebuggeeId, Guest>,
    /// The guest that stopped last.
    pub focus: Option<DebuggeeId>,
    /// Opens what clients launch; none in an embedder's server.
    pub opener: Option<Opener>,
    /// Whether clients may attach here, and the token that they need.
    pub attach: Option<Option<String>>,
    /// The way to this server's own thread.
    pub inputs: Sender<Input>,
    /// Events to be sent after the answer to the request that made them.
    pub news: Vec<News>,
    /// Guests that a request has ended.
    pub ended: Vec<(DebuggeeId, Ended)>,
    /// Guests that nobody debugs: no client is there.
    pub parked: BTreeMap<ParkedId, Parked>,
    /// Those are wanted now.
    pub adopt: bool,
    /// Clients that are told of what takes long.
    pub listeners: Listeners,
    /// What log points said.
    logged: Arc<Mutex<Vec<LogLine>>>,
    /// Texts of functions without source.
    pub texts: HashMap<(CodeId, u32), Arc<FunctionText>>,
    /// Of each guest how many modules clients know.
    pub known_modules: Vec<(DebuggeeId, usize)>,
}

/// A server.
pub(crate) struct Server {
    pub world: World,
    clients: BTreeMap<ClientId, Client>,
    inputs: Receiver<Input>,
    last_client: u64,
    last_parked: u64,
    /// Whether more clients may come.
    open: bool,
}

impl Server {
    /// A server for clients that launch guests (with an `opener`), or that attach (with the token that they need, if any).
    pub(crate) fn new(opener: Option<Opener>, attach: Option<Option<String>>) -> Self {
        let (sender, inputs) = mpsc::channel();
        let mut debugger = Debugger::new();
        let wake = sender.clone();
        // A server that is gone needs no news.
        debugger.on_event(move |id| _ = wake.send(Input::Guest(id)));
        let sources = Sources::default();
        let same = sources.clone();
        debugger.match_sources(move |client, compiler| same.same(client, compiler));
        let logged: Arc<Mutex<Vec<LogLine>>> = Arc::default();
        let log = logged.clone();
        debugger.on_log(move |line| log.lock().unwrap_or_else(PoisonError::into_inner).push(line.clone()));
        let listeners = Listeners::default();
        debugger.on_reading(listeners.of_reading());
        let world = World {
            debugger,
            sources,
            guests: BTreeMap::new(),
            focus: None,
            opener,
            attach,
            inputs: sender,
            news: Vec::new(),
            ended: Vec::new(),
            parked: BTreeMap::new(),
            adopt: false,
            listeners,
            logged,
            texts: HashMap::new(),
            known_modules: Vec::new(),
        };
        Self { world, clients: BTreeMap::new(), inputs, last_client: 0, last_parked: 0, open: false }
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
        let mut client = Client::new(id, outbox, waiting);
        client.admitted = !matches!(self.world.attach, Some(Some(_)));
        self.clients.insert(id, client);
        Ok(id)
    }

    /// Serves whoever connects, until it's closed.
    pub(crate) fn run_open(&mut self) {
        self.open = true;
        self.run();
    }

    /// Serves until the last client has left, and the guests that it leaves to themselves have ended.
    pub(crate) fn run(&mut self) {
        while self.open || !self.clients.is_empty() || !self.world.guests.is_empty() {
            let Ok(input) = self.inputs.recv() else { return };
            match input {
                // A client that can't be taken in is one that isn't there.
                Input::Connected(from, to) => _ = self.connect(from, to),
                Input::Message(client, message) => self.message(client, message),
                Input::Gone(client, why) => self.gone(client, why),
                Input::Guest(id) => self.poll(id),
                Input::Debuggee(debuggee, name) => self.take(debuggee, name),
                Input::Parked(id) => self.world.parked_event(id),
                Input::CallTakesLong(client, seq) => self.call_takes_long(client, seq),
                Input::Opened(client, seq, result) => self.opened(client, seq, result),
                Input::Close => self.open = false,
            }
            self.settle();
        }
    }

    fn message(&mut self, id: ClientId, message: Incoming) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        let (seq, command, arguments) = match message {
            Incoming::Request { seq, command, arguments } => (seq, command, arguments),
            Incoming::Response { request_seq, result } => {
                if let (Some(Starting { terminal: Some((asked, terminal)), .. }), Err(why)) = (&client.starting, result)
                    && *asked == request_seq
                {
                    terminal.refused(&why);
                }
                return;
            }
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
            Ok(Answered::Now(body)) => outbox.send(Outgoing::response(seq, &command, body)),
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
        client.outbox.send(Outgoing::failure(seq, command, failure.word(), &text, failure.show()));
        if let Failure::Session(_) = failure {
            client.outbox.event(&dap::TerminatedEventBody::default());
            client.phase = Phase::Left;
        }
    }

    fn gone(&mut self, id: ClientId, why: Option<String>) {
        if let Some(client) = self.clients.get_mut(&id) {
            if let Some(why) = why {
                let output = format!("freezeframe: the session ends: {why}\n");
                client.outbox.event(&reports::output_event("stderr", output));
                client.outbox.event(&dap::TerminatedEventBody::default());
            }
            client.phase = Phase::Left;
        }
    }

    /// A call that a client waits for hasn't returned yet: the guest is shown as running, so that it can be paused.
    fn call_takes_long(&mut self, id: ClientId, seq: i64) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        let Some(calling) = client.calling.as_mut().filter(|calling| calling.seq == seq && !calling.told) else {
            return;
        };
        calling.told = true;
        let debuggee = calling.debuggee;
        client.frames.forget(debuggee);
        let thread_id = reports::thread(debuggee);
        client.outbox.event(&dap::ContinuedEventBody { thread_id, all_threads_continued: Some(false) });
    }

    /// A guest may have something to report.
    fn poll(&mut self, id: DebuggeeId) {
        match self.world.debugger.poll(id) {
            Ok(report) => {
                self.log();
                if let Some(report) = report {
                    reports::report(&mut self.world, &mut self.clients, report);
                }
            }
            // Its last event may come when it's already forgotten.
            Err(_) if !self.world.guests.contains_key(&id) => {}
            Err(error) => reports::tell(&self.clients, "stderr", &format!("freezeframe: {error}\n")),
        }
    }

    /// Hands on what log points said.
    fn log(&mut self) {
        let lines = std::mem::take(&mut *self.world.logged.lock().unwrap_or_else(PoisonError::into_inner));
        for line in lines {
            reports::log(&self.world, &mut self.clients, line);
        }
    }

    /// What came of an input besides its answer.
    fn settle(&mut self) {
        if std::mem::take(&mut self.world.adopt) {
            for (id, name) in self.world.adopt_parked() {
                reports::thread_started(&mut self.world, &self.clients, id, name);
            }
        }
        self.log();
        while let Some(report) = self.world.debugger.next_pending() {
            reports::report(&mut self.world, &mut self.clients, report);
        }
        for (id, ended) in std::mem::take(&mut self.world.ended) {
            reports::ended(&mut self.world, &mut self.clients, id, &ended);
        }
        reports::modules(&mut self.world, &mut self.clients);
        for News { except, can, event } in std::mem::take(&mut self.world.news) {
            let others = self.clients.values().filter(|client| Some(client.id) != except);
            for client in others.filter(|client| can(&client.about)) {
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
        let world = &mut self.world;
        world.listeners.remove(id);
        // A guest that can't be paused for it takes it up when it can.
        _ = world.debugger.while_paused(|debugger| {
            client.breakpoints.clear(debugger);
            Ok(())
        });
        if let Some(guest) = client.guest.take() {
            if client.leaves_guest {
                _ = client.breakpoints.silence(&mut world.debugger);
                // It may run already.
                _ = world.debugger.resume(guest);
            } else {
                world.debugger.forget(guest);
                world.guests.remove(&guest);
            }
        }
        // Whatever was asked for is answered.
        let why = "the session ended before";
        if let Some(calling) = client.calling.take() {
            client.outbox.send(Outgoing::failure(calling.seq, dap::EvaluateRequest::COMMAND, None, why, false));
        }
        if let Some(starting) = client.starting.take() {
            client.outbox.send(Outgoing::failure(starting.seq, &starting.command, None, why, false));
        }
        if let Some(launched) = client.launched.take().filter(|_| !client.leaves_guest) {
            launched.opened.over();
        }
        if world.attach.is_some() && !self.clients.values().any(|client| client.phase >= Phase::Configuring) {
            self.world.park_all(&mut self.last_parked);
        }
        client.outbox.finish();
    }

    /// A guest that a client launches was opened.
    fn opened(&mut self, id: ClientId, seq: i64, result: Result<Launched, String>) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        // It may have been cancelled, and another one been asked for since.
        let Some(starting) = client.starting.take_if(|starting| starting.seq == seq) else { return };
        let outbox = client.outbox.clone();
        let command = starting.command;
        let mut ctx = Ctx { world: &mut self.world, client, seq, after: Vec::new() };
        let started = match result {
            _ if ctx.client.waiting.take_cancelled(seq) => Err(Failure::Cancelled),
            Err(why) => Err(Failure::Shown(why)),
            Ok(launched) => handlers::lifecycle::start(&mut ctx, launched, command == "restart"),
        };
        let after = std::mem::take(&mut ctx.after);
        match started {
            Ok(()) => outbox.send(Outgoing::response(seq, &command, Value::Null)),
            Err(failure) => {
                ctx.client.phase = Phase::Initialized;
                self.fail(id, seq, &command, &failure);
                if command == "restart" {
                    // The guest that there was is gone.
                    outbox.event(&dap::TerminatedEventBody::default());
                }
            }
        }
        for event in after {
            outbox.send(event);
        }
    }

    /// A host has a guest to debug.
    fn take(&mut self, debuggee: Box<dyn Debuggee>, name: String) {
        if self.clients.values().any(|client| client.phase >= Phase::Configuring) {
            let id = self.world.adopt(debuggee, name.clone());
            reports::thread_started(&mut self.world, &self.clients, id, name);
        } else {
            self.world.park(debuggee, name, &mut self.last_parked);
        }
    }
}

/// Opens a guest on a thread of its own, as that may take long.
pub(crate) fn open(
    inputs: &Sender<Input>,
    client: &Client,
    seq: i64,
    opener: Opener,
    arguments: LaunchArguments,
    terminal: Option<Invitation>,
) -> io::Result<()> {
    let inputs = inputs.clone();
    let (id, outbox) = (client.id, client.outbox.clone());
    let name = file_name(&arguments.program.to_string_lossy()).to_owned();
    let wanted = client.about.supports_progress_reporting == Some(true);
    let told = outbox.clone();
    thread::Builder::new().name("dap-open".to_owned()).spawn(move || {
        let progress = wanted.then(|| Progress::of(seq, format!("Launching {name}"), told)).flatten();
        let opened = opener(&arguments, Ends { outbox, terminal, progress });
        // Without a server nobody wants it any more.
        _ = inputs.send(Input::Opened(id, seq, opened.map(|opened| Launched { arguments, opened })));
    })?;
    Ok(())
}
