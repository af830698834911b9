//! Completion of command lines.
//!
//! The line editor asks on its own terms, without access to the debugger: what can be said is gathered before each prompt.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    thread,
};

use freezeframe_engine::{Catch, Limits};
use freezeframe_symbols::Symbols;
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
    program: Arc<OfProgram>,
    variables: Vec<String>,
}

/// What can be named in the modules of a program. A large one has so many names that the first prompt doesn't wait for them.
#[derive(Default)]
struct OfProgram {
    modules: Vec<Arc<Symbols>>,
    lists: OnceLock<Lists>,
}

#[derive(Default)]
struct Lists {
    functions: Vec<String>,
    files: Vec<String>,
    globals: Vec<String>,
}

impl OfProgram {
    /// Whoever asks first makes them.
    fn lists(&self) -> &Lists {
        self.lists.get_or_init(|| {
            let mut lists = Lists::default();
            for symbols in &self.modules {
                lists.functions.extend(symbols.functions().iter().map(|f| f.name().to_owned()));
                let file = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
                lists.files.extend(symbols.files().iter().map(|f| file(&f.path)));
                lists.globals.extend(symbols.globals().into_iter().map(|g| g.name));
            }
            let Lists { functions, files, globals } = lists;
            Lists { functions: sorted(functions), files: sorted(files), globals: sorted(globals) }
        })
    }
}

/// The names, shared with the line editor.
pub type SharedNames = Arc<Mutex<Names>>;

/// Gathers what can be named now.
pub fn gather(app: &mut App, names: &SharedNames) {
    let mut names = names.lock().unwrap_or_else(PoisonError::into_inner);
    let Ok(id) = app.any_guest() else { return };
    let modules = app.debugger.modules(id).unwrap_or_default();
    let modules: Vec<Arc<Symbols>> = modules.into_iter().map(|(_, _, symbols)| symbols).collect();
    let known = &names.program.modules;
    if modules.len() != known.len() || modules.iter().zip(known).any(|(one, other)| !Arc::ptr_eq(one, other)) {
        names.program = Arc::new(OfProgram { modules, lists: OnceLock::new() });
        let program = names.program.clone();
        // Without a thread the first completion makes them.
        _ = thread::Builder::new().name("names".to_owned()).spawn(move || _ = program.lists());
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
        Words::Function => beginning(&names.program.lists().functions, word).map(open_ended).collect(),
        Words::SourceFile => beginning(&names.program.lists().files, word).map(open_ended).collect(),
        Words::Location => {
            let lists = names.program.lists();
            let files = beginning(&lists.files, word).map(|file| open_ended(format!("{file}:")));
            beginning(&lists.functions, word).map(open_ended).chain(files).collect()
        }
        Words::Expression => beginning(&names.variables, word)
            .chain(beginning(&names.program.lists().globals, word))
            .map(open_ended)
            .collect(),
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
        let lists = Lists {
            functions: list(&["main", "shop::price", "total"]),
            files: list(&["orders.c"]),
            globals: list(&["shop"]),
        };
        let program = OfProgram { modules: Vec::new(), lists: lists.into() };
        Names { program: Arc::new(program), variables: list(&["order", "sum"]) }
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
