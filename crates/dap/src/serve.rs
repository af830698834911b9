//! Serving editors that launch their guests: over standard input and output, and over TCP.

use std::{
    io::{self, BufReader},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
};

use crate::{local::opener, server::Server};

/// Serves one client over standard input and output, which nobody else may use; the guest never does.
///
/// # Errors
/// No threads can be had.
pub fn serve_stdio() -> io::Result<()> {
    let mut server = Server::new(Some(opener()), None);
    server.connect(BufReader::new(io::stdin()), io::stdout())?;
    server.run();
    Ok(())
}

/// Serves clients that connect, each with a debugger and guests of its own, for ever.
///
/// # Errors
/// The listener's.
pub fn listen(listener: &TcpListener) -> io::Result<()> {
    for stream in listener.incoming() {
        let stream = stream?;
        thread::Builder::new().name("dap-session".to_owned()).spawn(move || {
            // One client's failure is no other's.
            _ = serve_connection(stream);
        })?;
    }
    Ok(())
}

fn serve_connection(stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut server = Server::new(Some(opener()), None);
    let reader = BufReader::new(stream.try_clone()?);
    server.connect(reader, stream.try_clone()?)?;
    server.run();
    // The reader's thread ends with the connection.
    stream.shutdown(Shutdown::Both)
}
