//! No guest may tell where it was built: a path of a builder's machine in one is a fault.
//!
//! Two nets: in debug sections an absolute path must begin with one of a few neutral prefixes; anywhere in the file no
//! folder may stand that people and build machines work in.

use crate::error::Error;
use crate::wasm::{core_modules, sections};
use std::collections::BTreeSet;
use std::path::Path;

/// What a path in a debug section may begin with, and who writes it there.
const NEUTRAL: &[&str] = &[
    "/freezeframe", // our own sources: the repository's root under another name
    "/rustc/",      // Rust's std
    "/rust/deps/",  // the crates that Rust's std is made of
    "/cargo/registry/src/github.com-1ecc6299db9ec823/", // the same, where old versions of Rust are built
    "/usr/include/",
    "/usr/lib/",
    "/build/", // Debian's builders of libc++ and compiler-rt
    "/opt/zig/ziglang/",
    "/opt/libc++-22/",
];

/// Folders of people and build machines.
const PRIVATE: &[&str] = &["/home/", "/root/", "/Users/", "/tmp/", "/var/folders/", "C:\\Users\\"];

/// What a builder's path was found in `bytes`, each once; `own` are folders of this very machine.
///
/// # Errors
/// [`Error::BadModule`] when `bytes` look like Wasm but can't be taken apart.
pub fn find(file: &str, bytes: &[u8], own: &[String]) -> Result<BTreeSet<String>, Error> {
    let mut found = BTreeSet::new();
    for folder in PRIVATE.iter().copied().chain(own.iter().map(String::as_str)) {
        for at in positions(bytes, folder.as_bytes()) {
            found.insert(printable(&bytes[at..]));
        }
    }
    if !bytes.starts_with(b"\0asm") {
        return Ok(found);
    }
    for module in core_modules(file, bytes)? {
        let module = &bytes[module];
        for section in sections(file, module)?.iter().filter(|section| section.is_debug()) {
            for text in module[section.data.clone()].split(|&byte| byte == 0) {
                if is_path(text) && !NEUTRAL.iter().any(|prefix| text.starts_with(prefix.as_bytes())) {
                    found.insert(format!("{} in {}", printable(text), section.name));
                }
            }
        }
    }
    Ok(found)
}

/// Folders of this machine that must not be in a guest: the repository, the home folder, the tools' folders.
pub fn own_folders(root: &Path) -> Vec<String> {
    let variables = ["HOME", "CARGO_HOME", "RUSTUP_HOME", "TMPDIR", "CARGO_TARGET_DIR"];
    let mut folders: Vec<String> = variables.iter().filter_map(|name| std::env::var(name).ok()).collect();
    folders.push(root.display().to_string());
    // A short one (`/`, `/src`) would be found everywhere; the neutral folder is meant to be inside.
    folders.retain(|folder| folder.len() > 4 && !NEUTRAL.iter().any(|prefix| prefix.starts_with(folder.as_str())));
    folders
}

/// `/folder/…`: `/=`, `// comment` and bytes that only look like text are none, nor is a lone `/data`.
fn is_path(text: &[u8]) -> bool {
    let mut parts = text.split(|&byte| byte == b'/');
    let absolute = parts.next() == Some(&[]);
    let folder = parts.next().is_some_and(|part| {
        part.len() > 1 && part.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte))
    });
    absolute && folder && parts.next().is_some() && text.iter().all(|&byte| byte.is_ascii_graphic() || byte == b' ')
}

fn positions(haystack: &[u8], needle: &[u8]) -> Vec<usize> {
    haystack.windows(needle.len()).enumerate().filter(|(_, window)| *window == needle).map(|(at, _)| at).collect()
}

fn printable(bytes: &[u8]) -> String {
    bytes.iter().take(80).take_while(|byte| byte.is_ascii_graphic()).map(|&byte| char::from(byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wasm::{HEADER, custom_section};

    fn module(strings: &[u8]) -> Vec<u8> {
        let mut bytes = HEADER.to_vec();
        bytes.extend(custom_section(".debug_str", strings));
        bytes
    }

    #[test]
    fn neutral_paths_pass() {
        let bytes = module(b"/freezeframe\0/rustc/1234/library/core\0/usr/include/wasm32-wasi\0/data\0");
        assert_eq!(find("t", &bytes, &[]).unwrap(), BTreeSet::new());
    }

    #[test]
    fn a_home_a_foreign_path_and_an_own_folder_are_found() {
        let bytes = module(b"x\0/home/me/a.c\0/projects/b.c\0see /depot7/c\0");
        let found = find("t", &bytes, &["/depot7".to_string()]).unwrap();
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(found, ["/depot7/c", "/home/me/a.c", "/home/me/a.c in .debug_str", "/projects/b.c in .debug_str"]);
    }
}
