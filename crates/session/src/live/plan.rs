//! Stop plans, run next to the guest: as a filter in the debug handler.
//!
//! Invariant: what the plan planted is in `planted`, and nothing else is planted by this half; only a site with a rule in
//! `armed` can stop the guest. Temporary sites are dead from the next stop on; they are taken out of the code when somebody
//! looks or the guest is resumed, in one change of the code with what is planted then.
//!
//! A change of the code costs tens of microseconds, whatever is changed, a hit that is passed a fraction of one. So a plan
//! may keep what earlier ones have planted: from step to step in a function nothing changes. Sites that are kept have no
//! rules. They are passed [`MOST_PASSED`] times at most after each resume: by then that has cost about as much as taking
//! them out.

use std::{collections::HashSet, ops::Range, sync::Arc};

use freezeframe_debuggee::{
    Capture, Counter, FrameAccess, Logged, MAX_CAPTURE, Rule, RuleId, Site, StopPlan, StopReason, Unavailable,
    WasmValue,
};
use wasmtime::{Instance, Memory};

use super::{link::Link, queries::Names, values};
use crate::{BreakpointId, Error, Event, Frame, Stop, Verdict, fast::FastMap, native};

/// How often sites that are kept may be passed before they are taken out.
const MOST_PASSED: u32 = 64;
/// How many sites are kept.
const MOST_KEPT: usize = 2000;

pub(super) struct Plan {
    link: Arc<Link>,
    counters: Vec<Counter>,
    /// What was taken down has to be told before the guest goes on.
    full: bool,
    /// By site.
    rules: Vec<Rule>,
    /// Where a site's rules are in `rules`.
    armed: FastMap<BreakpointId, Range<usize>>,
    next_operator: bool,
    module_loads: bool,
    exceptions: bool,
    exits: bool,
    planted: FastMap<Site, BreakpointId>,
    /// Operators without code: nothing can be planted there, ever.
    codeless: HashSet<Site>,
    /// This plan keeps sites of earlier ones: it's a step.
    keeps: bool,
    /// How often kept sites were passed since the guest was resumed.
    passed: u32,
    matched: Vec<RuleId>,
    /// Whether the guest has stopped since the plan was made.
    over: bool,
    /// No modules will come: whoever waits for some waits for nothing.
    complete: bool,
}

impl Plan {
    pub(super) fn new(complete: bool, link: Arc<Link>) -> Self {
        Self {
            link,
            counters: Vec::new(),
            full: false,
            rules: Vec::new(),
            armed: FastMap::default(),
            next_operator: false,
            module_loads: false,
            exceptions: false,
            exits: false,
            planted: FastMap::default(),
            codeless: HashSet::new(),
            keeps: false,
            passed: 0,
            matched: Vec::new(),
            over: false,
            complete,
        }
    }

    /// Whether an event is a stop.
    pub(super) fn verdict<T: 'static>(&mut self, stop: &mut Stop<'_, T>, event: &Event) -> Verdict {
        let stops = match event {
            Event::Breakpoint { hit } => {
                self.matched.clear();
                if let Some(rules) = self.armed.get(hit).and_then(|range| self.rules.get(range.clone())) {
                    let mut depth = None;
                    for rule in rules {
                        let deep =
                            !rule.depth.needs_depth() || rule.depth.passes(*depth.get_or_insert_with(|| stop.depth()));
                        if deep && matches(rule, &self.counters, &self.link, stop) {
                            self.matched.push(rule.id);
                        }
                    }
                    self.full = rules.iter().any(|rule| rule.log.is_some()) && self.link.tally().is_full();
                } else {
                    self.passed += 1;
                    if self.passed == MOST_PASSED {
                        // Where that fails they stay, and are passed.
                        let _ = self.take_out(stop, |_| true);
                    }
                }
                !self.matched.is_empty() || self.full
            }
            Event::Step => self.next_operator,
            Event::ModuleLoaded { .. } => self.module_loads,
            Event::Exception(_) => self.exceptions,
            // Who doesn't ask for it hears of it as the guest's end.
            Event::Exit { .. } => self.exits,
            _ => true,
        };
        self.over |= stops;
        if stops { Verdict::Stop } else { Verdict::Resume }
    }

    /// Why a site stopped the guest.
    pub(super) fn take_reason(&mut self) -> StopReason {
        match (std::mem::take(&mut self.matched), std::mem::take(&mut self.full)) {
            // Only without the filter, which a panic has ended: then every site is a stop.
            (rules, false) if rules.is_empty() => StopReason::Interrupted,
            (rules, true) if rules.is_empty() => StopReason::LogFull,
            (rules, _) => StopReason::Rules(rules),
        }
    }

    /// Takes out all sites but those that breakpoints need.
    pub(super) fn clean<T: 'static>(&mut self, stop: &mut Stop<'_, T>) -> Result<(), String> {
        let over = self.over;
        self.take_out(stop, |rules| !over || rules.iter().any(|rule| !rule.temporary)).map_err(|e| e.to_string())
    }

    /// Whether a rule names this site.
    pub(super) fn names(&self, site: Site) -> bool {
        self.planted.get(&site).is_some_and(|id| self.armed.contains_key(id))
    }

    /// Takes out sites without rules, and those whose rules aren't `needed`.
    fn take_out<T: 'static>(&mut self, stop: &mut Stop<'_, T>, needed: impl Fn(&[Rule]) -> bool) -> Result<(), Error> {
        let (armed, rules) = (&self.armed, &self.rules);
        let dead = |id: &BreakpointId| !armed.get(id).and_then(|range| rules.get(range.clone())).is_some_and(&needed);
        let dead: Vec<(Site, BreakpointId)> =
            self.planted.iter().filter(|(_, id)| dead(id)).map(|(site, id)| (*site, *id)).collect();
        let ids: Vec<BreakpointId> = dead.iter().map(|(_, id)| *id).collect();
        stop.update_breakpoints(&[], &ids)?;
        for (site, id) in dead {
            self.planted.remove(&site);
            self.armed.remove(&id);
        }
        Ok(())
    }

    /// Whether the stop that is reached now will probably be followed by another step.
    pub(super) fn is_step(&self) -> bool {
        self.keeps
    }

    /// Whether a site has to be planted. `passing`: it may be left out where there's no code.
    fn lacks(&self, site: &Site, passing: bool) -> bool {
        let left_out = passing && self.codeless.contains(site);
        !left_out && !self.planted.contains_key(site)
    }

    /// The sites of a plan's sorted rules that have to be planted, each once, and whether they may be left out.
    fn lacking(&self, plan: &StopPlan) -> Vec<(Site, bool)> {
        let sites = plan.rules.chunk_by(|a, b| a.site == b.site).filter_map(|rules| {
            let passing = rules.iter().all(|rule| rule.temporary);
            Some((rules.first()?.site, passing))
        });
        sites.filter(|(site, passing)| self.lacks(site, *passing)).collect()
    }

    /// Takes up a new plan: plants and takes out what differs. An error leaves everything as it was.
    pub(super) fn replace<T: 'static>(
        &mut self,
        stop: &mut Stop<'_, T>,
        names: &mut Names,
        mut plan: StopPlan,
    ) -> Result<(), String> {
        let counted = |rule: &Rule| rule.counter.is_none_or(|counter| (counter as usize) < plan.counters.len());
        let bounded = |capture: &Capture| !matches!(capture, Capture::Bytes { length, .. } if *length > MAX_CAPTURE);
        if !plan.rules.iter().all(counted) {
            return Err("a rule names a counter that the plan doesn't have".to_owned());
        }
        if !plan.rules.iter().flat_map(|rule| &rule.log).flatten().all(bounded) {
            return Err(format!("a rule takes down more than {MAX_CAPTURE} bytes at once"));
        }
        names.see(stop);
        plan.rules.sort_by_key(|rule| rule.site);
        plan.soon.sort_unstable();
        plan.soon.dedup();
        let named = |site: &Site| plan.rules.binary_search_by_key(site, |rule| rule.site).is_ok();
        let mut added = self.lacking(&plan);
        let keep = plan.keep && self.planted.len() + added.len() <= plan.rules.len() + MOST_KEPT;
        if keep && !added.is_empty() {
            let soon = plan.soon.iter().take(MOST_KEPT).filter(|site| !named(site) && self.lacks(site, true));
            added.extend(soon.map(|site| (*site, true)));
        }
        let mut add = Vec::with_capacity(added.len());
        for (site, _) in &added {
            let module = names.known(site.module).ok_or_else(|| format!("there is no module {}", site.module.0))?;
            add.push((module.clone(), site.pc.0));
        }
        let gone = |site: &Site| !keep && !named(site);
        let remove: Vec<BreakpointId> = self.planted.iter().filter(|(site, _)| gone(site)).map(|(_, id)| *id).collect();
        let ids = match stop.update_breakpoints(&add, &remove) {
            // A step names more places than the compiler has left code for: those can't be reached anyway.
            Err(Error::NoOperator { .. }) => {
                let can = stop.plantable(&add).map_err(|e| e.to_string())?;
                self.codeless.extend(added.iter().zip(&can).filter(|(_, can)| !**can).map(|((site, _), _)| *site));
                let keep: Vec<bool> = added.iter().zip(&can).map(|((_, passing), can)| *can || !passing).collect();
                let mut kept = keep.iter();
                add.retain(|_| kept.next() == Some(&true));
                let mut kept = keep.iter();
                added.retain(|_| kept.next() == Some(&true));
                stop.update_breakpoints(&add, &remove)
            }
            other => other,
        };
        let ids = ids.map_err(|e| e.to_string())?;
        self.planted.retain(|site, _| !gone(site));
        self.planted.extend(added.into_iter().map(|(site, _)| site).zip(ids));
        stop.single_step(plan.next_operator).map_err(|e| e.to_string())?;
        stop.watch_modules(plan.module_loads && !self.complete).map_err(|e| e.to_string())?;

        self.armed.clear();
        let mut first = 0;
        for rules in plan.rules.chunk_by(|a, b| a.site == b.site) {
            let range = first..first + rules.len();
            first = range.end;
            if let Some(id) = rules.first().and_then(|rule| self.planted.get(&rule.site)) {
                self.armed.insert(*id, range);
            }
        }
        self.rules = plan.rules;
        self.keeps = plan.keep;
        self.passed = 0;
        self.next_operator = plan.next_operator;
        self.module_loads = plan.module_loads;
        self.exceptions = plan.exceptions;
        self.exits = plan.exits;
        self.matched.clear();
        self.full = false;
        self.link.tally().restart(&plan.counters);
        self.counters = plan.counters;
        self.over = false;
        Ok(())
    }
}

/// Whether a rule stops the guest at this hit. A condition that can't be evaluated does, so that a person gets to see why.
fn matches<T: 'static>(rule: &Rule, counters: &[Counter], link: &Link, stop: &mut Stop<'_, T>) -> bool {
    if rule.condition.is_none() && rule.counter.is_none() && rule.log.is_none() {
        return true;
    }
    let Some(frame) = stop.frames().next() else { return true };
    let mut top = Top { stop: frame.stop, frame, instance: None, memory: None, hits: None };
    let truth = rule.condition.as_ref().map_or(Ok(1), |condition| condition.run(&mut top));
    if truth == Ok(0) {
        return false;
    }
    if let Some((index, counter)) = rule.counter.and_then(|c| Some((c as usize, counters.get(c as usize)?))) {
        let hit = link.tally().count(index);
        if truth.is_err() {
            return true;
        }
        let Some(hit) = hit else { return false };
        top.hits = Some(hit);
        if counter.wanted.as_ref().is_some_and(|wanted| wanted.run(&mut top) == Ok(0)) {
            return false;
        }
    }
    let (Some(captures), true) = (&rule.log, truth.is_ok()) else { return true };
    let values = captures.iter().map(|capture| top.captured(capture)).collect();
    let first = link.tally().log(Logged { rule: rule.id, values });
    if first {
        link.logged();
    }
    false
}

/// The innermost frame, as a condition sees it.
struct Top<'f, 'a, T: 'static> {
    stop: &'f Stop<'a, T>,
    frame: Frame<'f, 'a, T>,
    instance: Option<Instance>,
    memory: Option<Memory>,
    hits: Option<u64>,
}

impl<T: 'static> Top<'_, '_, T> {
    fn captured(&mut self, capture: &Capture) -> Result<Vec<u8>, Unavailable> {
        match capture {
            Capture::Value(program) => program.run(self).map(|value| value.to_le_bytes().to_vec()),
            Capture::Bytes { address, length } => {
                let address = address.run(self)?.cast_unsigned();
                let mut bytes = vec![0; *length as usize];
                self.memory(address, &mut bytes)?;
                Ok(bytes)
            }
        }
    }

    fn instance(&mut self) -> Result<Instance, Unavailable> {
        if self.instance.is_none() {
            self.instance = Some(self.frame.instance().map_err(values::unavailable)?);
        }
        self.instance.ok_or_else(|| Unavailable::new("no instance"))
    }
}

impl<T: 'static> FrameAccess for Top<'_, '_, T> {
    fn local(&mut self, index: u32) -> Result<WasmValue, Unavailable> {
        let value = self.frame.local(index).map_err(values::unavailable)?;
        Ok(values::shown(&mut self.stop.store.borrow_mut(), &value))
    }

    fn operand(&mut self, index: u32) -> Result<WasmValue, Unavailable> {
        let value = self.frame.operand(index).map_err(values::unavailable)?;
        Ok(values::shown(&mut self.stop.store.borrow_mut(), &value))
    }

    fn global(&mut self, index: u32) -> Result<WasmValue, Unavailable> {
        let instance = self.instance()?;
        values::global(self.stop.shared, &mut self.stop.store.borrow_mut(), instance, index)
    }

    fn memory(&mut self, address: u64, into: &mut [u8]) -> Result<(), Unavailable> {
        let instance = self.instance()?;
        let store = &mut *self.stop.store.borrow_mut();
        if self.memory.is_none() {
            self.memory = native::memory(self.stop.shared, store, instance, 0);
        }
        match &self.memory {
            Some(memory) => {
                let address = usize::try_from(address).map_err(|_| Unavailable::new("out of bounds"))?;
                memory.read(&*store, address, into).map_err(|_| Unavailable::new("out of bounds"))
            }
            None => values::read_shared(self.stop.shared, store, instance, 0, address, into),
        }
    }

    fn hits(&mut self) -> Result<u64, Unavailable> {
        self.hits.ok_or_else(|| Unavailable::new("no hits are counted here"))
    }
}
