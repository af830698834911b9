//! [`Symbols`]: the questions.

use std::{ops::Range, sync::Arc};

use freezeframe_debuggee::{FrameAccess, Unavailable};

use crate::{
    FileId, Function, FunctionId, ImportedFunction, LineRow, LineSites, Location, ModulePc, Place, SourceFile,
    SourceFrame, Type, TypeId, Variable,
};

/// Why a module's symbols can't be had at all. Damaged DWARF is no such reason: see [`Symbols::warnings`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SymbolsError {
    /// Not a core module.
    #[error("not a WebAssembly core module: {0}")]
    NotAModule(String),
}

/// The symbols of one core module. Cheap to share; answers lazily.
#[derive(Debug)]
pub struct Symbols {}

#[allow(unused_variables, clippy::todo)]
impl Symbols {
    /// Reads a core module's binary.
    ///
    /// # Errors
    /// [`SymbolsError::NotAModule`] when `wasm` is not a core module.
    pub fn new(wasm: Arc<[u8]>) -> Result<Self, SymbolsError> {
        todo!()
    }

    /// What of the DWARF could not be read, in sentences for people.
    pub fn warnings(&self) -> Vec<String> {
        todo!()
    }

    /// Whether there are lines to stop at.
    pub fn has_lines(&self) -> bool {
        todo!()
    }

    /// Offset of the code section's contents in the module: what DWARF's addresses count from.
    pub fn code_start(&self) -> u32 {
        todo!()
    }

    /// All functions with code, by address.
    pub fn functions(&self) -> &[Function] {
        todo!()
    }

    /// The imported functions.
    pub fn imported_functions(&self) -> &[ImportedFunction] {
        todo!()
    }

    /// The function whose code holds `pc`.
    pub fn function_at(&self, pc: ModulePc) -> Option<&Function> {
        todo!()
    }

    /// The function with this index in the function index space, unless it's imported.
    pub fn function_by_index(&self, index: u32) -> Option<&Function> {
        todo!()
    }

    /// Functions of this name: the whole path, or a suffix of it at a `::` boundary, or the linkage name; generic
    /// arguments may be left out.
    pub fn find_functions(&self, name: &str) -> Vec<FunctionId> {
        todo!()
    }

    /// Places where a function of this name begins: the prologue ends of all functions that [`find_functions`]
    /// (Self::find_functions) gives, and the first statement of each inlined copy.
    pub fn function_sites(&self, name: &str) -> Vec<ModulePc> {
        todo!()
    }

    /// All source files.
    pub fn files(&self) -> &[SourceFile] {
        todo!()
    }

    /// Files whose path ends with these parts (`orders.c`, `src/orders.c`, or the whole path).
    pub fn find_files(&self, suffix: &str) -> Vec<FileId> {
        todo!()
    }

    /// Where a breakpoint on this line goes; the next line with code when it has none itself (never beyond the end of
    /// the file's code, nor into another function when the line lies inside one). `None`: no code there or after.
    pub fn line_sites(&self, file: FileId, line: u32) -> Option<LineSites> {
        todo!()
    }

    /// The lines of a file that have code, ascending.
    pub fn lines_with_code(&self, file: FileId) -> Vec<u32> {
        todo!()
    }

    /// The row of the line program that covers `pc`.
    pub fn row_at(&self, pc: ModulePc) -> Option<LineRow> {
        todo!()
    }

    /// The rows that begin inside `range`, by address. Rows of other sequences over dead code are left out.
    pub fn rows(&self, range: Range<ModulePc>) -> Vec<LineRow> {
        todo!()
    }

    /// The position of `pc`.
    pub fn location(&self, pc: ModulePc) -> Option<Location> {
        self.row_at(pc).and_then(|row| row.location)
    }

    /// The functions that run at `pc`, innermost inlined copy first, the function itself last. Empty when `pc` is in no
    /// function.
    pub fn frames_at(&self, pc: ModulePc) -> Vec<SourceFrame> {
        todo!()
    }

    /// Variables and parameters in scope at `pc`, of the frame `inline_depth` of [`frames_at`](Self::frames_at), outer
    /// blocks first, in the order of declaration. Statics inside the function are among them.
    pub fn variables(&self, pc: ModulePc, inline_depth: usize) -> Vec<Variable> {
        todo!()
    }

    /// Variables outside of functions.
    pub fn globals(&self) -> Vec<Variable> {
        todo!()
    }

    /// Globals and statics of this name: the whole path or a suffix of it at a `::` boundary.
    pub fn find_globals(&self, name: &str) -> Vec<Variable> {
        todo!()
    }

    /// Where a variable's value is at `pc`.
    ///
    /// # Errors
    /// [`Unavailable`] with the reason: optimised out, no location covers this PC, an operator that isn't supported, or
    /// what `frame` couldn't give.
    pub fn locate(&self, variable: &Variable, pc: ModulePc, frame: &mut dyn FrameAccess) -> Result<Place, Unavailable> {
        todo!()
    }

    /// A type.
    ///
    /// # Errors
    /// [`Unavailable`] when its entry is damaged.
    pub fn ty(&self, id: TypeId) -> Result<Arc<Type>, Unavailable> {
        todo!()
    }

    /// Types of this name (`order`, `struct order`, a path or its suffix), for casts and `ptype`.
    pub fn find_types(&self, name: &str) -> Vec<TypeId> {
        todo!()
    }
}
