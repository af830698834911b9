//! Expressions as people type them at a stop, in the words of C, C++, Rust and Zig. `docs/expressions.md` is the grammar.
//!
//! Invariant: a text is an expression or it isn't, whatever the language; the language of the frame decides only what binds
//! tighter and what the operators mean.

mod arithmetic;
mod assign;
mod call;
mod casts;
mod compile;
mod evaluate;
mod lexer;
mod names;
mod operators;
mod parser;
#[cfg(test)]
mod properties;
mod registers;
mod texts;
mod unknown;

use freezeframe_symbols::Language;

pub(crate) use compile::{compile, compile_capture};
pub(crate) use registers::{Memo, is_convenience};
pub(crate) use texts::encoded;
pub(crate) use unknown::unknown_name;

use crate::EngineError;

/// A parsed expression, with its text for messages.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expression {
    pub text: String,
    c: Node,
    /// Its tree by Rust's precedence, where that is another.
    rust: Option<Node>,
}

/// What binds tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Precedence {
    /// Comparison before `&`, `^`, `|`.
    C,
    /// Rust's and Zig's: comparison after them.
    Rust,
}

impl Expression {
    pub(crate) fn parse(text: &str) -> Result<Self, EngineError> {
        let c = parser::parse(text, Precedence::C)?;
        let rust = Some(parser::parse(text, Precedence::Rust)?).filter(|rust| *rust != c);
        Ok(Self { text: text.to_owned(), c, rust })
    }

    fn tree(&self, language: Language) -> &Node {
        match language {
            Language::Rust | Language::Zig => self.rust.as_ref().unwrap_or(&self.c),
            _ => &self.c,
        }
    }

    /// The callee and the arguments, if it is nothing but a call.
    pub(crate) fn as_call(&self, language: Language) -> Option<(&Node, &[Node])> {
        match &self.tree(language).kind {
            Kind::Call(callee, arguments) => Some((callee, arguments)),
            _ => None,
        }
    }

    /// The name, if it is nothing but `$name`.
    pub(crate) fn register(&self) -> Option<&str> {
        match &self.c.kind {
            Kind::Register(name) => Some(name),
            _ => None,
        }
    }
}

/// A node of the tree, and where in the text a person would point for it, in characters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    at: usize,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Integer {
        value: i128,
        bits: u32,
        signed: bool,
        /// Its suffix says so; without one it takes the type of what it meets, in Rust.
        typed: bool,
    },
    Float {
        value: f64,
        bits: u32,
    },
    Char(char),
    Text(Vec<u8>),
    Bool(bool),
    Path(String),
    /// `$local3`, `$pc`, `$1`, `$x`: without the dollar.
    Register(String),
    Unary(UnaryOp, Box<Node>),
    Binary(BinaryOp, Box<Node>, Box<Node>),
    Ternary(Box<Node>, Box<Node>, Box<Node>),
    Member(Box<Node>, String),
    Index(Box<Node>, Box<Node>),
    Slice {
        base: Box<Node>,
        from: Option<Box<Node>>,
        to: Option<Box<Node>>,
        inclusive: bool,
    },
    Cast(TypeName, Box<Node>),
    SizeOfType(TypeName),
    SizeOf(Box<Node>),
    /// A function of the guest, called: only where a person asked for that.
    Call(Box<Node>, Vec<Node>),
}

impl Kind {
    fn at(self, at: usize) -> Node {
        Node { at, kind: self }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UnaryOp {
    Deref,
    AddressOf,
    Negate,
    Plus,
    Not,
    BitNot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BinaryOp {
    Or,
    And,
    BitOr,
    BitXor,
    BitAnd,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Shl,
    Shr,
    /// gdb's `*p@10`: so many of them in a row.
    Repeat,
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

impl BinaryOp {
    /// Whether it gives a truth value.
    fn compares(self) -> bool {
        use BinaryOp::{And, Eq, Ge, Gt, Le, Lt, Ne, Or};
        matches!(self, Eq | Ne | Lt | Le | Gt | Ge | And | Or)
    }
}

/// A type as it was written: its name and how many pointers are around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypeName {
    pub name: String,
    pub pointers: usize,
}
