//! Completion of command lines.
//!
//! The line editor asks on its own terms, without access to the debugger: what can be said is gathered before each prompt.

use std::sync::{Arc, Mutex, PoisonError};

use freezeframe_engine::{Catch, Limits};
use reedline::{Completer, CompletionResult, Span, Suggestion};

use crate::{
    app::App,
    commands::{self, Words},
};

/// Longer menus help nobody.
const MOST: usize = 200;

/// What can be named in a command.
#[derive(Default)]
pub struct Names {
    functions: Arc<Vec<String>>,
    files: Arc<Vec<String>>,
    globals: Arc<Vec<String>>,
    variables: Vec<String>,
    /// For how many modules these were gathered.
    modules: usize,
}

/// The names, shared with the line editor.
pub type SharedNames = Arc<Mutex<Names>>;

/// Gathers what can be named now.
pub fn gather(app: &mut App, names: &SharedNames) {
    let mut names = names.lock().unwrap_or_else(PoisonError::into_inner);
    let Ok(id) = app.any_guest() else { return };
    let modules = app.debugger.modules(id).unwrap_or_default();
    if modules.len() != names.modules {
        let (mut functions, mut files, mut globals) = (Vec::new(), Vec::new(), Vec::new());
        for (_, _, symbols) in &modules {
            functions.extend(symbols.functions().iter().map(|f| f.name.clone()));
            files.extend(symbols.files().iter().map(|f| f.path.rsplit('/').next().unwrap_or(&f.path).to_owned()));
            globals.extend(symbols.globals().into_iter().map(|g| g.name));
        }
        names.modules = modules.len();
        names.functions = Arc::new(sorted(functions));
        names.files = Arc::new(sorted(files));
        names.globals = Arc::new(sorted(globals));
    }
    names.variables.clear();
    if app.stopped_guest().is_ok() {
        // Only the names are wanted.
        let limits = Limits { depth: 0, elements: 0, text: 0 };
        let arguments = app.debugger.arguments(id, app.frame, limits).unwrap_or_default();
        let locals = app.debugger.locals(id, app.frame, limits).unwrap_or_default();
        names.variables = sorted(arguments.into_iter().chain(locals).map(|v| v.name).collect());
    }
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    names.dedup();
    names
}

/// What a word can become.
struct Candidate {
    value: String,
    description: Option<String>,
    /// Nothing can follow without a blank: one is put there.
    whole: bool,
}

/// A word that more can follow directly: `order` before `->id`, `orders.c:` before a line.
fn open_ended(value: String) -> Candidate {
    Candidate { value, description: None, whole: false }
}

fn whole(value: &str) -> Candidate {
    Candidate { value: value.to_owned(), description: None, whole: true }
}

/// Completes with what was gathered.
pub struct CommandCompleter(pub SharedNames);

impl Completer for CommandCompleter {
    fn complete(&mut self, line: &str, pos: usize) -> CompletionResult {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = line.get(..pos).unwrap_or(line);
        let (start, candidates) = candidates(&names, before);
        let suggestion = |candidate: Candidate| Suggestion {
            value: candidate.value,
            description: candidate.description,
            span: Span { start, end: before.len() },
            append_whitespace: candidate.whole,
            ..Suggestion::default()
        };
        CompletionResult::fresh(candidates.into_iter().take(MOST).map(suggestion).collect::<Vec<_>>())
    }
}

/// Where the word to be completed begins, and what it can become.
fn candidates(names: &Names, before: &str) -> (usize, Vec<Candidate>) {
    let trimmed = before.trim_start();
    let commands = command_names(trimmed);
    if !commands.is_empty() {
        return (before.len() - trimmed.len(), commands);
    }
    let Ok(call) = commands::resolve(trimmed) else { return (before.len(), Vec::new()) };
    let words = match call.command.words {
        // A condition is an expression.
        Words::Location if before.contains(" if ") => Words::Expression,
        words => words,
    };
    let breaks: &[char] = match words {
        Words::Expression => &[' ', '(', '[', '&', '*', '+', '-', '/', '<', '>', '=', '!', '|', '~', ',', '{'],
        _ => &[' '],
    };
    let start = before.rfind(breaks).map_or(0, |at| at + 1);
    let word = &before[start..];
    let found = match words {
        Words::None => Vec::new(),
        Words::Command => {
            commands::all().map(|c| whole(c.name())).filter(|candidate| candidate.value.starts_with(word)).collect()
        }
        Words::OneOf(words) => words.iter().filter(|w| w.starts_with(word)).map(|w| whole(w)).collect(),
        Words::Event => Catch::names().filter(|w| w.starts_with(word)).map(whole).collect(),
        Words::Function => beginning(&names.functions, word).map(open_ended).collect(),
        Words::SourceFile => beginning(&names.files, word).map(open_ended).collect(),
        Words::Location => {
            let files = beginning(&names.files, word).map(|file| open_ended(format!("{file}:")));
            beginning(&names.functions, word).map(open_ended).chain(files).collect()
        }
        Words::Expression => {
            beginning(&names.variables, word).chain(beginning(&names.globals, word)).map(open_ended).collect()
        }
    };
    (start, found)
}

/// Commands whose name, of one or two words, begins like this and isn't written out yet.
fn command_names(text: &str) -> Vec<Candidate> {
    let mut found = Vec::new();
    for command in commands::all() {
        // Aliases of one word are shorter than what they would be found by.
        let names = command.names.iter().enumerate().filter(|(i, name)| *i == 0 || name.contains(' '));
        for (_, name) in names.filter(|(_, name)| name.starts_with(text) && **name != text.trim_end()) {
            let description = command.help.lines().next().map(str::to_owned);
            found.push(Candidate { description, ..whole(name) });
        }
    }
    found
}

/// Names that begin like this; the last part of a path is what people remember.
fn beginning<'a>(names: &'a [String], word: &'a str) -> impl Iterator<Item = String> + 'a {
    let last = move |name: &str| name.rsplit("::").next().is_some_and(|last| last.starts_with(word));
    names.iter().filter(move |name| name.starts_with(word) || last(name)).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let list = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        Names {
            functions: Arc::new(list(&["main", "shop::price", "total"])),
            files: Arc::new(list(&["orders.c"])),
            globals: Arc::new(list(&["shop"])),
            variables: list(&["order", "sum"]),
            modules: 1,
        }
    }

    fn complete(line: &str) -> (usize, Vec<String>) {
        let (start, found) = candidates(&names(), line);
        (start, found.into_iter().map(|candidate| candidate.value).collect())
    }

    #[test]
    fn commands() {
        assert!(complete("br").1.contains(&"break".to_owned()));
        assert!(complete("info lo").1 == ["info locals"]);
        assert!(complete("tb").1.is_empty() || complete("tb").1.contains(&"tbreak".to_owned()));
    }

    #[test]
    fn arguments() {
        assert_eq!(complete("break ma"), (6, vec!["main".to_owned()]));
        assert_eq!(complete("b pri"), (2, vec!["shop::price".to_owned()]));
        assert_eq!(complete("b ord"), (2, vec!["orders.c:".to_owned()]));
        assert_eq!(complete("print a + or"), (10, vec!["order".to_owned()]));
        assert_eq!(complete("p *or"), (3, vec!["order".to_owned()]));
        assert_eq!(complete("break main if su"), (14, vec!["sum".to_owned()]));
        assert_eq!(complete("catch ex").1, ["exit"]);
        assert_eq!(complete("catch trap unr").1, ["unreachable"]);
        assert_eq!(complete("rbreak to").1, ["total"]);
        assert_eq!(complete("condition 1 or").1, ["order"]);
    }
}
