//! Trees of values: what front ends expand, page by page.
//!
//! Invariant: a page reads what its nodes show and nothing else; a node that can't be read is a node that says so, and never
//! fails the page around it.

use freezeframe_debuggee::{DebuggeeId, InstanceId, ModuleId};
use freezeframe_symbols::{Language, Variable};

use super::{
    Children, Context, Handle, Handles, Node, NodeKind, ScopeKind, Storage, Value, ValueOptions,
    handles::{Called, Origin},
    scopes::{context, find_frame, frame_and_key, scope_variables},
    show::{Limits, Line},
    view::{Content, Element, List, ListForm, Part, TextSource, View, Way},
};
use crate::{Debugger, EngineError, expression::Expression, target::Target};

/// No page has more nodes.
const LARGEST_PAGE: u64 = 1 << 16;
/// How many elements are looked through for a key that has moved.
const SEARCHED: u64 = 1 << 14;
/// How much of a key names an element.
const KEY: Limits = Limits { depth: 2, elements: 8, text: 200 };

/// A child of a node, before it has a handle.
struct Child {
    name: String,
    content: Content,
    evaluate: Option<String>,
    index: u64,
    element: bool,
}

/// What a node's children are.
struct Inside {
    parts: Vec<Part>,
    list: Option<List>,
    raw: bool,
}

impl Inside {
    fn named(&self) -> u64 {
        self.parts.len() as u64 + u64::from(self.raw)
    }

    fn indexed(&self) -> u64 {
        self.list.as_ref().map_or(0, |list| list.length)
    }
}

impl Debugger {
    /// The variables of a scope, as a node: [`children`](Self::children) gives them. Without a frame there are globals only.
    ///
    /// # Errors
    /// [`EngineError::NoFrame`]; it must be stopped.
    pub fn scope(&mut self, id: DebuggeeId, frame: Option<usize>, kind: ScopeKind) -> Result<Node, EngineError> {
        let (handles, target) = self.handles_and_target(id)?;
        let (frame, key) = frame_and_key(target, frame)?;
        let clock = target.version();
        let context = context(target, frame)?;
        let named = scope_variables(&context, &kind).len() as u64;
        let name = kind.to_string();
        let called = Called { name: &name, ..Called::default() };
        let handle = handles.issue(Origin::Scope { debuggee: id, frame: key, kind }, called, None, clock);
        Ok(Node {
            handle,
            name,
            evaluate_name: None,
            type_name: String::new(),
            text: String::new(),
            size: None,
            address: None,
            memory: None,
            named,
            indexed: 0,
            kind: NodeKind::Scope,
            settable: false,
            changed: false,
        })
    }

    /// The value of an expression, as a node. It's evaluated anew wherever its handle is used.
    ///
    /// # Errors
    /// What is wrong with the expression.
    pub fn evaluate_node(
        &mut self,
        id: DebuggeeId,
        frame: Option<usize>,
        text: &str,
        options: ValueOptions,
    ) -> Result<Node, EngineError> {
        let expression = Expression::parse(text)?;
        let (handles, target) = self.handles_and_target(id)?;
        let (frame, key) = frame_and_key(target, frame)?;
        let clock = target.version();
        let mut context = context(target, frame)?;
        let value = context.evaluate(&expression)?;
        let origin = Origin::Expression { debuggee: id, frame: key, text: text.to_owned() };
        let called = Called { name: text, evaluate: Some(text.to_owned()), ..Called::default() };
        let handle = handles.issue(origin, called, Some(&value), clock);
        Ok(context.shown_node(handles, handle, &Content::Value(value), options))
    }

    /// The node of a handle as it is now.
    ///
    /// # Errors
    /// [`EngineError::NoHandle`], [`EngineError::Gone`]; it must be stopped.
    pub fn node(&mut self, handle: Handle, options: ValueOptions) -> Result<Node, EngineError> {
        let (handles, mut context) = self.at_handle(handle)?;
        if let Some(Origin::Scope { debuggee, kind, .. }) = handles.get(handle).map(|entry| entry.origin.clone()) {
            let frame = context.frame.as_ref().map(|frame| frame.index);
            return self.scope(debuggee, frame, kind);
        }
        let content = context.resolve(handles, handle)?;
        Ok(context.shown_node(handles, handle, &content, options))
    }

    /// Children `start` up to `start + count` of a node, fewer at the end. Only what they show is read.
    ///
    /// # Errors
    /// [`EngineError::NoHandle`]; [`EngineError::Gone`] when its frame has returned or the part isn't there any more; it must be
    /// stopped. A child that can't be read is a node that says so.
    pub fn children(
        &mut self,
        handle: Handle,
        which: Children,
        start: u64,
        count: u64,
        options: ValueOptions,
    ) -> Result<Vec<Node>, EngineError> {
        let count = count.min(LARGEST_PAGE);
        let (handles, mut context) = self.at_handle(handle)?;
        if let Some(Origin::Scope { kind, .. }) = handles.get(handle).map(|entry| entry.origin.clone()) {
            if which == Children::Indexed {
                return Ok(Vec::new());
            }
            return Ok(context.variables_page(handles, handle, &kind, start, count, options));
        }
        let content = context.resolve(handles, handle)?;
        context.children(handles, handle, &content, which, start, count, options)
    }

    /// Keeps a copy of a node's value: it is `$N` from now on, with the N that is given.
    ///
    /// # Errors
    /// As for [`children`](Self::children).
    pub fn keep(&mut self, handle: Handle) -> Result<usize, EngineError> {
        let (handles, mut context) = self.at_handle(handle)?;
        match context.resolve(handles, handle)? {
            Content::Value(value) => Ok(context.remember(&value)),
            Content::Words(_) => Err(EngineError::Expression("words of the debugger's can't be kept".to_owned())),
        }
    }

    /// Sets what a node stands for to the value of an expression, and gives the node as it is then.
    ///
    /// # Errors
    /// As for [`children`](Self::children); what is wrong with the expression; a place that can't be written, with the reason.
    pub fn set(&mut self, handle: Handle, text: &str, options: ValueOptions) -> Result<Node, EngineError> {
        let expression = Expression::parse(text)?;
        let (handles, mut context) = self.at_handle(handle)?;
        let Content::Value(place) = context.resolve(handles, handle)? else {
            return Err(EngineError::Expression(
                "this can't be set: it is what the debugger says of the value".to_owned(),
            ));
        };
        context.assign_expression(&place, &expression)?;
        let content = context.resolve(handles, handle)?;
        Ok(context.shown_node(handles, handle, &content, options))
    }

    /// How many bytes of memory were read at this stop, all memories together.
    ///
    /// # Errors
    /// [`EngineError::NoDebuggee`].
    pub fn memory_read(&self, id: DebuggeeId) -> Result<u64, EngineError> {
        let target = self.targets.iter().find(|t| t.id == id).ok_or(EngineError::NoDebuggee(id))?;
        Ok(target.memory_read())
    }

    /// Whose memory the addresses of a node are in, while its frame is there: the debuggee, and the instance if it's known.
    pub fn memory_of(&mut self, handle: Handle) -> Option<(DebuggeeId, Option<InstanceId>)> {
        let (_, context) = self.at_handle(handle).ok()?;
        Some((context.target.id, context.instance))
    }

    fn handles_and_target(&mut self, id: DebuggeeId) -> Result<(&mut Handles, &mut Target), EngineError> {
        let target = self.targets.iter_mut().find(|t| t.id == id).ok_or(EngineError::NoDebuggee(id))?;
        Ok((&mut self.handles, target))
    }

    /// The surroundings of a node: its frame as it is now.
    fn at_handle(&mut self, handle: Handle) -> Result<(&mut Handles, Context<'_>), EngineError> {
        let (id, key, module) = self.handles.root(handle).ok_or(EngineError::NoHandle(handle))?;
        let (handles, target) = self.handles_and_target(id)?;
        let frame = key.map(|key| find_frame(target, &key)).transpose()?;
        let context = match module {
            // A global of another module than the frame's.
            Some(module) if frame.as_ref().is_none_or(|frame| frame.module != module) => {
                Context::outside_in(target, module)?
            }
            _ => context(target, frame)?,
        };
        Ok((handles, context))
    }
}

impl Context<'_> {
    fn variables_page(
        &mut self,
        handles: &mut Handles,
        scope: Handle,
        kind: &ScopeKind,
        start: u64,
        count: u64,
        options: ValueOptions,
    ) -> Vec<Node> {
        let clock = self.target.version();
        let variables = scope_variables(self, kind);
        let (skip, take) = (usize::try_from(start).unwrap_or(usize::MAX), usize::try_from(count).unwrap_or(usize::MAX));
        let own = self.module_id();
        let mut seen = std::collections::HashSet::new();
        let mut nodes = Vec::new();
        for (i, (module, variable)) in variables.iter().enumerate() {
            // Of two with one name the first is the one that an expression means.
            let hidden = !seen.insert(variable.name.as_str());
            if i < skip || i - skip >= take {
                continue;
            }
            let origin = Origin::Variable { scope, module: *module, variable: variable.id };
            // Names mean what is in the frame's module.
            let evaluate = (!hidden && *module == own).then(|| variable.name.clone());
            let called = Called { name: &variable.name, evaluate, index: i as u64, raw: false };
            let node = |context: &mut Context<'_>| {
                let value = context.variable(variable);
                let handle = handles.issue(origin, called, Some(&value), clock);
                context.shown_node(handles, handle, &Content::Value(value), options)
            };
            if *module == own {
                nodes.push(node(self));
            } else if let Ok(mut elsewhere) = Context::outside_in(self.target, *module) {
                nodes.push(node(&mut elsewhere));
            }
        }
        nodes
    }

    /// What a handle stands for at this stop.
    fn resolve(&mut self, handles: &mut Handles, handle: Handle) -> Result<Content, EngineError> {
        let clock = self.target.version();
        let entry = handles.get(handle).ok_or(EngineError::NoHandle(handle))?;
        if let Some((version, value)) = &entry.found
            && *version == clock
        {
            return Ok(Content::Value(value.clone()));
        }
        let gone = EngineError::Gone(format!("`{}`", entry.name));
        let (index, name) = (entry.index, entry.name.clone());
        let content = match entry.origin.clone() {
            Origin::Scope { .. } => return Err(EngineError::Internal("a scope has no value")),
            Origin::Expression { text, .. } => Content::Value(self.evaluate(&Expression::parse(&text)?)?),
            Origin::Variable { scope, module, variable } => {
                let Some(Origin::Scope { kind, .. }) = handles.get(scope).map(|entry| &entry.origin) else {
                    return Err(gone);
                };
                let variables = scope_variables(self, kind);
                let is_it = |(of, v): &(ModuleId, Variable)| (*of, v.id) == (module, variable);
                let (_, variable) = variables.into_iter().find(is_it).ok_or(gone)?;
                Content::Value(self.variable(&variable))
            }
            Origin::Raw { of } => self.resolve(handles, of)?,
            Origin::Part { of, .. } => {
                let inside = self.inside_of(handles, of)?;
                let mut parts = (0..).zip(inside.parts);
                parts.find(|(index, part)| part_name(part, *index) == name).ok_or(gone)?.1.content
            }
            Origin::Element { of, .. } => {
                let inside = self.inside_of(handles, of)?;
                let list = inside.list.ok_or(gone)?;
                let evaluate = None;
                let near = self.elements(&list, evaluate, index, 1)?;
                match near.into_iter().find(|child| child.name == name) {
                    Some(child) => child.content,
                    None => {
                        let gone = EngineError::Gone(format!("`{name}`"));
                        let all = self.elements(&list, evaluate, 0, list.length.min(SEARCHED))?;
                        all.into_iter().find(|child| child.name == name).ok_or(gone)?.content
                    }
                }
            }
        };
        if let Content::Value(value) = &content {
            handles.find(handle, (clock, value.clone()));
        }
        Ok(content)
    }

    fn inside_of(&mut self, handles: &mut Handles, of: Handle) -> Result<Inside, EngineError> {
        let raw = handles.get(of).is_some_and(|entry| entry.raw);
        match self.resolve(handles, of)? {
            Content::Value(value) => {
                let view = self.view(&value, raw);
                Ok(self.inside(&value, view, raw))
            }
            Content::Words(_) => Ok(Inside { parts: Vec::new(), list: None, raw: false }),
        }
    }

    /// What is inside a value: parts, elements, itself without its printer.
    fn inside(&mut self, value: &Value, view: View, raw: bool) -> Inside {
        let mut inside = Inside { parts: Vec::new(), list: None, raw: false };
        inside.raw = !raw && (self.printer(&value.ty).is_some() || self.formatter(value).is_some());
        match view {
            View::Scalar { .. } => inside.parts = self.pointed_parts(value, raw),
            View::Words { parts, .. } => inside.parts = parts,
            View::Titled { view, .. } => inside = Inside { raw: true, ..self.inside(value, *view, raw) },
            View::Parts(parts) => inside.parts = parts.parts,
            View::List(list) => inside.list = Some(list),
            View::Text(text) => inside.list = text.elements,
            View::Unavailable(_) => inside.raw = inside.raw && !matches!(value.storage, Storage::Unavailable(_)),
            View::Alias { value: inner, .. } => {
                // What a box holds is seen in its place; an alias of an alias a level at a time.
                let view = self.view(&inner, raw);
                match view {
                    View::Alias { value: inner, .. } => inside.parts = vec![Part::value("*", *inner).by(Way::Deref)],
                    View::Scalar { .. } | View::Text(_) | View::Words { .. } | View::Unavailable(_) => {
                        inside.parts = vec![Part::value("*", *inner).by(Way::Deref)];
                    }
                    view => {
                        let held = self.inside(&inner, view, raw);
                        (inside.parts, inside.list) = (held.parts, held.list);
                        inside.raw |= held.raw;
                    }
                }
            }
        }
        inside
    }

    /// What a pointer points to: a record's parts at once, anything else as `*`.
    fn pointed_parts(&mut self, value: &Value, raw: bool) -> Vec<Part> {
        let Some(Some(_)) = self.pointee(&value.ty) else { return Vec::new() };
        match (self.address_in(value), self.deref(value)) {
            (Ok(address), Ok(target)) if address != 0 && self.size(&target.ty).is_some_and(|size| size > 0) => {
                let (_, target) = self.as_what_it_is(target);
                match self.view(&target, raw) {
                    View::Parts(parts) => parts.parts,
                    _ => vec![Part::value("*", target).by(Way::Deref)],
                }
            }
            _ => Vec::new(),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a page of a node, and how it's shown")]
    fn children(
        &mut self,
        handles: &mut Handles,
        of: Handle,
        content: &Content,
        which: Children,
        start: u64,
        count: u64,
        options: ValueOptions,
    ) -> Result<Vec<Node>, EngineError> {
        let Content::Value(value) = content else { return Ok(Vec::new()) };
        let clock = self.target.version();
        let (mut raw, mut evaluate) =
            handles.get(of).map_or((false, None), |entry| (entry.raw, entry.evaluate.clone()));
        let mut of = of;
        if options.raw && !raw {
            // These are the children that its `[raw]` has: they have the same handles.
            let called = Called { name: "[raw]", raw: true, ..Called::default() };
            of = handles.issue(Origin::Raw { of }, called, Some(value), clock);
            // An expression would find what printers show.
            (raw, evaluate) = (true, None);
        }
        let view = self.view(value, raw);
        let inside = self.inside(value, view, raw);
        let parts = if which == Children::Indexed { 0 } else { inside.parts.len() as u64 };
        let elements = if which == Children::Named { 0 } else { inside.indexed() };
        let mut nodes = Vec::new();
        let end = start.saturating_add(count);
        for (i, part) in (0..).zip(&inside.parts).take(usize::try_from(end.min(parts)).unwrap_or(usize::MAX)) {
            if i < start {
                continue;
            }
            let child = Child {
                name: part_name(part, i),
                content: part.content.clone(),
                evaluate: self.evaluate_name(value, evaluate.as_deref(), &part.way),
                index: i,
                element: false,
            };
            nodes.push(self.child(handles, of, child, raw, options));
        }
        let (first, last) = (start.max(parts) - parts, end.max(parts) - parts);
        if let Some(list) = &inside.list
            && first < last.min(elements)
        {
            for child in self.elements(list, evaluate.as_deref(), first, last.min(elements) - first)? {
                nodes.push(self.child(handles, of, child, raw, options));
            }
        }
        // Behind what people look for.
        let place = parts.saturating_add(elements);
        if inside.raw && which != Children::Indexed && (start..end).contains(&place) {
            let called = Called { name: "[raw]", raw: true, ..Called::default() };
            let handle = handles.issue(Origin::Raw { of }, called, Some(value), clock);
            let mut node = self.shown_node(handles, handle, content, ValueOptions { raw: true, ..options });
            node.kind = NodeKind::Raw;
            nodes.push(node);
        }
        Ok(nodes)
    }

    fn child(&mut self, handles: &mut Handles, of: Handle, child: Child, raw: bool, options: ValueOptions) -> Node {
        let clock = self.target.version();
        let Child { name, content, evaluate, index, element } = child;
        let origin = match element {
            true => Origin::Element { of, name: name.clone() },
            false => Origin::Part { of, name: name.clone() },
        };
        let found = match &content {
            Content::Value(value) => Some(value),
            Content::Words(_) => None,
        };
        let handle = handles.issue(origin, Called { name: &name, evaluate, index, raw }, found, clock);
        self.shown_node(handles, handle, &content, ValueOptions { raw, ..options })
    }

    /// A page of elements, with their names.
    fn elements(
        &mut self,
        list: &List,
        evaluate: Option<&str>,
        start: u64,
        count: u64,
    ) -> Result<Vec<Child>, EngineError> {
        let page = list.elements.page(self, start, count);
        let page = page.map_err(|why| EngineError::Unavailable(why.unavailable()))?;
        let mut children: Vec<Child> = Vec::with_capacity(page.len());
        let mut names = std::collections::HashSet::new();
        for (index, Element { key, value }) in (start..).zip(page) {
            let key_text = key.as_ref().map(|key| self.text(key, KEY));
            let plain = key.as_ref().is_none_or(|key| self.is_plain_key(key));
            let way = match &key_text {
                Some(text) if plain => Way::Index(text.clone()),
                None if list.form == ListForm::Sequence => Way::Index(index.to_string()),
                _ => Way::None,
            };
            let mut name = format!("[{}]", key_text.unwrap_or_else(|| index.to_string()));
            // Keys that are shown cut may look alike.
            if !names.insert(name.clone()) {
                name = format!("{name}#{index}");
            }
            let evaluate = evaluate.and_then(|base| joined(base, &way));
            children.push(Child { name, content: Content::Value(value), evaluate, index, element: true });
        }
        Ok(children)
    }

    /// Whether a key can be written in an expression as it's shown.
    fn is_plain_key(&mut self, key: &Value) -> bool {
        match self.view(key, false) {
            View::Scalar { .. } => true,
            View::Text(text) => matches!(text.source, TextSource::Memory { bytes, .. } if bytes < KEY.text as u64),
            _ => false,
        }
    }

    /// An expression for a part of what `base` is an expression for.
    fn evaluate_name(&self, value: &Value, base: Option<&str>, way: &Way) -> Option<String> {
        let base = base?;
        let c = matches!(self.language_of(&value.ty), Language::C | Language::Cpp);
        match way {
            Way::Member(name) if c && self.pointee(&value.ty).is_some() => {
                Some(format!("{}->{name}", in_parentheses(base)))
            }
            way => joined(base, way),
        }
    }

    fn shown_node(&mut self, handles: &mut Handles, handle: Handle, content: &Content, options: ValueOptions) -> Node {
        let (name, evaluate_name, raw) = handles
            .get(handle)
            .map_or_else(Default::default, |entry| (entry.name.clone(), entry.evaluate.clone(), entry.raw));
        let value = match content {
            Content::Value(value) => value,
            Content::Words(words) => {
                let changed = handles.shown(handle, self.target.stop_number(), words);
                return Node {
                    handle,
                    name,
                    evaluate_name,
                    type_name: String::new(),
                    text: words.clone(),
                    size: None,
                    address: None,
                    memory: None,
                    named: 0,
                    indexed: 0,
                    kind: NodeKind::Words,
                    settable: false,
                    changed,
                };
            }
        };
        let raw = raw || options.raw;
        let view = self.view(value, raw);
        let mut line = Line::new(ValueOptions { raw, ..options });
        self.show_view(&mut line, value, &view, 0);
        let kind = self.node_kind(value, &view);
        let memory = self.memory_of(value, &view);
        let settable = self.is_settable(value, &view);
        let inside = self.inside(value, view, raw);
        let changed = handles.shown(handle, self.target.stop_number(), &line.out);
        Node {
            handle,
            name,
            evaluate_name,
            type_name: self.type_name(&value.ty),
            text: line.out,
            size: self.size(&value.ty),
            address: value.address(),
            memory,
            named: inside.named(),
            indexed: inside.indexed(),
            kind,
            settable,
            changed,
        }
    }

    /// Whether something can be put there: a number, a text where it has room, a variant.
    fn is_settable(&mut self, value: &Value, view: &View) -> bool {
        let in_memory = value.address().is_some();
        in_memory && (self.scalar_kind(&value.ty).is_some() || self.has_variants(&value.ty))
            || matches!(view, View::Text(_)) && self.takes_text(value)
    }

    fn node_kind(&mut self, value: &Value, view: &View) -> NodeKind {
        match view {
            View::Scalar { .. } if self.pointee(&value.ty).is_some() => NodeKind::Pointer,
            View::Scalar { .. } => NodeKind::Scalar,
            View::Words { .. } => NodeKind::Words,
            View::Titled { view, .. } => self.node_kind(value, view),
            View::Text(_) => NodeKind::Text,
            View::Parts(_) => NodeKind::Record,
            View::List(list) if list.form == ListForm::Map => NodeKind::Map,
            View::List(_) => NodeKind::List,
            View::Alias { value, .. } => {
                let view = self.view(value, false);
                match view {
                    View::Alias { .. } => NodeKind::Pointer,
                    view => self.node_kind(value, &view),
                }
            }
            View::Unavailable(_) => NodeKind::Unavailable,
        }
    }

    fn memory_of(&mut self, value: &Value, view: &View) -> Option<u64> {
        let about = match view {
            View::Text(text) => match &text.source {
                TextSource::Memory { pointer, .. } | TextSource::Terminated { pointer } => Some(*pointer),
                TextSource::Bytes(_) => None,
            },
            View::List(list) => list.contiguous.as_ref().map(|(pointer, _)| *pointer),
            View::Alias { value, .. } => value.address(),
            View::Titled { view, .. } => return self.memory_of(value, view),
            View::Scalar { .. } if self.pointee(&value.ty).is_some() => self.address_in(value).ok(),
            _ => None,
        };
        about.or(value.address())
    }
}

/// The name of a part in a tree. Members without a name (anonymous unions) are told apart by their place.
fn part_name(part: &Part, index: u64) -> String {
    if part.name.is_empty() { format!("<anonymous {index}>") } else { part.name.clone() }
}

/// `base` and the way from it, as an expression.
fn joined(base: &str, way: &Way) -> Option<String> {
    match way {
        Way::Member(name) => Some(format!("{}.{name}", in_parentheses(base))),
        Way::Index(index) => Some(format!("{}[{index}]", in_parentheses(base))),
        Way::Deref => Some(format!("*{}", in_parentheses_for_prefix(base))),
        Way::None => None,
    }
}

/// A text that a postfix may follow.
fn in_parentheses(base: &str) -> String {
    if is_postfix(base) { base.to_owned() } else { format!("({base})") }
}

fn in_parentheses_for_prefix(base: &str) -> String {
    let inner = base.trim_start_matches('*');
    if is_postfix(inner) { base.to_owned() } else { format!("({base})") }
}

/// Whether an expression is names, members and indices only: nothing binds looser.
fn is_postfix(text: &str) -> bool {
    let mut depth = 0_i32;
    let mut quoted = false;
    let mut previous = ' ';
    for c in text.chars() {
        match c {
            '"' if previous != '\\' => quoted = !quoted,
            _ if quoted => {}
            '[' | '(' => depth += 1,
            ']' | ')' => depth -= 1,
            '>' if previous == '-' => {}
            '-' => {
                previous = c;
                continue;
            }
            _ if depth > 0 || c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '$') => {}
            _ => return false,
        }
        if previous == '-' && c != '>' && depth == 0 && !quoted {
            return false;
        }
        previous = c;
    }
    depth == 0 && !quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_for_parts() {
        let member = |base: &str| joined(base, &Way::Member("x".to_owned())).unwrap();
        assert_eq!(member("a.b[1]"), "a.b[1].x");
        assert_eq!(member("p->q"), "p->q.x");
        assert_eq!(member("*p"), "(*p).x");
        assert_eq!(member("a + b"), "(a + b).x");
        assert_eq!(member("a-b"), "(a-b).x");
        assert_eq!(member("m[\"a b\"]"), "m[\"a b\"].x");
        assert_eq!(member("a[i + 1]"), "a[i + 1].x");
        assert_eq!(joined("*p", &Way::Deref).unwrap(), "**p");
        assert_eq!(joined("a.b", &Way::Deref).unwrap(), "*a.b");
        assert_eq!(joined("v", &Way::Index("3".to_owned())).unwrap(), "v[3]");
        assert_eq!(joined("v", &Way::None), None);
    }
}
