//! Random expressions: integer arithmetic against Rust's own and against C's rules written out; random text against panics.
//!
//! The reference works on texts of exactly typed literals and in a wider type than the debugger: it says what each operator
//! must give as a number, then what its type keeps of it.

use proptest::prelude::*;

use super::{
    Expression, Kind, Node, UnaryOp,
    arithmetic::{self, Int, IntType, Outcome, Rules},
    operators::untyped,
};

/// What the debugger makes of an expression of integer literals.
fn ours(node: &Node, rules: Rules) -> Result<Int, String> {
    match &node.kind {
        Kind::Integer { value, bits, signed, .. } => Ok(Int::new(*value, IntType { bits: *bits, signed: *signed })),
        Kind::Unary(UnaryOp::Negate, operand) => Ok(ours(operand, rules)?.negated(rules)),
        Kind::Unary(UnaryOp::Not | UnaryOp::BitNot, operand) => Ok(ours(operand, rules)?.inverted(rules)),
        Kind::Binary(op, left, right) => {
            assert!(!untyped(left) && !untyped(right), "the literals of this test have suffixes");
            match arithmetic::binary(*op, ours(left, rules)?, ours(right, rules)?, rules)? {
                Outcome::Int(int) => Ok(int),
                Outcome::Truth(truth) => Ok(Int::new(i128::from(truth), IntType::INT)),
            }
        }
        other => Err(format!("{other:?} is none of these")),
    }
}

/// An expression as text, and what it is: a number with the bits and sign of its type, or nothing that is defined.
#[derive(Clone, Debug)]
struct Known {
    text: String,
    value: Option<(i128, u32, bool)>,
}

/// What a type keeps of a number: subtract its modulus until it fits.
fn kept(value: i128, bits: u32, signed: bool) -> (i128, u32, bool) {
    let modulus = 1_i128 << bits;
    let rest = value.rem_euclid(modulus);
    let value = if signed && rest >= modulus / 2 { rest - modulus } else { rest };
    (value, bits, signed)
}

fn literal() -> impl Strategy<Value = Known> {
    let edges = prop_oneof![
        Just(0_i128),
        Just(1),
        Just(127),
        Just(255),
        Just(i128::from(i32::MAX)),
        Just(i128::from(u32::MAX)),
        Just(i128::from(i64::MAX)),
        any::<u64>().prop_map(i128::from),
        0_i128..40,
    ];
    (edges, 0_usize..4, any::<bool>()).prop_map(|(value, size, signed)| {
        let bits = [8, 16, 32, 64][size];
        let value = kept(value, bits, signed);
        // Digits have no sign: a negative one is written as the minus of them.
        let (value, bits, signed) = (value.0.abs().min((1 << (bits - u32::from(signed))) - 1), bits, signed);
        let suffix = if signed { 'i' } else { 'u' };
        Known { text: format!("{value}{suffix}{bits}"), value: Some((value, bits, signed)) }
    })
}

/// The type that two meet in, or that one is computed in.
fn meet((_, a, s): (i128, u32, bool), (_, b, t): (i128, u32, bool), c: bool) -> (u32, bool) {
    if c {
        // int, unsigned, long long, unsigned long long, in their ranks.
        let rank = |bits: u32, signed: bool| match (bits, signed) {
            (0..=31, _) | (32, true) => 0,
            (32, false) => 1,
            (_, true) => 2,
            (_, false) => 3,
        };
        return [(32, true), (32, false), (64, true), (64, false)][rank(a, s).max(rank(b, t))];
    }
    if s == t {
        return (a.max(b), s);
    }
    // The first signed type that has all numbers of both.
    let most = |bits: u32, signed: bool| (1_i128 << (bits - u32::from(signed))) - 1;
    let wide = most(a, s).max(most(b, t));
    let fits = [8, 16, 32, 64].into_iter().find(|bits| most(*bits, true) >= wide);
    (fits.unwrap_or(128), true)
}

fn expected(op: &str, a: (i128, u32, bool), b: (i128, u32, bool), c: bool) -> Option<(i128, u32, bool)> {
    if op == "<<" || op == ">>" {
        let (bits, signed) = if c && a.1 < 32 { (32, true) } else { (a.1, a.2) };
        let by = u32::try_from(b.0).ok().filter(|by| *by < bits)?;
        // A shift is a multiplication, or a division that rounds down.
        let value = if op == "<<" { a.0.checked_mul(1 << by)? } else { a.0.div_euclid(1 << by) };
        return Some(kept(value, bits, signed));
    }
    let (bits, signed) = meet(a, b, c);
    // Out of the reference's own width: not looked at.
    if bits > 64 {
        return None;
    }
    let (x, y) = (kept(a.0, bits, signed).0, kept(b.0, bits, signed).0);
    let value = match op {
        "+" => x + y,
        "-" => x - y,
        "*" => x.checked_mul(y)?,
        "/" => x.checked_div(y)?,
        "%" => x.checked_rem(y)?,
        "&" => x & y,
        "|" => x | y,
        "^" => x ^ y,
        "==" => return Some((i128::from(x == y), 32, true)),
        "!=" => return Some((i128::from(x != y), 32, true)),
        "<" => return Some((i128::from(x < y), 32, true)),
        "<=" => return Some((i128::from(x <= y), 32, true)),
        ">" => return Some((i128::from(x > y), 32, true)),
        _ => return Some((i128::from(x >= y), 32, true)),
    };
    Some(kept(value, bits, signed))
}

fn known(c: bool) -> impl Strategy<Value = Known> {
    const OPERATORS: [&str; 16] =
        ["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", "==", "!=", "<", "<=", ">", ">="];
    literal().prop_recursive(5, 24, 2, move |inner| {
        prop_oneof![
            (inner.clone(), 0_usize..OPERATORS.len(), inner.clone()).prop_map(move |(a, op, b)| {
                let op = OPERATORS[op];
                let value = a.value.zip(b.value).and_then(|(a, b)| expected(op, a, b, c));
                Known { text: format!("({} {op} {})", a.text, b.text), value }
            }),
            (inner, any::<bool>()).prop_map(move |(a, minus)| {
                let value = a.value.map(|(value, bits, signed)| {
                    let (bits, signed) = if c && bits < 32 { (32, true) } else { (bits, signed) };
                    kept(if minus { -value } else { -value - 1 }, bits, signed)
                });
                Known { text: format!("{}{}", if minus { "-" } else { "~" }, a.text), value }
            }),
        ]
    })
}

fn check(known: &Known, rules: Rules) -> Result<(), TestCaseError> {
    // Too deep for the reference's own width, or not defined.
    let Some((value, bits, signed)) = known.value else { return Ok(()) };
    let parsed = Expression::parse(&known.text).map_err(|e| TestCaseError::fail(e.to_string()))?;
    let got = ours(&parsed.c, rules);
    prop_assert_eq!(got, Ok(Int { value, ty: IntType { bits, signed } }), "{}", known.text);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn integers_of_c(known in known(true)) {
        check(&known, Rules::C)?;
    }

    #[test]
    fn integers_of_rust(known in known(false)) {
        check(&known, Rules::Rust)?;
    }

    /// 128 bits against Rust's own arithmetic.
    #[test]
    fn wide_integers(a: u128, b: u128, small in 0_u128..1000, by in 0_u32..128) {
        let int = |value: u128| Int::new(value.cast_signed(), IntType { bits: 128, signed: false });
        for b in [b, small, a] {
            let result = |op: &str| {
                let text = format!("{a}u128 {op} {b}u128");
                ours(&Expression::parse(&text).map_err(|e| e.to_string())?.c, Rules::Rust)
            };
            prop_assert_eq!(result("/").ok(), a.checked_div(b).map(int));
            prop_assert_eq!(result("%").ok(), a.checked_rem(b).map(int));
            prop_assert_eq!(result("<").map(|r| r.value), Ok(i128::from(a < b)));
            prop_assert_eq!(result(">=").map(|r| r.value), Ok(i128::from(a >= b)));
            prop_assert_eq!(result("*"), Ok(int(a.wrapping_mul(b))));
        }
        let shifted = ours(&Expression::parse(&format!("{a}u128 >> {by}u8")).unwrap().c, Rules::Rust);
        prop_assert_eq!(shifted, Ok(int(a >> by)));
    }

    #[test]
    fn any_text_is_an_expression_or_an_error(text in ".{0,120}") {
        _ = Expression::parse(&text);
    }

    /// Words that mean something, in no order.
    #[test]
    fn any_words_are_an_expression_or_an_error(words in prop::collection::vec(prop::sample::select(vec![
        "a", "b::", "1", "0x", "1.5e", "'", "'x'", "\"", "\"t\"", "$", "$$3", "$memory0", "(", ")", "[", "]", "..", "..=", "?", ":",
        "as", "sizeof", "(int)", "*", "&", "&&", "!", "-", "->", ".", "@", "<<", "==", "=", "u8", "struct", "::",
    ]), 0..60)) {
        _ = Expression::parse(&words.concat());
        _ = Expression::parse(&words.join(" "));
    }
}
