//! Whose the store's epoch deadline is during a session, and what an interrupt does to it.
//!
//! Wasmtime has one epoch for an engine and one deadline for a store. A store that reaches its deadline raises an event
//! and then does what its embedder has set: trap, yield, or ask a callback (hazard H12). None of it can be read back, so
//! that somebody has to say whose the deadline is.
//!
//! Invariant: a tick that a session made for an interrupt is never charged to a deadline that a session keeps.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{
            AtomicU64,
            Ordering::{Relaxed, SeqCst},
        },
    },
};

use wasmtime::{Engine, EngineWeak, Store, StoreContextMut, UpdateDeadline};

use crate::{
    Killed,
    shared::{Shared, lock},
};

/// Whose the store's epoch deadline is during a session. It makes no difference on an engine without epoch interruption,
/// where a running guest can't be interrupted.
///
/// Epochs belong to the whole engine: an [interrupt](crate::Control::interrupt) increments one counter that all its
/// stores compare with their deadlines. Stores in sessions of their own don't mind. For any other store of the engine each
/// interrupt is one tick more: a deadline that is `n` ticks away is reached after `n - 1`. An embedder to whom this
/// matters keeps debuggable stores in an engine of their own, which it will want anyway: guest debugging is a setting of
/// the engine, and slows down all of its code.
#[derive(Debug, Default)]
#[non_exhaustive]
pub enum Epochs<T: 'static> {
    /// The session's: there is no deadline, and an interrupt arrives at once. After the session the store is left with a
    /// deadline that is never reached; an embedder that uses epochs sets its own anew.
    ///
    /// A body that sets a deadline itself takes it back: interrupts wait for that deadline then, and it does what the
    /// body has set.
    #[default]
    Session,
    /// The embedder's, kept by the session: interrupts arrive at once and aren't charged, nor is any tick that comes while
    /// the guest is stopped. After the session the store gets it back with the ticks that are left.
    ///
    /// Ticks are counted where the guest looks at them, at function entries and loop headers: those that come while it
    /// waits in host code count as one.
    Deadline(Deadline<T>),
    /// The embedder's, untouched: the session neither sets nor ticks anything. An interrupt arrives when the deadline
    /// does, and what the embedder has set follows it: a deadline that traps ends the guest. Ticks that come during a stop
    /// are charged.
    Embedder,
}

/// An embedder's deadline, as it would have set it on the store.
pub struct Deadline<T: 'static> {
    ticks: u64,
    then: Then<T>,
}

enum Then<T: 'static> {
    Trap,
    Yield(u64),
    Call(Box<Callback<T>>),
}

type Callback<T> = dyn FnMut(StoreContextMut<'_, T>) -> wasmtime::Result<UpdateDeadline> + Send + Sync;

impl<T: 'static> Deadline<T> {
    /// Traps after `ticks`, as with [`Store::epoch_deadline_trap`].
    pub fn trap(ticks: u64) -> Self {
        Self { ticks, then: Then::Trap }
    }

    /// Yields to the executor after each `ticks`, as with [`Store::epoch_deadline_async_yield_and_update`].
    pub fn yielding(ticks: u64) -> Self {
        Self { ticks, then: Then::Yield(ticks) }
    }

    /// Asks `callback` after `ticks`, as with [`Store::epoch_deadline_callback`].
    pub fn callback(
        ticks: u64,
        callback: impl FnMut(StoreContextMut<'_, T>) -> wasmtime::Result<UpdateDeadline> + Send + Sync + 'static,
    ) -> Self {
        Self { ticks, then: Then::Call(Box::new(callback)) }
    }

    /// One tick of the embedder's: what is left, and what to do once nothing is.
    fn tick(&mut self, store: StoreContextMut<'_, T>) -> wasmtime::Result<UpdateDeadline> {
        self.ticks = self.ticks.saturating_sub(1);
        if self.ticks > 0 {
            return Ok(UpdateDeadline::Continue(1));
        }
        let update = match &mut self.then {
            Then::Trap => UpdateDeadline::Interrupt,
            Then::Yield(ticks) => UpdateDeadline::Yield(*ticks),
            Then::Call(callback) => callback(store)?,
        };
        // The session looks at each tick, whatever the embedder has asked for.
        Ok(match update {
            UpdateDeadline::Continue(ticks) => {
                self.ticks = ticks;
                UpdateDeadline::Continue(1)
            }
            UpdateDeadline::Yield(ticks) => {
                self.ticks = ticks;
                UpdateDeadline::Yield(1)
            }
            UpdateDeadline::YieldCustom(ticks, future) => {
                self.ticks = ticks;
                UpdateDeadline::YieldCustom(1, future)
            }
            other => other,
        })
    }
}

impl<T: 'static> fmt::Debug for Deadline<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let then = match self.then {
            Then::Trap => "trap",
            Then::Yield(_) => "yield",
            Then::Call(_) => "callback",
        };
        f.debug_struct("Deadline").field("ticks", &self.ticks).field("then", &then).finish()
    }
}

/// A session's view of its engine's epoch.
pub(crate) struct Clock {
    engine: Engine,
    /// The ticks that sessions have made in this engine.
    forged: Arc<AtomicU64>,
    /// How many of them the store has seen, or needn't see any more.
    seen: AtomicU64,
    /// Whether the store's deadline is looked after by the session, at each tick.
    pub ours: bool,
    /// Whether ticks may be charged, so that those that come during a stop must be forgotten.
    pub charged: bool,
}

/// The counters of forged ticks, one for each engine that has sessions.
static FORGED: Mutex<Vec<(EngineWeak, Arc<AtomicU64>)>> = Mutex::new(Vec::new());

fn forged(engine: &Engine) -> Arc<AtomicU64> {
    let mut all = lock(&FORGED);
    // Shared by all of this engine's sessions: an interrupt of one is no tick for another.
    all.retain(|(weak, _)| weak.upgrade().is_some());
    let known = all.iter().find(|(weak, _)| weak.upgrade().is_some_and(|other| Engine::same(engine, &other)));
    match known {
        Some((_, counter)) => counter.clone(),
        None => {
            let counter = Arc::new(AtomicU64::new(0));
            all.push((engine.weak(), counter.clone()));
            counter
        }
    }
}

impl Clock {
    pub(crate) fn new<T>(engine: Engine, epochs: &Epochs<T>) -> Self {
        let on = engine.get_epoch_interruption();
        let forged = forged(&engine);
        Self {
            seen: AtomicU64::new(forged.load(SeqCst)),
            forged,
            ours: on && !matches!(epochs, Epochs::Embedder),
            charged: on && matches!(epochs, Epochs::Deadline(_)),
            engine,
        }
    }

    /// Makes the guest look up, if the deadline is ours to use.
    pub(crate) fn tick(&self) {
        if self.ours {
            self.forged.fetch_add(1, SeqCst);
            self.engine.increment_epoch();
        }
    }

    /// Whether a session has ticked since the last time.
    pub(crate) fn see_forged(&self) -> bool {
        let forged = self.forged.load(SeqCst);
        self.seen.swap(forged, SeqCst) != forged
    }

    /// Whether a running guest can be made to look up.
    pub(crate) fn available(&self) -> bool {
        self.engine.get_epoch_interruption()
    }
}

/// A deadline that no number of ticks reaches; half the range, because it's added to the current epoch.
const NEVER: u64 = u64::MAX / 2;

/// What has to be given back to a store.
pub(crate) enum Kept<T: 'static> {
    Nothing,
    Session,
    Deadline(Arc<Mutex<Deadline<T>>>),
}

/// Takes the store's deadline over for a session.
pub(crate) fn take_over<T: 'static>(store: &mut Store<T>, shared: &Arc<Shared<T>>, epochs: Epochs<T>) -> Kept<T> {
    if !shared.clock.ours {
        return Kept::Nothing;
    }
    let session = shared.clone();
    let kept = match epochs {
        Epochs::Deadline(deadline) => {
            let deadline = Arc::new(Mutex::new(deadline));
            let kept = deadline.clone();
            store.epoch_deadline_callback(move |store| {
                end_if_killed(&session)?;
                if session.clock.see_forged() {
                    return Ok(UpdateDeadline::Continue(1));
                }
                lock(&deadline).tick(store)
            });
            Kept::Deadline(kept)
        }
        _ => {
            store.epoch_deadline_callback(move |_| {
                end_if_killed(&session)?;
                Ok(UpdateDeadline::Continue(1))
            });
            Kept::Session
        }
    };
    store.set_epoch_deadline(1);
    kept
}

/// A guest that runs although it was killed is one that the session's handler can't hold: Wasmtime has lost the handler
/// (H1), or the host waits for the guest by blocking its thread.
fn end_if_killed<T>(shared: &Shared<T>) -> wasmtime::Result<()> {
    if shared.kill.load(Relaxed) { Err(wasmtime::Error::new(Killed)) } else { Ok(()) }
}

/// Gives the store's deadline back after a session.
pub(crate) fn give_back<T: 'static>(store: &mut Store<T>, kept: Kept<T>) {
    match kept {
        Kept::Nothing => {}
        Kept::Session => {
            store.epoch_deadline_trap();
            store.set_epoch_deadline(NEVER);
        }
        Kept::Deadline(deadline) => {
            let mut deadline = lock(&deadline);
            let ticks = deadline.ticks;
            match std::mem::replace(&mut deadline.then, Then::Trap) {
                Then::Trap => store.epoch_deadline_trap(),
                Then::Yield(every) => store.epoch_deadline_async_yield_and_update(every),
                Then::Call(callback) => store.epoch_deadline_callback(callback),
            }
            store.set_epoch_deadline(ticks);
        }
    }
}
