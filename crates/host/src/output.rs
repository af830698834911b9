//! Where a guest's standard output and error go.

use std::{
    io,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use freezeframe_session::live::LogOrder;
use tokio::io::AsyncWrite;
use wasmtime_wasi::{
    cli::{IsTerminal, StdoutStream},
    p2::{OutputStream, Pollable, StreamError, StreamResult},
};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Takes what a guest writes, on the guest's thread, as it is written. An error is what the guest's write gets.
#[derive(Clone)]
pub struct Output {
    sink: Arc<Sink>,
    terminal: bool,
    /// What is written comes after what log points have said; known once the guest runs.
    order: Arc<OnceLock<LogOrder>>,
}

/// What a guest writes is taken by nobody.
impl Default for Output {
    fn default() -> Self {
        Self::new(|_, _| Ok(()))
    }
}

type Sink = dyn Fn(Stream, &[u8]) -> io::Result<()> + Send + Sync;

impl Output {
    /// Wraps a sink.
    pub fn new(sink: impl Fn(Stream, &[u8]) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self { sink: Arc::new(sink), terminal: false, order: Arc::default() }
    }

    /// Whether the guest shall think that it writes to a terminal: most then write line by line instead of in blocks.
    pub fn terminal(self, terminal: bool) -> Self {
        Self { terminal, ..self }
    }

    /// The same for one run of a guest.
    pub(crate) fn for_one_run(&self) -> Self {
        Self { order: Arc::default(), ..self.clone() }
    }

    pub(crate) fn behind(&self, order: LogOrder) {
        _ = self.order.set(order);
    }

    fn write(&self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        if let Some(order) = self.order.get() {
            order.wait();
        }
        (self.sink)(stream, bytes)
    }

    pub(crate) fn stream(&self, stream: Stream) -> Pipe {
        Pipe { output: self.clone(), stream }
    }
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Output")
    }
}

/// One of a guest's two streams, for WASI.
#[derive(Clone)]
pub(crate) struct Pipe {
    output: Output,
    stream: Stream,
}

impl IsTerminal for Pipe {
    fn is_terminal(&self) -> bool {
        self.output.terminal
    }
}

impl StdoutStream for Pipe {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for Pipe {
    async fn ready(&mut self) {}
}

impl OutputStream for Pipe {
    fn write(&mut self, bytes: bytes::Bytes) -> StreamResult<()> {
        self.output.write(self.stream, &bytes).map_err(|e| StreamError::LastOperationFailed(e.into()))
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(1 << 20)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.output.write(self.stream, bytes).map(|()| bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
