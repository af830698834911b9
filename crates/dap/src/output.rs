//! A guest's output on its way to a client: bytes to text.

use std::sync::{Mutex, PoisonError};

/// Makes text of bytes that come in pieces: a character may be cut anywhere.
#[derive(Debug, Default)]
pub struct Decoder(Mutex<Vec<u8>>);

impl Decoder {
    /// The text that is complete with these bytes; what is no UTF-8 becomes U+FFFD.
    pub fn text(&self, bytes: &[u8]) -> String {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(bytes);
        let mut text = String::new();
        loop {
            match std::str::from_utf8(&kept) {
                Ok(rest) => {
                    text.push_str(rest);
                    kept.clear();
                    return text;
                }
                Err(error) => {
                    let (valid, rest) = kept.split_at(error.valid_up_to());
                    text.push_str(&String::from_utf8_lossy(valid));
                    let Some(bad) = error.error_len() else {
                        *kept = rest.to_vec();
                        return text;
                    };
                    text.push(char::REPLACEMENT_CHARACTER);
                    *kept = rest.get(bad..).unwrap_or_default().to_vec();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_may_be_cut() {
        let decoder = Decoder::default();
        let text: String = "añ€😀b".bytes().map(|byte| decoder.text(&[byte])).collect();
        assert_eq!(text, "añ€😀b");
        assert_eq!(decoder.text(b"a\xffb\xe2"), "a\u{fffd}b");
        assert_eq!(decoder.text(b"\x82x"), "\u{fffd}x");
    }
}
