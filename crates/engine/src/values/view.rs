//! What a printer says of a value: its shape, not yet a text.
//!
//! Invariant: a view reads no more of the guest than its shape needs. Elements are read page by page, members when somebody
//! looks at them. Lines of text ([`show`](super::show)) and trees ([`tree`](super::tree)) are both made of views, so they can't
//! disagree.

use freezeframe_debuggee::Unavailable;

use super::{Context, Scalar, ScalarKind, Value, ValueType};
use crate::EngineError;

/// Why a printer gives no view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The type has another layout than the printer knows: the raw view is shown, and these words.
    Layout(String),
    /// What it needs can't be read, or makes no sense: these words are shown in the value's place.
    Unreadable(Unavailable),
}

impl Trouble {
    pub(crate) fn layout(why: impl Into<String>) -> Self {
        Self::Layout(why.into())
    }

    pub(crate) fn unreadable(why: impl Into<String>) -> Self {
        Self::Unreadable(Unavailable(why.into()))
    }

    /// Why, for a place where nothing else can be shown.
    pub(crate) fn unavailable(self) -> Unavailable {
        match self {
            Self::Layout(why) => Unavailable(why),
            Self::Unreadable(why) => why,
        }
    }
}

impl From<Unavailable> for Trouble {
    fn from(why: Unavailable) -> Self {
        Self::Unreadable(why)
    }
}

impl From<EngineError> for Trouble {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Unavailable(why) => Self::Unreadable(why),
            other => Self::Unreadable(Unavailable(other.to_string())),
        }
    }
}

/// The shape of a value.
pub(crate) enum View {
    /// A number, a truth value, a character, an enumerator, the address in a pointer: written in the format asked for.
    Scalar { kind: ScalarKind, scalar: Scalar },
    /// One line of the printer's own words, and perhaps parts (`1.5s`, with its seconds and nanoseconds).
    Words { text: String, parts: Vec<Part> },
    /// A line of a person's own words for what is inside.
    Titled { text: String, view: Box<View> },
    /// Characters.
    Text(Text),
    /// Named parts: a struct, a tuple, the variant of an enum.
    Parts(Parts),
    /// Elements, counted.
    List(List),
    /// Seen as another value: a box, a reference. `before` is written before it.
    Alias { before: String, value: Box<Value> },
    /// It can't be had.
    Unavailable(Unavailable),
}

impl View {
    /// One line of words.
    pub(crate) fn words(text: impl Into<String>) -> Self {
        Self::Words { text: text.into(), parts: Vec::new() }
    }

    /// Seen as `value`.
    pub(crate) fn alias(before: impl Into<String>, value: Value) -> Self {
        Self::Alias { before: before.into(), value: Box::new(value) }
    }
}

/// How parts are written around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `Name { a: 1 }`, in C `{a = 1}`.
    Named,
    /// `Name(1, 2)`
    Positional,
}

/// Named parts.
pub(crate) struct Parts {
    /// What is written before them (`Some`, `Point`); may be empty.
    pub name: String,
    pub form: Form,
    pub parts: Vec<Part>,
    /// The value that `*` and `.` go on with, for smart pointers and cells.
    pub target: Option<Box<Value>>,
    /// What else is to be said, behind them: `<union>`, why it's shown raw.
    pub note: Option<String>,
}

impl Parts {
    /// Parts with names.
    pub(crate) fn named(name: impl Into<String>, parts: Vec<Part>) -> Self {
        Self { name: name.into(), form: Form::Named, parts, target: None, note: None }
    }

    /// Parts without names.
    pub(crate) fn positional(name: impl Into<String>, parts: Vec<Part>) -> Self {
        Self { form: Form::Positional, ..Self::named(name, parts) }
    }

    /// With the value that `*` and `.` go on with.
    pub(crate) fn target(mut self, target: Value) -> Self {
        self.target = Some(Box::new(target));
        self
    }
}

impl From<Parts> for View {
    fn from(parts: Parts) -> Self {
        Self::Parts(parts)
    }
}

/// A part of a value.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Its name in trees; also in lines, unless the form is positional.
    pub name: String,
    pub content: Content,
    /// How an expression comes to it.
    pub way: Way,
}

/// What a part is.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// A value of the guest, or one that was computed.
    Value(Value),
    /// Words of the printer's.
    Words(String),
}

impl Part {
    /// A member that an expression comes to by its name.
    pub(crate) fn member(name: impl Into<String>, value: Value) -> Self {
        let name = name.into();
        Self { way: Way::Member(name.clone()), name, content: Content::Value(value) }
    }

    /// A value that no expression names.
    pub(crate) fn value(name: impl Into<String>, value: Value) -> Self {
        Self { name: name.into(), content: Content::Value(value), way: Way::None }
    }

    /// A number that the printer counted.
    pub(crate) fn number(name: impl Into<String>, number: u64) -> Self {
        Self::value(name, Value::integer(i128::from(number), 64, false))
    }

    /// Words.
    pub(crate) fn words(name: impl Into<String>, words: impl Into<String>) -> Self {
        Self { name: name.into(), content: Content::Words(words.into()), way: Way::None }
    }

    /// The same part, reached another way.
    pub(crate) fn by(mut self, way: Way) -> Self {
        self.way = way;
        self
    }
}

/// How an expression comes from a value to a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// `value.name`
    Member(String),
    /// `value[5]`, `value["key"]`
    Index(String),
    /// `*value`
    Deref,
    /// No expression comes there.
    None,
}

/// Characters of the guest.
pub(crate) struct Text {
    /// Written before the quotes: a C string's address. May be empty.
    pub before: String,
    pub source: TextSource,
    pub encoding: TextEncoding,
    /// Its characters as elements, for trees.
    pub elements: Option<List>,
}

/// Where the bytes of a text are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TextSource {
    /// So many bytes from an address on.
    Memory { pointer: u64, bytes: u64 },
    /// From an address on up to a zero.
    Terminated { pointer: u64 },
    /// These.
    Bytes(Vec<u8>),
}

/// How the bytes of a text are characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextEncoding {
    /// UTF-8, by the rules of the language: what is none is an error of the guest, and is said.
    Utf8,
    /// Bytes that are mostly UTF-8: others are written as `\xNN`, and nothing is wrong with them.
    Bytes,
    /// UTF-16, little-endian.
    Utf16,
    /// UTF-32, little-endian.
    Utf32,
}

impl TextEncoding {
    /// The size of a unit, in bytes.
    pub(crate) fn unit(self) -> u64 {
        match self {
            Self::Utf8 | Self::Bytes => 1,
            Self::Utf16 => 2,
            Self::Utf32 => 4,
        }
    }
}

impl Text {
    /// So many bytes from an address on.
    pub(crate) fn memory(pointer: u64, bytes: u64, encoding: TextEncoding) -> Self {
        Self { before: String::new(), source: TextSource::Memory { pointer, bytes }, encoding, elements: None }
    }
}

impl From<Text> for View {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListForm {
    /// `[1, 2]`, in C `{1, 2}`.
    Sequence,
    /// `{1, 2}`
    Set,
    /// `{"a": 1}`
    Map,
}

/// Elements, read when they're looked at.
pub(crate) struct List {
    pub form: ListForm,
    /// What is written before the bracket; mostly nothing.
    pub name: String,
    pub length: u64,
    /// Where they lie one after the other, if they do: address of the first, and their type.
    pub contiguous: Option<(u64, ValueType)>,
    pub elements: Box<dyn Elements>,
    /// What else is to be said, behind them.
    pub note: Option<String>,
}

/// An element of a [`List`].
#[derive(Clone, Debug)]
pub(crate) struct Element {
    /// Its key, in a map.
    pub key: Option<Value>,
    /// The element, or the key's value.
    pub value: Value,
}

impl Element {
    pub(crate) fn of(value: Value) -> Self {
        Self { key: None, value }
    }

    pub(crate) fn entry(key: Value, value: Value) -> Self {
        Self { key: Some(key), value }
    }
}

/// The elements of a list.
pub(crate) trait Elements {
    /// Elements `start` up to `start + count`, fewer at the end.
    ///
    /// # Errors
    /// What keeps all of the page from being read. One that can't be read is an element all the same, of an unavailable value.
    fn page(&self, context: &mut Context<'_>, start: u64, count: u64) -> Result<Vec<Element>, Trouble>;
}

impl<F> Elements for F
where
    F: Fn(&mut Context<'_>, u64, u64) -> Result<Vec<Element>, Trouble>,
{
    fn page(&self, context: &mut Context<'_>, start: u64, count: u64) -> Result<Vec<Element>, Trouble> {
        self(context, start, count)
    }
}

impl List {
    /// `length` elements, given a page at a time.
    pub(crate) fn new(form: ListForm, length: u64, elements: impl Elements + 'static) -> Self {
        Self { form, name: String::new(), length, contiguous: None, elements: Box::new(elements), note: None }
    }

    /// Elements in memory, one after the other.
    pub(crate) fn contiguous(pointer: u64, length: u64, element: ValueType) -> Self {
        let ty = element.clone();
        let page = move |context: &mut Context<'_>, start: u64, count: u64| {
            let size = context.size(&ty).ok_or_else(|| Trouble::unreadable("the size of its elements isn't known"))?;
            let end = start.saturating_add(count).min(length);
            let at = |index: u64| pointer.saturating_add(index.saturating_mul(size));
            Ok((start..end).map(|index| Element::of(context.at(at(index), ty.clone()))).collect())
        };
        Self { contiguous: Some((pointer, element)), ..Self::new(ListForm::Sequence, length, page) }
    }

    /// Elements that are known already.
    pub(crate) fn collected(form: ListForm, elements: Vec<Element>) -> Self {
        let length = elements.len() as u64;
        let page = move |_: &mut Context<'_>, start: u64, count: u64| {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            let start = usize::try_from(start).unwrap_or(usize::MAX);
            Ok(elements.iter().skip(start).take(count).cloned().collect::<Vec<_>>())
        };
        Self::new(form, length, page)
    }

    /// The same list with words behind it.
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

impl From<List> for View {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}
