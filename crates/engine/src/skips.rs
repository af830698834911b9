//! Code that steps pass by: what a person named, and the libraries that come with compilers.
//!
//! Invariant: skipped code is never where a line step ends, but it is looked through: the program's own functions that it
//! calls (a comparison, a closure) are places to stop at all the same.

use std::{fmt, sync::Arc};

use freezeframe_symbols::{Function, Symbols, is_name_of};

use crate::{Debugger, EngineError};

/// Names a skip. 0 is the one for the libraries of compilers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SkipId(pub u32);

impl fmt::Display for SkipId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What is skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SkipWhat {
    /// The libraries that come with compilers: C's, C++'s, Rust's and Zig's.
    Libraries,
    /// Functions of this name, as for breakpoints: a path or a suffix of it.
    Function(String),
    /// Functions of files whose path ends with these parts.
    File(String),
}

impl fmt::Display for SkipWhat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Libraries => f.write_str("libraries of compilers (std, libc, libc++ …)"),
            Self::Function(name) => write!(f, "function {name}"),
            Self::File(file) => write!(f, "file {file}"),
        }
    }
}

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    /// Its number.
    pub id: SkipId,
    /// What it's for.
    pub what: SkipWhat,
    /// Whether it counts.
    pub enabled: bool,
}

/// Parts of paths that only libraries of compilers have: where a path begins with one, or one follows a `/`.
const LIBRARY_ROOTS: &[&str] = &[
    // Rust's standard library, as its builders name it and as `rust-src` installs it, and what it's made with.
    "rustc/",
    "library/core/src/",
    "library/alloc/src/",
    "library/std/src/",
    "rust/deps/",
    // wasi-libc and what clang links beside it.
    "libc-top-half/",
    "libc-bottom-half/",
    "dlmalloc/",
    "wasi-libc/",
    "compiler-rt/",
    "wasisdk:/",
    // libc++, in headers and in code.
    "include/c++/",
    "libcxx/",
    "libcxxabi/",
    "libunwind/",
    // Zig's.
    "ziglang/lib/",
    "lib/zig/",
    "lib/std/",
    "lib/compiler_rt/",
    // AssemblyScript's.
    "~lib/",
];

fn is_of_libraries(path: &str) -> bool {
    // Each step asks: so each place is looked at once, and not the whole path for each root.
    let behind_slashes = path.match_indices('/').map(|(at, _)| at + 1);
    let mut parts = std::iter::once(0).chain(behind_slashes).filter_map(|at| path.get(at..));
    path.starts_with("/usr/include/") || parts.any(|part| LIBRARY_ROOTS.iter().any(|root| part.starts_with(root)))
}

fn ends_with_parts(path: &str, parts: &str) -> bool {
    path.strip_suffix(parts).is_some_and(|before| before.is_empty() || before.ends_with(['/', '\\']))
}

/// The list.
#[derive(Clone, Debug)]
pub(crate) struct Skips {
    pub list: Vec<Skip>,
    last: u32,
}

impl Default for Skips {
    fn default() -> Self {
        Self { list: vec![Skip { id: SkipId(0), what: SkipWhat::Libraries, enabled: true }], last: 0 }
    }
}

impl Skips {
    pub(crate) fn add(&mut self, what: SkipWhat) -> SkipId {
        if let Some(same) = self.list.iter_mut().find(|skip| skip.what == what) {
            same.enabled = true;
            return same.id;
        }
        self.last += 1;
        let id = SkipId(self.last);
        self.list.push(Skip { id, what, enabled: true });
        id
    }

    /// Whether code of a function of this name in this file is passed by; `libraries`: those of compilers count.
    pub(crate) fn passes(&self, name: &str, file: Option<&str>, libraries: bool) -> bool {
        self.list.iter().filter(|skip| skip.enabled).any(|skip| match &skip.what {
            SkipWhat::Libraries => libraries && file.is_some_and(is_of_libraries),
            SkipWhat::Function(function) => is_name_of(function, name),
            SkipWhat::File(parts) => file.is_some_and(|file| ends_with_parts(file, parts)),
        })
    }

    /// Whether code in this file is of a compiler's library.
    pub(crate) fn is_library(file: Option<&str>) -> bool {
        file.is_some_and(is_of_libraries)
    }

    /// Whether a function with code of its own is.
    pub(crate) fn pass(&self, symbols: &Symbols, function: &Function, libraries: bool) -> bool {
        let at = function.declared.or_else(|| symbols.location(function.prologue_end));
        let file = at.and_then(|at| symbols.files().get(at.file.0 as usize));
        self.passes(function.name(), file.map(|file| &*file.path), libraries)
    }
}

impl Debugger {
    /// What line steps pass by.
    pub fn skips(&self) -> &[Skip] {
        &self.skips.list
    }

    /// Lets line steps pass by some code, from the next one on. What is on the list already is enabled.
    pub fn skip(&mut self, what: SkipWhat) -> SkipId {
        self.change_skips(|skips| skips.add(what))
    }

    /// Lets an entry of the list count, or not.
    ///
    /// # Errors
    /// There's none of this number.
    pub fn enable_skip(&mut self, id: SkipId, enabled: bool) -> Result<(), EngineError> {
        let found = self
            .change_skips(|skips| skips.list.iter_mut().find(|skip| skip.id == id).map(|skip| skip.enabled = enabled));
        found.ok_or(EngineError::NoSkip(id))
    }

    /// Takes an entry off the list. The one for libraries stays: it can be disabled.
    ///
    /// # Errors
    /// There's none of this number, or it's the one for libraries.
    pub fn remove_skip(&mut self, id: SkipId) -> Result<(), EngineError> {
        if id == SkipId(0) {
            return Err(EngineError::Expression("skip 0 can't be deleted; `skip disable 0` turns it off".to_owned()));
        }
        if !self.skips.list.iter().any(|skip| skip.id == id) {
            return Err(EngineError::NoSkip(id));
        }
        self.change_skips(|skips| skips.list.retain(|skip| skip.id != id));
        Ok(())
    }

    fn change_skips<R>(&mut self, change: impl FnOnce(&mut Skips) -> R) -> R {
        let done = change(Arc::make_mut(&mut self.skips));
        for target in &mut self.targets {
            target.skips = self.skips.clone();
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_by_their_paths() {
        for path in [
            "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs",
            "library/std/src/sys/backtrace.rs",
            "/freezeframe/libc-bottom-half/crt/crt1-command.c",
            "./libc-top-half/musl/src/stdio/printf.c",
            "/usr/include/wasm32-wasi/c++/v1/vector",
            "/usr/lib/llvm-19/include/c++/v1/vector",
            "wasisdk://v1/build/x.c",
            "/opt/zig/ziglang/lib/std/start.zig",
            "~lib/rt/tlsf.ts",
        ] {
            assert!(is_of_libraries(path), "{path}");
        }
        for path in ["/freezeframe/guests/src/orders.c", "/home/me/mystd/src/lib.rs", "src/library.rs", "/a/rustc.c"] {
            assert!(!is_of_libraries(path), "{path}");
        }
    }

    #[test]
    fn what_was_named_is_passed() {
        let mut skips = Skips::default();
        assert!(skips.passes("std::vec::Vec<u8>::push", Some("/rustc/x/library/alloc/src/vec/mod.rs"), true));
        assert!(!skips.passes("std::vec::Vec<u8>::push", Some("/rustc/x/library/alloc/src/vec/mod.rs"), false));
        let id = skips.add(SkipWhat::Function("price".to_owned()));
        assert_eq!(skips.add(SkipWhat::Function("price".to_owned())), id);
        skips.add(SkipWhat::File("src/log.c".to_owned()));
        assert!(skips.passes("shop::price", None, false) && !skips.passes("shop::prices", None, false));
        assert!(skips.passes("x", Some("/a/src/log.c"), true) && !skips.passes("x", Some("/a/mysrc/log.c"), true));
    }
}
