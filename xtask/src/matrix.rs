//! Which guests there are: one row a file in `guests/built`.
//!
//! The file name says it all: `<source>.<optimisation>.dwarf<version>[.<variant>].wasm`.

use crate::tools::{RUSTC_163, RUSTC_195, RUSTC_199, Rustc};

/// One file in `guests/built`, and how it comes about.
#[derive(Clone, Copy, Debug)]
pub struct Guest {
    pub file: &'static str,
    /// Below `guests/src`; of a derived guest, the file in `guests/built` that it is made of.
    pub source: &'static str,
    pub recipe: Recipe,
}

#[derive(Clone, Copy, Debug)]
pub enum Recipe {
    /// Further flags, after those that every C guest gets.
    C(&'static [&'static str]),
    /// The same with the older Clang.
    Clang19(&'static [&'static str]),
    Cpp(&'static [&'static str]),
    /// C++ that throws, with a run-time library of its own.
    CppExceptions(&'static [&'static str]),
    /// A small module for looking at values: no `name` section, a C library without debug information, linkage names only
    /// where nothing else tells functions apart.
    CppValues {
        library: Libcxx,
        flags: &'static [&'static str],
    },
    /// `.wasm` and the `.dwo` beside it; the latter has no row of its own here but one in the manifest.
    SplitDwarf(&'static [&'static str]),
    Rust {
        target: &'static str,
        flags: &'static [&'static str],
    },
    /// A small module for looking at values: std without debug information, no `name` section.
    RustValues {
        rustc: &'static Rustc,
        flags: &'static [&'static str],
    },
    /// Without a library: `run` is exported. Further sources may be among the flags.
    Bare {
        flags: &'static [&'static str],
        split: Split,
    },
    /// `.wasm` and the `.wasm.map` beside it.
    AssemblyScript,
    /// A built guest through Binaryen's optimiser, which leaves its DWARF as it was.
    WasmOpt(&'static [&'static str]),
    Zig {
        mode: &'static str,
    },
    Text,
    Derived(Derivation),
}

/// Whether entries are split into files of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    No,
    /// A `.dwo` beside it.
    Object,
    /// A `.dwp` beside it.
    Package,
}

/// A version of libc++.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Libcxx {
    /// 19, with Clang 19.
    V19,
    /// 22, with Clang 22, from packages that are unpacked beside the installed ones.
    V22,
}

/// What is done to a built guest's bytes (or instead of them).
#[derive(Clone, Copy, Debug)]
pub enum Derivation {
    /// `.debug_info` ends in the middle of a unit.
    TruncateDebugInfo,
    /// Bytes in several `.debug_*` sections are overwritten.
    FlipDebugBytes,
    /// Debug sections moved out; `external_debug_info` names the file that holds them.
    StripToExternal { debug_file: &'static str },
    /// Only what the one above moved out.
    OnlyDebug,
    /// A function body with an opcode that no proposal uses.
    BogusOpcode,
    /// Text instead of Wasm.
    NotWasm,
}

const O0_4: &[&str] = &["-O0", "-gdwarf-4"];
const O0_5: &[&str] = &["-O0", "-gdwarf-5"];
const O2_4: &[&str] = &["-O2", "-gdwarf-4", "--no-wasm-opt"];
const O2_5: &[&str] = &["-O2", "-gdwarf-5", "--no-wasm-opt"];
/// So that the engine's own stack ends before the one in linear memory does.
const TRAP: &[&str] = &["-O0", "-gdwarf-5", "-Wno-infinite-recursion", "-Wl,-z,stack-size=8388608"];
const TRAP_O1: &[&str] = &["-O1", "-gdwarf-5", "--no-wasm-opt", "-Wno-infinite-recursion", "-Wl,-z,stack-size=8388608"];
const TRAP_O2: &[&str] = &["-O2", "-gdwarf-5", "--no-wasm-opt", "-Wno-infinite-recursion", "-Wl,-z,stack-size=8388608"];

const TYPES_4: &[&str] = &["-O0", "-gdwarf-4", "-fdebug-types-section"];
const TYPES_5: &[&str] = &["-O0", "-gdwarf-5", "-fdebug-types-section"];
const LENGTHS_O0: &[&str] = &["-O0", "-gdwarf-5", "-Wl,--build-id=0x5eed", "guests/src/lengths_other.c"];
const LENGTHS_O2: &[&str] = &["-O2", "-gdwarf-5", "guests/src/lengths_other.c"];

const fn bare(flags: &'static [&'static str], split: Split) -> Recipe {
    Recipe::Bare { flags, split }
}
/// Without a C library and without a beginning of its own; with tail calls.
const HOSTED: &[&str] = &["-O0", "-gdwarf-5", "-nostdlib", "-Wl,--no-entry", "-mtail-call"];

const fn guest(file: &'static str, source: &'static str, recipe: Recipe) -> Guest {
    Guest { file, source, recipe }
}

const fn derived(file: &'static str, from: &'static str, derivation: Derivation) -> Guest {
    Guest { file, source: from, recipe: Recipe::Derived(derivation) }
}

/// All guests, in the order in which they are built: a derived one comes after its original.
pub const GUESTS: &[Guest] = &[
    guest("orders.O0.dwarf4.wasm", "orders.c", Recipe::C(O0_4)),
    guest("orders.O0.dwarf5.wasm", "orders.c", Recipe::C(O0_5)),
    guest("orders.O2.dwarf4.wasm", "orders.c", Recipe::C(O2_4)),
    guest("orders.O2.dwarf5.wasm", "orders.c", Recipe::C(O2_5)),
    guest("orders.O0.dwarf4.clang19.wasm", "orders.c", Recipe::Clang19(O0_4)),
    guest("orders.O0.dwarf5.lines.wasm", "orders.c", Recipe::C(&["-O0", "-gdwarf-5", "-gline-tables-only"])),
    guest("orders.O0.dwarf5.embedded.wasm", "orders.c", Recipe::C(&["-O0", "-gdwarf-5", "-gembed-source"])),
    guest("orders.O0.dwarf5.split.wasm", "orders.c", Recipe::SplitDwarf(O0_5)),
    guest("steps.O0.dwarf4.wasm", "steps.c", Recipe::C(O0_4)),
    guest("steps.O0.dwarf5.wasm", "steps.c", Recipe::C(O0_5)),
    guest("steps.O2.dwarf5.wasm", "steps.c", Recipe::C(O2_5)),
    guest("trap.O0.dwarf5.wasm", "trap.c", Recipe::C(TRAP)),
    guest("trap.O1.dwarf5.wasm", "trap.c", Recipe::C(TRAP_O1)),
    guest("trap.O2.dwarf5.wasm", "trap.c", Recipe::C(TRAP_O2)),
    guest("traps.O0.dwarf5.wasm", "traps.cpp", bare(O0_5, Split::No)),
    guest("traps.O2.dwarf5.wasm", "traps.cpp", bare(&["-O2", "-gdwarf-5"], Split::No)),
    guest("files.O0.dwarf5.wasm", "files.c", Recipe::C(O0_5)),
    guest("exit.O0.dwarf5.wasm", "exit.c", Recipe::C(O0_5)),
    guest("spin.O0.dwarf5.wasm", "spin.c", Recipe::C(O0_5)),
    guest("bits.O0.dwarf4.wasm", "bits.c", Recipe::C(O0_4)),
    guest("bits.O0.dwarf5.wasm", "bits.c", Recipe::C(O0_5)),
    guest("hosted.O0.dwarf5.wasm", "hosted.c", Recipe::C(HOSTED)),
    guest("inline.O0.dwarf5.wasm", "inline.c", Recipe::C(O0_5)),
    guest("inline.O2.dwarf4.wasm", "inline.c", Recipe::C(O2_4)),
    guest("inline.O2.dwarf5.wasm", "inline.c", Recipe::C(O2_5)),
    guest("shapes.O0.dwarf4.wasm", "shapes.cpp", Recipe::Cpp(O0_4)),
    guest("shapes.O0.dwarf5.wasm", "shapes.cpp", Recipe::Cpp(O0_5)),
    guest("shapes.O2.dwarf5.wasm", "shapes.cpp", Recipe::Cpp(&["-O2", "-gdwarf-5"])),
    guest("exceptions.O0.dwarf5.wasm", "exceptions.cpp", Recipe::CppExceptions(O0_5)),
    guest("exceptions.O2.dwarf5.wasm", "exceptions.cpp", Recipe::CppExceptions(&["-O2", "-gdwarf-5"])),
    guest(
        "containers.O0.dwarf4.wasm",
        "containers.cpp",
        Recipe::CppValues { library: Libcxx::V19, flags: &["-O0", "-gdwarf-4"] },
    ),
    guest(
        "containers.O0.dwarf5.libcxx22.wasm",
        "containers.cpp",
        Recipe::CppValues { library: Libcxx::V22, flags: &["-O0", "-gdwarf-5"] },
    ),
    guest(
        "containers.O2.dwarf5.wasm",
        "containers.cpp",
        Recipe::CppValues { library: Libcxx::V19, flags: &["-O2", "-gdwarf-5"] },
    ),
    guest("inventory.O0.dwarf4.wasm", "inventory.rs", rust("wasm32-wasip1", RUST_O0_4)),
    guest("inventory.O2.dwarf5.wasm", "inventory.rs", rust("wasm32-wasip1", RUST_O2_5)),
    guest("inventory.O0.dwarf4.p2.wasm", "inventory.rs", rust("wasm32-wasip2", RUST_O0_4)),
    guest("values.O0.dwarf4.wasm", "values.rs", rust_values(&RUSTC_195, RUST_O0_4)),
    guest("values.O2.dwarf5.wasm", "values.rs", rust_values(&RUSTC_195, RUST_O2_5)),
    guest("collections.O0.dwarf4.rust163.wasm", "collections.rs", rust_values(&RUSTC_163, RUST_O0)),
    guest("collections.O0.dwarf4.rust199.wasm", "collections.rs", rust_values(&RUSTC_199, RUST_O0_4)),
    guest("panic.O0.dwarf4.wasm", "panic.rs", rust("wasm32-wasip1", RUST_O0_4)),
    guest("panic.O2.dwarf5.wasm", "panic.rs", rust_values(&RUSTC_195, RUST_O2_5)),
    guest("queue.Debug.dwarf4.wasm", "queue.zig", Recipe::Zig { mode: "Debug" }),
    guest("queue.ReleaseSafe.dwarf4.wasm", "queue.zig", Recipe::Zig { mode: "ReleaseSafe" }),
    guest("traps.ReleaseSafe.dwarf4.wasm", "traps.zig", Recipe::Zig { mode: "ReleaseSafe" }),
    guest("units.O0.dwarf5.wasm", "units.cpp", bare(O0_5, Split::No)),
    guest("units.O0.dwarf4.types.wasm", "units.cpp", bare(TYPES_4, Split::No)),
    guest("units.O0.dwarf5.types.wasm", "units.cpp", bare(TYPES_5, Split::No)),
    guest("units.O0.dwarf4.split.wasm", "units.cpp", bare(O0_4, Split::Object)),
    guest("units.O1.dwarf5.split.wasm", "units.cpp", bare(&["-O1", "-gdwarf-5"], Split::Object)),
    guest("units.O0.dwarf4.package.wasm", "units.cpp", bare(TYPES_4, Split::Package)),
    guest("units.O0.dwarf5.package.wasm", "units.cpp", bare(TYPES_5, Split::Package)),
    guest("lengths.O0.dwarf5.wasm", "lengths.c", bare(LENGTHS_O0, Split::No)),
    guest("lengths.O2.dwarf5.wasm", "lengths.c", bare(LENGTHS_O2, Split::No)),
    guest("strange.O0.dwarf5.wasm", "strange.cpp", bare(O0_5, Split::No)),
    guest("fleet.wasm", "fleet.ts", Recipe::AssemblyScript),
    guest("units.O0.dwarf5.stale.wasm", "units.O0.dwarf5.wasm", Recipe::WasmOpt(&["-O2", "-g"])),
    guest("nodebug.wasm", "nodebug.wat", Recipe::Text),
    guest("nonames.wasm", "nonames.wat", Recipe::Text),
    guest("invoke.wasm", "invoke.wat", Recipe::Text),
    guest("missing-import.wasm", "missing-import.wat", Recipe::Text),
    guest("unsupported.wasm", "unsupported.wat", Recipe::Text),
    derived("damaged.wasm", "orders.O0.dwarf5.wasm", Derivation::TruncateDebugInfo),
    derived("damaged-flipped.wasm", "orders.O0.dwarf5.wasm", Derivation::FlipDebugBytes),
    derived(
        "orders.O0.dwarf5.external.wasm",
        "orders.O0.dwarf5.wasm",
        Derivation::StripToExternal { debug_file: "orders.O0.dwarf5.external.debug.wasm" },
    ),
    derived("orders.O0.dwarf5.external.debug.wasm", "orders.O0.dwarf5.wasm", Derivation::OnlyDebug),
    derived("bogus-opcode.wasm", "", Derivation::BogusOpcode),
    derived("not-wasm.wasm", "", Derivation::NotWasm),
];

const RUST_O0_4: &[&str] = &["-C", "opt-level=0", "-C", "dwarf-version=4"];
/// As 1.63 knows it, which has DWARF 4 for WebAssembly.
const RUST_O0: &[&str] = &["-C", "opt-level=0"];
const RUST_O2_5: &[&str] = &["-C", "opt-level=2", "-C", "dwarf-version=5"];

const fn rust(target: &'static str, flags: &'static [&'static str]) -> Recipe {
    Recipe::Rust { target, flags }
}

const fn rust_values(rustc: &'static Rustc, flags: &'static [&'static str]) -> Recipe {
    Recipe::RustValues { rustc, flags }
}

impl Guest {
    /// Whether it's made of another guest.
    pub fn is_made_of_another(&self) -> bool {
        matches!(self.recipe, Recipe::Derived(_) | Recipe::WasmOpt(_))
    }

    /// The file that is built together with it, if there is one.
    pub fn beside(&self) -> Option<String> {
        let renamed = |extension: &str| Some(self.file.replace(".wasm", extension));
        match self.recipe {
            Recipe::SplitDwarf(_) | Recipe::Bare { split: Split::Object, .. } => renamed(".dwo"),
            Recipe::Bare { split: Split::Package, .. } => renamed(".dwp"),
            Recipe::AssemblyScript => renamed(".wasm.map"),
            _ => None,
        }
    }

    /// As the manifest and `DW_AT_language` call it, in words.
    pub fn language(&self) -> &'static str {
        match self.recipe {
            Recipe::C(_) | Recipe::Clang19(_) | Recipe::SplitDwarf(_) => "C",
            Recipe::Bare { .. } if self.source.ends_with(".c") => "C",
            Recipe::Cpp(_) | Recipe::CppExceptions(_) | Recipe::CppValues { .. } | Recipe::Bare { .. } => "C++",
            Recipe::WasmOpt(_) => "C++",
            Recipe::AssemblyScript => "AssemblyScript",
            Recipe::Rust { .. } | Recipe::RustValues { .. } => "Rust",
            Recipe::Zig { .. } => "Zig",
            Recipe::Text => "WAT",
            Recipe::Derived(Derivation::BogusOpcode | Derivation::NotWasm) => "none",
            Recipe::Derived(_) => "C",
        }
    }

    /// Where the source lies, from the repository's root; a derived guest's source is another guest.
    pub fn source_path(&self) -> String {
        match self.recipe {
            Recipe::Derived(_) if self.source.is_empty() => "xtask/src/derive.rs".to_string(),
            Recipe::Derived(_) | Recipe::WasmOpt(_) => format!("guests/built/{}", self.source),
            _ => format!("guests/src/{}", self.source),
        }
    }
}
