// What is said of a wrong configuration; and that the schema offers exactly what the adapter reads.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { problemWith } from "../../src/configurationCheck.js";

const here = (): boolean => true;
const launch = { request: "launch", program: "/p/a.wasm" };

test("what is right has no problem", () => {
    assert.equal(problemWith(launch, here), undefined);
    assert.equal(problemWith({ ...launch, args: ["1"], env: { A: "b", C: null }, dirs: ["/a", "/a::/b"] }, here), undefined);
    assert.equal(problemWith({ request: "attach", port: 4711 }, here), undefined);
    assert.equal(problemWith({ request: "attach", port: 1, host: "localhost" }, here), undefined);
});

test("each mistake is named, with what to write instead", () => {
    const table: [Record<string, unknown>, RegExp][] = [
        [{ request: "launch" }, /`program` must be the path/],
        [{ ...launch, args: "a b" }, /`args` must be a list/],
        [{ ...launch, args: [1] }, /`args` must be a list/],
        [{ ...launch, env: { N: 1 } }, /`env` has N/],
        [{ ...launch, dirs: "/a" }, /`dirs` must be a list/],
        [{ ...launch, dirs: ["/a::"] }, /“\/a::”; write HOST or HOST::GUEST/],
        [{ request: "attach" }, /`port`/],
        [{ request: "attach", port: "4711" }, /`port`/],
        [{ request: "attach", port: 70000 }, /`port`/],
        [{ request: "attach", port: 1, host: 7 }, /`host`/],
    ];
    for (const [configuration, expected] of table) assert.match(problemWith(configuration, here) ?? "nothing", expected);
});

test("a program that isn't there is named by its full path, unless a task builds it first", () => {
    const looked: string[] = [];
    const none = (file: string): boolean => (looked.push(file), false);
    const configuration = { request: "launch", program: "build/a.wasm", cwd: "/ws" };
    assert.match(problemWith(configuration, none) ?? "", /\/ws\/build\/a\.wasm doesn't exist/);
    assert.deepEqual(looked, ["/ws/build/a.wasm"]);
    assert.equal(problemWith({ ...configuration, preLaunchTask: "build" }, none), undefined);
});

interface Manifest {
    activationEvents: string[];
    contributes: {
        commands: { command: string }[];
        debuggers: { configurationAttributes: Record<string, { properties: Record<string, unknown> }>; configurationSnippets: { body: Record<string, unknown> }[] }[];
        walkthroughs: { steps: { media: { image?: string; markdown?: string } }[] }[];
    };
    icon: string;
}
const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
const [wasm] = manifest.contributes.debuggers;

/** The fields of a struct of arguments in the adapter's source, as a client writes them. */
function adapterReads(struct: string): string[] {
    const folder = "../../crates/dap/src";
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".rs"));
    const sources = files.map((file) => readFileSync(`${folder}/${file}`, "utf8"));
    const [body] = sources.flatMap((source) => new RegExp(`struct ${struct} \\{([^}]*)\\}`).exec(source)?.[1] ?? []);
    assert.ok(body !== undefined, `${struct} isn't in ${folder}`);
    const fields = [...body.matchAll(/^\s*(?:pub )?(\w+):/gm)].map((match) => match[1] ?? "");
    return fields.map((name) => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()));
}

test("the schema of a launch offers what the adapter reads, no more and no less", () => {
    const offered = Object.keys(wasm?.configurationAttributes["launch"]?.properties ?? {}).sort();
    // `noDebug` is VS Code's own.
    assert.deepEqual(offered, adapterReads("LaunchArguments").filter((name) => name !== "noDebug").sort());
});

test("the schema of an attach offers what the adapter reads, and where to connect to", () => {
    const offered = Object.keys(wasm?.configurationAttributes["attach"]?.properties ?? {}).sort();
    assert.deepEqual(offered, [...adapterReads("AttachArguments"), "host", "port"].sort());
});

test("snippets use what the schema knows", () => {
    for (const { body } of wasm?.configurationSnippets ?? []) {
        const { type, request, name, ...rest } = body;
        assert.equal(type, "wasm");
        assert.equal(typeof name, "string");
        const known = wasm?.configurationAttributes[String(request)]?.properties ?? {};
        for (const key of Object.keys(rest)) assert.ok(key in known, `${String(name)}: ${key}`);
    }
});

test("pictures and pages of the walkthrough are there", () => {
    const pages = manifest.contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media.image ?? media.markdown ?? ""));
    for (const page of [...pages, manifest.icon]) assert.ok(existsSync(page), page);
});
