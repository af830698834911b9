//! The types of the Debug Adapter Protocol, from its schema.
//!
//! The schema is checked in (`crates/dap/schema/debug-protocol.json`); it's made from the protocol's own declarations in
//! npm's `@vscode/debugprotocol` by `ts-json-schema-generator`, whose commands are in `crates/dap/schema/README.md`. What is
//! generated is checked in too, so that building needs neither npm nor this task.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Map, Value};

use crate::error::Error;

const SCHEMA: &str = "crates/dap/schema/debug-protocol.json";
const TYPES: &str = "crates/dap/src/protocol/types.rs";
/// The requests that an adapter sends; the schema says so in prose only.
const REVERSE: [&str; 2] = ["runInTerminal", "startDebugging"];
/// What the schema puts before each name.
const PREFIX: &str = "DebugProtocol.";

const HEADER: &str = "\
//! The types of the Debug Adapter Protocol. Generated from `schema/debug-protocol.json` by `cargo xtask dap-types`;
//! changes by hand are lost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Event, Request};
";

/// Writes the types.
pub fn write(root: &Path) -> Result<String, Error> {
    let types = generate(root)?;
    let path = root.join(TYPES);
    std::fs::write(&path, types).map_err(Error::io(&path))?;
    Ok(format!("wrote {TYPES}"))
}

/// Whether the checked-in types are those of the checked-in schema.
pub fn check(root: &Path) -> Result<String, Error> {
    let path = root.join(TYPES);
    let found = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
    if found == generate(root)? {
        Ok(format!("{TYPES} fits {SCHEMA}"))
    } else {
        Err(Error::Differs(vec![format!("{TYPES}; write it with: cargo xtask dap-types")]))
    }
}

fn generate(root: &Path) -> Result<String, Error> {
    let path = root.join(SCHEMA);
    let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
    let bad = |problem: String| Error::BadManifest { path: path.clone(), problem };
    let schema: Value = serde_json::from_str(&text).map_err(|e| bad(e.to_string()))?;
    let definitions = schema["definitions"].as_object().ok_or_else(|| bad("it has no definitions".to_owned()))?;
    let mut generator = Generator { definitions, types: BTreeMap::new() };
    formatted(root, &generator.run())
}

/// As `cargo fmt` would write it.
fn formatted(root: &Path, code: &str) -> Result<String, Error> {
    let missing = |_| Error::MissingTool { tool: "rustfmt".to_owned(), install: "rustup component add rustfmt" };
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(missing)?;
    if let Some(mut stdin) = rustfmt.stdin.take() {
        stdin.write_all(code.as_bytes()).map_err(missing)?;
    }
    let output = rustfmt.wait_with_output().map_err(missing)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

struct Generator<'a> {
    definitions: &'a Map<String, Value>,
    /// The code of each type, by its name.
    types: BTreeMap<String, String>,
}

impl Generator<'_> {
    fn run(&mut self) -> String {
        let (mut requests, mut reverse, mut events) = (Vec::new(), Vec::new(), Vec::new());
        let mut impls = String::new();
        for (name, definition) in self.definitions {
            let name = name.strip_prefix(PREFIX).unwrap_or(name);
            // The messages themselves are framed by hand.
            if matches!(name, "Request" | "Event" | "Response" | "ProtocolMessage" | "ErrorResponse") {
                continue;
            }
            if let Some(base) = name.strip_suffix("Request") {
                let command = lower_first(base);
                let arguments = self.part(definition, "arguments", &format!("{base}Arguments"));
                let response = self.definitions.get(&format!("{PREFIX}{base}Response"));
                let response = response.map(|r| self.part(r, "body", &format!("{base}ResponseBody")));
                let response = response.unwrap_or_else(|| "()".to_owned());
                _ = write!(
                    impls,
                    "\n/// The request `{command}`.\n#[derive(Debug)]\npub enum {base}Request {{}}\n\nimpl Request for {base}Request {{\n    \
                     const COMMAND: &'static str = \"{command}\";\n    type Arguments = {arguments};\n    \
                     type Response = {response};\n}}\n"
                );
                let list = if REVERSE.contains(&command.as_str()) { &mut reverse } else { &mut requests };
                list.push(command);
            } else if let Some(base) = name.strip_suffix("Event") {
                let event = lower_first(base);
                let name = format!("{base}EventBody");
                let body = self.part(definition, "body", &name);
                if body != name {
                    let code = format!(
                        "\n/// The event has no body.\n#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]\npub struct {name} {{}}\n"
                    );
                    self.types.insert(name.clone(), code);
                }
                _ = write!(impls, "\nimpl Event for {name} {{\n    const EVENT: &'static str = \"{event}\";\n}}\n");
                events.push(event);
            }
        }
        let mut out = HEADER.to_owned();
        for (what, names) in [
            ("The commands of all requests that a client may send.", ("REQUESTS", &requests)),
            ("The commands of all requests that an adapter may send.", ("REVERSE_REQUESTS", &reverse)),
            ("The names of all events.", ("EVENTS", &events)),
        ] {
            _ = write!(out, "\n/// {what}\npub const {}: &[&str] = &[\n", names.0);
            names.1.iter().for_each(|name| _ = writeln!(out, "    \"{name}\","));
            out.push_str("];\n");
        }
        self.types.values().for_each(|code| out.push_str(code));
        out.push_str(&impls);
        out
    }

    /// The type of a message's part.
    fn part(&mut self, message: &Value, part: &str, name: &str) -> String {
        match message["properties"].get(part) {
            None => "()".to_owned(),
            Some(schema) => self.rust_type(schema, name),
        }
    }

    /// The Rust type of a schema; `name` is what it's called if it needs a name.
    fn rust_type(&mut self, schema: &Value, name: &str) -> String {
        if let Some(reference) = schema["$ref"].as_str() {
            let key = reference.trim_start_matches("#/definitions/");
            let name = key.trim_start_matches(PREFIX).to_owned();
            let definition = self.definitions.get(key).cloned().unwrap_or_default();
            return self.rust_type(&definition, &name);
        }
        match schema["type"].as_str() {
            Some("string") if schema["enum"].is_array() => {
                self.enumeration(schema, name);
                name.to_owned()
            }
            Some("string") => "String".to_owned(),
            Some("boolean") => "bool".to_owned(),
            // The protocol's only number that is no integer.
            Some("number") if name.ends_with("Percentage") => "f64".to_owned(),
            Some("number") => "i64".to_owned(),
            Some("array") => {
                let element = self.rust_type(&schema["items"], name.strip_suffix('s').unwrap_or(name));
                format!("Vec<{element}>")
            }
            Some("object") if schema["properties"].is_object() => {
                self.record(schema, name);
                name.to_owned()
            }
            Some("object") if schema["additionalProperties"].is_object() => {
                let value = self.rust_type(&schema["additionalProperties"], name);
                format!("BTreeMap<String, {value}>")
            }
            // A body of which nothing is said is none.
            None if name.ends_with("ResponseBody") => "()".to_owned(),
            // Launch arguments and other things that only the adapter knows.
            _ => "Value".to_owned(),
        }
    }

    fn enumeration(&mut self, schema: &Value, name: &str) {
        if self.types.contains_key(name) {
            return;
        }
        let mut code = doc(schema, "");
        code.push_str("#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]\n");
        _ = writeln!(code, "pub enum {name} {{");
        let values = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for (index, value) in values.enumerate() {
            _ = writeln!(code, "    /// `{value}`");
            if index == 0 {
                code.push_str("    #[default]\n");
            }
            _ = writeln!(code, "    #[serde(rename = \"{value}\")]\n    {},", upper_first(value));
        }
        code.push_str("}\n");
        self.types.insert(name.to_owned(), code);
    }

    fn record(&mut self, schema: &Value, name: &str) {
        if self.types.contains_key(name) {
            return;
        }
        // Types may contain themselves.
        self.types.insert(name.to_owned(), String::new());
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut code = doc(schema, "");
        code.push_str("#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]\n#[serde(rename_all = \"camelCase\")]\n");
        _ = writeln!(code, "pub struct {name} {{");
        for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
            let ty = self.rust_type(schema, &format!("{name}{}", upper_first(property)));
            code.push_str(&doc(schema, "    "));
            let field = snake(property);
            let plain = field == *property || camel(&field) == *property;
            let rename = if plain { String::new() } else { format!("rename = \"{property}\", ") };
            if required.contains(&property.as_str()) {
                if !plain {
                    _ = writeln!(code, "    #[serde({})]", rename.trim_end_matches(", "));
                }
                _ = writeln!(code, "    pub {}: {ty},", escape(&field));
            } else {
                _ = writeln!(code, "    #[serde({rename}default, skip_serializing_if = \"Option::is_none\")]");
                // An absent value and `null` are one.
                let ty = if ty == name { format!("Box<{ty}>") } else { ty };
                _ = writeln!(code, "    pub {}: Option<{ty}>,", escape(&field));
            }
        }
        code.push_str("}\n");
        self.types.insert(name.to_owned(), code);
    }
}

fn description(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

/// The first sentence of a description, as a doc comment.
fn doc(schema: &Value, indent: &str) -> String {
    let text = description(schema).lines().next().unwrap_or_default();
    let text = text.split_once(". ").map_or(text, |(sentence, _)| sentence).trim_end_matches('.');
    let text = text.replace('[', "\\[").replace('<', "\\<");
    let text = if text.is_empty() { "See the protocol".to_owned() } else { text };
    let first = if indent.is_empty() { "\n" } else { "" };
    format!("{first}{indent}/// {text}.\n")
}

fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|c| c.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

fn upper_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut after_upper = true;
    for c in name.trim_start_matches('_').chars() {
        if c.is_ascii_uppercase() && !after_upper {
            out.push('_');
        }
        after_upper = c.is_ascii_uppercase();
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn camel(snake: &str) -> String {
    let words = snake.split('_');
    let words: String = words.map(upper_first).collect();
    lower_first(&words)
}

fn escape(field: &str) -> String {
    match field {
        "type" | "ref" | "mod" | "enum" | "fn" => format!("r#{field}"),
        _ => field.to_owned(),
    }
}
