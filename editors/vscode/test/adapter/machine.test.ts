// Below the source: disassemble, instruction breakpoints, readMemory, writeMemory, the Wasm scope, modules, sources.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { DebugProtocol as Dap } from "@vscode/debugprotocol";
import { byName, line, Session, source } from "./session.js";

const AT_PRICE = ["orders.c", "#price-total"] as const;

async function disassemble(session: Session, more: Partial<Dap.DisassembleArguments> = {}): Promise<Dap.DisassembledInstruction[]> {
    const memoryReference = (await session.top()).instructionPointerReference ?? "";
    const answer = (await session.client.customRequest("disassemble", { memoryReference, instructionCount: 10, ...more })) as unknown;
    return (answer as Dap.DisassembleResponse).body?.instructions ?? [];
}

test("the disassembly begins at the instruction that comes next, with its source line", async () => {
    await using session = await Session.open();
    await session.stopAt("orders.O0.dwarf5", AT_PRICE);
    const list = await disassemble(session);
    assert.equal(list.length, 10);
    assert.equal(Number(list[0]?.address), Number((await session.top()).instructionPointerReference));
    assert.ok(list.some(({ line: at, location }) => at === line(...AT_PRICE) && location?.path === source("orders.c")));
    assert.ok(list.some(({ instruction }) => /^(i32|local|call|global)/.test(instruction)));
    assert.ok(list.every(({ instructionBytes }) => /^[0-9a-f]{2}( [0-9a-f]{2})*$/.test(instructionBytes ?? "")));
    const addresses = list.map(({ address }) => Number(address));
    assert.deepEqual(addresses, [...addresses].sort((a, b) => a - b));
});

test("the disassembly has exactly as many as asked for, before and after, at the ends of the code too", async () => {
    await using session = await Session.open();
    await session.stopAt("orders.O0.dwarf5", AT_PRICE);
    const around = await disassemble(session, { instructionOffset: -50, instructionCount: 100 });
    assert.equal(around.length, 100);
    assert.equal(Number(around[50]?.address), Number((await session.top()).instructionPointerReference));
    const beyond = await disassemble(session, { instructionOffset: -100_000, instructionCount: 50 });
    assert.equal(beyond.length, 50);
    assert.equal(new Set(beyond.map(({ address }) => address)).size, 50);
});

test("a breakpoint at an instruction of the disassembly stops there", async () => {
    await using session = await Session.open();
    await session.stopAt("orders.O0.dwarf5", AT_PRICE);
    const target = (await disassemble(session))[3];
    const { body } = (await session.client.customRequest("setInstructionBreakpoints", { breakpoints: [{ instructionReference: target?.address }] })) as Dap.SetInstructionBreakpointsResponse;
    assert.equal(body.breakpoints[0]?.verified, true);
    await session.breakpoints("orders.c", []);
    await session.until(() => session.continue(), "instruction breakpoint");
    assert.equal(Number((await session.top()).instructionPointerReference), Number(target?.address));
});

test("memory is read and written where a value is", async () => {
    await using session = await Session.open();
    await session.stopAt("orders.O0.dwarf5", AT_PRICE);
    const order = await session.variable("Arguments", "order");
    const memoryReference = order.memoryReference ?? "";
    const read = async (offset: number, count: number): Promise<Buffer> => {
        const answer = (await session.client.customRequest("readMemory", { memoryReference, offset, count })) as unknown;
        return Buffer.from((answer as Dap.ReadMemoryResponse).body?.data ?? "", "base64");
    };
    const bytes = await read(0, 8);
    assert.equal(bytes.readInt32LE(0), 1, "order->id");
    assert.equal(bytes.toString("latin1", 4, 7), "Ada");
    await session.client.customRequest("writeMemory", { memoryReference, offset: 4, data: Buffer.from("Eve").toString("base64") });
    assert.equal(await session.value("order->customer"), '"Eve"');
    assert.ok(session.events.some(({ event }) => event === "invalidated"));
    assert.equal((await read(0, 0)).length, 0);
    const beyond = (await session.client.customRequest("readMemory", { memoryReference, offset: 0x7fff_ffff, count: 16 })) as unknown;
    assert.equal((beyond as Dap.ReadMemoryResponse).body?.unreadableBytes, 16);
});

test("the Wasm scope has locals, operands, globals and memories", async () => {
    await using session = await Session.open();
    await session.stopAt("orders.O0.dwarf5", AT_PRICE);
    const wasm = await session.scope("Wasm");
    const part = async (name: string): Promise<Map<string, Dap.Variable>> => byName(await session.children(wasm.get(name)?.variablesReference ?? 0));
    const [, first] = [...(await part("locals"))][0] ?? [];
    assert.equal(first?.type, "i32");
    assert.match((await session.evaluate("$local0")).result, /^\d+$/);
    const globals = await part("globals");
    assert.ok([...globals.keys()].some((name) => name.includes("__stack_pointer")), [...globals.keys()].join(", "));
    const memory = [...(await part("memories")).values()][0];
    assert.match(memory?.value ?? "", /^\d+ bytes$/);
    assert.ok(memory?.memoryReference !== undefined);
});

test("a guest without debug information has its Wasm text as source", async () => {
    await using session = await Session.open();
    await session.launch("nodebug", { stopOnEntry: true });
    await session.stopped("entry");
    const top = await session.top();
    const reference = top.source?.sourceReference ?? 0;
    assert.ok(reference > 0);
    const { body } = await session.client.sourceRequest({ sourceReference: reference });
    assert.ok(body.content.split("\n").length >= top.line);
});

test("modules and sources are listed", async () => {
    await using session = await Session.open();
    await session.stopAt("orders.O0.dwarf5", AT_PRICE);
    const { body } = await session.client.modulesRequest({});
    assert.equal(body.modules.length, 1);
    assert.equal((await session.top()).moduleId, body.modules[0]?.id);
    const sources = (await session.client.customRequest("loadedSources", {})) as Dap.LoadedSourcesResponse;
    assert.ok(sources.body.sources.some(({ path }) => path === source("orders.c")));
});
