//! What the program is made of.

use super::{Answer, Call, Command, Words};
use crate::{
    app::App,
    error::CliError,
    json::{LineView, ListView, Reply, SourceFileView},
    views,
};

/// Longer lists are cut.
const MOST: usize = 200;

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        &["info functions"],
        "info functions [PART]",
        "List functions; with PART, those whose name contains it.",
        functions,
    )
    .words(Words::Function),
    Command::new(
        &["info sources"],
        "info sources [PART]",
        "List source files; with PART, those whose path contains it.",
        sources,
    )
    .words(Words::SourceFile),
    Command::new(
        &["info modules", "image list", "info sharedlibrary"],
        "info modules",
        "List the modules and what is known about them.",
        modules,
    ),
    Command::new(&["info line"], "info line [LOCATION]", "Show where the code of a line or function begins.", line)
        .words(Words::Location),
    Command::new(
        &["info wasm", "info registers", "register read"],
        "info wasm",
        "Show the Wasm machine in the selected frame.\n\
         That is: its locals and operand stack, and its instance's globals and memories.",
        wasm,
    ),
];

fn functions(app: &mut App, call: &Call<'_>) -> Answer {
    let id = app.any_guest()?;
    let filter = Some(call.rest).filter(|f| !f.is_empty());
    let functions = app.debugger.functions(id, filter)?;
    let more = functions.len().saturating_sub(MOST);
    let items = functions.iter().take(MOST).map(|f| views::function(f, &mut app.sources)).collect();
    Ok(Some(Reply::Functions(ListView { items, more })))
}

fn sources(app: &mut App, call: &Call<'_>) -> Answer {
    let id = app.any_guest()?;
    let mut paths: Vec<String> = Vec::new();
    for (_, _, symbols) in app.debugger.modules(id)? {
        let files = symbols.files().iter().map(|f| f.path.to_string());
        paths.extend(files.filter(|path| path.contains(call.rest)));
    }
    paths.sort_unstable();
    paths.dedup();
    // What can be shown comes first.
    paths.sort_by_key(|path| app.sources.get(path).is_none());
    let more = paths.len().saturating_sub(MOST);
    paths.truncate(MOST);
    let items = paths.into_iter().map(|file| {
        let found = app.sources.get(&file).map(|_| app.sources.shown(&file));
        SourceFileView { file, found }
    });
    let items = items.collect();
    Ok(Some(Reply::Sources(ListView { items, more })))
}

fn modules(app: &mut App, call: &Call<'_>) -> Answer {
    call.no_arguments()?;
    let id = app.any_guest()?;
    let modules = app.debugger.modules(id)?;
    let views = modules.into_iter().map(|(number, name, symbols)| views::module(number.0, name, &symbols));
    Ok(Some(Reply::Modules(views.collect())))
}

fn line(app: &mut App, call: &Call<'_>) -> Answer {
    let id = app.any_guest()?;
    let (module, pc, position) = match (call.rest, app.selected()) {
        ("", Some(frame)) => (frame.module, frame.pc, frame.position),
        ("", None) => return Err(CliError::NotRun),
        (text, _) => {
            let location = app.location(text)?;
            app.debugger.find(id, &location)?
        }
    };
    let modules = app.debugger.modules(id)?;
    let symbols = modules.iter().find(|(number, ..)| *number == module).map(|(_, _, symbols)| symbols);
    let function = symbols.and_then(|s| s.frames_at(pc).into_iter().next()).map(|f| f.function);
    Ok(Some(Reply::Line(LineView {
        shown_file: position.as_ref().map(|at| app.sources.shown(&at.path)).unwrap_or_default(),
        file: position.as_ref().map(|at| at.path.to_string()),
        line: position.as_ref().map(|at| at.line),
        function,
        module: module.0,
        pc: pc.0,
    })))
}

fn wasm(app: &mut App, call: &Call<'_>) -> Answer {
    call.no_arguments()?;
    let id = app.stopped_guest()?;
    let state = app.debugger.wasm_state(id, app.frame)?;
    Ok(Some(Reply::Wasm(Box::new(views::wasm(state)))))
}
