//! Every public question, asked of modules that may be damaged. The fuzz targets ask the same.

use std::collections::HashSet;

use freezeframe_symbols::{
    FileId, ModulePc, ScopeId, Symbols, Type, TypeId, TypeKind, Variable, VariableId, VariableKind,
};

use super::Fake;

/// Marsaglia's xorshift64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }
}

fn types_in(ty: &Type) -> Vec<TypeId> {
    match &ty.kind {
        TypeKind::Pointer(target) | TypeKind::Typedef(target) | TypeKind::Qualified { target, .. } => {
            target.iter().copied().collect()
        }
        TypeKind::Reference(target) => vec![*target],
        TypeKind::Array { element, .. } => vec![*element],
        TypeKind::Record(record) => {
            let variants = record
                .variants
                .iter()
                .flat_map(|part| part.discriminant.iter().chain(part.variants.iter().map(|variant| &variant.member)));
            let members = record.members.iter().chain(variants).map(|member| member.ty);
            members.chain(record.bases.iter().map(|base| base.ty)).collect()
        }
        TypeKind::Function { returns, parameters } => returns.iter().chain(parameters).copied().collect(),
        TypeKind::Enumeration { underlying, .. } => underlying.iter().copied().collect(),
        TypeKind::MemberPointer { target, class } => target.iter().chain(class).copied().collect(),
        _ => Vec::new(),
    }
}

/// Asks for at most so many of all types that can be reached from these variables, and where the variables are.
fn look_into(symbols: &Symbols, variables: &[Variable], pc: ModulePc, seen: &mut HashSet<TypeId>) {
    let mut wanted: Vec<TypeId> = Vec::new();
    for variable in variables {
        let _ = symbols.locate(variable, pc, &mut Fake::default());
        wanted.extend(variable.ty);
    }
    while let Some(id) = wanted.pop() {
        if seen.len() < 200
            && seen.insert(id)
            && let Ok(ty) = symbols.ty(id)
        {
            wanted.extend(types_in(&ty));
        }
    }
}

/// Asks a module everything that can be asked, about places that are chosen by chance.
pub fn ask_everything(bytes: Vec<u8>, random: &mut Random) {
    if let Ok(symbols) = Symbols::new(bytes.into()) {
        ask(&symbols, random);
    }
}

/// The same of symbols that were made in some other way.
pub fn ask(symbols: &Symbols, random: &mut Random) {
    let _ = (symbols.warnings(), symbols.has_lines(), symbols.imported_functions().len());
    let mut seen = HashSet::new();
    let functions = symbols.functions();
    for _ in 0..12 {
        let Some(function) = functions.get(random.next(functions.len())) else { break };
        let range = function.range.start.0 as usize..function.range.end.0 as usize;
        // One that breaks off before its first operator.
        if range.is_empty() {
            continue;
        }
        let rows = symbols.rows(function.range.clone());
        assert!(rows.iter().all(|row| row.start < row.end && function.range.contains(&row.start)));
        for _ in 0..4 {
            let pc = ModulePc((range.start + random.next(range.len())) as u32);
            let frames = symbols.frames_at(pc);
            assert!(!frames.is_empty(), "a function runs at {pc}");
            for depth in 0..frames.len().min(6) {
                look_into(symbols, &symbols.variables(pc, depth), pc, &mut seen);
            }
            let _ = (symbols.location(pc), symbols.function_at(pc));
        }
        let _ = (symbols.find_functions(function.short_name()), symbols.function_sites(function.name()));
    }
    let files = symbols.files().len();
    for _ in 0..6 {
        let file = FileId(random.next(files) as u32);
        let lines = symbols.lines_with_code(file);
        for line in lines.iter().step_by(7).take(10) {
            let sites = symbols.line_sites(file, *line).map(|sites| sites.sites).unwrap_or_default();
            assert!(sites.iter().all(|site| symbols.function_at(*site).is_some()), "{sites:?}");
        }
    }
    let globals = symbols.globals();
    look_into(symbols, &globals[..globals.len().min(40)], ModulePc(0), &mut seen);
    for name in ["int", "struct Order", "Option", "std::string", "x"] {
        let types = symbols.find_types(name);
        for id in types.into_iter().take(3) {
            let _ = symbols.ty(id);
        }
        let _ = symbols.find_globals(name);
    }
    // Ids that nobody gave.
    for _ in 0..20 {
        let at = random.next(1 << 16) as u64;
        let _ = symbols.ty(TypeId(at));
        let variable = Variable {
            id: VariableId(at),
            name: String::new(),
            kind: VariableKind::Local,
            ty: Some(TypeId(u64::MAX - at)),
            declared: None,
            depth: 0,
            artificial: false,
        };
        let pc = functions.first().map_or(ModulePc(0), |function| function.prologue_end);
        let _ = symbols.locate(&variable, pc, &mut Fake::default());
        let _ = (symbols.variables(ModulePc(at as u32), at as usize), ScopeId(at));
        let _ = (symbols.line_sites(FileId(at as u32), u32::MAX), symbols.rows(ModulePc(9)..ModulePc(0)));
    }
}
