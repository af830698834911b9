//! Setting breakpoints: at places, at functions that match a pattern, at events; and log points.

use freezeframe_engine::{BreakpointId, BreakpointSpec, Catch, HitCondition, LocationSpec};

use super::{Answer, Call, Command, Words, split_word};
use crate::{app::App, error::CliError, json::Reply, views};

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        &["break", "b", "br"],
        "break [FILE:LINE | LINE | FUNCTION | *ADDRESS] [hit OP COUNT] [if CONDITION]",
        "Stop at a line, a function or an instruction.\n\
         FILE is any end of a source file's path. A line without code moves to the next one that has some. Without a\n\
         location it is the line where the program stands. `hit >= 3` stops at the third hit and later ones, `hit == 3` at\n\
         that one only, `hit % 10` at every tenth.",
        |app, call| set(app, call, false),
    ).stops()
    .words(Words::Location),
    Command::new(
        &["tbreak", "tb", "tbr"],
        "tbreak [LOCATION] [hit OP COUNT] [if CONDITION]",
        "Stop there once: a breakpoint that is gone after its first stop.",
        |app, call| set(app, call, true),
    ).stops()
    .words(Words::Location),
    Command::new(
        &["rbreak", "rb"],
        "rbreak REGEX",
        "Stop at all functions whose name matches a regular expression.\n\
         They are one breakpoint with many places. The pattern matches anywhere in a name: `^main$` is `main` alone.",
        set_matching,
    ).stops()
    .words(Words::Function),
    Command::new(
        &["logpoint", "log"],
        "logpoint LOCATION TEXT",
        "Print a text at a place, each time the program comes there, and go on.\n\
         `{EXPRESSION}` in it is replaced by a value, or by why there is none; `{{` and `}}` are braces. Conditions are given\n\
         with `condition N` and `hit N`. A location with blanks is put in quotes.",
        set_log,
    ).stops()
    .words(Words::Location),
    Command::new(
        &["breakpoint set"],
        "breakpoint set (-n FUNCTION | -f FILE -l LINE | -l LINE | -a ADDRESS | -r REGEX) [-i COUNT] [-o] [-c CONDITION]",
        "LLDB's way to write `break`.\n\
         -n, --name; -f, --file; -l, --line; -a, --address; -r, --func-regex; -i, --ignore-count; -o, --one-shot;\n\
         -c, --condition (the rest of the line).",
        set_lldb,
    ).stops()
    .words(Words::Location),
    Command::new(
        &["catch"],
        "catch (trap [KIND]… | throw | uncaught | host-error | exit | load) [off]",
        "Stop at events: traps, exceptions, errors of the host, exits, loads.\n\
         Traps, exceptions that nothing catches and errors of host functions stop the program anyway, with its stack\n\
         intact; a catchpoint for them narrows that to the kinds it names, and to none while it's disabled. `off` lets such\n\
         events not stop the program.\n\
         An exit is one that the program asks for; a `main` that returns 0 doesn't.",
        catch,
    ).stops()
    .words(Words::Event),
];

/// A breakpoint as an answer.
pub(super) fn reply(app: &mut App, id: BreakpointId) -> Answer {
    let view = views::breakpoint(app.debugger.breakpoint(id)?, &app.hooks, &mut app.sources);
    Ok(Some(Reply::Breakpoint(view)))
}

/// Sets a breakpoint, which `$bpnum` means from then on; nothing after a failure, lest a script changes another one.
fn add(app: &mut App, spec: BreakpointSpec) -> Result<BreakpointId, CliError> {
    app.hooks.last = None;
    let id = app.debugger.add_breakpoint(spec, false)?;
    app.hooks.last = Some(id);
    Ok(id)
}

fn set(app: &mut App, call: &Call<'_>, one_shot: bool) -> Answer {
    app.hooks.last = None;
    let (location, condition) = split_word_off(call.rest, "if");
    if condition.is_some_and(str::is_empty) {
        return Err(call.usage("expected a condition after `if`"));
    }
    let (location, hits) = split_word_off(location, "hit");
    let hits = hits.map(HitCondition::parse).transpose()?;
    let location = match location {
        "" => here(app)?,
        text => app.location(text)?,
    };
    let condition = condition.map(str::to_owned);
    let id = add(app, BreakpointSpec { condition, hits, one_shot, ..BreakpointSpec::at(location) })?;
    reply(app, id)
}

fn set_matching(app: &mut App, call: &Call<'_>) -> Answer {
    app.hooks.last = None;
    if call.rest.is_empty() {
        return Err(call.usage("expected a regular expression for names of functions"));
    }
    let id = add(app, BreakpointSpec::at(LocationSpec::Matching(call.rest.to_owned())))?;
    reply(app, id)
}

fn set_log(app: &mut App, call: &Call<'_>) -> Answer {
    app.hooks.last = None;
    let (location, text) = match call.rest.strip_prefix('"') {
        None => split_word(call.rest),
        Some(quoted) => quoted.split_once('"').ok_or_else(|| call.usage("the quote of the location isn't closed"))?,
    };
    // `logpoint PLACE "TEXT"` means the text.
    let text = text.trim();
    let text = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    if location.is_empty() || text.is_empty() {
        return Err(call.usage("expected a location and a text"));
    }
    let location = app.location(location)?;
    let id = add(app, BreakpointSpec { log: Some(text.to_owned()), ..BreakpointSpec::at(location) })?;
    reply(app, id)
}

fn catch(app: &mut App, call: &Call<'_>) -> Answer {
    app.hooks.last = None;
    if call.rest.is_empty() {
        return Err(call.usage("expected an event"));
    }
    let (text, off) = match call.rest.strip_suffix("off") {
        Some(text) if text.ends_with(char::is_whitespace) => (text.trim(), true),
        _ => (call.rest, false),
    };
    let wanted = Catch::parse(text)?;
    if off {
        return catch_off(app, wanted);
    }
    let id = add(app, BreakpointSpec::at(LocationSpec::Event(wanted)))?;
    reply(app, id)
}

/// Lets events of a family not stop the program: without catchpoints, or with one that is disabled for those that stop it
/// by default.
fn catch_off(app: &mut App, family: Catch) -> Answer {
    let same = |location: &LocationSpec| matches!(location, LocationSpec::Event(c) if c.same_family(&family));
    let set = app.debugger.breakpoints().iter().filter(|b| same(&b.spec.location)).map(|b| b.id);
    for id in set.collect::<Vec<_>>() {
        app.debugger.remove_breakpoint(id)?;
    }
    app.forget_hooks();
    if !family.by_default() {
        return Ok(Some(Reply::Message(format!("the program doesn't stop for `{family}` any more"))));
    }
    let id = add(app, BreakpointSpec::at(LocationSpec::Event(family)))?;
    app.debugger.enable_breakpoint(id, false)?;
    let message = format!("catchpoint {id} is disabled: such events don't stop the program; `delete {id}` undoes it");
    Ok(Some(Reply::Message(message)))
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

/// `LOCATION if CONDITION`, `LOCATION hit >= 3`: what is before the word and what is behind it.
fn split_word_off<'a>(text: &'a str, word: &str) -> (&'a str, Option<&'a str>) {
    let mut from = 0;
    while let Some(found) = text[from..].find(word) {
        let (at, end) = (from + found, from + found + word.len());
        let (before, after) = (&text[..at], &text[end..]);
        let begins = before.is_empty() || before.ends_with(' ');
        // A bare word is a name.
        let ends = after.starts_with(' ') || after.is_empty() && !before.is_empty();
        if begins && ends {
            return (before.trim(), Some(after.trim()));
        }
        from = end;
    }
    (text, None)
}

fn set_lldb(app: &mut App, call: &Call<'_>) -> Answer {
    let (mut name, mut file, mut line, mut address, mut condition) = (None, None, None, None, None);
    let (mut pattern, mut ignore) = (None, None);
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
            "-r" | "--func-regex" => &mut pattern,
            "-i" | "--ignore-count" => &mut ignore,
            other => return Err(call.usage(format!("unexpected `{other}`"))),
        };
        if value.is_empty() {
            return Err(call.usage(format!("`{option}` needs a value")));
        }
        *wanted = Some(unquoted(value));
        rest = after_value;
    }
    let ignore = match ignore {
        None => 0,
        Some(count) => count.parse().map_err(|_| call.usage(format!("expected a count after -i, not `{count}`")))?,
    };
    let location = match (name, file, line, address, pattern) {
        (Some(name), None, None, None, None) => LocationSpec::Function(name.to_owned()),
        (None, Some(file), Some(line), None, None) => LocationSpec::parse(&format!("{file}:{line}"), None)?,
        (None, None, Some(line), None, None) => app.location(line)?,
        (None, None, None, Some(address), None) => LocationSpec::parse(&format!("*{address}"), None)?,
        (None, None, None, None, Some(pattern)) => LocationSpec::Matching(pattern.to_owned()),
        _ => return Err(call.usage("expected one of -n, -l (with -f), -a and -r")),
    };
    let id = add(app, BreakpointSpec { condition, one_shot, ..BreakpointSpec::at(location) })?;
    app.debugger.ignore_breakpoint(id, ignore)?;
    reply(app, id)
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inner = |quote: char| text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_split_off() {
        let split = |text| split_word_off(text, "if");
        assert_eq!(split("a.c:3 if i == 2"), ("a.c:3", Some("i == 2")));
        assert_eq!(split("if x"), ("", Some("x")));
        assert_eq!(split("f if"), ("f", Some("")));
        assert_eq!(split("iffy"), ("iffy", None));
        assert_eq!(split_word_off("a.c:3 hit >= 2", "hit"), ("a.c:3", Some(">= 2")));
        assert_eq!(split_word_off("hit", "hit"), ("hit", None));
    }

    #[test]
    fn quotes_are_taken_away() {
        assert_eq!(unquoted("\"i == 2\""), "i == 2");
        assert_eq!(unquoted("'x"), "'x");
    }
}
