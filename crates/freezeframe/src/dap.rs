//! Editors that attach to this program's guests, by the Debug Adapter Protocol.
//!
//! ```no_run
//! # async fn handle(store: &mut wasmtime::Store<()>) {}
//! # async fn example(mut store: wasmtime::Store<()>) -> Result<(), Box<dyn std::error::Error>> {
//! // Once:
//! let hub = freezeframe::dap::listen("127.0.0.1:4711")?;
//! // For each store:
//! freezeframe::debug(&mut store, async |store| handle(store).await, hub.debuggee("request 17")).await?;
//! # Ok(()) }
//! ```
//! While no editor is attached the guests run on, with nothing planted and nothing read of them; each store is a thread to
//! the editors that are.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    pin::Pin,
};

use freezeframe_debuggee::Ended;
use freezeframe_session::{
    Dbg,
    live::{LiveOptions, live},
};
use wasmtime::Module;

/// Where editors attach. Clones are the same one; it listens until the last is dropped and the guests that it was given are
/// over.
#[derive(Clone, Debug)]
pub struct Hub(freezeframe_dap::Hub);

/// The debugger of one store, to be handed to [`debug`](crate::debug).
pub type Debugger = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Listens for editors at an address of this machine; at port 0, at a free one.
///
/// # Errors
/// The address can't be listened at, or can be reached from other machines: see [`listen_with_token`].
pub fn listen(address: impl ToSocketAddrs) -> io::Result<Hub> {
    freezeframe_dap::listen(address).map(Hub)
}

/// Listens at any address, for editors whose `attach` configuration has this `token`, of 16 bytes or more. The connection isn't
/// encrypted.
///
/// # Errors
/// The address can't be listened at; a token that is too short.
pub fn listen_with_token(address: impl ToSocketAddrs, token: &str) -> io::Result<Hub> {
    freezeframe_dap::listen_with_token(address, token).map(Hub)
}

impl Hub {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// The debugger for a store, which editors see under this name. Its modules become known as they're loaded; while an editor
    /// is attached that costs a look at each operator, which [`debuggee_with`](Self::debuggee_with) spares.
    pub fn debuggee<T: Send + 'static>(&self, name: &str) -> impl FnOnce(Dbg<T>) -> Debugger + use<T> {
        self.add(name, LiveOptions::default())
    }

    /// The same for a store in which only these modules will run.
    pub fn debuggee_with<T: Send + 'static>(
        &self,
        name: &str,
        modules: Vec<(Option<String>, Module)>,
    ) -> impl FnOnce(Dbg<T>) -> Debugger + use<T> {
        self.add(name, LiveOptions { modules, complete: true })
    }

    fn add<T: Send + 'static>(&self, name: &str, options: LiveOptions) -> impl FnOnce(Dbg<T>) -> Debugger + use<T> {
        let (debuggee, near, ender) = live::<T>(options);
        self.0.add(Box::new(debuggee), name);
        let debugger = near.debugger();
        move |dbg| {
            Box::pin(async move {
                debugger(dbg).await;
                // What the body gave is its own business; how a guest failed was seen as an event.
                ender.end(Ended::Returned(Vec::new()));
            })
        }
    }
}
