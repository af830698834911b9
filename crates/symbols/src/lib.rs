//! What DWARF and the name section say about a WebAssembly core module, and nothing else.
//!
//! Pure: bytes in, answers out. No I/O, no engine. Values of locals, operand stack, globals and memory are asked of the
//! caller through [`FrameAccess`](freezeframe_debuggee::FrameAccess).
//!
//! Invariant: no input makes it panic, run for ever or allocate without bound. Damaged DWARF costs what it damages: the
//! rest still answers, and [`Symbols::warnings`] says what was left out.

#![forbid(unsafe_code)]

mod budget;
mod dwarf;
mod dynamic;
mod entry_values;
mod expression;
mod files;
mod function_names;
mod functions;
mod index;
mod innermost;
mod lines;
mod location;
mod model;
mod module;
mod names;
mod number;
mod objects;
mod operands;
mod overview;
mod packed_rows;
mod parallel;
mod paths;
mod progress;
mod records;
mod rows;
mod saved;
mod scopes;
mod sequences;
mod sites;
mod source_map;
mod source_path;
mod symbols;
mod table;
mod type_names;
mod types;
mod variables;
mod vtables;

pub use files::{DebugFiles, SplitUnit, WantedFile};
pub use freezeframe_debuggee::{Bytes, CodeOffset, ModulePc};
pub use model::{
    Base, BitRange, Encoding, FileId, Function, FunctionId, ImportedFunction, Language, LineRow, LineSites, Location,
    Member, Piece, Place, Qualifier, Record, RecordKind, ScopeId, SourceFile, SourceFrame, Type, TypeId, TypeKind,
    Variable, VariableId, VariableKind, Variant, VariantPart,
};
pub use names::is_name_of;
pub use objects::{DataObject, DynamicType};
pub use progress::Progress;
pub use saved::{IndexStore, SavedIndexError};
pub use symbols::{Symbols, SymbolsError};
