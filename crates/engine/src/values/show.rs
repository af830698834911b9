//! Values as text, in the words of their language.
//!
//! Invariant: showing never fails and never runs for ever. Depth, number of elements and length of texts are bounded, and
//! what can't be read is named in its place.

use std::fmt::Write as _;

use freezeframe_debuggee::{Answer, Query, Unavailable};
use freezeframe_symbols::{Language, Record, RecordKind, Type, TypeKind};

use super::{Context, Scalar, Value, ValueType, is_character, scalar::ScalarKind};

/// No value is shown longer than this, in bytes: arrays of arrays multiply.
const LONGEST: usize = 32 << 10;

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

impl Context<'_> {
    /// Shows a value under a name.
    pub(crate) fn shown(&mut self, name: &str, value: &Value, format: Format, limits: Limits) -> Shown {
        let text = self.text(value, format, limits);
        Shown {
            name: name.to_owned(),
            type_name: self.type_name(&value.ty),
            available: !text.starts_with("<unavailable") && !text.starts_with("<optimised out"),
            text,
            address: value.address(),
        }
    }

    pub(crate) fn text(&mut self, value: &Value, format: Format, limits: Limits) -> String {
        let mut out = String::new();
        self.show(&mut out, value, format, limits, 0);
        out
    }

    fn show(&mut self, out: &mut String, value: &Value, format: Format, limits: Limits, depth: u32) {
        match self.referent(value) {
            Ok(Some(target)) if depth >= limits.depth => {
                _ = write!(out, "@{:#x}: {{…}}", target.address().unwrap_or(0));
                return;
            }
            Ok(Some(target)) => {
                _ = write!(out, "@{:#x}: ", target.address().unwrap_or(0));
                return self.show(out, &target, format, limits, depth + 1);
            }
            Err(why) => return unavailable(out, &Unavailable::new(why.to_string())),
            _ => {}
        }
        if let Some(kind) = self.scalar_kind(&value.ty) {
            return match self.scalar(value) {
                Ok(scalar) => self.show_scalar(out, value, kind, scalar, format, limits),
                Err(why) => unavailable(out, &Unavailable::new(why.to_string())),
            };
        }
        if let Some((_, counts)) = self.array(&value.ty) {
            return match &value.storage {
                super::Storage::Unavailable(why) => unavailable(out, why),
                _ => self.show_array(out, value, &counts, format, limits, depth),
            };
        }
        let Some(ty) = self.stripped(&value.ty) else {
            return match self.bytes(value) {
                Ok(bytes) => _ = write!(out, "<{} bytes of unknown type>", bytes.len()),
                Err(why) => unavailable(out, &why),
            };
        };
        if let super::Storage::Unavailable(why) = &value.storage {
            return unavailable(out, why);
        }
        if let Some((pointer, length, element)) = self.slice_parts(value) {
            return match (pointer, length) {
                (Ok(pointer), Ok(length)) => {
                    let text = self.is_text(value);
                    self.show_slice(out, pointer, length, &element, text, format, limits, depth);
                }
                (Err(why), _) | (_, Err(why)) => unavailable(out, &why),
            };
        }
        match &ty.kind {
            TypeKind::Record(record) => self.show_record(out, value, &ty, record, format, limits, depth),
            TypeKind::Function { .. } => _ = write!(out, "<function at {:#x}>", value.address().unwrap_or(0)),
            TypeKind::Incomplete => out.push_str("<incomplete type>"),
            _ => match self.bytes(value) {
                Ok(bytes) => _ = write!(out, "<{} bytes>", bytes.len()),
                Err(why) => unavailable(out, &why),
            },
        }
    }

    fn show_scalar(
        &mut self,
        out: &mut String,
        value: &Value,
        kind: ScalarKind,
        scalar: Scalar,
        format: Format,
        limits: Limits,
    ) {
        if format != Format::Natural && kind != ScalarKind::Float {
            let bits = self.size(&value.ty).unwrap_or(8).saturating_mul(8).min(128) as u32;
            let bits = value.bits.map_or(bits, |b| b.width.min(128) as u32);
            _ = write!(out, "{}", formatted(scalar.integer().unwrap_or(0), bits, format));
            return;
        }
        let ty = self.stripped(&value.ty);
        let value_ty = value.ty.clone();
        match scalar {
            Scalar::Bool(value) => _ = write!(out, "{value}"),
            Scalar::Float { value, bits: 32 } if readable(value) => {
                float(out, &(value as f32).to_string(), self.language);
            }
            Scalar::Float { value, bits: 32 } => _ = write!(out, "{:e}", value as f32),
            Scalar::Float { value, .. } if readable(value) => float(out, &value.to_string(), self.language),
            Scalar::Float { value, .. } => _ = write!(out, "{value:e}"),
            Scalar::Char { value, .. } => character(out, value),
            Scalar::Pointer(address) => self.show_pointer(out, value, address, limits),
            Scalar::Integer { value, bits: 128.., signed: false } => _ = write!(out, "{}", value.cast_unsigned()),
            Scalar::Integer { value, .. } => match ty.as_deref().map(|ty| &ty.kind) {
                Some(TypeKind::Enumeration { enumerators, .. }) => {
                    self.show_enumerator(out, ty.as_deref(), enumerators, value);
                }
                Some(TypeKind::Base(encoding)) if is_character(*encoding) && self.c_like() => {
                    _ = write!(out, "{value} ");
                    character(out, (value & 0xff) as u32);
                }
                None if self.c_like() && matches!(self.strip(&value_ty), ValueType::Integer { bits: 8, .. }) => {
                    _ = write!(out, "{value} ");
                    character(out, (value & 0xff) as u32);
                }
                _ => _ = write!(out, "{value}"),
            },
        }
    }

    fn c_like(&self) -> bool {
        matches!(self.language, Language::C | Language::Cpp | Language::Other)
    }

    fn show_enumerator(&self, out: &mut String, ty: Option<&Type>, enumerators: &[(String, i128)], value: i128) {
        let prefix = match ty {
            Some(ty) if self.language == Language::Rust => {
                format!("{}::", ty.name.rsplit("::").next().unwrap_or(&ty.name))
            }
            Some(_) if self.language == Language::Zig => ".".to_owned(),
            _ => String::new(),
        };
        if let Some((name, _)) = enumerators.iter().find(|(_, v)| *v == value) {
            _ = write!(out, "{prefix}{name}");
            return;
        }
        // Flags: distinct bits that together make the value.
        let mut rest = value;
        let mut names = Vec::new();
        for (name, flag) in enumerators {
            if *flag > 0 && flag.count_ones() == 1 && rest & flag == *flag {
                rest &= !flag;
                names.push(name.as_str());
            }
        }
        if rest == 0 && !names.is_empty() {
            _ = write!(out, "({})", names.join(" | "));
        } else {
            _ = write!(out, "{value} <no such enumerator>");
        }
    }

    fn show_pointer(&mut self, out: &mut String, value: &Value, address: u64, limits: Limits) {
        _ = write!(out, "{address:#x}");
        let Some(Some(target)) = self.pointee(&value.ty) else { return };
        if self.c_like() && address != 0 && matches!(self.strip(&target), ValueType::Integer { bits: 8, .. }) {
            out.push(' ');
            return self.show_c_string(out, address, limits);
        }
        let Some(ty) = self.stripped(&target) else { return };
        match &ty.kind {
            TypeKind::Base(encoding)
                if is_character(*encoding) && ty.size == Some(1) && self.c_like() && address != 0 =>
            {
                out.push(' ');
                self.show_c_string(out, address, limits);
            }
            TypeKind::Function { .. } => {
                if let Some(name) = self.function_in_table(address) {
                    _ = write!(out, " <{name}>");
                }
            }
            _ => {}
        }
    }

    /// In Wasm a function pointer is an index into table 0.
    fn function_in_table(&mut self, entry: u64) -> Option<String> {
        let instance = self.instance?;
        match self.target.ask(Query::TableFunction { instance, table: 0, entry }) {
            Ok(Answer::Function(Some((module, index)))) => {
                let symbols = &self.target.module(module)?.symbols;
                symbols.function_by_index(index).map(|f| f.name.clone())
            }
            _ => None,
        }
    }

    fn show_c_string(&mut self, out: &mut String, address: u64, limits: Limits) {
        let mut text = Vec::new();
        let mut byte = [0];
        while text.len() < limits.text {
            match self.read(address.saturating_add(text.len() as u64), &mut byte) {
                Ok(()) if byte[0] == 0 => return quoted(out, &text, false),
                Ok(()) => text.push(byte[0]),
                Err(why) if text.is_empty() => return unavailable(out, &why),
                Err(_) => break,
            }
        }
        quoted(out, &text, true);
    }

    #[expect(clippy::too_many_arguments, reason = "one place shows all slices; a struct for it would be used once")]
    fn show_slice(
        &mut self,
        out: &mut String,
        pointer: u64,
        length: u64,
        element: &ValueType,
        text: bool,
        format: Format,
        limits: Limits,
        depth: u32,
    ) {
        if text {
            let shown = length.min(limits.text as u64);
            let mut bytes = vec![0; shown as usize];
            return match self.read(pointer, &mut bytes) {
                Ok(()) => quoted(out, &bytes, shown < length),
                Err(why) => unavailable(out, &why),
            };
        }
        let size = self.size(element).unwrap_or(1);
        let elements = (0..length).map(|i| pointer.saturating_add(i.saturating_mul(size)));
        let elements = elements.take(limits.elements as usize).collect::<Vec<_>>();
        let values = elements.into_iter().map(|at| self.at(at, element.clone())).collect::<Vec<_>>();
        self.show_elements(out, &values, length, format, limits, depth);
    }

    fn show_array(
        &mut self,
        out: &mut String,
        value: &Value,
        counts: &[Option<u64>],
        format: Format,
        limits: Limits,
        depth: u32,
    ) {
        let Some(element) = self.element_type(&value.ty) else { return };
        let character = self
            .stripped(&element)
            .filter(|ty| ty.size == Some(1) && matches!(ty.kind, TypeKind::Base(encoding) if is_character(encoding)));
        // An `unsigned char` is a byte more often than a character: all of them are shown.
        let character = character.filter(|ty| ty.name != "unsigned char");
        if character.is_some() && self.c_like() && format == Format::Natural {
            return match self.bytes(value) {
                Ok(bytes) => {
                    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
                    let shown = end.min(limits.text);
                    quoted(out, &bytes[..shown], shown < end);
                }
                Err(why) => unavailable(out, &why),
            };
        }
        let Some(Some(count)) = counts.first().copied() else {
            out.push_str("<array of unknown length>");
            return;
        };
        let shown = i128::from(count.min(limits.elements));
        let values: Vec<Value> = (0..shown).filter_map(|i| self.index(value, i).ok()).collect();
        self.show_elements(out, &values, count, format, limits, depth);
    }

    fn brackets(&self) -> (&'static str, &'static str) {
        if self.language == Language::Rust { ("[", "]") } else { ("{", "}") }
    }

    fn show_elements(
        &mut self,
        out: &mut String,
        values: &[Value],
        count: u64,
        format: Format,
        limits: Limits,
        depth: u32,
    ) {
        let (open, close) = self.brackets();
        if depth >= limits.depth {
            _ = write!(out, "{open}…{close}");
            return;
        }
        out.push_str(open);
        for (i, value) in values.iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            if out.len() > LONGEST {
                out.push('…');
                break;
            }
            self.show(out, value, format, limits, depth + 1);
        }
        if (values.len() as u64) < count {
            _ = write!(out, ", … {} more", count - values.len() as u64);
        }
        out.push_str(close);
    }

    #[expect(clippy::too_many_arguments, reason = "the record was taken out of the type already")]
    fn show_record(
        &mut self,
        out: &mut String,
        value: &Value,
        ty: &Type,
        record: &Record,
        format: Format,
        limits: Limits,
        depth: u32,
    ) {
        if depth >= limits.depth {
            return out.push_str("{…}");
        }
        if let Some(part) = &record.variants {
            return match self.active_variant(value, part) {
                Ok(Some(member)) => match self.part_of_member(value, &member) {
                    Ok(variant) => {
                        let name = member.name.clone().unwrap_or_default();
                        self.show_variant(out, &name, &variant, format, limits, depth);
                    }
                    Err(why) => unavailable(out, &Unavailable::new(why.to_string())),
                },
                Ok(None) => out.push_str("<no such variant>"),
                Err(why) => unavailable(out, &Unavailable::new(why.to_string())),
            };
        }
        let name = match self.language {
            Language::Rust => last_part(&ty.name),
            _ => "",
        };
        let mut fields = Vec::new();
        for base in &record.bases {
            let label = format!("<{}>", self.ty(base.ty).name);
            if let Some(offset) = base.offset {
                let member = freezeframe_symbols::Member {
                    name: Some(label),
                    ty: base.ty,
                    offset,
                    bits: None,
                    artificial: false,
                };
                fields.push(member);
            }
        }
        fields.extend(record.members.iter().filter(|m| !m.artificial || m.name.is_some()).cloned());
        self.show_fields(out, name, value, &fields, record.kind, format, limits, depth);
    }

    fn show_variant(
        &mut self,
        out: &mut String,
        name: &str,
        value: &Value,
        format: Format,
        limits: Limits,
        depth: u32,
    ) {
        let ty = self.stripped(&value.ty);
        match ty.as_deref().map(|ty| &ty.kind) {
            Some(TypeKind::Record(record)) if record.members.is_empty() && record.variants.is_none() => {
                out.push_str(name);
            }
            Some(TypeKind::Record(record)) if record.variants.is_none() => {
                let members = record.members.clone();
                self.show_fields(out, name, value, &members, record.kind, format, limits, depth);
            }
            _ => {
                _ = write!(out, "{name}(");
                self.show(out, value, format, limits, depth + 1);
                out.push(')');
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the common end of records and variants")]
    fn show_fields(
        &mut self,
        out: &mut String,
        name: &str,
        value: &Value,
        fields: &[freezeframe_symbols::Member],
        kind: RecordKind,
        format: Format,
        limits: Limits,
        depth: u32,
    ) {
        let rust = self.language == Language::Rust;
        let zig = self.language == Language::Zig;
        let tuple = rust
            && !fields.is_empty()
            && fields.iter().all(|f| f.name.as_deref().is_some_and(|n| n.starts_with("__") && n.len() > 2));
        let (open, close, equals) = match () {
            () if tuple => ("(", ")", ""),
            () if rust => (if name.is_empty() { "{ " } else { " { " }, " }", ": "),
            () if zig => (".{ ", " }", " = "),
            () => ("{", "}", " = "),
        };
        // A tuple's own type name is its parts once more.
        out.push_str(if tuple && name.starts_with('(') { "" } else { name });
        if fields.is_empty() {
            return out.push_str(if rust { "" } else { "{}" });
        }
        out.push_str(open);
        for (i, field) in fields.iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            if out.len() > LONGEST {
                out.push('…');
                break;
            }
            match &field.name {
                Some(name) if !tuple => _ = write!(out, "{}{name}{equals}", if zig { "." } else { "" }),
                _ => {}
            }
            match self.part_of_member(value, field) {
                Ok(part) => self.show(out, &part, format, limits, depth + 1),
                Err(why) => unavailable(out, &Unavailable::new(why.to_string())),
            }
        }
        out.push_str(close);
        if kind == RecordKind::Union && rust {
            out.push_str(" <union>");
        }
    }
}

/// `a::b::C<d::E>` → `C<d::E>`; tuples and slices stay whole.
fn last_part(name: &str) -> &str {
    let head = name.find('<').unwrap_or(name.len());
    if name.starts_with(['(', '[', '&']) {
        return name;
    }
    match name[..head].rfind("::") {
        Some(at) => &name[at + 2..],
        None => name,
    }
}

fn unavailable(out: &mut String, why: &Unavailable) {
    let words = why.0.to_lowercase();
    if words.starts_with("optimised out") || words.starts_with("optimized out") {
        out.push_str("<optimised out>");
    } else {
        _ = write!(out, "<unavailable: {why}>");
    }
}

/// Whether a float can be read without an exponent.
fn readable(value: f64) -> bool {
    value == 0.0 || !value.is_finite() || (1e-5..1e16).contains(&value.abs())
}

fn float(out: &mut String, text: &str, language: Language) {
    out.push_str(text);
    if language == Language::Rust && text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        out.push_str(".0");
    }
}

fn character(out: &mut String, value: u32) {
    out.push('\'');
    match char::from_u32(value) {
        Some('\'') => out.push_str("\\'"),
        Some(c) if (c as u32) < 0x80 || !c.is_control() => escape(out, c),
        Some(_) | None => _ = write!(out, "\\x{value:02x}"),
    }
    out.push('\'');
}

fn escape(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        '\r' => out.push_str("\\r"),
        '\0' => out.push_str("\\0"),
        '\\' => out.push_str("\\\\"),
        c if c.is_control() => _ = write!(out, "\\x{:02x}", c as u32),
        c => out.push(c),
    }
}

/// Text in quotes; bytes that are no UTF-8 as `\xNN`.
fn quoted(out: &mut String, bytes: &[u8], cut: bool) {
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '"' {
                out.push_str("\\\"");
            } else {
                escape(out, c);
            }
        }
        // A text that was cut inside a character isn't a broken one.
        if !cut || !chunk.valid().is_empty() {
            for byte in chunk.invalid() {
                _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push('"');
    if cut {
        out.push('…');
    }
}

/// An integer in a format; negative ones as their bits, except in decimal.
pub(crate) fn formatted(value: i128, bits: u32, format: Format) -> String {
    let word = super::scalar::wrap(value, bits, false).cast_unsigned();
    match format {
        Format::Natural | Format::Decimal => value.to_string(),
        Format::Unsigned => word.to_string(),
        Format::Hex => format!("{word:#x}"),
        Format::Octal => format!("0{word:o}"),
        Format::Binary => format!("{word:#b}"),
        Format::Char => {
            let mut out = format!("{value} ");
            character(&mut out, word as u32);
            out
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped() {
        let show = |bytes: &[u8], cut| {
            let mut out = String::new();
            quoted(&mut out, bytes, cut);
            out
        };
        assert_eq!(show(b"a\"b\\\n\x01", false), r#""a\"b\\\n\x01""#);
        assert_eq!(show("grün €".as_bytes(), false), "\"grün €\"");
        assert_eq!(show(b"a\xff", false), r#""a\xff""#);
        assert_eq!(show(b"abc", true), "\"abc\"…");
    }

    #[test]
    fn formats() {
        assert_eq!(formatted(-1, 32, Format::Hex), "0xffffffff");
        assert_eq!(formatted(5, 8, Format::Binary), "0b101");
        assert_eq!(formatted(-1, 8, Format::Decimal), "-1");
        assert_eq!(formatted(65, 8, Format::Char), "65 'A'");
        assert_eq!(formatted(8, 8, Format::Octal), "010");
    }

    #[test]
    fn names_without_their_path() {
        assert_eq!(last_part("a::b::C<d::E>"), "C<d::E>");
        assert_eq!(last_part("(a::B, i32)"), "(a::B, i32)");
        assert_eq!(last_part("C"), "C");
    }
}
