//! Values as nodes of a tree, for front ends.

use std::fmt;

use crate::GlobalFilter;

/// Names a node of a debuggee's trees. It stays the same as long as the debugger lives: whoever asks for the same part of the
/// same variable at a later stop gets the same handle, so what was expanded stays expanded. Counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(pub u32);

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Variables that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ScopeKind {
    /// The frame's parameters, in order.
    Arguments,
    /// The frame's other variables, inner blocks first.
    Locals,
    /// Variables outside of functions that are declared in the frame's source file.
    Statics,
    /// Variables with static storage and constants of all modules, those of the frame's module first: the ones that fit.
    Globals(GlobalFilter),
}

impl fmt::Display for ScopeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arguments => "Arguments",
            Self::Locals => "Locals",
            Self::Statics => "Statics",
            Self::Globals(_) => "Globals",
        })
    }
}

/// What a node is, for a symbol beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// Variables of a scope.
    Scope,
    /// A number, a truth value, a character, an enumerator.
    Scalar,
    /// The address of something.
    Pointer,
    /// Characters.
    Text,
    /// Named parts.
    Record,
    /// Elements.
    List,
    /// Keys with values.
    Map,
    /// Words of a printer's, nothing that lies in memory.
    Words,
    /// The value beside it, as DWARF describes it.
    Raw,
    /// It can't be had; its text says why.
    Unavailable,
}

/// Which of a node's children.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Children {
    /// Named ones first, then those that are counted, `[raw]` last.
    #[default]
    All,
    /// Members, `[raw]`.
    Named,
    /// Elements.
    Indexed,
}

/// A value in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// To ask for its children, and to set it.
    pub handle: Handle,
    /// Its name: of a variable, a member (`len`), an element (`[3]`, `["key"]`), or the expression.
    pub name: String,
    /// An expression that gives it again in its frame; `None` where there's none.
    pub evaluate_name: Option<String>,
    /// The full name of its type; empty for a scope.
    pub type_name: String,
    /// The value in one line, or in its place why there is none.
    pub text: String,
    /// How many bytes it takes itself, without what it points to.
    pub size: Option<u64>,
    /// Where it lies in memory 0, if it does.
    pub address: Option<u64>,
    /// Where memory that it is about begins, for a view of it: what a pointer points to, the first element of a vector, the
    /// first byte of a text; else its own address.
    pub memory: Option<u64>,
    /// How many of its children have names.
    pub named: u64,
    /// How many are counted.
    pub indexed: u64,
    /// What it is.
    pub kind: NodeKind,
    /// Whether [`set`](crate::Debugger::set) has a chance: it lies in memory and its type can be written.
    pub settable: bool,
    /// Whether it reads otherwise than at the last stop at which it was shown.
    pub changed: bool,
}

impl Node {
    /// Whether there is a value.
    pub fn available(&self) -> bool {
        self.kind != NodeKind::Unavailable
    }
}
