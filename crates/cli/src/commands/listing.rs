//! `list` and `disassemble`.

use freezeframe_engine::LocationSpec;

use super::{Answer, Call, Command, Repeat, Words};
use crate::{
    app::{App, Listing},
    error::CliError,
    json::{DisassemblyView, Reply, SourceView},
    views,
};

/// Lines that `list` shows.
const LINES: u32 = 10;
/// A longer function is shown around the current instruction only.
const MOST_INSTRUCTIONS: usize = 300;
const INSTRUCTIONS_AROUND: usize = 40;

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        &["list", "l", "source list"],
        "list [LOCATION | FIRST,LAST | -]",
        "Show source.\n\
         That is: around a location, or going on from where the last one ended; `-` goes backwards.\n\
         Without a location it begins where the program stands, or at `main` when it doesn't stand anywhere.",
        list,
    )
    .words(Words::Location)
    .repeat(Repeat::Bare("list")),
    Command::new(
        &["disassemble", "disas"],
        "disassemble [LOCATION]",
        "Show the instructions of a function.\n\
         It is the selected frame's, or the one at a location.",
        disassemble,
    )
    .words(Words::Location),
];

/// The file of `main`, which is looked at as long as the program stands nowhere.
pub fn main_file(app: &mut App) -> Option<String> {
    main_position(app).map(|(path, _)| path)
}

fn main_position(app: &mut App) -> Option<(String, u32)> {
    let (id, entry) = (app.guest?, super::running::entry(app).ok()?);
    let (_, _, at) = app.debugger.find(id, &entry).ok()?;
    at.map(|at| (at.path.to_string(), at.line))
}

fn list(app: &mut App, call: &Call<'_>) -> Answer {
    let (path, first, last) = match (call.rest, app.listing.clone()) {
        ("", Some(listing)) => (listing.path, listing.shown.1 + 1, listing.shown.1.saturating_add(LINES)),
        ("", None) => {
            let here = app.selected().and_then(|f| f.position).map(|at| (at.path.to_string(), at.line));
            let (path, line) = here.or_else(|| main_position(app)).ok_or_else(|| {
                CliError::Other("there is no source to show here; give a location: `list FILE:LINE`".to_owned())
            })?;
            around(path, line)
        }
        ("-", Some(listing)) if listing.shown.0 > 1 => {
            let last = listing.shown.0 - 1;
            (listing.path, last.saturating_sub(LINES - 1).max(1), last)
        }
        ("-", Some(_)) => return Err(CliError::Other("these are the first lines of the file".to_owned())),
        ("-", None) => return Err(CliError::Other("nothing was listed yet; use `list` first".to_owned())),
        (text, _) => wanted(app, call, text)?,
    };
    show(app, path, first, last)
}

fn around(path: String, line: u32) -> (String, u32, u32) {
    let first = line.saturating_sub(LINES / 2).max(1);
    (path, first, first + LINES - 1)
}

/// `FIRST,LAST` or a location.
fn wanted(app: &mut App, call: &Call<'_>, text: &str) -> Result<(String, u32, u32), CliError> {
    if let Some((first, last)) = text.split_once(',')
        && let Ok(last) = last.trim().parse::<u32>()
    {
        let (path, line) = place(app, call, first.trim())?;
        return match line <= last {
            true => Ok((path, line, last)),
            false => Err(call.usage("the last line comes before the first")),
        };
    }
    let (path, line) = place(app, call, text)?;
    Ok(around(path, line))
}

/// The file and line of a location. Lines without code can be shown as well.
fn place(app: &mut App, call: &Call<'_>, text: &str) -> Result<(String, u32), CliError> {
    let id = app.any_guest()?;
    let location = app.location(text)?;
    if let LocationSpec::Line { file, line } = &location {
        let modules = app.debugger.modules(id)?;
        let mut found = modules.iter().flat_map(|(_, _, symbols)| {
            symbols.find_files(file).into_iter().filter_map(|f| symbols.files().get(f.0 as usize))
        });
        if let Some(found) = found.next() {
            return Ok((found.path.to_string(), *line));
        }
    }
    match app.debugger.find(id, &location)? {
        (_, _, Some(at)) => Ok((at.path.to_string(), at.line)),
        _ => Err(call.usage(format!("no line is known for `{text}`"))),
    }
}

fn show(app: &mut App, path: String, first: u32, last: u32) -> Answer {
    let Some(mut snippet) = app.sources.lines(&path, first, last) else {
        let message = app.sources.explain_missing(&path);
        let message = message.unwrap_or_else(|| format!("no source file {path}"));
        return Err(CliError::Other(message));
    };
    if snippet.lines.is_empty() {
        return Err(CliError::Other(format!("{} has no line {first}", app.sources.shown(&path))));
    }
    let last = first + u32::try_from(snippet.lines.len()).unwrap_or(1) - 1;
    let current = app.selected().and_then(|f| f.position).filter(|at| *at.path == *path).map(|at| at.line);
    snippet.marked = current.filter(|line| (first..=last).contains(line));
    app.listing = Some(Listing { path: path.clone(), shown: (first, last) });
    Ok(Some(Reply::Source(SourceView {
        file: path,
        first,
        lines: snippet.lines.clone(),
        current: snippet.marked,
        snippet,
    })))
}

fn disassemble(app: &mut App, call: &Call<'_>) -> Answer {
    let id = app.any_guest()?;
    let location = match call.rest {
        "" => None,
        text => Some(app.location(text)?),
    };
    if location.is_none() {
        app.stopped_guest()?;
    }
    let frame = app.frame_for_values();
    let (function, all) = app.debugger.disassemble(id, frame, location.as_ref())?;
    let pc = app.selected().map(|f| f.pc).filter(|pc| all.iter().any(|i| i.pc == *pc));
    let (mut from, mut to) = (0, all.len());
    if all.len() > MOST_INSTRUCTIONS {
        let at = pc.and_then(|pc| all.iter().position(|i| i.pc == pc)).unwrap_or(0);
        from = at.saturating_sub(INSTRUCTIONS_AROUND);
        to = (at + INSTRUCTIONS_AROUND).min(all.len());
    }
    Ok(Some(Reply::Disassembly(DisassemblyView {
        function,
        instructions: all[from..to].iter().map(views::instruction).collect(),
        omitted: (from, all.len() - to),
        pc: pc.map(|pc| pc.0),
    })))
}
