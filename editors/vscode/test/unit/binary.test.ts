// Where the debugger's binary is looked for, and what is said when it isn't there.

import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { check, expand, find, findCargo, type Surroundings } from "../../src/binary.js";

let root = "";
beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), "freezeframe-binary-"));
});
afterEach(() => rm(root, { recursive: true }));

async function program(file: string, text = "#!/bin/sh\nexit 0\n", mode = 0o755): Promise<string> {
    const full = path.join(root, file);
    await mkdir(path.dirname(full), { recursive: true });
    await writeFile(full, text);
    await chmod(full, mode);
    return full;
}

const around = (more: Partial<Surroundings> = {}): Surroundings => ({ setting: "", folders: [path.join(root, "ws")], env: {}, home: path.join(root, "home"), ...more });

test("the setting alone counts when it is set", async () => {
    const chosen = await program("tools/ff");
    await program("bin/freezeframe");
    const env = { PATH: path.join(root, "bin") };
    assert.deepEqual(await find(around({ setting: chosen, env })), { path: chosen });
    const missing = await find(around({ setting: "/nowhere/ff", env }));
    assert.match("missing" in missing ? missing.missing : "", /freezeframe\.path names \/nowhere\/ff/);
});

test("PATH comes before Cargo's folder, that before the workspace, a release before a debug build", async () => {
    const debug = await program("ws/target/debug/freezeframe");
    assert.deepEqual(await find(around()), { path: debug });
    const release = await program("ws/target/release/freezeframe");
    assert.deepEqual(await find(around()), { path: release });
    const cargo = await program("home/.cargo/bin/freezeframe");
    assert.deepEqual(await find(around()), { path: cargo });
    const bin = await program("bin/freezeframe");
    assert.deepEqual(await find(around({ env: { PATH: `/nowhere${path.delimiter}${path.join(root, "bin")}` } })), { path: bin });
});

test("what can't be run isn't taken: a folder, a file without the right to, a relative part of PATH", async () => {
    await mkdir(path.join(root, "ws/target/release/freezeframe"), { recursive: true });
    await program("ws/target/debug/freezeframe", "", 0o644);
    const found = await find(around({ env: { PATH: `.${path.delimiter}` } }));
    assert.match("missing" in found ? found.missing : "", /neither on PATH/);
});

test("a setting may begin with ~ or the workspace's folder", () => {
    assert.equal(expand("~/bin/ff", around()), path.join(root, "home/bin/ff"));
    assert.equal(expand("${workspaceFolder}/ff", around()), path.join(root, "ws/ff"));
    assert.equal(expand("target/ff", around()), path.join(root, "ws/target/ff"));
});

test("another program of that name, an old version and one that fails are told apart", async () => {
    const good = await program("good", '#!/bin/sh\n[ "$1" = --version ] && echo "freezeframe 0.1.0"\nexit 0\n');
    assert.deepEqual(await check(good), { version: "freezeframe 0.1.0" });
    const other = await program("other", "#!/bin/sh\necho whatever 1.0\n");
    assert.match(JSON.stringify(await check(other)), /isn't Freezeframe: it calls itself “whatever 1.0”/);
    const old = await program("old", '#!/bin/sh\n[ "$1" = --version ] && echo "freezeframe 0.0.1" && exit 0\nexit 2\n');
    assert.match(JSON.stringify(await check(old)), /can't serve editors yet/);
    const broken = await program("broken", "#!/bin/sh\nexit 3\n");
    assert.match(JSON.stringify(await check(broken)), /can't be run/);
});

test("Cargo is on PATH or in its own folder, wherever that is", async () => {
    const home = path.join(root, "home");
    assert.equal(await findCargo({}, home, "linux"), "cargo");
    const own = await program("home/.cargo/bin/cargo");
    assert.equal(await findCargo({ PATH: "/nowhere" }, home, "linux"), own);
    const moved = await program("moved/bin/cargo");
    assert.equal(await findCargo({ CARGO_HOME: path.join(root, "moved") }, home, "linux"), moved);
    const first = await program("bin/cargo");
    assert.equal(await findCargo({ PATH: path.join(root, "bin") }, home, "linux"), first);
});
