//! Expressions as people type them at a stop: one grammar for C-like and Rust-like languages.
//!
//! ```text
//! expr    = binary operators by C's precedence: || && | ^ & == != < <= > >= << >> + - * / %
//! unary   = ("*" | "&" | "-" | "+" | "!" | "~" | "(" type ")" | "sizeof") unary | postfix
//! postfix = primary ( "." name | "->" name | "[" expr "]" | "as" type )*
//! primary = number | 'c' | true | false | path | $local0 | $stack0 | $global0 | $pc | "(" expr ")"
//! path    = name ("::" name)*
//! type    = ("struct" | "union" | "enum" | "const" | …)* path "*"* | "*const" type | "*mut" type
//! ```

mod compile;
mod evaluate;
mod lexer;
mod names;
mod parser;

pub(crate) use compile::compile;

use crate::EngineError;

/// A parsed expression, with its text for messages.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expression {
    pub text: String,
    pub root: Node,
}

impl Expression {
    pub(crate) fn parse(text: &str) -> Result<Self, EngineError> {
        Ok(Self { text: text.to_owned(), root: parser::parse(text)? })
    }
}

/// A node of the tree.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Integer {
        value: i128,
        bits: u32,
        signed: bool,
    },
    Float {
        value: f64,
        bits: u32,
    },
    Char(char),
    Bool(bool),
    Path(String),
    /// `$local3`, `$pc`: without the dollar.
    Register(String),
    Unary(UnaryOp, Box<Node>),
    Binary(BinaryOp, Box<Node>, Box<Node>),
    Member(Box<Node>, String),
    Index(Box<Node>, Box<Node>),
    Cast(TypeName, Box<Node>),
    SizeOfType(TypeName),
    SizeOf(Box<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnaryOp {
    Deref,
    AddressOf,
    Negate,
    Plus,
    Not,
    BitNot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinaryOp {
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
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

/// A type as it was written: its name and how many pointers are around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypeName {
    pub name: String,
    pub pointers: usize,
}
