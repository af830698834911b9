//! What a Rust program says of its own panic: the text that it has just written to standard error.
//!
//! Invariant: a text counts only if the place that it names is one of the stack's: it isn't that of an earlier panic.

use std::sync::{Arc, Mutex, PoisonError};

use freezeframe_engine::StackFrame;

use crate::sources::file_name;

/// How much is kept, in bytes.
const KEPT: usize = 16 << 10;

/// The end of what a guest wrote to standard error. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Tail(Arc<Mutex<String>>);

impl Tail {
    /// The guest has written more.
    pub fn push(&self, text: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_str(text);
        if kept.len() > 2 * KEPT {
            let cut = kept.ceil_char_boundary(kept.len() - KEPT);
            kept.drain(..cut);
        }
    }

    /// The message of the panic that the guest stands in, and the place that it names.
    pub fn panic(&self, stack: &[StackFrame]) -> Option<Panic> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let panic = last_panic(&kept)?;
        let here = stack.iter().filter_map(|frame| frame.position.as_ref());
        let mut here = here.map(|at| (file_name(&at.path), at.line));
        here.any(|at| at == (file_name(&panic.file), panic.line)).then_some(panic)
    }
}

/// What a program said of its panic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panic {
    /// What is wrong.
    pub message: String,
    file: String,
    line: u32,
}

/// The panic that was written last, as std's own hook writes them: `thread 'main' panicked at FILE:LINE:COLUMN:`, the message
/// from the next line on, and a note.
fn last_panic(text: &str) -> Option<Panic> {
    const PANICKED: &str = " panicked at ";
    let start = text.match_indices("thread '").map(|(at, _)| at).filter(|at| {
        let line = text[*at..].lines().next().unwrap_or_default();
        line.contains(PANICKED) && (*at == 0 || text[..*at].ends_with('\n'))
    });
    let rest = &text[start.last()?..];
    let (head, message) = rest.split_once('\n')?;
    let (_, place) = head.split_once(PANICKED)?;
    let mut parts = place.trim_end().strip_suffix(':')?.rsplitn(3, ':');
    let (_column, line, file) = (parts.next()?, parts.next()?, parts.next()?);
    let end = ["\nnote: ", "\nstack backtrace:"].iter().filter_map(|end| message.find(end)).min();
    let message = message[..end.unwrap_or(message.len())].trim_end().to_owned();
    Some(Panic { message, file: file.to_owned(), line: line.parse().ok()? })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failure is meant to be loud")]
    use super::*;

    #[test]
    fn the_last_panic_is_read_as_std_writes_it() {
        let text = "hello\n\nthread 'main' panicked at a.rs:1:2:\nfirst\nnote: run with `RUST_BACKTRACE=1` …\n\
                    \nthread 'main' (1) panicked at /src/b c.rs:12:9:\nindex out of bounds:\n  the len is 3\nnote: run with\n";
        let panic = last_panic(text).unwrap();
        assert_eq!((panic.file.as_str(), panic.line), ("/src/b c.rs", 12));
        assert_eq!(panic.message, "index out of bounds:\n  the len is 3");
        for none in [
            "",
            "thread 'main' panicked at",
            "he said: thread 'x' panicked at a.rs:1:2:\nno",
            "thread 'a' panicked at b\nc",
        ] {
            assert_eq!(last_panic(none), None, "{none}");
        }
    }

    #[test]
    fn only_the_end_is_kept() {
        let tail = Tail::default();
        for _ in 0..10_000 {
            tail.push("é€😀");
        }
        tail.push("\nthread 'main' panicked at a.rs:1:2:\nend\n");
        let kept = tail.0.lock().unwrap();
        assert!(kept.len() <= 2 * KEPT);
        assert_eq!(last_panic(&kept).unwrap().message, "end");
    }

    #[test]
    fn a_panic_of_elsewhere_is_none_of_this_stack() {
        let tail = Tail::default();
        tail.push("thread 'main' panicked at a.rs:1:2:\nend\n");
        assert_eq!(tail.panic(&[]), None);
    }
}
