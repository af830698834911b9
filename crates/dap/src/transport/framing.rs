//! The frames of the protocol: `Content-Length: N`, an empty line, N bytes of JSON.
//!
//! Invariant: whatever a client sends, no more memory is taken than the largest message may have.

use std::io::{self, BufRead, Read as _, Write};

/// The largest message that is taken, in bytes.
pub const LARGEST: usize = 16 << 20;
/// The longest header that is taken, in bytes.
const LONGEST_HEADER: u64 = 4096;

/// Why the stream of messages can't be read any further.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The stream failed.
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
    /// It ended within a message.
    #[error("the connection ended within a message")]
    CutOff,
    /// A header without a length, or one that is none.
    #[error("a message's header has no valid Content-Length: {0:?}")]
    NoLength(String),
    /// A header that doesn't end.
    #[error("a message's header is longer than {LONGEST_HEADER} bytes")]
    LongHeader,
    /// A message that is larger than any may be.
    #[error("a message of {0} bytes: at most {LARGEST} are taken")]
    TooLarge(usize),
}

/// Reads the next message; `None` at the end of the stream.
///
/// # Errors
/// What is no frame; the stream can't be used any more.
pub fn read(from: &mut impl BufRead) -> Result<Option<Vec<u8>>, FrameError> {
    let mut length = None;
    let mut seen = String::new();
    let mut left = LONGEST_HEADER;
    loop {
        let mut line = Vec::new();
        let count = from.by_ref().take(left).read_until(b'\n', &mut line)?;
        left -= count as u64;
        if !line.ends_with(b"\n") {
            return match (left, count, seen.is_empty()) {
                (0, ..) => Err(FrameError::LongHeader),
                (_, 0, true) => Ok(None),
                _ => Err(FrameError::CutOff),
            };
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if line.is_empty() {
            // Some clients send empty lines between messages.
            if seen.is_empty() {
                continue;
            }
            break;
        }
        seen.push_str(line);
        if let Some((name, value)) = line.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse::<usize>().ok();
        }
    }
    let length = length.ok_or(FrameError::NoLength(seen))?;
    if length > LARGEST {
        return Err(FrameError::TooLarge(length));
    }
    // The buffer grows with what comes, not with what was promised.
    let mut message = Vec::new();
    from.by_ref().take(length as u64).read_to_end(&mut message)?;
    if message.len() < length {
        return Err(FrameError::CutOff);
    }
    Ok(Some(message))
}

/// Writes a message.
///
/// # Errors
/// The stream's.
pub fn write(to: &mut impl Write, message: &[u8]) -> io::Result<()> {
    write!(to, "Content-Length: {}\r\n\r\n", message.len())?;
    to.write_all(message)?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(mut bytes: &[u8]) -> (Vec<Vec<u8>>, Option<FrameError>) {
        let mut messages = Vec::new();
        loop {
            match read(&mut bytes) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => return (messages, None),
                Err(error) => return (messages, Some(error)),
            }
        }
    }

    #[test]
    fn what_is_no_frame_is_said() {
        let error = |bytes: &[u8]| all(bytes).1.unwrap().to_string();
        assert!(error(b"Content-Length: x\r\n\r\n").contains("no valid Content-Length"));
        assert!(error(b"Content-Type: y\r\n\r\n{}").contains("no valid Content-Length"));
        assert!(error(b"Content-Length: 99999999999\r\n\r\n").contains("at most 16777216"));
        assert!(error(b"Content-Length: 5\r\n\r\n{}").contains("within a message"));
        assert!(error(b"Content-Le").contains("within a message"));
        assert!(error(&[b'a'; 5000]).contains("longer than"));
        assert!(error(&b"a\n".repeat(5000)).contains("longer than"));
    }

    #[test]
    fn headers_as_clients_write_them() {
        let (messages, error) = all(b"content-length:2\nX: y\n\n{}\r\n\r\nContent-Length: 0\r\n\r\n");
        assert!(error.is_none());
        assert_eq!(messages, [b"{}".to_vec(), Vec::new()]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(messages: Vec<Vec<u8>>) {
            let mut stream = Vec::new();
            for message in &messages {
                write(&mut stream, message).unwrap();
            }
            let (read, error) = all(&stream);
            prop_assert!(error.is_none());
            prop_assert_eq!(read, messages);
        }

        #[test]
        fn no_bytes_bring_it_down(bytes: Vec<u8>, cut in 0_usize..64) {
            all(&bytes);
            let mut stream = Vec::new();
            write(&mut stream, &bytes).unwrap();
            stream.truncate(cut);
            all(&stream);
        }
    }
}
