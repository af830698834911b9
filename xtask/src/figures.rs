//! The tables of `docs/PERFORMANCE.md`, made anew from the benchmarks.
//!
//! A table lies between `<!-- figures: NAME -->` and `<!-- /figures -->`; what is around them is written by people.
//! Invariant: a benchmark that wasn't run leaves its tables as they are, and its rows among the goals.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use crate::error::Error;

const DOCUMENT: &str = "docs/PERFORMANCE.md";
const BENCHES: [&str; 5] = ["events", "stepping", "values", "symbols", "native"];
const EDITOR: &str = "editor";
/// The table that all benchmarks add to.
const GOALS: &str = "goals";
const MACHINE: &str = "machine";
const BEGIN: &str = "<!-- figures: ";
const END: &str = "<!-- /figures -->";

/// A table: its columns and rows.
#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Runs benchmarks (all, or the ones named) and writes what they print into the document; `quick` runs each once, small, and
/// writes nothing.
pub fn write(root: &Path, names: &[&str], quick: bool) -> Result<String, Error> {
    let known = || BENCHES.into_iter().chain([EDITOR]);
    if let Some(unknown) = names.iter().find(|name| !known().any(|known| known == **name)) {
        let all: Vec<&str> = known().collect();
        return Err(Error::Figures {
            problem: format!("there is no benchmark {unknown}; there are {}", all.join(", ")),
        });
    }
    let wanted = |name: &str| names.is_empty() || names.contains(&name);
    let file = root.join("target/figures.tsv");
    match fs::remove_file(&file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Error::io(&file)(error)),
        _ => {}
    }
    for bench in BENCHES.into_iter().filter(|bench| wanted(bench)) {
        let mut arguments = vec!["bench", "--workspace", "--bench", bench];
        if quick {
            arguments.extend(["--", "--test"]);
        }
        run(root, "cargo", &arguments, &file)?;
    }
    if wanted(EDITOR) {
        run(root, "cargo", &["build", "--release"], &file)?;
        let mut arguments = vec!["editors/measure.mjs"];
        if quick {
            arguments.push("--quick");
        }
        run(root, "node", &arguments, &file)?;
    }
    let text = fs::read_to_string(&file).map_err(Error::io(&file))?;
    let mut tables = parse(&text);
    if quick {
        let all: Vec<String> = tables.iter().map(|(name, table)| format!("{name}\n{}", markdown(table))).collect();
        return Ok(all.join("\n"));
    }
    let machine = Table { columns: vec!["machine".to_owned(), machine(root)], rows: Vec::new() };
    tables.insert(MACHINE.to_owned(), machine);
    let path = root.join(DOCUMENT);
    let document = fs::read_to_string(&path).map_err(Error::io(&path))?;
    let document = replaced(&document, &tables).map_err(|problem| Error::Figures { problem })?;
    fs::write(&path, document).map_err(Error::io(&path))?;
    Ok(format!("{} tables written to {DOCUMENT}", tables.len()))
}

/// Runs a program that adds to the file of figures; people see what it prints.
fn run(root: &Path, program: &str, arguments: &[&str], figures: &Path) -> Result<(), Error> {
    let mut command = Command::new(program);
    command.current_dir(root).args(arguments).env("FREEZEFRAME_FIGURES", figures);
    let status = command.status().map_err(Error::io(Path::new(program)))?;
    let failed =
        || Error::Command { command: format!("{program} {}", arguments.join(" ")), output: status.to_string() };
    status.success().then_some(()).ok_or_else(failed)
}

/// What was measured on, and when.
fn machine(root: &Path) -> String {
    let says = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let processor = processor.map_or("an unknown processor", |(_, name)| name);
    let lock = fs::read_to_string(root.join("Cargo.lock")).unwrap_or_default();
    let wasmtime = lock.split_once("name = \"wasmtime\"\nversion = \"").and_then(|(_, rest)| rest.split('"').next());
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    [
        format!("{cores} cores of {processor}"),
        says("uname", &["-srm"]).unwrap_or_default(),
        says("rustc", &["--version"]).unwrap_or_default(),
        format!("Wasmtime {}", wasmtime.unwrap_or("?")),
        says("date", &["+%Y-%m-%d"]).unwrap_or_default(),
    ]
    .join(", ")
}

/// The tables that benchmarks wrote; of a row that comes twice the last one counts.
fn parse(text: &str) -> BTreeMap<String, Table> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    for line in text.lines() {
        let mut fields = line.split('\t').map(str::to_owned);
        let (Some(kind), Some(name)) = (fields.next(), fields.next()) else { continue };
        let table = tables.entry(name).or_default();
        let cells: Vec<String> = fields.collect();
        match kind.as_str() {
            "columns" => table.columns = cells,
            _ => put(&mut table.rows, cells),
        }
    }
    tables
}

/// Adds a row, in place of one that begins with the same cell.
fn put(rows: &mut Vec<Vec<String>>, row: Vec<String>) {
    match rows.iter_mut().find(|other| other.first() == row.first()) {
        Some(other) => *other = row,
        None => rows.push(row),
    }
}

fn markdown(table: &Table) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule = "|---".repeat(table.columns.len()) + "|\n";
    let rows: String = table.rows.iter().map(|row| line(row)).collect();
    line(&table.columns) + &rule + &rows
}

/// The rows of a table that is in the document already.
fn rows_of(markdown: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| {
        let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
        inner.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    markdown.lines().filter(|line| line.starts_with('|')).skip(2).map(cells).collect()
}

/// The document with these tables; one that has no place in it is a problem.
fn replaced(document: &str, tables: &BTreeMap<String, Table>) -> Result<String, String> {
    let mut done = String::new();
    let mut rest = document;
    let mut placed = Vec::new();
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let marker =
            || format!("a marker of {DOCUMENT} isn't whole: {BEGIN}{}", after.lines().next().unwrap_or_default());
        let (name, after) = after.split_once(" -->\n").ok_or_else(marker)?;
        let (old, after) = after.split_once(END).ok_or_else(marker)?;
        done.push_str(&format!("{before}{BEGIN}{name} -->\n"));
        match tables.get(name) {
            Some(table) if name == GOALS => {
                let mut rows = rows_of(old);
                table.rows.iter().for_each(|row| put(&mut rows, row.clone()));
                done.push_str(&markdown(&Table { columns: table.columns.clone(), rows }));
            }
            Some(table) => done.push_str(&markdown(table)),
            None => done.push_str(old),
        }
        done.push_str(END);
        placed.push(name);
        rest = after;
    }
    done.push_str(rest);
    match tables.keys().find(|name| !placed.contains(&name.as_str())) {
        Some(name) => {
            Err(format!("{DOCUMENT} has no place for the table {name}: write `{BEGIN}{name} -->` and `{END}`"))
        }
        None => Ok(done),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "# A\n<!-- figures: goals -->\n| what | goal |\n|---|---|\n| old | 1 |\n| both | 2 |\n\
                            <!-- /figures -->\nprose\n<!-- figures: events -->\n<!-- /figures -->\nend\n";

    #[test]
    fn tables_are_written_between_their_markers() {
        let tables = parse("columns\tevents\tcase\tns\nrow\tevents\ta\t1\nrow\tevents\tb\t2\nrow\tevents\ta\t3\n");
        let document = replaced(DOCUMENT, &tables).unwrap();
        assert!(document.starts_with("# A\n<!-- figures: goals -->\n| what | goal |\n|---|---|\n| old | 1 |"));
        let (_, after) = document.split_once("prose\n").unwrap();
        let expected =
            "<!-- figures: events -->\n| case | ns |\n|---|---|\n| a | 3 |\n| b | 2 |\n<!-- /figures -->\nend\n";
        assert_eq!(after, expected);
        assert_eq!(replaced(&document, &tables).unwrap(), document, "a second time changes nothing");
    }

    #[test]
    fn goals_of_other_benchmarks_stay() {
        let tables = parse("columns\tgoals\twhat\tgoal\nrow\tgoals\tboth\t5\nrow\tgoals\tnew\t6\n");
        let document = replaced(DOCUMENT, &tables).unwrap();
        assert!(document.contains("| old | 1 |\n| both | 5 |\n| new | 6 |\n<!-- /figures -->"));
    }

    #[test]
    fn what_has_no_place_is_said() {
        let tables = parse("columns\tother\ta\nrow\tother\tb\n");
        assert!(replaced(DOCUMENT, &tables).unwrap_err().contains("other"));
        assert!(replaced("<!-- figures: goals -->\n", &parse("")).unwrap_err().contains("isn't whole"));
    }
}
