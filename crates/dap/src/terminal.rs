//! The terminal of a guest: the client opens one and runs `freezeframe dap-terminal` in it (`runInTerminal`), which joins what
//! is typed and shown there with the guest's standard streams, over a connection to this process.
//!
//! ```text
//!  relay → adapter   the token, a newline, then what is typed, as it is
//!  adapter → relay   1 or 2 (standard output or error), the length (4 bytes, little-endian), the bytes; and so on
//! ```
//! Invariant: only over loopback, and only who knows the token is joined. A terminal that is closed ends the guest's input
//! and nothing else: its output goes to the client from then on.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hasher as _},
    io::{self, BufReader, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::protocol::types as dap;

/// The variable that the token is in.
const TOKEN: &str = "FREEZEFRAME_TERMINAL";
/// How long a client may take to open a terminal.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a connection may take to say the token, and to take up the last output.
const A_MOMENT: Duration = Duration::from_secs(2);
/// The most that is sent to a terminal in one piece.
const LARGEST: usize = 1 << 20;

/// Where a terminal is expected.
pub struct Invitation {
    address: SocketAddr,
    token: String,
    heard: Receiver<Heard>,
    closing: Arc<AtomicBool>,
}

/// What the client says of the terminal that it was asked for. Dropped, nobody waits for one any more.
pub struct Asked(Sender<Heard>);

enum Heard {
    Joined(TcpStream),
    Over(String),
}

impl Asked {
    /// The client can't open one.
    pub fn refused(&self, why: &str) {
        // Nobody may wait any more.
        _ = self.0.send(Heard::Over(format!("the editor couldn't open a terminal: {why}")));
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        _ = self.0.send(Heard::Over("nobody waits for the terminal any more".to_owned()));
    }
}

impl Invitation {
    /// Begins to listen for a terminal.
    ///
    /// # Errors
    /// No port or no thread can be had.
    pub fn new() -> io::Result<(Self, Asked)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        // Its keys are random: nobody else can know what it makes of them.
        let random = || RandomState::new().build_hasher().finish();
        let token = format!("{:016x}{:016x}", random(), random());
        let (sender, heard) = mpsc::channel();
        let closing = Arc::new(AtomicBool::new(false));
        let (joined, over, expected) = (sender.clone(), closing.clone(), token.clone());
        thread::Builder::new().name("dap-terminal".to_owned()).spawn(move || {
            for stream in listener.incoming() {
                if over.load(SeqCst) {
                    return;
                }
                if let Ok(stream) = stream
                    && said(&stream, &expected)
                {
                    _ = joined.send(Heard::Joined(stream));
                    return;
                }
            }
        })?;
        Ok((Self { address, token, heard, closing }, Asked(sender)))
    }

    /// What the client is asked to do.
    ///
    /// # Errors
    /// This program doesn't know where it lies.
    pub fn request(
        &self,
        kind: dap::RunInTerminalRequestArgumentsKind,
        title: String,
        cwd: String,
    ) -> io::Result<dap::RunInTerminalRequestArguments> {
        let program = std::env::current_exe()?.to_string_lossy().into_owned();
        Ok(dap::RunInTerminalRequestArguments {
            args: vec![program, "dap-terminal".to_owned(), self.address.to_string()],
            cwd,
            env: Some([(TOKEN.to_owned(), Value::from(self.token.clone()))].into()),
            kind: Some(kind),
            title: Some(title),
            ..Default::default()
        })
    }

    /// Waits until the terminal is there.
    ///
    /// # Errors
    /// Why there is none.
    pub fn wait(self) -> Result<Terminal, String> {
        match self.heard.recv_timeout(PATIENCE) {
            Ok(Heard::Joined(stream)) => Terminal::new(stream).map_err(|e| format!("the terminal can't be used: {e}")),
            Ok(Heard::Over(why)) => Err(why),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(format!(
                "the editor opened no terminal in {} s; without `console` the output goes to the debug console",
                PATIENCE.as_secs()
            )),
        }
    }
}

impl Drop for Invitation {
    fn drop(&mut self) {
        self.closing.store(true, SeqCst);
        // The listener's thread waits for a connection, if it's still there.
        _ = TcpStream::connect(self.address);
    }
}

/// Whether a connection begins with the token.
fn said(stream: &TcpStream, token: &str) -> bool {
    // No byte more: what follows is the guest's.
    let mut line = vec![0; token.len() + 1];
    let mut from = stream;
    let read = stream.set_read_timeout(Some(A_MOMENT)).and_then(|()| from.read_exact(&mut line));
    read.and_then(|()| stream.set_read_timeout(None)).is_ok() && line.strip_suffix(b"\n") == Some(token.as_bytes())
}

/// A terminal that is there. Clones are the same one.
#[derive(Clone)]
pub struct Terminal(Arc<Inner>);

struct Inner {
    stream: TcpStream,
    /// Frames aren't torn by others.
    writing: Mutex<()>,
    closed: AtomicBool,
}

impl Terminal {
    fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self(Arc::new(Inner { stream, writing: Mutex::default(), closed: AtomicBool::new(false) })))
    }

    /// Shows what a guest wrote. `false`: the terminal was closed.
    pub fn write(&self, error: bool, bytes: &[u8]) -> bool {
        let _alone = self.0.writing.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.chunks(LARGEST).all(|bytes| {
            let mut frame = Vec::with_capacity(bytes.len() + 5);
            frame.push(if error { 2 } else { 1 });
            frame.extend(u32::try_from(bytes.len()).unwrap_or(0).to_le_bytes());
            frame.extend(bytes);
            (&self.0.stream).write_all(&frame).is_ok()
        })
    }

    /// Waits for what is typed. Nothing is the end, also that of the terminal.
    pub fn read(&self, into: &mut [u8]) -> usize {
        (&self.0.stream).read(into).unwrap_or(0)
    }

    /// The guest is over: the terminal is the person's again, when it has shown everything.
    pub fn close(&self) {
        if self.0.closed.swap(true, SeqCst) {
            return;
        }
        _ = self.0.stream.shutdown(Shutdown::Write);
        let this = self.clone();
        // A connection that is closed with unread input would take the last output with it.
        let drain = move || {
            _ = this.0.stream.set_read_timeout(Some(A_MOMENT));
            while this.read(&mut [0; 1024]) > 0 {}
            // A guest that is dead may wait for input still.
            _ = this.0.stream.shutdown(Shutdown::Both);
        };
        // Without a thread the connection ends with the session.
        _ = thread::Builder::new().name("dap-terminal-end".to_owned()).spawn(drain);
    }
}

/// The other end: joins this process's standard streams with the guest of the adapter at `address`, until that is over.
///
/// # Errors
/// There is no adapter, or it has nothing to do with this process.
pub fn join_terminal(address: &str) -> io::Result<()> {
    let token = std::env::var(TOKEN).map_err(|_| {
        io::Error::new(io::ErrorKind::InvalidInput, "this command is run by an editor, in the terminal of a guest")
    })?;
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(format!("{token}\n").as_bytes())?;
    let mut typed = stream.try_clone()?;
    thread::Builder::new().name("typed".to_owned()).spawn(move || {
        // Who is gone reads nothing.
        _ = io::copy(&mut io::stdin().lock(), &mut typed);
        _ = typed.shutdown(Shutdown::Write);
    })?;
    let mut from = BufReader::new(stream);
    loop {
        let mut head = [0; 5];
        match from.read_exact(&mut head) {
            Ok(()) => {}
            Err(e) if matches!(e.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
                return Ok(());
            }
            Err(e) => return Err(e),
        }
        let [to, length @ ..] = head;
        let mut bytes = Vec::new();
        (&mut from).take(u64::from(u32::from_le_bytes(length))).read_to_end(&mut bytes)?;
        if to == 2 {
            io::stderr().write_all(&bytes)?;
        } else {
            let mut out = io::stdout().lock();
            out.write_all(&bytes)?;
            // What isn't a whole line (a question) is to be seen too.
            out.flush()?;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failure is meant to be loud")]
    use super::*;

    #[test]
    fn only_who_knows_the_token_is_joined() {
        let (invitation, asked) = Invitation::new().unwrap();
        let mut stranger = TcpStream::connect(invitation.address).unwrap();
        stranger.write_all(&[b'x'; 33]).unwrap();
        assert_eq!(stranger.read(&mut [0; 1]).unwrap_or(0), 0);
        let mut relay = TcpStream::connect(invitation.address).unwrap();
        relay.write_all(format!("{}\nhello", invitation.token).as_bytes()).unwrap();
        let terminal = invitation.wait().unwrap_or_else(|why| panic!("{why}"));
        let mut typed = [0; 8];
        assert_eq!(terminal.read(&mut typed), 5);
        assert_eq!(&typed[..5], b"hello");
        assert!(terminal.write(true, b"no"));
        terminal.close();
        let mut shown = Vec::new();
        relay.read_to_end(&mut shown).unwrap();
        assert_eq!(shown, b"\x02\x02\0\0\0no");
        drop(asked);
    }

    #[test]
    fn a_wait_ends_when_the_client_refuses_or_gives_up() {
        let (invitation, asked) = Invitation::new().unwrap();
        asked.refused("no such shell");
        assert!(invitation.wait().err().unwrap().contains("no such shell"));
        let (invitation, asked) = Invitation::new().unwrap();
        drop(asked);
        assert!(invitation.wait().is_err());
    }
}
