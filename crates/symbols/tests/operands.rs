//! Variables on the operand stack, against the heights that validation finds.
#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{Fake, bytes, symbols};
use freezeframe_symbols::{ModulePc, Place};
use wasmparser::{FuncValidatorAllocations, OperatorsReader, Parser, ValidPayload, Validator, WasmFeatures};

/// How high the operand stack is before each operator of a module.
fn heights(wasm: &[u8]) -> Vec<(ModulePc, u32)> {
    let mut heights = Vec::new();
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.expect("a payload");
        let ValidPayload::Func(function, body) = validator.payload(&payload).expect("a valid module") else { continue };
        let mut function = function.into_validator(FuncValidatorAllocations::default());
        let mut reader = body.get_binary_reader();
        function.read_locals(&mut reader).expect("locals");
        let mut operators = OperatorsReader::new(reader);
        while !operators.eof() {
            let (operator, at) = operators.read_with_offset().expect("an operator");
            heights.push((ModulePc(at as u32), function.operand_stack_height()));
            function.op(at, &operator).expect("a valid operator");
        }
    }
    heights
}

#[test]
fn an_operand_that_is_gone_is_nobodys_value() {
    for name in ["orders.O2.dwarf5.wasm", "shapes.O2.dwarf5.wasm", "inline.O2.dwarf5.wasm"] {
        let symbols = symbols(name);
        let (mut there, mut gone) = (0, 0);
        for (pc, height) in heights(&bytes(name)) {
            let own = symbols.frames_at(pc).into_iter().any(|frame| {
                frame.location.is_some_and(|at| symbols.files()[at.file.0 as usize].path.contains("guests/src"))
            });
            for variable in if own { symbols.variables(pc, 0) } else { Vec::new() } {
                match symbols.locate(&variable, pc, &mut Fake::default()) {
                    Ok(Place::Operand(slot)) => {
                        there += 1;
                        assert!(slot < height, "{name} {pc}: {} in slot {slot} of {height}", variable.name);
                    }
                    Err(why) if why.0.contains("consumed") => {
                        gone += 1;
                        assert!(!symbols.is_covered(&variable, pc), "{name} {pc}: {}", variable.name);
                    }
                    _ => {}
                }
            }
        }
        assert!(there > 0, "{name} has variables there");
        assert!(gone > 0 || name.starts_with("inline"), "{name}: LLVM's ranges go on behind what takes the operand");
    }
}
