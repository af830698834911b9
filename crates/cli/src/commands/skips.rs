//! What steps pass by.

use std::fmt::Write as _;

use freezeframe_engine::{SkipId, SkipWhat};

use super::{Answer, Call, Command, Words, split_word};
use crate::{app::App, error::CliError, json::Reply};

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        &["skip"],
        "skip [FUNCTION | FILE]",
        "Let steps pass by a function, or all functions of a file.\n\
         Without one it's the selected frame's function. What it calls of the program's own is stopped at all the same. `skip function NAME` and `skip file FILE` say\n\
         which of both is meant. The libraries of compilers (std, libc, libc++ …) are on the list from the start, as 0.",
        skip,
    )
    .words(Words::Location),
    Command::new(&["skip function"], "skip function NAME", "Let steps pass by functions of this name.", |app, call| {
        add(app, SkipWhat::Function(named(call)?))
    })
    .words(Words::Function),
    Command::new(&["skip file"], "skip file FILE", "Let steps pass by all functions of a file.", |app, call| {
        add(app, SkipWhat::File(named(call)?))
    })
    .words(Words::SourceFile),
    Command::new(&["skip delete"], "skip delete N…", "Take entries off the list of what is passed by.", |app, call| {
        change(app, call, "deleted", |app, id| Ok(app.debugger.remove_skip(id)?))
    }),
    Command::new(&["skip disable"], "skip disable N…", "Let steps stop in what entries are for.", |app, call| {
        change(app, call, "disabled", |app, id| Ok(app.debugger.enable_skip(id, false)?))
    }),
    Command::new(&["skip enable"], "skip enable N…", "Let steps pass by what entries are for again.", |app, call| {
        change(app, call, "enabled", |app, id| Ok(app.debugger.enable_skip(id, true)?))
    }),
    Command::new(&["info skip"], "info skip", "List what steps pass by.", |app, call| {
        call.no_arguments()?;
        let mut out = "Num  Enabled  What\n".to_owned();
        for skip in app.debugger.skips() {
            _ = writeln!(out, "{:<4} {:<8} {}", skip.id.0, if skip.enabled { "yes" } else { "no" }, skip.what);
        }
        Ok(Some(Reply::Message(out)))
    }),
];

fn named(call: &Call<'_>) -> Result<String, CliError> {
    match call.rest {
        "" => Err(call.usage("expected a name")),
        name => Ok(name.to_owned()),
    }
}

fn skip(app: &mut App, call: &Call<'_>) -> Answer {
    if call.rest.is_empty() {
        let id = app.stopped_guest()?;
        let function = app.debugger.frame(id, app.frame)?.function;
        return add(app, SkipWhat::Function(function));
    }
    // A file has an extension that a function hasn't: `geometry::area` and `queue.weigh` are functions.
    let id = app.any_guest()?;
    let modules = app.debugger.modules(id)?;
    let file = modules.iter().any(|(_, _, symbols)| !symbols.find_files(call.rest).is_empty());
    let what = if file { SkipWhat::File } else { SkipWhat::Function };
    add(app, what(call.rest.to_owned()))
}

fn add(app: &mut App, what: SkipWhat) -> Answer {
    let text = what.to_string();
    let id = app.debugger.skip(what);
    Ok(Some(Reply::Message(format!("skip {id}: steps pass by {text}"))))
}

fn change(
    app: &mut App,
    call: &Call<'_>,
    done: &str,
    change: impl Fn(&mut App, SkipId) -> Result<(), CliError>,
) -> Answer {
    if call.rest.is_empty() {
        return Err(call.usage("expected the number of an entry (see `info skip`)"));
    }
    let mut rest = call.rest;
    while !rest.is_empty() {
        let (word, after) = split_word(rest);
        rest = after;
        let number =
            word.parse().map_err(|_| call.usage(format!("`{word}` is no number of an entry (see `info skip`)")))?;
        change(app, SkipId(number))?;
    }
    Ok(Some(Reply::Message(format!("skip {} {done}", call.rest))))
}
