//! Guests of files on this machine, by the host.

use std::sync::Arc;

use freezeframe_debuggee::Debuggee;
use freezeframe_host::{
    DebugFileFinder, IndexCache, Input, LaunchOptions, MappedDir, Output, Program, Stdin, Stream, launch,
};
use freezeframe_symbols::IndexStore;

use crate::{
    launch::{DebugFiles, Ends, LaunchArguments, Opened, Opener},
    output::Decoder,
    panics::Tail,
    terminal::Terminal,
    transport::outbox::Outbox,
};

struct Guest {
    program: Program,
    options: LaunchOptions,
    indexes: Option<Arc<IndexCache>>,
    errors: Tail,
    terminal: Option<Terminal>,
}

impl Opened for Guest {
    fn start(&self) -> Result<Box<dyn Debuggee>, String> {
        launch(&self.program, self.options.clone()).map_err(|e| e.to_string())
    }

    fn debug_files(&self) -> DebugFiles {
        let files = DebugFileFinder::beside(self.program.path());
        Box::new(move |path| files.find(path))
    }

    fn indexes(&self) -> Option<Arc<dyn IndexStore>> {
        Some(self.indexes.clone()?)
    }

    fn errors(&self) -> Tail {
        self.errors.clone()
    }

    fn over(&self) {
        if let Some(terminal) = &self.terminal {
            terminal.close();
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.over();
    }
}

/// Opens files on this machine.
pub fn opener() -> Opener {
    let indexes = IndexCache::of_user();
    Arc::new(move |arguments, Ends { outbox, terminal, progress }| {
        // What is wrong with the arguments is said before anything is waited for.
        let mut options = options(arguments)?;
        let step = |what: &str| progress.iter().for_each(|progress| progress.step(what));
        step("compiling");
        let program = Program::open(&arguments.absolute(&arguments.program)).map_err(|e| e.to_string())?;
        let terminal = terminal.map(|terminal| {
            step("waiting for the editor's terminal");
            terminal.wait()
        });
        let terminal = terminal.transpose()?;
        if let (Some(terminal), None) = (&terminal, &arguments.stdin) {
            let terminal = terminal.clone();
            options.stdin = Stdin::Input(Input::new(move |into| Ok(terminal.read(into))));
        }
        let errors = Tail::default();
        options.output = output(outbox, errors.clone(), terminal.clone());
        Ok(Box::new(Guest { program, options, errors, terminal, indexes: indexes.clone() }))
    })
}

/// What the arguments say; the output goes nowhere.
fn options(arguments: &LaunchArguments) -> Result<LaunchOptions, String> {
    let mut dirs = Vec::new();
    for dir in &arguments.dirs {
        let (host, guest) = dir.split_once("::").unwrap_or((dir, dir));
        if host.is_empty() || guest.is_empty() {
            return Err(format!("`dirs` has {dir:?}; write HOST or HOST::GUEST"));
        }
        dirs.push(MappedDir { host: arguments.absolute(host.as_ref()), guest: guest.to_owned() });
    }
    let env = arguments.env.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
    let (args, invoke) = match &arguments.invoke {
        Some(name) => (Vec::new(), Some((name.clone(), arguments.args.clone()))),
        None => (arguments.args.clone(), None),
    };
    Ok(LaunchOptions {
        args,
        env: env.collect(),
        dirs,
        stdin: arguments.stdin.as_ref().map_or(Stdin::Empty, |path| Stdin::File(arguments.absolute(path))),
        invoke,
        output: Output::new(|_, _| Ok(())),
    })
}

fn output(outbox: Outbox, errors: Tail, terminal: Option<Terminal>) -> Output {
    let decoders = (Decoder::default(), Decoder::default());
    Output::new(move |stream, bytes| {
        let (category, decoder) = match stream {
            Stream::Stdout => ("stdout", &decoders.0),
            Stream::Stderr => ("stderr", &decoders.1),
        };
        let text = decoder.text(bytes);
        let error = stream == Stream::Stderr;
        if error {
            errors.push(&text);
        }
        let shown = terminal.as_ref().is_some_and(|terminal| terminal.write(error, bytes));
        if !shown && !text.is_empty() {
            // Without a client nobody wants to know; the guest isn't disturbed by that.
            outbox.output(category, &text);
        }
        Ok(())
    })
    // A person wants to see each line as it is printed, not when the guest's buffer is full.
    .terminal(true)
}
