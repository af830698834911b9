//! Variables, expressions and types.

use freezeframe_engine::{Children, Format, GlobalFilter, Limits, ScopeKind, ValueOptions};

use super::{Answer, Call, Command, Words, explore};
use crate::{
    app::{App, Display},
    error::CliError,
    json::{Reply, TypeView, VariableView, VariablesView},
    views,
};

/// More variables than this are no list to read.
const MOST: usize = 200;
/// How deep the trees are that programs get unasked.
const TREE_DEPTH: u32 = 2;

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        &["print", "p", "inspect", "expression", "expr", "po"],
        "print[/FORMAT] EXPRESSION",
        "Show the value of an expression, under a number.\n\
         `$3` is the third printed value from now on.\n\
         `$` is the last one, `$$` the one before it. Without an expression: the last one again.\n\
         FORMAT: x hexadecimal, d or u decimal, o octal, t binary, c character, a address; r raw: members as they lie in\n\
         memory. `print PLACE = VALUE` assigns, as `set var` does. `explore` looks inside. Expressions are those of the frame's language, and: a[2..5], *p@10, p ? a : b,\n\
         name == \"text\", $local0 $stack0 $global0 $memory0[16] $pc. docs/expressions.md has all of it.",
        print,
    )
    .words(Words::Expression)
    .modifier(),
    Command::new(
        &["call"],
        "call FUNCTION(ARGUMENTS)",
        "Call a function of the program and show what it returns, under a number.\n\
         `call total(order)`, `call shape->area()`, `call handler(3)` with a pointer to a function, `call length(\"text\")`.\n\
         Breakpoints in it stop as ever; `continue` then goes on with the call. In a larger expression, such as\n\
         `call total(order) * 2`, and in conditions, calls run to their end unseen, for five seconds at most.",
        |app, call| match call.rest {
            "" => Err(call.usage("expected a call of a function")),
            text => Ok(Some(app.call(text)?)),
        },
    )
    .words(Words::Expression),
    Command::new(
        &["set var", "set", "set variable"],
        "set var PLACE = EXPRESSION",
        "Change a variable, or whatever an expression stands for.\n\
         `set $name = EXPRESSION` makes a variable of the debugger's own, or changes it.",
        set,
    )
    .words(Words::Expression),
    Command::new(&["info locals"], "info locals", "Show the local variables of the selected frame.", |app, call| {
        call.no_arguments()?;
        variables(app, "locals", false, true)
    }),
    Command::new(
        &["info args", "info arguments"],
        "info args",
        "Show the arguments of the selected frame.",
        |app, call| {
            call.no_arguments()?;
            variables(app, "arguments", true, false)
        },
    ),
    Command::new(
        &["info variables", "frame variable"],
        "info variables [NAME]…",
        "Show the arguments and locals of the selected frame, or those named.",
        frame_variable,
    )
    .words(Words::Expression),
    Command::new(
        &["info globals", "target variable"],
        "info globals [-t TYPE] [-f FILE] [PART]",
        "Show global variables, statics of functions and constants.\n\
         With PART, those whose name contains it; -t: whose type's name contains TYPE; -f: which FILE declares.",
        globals,
    )
    .words(Words::Expression),
    Command::new(
        &["display"],
        "display[/FORMAT] [EXPRESSION]",
        "Show an expression at each stop; without one, show them all now.",
        display,
    )
    .words(Words::Expression)
    .modifier(),
    Command::new(&["undisplay"], "undisplay [N]…", "Show these no more; without numbers, none.", undisplay),
    Command::new(
        &["ptype"],
        "ptype EXPRESSION | TYPE",
        "Show a type's definition: that of an expression, or the one of that name.",
        |app, call| type_of(app, call, true),
    )
    .words(Words::Expression),
    Command::new(&["whatis"], "whatis EXPRESSION", "Show the name of an expression's type.", |app, call| {
        type_of(app, call, false)
    })
    .words(Words::Expression),
];

/// What the letters behind a `/` ask for: a format, `r` for raw.
pub(super) fn options(app: &App, call: &Call<'_>) -> Result<ValueOptions, CliError> {
    let mut options = app.value_options;
    for letter in call.modifier.unwrap_or_default().chars() {
        options.format = match letter {
            'r' => {
                options.raw = true;
                continue;
            }
            's' | 'f' | 'n' => Format::Natural,
            'x' => Format::Hex,
            'a' | 'p' | 'z' => Format::Pointer,
            'd' => Format::Decimal,
            'u' => Format::Unsigned,
            'o' => Format::Octal,
            't' | 'b' => Format::Binary,
            'c' => Format::Char,
            other => return Err(call.usage(format!("no format `{other}`; there are x, d, u, o, t, c, a, and r (raw)"))),
        };
    }
    Ok(options)
}

fn print(app: &mut App, call: &Call<'_>) -> Answer {
    // LLDB's `expression -- x`.
    let text = call.rest.strip_prefix("-- ").unwrap_or(call.rest).trim();
    let text = if text.is_empty() { "$" } else { text };
    if let Some((place, value)) = split_assignment(text) {
        return assign(app, place, value);
    }
    let options = options(app, call)?;
    let (id, frame) = (app.any_guest()?, app.frame_for_values());
    let node = app.debugger.evaluate_node(id, frame, text, options)?;
    let number = app.debugger.keep(node.handle)?;
    // A tree for programs; people ask for it by `explore`.
    let depth = if app.console().options().json { TREE_DEPTH } else { 0 };
    let view = explore::tree(app, node, options, depth)?;
    Ok(Some(Reply::Value(VariableView { number: Some(number), ..view })))
}

fn set(app: &mut App, call: &Call<'_>) -> Answer {
    match split_assignment(call.rest) {
        Some((place, value)) if !place.is_empty() && !value.is_empty() => assign(app, place, value),
        _ => Err(call.usage("expected PLACE = EXPRESSION")),
    }
}

fn assign(app: &mut App, place: &str, value: &str) -> Answer {
    let (id, frame) = (app.any_guest()?, app.frame_for_values());
    let shown = app.debugger.assign(id, frame, place, value, app.value_options.limits)?;
    Ok(Some(Reply::Value(views::variable(shown))))
}

/// `PLACE = VALUE`, at the first `=` that compares nothing and stands in no text.
fn split_assignment(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let mut quote = None;
    let mut escaped = false;
    for (at, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            _ if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(open), byte) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'=') => {
                let before = at.checked_sub(1).and_then(|i| bytes.get(i));
                let comparison =
                    bytes.get(at + 1) == Some(&b'=') || matches!(before, Some(b'=' | b'!' | b'<' | b'>' | b'.'));
                if !comparison {
                    return Some((text[..at].trim(), text[at + 1..].trim()));
                }
            }
            _ => {}
        }
    }
    None
}

fn variables(app: &mut App, kind: &'static str, arguments: bool, locals: bool) -> Answer {
    let id = app.stopped_guest()?;
    let frame = app.frame;
    let options = app.value_options;
    let mut items = Vec::new();
    for (wanted, scope) in [(arguments, ScopeKind::Arguments), (locals, ScopeKind::Locals)] {
        if wanted {
            let scope = app.debugger.scope(id, Some(frame), scope)?;
            let nodes = app.debugger.children(scope.handle, Children::All, 0, u64::MAX, options)?;
            items.extend(nodes.into_iter().map(views::node));
        }
    }
    Ok(Some(Reply::Variables(VariablesView { kind, items, more: 0 })))
}

fn frame_variable(app: &mut App, call: &Call<'_>) -> Answer {
    if call.rest.is_empty() {
        return variables(app, "variables", true, true);
    }
    let id = app.stopped_guest()?;
    let frame = Some(app.frame);
    let mut items = Vec::new();
    for name in call.rest.split_whitespace() {
        let node = app.debugger.evaluate_node(id, frame, name, app.value_options)?;
        items.push(views::node(node));
    }
    Ok(Some(Reply::Variables(VariablesView { kind: "variables", items, more: 0 })))
}

fn globals(app: &mut App, call: &Call<'_>) -> Answer {
    let (id, frame) = (app.any_guest()?, app.frame_for_values());
    let mut filter = GlobalFilter::default();
    let mut rest = call.rest;
    while let Some(option) = ["-t", "-f"].into_iter().find(|option| rest.split_whitespace().next() == Some(option)) {
        let after = rest[option.len()..].trim_start();
        let (word, others) = word_or_quoted(after).ok_or_else(|| call.usage("expected a word after -t or -f"))?;
        let into = if option == "-t" { &mut filter.type_name } else { &mut filter.file };
        *into = Some(word.to_owned());
        rest = others.trim_start();
    }
    filter.name = Some(rest.to_owned()).filter(|f| !f.is_empty());
    let limits = Limits { depth: 2, elements: 16, text: 100 };
    let (found, more) = app.debugger.search_globals(id, frame, &filter, MOST, limits)?;
    let items = found.into_iter().map(|global| global.value).collect();
    Ok(Some(Reply::Variables(VariablesView { kind: "globals", items: views::variables(items), more })))
}

/// The first word of a text, or what it begins with in quotes, and what follows.
fn word_or_quoted(text: &str) -> Option<(&str, &str)> {
    let found = match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => text.split_once(char::is_whitespace).unwrap_or((text, "")),
    };
    (!found.0.is_empty()).then_some(found)
}

fn display(app: &mut App, call: &Call<'_>) -> Answer {
    let mut displays = if call.rest.is_empty() {
        app.displayed()
    } else {
        let format = options(app, call)?.format;
        app.last_display += 1;
        let id = app.last_display;
        app.displays.push(Display { id, expression: call.rest.to_owned(), format });
        let mut displays = app.displayed();
        displays.retain(|d| d.id == id);
        displays
    };
    // Before the program runs there's nothing to show yet, and nothing wrong with it.
    if app.stopped_guest().is_err() {
        displays.retain(|d| d.value.is_some());
    }
    Ok(Some(Reply::Displays(displays)))
}

fn undisplay(app: &mut App, call: &Call<'_>) -> Answer {
    if call.rest.is_empty() {
        app.displays.clear();
        return Ok(None);
    }
    let mut ids = Vec::new();
    for word in call.rest.split_whitespace() {
        match word.parse::<u32>() {
            Ok(id) if app.displays.iter().any(|d| d.id == id) => ids.push(id),
            _ => return Err(call.usage(format!("`{word}` is no number of a display (see `display`)"))),
        }
    }
    app.displays.retain(|d| !ids.contains(&d.id));
    Ok(None)
}

fn type_of(app: &mut App, call: &Call<'_>, definition: bool) -> Answer {
    if call.rest.is_empty() {
        return Err(call.usage("expected an expression or a type"));
    }
    let (id, frame) = (app.any_guest()?, app.frame_for_values());
    let (name, written) = app.debugger.type_of(id, frame, call.rest)?;
    Ok(Some(Reply::Type(TypeView { name, definition: definition.then_some(written) })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_told_from_comparisons() {
        assert_eq!(split_assignment("a = 3"), Some(("a", "3")));
        assert_eq!(split_assignment("a[1].b=c"), Some(("a[1].b", "c")));
        for text in ["a == 3", "a <= b", "a != b", "f('=')", "\"a=b\"", "a", "a[1..=2]"] {
            assert_eq!(split_assignment(text), None, "{text}");
        }
    }
}
