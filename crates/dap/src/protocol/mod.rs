//! The protocol's vocabulary: generated types, and what binds a command to them.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

pub mod types;

/// A request of the protocol.
pub trait Request {
    /// Its name.
    const COMMAND: &'static str;
    /// What it takes.
    type Arguments: DeserializeOwned;
    /// What it gives.
    type Response: Serialize;
}

/// The body of an event.
pub trait Event: Serialize {
    /// The event's name.
    const EVENT: &'static str;
}

/// A message of a client.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// It asks for something.
    Request {
        /// Its number.
        seq: i64,
        /// What.
        command: String,
        /// With what.
        arguments: Value,
    },
    /// It answers a reverse request.
    Response {
        /// To which.
        request_seq: i64,
        /// Its body, or what went wrong.
        result: Result<Value, String>,
    },
}

impl Incoming {
    /// Reads a message.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut message: Value = serde_json::from_slice(bytes).map_err(|e| format!("it is no JSON: {e}"))?;
        match message["type"].as_str() {
            Some("request") => {
                let seq = message["seq"].as_i64().ok_or("a request without a `seq`")?;
                let command = message["command"].as_str().ok_or("a request without a `command`")?.to_owned();
                Ok(Self::Request { seq, command, arguments: message["arguments"].take() })
            }
            Some("response") => {
                let request_seq = message["request_seq"].as_i64().ok_or("a response without a `request_seq`")?;
                let result = match message["success"].as_bool() {
                    Some(true) => Ok(message["body"].take()),
                    _ => Err(message["message"].as_str().unwrap_or("it failed").to_owned()),
                };
                Ok(Self::Response { request_seq, result })
            }
            _ => Err("its `type` is neither `request` nor `response`".to_owned()),
        }
    }
}

/// A message to a client, without its number.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing(Value);

impl Outgoing {
    /// An event.
    pub fn event<E: Event>(body: &E) -> Self {
        let mut message = json!({ "seq": 0, "type": "event", "event": E::EVENT });
        let body = serde_json::to_value(body).unwrap_or_default();
        if body.as_object().is_some_and(|fields| !fields.is_empty()) {
            message["body"] = body;
        }
        Self(message)
    }

    /// The answer to a request.
    pub fn response(seq: i64, command: &str, body: Value) -> Self {
        let mut message =
            json!({ "seq": 0, "type": "response", "request_seq": seq, "success": true, "command": command });
        if !body.is_null() {
            message["body"] = body;
        }
        Self(message)
    }

    /// That a request failed: `text` says why, to people. Some clients show `message`, others the error, so both say it;
    /// only one of the protocol's own words for programs stands in the place of `message`.
    pub fn failure(seq: i64, command: &str, word: Option<&str>, text: &str, show: bool) -> Self {
        // No client knows a variable that isn't given: braces in the text stay as they are.
        let error = json!({ "id": 1, "format": text, "showUser": show });
        Self(json!({
            "seq": 0, "type": "response", "request_seq": seq, "success": false, "command": command,
            "message": word.unwrap_or(text), "body": { "error": error },
        }))
    }

    /// A request to the client.
    pub fn request(command: &str, arguments: Value) -> Self {
        Self(json!({ "seq": 0, "type": "request", "command": command, "arguments": arguments }))
    }

    /// An estimate of its length in bytes: what is large in a message is text.
    pub fn size(&self) -> usize {
        256 + size(&self.0["body"])
    }

    /// The message as it's sent, as the one with this number.
    pub fn numbered(mut self, seq: i64) -> Value {
        self.0["seq"] = seq.into();
        self.0
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum::<usize>() + 8 * items.len(),
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + size(value)).sum(),
        _ => 8,
    }
}
