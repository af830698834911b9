//! Breakpoints that are set: listing, changing, saving and deleting them, and the commands that run at them.

use std::{fmt::Write as _, path::Path};

use freezeframe_engine::{Breakpoint, BreakpointId, HitCondition, LocationSpec};

use super::{Answer, Call, Command, Words, breakpoints::reply, split_word};
use crate::{app::App, error::CliError, files::write_whole, json::Reply, views};

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        &["info breakpoints", "info break", "breakpoint list"],
        "info breakpoints",
        "List breakpoints, log points and catchpoints with their places and hits.",
        list,
    ),
    Command::new(
        &["delete", "d", "del", "breakpoint delete"],
        "delete [N | N-M | GROUP]…",
        "Remove breakpoints; without numbers, all.\n\
         A name stands for the breakpoints of that group (see `group`). Here and in other commands `$bpnum` is the number of the one set last.",
        delete,
    ),
    Command::new(
        &["disable", "dis", "breakpoint disable"],
        "disable [N | N-M | GROUP]…",
        "Let breakpoints stop nothing for a while; without numbers, all.",
        |app, call| enable(app, call, false),
    ),
    Command::new(
        &["enable", "en", "breakpoint enable"],
        "enable [N | N-M | GROUP]…",
        "Let breakpoints stop the program again; without numbers, all.",
        |app, call| enable(app, call, true),
    ),
    Command::new(
        &["group"],
        "group NAME [N | N-M]…",
        "Put breakpoints into a group; without numbers, the one set last.\n\
         `enable`, `disable` and `delete` take the name of a group for all that are in it.",
        |app, call| group(app, call, true),
    ),
    Command::new(
        &["ungroup"],
        "ungroup NAME [N | N-M]…",
        "Take breakpoints out of a group; without numbers, all.",
        |app, call| group(app, call, false),
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
        &["ignore"],
        "ignore N COUNT",
        "Let a breakpoint pass its next hits.\n\
         They are counted as hits. A count of 0 lets it stop at the next one again.",
        ignore,
    ),
    Command::new(
        &["hit"],
        "hit N [OP COUNT]",
        "Let a breakpoint stop only at some of its hits.\n\
         `hit 2 >= 3`: at the third and later ones; also ==, !=, >, <, <= and % (`% 10`: every tenth). Without a condition it\n\
         stops at all of them again.",
        hit,
    ),
    Command::new(
        &["commands"],
        "commands [N]",
        "Run commands each time a breakpoint stops the program.\n\
         They follow, one a line, until a line `end`; none takes them away. Without a number they are for the breakpoint set\n\
         last. `silent` as the first one lets the stop itself not be shown. The list ends with a command that lets the program\n\
         go on, such as `continue`, or one that fails.",
        commands,
    ),
    Command::new(
        &["save breakpoints"],
        "save breakpoints FILE",
        "Write a file of commands that set all breakpoints again.\n\
         `source FILE` runs it, or `-x FILE` at the start.",
        save,
    ),
];

fn list(app: &mut App, call: &Call<'_>) -> Answer {
    call.no_arguments()?;
    let App { debugger, sources, hooks, .. } = app;
    let views = debugger.breakpoints().iter().map(|b| views::breakpoint(b, hooks, sources)).collect();
    Ok(Some(Reply::Breakpoints(views)))
}

/// The breakpoint that a word names.
fn number(app: &App, call: &Call<'_>, word: &str) -> Result<BreakpointId, CliError> {
    if word == "$bpnum" {
        let none = "the last command to set a breakpoint failed, or there was none: `$bpnum` is no number";
        let last = app.hooks.last.ok_or_else(|| CliError::Other(none.to_owned()))?;
        return Ok(app.debugger.breakpoint(last)?.id);
    }
    match word.parse() {
        Ok(number) => Ok(app.debugger.breakpoint(BreakpointId(number))?.id),
        Err(_) if word.is_empty() => Err(call.usage("expected the number of a breakpoint (see `info breakpoints`)")),
        Err(_) => Err(call.usage(format!("`{word}` is no number of a breakpoint (see `info breakpoints`)"))),
    }
}

/// The breakpoints that a command is about: those named, else all. None of them is touched when one doesn't exist.
fn chosen(app: &App, call: &Call<'_>) -> Result<Vec<BreakpointId>, CliError> {
    if call.rest.is_empty() {
        return Ok(app.debugger.breakpoints().iter().map(|b| b.id).collect());
    }
    numbered(app, call, call.rest)
}

/// The breakpoints that words name: by number, by range, by group.
fn numbered(app: &App, call: &Call<'_>, words: &str) -> Result<Vec<BreakpointId>, CliError> {
    let all = || app.debugger.breakpoints().iter().map(|b| b.id);
    let mut ids = Vec::new();
    for word in words.split([' ', ',', '\t']).filter(|w| !w.is_empty()) {
        match word.split_once('-').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?))) {
            Some((first, last)) => {
                let range = BreakpointId(first)..=BreakpointId(last);
                let before = ids.len();
                ids.extend(all().filter(|id| range.contains(id)));
                if ids.len() == before {
                    return Err(call.usage(format!("no breakpoint has a number of {word} (see `info breakpoints`)")));
                }
            }
            None if word.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                let members = app.debugger.breakpoints().iter().filter(|b| b.groups.contains(word)).map(|b| b.id);
                let before = ids.len();
                ids.extend(members);
                if ids.len() == before {
                    return Err(call.usage(format!("no breakpoint is in a group `{word}` (see `info breakpoints`)")));
                }
            }
            None => ids.push(number(app, call, word)?),
        }
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

fn group(app: &mut App, call: &Call<'_>, member: bool) -> Answer {
    let (name, words) = split_word(call.rest);
    if name.is_empty() {
        return Err(call.usage("expected the name of a group"));
    }
    let ids = match (words, member) {
        ("", true) => vec![number(app, call, "$bpnum")?],
        ("", false) => numbered(app, call, name)?,
        _ => numbered(app, call, words)?,
    };
    for id in &ids {
        app.debugger.group_breakpoint(*id, name, member)?;
    }
    let done = if member { format!("in group {name}") } else { format!("not in group {name} any more") };
    Ok(Some(Reply::Message(self::done(&ids, &done))))
}

fn delete(app: &mut App, call: &Call<'_>) -> Answer {
    let ids = chosen(app, call)?;
    if call.rest.is_empty() && !ids.is_empty() && !app.confirm("Delete all breakpoints?") {
        return Err(CliError::NotConfirmed);
    }
    for id in &ids {
        app.debugger.remove_breakpoint(*id)?;
    }
    app.forget_hooks();
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
    let (word, condition) = split_word(call.rest);
    let id = number(app, call, word)?;
    app.debugger.set_condition(id, Some(condition.to_owned()).filter(|c| !c.is_empty()))?;
    reply(app, id)
}

fn ignore(app: &mut App, call: &Call<'_>) -> Answer {
    let (word, count) = split_word(call.rest);
    let id = number(app, call, word)?;
    let count = count.parse().map_err(|_| match count {
        "" => call.usage("expected how many hits to pass"),
        _ => call.usage(format!("expected how many hits to pass, not `{count}`")),
    })?;
    app.debugger.ignore_breakpoint(id, count)?;
    reply(app, id)
}

fn hit(app: &mut App, call: &Call<'_>) -> Answer {
    let (word, condition) = split_word(call.rest);
    let id = number(app, call, word)?;
    let condition = Some(condition).filter(|c| !c.is_empty()).map(HitCondition::parse).transpose()?;
    app.debugger.set_hit_condition(id, condition)?;
    reply(app, id)
}

fn commands(app: &mut App, call: &Call<'_>) -> Answer {
    let word = if call.rest.is_empty() { "$bpnum" } else { call.rest };
    let id = number(app, call, word);
    // After a failure too: lines meant for a list mustn't be run instead.
    app.hooks.open(id.as_ref().ok().copied());
    id.map(|_| None)
}

fn save(app: &mut App, call: &Call<'_>) -> Answer {
    if call.rest.is_empty() {
        return Err(call.usage("expected a file"));
    }
    let count = app.debugger.breakpoints().len();
    write_whole(Path::new(call.rest), &saved(app))
        .map_err(|why| CliError::Other(format!("can't write {}: {why}", call.rest)))?;
    let things = if count == 1 { "breakpoint" } else { "breakpoints" };
    Ok(Some(Reply::Message(format!("{count} {things} saved in {}", call.rest))))
}

/// A file of commands that set all breakpoints again.
pub fn saved(app: &App) -> String {
    let mut text = "# Breakpoints, saved by freezeframe: `source` this file to set them again.\n".to_owned();
    for breakpoint in app.debugger.breakpoints() {
        text.push_str(&script(breakpoint, app.hooks.of(breakpoint.id)));
    }
    text
}

/// Whether a text means this location wherever the program stands.
fn reads_as(text: &str, location: &LocationSpec) -> bool {
    LocationSpec::parse(text, None).is_ok_and(|read| read == *location)
}

/// The commands that make a breakpoint again, whatever its number is then.
fn script(breakpoint: &Breakpoint, commands: &[String]) -> String {
    let spec = &breakpoint.spec;
    let location = &spec.location;
    let mut out = match (location, &spec.log) {
        (LocationSpec::Event(catch), _) => format!("catch {catch}\n"),
        (LocationSpec::Matching(pattern), _) if spec.one_shot => format!("breakpoint set -o -r \"{pattern}\"\n"),
        (LocationSpec::Matching(pattern), _) => format!("rbreak {pattern}\n"),
        (_, Some(text)) => format!("logpoint \"{location}\" \"{text}\"\n"),
        // A name that `break` would take for something else, as `breakpoint set -n` doesn't.
        (LocationSpec::Function(name), _) if !reads_as(&location.to_string(), location) => {
            format!("breakpoint set {}-n \"{name}\"\n", if spec.one_shot { "-o " } else { "" })
        }
        _ if spec.one_shot => format!("tbreak {location}\n"),
        _ => format!("break {location}\n"),
    };
    if let Some(condition) = &spec.condition {
        _ = writeln!(out, "condition $bpnum {condition}");
    }
    if let Some(hits) = spec.hits {
        _ = writeln!(out, "hit $bpnum {hits}");
    }
    if breakpoint.ignore > 0 {
        _ = writeln!(out, "ignore $bpnum {}", breakpoint.ignore);
    }
    breakpoint.groups.iter().for_each(|group| _ = writeln!(out, "group {group} $bpnum"));
    if !breakpoint.enabled {
        out.push_str("disable $bpnum\n");
    }
    if !commands.is_empty() {
        out.push_str("commands $bpnum\n");
        commands.iter().for_each(|line| _ = writeln!(out, "  {line}"));
        out.push_str("end\n");
    }
    out
}
