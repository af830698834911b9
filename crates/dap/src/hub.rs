//! A server inside of a host program: editors attach to the guests that it runs anyway.

use std::{
    io::{self, BufReader},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs},
    sync::{Arc, mpsc::Sender},
    thread,
};

use freezeframe_debuggee::Debuggee;

use crate::server::{Input, Server};

/// Where editors attach to the guests of this program. Clones are the same one; it listens until the last is dropped.
#[derive(Clone, Debug)]
pub struct Hub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    inputs: Sender<Input>,
    address: SocketAddr,
}

/// Listens for editors at an address of this machine; at port 0, at a free one.
///
/// # Errors
/// The address can't be listened at, or can be reached from other machines: see [`listen_with_token`].
pub fn listen(address: impl ToSocketAddrs) -> io::Result<Hub> {
    let addresses: Vec<SocketAddr> = address.to_socket_addrs()?.collect();
    if let Some(open) = addresses.iter().find(|address| !address.ip().is_loopback()) {
        let why = format!(
            "{open} can be reached from other machines, whoever uses them: listen at a loopback address such as 127.0.0.1, \
             or ask for a token"
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    start(TcpListener::bind(&*addresses)?, None)
}

/// Listens at any address, for editors whose `attach` configuration has this token. The connection isn't encrypted: use it in a
/// network that you trust, or through a tunnel.
///
/// # Errors
/// The address can't be listened at; a token of less than 16 bytes.
pub fn listen_with_token(address: impl ToSocketAddrs, token: &str) -> io::Result<Hub> {
    if token.len() < 16 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a token must have 16 bytes or more"));
    }
    start(TcpListener::bind(address)?, Some(token.to_owned()))
}

fn start(listener: TcpListener, token: Option<String>) -> io::Result<Hub> {
    let address = listener.local_addr()?;
    let mut server = Server::new(None, Some(token));
    let inputs = server.world.inputs.clone();
    thread::Builder::new().name("dap-hub".to_owned()).spawn(move || server.run_open())?;
    let accepted = inputs.clone();
    thread::Builder::new().name("dap-listener".to_owned()).spawn(move || {
        // A connection that fails is no reason to take no others.
        for stream in listener.incoming() {
            if let Ok(input) = stream.and_then(connected)
                && accepted.send(input).is_err()
            {
                return;
            }
        }
    })?;
    Ok(Hub(Arc::new(Inner { inputs, address })))
}

fn connected(stream: TcpStream) -> io::Result<Input> {
    stream.set_nodelay(true)?;
    let reader = BufReader::new(stream.try_clone()?);
    Ok(Input::Connected(Box::new(reader), Box::new(Closing(stream))))
}

/// Closes the connection for its reader too.
struct Closing(TcpStream);

impl io::Write for Closing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        // It may be closed already.
        _ = self.0.shutdown(Shutdown::Both);
    }
}

impl Hub {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// Gives it a guest to debug, which clients see under this name. While no client is there the guest runs on.
    pub fn add(&self, debuggee: Box<dyn Debuggee>, name: &str) {
        // A hub that is gone debugs nothing: the guest would wait for it at its first operator.
        if let Err(lost) = self.0.inputs.send(Input::Debuggee(debuggee, name.to_owned())) {
            drop(lost);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        _ = self.inputs.send(Input::Close);
        // The listener's thread waits for a connection.
        _ = TcpStream::connect(self.address);
    }
}
