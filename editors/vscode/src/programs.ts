// Which modules a project has built. Knows nothing of VS Code; looks at a bounded part of the disk.

import type { Dirent } from "node:fs";
import { open, readdir, readFile, stat } from "node:fs/promises";
import * as path from "node:path";

/** A module that may be what is to be debugged. */
export interface Candidate {
    path: string;
    /** Milliseconds since 1970. */
    modified: number;
    /** 0: belongs to the file that is open; 1: the nearest project's; 2 and more: others'. Optimised ones come later. */
    rank: number;
}

/** Folders of a search through everything, at most. */
const FOLDERS = 2000;
const SKIPPED = new Set(["node_modules", ".git", "deps", "build-script-build", "incremental", ".fingerprint", ".zig-cache", "zig-cache"]);

async function entries(folder: string): Promise<Dirent[]> {
    try {
        return await readdir(folder, { withFileTypes: true });
    } catch {
        return [];
    }
}

const isModule = (name: string): boolean => name.endsWith(".wasm");

async function modulesIn(folder: string, depth = 0): Promise<string[]> {
    const found: string[] = [];
    for (const entry of await entries(folder)) {
        const file = path.join(folder, entry.name);
        if (entry.isFile() && isModule(entry.name)) found.push(file);
        else if (depth > 0 && entry.isDirectory() && !SKIPPED.has(entry.name)) found.push(...(await modulesIn(file, depth - 1)));
    }
    return found;
}

/** Where a Cargo project's compiler writes to. */
async function cargoOutputs(folder: string, env: NodeJS.ProcessEnv): Promise<string[]> {
    const target = env["CARGO_TARGET_DIR"] ?? "target";
    const root = path.resolve(folder, target);
    const found: string[] = [];
    for (const triple of await entries(root)) {
        if (!triple.isDirectory() || !triple.name.startsWith("wasm")) continue;
        for (const profile of await entries(path.join(root, triple.name))) {
            const at = path.join(root, triple.name, profile.name);
            found.push(...(await modulesIn(at)), ...(await modulesIn(path.join(at, "examples"))));
        }
    }
    return found;
}

/** What the project in a folder has built; nothing if there is none. */
async function builtBy(folder: string, env: NodeJS.ProcessEnv): Promise<string[]> {
    const names = await entries(folder);
    const has = (name: string): boolean => names.some((entry) => entry.name === name);
    const found: string[] = [];
    if (has("Cargo.toml")) found.push(...(await cargoOutputs(folder, env)));
    if (has("build.zig")) found.push(...(await modulesIn(path.join(folder, "zig-out", "bin"))));
    if (has("CMakeLists.txt")) {
        const builds = names.filter((entry) => entry.isDirectory() && /^(build|out|cmake-build-)/.test(entry.name));
        for (const build of builds) found.push(...(await modulesIn(path.join(folder, build.name), 3)));
    }
    // Makefiles and scripts write where they like; these are the usual places.
    for (const name of [".", "build", "built", "out", "bin", "dist"]) found.push(...(await modulesIn(path.join(folder, name))));
    return found;
}

async function everywhere(folder: string): Promise<string[]> {
    const found: string[] = [];
    const waiting = [folder];
    for (let looked = 0; looked < FOLDERS; looked++) {
        const next = waiting.shift();
        if (next === undefined) break;
        for (const entry of await entries(next)) {
            if (entry.isFile() && isModule(entry.name)) found.push(path.join(next, entry.name));
            else if (entry.isDirectory() && !SKIPPED.has(entry.name)) waiting.push(path.join(next, entry.name));
        }
    }
    return found;
}

/** From a folder upwards to another that it is below; only the latter if it isn't. */
export function upwards(from: string, to: string): string[] {
    const relative = path.relative(to, from);
    if (relative.startsWith("..") || path.isAbsolute(relative)) return [to];
    const folders = [from];
    for (let at = from; at !== to; ) {
        at = path.dirname(at);
        folders.push(at);
    }
    return folders;
}

/** `a-b.O0.wasm` and `a_b.c` are called alike. */
const stem = (file: string): string => (path.basename(file).split(".")[0] ?? "").replaceAll("-", "_").toLowerCase();

/**
 * The modules below a folder of the workspace, likeliest first: those of projects around the open file, then the
 * folder's; if there are none, whatever lies anywhere below it.
 */
export async function programs(folder: string, openFile: string | undefined, env: NodeJS.ProcessEnv = process.env): Promise<Candidate[]> {
    const around = upwards(openFile === undefined ? folder : path.dirname(openFile), folder);
    const ranks = new Map<string, number>();
    const add = (files: string[], distance: number): void => {
        for (const file of files) if (!ranks.has(file)) ranks.set(file, distance);
    };
    for (const [distance, at] of around.entries()) add(await builtBy(at, env), 1 + distance);
    if (ranks.size === 0) add(await everywhere(folder), 1 + around.length);

    const found: Candidate[] = [];
    for (const [file, distance] of ranks) {
        const alike = openFile !== undefined && stem(file) === stem(openFile);
        const optimised = path.basename(path.dirname(file)) === "release";
        const about = await stat(file).catch(() => undefined);
        if (about !== undefined) found.push({ path: file, modified: about.mtimeMs, rank: (alike ? 0 : distance) + (optimised ? 0.5 : 0) });
    }
    return found.sort((a, b) => a.rank - b.rank || b.modified - a.modified || a.path.localeCompare(b.path));
}

/** The one that needs no question: it stands alone on its rank. */
export function obvious(candidates: readonly Candidate[]): Candidate | undefined {
    const [first, second] = candidates;
    return first !== undefined && (second === undefined || second.rank > first.rank) ? first : undefined;
}

/** What a file is, in a few words for a list: whether it can be debugged by source. */
export async function describe(file: string): Promise<string> {
    if (file.endsWith(".wat")) return "text format";
    try {
        return describeBytes(await readHead(file));
    } catch (error) {
        return error instanceof Error ? error.message : String(error);
    }
}

/** The whole of a file up to 64 MiB; of a bigger one that much. */
async function readHead(file: string): Promise<Uint8Array> {
    const limit = 64 << 20;
    const { size } = await stat(file);
    if (size <= limit) return readFile(file);
    const handle = await open(file);
    try {
        const bytes = new Uint8Array(limit);
        const { bytesRead } = await handle.read(bytes, 0, limit, 0);
        return bytes.subarray(0, bytesRead);
    } finally {
        await handle.close();
    }
}

/** The same of a file's bytes. */
export function describeBytes(bytes: Uint8Array): string {
    const magic = [0x00, 0x61, 0x73, 0x6d];
    if (magic.some((byte, at) => bytes[at] !== byte)) return "not a WebAssembly file";
    const component = bytes[6] === 1;
    const names = customSections(bytes, 8, component ? 2 : 0);
    const what = component ? "component" : "module";
    if (names.has(".debug_info")) return `${what} with debug information`;
    if (names.has("external_debug_info")) return `${what} with debug information in another file`;
    if (names.has("sourceMappingURL")) return `${what} with a source map`;
    return `${what} without debug information`;
}

/** The names of the custom sections, in a component also those of the modules in it. */
function customSections(bytes: Uint8Array, start: number, nested: number, end = bytes.length): Set<string> {
    const names = new Set<string>();
    let at = start;
    const number = (): number => {
        let value = 0;
        for (let shift = 0; shift < 35; shift += 7) {
            const byte = bytes[at++];
            if (byte === undefined) break;
            value += (byte & 0x7f) * 2 ** shift;
            if (byte < 0x80) break;
        }
        return value;
    };
    while (at < end) {
        const id = bytes[at++];
        const size = number();
        const after = at + size;
        if (id === 0) {
            const length = number();
            names.add(Buffer.from(bytes.subarray(at, Math.min(at + length, after))).toString("latin1"));
        } else if (nested > 0 && (id === 1 || id === 4)) {
            // A core module, or a component, of the same format inside.
            for (const name of customSections(bytes, at + 8, nested - 1, Math.min(after, end))) names.add(name);
        }
        at = after;
    }
    return names;
}
