// setBreakpoints, setFunctionBreakpoints, conditions, hit conditions, log points, breakpointLocations.

import assert from "node:assert/strict";
import { test } from "node:test";
import { line, refused, Session, source } from "./session.js";

const ORDERS = "orders.O0.dwarf5";

test("a breakpoint is verified on its line, and stops there with its number", async () => {
    await using session = await Session.open();
    let id = -1;
    await session.launch(ORDERS, {}, async () => {
        const [breakpoint] = await session.breakpoints("orders.c", ["#price-total"]);
        assert.equal(breakpoint?.verified, true);
        assert.equal(breakpoint.line, line("orders.c", "#price-total"));
        id = breakpoint.id ?? -1;
    });
    const stop = await session.stopped("breakpoint", ["orders.c", "#price-total"]);
    assert.deepEqual(stop.hitBreakpointIds, [id]);
    assert.equal(stop.allThreadsStopped, true);
});

test("a line without code moves to the next one that has some; a file without any isn't verified", async () => {
    await using session = await Session.open();
    await session.launch(ORDERS, { stopOnEntry: true });
    await session.stopped("entry");
    const at = line("orders.c", "#price-entry");
    const before = await session.client.setBreakpointsRequest({ source: { path: source("orders.c") }, breakpoints: [{ line: at - 5 }] });
    const [moved] = before.body.breakpoints;
    assert.equal(moved?.verified, true);
    assert.ok((moved.line ?? 0) > at - 5);
    const other = await session.client.setBreakpointsRequest({ source: { path: source("spin.c") }, breakpoints: [{ line: 5 }] });
    assert.equal(other.body.breakpoints[0]?.verified, false);
    assert.ok(other.body.breakpoints[0].message);
});

test("setting a file's breakpoints again replaces them, and keeps the numbers of those that stay", async () => {
    await using session = await Session.open();
    await session.stopAt(ORDERS, ["orders.c", "#price-total"]);
    const [first] = await session.breakpoints("orders.c", ["#price-total", "#relabel-end"]);
    const again = await session.breakpoints("orders.c", ["#relabel-end", "#price-total"]);
    assert.equal(again[1]?.id, first?.id);
    await session.breakpoints("orders.c", ["#done", "#mismatch"]);
    await session.until(() => session.continue(), "breakpoint", ["orders.c", "#mismatch"]);
    await session.breakpoints("orders.c", []);
    await session.continue();
    assert.equal(await session.exited(), 1);
});

test("conditions in C and in Rust; one that can't be evaluated there stops, and says why", async () => {
    await using session = await Session.open();
    await session.stopAt(ORDERS, ["orders.c", "#price-total"], {}, { condition: "order->id == 3 && sum > 0" });
    assert.equal(await session.value("order->id"), "3");
    const [wrong] = await session.breakpoints("orders.c", ["#relabel-end"], { condition: "1 / 0 == 1" });
    assert.equal(wrong?.verified, true);
    await session.until(() => session.continue(), "breakpoint");
    assert.equal((await session.top()).name, "relabel");
    assert.match(session.text("console"), /condition.*can't be evaluated: division by zero/);

    await using rust = await Session.open();
    await rust.stopAt("inventory.O0.dwarf4", ["inventory.rs", "#stock"], {}, { condition: 'name == "usb"' });
    assert.equal(await rust.value("count"), "0");
});

test("a name that nothing has at a line is refused when it's set; what may come to be isn't", async () => {
    await using session = await Session.open();
    await session.launch(ORDERS, {}, async () => {
        const set = async (extra: object): Promise<{ verified: boolean; message?: string }> => {
            const [breakpoint] = await session.breakpoints("orders.c", ["#price-total"], extra);
            assert.ok(breakpoint !== undefined);
            return breakpoint;
        };
        for (const [extra, why] of [
            [{ condition: "nosuch == 1" }, /no symbol `nosuch`/],
            [{ condition: "sum > 0 && summ == 1" }, /no symbol `summ`.*did you mean `sum`/s],
            [{ condition: "order->idd == 1" }, /no member `idd`.*did you mean `id`/s],
            [{ condition: "order->items[sum].nosuch" }, /no member `nosuch`/],
            [{ logMessage: "{sum} of {totall}" }, /no symbol `totall`/],
        ] as const) {
            const refused = await set(extra);
            assert.equal(refused.verified, false, JSON.stringify(extra));
            assert.match(refused.message ?? "", why);
        }
        for (const condition of ["$1 == 5", "$mine > 2", "NEW == order->status", "order->items[0].cents < 0", "sizeof(int) == 5", "*&sum == 0", "price == 0"]) {
            assert.equal((await set({ condition })).verified, true, condition);
        }
        // A refused one stops nothing; the next condition is looked at anew.
        await set({ condition: "nosuch == 1" });
        await session.breakpoints("orders.c", ["#price-total", "#relabel-end"], { condition: "order->nosuch == 1" });
        await session.client.setFunctionBreakpointsRequest({ breakpoints: [{ name: "relabel" }] });
    });
    await session.stopped("function breakpoint");
    const [again] = await session.breakpoints("orders.c", ["#price-total", "#relabel-end"], { condition: "1" });
    assert.equal(again?.verified, true);
    await session.until(() => session.continue(), "breakpoint", ["orders.c", "#relabel-end"]);
});

test("run to the cursor is a breakpoint that the client takes away when it's reached", async () => {
    await using session = await Session.open();
    await session.stopAt(ORDERS, ["orders.c", "#main-loop"]);
    const [kept] = await session.breakpoints("orders.c", ["#main-loop"]);
    const [same, cursor] = await session.breakpoints("orders.c", ["#main-loop", "#price-return"]);
    assert.equal(same?.id, kept?.id);
    const stop = await session.until(() => session.continue(), "breakpoint", ["orders.c", "#price-return"]);
    assert.deepEqual(stop.hitBreakpointIds, [cursor?.id]);
    await session.breakpoints("orders.c", ["#main-loop"]);
    const next = await session.until(() => session.continue(), "breakpoint", ["orders.c", "#main-loop"]);
    assert.deepEqual(next.hitBreakpointIds, [kept?.id]);
    // A place to go on from can't be set: Wasm has no pc to set.
    assert.match(await refused(session.client.customRequest("gotoTargets", { source: { path: source("orders.c") }, line: 1 })), /no request `gotoTargets`/);
});

test("hit conditions", async () => {
    for (const [hitCondition, expected] of [
        ["2", "2"],
        [">= 3", "3"],
        ["% 2", "2"],
    ] as const) {
        await using session = await Session.open();
        await session.stopAt(ORDERS, ["orders.c", "#price-total"], {}, { hitCondition });
        assert.equal(await session.value("order->id"), expected, hitCondition);
    }
    await using session = await Session.open();
    await session.launch(ORDERS, { stopOnEntry: true });
    await session.stopped("entry");
    const [wrong] = await session.breakpoints("orders.c", ["#price-total"], { hitCondition: "often" });
    assert.equal(wrong?.verified, false);
    assert.match(wrong.message ?? "", /often/);
});

test("log points say what they are asked to, with a link to their line, and never stop", async () => {
    await using session = await Session.open();
    await session.launch(ORDERS, { args: ["Bea"] }, () => session.breakpoints("orders.c", ["#price-total"], { logMessage: "order {order->id}: {sum}" }));
    assert.equal(await session.exited(), 0);
    const said = session.output.filter(({ output }) => output.startsWith("order "));
    assert.deepEqual(said.map(({ output }) => output.trim()), ["order 1: 730", "order 2: 1999", "order 3: 12500"]);
    assert.equal(said[0]?.line, line("orders.c", "#price-total"));
    assert.equal(said[0].source?.path, source("orders.c"));
});

test("functions by name, and by pattern", async () => {
    await using session = await Session.open();
    await session.launch(ORDERS, {}, async () => {
        const { body } = await session.client.setFunctionBreakpointsRequest({ breakpoints: [{ name: "tenth_off" }, { name: "nosuch" }] });
        assert.deepEqual(body.breakpoints.map(({ verified }) => verified), [true, false]);
    });
    await session.stopped("function breakpoint");
    assert.equal((await session.top()).name, "tenth_off");
    await session.client.setFunctionBreakpointsRequest({ breakpoints: [{ name: "/^add_|^relabel$/" }] });
    await session.until(() => session.continue(), "function breakpoint");
    assert.equal((await session.top()).name, "relabel");
    await session.until(() => session.continue(), "function breakpoint");
    assert.equal((await session.top()).name, "add_up");
});

test("breakpointLocations are where statements begin", async () => {
    await using session = await Session.open();
    await session.launch(ORDERS, { stopOnEntry: true });
    await session.stopped("entry");
    const first = line("orders.c", "#price-total");
    const { body } = (await session.client.customRequest("breakpointLocations", {
        source: { path: source("orders.c") },
        line: first,
        endLine: first + 3,
    })) as { body: { breakpoints: { line: number; column?: number }[] } };
    const lines = new Set(body.breakpoints.map((place) => place.line));
    assert.deepEqual([...lines].sort(), [first, first + 1, first + 2]);
    assert.ok(body.breakpoints.every(({ column }) => column !== undefined && column > 0));
});

test("lines and columns count from 0 for a client that says so", async () => {
    await using session = await Session.open({ linesStartAt1: false, columnsStartAt1: false });
    const at = line("orders.c", "#price-total") - 1;
    await session.launch(ORDERS, {}, async () => {
        const { body } = await session.client.setBreakpointsRequest({ source: { path: source("orders.c") }, breakpoints: [{ line: at }] });
        assert.equal(body.breakpoints[0]?.line, at);
    });
    await session.stopped("breakpoint");
    assert.equal((await session.top()).line, at);
});

test("breakpoints can be set while the guest runs", async () => {
    await using session = await Session.open();
    await session.launch("spin.O0.dwarf5");
    const lines = Array.from({ length: 40 }, (_, at) => ({ line: at + 1 }));
    await session.client.setBreakpointsRequest({ source: { path: source("spin.c") }, breakpoints: lines });
    await session.stopped("breakpoint");
});
