//! Catchpoints: what stops the guest by its kind and not by its place.
//!
//! Traps and errors of host functions stop a guest anyway, as its end begins with them. A catchpoint for them narrows
//! that: once there's one, only what an enabled one names stops.

use std::fmt;

use freezeframe_debuggee::TrapKind;

use crate::{EngineError, hits::unknown_word};

/// Events that a catchpoint is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Catch {
    /// Traps of these kinds; of all if there's none.
    Traps(Vec<TrapKind>),
    /// Exceptions as they're thrown.
    Exceptions,
    /// Exceptions as they're thrown that no `try_table` of the activation takes: they leave the guest.
    Uncaught,
    /// Errors of host functions.
    HostErrors,
    /// The guest asks to exit; its stack is still whole.
    Exit,
    /// Modules come into the store.
    Loads,
}

/// The traps by the names that people write.
const TRAPS: &[(&str, TrapKind)] = &[
    ("stack-overflow", TrapKind::StackOverflow),
    ("memory-out-of-bounds", TrapKind::MemoryOutOfBounds),
    ("heap-misaligned", TrapKind::HeapMisaligned),
    ("table-out-of-bounds", TrapKind::TableOutOfBounds),
    ("indirect-call-to-null", TrapKind::IndirectCallToNull),
    ("bad-signature", TrapKind::BadSignature),
    ("integer-overflow", TrapKind::IntegerOverflow),
    ("divide-by-zero", TrapKind::IntegerDivisionByZero),
    ("bad-conversion-to-integer", TrapKind::BadConversionToInteger),
    ("unreachable", TrapKind::Unreachable),
    ("null-reference", TrapKind::NullReference),
    ("array-out-of-bounds", TrapKind::ArrayOutOfBounds),
    ("cast-failure", TrapKind::CastFailure),
    ("out-of-fuel", TrapKind::OutOfFuel),
    ("interrupt", TrapKind::Interrupt),
    ("other", TrapKind::Other),
];

/// The families by the names that people write.
const FAMILIES: &[&str] = &["trap", "throw", "uncaught", "host-error", "exit", "load"];

impl Catch {
    /// Reads `trap divide-by-zero`, `throw`, `host-error`, `exit`, `load`.
    ///
    /// # Errors
    /// What is none of these.
    pub fn parse(text: &str) -> Result<Self, EngineError> {
        let mut words = text.split([' ', ',', '\t']).filter(|w| !w.is_empty());
        let family = words.next().unwrap_or_default();
        let catch = match family {
            "trap" | "traps" => {
                let names: Vec<&str> = TRAPS.iter().map(|(name, _)| *name).collect();
                let kind = |word: &str| match TRAPS.iter().find(|(name, _)| *name == word) {
                    Some((_, kind)) => Ok(*kind),
                    None => Err(unknown_word("kind of trap", word, &names)),
                };
                return Ok(Self::Traps(words.map(kind).collect::<Result<_, _>>()?));
            }
            "throw" | "exception" | "exceptions" => Self::Exceptions,
            "uncaught" => Self::Uncaught,
            "host-error" | "host-errors" => Self::HostErrors,
            "exit" => Self::Exit,
            "load" | "loads" => Self::Loads,
            other => return Err(unknown_word("event to catch", other, FAMILIES)),
        };
        match words.next() {
            None => Ok(catch),
            Some(word) => Err(EngineError::Expression(format!("`catch {family}` takes no `{word}`"))),
        }
    }

    /// The names of all events, then those of the kinds of traps.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FAMILIES.iter().copied().chain(TRAPS.iter().map(|(name, _)| *name))
    }

    /// Whether both are for the same family of events.
    pub fn same_family(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// Whether this wants an event of its family; one trap stands for itself.
    pub(crate) fn wants(&self, event: &Self) -> bool {
        match (self, event) {
            (Self::Traps(wanted), Self::Traps(kinds)) => {
                wanted.is_empty() || kinds.iter().any(|kind| wanted.contains(kind))
            }
            _ => true,
        }
    }

    /// Whether the guest stops for these events without a catchpoint for them.
    pub fn by_default(&self) -> bool {
        matches!(self, Self::Traps(_) | Self::Uncaught | Self::HostErrors)
    }
}

impl fmt::Display for Catch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Traps(kinds) => {
                f.write_str("trap")?;
                for kind in kinds {
                    let name = TRAPS.iter().find(|(_, k)| k == kind).map_or("other", |(name, _)| name);
                    write!(f, " {name}")?;
                }
                Ok(())
            }
            Self::Exceptions => f.write_str("throw"),
            Self::Uncaught => f.write_str("uncaught"),
            Self::HostErrors => f.write_str("host-error"),
            Self::Exit => f.write_str("exit"),
            Self::Loads => f.write_str("load"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for text in ["trap", "trap unreachable divide-by-zero", "throw", "uncaught", "host-error", "exit", "load"] {
            assert_eq!(Catch::parse(text).unwrap().to_string(), text);
        }
        for (name, _) in TRAPS {
            assert_eq!(Catch::parse(&format!("trap {name}")).unwrap().to_string(), format!("trap {name}"));
        }
    }

    #[test]
    fn near_misses_are_named() {
        let error = |text: &str| Catch::parse(text).unwrap_err().to_string();
        assert!(error("trap unreachble").contains("did you mean `unreachable`?"));
        assert!(error("trapp").contains("did you mean `trap`?"));
        assert!(error("").contains("there are: trap, throw, uncaught"));
        assert!(error("exit 3").contains("takes no `3`"));
    }
}
