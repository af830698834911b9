//! Scenarios as data (`scenarios/*.toml`, see the README there), for every front end that runs them.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub source: String,
    pub modules: Vec<String>,
    #[serde(default)]
    pub args: Vec<String>,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The export that is called with the arguments, instead of the command.
    pub invoke: Option<String>,
    /// What the guest calls a fresh folder that it's given.
    pub folder: Option<String>,
    /// A file of the repository for its standard input.
    pub stdin: Option<String>,
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    #[serde(rename = "do")]
    pub command: String,
    pub at: Option<String>,
    pub reason: Option<String>,
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    #[serde(default)]
    pub locals: BTreeMap<String, String>,
    /// For expressions, what is inside: the first children, each `name = text`.
    #[serde(default)]
    pub inside: BTreeMap<String, Vec<String>>,
    pub stack: Option<Vec<String>>,
    pub value: Option<String>,
    pub error: Option<String>,
    pub exit: Option<i32>,
    /// What log points say while the command runs; checked where it's given.
    pub log: Option<Vec<String>>,
    /// What the function returned that was finished.
    pub returned: Option<String>,
    /// The command is given once for each of these, and must stop there.
    pub through: Option<Vec<String>>,
}

impl Step {
    /// A step with `through` as so many steps.
    pub fn unrolled(self) -> Vec<Step> {
        let Some(places) = &self.through else { return vec![self] };
        let one = |at: &String| Step { command: self.command.clone(), at: Some(at.clone()), ..Step::default() };
        places.iter().map(one).collect()
    }
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// An empty folder for a guest.
pub fn fresh_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name.replace(['/', ' '], "-"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// All scenarios, by file name.
pub fn all() -> Vec<(String, Scenario)> {
    let mut scenarios = Vec::new();
    for entry in std::fs::read_dir(root().join("scenarios")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "toml") {
            let text = std::fs::read_to_string(&path).unwrap();
            let mut scenario: Scenario = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            scenario.steps = scenario.steps.into_iter().flat_map(Step::unrolled).collect();
            scenarios.push((path.file_stem().unwrap().to_string_lossy().into_owned(), scenario));
        }
    }
    scenarios.sort_by(|a, b| a.0.cmp(&b.0));
    scenarios
}

/// Where the markers of a source are.
pub struct Markers {
    pub file: String,
    lines: HashMap<String, u32>,
}

impl Markers {
    pub fn of(source: &str) -> Self {
        let text = std::fs::read_to_string(root().join(source)).unwrap();
        let mut lines = HashMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            let Some(at) = line.find("// #") else { continue };
            let name: String = line[at + 4..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            assert!(lines.insert(name.clone(), number).is_none(), "{source} has two markers #{name}");
        }
        Self { file: source.rsplit('/').next().unwrap().to_owned(), lines }
    }

    /// The line of `name` or `name@-2`.
    pub fn line(&self, marker: &str) -> u32 {
        let (name, offset) = marker.split_once('@').unwrap_or((marker, "0"));
        let line = self.lines.get(name).unwrap_or_else(|| panic!("no marker #{name} in {}", self.file));
        line.checked_add_signed(offset.parse().unwrap()).unwrap()
    }

    /// A command with its markers replaced by FILE:LINE.
    pub fn expand(&self, command: &str) -> String {
        let words = command.split(' ').map(|word| match word.strip_prefix('#') {
            Some(marker) => format!("{}:{}", self.file, self.line(marker)),
            None => word.to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    /// What an `at` asks for: a function, a line.
    pub fn place(&self, at: &str) -> (Option<String>, Option<u32>) {
        let mut function = None;
        let mut line = None;
        for word in at.split(' ') {
            match word.strip_prefix('#') {
                Some(marker) => line = Some(self.line(marker)),
                None => function = Some(word.to_owned()),
            }
        }
        (function, line)
    }
}
