//! What an editor sends: any bytes, and any requests in any order. Each request is answered once.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex},
};

use freezeframe_dap::fuzzing::serve;
use freezeframe_debuggee::Debuggee;

use crate::made_up::{Garbage, Scene, chains};

static SCENE: LazyLock<Scene> =
    LazyLock::new(|| Scene::in_functions("orders.O0.dwarf5.wasm", &["price", "relabel", "main"]));

fn start() -> Box<dyn Debuggee> {
    Box::new(Garbage::resumed(&SCENE, Arc::new(Mutex::new(chains())), 30))
}

/// Lines of JSON become messages with whole headers; what begins with `!` is sent as it is.
fn framed(bytes: &[u8]) -> Vec<u8> {
    if let Some(raw) = bytes.strip_prefix(b"!") {
        return raw.to_vec();
    }
    let mut sent = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        sent.extend(format!("Content-Length: {}\r\n\r\n", line.len()).bytes());
        sent.extend(line);
    }
    sent
}

pub fn run(bytes: &[u8]) {
    let answers = serve(framed(bytes), start).expect("threads");
    // `"request_seq":N` is in responses only, and of each number of a request there's one.
    let text = String::from_utf8(answers).expect("the server writes UTF-8");
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for part in text.split("\"request_seq\":").skip(1) {
        let number = part.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        *seen.entry(number).or_default() += 1;
    }
    let requests = |number: &str| {
        let text = String::from_utf8_lossy(bytes);
        text.matches(&format!("\"seq\":{number}")).count()
    };
    if !bytes.starts_with(b"!") {
        for (number, answers) in seen {
            assert!(number == "0" || answers <= requests(number).max(1), "request {number} has {answers} answers");
        }
    }
}
