//! A live guest as a [`Debuggee`]: the near half is a session's debugger, the far half asks it from another thread.
//!
//! ```text
//!  front end's thread                      guest's thread
//!  LiveDebuggee ── commands ──▶ Link ──▶ Near's coroutine, polled in the debug handler (Freeze::Thread)
//!               ◀── answers, events ──             │ plans run as a filter, without leaving the handler
//!                                        Ender ────┘ the host says how it ended
//! ```
//! Invariant: there's at most one command under way, and whoever waits for its answer is woken by the answer, by the
//! end of the near half, or by a kill: nothing hangs on a half that's gone.

mod link;
mod near;
mod plan;
mod queries;
mod tally;
mod values;

use std::{marker::PhantomData, pin::Pin, sync::Arc, time::Duration};

use freezeframe_debuggee::{
    Answer, Call, CallId, Capabilities, Debuggee, DebuggeeError, Ended, Event, Interrupter, Query, StopPlan,
    Unavailable,
};
use wasmtime::Module;

use crate::Dbg;
use link::{Command, Link, Reply};

/// What the far half shall know from the start.
#[derive(Default)]
pub struct LiveOptions {
    /// Modules that are going to run, with the names to show. They get their ids in this order, before any other module,
    /// and can be named in plans from the first stop on.
    pub modules: Vec<(Option<String>, Module)>,
    /// No other modules will come: plans that ask for the watch for modules get none, and nothing pays for it.
    pub complete: bool,
}

/// Makes the three parts of a live debuggee: the far half for the debugger, the near half for
/// [`debug_with`](crate::debug_with), and what tells the far half how the guest ended.
///
/// The near half is made for [`Freeze::Thread`](crate::Freeze::Thread) and a guest with a thread of its own:
/// ```no_run
/// use freezeframe_debuggee::{Ended, Event};
/// use freezeframe_session::{Freeze, Options, debug_with, live};
/// # fn f(mut store: wasmtime::Store<()>, func: wasmtime::TypedFunc<(), ()>, module: wasmtime::Module) {
/// # fn block_on<F: Future>(f: F) -> F::Output { todo!() }
/// let options = live::LiveOptions { modules: vec![(Some("app.wasm".into()), module)], complete: true };
/// let (debuggee, near, ender) = live::live::<()>(options);
/// std::thread::spawn(move || {
///     let options = Options { freeze: Freeze::Thread, ..Options::default() };
///     let session = debug_with(&mut store, options, async |store| func.call_async(store, ()).await, near.debugger());
///     ender.end(match block_on(session) {
///         Ok((Ok(Ok(())), _)) => Ended::Returned(vec![]),
///         Ok((Ok(Err(error)), _)) => Ended::Trapped { message: format!("{error:?}") },
///         Ok((Err(_killed), _)) => Ended::Killed,
///         Err(error) => Ended::Failed { message: error.to_string() },
///     });
/// });
/// # }
/// ```
pub fn live<T: Send + 'static>(options: LiveOptions) -> (LiveDebuggee, Near<T>, Ender) {
    let link = Arc::new(Link::default());
    let near = Near { link: link.clone(), options, _store: PhantomData };
    (LiveDebuggee { link: link.clone() }, near, Ender { link, told: false })
}

/// The near half, until it's given to a session.
pub struct Near<T> {
    link: Arc<Link>,
    options: LiveOptions,
    _store: PhantomData<fn(T)>,
}

impl<T: Send + 'static> Near<T> {
    /// For a host that takes the guest's output.
    pub fn log_order(&self) -> LogOrder {
        LogOrder(self.link.clone())
    }

    /// The debugger to hand to [`debug_with`](crate::debug_with).
    pub fn debugger(self) -> impl FnOnce(Dbg<T>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        move |dbg| Box::pin(near::run(dbg, self.link, self.options))
    }
}

/// Keeps a guest's output behind what its log points have said before it.
#[derive(Clone)]
pub struct LogOrder(Arc<Link>);

impl LogOrder {
    /// Waits until whatever has been taken down by now ([`Event::Passed`]) was dealt with: until the debugger asks for the
    /// next event. 50 ms at most, in case that it doesn't. To be called on the guest's thread.
    pub fn wait(&self) {
        self.0.wait_dealt(Duration::from_millis(50));
    }
}

/// Tells the far half how the guest ended.
pub struct Ender {
    link: Arc<Link>,
    told: bool,
}

impl Ender {
    /// To be called by the host once the body's result is known.
    pub fn end(mut self, ended: Ended) {
        self.told = true;
        self.link.end(ended);
    }
}

impl Drop for Ender {
    fn drop(&mut self) {
        if !self.told {
            self.link.end(Ended::Failed { message: "the guest's host ended without a result".into() });
        }
    }
}

/// The far half: a [`Debuggee`] in this process. Dropping it kills the guest.
pub struct LiveDebuggee {
    link: Arc<Link>,
}

impl LiveDebuggee {
    fn ask(&self, command: Command) -> Result<Reply, DebuggeeError> {
        self.link.ask(command)
    }
}

impl Debuggee for LiveDebuggee {
    fn capabilities(&self) -> Capabilities {
        Capabilities { resume: true, reverse: false, write: true, call: true }
    }

    fn query(&mut self, queries: Vec<Query>) -> Result<Vec<Result<Answer, Unavailable>>, DebuggeeError> {
        match self.ask(Command::Query(queries))? {
            Reply::Answers(answers) => Ok(answers),
            _ => Err(out_of_turn()),
        }
    }

    fn resume(&mut self, plan: StopPlan) -> Result<(), DebuggeeError> {
        match self.ask(Command::Resume(plan))? {
            Reply::Resumed(done) => done.map_err(DebuggeeError::BadPlan),
            _ => Err(out_of_turn()),
        }
    }

    fn call(&mut self, call: Call) -> Result<CallId, DebuggeeError> {
        match self.ask(Command::Call(call))? {
            Reply::Called(done) => done.map_err(DebuggeeError::BadCall),
            _ => Err(out_of_turn()),
        }
    }

    fn next_event(&mut self, timeout: Option<Duration>) -> Result<Option<Event>, DebuggeeError> {
        self.link.next_event(timeout)
    }

    fn on_event(&mut self, wake: Arc<dyn Fn() + Send + Sync>) {
        self.link.on_event(wake);
    }

    fn interrupter(&self) -> Interrupter {
        let link = Arc::downgrade(&self.link);
        Interrupter::new(move || {
            if let Some(link) = link.upgrade() {
                link.interrupt();
            }
        })
    }

    fn kill(&mut self) -> Result<(), DebuggeeError> {
        self.link.kill()
    }
}

fn out_of_turn() -> DebuggeeError {
    DebuggeeError::Gone("it answered out of turn".into())
}

impl Drop for LiveDebuggee {
    fn drop(&mut self) {
        // It may be over already, then there's nothing to kill.
        let _ = self.link.kill();
    }
}
