//! Telling a client that something takes long.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use freezeframe_engine::{Progress as Share, Reading};

use crate::{
    client::ClientId,
    protocol::types::{ProgressEndEventBody, ProgressStartEventBody, ProgressUpdateEventBody},
    transport::outbox::Outbox,
};

/// What is done before isn't worth telling of.
const PATIENCE: Duration = Duration::from_millis(400);
/// How often a client is told how far it is.
const BEAT: Duration = Duration::from_millis(250);

/// Something that takes long; it's over when this is dropped.
pub struct Progress(Sender<String>);

impl Progress {
    /// Tells of a request's work, if it takes long.
    pub fn of(seq: i64, title: String, outbox: Outbox) -> Option<Self> {
        let start = ProgressStartEventBody {
            progress_id: format!("open-{seq}"),
            title,
            request_id: Some(seq),
            cancellable: Some(true),
            ..ProgressStartEventBody::default()
        };
        Self::start(start, vec![outbox], None)
    }

    fn start(start: ProgressStartEventBody, clients: Vec<Outbox>, share: Option<Share>) -> Option<Self> {
        let (steps, work) = mpsc::channel::<String>();
        let told = Told { clients, share, step: None, since: Instant::now(), said: None };
        thread::Builder::new().name("dap-progress".to_owned()).spawn(move || told.tell(start, &work)).ok()?;
        Some(Self(steps))
    }

    /// What is being done now.
    pub fn step(&self, what: &str) {
        // Without a listener nobody wants to know.
        _ = self.0.send(what.to_owned());
    }
}

/// What clients know.
struct Told {
    clients: Vec<Outbox>,
    share: Option<Share>,
    step: Option<String>,
    /// When the step began.
    since: Instant,
    /// What was said last.
    said: Option<(Option<String>, Option<f64>)>,
}

impl Told {
    /// Until the work is over.
    fn tell(mut self, start: ProgressStartEventBody, work: &Receiver<String>) {
        let begun = Instant::now();
        loop {
            match work.recv_timeout(PATIENCE.saturating_sub(begun.elapsed())) {
                Ok(step) => self.step(step),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        let progress_id = start.progress_id.clone();
        let now = self.now();
        let start = ProgressStartEventBody { message: now.0.clone(), percentage: now.1, ..start };
        self.clients.iter().for_each(|client| client.event(&start));
        self.said = Some(now);
        loop {
            match work.recv_timeout(BEAT) {
                Ok(step) => self.step(step),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let now = self.now();
            if self.said.as_ref() != Some(&now) {
                let (message, percentage) = now.clone();
                let update = ProgressUpdateEventBody { progress_id: progress_id.clone(), message, percentage };
                self.clients.iter().for_each(|client| client.event(&update));
                self.said = Some(now);
            }
        }
        let end = ProgressEndEventBody { progress_id, message: None };
        self.clients.iter().for_each(|client| client.event(&end));
    }

    fn step(&mut self, step: String) {
        (self.step, self.since) = (Some(step), Instant::now());
    }

    /// What there is to say: a share in whole percents, or how long the step has taken.
    fn now(&self) -> (Option<String>, Option<f64>) {
        let share = self.share.as_ref().map(|share| (share.share() * 100.0).floor());
        let seconds = self.since.elapsed().as_secs();
        let step = self.step.as_ref().map(|step| match seconds {
            0 => step.clone(),
            seconds => format!("{step}, {seconds} s"),
        });
        (step, share)
    }
}

/// The clients that want to know what takes long.
#[derive(Clone, Default)]
pub(crate) struct Listeners(Arc<Mutex<Vec<(ClientId, Outbox)>>>);

impl Listeners {
    pub fn add(&self, id: ClientId, outbox: Outbox) {
        self.lock().push((id, outbox));
    }

    pub fn remove(&self, id: ClientId) {
        self.lock().retain(|(other, _)| *other != id);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(ClientId, Outbox)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells them of debug information that is being read; what it gives is for [`Debugger::on_reading`].
    ///
    /// [`Debugger::on_reading`]: freezeframe_engine::Debugger::on_reading
    pub fn of_reading(&self) -> impl FnMut(Option<&Reading>) + Send + use<> {
        let (listeners, mut number, mut shown) = (self.clone(), 0_u64, None);
        move |reading| {
            // The one before is over first.
            drop(shown.take());
            shown = reading.and_then(|reading| {
                number += 1;
                let clients: Vec<Outbox> = listeners.lock().iter().map(|(_, outbox)| outbox.clone()).collect();
                let start = ProgressStartEventBody {
                    progress_id: format!("symbols-{number}"),
                    title: format!("Reading debug information of {}", reading.module),
                    ..ProgressStartEventBody::default()
                };
                let share = Some(reading.progress.clone());
                (!clients.is_empty()).then(|| Progress::start(start, clients, share)).flatten()
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io, path::Path};

    use freezeframe_symbols::Symbols;
    use serde_json::Value;

    use super::*;

    /// What a client reads, message by message.
    struct Pipe(Sender<Value>);

    impl io::Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let text = String::from_utf8_lossy(bytes);
            if let Some(message) = text.find('{').and_then(|start| serde_json::from_str(&text[start..]).ok()) {
                self.0.send(message).map_err(io::Error::other)?;
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_client_sees_how_far_reading_is() {
        let guest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/built/orders.O0.dwarf5.wasm");
        let symbols = Symbols::new(std::fs::read(guest).unwrap().into()).unwrap();
        let (sender, messages) = mpsc::channel();
        let listeners = Listeners::default();
        listeners.add(ClientId(1), Outbox::start(Pipe(sender), || ()).unwrap());
        let mut tell = listeners.of_reading();
        tell(Some(&Reading { module: "orders.wasm".to_owned(), progress: symbols.progress() }));
        let next = || messages.recv().unwrap();
        let start = next();
        assert_eq!(start["event"], "progressStart");
        assert_eq!(start["body"]["title"], "Reading debug information of orders.wasm");
        assert_eq!(start["body"]["percentage"], 0.0);
        symbols.prepare();
        let update = next();
        assert_eq!((&update["event"], &update["body"]["percentage"]), (&"progressUpdate".into(), &100.0.into()));
        tell(None);
        let end = next();
        assert_eq!(end["event"], "progressEnd");
        for message in [update, end] {
            assert_eq!(message["body"]["progressId"], start["body"]["progressId"]);
        }
        // Who has left isn't told.
        listeners.remove(ClientId(1));
        tell(Some(&Reading { module: String::new(), progress: symbols.progress() }));
        assert!(listeners.lock().is_empty());
    }
}
