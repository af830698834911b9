//! Variables with static storage and constants, found by name, type and file.

use freezeframe_debuggee::{DebuggeeId, ModuleId};
use freezeframe_symbols::{Symbols, Variable, VariableKind};

use crate::{Debugger, EngineError, Limits, Shown, SourcePosition, values::Context};

/// Which variables are looked for. What isn't given fits all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct GlobalFilter {
    /// A part of the name, which is a path (`shop::stock::TOTAL`).
    pub name: Option<String>,
    /// A part of the type's name.
    pub type_name: Option<String>,
    /// The end of the path of the file that declares it.
    pub file: Option<String>,
}

/// A variable that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundGlobal {
    /// Its module.
    pub module: ModuleId,
    /// Where it's declared, if DWARF says.
    pub declared: Option<SourcePosition>,
    /// Whether it's a constant, which has a value but no place.
    pub constant: bool,
    /// Its value.
    pub value: Shown,
}

impl Debugger {
    /// Globals, statics of functions too, thread-locals and constants of all modules that fit (what
    /// the compiler made up aside), by name, at most `most`; and
    /// how many there are beyond those. Thread-locals are those of the thread of `frame`.
    ///
    /// # Errors
    /// It must be stopped.
    pub fn search_globals(
        &mut self,
        id: DebuggeeId,
        frame: Option<usize>,
        filter: &GlobalFilter,
        most: usize,
        limits: Limits,
    ) -> Result<(Vec<FoundGlobal>, usize), EngineError> {
        let mut found: Vec<(ModuleId, Variable)> = Vec::new();
        for (module, _, symbols) in self.modules(id)? {
            found.extend(filter.found(&symbols).map(|v| (module, v)));
        }
        found.sort_by(|(a_module, a), (b_module, b)| (&a.name, a_module.0, a.id.0).cmp(&(&b.name, b_module.0, b.id.0)));
        let more = found.len().saturating_sub(most);
        found.truncate(most);
        let frame = match frame {
            Some(index) => Some(self.target(id)?.stack_frame(index)?),
            None => None,
        };
        let mut shown = Vec::with_capacity(found.len());
        for (module, variable) in found {
            let target = self.target(id)?;
            let mut context = match &frame {
                Some(frame) if frame.module == module => Context::in_frame(target, frame.clone())?,
                _ => Context::outside_in(target, module)?,
            };
            let value = context.variable(&variable);
            let declared = variable.declared.and_then(|at| SourcePosition::new(&context.symbols, at));
            let value = context.shown(&variable.name, &value, limits);
            shown.push(FoundGlobal { module, declared, constant: variable.kind == VariableKind::Constant, value });
        }
        Ok((shown, more))
    }
}

impl GlobalFilter {
    /// Those whose name contains this text.
    pub fn named(part: &str) -> Self {
        Self { name: Some(part.to_owned()), ..Self::default() }
    }

    /// The variables of a module that fit, without what compilers made up.
    pub(crate) fn found<'f>(&'f self, symbols: &'f Symbols) -> impl Iterator<Item = Variable> + 'f {
        symbols.find_all_globals().into_iter().filter(|v| !v.artificial && self.fits(symbols, v))
    }

    fn fits(&self, symbols: &Symbols, variable: &Variable) -> bool {
        let name = self.name.as_deref().is_none_or(|part| variable.name.contains(part));
        let file = self.file.as_deref().is_none_or(|suffix| {
            let file = variable.declared.map(|at| at.file);
            file.is_some_and(|file| symbols.find_files(suffix).contains(&file))
        });
        let type_name =
            |part: &str| variable.ty.is_some_and(|ty| symbols.ty(ty).is_ok_and(|ty| ty.name.contains(part)));
        name && file && self.type_name.as_deref().is_none_or(type_name)
    }
}
