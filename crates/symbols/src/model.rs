//! What the answers of this crate are made of: plain data, no lifetimes, no readers.

use std::{fmt, ops::Range, sync::Arc};

use crate::{ModulePc, function_names::FunctionNames};

/// Names a source file of one [`Symbols`](crate::Symbols).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// Names a function that has code in the module: an index into [`Symbols::functions`](crate::Symbols::functions).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionId(pub u32);

/// Names a type: the offset of its entry in `.debug_info` (or in a type unit).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub u64);

/// Names a variable: the offset of its entry in `.debug_info`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariableId(pub u64);

/// Names a subprogram, a lexical block or an inlined call: the offset of its entry in `.debug_info`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeId(pub u64);

/// The languages whose names and values are shown in their own way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// C of any age.
    C,
    /// C++ of any age.
    Cpp,
    /// Rust.
    Rust,
    /// Zig (which calls itself C99 before 0.14: told by its producer).
    Zig,
    /// Any other, or none known.
    #[default]
    Other,
}

/// A source file, as the compiler named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Compilation directory, include directory and name joined; `.` and `..` resolved; `/` between the parts.
    pub path: Arc<str>,
}

/// A position in source. Lines and columns count from 1; column 0 means "not known".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    /// The file.
    pub file: FileId,
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// A function with code in the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its index here.
    pub id: FunctionId,
    /// Its index in the module's function index space, imports first.
    pub index: u32,
    pub(crate) names: FunctionNames,
    /// Its code: from the first operator (after the declarations of locals) to the end of its body.
    pub range: Range<ModulePc>,
    /// Where a breakpoint on the function goes: the first operator after the prologue, when parameters can be read.
    pub prologue_end: ModulePc,
    /// Where it's declared, if DWARF says.
    pub declared: Option<Location>,
    /// Its language.
    pub language: Language,
    /// Whether DWARF describes it (else only its name and code are known).
    pub has_dwarf: bool,
}

impl Function {
    /// What people call it: the demangled path without parameters (`orders::total`, `ns::Shape::area`, `main`), from
    /// DWARF, else from the name section, else from an export, else `func[12]`.
    pub fn name(&self) -> &str {
        self.names.name()
    }

    /// The last part of [`name`](Self::name), generic arguments left out (`area`).
    pub fn short_name(&self) -> &str {
        self.names.short()
    }
}

/// A function that the module imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedFunction {
    /// Its index in the module's function index space.
    pub index: u32,
    /// The module it is imported from.
    pub module: String,
    /// Its name there.
    pub name: String,
}

/// One row of a line program that has a range of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineRow {
    /// First operator.
    pub start: ModulePc,
    /// One past its last byte: where the next row (of any line) begins.
    pub end: ModulePc,
    /// Where in the source. `None` for line 0: code that belongs to no line.
    pub location: Option<Location>,
    /// Whether the compiler recommends it as a place to stop.
    pub is_stmt: bool,
    /// Whether it's marked as the end of a prologue.
    pub prologue_end: bool,
}

/// A function of the source as it runs at a PC: the function itself, or a copy of it that was inlined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFrame {
    /// What people call it.
    pub function: String,
    /// Its entry in `.debug_info` (a subprogram, or an inlined call), `None` without DWARF.
    pub scope: Option<ScopeId>,
    /// Where it is: for the innermost the PC's own position, for the others the call that was inlined there.
    pub location: Option<Location>,
    /// Whether it's an inlined copy. The last frame of a chain never is.
    pub inlined: bool,
    /// Its code: of the inlined copy, or of the whole function.
    pub ranges: Vec<Range<ModulePc>>,
    /// Its language.
    pub language: Language,
}

/// Where a breakpoint on a source line goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineSites {
    /// The file that was meant.
    pub file: FileId,
    /// The line that has code: the one asked for, or the next one that does.
    pub line: u32,
    /// One site for each function instance or inlined copy: the first `is_stmt` row of that line there; the prologue's
    /// end where the row is before it; any row in a copy that has no `is_stmt` one (compilers mark only changes of line).
    pub sites: Vec<ModulePc>,
}

/// What a variable is to its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VariableKind {
    /// A parameter.
    Parameter,
    /// A local variable.
    Local,
    /// A variable with static storage, inside a function or outside.
    Static,
    /// A named constant.
    Constant,
}

/// A variable or parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its entry.
    pub id: VariableId,
    /// Its name; for a static, the demangled path (`counters::HITS`) if it has one.
    pub name: String,
    /// What it is.
    pub kind: VariableKind,
    /// Its type; `None` when the entry names none.
    pub ty: Option<TypeId>,
    /// Where it's declared.
    pub declared: Option<Location>,
    /// How many lexical blocks lie around it inside its function: of two with one name, the larger one is seen.
    pub depth: u32,
    /// Whether the compiler made it up.
    pub artificial: bool,
}

/// Where a variable's value is at a PC, after its location was evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the frame's default memory, from this address on: it can be written.
    Memory(u64),
    /// In a Wasm local of the frame.
    Local(u32),
    /// In a slot of the operand stack.
    Operand(u32),
    /// In a global of the frame's instance.
    Global(u32),
    /// Nowhere: these are its bytes (a constant, or computed), as many as its type has or, if that isn't known, more.
    Bytes(Vec<u8>),
    /// In several pieces, in order: the first has its lowest bits.
    Pieces(Vec<Piece>),
    /// Nowhere, and what it points to has no address either: so many bytes into that variable.
    ImplicitPointer {
        /// What it points to, to be asked of [`Symbols::variable`](crate::Symbols::variable).
        variable: VariableId,
        /// How far into it.
        offset: i64,
    },
}

/// A piece of a [`Place::Pieces`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// How many bits of the value it is.
    pub bits: u64,
    /// The first of them at its place, counted from the lowest.
    pub first: u64,
    /// Where; `None` if the compiler threw it away.
    pub place: Option<Place>,
}

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type {
    /// Its name as people write it in its language (`struct order`, `int *`, `alloc::vec::Vec<u32>`): built from its
    /// parts where DWARF gives none.
    pub name: String,
    /// Its size in bytes, where known.
    pub size: Option<u64>,
    /// What it is.
    pub kind: TypeKind,
    /// The language of its unit.
    pub language: Language,
}

/// What a type is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeKind {
    /// A scalar.
    Base(Encoding),
    /// A pointer; without a target it is `void *`.
    Pointer(Option<TypeId>),
    /// A C++ reference.
    Reference(TypeId),
    /// A struct, class, tuple, closure … or union.
    Record(Record),
    /// An enumeration of named integers.
    Enumeration {
        /// The type of the integers, if it's named.
        underlying: Option<TypeId>,
        /// Whether the values are signed.
        signed: bool,
        /// Names and values.
        enumerators: Vec<(String, i128)>,
    },
    /// An array; several counts for several dimensions, outermost first. `None`: of unknown length.
    Array {
        /// The elements' type.
        element: TypeId,
        /// How many.
        counts: Vec<Option<u64>>,
    },
    /// Another name for a type.
    Typedef(Option<TypeId>),
    /// A type with a qualifier.
    Qualified {
        /// Which.
        qualifier: Qualifier,
        /// Of what; `None` for `void`.
        target: Option<TypeId>,
    },
    /// The type of functions.
    Function {
        /// What they return; `None` for nothing.
        returns: Option<TypeId>,
        /// What they take.
        parameters: Vec<TypeId>,
    },
    /// A pointer to a C++ member.
    MemberPointer {
        /// The member's type.
        target: Option<TypeId>,
        /// The class.
        class: Option<TypeId>,
    },
    /// Only declared, never defined in this module.
    Incomplete,
    /// Something this crate doesn't know, in DWARF's words.
    Unknown(String),
}

/// How the bytes of a scalar are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Truth value.
    Bool,
    /// Two's complement.
    Signed,
    /// Unsigned.
    Unsigned,
    /// IEEE 754.
    Float,
    /// Two IEEE 754 numbers.
    ComplexFloat,
    /// A signed `char`.
    SignedChar,
    /// An unsigned `char` (Rust's `u8` is not: it is [`Unsigned`](Self::Unsigned)).
    UnsignedChar,
    /// A Unicode code point or code unit (`char` of Rust, `char32_t`, `char16_t`, `char8_t`).
    Utf,
    /// Something else, in DWARF's number (`DW_ATE_*`).
    Other(u8),
}

/// What is said of a type without changing its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Qualifier {
    /// `const`
    Const,
    /// `volatile`
    Volatile,
    /// `restrict`
    Restrict,
    /// `_Atomic`
    Atomic,
}

/// Which keyword a record was declared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// `struct`, and whatever DWARF calls a structure.
    Struct,
    /// `class`
    Class,
    /// `union`: all members at offset 0.
    Union,
}

/// A struct, class or union, or an enum with data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its keyword.
    pub kind: RecordKind,
    /// Base classes, in order.
    pub bases: Vec<Base>,
    /// Members with a place in the record, in order.
    pub members: Vec<Member>,
    /// Static members: variables of their own.
    pub statics: Vec<Variable>,
    /// For an enum with data (Rust, or a tagged union described by DWARF): its variants.
    pub variants: Option<VariantPart>,
    /// Generic arguments by name, where DWARF lists them (`T` of `Vec<T>`).
    pub type_arguments: Vec<(String, TypeId)>,
}

/// A base class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base {
    /// Which.
    pub ty: TypeId,
    /// Where it begins; `None` for a virtual base, whose place depends on the object.
    pub offset: Option<u64>,
}

/// A member of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name; `None` for an anonymous struct or union, whose members belong to the one around it.
    pub name: Option<String>,
    /// Its type.
    pub ty: TypeId,
    /// Its offset in bytes from the start of the record.
    pub offset: u64,
    /// For a bit-field: first bit (from the lowest bit of the byte at `offset`, little-endian) and width.
    pub bits: Option<BitRange>,
    /// Whether the compiler made it up.
    pub artificial: bool,
}

/// The bits of a bit-field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitRange {
    /// First bit, counted from the lowest bit of the member's first byte.
    pub first: u64,
    /// How many.
    pub width: u64,
}

/// The variants of an enum with data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariantPart {
    /// The number that tells which variant there is; `None` when there is only one.
    pub discriminant: Option<Member>,
    /// The variants.
    pub variants: Vec<Variant>,
}

/// One variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The discriminants that mean it, as inclusive ranges; empty for the one that any other value means.
    pub values: Vec<(i128, i128)>,
    /// Its data: a member whose type is a record, named like the variant.
    pub member: Member,
}

impl fmt::Display for Qualifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Const => "const",
            Self::Volatile => "volatile",
            Self::Restrict => "restrict",
            Self::Atomic => "_Atomic",
        })
    }
}
