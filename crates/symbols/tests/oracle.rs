//! Functions, lines and inline chains against LLVM's answers at random PCs (`guests/oracle`).
#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::{fs, ops::Range};

use freezeframe_symbols::{ModulePc, SourceFrame, Symbols};
use serde_json::Value;
use wasmparser::{Parser, Payload};

fn number(value: &Value) -> u32 {
    value.as_u64().and_then(|number| u32::try_from(number).ok()).expect("a number")
}

/// The core module that begins at this offset of a component.
fn core_module(bytes: &[u8], offset: usize) -> Range<usize> {
    for payload in Parser::new(0).parse_all(bytes) {
        if let Ok(Payload::ModuleSection { unchecked_range, .. }) = payload
            && unchecked_range.start == offset
        {
            return unchecked_range;
        }
    }
    panic!("no core module at {offset:#x}");
}

/// A name without its path and generic arguments, so that LLVM's short names and ours can be compared.
fn short(name: &str) -> String {
    if name.contains("operator") {
        return name.rsplit("::").next().unwrap_or(name).into();
    }
    let mut out = String::new();
    let mut depth = 0usize;
    for c in name.replace("->", "").chars() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    let out = out.trim_end_matches(':');
    let out = out.rsplit("::").next().unwrap_or(out);
    // Zig's paths have dots.
    out.rsplit('.').next().unwrap_or(out).into()
}

/// A path with `.` and `..` resolved, as this crate gives it.
fn resolved(path: &str) -> String {
    if let Some((scheme, path)) = path.split_once("://") {
        return format!("{scheme}://{}", resolved(path));
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| *last != ".." && !last.is_empty()) => drop(parts.pop()),
            "" if !parts.is_empty() => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn shown(symbols: &Symbols, frames: &[SourceFrame]) -> Vec<(String, String, u32, u32)> {
    let frame = |frame: &SourceFrame| {
        let (file, line, column) = match frame.location {
            Some(at) => (symbols.files()[at.file.0 as usize].path.to_string(), at.line, at.column),
            None => (String::new(), 0, 0),
        };
        (short(&frame.function), file, line, column)
    };
    frames.iter().map(frame).collect()
}

fn expected(answer: &Value, strings: &[String]) -> Vec<(String, String, u32, u32)> {
    let frames = answer["frames"].as_array().into_iter().flatten();
    let frame = |frame: &Value| {
        let line = number(&frame[2]);
        // Where there is no line, LLVM still gives a file and a column.
        let file = if line == 0 { String::new() } else { resolved(&strings[number(&frame[1]) as usize]) };
        let name = short(frame[0].as_str().unwrap_or_default());
        (name, file, line, if line == 0 { 0 } else { number(&frame[3]) })
    };
    frames.map(frame).collect()
}

fn compare(name: &str) -> (usize, Vec<String>) {
    let oracle = fs::read_to_string(common::guests().join("oracle").join(name)).expect("an oracle");
    let oracle: Value = serde_json::from_str(&oracle).expect("JSON");
    let module = oracle["module"].as_str().expect("a module");
    let mut bytes = common::bytes(module);
    let start = number(&oracle["core_offset"]) as usize;
    if start > 0 {
        bytes = bytes[core_module(&bytes, start)].to_vec();
    }
    let symbols = Symbols::new(bytes.into()).expect("symbols");
    assert_eq!(symbols.code_start() as usize, number(&oracle["code_offset"]) as usize - start, "{module}");
    assert!(symbols.warnings().is_empty(), "{module}: {:?}", symbols.warnings());
    let strings: Vec<String> =
        oracle["strings"].as_array().expect("strings").iter().map(|s| s.as_str().unwrap_or_default().into()).collect();
    let mut wrong = Vec::new();
    let answers = oracle["answers"].as_array().expect("answers");
    for answer in answers {
        let pc = ModulePc(number(&answer["pc"]) + symbols.code_start());
        let mut ours = shown(&symbols, &symbols.frames_at(pc));
        let theirs = expected(answer, &strings);
        if let ([ours], [theirs]) = (&mut ours[..], &theirs[..])
            && theirs.0.is_empty()
        {
            // With lines only, LLVM has no names; ours are those of the name section.
            ours.0.clear();
        }
        // Without an answer of LLVM's there is no DWARF, and ours is the name of the function.
        if !theirs.is_empty() && ours != theirs {
            wrong.push(format!("{module} {pc}:\n    ours   {ours:?}\n    LLVM's {theirs:?}"));
        }
        let Some(row) = answer["line"].as_array() else { continue };
        let line = symbols.location(pc).map_or(0, |at| at.line);
        if line != number(&row[1]) {
            wrong.push(format!("{module} {pc}: line {line}, LLVM's {row:?}"));
        }
    }
    (answers.len(), wrong)
}

#[test]
fn answers_are_those_of_llvm() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(common::guests().join("oracle")).expect("oracles") {
        let name = entry.expect("an entry").file_name();
        let (answers, differences) = compare(name.to_str().expect("a name"));
        count += answers;
        wrong.extend(differences);
    }
    assert!(count > 2000, "only {count} answers");
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}
