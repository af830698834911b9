// Traps, panics, exits: filters, filter options, exceptionInfo, the backtrace in the console.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { DebugProtocol as Dap } from "@vscode/debugprotocol";
import { line, refused, Session, source } from "./session.js";

const set = (session: Session, ...filters: string[]): Promise<unknown> => session.client.setExceptionBreakpointsRequest({ filters });

test("the filters of the capabilities are those that can be set", async () => {
    await using session = await Session.open();
    const filters = session.capabilities.exceptionBreakpointFilters ?? [];
    assert.ok(filters.length >= 3);
    const traps = filters.find(({ filter }) => filter === "trap");
    assert.equal(traps?.default, true);
    await session.launch("orders.O0.dwarf5", {}, async () => {
        const { body } = await session.client.setExceptionBreakpointsRequest({ filters: [...filters.map(({ filter }) => filter), "nosuch"] });
        assert.deepEqual(body?.breakpoints?.map(({ verified }) => verified), [...filters.map(() => true), false]);
    });
});

for (const [argument, marker, id] of [
    ["divide", "#divide", "divide-by-zero"],
    ["int-overflow", "#int-overflow", "integer-overflow"],
    ["unreachable", "#unreachable", "unreachable"],
    ["oob", "#oob", "memory-out-of-bounds"],
    ["signature", "#signature", "bad-signature"],
    ["table", "#table", "table-out-of-bounds"],
    ["overflow", "#overflow", "stack-overflow"],
] as const) {
    test(`a trap stops with its stack whole: ${argument}`, async () => {
        await using session = await Session.open();
        await session.launch("trap.O0.dwarf5", { args: [argument] }, () => set(session, "trap"));
        const stop = await session.stopped("exception");
        const top = await session.top();
        if (argument !== "overflow") assert.equal(top.line, line("trap.c", marker));
        const { body } = await session.client.customRequest("exceptionInfo", { threadId: stop.threadId }) as { body: { exceptionId: string; description?: string; breakMode: string; details?: { stackTrace?: string } } };
        assert.equal(body.exceptionId, id);
        assert.match(body.details?.stackTrace ?? "", /trap\.c:\d+/);
        if (argument !== "overflow") assert.ok((await session.functions()).includes("dispatch"));
        await session.continue();
        assert.equal(await session.exited(), 134);
    });
}

test("a Rust panic stops in the panicking frames, and the message comes to the console", async () => {
    await using session = await Session.open();
    await session.launch("panic.O0.dwarf4", {}, () => set(session, "trap"));
    await session.stopped("exception");
    const names = await session.functions();
    assert.ok(names.includes("panic::fail") && names.includes("panic::main"), names.join(", "));
    assert.match(session.text("stderr"), /index out of bounds: the len is 3 but the index is 3/);
    const lines = session.output.filter(({ output }) => /^ {4}at panic::fail/.test(output));
    assert.equal(lines[0]?.line, line("panic.rs", "#index-call"));
    assert.equal(lines[0].source?.path, source("panic.rs"));
});

for (const [how, marker, message] of [
    ["index", "#index", /^index out of bounds: the len is 3 but the index is 3$/],
    ["unwrap", "#unwrap", /^called `Result::unwrap\(\)` on an `Err` value: ParseIntError \{ kind: InvalidDigit \}$/],
    ["overflow", "#overflow", /^attempt to add with overflow$/],
] as const) {
    test(`a panic is told in the program's own words: ${how}`, async () => {
        await using session = await Session.open();
        await session.launch("panic.O0.dwarf4", { args: [how] }, () => set(session, "trap"));
        const stop = await session.stopped("exception");
        assert.match(stop.text ?? "", message);
        assert.ok((await session.stack()).some((frame) => frame.line === line("panic.rs", marker)));
        const { body } = (await session.client.customRequest("exceptionInfo", { threadId: stop.threadId })) as Dap.ExceptionInfoResponse;
        assert.match(body.description ?? "", message);
        assert.equal(body.exceptionId, "panic");
        assert.equal(body.details?.typeName, "unreachable");
    });
}

test("an abort isn't told in words of somebody else's", async () => {
    await using session = await Session.open();
    await session.launch("panic.O0.dwarf4", { args: ["abort"] }, () => set(session, "trap"));
    const stop = await session.stopped("exception");
    const { body } = (await session.client.customRequest("exceptionInfo", { threadId: stop.threadId })) as Dap.ExceptionInfoResponse;
    assert.equal(body.exceptionId, "unreachable");
});

test("without the filter a trap just ends the guest", async () => {
    await using session = await Session.open();
    await session.launch("trap.O0.dwarf5", { args: ["divide"] }, () => set(session));
    assert.equal(await session.exited(), 134);
});

test("kinds of traps as the filter's condition", async () => {
    for (const [kinds, stops] of [
        ["divide-by-zero", true],
        ["unreachable", false],
    ] as const) {
        await using session = await Session.open();
        await session.launch("trap.O0.dwarf5", { args: ["divide"] }, () =>
            session.client.setExceptionBreakpointsRequest({ filters: [], filterOptions: [{ filterId: "trap", condition: kinds }] }),
        );
        if (stops) await session.stopped("exception", ["trap.c", "#divide"]);
        else assert.equal(await session.exited(), 134);
    }
});

for (const [filter, mode] of [
    ["uncaught", "unhandled"],
    ["throw", "always"],
] as const) {
    test(`an exception says whether anything catches it: ${filter}`, async () => {
        await using session = await Session.open();
        await session.launch("exceptions.O0.dwarf5", { args: ["uncaught"] }, () => set(session, filter));
        const stop = await session.stopped("exception");
        const { body } = (await session.client.customRequest("exceptionInfo", { threadId: stop.threadId })) as { body: { exceptionId: string; breakMode: string } };
        assert.deepEqual([body.exceptionId, body.breakMode], ["exception", mode]);
    });
}

test("an exit can be caught", async () => {
    await using session = await Session.open();
    await session.launch("exit.O0.dwarf5", {}, () => set(session, "exit"));
    const stop = await session.stopped("exception");
    assert.match(stop.text ?? "", /exit/);
    assert.ok((await session.functions()).includes("main"));
});

test("exceptionInfo of a guest that stopped for something else is refused", async () => {
    await using session = await Session.open();
    await session.stopAt("orders.O0.dwarf5", ["orders.c", "#price-total"]);
    assert.match(await refused(session.client.customRequest("exceptionInfo", { threadId: await session.thread() })), /hasn't stopped for an exception/);
});
