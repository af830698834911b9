//! What the benchmarks in `benches/` share: how figures are told to people and to `cargo xtask figures`.
//!
//! Invariant: both are told the same. The machine's lines go to the file that `FREEZEFRAME_FIGURES` names, and are
//! `columns` or `row`, the table's name and its cells, with tabs between.

use std::{
    env,
    fs::File,
    io::{self, Write as _},
};

/// The table of what was aimed at: all benchmarks add to it.
const GOALS: &str = "goals";

/// Takes figures.
#[derive(Debug)]
pub struct Figures(Option<File>);

impl Figures {
    /// For the file that the environment names, if it names one.
    ///
    /// # Errors
    /// A file that can't be written to.
    pub fn new() -> io::Result<Self> {
        let path = env::var_os("FREEZEFRAME_FIGURES").filter(|path| !path.is_empty());
        path.map(|path| File::options().create(true).append(true).open(path)).transpose().map(Self)
    }

    /// Begins a table.
    ///
    /// # Errors
    /// A file that can't be written to.
    pub fn table(&mut self, name: &str, columns: &[&str]) -> io::Result<()> {
        self.line("columns", name, columns)
    }

    /// A row of a table.
    ///
    /// # Errors
    /// A file that can't be written to.
    pub fn row(&mut self, name: &str, cells: &[&str]) -> io::Result<()> {
        self.line("row", name, cells)
    }

    /// Prints what was aimed at and what was reached.
    ///
    /// # Errors
    /// A file that can't be written to.
    pub fn goal(&mut self, what: &str, goal: &str, reached: &str) -> io::Result<()> {
        println!("{what}: {reached} (goal {goal})");
        self.table(GOALS, &["what", "goal", "this run"])?;
        self.row(GOALS, &[what, goal, reached])
    }

    fn line(&mut self, kind: &str, table: &str, cells: &[&str]) -> io::Result<()> {
        let Some(file) = &mut self.0 else { return Ok(()) };
        // One write: other processes add to the file, too.
        file.write_all(format!("{kind}\t{table}\t{}\n", cells.join("\t")).as_bytes())
    }
}
