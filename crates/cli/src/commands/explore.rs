//! Looking inside values, and how they are shown.

use std::path::Path;

use freezeframe_engine::{Children, Handle, Node, NodeKind, ValueOptions};

use super::{Answer, Call, Command, Repeat, Words, data, split_word};
use crate::{
    app::App,
    error::CliError,
    json::{Reply, VariableView},
    views,
};

/// Deeper trees than this are asked for by further commands.
const DEEPEST: u32 = 8;

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        &["explore", "children"],
        "explore[/FORMAT] [EXPRESSION] [@START]",
        "Look inside a value: its parts or elements, each on its line.\n\
         `+` marks what has an inside itself: explore that. `@1000` begins with element 1000; without an expression it\n\
         goes on where it ended. FORMAT is that of `print`.",
        explore,
    )
    .words(Words::Expression)
    .modifier()
    .repeat(Repeat::Bare("explore")),
    Command::new(
        &["set print"],
        "set print elements|depth|text N",
        "Say how much of a value is shown.\n\
         Elements of lists, levels of records, bytes of texts.",
        set_print,
    )
    .words(Words::OneOf(&["elements", "depth", "text"])),
    Command::new(
        &["formatters"],
        "formatters FILE | none",
        "Show values of some types as a file says, or as without any file.\n\
         docs/values.md says what is in such a file: for a type a summary and children, as expressions.",
        formatters,
    ),
    Command::new(&["show print"], "show print", "Show how much of a value is shown.", show_print),
];

/// Where `explore` goes on.
#[derive(Clone, Copy, Debug)]
pub struct Explored {
    handle: Handle,
    next: u64,
    options: ValueOptions,
}

fn explore(app: &mut App, call: &Call<'_>) -> Answer {
    if call.rest.is_empty() {
        let Some(Explored { handle, next, options }) = app.explored else {
            return Err(call.usage("expected an expression"));
        };
        let node = app.debugger.node(handle, options)?;
        return page(app, node, next, options);
    }
    let (text, start) = match call.rest.rsplit_once('@') {
        // `*p@10` is an expression.
        Some((text, start)) if text.ends_with(' ') && start.parse::<u64>().is_ok() => {
            (text.trim_end(), start.parse().unwrap_or(0))
        }
        _ => (call.rest, 0),
    };
    let options = data::options(app, call)?;
    let (id, frame) = (app.any_guest()?, app.frame_for_values());
    let node = app.debugger.evaluate_node(id, frame, text, options)?;
    page(app, node, start, options)
}

fn page(app: &mut App, node: Node, start: u64, options: ValueOptions) -> Answer {
    let view = tree_from(app, node.clone(), options, 1, start)?;
    let shown = view.tree.as_ref().map_or(0, |tree| tree.children.len() as u64);
    let next = start.saturating_add(shown);
    app.explored = Some(Explored { handle: node.handle, next, options });
    Ok(Some(Reply::Tree(view)))
}

/// A node with its children down to `depth`, as many of each as there are elements shown in a line.
pub(super) fn tree(app: &mut App, node: Node, options: ValueOptions, depth: u32) -> Result<VariableView, CliError> {
    tree_from(app, node, options, depth.min(DEEPEST), 0)
}

fn tree_from(
    app: &mut App,
    node: Node,
    options: ValueOptions,
    depth: u32,
    start: u64,
) -> Result<VariableView, CliError> {
    let (handle, inside) = (node.handle, node.named.saturating_add(node.indexed));
    let mut view = views::node(node);
    if depth == 0 || inside == 0 {
        return Ok(view);
    }
    let count = options.limits.elements.max(1);
    let children = app.debugger.children(handle, Children::All, start, count, options)?;
    let mut views = Vec::with_capacity(children.len());
    for child in children {
        // What lies behind the pretty view is for those who ask.
        let depth = if child.kind == NodeKind::Raw { 1 } else { depth };
        views.push(tree_from(app, child, options, depth - 1, 0)?);
    }
    if let Some(tree) = &mut view.tree {
        tree.more = inside.saturating_sub(start.saturating_add(views.len() as u64));
        tree.children = views;
    }
    Ok(view)
}

fn set_print(app: &mut App, call: &Call<'_>) -> Answer {
    let (what, number) = split_word(call.rest);
    let number = match number {
        // As gdb has it.
        "unlimited" => u32::MAX,
        number => number.parse::<u32>().map_err(|_| call.usage(format!("expected a number, not `{number}`")))?,
    };
    let limits = &mut app.value_options.limits;
    match what {
        "elements" | "repeats" => limits.elements = u64::from(number),
        "depth" | "max-depth" => limits.depth = number,
        "text" | "characters" => limits.text = number as usize,
        other => return Err(call.usage(format!("no limit `{other}`; there are elements, depth, text"))),
    }
    Ok(None)
}

fn formatters(app: &mut App, call: &Call<'_>) -> Answer {
    match call.rest {
        "" => return Err(call.usage("expected a file")),
        "none" => app.debugger.clear_formatters(),
        file => app.debugger.add_formatters(crate::formatters::read(Path::new(file))?),
    }
    Ok(None)
}

fn show_print(app: &mut App, call: &Call<'_>) -> Answer {
    call.no_arguments()?;
    let limits = app.value_options.limits;
    let text = format!(
        "{} elements of a list, {} levels of records, {} bytes of a text\n",
        limits.elements, limits.depth, limits.text
    );
    Ok(Some(Reply::Message(text)))
}
