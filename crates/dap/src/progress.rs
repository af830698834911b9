//! Telling a client that something takes long.

use std::{
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

use crate::{
    protocol::types::{ProgressEndEventBody, ProgressStartEventBody},
    transport::outbox::Outbox,
};

/// What is done before isn't worth telling of.
const PATIENCE: Duration = Duration::from_millis(400);

/// Something that takes long; it's over when this is dropped.
pub struct Progress(#[expect(dead_code, reason = "its end is the news")] Sender<()>);

impl Progress {
    /// Tells of a request's work, if it takes long.
    pub fn of(seq: i64, title: String, outbox: Outbox) -> Option<Self> {
        let (over, work) = mpsc::channel::<()>();
        let told = move || {
            if work.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let progress_id = format!("open-{seq}");
            outbox.event(&ProgressStartEventBody {
                progress_id: progress_id.clone(),
                title,
                request_id: Some(seq),
                cancellable: Some(true),
                ..ProgressStartEventBody::default()
            });
            _ = work.recv();
            outbox.event(&ProgressEndEventBody { progress_id, message: None });
        };
        thread::Builder::new().name("dap-progress".to_owned()).spawn(told).ok()?;
        Some(Self(over))
    }
}
