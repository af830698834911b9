//! Breakpoints.

use freezeframe_engine::{BreakpointId, BreakpointSpec, LocationSpec};

use super::{Answer, Call, Command, Words, split_word};
use crate::{app::App, error::CliError, json::Reply, views};

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        &["break", "b", "br"],
        "break [FILE:LINE | LINE | FUNCTION | *ADDRESS] [if CONDITION]",
        "Stop at a line, a function or an instruction.\n\
         FILE is any end of a source file's path. A line without code moves to the next one that has some. Without a\n\
         location it is the line where the program stands.",
        |app, call| set(app, call, false),
    )
    .words(Words::Location),
    Command::new(
        &["tbreak", "tb", "tbr"],
        "tbreak [LOCATION] [if CONDITION]",
        "Stop there once: a breakpoint that is gone after its first hit.",
        |app, call| set(app, call, true),
    )
    .words(Words::Location),
    Command::new(
        &["breakpoint set"],
        "breakpoint set (-n FUNCTION | -f FILE -l LINE | -l LINE | -a ADDRESS) [-c CONDITION] [-o]",
        "LLDB's way to write `break`.\n\
         -n, --name; -f, --file; -l, --line; -a, --address; -c, --condition (the rest of the line); -o, --one-shot.",
        set_lldb,
    )
    .words(Words::Location),
    Command::new(
        &["info breakpoints", "info break", "breakpoint list"],
        "info breakpoints",
        "List the breakpoints with their places and hits.",
        list,
    ),
    Command::new(
        &["delete", "d", "del", "breakpoint delete"],
        "delete [N]…",
        "Remove breakpoints; without numbers, all.",
        delete,
    ),
    Command::new(
        &["disable", "dis", "breakpoint disable"],
        "disable [N]…",
        "Let breakpoints stop nothing for a while; without numbers, all.",
        |app, call| enable(app, call, false),
    ),
    Command::new(
        &["enable", "en", "breakpoint enable"],
        "enable [N]…",
        "Let breakpoints stop the program again; without numbers, all.",
        |app, call| enable(app, call, true),
    ),
    Command::new(
        &["condition", "cond"],
        "condition N [EXPRESSION]",
        "Let a breakpoint stop only when an expression is true.\n\
         Without an expression it always does again.",
        condition,
    )
    .words(Words::Expression),
    Command::new(
        &["catch"],
        "catch exception [off] | catch trap",
        "Stop when an exception is thrown, or no more.\n\
         Traps always stop the program, with its stack intact.",
        catch,
    )
    .words(Words::OneOf(&["exception", "trap"])),
];

fn reply(app: &mut App, id: BreakpointId) -> Answer {
    let view = views::breakpoint(app.debugger.breakpoint(id)?, &mut app.sources);
    Ok(Some(Reply::Breakpoint(view)))
}

fn add(app: &mut App, location: LocationSpec, condition: Option<String>, one_shot: bool) -> Answer {
    let id = app.debugger.add_breakpoint(BreakpointSpec { location, condition, one_shot }, false)?;
    reply(app, id)
}

fn set(app: &mut App, call: &Call<'_>, one_shot: bool) -> Answer {
    let (location, condition) = split_condition(call.rest);
    if condition.is_some_and(str::is_empty) {
        return Err(call.usage("expected a condition after `if`"));
    }
    let location = match location {
        "" => here(app)?,
        text => app.location(text)?,
    };
    add(app, location, condition.map(str::to_owned), one_shot)
}

/// Where the program stands.
fn here(app: &mut App) -> Result<LocationSpec, CliError> {
    match app.selected() {
        Some(frame) => Ok(match frame.position {
            Some(at) => LocationSpec::Line { file: at.path.to_string(), line: at.line },
            None => LocationSpec::Address(frame.pc.0),
        }),
        None => Err(CliError::Other("there is no current place; give a location: `break FUNCTION`".to_owned())),
    }
}

/// `LOCATION if CONDITION`
fn split_condition(text: &str) -> (&str, Option<&str>) {
    if let Some(condition) = text.strip_prefix("if ") {
        return ("", Some(condition.trim()));
    }
    match text.split_once(" if ") {
        Some((location, condition)) => (location.trim(), Some(condition.trim())),
        None if text.ends_with(" if") => (text[..text.len() - 3].trim(), Some("")),
        None => (text, None),
    }
}

fn set_lldb(app: &mut App, call: &Call<'_>) -> Answer {
    let (mut name, mut file, mut line, mut address, mut condition) = (None, None, None, None, None);
    let mut one_shot = false;
    let mut rest = call.rest;
    while !rest.is_empty() {
        let (option, after) = split_word(rest);
        let (value, after_value) = split_word(after);
        let wanted = match option {
            "-o" | "--one-shot" => {
                one_shot = true;
                // LLDB takes a value, which may be left out here.
                rest = if matches!(value, "true" | "1") { after_value } else { after };
                continue;
            }
            "-c" | "--condition" => {
                condition = Some(unquoted(after).to_owned());
                break;
            }
            "-n" | "--name" => &mut name,
            "-f" | "--file" => &mut file,
            "-l" | "--line" => &mut line,
            "-a" | "--address" => &mut address,
            other => return Err(call.usage(format!("unexpected `{other}`"))),
        };
        if value.is_empty() {
            return Err(call.usage(format!("`{option}` needs a value")));
        }
        *wanted = Some(unquoted(value));
        rest = after_value;
    }
    let location = match (name, file, line, address) {
        (Some(name), None, None, None) => LocationSpec::Function(name.to_owned()),
        (None, Some(file), Some(line), None) => LocationSpec::parse(&format!("{file}:{line}"), None)?,
        (None, None, Some(line), None) => app.location(line)?,
        (None, None, None, Some(address)) => LocationSpec::parse(&format!("*{address}"), None)?,
        _ => return Err(call.usage("expected one of -n, -l (with -f) and -a")),
    };
    add(app, location, condition, one_shot)
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inner = |quote: char| text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

fn list(app: &mut App, call: &Call<'_>) -> Answer {
    call.no_arguments()?;
    let App { debugger, sources, .. } = app;
    let views = debugger.breakpoints().iter().map(|b| views::breakpoint(b, sources)).collect();
    Ok(Some(Reply::Breakpoints(views)))
}

/// The breakpoints that a command is about: those named, else all. None of them is touched when one doesn't exist.
fn chosen(app: &App, call: &Call<'_>) -> Result<Vec<BreakpointId>, CliError> {
    if call.rest.is_empty() {
        return Ok(app.debugger.breakpoints().iter().map(|b| b.id).collect());
    }
    let words = call.rest.split([' ', ',', '\t']).filter(|w| !w.is_empty());
    words
        .map(|word| match word.parse() {
            Ok(number) => Ok(app.debugger.breakpoint(BreakpointId(number))?.id),
            Err(_) => Err(call.usage(format!("`{word}` is no number of a breakpoint (see `info breakpoints`)"))),
        })
        .collect()
}

fn delete(app: &mut App, call: &Call<'_>) -> Answer {
    let ids = chosen(app, call)?;
    if call.rest.is_empty() && !ids.is_empty() && !app.confirm("Delete all breakpoints?") {
        return Err(CliError::NotConfirmed);
    }
    for id in &ids {
        app.debugger.remove_breakpoint(*id)?;
    }
    Ok(Some(Reply::Message(done(&ids, "deleted"))))
}

fn enable(app: &mut App, call: &Call<'_>, enabled: bool) -> Answer {
    let ids = chosen(app, call)?;
    for id in &ids {
        app.debugger.enable_breakpoint(*id, enabled)?;
    }
    Ok(Some(Reply::Message(done(&ids, if enabled { "enabled" } else { "disabled" }))))
}

fn done(ids: &[BreakpointId], what: &str) -> String {
    let numbers = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match ids.len() {
        0 => "no breakpoints".to_owned(),
        1 => format!("breakpoint {numbers} {what}"),
        _ => format!("breakpoints {numbers} {what}"),
    }
}

fn condition(app: &mut App, call: &Call<'_>) -> Answer {
    let (number, condition) = split_word(call.rest);
    let Ok(number) = number.parse() else { return Err(call.usage("expected the number of a breakpoint")) };
    let id = BreakpointId(number);
    app.debugger.set_condition(id, Some(condition.to_owned()).filter(|c| !c.is_empty()))?;
    reply(app, id)
}

fn catch(app: &mut App, call: &Call<'_>) -> Answer {
    let message = match call.rest {
        "trap" | "traps" => "traps always stop the program, with its stack intact",
        "exception" | "exceptions" | "throw" => {
            app.debugger.catch_exceptions(true);
            "the program stops when an exception is thrown; `catch exception off` undoes it"
        }
        "exception off" | "exceptions off" | "throw off" => {
            app.debugger.catch_exceptions(false);
            "exceptions don't stop the program any more"
        }
        _ => return Err(call.usage("expected `exception` or `trap`")),
    };
    Ok(Some(Reply::Message(message.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_split_off() {
        assert_eq!(split_condition("a.c:3 if i == 2"), ("a.c:3", Some("i == 2")));
        assert_eq!(split_condition("if x"), ("", Some("x")));
        assert_eq!(split_condition("f if"), ("f", Some("")));
        assert_eq!(split_condition("iffy"), ("iffy", None));
    }

    #[test]
    fn quotes_are_taken_away() {
        assert_eq!(unquoted("\"i == 2\""), "i == 2");
        assert_eq!(unquoted("'x"), "'x");
    }
}
