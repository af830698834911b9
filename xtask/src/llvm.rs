//! Asks llvm-dwarfdump and llvm-symbolizer and reads their answers.

use crate::error::Error;
use crate::tools::{DWARFDUMP, SYMBOLIZER, Tool};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// `llvm-dwarfdump --lookup`: the DIEs around a PC and its row of the line program.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Lookup {
    /// `DW_AT_name` of the compilation unit.
    pub unit: Option<String>,
    pub function: Function,
    /// File as the line program spells it, line, column.
    pub line: Option<(String, u32, u32)>,
}

/// The innermost subprogram or inlined subroutine around the PC, as printed.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// `subprogram` or `inlined_subroutine`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// `DW_AT_name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `DW_AT_linkage_name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linkage: Option<String>,
    /// What is printed beside `DW_AT_abstract_origin` or `DW_AT_specification`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Half-open PC ranges.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<(u32, u32)>,
    /// Those of the innermost `DW_TAG_lexical_block`, if the PC is in one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub block: Vec<(u32, u32)>,
}

/// `llvm-symbolizer`: one of the frames at a PC, the innermost inlined one first.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    /// `DW_AT_name`, through the abstract origin where there is one.
    pub function: String,
    /// With the unit's folder before it.
    pub file: String,
    pub line: u32,
    pub column: u32,
}

/// `llvm-dwarfdump --statistics`: of the bytes of the scopes of all variables, those that locations cover, and all. `None`
/// when there are no such variables.
///
/// # Errors
/// [`Error::MissingTool`], [`Error::Command`].
pub fn statistics(module: &Path) -> Result<Option<(u64, u64)>, Error> {
    let mut command = Command::new(DWARFDUMP.program);
    command.arg("--statistics").arg(module);
    let answer = run(&DWARFDUMP, command)?;
    let json: serde_json::Value = serde_json::from_str(&answer).unwrap_or_default();
    let number = |key: &str| json.get(key).and_then(serde_json::Value::as_u64);
    let covered = number("sum_all_variables(#bytes in parent scope covered by DW_AT_location)");
    let all = number("sum_all_variables(#bytes in parent scope)");
    Ok(covered.zip(all).filter(|(_, all)| *all > 0))
}

/// # Errors
/// [`Error::MissingTool`], [`Error::Command`], [`Error::Answer`].
pub fn lookup(module: &Path, pc: u32) -> Result<Lookup, Error> {
    let mut command = Command::new(DWARFDUMP.program);
    command.arg(format!("--lookup={pc:#x}")).arg(module);
    read_lookup(&run(&DWARFDUMP, command)?)
}

/// The frames at each of `pcs`, in the same order; none where the symbolizer knows nothing.
///
/// # Errors
/// [`Error::MissingTool`], [`Error::Command`], [`Error::Answer`].
pub fn symbolize(module: &Path, pcs: &[u32]) -> Result<Vec<Vec<Frame>>, Error> {
    // A file, not a pipe: nobody has to feed it while the answers are read.
    let questions = module.with_extension("pcs");
    let text: String = pcs.iter().map(|pc| format!("{pc:#x}\n")).collect();
    fs::write(&questions, text).map_err(Error::io(&questions))?;
    let mut command = Command::new(SYMBOLIZER.program);
    // `short` takes names from the DWARF. With the default it prefers the symbol table, whose addresses are counted
    // from elsewhere in a linked Wasm file, and names the wrong functions.
    command.args(["--functions=short", "--no-demangle", "--output-style=JSON"]).arg("--obj").arg(module);
    command.stdin(fs::File::open(&questions).map_err(Error::io(&questions))?);
    let answer = run(&SYMBOLIZER, command);
    fs::remove_file(&questions).map_err(Error::io(&questions))?;
    let frames: Vec<Vec<Frame>> = answer?.lines().map(read_frames).collect::<Result<_, _>>()?;
    if frames.len() == pcs.len() {
        Ok(frames)
    } else {
        Err(Error::Answer { problem: format!("{} answers to {} questions", frames.len(), pcs.len()) })
    }
}

fn run(tool: &Tool, mut command: Command) -> Result<String, Error> {
    let shown = format!("{command:?}");
    command.stderr(Stdio::piped());
    let output = command.output().map_err(|_| tool.missing())?;
    // llvm-dwarfdump fails without a word where it finds nothing at a PC.
    if !output.status.success() && !output.stderr.is_empty() {
        return Err(Error::Command { command: shown, output: String::from_utf8_lossy(&output.stderr).into_owned() });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Which DIE the lines being read belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Nothing,
    Unit,
    Function,
    Block,
}

fn read_lookup(text: &str) -> Result<Lookup, Error> {
    let mut lookup = Lookup::default();
    let mut reading = Reading::Nothing;
    let mut low = None;
    for line in text.lines() {
        let line = line.trim();
        if let Some((_, tag)) = line.split_once(": ").and_then(|(_, rest)| rest.trim().split_once("DW_TAG_")) {
            reading = match tag {
                "compile_unit" | "skeleton_unit" => Reading::Unit,
                "lexical_block" => Reading::Block,
                _ => {
                    lookup.function.tag = Some(tag.to_string());
                    Reading::Function
                }
            };
        } else if let Some(info) = line.strip_prefix("Line info: ") {
            lookup.line = read_line_info(info);
        } else if let Some((low, high)) = read_range(line) {
            // One line of DW_AT_ranges; the unit's own are of no interest.
            add_range(&mut lookup, reading, (low, high));
        } else if let Some((attribute, value)) = line.split_once('\t') {
            match (reading, attribute) {
                (Reading::Unit, "DW_AT_name") => lookup.unit = quoted(value),
                (Reading::Function, "DW_AT_name") => lookup.function.name = quoted(value),
                (Reading::Function, "DW_AT_linkage_name") => lookup.function.linkage = quoted(value),
                (Reading::Function, "DW_AT_abstract_origin" | "DW_AT_specification") => {
                    lookup.function.origin = quoted(value);
                }
                (_, "DW_AT_low_pc") => low = address(value),
                (_, "DW_AT_high_pc") => {
                    let range = low.zip(address(value));
                    let range = range.ok_or_else(|| Error::Answer { problem: format!("`{line}` without low_pc") })?;
                    add_range(&mut lookup, reading, range);
                }
                _ => {}
            }
        }
    }
    Ok(lookup)
}

fn add_range(lookup: &mut Lookup, reading: Reading, range: (u32, u32)) {
    match reading {
        Reading::Function => lookup.function.ranges.push(range),
        Reading::Block => lookup.function.block.push(range),
        Reading::Unit | Reading::Nothing => {}
    }
}

/// `file 'a.c', line 3, column 9, start file …`
fn read_line_info(info: &str) -> Option<(String, u32, u32)> {
    let (file, rest) = info.strip_prefix("file '")?.split_once("', line ")?;
    let mut numbers = rest.split(", ");
    let line = numbers.next()?.parse().ok()?;
    let column = numbers.next()?.strip_prefix("column ")?.parse().ok()?;
    Some((file.to_string(), line, column))
}

/// `[0x0000001f, 0x0000038e)`, perhaps with the attribute's closing bracket after it.
fn read_range(line: &str) -> Option<(u32, u32)> {
    let (low, high) = line.strip_prefix('[')?.split_once(", ")?;
    Some((hexadecimal(low)?, hexadecimal(high.trim_end_matches(')'))?))
}

/// `(0x0000001f)`
fn address(value: &str) -> Option<u32> {
    hexadecimal(value.strip_prefix('(')?.strip_suffix(')')?)
}

fn hexadecimal(digits: &str) -> Option<u32> {
    u32::from_str_radix(digits.strip_prefix("0x")?, 16).ok()
}

/// `("name")` or `(0x00000123 "name")`
fn quoted(value: &str) -> Option<String> {
    let (_, text) = value.split_once('"')?;
    Some(text.strip_suffix("\")")?.to_string())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SymbolizerAnswer {
    #[serde(default)]
    symbol: Vec<Symbol>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Symbol {
    function_name: String,
    file_name: String,
    line: u32,
    column: u32,
}

fn read_frames(line: &str) -> Result<Vec<Frame>, Error> {
    let answer: SymbolizerAnswer =
        serde_json::from_str(line).map_err(|error| Error::Answer { problem: format!("{error} in {line}") })?;
    let frame = |symbol: Symbol| Frame {
        function: symbol.function_name,
        file: symbol.file_name,
        line: symbol.line,
        column: symbol.column,
    };
    Ok(answer
        .symbol
        .into_iter()
        .map(frame)
        .filter(|frame| !frame.file.is_empty() || !frame.function.is_empty())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_is_read() {
        let text = "x.wasm:\tfile format WASM\n\
            0x00000055: Compile Unit: length = 0x00000489, format = DWARF32, version = 0x0005\n\n\
            0x00000061: DW_TAG_compile_unit\n              DW_AT_name\t(\"guests/src/orders.c\")\n              \
            DW_AT_low_pc\t(0x00000000)\n              DW_AT_ranges\t(indexed (0x0) rangelist = 0x00000010\n                 \
            [0x0000001f, 0x0000038e)\n                 [0x0000038f, 0x000003be))\n\n\
            0x00000321:   DW_TAG_subprogram\n                DW_AT_low_pc\t(0x0000001f)\n                \
            DW_AT_high_pc\t(0x0000038e)\n                DW_AT_linkage_name\t(\"__main_argc_argv\")\n                \
            DW_AT_name\t(\"main\")\n\n\
            0x0000037c:     DW_TAG_lexical_block\n                  DW_AT_low_pc\t(0x000000ba)\n                  \
            DW_AT_high_pc\t(0x00000194)\n\
            Line info: file 'guests/src/orders.c', line 99, column 39, start file 'guests/src/orders.c', start line 92\n";
        let lookup = read_lookup(text).unwrap();
        assert_eq!(lookup.unit.as_deref(), Some("guests/src/orders.c"));
        assert_eq!(lookup.function.tag.as_deref(), Some("subprogram"));
        assert_eq!(lookup.function.name.as_deref(), Some("main"));
        assert_eq!(lookup.function.linkage.as_deref(), Some("__main_argc_argv"));
        assert_eq!(lookup.function.ranges, [(0x1f, 0x38e)]);
        assert_eq!(lookup.function.block, [(0xba, 0x194)]);
        assert_eq!(lookup.line, Some(("guests/src/orders.c".to_string(), 99, 39)));
    }

    #[test]
    fn an_inlined_function_has_an_origin_and_ranges() {
        let text = "0x00001f6e:   DW_TAG_inlined_subroutine\n  DW_AT_abstract_origin\t(0x00002b99 \"init_bins\")\n  \
            DW_AT_ranges\t(0x00000010\n     [0x00000010, 0x00000020)\n     [0x00000030, 0x00000040))\n";
        let lookup = read_lookup(text).unwrap();
        assert_eq!(lookup.function.tag.as_deref(), Some("inlined_subroutine"));
        assert_eq!(lookup.function.origin.as_deref(), Some("init_bins"));
        assert_eq!(lookup.function.ranges, [(0x10, 0x20), (0x30, 0x40)]);
        assert_eq!(lookup.line, None);
    }

    #[test]
    fn frames_are_read_and_empty_ones_left_out() {
        let line = r#"{"Address":"0x1","ModuleName":"m","Symbol":[{"Column":3,"Discriminator":0,"FileName":"/f/a.c","FunctionName":"g","Line":7,"StartLine":2}]}"#;
        let frame = Frame { function: "g".to_string(), file: "/f/a.c".to_string(), line: 7, column: 3 };
        assert_eq!(read_frames(line).unwrap(), [frame]);
        let line =
            r#"{"Address":"0x1","ModuleName":"m","Symbol":[{"Column":0,"FileName":"","FunctionName":"","Line":0}]}"#;
        assert_eq!(read_frames(line).unwrap(), []);
    }
}
