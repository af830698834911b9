//! Files beside a module that say more of it.
//!
//! Invariant: nothing here touches a file system: whoever asks for symbols brings the contents.

use bytes::Bytes;

/// The contents of files that belong to a module.
#[derive(Clone, Debug, Default)]
pub struct DebugFiles {
    /// A module with the debug sections that the module itself lacks, as `external_debug_info` names one.
    pub debug: Option<Bytes>,
    /// Files with split units (`.dwo`) and packages of such (`.dwp`). What no unit of the module wants isn't used.
    pub split: Vec<Bytes>,
    /// A source map. It is used when there are no lines of DWARF.
    pub source_map: Option<Bytes>,
}

impl DebugFiles {
    /// Adds a file of any of these kinds, told by its contents.
    ///
    /// # Errors
    /// In words, when it's none of them.
    pub fn add(&mut self, contents: Bytes) -> Result<(), String> {
        if !contents.starts_with(b"\0asm") {
            let begins = contents.iter().find(|byte| !byte.is_ascii_whitespace());
            if begins != Some(&b'{') {
                return Err("it is neither a WebAssembly module nor a source map".into());
            }
            self.source_map = Some(contents);
            return Ok(());
        }
        let module = crate::module::Module::parse(&contents).map_err(|error| error.to_string())?;
        let has = |name: &str| module.debug_sections.contains_key(name);
        if has(".debug_info.dwo") {
            self.split.push(contents);
        } else if has(".debug_info") || has(".debug_line") {
            self.debug = Some(contents);
        } else {
            return Err("it has no debug information".into());
        }
        Ok(())
    }
}

/// A file that would say more of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedFile {
    /// Whatever a person has for the module, of any kind: asked for with 0, 1, … until there is no more.
    Any(usize),
    /// What the module names as the place of its debug information (`external_debug_info`): a path or URL.
    Debug(String),
    /// A package of all split units (`.dwp`).
    Package,
    /// The other half of a split unit (`.dwo`).
    Split(SplitUnit),
    /// The source map that the module names: a path or URL.
    SourceMap(String),
}

impl WantedFile {
    /// Where it may be, best first: paths relative to the folder of the module, whose own file has this name.
    pub fn paths(&self, module: &str) -> Vec<String> {
        let last = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned();
        let mut paths = match self {
            Self::Any(_) => Vec::new(),
            // Nothing is fetched from elsewhere.
            Self::Debug(path) | Self::SourceMap(path) if path.contains("://") => vec![last(path)],
            Self::Debug(path) | Self::SourceMap(path) => vec![path.clone(), last(path)],
            Self::Package => {
                let stem = module.rsplit_once('.').map_or(module, |(stem, _)| stem);
                vec![format!("{module}.dwp"), format!("{stem}.dwp")]
            }
            Self::Split(unit) => {
                let joined = crate::source_path::join(&[&unit.directory, &unit.file]);
                vec![joined, unit.file.clone(), last(&unit.file)]
            }
        };
        paths.dedup();
        paths
    }
}

/// A unit whose entries (functions, variables, types) were split into a file of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitUnit {
    /// The file, as the compiler named it.
    pub file: String,
    /// The folder that the compiler ran in.
    pub directory: String,
    /// What tells whether a file is the one: both halves have it.
    pub id: u64,
}
