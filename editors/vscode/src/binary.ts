// Where the `freezeframe` binary is. Knows nothing of VS Code.

import { execFile } from "node:child_process";
import { access, constants, stat } from "node:fs/promises";
import { homedir } from "node:os";
import * as path from "node:path";

/** What the search depends on. */
export interface Surroundings {
    /** The setting, empty when it isn't set. */
    setting: string;
    /** Folders of the workspace, the one that is debugged first. */
    folders: readonly string[];
    env: NodeJS.ProcessEnv;
    home?: string;
    platform?: NodeJS.Platform;
}

/** The binary, or where it was looked for. */
export type Found = { path: string } | { missing: string };

/** Replaces `~` and `${workspaceFolder}`; a relative path is below the first folder. */
export function expand(setting: string, { folders, home = homedir() }: Surroundings): string {
    const [folder] = folders;
    let text = setting.trim();
    if (folder !== undefined) text = text.replaceAll("${workspaceFolder}", folder);
    if (text === "~" || /^~[/\\]/.test(text)) text = path.join(home, text.slice(1));
    return folder === undefined ? text : path.resolve(folder, text);
}

async function executable(file: string): Promise<boolean> {
    try {
        await access(file, constants.X_OK);
        return (await stat(file)).isFile();
    } catch {
        return false;
    }
}

/** Where programs are: on `PATH`, and in Cargo's folder, which editors that weren't started by a shell don't know. */
function installed(env: NodeJS.ProcessEnv, home: string): string[] {
    // An empty part of PATH means the current folder, which is nobody's choice here.
    const onPath = (env["PATH"] ?? "").split(path.delimiter).filter((folder) => path.isAbsolute(folder));
    return [...onPath, path.join(env["CARGO_HOME"] ?? path.join(home, ".cargo"), "bin")];
}

/** Where Cargo is; its name alone if it wasn't found. */
export async function findCargo(env: NodeJS.ProcessEnv = process.env, home = homedir(), platform: NodeJS.Platform = process.platform): Promise<string> {
    const name = platform === "win32" ? "cargo.exe" : "cargo";
    for (const place of installed(env, home)) {
        const file = path.join(place, name);
        if (await executable(file)) return file;
    }
    return name;
}

/**
 * Looks for the binary: by the setting alone if there is one, else on `PATH`, in Cargo's folder, and among what the
 * workspace has built itself.
 */
export async function find(surroundings: Surroundings): Promise<Found> {
    const { setting, folders, env, home = homedir(), platform = process.platform } = surroundings;
    if (setting.trim() !== "") {
        const file = expand(setting, surroundings);
        if (await executable(file)) return { path: file };
        return { missing: `The setting freezeframe.path names ${file}, which isn't a program that can be run.` };
    }
    const name = platform === "win32" ? "freezeframe.exe" : "freezeframe";
    const places = [
        ...installed(env, home),
        ...folders.flatMap((folder) => ["release", "debug"].map((profile) => path.join(folder, "target", profile))),
    ];
    for (const place of places) {
        const file = path.join(place, name);
        if (await executable(file)) return { path: file };
    }
    return { missing: "The freezeframe binary was found neither on PATH, nor in Cargo's folder, nor in the workspace's target folder." };
}

/** Asks a binary what it is; a sentence that says what is wrong if it can't be the debugger. */
export async function check(file: string): Promise<{ version: string } | { wrong: string }> {
    const run = (args: string[]): Promise<string> =>
        new Promise((resolve, reject) => {
            execFile(file, args, { timeout: 10_000, windowsHide: true }, (error, stdout) => {
                // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- it is an Error of an older kind of type.
                if (error !== null) reject(error);
                else resolve(stdout);
            });
        });
    try {
        const version = (await run(["--version"])).trim();
        if (!/^freezeframe\b/.test(version)) return { wrong: `${file} isn't Freezeframe: it calls itself “${version.slice(0, 60)}”.` };
        try {
            await run(["dap", "--help"]);
        } catch {
            return { wrong: `${file} (${version}) can't serve editors yet; install a newer one.` };
        }
        return { version };
    } catch (error) {
        return { wrong: `${file} can't be run: ${error instanceof Error ? error.message : String(error)}` };
    }
}
