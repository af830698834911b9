// attach: to a program that has guests of its own, the example `http` of the crate `freezeframe`.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import * as path from "node:path";
import { after, before, test } from "node:test";
import type { DebugProtocol as Dap } from "@vscode/debugprotocol";
import { BINARY, Client, refused, says, within } from "./session.js";

const HTTP = path.join(path.dirname(BINARY), "examples/http");
assert.ok(existsSync(HTTP), `${HTTP} isn't there: cargo build --release --example http`);

let server: ChildProcess;
let url = "";
let port = 0;
before(async () => {
    const child = spawn(HTTP, ["127.0.0.1:0", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
    server = child;
    const [, http, editors] = await says(child.stdout, /(http:\/\/[\d.:]+)\/.*attach to [\d.]+:(\d+)\D/s);
    url = http ?? "";
    port = Number(editors);
});
after(() => {
    server.kill();
});

async function get(numbers: string): Promise<string> {
    return (await fetch(`${url}/${numbers}`)).text();
}

async function attach(): Promise<Client> {
    const client = new Client();
    await client.start(port);
    await client.initializeRequest();
    await Promise.all([client.waitForEvent("initialized"), client.attachRequest({})]);
    await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: "divide" }] });
    await client.setExceptionBreakpointsRequest({ filters: [] });
    await client.configurationDoneRequest();
    return client;
}

const stop = (client: Client): Promise<Dap.StoppedEvent> => within(client.waitForEvent("stopped") as Promise<Dap.StoppedEvent>, "a stop");

async function argument(client: Client, threadId: number): Promise<string> {
    const { body } = await client.stackTraceRequest({ threadId });
    assert.equal(body.stackFrames[0]?.name, "divide");
    const frameId = body.stackFrames[0].id;
    return (await client.evaluateRequest({ expression: "$local0", frameId, context: "watch" })).body.result;
}

test("a breakpoint stops the guest of whichever request comes by; the others run on", async () => {
    const client = await attach();
    const [stopped, first] = [stop(client), get("84/2")];
    const threadId = (await stopped).body.threadId ?? -1;
    assert.equal(await argument(client, threadId), "84");
    const { body } = await client.threadsRequest();
    assert.deepEqual(body.threads.map(({ name }) => name), ["GET /84/2"]);

    const [again, second] = [stop(client), get("9/3")];
    const other = (await again).body.threadId ?? -1;
    assert.notEqual(other, threadId);
    assert.equal(await argument(client, other), "9");
    await client.continueRequest({ threadId: other });
    assert.equal(await second, "3");
    await client.continueRequest({ threadId });
    assert.equal(await first, "42");
    await client.stop();
});

test("a client that leaves, or vanishes, lets the guests go on", async () => {
    const client = await attach();
    const [stopped, answer] = [stop(client), get("8/2")];
    await stopped;
    await client.disconnectRequest({});
    assert.equal(await within(answer, "the answer"), "4");
    assert.equal(await get("6/2"), "3");
});

test("two clients see the same stop, and one lets it go on", async () => {
    const [one, two] = [await attach(), await attach()];
    const [stops, answer] = [Promise.all([stop(one), stop(two)]), get("10/5")];
    const [mine, theirs] = await stops;
    assert.equal(mine.body.threadId, theirs.body.threadId);
    const continued = within(two.waitForEvent("continued"), "`continued` for the other one");
    await one.continueRequest({ threadId: mine.body.threadId ?? -1 });
    await continued;
    assert.equal(await answer, "2");
    await one.stop();
    await two.stop();
});

test("the host's guests aren't a client's to launch or to terminate", async () => {
    const client = new Client();
    await client.start(port);
    await client.initializeRequest();
    assert.match(await refused(client.launchRequest({ program: "x.wasm" } as object)), /`attach`/);
    await Promise.all([client.waitForEvent("initialized"), client.attachRequest({})]);
    await client.configurationDoneRequest();
    assert.match(await refused(client.terminateRequest({})), /disconnect/);
    await client.stop();
});
