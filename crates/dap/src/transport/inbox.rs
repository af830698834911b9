//! The thread that reads a client's messages.
//!
//! Invariant: the queue of requests is bounded; a `cancel` overtakes whatever waits in it.

use std::{
    collections::HashSet,
    io::BufRead,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

use super::{framing, outbox::Outbox};
use crate::protocol::{Incoming, Outgoing, types::OutputEventBody};

/// How many requests may wait.
pub const MOST_REQUESTS: usize = 1000;

/// What of a client's requests is known before their turn.
#[derive(Clone, Default)]
pub struct Waiting(Arc<State>);

#[derive(Default)]
struct State {
    count: AtomicUsize,
    cancelled: Mutex<HashSet<i64>>,
}

impl Waiting {
    /// A request's turn has come. Whether it was cancelled meanwhile.
    pub fn begin(&self, seq: i64) -> bool {
        self.0.count.fetch_sub(1, SeqCst);
        self.take_cancelled(seq)
    }

    /// Whether a request was cancelled; asked once.
    pub fn take_cancelled(&self, seq: i64) -> bool {
        self.0.cancelled.lock().unwrap_or_else(PoisonError::into_inner).remove(&seq)
    }

    /// Cancels a request, whether it waits or is worked on.
    pub fn cancel(&self, seq: i64) {
        let mut cancelled = self.0.cancelled.lock().unwrap_or_else(PoisonError::into_inner);
        // Those of requests that were answered already are never asked for.
        if cancelled.len() < MOST_REQUESTS {
            cancelled.insert(seq);
        }
    }
}

/// Starts a thread that reads a client's messages and hands them on, in order; at the end says why it's the end.
///
/// # Errors
/// No thread can be had.
pub fn start(
    mut from: impl BufRead + Send + 'static,
    outbox: Outbox,
    waiting: Waiting,
    mut take: impl FnMut(Incoming) -> bool + Send + 'static,
    ended: impl FnOnce(Option<String>) + Send + 'static,
) -> std::io::Result<()> {
    thread::Builder::new().name("dap-reader".to_owned()).spawn(move || {
        let why = loop {
            match framing::read(&mut from) {
                Ok(None) => break None,
                Err(error) => break Some(error.to_string()),
                Ok(Some(bytes)) => match Incoming::parse(&bytes) {
                    Ok(message) => {
                        if let Some(message) = admit(message, &outbox, &waiting)
                            && !take(message)
                        {
                            break None;
                        }
                    }
                    // Nobody can be answered; the next message may be all right.
                    Err(why) => {
                        let output = format!("freezeframe: a message of the client can't be read: {why}\n");
                        let category = Some("stderr".to_owned());
                        outbox.event(&OutputEventBody { category, output, ..OutputEventBody::default() });
                    }
                },
            }
        };
        ended(why);
    })?;
    Ok(())
}

/// Lets a message in, unless there are too many.
fn admit(message: Incoming, outbox: &Outbox, waiting: &Waiting) -> Option<Incoming> {
    if let Incoming::Request { seq, command, arguments } = &message {
        if command == "cancel"
            && let Some(request) = arguments["requestId"].as_i64()
        {
            waiting.cancel(request);
        }
        if waiting.0.count.load(SeqCst) >= MOST_REQUESTS {
            let text = format!("{MOST_REQUESTS} requests are waiting already; send this one again later");
            outbox.send(Outgoing::failure(*seq, command, None, &text, false));
            return None;
        }
        waiting.0.count.fetch_add(1, SeqCst);
    }
    Some(message)
}
