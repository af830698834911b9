//! Views written in one line, in the words of their language.
//!
//! Invariant: showing never fails and never runs for ever. Depth, number of elements, length of texts and of the whole are
//! bounded; a value inside itself is shown once; what can't be read is named in its place.

use std::fmt::Write as _;

use freezeframe_debuggee::{Answer, Query, Unavailable};
use freezeframe_symbols::{Language, Type, TypeKind};

use super::{
    Context, Scalar, ScalarKind, Value, ValueType, is_character,
    printers::literal_prefix,
    text::{character, float, formatted, quoted},
    view::{Content, Form, List, ListForm, Part, Parts, Text, TextSource, View},
};

/// No value is shown longer than this, in bytes: arrays of arrays multiply.
const LONGEST: usize = 32 << 10;
/// Deeper than this nothing is followed, whatever the limits say: showing recurses.
const DEEPEST: u32 = 64;

/// How much of a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many levels of records inside records.
    pub depth: u32,
    /// How many elements of an array.
    pub elements: u64,
    /// How many bytes of a text.
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 6, elements: 100, text: 400 }
    }
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// As the language does.
    #[default]
    Natural,
    /// `0x2a`
    Hex,
    /// `42`
    Decimal,
    /// `4294967295`
    Unsigned,
    /// `052`
    Octal,
    /// `0b101010`
    Binary,
    /// `42 '*'`
    Char,
    /// `0x0000002a`: with all digits, as addresses are written.
    Pointer,
}

/// How values are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ValueOptions {
    /// How numbers are written.
    pub format: Format,
    /// How much is shown.
    pub limits: Limits,
    /// Members as they lie in memory, without printers.
    pub raw: bool,
}

impl From<Limits> for ValueOptions {
    fn from(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }
}

/// A value, shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The variable, or the expression.
    pub name: String,
    /// Its type.
    pub type_name: String,
    /// The value, or in its place why there is none.
    pub text: String,
    /// Whether there is a value.
    pub available: bool,
    /// Its address, if it lies in memory.
    pub address: Option<u64>,
}

/// A line that is being written.
pub(super) struct Line {
    pub out: String,
    options: ValueOptions,
    /// What is being shown around, to tell a value that is inside itself.
    around: Vec<(u64, ValueType)>,
}

impl Line {
    pub(super) fn new(options: ValueOptions) -> Self {
        Self { out: String::new(), options, around: Vec::new() }
    }

    fn full(&self) -> bool {
        self.out.len() > LONGEST
    }
}

impl Context<'_> {
    /// Shows a value under a name.
    pub(crate) fn shown(&mut self, name: &str, value: &Value, options: impl Into<ValueOptions>) -> Shown {
        let text = self.text(value, options);
        Shown {
            name: name.to_owned(),
            type_name: self.type_name(&value.ty),
            available: is_available(&text),
            text,
            address: value.address(),
        }
    }

    pub(crate) fn text(&mut self, value: &Value, options: impl Into<ValueOptions>) -> String {
        let mut line = Line::new(options.into());
        self.show(&mut line, value, 0);
        line.out
    }

    fn show(&mut self, line: &mut Line, value: &Value, depth: u32) {
        if depth > DEEPEST {
            return line.out.push('…');
        }
        if let Some(address) = value.address() {
            let here = (address, value.ty.clone());
            if line.around.contains(&here) {
                _ = write!(line.out, "<inside itself: {address:#x}>");
                return;
            }
            line.around.push(here);
        }
        let view = self.view(value, line.options.raw);
        self.show_view(line, value, &view, depth);
        if value.address().is_some() {
            line.around.pop();
        }
    }

    /// Writes the view of a value.
    pub(super) fn show_view(&mut self, line: &mut Line, value: &Value, view: &View, depth: u32) {
        match view {
            View::Scalar { kind, scalar } => self.show_scalar(line, value, *kind, *scalar),
            View::Words { text, .. } | View::Titled { text, .. } => line.out.push_str(text),
            View::Text(text) => self.show_text(line, text, depth),
            View::Parts(parts) => self.show_parts(line, value, parts, depth),
            View::List(list) => self.show_list(line, value, list, depth),
            View::Alias { before, value } => {
                line.out.push_str(before);
                if depth >= line.options.limits.depth && !self.is_scalar_or_text(value) {
                    return line.out.push_str(if self.is_rust(value) { "…" } else { "{…}" });
                }
                // Boxes of boxes are a level each, so that they end.
                self.show(line, value, depth + 1);
            }
            View::Unavailable(why) => unavailable(&mut line.out, why),
        }
    }

    fn is_scalar_or_text(&mut self, value: &Value) -> bool {
        self.scalar_kind(&value.ty).is_some() || self.slice_parts(value).is_some_and(|parts| parts.text)
    }

    fn is_rust(&self, value: &Value) -> bool {
        self.language_of(&value.ty) == Language::Rust
    }

    fn show_part(&mut self, line: &mut Line, part: &Part, depth: u32) {
        match &part.content {
            Content::Value(value) => self.show(line, value, depth),
            Content::Words(words) => line.out.push_str(words),
        }
    }

    fn show_parts(&mut self, line: &mut Line, value: &Value, parts: &Parts, depth: u32) {
        let language = self.language_of(&value.ty);
        if depth >= line.options.limits.depth && !parts.parts.is_empty() {
            if language == Language::Rust && !parts.name.starts_with('(') {
                line.out.push_str(&parts.name);
            }
            return line.out.push_str(if language == Language::Rust && !parts.name.is_empty() {
                " {…}"
            } else {
                "{…}"
            });
        }
        let positional = parts.form == Form::Positional;
        let rust = language == Language::Rust;
        let zig = language == Language::Zig;
        let (open, close, equals) = match () {
            () if positional => ("(", ")", ""),
            () if rust => (if parts.name.is_empty() { "{ " } else { " { " }, " }", ": "),
            () if zig => (".{ ", " }", " = "),
            () => ("{", "}", " = "),
        };
        // A tuple's own type name is its parts once more.
        line.out.push_str(if positional && parts.name.starts_with('(') { "" } else { &parts.name });
        if parts.parts.is_empty() {
            line.out.push_str(match () {
                () if positional && parts.name.is_empty() => "()",
                () if rust || !parts.name.is_empty() => "",
                () => "{}",
            });
        } else {
            if !(rust || zig || positional || parts.name.is_empty()) {
                line.out.push(' ');
            }
            line.out.push_str(open);
            for (i, part) in parts.parts.iter().enumerate() {
                if i > 0 {
                    line.out.push_str(", ");
                }
                if line.full() {
                    line.out.push('…');
                    break;
                }
                if !positional && !part.name.is_empty() {
                    _ = write!(line.out, "{}{}{equals}", if zig { "." } else { "" }, part.name);
                }
                self.show_part(line, part, depth + 1);
            }
            // The one-tuple of Rust.
            if positional && parts.name.starts_with('(') && parts.parts.len() == 1 {
                line.out.push(',');
            }
            line.out.push_str(close);
        }
        note(&mut line.out, parts.note.as_deref());
    }

    fn show_list(&mut self, line: &mut Line, value: &Value, list: &List, depth: u32) {
        let rust = self.is_rust(value);
        let (open, close) = match list.form {
            ListForm::Sequence if rust => ("[", "]"),
            _ => ("{", "}"),
        };
        if !list.name.is_empty() {
            _ = write!(line.out, "{} ", list.name);
        }
        if depth >= line.options.limits.depth && list.length > 0 {
            _ = write!(line.out, "{open}…{close}");
            return note(&mut line.out, list.note.as_deref());
        }
        // Each writes something: more than these find no room, whatever the limit says.
        let wanted = list.length.min(line.options.limits.elements).min(LONGEST as u64);
        let elements = match list.elements.page(self, 0, wanted) {
            Ok(elements) => elements,
            Err(why) => return unavailable(&mut line.out, &why.unavailable()),
        };
        line.out.push_str(open);
        let mut written = 0_u64;
        for element in elements.iter().take(usize::try_from(wanted).unwrap_or(usize::MAX)) {
            if written > 0 {
                line.out.push_str(", ");
            }
            if line.full() {
                line.out.push('…');
                written = list.length;
                break;
            }
            if let Some(key) = &element.key {
                self.show(line, key, depth + 1);
                line.out.push_str(if rust { ": " } else { " = " });
            }
            self.show(line, &element.value, depth + 1);
            written += 1;
        }
        if written < list.length {
            let comma = if written > 0 { ", " } else { "" };
            _ = write!(line.out, "{comma}… {} more", list.length - written);
        }
        line.out.push_str(close);
        note(&mut line.out, list.note.as_deref());
    }

    fn show_text(&mut self, line: &mut Line, text: &Text, depth: u32) {
        // In another format its characters are numbers.
        if line.options.format != Format::Natural
            && let Some(list) = &text.elements
        {
            let value = Value::bool(false);
            line.out.push_str(&text.before);
            return self.show_list(line, &value, list, depth);
        }
        line.out.push_str(&text.before);
        match self.text_bytes(text, line.options.limits.text.min(LONGEST)) {
            Ok((bytes, whole)) => {
                let cut = (bytes.len() as u64) < whole.unwrap_or(u64::MAX);
                let wrong = quoted(&mut line.out, &bytes, cut, text.encoding);
                if let Some(whole) = whole.filter(|_| cut && !bytes.is_empty()) {
                    let unit = text.encoding.unit();
                    _ = write!(line.out, " {} more", (whole - bytes.len() as u64) / unit);
                }
                if let Some(at) = wrong {
                    let name = match text.encoding.unit() {
                        1 => "UTF-8",
                        2 => "UTF-16",
                        _ => "UTF-32",
                    };
                    _ = write!(line.out, " <not {name} at byte {at}>");
                }
            }
            Err(why) => unavailable(&mut line.out, &why),
        }
    }

    /// The first bytes of a text, at most `limit`, and how many there are in all; `None`: more, nobody counted them.
    pub(crate) fn text_bytes(&mut self, text: &Text, limit: usize) -> Result<(Vec<u8>, Option<u64>), Unavailable> {
        match &text.source {
            TextSource::Memory { pointer, bytes } => {
                let shown = (*bytes).min(limit as u64);
                let shown = shown - shown % text.encoding.unit();
                let mut read = vec![0; usize::try_from(shown).unwrap_or(0)];
                self.read(*pointer, &mut read)?;
                Ok((read, Some(*bytes)))
            }
            TextSource::Terminated { pointer } => self.terminated(*pointer, text.encoding.unit(), limit),
            TextSource::Bytes(bytes) => {
                let shown = bytes.len().min(limit);
                Ok((bytes[..shown].to_vec(), Some(bytes.len() as u64)))
            }
        }
    }

    fn terminated(&mut self, pointer: u64, unit: u64, limit: usize) -> Result<(Vec<u8>, Option<u64>), Unavailable> {
        let mut text = Vec::new();
        let mut buffer = vec![0; usize::try_from(unit).unwrap_or(1)];
        while text.len() < limit {
            match self.read(pointer.saturating_add(text.len() as u64), &mut buffer) {
                Ok(()) if buffer.iter().all(|byte| *byte == 0) => {
                    let length = text.len() as u64;
                    return Ok((text, Some(length)));
                }
                Ok(()) => text.extend_from_slice(&buffer),
                Err(why) if text.is_empty() => return Err(why),
                Err(_) => break,
            }
        }
        Ok((text, None))
    }

    fn show_scalar(&mut self, line: &mut Line, value: &Value, kind: ScalarKind, scalar: Scalar) {
        let format = line.options.format;
        let out = &mut line.out;
        if format != Format::Natural && kind != ScalarKind::Float {
            let bits = self.size(&value.ty).unwrap_or(8).saturating_mul(8).min(128) as u32;
            let bits = value.bits.map_or(bits, |b| b.width.min(128) as u32);
            _ = write!(out, "{}", formatted(scalar.integer().unwrap_or(0), bits, format));
            return;
        }
        let language = self.language_of(&value.ty);
        let ty = self.stripped(&value.ty);
        match scalar {
            Scalar::Bool(value) => _ = write!(out, "{value}"),
            Scalar::Float { value, bits } => float(out, value, bits, language),
            Scalar::Char { value, .. } => {
                if let Some(ty) = ty.filter(|_| c_like(language)) {
                    out.push_str(literal_prefix(&ty.name));
                }
                character(out, value);
            }
            // A pointer of Zig that may be 0 is an optional one.
            Scalar::Pointer(0) if language == Language::Zig => out.push_str("null"),
            Scalar::Pointer(address) => {
                if let Some(class) = self.dynamic_label(value) {
                    _ = write!(out, "({class} *) ");
                }
                _ = write!(out, "{address:#x}");
                let is_function = self.pointee(&value.ty).flatten().and_then(|target| self.stripped(&target));
                if is_function.is_some_and(|ty| matches!(ty.kind, TypeKind::Function { .. }))
                    && let Some(name) = self.function_in_table(address)
                {
                    _ = write!(out, " <{name}>");
                }
            }
            Scalar::Integer { value, bits: 128.., signed: false } => _ = write!(out, "{}", value.cast_unsigned()),
            Scalar::Integer { value: number, .. } => match ty.as_deref().map(|ty| &ty.kind) {
                Some(TypeKind::Enumeration { enumerators, .. }) => {
                    enumerator(out, ty.as_deref(), enumerators, number, language);
                }
                Some(TypeKind::Base(encoding)) if is_character(*encoding) && c_like(language) => {
                    _ = write!(out, "{number} ");
                    character(out, (number & 0xff) as u32);
                }
                Some(TypeKind::Base(_)) if ty.as_deref().is_some_and(|ty| ty.name == "wchar_t") => {
                    _ = write!(out, "{number} L");
                    character(out, number as u32);
                }
                None if c_like(language) && matches!(self.strip(&value.ty), ValueType::Integer { bits: 8, .. }) => {
                    _ = write!(out, "{number} ");
                    character(out, (number & 0xff) as u32);
                }
                _ => _ = write!(out, "{number}"),
            },
        }
    }

    /// In Wasm a function pointer is an index into table 0.
    pub(crate) fn function_in_table(&mut self, entry: u64) -> Option<String> {
        let instance = self.instance?;
        match self.target.ask(Query::TableFunction { instance, table: 0, entry }) {
            Ok(Answer::Function(Some((module, index)))) => {
                let symbols = &self.target.module(module)?.symbols;
                symbols.function_by_index(index).map(|f| f.name().to_owned())
            }
            _ => None,
        }
    }
}

/// Languages in which a byte may be a character.
pub(crate) fn c_like(language: Language) -> bool {
    matches!(language, Language::C | Language::Cpp | Language::Other)
}

fn enumerator(out: &mut String, ty: Option<&Type>, enumerators: &[(String, i128)], value: i128, language: Language) {
    let prefix = match ty {
        Some(ty) if language == Language::Rust => {
            format!("{}::", ty.name.rsplit("::").next().unwrap_or(&ty.name))
        }
        Some(_) if language == Language::Zig => ".".to_owned(),
        _ => String::new(),
    };
    if let Some((name, _)) = enumerators.iter().find(|(_, v)| *v == value) {
        _ = write!(out, "{prefix}{name}");
        return;
    }
    // Flags: distinct bits, and perhaps sums of them, that together make the value.
    let single = |flag: i128| flag > 0 && flag.count_ones() == 1;
    let bits = enumerators.iter().map(|(_, flag)| *flag).filter(|flag| single(*flag)).fold(0, |all, flag| all | flag);
    let is_flags = bits.count_ones() > 1 && enumerators.iter().all(|(_, flag)| flag & !bits == 0);
    let mut rest = value;
    let mut names = Vec::new();
    for (name, flag) in enumerators {
        if single(*flag) && rest & flag == *flag {
            rest &= !flag;
            names.push(name.clone());
        }
    }
    if rest != 0 && is_flags && value > 0 {
        names.push(format!("{rest:#x}"));
        rest = 0;
    }
    if rest == 0 && !names.is_empty() {
        _ = write!(out, "({})", names.join(" | "));
    } else {
        _ = write!(out, "{value} <no such enumerator>");
    }
}

fn note(out: &mut String, note: Option<&str>) {
    if let Some(note) = note {
        _ = write!(out, " <{note}>");
    }
}

pub(super) fn unavailable(out: &mut String, why: &Unavailable) {
    let words = why.0.to_lowercase();
    if words.starts_with("optimised out") || words.starts_with("optimized out") {
        out.push_str("<optimised out>");
    } else {
        _ = write!(out, "<unavailable: {why}>");
    }
}

/// Whether a text is a value, not why there is none.
pub(super) fn is_available(text: &str) -> bool {
    !text.starts_with("<unavailable") && !text.starts_with("<optimised out")
}
