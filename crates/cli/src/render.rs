//! Answers as text for people.
//!
//! A stop always has the line `FUNCTION at FILE:LINE`, and the source line with its number and a marker if it was found.

use std::fmt::Write as _;

use crate::{
    highlight::highlight,
    json::{
        BreakpointKind, BreakpointView, DisassemblyView, DisplayView, EndKind, EndView, FrameView, FunctionView,
        LineView, MemoryView, ModuleView, Reply, SiteView, StackView, StopKind, StopView, VariableView, VariablesView,
        WasmValueView, WasmView,
    },
    source::Snippet,
    style::Style,
};

/// Writes answers as text.
#[derive(Clone)]
pub struct Renderer {
    /// Colours.
    pub style: Style,
    /// For a person at a terminal.
    pub rich: bool,
    /// The terminal shows the keys that interrupt.
    pub echo: bool,
}

/// What is said of a condition that the guest's side can't decide.
fn slow(slow: bool) -> &'static str {
    if slow { " (decided in the debugger: slow where it's often hit)" } else { "" }
}

impl Renderer {
    /// The text of an answer; may be empty.
    pub fn reply(&self, reply: &Reply) -> String {
        match reply {
            Reply::Message(text) | Reply::Help(text) => text.clone(),
            Reply::Stop(stop) => self.stop(stop),
            Reply::End(end) => self.end(end),
            Reply::Breakpoint(breakpoint) => self.breakpoint_set(breakpoint),
            Reply::Breakpoints(breakpoints) => self.breakpoints(breakpoints),
            Reply::Stack(stack) => self.stack(stack),
            Reply::Frame(reply) => {
                let mut out = self.stack_line(&reply.frame, false);
                self.snippet(&mut out, reply.snippet.as_ref());
                out
            }
            Reply::Variables(variables) => self.variables(variables),
            Reply::Value(value) => {
                let name = value.number.map_or_else(|| value.name.clone(), |number| format!("${number}"));
                format!("{} = {}", self.style.variable(&name), value.value)
            }
            Reply::Tree(value) => self.tree(value),
            Reply::Displays(displays) => self.displays(displays),
            Reply::Type(ty) => format!("type = {}", ty.definition.as_ref().unwrap_or(&ty.name)),
            Reply::Memory(memory) => self.memory(memory),
            Reply::Source(source) => self.source(&source.snippet),
            Reply::Disassembly(disassembly) => self.disassembly(disassembly),
            Reply::Functions(list) => self.functions(&list.items, list.more),
            Reply::Sources(list) => {
                let mut out = String::new();
                for file in &list.items {
                    _ = writeln!(out, "{}", self.style.file(file.found.as_ref().unwrap_or(&file.file)));
                }
                more(&mut out, list.more, "give a part of the path: `info sources PART`");
                if out.is_empty() { "no source files\n".to_owned() } else { out }
            }
            Reply::Modules(modules) => modules.iter().map(|m| self.module(m)).collect(),
            Reply::Line(line) => self.line(line),
            Reply::Wasm(state) => self.wasm(state),
        }
    }

    // ---- stops and frames

    fn stop(&self, stop: &StopView) -> String {
        let mut out = String::new();
        let style = self.style;
        let numbers = stop.breakpoints.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        let message = stop.message.as_deref().unwrap_or_default();
        match stop.reason {
            StopKind::Breakpoint if stop.temporary => out = format!("Temporary breakpoint {numbers}, "),
            StopKind::Breakpoint if stop.breakpoints.len() > 1 => out = format!("Breakpoints {numbers}, "),
            StopKind::Breakpoint => out = format!("Breakpoint {numbers}, "),
            StopKind::Attached | StopKind::Step => {}
            StopKind::Interrupt => {
                // Behind the `^C` that the terminal shows.
                let fresh = if self.echo { "\n" } else { "" };
                out = format!("{fresh}{}\n", style.strong("interrupted"));
            }
            StopKind::Trap => out = format!("{} {message}\n", style.bad("trap:")),
            StopKind::Exception if stop.uncaught => out = format!("{} {message}\n", style.bad("uncaught exception:")),
            StopKind::Exception => out = format!("{} {message}\n", style.bad("exception thrown:")),
            StopKind::HostError => out = format!("{} {message}\n", style.bad("error of a host function:")),
            StopKind::Exit => out = format!("{} with code {message}\n", style.strong("the program asks to exit")),
            StopKind::Load => out = format!("{} {message}\n", style.strong("modules were loaded:")),
            StopKind::Call => out = format!("{message}\n"),
            StopKind::Blind => out = format!("{} {message}\n", style.strong("the program ran unseen:")),
        }
        if stop.reason != StopKind::Breakpoint && !stop.breakpoints.is_empty() {
            out.insert_str(0, &format!("Catchpoint {numbers}, "));
        }
        if let Some(returned) = &stop.returned {
            _ = writeln!(out, "{} returned {}", self.style.function(&returned.name), returned.value);
        }
        match &stop.frame {
            Some(frame) => _ = writeln!(out, "{}", self.place(frame)),
            None => out.push_str("the program hasn't started: it has no stack yet\n"),
        }
        self.snippet(&mut out, stop.snippet.as_ref());
        if let Some(nearest) = &stop.nearest {
            _ = writeln!(out, "  called by frame {}: {}", nearest.frame.frame, self.place(&nearest.frame));
            self.snippet(&mut out, nearest.snippet.as_ref());
        }
        for note in &stop.notes {
            _ = writeln!(out, "{} {note}", style.strong("note:"));
        }
        out.push_str(&self.displays(&stop.displays));
        out
    }

    /// `FUNCTION at FILE:LINE`
    fn place(&self, frame: &FrameView) -> String {
        let function = self.style.function(&frame.function);
        let inlined = if frame.inlined { " [inlined]" } else { "" };
        match frame.line {
            Some(line) => format!("{function} at {}:{line}{inlined}", self.style.file(&frame.shown_file)),
            None => format!("{} in {function}{inlined}", self.style.address(&format!("{:#x}", frame.pc))),
        }
    }

    fn stack(&self, stack: &StackView) -> String {
        let mut out = String::new();
        let mut activation = stack.frames.first().map(|f| f.activation);
        for frame in &stack.frames {
            let left = activation != Some(frame.activation);
            activation = Some(frame.activation);
            match frame.host.as_deref() {
                _ if frame.debugger => _ = writeln!(out, "{}", self.style.dim("-- called by the debugger --")),
                Some("") => _ = writeln!(out, "{}", self.style.dim("-- host code --")),
                Some(import) => _ = writeln!(out, "{}", self.style.dim(&format!("-- host code: {import} --"))),
                None if left => _ = writeln!(out, "{}", self.style.dim("-- host code --")),
                None => {}
            }
            out.push_str(&self.stack_line(frame, stack.several_modules));
            if let Some(locals) = &frame.locals {
                for local in locals {
                    _ = writeln!(out, "        {}", self.assignment(local));
                }
                if locals.is_empty() {
                    _ = writeln!(out, "        {}", self.style.dim("no locals"));
                }
            }
        }
        if stack.more {
            out.push_str("(more frames follow: `bt N` shows N of them)\n");
        }
        out
    }

    /// `#0  total (o=0x1234, n=3) at src/orders.c:12`
    fn stack_line(&self, frame: &FrameView, several_modules: bool) -> String {
        let style = self.style;
        let number = format!("{:<3}", format!("#{}", frame.frame));
        let function = style.function(&frame.function);
        let mut out = format!("{number} ");
        match frame.line {
            Some(line) => {
                out.push_str(&function);
                if let Some(arguments) = frame.arguments.as_ref().filter(|_| frame.unreadable.is_none()) {
                    let shown: Vec<String> =
                        arguments.iter().map(|a| format!("{}={}", style.variable(&a.name), a.value)).collect();
                    _ = write!(out, " ({})", shown.join(", "));
                }
                _ = write!(out, " at {}:{line}", style.file(&frame.shown_file));
            }
            None => _ = write!(out, "{} in {function}", style.address(&format!("{:#x}", frame.pc))),
        }
        if frame.inlined {
            out.push_str(" [inlined]");
        }
        if let Some(module) = frame.module.as_ref().filter(|_| several_modules) {
            _ = write!(out, " {}", style.dim(&format!("from {module}")));
        }
        if let Some(why) = &frame.unreadable {
            _ = write!(out, " {}", style.dim(&format!("(its variables can't be read: {why})")));
        }
        out.push('\n');
        out
    }

    fn end(&self, end: &EndView) -> String {
        let message = end.message.as_deref().unwrap_or("no message");
        let values: Vec<&str> = end.values.iter().map(|v| v.value.as_str()).collect();
        match (end.reason, &end.function) {
            (EndKind::Returned, Some(name)) if values.is_empty() => format!("{name} returned\n"),
            (EndKind::Returned, Some(name)) => format!("{name} returned {}\n", values.join(", ")),
            (EndKind::Returned | EndKind::Exited, _) => {
                format!("the program exited with code {}\n", end.code.unwrap_or(0))
            }
            (EndKind::Trapped, _) => format!("{} {message}\n", self.style.bad("the program trapped:")),
            (EndKind::Failed, _) => format!("{} {message}\n", self.style.bad("the program failed:")),
            (EndKind::Killed, _) => "the program was killed\n".to_owned(),
        }
    }

    // ---- breakpoints

    fn site(&self, site: &SiteView) -> String {
        let function = site.function.as_deref().unwrap_or("?");
        let function = self.style.function(function);
        let pc = self.style.address(&format!("{:#x}", site.pc));
        match site.line {
            Some(line) => format!("{function} at {}:{line}, {pc}", self.style.file(&site.shown_file)),
            None => format!("{function}, {pc}"),
        }
    }

    fn breakpoint_set(&self, breakpoint: &BreakpointView) -> String {
        let kind = match breakpoint.kind {
            BreakpointKind::Catchpoint => "Catchpoint",
            BreakpointKind::Logpoint => "Log point",
            BreakpointKind::Breakpoint if breakpoint.temporary => "Temporary breakpoint",
            BreakpointKind::Breakpoint => "Breakpoint",
        };
        let id = breakpoint.id;
        let mut out = match &breakpoint.sites[..] {
            [] if breakpoint.kind == BreakpointKind::Catchpoint => format!("{kind} {id}: {}\n", breakpoint.location),
            [] => format!("{kind} {id} (pending): {}\n", breakpoint.location),
            [site] => format!("{kind} {id}: {}\n", self.site(site)),
            sites => {
                let what = if breakpoint.pattern { "functions" } else { "places" };
                let mut out = format!("{kind} {id}: {} {what}\n", sites.len());
                self.sites(&mut out, "  ", sites);
                out
            }
        };
        self.details(&mut out, "  ", breakpoint);
        if let Some(note) = &breakpoint.note {
            _ = writeln!(out, "{} {note}", self.style.strong("note:"));
        }
        out
    }

    /// The first of many places, each on its line.
    fn sites(&self, out: &mut String, indent: &str, sites: &[SiteView]) {
        const MOST: usize = 10;
        sites.iter().take(MOST).for_each(|site| _ = writeln!(out, "{indent}{}", self.site(site)));
        if sites.len() > MOST {
            _ = writeln!(out, "{indent}… and {} more", sites.len() - MOST);
        }
    }

    /// What there is to say of a breakpoint beside its place.
    fn details(&self, out: &mut String, indent: &str, b: &BreakpointView) {
        if let Some(condition) = &b.condition {
            _ = writeln!(out, "{indent}only if {condition}{}", slow(b.slow_condition));
        }
        if let Some(hits) = &b.hit_condition {
            _ = writeln!(out, "{indent}only at hits {hits}");
        }
        match b.ignore {
            0 => {}
            1 => _ = writeln!(out, "{indent}passes its next hit"),
            hits => _ = writeln!(out, "{indent}passes its next {hits} hits"),
        }
        if let Some(text) = &b.log {
            _ = writeln!(out, "{indent}says {text}{}", slow(b.slow_log));
        }
        if !b.groups.is_empty() {
            _ = writeln!(out, "{indent}in {}", b.groups.join(", "));
        }
        for command in &b.commands {
            _ = writeln!(out, "{indent}  {}", self.style.dim(command));
        }
    }

    fn breakpoints(&self, breakpoints: &[BreakpointView]) -> String {
        if breakpoints.is_empty() {
            return "no breakpoints\n".to_owned();
        }
        let mut out = format!("{}\n", self.style.dim("Num  Enabled  Hits   Where"));
        for b in breakpoints {
            let enabled = if b.enabled { "yes" } else { "no" };
            _ = write!(out, "{:<4} {enabled:<8} {:<6} ", b.id, b.hits);
            let indent = " ".repeat(21);
            match &b.sites[..] {
                [] if b.kind == BreakpointKind::Catchpoint => _ = writeln!(out, "catch {}", b.location),
                [] => _ = writeln!(out, "{} (pending)", b.location),
                sites if b.pattern => {
                    let functions = if sites.len() == 1 { "function that matches" } else { "functions that match" };
                    _ = writeln!(out, "{} {functions} {}", sites.len(), b.location);
                    self.sites(&mut out, &indent, sites);
                }
                [first, rest @ ..] => {
                    _ = writeln!(out, "{}", self.site(first));
                    self.sites(&mut out, &indent, rest);
                }
            }
            if b.temporary {
                _ = writeln!(out, "{indent}temporary");
            }
            self.details(&mut out, &indent, b);
        }
        out
    }

    // ---- data

    fn assignment(&self, variable: &VariableView) -> String {
        let changed = variable.tree.as_ref().is_some_and(|tree| tree.changed);
        let value = match (variable.available, changed) {
            (false, _) => self.style.dim(&variable.value),
            (true, true) => self.style.changed(&variable.value),
            (true, false) => variable.value.clone(),
        };
        // Without colours in words.
        let changed = if changed && !self.style.on() { "  (changed)" } else { "" };
        format!("{} = {value}{changed}", self.style.variable(&variable.name))
    }

    /// A value, and what is inside it, each on its line.
    fn tree(&self, value: &VariableView) -> String {
        let style = self.style;
        let mut out = format!("{}: {}", style.variable(&value.name), value.type_name);
        let Some(tree) = &value.tree else { return out };
        if let Some(size) = tree.size {
            _ = write!(out, ", {size} bytes");
        }
        if let Some(address) = value.address {
            _ = write!(out, " at {}", style.address(&format!("{address:#x}")));
        }
        out.push('\n');
        if tree.children.is_empty() {
            _ = writeln!(out, "  {}", self.assignment(value));
        }
        for child in &tree.children {
            let inside = child.tree.as_ref().map_or(0, |tree| tree.named + tree.indexed);
            let mark = if inside > 0 { "+" } else { " " };
            let ty = style.dim(&format!("  {}", child.type_name));
            let ty = if self.rich && !child.type_name.is_empty() { ty } else { String::new() };
            _ = writeln!(out, "{mark} {}{ty}", self.assignment(child));
        }
        if tree.more > 0 {
            _ = writeln!(out, "… {} more; `explore` without an expression goes on", tree.more);
        }
        out
    }

    fn variables(&self, variables: &VariablesView) -> String {
        let mut out = String::new();
        for variable in &variables.items {
            _ = writeln!(out, "{}", self.assignment(variable));
        }
        more(&mut out, variables.more, "give a part of the name: `info globals PART`");
        if out.is_empty() { format!("no {}\n", variables.kind) } else { out }
    }

    fn displays(&self, displays: &[DisplayView]) -> String {
        let mut out = String::new();
        for display in displays {
            let value = match (&display.value, &display.error) {
                (Some(value), _) => value.clone(),
                (None, error) => self.style.dim(&format!("<{}>", error.as_deref().unwrap_or("unavailable"))),
            };
            _ = writeln!(out, "{}: {} = {value}", display.id, self.style.variable(&display.expression));
        }
        out
    }

    fn memory(&self, memory: &MemoryView) -> String {
        let mut out = String::new();
        for row in memory.values.chunks(memory.per_line.max(1)) {
            let Some(first) = row.first() else { continue };
            _ = write!(out, "{}:", self.style.address(&format!("{:#x}", first.address)));
            row.iter().for_each(|value| _ = write!(out, "  {}", value.text));
            out.push('\n');
        }
        if memory.cut {
            out.push_str("(the memory ends here)\n");
        }
        out
    }

    // ---- code

    fn snippet(&self, out: &mut String, snippet: Option<&Snippet>) {
        if let Some(snippet) = snippet {
            out.push_str(&self.source(snippet));
        }
    }

    fn source(&self, snippet: &Snippet) -> String {
        let mut out = String::new();
        let last = snippet.first as usize + snippet.lines.len();
        let width = last.to_string().len().max(3);
        let mut in_comment = snippet.in_comment;
        for (number, line) in (snippet.first..).zip(&snippet.lines) {
            let marked = snippet.marked == Some(number);
            let marker = if marked { self.style.marker("->") } else { "  ".to_owned() };
            let number = format!("{number:>width$}");
            let number = if marked { self.style.strong(&number) } else { self.style.dim(&number) };
            let line = if self.rich { line.replace('\t', "    ") } else { line.clone() };
            let line = highlight(line.trim_end(), &snippet.extension, self.style, &mut in_comment);
            _ = writeln!(out, "{}", format!("{marker} {number}  {line}").trim_end());
        }
        out
    }

    fn disassembly(&self, disassembly: &DisassemblyView) -> String {
        let mut out = format!("{}:\n", self.style.function(&disassembly.function));
        let (before, after) = disassembly.omitted;
        if before > 0 {
            _ = writeln!(out, "   … {before} instructions before");
        }
        let mut last = None;
        for instruction in &disassembly.instructions {
            let here = instruction.line;
            if here.is_some() && here != last {
                let file = instruction.file.as_deref().unwrap_or_default();
                let file = file.rsplit(['/', '\\']).next().unwrap_or(file);
                _ = writeln!(out, "{}", self.style.dim(&format!("; {file}:{}", here.unwrap_or(0))));
                last = here;
            }
            let current = disassembly.pc == Some(instruction.pc);
            let marker = if current { self.style.marker("=>") } else { "  ".to_owned() };
            let pc = self.style.address(&format!("{:#x}", instruction.pc));
            _ = writeln!(out, "{marker} {pc}  {}", instruction.text);
        }
        if after > 0 {
            _ = writeln!(out, "   … {after} instructions after");
        }
        out
    }

    fn functions(&self, functions: &[FunctionView], rest: usize) -> String {
        let mut out = String::new();
        for f in functions {
            let pc = self.style.address(&format!("{:#x}", f.pc));
            _ = write!(out, "{pc}  {}", self.style.function(&f.name));
            if let Some(line) = f.line {
                _ = write!(out, " at {}:{line}", self.style.file(&f.shown_file));
            }
            out.push('\n');
        }
        more(&mut out, rest, "give a part of the name: `info functions PART`");
        if out.is_empty() { "no functions\n".to_owned() } else { out }
    }

    fn line(&self, line: &LineView) -> String {
        let pc = self.style.address(&format!("{:#x}", line.pc));
        let function = line.function.as_deref().map(|f| format!(" in {}", self.style.function(f))).unwrap_or_default();
        match line.line {
            Some(number) => {
                format!("line {number} of {} begins at {pc}{function}\n", self.style.file(&line.shown_file))
            }
            None => format!("no line is known for {pc}{function}\n"),
        }
    }

    fn module(&self, module: &ModuleView) -> String {
        let name = module.name.as_deref().unwrap_or("(no name)");
        let mut out = format!("module {}: {}\n", module.module, self.style.file(name));
        let imported = module.imported_functions;
        _ = writeln!(
            out,
            "  functions: {}, {} of them with DWARF; {imported} imported",
            module.functions, module.functions_with_dwarf
        );
        if module.lines {
            _ = writeln!(out, "  source files: {} ({})", module.sources, module.languages.join(", "));
        } else {
            _ = writeln!(out, "  no line information: compile it with debug information (`-g`)");
        }
        if let Some(file) = &module.external_debug {
            _ = writeln!(out, "  debug information in: {file}");
        }
        for warning in module.warnings.iter().take(20) {
            _ = writeln!(out, "  {} {warning}", self.style.bad("warning:"));
        }
        more(&mut out, module.warnings.len().saturating_sub(20), "warnings");
        out
    }

    fn wasm(&self, state: &WasmView) -> String {
        let mut out = format!("function {} at {}\n", state.function, self.style.address(&format!("{:#x}", state.pc)));
        if let Some(why) = &state.unreadable {
            _ = writeln!(out, "locals and operands can't be read: {why}");
        }
        let mut section = |title: &str, values: &[WasmValueView]| {
            if !values.is_empty() {
                _ = writeln!(out, "{}", self.style.strong(title));
            }
            for (i, value) in values.iter().enumerate() {
                let name = value.name.as_deref().map(|n| format!(" ${n}")).unwrap_or_default();
                _ = writeln!(out, "  [{i}]{} {} = {}", self.style.variable(&name), value.type_name, value.value);
            }
        };
        section("locals", &state.locals);
        section("operand stack (bottom first)", &state.operands);
        section("globals", &state.globals);
        for (i, size) in state.memories.iter().enumerate() {
            _ = writeln!(out, "memory [{i}]: {size} bytes ({} pages)", size / 65536);
        }
        out
    }
}

fn more(out: &mut String, more: usize, hint: &str) {
    if more > 0 {
        _ = writeln!(out, "… {more} more; {hint}");
    }
}
