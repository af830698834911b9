//! `freezeframe run`: a guest at full speed, and what there is to see when it traps.
//!
//! The guest writes to our standard output as if we weren't there; what we say of it goes to standard error, or, in JSON, is
//! one line among the others.

use std::io::{self, IsTerminal as _};

use freezeframe_engine::Ended;

use crate::{
    app::App,
    args::{OnTrap, RunArgs},
    commands,
    console::{Console, ConsoleOptions},
    error::CliError,
    json::{EndKind, Reply, StopKind},
    open::{Speed, Stdin},
    output::Printer,
    repl,
    signals::Signals,
    views::FAILED,
};

/// Runs a guest and gives the exit code.
pub fn run(args: RunArgs) -> i32 {
    let on_trap = args.on_trap();
    let speed = if args.detailed { Speed::Detailed } else { Speed::Native };
    let interactive = on_trap == OnTrap::Debug && io::stdin().is_terminal();
    let color = !args.guest.json && args.guest.color.decide();
    let console = Console::new(ConsoleOptions { json: args.guest.json, color, interactive, gutter: false });
    let printer = Printer::new(console.clone());
    let signals = Signals::install();
    let mut app = match repl::open(&args.guest, speed, Stdin::Inherit, printer.clone(), signals) {
        Ok(app) => app,
        Err(error) => {
            printer.error(None, &error.to_string());
            return FAILED;
        }
    };
    if let Some(why) = app.launcher.fell_back() {
        printer.note(&format!("{why}; running it in detail instead, at about a third of the speed"));
    }
    if let Err(error) = go(&mut app, on_trap, interactive) {
        app.failed = true;
        printer.error(None, &error.to_string());
    }
    let code = app.exit_code();
    if let Some(id) = app.guest {
        app.debugger.forget(id);
    }
    app.console().fresh_line();
    code
}

fn go(app: &mut App, on_trap: OnTrap, interactive: bool) -> Result<(), CliError> {
    let mut seen = false;
    loop {
        let reply = if app.started { app.go(|debugger, id| debugger.resume(id))? } else { app.begin()? };
        match &reply {
            Reply::Stop(stop) if matches!(stop.reason, StopKind::Trap | StopKind::HostError) => {}
            // Exceptions may be caught, and nothing else was asked for.
            Reply::Stop(_) => continue,
            _ => {
                ended(app, &reply, seen);
                return Ok(());
            }
        }
        if on_trap == OnTrap::Debug {
            app.printer.reply("run", None, Some(&reply));
            if app.launcher.is_native() {
                app.printer
                    .note("it runs at native speed and stops at its traps only; `freezeframe debug` stops anywhere");
            }
            repl::commands(app, interactive);
            return Ok(());
        }
        seen = true;
        app.printer.report("run", &reply);
        if let Some(stack) = commands::run(app, "backtrace full")? {
            app.printer.report("backtrace full", &stack);
        }
        // The trap takes its course: a host may catch it, and the guest go on.
    }
}

/// Says how it ended, unless it just finished or that was said at the stop. `seen`: there was one.
fn ended(app: &App, reply: &Reply, seen: bool) {
    let Reply::End(end) = reply else { return };
    if app.console().options().json {
        return app.printer.reply("run", None, Some(reply));
    }
    match end.reason {
        EndKind::Exited => {}
        EndKind::Returned if end.function.is_none() => {}
        EndKind::Returned => app.printer.reply("run", None, Some(reply)),
        EndKind::Trapped if seen => {}
        EndKind::Trapped | EndKind::Failed | EndKind::Killed => app.printer.report("run", reply),
    }
    if let (Some(Ended::Trapped { message }), false, true) = (&app.ended, seen, app.launcher.is_native()) {
        // It came from a function of the runtime's, not from an instruction: there was no stop.
        let left = message.split("\n\nCaused by:").next().unwrap_or_default();
        app.printer.note(&format!(
            "the runtime itself raised it and has unwound the stack, so that only its places are left; `--detailed` stops \
             before that\n{left}"
        ));
    }
}
