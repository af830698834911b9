//! People's own formatters, from a file (`docs/values.md` says what is in it).

use std::path::Path;

use freezeframe_engine::{Formatter, Language};
use serde::Deserialize;

use crate::{error::CliError, files::read_text};

/// No file of formatters is larger than this, in bytes.
const LARGEST: u64 = 1 << 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    formatter: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(rename = "type")]
    pattern: String,
    language: Option<String>,
    summary: Option<String>,
    #[serde(default)]
    child: Vec<Child>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Child {
    name: String,
    value: String,
}

/// Reads the formatters of a file.
///
/// # Errors
/// It can't be read; what is wrong in it, with its place.
pub fn read(path: &Path) -> Result<Vec<Formatter>, CliError> {
    let failed = |why: String| CliError::File { path: path.display().to_string(), why };
    parse(&read_text(path, LARGEST).map_err(failed)?).map_err(failed)
}

fn parse(text: &str) -> Result<Vec<Formatter>, String> {
    let file: File = toml::from_str(text).map_err(|e| e.to_string())?;
    let formatter = |entry: &Entry| {
        let failed = |why: String| format!("the formatter for `{}`: {why}", entry.pattern);
        let language = entry.language.as_deref().map(language).transpose().map_err(failed)?;
        let children: Vec<(&str, &str)> = entry.child.iter().map(|c| (c.name.as_str(), c.value.as_str())).collect();
        Formatter::new(&entry.pattern, language, entry.summary.as_deref(), &children).map_err(|e| failed(e.to_string()))
    };
    file.formatter.iter().map(formatter).collect()
}

fn language(name: &str) -> Result<Language, String> {
    match name.to_lowercase().as_str() {
        "c" => Ok(Language::C),
        "c++" | "cpp" => Ok(Language::Cpp),
        "rust" => Ok(Language::Rust),
        "zig" => Ok(Language::Zig),
        _ => Err(format!("no language `{name}`; there are C, C++, Rust, Zig")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_or_refused_with_the_place() {
        let good =
            "[[formatter]]\ntype = 'order'\nsummary = '#{id}'\n[[formatter.child]]\nname = 'a'\nvalue = 'b[0]'\n";
        assert_eq!(parse(good).unwrap().len(), 1);
        let why = |text: &str| parse(text).unwrap_err();
        assert!(why("[[formatter]]\ntype = 'a'\nsumary = 'x'\n").contains("line 3"));
        assert!(why("[[formatter]]\ntype = 'a'\nlanguage = 'D'\nsummary = 'x'\n").contains("no language `D`"));
        assert!(why("[[formatter]]\ntype = 'a'\nsummary = '{x'\n").contains("the formatter for `a`"));
        assert!(why("[[formatter]]\ntype = 'a'\n").contains("needs a summary or children"));
    }
}
