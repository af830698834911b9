//! `freezeframe debug`: scripts first, then whoever gives commands: a person at a terminal, or lines of standard input.

use std::{
    borrow::Cow,
    io::{self, BufRead as _, IsTerminal as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use freezeframe_host::{HostError, Program};
use nu_ansi_term::{Color, Style};
use reedline::{
    ColumnarMenu, DefaultHinter, EditCommand, Emacs, FileBackedHistory, KeyCode, KeyModifiers, MenuBuilder as _,
    Prompt, PromptEditMode, PromptHistorySearch, Reedline, ReedlineEvent, ReedlineMenu, Signal,
    default_emacs_keybindings,
};

use crate::{
    app::App,
    args::{DebugOptions, GuestArgs, Script},
    complete::{self, CommandCompleter, SharedNames},
    console::{Console, ConsoleOptions},
    error::CliError,
    launch::Launch as _,
    open::{Guest, Stdin},
    output::Printer,
    signals::Signals,
    source::Sources,
    views::FAILED,
};

/// How many commands the history keeps.
const HISTORY: usize = 5000;

/// Runs a debugging session and gives the exit code.
pub fn debug(options: Box<DebugOptions>) -> i32 {
    let args = &options.args;
    let interactive = !args.batch && io::stdin().is_terminal();
    let color = !args.guest.json && args.guest.color.decide();
    let console = Console::new(ConsoleOptions { json: args.guest.json, color, interactive, gutter: true });
    let printer = Printer::new(console.clone());
    let signals = Signals::install();
    // With commands from elsewhere nobody else reads what we are given.
    let stdin = if args.batch { Stdin::Inherit } else { Stdin::Empty };
    let mut app = match open(&args.guest, Program::open, stdin, printer, signals) {
        Ok(app) => app,
        Err(error) => {
            Printer::new(console).error(None, &error.to_string());
            return FAILED;
        }
    };
    run(&mut app, &options.scripts, interactive, args.batch);
    let code = app.exit_code();
    if let Some(id) = app.guest {
        app.debugger.forget(id);
    }
    app.console().fresh_line();
    code
}

/// Opens a guest by `program` and attaches to it.
///
/// # Errors
/// Whatever is wrong with the guest, or with what was given beside it.
pub fn open(
    args: &GuestArgs,
    program: impl FnOnce(&Path) -> Result<Program, HostError>,
    stdin: Stdin,
    printer: Printer,
    signals: Arc<Signals>,
) -> Result<App, CliError> {
    let launcher = Box::new(Guest::open(args, program, stdin, printer.console())?);
    let sources = Sources::new(launcher.path(), args.source_dirs.clone(), args.remaps.clone());
    let mut app = App::new(launcher, sources, printer, signals)?;
    for file in &args.formatters {
        app.debugger.add_formatters(crate::formatters::read(file)?);
    }
    Ok(app)
}

fn run(app: &mut App, scripts: &[Script], interactive: bool, batch: bool) {
    for script in scripts {
        if app.quit {
            return;
        }
        app.script(script);
    }
    if app.quit || batch {
        return app.no_more_lines(None);
    }
    commands(app, interactive);
}

/// Commands from standard input, without a prompt.
fn read_lines(app: &mut App, by_hand: bool) {
    let mut line = String::new();
    while !app.quit {
        line.clear();
        match io::stdin().lock().read_line(&mut line) {
            Ok(0) => return app.no_more_lines(None),
            Ok(_) => app.execute(&line, by_hand),
            Err(error) => {
                let why = error.to_string();
                let error = CliError::File { path: "standard input".to_owned(), why };
                app.failed = true;
                return app.printer.error(None, &error.to_string());
            }
        }
    }
}

/// Commands from a person at a terminal, or lines of standard input.
pub fn commands(app: &mut App, interactive: bool) {
    if interactive && io::stdout().is_terminal() {
        ask(app);
    } else {
        read_lines(app, interactive);
    }
}

/// Commands from a person at a terminal.
fn ask(app: &mut App) {
    app.signals.asking();
    let names = SharedNames::default();
    let mut editor = editor(app, &names);
    app.console().text(&greeting(app));
    let mut prompt = CommandPrompt { list: false, style: app.printer.style().on() };
    while !app.quit {
        complete::gather(app, &names);
        app.console().fresh_line();
        prompt.list = app.hooks.is_open();
        match editor.read_line(&prompt) {
            Ok(Signal::Success(line)) => app.execute(&line, true),
            // The line is cleared, and the list that it was for; the debugger stays.
            Ok(Signal::CtrlC) => _ = app.hooks.abandon(),
            Ok(Signal::CtrlD | Signal::ExternalBreak(_)) => app.quit = true,
            Ok(_) => {}
            Err(error) => {
                app.printer.error(None, &format!("the line editor failed: {error}"));
                return read_lines(app, true);
            }
        }
        if app.signals.terminated() {
            app.quit = true;
        }
    }
}

fn greeting(app: &App) -> String {
    let kind = if app.launcher.is_component() { "component" } else { "module" };
    let name = app.launcher.path().display();
    if app.started {
        return String::new();
    }
    format!(
        "freezeframe {}: {kind} {name}\n`start` runs it to its main, `help` lists the commands.\n",
        env!("CARGO_PKG_VERSION")
    )
}

fn editor(app: &App, names: &SharedNames) -> Reedline {
    let mut keys = default_emacs_keybindings();
    let next = ReedlineEvent::UntilFound(vec![ReedlineEvent::Menu("completion".to_owned()), ReedlineEvent::MenuNext]);
    keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, next);
    keys.add_binding(KeyModifiers::SHIFT, KeyCode::BackTab, ReedlineEvent::MenuPrevious);
    keys.add_binding(KeyModifiers::CONTROL, KeyCode::Char('u'), ReedlineEvent::Edit(vec![EditCommand::CutFromStart]));
    let menu = ColumnarMenu::default().with_name("completion").with_marker("").with_columns(4).with_column_padding(2);
    let mut editor = Reedline::create()
        .with_completer(Box::new(CommandCompleter(Arc::clone(names))))
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
        .with_partial_completions(true)
        .with_quick_completions(true)
        .with_edit_mode(Box::new(Emacs::new(keys)))
        .with_break_signal(app.signals.break_prompt())
        .with_ansi_colors(app.printer.style().on());
    if app.printer.style().on() {
        let hinter = DefaultHinter::default().with_style(Style::new().fg(Color::DarkGray));
        editor = editor.with_hinter(Box::new(hinter));
    }
    // Without a history file there's one for this session.
    if let Some(history) = history_file().and_then(|file| FileBackedHistory::with_file(HISTORY, file).ok()) {
        editor = editor.with_history(Box::new(history));
    }
    editor
}

fn history_file() -> Option<PathBuf> {
    let folder = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = folder("XDG_DATA_HOME")
        .or_else(|| folder("LOCALAPPDATA"))
        .or_else(|| folder("HOME").map(|home| home.join(".local/share")))?;
    Some(data.join("freezeframe").join("history"))
}

struct CommandPrompt {
    /// A list of commands is being written.
    list: bool,
    style: bool,
}

impl Prompt for CommandPrompt {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        if self.list {
            return "> ".into();
        }
        let text = "(freezeframe) ";
        if self.style { Color::LightBlue.bold().paint(text).to_string().into() } else { text.into() }
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        "> ".into()
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        format!("(search: {}) ", search.term).into()
    }
}
