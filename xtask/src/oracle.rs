//! `cargo xtask oracle`: what LLVM's tools say about random PCs of the guests, for tests of our own reading of DWARF.
//!
//! PCs are instruction starts, counted from the code section's contents as DWARF counts them. Half of them (where there
//! are so many) lie in functions of `guests/src`, the others in libraries. guests/README.md describes the files.

use crate::derive::SplitMix64;
use crate::error::Error;
use crate::guests::choose;
use crate::llvm::{self, Frame, Lookup};
use crate::manifest::{Manifest, sha256};
use crate::matrix::{GUESTS, Guest, Recipe, Split};
use crate::tools::{DWARFDUMP, SYMBOLIZER};
use crate::wasm::{code_start, core_modules, instruction_offsets, sections};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const ANSWERS: usize = 200;
const SEED: u64 = 0xf4ee_2ef4_a3e5;
/// So many random PCs are looked at to find those in our own sources; at -O2 they are rare.
const CANDIDATES: usize = 20_000;

/// One file in `guests/oracle`.
#[derive(Debug, Serialize, Deserialize)]
struct Oracle {
    module: String,
    sha256: String,
    /// Versions of llvm-dwarfdump and llvm-symbolizer.
    tool: String,
    /// Where the core module with the DWARF begins in the file; 0 unless it is a component.
    core_offset: usize,
    /// File offset of the code section's contents: file offset of an answer = this + its `pc`.
    code_offset: usize,
    /// File names and the units' names, which answers give by index.
    strings: Vec<String>,
    answers: Vec<Answer>,
}

/// What is known of one PC; a key that has no answer is left out.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    pc: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<usize>,
    #[serde(flatten)]
    function: llvm::Function,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<(usize, u32, u32)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    frames: Vec<(String, usize, u32, u32)>,
}

/// Records the oracles of the guests whose file name contains one of `names`.
///
/// # Errors
/// [`Error::MissingTool`], [`Error::Command`] and [`Error::Answer`] from LLVM's tools; [`Error::Io`].
pub fn record(root: &Path, names: &[&str]) -> Result<String, Error> {
    let tool = format!("{}; {}", DWARFDUMP.version()?, SYMBOLIZER.version()?);
    let folder = root.join("guests/oracle");
    fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
    let mut count = 0;
    for guest in choose(names)?.into_iter().filter(|guest| has_oracle(guest)) {
        eprintln!("asking about {}", guest.file);
        let oracle = ask(root, guest, &tool)?;
        let path = path(root, guest);
        fs::write(&path, print(&oracle)?).map_err(Error::io(&path))?;
        count += 1;
    }
    Ok(format!("{count} oracles recorded"))
}

/// Holds the recorded oracles against the checked-in modules; asks no tool.
///
/// # Errors
/// [`Error::Oracle`] with everything that is wrong.
pub fn check(root: &Path) -> Result<String, Error> {
    let manifest = Manifest::read(root)?;
    let mut problems = Vec::new();
    let mut count = 0;
    for guest in GUESTS.iter().filter(|guest| has_oracle(guest)) {
        let path = path(root, guest);
        let Ok(text) = fs::read_to_string(&path) else {
            problems.push(format!("{} has no oracle", guest.file));
            continue;
        };
        let oracle: Oracle = match serde_json::from_str(&text) {
            Ok(oracle) => oracle,
            Err(error) => {
                problems.push(format!("{}: {error}", path.display()));
                continue;
            }
        };
        if manifest.get(guest.file).is_none_or(|entry| entry.sha256 != oracle.sha256) {
            problems.push(format!("{}: the oracle is of another build", guest.file));
            continue;
        }
        let module = dwarf_module(root, guest)?;
        let starts: BTreeSet<u32> = instruction_offsets(guest.file, &module.bytes)?.into_iter().collect();
        let sorted = oracle.answers.windows(2).all(|pair| pair[0].pc < pair[1].pc);
        if !sorted || !oracle.answers.iter().all(|answer| starts.contains(&answer.pc)) {
            problems.push(format!("{}: PCs aren't sorted starts of instructions", guest.file));
        }
        count += 1;
    }
    if problems.is_empty() {
        Ok(format!("{count} oracles belong to their modules"))
    } else {
        Err(Error::Oracle(problems))
    }
}

/// Guests that a compiler made, with the DWARF in the same file. (Those for values have nothing new to say of code.)
fn has_oracle(guest: &Guest) -> bool {
    matches!(
        guest.recipe,
        Recipe::C(_)
            | Recipe::Clang19(_)
            | Recipe::Cpp(_)
            | Recipe::CppExceptions(_)
            | Recipe::Rust { .. }
            | Recipe::Zig { .. }
            | Recipe::Bare { split: Split::No, .. }
    )
}

fn path(root: &Path, guest: &Guest) -> PathBuf {
    root.join("guests/oracle").join(guest.file.replace(".wasm", ".json"))
}

struct Module {
    file_hash: String,
    core_offset: usize,
    bytes: Vec<u8>,
}

/// The core module that holds the DWARF: of a component the first that has any.
fn dwarf_module(root: &Path, guest: &Guest) -> Result<Module, Error> {
    let path = root.join("guests/built").join(guest.file);
    let bytes = fs::read(&path).map_err(Error::io(&path))?;
    for range in core_modules(guest.file, &bytes)? {
        let module = &bytes[range.clone()];
        if sections(guest.file, module)?.iter().any(|section| section.name == ".debug_info") {
            return Ok(Module { file_hash: sha256(&bytes), core_offset: range.start, bytes: module.to_vec() });
        }
    }
    Err(Error::bad_module(guest.file, "there is no .debug_info inside"))
}

fn ask(root: &Path, guest: &Guest, tool: &str) -> Result<Oracle, Error> {
    let module = dwarf_module(root, guest)?;
    let scratch = Scratch::new(&module.bytes)?;
    let mut pcs = instruction_offsets(guest.file, &module.bytes)?;
    shuffle(&mut pcs);
    pcs.truncate(CANDIDATES);
    let candidates: Vec<(u32, Vec<Frame>)> = pcs.iter().copied().zip(llvm::symbolize(&scratch.0, &pcs)?).collect();
    let (ours, theirs): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|(_, frames)| in_guest(frames));
    let from_ours = ours.len().min((ANSWERS / 2).max(ANSWERS.saturating_sub(theirs.len())));
    let from_theirs = ANSWERS - from_ours;
    let mut chosen: Vec<_> = ours.into_iter().take(from_ours).chain(theirs.into_iter().take(from_theirs)).collect();
    chosen.sort_by_key(|(pc, _)| *pc);

    let mut strings = Strings::default();
    let mut answers = Vec::new();
    for (pc, frames) in chosen {
        let Lookup { unit, function, line } = llvm::lookup(&scratch.0, pc)?;
        answers.push(Answer {
            pc,
            unit: unit.map(|name| strings.index(name)),
            function,
            line: line.map(|(file, line, column)| (strings.index(file), line, column)),
            frames: frames
                .into_iter()
                .map(|frame| (frame.function, strings.index(frame.file), frame.line, frame.column))
                .collect(),
        });
    }
    Ok(Oracle {
        module: guest.file.to_string(),
        sha256: module.file_hash,
        tool: tool.to_string(),
        core_offset: module.core_offset,
        code_offset: module.core_offset + code_start(guest.file, &module.bytes)?,
        strings: strings.0,
        answers,
    })
}

fn in_guest(frames: &[Frame]) -> bool {
    frames.iter().any(|frame| frame.file.contains("guests/src/"))
}

/// Fisher–Yates with a fixed seed.
fn shuffle(pcs: &mut [u32]) {
    let mut random = SplitMix64(SEED);
    for last in (1..pcs.len()).rev() {
        let other = (random.next() % (last as u64 + 1)) as usize;
        pcs.swap(last, other);
    }
}

/// JSON with one answer a line, so that a change shows as the lines it changed.
fn print(oracle: &Oracle) -> Result<String, Error> {
    let bad = |error: serde_json::Error| Error::Answer { problem: error.to_string() };
    let json = |value: &str| serde_json::to_string(value).map_err(bad);
    let mut text = format!("{{\"module\": {},\n", json(&oracle.module)?);
    text += &format!("\"sha256\": {},\n", json(&oracle.sha256)?);
    text += &format!("\"tool\": {},\n", json(&oracle.tool)?);
    text += &format!("\"core_offset\": {}, \"code_offset\": {},\n", oracle.core_offset, oracle.code_offset);
    let strings: Vec<String> = oracle.strings.iter().map(|name| json(name)).collect::<Result<_, _>>()?;
    text += &format!("\"strings\": [\n{}],\n", strings.join(",\n"));
    let answers: Vec<String> =
        oracle.answers.iter().map(|answer| serde_json::to_string(answer).map_err(bad)).collect::<Result<_, _>>()?;
    text += &format!("\"answers\": [\n{}]}}\n", answers.join(",\n"));
    Ok(text)
}

#[derive(Default)]
struct Strings(Vec<String>);

impl Strings {
    fn index(&mut self, text: String) -> usize {
        self.0.iter().position(|known| *known == text).unwrap_or_else(|| {
            self.0.push(text);
            self.0.len() - 1
        })
    }
}

/// The core module as a file of its own, since LLVM's tools don't open components.
struct Scratch(PathBuf);

impl Scratch {
    fn new(bytes: &[u8]) -> Result<Self, Error> {
        let path = std::env::temp_dir().join(format!("xtask-oracle-{}.wasm", std::process::id()));
        fs::write(&path, bytes).map_err(Error::io(&path))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Left behind, it is only clutter in the temporary folder.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_oracles_belong_to_their_modules() {
        check(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()).unwrap();
    }

    #[test]
    fn shuffling_is_repeatable_and_loses_nothing() {
        let mut first: Vec<u32> = (0..100).collect();
        let mut second = first.clone();
        shuffle(&mut first);
        shuffle(&mut second);
        assert_eq!(first, second);
        first.sort_unstable();
        assert_eq!(first, (0..100).collect::<Vec<_>>());
    }
}
