//! Opening and launching guests by the host.

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    sync::Arc,
};

use freezeframe_debuggee::{Bytes, Debuggee};
use freezeframe_host::{
    DebugFileFinder, HostError, IndexCache, LaunchOptions, MappedDir, Output, Program, ProgramKind, Stream, launch,
};
pub use freezeframe_host::{Speed, Stdin};
use freezeframe_symbols::IndexStore;

use crate::{
    args::GuestArgs,
    console::{Console, GuestStream},
    launch::{DebugFiles, Launch, LaunchError},
    patience::Patience,
};

/// A guest that was opened, and how to start it: any number of times.
pub struct Guest {
    program: Program,
    options: LaunchOptions,
    debug_files: DebugFileFinder,
}

impl Guest {
    /// Opens a guest by `open`; it reads `stdin` unless a file is named.
    ///
    /// # Errors
    /// A file that can't be read, or that is no guest.
    pub fn open(
        args: &GuestArgs,
        open: impl FnOnce(&Path) -> Result<Program, HostError>,
        stdin: Stdin,
        console: &Console,
    ) -> Result<Self, LaunchError> {
        let program =
            patiently(&args.guest, console, || open(&args.guest))?.trapping_unknown_imports(args.trap_unknown_imports);
        let stdin = args.stdin.clone().map_or(stdin, Stdin::File);
        let (guest_args, invoke) = match &args.invoke {
            Some(name) => (Vec::new(), Some((name.clone(), args.guest_args.clone()))),
            None => (args.guest_args.clone(), None),
        };
        let dirs = args.dirs.iter().map(|d| MappedDir { host: d.host.clone(), guest: d.guest.clone() });
        let options = LaunchOptions {
            args: guest_args,
            env: args.env.clone(),
            dirs: dirs.collect(),
            stdin,
            invoke,
            output: output(console.clone()),
        };
        let debug_files = DebugFileFinder::new(&args.guest, &args.symbols)?;
        Ok(Self { program, options, debug_files })
    }

    /// Opens a guest only to look at it: it gets nothing and is never resumed.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn open_to_look(path: &Path, symbols: &[PathBuf], console: &Console) -> Result<Self, LaunchError> {
        let program = patiently(path, console, || Program::open(path))?;
        let options = LaunchOptions { output: output(console.clone()), ..LaunchOptions::default() };
        let debug_files = DebugFileFinder::new(path, symbols)?;
        Ok(Self { program, options, debug_files })
    }
}

impl Launch for Guest {
    fn launch(&self) -> Result<Box<dyn Debuggee>, LaunchError> {
        Ok(launch(&self.program, self.options.clone())?)
    }

    fn path(&self) -> &Path {
        self.program.path()
    }

    fn debug_files(&self) -> DebugFiles {
        let files = self.debug_files.clone();
        Box::new(move |path| files.find(path))
    }

    fn indexes(&self) -> Option<Arc<dyn IndexStore>> {
        IndexCache::of_user().map(|indexes| indexes as Arc<dyn IndexStore>)
    }

    fn given_debug_files(&self) -> Vec<Bytes> {
        self.debug_files.given.clone()
    }

    fn is_native(&self) -> bool {
        self.program.speed() == Speed::Native
    }

    fn fell_back(&self) -> Option<String> {
        self.program.fell_back()
    }

    fn is_component(&self) -> bool {
        self.program.kind() == ProgramKind::Component
    }

    fn invoked(&self) -> Option<&str> {
        self.options.invoke.as_ref().map(|(name, _)| name.as_str())
    }
}

fn output(console: Console) -> Output {
    Output::new(move |stream, bytes| {
        let stream = match stream {
            Stream::Stdout => GuestStream::Stdout,
            Stream::Stderr => GuestStream::Stderr,
        };
        console.guest(stream, bytes)
    })
    // On a terminal a person wants to see each line as it is printed, not when the guest's buffer is full.
    .terminal(std::io::stdout().is_terminal())
}

/// Compiles; a person who waits sees that.
fn patiently<R>(path: &Path, console: &Console, work: impl FnOnce() -> R) -> R {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let _shown = Patience::new(console, "compiling for debugging:", &name, None);
    work()
}
