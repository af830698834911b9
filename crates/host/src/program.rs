//! A guest's file, opened and compiled.

use std::{
    borrow::Cow,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use freezeframe_session::{Bytes, Guests, NotNative, check_native, prepare};
use wasmtime::{Config, Engine, Module, component::Component};

use crate::{HostError, cache, files::read_guest};

/// What kind of file a guest is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramKind {
    /// A core module.
    Module,
    /// A component.
    Component,
}

/// How fast a guest shall run, which decides what can be seen of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Speed {
    /// A third of Wasmtime's own: it can be stopped anywhere, and everything is seen.
    #[default]
    Detailed,
    /// Wasmtime's own: it stops at its traps.
    Native,
}

/// A guest, compiled for debugging. Can be launched any number of times.
pub struct Program {
    path: PathBuf,
    pub(crate) engine: Engine,
    pub(crate) code: Code,
    /// At native speed: what the session has to know of the code.
    pub(crate) guests: Option<Guests>,
    /// Why it isn't at native speed, though that was asked for.
    fell_back: Option<NotNative>,
    pub(crate) unknown_imports_trap: bool,
}

#[derive(Clone)]
pub(crate) enum Code {
    Module(Module),
    Component(Component),
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("path", &self.path).field("kind", &self.kind()).finish()
    }
}

impl Program {
    /// Reads and compiles a module or component, in binary or text. Takes what Wasmtime's compiler takes, the first time;
    /// later runs find the compiled code in the cache.
    ///
    /// # Errors
    /// A file that can't be read, isn't WebAssembly, or uses a proposal that isn't supported.
    pub fn open(path: &Path) -> Result<Self, HostError> {
        Self::open_at(path, Speed::Detailed)
    }

    /// The same, to run at a speed. Where native speed can't be had it's opened in detail: see
    /// [`fell_back`](Self::fell_back).
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn open_at(path: &Path, speed: Speed) -> Result<Self, HostError> {
        match speed {
            Speed::Detailed => Self::compile(path, read(path)?.into(), engine_in_detail()?, speed),
            Speed::Native => {
                let runtime = tokio::runtime::Builder::new_current_thread().build();
                let runtime = runtime.map_err(|e| HostError::Engine(format!("no runtime for its self-test: {e}")))?;
                Self::open_native(path, |engine| runtime.block_on(check_native(engine)))
            }
        }
    }

    /// The same at native speed, if `check` finds an engine good for that; else in detail.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn open_native(path: &Path, check: impl FnOnce(&Engine) -> Result<(), NotNative>) -> Result<Self, HostError> {
        let bytes = read(path)?;
        let engine = native_engine()?;
        match check(&engine) {
            Ok(()) => {
                let prepared = match prepare(&bytes) {
                    Cow::Owned(prepared) => prepared,
                    Cow::Borrowed(_) => bytes,
                };
                Self::compile(path, prepared.into(), engine, Speed::Native)
            }
            Err(why) => {
                let detailed = Self::compile(path, bytes.into(), engine_in_detail()?, Speed::Detailed)?;
                Ok(Self { fell_back: Some(why), ..detailed })
            }
        }
    }

    fn compile(path: &Path, bytes: Bytes, engine: Engine, speed: Speed) -> Result<Self, HostError> {
        let compile =
            |error: wasmtime::Error| HostError::Compile { path: path.to_owned(), why: compile_message(&error) };
        let mut guests = Guests::default();
        let strange = |error: NotNative| HostError::Engine(error.to_string());
        let code = if wasmtime_is_component(&bytes) {
            let component = Component::from_binary(&engine, &bytes).map_err(compile)?;
            if speed == Speed::Native {
                guests.component(&component, bytes).map_err(strange)?;
            }
            Code::Component(component)
        } else {
            let module = Module::from_binary(&engine, &bytes).map_err(compile)?;
            if speed == Speed::Native {
                guests.module(&module, bytes).map_err(strange)?;
            }
            Code::Module(module)
        };
        let guests = (speed == Speed::Native).then_some(guests);
        Ok(Self { path: path.to_owned(), engine, code, guests, fell_back: None, unknown_imports_trap: false })
    }

    /// Lets it start although it imports what isn't provided: such a function traps when it's called.
    #[must_use]
    pub fn trapping_unknown_imports(self, trap: bool) -> Self {
        Self { unknown_imports_trap: trap, ..self }
    }

    /// How fast it runs.
    pub fn speed(&self) -> Speed {
        if self.guests.is_some() { Speed::Native } else { Speed::Detailed }
    }

    /// Why it doesn't run at native speed, though that was asked for.
    pub fn fell_back(&self) -> Option<String> {
        self.fell_back.as_ref().map(ToString::to_string)
    }

    /// Whether it's a module or a component.
    pub fn kind(&self) -> ProgramKind {
        match self.code {
            Code::Module(_) => ProgramKind::Module,
            Code::Component(_) => ProgramKind::Component,
        }
    }

    /// Where it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's name, which the guest sees as its own.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().map_or_else(|| "guest".to_owned(), |name| name.to_string_lossy().into_owned())
    }
}

/// A guest's file, in binary.
fn read(path: &Path) -> Result<Vec<u8>, HostError> {
    let bytes = read_guest(path).map_err(|error| HostError::Read { path: path.to_owned(), error })?;
    if bytes.starts_with(b"\0asm") { Ok(bytes) } else { text_to_binary(path, &bytes) }
}

/// The header's layer: 0 for a core module, 1 for a component.
fn wasmtime_is_component(bytes: &[u8]) -> bool {
    bytes.get(4..8) == Some(&[0x0d, 0, 1, 0])
}

fn engine_in_detail() -> Result<Engine, HostError> {
    let mut config = Config::new();
    freezeframe_session::configure(&mut config);
    engine(config)
}

/// As an embedder of Wasmtime's would have it, epochs left out: nobody could make use of them.
fn native_engine() -> Result<Engine, HostError> {
    let mut config = Config::new();
    config.wasm_backtrace_max_frames(NonZeroUsize::new(MOST_FRAMES));
    engine(config)
}

/// How many frames are shown at native speed, where Wasmtime's backtrace is all there is.
const MOST_FRAMES: usize = 1000;

fn engine(mut config: Config) -> Result<Engine, HostError> {
    config.wasm_exceptions(true);
    config.wasm_gc(true);
    config.wasm_function_references(true);
    config.wasm_tail_call(true);
    // The debugger's coroutine runs on the guest's own fiber.
    config.async_stack_size(8 << 20);
    config.max_wasm_stack(2 << 20);
    config.cache(cache::compiled_guests());
    Engine::new(&config).map_err(|e| HostError::Engine(format!("{e:#}")))
}

fn text_to_binary(path: &Path, bytes: &[u8]) -> Result<Vec<u8>, HostError> {
    let not_wasm = |why: &str| HostError::NotWasm { path: path.to_owned(), why: why.to_owned() };
    if bytes.is_empty() {
        return Err(not_wasm("it is empty"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| not_wasm("it has neither the magic number nor is it text"))?;
    let named_text = path.extension().is_some_and(|e| e == "wat" || e == "wast");
    let first = text.trim_start();
    if !named_text && !first.starts_with('(') && !first.starts_with(";;") {
        return Err(not_wasm("it has no magic number (\\0asm) at its start"));
    }
    wat::parse_bytes(bytes)
        .map(std::borrow::Cow::into_owned)
        .map_err(|e| HostError::Text { path: path.to_owned(), why: e.to_string().trim_end().to_owned() })
}

/// The causes that tell a person something, outermost first, without repetition.
fn compile_message(error: &wasmtime::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if cause != "failed to parse WebAssembly module" && !parts.iter().any(|p| p.contains(&cause)) {
            parts.push(cause);
        }
    }
    let said = parts.join(": ");
    // A file that breaks off is more often a copy that did than a compiler's mistake.
    if said.contains("unexpected end") { format!("{said}; it may be cut off: copy or build it again") } else { said }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(name: &str, bytes: &[u8]) -> Result<Program, HostError> {
        let folder = std::env::temp_dir().join(format!("freezeframe-host-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        Program::open(&path)
    }

    #[test]
    fn files_that_are_no_guests() {
        assert!(matches!(Program::open(Path::new("no/such/file.wasm")), Err(HostError::Read { .. })));
        assert!(matches!(open("empty.wasm", b""), Err(HostError::NotWasm { .. })));
        assert!(matches!(open("text.wasm", b"hello"), Err(HostError::NotWasm { .. })));
        assert!(matches!(open("binary.wasm", b"\xff\xfe\x00"), Err(HostError::NotWasm { .. })));
        assert!(matches!(open("broken.wat", b"(module (func (i32.cnst 1)))"), Err(HostError::Text { .. })));
        assert!(matches!(open("cut.wasm", b"\0asm\x01\0\0\0\x01"), Err(HostError::Compile { .. })));
    }

    #[test]
    fn text_and_binary_open() {
        assert_eq!(open("ok.wat", b"(module (func (export \"f\")))").unwrap().kind(), ProgramKind::Module);
        assert_eq!(open("component.wat", b"(component)").unwrap().kind(), ProgramKind::Component);
    }
}
