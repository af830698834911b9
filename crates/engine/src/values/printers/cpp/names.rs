//! Names of types as people write them: `std::vector<int>` for `std::__2::vector<int, std::__2::allocator<int> >`.
//!
//! Invariant: a name that isn't understood stays as it is.

/// Templates, and how many of their arguments people write; the others have defaults that they can be left to.
const DEFAULTS: &[(&str, usize)] = &[
    ("std::basic_string", 1),
    ("std::basic_string_view", 1),
    ("std::vector", 1),
    ("std::deque", 1),
    ("std::list", 1),
    ("std::forward_list", 1),
    ("std::set", 1),
    ("std::multiset", 1),
    ("std::unordered_set", 1),
    ("std::unordered_multiset", 1),
    ("std::map", 2),
    ("std::multimap", 2),
    ("std::unordered_map", 2),
    ("std::unordered_multimap", 2),
    ("std::unique_ptr", 1),
    ("std::stack", 1),
    ("std::queue", 1),
    ("std::priority_queue", 1),
];

/// What a default looks like.
const DEFAULT_HEADS: &[&str] = &[
    "std::allocator<",
    "std::char_traits<",
    "std::default_delete<",
    "std::less<",
    "std::hash<",
    "std::equal_to<",
    "std::deque<",
    "std::vector<",
];

/// Templates of characters that have names of their own.
const STRINGS: &[(&str, &str)] =
    &[("char", ""), ("wchar_t", "w"), ("char8_t", "u8"), ("char16_t", "u16"), ("char32_t", "u32")];

/// Deeper templates are left as they are.
const DEEPEST: u32 = 64;

/// The short form of the name of a type.
pub(crate) fn short(name: &str) -> String {
    let mut plain = name.to_owned();
    for version in ["::__1::", "::__2::"] {
        plain = plain.replace(version, "::");
    }
    let mut rest = plain.as_str();
    match shortened(&mut rest, DEEPEST) {
        Some(short) if rest.is_empty() => short,
        _ => plain,
    }
}

/// The text up to a `,` or `>` that belongs to what is around it.
fn shortened(rest: &mut &str, depth: u32) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    let mut out = String::new();
    // Where the name that a `<` makes a template of begins.
    let mut begins = 0;
    let mut parentheses = 0_u32;
    while let Some(c) = rest.chars().next() {
        match c {
            '<' => {
                *rest = &rest[1..];
                let mut arguments = Vec::new();
                loop {
                    arguments.push(shortened(rest, depth)?.trim().to_owned());
                    let separator = rest.chars().next()?;
                    *rest = &rest[1..];
                    if separator == '>' {
                        break;
                    }
                }
                let template = out.split_off(begins);
                out.push_str(&applied(&template, arguments));
                continue;
            }
            '>' => return Some(out.trim_end().to_owned()),
            ',' if parentheses == 0 => return Some(out),
            '(' => parentheses += 1,
            ')' => parentheses = parentheses.checked_sub(1)?,
            _ => {}
        }
        out.push(c);
        if !(c.is_alphanumeric() || matches!(c, '_' | ':')) {
            begins = out.len();
        }
        *rest = &rest[c.len_utf8()..];
    }
    Some(out)
}

/// A template with arguments, without those that nobody writes.
fn applied(template: &str, mut arguments: Vec<String>) -> String {
    if let Some((_, written)) = DEFAULTS.iter().find(|(name, _)| *name == template) {
        while arguments.len() > *written
            && arguments.last().is_some_and(|last| DEFAULT_HEADS.iter().any(|head| last.starts_with(head)))
        {
            arguments.pop();
        }
    }
    if let Some(kind) = template.strip_prefix("std::basic_")
        && let [character] = &arguments[..]
        && let Some((_, prefix)) = STRINGS.iter().find(|(name, _)| name == character)
    {
        return format!("std::{prefix}{kind}");
    }
    for argument in &mut arguments {
        let digits = argument.trim_end_matches(['U', 'L']);
        if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            argument.truncate(digits.len());
        }
    }
    format!("{template}<{}>", arguments.join(", "))
}

/// What C++ writes before a literal of characters of this type.
pub(crate) fn literal_prefix(character: &str) -> &'static str {
    match character {
        "wchar_t" => "L",
        "char8_t" => "u8",
        "char16_t" => "u",
        "char32_t" => "U",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_write() {
        let string = "std::__2::basic_string<char, std::__2::char_traits<char>, std::__2::allocator<char> >";
        let map = format!(
            "std::__2::map<{string}, std::__2::vector<int, std::__2::allocator<int> >, std::__2::less<{string} >, \
             std::__2::allocator<std::__2::pair<const {string}, int> > >"
        );
        for (long, expected) in [
            ("std::__2::vector<int, std::__2::allocator<int> >", "std::vector<int>"),
            (string, "std::string"),
            (map.as_str(), "std::map<std::string, std::vector<int>>"),
            ("std::__1::vector<int, own::allocator<int>>", "std::vector<int, own::allocator<int>>"),
            (
                "std::__2::map<int, int, std::__2::greater<int>, std::__2::allocator<int> >",
                "std::map<int, int, std::greater<int>>",
            ),
            (
                "std::__2::array<std::__2::basic_string_view<char16_t, std::__2::char_traits<char16_t> >, 3UL>",
                "std::array<std::u16string_view, 3>",
            ),
            ("std::__2::function<int (int, char)>", "std::function<int (int, char)>"),
            ("const std::__2::unique_ptr<a::B, std::__2::default_delete<a::B> > &", "const std::unique_ptr<a::B> &"),
            ("a::Stack<int, 2>::Node *", "a::Stack<int, 2>::Node *"),
            ("bool a::operator<(int)", "bool a::operator<(int)"),
            ("std::__2::vector<int", "std::vector<int"),
            ("Plain", "Plain"),
        ] {
            assert_eq!(short(long), expected);
        }
        let deep = format!("{}int{}", "a<".repeat(500), ">".repeat(500));
        assert_eq!(short(&deep), deep);
    }
}
