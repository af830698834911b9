// next, stepIn, stepInTargets, stepOut, continue, pause; by instruction.

import assert from "node:assert/strict";
import { test } from "node:test";
import { line, refused, Session } from "./session.js";

const ORDERS = "orders.O0.dwarf5";

test("next steps over calls, stepIn into them, stepOut back to the call", async () => {
    await using session = await Session.open();
    await session.stopAt(ORDERS, ["orders.c", "#main-loop"]);
    await session.breakpoints("orders.c", []);
    const threadId = await session.thread();
    await session.until(() => session.client.stepInRequest({ threadId }), "step");
    assert.equal((await session.top()).name, "price");
    await session.until(() => session.client.nextRequest({ threadId }), "step", ["orders.c", "#price-entry"]);
    await session.until(() => session.client.stepOutRequest({ threadId }), "step", ["orders.c", "#main-loop"]);
});

test("stepping out shows what was returned", async () => {
    await using session = await Session.open();
    await session.stopAt(ORDERS, ["orders.c", "#price-return"]);
    await session.until(async () => session.client.stepOutRequest({ threadId: await session.thread() }), "step");
    const returned = [...(await session.scope("Returned")).values()];
    assert.equal(returned[0]?.value, "730");
});

test("stepIn has the line's calls as targets", async () => {
    await using session = await Session.open();
    await session.stopAt(ORDERS, ["orders.c", "#shadow"]);
    const { body } = (await session.client.customRequest("stepInTargets", { frameId: (await session.top()).id })) as {
        body: { targets: { id: number; label: string }[] };
    };
    const labels = body.targets.map(({ label }) => label);
    assert.ok(labels.includes("factorial") && labels.includes("printf"), labels.join(", "));
    const targetId = body.targets.find(({ label }) => label === "factorial")?.id ?? -1;
    await session.until(async () => session.client.stepInRequest({ threadId: await session.thread(), targetId }), "step");
    assert.equal((await session.top()).name, "factorial");
});

test("by instruction, several steps stay on one line", async () => {
    await using session = await Session.open();
    await session.stopAt(ORDERS, ["orders.c", "#price-total"]);
    const threadId = await session.thread();
    const before = (await session.top()).instructionPointerReference;
    await session.until(() => session.client.nextRequest({ threadId, granularity: "instruction" }), "step", ["orders.c", "#price-total"]);
    const after = (await session.top()).instructionPointerReference;
    assert.ok(before !== undefined && after !== undefined);
    assert.ok(Number(after) > Number(before));
});

test("a guest that runs can be paused, and what needs a stop is refused meanwhile", async () => {
    await using session = await Session.open();
    // Only from the loop on is it sure where a pause finds it.
    await session.stopAt("spin.O0.dwarf5", ["spin.c", "#loop"]);
    await session.breakpoints("spin.c", []);
    await session.continue();
    const threadId = await session.thread();
    assert.match(await refused(session.client.stackTraceRequest({ threadId })), /run/);
    await session.until(() => session.client.pauseRequest({ threadId }), "pause");
    assert.ok((await session.functions()).includes("main"));
    await session.continue();
    await session.until(() => session.client.pauseRequest({ threadId }), "pause");
});

test("a frame of before a step can't be asked any more", async () => {
    await using session = await Session.open();
    await session.stopAt(ORDERS, ["orders.c", "#price-total"]);
    const old = await session.top();
    await session.until(async () => session.client.nextRequest({ threadId: await session.thread() }), "step");
    assert.match(await refused(session.client.scopesRequest({ frameId: old.id })), /./);
});

test("the stack comes in parts, with positions, modules and what has no source told apart", async () => {
    await using session = await Session.open();
    await session.stopAt(ORDERS, ["orders.c", "#factorial-end"], {}, { condition: "n == 1" });
    const all = await session.stack();
    const names = all.map(({ name }) => name);
    assert.deepEqual(names.slice(0, 6), ["factorial", "factorial", "factorial", "factorial", "factorial", "main"]);
    assert.equal(all[1]?.line, line("orders.c", "#factorial"));
    const part = await session.stack({ startFrame: 5, levels: 1 });
    assert.deepEqual(part.map(({ name }) => name), ["main"]);
    assert.ok(all.every(({ instructionPointerReference }) => instructionPointerReference !== undefined));
    const start = all.at(-1);
    assert.equal(start?.presentationHint, "subtle");
});

test("inlined frames are frames", async () => {
    await using session = await Session.open();
    await session.stopAt("inline.O2.dwarf5", ["inline.c", "#square"]);
    const names = await session.functions();
    assert.equal(names[0], "square [inlined]");
    assert.ok(names.indexOf("main") > 0, names.join(", "));
});

test("many quick stops and starts lose nothing", async () => {
    await using session = await Session.open();
    await session.stopAt("spin.O0.dwarf5", ["spin.c", "#loop"]);
    const threadId = await session.thread();
    for (let round = 0; round < 200; round++) await session.until(() => session.client.continueRequest({ threadId }), "breakpoint");
});
