// Which module F5 takes, in folders as compilers leave them.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { describe, describeBytes, obvious, programs } from "../../src/programs.js";

let folder = "";
beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "freezeframe-programs-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Writes files; each is a minute newer than the one before. */
async function have(...files: string[]): Promise<void> {
    for (const [at, file] of files.entries()) {
        const full = path.join(folder, file);
        await mkdir(path.dirname(full), { recursive: true });
        await writeFile(full, "\0asm");
        await utimes(full, 1e9 + 60 * at, 1e9 + 60 * at);
    }
}

async function found(openFile?: string): Promise<string[]> {
    const all = await programs(folder, openFile === undefined ? undefined : path.join(folder, openFile), {});
    return all.map((candidate) => path.relative(folder, candidate.path));
}

async function taken(openFile?: string): Promise<string | undefined> {
    const all = await programs(folder, openFile === undefined ? undefined : path.join(folder, openFile), {});
    const only = obvious(all);
    return only && path.relative(folder, only.path);
}

test("a Cargo project's debug build is taken, its dependencies' files aren't looked at", async () => {
    await have("Cargo.toml", "src/main.rs", "target/wasm32-wasip1/release/shop.wasm", "target/wasm32-wasip1/debug/shop.wasm");
    await have("target/wasm32-wasip1/debug/deps/shop-12ab.wasm", "target/debug/build.wasm");
    assert.deepEqual(await found("src/main.rs"), ["target/wasm32-wasip1/debug/shop.wasm", "target/wasm32-wasip1/release/shop.wasm"]);
    assert.equal(await taken("src/main.rs"), "target/wasm32-wasip1/debug/shop.wasm");
});

test("two programs of one Cargo project are a question", async () => {
    await have("Cargo.toml", "target/wasm32-wasip1/debug/a.wasm", "target/wasm32-wasip2/debug/b.wasm");
    assert.equal(await taken(), undefined);
    assert.deepEqual(await found(), ["target/wasm32-wasip2/debug/b.wasm", "target/wasm32-wasip1/debug/a.wasm"], "newest first");
});

test("an example is taken when its source is open", async () => {
    await have("Cargo.toml", "target/wasm32-wasip1/debug/shop.wasm", "target/wasm32-wasip1/debug/examples/my_demo.wasm");
    assert.equal(await taken("examples/my-demo.rs"), "target/wasm32-wasip1/debug/examples/my_demo.wasm");
});

test("CARGO_TARGET_DIR is honoured", async () => {
    await have("Cargo.toml", "elsewhere/wasm32-wasip1/debug/shop.wasm");
    const all = await programs(folder, undefined, { CARGO_TARGET_DIR: path.join(folder, "elsewhere") });
    assert.deepEqual(all.map((candidate) => path.basename(candidate.path)), ["shop.wasm"]);
});

test("Zig's and CMake's outputs are found", async () => {
    await have("zig/build.zig", "zig/src/main.zig", "zig/zig-out/bin/queue.wasm", "zig/.zig-cache/o/1/queue.wasm");
    await have("cmake/CMakeLists.txt", "cmake/main.c", "cmake/build/Debug/app/app.wasm");
    assert.equal(await taken("zig/src/main.zig"), "zig/zig-out/bin/queue.wasm");
    assert.equal(await taken("cmake/main.c"), "cmake/build/Debug/app/app.wasm");
});

test("the project around the open file comes before the folder's", async () => {
    await have("Cargo.toml", "target/wasm32-wasip1/debug/outer.wasm", "plugin/Cargo.toml", "plugin/target/wasm32-wasip1/debug/inner.wasm");
    assert.equal(await taken("plugin/src/main.rs"), "plugin/target/wasm32-wasip1/debug/inner.wasm");
    assert.equal(await taken("src/main.rs"), "target/wasm32-wasip1/debug/outer.wasm");
});

test("a module that is called like the open file is taken among others", async () => {
    await have("other.wasm", "built/trap.O0.wasm", "built/orders.O0.wasm");
    assert.equal(await taken("orders.c"), "built/orders.O0.wasm");
});

test("without a project, modules are found wherever they are", async () => {
    await have("a/b/c/deep.wasm", "node_modules/x/no.wasm");
    assert.deepEqual(await found(), ["a/b/c/deep.wasm"]);
});

test("an open file outside of the folder changes nothing", async () => {
    await have("build/app.wasm");
    assert.equal(await taken("../../elsewhere/main.c"), "build/app.wasm");
});

test("an empty folder, and one that isn't there, have no programs", async () => {
    assert.deepEqual(await found(), []);
    assert.deepEqual(await programs(path.join(folder, "missing"), undefined, {}), []);
});

const custom = (name: string): number[] => [0, 1 + name.length, name.length, ...Buffer.from(name)];
const MODULE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

test("a file says whether it can be debugged by source", () => {
    const of = (...bytes: number[]): string => describeBytes(Uint8Array.from(bytes));
    assert.equal(of(...MODULE), "module without debug information");
    assert.equal(of(...MODULE, ...custom("name"), ...custom(".debug_info")), "module with debug information");
    assert.equal(of(...MODULE, ...custom("external_debug_info")), "module with debug information in another file");
    assert.equal(of(...MODULE, ...custom("sourceMappingURL")), "module with a source map");
    const inner = [...MODULE, ...custom(".debug_info")];
    assert.equal(of(0, 0x61, 0x73, 0x6d, 13, 0, 1, 0, 1, inner.length, ...inner), "component with debug information");
    assert.equal(of(1, 2, 3), "not a WebAssembly file");
    // Sizes that lie: the end of the file is the end.
    assert.equal(of(...MODULE, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 4), "module without debug information");
    assert.equal(of(...MODULE, 0, 0xff), "module without debug information");
});

test("a file that can't be read says so", async () => {
    assert.match(await describe(path.join(folder, "missing.wasm")), /ENOENT/);
});
