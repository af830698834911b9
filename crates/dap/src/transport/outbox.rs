//! What waits to be sent to a client.
//!
//! Invariant: messages arrive in the order in which they were sent, whoever sent them; a client that doesn't read holds up
//! nobody but a guest that writes more than a pipe would take, and one that never reads is given up.

use std::{
    collections::VecDeque,
    io::Write,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;
use serde_json::Value;

use super::framing;
use crate::protocol::{Event, Outgoing, Request, types::OutputEventBody};

/// How many bytes of messages may wait before the client counts as gone.
const MOST_WAITING: usize = 64 << 20;
/// How long to wait for a client to read its last messages.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many bytes may wait before a guest's output does.
const OUTPUT_WAITS: usize = 1 << 20;
/// How long one output event becomes by what is added to it, in bytes.
const LONGEST_OUTPUT: usize = 64 << 10;

/// The way to a client. Clones lead to the same one.
#[derive(Clone)]
pub struct Outbox(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Queued>,
    /// An estimate of what the queue holds, in bytes.
    waiting: usize,
    /// The number of the message that was sent last.
    last_seq: i64,
    closed: bool,
    /// The writer is done with what it was given.
    idle: bool,
}

struct Queued {
    seq: i64,
    item: Item,
    size: usize,
}

enum Item {
    Message(Outgoing),
    /// Guest output, not yet an event: more of the same may be added.
    Output {
        category: &'static str,
        text: String,
    },
}

impl Outbox {
    /// Starts a thread that writes to a client. `gone` is called, once, when it can't any more.
    pub fn start(mut to: impl Write + Send + 'static, gone: impl FnOnce() + Send + 'static) -> std::io::Result<Self> {
        let outbox = Self(Arc::default());
        let shared = outbox.0.clone();
        thread::Builder::new().name("dap-writer".to_owned()).spawn(move || {
            while let Some(message) = shared.next() {
                let bytes = message.to_string();
                if framing::write(&mut to, bytes.as_bytes()).is_err() {
                    shared.close();
                    gone();
                    return;
                }
            }
        })?;
        Ok(outbox)
    }

    /// Sends a message.
    pub fn send(&self, message: Outgoing) {
        self.send_numbered(message);
    }

    /// Sends a request to the client, and gives the number that its answer will have.
    pub fn request<R: Request>(&self, arguments: &R::Arguments) -> i64
    where
        R::Arguments: Serialize,
    {
        self.send_numbered(Outgoing::request(R::COMMAND, serde_json::to_value(arguments).unwrap_or_default()))
    }

    fn send_numbered(&self, message: Outgoing) -> i64 {
        let state = self.0.lock();
        let size = message.size();
        self.push(state, Item::Message(message), size)
    }

    /// Sends an event.
    pub fn event<E: Event>(&self, body: &E) {
        self.send(Outgoing::event(body));
    }

    /// Sends what a guest wrote. Waits while much else does. `false`: there's no client any more.
    pub fn output(&self, category: &'static str, text: &str) -> bool {
        let mut state = self.0.lock();
        while state.waiting > OUTPUT_WAITS && !state.closed {
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed {
            return false;
        }
        if let Some(Queued { item: Item::Output { category: last, text: so_far }, size, .. }) = state.queue.back_mut()
            && *last == category
            && so_far.len() < LONGEST_OUTPUT
        {
            so_far.push_str(text);
            *size += text.len();
            state.waiting += text.len();
            return true;
        }
        self.push(state, Item::Output { category, text: text.to_owned() }, 128 + text.len());
        true
    }

    fn push(&self, mut state: MutexGuard<'_, State>, item: Item, size: usize) -> i64 {
        state.last_seq += 1;
        let seq = state.last_seq;
        if state.closed {
            return seq;
        }
        state.queue.push_back(Queued { seq, item, size });
        state.waiting += size;
        state.idle = false;
        if state.waiting > MOST_WAITING {
            state.closed = true;
            state.queue.clear();
        }
        drop(state);
        self.0.changed.notify_all();
        seq
    }

    /// Nothing more is sent. Waits until what is there was written, at most for `PATIENCE`: a client that has left reads no
    /// more.
    pub fn finish(&self) {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.0.lock();
        while !(state.closed || state.queue.is_empty() && state.idle) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.0.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(state);
        self.0.close();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.queue.clear();
        drop(state);
        self.changed.notify_all();
    }

    /// The next message to write; `None` once closed.
    fn next(&self) -> Option<Value> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(Queued { seq, item, size }) = state.queue.pop_front() {
                state.waiting = state.waiting.saturating_sub(size);
                let message = match item {
                    Item::Message(message) => message,
                    Item::Output { category, text } => {
                        let category = Some(category.to_owned());
                        Outgoing::event(&OutputEventBody { category, output: text, ..OutputEventBody::default() })
                    }
                };
                let message = message.numbered(seq);
                drop(state);
                self.changed.notify_all();
                return Some(message);
            }
            state.idle = true;
            self.changed.notify_all();
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
