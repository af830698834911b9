//! Texts compared with what the program has of them: C strings, character arrays, slices and strings.

use freezeframe_symbols::TypeKind;

use super::{Kind, Node};
use crate::{
    EngineError,
    values::{Context, TextEncoding, Value, View, is_character},
};

impl Context<'_> {
    /// `left == right` if one of them is a text.
    pub(super) fn text_equality(&mut self, left: &Node, right: &Node) -> Result<Option<bool>, EngineError> {
        Ok(match (&left.kind, &right.kind) {
            (Kind::Text(a), Kind::Text(b)) => Some(a == b),
            (Kind::Text(text), other) | (other, Kind::Text(text)) => {
                let node = if matches!(left.kind, Kind::Text(_)) { right } else { left };
                debug_assert!(*other == node.kind);
                let value = self.node(node)?;
                Some(self.is_this_text(&value, text).map_err(|error| error.pointing_at(node.at))?)
            }
            _ => None,
        })
    }

    pub(crate) fn is_this_text(&mut self, value: &Value, text: &[u8]) -> Result<bool, EngineError> {
        let mut value = value.clone();
        // A `&String`, a `const std::string_view &`: not through pointers without end.
        for _ in 0..4 {
            if let Some(target) = self.referent(&value)? {
                value = target;
            }
            if let Some(View::Text(found)) = self.printer_view(&value) {
                let text = &encoded(text, found.encoding);
                // One byte more tells a longer one.
                let (bytes, length) = self.text_bytes(&found, text.len() + 1)?;
                return Ok(length == Some(text.len() as u64) && bytes == *text);
            }
            if let Some(element) = self.element_type(&value.ty).filter(|ty| self.is_char(ty)) {
                let bytes = self.bytes(&value)?;
                let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
                debug_assert!(self.size(&element) == Some(1));
                return Ok(&bytes[..end] == text);
            }
            match self.pointee(&value.ty) {
                Some(Some(target)) if self.is_char(&target) => {
                    let address = self.address_in(&value)?;
                    return self.is_c_string(address, text);
                }
                Some(Some(_)) => value = self.deref(&value)?,
                // A smart pointer.
                None if self.printer(&value.ty).is_some() => match self.deref(&value) {
                    Ok(target) => value = target,
                    Err(_) => break,
                },
                _ => break,
            }
        }
        let name = self.short_type_name(&value.ty);
        Err(EngineError::Expression(format!("a value of type `{name}` is no text")))
    }

    fn is_char(&self, ty: &crate::values::ValueType) -> bool {
        let ty = self.stripped(ty);
        ty.is_some_and(|ty| ty.size == Some(1) && matches!(ty.kind, TypeKind::Base(e) if is_character(e)))
    }

    fn is_c_string(&mut self, address: u64, text: &[u8]) -> Result<bool, EngineError> {
        if address == 0 {
            return Ok(false);
        }
        // Byte by byte: it may end before the memory does.
        for (expected, at) in text.iter().chain(&[0]).zip(address..) {
            let mut byte = [0];
            self.read(at, &mut byte)?;
            if byte[0] != *expected {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// A text as a program has it that keeps its characters so.
pub(crate) fn encoded(text: &[u8], encoding: TextEncoding) -> Vec<u8> {
    let characters = || String::from_utf8_lossy(text);
    match encoding {
        TextEncoding::Utf8 | TextEncoding::Bytes => text.to_vec(),
        TextEncoding::Utf16 => characters().encode_utf16().flat_map(u16::to_le_bytes).collect(),
        TextEncoding::Utf32 => characters().chars().flat_map(|c| (c as u32).to_le_bytes()).collect(),
    }
}
