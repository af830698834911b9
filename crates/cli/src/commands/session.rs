//! The debugger itself.

use std::path::PathBuf;

use super::{Answer, Call, Command, Words};
use crate::{app::App, error::CliError, json::Reply};

pub(super) const COMMANDS: &[Command] = &[
    Command::new(&["help", "h"], "help [COMMAND]", "List the commands, or tell about one of them.", help)
        .words(Words::Command),
    Command::new(&["directory", "dir"], "directory DIR", "Look for source files in this folder too.", directory),
    Command::new(
        &["set substitute-path"],
        "set substitute-path FROM TO",
        "Take a source path that begins with FROM for one that begins with TO.",
        substitute,
    ),
    Command::new(
        &["source", "command source"],
        "source FILE",
        "Run the debugger commands of a file; `#` begins a comment.",
        source,
    ),
    Command::new(&["echo"], "echo TEXT", "Print a text.", echo),
    Command::new(&["quit", "q", "exit"], "quit", "End the debugger, and the program if it hasn't finished.", quit),
];

fn help(_: &mut App, call: &Call<'_>) -> Answer {
    Ok(Some(Reply::Help(match call.rest {
        "" => super::help(),
        name => super::help_on(super::resolve(name)?.command),
    })))
}

fn directory(app: &mut App, call: &Call<'_>) -> Answer {
    if call.rest.is_empty() {
        return Err(call.usage("expected a folder"));
    }
    let folder = PathBuf::from(call.rest);
    if !folder.is_dir() {
        return Err(CliError::Other(format!("{} is no folder", folder.display())));
    }
    app.sources.add_folder(folder);
    Ok(None)
}

fn substitute(app: &mut App, call: &Call<'_>) -> Answer {
    let mut words = call.rest.split_whitespace();
    let (Some(from), Some(to), None) = (words.next(), words.next(), words.next()) else {
        return Err(call.usage("expected what paths begin with, and what to put in its place"));
    };
    app.sources.add_remap(from.to_owned(), to.to_owned());
    Ok(None)
}

fn source(app: &mut App, call: &Call<'_>) -> Answer {
    if call.rest.is_empty() {
        return Err(call.usage("expected a file"));
    }
    app.source_file(call.rest)?;
    Ok(None)
}

fn echo(_: &mut App, call: &Call<'_>) -> Answer {
    Ok(Some(Reply::Message(format!("{}\n", call.rest.replace("\\n", "\n").trim_end_matches('\n')))))
}

fn quit(app: &mut App, call: &Call<'_>) -> Answer {
    call.no_arguments()?;
    app.quit = true;
    Ok(None)
}
