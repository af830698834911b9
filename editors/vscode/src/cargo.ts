// How a Cargo project is built before it's debugged. Knows nothing of VS Code.

import { readdir, readFile, stat } from "node:fs/promises";
import * as path from "node:path";
import { upwards } from "./programs.js";

/** A call of Cargo. */
export interface CargoBuild {
    /** Where the project is. */
    folder: string;
    args: string[];
}

/** The target when nothing says which. */
const USUAL = "wasm32-wasip1";

const exists = (file: string): Promise<boolean> => stat(file).then(() => true, () => false);

/** How the project around the open file is built, the nearest one up to the workspace's folder; nothing if there is none. */
export async function cargoBuild(root: string, openFile: string | undefined, env: NodeJS.ProcessEnv = process.env): Promise<CargoBuild | undefined> {
    const around = upwards(openFile === undefined ? root : path.dirname(openFile), root);
    for (const folder of around) {
        if (!(await exists(path.join(folder, "Cargo.toml")))) continue;
        const target = (await configured(around, env)) ? [] : ["--target", (await builtLast(around, env)) ?? USUAL];
        return { folder, args: ["build", ...target, ...example(folder, openFile)] };
    }
    return undefined;
}

/** Whether Cargo builds for WebAssembly without being told. */
async function configured(folders: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
    if (env["CARGO_BUILD_TARGET"] !== undefined) return env["CARGO_BUILD_TARGET"].startsWith("wasm");
    for (const folder of folders) {
        for (const name of ["config.toml", "config"]) {
            const text = await readFile(path.join(folder, ".cargo", name), "utf8").catch(() => "");
            const [, build = ""] = /^\s*\[build\]([^[]*(?:\["[^[]*)?)/m.exec(text) ?? [];
            const [, target] = /^\s*target\s*=\s*\[?\s*"([^"]+)"/m.exec(build) ?? [];
            if (target !== undefined) return target.startsWith("wasm");
        }
    }
    return false;
}

/** The target that was built for last. */
async function builtLast(folders: readonly string[], env: NodeJS.ProcessEnv): Promise<string | undefined> {
    let last: { name: string; modified: number } | undefined;
    for (const folder of folders) {
        const outputs = path.resolve(folder, env["CARGO_TARGET_DIR"] ?? "target");
        for (const name of await readdir(outputs).catch((): string[] => [])) {
            if (!name.startsWith("wasm32-")) continue;
            const about = await stat(path.join(outputs, name, "debug")).catch(() => undefined);
            if (about !== undefined && about.mtimeMs > (last?.modified ?? 0)) last = { name, modified: about.mtimeMs };
        }
    }
    return last?.name;
}

/** An example is built only when it's asked for. */
function example(folder: string, openFile: string | undefined): string[] {
    const [first, name, ...rest] = openFile === undefined ? [] : path.relative(folder, openFile).split(path.sep);
    if (first !== "examples" || name === undefined) return [];
    const whole = rest.length > 0 ? name : path.parse(name).name;
    return ["--example", whole];
}
