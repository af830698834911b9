//! Completion of command lines.
//!
//! The line editor asks on its own terms, without access to the debugger: what can be said is gathered before each prompt.

use std::sync::{Arc, Mutex, PoisonError};

use freezeframe_engine::Limits;
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

/// Completes with what was gathered.
pub struct CommandCompleter(pub SharedNames);

impl Completer for CommandCompleter {
    fn complete(&mut self, line: &str, pos: usize) -> CompletionResult {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = line.get(..pos).unwrap_or(line);
        let (start, candidates) = candidates(&names, before);
        let suggestions: Vec<Suggestion> = candidates
            .into_iter()
            .take(MOST)
            .map(|(value, description)| Suggestion {
                value,
                description,
                span: Span { start, end: before.len() },
                append_whitespace: true,
                ..Suggestion::default()
            })
            .collect();
        CompletionResult::fresh(suggestions)
    }
}

/// Where the word to be completed begins, and what it can become, with a description.
fn candidates(names: &Names, before: &str) -> (usize, Vec<(String, Option<String>)>) {
    let trimmed = before.trim_start();
    let indent = before.len() - trimmed.len();
    let plain = |values: Vec<String>| values.into_iter().map(|value| (value, None)).collect::<Vec<_>>();
    // Still inside of a command's name, of one or two words?
    let commands: Vec<(String, Option<String>)> = commands::all()
        .flat_map(|c| {
            // The first name, and LLDB's of two words; one-word aliases are shorter than what they would be found by.
            let shown = c.names.iter().enumerate().filter(|(i, n)| *i == 0 || n.contains(' '));
            shown.map(move |(_, name)| (*name, c.help.lines().next()))
        })
        .filter(|(name, _)| name.starts_with(trimmed) && *name != trimmed.trim_end())
        .map(|(name, help)| (name.to_owned(), help.map(str::to_owned)))
        .collect();
    if !commands.is_empty() {
        return (indent, commands);
    }
    let Ok(call) = commands::resolve(trimmed) else { return (before.len(), Vec::new()) };
    let word_start = |breaks: &[char]| before.rfind(breaks).map_or(0, |at| at + 1);
    let begin_with = |lists: &[&[String]], word: &str| {
        let all = lists.iter().flat_map(|list| list.iter());
        // The last part of a path is what people remember.
        let fits =
            |name: &&String| name.starts_with(word) || name.rsplit("::").next().is_some_and(|n| n.starts_with(word));
        plain(all.filter(fits).cloned().collect())
    };
    match call.command.words {
        Words::None => (before.len(), Vec::new()),
        Words::Command => {
            let start = word_start(&[' ']);
            let all = commands::all().map(|c| c.name().to_owned());
            (start, plain(all.filter(|name| name.starts_with(&before[start..])).collect()))
        }
        Words::OneOf(words) => {
            let start = word_start(&[' ']);
            let all = words.iter().map(|w| (*w).to_owned());
            (start, plain(all.filter(|word| word.starts_with(&before[start..])).collect()))
        }
        Words::Function => {
            let start = word_start(&[' ']);
            (start, begin_with(&[&names.functions], &before[start..]))
        }
        Words::SourceFile => {
            let start = word_start(&[' ']);
            (start, begin_with(&[&names.files], &before[start..]))
        }
        // A condition is an expression.
        Words::Location if !before.contains(" if ") => {
            let start = word_start(&[' ']);
            (start, begin_with(&[&names.functions, &names.files], &before[start..]))
        }
        Words::Location | Words::Expression => {
            let start = word_start(&[' ', '(', '[', '&', '*', '+', '-', '/', '<', '>', '=', '!', '|', '~', ',', '{']);
            (start, begin_with(&[&names.variables, &names.globals], &before[start..]))
        }
    }
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
        (start, found.into_iter().map(|(value, _)| value).collect())
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
        assert_eq!(complete("b ord"), (2, vec!["orders.c".to_owned()]));
        assert_eq!(complete("print a + or"), (10, vec!["order".to_owned()]));
        assert_eq!(complete("p *or"), (3, vec!["order".to_owned()]));
        assert_eq!(complete("break main if su"), (14, vec!["sum".to_owned()]));
        assert_eq!(complete("catch ex").1, ["exception"]);
    }
}
