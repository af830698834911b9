//! Tokens to a tree, by precedence climbing.

use super::{
    BinaryOp, Node, TypeName, UnaryOp,
    lexer::{Token, tokens},
};
use crate::EngineError;

/// How deep expressions may nest: the parser recurses.
const MAX_DEPTH: u32 = 100;

/// How many tokens an expression may have: everything that walks its tree recurses.
const MAX_TOKENS: usize = 500;

const TYPE_WORDS: [&str; 34] = [
    "void", "char", "short", "int", "long", "float", "double", "signed", "unsigned", "_Bool", "bool", "struct",
    "union", "enum", "class", "const", "volatile", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32",
    "u64", "u128", "usize", "f32", "f64", "str", "size_t", "long",
];

pub(super) fn parse(text: &str) -> Result<Node, EngineError> {
    let mut parser = Parser { text, tokens: tokens(text)?, at: 0, depth: 0 };
    if parser.tokens.len() > MAX_TOKENS {
        return Err(EngineError::Expression(format!("the expression is too long: more than {MAX_TOKENS} words")));
    }
    let node = parser.binary(0)?;
    match parser.tokens.get(parser.at) {
        None => Ok(node),
        Some((_, Token::Symbol("="))) => Err(parser.error("an assignment needs `set var`; comparison is written `==`")),
        Some(_) => Err(parser.error("expected an operator, or the end")),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(usize, Token)>,
    at: usize,
    depth: u32,
}

impl Parser<'_> {
    fn error(&self, message: &str) -> EngineError {
        let at = self.tokens.get(self.at).map_or(self.text.chars().count(), |(at, _)| *at);
        EngineError::Syntax { message: message.to_owned(), text: self.text.to_owned(), at }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, t)| t)
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Symbol(s)) if *s == symbol);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), EngineError> {
        if self.symbol(symbol) { Ok(()) } else { Err(self.error(&format!("expected `{symbol}`"))) }
    }

    fn name(&mut self) -> Option<String> {
        let Some(Token::Name(name)) = self.peek() else { return None };
        let name = name.clone();
        self.at += 1;
        Some(name)
    }

    fn binary(&mut self, least: u8) -> Result<Node, EngineError> {
        let mut left = self.unary()?;
        while let Some((op, precedence)) = self.binary_operator().filter(|(_, p)| *p >= least) {
            self.at += 1;
            let right = self.binary(precedence + 1)?;
            left = Node::Binary(op, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn binary_operator(&self) -> Option<(BinaryOp, u8)> {
        let Some(Token::Symbol(symbol)) = self.peek() else { return None };
        Some(match *symbol {
            "||" => (BinaryOp::Or, 1),
            "&&" => (BinaryOp::And, 2),
            "|" => (BinaryOp::BitOr, 3),
            "^" => (BinaryOp::BitXor, 4),
            "&" => (BinaryOp::BitAnd, 5),
            "==" => (BinaryOp::Eq, 6),
            "!=" => (BinaryOp::Ne, 6),
            "<" => (BinaryOp::Lt, 7),
            "<=" => (BinaryOp::Le, 7),
            ">" => (BinaryOp::Gt, 7),
            ">=" => (BinaryOp::Ge, 7),
            "<<" => (BinaryOp::Shl, 8),
            ">>" => (BinaryOp::Shr, 8),
            "+" => (BinaryOp::Add, 9),
            "-" => (BinaryOp::Sub, 9),
            "*" => (BinaryOp::Mul, 10),
            "/" => (BinaryOp::Div, 10),
            "%" => (BinaryOp::Rem, 10),
            _ => return None,
        })
    }

    fn unary(&mut self) -> Result<Node, EngineError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("the expression is nested too deeply"));
        }
        let node = self.unary_inner();
        self.depth -= 1;
        node
    }

    fn unary_inner(&mut self) -> Result<Node, EngineError> {
        let op = match self.peek() {
            Some(Token::Symbol("*")) => Some(UnaryOp::Deref),
            Some(Token::Symbol("&")) => Some(UnaryOp::AddressOf),
            Some(Token::Symbol("-")) => Some(UnaryOp::Negate),
            Some(Token::Symbol("+")) => Some(UnaryOp::Plus),
            Some(Token::Symbol("!")) => Some(UnaryOp::Not),
            Some(Token::Symbol("~")) => Some(UnaryOp::BitNot),
            _ => None,
        };
        if let Some(op) = op {
            self.at += 1;
            return Ok(Node::Unary(op, Box::new(self.unary()?)));
        }
        if matches!(self.peek(), Some(Token::Name(name)) if name == "sizeof") {
            self.at += 1;
            if let Some(ty) = self.parenthesised_type() {
                return Ok(Node::SizeOfType(ty));
            }
            return Ok(Node::SizeOf(Box::new(self.unary()?)));
        }
        let start = self.at;
        if let Some(ty) = self.parenthesised_type() {
            // `(name)` alone is a cast only when an operand follows.
            let sure = ty.pointers > 0 || ty.name.split(' ').any(|word| TYPE_WORDS.contains(&word));
            let operand = matches!(
                self.peek(),
                Some(
                    Token::Name(_) | Token::Register(_) | Token::Integer { .. } | Token::Float { .. } | Token::Char(_)
                )
            );
            let operand_symbol = matches!(self.peek(), Some(Token::Symbol("(" | "*" | "&" | "-" | "~" | "!")));
            if operand || sure && operand_symbol {
                return Ok(Node::Cast(ty, Box::new(self.unary()?)));
            }
            self.at = start;
        }
        self.postfix()
    }

    fn parenthesised_type(&mut self) -> Option<TypeName> {
        let start = self.at;
        let ty = if self.symbol("(") { self.type_name(true) } else { None };
        if let Some(ty) = ty
            && self.symbol(")")
        {
            return Some(ty);
        }
        self.at = start;
        None
    }

    /// Only C writes its stars behind the name: in `x as i64 * 2` they multiply.
    fn type_name(&mut self, stars_behind: bool) -> Option<TypeName> {
        let mut pointers = 0;
        // Rust: *const T, *mut T, &T.
        while matches!(self.peek(), Some(Token::Symbol("*" | "&"))) {
            self.at += 1;
            pointers += 1;
            if matches!(self.peek(), Some(Token::Name(n)) if n == "const" || n == "mut") {
                self.at += 1;
            }
        }
        let mut words = Vec::new();
        while let Some(word) = self.name() {
            if !stars_behind && word == "as" {
                self.at -= 1;
                break;
            }
            let mut path = word;
            while self.symbol("::") {
                path.push_str("::");
                path.push_str(&self.name()?);
            }
            if path != "const" && path != "volatile" {
                words.push(path);
            }
        }
        while stars_behind && self.symbol("*") {
            pointers += 1;
        }
        (!words.is_empty()).then(|| TypeName { name: words.join(" "), pointers })
    }

    fn postfix(&mut self) -> Result<Node, EngineError> {
        let mut node = self.primary()?;
        loop {
            if self.symbol(".") || self.symbol("->") {
                let name = self.name().ok_or_else(|| self.error("expected the name of a member"))?;
                node = Node::Member(Box::new(node), name);
            } else if self.symbol("[") {
                let index = self.binary(0)?;
                self.expect("]")?;
                node = Node::Index(Box::new(node), Box::new(index));
            } else if matches!(self.peek(), Some(Token::Name(name)) if name == "as") {
                self.at += 1;
                let ty = self.type_name(false).ok_or_else(|| self.error("expected a type after `as`"))?;
                node = Node::Cast(ty, Box::new(node));
            } else {
                return Ok(node);
            }
        }
    }

    fn primary(&mut self) -> Result<Node, EngineError> {
        let Some(token) = self.peek().cloned() else { return Err(self.error("expected an expression")) };
        let node = match token {
            Token::Integer { value, bits, signed } => Node::Integer { value, bits, signed },
            Token::Float { value, bits } => Node::Float { value, bits },
            Token::Char(value) => Node::Char(value),
            Token::Register(name) => Node::Register(name),
            Token::Symbol("(") => {
                self.at += 1;
                let node = self.binary(0)?;
                self.expect(")")?;
                return Ok(node);
            }
            Token::Name(name) => {
                self.at += 1;
                if name == "true" || name == "false" {
                    return Ok(Node::Bool(name == "true"));
                }
                let mut path = name;
                while self.symbol("::") {
                    let next = self.name().ok_or_else(|| self.error("expected a name after `::`"))?;
                    path = format!("{path}::{next}");
                }
                if matches!(self.peek(), Some(Token::Symbol("("))) {
                    return Err(self.error("functions of the program can't be called here yet"));
                }
                return Ok(Node::Path(path));
            }
            Token::Symbol(_) => return Err(self.error("expected an expression")),
        };
        self.at += 1;
        Ok(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree in prefix form.
    fn tree(text: &str) -> String {
        fn show(node: &Node) -> String {
            match node {
                Node::Integer { value, .. } => value.to_string(),
                Node::Float { value: v, .. } => format!("{v:?}"),
                Node::Char(c) => format!("{c:?}"),
                Node::Bool(b) => b.to_string(),
                Node::Path(p) => p.clone(),
                Node::Register(r) => format!("${r}"),
                Node::Unary(op, x) => format!("({op:?} {})", show(x)),
                Node::Binary(op, a, b) => format!("({op:?} {} {})", show(a), show(b)),
                Node::Member(x, m) => format!("(. {} {m})", show(x)),
                Node::Index(x, i) => format!("([] {} {})", show(x), show(i)),
                Node::Cast(t, x) => format!("(as {}{} {})", t.name, "*".repeat(t.pointers), show(x)),
                Node::SizeOfType(t) => format!("(sizeof {}{})", t.name, "*".repeat(t.pointers)),
                Node::SizeOf(x) => format!("(sizeof {})", show(x)),
            }
        }
        show(&parse(text).unwrap_or_else(|e| panic!("{e}")))
    }

    #[test]
    fn precedence_and_postfix() {
        assert_eq!(tree("1 + 2 * 3 - 4"), "(Sub (Add 1 (Mul 2 3)) 4)");
        assert_eq!(tree("a && b || c"), "(Or (And a b) c)");
        assert_eq!(tree("*p->next[3].x"), "(Deref (. ([] (. p next) 3) x))");
        assert_eq!(tree("t.0.1"), "(. (. t 0) 1)");
        assert_eq!(tree("a::b::C == 0x1f"), "(Eq a::b::C 31)");
        assert_eq!(tree("&x.y"), "(AddressOf (. x y))");
        assert_eq!(tree("$local2 << 1u8"), "(Shl $local2 1)");
        assert_eq!(tree("1.5e3 + 'a'"), "(Add 1500.0 'a')");
    }

    #[test]
    fn casts_and_parentheses() {
        assert_eq!(tree("(struct node *)p"), "(as struct node* p)");
        assert_eq!(tree("(unsigned char)-1"), "(as unsigned char (Negate 1))");
        assert_eq!(tree("(a) - b"), "(Sub a b)");
        assert_eq!(tree("(order_t)x"), "(as order_t x)");
        assert_eq!(tree("x as *const u8"), "(as u8* x)");
        assert_eq!(tree("x as i64 * 2"), "(Mul (as i64 x) 2)");
        assert_eq!(tree("x as u8 as u32"), "(as u32 (as u8 x))");
        assert_eq!(tree("sizeof(int) + sizeof x"), "(Add (sizeof int) (sizeof x))");
        assert_eq!(tree("*(int *)p"), "(Deref (as int* p))");
    }

    #[test]
    fn mistakes_are_pointed_at() {
        let at = |text: &str| match parse(text) {
            Err(EngineError::Syntax { at, .. }) => at,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(at("a + "), 4);
        assert_eq!(at("a b"), 2);
        assert_eq!(at("(a"), 2);
        assert_eq!(at("a.(b)"), 2);
        assert_eq!(at("a # b"), 2);
        assert_eq!(at("a = 1"), 2);
        assert_eq!(at("f(1)"), 1);
        assert_eq!(at("12zz"), 0);
        assert_eq!(at(""), 0);
        assert!(parse(&"1+".repeat(100_000)).is_err() && parse(&format!("a{}", "[0]".repeat(9_000))).is_err());
        assert!(parse(&"(".repeat(10_000)).is_err() && parse(&"-".repeat(10_000)).is_err());
    }
}
