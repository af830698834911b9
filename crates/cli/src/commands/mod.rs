//! The commands: one table, from which the resolution of names, help and completion come.
//!
//! Invariant: a name means one command. Abbreviations are resolved in this order: a whole name or alias; a name of two
//! words whose words begin like those written; a name that begins like the word. What fits several is refused with the
//! list of them.

mod breakpoints;
mod data;
pub mod explore;
mod info;
pub mod listing;
pub mod manage;
pub mod memory;
mod running;
mod session;
mod skips;
mod stack;

use std::fmt::Write as _;

use crate::{app::App, error::CliError, json::Reply};

/// What a command gives: an answer, if it has one.
pub type Answer = Result<Option<Reply>, CliError>;

/// A command as it was called.
pub struct Call<'a> {
    /// Which.
    pub command: &'static Command,
    /// What follows its name, trimmed.
    pub rest: &'a str,
    /// What follows a `/` behind its name (`print/x`).
    pub modifier: Option<&'a str>,
}

impl Call<'_> {
    /// The error of a call that isn't as the command wants it.
    pub fn usage(&self, message: impl Into<String>) -> CliError {
        CliError::Usage { message: message.into(), usage: self.command.usage }
    }

    /// Refuses arguments.
    ///
    /// # Errors
    /// There are some.
    pub fn no_arguments(&self) -> Result<(), CliError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.usage(format!("unexpected `{}`", self.rest))) }
    }

    /// An optional count of at least 1.
    ///
    /// # Errors
    /// Something else was given.
    pub fn count(&self) -> Result<Option<u32>, CliError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        match self.rest.parse() {
            Ok(0) | Err(_) => Err(self.usage(format!("expected a count, not `{}`", self.rest))),
            Ok(count) => Ok(Some(count)),
        }
    }
}

/// What an empty line does after a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Nothing.
    Never,
    /// The same again.
    Same,
    /// This command, without arguments.
    Bare(&'static str),
}

/// What the words behind a command's name are, for completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// Nothing that could be completed.
    None,
    /// Functions and files.
    Location,
    /// Variables and globals.
    Expression,
    /// Functions.
    Function,
    /// Source files.
    SourceFile,
    /// Commands.
    Command,
    /// Events that can be caught, and kinds of traps.
    Event,
    /// One of these.
    OneOf(&'static [&'static str]),
}

/// A command.
pub struct Command {
    /// Its name, then other names that it has. Two words at most.
    pub names: &'static [&'static str],
    /// How it's called.
    pub usage: &'static str,
    /// What it does; the first line is what lists of commands show.
    pub help: &'static str,
    /// Whether `/…` may follow the name.
    pub modifier: bool,
    /// What its arguments are.
    pub words: Words,
    /// What an empty line does after it.
    pub repeat: Repeat,
    /// Whether it wants a guest that can be stopped anywhere.
    pub stops: bool,
    /// Does it.
    pub run: fn(&mut App, &Call<'_>) -> Answer,
}

impl Command {
    const fn new(
        names: &'static [&'static str],
        usage: &'static str,
        help: &'static str,
        run: fn(&mut App, &Call<'_>) -> Answer,
    ) -> Self {
        Self { names, usage, help, modifier: false, words: Words::None, repeat: Repeat::Never, stops: false, run }
    }

    const fn words(mut self, words: Words) -> Self {
        self.words = words;
        self
    }

    const fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    const fn stops(mut self) -> Self {
        self.stops = true;
        self
    }

    const fn modifier(mut self) -> Self {
        self.modifier = true;
        self
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }
}

/// The families in the order in which help shows them.
const FAMILIES: &[(&str, &[Command])] = &[
    ("Running", running::COMMANDS),
    ("What steps pass by", skips::COMMANDS),
    ("Breakpoints", breakpoints::COMMANDS),
    ("Breakpoints that are set", manage::COMMANDS),
    ("The stack", stack::COMMANDS),
    ("Variables and values", data::COMMANDS),
    ("Looking inside values", explore::COMMANDS),
    ("Memory", memory::COMMANDS),
    ("Source and instructions", listing::COMMANDS),
    ("About the program", info::COMMANDS),
    ("The debugger", session::COMMANDS),
];

/// All commands.
pub fn all() -> impl Iterator<Item = &'static Command> {
    FAMILIES.iter().flat_map(|(_, commands)| commands.iter())
}

/// Runs a command line, which isn't empty.
///
/// # Errors
/// No such command, or what it failed with.
pub fn run(app: &mut App, line: &str) -> Answer {
    let call = resolve(line)?;
    if call.command.stops && app.launcher.is_native() {
        return Err(CliError::OnlyTraps { command: call.command.name() });
    }
    (call.command.run)(app, &call)
}

/// What an empty line does after this one.
pub fn repeat(line: &str) -> Repeat {
    resolve(line).map_or(Repeat::Never, |call| call.command.repeat)
}

/// Finds the command of a line.
///
/// # Errors
/// None or several fit.
pub fn resolve(line: &str) -> Result<Call<'_>, CliError> {
    let line = line.trim();
    let (word, after) = split_word(line);
    let (word, modifier) = match word.split_once('/') {
        Some((word, modifier)) if !word.is_empty() => (word, Some(modifier)),
        _ => (word, None),
    };
    let (second, after_second) = split_word(after);
    let (command, words) = find(word, second)?;
    let mut rest = if words == 2 { after_second } else { after };
    let mut modifier = modifier;
    // `print /x y`
    if modifier.is_none() && command.modifier && rest.starts_with('/') {
        let (word, after) = split_word(rest);
        (modifier, rest) = (Some(&word[1..]), after);
    }
    let call = Call { command, rest, modifier };
    match call.modifier {
        Some(modifier) if !command.modifier => Err(call.usage(format!("`{}` takes no `/{modifier}`", command.name()))),
        _ => Ok(call),
    }
}

/// The first word and the rest without blanks around it.
pub fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim();
    match text.find(char::is_whitespace) {
        Some(at) => (&text[..at], text[at..].trim_start()),
        None => (text, ""),
    }
}

fn two_words(name: &'static str) -> Option<(&'static str, &'static str)> {
    name.split_once(' ')
}

/// The command that one or two words mean, and how many of them name it.
fn find(word: &str, second: &str) -> Result<(&'static Command, usize), CliError> {
    let whole = all().find(|c| c.names.contains(&word));
    // `breakpoint set`, and its group abbreviated (`br set`) unless that is the name of another command (`break set`).
    let group = |group: &str| {
        group == word || word.len() > 1 && group.starts_with(word) && whole.is_none_or(|c| c.name() != word)
    };
    let exactly = |c: &&Command| c.names.iter().filter_map(|n| two_words(n)).any(|(a, b)| group(a) && b == second);
    if let Some(command) = all().find(exactly) {
        return Ok((command, 2));
    }
    if let Some(command) = whole {
        return Ok((command, 1));
    }
    let begins = |c: &&Command| {
        let mut names = c.names.iter().filter_map(|n| two_words(n));
        !second.is_empty() && names.any(|(a, b)| a.starts_with(word) && b.starts_with(second))
    };
    let fitting: Vec<&Command> = all().filter(begins).collect();
    match &fitting[..] {
        [one] => return Ok((one, 2)),
        [] => {}
        several => return Err(ambiguous(&format!("{word} {second}"), several)),
    }
    let fitting: Vec<&Command> =
        all().filter(|c| two_words(c.name()).is_none() && c.name().starts_with(word)).collect();
    match &fitting[..] {
        [one] => Ok((one, 1)),
        [] => Err(unknown(word, second)),
        several => Err(ambiguous(word, several)),
    }
}

fn ambiguous(word: &str, commands: &[&Command]) -> CliError {
    let names: Vec<&str> = commands.iter().map(|c| c.name()).collect();
    CliError::Ambiguous { word: word.to_owned(), candidates: names.join(", ") }
}

fn unknown(word: &str, second: &str) -> CliError {
    let mut members: Vec<&str> = all()
        .flat_map(|c| c.names)
        .filter_map(|n| two_words(n))
        .filter(|(group, _)| {
            *group == word || word.len() > 1 && group.starts_with(word) || *group == "info" && word == "i"
        })
        .map(|(_, member)| member)
        .collect();
    members.dedup();
    if !members.is_empty() {
        let what = if second.is_empty() { format!("{word} …") } else { format!("{word} {second}") };
        return CliError::Unknown { word: what, hint: format!("; there are: {}", members.join(", ")) };
    }
    let near = all()
        .flat_map(|c| c.names)
        .map(|name| {
            (strsim::jaro_winkler(&word.to_lowercase(), two_words(name).map_or(name, |(group, _)| group)), name)
        })
        .filter(|(score, name)| *score > 0.8 && name.len() > 2)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = match near {
        Some((_, name)) => format!("; did you mean `{name}`? (`help` lists all commands)"),
        None => "; `help` lists all commands".to_owned(),
    };
    CliError::Unknown { word: word.to_owned(), hint }
}

/// The list of all commands.
pub fn help() -> String {
    let mut out = String::new();
    for (family, commands) in FAMILIES {
        _ = writeln!(out, "{family}:");
        for command in *commands {
            // The one alias that everybody knows; `help COMMAND` has all of them.
            let alias = command.names.get(1).filter(|n| two_words(n).is_none() && n.len() < command.name().len());
            let names = match alias {
                None => command.name().to_owned(),
                Some(alias) => format!("{}, {alias}", command.name()),
            };
            let summary = command.help.lines().next().unwrap_or_default();
            _ = writeln!(out, "  {names:<18} {summary}");
        }
    }
    out.push_str("Names can be abbreviated while they are unique. `help COMMAND` tells more about one of them.\n");
    out
}

/// The help of one command.
pub fn help_on(command: &Command) -> String {
    let mut out = format!("{}\n\nusage: {}\n", command.help, command.usage);
    if command.names.len() > 1 {
        _ = writeln!(out, "also: {}", command.names[1..].join(", "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(line: &str) -> String {
        match resolve(line) {
            Ok(call) => format!("{}|{}|{}", call.command.name(), call.modifier.unwrap_or(""), call.rest),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn names_are_unique() {
        let names: Vec<&str> = all().flat_map(|c| c.names).copied().collect();
        for name in &names {
            assert_eq!(names.iter().filter(|n| *n == name).count(), 1, "{name}");
            assert!(name.split(' ').count() <= 2, "{name}");
        }
    }

    #[test]
    fn every_command_is_documented() {
        for command in all() {
            assert!(command.usage.starts_with(command.name()), "{}", command.name());
            assert!(command.help.len() > 10, "{}", command.name());
            assert!(help().contains(command.name()));
            assert!(help().lines().all(|line| line.chars().count() <= 100));
            assert!(help_on(command).contains(command.usage));
        }
    }

    #[test]
    fn gdb_words() {
        assert_eq!(name("b main"), "break||main");
        assert_eq!(name("p/x  a + b "), "print|x|a + b");
        assert_eq!(name("print /x a"), "print|x|a");
        assert_eq!(name("x/4xw &a"), "x|4xw|&a");
        assert_eq!(name("info b"), "info breakpoints||");
        assert_eq!(name("i b"), "info breakpoints||");
        assert_eq!(name("info loc"), "info locals||");
        assert_eq!(name("set var x = 3"), "set var||x = 3");
        assert_eq!(name("set x = 3"), "set var||x = 3");
        assert_eq!(name("n"), "next||");
        assert_eq!(name("cont 3"), "continue||3");
        assert_eq!(name("bt full"), "backtrace||full");
        assert_eq!(name("disas"), "disassemble||");
        assert_eq!(name("break list"), "break||list");
        assert_eq!(name("until"), "until||");
    }

    #[test]
    fn lldb_words() {
        assert_eq!(name("breakpoint set -n main"), "breakpoint set||-n main");
        assert_eq!(name("br s -n main"), "break||s -n main");
        assert_eq!(name("br set -n main"), "breakpoint set||-n main");
        assert_eq!(name("br list"), "info breakpoints||");
        assert_eq!(name("thread backtrace"), "backtrace||");
        assert_eq!(name("th b"), "backtrace||");
        assert_eq!(name("frame variable"), "info variables||");
        assert_eq!(name("fr v"), "info variables||");
        assert_eq!(name("frame select 2"), "frame||2");
        assert_eq!(name("frame 2"), "frame||2");
        assert_eq!(name("process continue"), "continue||");
        assert_eq!(name("expression a"), "print||a");
        assert_eq!(name("register read"), "info wasm||");
    }

    #[test]
    fn mistakes() {
        assert!(name("brek main").contains("did you mean `break`?"), "{}", name("brek main"));
        assert!(name("zzz").contains("`help` lists"), "{}", name("zzz"));
        assert!(name("di").contains("ambiguous"), "{}", name("di"));
        assert!(name("info").contains("locals"), "{}", name("info"));
        assert!(name("info zzz").contains("there are"), "{}", name("info zzz"));
        assert!(name("next/x").contains("takes no"), "{}", name("next/x"));
    }
}
