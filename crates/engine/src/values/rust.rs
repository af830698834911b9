//! Values that are a pointer and a length: slices, strings and vectors, in Rust and in Zig.
//!
//! The pointer of a `Vec` lies under wrappers that differ between versions of the standard library, so it is looked for
//! by kind (the first pointer inside `buf`), not by path.

use freezeframe_debuggee::Unavailable;
use freezeframe_symbols::{Language, Record, TypeKind};

use super::{Context, Value, ValueType};

/// How deep the pointer of a vector may be wrapped.
const WRAPPERS: u32 = 8;

type Parts = (Result<u64, Unavailable>, Result<u64, Unavailable>, ValueType);

impl Context<'_> {
    /// Pointer, length and element type of a slice, string or vector; `None` for any other value.
    pub(crate) fn slice_parts(&mut self, value: &Value) -> Option<Parts> {
        let ty = self.stripped(&value.ty)?;
        let TypeKind::Record(record) = &ty.kind else { return None };
        let has = |name: &str| record.members.iter().any(|m| m.name.as_deref() == Some(name));
        let (rust, zig) = (ty.language == Language::Rust, ty.language == Language::Zig);
        if rust && record.members.len() == 2 && has("data_ptr") && has("length") {
            return self.pointer_and_length(value, "data_ptr", "length");
        }
        if zig && record.members.len() == 2 && has("ptr") && has("len") {
            return self.pointer_and_length(value, "ptr", "len");
        }
        if rust && has("vec") && ty.name.ends_with("string::String") {
            let vec = self.member(value, "vec").ok()?;
            let is_vec = self.stripped(&vec.ty).is_some_and(|ty| ty.name.contains("vec::Vec<"));
            return if is_vec { self.slice_parts(&vec) } else { None };
        }
        if rust && has("buf") && has("len") && ty.name.contains("vec::Vec<") {
            let element = ValueType::Named(type_argument(record, "T")?);
            let buf = self.member(value, "buf").ok()?;
            let pointer = self.first_pointer(&buf, 0)?;
            let length = self.member(value, "len").ok()?;
            return Some((self.word(&pointer), self.word(&length), element));
        }
        None
    }

    fn pointer_and_length(&mut self, value: &Value, pointer: &str, length: &str) -> Option<Parts> {
        let pointer = self.member(value, pointer).ok()?;
        let element = self.pointee(&pointer.ty)??;
        let length = self.member(value, length).ok()?;
        Some((self.word(&pointer), self.word(&length), element))
    }

    fn first_pointer(&mut self, value: &Value, depth: u32) -> Option<Value> {
        if self.pointee(&value.ty).is_some() {
            return Some(value.clone());
        }
        let ty = self.stripped(&value.ty)?;
        let TypeKind::Record(record) = &ty.kind else { return None };
        if depth > WRAPPERS {
            return None;
        }
        record.members.iter().find_map(|member| {
            let member = self.part_of_member(value, member).ok()?;
            self.first_pointer(&member, depth + 1)
        })
    }

    fn word(&mut self, value: &Value) -> Result<u64, Unavailable> {
        self.address_in(value).map_err(|e| Unavailable::new(e.to_string()))
    }

    /// Whether a slice of this element type is text.
    pub(crate) fn is_text(&self, value: &Value) -> bool {
        let name = self.stripped(&value.ty).map(|ty| ty.name.clone()).unwrap_or_default();
        name.ends_with("str") || name.ends_with("string::String") || name.ends_with("[]const u8") || name == "[]u8"
    }
}

fn type_argument(record: &Record, name: &str) -> Option<freezeframe_symbols::TypeId> {
    record.type_arguments.iter().find(|(n, _)| n == name).map(|(_, ty)| *ty)
}
