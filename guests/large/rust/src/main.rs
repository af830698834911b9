//! Counts words, and uses a little of many crates so that they are linked in.

use std::collections::HashMap;

use clap::Parser;

#[derive(Parser, Debug)]
struct Args {
    #[arg(default_value = "(a|b)*c")]
    pattern: String,
    #[arg(default_value = "red green red blue red")]
    text: String,
}

#[derive(serde::Serialize, serde::Deserialize, Debug)]
struct Row {
    name: String,
    count: u32,
}

fn count_words(words: &[&str]) -> HashMap<String, u32> {
    let mut all = HashMap::new();
    for word in words {
        *all.entry(word.to_string()).or_insert(0) += 1;
    }
    all // #counted
}

fn main() {
    let args = Args::parse();
    let pattern = regex::Regex::new(&args.pattern).unwrap();
    let counted = count_words(&args.text.split(' ').collect::<Vec<_>>());
    let mut rows: Vec<Row> = counted.into_iter().map(|(name, count)| Row { name, count }).collect();
    rows.sort_by(|a, b| b.count.cmp(&a.count).then(a.name.cmp(&b.name)));
    println!("{} {}", pattern.is_match(&args.text), serde_json::to_string(&rows).unwrap()); // #print
    let file = syn::parse_file("fn f() -> u32 { 1 + 2 }").unwrap();
    println!("{:?}", file.items);
    println!("{}", wasmparser::Validator::new().validate_all(b"\0asm\x01\0\0\0").is_ok());
    println!("{}", image::load_from_memory(b"no image").is_err());
    let units = gimli::DebugInfo::<gimli::EndianSlice<gimli::LittleEndian>>::new(&[], gimli::LittleEndian);
    println!("{:?}", units.units().next().is_ok());
}
