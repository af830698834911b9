//! `x`: memory.

use freezeframe_engine::EngineError;

use super::{Answer, Call, Command, Repeat, Words, split_word};
use crate::{
    app::App,
    error::CliError,
    json::{MemoryValue, MemoryView, Reply},
};

/// More than this is no list to read.
const MOST: u64 = 64 * 1024;
/// The longest text that `x/s` follows.
const LONGEST_TEXT: u64 = 4096;

/// How memory was looked at last, and where to go on.
#[derive(Clone, Copy, Debug)]
pub struct Examined {
    shape: Shape,
    next: Option<u64>,
}

impl Default for Examined {
    fn default() -> Self {
        Self { shape: Shape { count: 1, format: 'x', unit: 4 }, next: None }
    }
}

/// `NFU`: how many, written how, of which size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    count: u64,
    format: char,
    unit: u64,
}

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        &["x"],
        "x[/NFU] [ADDRESS]",
        "Show memory at an address.\n\
         Without an address it goes on behind what was shown last.\n\
         N is how many; F how: x, d, u, o, t (binary), c (character), f (float), s (text); U of what size: b, h, w, g\n\
         (1, 2, 4, 8 bytes). ADDRESS is an expression: a number, a pointer, or something that lies in memory.",
        examine,
    )
    .words(Words::Expression)
    .modifier()
    .repeat(Repeat::Bare("x")),
    Command::new(
        &["memory read"],
        "memory read ADDRESS [COUNT]",
        "LLDB's way to write `x/COUNTxb ADDRESS`.\n\
         COUNT is 32 if it isn't given.",
        read,
    )
    .words(Words::Expression)
    .repeat(Repeat::Bare("x")),
];

fn examine(app: &mut App, call: &Call<'_>) -> Answer {
    let last = app.examined.shape;
    let going_on = call.rest.is_empty() && call.modifier.is_none();
    let shape = match call.modifier {
        // To go on is to go on with as many.
        None if going_on => last,
        None => Shape { count: 1, ..last },
        Some(text) => Shape::parse(text, last).map_err(|message| call.usage(message))?,
    };
    let address = match (call.rest, app.examined.next) {
        ("", Some(next)) => next,
        ("", None) => return Err(call.usage("expected an address")),
        (text, _) => address(app, text)?,
    };
    show(app, shape, address)
}

fn read(app: &mut App, call: &Call<'_>) -> Answer {
    let (words, count) = match call.rest.rsplit_once(char::is_whitespace).map(|(a, n)| (a, n.parse::<u64>())) {
        Some((words, Ok(count))) => (words, count),
        _ => (call.rest, 32),
    };
    if split_word(words).0.is_empty() {
        return Err(call.usage("expected an address"));
    }
    let address = address(app, words)?;
    show(app, Shape { count, format: 'x', unit: 1 }, address)
}

fn address(app: &mut App, text: &str) -> Result<u64, CliError> {
    let (id, frame) = (app.any_guest()?, app.frame_for_values());
    Ok(app.debugger.evaluate_address(id, frame, text)?)
}

impl Shape {
    fn parse(text: &str, last: Self) -> Result<Self, String> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let count = match &text[..digits] {
            "" => 1,
            number => number.parse().map_err(|_| format!("`{number}` is too many"))?,
        };
        let mut shape = Self { count, ..last };
        let mut unit_given = false;
        for letter in text[digits..].chars() {
            match letter {
                'b' | 'h' | 'w' | 'g' => {
                    unit_given = true;
                    shape.unit = match letter {
                        'b' => 1,
                        'h' => 2,
                        'w' => 4,
                        _ => 8,
                    };
                }
                'x' | 'd' | 'u' | 'o' | 't' | 'c' | 'f' | 's' => shape.format = letter,
                'a' | 'z' => shape.format = 'x',
                'i' => return Err("code doesn't lie in memory: use `disassemble`".to_owned()),
                other => return Err(format!("no format or unit `{other}`")),
            }
        }
        if !unit_given {
            match shape.format {
                'c' | 's' => shape.unit = 1,
                'f' if shape.unit < 4 => shape.unit = 8,
                _ => {}
            }
        }
        if shape.format == 'f' && shape.unit < 4 {
            return Err("floats have the units w and g".to_owned());
        }
        Ok(shape)
    }

    fn per_line(self) -> usize {
        match (self.format, self.unit) {
            ('s', _) => 1,
            ('t', 1) => 4,
            ('t', _) => 1,
            (_, 1 | 2) => 8,
            (_, 4) => 4,
            _ => 2,
        }
    }

    fn text(self, bytes: &[u8]) -> String {
        let mut raw = [0; 8];
        let length = bytes.len().min(8);
        raw[..length].copy_from_slice(&bytes[..length]);
        let bits = u64::from_le_bytes(raw);
        let unused = 64 - 8 * u32::try_from(length.max(1)).unwrap_or(8);
        let signed = (bits << unused).cast_signed() >> unused;
        match self.format {
            'd' => format!("{signed}"),
            'u' => format!("{bits}"),
            'o' => format!("0{bits:o}"),
            't' => format!("{bits:0width$b}", width = length * 8),
            'c' => {
                let c = u8::try_from(bits & 0xff).unwrap_or(0);
                format!("{signed} '{}'", c.escape_ascii())
            }
            'f' if self.unit == 4 => f32::from_bits(bits as u32).to_string(),
            'f' => f64::from_bits(bits).to_string(),
            _ => format!("{bits:#0width$x}", width = length * 2 + 2),
        }
    }
}

fn show(app: &mut App, shape: Shape, address: u64) -> Answer {
    // A text may be long.
    let size = if shape.format == 's' { 64 } else { shape.unit };
    if shape.count == 0 || shape.count.saturating_mul(size) > MOST {
        return Err(CliError::Other(format!("{} values of that size can be shown at once, and not none", MOST / size)));
    }
    let (bytes, values) = match shape.format {
        's' => texts(app, shape.count, address)?,
        _ => numbers(app, shape, address)?,
    };
    let cut = (values.len() as u64) < shape.count;
    app.examined = Examined { shape, next: Some(address.saturating_add(bytes.len() as u64)) };
    Ok(Some(Reply::Memory(MemoryView { address, bytes, values, cut, per_line: shape.per_line() })))
}

fn bytes_at(app: &mut App, address: u64, length: u64) -> Result<Vec<u8>, CliError> {
    let (id, frame) = (app.any_guest()?, app.frame_for_values());
    Ok(app.debugger.read_memory(id, frame, address, length)?)
}

fn numbers(app: &mut App, shape: Shape, address: u64) -> Result<(Vec<u8>, Vec<MemoryValue>), CliError> {
    let mut bytes = bytes_at(app, address, shape.count * shape.unit)?;
    let unit = usize::try_from(shape.unit).unwrap_or(1);
    bytes.truncate(bytes.len() / unit * unit);
    if bytes.is_empty() {
        return Err(EngineError::Expression(format!("cannot access memory at address {address:#x}")).into());
    }
    let values = bytes
        .chunks(unit)
        .enumerate()
        .map(|(i, value)| MemoryValue { address: address + (i * unit) as u64, text: shape.text(value) });
    let values = values.collect();
    Ok((bytes, values))
}

/// Texts one behind the other, each with its terminating zero.
fn texts(app: &mut App, count: u64, address: u64) -> Result<(Vec<u8>, Vec<MemoryValue>), CliError> {
    let mut all = Vec::new();
    let mut values = Vec::new();
    for _ in 0..count {
        let at = address.saturating_add(all.len() as u64);
        let bytes = match bytes_at(app, at, LONGEST_TEXT) {
            Ok(bytes) => bytes,
            Err(error) if values.is_empty() => return Err(error),
            Err(_) => break,
        };
        let end = bytes.iter().position(|b| *b == 0);
        let text = &bytes[..end.unwrap_or(bytes.len())];
        let cut = if end.is_none() { "…" } else { "" };
        values.push(MemoryValue { address: at, text: format!("\"{}\"{cut}", quoted(text)) });
        all.extend_from_slice(&bytes[..end.map_or(bytes.len(), |end| end + 1)]);
    }
    Ok((all, values))
}

fn quoted(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                c if c.is_control() => out.extend(c.escape_default()),
                c => out.push(c),
            }
        }
        chunk.invalid().iter().for_each(|b| out.push_str(&format!("\\x{b:02x}")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Result<Shape, String> {
        Shape::parse(text, Examined::default().shape)
    }

    #[test]
    fn shapes() {
        assert_eq!(shape("4xw").unwrap(), Shape { count: 4, format: 'x', unit: 4 });
        assert_eq!(shape("bd").unwrap(), Shape { count: 1, format: 'd', unit: 1 });
        assert_eq!(shape("s").unwrap(), Shape { count: 1, format: 's', unit: 1 });
        assert_eq!(shape("2f").unwrap(), Shape { count: 2, format: 'f', unit: 4 });
        assert_eq!(shape("2fg").unwrap(), Shape { count: 2, format: 'f', unit: 8 });
        assert!(shape("i").unwrap_err().contains("disassemble"));
        assert!(shape("q").is_err() && shape("fb").is_err() && shape("99999999999999999999x").is_err());
    }

    #[test]
    fn values() {
        let text = |text: &str, bytes: &[u8]| shape(text).unwrap().text(bytes);
        assert_eq!(text("xw", &[1, 0, 0, 0x80]), "0x80000001");
        assert_eq!(text("db", &[0xff]), "-1");
        assert_eq!(text("ub", &[0xff]), "255");
        assert_eq!(text("tb", &[5]), "00000101");
        assert_eq!(text("ob", &[8]), "010");
        assert_eq!(text("c", b"A"), "65 'A'");
        assert_eq!(text("fw", &1.5_f32.to_le_bytes()), "1.5");
        assert_eq!(text("dg", &(-2_i64).to_le_bytes()), "-2");
    }

    #[test]
    fn texts_are_escaped() {
        assert_eq!(quoted("a\"b\\\n€".as_bytes()), "a\\\"b\\\\\\n€");
        assert_eq!(quoted(b"a\xff"), "a\\xff");
    }
}
