//! Names as people write them: demangling, and whether a name is meant by a shorter one.
//!
//! Invariant: what a symbol demangles to is bounded by [`MAX_NAME`], however it is built.

use std::fmt::{self, Write};

use cpp_demangle::{DemangleOptions, ParseOptions};

use crate::module::MAX_NAME;

/// The demangled path of a linkage name, without parameters, return type and hash; `None` if it isn't mangled.
pub(crate) fn demangle(symbol: &str) -> Option<String> {
    if symbol.len() > MAX_NAME {
        return None;
    }
    let mut out = Bounded(String::new());
    if let Ok(demangled) = rustc_demangle::try_demangle(symbol) {
        write!(out, "{demangled:#}").ok()?;
        return Some(out.0);
    }
    let symbol = symbol.strip_prefix("_Z").or_else(|| symbol.strip_prefix("__Z"))?;
    let symbol = format!("_Z{symbol}");
    let parse = ParseOptions::default().recursion_limit(128);
    let parsed = cpp_demangle::Symbol::new_with_options(symbol.as_bytes(), &parse).ok()?;
    let options = DemangleOptions::new().no_params().no_return_type().recursion_limit(128);
    parsed.structured_demangle(&mut out, &options).ok()?;
    Some(out.0)
}

struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > MAX_NAME {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

/// The parts of a path: split at `::` outside of brackets of any kind.
pub(crate) fn segments(path: &str) -> Vec<&str> {
    let bytes = path.as_bytes();
    let mut parts = Vec::new();
    let (mut start, mut at, mut depth) = (0, 0, 0usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'o' if depth == 0 && at == start && path.get(at..).is_some_and(|rest| operator_length(rest) > 0) => {
                at += path.get(at..).map_or(1, operator_length);
                continue;
            }
            b'<' | b'(' | b'[' | b'{' => depth += 1,
            // `->` is no closing bracket.
            b'>' if at > 0 && bytes.get(at - 1) == Some(&b'-') => {}
            b'>' | b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b':' if depth == 0 && bytes.get(at + 1) == Some(&b':') => {
                parts.push(path.get(start..at).unwrap_or_default());
                at += 2;
                start = at;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(path.get(start..).unwrap_or_default());
    parts
}

/// How long a C++ operator's name at the start of `rest` is (`operator<<`, `operator()`); 0 when there is none.
fn operator_length(rest: &str) -> usize {
    const SYMBOLS: [&str; 14] = ["<<=", ">>=", "<=>", "<<", ">>", "<=", ">=", "->*", "->", "()", "[]", "<", ">", "="];
    let Some(symbol) = rest.strip_prefix("operator") else { return 0 };
    SYMBOLS.iter().find(|known| symbol.starts_with(**known)).map_or(0, |known| "operator".len() + known.len())
}

/// Whether a part is one of the namespaces that C++ libraries put their version into, and nobody writes (`std::__2`).
fn is_version(part: &str) -> bool {
    let version = part.strip_prefix("__").map(|part| part.trim_start_matches("cxx").trim_start_matches("ndk"));
    version.is_some_and(|version| !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A part of a path without its generic arguments (`Vec<T>` → `Vec`).
pub(crate) fn without_generics(segment: &str) -> &str {
    if segment.starts_with("operator") {
        return segment;
    }
    match segment.find('<') {
        Some(at) if at > 0 && segment.ends_with('>') => segment.get(..at).unwrap_or(segment),
        _ => segment,
    }
}

/// The last part of a path, without generic arguments.
pub(crate) fn short(path: &str) -> &str {
    let parts = segments(path);
    let mut last = "";
    for part in parts.iter().rev() {
        last = part;
        // `name::<T>`: the arguments are a part of their own.
        if !part.starts_with('<') {
            break;
        }
    }
    without_generics(last)
}

/// The ways to write a path without generic arguments: Rust's `<A as B>::f` and `<impl B for A>::f` are both `A::f` and
/// `B::f`.
fn plain(path: &str, depth: usize) -> Vec<Vec<String>> {
    let mut ways = vec![Vec::new()];
    for (i, part) in segments(path).into_iter().filter(|part| !is_version(part)).enumerate() {
        let inner = part.strip_prefix('<').and_then(|part| part.strip_suffix('>'));
        match inner {
            Some(inner) if depth < 4 => {
                let (inner, is_impl) = match inner.strip_prefix("impl ") {
                    Some(inner) => (inner, true),
                    None => (inner, false),
                };
                if i > 0 && !is_impl {
                    continue;
                }
                let halves = if is_impl { split_at_word(inner, " for ") } else { split_at_word(inner, " as ") };
                ways = match halves {
                    Some((one, other)) => [plain(one, depth + 1), plain(other, depth + 1)].concat(),
                    None => plain(inner, depth + 1),
                };
            }
            _ => {
                let part = without_generics(part.trim_start_matches(['&', '*']));
                for way in &mut ways {
                    way.push(part.to_owned());
                }
            }
        }
    }
    ways
}

/// Splits at a word outside of brackets.
fn split_at_word<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth = depth.saturating_sub(1),
            ' ' if depth == 0 && text.get(at..).is_some_and(|rest| rest.starts_with(word)) => {
                return Some((text.get(..at)?, text.get(at + word.len()..)?));
            }
            _ => {}
        }
    }
    None
}

/// A name that is asked for.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    text: &'a str,
    ways: Vec<Vec<String>>,
}

impl<'a> Wanted<'a> {
    /// What a person wrote.
    pub fn new(text: &'a str) -> Self {
        let text = text.trim().trim_start_matches("::");
        Self { text, ways: plain(text, 0) }
    }

    /// The last part of the name, without generic arguments.
    pub fn short(&self) -> &str {
        short(self.text)
    }

    /// Whether `path` is meant: it is the name or ends with it at a `::`.
    pub fn means(&self, path: &str) -> bool {
        if self.text.is_empty() {
            return false;
        }
        if let Some(before) = path.strip_suffix(self.text)
            // Zig's paths have dots.
            && (before.is_empty() || before.ends_with("::") || before.ends_with('.'))
        {
            return true;
        }
        // With arguments given they have to be the same; without, any will do.
        !self.text.contains('<')
            && plain(path, 0).iter().any(|path| self.ways.iter().any(|wanted| path.ends_with(wanted)))
    }
}

/// Whether `name`, as a person writes it, means the function or variable `path`: the whole path, or a suffix of it at a
/// `::` boundary; generic arguments may be left out.
pub fn is_name_of(name: &str, path: &str) -> bool {
    Wanted::new(name).means(path)
}

/// A hash for tables in which names are looked up: quick; several names may have the same.
pub(crate) fn hash(name: impl AsRef<[u8]>) -> u32 {
    let name = name.as_ref();
    let (words, rest) = name.as_chunks::<8>();
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
    let words = words.iter().chain([&last]).map(|word| u64::from_le_bytes(*word));
    // The multiplier is that of Firefox's hash.
    let hash =
        words.fold(name.len() as u64, |hash, word| (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95));
    // The upper half: it depends on all bits.
    (hash >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demangling() {
        let rust = "_ZN6orders5total17h0123456789abcdefE";
        assert_eq!(demangle(rust).as_deref(), Some("orders::total"));
        assert_eq!(demangle("_ZN2ns5Shape4areaEi").as_deref(), Some("ns::Shape::area"));
        assert_eq!(demangle("main"), None);
        assert_eq!(demangle("_Z9"), None);
    }

    #[test]
    fn paths_are_split_outside_of_brackets() {
        assert_eq!(segments("a::b<c::d>::e"), ["a", "b<c::d>", "e"]);
        assert_eq!(segments("ns::operator<<::x"), ["ns", "operator<<", "x"]);
        assert_eq!(segments("<fn() -> a::b as c>::d"), ["<fn() -> a::b as c>", "d"]);
        assert_eq!(segments("(anonymous namespace)::f"), ["(anonymous namespace)", "f"]);
        assert_eq!(segments(""), [""]);
    }

    #[test]
    fn short_names() {
        for (path, name) in [
            ("ns::max<int>", "max"),
            ("alloc::vec::Vec<u32>::push", "push"),
            ("core::mem::swap::<u32>", "swap"),
            ("ns::operator<", "operator<"),
            ("main", "main"),
            ("<alloc::string::String as core::fmt::Display>::fmt", "fmt"),
        ] {
            assert_eq!(short(path), name);
        }
    }

    #[test]
    fn suffixes() {
        let means = |wanted: &str, path: &str| Wanted::new(wanted).means(path);
        assert!(means("total", "orders::total"));
        assert!(means("orders::total", "orders::total"));
        assert!(!means("tal", "orders::total"));
        assert!(!means("order::total", "orders::total"));
        assert!(means("Vec::push", "alloc::vec::Vec<u32, alloc::alloc::Global>::push"));
        assert!(means("Vec<T>::push", "alloc::vec::Vec<T>::push"));
        assert!(!means("Vec<U>::push", "alloc::vec::Vec<T>::push"));
        assert!(means("String::fmt", "<alloc::string::String as core::fmt::Display>::fmt"));
        assert!(means("Display::fmt", "<alloc::string::String as core::fmt::Display>::fmt"));
        assert!(means("Point::eq", "geo::<impl core::cmp::PartialEq for geo::Point>::eq"));
        assert!(means("max", "ns::max<int>"));
        assert!(means("std::vector::size", "std::__2::vector<int, std::__2::allocator<int> >::size"));
        assert!(means("queue.weigh", "queue.weigh") && means("weigh", "queue.weigh"));
        assert!(!means("", "x"));
    }
}
