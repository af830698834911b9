//! The questions that an engine asks, about guests of each language, by their markers.
#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;

use common::{Fake, file, marker, site, symbols};
use freezeframe_debuggee::{FrameAccess, Unavailable, WasmValue};
use freezeframe_symbols::{
    BitRange, DebugFiles, Encoding, Language, ModulePc, Place, Qualifier, Record, RecordKind, Symbols, Type, TypeId,
    TypeKind, Variable, VariableKind,
};
use wasmparser::{Parser, Payload};

const ORDERS: [&str; 3] = ["orders.O0.dwarf4.wasm", "orders.O0.dwarf5.wasm", "orders.O0.dwarf4.clang19.wasm"];

/// The first operators' offsets of a module.
fn operators(name: &str) -> BTreeSet<u32> {
    let bytes = common::bytes(name);
    let mut offsets = BTreeSet::new();
    for payload in Parser::new(0).parse_all(&bytes) {
        if let Ok(Payload::CodeSectionEntry(body)) = payload {
            let operators = body.get_operators_reader().expect("operators");
            offsets.extend(operators.into_iter_with_offsets().map(|operator| operator.expect("an operator").1 as u32));
        }
    }
    offsets
}

fn variable(symbols: &Symbols, pc: ModulePc, depth: usize, name: &str) -> Variable {
    let variables = symbols.variables(pc, depth);
    let found = variables.iter().rfind(|variable| variable.name == name);
    found.unwrap_or_else(|| panic!("no {name} among {variables:?}")).clone()
}

fn type_of(symbols: &Symbols, variable: &Variable) -> Type {
    symbols.ty(variable.ty.expect("a type")).expect("a type").as_ref().clone()
}

fn type_named(symbols: &Symbols, name: &str) -> Type {
    let ids = symbols.find_types(name);
    let [id] = ids[..] else { panic!("{name} is one type: {ids:?}") };
    symbols.ty(id).expect("a type").as_ref().clone()
}

fn record(ty: &Type) -> &Record {
    let TypeKind::Record(record) = &ty.kind else { panic!("{} is a record", ty.name) };
    record
}

/// Names of the members' types.
fn members(symbols: &Symbols, record: &Record) -> Vec<(String, u64, String)> {
    let member = |member: &freezeframe_symbols::Member| {
        let ty = symbols.ty(member.ty).expect("a type").name.clone();
        (member.name.clone().unwrap_or_default(), member.offset, ty)
    };
    record.members.iter().map(member).collect()
}

#[test]
fn every_site_is_an_operator() {
    for guest in ["orders.O0.dwarf5.wasm", "inline.O2.dwarf5.wasm", "shapes.O2.dwarf5.wasm", "inventory.O0.dwarf4.wasm"]
    {
        let symbols = symbols(guest);
        let operators = operators(guest);
        let mut count = 0;
        for i in 0..symbols.files().len() {
            let file = freezeframe_symbols::FileId(i as u32);
            for line in symbols.lines_with_code(file) {
                let sites = symbols.line_sites(file, line).expect("a line with code has sites");
                assert_eq!(sites.line, line);
                assert!(!sites.sites.is_empty(), "{guest} {line}");
                assert!(sites.sites.iter().all(|site| operators.contains(&site.0)), "{guest} {sites:?}");
                count += sites.sites.len();
            }
        }
        assert!(count > 100, "{guest}: {count}");
        for function in symbols.functions() {
            assert!(operators.contains(&function.range.start.0) && operators.contains(&function.prologue_end.0));
            assert_eq!(symbols.function_at(function.range.start), Some(function));
            assert_eq!(symbols.function_by_index(function.index), Some(function));
        }
    }
}

#[test]
fn parameters_are_there_behind_the_prologue() {
    for guest in ORDERS {
        let symbols = symbols(guest);
        let [function] = symbols.find_functions("price")[..] else { panic!("one price") };
        let function = &symbols.functions()[function.0 as usize];
        assert_eq!((function.name(), function.language, function.has_dwarf), ("price", Language::C, true));
        assert_eq!(symbols.function_sites("price"), [function.prologue_end]);
        // The opening line is before it, so a breakpoint there goes to the prologue's end.
        let opening = function.declared.expect("declared");
        let sites = symbols.line_sites(opening.file, opening.line).expect("sites");
        assert_eq!((sites.line, sites.sites), (opening.line, vec![function.prologue_end]));

        let order = variable(&symbols, function.prologue_end, 0, "order");
        assert_eq!((order.kind, order.depth), (VariableKind::Parameter, 0));
        let mut frame = Fake { locals: 0x1000, ..Fake::default() };
        let Ok(Place::Memory(address)) = symbols.locate(&order, function.prologue_end, &mut frame) else {
            panic!("order is in memory")
        };
        assert!((0x1000..0x1100).contains(&address), "{address:#x}");
        // Inside of the prologue there's garbage where it will be.
        let early = symbols.locate(&order, function.range.start, &mut frame).expect_err("not yet");
        assert!(early.0.contains("prologue"), "{early}");
    }
}

#[test]
fn types_of_c() {
    for guest in ORDERS {
        let symbols = symbols(guest);
        let order = type_named(&symbols, "struct Order");
        assert_eq!((order.name.as_str(), order.size, order.language), ("struct Order", Some(72), Language::C));
        let expected = [
            ("id", 0, "int"),
            ("customer", 4, "char [8]"),
            ("total", 12, "int"),
            ("status", 16, "enum Status"),
            ("flags", 20, "struct Flags"),
            ("payment", 24, "union Payment"),
            ("weight", 32, "double"),
            ("items", 40, "struct Item [2]"),
            ("next", 64, "struct Order *"),
        ];
        assert_eq!(members(&symbols, record(&order)), expected.map(|(name, at, ty)| (name.into(), at, ty.into())));

        let flags = type_named(&symbols, "Flags");
        let bits: Vec<_> = record(&flags).members.iter().map(|member| (member.offset, member.bits)).collect();
        let range = |first, width| Some(BitRange { first, width });
        assert_eq!(bits, [(0, range(0, 1)), (0, range(1, 3)), (0, range(4, 5))]);
        assert_eq!(record(&type_named(&symbols, "union Payment")).kind, RecordKind::Union);
        assert!(symbols.find_types("struct Payment").is_empty(), "it's a union");

        let status = type_named(&symbols, "enum Status");
        let TypeKind::Enumeration { enumerators, signed: false, .. } = status.kind else { panic!("{status:?}") };
        assert_eq!(enumerators, [("NEW".into(), 0), ("PAID".into(), 5), ("SHIPPED".into(), 6)]);

        let [shop] = &symbols.find_globals("shop")[..] else { panic!("one shop") };
        let ty = type_of(&symbols, shop);
        assert_eq!(ty.name, "const char *");
        let TypeKind::Pointer(Some(target)) = ty.kind else { panic!("{ty:?}") };
        let TypeKind::Qualified { qualifier: Qualifier::Const, target: Some(char) } =
            symbols.ty(target).expect("const").kind
        else {
            panic!("const char")
        };
        assert_eq!(symbols.ty(char).expect("char").kind, TypeKind::Base(Encoding::SignedChar));
        assert_eq!(shop.kind, VariableKind::Static);
        assert!(matches!(symbols.locate(shop, ModulePc(0), &mut Fake::default()), Ok(Place::Memory(1024..))));

        let pc = site(&symbols, "orders.c", "price-total");
        let ty = type_of(&symbols, &variable(&symbols, pc, 0, "discount"));
        let TypeKind::Typedef(Some(pointer)) = ty.kind else { panic!("{ty:?}") };
        assert_eq!((ty.name.as_str(), ty.size), ("Discount", Some(4)));
        assert_eq!(symbols.ty(pointer).expect("a pointer").name, "int (*)(int)");
    }
}

#[test]
fn inner_variables_shadow_outer_ones() {
    let symbols = symbols("orders.O0.dwarf5.wasm");
    let pc = site(&symbols, "orders.c", "shadow");
    let all = symbols.variables(pc, 0);
    let sums: Vec<_> = all.iter().filter(|v| v.name == "sum").map(|v| (v.depth, type_of(&symbols, v).name)).collect();
    assert_eq!(sums, [(0, "int".into()), (1, "double".into())]);
    // A static of a function is in its scope, and is found from outside by its path.
    let pc = site(&symbols, "orders.c", "price-entry");
    let calls = variable(&symbols, pc, 0, "calls");
    assert_eq!(calls.kind, VariableKind::Static);
    assert_eq!(symbols.find_globals("price::calls").first().map(|found| found.id), Some(calls.id));
    assert!(symbols.globals().iter().all(|global| global.id != calls.id));
}

#[test]
fn a_line_without_code_slides_within_its_function() {
    let symbols = symbols("orders.O0.dwarf5.wasm");
    let orders = file(&symbols, "orders.c");
    let start = marker("orders.c", "price-entry");
    assert_eq!(symbols.line_sites(orders, 1).map(|sites| sites.line), symbols.lines_with_code(orders).first().copied());
    // The closing brace of the loop in `price`.
    let brace = marker("orders.c", "price-loop") + 1;
    let sites = symbols.line_sites(orders, brace).expect("sites");
    assert_eq!(sites.line, marker("orders.c", "price-total"));
    let function = |pc| symbols.function_at(pc).map(|function| function.name());
    assert_eq!(function(sites.sites[0]), Some("price"));
    assert!(start < sites.line);
    assert_eq!(symbols.line_sites(orders, 100_000), None, "beyond the end");
}

#[test]
fn files_are_found_by_their_end() {
    let symbols = symbols("orders.O0.dwarf5.wasm");
    let [file] = symbols.find_files("src/orders.c")[..] else { panic!("one orders.c") };
    assert_eq!(&*symbols.files()[file.0 as usize].path, "/freezeframe/guests/src/orders.c");
    assert_eq!(symbols.find_files("/freezeframe/guests/src/orders.c"), [file]);
    assert!(symbols.find_files("ders.c").is_empty());
}

#[test]
fn inlined_copies_have_sites_frames_and_variables_of_their_own() {
    for guest in ["inline.O2.dwarf4.wasm", "inline.O2.dwarf5.wasm"] {
        let symbols = symbols(guest);
        let inline = file(&symbols, "inline.c");
        assert!(symbols.find_functions("square").is_empty(), "it's nowhere but inlined");
        let line = marker("inline.c", "square");
        let sites = symbols.line_sites(inline, line).expect("sites").sites;
        // Twice in `length_squared`, which is in `walk`; twice on one line of `main`.
        assert_eq!(sites.len(), 4, "{sites:?}");
        assert_eq!(symbols.function_sites("square"), sites);
        let chains: Vec<Vec<(String, u32, bool)>> = sites
            .iter()
            .map(|pc| {
                let frames = symbols.frames_at(*pc).into_iter();
                frames.map(|f| (f.function, f.location.map_or(0, |at| at.line), f.inlined)).collect()
            })
            .collect();
        let twice = marker("inline.c", "two-on-one-line");
        let in_main = vec![("square".into(), line, true), ("main".into(), twice, false)];
        assert_eq!(chains[0], in_main);
        assert_eq!(chains[1], in_main);
        let names: Vec<&str> = chains[2].iter().map(|frame| frame.0.as_str()).collect();
        assert_eq!(names, ["square", "length_squared", "walk"]);

        let mut frame = Fake { operands: 7, ..Fake::default() };
        let names =
            |depth| symbols.variables(sites[2], depth).into_iter().map(|variable| variable.name).collect::<Vec<_>>();
        assert_eq!(names(0), ["n", "squared"]);
        assert_eq!(names(1), ["v", "x2", "y2"]);
        assert_eq!(names(2), ["path", "count", "total", "i", "length"]);
        assert!(names(3).is_empty());
        let n = variable(&symbols, sites[2], 0, "n");
        assert!(matches!(symbols.locate(&n, sites[2], &mut frame), Ok(Place::Operand(_) | Place::Local(_))));
        // Half of a struct is on the operand stack.
        let v = variable(&symbols, sites[2], 1, "v");
        let Ok(Place::Pieces(pieces)) = symbols.locate(&v, sites[2], &mut frame) else { panic!("v is in pieces") };
        assert!(pieces.iter().all(|piece| piece.bits == 32) && pieces.len() == 2, "{pieces:?}");
        assert!(pieces.iter().any(|piece| piece.place.is_some()));
        // What was thrown away altogether still has its name.
        let both = variable(&symbols, sites[0], 1, "scale");
        assert!(symbols.locate(&both, sites[0], &mut frame).is_err());
    }
}

#[test]
fn types_of_cpp() {
    for guest in ["shapes.O0.dwarf4.wasm", "shapes.O0.dwarf5.wasm"] {
        let symbols = symbols(guest);
        let rectangle = type_named(&symbols, "Rectangle");
        assert_eq!((rectangle.name.as_str(), rectangle.language), ("geometry::Rectangle", Language::Cpp));
        let base = record(&rectangle).bases[0];
        assert_eq!((symbols.ty(base.ty).expect("a base").name.as_str(), base.offset), ("geometry::Shape", Some(0)));
        let shape = type_named(&symbols, "geometry::Shape");
        let [made] = &record(&shape).statics[..] else { panic!("one static: {shape:?}") };
        // It's declared there and defined elsewhere.
        assert!(matches!(symbols.locate(made, ModulePc(0), &mut Fake::default()), Ok(Place::Memory(1024..))));
        assert_eq!(symbols.find_globals("Shape::made")[0].name, "geometry::Shape::made");

        let colour = type_named(&symbols, "Colour");
        let TypeKind::Enumeration { enumerators, underlying: Some(underlying), .. } = &colour.kind else {
            panic!("{colour:?}")
        };
        assert_eq!((colour.size, symbols.ty(*underlying).expect("a type").name.as_str()), (Some(1), "unsigned char"));
        assert_eq!(enumerators.last(), Some(&("Blue".into(), 5)));

        let [area] = symbols.find_functions("Circle::area")[..] else { panic!("one Circle::area") };
        let area = &symbols.functions()[area.0 as usize];
        assert_eq!((area.name(), area.short_name()), ("geometry::Circle::area", "area"));
        let linkage_name = symbols.linkage_name(area.id).expect("a name");
        assert!(linkage_name.starts_with("_ZNK8geometry6Circle4area"), "{linkage_name}");
        assert_eq!(symbols.find_functions(&linkage_name), [area.id]);
        let this = variable(&symbols, area.prologue_end, 0, "this");
        assert!(this.artificial);
        assert_eq!(type_of(&symbols, &this).name, "const geometry::Circle *");
        // A template has one site for each of its instances.
        assert_eq!(symbols.find_functions("largest").len(), 2);
        let template =
            symbols.line_sites(file(&symbols, "shapes.cpp"), marker("shapes.cpp", "largest")).expect("sites");
        assert_eq!(template.sites.len(), 2);
        assert!(symbols.find_functions("show").len() >= 3, "overloads");
        assert!(!symbols.find_functions("std::vector::push_back").is_empty());
    }
}

#[test]
fn types_of_rust() {
    for guest in ["inventory.O0.dwarf4.wasm", "inventory.O2.dwarf5.wasm"] {
        let symbols = symbols(guest);
        let kind = type_named(&symbols, "inventory::Kind");
        let part = record(&kind).variants.as_ref().expect("variants");
        let names: Vec<_> = part.variants.iter().map(|v| v.member.name.as_deref().unwrap_or_default()).collect();
        assert_eq!(names, ["Tool", "Paint", "Cable"]);
        // A niche in `String`'s capacity tells which: no value of its own for `Cable`.
        assert!(part.discriminant.is_some());
        let values: Vec<_> = part.variants.iter().map(|v| v.values.len()).collect();
        assert_eq!(values, [1, 1, 0]);
        let paint = symbols.ty(part.variants[1].member.ty).expect("a type");
        assert_eq!(paint.name, "inventory::Kind::Paint");
        let fields: Vec<_> = members(&symbols, record(&paint)).into_iter().map(|(name, _, ty)| (name, ty)).collect();
        let expected = [("red", "u8"), ("green", "u8"), ("blue", "u8")];
        assert_eq!(fields, expected.map(|(name, ty)| (name.to_owned(), ty.to_owned())));

        let shelf = type_named(&symbols, "inventory::Shelf");
        let TypeKind::Enumeration { enumerators, .. } = &shelf.kind else { panic!("{shelf:?}") };
        assert_eq!(enumerators[2], ("High".into(), 9));
        let item = type_named(&symbols, "inventory::Item");
        let types: BTreeSet<String> = members(&symbols, record(&item)).into_iter().map(|member| member.2).collect();
        assert!(types.contains("alloc::string::String") && types.contains("core::option::Option<inventory::Shelf>"));
    }
    let symbols = symbols("inventory.O0.dwarf4.wasm");
    let describe = symbols.find_functions("Item::describe");
    assert_eq!(describe.len(), 1);
    let describe = &symbols.functions()[describe[0].0 as usize];
    assert_eq!(describe.name(), "<inventory::Item as inventory::Describe>::describe");
    assert_eq!(describe.language, Language::Rust);
    let pc = site(&symbols, "inventory.rs", "scalars-end");
    let wide = variable(&symbols, pc, 0, "wide");
    assert_eq!((type_of(&symbols, &wide).name.as_str(), type_of(&symbols, &wide).size), ("u128", Some(16)));
    let letter = type_of(&symbols, &variable(&symbols, pc, 0, "letter"));
    assert_eq!(letter.kind, TypeKind::Base(Encoding::Utf));
    assert_eq!(type_of(&symbols, &variable(&symbols, pc, 0, "array")).name, "[u16; 3]");
    // Instances of a generic function.
    assert_eq!(symbols.find_functions("inventory::largest").len(), 2);
}

#[test]
fn names_of_zig() {
    for guest in ["queue.Debug.dwarf4.wasm", "queue.ReleaseSafe.dwarf4.wasm"] {
        let symbols = symbols(guest);
        assert!(symbols.functions().iter().any(|function| function.language == Language::Zig));
    }
    let symbols = symbols("queue.Debug.dwarf4.wasm");
    let [weigh] = symbols.find_functions("weigh")[..] else { panic!("one weigh") };
    let weigh = &symbols.functions()[weigh.0 as usize];
    assert_eq!((weigh.name(), weigh.short_name()), ("queue.weigh", "weigh"));
    // A parameter passed by reference: in memory, where a local points to.
    let [push] = symbols.find_functions("Queue(queue.Job,4).push")[..] else { panic!("one push") };
    assert_eq!(symbols.find_functions("push"), [push]);
    let push = &symbols.functions()[push.0 as usize];
    let item = variable(&symbols, push.prologue_end, 0, "item");
    let place = symbols.locate(&item, push.prologue_end, &mut Fake { locals: 0x2000, ..Fake::default() });
    assert!(matches!(place, Ok(Place::Memory(0x2000..0x2010))), "{place:?}");
}

#[test]
fn without_dwarf_there_are_names() {
    let nodebug = symbols("nodebug.wasm");
    assert!(!nodebug.has_lines() && nodebug.files().is_empty());
    let twice = nodebug.find_functions("double");
    assert_eq!(twice.len(), 1, "{:?}", nodebug.functions());
    assert_eq!(nodebug.find_functions("_start"), nodebug.find_functions("start"), "an export's name will do");
    let twice = &nodebug.functions()[twice[0].0 as usize];
    assert!(!twice.has_dwarf);
    assert_eq!(twice.prologue_end, twice.range.start);
    let [frame] = &nodebug.frames_at(twice.range.start)[..] else { panic!("one frame") };
    assert_eq!((frame.function.as_str(), frame.location), ("double", None));
    assert!(nodebug.variables(twice.range.start, 0).is_empty());
    assert!(nodebug.imported_functions().iter().any(|function| function.name == "fd_write"));

    let nonames = symbols("nonames.wasm");
    let names: Vec<&str> = nonames.functions().iter().map(|function| function.name()).collect();
    assert!(names.contains(&"_start"), "an export: {names:?}");
    assert!(names.iter().any(|name| name.starts_with("func[")), "{names:?}");
}

#[test]
fn dwarf_in_another_file() {
    let stripped = symbols("orders.O0.dwarf5.external.wasm");
    assert_eq!(stripped.external_debug(), Some("orders.O0.dwarf5.external.debug.wasm"));
    assert!(!stripped.has_lines() && !stripped.functions()[1].has_dwarf);
    let bytes = |name| common::bytes(name).into();
    let debug = bytes(stripped.external_debug().expect("a name"));
    let both = {
        let files = DebugFiles { debug: Some(debug), ..DebugFiles::default() };
        Symbols::with_files(bytes("orders.O0.dwarf5.external.wasm"), files)
    }
    .expect("symbols");
    // The same code, so the same answers, but for where it lies in the file.
    let whole = symbols("orders.O0.dwarf5.wasm");
    assert_eq!(whole.external_debug(), None);
    let moved = |symbols: &Symbols, pc: ModulePc| pc.to_code(symbols.code_start());
    let sites = |symbols: &Symbols| moved(symbols, site(symbols, "orders.c", "price-loop"));
    assert_eq!(sites(&both), sites(&whole));
    assert_eq!(type_named(&both, "struct Order"), type_named(&whole, "struct Order"));

    let split = symbols("orders.O0.dwarf5.split.wasm");
    assert!(split.warnings().iter().any(|warning| warning.contains(".dwo")), "{:?}", split.warnings());
    site(&split, "orders.c", "price-loop");
}

/// A frame that has nothing.
struct Nothing;

impl FrameAccess for Nothing {
    fn local(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
        Err(Unavailable::new("the frame's locals can't be read"))
    }
    fn operand(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
        Err(Unavailable::new("no"))
    }
    fn global(&mut self, _: u32) -> Result<WasmValue, Unavailable> {
        Err(Unavailable::new("no"))
    }
    fn memory(&mut self, _: u64, _: &mut [u8]) -> Result<(), Unavailable> {
        Err(Unavailable::new("no"))
    }
}

#[test]
fn what_the_frame_cannot_give_is_said() {
    let symbols = symbols("orders.O0.dwarf5.wasm");
    let pc = site(&symbols, "orders.c", "price-loop");
    let sum = variable(&symbols, pc, 0, "sum");
    assert_eq!(symbols.locate(&sum, pc, &mut Nothing), Err(Unavailable::new("the frame's locals can't be read")));
    assert!(symbols.ty(TypeId(u64::MAX)).is_err());
}

#[test]
fn answers_do_not_depend_on_who_asks() {
    let symbols = symbols("inventory.O2.dwarf5.wasm");
    let pcs: Vec<ModulePc> = symbols.functions().iter().map(|function| function.prologue_end).collect();
    std::thread::scope(|scope| {
        let ask = || pcs.iter().map(|pc| symbols.frames_at(*pc)).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        let answers: Vec<_> = threads.into_iter().map(|thread| thread.join().expect("no panic")).collect();
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    });
}
