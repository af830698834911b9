//! Launching: a guest on a thread of its own, under a session.
//!
//! The thread has a single-threaded tokio runtime for WASI; the session freezes the thread while the guest is stopped, so
//! that nothing of the guest's host code moves either. The debugger's other half talks to it through a
//! [`LiveDebuggee`](freezeframe_session::live::LiveDebuggee) from any thread.

use std::{path::PathBuf, thread};

use freezeframe_debuggee::{Debuggee, Ended, WasmValue};
use freezeframe_session::{
    Freeze, Mode, Options, debug_with, instantiated,
    live::{Ender, LiveOptions, Near, live},
    unwound,
};
use wasmtime::{ExternType, Func, Linker, Module, Store, Val, ValType, component};
use wasmtime_wasi::{
    FsPerms, I32Exit, ResourceTable, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView,
    cli::InputFile,
    p1::{self, WasiP1Ctx},
    p2,
};

use crate::{HostError, Input, Output, Program, Stream, program::Code};

/// What a guest gets, and what of it is to run. By default the command, with nothing: no arguments, no folders, an empty standard
/// input, and nobody to take what it writes.
#[derive(Clone, Debug, Default)]
pub struct LaunchOptions {
    /// Its arguments, its own name not among them.
    pub args: Vec<String>,
    /// Its environment; nothing is inherited.
    pub env: Vec<(String, String)>,
    /// Folders that it may read and write.
    pub dirs: Vec<MappedDir>,
    /// Its standard input.
    pub stdin: Stdin,
    /// Call this export with these arguments, instead of running the command.
    pub invoke: Option<(String, Vec<String>)>,
    /// Where its standard output and error go.
    pub output: Output,
}

/// A folder that a guest may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedDir {
    /// Where it is.
    pub host: PathBuf,
    /// What the guest calls it.
    pub guest: String,
}

/// What a guest reads as its standard input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Stdin {
    /// Nothing.
    #[default]
    Empty,
    /// A file.
    File(PathBuf),
    /// Whatever this process reads.
    Inherit,
    /// What somebody gives it.
    Input(Input),
}

struct ModuleGuest {
    wasi: WasiP1Ctx,
}

struct ComponentGuest {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for ComponentGuest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// Starts a guest; it stands before its first operator until it is resumed.
///
/// # Errors
/// Whatever the guest needs and can't get: imports, folders, the export to call and its arguments.
pub fn launch(program: &Program, mut options: LaunchOptions) -> Result<Box<dyn Debuggee>, HostError> {
    options.output = options.output.for_one_run();
    let wasi = wasi(program, &options)?;
    match &program.code {
        Code::Module(module) => launch_module(program, module.clone(), wasi, options),
        Code::Component(component) => launch_component(program, component.clone(), wasi, options),
    }
}

fn wasi(program: &Program, options: &LaunchOptions) -> Result<WasiCtxBuilder, HostError> {
    let mut wasi = WasiCtxBuilder::new();
    wasi.arg(program.name()).args(&options.args).envs(&options.env);
    wasi.stdout(options.output.stream(Stream::Stdout)).stderr(options.output.stream(Stream::Stderr));
    // The guest has a thread of its own.
    wasi.allow_blocking_current_thread(true);
    match &options.stdin {
        Stdin::Empty => {}
        Stdin::Inherit => _ = wasi.inherit_stdin(),
        Stdin::Input(input) => _ = wasi.stdin(input.clone()),
        Stdin::File(path) => {
            let file = std::fs::File::open(path).map_err(|e| HostError::Environment {
                what: format!("can't open {} as standard input", path.display()),
                why: e.to_string(),
            })?;
            wasi.stdin(InputFile::new(file));
        }
    }
    for dir in &options.dirs {
        wasi.preopened_dir(&dir.host, &dir.guest, FsPerms::ReadWrite).map_err(|e| HostError::Environment {
            what: format!("can't give the guest the folder {}", dir.host.display()),
            why: format!("{e:#}"),
        })?;
    }
    Ok(wasi)
}

fn launch_module(
    program: &Program,
    module: Module,
    mut wasi: WasiCtxBuilder,
    options: LaunchOptions,
) -> Result<Box<dyn Debuggee>, HostError> {
    let failed = |e: wasmtime::Error| HostError::Engine(format!("{e:#}"));
    let mut linker: Linker<ModuleGuest> = Linker::new(&program.engine);
    p1::add_to_linker_async(&mut linker, |guest: &mut ModuleGuest| &mut guest.wasi).map_err(failed)?;
    if program.unknown_imports_trap {
        linker.define_unknown_imports_as_traps(&module).map_err(failed)?;
    }
    check_imports(program, &module, &linker, ModuleGuest { wasi: WasiCtxBuilder::new().build_p1() })?;
    let entry = Entry::of(program, &module, options.invoke)?;
    let mut store = Store::new(&program.engine, ModuleGuest { wasi: wasi.build_p1() });
    let live_options = LiveOptions { modules: vec![(Some(program.name()), module.clone())], complete: true };
    let mode = mode(program);
    let output = options.output.clone();
    on_a_thread(live_options, move |near, ender, runtime| {
        output.behind(near.log_order());
        let ended = runtime.block_on(async {
            let body = async |store: &mut Store<ModuleGuest>| -> wasmtime::Result<Vec<WasmValue>> {
                let instance = linker.instantiate_async(&mut *store, &module).await?;
                instantiated(store, instance);
                // A reactor wants to be initialised before anything of it is called.
                if entry.name != "_initialize"
                    && let Ok(initialize) = instance.get_typed_func::<(), ()>(&mut *store, "_initialize")
                {
                    initialize.call_async(&mut *store, ()).await?;
                }
                let Some(function) = instance.get_func(&mut *store, &entry.name) else {
                    return Err(wasmtime::Error::msg(format!("the export `{}` is gone", entry.name)));
                };
                entry.call(store, function).await
            };
            run(&mut store, mode, body, near).await
        });
        ender.end(ended);
    })
}

fn launch_component(
    program: &Program,
    component: component::Component,
    mut wasi: WasiCtxBuilder,
    options: LaunchOptions,
) -> Result<Box<dyn Debuggee>, HostError> {
    let failed = |e: wasmtime::Error| HostError::Engine(format!("{e:#}"));
    let mut linker: component::Linker<ComponentGuest> = component::Linker::new(&program.engine);
    p2::add_to_linker_async(&mut linker).map_err(failed)?;
    if program.unknown_imports_trap {
        linker.define_unknown_imports_as_traps(&component).map_err(failed)?;
    }
    let missing =
        |e: wasmtime::Error| HostError::MissingImports { path: program.path().to_owned(), missing: format!("{e:#}") };
    let pre = linker.instantiate_pre(&component).map_err(missing)?;
    if let Some((name, _)) = options.invoke {
        return Err(HostError::NoExport {
            path: program.path().to_owned(),
            name,
            hint: ": --invoke works on core modules; of a component the command is run".to_owned(),
        });
    }
    let command = p2::bindings::CommandPre::new(pre).map_err(|_| HostError::NoExport {
        path: program.path().to_owned(),
        name: "wasi:cli/run".to_owned(),
        hint: ": only command components can be run".to_owned(),
    })?;
    let guest = ComponentGuest { wasi: wasi.build(), table: ResourceTable::new() };
    let mut store = Store::new(&program.engine, guest);
    let mode = mode(program);
    if let Mode::Detailed = mode {
        // All core modules inside it are known at once, and can be named in plans before any of them runs.
        store.debug_register_component(&component).map_err(failed)?;
    }
    let live_options = LiveOptions { modules: Vec::new(), complete: true };
    let output = options.output.clone();
    on_a_thread(live_options, move |near, ender, runtime| {
        output.behind(near.log_order());
        let ended = runtime.block_on(async {
            let body = async |store: &mut Store<ComponentGuest>| -> wasmtime::Result<Vec<WasmValue>> {
                let command = command.instantiate_async(&mut *store).await?;
                match command.wasi_cli_run().call_run(&mut *store).await? {
                    Ok(()) => Ok(Vec::new()),
                    Err(()) => Err(I32Exit(1).into()),
                }
            };
            run(&mut store, mode, body, near).await
        });
        ender.end(ended);
    })
}

fn mode(program: &Program) -> Mode {
    program.guests.clone().map_or(Mode::Detailed, Mode::Native)
}

/// Runs a session to its end and says how the guest ended.
async fn run<T: Send + 'static>(
    store: &mut Store<T>,
    mode: Mode,
    body: impl AsyncFnOnce(&mut Store<T>) -> wasmtime::Result<Vec<WasmValue>>,
    near: Near<T>,
) -> Ended {
    let body = async |store: &mut Store<T>| {
        let result = body(store).await;
        if let Err(error) = &result {
            unwound(store, error).await;
        }
        result
    };
    let options = Options { mode, freeze: Freeze::Thread, exit_code: Some(exit_code), ..Options::default() };
    match debug_with(store, options, body, near.debugger()).await {
        Err(error) => Ended::Failed { message: error.to_string() },
        Ok(outcome) => match outcome.0 {
            Err(_) => Ended::Killed,
            Ok(Ok(values)) => Ended::Returned(values),
            Ok(Err(error)) => match exit_code(&error) {
                Some(code) => Ended::Exited(code),
                None if error.downcast_ref::<wasmtime::Trap>().is_some() => {
                    Ended::Trapped { message: format!("{error:?}") }
                }
                None if error.downcast_ref::<wasmtime::ThrownException>().is_some() => {
                    Ended::Trapped { message: "uncaught exception".to_owned() }
                }
                None => Ended::Failed { message: without_backtrace(&error) },
            },
        },
    }
}

/// The error and its causes. Where it struck was shown, and of a failure before the guest ran there's nothing to show.
fn without_backtrace(error: &wasmtime::Error) -> String {
    let trace = error.downcast_ref::<wasmtime::WasmBacktrace>().map(ToString::to_string);
    let causes = error.chain().map(ToString::to_string).filter(|cause| Some(cause) != trace.as_ref());
    causes.collect::<Vec<_>>().join(": ")
}

fn exit_code(error: &wasmtime::Error) -> Option<i32> {
    error.downcast_ref::<I32Exit>().map(|exit| exit.0)
}

fn on_a_thread<T: Send + 'static>(
    options: LiveOptions,
    guest: impl FnOnce(Near<T>, Ender, tokio::runtime::Runtime) + Send + 'static,
) -> Result<Box<dyn Debuggee>, HostError> {
    let (debuggee, near, ender) = live::<T>(options);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| HostError::Engine(format!("no runtime for the guest: {e}")))?;
    thread::Builder::new()
        .name("guest".to_owned())
        .spawn(move || guest(near, ender, runtime))
        .map_err(|e| HostError::Engine(format!("no thread for the guest: {e}")))?;
    Ok(Box::new(debuggee))
}

/// All missing imports at once, instead of the first one when it is too late.
fn check_imports(
    program: &Program,
    module: &Module,
    linker: &Linker<ModuleGuest>,
    guest: ModuleGuest,
) -> Result<(), HostError> {
    let mut store = Store::new(&program.engine, guest);
    const MOST: usize = 5;
    let mut missing: Vec<String> = module
        .imports()
        .filter(|import| linker.get_by_import(&mut store, import).is_none())
        .map(|import| format!("{}.{} ({})", import.module(), import.name(), kind(&import.ty())))
        .collect();
    let more = missing.len().saturating_sub(MOST);
    if more > 0 {
        missing.truncate(MOST);
        missing.push(format!("and {more} more"));
    }
    match missing.is_empty() {
        true => Ok(()),
        false => Err(HostError::MissingImports { path: program.path().to_owned(), missing: missing.join(", ") }),
    }
}

fn kind(ty: &ExternType) -> &'static str {
    match ty {
        ExternType::Func(_) => "function",
        ExternType::Global(_) => "global",
        ExternType::Table(_) => "table",
        ExternType::Memory(_) => "memory",
        ExternType::Tag(_) => "tag",
    }
}

/// The export that is called, with its arguments.
struct Entry {
    name: String,
    params: Vec<Val>,
    results: usize,
}

impl Entry {
    fn of(program: &Program, module: &Module, invoke: Option<(String, Vec<String>)>) -> Result<Self, HostError> {
        let (name, arguments) = invoke.unwrap_or_else(|| ("_start".to_owned(), Vec::new()));
        let functions = module.exports().filter_map(|e| e.ty().func().map(|ty| (e.name().to_owned(), ty.clone())));
        let functions: Vec<_> = functions.collect();
        let Some((_, ty)) = functions.iter().find(|(n, _)| *n == name) else {
            let names: Vec<&str> = functions.iter().map(|(n, _)| n.as_str()).take(20).collect();
            let hint = match names.is_empty() {
                true => "; it exports no functions".to_owned(),
                false => format!("; use --invoke with one of: {}", names.join(", ")),
            };
            return Err(HostError::NoExport { path: program.path().to_owned(), name, hint });
        };
        let types: Vec<ValType> = ty.params().collect();
        let expected: Vec<String> = types.iter().map(ToString::to_string).collect();
        let wrong = |why: String| HostError::Arguments {
            name: name.clone(),
            expected: if expected.is_empty() { "no arguments".to_owned() } else { expected.join(", ") },
            why,
        };
        if types.len() != arguments.len() {
            return Err(wrong(format!("{} given", arguments.len())));
        }
        let params = types
            .iter()
            .zip(&arguments)
            .map(|(ty, text)| parse(ty, text).ok_or_else(|| wrong(format!("`{text}` is not a value of type {ty}"))));
        Ok(Self { params: params.collect::<Result<_, _>>()?, results: ty.results().len(), name: name.clone() })
    }

    async fn call<T: Send>(&self, store: &mut Store<T>, function: Func) -> wasmtime::Result<Vec<WasmValue>> {
        let mut results = vec![Val::I32(0); self.results];
        function.call_async(&mut *store, &self.params, &mut results).await?;
        Ok(results.iter().map(plain).collect())
    }
}

fn parse(ty: &ValType, text: &str) -> Option<Val> {
    let integer = || match text.strip_prefix("0x") {
        Some(hex) => i128::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    };
    Some(match ty {
        ValType::I32 => {
            let value = integer()?;
            Val::I32(i32::try_from(value).ok().or_else(|| u32::try_from(value).ok().map(u32::cast_signed))?)
        }
        ValType::I64 => {
            let value = integer()?;
            Val::I64(i64::try_from(value).ok().or_else(|| u64::try_from(value).ok().map(u64::cast_signed))?)
        }
        ValType::F32 => Val::F32(text.parse::<f32>().ok()?.to_bits()),
        ValType::F64 => Val::F64(text.parse::<f64>().ok()?.to_bits()),
        _ => return None,
    })
}

fn plain(value: &Val) -> WasmValue {
    use freezeframe_debuggee::{RefKind, RefValue};
    let reference = |kind, null| WasmValue::Ref(RefValue { kind, null, summary: None });
    match value {
        Val::I32(v) => WasmValue::I32(*v),
        Val::I64(v) => WasmValue::I64(*v),
        Val::F32(v) => WasmValue::F32(*v),
        Val::F64(v) => WasmValue::F64(*v),
        Val::V128(v) => WasmValue::V128(v.as_u128()),
        Val::FuncRef(v) => reference(RefKind::Func, v.is_none()),
        Val::ExternRef(v) => reference(RefKind::Extern, v.is_none()),
        Val::AnyRef(v) => reference(RefKind::Any, v.is_none()),
        Val::ExnRef(v) => reference(RefKind::Exn, v.is_none()),
        Val::ContRef(_) => reference(RefKind::Cont, false),
    }
}
