// initialize, launch, configurationDone, restart, terminate, disconnect, output and exit codes; attach.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { test } from "node:test";
import { BINARY, Client, guest, refused, ROOT, says, Session } from "./session.js";

test("a guest runs to its end: output, exit code, events in order", async () => {
    await using session = await Session.open();
    await session.launch("orders.O0.dwarf5", { args: ["Bea"], env: { CURRENCY: "SEK", HOME: null } });
    assert.equal(await session.exited(), 0);
    assert.match(session.text("stdout"), /^1 Ada {5}\s+7\.30 SEK\n/m);
    assert.match(session.text("stdout"), /sum is 13979\n$/);
    const names = session.events.map(({ event }) => event).filter((event) => event !== "module");
    assert.deepEqual(names.slice(-3), ["thread", "exited", "terminated"]);
});

test("a guest that fails says so by its exit code", async () => {
    await using session = await Session.open();
    await session.launch("orders.O0.dwarf5");
    assert.equal(await session.exited(), 1);
});

test("stopOnEntry stands at the beginning of main, of an export, of a component", async () => {
    for (const [module, launch, name] of [
        ["orders.O0.dwarf5", {}, "main"],
        ["inventory.O0.dwarf4", {}, "inventory::main"],
        ["inventory.O0.dwarf4.p2", {}, "inventory::main"],
        ["invoke", { invoke: "fib", args: ["5"] }, "fib"],
    ] as const) {
        await using session = await Session.open();
        await session.launch(module, { ...launch, stopOnEntry: true });
        const stop = await session.stopped("entry");
        assert.ok(stop.threadId !== undefined);
        assert.equal((await session.top()).name, name);
    }
});

test("noDebug stops nowhere, not even at a trap", async () => {
    await using session = await Session.open();
    await session.launch("trap.O0.dwarf5", { args: ["divide"], noDebug: true, stopOnEntry: true }, () => session.breakpoints("trap.c", ["#main-call"]));
    assert.equal(await session.exited(), 134);
    assert.match(session.text("stderr"), /divide by zero/);
});

test("folders and standard input are the guest's as asked for", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "freezeframe-dap-"));
    try {
        await using session = await Session.open();
        await session.launch("files.O0.dwarf5", { dirs: [`${folder}::/data`], args: ["/data"], stdin: path.join(ROOT, "guests/src/three-lines.txt") });
        await session.exited();
        await using other = await Session.open();
        assert.match(await refused(other.client.launchRequest({ program: guest("files.O0.dwarf5"), dirs: ["::/data"] } as object)), /HOST or HOST::GUEST/);
    } finally {
        await rm(folder, { recursive: true });
    }
});

test("what can't be launched is refused with what to do, and the next launch works", async () => {
    await using session = await Session.open();
    const program = path.join(ROOT, "nowhere.wasm");
    assert.match(await refused(session.client.launchRequest({ program } as object)), /nowhere\.wasm/);
    assert.match(await refused(session.client.launchRequest({ program: guest("not-wasm") } as object)), /not-wasm/);
    assert.match(await refused(session.client.launchRequest({ program: guest("missing-import") } as object)), /import/);
    assert.match(await refused(session.client.launchRequest({ program: 7 } as object)), /launch.*can't be read/);
    await session.launch("orders.O0.dwarf5", { args: ["Bea"] });
    assert.equal(await session.exited(), 0);
});

test("a failure is a sentence for a person, wherever a client looks for it", async () => {
    await using session = await Session.open();
    const said = await refused(session.client.customRequest("scopes", { frameId: 77 }));
    const [failure] = session.client.failures;
    assert.match(said, /no frame 77/);
    assert.equal(failure?.message, said);
    assert.equal(failure.body.error?.format, said);
    // Where the protocol has a word for it, programs know it by that.
    await session.launch("spin.O0.dwarf5");
    const running = await refused(session.client.stackTraceRequest({ threadId: await session.thread() }));
    assert.equal(session.client.failures.at(-1)?.message, "notStopped");
    assert.match(running, /interrupt it first/);
});

test("relative paths are below cwd", async () => {
    await using session = await Session.open();
    await session.launch("", { program: "guests/built/orders.O0.dwarf5.wasm", cwd: ROOT, args: ["Bea"] });
    assert.equal(await session.exited(), 0);
});

test("requests before initialize, unknown ones and wrong arguments are refused; the session lives", async () => {
    await using session = await Session.open();
    const send = (command: string, args?: object): Promise<unknown> => session.client.customRequest(command, args);
    assert.match(await refused(send("fly")), /fly/);
    assert.match(await refused(send("configurationDone")), /nothing to configure/);
    assert.match(await refused(send("stackTrace", { threadId: 77 })), /no thread 77/);
    assert.match(await refused(send("stackTrace", { threadId: "x" })), /can't be read/);
    assert.match(await refused(send("scopes", { frameId: 1 })), /./);
    assert.match(await refused(send("initialize", { adapterID: "wasm" })), /already/);
    assert.deepEqual((await session.client.threadsRequest()).body.threads, []);

    const early = new Client();
    await early.start();
    const said = await refused(early.threadsRequest());
    await early.stop();
    assert.match(said, /initialize/);
});

test("restart runs the guest again with its breakpoints", async () => {
    await using session = await Session.open();
    assert.equal(session.capabilities.supportsRestartRequest, true);
    await session.stopAt("orders.O0.dwarf5", ["orders.c", "#relabel-end"]);
    await session.client.restartRequest({});
    await session.stopped("breakpoint", ["orders.c", "#relabel-end"]);
    assert.equal(session.events.filter(({ event }) => event === "terminated").length, 0);
});

test("terminate ends a guest that stands, and one that runs", async () => {
    {
        await using session = await Session.open();
        await session.stopAt("orders.O0.dwarf5", ["orders.c", "#relabel-end"]);
        await Promise.all([session.client.waitForEvent("terminated"), session.client.terminateRequest({})]);
    }
    await using session = await Session.open();
    await session.launch("spin.O0.dwarf5");
    await Promise.all([session.client.waitForEvent("terminated"), session.client.terminateRequest({})]);
});

test("the process ends when its client leaves, or vanishes", async () => {
    for (const leave of [true, false]) {
        const adapter = spawn(BINARY, ["dap"], { stdio: ["pipe", "ignore", "inherit"] });
        const ended = once(adapter, "exit");
        const send = (seq: number, command: string, args: object = {}): void => {
            const text = JSON.stringify({ seq, type: "request", command, arguments: args });
            adapter.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
        };
        send(1, "initialize", { adapterID: "wasm" });
        send(2, "launch", { program: guest("spin.O0.dwarf5") });
        send(3, "configurationDone");
        if (leave) send(4, "disconnect");
        else adapter.stdin.end();
        await ended;
    }
});

test("over TCP: each client has a session of its own", async () => {
    const server = spawn(BINARY, ["dap", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
    try {
        const port = Number((await says(server.stdout, /127\.0\.0\.1:(\d+)\D/))[1]);
        const clients = await Promise.all(
            [1, 2].map(async () => {
                const client = new Client();
                await client.start(port);
                await client.initializeRequest();
                return client;
            }),
        );
        assert.match(await refused(clients[0]?.attachRequest({}) ?? Promise.resolve()), /nothing to attach to/);
        for (const client of clients) {
            const done = client.waitForEvent("terminated");
            const configured = client.waitForEvent("initialized").then(() => client.configurationDoneRequest());
            await Promise.all([client.launchRequest({ program: guest("orders.O0.dwarf5"), args: ["Bea"] } as object), configured, done]);
            await client.stop();
        }
    } finally {
        server.kill();
    }
});

test("an address that others can reach is refused", async () => {
    const server = spawn(BINARY, ["dap", "--listen", "0.0.0.0:0"], { stdio: ["ignore", "ignore", "pipe"] });
    const said = (await server.stderr.toArray()).join("");
    assert.match(said, /other machines/);
});

test("a module that is built anew is what restart runs", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "freezeframe-dap-"));
    try {
        const program = path.join(folder, "program.wasm");
        await writeFile(program, await readFile(guest("spin.O0.dwarf5")));
        await using session = await Session.open();
        await session.launch("", { program });
        await writeFile(program, await readFile(guest("orders.O0.dwarf5")));
        await session.client.restartRequest({});
        assert.equal(await session.exited(), 1);
        assert.match(session.text("stdout"), /sum is/);
    } finally {
        await rm(folder, { recursive: true });
    }
});
