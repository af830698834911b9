//! Bytes to messages and back: framing, the queue to a client, the thread that reads from one.

pub mod framing;
pub mod inbox;
pub mod outbox;
