//! What a person may be about to write.

use freezeframe_engine::{Children, GlobalFilter, Node, ScopeKind, ValueOptions};

use super::{Ctx, evaluate::place};
use crate::{error::Failure, protocol::types as dap};

/// How many are given.
const MOST: usize = 200;
/// How many names of one kind are looked through.
const LOOKED_AT: u64 = 10_000;

/// Names that fit what stands before the cursor.
pub fn completions(
    ctx: &mut Ctx<'_>,
    arguments: dap::CompletionsArguments,
) -> Result<dap::CompletionsResponseBody, Failure> {
    let (debuggee, frame) = place(ctx, arguments.frame_id)?;
    let line = usize::try_from(ctx.client.our_line(arguments.line.unwrap_or_else(|| ctx.client.line(1)))).unwrap_or(1);
    let text = arguments.text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    // Columns count UTF-16 units.
    let column = usize::try_from(ctx.client.our_column(arguments.column).saturating_sub(1)).unwrap_or(0);
    let units: Vec<u16> = text.encode_utf16().take(column).collect();
    let before = String::from_utf16_lossy(&units);
    let (base, word) = split(&before);
    let debugger = &mut ctx.world.debugger;
    let options = ValueOptions::default();
    let mut targets: Vec<dap::CompletionItem> = Vec::new();
    let mut add = |name: &str, kind, detail: Option<String>| {
        let new = !targets.iter().any(|target| target.label == name);
        if name.starts_with(word) && is_name(name) && new && targets.len() < MOST {
            let label = name.to_owned();
            let length = word.encode_utf16().count();
            let start = units.len().saturating_sub(length) as i64;
            targets.push(dap::CompletionItem {
                label,
                r#type: Some(kind),
                detail,
                start: Some(start),
                length: Some(length as i64),
                ..Default::default()
            });
        }
    };
    let detail = |node: &Node| Some(node.type_name.clone()).filter(|name| !name.is_empty());
    if let Some(base) = base {
        // What can't be evaluated has no members to offer.
        let Ok(mut node) = debugger.evaluate_node(debuggee, frame, base, options) else {
            return Ok(dap::CompletionsResponseBody::default());
        };
        if let (true, Ok(target)) = (
            node.kind == freezeframe_engine::NodeKind::Pointer,
            debugger.evaluate_node(debuggee, frame, &format!("*({base})"), options),
        ) {
            node = target;
        }
        let children = debugger.children(node.handle, Children::Named, 0, LOOKED_AT, options).unwrap_or_default();
        for child in &children {
            add(&child.name, dap::CompletionItemType::Field, detail(child));
        }
    } else {
        for kind in
            [ScopeKind::Arguments, ScopeKind::Locals, ScopeKind::Statics, ScopeKind::Globals(GlobalFilter::named(word))]
        {
            if frame.is_none() && !matches!(kind, ScopeKind::Globals(_)) {
                continue;
            }
            let Ok(scope) = debugger.scope(debuggee, frame, kind) else { continue };
            for node in debugger.children(scope.handle, Children::All, 0, LOOKED_AT, options).unwrap_or_default() {
                add(&node.name, dap::CompletionItemType::Variable, detail(&node));
            }
        }
        if !word.is_empty() {
            for function in debugger.functions(debuggee, Some(word))?.into_iter().filter(|f| f.has_dwarf) {
                add(&function.name, dap::CompletionItemType::Function, None);
            }
        }
    }
    Ok(dap::CompletionsResponseBody { targets })
}

/// The expression whose member is being written, if it is one, and the word at the end.
fn split(text: &str) -> (Option<&str>, &str) {
    let word = text.rfind(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
    let word = word.map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let (before, word) = text.split_at(word);
    let base = before.strip_suffix("->").or_else(|| before.strip_suffix('.'));
    let Some(base) = base else { return (None, word) };
    // Back to where the expression begins: brackets are skipped whole.
    let mut depth = 0_u32;
    let mut start = 0;
    for (at, c) in base.char_indices().rev() {
        match c {
            ')' | ']' => depth += 1,
            '(' | '[' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            '>' if base[..at].ends_with('-') => {}
            '-' if base[at..].starts_with("->") => {}
            c if c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | ':') => {}
            _ => {
                start = at + c.len_utf8();
                break;
            }
        }
    }
    (Some(base[start..].trim()).filter(|base| !base.is_empty()), word)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | ':'))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn what_is_being_written() {
        assert_eq!(split("or"), (None, "or"));
        assert_eq!(split("1 + or"), (None, "or"));
        assert_eq!(split("order->"), (Some("order"), ""));
        assert_eq!(split("x + order->items[i + 1].na"), (Some("order->items[i + 1]"), "na"));
        assert_eq!(split("(*p).b"), (Some("(*p)"), "b"));
        assert_eq!(split("f(a.b"), (Some("a"), "b"));
        assert_eq!(split("é."), (Some("é"), ""));
        assert_eq!(split(""), (None, ""));
    }
}
