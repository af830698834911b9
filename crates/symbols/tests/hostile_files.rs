//! Small files that name much: what is made of them stays small, and what is left out is said.
#![allow(clippy::expect_used)]

mod builder;

use builder::{leb, module};
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

/// A unit in a folder with a name of 16 KB, whose line program names so many files in a folder with another such name.
fn with_files(count: usize) -> Symbols {
    let abbreviations = vec![1, 0x11, 0, 0x13, 0x0b, 0x10, 0x17, 0x1b, 0x0e, 0, 0, 0];
    let unit = [&[20, 0, 0, 0, 4, 0][..], &[0; 4], &[4], &[1, 0x0c], &[0; 4], &[0; 4], &[0; 3]].concat();
    // No two places have the same letters behind them.
    let letter = |at: usize| b'a' + ((at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60) as u8;
    // One folder, and files by an offset and the number of their folder.
    let mut header = vec![1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 1, 1, 0x1f, 1, 0, 0, 0, 0];
    header.extend([2, 1, 0x1f, 2, 0x0b]);
    header.extend(leb(count as u64));
    for at in 0..count as u32 {
        header.extend(at.to_le_bytes());
        header.push(0);
    }
    let program = [&[5, 0, 4, 0][..], &(header.len() as u32).to_le_bytes(), &header].concat();
    let program = [&(program.len() as u32).to_le_bytes()[..], &program].concat();
    module(&[
        (".debug_abbrev", abbreviations),
        (".debug_info", unit),
        (".debug_str", vec![b'a'; 16 << 10]),
        (".debug_line_str", (0..count + (16 << 10)).map(letter).collect()),
        (".debug_line", program),
    ])
}

#[test]
fn a_few_bytes_name_a_file_with_a_long_path() {
    // 10 000 of them would take 490 MB.
    let symbols = with_files(1000);
    assert_eq!(symbols.warnings(), Vec::<String>::new());
    let paths = |symbols: &Symbols| symbols.files().iter().map(|file| file.path.len()).sum::<usize>();
    assert_eq!((symbols.files().len(), paths(&symbols)), (1000, 1000 * ((48 << 10) + 2)));
    let symbols = with_files(10_000);
    let unknown = |warning: &String| warning.contains("source files of line programs are unknown");
    assert_eq!(symbols.warnings().iter().filter(|warning| unknown(warning)).count(), 1, "{:?}", symbols.warnings());
    assert!((1000..2000).contains(&symbols.files().len()) && paths(&symbols) < 68 << 20);
}

#[test]
fn halves_of_units_that_are_not_there() {
    // 32 bytes each, whose file and folder have names of 16 KB.
    let abbreviations = vec![1, 0x11, 0, 0x76, 0x0e, 0x1b, 0x0e, 0, 0, 0];
    let unit = |id: u64| {
        let rest = [&[5, 0, 4, 4][..], &[0; 4], &id.to_le_bytes(), &[1], &[0; 8]].concat();
        [&(rest.len() as u32).to_le_bytes()[..], &rest].concat()
    };
    let with_units = |count: u64| {
        module(&[
            (".debug_abbrev", abbreviations.clone()),
            (".debug_info", (0..count).flat_map(unit).collect()),
            (".debug_str", vec![b'a'; 16 << 10]),
        ])
    };
    let more = |symbols: &Symbols| symbols.warnings().iter().filter(|warning| warning.contains("more units")).count();
    let symbols = with_units(8000);
    assert_eq!((symbols.split_units().len(), more(&symbols)), (8000, 0));
    assert!(symbols.split_units().iter().all(|unit| unit.file.len() <= 4096 && unit.directory.len() <= 4096));
    let symbols = with_units(9000);
    assert_eq!(symbols.split_units().len(), 8192);
    let said = symbols.warnings();
    let said: Vec<&String> = said.iter().filter(|warning| warning.contains("of 808 more units")).collect();
    assert_eq!(said.len(), 1, "how many more there are is said once");
}
