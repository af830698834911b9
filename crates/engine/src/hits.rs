//! What a hit comes to: whether a breakpoint's conditions hold, what is counted, what is logged.
//!
//! The order is that of gdb: a hit counts when the condition is true; then it's passed if it is to be ignored or isn't
//! among the wanted hits. A condition that can't be evaluated stops whatever the counts say, so that a person sees why.

use std::fmt;

use freezeframe_debuggee::{DebuggeeId, Op, Passed, Program, RuleId};

use crate::{
    BreakpointId, Catch, Debugger, EngineError, LocationSpec, LogLine, Reason, breakpoints::Owner, error::near_misses,
    values::Context,
};

/// Which of a breakpoint's hits stop, by their number (from 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HitCondition {
    /// The one with this number.
    Exactly(u64),
    /// All but that.
    Not(u64),
    /// Those from this number on.
    AtLeast(u64),
    /// Those after it.
    Above(u64),
    /// Those up to it.
    AtMost(u64),
    /// Those before it.
    Below(u64),
    /// Each one whose number is a multiple of this.
    Every(u64),
}

/// The operators as they're written, longer ones first.
type Operator = (&'static str, fn(u64) -> HitCondition);
const OPERATORS: &[Operator] = &[
    ("==", HitCondition::Exactly),
    ("!=", HitCondition::Not),
    (">=", HitCondition::AtLeast),
    ("<=", HitCondition::AtMost),
    (">", HitCondition::Above),
    ("<", HitCondition::Below),
    ("%", HitCondition::Every),
    ("=", HitCondition::Exactly),
    ("", HitCondition::Exactly),
];

impl HitCondition {
    /// Reads `>= 3`, `== 3`, `% 10`, `3` ….
    ///
    /// # Errors
    /// [`EngineError::Syntax`].
    pub fn parse(text: &str) -> Result<Self, EngineError> {
        let text = text.trim();
        let syntax = |message: &str, at| EngineError::Syntax { message: message.to_owned(), text: text.to_owned(), at };
        let Some((operator, make)) = OPERATORS.iter().find(|(operator, _)| text.starts_with(operator)) else {
            return Err(syntax("expected a condition on the number of hits", 0));
        };
        let number = text[operator.len()..].trim_start();
        let at = text.chars().count() - number.chars().count();
        let wanted = "expected a count of hits, such as `== 3`, `>= 3`, `> 3` or `% 10` (every tenth)";
        let number = number.parse().map_err(|_| syntax(wanted, at))?;
        if number == 0 && *operator == "%" {
            return Err(syntax("every hit has a number that is a multiple of 1, none one of 0", at));
        }
        Ok(make(number))
    }

    /// Whether the hit with this number stops.
    pub fn holds(self, hit: u64) -> bool {
        match self {
            Self::Exactly(n) => hit == n,
            Self::Not(n) => hit != n,
            Self::AtLeast(n) => hit >= n,
            Self::Above(n) => hit > n,
            Self::AtMost(n) => hit <= n,
            Self::Below(n) => hit < n,
            Self::Every(n) => hit.is_multiple_of(n),
        }
    }
}

impl HitCondition {
    /// The same for the guest's side.
    pub(crate) fn compile(self) -> Option<Program> {
        let number = |n: u64| Op::Const(n.cast_signed());
        let less = Op::Lt { signed: false };
        Program::new(match self {
            Self::Exactly(n) => vec![Op::Hits, number(n), Op::Eq],
            Self::Not(n) => vec![Op::Hits, number(n), Op::Eq, Op::Not],
            Self::AtLeast(n) => vec![Op::Hits, number(n), less, Op::Not],
            Self::Above(n) => vec![number(n), Op::Hits, less],
            Self::AtMost(n) => vec![number(n), Op::Hits, less, Op::Not],
            Self::Below(n) => vec![Op::Hits, number(n), less],
            Self::Every(n) => vec![Op::Hits, number(n), Op::Rem { signed: false }, Op::Not],
        })
        .ok()
    }
}

impl fmt::Display for HitCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(n) => write!(f, "== {n}"),
            Self::Not(n) => write!(f, "!= {n}"),
            Self::AtLeast(n) => write!(f, ">= {n}"),
            Self::Above(n) => write!(f, "> {n}"),
            Self::AtMost(n) => write!(f, "<= {n}"),
            Self::Below(n) => write!(f, "< {n}"),
            Self::Every(n) => write!(f, "% {n}"),
        }
    }
}

/// What became of a condition.
enum Truth {
    Holds,
    Fails,
    Unknown,
}

impl Debugger {
    /// What rules that matched mean to the user; `None`: nothing, go on.
    pub(crate) fn classify_rules(
        &mut self,
        id: DebuggeeId,
        rules: &[RuleId],
        notes: &mut Vec<String>,
    ) -> Result<Option<Reason>, EngineError> {
        let target = self.target(id)?;
        let owners: Vec<Owner> = rules.iter().filter_map(|r| target.owners.get(r.0 as usize).copied()).collect();
        let stepped = owners.contains(&Owner::Step);
        let mut seen = Vec::new();
        for owner in owners {
            // A breakpoint may have several rules at one site; it's one hit.
            if let Owner::Breakpoint { id, counted } = owner
                && !seen.iter().any(|(other, _)| *other == id)
            {
                seen.push((id, counted));
            }
        }
        let hit = self.stopping(id, &seen, notes)?;
        if !hit.is_empty() {
            return Ok(Some(Reason::Breakpoints(hit)));
        }
        if stepped { self.step_arrived(id) } else { Ok(None) }
    }

    /// The enabled catchpoints that want an event, each of which counts a hit; `None`: the event isn't to stop.
    /// `always`: it stops also when there's no catchpoint of its family at all.
    pub(crate) fn caught(
        &mut self,
        id: DebuggeeId,
        always: bool,
        event: &Catch,
        notes: &mut Vec<String>,
    ) -> Result<Option<Vec<BreakpointId>>, EngineError> {
        let mut any = false;
        let mut wanted = Vec::new();
        for breakpoint in &self.breakpoints {
            if let LocationSpec::Event(catch) = &breakpoint.spec.location
                && catch.same_family(event)
            {
                any = true;
                if breakpoint.enabled && catch.wants(event) {
                    wanted.push((breakpoint.id, false));
                }
            }
        }
        if always && !any {
            return Ok(Some(Vec::new()));
        }
        let hit = self.stopping(id, &wanted, notes)?;
        Ok((!hit.is_empty()).then_some(hit))
    }

    /// Counts a hit of each of these breakpoints, unless the guest's side has, and gives those that stop; the one-shot ones
    /// among them are gone.
    fn stopping(
        &mut self,
        id: DebuggeeId,
        breakpoints: &[(BreakpointId, bool)],
        notes: &mut Vec<String>,
    ) -> Result<Vec<BreakpointId>, EngineError> {
        let mut hit = Vec::new();
        for (breakpoint, counted) in breakpoints {
            if self.count_hit(id, *breakpoint, *counted, notes)? {
                hit.push(*breakpoint);
            }
        }
        self.breakpoints.retain(|b| !(b.spec.one_shot && hit.contains(&b.id)));
        Ok(hit)
    }

    /// Counts a hit, unless the guest's side has, and says whether it stops.
    fn count_hit(
        &mut self,
        id: DebuggeeId,
        breakpoint: BreakpointId,
        counted: bool,
        notes: &mut Vec<String>,
    ) -> Result<bool, EngineError> {
        // Also of a hit that the guest's side let through: if that was for want of an answer, a person is told.
        let truth = self.condition_holds(id, breakpoint, notes)?;
        let set = self.breakpoint_mut(breakpoint)?;
        if let Truth::Fails = truth {
            return Ok(false);
        }
        if !counted {
            set.hits = set.hits.saturating_add(1);
        }
        if let Truth::Unknown = truth {
            return Ok(true);
        }
        if !counted {
            if set.ignore > 0 {
                set.ignore -= 1;
                return Ok(false);
            }
            if set.spec.hits.is_some_and(|wanted| !wanted.holds(set.hits)) {
                return Ok(false);
            }
        }
        let Some(log) = set.log.clone() else { return Ok(true) };
        let target = self.target(id)?;
        // Without a stack expressions know globals only.
        let text = match target.stack_frame(0) {
            Ok(frame) => log.fill(&mut Context::in_frame(target, frame)?),
            Err(_) => log.fill(&mut Context::outside(target)?),
        };
        if let Some(tell) = &mut self.log {
            tell(&LogLine { debuggee: id, breakpoint, text });
        }
        Ok(false)
    }

    /// Takes up what the guest's side has counted and taken down.
    pub(crate) fn passed(&mut self, id: DebuggeeId, passed: &Passed) -> Result<(), EngineError> {
        let target = self.target(id)?;
        let mut counted = Vec::new();
        for ((breakpoint, known), now) in target.counters.iter_mut().zip(&passed.counts) {
            counted.push((*breakpoint, now.hits.saturating_sub(known.hits), known.ignore.saturating_sub(now.ignore)));
            *known = *now;
        }
        for (breakpoint, hits, ignored) in counted {
            // One that was deleted meanwhile needs no counts.
            if let Ok(breakpoint) = self.breakpoint_mut(breakpoint) {
                breakpoint.hits = breakpoint.hits.saturating_add(hits);
                breakpoint.ignore = breakpoint.ignore.saturating_sub(ignored);
            }
        }
        for line in &passed.logged {
            let target = self.target(id)?;
            let owner = target.owners.get(line.rule.0 as usize).copied();
            let shape = target.logs.get(&line.rule).cloned();
            let (Some(Owner::Breakpoint { id: breakpoint, .. }), Some(shape)) = (owner, shape) else { continue };
            let text = shape.fill(target, &line.values);
            if let Some(tell) = &mut self.log {
                tell(&LogLine { debuggee: id, breakpoint, text });
            }
        }
        Ok(())
    }

    fn condition_holds(
        &mut self,
        id: DebuggeeId,
        breakpoint: BreakpointId,
        notes: &mut Vec<String>,
    ) -> Result<Truth, EngineError> {
        let condition = self.breakpoint(breakpoint)?.condition.clone();
        let Some(condition) = condition else { return Ok(Truth::Holds) };
        let target = self.target(id)?;
        let mut context = match target.stack_frame(0) {
            Ok(frame) => Context::in_frame(target, frame)?,
            Err(_) => Context::outside(target)?,
        };
        // Who writes a call into a condition asks for it.
        context.target.may_call = true;
        let truth = context.evaluate(&condition).and_then(|value| context.scalar(&value)).map(|s| s.truth());
        context.target.may_call = false;
        Ok(match truth {
            Ok(true) => Truth::Holds,
            Ok(false) => Truth::Fails,
            Err(error) => {
                notes.push(format!(
                    "the condition of breakpoint {breakpoint} can't be evaluated: {error}\n  \
                     `condition {breakpoint} EXPRESSION` gives it another, `condition {breakpoint}` none"
                ));
                Truth::Unknown
            }
        })
    }
}

/// A word that is none of those known: what may have been meant.
pub(crate) fn unknown_word(what: &str, word: &str, known: &[&str]) -> EngineError {
    let near = near_misses(word, known.iter().copied());
    let hint = match near.first() {
        Some(near) => format!("; did you mean `{near}`?"),
        None => format!("; there are: {}", known.join(", ")),
    };
    EngineError::Expression(format!("no {what} `{word}`{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hit_conditions_are_read_and_hold() {
        let holding = |text: &str| {
            let condition = HitCondition::parse(text).unwrap();
            assert_eq!(HitCondition::parse(&condition.to_string()).unwrap(), condition);
            (1..=6).filter(|hit| condition.holds(*hit)).collect::<Vec<u64>>()
        };
        assert_eq!(holding("3"), [3]);
        assert_eq!(holding(" == 3"), [3]);
        assert_eq!(holding("!=3"), [1, 2, 4, 5, 6]);
        assert_eq!(holding(">= 5"), [5, 6]);
        assert_eq!(holding("> 5"), [6]);
        assert_eq!(holding("<= 2"), [1, 2]);
        assert_eq!(holding("< 2"), [1]);
        assert_eq!(holding("% 3"), [3, 6]);
    }

    #[test]
    fn compiled_hit_conditions_hold_at_the_same_hits() {
        use freezeframe_debuggee::{FrameAccess, Unavailable, WasmValue};
        struct Hit(u64);
        impl FrameAccess for Hit {
            fn local(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
                Err(Unavailable::new("none"))
            }
            fn operand(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
                Err(Unavailable::new("none"))
            }
            fn global(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
                Err(Unavailable::new("none"))
            }
            fn memory(&mut self, _: u64, _: &mut [u8]) -> Result<(), Unavailable> {
                Err(Unavailable::new("none"))
            }
            fn hits(&mut self) -> Result<u64, Unavailable> {
                Ok(self.0)
            }
        }
        for text in
            ["== 3", "!= 3", ">= 3", "> 3", "<= 3", "< 3", "% 3", "> 9223372036854775808", "< 18446744073709551615"]
        {
            let condition = HitCondition::parse(text).unwrap();
            let program = condition.compile().unwrap();
            for hit in [1, 2, 3, 4, 6, 9, u64::MAX / 2 + 1, u64::MAX] {
                assert_eq!(program.run(&mut Hit(hit)).unwrap() != 0, condition.holds(hit), "{text} at {hit}");
            }
        }
    }

    #[test]
    fn malformed_hit_conditions_say_where() {
        let at = |text: &str| match HitCondition::parse(text) {
            Err(EngineError::Syntax { at, .. }) => at,
            other => panic!("{other:?}"),
        };
        assert_eq!((at(">= x"), at("% 0"), at(""), at("-1"), at("99999999999999999999")), (3, 2, 0, 0, 0));
    }
}
