//! Tokens to a tree, by precedence climbing.

use super::{
    BinaryOp, Kind, Node, Precedence, TypeName, UnaryOp,
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

pub(super) fn parse(text: &str, precedence: Precedence) -> Result<Node, EngineError> {
    let mut parser = Parser { text, tokens: tokens(text)?, at: 0, depth: 0, precedence };
    if parser.tokens.len() > MAX_TOKENS {
        return Err(EngineError::Expression(format!("the expression is too long: more than {MAX_TOKENS} words")));
    }
    let node = parser.expression()?;
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
    precedence: Precedence,
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

    /// Where the next token begins, in characters.
    fn here(&self) -> usize {
        self.tokens.get(self.at).map_or(self.text.chars().count(), |(at, _)| *at)
    }

    fn expression(&mut self) -> Result<Node, EngineError> {
        let condition = self.binary(0)?;
        let at = self.here();
        if !self.symbol("?") {
            return Ok(condition);
        }
        self.deeper(|this| {
            let then = this.expression()?;
            this.expect(":")?;
            let otherwise = this.expression()?;
            Ok(Kind::Ternary(Box::new(condition), Box::new(then), Box::new(otherwise)).at(at))
        })
    }

    fn deeper(&mut self, parse: impl FnOnce(&mut Self) -> Result<Node, EngineError>) -> Result<Node, EngineError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("the expression is nested too deeply"));
        }
        let node = parse(self);
        self.depth -= 1;
        node
    }

    fn binary(&mut self, least: u8) -> Result<Node, EngineError> {
        let mut left = self.with_as()?;
        while let Some((op, precedence)) = self.binary_operator().filter(|(_, p)| *p >= least) {
            let at = self.here();
            self.at += 1;
            let right = self.binary(precedence + 1)?;
            left = Kind::Binary(op, Box::new(left), Box::new(right)).at(at);
        }
        Ok(left)
    }

    fn binary_operator(&self) -> Option<(BinaryOp, u8)> {
        let Some(Token::Symbol(symbol)) = self.peek() else { return None };
        // In C `x & 4 == 4` compares first, in Rust last.
        let (c, rust) = match *symbol {
            "||" => (1, 1),
            "&&" => (2, 2),
            "|" => (3, 4),
            "^" => (4, 5),
            "&" => (5, 6),
            "==" | "!=" => (6, 3),
            "<" | "<=" | ">" | ">=" => (7, 3),
            "<<" | ">>" => (8, 7),
            "@" => (9, 8),
            "+" | "-" => (10, 9),
            "*" | "/" | "%" => (11, 10),
            _ => return None,
        };
        let op = match *symbol {
            "||" => BinaryOp::Or,
            "&&" => BinaryOp::And,
            "|" => BinaryOp::BitOr,
            "^" => BinaryOp::BitXor,
            "&" => BinaryOp::BitAnd,
            "==" => BinaryOp::Eq,
            "!=" => BinaryOp::Ne,
            "<" => BinaryOp::Lt,
            "<=" => BinaryOp::Le,
            ">" => BinaryOp::Gt,
            ">=" => BinaryOp::Ge,
            "<<" => BinaryOp::Shl,
            ">>" => BinaryOp::Shr,
            "@" => BinaryOp::Repeat,
            "+" => BinaryOp::Add,
            "-" => BinaryOp::Sub,
            "*" => BinaryOp::Mul,
            "/" => BinaryOp::Div,
            _ => BinaryOp::Rem,
        };
        Some((op, if self.precedence == Precedence::C { c } else { rust }))
    }

    /// `as` binds less than unary operators and more than all others: `-1 as u8` is `(-1) as u8`.
    fn with_as(&mut self) -> Result<Node, EngineError> {
        let mut node = self.unary()?;
        while matches!(self.peek(), Some(Token::Name(name)) if name == "as") {
            let at = self.here();
            self.at += 1;
            let ty = self.type_name(false).ok_or_else(|| self.error("expected a type after `as`"))?;
            node = Kind::Cast(ty, Box::new(node)).at(at);
        }
        Ok(node)
    }

    fn unary(&mut self) -> Result<Node, EngineError> {
        self.deeper(Self::unary_inner)
    }

    fn unary_inner(&mut self) -> Result<Node, EngineError> {
        let at = self.here();
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
            return Ok(Kind::Unary(op, Box::new(self.unary()?)).at(at));
        }
        if matches!(self.peek(), Some(Token::Name(name)) if name == "sizeof") {
            self.at += 1;
            if let Some(ty) = self.parenthesised_type() {
                return Ok(Kind::SizeOfType(ty).at(at));
            }
            return Ok(Kind::SizeOf(Box::new(self.unary()?)).at(at));
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
                return Ok(Kind::Cast(ty, Box::new(self.unary()?)).at(at));
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
                let at = self.here();
                let name = self.name().ok_or_else(|| self.error("expected the name of a member"))?;
                node = Kind::Member(Box::new(node), name).at(at);
            } else if self.symbol("[") {
                node = self.index(node)?;
            } else if matches!(self.peek(), Some(Token::Symbol("("))) {
                node = self.call(node)?;
            } else {
                return Ok(node);
            }
        }
    }

    /// The arguments of a call.
    fn call(&mut self, callee: Node) -> Result<Node, EngineError> {
        let at = callee.at;
        let mut arguments = Vec::new();
        self.expect("(")?;
        while !self.symbol(")") {
            if !arguments.is_empty() {
                self.expect(",")?;
            }
            arguments.push(self.deeper(Self::expression)?);
        }
        Ok(Kind::Call(Box::new(callee), arguments).at(at))
    }

    /// What follows a `[`: an index, or a range with either end left out.
    fn index(&mut self, base: Node) -> Result<Node, EngineError> {
        let at = self.here();
        let base = Box::new(base);
        let dots = |this: &Self| matches!(this.peek(), Some(Token::Symbol(".." | "..=")));
        let from = if dots(self) { None } else { Some(Box::new(self.expression()?)) };
        if !dots(self) {
            self.expect("]")?;
            let index = from.ok_or_else(|| self.error("expected an index"))?;
            return Ok(Kind::Index(base, index).at(at));
        }
        let inclusive = self.symbol("..=");
        if !inclusive {
            self.expect("..")?;
        }
        let open = !inclusive && matches!(self.peek(), Some(Token::Symbol("]")));
        let to = if open { None } else { Some(Box::new(self.expression()?)) };
        self.expect("]")?;
        Ok(Kind::Slice { base, from, to, inclusive }.at(at))
    }

    fn primary(&mut self) -> Result<Node, EngineError> {
        let at = self.here();
        let Some(token) = self.peek().cloned() else { return Err(self.error("expected an expression")) };
        let kind = match token {
            Token::Integer { value, bits, signed, typed } => Kind::Integer { value, bits, signed, typed },
            Token::Float { value, bits } => Kind::Float { value, bits },
            Token::Char(value) => Kind::Char(value),
            Token::Text(value) => Kind::Text(value),
            Token::Register(name) => Kind::Register(name),
            Token::Symbol("(") => {
                self.at += 1;
                let node = self.expression()?;
                self.expect(")")?;
                return Ok(node);
            }
            Token::Name(name) => {
                self.at += 1;
                if name == "true" || name == "false" {
                    return Ok(Kind::Bool(name == "true").at(at));
                }
                let mut path = name;
                while self.symbol("::") {
                    let next = self.name().ok_or_else(|| self.error("expected a name after `::`"))?;
                    path = format!("{path}::{next}");
                }
                return Ok(Kind::Path(path).at(at));
            }
            Token::Symbol(_) => return Err(self.error("expected an expression")),
        };
        self.at += 1;
        Ok(kind.at(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree in prefix form.
    fn tree(text: &str) -> String {
        tree_by(text, Precedence::C)
    }

    fn tree_by(text: &str, precedence: Precedence) -> String {
        fn show(node: &Node) -> String {
            match &node.kind {
                Kind::Integer { value, .. } => value.to_string(),
                Kind::Float { value: v, .. } => format!("{v:?}"),
                Kind::Char(c) => format!("{c:?}"),
                Kind::Bool(b) => b.to_string(),
                Kind::Path(p) => p.clone(),
                Kind::Register(r) => format!("${r}"),
                Kind::Unary(op, x) => format!("({op:?} {})", show(x)),
                Kind::Binary(op, a, b) => format!("({op:?} {} {})", show(a), show(b)),
                Kind::Member(x, m) => format!("(. {} {m})", show(x)),
                Kind::Text(t) => format!("{:?}", String::from_utf8_lossy(t)),
                Kind::Ternary(c, a, b) => format!("(? {} {} {})", show(c), show(a), show(b)),
                Kind::Slice { base, from, to, inclusive } => {
                    let end = |end: &Option<Box<Node>>| end.as_ref().map_or("_".to_owned(), |n| show(n));
                    format!("(.. {} {} {}{})", show(base), end(from), if *inclusive { "=" } else { "" }, end(to))
                }
                Kind::Index(x, i) => format!("([] {} {})", show(x), show(i)),
                Kind::Cast(t, x) => format!("(as {}{} {})", t.name, "*".repeat(t.pointers), show(x)),
                Kind::SizeOfType(t) => format!("(sizeof {}{})", t.name, "*".repeat(t.pointers)),
                Kind::SizeOf(x) => format!("(sizeof {})", show(x)),
                Kind::Call(f, arguments) => {
                    let arguments: Vec<String> = arguments.iter().map(|a| format!(" {}", show(a))).collect();
                    format!("(call {}{})", show(f), arguments.concat())
                }
            }
        }
        show(&parse(text, precedence).unwrap_or_else(|e| panic!("{e}")))
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
    fn calls() {
        assert_eq!(tree("f()"), "(call f)");
        assert_eq!(tree("a::f(1, x.y)[2] + 1"), "(Add ([] (call a::f 1 (. x y)) 2) 1)");
        assert_eq!(tree("(*p).area(&q)"), "(call (. (Deref p) area) (AddressOf q))");
        assert_eq!(tree("f(g(1))"), "(call f (call g 1))");
    }

    #[test]
    fn precedence_of_rust() {
        for text in ["x & 4 == 4", "a | b < c", "a ^ b == c & d", "a << 1 & b", "a == b && c | d != 0"] {
            assert_ne!(tree_by(text, Precedence::Rust), "", "{text}");
        }
        assert_eq!(tree("x & 4 == 4"), "(BitAnd x (Eq 4 4))");
        assert_eq!(tree_by("x & 4 == 4", Precedence::Rust), "(Eq (BitAnd x 4) 4)");
        assert_eq!(tree_by("a | b < c", Precedence::Rust), "(Lt (BitOr a b) c)");
        assert_eq!(tree_by("a ^ b == c & d", Precedence::Rust), "(Eq (BitXor a b) (BitAnd c d))");
        assert_eq!(tree_by("a << 1 & b + 1", Precedence::Rust), "(BitAnd (Shl a 1) (Add b 1))");
        assert_eq!(
            tree_by("-1 as u8 == 255 && !x as u8 < 3", Precedence::Rust),
            "(And (Eq (as u8 (Negate 1)) 255) (Lt (as u8 (Not x)) 3))"
        );
    }

    #[test]
    fn slices_texts_and_choices() {
        assert_eq!(tree("a[2..5]"), "(.. a 2 5)");
        assert_eq!(tree("a[..=n + 1].x"), "(. (.. a _ =(Add n 1)) x)");
        assert_eq!(tree("a[2..]"), "(.. a 2 _)");
        assert_eq!(tree("a[..]"), "(.. a _ _)");
        assert_eq!(tree("*p@n + 1"), "(Repeat (Deref p) (Add n 1))");
        assert_eq!(tree("s == \"a\\\"b\""), r#"(Eq s "a\"b")"#);
        assert_eq!(tree("a ? b : c ? d : e"), "(? a b (? c d e))");
        assert_eq!(tree("$ + $$ + $$2 + $12 + $memory0[16]"), "(Add (Add (Add (Add $ $$) $$2) $12) ([] $memory0 16))");
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
        let at = |text: &str| match parse(text, Precedence::C) {
            Err(EngineError::Syntax { at, .. }) => at,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(at("a + "), 4);
        assert_eq!(at("a b"), 2);
        assert_eq!(at("(a"), 2);
        assert_eq!(at("a.(b)"), 2);
        assert_eq!(at("a # b"), 2);
        assert_eq!(at("a = 1"), 2);
        assert_eq!(at("f(1"), 3);
        assert_eq!(at("f(1 2)"), 4);
        assert_eq!(at("f(,)"), 2);
        assert_eq!(at("12zz"), 0);
        assert_eq!(at(""), 0);
        assert_eq!(at("a ? b"), 5);
        assert_eq!(at("a[1..2"), 6);
        assert_eq!(at("a[]"), 2);
        assert_eq!(at("a == \"b"), 5);
        let too_much =
            ["1+".repeat(100_000), format!("a{}", "[0]".repeat(9_000)), "(".repeat(10_000), "-".repeat(10_000)];
        assert!(too_much.iter().all(|text| parse(text, Precedence::C).is_err()));
        assert!(parse(&format!("{}1", "1?1:".repeat(124)), Precedence::C).is_err());
    }
}
