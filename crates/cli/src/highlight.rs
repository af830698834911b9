//! Source in colour: words of the language, texts, numbers, comments. Good enough to read by; no parser.

use crate::style::Style;

const C_LIKE: &[&str] = &[
    "auto",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "class",
    "const",
    "constexpr",
    "continue",
    "default",
    "delete",
    "do",
    "double",
    "else",
    "enum",
    "extern",
    "false",
    "float",
    "for",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "namespace",
    "new",
    "nullptr",
    "operator",
    "override",
    "private",
    "protected",
    "public",
    "register",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "struct",
    "switch",
    "template",
    "this",
    "throw",
    "true",
    "try",
    "typedef",
    "typename",
    "union",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "while",
    "NULL",
];
const RUST: &[&str] = &[
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern", "false", "fn",
    "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "Self",
    "static", "struct", "super", "trait", "true", "type", "unsafe", "use", "where", "while",
];
const ZIG: &[&str] = &[
    "and",
    "anytype",
    "break",
    "catch",
    "comptime",
    "const",
    "continue",
    "defer",
    "else",
    "enum",
    "errdefer",
    "error",
    "export",
    "extern",
    "false",
    "fn",
    "for",
    "if",
    "inline",
    "null",
    "or",
    "orelse",
    "pub",
    "return",
    "struct",
    "switch",
    "true",
    "try",
    "undefined",
    "union",
    "unreachable",
    "usize",
    "var",
    "void",
    "while",
];

/// The words of the language of files with this extension; none for others.
fn keywords(extension: &str) -> &'static [&'static str] {
    match extension {
        "c" | "h" | "cc" | "cpp" | "cxx" | "hh" | "hpp" | "hxx" => C_LIKE,
        "rs" => RUST,
        "zig" => ZIG,
        _ => &[],
    }
}

/// Whether these lines end inside a block comment.
pub fn ends_in_comment<'a>(lines: impl Iterator<Item = &'a str>) -> bool {
    let mut inside = false;
    for line in lines {
        // The rest is only looked at where it can matter.
        if inside || line.contains("/*") {
            highlight(line, "", Style::new(false), &mut inside);
        }
    }
    inside
}

/// A line in colour; `in_comment` is carried from line to line.
pub fn highlight(line: &str, extension: &str, style: Style, in_comment: &mut bool) -> String {
    let keywords = keywords(extension);
    let rust = extension == "rs";
    let mut out = String::with_capacity(line.len() + 32);
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let length = if *in_comment {
            let end = rest.find("*/");
            *in_comment = end.is_none();
            let length = end.map_or(rest.len(), |end| end + 2);
            out.push_str(&style.dim(&rest[..length]));
            length
        } else if rest.starts_with("//") {
            out.push_str(&style.dim(rest));
            rest.len()
        } else if rest.starts_with("/*") {
            *in_comment = true;
            out.push_str(&style.dim("/*"));
            2
        } else if first == '"' || first == '\'' {
            let length = literal(rest, first, rust);
            let text = &rest[..length];
            out.push_str(&if length > 1 { style.literal(text) } else { text.to_owned() });
            length
        } else if first.is_ascii_digit() {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '.' && c != '_').unwrap_or(rest.len());
            out.push_str(&style.number(&rest[..length]));
            length
        } else if first.is_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let word = &rest[..length];
            out.push_str(&if keywords.contains(&word) { style.keyword(word) } else { word.to_owned() });
            length
        } else {
            out.push(first);
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    out
}

/// The length of a text or character with its quotes; one that doesn't end on this line ends with it.
fn literal(text: &str, quote: char, rust: bool) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            // A lifetime, not a character.
            _ if rust && quote == '\'' && at > 1 && !escaped => return 1,
            _ => {}
        }
    }
    if quote == '\'' { 1 } else { text.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str, extension: &str) -> String {
        let mut inside = false;
        highlight(line, extension, Style::new(true), &mut inside)
    }

    #[test]
    fn without_colours_nothing_changes() {
        for line in ["int x = 'a'; // c", "/* a */ \"b\\\"\" 0x1f", "fn f<'a>(s: &'a str) {", "\t\"open", "'", "grün"]
        {
            let mut inside = false;
            assert_eq!(highlight(line, "rs", Style::new(false), &mut inside), line);
        }
    }

    #[test]
    fn words_texts_and_comments() {
        let style = Style::new(true);
        let line = parts("return \"if\"; // if", "c");
        assert_eq!(line, format!("{} {}; {}", style.keyword("return"), style.literal("\"if\""), style.dim("// if")));
        assert!(parts("fn f<'a>(x: &'a u8)", "rs").contains("'a"));
        assert_eq!(parts("'x'", "rs"), style.literal("'x'"));
    }

    #[test]
    fn comments_reach_over_lines() {
        assert!(ends_in_comment(["a /* b", "c"].into_iter()));
        assert!(!ends_in_comment(["a /* b", "c */ d"].into_iter()));
        assert!(!ends_in_comment(["\"/*\""].into_iter()));
    }
}
