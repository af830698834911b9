//! Errors of the engine, and whose fault they are.

use freezeframe_debuggee::{DebuggeeError, DebuggeeId, Unavailable};

use crate::{BreakpointId, Handle};

/// Whose fault an error is: it decides whether it's shown plainly or reported as a defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The person asked for something that can't be; the message says what can.
    User,
    /// The guest, its file or its debug information.
    Guest,
    /// This debugger.
    Internal,
}

/// Why the engine didn't do what it was asked for. The debugger lives on after each of them.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No such debuggee.
    #[error("there is no debuggee {0}")]
    NoDebuggee(DebuggeeId),
    /// Only a stopped guest can answer.
    #[error("the program is running; interrupt it first")]
    Running,
    /// There is nothing to ask.
    #[error("the program is not being run")]
    NotRunning,
    /// The guest stands before its first operator.
    #[error("the program hasn't started: it has no stack yet")]
    NoStack,
    /// No frame of this number.
    #[error("no frame {0}: the innermost is 0, the outermost {1}")]
    NoFrame(usize, usize),
    /// A location that nothing in the loaded modules matches.
    #[error("no function `{name}`{}", suggest(.near))]
    NoFunction {
        /// What was asked for.
        name: String,
        /// Names like it.
        near: Vec<String>,
    },
    /// A pattern that fits no function.
    #[error("no function's name matches `{0}` (see `info functions`)")]
    NoMatch(String),
    /// A pattern that fits more functions than anybody wants to stop at.
    #[error("`{pattern}` matches {count} functions, and at most {most} can be stopped at; write a narrower pattern")]
    TooManyMatches {
        /// The pattern.
        pattern: String,
        /// How many it fits.
        count: usize,
        /// How many it may.
        most: usize,
    },
    /// No source file of this name.
    #[error("no source file `{name}` in the program's debug information{}", suggest(.near))]
    NoFile {
        /// What was asked for.
        name: String,
        /// Names like it.
        near: Vec<String>,
    },
    /// A line after the last one with code.
    #[error("no code at or after line {line} of {file}")]
    NoCodeAtLine {
        /// The file.
        file: String,
        /// The line.
        line: u32,
    },
    /// An address that is no operator.
    #[error("{pc:#x} is not the start of an instruction that can be reached{hint}")]
    NotAnOperator {
        /// What was asked for.
        pc: u32,
        /// Where the nearest one is.
        hint: String,
    },
    /// A location, or an expression, that can't be parsed.
    #[error("{message}\n  {text}\n  {:>caret$}", "^", caret = .at + 1)]
    Syntax {
        /// What is wrong.
        message: String,
        /// The whole text.
        text: String,
        /// Where in it, in characters.
        at: usize,
    },
    /// No variable, function or type of this name here.
    #[error("no symbol `{name}` in this context{}", suggest(.near))]
    NoSymbol {
        /// What was asked for.
        name: String,
        /// Names like it.
        near: Vec<String>,
    },
    /// An expression that has no meaning.
    #[error("{0}")]
    Expression(String),
    /// Another error, and what of the expression it concerns.
    #[error("{error}\n  {text}\n  {:>caret$}", "^", caret = .at + 1)]
    At {
        /// What is wrong.
        error: Box<EngineError>,
        /// The whole expression.
        text: String,
        /// Where in it, in characters.
        at: usize,
    },
    /// A value that can't be had.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
    /// A handle that was never given, or was forgotten.
    #[error("no value has the handle {0}: ask for its variable again")]
    NoHandle(Handle),
    /// What a handle means isn't there any more.
    #[error("{0} is gone: ask for its variable again")]
    Gone(String),
    /// A breakpoint number that isn't in use.
    #[error("no breakpoint number {0}; `info breakpoints` lists those that there are")]
    NoBreakpoint(BreakpointId),
    /// A number of a skip that isn't in use.
    #[error("no skip number {0}; `info skip` lists those that there are")]
    NoSkip(crate::SkipId),
    /// A command that needs source lines where there are none.
    #[error("{0} has no line information; step by instructions (`stepi`) or set a breakpoint elsewhere")]
    NoLines(String),
    /// `finish` in the outermost frame.
    #[error("`finish` is not meaningful in the outermost frame")]
    Outermost,
    /// A step backwards, of a debuggee that only runs forwards.
    #[error("this program can't run backwards; set a breakpoint further up and start it again")]
    NoReverse,
    /// The module can't be read.
    #[error("{0}")]
    Module(String),
    /// The debuggee failed.
    #[error(transparent)]
    Debuggee(DebuggeeError),
    /// A defect of this debugger.
    #[error("internal error: {0}; please report it")]
    Internal(&'static str),
}

impl From<DebuggeeError> for EngineError {
    fn from(error: DebuggeeError) -> Self {
        match error {
            DebuggeeError::Running => Self::Running,
            DebuggeeError::Ended => Self::NotRunning,
            other => Self::Debuggee(other),
        }
    }
}

impl EngineError {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::At { error, .. } => error.blame(),
            Self::Module(_) | Self::Unavailable(_) => Blame::Guest,
            Self::Internal(_) | Self::Debuggee(_) => Blame::Internal,
            _ => Blame::User,
        }
    }

    /// The error of an expression with the place that it's about; the innermost one counts.
    pub(crate) fn pointing_at(self, at: usize) -> Self {
        match self {
            Self::Expression(_) | Self::NoSymbol { .. } => Self::At { error: Box::new(self), text: String::new(), at },
            other => other,
        }
    }

    /// The text of the expression for an error that points into it; nothing to point at in a single word.
    pub(crate) fn in_text(self, text: &str) -> Self {
        match self {
            Self::At { error, .. } if !text.contains(|c: char| !c.is_alphanumeric() && c != '_' && c != '$') => *error,
            Self::At { error, at, .. } => Self::At { error, text: text.to_owned(), at },
            other => other,
        }
    }
}

fn suggest(near: &[String]) -> String {
    match near {
        [] => String::new(),
        [one] => format!("; did you mean `{one}`?"),
        more => {
            let names: Vec<String> = more.iter().map(|n| format!("`{n}`")).collect();
            format!("; did you mean one of {}?", names.join(", "))
        }
    }
}

/// The names most like `wanted`, best first, at most three, none that is a mere guess.
pub(crate) fn near_misses<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let wanted_lower = wanted.to_lowercase();
    let mut scored: Vec<(f64, &str)> = names
        .map(|name| (strsim::jaro_winkler(&wanted_lower, &name.to_lowercase()), name))
        .filter(|(score, _)| *score > 0.84)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.len().cmp(&b.1.len())).then(a.1.cmp(b.1)));
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions_are_near_and_few() {
        let names = ["compute_total", "compute_tax", "main", "compute_totals", "print_order"];
        assert_eq!(near_misses("compute_totl", names.into_iter())[0], "compute_total");
        assert!(near_misses("zzz", names.into_iter()).is_empty());
    }

    #[test]
    fn a_syntax_error_points_at_its_place() {
        let e = EngineError::Syntax { message: "expected a name".into(), text: "a + ".into(), at: 4 };
        assert_eq!(e.to_string(), "expected a name\n  a + \n      ^");
    }
}
