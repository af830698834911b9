//! Where a program begins in its author's eyes.

use freezeframe_debuggee::DebuggeeId;

use crate::{Debugger, EngineError, LocationSpec};

impl Debugger {
    /// Where a person wants a command to stop first: its `main`, or what else runs first.
    ///
    /// # Errors
    /// [`EngineError::NoDebuggee`].
    pub fn entry(&mut self, id: DebuggeeId) -> Result<LocationSpec, EngineError> {
        let modules = self.modules(id)?;
        let functions =
            || modules.iter().flat_map(|(_, _, symbols)| symbols.functions().iter().map(move |f| (symbols, f)));
        let mains = functions().filter(|(_, f)| f.has_dwarf && f.short_name() == "main");
        // A language's run-time library has functions of this name too.
        let toolchain = |path: &str| path.starts_with("/rustc/") || path.contains("/lib/zig/") || path.contains("://");
        let mut candidates: Vec<(bool, usize, &str)> = mains
            .map(|(symbols, f)| {
                let file = f.declared.and_then(|at| symbols.files().get(at.file.0 as usize));
                (file.is_none_or(|file| toolchain(&file.path)), f.name().len(), f.name())
            })
            .collect();
        candidates.sort_unstable();
        let name = candidates.first().map(|(_, _, name)| *name);
        // What C compilers call it in a module without DWARF.
        let named = |name: &&&str| functions().any(|(_, f)| f.name() == **name);
        let names = ["main", "__main_argc_argv", "__main_void", "__original_main"];
        Ok(LocationSpec::Function(name.or(names.iter().find(named).copied()).unwrap_or("_start").to_owned()))
    }
}
