//! Standard output and error, shared by the debugger and the guest.
//!
//! Invariants: a line of the debugger's never begins inside a line of the guest's (the guest's is ended first); each
//! write is whole under the lock; a reader that went away is remembered, not panicked about. What the guest writes to a
//! pipe or file is passed on byte by byte; only on a terminal its lines get a gutter.

use std::{
    io::{self, IsTerminal as _, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;

use crate::{json::Event, style::Style, views::FAILED};

/// The streams of a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum GuestStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What the console is told at its making.
#[derive(Clone, Copy, Debug)]
pub struct ConsoleOptions {
    /// JSON lines instead of text.
    pub json: bool,
    /// Colours on standard output.
    pub color: bool,
    /// A person is asked for commands.
    pub interactive: bool,
    /// On a terminal what the guest writes is told from what we write.
    pub gutter: bool,
}

/// Both streams of this process. Clones are the same console.
#[derive(Clone)]
pub struct Console {
    state: Arc<Mutex<State>>,
    options: ConsoleOptions,
}

struct State {
    streams: [Column; 2],
    /// Both streams end up in the same place: a line left open on one is in the way of the other.
    shared: bool,
    /// Why nothing more can be written to standard output.
    broken: Option<io::ErrorKind>,
    gutter: String,
    progress: bool,
}

/// One of our two streams and what the guest left on it.
struct Column {
    to: Box<dyn Write + Send>,
    terminal: bool,
    /// The guest wrote part of a line.
    open: bool,
    /// JSON: bytes of a character that isn't whole yet.
    pending: Vec<u8>,
}

impl Console {
    /// The console of this process.
    pub fn new(options: ConsoleOptions) -> Self {
        let (out, err) = (io::stdout(), io::stderr());
        let (out_terminal, err_terminal) = (out.is_terminal(), err.is_terminal());
        let shared = out_terminal && err_terminal || same_file();
        Self::over((Box::new(out), out_terminal), (Box::new(err), err_terminal), shared, options)
    }

    pub(crate) fn over(
        out: (Box<dyn Write + Send>, bool),
        err: (Box<dyn Write + Send>, bool),
        shared: bool,
        options: ConsoleOptions,
    ) -> Self {
        let column = |(to, terminal)| Column { to, terminal, open: false, pending: Vec::new() };
        let gutter = Style::new(options.color).dim("│ ");
        let state = State { streams: [column(out), column(err)], shared, broken: None, gutter, progress: false };
        Self { state: Arc::new(Mutex::new(state)), options }
    }

    /// How it was made.
    pub fn options(&self) -> ConsoleOptions {
        self.options
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing between lock and unlock leaves the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing more can be written: nobody reads it any more, or the disk is full.
    pub fn broken(&self) -> bool {
        self.lock().broken.is_some()
    }

    /// The exit code of a process whose output went nowhere: as the system's own programs have it when nobody reads any
    /// more; a failure when the disk is full.
    pub fn lost(&self) -> Option<i32> {
        const NOBODY_READS: i32 = 141;
        self.lock().broken.map(|why| if why == io::ErrorKind::BrokenPipe { NOBODY_READS } else { FAILED })
    }

    /// Whether standard output is a terminal.
    pub fn on_terminal(&self) -> bool {
        self.lock().streams[0].terminal
    }

    /// Whether a line that says what is being waited for would be seen and can be taken away again.
    pub fn can_show_progress(&self) -> bool {
        let state = self.lock();
        !self.options.json && state.streams[0].terminal && state.streams[1].terminal
    }

    /// Shows a passing line; an empty one takes it away.
    pub fn progress(&self, text: &str) {
        let mut state = self.lock();
        state.progress = !text.is_empty();
        state.put(1, format!("\r\x1b[K{text}").as_bytes());
    }

    /// Writes text of the debugger's, which ends with its line, to standard output.
    pub fn text(&self, text: &str) {
        self.lock().ours(0, text);
    }

    /// Writes a message to standard error.
    pub fn message(&self, text: &str) {
        self.lock().ours(1, text);
    }

    /// Ends a line that the guest left open, so that a prompt begins on a new one.
    pub fn fresh_line(&self) {
        self.lock().ours(0, "");
    }

    /// Writes one JSON object and ends the line.
    pub fn json(&self, object: &impl Serialize) {
        // Only maps with other keys than text can fail, and none is written.
        if let Ok(mut line) = serde_json::to_string(object) {
            line.push('\n');
            self.lock().put(0, line.as_bytes());
        }
    }

    /// What the guest writes, on whatever thread it does.
    ///
    /// # Errors
    /// A closed pipe or a full disk, which the guest shall see as it would without a debugger.
    pub fn guest(&self, stream: GuestStream, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.lock();
        let index = stream as usize;
        if self.options.json {
            let text = state.streams[index].whole_characters(bytes);
            if !text.is_empty()
                && let Ok(mut line) = serde_json::to_string(&Event::Output { stream, text })
            {
                line.push('\n');
                state.put(0, line.as_bytes());
            }
        } else if state.streams[index].terminal && self.options.gutter {
            state.with_gutter(index, bytes);
        } else if !bytes.is_empty() {
            state.put(index, bytes);
            state.streams[index].open = !bytes.ends_with(b"\n");
        }
        state.broken.map_or(Ok(()), |kind| Err(kind.into()))
    }
}

impl State {
    fn put(&mut self, index: usize, bytes: &[u8]) {
        let to = &mut self.streams[index].to;
        let Err(error) = to.write_all(bytes).and_then(|()| to.flush()) else { return };
        // A closed standard error alone is no reason to stop.
        if index > 0 || self.broken.is_some() {
            return;
        }
        self.broken = Some(error.kind());
        if error.kind() != io::ErrorKind::BrokenPipe {
            self.put(1, format!("error: can't write to standard output: {error}; what follows is lost\n").as_bytes());
        }
    }

    fn end_open_lines(&mut self, index: usize) {
        for i in 0..self.streams.len() {
            if (i == index || self.shared) && self.streams[i].open {
                self.streams[i].open = false;
                self.put(i, b"\n");
            }
        }
    }

    fn ours(&mut self, index: usize, text: &str) {
        if self.progress {
            self.progress = false;
            self.put(1, b"\r\x1b[K");
        }
        self.end_open_lines(index);
        if !text.is_empty() {
            self.put(index, text.as_bytes());
        }
    }

    fn with_gutter(&mut self, index: usize, bytes: &[u8]) {
        let mut out = Vec::with_capacity(bytes.len() + 16);
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            let other = 1 - index;
            if self.shared && self.streams[other].open {
                self.streams[other].open = false;
                out.push(b'\n');
            }
            if !self.streams[index].open {
                out.extend_from_slice(self.gutter.as_bytes());
            }
            out.extend_from_slice(line);
            self.streams[index].open = !line.ends_with(b"\n");
        }
        self.put(index, &out);
    }
}

impl Column {
    /// The text of these bytes; a character whose end is still to come waits for it.
    fn whole_characters(&mut self, bytes: &[u8]) -> String {
        self.pending.extend_from_slice(bytes);
        let cut = match std::str::from_utf8(&self.pending) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.pending.len(),
        };
        let rest = self.pending.split_off(cut);
        let text = String::from_utf8_lossy(&self.pending).into_owned();
        self.pending = rest;
        text
    }
}

/// Whether both streams go to the same file or pipe (`2>&1`).
#[cfg(unix)]
fn same_file() -> bool {
    use std::os::{fd::AsFd as _, unix::fs::MetadataExt as _};
    let identity = |fd: std::os::fd::BorrowedFd<'_>| {
        let file = std::fs::File::from(fd.try_clone_to_owned()?);
        file.metadata().map(|m| (m.dev(), m.ino()))
    };
    match (identity(io::stdout().as_fd()), identity(io::stderr().as_fd())) {
        (Ok(out), Ok(err)) => out == err,
        _ => false,
    }
}

#[cfg(not(unix))]
fn same_file() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn console(json: bool, terminal: bool) -> (Console, Sink) {
        let sink = Sink::default();
        let stream = |sink: &Sink| (Box::new(sink.clone()) as Box<dyn Write + Send>, terminal);
        let options = ConsoleOptions { json, color: false, interactive: false, gutter: true };
        (Console::over(stream(&sink), stream(&sink), true, options), sink)
    }

    fn text(sink: &Sink) -> String {
        String::from_utf8(sink.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn our_lines_begin_on_new_ones() {
        let (console, sink) = console(false, false);
        console.guest(GuestStream::Stdout, b"abc").unwrap();
        console.text("ours\n");
        console.guest(GuestStream::Stderr, b"err\n").unwrap();
        console.text("ours\n");
        assert_eq!(text(&sink), "abc\nours\nerr\nours\n");
    }

    #[test]
    fn a_terminal_gets_a_gutter() {
        let (console, sink) = console(false, true);
        console.guest(GuestStream::Stdout, b"a\nb").unwrap();
        console.guest(GuestStream::Stdout, b"c\n").unwrap();
        console.guest(GuestStream::Stdout, b"open").unwrap();
        console.guest(GuestStream::Stderr, b"e\n").unwrap();
        assert_eq!(text(&sink), "│ a\n│ bc\n│ open\n│ e\n");
    }

    #[test]
    fn json_keeps_characters_whole() {
        let (console, sink) = console(true, false);
        let euro = "€".as_bytes();
        console.guest(GuestStream::Stdout, &euro[..1]).unwrap();
        console.guest(GuestStream::Stdout, &euro[1..]).unwrap();
        console.guest(GuestStream::Stderr, b"\xff\n").unwrap();
        let expected = "{\"event\":\"output\",\"stream\":\"stdout\",\"text\":\"€\"}\n\
                        {\"event\":\"output\",\"stream\":\"stderr\",\"text\":\"\u{fffd}\\n\"}\n";
        assert_eq!(text(&sink), expected);
    }

    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_is_said_once() {
        let options = ConsoleOptions { json: false, color: false, interactive: false, gutter: true };
        let sink = Sink::default();
        let console = Console::over((Box::new(Full), false), (Box::new(sink.clone()), false), false, options);
        console.text("lost\n");
        console.text("lost\n");
        assert_eq!(text(&sink), "error: can't write to standard output: no storage space; what follows is lost\n");
        assert_eq!(console.lost(), Some(FAILED));
        assert_eq!(console.guest(GuestStream::Stdout, b"x").unwrap_err().kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_closed_pipe_is_remembered() {
        let options = ConsoleOptions { json: false, color: false, interactive: false, gutter: true };
        let console = Console::over((Box::new(Closed), false), (Box::new(Closed), false), false, options);
        console.message("to nobody\n");
        assert_eq!(console.lost(), None);
        console.text("to nobody\n");
        assert_eq!(console.lost(), Some(141));
        assert!(console.guest(GuestStream::Stdout, b"x").is_err());
    }
}
