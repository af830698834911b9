//! Setting, changing and removing breakpoints, in debuggees that stand or run.
//!
//! Invariant: whatever changes a plan happens while no debuggee runs, and takes effect with its next resume.

use std::{collections::BTreeSet, sync::Arc};

use freezeframe_debuggee::DebuggeeId;

use crate::{
    Breakpoint, BreakpointId, BreakpointSpec, Debugger, EngineError, HitCondition, LocationSpec, LogLine,
    breakpoints::{bind, not_found},
    expression::{Expression, compile, unknown_name},
    logpoint::LogText,
};

/// What of a [`BreakpointSpec`] was parsed.
struct Parsed {
    condition: Option<Expression>,
    log: Option<LogText>,
}

impl Debugger {
    pub(crate) fn bind_breakpoint(&mut self, index: usize, id: DebuggeeId) {
        let (Some(breakpoint), Some(target)) =
            (self.breakpoints.get_mut(index), self.targets.iter().find(|t| t.id == id))
        else {
            return;
        };
        breakpoint.sites.retain(|s| s.debuggee != id);
        // A location that isn't here may come with a later module: it stays pending.
        let Ok((mut sites, note)) = bind(&breakpoint.spec.location, target) else { return };
        for site in &mut sites {
            let module = target.module(site.module);
            site.program = match (&breakpoint.condition, module) {
                (Some(condition), Some(module)) => compile(condition, &module.symbols, site.pc),
                _ => None,
            };
            site.log = match (&breakpoint.log, module) {
                (Some(log), Some(module)) => log.compile(&module.symbols, site.module, site.pc).map(Arc::new),
                _ => None,
            };
        }
        breakpoint.sites.extend(sites);
        breakpoint.note = note;
    }

    /// Sets a breakpoint in all debuggees, now and later. It may be pending.
    ///
    /// # Errors
    /// A condition or a log text that can't be parsed; a location that fits no loaded module, when some are loaded and
    /// `pending` isn't set; a pattern that fits too many functions.
    pub fn add_breakpoint(&mut self, spec: BreakpointSpec, pending: bool) -> Result<BreakpointId, EngineError> {
        let parsed = Parsed {
            condition: spec.condition.as_deref().map(Expression::parse).transpose()?,
            log: spec.log.as_deref().map(LogText::parse).transpose()?,
        };
        self.while_paused(|this| this.add_while_paused(spec, parsed, pending))
    }

    fn add_while_paused(
        &mut self,
        spec: BreakpointSpec,
        parsed: Parsed,
        pending: bool,
    ) -> Result<BreakpointId, EngineError> {
        let mut failed = None;
        // An event has no place that could be missing.
        let places = !matches!(spec.location, LocationSpec::Event(_));
        for target in self.targets.iter().filter(|_| places) {
            match bind(&spec.location, target) {
                Err(error) => failed = Some(error),
                Ok((sites, _)) if sites.is_empty() && !target.modules.is_empty() => {
                    failed = failed.or_else(|| Some(not_found(&spec.location, &self.targets)));
                }
                Ok(_) => {
                    failed = None;
                    break;
                }
            }
        }
        // What is wrong with the words no module will put right.
        let for_ever =
            |error: &EngineError| matches!(error, EngineError::Syntax { .. } | EngineError::TooManyMatches { .. });
        if let Some(error) = failed.filter(|error| !pending || for_ever(error)) {
            return Err(error);
        }
        self.last_breakpoint += 1;
        let id = BreakpointId(self.last_breakpoint);
        let Parsed { condition, log } = parsed;
        let (sites, note) = (Vec::new(), None);
        let groups = BTreeSet::new();
        let breakpoint =
            Breakpoint { id, spec, enabled: true, hits: 0, ignore: 0, sites, note, groups, condition, log };
        self.breakpoints.push(breakpoint);
        let index = self.breakpoints.len() - 1;
        let ids: Vec<DebuggeeId> = self.targets.iter().map(|t| t.id).collect();
        for id in ids {
            self.bind_breakpoint(index, id);
        }
        Ok(id)
    }

    /// All logical breakpoints, oldest first.
    pub fn breakpoints(&self) -> &[Breakpoint] {
        &self.breakpoints
    }

    /// One of them.
    ///
    /// # Errors
    /// [`EngineError::NoBreakpoint`].
    pub fn breakpoint(&self, id: BreakpointId) -> Result<&Breakpoint, EngineError> {
        self.breakpoints.iter().find(|b| b.id == id).ok_or(EngineError::NoBreakpoint(id))
    }

    pub(crate) fn breakpoint_mut(&mut self, id: BreakpointId) -> Result<&mut Breakpoint, EngineError> {
        self.breakpoints.iter_mut().find(|b| b.id == id).ok_or(EngineError::NoBreakpoint(id))
    }

    /// Puts a breakpoint into a group, or takes it out.
    ///
    /// # Errors
    /// [`EngineError::NoBreakpoint`]; a name that is a number or has blanks in it.
    pub fn group_breakpoint(&mut self, id: BreakpointId, group: &str, member: bool) -> Result<(), EngineError> {
        if !group.starts_with(|c: char| c.is_alphabetic() || c == '_') || group.contains(char::is_whitespace) {
            let why = format!("`{group}` is no name for a group: it must begin with a letter and have no blanks");
            return Err(EngineError::Expression(why));
        }
        let breakpoint = self.breakpoint_mut(id)?;
        if member {
            breakpoint.groups.insert(group.to_owned());
        } else {
            breakpoint.groups.remove(group);
        }
        Ok(())
    }

    /// What is wrong with the names in a breakpoint's condition or log text: one that nothing has at any of its places,
    /// whatever the guest does. `None` where it's known somewhere or may come to be, and for a breakpoint that is pending: then
    /// it's said when it's hit.
    ///
    /// # Errors
    /// [`EngineError::NoBreakpoint`].
    pub fn unknown_name(&self, id: BreakpointId) -> Result<Option<EngineError>, EngineError> {
        let breakpoint = self.breakpoint(id)?;
        let logged = breakpoint.log.iter().flat_map(LogText::expressions);
        for expression in breakpoint.condition.iter().chain(logged) {
            let mut unknown = None;
            for site in &breakpoint.sites {
                let target = self.targets.iter().find(|target| target.id == site.debuggee);
                let module = target.and_then(|target| target.module(site.module));
                unknown = module.and_then(|module| unknown_name(expression, &module.symbols, site.pc));
                if unknown.is_none() {
                    break;
                }
            }
            if unknown.is_some() {
                return Ok(unknown);
            }
        }
        Ok(None)
    }

    /// Removes a breakpoint.
    ///
    /// # Errors
    /// [`EngineError::NoBreakpoint`].
    pub fn remove_breakpoint(&mut self, id: BreakpointId) -> Result<(), EngineError> {
        self.breakpoint(id)?;
        self.while_paused(|this| {
            this.breakpoints.retain(|b| b.id != id);
            Ok(())
        })
    }

    /// Lets a breakpoint stop the guest, or not.
    ///
    /// # Errors
    /// [`EngineError::NoBreakpoint`].
    pub fn enable_breakpoint(&mut self, id: BreakpointId, enabled: bool) -> Result<(), EngineError> {
        self.breakpoint(id)?;
        self.while_paused(|this| {
            this.breakpoint_mut(id)?.enabled = enabled;
            Ok(())
        })
    }

    /// Sets or removes a breakpoint's condition.
    ///
    /// # Errors
    /// [`EngineError::NoBreakpoint`]; a condition that can't be parsed.
    pub fn set_condition(&mut self, id: BreakpointId, condition: Option<String>) -> Result<(), EngineError> {
        self.breakpoint(id)?;
        let parsed = condition.as_deref().map(Expression::parse).transpose()?;
        self.while_paused(|this| {
            let breakpoint = this.breakpoint_mut(id)?;
            breakpoint.condition = parsed;
            breakpoint.spec.condition = condition;
            let Some(index) = this.breakpoints.iter().position(|b| b.id == id) else { return Ok(()) };
            let ids: Vec<DebuggeeId> = this.targets.iter().map(|t| t.id).collect();
            ids.into_iter().for_each(|id| this.bind_breakpoint(index, id));
            Ok(())
        })
    }

    /// Lets a breakpoint pass its next `count` hits.
    ///
    /// # Errors
    /// [`EngineError::NoBreakpoint`].
    pub fn ignore_breakpoint(&mut self, id: BreakpointId, count: u64) -> Result<(), EngineError> {
        self.breakpoint_mut(id)?.ignore = count;
        Ok(())
    }

    /// Sets or removes the condition on the number of a breakpoint's hits.
    ///
    /// # Errors
    /// [`EngineError::NoBreakpoint`].
    pub fn set_hit_condition(&mut self, id: BreakpointId, hits: Option<HitCondition>) -> Result<(), EngineError> {
        self.breakpoint_mut(id)?.spec.hits = hits;
        Ok(())
    }

    /// Who is told what log points say. They're told while the guest stands there, before it goes on, on the thread that
    /// waits for it.
    pub fn on_log(&mut self, tell: impl FnMut(&LogLine) + Send + 'static) {
        self.log = Some(Box::new(tell));
    }

    /// Whether thrown exceptions stop the guest without a catchpoint for them: for front ends that have a switch.
    pub fn catch_exceptions(&mut self, catch: bool) {
        self.catch_exceptions = catch;
    }
}
