//! What the commands do and print, in batch mode.

mod command;

use command::{at, batch, batch_with, guest, line, root, run, run_with, stop};

const ORDERS: &str = "orders.O0.dwarf5";
const STEPS: &str = "steps.O0.dwarf5";

#[test]
fn break_run_and_look() {
    let here = at("orders.c", "price-loop");
    let ran = batch(ORDERS, &[&format!("break {here}"), "run", "backtrace", "info locals", "info args", "print cents"]);
    ran.prints(&stop("Breakpoint 1, price", "orders.c", "price-loop"));
    ran.prints(&format!("->  {}          sum += cents; // #price-loop\n", line("orders.c", "price-loop")));
    ran.prints("#0  price (order=0x");
    ran.prints(&format!(" at guests/src/{here}\n"));
    ran.prints("discount=").prints("#1  main (argc=1, argv=0x").prints("in __main_void\n");
    ran.prints("\ncents = 480\n").prints("\n$1 = 480\n").prints("\ni = 0\n").prints("\nsum = 0\n");
    assert_eq!(ran.err, "");
    // It was killed, as nothing of it was left to be done.
    ran.exits(0);
}

#[test]
fn start_stops_at_main_in_every_language() {
    for (name, place) in [
        (ORDERS, "main at guests/src/orders.c:"),
        ("shapes.O0.dwarf5", "main at guests/src/shapes.cpp:"),
        ("inventory.O0.dwarf4", "inventory::main at guests/src/inventory.rs:"),
        ("inventory.O0.dwarf4.p2", "inventory::main at guests/src/inventory.rs:"),
    ] {
        batch(name, &["start"]).prints(&format!("Temporary breakpoint 1, {place}")).exits(0);
    }
    batch("queue.Debug.dwarf4", &["start"])
        .prints("Temporary breakpoint 1, queue.main at ")
        .prints("queue.zig:")
        .exits(0);
    // Without debug information there is at least the function.
    batch("nodebug", &["start", "bt"]).prints("Temporary breakpoint 1, 0x").prints("\n#0  0x").exits(0);
}

#[test]
fn steps_print_where_they_end() {
    let ran = batch(STEPS, &["start", "next", "next", "step 3", "finish"]);
    ran.prints(&stop("main", "steps.c", "if")).prints(&stop("main", "steps.c", "then"));
    ran.prints("twice at guests/src/steps.c:");
    let ran = batch(
        STEPS,
        &[&format!("tbreak {}", at("steps.c", "nested-calls")), "run", "step", "step", "finish", "next 3"],
    );
    ran.prints(&stop("twice", "steps.c", "twice-body")).prints("add at guests/src/steps.c:").exits(0);
    batch(ORDERS, &["b price", "run", "finish"]).prints("price returned 730\nmain at guests/src/orders.c:");
    let there = at("steps.c", "loops-return");
    let ran = batch(
        STEPS,
        &[
            &format!("b {}", at("steps.c", "for-body")),
            "run",
            &format!("until {there}"),
            "delete",
            "advance count_down",
            "advance count_down",
        ],
    );
    ran.prints(&stop("Breakpoint 1, loops", "steps.c", "for-body")).prints("count_down at guests/src/steps.c:");
    let ran = batch(STEPS, &["start", "stepi", "stepi 3", "nexti", "info wasm"]);
    ran.prints("locals\n").prints("__stack_pointer").prints("memory [0]: ").exits(0);
}

#[test]
fn the_guests_exit_code_is_ours() {
    batch(ORDERS, &["run"]).prints("sum is 13772").prints("the program exited with code 1\n").exits(1);
    batch_with(&[], &["run"], &[&guest(ORDERS), "Bea"]).prints("the program exited with code 0\n").exits(0);
    let ran = batch_with(&["--env", "COLOUR=blue"], &["run"], &[&guest("exit.O0.dwarf5"), "--", "7", "-x"]);
    ran.prints("argv[2]=-x\n").prints("env COLOUR=blue\n").prints("the program exited with code 7\n").exits(7);
    // An error of a command doesn't change that.
    batch_with(&[], &["foo", "run"], &[&guest("exit.O0.dwarf5"), "7"]).exits(7);
    batch_with(&[], &["foo"], &[&guest(ORDERS)]).complains("no command `foo`").exits(1);
}

#[test]
fn traps_stop_with_the_stack_intact() {
    let trap = |kind: &str, more: &[&str]| batch_with(&[], more, &[&guest("trap.O0.dwarf5"), kind]);
    let ran = trap("divide", &["run", "print divisor", "up", "print seven", "continue"]);
    ran.prints("trap: integer divide by zero\n").prints(&stop("divide", "trap.c", "divide"));
    ran.prints("\n$1 = 0\n").prints("\n$2 = 7\n");
    ran.prints("the program trapped: integer divide by zero\n").exits(134);
    // Left at the trap, it counts as trapped.
    trap("oob", &["run"]).prints("trap: out of bounds memory access\n").exits(134);
    // Deep in a library, the nearest frame that can be shown is shown too.
    let ran = trap("abort", &["run"]);
    ran.prints("trap: wasm `unreachable`").prints("  called by frame 1: ").prints(&stop("give_up", "trap.c", "abort"));
    trap("overflow", &["run", "bt 3"]).prints("call stack exhausted").prints("(more frames follow").exits(134);
    trap("nothing", &["run"]).exits(0);
}

#[test]
fn breakpoints_are_managed() {
    let ran = batch(
        ORDERS,
        &[
            "b price if order->id == 2",
            "b add_up",
            "tbreak main",
            "disable 2",
            "run",
            "run",
            "print order->id",
            "info breakpoints",
            "condition 1",
            "enable 2",
            "delete 1",
            "info breakpoints",
            "continue",
        ],
    );
    ran.prints("Breakpoint 1: price at guests/src/orders.c:").prints("  only if order->id == 2\n");
    ran.prints("Temporary breakpoint 3: main at").prints("Temporary breakpoint 3, main at");
    ran.prints("Breakpoint 1, price at").prints("\n$1 = 2\n");
    ran.prints("breakpoint 2 disabled\n").prints("breakpoint 2 enabled\n").prints("breakpoint 1 deleted\n");
    ran.prints("Breakpoint 2, add_up at").exits(0);
}

#[test]
fn a_line_without_code_moves_and_says_so() {
    let line = line("orders.c", "relabel-end") + 2;
    let ran = batch(ORDERS, &[&format!("break orders.c:{line}")]);
    ran.prints(&format!("note: no code at line {line}; moved to line ")).exits(0);
}

#[test]
fn several_paths_name_a_file() {
    let line = line("orders.c", "discount");
    for file in ["orders.c", "src/orders.c", "guests/src/orders.c", "/freezeframe/guests/src/orders.c"] {
        batch(ORDERS, &[&format!("b {file}:{line}")])
            .prints("Breakpoint 1: tenth_off at guests/src/orders.c:")
            .exits(0);
    }
    // A bare number is a line of the file of `main` until the program stands in another.
    batch(ORDERS, &[&format!("b {line}")]).prints("Breakpoint 1: tenth_off at").exits(0);
}

#[test]
fn values_are_shown_and_changed() {
    let ran = batch(
        ORDERS,
        &[
            "b add_up",
            "run",
            "print head->customer",
            "p/x head->id",
            "p/t 5",
            "p/o 8",
            "p/c 65",
            "set var orders[0].total = 7",
            "print orders[0].total",
            "print orders[0].total = 8",
            "p orders[0].total == 8",
            "whatis head",
            "ptype struct Item",
            "display orders_priced",
            "display/x orders_priced",
            "next",
            "undisplay 1",
            "next",
            "x/2s shop",
            "x/2dw &orders[0].id",
            "x/4xb shop",
        ],
    );
    ran.prints("$1 = \"Ada\"\n").prints("$2 = 0x1\n").prints("$3 = 0b101\n").prints("$4 = 010\n");
    ran.prints("$5 = 65 'A'\n").prints("orders[0].total = 7\n").prints("$6 = 7\n").prints("orders[0].total = 8\n");
    ran.prints("$7 = ").prints("type = const struct Order *\n").prints("int quantity");
    ran.prints("1: orders_priced = 3\n").prints("2: orders_priced = 0x3\n");
    ran.prints("\"corner shop\"\n").prints("0x63  0x6f  0x72  0x6e\n").exits(0);
    assert_eq!(ran.out.matches("1: orders_priced").count(), 2, "{}", ran.out);
}

#[test]
fn printed_values_are_remembered() {
    let ran = batch(
        ORDERS,
        &[
            "b price",
            "run",
            "print order->id",
            "print *order@2",
            "print $2[1].customer",
            "print",
            "set $answer = $1 + 41",
            "print $answer * 2",
            "continue",
            "print $17",
            "print $anser",
            "print order->id + custmer",
        ],
    );
    ran.prints("$1 = 1\n")
        .prints("$3 = \"Bob\"\n")
        .prints("$4 = \"Bob\"\n")
        .prints("$answer = 42\n")
        .prints("$5 = 84\n");
    ran.complains("there are $1 to $").complains("did you mean `$answer`?").complains("custmer\n              ^\n");
    // A value is a copy: `$1` is still the first order's.
    batch(ORDERS, &["b price", "run", "print order->id", "continue", "print $1 * 10 + order->id"]).prints("$2 = 12\n");
    // They outlive the run.
    batch(ORDERS, &["b price", "run", "print order->id", "run", "print $ + 6"]).prints("$2 = 7\n");
}

#[test]
fn frames_are_selected() {
    let ran = batch(
        ORDERS,
        &["b price", "run", "up", "print argc", "frame", "down", "frame 1", "bt full 2", "down 9", "down"],
    );
    ran.prints("#1  main at guests/src/orders.c:").prints("\n$1 = 1\n").prints("#0  price at guests/src/orders.c:");
    ran.prints("        expected = 0\n").complains("there is none further down").exits(1);
}

#[test]
fn inlined_frames_are_marked() {
    let ran = batch("inline.O2.dwarf5", &["info functions", "start", "bt"]);
    ran.exits(0);
    let ran = batch("inventory.O0.dwarf4", &["start", "bt"]);
    ran.prints(" [inlined]\n");
}

#[test]
fn source_and_instructions_are_listed() {
    let line = line("orders.c", "main-loop");
    let ran = batch(
        ORDERS,
        &[&format!("list {line}"), "list", "list price", "list 1,3", "disassemble price", "info line price"],
    );
    ran.prints("// #main-loop\n")
        .prints("static int price(struct Order *order")
        .prints("global.get $__stack_pointer\n");
    ran.prints("\n     1  // The demo:").prints("; orders.c:").prints(" begins at 0x").prints(" in price\n").exits(0);
    let ran = batch(ORDERS, &["start", "disassemble", "list", "list", "list -"]);
    ran.prints("=> 0x").prints("->  ").exits(0);
}

#[test]
fn the_program_is_described() {
    let ran = batch(
        ORDERS,
        &["info functions pric", "info sources orders", "info modules", "info globals shop", "help", "help x"],
    );
    ran.prints("  price at guests/src/orders.c:").prints("guests/src/orders.c\n").prints("functions: ");
    ran.prints("Running:\n").prints("usage: x[/NFU] [ADDRESS]").exits(0);
    let ran = run(&["info", &guest(ORDERS)]);
    ran.prints("module 0: orders.O0.dwarf5.wasm\n").prints("(C)\n").exits(0);
    run(&["info", &guest("inventory.O0.dwarf4.p2")]).prints("Rust").prints("module 1: ").exits(0);
    run(&["info", &guest("missing-import")]).prints("1 imported").exits(0);
}

#[test]
fn run_again_keeps_the_breakpoints() {
    let ran = batch(ORDERS, &["b add_up", "run", "run", "continue", "run", "info breakpoints"]);
    assert_eq!(ran.out.matches("Breakpoint 1, add_up at").count(), 3, "{}", ran.out);
    ran.prints("1    yes      3 ").exits(0);
}

#[test]
fn continue_passes_a_breakpoint() {
    let ran = batch(ORDERS, &["b price", "run", "continue 2", "print order->id", "continue 5"]);
    ran.prints("$1 = 3\n").prints("the program exited with code 1\n").exits(1);
}

#[test]
fn exports_are_called() {
    let invoke = |name: &str, arguments: &[&str], commands: &[&str]| {
        let guest = guest("invoke");
        let mut words = vec![guest.as_str(), "--"];
        words.extend(arguments);
        batch_with(&["--invoke", name], commands, &words)
    };
    invoke("add", &["3", "-4"], &["start", "info wasm", "continue"])
        .prints("Temporary breakpoint 1, 0x")
        .prints("[1] $b i32 = -4\n")
        .prints("add returned -1\n")
        .exits(0);
    invoke("fib", &["10"], &["run"]).prints("fib returned 55\n").exits(0);
    invoke("divide", &["1", "0"], &["run"]).prints("trap: integer divide by zero\n").exits(134);
    invoke("add", &["x", "1"], &["run"]).complains("`x` is not a value of type i32").exits(1);
    invoke("ad", &[], &["run"]).complains("no exported function `ad`").complains("divide").exits(1);
    batch_with(&["--invoke", "add"], &["run"], &["guests/src/invoke.wat", "3", "4"])
        .prints("add returned 7\n")
        .exits(0);
}

#[test]
fn folders_and_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let dir = format!("{}::/data", folder.path().display());
    let words = ["debug", "--batch", "--dir", &dir, "-e", "run", &guest("files.O0.dwarf5")];
    run_with(&words, "one\ntwo\n").prints("2 lines\n").exits(0);
    assert!(folder.path().join("notes.txt").exists());
    let input = folder.path().join("input");
    std::fs::write(&input, "only\n").unwrap();
    let mut words = words.to_vec();
    let input = input.display().to_string();
    words.splice(2..2, ["--stdin", input.as_str()]);
    run_with(&words, "one\ntwo\n").prints("1 lines\n").exits(0);
}

#[test]
fn scripts_run_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    std::fs::write(&script, "# a comment\n\necho two\nnonsense\necho three\n").unwrap();
    let script = script.display().to_string();
    let guest = guest(ORDERS);
    let ran = run(&["debug", "--batch", "-e", "echo one", "-x", &script, "-e", "echo four", &guest]);
    assert_eq!(ran.out, "one\ntwo\nthree\nfour\n");
    ran.complains(&format!("{script}:4: no command `nonsense`")).exits(1);
    let ran = batch(ORDERS, &[&format!("source {script}")]);
    assert_eq!(ran.out, "two\nthree\n");
    run(&["debug", "--batch", "-x", "no/such/script", &guest]).complains("can't read no/such/script").exits(1);
    // A file that runs itself ends.
    let own = folder.path().join("own");
    std::fs::write(&own, format!("source {}\n", own.display())).unwrap();
    batch(ORDERS, &[&format!("source {}", own.display())]).complains("nested too deeply").exits(1);
}

#[test]
fn commands_from_standard_input() {
    let ran = run_with(&["debug", &guest(ORDERS)], "b add_up\nrun\n\nbt\nquit\necho never\n");
    ran.prints("Breakpoint 1, add_up at").prints("#1  main (").exits(0);
    assert!(!ran.out.contains("never") && !ran.out.contains("(freezeframe)"), "{}", ran.out);
    assert_eq!(ran.out.matches("add_up at").count(), 2, "{}", ran.out);
}

#[test]
fn the_guests_output_stays_apart() {
    let ran = batch("queue.Debug.dwarf4", &["run"]);
    ran.complains("handled 4").prints("the program exited with code 0\n");
    assert!(!ran.out.contains("handled"), "{}", ran.out);
    // On a pipe nothing is put before its lines.
    batch(ORDERS, &["run"]).prints("\nsum is 13772, expected 13979\nthe program exited");
}

#[test]
fn sources_are_looked_for() {
    // Not found from another folder, unless told where.
    let folder = tempfile::tempdir().unwrap();
    let moved = folder.path().join("guest.wasm");
    std::fs::copy(root().join(guest(STEPS)), &moved).unwrap();
    let elsewhere = |options: &[&str], commands: &[&str]| {
        let mut words = vec!["debug", "--batch"];
        words.extend(options);
        commands.iter().for_each(|c| words.extend(["-e", c]));
        let output = command::freezeframe().current_dir(folder.path()).args(&words).arg(&moved).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let sources = root().join("guests/src").display().to_string();
    // A machine that built the guests has them under the name that is in them.
    if !std::path::Path::new("/freezeframe/guests/src/steps.c").exists() {
        let (out, _) = elsewhere(&[], &["start", "next"]);
        assert!(out.contains("main at /freezeframe/guests/src/steps.c:"), "{out}");
        assert_eq!(out.matches("no source file /freezeframe/guests/src/steps.c; use --source-dir").count(), 1, "{out}");
        let (out, _) = elsewhere(&[], &[&format!("directory {sources}"), "start"]);
        assert!(out.contains("->  "), "{out}");
    }
    let (out, err) = elsewhere(&["--source-dir", &sources], &["start"]);
    assert!(out.contains("->  ") && out.contains("// #main-start") && err.is_empty(), "{out}{err}");
}

#[test]
fn words_of_lldb() {
    let line = line("orders.c", "discount").to_string();
    let ran = batch(
        ORDERS,
        &[
            "breakpoint set --name add_up",
            &format!("br set -f orders.c -l {line} -c 'cents > 5'"),
            "breakpoint list",
            "process launch",
            "thread backtrace",
            "frame variable",
            "frame variable cents",
            "frame select 1",
            "register read",
            "memory read shop 4",
            "expression 1 + 1",
            "image list",
            "breakpoint delete 1",
            "process continue",
        ],
    );
    ran.prints("Breakpoint 2: tenth_off at").prints("Breakpoint 2, tenth_off at").prints("cents = 12500\n");
    ran.prints("#1  price at").prints("locals\n").prints("0x63  0x6f  0x72  0x6e\n").prints(" = 2\n").exits(1);
}

#[test]
fn colours_only_where_they_are_wanted() {
    let colours = |options: &[&str]| batch_with(options, &["start"], &[&guest(ORDERS)]).out.contains('\u{1b}');
    assert!(!colours(&[]) && !colours(&["--color", "never"]) && colours(&["--color", "always"]));
}

#[test]
fn debug_information_in_its_own_file() {
    batch("orders.O0.dwarf5.external", &["start"]).prints("main at guests/src/orders.c:").exits(0);
    let folder = tempfile::tempdir().unwrap();
    let alone = folder.path().join("alone.wasm");
    std::fs::copy(root().join(guest("orders.O0.dwarf5.external")), &alone).unwrap();
    let ran = batch_with(&[], &["start"], &[&alone.display().to_string()]);
    ran.complains("put that file beside it").prints(" in main\n").exits(0);
}
