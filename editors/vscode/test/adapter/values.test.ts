// scopes, variables, setVariable, setExpression, evaluate, completions.

import assert from "node:assert/strict";
import { test } from "node:test";
import { byName, refused, Session } from "./session.js";

const AT_PRICE = ["orders.c", "#price-total"] as const;
const AT_CONTAINERS = ["inventory.rs", "#containers"] as const;

test("arguments, locals and the Wasm machine are scopes; the costly ones say so", async () => {
    await using session = await Session.open();
    await session.stopAt("orders.O0.dwarf5", AT_PRICE);
    const scopes = await session.scopes();
    const names = scopes.map(({ name }) => name);
    for (const name of ["Arguments", "Locals", "Wasm"]) assert.ok(names.includes(name), names.join(", "));
    const hints = new Map(scopes.map(({ name, presentationHint }) => [name, presentationHint]));
    assert.equal(hints.get("Locals"), "locals");
    assert.equal(hints.get("Arguments"), "arguments");
    assert.equal(scopes.find(({ name }) => name === "Wasm")?.expensive, true);
    const locals = await session.scope("Locals");
    assert.equal(locals.get("sum")?.value, "730");
    assert.equal(locals.get("sum")?.type, "int");
    assert.equal(locals.get("sum")?.variablesReference, 0);
});

test("a C struct behind a pointer is expanded, down to its last member", async () => {
    await using session = await Session.open();
    await session.stopAt("orders.O0.dwarf5", AT_PRICE);
    const order = await session.variable("Arguments", "order");
    assert.ok(order.memoryReference !== undefined);
    const members = byName(await session.children(order.variablesReference));
    const direct = members.has("id") ? members : byName(await session.children([...members.values()][0]?.variablesReference ?? 0));
    assert.equal(direct.get("id")?.value, "1");
    assert.equal(direct.get("customer")?.value, '"Ada"');
    assert.equal(direct.get("status")?.value, "NEW");
    const flags = byName(await session.children(direct.get("flags")?.variablesReference ?? 0));
    assert.equal(flags.get("shelf")?.value, "-3");
    const items = await session.children(direct.get("items")?.variablesReference ?? 0);
    assert.deepEqual(items.map(({ name }) => name), ["[0]", "[1]"]);
    const second = byName(await session.children(items[1]?.variablesReference ?? 0));
    assert.equal(second.get("cents")?.value, "250");
    const { evaluateName } = second.get("cents") ?? {};
    assert.equal(await session.value(evaluateName ?? ""), "250", evaluateName);
});

test("Rust: HashMap, Vec, VecDeque, Rc, Option and strings show what they hold", async () => {
    await using session = await Session.open();
    await session.stopAt("inventory.O0.dwarf4", AT_CONTAINERS);
    const locals = await session.scope("Locals");
    const inside = async (name: string): Promise<string> => {
        const variable = locals.get(name);
        assert.ok(variable !== undefined, `no ${name} among ${[...locals.keys()].join(", ")}`);
        if (variable.variablesReference === 0) return variable.value;
        return JSON.stringify((await session.children(variable.variablesReference)).map((child) => [child.name, child.value]));
    };
    for (const text of ["hammer", "3", "crimson", "12", "usb"]) assert.ok((await inside("counts")).includes(text), await inside("counts"));
    assert.match(await inside("sorted"), /hammer/);
    assert.match(await inside("queue"), /\["\[0\]","2"\].*\["\[3\]","5"\]/);
    assert.match(await inside("shared"), /"value","Pair \{ first: 1, second: \\"shared\\" \}"/);
    assert.match(await inside("nested"), /\["\[2\]","/);
    assert.equal(locals.get("text")?.value, '"naïve"');
    assert.equal(locals.get("slice")?.value, '"naï"');
});

test("elements come in pages", async () => {
    await using session = await Session.open();
    await session.stopAt("inventory.O0.dwarf4", AT_CONTAINERS);
    const queue = await session.variable("Locals", "queue");
    assert.equal(queue.indexedVariables, 4);
    const page = await session.children(queue.variablesReference, { filter: "indexed", start: 1, count: 2 });
    assert.deepEqual(page.map(({ name, value }) => `${name} ${value}`), ["[1] 3", "[2] 4"]);
});

test("what was expanded stays expandable over a step, and shows the new values", async () => {
    await using session = await Session.open();
    await session.stopAt("orders.O0.dwarf5", AT_PRICE);
    const before = await session.variable("Arguments", "order");
    await session.until(async () => session.client.nextRequest({ threadId: await session.thread() }), "step");
    const after = await session.variable("Arguments", "order");
    assert.equal(after.variablesReference, before.variablesReference);
    assert.equal(await session.value("order->total"), "730");
});

test("setVariable changes what the guest goes on with", async () => {
    await using session = await Session.open();
    await session.stopAt("orders.O0.dwarf5", AT_PRICE);
    const locals = (await session.scopes()).find(({ name }) => name === "Locals");
    const variablesReference = locals?.variablesReference ?? 0;
    const { body } = await session.client.setVariableRequest({ variablesReference, name: "sum", value: "500 + 500" });
    assert.equal(body.value, "1000");
    assert.match(await refused(session.client.setVariableRequest({ variablesReference, name: "nosuch", value: "1" })), /nosuch/);
    assert.match(await refused(session.client.setVariableRequest({ variablesReference, name: "sum", value: "1 +" })), /./);
    await session.until(async () => session.client.nextRequest({ threadId: await session.thread() }), "step");
    assert.equal(await session.value("order->total"), "1000");
});

test("setVariable changes a member in a tree, setExpression whatever can be assigned to", async () => {
    await using session = await Session.open();
    await session.stopAt("orders.O0.dwarf5", AT_PRICE);
    const item = await session.evaluate("order->items[1]");
    await session.client.setVariableRequest({ variablesReference: item.variablesReference, name: "cents", value: "251" });
    assert.equal(await session.value("order->items[1].cents"), "251");
    const frameId = (await session.top()).id;
    const { body } = (await session.client.customRequest("setExpression", { expression: "order->items[1].cents", value: "252", frameId })) as { body: { value: string } };
    assert.equal(body.value, "252");
    assert.equal(await session.value("order->items[1].cents"), "252");
    assert.match(await refused(session.client.customRequest("setExpression", { expression: "sum + 1", value: "2", frameId })), /./);
    assert.ok(session.events.some(({ event }) => event === "invalidated" || event === "memory"));
});

test("evaluate: in the frame asked for, in hexadecimal, in the console with assignments, never in a hover", async () => {
    await using session = await Session.open();
    await session.stopAt("orders.O0.dwarf5", AT_PRICE);
    assert.equal(await session.value("order->items[0].quantity * 2"), "24");
    const main = (await session.stack()).find(({ name }) => name === "main");
    assert.equal((await session.evaluate("expected", "watch", { frameId: main?.id ?? -1 })).result, "0");
    assert.equal((await session.evaluate("sum", "watch", { format: { hex: true } })).result, "0x2da");
    assert.equal((await session.evaluate("sum = 5", "repl")).result, "5");
    assert.equal(await session.value("sum"), "5");
    assert.match(await refused(session.evaluate("sum = 6", "hover")), /./);
    assert.equal(await session.value("sum"), "5");
    assert.match(await refused(session.evaluate("nosuch")), /nosuch/);
    const tree = await session.evaluate("*order");
    assert.ok(tree.variablesReference > 0);
});

test("a call in the console is answered with its value; to the client the guest stands all the while", async () => {
    await using session = await Session.open();
    await session.stopAt("orders.O0.dwarf5", AT_PRICE);
    const frameId = (await session.top()).id;
    const answer = await session.evaluate("call tenth_off(200)", "repl", { frameId });
    assert.match(answer.result, /^\$\d+ = 180$/);
    assert.equal(answer.type, "int");
    // The frame is the same one.
    assert.equal((await session.evaluate("sum", "watch", { frameId })).result, "730");
    assert.equal((await session.evaluate(answer.result.split(" ")[0] ?? "", "watch", { frameId })).result, "180");
    assert.ok(session.events.every(({ event }) => event !== "continued"));
    assert.match(await refused(session.evaluate("call nosuch(1)", "repl", { frameId })), /nosuch/);
});

test("a call that is stopped in, or fails, is answered too", async () => {
    await using session = await Session.open();
    await session.stopAt("orders.O0.dwarf5", AT_PRICE);
    await session.breakpoints("orders.c", ["#factorial-end"]);
    const stopped = await session.evaluate("call factorial(3)", "repl");
    assert.match(stopped.result, /stopped before the call returned/);
    await session.stopped("breakpoint", ["orders.c", "#factorial-end"]);
    await session.breakpoints("orders.c", []);
    await session.until(() => session.continue(), "pause");
    assert.match(session.text("console"), /^\$\d+ = 6$/m);
    assert.equal((await session.top()).name, "price");

    const frameId = (await session.top()).id;
    const ends = session.evaluate("call exit(3)", "repl", { frameId });
    assert.match(await refused(ends), /^the call of exit failed: .*exit status 3$/);
    assert.equal((await session.evaluate("sum", "watch", { frameId })).result, "730");
});

test("a call that takes long can be paused, and one that is under way when the guest is ended is answered", async () => {
    await using session = await Session.open();
    await session.stopAt("spin.O0.dwarf5", ["spin.c", "#main-start"]);
    await session.breakpoints("spin.c", []);
    const frameId = (await session.top()).id;
    const [answer] = [session.evaluate("call main()", "repl", { frameId }), await session.event("continued")];
    await session.client.pauseRequest({ threadId: await session.thread() });
    assert.match((await answer).result, /stopped before the call returned/);
    await session.stopped("pause");

    const inner = (await session.top()).id;
    const [again] = [refused(session.evaluate("call main()", "repl", { frameId: inner })), await session.event("continued")];
    await session.client.terminateRequest({});
    assert.match(await again, /ended before the call returned/);
});

test("completions: variables, members, functions", async () => {
    await using session = await Session.open();
    await session.stopAt("orders.O0.dwarf5", AT_PRICE);
    const frameId = (await session.top()).id;
    const offered = async (text: string): Promise<string[]> => {
        const { body } = await session.client.completionsRequest({ text, column: text.length + 1, frameId });
        return body.targets.map(({ label }) => label);
    };
    assert.ok((await offered("su")).includes("sum"));
    assert.deepEqual(await offered("1 + order->cust"), ["customer"]);
    assert.ok((await offered("order->items[0].")).includes("cents"));
    assert.ok((await offered("tenth")).includes("tenth_off"));
});

test("Rust: slices, fields of enums, paths", async () => {
    await using session = await Session.open();
    await session.stopAt("inventory.O0.dwarf4", ["inventory.rs", "#scalars-end"]);
    assert.equal(await session.value("tuple.1"), '"two"');
    assert.equal(await session.value("array[1..]"), "[20, 30]");
    assert.equal(await session.value("face"), "'🦀'");
});

test("Zig: structs and optionals", async () => {
    await using session = await Session.open();
    await session.stopAt("queue.Debug.dwarf4", ["queue.zig", "#weigh-end"]);
    assert.match(await session.value("job.id"), /^1$/);
    assert.match((await session.scope("Locals")).get("weight")?.value ?? "", /^\d+$/);
});
