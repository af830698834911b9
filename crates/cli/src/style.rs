//! Colours, or none.

use nu_ansi_term::Color;

/// Paints words by what they are, or leaves them as they are.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    on: bool,
}

impl Style {
    /// With colours or without.
    pub fn new(on: bool) -> Self {
        Self { on }
    }

    /// Whether there are colours.
    pub fn on(self) -> bool {
        self.on
    }

    fn paint(self, style: nu_ansi_term::Style, text: &str) -> String {
        if self.on && !text.is_empty() { style.paint(text).to_string() } else { text.to_owned() }
    }

    /// What matters less.
    pub fn dim(self, text: &str) -> String {
        self.paint(nu_ansi_term::Style::new().dimmed(), text)
    }

    /// What matters more.
    pub fn strong(self, text: &str) -> String {
        self.paint(nu_ansi_term::Style::new().bold(), text)
    }

    /// A function's name.
    pub fn function(self, text: &str) -> String {
        self.paint(Color::Yellow.normal(), text)
    }

    /// A file's name.
    pub fn file(self, text: &str) -> String {
        self.paint(Color::Green.normal(), text)
    }

    /// An address.
    pub fn address(self, text: &str) -> String {
        self.paint(Color::Blue.normal(), text)
    }

    /// A variable's name.
    pub fn variable(self, text: &str) -> String {
        self.paint(Color::Cyan.normal(), text)
    }

    /// A value that isn't what it was.
    pub fn changed(self, text: &str) -> String {
        self.paint(Color::LightYellow.bold(), text)
    }

    /// The mark of the current line.
    pub fn marker(self, text: &str) -> String {
        self.paint(Color::LightGreen.bold(), text)
    }

    /// Something went wrong.
    pub fn bad(self, text: &str) -> String {
        self.paint(Color::LightRed.bold(), text)
    }

    /// In source: a word of the language.
    pub fn keyword(self, text: &str) -> String {
        self.paint(Color::Purple.normal(), text)
    }

    /// In source: a text or character.
    pub fn literal(self, text: &str) -> String {
        self.paint(Color::Green.normal(), text)
    }

    /// In source: a number.
    pub fn number(self, text: &str) -> String {
        self.paint(Color::Cyan.normal(), text)
    }
}
