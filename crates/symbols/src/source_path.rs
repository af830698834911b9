//! Paths of source files, as text: the machine that compiled them may be of another kind than this one.

/// Joins parts of a path; a part that is absolute replaces those before it. `.` and `..` are resolved, and `\` becomes
/// `/` in paths of Windows.
pub(crate) fn join(parts: &[&str]) -> String {
    let mut path = String::new();
    for part in parts {
        if is_absolute(part) {
            path.clear();
        } else if !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(part);
    }
    if has_drive(&path) || path.starts_with("\\\\") {
        path = path.replace('\\', "/");
    }
    let (scheme, rest) = path.split_at(scheme_length(&path));
    format!("{scheme}{}", resolve(rest))
}

fn resolve(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            // There is nothing above the root.
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if rooted { format!("/{joined}") } else { joined }
}

fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || path.starts_with('\\') || has_drive(path) || scheme_length(path) > 0
}

/// How much of a path is a scheme (`wasisdk://`, which builders write to hide where they work).
fn scheme_length(path: &str) -> usize {
    match path.find("://") {
        Some(at) if at > 1 && path.bytes().take(at).all(|byte| byte.is_ascii_alphanumeric()) => at + "://".len(),
        _ => 0,
    }
}

fn has_drive(path: &str) -> bool {
    matches!(path.as_bytes(), [drive, b':', b'/' | b'\\', ..] if drive.is_ascii_alphabetic())
}

/// Whether `path` ends with the parts of `suffix`.
pub(crate) fn ends_with(path: &str, suffix: &str) -> bool {
    let suffix = suffix.replace('\\', "/");
    let suffix = suffix.strip_prefix("./").unwrap_or(&suffix);
    if suffix.is_empty() {
        return false;
    }
    match path.strip_suffix(suffix) {
        Some(before) => before.is_empty() || before.ends_with('/'),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining() {
        assert_eq!(join(&["/a/b", "src", "x.c"]), "/a/b/src/x.c");
        assert_eq!(join(&["/a/b", "/inc", "../x.h"]), "/x.h");
        assert_eq!(join(&["/a", "./b/./c/..", "x.c"]), "/a/b/x.c");
        assert_eq!(join(&["C:\\w", "src\\m", "x.rs"]), "C:/w/src/m/x.rs");
        assert_eq!(join(&["", "", "x.c"]), "x.c");
        assert_eq!(join(&["../up", "x.c"]), "../up/x.c");
        assert_eq!(join(&["/..", "x.c"]), "/x.c");
        assert_eq!(join(&["sdk://b", "sdk://v1/src/.", "x.c"]), "sdk://v1/src/x.c");
    }

    #[test]
    fn suffixes() {
        assert!(ends_with("/a/src/orders.c", "orders.c"));
        assert!(ends_with("/a/src/orders.c", "src/orders.c"));
        assert!(ends_with("/a/src/orders.c", "/a/src/orders.c"));
        assert!(!ends_with("/a/src/orders.c", "rders.c"));
        assert!(!ends_with("/a/src/orders.c", "/src/orders.c"));
        assert!(!ends_with("/a/src/orders.c", ""));
    }
}
