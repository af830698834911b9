//! `freezeframe run`: a guest at full speed, and what there is to see when it traps.
//!
//! The guest writes to our standard output as if we weren't there; what we say of it goes to standard error, or, in JSON, is
//! one line among the others.

use std::{
    io::{self, IsTerminal as _},
    path::Path,
};

use freezeframe_host::{HostError, Program};

use crate::{
    app::App,
    args::{OnTrap, RunArgs},
    commands,
    console::{Console, ConsoleOptions},
    error::CliError,
    json::{EndKind, Reply, StopKind, StopView},
    open::{Speed, Stdin},
    output::Printer,
    repl,
    signals::Signals,
    views::FAILED,
};

/// Runs a guest and gives the exit code.
pub fn run(args: RunArgs) -> i32 {
    let speed = if args.detailed { Speed::Detailed } else { Speed::Native };
    run_opened(args, |path| Program::open_at(path, speed))
}

fn run_opened(args: RunArgs, open: impl FnOnce(&Path) -> Result<Program, HostError>) -> i32 {
    let on_trap = args.on_trap();
    let interactive = on_trap == OnTrap::Debug && io::stdin().is_terminal();
    let color = !args.guest.json && args.guest.color.decide();
    let console = Console::new(ConsoleOptions { json: args.guest.json, color, interactive, gutter: false });
    let printer = Printer::new(console.clone());
    let signals = Signals::install();
    let mut app = match repl::open(&args.guest, open, Stdin::Inherit, printer.clone(), signals) {
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
    let mut seen = None;
    loop {
        let reply = if app.started { app.go(|debugger, id| debugger.resume(id))? } else { app.begin()? };
        match &reply {
            Reply::Stop(stop) if ends(stop) => {}
            Reply::Stop(_) => continue,
            _ => {
                ended(app, &reply, seen.as_deref());
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
        if let Reply::Stop(stop) = &reply {
            seen = Some(stop.message.clone().unwrap_or_default());
        }
        app.printer.report("run", &reply);
        if let Some(stack) = commands::run(app, "backtrace full")? {
            app.printer.report("backtrace full", &stack);
            // Behind an unwound stack that was said already.
            let unwound = matches!(&reply, Reply::Stop(stop) if stop.unwound);
            if let (Some(note), true, false) = (unread(&stack), app.launcher.is_native(), unwound) {
                app.printer.note(&note);
            }
        }
        // The trap takes its course: a host may catch it, and the guest go on.
    }
}

/// Whether a stop is about what is going to end the guest; nothing else was asked for.
fn ends(stop: &StopView) -> bool {
    stop.unwound || stop.uncaught || matches!(stop.reason, StopKind::Trap | StopKind::HostError)
}

/// What of a stack's variables native speed doesn't know, if there is any. What the compiler has optimised away nobody knows.
fn unread(stack: &Reply) -> Option<String> {
    let Reply::Stack(stack) = stack else { return None };
    let lists = stack.frames.iter().flat_map(|frame| [&frame.arguments, &frame.locals]);
    let (mut all, mut unread) = (0, 0);
    for variable in lists.flatten().flatten() {
        all += 1;
        unread += usize::from(!variable.available && variable.value.starts_with("<unavailable"));
    }
    (unread > 0).then(|| {
        format!("{unread} of {all} variables can't be read at native speed; `freezeframe run --detailed` shows them")
    })
}

/// Says how it ended, unless it just finished or that was said at the stop. `seen`: what the last stop was about.
fn ended(app: &App, reply: &Reply, seen: Option<&str>) {
    let Reply::End(end) = reply else { return };
    if app.console().options().json {
        return app.printer.reply("run", None, Some(reply));
    }
    match end.reason {
        EndKind::Exited => {}
        EndKind::Returned if end.function.is_none() => {}
        EndKind::Returned => app.printer.reply("run", None, Some(reply)),
        EndKind::Trapped if seen.is_some() => {}
        EndKind::Failed if seen.is_some() && seen == end.message.as_deref() => {}
        EndKind::Trapped | EndKind::Failed | EndKind::Killed => app.printer.report("run", reply),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use clap::Parser;
    use freezeframe_session::{Check, NotNative};

    use super::*;

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        run: RunArgs,
    }

    const CHECKS: [Check; 7] = [
        Check::Image,
        Check::TrapTable,
        Check::FunctionReference,
        Check::Hook,
        Check::Backtrace,
        Check::Error,
        Check::Registers,
    ];
    /// Tells a test that it runs in a process of its own, and with which of the checks failing.
    const FAILING: &str = "FREEZEFRAME_TEST_FAILING_CHECK";

    /// Whichever check fails: one line names it, and the guest runs in detail. (That each check fails when what it checks is
    /// broken is tested beside the checks.)
    #[test]
    fn a_failed_check_is_named_and_the_guest_runs_in_detail() {
        let guest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../guests/built/trap.O2.dwarf5.wasm");
        if let Some(check) = std::env::var(FAILING).ok().and_then(|n| CHECKS.get(n.parse::<usize>().ok()?).copied()) {
            let words = Words::try_parse_from(["run", "--on-trap", "report", guest, "divide"]).unwrap();
            let failing =
                |_: &wasmtime::Engine| Err(NotNative::SelfTest { check, why: "broken on purpose".to_owned() });
            std::process::exit(run_opened(words.run, |path| Program::open_native(path, failing)));
        }
        for (n, check) in CHECKS.into_iter().enumerate() {
            let output = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "run::tests::a_failed_check_is_named_and_the_guest_runs_in_detail", "--nocapture"])
                .env(FAILING, n.to_string())
                .env("NO_COLOR", "1")
                .output()
                .unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            let line = format!(
                "note: traps can't be caught at native speed: the self-test of {check} failed (broken on purpose); running it \
                 in detail instead, at about a third of the speed\n"
            );
            assert_eq!(said.matches("note: ").count(), 1, "{said}");
            assert!(said.contains(&line), "{said}");
            // In detail the arguments of optimised functions are known.
            assert!(
                said.contains("trap: integer divide by zero\n") && said.contains("main (argc=2, argv=0x"),
                "{said}"
            );
            assert_eq!(output.status.code(), Some(134), "{said}");
        }
    }
}
