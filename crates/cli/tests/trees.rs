//! Trees of values: handles over stops, pages, changes, setting, what is inside itself.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests are here")]

mod scenario;

use freezeframe_engine::{
    BreakpointSpec, Children, DebuggeeId, Debugger, EngineError, Format, Formatter, GlobalFilter, Language, Limits,
    LocationSpec, Node, NodeKind, Reason, Report, ScopeKind, ValueOptions,
};
use freezeframe_host::{LaunchOptions, Program, launch};
use scenario::{Markers, root};

struct Session {
    debugger: Debugger,
    guest: DebuggeeId,
    markers: Markers,
}

const NATURAL: ValueOptions =
    ValueOptions { format: Format::Natural, limits: Limits { depth: 6, elements: 100, text: 400 }, raw: false };

impl Session {
    fn start(module: &str, source: &str) -> Self {
        let program = Program::open(&root().join(format!("guests/built/{module}.wasm"))).unwrap();
        let options = LaunchOptions::default();
        let mut debugger = Debugger::new();
        let guest = debugger.attach(launch(&program, options).unwrap()).unwrap();
        Self { debugger, guest, markers: Markers::of(source) }
    }

    fn values() -> Self {
        Self::start("values.O0.dwarf4", "guests/src/values.rs")
    }

    fn orders() -> Self {
        Self::start("orders.O0.dwarf5", "guests/src/orders.c")
    }

    fn break_at(&mut self, marker: &str) {
        let location = LocationSpec::parse(&self.markers.expand(marker), None).unwrap();
        self.debugger.add_breakpoint(BreakpointSpec::at(location), false).unwrap();
    }

    #[track_caller]
    fn run(&mut self) {
        self.debugger.resume(self.guest).unwrap();
        let report = self.debugger.wait(self.guest, None).unwrap();
        assert!(matches!(report, Some(Report::Stopped { reason: Reason::Breakpoints(_), .. })), "{report:?}");
    }

    fn node(&mut self, text: &str) -> Node {
        self.debugger.evaluate_node(self.guest, Some(0), text, NATURAL).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    fn children(&mut self, node: &Node) -> Vec<Node> {
        self.page(node, Children::All, 0, 1000)
    }

    fn page(&mut self, node: &Node, which: Children, start: u64, count: u64) -> Vec<Node> {
        let page = self.debugger.children(node.handle, which, start, count, NATURAL);
        page.unwrap_or_else(|e| panic!("{node:?}: {e}"))
    }

    fn locals(&mut self, frame: usize) -> Vec<Node> {
        let scope = self.debugger.scope(self.guest, Some(frame), ScopeKind::Locals).unwrap();
        self.children(&scope)
    }
}

#[track_caller]
fn named<'n>(nodes: &'n [Node], name: &str) -> &'n Node {
    let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
    nodes.iter().find(|node| node.name == name).unwrap_or_else(|| panic!("no `{name}` in {names:?}"))
}

fn lines(nodes: &[Node]) -> Vec<String> {
    nodes.iter().map(|node| format!("{} = {}", node.name, node.text)).collect()
}

#[test]
fn handles_stay_over_stops_and_changes_are_marked() {
    let mut session = Session::orders();
    session.break_at("#price-loop");
    session.run();
    let first = session.locals(0);
    let order = session.node("*order");
    let first_parts = session.children(&order);
    assert!(first.iter().chain(&first_parts).all(|node| !node.changed), "{first:?}");
    session.run();
    let second = session.locals(0);
    assert_eq!(first.iter().map(|n| n.handle).collect::<Vec<_>>(), second.iter().map(|n| n.handle).collect::<Vec<_>>());
    let differ: Vec<&str> =
        first.iter().zip(&second).filter(|(a, b)| a.text != b.text).map(|(a, _)| a.name.as_str()).collect();
    let changed: Vec<&str> = second.iter().filter(|node| node.changed).map(|node| node.name.as_str()).collect();
    assert_eq!(changed, differ);
    assert!(changed.contains(&"i") && changed.len() < second.len(), "{changed:?}");
    // Asked for twice at one stop it's still what it was since the last one.
    let again = session.locals(0);
    assert_eq!(lines(&again), lines(&second));
    assert!(named(&again, "i").changed);
    // A handle from the first stop gives what is there now.
    let parts = session.children(&order);
    assert_eq!(
        parts.iter().map(|n| n.handle).collect::<Vec<_>>(),
        first_parts.iter().map(|n| n.handle).collect::<Vec<_>>()
    );
}

#[test]
fn what_is_gone_is_said() {
    let mut session = Session::orders();
    session.break_at("#price-loop");
    session.run();
    let locals = session.locals(0);
    let order = session.node("order");
    session.debugger.finish(session.guest, 0).unwrap();
    // The breakpoint is in a loop: until the frame has returned.
    for _ in 0..10 {
        session.debugger.wait(session.guest, None).unwrap();
        if session.debugger.frame(session.guest, 0).unwrap().function != "price" {
            break;
        }
        session.debugger.finish(session.guest, 0).unwrap();
    }
    for node in [&locals[0], &order] {
        let gone = session.debugger.children(node.handle, Children::All, 0, 10, NATURAL);
        assert!(matches!(gone, Err(EngineError::Gone(_))), "{gone:?}");
        assert!(gone.unwrap_err().to_string().contains("the frame of `price` is gone"));
    }
    let never = session.debugger.node(freezeframe_engine::Handle(1 << 30), NATURAL);
    assert!(matches!(never, Err(EngineError::NoHandle(_))), "{never:?}");
}

#[test]
fn pages_read_what_they_show() {
    let mut session = Session::values();
    session.break_at("#maps");
    session.run();
    for (name, length) in [("large", 2000), ("many", 500), ("squares", 100), ("ring", 4), ("list", 3), ("ages", 1)] {
        let node = session.node(name);
        assert_eq!(node.indexed, length, "{name}");
        let whole = session.page(&node, Children::Indexed, 0, u64::MAX);
        assert_eq!(whole.len() as u64, length, "{name}");
        let mut pages = Vec::new();
        for start in (0..length + 7).step_by(7) {
            pages.extend(session.page(&node, Children::Indexed, start, 7));
        }
        assert_eq!(pages, whole, "{name}");
        assert_eq!(session.page(&node, Children::Named, 0, 10).last().unwrap().name, "[raw]");
        assert_eq!(session.page(&node, Children::Indexed, u64::MAX - 1, 10), [], "{name}");
    }
    let many = session.node("many");
    assert_eq!(lines(&session.page(&many, Children::Indexed, 250, 2)), ["[500] = 250", "[502] = 251"]);
    // Handles of elements go by key.
    let found = session.page(&many, Children::Indexed, 250, 1);
    assert_eq!(session.debugger.node(found[0].handle, NATURAL).unwrap().text, "250");

    let mut session = Session::values();
    session.break_at("#maps");
    session.run();
    let large = session.debugger.evaluate_node(
        session.guest,
        Some(0),
        "large",
        Limits { depth: 6, elements: 0, text: 0 }.into(),
    );
    let before = session.debugger.memory_read(session.guest).unwrap();
    let page = session.page(&large.unwrap(), Children::Indexed, 1900, 100);
    assert_eq!(page[0].text, "1900");
    assert!(session.debugger.memory_read(session.guest).unwrap() - before <= 8192, "only the page's memory is read");
}

#[test]
fn what_is_inside_itself_opens_level_by_level() {
    let mut session = Session::values();
    session.break_at("#pointers-end");
    session.run();
    let mut node = session.node("parent");
    let mut handles = std::collections::HashSet::new();
    for _ in 0..20 {
        for step in ["value", "children", "value", "[0]", "value", "parent", "value", "value"] {
            let children = session.children(&node);
            // Through what is seen in its place.
            node = match children.iter().find(|child| child.name == step) {
                Some(child) => child.clone(),
                None => continue,
            };
            assert!(handles.insert(node.handle), "each level is a node of its own");
        }
    }
    assert!(handles.len() > 60, "{}", handles.len());
}

#[test]
fn evaluate_names_give_the_same_again() {
    let mut session = Session::values();
    for marker in ["#pointers-end", "#cells", "#maps", "#texts", "#small"] {
        session.break_at(marker);
    }
    let mut checked = 0;
    for _ in 0..5 {
        session.run();
        let mut open: Vec<(Node, u32)> = session.locals(0).into_iter().map(|node| (node, 0)).collect();
        while let Some((node, depth)) = open.pop() {
            if let Some(expression) = &node.evaluate_name {
                let again = session.node(expression);
                assert_eq!((&again.text, &again.type_name), (&node.text, &node.type_name), "{expression}");
                checked += 1;
            }
            if depth < 3 && node.kind != NodeKind::Raw {
                let page = session.page(&node, Children::All, 0, 8);
                open.extend(page.into_iter().map(|child| (child, depth + 1)));
            }
        }
    }
    assert!(checked > 300, "{checked}");
}

#[test]
fn values_are_set_by_their_handles() {
    let mut session = Session::values();
    session.break_at("#pointers-end");
    session.run();
    let shared = session.node("shared");
    let parts = session.children(&shared);
    assert_eq!(lines(&parts)[..3], ["value = Point { x: 3, y: 4 }", "strong = 2", "weak = 1"]);
    let point = session.children(named(&parts, "value"));
    let x = named(&point, "x");
    assert!(x.settable);
    let set = session.debugger.set(x.handle, "shared.y * 10", NATURAL).unwrap();
    assert_eq!((set.text.as_str(), set.handle, set.changed), ("40", x.handle, false));
    assert_eq!(session.node("again.x").text, "40", "the other pointer to it sees it");
    assert_eq!(
        session.debugger.node(shared.handle, NATURAL).unwrap().text,
        "Rc { value: Point { x: 40, y: 4 }, strong: 2, weak: 1 }"
    );
    let strong = named(&parts, "strong");
    assert!(!strong.settable);
    let refused = session.debugger.set(strong.handle, "5", NATURAL).unwrap_err().to_string();
    assert!(refused.contains("can't be set"), "{refused}");

    session.break_at("#texts");
    session.run();
    let string = session.node("string");
    assert!(string.settable);
    let set = session.debugger.set(string.handle, "\"by its handle\"", NATURAL).unwrap();
    assert_eq!(set.text, "\"by its handle\"");
    let borrowed = session.node("path");
    assert!(!borrowed.settable, "others may share what it refers to");
    session.break_at("#small");
    session.run();
    let deep = session.node("deep");
    assert!(deep.settable);
    assert_eq!(session.debugger.set(deep.handle, "Some(None)", NATURAL).unwrap().text, "Some(None)");
    assert_eq!(session.node("deep").text, "Some(None)");
}

#[test]
fn the_raw_view_is_beside_the_pretty_one() {
    let mut session = Session::values();
    session.break_at("#maps");
    session.run();
    let large = session.node("large");
    let raw = session.page(&large, Children::Named, 0, 10).pop().unwrap();
    assert_eq!((raw.name.as_str(), raw.kind), ("[raw]", NodeKind::Raw));
    let inside = session.children(&raw);
    assert_eq!(inside.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(), ["buf", "len"]);
    assert_eq!(named(&inside, "len").text, "2000");
    // The same by the option, with the same handles, and there's no `[raw]` of what is raw.
    let options = ValueOptions { raw: true, ..NATURAL };
    let by_option = session.debugger.children(large.handle, Children::All, 0, 10, options).unwrap();
    assert_eq!(by_option, inside);
    let text = session.debugger.evaluate_node(session.guest, Some(0), "large", options).unwrap().text;
    assert!(text.starts_with("Vec { buf: RawVec {"), "{text}");
}

#[test]
fn formats_reach_every_level() {
    let mut session = Session::values();
    session.break_at("#maps");
    session.run();
    let node = session.node("ages");
    let hex = ValueOptions { format: Format::Hex, ..NATURAL };
    let text = session.debugger.node(node.handle, hex).unwrap().text;
    assert!(text.contains("Point { x: 0x3, y: 0x4 }"), "{text}");
    let pointer = ValueOptions { format: Format::Pointer, ..NATURAL };
    assert_eq!(session.debugger.evaluate_node(session.guest, Some(0), "ring[0]", pointer).unwrap().text, "0x00000003");
}

#[test]
fn formatters_of_ones_own() {
    let mut session = Session::values();
    session.break_at("#pointers-end");
    session.run();
    let point = Formatter::new("Point", Some(Language::Rust), Some("({x}; {y}) {{{x * y}}}"), &[]).unwrap();
    let node = Formatter::new(
        "values::Node",
        None,
        Some("node {name}"),
        &[
            ("kids", "children.value"),
            ("parent", "parent.value"),
            ("self", "self"),
            ("wrong", "nothing"),
            ("sum", "sum"),
        ],
    );
    session.debugger.add_formatters(vec![point, node.unwrap()]);
    assert_eq!(session.node("*boxed").text, "(1; 2) {2}");
    assert_eq!(session.node("shared").text, "Rc { value: (3; 4) {12}, strong: 2, weak: 1 }");
    // What is inside stays, where a formatter says nothing of it.
    let boxed = session.node("*boxed");
    assert_eq!(lines(&session.children(&boxed))[..2], ["x = 1", "y = 2"]);
    assert_eq!(session.node("boxed.y").text, "2", "expressions know nothing of formatters");
    let parent = session.node("*parent");
    assert_eq!(parent.text, "node \"parent\"");
    let inside = lines(&session.children(&parent));
    assert!(inside[0].starts_with("kids = [Rc { value: node \"child\""), "{inside:?}");
    assert_eq!(inside[2], "self = node \"parent\"", "one that shows itself ends");
    assert_eq!(inside[3], "wrong = <error: no symbol `nothing` in this context>");
    // `sum` is a variable of this frame: a value reads the same in every frame.
    assert_eq!(inside[4], "sum = <error: no symbol `sum` in this context>");
    let raw = ValueOptions { raw: true, ..NATURAL };
    assert!(session.debugger.node(parent.handle, raw).unwrap().text.starts_with("Node { name: String {"));
    // A later one wins; without any it is as it was.
    session.debugger.add_formatters(vec![Formatter::new("*::Point", None, Some("P"), &[]).unwrap()]);
    assert_eq!(session.node("*boxed").text, "P");
    session.debugger.clear_formatters();
    assert_eq!(session.node("*boxed").text, "Point { x: 1, y: 2 }");
    let circular = Formatter::new("Point", None, Some("<{self}>"), &[]).unwrap();
    session.debugger.add_formatters(vec![circular]);
    assert_eq!(session.node("*boxed").text, "<<<<{…}>>>>");
}

#[test]
fn a_hundred_variables_are_one_page() {
    let mut session = Session::values();
    session.break_at("#crowd");
    session.run();
    let locals = session.locals(0);
    assert_eq!(locals.len(), 101, "and one that counts");
    assert!(locals.iter().all(Node::available), "{:?}", locals.iter().find(|node| !node.available()));
    let few = session.debugger.scope(session.guest, Some(0), ScopeKind::Locals).unwrap();
    assert_eq!(session.page(&few, Children::All, 95, 100), locals[95..]);
}

#[test]
fn whatever_the_limits_a_line_ends() {
    let mut session = Session::values();
    session.break_at("#maps");
    session.break_at("#pointers-end");
    let limits = Limits { depth: u32::MAX, elements: u64::MAX, text: usize::MAX };
    for raw in [false, true] {
        session.run();
        let scope = session.debugger.scope(session.guest, Some(0), ScopeKind::Locals).unwrap();
        let options = ValueOptions { format: Format::Natural, limits, raw };
        for node in session.debugger.children(scope.handle, Children::All, 0, u64::MAX, options).unwrap() {
            assert!(node.text.len() < 64 << 10, "{}: {} bytes", node.name, node.text.len());
        }
    }
}

#[test]
fn globals_are_found_and_expanded() {
    let mut session = Session::orders();
    session.break_at("#price-loop");
    session.run();
    let mut globals = |filter: GlobalFilter| {
        let scope = session.debugger.scope(session.guest, Some(0), ScopeKind::Globals(filter)).unwrap();
        let nodes = session.page(&scope, Children::All, 0, 1000);
        assert_eq!(nodes.len() as u64, scope.named);
        (scope, nodes)
    };
    let file = || Some("orders.c".to_owned());
    let (_, by_name) = globals(GlobalFilter { file: file(), ..GlobalFilter::named("orders") });
    let names = |nodes: &[Node]| {
        let mut names: Vec<String> = nodes.iter().map(|node| node.name.clone()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&by_name), ["orders", "orders_priced"]);
    let (_, by_type) = globals(GlobalFilter { type_name: Some("struct Order".to_owned()), ..GlobalFilter::default() });
    assert_eq!(names(&by_type), ["orders"]);
    let (_, elsewhere) = globals(GlobalFilter { file: Some("nowhere.c".to_owned()), ..GlobalFilter::default() });
    assert!(elsewhere.is_empty());
    let (all, everything) = globals(GlobalFilter::default());
    assert!(everything.len() > by_name.len());
    // A page of them, and the same handles at the next stop.
    let second = session.page(&all, Children::All, 1, 1);
    assert_eq!(second[0].handle, everything[1].handle);
    let orders = named(&by_type, "orders").clone();
    assert_eq!(orders.indexed, 3);
    let first = session.page(&orders, Children::Indexed, 0, 1);
    let id = session.children(&first[0]);
    assert_eq!(named(&id, "id").evaluate_name.as_deref(), Some("orders[0].id"));
    session.run();
    let again = session.children(&first[0]);
    assert_eq!(named(&again, "id").handle, named(&id, "id").handle);
    assert_eq!(lines(&session.page(&orders, Children::Indexed, 0, 1)).len(), 1);
}

#[test]
fn globals_of_other_modules_are_read_there() {
    let mut session = Session::start("inventory.O0.dwarf4.p2", "guests/src/inventory.rs");
    session.break_at("#stock");
    session.run();
    let modules = session.debugger.modules(session.guest).unwrap();
    assert!(modules.len() > 1, "a component has the modules of its adapters");
    let outside = session.debugger.scope(session.guest, None, ScopeKind::Globals(GlobalFilter::default())).unwrap();
    let globals = session.children(&outside);
    let found = session
        .debugger
        .search_globals(session.guest, None, &GlobalFilter::default(), 100_000, NATURAL.limits)
        .unwrap();
    assert_eq!(globals.len(), found.0.len());
    let mut shown: Vec<String> = found.0.iter().map(|global| global.value.text.clone()).collect();
    let mut nodes: Vec<String> = globals.iter().map(|node| node.text.clone()).collect();
    shown.sort();
    nodes.sort();
    assert_eq!(nodes, shown, "a node reads what the list reads");
    // Each is found again by its handle.
    for node in globals.iter().take(40) {
        assert_eq!(session.debugger.node(node.handle, NATURAL).unwrap().text, node.text);
    }
}
