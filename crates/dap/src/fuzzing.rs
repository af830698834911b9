//! A server in memory, for fuzz targets: what a client sends is all there at once, and so is what it gets.

use std::{
    io::{self, Cursor, Write},
    sync::{Arc, Mutex, PoisonError},
};

use freezeframe_debuggee::Debuggee;

use crate::{
    launch::{DebugFiles, Opened, Opener},
    panics::Tail,
    server::Server,
};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Guest(fn() -> Box<dyn Debuggee>);

impl Opened for Guest {
    fn start(&self) -> Result<Box<dyn Debuggee>, String> {
        Ok((self.0)())
    }

    fn debug_files(&self) -> DebugFiles {
        Box::new(|_| None)
    }

    fn errors(&self) -> Tail {
        Tail::default()
    }

    fn over(&self) {}
}

/// Serves a client that sends these bytes and then is gone; what it is sent. `launch` gives it such a debuggee.
///
/// # Errors
/// No threads can be had.
pub fn serve(sent: Vec<u8>, start: fn() -> Box<dyn Debuggee>) -> io::Result<Vec<u8>> {
    let opener: Opener = Arc::new(move |_, _| Ok(Box::new(Guest(start))));
    let kept = Kept::default();
    let mut server = Server::new(Some(opener), None);
    server.connect(Cursor::new(sent), kept.clone())?;
    server.run();
    drop(server);
    Ok(std::mem::take(&mut *kept.0.lock().unwrap_or_else(PoisonError::into_inner)))
}
