//! Telling a client that something takes long.

use std::{
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

use crate::{
    protocol::types::{ProgressEndEventBody, ProgressStartEventBody, ProgressUpdateEventBody},
    transport::outbox::Outbox,
};

/// What is done before isn't worth telling of.
const PATIENCE: Duration = Duration::from_millis(400);

/// Something that takes long; it's over when this is dropped.
pub struct Progress(Sender<String>);

impl Progress {
    /// Tells of a request's work, if it takes long.
    pub fn of(seq: i64, title: String, outbox: Outbox) -> Option<Self> {
        let (steps, work) = mpsc::channel::<String>();
        let told = move || {
            let begun = Instant::now();
            let mut message = None;
            loop {
                match work.recv_timeout(PATIENCE.saturating_sub(begun.elapsed())) {
                    Ok(step) => message = Some(step),
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
            let progress_id = format!("open-{seq}");
            outbox.event(&ProgressStartEventBody {
                progress_id: progress_id.clone(),
                title,
                message,
                request_id: Some(seq),
                cancellable: Some(true),
                ..ProgressStartEventBody::default()
            });
            while let Ok(step) = work.recv() {
                let progress_id = progress_id.clone();
                outbox.event(&ProgressUpdateEventBody { progress_id, message: Some(step), percentage: None });
            }
            outbox.event(&ProgressEndEventBody { progress_id, message: None });
        };
        thread::Builder::new().name("dap-progress".to_owned()).spawn(told).ok()?;
        Some(Self(steps))
    }

    /// What is being done now.
    pub fn step(&self, what: &str) {
        // Without a listener nobody wants to know.
        _ = self.0.send(what.to_owned());
    }
}
