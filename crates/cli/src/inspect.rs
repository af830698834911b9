//! `freezeframe info`: what a guest is made of, without running it.

use freezeframe_engine::Debugger;
use freezeframe_host::DebugFileFinder;
use freezeframe_symbols::{Bytes, Symbols};

use crate::{
    args::{ColorChoice, InfoArgs},
    console::{Console, ConsoleOptions},
    error::CliError,
    json::{ModuleView, Reply},
    launch::Launch as _,
    open::Guest,
    output::Printer,
    patience,
    views::{self, FAILED},
};

/// Prints what is known about a guest and gives the exit code.
pub fn info(args: &InfoArgs) -> i32 {
    let color = !args.json && ColorChoice::Auto.decide();
    let console = Console::new(ConsoleOptions { json: args.json, color, interactive: false, gutter: true });
    let printer = Printer::new(console.clone());
    match modules(args, &console) {
        Ok(modules) => {
            printer.reply("info modules", None, Some(&Reply::Modules(modules)));
            console.lost().unwrap_or(0)
        }
        Err(error) => {
            printer.error(None, &error.to_string());
            FAILED
        }
    }
}

fn modules(args: &InfoArgs, console: &Console) -> Result<Vec<ModuleView>, CliError> {
    // Of a core module the file is enough: it needn't be one that could be run.
    if let Ok(bytes) = freezeframe_host::read_guest(&args.guest)
        && bytes.starts_with(b"\0asm\x01\0\0\0")
    {
        let name = args.guest.file_name().map(|name| name.to_string_lossy().into_owned());
        let bytes = Bytes::from(bytes);
        let files = DebugFileFinder::new(&args.guest, &args.symbols).map_err(|e| CliError::Other(e.to_string()))?;
        let own = name.as_deref().unwrap_or_default();
        let symbols = Symbols::with_finder(bytes, &mut |wanted| files.find_wanted(own, wanted));
        let symbols = symbols.map_err(|e| CliError::Other(e.to_string()))?;
        if symbols.takes_long() {
            let _shown = patience::reads(console, own, symbols.progress());
            symbols.prepare();
        }
        return Ok(vec![views::module(0, name, &symbols)]);
    }
    let launcher = Guest::open_to_look(&args.guest, &args.symbols, console)?;
    let mut debugger = Debugger::new();
    debugger.on_reading(patience::while_reading(console.clone()));
    debugger.find_debug_files(launcher.debug_files());
    for contents in launcher.given_debug_files() {
        debugger.add_debug_file(contents)?;
    }
    let id = debugger.attach(launcher.launch()?)?;
    let modules = debugger.modules(id)?;
    Ok(modules.into_iter().map(|(number, name, symbols)| views::module(number.0, name, &symbols)).collect())
}
