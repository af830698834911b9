//! The stack and the selected frame.

use freezeframe_engine::Limits;

use super::{Answer, Call, Command, Repeat, Words};
use crate::{
    app::App,
    error::CliError,
    json::{Reply, StackView},
    views,
};

/// Enough for all but runaway recursion.
const FRAMES: usize = 50;
/// In a stack, records are `{…}`: their place is a line.
const BRIEF: Limits = Limits { depth: 0, elements: 4, text: 40 };

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        &["backtrace", "bt", "where", "info stack", "thread backtrace"],
        "backtrace [full] [N]",
        "Show the stack, innermost frame first.\n\
         With `full`, with the locals of each frame; with N, at most so many frames.",
        backtrace,
    )
    .words(Words::OneOf(&["full"])),
    Command::new(
        &["frame", "f", "info frame", "frame select", "frame info"],
        "frame [N]",
        "Select frame N, or show the selected one.",
        frame,
    ),
    Command::new(
        &["frame function"],
        "frame function NAME",
        "Select the next frame of a function outwards from the selected one.\n\
         Without one there, the innermost of that function.",
        frame_of,
    )
    .words(Words::Function),
    Command::new(&["up"], "up [N]", "Select the caller's frame, N times.", |app, call| relative(app, call, true))
        .repeat(Repeat::Same),
    Command::new(&["down"], "down [N]", "Select the frame called from here, N times.", |app, call| {
        relative(app, call, false)
    })
    .repeat(Repeat::Same),
];

fn backtrace(app: &mut App, call: &Call<'_>) -> Answer {
    let mut full = false;
    let mut most = FRAMES;
    for word in call.rest.split_whitespace() {
        match (word, word.parse::<usize>()) {
            ("full", _) => full = true,
            ("-c" | "all", _) => {}
            (_, Ok(count)) if count > 0 => most = count,
            _ => return Err(call.usage(format!("unexpected `{word}`"))),
        }
    }
    let id = app.stopped_guest()?;
    let (mut frames, mut more) = app.debugger.stack(id, u32::try_from(most).unwrap_or(u32::MAX))?;
    // Inlined frames are beside the Wasm frames that were asked for.
    more |= frames.len() > most;
    frames.truncate(most);
    let several_modules = frames.iter().any(|f| f.module != frames[0].module);
    let mut views = Vec::with_capacity(frames.len());
    for frame in &frames {
        let mut view = views::frame(frame, &mut app.sources);
        if frame.position.is_some() {
            view.arguments = Some(views::variables(app.debugger.arguments(id, frame.index, BRIEF)?));
            if full {
                view.locals = Some(views::variables(app.debugger.locals(id, frame.index, Limits::default())?));
            }
        }
        views.push(view);
    }
    Ok(Some(Reply::Stack(StackView { frames: views, more, selected: app.frame, several_modules })))
}

fn frame(app: &mut App, call: &Call<'_>) -> Answer {
    if !call.rest.is_empty() {
        let Ok(index) = call.rest.parse() else {
            return Err(call.usage(format!("`{}` is no number of a frame (see `backtrace`)", call.rest)));
        };
        select(app, index)?;
    }
    Ok(Some(app.frame_reply()?))
}

fn frame_of(app: &mut App, call: &Call<'_>) -> Answer {
    if call.rest.is_empty() {
        return Err(call.usage("expected the name of a function"));
    }
    let id = app.stopped_guest()?;
    // The whole stack, also behind a runaway recursion: to ask for a function is to say that it's there.
    let (frames, _) = app.debugger.stack(id, u32::MAX)?;
    let wanted = |frame: &&freezeframe_engine::StackFrame| frame.is_of(call.rest);
    let further = frames.iter().skip(app.frame.saturating_add(1)).find(wanted);
    let Some(found) = further.or_else(|| frames.iter().find(wanted)).map(|frame| frame.index) else {
        return Err(CliError::Other(format!(
            "no frame of the stack is of a function `{}` (`backtrace` shows them)",
            call.rest
        )));
    };
    select(app, found)?;
    Ok(Some(app.frame_reply()?))
}

fn relative(app: &mut App, call: &Call<'_>, up: bool) -> Answer {
    let count = call.count()?.unwrap_or(1) as usize;
    let id = app.stopped_guest()?;
    if !up && app.frame == 0 {
        return Err(CliError::Other("the innermost frame is selected; there is none further down".to_owned()));
    }
    // As far as there are frames.
    let mut index = if up { app.frame.saturating_add(count) } else { app.frame.saturating_sub(count) };
    if let Err(freezeframe_engine::EngineError::NoFrame(_, last)) = app.debugger.frame(id, index) {
        if app.frame == last {
            return Err(CliError::Other("the outermost frame is selected; there is none further up".to_owned()));
        }
        index = last;
    }
    select(app, index)?;
    Ok(Some(app.frame_reply()?))
}

fn select(app: &mut App, index: usize) -> Result<(), CliError> {
    let id = app.stopped_guest()?;
    app.debugger.frame(id, index)?;
    app.frame = index;
    app.listing = None;
    Ok(())
}
