//! Where a guest's standard input comes from, when that is neither nothing nor a file.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, ReadBuf};
use wasmtime_wasi::{
    cli::{IsTerminal, StdinStream},
    p2::{InputStream, Pollable, StreamError, StreamResult},
};

/// The most that is read at once, in bytes.
const MOST: usize = 64 << 10;

/// Gives a guest what it reads, on the guest's thread, which waits for it; no bytes are the end. Clones are the same input.
#[derive(Clone)]
pub struct Input(Arc<Source>);

type Source = dyn Fn(&mut [u8]) -> io::Result<usize> + Send + Sync;

impl Input {
    /// Wraps a source. The guest takes it for a terminal.
    pub fn new(source: impl Fn(&mut [u8]) -> io::Result<usize> + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Input")
    }
}

impl PartialEq for Input {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Input {}

impl IsTerminal for Input {
    fn is_terminal(&self) -> bool {
        true
    }
}

impl StdinStream for Input {
    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for Input {
    async fn ready(&mut self) {}
}

impl InputStream for Input {
    fn read(&mut self, size: usize) -> StreamResult<bytes::Bytes> {
        if size == 0 {
            return Ok(bytes::Bytes::new());
        }
        let mut bytes = vec![0; size.min(MOST)];
        let read = (self.0)(&mut bytes).map_err(|e| StreamError::LastOperationFailed(e.into()))?;
        if read == 0 {
            return Err(StreamError::Closed);
        }
        bytes.truncate(read);
        Ok(bytes.into())
    }
}

impl AsyncRead for Input {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = (self.0)(into.initialize_unfilled())?;
        into.advance(read);
        Poll::Ready(Ok(()))
    }
}
