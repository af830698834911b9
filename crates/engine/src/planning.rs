//! From breakpoints and the step under way to the stop plan of one resume.
//!
//! Invariant: whose each rule and counter of the running plan is, is known by its number until the next resume.

use std::collections::HashMap;

use freezeframe_debuggee::{Count, Counter, DebuggeeId, Rule, RuleId, StopPlan};

use crate::{BreakpointId, Catch, Debugger, EngineError, HitCondition, breakpoints::Owner, target::State};

impl Debugger {
    /// Resumes with the breakpoints as they are now and whatever step is under way.
    pub(crate) fn resume_with_plan(&mut self, id: DebuggeeId) -> Result<(), EngineError> {
        let exceptions = self.catch_exceptions || self.wants(&Catch::Exceptions) || self.heeds(&Catch::Uncaught);
        let exits = self.wants(&Catch::Exit);
        let alone = self.targets.iter().filter(|t| !matches!(t.state, State::Ended(_))).count() == 1;
        let breakpoints = &self.breakpoints;
        let mut plan_counters = Vec::new();
        let Some(target) = self.targets.iter_mut().find(|t| t.id == id) else {
            return Err(EngineError::NoDebuggee(id));
        };
        match target.state {
            State::Stopped => {}
            State::Running => return Err(EngineError::Running),
            State::Ended(_) => return Err(EngineError::NotRunning),
        }
        let mut owners = Vec::new();
        let mut counters: Vec<(BreakpointId, Count)> = Vec::new();
        let mut logs = HashMap::new();
        let mut plan = StopPlan { module_loads: true, exceptions, exits, ..StopPlan::default() };
        let mut add = |owner, rule: Rule| {
            let id = RuleId(u32::try_from(owners.len()).unwrap_or(u32::MAX));
            owners.push(owner);
            plan.rules.push(Rule { id, ..rule });
            id
        };
        for breakpoint in breakpoints.iter().filter(|b| b.enabled) {
            // Which hit stops depends on those in all debuggees: only of one alone its own side can tell.
            let chooses = breakpoint.ignore > 0 || breakpoint.spec.hits.is_some();
            for bound in breakpoint.sites.iter().filter(|s| s.debuggee == id) {
                let here = breakpoint.condition.is_none() || bound.program.is_some();
                let counted = here && (alone || !chooses) && (chooses || bound.log.is_some());
                let counter = counted.then(|| {
                    let known = counters.iter().position(|(id, _)| *id == breakpoint.id);
                    let at = known.unwrap_or_else(|| {
                        let count = Count { hits: breakpoint.hits, ignore: breakpoint.ignore };
                        counters.push((breakpoint.id, count));
                        plan_counters.push(Counter {
                            hits: count.hits,
                            ignore: count.ignore,
                            wanted: breakpoint.spec.hits.and_then(HitCondition::compile),
                        });
                        counters.len() - 1
                    });
                    u32::try_from(at).unwrap_or(u32::MAX)
                });
                let shape = bound.log.clone().filter(|_| counted);
                let rule = Rule {
                    condition: bound.program.clone(),
                    // A one-shot breakpoint that isn't hit now is planted again with the next plan.
                    temporary: breakpoint.spec.one_shot,
                    counter,
                    log: shape.as_ref().map(|shape| shape.captures.clone()),
                    ..Rule::at(RuleId(0), bound.site())
                };
                let rule = add(Owner::Breakpoint { id: breakpoint.id, counted }, rule);
                logs.extend(shape.map(|shape| (rule, shape)));
            }
        }
        if let Some(stepping) = &target.stepping {
            let places = &stepping.places;
            for (site, depth) in places.sites.iter().chain(&places.anew).chain(&stepping.into) {
                add(Owner::Step, Rule { depth: *depth, temporary: true, ..Rule::at(RuleId(0), *site) });
            }
            plan.next_operator = stepping.places.anywhere;
            // Who steps is about to step again.
            plan.keep = true;
            plan.soon.clone_from(&places.soon);
        }
        plan.counters = plan_counters;
        target.debuggee.resume(plan)?;
        target.owners = owners;
        target.counters = counters;
        target.logs = logs;
        target.forget_stop();
        target.state = State::Running;
        Ok(())
    }
}
