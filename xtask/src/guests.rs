//! `cargo xtask guests`: build, compare, check.

use crate::compile::{Made, make};
use crate::error::Error;
use crate::leaks;
use crate::manifest::{Entry, Manifest, sha256};
use crate::matrix::{GUESTS, Guest};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// All guests together may weigh this much: they are in everybody's clone.
const LIMIT_BYTES: u64 = 30_000_000;

/// What a build may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    Nothing,
    Guests,
}

/// Builds the guests whose file name contains one of `names`, each in a scratch folder first: a failed compiler leaves
/// the checked-in files alone.
///
/// # Errors
/// The first that a compiler makes; with [`Write::Nothing`] also [`Error::Differs`].
pub fn build(root: &Path, names: &[&str], write: Write) -> Result<String, Error> {
    let chosen = choose(names)?;
    let scratch = Scratch::new()?;
    let built = root.join("guests/built");
    fs::create_dir_all(&built).map_err(Error::io(&built))?;
    let mut manifest = if Manifest::path(root).exists() { Manifest::read(root)? } else { Manifest::default() };
    let own = leaks::own_folders(root);
    let (mut differs, mut leaking, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    for guest in &chosen {
        eprintln!("building {}", guest.file);
        fetch_original(&built, &scratch.0, guest)?;
        let made = make(root, &scratch.0, guest)?;
        for file in std::iter::once(guest.file).chain(made.beside.iter().map(String::as_str)) {
            let path = scratch.0.join(file);
            let bytes = fs::read(&path).map_err(Error::io(&path))?;
            leaking.extend(leaks::find(file, &bytes, &own)?.into_iter().map(|leak| format!("{file}: {leak}")));
            let entry = entry(guest, file, &bytes, &made);
            match manifest.get(file) {
                Some(old) if old.sha256 == entry.sha256 => {}
                Some(old) => differs.push(format!("{file}: was {}, is {}", &old.sha256, entry.sha256)),
                None => differs.push(format!("{file}: is new")),
            }
            entries.push((entry, bytes));
        }
    }
    if !leaking.is_empty() {
        return Err(Error::Check(leaking));
    }
    let same = entries.len() - differs.len();
    if write == Write::Nothing {
        if differs.is_empty() {
            return Ok(format!("{same} files built, each has the manifest's hash"));
        }
        return Err(Error::Differs(differs));
    }
    for (entry, bytes) in entries {
        let path = built.join(&entry.file);
        fs::write(&path, bytes).map_err(Error::io(&path))?;
        manifest.put(entry);
    }
    if names.is_empty() {
        let known: BTreeSet<String> = files_of_matrix().collect();
        manifest.guests.retain(|entry| known.contains(&entry.file));
    }
    manifest.write(root)?;
    Ok(format!("{same} files as before; {} changed\n{}", differs.len(), differs.join("\n")).trim_end().to_string())
}

/// Holds the checked-in files against the manifest, and both against the matrix.
///
/// # Errors
/// [`Error::Check`] with everything that is wrong.
pub fn check(root: &Path) -> Result<String, Error> {
    let manifest = Manifest::read(root)?;
    let built = root.join("guests/built");
    let own = leaks::own_folders(root);
    let mut problems = Vec::new();
    let mut total = 0;
    for entry in &manifest.guests {
        let Ok(bytes) = fs::read(built.join(&entry.file)) else {
            problems.push(format!("{} is in the manifest but not in guests/built", entry.file));
            continue;
        };
        total += bytes.len() as u64;
        let hash = sha256(&bytes);
        if hash != entry.sha256 || bytes.len() as u64 != entry.size {
            problems.push(format!("{} has hash {hash}, the manifest says {}", entry.file, entry.sha256));
        }
        problems
            .extend(leaks::find(&entry.file, &bytes, &own)?.into_iter().map(|leak| format!("{}: {leak}", entry.file)));
        if !root.join(&entry.source).exists() {
            problems.push(format!("{}: its source {} is missing", entry.file, entry.source));
        }
    }
    let listed: BTreeSet<String> = manifest.guests.iter().map(|entry| entry.file.clone()).collect();
    let expected: BTreeSet<String> = files_of_matrix().collect();
    let present = present(&built)?;
    problems.extend(expected.difference(&listed).map(|file| format!("{file} isn't in the manifest")));
    problems.extend(listed.difference(&expected).map(|file| format!("{file} isn't in xtask/src/matrix.rs")));
    problems.extend(present.difference(&listed).map(|file| format!("guests/built/{file} belongs to no guest")));
    if total > LIMIT_BYTES {
        problems.push(format!("{total} bytes together, more than {LIMIT_BYTES}"));
    }
    if problems.is_empty() {
        return Ok(format!("{} files, {total} bytes: hashes are right, no builder's path inside", listed.len()));
    }
    Err(Error::Check(problems))
}

/// # Errors
/// [`Error::UnknownGuest`] when a name fits none.
pub fn choose(names: &[&str]) -> Result<Vec<&'static Guest>, Error> {
    if let Some(name) = names.iter().find(|name| !GUESTS.iter().any(|guest| guest.file.contains(*name))) {
        return Err(Error::UnknownGuest { name: (*name).to_string() });
    }
    Ok(GUESTS.iter().filter(|guest| names.is_empty() || names.iter().any(|name| guest.file.contains(name))).collect())
}

/// A derived guest built alone is made of the checked-in original.
fn fetch_original(built: &Path, scratch: &Path, guest: &Guest) -> Result<(), Error> {
    if guest.is_made_of_another() {
        let (from, to) = (built.join(guest.source), scratch.join(guest.source));
        if !guest.source.is_empty() && !to.exists() {
            fs::copy(&from, &to).map_err(Error::io(&from))?;
        }
    }
    Ok(())
}

fn entry(guest: &Guest, file: &str, bytes: &[u8], made: &Made) -> Entry {
    Entry {
        file: file.to_string(),
        source: guest.source_path(),
        language: guest.language().to_string(),
        compiler: made.compiler.clone(),
        libraries: made.libraries.clone(),
        command: made.command.clone(),
        size: bytes.len() as u64,
        sha256: sha256(bytes),
    }
}

fn files_of_matrix() -> impl Iterator<Item = String> {
    GUESTS.iter().flat_map(|guest| std::iter::once(guest.file.to_string()).chain(guest.beside()))
}

fn present(built: &Path) -> Result<BTreeSet<String>, Error> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(built).map_err(Error::io(built))? {
        names.insert(entry.map_err(Error::io(built))?.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

/// A folder that goes away with its owner.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, Error> {
        let path = std::env::temp_dir().join(format!("xtask-guests-{}", std::process::id()));
        fs::create_dir_all(&path).map_err(Error::io(&path))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Left behind, it is only clutter in the temporary folder.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::Recipe;

    #[test]
    fn file_names_are_unique_and_follow_the_rule() {
        let mut seen = BTreeSet::new();
        for guest in GUESTS {
            assert!(seen.insert(guest.file), "{} twice", guest.file);
            if !matches!(guest.recipe, Recipe::Text | Recipe::AssemblyScript) && !guest.is_made_of_another() {
                let stem = guest.source.split('.').next().unwrap();
                let parts: Vec<&str> = guest.file.split('.').collect();
                assert_eq!(parts[0], stem, "{}", guest.file);
                assert!(parts[2].starts_with("dwarf"), "{}", guest.file);
            }
        }
    }

    #[test]
    fn derived_guests_come_after_their_originals() {
        for (at, guest) in GUESTS.iter().enumerate() {
            if guest.is_made_of_another() {
                let before = GUESTS[..at].iter().any(|other| other.file == guest.source);
                assert!(guest.source.is_empty() || before, "{}", guest.file);
            }
        }
    }

    #[test]
    fn checked_in_guests_are_right() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        check(root).unwrap();
    }

    #[test]
    fn only_those_meant_to_be_are_invalid() {
        let built = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("guests/built");
        let invalid = ["bogus-opcode.wasm", "not-wasm.wasm", "unsupported.wasm"];
        for guest in GUESTS {
            let bytes = fs::read(built.join(guest.file)).unwrap();
            assert_eq!(wasmparser::validate(&bytes).is_err(), invalid.contains(&guest.file), "{}", guest.file);
        }
        let features = wasmparser::WasmFeatures::all();
        let bytes = fs::read(built.join("unsupported.wasm")).unwrap();
        wasmparser::Validator::new_with_features(features).validate_all(&bytes).unwrap();
    }

    #[test]
    fn markers_are_unique_in_their_file() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("guests/src");
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let mut seen = BTreeSet::new();
            for line in text.lines() {
                if let Some((_, rest)) = line.rsplit_once("// #") {
                    let marker: String = rest.chars().take_while(|&c| c.is_ascii_alphanumeric() || c == '-').collect();
                    assert!(!marker.is_empty() && seen.insert(marker.clone()), "{}: {marker}", path.display());
                }
            }
        }
    }

    #[test]
    fn an_unknown_name_is_refused() {
        assert!(matches!(choose(&["nonsense"]), Err(Error::UnknownGuest { .. })));
        assert_eq!(choose(&["spin"]).unwrap().len(), 1);
    }
}
