//! Panics three frames deep: an index out of bounds, or (by the first argument) an unwrap, an overflow, an abort.

#[derive(Debug)]
struct Table {
    rows: Vec<u32>,
}

impl Table {
    #[inline(never)]
    fn row(&self, index: usize) -> u32 {
        self.rows[index] // #index
    }
}

#[inline(never)]
fn add(a: u8, b: u8) -> u8 {
    a + b // #overflow
}

#[inline(never)]
fn parse(text: &str) -> u32 {
    text.parse().unwrap() // #unwrap
}

#[inline(never)]
fn fail(how: &str, table: &Table) -> u32 {
    let last = table.rows.len();
    match how {
        "unwrap" => parse("four"), // #unwrap-call
        "overflow" => u32::from(add(200, last as u8 + 97)), // #overflow-call
        "abort" => std::process::abort(), // #abort
        "none" => table.row(0),
        _ => table.row(last), // #index-call
    }
}

fn main() {
    let how = std::env::args().nth(1).unwrap_or_else(|| "index".to_string());
    let table = Table { rows: vec![2, 3, 5] };
    let value = fail(&how, &table); // #main-call
    println!("value {value}");
}
