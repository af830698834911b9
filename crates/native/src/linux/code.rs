//! Machine code whose traps are known: where it lies and what its trap table says.
//!
//! Wasmtime keeps the image of what it compiles, an ELF file, in memory, and its trap table in a section of that file. It's
//! read in place: nothing is copied, and looking a trap up in a signal handler touches no allocator and no lock.

use std::{ops::Range, ptr::NonNull, slice};

use object::{Object as _, ObjectSection as _, read::elf::ElfFile64};
use wasmtime::{Module, Trap, component::Component};
use wasmtime_environ::{CompiledTrap, lookup_trap_code, obj::ELF_WASMTIME_TRAPS};

use crate::{Check, NotNative};

/// The machine code of a module or a component, with its trap table. Clones share it. It belongs to no store: make it once,
/// and [register](crate::Armed::register) it with each store that runs it.
#[derive(Clone)]
pub struct Code {
    text: Range<usize>,
    traps: NonNull<[u8]>,
    /// Keeps both where they are.
    _owner: Owner,
}

#[derive(Clone)]
#[allow(dead_code, reason = "held, not read")]
enum Owner {
    Module(Module),
    Component(Component),
}

// SAFETY: `traps` points into an image that is never written and that the owner, which is `Send + Sync`, keeps.
unsafe impl Send for Code {}
// SAFETY: as above.
unsafe impl Sync for Code {}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Code").field("text", &self.text).finish_non_exhaustive()
    }
}

impl Code {
    /// The code of a core module that isn't part of a component.
    ///
    /// # Errors
    /// [`NotNative::Code`] if its image isn't what it's expected to be.
    pub fn of_module(module: &Module) -> Result<Self, NotNative> {
        Self::of_module_with(module, ELF_WASMTIME_TRAPS)
    }

    /// The same, with another name for the section of the trap table.
    pub(crate) fn of_module_with(module: &Module, section: &str) -> Result<Self, NotNative> {
        // SAFETY: the module, of which a clone is kept beside it, owns the image.
        let code = unsafe { Self::new(module.image_range(), section, Owner::Module(module.clone())) }?;
        let text = module.text().as_ptr_range();
        if code.text != (text.start.addr()..text.end.addr()) {
            return Err(NotNative::failed(Check::Image, "the text isn't where its section says"));
        }
        Ok(code)
    }

    /// The code of a component: of all core modules in it.
    ///
    /// # Errors
    /// As [`of_module`](Self::of_module).
    pub fn of_component(component: &Component) -> Result<Self, NotNative> {
        let owner = Owner::Component(component.clone());
        // SAFETY: the component, of which a clone is kept beside it, owns the image.
        unsafe { Self::new(component.image_range(), ELF_WASMTIME_TRAPS, owner) }
    }

    /// # Safety
    /// `owner` must keep `image` readable, unchanged and where it is as long as it lives.
    unsafe fn new(image: Range<*const u8>, section: &str, _owner: Owner) -> Result<Self, NotNative> {
        let bad = NotNative::Code;
        let length = image.end.addr().saturating_sub(image.start.addr());
        if image.start.is_null() || length == 0 {
            return Err(bad("it has no image in memory"));
        }
        // SAFETY: Wasmtime made this range from a slice of the image (`as_ptr_range`), the caller promises the rest. The
        // reference is used in this function only, and `_owner` outlives it.
        let image = unsafe { slice::from_raw_parts(image.start, length) };
        let file: ElfFile64<'_> = ElfFile64::parse(image).map_err(|_| bad("its image isn't an ELF file"))?;
        let text = file.section_by_name(".text").and_then(|text| text.file_range());
        let (offset, size) = text.ok_or_else(|| bad("its image has no text"))?;
        let start = usize::try_from(offset).ok().and_then(|offset| image.as_ptr().addr().checked_add(offset));
        let text =
            start.zip(usize::try_from(size).ok()).and_then(|(start, size)| Some(start..start.checked_add(size)?));
        let text = text.ok_or_else(|| bad("its text has no place"))?;
        let traps = file.section_by_name(section).and_then(|traps| traps.data().ok());
        let traps = NonNull::from(traps.ok_or_else(|| bad("its image has no trap table"))?);
        Ok(Self { text, traps, _owner })
    }

    /// Where the code lies.
    pub(crate) fn text(&self) -> &Range<usize> {
        &self.text
    }

    /// The trap that the instruction at `pc` raises; `None` for any other instruction. Async-signal-safe.
    pub(crate) fn trap_at(&self, pc: usize) -> Option<Trap> {
        if !self.text.contains(&pc) {
            return None;
        }
        // SAFETY: it lies in the image, which `_owner` keeps and nobody changes.
        let traps = unsafe { self.traps.as_ref() };
        match lookup_trap_code(traps, pc - self.text.start)? {
            CompiledTrap::Normal(trap) => Some(trap),
            // Wasmtime has found itself out to be wrong: no time for a debugger.
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::Engine;

    use super::*;

    fn module(engine: &Engine) -> Module {
        Module::new(engine, "(module (func (export \"f\") unreachable))").expect("a module")
    }

    /// Every address of the text is asked for: the table names what Wasmtime's own table in the serialized file names.
    #[test]
    fn the_table_in_place_is_the_serialized_one() {
        let engine = Engine::default();
        let module = Module::new(
            &engine,
            "(module (memory 1) (func (param i32 i32) (result i32)
                (i32.div_s (i32.load (local.get 0)) (i32.add (local.get 1) (i32.load8_u (local.get 1))))))",
        )
        .expect("a module");
        let code = Code::of_module(&module).expect("code");
        let file = module.serialize().expect("a file");
        let file: ElfFile64<'_> = ElfFile64::parse(&*file).expect("ELF");
        let table = file.section_by_name(ELF_WASMTIME_TRAPS).expect("a table").data().expect("data").to_vec();
        let mut found = Vec::new();
        for (offset, pc) in code.text().clone().enumerate() {
            let expected = match lookup_trap_code(&table, offset) {
                Some(CompiledTrap::Normal(trap)) => Some(trap),
                _ => None,
            };
            assert_eq!(code.trap_at(pc), expected, "at {offset:#x}");
            found.extend(expected);
        }
        for trap in [Trap::MemoryOutOfBounds, Trap::IntegerDivisionByZero, Trap::IntegerOverflow] {
            assert!(found.contains(&trap), "{trap:?} of {found:?}");
        }
    }

    /// The argument for reading the image in place: a `Code` keeps it when everything else is gone.
    #[test]
    fn the_table_outlives_module_and_engine() {
        let code = {
            let engine = Engine::default();
            Code::of_module(&module(&engine)).expect("code")
        };
        // What could lie there now, if the image had been given back.
        let others: Vec<_> = (0..8).map(|_| module(&Engine::default())).collect();
        let traps = code.text().clone().filter(|pc| code.trap_at(*pc) == Some(Trap::UnreachableCodeReached)).count();
        assert!(traps > 0);
        assert!(others.iter().all(|other| !code.text().contains(&other.text().as_ptr().addr())));
    }

    #[test]
    fn what_lies_outside_is_no_trap() {
        let code = Code::of_module(&module(&Engine::default())).expect("code");
        for pc in [0, code.text().start - 1, code.text().end, usize::MAX] {
            assert_eq!(code.trap_at(pc), None);
        }
        assert!(Code::of_module_with(&module(&Engine::default()), ".no.such.section").is_err());
    }
}
