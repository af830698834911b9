//! What a person sees who waits: after half a second a passing line, with how much is done or how long it has taken.
//!
//! Invariant: the line is gone when this is dropped, before anything else is written.

use std::{
    sync::mpsc::{self, Sender},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use freezeframe_engine::{Progress, Reading};

use crate::console::Console;

/// What takes less isn't worth a word.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often the line is written anew.
const BEAT: Duration = Duration::from_millis(120);
/// How many characters of a name are shown, so that the line fits a narrow terminal.
const LONGEST_NAME: usize = 32;
const BAR: usize = 20;

/// Work that may take long, until it's dropped.
pub struct Patience {
    done: Option<Sender<()>>,
    shown: Option<JoinHandle<()>>,
}

impl Patience {
    /// Tells what is being done with something (a file), and how far it is if that can be said.
    pub fn new(console: &Console, what: &str, name: &str, progress: Option<Progress>) -> Self {
        if !console.can_show_progress() {
            return Self { done: None, shown: None };
        }
        let (done, finished) = mpsc::channel::<()>();
        let (console, what) = (console.clone(), format!("{what} {}", clipped(name)));
        let begun = Instant::now();
        let show = move || {
            let waiting = |time| finished.recv_timeout(time) == Err(mpsc::RecvTimeoutError::Timeout);
            if !waiting(PATIENCE) {
                return;
            }
            for beat in 0.. {
                console.progress(&match &progress {
                    Some(progress) => bar(&what, progress.share()),
                    None => spinner(&what, beat, begun.elapsed()),
                });
                if !waiting(BEAT) {
                    return console.progress("");
                }
            }
        };
        // A thread that can't be had is done without.
        Self { done: Some(done), shown: thread::Builder::new().name("progress".to_owned()).spawn(show).ok() }
    }
}

/// For [`Debugger::on_reading`](freezeframe_engine::Debugger::on_reading).
pub fn while_reading(console: Console) -> impl FnMut(Option<&Reading>) + Send {
    let mut shown = None;
    move |reading| {
        // The one before is over first.
        drop(shown.take());
        shown = reading.map(|reading| reads(&console, &reading.module, reading.progress.clone()));
    }
}

/// Debug information of a module is being read.
pub fn reads(console: &Console, module: &str, progress: Progress) -> Patience {
    Patience::new(console, "reading debug information:", module, Some(progress))
}

impl Drop for Patience {
    fn drop(&mut self) {
        drop(self.done.take());
        _ = self.shown.take().map(JoinHandle::join);
    }
}

fn clipped(name: &str) -> String {
    let mut clipped: String = name.chars().take(LONGEST_NAME).collect();
    if clipped.len() < name.len() {
        clipped.push('…');
    }
    clipped
}

fn bar(what: &str, share: f64) -> String {
    // Rounded down, so that it's full only when all is done.
    let filled = ((share * BAR as f64) as usize).min(BAR);
    let percent = ((share * 100.0) as u32).min(100);
    format!("[{}{}] {percent:>3}% {what}", "#".repeat(filled), "-".repeat(BAR - filled))
}

fn spinner(what: &str, beat: usize, elapsed: Duration) -> String {
    let sign = ['|', '/', '-', '\\'].get(beat % 4).copied().unwrap_or('|');
    format!("{sign} {what}, {} s", elapsed.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        assert_eq!(bar("reading x", 0.0), "[--------------------]   0% reading x");
        assert_eq!(bar("reading x", 0.999), "[###################-]  99% reading x");
        assert_eq!(bar("reading x", 1.0), "[####################] 100% reading x");
        assert_eq!(spinner("compiling x", 5, Duration::from_millis(2900)), "/ compiling x, 2 s");
        assert_eq!(clipped("orders.wasm"), "orders.wasm");
        assert_eq!(clipped(&"ä".repeat(40)), format!("{}…", "ä".repeat(32)));
    }
}
