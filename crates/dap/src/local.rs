//! Guests of files on this machine, by the host.

use std::sync::Arc;

use freezeframe_debuggee::Debuggee;
use freezeframe_host::{DebugFileFinder, IndexCache, LaunchOptions, MappedDir, Output, Program, Stdin, Stream, launch};
use freezeframe_symbols::IndexStore;

use crate::{
    launch::{DebugFiles, LaunchArguments, Opened, Opener},
    output::Decoder,
    transport::outbox::Outbox,
};

struct Guest {
    program: Program,
    options: LaunchOptions,
    indexes: Option<Arc<IndexCache>>,
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
}

/// Opens files on this machine.
pub fn opener() -> Opener {
    let indexes = IndexCache::of_user();
    Arc::new(move |arguments, outbox| {
        let options = options(arguments, outbox)?;
        let program = Program::open(&arguments.absolute(&arguments.program)).map_err(|e| e.to_string())?;
        Ok(Box::new(Guest { program, options, indexes: indexes.clone() }))
    })
}

fn options(arguments: &LaunchArguments, outbox: Outbox) -> Result<LaunchOptions, String> {
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
        output: output(outbox),
    })
}

fn output(outbox: Outbox) -> Output {
    let decoders = (Decoder::default(), Decoder::default());
    Output::new(move |stream, bytes| {
        let (category, decoder) = match stream {
            Stream::Stdout => ("stdout", &decoders.0),
            Stream::Stderr => ("stderr", &decoders.1),
        };
        let text = decoder.text(bytes);
        if !text.is_empty() {
            // Without a client nobody wants to know; the guest isn't disturbed by that.
            outbox.output(category, &text);
        }
        Ok(())
    })
    // A person wants to see each line as it is printed, not when the guest's buffer is full.
    .terminal(true)
}
