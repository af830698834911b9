//! What a log point says: a text with expressions in braces.
//!
//! Invariant: a part that can't be evaluated never keeps the guest: why is said in its place.

use freezeframe_debuggee::{Capture, DebuggeeId, ModuleId, ModulePc, Unavailable};
use freezeframe_symbols::{Language, Symbols};

use crate::{
    BreakpointId, EngineError, Limits,
    expression::{Expression, compile_capture},
    target::Target,
    values::{Context, Storage, Value, ValueType},
};

/// What a log point said at a hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Which debuggee came there.
    pub debuggee: DebuggeeId,
    /// The log point.
    pub breakpoint: BreakpointId,
    /// Its text, with values for its expressions.
    pub text: String,
}

/// The text of a log point, parsed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LogText(Vec<Part>);

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Value(Expression),
}

impl LogText {
    /// Reads `order {order->id}: {sum}`; `{{` and `}}` are braces.
    pub(crate) fn parse(text: &str) -> Result<Self, EngineError> {
        let syntax = |message: &str, at| EngineError::Syntax { message: message.to_owned(), text: text.to_owned(), at };
        let characters: Vec<char> = text.chars().collect();
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut at = 0;
        while let Some(&c) = characters.get(at) {
            let doubled = characters.get(at + 1) == Some(&c);
            match c {
                '{' | '}' if doubled => {
                    plain.push(c);
                    at += 2;
                }
                '}' => return Err(syntax("a `}` without its `{`; write `}}` for the character", at)),
                '{' => {
                    let end = characters[at..].iter().position(|c| *c == '}').map(|length| at + length);
                    let Some(end) = end else {
                        return Err(syntax("this `{` isn't closed; write `{{` for the character", at));
                    };
                    let inside: String = characters[at + 1..end].iter().collect();
                    // Its mistakes are shown in the whole text.
                    let expression = Expression::parse(&inside).map_err(|error| match error {
                        EngineError::Syntax { message, at: inner, .. } => syntax(&message, at + 1 + inner),
                        other => other,
                    })?;
                    if !plain.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut plain)));
                    }
                    parts.push(Part::Value(expression));
                    at = end + 1;
                }
                c => {
                    plain.push(c);
                    at += 1;
                }
            }
        }
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self(parts))
    }

    /// The expressions in it.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.0.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Value(expression) => Some(expression),
        })
    }

    /// The text with values in it.
    pub(crate) fn fill(&self, context: &mut Context<'_>) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Value(expression) => match context.evaluate(expression) {
                Ok(value) => context.shown(&expression.text, &value, Limits::default()).text,
                Err(error) => format!("<error: {}>", error.to_string().lines().next().unwrap_or_default()),
            },
        };
        self.0.iter().map(part).collect()
    }
}

/// A log text as the guest's side takes it down: what is captured at a hit, and how it's shown later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogShape {
    pub captures: Vec<Capture>,
    module: ModuleId,
    language: Language,
    parts: Vec<Shape>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    Text(String),
    /// The next captured value, as one of this type.
    Value(ValueType),
}

impl LogText {
    /// The same for the guest's side at one site; `None` when some of it needs more than a few bytes of the guest.
    pub(crate) fn compile(&self, symbols: &Symbols, module: ModuleId, pc: ModulePc) -> Option<LogShape> {
        let mut captures = Vec::new();
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => Some(Shape::Text(text.clone())),
            Part::Value(expression) => {
                let (capture, ty) = compile_capture(expression, symbols, pc)?;
                captures.push(capture);
                Some(Shape::Value(ty))
            }
        });
        let parts = parts.collect::<Option<Vec<Shape>>>()?;
        let language = symbols.frames_at(pc).first().map(|frame| frame.language).unwrap_or_default();
        Some(LogShape { captures, module, language, parts })
    }
}

impl LogShape {
    /// The text with what was taken down. The guest may run: nothing of it is read.
    pub(crate) fn fill(&self, target: &mut Target, values: &[Result<Vec<u8>, Unavailable>]) -> String {
        let Some(symbols) = target.module(self.module).map(|module| module.symbols.clone()) else {
            return String::new();
        };
        let mut context = Context::detached(target, symbols, self.language);
        let mut values = values.iter();
        let part = |part: &Shape| match part {
            Shape::Text(text) => text.clone(),
            Shape::Value(ty) => {
                let storage = match values.next() {
                    Some(Ok(bytes)) => {
                        Storage::Bytes { bytes: bytes.clone(), origin: "it is a copy of what was there" }
                    }
                    Some(Err(why)) => return format!("<error: {why}>"),
                    None => return String::new(),
                };
                let value = Value { ty: ty.clone(), storage, bits: None };
                context.shown("", &value, Limits::default()).text
            }
        };
        self.parts.iter().map(part).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_parts() {
        let LogText(parts) = LogText::parse("{{id}} {a->b}, {c}").unwrap();
        assert_eq!(parts.len(), 4);
        assert_eq!(parts[0], Part::Text("{id} ".to_owned()));
        assert!(matches!(&parts[1], Part::Value(e) if e.text == "a->b"));
        assert_eq!(parts[2], Part::Text(", ".to_owned()));
    }

    #[test]
    fn mistakes_are_shown_in_the_whole_text() {
        let at = |text: &str| match LogText::parse(text) {
            Err(EngineError::Syntax { at, text: whole, .. }) => {
                assert_eq!(whole, text);
                at
            }
            other => panic!("{other:?}"),
        };
        assert_eq!((at("a {b"), at("a } b"), at("é {}")), (2, 2, 3));
        assert!(at("x {1 +} y") >= 3);
    }
}
