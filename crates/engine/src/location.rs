//! Locations as people write them: `orders.c:12`, `12`, `total`, `*0x1f3`.

use freezeframe_debuggee::ModulePc;

use crate::{Catch, CodeId, EngineError};

/// Where a breakpoint, `until`, `list` … shall go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocationSpec {
    /// A line of a file whose path ends with these parts.
    Line {
        /// Path suffix.
        file: String,
        /// Line, from 1.
        line: u32,
    },
    /// The first statement at or after a column of a line.
    Column {
        /// Path suffix.
        file: String,
        /// Line, from 1.
        line: u32,
        /// Column, from 1.
        column: u32,
    },
    /// A line of the file that a front end names by a path of its own; see
    /// [`match_sources`](crate::Debugger::match_sources).
    Source {
        /// The front end's path.
        path: String,
        /// Line, from 1.
        line: u32,
        /// The first statement at or after this column, from 1, if there's one; of the line otherwise.
        column: Option<u32>,
    },
    /// A function by its name or the end of its path.
    Function(String),
    /// An exact operator: offset in the module (the first loaded module that has it).
    Address(u32),
    /// An exact operator of one program, in each debuggee that runs it.
    Instruction {
        /// The program.
        code: CodeId,
        /// Its offset in the module.
        pc: u32,
    },
    /// All functions whose name matches a regular expression.
    Matching(String),
    /// No place but an event, wherever it happens.
    Event(Catch),
}

impl LocationSpec {
    /// Reads a location. A bare number is a line of `current_file`.
    ///
    /// # Errors
    /// [`EngineError::Syntax`] for what is no location, [`EngineError::Expression`] for a bare line without a current
    /// file.
    pub fn parse(text: &str, current_file: Option<&str>) -> Result<Self, EngineError> {
        let text = text.trim();
        let syntax =
            |message: &str, at| Err(EngineError::Syntax { message: message.to_owned(), text: text.to_owned(), at });
        if text.is_empty() {
            return syntax("expected FILE:LINE, LINE, FUNCTION or *ADDRESS", 0);
        }
        if let Some(address) = text.strip_prefix('*') {
            return match parse_number(address.trim()) {
                Some(pc) => Ok(Self::Address(pc)),
                None => syntax("expected an address, such as *0x1f3 (see `disassemble`)", 1),
            };
        }
        if text.bytes().all(|b| b.is_ascii_digit()) {
            let Some(line) = parse_line(text) else { return syntax("line numbers count from 1", 0) };
            return match current_file {
                Some(file) => Ok(Self::Line { file: file.to_owned(), line }),
                None => Err(EngineError::Expression(format!(
                    "there is no current file to take line {line} of; write FILE:{line}"
                ))),
            };
        }
        // The last single colon: paths of Windows and of Rust modules have others.
        if let Some((file, line)) = text.rsplit_once(':')
            && !file.ends_with(':')
            && !file.is_empty()
        {
            // FILE:LINE:COLUMN
            if let (Some(column), Some((file, line))) = (parse_line(line.trim()), file.rsplit_once(':'))
                && let (Some(line), false) = (parse_line(line.trim()), file.is_empty())
            {
                return Ok(Self::Column { file: file.to_owned(), line, column });
            }
            return match parse_line(line.trim()) {
                Some(line) => Ok(Self::Line { file: file.to_owned(), line }),
                None => syntax("expected a line number after the colon", file.chars().count() + 1),
            };
        }
        Ok(Self::Function(text.to_owned()))
    }
}

fn parse_line(text: &str) -> Option<u32> {
    text.parse().ok().filter(|line| *line > 0)
}

fn parse_number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

impl std::fmt::Display for LocationSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Line { file, line } => write!(f, "{file}:{line}"),
            Self::Column { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::Source { path, line, column: None } => write!(f, "{path}:{line}"),
            Self::Source { path, line, column: Some(column) } => write!(f, "{path}:{line}:{column}"),
            Self::Function(name) => f.write_str(name),
            Self::Address(pc) => write!(f, "*{pc:#x}"),
            Self::Instruction { code, pc } => write!(f, "*{:#x}", code.address(ModulePc(*pc))),
            Self::Matching(pattern) => f.write_str(pattern),
            Self::Event(catch) => write!(f, "{catch}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write() {
        let parse = |text: &str| LocationSpec::parse(text, Some("cur.c"));
        assert_eq!(parse("orders.c:12").unwrap(), LocationSpec::Line { file: "orders.c".into(), line: 12 });
        let column = LocationSpec::Column { file: "orders.c".into(), line: 12, column: 5 };
        assert_eq!((parse("orders.c:12:5").unwrap(), column.to_string()), (column, "orders.c:12:5".to_owned()));
        assert_eq!(parse(" 7 ").unwrap(), LocationSpec::Line { file: "cur.c".into(), line: 7 });
        assert_eq!(parse(r"C:\x\a.c:3").unwrap(), LocationSpec::Line { file: r"C:\x\a.c".into(), line: 3 });
        assert_eq!(parse("ns::total").unwrap(), LocationSpec::Function("ns::total".into()));
        assert_eq!(parse("*0x1f").unwrap(), LocationSpec::Address(0x1f));
        assert!(matches!(parse("*zz"), Err(EngineError::Syntax { at: 1, .. })));
        assert!(matches!(parse("a.c:x"), Err(EngineError::Syntax { at: 4, .. })));
        assert!(parse("a.c:0").is_err() && parse("0").is_err() && parse("").is_err());
        assert!(matches!(LocationSpec::parse("3", None), Err(EngineError::Expression(_))));
    }
}
