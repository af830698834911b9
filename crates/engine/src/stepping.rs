//! The step planner: turns "next line", "into", "out" into sites with depth checks.
//!
//! A step is a set of places of which the guest must reach one first, temporary rules of the stop plan for one resume. Nothing
//! is switched to single-step mode. The places may stay in the code for the next step
//! ([`StopPlan::keep`](freezeframe_debuggee::StopPlan::keep)), but without rules they stop nobody.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use freezeframe_debuggee::{Answer, DepthCheck, Frame, InstanceId, ModuleId, ModulePc, PcMeaning, Query, Site};
use freezeframe_symbols::{Location, ScopeId, SourceFrame};

use crate::{
    EngineError,
    code::Flow,
    landings,
    outline::{Chain, Outline, OutlineRow},
    skips::Skips,
    target::{LoadedModule, Target},
};

/// How many frames are looked at for the place that catches an exception.
const MOST_CATCHING: u32 = 1000;

/// How many skipped functions are looked through for the program's own that they call.
const MOST_PASSED: u32 = 2000;

/// Kinds of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the next source line of this function, or back in its caller.
    Over,
    /// As [`Over`](Self::Over), but also into a function with line information that is called on the way.
    Into,
    /// Until this function has returned.
    Out,
    /// To a later line of this function, or back in its caller: loops are run to their end.
    Until,
    /// One operator, into calls.
    Instruction,
    /// One operator, over calls.
    InstructionOver,
}

/// Which way a debuggee runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// As it runs by itself.
    #[default]
    Forward,
    /// To what it did before. Only a debuggee with [`Capabilities::reverse`](freezeframe_debuggee::Capabilities::reverse)
    /// can.
    Backward,
}

/// A step that is under way.
#[derive(Clone, Debug)]
pub(crate) struct Stepping {
    pub direction: Direction,
    pub step: Step,
    /// It started in code of one's own: the libraries of compilers are passed by.
    pub past_libraries: bool,
    /// How many are left, this one included.
    pub remaining: u32,
    pub places: Places,
    /// Where it ends in any case, lines or none: the function that it's to go into.
    pub into: Vec<(Site, DepthCheck)>,
    /// The function (module, index) whose return ends the step, when it's one Wasm frame's.
    pub returning: Option<(ModuleId, u32)>,
}

impl Stepping {
    /// One step forward that ends wherever it comes to, skipped code or not.
    pub(crate) fn once(step: Step, places: Places) -> Self {
        let past_libraries = false;
        let (direction, into) = (Direction::Forward, Vec::new());
        Self { direction, step, past_libraries, remaining: 1, places, into, returning: None }
    }
}

/// Where a step ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    pub sites: Vec<(Site, DepthCheck)>,
    /// Where the next steps will end, as far as that can be told: the line that this one starts from.
    pub soon: Vec<Site>,
    /// The next operator can't be named: stop at whichever it is.
    pub anywhere: bool,
    /// The first operator of the frame's function, called again by the host that had called it: the frame is over then,
    /// though nothing was seen of its end.
    pub anew: Option<(Site, DepthCheck)>,
}

impl Places {
    fn add(&mut self, module: ModuleId, pc: ModulePc, depth: DepthCheck) {
        self.sites.push((Site { module, pc }, depth));
    }
}

/// What a step starts from.
struct Origin<'a> {
    frame: Frame,
    caller: Option<Frame>,
    depth: u32,
    module: &'a LoadedModule,
    outline: Arc<Outline>,
    /// The inline chain at the frame's position.
    chain: Vec<SourceFrame>,
    /// The libraries of compilers are passed by: unless the step starts in one.
    past_libraries: bool,
}

impl Target {
    /// Plans one step from the innermost frame.
    pub(crate) fn plan_step(&mut self, direction: Direction, step: Step) -> Result<Places, EngineError> {
        self.plan_step_from(direction, step, 0, 0)
    }

    /// Plans a step from Wasm frame `physical`, whose source frame lies `inline_depth` inlined calls up its chain.
    pub(crate) fn plan_step_from(
        &mut self,
        direction: Direction,
        step: Step,
        physical: u32,
        inline_depth: usize,
    ) -> Result<Places, EngineError> {
        match direction {
            Direction::Forward => {}
            Direction::Backward if self.debuggee.capabilities().reverse => {
                return Err(EngineError::Internal("steps backwards aren't planned yet"));
            }
            Direction::Backward => return Err(EngineError::NoReverse),
        }
        let past_libraries = !self.in_library();
        let frame = self.frame(physical)?;
        let caller = self.frame(physical.saturating_add(1)).ok();
        let depth = self.depth()?.saturating_sub(physical);
        // An indirect call is resolved by what stands on the operand stack right now.
        let indirect = if step == Step::Instruction { self.indirect_callee(&frame)? } else { None };
        let module = self.module(frame.module).ok_or(EngineError::Internal("a frame of an unknown module"))?;
        let outline = module.outline(frame.function);
        let chain = module.symbols.frames_at(module.lookup_pc(&frame));
        let from_host = caller.as_ref().is_some_and(|caller| caller.activation != frame.activation);
        let anew = outline
            .operators
            .first()
            .filter(|_| from_host)
            .map(|first| (Site { module: frame.module, pc: first.pc }, DepthCheck::Exactly(depth)));
        let origin = Origin { frame, caller, depth, module, outline, chain, past_libraries };
        let mut places = match step {
            Step::Over | Step::Into | Step::Until => self.plan_line_step(&origin, step),
            Step::Out => origin.plan_out(inline_depth),
            Step::Instruction | Step::InstructionOver => Ok(origin.plan_instruction(step, indirect)),
        }?;
        places.anew = anew;
        self.add_catches(physical, depth, &mut places)?;
        Ok(places)
    }

    /// Whether no frame of the innermost activation stands in a `try_table` that takes an exception with these tags. What a
    /// compiler's landing pad does then (a clean-up throws again) isn't known: it is another throw.
    pub(crate) fn is_uncaught(&mut self, tags: &[(InstanceId, u32)]) -> Result<bool, EngineError> {
        let mut index = 0;
        let activation = self.frame(0)?.activation;
        while let Ok(frame) = self.frame(index) {
            if frame.activation != activation || index >= MOST_CATCHING {
                break;
            }
            if let Some(module) = self.module(frame.module) {
                let catches = landings::catches(&module.code, frame.function, frame.pc);
                let takes = |tag: &Option<u32>| match tag {
                    None => true,
                    // Of a frame without a known instance the tag may be any.
                    Some(tag) => frame.instance.is_none_or(|instance| tags.contains(&(instance, *tag))),
                };
                if catches.iter().any(takes) {
                    return Ok(false);
                }
            }
            index += 1;
        }
        Ok(true)
    }

    /// Where callers of frame `physical` catch what may be thrown through it: no return address is passed then. (In its own
    /// function every line is a place of the step already.)
    fn add_catches(&mut self, physical: u32, depth: u32, places: &mut Places) -> Result<(), EngineError> {
        // Nothing is thrown where no module has exceptions: most programs, which shall not pay for their stack's depth.
        let throws = self.modules.iter().any(|module| module.code.has_tags);
        let looked_at = if throws { MOST_CATCHING } else { 1 };
        let frames = self.frames(physical.saturating_add(1).saturating_add(looked_at))?.to_vec();
        let callers = (0..depth).rev().zip(frames.iter().enumerate().skip(physical as usize + 1));
        for (depth, (index, frame)) in callers {
            let Some(module) = self.module(frame.module).filter(|_| frame.pc_meaning == PcMeaning::Return) else {
                continue;
            };
            let landings = landings::landings(&module.code, frame.function, frame.pc);
            for pc in landings.sites {
                places.add(frame.module, pc, DepthCheck::Exactly(depth));
            }
            if let Some(caller) =
                frames.get(index + 1).filter(|caller| landings.returns && caller.pc_meaning == PcMeaning::Return)
            {
                places.add(caller.module, caller.pc, DepthCheck::AtMost(depth.saturating_sub(1)));
            }
        }
        Ok(())
    }

    fn plan_line_step(&self, origin: &Origin<'_>, step: Step) -> Result<Places, EngineError> {
        let symbols = &origin.module.symbols;
        let here = symbols.location(origin.module.lookup_pc(&origin.frame));
        if here.is_none() {
            // Code of no line: on to where there are some again, unless the function has none at all.
            let function = symbols.function_at(origin.frame.pc).filter(|_| symbols.has_lines());
            if function.is_none_or(|function| symbols.rows(function.range.clone()).is_empty()) {
                return match origin.caller {
                    Some(_) => origin.plan_out(0),
                    None => Err(EngineError::NoLines(origin.function_name())),
                };
            }
        }
        let mut places = origin.places_of_rows(&self.skips, step, here);
        if step == Step::Into {
            self.add_callees(origin, &mut places);
        }
        Ok(places)
    }

    /// Where a step into what the function calls comes to: the entries of functions with lines. What is skipped, or has no
    /// lines (a thunk), is looked through.
    fn add_callees(&self, origin: &Origin<'_>, places: &mut Places) {
        let code = &origin.module.code;
        let mut calls = BTreeSet::new();
        for operator in &origin.outline.operators {
            match operator.flow {
                Flow::Call(function) => _ = calls.insert((function, operator.tail)),
                Flow::CallIndirect { ty, .. } => {
                    calls.extend(code.indirect_targets(ty).map(|function| (function, operator.tail)));
                }
                _ => {}
            }
        }
        // Only calls before the step's own places can be made first: through those that lead into skipped code is looked.
        let first = origin.calls_before(places);
        self.add_entries(origin, &calls, &first, places);
    }

    /// The entries of functions that are called (or called in place of this one), and of those that the ones in `through`
    /// lead to behind skipped code at any depth below.
    fn add_entries(
        &self,
        origin: &Origin<'_>,
        calls: &BTreeSet<(u32, bool)>,
        through: &BTreeSet<u32>,
        places: &mut Places,
    ) {
        let module = origin.module;
        let imports = module.code.imported_functions();
        let below = |tail: bool| if tail { origin.depth } else { origin.depth + 1 };
        let mut seen: BTreeSet<u32> = calls.iter().map(|(function, _)| *function).collect();
        let direct = calls.iter().map(|(function, tail)| (*function, Some(*tail)));
        let mut wanted: VecDeque<(u32, Option<bool>)> = direct.collect();
        let mut passed = 0;
        let mut elsewhere = None;
        while let Some((function, tail)) = wanted.pop_front() {
            if function < imports {
                elsewhere = Some(elsewhere.unwrap_or(false) | tail.unwrap_or(false));
                continue;
            }
            let skipped = module
                .symbols
                .function_by_index(function)
                .is_none_or(|described| self.skips.pass(&module.symbols, described, origin.past_libraries));
            if let Some(pc) = module.entry(function).filter(|_| !skipped) {
                let depth = match tail {
                    Some(tail) => DepthCheck::Exactly(below(tail)),
                    None => DepthCheck::AtLeast(origin.depth + 1),
                };
                places.add(origin.frame.module, pc, depth);
                continue;
            }
            if tail.is_some() && !through.contains(&function) {
                continue;
            }
            passed += 1;
            if passed <= MOST_PASSED {
                let further = module.code.callees(function);
                wanted.extend(further.iter().filter(|callee| seen.insert(**callee)).map(|callee| (*callee, None)));
            }
        }
        if let Some(tail) = elsewhere {
            // An import may be another module's function, or host code that calls back: any export may be entered next.
            for (id, loaded) in (0_u32..).zip(&self.modules) {
                for (_, function) in &loaded.code.exports {
                    let skipped = loaded
                        .symbols
                        .function_by_index(*function)
                        .is_some_and(|described| self.skips.pass(&loaded.symbols, described, origin.past_libraries));
                    if let Some(pc) = loaded.entry(*function).filter(|_| !skipped) {
                        places.add(ModuleId(id), pc, DepthCheck::AtLeast(below(tail)));
                    }
                }
            }
        }
    }

    /// Whether the innermost frame stands in a compiler's library.
    pub(crate) fn in_library(&mut self) -> bool {
        let frame = self.innermost();
        frame.is_ok_and(|frame| Skips::is_library(frame.position.as_ref().map(|at| &*at.path)))
    }

    /// Whether the innermost frame stands in code that line steps pass by.
    pub(crate) fn in_skipped_code(&mut self, libraries: bool) -> bool {
        let skips = self.skips.clone();
        let frame = self.innermost();
        frame.is_ok_and(|frame| {
            let file = frame.position.as_ref().map(|at| &*at.path);
            skips.passes(&frame.function, file, libraries)
        })
    }

    /// From skipped code on: to its caller, or to what it calls of the program's own.
    pub(crate) fn plan_past_skipped(&mut self, libraries: bool) -> Result<Places, EngineError> {
        let frame = self.frame(0)?;
        let caller = self.frame(1).ok();
        let depth = self.depth()?;
        let module = self.module(frame.module).ok_or(EngineError::Internal("a frame of an unknown module"))?;
        let chain = module.symbols.frames_at(module.lookup_pc(&frame));
        let outline = module.outline(frame.function);
        let origin = Origin { frame, caller, depth, module, outline, chain, past_libraries: libraries };
        let mut places = Places::default();
        origin.add_own_rows(&self.skips, &mut places);
        origin.add_return(&mut places);
        self.add_callees(&origin, &mut places);
        self.add_catches(0, depth, &mut places)?;
        Ok(places)
    }

    fn indirect_callee(&mut self, frame: &Frame) -> Result<Option<(ModuleId, u32)>, EngineError> {
        let Some(module) = self.module(frame.module) else { return Ok(None) };
        let flow = module.outline(frame.function).operator_at(frame.pc).map(|operator| operator.flow);
        let (Some(Flow::CallIndirect { table, .. }), Some(instance)) = (flow, frame.instance) else { return Ok(None) };
        let Some(entry) = self.operands(0)?.last().and_then(|v| v.unsigned()) else { return Ok(None) };
        match self.ask(Query::TableFunction { instance, table, entry }) {
            Ok(Answer::Function(function)) => Ok(function),
            // An entry that isn't there traps: the step ends at the trap.
            Ok(_) | Err(EngineError::Unavailable(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }
}

impl Origin<'_> {
    fn function_name(&self) -> String {
        let function = self.module.symbols.function_by_index(self.frame.function);
        function.map_or_else(|| format!("function {}", self.frame.function), |f| format!("`{}`", f.name()))
    }

    /// Where the caller goes on. A frame behind host code is a caller as well.
    fn add_return(&self, places: &mut Places) {
        if let Some(caller) = &self.caller
            && caller.pc_meaning == PcMeaning::Return
        {
            places.add(caller.module, caller.pc, DepthCheck::AtMost(self.depth.saturating_sub(1)));
        }
    }

    /// The functions that can be called before one of the places is reached.
    fn calls_before(&self, places: &Places) -> BTreeSet<u32> {
        let code = &self.module.code;
        let own = |pc: ModulePc| Site { module: self.frame.module, pc };
        let stops: BTreeSet<Site> = places.sites.iter().map(|(site, _)| *site).collect();
        let mut calls = BTreeSet::new();
        let stopping = |pc: ModulePc| {
            let site = self.outline.row_at(pc).and_then(|row| row.site);
            site.is_some_and(|site| stops.contains(&own(site)) && site <= pc)
        };
        for operator in &self.outline.operators {
            match operator.flow {
                Flow::Call(function) if !stopping(operator.pc) => _ = calls.insert(function),
                Flow::CallIndirect { ty, .. } if !stopping(operator.pc) => calls.extend(code.indirect_targets(ty)),
                _ => {}
            }
        }
        calls
    }

    /// Whether a row at `at`, inside of the inlined calls `chain`, belongs to what is skipped.
    fn is_skipped(&self, skips: &Skips, chain: &Chain, at: Location) -> bool {
        let file = self.module.symbols.files().get(at.file.0 as usize).map(|file| &*file.path);
        !chain.scopes.is_empty() && skips.passes(&chain.function, file, self.past_libraries)
    }

    /// The rows that steps may end at: with a line, and recommended by the compiler.
    fn lines(&self) -> impl Iterator<Item = (&OutlineRow, Location, ModulePc)> {
        let rows = self.outline.rows.iter().filter(|row| row.row.is_stmt);
        rows.filter_map(|row| Some((row, row.row.location?, row.site?)))
    }

    /// The lines of this function, and of what was inlined into it, that aren't skipped.
    fn add_own_rows(&self, skips: &Skips, places: &mut Places) {
        for (row, at, pc) in self.lines() {
            if !self.is_skipped(skips, &row.chain, at) {
                places.add(self.frame.module, pc, DepthCheck::Exactly(self.depth));
            }
        }
    }

    /// Lines of this function other than the one at `here`, seen from the source frame that the step starts in.
    fn places_of_rows(&self, skips: &Skips, step: Step, here: Option<Location>) -> Places {
        let mut places = Places::default();
        let scopes: Vec<Option<ScopeId>> = self.chain.iter().map(|f| f.scope).collect();
        let mine = scopes.first().copied().flatten();
        for (OutlineRow { chain, .. }, at, pc) in self.lines() {
            let other_line = here.is_none_or(|here| (here.file, here.line) != (at.file, at.line));
            let deeper = mine.is_some() && chain.scopes.iter().skip(1).any(|scope| *scope == mine);
            let same = chain.scopes.first() == scopes.first();
            let wanted = match step {
                // An inlined call made from here: only a step into stops inside, unless it's of what is skipped.
                Step::Into if deeper => !self.is_skipped(skips, chain, at),
                _ if deeper => false,
                Step::Until if same => here.is_none_or(|here| at.file != here.file || at.line > here.line),
                _ if same => other_line,
                // Out of the inlined call that the step started in: back in a function around it, and not in another
                // call that was inlined there, unless it's a step into.
                Step::Into => true,
                _ => chain.scopes.first().is_some_and(|scope| scope.is_none() || scopes.contains(scope)),
            };
            if wanted {
                places.add(self.frame.module, pc, DepthCheck::Exactly(self.depth));
            } else if same {
                places.soon.push(Site { module: self.frame.module, pc });
            }
        }
        self.add_return(&mut places);
        places
    }

    fn plan_out(&self, inline_depth: usize) -> Result<Places, EngineError> {
        let mut places = Places::default();
        let inlined = self.chain.get(inline_depth).filter(|f| f.inlined);
        if let Some(inlined) = inlined {
            for row in &self.outline.rows {
                let inside = row.chain.scopes.contains(&inlined.scope);
                if let Some(pc) = row.site.filter(|_| row.row.location.is_some() && !inside) {
                    places.add(self.frame.module, pc, DepthCheck::Exactly(self.depth));
                }
            }
        } else if self.caller.is_none() {
            return Err(EngineError::Outermost);
        }
        self.add_return(&mut places);
        Ok(places)
    }

    fn plan_instruction(&self, step: Step, indirect: Option<(ModuleId, u32)>) -> Places {
        let mut places = Places::default();
        // Of all operators of this function the next one to run is among them, whatever a branch does.
        for operator in &self.outline.operators {
            places.add(self.frame.module, operator.pc, DepthCheck::Exactly(self.depth));
        }
        self.add_return(&mut places);
        let here = self.outline.operator_at(self.frame.pc).map(|operator| operator.flow);
        if step == Step::Instruction {
            match here {
                Some(Flow::Call(function)) if function >= self.module.code.imported_functions() => {
                    if let Some(first) = self.module.code.operators(function).first() {
                        places.add(self.frame.module, first.pc, DepthCheck::Any);
                    }
                }
                Some(Flow::CallIndirect { .. }) if indirect.is_some_and(|(m, _)| m == self.frame.module) => {
                    let function = indirect.map_or(0, |(_, function)| function);
                    if let Some(first) = self.module.code.operators(function).first() {
                        places.add(self.frame.module, first.pc, DepthCheck::Any);
                    }
                }
                Some(Flow::Inside) => {}
                _ => places.anywhere = true,
            }
        } else if here == Some(Flow::Throw) {
            places.anywhere = true;
        }
        places
    }
}
