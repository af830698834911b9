//! What lies between the two halves: one command at a time one way, its reply and events the other.
//!
//! The far half blocks, the near half awaits. Both look a while before they sleep: a query is answered in less time than
//! the operating system needs to wake a thread.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    task::{Poll, Waker},
    time::{Duration, Instant},
};

use freezeframe_debuggee::{Answer, Call, CallId, DebuggeeError, Ended, Event, Query, StopPlan, Stopped, Unavailable};

use super::tally::Tally;
use crate::{Control, shared::lock};

/// How often to look before sleeping; about 20 µs.
const LOOKS: u32 = 2000;

pub(super) enum Command {
    Query(Vec<Query>),
    Resume(StopPlan),
    Call(Call),
}

pub(super) enum Reply {
    Answers(Vec<Result<Answer, Unavailable>>),
    /// Whether the plan was accepted; if so, the guest runs.
    Resumed(Result<(), String>),
    /// The call's name, if it can be made.
    Called(Result<CallId, String>),
}

#[derive(Default)]
pub(super) struct Link {
    state: Mutex<State>,
    /// Where the far half sleeps.
    far: Condvar,
    /// What was counted and taken down; locked after `state` where both are.
    tally: Mutex<Tally>,
    /// Where somebody waits for the far half to have dealt with what was taken down.
    dealt: Condvar,
    /// Counts what was said to the far half, and to the near half.
    to_far: AtomicU64,
    to_near: AtomicU64,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    #[default]
    Running,
    Stopped,
    Ended,
}

#[derive(Default)]
struct State {
    phase: Phase,
    command: Option<Command>,
    reply: Option<Reply>,
    events: VecDeque<Event>,
    near: Option<Waker>,
    control: Option<Control>,
    killed: bool,
    /// The far half deals with what was taken down.
    dealing: bool,
    /// Who is told of events besides the far half.
    wake: Option<Wake>,
}

/// Tells somebody that there's an event.
pub(super) type Wake = Arc<dyn Fn() + Send + Sync>;

impl Link {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn tell_far(&self) {
        self.to_far.fetch_add(1, SeqCst);
        self.far.notify_all();
    }

    // ------------------------------------------------------------------ the far half

    /// Sends a command to the stopped guest and waits for the reply.
    pub(super) fn ask(&self, command: Command) -> Result<Reply, DebuggeeError> {
        let mut state = self.state();
        match state.phase {
            Phase::Running => return Err(DebuggeeError::Running),
            Phase::Ended => return Err(DebuggeeError::Ended),
            Phase::Stopped => {}
        }
        state.command = Some(command);
        state.reply = None;
        let near = state.near.take();
        drop(state);
        self.to_near.fetch_add(1, SeqCst);
        if let Some(near) = near {
            near.wake();
        }
        self.wait(None, |state| match (state.reply.take(), state.phase) {
            (Some(reply), _) => Some(Ok(reply)),
            (None, Phase::Stopped) => None,
            (None, Phase::Running | Phase::Ended) => Some(Err(DebuggeeError::Ended)),
        })
        .unwrap_or(Err(DebuggeeError::Ended))
    }

    pub(super) fn next_event(&self, timeout: Option<Duration>) -> Result<Option<Event>, DebuggeeError> {
        let event = self.wait(timeout, |state| {
            // Who asks for more has dealt with what there was.
            if std::mem::take(&mut state.dealing) {
                self.dealt.notify_all();
            }
            if let Some(passed) = lock(&self.tally).take(!state.events.is_empty()) {
                state.dealing = !passed.logged.is_empty();
                return Some(Ok(Event::Passed(passed)));
            }
            match (state.events.pop_front(), state.phase) {
                (Some(event), _) => Some(Ok(event)),
                (None, Phase::Ended) => Some(Err(DebuggeeError::Ended)),
                (None, _) => None,
            }
        });
        event.transpose()
    }

    /// Waits until `ready` gives something; `None` when the time is over.
    fn wait<R>(&self, timeout: Option<Duration>, mut ready: impl FnMut(&mut State) -> Option<R>) -> Option<R> {
        let deadline = timeout.and_then(|t| Instant::now().checked_add(t));
        let seen = self.to_far.load(SeqCst);
        let mut state = self.state();
        if let Some(r) = ready(&mut state) {
            return Some(r);
        }
        drop(state);
        let looks = if timeout == Some(Duration::ZERO) { 0 } else { LOOKS };
        for _ in 0..looks {
            if self.to_far.load(SeqCst) != seen {
                break;
            }
            std::hint::spin_loop();
        }
        state = self.state();
        loop {
            if let Some(r) = ready(&mut state) {
                return Some(r);
            }
            state = match deadline {
                None => self.far.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return None;
                    }
                    self.far.wait_timeout(state, left).unwrap_or_else(std::sync::PoisonError::into_inner).0
                }
            };
        }
    }

    /// From now on somebody is told of events; of those that came before, at once.
    pub(super) fn on_event(&self, wake: Wake) {
        let mut state = self.state();
        state.wake = Some(wake.clone());
        let waiting = !state.events.is_empty();
        drop(state);
        if waiting {
            wake();
        }
    }

    /// Interrupts the guest if it runs. Under the lock, so that none arrives at a guest that was stopped in the meantime.
    pub(super) fn interrupt(&self) {
        let state = self.state();
        if let (Phase::Running, Some(control)) = (state.phase, &state.control) {
            // An engine without epoch interruption was the host's choice: its guests stop at breakpoints only.
            let _ = control.interrupt();
        }
    }

    pub(super) fn kill(&self) -> Result<(), DebuggeeError> {
        let mut state = self.state();
        if state.phase == Phase::Ended {
            return Err(DebuggeeError::Ended);
        }
        state.killed = true;
        let (control, near) = (state.control.clone(), state.near.take());
        drop(state);
        self.to_near.fetch_add(1, SeqCst);
        if let Some(control) = control {
            control.kill();
        }
        if let Some(near) = near {
            near.wake();
        }
        Ok(())
    }

    // ------------------------------------------------------------------ the near half

    /// The session has begun.
    pub(super) fn start(&self, control: Control) {
        let mut state = self.state();
        state.control = Some(control.clone());
        let killed = state.killed;
        drop(state);
        if killed {
            control.kill();
        }
    }

    /// What counts hits.
    pub(super) fn tally(&self) -> MutexGuard<'_, Tally> {
        lock(&self.tally)
    }

    /// Waits until the far half has dealt with all that was taken down, at most so long. For what must not overtake it; called
    /// from the guest's own thread.
    pub(super) fn wait_dealt(&self, most: Duration) {
        let deadline = Instant::now() + most;
        let mut state = self.state();
        while state.phase == Phase::Running && (state.dealing || lock(&self.tally).has_lines()) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.dealt.wait_timeout(state, left).unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
    }

    /// Something was taken down.
    pub(super) fn logged(&self) {
        let wake = self.state().wake.clone();
        self.tell_far();
        if let Some(wake) = wake {
            wake();
        }
    }

    /// The guest has stopped. An interrupt that was still on its way has got what it wanted.
    pub(super) fn stopped(&self, stopped: Stopped) {
        let mut state = self.state();
        if state.phase == Phase::Ended {
            return;
        }
        state.phase = Phase::Stopped;
        if let Some(control) = &state.control {
            control.cancel_interrupt();
        }
        state.events.push_back(Event::Stopped(stopped));
        let wake = state.wake.clone();
        drop(state);
        self.tell_far();
        if let Some(wake) = wake {
            wake();
        }
    }

    /// Waits for a command; `None` once the guest is being killed.
    pub(super) async fn command(&self) -> Option<Command> {
        let mut looked = false;
        std::future::poll_fn(|cx| {
            loop {
                let seen = self.to_near.load(SeqCst);
                let mut state = self.state();
                if state.killed {
                    return Poll::Ready(None);
                }
                if let Some(command) = state.command.take() {
                    return Poll::Ready(Some(command));
                }
                if looked {
                    state.near = Some(cx.waker().clone());
                    looked = false;
                    return Poll::Pending;
                }
                drop(state);
                looked = true;
                for _ in 0..LOOKS {
                    if self.to_near.load(SeqCst) != seen {
                        break;
                    }
                    std::hint::spin_loop();
                }
            }
        })
        .await
    }

    pub(super) fn reply(&self, reply: Reply) {
        let mut state = self.state();
        if matches!(reply, Reply::Resumed(Ok(()))) && state.phase == Phase::Stopped {
            state.phase = Phase::Running;
        }
        state.reply = Some(reply);
        drop(state);
        self.tell_far();
    }

    /// The near half is over: nobody answers any more, and only the end is still to come.
    pub(super) fn near_gone(&self) {
        let mut state = self.state();
        state.control = None;
        if state.phase == Phase::Stopped {
            state.phase = Phase::Running;
        }
        drop(state);
        self.tell_far();
    }

    /// The host has told how it ended.
    pub(super) fn end(&self, ended: Ended) {
        let mut state = self.state();
        state.phase = Phase::Ended;
        state.control = None;
        state.events.push_back(Event::Ended(ended));
        let wake = state.wake.clone();
        drop(state);
        self.tell_far();
        if let Some(wake) = wake {
            wake();
        }
    }
}
