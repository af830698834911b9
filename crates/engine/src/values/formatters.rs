//! People's own formatters: how values of their types are seen, said in expressions.
//!
//! Invariant: in a formatter's expressions names mean members of the value, then globals, never variables of whatever frame is
//! looked at: a value reads the same everywhere.

use std::sync::{Arc, Mutex, PoisonError};

use freezeframe_symbols::{Language, Type, TypeKind};

use super::{
    Context, Value,
    printers::head,
    view::{Content, Part, Parts, View, Way},
};
use crate::{EngineError, expression::Expression, logpoint::LogText};

/// How often a formatter may need another one, or itself, for what it shows.
const DEEPEST: u32 = 4;

/// How values of some types are seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Formatter {
    pattern: String,
    language: Option<Language>,
    summary: Option<LogText>,
    children: Vec<(String, Expression)>,
}

impl Formatter {
    /// A formatter for the types whose name fits `pattern`: `*` stands for any text. A pattern without `<` is compared with
    /// names without their generic arguments. `language`: only for its types.
    ///
    /// `summary` is what is written in a line: a text with expressions in braces, as a log point's. `children` are names and
    /// expressions of what is inside; without any, that is what there is without the formatter. In the expressions names mean
    /// members of the value, and `self` the value.
    ///
    /// # Errors
    /// An empty pattern; nothing to show; an expression that can't be parsed.
    pub fn new(
        pattern: &str,
        language: Option<Language>,
        summary: Option<&str>,
        children: &[(&str, &str)],
    ) -> Result<Self, EngineError> {
        if pattern.trim().is_empty() {
            return Err(EngineError::Expression("a formatter needs the name of a type".to_owned()));
        }
        if summary.is_none() && children.is_empty() {
            let why = format!("the formatter for `{pattern}` shows nothing: it needs a summary or children");
            return Err(EngineError::Expression(why));
        }
        let parse = |(name, text): &(&str, &str)| Ok(((*name).to_owned(), Expression::parse(text)?));
        Ok(Self {
            pattern: pattern.trim().to_owned(),
            language,
            summary: summary.map(LogText::parse).transpose()?,
            children: children.iter().map(parse).collect::<Result<_, EngineError>>()?,
        })
    }

    fn fits(&self, ty: &Type) -> bool {
        if self.language.is_some_and(|language| language != ty.language) {
            return false;
        }
        if self.pattern.contains('<') {
            matches(&self.pattern, &ty.name)
        } else {
            matches(&self.pattern, &head(&ty.name))
        }
    }
}

/// Whether a text fits a pattern with `*`s. A pattern without a path fits the last part of one.
fn matches(pattern: &str, text: &str) -> bool {
    let whole = |text: &str| {
        let mut parts = pattern.split('*');
        let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
        let Some(last) = pattern.split('*').next_back().filter(|_| pattern.contains('*')) else {
            return rest.is_empty();
        };
        let middle: Vec<&str> = parts.collect();
        for part in middle.iter().take(middle.len().saturating_sub(1)) {
            match rest.find(part) {
                Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
                None => return false,
            }
        }
        rest.ends_with(last)
    };
    // C's keywords belong to the name only for the compiler.
    let bare = ["struct ", "union ", "enum ", "class "].iter().find_map(|keyword| text.strip_prefix(keyword));
    let text = bare.unwrap_or(text);
    let path = |separator: &str| pattern.contains(separator) || !text.contains(separator);
    whole(text)
        || !path("::") && text.rsplit("::").next().is_some_and(whole)
        || !path(".") && text.rsplit('.').next().is_some_and(whole)
}

/// The formatters of all debuggees.
#[derive(Clone, Default)]
pub(crate) struct Formatters(Arc<Mutex<Vec<Arc<Formatter>>>>);

impl Formatters {
    /// Adds some; of two that fit a type the one that was added last is used.
    pub(crate) fn add(&self, formatters: Vec<Formatter>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(formatters.into_iter().map(Arc::new));
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn find(&self, ty: &Type) -> Option<Arc<Formatter>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().rev().find(|formatter| formatter.fits(ty)).cloned()
    }
}

impl Context<'_> {
    /// The person's own formatter for a type: by the name that it was declared with, else by the one behind typedefs.
    pub(super) fn formatter(&self, value: &Value) -> Option<Arc<Formatter>> {
        let super::ValueType::Named(id) = &value.ty else { return None };
        let formatters = &self.target.formatters;
        if formatters.is_empty() {
            return None;
        }
        let ty = self.ty(*id);
        formatters.find(&ty).or_else(|| formatters.find(&*self.stripped(&value.ty)?))
    }

    /// The view that a formatter gives; `None` when there's none, or formatters need each other without end.
    pub(super) fn formatted_view(&mut self, value: &Value) -> Option<View> {
        let formatter = self.formatter(value)?;
        if self.formatting >= DEEPEST {
            return Some(View::words("{…}"));
        }
        let around = self.this.replace(value.clone());
        self.formatting += 1;
        let summary = formatter.summary.as_ref().map(|summary| summary.fill(self));
        let mut parts = Vec::new();
        for (name, expression) in &formatter.children {
            let content = match self.evaluate(expression) {
                Ok(value) => Content::Value(value),
                Err(error) => {
                    Content::Words(format!("<error: {}>", error.to_string().lines().next().unwrap_or_default()))
                }
            };
            parts.push(Part { name: name.clone(), content, way: Way::None });
        }
        self.formatting -= 1;
        self.this = around;
        Some(match (summary, parts.is_empty()) {
            (Some(text), true) => View::Titled { text, view: Box::new(self.printed_view(value, false)) },
            (Some(text), false) => View::Words { text, parts },
            (None, _) => Parts::named("", parts).into(),
        })
    }

    /// What a name means in a formatter's expression; `None` for no member.
    pub(crate) fn of_this(&mut self, this: &Value, name: &str) -> Result<Option<Value>, EngineError> {
        if name == "self" || name == "this" {
            return Ok(Some(this.clone()));
        }
        let Some(ty) = self.stripped(&this.ty) else { return Ok(None) };
        match &ty.kind {
            TypeKind::Record(record) => self.find_member(this, record, name, 0),
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert!(matches("order", "order") && matches("order", "struct order") && matches("Point", "values::Point"));
        assert!(!matches("order", "orders") && !matches("order", "reorder"));
        assert!(matches("values::*", "values::Point") && matches("*Point", "values::Point"));
        assert!(matches("a*b*c", "a-b-b-c") && !matches("a*b*c", "a-c-b"));
        assert!(matches("queue.Job", "queue.Job") && matches("Job", "queue.Job"));
        assert!(!matches("ab*bc", "abc"), "a part of the text is used once");
    }

    #[test]
    fn formatters_that_say_nothing_are_refused() {
        assert!(Formatter::new("", None, Some("x"), &[]).is_err());
        assert!(Formatter::new("a", None, None, &[]).unwrap_err().to_string().contains("needs a summary"));
        assert!(Formatter::new("a", None, Some("{x +}"), &[]).is_err());
        assert!(Formatter::new("a", None, None, &[("x", "1 +")]).is_err());
    }
}
