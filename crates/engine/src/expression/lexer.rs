//! Characters to tokens.

use crate::EngineError;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// `typed`: its suffix says so, and not only its size.
    Integer {
        value: i128,
        bits: u32,
        signed: bool,
        typed: bool,
    },
    Float {
        value: f64,
        bits: u32,
    },
    Char(char),
    Text(Vec<u8>),
    Name(String),
    /// What follows the `$`; `$$` leaves one there.
    Register(String),
    Symbol(&'static str),
}

/// Longest first, so that `<<` isn't two `<`.
const SYMBOLS: [&str; 36] = [
    "..=", "..", "->", "::", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "+", "-", "*", "/", "%", "<", ">", "=",
    "!", "~", "&", "|", "^", "(", ")", "[", "]", ".", ",", "{", "}", "?", ":", "@",
];

/// How long gdb's `'file.c'` before `::` is, which says of which file a static is.
fn file(chars: &[char]) -> Option<usize> {
    let ['\'', rest @ ..] = chars else { return None };
    let end = rest.iter().position(|c| *c == '\'')?;
    (end > 0 && rest.get(end + 1..end + 3) == Some(&[':', ':'])).then_some(end + 2)
}

/// Tokens with their places, in characters.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, EngineError> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    let error = |message: &str, at| EngineError::Syntax { message: message.to_owned(), text: text.to_owned(), at };
    while let Some(&c) = chars.get(at) {
        let start = at;
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        // After a dot a number is a tuple's field: `t.0.1` has no float in it.
        let field = matches!(tokens.last(), Some((_, Token::Symbol("."))));
        let token = if c.is_ascii_digit() && field {
            let digits: String = chars[at..].iter().take_while(|c| c.is_ascii_digit()).collect();
            at += digits.len();
            Token::Name(digits)
        } else if c.is_ascii_digit() {
            let (token, length) = number(&chars[at..]).ok_or_else(|| error("this number can't be read", start))?;
            at += length;
            token
        } else if let Some(length) = file(&chars[at..]) {
            at += length;
            Token::Name(chars[start..at].iter().collect())
        } else if c == '\'' {
            let (value, length) = character(&chars[at + 1..]).ok_or_else(|| error("expected 'c'", start))?;
            at += length + 1;
            Token::Char(value)
        } else if c == '"' {
            let (value, length) = quoted(&chars[at + 1..]).ok_or_else(|| error("this text has no end", start))?;
            at += length + 1;
            Token::Text(value)
        } else if c == '$' {
            at += 1;
            let second = usize::from(chars.get(at) == Some(&'$'));
            let length = second + chars[at + second..].iter().take_while(|c| is_name(**c)).count();
            let name: String = chars[at..at + length].iter().collect();
            at += length;
            Token::Register(name)
        } else if is_name_start(c) {
            let name: String = chars[at..].iter().take_while(|c| is_name(**c)).collect();
            at += name.chars().count();
            Token::Name(name)
        } else {
            let rest: String = chars[at..chars.len().min(at + 3)].iter().collect();
            let symbol = SYMBOLS.into_iter().find(|s| rest.starts_with(s));
            let symbol = symbol.ok_or_else(|| error(&format!("unexpected `{c}`"), start))?;
            at += symbol.len();
            Token::Symbol(symbol)
        };
        tokens.push((start, token));
    }
    Ok(tokens)
}

fn is_name_start(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn is_name(c: char) -> bool {
    is_name_start(c) || c.is_numeric()
}

fn character(chars: &[char]) -> Option<(char, usize)> {
    let (value, length) = match chars.first()? {
        '\'' => return None,
        _ => escaped(chars)?,
    };
    (chars.get(length) == Some(&'\'')).then_some((value, length + 1))
}

/// One character, or the escape that stands for it.
fn escaped(chars: &[char]) -> Option<(char, usize)> {
    Some(match chars.first()? {
        '\\' => match chars.get(1)? {
            'n' => ('\n', 2),
            't' => ('\t', 2),
            'r' => ('\r', 2),
            '0' => ('\0', 2),
            'x' => {
                let digits: String = chars.get(2..4)?.iter().collect();
                (char::from(u8::from_str_radix(&digits, 16).ok()?), 4)
            }
            c => (*c, 2),
        },
        c => (*c, 1),
    })
}

/// The bytes of a text up to its closing quote.
fn quoted(chars: &[char]) -> Option<(Vec<u8>, usize)> {
    let mut bytes = Vec::new();
    let mut at = 0;
    loop {
        let rest = &chars[at..];
        if rest.first()? == &'"' {
            return Some((bytes, at + 1));
        }
        let (c, length) = escaped(rest)?;
        // `\xff` is a byte, `ÿ` two.
        if rest.starts_with(&['\\', 'x']) {
            bytes.push(c as u8);
        } else {
            bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        at += length;
    }
}

/// A number with the suffixes of C and Rust.
fn number(chars: &[char]) -> Option<(Token, usize)> {
    let mut length = chars.iter().take_while(|c| is_name(**c)).count();
    let prefix: String = chars.iter().take(2).collect();
    let radix = match prefix.to_ascii_lowercase().as_str() {
        "0x" => 16,
        "0b" => 2,
        "0o" => 8,
        // C's octal numbers; Rust has no use for a leading zero.
        _ if chars[0] == '0' && length > 1 && chars[..length].iter().all(|c| ('0'..='7').contains(c)) => 8,
        _ => 10,
    };
    let fraction =
        radix == 10 && chars.get(length) == Some(&'.') && chars.get(length + 1).is_some_and(char::is_ascii_digit);
    if fraction {
        length += 1 + chars[length + 1..].iter().take_while(|c| is_name(**c)).count();
    }
    let exponent = radix == 10 && chars[..length].last().is_some_and(|c| matches!(c, 'e' | 'E'));
    if exponent && chars.get(length).is_some_and(|c| matches!(c, '+' | '-')) {
        length += 1 + chars[length + 1..].iter().take_while(|c| is_name(**c)).count();
    }
    let text: String = chars[..length].iter().filter(|c| **c != '_').collect();
    if fraction || radix == 10 && text.contains(['e', 'E']) {
        let single = text.ends_with(['f', 'F']) || text.ends_with("f32");
        let text = text.trim_end_matches("f32").trim_end_matches("f64").trim_end_matches(['f', 'F', 'l', 'L']);
        let (value, bits) = match single {
            true => (f64::from(text.parse::<f32>().ok()?), 32),
            false => (text.parse().ok()?, 64),
        };
        return Some((Token::Float { value, bits }, length));
    }
    let prefixed = text[1..].starts_with(|c: char| c.is_ascii_alphabetic()) && radix != 10;
    let digits = if prefixed { &text[2..] } else { &text[..] };
    let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    let (digits, suffix) = digits.split_at(end);
    let value = u128::from_str_radix(digits, radix).ok()?;
    let suffix = suffix.to_ascii_lowercase();
    let fits = |bits: u32| value >> bits.min(127) == 0;
    // `long` has 32 bits in wasm32.
    let long = |signed: bool| if fits(32 - u32::from(signed)) { 32 } else { 64 };
    let (bits, signed) = match suffix.as_str() {
        "" => natural_width(value, radix),
        "u" => (if fits(32) { 32 } else { 64 }, false),
        "l" => (long(true), true),
        "ll" => (64, true),
        "ul" | "lu" => (long(false), false),
        "ull" | "llu" => (64, false),
        "usize" => (32, false),
        "isize" => (32, true),
        other => {
            let signed = other.starts_with('i');
            let bits = other.strip_prefix(['i', 'u'])?.parse().ok()?;
            (matches!(bits, 8 | 16 | 32 | 64 | 128).then_some(bits)?, signed)
        }
    };
    let value = crate::values::wrap(value.cast_signed(), bits, signed);
    Some((Token::Integer { value, bits, signed, typed: !suffix.is_empty() }, length))
}

/// C's rule: the first of the types that holds it, unsigned ones only for hex.
fn natural_width(value: u128, radix: u32) -> (u32, bool) {
    let fits = |bits: u32| value < 1 << bits;
    match () {
        () if fits(31) => (32, true),
        () if radix != 10 && fits(32) => (32, false),
        () if fits(63) => (64, true),
        () if fits(64) => (64, false),
        () if fits(127) => (128, true),
        () => (128, false),
    }
}
