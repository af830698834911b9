//! Source maps: lines for modules without DWARF, such as AssemblyScript's.
//!
//! Of a source map for WebAssembly there is one generated line, and a column is an offset in the module.
//!
//! Invariant: what comes out is bounded by what went in: a map whose paths would take more than [`ROOM`] for each of its
//! bytes is refused, as is one with a damaged mapping.

use serde_json::Value;

use crate::{budget::Budget, module::clip};

/// How many bytes of paths there may be for each byte of a map: the root that it says once is in each of them.
const ROOM: usize = 16;
/// And so many more, for small maps.
const LEAST_ROOM: usize = 4 << 20;

/// A source map's answers.
#[derive(Debug, Default)]
pub(crate) struct SourceMap {
    /// Paths and, where the map has them, contents.
    pub sources: Vec<(String, Option<String>)>,
    /// By offset.
    pub mappings: Vec<Mapping>,
}

/// From an offset on, code comes from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mapping {
    /// Where in the module.
    pub offset: u32,
    /// An index into [`SourceMap::sources`] with a line and a column, which count from 1; `None` for code of nobody.
    pub source: Option<(u32, u32, u32)>,
}

impl SourceMap {
    /// Reads a source map, version 3.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        // Servers put this before JSON, so that it isn't run as a script.
        let bytes = bytes.strip_prefix(b")]}'").unwrap_or(bytes);
        let json: Value =
            serde_json::from_slice(bytes).map_err(|error| format!("the source map is no JSON: {error}"))?;
        if json.get("version").and_then(Value::as_u64) != Some(3) {
            return Err("the source map isn't of version 3".into());
        }
        let paths = Budget::new(bytes.len(), ROOM, LEAST_ROOM);
        let mut map = Self::default();
        if let Some(sections) = json.get("sections").and_then(Value::as_array) {
            for section in sections {
                let offset = section.get("offset").and_then(|offset| offset.get("column")).and_then(Value::as_u64);
                if let Some(inner) = section.get("map") {
                    map.add(inner, offset.and_then(|offset| u32::try_from(offset).ok()).unwrap_or(0), &paths)?;
                }
            }
        } else {
            map.add(&json, 0, &paths)?;
        }
        map.mappings.sort_by_key(|mapping| mapping.offset);
        Ok(map)
    }

    fn add(&mut self, json: &Value, from: u32, paths: &Budget) -> Result<(), String> {
        let root = clip(json.get("sourceRoot").and_then(Value::as_str).unwrap_or_default());
        let list = |name| json.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let contents = list("sourcesContent");
        let first = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        for (at, source) in list("sources").iter().enumerate() {
            let source = clip(source.as_str().unwrap_or_default());
            if !paths.take(root.len() + source.len()) {
                return Err(
                    "the source map isn't used: each of its many sources is in a folder with a long name".into()
                );
            }
            let path = crate::source_path::join(&[root, source]);
            self.sources.push((path, contents.get(at).and_then(Value::as_str).map(str::to_owned)));
        }
        let text = json.get("mappings").and_then(Value::as_str).ok_or("the source map has no mappings")?;
        let known = u32::try_from(self.sources.len()).unwrap_or(u32::MAX) - first;
        let (mut offset, mut source, mut line, mut column) = (i64::from(from), 0i64, 0i64, 0i64);
        for segment in text.split(';').next().unwrap_or_default().split(',').filter(|segment| !segment.is_empty()) {
            let Some(fields) = numbers(segment) else {
                return Err(format!("the source map is damaged at its mapping {:?}", clip(segment)));
            };
            let [by, rest @ ..] = fields.as_slice() else { continue };
            offset = offset.saturating_add(*by);
            let mut known_source = None;
            if let [by_source, by_line, by_column, ..] = rest {
                source = source.saturating_add(*by_source);
                line = line.saturating_add(*by_line);
                column = column.saturating_add(*by_column);
                let number = |value: i64| u32::try_from(value).ok()?.checked_add(1);
                known_source = u32::try_from(source)
                    .ok()
                    .filter(|source| *source < known)
                    .and_then(|source| Some((source.checked_add(first)?, number(line)?, number(column)?)));
            }
            if let Ok(offset) = u32::try_from(offset) {
                self.mappings.push(Mapping { offset, source: known_source });
            }
        }
        Ok(())
    }
}

/// The numbers of a segment: base 64, the lowest five bits first, the sign in the lowest one.
fn numbers(segment: &str) -> Option<Vec<i64>> {
    let mut numbers = Vec::new();
    let (mut value, mut shift) = (0i64, 0u32);
    for byte in segment.bytes() {
        let digit = i64::from(match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        });
        if shift > 30 {
            return None;
        }
        value |= (digit & 31) << shift;
        shift += 5;
        if digit & 32 == 0 {
            numbers.push(if value & 1 == 1 { -(value >> 1) } else { value >> 1 });
            (value, shift) = (0, 0);
        }
    }
    (shift == 0).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments() {
        assert_eq!(numbers("A"), Some(vec![0]));
        assert_eq!(numbers("uFICuC"), Some(vec![87, 4, 1, 39]));
        assert_eq!(numbers("D"), Some(vec![-1]));
        assert_eq!(numbers("gB"), Some(vec![16]));
        assert_eq!(numbers("g"), None, "it goes on, and doesn't");
        assert_eq!(numbers("gggggggggA"), None, "more than 32 bits");
        assert_eq!(numbers("*"), None);
    }

    #[test]
    fn maps() {
        let map = SourceMap::parse(
            br#"{"version":3,"sourceRoot":"r","sources":["a.ts","b.ts"],"sourcesContent":["one",null],
               "mappings":"UAAA,CACC,C,CCAD,CAAG"}"#,
        );
        let map = map.expect("a map");
        assert_eq!(map.sources, [("r/a.ts".into(), Some("one".into())), ("r/b.ts".into(), None)]);
        let mapping = |offset, source| Mapping { offset, source };
        let expected = [
            mapping(10, Some((0, 1, 1))),
            mapping(11, Some((0, 2, 2))),
            mapping(12, None),
            mapping(13, Some((1, 2, 1))),
        ];
        assert_eq!(map.mappings.get(..4), Some(&expected[..]));
        for damaged in [&b"{"[..], b"[]", br#"{"version":2}"#, br#"{"version":3}"#, br#"{"version":3,"mappings":"*"}"#]
        {
            assert!(SourceMap::parse(damaged).is_err(), "{}", String::from_utf8_lossy(damaged));
        }
        // Sources that aren't there, and columns before the beginning.
        let map = SourceMap::parse(br#"{"version":3,"sources":[],"mappings":"AAAA,DAAA"}"#).expect("a map");
        assert_eq!(map.mappings, [mapping(0, None)]);
    }
}
