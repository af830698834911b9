// How Cargo is called before F5, in folders as projects have them.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { cargoBuild } from "../../src/cargo.js";

let root = "";
beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), "freezeframe-cargo-"));
});
afterEach(() => rm(root, { recursive: true }));

async function write(file: string, text = ""): Promise<void> {
    const full = path.join(root, file);
    await mkdir(path.dirname(full), { recursive: true });
    await writeFile(full, text);
}

async function called(openFile?: string, env: NodeJS.ProcessEnv = {}): Promise<string | undefined> {
    const build = await cargoBuild(root, openFile === undefined ? undefined : path.join(root, openFile), env);
    return build && `${path.relative(root, build.folder)}: ${build.args.join(" ")}`;
}

test("the nearest project is built, for the usual target", async () => {
    assert.equal(await called("src/main.c"), undefined);
    await write("Cargo.toml");
    await write("tools/a/Cargo.toml");
    assert.equal(await called(), ": build --target wasm32-wasip1");
    assert.equal(await called("src/main.rs"), ": build --target wasm32-wasip1");
    assert.equal(await called("tools/a/src/main.rs"), "tools/a: build --target wasm32-wasip1");
    assert.equal(await called("tools/b/src/main.rs"), ": build --target wasm32-wasip1");
});

test("a configured target isn't named again; one of another machine is", async () => {
    await write("Cargo.toml");
    await write(".cargo/config.toml", '[alias]\nx = "run"\n[build]\njobs = 2\ntarget = "wasm32-wasip2"\n[net]\n');
    assert.equal(await called("src/main.rs"), ": build");
    await write(".cargo/config.toml", '[build]\ntarget = ["wasm32-wasip1", "x86_64-unknown-linux-gnu"]\n');
    assert.equal(await called("src/main.rs"), ": build");
    await write(".cargo/config.toml", '[build]\ntarget = "x86_64-unknown-linux-gnu"\n');
    assert.equal(await called("src/main.rs"), ": build --target wasm32-wasip1");
    await write(".cargo/config.toml", '[build]\njobs = 1\n[other]\ntarget = "wasm32-wasip2"\n');
    assert.equal(await called("src/main.rs"), ": build --target wasm32-wasip1");
    assert.equal(await called("src/main.rs", { CARGO_BUILD_TARGET: "wasm32-wasip2" }), ": build");
});

test("the target that was built for last, wherever the outputs are", async () => {
    await write("Cargo.toml");
    for (const [at, name] of ["wasm32-wasip2", "wasm32-wasip1", "x86_64-unknown-linux-gnu"].entries()) {
        await write(`target/${name}/debug/.cargo-lock`);
        await utimes(path.join(root, "target", name, "debug"), 2e9 - at, 2e9 - at);
    }
    assert.equal(await called("src/main.rs"), ": build --target wasm32-wasip2");
    await write("out/wasm32-unknown-unknown/debug/.cargo-lock");
    assert.equal(await called("src/main.rs", { CARGO_TARGET_DIR: path.join(root, "out") }), ": build --target wasm32-unknown-unknown");
});

test("an example is asked for by its name", async () => {
    await write("Cargo.toml");
    assert.equal(await called("examples/tally.rs"), ": build --target wasm32-wasip1 --example tally");
    assert.equal(await called("examples/shop/main.rs"), ": build --target wasm32-wasip1 --example shop");
});
