//! Commands given to a debuggee that is made up, for fuzz targets and for the tests that replay what those found.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use freezeframe_debuggee::Debuggee;
use freezeframe_engine::Breakpoint;
use freezeframe_symbols::IndexStore;
use reedline::Completer as _;

use crate::{
    app::App,
    commands::{self, manage},
    complete::{self, CommandCompleter, SharedNames},
    console::{Console, ConsoleOptions},
    launch::{Launch, LaunchError, Launcher},
    output::Printer,
    source::Sources,
};

/// What read or write files: not with names that nobody has looked at.
const FILES: [&str; 3] = ["source", "save breakpoints", "directory"];

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

/// A debuggee that is made up, any number of times.
#[derive(Clone)]
pub struct Guest {
    /// Makes it.
    pub start: fn() -> Box<dyn Debuggee>,
    /// Where its module would lie: sources are looked for from there.
    pub path: PathBuf,
    /// Keeps its index between sessions.
    pub indexes: Option<Arc<dyn IndexStore>>,
}

impl Launch for Guest {
    fn launch(&self) -> Result<Box<dyn Debuggee>, LaunchError> {
        Ok((self.start)())
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn indexes(&self) -> Option<Arc<dyn IndexStore>> {
        self.indexes.clone()
    }
}

/// What a session has written, and the file of commands in which its breakpoints would be saved.
#[derive(Debug)]
pub struct Done {
    /// Standard output and error.
    pub output: String,
    /// What `save breakpoints` would write.
    pub saved: String,
    /// The breakpoints with all that is saved of them.
    pub breakpoints: Vec<String>,
}

/// Runs a file of commands with this text, as `-x` would. Commands that read or write files are left out.
///
/// # Errors
/// The guest can't be started.
pub fn run(guest: &Guest, text: &str, json: bool) -> Result<Done, String> {
    let kept = Kept::default();
    let stream = || (Box::new(kept.clone()) as Box<dyn Write + Send>, false);
    let options = ConsoleOptions { json, color: false, interactive: false, gutter: false };
    let printer = Printer::new(Console::over(stream(), stream(), true, options));
    let sources = Sources::new(&guest.path, Vec::new(), Vec::new());
    let launcher: Launcher = Box::new(guest.clone());
    let mut app = App::new(launcher, sources, printer, Arc::default()).map_err(|error| error.to_string())?;
    let about_files = |line: &str| commands::resolve(line).is_ok_and(|call| FILES.contains(&call.command.name()));
    let kept_lines: Vec<&str> = text.lines().filter(|line| !about_files(line)).collect();
    app.source_text("commands", &kept_lines.join("\n"));
    let saved = manage::saved(&app);
    let described = |b: &Breakpoint| {
        let Breakpoint { spec, enabled, ignore, groups, .. } = b;
        format!("{spec:?}, enabled: {enabled}, ignore: {ignore}, {groups:?}, {:?}", app.hooks.of(b.id))
    };
    let breakpoints = app.debugger.breakpoints().iter().map(described).collect();
    if let Some(line) = kept_lines.last() {
        let names = SharedNames::default();
        complete::gather(&mut app, &names);
        _ = CommandCompleter(names).complete(line, line.len());
    }
    drop(app);
    let output = String::from_utf8_lossy(&kept.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned();
    Ok(Done { output, saved, breakpoints })
}
