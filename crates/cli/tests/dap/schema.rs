//! Messages held against the protocol's schema.
//!
//! The schema uses few keywords; one that isn't known here fails the test, so that none is passed over. (The libraries for
//! whole JSON Schema bring features of shared crates with which all of Cranelift would be built once more.)

use serde_json::{Map, Value};

/// The definitions of the protocol.
pub struct Schema(Map<String, Value>);

impl Schema {
    /// The checked-in schema.
    pub fn new() -> Self {
        let text = std::fs::read_to_string(super::root().join("crates/dap/schema/debug-protocol.json")).unwrap();
        let mut schema: Value = serde_json::from_str(&text).unwrap();
        // What a launch takes is each adapter's own.
        for own in ["LaunchRequestArguments", "AttachRequestArguments"] {
            schema["definitions"][format!("DebugProtocol.{own}")]["additionalProperties"] = true.into();
        }
        Self(schema["definitions"].as_object().unwrap().clone())
    }

    /// Fails if a message isn't what the schema calls so.
    pub fn check(&self, name: &str, message: &Value) {
        let mut errors = Vec::new();
        let definition = self.0.get(&format!("DebugProtocol.{name}")).unwrap_or_else(|| panic!("there is no {name}"));
        self.fits(definition, message, "", &mut errors);
        assert!(errors.is_empty(), "this is no {name}: {errors:?}\n{message:#}");
    }

    fn fits(&self, schema: &Value, value: &Value, at: &str, errors: &mut Vec<String>) {
        for (keyword, rule) in schema.as_object().unwrap() {
            match keyword.as_str() {
                "description" | "properties" => {}
                "$ref" => {
                    let name = rule.as_str().unwrap().trim_start_matches("#/definitions/");
                    self.fits(&self.0[name], value, at, errors);
                }
                "type" => {
                    let types: Vec<&str> = match rule {
                        Value::Array(types) => types.iter().map(|t| t.as_str().unwrap()).collect(),
                        one => vec![one.as_str().unwrap()],
                    };
                    if !types.iter().any(|ty| is(ty, value)) {
                        errors.push(format!("{at} is no {rule}"));
                    }
                }
                "enum" if !rule.as_array().unwrap().contains(value) => errors.push(format!("{at} is none of {rule}")),
                "enum" => {}
                "anyOf" => {
                    let any = rule.as_array().unwrap().iter().any(|schema| {
                        let mut errors = Vec::new();
                        self.fits(schema, value, at, &mut errors);
                        errors.is_empty()
                    });
                    if !any {
                        errors.push(format!("{at} fits none of {rule}"));
                    }
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.fits(rule, item, &format!("{at}[{index}]"), errors);
                    }
                }
                "required" => {
                    for name in rule.as_array().unwrap().iter().map(|name| name.as_str().unwrap()) {
                        if value.as_object().is_some_and(|fields| !fields.contains_key(name)) {
                            errors.push(format!("{at} has no {name}"));
                        }
                    }
                }
                "additionalProperties" => {
                    let known = schema["properties"].as_object();
                    for (name, field) in value.as_object().into_iter().flatten() {
                        let at = format!("{at}.{name}");
                        match (known.and_then(|known| known.get(name)), rule) {
                            (Some(schema), _) | (None, schema @ Value::Object(_)) => {
                                self.fits(schema, field, &at, errors);
                            }
                            (None, Value::Bool(true)) => {}
                            (None, _) => errors.push(format!("{at} is unknown")),
                        }
                    }
                }
                other => panic!("a schema with `{other}`"),
            }
        }
    }
}

fn is(ty: &str, value: &Value) -> bool {
    match ty {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("a type `{other}`"),
    }
}
