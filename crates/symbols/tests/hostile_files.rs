//! Small files that name much: what is made of them stays small, and what is left out is said.
#![allow(clippy::expect_used)]

mod builder;

use freezeframe_symbols::{DebugFiles, Symbols};

/// A module without DWARF, with a source map of so many sources that are all in one folder.
fn mapped(folder: usize, sources: usize) -> Symbols {
    let names: Vec<String> = (0..sources).map(|n| format!("\"{n}.ts\"")).collect();
    let (root, names) = ("a".repeat(folder), names.join(","));
    let map = format!(r#"{{"version":3,"sourceRoot":"{root}","sources":[{names}],"mappings":"AAAA"}}"#);
    let files = DebugFiles { source_map: Some(map.into_bytes().into()), ..DebugFiles::default() };
    Symbols::with_files(builder::module_bytes(&[]).into(), files).expect("a module")
}

#[test]
fn the_folder_of_a_source_map_is_in_each_of_its_paths() {
    // Longer than any system's paths, and more sources than a program has: both at once would take 3 GB.
    let symbols = mapped(100, 20_000);
    assert_eq!((symbols.warnings(), symbols.files().len()), (vec![], 20_000));
    let symbols = mapped(100_000, 300);
    assert_eq!((symbols.warnings(), symbols.files().len()), (vec![], 300));
    assert!(symbols.files().iter().all(|file| file.path.len() <= 17 << 10), "a name is clipped");
    let symbols = mapped(100_000, 20_000);
    assert!(
        symbols.warnings().iter().any(|warning| warning.contains("source map isn't used")),
        "{:?}",
        symbols.warnings()
    );
    assert_eq!(symbols.files().len(), 0, "none of it");
}
