//! Numbers, characters and texts written out.

use std::fmt::Write as _;

use freezeframe_symbols::Language;

use super::{scalar::wrap, show::Format, view::TextEncoding};

/// Whether a float can be read without an exponent.
fn readable(value: f64) -> bool {
    value == 0.0 || !value.is_finite() || (1e-5..1e16).contains(&value.abs())
}

/// A float as its language writes it.
pub(super) fn float(out: &mut String, value: f64, bits: u32, language: Language) {
    let start = out.len();
    _ = match (bits, readable(value)) {
        (32, true) => write!(out, "{}", value as f32),
        (32, false) => write!(out, "{:e}", value as f32),
        (_, true) => write!(out, "{value}"),
        (_, false) => write!(out, "{value:e}"),
    };
    let whole = out.get(start..).is_some_and(|text| text.bytes().all(|b| b.is_ascii_digit() || b == b'-'));
    if language == Language::Rust && whole {
        out.push_str(".0");
    }
}

/// A character in its quotes.
pub(super) fn character(out: &mut String, value: u32) {
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

fn escaped(out: &mut String, c: char) {
    if c == '"' { out.push_str("\\\"") } else { escape(out, c) }
}

/// Text in quotes, and how many bytes of it are shown before the first that is wrong. Wrong bytes are written as `\xNN`.
pub(super) fn quoted(out: &mut String, bytes: &[u8], cut: bool, encoding: TextEncoding) -> Option<usize> {
    out.push('"');
    let wrong = match encoding {
        TextEncoding::Utf8 | TextEncoding::Bytes => utf8(out, bytes, cut),
        TextEncoding::Utf16 => utf16(out, bytes, cut),
        TextEncoding::Utf32 => utf32(out, bytes),
    };
    out.push('"');
    if cut {
        out.push('…');
    }
    wrong.filter(|_| encoding != TextEncoding::Bytes)
}

fn utf8(out: &mut String, bytes: &[u8], cut: bool) -> Option<usize> {
    let (mut at, mut wrong) = (0, None);
    let mut chunks = bytes.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        chunk.valid().chars().for_each(|c| escaped(out, c));
        at += chunk.valid().len();
        // A text that was cut inside a character isn't a broken one.
        let split = cut && chunks.peek().is_none() && is_beginning(chunk.invalid());
        if !chunk.invalid().is_empty() && !split {
            wrong = wrong.or(Some(at));
            chunk.invalid().iter().for_each(|byte| _ = write!(out, "\\x{byte:02x}"));
        }
        at += chunk.invalid().len();
    }
    wrong
}

/// Whether these are the first bytes of a character that isn't whole.
fn is_beginning(bytes: &[u8]) -> bool {
    matches!(std::str::from_utf8(bytes), Err(error) if error.error_len().is_none())
}

fn utf16(out: &mut String, bytes: &[u8], cut: bool) -> Option<usize> {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let count = bytes.len() / 2;
    let (mut at, mut wrong) = (0, None);
    for decoded in char::decode_utf16(units) {
        match decoded {
            Ok(c) => {
                escaped(out, c);
                at += c.len_utf16();
            }
            Err(_) if cut && at + 1 == count => at += 1,
            Err(error) => {
                wrong = wrong.or(Some(at * 2));
                _ = write!(out, "\\u{{{:x}}}", error.unpaired_surrogate());
                at += 1;
            }
        }
    }
    wrong
}

fn utf32(out: &mut String, bytes: &[u8]) -> Option<usize> {
    let mut wrong = None;
    for (at, unit) in bytes.chunks_exact(4).enumerate() {
        let unit = u32::from_le_bytes([unit[0], unit[1], unit[2], unit[3]]);
        match char::from_u32(unit) {
            Some(c) => escaped(out, c),
            None => {
                wrong = wrong.or(Some(at * 4));
                _ = write!(out, "\\u{{{unit:x}}}");
            }
        }
    }
    wrong
}

/// An integer in a format; negative ones as their bits, except in decimal.
pub(crate) fn formatted(value: i128, bits: u32, format: Format) -> String {
    let word = wrap(value, bits, false).cast_unsigned();
    match format {
        Format::Natural | Format::Decimal => value.to_string(),
        Format::Unsigned => word.to_string(),
        Format::Hex => format!("{word:#x}"),
        // All its digits, as an address is written.
        Format::Pointer => format!("{word:#0width$x}", width = 2 + (bits as usize).div_ceil(4)),
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
            let wrong = quoted(&mut out, bytes, cut, TextEncoding::Utf8);
            (out, wrong)
        };
        assert_eq!(show(b"a\"b\\\n\x01", false), (r#""a\"b\\\n\x01""#.to_owned(), None));
        assert_eq!(show("grün €".as_bytes(), false), ("\"grün €\"".to_owned(), None));
        assert_eq!(show(b"a\xffb", false), (r#""a\xffb""#.to_owned(), Some(1)));
        assert_eq!(show(b"abc", true), ("\"abc\"…".to_owned(), None));
        assert_eq!(show(&"a€".as_bytes()[..3], true), ("\"a\"…".to_owned(), None), "cut inside a character");
        assert_eq!(show(&"a€".as_bytes()[..3], false), (r#""a\xe2\x82""#.to_owned(), Some(1)));
        assert_eq!(show(b"a\xff", true), (r#""a\xff"…"#.to_owned(), Some(1)));
    }

    #[test]
    fn wide_texts() {
        let show = |bytes: &[u8], encoding| {
            let mut out = String::new();
            let wrong = quoted(&mut out, bytes, false, encoding);
            (out, wrong)
        };
        let units = |text: &[u16]| text.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<u8>>();
        assert_eq!(show(&units(&[0x61, 0xd83e, 0xdd80]), TextEncoding::Utf16), ("\"a🦀\"".to_owned(), None));
        assert_eq!(show(&units(&[0x61, 0xd83e]), TextEncoding::Utf16), (r#""a\u{d83e}""#.to_owned(), Some(2)));
        assert_eq!(
            show(&[0x61, 0, 0, 0, 0, 0, 0x11, 0], TextEncoding::Utf32),
            (r#""a\u{110000}""#.to_owned(), Some(4))
        );
    }

    #[test]
    fn formats() {
        assert_eq!(formatted(-1, 32, Format::Hex), "0xffffffff");
        assert_eq!(formatted(5, 8, Format::Binary), "0b101");
        assert_eq!(formatted(-1, 8, Format::Decimal), "-1");
        assert_eq!(formatted(65, 8, Format::Char), "65 'A'");
        assert_eq!(formatted(8, 8, Format::Octal), "010");
        assert_eq!(formatted(0x1f0, 32, Format::Pointer), "0x000001f0");
    }
}
