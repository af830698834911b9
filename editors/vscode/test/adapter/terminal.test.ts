// console: the guest in a terminal of the client's (runInTerminal); progress events and cancel of a launch that waits for one.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { after, test } from "node:test";
import type { DebugProtocol as Dap } from "@vscode/debugprotocol";
import { BINARY, refused, ROOT, says, Session, within } from "./session.js";

// The guest writes a file before it reads what is typed.
const folder = mkdtempSync(path.join(tmpdir(), "freezeframe-dap-"));
after(() => {
    rmSync(folder, { recursive: true });
});
const LAUNCH = { console: "integratedTerminal", dirs: [`${folder}::/data`] };

/** A client with terminals: its processes stand for them, their pipes for keyboard and screen. */
const TERMINALS = { supportsRunInTerminalRequest: true };

/** What the adapter will ask for. */
function asks(session: Session): Promise<Dap.RunInTerminalRequest> {
    return within(once(session.client, "request").then(([request]) => request as Dap.RunInTerminalRequest), "runInTerminal");
}

function run({ arguments: { args, env, cwd } }: Dap.RunInTerminalRequest): ChildProcess {
    const [program = "", ...rest] = args;
    return spawn(program, rest, { cwd, env: { ...process.env, ...(env as Record<string, string>) }, stdio: ["pipe", "pipe", "inherit"] });
}

/** Launches in a terminal, with one breakpoint. */
async function start(session: Session, asked: Promise<Dap.RunInTerminalRequest>, marker: string): Promise<ChildProcess> {
    const launched = session.launch("files.O0.dwarf5", LAUNCH, () => session.breakpoints("files.c", [marker]));
    const request = await asked;
    const terminal = run(request);
    session.client.respond(request);
    await launched;
    return terminal;
}

test("what is typed in the terminal is the guest's input, what it prints is shown there", async () => {
    await using session = await Session.open(TERMINALS);
    const asked = asks(session);
    const terminal = await start(session, asked, "#stdin-line");
    const { arguments: about } = await asked;
    assert.equal(about.kind, "integrated");
    assert.equal(about.title, "files.O0.dwarf5.wasm");
    assert.equal(about.cwd, ROOT);
    const shown = says(terminal.stdout as NodeJS.ReadableStream, /stdin 1: first\nstdin 2: grüße\n2 lines\n$/);
    terminal.stdin?.write("first\n");
    await session.stopped("breakpoint", ["files.c", "#stdin-line"]);
    assert.equal(await session.value("line"), '"first"');
    await session.breakpoints("files.c", []);
    await session.continue();
    terminal.stdin?.end("grüße\n");
    const ended = once(terminal, "exit");
    assert.equal(await session.exited(), 0);
    await shown;
    assert.equal(session.text("stdout"), "");
    // The terminal is the person's again.
    assert.deepEqual(await within(ended, "the end of the terminal's process"), [0, null]);
});

test("a terminal that is closed ends the guest's input; what it prints from then on goes to the console", async () => {
    await using session = await Session.open(TERMINALS);
    const asked = asks(session);
    const terminal = await start(session, asked, "#stdin-line");
    terminal.stdin?.write("first\n");
    await session.stopped("breakpoint");
    const gone = once(terminal, "exit");
    terminal.kill("SIGKILL");
    await gone;
    await session.continue();
    assert.equal(await session.exited(), 0);
    assert.match(session.text("stdout"), /1 lines\n$/);
});

test("a guest that waits for input is ended when it's asked for", async () => {
    await using session = await Session.open(TERMINALS);
    const asked = asks(session);
    const terminal = await start(session, asked, "#stdin-call");
    await session.stopped("breakpoint", ["files.c", "#stdin-call"]);
    await session.continue();
    const gone = once(terminal, "exit");
    await session.client.terminateRequest({});
    await within(gone, "the end of the terminal's process");
});

test("a client without terminals is told what to do, one that can't open it is quoted, and both can go on", async () => {
    {
        await using session = await Session.open();
        const launch = { program: `${ROOT}/guests/built/files.O0.dwarf5.wasm`, ...LAUNCH };
        assert.match(await refused(session.client.launchRequest(launch as object)), /can't open a terminal.*`stdin`/);
        await session.launch("orders.O0.dwarf5", { args: ["Bea"] });
        assert.equal(await session.exited(), 0);
    }
    await using session = await Session.open(TERMINALS);
    const asked = asks(session);
    const launched = refused(session.client.launchRequest({ program: `${ROOT}/guests/built/files.O0.dwarf5.wasm`, ...LAUNCH } as object));
    session.client.respond(await asked, "there is no shell");
    assert.match(await launched, /couldn't open a terminal: there is no shell/);
    await session.launch("orders.O0.dwarf5", { args: ["Bea"] });
    assert.equal(await session.exited(), 0);
});

test("nobody but the terminal that was asked for is joined", async () => {
    const stranger = spawn(BINARY, ["dap-terminal", "127.0.0.1:9"], { stdio: ["ignore", "ignore", "pipe"] });
    const said = (await stranger.stderr.toArray()).join("");
    assert.match(said, /run by an editor/);
});

for (const by of ["progressId", "requestId"] as const) {
    test(`a launch that takes long is told of step by step, and cancelled by ${by}`, async () => {
        await using session = await Session.open({ ...TERMINALS, supportsProgressReporting: true });
        const asked = asks(session);
        const launched = refused(session.client.launchRequest({ program: `${ROOT}/guests/built/files.O0.dwarf5.wasm`, ...LAUNCH } as object));
        const launch = session.client.lastSeq;
        const { body: begun } = await session.event<Dap.ProgressStartEvent>("progressStart");
        assert.match(begun.title, /files\.O0\.dwarf5\.wasm/);
        assert.equal(begun.cancellable, true);
        assert.equal(begun.requestId, launch);
        // Compiling may have been done before it was worth telling of.
        const waits = /waiting for the editor's terminal/;
        if (!waits.test(begun.message ?? "")) await session.event<Dap.ProgressUpdateEvent>("progressUpdate", ({ body }) => body.progressId === begun.progressId && waits.test(body.message ?? ""));
        await asked;
        const { progressId } = begun;
        await session.client.customRequest("cancel", by === "progressId" ? { progressId } : { requestId: launch });
        assert.match(await launched, /cancelled/);
        assert.equal(session.client.failures[0]?.message, "cancelled");
        await session.event<Dap.ProgressEndEvent>("progressEnd", ({ body }) => body.progressId === progressId);
        await session.launch("orders.O0.dwarf5", { args: ["Bea"] });
        assert.equal(await session.exited(), 0);
    });
}

test("compiling is a step of its own, told of before the next one", async () => {
    // Without a cache a large module takes as long as it takes.
    await using session = await Session.open({ ...TERMINALS, supportsProgressReporting: true }, { FREEZEFRAME_CACHE: "" });
    const launched = refused(session.client.launchRequest({ program: `${ROOT}/guests/built/inventory.O0.dwarf4.wasm`, ...LAUNCH } as object));
    const { body: begun } = await session.event<Dap.ProgressStartEvent>("progressStart");
    assert.equal(begun.message, "compiling");
    // How long it has taken is told every second.
    let next = "compiling, 0 s";
    while (/^compiling, \d+ s$/.test(next)) {
        const { body } = await session.event<Dap.ProgressUpdateEvent>("progressUpdate");
        assert.equal(body.progressId, begun.progressId);
        next = body.message ?? "";
    }
    assert.match(next, /terminal/);
    await session.client.customRequest("cancel", { progressId: begun.progressId });
    assert.match(await launched, /cancelled/);
    await session.event("progressEnd");
});
