//! `freezeframe dap`: a server for editors.

use std::{
    io::{self, Write as _},
    net::{SocketAddr, TcpListener, ToSocketAddrs as _},
};

use crate::{args::DapArgs, views::FAILED};

/// Serves one editor on standard input and output, or all that connect; gives the exit code.
pub fn serve(args: &DapArgs) -> i32 {
    let served = match &args.listen {
        None => freezeframe_dap::serve_stdio().map_err(|e| e.to_string()),
        Some(address) => listen(address),
    };
    match served {
        Ok(()) => 0,
        Err(why) => {
            complain(&format!("freezeframe dap: {why}"));
            FAILED
        }
    }
}

/// Joins this terminal with a guest; gives the exit code.
pub fn terminal(address: &str) -> i32 {
    match freezeframe_dap::join_terminal(address) {
        Ok(()) => 0,
        Err(why) => {
            complain(&format!("freezeframe dap-terminal: {why}"));
            FAILED
        }
    }
}

/// Says what is wrong, if anybody can read it.
fn complain(message: &str) {
    _ = writeln!(io::stderr(), "{message}");
}

fn listen(address: &str) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("can't listen at {address}: {e}; give HOST:PORT, such as 127.0.0.1:4711");
    let addresses: Vec<SocketAddr> = address.to_socket_addrs().map_err(failed)?.collect();
    // Whoever connects can run programs here.
    if let Some(open) = addresses.iter().find(|address| !address.ip().is_loopback()) {
        return Err(format!(
            "{open} can be reached from other machines; give an address of this one, such as 127.0.0.1:0"
        ));
    }
    let listener = TcpListener::bind(&*addresses).map_err(failed)?;
    let at = listener.local_addr().map_err(failed)?;
    // Who can't be told where can't connect.
    writeln!(io::stdout(), "listening at {at}").map_err(|e| format!("can't write to standard output: {e}"))?;
    freezeframe_dap::serve_tcp(&listener).map_err(|e| e.to_string())
}
