//! Prints what is known of a module:
//! `dump MODULE.wasm [functions | lines FILE | line FILE LINE | at PC | globals | type NAME | sites FUNCTION | time]`.

use std::{env, error::Error, fs, time::Instant};

use freezeframe_debuggee::{FrameAccess, Unavailable, WasmValue};
use freezeframe_symbols::{ModulePc, Symbols, TypeKind};

/// A frame whose locals are all 0x1000.
struct Fake;

impl FrameAccess for Fake {
    fn local(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
        Ok(WasmValue::I32(0x1000))
    }
    fn operand(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
        Ok(WasmValue::I32(0x2000))
    }
    fn global(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
        Ok(WasmValue::I32(0x3000))
    }
    fn memory(&mut self, _: u64, into: &mut [u8]) -> Result<(), Unavailable> {
        into.fill(0);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let arg = |i: usize| args.get(i).map(String::as_str);
    let bytes = fs::read(arg(0).ok_or("which module?")?)?;
    let start = Instant::now();
    let symbols = Symbols::new(bytes.into())?;
    let opened = start.elapsed();
    match (arg(1).unwrap_or("time"), arg(2)) {
        ("functions", _) => {
            for f in symbols.functions() {
                println!("{:?} {}..{} prologue_end {} {:?}", f.id, f.range.start, f.range.end, f.prologue_end, f);
            }
        }
        ("lines", Some(file)) => {
            for id in symbols.find_files(file) {
                println!("{}", symbols.files().get(id.0 as usize).map_or("?", |file| &file.path));
                for line in symbols.lines_with_code(id) {
                    println!("{line}: {:?}", symbols.line_sites(id, line).map(|sites| sites.sites));
                }
            }
        }
        ("line", Some(file)) => {
            let line = arg(3).ok_or("which line?")?.parse()?;
            for id in symbols.find_files(file) {
                println!("{:?}", symbols.line_sites(id, line));
            }
        }
        ("at", Some(pc)) => {
            let pc = ModulePc(u32::from_str_radix(pc.trim_start_matches("0x"), 16)?);
            println!("{:?}", symbols.row_at(pc));
            for (depth, frame) in symbols.frames_at(pc).into_iter().enumerate() {
                println!("#{depth} {frame:?}");
                for variable in symbols.variables(pc, depth) {
                    let ty = variable.ty.map(|ty| symbols.ty(ty).map(|ty| ty.name.clone()));
                    let place = symbols.locate(&variable, pc, &mut Fake);
                    let depth = variable.depth;
                    println!("    {}: {ty:?} {:?} depth {depth} {place:?}", variable.name, variable.kind);
                }
            }
        }
        ("globals", _) => {
            for global in symbols.globals() {
                let ty = global.ty.map(|ty| symbols.ty(ty).map(|ty| ty.name.clone()));
                println!("{}: {ty:?} {:?} {:?}", global.name, global.kind, global.declared);
                println!("    {:?}", symbols.locate(&global, ModulePc(0), &mut Fake));
            }
        }
        ("type", Some(name)) => {
            for id in symbols.find_types(name) {
                let ty = symbols.ty(id)?;
                println!("{id:?} {ty:#?}");
                if let TypeKind::Record(record) = &ty.kind {
                    for member in &record.members {
                        println!("{:?}: {}", member.name, symbols.ty(member.ty)?.name);
                    }
                }
            }
        }
        ("sites", Some(name)) => println!("{:?} {:?}", symbols.find_functions(name), symbols.function_sites(name)),
        _ => {
            println!("opened {opened:?}");
            let step = |what: &str, f: &dyn Fn() -> usize| {
                let start = Instant::now();
                let n = f();
                println!("{what}: {n} in {:?}", start.elapsed());
            };
            step("files", &|| symbols.files().len());
            step("functions", &|| symbols.functions().len());
            step("globals", &|| symbols.globals().len());
            step("types", &|| symbols.find_types("int").len());
            step("warnings", &|| symbols.warnings().len());
        }
    }
    for warning in symbols.warnings() {
        eprintln!("warning: {warning}");
    }
    Ok(())
}
