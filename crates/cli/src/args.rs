//! The command line.

use std::{io::IsTerminal as _, path::PathBuf};

use clap::{ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use crate::launch::MappedFolder;

const EXIT_CODES: &str = "\
Exit codes:
  the guest's own    when it finished
  134                after a trap
  1                  for an error: a file that can't be opened, a guest that can't be started,
                     a command that failed while the guest didn't finish
  2                  for wrong usage
  130, 143           when interrupted, or asked to end, by a signal
  141                when nobody reads the output any more";

#[derive(Debug, Parser)]
#[command(name = "freezeframe", version, about = "A debugger for WebAssembly", after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Subcommands,
}

#[derive(Debug, Subcommand)]
enum Subcommands {
    /// Run a guest under the debugger.
    #[command(after_help = EXIT_CODES)]
    Debug(Box<DebugArgs>),
    /// Run a guest at full speed; when it traps, show its stack with arguments and locals.
    #[command(after_help = EXIT_CODES)]
    Run(Box<RunArgs>),
    /// Say what a guest is made of: modules, functions, sources.
    Info(InfoArgs),
    /// Serve an editor: the Debug Adapter Protocol over standard input and output, or TCP.
    Dap(DapArgs),
    /// Run by an editor in the terminal of a guest: joins it with the guest.
    #[command(hide = true)]
    DapTerminal {
        /// Where the adapter waits for it.
        address: String,
    },
}

/// The arguments of `freezeframe dap`.
#[derive(Debug, Args)]
pub struct DapArgs {
    /// Listen for editors at this address (a port of this machine, such as 127.0.0.1:4711; port 0: a free one, which is
    /// printed) instead of using standard input and output
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
}

/// What to do, from the command line.
#[derive(Debug)]
pub enum Command {
    /// `freezeframe debug`
    Debug(Box<DebugOptions>),
    /// `freezeframe run`
    Run(Box<RunArgs>),
    /// `freezeframe info`
    Info(InfoArgs),
    /// `freezeframe dap`
    Dap(DapArgs),
    /// `freezeframe dap-terminal`, with the adapter's address.
    DapTerminal(String),
}

/// What to do when a guest traps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnTrap {
    /// Write a report on standard error: the trap, where, the stack with arguments and locals
    Report,
    /// Open the debugger where the guest stands
    Debug,
}

/// The arguments of `freezeframe run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The guest and what it gets.
    #[command(flatten)]
    pub guest: GuestArgs,
    /// What to do when it traps (default: `debug` on a terminal, else `report`)
    #[arg(long, value_enum, value_name = "WHAT")]
    pub on_trap: Option<OnTrap>,
    /// Run it under guest debugging: a third of the speed, but Wasm locals too, and all variables of optimised code
    #[arg(long)]
    pub detailed: bool,
}

impl RunArgs {
    /// What to do when it traps.
    pub fn on_trap(&self) -> OnTrap {
        let terminal = !self.guest.json && std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        self.on_trap.unwrap_or(if terminal { OnTrap::Debug } else { OnTrap::Report })
    }
}

/// The options of `freezeframe debug`.
#[derive(Debug)]
pub struct DebugOptions {
    /// As written.
    pub args: DebugArgs,
    /// What `-e` and `-x` say, in the order on the command line.
    pub scripts: Vec<Script>,
}

/// Where commands come from before anybody is asked for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Script {
    /// One command.
    Line(String),
    /// A file of them.
    File(PathBuf),
}

/// What both ways of running a guest are told: which, what it gets, and where what is known about it lies.
#[derive(Debug, Args)]
pub struct GuestArgs {
    /// The WebAssembly module or component (.wasm or .wat)
    #[arg(value_name = "GUEST")]
    pub guest: PathBuf,
    /// Arguments for the guest, or for the function of --invoke; put `--` before those that begin with `-`
    #[arg(value_name = "ARGS")]
    pub guest_args: Vec<String>,
    /// Write one JSON object for each command and event, one a line, on standard output
    #[arg(long)]
    pub json: bool,
    /// Let the guest use a folder, under its own name or the one after `::`
    #[arg(long = "dir", value_name = "HOST[::GUEST]", value_parser = folder)]
    pub dirs: Vec<MappedFolder>,
    /// Set a variable of the guest's environment, which is empty otherwise
    #[arg(long = "env", value_name = "KEY=VALUE", value_parser = variable)]
    pub env: Vec<(String, String)>,
    /// Start a guest although it imports what isn't provided: such a function traps when it's called
    #[arg(long)]
    pub trap_unknown_imports: bool,
    /// Call this exported function with ARGS, instead of running the guest as a command
    #[arg(long, value_name = "FUNC")]
    pub invoke: Option<String>,
    /// A file for the guest to read as its standard input (default: ours with `run` and with --batch, else nothing)
    #[arg(long, value_name = "FILE")]
    pub stdin: Option<PathBuf>,
    /// Look for source files in this folder too (can be repeated)
    #[arg(long = "source-dir", value_name = "DIR")]
    pub source_dirs: Vec<PathBuf>,
    /// Show values of some types as a file says (can be repeated; docs/values.md)
    #[arg(long, value_name = "FILE")]
    pub formatters: Vec<PathBuf>,
    /// Take a source path that begins with FROM for one that begins with TO (can be repeated)
    #[arg(long = "remap", value_name = "FROM=TO", value_parser = remap)]
    pub remaps: Vec<(String, String)>,
    /// A file with debug information for the guest (a module, .dwo, .dwp or source map), or a folder to look for such files
    /// in (can be repeated)
    #[arg(long = "symbols", value_name = "PATH")]
    pub symbols: Vec<PathBuf>,
    /// When to use colours
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub color: ColorChoice,
}

/// The arguments of `freezeframe debug`.
#[derive(Debug, Args)]
pub struct DebugArgs {
    /// The guest and what it gets.
    #[command(flatten)]
    pub guest: GuestArgs,
    /// Never ask for commands: run those of -e and -x, kill the guest if it hasn't finished, and quit
    #[arg(long)]
    pub batch: bool,
    /// Run a debugger command first (can be repeated; one that fails is reported and the next one runs)
    #[arg(short = 'e', long = "eval", value_name = "CMD")]
    eval: Vec<String>,
    /// Run the debugger commands of a file first (can be repeated; `#` begins a comment)
    #[arg(short = 'x', long = "command", value_name = "FILE")]
    command: Vec<PathBuf>,
}

/// The arguments of `freezeframe info`.
#[derive(Debug, Args)]
pub struct InfoArgs {
    /// The WebAssembly module or component to look at (.wasm or .wat)
    #[arg(value_name = "GUEST")]
    pub guest: PathBuf,
    /// A file with debug information for the guest, or a folder to look for such files in (can be repeated)
    #[arg(long = "symbols", value_name = "PATH")]
    pub symbols: Vec<PathBuf>,
    /// Write one JSON object
    #[arg(long)]
    pub json: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl ColorChoice {
    /// Whether standard output gets colours.
    pub fn decide(self) -> bool {
        let set = |name| std::env::var_os(name).is_some_and(|value: std::ffi::OsString| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                std::io::stdout().is_terminal() && !set("NO_COLOR") && !dumb
            }
        }
    }
}

/// Reads the command line; wrong usage ends the process with code 2.
pub fn parse() -> Command {
    let matches = Cli::command().get_matches();
    match Cli::from_arg_matches(&matches).map(|cli| cli.command) {
        Ok(Subcommands::Run(args)) => Command::Run(args),
        Ok(Subcommands::Info(args)) => Command::Info(args),
        Ok(Subcommands::Dap(args)) => Command::Dap(args),
        Ok(Subcommands::DapTerminal { address }) => Command::DapTerminal(address),
        Ok(Subcommands::Debug(args)) => {
            let scripts = matches.subcommand().map(|(_, debug)| scripts(&args, debug)).unwrap_or_default();
            Command::Debug(Box::new(DebugOptions { args: *args, scripts }))
        }
        Err(error) => error.exit(),
    }
}

/// `-e` and `-x` in the order in which they were written.
fn scripts(args: &DebugArgs, matches: &ArgMatches) -> Vec<Script> {
    let places = |id: &str| matches.indices_of(id).into_iter().flatten();
    let lines = places("eval").zip(args.eval.iter().cloned().map(Script::Line));
    let files = places("command").zip(args.command.iter().cloned().map(Script::File));
    let mut all: Vec<(usize, Script)> = lines.chain(files).collect();
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, script)| script).collect()
}

fn folder(text: &str) -> Result<MappedFolder, String> {
    let (host, guest) = text.split_once("::").unwrap_or((text, text));
    if host.is_empty() || guest.is_empty() {
        return Err("expected HOST or HOST::GUEST".to_owned());
    }
    Ok(MappedFolder { host: host.into(), guest: guest.to_owned() })
}

fn remap(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((from, to)) if !from.is_empty() => Ok((from.to_owned(), to.to_owned())),
        _ => Err("expected FROM=TO".to_owned()),
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn scripts_keep_their_order() {
        let words = ["freezeframe", "debug", "-e", "a", "-x", "f", "-e", "b", "g.wasm", "1", "--", "-2"];
        let matches = Cli::command().get_matches_from(words);
        let Ok(Subcommands::Debug(args)) = Cli::from_arg_matches(&matches).map(|c| c.command) else {
            panic!("not debug")
        };
        let (_, debug) = matches.subcommand().unwrap();
        let line = |l: &str| Script::Line(l.into());
        assert_eq!(scripts(&args, debug), [line("a"), Script::File("f".into()), line("b")]);
        assert_eq!(args.guest.guest_args, ["1", "-2"]);
    }

    #[test]
    fn folders_and_variables() {
        assert_eq!(folder("a::/b").unwrap(), MappedFolder { host: "a".into(), guest: "/b".into() });
        assert_eq!(folder("a").unwrap(), MappedFolder { host: "a".into(), guest: "a".into() });
        assert!(folder("::b").is_err() && folder("").is_err());
        assert_eq!(variable("K=a=b").unwrap(), ("K".into(), "a=b".into()));
        assert!(variable("K").is_err() && variable("=v").is_err());
        assert_eq!(remap("/build=").unwrap(), ("/build".into(), String::new()));
        assert!(remap("=x").is_err() && remap("x").is_err());
    }
}
