//! Answers, as text or as JSON.

use std::io::{self, BufRead as _, IsTerminal as _};

use freezeframe_engine::LogLine;

use crate::{
    console::Console,
    json::{CommandLine, Event, Reply},
    render::Renderer,
    style::Style,
};

/// Writes answers to the console in the form that was asked for. Clones write to the same console.
#[derive(Clone)]
pub struct Printer {
    console: Console,
    renderer: Renderer,
}

impl Printer {
    /// For a console.
    pub fn new(console: Console) -> Self {
        let options = console.options();
        let rich = options.interactive && console.on_terminal() && !options.json;
        let echo = console.on_terminal() && io::stdin().is_terminal();
        let renderer = Renderer { style: Style::new(options.color), rich, echo };
        Self { console, renderer }
    }

    /// The console.
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// Whether a person looks at it on a terminal and gets more than the bare answers.
    pub fn rich(&self) -> bool {
        self.renderer.rich
    }

    /// The colours in use.
    pub fn style(&self) -> Style {
        self.renderer.style
    }

    fn json(&self) -> bool {
        self.console.options().json
    }

    /// A command's answer. `by_breakpoint`: whose list the command is in.
    pub fn reply(&self, command: &str, by_breakpoint: Option<u32>, reply: Option<&Reply>) {
        if self.json() {
            self.console.json(&CommandLine { command: Some(command), by_breakpoint, ok: true, reply, error: None });
        } else if let Some(reply) = reply {
            let text = self.renderer.reply(reply);
            if !text.is_empty() {
                self.console.text(&ended(text));
            }
        }
    }

    /// A part of a report: as [`reply`](Self::reply), but what people read goes to standard error.
    pub fn report(&self, command: &str, reply: &Reply) {
        if self.json() {
            return self.reply(command, None, Some(reply));
        }
        let text = self.renderer.reply(reply);
        if !text.is_empty() {
            self.console.message(&ended(text));
        }
    }

    /// A failure; of a command if there is one.
    pub fn error(&self, command: Option<&str>, message: &str) {
        self.error_of(command, None, message);
    }

    /// A failure of a command in a breakpoint's list.
    pub fn error_of(&self, command: Option<&str>, by_breakpoint: Option<u32>, message: &str) {
        if self.json() {
            let error = Some(message.to_owned());
            self.console.json(&CommandLine { command, by_breakpoint, ok: false, reply: None, error });
        } else {
            self.console.message(&ended(format!("{} {message}", self.renderer.style.bad("error:"))));
        }
    }

    /// What a log point says.
    pub fn log(&self, line: &LogLine) {
        if self.json() {
            self.console.json(&Event::Log { breakpoint: line.breakpoint.0, text: line.text.clone() });
        } else {
            self.console.text(&ended(line.text.clone()));
        }
    }

    /// Something worth knowing.
    pub fn note(&self, text: &str) {
        if self.json() {
            self.console.json(&Event::Note { text: text.to_owned() });
        } else {
            self.console.message(&ended(format!("{} {text}", self.renderer.style.strong("note:"))));
        }
    }

    /// The same, behind the `^C` that a terminal shows.
    pub fn note_after_interrupt(&self, text: &str) {
        if self.renderer.echo && !self.json() {
            self.console.text("\n");
        }
        self.note(text);
    }

    /// The guest is over: an event in JSON. In text the answer of the command that ran it says so.
    pub fn exited(&self, code: Option<i32>) {
        if self.json() {
            self.console.json(&Event::Exited { code });
        }
    }

    /// Asks a person at a terminal; nobody there: yes.
    pub fn confirm(&self, question: &str) -> bool {
        if !self.rich() {
            return true;
        }
        loop {
            self.console.text(&format!("{question} (y or n) "));
            let mut answer = String::new();
            match io::stdin().lock().read_line(&mut answer) {
                Ok(0) | Err(_) => return false,
                Ok(_) => {}
            }
            match answer.trim().to_lowercase().as_str() {
                "y" | "yes" => return true,
                "n" | "no" => return false,
                _ => self.console.text("Please answer y or n.\n"),
            }
        }
    }
}

fn ended(mut text: String) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
