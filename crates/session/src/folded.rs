//! Where `unreachable` is, when the machine code has none of its own: a branch to it is compiled to a conditional trap, which
//! Wasmtime's tables attribute to the branch.
//!
//! Invariant: another place is given only if the branch has but one way that leads to an `unreachable`, by nothing that
//! does anything.

use wasmparser::{Operator, OperatorsReader};

use crate::code::body_of;

/// How far a way is followed.
const FARTHEST: u32 = 1000;

/// An operator as far as it matters here. Openings are indices of the operators that open a block.
enum Step {
    Unreachable,
    /// Goes on to the next one and does nothing.
    Pass,
    /// The end of a branch of the `if` that was opened there.
    Else(usize),
    If,
    Jump(Target),
    /// Goes to one of these, or on.
    Branch(Vec<Target>, OrOn),
    Other,
}

#[derive(Clone, Copy, PartialEq)]
enum OrOn {
    Yes,
    No,
}

#[derive(Clone, Copy)]
enum Target {
    /// The beginning of a loop.
    Loop(usize),
    /// The end of another block.
    End(usize),
    /// Out of the function.
    Out,
}

/// Where a block's parts are.
#[derive(Clone, Copy, Default)]
struct Block {
    alternative: Option<usize>,
    end: Option<usize>,
}

struct Body {
    steps: Vec<(u32, Step)>,
    /// By the operator that opens it.
    blocks: Vec<Block>,
}

/// The `unreachable` that a trap at the branch at `pc` comes from; `None` if it's no such branch, or could be several.
pub(crate) fn unreachable_behind(module: &[u8], function: u32, pc: u32) -> Option<u32> {
    let body = Body::read(module, function)?;
    let at = body.steps.binary_search_by_key(&pc, |(pc, _)| *pc).ok()?;
    let mut ways = match &body.steps.get(at)?.1 {
        Step::If => {
            let block = body.blocks.get(at)?;
            vec![Some(at + 1), block.alternative.or(block.end).map(|at| at + 1)]
        }
        Step::Branch(targets, or_on) => {
            let mut ways: Vec<_> = targets.iter().map(|target| body.reached(*target)).collect();
            ways.extend((*or_on == OrOn::Yes).then_some(Some(at + 1)));
            ways
        }
        _ => return None,
    }
    .into_iter()
    .filter_map(|way| body.leads_to(way?))
    .collect::<Vec<u32>>();
    ways.sort_unstable();
    ways.dedup();
    match ways[..] {
        [only] => Some(only),
        _ => None,
    }
}

impl Body {
    fn read(module: &[u8], function: u32) -> Option<Self> {
        Self::of(body_of(module, function)?.get_operators_reader().ok()?)
    }

    fn of(operators: OperatorsReader<'_>) -> Option<Self> {
        let mut body = Self { steps: Vec::new(), blocks: Vec::new() };
        // What is open: the operator that opened it, and whether that is a loop.
        let mut open: Vec<(usize, bool)> = Vec::new();
        for operator in operators.into_iter_with_offsets() {
            let (operator, offset) = operator.ok()?;
            let at = body.steps.len();
            body.blocks.push(Block::default());
            let target = |depth: u32| {
                let outwards = usize::try_from(depth).ok().and_then(|depth| open.iter().rev().nth(depth));
                outwards.map_or(Target::Out, |(at, repeats)| match repeats {
                    true => Target::Loop(*at),
                    false => Target::End(*at),
                })
            };
            let step = match operator {
                Operator::Unreachable => Step::Unreachable,
                Operator::Nop => Step::Pass,
                Operator::Br { relative_depth } => Step::Jump(target(relative_depth)),
                Operator::BrIf { relative_depth }
                | Operator::BrOnNull { relative_depth }
                | Operator::BrOnNonNull { relative_depth }
                | Operator::BrOnCast { relative_depth, .. }
                | Operator::BrOnCastFail { relative_depth, .. } => {
                    Step::Branch(vec![target(relative_depth)], OrOn::Yes)
                }
                Operator::BrTable { targets } => {
                    let mut all: Vec<Target> = targets.targets().map_while(Result::ok).map(target).collect();
                    all.push(target(targets.default()));
                    Step::Branch(all, OrOn::No)
                }
                Operator::Block { .. } | Operator::Loop { .. } | Operator::Try { .. } | Operator::TryTable { .. } => {
                    open.push((at, matches!(operator, Operator::Loop { .. })));
                    Step::Pass
                }
                Operator::If { .. } => {
                    open.push((at, false));
                    Step::If
                }
                Operator::Else => {
                    let (opening, _) = *open.last()?;
                    body.blocks.get_mut(opening)?.alternative = Some(at);
                    Step::Else(opening)
                }
                Operator::End => {
                    if let Some((opening, _)) = open.pop() {
                        body.blocks.get_mut(opening)?.end = Some(at);
                    }
                    Step::Pass
                }
                Operator::Delegate { .. } => {
                    let (opening, _) = open.pop()?;
                    body.blocks.get_mut(opening)?.end = Some(at);
                    Step::Pass
                }
                _ => Step::Other,
            };
            body.steps.push((u32::try_from(offset).ok()?, step));
        }
        Some(body)
    }

    /// The operator that a jump leads to.
    fn reached(&self, target: Target) -> Option<usize> {
        match target {
            Target::Loop(opening) => Some(opening + 1),
            Target::End(opening) => Some(self.blocks.get(opening)?.end? + 1),
            Target::Out => None,
        }
    }

    /// The `unreachable` that is come to from an operator, if nothing is done before.
    fn leads_to(&self, mut at: usize) -> Option<u32> {
        for _ in 0..FARTHEST {
            let (pc, step) = self.steps.get(at)?;
            at = match step {
                Step::Unreachable => return Some(*pc),
                Step::Pass => at + 1,
                Step::Else(opening) => self.blocks.get(*opening)?.end? + 1,
                Step::Jump(target) => self.reached(*target)?,
                Step::If | Step::Branch(..) | Step::Other => return None,
            };
        }
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "only tests are here")]
mod tests {
    use super::*;

    /// The operators of the second function, and what is found for each.
    fn found(body: &str) -> Vec<(usize, usize)> {
        let text = format!(r#"(module (import "" "" (func)) (func nop) (func (param i32) (result i32) {body}))"#);
        let module = wat::parse_str(text).unwrap();
        let read = Body::read(&module, 2).unwrap();
        let index = |pc: u32| read.steps.iter().position(|(at, _)| *at == pc).unwrap();
        let one = |(at, _): &(u32, Step)| Some((index(*at), index(unreachable_behind(&module, 2, *at)?)));
        read.steps.iter().filter_map(one).collect()
    }

    #[test]
    fn a_branch_leads_to_its_unreachable() {
        // 0 block, 1 local.get, 2 br_if, 3 const, 4 return, 5 end, 6 unreachable
        assert_eq!(found("block local.get 0 br_if 0 i32.const 1 return end unreachable"), [(2, 6)]);
        // Through blocks' ends, jumps and blocks' beginnings.
        assert_eq!(
            found(
                "block block local.get 0 br_if 0 i32.const 1 return end br 0 end nop block unreachable end i32.const 1"
            ),
            [(3, 11)]
        );
        // On, when it isn't taken.
        assert_eq!(found("block local.get 0 br_if 0 unreachable end i32.const 1"), [(2, 3)]);
        // Both ways of an `if`.
        assert_eq!(found("local.get 0 if unreachable end i32.const 1"), [(1, 2)]);
        assert_eq!(found("local.get 0 if (result i32) i32.const 1 else unreachable end"), [(1, 4)]);
        assert_eq!(found("local.get 0 if nop else i32.const 1 return end unreachable"), [(1, 7)]);
        // A table, one way of which does something.
        let table = "block block local.get 0 br_table 0 1 end unreachable end i32.const 1";
        assert_eq!(found(table), [(3, 5)]);
    }

    #[test]
    fn what_is_not_certain_is_left_alone() {
        // Two of them.
        assert_eq!(found("block local.get 0 br_if 0 unreachable end unreachable"), []);
        // Something is done before.
        assert_eq!(found("block local.get 0 br_if 0 i32.const 1 return end i32.const 3 drop unreachable"), []);
        // Round and round.
        assert_eq!(found("loop local.get 0 br_if 0 br 0 end unreachable"), []);
        assert_eq!(found("local.get 0 br_if 0 i32.const 1"), []);
        assert_eq!(unreachable_behind(b"\0asm\x01\0\0\0", 0, 1), None);
        assert_eq!(unreachable_behind(b"nothing", 0, 1), None);
    }
}
